/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sliced_emd: one proximal flow, its distance computed exactly, by slices and with entropy.
 *
 * Claim    Sliced distances depend mildly on the dimension, do not diffuse and have parameters to
 *          tune; the exact one might be slow with d; the entropic one diffuses.
 * Source   V. Merckle, Wasserstein gradient flow of two-layer ReLU networks (2024), section 8.
 * Measured the flow W+ = argmin_V F(V) + D(V, W) / (2 gamma) from one start with each D: deviation,
 *          the W2 between its end and the end of the exact flow over the W2 that the exact flow
 *          covers; final loss; how far a tenfold parameter moves it; operations, counted by
 *          formula; the variance left after as many steps without a loss.
 * Differs  See .differs. gamma is divided by d for sliced distances unless said otherwise; eps is
 *          relative to the mean squared distance of two neurons of one sign at the start.
 * Minutes  smoke 0, desk 0.8, paper 15, on one core.
 */
#include <stdio.h>
#include <string.h>

#include "harness/harness.h"
#include "relu_flows/distance_flow.h"
#include "relu_flows/entropic_cloud.h"
#include "relu_flows/rounded_network.h"

#define PARAMETERS(P)                                                                              \
    /* type   name        smoke   desk    paper */                                                 \
    P(int,    seeds,      2,      10,     20,    "data, starts, directions; ours")                 \
    P(int,    m,          10,     20,     100,   "neurons, half of each sign; author (paper)")     \
    P(int,    n,          5,      10,     10,    "data points; author's code")                     \
    P(double, scale,      0.5,    0.5,    0.01,  "sd of the start; author's code (paper)")         \
    P(double, gamma,      2.5e-3, 2.5e-3, 1e-3,  "author's code (paper)")                          \
    P(int,    steps,      4,      10,     10,    "outer steps; author's code (paper)")             \
    P(int,    directions, 50,     50,     50,    "of the sliced distance; ours")                   \
    P(double, eps,        0.05,   0.05,   0.05,  "over the mean squared distance; ours")           \
    P(double, width,      1e-3,   1e-3,   2e-5,  "over which a kink is rounded off; ours")         \
    P(double, tolerance,  1e-5,   1e-5,   1e-5,  "of proximal points, relative; ours")             \
    P(int,    iterations, 100,    300,    300,   "at most, of a proximal point; ours")             \
    P(int,    sweeps,     1000,   10000,  10000, "at most, of plain Sinkhorn; ours")               \
    P(double, marginal,   1e-6,   1e-6,   1e-6,  "error at which plain Sinkhorn may end; ours")
DEFINE_PARAMETERS(PARAMETERS)

static const struct axis dimensions = {
    .name = "d", .meaning = "dimension of a neuron, the bias included",
    .at = {CELL_VALUES(2, 5), CELL_VALUES(2, 3, 5, 10, 20), CELL_VALUES(2, 3, 5, 10, 20)}};

#define FLOWS(F)                                                                                   \
    /* id               name                D         power of d   directions eps  in frames */    \
    F(EXACT,            "exact",            EXACT,    0,           0,         0,   0)              \
    F(EXACT_D,          "exact-gamma-d",    EXACT,    1,           0,         0,   0)              \
    F(FRAMES,           "frames",           SLICED,   -1,          1,         0,   1)              \
    F(FRAMES_D,         "frames-unscaled",  SLICED,   0,           1,         0,   1)              \
    F(SLICED,           "sliced",           SLICED,   -1,          1,         0,   0)              \
    F(SLICED_TENTH,     "sliced-tenth",     SLICED,   -1,          0.1,       0,   0)              \
    F(SLICED_TENFOLD,   "sliced-tenfold",   SLICED,   -1,          10,        0,   0)              \
    F(ENTROPIC,         "entropic",         ENTROPIC, 0,           0,         1,   0)              \
    F(ENTROPIC_TENTH,   "entropic-tenth",   ENTROPIC, 0,           0,         0.1, 0)              \
    F(ENTROPIC_TENFOLD, "entropic-tenfold", ENTROPIC, 0,           0,         10,  0)              \
    F(BLURRED,          "blurred",          BLURRED,  0,           0,         1,   0)
#define FLOW_ID(id, ...) id,
#define FLOW_ROW(id, name, D, ...) {name, TRANSPORT_PROX_##D, __VA_ARGS__},
enum { FLOWS(FLOW_ID) FLOW_COUNT };
static const struct {
    const char *name;
    enum transport_prox_kind kind;
    int power;              /* of d, in gamma */
    double directions, eps; /* over those of the parameter table */
    int frames;
} flows[] = {FLOWS(FLOW_ROW)};

struct run {
    struct rounded_network net;
    struct distance_flow flow;  /* the one that ran last */
    double mean_cost;           /* mean squared distance of two neurons of the start */
    struct mat end[FLOW_COUNT]; /* m x d */
};

