/* SPDX-License-Identifier: GPL-3.0-or-later */
/* path_length: what the number of checkpoints does to the length of one path of predictions.
 *
 * Claim    Sums of sqrt(2 KL) between checkpoints are the length of the path (8); the published
 *          code takes the mean of sqrt(KL) instead.
 * Source   Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks (arXiv
 *          2011.00613v1), equations (5)-(8), (17b), and the published code.
 * Measured both, for 4^k checkpoints on the straight line of logits from (.9, .05, .05) to (.05,
 *          .05, .9), smooth or with a Brownian motion on top, as stochastic gradients make one.
 * Differs  A path that is given, not learned: closed forms exist. The paper varies neither.
 * Minutes  smoke 0, desk 0, paper 0.1.
 */
#include <math.h>

#include "geometry/fisher.h"
#include "harness/harness.h"
#include "linalg/mat.h"
#include "linalg/stat.h"

#define PARAMETERS(P)                                                                              \
    /* type   name    smoke desk paper */                                                          \
    P(int,    seeds,  2,    20,  100,  "Brownian motions; ours")                                   \
    P(double, start,  .9,   .9,  .9,   "share of the first class at the start; ours")              \
    P(double, other,  .05,  .05, .05,  "of the two others; first and last change places; ours")   \
    P(int,    finest, 6,    7,   8,    "the path is known at 4^finest + 1 points; ours")
DEFINE_PARAMETERS(PARAMETERS)

enum { K = 3 };

#define NOISES CELL_VALUES(0, 0.1, 0.5)
static const struct axis noises = {.name = "noise",
                                   .meaning = "standard deviation of each logit's Brownian motion",
                                   .at = {NOISES, NOISES, NOISES}};

/* f(t) = (1 - t) log p + t log q + noise W(t) at points of equal distance; points x K. */
static struct mat make_path(const struct parameters *p, struct unit *u, size_t points)
{
    const double start[K] = {log(p->start), log(p->other), log(p->other)};
    struct rng motion = rng_stream(u->seed, "motion");
    struct mat f = mat_zero(u->mem, points, K);
    double w[K] = {0};

    for (size_t i = 0; i < points; i++) {
        const double t = (double)i / (double)(points - 1);

        for (int k = 0; k < K; k++) {
            if (i > 0)
                w[k] += rng_normal(&motion) / sqrt((double)(points - 1));
            f.a[i * K + (size_t)k] = (1 - t) * start[k] + t * start[K - 1 - k] +
                                     u->cell_value * w[k];
        }
    }
    return f;
}

/* log p of a row of logits, in double throughout. */
static void log_softmax(const struct mat *f, size_t row, double *out)
{
    const struct vec logits = mat_row(f, row);
    const double total = vec_log_sum_exp(&logits);

    for (int k = 0; k < K; k++)
        out[k] = logits.x[k] - total;
}

/* sum_m sqrt(2 KL(p_{m-1} || p_m)) over every stride-th point (17b). */
static double length(const struct mat *f, size_t stride)
{
    double sum = 0, from[K], to[K];

    for (size_t i = stride; i < f->rows; i += stride) {
        log_softmax(f, i - stride, from);
        log_softmax(f, i, to);
        sum += sqrt(2 * fisher_kl(from, to, K));
    }
    return sum;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    struct curve *curve = curve_open(u, "length", "M [1]", "length [1]", "released [1]", NULL);
    const size_t finest = (size_t)1 << 2 * p->finest;
    const struct mat f = make_path(p, u, finest + 1);
    double first[K], last[K], log_M[2], log_length[2], growth;

    for (int k = 1; k <= p->finest; k++) {
        const size_t M = (size_t)1 << 2 * k;
        const double L = length(&f, finest / M), released = L / (sqrt(2) * (double)M);

        emit_at(u, "length", k, L);
        emit_at(u, "released", k, released);
        curve_row(curve, (double[]){(double)M, L, released});
        log_M[k % 2] = log((double)M);
        log_length[k % 2] = log(L);
    }
    log_softmax(&f, 0, first);
    log_softmax(&f, finest, last);
    emit(u, "geodesic", fisher_rao_distance(first, last, K));
    growth = stat_slope(log_M, log_length, 2);
    emit_conditioned(u, "growth", growth, 100 / fabs(growth)); /* near 0 when smooth */
    return STATUS_OK;
}

