/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bures: the Wasserstein distance of Gaussian measures, the map that attains it, and the map that a
 * plan between points gives on average.
 *
 *   W2^2(N(m1, S1), N(m2, S2)) = |m1 - m2|^2 + B^2(S1, S2)
 *   B^2 = tr S1 + tr S2 - 2 tr (S1^1/2 S2 S1^1/2)^1/2 = min over orthogonal U of
 *         |S1^1/2 - S2^1/2 U|_F^2        (Dowson and Landau 1982; Bhatia, Jain and Lim 2019)
 *
 * The second form is what is computed: a sum of squares, never negative, exact to the last digits
 * for near matrices where the traces cancel. Covariances are d x d, symmetric up to rounding
 * (1e-12 of the largest entry; the mean of both triangles is used) and positive semidefinite. */
#ifndef TRANSPORT_BURES_H
#define TRANSPORT_BURES_H

#include "base/compiler.h"
#include "base/status.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

/* *squared = B^2(S1, S2). STATUS_USAGE: not symmetric; STATUS_NOT_DEFINITE: an eigenvalue below
 * -d 2^-50 of the largest; STATUS_DIVERGED: not finite; STATUS_MEMORY; STATUS_NO_CONVERGENCE (of
 * LAPACK). */
enum status bures_distance(double *squared, const struct mat *s1, const struct mat *s2) MUST_USE;

/* *squared = W2^2(N(m1, S1), N(m2, S2)); the same errors. */
enum status bures_gaussian(double *squared, const struct vec *m1, const struct mat *s1,
                           const struct vec *m2, const struct mat *s2) MUST_USE;

/* T (d x d) = S1^-1/2 (S1^1/2 S2 S1^1/2)^1/2 S1^-1/2, symmetric, T S1 T = S2: x to m2 + T (x - m1)
 * is optimal. S1 positive definite (STATUS_NOT_DEFINITE below 2^-50 of the largest eigenvalue). */
enum status bures_map(struct mat *t, const struct mat *s1, const struct mat *s2) MUST_USE;

/* Barycentric projection of a plan P (m x n, entries >= 0) onto Y (n x d): row i of out (m x d) is
 * sum_j P_ij y_j / sum_j P_ij. STATUS_USAGE: a negative entry, or a row without mass;
 * STATUS_DIVERGED: an entry that is not finite. */
enum status bures_project(struct mat *out, const struct mat *plan, const struct mat *y) MUST_USE;

#endif
