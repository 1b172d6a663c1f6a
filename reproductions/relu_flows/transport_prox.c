/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/transport_prox.h"

#include "base/check.h"
#include "relu_flows/entropic_cloud.h"
#include "relu_flows/proximal_search.h"
#include "transport/assignment.h"
#include "transport/cost.h"
#include "transport/sliced.h"

static const double marginal_tolerance = 1e-10; /* of entropic plans, total mass 1 */

/* g_i += factor sum_j P_ij (x_i - y_j). */
static void add_pull(struct mat *g, double factor, const struct mat *x, const struct mat *plan,
                     const struct mat *y)
{
    const size_t d = x->cols;

    for (size_t i = 0; i < x->rows; i++)
        for (size_t j = 0; j < y->rows; j++) {
            const double p = factor * plan->a[i * y->rows + j];

            for (size_t k = 0; k < d; k++)
                g->a[i * d + k] += p * (x->a[i * d + k] - y->a[j * d + k]);
        }
}

static enum status exact(struct transport_prox *t, struct arena *mem, double *value,
                         struct mat *gradient, const struct mat *v, const struct mat *w)
{
    const size_t m = v->rows, d = v->cols;
    struct assignment best;
    struct mat cost;

    TRY(cost_squared(mem, v, w, &cost));
    TRY(assignment_solve(mem, &cost, &best));
    t->solves += best.report.iterations;
    t->operations += (double)(m * m) * (double)(3 * d + 3 + best.report.iterations);
    *value = best.report.primal / (double)m;
    if (gradient == NULL)
        return STATUS_OK;
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < d; k++)
            gradient->a[i * d + k] +=
                2 / (double)m * (v->a[i * d + k] - w->a[best.column[i] * d + k]);
    return STATUS_OK;
}

/* m (2 d + 2 ceil(log2 m) + 2) for each cloud and direction, 2 m d for the gradient. */
static enum status sliced(struct transport_prox *t, double *value, struct mat *gradient,
                          const struct mat *v, const struct mat *w)
{
    const size_t L = t->directions.rows, m = v->rows, d = v->cols;
    size_t levels = 0;

    while (((size_t)1 << levels) < m)
        levels++;
    t->solves += L;
    t->operations += (double)(L * m) * (double)(2 * (2 * d + 2 * levels + 2) + 2 * d);
    return sliced_distance(value, gradient, v, w, &t->directions);
}

/* factor OT_eps(X, Y) is added to *value; the gradient in X gets `pull` times
 * sum_j P_ij (x_i - y_j). */
static enum status entropic(struct transport_prox *t, struct arena *mem, double factor, double pull,
                            double *value, struct mat *gradient, const struct mat *x,
                            const struct mat *y)
{
    const size_t m = x->rows, d = x->cols;
    struct entropic_cloud ot;

    TRY(entropic_cloud_solve(&ot, mem, x, y, t->eps, marginal_tolerance));
    t->solves += ot.sweeps + ot.newton;
    t->operations += (double)(m * m) * (double)(3 * d + 8 * (ot.sweeps + ot.newton + 1)) +
                     (double)(m * m * m) * (double)ot.newton * (4.0 / 3);
    *value += factor * ot.value;
    if (gradient != NULL) {
        add_pull(gradient, pull, x, &ot.plan, y);
        t->operations += (double)(m * m) * (double)(3 * d);
    }
    return STATUS_OK;
}

/* The part of D_g that depends on V. gradient holds zeros. */
static enum status moving(struct transport_prox *t, struct arena *mem, double *value,
                          struct mat *gradient, const struct mat *v, const struct mat *w)
{
    if (arena_guard(mem))
        return STATUS_MEMORY;
    *value = 0;
    t->evaluations++;
    if (t->kind == TRANSPORT_PROX_EXACT)
        return exact(t, mem, value, gradient, v, w);
    if (t->kind == TRANSPORT_PROX_SLICED)
        return sliced(t, value, gradient, v, w);
    TRY(entropic(t, mem, 1, 2, value, gradient, v, w));
    if (t->kind == TRANSPORT_PROX_BLURRED)
        return STATUS_OK;
    return entropic(t, mem, -0.5, -2, value, gradient, v, v);
}

/* The part that does not. */
static enum status resting(struct transport_prox *t, struct arena *mem, double *value,
                           const struct mat *w)
{
    if (arena_guard(mem))
        return STATUS_MEMORY;
    *value = 0;
    if (t->kind != TRANSPORT_PROX_ENTROPIC)
        return STATUS_OK;
    return entropic(t, mem, -0.5, 0, value, NULL, w, w);
}

