/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kfac_factors: what K-FAC for fully connected (kfac.h) and for convolutional networks
 * (kfac_conv.h) share: settings, pairs of Kronecker factors and their damped inverses, where the
 * backward passes begin, and the end of a step.
 *
 *   V = (A + pi sqrt(lambda) I)^{-1} D (G + sqrt(lambda) / pi I)^{-1},
 *   pi = sqrt( (tr A / in) / (tr G / out) )
 *
 * Source: J. Martens and R. Grosse (ICML 2015), section 6.3. A factor c A with G / c gives the same
 * V: pi takes c up. */
#ifndef GEOMETRY_KFAC_FACTORS_H
#define GEOMETRY_KFAC_FACTORS_H

#include <stddef.h>

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "linalg/mat.h"
#include "net/optimizer.h"

enum kfac_labels {
    KFAC_SAMPLED,         /* one label an example, drawn from the model: one more backward pass */
    KFAC_EXPECTED         /* the exact mean over all labels: as many passes as outputs */
};

struct kfac_spec {
    enum kfac_labels labels;
    double decay;         /* of the running factors, 0 <= decay < 1 */
    double damping;       /* lambda >= 0 */
    size_t period;        /* steps from one inversion to the next, >= 1 */
    double clip;          /* longest v; 0: any */
    struct optimizer_spec on_top; /* SGD: momentum and weight decay */
};

struct kfac_report {
    double length;        /* |v| before clipping */
    double clipped;       /* factor, 1: not clipped */
    double slope;         /* <gradient, v>, after clipping */
};

/* CHECKs every field. */
void kfac_check(const struct kfac_spec *spec);

struct kfac_pair {
    struct mat a, g;      /* in squared, out squared: running factors */
    struct matf a_inverse, g_inverse; /* of the damped factors, rounded */
};

/* Both zero. */
struct kfac_pair kfac_pair_create(struct arena *mem, size_t in, size_t out) MUST_USE;

/* Inverts the damped factors; G = 0 counts with pi = 1. `square` and `inverse` are room for the
 * larger one in double. STATUS_NOT_DEFINITE: a damped factor is not positive definite in double;
 * STATUS_DIVERGED: it is not finite. Messages name `layer`. */
enum status kfac_pair_invert(struct kfac_pair *pair, double damping, size_t layer,
                             struct mat *square, struct mat *inverse) MUST_USE;

/* p (n x d) = softmax(U f) of the rows of f; U (d) NULL: 1. STATUS_DIVERGED: an entry is not
 * finite. */
enum status kfac_probabilities(float *p, const float *f, const float *scale, size_t n,
                               size_t d) MUST_USE;

/* One row (d) of what the backward pass begins with: root U (p - onehot(label)). */
void kfac_cotangent(float *row, const float *p, const float *scale, size_t d, size_t label,
                    double root);

/* A label from the distribution p (d); one draw. */
size_t kfac_draw_label(struct rng *rng, const float *p, size_t d);

/* Clips v and says so in the report, g being the gradient. STATUS_DIVERGED: v is not finite. */
enum status kfac_clip(struct vecf *v, const struct vecf *g, double clip,
                      struct kfac_report *report) MUST_USE;

#endif
