/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/kwng_wide.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/compiler.h"
#include "linalg/lapack.h"

enum { BLOCK = 256, LANES = 16 }; /* columns at a time; running sums of a dot product */

struct kwng_wide kwng_wide_create(struct arena *mem, size_t basis, size_t parameters)
{
    CHECK(basis >= 1 && basis < parameters, "%zu basis points for %zu parameters", basis,
          parameters);
    return (struct kwng_wide){.basis = basis,
                              .parameters = parameters,
                              .t = matf_zero(mem, basis, parameters),
                              .inverse = vec_zerof(mem, parameters),
                              .vectors = mat_zero(mem, basis, basis),
                              .values = vec_zero(mem, basis),
                              .system = mat_zero(mem, basis, basis),
                              .right = vec_zero(mem, basis),
                              .raw = mat_zero(mem, basis, BLOCK),
                              .scaled = vec_zero(mem, BLOCK)};
}

/* Eigenvectors of the Gram matrix over the roots of their eigenvalues, the largest first, in the
 * first `rank` rows of g->vectors. */
static enum status decompose(struct kwng_wide *g, const struct mat *gram, double cut,
                             struct kwng_report *report)
{
    const size_t m = gram->rows;
    struct mat vectors = mat_over(g->vectors.a, m, m), sorted = mat_over(g->system.a, m, m);
    struct vec values = vec_over(g->values.x, m);

    TRY(lapack_eigen(&values, &vectors, gram));
    report->largest = report->smallest = values.x[m - 1];
    for (size_t k = m; k-- > 0 && values.x[k] > 0 && values.x[k] > cut * report->largest;) {
        const struct vec from = mat_row(&vectors, k);
        struct vec to = mat_row(&sorted, g->rank++);

        vec_set(&to, &from);
        vec_scale(&to, 1 / sqrt(values.x[k]));
        report->smallest = values.x[k];
    }
    report->rank = g->rank;
    mat_set(&vectors, &sorted);
    if (g->rank == 0)
        return status_set(STATUS_NOT_DEFINITE, "kwng_wide: every basis function is flat on the "
                          "samples (largest eigenvalue %g)", report->largest);
    return STATUS_OK;
}

VECTORIZED static void kwng_wide_widen(double *restrict to, const float *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (double)from[i];
}

/* out (n) = sum_k w_k row_k, rows of n numbers one below another. */
VECTORIZED static void kwng_wide_combine(double *restrict out, const double *restrict w,
                               const double *restrict rows, size_t m, size_t n)
{
    size_t k = 0;

    for (size_t i = 0; i < n; i++)
        out[i] = 0;
    for (; k + 4 <= m; k += 4) {
        const double *a = rows + k * n, *b = a + n, *c = b + n, *d = c + n;

        for (size_t i = 0; i < n; i++)
            out[i] += (w[k] * a[i] + w[k + 1] * b[i]) + (w[k + 2] * c[i] + w[k + 3] * d[i]);
    }
    for (; k < m; k++)
        for (size_t i = 0; i < n; i++)
            out[i] += w[k] * rows[k * n + i];
}

VECTORIZED static void kwng_wide_round_and_square(float *restrict to, float *restrict squares,
                                        const double *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = (float)from[i];
        squares[i] += to[i] * to[i];
    }
}

/* T becomes Tt, and g->inverse |t_i|^2. */
static void whiten(struct kwng_wide *g, size_t m)
{
    const size_t q = g->parameters;
    double *raw = g->raw.a, *row = g->scaled.x;

    vec_fillf(&g->inverse, 0);
    for (size_t at = 0; at < q; at += BLOCK) {
        const size_t n = q - at < BLOCK ? q - at : BLOCK;

        for (size_t k = 0; k < m; k++)
            kwng_wide_widen(raw + k * n, g->t.a + k * q + at, n);
        for (size_t r = 0; r < g->rank; r++) {
            kwng_wide_combine(row, g->vectors.a + r * m, raw, m, n);
            kwng_wide_round_and_square(g->t.a + r * q + at, g->inverse.x + at, row, n);
        }
    }
}

VECTORIZED static void kwng_wide_invert_norms(float *d, size_t n)
{
    for (size_t i = 0; i < n; i++)
        d[i] = 1 / (sqrtf(d[i]) + 1e-8f);
}

VECTORIZED static void kwng_wide_invert_squares(float *d, float least, size_t n)
{
    for (size_t i = 0; i < n; i++)
        d[i] = 1 / (d[i] > least ? d[i] : least);
}

static void set_damping(struct kwng_wide *g, enum kwng_damping kind)
{
    const float most = vec_maxf(&g->inverse);

    if (kind == KWNG_DAMPING_IDENTITY || !(most > 0))
        vec_fillf(&g->inverse, 1);
    else if (kind == KWNG_DAMPING_NORM)
        kwng_wide_invert_norms(g->inverse.x, g->parameters);
    else
        kwng_wide_invert_squares(g->inverse.x, 1e-16f * most, g->parameters);
}

/* scaled = t / D. */
VECTORIZED static void kwng_wide_divide(double *restrict scaled, const float *restrict t,
                              const float *restrict inverse, size_t n)
{
    for (size_t i = 0; i < n; i++)
        scaled[i] = (double)t[i] * (double)inverse[i];
}

