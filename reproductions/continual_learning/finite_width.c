/* SPDX-License-Identifier: GPL-3.0-or-later */
/* finite_width: do trained networks follow the theory of infinite width?
 *
 * Claim    Errors of wide networks trained by gradient descent on one task after another are those
 *          of kernel regression with the tangent kernel; each weight hardly moves, by
 *          O(width^(-1/2)).
 * Source   Karakida and Akaho, "Learning curves for continual learning in neural networks", ICLR
 *          2022, and slides: ReLU, three layers, width 4,000, N = 100, gradient descent, dots on
 *          the theory's lines.
 * Measured test errors of A alone and of B after A (rho = 0 and 1) of trained networks, of each
 *          network's own tangent kernel at its start, to the end of time and after as many steps,
 *          of the kernel of infinite width on the same draw, and of the theory for many draws; the
 *          error of A in the course of the descent; how far the weights of each layer moved.
 * Differs  Rate, steps and dimension are not given; ours. The initial function is subtracted.
 * Minutes  smoke 0.01, desk 3.5, paper 80 (estimated from the cost of a step), on one core.
 */
#include <math.h>
#include <stdio.h>

#include "continual_learning/draws.h"
#include "continual_learning/wide_network.h"
#include "harness/harness.h"

#define PARAMETERS(P)                                                                              \
    /* type   name     smoke desk  paper */                                                        \
    P(int,    seeds,   2,    14,   20,   "draws of data, targets and initial weights; ours")       \
    P(int,    D,       10,   10,   10,   "input dimension; ours")                                  \
    P(int,    N,       30,   100,  100,  "samples of each task; slides")                           \
    P(int,    tests,   100,  500,  500,  "test inputs; ours")                                      \
    P(int,    anchors, 100,  300,  3000, "of a random target; ours")                               \
    P(int,    steps,   60,   250,  1500, "full-batch gradient descent, each task; ours")           \
    P(double, rate,    0.6,  0.9,  0.9,  "of the loss (1/2N) sum e^2, Theta(x, x) = 6; ours")      \
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
                                 "equal theory [E_A]", "single infinite [E_A]",
                                 "unrelated infinite [E_A]", "equal infinite [E_A]", NULL);
    const double E_A = e->error[WIDE_THEORY][WIDE_SINGLE];
    double row[1 + 3 * WIDE_CASES] = {u->cell_value};

    for (int k = 0; k < WIDE_CASES; k++) {
        const double E = e->error[WIDE_TRAINED][k], theory = e->error[WIDE_THEORY][k];
        const double infinite = e->error[WIDE_INFINITE][k];

        emit_case(u, "own", names[k], E / e->error[WIDE_OWN][k]);
        emit_case(u, "steps", names[k], E / e->error[WIDE_STEPS][k]);
        emit_case(u, "limit", names[k], E / infinite);
        emit_case(u, "off", names[k], fabs(E / infinite - 1));
        emit_case(u, "theory", names[k], E / theory);
        row[1 + k] = E / E_A;
        row[1 + WIDE_CASES + k] = theory / E_A;
        row[1 + 2 * WIDE_CASES + k] = infinite / E_A;
    }
    curve_row(c, row);
}

static void report_course(struct unit *u, const struct wide_network_errors *e)
{
    struct curve *c = curve_open(u, "course", "step [1]", "trained [E_A]", "own kernel [E_A]",
                                 NULL);
    const double E_A = e->error[WIDE_THEORY][WIDE_SINGLE];
    double apart = 0;

    for (size_t k = 0; k < e->looks; k++) {
        const struct wide_network_look *at = &e->look[k];

        curve_row(c, (double[]){at->step, at->trained / E_A, at->kernel / E_A});
        apart = fmax(apart, fabs(at->trained / at->kernel - 1));
    }
    emit(u, "course.apart", apart);
}

/* Weights between layers of `width` units have gradients smaller by width^(-1/2): those of both
 * ends move by width^(-1/2), these by width^(-1). */
static void report_moves(struct unit *u, const struct wide_network_errors *e, int layers)
{
    const double width = u->cell_value;

    for (int l = 1; l <= layers; l++) {
        const double moved = e->moved[l - 1];

        emit_at(u, "moved.layer", l, moved);
        emit_at(u, "order.layer", l, log2(moved * (l == 1 || l == layers ? sqrt(width) : width)));
    }
    emit(u, "moved.most", e->moved_most);
    emit(u, "order.most", log2(e->moved_most * sqrt(width)));
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
    report_course(u, &e);
    report_moves(u, &e, p->L);
    emit(u, "kernel.apart", e.apart);
    emit(u, "condition.own", e.condition[WIDE_OWN]);
    emit_conditioned(u, "condition.infinite", e.condition[WIDE_INFINITE],
                     e.condition[WIDE_INFINITE]);
    emit(u, "residual", e.residual);
    return STATUS_OK;
}

