/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kwng_net: the kernelized Wasserstein natural gradient as an optimizer of a network.
 *
 * The outputs of a mini-batch, times a fixed scale of each, are the N samples X_n = U f(x_n) in d
 * dimensions; the inputs play the part of Z. Row m of T is a backward pass with the derivatives of
 * basis function m in place of those of the loss,
 *   T_m = sum_n,j (1/N) d^2 k(Y_m, X_n) / (d y_{i_m} d x_j) U_j d f_j(x_n) / d params,
 * and all M passes are made at once, on M N rows. Source: M. Arbel, A. Gretton, W. Li, G. Montufar,
 * "Kernelized Wasserstein natural gradient" (arXiv 1910.09652), and the official code of it.
 *
 * eps follows the rule of Levenberg and Marquardt of the official code: every `period` steps
 *   r = max(0, 2 (L_{t-1} - L_t) / (rate_{t-1} <g_{t-1}, v_{t-1}>)) over the window
 *   r < low: eps = min(eps / factor, eps_high);     r > high: eps = max(eps factor, eps_low)
 * As there, L_t is the loss of the new mini-batch, so that no further pass is needed but r is
 * noisy, and r is a maximum that starts at 0: one lucky pair lowers eps. Unlike there: the first
 * step is known by a flag, not by a loss of -1; the rate is that of the step that was made; after a
 * fallback <g, v> is |g|^2, what was really done; a pair whose expected gain is not positive or too
 * small to divide by is left out; eps does not pass its ends (there it may, by one factor); a
 * direction of length l > clip is multiplied by clip / l (there 1 / (l + 1e-6)).
 *
 * Where the estimator has no direction (equal samples, no definite metric), or none downhill, the
 * step is made along g, clipped like any other, and the report says so. Momentum and weight decay
 * are those of optimizer.h with v in the place of the gradient. */
#ifndef GEOMETRY_KWNG_NET_H
#define GEOMETRY_KWNG_NET_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "geometry/kwng.h"
#include "geometry/kwng_wide.h"
#include "kernel/kernel.h"
#include "net/model.h"
#include "net/net.h"
#include "net/optimizer.h"

/* kwng_net_official has the values of the official code. */
struct kwng_net_spec {
    size_t basis;               /* M; of a batch of fewer examples, all */
    enum kernel_family family;
    double alpha;               /* of the rational quadratic kernel */
    double bandwidth;           /* s2 over the mean of |Y_m - X_n|^2 */
    double lambda, cut;         /* as in kwng.h */
    enum kwng_damping damping;
    double eps;                 /* at the start */
    size_t period;              /* steps from one change of eps to the next; 0: eps stays */
    double factor, low, high;   /* 0 < factor < 1, low < high */
    double eps_low, eps_high;
    double clip;                /* longest v; 0: any */
    struct optimizer_spec on_top; /* SGD: momentum and weight decay */
};

extern const struct kwng_net_spec kwng_net_official;

struct kwng_net_report {
    struct kwng_report estimate; /* its status says why, where a step fell back */
    double eps;           /* that the step was made with */
    double s2;            /* bandwidth */
    double reduction;     /* r of this pair of steps alone; 0 where it was left out */
    double length;        /* |v| before clipping */
    double clipped;       /* factor, 1: not clipped */
    int fallback;         /* 1: v = g */
};

struct kwng_net {
    struct kwng_net_spec spec;
    const float *scale;   /* U (outputs), the caller's; NULL: 1 */
    struct kwng_wide wide;
    struct optimizer on_top;
    struct kwng_basis basis;
    struct rng points, coordinates;
    struct mat x, c, gram, ridge; /* max_batch x d; M x max_batch d; M x M twice */
    float *rows[2];       /* M max_batch x widest layer: deltas of a layer and of the one below; of
                             a model M max_batch x d and none */
    float *gradient;      /* param_count: of the loss, while a model's passes are made; else NULL */
    float *direction;     /* param_count: v, after clipping */
    double eps, best;     /* best: max r of the window */
    double loss, gain;    /* of the last step: L, rate <g, v> */
    size_t steps, fallbacks;
};

/* An optimizer for this network's shape and batches of up to its max_batch; M < param_count. Basis
 * points come from the streams "kwng:points" and "kwng:coordinates" of the seed. Memory is the
 * arena's; steps take none but LAPACK's workspace of M x M. */
struct kwng_net kwng_net_create(struct arena *mem, const struct kwng_net_spec *spec,
                                const struct net *net, const float *scale,
                                uint64_t seed) MUST_USE;

/* One step on net->params at this rate, after net_forward and net_backward (keep 0) of a mini-batch
 * with this loss: outputs, inputs and gradient are the network's. STATUS_DIVERGED, and no step,
 * where loss, outputs or gradient are not finite. A zero gradient makes no step but momentum's. */
enum status kwng_net_step(struct kwng_net *k, struct net *net, double loss, double rate,
                          struct kwng_net_report *report) MUST_USE;

/* The same for a network of any kind, whose M backward passes are made one after the other. The
 * model is after its forward pass of `batch` rows, which made `outputs`, and after the backward
 * pass of the loss (keep 0). Dropout and statistics are those of that forward pass. */
struct kwng_net kwng_net_create_model(struct arena *mem, const struct kwng_net_spec *spec,
                                      const struct model *model, const float *scale,
                                      uint64_t seed) MUST_USE;
enum status kwng_net_step_model(struct kwng_net *k, const struct model *model,
                                const float *outputs, size_t batch, double loss, double rate,
                                struct kwng_net_report *report) MUST_USE;

/* T (first m rows of k->wide.t) from C (m x batch d): a part of the step, for tests and those who
 * want the rows alone. */
void kwng_net_backward(struct kwng_net *k, const struct net *net, const struct mat *c);

#endif
