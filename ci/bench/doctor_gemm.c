/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_gemm: products of matrices, symmetric ones and NaN in them. */
#include <math.h>
#include <string.h>

#include "doctor_checks.h"
#include "linalg/blas.h"
#include "product.h"

static void call_syrk(struct scratch *w, const struct product *g, int single)
{
    const int n = blas_int(g->n), k = blas_int(g->k), lda = blas_int(g->lda);
    const int ldc = blas_int(g->ldc);
    const CBLAS_UPLO half = g->triangle == 1 ? CblasLower : CblasUpper;
    const size_t at = g->offset;

    if (single)
        cblas_ssyrk(CblasRowMajor, half, product_flag(g->ta), n, k, (float)g->alpha, w->fa + at,
                    lda, (float)g->beta, w->fc + at, ldc);
    else
        cblas_dsyrk(CblasRowMajor, half, product_flag(g->ta), n, k, g->alpha, w->da + at, lda,
                    g->beta, w->dc + at, ldc);
}


static void try_gemm(struct scratch *w, struct tally *t, size_t m, size_t n, size_t k)
{
    for (int trans = 0; trans < 4; trans++) {
        const struct product g = product_make(w, m, n, k, trans & 1, trans >> 1);

        product_fill(w, &g);
        product_guard(w, &g);
        product_naive(w, &g);
        for (int single = 0; single < 2; single++) {
            product_lay_out(w, &g, single);
            product_gemm(w, &g, single);
            product_take(w, &g, single);
            scratch_measure(t, product_error(w, &g, single), 1,
                            "%cgemm %c%c %zu x %zu x %zu, %d thread(s)", single ? 's' : 'd',
                            g.ta ? 'T' : 'N', g.tb ? 'T' : 'N', m, n, k, w->threads);
        }
    }
}

static const size_t edges[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64,
                               65};
enum { EDGES = sizeof edges / sizeof edges[0] };

/* Every edge against every other with one thread, and shapes that two threads share. */
void doctor_gemm_check(struct scratch *w, struct tally *t)
{
    static const size_t depths[] = {1, 2, 3, 4, 7, 8, 17, 33};
    static const size_t shapes[][3] = {
        {95, 96, 97},    {65, 33, 255},   {33, 65, 256},  {64, 64, 257}, {31, 129, 383},
        {129, 31, 384},  {65, 65, 385},   {257, 40, 48},  {40, 257, 48}, {385, 24, 17},
        {1, 385, 257},   {385, 1, 257},   {385, 257, 1},  {97, 97, 513}, {193, 191, 127}};

    for (size_t i = 0; w->threads == 1 && i < EDGES; i++)
        for (size_t j = 0; j < EDGES; j++)
            for (size_t p = 0; p < sizeof depths / sizeof depths[0]; p++)
                try_gemm(w, t, edges[i], edges[j], depths[p]);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        try_gemm(w, t, shapes[i][0], shapes[i][1], shapes[i][2]);
}

static void try_syrk(struct scratch *w, struct tally *t, size_t n, size_t k)
{
    for (int which = 0; which < 4; which++) {
        struct product g = product_make(w, n, n, k, which & 1, !(which & 1));

        g.triangle = 1 + (which >> 1);
        g.ldb = g.lda;
        product_fill(w, &g);
        memcpy(w->b, w->a, product_rows(n, k, g.ta) * g.lda * sizeof(double));
        product_guard(w, &g);
        product_naive(w, &g);
        for (int single = 0; single < 2; single++) {
            product_lay_out(w, &g, single);
            call_syrk(w, &g, single);
            product_take(w, &g, single);
            scratch_measure(t, product_error(w, &g, single), 1,
                            "%csyrk %s %s %zu x %zu, %d thread(s)", single ? 's' : 'd',
                            g.triangle == 1 ? "lower" : "upper", g.ta ? "A^T A" : "A A^T", n, k,
                            w->threads);
        }
    }
}

void doctor_gemm_check_syrk(struct scratch *w, struct tally *t)
{
    static const size_t shapes[][2] = {{63, 65}, {64, 257}, {65, 385}, {129, 33}, {257, 40}};

    for (size_t i = 0; w->threads == 1 && i < EDGES; i++)
        for (size_t j = 0; j < EDGES; j++)
            try_syrk(w, t, edges[i], edges[j]);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        try_syrk(w, t, shapes[i][0], shapes[i][1]);
}

/* NaN in A and infinity in B against zeros: 0 * NaN and 0 * inf are NaN, in row i and in column j
 * of C and nowhere else. Returns the number of wrong entries. */
static size_t wrong_after_nan(struct scratch *w, const struct product *g, int single)
{
    const size_t i = g->m / 2, j = g->n / 2, p = g->k / 2, q = g->k - 1;
    size_t wrong = 0;

    w->a[g->ta ? p * g->lda + i : i * g->lda + p] = (double)NAN;
    w->b[g->tb ? j * g->ldb + q : q * g->ldb + j] = (double)INFINITY;
    for (size_t c = 0; c < g->n; c++)
        if (c != j || p != q)
            w->b[g->tb ? c * g->ldb + p : p * g->ldb + c] = 0;
    for (size_t r = 0; r < g->m; r++)
        if (r != i || p != q)
            w->a[g->ta ? q * g->lda + r : r * g->lda + q] = 0;
    product_lay_out(w, g, single);
    product_gemm(w, g, single);
    product_take(w, g, single);
    for (size_t r = 0; r < g->m; r++)
        for (size_t c = 0; c < g->n; c++)
            wrong += (isnan(w->got[r * g->ldc + c]) != 0) != (r == i || c == j);
    return wrong;
}

void doctor_gemm_check_nan(struct scratch *w, struct tally *t)
{
    static const size_t sizes[] = {1, 2, 5, 8, 17, 33, 65};

    for (size_t s = 0; s < 7 * 7 * 7 * 8; s++) {
        const size_t m = sizes[s % 7], n = sizes[s / 7 % 7], k = sizes[s / 49 % 7];
        const int trans = (int)(s / 343 % 4), single = s >= 343 * 4;
        struct product g = product_make(w, m, n, k, trans & 1, trans >> 1);

        g.beta = 1;
        product_fill(w, &g);
        scratch_measure(t, (double)wrong_after_nan(w, &g, single), 0.5,
                        "%cgemm %c%c %zu x %zu x %zu, %d thread(s)", single ? 's' : 'd',
                        g.ta ? 'T' : 'N', g.tb ? 'T' : 'N', m, n, k, w->threads);
    }
}
