/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matrix_cifar10_100_claims: metrics and claims of matrix_cifar10_100. */
#ifndef TASK_DISTANCE_MATRIX_CIFAR10_100_CLAIMS_H
#define TASK_DISTANCE_MATRIX_CIFAR10_100_CLAIMS_H

#include "harness/claim.h"
#include "task_distance/matrix_report.h"
#include "task_distance/matrix_report_claims.h"

static const struct metric metrics[] = {
    MATRIX_METRICS("12", "24"),
    {"subset.coupled.*", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "coupled: from CIFAR-10 to animals (2), vehicles (3), over back"},
    {"subset.riemannian.*", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by A"},
    {"subset.coarse.*", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by coarse lengths"},
    {"subset.fine-tuning.*", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "the same of fine-tuning up to its cut"},
    {"subset.fine-tuning.whole.*", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "the same of all of fine-tuning"},
    {"far.*", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "coupled, from task s: to CIFAR-100 over the farthest of the others"},
    {"far.riemannian.*", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by A"},
    {"far.coarse.*", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by coarse lengths"},
    {"nearest.C10", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "coupled, to CIFAR-100: from CIFAR-10 over the nearest other"},
    {"nearest.C10.riemannian", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by A"},
    {"nearest.C10.coarse", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by coarse lengths"},
    {"excess.An-Ve.task2vec", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "pair less the largest other one, over the mean of all"},
    {"easy.An-Ve.fine-tuning", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "length up to the cut from animals to vehicles over the median of all"},
    {"easy.An-Ve.fine-tuning.whole", "1", NO_DIRECTION, CLASS_LONG32, 0,
     "the same of the whole length"},
};

#define TO_SUBSETS .members = "2 CIFAR-10 -> animals, 3 CIFAR-10 -> vehicles"
#define FROM_TASKS .members = "1 from CIFAR-10, 2 from animals, 3 from vehicles"

#define PAIRS_BY_NAME                                                                              \
    .members = "12 CIFAR-100 -> CIFAR-10, 13 CIFAR-100 -> animals, 14 CIFAR-100 -> vehicles, "     \
               "21 CIFAR-10 -> CIFAR-100, 23 CIFAR-10 -> animals, 24 CIFAR-10 -> vehicles, "       \
               "31 animals -> CIFAR-100, 32 animals -> CIFAR-10, 34 animals -> vehicles, "         \
               "41 vehicles -> CIFAR-100, 42 vehicles -> CIFAR-10, 43 vehicles -> animals"

static const struct claim claims[] = {
    {.id = "to-a-subset-is-easier", .place = "section 4.2, caption of figure 2",
     .words = "coupled: to a subset is nearer than back", .kind = EVERY,
     .metric = "subset.coupled.*", .cell = LAST_CELL, .is = BELOW, .to = 1, TO_SUBSETS},
    {.id = "to-a-subset-is-easier-a", MATRIX_BY_A, .words = "the same by A", .kind = EVERY,
     .metric = "subset.riemannian.*", .cell = LAST_CELL, .is = BELOW, .to = 1, TO_SUBSETS},
    {.id = "to-a-subset-is-easier-coarse", MATRIX_COARSE, .words = "the same by coarse lengths",
     .kind = EVERY, .metric = "subset.coarse.*", .cell = LAST_CELL, .is = BELOW, .to = 1,
     TO_SUBSETS},
    {.id = "to-a-subset-is-easier-fine-tuning", .place = "ICML 2021, figure 2",
     .words = "fine-tuning up to its cut: to a subset is shorter than back", .kind = EVERY,
     .metric = "subset.fine-tuning.*", .cell = LAST_CELL, .is = BELOW, .to = 1, TO_SUBSETS},
    {.id = "to-a-subset-is-easier-fine-tuning-whole", MATRIX_WHOLE,
     .words = "all of fine-tuning: to a subset is shorter than back", .kind = EVERY,
     .metric = "subset.fine-tuning.whole.*", .cell = LAST_CELL, .is = BELOW, .to = 1, TO_SUBSETS},
    {.id = "cifar100-far", .place = "section 4.2; here CIFAR-100 by its 20 superclasses",
     .words = "from each other task CIFAR-100 is the farthest", .kind = EVERY,
     .metric = "far.*", .cell = LAST_CELL, .is = ABOVE, .to = 1, FROM_TASKS},
    {.id = "cifar100-far-a", MATRIX_BY_A, .words = "the same by A", .kind = EVERY,
     .metric = "far.riemannian.*", .cell = LAST_CELL, .is = ABOVE, .to = 1, FROM_TASKS},
    {.id = "cifar100-far-coarse", MATRIX_COARSE, .words = "the same by coarse lengths",
     .kind = EVERY, .metric = "far.coarse.*", .cell = LAST_CELL, .is = ABOVE, .to = 1, FROM_TASKS},
    {.id = "cifar100-nearest-to-cifar10",
     .place = "section 4.2; here CIFAR-100 by its 20 superclasses",
     .words = "to CIFAR-100 it is nearest from CIFAR-10", .kind = ORDER, .metric = "nearest.C10",
     .cell = LAST_CELL, .is = BELOW, .to = 1},
    {.id = "cifar100-nearest-to-cifar10-a", MATRIX_BY_A, .words = "the same by A",
     .kind = ORDER, .metric = "nearest.C10.riemannian", .cell = LAST_CELL, .is = BELOW, .to = 1},
    {.id = "cifar100-nearest-to-cifar10-coarse", MATRIX_COARSE,
     .words = "the same by coarse lengths", .kind = ORDER, .metric = "nearest.C10.coarse",
     .cell = LAST_CELL, .is = BELOW, .to = 1},
    MATRIX_CLAIMS_OF_DIRECTIONS,
    MATRIX_CLAIMS_OF_LEVELS("0.91", 6.0 / 11),
    {.id = "animals-vehicles-farthest-task2vec", .place = "section 4.2",
     .words = "by Task2Vec of this probe animals and vehicles are farthest", .kind = ORDER,
     .metric = "excess.An-Ve.task2vec", .cell = LAST_CELL, .is = ABOVE, .to = 0},
    {.id = "animals-vehicles-easy", .place = "section 4.2; printed: below the median",
     .words = "though fine-tuning from animals to vehicles is short up to its cut", .kind = ORDER,
     .metric = "easy.An-Ve.fine-tuning", .cell = LAST_CELL, .is = BELOW, .to = 1},
    {.id = "animals-vehicles-easy-whole", MATRIX_WHOLE,
     .words = "all of fine-tuning from animals to vehicles is short", .kind = ORDER,
     .metric = "easy.An-Ve.fine-tuning.whole", .cell = LAST_CELL, .is = BELOW, .to = 1},
    MATRIX_CLAIM_LIKE_FINE_TUNING("ICML 2021, figure 2: 0.910 of printed numbers"),
    MATRIX_CLAIMS_OF_LEARNING,
    MATRIX_CLAIMS_OF_UNCOUPLED("", "U2: mixed images, independent plan", "independent", ""),
    MATRIX_CLAIMS_OF_UNCOUPLED("-real", "U1: mixture of real images", "mixture", ""),
    MATRIX_CLAIMS_OF_COUPLINGS,
};

#endif
