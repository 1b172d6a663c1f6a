/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_proximal: see sinkhorn.h. */
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "transport/sinkhorn_answer.h"
#include "transport/sinkhorn_input.h"

static enum status check_previous(const struct mat *previous, const struct mat *cost)
{
    if (previous->rows != cost->rows || previous->cols != cost->cols)
        return status_set(STATUS_USAGE, "a previous plan of %zu x %zu for a cost of %zu x %zu",
                          previous->rows, previous->cols, cost->rows, cost->cols);
    for (size_t i = 0; i < cost->rows * cost->cols; i++)
        if (!(previous->a[i] >= 0.0 && previous->a[i] < (double)INFINITY))
            return status_set(STATUS_DIVERGED, "entry (%zu, %zu) of the previous plan is %g",
                              i / cost->cols, i % cost->cols, previous->a[i]);
    return STATUS_OK;
}

enum status sinkhorn_proximal(struct sinkhorn_result *result,
                              const struct sinkhorn_problem *problem, const struct mat *previous,
                              const struct sinkhorn_options *options, struct arena *mem)
{
    struct sinkhorn_solver s;

    TRY(check_previous(previous, problem->cost));
    TRY(sinkhorn_input_take(&s, problem, options, mem));
    struct mat cost = mat_copy(mem, problem->cost);
    for (size_t i = 0; i < s.n * s.k; i++) {
        const double q = previous->a[i], log_a = s.log_a.x[i / s.k], log_b = s.log_b.x[i % s.k];
        if (q >= 1e-300 && log_a > -(double)INFINITY && log_b > -(double)INFINITY)
            cost.a[i] -= options->eps * (rng_log(q) - log_a - log_b);
        else
            cost.a[i] = (double)INFINITY;
    }
    s.cost = &cost;
    TRY(sinkhorn_input_cost(&cost, &s.lowest, &s.highest));
    TRY(sinkhorn_input_support(&s));
    sinkhorn_solver_run(&s, options->f != NULL);
    sinkhorn_solver_settle(&s);
    return sinkhorn_answer_finish(result, &s, problem->cost, options->raw);
}

/* W = C + mu (P - previous) - L log(P / R), where log(P / R) = (f + g - W) / (eps + L) of the last
 * solve; W infinite where C is. */
static void linearise(struct mat *w, const struct sinkhorn_solver *s, const struct mat *cost,
                      const struct mat *previous, double mu, double ell)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->k; j++) {
            const size_t e = i * s->k + j;
            if (!(cost->a[e] < (double)INFINITY))
                continue;
            const double log_ratio = (s->f.x[i] + s->g.x[j] - w->a[e]) / s->eps;
            w->a[e] = cost->a[e] + mu * (s->plan.a[e] - previous->a[e]) - ell * log_ratio;
        }
}

/* max_ij min(a_i, b_j) <= min(max a, max b). */
static double largest_entry(const struct sinkhorn_solver *s)
{
    return fmin(vec_max(&s->a), vec_max(&s->b));
}

/* Outer steps until the plan moves by at most 10 tolerance m; the last plan is in z. */
static int outer_steps(struct sinkhorn_solver *s, struct mat *w, struct mat *z,
                       const struct mat *cost, const struct mat *previous, double mu, double ell,
                       size_t max_steps)
{
    int warm = 0;

    for (size_t step = 0; step < max_steps && s->sweeps < s->max_sweeps; step++) {
        double moved = 0.0;
        sinkhorn_solver_run(s, warm);
        sinkhorn_solver_settle(s);
        for (size_t e = 0; e < s->n * s->k; e++)
            moved += fabs(s->plan.a[e] - z->a[e]);
        mat_set(z, &s->plan);
        warm = 1;
        if (moved <= 10.0 * s->tolerance)
            return 1;
        linearise(w, s, cost, previous, mu, ell);
    }
    return 0;
}

/* mu/2 |Z - previous|^2 into *value, and <mu (Z - previous), Z> returned. */
static double quadratic_term(const struct mat *z, const struct mat *previous, double mu,
                             double *value)
{
    double inner = 0.0;

    *value = 0.0;
    for (size_t e = 0; e < z->rows * z->cols; e++) {
        const double d = z->a[e] - previous->a[e];
        *value += 0.5 * mu * d * d;
        inner += mu * d * z->a[e];
    }
    return inner;
}

enum status sinkhorn_quadratic(struct sinkhorn_result *result,
                               const struct sinkhorn_problem *problem, const struct mat *previous,
                               double mu, size_t max_steps,
                               const struct sinkhorn_options *options, struct arena *mem)
{
    struct sinkhorn_solver s;
    double value = 0.0;

    CHECK(max_steps >= 1, "%zu outer steps", max_steps);
    if (!(mu >= 0.0 && mu < (double)INFINITY))
        return status_set(STATUS_USAGE, "mu = %g, expected a number that is not negative", mu);
    TRY(check_previous(previous, problem->cost));
    TRY(sinkhorn_input_take(&s, problem, options, mem));
    struct mat w = mat_copy(mem, problem->cost), z = mat_zero(mem, s.n, s.k);
    const double bend = mu * largest_entry(&s), ell = 2.0 * bend <= options->eps ? 0.0 : bend;

    s.cost = &w; /* the first of the outer steps has no quadratic term */
    s.eps = options->eps + ell;
    const int settled = outer_steps(&s, &w, &z, problem->cost, previous, mu, ell, max_steps);

    /* The lower bound: quadratic term linearised at Z, its problem solved at eps. */
    s.eps = options->eps;
    linearise(&w, &s, problem->cost, previous, mu, 0.0);
    TRY(sinkhorn_input_cost(&w, &s.lowest, &s.highest));
    sinkhorn_solver_run(&s, 1);
    sinkhorn_solver_settle(&s);
    const struct vec entries = mat_flat(&s.plan);
    const double bound =
        sinkhorn_answer_dual(&s, vec_sum(&entries)) - quadratic_term(&z, previous, mu, &value);
    mat_set(&s.plan, &z);
    s.cost = problem->cost;
    enum status status = sinkhorn_answer_finish(result, &s, NULL, options->raw);
    result->report.dual = bound + value;
    (void)quadratic_term(&s.plan, previous, mu, &value);
    result->report.primal += value;
    if (status == STATUS_OK && !settled)
        status = status_set(STATUS_NO_CONVERGENCE,
                            "the quadratic proximal step still moved after %zu outer steps",
                            max_steps);
    result->report.status = status;
    return status;
}
