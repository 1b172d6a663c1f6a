/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lapack: factorizations of row-major matrices in double, on LAPACK.
 *
 * A row-major matrix is the transpose of a column-major one, so each call here is LAPACK's for the
 * transposed problem and nothing is transposed in memory. Inputs are const and copied where LAPACK
 * overwrites them; what works in place takes a non-const pointer and says so. Workspace comes from
 * memory_get and goes back before the return.
 *
 * Errors of every function: STATUS_DIVERGED when an input that is read, or the result, holds NaN or
 * infinity (LAPACK itself may loop, crash or return numbers on NaN); STATUS_MEMORY. More are named
 * at the function. After a failure the outputs hold no meaning. Shapes are CHECKed. Sizes of 0 are
 * legal. Backward errors are a small multiple of n eps ||A||. */
#ifndef LINALG_LAPACK_H
#define LINALG_LAPACK_H

#include "base/compiler.h"
#include "base/status.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

/* ---- symmetric positive definite: A = L L^T ---- */

/* In place: the lower triangle of A (n x n; the upper one is not read) becomes L, the upper one 0.
 * STATUS_NOT_DEFINITE names the pivot (row, from 0) that is not positive. n^3 / 3 flops. */
enum status lapack_cholesky(struct mat *a) MUST_USE;

/* In place: b (n) or each column of B (n x k) becomes A^{-1} b, with L of lapack_cholesky. No
 * memory is taken. */
enum status lapack_cholesky_solve(const struct mat *l, struct vec *b) MUST_USE;
enum status lapack_cholesky_solve_matrix(const struct mat *l, struct mat *b) MUST_USE;

/* In place: B (n x k) becomes L^{-1} B (whitening; trans_l 0) or L^{-T} B (1). */
enum status lapack_triangular_solve(const struct mat *l, int trans_l, struct mat *b) MUST_USE;

/* log det A = 2 sum_i log L_ii; 0 for n = 0. */
double lapack_cholesky_log_determinant(const struct mat *l);

/* 1-norm of the symmetric matrix whose lower triangle is A's, taken before the factorization for
 * lapack_cholesky_rcond. NaN stays NaN. */
double lapack_symmetric_norm(const struct mat *a);

/* Estimate of 1 / (||A||_1 ||A^{-1}||_1) from L and ||A||_1 (dpocon's, without its guards against
 * overflow): never below the truth, in practice within a factor 3; 0 where a solution overflows. 1
 * for n = 0. */
enum status lapack_cholesky_rcond(const struct mat *l, double norm, double *rcond) MUST_USE;

/* ---- general ---- */

/* Estimate of 1 / (||A||_1 ||A^{-1}||_1) of a square A by its LU factors (dgecon); exactly singular
 * gives 0, n = 0 gives 1. */
enum status lapack_rcond(const struct mat *a, double *rcond) MUST_USE;

/* A = V^T diag(values) V for symmetric A (n x n; the lower triangle is read): values (n) ascending,
 * ROW k of V (n x n) is the unit eigenvector of values[k], its sign arbitrary. V may be NULL
 * (values only) or A itself (in place). dsyevd; STATUS_NO_CONVERGENCE. */
enum status lapack_eigen(struct vec *values, struct mat *v, const struct mat *a) MUST_USE;

/* A = U diag(s) V^T for A m x n, k = min(m, n): s (k) descending, the COLUMNS of U (m x k) and the
 * ROWS of vt (k x n) are the singular vectors. u and vt may be NULL, both or none. dgesdd;
 * STATUS_NO_CONVERGENCE. */
enum status lapack_svd(struct mat *u, struct vec *s, struct mat *vt, const struct mat *a) MUST_USE;

/* x (n) minimizes ||A x - b||_2 for A m x n, b (m), m >= n; the shortest solution of A x = b where
 * m < n. The matrix form does the same for each column of B (m x k), X is n x k. dgels (QR).
 * STATUS_NOT_DEFINITE when A has not full rank: its triangular factor has rcond < eps = 2^-52. */
enum status lapack_least_squares(struct vec *x, const struct mat *a, const struct vec *b) MUST_USE;
enum status lapack_least_squares_matrix(struct mat *x, const struct mat *a,
                                        const struct mat *b) MUST_USE;

#endif
