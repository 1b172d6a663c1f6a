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
 *          uncoupled transfer read in two ways (U1 mixture of real images, 10 + 10 a step where the
 *          published code has 25 + 25, U2 images mixed by the independent plan); the length of
 *          fine-tuning; Task2Vec; test accuracies at the ends. From the whole matrix: extremes,
 *          levels of sources and targets and what they leave to pairs, asymmetry along the
 *          printed one, rank correlation with fine-tuning.
 *          A length is read over all checkpoints and over every fourth (coarse). Controls: the
 *          share of training images right at the end of a path, and all of fine-tuning.
 * Differs  desk: 16 x 16 pixels, 500 of 2,500 training images, channels / 8, T = 1000 steps,
 *          blocks of 10 whose cost is evaluated in 10 of 50 (the other plans stay those of the
 *          features), M = 20, 3 iterations, no augmentation, the velocity never reset. Features and
 *          Task2Vec's probe are of the same net with channels / 4 trained on the other 75 classes,
 *          not of ImageNet. Fine-tuning is cut by validation images, and where it is cut makes most
 *          of the spread of its length. T, M and rate change a length, so
 *          that only orders and ratios can be held against printed numbers.
 * Found    What the paper says of couplings holds over all checkpoints and goes with the roughness
 *          of single ones: U2 is longer by 5 % in the mean, U1 by 40 %, features' couplings by 7 %;
 *          over every fourth checkpoint U2 by 1 % (open), features' couplings by 1 %, and U1 is
 *          shorter by 15 %, for each of the 20 pairs. It hinges on tasks and T too: among the four
 *          of matrix_cifar10_100 neither is longer by B. U1's steps see half a batch of each task,
 *          which makes them rougher. U2 leaves fewer training images right (.75) than coupled
 *          transfer (.87). Along one path a learned plan is shorter than that of features by 6 %,
 *          coarsely 3 %, of which a part is that a path favours the plan that drew it: coarsely the
 *          plan of features is 2 % shorter along its own.
 *          What can be measured is of tasks, not of pairs: one number a source gives .67 of the
 *          spread of log B (.21 of noise; .14 of printed distances), with one a target .77 (.42;
 *          .79), and what is left shows no likeness to what printed distances leave.
 *          Beyond these, herbivores and carnivores lie -.016 [-.043, .012] and vehicles -.004
 *          [-.036, .027], where printed distances have .070 for both: effects of that size are
 *          excluded. That vehicles are nearer than the mean by B is that both are near sources.
 *          Distances are asymmetric, and the other way round than printed ones: by -.78 [-1.12,
 *          -.43] of these, coarsely -.51 [-.70, -.33]; a printed distance is mostly its target's,
 *          if the transcription is right that a row is a source: else both are the same way round.
 *          B goes with the whole length of fine-tuning (rank correlation 0.28), not visibly with
 *          the length up to its cut. Short paths leave the target learned less.
 * Minutes  smoke 0.05, desk 16, paper 300000 (estimated from the cost of a step), on one core.
 */
#include "harness/harness.h"
#include "net/conv_onednn.h"
#include "task_distance/matrix_report.h"
#include "task_distance/matrix_run.h"

#define PARAMETERS(P)                                                                              \
    /* type   name          smoke desk  paper   */                                                 \
    P(int,    seeds,        2,    8,    5,     "ours; desk: what 20 minutes of 2 cores allow")     \
    P(int,    each,         40,   500,  500,   "training records a class in the pool; all")        \
    P(int,    train,        40,   500,  2000,  "training images a task; code: 2040 to 2500")       \
    P(int,    probe_test,   10,   100,  100,   "their test records a class, 1 of 10 held back")    \
    MATRIX_PARAMETERS(P, 1000)
DEFINE_PARAMETERS(PARAMETERS)

enum { H, C, V1, V2, F, TASKS, PAIRS = TASKS * (TASKS - 1) };

static const char *const names[PAIRS + 1] = {
    "H-C", "H-V1", "H-V2", "H-F", "C-H", "C-V1", "C-V2", "C-F", "V1-H", "V1-C", "V1-V2", "V1-F",
    "V2-H", "V2-C", "V2-V1", "V2-F", "F-H", "F-C", "F-V1", "F-V2", "matrix"};
static const struct axis pairs = MATRIX_AXIS(names, PAIRS);

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    return matrix_data_load(loaded, &(struct matrix_data_spec){
        .tasks = cifar_subsets, .count = CIFAR_SUBSETS, .each = (size_t)p->each, .test_step = 1,
        .probe_each = 40, .probe_test = (size_t)p->probe_test});
}

