/* SPDX-License-Identifier: GPL-3.0-or-later */
/* encoding: ways to write a two-layer ReLU network as a measure over some parameters theta,
 *
 *   f(x) = sum_i p_i phi(theta_i; x),   theta_i' = -(1/n) sum_j e_j grad phi(theta_i; x_j)
 *
 *   ENCODING_NEURON   w                phi = max(0, <w, x>), p of either sign
 *   ENCODING_FIXED    (w, alpha)       phi = alpha max(0, <w, x>), alpha does not move
 *   ENCODING_BOTH     (w, alpha)       the same, alpha moves
 *   ENCODING_PAIR     (w+, w-)         phi = max(0, <w+, x>) - max(0, <w-, x>)
 *   ENCODING_PRODUCT  (w+, w-)         phi = max(0, <w+, x>) max(0, <w-, x>)
 *   ENCODING_SPHERE   (d, beta)        phi = beta max(0, <d, x>), |d| = 1
 *   ENCODING_POLAR    (eta, r)         ENCODING_BOTH at r eta, |eta| = 1, in the metric
 *                                      dr^2 + r^2 deta^2 of the flat space
 *
 * x, w, d are of dimension 2, eta of dimension 3. Gradients are tangent to the sphere.
 * Source: V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June 2024,
 * section 10, four encodings, and section 4.2; the third is printed as the product. */
#ifndef RELU_FLOWS_ENCODING_H
#define RELU_FLOWS_ENCODING_H

#include <stddef.h>

enum encoding {
    ENCODING_NEURON,
    ENCODING_FIXED,
    ENCODING_BOTH,
    ENCODING_PAIR,
    ENCODING_PRODUCT,
    ENCODING_SPHERE,
    ENCODING_POLAR
};
enum { ENCODING_MOST = 4 }; /* numbers in a theta */

/* Numbers in a theta, and how many neurons a theta stands for. */
size_t encoding_size(enum encoding kind);
size_t encoding_neurons(enum encoding kind);

/* phi(theta; x), and its gradient in the metric of the encoding. */
double encoding_output(enum encoding kind, const double *theta, const double x[2],
                       double *gradient);

/* Back onto the sphere after a step. */
void encoding_retract(enum encoding kind, double *theta);

/* theta of neurons u (2 numbers each: one, or w+ and w-) of the given sign, with the output weight
 * sign * size where there is one: w = u / size. The sphere and the polar form have no choice but
 * their own. */
void encoding_set(enum encoding kind, const double *u, double sign, double size, double *theta);

/* The neurons u = |alpha| w that theta stands for, and their velocities when theta moves at `rate`;
 * as many times 2 numbers as there are neurons. */
void encoding_absorb(enum encoding kind, const double *theta, const double *rate, double *u,
                     double *u_rate);

#endif
