/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernel/kernel_regression.h"

#include <math.h>

#include "base/check.h"
#include "kernel/ntk_gram.h"
#include "linalg/lapack.h"

/* Cholesky of K + ridge I with its condition, 1 / *rcond. Rounding lets about half of the matrices
 * with a repeated input through Cholesky; their condition then tells. */
static enum status factor(struct mat *gram, double ridge, double *rcond)
{
    const double n = (double)gram->rows, norm = lapack_symmetric_norm(gram) + ridge;
    enum status status;

    mat_add_diagonal(gram, ridge);
    status = lapack_cholesky(gram);
    if (status == STATUS_NOT_DEFINITE)
        return status_set(status, "a kernel matrix of %g inputs with ridge %g is singular in "
                          "double (condition above %.1e): inputs that repeat, or of length 0", n,
                          ridge, 0x1p52 / (n * n));
    TRY(status);
    TRY(lapack_cholesky_rcond(gram, norm, rcond));
    if (!(*rcond > n * 0x1p-52))
        return status_set(STATUS_NOT_DEFINITE, "a kernel matrix of %g inputs with ridge %g is "
                          "singular in double (condition %.1e): inputs that repeat", n, ridge,
                          1 / *rcond);
    return STATUS_OK;
}

enum status kernel_regression_solve_matrix(struct mat *gram, double ridge, struct mat *a,
                                           double *rcond)
{
    double estimate = 0;
    enum status status;

    CHECK(gram->rows == gram->cols && a->rows == gram->rows, "%zu x %zu for %zu labels",
          gram->rows, gram->cols, a->rows);
    if (a->rows == 0 || !(ridge >= 0))
        return status_set(STATUS_USAGE, "kernel regression of %zu labels with ridge %g; expected "
                          "at least 1 and a ridge of at least 0", a->rows, ridge);
    status = factor(gram, ridge, &estimate);
    if (rcond != NULL)
        *rcond = estimate;
    TRY(status);
    return lapack_cholesky_solve_matrix(gram, a);
}

enum status kernel_regression_solve(struct mat *gram, double ridge, struct vec *a, double *rcond)
{
    struct mat column = mat_over(a->x, a->n, 1);

    return kernel_regression_solve_matrix(gram, ridge, &column, rcond);
}

/* ---- gradient descent ---- */

enum status kernel_descent_make(struct kernel_descent *d, struct arena *mem,
                                const struct mat *gram, const struct vec *residual)
{
    const size_t n = gram->rows;
    double largest;

    CHECK(residual->n == n, "%zu labels for %zu inputs", residual->n, n);
    if (n == 0)
        return status_set(STATUS_USAGE, "gradient descent without inputs");
    if (vec_first_not_finite(residual) < n)
        return status_set(STATUS_DIVERGED, "gradient descent: label %zu is not finite",
                          vec_first_not_finite(residual));
    *d = (struct kernel_descent){vec_zero(mem, n), mat_zero(mem, n, n), vec_zero(mem, n)};
    TRY(lapack_eigen(&d->values, &d->vectors, gram));
    largest = fmax(fabs(d->values.x[0]), fabs(d->values.x[n - 1]));
    if (d->values.x[0] < -(double)n * 0x1p-40 * largest)
        return status_set(STATUS_NOT_DEFINITE, "a kernel matrix with the eigenvalue %g of %g",
                          d->values.x[0], largest);
    mat_vec(&d->projected, 1, &d->vectors, residual);
    return STATUS_OK;
}

/* (1 - (1 - step value)^t) / value without cancellation; t step for value 0. */
static double filter(double value, double step, double t)
{
    const double x = step * value;

    if (isinf(t))
        return 1 / value;
    return x < 1 ? -expm1(t * log1p(-x)) / value : (1 - pow(1 - x, t)) / value;
}

