/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matrix_cifar100: distances between five superclasses of CIFAR-100 by coupled transfer, by
 * transfer without couplings, by fine-tuning, and by Task2Vec.
 *
 * Claim    Coupled transfer gives a distance that is not symmetric, orders the tasks sensibly, is
 *          below that of uncoupled transfer for every pair, and agrees better with fine-tuning.
 * Source   Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks (arXiv
 *          2011.00613v1), section 4.3; figure 3 of its later version (ICML 2021), whose printed
 *          numbers the figure shows beside ours; settings from the published code.
 * Measured for each ordered pair and seed: the length B of the last of some coupled iterations, its
 *          Riemannian form A >= B and the published code's statistic B / (sqrt 2 M); the same of
 *          uncoupled transfer read in two ways (U1 mixture of real images, U2 images mixed by the
 *          independent plan); the length of fine-tuning; Task2Vec; test accuracies at the ends.
 *          From the whole matrix: extremes, asymmetry, rank correlation with fine-tuning.
 * Differs  desk: 16 x 16 pixels, 500 of 2,500 training images, channels / 8, T = 1000 steps,
 *          blocks of 10 whose cost is evaluated in 10 of 50 (the other plans stay those of the
 *          features), M = 20, 3 iterations, no augmentation, the velocity never reset. Features and
 *          Task2Vec's probe are of the same small net trained on the other 75 classes, not of
 *          ImageNet. Fine-tuning is cut by validation images. T, M and rate change a length, so
 *          only orders and ratios can be held against printed numbers.
 * Minutes  smoke 0.3, desk 20, paper 100000 (estimated from the cost of a step), on one core.
 */
#include <stdio.h>
#include <string.h>

#include "harness/harness.h"
#include "net/conv_onednn.h"
#include "task_distance/matrix_data.h"
#include "task_distance/matrix_statistics.h"
#include "task_distance/published_matrices.h"
#include "task_distance/task_matrix.h"

#define PARAMETERS(P)                                                                              \
    /* type   name          smoke desk  paper   */                                                 \
    P(int,    seeds,        2,    5,    5,     "repetitions; ours")                                \
    P(int,    each,         40,   500,  500,   "training records a class in the pool; all")        \
    P(int,    train,        40,   500,  2000,  "training images a task; code: 2040 to 2500")       \
    P(int,    validation,   20,   250,  500,   "that cut fine-tuning; ours")                       \
    P(int,    test,         20,   250,  500,   "test images a task")                               \
    P(int,    pooled,       1,    1,    0,     "1: 2 x 2 means; code: 32 x 32")                    \
    P(int,    divide,       16,   8,    1,     "of the conv net's channels; code: 1")              \
    P(int,    block,        10,   10,   25,    "b; code: 25")                                      \
    P(int,    cost_blocks,  1,    10,   0,     "whose cost is evaluated; 0: all, as the code")     \
    P(int,    T,            10,   1000, 16000, "steps: 160 epochs; code")                          \
    P(int,    M,            2,    20,   100,   "checkpoints; code: 40 to 100")                     \
    P(int,    batch,        10,   20,   20,    "code")                                             \
    P(double, rate,         2e-3, 2e-3, 8e-4,  "code: 8e-4; desk: best mean validation accuracy "  \
                                               "of the target after iteration 0 among 1e-3 to "    \
                                               "2e-2 (5 values), 5 pairs, seeds 101 to 103")       \
    P(double, momentum,     0.9,  0.9,  0.9,   "code")                                             \
    P(double, decay,        5e-4, 5e-4, 5e-4,  "code")                                             \
    P(int,    restart,      0,    0,    100,   "steps from one zero velocity to the next: "        \
                                               "epoch; code")                                      \
    P(int,    pad,          0,    0,    4,     "shifts of training images, and mirrors; code")     \
    P(int,    iterations,   2,    3,    4,     "of the coupling; code: 3 to 6")                    \
    P(double, weight,       0.05, 0.05, 0.05,  "quadratic term, times 5^k; code")                  \
    P(double, epsilon,      1e-3, 1e-3, 1e-3,  "first plan, cost -cos; code")                      \
    P(int,    epochs,       2,    60,   180,   "source model; code: 180")                          \
    P(double, source_rate,  0.01, 0.01, 1e-3,  "source model, x 0.2 at 30, 60, 80 %; code: 1e-3")  \
    P(int,    every,        5,    10,   100,   "steps between validations of fine-tuning; ours")   \
    P(int,    probe_epochs, 1,    20,   60,    "probe of the 75 other classes; ours")              \
    P(int,    probe_test,   10,   100,  100,   "their test records a class, 1 of 10 held back")    \
    P(int,    draws,        100,  2000, 10000, "of Task2Vec's classifier an epoch, 10 epochs")
