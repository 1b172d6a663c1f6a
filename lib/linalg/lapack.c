/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lapack: see lapack.h.
 *
 * Column-major LAPACK sees A^T in our row-major A. So a lower triangle is an upper one there, an
 * eigenvector that LAPACK writes as a column is a row here, and U and V change places. The *_work
 * forms of LAPACKE are used because they take no memory of their own and skip the NaN check, which
 * is ours. */
#include "linalg/lapack.h"

#include <cblas.h>
#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "linalg/blas.h"

/* ---- checks of input and output ---- */

/* All entries, or with triangle != 0 those of the lower triangle. */
static enum status finite_entries(const char *what, const struct mat *a, int triangle)
{
    for (size_t i = 0; i < a->rows; i++) {
        const struct vec part = vec_over(a->a + i * a->cols, triangle ? i + 1 : a->cols);
        const size_t j = vec_first_not_finite(&part);

        if (j < part.n)
            return status_set(STATUS_DIVERGED, "%s: entry (%zu, %zu) is %g", what, i, j,
                              part.x[j]);
    }
    return STATUS_OK;
}

static enum status finite_vec(const char *what, const struct vec *x)
{
    const size_t i = vec_first_not_finite(x);

    if (i < x->n)
        return status_set(STATUS_DIVERGED, "%s: entry %zu is %g", what, i, x->x[i]);
    return STATUS_OK;
}

static void check_square(const struct mat *a)
{
    CHECK(a->rows == a->cols, "%zu x %zu is not square", a->rows, a->cols);
}

static struct mat column(const struct vec *x)
{
    return mat_over(x->x, x->n, 1);
}

/* ---- symmetric positive definite ---- */

static enum status not_definite(const struct mat *a, size_t pivot)
{
    return status_set(STATUS_NOT_DEFINITE,
                      "Cholesky: pivot %zu of %zu is not positive: the matrix is not positive "
                      "definite", pivot, a->rows);
}

enum status lapack_cholesky(struct mat *a)
{
    check_square(a);
    const size_t n = a->rows;

    TRY(finite_entries("Cholesky, matrix", a, 1));
    if (n == 0)
        return STATUS_OK;
    const int info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', blas_int(n), a->a, blas_int(n));
    CHECK(info >= 0, "dpotrf: argument %d", -info);
    if (info > 0)
        return not_definite(a, (size_t)info - 1);
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(a->a[i * n + i])) /* LAPACK sees a pivot that is not above 0, but not NaN */
            return not_definite(a, i);
        memset(a->a + i * n + i + 1, 0, (n - i - 1) * sizeof(double));
    }
    return STATUS_OK;
}

static void check_factor(const struct mat *l, const struct mat *b)
{
    check_square(l);
    CHECK(b->rows == l->rows, "factor of %zu, right side with %zu rows", l->rows, b->rows);
}

/* B = op(L)^{-1} B. */
static void solve_triangle(const struct mat *l, CBLAS_TRANSPOSE op, struct mat *b)
{
    const int n = blas_int(b->rows), k = blas_int(b->cols);

    if (n == 0 || k == 0)
        return;
    if (k == 1)
        cblas_dtrsv(CblasRowMajor, CblasLower, op, CblasNonUnit, n, l->a, n, b->a, 1);
    else
        cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, op, CblasNonUnit, n, k, 1.0, l->a, n,
                    b->a, k);
}

/* Solving keeps NaN and infinity in the result, so looking at that is enough. */
enum status lapack_cholesky_solve_matrix(const struct mat *l, struct mat *b)
{
    check_factor(l, b);
    solve_triangle(l, CblasNoTrans, b);
    solve_triangle(l, CblasTrans, b);
    return finite_entries("Cholesky, solution", b, 0);
}

enum status lapack_cholesky_solve(const struct mat *l, struct vec *b)
{
    struct mat columns = column(b);

    return lapack_cholesky_solve_matrix(l, &columns);
}

enum status lapack_triangular_solve(const struct mat *l, int trans_l, struct mat *b)
{
    check_factor(l, b);
    solve_triangle(l, trans_l ? CblasTrans : CblasNoTrans, b);
    return finite_entries("triangular solution", b, 0);
}

double lapack_cholesky_log_determinant(const struct mat *l)
{
    check_square(l);
    struct vec_adder s = {0};

    for (size_t i = 0; i < l->rows; i++)
        vec_adder_add(&s, log(l->a[i * l->cols + i]));
    return 2.0 * vec_adder_total(&s);
}

