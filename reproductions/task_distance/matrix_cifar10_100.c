/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matrix_cifar10_100: distances between CIFAR-100, CIFAR-10, its animals and its vehicles.
 *
 * Claim    It is easier to go to a subset of a task than back; CIFAR-100 is far from all and
 *          nearest to CIFAR-10; Task2Vec puts animals and vehicles farthest though fine-tuning
 *          between them is easy.
 * Source   Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks (arXiv
 *          2011.00613v1), section 4.2, figure 2; printed numbers of its later version (ICML
 *          2021), transcribed by others and not held against it.
 * Measured as matrix_cifar100, which this shares all but the tasks with.
 * Differs  as matrix_cifar100; and CIFAR-100 stands as its 20 superclasses, from 40 records of each
 *          of the 100 classes, of which a quarter are the task's test records: the published test
 *          file of CIFAR-100 is what the probe learns from (every class is in a task), and nothing
 *          else here is measured on it. Classes of subsets are other classes than those of CIFAR-10
 *          (the heads are disjoint); how the paper labelled them is not known.
 * Minutes  smoke 0.05, desk 11, paper 200000 (estimated from the cost of a step), on one core.
 */
#include "harness/harness.h"
#include "net/conv_onednn.h"
#include "task_distance/matrix_run.h"
#include "task_distance/published_matrices.h"

#define PARAMETERS(P)                                                                              \
    /* type   name          smoke desk  paper   */                                                 \
    P(int,    seeds,        2,    5,    5,     "repetitions; ours")                                \
    P(int,    each,         40,   500,  1900,  "records a class of CIFAR-10 in the pool; ours")    \
    P(int,    train,        40,   500,  2400,  "training images a task; later version: 19,200")    \
    P(int,    probe_epochs, 1,    20,   60,    "probe of the 100 classes; ours")                   \
    P(int,    probe_test,   10,   100,  100,   "their test records a class, 1 of 10 held back")    \
    MATRIX_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

enum { C100, C10, AN, VE, TASKS, PAIRS = TASKS * (TASKS - 1) };

/* A cell is an ordered pair; the last one is the matrix of all. */
static const double numbers[PAIRS + 1] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const char *const names[PAIRS + 1] = {
    "C100-C10", "C100-An", "C100-Ve", "C10-C100", "C10-An", "C10-Ve", "An-C100", "An-C10",
    "An-Ve", "Ve-C100", "Ve-C10", "Ve-An", "matrix"};
#define ALL {PAIRS + 1, numbers, names}
static const struct axis pairs = {
    .name = "pair", .meaning = "source and target; matrix: all of them",
    .at = {{1, numbers + PAIRS, names + PAIRS}, ALL, ALL}};

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    return matrix_data_load(loaded, &(struct matrix_data_spec){
        .tasks = cifar_wholes, .count = CIFAR_WHOLES, .each = (size_t)p->each, .test_step = 1,
        .probe_test = (size_t)p->probe_test, .probe_all = 1});
}

static double entry(const struct mat *d, int i, int j)
{
    return d->a[i * TASKS + j];
}

/* To a subset over back. */
static void emit_subsets(struct unit *u, const char *family, const struct mat *d)
{
    emit_at(u, family, AN, entry(d, C10, AN) / entry(d, AN, C10));
    emit_at(u, family, VE, entry(d, C10, VE) / entry(d, VE, C10));
}

/* From each other task, CIFAR-100 over the farthest of the rest. */
static void emit_far(struct unit *u, const struct mat *d)
{
    for (int s = C10; s <= VE; s++) {
        double rest = 0;

        for (int t = C10; t <= VE; t++)
            if (t != s && entry(d, s, t) > rest)
                rest = entry(d, s, t);
        emit_at(u, "far", s, entry(d, s, C100) / rest);
    }
    const double an = entry(d, AN, C100), ve = entry(d, VE, C100);

    emit(u, "nearest.C10", entry(d, C10, C100) / (an < ve ? an : ve));
}

