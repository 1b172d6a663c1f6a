/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gzip: see gzip.h. zlib's inflate rather than gzread: gzread passes plain bytes through, ignores
 * what follows the end, and takes a cut file for a good end. */
#include "data/gzip.h"

#include <limits.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#include "base/check.h"
#include "base/file.h"
#include "base/memory.h"

/* Deflate never expands more than this many times (RFC 1951: 258 bytes from two bits). */
#define MOST_EXPANSION 1032
/* A gzip file of n incompressible bytes has n + 5 bytes each 16 KiB block + header and trailer. */
#define MOST_OVERHEAD(n) ((n) / 2048 + 4096)

#define ADVICE "fetch the file again"

struct buffer {
    uint8_t *bytes;
    size_t size, used;
};

static int ends_in_gz(const char *path)
{
    const size_t length = strlen(path);

    return length >= 3 && strcmp(path + length - 3, ".gz") == 0;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The last four bytes claim the length of the content. They may lie, so this is only where the
 * buffer starts: never above what n bytes can hold, nor above `most`. */
static size_t first_guess(const uint8_t *file, size_t n, size_t most)
{
    const size_t held = n > SIZE_MAX / MOST_EXPANSION ? SIZE_MAX : n * MOST_EXPANSION;
    size_t claimed = 0;

    for (size_t i = 0; i < 4 && i < n; i++)
        claimed = claimed << 8 | file[n - 1 - i];
    return least(least(claimed, held), most) + 1;
}

static enum status say_too_much(const char *path, size_t most)
{
    return status_set(STATUS_DATA, "%s: expected at most %zu bytes of content, found more; " ADVICE,
                      path, most);
}

/* Room for more content, up to most + 1 bytes: the one too many shows that there is more. */
static enum status buffer_grow(struct buffer *b, const char *path, size_t most)
{
    const size_t wanted = b->size > most / 2 ? most + 1 : 2 * b->size;
    uint8_t *larger;

    if (b->used > most)
        return say_too_much(path, most);
    larger = memory_grow(b->bytes, b->size, wanted, 1);
    if (larger == NULL)
        return STATUS_MEMORY;
    b->bytes = larger;
    b->size = wanted;
    return STATUS_OK;
}

static enum status say_inflate(int code, const z_stream *z, const char *path, const uint8_t *file,
                               size_t n)
{
    if (code == Z_MEM_ERROR)
        return status_set(STATUS_MEMORY, "%s: no memory to inflate it", path);
    if (n < 2 || file[0] != 0x1f || file[1] != 0x8b)
        return status_set(STATUS_DATA,
                          "%s: expected gzip (its name ends in .gz), found %s; " ADVICE, path,
                          n > 0 && file[0] == '<' ? "an HTML page" : "other bytes");
    if (code == Z_BUF_ERROR || code == Z_OK)
        return status_set(STATUS_DATA,
                          "%s: expected whole gzip data, found it cut after %zu bytes; " ADVICE,
                          path, n);
    return status_set(STATUS_DATA, "%s: expected sound gzip data, found it damaged (%s); " ADVICE,
                      path, z->msg != NULL ? z->msg : "a dictionary is asked for");
}

/* Inflates the whole member. zlib counts in unsigned int: both sides are handed over in parts. */
static enum status inflate_all(z_stream *z, struct buffer *b, const char *path, const uint8_t *file,
                               size_t n, size_t most)
{
    size_t given = 0;

    for (;;) {
        if (b->used == b->size)
            TRY(buffer_grow(b, path, most));
        if (z->avail_in == 0) {
            z->next_in = file + given;
            z->avail_in = (uInt)least(n - given, INT_MAX);
            given += z->avail_in;
        }
        const uInt room = (uInt)least(b->size - b->used, INT_MAX);
        z->next_out = b->bytes + b->used;
        z->avail_out = room;
        const int code = inflate(z, Z_NO_FLUSH);
        b->used += room - z->avail_out;
        if (code == Z_STREAM_END)
            break;
        if (code != Z_OK || (z->avail_in == 0 && given == n && z->avail_out > 0))
            return say_inflate(code, z, path, file, n);
    }
    if (b->used > most)
        return say_too_much(path, most);
    if (z->avail_in > 0 || given < n)
        return status_set(STATUS_DATA,
                          "%s: expected the end of the gzip data, found %zu more bytes; " ADVICE,
                          path, n - given + z->avail_in);
    return STATUS_OK;
}

static enum status inflate_file(struct buffer *b, const char *path, const uint8_t *file, size_t n,
                                size_t most)
{
    z_stream z = {0};
    enum status status;

    b->size = first_guess(file, n, most);
    b->bytes = memory_get(b->size, 1);
    if (b->bytes == NULL)
        return STATUS_MEMORY;
    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return status_set(STATUS_MEMORY, "%s: no memory to inflate it", path);
    status = inflate_all(&z, b, path, file, n, most);
    inflateEnd(&z);
    return status;
}

enum status gzip_read(const char *path, size_t most, uint8_t **bytes, size_t *n)
{
    const int gzip = ends_in_gz(path);
    struct buffer content = {0};
    enum status status;
    char *file;
    size_t size;

    CHECK(most < SIZE_MAX / 2, "a bound of %zu bytes is none", most);
    *bytes = NULL;
    *n = 0;
    status = file_read(path, gzip ? most + MOST_OVERHEAD(most) : most, &file, &size);
    if (status == STATUS_DATA)
        return status_set(status, "%s; " ADVICE " or check its rights", status_message());
    TRY(status);
    if (size == 0) {
        status = status_set(STATUS_DATA, "%s: expected data, found an empty file; " ADVICE, path);
    } else if (gzip) {
        status = inflate_file(&content, path, (const uint8_t *)file, size, most);
    } else if (size >= 2 && (uint8_t)file[0] == 0x1f && (uint8_t)file[1] == 0x8b) {
        status = status_set(STATUS_DATA, "%s: expected plain data, found gzip; rename it to %s.gz",
                            path, path);
    } else {
        *bytes = (uint8_t *)file;
        *n = size;
        return STATUS_OK;
    }
    memory_free(file);
    if (status != STATUS_OK) {
        memory_free(content.bytes);
        return status;
    }
    *bytes = content.bytes;
    *n = content.used;
    return STATUS_OK;
}
