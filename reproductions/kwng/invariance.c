/* SPDX-License-Identifier: GPL-3.0-or-later */
/* invariance: the same normal model given by standard deviations, variances or their logarithms.
 *
 * Claim    A natural gradient flow moves the distribution, whatever its parameters are; the
 *          kernelized estimate of the Wasserstein flow keeps that approximately.
 * Source   M. Arbel, A. Gretton, W. Li and G. Montufar, Kernelized Wasserstein natural gradient
 *          (arXiv 1910.09652): Proposition 1, invariance; section on the damping matrix; slides of
 *          April 2020, "approximately invariant to re-parametrization".
 * Measured gap.k, the largest W2 over time and over the pairs of the three parameterizations, for
 *          Euler steps 0.1 2^-k up to time 1; its order in the step and its size over what is
 *          derived for the exact flow; and how a direction changes under one random rescaling
 *          theta_i -> S_i theta_i, seen in the old parameters.
 * Differs  The paper proves it for the flow and shows no numbers. All samples are the same for the
 *          three parameterizations. Damping eps = 0.1 shows what the damping matrix does; as the
 *          paper uses it (eps = 1e-10 on such models) it hardly matters.
 * Minutes  smoke 0.01, desk 0.37, paper 2.5, on one core.
 */
#include <math.h>

#include "harness/harness.h"
#include "kwng/normal_descent.h"
#include "kwng/normal_paths.h"
#include "kwng/paper.h"
#include "linalg/stat.h"

#define PARAMETERS(P)                                                                              \
    /* type   name      smoke desk  paper  */                                                      \
    P(int,    seeds,    2,    16,   20,    "starts and samples; ours")                             \
    P(int,    d,        3,    5,    5,     "dimension; ours")                                      \
    P(int,    N,        60,   200,  200,   "samples of an estimate; ours")                         \
    P(int,    M,        20,   50,   50,    "basis points; ours")                                   \
    P(int,    steps,    3,    5,    7,     "step sizes, each half of the last; ours")              \
    P(double, largest,  0.1,  0.1,  0.1,   "step size; paper (0.1 for natural gradients)")         \
    P(double, horizon,  1,    1,    1,     "time; ours")                                           \
    P(double, narrow,   -2,   -2,   -2,    "log10 of the least target variance; ours")             \
    P(double, v_low,    0.2,  0.2,  0.2,   "variances start uniform from here to 1; ours")         \
    P(double, eps,      1e-8, 1e-8, 1e-8,  "damping of the cell kwng; ours (paper: 1e-10)")        \
    P(double, damped,   0.1,  0.1,  0.1,   "damping of the cells damped-*; ours")                  \
    P(double, cut,      1e-12, 1e-12, 1e-12, "relative cut of eigenvalues of C C'; ours")          \
    P(double, sigma_0,  1,    1,    1,     "s2 over the mean squared distance; the authors' code") \
    P(int,    halvings, 40,   40,   40,    "of a step that leaves the domain, at most; ours")      \
    P(double, floor,    1e-12, 1e-12, 1e-12, "a smaller change of a direction is rounding; ours")
DEFINE_PARAMETERS(PARAMETERS)

enum { EUCLIDEAN, FISHER, WASSERSTEIN, KWNG, DAMPED_SQUARED, DAMPED_NORM, DAMPED_IDENTITY };
#define METHODS CELL_NAMES("euclidean", "fisher", "wasserstein", "kwng", "damped-squared",         \
                           "damped-norm", "damped-identity")
static const struct axis methods = {
    .name = "method", .meaning = "metric; kwng: estimated; damped: with eps = 0.1 and the matrix D",
    .at = {METHODS, METHODS, METHODS}};

enum { FAMILIES = 3, GAP_ROWS = 20 };
#define NEAR 1e5 /* condition of the distance of two distributions that are near */
static const enum gaussian_family families[FAMILIES] = {GAUSSIAN_NORMAL_STD, GAUSSIAN_NORMAL_VAR,
                                                        GAUSSIAN_NORMAL_LOG};

struct problem {
    enum gaussian_metric metric;
    struct normal_estimator estimator, *used; /* used: NULL for an exact metric */
    struct vec start, target;                 /* 2 d, (mu, s) */
    struct mat path[FAMILIES];                /* steps + 1 x 2 d, (mu, s) */
    int halvings;
    double condition;                         /* of what is emitted, for its tolerance */
};

