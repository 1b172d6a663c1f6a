/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relu_pattern: the loss of a two-layer ReLU network between and on its kinks, for proximal points
 * (relu_step, relu_prox) and exact flows (relu_flow).
 *
 * A pair (i, j) of neuron and data point is on (<v_i, x_j> > 0), off, or at its kink. Moved by the
 * negative subgradient, a neuron stays at a kink where c_i e_j > 0 pushes it back from the active
 * side and the other points push it there: the pair is held. Its share of the subgradient is
 * s_ij (c_i e_j / n) x_j with 0 < s_ij < 1 such that <v_i, x_j> does not change.
 *
 * Plain loops, no libm but sqrt, no BLAS: the same bits on every CPU. n, m and d are tens. */
#ifndef RELU_FLOWS_RELU_PATTERN_H
#define RELU_FLOWS_RELU_PATTERN_H

#include <stddef.h>

#include "base/memory.h"
#include "linalg/mat.h"
#include "relu_flows/relu_network.h"

enum relu_side { RELU_OFF, RELU_ON, RELU_KINK };

struct relu_pattern {
    struct relu_network *net;
    unsigned char *state;   /* m x n, enum relu_side */
    unsigned char *held;    /* m x n: 1 for kinks that the subgradient does not leave */
    struct mat h, dh;       /* m x n: <v_i, x_j>, exactly 0 at kinks; its change along p */
    struct mat s;           /* m x n: multipliers of the kinks */
    struct mat g, p;        /* m x d: subgradient of least length, direction */
    struct mat a;           /* n x n */
    struct mat z;           /* n x d: P_i x_j of one neuron */
    struct mat basis;       /* d x d: orthonormal rows that span the held x_j of one neuron */
    struct vec e, de;       /* n: residuals, their change along p */
    struct mat small;       /* d x d: scratch of one neuron's multipliers, as the next three */
    struct vec change, b;   /* d */
    size_t *free;           /* d */
    unsigned char *concave; /* n: concave kinks that are taken as on */
};

struct relu_pattern relu_pattern_make(struct arena *mem, struct relu_network *net);

/* h, state and e of a fresh V (m x d); what is 0 to rounding is a kink, and a neuron that is
 * nothing beside the longest becomes 0. */
void relu_pattern_classify(struct relu_pattern *s, struct mat *v);

/* The same after V moved with its held kinks, which stay kinks. */
void relu_pattern_follow(struct relu_pattern *s, struct mat *v);

/* v_i = P_i v_i, P_i the projector onto the complement of the x_j held for neuron i. */
void relu_pattern_project(struct relu_pattern *s, size_t i, double *v);

/* s->z: row j is P_i x_j where neuron i is active on j, else 0. */
void relu_pattern_active(struct relu_pattern *s, size_t i);

/* Solves A x = b in place, A (its first n rows and columns) symmetric positive definite, by
 * A = L D L^T without pivots: L in the lower triangle of A, D on its diagonal. */
void relu_pattern_solve(struct mat *a, size_t n, double *b);

#endif