VECTORIZED
static void add_absolute(double *sums, const double *row, size_t n)
{
    for (size_t j = 0; j < n; j++)
        sums[j] += fabs(row[j]);
}

/* Columns in groups whose sums fit a page, so that what lies below the diagonal is read by rows. */
double lapack_symmetric_norm(const struct mat *a)
{
    enum { GROUP = 512 };
    check_square(a);
    const size_t n = a->rows;
    double largest = 0.0;

    for (size_t first = 0; first < n; first += GROUP) {
        const size_t end = first + GROUP < n ? first + GROUP : n;
        double sums[GROUP] = {0};

        for (size_t i = first; i < n; i++) {
            const double *row = a->a + i * n;

            if (i < end) /* what its column has above the diagonal */
                sums[i - first] += cblas_dasum(blas_int(i), row, 1);
            add_absolute(sums, row + first, (i < end ? i + 1 : end) - first);
        }
        for (size_t i = first; i < end; i++)
            if (!(sums[i - first] <= largest) && !isnan(largest))
                largest = sums[i - first];
    }
    return largest;
}

/* |A^{-1}|_1 by Higham's estimator (dlacn2, as in dpocon) on plain triangular solutions: dpocon's
 * guard theirs against overflow at twice the cost. Infinite where one overflows, as the factor of a
 * matrix that is singular in double may make it. v, x n; whole n. */
static double inverse_norm(const struct mat *l, double *v, double *x, int *whole)
{
    const int n = blas_int(l->rows);
    struct mat column = mat_over(x, l->rows, 1);
    double estimate = 0.0;
    int kase = 0, place[3] = {0};

    do {
        LAPACKE_dlacn2_work(n, v, x, whole, &estimate, &kase, place);
        if (kase != 0) {
            solve_triangle(l, CblasNoTrans, &column);
            solve_triangle(l, CblasTrans, &column);
        }
    } while (kase != 0);
    return isfinite(estimate) ? estimate : (double)INFINITY;
}

enum status lapack_cholesky_rcond(const struct mat *l, double norm, double *rcond)
{
    check_square(l);
    const size_t n = l->rows;

    *rcond = 1.0;
    if (!(isfinite(norm) && norm >= 0.0))
        return status_set(STATUS_DIVERGED, "condition: the norm of the matrix is %g", norm);
    TRY(finite_entries("condition, factor", l, 1));
    if (n == 0)
        return STATUS_OK;
    double *work = memory_get(2 * n, sizeof *work);
    int *whole = memory_get(n, sizeof *whole);
    const enum status status = work != NULL && whole != NULL ? STATUS_OK : STATUS_MEMORY;
    if (status == STATUS_OK)
        *rcond = norm > 0.0 ? 1.0 / norm / inverse_norm(l, work, work + n, whole) : 0.0;
    memory_free(work);
    memory_free(whole);
    return status;
}

/* ---- condition of a general matrix ---- */

/* lu is A on entry and its factors on return; work 4 n, pivots and whole n. The 1-norm of A is the
 * infinity norm of what LAPACK sees. */
static double rcond_in_place(struct mat *lu, double norm, double *work, int *pivots, int *whole)
{
    const int n = blas_int(lu->rows);
    double rcond = 0.0;
    int info = LAPACKE_dgetrf_work(LAPACK_COL_MAJOR, n, n, lu->a, n, pivots);

    CHECK(info >= 0, "dgetrf: argument %d", -info);
    if (info > 0)
        return 0.0;
    info = LAPACKE_dgecon_work(LAPACK_COL_MAJOR, 'I', n, lu->a, n, norm, &rcond, work, whole);
    CHECK(info == 0, "dgecon: %d", info);
    return rcond;
}

enum status lapack_rcond(const struct mat *a, double *rcond)
{
    check_square(a);
    const size_t n = a->rows;
    const double norm = mat_norm_one(a);

    *rcond = 1.0;
    TRY(finite_entries("condition, matrix", a, 0));
    if (!isfinite(norm))
        return status_set(STATUS_DIVERGED, "condition: the norm of the matrix overflows");
    if (n == 0)
        return STATUS_OK;
    double *work = memory_get(n, (n + 4) * sizeof *work);
    int *whole = memory_get(n, 2 * sizeof *whole);
    const enum status status = work != NULL && whole != NULL ? STATUS_OK : STATUS_MEMORY;
    if (status == STATUS_OK) {
        struct mat lu = mat_over(work, n, n);

        mat_set(&lu, a);
        *rcond = rcond_in_place(&lu, norm, work + n * n, whole, whole + n);
    }
    memory_free(work);
    memory_free(whole);
    return status;
}

