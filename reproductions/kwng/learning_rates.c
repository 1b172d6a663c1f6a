/* SPDX-License-Identifier: GPL-3.0-or-later */
/* learning_rates: which learning rate each optimizer of the classification experiment needs.
 *
 * Claim    None of the paper's own. The rate of every method is chosen before it is compared, by
 *          the same rule and the same budget, on training records that its runs do not train on.
 * Source   Arbel, Gretton, Li and Montufar, Kernelized Wasserstein natural gradient, ICLR 2020
 *          (arXiv 1910.09652): each method at its best step size; their grids are not
 *          given.
 * Measured held-out error, mean of two tuning seeds, for `grid` rates half a decade apart, wider
 *          while the best lies at an edge; how much better the best is than the rate in use, and
 *          whether the grid ends where classification.h says.
 * Differs  The programs conditioning, ablation and class_counts use the rates in classification.h,
 *          whatever the profile and the data; here is the evidence for them at desk.
 * Minutes  smoke 0.1, desk 3, paper 200 (estimated from the cost of a step), on one core.
 */
#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "harness/harness.h"
#include "kwng/classification.h"
#include "kwng/paper.h"

#define PARAMETERS(P)                                                                              \
    /* type   name         smoke desk  paper */                                                    \
    P(int,    seeds,       1,    1,    1,    "the tuning seeds are inside a unit")                 \
    P(int,    tuning,      1,    2,    2,    "tuning seeds, other streams than any other; ours")   \
    P(int,    grid,        2,    4,    4,    "rates at first; ours")                               \
    P(int,    widest,      2,    9,    9,    "rates at most; ours")                                \
    CLASS_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

enum { ZERO = 20, MOST = 64 }; /* metric error.k is of the rate 10^((k - ZERO) / 2) */

/* Smoke has one of each family. */
static const char *const few[] = {"well-sgd", "ill-adam", "ill-kfac", "ill-diagonal", "ill-kwng"};
static const char *const all[] = {CLASS_OPTIMIZERS(CLASS_NAME) CLASS_PARTS(CLASS_NAME)};
static const double numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
                                 19};
#define COUNT(names) (sizeof names / sizeof names[0])
static const struct axis variants = {
    .name = "variant", .meaning = "condition and optimizer",
    .at = {{COUNT(few), numbers, few}, {COUNT(all), numbers, all}, {COUNT(all), numbers, all}}};

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    return class_load(&CLASS_SETUP(p), loaded);
}

/* Mean held-out errors by rate; NaN where not tried. */
struct grid {
    double error[MOST];         /* index rate + ZERO */
    int first, last, best;      /* rates in half decades */
    struct curve *curve;
};

/* A run that diverged has the error 1. */
static enum status try_rate(const struct parameters *p, struct unit *u, struct grid *g,
                            const struct class_variant *v, int rate)
{
    const struct class_setup s = CLASS_SETUP(p);
    struct class_outcome out;
    double sum = 0;

    CHECK(rate + ZERO >= 0 && rate + ZERO < MOST, "rate 10^(%d/2)", rate);
    for (int k = 1; k <= p->tuning; k++) {
        TRY(class_run(&s, v, rate, u, (uint64_t)k, "tune", CLASS_HELD_OUT, 0, NULL, &out));
        const double error = out.diverged_step > 0 ? 1 : (double)out.wrong / (double)out.of;

        sum += error;
        curve_row(g->curve, (double[]){class_rate(rate), k, error});
    }
    g->error[rate + ZERO] = sum / p->tuning;
    if (!(g->error[rate + ZERO] >= g->error[g->best + ZERO]))
        g->best = rate;
    return STATUS_OK;
}

