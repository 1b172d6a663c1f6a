/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digit_sequence: the same digits learned again and again from new samples, by a network that goes
 * on from task to task, by single models that start over for each task from the same initial
 * weights, and by the averaged outputs of these. Plain SGD; a task ends at a small mean training
 * loss or at a number of epochs. The program's data are digit_tasks.h's. */
#ifndef CONTINUAL_LEARNING_DIGIT_SEQUENCE_H
#define CONTINUAL_LEARNING_DIGIT_SEQUENCE_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/status.h"
#include "harness/harness.h"
#include "net/loss.h"

struct digit_sequence_spec {
    size_t first, later;           /* samples of task 1, of each later one */
    int tasks;                     /* at least 2 */
    size_t width, layers;          /* hidden units of each hidden layer; layers of weights */
    enum loss_kind loss;
    double learning_rate;
    size_t batch;                  /* at most 500 */
    size_t epochs, epochs_small;   /* at most, from 1,000 samples on; for fewer */
    double trained;                /* a task ends below this mean training loss */
};

/* The spec from a program's parameters, which have the names of the parameter tables. */
#define DIGIT_SEQUENCE_SPEC(p, u, kind)                                                            \
    {.first = (size_t)(p)->N_1, .later = (size_t)(u)->cell_value, .tasks = (p)->tasks,             \
     .width = (size_t)(p)->width, .layers = (size_t)(p)->layers, .loss = (kind),                   \
     .learning_rate = (p)->learning_rate, .batch = (size_t)(p)->batch,                             \
     .epochs = (size_t)(p)->epochs, .epochs_small = (size_t)(p)->epochs_small,                     \
     .trained = (p)->trained}

/* One unit: all tasks, with the control of a sceptic after task 2. Emits the metrics below and the
 * curve "error". STATUS_DIVERGED: the unit's outcome; STATUS_MEMORY; errors of digit_sampler_next.
 */
enum status digit_sequence_run(const struct digit_sequence_spec *spec, struct unit *u) MUST_USE;

/* What digit_sequence_run emits, for a program's table of metrics. */
#define DIGIT_SEQUENCE_METRICS                                                                     \
    {"error.task.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9,                                        \
     "test error after task n in sequence"},                                                       \
    {"error.single.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9,                                      \
     "of a model trained on task n alone"},                                                        \
    {"error.average.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9,                                     \
     "of the averaged outputs of the single models 1 to n"},                                       \
    {"ratio.task.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,                                        \
     "error after task n over that after task 1"},                                                 \
    {"change.task.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0,                                         \
     "error after task n less that after task n - 1"},                                             \
    {"error.more-steps", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9,                                    \
     "of the first model after as many further steps on its own samples as task 2 took"},          \
    {"error.sequential.last", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9, "after the last task"},       \
    {"error.average.last", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9, "average of all single models"}

#endif