/* Fine-tuning's length from carnivores to flowers and from vehicles-1 to herbivores. */
static void emit_extremes(struct unit *u, const char *family, const struct mat *d)
{
    static const size_t extreme[2][2] = {{C, F}, {V1, H}};

    for (size_t k = 0; k < 2; k++)
        emit_at(u, family, (int)(10 * (extreme[k][0] + 1) + extreme[k][1] + 1),
                task_matrix_less_others(d, extreme, 2, k));
}

/* What sources and targets leave to a pair, both directions. */
static void emit_left(struct unit *u, const struct mat *d, const char *hc, const char *vehicles)
{
    struct mat left = mat_zero(u->mem, TASKS, TASKS);

    (void)task_matrix_levels(d, &left);
    emit(u, hc, (left.a[H * TASKS + C] + left.a[C * TASKS + H]) / 2);
    emit(u, vehicles, (left.a[V1 * TASKS + V2] + left.a[V2 * TASKS + V1]) / 2);
}

/* The order of pairs: by B, by A, by fine-tuning, by Task2Vec. */
static void emit_orders(struct unit *u, const struct mat *k)
{
    const struct mat *d = &k[TASK_MATRIX_COUPLED], *a = &k[TASK_MATRIX_RIEMANNIAN];
    const struct mat *coarse = &k[TASK_MATRIX_COARSE], *fine = &k[TASK_MATRIX_EUCLIDEAN];
    const struct mat *whole = &k[TASK_MATRIX_EUCLIDEAN_WHOLE];

    emit(u, "spread.coupled", task_matrix_spread(d));
    emit(u, "spread.riemannian", task_matrix_spread(a));
    emit(u, "spread.coarse", task_matrix_spread(coarse));
    emit(u, "beyond.H-C", task_matrix_beyond(d, H, C));
    emit(u, "beyond.H-C.riemannian", task_matrix_beyond(a, H, C));
    emit(u, "beyond.H-C.coarse", task_matrix_beyond(coarse, H, C));
    emit(u, "beyond.V1-V2", task_matrix_beyond(d, V1, V2));
    emit(u, "beyond.V1-V2.riemannian", task_matrix_beyond(a, V1, V2));
    emit(u, "beyond.V1-V2.coarse", task_matrix_beyond(coarse, V1, V2));
    emit(u, "beyond.V1-V2.fine-tuning", task_matrix_beyond(fine, V1, V2));
    emit(u, "beyond.V1-V2.fine-tuning.whole", task_matrix_beyond(whole, V1, V2));
    emit(u, "excess.V1-V2.task2vec", task_matrix_excess(&k[TASK_MATRIX_TASK2VEC], V1, V2, 0));
    emit_extremes(u, "extreme.fine-tuning", fine);
    emit_extremes(u, "extreme.fine-tuning.whole", whole);
    emit_left(u, d, "left.H-C", "left.V1-V2");
    emit_left(u, coarse, "left.H-C.coarse", "left.V1-V2.coarse");
}

static const struct matrix_correlation correlations[] = {
    {"coupled.riemannian", TASK_MATRIX_COUPLED, TASK_MATRIX_FINE_TUNING},
    {"coupled.whole.riemannian", TASK_MATRIX_COUPLED, TASK_MATRIX_FINE_TUNING_WHOLE},
    {"independent", TASK_MATRIX_INDEPENDENT, TASK_MATRIX_EUCLIDEAN},
    {"independent.whole", TASK_MATRIX_INDEPENDENT, TASK_MATRIX_EUCLIDEAN_WHOLE},
    {"mixture", TASK_MATRIX_MIXTURE, TASK_MATRIX_EUCLIDEAN},
    {"mixture.whole", TASK_MATRIX_MIXTURE, TASK_MATRIX_EUCLIDEAN_WHOLE},
    {"accuracy", TASK_MATRIX_COUPLED, TASK_MATRIX_TARGET_FINE_TUNING},
    {"steps", TASK_MATRIX_COUPLED, TASK_MATRIX_STEPS},
};

static enum status measure(struct unit *u, const struct mat *k)
{
    static const struct matrix_report_printed printed = {
        &published_subsets_coupled, &published_subsets_uncoupled, &published_subsets_fine_tuning,
        &published_subsets_task2vec};

    matrix_report_curve(u, k, &printed);
    emit_orders(u, k);
    TRY(matrix_report_emit(u, k, &printed));
    return matrix_run_correlate(u, k, correlations, sizeof correlations / sizeof correlations[0]);
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct matrix_run run = {.spec = MATRIX_SETTINGS(p, 75), .images = MATRIX_IMAGES(p),
                                   .pairs = PAIRS, .measure = measure};

    return matrix_run(&run, u);
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
        .minutes = {0.05, 16, 300000}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &pairs, .load = load, .run_unit = run_unit, .option = &task,
        .record = conv_record});
}
