/* SPDX-License-Identifier: GPL-3.0-or-later */
/* finite_width: do trained networks follow the theory of infinite width?
 *
 * Claim    Errors of wide networks trained by gradient descent on one task after another are those
 *          of kernel regression with the tangent kernel; each weight hardly moves.
 * Source   Karakida and Akaho, "Learning curves for continual learning in neural networks", ICLR
 *          2022, and slides: ReLU, three layers, width 4,000, N = 100, gradient descent, dots on
 *          the theory's lines.
 * Measured test errors of A alone and of B after A (rho = 0 and 1) of trained networks, of
 *          regressions with each network's own tangent kernel at its start and of ones with the
 *          kernel of infinite width on the same draw, and of the theory for many draws; how far the
 *          weights moved.
 * Differs  Rate, steps and dimension are not given; ours. The initial function is subtracted.
 * Minutes  smoke 0.01, desk 1.5, paper 40 (estimated from the cost of a step), on one core.
 */
#include <math.h>
#include <stdio.h>

#include "continual_learning/draws.h"
#include "continual_learning/wide_network.h"
#include "harness/harness.h"

#define PARAMETERS(P)                                                                              \
    /* type   name     smoke desk  paper */                                                        \
    P(int,    seeds,   2,    6,    10,   "draws of data, targets and initial weights; ours")       \
    P(int,    D,       10,   10,   10,   "input dimension; ours")                                  \
    P(int,    N,       30,   100,  100,  "samples of each task; slides")                           \
    P(int,    tests,   100,  500,  500,  "test inputs; ours")                                      \
    P(int,    anchors, 100,  300,  3000, "of a random target; ours")                               \
    P(int,    steps,   60,   250,  1500, "full-batch gradient descent, each task; ours")           \
    P(double, rate,    0.9,  0.9,  0.9,  "of the loss (1/2N) sum e^2, Theta(x, x) = 6; ours")      \
    P(int,    degrees, 40,   40,   40,   "of the theory, the tail is a ridge; ours")               \
    NETWORK_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

static const struct axis widths = {
    .name = "width", .meaning = "units of each of the two hidden layers",
    .at = {CELL_VALUES(64, 256), CELL_VALUES(256, 512, 1024, 2048),
           CELL_VALUES(512, 1024, 2048, 4096)}};

static void emit_case(struct unit *u, const char *kind, const char *which, double value)
{
    char name[32];

    snprintf(name, sizeof name, "%s.%s", kind, which);
    emit(u, name, value);
}

static void report_errors(struct unit *u, const struct wide_network_errors *e)
{
    static const char *const names[WIDE_CASES] = {"single", "unrelated", "equal"};
    struct curve *c = curve_open(u, "error", "width [1]", "single [E_A]", "unrelated [E_A]",
                                 "equal [E_A]", "single theory [E_A]", "unrelated theory [E_A]",
                                 "equal theory [E_A]", NULL);
    const double E_A = e->error[WIDE_THEORY][WIDE_SINGLE];
    double row[1 + 2 * WIDE_CASES] = {u->cell_value};

    for (int k = 0; k < WIDE_CASES; k++) {
        const double E = e->error[WIDE_TRAINED][k], theory = e->error[WIDE_THEORY][k];
        const double limit = E / e->error[WIDE_INFINITE][k];

        emit_case(u, "own", names[k], E / e->error[WIDE_OWN][k]);
        emit_case(u, "limit", names[k], limit);
        emit_case(u, "off", names[k], fabs(limit - 1));
        emit_case(u, "theory", names[k], E / theory);
        row[1 + k] = E / E_A;
        row[1 + WIDE_CASES + k] = theory / E_A;
    }
    curve_row(c, row);
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct wide_network_spec spec = {
        .network = NETWORK(p), .width = (size_t)u->cell_value, .D = (size_t)p->D,
        .N = (size_t)p->N, .tests = (size_t)p->tests, .anchors = (size_t)p->anchors,
        .steps = p->steps, .rate = p->rate, .degrees = (size_t)p->degrees,
        .nodes = (size_t)p->nodes};
    struct wide_network_errors e;

    TRY(wide_network_run(&spec, u, &e));
    report_errors(u, &e);
    emit(u, "kernel.apart", e.apart);
    emit(u, "condition.own", e.condition[WIDE_OWN]);
    emit_conditioned(u, "condition.infinite", e.condition[WIDE_INFINITE],
                     e.condition[WIDE_INFINITE]);
    emit(u, "moved", e.moved);
    emit(u, "moved.scaled", e.moved * u->cell_value);
    emit(u, "residual", e.residual);
    return STATUS_OK;
}

