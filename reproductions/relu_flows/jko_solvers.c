/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jko_solvers: three ways to make the same JKO step.
 *
 * Claim    Dykstra's algorithm makes the entropic JKO step; without its corrections it is the
 *          scaling loop that the source prints as Algorithm 1; Newton's method on the dual, a
 *          convex function of as many numbers as there are data, does it as well, in a number of
 *          iterations that does not depend on gam, while that of the loop is a + b / gam.
 * Source   V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June 2024,
 *          section 8.1; G. Peyre, Entropic approximation of Wasserstein gradient flows, SIAM J.
 *          Imaging Sci. 8(4), 2015. That the corrections cancel and the dual are derived.
 * Measured L1 distance of the measures after a step, and after a few iterations of the first two;
 *          iterations of each solver against gam, and applications of the kernel.
 * Cells    positive: one measure of neurons of sign +1. signed: one of each sign.
 * Differs  The signed data are drawn like the author's random ones, the others are y = 2 x + 1
 *          with a drawn start; sizes and steps are ours. The loop
 *          stops at an L1 marginal error, not by the note's rule.
 * Minutes  smoke 0.01, desk 0.15, paper 2, on one core.
 */
#include <math.h>

#include "harness/harness.h"
#include "linalg/stat.h"
#include "relu_flows/grid_flow.h"

#define PARAMETERS(P)                                                                              \
    /* type   name       smoke  desk   paper  */                                                   \
    P(int,    seeds,     2,     20,    20,    "data and starts; ours")                             \
    P(int,    n,         5,     5,     5,     "data; author's code 5 and 10")                      \
    P(int,    side,      24,    60,    84,    "grid points an axis; ours")                         \
    P(double, half,      1.5,   1.5,   1.5,   "the grid is [-half, half]^2; ours")                 \
    P(double, width,     0.2,   0.2,   0.2,   "standard deviation of the start; ours")             \
    P(double, spread,    0.5,   0.5,   0.5,   "its centre is uniform in [-spread, spread]^2; ours")\
    P(double, tau,       0.1,   0.1,   0.1,   "step; ours")                                        \
    P(double, gam,       0.08,  0.02,  0.02,  "the largest one, then halved; ours")                \
    P(int,    gams,      3,     4,     5,     "ours")                                              \
    P(int,    few,       7,     7,     7,     "iterations after which two are compared; ours")     \
    P(double, tolerance, 1e-12, 1e-12, 1e-12, "of the marginals; residual of Newton; ours")        \
    P(int,    most,      20000, 20000, 20000, "iterations; ours")
DEFINE_PARAMETERS(PARAMETERS)

static const struct axis problems = {
    .name = "problem", .meaning = "signs of the neurons",
    .at = {CELL_NAMES("positive", "signed"), CELL_NAMES("positive", "signed"),
           CELL_NAMES("positive", "signed")}};

enum { NEWTON, SCALING, DYKSTRA, SOLVERS };
typedef enum status solver(struct jko *s, struct vec *p, struct vec *u, const struct vec *q,
                           double tolerance, size_t most, struct jko_report *report);
static solver *const solvers[SOLVERS] = {jko_newton, jko_scaling, jko_dykstra};
static const char *const names[SOLVERS] = {"newton", "scaling", "dykstra"};

struct step {
    struct vec p[SOLVERS]; /* G: the measure after the step */
    struct vec u;          /* n */
    struct jko_report report[SOLVERS];
};

static double l1(const struct vec *p, const struct vec *q)
{
    double sum = 0;

    for (size_t i = 0; i < p->n; i++)
        sum += fabs(p->x[i] - q->x[i]);
    return sum;
}

/* Scaling and Dykstra, both cut after the same iterations. */
static enum status cut_short(const struct parameters *p, struct jko *s, const struct vec *q,
                             struct step *step, double *apart)
{
    for (int k = SCALING; k <= DYKSTRA; k++) {
        vec_fill(&step->u, 0);
        const enum status status = solvers[k](s, &step->p[k], &step->u, q, p->tolerance,
                                              (size_t)p->few, &step->report[k]);

        if (status != STATUS_OK && status != STATUS_NO_CONVERGENCE)
            return status;
    }
    *apart = l1(&step->p[SCALING], &step->p[DYKSTRA]);
    return STATUS_OK;
}

static enum status all_solvers(const struct parameters *p, struct jko *s, const struct vec *q,
                               struct step *step)
{
    for (int k = 0; k < SOLVERS; k++) {
        vec_fill(&step->u, 0);
        TRY(solvers[k](s, &step->p[k], &step->u, q, p->tolerance, (size_t)p->most,
                       &step->report[k]));
    }
    return STATUS_OK;
}

