/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/relu_flow.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "relu_flows/relu_subgradient.h"

enum { STEPS_MOST = 20000, HALVINGS = 60 };

/* A point this far on the wrong side of its kink, relative to its terms, is still on it. */
#define ROUNDING 1e-13

/* w' = -P_i (c_i / n) sum_{j on} e_j x_j on the pattern as it stands. */
static int field(double t, const double w[], double dw[], void *flow)
{
    struct relu_pattern *s = &((struct relu_flow *)flow)->pattern;
    const struct relu_data *data = s->net->data;
    const size_t n = data->n, d = data->d;

    (void)t;
    for (size_t j = 0; j < n; j++) {
        double sum = -data->y.x[j];

        for (size_t i = 0; i < s->net->m; i++)
            for (size_t k = 0; k < d && s->state[i * n + j] == RELU_ON; k++)
                sum += s->net->c.x[i] * w[i * d + k] * data->x.a[j * d + k];
        s->e.x[j] = sum;
    }
    for (size_t i = 0; i < s->net->m; i++) {
        double *g = dw + i * d;

        memset(g, 0, d * sizeof *g);
        for (size_t j = 0; j < n; j++)
            for (size_t k = 0; k < d && s->state[i * n + j] == RELU_ON; k++)
                g[k] -= s->net->c.x[i] * s->e.x[j] / (double)n * data->x.a[j * d + k];
        relu_pattern_project(s, i, g);
    }
    return GSL_SUCCESS;
}

enum status relu_flow_start(struct relu_flow *flow, struct arena *mem, struct relu_network *net,
                            struct mat *w, double tolerance)
{
    const size_t size = w->rows * w->cols, pairs = net->m * net->data->n;

    *flow = (struct relu_flow){.pattern = relu_pattern_make(mem, net), .tolerance = tolerance,
                               .step = 1e-3, .error = vec_zero(mem, size),
                               .old = vec_zero(mem, size), .state = arena_get(mem, pairs, 1),
                               .held = arena_get(mem, pairs, 1)};
    flow->stepper = gsl_odeiv2_step_alloc(gsl_odeiv2_step_rk8pd, size);
    flow->control = gsl_odeiv2_control_y_new(tolerance, 0);
    if (flow->stepper == NULL || flow->control == NULL)
        return status_set(STATUS_MEMORY, "no memory for the integration of %zu weights", size);
    relu_pattern_classify(&flow->pattern, w);
    relu_subgradient(&flow->pattern, w, w, (double)INFINITY);
    return STATUS_OK;
}

void relu_flow_free(struct relu_flow *flow)
{
    if (flow->stepper != NULL)
        gsl_odeiv2_step_free(flow->stepper);
    if (flow->control != NULL)
        gsl_odeiv2_control_free(flow->control);
    flow->stepper = flow->control = NULL;
}

/* One step of length h from flow->old on the pattern flow->state, flow->held; into w. */
static enum status try_step(struct relu_flow *flow, struct mat *w, double h)
{
    const size_t pairs = flow->pattern.h.rows * flow->pattern.h.cols;
    const gsl_odeiv2_system system = {field, NULL, flow->old.n, flow};

    memcpy(flow->pattern.state, flow->state, pairs);
    memcpy(flow->pattern.held, flow->held, pairs);
    memcpy(w->a, flow->old.x, flow->old.n * sizeof *w->a);
    if (gsl_odeiv2_step_apply(flow->stepper, flow->t, h, w->a, flow->error.x, NULL, NULL,
                              &system) != GSL_SUCCESS ||
        vec_first_not_finite(&(struct vec){flow->old.n, w->a}) < flow->old.n)
        return status_set(STATUS_DIVERGED, "gradient flow: weights not finite after t = %g",
                          flow->t);
    return STATUS_OK;
}

/* 1 when the pattern of the step does not hold at its end w: a pair changed sides, which becomes
 * its kink, or a kink is left (also by a neuron that rested there). The pattern is the one at w
 * afterwards. */
static int pattern_ends(struct relu_flow *flow, struct mat *w)
{
    struct relu_pattern *s = &flow->pattern;
    const struct mat *x = &s->net->data->x;
    const size_t n = x->rows, d = x->cols;
    int ends = 0;

    for (size_t i = 0; i < w->rows; i++)
        for (size_t j = 0; j < n; j++) {
            double h = 0, size = 0;

            for (size_t k = 0; k < d; k++) {
                h += w->a[i * d + k] * x->a[j * d + k];
                size += fabs(w->a[i * d + k] * x->a[j * d + k]);
            }
            if ((flow->state[i * n + j] == RELU_ON && h < -ROUNDING * size) ||
                (flow->state[i * n + j] == RELU_OFF && h > ROUNDING * size))
                ends = s->held[i * n + j] = 1;
        }
    for (size_t i = 0; i < w->rows && ends; i++)
        relu_pattern_project(s, i, w->a + i * d);
    relu_pattern_follow(s, w);
    relu_subgradient(s, w, w, (double)INFINITY);
    for (size_t k = 0; k < w->rows * n; k++)
        ends |= s->held[k] != flow->held[k] || s->state[k] != flow->state[k];
    return ends;
}

/* Cuts a step of length h where the pattern ends; returns its length. */
static double cut(struct relu_flow *flow, struct mat *w, double h, enum status *status)
{
    double before = 0, after = 1;

    for (size_t k = 0; k < HALVINGS && *status == STATUS_OK; k++) {
        const double middle = before + (after - before) / 2;

        *status = try_step(flow, w, middle * h);
        if (*status == STATUS_OK && pattern_ends(flow, w))
            after = middle;
        else
            before = middle;
    }
    if (*status == STATUS_OK)
        *status = try_step(flow, w, after * h);
    if (*status == STATUS_OK)
        pattern_ends(flow, w);
    return after * h;
}

enum status relu_flow_to(struct relu_flow *flow, struct mat *w, double t)
{
    const size_t pairs = flow->pattern.h.rows * flow->pattern.h.cols;

    CHECK(t >= flow->t, "to t = %g from %g", t, flow->t);
    while (flow->t < t) {
        const double h = fmin(flow->step, t - flow->t);
        const int last = !(h < t - flow->t);
        double next = h, length = h;
        enum status status;
        int change;

        memcpy(flow->old.x, w->a, flow->old.n * sizeof *w->a);
        memcpy(flow->state, flow->pattern.state, pairs);
        memcpy(flow->held, flow->pattern.held, pairs);
        TRY(try_step(flow, w, h));
        change = gsl_odeiv2_control_hadjust(flow->control, flow->stepper, w->a, flow->error.x,
                                            w->a /* w', with weight 0 */, &next);
        if (++flow->steps > STEPS_MOST || !(next > 1e-15 * t))
            return status_set(STATUS_NO_CONVERGENCE, "gradient flow: step %zu at t = %g is %g",
                              flow->steps, flow->t, next);
        if (change == GSL_ODEIV_HADJ_DEC) {
            memcpy(w->a, flow->old.x, flow->old.n * sizeof *w->a);
            memcpy(flow->pattern.state, flow->state, pairs);
            memcpy(flow->pattern.held, flow->held, pairs);
            flow->step = next;
            continue;
        }
        status = STATUS_OK;
        if (pattern_ends(flow, w)) {
            length = cut(flow, w, h, &status);
            flow->events++;
        } else if (!last || next > flow->step) {
            flow->step = next;
        }
        TRY(status);
        flow->t = last && length >= h ? t : flow->t + length;
    }
    return STATUS_OK;
}
