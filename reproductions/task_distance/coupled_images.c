/* SPDX-License-Identifier: GPL-3.0-or-later */
/* coupled_images: which images a coupling pairs, and what learning it changes.
 *
 * Claim    Images move from one task to the other along a coupling that is learned with the weights
 *          and shortens the path; it starts at one of near features.
 * Source   Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks (arXiv
 *          2011.00613v1), equations (14), (17a), (17d); no coupling is shown there.
 * Measured herbivores to carnivores: the plan of features and the one learned, in whole for one
 *          block, with images between those that it pairs. How much of the first plan is left; how
 *          far apart in pixels paired images are, against images paired at random; and whether a
 *          plan is of the tasks or of one transfer's noise: a second transfer from the same source
 *          model with other draws measures the same lengths and learns its own plan.
 * Differs  desk: images of 16 x 16 (shown at 32 x 32), 500 a task, the convolutional net with an
 *          eighth of the channels, blocks of 10 (the plan of 10 of the 50 is learned), T = 1000.
 * Found    A learned plan is one of the tasks, not of one transfer's noise: of the 10 % that it
 *          gains 6 carry over to a transfer with other draws, and two transfers agree on 31 % of
 *          their pairs (chance 10 %). 13 % of the plan of features are left. Images that features
 *          pair look alike (nearer by 0.029 than images at random, which are 0.319 apart); those
 *          that a learned plan pairs do not, as far as five seeds tell (0.001).
 * Minutes  smoke 0.1, desk 0.7, paper 30000 (estimated from operations), on one core.
 */
#include <math.h>
#include <string.h>

#include "net/conv_onednn.h"
#include "task_distance/pair_programs.h"
#include "task_distance/plan_statistics.h"

#define PARAMETERS(P)                                                                              \
    /* type   name           smoke desk  paper */                                                  \
    P(int,    seeds,         2,    5,    5,    "repetitions; ours")                                \
    P(int,    iterations,    2,    3,    4,    "of the plan that is shown; code of 2021 (paper)")  \
    P(int,    rows,          6,    8,    8,    "source images shown, of the first block; ours")    \
    PAIR_TRAIN_PARAMETER(P)                                                                        \
    PAIR_DIVISOR_PARAMETER(P)                                                                      \
    PAIR_TRANSFER_PARAMETERS(P)                                                                    \
    PAIR_EPOCHS_PARAMETER(P)                                                                       \
    PAIR_SOURCE_PARAMETERS(P)                                                                      \
    PAIR_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

static const size_t herbivores_to_carnivores[] = {0, 1};

static struct pair_setup setup_of(const struct parameters *p)
{
    return (struct pair_setup)PAIR_SETUP(p, TRANSFER_CONV, (size_t)p->divisor, (size_t)p->train,
                                         (size_t)p->source_epochs, p->learning_rate,
                                         (size_t)p->checkpoints);
}

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    const struct pair_setup s = setup_of(p);

    return pair_setup_load(loaded, &s);
}

/* ---- the sheet: a row a source image; source, three images between, target ---- */

enum { COLUMNS = 5, GAP = 2, PLANES = 3 };

struct plans {
    const double *start, *learned; /* blocks x b x b: of features, of the last iteration */
    size_t blocks, b;
};

/* A pixel as 0xrrggbb. */
static double colour(const float *image, size_t plane, size_t at)
{
    double packed = 0;

    for (size_t c = 0; c < PLANES; c++)
        packed = 256 * packed + round(255 * (double)image[c * plane + at]);
    return packed;
}

/* Row `row` of a sheet, left to right; pixels (rows x (side + GAP) - GAP) x width, white so far. */
static void paint_row(double *pixels, size_t width, size_t row, const float *source,
                      const float *target, size_t side, float *mixed)
{
    const size_t plane = side * side;

    for (size_t k = 0; k < COLUMNS; k++) {
        double *corner = pixels + row * (side + GAP) * width + k * (side + GAP);

        coupling_interpolate(mixed, source, target, (float)k / (COLUMNS - 1), PLANES * plane);
        for (size_t at = 0; at < plane; at++)
            corner[at / side * width + at % side] = colour(mixed, plane, at);
    }
}

static double *paint(struct arena *mem, const struct task_images originals[2], const double *plan,
                     size_t b, size_t rows, size_t *count)
{
    const size_t side = originals[0].side, width = COLUMNS * (side + GAP) - GAP;
    const float *s = originals[0].part[TASK_TRAIN].x, *t = originals[1].part[TASK_TRAIN].x;
    const size_t inputs = originals[0].inputs;
    float *mixed = arena_get(mem, inputs, sizeof *mixed);
    double *pixels, share;

    *count = (rows * (side + GAP) - GAP) * width;
    pixels = arena_get(mem, *count, sizeof *pixels);
    for (size_t k = 0; k < *count; k++)
        pixels[k] = 0xffffff;
    for (size_t i = 0; i < rows; i++)
        paint_row(pixels, width, i, s + i * inputs,
                  t + plan_statistics_partner(plan, b, i, &share) * inputs, side, mixed);
    return pixels;
}

