/* SPDX-License-Identifier: GPL-3.0-or-later */
/* alignment: small against large initialization of a two-layer ReLU network.
 *
 * Claim    A step is w + gamma v with a v that does not know the length of w: neurons that start
 *          small take the direction of v before they do anything else, and then the loss falls;
 *          neurons that start large keep their direction.
 * Source   V. Merckle, Wasserstein gradient flow of two-layer ReLU networks (2024), section 3.
 * Measured cosine of w_i with a_i v(s_i) (relu_alignment.h) at a fixed time and when F has fallen
 *          by a tenth, the times of alignment and of that fall, the directions kept to the end;
 *          families "x.k" are over the scale 10^-k of the start, whose directions are the same.
 * Differs  The note argues in words, for frozen signs a_i; the works that it cites train the output
 *          weights too, from |a_i| = |w_i|. Both are here, and random data in five dimensions.
 * Minutes  smoke 0.03, desk 0.8, paper 8, on one core.
 */
#include <math.h>

#include "harness/harness.h"
#include "linalg/stat.h"
#include "relu_flows/alignment_course.h"

#define PARAMETERS(P)                                                                              \
    /* type   name      smoke desk  paper  */                                                      \
    P(int,    seeds,    2,    10,   20,    "initializations; ours")                                \
    P(int,    m,        50,   50,   100,   "neurons, half of each sign; the author has 50 to 100") \
    P(int,    n,        5,    5,    5,     "points of sinus; the author has 5 and 10")             \
    P(int,    n_random, 10,   10,   10,    "points of random data; ours")                          \
    P(int,    d_random, 5,    5,    5,     "their coordinates with the 1 for the bias; ours")      \
    P(int,    smallest, 3,    5,    6,     "scales 1 to 10^-smallest; the author has 1e-2, 1e-4")  \
    P(int,    fit_from, 2,    2,    2,     "slopes are over scales of 10^-fit_from and less; ours")\
    P(int,    drawn,    3,    3,    3,     "paths are kept for the scales 1 and 10^-drawn")        \
    P(double, eta,      2e-3, 1e-3, 5e-4,  "largest step; also gamma of the single step; ours")    \
    P(double, relative, 4e-3, 1e-3, 5e-4,  "a step is at most this part of the time passed, or")   \
    P(double, first,    1e-6, 1e-7, 1e-7,  "this; ours")                                           \
    P(double, horizon,  11,   25,   40,    "time that is followed; ours")                          \
    P(double, early,    0.1,  0.1,  0.1,   "time of the early look; ours")                         \
    P(double, between,  0.05, 0.01, 5e-3,  "looks are this part of the time passed apart; ours")   \
    P(double, aligned,  0.99, 0.99, 0.99,  "a larger cosine counts as aligned; ours")              \
    P(double, moved,    0.9,  0.9,  0.9,   "part of F(0) that the loss must fall to; ours")        \
    P(double, boundary, 0.03, 0.03, 0.03,  "a smaller cosine with x_j counts as its boundary; ours")
DEFINE_PARAMETERS(PARAMETERS)

enum { FROZEN, TRAINED, FROZEN_RANDOM, TRAINED_RANDOM };
#define FLOWS CELL_NAMES("frozen", "trained", "frozen-random", "trained-random")
static const struct axis flows = {
    .name = "flow", .meaning = "output weights a_i fixed or trained; sinus or random data in 5-D",
    .at = {FLOWS, FLOWS, FLOWS}};

/* Where the curves of a course go, and when the next row is due. */
struct record {
    struct curve *course, *paths; /* paths: or NULL */
    double next, next_path;
};

static void write_rows(void *to, const struct alignment_flow *f, const struct relu_sight *seen,
                       double t, double F)
{
    struct record *r = to;

    if (t >= r->next) {
        curve_row(r->course, (double[]){t, seen->cosine, seen->share, F});
        r->next = fmax(1.04 * t, 1e-5);
    }
    if (r->paths == NULL || t < r->next_path)
        return;
    for (size_t i = 0; i < f->net.m; i++)
        curve_row(r->paths, (double[]){t, (double)i + 1, f->w.a[2 * i], f->w.a[2 * i + 1]});
    r->next_path = fmax(1.08 * t, 0.1);
}

static struct relu_data make_data(const struct parameters *p, struct unit *u)
{
    struct rng r = rng_stream(u->seed, "data");

    if (u->cell == FROZEN || u->cell == TRAINED)
        return relu_data_sinus(u->mem, (size_t)p->n);
    return relu_data_random(u->mem, &r, (size_t)p->n_random, (size_t)p->d_random);
}

