/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet: networks over images from a plan (convnet_spec.h), trained through a struct model.
 *
 * Parameters lie in one flat block, layer by layer: convolutions out x in x k x k and bias (out),
 * transposed ones in x out x k x k, batch normalization scale and shift (c each), linear layers
 * out x in and bias: PyTorch's arrays in PyTorch's order. Running means and variances (c each) lie
 * in a second block, the state.
 *
 * Images come in as NCHW rows and stay in the library's layout until the classifier: blocks of 16
 * channels with AVX-512 and of 8 with AVX2 where all channels between the layers are multiples of
 * that and the library has fast code for all passes (with AVX2 it has none for images that come in
 * with 1 channel, nor for those smaller than a kernel), all channels last otherwise. Memory is
 * planned once: activations, gradients of activations and workspace lie in one block, in which what
 * is never alive at the same moment of a step shares its place. So the backward pass destroys what
 * it has read, and a second one without a forward pass between needs options.repeat_backward. The
 * output of a batch normalization is not kept but made again in the backward pass. Primitives are
 * made once a batch size: those of max_batch at creation, others by convnet_prepare, or else at
 * their first pass, for which there is no status: without memory that pass aborts (CHECK).
 *
 * Where a process has several threads, a pass of few products still runs on the calling one alone:
 * threads that wait passively take some 40 us to wake, several times a layer (measured on two
 * cores: an eighth of the conv net, batches of 20, took 4.1 ms a step on two threads and 0.5 on
 * one). The rule is fixed: less than CONVNET_THREADS_FROM million multiplications a layer, forward,
 * in the mean over the layers.
 *
 * Results are the same bits from run to run for one processor class, library and thread count. */
#ifndef NET_CONVNET_H
#define NET_CONVNET_H

#include <stddef.h>
#include <stdint.h>

#include "base/provenance.h"
#include "base/rng.h"
#include "base/status.h"
#include "net/convnet_spec.h"
#include "net/model.h"
#include "net/tensor.h"

enum { CONVNET_THREADS_FROM = 10 }; /* million multiplications a layer and pass */

struct convnet_options {
    size_t max_batch;     /* at least 1 */
    int evaluate_only;    /* no gradients: less memory */
    int input_gradient;   /* 1: the backward pass goes down to the input (convnet_input_gradient) */
    int direct;           /* 1: never Winograd */
    int repeat_backward;  /* 1: more than one backward pass after a forward pass: more memory */
    int keep_all;         /* 1: that, and no activation is made again or loses its place: faster,
                             much more memory */
    int all_threads;      /* 1: small passes too run on all threads */
    uint64_t seed;        /* root of the stream "dropout" */
};

struct convnet_memory {
    size_t params;        /* bytes of parameters, gradients and state */
    size_t room;          /* activations, their gradients and the workspace together */
    size_t workspace;     /* beside it, of batch sizes that need more */
    size_t others;        /* logits, statistics */
};

/* Seconds since convnet_time was called, by kind of work. */
struct convnet_times {
    double conv_forward, conv_data, conv_weights, norm, other;
};

struct convnet;

/* What a convolution, a linear layer or a batch normalization meets in a backward pass, in whatever
 * layout it lies: what it read, and the gradient of what it made before its own ReLU (of a batch
 * normalization with a ReLU and without an addend: after it). Nothing of it may be written, and it
 * stands during the call alone. */
struct convnet_sight {
    size_t layer;
    struct tensor x, dy;
    const float *mean, *inverse; /* batch normalization (c each): those of the pass; else NULL */
};

/* A network with zero parameters (running variances 1) and primitives for max_batch. STATUS_MEMORY;
 * STATUS_UNFIT where the library has no convolution for this processor. The last tensor has to be
 * numbers, not images (CHECKed: convnet_flatten). Free with convnet_free. */
enum status convnet_create(struct convnet **net, const struct convnet_spec *spec,
                           const struct convnet_options *options) MUST_USE;
void convnet_free(struct convnet *net); /* NULL is allowed */

/* PyTorch's defaults: weights and biases of convolutions and linear layers are
 * U(-1/sqrt(fan_in), 1/sqrt(fan_in)), fan_in = in k k (of a transposed convolution out k k);
 * scales 1, shifts 0, running means 0 and variances 1. Drawn in the order of the parameters. */
void convnet_init(struct convnet *net, struct rng *rng);

/* The view for training, evaluation and geometry; stands as long as the network. */
struct model convnet_model(struct convnet *net);

/* Primitives for passes of this batch size (1 .. max_batch), unless they are there: what the last
 * pass left stays. STATUS_MEMORY, STATUS_UNFIT. */
enum status convnet_prepare(struct convnet *net, size_t batch) MUST_USE;

/* d loss / d inputs (batch x inputs, NCHW) of the last backward pass, until the next pass. Where
 * options.input_gradient was set, as for a decoder behind an encoder (CHECKed). */
const float *convnet_input_gradient(const struct convnet *net);

const struct convnet_spec *convnet_plan(const struct convnet *net);

/* Where the parameters of a layer begin, and their number is convnet_layer_params. */
size_t convnet_params_at(const struct convnet *net, size_t layer);

/* The activations of tensor `tensor` (1 ..) of the last forward pass, as NCHW rows into out
 * (batch x c h w). Without keep_all only those of the last one, the logits (CHECKed). */
void convnet_features(const struct convnet *net, size_t tensor, float *out);

struct convnet_memory convnet_memory(const struct convnet *net);

/* Starts (or, with NULL, ends) adding up times in *times. */
void convnet_time(struct convnet *net, struct convnet_times *times);

/* Calls see(context, ...) in every backward pass from now on (or, with NULL, no longer), for the
 * layers above from the last to the first. */
void convnet_watch(struct convnet *net, void (*see)(void *context, const struct convnet_sight *),
                   void *context);

/* How many convolutions there are, and how many of them are Winograd's. */
size_t convnet_conv_count(const struct convnet *net);
size_t convnet_winograd_count(const struct convnet *net);

/* Passes of convolutions for which the library has no fast code (conv_onednn.h). */
size_t convnet_reference_passes(const struct convnet *net);

/* conv_record, and net.layout, net.winograd ("12 of 20 convolutions"), net.threads (the rule, and
 * what an image has). */
void convnet_record(const struct convnet *net, struct provenance *p);

#endif
