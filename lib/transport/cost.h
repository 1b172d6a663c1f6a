/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cost: matrices of transport costs between two sets of points.
 *
 * Every entry is summed from differences of coordinates, never from |x|^2 + |y|^2 - 2 <x, y>: equal
 * points cost exactly 0, the costs of a set with itself are symmetric to the bit, and near points
 * keep their digits. Coordinates are added in index order in blocks of 64, blocks in order; the
 * relative error of a squared distance is below (70 + d / 64) eps. Squared and p = 1, 2, infinity
 * use + - * / and sqrt alone and have the same bits on every CPU.
 *
 * +infinity in a cost matrix is a forbidden entry to every solver of this folder. */
#ifndef TRANSPORT_COST_H
#define TRANSPORT_COST_H

#include "base/memory.h"
#include "base/status.h"
#include "linalg/mat.h"

/* The largest magnitude of a finite cost that the solvers take: sums of a few still are finite. */
#define COST_LIMIT 1e300

/* cost_ij = sum_k (x_ik - y_jk)^2, n x m, in the arena; x is n x d, y is m x d. 3 n m d flops.
 * STATUS_USAGE where n, m or d is 0 or the dimensions differ; STATUS_DIVERGED, with the place,
 * where a coordinate is not finite, or a cost is above COST_LIMIT. *cost is set only on STATUS_OK.
 */
enum status cost_squared(struct arena *mem, const struct mat *x, const struct mat *y,
                         struct mat *cost) MUST_USE;

/* cost_ij = (sum_k |x_ik - y_jk|^p)^(1/p), 1 <= p <= infinity (the largest difference), else as
 * cost_squared. For p other than 1, 2 and infinity the differences are divided by their largest
 * first, so that no power overflows, and libm's pow is called. */
enum status cost_norm(struct arena *mem, const struct mat *x, const struct mat *y, double p,
                      struct mat *cost) MUST_USE;

/* What every solver asks of its cost first: STATUS_USAGE when it has no row or no column,
 * STATUS_DIVERGED, with the place, at NaN, -infinity or a finite entry above COST_LIMIT. */
enum status cost_check(const struct mat *cost) MUST_USE;

#endif
