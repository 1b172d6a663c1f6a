/* SPDX-License-Identifier: GPL-3.0-or-later */
/* normal_descent: a normal model with independent coordinates going down W2^2 to a target.
 *
 *   theta <- theta - step v,   v = G^{-1} grad L,   L = |mu - mu*|^2 + |s - s*|^2
 *
 * with G the identity, the exact Fisher or Wasserstein metric, or the kernelized estimate of the
 * latter from N samples mu + s Z and M of them as basis points (geometry/kwng.h). The model may be
 * given by its standard deviations, variances or their logarithms.
 *
 * Source: M. Arbel, A. Gretton, W. Li and G. Montufar, Kernelized Wasserstein natural gradient
 * (arXiv 1910.09652), synthetic experiments. */
#ifndef KWNG_NORMAL_DESCENT_H
#define KWNG_NORMAL_DESCENT_H

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "geometry/gaussian_families.h"
#include "geometry/kwng.h"

/* The estimate of G from samples; all memory is taken by make. */
struct normal_estimator {
    struct kwng metric;
    struct kwng_options options;
    double sigma_0;           /* s2 of the Gaussian kernel over the mean squared distance */
    struct kwng_basis basis;  /* M x d */
    uint32_t *chosen;         /* M of 0..N-1: which samples are basis points */
    struct mat z, x;          /* N x d */
    struct mat jacobian;      /* N d x q */
    struct mat c, gram, t;    /* M x N d, M x M, M x q */
    struct rng noise, points, coordinates;
};

struct normal_estimator normal_estimator_make(struct arena *mem, size_t N, size_t M, size_t d,
                                              const struct kwng_options *options, double sigma_0);

/* Starts the three streams of a seed again, so that another run sees the same Z, basis points and
 * coordinates at its k-th step. */
void normal_estimator_start(struct normal_estimator *e, uint64_t seed);

/* T and C C' of the model at theta, from new draws. Errors as kernel_bandwidth. */
enum status normal_estimator_sample(struct normal_estimator *e, enum gaussian_family family,
                                    const struct vec *theta) MUST_USE;

/* A problem, as (mu, s), 2 d each: the start has mu ~ U(0, 1) and v ~ U(v_low, 1), the target
 * mu* = 0 and log10 v* equally spaced from `exponent` to 0. d >= 2. */
void normal_descent_problem(struct vec *start, struct vec *target, struct rng *r, double v_low,
                            double exponent);

struct normal_descent {
    enum gaussian_family family;
    enum gaussian_metric metric;
    struct normal_estimator *estimator; /* NULL: the metric is exact */
    struct vec theta, target;           /* q = 2 d, in the family's parameters */
    struct vec gradient, v, next;       /* q */
    double loss;                        /* at theta, of the last normal_descent_direction */
    double condition;                   /* largest so far of the eigenvalues of C C' that are kept,
                                           greatest over least; 1 for an exact metric */
};

/* A descent in `family`; start and target (2 d each) are given as (mu, s). */
struct normal_descent normal_descent_make(struct arena *mem, enum gaussian_family family,
                                          enum gaussian_metric metric,
                                          struct normal_estimator *estimator,
                                          const struct vec *start, const struct vec *target);

/* Back to the start. */
void normal_descent_restart(struct normal_descent *s, const struct vec *start);

/* loss, gradient and v at theta. STATUS_DIVERGED where theta is no model, or v not finite; more as
 * normal_estimator_sample, kwng_factor and kwng_direction. */
enum status normal_descent_direction(struct normal_descent *s) MUST_USE;

/* theta <- theta - step v, with the step halved at most `most` times until all scales are positive;
 * *halvings grows by their number. STATUS_DIVERGED where that is not enough: then theta
 * stays. */
enum status normal_descent_step(struct normal_descent *s, double step, int most,
                                int *halvings) MUST_USE;

/* Where a run ended. */
struct normal_run {
    size_t done;   /* steps before it ended */
    int halvings;
    double loss;   /* W2^2 to the target, after the last step */
};

/* Up to `count` steps from `start` (2 d, (mu, s)), with the seed's samples. A run ends early, and
 * well, where halving does not keep it in the domain or the estimate has no direction: not finite,
 * or a metric that is not positive (samples so wide that it underflows). Each
 * (count / (path->rows - 1))-th point goes into the rows of path (or NULL) as (mu, s). Other
 * failures are the call's. */
enum status normal_descent_run(struct normal_run *run, struct normal_descent *s, uint64_t seed,
                               const struct vec *start, double step, size_t count, int most,
                               struct mat *path) MUST_USE;

#endif
