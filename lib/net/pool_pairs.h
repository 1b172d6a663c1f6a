/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool_pairs: max pooling by windows of 2 x 2 that lie side by side, for pool_max.c: the same
 * results as by its general kernels, four times as fast. */
#ifndef NET_POOL_PAIRS_H
#define NET_POOL_PAIRS_H

#include <stdint.h>

#include "net/tensor.h"

/* Whether such windows cut x (h x w) into y without a rest. */
int pool_pairs_fit(const struct tensor *x, const struct tensor *y, size_t k, size_t s, size_t p);

/* y, and index (of y's size) where each maximum lies in its window, 0..3; or NULL. */
void pool_pairs_forward(const struct tensor *x, struct tensor *y, uint8_t *index);

/* dx = dy at the maxima, 0 elsewhere. */
void pool_pairs_backward(const struct tensor *dy, const uint8_t *index, struct tensor *dx);

#endif
