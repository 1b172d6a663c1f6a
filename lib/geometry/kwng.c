/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/kwng.h"

#include <math.h>

#include "base/check.h"
#include "linalg/lapack.h"

struct kwng kwng_create(struct arena *mem, size_t basis, size_t parameters)
{
    const size_t least = basis < parameters ? basis : parameters;

    CHECK(basis > 0 && parameters > 0, "%zu basis points and %zu parameters", basis, parameters);
    return (struct kwng){.basis = basis,
                         .parameters = parameters,
                         .gram = mat_zero(mem, basis, basis),
                         .values = vec_zero(mem, basis),
                         .whitened = mat_zero(mem, basis, parameters),
                         .damping = vec_zero(mem, parameters),
                         .system = mat_zero(mem, least, least),
                         .scaled = mat_zero(mem, parameters > basis ? basis : 0, parameters),
                         .right = vec_zero(mem, basis > parameters ? basis : parameters)};
}

struct kwng_basis kwng_basis_create(struct arena *mem, size_t m, size_t d)
{
    return (struct kwng_basis){.y = mat_zero(mem, m, d),
                               .coordinate = arena_get(mem, m, sizeof(size_t)),
                               .row = arena_get(mem, m, sizeof(uint32_t))};
}

void kwng_basis_fill(struct kwng_basis *basis, const struct mat *x, struct rng *points,
                     struct rng *coordinates)
{
    const size_t m = basis->y.rows;

    CHECK(m >= 1 && m <= x->rows, "%zu basis points of %zu samples", m, x->rows);
    CHECK(basis->y.cols == x->cols, "a basis in %zu dimensions of samples in %zu", basis->y.cols,
          x->cols);
    rng_choose(points, basis->row, m, x->rows);
    for (size_t i = 0; i < m; i++) {
        const struct vec from = mat_row(x, basis->row[i]);
        struct vec to = mat_row(&basis->y, i);

        vec_set(&to, &from);
        basis->coordinate[i] = rng_below(coordinates, (uint32_t)x->cols);
    }
}

struct kwng_basis kwng_basis_draw(struct arena *mem, const struct mat *x, size_t m,
                                  struct rng *points, struct rng *coordinates)
{
    struct kwng_basis basis = kwng_basis_create(mem, m, x->cols);

    kwng_basis_fill(&basis, x, points, coordinates);
    return basis;
}

void kwng_system(struct mat *c, struct mat *t, const struct kernel *k,
                 const struct kwng_basis *basis, const struct mat *x, const struct mat *jacobian)
{
    const double scale = 1 / sqrt((double)x->rows);

    kernel_mixed(c, k, &basis->y, basis->coordinate, x, scale);
    mat_multiply(t, scale, c, MAT_AS_IS, jacobian, MAT_AS_IS, 0);
}

static enum status check_input(const struct kwng *g, const struct mat *gram,
                               const struct mat *ridge, const struct mat *t,
                               const struct kwng_options *o)
{
    const struct vec a = mat_flat(gram), b = mat_flat(t);

    CHECK(gram->rows == g->basis && gram->cols == g->basis, "C C' is %zu x %zu, M is %zu",
          gram->rows, gram->cols, g->basis);
    CHECK(t->rows == g->basis && t->cols == g->parameters, "T is %zu x %zu, M is %zu, q is %zu",
          t->rows, t->cols, g->basis, g->parameters);
    if (!(o->eps > 0 && isfinite(o->eps)))
        return status_set(STATUS_USAGE, "kwng: eps is %g; expected a positive number", o->eps);
    if (!(o->lambda >= 0 && isfinite(o->lambda)) || (o->lambda > 0 && ridge == NULL))
        return status_set(STATUS_USAGE, "kwng: lambda is %g; expected 0, or a positive number with "
                          "a ridge matrix", o->lambda);
    if (!(o->cut >= 0 && o->cut < 1))
        return status_set(STATUS_USAGE, "kwng: the cut is %g; expected 0 <= cut < 1", o->cut);
    if (vec_first_not_finite(&a) < a.n || vec_first_not_finite(&b) < b.n)
        return status_set(STATUS_DIVERGED, "kwng: the samples or their Jacobians are not finite");
    return STATUS_OK;
}

/* Row r of Tt = w_r^{-1/2} V_r T, the largest eigenvalue first. */
static void whiten(struct kwng *g, const struct mat *t, double cut)
{
    const size_t m = g->basis;

    g->rank = 0;
    g->largest = g->smallest = g->values.x[m - 1];
    for (size_t k = m; k-- > 0;) {
        const double w = g->values.x[k];
        struct vec eigenvector = mat_row(&g->gram, k), row;

        if (!(w > cut * g->largest && w > 0))
            break;
        row = mat_row(&g->whitened, g->rank++);
        mat_vec_add(&row, 1 / sqrt(w), t, MAT_TRANSPOSED, &eigenvector, 0);
        g->smallest = w;
    }
}

