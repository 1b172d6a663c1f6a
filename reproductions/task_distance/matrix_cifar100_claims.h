/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matrix_cifar100_claims: metrics and claims of matrix_cifar100, and what it says of itself. */
#ifndef TASK_DISTANCE_MATRIX_CIFAR100_CLAIMS_H
#define TASK_DISTANCE_MATRIX_CIFAR100_CLAIMS_H

#include "harness/claim.h"
#include "task_distance/matrix_report.h"

#define MATRIX_DIFFERS                                                                             \
    "desk: 16 x 16 pixels, 500 of 2,500 training images a task, channels / 8, T = 1000 steps at "  \
    "a rate of 2e-3, M = 20, 3 iterations, no augmentation. Blocks of 10, of which 10 of 50 "      \
    "have their cost evaluated and their plans updated: four fifths of the images trained on "     \
    "stay paired by features. With all 50 a pair takes twice as long, and along one path the "     \
    "couplings of herbivores to carnivores and of vehicles-1 to flowers (seed 1) shorten by 5.1 "  \
    "and 7.9 % instead of 5.6 and 7.1 %. A length over 20 checkpoints of so few steps is mostly "  \
    "the roughness of single ones, so every path is read at every fourth checkpoint too (coarse "  \
    "lengths; the paper has none). Features and the probe of Task2Vec are those of the same net "  \
    "with channels / 4 trained on the other 75 classes instead of networks of ImageNet, and "      \
    "what is said of Task2Vec is said of this probe. The paper's and the code's settings differ "  \
    "among themselves; what is open is ours. Lengths are proper ones; the code's statistic is B "  \
    "/ (sqrt 2 M), which has the same orders and ratios, so that no claim here hinges on it. T, "  \
    "M and the rate change lengths, so orders and ratios alone can be held against printed "       \
    "numbers, which are those of the later version of the paper, transcribed by others and not "   \
    "held against it. Uncoupled transfer is read in two ways: mixed images of the independent "    \
    "plan (U2), and real images of both tasks (U1, of which a step takes 10 + 10 here and 25 + "   \
    "25 in the code). Fine-tuning is cut as in the paper, by validation images here; where the "   \
    "cut lies makes most of the spread of its length, so the whole length stands beside it. "      \
    "Task2Vec's distance is symmetric by its formula, which is no claim. Plans and tau are the "   \
    "published code's of 2021: a quadratic proximal term without entropy instead of (17a), a "     \
    "fixed schedule instead of draws."
#define MATRIX_CAPTION                                                                             \
    "Distances from source (rows) to target (columns), means over seeds; H herbivores, C "         \
    "carnivores, V1, V2 vehicles, F flowers. Above: B of coupled transfer, of uncoupled "          \
    "transfer (U2 independent plan, U1 real images), length of fine-tuning, Task2Vec, and the "    \
    "paper's printed coupled distances (another statistic: orders alone compare). Below: "         \
    "coupled against fine-tuning, back against forth, uncoupled against coupled over all "         \
    "checkpoints and over every fourth (coarse), and coupled against printed ones, with 95 % "     \
    "intervals as far as they fit."

#define MEANS(method, words)                                                                       \
    {"mean." method, "1", NO_DIRECTION, CLASS_LONG32, 0, "geometric mean over pairs of " words},   \
    {"mean." method ".riemannian", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by A"},           \
    {"mean." method ".coarse", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same, coarse, by B"},      \
    {"mean." method ".coarse.riemannian", "1", NO_DIRECTION, CLASS_LONG32, 0,                      \
     "the same, coarse, by A"}

