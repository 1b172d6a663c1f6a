/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matrix_report: cells, metrics and curves that the programs of a matrix of tasks share. */
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
    {"along.coupled", "1", NO_DIRECTION, CLASS_LONG32, 0,                                          \
     "slope of log d_ij / d_ji on the printed matrix's, over pairs: 1 as printed, 0 none of it"},  \
    {"along.riemannian", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by A"},                     \
    {"along.coarse", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by coarse lengths"},            \
    {"along.fine-tuning", "1", NO_DIRECTION, CLASS_LONG32, 0,                                      \
     "fine-tuning up to its cut, on the printed lengths of fine-tuning"},                          \
    {"along.fine-tuning.whole", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same, all of it"},        \
    MATRIX_LEVELS("coupled", "B"),                                                                 \
    MATRIX_LEVELS("coarse", "coarse B"),                                                           \
    {"ratio.independent.*", "1", NO_DIRECTION, CLASS_LONG32, 0, "U2 over coupled"},                \
    {"ratio.mixture.*", "1", NO_DIRECTION, CLASS_LONG32, 0, "U1 over coupled"},                    \
    {"ratio.start.*", "1", NO_DIRECTION, CLASS_LONG32, 0, "plan of features over the last plan"},  \
    {"ratio.kept.*", "1", NO_DIRECTION, CLASS_LONG32, 0,                                           \
     "plan of features over the last plan, both along the path of the last iteration"},            \
    MATRIX_MEANS("independent", "U2 / coupled"),                                                   \
    MATRIX_MEANS("mixture", "U1 / coupled"),                                                       \
    {"mean.start", "1", NO_DIRECTION, CLASS_LONG32, 0,                                             \
     "geometric mean over pairs of the plan of features / the last plan"},                         \
    {"mean.start.coarse", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by coarse lengths"},       \
    {"mean.featureless", "1", NO_DIRECTION, CLASS_LONG32, 0,                                       \
     "geometric mean over pairs of U2 / the plan of features"},                                    \
    {"mean.featureless.coarse", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same, coarse"},           \
    {"mean.redrawn", "1", NO_DIRECTION, CLASS_LONG32, 0,                                           \
     "geometric mean over pairs of the plan of features along the path of the first / last "       \
     "iteration"},                                                                                 \
    {"mean.redrawn.coarse", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by coarse lengths"},     \
    {"mean.fitted.coupled", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0,                                \
     "mean over pairs of fitted.coupled"},                                                         \
    {"mean.fitted.independent", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0, "the same, U2"},           \
    {"mean.fitted.mixture", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0, "the same, U1"},               \
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

/* Of a matrix: levels of sources and targets, and what they leave to pairs. */
#define MATRIX_LEVELS(name, words)                                                                 \
    {"share.source." name, "1", NO_DIRECTION, CLASS_LONG32, 0,                                     \
     "share of the spread of log " words " that one number a source gives"},                       \
    {"share.levels." name, "1", NO_DIRECTION, CLASS_LONG32, 0,                                     \
     "the same, one number a source and one a target"},                                            \
    {"left." name ".*", "1", NO_DIRECTION, CLASS_LONG32, 0,                                        \
     "what these leave to a pair, as a logarithm"},                                                \
    {"left.printed." name, "1", NO_DIRECTION, CLASS_LONG32, 0,                                     \
     "correlation of it with what they leave of the printed matrix"}

/* By both lengths and readings. */
#define MATRIX_MEANS(method, words)                                                                \
    {"mean." method, "1", NO_DIRECTION, CLASS_LONG32, 0, "geometric mean over pairs of " words},   \
    {"mean." method ".riemannian", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same by A"},           \
    {"mean." method ".coarse", "1", NO_DIRECTION, CLASS_LONG32, 0, "the same, coarse, by B"},      \
    {"mean." method ".coarse.riemannian", "1", NO_DIRECTION, CLASS_LONG32, 0,                      \
     "the same, coarse, by A"}

/* Of one seed, with Mantel's share beside it. */
#define MATRIX_CORRELATION(name, words)                                                            \
    {"spearman." name, "1", NO_DIRECTION, CLASS_LONG32, 0, "rank correlation: " words},            \
    {"p." name, "1", NO_DIRECTION, CLASS_LONG32, 0, "as p.coupled"}

/* The matrices that the paper printed; uncoupled: NULL where it printed none. */
struct matrix_report_printed {
    const struct published_matrix *coupled, *uncoupled, *fine_tuning, *task2vec;
};

/* The metrics of MATRIX_METRICS that are of the matrix. */
enum status matrix_report_emit(struct unit *u, const struct mat *kinds,
                               const struct matrix_report_printed *printed) MUST_USE;

/* The curve "matrix": a row a pair, 10 i + j from task i to j, with the paper's printed distances
 * in columns "published <method> [1]"; the curve "coarse"; and "printed", uncoupled alone. */
void matrix_report_curve(struct unit *u, const struct mat *kinds,
                         const struct matrix_report_printed *printed);

#endif
