/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linear_class: the linear functions {x -> v'x : v' S v <= r^2}, S = E x x', whose complexity and
 * largest generalization gap are known sums.
 *
 *   R_N = (r / N) E | S^-1/2 sum_i e_i x_i |  <=  r sqrt(p / N),   e_i = +-1
 *   sup over the class of mean v'x_i - E v'x = r | S^-1/2 (mean x_i - E x) |
 *
 * Y. Gao and P. Chaudhari (arXiv 2011.00613v1), section 3.3 and Theorem 4; T. Liang et al. (2019).
 */
#ifndef TASK_DISTANCE_LINEAR_CLASS_H
#define TASK_DISTANCE_LINEAR_CLASS_H

#include <stddef.h>

#include "base/memory.h"
#include "base/rng.h"

/* R_N for r = 1 and x ~ N(0, S) of p dimensions, by `draws` draws of x and e. Does not depend on
 * S: S^-1/2 x is standard normal. */
double linear_class_complexity(struct arena *mem, size_t p, size_t N, size_t draws,
                               struct rng *rng);

/* The same exactly: E chi_p / sqrt(N), E chi_p = sqrt(2) Gamma((p + 1) / 2) / Gamma(p / 2). */
double linear_class_normal_complexity(size_t p, size_t N);

/* p = 1, x = +-1 with equal chances, r = 1: R_N = E |sum of N signs| / N, exactly. */
double linear_class_sign_complexity(size_t N);

/* mean over K checkpoints of the largest gap |mean of N signs|: from one sample for all of them
 * (`same`), or from one for each. N is a multiple of 64. */
double linear_class_sign_gap(size_t N, size_t K, int same, struct rng *rng);

#endif
