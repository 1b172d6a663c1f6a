/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relu_network: two-layer ReLU networks whose first layer moves, and the data they are fitted to.
 *
 *   f(x) = sum_i c_i max(0, <w_i, x>),   F(W) = (1/2n) sum_j e_j^2,   e_j = f(x_j) - y_j
 *   dF/dw_i = (c_i / n) sum_j e_j s_ij x_j,   s_ij = [<w_i, x_j> > 0],   relu'(0) = 0
 *
 * W is m x d, a row a neuron; the last coordinate of every x is 1, so that the last weight is the
 * bias. c_i is a fixed sign a_i for a network, a_i p_i for a measure with weights p_i on signed
 * neurons: the velocity of a particle in the flow of the measure is -(1/p_i) dF/dw_i, exactly.
 *
 * Source: V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June 2024,
 * sections 2 and 6. The note prints F both with and without the 1/2; with it, its gradients hold.
 * No libm, no BLAS, sums in index order: the same bits on every CPU. */
#ifndef RELU_FLOWS_RELU_NETWORK_H
#define RELU_FLOWS_RELU_NETWORK_H

#include <stddef.h>

#include "base/memory.h"
#include "base/rng.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

struct relu_data {
    size_t n, d;
    struct mat x; /* n x d, the last column 1 */
    struct vec y; /* n */
};

/* x = linspace(-1/2, 1/2, n), y = sin(10 x - pi/2) + x/5 - 1/2 (the author's `sinus`; libm's sin),
 * n >= 2, d = 2. */
struct relu_data relu_data_sinus(struct arena *mem, size_t n);

/* The same x, y = slope x + intercept. */
struct relu_data relu_data_linear(struct arena *mem, size_t n, double slope, double intercept);

/* x uniform in (-1, 1)^(d-1), y uniform in (-3, 1): the author's `random`, d >= 2. */
struct relu_data relu_data_random(struct arena *mem, struct rng *r, size_t n, size_t d);

struct relu_network {
    const struct relu_data *data;
    size_t m;
    struct vec c; /* m, output weights */
    struct vec e; /* n, residuals at the last W that was looked at */
};

/* c_i = value for i < positive, -value for the rest: m = positive + negative. value = 1 for a
 * network of the note, 1 / m for a uniform measure. */
struct relu_network relu_network_make(struct arena *mem, const struct relu_data *data,
                                      size_t positive, size_t negative, double value);

/* F(W); leaves e. 2 m n d flops. */
double relu_network_loss(struct relu_network *net, const struct mat *w);

/* F(W), and gradient (m x d) = dF/dW; leaves e. 4 m n d flops. */
double relu_network_gradient(struct relu_network *net, const struct mat *w, struct mat *gradient);

/* f (k) at the rows of x (k x d). */
void relu_network_output(const struct relu_network *net, const struct mat *w, const struct mat *x,
                         struct vec *f);

#endif
