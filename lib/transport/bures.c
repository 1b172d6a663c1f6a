/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bures: see bures.h. */
#include "transport/bures.h"

#include <math.h>

#include "base/check.h"
#include "base/memory.h"
#include "linalg/lapack.h"

static enum status check_finite(const char *what, const struct mat *a)
{
    const struct vec flat = mat_flat(a);
    const size_t i = vec_first_not_finite(&flat);

    if (i < flat.n)
        return status_set(STATUS_DIVERGED, "%s: entry (%zu, %zu) is %g", what, i / a->cols,
                          i % a->cols, flat.x[i]);
    return STATUS_OK;
}

/* A copy with both triangles the mean of the two. */
static enum status symmetric(struct mat *out, struct arena *mem, const struct mat *s)
{
    const size_t d = s->rows;
    const struct vec flat = mat_flat(s);

    TRY(check_finite("covariance", s));
    *out = mat_copy(mem, s);
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < i; j++) {
            const double a = s->a[i * d + j], b = s->a[j * d + i];

            if (!(fabs(a - b) <= 1e-12 * vec_max_abs(&flat)))
                return status_set(STATUS_USAGE, "covariance is not symmetric at (%zu, %zu): %g "
                                  "and %g", i, j, a, b);
            out->a[i * d + j] = out->a[j * d + i] = a / 2 + b / 2;
        }
    return STATUS_OK;
}

/* V^T diag(values^1/2) V of a semidefinite matrix, or its inverse of a definite one. */
static enum status root_of(struct mat *root, struct arena *mem, const struct mat *s, int inverse)
{
    const size_t d = s->rows;
    struct vec values = vec_zero(mem, d);
    struct mat v = mat_zero(mem, d, d), whole;

    TRY(symmetric(&whole, mem, s));
    TRY(lapack_eigen(&values, &v, &whole));
    const double rounding = vec_max_abs(&values) * 0x1p-50;

    if (inverse ? !(values.x[0] > rounding) : !(values.x[0] >= -(double)d * rounding))
        return status_set(STATUS_NOT_DEFINITE, "covariance: eigenvalue %g beside %g", values.x[0],
                          values.x[d - 1]);
    const struct mat rows = mat_copy(mem, &v);

    for (size_t k = 0; k < d; k++) {
        struct vec row = mat_row(&v, k);
        const double size = sqrt(fmax(values.x[k], 0));

        vec_scale(&row, inverse ? 1 / size : size);
    }
    *root = mat_zero(mem, d, d);
    mat_multiply(root, 1, &rows, MAT_TRANSPOSED, &v, MAT_AS_IS, 0);
    return STATUS_OK;
}

/* The roots R1, R2 and the factors of R2 R1 = U diag(s) V^T. */
struct pair {
    struct mat r1, r2, u, vt;
    struct vec s;
};

static enum status factorize(struct pair *p, struct arena *mem, const struct mat *s1,
                             const struct mat *s2)
{
    const size_t d = s1->rows;
    struct mat product = mat_zero(mem, d, d);

    TRY(root_of(&p->r1, mem, s1, 0));
    TRY(root_of(&p->r2, mem, s2, 0));
    p->u = mat_zero(mem, d, d);
    p->vt = mat_zero(mem, d, d);
    p->s = vec_zero(mem, d);
    mat_multiply(&product, 1, &p->r2, MAT_AS_IS, &p->r1, MAT_AS_IS, 0);
    return lapack_svd(&p->u, &p->s, &p->vt, &product);
}

/* |R1 - R2 U V^T|_F^2; the guard of the arena ends with this call, as does the arena. */
static enum status distance(double *squared, struct arena *mem, const struct mat *s1,
                            const struct mat *s2)
{
    if (arena_guard(mem))
        return STATUS_MEMORY;
    struct mat turn = mat_zero(mem, s1->rows, s1->rows);
    struct pair p;

    TRY(factorize(&p, mem, s1, s2));
    mat_multiply(&turn, 1, &p.u, MAT_AS_IS, &p.vt, MAT_AS_IS, 0);
    mat_multiply(&p.r1, -1, &p.r2, MAT_AS_IS, &turn, MAT_AS_IS, 1);
    const double norm = mat_norm(&p.r1);

    *squared = norm * norm;
    return STATUS_OK;
}

