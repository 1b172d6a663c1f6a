/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool: see pool.h. */
#include "net/pool.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/compiler.h"
#include "base/parallel.h"

/* Channels that are treated side by side. */
enum { LANES = 16 };

struct pool;

/* A direction over one plane, one image's h w B floats of a block of channels, and up to LANES
 * channels of it: the first of them are at x->data + in and y->data + out. */
typedef void pool_plane(const struct pool *a, size_t in, size_t out, size_t lanes);

/* One call's arguments. x is the tensor that windows lie in, y that of their results; in the
 * backward direction these are dx and dy. */
struct pool {
    pool_plane *plane;
    const struct tensor *x, *y;
    const uint8_t *index; /* of y, for backward */
    uint8_t *new_index;   /* of y, for forward; or NULL */
    size_t k, s, p;
};

size_t pool_size(size_t size, size_t k, size_t s, size_t p)
{
    CHECK(k >= 1 && s >= 1 && size + 2 * p >= k, "windows of %zu, %zu apart, on %zu + 2 x %zu", k,
          s, size, p);
    return (size + 2 * p - k) / s + 1;
}

/* The rows (or columns) from .. to-1 of the image that output row `at` looks at. The window begins
 * at row `at s - p`. */
struct span {
    size_t from, to;
};

static inline struct span span_of(const struct pool *a, size_t at, size_t size)
{
    const size_t start = at * a->s, end = start + a->k - a->p;

    return (struct span){start < a->p ? 0 : start - a->p, end < size ? end : size};
}

/* The place of (row, column) in the window of output (i, j). */
static inline int32_t place_of(const struct pool *a, size_t i, size_t j, size_t row, size_t column)
{
    return (int32_t)((row + a->p - i * a->s) * a->k + (column + a->p - j * a->s));
}

/* ---- kernels; each is inlined with constant numbers of lanes ---- */

#define POOL_KERNEL static inline __attribute__((always_inline)) void

/* One window: the largest of each lane and where it is. */
POOL_KERNEL largest(const struct pool *a, const float *restrict x, size_t i, size_t j,
                    float *restrict best, int32_t *restrict place, size_t lanes)
{
    const size_t w = a->x->w, block = a->x->block;
    const struct span rows = span_of(a, i, a->x->h), columns = span_of(a, j, w);

    for (size_t b = 0; b < lanes; b++) {
        best[b] = -INFINITY;
        place[b] = place_of(a, i, j, rows.from, columns.from);
    }
    for (size_t row = rows.from; row < rows.to; row++)
        for (size_t column = columns.from; column < columns.to; column++) {
            const float *restrict v = x + (row * w + column) * block;
            const int32_t here = place_of(a, i, j, row, column);
            for (size_t b = 0; b < lanes; b++) {
                const int take = (v[b] > best[b]) | (v[b] != v[b]);
                best[b] = take ? v[b] : best[b];
                place[b] = take ? here : place[b];
            }
        }
}

POOL_KERNEL max_forward(const struct pool *a, const float *restrict x, float *restrict y,
                        uint8_t *restrict index, size_t lanes)
{
    const size_t width = a->y->w, block = a->y->block;
    float best[LANES];
    int32_t place[LANES];

    for (size_t i = 0; i < a->y->h; i++)
        for (size_t j = 0; j < width; j++) {
            const size_t at = (i * width + j) * block;
            largest(a, x, i, j, best, place, lanes);
            for (size_t b = 0; b < lanes; b++)
                y[at + b] = best[b];
            if (index != NULL)
                for (size_t b = 0; b < lanes; b++)
                    index[at + b] = (uint8_t)place[b];
        }
}

POOL_KERNEL max_backward(const struct pool *a, float *restrict dx, const float *restrict dy,
                         const uint8_t *restrict index, size_t lanes)
{
    const size_t w = a->x->w, width = a->y->w, block = a->y->block;

    for (size_t i = 0; i < a->y->h; i++)
        for (size_t j = 0; j < width; j++) {
            const struct span rows = span_of(a, i, a->x->h), columns = span_of(a, j, w);
            const float *restrict d = dy + (i * width + j) * block;
            const uint8_t *restrict place = index + (i * width + j) * block;
            for (size_t row = rows.from; row < rows.to; row++)
                for (size_t column = columns.from; column < columns.to; column++) {
                    float *restrict out = dx + (row * w + column) * block;
                    const int32_t here = place_of(a, i, j, row, column);
                    for (size_t b = 0; b < lanes; b++)
                        out[b] += place[b] == here ? d[b] : 0.0f;
                }
        }
}

POOL_KERNEL average_forward(const struct pool *a, const float *restrict x, float *restrict y,
                            size_t lanes)
{
    const size_t w = a->x->w, width = a->y->w, block = a->y->block;
    const float count = (float)(a->k * a->k);
    float sum[LANES];

    for (size_t i = 0; i < a->y->h; i++)
        for (size_t j = 0; j < width; j++) {
            for (size_t b = 0; b < lanes; b++)
                sum[b] = 0;
            for (size_t row = i * a->s; row < i * a->s + a->k; row++)
                for (size_t column = j * a->s; column < j * a->s + a->k; column++)
                    for (size_t b = 0; b < lanes; b++)
                        sum[b] += x[(row * w + column) * block + b];
            for (size_t b = 0; b < lanes; b++)
                y[(i * width + j) * block + b] = sum[b] / count;
        }
}

