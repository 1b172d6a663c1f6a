/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fisher_model: what of the Fisher matrix of a softmax classifier can be had without forming it.
 *
 *   g = E_x E_{y ~ p_w(.|x)} grad log p_w(y|x) grad log p_w(y|x)'
 *   g_kk by Monte Carlo: y is drawn from the MODEL, never the label of the data
 *   w' g w = E_x Var_{y ~ p}( <w, grad f_y(x)> ), the squared Fisher-Rao norm
 *
 * For networks without biases whose activations are homogeneous of degree 1, with L hidden layers,
 * <w, grad f> = (L + 1) f (Euler), so w' g w = (L + 1)^2 E_x Var_{y ~ p}(f_y): T. Liang, T. Poggio,
 * A. Rakhlin and J. Stokes, Fisher-Rao metric, geometry, and complexity of neural networks (2019).
 *
 * The classifier is a pair of callbacks, so that any engine will do. Examples are taken in index
 * order. Sums are in double. */
#ifndef GEOMETRY_FISHER_MODEL_H
#define GEOMETRY_FISHER_MODEL_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "net/net.h"

struct fisher_model {
    size_t params, outputs;
    void *context;
    /* Logits (rows x outputs) of the examples first .. first + rows - 1, valid until the next
     * call of either. */
    const float *(*forward)(void *context, size_t first, size_t rows);
    /* sum over rows and outputs of dlogits (rows x outputs) times d logits / d params, for the last
     * forward: params floats, valid until the next call of either. */
    const float *(*backward)(void *context, const float *dlogits);
};

/* A fully connected network on rows of x, both the caller's; examples are bounded by x alone. */
struct fisher_net_view {
    struct net *net;
    const float *x;        /* examples x inputs */
};

struct fisher_model fisher_model_of_net(struct fisher_net_view *view) MUST_USE;

/* A label from softmax(logits), one uniform draw. */
size_t fisher_model_draw(const float *logits, size_t width, struct rng *rng);

/* diagonal (params) = mean over batches of (mean over the batch of grad log p(y|x))^2. batch = 1 is
 * the diagonal of g, estimated without bias; a batch of b has the expectation g_kk / b (the mean of
 * the score is 0), which is what Task2Vec's reference code computes with b = 64. The examples
 * behind the last whole batch are left out; examples >= batch >= 1. `draws` >= 1 labels an example.
 * STATUS_DIVERGED: a gradient is not finite. Memory before the first batch only. */
enum status fisher_model_diagonal(const struct fisher_model *m, size_t examples, size_t batch,
                                  size_t draws, struct rng *rng, struct arena *mem,
                                  double *diagonal) MUST_USE;

struct fisher_norms {
    double metric;         /* w' g w, exactly: all labels, no draw */
    double logits;         /* E_x Var_{y ~ p}(f_y) */
};

/* At the parameters w (params) that the model has now, or along any other w. One backward pass an
 * example and output. STATUS_DIVERGED: a result is not finite. */
enum status fisher_model_norms(const struct fisher_model *m, const float *w, size_t examples,
                               struct arena *mem, struct fisher_norms *out) MUST_USE;

#endif
