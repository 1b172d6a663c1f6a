/* SPDX-License-Identifier: GPL-3.0-or-later */
/* learning_curve: generalization error of kernel regression on one task and on a sequence of tasks,
 * in the large-N theory.
 *
 * One task of N samples, ridge lambda (Bordelon, Canatar, Pehlevan, ICML 2020):
 *   kappa = lambda + sum_i kappa eta_i / (kappa + N eta_i),
 *   gamma = sum_i N eta_i^2 / (kappa + N eta_i)^2,
 *   q_i = kappa / (kappa + N eta_i): the share of mode i that is not learned.
 * Sums run over modes, m_k of them a degree; the spectrum's tail acts as a further ridge.
 *
 * Sequences (Karakida, Akaho, "Learning curves for continual learning in neural networks", ICLR
 * 2022): each task starts from where the last one ended and is trained to its end. Targets have
 * coefficients w_n,i sqrt(eta_i) in the eigenfunctions, w_n,i ~ N(0, eta_i), with the correlation
 * rho between tasks. Per mode, mu is the mean prediction and v its variance over samples:
 *   T_n = [ sum_i q_i^2 ((c_n,i - mu_i)^2 + v_i) + sigma_n^2 ] / (1 - gamma_n)
 *   v_i <- q_i^2 v_i + (1 - q_i)^2 T_n / N_n,   mu_i <- q_i mu_i + (1 - q_i) c_n,i
 * T_n is the error of task n on new noisy labels. The recursion gives the paper's theorem for two
 * tasks and its closed form for n equal ones (below), and holds for any sizes, noise and
 * similarities. All errors are against clean targets, in the units of the spectrum: an input kernel
 * times a scales them by a^2. Publish ratios. */
#ifndef KERNEL_LEARNING_CURVE_H
#define KERNEL_LEARNING_CURVE_H

#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "kernel/spectrum.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

struct learning_curve {
    const struct spectrum *spectrum;
    double samples, ridge; /* N, lambda */
    double kappa, gamma;
    struct vec q;          /* one for each eigenvalue of the spectrum, in (0, 1] */
};

/* N > 0 (a real number), lambda >= 0. STATUS_USAGE for others; STATUS_NOT_DEFINITE where N is not
 * below the number of modes and lambda + tail is 0, or so small that 1 - gamma is 0 in double:
 * nothing is left to fit; STATUS_NO_CONVERGENCE; STATUS_MEMORY. */
enum status learning_curve_solve(struct learning_curve *c, struct arena *mem,
                                 const struct spectrum *s, double samples,
                                 double ridge) MUST_USE;

/* E of one task, over targets of the prior: sum q^2 eta^2 / (1 - gamma), and gamma / (1 - gamma)
 * sigma^2 for noise on its labels. */
double learning_curve_error(const struct learning_curve *c, double noise_variance);

/* E of one task for a fixed target of squared coefficients c_k^2 (one for each eigenvalue; of a
 * degree, the sum over its modes), noiseless: sum q_k^2 c_k^2 / (1 - gamma). What the target has
 * outside of the modes is not in it. */
double learning_curve_target(const struct learning_curve *c, const struct vec *squares);

/* E_k(N) / E_k(0) of a target inside mode k: q_k^2 / (1 - gamma). */
double learning_curve_mode(const struct learning_curve *c, size_t k);

/* ---- two tasks, noiseless: A, then B; theorem of Karakida and Akaho ---- */

/* E_{A->B}(rho): error on B. E^back_{A->B}(rho): error on A; rho is in [-1, 1] (CHECKed). E_ave: of
 * the mean of the two trained separately, rho = 1. */
double learning_curve_forward(const struct learning_curve *a, const struct learning_curve *b,
                              double rho);
double learning_curve_backward(const struct learning_curve *a, const struct learning_curve *b,
                               double rho);
double learning_curve_average(const struct learning_curve *a, const struct learning_curve *b);

/* rho at which E_{A->B}(rho) = E_B, and at which E^back(rho) = E_A: transfer helps above. Of the
 * lines, which may meet outside of [-1, 1]. */
double learning_curve_critical(const struct learning_curve *a, const struct learning_curve *b);
double learning_curve_critical_backward(const struct learning_curve *a,
                                        const struct learning_curve *b);

/* ---- n tasks ---- */

struct learning_task {
    const struct learning_curve *curve;
    double noise_variance; /* of the labels */
};

/* Errors after each task: row n of bias and of variance (tasks x tasks) is sum (c_t - mu)^2 and
 * sum v after task n, column t for the target of task t; their sum is the error. rho (tasks x
 * tasks) holds the similarities, ones on the diagonal (NULL: all 1). All curves share a spectrum.
 * STATUS_USAGE: a similarity outside [-1, 1], not symmetric, another diagonal, or similarities that
 * no targets have (a negative eigenvalue); a variance of noise below 0 or not finite. */
enum status learning_curve_sequence(struct mat *bias, struct mat *variance, struct arena *mem,
                                    const struct learning_task *tasks, size_t count,
                                    const struct mat *rho) MUST_USE;

/* E_n of 1 <= n < 512 tasks of one target and equal curves, noiseless, in closed form:
 * E_n = q~' Q^(n-2) q~ / (1 - gamma)^2, q~_i = eta_i q_i^2, Q = diag(q_i^2) + N / (kappa^2 (1 -
 * gamma)) q~ q~'. */
double learning_curve_equal(const struct learning_curve *c, size_t n);

/* lim E_n of equal noisy tasks: sigma^2 c / (1 - c), c = (1/N) sum (1 - q) / (1 + q), the tail
 * included. */
double learning_curve_noise_floor(const struct learning_curve *c, double noise_variance);

#endif
