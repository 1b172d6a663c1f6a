/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sample_sequence: one task learned again and again from new samples of a pool, by a network of any
 * kind that goes on from sample to sample, by single models that start over for each sample from
 * the same initial weights, and by the averaged outputs of these: digit_sequence.h for pictures and
 * for networks with a state. What it measures has the names of digit_sequence_metrics. */
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
    struct train_options options;  /* of one task; max_epochs for `first` samples and more */
    size_t epochs_small;           /* for fewer */
};

/* One unit: all tasks and, after task 2, the control of a sceptic: the first model goes on over its
 * own sample for as many steps as task 2 took. Samples are disjoint while the pool lasts; then it
 * is shuffled again, and they overlap with earlier ones. Streams "sample:<round>", "order:<task>",
 * "order-single:<task>" and "order-more-steps" of the unit's seed. Emits digit_sequence_metrics and
 * the curves "error" and "training": epochs, and training loss of the last one, of the model in
 * sequence and of the single one. STATUS_DIVERGED: the unit's outcome; STATUS_MEMORY; STATUS_DATA
 * for a pool smaller than a sample. */
enum status sample_sequence_run(const struct sample_sequence *s, struct unit *u) MUST_USE;

#endif
