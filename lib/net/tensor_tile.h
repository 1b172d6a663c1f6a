/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tensor_tile: how loops over tensors stay long and simple whatever the block.
 *
 * The h w B floats of one image's block of channels repeat their channels every B floats. A tile is
 * a number of floats after which they do so too and that fills vector registers; a per-channel
 * array spread out over a tile turns each loop into one over tiles, and inside over plain arrays.
 * Sums keep one running float for each place of the tile, for at most TENSOR_TILE_RUN tiles. */
#ifndef NET_TENSOR_TILE_H
#define NET_TENSOR_TILE_H

#include <stddef.h>

#include "net/tensor.h"

enum {
    TENSOR_TILE = 64,       /* of every block that divides it; kernels have a copy for it */
    TENSOR_TILE_MAX = 1024, /* of any block */
    TENSOR_TILE_RUN = 64
};

/* The tile of a block: 64 where the block divides it, else a multiple of the block, and of 16 for
 * blocks up to 63. */
size_t tensor_tile(size_t block);

/* tile (tensor_tile()) = values of the channels first, first + 1, ... that its places belong to,
 * 0 for padding. values has c entries. */
void tensor_tile_spread(const float *values, const struct tensor *t, size_t first, float *tile);

/* sums (block) += what lies in `tile` for each channel, by a tree; the tile is destroyed. */
void tensor_tile_fold(float *tile, size_t block, double *sums);

/* sums (block) += the n floats at x, channel by channel; n is a multiple of the block. */
void tensor_tile_sum(const float *x, size_t n, size_t block, double *sums);

#endif
