/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_answer: see sinkhorn_answer.h. */
#include "transport/sinkhorn_answer.h"

#include <math.h>

#include "transport/sinkhorn_kernel.h"

/* Sums of a plan; its row and column sums lie in the solver's u and v, whose scalings are used
 * up. */
struct sums {
    double error;   /* L1 over both marginals */
    double cost;    /* <C, P> over the allowed entries */
    double entropy; /* sum P log P */
};

static double row_error(const struct sinkhorn_solver *s, size_t i)
{
    s->u.x[i] = sinkhorn_kernel_marginal(s->v.x, s->plan.a + i * s->k, s->k);
    return fabs(s->u.x[i] - s->a.x[i]);
}

static double column_error(const struct sinkhorn_solver *s)
{
    double error = 0.0;

    for (size_t j = 0; j < s->k; j++)
        error += fabs(s->v.x[j] - s->b.x[j]);
    return error;
}

static double marginal_error(struct sinkhorn_solver *s)
{
    double error = 0.0;

    vec_fill(&s->v, 0.0);
    for (size_t i = 0; i < s->n; i++)
        error += row_error(s, i);
    return error + column_error(s);
}

/* All of them in one pass. */
static struct sums sums_of(struct sinkhorn_solver *s, const struct mat *cost)
{
    struct vec_adder costs = {.n = 0}, entropies = {.n = 0};
    double error = 0.0;

    vec_fill(&s->v, 0.0);
    for (size_t i = 0; i < s->n; i++) {
        const double *p = s->plan.a + i * s->k;
        error += row_error(s, i);
        vec_adder_add(&costs, sinkhorn_kernel_cost(cost->a + i * s->k, p, s->k));
        vec_adder_add(&entropies, sinkhorn_kernel_entropy(p, s->k));
    }
    return (struct sums){error + column_error(s), vec_adder_total(&costs),
                         vec_adder_total(&entropies)};
}

static double plan_cost(const struct mat *cost, const struct mat *plan)
{
    struct vec_adder sum = {.n = 0};

    for (size_t i = 0; i < plan->rows; i++)
        vec_adder_add(&sum, sinkhorn_kernel_cost(cost->a + i * plan->cols,
                                                 plan->a + i * plan->cols, plan->cols));
    return vec_adder_total(&sum);
}

/* KL(P | R) = sum P log P - sum_i r_i log a_i - sum_j c_j log (b_j / m) - sum P + m. */
static double divergence_from_product(const struct sinkhorn_solver *s, double entropy)
{
    double kl = s->mass - vec_sum(&s->u) + entropy;

    for (size_t i = 0; i < s->n; i++)
        kl -= s->u.x[i] > 0.0 ? s->u.x[i] * s->log_a.x[i] : 0.0;
    for (size_t j = 0; j < s->k; j++)
        kl -= s->v.x[j] > 0.0 ? s->v.x[j] * s->log_b.x[j] : 0.0;
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
    struct sums sums = {.error = 0.0};

    *r = (struct sinkhorn_result){.f = s->f, .g = s->g, .plan = s->plan};
    if (raw)
        sums = sums_of(s, s->cost);
    r->raw_error = raw ? sums.error : marginal_error(s);
    r->report.dual = sinkhorn_answer_dual(s, vec_sum(&s->u));
    if (!raw) {
        r->rounded = sinkhorn_round(&s->plan, &s->a, &s->b, s->cost, s->scratch) == STATUS_OK;
        sums = sums_of(s, s->cost);
    }
    r->report.marginal_error = sums.error;
    r->cost = sums.cost;
    r->report.primal = r->cost + s->eps * divergence_from_product(s, sums.entropy);
    if (cost != NULL)
        r->cost = plan_cost(cost, &s->plan);
    r->report.iterations = s->sweeps;
    r->report.status = verdict(s, r);
    return r->report.status;
}