DEFINE_PARAMETERS(PARAMETERS)

enum { H, C, V1, V2, F, TASKS, PAIRS = TASKS * (TASKS - 1) };

/* A cell is an ordered pair; the last one is the matrix of all. */
#define PAIR_NAMES                                                                                 \
    "H-C", "H-V1", "H-V2", "H-F", "C-H", "C-V1", "C-V2", "C-F", "V1-H", "V1-C", "V1-V2", "V1-F",   \
    "V2-H", "V2-C", "V2-V1", "V2-F", "F-H", "F-C", "F-V1", "F-V2"
static const double numbers[PAIRS + 1] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10,
                                          11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
static const char *const names[PAIRS + 1] = {PAIR_NAMES, "matrix"};
#define ALL {PAIRS + 1, numbers, names}
static const struct axis pairs = {
    .name = "pair", .meaning = "source and target; matrix: all of them",
    .at = {{1, numbers + PAIRS, names + PAIRS}, ALL, ALL}};

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    return matrix_data_load(loaded, &(struct matrix_data_spec){
        .tasks = cifar_subsets, .count = CIFAR_SUBSETS, .each = (size_t)p->each, .test_step = 1,
        .probe_each = 40, .probe_test = (size_t)p->probe_test});
}

static struct transfer_options transfer(const struct parameters *p)
{
    return (struct transfer_options){
        .steps = (size_t)p->T, .checkpoints = (size_t)p->M, .batch = (size_t)p->batch,
        .learning_rate = p->rate, .momentum = p->momentum, .weight_decay = p->decay,
        .restart = (size_t)p->restart, .schedule = TRANSFER_DETERMINISTIC,
        .evaluation_batch = 250, .pad = (size_t)p->pad};
}

static struct task_matrix_spec settings(const struct parameters *p)
{
    const size_t side = p->pooled ? 16 : 32;

    return (struct task_matrix_spec){
        .net = {TRANSFER_CONV, (size_t)p->divide, 3, side, 0, 250},
        .source = {(size_t)p->epochs, (size_t)p->batch, p->source_rate, p->momentum, p->decay, 0.2,
                   (size_t)p->pad},
        .coupled = {.transfer = transfer(p), .block = (size_t)p->block,
                    .cost_blocks = (size_t)p->cost_blocks, .start_cost = FEATURE_COST_COSINE,
                    .start_epsilon = p->epsilon, .update = COUPLED_GROWING, .weight = p->weight},
        .iterations = (size_t)p->iterations, .every = (size_t)p->every,
        .probe = {.channels = 3, .side = side, .pooled = p->pooled, .divide = (size_t)p->divide,
                  .classes = 75, .epochs = (size_t)p->probe_epochs, .batch = 50,
                  .learning_rate = 0.05, .momentum = 0.9, .weight_decay = 5e-4, .shift = 2,
                  .seed = 1},
        .embedding = {.draws = (size_t)p->draws}};
}

/* The softmax of the largest pair. */
static size_t outputs_of(const struct task_matrix *t)
{
    size_t first = 0, second = 0;

    for (size_t i = 0; i < t->n; i++) {
        const size_t classes = t->images[i].classes, least = classes < first ? classes : first;

        first = classes > first ? classes : first;
        second = least > second ? least : second;
    }
    return first + second;
}

/* ---- the matrix ---- */

