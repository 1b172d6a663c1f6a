/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/distance_flow.h"

#include <math.h>

#include "base/check.h"

struct distance_flow distance_flow_make(struct arena *mem, const struct mat *start, size_t steps)
{
    struct distance_flow flow = {.steps = steps, .loss = vec_zero(mem, steps + 1),
                                 .path = arena_get(mem, steps + 1, sizeof *flow.path)};

    for (size_t k = 0; k <= steps; k++)
        flow.path[k] = mat_zero(mem, start->rows, start->cols);
    for (size_t k = 0; k < 4; k++)
        flow.work[k] = mat_zero(mem, start->rows, start->cols);
    mat_set(&flow.path[0], start);
    return flow;
}

enum status distance_flow_run(struct distance_flow *flow, struct transport_prox *t,
                              transport_prox_loss *loss, void *context,
                              const struct transport_prox_options *options,
                              struct rng *directions, int frames)
{
    struct transport_prox_report report;

    CHECK(t->kind != TRANSPORT_PROX_SLICED || directions != NULL, "no stream of directions");
    flow->residual = 0;
    flow->loss.x[0] = loss(context, &flow->path[0], &flow->work[0]);
    for (size_t k = 0; k < flow->steps; k++) {
        struct mat *next = &flow->path[k + 1];
        enum status status;

        if (t->kind == TRANSPORT_PROX_SLICED)
            transport_prox_directions(&t->directions, directions, frames);
        status = transport_prox_point(t, next, &flow->path[k], loss, context, options, flow->work,
                                      &report);
        if (status != STATUS_NO_CONVERGENCE)
            TRY(status);
        flow->residual = fmax(flow->residual, report.residual);
        flow->loss.x[k + 1] = loss(context, next, &flow->work[0]);
    }
    return STATUS_OK;
}

double distance_flow_no_loss(void *context, const struct mat *w, struct mat *gradient)
{
    struct vec all = mat_flat(gradient);

    (void)context;
    (void)w;
    vec_fill(&all, 0);
    return 0;
}

enum status distance_flow_between(double *distance, const struct mat *a, const struct mat *b,
                                  size_t positive)
{
    struct transport_prox exact = {.kind = TRANSPORT_PROX_EXACT, .positive = positive};
    double squared;

    TRY(transport_prox_distance(&exact, &squared, NULL, a, b));
    *distance = sqrt(squared);
    return STATUS_OK;
}

enum status distance_flow_ratio(double *ratio, const struct distance_flow *flow,
                                struct transport_prox *t)
{
    *ratio = 0;
    for (size_t k = 0; k < flow->steps; k++) {
        const struct mat *from = &flow->path[k], *to = from + 1;
        double value, w2;

        TRY(transport_prox_distance(t, &value, NULL, to, from));
        TRY(distance_flow_between(&w2, to, from, t->positive));
        *ratio += value / (w2 * w2) / (double)flow->steps;
    }
    return STATUS_OK;
}

/* Of rows first .. end - 1. */
static double spread_of(const struct mat *w, size_t first, size_t end)
{
    double sum = 0;

    for (size_t k = 0; k < w->cols; k++) {
        double mean = 0;

        for (size_t i = first; i < end; i++)
            mean += w->a[i * w->cols + k] / (double)(end - first);
        for (size_t i = first; i < end; i++)
            sum += (w->a[i * w->cols + k] - mean) * (w->a[i * w->cols + k] - mean);
    }
    return sum;
}

double distance_flow_spread(const struct mat *w, size_t positive)
{
    return spread_of(w, 0, positive) + spread_of(w, positive, w->rows);
}
