/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matrix_run: the units of a program of a matrix of tasks: ordered pairs, and the matrix of all. */
#ifndef TASK_DISTANCE_MATRIX_RUN_H
#define TASK_DISTANCE_MATRIX_RUN_H

#include <stddef.h>

#include "base/status.h"
#include "harness/unit.h"
#include "linalg/mat.h"
#include "task_distance/matrix_data.h"
#include "task_distance/task_matrix.h"

/* The rows of a parameter table that such programs share; steps: T at desk. */
#define MATRIX_PARAMETERS(P, steps)                                                                \
    P(int,    validation,   20,   250,  500,   "that cut fine-tuning; ours")                       \
    P(int,    test,         20,   250,  500,   "test images a task")                               \
    P(int,    pooled,       1,    1,    0,     "1: 2 x 2 means; code: 32 x 32")                    \
    P(int,    divide,       16,   8,    1,     "of the conv net's channels; code: 1")              \
    P(int,    block,        10,   10,   25,    "b; code: 25")                                      \
    P(int,    cost_blocks,  1,    10,   0,     "whose cost is evaluated; 0: all, as the code")     \
    P(int,    T,            10,   steps, 16000, "steps: 160 epochs; code")                         \
    P(int,    M,            2,    20,   100,   "checkpoints; code: 40 to 100")                     \
    P(int,    batch,        10,   20,   20,    "code")                                             \
    P(double, rate,         2e-3, 2e-3, 8e-4,  "code: 8e-4; desk: at T = 1000 no other gives "     \
                                               "more held-out accuracy than two seeds' noise, "    \
                                               "0.02: learning_rates_transfer; other T were not "  \
                                               "tried")                                            \
    P(double, momentum,     0.9,  0.9,  0.9,   "code")                                             \
    P(double, decay,        5e-4, 5e-4, 5e-4,  "code")                                             \
    P(int,    restart,      0,    0,    100,   "steps from one zero velocity to the next: "        \
                                               "epoch; code")                                      \
    P(int,    pad,          0,    0,    4,     "shifts of training images, and mirrors; code")     \
    P(int,    iterations,   2,    3,    4,     "of the coupling; code: 3 to 6")                    \
    P(double, weight,       0.05, 0.05, 0.05,  "quadratic term, times 5^k; code")                  \
    P(double, epsilon,      1e-3, 1e-3, 1e-3,  "first plan, cost -cos; code")                      \
    P(int,    epochs,       2,    60,   180,   "source model; code: 180")                          \
    P(double, source_rate,  0.01, 0.01, 1e-3,  "source model; code of 2020: 1e-3")                 \
    P(double, source_drop,  0.2,  0.2,  1,     "of it at 3, 6, 8 tenths of epochs; code: none")    \
    P(int,    every,        5,    10,   100,   "steps between validations of fine-tuning; ours")   \
    P(int,    draws,        100,  2000, 10000, "of Task2Vec's classifier an epoch, 10 epochs")     \
    PROBE_PARAMETERS(P)

/* Everything of a matrix but its images, from a program's parameters and its probe. */
#define MATRIX_SETTINGS(p, probe_classes)                                                          \
    {                                                                                              \
        .net = {TRANSFER_CONV, (size_t)(p)->divide, 3, (p)->pooled ? 16 : 32, 0, 250},             \
        .source = {(size_t)(p)->epochs, (size_t)(p)->batch, (p)->source_rate, (p)->momentum,       \
                   (p)->decay, (p)->source_drop, (size_t)(p)->pad},                                \
        .coupled = {.transfer = {.steps = (size_t)(p)->T, .checkpoints = (size_t)(p)->M,           \
                                 .batch = (size_t)(p)->batch, .learning_rate = (p)->rate,          \
                                 .momentum = (p)->momentum, .weight_decay = (p)->decay,            \
                                 .restart = (size_t)(p)->restart,                                  \
                                 .schedule = TRANSFER_DETERMINISTIC, .evaluation_batch = 250,      \
                                 .pad = (size_t)(p)->pad},                                         \
                    .block = (size_t)(p)->block, .cost_blocks = (size_t)(p)->cost_blocks,          \
                    .start_cost = FEATURE_COST_COSINE, .start_epsilon = (p)->epsilon,              \
                    .update = COUPLED_GROWING, .weight = (p)->weight},                             \
        .iterations = (size_t)(p)->iterations, .every = (size_t)(p)->every,                        \
        .probe = PROBE_SPEC(p, (p)->pooled ? 16 : 32, probe_classes),                              \
        .embedding = {.draws = (size_t)(p)->draws}                                                 \
    }

#define MATRIX_IMAGES(p)                                                                           \
    {.train = (size_t)(p)->train, .validation = (size_t)(p)->validation,                           \
     .test = (size_t)(p)->test, .pooled = (p)->pooled}

struct matrix_run {
    struct task_matrix_spec spec;
    struct task_images_spec images;
    size_t pairs;             /* cells 0 .. pairs - 1 are ordered pairs, row by row; the next
                                 is the matrix */
    /* What the program measures of the matrix of its own tasks (TASK_MATRIX_KINDS matrices). */
    enum status (*measure)(struct unit *u, const struct mat *kinds);
};

/* Runs the unit u, whose data is a struct matrix_data. The matrix of own tasks is printed. */
enum status matrix_run(const struct matrix_run *run, struct unit *u) MUST_USE;

/* Rank correlation of two kinds, and its exact significance: spearman.<name> and p.<name>. */
struct matrix_correlation {
    const char *name;
    enum task_matrix_kind kind, with;
};

/* Emits n of them. Numbers that do not vary have no order: 0 and 1. */
enum status matrix_run_correlate(struct unit *u, const struct mat *kinds,
                                 const struct matrix_correlation *of, size_t n) MUST_USE;

#endif