static struct problem make_problem(const struct parameters *p, struct unit *u)
{
    static const enum kwng_damping dampings[] = {[KWNG] = KWNG_DAMPING_NORM_SQUARED,
                                                 [DAMPED_SQUARED] = KWNG_DAMPING_NORM_SQUARED,
                                                 [DAMPED_NORM] = KWNG_DAMPING_NORM,
                                                 [DAMPED_IDENTITY] = KWNG_DAMPING_IDENTITY};
    const size_t d = (size_t)p->d;
    const size_t most = (size_t)lround(ldexp(p->horizon / p->largest, p->steps - 1));
    struct rng start = rng_stream(u->seed, "start");
    struct problem b = {.metric = u->cell == EUCLIDEAN ? GAUSSIAN_EUCLIDEAN
                                  : u->cell == FISHER  ? GAUSSIAN_FISHER
                                                       : GAUSSIAN_WASSERSTEIN,
                        .condition = NEAR, .start = vec_zero(u->mem, 2 * d),
                        .target = vec_zero(u->mem, 2 * d)};

    normal_descent_problem(&b.start, &b.target, &start, p->v_low, p->narrow);
    for (int f = 0; f < FAMILIES; f++)
        b.path[f] = mat_zero(u->mem, most + 1, 2 * d);
    if (u->cell >= KWNG)
        b.estimator = normal_estimator_make(
            u->mem, (size_t)p->N, (size_t)p->M, d,
            &(struct kwng_options){.eps = u->cell == KWNG ? p->eps : p->damped, .cut = p->cut,
                                   .damping = dampings[u->cell]}, p->sigma_0);
    return b;
}

/* The largest W2 of two of the three paths in row k. */
static double row_gap(const struct problem *b, size_t k)
{
    double most = 0;

    for (int f = 0; f < FAMILIES; f++)
        for (int g = 0; g < f; g++)
            most = fmax(most, normal_paths_apart(&b->path[f], &b->path[g], k));
    return most;
}

/* sup_t max over pairs W2, for one step size; its course goes into `times` (or NULL). */
static enum status gap(const struct parameters *p, struct unit *u, struct problem *b, double step,
                       double *most, struct curve *times)
{
    const size_t count = (size_t)lround(p->horizon / step);

    for (int f = 0; f < FAMILIES; f++) {
        struct normal_descent s = normal_descent_make(u->mem, families[f], b->metric, b->used,
                                                      &b->start, &b->target);

        struct mat path = mat_rows(&b->path[f], 0, count + 1);
        struct normal_run run;

        TRY(normal_descent_run(&run, &s, u->seed, &b->start, step, count, p->halvings, &path));
        if (run.done < count)
            return unit_diverged(u, (double)run.done, run.loss);
        b->halvings += run.halvings;
        b->condition = fmax(b->condition, s.condition);
    }
    *most = 0;
    for (size_t k = 0; k <= count; k++) {
        const double here = row_gap(b, k);

        *most = fmax(*most, here);
        if (times != NULL && (k * GAP_ROWS) % count == 0)
            curve_row(times, (double[]){(double)k * step, here});
    }
    return STATUS_OK;
}

/* v for the parameters psi_i = S_i theta_i, from the Jacobian by theta over S and gradient / S: an
 * exact diagonal metric G becomes G / S^2. Where S is 1 it is the direction itself. */
static enum status rescaled(struct vec *v, struct problem *b, struct normal_descent *s,
                            const struct vec *S, const struct mat *t, const struct vec *exact)
{
    struct vec gradient = s->gradient; /* overwritten */
    struct normal_estimator *e = b->used;
    struct kwng_report report;

    (void)gaussian_families_distance(&gradient, s->family, &s->theta, &s->target);
    for (size_t i = 0; i < v->n; i++)
        gradient.x[i] /= S->x[i];
    if (e == NULL) {
        for (size_t i = 0; i < v->n; i++)
            v->x[i] = b->metric == GAUSSIAN_EUCLIDEAN
                          ? gradient.x[i]
                          : gradient.x[i] / (exact->x[i] / (S->x[i] * S->x[i]));
        return STATUS_OK;
    }
    for (size_t m = 0; m < t->rows; m++)
        for (size_t i = 0; i < v->n; i++)
            e->t.a[m * v->n + i] = t->a[m * v->n + i] / S->x[i];
    TRY(kwng_factor(&e->metric, &e->gram, NULL, &e->t, &e->options));
    return kwng_direction(&e->metric, &gradient, v, &report);
}

