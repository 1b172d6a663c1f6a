/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wng_error: how far the kernelized estimate of a Wasserstein natural gradient is from the exact
 * one, for models where that has a closed form.
 *
 *   model        parameters (drawn)                     gradient
 *   NORMAL_VAR   mu ~ U(0, 1), v ~ U(0.5, 1.5), 2 d     of W2^2 to the normal mu* = -1, v* = 0.5
 *   LOG_NORMAL   mu ~ U(0, 1), s ~ U(0.3, 0.6), 2 d     standard normal
 *   SPHERE       mu ~ U(0, 1), r ~ U(0.5, 1.5), d + 1   standard normal
 *
 * Arbel, Gretton, Li and Montufar (2020) have these models, but not their parameters: ours. */
#ifndef KWNG_WNG_ERROR_H
#define KWNG_WNG_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "geometry/gaussian_families.h"
#include "harness/harness.h"
#include "kernel/kernel.h"
#include "linalg/mat.h"

enum { WNG_MODELS = 3 };
extern const enum gaussian_family wng_models[WNG_MODELS];
extern const struct axis wng_error_models; /* cells: the models */

/* Rows of the parameter table that programs on this error share. */
#define WNG_ERROR_PARAMETERS(P)                                                                    \
    P(double, narrow, 1,     1,     1,     "s2 over mean |Y - X|^2; official code")                \
    P(double, wide,   10,    10,    10,    "the same for the log-normal; ours")                    \
    P(double, eps,    1e-10, 1e-10, 1e-10, "damping, identity; paper, as far as legible")          \
    P(double, cut,    1e-12, 1e-12, 1e-12, "of eigenvalues, relative; ours, code 0")

/* One model with its samples and its exact natural gradient. */
struct wng_problem {
    enum gaussian_family family;
    uint64_t seed;
    int run;
    struct mat x;         /* N x d */
    struct mat jacobian;  /* N d x q */
    struct vec gradient, natural; /* q */
};

struct wng_setting {
    struct kernel kernel; /* s2 is not read */
    double bandwidth;     /* s2 over the mean of |Y_m - X_n|^2 */
    size_t basis;         /* M, at most N unless repeated */
    int repeated;         /* basis points with replacement, each time with a new coordinate */
    double lambda, eps, cut;
};

/* Run number `run` of a seed in d dimensions; of the same run with other N, the first samples are
 * the same (streams "model:<run>:<d>", "samples:<run>:<d>"). */
enum status wng_problem_draw(struct wng_problem *p, struct arena *mem, enum gaussian_family family,
                             size_t d, size_t n, uint64_t seed, int run) MUST_USE;

/* *error = |v - v_exact| / |v_exact| from the first n samples. Basis points and coordinates come
 * from the streams "points:<run>:<d>:<n>" and "coordinates:...": the same ones for every kernel.
 * Errors as kernel_bandwidth, kwng_factor, kwng_direction. */
enum status wng_error(double *error, const struct wng_problem *p, size_t n,
                      const struct wng_setting *setting) MUST_USE;

/* The same with G = (1/N) sum J' J of the first n samples: what the estimate becomes when its basis
 * spans the gradient fields that move the model, which in these families are the columns of J.
 * STATUS_NOT_DEFINITE: fewer samples than parameters. */
enum status wng_error_complete(double *error, const struct wng_problem *p, size_t n) MUST_USE;

/* ceil(d sqrt(N)): the heuristic of the paper; and at most N, as many as there are without
 * repetition. */
size_t wng_rule_unbounded(size_t d, size_t n);
size_t wng_rule(size_t d, size_t n);

/* The bandwidth for a model: wide for the log-normal, whose potentials are far from quadratic. */
double wng_bandwidth(enum gaussian_family family, double narrow, double wide);

#endif
