/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "product.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "linalg/blas.h"

static int is_inside(const struct product *g, size_t i, size_t j)
{
    return j < g->n && (g->triangle == 0 || (g->triangle == 1 ? j <= i : j >= i));
}

size_t product_rows(size_t rows, size_t cols, int transposed)
{
    return transposed ? cols : rows;
}

struct product product_make(struct scratch *w, size_t m, size_t n, size_t k, int ta, int tb)
{
    static const double alphas[] = {1, -0.5, 0.75}, betas[] = {0, 1, -2};
    static const size_t offsets[] = {0, 1, 2, 5};
    struct product g = {.m = m, .n = n, .k = k, .ta = ta, .tb = tb};

    g.lda = (ta ? m : k) + rng_below(&w->rng, 4);
    g.ldb = (tb ? k : n) + rng_below(&w->rng, 4);
    g.ldc = n + rng_below(&w->rng, 4);
    g.offset = offsets[rng_below(&w->rng, 4)];
    g.alpha = alphas[rng_below(&w->rng, 3)];
    g.beta = betas[rng_below(&w->rng, 3)];
    return g;
}

void product_fill(struct scratch *w, const struct product *g)
{
    const size_t rows_a = product_rows(g->m, g->k, g->ta), rows_b = product_rows(g->k, g->n, g->tb);

    scratch_fill(w, w->a, rows_a, g->ta ? g->m : g->k, g->lda, (double)NAN);
    scratch_fill(w, w->b, rows_b, g->tb ? g->k : g->n, g->ldb, (double)NAN);
    scratch_fill(w, w->c, g->m, g->n, g->ldc, SCRATCH_SENTINEL);
}

void product_guard(struct scratch *w, const struct product *g)
{
    for (size_t i = 0; i < g->m; i++)
        for (size_t j = 0; j < g->n; j++)
            if (!is_inside(g, i, j))
                w->c[i * g->ldc + j] = SCRATCH_SENTINEL;
            else if (!(g->beta < 0 || g->beta > 0))
                w->c[i * g->ldc + j] = (double)NAN;
}

void product_pack(double *out, const double *x, size_t rows, size_t cols, size_t ld, int transposed)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            out[i * cols + j] = transposed ? x[j * ld + i] : x[i * ld + j];
}

void product_naive(struct scratch *w, const struct product *g)
{
    product_pack(w->pa, w->a, g->m, g->k, g->lda, g->ta);
    product_pack(w->pb, w->b, g->k, g->n, g->ldb, g->tb);
    for (size_t i = 0; i < g->m; i++) {
        double *want = w->want + i * g->n, *size = w->size + i * g->n;

        for (size_t j = 0; j < g->n; j++) {
            want[j] = is_inside(g, i, j) && (g->beta < 0 || g->beta > 0)
                          ? g->beta * w->c[i * g->ldc + j] : 0;
            size[j] = fabs(want[j]);
        }
        for (size_t p = 0; p < g->k; p++) {
            const double a = g->alpha * w->pa[i * g->k + p], *b = w->pb + p * g->n;

            for (size_t j = 0; j < g->n; j++) {
                want[j] += a * b[j];
                size[j] += fabs(a * b[j]);
            }
        }
    }
}

void product_narrow(float *out, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)x[i];
}

static void widen(double *out, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (double)x[i];
}

void product_lay_out(struct scratch *w, const struct product *g, int single)
{
    const size_t at = g->offset, na = product_rows(g->m, g->k, g->ta) * g->lda;
    const size_t nb = product_rows(g->k, g->n, g->tb) * g->ldb, nc = g->m * g->ldc;

    if (single) {
        product_narrow(w->fa + at, w->a, na);
        product_narrow(w->fb + at, w->b, nb);
        product_narrow(w->fc + at, w->c, nc);
    } else {
        memcpy(w->da + at, w->a, na * sizeof(double));
        memcpy(w->db + at, w->b, nb * sizeof(double));
        memcpy(w->dc + at, w->c, nc * sizeof(double));
    }
}

void product_take(struct scratch *w, const struct product *g, int single)
{
    if (single)
        widen(w->got, w->fc + g->offset, g->m * g->ldc);
    else
        memcpy(w->got, w->dc + g->offset, g->m * g->ldc * sizeof(double));
}

CBLAS_TRANSPOSE product_flag(int transposed)
{
    return transposed ? CblasTrans : CblasNoTrans;
}

void product_gemm(struct scratch *w, const struct product *g, int single)
{
    const CBLAS_TRANSPOSE ta = product_flag(g->ta), tb = product_flag(g->tb);
    const int m = blas_int(g->m), n = blas_int(g->n), k = blas_int(g->k);
    const int lda = blas_int(g->lda), ldb = blas_int(g->ldb), ldc = blas_int(g->ldc);
    const size_t at = g->offset;

    if (single)
        cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, (float)g->alpha, w->fa + at, lda, w->fb + at,
                    ldb, (float)g->beta, w->fc + at, ldc);
    else
        cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, g->alpha, w->da + at, lda, w->db + at, ldb,
                    g->beta, w->dc + at, ldc);
}

double product_error(const struct scratch *w, const struct product *g, int single)
{
    const double eps = single ? (double)FLT_EPSILON : DBL_EPSILON;
    const double steps = (double)g->k + 4;
    double worst = 0;

    for (size_t i = 0; i < g->m; i++)
        for (size_t j = 0; j < g->ldc; j++) {
            const double got = w->got[i * g->ldc + j];

            if (is_inside(g, i, j)) {
                const double off = fabs(got - w->want[i * g->n + j]);
                const double bound = steps * eps * w->size[i * g->n + j];

                worst = scratch_larger(off <= 0 ? 0 : off / bound, worst);
            } else if (!(got <= SCRATCH_SENTINEL && got >= SCRATCH_SENTINEL)) {
                return (double)INFINITY;
            }
        }
    return worst;
}
