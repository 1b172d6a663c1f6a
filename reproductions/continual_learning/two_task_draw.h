/* SPDX-License-Identifier: GPL-3.0-or-later */
/* two_task_draw: errors of a predictor that learns task A, then task B, over draws of inputs and
 * targets: kernel regression with the tangent kernel of a ReLU network on the sphere. */
#ifndef CONTINUAL_LEARNING_TWO_TASK_DRAW_H
#define CONTINUAL_LEARNING_TWO_TASK_DRAW_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/status.h"
#include "kernel/ntk.h"

enum { TWO_TASK_SIMILARITIES = 10 };

struct two_task_draws {
    size_t N_A, N_B, tests; /* inputs of the tasks, test inputs */
    size_t D, anchors;      /* dimension of the inputs, anchors of a target (kernel_targets) */
    struct ntk_spec spec;
    const int *similarities; /* count: 1000 rho; the last is 1000 */
    size_t count;           /* at most TWO_TASK_SIMILARITIES */
    int joint;              /* 1: also learn both samples at once */
};

/* Sums over draws of mean squared errors on the tests, against clean targets. */
struct two_task_errors {
    double A, B;                           /* of the tasks trained alone */
    double forward[TWO_TASK_SIMILARITIES]; /* E_{A->B} */
    double back[TWO_TASK_SIMILARITIES];    /* E^back_{A->B} */
    double average;                        /* of the mean of A alone and B alone, rho = 1 */
    double joint;                          /* of one predictor on both samples, rho = 1 */
    double apart[TWO_TASK_SIMILARITIES];   /* |f_A - f_B|^2 */
    double condition;                      /* no sum: the largest of a kernel matrix, an estimate */
};

/* Adds draw number `draw` of a seed (streams "inputs:<draw>", "targets:<draw>"): f_A = f_1, f_B =
 * rho f_1 + sqrt(1 - rho^2) f_2 for each rho, the same inputs and f_1, f_2. STATUS_USAGE: no inputs
 * or a similarity outside [-1, 1]; errors of kernel_sequence_learn. */
enum status two_task_draw(const struct two_task_draws *draws, uint64_t seed, int draw,
                          struct two_task_errors *errors) MUST_USE;

#endif
