/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matrix_report_claims: claims that the programs of a matrix of tasks share. */
#ifndef TASK_DISTANCE_MATRIX_REPORT_CLAIMS_H
#define TASK_DISTANCE_MATRIX_REPORT_CLAIMS_H

#include "harness/claim.h"

#define IN_MATRIX .cell = LAST_CELL

/* A claim said again of the other length, of fewer checkpoints, of all of fine-tuning. */
#define MATRIX_BY_A .place = "read as (8), the root of a mean; B is (17b), a mean of roots"
#define MATRIX_COARSE                                                                              \
    .place = "read at every fourth checkpoint; ours: less of the roughness of single ones"
#define MATRIX_WHOLE                                                                               \
    .place = "as above; the whole length is ours: where the cut lies changes from run to run"

/* Printed directions were there before ours. Two runs from one source model, which the metric
 * asymmetry.noise has, are no control: the two directions of a pair have two source models. */
#define MATRIX_CLAIMS_OF_DIRECTIONS                                                                \
    {.id = "asymmetric-as-printed", .place = "section 3.2; ICML 2021, directions of its figure",   \
     .words = "coupled distances are asymmetric the way the printed ones are", .kind = ORDER,      \
     .metric = "along.coupled", IN_MATRIX, .is = ABOVE, .to = 0,                                   \
     .reason = "0 if symmetric; below it they are asymmetric too, the other way round"},           \
    {.id = "asymmetric-as-printed-a", MATRIX_BY_A, .words = "the same by A", .kind = ORDER,        \
     .metric = "along.riemannian", IN_MATRIX, .is = ABOVE, .to = 0, .reason = "as for B"},         \
    {.id = "asymmetric-as-printed-coarse", MATRIX_COARSE, .words = "the same by coarse lengths",   \
     .kind = ORDER, .metric = "along.coarse", IN_MATRIX, .is = ABOVE, .to = 0,                     \
     .reason = "as for B"},                                                                        \
    {.id = "fine-tuning-asymmetric-as-printed", .place = "ICML 2021, fine-tuning's matrix",        \
     .words = "fine-tuning up to its cut is asymmetric the way the printed lengths are",           \
     .kind = ORDER, .metric = "along.fine-tuning", IN_MATRIX, .is = ABOVE, .to = 0,                \
     .reason = "as for B"},                                                                        \
    {.id = "fine-tuning-asymmetric-as-printed-whole", MATRIX_WHOLE,                                \
     .words = "the same of all of fine-tuning", .kind = ORDER,                                     \
     .metric = "along.fine-tuning.whole", IN_MATRIX, .is = ABOVE, .to = 0, .reason = "as for B"}

/* With the share of the printed matrix in words, and that of noise alone. */
#define MATRIX_CLAIMS_OF_LEVELS(printed, of_noise)                                                 \
    {.id = "levels-say-most", .place = "ours, after a first run; of printed distances: " printed,  \
     .words = "one number a source and one a target give more of the spread of coupled distances " \
              "than they would of noise", .kind = ORDER, .metric = "share.levels.coupled",         \
     IN_MATRIX, .is = ABOVE, .to = of_noise,                                                       \
     .reason = "2 (n - 1) / (n (n - 1) - 1) of n tasks, the mean share of noise alone"},           \
    {.id = "levels-say-most-coarse", MATRIX_COARSE, .words = "the same by coarse lengths",         \
     .kind = ORDER, .metric = "share.levels.coarse", IN_MATRIX, .is = ABOVE, .to = of_noise,       \
     .reason = "as for B"},                                                                        \
    {.id = "pairs-as-printed-beyond-levels", .place = "ours, after a first run",                   \
     .words = "what these numbers leave to pairs goes with what they leave of printed distances",  \
     .kind = ORDER, .metric = "left.printed.coupled", IN_MATRIX, .is = ABOVE, .to = 0},            \
    {.id = "pairs-as-printed-beyond-levels-coarse", MATRIX_COARSE,                                 \
     .words = "the same by coarse lengths", .kind = ORDER, .metric = "left.printed.coarse",        \
     IN_MATRIX, .is = ABOVE, .to = 0}

/* With the printed correlation in the place. */
#define MATRIX_CLAIM_LIKE_FINE_TUNING(printed)                                                     \
    {.id = "coupled-like-fine-tuning", .place = printed,                                           \
     .words = "coupled distances rise with the length of fine-tuning up to its cut: rank "         \
              "correlation above 0", .kind = ORDER,                                                \
     .metric = "spearman.coupled", .cell = LAST_CELL, .is = ABOVE, .to = 0},                       \
    {.id = "coupled-like-fine-tuning-whole", MATRIX_WHOLE,                                         \
     .words = "they rise with the whole length of fine-tuning", .kind = ORDER,                     \
     .metric = "spearman.coupled.whole", .cell = LAST_CELL, .is = ABOVE, .to = 0},                 \
    {.id = "coarse-like-fine-tuning-whole", MATRIX_COARSE,                                         \
     .words = "coarse lengths rise with the whole length of fine-tuning", .kind = ORDER,           \
     .metric = "spearman.coarse.whole", .cell = LAST_CELL, .is = ABOVE, .to = 0}