enum status kernel_descent_coefficients(struct vec *a, const struct kernel_descent *d, double rate,
                                        double steps)
{
    const size_t n = d->values.n;
    const double step = rate / (double)n, largest = d->values.x[n - 1];
    struct vec filtered;

    CHECK(a->n == n, "%zu coefficients for %zu inputs", a->n, n);
    if (steps != floor(steps))
        return status_set(STATUS_USAGE, "gradient descent for %g steps; expected a whole number",
                          steps);
    if (!(rate > 0) || !(steps >= 0) || !(step * largest < 2))
        return status_set(STATUS_USAGE, "gradient descent with rate %g for %g steps; expected a "
                          "rate in (0, %g), the limit of stability 2 n / %g (condition %.1e)",
                          rate, steps, 2 * (double)n / largest, largest,
                          d->values.x[0] > 0 ? largest / d->values.x[0] : (double)INFINITY);
    filtered = vec_over(memory_get(n, sizeof(double)), n);
    if (filtered.x == NULL)
        return STATUS_MEMORY;
    for (size_t i = 0; i < n; i++) {
        const double value = d->values.x[i];

        /* what rounding leaves of 0 */
        filtered.x[i] = value > (double)n * 0x1p-52 * largest
                            ? filter(value, step, steps) * d->projected.x[i] : 0;
    }
    mat_vec_add(a, 1, &d->vectors, MAT_TRANSPOSED, &filtered, 0);
    memory_free(filtered.x);
    return STATUS_OK;
}

/* ---- sequences ---- */

struct kernel_sequence kernel_sequence_make(struct arena *mem, const struct ntk_spec *spec,
                                            const struct mat *x, double scale, size_t k,
                                            size_t largest)
{
    CHECK(k >= 1, "%s", "a sequence without a predictor");
    return (struct kernel_sequence){spec, x, scale, mat_zero(mem, x->rows, k),
                                    mat_zero(mem, largest, largest), 0};
}

/* f += Theta(rows, learned) a for rows first .. end - 1. */
static enum status update(struct kernel_sequence *s, size_t first, size_t end,
                          const struct mat *learned, const struct mat *a)
{
    const struct mat x = mat_rows(s->x, first, end - first);
    struct mat f = mat_rows(&s->f, first, end - first);

    return first < end ? ntk_gram_apply(&f, s->spec, &x, learned, s->scale, a) : STATUS_OK;
}

/* a (count x k): y - f on the learned rows, then what makes up for it. */
static enum status coefficients(struct kernel_sequence *s, size_t first, const struct mat *x,
                                const struct mat *y, double ridge, struct mat *a)
{
    const size_t count = x->rows, k = s->f.cols;
    struct mat gram = mat_over(s->gram.a, count, count);
    double rcond = 1;

    for (size_t i = 0; i < count * k; i++)
        a->a[i] = y->a[i] - s->f.a[first * k + i];
    if (count > 0)
        TRY(ntk_gram(&gram, s->spec, NTK_TANGENT, x, s->scale));
    TRY(kernel_regression_solve_matrix(&gram, ridge, a, &rcond));
    s->condition = fmax(s->condition, 1 / rcond);
    return STATUS_OK;
}

enum status kernel_sequence_learn(struct kernel_sequence *s, size_t first, size_t count,
                                  const struct mat *y, double ridge, size_t back)
{
    const struct mat x = mat_rows(s->x, first, count);
    const size_t k = s->f.cols;
    struct mat a;
    enum status status;

    CHECK(count <= s->gram.rows && y->rows == count && y->cols == k && back <= first,
          "%zu x %zu labels for %zu inputs and %zu predictors, room for %zu, back to %zu of %zu",
          y->rows, y->cols, count, k, s->gram.rows, back, first);
    a = mat_over(memory_get(count * k, sizeof(double)), count, k);
    if (a.a == NULL)
        return STATUS_MEMORY;
    status = coefficients(s, first, &x, y, ridge, &a);
    if (status == STATUS_OK)
        status = update(s, first + count, s->x->rows, &x, &a);
    if (status == STATUS_OK)
        status = update(s, 0, back, &x, &a);
    memory_free(a.a);
    return status;
}

/* ---- targets ---- */

struct mat kernel_sphere_points(struct arena *mem, struct rng *r, size_t n, size_t D)
{
    struct mat x = mat_normal(mem, r, n, D, 1);

    for (size_t i = 0; i < n; i++) {
        struct vec row = mat_row(&x, i);

        vec_scale(&row, 1 / vec_norm(&row));
    }
    return x;
}

enum status kernel_targets(struct mat *f, struct arena *mem, struct rng *r,
                           const struct ntk_spec *spec, const struct mat *x, size_t anchors)
{
    const struct mat at = kernel_sphere_points(mem, r, anchors, x->cols);
    const struct mat alpha = mat_normal(mem, r, anchors, f->cols, 1 / (double)anchors);
    struct vec all = mat_flat(f);

    CHECK(anchors >= 1, "%s", "a target needs an anchor");
    vec_fill(&all, 0);
    return ntk_gram_apply(f, spec, x, &at, 1, &alpha);
}
