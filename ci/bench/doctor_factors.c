/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_factors: Cholesky's factors, eigenvalues and singular values. */
#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "doctor_checks.h"
#include "linalg/blas.h"
#include "linalg/lapack.h"
#include "product.h"

static const size_t orders[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 24, 25, 26, 31, 32, 33, 63, 64, 65,
                                96, 129};
enum { ORDERS = sizeof orders / sizeof orders[0] };

void doctor_factors_definite(struct scratch *w, size_t n)
{
    scratch_fill(w, w->b, n, n, n, 0);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = i == j ? (double)n : 0;

            for (size_t p = 0; p < n; p++)
                sum += w->b[i * n + p] * w->b[j * n + p];
            w->a[i * n + j] = w->a[j * n + i] = sum;
        }
}

/* Largest |A - L L^T|_ij / ((n + 2) eps sqrt(a_ii a_jj)) (Higham, theorem 10.3), L from the lower
 * triangle of x as it stands, leading dimension ld; the upper one must hold the sentinel. */
static double cholesky_error(const struct scratch *w, const double *x, size_t n, size_t ld)
{
    double worst = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            const double scale = sqrt(w->a[i * n + i] * w->a[j * n + j]);
            double sum = 0;

            if (j > i && !(x[i * ld + j] <= SCRATCH_SENTINEL && x[i * ld + j] >= SCRATCH_SENTINEL))
                return (double)INFINITY;
            for (size_t p = 0; j <= i && p <= j; p++)
                sum += x[i * ld + p] * x[j * ld + p];
            if (j <= i)
                worst = scratch_larger(fabs(sum - w->a[i * n + j]) /
                                   (((double)n + 2) * DBL_EPSILON * scale), worst);
        }
    return worst;
}

/* Both triangles: the upper one of a column-major matrix is the lower one of ours. */
static void try_cholesky(struct scratch *w, struct tally *t, size_t n, int row_major)
{
    const size_t ld = n + rng_below(&w->rng, 4), at = rng_below(&w->rng, 4);
    double *x = w->dc + at;

    doctor_factors_definite(w, n);
    for (size_t i = 0; i < n * ld; i++)
        x[i] = SCRATCH_SENTINEL;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            x[row_major ? i * ld + j : j * ld + i] = w->a[i * n + j];
    const int info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, row_major ? 'U' : 'L', blas_int(n), x,
                                         blas_int(ld));
    if (!row_major) {
        product_pack(w->got, x, n, n, ld, 1);
        x = w->got;
    }
    const double off = info == 0 ? cholesky_error(w, x, n, row_major ? ld : n) : (double)INFINITY;

    scratch_measure(t, off, 1, "dpotrf %s %zu, %d thread(s)", row_major ? "upper" : "lower", n,
                    w->threads);
}

void doctor_factors_cholesky(struct scratch *w, struct tally *t)
{
    for (size_t i = 0; i < ORDERS; i++)
        for (int row_major = 0; row_major < 2; row_major++)
            try_cholesky(w, t, orders[i], row_major);
    for (int row_major = 0; row_major < 2; row_major++)
        try_cholesky(w, t, 200, row_major);
}

/* Largest |x_i . x_j - (i == j)| of the rows of x, count of length n. */
static double orthogonality(const double *x, size_t count, size_t n)
{
    double worst = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = i == j ? -1 : 0;

            for (size_t p = 0; p < n; p++)
                sum += x[i * n + p] * x[j * n + p];
            worst = scratch_larger(fabs(sum), worst);
        }
    return worst;
}

