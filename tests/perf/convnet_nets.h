/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_nets: the networks that the two convnet programs measure and compare with their peers. */
#ifndef PERF_CONVNET_NETS_H
#define PERF_CONVNET_NETS_H

#include <string.h>

#include "net/convnet_spec.h"

/* Conv, batch norm, ReLU, conv, ReLU; the first conv of a block is normalized. */
static inline size_t nets_block(struct convnet_spec *s, size_t x, size_t first, size_t second)
{
    x = convnet_conv(s, x, first, 3, 1, 1, 1);
    x = convnet_batch_norm_relu(s, x);
    x = convnet_conv_relu(s, x, second, 3, 1, 1, 1);
    return convnet_max_pool(s, x, 2, 2, 0);
}

/* Gao and Chaudhari 2020 (arXiv 2011.00613), released code: 6 convolutions and a linear layer.
 * width 1 is (32, 64, 128, 128, 256, 256). */
static inline struct convnet_spec nets_conv(size_t size, size_t divisor, double dropout)
{
    struct convnet_spec s = convnet_spec_start(3, size, size);
    size_t x = nets_block(&s, 0, 32 / divisor, 64 / divisor);

    x = nets_block(&s, x, 128 / divisor, 128 / divisor);
    if (dropout > 0)
        x = convnet_dropout(&s, x, dropout, 1);
    x = nets_block(&s, x, 256 / divisor, 256 / divisor);
    convnet_linear(&s, x, 10);
    return s;
}

static inline size_t nets_wide_block(struct convnet_spec *s, size_t from, size_t out, size_t stride)
{
    const int projects = stride != 1 || s->shapes[from].c != out;
    size_t x = convnet_batch_norm_relu(s, from);

    x = convnet_conv(s, x, out, 3, 1, 1, 1);
    x = convnet_batch_norm_relu(s, x);
    x = convnet_conv(s, x, out, 3, stride, 1, 1);
    return convnet_add(s, x, projects ? convnet_conv(s, from, out, 1, stride, 0, 1) : from);
}

/* The WRN-16-4 of that code: biases, the raw input in the shortcut, the stride in the second. */
static inline struct convnet_spec nets_wide(size_t size, size_t divisor)
{
    struct convnet_spec s = convnet_spec_start(3, size, size);
    size_t x = convnet_conv(&s, 0, 16, 3, 1, 1, 1);

    for (size_t stage = 0; stage < 3; stage++)
        for (size_t k = 0; k < 2; k++)
            x = nets_wide_block(&s, x, ((size_t)64 << stage) / divisor,
                                stage > 0 && k == 0 ? 2 : 1);
    x = convnet_global_pool(&s, convnet_batch_norm_relu(&s, x));
    convnet_linear(&s, x, 10);
    return s;
}

static inline size_t nets_basic_block(struct convnet_spec *s, size_t from, size_t out,
                                      size_t stride)
{
    const int projects = stride != 1 || s->shapes[from].c != out;
    size_t x = convnet_conv(s, from, out, 3, stride, 1, 0), shortcut = from;

    x = convnet_batch_norm_relu(s, x);
    x = convnet_conv(s, x, out, 3, 1, 1, 0);
    if (projects)
        shortcut = convnet_batch_norm(s, convnet_conv(s, from, out, 1, stride, 0, 0));
    return convnet_batch_norm_add_relu(s, x, shortcut);
}

/* ResNet-18 with a 3 x 3 stem and no max pooling. */
static inline struct convnet_spec nets_residual(size_t size, size_t divisor)
{
    struct convnet_spec s = convnet_spec_start(3, size, size);
    size_t x = convnet_batch_norm_relu(&s, convnet_conv(&s, 0, 64 / divisor, 3, 1, 1, 0));

    for (size_t stage = 0; stage < 4; stage++)
        for (size_t k = 0; k < 2; k++)
            x = nets_basic_block(&s, x, ((size_t)64 << stage) / divisor,
                                 stage > 0 && k == 0 ? 2 : 1);
    convnet_linear(&s, convnet_global_pool(&s, x), 10);
    return s;
}

/* "conv", "wide", "residual" at full width and 32 x 32; "small": conv over 8, 16 x 16. */
static inline struct convnet_spec nets_named(const char *name)
{
    if (strcmp(name, "wide") == 0)
        return nets_wide(32, 1);
    if (strcmp(name, "residual") == 0)
        return nets_residual(32, 1);
    return strcmp(name, "small") == 0 ? nets_conv(16, 8, 0) : nets_conv(32, 1, 0);
}

#endif
