/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digit_tasks: MNIST as the continual-learning programs use it: a pool of training records, a test
 * task, and the samples that successive tasks draw from the pool. */
#ifndef CONTINUAL_LEARNING_DIGIT_TASKS_H
#define CONTINUAL_LEARNING_DIGIT_TASKS_H

#include <stddef.h>

#include "data/dataset.h"
#include "data/task.h"
#include "harness/harness.h"

struct digit_tasks {
    struct dataset train, test;
    struct task pool, test_task;
};

/* Fills `loaded` (its data is a struct digit_tasks): the first `pool` training records of each
 * digit and every `test_step`-th test record of each. STATUS_DATA as the readers say. */
enum status digit_tasks_load(struct loaded *loaded, size_t pool, size_t test_step) MUST_USE;

/* Where the next task's sample begins in the shuffled pool. A zeroed sampler is at the start. */
struct digit_sampler {
    struct task shuffled;
    size_t next, round;
};

/* n records of the pool, new ones while the pool lasts; then it is shuffled again, and samples
 * overlap with earlier ones. Streams "sample:<round>" of the unit's seed; memory is the unit's. */
enum status digit_sampler_next(struct digit_sampler *s, const struct unit *u, size_t n,
                               struct task *sample) MUST_USE;

#endif
