/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool: windows over planes, and their means; see pool.h. */
#include "net/pool.h"

#include <string.h>

#include "base/check.h"
#include "base/parallel.h"
#include "net/pool_parts.h"

size_t pool_size(size_t size, size_t k, size_t s, size_t p)
{
    CHECK(k >= 1 && s >= 1 && size + 2 * p >= k, "windows of %zu, %zu apart, on %zu + 2 x %zu", k,
          s, size, p);
    return (size + 2 * p - k) / s + 1;
}

/* ---- planes ---- */

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

void pool_run(struct pool a)
{
    const struct tensor *x = a.x, *y = a.y;

    CHECK(x->n == y->n && x->c == y->c && x->block == y->block,
          "tensors that agree in images, channels and block");
    CHECK(y->h == pool_size(x->h, a.k, a.s, a.p) && y->w == pool_size(x->w, a.k, a.s, a.p),
          "%zu x %zu from %zu x %zu by windows of %zu, %zu apart, from -%zu on", y->h, y->w, x->h,
          x->w, a.k, a.s, a.p);
    parallel_for(x->n * tensor_channel_blocks(x), pool_planes, &a);
}

int pool_cleared(float keep)
{
    CHECK(keep == 0.0f || keep == 1.0f, "keep %g, not 0 or 1", (double)keep);
    return keep == 0.0f;
}

/* ---- means ---- */

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

void average_pool_forward(const struct tensor *x, size_t k, size_t s, struct tensor *y)
{
    pool_run((struct pool){.plane = pool_average_forward, .x = x, .y = y, .k = k, .s = s});
}

void average_pool_backward(const struct tensor *dy, size_t k, size_t s, struct tensor *dx,
                           float keep)
{
    pool_run((struct pool){
        .plane = pool_average_backward, .x = dx, .y = dy, .k = k, .s = s,
        .clear = pool_cleared(keep)});
}
