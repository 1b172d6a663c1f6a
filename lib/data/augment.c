/* SPDX-License-Identifier: GPL-3.0-or-later */
/* augment: see augment.h. */
#include "data/augment.h"

#include "base/check.h"
#include "base/compiler.h"

#define LEVELS     256
#define MOST_ROUND ((size_t)1 << 30)

/* Where the window lies, 0..2 pad down and across, and whether it is mirrored. */
struct draw {
    size_t down, across;
    int mirrored;
};

static struct augment create(size_t count, size_t channels, size_t rows, size_t cols,
                             const struct task_scale *scale, size_t pad, int mirror,
                             struct rng stream)
{
    struct augment a = {.count = count,
                        .channels = channels,
                        .rows = rows,
                        .cols = cols,
                        .scale = *scale,
                        .pad = pad,
                        .mirror = mirror,
                        .stream = stream};

    CHECK(channels >= 1 && channels <= TASK_CHANNELS, "%zu channels", channels);
    CHECK(pad < rows && pad < cols, "%zu pixels around images of %zu x %zu", pad, rows, cols);
    for (size_t c = 0; c < channels; c++) {
        CHECK(scale->sd[c] > 0, "channel %zu has sd %g", c, scale->sd[c]);
        for (int v = 0; v < LEVELS; v++)
            a.level[c][v] = (float)((v / 255.0 - scale->mean[c]) / scale->sd[c]);
    }
    return a;
}

struct augment augment_of_task(const struct task *t, const struct task_scale *scale, size_t pad,
                               int mirror, struct rng stream)
{
    struct augment a = create(t->n, t->set->channels, t->set->rows, t->set->cols, scale, pad,
                              mirror, stream);

    a.task = t;
    return a;
}

struct augment augment_of_images(const float *images, size_t count, size_t channels, size_t rows,
                                 size_t cols, const struct task_scale *scale, size_t pad,
                                 int mirror, struct rng stream)
{
    struct augment a = create(count, channels, rows, cols, scale, pad, mirror, stream);

    a.images = images;
    return a;
}

/* Blocks of the stream are numbered round, index, and four of them within: three draws take one,
 * and a second only where one is rejected (less than once in a hundred million). */
static struct draw draw_at(const struct augment *a, size_t round, uint32_t index)
{
    const uint32_t places = (uint32_t)(2 * a->pad + 1);
    struct rng r = a->stream;
    struct draw d;

    CHECK(round < MOST_ROUND, "round %zu", round);
    r.block = a->stream.block + ((uint64_t)round << 34 | (uint64_t)index << 2);
    r.left = 0;
    d.down = rng_below(&r, places);
    d.across = rng_below(&r, places);
    d.mirrored = a->mirror && (rng_word(&r) & 1);
    return d;
}

/* ---- one row of one channel: out[0..before) and the last `after` are border ---- */

VECTORIZED static void fill(float *restrict out, float value, size_t n)
{
    for (size_t j = 0; j < n; j++)
        out[j] = value;
}

static void bytes_row(const uint8_t *restrict in, const float *restrict level, size_t n,
                      int mirrored, float *restrict out)
{
    if (mirrored)
        for (size_t j = 0; j < n; j++)
            out[j] = level[in[n - 1 - j]];
    else
        for (size_t j = 0; j < n; j++)
            out[j] = level[in[j]];
}

VECTORIZED static void floats_row(const float *restrict in, double mean, double sd, size_t n,
                                  int mirrored, float *restrict out)
{
    if (mirrored)
        for (size_t j = 0; j < n; j++)
            out[j] = (float)(((double)in[n - 1 - j] - mean) / sd);
    else
        for (size_t j = 0; j < n; j++)
            out[j] = (float)(((double)in[j] - mean) / sd);
}

/* Row y of the window is row y + down - pad of the image; of its columns, `across` - pad further
 * on, those from `from` to `to` lie in the window. */
static void one_channel(const struct augment *a, struct draw d, size_t c, const uint8_t *bytes,
                        const float *floats, float *out)
{
    const size_t rows = a->rows, cols = a->cols;
    const size_t skip = d.across > a->pad ? d.across - a->pad : 0;  /* columns cut off */
    const size_t blank = d.across < a->pad ? a->pad - d.across : 0; /* border on the left */
    const size_t n = cols - skip - blank;
    const size_t left = d.mirrored ? skip : blank;
    const float border = a->level[c][0];

    for (size_t y = 0; y < rows; y++, out += cols) {
        const size_t row = y + d.down - a->pad; /* beyond all rows where it would be negative */
        if (row >= rows) {
            fill(out, border, cols);
            continue;
        }
        fill(out, border, left);
        if (bytes != NULL)
            bytes_row(bytes + row * cols + skip, a->level[c], n, d.mirrored, out + left);
        else
            floats_row(floats + row * cols + skip, a->scale.mean[c], a->scale.sd[c], n, d.mirrored,
                       out + left);
        fill(out + left + n, border, cols - left - n);
    }
}

static void one_image(const struct augment *a, struct draw d, uint32_t index, float *out)
{
    const size_t plane = a->rows * a->cols, size = a->channels * plane;
    const uint8_t *bytes = NULL;
    const float *floats = NULL;

    CHECK(index < a->count, "image %u of %zu", (unsigned)index, a->count);
    if (a->task != NULL)
        bytes = a->task->set->pixels + a->task->index[index] * size;
    else
        floats = a->images + index * size;
    for (size_t c = 0; c < a->channels; c++)
        one_channel(a, d, c, bytes != NULL ? bytes + c * plane : NULL,
                    floats != NULL ? floats + c * plane : NULL, out + c * plane);
}

void augment_batch(const struct augment *a, size_t round, const uint32_t *indices, size_t n,
                   float *out)
{
    const size_t size = a->channels * a->rows * a->cols;

    for (size_t i = 0; i < n; i++)
        one_image(a, draw_at(a, round, indices[i]), indices[i], out + i * size);
}

void augment_plain(const struct augment *a, const uint32_t *indices, size_t n, float *out)
{
    const size_t size = a->channels * a->rows * a->cols;
    const struct draw none = {.down = a->pad, .across = a->pad};

    for (size_t i = 0; i < n; i++)
        one_image(a, none, indices[i], out + i * size);
}

void augment_fill(void *augment, size_t epoch, const uint32_t *indices, size_t n, float *out)
{
    augment_batch(augment, epoch, indices, n, out);
}
