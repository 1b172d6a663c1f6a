/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool: see pool.h. */
#include "net/pool.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/compiler.h"
#include "base/parallel.h"
#include "net/pool_pairs.h"

struct pool;

/* A direction over one plane, one image's h w B floats of a block of channels, and `lanes`
 * channels of it, 16, 8, 4 or 1: the first of them are at x->data + in and y->data + out. */
typedef void pool_plane(const struct pool *a, size_t in, size_t out, size_t lanes);

/* One call's arguments. x is the tensor that windows lie in, y that of their results; in the
 * backward direction these are dx and dy. */
struct pool {
    pool_plane *plane;
    const struct tensor *x, *y;
    const uint8_t *index; /* of y, for backward */
    uint8_t *new_index;   /* of y, for forward; or NULL */
    size_t k, s, p;
    int clear; /* x is cleared first */
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

/* Four lanes, as every instruction set that the compiler cuts vectors for has them: written as
 * loops over arrays, these kernels would go through memory at each element of a window. */
typedef float four_floats __attribute__((vector_size(16)));
typedef int32_t four_ints __attribute__((vector_size(16)));
typedef uint8_t four_bytes __attribute__((vector_size(4)));

/* For up to 16 lanes: how many vectors, and how many floats in each. */
#define VECTORS(lanes) (((lanes) + 3) / 4)
#define WIDTH(lanes) ((lanes) < 4 ? (lanes) : 4)

POOL_KERNEL max_window(const struct pool *a, const float *restrict x, size_t i, size_t j,
                       four_floats *best, four_ints *place, size_t lanes)
{
    const size_t w = a->x->w, block = a->x->block;
    const struct span rows = span_of(a, i, a->x->h), columns = span_of(a, j, w);
    const int32_t first = place_of(a, i, j, rows.from, columns.from);

    for (size_t q = 0; q < VECTORS(lanes); q++) {
        best[q] = (four_floats){0} - INFINITY;
        place[q] = (four_ints){0} + first;
    }
    for (size_t row = rows.from; row < rows.to; row++)
        for (size_t column = columns.from; column < columns.to; column++) {
            const float *from = x + (row * w + column) * block;
            const int32_t here = place_of(a, i, j, row, column);
            for (size_t q = 0; q < VECTORS(lanes); q++) {
                four_floats v = {0};
                memcpy(&v, from + 4 * q, WIDTH(lanes) * sizeof *from);
                const four_ints take = (v > best[q]) | (v != v);
                best[q] = (four_floats)(((four_ints)v & take) | ((four_ints)best[q] & ~take));
                place[q] = (here & take) | (place[q] & ~take);
            }
        }
}

POOL_KERNEL max_forward(const struct pool *a, const float *restrict x, float *restrict y,
                        uint8_t *restrict index, size_t lanes)
{
    const size_t width = a->y->w, block = a->y->block;
    four_floats best[4];
    four_ints place[4];

    for (size_t i = 0; i < a->y->h; i++)
        for (size_t j = 0; j < width; j++) {
            const size_t at = (i * width + j) * block;
            max_window(a, x, i, j, best, place, lanes);
            for (size_t q = 0; q < VECTORS(lanes); q++)
                memcpy(y + at + 4 * q, &best[q], WIDTH(lanes) * sizeof *y);
            for (size_t q = 0; q < VECTORS(lanes) && index != NULL; q++) {
                const four_bytes bytes = __builtin_convertvector(place[q], four_bytes);
                memcpy(index + at + 4 * q, &bytes, WIDTH(lanes));
            }
        }
}

/* dx += dy at the places of one window that hold the maximum. */
POOL_KERNEL max_return(const struct pool *a, float *restrict dx, size_t i, size_t j,
                       const four_floats *d, const four_ints *place, size_t lanes)
{
    const size_t w = a->x->w, block = a->x->block;
    const struct span rows = span_of(a, i, a->x->h), columns = span_of(a, j, w);

    for (size_t row = rows.from; row < rows.to; row++)
        for (size_t column = columns.from; column < columns.to; column++) {
            float *at = dx + (row * w + column) * block;
            const int32_t here = place_of(a, i, j, row, column);
            for (size_t q = 0; q < VECTORS(lanes); q++) {
                four_floats out = {0};
                memcpy(&out, at + 4 * q, WIDTH(lanes) * sizeof *at);
                out += (four_floats)((four_ints)d[q] & (place[q] == here));
                memcpy(at + 4 * q, &out, WIDTH(lanes) * sizeof *at);
            }
        }
}

POOL_KERNEL max_backward(const struct pool *a, float *restrict dx, const float *restrict dy,
                         const uint8_t *restrict index, size_t lanes)
{
    const size_t width = a->y->w, block = a->y->block;
    four_floats d[4] = {{0}};
    four_ints place[4];

    for (size_t i = 0; i < a->y->h; i++)
        for (size_t j = 0; j < width; j++) {
            const size_t at = (i * width + j) * block;
            for (size_t q = 0; q < VECTORS(lanes); q++) {
                four_bytes bytes = {0};
                memcpy(&bytes, index + at + 4 * q, WIDTH(lanes));
                memcpy(&d[q], dy + at + 4 * q, WIDTH(lanes) * sizeof *dy);
                place[q] = __builtin_convertvector(bytes, four_ints);
            }
            max_return(a, dx, i, j, d, place, lanes);
        }
}

POOL_KERNEL average_forward(const struct pool *a, const float *restrict x, float *restrict y,
                            size_t lanes)
{
    const size_t w = a->x->w, width = a->y->w, block = a->y->block, s = a->s;

    for (size_t i = 0; i < a->y->h; i++)
        for (size_t j = 0; j < width; j++) {
            four_floats sum[4] = {{0}}, v = {0};
            for (size_t row = i * s; row < i * s + a->k; row++)
                for (size_t column = j * s; column < j * s + a->k; column++)
                    for (size_t q = 0; q < VECTORS(lanes); q++) {
                        memcpy(&v, x + (row * w + column) * block + 4 * q,
                               WIDTH(lanes) * sizeof *x);
                        sum[q] += v;
                    }
            for (size_t q = 0; q < VECTORS(lanes); q++) {
                sum[q] /= (float)(a->k * a->k);
                memcpy(y + (i * width + j) * block + 4 * q, &sum[q], WIDTH(lanes) * sizeof *y);
            }
        }
}

POOL_KERNEL average_backward(const struct pool *a, float *restrict dx, const float *restrict dy,
                             size_t lanes)
{
    const size_t w = a->x->w, width = a->y->w, block = a->y->block, s = a->s;

    for (size_t i = 0; i < a->y->h; i++)
        for (size_t j = 0; j < width; j++) {
            four_floats d[4] = {{0}}, v = {0};
            for (size_t q = 0; q < VECTORS(lanes); q++) {
                memcpy(&d[q], dy + (i * width + j) * block + 4 * q, WIDTH(lanes) * sizeof *dy);
                d[q] /= (float)(a->k * a->k);
            }
            for (size_t row = i * s; row < i * s + a->k; row++)
                for (size_t column = j * s; column < j * s + a->k; column++)
                    for (size_t q = 0; q < VECTORS(lanes); q++) {
                        float *at = dx + (row * w + column) * block + 4 * q;
                        memcpy(&v, at, WIDTH(lanes) * sizeof *at);
                        v += d[q];
                        memcpy(at, &v, WIDTH(lanes) * sizeof *at);
                    }
        }
}

/* The numbers of lanes as constants. */
#define POOL_LANES(lanes, kernel, ...)                                                             \
    do {                                                                                           \
        if ((lanes) == 16)                                                                         \
            kernel(__VA_ARGS__, 16);                                                               \
        else if ((lanes) == 8)                                                                     \
            kernel(__VA_ARGS__, 8);                                                                \
        else if ((lanes) == 4)                                                                     \
            kernel(__VA_ARGS__, 4);                                                                \
        else                                                                                       \
            kernel(__VA_ARGS__, 1);                                                                \
    } while (0)

VECTORIZED static void pool_max_forward(const struct pool *a, size_t in, size_t out, size_t lanes)
{
    uint8_t *index = a->new_index != NULL ? a->new_index + out : NULL;

    POOL_LANES(lanes, max_forward, a, a->x->data + in, a->y->data + out, index);
}

VECTORIZED static void pool_max_backward(const struct pool *a, size_t in, size_t out, size_t lanes)
{
    POOL_LANES(lanes, max_backward, a, a->x->data + in, a->y->data + out, a->index + out);
}

VECTORIZED static void pool_average_forward(const struct pool *a, size_t in, size_t out,
                                            size_t lanes)
{
    POOL_LANES(lanes, average_forward, a, a->x->data + in, a->y->data + out);
}

VECTORIZED static void pool_average_backward(const struct pool *a, size_t in, size_t out,
                                             size_t lanes)
{
    POOL_LANES(lanes, average_backward, a, a->x->data + in, a->y->data + out);
}

/* ---- calls ---- */

/* How many of the channels that are left are treated next. */
static size_t lanes_for(size_t left)
{
    return left >= 16 ? 16 : left >= 8 ? 8 : left >= 4 ? 4 : 1;
}

static void pool_planes(void *context, size_t from, size_t to)
{
    const struct pool *a = context;
    const size_t block = a->x->block;
    const size_t wide = a->x->h * a->x->w * block, narrow = a->y->h * a->y->w * block;

    for (size_t item = from; item < to; item++) {
        if (a->clear)
            memset(a->x->data + item * wide, 0, wide * sizeof *a->x->data);
        for (size_t b = 0, lanes; b < block; b += lanes) {
            lanes = lanes_for(block - b);
            a->plane(a, item * wide + b, item * narrow + b, lanes);
        }
    }
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

static int cleared(float keep)
{
    CHECK(keep == 0.0f || keep == 1.0f, "keep %g, not 0 or 1", (double)keep);
    return keep == 0.0f;
}

void max_pool_forward(const struct tensor *x, size_t k, size_t s, size_t p, struct tensor *y,
                      uint8_t *index)
{
    check_window(k, p);
    if (pool_pairs_fit(x, y, k, s, p)) {
        pool_pairs_forward(x, y, index);
        return;
    }
    pool_run((struct pool){
        .plane = pool_max_forward, .x = x, .y = y, .new_index = index, .k = k, .s = s, .p = p});
}

void max_pool_backward(const struct tensor *dy, const uint8_t *index, size_t k, size_t s, size_t p,
                       struct tensor *dx, float keep)
{
    check_window(k, p);
    if (cleared(keep) && pool_pairs_fit(dx, dy, k, s, p)) {
        pool_pairs_backward(dy, index, dx);
        return;
    }
    pool_run((struct pool){
        .plane = pool_max_backward, .x = dx, .y = dy, .index = index, .k = k, .s = s, .p = p,
        .clear = cleared(keep)});
}

void average_pool_forward(const struct tensor *x, size_t k, size_t s, struct tensor *y)
{
    pool_run((struct pool){.plane = pool_average_forward, .x = x, .y = y, .k = k, .s = s});
}

void average_pool_backward(const struct tensor *dy, size_t k, size_t s, struct tensor *dx,
                           float keep)
{
    pool_run((struct pool){
        .plane = pool_average_backward, .x = dx, .y = dy, .k = k, .s = s, .clear = cleared(keep)});
}
