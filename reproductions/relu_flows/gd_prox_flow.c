/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gd_prox_flow: explicit steps, implicit steps and the gradient flow of a two-layer ReLU network.
 *
 * Claim    As the step goes to 0, the proximal point (Frobenius distance) converges to the gradient
 *          flow, just like gradient descent.
 * Source   V. Merckle, Wasserstein gradient flow of two-layer ReLU networks (2024), sections 2.2.2
 *          and 5.1.
 * Measured the largest distance of a weight between each two of the three up to time T, against the
 *          step eta, and its order; the mean of explicit and implicit step against the flow; the
 *          distance where both use the note's gamma.
 * Differs  With the note's factor 1/m in the distance the matching steps are eta = gamma m for
 *          gradient descent; the note has gamma for both. Proximal points and the flow are exact,
 *          kinks included. Problems and steps are ours; the three points are the note's.
 * Minutes  smoke 0.01, desk 0.1, paper 19, on one core.
 */
#include <math.h>

#include "base/check.h"
#include "harness/harness.h"
#include "linalg/lapack.h"
#include "linalg/stat.h"
#include "relu_flows/relu_flow.h"
#include "relu_flows/relu_network.h"
#include "relu_flows/relu_prox.h"

#define PARAMETERS(P)                                                                              \
    /* type   name        smoke desk   paper */                                                    \
    P(int,    seeds,      2,    20,    100,  "repetitions; ours")                                  \
    P(int,    levels,     3,    5,     7,    "steps eta, each half of the last; ours")             \
    P(double, T,          1,    2,     2,    "time; ours")                                         \
    P(double, eta_three,  0.05, 0.05,  0.05, "largest step on three points; stable below 0.2564")  \
    P(double, eta_others, 0.04, 0.04,  0.04, "largest step on the other problems; ours")           \
    P(int,    m,          20,   20,    100,  "neurons; the author's code has 100")                 \
    P(int,    n,          5,    5,     10,   "data points; the author's code has 10")              \
    P(int,    d,          4,    4,     4,    "dimension of the random data, bias included; ours")  \
    P(double, scale,      1e-2, 1e-2,  1e-2, "standard deviation of the start; the author's code") \
    P(double, parted,     4,    4,     4,    "gaps above this many steps count as parted; ours")   \
    P(double, settled,    10,   10,    10,   "times the error of the flow too; ours")              \
    P(double, tolerance,  1e-12, 1e-12, 1e-12, "of the flow, a step and weight; ours")
DEFINE_PARAMETERS(PARAMETERS)

enum { THREE_POINTS, SINUS, SIGNED, RANDOM };
#define NAMES CELL_NAMES("three-points", "sinus-positive", "sinus-signed", "random-signed")
static const struct axis problems = {.name = "problem", .meaning = "data and signs of the neurons",
                                     .at = {NAMES, NAMES, NAMES}};

struct problem {
    struct relu_data data;
    struct relu_network net;
    struct mat start; /* m x d */
    double eta;       /* the largest step */
};

/* X = (1, 1), (2, 1), (4, 1), y = 2 x, one neuron at (1, 0): the note, section 7. */
static void three_points(struct unit *u, struct problem *p)
{
    static const double x[] = {1, 1, 2, 1, 4, 1}, y[] = {2, 4, 8};

    p->data = (struct relu_data){.n = 3, .d = 2, .x = mat_over(x, 3, 2), .y = vec_over(y, 3)};
    p->net = relu_network_make(u->mem, &p->data, 1, 0, 1);
    p->start = mat_zero(u->mem, 1, 2);
    p->start.a[0] = 1;
}

static void prepare(const struct parameters *a, struct unit *u, struct problem *p)
{
    const size_t m = (size_t)a->m, n = (size_t)a->n, negative = u->cell == SINUS ? 0 : m / 2;
    struct rng draw = rng_stream(u->seed, "data"), init = rng_stream(u->seed, "init");

    p->eta = u->cell == THREE_POINTS ? a->eta_three : a->eta_others;
    if (u->cell == THREE_POINTS) {
        three_points(u, p);
        return;
    }
    p->data = u->cell == RANDOM ? relu_data_random(u->mem, &draw, n, (size_t)a->d)
                                : relu_data_sinus(u->mem, n);
    p->net = relu_network_make(u->mem, &p->data, m - negative, negative, 1);
    p->start = mat_normal(u->mem, &init, m, p->data.d, a->scale * a->scale);
}

