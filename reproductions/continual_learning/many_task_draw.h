/* SPDX-License-Identifier: GPL-3.0-or-later */
/* many_task_draw: bias and variance of a predictor that learns many samples of one function in
 * turn, from pairs of samples: kernel regression with the tangent kernel of a ReLU network on the
 * sphere. */
#ifndef CONTINUAL_LEARNING_MANY_TASK_DRAW_H
#define CONTINUAL_LEARNING_MANY_TASK_DRAW_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/status.h"
#include "kernel/ntk.h"

enum { MANY_TASKS = 100 };

struct many_task_draws {
    size_t first, later;        /* samples of the first task, of each later one */
    size_t tasks;               /* at most MANY_TASKS */
    size_t tests;               /* test inputs */
    size_t D, anchors;          /* dimension of the inputs, anchors of a target (kernel_targets) */
    double noise;               /* variance of the labels' */
    struct ntk_spec spec;
};

/* Sums over pairs, after each task; bias (squared) and variance add up to the error. */
struct many_task_errors {
    double bias[MANY_TASKS], variance[MANY_TASKS];
    double condition; /* no sum: the largest of a kernel matrix, an estimate */
};

/* Adds pair number `pair` of a seed: two independent samples (streams "inputs:<pair>:<0 or 1>",
 * "noise:<pair>:<0 or 1>") of one target ("target:<pair>") on the same tests ("tests:<pair>"). With
 * e and e' predictions less target, e e' has the mean of the squared bias, and (e - e')^2 / 2 that
 * of the variance. STATUS_USAGE: no inputs or tests, a variance below 0; errors of
 * kernel_sequence_learn. */
enum status many_task_draw(const struct many_task_draws *draws, uint64_t seed, int pair,
                           struct many_task_errors *errors) MUST_USE;

#endif
