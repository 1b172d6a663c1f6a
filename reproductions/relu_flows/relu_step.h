/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relu_step: steps that lower F(V) + |V - W|^2 / (2 eta), the loss of a two-layer ReLU network near
 * a centre W (V and W m x d), from kink to kink. They start from what relu_subgradient left
 * at V; relu_step_sweep calls it itself. */
#ifndef RELU_FLOWS_RELU_STEP_H
#define RELU_FLOWS_RELU_STEP_H

#include <stddef.h>

#include "linalg/mat.h"
#include "relu_flows/relu_pattern.h"

/* p = U - V, U the minimum of the objective on the present pattern, held kinks kept; kinks that
 * were released to one side and would go to the other are held too. eta is finite. m n^2 d +
 * n^3 / 6 multiplications, once or a few times. */
void relu_step_newton(struct relu_pattern *s, const struct mat *v, const struct mat *w, double eta);

/* The slope of the objective along p just after V. */
double relu_step_slope(struct relu_pattern *s, const struct mat *v, const struct mat *w,
                       double eta);

/* After relu_step_slope, which gave slope < 0: V moves along p to the first minimum of the
 * objective, kinks on the way included; h, state and e follow. Returns the length in units of p. */
double relu_step_move(struct relu_pattern *s, struct mat *v, double slope, double eta);

/* One move of each neuron alone, in turn: neurons that stand near kinks do not hold up the others.
 * Returns the number that moved. */
size_t relu_step_sweep(struct relu_pattern *s, struct mat *v, const struct mat *w, double eta);

#endif
