/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relu_flow: the gradient flow w_i' = -dF/dw_i of a two-layer ReLU network, through its kinks.
 *
 * Between kinks the field is smooth, and GSL's adaptive Runge-Kutta method of order 8 follows it. A
 * step in which a pair (neuron, point) meets its kink is cut there by bisection, and the side on
 * which the flow goes on is that of the subgradient of least length: across, or along the kink
 * (Filippov's solution) for as long as both sides push towards it. Explicit and implicit steps
 * converge to that solution; with relu'(0) = 0 alone an integrator would chatter at the kink. */
#ifndef RELU_FLOWS_RELU_FLOW_H
#define RELU_FLOWS_RELU_FLOW_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/status.h"
#include "linalg/mat.h"
#include "relu_flows/relu_network.h"
#include "relu_flows/relu_pattern.h"

struct relu_flow {
    struct relu_pattern pattern;
    double tolerance;       /* of a step, absolute, for every weight */
    double t;               /* the time reached */
    double step;            /* that the next one tries */
    size_t steps, events;   /* done so far: steps, and kinks met or left */
    struct vec error, old;  /* m d: of a step; where it started */
    unsigned char *state, *held; /* m x n: the pattern there */
    void *stepper, *control;/* GSL's */
};

/* At time 0 at w (m x d). STATUS_MEMORY. relu_flow_free also after a failure. */
enum status relu_flow_start(struct relu_flow *flow, struct arena *mem, struct relu_network *net,
                            struct mat *w, double tolerance) MUST_USE;
void relu_flow_free(struct relu_flow *flow);

/* Follows w to time t >= flow->t. STATUS_NO_CONVERGENCE where steps become too small or too many;
 * STATUS_DIVERGED where the weights are not finite. */
enum status relu_flow_to(struct relu_flow *flow, struct mat *w, double t) MUST_USE;

#endif