enum part { MOVING, RESTING };

/* Sum over both signs, weighted by their share of the neurons. */
static enum status both_signs(struct transport_prox *t, enum part part, double *value,
                              struct mat *gradient, const struct mat *v, const struct mat *w)
{
    const size_t m = v->rows, first[2] = {0, t->positive};
    const size_t count[2] = {t->positive, m - t->positive};

    CHECK(t->positive <= m, "%zu positive neurons of %zu", t->positive, m);
    CHECK(w->rows == m && w->cols == v->cols, "V is %zu x %zu, W %zu x %zu", m, v->cols, w->rows,
          w->cols);
    *value = 0;
    for (size_t g = 0; g < 2; g++) {
        const double share = (double)count[g] / (double)m;
        const struct mat from = mat_rows(v, first[g], count[g]);
        const struct mat to = mat_rows(w, first[g], count[g]);
        struct mat part_gradient = from;
        struct arena mem = {0};
        double part_value;
        enum status status;

        if (count[g] == 0)
            continue;
        if (gradient != NULL) {
            struct vec flat;

            part_gradient = mat_rows(gradient, first[g], count[g]);
            flat = mat_flat(&part_gradient);
            vec_fill(&flat, 0);
        }
        status = part == MOVING ? moving(t, &mem, &part_value,
                                         gradient == NULL ? NULL : &part_gradient, &from, &to)
                                : resting(t, &mem, &part_value, &to);
        arena_free(&mem);
        TRY(status);
        *value += share * part_value;
        if (gradient != NULL) {
            struct vec flat = mat_flat(&part_gradient);

            vec_scale(&flat, share);
        }
    }
    return STATUS_OK;
}

enum status transport_prox_distance(struct transport_prox *t, double *value, struct mat *gradient,
                                    const struct mat *v, const struct mat *w)
{
    double rest;

    TRY(both_signs(t, MOVING, value, gradient, v, w));
    TRY(both_signs(t, RESTING, &rest, NULL, w, w));
    *value += rest;
    return STATUS_OK;
}

/* ---- the proximal point ---- */

struct moved {
    struct transport_prox *t;
    transport_prox_loss *loss;
    void *context;
    const struct mat *w;
    double gamma;
    struct mat *pull; /* m x d, scratch */
};

/* F(V) + D(V, W) / (2 gamma), without the part of D that rests, and its gradient. Too far away
 * there is no entropic plan. */
static enum status objective(void *context, double *value, struct mat *gradient,
                             const struct mat *v)
{
    const struct moved *s = context;
    struct vec flat = mat_flat(gradient);
    const struct vec pull = mat_flat(s->pull);
    double distance;

    *value = s->loss(s->context, v, gradient);
    TRY(both_signs(s->t, MOVING, &distance, s->pull, v, s->w));
    *value += distance / (2 * s->gamma);
    vec_axpy(&flat, 1 / (2 * s->gamma), &pull);
    return STATUS_OK;
}

enum status transport_prox_point(struct transport_prox *t, struct mat *v, const struct mat *w,
                                 transport_prox_loss *loss, void *context,
                                 const struct transport_prox_options *options, struct mat work[4],
                                 struct transport_prox_report *report)
{
    struct moved cloud = {t, loss, context, w, options->gamma, &work[3]};
    const struct proximal_search search = {objective, &cloud, options->gamma * (double)w->rows,
                                           options->tolerance, options->max_iterations};
    struct proximal_search_report found;
    const enum status status = proximal_search_run(&search, v, w, work, &found);
    double rest;

    *report = (struct transport_prox_report){found.iterations, found.residual, found.value};
    if (status != STATUS_OK && status != STATUS_NO_CONVERGENCE)
        return status;
    TRY(both_signs(t, RESTING, &rest, NULL, w, w));
    report->objective += rest / (2 * options->gamma);
    return status;
}

void transport_prox_directions(struct mat *out, struct rng *r, int frames)
{
    const size_t d = out->cols;

    for (size_t l = 0; l < out->rows; l++) {
        struct vec th = mat_row(out, l);

        sliced_direction(&th, r);
        /* Gram-Schmidt, twice: once is not enough where a draw is near the span of the others. */
        for (size_t pass = 0; frames && pass < 2; pass++) {
            for (size_t k = l - l % d; k < l; k++) {
                const struct vec other = mat_row(out, k);

                vec_axpy(&th, -vec_dot(&th, &other), &other);
            }
            vec_scale(&th, 1 / vec_norm(&th));
        }
    }
}
