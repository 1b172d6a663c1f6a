/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conditioning: digits learned with well- and with ill-conditioned logits, by six optimizers.
 *
 * Claim    Well-conditioned, all optimizers reach about the same test accuracy. With logits scaled
 *          by 10^-6 ... 10^1 Euclidean methods collapse and K-FAC drops, while the kernelized
 *          Wasserstein natural gradient (KWNG) keeps its accuracy, also for its cost.
 * Source   Arbel, Gretton, Li and Montufar, Kernelized Wasserstein natural gradient, ICLR 2020
 *          (arXiv 1910.09652), classification and its figures; the official code for what the text
 *          leaves open. Curves only: the text has no accuracies in numbers.
 * Measured test and training error after the last step, at the learning rate that is best on
 *          held-out training records (learning_rates); steps until the mean training loss of an
 *          epoch is below `level`, and that work in steps of SGD, by counted multiply-adds.
 * Differs  The paper trains a residual network on CIFAR-10 and CIFAR-100 for 350 epochs. Without
 *          convolutions here: a network 196-64-64-10 on MNIST's digits, 2 x 2 pixels averaged; desk
 *          trains on 1,400 of them. Adam, K-FAC and all others are clipped like KWNG and get a grid
 *          of rates of equal size. No weight decay, no eK-FAC. Time is counted, not measured.
 * Minutes  smoke 0.1, desk 2.5, paper 60 (estimated from the cost of a step), on one core.
 */
#include "harness/harness.h"
#include "kwng/classification.h"
#include "kwng/paper.h"

#define PARAMETERS(P)                                                                              \
    /* type   name         smoke desk  paper */                                                    \
    P(int,    seeds,       2,    16,   5,    "repetitions; ours (paper: 5)")                       \
    P(double, level,       1.5,  0.5,  0.5,  "training loss to be reached [nat]; ours")            \
    CLASS_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

static const char *const few[] = {"ill-sgd", "ill-kfac", "ill-kwng"}; /* at smoke */
static const char *const all[] = {CLASS_OPTIMIZERS(CLASS_NAME)};
static const double numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
#define COUNT(names) (sizeof names / sizeof names[0])
static const struct axis variants = {
    .name = "variant", .meaning = "condition and optimizer",
    .at = {{COUNT(few), numbers, few}, {COUNT(all), numbers, all}, {COUNT(all), numbers, all}}};

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    return class_data_load(&CLASS_SETUP(p), loaded);
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    return class_measure(&CLASS_SETUP(p), p->level, u);
}

static const struct metric metrics[] = {CLASS_METRICS};

#define SAME 0.02
#define WHY_SAME "the deviation of the difference of two errors of 0.08 over 2000 records is 0.009"
#define COLLAPSE 0.2
#define WHY_COLLAPSE "over twice the error of any method where well-conditioned"

#define SIMILAR(name, cell_name, label)                                                            \
    {.id = name, .place = "paper: well-conditioned case",                                          \
     .words = "well-conditioned, " label " and KWNG have the same test error, to 0.02",            \
     .kind = EQUIVALENCE, .metric = "error.test", .cell = cell_name, .to_metric = "error.test",    \
     .to_cell = "well-kwng", .within = SAME, .reason = WHY_SAME}
#define COLLAPSES(name, cell_name, label)                                                          \
    {.id = name, .place = "paper: ill-conditioned case",                                           \
     .words = "ill-conditioned, " label " collapses: its test error is above 0.2", .kind = ORDER,  \
     .metric = "error.test", .cell = cell_name, .is = ABOVE, .to = COLLAPSE, .reason = WHY_COLLAPSE}
#define BEATEN(name, cell_name, label)                                                             \
    {.id = name, .place = "paper: ill-conditioned case",                                           \
     .words = "ill-conditioned, " label " has a higher test error than KWNG", .kind = ORDER,       \
     .metric = "error.test", .cell = cell_name, .is = ABOVE, .to_metric = "error.test",            \
     .to_cell = "ill-kwng"}

