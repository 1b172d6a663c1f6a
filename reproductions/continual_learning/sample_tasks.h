/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sample_tasks: a data set as the continual-learning programs use it: a pool of training records of
 * all ten classes, from which successive tasks draw their samples, and a test task. */
#ifndef CONTINUAL_LEARNING_SAMPLE_TASKS_H
#define CONTINUAL_LEARNING_SAMPLE_TASKS_H

#include <stddef.h>

#include "data/dataset.h"
#include "data/task.h"
#include "harness/harness.h"

struct sample_tasks {
    struct dataset train, test;
    struct task pool, test_task;
};

/* Fill `loaded` (its data is a struct sample_tasks): the first `pool` training records of each
 * class, of CIFAR-10 from that many batches, and every `test_step`-th test record of each class.
 * STATUS_DATA as the readers say. */
enum status sample_tasks_mnist(struct loaded *loaded, size_t pool, size_t test_step) MUST_USE;
enum status sample_tasks_cifar10(struct loaded *loaded, int batches, size_t pool,
                                 size_t test_step) MUST_USE;

#endif
