/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matrix_statistics: how alike two matrices of distances between the same n tasks are.
 *
 * All statistics are of the n (n - 1) entries off the diagonal, in row order; the matrices need not
 * be symmetric. The significance of one is that of Mantel's test (1967): tasks of one matrix are
 * relabelled, rows and columns together, and p is the share of relabellings, the identity among
 * them, whose statistic is at least that of the given labels (one-sided; equal up to rounding
 * counts). Exact: all n! of them, so no p is below 1 / n!, and none below 1 / 24 for four tasks.
 *
 * Refused: STATUS_DIVERGED, an entry off the diagonal is not finite; STATUS_NOTHING, the entries of
 * a matrix do not vary. Outputs are then NaN. STATUS_MEMORY. */
#ifndef TASK_DISTANCE_MATRIX_STATISTICS_H
#define TASK_DISTANCE_MATRIX_STATISTICS_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/rng.h"
#include "base/status.h"
#include "linalg/mat.h"

enum { MATRIX_STATISTICS_EXACT = 7 }; /* tasks, at most, whose relabellings are all tried */

enum matrix_statistic {
    MATRIX_PEARSON,
    MATRIX_SPEARMAN,  /* ties get the mean of their ranks */
    MATRIX_KENDALL    /* tau_b */
};

/* Of a and b, both n x n, n >= 2. */
enum status matrix_statistics_correlation(enum matrix_statistic kind, const struct mat *a,
                                          const struct mat *b, double *r) MUST_USE;

/* The same, and p over all relabellings of b, n <= MATRIX_STATISTICS_EXACT (CHECKed). */
enum status matrix_statistics_exact(enum matrix_statistic kind, const struct mat *a,
                                    const struct mat *b, double *r, double *p) MUST_USE;

/* The same for any n with `relabellings` random ones: p = (k + 1) / (relabellings + 1). With
 * MATRIX_PEARSON this is Mantel's r with n^2 - n - 1 degrees of freedom, which for symmetric
 * matrices is the r of stat_mantel. */
enum status matrix_statistics_mantel(enum matrix_statistic kind, const struct mat *a,
                                     const struct mat *b, size_t relabellings, struct rng *rng,
                                     double *r, double *p) MUST_USE;

#endif