#define RATIO(name, meaning) {name, "1", NO_DIRECTION, CLASS_LONG32, 10, meaning}
static const struct metric metrics[] = {
    RATIO("own.single", "error of A over that of regression with the network's kernel"),
    RATIO("own.unrelated", "error of B after an unrelated A, over the same"),
    RATIO("own.equal", "error after two samples of one function, over the same"),
    RATIO("steps.single", "error of A over that of the network's kernel after as many steps"),
    RATIO("steps.unrelated", "error of B after an unrelated A, over the same"),
    RATIO("steps.equal", "error after two samples of one function, over the same"),
    RATIO("course.apart", "largest |error of A over that of the network's kernel after as many "
                          "steps - 1| at steps 1, 2, 4, .. and the last"),
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
    RATIO("moved.layer.*", "root mean square change of a weight of the layer in learning A; biases "
                           "are not counted"),
    RATIO("moved.most", "the largest |change| of a weight of any layer"),
    RATIO("order.layer.*", "log2 of moved.layer times width^(1/2) for the first and the last "
                           "layer, times the width between them"),
    RATIO("order.most", "log2 of moved.most times width^(1/2)"),
    RATIO("residual", "mean square left on the last task over its targets'"),
};

/* Between the first and the last cell the width grows by 8 at desk and at paper. */
#define EXPONENT "0.1 in the exponent over three doublings of the width"

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
    {.id = "course-is-the-kernels", .place = "theory of the tangent kernel: f_t in closed form",
     .words = "at each step of the descent on A the widest networks make the error that their own "
              "kernel predicts for it",
     .kind = ORDER, .metric = "course.apart", .cell = LAST_CELL, .is = BELOW, .to = 0.1,
     .reason = "as for the end of the descent"},
    {.id = "wider-is-more-linear", .place = "theory: training is linear in the limit",
     .words = "errors in the course of the descent come nearer to the own kernel's as the width "
              "grows",
     .kind = TREND, .metric = "course.apart", .is = BELOW},
    {.id = "each-weight-hardly-moves", .place = "slides: each weight moves by O(width^(-1/2))",
     .words = "the largest change of a weight falls as width^(-1/2)",
     .kind = EQUIVALENCE, .metric = "order.most", .cell = LAST_CELL, .to_metric = "order.most",
     .to_cell = FIRST_CELL, .within = 0.3,
     .reason = EXPONENT "; that more weights have a larger extreme, sqrt(log n) for normal "
               "ones, is 0.08 of it in the last layer"},
    {.id = "first-layer-moves", .place = "the same, of order width^(-1/2)",
     .words = "weights of the first layer move by width^(-1/2)",
     .kind = EQUIVALENCE, .metric = "order.layer.1", .cell = LAST_CELL,
     .to_metric = "order.layer.1", .to_cell = FIRST_CELL, .within = 0.3, .reason = EXPONENT},
    {.id = "last-layer-moves", .place = "the same",
     .words = "weights of the last layer move by width^(-1/2)",
     .kind = EQUIVALENCE, .metric = "order.layer.3", .cell = LAST_CELL,
     .to_metric = "order.layer.3", .to_cell = FIRST_CELL, .within = 0.3, .reason = EXPONENT},
    {.id = "middle-layer-moves-less", .place = "theory: gradients there are of order 1 / width",
     .words = "weights between hidden layers move by 1 / width",
     .kind = EQUIVALENCE, .metric = "order.layer.2", .cell = LAST_CELL,
     .to_metric = "order.layer.2", .to_cell = FIRST_CELL, .within = 0.3, .reason = EXPONENT},
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
                   "desk stops at width 2048, half of the slides', with 14 draws, which is too "
                   "few for the mean of the theory: networks are paired with regressions on the "
                   "same draws. One of these draws has the large errors at every width, at 2048 "
                   "1.7 times those of infinite width on A and 2.5 times on two samples of one "
                   "function; the other 13 lie between 0.98 and 1.2, and 1.1 and 1.5. Weights move "
                   "as the theory says, layer by layer; the largest of them falls more slowly "
                   "than width^(-1/2), as the largest of more weights has to.",
        .caption = "Test errors of trained networks against the width, after task A, on B after an "
                   "unrelated A, and after two samples of one function. Above: in units of the "
                   "theory's E_A (lines: kernel regression of infinite width on the same draws; "
                   "dashed: theory, the mean of all draws); over those of these regressions; over "
                   "those of each network's own tangent kernel at its start after as many steps. "
                   "Below: the error of A in the course of the descent, points for networks, lines "
                   "for their own kernels; root mean square change of a weight a layer, and the "
                   "largest of all, with the slopes of the theory; distance of the kernel at the "
                   "start from that of infinite width.",
        .minutes = {0.01, 3.5, 80}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &widths, .run_unit = run_unit});
}
