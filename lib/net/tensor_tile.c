/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tensor_tile: see tensor_tile.h. */
#include "net/tensor_tile.h"

#include <string.h>

#include "base/check.h"
#include "base/compiler.h"

_Static_assert((int)TENSOR_TILE_MAX >= (int)TENSOR_BLOCK_MAX, "a tile holds any block");

size_t tensor_tile(size_t block)
{
    CHECK(block >= 1 && block <= TENSOR_BLOCK_MAX, "blocks of %zu channels", block);
    if (block >= TENSOR_TILE)
        return block;
    size_t tile = block;
    while (tile % 16 != 0 || tile < TENSOR_TILE)
        tile *= 2;
    return tile;
}

void tensor_tile_spread(const float *values, const struct tensor *t, size_t first, float *tile)
{
    const size_t block = t->block, length = tensor_tile(block);
    const size_t channels = t->c - first < block ? t->c - first : block;

    memset(tile, 0, block * sizeof *tile);
    memcpy(tile, values + first, channels * sizeof *tile);
    for (size_t j = block; j < length; j++)
        tile[j] = tile[j - block];
}

/* A tile is block times a power of 2. */
VECTORIZED static void tensor_tile_halve(float *tile, size_t length, size_t block, double *sums)
{
    for (size_t half = length / 2; half >= block; half /= 2) {
        float *restrict low = tile;
        const float *restrict high = tile + half;
        for (size_t j = 0; j < half; j++)
            low[j] += high[j];
    }
    for (size_t j = 0; j < block; j++)
        sums[j] += (double)tile[j];
}

void tensor_tile_fold(float *tile, size_t block, double *sums)
{
    tensor_tile_halve(tile, tensor_tile(block), block, sums);
}

VECTORIZED static void tensor_tile_add(const float *restrict x, size_t n, size_t tile,
                                       float *restrict sum)
{
    size_t i = 0;

    memset(sum, 0, tile * sizeof *sum);
    if (tile == TENSOR_TILE)
        for (; i + TENSOR_TILE <= n; i += TENSOR_TILE)
            for (size_t j = 0; j < TENSOR_TILE; j++)
                sum[j] += x[i + j];
    for (; i + tile <= n; i += tile)
        for (size_t j = 0; j < tile; j++)
            sum[j] += x[i + j];
    for (size_t j = 0; i + j < n; j++)
        sum[j] += x[i + j];
}

void tensor_tile_sum(const float *x, size_t n, size_t block, double *sums)
{
    const size_t tile = tensor_tile(block), run = TENSOR_TILE_RUN * tile;
    float sum[TENSOR_TILE_MAX];

    for (size_t i = 0; i < n; i += run) {
        tensor_tile_add(x + i, n - i < run ? n - i : run, tile, sum);
        tensor_tile_fold(sum, block, sums);
    }
}