static double distance(const struct mat *v, const struct mat *w)
{
    double most = 0;

    for (size_t k = 0; k < v->rows * v->cols; k++)
        most = fmax(most, fabs(v->a[k] - w->a[k]));
    return most;
}

/* On three points, where all stay active, w' = -H (w - (2, 0)), H = (1/n) X^T X: the solution from
 * w(0) by the eigenvectors of H. */
static enum status closed_form(struct unit *u, const struct problem *p, double t, struct mat *w)
{
    struct mat h = mat_zero(u->mem, 2, 2), v = mat_zero(u->mem, 2, 2);
    struct vec value = vec_zero(u->mem, 2);

    mat_gram(&h, 1.0 / 3, &p->data.x, 1, 0);
    TRY(lapack_eigen(&value, &v, &h));
    w->a[0] = 2;
    w->a[1] = 0;
    for (size_t k = 0; k < 2; k++) {
        const double *q = v.a + 2 * k;
        const double part = exp(-value.x[k] * t) *
                            (q[0] * (p->start.a[0] - 2) + q[1] * p->start.a[1]);

        w->a[0] += part * q[0];
        w->a[1] += part * q[1];
    }
    return STATUS_OK;
}

/* The flow at the times of the smallest step, rows of `path`, and how far it may be off: on three
 * points against the closed form, else at T against one of a hundredth of the tolerance that does
 * not stop on the way. */
static enum status follow(const struct parameters *a, struct unit *u, struct problem *p,
                          size_t steps, struct mat *path, double *error, double *events)
{
    struct relu_flow flow, check;
    struct mat w = mat_copy(u->mem, &p->start), v = mat_copy(u->mem, &p->start);
    enum status status = relu_flow_start(&flow, u->mem, &p->net, &w, a->tolerance);

    *error = 0;
    for (size_t k = 0; k <= steps && status == STATUS_OK; k++) {
        const double t = a->T * (double)k / (double)steps;
        struct mat row = mat_over(path->a + k * path->cols, w.rows, w.cols);

        status = relu_flow_to(&flow, &w, t);
        mat_set(&row, &w);
        if (status == STATUS_OK && u->cell == THREE_POINTS) {
            status = closed_form(u, p, t, &v);
            *error = fmax(*error, distance(&w, &v));
        }
    }
    *events = (double)flow.events;
    relu_flow_free(&flow);
    TRY(status);
    if (u->cell == THREE_POINTS)
        return status;
    status = relu_flow_start(&check, u->mem, &p->net, &v, a->tolerance / 100);
    if (status == STATUS_OK)
        status = relu_flow_to(&check, &v, a->T);
    *error = distance(&w, &v);
    relu_flow_free(&check);
    return status;
}

enum { GD_PROX, GD_FLOW, PROX_FLOW, MEAN_FLOW, SAME_GAMMA, PAIRS };
static const char *const pair_name[] = {"gd-prox", "gd-flow", "prox-flow", "mean-flow",
                                        "same-gamma"};