/* ---- symmetric eigenvalues ---- */

/* v is A on entry, its eigenvectors on return (where asked for). */
static enum status eigen_in_place(struct vec *values, struct mat *v, char job)
{
    const int n = blas_int(v->rows);
    double size;
    int whole_size;
    int info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'U', n, v->a, n, values->x, &size, -1,
                                   &whole_size, -1);

    CHECK(info == 0, "dsyevd: %d", info);
    double *work = memory_get((size_t)size, sizeof *work);
    int *whole = memory_get((size_t)whole_size, sizeof *whole);
    if (work != NULL && whole != NULL)
        info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'U', n, v->a, n, values->x, work,
                                   (int)size, whole, whole_size);
    const enum status status = work != NULL && whole != NULL ? STATUS_OK : STATUS_MEMORY;
    memory_free(work);
    memory_free(whole);
    CHECK(info >= 0, "dsyevd: argument %d", -info);
    if (info > 0)
        return status_set(STATUS_NO_CONVERGENCE, "eigenvalues of a %d x %d matrix: dsyevd %d", n,
                          n, info);
    return status;
}

enum status lapack_eigen(struct vec *values, struct mat *v, const struct mat *a)
{
    check_square(a);
    const size_t n = a->rows;
    CHECK(values->n == n && (v == NULL || (v->rows == n && v->cols == n)), "outputs for n = %zu",
          n);

    TRY(finite_entries("eigenvalues, matrix", a, 1));
    if (n == 0)
        return STATUS_OK;
    if (v != NULL) {
        mat_set(v, a);
        TRY(eigen_in_place(values, v, 'V'));
    } else {
        double *copy = memory_get(n, n * sizeof *copy);
        struct mat scratch = mat_over(copy, n, n);

        if (copy == NULL)
            return STATUS_MEMORY;
        mat_set(&scratch, a);
        const enum status status = eigen_in_place(values, &scratch, 'N');
        memory_free(copy);
        TRY(status);
    }
    return finite_vec("eigenvalues", values);
}

/* ---- singular values ---- */

/* a is overwritten. LAPACK sees A^T = V diag(s) U^T: its U is our V^T, and the other way round. */
static enum status svd_in_place(double *u, double *s, double *vt, const struct mat *a)
{
    const int m = blas_int(a->rows), n = blas_int(a->cols), k = m < n ? m : n;
    const char job = u != NULL ? 'S' : 'N';
    double size;
    int *whole = memory_get((size_t)k, 8 * sizeof *whole);

    if (whole == NULL)
        return STATUS_MEMORY;
    int info = LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, job, n, m, a->a, n, s, vt, n, u, k, &size, -1,
                                   whole);
    CHECK(info == 0, "dgesdd: %d", info);
    double *work = memory_get((size_t)size, sizeof *work);
    if (work != NULL)
        info = LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, job, n, m, a->a, n, s, vt, n, u, k, work,
                                   (int)size, whole);
    const enum status status = work != NULL ? STATUS_OK : STATUS_MEMORY;
    memory_free(work);
    memory_free(whole);
    CHECK(info >= 0, "dgesdd: argument %d", -info);
    if (info > 0)
        return status_set(STATUS_NO_CONVERGENCE, "singular values of a %d x %d matrix: dgesdd %d",
                          m, n, info);
    return status;
}

enum status lapack_svd(struct mat *u, struct vec *s, struct mat *vt, const struct mat *a)
{
    const size_t m = a->rows, n = a->cols, k = m < n ? m : n;

    CHECK((u == NULL) == (vt == NULL), "one of U and V^T alone");
    CHECK(s->n == k, "%zu singular values of a %zu x %zu matrix", s->n, m, n);
    CHECK(u == NULL || (u->rows == m && u->cols == k && vt->rows == k && vt->cols == n),
          "U or V^T of a %zu x %zu matrix", m, n);
    TRY(finite_entries("singular values, matrix", a, 0));
    if (k == 0)
        return STATUS_OK;
    double *copy = memory_get(m, n * sizeof *copy);
    if (copy == NULL)
        return STATUS_MEMORY;
    struct mat scratch = mat_over(copy, m, n);
    mat_set(&scratch, a);
    const enum status status =
        svd_in_place(u != NULL ? u->a : NULL, s->x, vt != NULL ? vt->a : NULL, &scratch);
    memory_free(copy);
    TRY(status);
    return finite_vec("singular values", s);
}

