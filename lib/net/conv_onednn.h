/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_onednn: convolutions by oneDNN. All that the project asks of that library is in this module.
 *
 * A struct conv holds the primitives of one shape: forward, and for training backward by data and
 * by weights. Weights and their gradients are plain arrays in the order of conv_shape.h; they are
 * brought into the library's own order inside each pass (one pass over the weights, little beside
 * the convolution). x and y are tensors in a fixed layout (tensor.h): plain (block 1, for an input
 * of few channels only), all channels last (block = channels) or in blocks of 8 or 16 channels.
 *
 * Algorithm: Winograd's F(4x4, 3x3) for 3 x 3 kernels of stride 1 and a padding of at most 1 (the
 * library has it for no more) with at least 64 channels in and out, in blocks of 16, where the
 * processor has AVX-512 (so never in pinned mode, which is limited to AVX2); direct else. The rule
 * is fixed, nothing is timed, so bits do not depend on the moment. For one processor class, library
 * version and number of threads they are the same from run to run; the gradients of weights differ
 * with the number of threads. Winograd rounds about twice as coarsely as the direct sum (relative
 * L2 error about 1e-6). */
#ifndef NET_CONV_ONEDNN_H
#define NET_CONV_ONEDNN_H

#include <stddef.h>

#include "base/provenance.h"
#include "base/status.h"
#include "net/conv_shape.h"
#include "net/tensor.h"

enum conv_use {
    CONV_EVALUATE = 0,  /* forward alone */
    CONV_TRAIN_FIRST,   /* and backward by weights: nobody wants dx */
    CONV_TRAIN          /* and backward by data */
};

struct conv_options {
    enum conv_use use;
    size_t x_block, y_block; /* layout of x and y, and of dx and dy */
    int channels_last;  /* which of the two a block of 8 or 16 is where that is all channels: the
                           bytes are the same, but the library has no fast way between them */
    int relu;           /* y = max(0, ...); dy is then expected masked */
    int direct;         /* 1: never Winograd */
};

struct conv; /* primitives */

/* Primitives for this shape. STATUS_UNFIT: the library cannot do it on this processor;
 * STATUS_MEMORY. A shape that makes no sense is a CHECK. */
enum status conv_create(struct conv **conv, const struct conv_shape *shape,
                        const struct conv_options *options) MUST_USE;
void conv_free(struct conv *conv); /* NULL is allowed */

enum conv_pass { CONV_FORWARD, CONV_BACKWARD_DATA, CONV_BACKWARD_WEIGHTS, CONV_PASSES };

/* Bytes that a pass needs as `workspace`, aligned to 64; the content is of no meaning. 0 for one
 * that was not asked for. And those of the pass that needs most. */
size_t conv_pass_workspace(const struct conv *conv, enum conv_pass pass);
size_t conv_workspace(const struct conv *conv);

int conv_is_winograd(const struct conv *conv);

/* In how many parts, one after the other, the batch goes; 1 but for large batches by Winograd. */
size_t conv_parts(const struct conv *conv);

/* The library's name of the forward one, "jit:avx512_core" and the like, and how many of the passes
 * are its plain loops, "ref:any", hundreds of times slower: 0 for all that networks here use. */
const char *conv_implementation(const struct conv *conv);
size_t conv_reference_passes(const struct conv *conv);

/* y from x. bias (out) NULL where the shape has none. */
void conv_forward(const struct conv *conv, const float *weights, const float *bias,
                  const struct tensor *x, const struct tensor *y, void *workspace);

/* dx (written) from dy; CONV_TRAIN. */
void conv_backward_data(const struct conv *conv, const float *weights, const struct tensor *dy,
                        const struct tensor *dx, void *workspace);

/* dweights = keep dweights + sum over the batch, dbias alike (NULL where the shape has none). */
void conv_backward_weights(const struct conv *conv, const struct tensor *x, const struct tensor *dy,
                           float *dweights, float *dbias, float keep, void *workspace);

/* Channels a block in the library's fastest layout here: 16 with AVX-512, 8 with AVX2, else 0: all
 * channels last. */
size_t conv_block(void);

/* "AVX512_CORE" and the like: what the library uses here, ONEDNN_MAX_CPU_ISA obeyed. */
const char *conv_isa(void);

/* Sets onednn.version, .isa, .threads and .winograd (the rule, or "none: no AVX-512"). */
void conv_record(struct provenance *p);

#endif
