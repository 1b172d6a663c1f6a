/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jko_scaling: see jko.h. */
#include <math.h>

#include "transport/jko.h"
#include "transport/jko_kernel.h"
#include "transport/jko_step.h"

static const double inf = (double)INFINITY;

#define PROX_TOLERANCE 1e-13

static enum status unfinished(const struct jko *s, size_t iterations)
{
    return status_set(STATUS_NO_CONVERGENCE, "JKO step: marginal error %.3g after %zu scalings",
                      jko_step_column_error(s), iterations);
}

enum status jko_scaling(struct jko *s, struct vec *p, struct vec *u, const struct vec *q,
                        double tolerance, size_t most, struct jko_report *report)
{
    enum status status = jko_step_begin(s, p, u, q, report);
    size_t *l = &report->transport.iterations;

    if (status != STATUS_OK)
        return jko_step_end(s, status, p, u, report);
    const double enough = tolerance * exp(vec_log_sum_exp(&s->log_q));

    jko_step_set_a(s, u);
    jko_kernel_apply(s, &s->log_a, &s->log_s, &s->log_q);
    for (*l = 0; *l < most;) {
        jko_step_set_b(s);
        jko_kernel_apply_again(s, &s->log_b, &s->log_r);
        status = jko_prox(s, p, u, &s->log_r, PROX_TOLERANCE);
        if (status != STATUS_OK)
            return jko_step_end(s, status, p, u, report);
        ++*l;
        jko_kernel_apply(s, &s->log_a, &s->log_s, &s->log_q);
        if (jko_step_column_error(s) <= enough)
            return jko_step_end(s, STATUS_OK, p, u, report);
    }
    return jko_step_end(s, unfinished(s, most), p, u, report);
}

/* x = x last / now in logarithms, the correction of what changed; 1 without mass. */
static void correct(struct vec *x, const struct vec *last, const struct vec *now)
{
    for (size_t g = 0; g < x->n; g++)
        x->x[g] = now->x[g] > -inf ? x->x[g] + last->x[g] - now->x[g] : 0;
}

/* a' = a u, b' = q / (xi a'), u' = u a / a' with the odd u. The odd v would be b / b' and is never
 * read, for b' does not depend on it. */
static void dykstra_odd(struct jko *s)
{
    struct vec *const u = &s->correction[0];

    vec_set(&s->last, &s->log_a);
    vec_axpy(&s->log_a, 1, u);
    correct(u, &s->last, &s->log_a);
    jko_kernel_apply(s, &s->log_a, &s->log_s, &s->log_q);
    jko_step_set_b(s);
}

/* b' = b v, p = prox(a u . xi b'), a' = p / (xi b') = a u exp(-sigma A^T w) for w = A p - y,
 * u' = u a / a', v' = v b / b' with the even u and v. */
static enum status dykstra_even(struct jko *s, struct vec *p, struct vec *w)
{
    struct vec *const u = &s->correction[1], *const v = &s->correction[2];

    vec_set(&s->last, &s->log_b);
    vec_axpy(&s->log_b, 1, v);
    correct(v, &s->last, &s->log_b);
    jko_kernel_apply_again(s, &s->log_b, &s->log_r);
    vec_set(&s->last, &s->log_a);
    vec_set(&s->base, &s->log_a);
    vec_axpy(&s->base, 1, u);
    vec_axpy(&s->log_r, 1, &s->base);
    TRY(jko_prox(s, p, w, &s->log_r, PROX_TOLERANCE)); /* log_a = -sigma A^T w */
    vec_axpy(&s->log_a, 1, &s->base);
    correct(u, &s->last, &s->log_a);
    return STATUS_OK;
}

enum status jko_dykstra(struct jko *s, struct vec *p, struct vec *u, const struct vec *q,
                        double tolerance, size_t most, struct jko_report *report)
{
    enum status status = jko_step_begin(s, p, u, q, report);
    size_t *l = &report->transport.iterations;

    if (status != STATUS_OK)
        return jko_step_end(s, status, p, u, report);
    const double enough = tolerance * exp(vec_log_sum_exp(&s->log_q));

    for (size_t k = 0; k < 3; k++)
        vec_fill(&s->correction[k], 0);
    vec_fill(&s->log_a, 0);
    vec_fill(&s->log_b, 0);
    vec_fill(u, 0);
    for (*l = 0; *l < most;) {
        dykstra_odd(s);
        status = dykstra_even(s, p, u);
        if (status != STATUS_OK)
            return jko_step_end(s, status, p, u, report);
        ++*l;
        jko_kernel_apply(s, &s->log_a, &s->log_s, &s->log_q);
        if (jko_step_column_error(s) <= enough)
            return jko_step_end(s, STATUS_OK, p, u, report);
    }
    return jko_step_end(s, unfinished(s, most), p, u, report);
}