/* `count` steps of size eta of all methods at once, gamma = eta / m; gaps over all of them. */
static enum status run(struct unit *u, struct problem *p, double eta, size_t count,
                       const struct mat *path, double gaps[PAIRS])
{
    const size_t stride = (path->rows - 1) / count;
    const double gamma = eta / (double)p->net.m;
    struct relu_prox prox = relu_prox_make(u->mem, &p->net);
    struct relu_prox_report report;
    struct mat w = mat_copy(u->mem, &p->start), v = mat_copy(u->mem, &p->start);
    struct mat slow = mat_copy(u->mem, &p->start), centre = mat_copy(u->mem, &p->start);
    struct mat half = mat_copy(u->mem, &p->start);

    for (size_t pair = 0; pair < PAIRS; pair++)
        gaps[pair] = 0;
    for (size_t k = 1; k <= count; k++) {
        const struct mat at = mat_over(path->a + k * stride * path->cols, w.rows, w.cols);

        mat_set(&centre, &w);
        relu_prox_descend(&prox, &centre, gamma, eta, 1, &w); /* w - eta grad F(w) */
        mat_set(&centre, &slow);
        relu_prox_descend(&prox, &centre, gamma, gamma, 1, &slow);
        mat_set(&centre, &v);
        TRY(relu_prox_frobenius(&prox, &centre, gamma, &v, &report));
        for (size_t l = 0; l < w.rows * w.cols; l++)
            half.a[l] = (w.a[l] + v.a[l]) / 2;
        gaps[GD_PROX] = fmax(gaps[GD_PROX], distance(&w, &v));
        gaps[GD_FLOW] = fmax(gaps[GD_FLOW], distance(&w, &at));
        gaps[PROX_FLOW] = fmax(gaps[PROX_FLOW], distance(&v, &at));
        gaps[MEAN_FLOW] = fmax(gaps[MEAN_FLOW], distance(&half, &at));
        gaps[SAME_GAMMA] = fmax(gaps[SAME_GAMMA], distance(&slow, &v));
    }
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *a, struct unit *u)
{
    enum { LEVELS_MOST = 12 };
    struct curve *curve = curve_open(u, "gaps", "step [1]", "gd-prox [1]", "gd-flow [1]",
                                     "prox-flow [1]", "mean-flow [1]", "same-gamma [1]", NULL);
    struct problem *p = arena_get(u->mem, 1, sizeof *p);
    double gaps[PAIRS], log_step[LEVELS_MOST], log_gap[PAIRS][LEVELS_MOST], error, events;
    size_t count, finest, levels = (size_t)a->levels;
    struct mat path;

    CHECK(levels <= LEVELS_MOST, "%zu levels", levels);
    prepare(a, u, p);
    count = (size_t)(a->T / p->eta + 0.5);
    finest = count << (levels - 1);
    path = mat_zero(u->mem, finest + 1, p->start.rows * p->start.cols);
    TRY(follow(a, u, p, finest, &path, &error, &events));
    for (size_t l = 0; l < levels; l++) {
        const double eta = a->T / (double)(count << l);

        TRY(run(u, p, eta, count << l, &path, gaps));
        log_step[l] = log(eta);
        for (size_t pair = 0; pair < PAIRS; pair++) {
            log_gap[pair][l] = log(gaps[pair]);
            emit_at(u, arena_text(u->mem, "gap.%s", pair_name[pair]), (int)l, gaps[pair]);
        }
        curve_row(curve, (double[]){eta, gaps[0], gaps[1], gaps[2], gaps[3], gaps[4]});
    }
    for (size_t pair = 0; pair < PAIRS; pair++)
        emit(u, arena_text(u->mem, "order.%s", pair_name[pair]),
             stat_slope(log_step, log_gap[pair], levels));
    for (size_t pair = GD_FLOW; pair <= PROX_FLOW; pair++)
        emit(u, arena_text(u->mem, "parted.%s", pair_name[pair]),
             gaps[pair] > fmax(a->parted * a->T / (double)finest, a->settled * error));
    emit(u, "flow.error", fmax(error, 1e-14)); /* below that all is rounding */
    emit(u, "flow.kinks", events);
    return STATUS_OK;
}

#define SLOPE "slope of log gap on log step"
static const struct metric metrics[] = {
    {"gap.gd-prox.*", "1", LOWER_IS_BETTER, CLASS_LIBM, 0, "explicit against implicit steps"},
    {"gap.gd-flow.*", "1", LOWER_IS_BETTER, CLASS_LIBM, 0, "explicit steps against the flow"},
    {"gap.prox-flow.*", "1", LOWER_IS_BETTER, CLASS_LIBM, 0, "implicit steps against the flow"},
    {"gap.mean-flow.*", "1", LOWER_IS_BETTER, CLASS_LIBM, 0, "the mean of both against the flow"},
    {"gap.same-gamma.*", "1", LOWER_IS_BETTER, CLASS_LIBM, 0, "steps gamma, steps gamma m"},
    {"order.gd-prox", "1", NO_DIRECTION, CLASS_LIBM, 0, SLOPE},
    {"order.gd-flow", "1", NO_DIRECTION, CLASS_LIBM, 0, SLOPE},
    {"order.prox-flow", "1", NO_DIRECTION, CLASS_LIBM, 0, SLOPE},
    {"order.mean-flow", "1", NO_DIRECTION, CLASS_LIBM, 0, SLOPE},
    {"order.same-gamma", "1", NO_DIRECTION, CLASS_LIBM, 0, SLOPE},
    {"parted.gd-flow", "1", LOWER_IS_BETTER, CLASS_EXACT, 0,
     "1 where the gap at the smallest step is no small multiple of it nor of flow.error"},
    {"parted.prox-flow", "1", LOWER_IS_BETTER, CLASS_EXACT, 0, "the same, implicit against flow"},
    {"flow.error", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0, "of the flow"},
    {"flow.kinks", "1", NO_DIRECTION, CLASS_EXACT, 0, "kinks that the flow meets or leaves"},
};
#define SMOOTH "the next order in eta lambda_max = 0.39 at the largest step"
#define KINKED "each kink adds an error of one step: halving the step divides the gap by 1.5 to 2.4"

