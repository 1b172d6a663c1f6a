/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matrix_report: cells, metrics, claims and curves that the programs of a matrix of tasks share. */
#ifndef TASK_DISTANCE_MATRIX_REPORT_H
#define TASK_DISTANCE_MATRIX_REPORT_H

#include "base/status.h"
#include "harness/claim.h"
#include "harness/unit.h"
#include "linalg/mat.h"
#include "task_distance/published_matrices.h"
#include "task_distance/task_matrix.h"

/* A cell is an ordered pair; the last one is the matrix of all. names: pairs + 1 of them. */
#define MATRIX_AXIS(names, pairs)                                                                  \
    {.name = "pair", .meaning = "source and target; matrix: all of them",                         \
     .at = {{1, matrix_report_numbers + (pairs), names + (pairs)},                                 \
            {pairs + 1, matrix_report_numbers, names}, {pairs + 1, matrix_report_numbers, names}}}
enum { MATRIX_REPORT_CELLS = 31 };
extern const double matrix_report_numbers[MATRIX_REPORT_CELLS]; /* 0, 1, 2, .. */

/* Of every pair, and of the matrix; n pairs, all tasks' relabellings in words. */
#define MATRIX_METRICS(n, relabellings)                                                            \
    TASK_MATRIX_METRICS,                                                                           \
    {"asymmetry.coupled", "1", NO_DIRECTION, CLASS_LONG32, 0, "largest d_ij / d_ji"},              \
    {"asymmetry.coarse", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by coarse lengths"},        \
    {"asymmetry.fine-tuning", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same, length of weights"},  \
    {"asymmetry.noise", "1", NO_DIRECTION, CLASS_LONG32, 0,                                        \
     "largest ratio of the last two iterations' distances of one pair, over half of the pairs"},   \
    {"asymmetry.noise.coarse", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by coarse lengths"},  \
    {"noise.coupled", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,                                       \
     "of a distance, relative: root mean square log of the last two iterations' ratio / sqrt 2"},  \
    {"noise.coarse", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "the same by coarse lengths"},         \
    {"apart.coupled", "1", NO_DIRECTION, CLASS_LONG32, 0,                                          \
     "targets by the mean over sources of fitted.coupled: the largest less the smallest"},         \
    {"apart.independent", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same, U2"},                     \
    {"apart.mixture", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same, U1"},                         \
    {"spearman.coupled", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0,                                   \
     "rank correlation with the length of fine-tuning up to its cut over " n " pairs"},            \
    {"p.coupled", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,                                           \
     "share of the " relabellings " relabellings with at least this correlation (Mantel's test, "  \
     "exact): a significance of one seed's matrices, and their mean is none"},                     \
    MATRIX_CORRELATION("coupled.whole", "coupled with the whole length of fine-tuning"),           \
    MATRIX_CORRELATION("coarse.whole", "the same by coarse lengths"),                              \
    MATRIX_CORRELATION("task2vec", "Task2Vec with the length up to the cut"),                      \
    MATRIX_CORRELATION("task2vec.whole", "Task2Vec with the whole length"),                        \
    MATRIX_CORRELATION("source", "coupled with the source model's test accuracy on its task"),     \
    MATRIX_CORRELATION("reached", "coupled with the test accuracy on the target at its end"),      \
    MATRIX_CORRELATION("fitted", "coupled with the share of training images right at its end")

/* Of one seed, with Mantel's share beside it. */
#define MATRIX_CORRELATION(name, words)                                                            \
    {"spearman." name, "1", NO_DIRECTION, CLASS_LONG32, 0, "rank correlation: " words},            \
    {"p." name, "1", NO_DIRECTION, CLASS_LONG32, 0, "as p.coupled"}

/* A claim said again of the other length, of fewer checkpoints, of all of fine-tuning. */
#define MATRIX_BY_A .place = "read as (8), the root of a mean; B is (17b), a mean of roots"
#define MATRIX_COARSE                                                                              \
    .place = "read at every fourth checkpoint; ours: less of the roughness of single ones"
#define MATRIX_WHOLE                                                                               \
    .place = "as above; the whole length is ours: where the cut lies changes from run to run"

#define MATRIX_CLAIM_ASYMMETRIC                                                                    \
    {.id = "asymmetric", .place = "section 3.2, which gives no size; the control is ours",         \
     .words = "coupled distances are not symmetric: the two directions of some pair differ by "    \
              "more than two runs of one direction do, for these images", .kind = ORDER,           \
     .metric = "asymmetry.coupled", .cell = LAST_CELL, .is = ABOVE, .to_metric = "asymmetry.noise",\
     .reason = "the largest of as many ratios: of both directions, and of the last two iterations "\
               "of one direction; printed distances have at most 1.24 (five tasks), 2.07 (four)"}, \
    {.id = "asymmetric-coarse", MATRIX_COARSE, .words = "the same by coarse lengths",              \
     .kind = ORDER, .metric = "asymmetry.coarse", .cell = LAST_CELL, .is = ABOVE,                  \
     .to_metric = "asymmetry.noise.coarse", .reason = "as for B"}

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

/* The metrics of MATRIX_METRICS that are of the matrix. */
enum status matrix_report_emit(struct unit *u, const struct mat *kinds) MUST_USE;

/* The curve "matrix": a row a pair, 10 i + j from task i to j, with the paper's printed distances
 * in three columns, "published <name> [1]"; and the curve "coarse". */
struct matrix_report_printed {
    const char *name;
    const struct published_matrix *matrix;
};
void matrix_report_curve(struct unit *u, const struct mat *kinds,
                         const struct matrix_report_printed printed[3]);

#endif
