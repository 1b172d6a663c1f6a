/* SPDX-License-Identifier: GPL-3.0-or-later */
/* homogeneous_net: small networks in double, for identities that hold to rounding.
 *
 *   h_0 = x,  z_l = h_{l-1} W_l + b_l,  h_l = act(z_l),  f = z_{L+1}
 *
 * L hidden layers, L + 1 weight matrices; biases may be left out. lib/net is in float and for
 * training; this one gives, of one example, the derivatives <w, grad f_k> of all outputs along the
 * weights themselves, by back-propagation of each output. */
#ifndef TASK_DISTANCE_HOMOGENEOUS_NET_H
#define TASK_DISTANCE_HOMOGENEOUS_NET_H

#include <stddef.h>

#include "base/memory.h"
#include "base/rng.h"
#include "linalg/mat.h"

enum homogeneous_activation {
    HOMOGENEOUS_LINEAR, HOMOGENEOUS_RELU, HOMOGENEOUS_LEAKY, /* slope 0.1 below 0 */
    HOMOGENEOUS_TANH /* is not homogeneous */
};

struct homogeneous_net {
    enum homogeneous_activation activation;
    size_t layers;          /* L + 1 weight matrices */
    struct mat w[8];        /* in x out */
    struct vec b[8];        /* out */
    struct vec z[8], h[8];  /* out: of the last example; h of the last layer is z */
    struct vec d[8];        /* out: d f_k / d z_l */
};

/* layers (1 .. 8) matrices between `inputs`, `hidden` wide layers, and `outputs`; weights
 * N(0, 2 / in), biases N(0, bias_variance). */
struct homogeneous_net homogeneous_net_make(struct arena *mem, enum homogeneous_activation kind,
                                            size_t layers, size_t inputs, size_t hidden,
                                            size_t outputs, double bias_variance, struct rng *rng);

/* f (outputs, in the network) of x (inputs). */
const struct vec *homogeneous_net_outputs(struct homogeneous_net *net, const double *x);

/* slope (outputs) = <w, grad_w f_k> at the example of the last call above, x again; over all
 * weights and biases. */
void homogeneous_net_slopes(struct homogeneous_net *net, const double *x, double *slope);

#endif
