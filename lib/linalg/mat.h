/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mat: row-major contiguous matrices of double (struct mat) and float (struct matf, matf_*), and
 * their products on CBLAS.
 *
 * Element (i, j) is a[i * cols + j]. A matrix made here lives in the arena; mat_row, mat_rows,
 * mat_over and mat_flat give views. Shapes that have to agree are CHECKed, as is that a size fits
 * the int of BLAS. The output of a product must not overlap an input. BLAS rules hold: with
 * beta = 0 the old content of the output is not read (NaN there does not matter), with alpha = 0
 * the inputs are not. Products are deterministic for one BLAS core and one thread; the order of
 * their sums is the BLAS's, with |error| <= k eps |A| |B| elementwise. */
#ifndef LINALG_MAT_H
#define LINALG_MAT_H

#include <stddef.h>

#include "base/memory.h"
#include "base/rng.h"
#include "linalg/vec.h"

struct mat {
    size_t rows, cols;
    double *a; /* rows x cols, row-major */
};

struct matf {
    size_t rows, cols;
    float *a; /* rows x cols, row-major */
};

/* For transA and transB. */
enum mat_transposition { MAT_AS_IS = 0, MAT_TRANSPOSED = 1 };

/* ---- making ---- */

struct mat mat_zero(struct arena *mem, size_t rows, size_t cols);
struct matf matf_zero(struct arena *mem, size_t rows, size_t cols);
struct mat mat_identity(struct arena *mem, size_t n);
struct matf matf_identity(struct arena *mem, size_t n);

/* Entries N(0, variance), drawn in storage order; the float version rounds the same draws. */
struct mat mat_normal(struct arena *mem, struct rng *r, size_t rows, size_t cols, double variance);
struct matf matf_normal(struct arena *mem, struct rng *r, size_t rows, size_t cols,
                        double variance);

struct mat mat_copy(struct arena *mem, const struct mat *a);
struct matf matf_copy(struct arena *mem, const struct matf *a);

/* A^T, cols x rows. */
struct mat mat_transpose(struct arena *mem, const struct mat *a);
struct matf matf_transpose(struct arena *mem, const struct matf *a);

/* A copy of columns first .. first + count - 1. */
struct mat mat_columns(struct arena *mem, const struct mat *a, size_t first, size_t count);
struct matf matf_columns(struct arena *mem, const struct matf *a, size_t first, size_t count);

/* ---- views ---- */

/* The caller's numbers as a matrix. Writing through a view of a const array is a bug. */
struct mat mat_over(const double *a, size_t rows, size_t cols);
struct matf matf_over(const float *a, size_t rows, size_t cols);

/* Rows first .. first + count - 1. */
struct mat mat_rows(const struct mat *a, size_t first, size_t count);
struct matf matf_rows(const struct matf *a, size_t first, size_t count);

/* Row i, and all entries in storage order, for what vec.h does elementwise. */
struct vec mat_row(const struct mat *a, size_t i);
struct vecf matf_row(const struct matf *a, size_t i);
struct vec mat_flat(const struct mat *a);
struct vecf matf_flat(const struct matf *a);

/* ---- elementwise ---- */

void mat_set(struct mat *b, const struct mat *a); /* B = A */
void matf_set(struct matf *b, const struct matf *a);
void mat_add_diagonal(struct mat *a, double value); /* A = A + value I, A square */
void matf_add_diagonal(struct matf *a, float value);

/* Lower triangle over the upper one, so that A is symmetric to the bit. */
void mat_mirror_lower(struct mat *a);
void matf_mirror_lower(struct matf *a);

double mat_trace(const struct mat *a);          /* A square */
double mat_norm(const struct mat *a);           /* Frobenius */
double mat_norm_one(const struct mat *a);       /* largest column sum of magnitudes; NaN stays */

/* ---- products ---- */

/* C = alpha op(A) op(B) + beta C; op(A) is m x k, op(B) k x n, C m x n. 2 m n k flops. */
void mat_multiply(struct mat *c, double alpha, const struct mat *a, int trans_a,
                  const struct mat *b, int trans_b, double beta);
void matf_multiply(struct matf *c, float alpha, const struct matf *a, int trans_a,
                   const struct matf *b, int trans_b, float beta);

/* y = alpha A x, and y = alpha op(A) x + beta y. */
void mat_vec(struct vec *y, double alpha, const struct mat *a, const struct vec *x);
void matf_vec(struct vecf *y, float alpha, const struct matf *a, const struct vecf *x);
void mat_vec_add(struct vec *y, double alpha, const struct mat *a, int trans_a,
                 const struct vec *x, double beta);
void matf_vec_add(struct vecf *y, float alpha, const struct matf *a, int trans_a,
                  const struct vecf *x, float beta);

/* C = alpha A A^T + beta C (trans_a 0; C is rows x rows) or alpha A^T A + beta C (trans_a 1; C is
 * cols x cols). Half the flops of mat_multiply; both triangles are filled and equal to the bit. Of
 * the old C the lower triangle is read. */
void mat_gram(struct mat *c, double alpha, const struct mat *a, int trans_a, double beta);
void matf_gram(struct matf *c, float alpha, const struct matf *a, int trans_a, float beta);

#endif