static double frobenius(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

/* Largest |A - L R| of L (m x k), R (k x n), A = w->a; naive. */
static double residual(struct scratch *w, const double *left, const double *right, size_t m,
                       size_t k, size_t n)
{
    double worst = 0;

    for (size_t i = 0; i < m; i++) {
        memcpy(w->want, w->a + i * n, n * sizeof(double));
        for (size_t p = 0; p < k; p++)
            for (size_t j = 0; j < n; j++)
                w->want[j] -= left[i * k + p] * right[p * n + j];
        for (size_t j = 0; j < n; j++)
            worst = scratch_larger(fabs(w->want[j]), worst);
    }
    return worst;
}

/* LAPACK's own tests accept 30 n eps ||A||. A = V^T diag(values) V. */
static void try_eigen(struct scratch *w, struct tally *t, size_t n)
{
    const double bound = 30 * (double)n * DBL_EPSILON;
    struct mat a = mat_over(w->a, n, n), v = mat_over(w->dc + rng_below(&w->rng, 4), n, n);
    struct vec values = vec_over(w->da, n), alone = vec_over(w->db, n);
    double off = 0;

    scratch_fill(w, w->a, n, n, n, 0);
    mat_mirror_lower(&a);
    const double norm = frobenius(w->a, n * n);
    if (lapack_eigen(&values, &v, &a) != STATUS_OK ||
        lapack_eigen(&alone, NULL, &a) != STATUS_OK) {
        scratch_measure(t, (double)INFINITY, 1, "dsyevd %zu: %s", n, status_message());
        return;
    }
    for (size_t k = 0; k < n; k++) {
        off = scratch_larger(fabs(values.x[k] - alone.x[k]), off);
        off = scratch_larger(k > 0 && values.x[k] < values.x[k - 1] ? (double)INFINITY : 0, off);
        for (size_t j = 0; j < n; j++) {
            w->pa[j * n + k] = v.a[k * n + j];
            w->pb[k * n + j] = values.x[k] * v.a[k * n + j];
        }
    }
    off = scratch_larger(residual(w, w->pa, w->pb, n, n, n), off) / norm;
    scratch_measure(t, scratch_larger(off, orthogonality(v.a, n, n)), bound,
                    "dsyevd %zu, %d thread(s)", n, w->threads);
}

void doctor_factors_eigen(struct scratch *w, struct tally *t)
{
    for (size_t i = 0; i < ORDERS; i++)
        try_eigen(w, t, orders[i]);
}

/* A = U diag(s) V^T, with the same bound. */
static void try_svd(struct scratch *w, struct tally *t, size_t m, size_t n)
{
    const size_t k = m < n ? m : n;
    const double bound = 30 * (double)(m > n ? m : n) * DBL_EPSILON;
    struct mat a = mat_over(w->a, m, n), u = mat_over(w->dc + 1, m, k), vt = mat_over(w->db, k, n);
    struct vec s = vec_over(w->da, k);
    double off = 0;

    scratch_fill(w, w->a, m, n, n, 0);
    const double norm = frobenius(w->a, m * n);
    if (lapack_svd(&u, &s, &vt, &a) != STATUS_OK) {
        scratch_measure(t, (double)INFINITY, 1, "dgesdd %zu x %zu: %s", m, n, status_message());
        return;
    }
    for (size_t p = 0; p < k; p++) {
        const int unsorted = s.x[p] < 0 || (p > 0 && s.x[p] > s.x[p - 1]);

        off = scratch_larger(unsorted ? (double)INFINITY : 0, off);
        for (size_t j = 0; j < n; j++)
            w->pb[p * n + j] = s.x[p] * vt.a[p * n + j];
    }
    off = scratch_larger(residual(w, u.a, w->pb, m, k, n), off) / norm;
    product_pack(w->pa, u.a, k, m, k, 1);
    off = scratch_larger(off, orthogonality(w->pa, k, m));
    scratch_measure(t, scratch_larger(off, orthogonality(vt.a, k, n)), bound,
                    "dgesdd %zu x %zu, %d thread(s)", m, n, w->threads);
}

void doctor_factors_svd(struct scratch *w, struct tally *t)
{
    static const size_t shapes[][2] = {{1, 1},   {1, 7},   {7, 1},   {2, 2},   {3, 5},   {5, 3},
                                       {8, 8},   {9, 17},  {17, 9},  {24, 24}, {25, 25}, {26, 26},
                                       {31, 33}, {33, 31}, {65, 20}, {20, 65}, {64, 64}, {65, 65},
                                       {129, 40}, {40, 129}, {100, 100}};

    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        try_svd(w, t, shapes[i][0], shapes[i][1]);
}
