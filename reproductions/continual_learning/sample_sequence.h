/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sample_sequence: one task learned again and again from new samples of a pool, by a network of any
 * kind that goes on from sample to sample, by single models that start over for each sample from
 * the same initial weights, and by the averaged outputs of these. */
#ifndef CONTINUAL_LEARNING_SAMPLE_SEQUENCE_H
#define CONTINUAL_LEARNING_SAMPLE_SEQUENCE_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/status.h"
#include "data/task.h"
#include "harness/harness.h"
#include "net/model.h"
#include "net/train.h"

struct sample_sequence {
    const struct model *model;     /* at its initial weights; is left at some others */
    const struct task *pool, *test;
    const struct task_scale *scale;
    int pooled;                    /* 1: the network reads means of 2 x 2 pixels */
    size_t first, later;           /* samples of task 1, of each later one; at most the pool */
    int tasks;                     /* at least 2 */
    struct train_options options;  /* of one task; max_epochs for `few` samples and more */
    size_t few, epochs_small;      /* at most that many epochs for fewer samples */
};

/* One unit: all tasks and, after task 2, the control of a sceptic: the first model goes on over its
 * own sample for as many steps as task 2 took. Samples are disjoint while the pool lasts; then it
 * is shuffled again, and they overlap with earlier ones. Streams "sample:<round>", "order:<task>",
 * "order-single:<task>" and "order-more-steps" of the unit's seed. Emits the metrics below and
 * the curves "error" and "training": epochs, and training loss of the last one, of the model in
 * sequence and of the single one. STATUS_DIVERGED: the unit's outcome; STATUS_MEMORY; STATUS_DATA
 * for a pool smaller than a sample. */
enum status sample_sequence_run(const struct sample_sequence *s, struct unit *u) MUST_USE;

/* What sample_sequence_run emits. */
enum { SAMPLE_SEQUENCE_METRICS = 8 };
extern const struct metric sample_sequence_metrics[SAMPLE_SEQUENCE_METRICS];

/* What the paper says of it: a program's table of claims. The panel is that of the slides'
 * three-panel figure which shows the program's data. */
#define SAMPLE_SEQUENCE_CLAIMS(panel)                                                              \
    {.id = "equal-sizes-help", .place = "abstract; slides, self-knowledge transfer",               \
     .words = "learning the same task again from an equal sample lowers the test error",           \
     .kind = ORDER, .metric = "error.task.2", .cell = LAST_CELL, .is = BELOW,                      \
     .to_metric = "error.task.1"},                                                                 \
    {.id = "new-samples-not-steps", .place = "control of ours",                                    \
     .words = "it is the new sample that helps, not the further steps",                            \
     .kind = ORDER, .metric = "error.task.2", .cell = LAST_CELL, .is = BELOW,                      \
     .to_metric = "error.more-steps"},                                                             \
    {.id = "falls-from-task-to-task", .place = "abstract: E_{n+1} <= E_n for equal sizes",         \
     .words = "with equal sizes the test error falls from task to task",                           \
     .kind = EVERY, .metric = "change.task.*", .cell = LAST_CELL, .is = BELOW, .to = 0},           \
    {.id = "small-second-hurts", .place = "slides, self-knowledge forgetting, panel (" panel ")",  \
     .words = "a second sample that is small against the first makes the model worse",             \
     .kind = ORDER, .metric = "error.task.2", .cell = FIRST_CELL, .is = ABOVE,                     \
     .to_metric = "error.task.1"},                                                                 \
    {.id = "larger-second-helps-more", .place = "slides, panel (" panel ")",                       \
     .words = "the larger the second sample, the lower the error after it",                        \
     .kind = TREND, .metric = "ratio.task.2", .cell = ALL_CELLS, .is = BELOW},                     \
    {.id = "sequence-beats-average", .place = "slides: E_{A->B}(1) < E_ave, equal sizes",          \
     .words = "two samples learned in sequence beat the average of the two single models",         \
     .kind = ORDER, .metric = "error.task.2", .cell = LAST_CELL, .is = BELOW,                      \
     .to_metric = "error.average.2"},                                                              \
    {.id = "average-beats-single", .place = "slides: E_ave < E_A, equal sizes",                    \
     .words = "the average of two single models beats one of them",                                \
     .kind = ORDER, .metric = "error.average.2", .cell = LAST_CELL, .is = BELOW,                   \
     .to_metric = "error.task.1"},                                                                 \
    {.id = "long-sequence-beats-average", .place = "follows from both; not stated for n > 2",      \
     .words = "after all tasks the sequence still beats the average of all single models",         \
     .kind = ORDER, .metric = "error.sequential.last", .cell = LAST_CELL, .is = BELOW,             \
     .to_metric = "error.average.last"}

#endif
