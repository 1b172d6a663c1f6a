/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explicit_prox: the note's explicit variant of the proximal point.
 *
 * Claim    The iteration V <- W - gamma grad F(V) is about the same as the inner loop of the
 *          proximal point, only for gamma -> 0.
 * Source   V. Merckle, Wasserstein gradient flow of two-layer ReLU networks (2024), section 2.2.1.
 * Measured whether it ends at the proximal point, against the step eta in units of 1 / L, L the
 *          largest eigenvalue of the Hessian there; the order in eta of the distance of its K-th
 *          iterate; where it ends with the note's gamma in place of eta = gamma m.
 * Differs  With eta = gamma m the iteration is the inner loop itself with inner step beta = eta,
 *          and its fixed point is the proximal point at every gamma; it can end there if eta L < 1.
 *          The note prints gamma: the proximal point of gamma / m.
 * Minutes  smoke 0.01, desk 0.04, paper 0.3, on one core.
 */
#include <math.h>

#include "harness/harness.h"
#include "linalg/stat.h"
#include "relu_flows/relu_network.h"
#include "relu_flows/relu_prox.h"

#define PARAMETERS(P)                                                                              \
    /* type   name        smoke  desk   paper */                                                   \
    P(int,    seeds,      2,     20,    100,   "repetitions; ours")                                \
    P(int,    m,          20,    20,    20,    "neurons, half of each sign; ours")                 \
    P(int,    n,          5,     5,     10,    "data points; author's code 10")                    \
    P(double, scale,      1,     1,     1,     "standard deviation of the start: few kinks; ours") \
    P(int,    iterations, 10000, 10000, 10000, "of the explicit variant; ours")                    \
    P(double, arrived,    1e-9,  1e-9,  1e-9,  "of the step's length counts as arrived; ours")     \
    P(int,    rounds,     20,    20,    20,    "of eta = eta_L / L, L at the answer; ours")        \
    P(double, eta,        2e-4,  2e-4,  2e-4,  "largest step of the fitted orders; ours")          \
    P(int,    halvings,   4,     4,     4,     "values of eta, each half of the last; ours")
DEFINE_PARAMETERS(PARAMETERS)

#define STEPS CELL_VALUES(0.01, 0.1, 0.5, 0.9, 1.1, 2, 10)
static const struct axis steps = {.name = "eta_L", .meaning = "step over the stable one",
                                  .at = {STEPS, STEPS, STEPS}};

struct problem {
    struct relu_data data;
    struct relu_network net;
    struct relu_prox prox;
    struct mat w, v, u; /* m x d: centre, proximal point, explicit iterate */
};

static void prepare(const struct parameters *a, struct unit *u, struct problem *p)
{
    const size_t m = (size_t)a->m;
    struct rng init = rng_stream(u->seed, "init");

    p->data = relu_data_sinus(u->mem, (size_t)a->n);
    p->net = relu_network_make(u->mem, &p->data, m - m / 2, m / 2, 1);
    p->prox = relu_prox_make(u->mem, &p->net);
    p->w = mat_normal(u->mem, &init, m, p->data.d, a->scale * a->scale);
    p->v = mat_copy(u->mem, &p->w);
    p->u = mat_copy(u->mem, &p->w);
}

static double distance(const struct mat *v, const struct mat *w)
{
    double most = 0;

    for (size_t k = 0; k < v->rows * v->cols; k++)
        most = fmax(most, fabs(v->a[k] - w->a[k]));
    return most;
}

/* L, the largest eigenvalue of (1/n) sum_i c_i^2 <z_ij, z_ik>, z_ij = s_ij x_j: that of the Hessian
 * of F on the pattern of v. By powers, in plain loops: the same bits on every CPU, which matters
 * because a step may decide which of two proximal points is found. */