static const struct metric metrics[] = {
    {"length.*", "1", NO_DIRECTION, CLASS_LIBM, 0, "sum of sqrt(2 KL), M = 4^k"},
    {"released.*", "1", NO_DIRECTION, CLASS_LIBM, 0, "mean of sqrt(KL), M = 4^k"},
    {"geodesic", "1", NO_DIRECTION, CLASS_LIBM, 0, "Fisher-Rao distance of the ends"},
    {"growth", "1", NO_DIRECTION, CLASS_COND, 0, "of log length with log M, the last two M"},
};

#define LINE "derived for the line of logits"
#define PRINTED .reason = "the last digit given"

static const struct claim claims[] = {
    {.id = "geodesic", .place = "derived: 2 acos sum sqrt(p q)",
     .words = "the ends of the line are 2.1533368 apart", .kind = VALUE, .metric = "geodesic",
     .cell = "noise=0", .to = 2.1533368, .within = 5.1e-8, PRINTED},
    {.id = "four-checkpoints", .place = LINE, .words = "4 checkpoints give 2.181478",
     .kind = VALUE, .metric = "length.1", .cell = "noise=0", .to = 2.181478, .within = 5.1e-7,
     PRINTED},
    {.id = "length-of-the-line", .place = LINE, .words = "4096 checkpoints give 2.1741379",
     .kind = VALUE, .metric = "length.6", .cell = "noise=0", .to = 2.1741379, .within = 5.1e-7,
     .reason = "ten units of the last digit; the sum is off by 0.12 / M^2, 7e-9"},
    {.id = "released-is-no-length", .place = "published code, every state of 2020 and 2021",
     .words = "the code's statistic gives 0.006005 for the same line and 256 checkpoints",
     .kind = VALUE, .metric = "released.4", .cell = "noise=0", .to = .006005, .within = 5.1e-7,
     PRINTED},
    {.id = "sum-converges-when-smooth", .place = "equation (8)",
     .words = "on a smooth path the sum stops to depend on the number of checkpoints",
     .kind = VALUE, .metric = "growth", .cell = "noise=0", .to = 0, .within = 1e-4,
     .reason = "ours"},
    {.id = "released-vanishes", .place = "derived: length / (sqrt(2) M)",
     .words = "on a smooth path the code's statistic falls with every refinement",
     .kind = TREND, .metric = "released.*", .cell = "noise=0", .is = BELOW},
    {.id = "rough-paths-have-no-length", .place = "derived: Brownian motion is not rectifiable",
     .words = "on a rough path the sum grows as the square root of the number of checkpoints",
     .kind = VALUE, .metric = "growth", .cell = "noise=0.5", .to = 0.5, .within = 0.05,
     .reason = "the line's own part is not quite gone at the last two"},
    {.id = "rough-paths-grow", .place = "derived: the same",
     .words = "it grows with every refinement", .kind = TREND, .metric = "length.*",
     .cell = "noise=0.5", .is = ABOVE},
    {.id = "released-vanishes-on-rough", .place = "derived: sqrt(M) / M",
     .words = "the code's statistic falls with every refinement there too, but slower",
     .kind = TREND, .metric = "released.*", .cell = "noise=0.5", .is = BELOW},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "path_length", .title = "Lengths of a path of predictions by its checkpoints",
        .paper = "Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks "
                 "(arXiv 2011.00613v1)",
        .differs = "The path is given, so that its length is known: the straight line of logits "
                   "between two distributions over three classes, alone or with a Brownian motion "
                   "on each logit, which is what gradients of small batches do to a network. The "
                   "paper compares no numbers of checkpoints; its released code reports the mean "
                   "of sqrt(KL), so a printed 0.2 is a length of 0.2 sqrt(2) M.",
        .caption = "Left: the sum of sqrt(2 KL) against the number of checkpoints M. Right: the "
                   "mean of sqrt(KL), which the published code reports. A smooth path has a "
                   "length; a rough one has none, so distances can only be compared at equal M.",
        .minutes = {0, 0, 0.1}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims), .axis = &noises,
        .run_unit = run_unit});
}
