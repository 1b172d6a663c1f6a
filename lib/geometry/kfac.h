/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kfac: natural gradients by Kronecker factors of the Fisher matrix, as an optimizer of a network
 * that classifies by softmax(U f(x)), U a fixed scale of each output.
 *
 *   F_l ~ A_l (x) G_l,  A_l = E[a a'],  a = (s h_{l-1}, t),
 *                       G_l = E[d d'],  d = -d log p(y|x) / d z_l
 *   V_l = (A_l + pi sqrt(lambda) I)^{-1} (d L / d W_l) (G_l + sqrt(lambda) / pi I)^{-1}
 *   pi  = sqrt( (tr A_l / (in + 1)) / (tr G_l / out) )
 *
 * with W_l the (in + 1) x out block of net.h, biases included, x from the mini-batch and y from the
 * MODEL, not from the data. Step k mixes the batch's factors into the running ones with the weight
 * max(1/k, 1 - decay); inverses are made new every `period` steps. Source: J. Martens and R.
 * Grosse, "Optimizing neural networks with Kronecker-factored approximate curvature" (ICML 2015):
 * block-diagonal form, sections 3, 5 and 6.3. Without their re-scaling by the exact Fisher matrix
 * and their adaptation of lambda: the rate is the caller's, as for the other optimizers.
 *
 * Factors are formed, averaged and inverted in double; inverses are rounded to float. */
#ifndef GEOMETRY_KFAC_H
#define GEOMETRY_KFAC_H

#include <stddef.h>
#include <stdint.h>

#include "geometry/kfac_factors.h"
#include "net/net.h"

struct kfac {
    struct kfac_spec spec;
    const float *scale;   /* U (outputs), the caller's; NULL: 1 */
    struct kfac_pair *layers;  /* layer_count; of in + 1 and out */
    size_t layer_count, parameters;
    struct optimizer on_top;
    struct rng labels;
    float *p;             /* max_batch x outputs: probabilities */
    float *dlogits;       /* max_batch x outputs */
    float *unused;        /* parameters: gradients of the additional passes */
    float *direction;     /* parameters: v, after clipping */
    struct mat rows;      /* max_batch x widest: a or d in double */
    struct mat square, inverse; /* widest squared */
    struct matf product;  /* largest block */
    size_t steps;         /* observations */
    int inverted;         /* the inverses are those of one whole kfac_invert */
};

/* For this network's shape and batches of up to its max_batch. Labels come from the stream
 * "kfac:labels" of the seed. Memory is the arena's. */
struct kfac kfac_create(struct arena *mem, const struct kfac_spec *spec, const struct net *net,
                        const float *scale, uint64_t seed) MUST_USE;

/* Mixes the factors of the mini-batch of the last net_forward into the running ones. Deltas of the
 * network are overwritten, its gradients are not. STATUS_DIVERGED: an output is not finite. */
enum status kfac_observe(struct kfac *k, struct net *net) MUST_USE;

/* Inverts the damped factors of all layers. A layer whose G is 0 counts with pi = 1.
 * STATUS_NOT_DEFINITE: a damped factor is not positive definite in double; STATUS_DIVERGED: it is
 * not finite. After a failure there are no inverses. */
enum status kfac_invert(struct kfac *k) MUST_USE;

/* v (parameters) = V of the gradient with the last inverses, unclipped; there have to be
 * some (CHECKed). */
void kfac_direction(struct kfac *k, const struct net *net, const float *gradient, float *v);

/* One step on net->params at this rate, after net_forward and net_backward (keep 0) of a
 * mini-batch: observes, inverts when due or when the last inversion failed, steps along the
 * clipped direction. After a failure, also STATUS_DIVERGED of the gradient or of v, there was no
 * step. Takes no memory but LAPACK's workspace. */
enum status kfac_step(struct kfac *k, struct net *net, double rate,
                      struct kfac_report *report) MUST_USE;

#endif
