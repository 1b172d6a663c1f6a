/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grid_flow: the gradient flow of a measure of ReLU neurons (w, b) in the plane, by entropic JKO
 * steps of masses on a fixed square grid, and by particles that start at the same grid points.
 *
 *   f(x) = sum_i a_i p_i max(0, w_i x + b_i),   F = (1/2n) sum_j (f(x_j) - y_j)^2
 *
 * Neurons of sign +1 and -1 are two measures (species) of mass 1 each. A JKO step of length tau
 * moves physical time by tau / 2 (transport/jko.h). The particles keep their masses p_i and follow
 * theta_i' = -(1/p_i) dF/dtheta_i, which is the Wasserstein gradient flow of F.
 * Source: V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June 2024,
 * sections 8 and 10; F carries the 1/2 (see relu_network.h). */
#ifndef RELU_FLOWS_GRID_FLOW_H
#define RELU_FLOWS_GRID_FLOW_H

#include "base/memory.h"
#include "base/status.h"
#include "linalg/mat.h"
#include "linalg/vec.h"
#include "relu_flows/relu_network.h"
#include "transport/jko.h"

struct grid_flow {
    const struct relu_data *data; /* n points, d = 2 */
    struct jko_grid grid;  /* two axes w, b with the same coordinates; 1 or 2 species */
    struct mat theta;      /* G x 2: the grid points of all species */
    struct mat a;          /* n x G: a_i max(0, <theta_i, x_j>) / sqrt(n) */
    struct vec y;          /* n: y_j / sqrt(n) */
    struct vec start;      /* G: masses at time 0, 1 for each species */
};

/* The points of [-half, half]^2 with `side` points an axis, side >= 2, for each species; the start
 * is a Gaussian of standard deviation `width` around row k of centre (species x 2) for species k,
 * cut to the grid and scaled to mass 1. Species 1 has the sign -1. `data` is kept, not copied. */
struct grid_flow grid_flow_make(struct arena *mem, const struct relu_data *data, size_t side,
                                double half, size_t species, const double *centre,
                                double width);

/* Row k of outputs (count x n) is f at the data under masses p (G), or under particles. */
void grid_flow_output(const struct grid_flow *g, const struct vec *p, struct vec *f);

/* Variance of a measure with masses p (G) at the rows of theta (G x 2), averaged over the two
 * coordinates and, by mass, over the species: sum_i p_i |theta_i - mean of the species|^2 / (2
 * sum p). */
double grid_flow_variance(const struct grid_flow *g, const struct vec *p, const struct mat *theta);

/* `steps` JKO steps from g->start, by Newton's method; gam = 0: exact ones, without entropy. p (G)
 * holds the masses after the last one, row k of outputs (more than `steps` rows, n columns) f after
 * step k. *iterations (may be NULL) counts the solver's. The status of the first failure. */
enum status grid_flow_jko(const struct grid_flow *g, struct arena *mem, double gam, double tau,
                          size_t steps, struct vec *p, struct mat *outputs, size_t *iterations)
    MUST_USE;

/* The particles at times k T / steps, k = 0 .. steps: row k of outputs ((steps + 1) x n) is f,
 * theta (G x 2) where they are in the end. Particles of mass below `least` stay where they are.
 * Cash-Karp steps of GSL with the step controlled by the error in p_i theta_i, at most `tolerance`
 * for each. STATUS_DIVERGED: the loss is not finite; STATUS_MEMORY, STATUS_NO_CONVERGENCE as GSL
 * says. */
enum status grid_flow_particles(const struct grid_flow *g, struct arena *mem, double T,
                                size_t steps, double least, double tolerance, struct mat *theta,
                                struct mat *outputs) MUST_USE;

#endif