/* Numbers that do not vary have no order: 0 and p = 1. */
static enum status correlate(struct unit *u, const struct mat *kinds, const char *name,
                             enum task_matrix_kind kind, enum task_matrix_kind with)
{
    double r, p;
    const enum status status =
        matrix_statistics_exact(MATRIX_SPEARMAN, &kinds[kind], &kinds[with], &r, &p);

    if (status != STATUS_OK && status != STATUS_NOTHING)
        return status;
    if (status == STATUS_NOTHING) {
        r = 0;
        p = 1;
    }
    emit(u, arena_text(u->mem, "spearman.%s", name), r);
    emit(u, arena_text(u->mem, "p.%s", name), p);
    return STATUS_OK;
}

/* T8: the smaller of carnivores -> flowers and vehicles-1 -> herbivores over the largest other. */
static double extreme(const struct mat *d)
{
    const double a = d->a[C * TASKS + F], b = d->a[V1 * TASKS + H];
    double other = 0;

    for (size_t e = 0; e < TASKS * TASKS; e++)
        if (e != C * TASKS + F && e != V1 * TASKS + H && d->a[e] > other)
            other = d->a[e];
    return (a < b ? a : b) / other;
}

static enum status emit_statistics(struct unit *u, const struct mat *k)
{
    const struct mat *d = &k[TASK_MATRIX_COUPLED], *fine = &k[TASK_MATRIX_EUCLIDEAN];

    emit(u, "asymmetry.coupled", task_matrix_asymmetry(d));
    emit(u, "asymmetry.fine-tuning", task_matrix_asymmetry(fine));
    emit(u, "asymmetry.task2vec", task_matrix_asymmetry(&k[TASK_MATRIX_TASK2VEC]) - 1);
    emit(u, "spread.coupled", task_matrix_spread(d));
    emit(u, "excess.H-C", task_matrix_excess(d, H, C, 0));
    emit(u, "excess.V1-V2", task_matrix_excess(d, V1, V2, 1));
    emit(u, "excess.V1-V2.fine-tuning", task_matrix_excess(fine, V1, V2, 1));
    emit(u, "excess.V1-V2.task2vec", task_matrix_excess(&k[TASK_MATRIX_TASK2VEC], V1, V2, 0));
    emit(u, "extreme.fine-tuning", extreme(fine));
    emit(u, "share.independent", task_matrix_share(&k[TASK_MATRIX_INDEPENDENT], d));
    emit(u, "share.mixture", task_matrix_share(&k[TASK_MATRIX_MIXTURE], d));
    task_matrix_emit_ratio(u, "ratio.independent", &k[TASK_MATRIX_INDEPENDENT], d);
    task_matrix_emit_ratio(u, "ratio.mixture", &k[TASK_MATRIX_MIXTURE], d);
    task_matrix_emit_ratio(u, "ratio.start", &k[TASK_MATRIX_START], d);
    TRY(correlate(u, k, "coupled", TASK_MATRIX_COUPLED, TASK_MATRIX_EUCLIDEAN));
    TRY(correlate(u, k, "coupled.riemannian", TASK_MATRIX_COUPLED, TASK_MATRIX_FINE_TUNING));
    TRY(correlate(u, k, "independent", TASK_MATRIX_INDEPENDENT, TASK_MATRIX_EUCLIDEAN));
    TRY(correlate(u, k, "mixture", TASK_MATRIX_MIXTURE, TASK_MATRIX_EUCLIDEAN));
    TRY(correlate(u, k, "task2vec", TASK_MATRIX_TASK2VEC, TASK_MATRIX_EUCLIDEAN));
    TRY(correlate(u, k, "accuracy", TASK_MATRIX_COUPLED, TASK_MATRIX_TARGET_FINE_TUNING));
    return correlate(u, k, "steps", TASK_MATRIX_COUPLED, TASK_MATRIX_STEPS);
}

