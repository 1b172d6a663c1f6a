/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digit_sequence: the same digits learned again and again from new samples (sample_sequence.h) by a
 * fully connected network. Plain SGD; a task ends at a small mean training loss or at a number of
 * epochs. The program's data are sample_tasks.h's. */
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

/* One unit: sample_sequence_run of a ReLU network with weights from the stream "init". */
enum status digit_sequence_run(const struct digit_sequence_spec *spec, struct unit *u) MUST_USE;

/* What the paper says of it, and the sizes of the later tasks. */
enum { DIGIT_SEQUENCE_CLAIMS = 8 };
extern const struct claim digit_sequence_claims[DIGIT_SEQUENCE_CLAIMS];
extern const struct axis digit_sequence_axis;

/* A program's table of parameters, from its repetitions and its tasks at desk. At smoke the pool
 * does not last for all tasks, so that samples overlap there as they do at paper. */
#define DIGIT_SEQUENCE_PARAMETERS(P, desk_seeds, desk_tasks)                                       \
    /* type   name           smoke desk   paper  */                                                \
    P(int,    seeds,         2,    desk_seeds, 10, "repetitions; ours")                            \
    P(int,    N_1,           400,  4000,  10000, "samples of the first task; slides (paper)")      \
    P(int,    tasks,         3,    desk_tasks, 100, "tasks in sequence; slides (paper)")           \
    P(int,    width,         256,  256,   256,   "hidden units of each hidden layer; slides")      \
    P(int,    layers,        3,    3,     3,     "weight layers; ours")                            \
    P(double, learning_rate, 0.1,  0.1,   0.1,   "of plain SGD, pixels in 0..1; ours")             \
    P(int,    batch,         50,   50,    50,    "samples a step; ours")                           \
    P(int,    epochs,        60,   60,    60,    "at most, for 1,000 samples or more; ours")       \
    P(int,    epochs_small,  30,   240,   240,   "at most, for fewer samples; ours")               \
    P(double, trained,       1e-3, 1e-3,  1e-3,  "a task ends below this mean training loss; ours")\
    P(int,    pool,          100,  5400,  5400,  "records a class to draw from; all there are")    \
    P(int,    test_step,     5,    1,     1,     "every k-th test record of each class; ours")

#endif
