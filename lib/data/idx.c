/* SPDX-License-Identifier: GPL-3.0-or-later */
/* idx: see idx.h. */
#include "data/idx.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/gzip.h"

#define IMAGES_MAGIC 2051 /* 0, 0, unsigned bytes (8), rank 3 */
#define LABELS_MAGIC 2049
#define MOST_RANK    3
#define ADVICE       "fetch the file again"

static uint32_t word_read(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           (uint32_t)bytes[3];
}

static void word_write(uint8_t *bytes, uint32_t word)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(word >> (24 - 8 * i));
}

/* What the four bytes say, for a reader who has another file than the one expected. */
static enum status say_magic(const char *path, const uint8_t *bytes, const char *what, int rank)
{
    const unsigned expected = 0x800U + (unsigned)rank;
    const uint32_t magic = word_read(bytes);
    char found[64];

    if (magic == IMAGES_MAGIC || magic == LABELS_MAGIC)
        return status_set(STATUS_DATA,
                          "%s: expected magic %u (IDX %s), found %u (IDX %s); name the two files "
                          "the other way round",
                          path, expected, what, (unsigned)magic,
                          magic == IMAGES_MAGIC ? "images" : "labels");
    if (bytes[0] == '<')
        snprintf(found, sizeof found, "an HTML page");
    else if (bytes[0] != 0 || bytes[1] != 0)
        snprintf(found, sizeof found, "bytes %02x %02x %02x %02x", (unsigned)bytes[0],
                 (unsigned)bytes[1], (unsigned)bytes[2], (unsigned)bytes[3]);
    else if (bytes[2] != 8)
        snprintf(found, sizeof found, "%u: element type 0x%02x, not unsigned bytes",
                 (unsigned)magic, (unsigned)bytes[2]);
    else
        snprintf(found, sizeof found, "%u: rank %u, not %d", (unsigned)magic, (unsigned)bytes[3],
                 rank);
    return status_set(STATUS_DATA, "%s: expected magic %u (IDX %s), found %s; " ADVICE, path,
                      expected, what, found);
}

/* The extents of the array, each 1..2^31-1, with a product that fits in memory. */
static enum status extents_read(size_t *extent, int rank, const char *path, const uint8_t *bytes)
{
    static const char *const names[MOST_RANK] = {"count", "rows", "columns"};
    size_t total = 1;

    for (int i = 0; i < rank; i++) {
        const uint32_t word = word_read(bytes + 4 + 4 * i);
        if (word == 0 || word > INT32_MAX)
            return status_set(STATUS_DATA, "%s: expected a positive %s, found %" PRId64 "; " ADVICE,
                              path, names[i],
                              word == 0 ? 0 : (int64_t)word - ((int64_t)UINT32_MAX + 1));
        if (word > SIZE_MAX / 2 / total)
            return status_set(STATUS_DATA,
                              "%s: expected a size that fits in memory, found counts whose product "
                              "overflows; " ADVICE,
                              path);
        extent[i] = word;
        total *= word;
    }
    return STATUS_OK;
}

static enum status content_check(size_t *extent, int rank, const char *what, const char *path,
                                 const uint8_t *bytes, size_t n)
{
    const size_t header = 4 + 4 * (size_t)rank;
    size_t total = 1;

    if (n < 4)
        return status_set(STATUS_DATA,
                          "%s: expected an IDX header of %zu bytes, found %zu; " ADVICE, path,
                          header, n);
    if (word_read(bytes) != 0x800U + (unsigned)rank)
        return say_magic(path, bytes, what, rank);
    if (n < header)
        return status_set(STATUS_DATA,
                          "%s: expected an IDX header of %zu bytes, found %zu; " ADVICE, path,
                          header, n);
    TRY(extents_read(extent, rank, path, bytes));
    for (int i = 0; i < rank; i++)
        total *= extent[i];
    if (n - header != total)
        return status_set(
            STATUS_DATA,
            "%s: expected %zu bytes behind the header (%zu %s), found %zu, %s; " ADVICE, path,
            total, extent[0], what, n - header,
            n - header < total ? "it is cut" : "something was added");
    return STATUS_OK;
}

/* The array behind the header: the block that was read, moved to its start. */
static enum status array_read(uint8_t **array, size_t *extent, int rank, const char *what,
                              const char *path, size_t most)
{
    const size_t header = 4 + 4 * (size_t)rank;
    uint8_t *bytes;
    size_t n;
    enum status status;

    TRY(gzip_read(path, most, &bytes, &n));
    status = content_check(extent, rank, what, path, bytes, n);
    if (status != STATUS_OK) {
        memory_free(bytes);
        return status;
    }
    memmove(bytes, bytes + header, n - header);
    *array = bytes;
    return STATUS_OK;
}

enum status idx_images_read(struct idx_images *out, const char *path, size_t most)
{
    size_t extent[MOST_RANK] = {0};

    *out = (struct idx_images){0};
    TRY(array_read(&out->pixels, extent, IMAGES_MAGIC & 0xff, "images", path, most));
    out->count = extent[0];
    out->rows = extent[1];
    out->cols = extent[2];
    return STATUS_OK;
}

enum status idx_labels_read(struct idx_labels *out, const char *path, size_t most)
{
    size_t extent[MOST_RANK] = {0};

    *out = (struct idx_labels){0};
    TRY(array_read(&out->label, extent, LABELS_MAGIC & 0xff, "labels", path, most));
    out->count = extent[0];
    return STATUS_OK;
}

void idx_images_free(struct idx_images *images)
{
    memory_free(images->pixels);
    *images = (struct idx_images){0};
}

void idx_labels_free(struct idx_labels *labels)
{
    memory_free(labels->label);
    *labels = (struct idx_labels){0};
}

static enum status array_write(const char *path, uint32_t magic, const size_t *extent,
                               const uint8_t *array)
{
    const int rank = (int)(magic & 0xff);
    const size_t header = 4 + 4 * (size_t)rank;
    size_t total = 1;
    enum status status;
    uint8_t *bytes;

    for (int i = 0; i < rank; i++) {
        CHECK(extent[i] > 0 && extent[i] <= INT32_MAX, "an extent of %zu", extent[i]);
        total *= extent[i];
    }
    bytes = memory_get(header + total, 1);
    if (bytes == NULL)
        return STATUS_MEMORY;
    word_write(bytes, magic);
    for (int i = 0; i < rank; i++)
        word_write(bytes + 4 + 4 * i, (uint32_t)extent[i]);
    memcpy(bytes + header, array, total);
    status = file_write(path, bytes, header + total);
    memory_free(bytes);
    return status;
}

enum status idx_images_write(const char *path, const struct idx_images *images)
{
    const size_t extent[] = {images->count, images->rows, images->cols};

    return array_write(path, IMAGES_MAGIC, extent, images->pixels);
}

enum status idx_labels_write(const char *path, const struct idx_labels *labels)
{
    return array_write(path, LABELS_MAGIC, &labels->count, labels->label);
}
