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
 *          kernel of infinite width on the same draw; how far the weights moved.
 * Differs  Rate, steps and dimension are not given; ours. The initial function is subtracted.
 * Minutes  smoke 0.01, desk 3.5, paper 40 (estimated from the cost of a step), on one core.
 */
#include <math.h>
#include <stdio.h>

#include "geometry/empirical_ntk.h"
#include "harness/harness.h"
#include "kernel/kernel_regression.h"
#include "kernel/learning_curve.h"
#include "kernel/ntk_gram.h"
#include "net/net.h"

#define PARAMETERS(P)                                                                              \
    /* type   name     smoke desk  paper */                                                        \
    P(int,    seeds,   2,    6,    10,   "draws of data, targets and initial weights; ours")       \
    P(int,    D,       10,   10,   10,   "input dimension; ours")                                  \
    P(int,    N,       30,   100,  100,  "samples of each task; slides")                           \
    P(int,    tests,   100,  500,  500,  "test inputs; ours")                                      \
    P(int,    anchors, 100,  300,  3000, "of a random target; ours")                               \
    P(int,    steps,   60,   250,  1500, "full-batch gradient descent, each task; ours")           \
    P(double, rate,    0.9,  0.9,  0.9,  "of the loss (1/2N) sum e^2, Theta(x, x) = 6; ours")      \
    P(int,    degrees, 40,   40,   40,   "of the theory, the tail is a ridge; ours")
DEFINE_PARAMETERS(PARAMETERS)

static const struct axis widths = {
    .name = "width", .meaning = "units of each of the two hidden layers",
    .at = {CELL_VALUES(64, 256), CELL_VALUES(256, 512, 1024, 2048),
           CELL_VALUES(512, 1024, 2048, 4096)}};

enum { SINGLE, UNRELATED, EQUAL, COUNT }; /* A alone; B after A at rho = 0; at rho = 1 */
static const char *const names[COUNT] = {"single", "unrelated", "equal"};

struct run {
    const struct parameters *p;
    size_t N, n;            /* of a task; of A, B and tests together */
    struct mat x, f, theta, own; /* n x D, n x 2, n x n kernels: infinite width, the network's */
    struct net net;
    float *inputs;          /* n x D */
    struct vec start, now;  /* n: outputs at the initial weights, and minus these */
    float *initial, *after_A; /* parameters */
    double error[3][COUNT]; /* trained, own kernel, infinite width */
    double moved;           /* root mean square of W - W_0 over all weights, after A */
    double residual;        /* mean square on the last task's samples, over the target's */
};

static void prepare(struct unit *u, struct run *r)
{
    const struct parameters *p = r->p;
    const size_t D = (size_t)p->D, width = (size_t)u->cell_value;
    struct rng inputs = rng_stream(u->seed, "inputs"), init = rng_stream(u->seed, "init");

    r->N = (size_t)p->N;
    r->n = 2 * r->N + (size_t)p->tests;
    r->x = kernel_sphere_points(u->mem, &inputs, r->n, D);
    r->f = mat_zero(u->mem, r->n, 2);
    r->theta = mat_zero(u->mem, r->n, r->n);
    r->own = mat_zero(u->mem, r->n, r->n);
    r->start = vec_zero(u->mem, r->n);
    r->now = vec_zero(u->mem, r->n);
    r->inputs = arena_get(u->mem, r->n * D, sizeof(float));
    /* u_1 = sigma_w / sqrt(D) W x: inputs of length sqrt(D) have A_0 = <x, x'> of unit vectors */
    for (size_t i = 0; i < r->n * D; i++)
        r->inputs[i] = (float)(sqrt((double)D) * r->x.a[i]);
    r->net = net_create(u->mem, &(struct net_spec){
        .layer_count = 3, .widths = (size_t[]){D, width, width, 1},
        .activation = ACTIVATION_RELU, .parameterization = NET_NTK, .sigma_w2 = 2}, r->n);
    net_init(&r->net, &init);
    r->initial = arena_get(u->mem, r->net.param_count, sizeof(float));
    r->after_A = arena_get(u->mem, r->net.param_count, sizeof(float));
    net_get_params(&r->net, r->initial);
}

static void look(struct run *r, struct vec *out)
{
    const float *f = net_forward(&r->net, r->inputs, r->n);

    for (size_t i = 0; i < r->n; i++)
        out->x[i] = (double)f[i];
}