static double curvature(struct problem *p, struct unit *u)
{
    const size_t n = p->data.n;
    struct mat h = mat_zero(u->mem, n, n), gram = mat_zero(u->mem, n, n);
    struct vec value = vec_zero(u->mem, n), next = vec_zero(u->mem, n);
    double L = 0;

    for (size_t j = 0; j < n; j++)
        for (size_t k = 0; k < n; k++) {
            const struct vec x = mat_row(&p->data.x, j), y = mat_row(&p->data.x, k);

            gram.a[j * n + k] = vec_dot(&x, &y) / (double)n;
        }
    for (size_t i = 0; i < p->net.m; i++)
        for (size_t j = 0; j < n; j++)
            for (size_t k = 0; k < n; k++) {
                const struct vec w = mat_row(&p->v, i), x = mat_row(&p->data.x, j);
                const struct vec y = mat_row(&p->data.x, k);

                if (vec_dot(&w, &x) > 0 && vec_dot(&w, &y) > 0)
                    h.a[j * n + k] += p->net.c.x[i] * p->net.c.x[i] * gram.a[j * n + k];
            }
    vec_fill(&value, 1);
    for (size_t k = 0; k < 200; k++) {
        for (size_t j = 0; j < n; j++) {
            const struct vec row = mat_row(&h, j);

            next.x[j] = vec_dot(&row, &value);
        }
        L = vec_norm(&next) / vec_norm(&value);
        vec_set(&value, &next);
        vec_scale(&value, 1 / vec_norm(&next));
    }
    return L;
}

/* p->v = the proximal point of step eta. */
static enum status solve(struct problem *p, double eta, struct relu_prox_report *report)
{
    mat_set(&p->v, &p->w);
    return relu_prox_frobenius(&p->prox, &p->w, eta / (double)p->net.m, &p->v, report);
}

/* p->u = the K-th iterate of U <- W - eta grad F(U) from W; returns its last move. */
static double explicit_iterate(struct problem *p, double eta, size_t K)
{
    mat_set(&p->u, &p->w);
    return relu_prox_descend(&p->prox, &p->w, eta / (double)p->net.m, eta, K, &p->u);
}

static const char *const order[] = {"order.0", "order.1", "order.2"};

/* Slope of the distance of the K-th iterate from the proximal point on eta, both in logarithms. */
static enum status orders(const struct parameters *a, struct unit *u, struct problem *p)
{
    enum { MOST = 16, ITERATES = 3 };
    double log_eta[MOST], log_gap[ITERATES][MOST], least[ITERATES];
    struct relu_prox_report report;

    for (int l = 0; l < a->halvings; l++) {
        const double eta = a->eta * pow(2, -l);

        TRY(solve(p, eta, &report));
        log_eta[l] = log(eta);
        for (size_t K = 0; K < ITERATES; K++) {
            explicit_iterate(p, eta, K);
            least[K] = distance(&p->u, &p->v);
            log_gap[K][l] = log(least[K]);
        }
    }
    for (int K = 0; K < ITERATES; K++) /* the smallest gap has lost |v| / gap of its digits */
        emit_conditioned(u, order[K], stat_slope(log_eta, log_gap[K], (size_t)a->halvings),
                         mat_norm(&p->v) / least[K]);
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *a, struct unit *u)
{
    struct curve *curve = curve_open(u, "error", "eta_L [1]", "error [1]", "as-printed [1]",
                                     "arrives [1]", NULL);
    struct problem *p = arena_get(u->mem, 1, sizeof *p);
    const double stable = u->cell_value;
    struct relu_prox_report report;
    double L, eta = 0, move, error, printed;
    int arrives, settles;

    prepare(a, u, p);
    L = curvature(p, u);
    for (int k = 0; k < a->rounds; k++) { /* L is that at the answer, which depends on eta */
        eta = stable / L;
        TRY(solve(p, eta, &report));
        L = curvature(p, u);
    }
    move = distance(&p->v, &p->w);
    settles = explicit_iterate(p, eta, (size_t)a->iterations) < a->arrived * move;
    error = distance(&p->u, &p->v) / move;
    explicit_iterate(p, eta / (double)p->net.m, (size_t)a->iterations);
    printed = distance(&p->u, &p->v) / move;
    arrives = error < a->arrived;
    emit(u, "arrives", arrives);
    emit(u, "settles", settles);
    emit(u, "beyond", stable > 1 && arrives);
    emit(u, "as-printed", printed);
    curve_row(curve, (double[]){stable, error, printed, arrives});
    return orders(a, u, p);
}

