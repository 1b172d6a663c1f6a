/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cifar_tasks: the tasks of the paper as classes of CIFAR-10 and CIFAR-100, their pools and test
 * records, and their images for a seed. */
#ifndef TASK_DISTANCE_CIFAR_TASKS_H
#define TASK_DISTANCE_CIFAR_TASKS_H

#include <stddef.h>
#include <stdint.h>

#include "data/dataset.h"
#include "data/task.h"
#include "harness/reproduction.h"
#include "task_distance/task_pair.h"

enum { CIFAR_TASKS_MOST = 8 };

struct cifar_task {
    const char *name;
    const char *set;          /* "cifar-10" or "cifar-100" */
    int count;
    const int *classes;       /* count; fine labels */
    int superclasses;         /* 1: all of CIFAR-100 by its 20 superclasses; no classes then */
};

/* Five superclasses of CIFAR-100 (paper, section 4.3): herbivores, carnivores, vehicles-1,
 * vehicles-2, flowers. */
enum { CIFAR_SUBSETS = 5 };
extern const struct cifar_task cifar_subsets[CIFAR_SUBSETS];

/* CIFAR-100 by its superclasses, CIFAR-10, its animals, its vehicles (section 4.2). */
enum { CIFAR_WHOLES = 4 };
extern const struct cifar_task cifar_wholes[CIFAR_WHOLES];

struct cifar_tasks {
    size_t count;
    const struct cifar_task *tasks;
    struct dataset train10, test10, train100, test100; /* those that are needed, else empty */
    struct task pool[CIFAR_TASKS_MOST], test[CIFAR_TASKS_MOST];
};

/* Fills `loaded`, whose data becomes a struct cifar_tasks: of each class the first `each` training
 * records and every `test_step`-th test record. The task of superclasses leaves the test file
 * alone, which is for a probe to learn from: of the first CIFAR_FINE training records of each fine
 * class three quarters are its pool, the others its test records. STATUS_DATA as the readers say.
 */
enum { CIFAR_FINE = 40 };
enum status cifar_tasks_load(struct loaded *loaded, const struct cifar_task *tasks, size_t count,
                             size_t each, size_t test_step) MUST_USE;

/* task_images_draw of task i. */
enum status cifar_tasks_images(struct task_images *out, struct arena *mem,
                               const struct cifar_tasks *tasks, size_t i,
                               const struct task_images_spec *spec, uint64_t seed) MUST_USE;

#endif
