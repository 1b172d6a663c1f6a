/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernel_regression: what an infinitely wide network learns, on one task and on a sequence of them.
 *
 *   f_n(x') = f_{n-1}(x') + K(x', X_n) (K(X_n, X_n) + lambda I)^-1 (y_n - f_{n-1}(X_n))
 *
 * with f_0 = 0 (the initial function removed): gradient flow to its end for lambda = 0, each task
 * from where the last one ended. Of f_{n-1} only values at later inputs are needed, so that a
 * sequence keeps one vector and costs sum N_n^3 / 3 + N_n (inputs still to come). Inputs of a
 * sequence are ReLU tangent kernels' (ntk.h).
 *
 * Source: Karakida, Akaho, "Learning curves for continual learning in neural networks", ICLR 2022;
 * Jacot et al. 2018 for the flow. */
#ifndef KERNEL_KERNEL_REGRESSION_H
#define KERNEL_KERNEL_REGRESSION_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "kernel/ntk.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

/* In place: a (n), or each column of A (n x k), becomes (K + ridge I)^-1 a, and K (n x n, its lower
 * triangle is read) the factor of lapack_cholesky. *rcond (NULL: not wanted) is an estimate of 1 /
 * condition, 0 where there is no factor. STATUS_USAGE: n = 0 or a negative ridge;
 * STATUS_NOT_DEFINITE: K + ridge I is singular in double (inputs that repeat): no factor, or *rcond
 * is at most n 2^-52; the message has the condition; STATUS_DIVERGED; STATUS_MEMORY. */
enum status kernel_regression_solve(struct mat *gram, double ridge, struct vec *a,
                                    double *rcond) MUST_USE;
enum status kernel_regression_solve_matrix(struct mat *gram, double ridge, struct mat *a,
                                           double *rcond) MUST_USE;

/* ---- gradient descent ---- */

/* K = V' diag(values) V, and y - f_0 in the eigenvectors. */
struct kernel_descent {
    struct vec values;    /* n, ascending */
    struct mat vectors;   /* n x n, a row an eigenvector */
    struct vec projected; /* n */
};

/* From K (n x n) and y - f_0 (n). STATUS_NOT_DEFINITE: an eigenvalue below -n 2^-40 of the largest;
 * errors of lapack_eigen; STATUS_DIVERGED also for the labels; STATUS_USAGE: n = 0. */
enum status kernel_descent_make(struct kernel_descent *d, struct arena *mem,
                                const struct mat *gram, const struct vec *residual) MUST_USE;

/* Coefficients a (n) after `steps` >= 0 (whole, or infinity) steps of size `rate` on the loss
 * (1/2N) sum residual^2, N = n: f_t(x') = f_0(x') + K(x', X) a, a = V' diag((1 - (1 - rate values /
 * n)^t) / values) V (y - f_0), for t = infinity K^-1 (y - f_0); directions that K cannot see stay
 * 0. For the loss (1/2) sum give n rate. STATUS_USAGE where rate values / n reaches 2, the limit of
 * stability, which is named. */
enum status kernel_descent_coefficients(struct vec *a, const struct kernel_descent *d, double rate,
                                        double steps) MUST_USE;

/* ---- sequences ---- */

/* Inputs of all tasks, row after row in the order in which they are learned, then test points, and
 * k predictors on them, which differ in their labels alone. */
struct kernel_sequence {
    const struct ntk_spec *spec;
    const struct mat *x;  /* n x d */
    double scale;         /* A_0 = scale <x, x'> */
    struct mat f;         /* n x k: predictions; rows not yet learned and tests are up to date */
    struct mat gram;      /* room for the largest task, N x N */
    double condition;     /* the largest estimate for a task's matrix so far; 0 before the first */
};

/* k predictors (at least 1) that are 0, and tasks of up to `largest` inputs. */
struct kernel_sequence kernel_sequence_make(struct arena *mem, const struct ntk_spec *spec,
                                            const struct mat *x, double scale, size_t k,
                                            size_t largest);

/* Learns rows first .. first + count - 1 with labels y (count x k), and updates f on all rows after
 * them and, where `back` > 0, on the rows before `back` too. Errors as kernel_regression_solve. */
enum status kernel_sequence_learn(struct kernel_sequence *s, size_t first, size_t count,
                                  const struct mat *y, double ridge, size_t back) MUST_USE;

/* ---- targets ---- */

/* x (n x D): independent uniform points on the unit sphere. */
struct mat kernel_sphere_points(struct arena *mem, struct rng *r, size_t n, size_t D);

/* f (n x k) of k independent targets of the kernel's prior at the rows of x: f = sum_j alpha_j
 * Theta(x'_j, x), x'_j uniform on the sphere (`anchors` of them, drawn from r), alpha_j ~ N(0, 1 /
 * anchors). Over x' and alpha the coefficients in the eigenfunctions have covariance diag(eta_i^2)
 * for any number of anchors; more of them mean less spread. Targets of similarity rho are rho f_1 +
 * sqrt(1 - rho^2) f_2 of two columns, which share their anchors. Inputs have length 1. */
enum status kernel_targets(struct mat *f, struct arena *mem, struct rng *r,
                           const struct ntk_spec *spec, const struct mat *x,
                           size_t anchors) MUST_USE;

#endif
