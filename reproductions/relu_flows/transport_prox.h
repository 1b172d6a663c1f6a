/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transport_prox: proximal points of a loss of neurons in four transport distances, by one method.
 *
 *   V = argmin_V F(V) + D(V, W) / (2 gamma),   D = (1/m) sum over signs g of m_g D_g(V_g, W_g)
 *
 * W is m x d, a row a neuron of weight 1/m; neurons of one sign are exchanged with each other only.
 * D_g between the clouds of one sign is
 *   EXACT      W2^2, by the assignment; gradient (2/m_g)(v_i - w_sigma(i))
 *   SLICED     the mean over the rows of `directions` of the one-dimensional W2^2 (sliced.h); near
 *              the identity W2^2 / d, so that gamma / d is its gamma
 *   ENTROPIC   the debiased divergence OT_eps(V, W) - OT_eps(V, V) / 2 - OT_eps(W, W) / 2
 *   BLURRED    OT_eps(V, W) alone: not 0 at V = W, and its gradient there pulls the cloud together
 * with |x - y|^2 as the cost. The gradients are those of the optimal plan held fixed (the envelope
 * theorem), right wherever that plan is unique.
 *
 * The search is the same for all of them (proximal_search.h). W2^2 and its sliced form are minima
 * of smooth functions over permutations, so their kinks point up and hold no minimum; the loss has
 * to be smooth. */
#ifndef RELU_FLOWS_TRANSPORT_PROX_H
#define RELU_FLOWS_TRANSPORT_PROX_H

#include <stddef.h>

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "linalg/mat.h"

enum transport_prox_kind {
    TRANSPORT_PROX_EXACT,
    TRANSPORT_PROX_SLICED,
    TRANSPORT_PROX_ENTROPIC,
    TRANSPORT_PROX_BLURRED
};

/* A distance, and what it has cost so far. */
struct transport_prox {
    enum transport_prox_kind kind;
    size_t positive;       /* rows 0 .. positive-1 have one sign, the others the other */
    struct mat directions; /* SLICED: L x d, rows of length 1 */
    double eps;            /* ENTROPIC, BLURRED */
    size_t evaluations;    /* of D_g */
    size_t solves;         /* shortest paths, directions, or steps of entropic_cloud.h */
    double operations;     /* flops and comparisons, counted by formula from m, d and `solves` */
};

/* F and, in `gradient` (m x d), dF/dW. */
typedef double transport_prox_loss(void *context, const struct mat *w, struct mat *gradient);

struct transport_prox_options {
    double gamma;
    double tolerance;      /* on the residual */
    size_t max_iterations;
};

struct transport_prox_report {
    size_t iterations;
    double residual;       /* gamma m |gradient of the objective| / max(|V - W|, 1e-6 |W|),
                              Frobenius norms */
    double objective;      /* F(V) + D(V, W) / (2 gamma), at most its value at W */
};

/* *value = D(V, W), and dD/dV where gradient (m x d) is not NULL. The statuses of assignment.h,
 * sliced.h and entropic_cloud.h. */
enum status transport_prox_distance(struct transport_prox *t, double *value, struct mat *gradient,
                                    const struct mat *v, const struct mat *w) MUST_USE;

/* The proximal point of W, in v (m x d, not W itself). `work` is m x d each. STATUS_NO_CONVERGENCE,
 * with v and the report filled, at the cap or where no shorter step lowers the objective;
 * STATUS_DIVERGED where the objective at W is not finite. */
enum status transport_prox_point(struct transport_prox *t, struct mat *v, const struct mat *w,
                                 transport_prox_loss *loss, void *context,
                                 const struct transport_prox_options *options, struct mat work[4],
                                 struct transport_prox_report *report) MUST_USE;

/* Directions for SLICED, in out (L x d): uniform and independent, or, with frames, orthonormal in
 * every d rows. A whole frame gives W2^2 / d without error where no order changes, because
 * sum_l <u, th_l>^2 = |u|^2 (cf. Rowland et al. 2019, orthogonal estimation). */
void transport_prox_directions(struct mat *out, struct rng *r, int frames);

#endif