static struct alignment_clock make_clock(const struct parameters *p, double part)
{
    return (struct alignment_clock){
        .eta = part * p->eta, .relative = part * p->relative, .first = part * p->first,
        .horizon = p->horizon, .early = p->early, .between = p->between, .moved = p->moved};
}

/* One step w+ = w + gamma v, v = -dF/dw: the angle t of w+ and v by lengths and the angle t0 of w
 * and v,
 *     tan t = |w| sin t0 / (gamma |v| + |w| cos t0),
 * against that angle itself, and how far w turns; over the neurons with v not 0. */
static void single_step(const struct parameters *p, struct unit *u, struct alignment_flow *f, int k)
{
    struct vec start = vec_zero(u->mem, f->w.cols), across = vec_zero(u->mem, f->w.cols);
    double *turn = arena_get(u->mem, f->net.m, sizeof *turn), worst = 0;
    size_t n = 0;

    relu_network_gradient(&f->net, &f->w, &f->g);
    for (size_t i = 0; i < f->net.m; i++) {
        struct vec w = mat_row(&f->w, i), v = mat_row(&f->g, i);
        const double size = vec_norm(&w), speed = p->eta * vec_norm(&v);
        double t0, t;

        if (!(speed > 0))
            continue;
        vec_scale(&v, -p->eta);
        t0 = relu_alignment_angle(&v, &w, &across);
        t = atan2(size * sin(t0), speed + size * cos(t0));
        vec_set(&start, &w);
        vec_axpy(&w, 1, &v);
        worst = fmax(worst, fabs(relu_alignment_angle(&v, &w, &across) - t));
        turn[n++] = relu_alignment_angle(&w, &start, &across);
    }
    emit_at(u, "step.residual", k, worst);
    emit_at(u, "step.turn", k, relu_alignment_median(turn, n));
}

/* All that happens from the scale 10^-k. */
static struct alignment_course one_scale(const struct parameters *p, struct unit *u,
                                         struct alignment_flow *f, int k, double scale)
{
    const struct alignment_clock clock = make_clock(p, 1);
    struct record r = {.course = curve_open(u, arena_text(u->mem, "scale.%d", k), "time [1]",
                                            "cosine [1]", "share [1]", "loss [1]", NULL)};
    struct alignment_course c;

    if (f->w.cols == 2 && u->seed == 1 && (k == 0 || k == p->drawn))
        r.paths = curve_open(u, arena_text(u->mem, "paths.%d", k), "time [1]", "neuron [1]",
                             "w [1]", "b [1]", NULL);
    alignment_flow_start(f, scale);
    single_step(p, u, f, k);
    alignment_flow_start(f, scale);
    c = alignment_course_follow(f, &clock, write_rows, &r);
    emit_at(u, "early.cosine", k, c.early.cosine);
    emit_at(u, "early.share", k, c.early.share);
    emit_at(u, "early.loss", k, c.early_loss);
    emit_at(u, "aligned.time", k, c.aligned);
    emit_at(u, "aligned.loss", k, c.aligned_loss);
    emit_at(u, "escape.time", k, c.escape);
    emit_at(u, "escape.cosine", k, c.at_escape.cosine);
    emit_at(u, "escape.share", k, c.at_escape.share);
    emit_at(u, "escape.along", k, c.at_escape.general);
    emit_at(u, "kept", k, alignment_flow_kept(f));
    return c;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct relu_data data = make_data(p, u);
    const struct alignment_clock half = make_clock(p, 0.5);
    struct rng start = rng_stream(u->seed, "start");
    struct alignment_flow f = alignment_flow_make(
        u->mem, &data, (size_t)p->m, u->cell == TRAINED || u->cell == TRAINED_RANDOM, &start,
        (struct relu_alignment_limits){p->aligned, p->boundary});
    struct vec far = vec_zero(u->mem, (size_t)p->smallest + 1), escape = vec_copy(u->mem, &far);
    struct alignment_course c = {0}, last = {0};
    double scale = 1, slope;

    for (int k = 0; k <= p->smallest; k++) {
        last = c;
        scale = k == 0 ? 1 : scale / 10;
        c = one_scale(p, u, &f, k, scale);
        far.x[k] = -log(scale);
        escape.x[k] = c.escape;
    }
    slope = stat_slope(far.x + p->fit_from, escape.x + p->fit_from, far.n - (size_t)p->fit_from);
    emit(u, "slope", slope);
    emit(u, "slope.growth", slope * c.at_escape.growth);
    emit(u, "ratio.aligned", c.aligned / last.aligned);
    emit(u, "ratio.escape", c.escape / last.escape);
    alignment_flow_start(&f, scale);
    last = alignment_course_follow(&f, &half, NULL, NULL);
    emit(u, "half.aligned", last.aligned / c.aligned);
    emit(u, "half.escape", last.escape / c.escape);
    return STATUS_OK;
}