static void set_damping(struct kwng *g, enum kwng_damping kind)
{
    const size_t q = g->parameters;
    double most = 0;

    vec_fill(&g->damping, 0);
    for (size_t r = 0; r < g->rank; r++)
        for (size_t i = 0; i < q; i++)
            g->damping.x[i] += g->whitened.a[r * q + i] * g->whitened.a[r * q + i];
    most = vec_max(&g->damping);
    for (size_t i = 0; i < q; i++) {
        const double squared = g->damping.x[i];

        if (kind == KWNG_DAMPING_IDENTITY || !(most > 0))
            g->damping.x[i] = 1;
        else if (kind == KWNG_DAMPING_NORM)
            g->damping.x[i] = sqrt(squared) + 1e-8;
        else
            g->damping.x[i] = fmax(squared, 1e-16 * most);
    }
}

enum status kwng_factor(struct kwng *g, const struct mat *gram, const struct mat *ridge,
                        const struct mat *t, const struct kwng_options *options)
{
    struct vec b = mat_flat(&g->gram);

    g->rank = 0;
    TRY(check_input(g, gram, ridge, t, options));
    mat_set(&g->gram, gram);
    if (options->lambda > 0) {
        const struct vec k = mat_flat(ridge);

        vec_axpy(&b, options->lambda, &k);
    }
    TRY(lapack_eigen(&g->values, &g->gram, &g->gram));
    whiten(g, t, options->cut);
    if (g->rank == 0)
        return status_set(STATUS_NOT_DEFINITE, "kwng: every basis function is flat on the samples "
                          "(largest eigenvalue %g): other basis points or a wider kernel",
                          g->largest);
    set_damping(g, options->damping);
    g->eps = options->eps;
    return STATUS_OK;
}

/* Cholesky of a matrix with its condition; the message names eps. */
static enum status factor(struct mat *a, double eps, double *rcond)
{
    const double norm = lapack_symmetric_norm(a);
    const enum status status = lapack_cholesky(a);

    *rcond = 0;
    if (status == STATUS_NOT_DEFINITE)
        return status_set(status, "kwng: the damped metric is not positive definite in double with "
                          "eps = %g: raise eps", eps);
    TRY(status);
    return lapack_cholesky_rcond(a, norm, rcond);
}

/* (Tt' Tt + eps D) v = gradient. */
static enum status solve_parameters(struct kwng *g, struct vec *v, double *rcond)
{
    const struct mat tt = mat_rows(&g->whitened, 0, g->rank);
    struct mat *a = &g->system;

    mat_gram(a, 1, &tt, MAT_TRANSPOSED, 0);
    for (size_t i = 0; i < g->parameters; i++)
        a->a[i * a->cols + i] += g->eps * g->damping.x[i];
    TRY(factor(a, g->eps, rcond));
    return lapack_cholesky_solve(a, v);
}

/* v = (1/eps) D^-1 (gradient - Tt' s), (Tt D^-1 Tt' + eps I) s = Tt D^-1 gradient. */
static enum status solve_basis(struct kwng *g, struct vec *v, double *rcond)
{
    const size_t q = g->parameters;
    const struct mat tt = mat_rows(&g->whitened, 0, g->rank);
    struct mat scaled = mat_rows(&g->scaled, 0, g->rank);
    struct mat a = mat_over(g->system.a, g->rank, g->rank);
    struct vec s = vec_over(g->right.x, g->rank);

    for (size_t r = 0; r < g->rank; r++)
        for (size_t i = 0; i < q; i++)
            scaled.a[r * q + i] = tt.a[r * q + i] / g->damping.x[i];
    mat_multiply(&a, 1, &scaled, MAT_AS_IS, &tt, MAT_TRANSPOSED, 0);
    mat_add_diagonal(&a, g->eps);
    mat_vec(&s, 1, &scaled, v);
    TRY(factor(&a, g->eps, rcond));
    TRY(lapack_cholesky_solve(&a, &s));
    mat_vec_add(v, -1, &tt, MAT_TRANSPOSED, &s, 1);
    for (size_t i = 0; i < q; i++)
        v->x[i] /= g->eps * g->damping.x[i];
    return STATUS_OK;
}

static enum status direction(struct kwng *g, const struct vec *gradient, struct vec *v,
                             struct kwng_report *report)
{
    const double magnitude = vec_max_abs(gradient);

    CHECK(gradient->n == g->parameters && v->n == g->parameters, "%zu and %zu numbers for %zu "
          "parameters", gradient->n, v->n, g->parameters);
    CHECK(g->rank > 0, "a direction without a metric: kwng_factor has to succeed first");
    if (!isfinite(magnitude))
        return status_set(STATUS_DIVERGED, "kwng: the gradient is not finite");
    if (magnitude == 0)
        return status_set(STATUS_NOTHING, "kwng: the gradient is zero");
    vec_set(v, gradient);
    if (g->parameters <= g->basis)
        TRY(solve_parameters(g, v, &report->rcond));
    else
        TRY(solve_basis(g, v, &report->rcond));
    if (vec_first_not_finite(v) < v->n)
        return status_set(STATUS_DIVERGED, "kwng: the direction is not finite (eps = %g)", g->eps);
    report->slope = vec_dot(gradient, v);
    return STATUS_OK;
}

enum status kwng_direction(struct kwng *g, const struct vec *gradient, struct vec *v,
                           struct kwng_report *report)
{
    *report = (struct kwng_report){.rank = g->rank, .largest = g->largest,
                                   .smallest = g->smallest};
    report->status = direction(g, gradient, v, report);
    if (report->status != STATUS_OK)
        vec_fill(v, 0);
    return report->status;
}
