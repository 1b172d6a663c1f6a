/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool_pairs: see pool_pairs.h. */
#include "net/pool_pairs.h"

#include <string.h>

#include "base/check.h"
#include "base/compiler.h"
#include "base/parallel.h"

#define PAIRS_KERNEL static inline __attribute__((always_inline)) void

/* As in pool.c: four lanes, cut by hand. */
typedef float four_floats __attribute__((vector_size(16)));
typedef int32_t four_ints __attribute__((vector_size(16)));
typedef uint8_t four_bytes __attribute__((vector_size(4)));

/* One call's arguments: x is what windows lie in. */
struct pairs {
    float *x, *y;
    const uint8_t *index;
    uint8_t *new_index;
    size_t h, w, block;   /* of y */
    size_t blocks;
};

int pool_pairs_fit(const struct tensor *x, const struct tensor *y, size_t k, size_t s, size_t p)
{
    return k == 2 && s == 2 && p == 0 && x->h == 2 * y->h && x->w == 2 * y->w;
}

/* NaN wins over numbers, the first of equal ones over others. */
PAIRS_KERNEL pairs_take(four_floats v, int32_t here, four_floats *best, four_ints *place)
{
    const four_ints take = (v > *best) | (v != v);

    *best = (four_floats)(((four_ints)v & take) | ((four_ints)*best & ~take));
    *place = (((four_ints){0} + here) & take) | (*place & ~take);
}

/* `width` channels of one window; x at its first pixel, rows `row` apart. */
PAIRS_KERNEL pairs_max(const float *x, size_t row, size_t block, float *y, uint8_t *index,
                       size_t width)
{
    four_floats v[4] = {{0}};
    four_ints place = {0};

    memcpy(&v[0], x, width * sizeof *x);
    memcpy(&v[1], x + block, width * sizeof *x);
    memcpy(&v[2], x + row, width * sizeof *x);
    memcpy(&v[3], x + row + block, width * sizeof *x);
    for (int k = 1; k < 4; k++)
        pairs_take(v[k], k, &v[0], &place);
    memcpy(y, &v[0], width * sizeof *y);
    if (index != NULL) {
        const four_bytes bytes = __builtin_convertvector(place, four_bytes);

        memcpy(index, &bytes, width);
    }
}

/* 0 + d, so that -0 becomes 0 as where gradients are added up. */
PAIRS_KERNEL pairs_return(const float *dy, const uint8_t *index, float *dx, size_t row,
                          size_t block, size_t width)
{
    const size_t at[4] = {0, block, row, row + block};
    four_floats d = {0};
    four_bytes bytes = {0};

    memcpy(&d, dy, width * sizeof *dy);
    memcpy(&bytes, index, width);
    const four_ints place = __builtin_convertvector(bytes, four_ints);
    for (int k = 0; k < 4; k++) {
        const four_floats out =
            (four_floats){0} + (four_floats)((four_ints)d & (place == (four_ints){0} + k));

        memcpy(dx + at[k], &out, width * sizeof *dx);
    }
}

/* `width` channels at a time of those from .. to-1 of a plane, rows x columns x block of y. What is
 * constant lies in variables: stores of bytes could change what pointers lead to. */
PAIRS_KERNEL pairs_max_plane(const float *x, float *y, uint8_t *index, size_t rows, size_t columns,
                             size_t block, size_t from, size_t to, size_t width)
{
    const size_t row = 2 * columns * block;

    for (size_t i = 0; i < rows; i++, x += row)
        for (size_t j = 0; j < columns; j++, x += 2 * block, y += block) {
            for (size_t b = from; b < to; b += width)
                pairs_max(x + b, row, block, y + b, index != NULL ? index + b : NULL, width);
            index += index != NULL ? block : 0;
        }
}

PAIRS_KERNEL pairs_return_plane(const float *dy, const uint8_t *index, float *dx, size_t rows,
                                size_t columns, size_t block, size_t from, size_t to, size_t width)
{
    const size_t row = 2 * columns * block;

    for (size_t i = 0; i < rows; i++, dx += row)
        for (size_t j = 0; j < columns; j++, dx += 2 * block, dy += block, index += block)
            for (size_t b = from; b < to; b += width)
                pairs_return(dy + b, index + b, dx + b, row, block, width);
}

/* The block of the smallest nets as a constant. */
VECTORIZED static void pool_pairs_max(const float *x, float *y, uint8_t *index, size_t rows,
                                      size_t columns, size_t block)
{
    const size_t fours = block / 4 * 4;

    if (block == 8)
        pairs_max_plane(x, y, index, rows, columns, 8, 0, 8, 4);
    else
        pairs_max_plane(x, y, index, rows, columns, block, 0, fours, 4);
    if (fours < block)
        pairs_max_plane(x, y, index, rows, columns, block, fours, block, 1);
}

VECTORIZED static void pool_pairs_return(const float *dy, const uint8_t *index, float *dx,
                                         size_t rows, size_t columns, size_t block)
{
    const size_t fours = block / 4 * 4;

    if (block == 8)
        pairs_return_plane(dy, index, dx, rows, columns, 8, 0, 8, 4);
    else
        pairs_return_plane(dy, index, dx, rows, columns, block, 0, fours, 4);
    if (fours < block)
        pairs_return_plane(dy, index, dx, rows, columns, block, fours, block, 1);
}

static void pairs_planes(void *context, size_t from, size_t to)
{
    const struct pairs *a = context;
    const size_t narrow = a->h * a->w * a->block;

    for (size_t item = from; item < to; item++) {
        float *x = a->x + 4 * narrow * item, *y = a->y + narrow * item;

        if (a->index != NULL)
            pool_pairs_return(y, a->index + narrow * item, x, a->h, a->w, a->block);
        else
            pool_pairs_max(x, y, a->new_index != NULL ? a->new_index + narrow * item : NULL, a->h,
                           a->w, a->block);
    }
}

static struct pairs pairs_of(const struct tensor *x, const struct tensor *y)
{
    CHECK(x->n == y->n && x->c == y->c && x->block == y->block,
          "tensors that agree in images, channels and block");
    return (struct pairs){.x = x->data, .y = y->data, .h = y->h, .w = y->w, .block = y->block,
                          .blocks = tensor_channel_blocks(y)};
}

void pool_pairs_forward(const struct tensor *x, struct tensor *y, uint8_t *index)
{
    struct pairs a = pairs_of(x, y);

    a.new_index = index;
    parallel_for(y->n * a.blocks, pairs_planes, &a);
}

void pool_pairs_backward(const struct tensor *dy, const uint8_t *index, struct tensor *dx)
{
    struct pairs a = pairs_of(dx, dy);

    a.index = index;
    parallel_for(dy->n * a.blocks, pairs_planes, &a);
}