/* <x, y> in LANES running sums, which are added up in order. */
VECTORIZED static double kwng_wide_dot(const double *restrict x, const double *restrict y, size_t n)
{
    double lane[LANES] = {0}, total = 0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] += x[i + k] * y[i + k];
    for (size_t k = 0; i + k < n; k++)
        lane[k] += x[i + k] * y[i + k];
    for (size_t k = 0; k < LANES; k++)
        total += lane[k];
    return total;
}

/* *a = Tt D^-1 Tt' + eps I and *b = Tt D^-1 g. */
static void assemble(struct kwng_wide *g, struct mat *a, struct vec *b, const float *gradient,
                     double eps)
{
    const size_t q = g->parameters, rank = g->rank;
    double *plain = g->raw.a, *scaled = g->scaled.x;
    struct vec all = mat_flat(a);

    vec_fill(&all, 0);
    vec_fill(b, 0);
    for (size_t at = 0; at < q; at += BLOCK) {
        const size_t n = q - at < BLOCK ? q - at : BLOCK;

        for (size_t r = 0; r < rank; r++)
            kwng_wide_widen(plain + r * n, g->t.a + r * q + at, n);
        for (size_t r = 0; r < rank; r++) {
            kwng_wide_divide(scaled, g->t.a + r * q + at, g->inverse.x + at, n);
            for (size_t k = 0; k <= r; k++)
                a->a[r * rank + k] += kwng_wide_dot(scaled, plain + k * n, n);
        }
        kwng_wide_divide(scaled, gradient + at, g->inverse.x + at, n);
        for (size_t r = 0; r < rank; r++)
            b->x[r] += kwng_wide_dot(scaled, plain + r * n, n);
    }
    mat_mirror_lower(a);
    mat_add_diagonal(a, eps);
}

/* v -= s t in double. */
VECTORIZED
static void kwng_wide_subtract(double *restrict v, const float *restrict t, double s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] -= s * (double)t[i];
}

VECTORIZED static void kwng_wide_undamp(float *restrict v, const double *restrict rest,
                              const float *restrict inverse, double scale, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (float)(scale * rest[i] * (double)inverse[i]);
}

/* v = (1/eps) D^-1 (g - Tt' s). */
static void expand(struct kwng_wide *g, const struct vec *s, const float *gradient, double eps,
                   float *v)
{
    const size_t q = g->parameters;

    for (size_t at = 0; at < q; at += BLOCK) {
        const size_t n = q - at < BLOCK ? q - at : BLOCK;
        double *rest = g->raw.a;

        kwng_wide_widen(rest, gradient + at, n);
        for (size_t k = 0; k < g->rank; k++)
            kwng_wide_subtract(rest, g->t.a + k * q + at, s->x[k], n);
        kwng_wide_undamp(v + at, rest, g->inverse.x + at, 1 / eps, n);
    }
}

static enum status solve(struct mat *a, struct vec *s, double eps, double *rcond)
{
    const double norm = lapack_symmetric_norm(a);
    const enum status status = lapack_cholesky(a);

    if (status == STATUS_NOT_DEFINITE)
        return status_set(status, "kwng_wide: the damped metric is not positive definite in double "
                          "with eps = %g: raise eps", eps);
    TRY(status);
    TRY(lapack_cholesky_rcond(a, norm, rcond));
    return lapack_cholesky_solve(a, s);
}

static enum status direction(struct kwng_wide *g, const struct mat *gram,
                             const struct kwng_options *o, const float *gradient, float *v,
                             struct kwng_report *report)
{
    const struct vecf given = vec_overf(gradient, g->parameters), got = vec_overf(v, given.n);
    const float magnitude = vec_max_absf(&given);

    CHECK(gram->rows == gram->cols && gram->rows >= 1 && gram->rows <= g->basis,
          "a Gram matrix of %zu x %zu for at most %zu basis points", gram->rows, gram->cols,
          g->basis);
    if (!(o->eps > 0 && isfinite(o->eps)) || !(o->cut >= 0 && o->cut < 1))
        return status_set(STATUS_USAGE, "kwng_wide: eps = %g, cut = %g; expected eps > 0 and "
                          "0 <= cut < 1", o->eps, o->cut);
    if (!isfinite(magnitude))
        return status_set(STATUS_DIVERGED, "kwng_wide: the gradient is not finite");
    if (!(magnitude > 0))
        return status_set(STATUS_NOTHING, "kwng_wide: the gradient is zero");
    TRY(decompose(g, gram, o->cut, report));
    whiten(g, gram->rows);
    set_damping(g, o->damping);

    struct mat a = mat_over(g->system.a, g->rank, g->rank);
    struct vec s = vec_over(g->right.x, g->rank);
    assemble(g, &a, &s, gradient, o->eps);
    TRY(solve(&a, &s, o->eps, &report->rcond));
    expand(g, &s, gradient, o->eps, v);
    report->slope = vec_dotf(&given, &got);
    if (!isfinite(report->slope))
        return status_set(STATUS_DIVERGED, "kwng_wide: the direction is not finite (eps = %g)",
                          o->eps);
    return STATUS_OK;
}

enum status kwng_wide_direction(struct kwng_wide *g, const struct mat *gram,
                                const struct kwng_options *options, const float *gradient,
                                float *v, struct kwng_report *report)
{
    g->rank = 0;
    *report = (struct kwng_report){0};
    report->status = direction(g, gram, options, gradient, v, report);
    if (report->status != STATUS_OK) {
        memset(v, 0, g->parameters * sizeof *v);
        report->slope = 0;
    }
    return report->status;
}
