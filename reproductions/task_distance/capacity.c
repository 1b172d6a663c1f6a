/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capacity: the distance between the same two tasks for a smaller and a larger network.
 *
 * Claim    A larger network finds every pair of tasks closer together.
 * Source   Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks (arXiv
 *          2011.00613v1), section 4.3 and figure 5 (WRN-16-4 against the convolutional net), whose
 *          numbers are not known.
 * Measured the length B of the last iteration of coupled transfer with both networks on the same
 *          images, by the same steps and rate; the accuracy on the target at the end beside it,
 *          because a short path may also be one on which the model does not follow.
 * Differs  desk: the convolutional net with an eighth and with a quarter of its channels on images
 *          of 16 x 16, 500 a task, T = 1000, two iterations, three of the twenty pairs. At paper
 *          the networks are those of the paper.
 * Found    At equal rates the larger net fits the target better; its path is no shorter that five
 *          seeds could tell (0.98, 0.99 and 1.05 of the smaller one's).
 * Minutes  smoke 0.1, desk 4, paper 220000 (estimated from operations), on one core.
 */
#include "net/conv_onednn.h"
#include "task_distance/pair_setup.h"

#define PARAMETERS(P)                                                                              \
    /* type   name           smoke desk  paper */                                                  \
    P(int,    seeds,         2,    5,    5,    "repetitions; ours")                                \
    P(int,    iterations,    1,    2,    4,    "code of 2021 (paper)")                             \
    P(int,    train,         50,   500,  2500, "images a task; code of 2021 (paper)")              \
    P(int,    small,         8,    8,    1,    "divides the channels of the smaller net; ours")    \
    P(int,    large,         4,    4,    1,    "of the larger one; ours")                          \
    P(int,    residual,      0,    0,    1,    "1: the larger one is WRN-16-4; paper")             \
    P(int,    steps,         40,   1000, 20000, "T; code of 2021 (paper)")                         \
    P(int,    checkpoints,   4,    20,   100,  "M; code of 2021 (paper)")                          \
    P(double, learning_rate, .002, .002, 8e-4, "of .001 .. .02 by target accuracy; code (paper)")  \
    P(int,    restart,       0,    0,    125,  "steps from velocity 0 to 0; code (paper: epochs)") \
    P(int,    source_epochs, 6,    60,   180,  "code of 2020 (paper)")                             \
    P(double, source_rate,   .01,  .01,  1e-3, "of the source model; code (paper)")                \
    P(double, source_drop,   .2,   .2,   1,    "of that rate at 3, 6 and 8 tenths of the epochs")  \
    P(int,    large_epochs,  6,    60,   600,  "source model of the larger net; code (paper)")     \
    P(double, large_rate,    .01,  .01,  .1,   "the same; code (paper)")                           \
    P(double, large_drop,    .2,   .2,   .2,   "the same; code (paper)")                           \
    PAIR_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

#define PAIRS CELL_NAMES("herbivores-carnivores", "vehicles1-vehicles2", "carnivores-flowers")
static const struct axis pairs = {.name = "pair", .meaning = "source task - target task",
                                  .at = {CELL_NAMES("vehicles1-vehicles2"), PAIRS, PAIRS}};
static const size_t desk_pairs[][2] = {{0, 1}, {2, 3}, {1, 4}}, smoke_pairs[][2] = {{2, 3}};

enum { MOST_ITERATIONS = 16 };

static struct pair_setup small_setup(const struct parameters *p)
{
    return (struct pair_setup)PAIR_SETUP(p, TRANSFER_CONV, (size_t)p->small, (size_t)p->train,
                                         (size_t)p->source_epochs, p->learning_rate,
                                         (size_t)p->checkpoints);
}

static struct pair_setup large_setup(const struct parameters *p)
{
    struct pair_setup s = PAIR_SETUP(p, p->residual ? TRANSFER_WRN : TRANSFER_CONV,
                                     (size_t)p->large, (size_t)p->train, (size_t)p->large_epochs,
                                     p->learning_rate, (size_t)p->checkpoints);

    s.source.learning_rate = p->large_rate;
    s.source.drop = p->large_drop;
    return s;
}

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    const struct pair_setup s = small_setup(p);

    return pair_setup_load(loaded, &s);
}

