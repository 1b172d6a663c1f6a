/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_views: what both passes of convnet look at; not for others. */
#ifndef NET_CONVNET_VIEWS_H
#define NET_CONVNET_VIEWS_H

#include <time.h>

#include "net/activation.h"
#include "net/convnet_parts.h"
#include "net/tensor.h"

static inline struct tensor view_over(const struct convnet *net, size_t tensor, float *data)
{
    const struct part_tensor *t = &net->tensors[tensor];

    return (struct tensor){net->batch, t->shape.c, t->shape.h, t->shape.w, t->block, data};
}

static inline struct tensor data_of(const struct convnet *net, size_t tensor)
{
    return view_over(net, tensor, net->tensors[tensor].data);
}

static inline struct tensor delta_of(const struct convnet *net, size_t tensor)
{
    return view_over(net, tensor, net->tensors[tensor].delta);
}

/* What a convolution reads: the tensor, or its copy in a layout of the library. */
static inline struct tensor conv_input(const struct convnet *net, const struct part_layer *l)
{
    struct tensor x = data_of(net, l->spec.from);

    x.block = convnet_conv_block(net, l);
    if (l->needs_copy)
        x.data = l->copy;
    return x;
}

static inline struct conv *conv_at(const struct convnet *net, size_t i)
{
    return net->shapes[net->shape].convs[i];
}

static inline void *work_of(const struct convnet *net, const struct part_layer *l,
                            enum conv_pass pass)
{
    return net->shapes[net->shape].works_apart ? net->workspace : l->work[pass];
}

static inline float *bias_at(float *block, const struct part_layer *l)
{
    return l->spec.bias ? block + l->bias_at : NULL;
}

static inline size_t features_of(const struct part_tensor *t)
{
    return t->shape.c * t->shape.h * t->shape.w;
}

static inline double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline double start_time(const struct convnet *net)
{
    return net->times != NULL ? now() : 0;
}

static inline void add_time(const struct convnet *net, double *sum, double since)
{
    if (net->times != NULL)
        *sum += now() - since;
}

/* The kind of work that a layer's forward pass and the rest of its backward pass are. */
static inline void add_layer_time(const struct convnet *net, const struct part_layer *l,
                                  double since)
{
    if (net->times == NULL)
        return;
    add_time(net, l->spec.kind == LAYER_BATCH_NORM ? &net->times->norm : &net->times->other, since);
}

static inline const float *linear_input(const struct convnet *net, const struct part_layer *l)
{
    return l->needs_copy ? l->copy : net->tensors[l->spec.from].data;
}

static inline enum activation activation_of(const struct part_layer *l)
{
    return l->spec.relu ? ACTIVATION_RELU : ACTIVATION_IDENTITY;
}

#endif
