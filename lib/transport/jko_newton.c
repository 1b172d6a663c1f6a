/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jko_newton: see jko.h. */
#include <math.h>

#include "base/check.h"
#include "linalg/lapack.h"
#include "transport/jko.h"
#include "transport/jko_kernel.h"
#include "transport/jko_step.h"

static const double inf = (double)INFINITY;

/* ---- damped Newton on a convex function of u whose Hessian is at least I ---- */

struct objective {
    double (*value)(struct jko *s, const struct vec *u);  /* leaves in s what the next two read */
    void (*gradient)(struct jko *s, const struct vec *u); /* into s->gradient, p into s->mass */
    void (*hessian)(struct jko *s);                       /* into s->hessian */
};

/* hessian = factor M diag(weight) M^T + beta hessian for M (N x G), weight >= 0. */
static void add_weighted_gram(struct jko *s, double factor, const struct mat *m,
                              const struct vec *weight, double beta)
{
    for (size_t k = 0; k < s->N; k++)
        for (size_t g = 0; g < s->G; g++)
            s->wide[0].a[k * s->G + g] = m->a[k * s->G + g] * sqrt(weight->x[g]);
    mat_gram(&s->hessian, factor, &s->wide[0], MAT_AS_IS, beta);
}

/* Halves the step until the value falls by 1e-4 of what the slope promises, up to rounding.
 * Returns 0 when no step does. u and s hold the accepted point. */
static int line_search(struct jko *s, const struct objective *f, struct vec *u, double *value,
                       double decrement)
{
    const double slack = 4e-15 * (1 + fabs(*value));

    for (double t = 1; t > 1e-10; t /= 2) {
        vec_set(&s->trial, u);
        vec_axpy(&s->trial, -t, &s->step);
        const double reached = f->value(s, &s->trial);

        if (reached <= *value - 1e-4 * t * decrement + slack) {
            vec_set(u, &s->trial);
            *value = reached;
            return 1;
        }
    }
    *value = f->value(s, u);
    return 0;
}

/* Ends when |gradient|_inf <= tolerance (1 + |y|_inf), or when the value is at its minimum to
 * rounding and the gradient has stopped falling. */
static enum status descend(struct jko *s, const struct objective *f, struct vec *u,
                           double tolerance, size_t most, size_t *iterations)
{
    const double enough = tolerance * (1 + vec_max_abs(&s->y));
    double value = f->value(s, u), last = inf;

    if (!(fabs(value) < inf))
        return status_set(STATUS_DIVERGED, "JKO step: the start has the value %g", value);
    for (*iterations = 0;; ++*iterations) {
        f->gradient(s, u);
        const double size = vec_max_abs(&s->gradient);

        if (size <= enough)
            return STATUS_OK;
        if (*iterations == most)
            return status_set(STATUS_NO_CONVERGENCE,
                              "JKO step: gradient %.3g after %zu Newton steps", size, most);
        f->hessian(s);
        vec_set(&s->step, &s->gradient);
        TRY(lapack_cholesky(&s->hessian));
        TRY(lapack_cholesky_solve(&s->hessian, &s->step));
        const double decrement = vec_dot(&s->gradient, &s->step);
        const int at_rounding = decrement <= 1e-16 * (1 + fabs(value));

        if (at_rounding && size > 0.25 * last)
            return STATUS_OK;
        if (!line_search(s, f, u, &value, decrement)) {
            f->gradient(s, u);
            return at_rounding ? STATUS_OK
                               : status_set(STATUS_NO_CONVERGENCE,
                                            "JKO step: no descent at gradient %.3g", size);
        }
        last = size;
    }
}

/* ---- the KL-prox ---- */

/* 1/2 |u|^2 + <y, u> + 1/sigma sum p, p = r exp(-sigma A^T u) */
static double prox_value(struct jko *s, const struct vec *u)
{
    jko_step_set_a(s, u);
    for (size_t g = 0; g < s->G; g++)
        s->mass.x[g] = exp(s->log_r.x[g] + s->log_a.x[g]);
    return 0.5 * vec_dot(u, u) + vec_dot(&s->y, u) + vec_sum(&s->mass) / s->sigma;
}

