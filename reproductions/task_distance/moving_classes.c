/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moving_classes: lengths of two ways from one task to another, where nothing is drawn.
 *
 * Claim    Moving data by a coupling makes the way of the model shorter than mixing the two data
 *          sets.
 * Source   Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks (arXiv
 *          2011.00613v1), section 2.3: displacement and mixture; equations (1), (8), (17b): lengths
 *          of the forms B and A of geometry/fisher.h. The problem is ours.
 * Measured A and B of both ways, the weights at the minimum all along; both directions of a pair
 *          that is lopsided, at the minimum and at finite learning speed.
 * Differs  Two normal classes on the line and a logistic model instead of images and a network.
 * Minutes  smoke 0, desk 0.3, paper 1.
 */
#include <math.h>

#include "harness/harness.h"
#include "task_distance/moving_logistic.h"

#define PARAMETERS(P)                                                                              \
    /* type   name    smoke desk  paper  */                                                        \
    P(int,    seeds,  1,    1,    1,     "nothing is drawn")                                       \
    P(double, half,   2,    2,    2,     "classes of the source at -half and half, sd 1; ours")    \
    P(int,    nodes,  200,  200,  200,   "Gauss-Hermite nodes a class; ours")                      \
    P(int,    M,      400,  1600, 6400,  "steps of a length; ours")                                \
    P(int,    checks, 20,   100,  100,   "steps of a length along gradient steps; ours")           \
    P(double, rate,   0.2,  0.05, 0.02,  "of a gradient step, at most; ours")                      \
    P(int,    speeds, 2,    5,    5,     "learning speeds, each 4 times the last; ours")           \
    P(double, slowest, 8,   8,    8,     "steps times rate at the slowest; ours")                  \
    P(double, wide,   1.5,  1.5,  1.5,   "class 1 moves so much further (lopsided pair); ours")
DEFINE_PARAMETERS(PARAMETERS)

#define SHIFTS CELL_VALUES(1, 2, 4, 6, 8)
static const struct axis shifts = {.name = "s", .meaning = "shift from source to target",
                                   .at = {SHIFTS, SHIFTS, SHIFTS}};

#define NEAR 1e6 /* condition of what is summed from differences of near minima */
enum { REVERSED = 3 }; /* numbers of steps for the two directions: M / 16, M / 4, M */

/* Classes at -half and half; the target's are `first` and `second` further right. */
static void set_tasks(struct moving_logistic *m, const struct parameters *p, double first,
                      double second)
{
    m->source = (struct moving_task){{-p->half, p->half}, {1, 1}};
    m->target = (struct moving_task){{-p->half + first, p->half + second}, {1, 1}};
}

/* A and B of both ways for equal shifts of both classes. */
static enum status compare(const struct parameters *p, struct unit *u, struct moving_logistic *m,
                           struct curve *curve)
{
    struct moving_length slid, mixed;
    const double s = u->cell_value;

    set_tasks(m, p, s, s);
    m->path = MOVING_DISPLACEMENT;
    TRY(moving_logistic_follow(m, (size_t)p->M, &slid));
    m->path = MOVING_MIXTURE;
    TRY(moving_logistic_follow(m, (size_t)p->M, &mixed));
    emit_conditioned(u, "A.displacement", slid.riemannian, NEAR);
    emit_conditioned(u, "B.displacement", slid.mean, NEAR);
    emit_conditioned(u, "A.mixture", mixed.riemannian, NEAR);
    emit_conditioned(u, "B.mixture", mixed.mean, NEAR);
    emit_conditioned(u, "A.excess", mixed.riemannian - slid.riemannian, NEAR);
    emit_conditioned(u, "B.excess", mixed.mean - slid.mean, NEAR);
    emit_conditioned(u, "A.displacement.unit", slid.riemannian / s, NEAR);
    emit_conditioned(u, "B.displacement.unit", slid.mean / s, NEAR);
    emit_conditioned(u, "slope", slid.w[1], NEAR);
    curve_row(curve, (double[]){s, slid.riemannian, slid.mean, mixed.riemannian, mixed.mean});
    return STATUS_OK;
}

/* The lopsided pair, mixed, there and back, at the minimum: B for three numbers of steps. */
static enum status reverse(const struct parameters *p, struct unit *u, struct moving_logistic *m)
{
    struct moving_length way[2];
    double gap[REVERSED];

