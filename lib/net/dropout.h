/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dropout: channels of images (Dropout2d) or single elements set to 0, the others scaled up
 * (Srivastava et al., 2014; Tompson et al., 2015 for channels).
 *
 * Factors are drawn in the order image, channel, row, column, whatever the layout, on one thread:
 * a stream gives the same mask for every layout and every number of threads. */
#ifndef NET_DROPOUT_H
#define NET_DROPOUT_H

#include <stddef.h>

#include "base/rng.h"
#include "net/tensor.h"

/* count factors, each 0 with probability p, else 1 / (1 - p); 0 <= p < 1. One rng_uniformf each,
 * also where p is 0. */
void dropout_draw(struct rng *rng, double p, size_t count, float *factors);

/* How many factors dropout_apply reads: n c by channel, else n c h w. */
size_t dropout_count(const struct tensor *x, int by_channel);

/* y = x times its factor; factors are n x c by channel, else NCHW. y may be x. The gradient of x
 * is the same call on that of y. NaN times 0 is NaN. */
void dropout_apply(const struct tensor *x, const float *factors, int by_channel, struct tensor *y);

#endif