/* I + sigma A diag(p) A^T */
static void prox_hessian(struct jko *s)
{
    add_weighted_gram(s, s->sigma, &s->a, &s->mass, 0);
    mat_add_diagonal(&s->hessian, 1);
}

static const struct objective prox = {prox_value, jko_step_gradient, prox_hessian};

enum status jko_prox(struct jko *s, struct vec *p, struct vec *u, const struct vec *log_r,
                     double tolerance)
{
    size_t iterations;

    CHECK(p->n == s->G && u->n == s->N && log_r->n == s->G, "p %zu, u %zu, r %zu", p->n, u->n,
          log_r->n);
    if (log_r->x != s->log_r.x)
        vec_set(&s->log_r, log_r);
    TRY(descend(s, &prox, u, tolerance, 100, &iterations));
    vec_set(p, &s->mass);
    return STATUS_OK;
}

/* ---- Newton on H ---- */

/* p = a . xi b, u + y - A p */
static void dual_gradient(struct jko *s, const struct vec *u)
{
    jko_step_set_b(s);
    jko_kernel_apply_again(s, &s->log_b, &s->log_r);
    for (size_t g = 0; g < s->G; g++)
        s->mass.x[g] = exp(s->log_a.x[g] + s->log_r.x[g]);
    jko_step_gradient(s, u);
}

/* Row k of B by log-sum-exp: A_k - low_k >= 0 has a logarithm. */
static void mean_by_logs(struct jko *s, size_t k)
{
    struct vec in = mat_row(&s->wide[0], k), out = mat_row(&s->mean, k);

    for (size_t g = 0; g < s->G; g++)
        in.x[g] = s->log_a.x[g] + log(s->a.a[k * s->G + g] - s->low.x[k]);
    jko_kernel_logs(s, &in, &out);
    for (size_t g = 0; g < s->G; g++)
        out.x[g] = s->log_q.x[g] > -inf ? s->low.x[k] + exp(out.x[g] - s->log_s.x[g]) : 0;
}

/* B_kj = (xi (a . A_k))_j / (xi a)_j, rows of A smoothed all at once. */
static void mean_by_matrices(struct jko *s)
{
    jko_kernel_tops(s, &s->log_a);
    for (size_t g = 0; g < s->G; g++)
        s->smooth[0].x[g] = exp(s->log_a.x[g] - s->top.x[g]);
    for (size_t k = 0; k < s->N; k++)
        for (size_t g = 0; g < s->G; g++)
            s->wide[0].a[k * s->G + g] = s->a.a[k * s->G + g] * s->smooth[0].x[g];
    const double *smoothed = jko_kernel_multiply(s, s->wide[0].a, s->wide[1].a, s->N);

    for (size_t g = 0; g < s->G; g++)
        s->smooth[1].x[g] = s->log_q.x[g] > -inf ? exp(s->top.x[g] - s->log_s.x[g]) : 0;
    for (size_t k = 0; k < s->N; k++)
        for (size_t g = 0; g < s->G; g++)
            s->mean.a[k * s->G + g] = smoothed[k * s->G + g] * s->smooth[1].x[g];
}

/* I + sigma (A diag(p) A^T - B diag(q) B^T) */
static void dual_hessian(struct jko *s)
{
    if (s->underflow)
        for (size_t k = 0; k < s->N; k++)
            mean_by_logs(s, k);
    else
        mean_by_matrices(s);
    for (size_t g = 0; g < s->G; g++)
        s->smooth[0].x[g] = exp(s->log_q.x[g]);
    add_weighted_gram(s, s->sigma, &s->a, &s->mass, 0);
    add_weighted_gram(s, -s->sigma, &s->mean, &s->smooth[0], 1);
    mat_add_diagonal(&s->hessian, 1);
}

static const struct objective dual = {jko_step_dual, dual_gradient, dual_hessian};

enum status jko_newton(struct jko *s, struct vec *p, struct vec *u, const struct vec *q,
                       double tolerance, size_t most, struct jko_report *report)
{
    const enum status ready = jko_step_begin(s, p, u, q, report);
    size_t *iterations = &report->transport.iterations;

    if (ready != STATUS_OK)
        return jko_step_end(s, ready, p, u, report);
    const enum status status = descend(s, &dual, u, tolerance, most, iterations);

    vec_set(p, &s->mass);
    return jko_step_end(s, status, p, u, report);
}
