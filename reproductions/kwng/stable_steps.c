/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stable_steps: which step sizes three gradients of W2^2 bear on a normal model.
 *
 * Claim    The best step is 0.1 along the Wasserstein natural gradient, exact or estimated, and
 *          1e-4 for gradient descent.
 * Source   M. Arbel, A. Gretton, W. Li and G. Montufar, Kernelized Wasserstein natural gradient
 *          (arXiv 1910.09652), optimization trajectory: d = 10, N = 128, M = 100, loss W2^2.
 * Measured the best step 10^-k of each method, and in how many seeds it is the paper's; by
 *          bisection the largest step that stays in the domain from the start, and the largest that
 *          converges near the target, over closed forms.
 * Differs  The paper's start, target and parameters are not given. Here the parameters are means
 *          and variances, independent coordinates, target N(0, v*) with v* from 1e-4 (steep) or
 *          1e-2 (mild) to 1, and nothing keeps a run in the domain.
 * Minutes  smoke 0.01, desk 0.3, paper 1.5, on one core.
 */
#include <math.h>

#include "harness/harness.h"
#include "kwng/normal_rivals.h"
#include "kwng/paper.h"

#define PARAMETERS(P)                                                                              \
    /* type   name        smoke desk  paper  */                                                    \
    P(int,    seeds,      2,    40,   100,  "starts and samples; ours")                            \
    P(int,    finest,     5,    5,    5,    "steps 1 to 10^-finest are tried; ours")               \
    P(int,    bisections, 4,    10,   10,   "of the largest step between two of these; ours")      \
    P(int,    near_runs,  2000, 2000, 2000, "iterations near the target; ours")                    \
    P(int,    natural,    1,    1,    1,    "k of the step 10^-k, natural gradients; paper")       \
    P(int,    descent,    4,    4,    4,    "the same, gradient descent; paper")                   \
    P(double, near,       1e-3, 1e-3, 1e-3, "relative distance from the target there; ours")       \
    NORMAL_RIVALS_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

struct problem {
    const struct parameters *p;
    struct normal_rivals r;
    struct vec near;                     /* 2 d, (mu, s) */
    double least;                        /* v* */
};

static void make_problem(struct problem *b, const struct parameters *p, struct unit *u)
{
    const struct normal_rivals_setting s = NORMAL_RIVALS(p, u->cell);

    b->p = p;
    normal_rivals_make(&b->r, u->mem, &s, u->seed);
    b->least = pow(10, s.exponent);
    b->near = vec_copy(u->mem, &b->r.target);
    for (size_t i = 0; i < 2 * s.d; i++)
        b->near.x[i] = i < s.d ? p->near : (1 + p->near) * b->near.x[i];
}

/* The worst relative error of a standard deviation. */
static double worst_scale(const struct normal_descent *s)
{
    const size_t d = s->theta.n / 2;
    double worst = 0;

    for (size_t i = d; i < 2 * d; i++)
        worst = fmax(worst, fabs(sqrt(s->theta.x[i] / s->target.x[i]) - 1));
    return worst;
}

/* The largest step between `works` and `fails` for which a run from the start stays in the domain,
 * or one from near the target comes nearer. */
static enum status largest(double *step, struct problem *b, int method, double works, double fails,
                           int near)
{
    const struct parameters *p = b->p;
    const size_t count = near ? (size_t)p->near_runs : b->r.iterations[method];
    struct normal_descent *s = &b->r.by[method];

    for (int k = 0; k < p->bisections; k++) {
        const double middle = sqrt(works * fails);
        struct normal_run run;
        int good;

        TRY(normal_descent_run(&run, s, b->r.seed, near ? &b->near : &b->r.start, middle, count, 0,
                               NULL));
        good = run.done == count && (!near || worst_scale(s) < p->near);
        works = good ? middle : works;
        fails = good ? fails : middle;
    }
    *step = works;
    return STATUS_OK;
}

/* Every step of the grid for every method, without help; a run that leaves the domain counts as no
 * progress at all. `stays` is the largest that stays, as an exponent. */
