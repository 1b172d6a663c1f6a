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
#include "task_distance/pair_programs.h"

#define PARAMETERS(P)                                                                              \
    /* type   name           smoke desk  paper */                                                  \
    P(int,    seeds,         2,    5,    5,    "repetitions; ours")                                \
    P(int,    iterations,    1,    2,    4,    "code of 2021 (paper)")                             \
    PAIR_TRAIN_PARAMETER(P)                                                                        \
    PAIR_SIZE_PARAMETERS(P)                                                                        \
    PAIR_TRANSFER_PARAMETERS(P)                                                                    \
    PAIR_EPOCHS_PARAMETER(P)                                                                       \
    PAIR_SOURCE_PARAMETERS(P)                                                                      \
    PAIR_LARGE_PARAMETERS(P)                                                                       \
    PAIR_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

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
                            const struct pair_setup *s, const struct task_images images[2],
                            double *distance)
{
    static struct coupled_iteration out[PAIR_PROGRAMS_ITERATIONS];
    const struct coupled_iteration *last = &out[p->iterations - 1];
    struct pair_run r = {0};
    enum status status = pair_run_open(&r, u, s, &images[0], &images[1]);

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
    struct curve *curve = curve_open(u, "capacity", "pair [1]", "small [1]", "large [1]", NULL);
    struct task_images images[2];
    double distance[2];
    enum status status;

    TRY(pair_programs_images(images, u, &small, pair_programs_tasks(u)));
    status = transfer(p, u, "small", &small, images, &distance[0]);
    if (status == STATUS_OK)
        status = transfer(p, u, "large", &large, images, &distance[1]);
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
        .paper = PAIR_PROGRAMS_PAPER,
        .data = "CIFAR-100",
        .differs = "desk compares the convolutional net with an eighth and a quarter of its "
                   "channels, on images of 16 x 16, 500 a task, T = 1000, with equal rates, two "
                   "iterations and three pairs; paper compares WRN-16-4 and the convolutional net "
                   "in full. Rates are ours at desk, chosen by target accuracy on other seeds with "
                   "the smaller net. Accuracies stand beside the distances, which the paper does "
                   "not give. " PAIR_PROGRAMS_PLANS,
        .caption = "Left: length B of the last iteration for three pairs of tasks, smaller and "
                   "larger network. Right: accuracy on the target at the end of the path, on "
                   "training and on test images.",
        .minutes = {0.1, 4, 220000}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &pair_programs_axis, .load = load, .run_unit = run_unit, .record = conv_record});
}
