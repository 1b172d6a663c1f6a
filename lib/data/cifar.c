/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cifar: see cifar.h. */
#include "data/cifar.h"

#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "data/gzip.h"

#define MOST_CLASSES 100
#define ADVICE       "fetch the file again"

size_t cifar_label_bytes(enum cifar_kind kind)
{
    return kind == CIFAR_10 ? 1 : 2;
}

int cifar_classes(enum cifar_kind kind)
{
    return kind == CIFAR_10 ? 10 : MOST_CLASSES;
}

int cifar_coarse_classes(enum cifar_kind kind)
{
    return kind == CIFAR_10 ? 0 : 20;
}

void cifar_free(struct cifar_records *records)
{
    memory_free(records->pixels);
    memory_free(records->label);
    memory_free(records->coarse);
    *records = (struct cifar_records){0};
}

/* ---- records ---- */

static enum status say_label(const char *path, const char *what, int most, int found, size_t i)
{
    return status_set(STATUS_DATA, "%s: expected %s labels 0..%d, found %d at record %zu; " ADVICE,
                      path, what, most, found, i);
}

/* Labels in range, and each fine label always with the same coarse one. */
static enum status labels_check(const char *path, enum cifar_kind kind, const uint8_t *bytes,
                                size_t count)
{
    const size_t labels = cifar_label_bytes(kind);
    const int classes = cifar_classes(kind), coarse_classes = cifar_coarse_classes(kind);
    int above[MOST_CLASSES];

    for (int c = 0; c < classes; c++)
        above[c] = -1;
    for (size_t i = 0; i < count; i++, bytes += labels + CIFAR_PIXELS) {
        const int coarse = bytes[0], fine = bytes[labels - 1];
        if (kind == CIFAR_100 && coarse >= coarse_classes)
            return say_label(path, "coarse", coarse_classes - 1, coarse, i);
        if (fine >= classes)
            return say_label(path, kind == CIFAR_100 ? "fine" : "class", classes - 1, fine, i);
        if (above[fine] >= 0 && above[fine] != coarse)
            return status_set(STATUS_DATA,
                              "%s: expected fine label %d under one coarse label, found it under "
                              "%d and, at record %zu, under %d; " ADVICE,
                              path, fine, above[fine], i, coarse);
        above[fine] = coarse;
    }
    return STATUS_OK;
}

static enum status content_check(const char *path, enum cifar_kind kind, const uint8_t *bytes,
                                 size_t n)
{
    const size_t record = cifar_label_bytes(kind) + CIFAR_PIXELS;

    if (n > 0 && bytes[0] == '<') /* no label is as large */
        return status_set(STATUS_DATA,
                          "%s: expected records of %zu bytes, found an HTML page; " ADVICE, path,
                          record);
    if (n == 0 || n % record != 0)
        return status_set(STATUS_DATA,
                          "%s: expected records of %zu bytes, found %zu of them and %zu bytes "
                          "more%s; " ADVICE,
                          path, record, n / record, n % record,
                          n == 0 ? "" : ": it is cut, or something was added");
    return labels_check(path, kind, bytes, n / record);
}

/* Takes the label bytes out of the block of `count` records, which becomes pixels alone. */
static void split_records(uint8_t *bytes, size_t count, size_t labels, uint8_t *label,
                          uint8_t *coarse)
{
    const uint8_t *from = bytes;

    for (size_t i = 0; i < count; i++, from += labels + CIFAR_PIXELS) {
        if (coarse != NULL)
            coarse[i] = from[0];
        label[i] = from[labels - 1];
        memmove(bytes + i * CIFAR_PIXELS, from + labels, CIFAR_PIXELS);
    }
}

/* *array gets room for `added` more records of `size` bytes. */
static enum status array_grow(uint8_t **array, size_t count, size_t added, size_t size)
{
    uint8_t *larger = memory_grow(*array, count, count + added, size);

    if (larger == NULL)
        return STATUS_MEMORY;
    *array = larger;
    return STATUS_OK;
}

/* The block of checked records goes into `all`, which owns it afterwards; on failure it does not.
 */
