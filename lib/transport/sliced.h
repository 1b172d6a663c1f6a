/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sliced: the sliced squared Wasserstein distance of two clouds of points of equal weight, and its
 * gradient.
 *
 *   SW2^2(X, Y) = mean over unit directions th of W2^2(<X, th>, <Y, th>)
 *
 * The one-dimensional W2^2 joins sorted numbers: for clouds of one size it is the mean of
 * (sort(<X, th>)_k - sort(<Y, th>)_k)^2, else the sum over the pieces of the joined quantile
 * functions. The mean divides by the directions that were used. For small moves in d dimensions
 * SW2^2 = W2^2 / d. Its gradient in x_i is 2 w (<x_i, th> - <y_s(i), th>) th, averaged; valid where
 * the projections differ, and ties are broken by index. No libm: the same bits on every CPU. */
#ifndef TRANSPORT_SLICED_H
#define TRANSPORT_SLICED_H

#include "base/compiler.h"
#include "base/rng.h"
#include "base/status.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

/* X is m x d, Y n x d, m, n, d >= 1; *value is SW2^2; gradient (m x d, d SW2^2 / dX) may be NULL.
 * directions is L x d, L >= 1, rows of length 1 within 1e-9 (STATUS_USAGE). STATUS_DIVERGED: an
 * entry that is not finite; STATUS_MEMORY. L ((m + n) (d + log(m + n))) operations. */
enum status sliced_distance(double *value, struct mat *gradient, const struct mat *x,
                            const struct mat *y, const struct mat *directions) MUST_USE;

/* The same over `count` >= 1 uniform directions drawn from the stream, one at a time. */
enum status sliced_stream(double *value, struct mat *gradient, const struct mat *x,
                          const struct mat *y, size_t count, struct rng *r) MUST_USE;

/* A uniform direction: normals over their length. */
void sliced_direction(struct vec *out, struct rng *r);

#endif
