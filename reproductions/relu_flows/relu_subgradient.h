/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relu_subgradient: the subgradient of least length at a point with kinks.
 *
 * Of each of its kinks a neuron has a share s_ij in [0, 1]. At the convex ones (c_i e_j > 0) the
 * shares of least length are a bounded least squares problem; at the concave ones both sides are
 * tried, because the loss may fall to either. */
#ifndef RELU_FLOWS_RELU_SUBGRADIENT_H
#define RELU_FLOWS_RELU_SUBGRADIENT_H

#include "relu_flows/relu_pattern.h"

/* g (m x d) = the element of least length of the subdifferential of F(V) + |V - W|^2 / (2 eta), W
 * (m x d); eta infinite: of F alone. Sets held and s; kinks that are not held go to the side to
 * which -g leads. Returns max_i |g_i| over the largest sum of the lengths of its terms. */
double relu_subgradient(struct relu_pattern *s, const struct mat *v, const struct mat *w,
                        double eta);

#endif