    for (int k = 0; k < REVERSED; k++) {
        for (m->backwards = 0; m->backwards < 2; m->backwards++)
            TRY(moving_logistic_follow(m, (size_t)p->M >> 2 * (REVERSED - 1 - k),
                                       &way[m->backwards]));
        gap[k] = fabs(way[1].mean / way[0].mean - 1);
        emit_scaled_at(u, "reverse", k, gap[k], NEAR);
    }
    emit_conditioned(u, "reverse.order",
                     log(gap[0] / gap[REVERSED - 1]) / log(1 << 2 * (REVERSED - 1)), NEAR);
    return STATUS_OK;
}

/* The same with gradient steps. Both directions end where they end: the loss left over is told. */
static enum status learn(const struct parameters *p, struct unit *u, struct moving_logistic *m)
{
    struct curve *curve = curve_open(u, "speed", "speed [1]", "forth [1]", "back [1]",
                                     "left-over [nat]", NULL);
    const double checks = p->checks;
    double speed = p->slowest;

    for (int k = 0; k < p->speeds; k++, speed *= 4) {
        struct moving_length way[2];
        double worst = 0;
        const size_t steps = (size_t)(checks * ceil(speed / p->rate / checks));

        for (m->backwards = 0; m->backwards < 2; m->backwards++) {
            struct moving_length *l = &way[m->backwards];
            double best[2];

            TRY(moving_logistic_learn(m, (size_t)p->checks, steps, speed, l));
            const double reached = moving_logistic_loss(m, 1, l->w);

            best[0] = l->w[0];
            best[1] = l->w[1];
            TRY(moving_logistic_minimum(m, 1, best));
            worst = fmax(worst, reached - moving_logistic_loss(m, 1, best));
        }
        emit_scaled_at(u, "asymmetry", k, fabs(way[1].mean / way[0].mean - 1), NEAR);
        emit_scaled_at(u, "left-over", k, worst, NEAR);
        emit_scaled_at(u, "B.learned", k, way[0].mean, NEAR);
        curve_row(curve, (double[]){speed, way[0].mean, way[1].mean, worst});
    }
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    struct curve *curve = curve_open(u, "length", "s [1]", "A-displacement [1]",
                                     "B-displacement [1]", "A-mixture [1]", "B-mixture [1]", NULL);
    struct moving_logistic m;

    TRY(moving_logistic_create(&m, u->mem, (size_t)p->nodes));
    TRY(compare(p, u, &m, curve));
    set_tasks(&m, p, u->cell_value, p->wide * u->cell_value);
    TRY(reverse(p, u, &m));
    return learn(p, u, &m);
}

static const struct metric metrics[] = {
    {"A.displacement", "1", NO_DIRECTION, CLASS_COND, 0, "Riemannian length, classes slide"},
    {"B.displacement", "1", NO_DIRECTION, CLASS_COND, 0, "mean length, classes slide"},
    {"A.mixture", "1", NO_DIRECTION, CLASS_COND, 0, "Riemannian length, the data are mixed"},
    {"B.mixture", "1", NO_DIRECTION, CLASS_COND, 0, "mean length, the data are mixed"},
    {"A.excess", "1", NO_DIRECTION, CLASS_COND, 0, "A of the mixture less A of the displacement"},
    {"B.excess", "1", NO_DIRECTION, CLASS_COND, 0, "B of the mixture less B of the displacement"},
    {"A.displacement.unit", "1", NO_DIRECTION, CLASS_COND, 0, "A over s, classes slide"},
    {"B.displacement.unit", "1", NO_DIRECTION, CLASS_COND, 0, "B over s, classes slide"},
    {"slope", "1", NO_DIRECTION, CLASS_COND, 0, "w1 at the target"},
    {"reverse.*", "1", LOWER_IS_BETTER, CLASS_COND, 0,
     "|B back / B forth - 1| of the mixture of the lopsided pair, steps M / 16, M / 4, M"},
    {"reverse.order", "1", NO_DIRECTION, CLASS_COND, 0,
     "power of the size of steps that it falls with"},
    {"asymmetry.*", "1", NO_DIRECTION, CLASS_COND, 0, "the same for gradient steps, by speed"},
    {"left-over.*", "nat", LOWER_IS_BETTER, CLASS_COND, 0,
     "loss at the end less the least, the worse direction, by speed"},
    {"B.learned.*", "1", NO_DIRECTION, CLASS_COND, 0, "B forth for gradient steps, by speed"},
};