static struct grid_flow draw_problem(const struct parameters *p, struct unit *u,
                                     struct relu_data *data)
{
    struct rng start = rng_stream(u->seed, "start"), labels = rng_stream(u->seed, "data");
    double centre[4];

    for (int k = 0; k < 4; k++)
        centre[k] = p->spread * (2 * rng_uniform(&start) - 1);
    *data = u->cell == 0 ? relu_data_linear(u->mem, (size_t)p->n, 2, 1)
                         : relu_data_random(u->mem, &labels, (size_t)p->n, 2);
    return grid_flow_make(u->mem, data, (size_t)p->side, p->half, u->cell == 0 ? 1 : 2, centre,
                          p->width);
}

static struct step make_step(struct unit *u, const struct grid_flow *g)
{
    struct step step = {.u = vec_zero(u->mem, g->y.n)};

    for (int k = 0; k < SOLVERS; k++)
        step.p[k] = vec_zero(u->mem, g->start.n);
    return step;
}

/* What the solvers say at one gam; counts[k] are their iterations. */
static enum status one_gam(const struct parameters *p, struct unit *u, const struct grid_flow *g,
                           struct step *step, double gam, double counts[SOLVERS], double *worst)
{
    const int index = (int)lround(1 / gam);
    struct jko s;
    double apart;

    TRY(jko_init(&s, u->mem, &g->grid, &g->a, &g->y, gam, p->tau, JKO_AUTO));
    TRY(cut_short(p, &s, &g->start, step, &apart));
    emit_at(u, "cut", index, apart);
    TRY(all_solvers(p, &s, &g->start, step));
    for (int k = 0; k < SOLVERS; k++) {
        counts[k] = (double)step->report[k].transport.iterations;
        emit_at(u, arena_text(u->mem, "count.%s", names[k]), index, counts[k]);
    }
    for (int k = SCALING; k < SOLVERS; k++) {
        const double distance = l1(&step->p[NEWTON], &step->p[k]);

        emit_at(u, arena_text(u->mem, "l1.%s", names[k]), index, distance);
        worst[k] = fmax(worst[k], distance);
    }
    emit_at(u, "applications", index, (double)step->report[SCALING].applications /
                                          (double)step->report[NEWTON].applications);
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    struct curve *curve = curve_open(u, "counts", "1/gam [1]", "newton [1]", "scaling [1]",
                                     "dykstra [1]", "newton-kernels [1]", "scaling-kernels [1]",
                                     NULL);
    struct relu_data data;
    const struct grid_flow g = draw_problem(p, u, &data);
    struct step step = make_step(u, &g);
    double log_gam[16], newton[16], scaling[16], worst[SOLVERS] = {0}, counts[SOLVERS];
    double cheaper = (double)INFINITY, last = 0;

    for (int k = 0; k < p->gams; k++) {
        const double gam = ldexp(p->gam, -k);

        TRY(one_gam(p, u, &g, &step, gam, counts, worst));
        log_gam[k] = -log(gam);
        newton[k] = log(counts[NEWTON]);
        scaling[k] = counts[SCALING];
        const double kernels[2] = {(double)step.report[NEWTON].applications,
                                   (double)step.report[SCALING].applications};

        last = kernels[1] / kernels[0];
        cheaper = fmin(cheaper, last);
        curve_row(curve, (double[]){1 / gam, counts[NEWTON], counts[SCALING], counts[DYKSTRA],
                                    kernels[0], kernels[1]});
    }
    emit(u, "growth.newton", stat_slope(log_gam, newton, (size_t)p->gams));
    emit(u, "excess.scaling", scaling[p->gams - 1] - 3 * scaling[p->gams - 2] +
                                  2 * scaling[p->gams - 3]);
    emit(u, "cost.last", log2(last));
    emit(u, "cheaper", cheaper);
    emit(u, "worst.scaling", worst[SCALING]);
    emit(u, "worst.dykstra", worst[DYKSTRA]);
    emit(u, "move", l1(&step.p[NEWTON], &g.start));
    return STATUS_OK;
}

