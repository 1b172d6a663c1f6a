/* SPDX-License-Identifier: GPL-3.0-or-later */
/* entropic_cloud: entropic transport between two small clouds of equal weights, solved to rounding.
 *
 *   OT_eps(X, Y) = max_f phi(f),   phi(f) = (1/m) sum_i f_i + (1/m) sum_j g_j(f),
 *   g_j = -eps log (1/m) sum_i exp((f_i - c_ij) / eps),   c_ij = |x_i - y_j|^2
 *
 * the value of sinkhorn.h for weights 1/m and the same eps. Between clouds of a few neurons
 * Sinkhorn's iteration stalls: where eps is well below the gaps, points exchange so little mass
 * that the last digits of the plan take 10^5 sweeps, and a proximal step needs them. So a few
 * sweeps are followed by Newton steps on the concave phi, with
 *   d phi / d f_i = 1/m - r_i,   -phi'' = (diag(r) - m P P^T) / eps,
 * P the plan of f and g (columns exact), r its row sums; a Newton step that does not help is
 * replaced by a sweep. */
#ifndef RELU_FLOWS_ENTROPIC_CLOUD_H
#define RELU_FLOWS_ENTROPIC_CLOUD_H

#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

struct entropic_cloud {
    double value;          /* phi, a lower bound of OT_eps */
    struct mat plan;       /* m x m, columns 1/m exactly */
    struct vec f, g;       /* m */
    double marginal_error; /* L1 over the rows, at most the tolerance */
    size_t sweeps, newton; /* steps of each kind */
};

/* Solves into the arena for X, Y m x d, m >= 1, eps > 0. tolerance: of the marginal error.
 * STATUS_NO_CONVERGENCE, with the result filled, after 1000 steps; STATUS_DIVERGED for points that
 * are not finite; STATUS_MEMORY. m^3 / 3 flops a Newton step, m^2 exponentials a step. */
enum status entropic_cloud_solve(struct entropic_cloud *out, struct arena *mem,
                                 const struct mat *x, const struct mat *y, double eps,
                                 double tolerance) MUST_USE;

/* *sweeps of plain Sinkhorn, from f = 0 without levels of eps, to a marginal error of tolerance, at
 * most `most`; reaching that is no error. */
enum status entropic_cloud_sweeps(size_t *sweeps, const struct mat *x, const struct mat *y,
                                  double eps, double tolerance, size_t most) MUST_USE;

#endif