/* The grid, wider by one rate at a time while the best is its first or last. */
static enum status search(const struct parameters *p, struct unit *u, struct grid *g,
                          const struct class_variant *v)
{
    g->best = g->first = v->first;
    g->last = v->first + p->grid - 1;
    for (int rate = g->first; rate <= g->last; rate++)
        TRY(try_rate(p, u, g, v, rate));
    while (g->last - g->first + 1 < p->widest) {
        if (g->best == g->last)
            TRY(try_rate(p, u, g, v, ++g->last));
        else if (g->best == g->first)
            TRY(try_rate(p, u, g, v, --g->first));
        else
            break;
    }
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct class_variant *v = class_variant_find(u->cell_name);
    struct grid g;

    for (size_t i = 0; i < MOST; i++)
        g.error[i] = (double)NAN;
    g.curve = curve_open(u, "grid", "learning rate [1]", "tuning seed [1]", "held-out error [1]",
                         NULL);
    TRY(search(p, u, &g, v));
    for (int rate = g.first; rate <= g.last; rate++)
        emit_at(u, "error", rate + ZERO, g.error[rate + ZERO]);
    emit(u, "first", g.first);
    emit(u, "last", g.last);
    emit(u, "best", g.best);
    emit(u, "off-print", abs(g.first - v->first) + abs(g.last - v->last));
    emit(u, "at-edge", g.best == g.first || g.best == g.last);
    if (isnan(g.error[v->rate + ZERO]))
        TRY(try_rate(p, u, &g, v, v->rate));
    emit(u, "regret", g.error[v->rate + ZERO] - g.error[g.best + ZERO]);
    return STATUS_OK;
}

static const struct metric metrics[] = {
    {"error.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 1, "held-out error at the rate 10^((k-20)/2)"},
    {"first", "half decades", NO_DIRECTION, CLASS_EXACT, 0, "least rate tried, as 10^(first/2)"},
    {"last", "half decades", NO_DIRECTION, CLASS_EXACT, 0, "greatest rate tried"},
    {"best", "half decades", NO_DIRECTION, CLASS_EXACT, 0, "the best rate is 10^(best/2)"},
    {"at-edge", "1", LOWER_IS_BETTER, CLASS_EXACT, 0, "1: the best is at the edge of the grid"},
    {"off-print", "half decades", LOWER_IS_BETTER, CLASS_EXACT, 0, "how far the ends of the grid "
     "are from those in print"},
    {"regret", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0, "held-out error of the rate in use, less "
     "that of the best"},
};

static const struct claim claims[] = {
    {.id = "grids-in-print", .place = "ours: what the other programs say of their rates",
     .words = "each search ends with the grid that is printed, four rates or five",
     .kind = BOUND, .metric = "off-print", .cell = ALL_CELLS, .is = BELOW, .to = 0,
     .reason = "a count"},
    {.id = "rates-in-use", .place = "ours: what the other programs say of their rates",
     .words = "no rate of the grid is better by more than 0.01 than the one in use",
     .kind = BOUND, .metric = "regret", .cell = ALL_CELLS, .is = BELOW, .to = 0.01,
     .reason = "the deviation of an error of 0.1 over 2 x 2000 records is 0.005"},
    {.id = "inside-the-grid", .place = "ours: the same rule for all",
     .words = "no best rate lies at an edge of its grid", .kind = BOUND, .metric = "at-edge",
     .cell = ALL_CELLS, .is = BELOW, .to = 0, .reason = "a count"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "learning_rates", .title = "The learning rate of each optimizer",
        .paper = KWNG_PAPER,
        .data = "MNIST",
        .differs = "The paper chooses a step size for each method and gives no grid. Ours: half "
                   "decades, four at first and more while the best is at an edge, the mean error "
                   "of two tuning seeds on 2,000 training records that the runs do not train on. "
                   "The other classification programs use the rates found here at desk on MNIST, "
                   "also at other profiles and on stand-ins. The k of the rates 10^(k/2) that were "
                   "tried" CLASS_OPTIMIZERS(CLASS_GRID)
                   CLASS_PARTS(CLASS_GRID) ".",
        .caption = "Held-out error of each optimizer against its learning rate, mean of two tuning "
                   "seeds. Left: well-conditioned. Middle: ill-conditioned. Right: the same with "
                   "parts of KWNG changed.",
        .minutes = {0.1, 3, 200}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &variants, .load = load, .run_unit = run_unit});
}