static const struct metric metrics[] = {
    {"l1.scaling.*", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0,
     "L1 distance of the scaling loop's measure from Newton's, at gam = 1 over the index"},
    {"l1.dykstra.*", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0, "of Dykstra's from Newton's"},
    {"cut.*", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0,
     "of Dykstra's from the scaling loop's, both after a few iterations"},
    {"worst.scaling", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0, "largest l1.scaling over gam"},
    {"worst.dykstra", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0, "largest l1.dykstra over gam"},
    {"move", "1", NO_DIRECTION, CLASS_BLAS, 0, "L1 distance that the step at the least gam goes"},
    {"count.newton.*", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0, "iterations of Newton"},
    {"count.scaling.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "of the scaling loop"},
    {"count.dykstra.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "of Dykstra"},
    {"applications.*", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "of the kernel by the scaling loop, over those by Newton"},
    {"growth.newton", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,
     "slope of log iterations over log 1/gam, Newton"},
    {"excess.scaling", "1", NO_DIRECTION, CLASS_RESIDUAL, 0,
     "iterations that the last halving of gam adds, less twice those of the halving before it"},
    {"cost.last", "1", NO_DIRECTION, CLASS_LONG32, 0, "log2 of applications at the least gam"},
    {"cheaper", "1", NO_DIRECTION, CLASS_LONG32, 0, "least of applications over gam"},
};

#define SOLVED "the measures have mass 1, the solvers stop at a marginal error of 1e-12"

static const struct claim claims[] = {
    {.id = "newton-agrees", .place = "derived: dual of the step",
     .words = "Newton on the dual and the scaling loop give the same step at every gam",
     .kind = BOUND, .metric = "worst.scaling", .cell = ALL_CELLS, .is = BELOW, .to = 1e-10,
     .reason = SOLVED},
    {.id = "dykstra-agrees", .place = "note, section 8.1; Peyre (2015)",
     .words = "Dykstra's algorithm with its corrections gives it as well",
     .kind = BOUND, .metric = "worst.dykstra", .cell = ALL_CELLS, .is = BELOW, .to = 1e-10,
     .reason = SOLVED},
    {.id = "corrections-cancel", .place = "note, Algorithm 1 has none; derived",
     .words = "with and without corrections they are the same also when cut off after 7 iterations",
     .kind = EVERY, .metric = "cut.*", .cell = ALL_CELLS, .is = BELOW, .to = 1e-12,
     .reason = "rounding of sums of mass 1"},
    {.id = "scaling-grows", .place = "derived",
     .words = "iterations of the scaling loop grow as gam falls",
     .kind = TREND, .metric = "count.scaling.*", .cell = "positive", .is = ABOVE},
    {.id = "scaling-is-affine", .place = "derived",
     .words = "they grow like a + b / gam: each halving adds twice as many as the one before",
     .kind = VALUE, .metric = "excess.scaling", .cell = "positive", .to = 0, .within = 4,
     .reason = "three whole numbers, each rounded up, one of them three times"},
    {.id = "scaling-is-affine-signed", .place = "derived",
     .words = "also with one measure for each sign",
     .kind = VALUE, .metric = "excess.scaling", .cell = "signed", .to = 0, .within = 4,
     .reason = "as above"},
    {.id = "newton-does-not-grow", .place = "derived",
     .words = "those of Newton do not",
     .kind = BOUND, .metric = "growth.newton", .cell = ALL_CELLS, .is = BELOW, .to = 0.25,
     .reason = "a quarter of the other's growth; one more step of five is 0.1"},
    {.id = "newton-is-cheaper", .place = "derived",
     .words = "at the least gam the scaling loop applies the kernel more often",
     .kind = ORDER, .metric = "cost.last", .cell = "positive", .is = ABOVE, .to = 0},
    {.id = "newton-is-cheaper-signed", .place = "derived",
     .words = "also with one measure for each sign",
     .kind = ORDER, .metric = "cost.last", .cell = "signed", .is = ABOVE, .to = 0},
    {.id = "newton-is-never-dearer", .place = "derived",
     .words = "it does so for every start and every gam",
     .kind = BOUND, .metric = "cheaper", .cell = ALL_CELLS, .is = ABOVE, .to = 1,
     .reason = "equal cost"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "jko_solvers", .title = "Three ways to make the same JKO step",
        .paper = "V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June "
                 "2024",
        .differs = "The signed problem has data like the author's random ones, x in (-1, 1), y in "
                   "(-3, 1), the positive one y = 2 x + 1; start, grid and steps are ours. The "
                   "loop stops at an L1 marginal error of 1e-12, not by the note's rule. "
                   "Quotients p / (xi b) are never formed: the scaling follows "
                   "from the proximal point. Newton's method on the dual is ours.",
        .caption = "Iterations of a step against 1/gam, and applications of the kernel; bands over "
                   "drawn data and starts. Dykstra's counts are those of the scaling loop.",
        .minutes = {0.01, 0.15, 2}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &problems, .run_unit = run_unit});
}
