/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/entropic_cloud.h"

#include <math.h>

#include "base/check.h"
#include "base/rng.h"
#include "transport/cost.h"
#include "transport/sinkhorn_kernel.h"

static const size_t first_sweeps = 5, most_steps = 1000;
static const size_t most_halvings = 12;
static const double sufficient = 1e-4; /* Armijo's share of the predicted growth */

/* phi and its pieces at one f. */
struct point {
    struct vec f, g;       /* m */
    struct vec slope;      /* m: 1/m - r_i */
    struct mat turned;     /* m x m: P^T, row j the column of y_j */
    double value, error;
};

static struct point make_point(struct arena *mem, size_t m)
{
    return (struct point){.f = vec_zero(mem, m), .g = vec_zero(mem, m), .slope = vec_zero(mem, m),
                          .turned = mat_zero(mem, m, m)};
}

/* Everything of p at p->f; cost is turned too, row j that of y_j. */
static void evaluate(struct point *p, const struct mat *cost, double eps)
{
    const size_t m = p->f.n;
    const double share = 1 / (double)m;

    vec_fill(&p->slope, share);
    for (size_t j = 0; j < m; j++) {
        struct vec row = mat_row(&p->turned, j);
        double largest, total;

        for (size_t i = 0; i < m; i++)
            row.x[i] = (p->f.x[i] - cost->a[j * m + i]) / eps;
        largest = vec_max(&row);
        for (size_t i = 0; i < m; i++)
            row.x[i] -= largest;
        sinkhorn_kernel_exp(row.x, row.x, m);
        total = vec_sum(&row);
        p->g.x[j] = -eps * (largest + rng_log(total * share));
        vec_scale(&row, share / total);
        vec_axpy(&p->slope, -1, &row);
    }
    p->value = share * (vec_sum(&p->f) + vec_sum(&p->g));
    p->error = 0;
    for (size_t i = 0; i < m; i++)
        p->error += fabs(p->slope.x[i]);
}

/* f_i gains eps log((1/m) / r_i): the other half of a sweep of Sinkhorn. */
static void sweep(struct point *next, const struct point *p, double eps)
{
    const double share = 1 / (double)p->f.n;

    for (size_t i = 0; i < p->f.n; i++) {
        const double r = share - p->slope.x[i];

        next->f.x[i] = p->f.x[i] + (r > 0 ? eps * rng_log(share / r) : 0);
    }
}

/* H step = slope in place of both, H symmetric positive definite by Cholesky; 0 where it is not.
 * Plain loops, as everything here, for the same bits on every CPU. */
static int solve(struct mat *h, struct vec *step)
{
    const size_t m = step->n;

    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = h->a[i * m + j];

            for (size_t k = 0; k < j; k++)
                sum -= h->a[i * m + k] * h->a[j * m + k];
            if (i == j && !(sum > 0))
                return 0;
            h->a[i * m + j] = i == j ? sqrt(sum) : sum / h->a[j * m + j];
        }
        for (size_t k = 0; k < i; k++)
            step->x[i] -= h->a[i * m + k] * step->x[k];
        step->x[i] /= h->a[i * m + i];
    }
    for (size_t i = m; i-- > 0;) {
        for (size_t k = i + 1; k < m; k++)
            step->x[i] -= h->a[k * m + i] * step->x[k];
        step->x[i] /= h->a[i * m + i];
    }
    return 1;
}

/* step = (-phi'')^-1 slope; the constant vector, along which phi does not change, is given the
 * curvature 1 / (m eps), and rounding a floor. */
static int newton_direction(struct vec *step, struct mat *h, const struct point *p, double eps)
{
    const size_t m = p->f.n;
    const double share = 1 / (double)m;

    for (size_t i = 0; i < m * m; i++)
        h->a[i] = share * share / eps;
    for (size_t j = 0; j < m; j++)
        for (size_t i = 0; i < m; i++)
            for (size_t k = 0; k <= i; k++)
                h->a[i * m + k] -= (double)m / eps * p->turned.a[j * m + i] *
                                   p->turned.a[j * m + k];
    for (size_t i = 0; i < m; i++)
        h->a[i * m + i] += (share - p->slope.x[i]) / eps + 1e-14 * share / eps;
    vec_set(step, &p->slope);
    return solve(h, step);
}

/* Leaves a better point in *next, or returns 0. */
static int newton(struct point *next, struct vec *step, struct mat *hessian, const struct point *p,
                  const struct mat *cost, double eps)
{
    double t = 1;

    if (!newton_direction(step, hessian, p, eps))
        return 0;
    const double growth = vec_dot(step, &p->slope);

    for (size_t k = 0; k < most_halvings; k++, t /= 2) {
        vec_set(&next->f, &p->f);
        vec_axpy(&next->f, t, step);
        evaluate(next, cost, eps);
        if (next->value >= p->value + sufficient * t * growth && next->error < 0.999 * p->error)
            return 1;
        if (next->error <= 0.5 * p->error)
            return 1;
    }
    return 0;
}

enum status entropic_cloud_solve(struct entropic_cloud *out, struct arena *mem,
                                 const struct mat *x, const struct mat *y, double eps,
                                 double tolerance)
{
    const size_t m = x->rows;
    struct mat cost;

    CHECK(y->rows == m && eps > 0 && tolerance > 0, "%zu and %zu points, eps %g, tolerance %g", m,
          y->rows, eps, tolerance);
    *out = (struct entropic_cloud){0};
    TRY(cost_squared(mem, y, x, &cost));

    struct point p = make_point(mem, m), next = make_point(mem, m);
    struct mat hessian = mat_zero(mem, m, m);
    struct vec step = vec_zero(mem, m);

    evaluate(&p, &cost, eps);
    while (!(p.error <= tolerance) && out->sweeps + out->newton < most_steps) {
        const struct point last = p;

        if (out->sweeps >= first_sweeps && newton(&next, &step, &hessian, &p, &cost, eps)) {
            out->newton++;
        } else {
            sweep(&next, &p, eps);
            evaluate(&next, &cost, eps);
            out->sweeps++;
        }
        p = next;
        next = last;
    }
    out->value = p.value;
    out->marginal_error = p.error;
    out->f = p.f;
    out->g = p.g;
    out->plan = mat_transpose(mem, &p.turned);
    if (!(p.error <= tolerance))
        return status_set(STATUS_NO_CONVERGENCE, "entropic transport: marginal error %g after %zu "
                          "sweeps and %zu Newton steps", p.error, out->sweeps, out->newton);
    return STATUS_OK;
}

static enum status plain(size_t *sweeps, struct arena *mem, const struct mat *x,
                         const struct mat *y, double eps, double tolerance, size_t most)
{
    struct mat cost;

    if (arena_guard(mem))
        return STATUS_MEMORY;
    TRY(cost_squared(mem, y, x, &cost));

    struct point p = make_point(mem, x->rows), next = make_point(mem, x->rows);

    *sweeps = 0;
    evaluate(&p, &cost, eps);
    while (!(p.error <= tolerance) && *sweeps < most) {
        const struct point last = p;

        sweep(&next, &p, eps);
        evaluate(&next, &cost, eps);
        (*sweeps)++;
        p = next;
        next = last;
    }
    return STATUS_OK;
}

enum status entropic_cloud_sweeps(size_t *sweeps, const struct mat *x, const struct mat *y,
                                  double eps, double tolerance, size_t most)
{
    struct arena mem = {0};
    const enum status status = plain(sweeps, &mem, x, y, eps, tolerance, most);

    arena_free(&mem);
    return status;
}
