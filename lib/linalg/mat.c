/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mat: see mat.h. */
#include "linalg/mat.h"

#include <cblas.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "linalg/blas.h"

/* Transposing goes by tiles whose rows and columns both stay in the first cache. */
#define TILE 32

/* ---- making ---- */

struct mat mat_zero(struct arena *mem, size_t rows, size_t cols)
{
    CHECK(cols == 0 || rows <= SIZE_MAX / sizeof(double) / cols, "%zu x %zu", rows, cols);
    const struct vec entries = vec_zero(mem, rows * cols);

    return mat_over(entries.x, rows, cols);
}

struct matf matf_zero(struct arena *mem, size_t rows, size_t cols)
{
    CHECK(cols == 0 || rows <= SIZE_MAX / sizeof(float) / cols, "%zu x %zu", rows, cols);
    const struct vecf entries = vec_zerof(mem, rows * cols);

    return matf_over(entries.x, rows, cols);
}

struct mat mat_identity(struct arena *mem, size_t n)
{
    struct mat a = mat_zero(mem, n, n);

    mat_add_diagonal(&a, 1.0);
    return a;
}

struct matf matf_identity(struct arena *mem, size_t n)
{
    struct matf a = matf_zero(mem, n, n);

    matf_add_diagonal(&a, 1.0f);
    return a;
}

struct mat mat_normal(struct arena *mem, struct rng *r, size_t rows, size_t cols, double variance)
{
    CHECK(cols == 0 || rows <= SIZE_MAX / cols, "%zu x %zu", rows, cols);
    const struct vec entries = vec_normal(mem, r, rows * cols, variance);

    return mat_over(entries.x, rows, cols);
}

struct matf matf_normal(struct arena *mem, struct rng *r, size_t rows, size_t cols,
                        double variance)
{
    CHECK(cols == 0 || rows <= SIZE_MAX / cols, "%zu x %zu", rows, cols);
    const struct vecf entries = vec_normalf(mem, r, rows * cols, variance);

    return matf_over(entries.x, rows, cols);
}

struct mat mat_copy(struct arena *mem, const struct mat *a)
{
    struct mat b = mat_zero(mem, a->rows, a->cols);

    mat_set(&b, a);
    return b;
}

struct matf matf_copy(struct arena *mem, const struct matf *a)
{
    struct matf b = matf_zero(mem, a->rows, a->cols);

    matf_set(&b, a);
    return b;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

struct mat mat_transpose(struct arena *mem, const struct mat *a)
{
    struct mat b = mat_zero(mem, a->cols, a->rows);

    for (size_t i0 = 0; i0 < a->rows; i0 += TILE)
        for (size_t j0 = 0; j0 < a->cols; j0 += TILE)
            for (size_t i = i0; i < least(i0 + TILE, a->rows); i++)
                for (size_t j = j0; j < least(j0 + TILE, a->cols); j++)
                    b.a[j * b.cols + i] = a->a[i * a->cols + j];
    return b;
}

struct matf matf_transpose(struct arena *mem, const struct matf *a)
{
    struct matf b = matf_zero(mem, a->cols, a->rows);

    for (size_t i0 = 0; i0 < a->rows; i0 += TILE)
        for (size_t j0 = 0; j0 < a->cols; j0 += TILE)
            for (size_t i = i0; i < least(i0 + TILE, a->rows); i++)
                for (size_t j = j0; j < least(j0 + TILE, a->cols); j++)
                    b.a[j * b.cols + i] = a->a[i * a->cols + j];
    return b;
}

struct mat mat_columns(struct arena *mem, const struct mat *a, size_t first, size_t count)
{
    CHECK(first <= a->cols && count <= a->cols - first, "columns %zu + %zu of %zu", first, count,
          a->cols);
    struct mat b = mat_zero(mem, a->rows, count);

    for (size_t i = 0; i < a->rows && count > 0; i++)
        memcpy(b.a + i * count, a->a + i * a->cols + first, count * sizeof(double));
    return b;
}

struct matf matf_columns(struct arena *mem, const struct matf *a, size_t first, size_t count)
{
    CHECK(first <= a->cols && count <= a->cols - first, "columns %zu + %zu of %zu", first, count,
          a->cols);
    struct matf b = matf_zero(mem, a->rows, count);