/* Mean square of now - f_target on the tests. */
static double test_error(const struct run *r, size_t target)
{
    double sum = 0;

    for (size_t i = 2 * r->N; i < r->n; i++) {
        const double e = r->now.x[i] - r->f.a[2 * i + target];

        sum += e * e / (double)r->p->tests;
    }
    return sum;
}

/* Gradient descent on (1/2N) sum (f - f_0 - y)^2 over rows first .. first + N - 1. */
static enum status train(struct unit *u, struct run *r, size_t first, size_t target)
{
    const float *x = r->inputs + first * (size_t)r->p->D;
    double loss = 0, scale = 0;

    for (int step = 0; step < r->p->steps; step++) {
        const float *f = net_forward(&r->net, x, r->N);
        float *d = net_dlogits(&r->net);

        loss = scale = 0;
        for (size_t i = 0; i < r->N; i++) {
            const double y = r->f.a[2 * (first + i) + target];
            const double e = (double)f[i] - r->start.x[first + i] - y;

            loss += e * e;
            scale += y * y;
            d[i] = (float)(e / (double)r->N);
        }
        if (!(loss < 1e6 * scale))
            return unit_diverged(u, step, loss);
        net_backward_step(&r->net, d, r->p->rate, 0);
    }
    r->residual = loss / scale;
    look(r, &r->now);
    vec_axpy(&r->now, -1, &r->start);
    return STATUS_OK;
}

static enum status train_all(struct unit *u, struct run *r)
{
    double squares = 0;

    TRY(train(u, r, 0, 0));
    r->error[0][SINGLE] = test_error(r, 0);
    net_get_params(&r->net, r->after_A);
    for (size_t k = 0; k < r->net.param_count; k++)
        squares += ((double)r->after_A[k] - (double)r->initial[k]) *
                   ((double)r->after_A[k] - (double)r->initial[k]);
    r->moved = sqrt(squares / (double)r->net.param_count);
    TRY(train(u, r, r->N, 1));
    r->error[0][UNRELATED] = test_error(r, 1);
    net_set_params(&r->net, r->after_A);
    TRY(train(u, r, r->N, 0));
    r->error[0][EQUAL] = test_error(r, 0);
    return STATUS_OK;
}

/* now += K(all, rows) K(rows, rows)^-1 (f_target - now) over rows first .. first + N - 1. */
static enum status regress(struct unit *u, struct run *r, const struct mat *k, size_t first,
                           size_t target)
{
    struct mat gram = mat_zero(u->mem, r->N, r->N);
    const struct mat columns = mat_columns(u->mem, k, first, r->N);
    struct vec a = vec_zero(u->mem, r->N);

    for (size_t i = 0; i < r->N; i++) {
        a.x[i] = r->f.a[2 * (first + i) + target] - r->now.x[first + i];
        for (size_t j = 0; j < r->N; j++)
            gram.a[i * r->N + j] = columns.a[(first + i) * r->N + j];
    }
    TRY(kernel_regression_solve(&gram, 0, &a, NULL));
    mat_vec_add(&r->now, 1, &columns, MAT_AS_IS, &a, 1);
    return STATUS_OK;
}

static enum status regress_all(struct unit *u, struct run *r, const struct mat *k, double *error)
{
    struct vec after_A;

    vec_fill(&r->now, 0);
    TRY(regress(u, r, k, 0, 0));
    error[SINGLE] = test_error(r, 0);
    after_A = vec_copy(u->mem, &r->now);
    TRY(regress(u, r, k, r->N, 1));
    error[UNRELATED] = test_error(r, 1);
    vec_set(&r->now, &after_A);
    TRY(regress(u, r, k, r->N, 0));
    error[EQUAL] = test_error(r, 0);
    return STATUS_OK;
}

