/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gzip: gzip_read against one call of inflate into a buffer that is large enough; see fuzz.h. Half
 * of the mutations change the content and pack it again, so that checksums do not end every try. */
#include "fuzz.h"

#include <zlib.h>

#include "data/gzip.h"

#define MOST 20000

/* The content's size, or -1 where it is no single whole member of at most MOST bytes. */
static long unpack(const uint8_t *data, size_t n, uint8_t *out)
{
    z_stream z = {0};
    long size = -1;

    if (n == 0)
        return -1;
    HOLDS(inflateInit2(&z, 15 + 16) == Z_OK);
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = (uInt)n;
    z.next_out = out;
    z.avail_out = MOST + 1;
    if (inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_in == 0 && z.total_out <= MOST)
        size = (long)z.total_out;
    inflateEnd(&z);
    return size;
}

static size_t pack(uint8_t *out, size_t most, uint8_t *data, size_t n, unsigned seed)
{
    z_stream z = {0};
    size_t size = 0;

    HOLDS(deflateInit2(&z, (int)(seed % 10), Z_DEFLATED, 15 + 16, 8, (int)(seed / 10 % 5)) == Z_OK);
    z.next_in = data;
    z.avail_in = (uInt)n;
    z.next_out = out;
    z.avail_out = (uInt)most;
    if (deflate(&z, Z_FINISH) == Z_STREAM_END)
        size = z.total_out;
    deflateEnd(&z);
    return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed)
{
    static uint8_t content[MOST + 64];
    const long size = seed % 2 == 0 ? unpack(data, n, content) : -1;

    if (size >= 0) {
        const size_t changed = LLVMFuzzerMutate(content, (size_t)size, sizeof content);
        const size_t packed = pack(data, most, content, changed, seed / 2);
        if (packed > 0)
            return packed;
    }
    return LLVMFuzzerMutate(data, n, most);
}

static void expect(const char *path, const uint8_t *content, long size)
{
    uint8_t *bytes;
    size_t n;
    const enum status status = gzip_read(path, MOST, &bytes, &n);

    HOLDS((status == STATUS_OK) == (size >= 0));
    if (status == STATUS_OK) {
        HOLDS(n == (size_t)size && n <= MOST && (n == 0 || memcmp(bytes, content, n) == 0));
    } else {
        fuzz_refused(status);
        HOLDS(bytes == NULL && n == 0);
    }
    memory_free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static uint8_t content[MOST + 1];
    const int plain = n > 0 && n <= MOST && !fuzz_is_gzip(data, n);
    uint8_t *bytes;
    size_t size;

    expect(fuzz_file(data, n, 0), data, plain ? (long)n : -1);
    expect(fuzz_file(data, n, 1), content, unpack(data, n, content));
    memory_fail_at(1 + n % 4);
    if (gzip_read(fuzz_file(data, n, 1), MOST, &bytes, &size) != STATUS_OK)
        HOLDS(bytes == NULL && size == 0);
    memory_fail_at(0);
    memory_free(bytes);
    return 0;
}
