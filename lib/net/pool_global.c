/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool_global: the mean over the whole of each image's channels; see pool.h. */
#include <string.h>

#include "base/check.h"
#include "base/compiler.h"
#include "base/parallel.h"
#include "net/pool.h"
#include "net/tensor_tile.h"

struct global {
    const struct tensor *x;
    float *means;        /* forward: n x c */
    const float *dmeans; /* backward */
    float keep;
};

static void means_of_planes(void *context, size_t from, size_t to)
{
    const struct global *s = context;
    const struct tensor *x = s->x;
    const size_t blocks = tensor_channel_blocks(x), block = x->block, hw = x->h * x->w;
    double sums[TENSOR_BLOCK_MAX];

    for (size_t item = from; item < to; item++) {
        const size_t first = item % blocks * block;
        float *out = s->means + item / blocks * x->c + first;
        memset(sums, 0, block * sizeof *sums);
        tensor_tile_sum(x->data + item * hw * block, hw * block, block, sums);
        for (size_t b = 0; b < block && first + b < x->c; b++)
            out[b] = (float)(sums[b] / (double)hw);
    }
}

void global_pool_forward(const struct tensor *x, float *means)
{
    struct global s = {.x = x, .means = means};

    parallel_for(x->n * tensor_channel_blocks(x), means_of_planes, &s);
}

VECTORIZED static void pool_global_fill(const float *restrict values, size_t tile, int add,
                                        float *restrict dx, size_t n)
{
    for (size_t i = 0; i < n; i += tile) {
        const size_t length = n - i < tile ? n - i : tile;
        if (add)
            for (size_t j = 0; j < length; j++)
                dx[i + j] += values[j];
        else
            for (size_t j = 0; j < length; j++)
                dx[i + j] = values[j];
    }
}

static void fill_planes(void *context, size_t from, size_t to)
{
    const struct global *s = context;
    const struct tensor *dx = s->x;
    const size_t blocks = tensor_channel_blocks(dx), hw = dx->h * dx->w;
    const size_t length = hw * dx->block, tile = tensor_tile(dx->block);
    float values[TENSOR_TILE_MAX];

    for (size_t item = from; item < to; item++) {
        const float *dmeans = s->dmeans + item / blocks * dx->c;
        tensor_tile_spread(dmeans, dx, item % blocks * dx->block, values);
        for (size_t j = 0; j < tile; j++)
            values[j] /= (float)hw;
        pool_global_fill(values, tile, s->keep != 0.0f, dx->data + item * length, length);
    }
}

void global_pool_backward(const float *dmeans, struct tensor *dx, float keep)
{
    struct global s = {.x = dx, .dmeans = dmeans, .keep = keep};

    CHECK(keep == 0.0f || keep == 1.0f, "keep %g, not 0 or 1", (double)keep);
    parallel_for(dx->n * tensor_channel_blocks(dx), fill_planes, &s);
}
