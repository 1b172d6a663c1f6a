/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ntk: neural tangent kernel and covariance (NNGP) of infinitely wide ReLU networks.
 *
 * L layers of weights in NTK parameterization (net/net.h): u_l = sigma_w / sqrt(M_{l-1}) W_l
 * h_{l-1} + sigma_b b_l, all W, b ~ N(0, 1), linear output. For inputs x, x' with A_0 = their
 * product (over M_0, or not: the caller's choice) and q_0 = |x|^2 likewise, l = 1 .. L-1:
 *
 *   Q = sigma_w^2 A_{l-1} + sigma_b^2,  s, s' = sigma_w^2 q_{l-1} + sigma_b^2 of x and x',
 *   r = Q / sqrt(s s') in [-1, 1],  A_l = sqrt(s s') / (2 pi) [sqrt(1 - r^2) + (pi - arccos r) r],
 *   q_l = s / 2,  K_l = (pi - arccos r) / (2 pi);
 *   B_L = 1,  B_l = sigma_w^2 B_{l+1} K_l;  Theta_l = (sigma_w^2 A_{l-1} + sigma_b^2) B_l.
 *
 * Theta = sum_l Theta_l is the tangent kernel, sigma_w^2 A_{L-1} + sigma_b^2 the covariance (Jacot
 * et al. 2018; Karakida and Osawa 2020 count layers so). */
#ifndef KERNEL_NTK_H
#define KERNEL_NTK_H

#include <stddef.h>

struct ntk_spec {
    size_t layers;              /* L >= 1, at most NTK_LAYERS */
    double sigma_w2, sigma_b2;  /* > 0, >= 0 */
};
enum { NTK_LAYERS = 64 };

/* Theta(x, x') from A_0(x, x'), A_0(x, x), A_0(x', x'). covariance and layers (L: Theta_1 ..
 * Theta_L) may be NULL. A product beyond sqrt(q q') by rounding is clipped. An input of length 0
 * has r = 0 where sigma_b is 0: Theta is 0 there for L >= 1. */
double ntk_value(const struct ntk_spec *spec, double product, double square, double other_square,
                 double *covariance, double *layers);

/* The same on the unit sphere with A_0 = cos: the kernel for spectrum_sphere; context is a struct
 * ntk_spec. ntk_sphere(1) = L sigma_w^2 for sigma_w^2 = 2, sigma_b = 0. */
double ntk_sphere(double cosine, const void *spec);

#endif
