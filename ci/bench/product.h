/* SPDX-License-Identifier: GPL-3.0-or-later */
/* product: one case of a matrix product as the doctor tries it. Leading dimensions, alignment and
 * factors vary from case to case. Inputs are floats, so that single and double share one naive
 * result in double. What a call must not read holds NaN, what it must not write a sentinel, and an
 * output with beta = 0 starts as NaN. */
#ifndef BENCH_PRODUCT_H
#define BENCH_PRODUCT_H

#include <cblas.h>
#include <stddef.h>

#include "scratch.h"

/* C = alpha op(A) op(B) + beta C: op(A) is m x k, op(B) k x n, all row-major. */
struct product {
    size_t m, n, k, lda, ldb, ldc, offset;
    int ta, tb;
    double alpha, beta;
    int triangle;              /* of C: 0 all, 1 lower, 2 upper */
};

/* A shape with leading dimensions, alignment and factors of its own. */
struct product product_make(struct scratch *w, size_t m, size_t n, size_t k, int ta, int tb);

/* Operands a, b, c. */
void product_fill(struct scratch *w, const struct product *g);

/* What is outside the triangle becomes the sentinel, and what beta = 0 must not read NaN. */
void product_guard(struct scratch *w, const struct product *g);

/* want (m x n) and size, the sum of the magnitudes of all terms. */
void product_naive(struct scratch *w, const struct product *g);

/* Copies the operands to where the BLAS sees them, at the case's alignment. */
void product_lay_out(struct scratch *w, const struct product *g, int single);
void product_gemm(struct scratch *w, const struct product *g, int single);

/* The BLAS's C, with its gaps, in w->got. */
void product_take(struct scratch *w, const struct product *g, int single);

/* got against want: k products and two scalings, each rounded once; beside them nothing moved. At
 * most 1 is right. */
double product_error(const struct scratch *w, const struct product *g, int single);

/* op(X), rows x cols, without gaps. */
void product_pack(double *out, const double *x, size_t rows, size_t cols, size_t ld,
                  int transposed);

size_t product_rows(size_t rows, size_t cols, int transposed); /* as they are stored */
CBLAS_TRANSPOSE product_flag(int transposed);
void product_narrow(float *out, const double *x, size_t n);

#endif
