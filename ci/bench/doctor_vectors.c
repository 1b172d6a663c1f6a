/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_vectors: products with vectors, of whatever stride. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "doctor_checks.h"
#include "linalg/blas.h"
#include "product.h"

/* Element i of n with a stride, as BLAS counts: a negative one runs backwards. */
static size_t strided(size_t i, size_t n, int stride)
{
    return stride > 0 ? i * (size_t)stride : (n - 1 - i) * (size_t)-stride;
}

/* y = alpha op(A) x + beta y as a product with n = 1; x and y are spread by their strides. */
static double gemv_error(struct scratch *w, const struct product *g, int single, int incx, int incy)
{
    const size_t at = g->offset, na = product_rows(g->m, g->k, g->ta) * g->lda;
    const int rows = blas_int(g->ta ? g->k : g->m), cols = blas_int(g->ta ? g->m : g->k);
    const int lda = blas_int(g->lda);
    const CBLAS_TRANSPOSE ta = product_flag(g->ta);

    for (size_t p = 0; p < g->k; p++) {
        w->db[at + strided(p, g->k, incx)] = w->b[p];
        w->fb[at + strided(p, g->k, incx)] = (float)w->b[p];
    }
    for (size_t i = 0; i < g->m; i++) {
        w->dc[at + strided(i, g->m, incy)] = w->c[i];
        w->fc[at + strided(i, g->m, incy)] = (float)w->c[i];
    }
    memcpy(w->da + at, w->a, na * sizeof(double));
    product_narrow(w->fa + at, w->a, na);
    if (single)
        cblas_sgemv(CblasRowMajor, ta, rows, cols, (float)g->alpha, w->fa + at, lda, w->fb + at,
                    incx, (float)g->beta, w->fc + at, incy);
    else
        cblas_dgemv(CblasRowMajor, ta, rows, cols, g->alpha, w->da + at, lda, w->db + at, incx,
                    g->beta, w->dc + at, incy);
    for (size_t i = 0; i < g->m; i++) {
        const size_t place = at + strided(i, g->m, incy);

        w->got[i] = single ? (double)w->fc[place] : w->dc[place];
    }
    return product_error(w, g, single);
}

void doctor_vectors_gemv(struct scratch *w, struct tally *t)
{
    static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 129, 301};
    static const int strides[] = {1, 1, 2, -1, 3};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };

    for (size_t s = 0; s < SIZES * SIZES * 2; s++) {
        const size_t m = sizes[s % SIZES], k = sizes[s / SIZES % SIZES];
        const int incx = strides[rng_below(&w->rng, 5)], incy = strides[rng_below(&w->rng, 5)];
        struct product g = product_make(w, m, 1, k, s >= SIZES * SIZES, 0);

        g.ldb = g.ldc = 1;
        product_fill(w, &g);
        product_guard(w, &g);
        product_naive(w, &g);
        for (int single = 0; single < 2; single++)
            scratch_measure(t, gemv_error(w, &g, single, incx, incy), 1,
                            "%cgemv %c %zu x %zu, strides %d and %d, %d thread(s)",
                            single ? 's' : 'd', g.ta ? 'T' : 'N', m, k, incx, incy, w->threads);
    }
}

static void try_dot(struct scratch *w, struct tally *t, size_t n, int incx, int incy)
{
    const size_t at = rng_below(&w->rng, 4);
    double want = 0, size = 0;

    for (size_t i = 0; i < n; i++) {
        const double x = w->pool[w->next++ % SCRATCH_POOL];
        const double y = w->pool[(w->next + 7777) % SCRATCH_POOL];
        const size_t to_x = at + strided(i, n, incx), to_y = at + strided(i, n, incy);

        w->da[to_x] = x;
        w->db[to_y] = y;
        w->fa[to_x] = (float)x;
        w->fb[to_y] = (float)y;
        want += x * y;
        size += fabs(x * y);
    }
    const int count = blas_int(n);
    const double d = cblas_ddot(count, w->da + at, incx, w->db + at, incy);
    const double s = (double)cblas_sdot(count, w->fa + at, incx, w->fb + at, incy);
    const double steps = (double)n + 2;
    scratch_measure(t, fabs(d - want), steps * DBL_EPSILON * size,
                    "ddot %zu, strides %d and %d, %d thread(s)", n, incx, incy, w->threads);
    scratch_measure(t, fabs(s - want), steps * (double)FLT_EPSILON * size,
                    "sdot %zu, strides %d and %d, %d thread(s)", n, incx, incy, w->threads);
}

void doctor_vectors_dot(struct scratch *w, struct tally *t)
{
    static const size_t longer[] = {127, 128, 129, 255, 1000, 10001, 30011};
    static const int strides[] = {1, 2, -1};

    for (int k = 0; k < 9; k++) {
        for (size_t n = 0; n <= 70; n++)
            try_dot(w, t, n, strides[k % 3], strides[k / 3]);
        for (size_t i = 0; i < sizeof longer / sizeof longer[0]; i++)
            try_dot(w, t, longer[i], strides[k % 3], strides[k / 3]);
    }
}