#define AGREE "explicit and implicit steps agree to first order"
#define DESCENT "gradient descent converges to the flow"
#define PROX "the proximal point converges to the flow"

/* One claim of order 1 a pair, for the smooth and for the kinked problem. */
#define ORDER_ONE(claim_id, pair, problem, margin, why, said)                                      \
    {.id = claim_id, .place = "note, section 2.2.2; order derived",                                \
     .words = said " (" problem ")", .kind = VALUE, .metric = "order." pair, .cell = problem,      \
     .to = 1, .within = margin, .reason = why}
#define CONVERGES(claim_id, pair, problem, said)                                                   \
    {.id = claim_id, .place = "note, section 2.2.2",                                               \
     .words = said " (" problem ", every seed whose flow does not hang on its tolerance)",         \
     .kind = BOUND, .metric = "parted." pair, .cell = problem, .is = BELOW, .to = 0.5,             \
     .reason = "0 or 1"}

static const struct claim claims[] = {
    ORDER_ONE("smooth-gd-prox", "gd-prox", "three-points", 0.1, SMOOTH, AGREE),
    ORDER_ONE("smooth-gd-flow", "gd-flow", "three-points", 0.1, SMOOTH, DESCENT),
    ORDER_ONE("smooth-prox-flow", "prox-flow", "three-points", 0.1, SMOOTH, PROX),
    ORDER_ONE("kinked-gd-prox", "gd-prox", "sinus-positive", 0.25, KINKED, AGREE),
    ORDER_ONE("kinked-gd-flow", "gd-flow", "sinus-positive", 0.25, KINKED, DESCENT),
    ORDER_ONE("kinked-prox-flow", "prox-flow", "sinus-positive", 0.25, KINKED, PROX),
    CONVERGES("random-gd-flow", "gd-flow", "random-signed", DESCENT),
    CONVERGES("random-prox-flow", "prox-flow", "random-signed", PROX),
    CONVERGES("signed-gd-flow", "gd-flow", "sinus-signed", DESCENT),
    CONVERGES("signed-prox-flow", "prox-flow", "sinus-signed", PROX),
    {.id = "mean-is-second-order", .place = "derived: the first errors are of opposite sign",
     .words = "the mean of explicit and implicit step is of second order on the smooth problem",
     .kind = VALUE, .metric = "order.mean-flow", .cell = "three-points", .to = 2, .within = 0.1,
     .reason = SMOOTH},
    {.id = "same-gamma", .place = "note, sections 2.1 and 2.2.2, as printed",
     .words = "with one gamma in both, gradient descent and proximal point agree to first order",
     .kind = VALUE, .metric = "order.same-gamma", .cell = "sinus-positive", .to = 1,
     .within = 0.25, .reason = KINKED},
    {.id = "flow-is-exact", .place = "ours: against a hundredth of the tolerance",
     .words = "the flow is integrated to 1e-10, in every problem and seed", .kind = BOUND,
     .metric = "flow.error", .cell = ALL_CELLS, .is = BELOW, .to = 1e-10,
     .reason = "a millionth of the smallest gap"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "gd_prox_flow", .title = "Explicit steps, implicit steps and the gradient flow",
        .paper = "V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June "
                 "2024",
        .differs = "With the note's factor 1/m in the distance the matching step of gradient "
                   "descent is gamma m. Proximal points are exact local minima; the flow is "
                   "followed through its kinks. From 0 a neuron has more than one flow: explicit "
                   "steps leave it dead, implicit ones can leave 0 later. Where flow.error is as "
                   "large as a gap, the tolerance chooses and the seed is no evidence.",
        .caption = "Largest distance of a weight up to time T between explicit steps (gd), "
                   "implicit steps (prox) and the flow against the step, in the mean over seeds. "
                   "Dashed: slope 1. In the signed problems some seeds part for good.",
        .minutes = {0.01, 0.1, 19}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &problems, .run_unit = run_unit});
}