/* R1^-1 V diag(s) V^T R1^-1; the arena as above. */
static enum status map(struct mat *t, struct arena *mem, const struct mat *s1,
                       const struct mat *s2)
{
    if (arena_guard(mem))
        return STATUS_MEMORY;
    struct mat inverse, half = mat_zero(mem, s1->rows, s1->rows);
    struct pair p;

    TRY(root_of(&inverse, mem, s1, 1));
    TRY(factorize(&p, mem, s1, s2));
    mat_multiply(&half, 1, &p.vt, MAT_AS_IS, &inverse, MAT_AS_IS, 0);
    for (size_t k = 0; k < half.rows; k++) {
        struct vec row = mat_row(&half, k);

        vec_scale(&row, sqrt(p.s.x[k]));
    }
    mat_gram(t, 1, &half, MAT_TRANSPOSED, 0);
    return STATUS_OK;
}

static void check_pair(const struct mat *s1, const struct mat *s2)
{
    CHECK(s1->rows >= 1 && s1->rows == s1->cols && s2->rows == s1->rows && s2->cols == s1->rows,
          "covariances are %zu x %zu and %zu x %zu", s1->rows, s1->cols, s2->rows, s2->cols);
}

enum status bures_distance(double *squared, const struct mat *s1, const struct mat *s2)
{
    struct arena mem = {0};

    check_pair(s1, s2);
    const enum status status = distance(squared, &mem, s1, s2);

    arena_free(&mem);
    return status;
}

enum status bures_gaussian(double *squared, const struct vec *m1, const struct mat *s1,
                           const struct vec *m2, const struct mat *s2)
{
    CHECK(m1->n == s1->rows && m2->n == m1->n, "means of %zu and %zu numbers", m1->n, m2->n);
    for (size_t k = 0; k < m1->n; k++)
        if (!isfinite(m1->x[k]) || !isfinite(m2->x[k]))
            return status_set(STATUS_DIVERGED, "mean: entry %zu is %g or %g", k, m1->x[k],
                              m2->x[k]);
    TRY(bures_distance(squared, s1, s2));
    *squared += (double)m1->n * vec_mean_squared_difference(m1, m2);
    return STATUS_OK;
}

enum status bures_map(struct mat *t, const struct mat *s1, const struct mat *s2)
{
    struct arena mem = {0};

    check_pair(s1, s2);
    CHECK(t->rows == s1->rows && t->cols == s1->rows, "map is %zu x %zu", t->rows, t->cols);
    const enum status status = map(t, &mem, s1, s2);

    arena_free(&mem);
    return status;
}

enum status bures_project(struct mat *out, const struct mat *plan, const struct mat *y)
{
    const size_t m = plan->rows, n = plan->cols;

    CHECK(y->rows == n && out->rows == m && out->cols == y->cols,
          "plan %zu x %zu, points %zu x %zu, out %zu x %zu", m, n, y->rows, y->cols, out->rows,
          out->cols);
    TRY(check_finite("plan", plan));
    TRY(check_finite("points", y));
    for (size_t i = 0; i < m; i++) {
        const struct vec row = mat_row(plan, i);

        for (size_t j = 0; j < n; j++)
            if (row.x[j] < 0)
                return status_set(STATUS_USAGE, "plan: entry (%zu, %zu) is %g", i, j, row.x[j]);
        if (!(vec_sum(&row) > 0))
            return status_set(STATUS_USAGE, "plan: row %zu has no mass", i);
    }
    mat_multiply(out, 1, plan, MAT_AS_IS, y, MAT_AS_IS, 0);
    for (size_t i = 0; i < m; i++) {
        const struct vec row = mat_row(plan, i);
        struct vec to = mat_row(out, i);
        const double mass = vec_sum(&row);

        for (size_t k = 0; k < to.n; k++)
            to.x[k] /= mass;
    }
    return STATUS_OK;
}
