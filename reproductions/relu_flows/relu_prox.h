/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relu_prox: proximal points of the loss of a two-layer ReLU network, in two distances.
 *
 *   Frobenius  argmin_V F(V) + (1/(2 gamma m)) sum_i |v_i - w_i|^2
 *   W2         argmin_V F(V) + (1/(2 gamma m)) min_sigma sum_i |v_i - w_sigma(i)|^2
 *
 * V and the centre W are m x d, a row a neuron. eta = gamma m is the step of the gradient descent
 * that agrees with both to first order. F is quadratic where no <v_i, x_j> changes sign. Where the
 * minimum is a kink, <v_i, x_j> = 0 with c_i e_j > 0, the kink is held as a constraint. With P_i
 * the projector onto the complement of the x_j held for neuron i, and z_ij = P_i x_j where i is
 * active on j, else 0, the minimum on a pattern is
 *
 *   v_i = P_i w_i - (eta c_i / n) sum_j e_j z_ij,
 *   (I + (eta / n) M) e = (sum_i c_i <z_ij, w_i>)_j - y,   M_jk = sum_i c_i^2 <z_ij, z_ik>
 *
 * which is one n x n solve. A step goes towards that minimum, to the first minimum of the objective
 * on the line, found exactly over all kinks on the way, so that the objective falls at every step;
 * where a kink holds that up, each neuron moves alone. The objective is not convex: the answer is
 * the local minimum below the start. (A neuron at 0 whose points pull it both ways is only known to
 * be stationary.)
 *
 * Source: V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June 2024,
 * section 2; the solvers are ours. Plain loops, no libm but sqrt, no BLAS: the same bits on every
 * CPU. n and d are tens, m hundreds. */
#ifndef RELU_FLOWS_RELU_PROX_H
#define RELU_FLOWS_RELU_PROX_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/status.h"
#include "linalg/mat.h"
#include "relu_flows/relu_network.h"
#include "relu_flows/relu_pattern.h"

struct relu_prox_report {
    size_t iterations;    /* steps; of all rounds for W2 */
    size_t fallbacks;     /* of them followed by moves of each neuron alone */
    size_t rounds;        /* W2: assignments solved */
    double objective;     /* at the answer */
    double decrease;      /* objective at the start less that, >= 0 up to rounding */
    double distance;      /* sum_i |v_i - c_sigma(i)|^2 / m, sigma the identity for Frobenius */
    double residual;      /* h max_i |subgradient of least length|, over the largest of its terms */
    size_t kinks;         /* pairs (i, j) held at <v_i, x_j> = 0 */
    size_t moved;         /* W2: neurons with sigma(i) != i; 0 where the identity is as cheap, cost
                             (identity) <= cost(sigma) (1 + 1e-12) */
};

struct relu_prox_limits {
    double tolerance;     /* of the residual */
    size_t iterations;    /* steps of one Frobenius proximal point */
    size_t rounds;        /* of assignments */
};
/* What the claims use. */
#define RELU_PROX_LIMITS ((struct relu_prox_limits){1e-11, 5000, 100})

/* Scratch for a network; everything is allocated here but what an assignment needs. */
struct relu_prox {
    struct relu_network *net;
    struct relu_prox_limits limits;
    struct relu_pattern pattern;
    struct mat centre;      /* m x d: permuted centres */
    struct mat gradient;    /* m x d */
    size_t *sigma;          /* m: the last assignment */
};

struct relu_prox relu_prox_make(struct arena *mem, struct relu_network *net);

/* The objective in the Frobenius distance. */
double relu_prox_objective(struct relu_prox *s, const struct mat *v, const struct mat *centre,
                           double gamma);

/* v (m x d) holds the start and becomes a proximal point of `centre` (not v itself), gamma > 0.
 * STATUS_NO_CONVERGENCE at the cap or where steps stopped short of the tolerance, with v the best
 * point and the report filled; STATUS_DIVERGED when a start or centre is not finite. Leaves
 * residuals in net->e. 2 m n^2 d + n^3 / 3 flops a step. */
enum status relu_prox_frobenius(struct relu_prox *s, const struct mat *centre, double gamma,
                                struct mat *v, struct relu_prox_report *report) MUST_USE;

/* The same in W2: assignment and Frobenius proximal point in turns, until the assignment stays; the
 * objective falls at every turn. signs 1: only neurons of equal output weight may be exchanged; 0:
 * all. s->sigma is the last assignment, v_i from centre sigma(i). Also as assignment_solve. */
enum status relu_prox_wasserstein(struct relu_prox *s, const struct mat *centre, double gamma,
                                  int signs, struct mat *v,
                                  struct relu_prox_report *report) MUST_USE;

/* The note's inner loop (section 2.2.1), `count` times from v as it is:
 *   v <- v - beta (grad F(v) + (v - centre) / (gamma m)).
 * With beta = gamma m it is v <- centre - gamma m grad F(v), the note's explicit variant but for
 * its missing m. Returns the length of the last move, max_i |.|. */
double relu_prox_descend(struct relu_prox *s, const struct mat *centre, double gamma, double beta,
                         size_t count, struct mat *v);

/* Exchanges rows of w between neurons of different output weights as long as that lowers F, the
 * best pair first: a start for W2 without signs, at no transport cost. Returns the exchanges. */
size_t relu_prox_relabel(struct relu_prox *s, struct mat *w);

#endif
