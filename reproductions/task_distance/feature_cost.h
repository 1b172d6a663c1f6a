/* SPDX-License-Identifier: GPL-3.0-or-later */
/* feature_cost: costs of pairs of a block from features of both samples, for the first coupling.
 *
 *   squared  |phi_i - phi_j|^2            (arXiv 2011.00613v1, equation (14))
 *   cosine   -<phi_i, phi_j> / (|phi_i| |phi_j|)   (published code)
 *
 * Sums in double. */
#ifndef TASK_DISTANCE_FEATURE_COST_H
#define TASK_DISTANCE_FEATURE_COST_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/status.h"

enum feature_cost { FEATURE_COST_SQUARED, FEATURE_COST_COSINE };

/* cost (b x b) of source against target points first .. first + b - 1; source and target are rows
 * of dim >= 1 features. STATUS_DIVERGED: a feature is not finite; STATUS_DATA: features are all 0
 * and have no direction. */
enum status feature_cost_fill(double *cost, const float *source, const float *target, size_t first,
                              size_t b, size_t dim, enum feature_cost kind) MUST_USE;

#endif