/* A search that a rounding sends elsewhere takes up to 14 % more or fewer operations. */
#define CONDITION_OF_COUNTS 1e15
static void emit_of(struct unit *u, const char *what, int flow, double value)
{
    char name[UNIT_NAME];

    snprintf(name, sizeof name, "%s.%s", what, flows[flow].name);
    emit_conditioned(u, name, value, strchr("oe", *what) != NULL ? CONDITION_OF_COUNTS : 0);
}

static struct transport_prox distance_of(const struct parameters *p, struct unit *u,
                                         const struct run *r, int flow)
{
    const size_t d = (size_t)u->cell_value, frame = flows[flow].frames ? d : 1;
    const size_t asked = (size_t)(flows[flow].directions * p->directions + 0.5);
    const size_t L = (asked + frame - 1) / frame * frame;

    return (struct transport_prox){.kind = flows[flow].kind, .positive = (size_t)p->m / 2,
                                   .eps = flows[flow].eps * p->eps * r->mean_cost,
                                   .directions = mat_zero(u->mem, L, d)};
}

/* W+ = argmin_V F(V) + D(V, W) / (2 gamma), `steps` times. Returns what it cost a step. */
static enum status run_flow(const struct parameters *p, struct unit *u, struct run *r, int flow,
                            transport_prox_loss *loss, double *operations)
{
    const double d = u->cell_value;
    const int power = flows[flow].power;
    const struct transport_prox_options options = {
        .gamma = p->gamma * (power > 0 ? d : power < 0 ? 1 / d : 1), .tolerance = p->tolerance,
        .max_iterations = (size_t)p->iterations};
    struct rng directions = rng_stream(u->seed, "directions:%s", flows[flow].name);
    struct transport_prox t = distance_of(p, u, r, flow);

    TRY(distance_flow_run(&r->flow, &t, loss, &r->net, &options, &directions, flows[flow].frames));
    *operations = t.operations / p->steps;
    return STATUS_OK;
}

/* Along the exact flow, just run: D of its steps over W2^2, and the sweeps that plain Sinkhorn
 * needs between the positive neurons before and after a step. */
static enum status along_exact(const struct parameters *p, struct unit *u, const struct run *r,
                               int flow)
{
    struct transport_prox t = distance_of(p, u, r, flow);
    struct rng draws = rng_stream(u->seed, "along");
    double ratio, mean_sweeps = 0;
    size_t sweeps;

    transport_prox_directions(&t.directions, &draws, 1);
    TRY(distance_flow_ratio(&ratio, &r->flow, &t));
    emit_of(u, "ratio", flow, t.kind == TRANSPORT_PROX_SLICED ? u->cell_value * ratio : ratio);
    if (t.kind == TRANSPORT_PROX_SLICED)
        return STATUS_OK;
    for (int k = 0; k < p->steps; k++) {
        const struct mat from = mat_rows(&r->flow.path[k], 0, t.positive);
        const struct mat to = mat_rows(&r->flow.path[k + 1], 0, t.positive);

        TRY(entropic_cloud_sweeps(&sweeps, &to, &from, t.eps, p->marginal, (size_t)p->sweeps));
        mean_sweeps += (double)sweeps / p->steps;
    }
    emit_of(u, "sweeps", flow, mean_sweeps);
    return STATUS_OK;
}

/* W2 between the ends of two flows, over the W2 that the exact flow covers. */
static enum status compare_ends(const struct parameters *p, struct unit *u, const struct run *r)
{
    static const struct {
        const char *name;
        int a, b;
    } pairs[] = {{"unscaled.to-gamma-d", FRAMES_D, EXACT_D},
                 {"sensitivity.directions-tenth", SLICED, SLICED_TENTH},
                 {"sensitivity.directions-tenfold", SLICED, SLICED_TENFOLD},
                 {"sensitivity.eps-tenth", ENTROPIC, ENTROPIC_TENTH},
                 {"sensitivity.eps-tenfold", ENTROPIC, ENTROPIC_TENFOLD}};
    const size_t half = (size_t)p->m / 2;
    double covered, apart;

    TRY(distance_flow_between(&covered, &r->end[EXACT], &r->flow.path[0], half));
    for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++) {
        TRY(distance_flow_between(&apart, &r->end[pairs[k].a], &r->end[pairs[k].b], half));
        emit(u, pairs[k].name, apart / covered);
    }
    for (int f = 0; f < FLOW_COUNT; f++) {
        TRY(distance_flow_between(&apart, &r->end[f], &r->end[EXACT], half));
        emit_of(u, "deviation", f, apart / covered);
    }
    return STATUS_OK;
}

