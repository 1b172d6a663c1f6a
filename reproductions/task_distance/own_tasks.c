/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/own_tasks.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "data/cifar.h"
#include "data/idx.h"

#define MOST_BYTES ((size_t)1 << 31)
#define FORMS "NAME=idx:IMAGES,LABELS,TEST-IMAGES,TEST-LABELS[:CLASSES] or " \
              "NAME=cifar10:TRAIN,TEST[:CLASSES] or NAME=cifar100:TRAIN,TEST[:CLASSES]"

enum { SIDE = CIFAR_SIDE, CHANNELS = CIFAR_CHANNELS, PLANE = SIDE * SIDE, PIXELS = CIFAR_PIXELS };

void own_task_free(struct own_task *t)
{
    dataset_free(&t->train);
    dataset_free(&t->test);
}

/* ---- files ---- */

/* out (3 x 32 x 32, zeroed) = a grey image in the middle of all channels. */
static void spread(uint8_t *out, const uint8_t *in, size_t rows, size_t cols)
{
    const size_t top = (SIDE - rows) / 2, left = (SIDE - cols) / 2;

    for (size_t c = 0; c < CHANNELS; c++)
        for (size_t y = 0; y < rows; y++)
            memcpy(out + c * PLANE + (top + y) * SIDE + left, in + y * cols, cols);
}

static enum status grey_set(struct dataset *set, const struct idx_images *images,
                            const struct idx_labels *labels, const char *path)
{
    if (images->rows > SIDE || images->cols > SIDE)
        return status_set(STATUS_DATA, "%s: expected images of at most 32 x 32, found %zu x %zu; "
                          "make them smaller", path, images->rows, images->cols);
    if (images->count != labels->count)
        return status_set(STATUS_DATA, "%s: expected a label for each of %zu images, found %zu; "
                          "name the files that belong together", path, images->count,
                          labels->count);
    set->count = images->count;
    set->pixels = memory_get(images->count, PIXELS);
    set->label = memory_get(images->count, 1);
    if (set->pixels == NULL || set->label == NULL)
        return STATUS_MEMORY;
    memcpy(set->label, labels->label, images->count);
    for (size_t i = 0; i < images->count; i++)
        spread(set->pixels + i * PIXELS, images->pixels + i * images->rows * images->cols,
               images->rows, images->cols);
    return STATUS_OK;
}

static enum status read_idx(struct dataset *set, const char *images_path, const char *labels_path)
{
    struct idx_images images = {0};
    struct idx_labels labels = {0};
    enum status status = idx_images_read(&images, images_path, MOST_BYTES);

    if (status == STATUS_OK)
        status = idx_labels_read(&labels, labels_path, MOST_BYTES);
    if (status == STATUS_OK)
        status = grey_set(set, &images, &labels, images_path);
    idx_images_free(&images);
    idx_labels_free(&labels);
    return status;
}

static enum status read_cifar(struct dataset *set, const char *path, enum cifar_kind kind)
{
    struct cifar_records records = {0};
    const enum status status = cifar_append(&records, path, kind, MOST_BYTES / PIXELS);

    if (status != STATUS_OK) {
        cifar_free(&records);
        return status;
    }
    memory_free(records.coarse);
    set->count = records.count;
    set->pixels = records.pixels;
    set->label = records.label;
    return STATUS_OK;
}

/* ---- words ---- */

static enum status misread(const char *word)
{
    return status_set(STATUS_USAGE, "--task %s: expected " FORMS, word);
}

/* Cuts text at each `mark` into parts (at most `most`); how many there are, or most + 1. */
static int cut(char *text, char mark, char **parts, int most)
{
    int n = 0;

    while (text != NULL && n <= most) {
        char *next = strchr(text, mark);

        if (next != NULL)
            *next++ = '\0';
        if (n < most)
            parts[n] = text;
        n++;
        text = next;
    }
    return n;
}

static int occurs(const struct dataset *set, int class)
{
    return memchr(set->label, class, set->count) != NULL;
}

/* Adds classes first..last. */
static enum status add_classes(struct own_task *t, long first, long last, const char *word)
{
    if (first < 0 || last > 255 || first > last)
        return misread(word);
    for (long class = first; class <= last; class++) {
        for (int k = 0; k < t->count; k++)
            if (t->classes[k] == class)
                return status_set(STATUS_USAGE, "--task %s: class %ld is named twice", word,
                                  class);
        if (!occurs(&t->train, (int)class) || !occurs(&t->test, (int)class))
            return status_set(STATUS_USAGE, "--task %s: no record of class %ld in one of the "
                              "files", word, class);
        if (t->count == OWN_TASK_CLASSES_MOST)
            return status_set(STATUS_USAGE, "--task %s: more than %d classes", word,
                              OWN_TASK_CLASSES_MOST);
        t->classes[t->count++] = (int)class;
    }
    return STATUS_OK;
}

