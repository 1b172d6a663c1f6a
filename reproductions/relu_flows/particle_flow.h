/* SPDX-License-Identifier: GPL-3.0-or-later */
/* particle_flow: the Wasserstein gradient flow of a two-layer ReLU network's measure, by particles.
 *
 *   w_i' = -(1/p_i) dF/dw_i = -grad F'(mu)(w_i),   p_i = |c_i|,   mu = sum_i c_i delta_{w_i},
 *   F'(mu)(w) = (a_i/n) sum_j e_j max(0, <w, x_j>),   a_i = sign c_i
 *
 * so for c_i = a_i / m this is the gradient flow of F with its time divided by m. Integrated by the
 * classical Runge-Kutta step of order 4: order 4 while no neuron crosses the boundary of a point,
 * order 1 in a step in which one does, because the velocity jumps there. Programs halve the step
 * and say what moved.
 *
 * Source: V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June 2024,
 * sections 4 and 10; L. Chizat and F. Bach, NeurIPS 2018, section 2. + - * / alone: the same bits
 * on every CPU. */
#ifndef RELU_FLOWS_PARTICLE_FLOW_H
#define RELU_FLOWS_PARTICLE_FLOW_H

#include "base/memory.h"
#include "linalg/mat.h"
#include "relu_flows/relu_network.h"

struct particle_flow {
    struct relu_network *net; /* c_i != 0 */
    struct mat rate, sum, trial; /* m x d: workspace */
};

/* Takes all memory that steps need; the network and its data have to stay. */
struct particle_flow particle_flow_make(struct arena *mem, struct relu_network *net);

/* rate (m x d) = the velocities at W; returns F(W) and leaves net->e. 4 m n d flops. */
double particle_flow_velocity(const struct particle_flow *flow, const struct mat *w,
                              struct mat *rate);

/* W (m x d) goes on by the time h > 0. Four velocities. */
void particle_flow_step(struct particle_flow *flow, struct mat *w, double h);

/* The outputs at the data, (steps + 1) x n, at the times 0, T/steps, ..., T of the flow that starts
 * at W; W is left at time T. */
struct mat particle_flow_follow(struct arena *mem, struct relu_network *net, struct mat *w,
                                double T, size_t steps);

/* F'(mu)(v) for a neuron v (d) of sign +1 or -1, from values of F alone: F is quadratic in mu, so
 * (F(mu + delta_v) - F(mu - delta_v)) / 2 is it exactly. The last row of W and the last c, which
 * mu must not use (c = 0), are overwritten and c set to 0 again. Two losses. */
double particle_flow_first_variation(struct relu_network *net, struct mat *w, const double *v,
                                     double sign);

/* slope (d) = grad F'(mu)(w_i) of particle i, by central differences of step h of the function
 * above; exact where F'(mu) is linear around w_i. Returns 1, or 0 and does nothing where the
 * boundary of a point is within h along an axis. 4 d losses; d at most 8. */
int particle_flow_variation_slope(struct relu_network *net, struct mat *w, size_t i, double h,
                                  double *slope);

/* max_i |(1/p_i) dF/dw_i - slope_i| over all particles but the last for which there is a slope; NaN
 * where there is none. */
double particle_flow_identity(struct arena *mem, struct relu_network *net, struct mat *w, double h);

#endif
