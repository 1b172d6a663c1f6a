/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/proximal_search.h"

#include <math.h>

static const double sufficient = 1e-4; /* Armijo's share of the predicted decrease */
static const double still = 1e-6; /* moves below this share of |W| count as it */
static const size_t most_halvings = 40;

static double norm_of_difference(const struct mat *a, const struct mat *b)
{
    const struct vec x = mat_flat(a), y = mat_flat(b);

    return sqrt((double)x.n * vec_mean_squared_difference(&x, &y));
}

/* next = V - step gradient. */
static void walk(struct mat *next, const struct mat *v, double step, const struct mat *gradient)
{
    struct vec to = mat_flat(next);
    const struct vec g = mat_flat(gradient);

    mat_set(next, v);
    vec_axpy(&to, -step, &g);
}

/* Halves *step until the objective falls by Armijo's rule; *next and *g_next are then there. Falls
 * that are lost to rounding count as none. */
static enum status shorten(const struct proximal_search *s, double *step, double *value,
                           const struct mat *v, const struct mat *g, struct mat *next,
                           struct mat *g_next)
{
    const struct vec flat = mat_flat(g);
    const double slope = vec_dot(&flat, &flat), before = *value;

    for (size_t k = 0; k < most_halvings; k++, *step /= 2) {
        walk(next, v, *step, g);
        const enum status status = s->objective(s->context, value, g_next, next);

        if (status == STATUS_NO_CONVERGENCE)
            continue;
        TRY(status);
        if (*value <= before - sufficient * *step * slope)
            return STATUS_OK;
    }
    *value = before;
    return STATUS_NO_CONVERGENCE;
}

/* <s, s> / <s, y> for s = V+ - V, y = the change of the gradient, within a factor of 1e4 of the
 * natural step; twice the last step where the curvature is not positive. */
static double next_step(double last, double natural, const struct mat *v, const struct mat *g,
                        const struct mat *next, const struct mat *g_next)
{
    double ss = 0, sy = 0;

    for (size_t k = 0; k < v->rows * v->cols; k++) {
        const double s = next->a[k] - v->a[k];

        ss += s * s;
        sy += s * (g_next->a[k] - g->a[k]);
    }
    const double step = sy > 0 ? ss / sy : 2 * last;

    return step > 1e4 * natural ? 1e4 * natural : step < 1e-4 * natural ? 1e-4 * natural : step;
}

enum status proximal_search_run(const struct proximal_search *s, struct mat *v, const struct mat *w,
                                struct mat work[3], struct proximal_search_report *report)
{
    const double least = still * (mat_norm(w) > 0 ? mat_norm(w) : 1);
    struct mat *g = &work[0], *next = &work[1], *g_next = &work[2];
    double step = s->natural;

    *report = (struct proximal_search_report){0};
    mat_set(v, w);
    TRY(s->objective(s->context, &report->value, g, v));
    if (!(fabs(report->value) < (double)INFINITY))
        return status_set(STATUS_DIVERGED, "the objective is %g at the start", report->value);
    for (;;) {
        const double moved = norm_of_difference(v, w);

        report->residual = s->natural * mat_norm(g) / (moved > least ? moved : least);
        if (report->residual <= s->tolerance)
            return STATUS_OK;
        if (report->iterations == s->max_iterations)
            break;
        const enum status fell = shorten(s, &step, &report->value, v, g, next, g_next);

        if (fell == STATUS_NO_CONVERGENCE)
            break;
        TRY(fell);
        report->iterations++;
        step = next_step(step, s->natural, v, g, next, g_next);
        mat_set(v, next);
        mat_set(g, g_next);
    }
    return status_set(STATUS_NO_CONVERGENCE, "proximal point: residual %g after %zu steps",
                      report->residual, report->iterations);
}
