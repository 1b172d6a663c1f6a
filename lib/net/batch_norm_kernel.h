/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batch_norm_kernel: what the two directions of batch normalization share. */
#ifndef NET_BATCH_NORM_KERNEL_H
#define NET_BATCH_NORM_KERNEL_H

#include <stddef.h>

#include "net/tensor.h"
#include "net/tensor_tile.h"

/* Always inlined, so that the copy for the usual tile has a constant length. */
#define BATCH_NORM_KERNEL static inline __attribute__((always_inline)) void

/* One call's arguments, as the parallel bodies need them. */
struct batch_norm {
    const struct tensor *x, *dy, *addend;
    struct tensor *out;
    const float *mean, *inverse, *scale, *shift; /* c */
    int relu;
    float accumulate;     /* factor of what is in out */
    const double *totals; /* 2 x padded channels: of backward's sums; NULL: of constants */
    double *sums;         /* groups x 2 x padded channels */
};

/* Numbers of one block of channels, each spread over a tile. */
struct batch_norm_numbers {
    float mean[TENSOR_TILE_MAX];
    float slope[TENSOR_TILE_MAX]; /* scale inverse */
    float shift[TENSOR_TILE_MAX];
};

/* The numbers of channels first, first + 1, ... */
void batch_norm_spread(const struct batch_norm *s, size_t first, struct batch_norm_numbers *out);

/* The value before addend and activation: one place for it, so that backward has its bits. */
static inline float batch_norm_line(float x, float mean, float slope, float shift)
{
    return (x - mean) * slope + shift;
}

/* Sums are made by groups of images, the g-th from image g n / groups on. */
size_t batch_norm_groups(const struct tensor *x);

/* Adds the groups' sums, which lie in the scratch behind its first 2 x padded channels, in order
 * into these; returns them. */
const double *batch_norm_totals(const struct tensor *x, double *scratch);

#endif