static enum status try_steps(struct problem *b, struct unit *u, int best[RIVALS],
                             int stays[RIVALS])
{
    struct curve *grid = curve_open(u, "grid", "step [1]", "euclidean [1]", "wasserstein [1]",
                                    "kwng [1]", NULL);
    double least[RIVALS] = {1, 1, 1};

    for (int m = 0; m < RIVALS; m++)
        best[m] = stays[m] = b->p->finest + 1;
    for (int k = b->p->finest; k >= 0; k--) {
        double row[RIVALS + 1] = {pow(10, -k), 1, 1, 1};

        for (int m = 0; m < RIVALS; m++) {
            struct normal_run run;

            TRY(normal_descent_run(&run, &b->r.by[m], b->r.seed, &b->r.start, row[0],
                                   b->r.iterations[m], 0, NULL));
            if (run.done < b->r.iterations[m])
                continue;
            stays[m] = k;
            row[m + 1] = run.loss / b->r.first;
            if (row[m + 1] < least[m]) {
                least[m] = row[m + 1];
                best[m] = k;
            }
        }
        curve_row(grid, row);
    }
    return STATUS_OK;
}

/* Largest steps against what is derived for them, in variances: near the target gradient descent
 * converges for steps below 4 v*, the exact flow below 1; from a start with r = max s / s* the
 * first step of the exact flow stays in the domain below r / (4 (r - 1)), and the later ones do if
 * that one does; gradient descent never leaves it below 27 v* / 4. */
static enum status limits(struct problem *b, struct unit *u, const int stays[RIVALS])
{
    const size_t d = b->r.start.n / 2;
    double r = 0, step;

    for (size_t i = d; i < 2 * d; i++)
        r = fmax(r, b->r.start.x[i] / b->r.target.x[i]);
    TRY(largest(&step, b, GRADIENT, pow(10, -stays[GRADIENT]), pow(10, 1 - stays[GRADIENT]), 0));
    emit(u, "largest.euclidean", step / b->least);
    TRY(largest(&step, b, EXACT, pow(10, -stays[EXACT]), pow(10, 1 - stays[EXACT]), 0));
    emit(u, "largest.wasserstein", step * 4 * (r - 1) / r);
    TRY(largest(&step, b, GRADIENT, b->least, 10 * b->least, 1));
    emit(u, "local.euclidean", step / (4 * b->least));
    TRY(largest(&step, b, EXACT, 0.1, 10, 1));
    emit(u, "local.wasserstein", step);
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    struct problem *b = arena_get(u->mem, 1, sizeof *b);
    int best[RIVALS], stays[RIVALS];

    make_problem(b, p, u);
    TRY(try_steps(b, u, best, stays));
    emit(u, "best.euclidean", best[GRADIENT]);
    emit(u, "best.wasserstein", best[EXACT]);
    emit(u, "best.kwng", best[ESTIMATE]);
    emit(u, "as_paper.euclidean", best[GRADIENT] == p->descent);
    emit(u, "as_paper.wasserstein", best[EXACT] == p->natural);
    emit(u, "as_paper.kwng", best[ESTIMATE] == p->natural);
    emit(u, "left", stays[ESTIMATE] > p->natural);
    return limits(b, u, stays);
}

static const struct metric metrics[] = {
    {"best.euclidean", "1", NO_DIRECTION, CLASS_EXACT, 0, "k of the best step 10^-k"},
    {"best.wasserstein", "1", NO_DIRECTION, CLASS_EXACT, 0, "k of the best step 10^-k"},
    {"best.kwng", "1", NO_DIRECTION, CLASS_EXACT, 0, "k of the best step 10^-k"},
    {"as_paper.euclidean", "1", NO_DIRECTION, CLASS_EXACT, 0,
     "1 when the best step is 1e-4, else 0"},
    {"as_paper.wasserstein", "1", NO_DIRECTION, CLASS_EXACT, 0,
     "1 when the best step is 0.1, else 0"},
    {"as_paper.kwng", "1", NO_DIRECTION, CLASS_EXACT, 0, "1 when the best step is 0.1, else 0"},
    {"left", "1", LOWER_IS_BETTER, CLASS_EXACT, 0,
     "1 when steps of 0.1 along the estimate leave the domain, else 0"},
    {"largest.euclidean", "1", NO_DIRECTION, CLASS_LIBM, 0,
     "largest step that stays in the domain, over the least v*"},
    {"largest.wasserstein", "1", NO_DIRECTION, CLASS_LIBM, 0,
     "the same for the exact flow, over r / (4 (r - 1))"},
    {"local.euclidean", "1", NO_DIRECTION, CLASS_LIBM, 0,
     "largest step that converges near the target, over 4 v*"},
    {"local.wasserstein", "1", NO_DIRECTION, CLASS_LIBM, 0, "the same for the exact flow"},
};

