/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kfac_conv: natural gradients by Kronecker factors of the Fisher matrix, as an optimizer of a
 * network over images (net/convnet.h) that classifies by softmax(U f(x)).
 *
 * A convolution with weights W (out x in k k, bias as one more column) is one product for each of
 * the T positions of its output, z_t = W a_t, where a_t is the patch of the input there (and 1).
 * Where derivatives at different positions are uncorrelated, and patches and derivatives have the
 * same second moments everywhere and are independent of each other,
 *
 *   F ~ A (x) G,   A = E[ sum_t a_t a_t' ],   G = E[ sum_t d_t d_t' ] / T,
 *                  d_t = -d log p(y|x) / d z_t
 *   V = (G + sqrt(lambda) / pi I)^{-1} (d L / d W) (A + pi sqrt(lambda) I)^{-1}
 *
 * with pi of kfac_factors.h. Source: R. Grosse and J. Martens, "A Kronecker-factored approximate
 * Fisher matrix for convolution layers" (ICML 2016), section 3. A linear layer has T = 1 and is
 * that of kfac.h. Without their re-scaling by the exact Fisher matrix, their momentum and their
 * adaptation of lambda, as there.
 *
 * Scale and shift of a channel of a batch normalization have a block of their own, 2 x 2, of each
 * image's derivatives, damped by lambda: K. Osawa and others, "Scalable and practical natural
 * gradient for large-scale deep learning" (2020). Derivatives come from a backward pass through the
 * batch's statistics, so one image's are those of the whole batch's losses.
 *
 * Second moments are those of kfac_moments.h, inverses are rounded to float. Running factors,
 * labels and inverses are as in kfac.h. */
#ifndef GEOMETRY_KFAC_CONV_H
#define GEOMETRY_KFAC_CONV_H

#include "geometry/kfac_factors.h"
#include "geometry/kfac_moments.h"
#include "net/convnet.h"

struct kfac_conv_layer {
    size_t layer, params_at; /* of the network */
    struct kfac_window window;
    size_t rows, cols;    /* T = rows cols */
    size_t out;           /* or the channels of a batch normalization */
    size_t in;            /* columns of A: in k k + bias; 0: batch normalization */
    struct kfac_pair pair;
    struct mat blocks;    /* batch normalization: out x 3: E[ds ds], E[ds dt], E[dt dt] */
    struct mat inverses;  /* out x 3: of the damped blocks */
    int masks;            /* batch normalization: what comes down is not yet masked */
};

struct kfac_conv {
    struct kfac_spec spec;
    struct convnet *net;  /* the caller's */
    struct model model;   /* of it */
    const float *scale;   /* U (outputs), the caller's; NULL: 1 */
    struct kfac_conv_layer *layers; /* layer_count: those with parameters, in their order */
    size_t layer_count;
    size_t *own;          /* for each layer of the network: its place in layers, or layer_count */
    struct optimizer on_top;
    struct rng labels;
    float *p;             /* max_batch x outputs: probabilities */
    float *gradient;      /* parameters: the loss's, while other passes are made */
    float *direction;     /* parameters: v, after clipping */
    struct kfac_moments moments;
    struct mat square, inverse; /* widest squared */
    struct matf block, product; /* largest block */
    double keep, new;     /* of the pass: old and new weight of G */
    int with_inputs;      /* of the pass: A too, by the same weights */
    size_t steps;         /* observations */
    int inverted;         /* the inverses are those of one whole kfac_conv_invert */
};

/* For this network, which stays where it is and was made for repeat_backward, and batches of up to
 * its max_batch. Labels come from the stream "kfac:labels" of the seed. Memory is the arena's. No
 * transposed convolutions (CHECKed). */
struct kfac_conv kfac_conv_create(struct arena *mem, const struct kfac_spec *spec,
                                  struct convnet *net, const float *scale,
                                  uint64_t seed) MUST_USE;

/* Mixes the factors of the mini-batch of the last forward pass, which made these outputs (batch x
 * outputs), into the running ones. The network's gradients are left as they were.
 * STATUS_DIVERGED: an output is not finite. */
enum status kfac_conv_observe(struct kfac_conv *k, const float *outputs, size_t batch) MUST_USE;

/* Errors as kfac_pair_invert, also of the blocks; after one there are no inverses. */
enum status kfac_conv_invert(struct kfac_conv *k) MUST_USE;

/* v (parameters) = V of the gradient with the last inverses, unclipped; there have to be
 * some (CHECKed). */
void kfac_conv_direction(struct kfac_conv *k, const float *gradient, float *v);

/* One step on the network's parameters at this rate, after the forward pass that made these outputs
 * and the backward pass of the loss (keep 0): as kfac_step. */
enum status kfac_conv_step(struct kfac_conv *k, const float *outputs, size_t batch, double rate,
                           struct kfac_report *report) MUST_USE;

#endif
