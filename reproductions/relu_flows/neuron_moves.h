/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neuron_moves: how far the neurons of one step go, as labelled ones and as a measure.
 *
 * V and W are m x d, a row a neuron. The squared Frobenius distance is sum_i |v_i - w_i|^2, W2^2 is
 * min_sigma sum_i |v_i - w_sigma(i)|^2, both up to the same 1/m. */
#ifndef RELU_FLOWS_NEURON_MOVES_H
#define RELU_FLOWS_NEURON_MOVES_H

#include "base/compiler.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "linalg/mat.h"

/* max_i |v_i - w_i| < min_{i != j} |w_i - w_j| / 2: then the identity is the optimal assignment. */
int neuron_moves_half_separated(const struct mat *v, const struct mat *w);

/* W2^2 over the squared Frobenius distance, in [0, 1], 1 for V = W; how many neurons have
 * sigma(i) != i. All may be exchanged, whatever their sign. Statuses of assignment_solve. */
enum status neuron_moves_ratio(double *ratio, size_t *moved, const struct mat *v,
                               const struct mat *w) MUST_USE;

/* A random grid: the rows of w (m x 2, m > 1) are different points of the smallest k x k grid on
 * [-scale, scale]^2 that has as many, in random order. */
void neuron_moves_grid(struct arena *mem, struct rng *r, double scale, struct mat *w);

#endif