static enum status draw_sheet(struct unit *u, const struct pair_setup *s, const struct plans *plans,
                              size_t rows)
{
    struct curve *curve = curve_open(u, "sheet", "pixel [1]", "start [1]", "learned [1]", NULL);
    struct task_images originals[2];
    double *start, *learned;
    size_t count;

    for (int k = 0; k < 2; k++)
        TRY(pair_setup_originals(&originals[k], u, s, herbivores_to_carnivores[k]));
    start = paint(u->mem, originals, plans->start, plans->b, rows, &count);
    learned = paint(u->mem, originals, plans->learned, plans->b, rows, &count);
    for (size_t k = 0; k < count; k++)
        curve_row(curve, (double[]){(double)k, start[k], learned[k]});
    return STATUS_OK;
}

/* The plans of the first block, as shares of a row's mass, and the partners of the rows shown. */
static void list_plans(struct unit *u, const struct plans *plans, size_t rows)
{
    struct curve *pairs = curve_open(u, "pairs", "row [1]", "start [1]", "start share [1]",
                                     "learned [1]", "learned share [1]", NULL);
    struct curve *entries = curve_open(u, "plan", "entry [1]", "start [1]", "learned [1]", NULL);
    const double b = (double)plans->b;

    for (size_t k = 0; k < plans->b * plans->b; k++)
        curve_row(entries, (double[]){(double)k, b * plans->start[k], b * plans->learned[k]});
    for (size_t i = 0; i < rows; i++) {
        double before, after;
        const size_t j = plan_statistics_partner(plans->start, plans->b, i, &before);
        const size_t l = plan_statistics_partner(plans->learned, plans->b, i, &after);

        curve_row(pairs, (double[]){(double)i, (double)j, before, (double)l, after});
    }
}

/* ---- what is measured ---- */

static double *copied(struct arena *mem, const double *x, size_t n)
{
    double *out = arena_get(mem, n, sizeof *out);

    memcpy(out, x, n * sizeof *out);
    return out;
}

/* One iteration by the plan of features, and its update: the lengths C and the plan G. */
struct learned {
    double *cost, *plan;
};

static enum status learn_once(struct learned *out, struct arena *mem, struct coupled_transfer *c,
                              uint64_t seed)
{
    const size_t n = c->evaluated.blocks * c->evaluated.b * c->evaluated.b;
    struct coupled_iteration iteration;

    TRY(coupled_transfer_run(c, 1, seed, NULL, &iteration));
    out->cost = copied(mem, c->cost, n);
    out->plan = copied(mem, c->plan.plan, n);
    return STATUS_OK;
}

/* 1 - <G, C> / <G_0, C>. */
static double gain(const struct plans *plans, const double *plan, const double *cost)
{
    return 1 - plan_statistics_cost(plan, cost, plans->blocks, plans->b) /
                   plan_statistics_cost(plans->start, cost, plans->blocks, plans->b);
}

/* Two transfers with other draws. */
static enum status compare(struct unit *u, struct coupled_transfer *c, const struct plans *plans)
{
    const uint64_t other = u->seed + 1000000; /* a root of no unit */
    struct learned a, b;

    TRY(learn_once(&a, u->mem, c, u->seed));
    TRY(learn_once(&b, u->mem, c, other));
    emit(u, "gain.own", gain(plans, a.plan, a.cost));
    emit(u, "gain.other", gain(plans, a.plan, b.cost));
    emit(u, "agreement", plan_statistics_overlap(a.plan, b.plan, plans->blocks, plans->b) -
                             1 / (double)plans->b);
    return STATUS_OK;
}

static void emit_plans(struct unit *u, const struct pair_run *r, const struct plans *plans)
{
    const struct task_images *s = r->pair.source, *t = r->pair.target;
    const float *x = s->part[TASK_TRAIN].x, *y = t->part[TASK_TRAIN].x;
    const double *of[] = {plans->start, plans->learned, NULL};
    static const char *const names[] = {"apart.start", "apart.learned", "apart.random"};

    for (int k = 0; k < 3; k++)
        emit(u, names[k],
             plan_statistics_apart(of[k], x, y, s->inputs, plans->blocks, plans->b));
    emit(u, "left", plan_statistics_overlap(plans->start, plans->learned, plans->blocks, plans->b));
}