static enum status records_take(struct cifar_records *all, enum cifar_kind kind, uint8_t *bytes,
                                size_t added)
{
    const size_t old = all->count;

    TRY(array_grow(&all->label, old, added, 1));
    if (kind == CIFAR_100)
        TRY(array_grow(&all->coarse, old, added, 1));
    if (old > 0)
        TRY(array_grow(&all->pixels, old, added, CIFAR_PIXELS));
    split_records(bytes, added, cifar_label_bytes(kind), all->label + old,
                  kind == CIFAR_100 ? all->coarse + old : NULL);
    if (old > 0) {
        memcpy(all->pixels + old * CIFAR_PIXELS, bytes, added * CIFAR_PIXELS);
        memory_free(bytes);
    } else {
        all->pixels = bytes;
    }
    all->count += added;
    return STATUS_OK;
}

enum status cifar_append(struct cifar_records *records, const char *path, enum cifar_kind kind,
                         size_t most)
{
    const size_t record = cifar_label_bytes(kind) + CIFAR_PIXELS;
    enum status status;
    uint8_t *bytes;
    size_t n;

    CHECK(records->count == 0 || (records->coarse != NULL) == (kind == CIFAR_100),
          "records of one kind, %zu of another are there", records->count);
    TRY(gzip_read(path, most * record, &bytes, &n));
    status = content_check(path, kind, bytes, n);
    if (status == STATUS_OK)
        status = records_take(records, kind, bytes, n / record);
    if (status != STATUS_OK)
        memory_free(bytes);
    return status;
}

/* ---- names ---- */

/* The name that starts at *at, and *at behind its line. */
static enum status name_take(char **name, char **at, char *end, const char *path, int line)
{
    char *const start = *at, *stop = start;

    while (stop < end && *stop != '\n') {
        if (*stop < 0x21 || *stop > 0x7e)
            return status_set(STATUS_DATA,
                              "%s: expected a name of printable ASCII in line %d, found byte "
                              "0x%02x; " ADVICE,
                              path, line, (unsigned)(unsigned char)*stop);
        stop++;
    }
    if (stop == start || stop - start > CIFAR_NAME_MOST)
        return status_set(STATUS_DATA,
                          "%s: expected a name of 1 to %d bytes in line %d, found %td; " ADVICE,
                          path, CIFAR_NAME_MOST, line, stop - start);
    *at = stop + 1;
    *stop = 0;
    *name = start;
    return STATUS_OK;
}

/* Cuts text .. end into n names; end itself may be written to. */
static enum status names_split(char **names, int n, char *text, char *end, const char *path)
{
    char *at = text;
    int found = 0;

    while (end > text && end[-1] == '\n')
        end--;
    for (; at < end && found < n; found++) {
        TRY(name_take(&names[found], &at, end, path, found + 1));
        for (int i = 0; i < found; i++)
            if (strcmp(names[i], names[found]) == 0)
                return status_set(
                    STATUS_DATA,
                    "%s: expected %d different names, found %s in lines %d and %d; " ADVICE, path,
                    n, names[i], i + 1, found + 1);
    }
    if (at < end || found < n)
        return status_set(STATUS_DATA, "%s: expected %d names, one a line, found %s%d; " ADVICE,
                          path, n, at < end ? "more than " : "", found);
    return STATUS_OK;
}

enum status cifar_names_read(char ***names, int n, const char *path)
{
    const size_t pointers = (size_t)n * sizeof **names;
    enum status status;
    uint8_t *bytes;
    char *block;
    size_t size;

    CHECK(n > 0, "%d names", n);
    *names = NULL;
    TRY(gzip_read(path, (size_t)n * (CIFAR_NAME_MOST + 1) + 1024, &bytes, &size));
    if (size > 0 && bytes[0] == '<') {
        memory_free(bytes);
        return status_set(STATUS_DATA, "%s: expected %d names, found an HTML page; " ADVICE, path,
                          n);
    }
    block = memory_get(pointers + size + 1, 1);
    if (block == NULL) {
        memory_free(bytes);
        return STATUS_MEMORY;
    }
    memcpy(block + pointers, bytes, size);
    memory_free(bytes);
    status =
        names_split((char **)(void *)block, n, block + pointers, block + pointers + size, path);
    if (status == STATUS_OK)
        *names = (char **)(void *)block;
    else
        memory_free(block);
    return status;
}