#define PLAIN NO_DIRECTION, CLASS_LIBM, 0
static const struct metric metrics[] = {
    {"step.residual.*", "rad", LOWER_IS_BETTER, CLASS_RESIDUAL, 0,
     "largest error of the formula for the angle after one step"},
    {"step.turn.*", "rad", PLAIN, "median angle that a neuron turns in one step"},
    {"early.cosine.*", "1", PLAIN, "median cosine at the early look"},
    {"early.share.*", "1", PLAIN, "part of the active neurons that is aligned then"},
    {"early.loss.*", "1", PLAIN, "F / F(0) then"},
    {"aligned.time.*", "1", PLAIN, "time when the median cosine counts as aligned, or the horizon"},
    {"aligned.loss.*", "1", PLAIN, "F / F(0) then; 0 where that time never came"},
    {"escape.time.*", "1", PLAIN, "time when the loss has moved, or the horizon"},
    {"escape.cosine.*", "1", PLAIN, "median cosine then"},
    {"escape.share.*", "1", PLAIN, "part of the active neurons that is aligned then"},
    {"escape.along.*", "1", PLAIN, "the same, or with v along the boundaries that they are on"},
    {"kept.*", "1", PLAIN, "median cosine of w at the end with its start"},
    {"slope", "1", PLAIN, "of escape.time over log(1 / scale)"},
    {"slope.growth", "1", PLAIN, "slope times the largest growth rate at the last escape"},
    {"ratio.aligned", "1", PLAIN, "aligned.time at the smallest scale over that at the next"},
    {"ratio.escape", "1", PLAIN, "the same of escape.time"},
    {"half.aligned", "1", PLAIN, "aligned.time at half the steps over it, at the smallest scale"},
    {"half.escape", "1", PLAIN, "the same of escape.time"},
};

#define NOTE "note, section 3"

