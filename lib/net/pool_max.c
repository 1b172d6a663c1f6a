/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool_max: maxima of windows; see pool.h. */
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "net/pool_pairs.h"
#include "net/pool_parts.h"

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

VECTORIZED static void pool_max_forward(const struct pool *a, size_t in, size_t out, size_t lanes)
{
    uint8_t *index = a->new_index != NULL ? a->new_index + out : NULL;

    POOL_LANES(lanes, max_forward, a, a->x->data + in, a->y->data + out, index);
}

VECTORIZED static void pool_max_backward(const struct pool *a, size_t in, size_t out, size_t lanes)
{
    POOL_LANES(lanes, max_backward, a, a->x->data + in, a->y->data + out, a->index + out);
}

static void check_window(size_t k, size_t p)
{
    CHECK(k >= 1 && k <= 16 && 2 * p <= k, "windows of %zu, from -%zu on", k, p);
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
    if (pool_cleared(keep) && pool_pairs_fit(dx, dy, k, s, p)) {
        pool_pairs_backward(dy, index, dx);
        return;
    }
    pool_run((struct pool){
        .plane = pool_max_backward, .x = dx, .y = dy, .index = index, .k = k, .s = s, .p = p,
        .clear = pool_cleared(keep)});
}
