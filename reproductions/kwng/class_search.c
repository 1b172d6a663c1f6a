/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/class_search.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"

enum { ZERO = 20, MOST = 64 }; /* metric error.k is of the rate 10^((k - ZERO) / 2) */

/* Mean held-out errors by rate; NaN where not tried. */
struct grid {
    double error[MOST];         /* index rate + ZERO */
    int first, last, best;      /* rates in half decades */
    struct curve *curve;
    const struct class_setup *setup;
    const struct class_search *rule;
    const struct class_variant *variant;
    struct unit *unit;
};

/* A run that diverged has the error 1. */
static enum status try_rate(struct grid *g, int rate)
{
    struct class_outcome out;
    double sum = 0;

    CHECK(rate + ZERO >= 0 && rate + ZERO < MOST, "rate 10^(%d/2)", rate);
    for (int k = 1; k <= g->rule->tuning; k++) {
        TRY(class_run(g->setup, g->variant, rate, g->unit, (uint64_t)k, "tune", CLASS_HELD_OUT,
                      NULL, NULL, &out));
        const double error = out.diverged_step > 0 ? 1 : (double)out.wrong / (double)out.of;

        sum += error;
        curve_row(g->curve, (double[]){class_rate(rate), k, error});
    }
    g->error[rate + ZERO] = sum / g->rule->tuning;
    if (!(g->error[rate + ZERO] >= g->error[g->best + ZERO]))
        g->best = rate;
    return STATUS_OK;
}

/* The grid, wider by one rate at a time while the best is its first or last. */
static enum status search(struct grid *g)
{
    g->best = g->first = g->variant->first;
    g->last = g->first + g->rule->grid - 1;
    for (int rate = g->first; rate <= g->last; rate++)
        TRY(try_rate(g, rate));
    while (g->last - g->first + 1 < g->rule->widest) {
        if (g->best == g->last)
            TRY(try_rate(g, ++g->last));
        else if (g->best == g->first)
            TRY(try_rate(g, --g->first));
        else
            break;
    }
    return STATUS_OK;
}

enum status class_search_run(const struct class_setup *s, const struct class_search *rule,
                             struct unit *u)
{
    const struct class_variant *v = class_variant_find(s->images, u->cell_name);
    struct grid g = {.setup = s, .rule = rule, .variant = v, .unit = u};

    for (size_t i = 0; i < MOST; i++)
        g.error[i] = (double)NAN;
    g.curve = curve_open(u, "grid", "learning rate [1]", "tuning seed [1]", "held-out error [1]",
                         NULL);
    TRY(search(&g));
    for (int rate = g.first; rate <= g.last; rate++)
        emit_at(u, "error", rate + ZERO, g.error[rate + ZERO]);
    emit(u, "first", g.first);
    emit(u, "last", g.last);
    emit(u, "best", g.best);
    emit(u, "off-print", abs(g.first - v->first) + abs(g.last - v->last));
    emit(u, "at-edge", g.best == g.first || g.best == g.last);
    if (isnan(g.error[v->rate + ZERO]))
        TRY(try_rate(&g, v->rate));
    emit(u, "regret", g.error[v->rate + ZERO] - g.error[g.best + ZERO]);
    return STATUS_OK;
}