static const struct metric metrics[] = {
    MATRIX_METRICS("20", "120"),
    {"ratio.independent.*", "1", NO_DIRECTION, CLASS_LONG32, 0, "U2 over coupled"},
    {"ratio.mixture.*", "1", NO_DIRECTION, CLASS_LONG32, 0, "U1 over coupled"},
    {"ratio.start.*", "1", NO_DIRECTION, CLASS_LONG32, 0, "plan of features over the last plan"},
    {"ratio.kept.*", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "plan of features over the last plan, both along the path of the last iteration"},
    {"spread.coupled", "1", NO_DIRECTION, CLASS_LONG32, 0, "largest over smallest distance"},
    {"spread.riemannian", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by A"},
    {"spread.coarse", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by coarse lengths"},
    {"beyond.H-C", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "coupled: pair mean less that of all other pairs, over the mean of all"},
    {"beyond.H-C.riemannian", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by A"},
    {"beyond.H-C.coarse", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by coarse lengths"},
    {"beyond.V1-V2", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same of the two tasks of vehicles"},
    {"beyond.V1-V2.riemannian", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by A"},
    {"beyond.V1-V2.coarse", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by coarse lengths"},
    {"beyond.V1-V2.fine-tuning", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "the same of fine-tuning up to its cut"},
    {"beyond.V1-V2.fine-tuning.whole", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "the same of all of fine-tuning"},
    {"excess.V1-V2.task2vec", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "Task2Vec: pair mean less the largest other one, over the mean of all"},
    {"extreme.fine-tuning", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "the smaller of C-F and V1-H over the largest other length, up to the cut"},
    {"extreme.fine-tuning.whole", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same, of all steps"},
    MEANS("independent", "U2 / coupled"),
    MEANS("mixture", "U1 / coupled"),
    {"mean.start", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "geometric mean over pairs of the plan of features / the last plan"},
    {"mean.start.coarse", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by coarse lengths"},
    {"mean.redrawn", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "the same of the plan of features along the path of the first / last iteration"},
    {"mean.redrawn.coarse", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by coarse lengths"},
    {"mean.fitted.coupled", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0,
     "mean over pairs of fitted.coupled"},
    {"mean.fitted.independent", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0, "the same, U2"},
    {"mean.fitted.mixture", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0, "the same, U1"},
    MATRIX_CORRELATION("coupled.riemannian", "coupled with A of fine-tuning up to its cut"),
    MATRIX_CORRELATION("coupled.whole.riemannian", "coupled with A of all of fine-tuning"),
    MATRIX_CORRELATION("independent", "U2 with the length of fine-tuning up to its cut"),
    MATRIX_CORRELATION("independent.whole", "U2 with the whole length"),
    MATRIX_CORRELATION("mixture", "U1 with the length of fine-tuning up to its cut"),
    MATRIX_CORRELATION("mixture.whole", "U1 with the whole length"),
    MATRIX_CORRELATION("accuracy", "coupled with the target accuracy after fine-tuning"),
    MATRIX_CORRELATION("steps", "coupled with the steps of fine-tuning up to its cut"),
};

#define IN_MATRIX .cell = LAST_CELL
#define PAIRS_BY_NAME                                                                              \
    .members = "12 herbivores -> carnivores, 13 herbivores -> vehicles-1, "                        \
               "14 herbivores -> vehicles-2, 15 herbivores -> flowers, "                           \
               "21 carnivores -> herbivores, 23 carnivores -> vehicles-1, "                        \
               "24 carnivores -> vehicles-2, 25 carnivores -> flowers, "                           \
               "31 vehicles-1 -> herbivores, 32 vehicles-1 -> carnivores, "                        \
               "34 vehicles-1 -> vehicles-2, 35 vehicles-1 -> flowers, "                           \
               "41 vehicles-2 -> herbivores, 42 vehicles-2 -> carnivores, "                        \
               "43 vehicles-2 -> vehicles-1, 45 vehicles-2 -> flowers, "                           \
               "51 flowers -> herbivores, 52 flowers -> carnivores, "                              \
               "53 flowers -> vehicles-1, 54 flowers -> vehicles-2"

#define COARSE_OF(name, words_of, metric_of, relation)                                             \
    {.id = name, MATRIX_COARSE, .words = words_of, .kind = ORDER, .metric = metric_of, IN_MATRIX,  \
     .is = relation, .to = 0}

/* Uncoupled transfer read as `as`: for every pair and in the mean, by both lengths and readings. */
#define UNCOUPLED_LONGER(suffix, as, method, printed)                                              \
    {.id = "uncoupled-longer" suffix, .place = "section 4.3, read as " as,                         \
     .words = "uncoupled transfer is longer for every pair", .kind = EVERY,                        \
     .metric = "ratio." method ".*", IN_MATRIX, .is = ABOVE, .to = 1, PAIRS_BY_NAME},              \
    {.id = "uncoupled-longer" suffix "-coarse", MATRIX_COARSE,                                     \
     .words = "it is longer for every pair by coarse lengths", .kind = EVERY,                      \
     .metric = "coarse." method ".*", IN_MATRIX, .is = ABOVE, .to_metric = "coarse.*",             \
     PAIRS_BY_NAME},                                                                               \
    {.id = "uncoupled-longer-on-average" suffix,                                                   \
     .place = "section 4.3 for every pair, read as " as "; the mean is ours" printed,              \
     .words = "uncoupled transfer is longer in the geometric mean over pairs", .kind = ORDER,      \
     .metric = "mean." method, IN_MATRIX, .is = ABOVE, .to = 1},                                   \
    {.id = "uncoupled-longer-on-average" suffix "-a", MATRIX_BY_A, .words = "the same by A",       \
     .kind = ORDER, .metric = "mean." method ".riemannian", IN_MATRIX, .is = ABOVE, .to = 1},      \
    {.id = "uncoupled-longer-on-average" suffix "-coarse", MATRIX_COARSE,                          \
     .words = "it is longer in that mean by coarse lengths", .kind = ORDER,                        \
     .metric = "mean." method ".coarse", IN_MATRIX, .is = ABOVE, .to = 1},                         \
    {.id = "uncoupled-longer-on-average" suffix "-coarse-a", MATRIX_COARSE,                        \
     .words = "the same by A of coarse steps", .kind = ORDER,                                      \
     .metric = "mean." method ".coarse.riemannian", IN_MATRIX, .is = ABOVE, .to = 1},              \
    {.id = "uncoupled-learns-alike" suffix, .place = "control of ours: a longer path may lead on", \
     .words = "at the end of it the target's training images are right as often as at that of "    \
              "coupled transfer, to within .1", .kind = EQUIVALENCE,                               \
     .metric = "mean.fitted." method, IN_MATRIX, .to_metric = "mean.fitted.coupled",               \
     .within = 0.1, .reason = "as for `fitted-alike`"}

#define LESS_LIKE_FINE_TUNING(name, where, words_of, method)                                       \
    {.id = name, .place = where,                                                                   \
     .words = words_of " the length of fine-tuning up to its cut less", .kind = ORDER,             \
     .metric = "spearman." method, IN_MATRIX, .is = BELOW, .to_metric = "spearman.coupled"},       \
    {.id = name "-whole", MATRIX_WHOLE,                                                            \
     .words = words_of " the whole length of fine-tuning less", .kind = ORDER,                     \
     .metric = "spearman." method ".whole", IN_MATRIX, .is = BELOW,                                \
     .to_metric = "spearman.coupled.whole"}

static const struct claim claims[] = {
    MATRIX_CLAIM_ASYMMETRIC,
    {.id = "equidistant", .place = "section 4.3",
     .words = "the five tasks are equally far, to a factor of 1.5", .kind = ORDER,
     .metric = "spread.coupled", IN_MATRIX, .is = BELOW, .to = 1.5,
     .reason = "the printed distances differ by a factor of 1.44 at most"},
    {.id = "equidistant-a", MATRIX_BY_A, .words = "the same by A", .kind = ORDER,
     .metric = "spread.riemannian", IN_MATRIX, .is = BELOW, .to = 1.5, .reason = "as for B"},
    {.id = "equidistant-coarse", MATRIX_COARSE, .words = "the same by coarse lengths",
     .kind = ORDER, .metric = "spread.coarse", IN_MATRIX, .is = BELOW, .to = 1.5,
     .reason = "as for B"},
    {.id = "herbivores-carnivores-farthest", .place = "section 4.3: they are the farthest pair",
     .words = "herbivores and carnivores are farther than the mean of the other pairs",
     .kind = ORDER, .metric = "beyond.H-C", IN_MATRIX, .is = ABOVE, .to = 0},
    {.id = "herbivores-carnivores-farthest-a", MATRIX_BY_A, .words = "the same by A",
     .kind = ORDER, .metric = "beyond.H-C.riemannian", IN_MATRIX, .is = ABOVE, .to = 0},
    COARSE_OF("herbivores-carnivores-farthest-coarse", "the same by coarse lengths",
              "beyond.H-C.coarse", ABOVE),
    {.id = "vehicles-closest", .place = "section 4.3; not so in the printed numbers of ICML 2021",
     .words = "the two tasks of vehicles are closer than the mean of the other pairs",
     .kind = ORDER, .metric = "beyond.V1-V2", IN_MATRIX, .is = BELOW, .to = 0},
    {.id = "vehicles-closest-a", MATRIX_BY_A, .words = "the same by A", .kind = ORDER,
     .metric = "beyond.V1-V2.riemannian", IN_MATRIX, .is = BELOW, .to = 0},
    COARSE_OF("vehicles-closest-coarse", "the same by coarse lengths", "beyond.V1-V2.coarse",
              BELOW),
    {.id = "vehicles-closest-fine-tuning", .place = "ICML 2021, figure 3",
     .words = "they are closer than that mean by fine-tuning up to its cut", .kind = ORDER,
     .metric = "beyond.V1-V2.fine-tuning", IN_MATRIX, .is = BELOW, .to = 0},
    {.id = "vehicles-closest-fine-tuning-whole", MATRIX_WHOLE,
     .words = "the same by all of fine-tuning", .kind = ORDER,
     .metric = "beyond.V1-V2.fine-tuning.whole", IN_MATRIX, .is = BELOW, .to = 0},
    {.id = "fine-tuning-extreme", .place = "section 4.3; ICML 2021, figure 3",
     .words = "fine-tuning up to its cut is longest from carnivores to flowers and from "
              "vehicles-1 to herbivores",
     .kind = ORDER, .metric = "extreme.fine-tuning", IN_MATRIX, .is = ABOVE, .to = 1},
    {.id = "fine-tuning-extreme-whole", MATRIX_WHOLE, .words = "the same of all of fine-tuning",
     .kind = ORDER, .metric = "extreme.fine-tuning.whole", IN_MATRIX, .is = ABOVE, .to = 1},
    {.id = "vehicles-farthest-task2vec",
     .place = "section 4.3; not so in the printed numbers of ICML 2021",
     .words = "by Task2Vec of this probe the two tasks of vehicles are farthest", .kind = ORDER,
     .metric = "excess.V1-V2.task2vec", IN_MATRIX, .is = ABOVE, .to = 0},
    UNCOUPLED_LONGER("", "U2: mixed images, independent plan", "independent", "; printed: 1.30"),
    UNCOUPLED_LONGER("-real", "U1: mixture of real images", "mixture", ""),
    MATRIX_CLAIM_LIKE_FINE_TUNING("ICML 2021, figure 3: 0.735 of printed numbers"),
    {.id = "coupled-like-fine-tuning-a",
     .place = "section 4.1, the length of fine-tuning read as a Riemannian one",
     .words = "the same with the Riemannian length of fine-tuning up to its cut", .kind = ORDER,
     .metric = "spearman.coupled.riemannian", IN_MATRIX, .is = ABOVE, .to = 0},
    {.id = "coupled-like-fine-tuning-whole-a", MATRIX_WHOLE,
     .words = "the same with its whole Riemannian length", .kind = ORDER,
     .metric = "spearman.coupled.whole.riemannian", IN_MATRIX, .is = ABOVE, .to = 0},
    LESS_LIKE_FINE_TUNING("uncoupled-less-like-fine-tuning", "section 4.3, read as U2",
                          "uncoupled distances (U2) resemble", "independent"),
    LESS_LIKE_FINE_TUNING("uncoupled-less-like-fine-tuning-real", "section 4.3, read as U1",
                          "uncoupled distances (U1) resemble", "mixture"),
    LESS_LIKE_FINE_TUNING("task2vec-less-like-fine-tuning",
                          "section 4.3; -0.573 of printed numbers",
                          "Task2Vec of this probe resembles", "task2vec"),
    {.id = "far-tasks-are-learned-worse", .place = "ours",
     .words = "the farther the target, the lower its accuracy after fine-tuning", .kind = ORDER,
     .metric = "spearman.accuracy", IN_MATRIX, .is = BELOW, .to = 0},
    {.id = "far-tasks-are-learned-slowly", .place = "ours",
     .words = "the farther the target, the longer fine-tuning takes up to its cut", .kind = ORDER,
     .metric = "spearman.steps", IN_MATRIX, .is = ABOVE, .to = 0},
    MATRIX_CLAIMS_OF_LEARNING,
    {.id = "couplings-shorten-on-average",
     .place = "section 4.3, figure 4b; the mean is ours, after a first run",
     .words = "optimized couplings are shorter in the geometric mean over pairs", .kind = ORDER,
     .metric = "mean.start", IN_MATRIX, .is = ABOVE, .to = 1},
    {.id = "couplings-shorten-on-average-coarse", MATRIX_COARSE,
     .words = "they are shorter in that mean by coarse lengths", .kind = ORDER,
     .metric = "mean.start.coarse", IN_MATRIX, .is = ABOVE, .to = 1},
    {.id = "couplings-shorten", .place = "section 4.3, figure 4b",
     .words = "optimized couplings are shorter than those of features", .kind = EVERY,
     .metric = "ratio.start.*", IN_MATRIX, .is = ABOVE, .to = 1, PAIRS_BY_NAME},
    {.id = "couplings-shorten-coarse", MATRIX_COARSE,
     .words = "they are shorter by coarse lengths", .kind = EVERY, .metric = "coarse.start.*",
     IN_MATRIX, .is = ABOVE, .to_metric = "coarse.*", PAIRS_BY_NAME},
    {.id = "couplings-shorten-along-one-path",
     .place = "control of ours: no noise of two paths, but a path favours the plan that drew it",
     .words = "optimized couplings are shorter than those of features along the very same path",
     .kind = EVERY, .metric = "ratio.kept.*", IN_MATRIX, .is = ABOVE, .to = 1, PAIRS_BY_NAME},
    {.id = "couplings-shorten-along-one-path-coarse", MATRIX_COARSE,
     .words = "they are shorter along the very same path by coarse lengths", .kind = EVERY,
     .metric = "coarse.kept.*", IN_MATRIX, .is = ABOVE, .to_metric = "coarse.*", PAIRS_BY_NAME},
    {.id = "couplings-shorten-more-than-kept", .place = "control of ours",
     .words = "the mean falls by more than a new path makes of it with the plan of features kept",
     .kind = ORDER, .metric = "mean.start", IN_MATRIX, .is = ABOVE, .to_metric = "mean.redrawn"},
    {.id = "couplings-shorten-more-than-kept-coarse", MATRIX_COARSE,
     .words = "the same by coarse lengths", .kind = ORDER, .metric = "mean.start.coarse",
     IN_MATRIX, .is = ABOVE, .to_metric = "mean.redrawn.coarse"},
};

#endif
