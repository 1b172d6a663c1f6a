/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wide_network: errors after two tasks in turn of a ReLU network of finite width that gradient
 * descent trains, and of what should predict them: kernel regression with the network's own tangent
 * kernel, to its end and for as many steps, with the kernel of infinite width, and the theory for
 * many draws. */
#ifndef CONTINUAL_LEARNING_WIDE_NETWORK_H
#define CONTINUAL_LEARNING_WIDE_NETWORK_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/status.h"
#include "harness/unit.h"
#include "kernel/ntk.h"

struct wide_network_spec {
    struct ntk_spec network;
    size_t width, D;        /* units of each hidden layer; numbers of an input */
    size_t N, tests;        /* samples of each task, test inputs */
    size_t anchors;         /* of a random target (kernel_targets) */
    int steps;              /* of full-batch gradient descent on each task */
    double rate;            /* of the loss (1/2N) sum e^2 */
    size_t degrees, nodes;  /* of the theory (spectrum_sphere) */
};

/* Who makes the errors: WIDE_OWN at the end of time, WIDE_STEPS the same kernel after as many steps
 * as the network. On what: A alone; B after A at rho = 0; B after A at rho = 1. */
enum wide_network_way {
    WIDE_TRAINED, WIDE_OWN, WIDE_STEPS, WIDE_INFINITE, WIDE_THEORY, WIDE_WAYS
};
enum { WIDE_SINGLE, WIDE_UNRELATED, WIDE_EQUAL, WIDE_CASES };
enum { WIDE_LOOKS = 32 };

/* Errors on the tests in the course of task A. */
struct wide_network_look {
    int step;               /* 1, 2, 4, .. and the last one */
    double trained, kernel; /* of the network, and of its own kernel after as many steps */
};

struct wide_network_errors {
    double error[WIDE_WAYS][WIDE_CASES]; /* mean squares on the tests */
    double condition[WIDE_WAYS]; /* of WIDE_OWN's and WIDE_INFINITE's matrices, the larger task's */
    struct wide_network_look look[WIDE_LOOKS]; /* the first `looks` */
    size_t looks;
    double apart;           /* relative distance of the two kernels over all inputs */
    double moved[NTK_LAYERS]; /* root mean square of W_l - W_l(0) after A, without biases */
    double moved_most;      /* the largest |change| of a weight */
    double residual;        /* mean square on the last task's samples, over the target's */
};

/* One draw of inputs ("inputs"), targets ("targets") and initial weights ("init") of the unit's
 * seed. STATUS_DIVERGED: the unit's outcome, or a kernel's; STATUS_NOT_DEFINITE; STATUS_USAGE: a
 * rate at which the kernel's descent is not stable; STATUS_MEMORY. */
enum status wide_network_run(const struct wide_network_spec *spec, struct unit *u,
                             struct wide_network_errors *out) MUST_USE;

#endif
