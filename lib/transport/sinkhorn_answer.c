/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_answer: see sinkhorn_answer.h. */
#include "transport/sinkhorn_answer.h"

#include <math.h>

#include "transport/sinkhorn_kernel.h"

/* L1 error over both marginals of the plan; rows: row sums, columns: column sums. */
static double marginal_error(const struct sinkhorn_solver *s, struct vec *rows,
                             struct vec *columns)
{
    double error = 0.0;

    vec_fill(columns, 0.0);
    for (size_t i = 0; i < s->n; i++) {
        const struct vec row = mat_row(&s->plan, i);
        rows->x[i] = vec_sum(&row);
        error += fabs(rows->x[i] - s->a.x[i]);
        vec_axpy(columns, 1.0, &row);
    }
    for (size_t j = 0; j < s->k; j++)
        error += fabs(columns->x[j] - s->b.x[j]);
    return error;
}

/* <C, P> over the allowed entries. */
static double plan_cost(const struct mat *cost, const struct mat *plan)
{
    struct vec_adder sum = {.n = 0};

    for (size_t i = 0; i < plan->rows; i++) {
        double row = 0.0;
        for (size_t j = 0; j < plan->cols; j++) {
            const double p = plan->a[i * plan->cols + j];
            row += p > 0.0 ? p * cost->a[i * plan->cols + j] : 0.0;
        }
        vec_adder_add(&sum, row);
    }
    return vec_adder_total(&sum);
}

/* KL(P | R) = sum P log P - sum_i r_i log a_i - sum_j c_j log (b_j / m) - sum P + m. */
static double divergence_from_product(const struct sinkhorn_solver *s, const struct vec *rows,
                                      const struct vec *columns)
{
    double kl = s->mass - vec_sum(rows);

    kl += sinkhorn_kernel_entropy(s->plan.a, s->n * s->k);
    for (size_t i = 0; i < s->n; i++)
        kl -= rows->x[i] > 0.0 ? rows->x[i] * s->log_a.x[i] : 0.0;
    for (size_t j = 0; j < s->k; j++)
        kl -= columns->x[j] > 0.0 ? columns->x[j] * s->log_b.x[j] : 0.0;
    return kl;
}

double sinkhorn_answer_dual(const struct sinkhorn_solver *s, double raw_mass)
{
    return vec_dot(&s->a, &s->f) + vec_dot(&s->b, &s->g) - s->eps * (raw_mass - s->mass);
}

/* Of a feasible plan KL(P | R) is at most the entropy of b, for that of P is at least that of a; so
 * none has a value above m max C - eps sum_j b_j log(b_j / m). */
static int proves_infeasible(const struct sinkhorn_solver *s, double dual)
{
    const double highest = s->mass * s->highest;
    double entropy = 0.0;

    for (size_t j = 0; j < s->k; j++)
        entropy -= s->b.x[j] > 0.0 ? s->b.x[j] * s->log_b.x[j] : 0.0;
    const double room = 1e-6 * (fabs(highest) + s->eps * (entropy + s->mass));

    return dual > highest + s->eps * entropy + room;
}

static enum status verdict(const struct sinkhorn_solver *s, const struct sinkhorn_result *r)
{
    if (r->raw_error <= s->tolerance)
        return STATUS_OK;
    if (proves_infeasible(s, r->report.dual))
        return status_set(STATUS_USAGE, "no plan exists between the allowed entries");
    return status_set(STATUS_NO_CONVERGENCE,
                      "Sinkhorn stopped after %zu sweeps with marginal error %.3g, wanted %.3g",
                      s->sweeps, r->raw_error, s->tolerance);
}

enum status sinkhorn_answer_finish(struct sinkhorn_result *r, struct sinkhorn_solver *s,
                                   const struct mat *cost, int raw)
{
    struct vec *const rows = &s->u, *const columns = &s->v; /* the scalings are used up */

    *r = (struct sinkhorn_result){.f = s->f, .g = s->g, .plan = s->plan};
    r->raw_error = r->report.marginal_error = marginal_error(s, rows, columns);
    r->report.dual = sinkhorn_answer_dual(s, vec_sum(rows));
    if (!raw) {
        r->rounded = sinkhorn_round(&s->plan, &s->a, &s->b, s->cost, s->scratch) == STATUS_OK;
        r->report.marginal_error = marginal_error(s, rows, columns);
    }
    r->cost = plan_cost(s->cost, &s->plan);
    r->report.primal = r->cost + s->eps * divergence_from_product(s, rows, columns);
    if (cost != NULL)
        r->cost = plan_cost(cost, &s->plan);
    r->report.iterations = s->sweeps;
    r->report.status = verdict(s, r);
    return r->report.status;
}