static enum status run_pair(const struct parameters *p, struct unit *u, struct pair_run *r)
{
    static struct coupled_iteration out[PAIR_PROGRAMS_ITERATIONS];
    const size_t b = r->options.block, rows = (size_t)p->rows < b ? (size_t)p->rows : b;
    const struct pair_setup s = setup_of(p);
    struct coupled_transfer c;
    struct plans plans;
    size_t n;

    r->options.last_update = 1; /* every update is looked at */
    c = coupled_transfer_create(u->mem, &r->pair, &r->model, &r->start, &r->options);
    plans = (struct plans){.blocks = c.evaluated.blocks, .b = b};
    n = plans.blocks * b * b;
    TRY(coupled_transfer_run(&c, 0, u->seed, NULL, out));
    plans.start = copied(u->mem, c.plan.plan, n);
    TRY(compare(u, &c, &plans));
    TRY(coupled_transfer_run(&c, (size_t)p->iterations, u->seed, NULL, out));
    plans.learned = c.plan.plan;
    emit_plans(u, r, &plans);
    emit(u, "accuracy.target", out[p->iterations - 1].accuracy.target[TASK_TEST]);
    if (u->seed != 1)
        return STATUS_OK;
    list_plans(u, &plans, rows);
    return draw_sheet(u, &s, &plans, rows);
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct pair_setup s = setup_of(p);

    return pair_programs_run(p, u, &s, herbivores_to_carnivores, run_pair);
}

static const struct metric metrics[] = {
    {"left", "1", NO_DIRECTION, CLASS_LONG32, 0, "mass of the plan of features that is in the "
     "learned one"},
    {"apart.start", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "root mean square difference of paired images (pixels 0..1), plan of features"},
    {"apart.learned", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same, learned plan"},
    {"apart.random", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same, all pairs of a block"},
    {"gain.own", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0,
     "how much shorter the once updated plan is than that of features, by the lengths that it was "
     "learned from"},
    {"gain.other", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0,
     "the same by the lengths of a second transfer, with other draws"},
    {"agreement", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0,
     "mass on which the once updated plans of both transfers agree, less that of chance, 1 / b"},
    {"accuracy.target", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0,
     "test accuracy on the target at the end"},
};

static const struct claim claims[] = {
    {.id = "gain-carries-over", .place = "equation (17a): the plan that shortens the path",
     .words = "a plan that one transfer has learned is shorter than that of features along another",
     .kind = ORDER, .metric = "gain.other", .is = ABOVE, .to = 0},
    {.id = "plans-agree", .place = "control of ours",
     .words = "two transfers learn plans that agree on more pairs than chance", .kind = ORDER,
     .metric = "agreement", .is = ABOVE, .to = 0},
    {.id = "leaves-features", .place = "section 4.3: features alone do not give the coupling",
     .words = "most of the learned plan pairs other images than features do", .kind = ORDER,
     .metric = "left", .is = BELOW, .to = 0.5, .reason = "most is more than half"},
    {.id = "learned-pairs-look-alike", .place = "reading of ours: short paths between like images",
     .words = "images that the learned plan pairs are nearer in pixels than images at random",
     .kind = ORDER, .metric = "apart.learned", .is = BELOW, .to_metric = "apart.random"},
    {.id = "features-pair-like-images", .place = "equation (14): near features",
     .words = "those that features pair are", .kind = ORDER, .metric = "apart.start",
     .is = BELOW, .to_metric = "apart.random"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "coupled_images", .title = "The images that a coupling of two tasks pairs",
        .paper = PAIR_PROGRAMS_PAPER, .data = "CIFAR-100",
        .differs = "The paper shows no coupling. desk has images of 16 x 16, 500 a task, a net "
                   "with an eighth of the channels, blocks of 10 and T = 1000 steps; images are "
                   "shown at 32 x 32, whose means over 2 x 2 pixels the net sees. Features are "
                   "those of a net trained on the 75 classes of no task, not on ImageNet. The "
                   "second transfer, with other draws, is ours. " PAIR_PROGRAMS_PLANS,
        .caption = "From herbivores to carnivores, seed 1: source images of one block, the target "
                   "image that the plan pairs most of each with (its share of the row's mass on "
                   "the right), and their mixtures at tau = 1/4, 1/2, 3/4, which the path trains "
                   "on. Left: the plan of features. Middle: the plan after the last iteration. "
                   "Right: both plans of that block in whole, a row a source image.",
        .minutes = {0.1, 0.7, 30000}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .run_unit = run_unit, .load = load, .record = conv_record});
}