static enum status read_classes(struct own_task *t, const char *list, const char *word)
{
    while (*list != '\0') {
        char *end;
        const long first = strtol(list, &end, 10);
        long last = first;

        if (end == list)
            return misread(word);
        if (*end == '-') {
            list = end + 1;
            last = strtol(list, &end, 10);
            if (end == list)
                return misread(word);
        }
        if (*end != ',' && *end != '\0')
            return misread(word);
        TRY(add_classes(t, first, last, word));
        list = *end == ',' ? end + 1 : end;
    }
    return t->count > 0 ? STATUS_OK : misread(word);
}

static enum status all_classes(struct own_task *t, const char *word)
{
    for (int class = 0; class < 256; class++)
        if (occurs(&t->train, class))
            TRY(add_classes(t, class, class, word));
    return STATUS_OK;
}

/* Which of several tasks a file's failure is of. */
static enum status of_task(const struct own_task *t, enum status status)
{
    return status == STATUS_OK ? STATUS_OK
                               : status_set(status, "--task %s: %s", t->name, status_message());
}

static enum status check_files(int found, int idx, const char *word)
{
    const int expected = idx ? 4 : 2;

    if (found == expected)
        return STATUS_OK;
    return status_set(STATUS_USAGE, "--task %s: expected %s, found %s%d; name %s files", word,
                      idx ? "4 files (images, labels, test images, test labels)"
                          : "2 files (training and test records)",
                      found > 4 ? "more than " : "", found > 4 ? 4 : found,
                      found < expected ? "more" : "fewer");
}

static enum status read_files(struct own_task *t, const char *kind, char *files, const char *word)
{
    char *path[4];
    const int idx = strcmp(kind, "idx") == 0, fine = strcmp(kind, "cifar100") == 0;

    if (!idx && !fine && strcmp(kind, "cifar10") != 0)
        return misread(word);
    TRY(check_files(cut(files, ',', path, 4), idx, word));
    if (idx) {
        TRY(of_task(t, read_idx(&t->train, path[0], path[1])));
        return of_task(t, read_idx(&t->test, path[2], path[3]));
    }
    TRY(of_task(t, read_cifar(&t->train, path[0], fine ? CIFAR_100 : CIFAR_10)));
    return of_task(t, read_cifar(&t->test, path[1], fine ? CIFAR_100 : CIFAR_10));
}

static struct dataset empty_set(const char *name)
{
    return (struct dataset){
        .name = name, .channels = CHANNELS, .rows = SIDE, .cols = SIDE, .classes = 256};
}

enum status own_task_read(struct own_task *t, struct arena *mem, const char *word)
{
    char *text = arena_text(mem, "%s", word), *part[3], *kind = strchr(text, '=');

    *t = (struct own_task){.name = text};
    t->train = t->test = empty_set(text);
    if (kind == NULL || kind == text)
        return misread(word);
    *kind++ = '\0';
    if (strpbrk(text, "/ \t") != NULL)
        return status_set(STATUS_USAGE, "--task %s: a name without blanks and slashes", word);
    const int parts = cut(kind, ':', part, 3);

    if (parts != 2 && parts != 3)
        return misread(word);
    TRY(read_files(t, part[0], part[1], word));
    TRY(parts == 3 ? read_classes(t, part[2], word) : all_classes(t, word));
    if (t->count == 1)
        return status_set(STATUS_USAGE, "--task %s: expected two classes or more, found class %d "
                          "alone", word, t->classes[0]);
    TRY(task_every(&t->pool, mem, &t->train, t->classes, t->count, 1));
    return task_every(&t->tests, mem, &t->test, t->classes, t->count, 1);
}

/* n records of equally many a class: of the first n % classes one more. */
static enum status suffices(const struct own_task *t, const struct task *from, size_t n,
                            const char *what)
{
    const size_t classes = (size_t)t->count;

    for (size_t c = 0; c < classes; c++) {
        const size_t needed = n / classes + (c < n % classes);
        size_t held = 0;

        for (size_t i = 0; i < from->n; i++)
            held += from->label[i] == c;
        if (held < needed)
            return status_set(STATUS_DATA,
                              "--task %s: expected %zu %s records of class %d (%zu of %zu "
                              "classes), found %zu; name files with more records, other classes, "
                              "or a smaller --profile",
                              t->name, needed, what, t->classes[c], n, classes, held);
    }
    return STATUS_OK;
}

enum status own_task_suffices(const struct own_task *t, size_t train, size_t test)
{
    TRY(suffices(t, &t->pool, train, "training"));
    return suffices(t, &t->tests, test, "test");
}
