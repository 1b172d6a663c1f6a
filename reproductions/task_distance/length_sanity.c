/* SPDX-License-Identifier: GPL-3.0-or-later */
/* length_sanity: what a distance between tasks owes to how it is measured.
 *
 * Claim    A distance is 0 between a task and itself, and a number of its own for two tasks.
 * Source   Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks (arXiv
 *          2011.00613v1), equations (1), (8), (17b): lengths of curves; the published code takes
 *          the mean of sqrt(KL) over M checkpoints. The paper varies neither M nor the rate.
 * Measured lengths of one and the same trajectory, coupled transfer from vehicles-1 to vehicles-2
 *          with the plan of features, by M = 5, 10, 20, 50 checkpoints, at several learning rates;
 *          the same for vehicles-1 and itself: what the noise of gradients alone makes of a task
 *          that is already learned, which is the noise of a distance; and all of it at a rate of 0,
 *          where weights stay and only the running statistics of batch normalization, which
 *          evaluation uses, follow the batches.
 * Differs  Not in the paper. Images of 16 x 16, 500 a task, the convolutional net with an eighth of
 *          the channels, T = 1000. The largest rate is the one of the other programs.
 * Found    At a rate of 0 (seed 1, M = 20) the task itself is at 0.13 and the other one at 0.97: so
 *          much is no step's. From M = 5 to 50 the published code's statistic falls by factors of 8
 *          (rate 2e-4) to 3 (2e-3) on the way to the other task, where a smooth path has 10, and by
 *          1 to 2 on that to itself.
 * Minutes  smoke 0.1, desk 0.9, paper 96000 (estimated from operations), on one core.
 */
#include "base/check.h"
#include "net/conv_onednn.h"
#include "task_distance/pair_setup.h"

#define PARAMETERS(P)                                                                              \
    /* type   name           smoke desk  paper */                                                  \
    P(int,    seeds,         2,    5,    5,    "repetitions; ours")                                \
    P(int,    train,         50,   500,  2500, "images a task; code of 2021 (paper)")              \
    P(int,    divisor,       8,    8,    1,    "of the channels of the convolutional net")         \
    P(int,    steps,         40,   1000, 20000, "T; code of 2021 (paper)")                         \
    P(int,    fewest,        2,    5,    20,   "M is this, 2, 4 and 10 times this; ours")          \
    P(int,    restart,       0,    0,    125,  "steps from velocity 0 to 0; code (paper: epochs)") \
    P(int,    source_epochs, 6,    60,   180,  "code of 2020 (paper)")                             \
    P(double, source_rate,   .01,  .01,  1e-3, "of the source model; code (paper)")                \
    P(double, source_drop,   .2,   .2,   1,    "of that rate at 3, 6 and 8 tenths of the epochs")  \
    PAIR_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

static const struct axis rates = {
    .name = "rate", .meaning = "learning rate of the transfer",
    .at = {CELL_VALUES(0, .002), CELL_VALUES(0, .0002, .002), CELL_VALUES(0, 2e-4, 8e-4)}};

enum { COUNTS = 4, VEHICLES_1 = 2, VEHICLES_2 = 3 };
static const size_t times[COUNTS] = {1, 2, 4, 10};

static struct pair_setup setup_of(const struct parameters *p, double rate)
{
    return (struct pair_setup)PAIR_SETUP(p, TRANSFER_CONV, (size_t)p->divisor, (size_t)p->train,
                                         (size_t)p->source_epochs, rate, (size_t)p->fewest);
}

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    const struct pair_setup s = setup_of(p, 1);

    return pair_setup_load(loaded, &s);
}

/* The same trajectory, measured by 1, 2, 4, 10 times the fewest checkpoints. */
static enum status measure(const struct parameters *p, struct unit *u, const struct pair_run *r,
                           const char *kind, struct coupled_iteration *out)
{
    size_t checkpoints[COUNTS];

    for (int i = 0; i < COUNTS; i++)
        checkpoints[i] = (size_t)p->fewest * times[i];
    TRY(pair_run_measure(r, u, checkpoints, COUNTS, out));
    for (int i = 0; i < COUNTS; i++) {
        emit_at(u, arena_text(u->mem, "length.%s", kind), i + 1, out[i].length.mean);
        emit_at(u, arena_text(u->mem, "riemannian.%s", kind), i + 1, out[i].length.riemannian);
        emit_at(u, arena_text(u->mem, "released.%s", kind), i + 1, out[i].length.released);
    }
    return STATUS_OK;
}

static enum status run_pair(const struct parameters *p, struct unit *u, const char *kind,
                            const struct task_images *source, const struct task_images *target,
                            struct coupled_iteration *out)
{
    const struct pair_setup s = setup_of(p, u->cell_value);
    struct pair_run r = {0};
    enum status status = pair_run_open(&r, u, &s, source, target);

    if (status == STATUS_OK)
        status = measure(p, u, &r, kind, out);
    pair_run_close(&r);
    return status;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct pair_setup s = setup_of(p, u->cell_value);
    struct curve *curve = curve_open(u, "length", "M [1]", "transfer [1]", "identical [1]",
                                     "released.transfer [1]", "released.identical [1]", NULL);
    static struct coupled_iteration out[COUNTS], same[COUNTS];
    struct task_images source, target;
    enum status status;

