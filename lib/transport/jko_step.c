/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jko_step: see jko_step.h. */
#include "transport/jko_step.h"

#include <math.h>

#include "base/check.h"
#include "transport/jko_kernel.h"

static const double inf = (double)INFINITY;

void jko_step_set_a(struct jko *s, const struct vec *u)
{
    mat_vec_add(&s->log_a, -s->sigma, &s->a, MAT_TRANSPOSED, u, 0);
}

void jko_step_set_b(struct jko *s)
{
    for (size_t g = 0; g < s->G; g++)
        s->log_b.x[g] = s->log_q.x[g] > -inf ? s->log_q.x[g] - s->log_s.x[g] : -inf;
}

void jko_step_gradient(struct jko *s, const struct vec *u)
{
    vec_set(&s->gradient, u);
    vec_axpy(&s->gradient, 1, &s->y);
    mat_vec_add(&s->gradient, -1, &s->a, MAT_AS_IS, &s->mass, 1);
}

double jko_step_mean(const struct jko *s, const struct vec *x)
{
    struct vec_adder sum = {0};

    for (size_t g = 0; g < s->G; g++)
        if (s->log_q.x[g] > -inf)
            vec_adder_add(&sum, exp(s->log_q.x[g]) * x->x[g]);
    return vec_adder_total(&sum);
}

double jko_step_dual(struct jko *s, const struct vec *u)
{
    jko_step_set_a(s, u);
    jko_kernel_apply(s, &s->log_a, &s->log_s, &s->log_q);
    return 0.5 * vec_dot(u, u) + vec_dot(&s->y, u) + jko_step_mean(s, &s->log_s) / s->sigma;
}

enum status jko_step_check_finite(const char *what, const struct vec *x)
{
    const size_t i = vec_first_not_finite(x);

    if (i < x->n)
        return status_set(STATUS_DIVERGED, "JKO step: %s, entry %zu is %g", what, i, x->x[i]);
    return STATUS_OK;
}

enum status jko_step_begin(struct jko *s, const struct vec *p, const struct vec *u,
                           const struct vec *q, struct jko_report *report)
{
    double total = 0;

    CHECK(p->n == s->G && u->n == s->N && q->n == s->G, "p %zu, u %zu, q %zu for G %zu, N %zu",
          p->n, u->n, q->n, s->G, s->N);
    *report = (struct jko_report){.applications = s->applications};
    TRY(jko_step_check_finite("q", q));
    TRY(jko_step_check_finite("u", u));
    for (size_t g = 0; g < s->G; g++) {
        if (q->x[g] < 0)
            return status_set(STATUS_USAGE, "JKO step: mass %g at grid point %zu", q->x[g], g);
        total += q->x[g];
        s->log_q.x[g] = log(q->x[g]);
    }
    if (!(total > 0 && total < inf))
        return status_set(STATUS_USAGE, "JKO step: the measure has mass %g", total);
    return STATUS_OK;
}

double jko_step_column_error(const struct jko *s)
{
    struct vec_adder sum = {0};

    for (size_t g = 0; g < s->G; g++)
        if (s->log_q.x[g] > -inf)
            vec_adder_add(&sum, fabs(exp(s->log_b.x[g] + s->log_s.x[g]) - exp(s->log_q.x[g])));
    return vec_adder_total(&sum);
}

/* gam (<pi, log pi> + <pi, c> / gam - mass) of pi = diag(a) xi diag(b), from its marginals. */
static double plan_value(struct jko *s, double *row_error, const struct vec *p)
{
    struct vec_adder sum = {0}, error = {0};

    for (size_t g = 0; g < s->G; g++) {
        const double row = exp(s->log_a.x[g] + s->log_r.x[g]);

        vec_adder_add(&sum, row * (s->log_a.x[g] - 1));
        vec_adder_add(&error, fabs(row - p->x[g]));
        if (s->log_b.x[g] > -inf)
            vec_adder_add(&sum, exp(s->log_b.x[g] + s->log_s.x[g]) * s->log_b.x[g]);
    }
    *row_error = vec_adder_total(&error);
    return s->gam * vec_adder_total(&sum);
}

enum status jko_step_end(struct jko *s, enum status status, const struct vec *p,
                         const struct vec *u, struct jko_report *report)
{
    struct transport_report *t = &report->transport;
    double row_error;

    t->status = status;
    report->applications = s->applications - report->applications;
    if (status != STATUS_OK && status != STATUS_NO_CONVERGENCE)
        return status;
    const double least = jko_step_dual(s, u);

    jko_kernel_apply_again(s, &s->log_b, &s->log_r);
    const double column = jko_step_column_error(s), plan = plan_value(s, &row_error, p);

    t->marginal_error = column + row_error;
    t->dual = -s->tau * least +
              s->gam * (jko_step_mean(s, &s->log_q) - exp(vec_log_sum_exp(&s->log_q)));
    vec_set(&s->gradient, &s->y);
    mat_vec_add(&s->gradient, 1, &s->a, MAT_AS_IS, p, -1); /* A p - y */
    t->primal = plan + 0.5 * s->tau * vec_dot(&s->gradient, &s->gradient);
    vec_axpy(&s->gradient, -1, u);
    report->residual = vec_max_abs(&s->gradient) / (1 + vec_max_abs(&s->y));
    return status;
}
