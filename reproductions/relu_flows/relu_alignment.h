/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relu_alignment: the vectors that small neurons of a ReLU network turn to, and how far they are.
 *
 *   v(s) = (1/n) sum_j y_j s_j x_j,   s_ij = [<w_i, x_j> > 0],   a_i the sign of c_i
 *
 * is the velocity of neuron i, up to |c_i|, while the network's output is next to nothing:
 * a_i v(s_i). Where it points to a boundary <w, x_j> = 0 from both sides, the neuron slides along
 * that boundary, and its velocity is a_i v(s_i) without the part along x_j: v changes across the
 * boundary by y_j x_j / n, so both sides say the same.
 *
 * Source: V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June 2024,
 * section 3, after H. Maennel, O. Bousquet and S. Gelly, Gradient descent quantizes ReLU network
 * features, 2018 (extremal vectors). Own sums and square roots alone. */
#ifndef RELU_FLOWS_RELU_ALIGNMENT_H
#define RELU_FLOWS_RELU_ALIGNMENT_H

#include <stddef.h>

#include "base/memory.h"
#include "linalg/mat.h"
#include "linalg/vec.h"
#include "relu_flows/relu_network.h"

/* What counts as what; both cosines. */
struct relu_alignment_limits {
    double aligned;  /* above: w_i has the direction of a vector */
    double boundary; /* below, in magnitude: w_i is on the boundary of x_j */
};

/* Working memory for networks of m neurons in d dimensions. */
struct relu_alignment {
    struct relu_alignment_limits limits;
    struct vec v, along;  /* d: of the last neuron, see relu_alignment_vectors */
    struct mat normal;    /* d x d: orthonormal rows, across the boundaries of that neuron */
    double *cosine;       /* m */
};

/* All neurons that are active on some point, at one time; zeros when there is none. */
struct relu_sight {
    size_t active;
    double cosine;  /* median of cos(w_i, a_i v(s_i)) */
    double share;   /* of those with a cosine above `aligned` */
    double general; /* of those that have it with v or, on boundaries, with v along them */
    double growth;  /* largest a_i <w_i, v(s_i)> / |w_i|, 0 or more: d log|w_i| / dt where
                       |c_i| = |w_i| */
};

struct relu_alignment relu_alignment_make(struct arena *mem, size_t m, size_t d,
                                          struct relu_alignment_limits limits);

/* Leaves v = a_i v(s_i), and along = v without its parts across the boundaries that w_i is on.
 * Returns on how many points neuron i of W (m x d) is active. About 6 n d flops. */
size_t relu_alignment_vectors(struct relu_alignment *a, const struct relu_network *net,
                              const struct mat *w, size_t i);

struct relu_sight relu_alignment_look(struct relu_alignment *a, const struct relu_network *net,
                                      const struct mat *w);

/* Cosine of the angle between two vectors; 0 when one of them is 0. */
double relu_alignment_cosine(const struct vec *a, const struct vec *b);

/* The angle between them in 0..pi, to rounding also where it is small; a is not 0. `across` (d)
 * is working memory. */
double relu_alignment_angle(const struct vec *a, const struct vec *b, struct vec *across);

/* Median of n numbers, which are sorted; 0 for n = 0. No memory, unlike stat_median. */
double relu_alignment_median(double *x, size_t n);

#endif