/* All flows with a loss, then what is left of the variance without one. */
static enum status run_flows(const struct parameters *p, struct unit *u, struct run *r)
{
    static const int loss_free[] = {FRAMES, ENTROPIC, BLURRED};
    static const int looked_at[] = {FRAMES, ENTROPIC, ENTROPIC_TENTH};
    const struct mat *start = &r->flow.path[0], *end = &r->flow.path[p->steps];
    const size_t half = (size_t)p->m / 2;
    double operations[FLOW_COUNT];

    for (int f = 0; f < FLOW_COUNT; f++) {
        TRY(run_flow(p, u, r, f, rounded_network_gradient, &operations[f]));
        r->end[f] = mat_copy(u->mem, end);
        emit_of(u, "loss", f, r->flow.loss.x[p->steps]);
        emit_of(u, "operations", f, operations[f]);
        emit_of(u, "exact-over", f, operations[EXACT] / operations[f]);
        emit_of(u, "residual", f, r->flow.residual);
        for (size_t k = 0; f == EXACT && k < sizeof looked_at / sizeof looked_at[0]; k++)
            TRY(along_exact(p, u, r, looked_at[k]));
    }
    for (size_t k = 0; k < sizeof loss_free / sizeof loss_free[0]; k++) {
        TRY(run_flow(p, u, r, loss_free[k], distance_flow_no_loss, &operations[FRAMES]));
        emit_of(u, "variance", loss_free[k],
                distance_flow_spread(end, half) / distance_flow_spread(start, half));
    }
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const size_t m = (size_t)p->m, d = (size_t)u->cell_value;
    struct rng data = rng_stream(u->seed, "data"), init = rng_stream(u->seed, "init");
    struct relu_data of = relu_data_random(u->mem, &data, (size_t)p->n, d);
    struct relu_network net = relu_network_make(u->mem, &of, m / 2, m - m / 2, 1);
    const struct mat start = mat_normal(u->mem, &init, m, d, p->scale * p->scale);
    struct run *r = arena_get(u->mem, 1, sizeof *r);

    r->net = rounded_network_make(u->mem, &net, p->width);
    r->flow = distance_flow_make(u->mem, &start, (size_t)p->steps);
    r->mean_cost = 2 * distance_flow_spread(&start, m / 2) / (double)m;
    TRY(run_flows(p, u, r));
    return compare_ends(p, u, r);
}

