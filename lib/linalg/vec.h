/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vec: contiguous vectors of double (struct vec) and float (struct vecf, functions ending in f).
 *
 * Every reduction uses one fixed tree that depends on the length alone: blocks of 256 terms in
 * index order, 16 running sums a block (term i goes to sum i mod 16), the 16 folded in halves,
 * blocks joined pairwise. The error is at most about (20 + log2(n / 256)) eps sum |terms| instead
 * of n eps sum |terms|. With + - * / and sqrt alone, all but vec_log_sum_exp give the same bits on
 * every CPU; no BLAS is called. Reductions over floats convert each element to double first and
 * return double.
 *
 * A vector made here lives in the arena; a view (vec_over, mat_row) lives in what it points into.
 * y and x may be the same vector, but must not overlap otherwise. Lengths that have to agree are
 * CHECKed. NaN is never swallowed. */
#ifndef LINALG_VEC_H
#define LINALG_VEC_H

#include <stddef.h>

#include "base/memory.h"
#include "base/rng.h"

struct vec {
    size_t n;
    double *x; /* n */
};

struct vecf {
    size_t n;
    float *x; /* n */
};

/* ---- making ---- */

/* n zeros. */
struct vec vec_zero(struct arena *mem, size_t n);
struct vecf vec_zerof(struct arena *mem, size_t n);

/* n draws of N(0, variance); the float version rounds the same draws. */
struct vec vec_normal(struct arena *mem, struct rng *r, size_t n, double variance);
struct vecf vec_normalf(struct arena *mem, struct rng *r, size_t n, double variance);

/* A copy of x in the arena. */
struct vec vec_copy(struct arena *mem, const struct vec *x);
struct vecf vec_copyf(struct arena *mem, const struct vecf *x);

/* A view of n numbers of the caller's. Writing through a view of a const array is a bug. */
struct vec vec_over(const double *x, size_t n);
struct vecf vec_overf(const float *x, size_t n);

/* ---- elementwise, y is changed ---- */

void vec_set(struct vec *y, const struct vec *x); /* y = x */
void vec_setf(struct vecf *y, const struct vecf *x);
void vec_fill(struct vec *y, double value);
void vec_fillf(struct vecf *y, float value);
void vec_scale(struct vec *y, double a); /* y = a y */
void vec_scalef(struct vecf *y, float a);
void vec_axpy(struct vec *y, double a, const struct vec *x); /* y = a x + y */
void vec_axpyf(struct vecf *y, float a, const struct vecf *x);
void vec_mix(struct vec *y, double a, const struct vec *x, double b); /* y = a x + b y */
void vec_mixf(struct vecf *y, float a, const struct vecf *x, float b);

/* ---- reductions ---- */

double vec_sum(const struct vec *x); /* 0 for n = 0 */
double vec_sumf(const struct vecf *x);
double vec_dot(const struct vec *x, const struct vec *y);
double vec_dotf(const struct vecf *x, const struct vecf *y);

/* Euclidean norm; no overflow or underflow on the way, and infinity gives infinity. */
double vec_norm(const struct vec *x);
double vec_normf(const struct vecf *x);

/* mean of (x_i - y_i)^2, n >= 1. */
double vec_mean_squared_difference(const struct vec *x, const struct vec *y);
double vec_mean_squared_differencef(const struct vecf *x, const struct vecf *y);

/* Largest element, and largest magnitude (0 for n = 0). vec_max needs n >= 1. NaN anywhere gives
 * NaN. */
double vec_max(const struct vec *x);
float vec_maxf(const struct vecf *x);
double vec_max_abs(const struct vec *x);
float vec_max_absf(const struct vecf *x);

/* log sum_i exp(x_i) = m + log sum_i exp(x_i - m), m the maximum: -inf for n = 0 or all -inf,
 * +inf when one element is, NaN when one element is. */
double vec_log_sum_exp(const struct vec *x);

/* Index of the first element that is NaN or infinite, or n. */
size_t vec_first_not_finite(const struct vec *x);
size_t vec_first_not_finitef(const struct vecf *x);

/* ---- sums of terms that are in no array ---- */

/* The tree of vec_sum, one term at a time: adding x_0 .. x_{n-1} gives vec_sum's bits. A zeroed
 * struct is an empty sum. */
struct vec_adder {
    double lane[16];  /* the block being filled */
    double level[56]; /* level[k]: sum of 2^k whole blocks, where bit k of n / 256 is set */
    size_t n;         /* terms so far */
};

void vec_adder_add(struct vec_adder *s, double term);
double vec_adder_total(const struct vec_adder *s);

#endif