#define STEPS "paper, optimization trajectory: best step 0.1 (natural gradients), 1e-4 (descent)"
#define MOST "more seeds in which it is than seeds in which it is not"
#define RESOLUTION "the bisection ends at steps 0.23 % apart"

static const struct claim claims[] = {
    {.id = "exact-step", .place = STEPS,
     .words = "of steps 10^-k the best along the exact Wasserstein natural gradient is 0.1",
     .kind = BOUND, .metric = "as_paper.wasserstein", .cell = "steep", .is = ABOVE, .to = 0.5,
     .reason = "in every seed"},
    {.id = "descent-step", .place = STEPS,
     .words = "of steps 10^-k the best of gradient descent is 1e-4 (least variance 1e-4)",
     .kind = BOUND, .metric = "as_paper.euclidean", .cell = "steep", .is = ABOVE, .to = 0.5,
     .reason = "in every seed"},
    {.id = "estimate-step-mild", .place = STEPS,
     .words = "in most seeds the best step along the estimated one is 0.1 too (least variance "
              "1e-2)",
     .kind = ORDER, .metric = "as_paper.kwng", .cell = "mild", .is = ABOVE, .to = 0.5,
     .reason = MOST},
    {.id = "estimate-stays-mild", .place = "test of ours: a best step has to be a safe one",
     .words = "with a least variance of 1e-2 no seed leaves the domain by steps of 0.1",
     .kind = BOUND, .metric = "left", .cell = "mild", .is = BELOW, .to = 0.5,
     .reason = "in every seed"},
    {.id = "estimate-step-steep", .place = STEPS,
     .words = "the same with the least variance 1e-4 and nothing to keep variances positive",
     .kind = ORDER, .metric = "as_paper.kwng", .cell = "steep", .is = ABOVE, .to = 0.5,
     .reason = MOST},
    {.id = "descent-converges", .place = "derived: Hessian 1 / (2 v*) in the variance",
     .words = "near the target gradient descent converges for steps below 4 v*",
     .kind = VALUE, .metric = "local.euclidean", .cell = "steep", .to = 1, .within = 0.01,
     .reason = RESOLUTION},
    {.id = "descent-stays", .place = "derived: min over v of v - step (1 - sqrt(v* / v))",
     .words = "gradient descent leaves the domain from steps of 27/4 v* on, not before",
     .kind = VALUE, .metric = "largest.euclidean", .cell = "steep", .to = 6.75, .within = 0.07,
     .reason = "one part in a hundred, as for the others"},
    {.id = "exact-converges", .place = "derived: v -> s ((1 - 4 step) s + 4 step s*)",
     .words = "near any target the exact flow converges for steps below 1",
     .kind = VALUE, .metric = "local.wasserstein", .cell = "steep", .to = 1, .within = 0.01,
     .reason = RESOLUTION},
    {.id = "exact-stays", .place = "derived from the same: r = max s / s* at the start",
     .words = "from a start the exact flow stays in the domain below r / (4 (r - 1))",
     .kind = VALUE, .metric = "largest.wasserstein", .cell = "steep", .to = 1, .within = 0.01,
     .reason = RESOLUTION},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "stable_steps", .title = "Steps that gradients of W2^2 bear on a normal model",
        .paper = KWNG_PAPER,
        .differs = "The paper gives dimension, samples, basis points and the best steps, but not "
                   "the start, the target and the parameters. In variances the step that gradient "
                   "descent bears is set by the least variance of the target; with 1e-4 it is the "
                   "paper's. The estimate is not accurate in each coordinate by itself: at that "
                   "target a step of 0.1 leaves the domain in every seed, at a least variance of "
                   "1e-2 in a quarter of them. What can be done about it: the program trajectory.",
        .caption = "W2^2 to the target after the last iteration, over that of the start, against "
                   "the step; 1 where the run left the domain (50 iterations of natural "
                   "gradients, 4000 of gradient descent), so that a mean near 0.25 says that a "
                   "quarter of the seeds left it. Dotted: the derived limits of gradient descent "
                   "(4 times the least variance) and of the exact flow (about 1/4).",
        .minutes = {0.01, 0.3, 1.5}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &normal_rivals_targets, .run_unit = run_unit});
}