/* One network: its distances, and how far it followed. */
static enum status transfer(const struct parameters *p, struct unit *u, const char *size,
                            const struct pair_setup *s, const struct task_images *source,
                            const struct task_images *target, double *distance)
{
    static struct coupled_iteration out[MOST_ITERATIONS];
    const struct coupled_iteration *last = &out[p->iterations - 1];
    struct pair_run r = {0};
    enum status status = pair_run_open(&r, u, s, source, target);

    if (status == STATUS_OK)
        status = pair_run_transfer(&r, u, (size_t)p->iterations, out);
    pair_run_close(&r);
    TRY(status);
    *distance = last->length.mean;
    emit(u, arena_text(u->mem, "distance.%s", size), last->length.mean);
    emit(u, arena_text(u->mem, "riemannian.%s", size), last->length.riemannian);
    emit(u, arena_text(u->mem, "released.%s", size), last->length.released);
    emit(u, arena_text(u->mem, "start.%s", size), out[0].length.mean);
    emit(u, arena_text(u->mem, "target.%s", size), last->accuracy.target[TASK_TEST]);
    emit(u, arena_text(u->mem, "fitted.%s", size), last->accuracy.target[TASK_TRAIN]);
    emit(u, arena_text(u->mem, "source.%s", size), r.start.accuracy[TASK_TEST]);
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct pair_setup small = small_setup(p), large = large_setup(p);
    const size_t *pair = u->profile == SMOKE ? smoke_pairs[u->cell] : desk_pairs[u->cell];
    struct curve *curve = curve_open(u, "capacity", "pair [1]", "small [1]", "large [1]", NULL);
    struct task_images source, target;
    double distance[2];
    enum status status;

    TRY(pair_setup_images(&source, u, &small, pair[0]));
    TRY(pair_setup_images(&target, u, &small, pair[1]));
    status = transfer(p, u, "small", &small, &source, &target, &distance[0]);
    if (status == STATUS_OK)
        status = transfer(p, u, "large", &large, &source, &target, &distance[1]);
    if (status == STATUS_DIVERGED)
        return unit_diverged(u, 0, 0);
    TRY(status);
    emit(u, "ratio", distance[1] / distance[0]);
    curve_row(curve, (double[]){u->cell + 1, distance[0], distance[1]});
    return STATUS_OK;
}

#define BOTH(name, direction, meaning)                                                             \
    {name ".small", "1", direction, CLASS_LONG32, 0, meaning ", smaller net"},                     \
    {name ".large", "1", direction, CLASS_LONG32, 0, meaning ", larger net"}

static const struct metric metrics[] = {
    BOTH("distance", LOWER_IS_BETTER, "B of the last iteration"),
    BOTH("riemannian", LOWER_IS_BETTER, "A of the last iteration"),
    BOTH("released", LOWER_IS_BETTER, "the published code's statistic, B / (sqrt 2 M)"),
    BOTH("start", LOWER_IS_BETTER, "B with the plan of features"),
    BOTH("target", HIGHER_IS_BETTER, "test accuracy on the target at the end"),
    BOTH("fitted", HIGHER_IS_BETTER, "accuracy on the target's training images at the end"),
    BOTH("source", HIGHER_IS_BETTER, "test accuracy of the source model on the source"),
    {"ratio", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "distance of the larger net over the other"},
};

#define PLACE "section 4.3, figure 5"

static const struct claim claims[] = {
    {.id = "larger-is-closer", .place = PLACE,
     .words = "a larger network finds each pair closer together", .kind = EVERY,
     .metric = "distance.large", .is = BELOW, .to_metric = "distance.small"},
    {.id = "much-closer", .place = PLACE ", 'much smaller'",
     .words = "it finds them much closer, by a fifth", .kind = EVERY, .metric = "ratio",
     .is = BELOW, .to = 0.8,
     .reason = "no number is known; a fifth, as far as printed pairs are apart"},
    {.id = "larger-is-closer-riemannian", .place = PLACE ", by equation (8)",
     .words = "the same with the root outside the mean (A)", .kind = EVERY,
     .metric = "riemannian.large", .is = BELOW, .to_metric = "riemannian.small"},
    {.id = "larger-follows-better", .place = "control of ours",
     .words = "the larger network ends with more of the target's training images right",
     .kind = EVERY, .metric = "fitted.large", .is = ABOVE, .to_metric = "fitted.small"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "capacity", .title = "Distances between tasks by a smaller and a larger network",
        .paper = "Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks "
                 "(arXiv 2011.00613v1)",
        .data = "CIFAR-100",
        .differs = "desk compares the convolutional net with an eighth and a quarter of its "
                   "channels, on images of 16 x 16, 500 a task, T = 1000, with equal rates, two "
                   "iterations and three pairs; paper compares WRN-16-4 and the convolutional net "
                   "in full. Rates are ours at desk, chosen by target accuracy on other seeds with "
                   "the smaller net. Accuracies stand beside the distances, which the paper does "
                   "not give. Plans and tau are the published code's of 2021: a quadratic "
                   "proximal term without entropy instead of (17a), a fixed schedule instead of "
                   "draws.",
        .caption = "Left: length B of the last iteration for three pairs of tasks, smaller and "
                   "larger network. Right: accuracy on the target at the end of the path, on "
                   "training and on test images.",
        .minutes = {0.1, 4, 220000}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &pairs, .load = load, .run_unit = run_unit, .record = conv_record});
}
