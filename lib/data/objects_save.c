/* SPDX-License-Identifier: GPL-3.0-or-later */
/* objects_save: the files of CIFAR's formats, and "complete", which is true of them. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/objects.h"

#define FILES   7
#define BATCHES 5

/* The files of a format: first the training records, then the test records, then names. */
static const struct format {
    int batches; /* training files */
    const char *files[FILES + 1];
} formats[] = {
    [CIFAR_10] = {BATCHES,
                  {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                   "data_batch_5.bin", "test_batch.bin", "batches.meta.txt"}},
    [CIFAR_100] = {1, {"train.bin", "test.bin", "fine_label_names.txt", "coarse_label_names.txt"}},
};

/* What is to be written. */
struct order {
    enum cifar_kind kind;
    size_t train, test;
    char *path[FILES + 1]; /* NULL behind the last */
    char *complete;
};

/* Records first .. first + count - 1 of the part into one file. */
static enum status write_records(const char *path, enum cifar_kind kind, const char *part,
                                 size_t first, size_t count)
{
    const size_t labels = cifar_label_bytes(kind), record = labels + CIFAR_PIXELS;
    uint8_t *bytes = memory_get(count, record);
    enum status status;

    if (bytes == NULL)
        return STATUS_MEMORY;
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = bytes + i * record;
        const uint8_t label = objects_draw(at + labels, kind, part, first + i);
        at[0] = kind == CIFAR_100 ? label / OBJECTS_EACH : label;
        at[labels - 1] = label;
    }
    status = file_write(path, bytes, count * record);
    memory_free(bytes);
    return status;
}

/* One name a line; the `classes` classes of CIFAR-100's format, or as many superclasses. */
static enum status write_names(const char *path, int classes)
{
    struct text names = {0};
    char name[OBJECTS_NAME];
    enum status status;

    for (int c = 0; c < classes; c++) {
        if (classes > OBJECTS_SUPERS)
            objects_name(name, c);
        text_add(&names, "%s\n", classes > OBJECTS_SUPERS ? name : objects_super_name(c));
    }
    status = text_ok(&names);
    if (status == STATUS_OK)
        status = file_write(path, text_get(&names), names.length);
    text_free(&names);
    return status;
}

/* What "complete" says of the files as they are now. */
static enum status describe(struct text *out, const struct order *o)
{
    char sum[DIGEST_TEXT];

    text_add(out, "objects %d\ntrain %zu\ntest %zu\n", OBJECTS_VERSION, o->train, o->test);
    for (int i = 0; o->path[i] != NULL; i++) {
        TRY(digest_file(o->path[i], sum));
        text_add(out, "%s  %s\n", sum, formats[o->kind].files[i]);
    }
    return text_ok(out);
}

static int is_intact(struct order *o)
{
    const size_t batches = (size_t)formats[o->kind].batches;
    struct text now = {0};
    struct order more = *o;
    char *said = NULL;
    size_t n;
    int same = 0;

    if (file_exists(o->complete) && file_read(o->complete, 4096, &said, &n) == STATUS_OK) {
        if (sscanf(said, "objects %*d train %zu", &n) == 1 && n > o->train && n % batches == 0)
            more.train = n;
        same = describe(&now, &more) == STATUS_OK && strcmp(said, text_get(&now)) == 0;
    }
    text_free(&now);
    memory_free(said);
    return same;
}

static enum status write_files(const struct order *o)
{
    const int batches = formats[o->kind].batches;
    const size_t each = o->train / (size_t)batches;
    char *const *path = o->path;

    for (int i = 0; i < batches; i++)
        TRY(write_records(*path++, o->kind, "train", (size_t)i * each, each));
    TRY(write_records(*path++, o->kind, "test", 0, o->test));
    TRY(write_names(*path++, cifar_classes(o->kind)));
    return *path == NULL ? STATUS_OK : write_names(*path, cifar_coarse_classes(o->kind));
}

static enum status save_all(const struct order *o)
{
    struct text now = {0};
    enum status status;

    /* While the files change nothing may call them complete. */
    if (remove(o->complete) != 0 && file_exists(o->complete))
        return status_set(STATUS_IO,
                          "%s: expected to replace it, but it cannot be removed; remove its folder",
                          o->complete);
    TRY(write_files(o));
    status = describe(&now, o);
    if (status == STATUS_OK)
        status = file_write(o->complete, text_get(&now), now.length);
    text_free(&now);
    return status;
}

enum status objects_save(const char *folder, enum cifar_kind kind, size_t train, size_t test,
                         int *made)
{
    struct order order = {.kind = kind, .train = train, .test = test};
    struct arena mem = {0};
    enum status status;
    int intact;

    CHECK(train > 0 && test > 0, "%zu and %zu records", train, test);
    CHECK(train % (size_t)formats[kind].batches == 0, "%zu records in %d batches", train,
          formats[kind].batches);
    TRY(file_make_folder(folder));
    if (arena_guard(&mem)) {
        arena_free(&mem);
        return STATUS_MEMORY;
    }
    for (int i = 0; formats[kind].files[i] != NULL; i++)
        order.path[i] = arena_text(&mem, "%s/%s", folder, formats[kind].files[i]);
    order.complete = arena_text(&mem, "%s/complete", folder);
    intact = is_intact(&order);
    status = intact ? STATUS_OK : save_all(&order);
    if (intact) /* make must see it newer than the tool; where that fails it only asks again */
        (void)utimensat(AT_FDCWD, order.complete, NULL, 0);
    if (made != NULL)
        *made = !intact;
    arena_free(&mem);
    return status;
}
