/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool: maximum, average and global average over windows of a tensor.
 *
 * Windows are k x k, s apart, and begin p outside the image; the output has
 * floor((h + 2 p - k) / s) + 1 rows, and columns likewise (PyTorch's sizes). x and y agree in n, c
 * and block and do not overlap; gradients have the shapes of what they are gradients of. A factor
 * `keep`, 0 or 1, says whether a gradient is added to what is there; with 0 that is not read. */
#ifndef NET_POOL_H
#define NET_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "net/tensor.h"

/* Output rows (or columns) of `size` input rows; needs size + 2 p >= k. */
size_t pool_size(size_t size, size_t k, size_t s, size_t p);

/* y = the maximum over each window; what lies outside the image counts as -infinity. The first of
 * equal maxima wins; NaN wins over all numbers. index (tensor_size(y), in y's layout) receives the
 * place in the window, row k + column, or is NULL. 1 <= k <= 16, 2 p <= k, s >= 1. */
void max_pool_forward(const struct tensor *x, size_t k, size_t s, size_t p, struct tensor *y,
                      uint8_t *index);

/* dx = keep dx + dy at the place of each window's maximum. */
void max_pool_backward(const struct tensor *dy, const uint8_t *index, size_t k, size_t s, size_t p,
                       struct tensor *dx, float keep);

/* y = the mean over each window (p = 0), added in row order; and dx = keep dx + dy / k^2 over
 * it. */
void average_pool_forward(const struct tensor *x, size_t k, size_t s, struct tensor *y);
void average_pool_backward(const struct tensor *dy, size_t k, size_t s, struct tensor *dx,
                           float keep);

/* means (n x c, row-major) = the mean over each image's channel, float inside runs of 64 terms a
 * lane and double across; and dx = keep dx + dmeans / (h w). */
void global_pool_forward(const struct tensor *x, float *means);
void global_pool_backward(const float *dmeans, struct tensor *dx, float keep);

#endif