#define SHORTER "section 2.3 and 4.3: coupled transfer is shorter than uncoupled"
#define APART "derived, by another computation of ours"
#define HERMITE "four digits with 40 nodes, where the slope comes out as 3.9995 and not 4"

static const struct claim claims[] = {
    {.id = "mixture-longer-mean", .place = SHORTER,
     .words = "in the form B the mixture is longer than the displacement at every shift",
     .kind = EVERY, .metric = "B.excess", .is = ABOVE, .to = 0},
    {.id = "mixture-longer-riemannian", .place = SHORTER,
     .words = "in the form A, the length of (8), it is so too",
     .kind = EVERY, .metric = "A.excess", .is = ABOVE, .to = 0},
    {.id = "slope-stays", .place = "derived: the log odds are 4 (x - tau s)",
     .words = "the slope of the model that slides is 4", .kind = VALUE, .metric = "slope",
     .cell = LAST_CELL, .to = 4, .within = 1e-6, .reason = "quadrature"},
    {.id = "displacement-a", .place = APART, .words = "A of the displacement is 0.5236 s",
     .kind = VALUE, .metric = "A.displacement.unit", .to = 0.5236, .within = 3e-4,
     .reason = HERMITE},
    {.id = "displacement-b", .place = APART, .words = "B of the displacement is 0.2707 s",
     .kind = VALUE, .metric = "B.displacement.unit", .to = 0.2707, .within = 1e-4,
     .reason = HERMITE},
    {.id = "mixture-a-near", .place = APART, .words = "A of the mixture is 0.556 at s = 1",
     .kind = VALUE, .metric = "A.mixture", .cell = "s=1", .to = 0.556, .within = 1e-3,
     .reason = "three digits"},
    {.id = "mixture-b-near", .place = APART, .words = "B of the mixture is 0.315 at s = 1",
     .kind = VALUE, .metric = "B.mixture", .cell = "s=1", .to = 0.315, .within = 1e-3,
     .reason = "three digits"},
    {.id = "mixture-a-far", .place = APART, .words = "A of the mixture is 3.14 at s = 8",
     .kind = VALUE, .metric = "A.mixture", .cell = "s=8", .to = 3.14, .within = 0.006,
     .reason = "three digits"},
    {.id = "mixture-b-far", .place = APART, .words = "B of the mixture is 2.82 at s = 8",
     .kind = VALUE, .metric = "B.mixture", .cell = "s=8", .to = 2.82, .within = 0.006,
     .reason = "three digits"},
    {.id = "minimum-is-reversible", .place = "derived: the way of the minimum has no direction",
     .words = "at the minimum the way back is as long as the way there, but for the size of steps",
     .kind = EVERY, .metric = "reverse.order", .is = ABOVE, .to = 0},
    {.id = "reversible-to-first-order", .place = "derived: inputs are those of the start of a step",
     .words = "that difference is of the first order at s = 1",
     .kind = VALUE, .metric = "reverse.order", .cell = "s=1", .to = 1, .within = 0.05,
     .reason = "higher powers of the step; at large s their share is larger"},
    {.id = "asymmetric-at-finite-speed", .place = "section 3.2: the distance is asymmetric",
     .words = "a model that learns slowly has ways there and back that differ by 1 %",
     .kind = BOUND, .metric = "asymmetry.0", .cell = ALL_CELLS, .is = ABOVE, .to = 0.01,
     .reason = "ours; ten times what steps of the length make"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "moving_classes", .title = "Two ways from a task to another, exactly",
        .paper = "Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks "
                 "(arXiv 2011.00613v1)",
        .differs = "Two normal classes on the line, moved by s, and a logistic model at the "
                   "minimum of each task between, instead of images and a trained network; "
                   "nothing is drawn. A is the Riemannian length of (8), B the mean length of "
                   "single predictions in (1) and (17b), which the published code measures. "
                   "Lengths compared with are ours, of another computation with 40 "
                   "Gauss-Hermite nodes, too few for four digits; none is published.",
        .caption = "Left: lengths of both ways against the shift; in the form A the mixture "
                   "becomes the shorter one. Then a lopsided pair, mixed, the model following by "
                   "gradient steps. Middle: length against speed in both directions. Right: the "
                   "loss left over at the end.",
        .minutes = {0, 0.3, 1}, .deterministic = 1, PARAMETER_TABLE, METRICS(metrics),
        CLAIMS(claims), .axis = &shifts, .run_unit = run_unit});
}
