/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernel: Gaussian and rational quadratic kernels with first and mixed second derivatives.
 *
 *   Gaussian             k(y, x) = exp(-r2 / (2 s2)),                     r2 = |y - x|^2
 *   rational quadratic   k(y, x) = (1 + r2 / (2 alpha s2))^(-alpha),      Gaussian as alpha -> inf
 *
 * Both are k = phi(r2), so that with w = y - x and derivatives of phi by r2
 *   d k / d y_i = 2 phi' w_i,     d^2 k / (d y_i d x_j) = -2 phi' [i = j] - 4 phi'' w_i w_j.
 *
 * Arbel, Gretton, Li and Montufar (2020), "Kernelized Wasserstein natural gradient", write the
 * Gaussian kernel exp(-r2 / sigma) with sigma = sigma_0 times the mean squared distance; their code
 * has exp(-r2 / (2 s2)) with s2 = that mean. So s2 = sigma / 2, and the code's choice is
 * sigma_0 = 2. exp and pow are libm's. */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/status.h"
#include "linalg/mat.h"

enum kernel_family { KERNEL_GAUSSIAN, KERNEL_RATIONAL_QUADRATIC };

struct kernel {
    enum kernel_family family;
    double s2;    /* > 0, a squared length */
    double alpha; /* > 0, rational quadratic only */
};

/* k at a squared distance, and phi', phi'' there. */
double kernel_value(const struct kernel *k, double r2);
double kernel_derivatives(const struct kernel *k, double r2, double *first, double *second);

/* (1 / (M N)) sum_mn |y_m - x_n|^2, from differences; y is M x d, x is N x d, M, N >= 1. 0 where
 * all points are equal, not finite where one is not: a bandwidth comes from kernel_bandwidth. */
double kernel_mean_squared_distance(const struct mat *y, const struct mat *x);

/* *s2 = factor (> 0) times that mean: what the samples make of a kernel. STATUS_DIVERGED: it is
 * not finite; STATUS_NOT_DEFINITE: the points are equal, or so near that 1 / s2^2, of which the
 * second derivatives are made, overflows. *s2 is set in each case. */
enum status kernel_bandwidth(double *s2, double factor, const struct mat *y,
                             const struct mat *x) MUST_USE;

/* out (M x N d): entry (m, n d + j) = scale d^2 k(y_m, x_n) / (d y_{c_m} d x_j), where c_m =
 * coordinate[m] < d. M N (d + one exp or pow) operations. */
void kernel_mixed(struct mat *out, const struct kernel *k, const struct mat *y,
                  const size_t *coordinate, const struct mat *x, double scale);

/* out (M x M): entry (m, l) = d^2 k(y_m, y_l) / (d y_{c_m} d x_{c_l}): the Gram matrix of the
 * functions d_{c_m} k(y_m, .) in the kernel's space: semidefinite, symmetric to the bit. */
void kernel_mixed_gram(struct mat *out, const struct kernel *k, const struct mat *y,
                       const size_t *coordinate);

/* out (M): (1/N) sum_n d k(y_m, x_n) / d y_{c_m}. */
void kernel_mean_slope(struct vec *out, const struct kernel *k, const struct mat *y,
                       const size_t *coordinate, const struct mat *x);

#endif