    for (size_t i = 0; i < a->rows && count > 0; i++)
        memcpy(b.a + i * count, a->a + i * a->cols + first, count * sizeof(float));
    return b;
}

/* ---- views ---- */

struct mat mat_over(const double *a, size_t rows, size_t cols)
{
    return (struct mat){.rows = rows, .cols = cols, .a = (double *)a};
}

struct matf matf_over(const float *a, size_t rows, size_t cols)
{
    return (struct matf){.rows = rows, .cols = cols, .a = (float *)a};
}

struct mat mat_rows(const struct mat *a, size_t first, size_t count)
{
    CHECK(first <= a->rows && count <= a->rows - first, "rows %zu + %zu of %zu", first, count,
          a->rows);
    return (struct mat){.rows = count, .cols = a->cols, .a = a->a + first * a->cols};
}

struct matf matf_rows(const struct matf *a, size_t first, size_t count)
{
    CHECK(first <= a->rows && count <= a->rows - first, "rows %zu + %zu of %zu", first, count,
          a->rows);
    return (struct matf){.rows = count, .cols = a->cols, .a = a->a + first * a->cols};
}

struct vec mat_row(const struct mat *a, size_t i)
{
    CHECK(i < a->rows, "row %zu of %zu", i, a->rows);
    return (struct vec){.n = a->cols, .x = a->a + i * a->cols};
}

struct vecf matf_row(const struct matf *a, size_t i)
{
    CHECK(i < a->rows, "row %zu of %zu", i, a->rows);
    return (struct vecf){.n = a->cols, .x = a->a + i * a->cols};
}

struct vec mat_flat(const struct mat *a)
{
    return (struct vec){.n = a->rows * a->cols, .x = a->a};
}

struct vecf matf_flat(const struct matf *a)
{
    return (struct vecf){.n = a->rows * a->cols, .x = a->a};
}

/* ---- elementwise ---- */

void mat_set(struct mat *b, const struct mat *a)
{
    CHECK(a->rows == b->rows && a->cols == b->cols, "%zu x %zu and %zu x %zu", b->rows, b->cols,
          a->rows, a->cols);
    const struct vec from = mat_flat(a);
    struct vec to = mat_flat(b);

    vec_set(&to, &from);
}

void matf_set(struct matf *b, const struct matf *a)
{
    CHECK(a->rows == b->rows && a->cols == b->cols, "%zu x %zu and %zu x %zu", b->rows, b->cols,
          a->rows, a->cols);
    const struct vecf from = matf_flat(a);
    struct vecf to = matf_flat(b);

    vec_setf(&to, &from);
}

void mat_add_diagonal(struct mat *a, double value)
{
    CHECK(a->rows == a->cols, "%zu x %zu is not square", a->rows, a->cols);
    for (size_t i = 0; i < a->rows; i++)
        a->a[i * a->cols + i] += value;
}

void matf_add_diagonal(struct matf *a, float value)
{
    CHECK(a->rows == a->cols, "%zu x %zu is not square", a->rows, a->cols);
    for (size_t i = 0; i < a->rows; i++)
        a->a[i * a->cols + i] += value;
}

void mat_mirror_lower(struct mat *a)
{
    CHECK(a->rows == a->cols, "%zu x %zu is not square", a->rows, a->cols);
    const size_t n = a->rows;

    for (size_t i0 = 0; i0 < n; i0 += TILE)
        for (size_t j0 = 0; j0 <= i0; j0 += TILE)
            for (size_t i = i0; i < least(i0 + TILE, n); i++)
                for (size_t j = j0; j < least(j0 + TILE, i); j++)
                    a->a[j * n + i] = a->a[i * n + j];
}

void matf_mirror_lower(struct matf *a)
{
    CHECK(a->rows == a->cols, "%zu x %zu is not square", a->rows, a->cols);
    const size_t n = a->rows;

    for (size_t i0 = 0; i0 < n; i0 += TILE)
        for (size_t j0 = 0; j0 <= i0; j0 += TILE)
            for (size_t i = i0; i < least(i0 + TILE, n); i++)
                for (size_t j = j0; j < least(j0 + TILE, i); j++)
                    a->a[j * n + i] = a->a[i * n + j];
}

double mat_trace(const struct mat *a)
{
    CHECK(a->rows == a->cols, "%zu x %zu is not square", a->rows, a->cols);
    struct vec_adder s = {0};

    for (size_t i = 0; i < a->rows; i++)
        vec_adder_add(&s, a->a[i * a->cols + i]);
    return vec_adder_total(&s);
}

double mat_norm(const struct mat *a)
{
    const struct vec all = mat_flat(a);

    return vec_norm(&all);
}

double mat_norm_one(const struct mat *a)
{
    double largest = 0.0;

    for (size_t j = 0; j < a->cols; j++) {
        struct vec_adder s = {0};

        for (size_t i = 0; i < a->rows; i++)
            vec_adder_add(&s, fabs(a->a[i * a->cols + j]));
        const double sum = vec_adder_total(&s);
        if (!(sum <= largest) && !isnan(largest))
            largest = sum;
    }
    return largest;
}

/* ---- products ---- */

static CBLAS_TRANSPOSE transposition(int transposed)
{
    return transposed ? CblasTrans : CblasNoTrans;
}

/* CBLAS wants a leading dimension of at least 1 also where a matrix has no columns. */
static int leading(size_t cols)
{
    return blas_int(cols > 0 ? cols : 1);
}

void mat_multiply(struct mat *c, double alpha, const struct mat *a, int trans_a,
                  const struct mat *b, int trans_b, double beta)
{
    const size_t m = trans_a ? a->cols : a->rows, k = trans_a ? a->rows : a->cols;
    const size_t k_b = trans_b ? b->cols : b->rows, n = trans_b ? b->rows : b->cols;

    CHECK(k == k_b && c->rows == m && c->cols == n, "%zu x %zu = (%zu x %zu)(%zu x %zu)", c->rows,
          c->cols, m, k, k_b, n);
    if (m > 0 && n > 0)
        cblas_dgemm(CblasRowMajor, transposition(trans_a), transposition(trans_b), blas_int(m),
                    blas_int(n), blas_int(k), alpha, a->a, leading(a->cols), b->a,
                    leading(b->cols), beta, c->a, leading(n));
}

void matf_multiply(struct matf *c, float alpha, const struct matf *a, int trans_a,
                   const struct matf *b, int trans_b, float beta)
{
    const size_t m = trans_a ? a->cols : a->rows, k = trans_a ? a->rows : a->cols;
    const size_t k_b = trans_b ? b->cols : b->rows, n = trans_b ? b->rows : b->cols;

    CHECK(k == k_b && c->rows == m && c->cols == n, "%zu x %zu = (%zu x %zu)(%zu x %zu)", c->rows,
          c->cols, m, k, k_b, n);
    if (m > 0 && n > 0)
        cblas_sgemm(CblasRowMajor, transposition(trans_a), transposition(trans_b), blas_int(m),
                    blas_int(n), blas_int(k), alpha, a->a, leading(a->cols), b->a,
                    leading(b->cols), beta, c->a, leading(n));
}

void mat_vec(struct vec *y, double alpha, const struct mat *a, const struct vec *x)
{
    mat_vec_add(y, alpha, a, MAT_AS_IS, x, 0.0);
}

void matf_vec(struct vecf *y, float alpha, const struct matf *a, const struct vecf *x)
{
    matf_vec_add(y, alpha, a, MAT_AS_IS, x, 0.0f);
}

/* beta is applied here: BLAS leaves y as it is when A has no entries, and not every version takes
 * beta = 0 as "not read". */
void mat_vec_add(struct vec *y, double alpha, const struct mat *a, int trans_a,
                 const struct vec *x, double beta)
{
    CHECK(y->n == (trans_a ? a->cols : a->rows) && x->n == (trans_a ? a->rows : a->cols),
          "%zu = (%zu x %zu, transposed %d) %zu", y->n, a->rows, a->cols, trans_a, x->n);
    if (beta == 0.0)
        vec_fill(y, 0.0);
    else if (beta != 1.0)
        vec_scale(y, beta);
    if (a->rows > 0 && a->cols > 0)
        cblas_dgemv(CblasRowMajor, transposition(trans_a), blas_int(a->rows), blas_int(a->cols),
                    alpha, a->a, leading(a->cols), x->x, 1, 1.0, y->x, 1);
}

void matf_vec_add(struct vecf *y, float alpha, const struct matf *a, int trans_a,
                  const struct vecf *x, float beta)
{
    CHECK(y->n == (trans_a ? a->cols : a->rows) && x->n == (trans_a ? a->rows : a->cols),
          "%zu = (%zu x %zu, transposed %d) %zu", y->n, a->rows, a->cols, trans_a, x->n);
    if (beta == 0.0f)
        vec_fillf(y, 0.0f);
    else if (beta != 1.0f)
        vec_scalef(y, beta);
    if (a->rows > 0 && a->cols > 0)
        cblas_sgemv(CblasRowMajor, transposition(trans_a), blas_int(a->rows), blas_int(a->cols),
                    alpha, a->a, leading(a->cols), x->x, 1, 1.0f, y->x, 1);
}

void mat_gram(struct mat *c, double alpha, const struct mat *a, int trans_a, double beta)
{
    const size_t n = trans_a ? a->cols : a->rows, k = trans_a ? a->rows : a->cols;

    CHECK(c->rows == n && c->cols == n, "%zu x %zu = gram of %zu", c->rows, c->cols, n);
    if (n > 0)
        cblas_dsyrk(CblasRowMajor, CblasLower, transposition(trans_a), blas_int(n), blas_int(k),
                    alpha, a->a, leading(a->cols), beta, c->a, leading(n));
    mat_mirror_lower(c);
}

void matf_gram(struct matf *c, float alpha, const struct matf *a, int trans_a, float beta)
{
    const size_t n = trans_a ? a->cols : a->rows, k = trans_a ? a->rows : a->cols;

    CHECK(c->rows == n && c->cols == n, "%zu x %zu = gram of %zu", c->rows, c->cols, n);
    if (n > 0)
        cblas_ssyrk(CblasRowMajor, CblasLower, transposition(trans_a), blas_int(n), blas_int(k),
                    alpha, a->a, leading(a->cols), beta, c->a, leading(n));
    matf_mirror_lower(c);
}
