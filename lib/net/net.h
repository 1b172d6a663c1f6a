/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net: fully connected networks over one flat block of float parameters.
 *
 *   z_l = s_l h_{l-1} W_l + t_l b_l,   h_l = act(z_l) for l < L,   logits = z_L,   l = 1..L
 *
 * with W_l stored inputs x outputs and b_l as the row below it, so that layer l occupies
 * (in + 1) x out consecutive floats of params (and of grads): one matrix for those who want the
 * homogeneous form. The scales are s = t = 1, except for NET_NTK, where s = sigma_w / sqrt(in)
 * and t = sigma_b (Karakida and Akaho 2022; Jacot et al. 2018).
 *
 * A pass is three matrix products a layer: h W forward, delta W^T and h^T delta backward. Matrices
 * are row-major, one example a row. Nothing is allocated after net_create. Results are the same
 * bits from run to run; on OpenBLAS's Haswell core also for every alignment of the arrays. */
#ifndef NET_NET_H
#define NET_NET_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/rng.h"
#include "net/activation.h"

enum parameterization {
    NET_STANDARD, /* W ~ N(0, sigma_w2 / in), b ~ N(0, sigma_b2) */
    NET_NTK,      /* W, b ~ N(0, 1), scaled in the forward pass */
    NET_PYTORCH   /* W, b ~ U(-1/sqrt(in), 1/sqrt(in)): nn.Linear's default; forward as standard */
};

struct net_spec {
    size_t layer_count;   /* L >= 1 layers of weights: 3 means two hidden layers */
    const size_t *widths; /* L + 1 sizes from the inputs to the outputs; copied */
    enum activation activation; /* of the hidden layers; the last layer is linear */
    enum parameterization parameterization;
    double sigma_w2;      /* 0: 2 for ReLU (He), 1 for the others; not used by NET_PYTORCH */
    double sigma_b2;      /* 0: biases start at 0; with NET_NTK they then have no effect at all */
};

struct net_layer {
    size_t in, out;
    size_t weights_at;    /* offset of W (in x out) in params and grads */
    size_t biases_at;     /* offset of b (out): weights_at + in * out */
    float weight_scale, bias_scale; /* s, t */
    float *outputs;       /* max_batch x out: h_l of the last forward pass, logits for the last l */
    float *deltas;        /* max_batch x out: d loss / d z_l of the last backward pass */
};

struct net {
    size_t layer_count;
    struct net_layer *layers;  /* layer_count */
    enum activation activation;
    enum parameterization parameterization;
    double sigma_w2, sigma_b2; /* with the defaults filled in */
    size_t inputs, outputs;    /* widths of the first and of the last array */
    size_t max_batch;
    size_t param_count;
    float *params;        /* param_count; may be pointed at another block of that size */
    float *grads;         /* param_count */
    double *sums;         /* max_batch x outputs: scratch of net_ensemble_errors */
    const float *input;   /* batch x inputs: of the last forward pass, the caller's */
    size_t batch;         /* of the last forward pass */
};

/* A network with zero parameters for batches of up to max_batch rows. All memory is the arena's:
 * exhaustion goes to its guard. Sizes are CHECKed to be positive and to fit BLAS's int. */
struct net net_create(struct arena *mem, const struct net_spec *spec, size_t max_batch) MUST_USE;

/* Number of parameters that a network of this shape has: sum of (in + 1) out. */
size_t net_param_count(const struct net_spec *spec);

/* Draws all parameters, layer by layer, W before b, row by row. Normals are rng_normal rounded to
 * float. Biases with sigma_b2 = 0 take no draws, except with NET_NTK. */
void net_init(struct net *net, struct rng *rng);

/* Logits (batch x outputs, in the network, valid until the next pass) of x (batch x inputs), with
 * 1 <= batch <= max_batch. x must stay as it is until the backward pass is done. NaN goes through
 * every activation, so it reaches the loss. */
const float *net_forward(struct net *net, const float *x, size_t batch);

/* grads = keep * grads + d loss / d params, where dlogits (batch x outputs) is d loss / d logits
 * of the last forward pass: keep 0 writes (old content is not read), 1 accumulates, and a momentum
 * makes grads the velocity. dlogits may be net_dlogits(net) or the caller's; it is not changed. */
void net_backward(struct net *net, const float *dlogits, float keep);

/* params = (1 - learning_rate weight_decay) params - learning_rate d loss / d params: a step of
 * plain gradient descent inside the backward pass, without a detour over grads, which stay as
 * they are. Equals net_backward and the update up to rounding. */
void net_backward_step(struct net *net, const float *dlogits, double learning_rate,
                       double weight_decay);

/* Room for d loss / d logits: max_batch x outputs. */
float *net_dlogits(struct net *net);

/* d loss / d inputs of the last backward pass (batch x inputs), added for those who need it:
 * dinputs = s_1 delta_1 W_1^T. */
void net_input_gradient(const struct net *net, float *dinputs);

/* W_l, b_l and their gradients, l = 0..layer_count-1. */
float *net_weights(const struct net *net, size_t l);
float *net_biases(const struct net *net, size_t l);
float *net_weight_grads(const struct net *net, size_t l);
float *net_bias_grads(const struct net *net, size_t l);

/* Copies of all param_count parameters. */
void net_get_params(const struct net *net, float *out);
void net_set_params(struct net *net, const float *in);

/* ---- evaluation: any n, in batches of max_batch ---- */

/* Logits of n rows into out (n x outputs). */
void net_outputs(struct net *net, const float *x, size_t n, float *out);

/* How many of n rows are classified wrongly. The largest logit wins, of equal ones the lower class;
 * a row with a NaN counts as wrong. */
size_t net_errors(struct net *net, const float *x, const uint8_t *labels, size_t n);
double net_error_rate(struct net *net, const float *x, const uint8_t *labels, size_t n);

enum ensemble_mean { ENSEMBLE_LOGITS, ENSEMBLE_PROBABILITIES };

/* The same for the mean, in double, of the logits or of the softmax probabilities of `members`
 * parameter blocks of param_count each; params of the net are left alone. */
size_t net_ensemble_errors(struct net *net, const float *const *params, size_t members,
                           enum ensemble_mean mean, const float *x, const uint8_t *labels,
                           size_t n);
double net_ensemble_error_rate(struct net *net, const float *const *params, size_t members,
                               enum ensemble_mean mean, const float *x, const uint8_t *labels,
                               size_t n);

#endif
