/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rounded_network: the network of relu_network.h with its kinks rounded off.
 *
 *   r(h) = 0 for h <= -width/2, (h + width/2)^2 / (2 width) up to h = width/2, h above
 *   F(W) = (1/2n) sum_j e_j^2,   e_j = sum_i c_i r(<w_i, x_j>) - y_j
 *
 * r is the mean of the ReLU over h +- width/2, at most width/8 above it. Proximal points of the
 * ReLU lie on its kinks, where a descent with line search stops too early; F here is smooth, with
 * curvature |e_j| |x_j|^2 / (n width) at a former kink. Sums in index order and vec.h's, the same
 * bits on every CPU. */
#ifndef RELU_FLOWS_ROUNDED_NETWORK_H
#define RELU_FLOWS_ROUNDED_NETWORK_H

#include "relu_flows/relu_network.h"

struct rounded_network {
    struct relu_network *net;
    double width;   /* > 0 */
    struct vec slope; /* m, scratch: r' at one data point */
};

struct rounded_network rounded_network_make(struct arena *mem, struct relu_network *net,
                                            double width);

/* F(W), and gradient (m x d) = dF/dW; leaves net->e. The context is a struct rounded_network, so
 * that this is a transport_prox_loss. 4 m n d flops. */
double rounded_network_gradient(void *context, const struct mat *w, struct mat *gradient);

#endif
