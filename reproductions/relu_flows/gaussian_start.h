/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gaussian_start: a Gaussian measure of neurons in the plane, as a sample, as well-spread points,
 * and in closed form.
 *
 *   mu_0 = N(center, sd^2 I) for one sign; for two signs half of the mass on neurons of each
 *   f = integral of a max(0, <w, x>) dmu_0
 *
 * Samples are identical on every CPU; points and moments call libm. */
#ifndef RELU_FLOWS_GAUSSIAN_START_H
#define RELU_FLOWS_GAUSSIAN_START_H

#include "base/memory.h"
#include "base/rng.h"
#include "linalg/mat.h"
#include "relu_flows/relu_network.h"

struct gaussian_start {
    double center[2], sd; /* sd > 0 */
    size_t signs;         /* 1: all neurons positive; 2: as many of each sign */
};

/* A network of m neurons on data of dimension 2, c = 1 / m or, of the second half, -1 / m; with two
 * signs m is even. */
struct relu_network gaussian_start_network(struct arena *mem, const struct gaussian_start *g,
                                           const struct relu_data *data, size_t m);

/* W (m x 2): independent draws. */
struct mat gaussian_start_sample(struct arena *mem, const struct gaussian_start *g, struct rng *r,
                                 size_t m);

/* W (signs k x 2): k points a sign on a spiral of golden angles (Vogel 1979), the fraction of the
 * mass inside point i being (i + 1/2) / k: a quadrature of mu_0 with equal weights. */
struct mat gaussian_start_spiral(struct arena *mem, const struct gaussian_start *g, size_t k);

/* f(x) and the variance of a max(0, <w, x>) within a sign, for x (2). A network of m draws has the
 * mean f(x) and this variance over m. */
void gaussian_start_moments(const struct gaussian_start *g, const double *x, double *f,
                            double *variance);

#endif
