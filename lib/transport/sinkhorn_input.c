/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_input: see sinkhorn_input.h. */
#include "transport/sinkhorn_input.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "transport/sinkhorn_kernel.h"

static const double negligible_weight = 1e-100; /* relative to m: plan entries stay normal */
static const double mass_tolerance = 1e-5;      /* relative; rounding of float weights is below */

static enum status check_weights(const struct vec *w, size_t n, const char *name, double *mass)
{
    if (w->n != n)
        return status_set(STATUS_USAGE, "%zu weights %s for %zu points", w->n, name, n);
    const size_t bad = vec_first_not_finite(w);
    if (bad < n)
        return status_set(STATUS_DIVERGED, "weight %s[%zu] is %g", name, bad, w->x[bad]);
    for (size_t i = 0; i < n; i++)
        if (w->x[i] < 0.0)
            return status_set(STATUS_USAGE, "weight %s[%zu] = %g is negative", name, i, w->x[i]);
    *mass = vec_sum(w);
    if (!(*mass > 1e-150 && *mass < 1e150))
        return status_set(STATUS_USAGE, "the weights %s have sum %g", name, *mass);
    return STATUS_OK;
}

enum status sinkhorn_input_cost(const struct mat *cost, double *lowest, double *highest)
{
    const size_t size = cost->rows * cost->cols;

    *lowest = (double)INFINITY;
    *highest = -(double)INFINITY;
    if (!sinkhorn_kernel_range(cost->a, size, lowest, highest)) {
        size_t i = 0;
        while (i + 1 < size && cost->a[i] > -(double)INFINITY)
            i++;
        return status_set(STATUS_DIVERGED, "cost (%zu, %zu) is %g", i / cost->cols,
                          i % cost->cols, cost->a[i]);
    }
    if (!(*lowest <= *highest))
        return status_set(STATUS_USAGE, "no plan exists: every entry is forbidden");
    return STATUS_OK;
}

static enum status check_options(const struct sinkhorn_options *o, size_t n)
{
    if (!(o->eps > 0.0 && o->eps < (double)INFINITY))
        return status_set(STATUS_USAGE, "eps = %g, expected a positive number", o->eps);
    if (!(o->tolerance >= 0.0))
        return status_set(STATUS_USAGE, "tolerance = %g is not positive", o->tolerance);
    if (!(o->scaling >= 0.0 && o->scaling < 1.0))
        return status_set(STATUS_USAGE, "scaling = %g is not between 0 and 1", o->scaling);
    if (o->f != NULL && o->f->n != n)
        return status_set(STATUS_USAGE, "%zu initial potentials for %zu rows", o->f->n, n);
    if (o->f != NULL && vec_first_not_finite(o->f) < n)
        return status_set(STATUS_DIVERGED, "an initial potential is not finite");
    return STATUS_OK;
}

/* Weights into the solver: negligible ones dropped, the rest scaled to the mass. */
static void take_weights(struct vec *out, struct vec *log_out, const struct vec *w, double mass,
                         double unit)
{
    for (size_t i = 0; i < w->n; i++)
        out->x[i] = w->x[i] > negligible_weight * mass ? w->x[i] : 0.0;
    vec_scale(out, mass / vec_sum(out)); /* x / x = 1 exactly */
    for (size_t i = 0; i < w->n; i++)
        log_out->x[i] = out->x[i] > 0.0 ? rng_log(out->x[i] / unit) : -(double)INFINITY;
}

enum status sinkhorn_input_support(const struct sinkhorn_solver *s)
{
    double *const reach = s->scratch; /* k: mass that may go to a column */

    memset(reach, 0, s->k * sizeof *reach);
    for (size_t i = 0; i < s->n; i++) {
        const double *c = s->cost->a + i * s->k;
        double open = 0.0;
        for (size_t j = 0; j < s->k; j++)
            if (c[j] < (double)INFINITY) {
                open += s->b.x[j];
                reach[j] += s->a.x[i];
            }
        if (s->a.x[i] > 0.0 && !(open > 0.0))
            return status_set(STATUS_USAGE, "no plan exists: row %zu may go nowhere", i);
    }
    for (size_t j = 0; j < s->k; j++)
        if (s->b.x[j] > 0.0 && !(reach[j] > 0.0))
            return status_set(STATUS_USAGE, "no plan exists: nothing may go to column %zu", j);
    return STATUS_OK;
}

static void allocate(struct sinkhorn_solver *s, struct arena *mem)
{
    struct vec *const of_rows[] = {&s->a, &s->log_a, &s->u, &s->alpha, &s->f};
    struct vec *const of_columns[] = {
        &s->b,    &s->log_b,    &s->v,         &s->beta,  &s->g,     &s->t,
        &s->step, &s->residual, &s->direction, &s->image, &s->before};

    for (size_t i = 0; i < sizeof of_rows / sizeof of_rows[0]; i++)
        *of_rows[i] = vec_zero(mem, s->n);
    for (size_t i = 0; i < sizeof of_columns / sizeof of_columns[0]; i++)
        *of_columns[i] = vec_zero(mem, s->k);
    s->scratch = arena_get(mem, 2 * (s->n + s->k), sizeof *s->scratch);
    s->plan = mat_zero(mem, s->n, s->k);
}

enum status sinkhorn_input_take(struct sinkhorn_solver *s, const struct sinkhorn_problem *p,
                                const struct sinkhorn_options *o, struct arena *mem)
{
    double mass_b = 0.0;

    *s = (struct sinkhorn_solver){.n = p->cost->rows, .k = p->cost->cols, .cost = p->cost};
    if (s->n == 0 || s->k == 0)
        return status_set(STATUS_USAGE, "a cost of %zu x %zu", s->n, s->k);
    TRY(check_options(o, s->n));
    TRY(check_weights(p->a, s->n, "a", &s->mass));
    TRY(check_weights(p->b, s->k, "b", &mass_b));
    if (!(fabs(s->mass - mass_b) <= mass_tolerance * s->mass))
        return status_set(STATUS_USAGE, "the weights a have sum %.9g, b %.9g", s->mass, mass_b);
    TRY(sinkhorn_input_cost(p->cost, &s->lowest, &s->highest));
    allocate(s, mem);
    take_weights(&s->a, &s->log_a, p->a, s->mass, 1.0);
    take_weights(&s->b, &s->log_b, p->b, s->mass, s->mass);
    s->eps = o->eps;
    s->tolerance = (o->tolerance > 0.0 ? o->tolerance : 1e-9) * s->mass;
    s->max_sweeps = o->max_iterations > 0 ? o->max_iterations : 100000;
    s->scaling = o->scaling > 0.0 ? o->scaling : 0.25;
    if (o->f != NULL)
        vec_set(&s->f, o->f);
    return sinkhorn_input_support(s);
}
