/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_spec: the plan of a network over images, one layer after the other.
 *
 * Tensor 0 is the input, tensor i + 1 what layer i makes. Each function below adds a layer that
 * reads tensor `from` and returns the number of the tensor that it makes; the last one are the
 * logits. So a residual block reads like its picture:
 *
 *   size_t x = convnet_conv(s, from, 64, 3, 1, 1, 0);
 *   x = convnet_batch_norm_relu(s, x);
 *   x = convnet_conv(s, x, 64, 3, 1, 1, 0);
 *   x = convnet_batch_norm_add_relu(s, x, from);
 *
 * Sizes follow from the input's; what does not fit is a CHECK. */
#ifndef NET_CONVNET_SPEC_H
#define NET_CONVNET_SPEC_H

#include <stddef.h>

enum { CONVNET_LAYERS_MAX = 128, CONVNET_NONE = 0xffff };

enum layer_kind {
    LAYER_CONV,
    LAYER_TRANSPOSED_CONV,
    LAYER_BATCH_NORM,
    LAYER_RELU,
    LAYER_SIGMOID,
    LAYER_ADD,
    LAYER_MAX_POOL,
    LAYER_AVERAGE_POOL,
    LAYER_GLOBAL_POOL, /* mean over rows and columns */
    LAYER_DROPOUT,
    LAYER_LINEAR,      /* of images: flattened channel by channel, row by row */
    LAYER_RESHAPE,     /* numbers to images */
    LAYER_FLATTEN      /* images to numbers, channel by channel, row by row */
};

struct layer_spec {
    enum layer_kind kind;
    size_t from;
    size_t addend;        /* LAYER_ADD, LAYER_BATCH_NORM: added before the ReLU; or CONVNET_NONE */
    int relu;             /* conv, transposed conv, batch norm, add, linear */
    int bias;             /* conv, transposed conv */
    size_t kernel, stride, padding, output_padding;
    double probability;   /* dropout: of a zero */
    int by_channel;       /* dropout: whole channels of an image */
    double epsilon, momentum; /* batch norm: 1e-5 and 0.1 unless changed afterwards */
};

/* Channels, rows, columns of one image; numbers are c x 1 x 1. */
struct tensor_shape {
    size_t c, h, w;
};

struct convnet_spec {
    size_t count;         /* layers */
    struct layer_spec layers[CONVNET_LAYERS_MAX];
    struct tensor_shape shapes[CONVNET_LAYERS_MAX + 1]; /* of the tensors */
};

/* A plan without layers for images of this size. */
struct convnet_spec convnet_spec_start(size_t channels, size_t height, size_t width);

size_t convnet_conv(struct convnet_spec *s, size_t from, size_t out, size_t kernel, size_t stride,
                    size_t padding, int bias);
size_t convnet_conv_relu(struct convnet_spec *s, size_t from, size_t out, size_t kernel,
                         size_t stride, size_t padding, int bias);
size_t convnet_transposed_conv(struct convnet_spec *s, size_t from, size_t out, size_t kernel,
                               size_t stride, size_t padding, size_t output_padding, int bias);
size_t convnet_batch_norm(struct convnet_spec *s, size_t from);
size_t convnet_batch_norm_relu(struct convnet_spec *s, size_t from);
size_t convnet_batch_norm_add_relu(struct convnet_spec *s, size_t from, size_t addend);
size_t convnet_relu(struct convnet_spec *s, size_t from);
size_t convnet_sigmoid(struct convnet_spec *s, size_t from);
size_t convnet_add(struct convnet_spec *s, size_t from, size_t addend);
size_t convnet_max_pool(struct convnet_spec *s, size_t from, size_t kernel, size_t stride,
                        size_t padding);
size_t convnet_average_pool(struct convnet_spec *s, size_t from, size_t kernel, size_t stride);
size_t convnet_global_pool(struct convnet_spec *s, size_t from);
size_t convnet_dropout(struct convnet_spec *s, size_t from, double probability, int by_channel);
size_t convnet_linear(struct convnet_spec *s, size_t from, size_t out);
size_t convnet_linear_relu(struct convnet_spec *s, size_t from, size_t out);
size_t convnet_reshape(struct convnet_spec *s, size_t from, size_t channels, size_t height,
                       size_t width);
size_t convnet_flatten(struct convnet_spec *s, size_t from);

/* Parameters of one layer and of all; running means and variances of all. */
size_t convnet_layer_params(const struct convnet_spec *s, size_t layer);
size_t convnet_param_count(const struct convnet_spec *s);
size_t convnet_state_count(const struct convnet_spec *s);

/* Multiplications and additions (two a product) of the convolutions and linear layers for one
 * image, forward. */
double convnet_operations(const struct convnet_spec *s);

#endif