static void report(struct unit *u, const struct run *r)
{
    struct curve *c = curve_open(u, "error", "width [1]", "single [1]", "unrelated [1]",
                                 "equal [1]", NULL);
    double row[1 + COUNT] = {u->cell_value}, apart = 0, norm = 0;

    for (int k = 0; k < COUNT; k++) {
        char name[32];

        snprintf(name, sizeof name, "own.%s", names[k]);
        emit(u, name, r->error[0][k] / r->error[1][k]);
        snprintf(name, sizeof name, "limit.%s", names[k]);
        emit(u, name, row[1 + k] = r->error[0][k] / r->error[2][k]);
    }
    for (size_t i = 0; i < r->n * r->n; i++) {
        apart += (r->own.a[i] - r->theta.a[i]) * (r->own.a[i] - r->theta.a[i]);
        norm += r->theta.a[i] * r->theta.a[i];
    }
    emit(u, "kernel.apart", sqrt(apart / norm));
    emit(u, "moved", r->moved);
    emit(u, "moved.scaled", r->moved * u->cell_value);
    emit(u, "residual", r->residual);
    curve_row(c, row);
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct ntk_spec spec = {3, 2, 0};
    struct run *r = arena_get(u->mem, 1, sizeof *r);
    struct rng targets = rng_stream(u->seed, "targets");

    r->p = p;
    prepare(u, r);
    TRY(kernel_targets(&r->f, u->mem, &targets, &spec, &r->x, (size_t)p->anchors));
    TRY(ntk_gram(&r->theta, &spec, NTK_TANGENT, &r->x, 1));
    TRY(empirical_ntk(&r->own, &r->net, r->inputs, r->n));
    look(r, &r->start);
    TRY(train_all(u, r));
    TRY(regress_all(u, r, &r->own, r->error[1]));
    TRY(regress_all(u, r, &r->theta, r->error[2]));
    report(u, r);
    return STATUS_OK;
}

#define TRAINED(name, meaning) {name, "1", NO_DIRECTION, CLASS_LONG32, 10, meaning}
static const struct metric metrics[] = {
    TRAINED("own.single", "error of A over that of regression with the network's kernel"),
    TRAINED("own.unrelated", "error of B after an unrelated A, over the same"),
    TRAINED("own.equal", "error after two samples of one function, over the same"),
    TRAINED("limit.single", "error of A over that of regression with infinite width"),
    TRAINED("limit.unrelated", "error of B after an unrelated A, over the same"),
    TRAINED("limit.equal", "error after two samples of one function, over the same"),
    {"kernel.apart", "1", LOWER_IS_BETTER, CLASS_SHORT32, 0,
     "relative distance of the network's kernel at its start from that of infinite width"},
    TRAINED("moved", "root mean square change of a weight in learning A"),
    TRAINED("moved.scaled", "the same times the width"),
    TRAINED("residual", "mean square left on the last task over its targets'"),
};

static const struct claim claims[] = {
    {.id = "own-kernel-single", .place = "theory of the tangent kernel: training is linear",
     .words = "the widest networks make the errors of their own kernel on A",
     .kind = VALUE, .metric = "own.single", .cell = LAST_CELL, .to = 1, .within = 0.1,
     .reason = "a tenth: half of what still parts this width from the limit"},
    {.id = "own-kernel-equal", .place = "the same, two samples in turn",
     .words = "and after a second sample of the same function",
     .kind = VALUE, .metric = "own.equal", .cell = LAST_CELL, .to = 1, .within = 0.1,
     .reason = "the same tenth"},
    {.id = "limit-single", .place = "slides: networks of width 4,000 lie on the theory's lines",
     .words = "the widest networks make the errors of infinite width on A",
     .kind = VALUE, .metric = "limit.single", .cell = LAST_CELL, .to = 1, .within = 0.25,
     .reason = "what a point's size in the slides can hide"},
    {.id = "limit-unrelated", .place = "the same, an unrelated task before",
     .words = "and on B after an unrelated A",
     .kind = VALUE, .metric = "limit.unrelated", .cell = LAST_CELL, .to = 1, .within = 0.25,
     .reason = "the same"},
    {.id = "limit-equal", .place = "the same, two samples in turn",
     .words = "and after two samples of one function",
     .kind = VALUE, .metric = "limit.equal", .cell = LAST_CELL, .to = 1, .within = 0.25,
     .reason = "the same"},
    {.id = "wider-is-nearer", .place = "theory: corrections vanish with the width",
     .words = "the error of A, over that of infinite width, falls as the width grows",
     .kind = TREND, .metric = "limit.single", .is = BELOW},
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
        .differs = "Learning rate, number of steps, input dimension and how the initial function "
                   "is treated are not given; ours: 0.9 (stable below 2 N over the largest "
                   "eigenvalue, about 1.3), 250 steps, 10, and the initial function is subtracted. "
                   "desk stops at width 2048, half of the slides'.",
        .caption = "Test errors of trained networks over those of kernel regression on the same "
                   "data with the kernel of infinite width (left) and with each network's own "
                   "tangent kernel at its start (right), against the width: after task A, on B "
                   "after an unrelated A, and after two samples of one function.",
        .minutes = {0.01, 3.5, 40}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &widths, .run_unit = run_unit});
}
