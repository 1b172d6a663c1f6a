/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digits_save: the four files of MNIST's format, and "complete", which is true of them. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/digits.h"
#include "data/idx.h"

static enum status draw_part(const char *images_path, const char *labels_path, const char *part,
                             size_t count)
{
    uint8_t *pixels = memory_get(count, DIGITS_PIXELS), *label = memory_get(count, 1);
    enum status status = STATUS_MEMORY;

    if (pixels != NULL && label != NULL) {
        for (size_t i = 0; i < count; i++)
            label[i] = digits_draw(pixels + i * DIGITS_PIXELS, part, i);
        status = idx_images_write(images_path,
                                  &(struct idx_images){count, DIGITS_SIDE, DIGITS_SIDE, pixels});
        if (status == STATUS_OK)
            status = idx_labels_write(labels_path, &(struct idx_labels){count, label});
    }
    memory_free(pixels);
    memory_free(label);
    return status;
}

#define FILES 4
static const char *const names[FILES] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                         "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

/* What "complete" says of the four files as they are now. */
static enum status describe(struct text *out, char *const path[FILES], size_t train, size_t test)
{
    char sum[DIGEST_TEXT];

    text_add(out, "digits %d\ntrain %zu\ntest %zu\n", DIGITS_VERSION, train, test);
    for (int i = 0; i < FILES; i++) {
        TRY(digest_file(path[i], sum));
        text_add(out, "%s  %s\n", sum, names[i]);
    }
    return text_ok(out);
}

static int is_intact(const char *complete, char *const path[FILES], size_t train, size_t test)
{
    struct text now = {0};
    char *said = NULL;
    size_t n;
    int same = 0;

    if (file_exists(complete) && file_read(complete, 4096, &said, &n) == STATUS_OK)
        same = describe(&now, path, train, test) == STATUS_OK && strcmp(said, text_get(&now)) == 0;
    text_free(&now);
    memory_free(said);
    return same;
}

static enum status save_all(const char *complete, char *const path[FILES], size_t train,
                            size_t test)
{
    struct text now = {0};
    enum status status;

    /* While the four change nothing may call them complete. */
    if (remove(complete) != 0 && file_exists(complete))
        return status_set(STATUS_IO,
                          "%s: expected to replace it, but it cannot be removed; remove "
                          "its folder",
                          complete);
    TRY(draw_part(path[0], path[1], "train", train));
    TRY(draw_part(path[2], path[3], "test", test));
    status = describe(&now, path, train, test);
    if (status == STATUS_OK)
        status = file_write(complete, text_get(&now), now.length);
    text_free(&now);
    return status;
}

enum status digits_save(const char *folder, size_t train, size_t test, int *made)
{
    struct arena mem = {0};
    char *path[FILES], *complete;
    enum status status;
    int intact;

    CHECK(train > 0 && test > 0, "%zu and %zu records", train, test);
    TRY(file_make_folder(folder));
    if (arena_guard(&mem)) {
        arena_free(&mem);
        return STATUS_MEMORY;
    }
    for (int i = 0; i < FILES; i++)
        path[i] = arena_text(&mem, "%s/%s", folder, names[i]);
    complete = arena_text(&mem, "%s/complete", folder);
    intact = is_intact(complete, path, train, test);
    status = intact ? STATUS_OK : save_all(complete, path, train, test);
    if (intact) /* make must see it newer than the tool; where that fails it only asks again */
        (void)utimensat(AT_FDCWD, complete, NULL, 0);
    if (made != NULL)
        *made = !intact;
    arena_free(&mem);
    return status;
}