    TRY(pair_setup_images(&source, u, &s, VEHICLES_1));
    TRY(pair_setup_images(&target, u, &s, VEHICLES_2));
    status = run_pair(p, u, "transfer", &source, &target, out);
    if (status == STATUS_OK)
        status = run_pair(p, u, "identical", &source, &source, same);
    if (status == STATUS_DIVERGED)
        return unit_diverged(u, 0, 0);
    TRY(status);
    for (int i = 0; i < COUNTS; i++)
        curve_row(curve, (double[]){(double)((size_t)p->fewest * times[i]), out[i].length.mean,
                                    same[i].length.mean, out[i].length.released,
                                    same[i].length.released});
    emit(u, "fall.transfer", out[0].length.released / out[COUNTS - 1].length.released);
    emit(u, "fall.identical", same[0].length.released / same[COUNTS - 1].length.released);
    emit(u, "length", out[2].length.mean);
    emit(u, "noise", same[2].length.mean);
    for (int i = 0; i < COUNTS; i++)
        emit_at(u, "noise.share", i + 1, same[i].length.mean / out[i].length.mean);
    emit(u, "accuracy.target", out[2].accuracy.target[TASK_TEST]);
    emit(u, "accuracy.fitted", out[2].accuracy.target[TASK_TRAIN]);
    return STATUS_OK;
}

#define BOTH(name, meaning)                                                                        \
    {name ".transfer.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,                                    \
     meaning ", vehicles-1 to vehicles-2, M = 1, 2, 4, 10 times the fewest"},                      \
    {name ".identical.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, meaning ", vehicles-1 to itself"}

static const struct metric metrics[] = {
    BOTH("length", "B"),
    BOTH("riemannian", "A"),
    BOTH("released", "the published code's statistic, B / (sqrt 2 M)"),
    {"fall.transfer", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "the published code's statistic by the fewest M over that by 10 times as many; 10 for a "
     "smooth path, 1 for noise about one point"},
    {"fall.identical", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same, vehicles-1 to itself"},
    {"length", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "B to the other task, 4 times the fewest M"},
    {"noise", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "B to the task itself, the same M"},
    {"noise.share.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,
     "B to the task itself over B to the other one, M = 1, 2, 4, 10 times the fewest"},
    {"accuracy.target", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0, "test accuracy on the target"},
    {"accuracy.fitted", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0, "the same on training images"},
};

#define ROUGH "derived: a path with gradient noise is rough"

static const struct claim claims[] = {
    {.id = "zero-for-the-task-itself", .place = "a distance: d(a, a) = 0",
     .words = "a task is at distance 0 from itself, up to a tenth of that to another task, by as "
              "many checkpoints as other programs take (4 times the fewest: M = 20 at desk)",
     .kind = ORDER, .metric = "noise.share.3", .cell = LAST_CELL, .is = BELOW, .to = 0.1,
     .reason = "most of the printed distances are within a tenth of their mean"},
    {.id = "zero-for-the-task-itself-coarse", .place = "a distance: d(a, a) = 0",
     .words = "the same on the same trajectory by the fewest checkpoints (M = 5 at desk), which is "
              "what other programs call coarse",
     .kind = ORDER, .metric = "noise.share.1", .cell = LAST_CELL, .is = BELOW, .to = 0.1,
     .reason = "as above"},
    {.id = "noise-falls-with-the-rate", .place = "derived: smaller steps",
     .words = "what is left for the task itself is noise: it falls with the rate",
     .kind = TREND, .metric = "noise", .cell = ALL_CELLS, .is = ABOVE},
    {.id = "length-grows-with-the-rate", .place = "derived: a slower model stays behind",
     .words = "the faster the model learns, the longer its path", .kind = TREND,
     .metric = "length", .cell = ALL_CELLS, .is = ABOVE},
    {.id = "length-grows-with-checkpoints", .place = ROUGH,
     .words = "more checkpoints on the same trajectory give a longer path", .kind = TREND,
     .metric = "length.transfer.*", .cell = LAST_CELL, .is = ABOVE},
    {.id = "released-falls-with-checkpoints",
     .place = "derived: a mean over M falls as 1 / M on a smooth path, noise about a point keeps "
              "it",
     .words = "and a smaller statistic of the published code, which falls by more than on the path "
              "of the task to itself, noise alone",
     .kind = ORDER, .metric = "fall.transfer", .cell = LAST_CELL, .is = ABOVE,
     .to_metric = "fall.identical"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "length_sanity", .title = "What a distance between tasks owes to its measurement",
        .paper = "Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks "
                 "(arXiv 2011.00613v1)",
        .data = "CIFAR-100",
        .differs = "A control of ours: the paper varies neither the number of checkpoints M nor "
                   "the learning rate, and gives no distance of a task to itself. Images of "
                   "16 x 16, 500 a task, a net with an eighth of the channels, T = 1000, the plan "
                   "of features without updates. tau follows the fixed schedule of the published "
                   "code of 2021, not draws. A task and itself have the same labels, other pairs "
                   "have none in common.",
        .caption = "Left: length B of the same trajectory by the number of checkpoints M, from "
                   "vehicles-1 to vehicles-2 (solid) and to itself (broken), for each learning "
                   "rate; at 0 only the statistics of batch normalization move. Right: the "
                   "published code's statistic of the same.",
        .minutes = {0.1, 0.9, 96000}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &rates, .load = load, .run_unit = run_unit, .record = conv_record});
}
