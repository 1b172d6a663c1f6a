/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_kernel: the loops over one row of a cost matrix or a plan that sinkhorn.c spends its
 * time in.
 *
 * Our own exp and log, of + - * / and bit patterns alone, so that they vectorize and give the same
 * bits on every CPU. Sums use 16 running sums (term j goes to sum j mod 16), folded in halves. */
#ifndef TRANSPORT_SINKHORN_KERNEL_H
#define TRANSPORT_SINKHORN_KERNEL_H

#include <stddef.h>

/* Below this exponent sinkhorn_kernel_exp gives 0, so that no product of a sweep is subnormal. */
#define SINKHORN_KERNEL_LOWEST (-500.0)

/* y_j = exp(min(x_j, 700)), relative error below 4e-16; 0 for x_j < SINKHORN_KERNEL_LOWEST,
 * -infinity included. n each; y may be x. */
void sinkhorn_kernel_exp(double *y, const double *x, size_t n);

/* max_j beta_j - inverse c_j; -infinity for n = 0. inverse > 0; c_j may be +infinity, beta_j
 * -infinity. */
double sinkhorn_kernel_max(const double *c, const double *beta, double inverse, size_t n);

/* k_j = exp(beta_j - inverse c_j - shift); returns their sum. */
double sinkhorn_kernel_fill(double *k, const double *c, const double *beta, double inverse,
                            double shift, size_t n);

/* largest_j = max(largest_j, alpha - inverse c_j): the same over columns, one row a call. */
void sinkhorn_kernel_column_max(double *largest, const double *c, double alpha, double inverse,
                                size_t n);

/* sum_j += exp(alpha - inverse c_j - shift_j). */
void sinkhorn_kernel_column_add(double *sum, const double *c, double alpha, double inverse,
                                const double *shift, size_t n);

/* sum_j x_j y_j, and y = a x + y. */
double sinkhorn_kernel_dot(const double *x, const double *y, size_t n);
void sinkhorn_kernel_axpy(double *y, double a, const double *x, size_t n);

/* p_j = p_j u v_j. */
void sinkhorn_kernel_scale(double *p, double u, const double *v, size_t n);

/* columns_j += p_j; returns sum_j p_j. */
double sinkhorn_kernel_marginal(double *columns, const double *p, size_t n);

/* sum_j c_j p_j over p_j > 0. */
double sinkhorn_kernel_cost(const double *c, const double *p, size_t n);

/* Widens lowest .. highest to the finite c_j; returns 0 where a c_j is NaN or -infinity. */
int sinkhorn_kernel_range(const double *c, size_t n, double *lowest, double *highest);

/* sum_j p_j log p_j for p_j >= 0, where p_j < 1e-300 counts as 0. */
double sinkhorn_kernel_entropy(const double *p, size_t n);

#endif
