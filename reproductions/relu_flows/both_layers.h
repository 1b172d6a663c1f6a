/* SPDX-License-Identifier: GPL-3.0-or-later */
/* both_layers: the flow of a measure of neurons (w, alpha), both of which move.
 *
 *   f = (1/m) sum_i alpha_i max(0, <w_i, x>),   c_i = alpha_i / m
 *   w_i' = -alpha_i q_i,   alpha_i' = -<q_i, w_i>,   q_i = (1/n) sum_j e_j s_ij x_j
 *
 * which is the gradient flow of F in (w, alpha) with its time divided by m. alpha_i^2 - |w_i|^2
 * does not change, so a sign stays where |alpha_i| >= |w_i|. No alpha_i may be 0.
 *
 * Source: V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June 2024,
 * sections 9 and 10 (first encoding). + - * / alone: the same bits on every CPU. */
#ifndef RELU_FLOWS_BOTH_LAYERS_H
#define RELU_FLOWS_BOTH_LAYERS_H

#include "base/memory.h"
#include "linalg/mat.h"
#include "linalg/vec.h"
#include "relu_flows/relu_network.h"

struct both_layers {
    struct relu_network *net;
    struct mat w_rate, w_half; /* m x d: workspace */
    struct vec c_rate, c;      /* m: workspace */
};

/* q (m x d) at W, for any c_i but 0; returns F(W) and leaves net->e. 4 m n d flops. */
double both_layers_slopes(struct relu_network *net, const struct mat *w, struct mat *q);

/* Takes all memory that steps need; the network has to stay. */
struct both_layers both_layers_make(struct arena *mem, struct relu_network *net);

/* w_rate (m x d) = w', c_rate (m) = alpha' / m. Returns F. */
double both_layers_velocity(struct relu_network *net, const struct mat *w, struct mat *w_rate,
                            struct vec *c_rate);

/* W (m x d) and net->c go on by the time h > 0, by the midpoint rule. */
void both_layers_step(struct both_layers *flow, struct mat *w, double h);

#endif