/* What a length says beside the tasks: how much the model knew, and how much it learned. */
#define MATRIX_CLAIMS_OF_LEARNING                                                                  \
    {.id = "fitted-alike", .place = "control of ours: a path to what is not learned is short",     \
     .words = "all targets are learned alike: the shares of their training images right at the "   \
              "end of coupled transfer differ by less than .1", .kind = ORDER,                     \
     .metric = "apart.coupled", .cell = LAST_CELL, .is = BELOW, .to = 0.1,                         \
     .reason = "ours: with more, which task is far is also a matter of which is learned"},         \
    {.id = "weak-sources-are-far", .place = "ours, after a first run: what else a length measures",\
     .words = "the worse a source model knows its own task, the farther all targets",              \
     .kind = ORDER, .metric = "spearman.source", .cell = LAST_CELL, .is = BELOW, .to = 0},         \
    {.id = "short-paths-reach-less",                                                               \
     .place = "ours, after a first run: what else a length measures",                              \
     .words = "the shorter the path, the lower the accuracy on the target at its end",             \
     .kind = ORDER, .metric = "spearman.reached", .cell = LAST_CELL, .is = ABOVE, .to = 0},        \
    {.id = "short-paths-fit-less", .place = "ours: what else a length measures",                   \
     .words = "the shorter the path, the smaller the share of training images right at its end",   \
     .kind = ORDER, .metric = "spearman.fitted", .cell = LAST_CELL, .is = ABOVE, .to = 0}

/* Uncoupled transfer read as `as`: for every pair and in the mean, by both lengths and readings.
 * PAIRS_BY_NAME is the program's, here and below. */
#define MATRIX_CLAIMS_OF_UNCOUPLED(suffix, as, method, printed)                                    \
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

#define MATRIX_CLAIMS_OF_COUPLINGS                                                                 \
    {.id = "couplings-shorten-on-average",                                                         \
     .place = "section 4.3, figure 4b; the mean is ours, after a first run",                       \
     .words = "optimized couplings are shorter in the geometric mean over pairs", .kind = ORDER,   \
     .metric = "mean.start", IN_MATRIX, .is = ABOVE, .to = 1},                                     \
    {.id = "couplings-shorten-on-average-coarse", MATRIX_COARSE,                                   \
     .words = "they are shorter in that mean by coarse lengths", .kind = ORDER,                    \
     .metric = "mean.start.coarse", IN_MATRIX, .is = ABOVE, .to = 1},                              \
    {.id = "couplings-shorten", .place = "section 4.3, figure 4b",                                 \
     .words = "optimized couplings are shorter than those of features", .kind = EVERY,             \
     .metric = "ratio.start.*", IN_MATRIX, .is = ABOVE, .to = 1, PAIRS_BY_NAME},                   \
    {.id = "couplings-shorten-coarse", MATRIX_COARSE,                                              \
     .words = "they are shorter by coarse lengths", .kind = EVERY, .metric = "coarse.start.*",     \
     IN_MATRIX, .is = ABOVE, .to_metric = "coarse.*", PAIRS_BY_NAME},                              \
    {.id = "couplings-shorten-along-one-path",                                                     \
     .place = "control of ours: no noise of two paths, but a path favours the plan that drew it",  \
     .words = "optimized couplings are shorter than those of features along the very same path",   \
     .kind = EVERY, .metric = "ratio.kept.*", IN_MATRIX, .is = ABOVE, .to = 1, PAIRS_BY_NAME},     \
    {.id = "couplings-shorten-along-one-path-coarse", MATRIX_COARSE,                               \
     .words = "they are shorter along the very same path by coarse lengths", .kind = EVERY,        \
     .metric = "coarse.kept.*", IN_MATRIX, .is = ABOVE, .to_metric = "coarse.*", PAIRS_BY_NAME},   \
    {.id = "couplings-shorten-more-than-kept", .place = "control of ours",                         \
     .words = "the mean falls by more than a new path makes of it with the plan of features kept", \
     .kind = ORDER, .metric = "mean.start", IN_MATRIX, .is = ABOVE, .to_metric = "mean.redrawn"},  \
    {.id = "couplings-shorten-more-than-kept-coarse", MATRIX_COARSE,                               \
     .words = "the same by coarse lengths", .kind = ORDER, .metric = "mean.start.coarse",          \
     IN_MATRIX, .is = ABOVE, .to_metric = "mean.redrawn.coarse"},                                  \
    {.id = "features-shorten-on-average", .place = "section 4.3, read as U2; the mean is ours",    \
     .words = "the independent plan is longer than the plan of features in the geometric mean",    \
     .kind = ORDER, .metric = "mean.featureless", IN_MATRIX, .is = ABOVE, .to = 1},                \
    {.id = "features-shorten-on-average-coarse", MATRIX_COARSE,                                    \
     .words = "it is longer in that mean by coarse lengths", .kind = ORDER,                        \
     .metric = "mean.featureless.coarse", IN_MATRIX, .is = ABOVE, .to = 1}

#endif