#define FLOW_METRICS(id, name, ...)                                                                \
    {"loss." name, "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "F at the end of the flow"},             \
    {"deviation." name, "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "from the exact flow, of its way"}, \
    {"operations." name, "1", LOWER_IS_BETTER, CLASS_COND, 0, "counted operations of a step"},     \
    {"exact-over." name, "1", NO_DIRECTION, CLASS_COND, 0, "operations of exact over these"},      \
    {"residual." name, "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0, "largest of a proximal point"},
#define MEASURED(name, direction, meaning) {name, "1", direction, CLASS_LONG32, 0, meaning}

static const struct metric metrics[] = {
    FLOWS(FLOW_METRICS)
    MEASURED("ratio.frames", NO_DIRECTION, "d SW2^2 / W2^2, mean over the exact flow's steps"),
    MEASURED("ratio.entropic", NO_DIRECTION, "debiased divergence over W2^2 of the same"),
    MEASURED("ratio.entropic-tenth", NO_DIRECTION, "the same at eps / 10"),
    MEASURED("sweeps.entropic", LOWER_IS_BETTER, "of plain Sinkhorn for one such step"),
    MEASURED("sweeps.entropic-tenth", LOWER_IS_BETTER, "the same at eps / 10"),
    MEASURED("variance.frames", NO_DIRECTION, "after the steps without a loss, over the start's"),
    MEASURED("variance.entropic", NO_DIRECTION, "the same"),
    MEASURED("variance.blurred", NO_DIRECTION, "the same"),
    MEASURED("unscaled.to-gamma-d", LOWER_IS_BETTER, "from sliced gamma to exact gamma d"),
    MEASURED("sensitivity.directions-tenth", LOWER_IS_BETTER, "from L to L / 10"),
    MEASURED("sensitivity.directions-tenfold", LOWER_IS_BETTER, "from L to 10 L"),
    MEASURED("sensitivity.eps-tenth", LOWER_IS_BETTER, "from eps to eps / 10"),
    MEASURED("sensitivity.eps-tenfold", LOWER_IS_BETTER, "from eps to 10 eps"),
};

#define SHARE "a tenth of the way that the exact flow covers"
#define NOTE "note, section 8, list of ways"
#define GROWS(claim_id, flow, of)                                                                  \
    {.id = claim_id, .place = NOTE ": EMD might be slow with d", .kind = ORDER,                    \
     .words = "from d = 2 to 20 operations grow more with EMD than with slices " of, .is = ABOVE,  \
     .metric = "exact-over." flow, .cell = LAST_CELL,                                              \
     .to_metric = "exact-over." flow, .to_cell = FIRST_CELL}

static const struct claim claims[] = {
    {.id = "mild-in-d", .place = NOTE ": mildly dependent on d",
     .words = "with 50 random directions the flow is as near to the exact one at d = 20 as at 2",
     .kind = EQUIVALENCE, .metric = "deviation.sliced", .cell = LAST_CELL,
     .to_metric = "deviation.sliced", .to_cell = FIRST_CELL, .within = 0.1, .reason = SHARE},
    {.id = "frames-mild-in-d", .place = "derived: a frame has no error for small moves",
     .words = "with as many directions in orthonormal frames it is",
     .kind = EQUIVALENCE, .metric = "deviation.frames", .cell = LAST_CELL,
     .to_metric = "deviation.frames", .to_cell = FIRST_CELL, .within = 0.1, .reason = SHARE},
    {.id = "sliced-runs-ahead", .place = "derived: SW2^2 <= W2^2 / d in whole frames",
     .words = "the sliced flow ends at a lower loss than the exact one",
     .kind = EVERY, .metric = "loss.frames", .is = BELOW, .to_metric = "loss.exact"},
    {.id = "gamma-times-d", .place = "derived: SW2^2 = W2^2 / d for small moves", .kind = EVERY,
     .words = "without the factor 1/d the sliced flow is nearer to the exact one of gamma d",
     .metric = "unscaled.to-gamma-d", .is = BELOW, .to_metric = "deviation.frames-unscaled"},
    {.id = "no-diffusion", .place = NOTE ": without diffusion", .cell = FIRST_CELL,
     .words = "without a loss the sliced flow keeps the variance of the neurons", .kind = VALUE,
     .metric = "variance.frames", .to = 1, .within = 1e-12, .reason = "rounding"},
    {.id = "blurred-contracts", .place = "derived; on a grid the note has diffusion instead",
     .words = "without a loss the plain entropic distance draws particles together", .kind = EVERY,
     .metric = "variance.blurred", .is = BELOW, .to = 1},
    {.id = "directions-to-tune", .place = NOTE ": parameters to tune", .kind = EVERY,
     .words = "a tenth of the directions moves the sliced flow by a tenth of the way or more",
     .metric = "sensitivity.directions-tenth", .is = ABOVE, .to = 0.1, .reason = SHARE},
    {.id = "eps-to-tune", .place = NOTE ": more parameters to fine tune",
     .words = "ten times the eps moves the debiased entropic flow by a tenth of the way or more",
     .kind = EVERY, .metric = "sensitivity.eps-tenfold", .is = ABOVE, .to = 0.1, .reason = SHARE},
    {.id = "small-eps-is-exact", .place = "derived", .kind = EVERY,
     .words = "at eps / 10 the debiased entropic flow is the exact one to 2 %",
     .metric = "deviation.entropic-tenth", .is = BELOW, .to = 0.02, .reason = "far below the rest"},
    {.id = "sinkhorn-stalls", .place = "ours",
     .words = "at eps = 0.05 a step's plan to 1e-6 takes plain Sinkhorn more than 1,000 sweeps",
     .kind = EVERY, .metric = "sweeps.entropic", .is = ABOVE, .to = 1000},
    GROWS("exact-slow-with-d", "frames", "in frames"),
    GROWS("exact-slow-with-d-random", "sliced", "along random directions"),
    {.id = "exact-dearer", .place = "ours, after the same", .kind = ORDER,
     .words = "at d = 20, 10 neurons a sign, the exact flow takes more operations than slices",
     .metric = "exact-over.frames", .cell = LAST_CELL, .is = ABOVE, .to = 1},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "sliced_emd", .title = "Exact, sliced and entropic distances in one flow",
        .paper = "V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June "
                 "2024",
        .differs = "The note lists ways to compute the flow and measures none; 'mildly dependent "
                   "on d' is read as accuracy, 'slow with d' as growth of cost against that of "
                   "slices, in counted operations at 10 neurons a sign. Only neurons of one sign "
                   "are exchanged; the entropic flow is one of particles, the note's lives on a "
                   "grid. Kinks of the ReLU are rounded off. Proximal points have several local "
                   "minima: another search ends up to 7 % of the way elsewhere. The author's "
                   "sliced option calls a routine that returns the square root and cannot run.",
        .caption = "Ten proximal steps from one start. Left: distance of the end from the exact "
                   "flow's, over the way of the exact flow; dotted and dashed, a tenth and ten "
                   "times the parameter. Right: operations of a step. eps: 0.05 mean |w - w'|^2.",
        .minutes = {0, 0.8, 15}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &dimensions, .run_unit = run_unit});
}