static const struct claim claims[] = {
    SIMILAR("well-sgd-similar", "well-sgd", "SGD"),
    SIMILAR("well-momentum-similar", "well-momentum", "momentum"),
    SIMILAR("well-adam-similar", "well-adam", "Adam"),
    SIMILAR("well-kfac-similar", "well-kfac", "K-FAC"),
    COLLAPSES("sgd-collapses", "ill-sgd", "SGD"),
    COLLAPSES("momentum-collapses", "ill-momentum", "momentum"),
    COLLAPSES("adam-collapses", "ill-adam", "Adam"),
    {.id = "kwng-keeps-its-accuracy", .place = "paper: ill-conditioned case, CIFAR-10",
     .words = "ill-conditioned, KWNG keeps the test error of the well-conditioned case, to 0.02",
     .kind = EQUIVALENCE,
     .metric = "error.test", .cell = "ill-kwng", .to_metric = "error.test",
     .to_cell = "well-kwng", .within = SAME, .reason = WHY_SAME},
    BEATEN("kwng-beats-sgd", "ill-sgd", "SGD"),
    BEATEN("kwng-beats-momentum", "ill-momentum", "momentum"),
    BEATEN("kwng-beats-adam", "ill-adam", "Adam"),
    BEATEN("kwng-beats-kfac", "ill-kfac", "K-FAC"),
    {.id = "kfac-drops", .place = "paper: K-FAC suffers from the conditioning too",
     .words = "ill-conditioned, K-FAC has a higher test error than well-conditioned",
     .kind = ORDER, .metric = "error.test", .cell = "ill-kfac", .is = ABOVE,
     .to_metric = "error.test", .to_cell = "well-kfac"},
    {.id = "isotropic-damping", .place = "paper: isotropic damping is suspected",
     .words = "ill-conditioned, K-FAC with a damping of 1e-8 has a lower test error than with 1e-3",
     .kind = ORDER, .metric = "error.test", .cell = "ill-kfac-small", .is = BELOW,
     .to_metric = "error.test", .to_cell = "ill-kfac"},
    BEATEN("diagonal-is-not-enough", "ill-diagonal", "the diagonal of KWNG's metric alone"),
    {.id = "sooner-than-sgd", .place = "paper: faster than Euclidean methods",
     .words = "ill-conditioned, KWNG reaches the level before SGD has made all its steps",
     .kind = ORDER, .metric = "steps.level", .cell = "ill-kwng", .is = BELOW,
     .to_metric = "steps.level", .to_cell = "ill-sgd"},
    {.id = "sooner-than-adam", .place = "paper: faster than Euclidean methods",
     .words = "ill-conditioned, KWNG reaches the level in fewer steps than Adam", .kind = ORDER,
     .metric = "steps.level", .cell = "ill-kwng", .is = BELOW, .to_metric = "steps.level",
     .to_cell = "ill-adam"},
    {.id = "cheaper-than-adam", .place = "paper: favourable in wall-clock time",
     .words = "ill-conditioned, KWNG reaches the level with less work than Adam", .kind = ORDER,
     .metric = "work.level", .cell = "ill-kwng", .is = BELOW, .to_metric = "work.level",
     .to_cell = "ill-adam"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "conditioning", .title = "Digits with well- and ill-conditioned logits",
        .paper = KWNG_PAPER,
        .data = "MNIST",
        .differs = "The paper trains a residual network on CIFAR-10 and CIFAR-100 for 350 epochs. "
                   "Here a network 196-64-64-10 learns MNIST's digits, 2 x 2 pixels averaged: "
                   "1,400 of them for 40 (ill-conditioned: 200) epochs at desk, 50,000 for 350 at "
                   "paper, with the rates found at desk. All methods are clipped to a step of the "
                   "learning rate, and nothing but the learning rate is tuned, by one rule for "
                   "all: four rates 10^(k/2) on held-out training records, a fifth where the best "
                   "was at an edge. The k that were tried" CLASS_OPTIMIZERS(CLASS_GRID)
                   ". KWNG adapts its damping by the official code's rule, mended where that is "
                   "ill-defined; K-FAC has a damping of 1e-3 and factors with labels drawn from "
                   "the model. A method that does not reach the level counts with all its steps. "
                   "Wall-clock time is replaced by counted multiply-adds. Ill-conditioned "
                   "trainings are chaotic: a last digit of the initial parameters, or other "
                   "kernels of the BLAS, move a run as far as another seed does, and one run of "
                   "KWNG in fifty ended at the error of SGD.",
        .caption = "Left: training loss with well-conditioned logits. Middle: test error on the "
                   "way with ill-conditioned ones. Right: test error after the last step. Means "
                   "over seeds with 95 % intervals.",
        .minutes = {0.1, 2.5, 60}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &variants, .load = load, .run_unit = run_unit});
}