/* |v_psi / S - v| / |v| at the start, for one S_i = exp(N(0, 1)). */
static enum status rescaling(struct unit *u, struct problem *b, double *change)
{
    const size_t q = b->start.n;
    struct normal_descent s = normal_descent_make(u->mem, GAUSSIAN_NORMAL_VAR, b->metric, b->used,
                                                  &b->start, &b->target);
    struct rng r = rng_stream(u->seed, "rescaling");
    struct vec S = vec_zero(u->mem, q), v = vec_zero(u->mem, q), exact = vec_zero(u->mem, q);
    struct mat t = {0};

    if (b->used != NULL)
        normal_estimator_start(b->used, u->seed);
    TRY(normal_descent_direction(&s));
    for (size_t i = 0; i < q; i++) {
        S.x[i] = exp(rng_normal(&r));
        exact.x[i] = s.gradient.x[i] / s.v.x[i]; /* of a diagonal metric */
    }
    if (b->used != NULL)
        t = mat_copy(u->mem, &b->used->t);
    TRY(rescaled(&v, b, &s, &S, &t, &exact));
    for (size_t i = 0; i < q; i++)
        v.x[i] = v.x[i] / S.x[i] - s.v.x[i];
    *change = vec_norm(&v) / vec_norm(&s.v);
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    struct curve *gaps = curve_open(u, "gap", "step [1]", "gap [1]", NULL);
    struct curve *times = curve_open(u, "time", "time [1]", "gap [1]", NULL);
    double *logs = arena_get(u->mem, 2 * (size_t)p->steps, sizeof *logs), change;
    struct problem b = make_problem(p, u);

    b.used = u->cell >= KWNG ? &b.estimator : NULL;
    for (int k = 0; k < p->steps; k++) {
        const double step = ldexp(p->largest, -k);
        double most = 0;

        TRY(gap(p, u, &b, step, &most, k == p->steps - 1 ? times : NULL));
        emit_scaled_at(u, "gap", k, most, b.condition);
        curve_row(gaps, (double[]){step, most});
        logs[k] = log(step);
        logs[p->steps + k] = log(most);
    }
    emit_conditioned(u, "gap.last", exp(logs[2 * p->steps - 1]), b.condition);
    emit_conditioned(u, "gap.derived", exp(logs[2 * p->steps - 1] - logs[p->steps - 1]) /
                     normal_paths_euler_gap(&b.start, &b.target, p->horizon), b.condition);
    emit_conditioned(u, "order", stat_slope(logs, logs + p->steps, (size_t)p->steps), b.condition);
    emit(u, "halvings", b.halvings);
    TRY(rescaling(u, &b, &change));
    emit_conditioned(u, "rescaling", fmax(change, p->floor), b.condition);
    return STATUS_OK;
}

static const struct metric metrics[] = {
    {"gap.*", "1", LOWER_IS_BETTER, CLASS_COND, 0,
     "largest W2 between parameterizations up to time 1, step 0.1 2^-k"},
    {"gap.last", "1", LOWER_IS_BETTER, CLASS_COND, 0, "for the smallest step"},
    {"gap.derived", "1", NO_DIRECTION, CLASS_COND, 0,
     "gap.last over the derived gap of the exact Wasserstein flow"},
    {"order", "1", NO_DIRECTION, CLASS_COND, 0, "slope of log gap on log step"},
    {"halvings", "1", LOWER_IS_BETTER, CLASS_EXACT, 0, "of steps that left the domain, all runs"},
    {"rescaling", "1", LOWER_IS_BETTER, CLASS_COND, 0,
     "relative change of the direction under a random rescaling; 1e-12: rounding"},
};

#define PROPOSITION "paper, Proposition 1: the flow; Euler's method is of order 1 in the step"
#define SLIDES "slides: approximately invariant to re-parametrization"
#define DAMPING "paper, choice of the damping matrix D(theta)"
#define FIRST_ORDER "the second power of the step is still felt at 0.1"