#define RATIO(name, meaning) {name, "1", NO_DIRECTION, CLASS_LONG32, 10, meaning}
static const struct metric metrics[] = {
    RATIO("own.single", "error of A over that of regression with the network's kernel"),
    RATIO("own.unrelated", "error of B after an unrelated A, over the same"),
    RATIO("own.equal", "error after two samples of one function, over the same"),
    RATIO("limit.single", "error of A over that of regression with infinite width"),
    RATIO("limit.unrelated", "error of B after an unrelated A, over the same"),
    RATIO("limit.equal", "error after two samples of one function, over the same"),
    RATIO("off.single", "|limit.single - 1|"),
    RATIO("off.unrelated", "|limit.unrelated - 1|"),
    RATIO("off.equal", "|limit.equal - 1|"),
    RATIO("theory.single", "error of A over the theory's for infinite width, the mean of draws"),
    RATIO("theory.unrelated", "error of B after an unrelated A, over the same theory's"),
    RATIO("theory.equal", "error after two samples of one function, over the same theory's"),
    {"condition.own", "1", NO_DIRECTION, CLASS_SHORT32, 0,
     "1-norm condition of the network's kernel on a task, an estimate: the larger task's"},
    {"condition.infinite", "1", NO_DIRECTION, CLASS_COND, 0, "the same for infinite width"},
    {"kernel.apart", "1", LOWER_IS_BETTER, CLASS_SHORT32, 0,
     "relative distance of the network's kernel at its start from that of infinite width"},
    RATIO("moved", "root mean square change of a weight in learning A"),
    RATIO("moved.scaled", "the same times the width"),
    RATIO("residual", "mean square left on the last task over its targets'"),
};

static const struct claim claims[] = {
    {.id = "own-kernel-single", .place = "theory of the tangent kernel: training is linear",
     .words = "the widest networks make the errors of their own kernel on A",
     .kind = VALUE, .metric = "own.single", .cell = LAST_CELL, .to = 1, .within = 0.1,
     .reason = "less than half of the 0.25 that infinite width has: what parts the network from "
               "that is then its kernel, not its training"},
    {.id = "own-kernel-equal", .place = "the same, two samples in turn",
     .words = "and after a second sample of the same function",
     .kind = VALUE, .metric = "own.equal", .cell = LAST_CELL, .to = 1, .within = 0.1,
     .reason = "the same"},
    {.id = "limit-single", .place = "slides: networks of width 4,000 lie on the theory's lines",
     .words = "the widest networks make the errors of infinite width on A",
     .kind = VALUE, .metric = "limit.single", .cell = LAST_CELL, .to = 1, .within = 0.25,
     .reason = "first networks of ours, of width 512, were half above; an excess that falls as "
               "width^(-1/2), the order of the kernel's spread, is a quarter at 2048"},
    {.id = "limit-unrelated", .place = "the same, an unrelated task before",
     .words = "and on B after an unrelated A",
     .kind = VALUE, .metric = "limit.unrelated", .cell = LAST_CELL, .to = 1, .within = 0.25,
     .reason = "the same"},
    {.id = "limit-equal", .place = "the same, two samples in turn",
     .words = "and after two samples of one function",
     .kind = VALUE, .metric = "limit.equal", .cell = LAST_CELL, .to = 1, .within = 0.25,
     .reason = "the same"},
    {.id = "wider-is-nearer", .place = "theory: corrections vanish with the width",
     .words = "the error of A comes nearer to that of infinite width as the width grows",
     .kind = TREND, .metric = "off.single", .is = BELOW},
    {.id = "kernel-converges", .place = "theory: the kernel's spread is of order width^(-1/2)",
     .words = "the network's kernel comes nearer to that of infinite width as the width grows",
     .kind = TREND, .metric = "kernel.apart", .is = BELOW},
    {.id = "weights-hardly-move", .place = "slides: each weight moves by O(width^(-1/2)) or less",
     .words = "weights move less, the wider the network",
     .kind = TREND, .metric = "moved", .is = BELOW},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "finite_width", .title = "Trained networks against the theory of infinite width",
        .paper = "R. Karakida, S. Akaho, Learning curves for continual learning in neural "
                 "networks, ICLR 2022 (arXiv 2112.01653), and slides",
        .differs = "From the slides: ReLU, three layers of weights, N = 100, gradient descent. "
                   "Learning rate, number of steps, input dimension and how the initial function "
                   "is treated are not given; ours: 0.9 (stable below 2 N over the largest "
                   "eigenvalue, about 1.3), 250 steps, 10, and the initial function is subtracted. "
                   "desk stops at width 2048, half of the slides'.",
        .caption = "Test errors of trained networks against the width, after task A, on B after an "
                   "unrelated A, and after two samples of one function: in units of the theory's "
                   "E_A (left; lines: theory of infinite width), over those of kernel regression "
                   "on the same data with the kernel of infinite width (middle), and with each "
                   "network's own tangent kernel at its start (right).",
        .minutes = {0.01, 1.5, 40}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &widths, .run_unit = run_unit});
}
