/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wide_network: errors after two tasks in turn of a ReLU network of finite width that gradient
 * descent trains, and of what should predict them: kernel regression with the network's own tangent
 * kernel, with the kernel of infinite width, and the theory for many draws. */
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

/* Who makes the errors, and on what: A alone; B after A at rho = 0; B after A at rho = 1. */
enum wide_network_way { WIDE_TRAINED, WIDE_OWN, WIDE_INFINITE, WIDE_THEORY, WIDE_WAYS };
enum { WIDE_SINGLE, WIDE_UNRELATED, WIDE_EQUAL, WIDE_CASES };

struct wide_network_errors {
    double error[WIDE_WAYS][WIDE_CASES]; /* mean squares on the tests */
    double condition[WIDE_WAYS]; /* of WIDE_OWN's and WIDE_INFINITE's matrices, the larger task's */
    double apart;           /* relative distance of the two kernels over all inputs */
    double moved;           /* root mean square of W - W_0 over all weights, after A */
    double residual;        /* mean square on the last task's samples, over the target's */
};

/* One draw of inputs ("inputs"), targets ("targets") and initial weights ("init") of the unit's
 * seed. STATUS_DIVERGED: the unit's outcome, or a kernel's; STATUS_NOT_DEFINITE; STATUS_MEMORY. */
enum status wide_network_run(const struct wide_network_spec *spec, struct unit *u,
                             struct wide_network_errors *out) MUST_USE;

#endif