static const struct claim claims[] = {
    {.id = "angle-of-a-step", .place = "derived from " NOTE ": w + gamma v",
     .words = "tan t = |w| sin t0 / (gamma |v| + |w| cos t0) is the angle to v after a step",
     .kind = EVERY, .metric = "step.residual.*", .cell = "frozen", .is = BELOW, .to = 1e-12},
    {.id = "small-turn-at-once", .place = NOTE ": direction is soon dominated by v, or kept",
     .words = "the smaller a neuron starts, the more one step turns it",
     .kind = TREND, .metric = "step.turn.*", .cell = "frozen", .is = ABOVE},
    {.id = "balanced-turn-alike", .place = "derived: the velocity of w is a v, |a| = |w|",
     .words = "with trained output weights a step turns neurons of length 1e-5 and 1e-2 alike",
     .kind = EQUIVALENCE, .metric = "step.turn.5", .cell = "trained", .to_metric = "step.turn.2",
     .within = 1e-5, .reason = "4 % of the turn; frozen, the two differ 70-fold"},
    {.id = "alignment-then-convergence", .place = NOTE ": an alignment phase, then convergence",
     .words = "from 1e-5, frozen: half of the active neurons are aligned when F has fallen by 10 %",
     .kind = BOUND, .metric = "escape.cosine.5", .cell = "frozen", .is = ABOVE, .to = 0.99},
    {.id = "alignment-then-convergence-trained", .place = NOTE ", the works cited",
     .words = "the same with trained output weights",
     .kind = BOUND, .metric = "escape.cosine.5", .cell = "trained", .is = ABOVE, .to = 0.99},
    {.id = "smaller-more-aligned", .place = NOTE ": as the scale gets smaller",
     .words = "the smaller the start, the more neurons are aligned when the loss has moved",
     .kind = TREND, .metric = "escape.share.*", .cell = "frozen", .is = ABOVE},
    {.id = "one-phase-at-1e-2", .place = "derived: the loss moves once neurons have moved by 0.006",
     .words = "frozen, at the author's usual scale 1e-2, the loss moves before they align",
     .kind = ORDER, .metric = "escape.cosine.2", .cell = "frozen", .is = BELOW, .to = 0.99},
    {.id = "large-keeps-direction", .place = NOTE ": a large w stays close; 26 degrees are ours",
     .words = "from scale 1 half of the neurons stay within 26 degrees of their start to the end",
     .kind = BOUND, .metric = "kept.0", .cell = "frozen", .is = ABOVE, .to = 0.9},
    {.id = "small-loses-direction", .place = NOTE,
     .words = "the smaller the start, the less of its direction is left at the end",
     .kind = TREND, .metric = "kept.*", .cell = "frozen", .is = BELOW},
    {.id = "frozen-aligns-in-proportion", .place = "derived: w(0) + t v",
     .words = "frozen, a tenth of the scale aligns in a tenth of the time",
     .kind = VALUE, .metric = "ratio.aligned", .cell = "frozen", .to = 0.1, .within = 0.005,
     .reason = "exact as long as the loss stands still; it has moved by 1 % at 1e-4"},
    {.id = "frozen-escapes-at-one-time", .place = "derived: the output is that of t v",
     .words = "frozen, the loss moves at a time that does not depend on the scale",
     .kind = VALUE, .metric = "ratio.escape", .cell = "frozen", .to = 1, .within = 0.02,
     .reason = "1e-4 is 2 % of what the neurons have grown to by then"},
    {.id = "trained-aligns-at-one-time", .place = "derived: tan(t/2) falls as exp(-|v| time)",
     .words = "trained, alignment takes a time that does not depend on the scale",
     .kind = VALUE, .metric = "ratio.aligned", .cell = "trained", .to = 1, .within = 0.01,
     .reason = "exact as long as the loss stands still"},
    {.id = "trained-escapes-late", .place = "derived: |w| grows as exp(max |v| time)",
     .words = "trained, the loss moves later by 1 / max|v| = 2.0258 for every factor e in scale",
     .kind = VALUE, .metric = "slope", .cell = "trained", .to = 2.025764, .within = 0.02,
     .reason = "1 %: at 1e-2 the neurons are not aligned yet when the loss moves"},
    {.id = "trained-escapes-late-random", .place = "derived, for random data in five dimensions",
     .words = "that slope is 1 / the growth rate of the fastest neuron",
     .kind = VALUE, .metric = "slope.growth", .cell = "trained-random", .to = 1, .within = 0.05,
     .reason = "from 1e-2 the fastest neuron still turns while the loss moves"},
    {.id = "all-align", .place = NOTE ": the same for every neuron on the same data points",
     .words = "sinus, from 1e-5: all active neurons take the direction of their own v(s_i)",
     .kind = ORDER, .metric = "escape.share.5", .cell = "frozen", .is = ABOVE, .to = 0.99},
    {.id = "all-align-random", .place = NOTE ", taken literally, on random data in five dimensions",
     .words = "random data: all active neurons take the direction of their own v(s_i)",
     .kind = ORDER, .metric = "escape.share.5", .cell = "frozen-random", .is = ABOVE, .to = 0.99},
    {.id = "others-slide", .place = "ours",
     .words = "more are aligned if v may be that along the boundaries which neurons slide on",
     .kind = ORDER, .metric = "escape.along.5", .cell = "frozen-random", .is = ABOVE,
     .to_metric = "escape.share.5"},
    {.id = "half-steps-align", .place = "ours", .words = "half the steps, the same alignment",
     .kind = VALUE, .metric = "half.aligned", .cell = "frozen", .to = 1, .within = 0.01,
     .reason = "steps are 0.1 % and looks 1 % of the time passed apart"},
    {.id = "half-steps-escape", .place = "ours", .words = "half the steps, the same escape",
     .kind = VALUE, .metric = "half.escape", .cell = "trained", .to = 1, .within = 0.001,
     .reason = "Euler's error, eta max|v| / 2 = 0.00025 of the time"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "alignment", .title = "Small and large initialization of a two-layer ReLU network",
        .paper = "V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June "
                 "2024",
        .differs = "The note argues in words, for one step of one neuron with fixed output weight; "
                   "criteria (median cosine 0.99, a tenth of the loss) and all settings but the "
                   "sinus data are ours. That v does not depend on |w| is so for fixed output "
                   "weights. The works cited train them from |a| = |w|, the velocity is a v: steps "
                   "turn small and large neurons alike, and there are two phases because the loss "
                   "waits, not because alignment is fast. On random data in five dimensions (ours) "
                   "many neurons come to slide along boundaries of their activation pattern, where "
                   "they cannot take the direction of their own pattern's v.",
        .caption = "First two panels: ways of the neurons in the plane of weight and bias, from a "
                   "large and a small start (seed 1, trained output weights; in the second, "
                   "lengths are logarithmic; dashed: w x_j + b = 0). Next two: share of active "
                   "neurons aligned with v, which is their velocity until the loss moves; the "
                   "loss. Last two: when neurons are aligned and the loss has fallen by a tenth; "
                   "intervals are cut at the least seed.",
        .minutes = {0.03, 0.8, 8}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &flows, .run_unit = run_unit});
}
