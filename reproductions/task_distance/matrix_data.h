/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matrix_data: what a program of a matrix of tasks reads: the paper's tasks and the records of the
 * probe, or a user's own tasks. */
#ifndef TASK_DISTANCE_MATRIX_DATA_H
#define TASK_DISTANCE_MATRIX_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "harness/reproduction.h"
#include "task_distance/cifar_tasks.h"
#include "task_distance/own_tasks.h"
#include "task_distance/probe.h"
#include "task_distance/task_matrix.h"

struct matrix_data {
    struct cifar_tasks *cifar;    /* NULL: own tasks */
    struct probe_data probe;
    struct own_task own[OWN_TASKS_MOST];
    size_t own_count;
};

struct matrix_data_spec {
    const struct cifar_task *tasks;
    size_t count, each, test_step; /* cifar_tasks_load */
    size_t probe_each, probe_test; /* training and test records a class for the probe */
    int probe_all;                 /* 1: it learns all classes of CIFAR-100 from test records alone;
                                      0: those that no task uses */
};

/* Fills `loaded`, whose data becomes a struct matrix_data: own tasks where words name any (at least
 * two: STATUS_USAGE), else the given ones. */
enum status matrix_data_load(struct loaded *loaded, const struct matrix_data_spec *spec) MUST_USE;

size_t matrix_data_count(const struct matrix_data *d);

/* Sets n, images, probe_data of t for the seed. */
enum status matrix_data_images(const struct matrix_data *d, struct task_matrix *t,
                               const struct task_images_spec *spec) MUST_USE;

#endif
