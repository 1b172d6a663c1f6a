/* SPDX-License-Identifier: GPL-3.0-or-later */
/* own_tasks: tasks from a user's own files, as words on the command line name them:
 *
 *   NAME=idx:IMAGES,LABELS,TEST-IMAGES,TEST-LABELS[:CLASSES]
 *   NAME=cifar10:TRAIN,TEST[:CLASSES]
 *   NAME=cifar100:TRAIN,TEST[:CLASSES]       (fine labels)
 *
 * CLASSES is 0,3,7 or 0-4 or both; without it all labels that occur. Files are plain or, with .gz,
 * compressed. Images are brought to 3 x 32 x 32: grey ones are put into all three channels, smaller
 * ones get a border of 0. */
#ifndef TASK_DISTANCE_OWN_TASKS_H
#define TASK_DISTANCE_OWN_TASKS_H

#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "data/dataset.h"
#include "data/task.h"

enum { OWN_TASKS_MOST = 6, OWN_TASK_CLASSES_MOST = 100 };

struct own_task {
    const char *name;
    struct dataset train, test;
    int classes[OWN_TASK_CLASSES_MOST], count;
    struct task pool, tests;  /* all records of these classes */
};

/* STATUS_USAGE: the word is not of one of these forms, a class does not occur, there is but one;
 * STATUS_DATA as the readers say. Names and tasks lie in the arena; free the data sets with
 * own_task_free, also on failure. */
enum status own_task_read(struct own_task *t, struct arena *mem, const char *word) MUST_USE;

/* Whether `train` and `test` balanced records can be drawn; STATUS_DATA says of which class too few
 * are there. */
enum status own_task_suffices(const struct own_task *t, size_t train, size_t test) MUST_USE;
void own_task_free(struct own_task *t);

#endif
