/* SPDX-License-Identifier: GPL-3.0-or-later */
/* idx: both readers of IDX files, plain and through gzip; see fuzz.h. */
#include "fuzz.h"

#include "data/idx.h"

#define MOST ((size_t)1 << 16)

static uint32_t word_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* What a plain IDX file of this rank is: magic, positive extents, exactly as many bytes. */
static int is_idx(const uint8_t *data, size_t n, uint32_t rank)
{
    uint64_t total = 1;

    if (n > MOST || n < 4 + 4 * rank || word_at(data) != 0x800 + rank)
        return 0;
    for (uint32_t i = 1; i <= rank; i++) {
        const uint64_t extent = word_at(data + 4 * i);
        if (extent == 0 || extent > n)
            return 0;
        total *= extent; /* at most MOST^3 */
    }
    return total == n - 4 - 4 * rank;
}

static void images(const char *path, const uint8_t *data, size_t n, int plain)
{
    struct idx_images out;
    const enum status status = idx_images_read(&out, path, MOST);

    HOLDS(!plain || (status == STATUS_OK) == is_idx(data, n, 3));
    if (status == STATUS_OK) {
        const size_t total = out.count * out.rows * out.cols;
        HOLDS(total > 0 && total <= MOST - 16);
        HOLDS(!plain || memcmp(out.pixels, data + 16, total) == 0);
        HOLDS(out.pixels[total - 1] <= 255); /* the last byte is there to be read */
    } else {
        fuzz_refused(status);
        HOLDS(out.pixels == NULL && out.count == 0 && out.rows == 0 && out.cols == 0);
    }
    idx_images_free(&out);
}

static void labels(const char *path, const uint8_t *data, size_t n, int plain)
{
    struct idx_labels out;
    const enum status status = idx_labels_read(&out, path, MOST);

    HOLDS(!plain || (status == STATUS_OK) == is_idx(data, n, 1));
    if (status == STATUS_OK) {
        HOLDS(out.count > 0 && out.count <= MOST - 8);
        HOLDS(!plain || memcmp(out.label, data + 8, out.count) == 0);
        HOLDS(out.label[out.count - 1] <= 255);
    } else {
        fuzz_refused(status);
        HOLDS(out.label == NULL && out.count == 0);
    }
    idx_labels_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const int gzip = fuzz_is_gzip(data, n);
    const char *path = fuzz_file(data, n, gzip);

    images(path, data, n, !gzip);
    labels(path, data, n, !gzip);
    memory_fail_at(1 + n % 3);
    images(path, data, 0, 0);
    memory_fail_at(0);
    return 0;
}