/* ---- least squares ---- */

/* The triangle that dgels left in a (LAPACK's n x m view of our m x n): of L where n <= m, of R
 * otherwise. work 3 r, whole r, r = min(m, n). */
static double triangle_rcond(const double *a, int m, int n, double *work, int *whole)
{
    double rcond = 0.0;
    const int info = LAPACKE_dtrcon_work(LAPACK_COL_MAJOR, '1', n <= m ? 'L' : 'U', 'N',
                                         n <= m ? n : m, a, n, &rcond, work, whole);

    CHECK(info == 0, "dtrcon: %d", info);
    return rcond;
}

/* a (m x n) is overwritten; b (max(m, n) x k, column-major) holds B and then X. */
static enum status solve_in_place(const struct mat *a, double *b, size_t k)
{
    const int m = blas_int(a->rows), n = blas_int(a->cols), tall = m > n ? m : n;
    double query;

    int info = LAPACKE_dgels_work(LAPACK_COL_MAJOR, 'T', n, m, blas_int(k), a->a, n, b, tall,
                                  &query, -1);
    CHECK(info == 0, "dgels: %d", info);
    const size_t size = query > 3.0 * tall ? (size_t)query : 3 * (size_t)tall;
    double *work = memory_get(size, sizeof *work);
    int *whole = memory_get((size_t)tall, sizeof *whole);
    enum status status = work != NULL && whole != NULL ? STATUS_OK : STATUS_MEMORY;
    if (status == STATUS_OK) {
        info = LAPACKE_dgels_work(LAPACK_COL_MAJOR, 'T', n, m, blas_int(k), a->a, n, b, tall,
                                  work, blas_int(size));
        CHECK(info >= 0, "dgels: argument %d", -info);
        const double rcond = info > 0 ? 0.0 : triangle_rcond(a->a, m, n, work, whole);

        if (!(rcond >= DBL_EPSILON))
            status = status_set(STATUS_NOT_DEFINITE,
                                "least squares: the %d x %d matrix has not full rank (rcond %.2g)",
                                m, n, rcond);
    }
    memory_free(work);
    memory_free(whole);
    return status;
}

/* B and X stand row-major outside and column-major inside. */
static enum status solve_copies(struct mat *x, const struct mat *a, const struct mat *b)
{
    const size_t m = a->rows, n = a->cols, k = b->cols, tall = m > n ? m : n;
    double *copy = memory_get(m, n * sizeof *copy);
    double *sides = memory_get(k, tall * sizeof *sides);
    enum status status = copy != NULL && sides != NULL ? STATUS_OK : STATUS_MEMORY;

    if (status == STATUS_OK) {
        struct mat scratch = mat_over(copy, m, n);

        mat_set(&scratch, a);
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < k; j++)
                sides[j * tall + i] = b->a[i * k + j];
        status = solve_in_place(&scratch, sides, k);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < k; j++)
                x->a[i * k + j] = sides[j * tall + i];
    }
    memory_free(copy);
    memory_free(sides);
    return status;
}

enum status lapack_least_squares_matrix(struct mat *x, const struct mat *a, const struct mat *b)
{
    CHECK(b->rows == a->rows && x->rows == a->cols && x->cols == b->cols,
          "%zu x %zu = (%zu x %zu)^+ %zu x %zu", x->rows, x->cols, a->rows, a->cols, b->rows,
          b->cols);
    TRY(finite_entries("least squares, matrix", a, 0));
    TRY(finite_entries("least squares, right side", b, 0));
    if (a->rows == 0 || a->cols == 0 || b->cols == 0) {
        struct vec all = mat_flat(x);

        vec_fill(&all, 0.0);
        return STATUS_OK;
    }
    TRY(solve_copies(x, a, b));
    return finite_entries("least squares, solution", x, 0);
}

enum status lapack_least_squares(struct vec *x, const struct mat *a, const struct vec *b)
{
    struct mat solution = column(x);
    const struct mat side = column(b);

    return lapack_least_squares_matrix(&solution, a, &side);
}