static const struct metric metrics[] = {
    {"arrives", "1", HIGHER_IS_BETTER, CLASS_EXACT, 0,
     "1 where the explicit iteration ends at the proximal point"},
    {"settles", "1", HIGHER_IS_BETTER, CLASS_EXACT, 0,
     "1 where it comes to rest, at this proximal point or at another stationary one"},
    {"beyond", "1", LOWER_IS_BETTER, CLASS_EXACT, 0, "1 where it arrives with eta L > 1"},
    {"as-printed", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,
     "distance of its end from the proximal point over the step's length, with the note's gamma"},
    {"order.0", "1", NO_DIRECTION, CLASS_COND, 0, "of the distance of W from it, in eta"},
    {"order.1", "1", NO_DIRECTION, CLASS_COND, 0, "of the first iterate, gradient descent"},
    {"order.2", "1", NO_DIRECTION, CLASS_COND, 0, "of the second iterate"},
};

static const struct claim claims[] = {
    {.id = "agree-for-small-gamma", .place = "note, section 2.2.1: only for gamma -> 0",
     .words = "the distance of the first iterate from the proximal point is of second order",
     .kind = VALUE, .metric = "order.1", .cell = FIRST_CELL, .to = 2, .within = 0.05,
     .reason = "the next order in eta L, below 1e-2"},
    {.id = "each-iterate-an-order", .place = "derived: the error contracts by eta L",
     .words = "that of the second iterate is of third order",
     .kind = VALUE, .metric = "order.2", .cell = FIRST_CELL, .to = 3, .within = 0.05,
     .reason = "the next order in eta L, below 1e-2"},
    {.id = "only-for-small-gamma", .place = "note, section 2.2.1: only for gamma -> 0",
     .words = "at half the stable step the explicit variant does not end at the proximal point",
     .kind = VALUE, .metric = "arrives", .cell = "eta_L=0.5", .to = 0, .within = 0.1,
     .reason = "share of seeds"},
    {.id = "not-beyond", .place = "derived: stable only for eta L < 1, L at the proximal point",
     .words = "it does not end there where eta L > 1",
     .kind = BOUND, .metric = "beyond", .cell = ALL_CELLS, .is = BELOW, .to = 0},
    {.id = "as-printed", .place = "note, section 2.2.1, as printed: gamma without m",
     .words = "with gamma in place of gamma m it leads to the proximal point for small gamma",
     .kind = VALUE, .metric = "as-printed", .cell = FIRST_CELL, .to = 0, .within = 0.05,
     .reason = "5 % of the step"},
    {.id = "as-printed-is-gamma-over-m", .place = "derived: the proximal point of gamma / m",
     .words = "it goes 1/m of the way: the distance left is 1 - 1/20 of the step",
     .kind = VALUE, .metric = "as-printed", .cell = FIRST_CELL, .to = 0.95, .within = 0.005,
     .reason = "eta L = 0.01"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "explicit_prox", .title = "The explicit variant of the proximal point",
        .paper = "V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June "
                 "2024",
        .differs = "With eta = gamma m the variant is the note's inner loop with inner step gamma "
                   "m, and its fixed point is the proximal point at every gamma; the note prints "
                   "gamma. Starts are of standard deviation 1, where few kinks are met; where the "
                   "proximal point holds a kink the iteration jumps over it for ever, and some "
                   "runs cycle or end at another stationary point.",
        .caption = "Against eta L: share of seeds in which the explicit iteration ends at the "
                   "proximal point; and how far from it the iteration with the note's gamma ends, "
                   "in units of the step. Dashed: eta L = 1.",
        .minutes = {0.01, 0.04, 0.3}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &steps, .run_unit = run_unit});
}