/* Fine-tuning from animals to vehicles over the median of all. */
static double easy(const struct mat *d)
{
    double sorted[PAIRS];
    size_t n = 0;

    for (int e = 0; e < TASKS * TASKS; e++) {
        if (e / TASKS == e % TASKS)
            continue;
        size_t at = n++;
        for (; at > 0 && sorted[at - 1] > d->a[e]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = d->a[e];
    }
    return entry(d, AN, VE) / ((sorted[PAIRS / 2 - 1] + sorted[PAIRS / 2]) / 2);
}

static void write_curve(struct unit *u, const struct mat *k)
{
    struct curve *c = curve_open(u, "matrix", "pair [1]", "coupled [1]", "riemannian [1]",
                                 "independent [1]", "mixture [1]", "euclidean [1]",
                                 "fine-tuning [1]", "task2vec [1]", "target [1]",
                                 "published coupled [1]", "published fine-tuning [1]",
                                 "published task2vec [1]", NULL);

    for (size_t e = 0; e < TASKS * TASKS; e++)
        if (e / TASKS != e % TASKS)
            curve_row(c, (const double[]){
                (double)(10 * (e / TASKS + 1) + e % TASKS + 1), k[TASK_MATRIX_COUPLED].a[e],
                k[TASK_MATRIX_RIEMANNIAN].a[e], k[TASK_MATRIX_INDEPENDENT].a[e],
                k[TASK_MATRIX_MIXTURE].a[e], k[TASK_MATRIX_EUCLIDEAN].a[e],
                k[TASK_MATRIX_FINE_TUNING].a[e], k[TASK_MATRIX_TASK2VEC].a[e],
                k[TASK_MATRIX_TARGET_COUPLED].a[e], published_cifar_coupled.d[e],
                published_cifar_fine_tuning.d[e], published_cifar_task2vec.d[e]});
}

static enum status measure(struct unit *u, const struct mat *k)
{
    const struct mat *d = &k[TASK_MATRIX_COUPLED], *fine = &k[TASK_MATRIX_EUCLIDEAN];

    write_curve(u, k);
    emit_subsets(u, "subset.coupled", d);
    emit_subsets(u, "subset.fine-tuning", fine);
    emit_far(u, d);
    emit(u, "asymmetry.coupled", task_matrix_asymmetry(d));
    emit(u, "asymmetry.fine-tuning", task_matrix_asymmetry(fine));
    emit(u, "asymmetry.task2vec", task_matrix_asymmetry(&k[TASK_MATRIX_TASK2VEC]) - 1);
    emit(u, "excess.An-Ve.task2vec", task_matrix_excess(&k[TASK_MATRIX_TASK2VEC], AN, VE, 0));
    emit(u, "easy.An-Ve.fine-tuning", easy(fine));
    TRY(matrix_run_correlate(u, k, "coupled", TASK_MATRIX_COUPLED, TASK_MATRIX_EUCLIDEAN));
    return matrix_run_correlate(u, k, "task2vec", TASK_MATRIX_TASK2VEC, TASK_MATRIX_EUCLIDEAN);
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct matrix_run run = {.spec = MATRIX_SETTINGS(p, 100), .images = MATRIX_IMAGES(p),
                                   .pairs = PAIRS, .measure = measure};

    return matrix_run(&run, u);
}

static const struct metric metrics[] = {
    TASK_MATRIX_METRICS,
    {"subset.coupled.*", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "coupled: from CIFAR-10 to animals (2), vehicles (3), over back"},
    {"subset.fine-tuning.*", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same of fine-tuning"},
    {"far.*", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "coupled, from task s: to CIFAR-100 over the farthest of the others"},
    {"nearest.C10", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "coupled, to CIFAR-100: from CIFAR-10 over the nearest other"},
    {"asymmetry.coupled", "1", NO_DIRECTION, CLASS_LONG32, 0, "largest d_ij / d_ji"},
    {"asymmetry.fine-tuning", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same, length of weights"},
    {"asymmetry.task2vec", "1", NO_DIRECTION, CLASS_RESIDUAL, 0, "the same less 1"},
    {"excess.An-Ve.task2vec", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "pair less the largest other one, over the mean of all"},
    {"easy.An-Ve.fine-tuning", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "length from animals to vehicles over the median of all"},
    {"spearman.coupled", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0,
     "rank correlation with the length of fine-tuning over 12 pairs"},
    {"p.coupled", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,
     "share of the 24 relabellings with at least this correlation (Mantel's test, exact)"},
    {"spearman.task2vec", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0, "the same, Task2Vec"},
    {"p.task2vec", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "the same"},
};

static const struct claim claims[] = {
    {.id = "to-a-subset-is-easier", .place = "section 4.2, caption of figure 2",
     .words = "coupled: to a subset is nearer than back", .kind = EVERY,
     .metric = "subset.coupled.*", .cell = LAST_CELL, .is = BELOW, .to = 1},
    {.id = "to-a-subset-is-easier-fine-tuning", .place = "ICML 2021, figure 2",
     .words = "fine-tuning: to a subset is shorter than back", .kind = EVERY,
     .metric = "subset.fine-tuning.*", .cell = LAST_CELL, .is = BELOW, .to = 1},
    {.id = "cifar100-far", .place = "section 4.2",
     .words = "from each other task CIFAR-100 is the farthest", .kind = EVERY,
     .metric = "far.*", .cell = LAST_CELL, .is = ABOVE, .to = 1},
    {.id = "cifar100-nearest-to-cifar10", .place = "section 4.2",
     .words = "to CIFAR-100 it is nearest from CIFAR-10", .kind = ORDER, .metric = "nearest.C10",
     .cell = LAST_CELL, .is = BELOW, .to = 1},
    {.id = "asymmetric", .place = "section 3.2",
     .words = "coupled distances are not symmetric: 15 % in some pair", .kind = ORDER,
     .metric = "asymmetry.coupled", .cell = LAST_CELL, .is = ABOVE, .to = 1.15,
     .reason = "two runs on the same images differ by 3 %, which makes the largest ratio 1.08"},
    {.id = "task2vec-symmetric", .place = "section 4.2", .words = "Task2Vec is symmetric",
     .kind = BOUND, .metric = "asymmetry.task2vec", .cell = LAST_CELL, .is = BELOW, .to = 1e-12,
     .reason = "rounding"},
    {.id = "animals-vehicles-farthest-task2vec", .place = "section 4.2",
     .words = "by Task2Vec animals and vehicles are farthest", .kind = ORDER,
     .metric = "excess.An-Ve.task2vec", .cell = LAST_CELL, .is = ABOVE, .to = 0},
    {.id = "animals-vehicles-easy", .place = "section 4.2; printed: below the median",
     .words = "though fine-tuning from animals to vehicles is short", .kind = ORDER,
     .metric = "easy.An-Ve.fine-tuning", .cell = LAST_CELL, .is = BELOW, .to = 1},
    {.id = "coupled-like-fine-tuning", .place = "ICML 2021, figure 2: 0.910 of printed numbers",
     .words = "coupled distances rise with fine-tuning: rank correlation above 0", .kind = ORDER,
     .metric = "spearman.coupled", .cell = LAST_CELL, .is = ABOVE, .to = 0},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "matrix_cifar10_100",
        .title = "Distances between CIFAR-100, CIFAR-10, its animals and its vehicles",
        .paper = "Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks "
                 "(arXiv 2011.00613v1), section 4.2; ICML 2021, figure 2",
        .data = "CIFAR-10, CIFAR-100",
        .differs = "As matrix_cifar100 (16 x 16 pixels, 500 images a task, channels / 8, T = 1000, "
                   "M = 20, 3 iterations, 10 of 50 blocks evaluated). CIFAR-100 stands as its 20 "
                   "superclasses, from 40 training records of each of 100 classes, a quarter of "
                   "them kept for tests; the probe learns from CIFAR-100's test file, on which "
                   "nothing else is measured. Heads are disjoint also where one task is a part of "
                   "another.",
        .caption = "Distances from source (rows) to target (columns), means over seeds. Ours "
                   "above, the paper's printed numbers below (another statistic: orders alone "
                   "compare). The probe of Task2Vec and of the first couplings has learned from "
                   "the test file of CIFAR-100, which is used for nothing else.",
        .minutes = {0.05, 11, 200000}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &pairs, .load = load, .run_unit = run_unit, .record = conv_record});
}