static void write_curve(struct unit *u, const struct mat *k)
{
    struct curve *c = curve_open(u, "matrix", "pair [1]", "coupled [1]", "riemannian [1]",
                                 "independent [1]", "mixture [1]", "euclidean [1]",
                                 "fine-tuning [1]", "task2vec [1]", "target [1]",
                                 "published coupled [1]", "published uncoupled [1]",
                                 "published fine-tuning [1]", NULL);

    for (size_t e = 0; e < TASKS * TASKS; e++)
        if (e / TASKS != e % TASKS)
            curve_row(c, (const double[]){
                (double)(10 * (e / TASKS + 1) + e % TASKS + 1), k[TASK_MATRIX_COUPLED].a[e],
                k[TASK_MATRIX_RIEMANNIAN].a[e], k[TASK_MATRIX_INDEPENDENT].a[e],
                k[TASK_MATRIX_MIXTURE].a[e], k[TASK_MATRIX_EUCLIDEAN].a[e],
                k[TASK_MATRIX_FINE_TUNING].a[e], k[TASK_MATRIX_TASK2VEC].a[e],
                k[TASK_MATRIX_TARGET_COUPLED].a[e], published_subsets_coupled.d[e],
                published_subsets_uncoupled.d[e], published_subsets_fine_tuning.d[e]});
}

static enum status run_matrix(struct unit *u, struct task_matrix *t, int own)
{
    struct mat kinds[TASK_MATRIX_KINDS];

    TRY(task_matrix_all(t, kinds));
    for (size_t i = 0; i < t->n; i++)
        for (size_t j = 0; j < t->n; j++)
            if (i != j)
                task_matrix_emit(u, kinds, i, j, own ? 1 : 0);
    u->part = own;
    if (own) {
        task_matrix_print(t, kinds);
        return STATUS_OK;
    }
    write_curve(u, kinds);
    return emit_statistics(u, kinds);
}

static enum status run_pair(struct unit *u, struct task_matrix *t, size_t k)
{
    const size_t i = k / (TASKS - 1), j = k % (TASKS - 1) + (k % (TASKS - 1) >= i);
    struct mat kinds[TASK_MATRIX_KINDS];
    struct task_matrix_pair pair;

    u->part = 1;
    TRY(task_matrix_pair(t, i, j, &pair));
    for (size_t m = 0; m < TASK_MATRIX_KINDS; m++)
        kinds[m] = mat_zero(u->mem, t->n, t->n);
    task_matrix_enter(kinds, i, j, &pair);
    task_matrix_emit(u, kinds, i, j, 1);
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct matrix_data *d = u->data;
    const struct task_images_spec images = {.train = (size_t)p->train,
                                            .validation = (size_t)p->validation,
                                            .test = (size_t)p->test, .pooled = p->pooled};
    struct task_matrix t = {.spec = settings(p), .mem = u->mem, .seed = u->seed,
                            .artifacts = u->artifacts};
    enum status status = matrix_data_images(d, &t, &images);

    t.spec.net.outputs = outputs_of(&t);
    if (status == STATUS_OK)
        status = (int)u->cell_value < PAIRS ? run_pair(u, &t, (size_t)u->cell_value)
                                            : run_matrix(u, &t, d->cifar == NULL);
    task_matrix_free(&t);
    return status == STATUS_DIVERGED ? unit_diverged(u, 0, 0) : status;
}

#include "task_distance/matrix_cifar100_claims.h"

int main(int argc, char **argv)
{
    static const struct own_option task = {
        "task", "NAME=SPEC", "a task of your own; twice or more. SPEC is idx:IMAGES,LABELS,"
        "TEST-IMAGES,TEST-LABELS or\n      cifar10:TRAIN,TEST or cifar100:TRAIN,TEST, and may end "
        "in :CLASSES, as 0,3,7 or 0-4", "matrix"};

    return harness_main(argc, argv, &(struct reproduction){
        .id = "matrix_cifar100", .title = "Distances between five superclasses of CIFAR-100",
        .paper = "Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks "
                 "(arXiv 2011.00613v1), section 4.3; ICML 2021, figure 3",
        .data = "CIFAR-100", .differs = MATRIX_DIFFERS, .caption = MATRIX_CAPTION,
        .minutes = {0.3, 20, 100000}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &pairs, .load = load, .run_unit = run_unit, .option = &task,
        .record = conv_record});
}
