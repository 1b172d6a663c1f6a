/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matched_training: descent on a target alone, from the source model, until its training loss has
 * fallen to a given one: what a gap between test and training loss of another way to that target
 * is held against. A gap grows as a training loss falls, so gaps at different ones say nothing. */
#ifndef TASK_DISTANCE_MATCHED_TRAINING_H
#define TASK_DISTANCE_MATCHED_TRAINING_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "net/model.h"
#include "task_distance/source_model.h"
#include "task_distance/task_pair.h"
#include "task_distance/transfer.h"

/* Mean cross-entropies on the target's images [nat]. */
struct matched_losses {
    double train, test;
    size_t steps;             /* of descent; of the look at which the loss was reached */
};

/* Of the model as it is; steps 0. */
struct matched_losses matched_losses_of(const struct model *model, const struct task_pair *pair);

/* By options->batch, learning_rate, momentum, weight_decay, restart and pad, looking every `every`
 * steps, `most` at most. out: train is `loss`, test that of the same place on the straight line
 * between the losses of the last two looks. Streams "matched-..." of the seed.
 * STATUS_NO_CONVERGENCE: it stays above `loss`, or is not above it at first; STATUS_DIVERGED;
 * STATUS_MEMORY. Memory before the first step only. */
enum status matched_training(struct matched_losses *out, struct arena *mem,
                             const struct task_pair *pair, const struct model *model,
                             const struct source_model *start,
                             const struct transfer_options *options, double loss, size_t every,
                             size_t most, uint64_t seed) MUST_USE;

#endif