static const struct claim claims[] = {
    {.id = "wasserstein-invariant", .place = PROPOSITION,
     .words = "the gap of the exact Wasserstein natural gradient vanishes with the step, order 1",
     .kind = VALUE, .metric = "order", .cell = "wasserstein", .to = 1, .within = 0.15,
     .reason = FIRST_ORDER},
    {.id = "wasserstein-gap", .place = "derived: Euler's method in logarithms and in variances, to "
                                        "the second power of the step",
     .words = "for the smallest step this gap has the derived size: 2 step times the largest "
              "|e^{-2t} (s_0 - s*) log(s_0 / s_t)| over time",
     .kind = VALUE, .metric = "gap.derived", .cell = "wasserstein", .to = 1, .within = 0.05,
     .reason = "the next power of the step adds a hundredth at 0.00625"},
    {.id = "fisher-invariant", .place = "slides: Fisher natural gradient, invariant",
     .words = "so does that of the exact Fisher natural gradient",
     .kind = VALUE, .metric = "order", .cell = "fisher", .to = 1, .within = 0.15,
     .reason = FIRST_ORDER},
    {.id = "euclidean-not-invariant", .place = "slides: Euclidean gradient, re-parametrization",
     .words = "the gap of the Euclidean gradient does not vanish: order 0",
     .kind = VALUE, .metric = "order", .cell = "euclidean", .to = 0, .within = 0.1,
     .reason = "no power of the step that could be called a rate"},
    {.id = "kwng-invariant", .place = SLIDES,
     .words = "the gap of the kernelized estimate vanishes with the step, order 1",
     .kind = VALUE, .metric = "order", .cell = "kwng", .to = 1, .within = 0.15,
     .reason = FIRST_ORDER},
    {.id = "kwng-as-exact", .place = "derived from the slides' approximately",
     .words = "its gap for the smallest step is that of the exact natural gradient, to a tenth",
     .kind = EQUIVALENCE, .metric = "gap.derived", .cell = "kwng", .to_metric = "gap.derived",
     .to_cell = "wasserstein", .within = 0.1, .reason = "a tenth of the derived gap"},
    {.id = "squared-norm-rescales", .place = "derived: D = |t_i|^2 becomes D / S^2 with theta S",
     .words = "damping by squared column norms follows a rescaling of parameters to rounding",
     .kind = BOUND, .metric = "rescaling", .cell = "damped-squared", .is = BELOW, .to = 1e-10,
     .reason = "rounding, far below any change by the damping"},
    {.id = "norm-rescales", .place = "official code: D = |t_i|; " DAMPING ": against scales",
     .words = "damping by column norms, not squared, follows a rescaling of parameters",
     .kind = BOUND, .metric = "rescaling", .cell = "damped-norm", .is = BELOW, .to = 1e-10,
     .reason = "as for squared norms"},
    {.id = "identity-breaks", .place = DAMPING,
     .words = "a rescaling changes the direction more with D = I than with the code's norms",
     .kind = ORDER, .metric = "rescaling", .cell = "damped-identity", .is = ABOVE,
     .to_metric = "rescaling", .to_cell = "damped-norm"},
    {.id = "damped-squared-invariant", .place = "derived from the same",
     .words = "with squared norms even the strongly damped flow keeps order 1",
     .kind = VALUE, .metric = "order", .cell = "damped-squared", .to = 1, .within = 0.15,
     .reason = FIRST_ORDER},
    {.id = "damped-identity-not", .place = DAMPING,
     .words = "with D = I the gap of the strongly damped flow stays above that with squared norms",
     .kind = ORDER, .metric = "gap.last", .cell = "damped-identity", .is = ABOVE,
     .to_metric = "gap.last", .to_cell = "damped-squared"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "invariance", .title = "One normal model in three parameterizations",
        .paper = KWNG_PAPER,
        .differs = "The paper proves invariance for the flow in continuous time and shows no "
                   "numbers; problem and step sizes are ours. The samples are the same in all "
                   "parameterizations. Variances and logarithms are the pair that is farthest "
                   "apart: from the path in standard deviations each is half as far, to first "
                   "order in the step. In variances a large Euclidean step leaves the domain in "
                   "some seeds and is halved there (counted). Damping as strong as 0.1 shows what "
                   "the damping matrix does; the official code takes column norms, and only their "
                   "squares follow a rescaling.",
        .caption = "W2 between the same descent in standard deviations, variances and their "
                   "logarithms, the largest over time and pairs. Left: against the step size. "
                   "Middle: the kernelized estimate with damping 0.1 and three damping matrices. "
                   "Right: relative change of one direction under a random rescaling of the "
                   "parameters; 1e-12 is rounding.",
        .minutes = {0.01, 0.37, 2.5}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &methods, .run_unit = run_unit});
}