POOL_KERNEL average_backward(const struct pool *a, float *restrict dx, const float *restrict dy,
                             size_t lanes)
{
    const size_t w = a->x->w, width = a->y->w, block = a->y->block;
    const float count = (float)(a->k * a->k);

    for (size_t i = 0; i < a->y->h; i++)
        for (size_t j = 0; j < width; j++) {
            const float *restrict d = dy + (i * width + j) * block;
            for (size_t row = i * a->s; row < i * a->s + a->k; row++)
                for (size_t column = j * a->s; column < j * a->s + a->k; column++)
                    for (size_t b = 0; b < lanes; b++)
                        dx[(row * w + column) * block + b] += d[b] / count;
        }
}

VECTORIZED static void pool_max_forward(const struct pool *a, size_t in, size_t out, size_t lanes)
{
    uint8_t *index = a->new_index != NULL ? a->new_index + out : NULL;

    if (lanes == LANES)
        max_forward(a, a->x->data + in, a->y->data + out, index, LANES);
    else
        max_forward(a, a->x->data + in, a->y->data + out, index, lanes);
}

VECTORIZED static void pool_max_backward(const struct pool *a, size_t in, size_t out, size_t lanes)
{
    if (lanes == LANES)
        max_backward(a, a->x->data + in, a->y->data + out, a->index + out, LANES);
    else
        max_backward(a, a->x->data + in, a->y->data + out, a->index + out, lanes);
}

VECTORIZED static void pool_average_forward(const struct pool *a, size_t in, size_t out,
                                            size_t lanes)
{
    if (lanes == LANES)
        average_forward(a, a->x->data + in, a->y->data + out, LANES);
    else
        average_forward(a, a->x->data + in, a->y->data + out, lanes);
}

VECTORIZED static void pool_average_backward(const struct pool *a, size_t in, size_t out,
                                             size_t lanes)
{
    if (lanes == LANES)
        average_backward(a, a->x->data + in, a->y->data + out, LANES);
    else
        average_backward(a, a->x->data + in, a->y->data + out, lanes);
}

/* ---- calls ---- */

static void pool_planes(void *context, size_t from, size_t to)
{
    const struct pool *a = context;
    const size_t block = a->x->block;
    const size_t wide = a->x->h * a->x->w * block, narrow = a->y->h * a->y->w * block;

    for (size_t item = from; item < to; item++)
        for (size_t b = 0; b < block; b += LANES)
            a->plane(a, item * wide + b, item * narrow + b, block - b < LANES ? block - b : LANES);
}

static void pool_run(struct pool a)
{
    const struct tensor *x = a.x, *y = a.y;

    CHECK(x->n == y->n && x->c == y->c && x->block == y->block,
          "tensors that agree in images, channels and block");
    CHECK(y->h == pool_size(x->h, a.k, a.s, a.p) && y->w == pool_size(x->w, a.k, a.s, a.p),
          "%zu x %zu from %zu x %zu by windows of %zu, %zu apart, from -%zu on", y->h, y->w, x->h,
          x->w, a.k, a.s, a.p);
    parallel_for(x->n * tensor_channel_blocks(x), pool_planes, &a);
}

static void check_window(size_t k, size_t p)
{
    CHECK(k >= 1 && k <= 16 && 2 * p <= k, "windows of %zu, from -%zu on", k, p);
}

static void keep_or_clear(struct tensor *dx, float keep)
{
    CHECK(keep == 0.0f || keep == 1.0f, "keep %g, not 0 or 1", (double)keep);
    if (keep == 0.0f)
        memset(dx->data, 0, tensor_size(dx) * sizeof *dx->data);
}

void max_pool_forward(const struct tensor *x, size_t k, size_t s, size_t p, struct tensor *y,
                      uint8_t *index)
{
    check_window(k, p);
    pool_run((struct pool){
        .plane = pool_max_forward, .x = x, .y = y, .new_index = index, .k = k, .s = s, .p = p});
}

void max_pool_backward(const struct tensor *dy, const uint8_t *index, size_t k, size_t s, size_t p,
                       struct tensor *dx, float keep)
{
    check_window(k, p);
    keep_or_clear(dx, keep);
    pool_run((struct pool){
        .plane = pool_max_backward, .x = dx, .y = dy, .index = index, .k = k, .s = s, .p = p});
}

void average_pool_forward(const struct tensor *x, size_t k, size_t s, struct tensor *y)
{
    pool_run((struct pool){.plane = pool_average_forward, .x = x, .y = y, .k = k, .s = s});
}

void average_pool_backward(const struct tensor *dy, size_t k, size_t s, struct tensor *dx,
                           float keep)
{
    keep_or_clear(dx, keep);
    pool_run((struct pool){.plane = pool_average_backward, .x = dx, .y = dy, .k = k, .s = s});
}
