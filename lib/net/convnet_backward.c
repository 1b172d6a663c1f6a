/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_backward: from the gradient by the logits back through the layers. */
#include <string.h>

#include "base/check.h"
#include "linalg/mat.h"
#include "net/batch_norm.h"
#include "net/convnet_views.h"
#include "net/dropout.h"
#include "net/elementwise.h"
#include "net/pool.h"

float *convnet_dlogits(void *self)
{
    const struct convnet *net = self;

    CHECK(!net->options.evaluate_only, "a network made for evaluation alone");
    return net->tensors[net->spec.count].delta;
}

/* Where a layer without additions of its own writes the gradient of what it reads. */
static struct tensor target(const struct convnet *net, const struct part_layer *l)
{
    return l->from_mode == GRADIENT_ADD || l->from_mode == GRADIENT_NONE
               ? view_over(net, l->spec.from, l->passing)
               : delta_of(net, l->spec.from);
}

static void add_target(const struct convnet *net, const struct part_layer *l)
{
    const struct tensor fresh = target(net, l);
    struct tensor sum = delta_of(net, l->spec.from);

    if (l->from_mode == GRADIENT_ADD)
        tensor_add(&fresh, &sum);
}

static void show(const struct convnet *net, size_t i, const struct tensor *x,
                 const struct tensor *dy)
{
    const struct part_layer *l = &net->layers[i];

    if (net->see != NULL)
        net->see(net->see_context, &(struct convnet_sight){.layer = i, .x = *x, .dy = *dy,
                                                           .mean = l->mean,
                                                           .inverse = l->inverse});
}

/* The tensor as the forward pass made it, again in this backward pass if it was not kept. */
static struct tensor again(struct convnet *net, size_t tensor)
{
    struct part_tensor *t = &net->tensors[tensor];

    if (t->remade && !t->is_back) {
        const struct layer_spec *made = &net->spec.layers[t->producer];
        again(net, made->from);
        if (made->addend != CONVNET_NONE)
            again(net, made->addend);
        t->data = net->room + net->places[t->place_again].at;
        t->is_back = 1;
        convnet_apply_norm(net, t->producer);
    }
    return data_of(net, tensor);
}

static void backward_conv(struct convnet *net, size_t i, float keep)
{
    const struct part_layer *l = &net->layers[i];
    struct tensor dy = delta_of(net, i + 1);
    double since = start_time(net);

    if (convnet_masks(net, i)) {
        const struct tensor y = again(net, i + 1);
        relu_mask(&y, &dy);
    }
    if (!l->needs_copy)
        again(net, l->spec.from);
    const struct tensor x = conv_input(net, l);
    if (net->times != NULL)
        add_time(net, &net->times->norm, since);
    show(net, i, &x, &dy);

    since = start_time(net);
    conv_backward_weights(conv_at(net, i), &x, &dy, net->grads + l->params_at,
                          bias_at(net->grads, l), keep, work_of(net, l, CONV_BACKWARD_WEIGHTS));
    if (net->times != NULL)
        add_time(net, &net->times->conv_weights, since);
    if (l->from_mode == GRADIENT_NONE)
        return;

    const struct tensor to = target(net, l);
    struct tensor dx = l->needs_copy ? x : to;
    if (l->needs_copy)
        dx.data = l->copy_delta;
    since = start_time(net);
    conv_backward_data(conv_at(net, i), net->params + l->params_at, &dy, &dx,
                       work_of(net, l, CONV_BACKWARD_DATA));
    if (net->times != NULL)
        add_time(net, &net->times->conv_data, since);
    if (l->needs_copy)
        tensor_to_plain(&dx, to.data);
    add_target(net, l);
}

/* Hands dy (masked) on to what was added. */
static void backward_addend(const struct convnet *net, const struct part_layer *l,
                            const struct tensor *dy)
{
    struct tensor d = delta_of(net, l->spec.addend);

    if (l->addend_mode == GRADIENT_ADD)
        tensor_add(dy, &d);
    else if (l->addend_mode == GRADIENT_WRITE)
        memcpy(d.data, dy->data, tensor_size(dy) * sizeof *d.data);
}

static void backward_norm(struct convnet *net, size_t i, float keep)
{
    const struct part_layer *l = &net->layers[i];
    const float *scale = net->params + l->params_at;
    float *dscale = net->grads + l->params_at;
    const struct tensor x = again(net, l->spec.from);
    struct tensor dy = delta_of(net, i + 1);
    struct tensor dx = l->from_mode == GRADIENT_ADD ? delta_of(net, l->spec.from) : target(net, l);
    const int has_addend = l->spec.addend != CONVNET_NONE;

    if (convnet_masks(net, i)) {
        const struct tensor y = again(net, i + 1);
        relu_mask(&y, &dy);
    }
    if (has_addend)
        backward_addend(net, l, &dy);
    show(net, i, &x, &dy);
    batch_norm_backward(&x, l->mean, l->inverse, scale, scale + x.c, !has_addend && l->spec.relu,
                        net->mode == MODEL_EVALUATE, &dy, &dx, l->from_mode == GRADIENT_ADD,
                        dscale, dscale + x.c, keep, net->sums);
}

static void backward_add(struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const struct tensor y = data_of(net, i + 1); /* of an addition: kept where it is needed */
    struct tensor dy = delta_of(net, i + 1), d = delta_of(net, l->spec.from);

    if (l->spec.relu)
        relu_mask(&y, &dy);
    backward_addend(net, l, &dy);
    if (l->from_mode == GRADIENT_ADD)
        tensor_add(&dy, &d);
    else if (l->from_mode == GRADIENT_WRITE)
        memcpy(d.data, dy.data, tensor_size(&dy) * sizeof *d.data);
}

static void backward_linear(struct convnet *net, size_t i, float keep)
{
    const struct part_layer *l = &net->layers[i];
    const size_t in = features_of(&net->tensors[l->spec.from]), out = net->tensors[i + 1].shape.c;
    if (!l->needs_copy)
        again(net, l->spec.from);
    const struct matf x = matf_over(linear_input(net, l), net->batch, in);
    const struct matf weights = matf_over(net->params + l->params_at, out, in);
    const struct matf dy = matf_over(net->tensors[i + 1].delta, net->batch, out);
    struct matf dweights = matf_over(net->grads + l->params_at, out, in);

    activation_backward(activation_of(l), dy.a, net->tensors[i + 1].data, net->batch, out);
    show(net, i, &(struct tensor){net->batch, in, 1, 1, 1, x.a},
         &(struct tensor){net->batch, out, 1, 1, 1, dy.a});
    matf_multiply(&dweights, 1.0f, &dy, MAT_TRANSPOSED, &x, MAT_AS_IS, keep);
    activation_bias_gradient(dy.a, net->batch, out, 1.0f, keep, net->grads + l->bias_at);
    if (l->from_mode == GRADIENT_NONE)
        return;

    struct tensor to = target(net, l);
    struct matf dx = matf_over(l->needs_copy ? l->copy_delta : to.data, net->batch, in);
    matf_multiply(&dx, 1.0f, &dy, MAT_AS_IS, &weights, MAT_AS_IS, 0.0f);
    if (l->needs_copy)
        tensor_from_plain(dx.a, &to);
    add_target(net, l);
}

/* Layers without parameters. */
static void backward_simple(struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const struct layer_spec *s = &l->spec;
    const struct tensor y = data_of(net, i + 1);
    struct tensor dy = delta_of(net, i + 1);

    if (l->from_mode == GRADIENT_NONE)
        return;
    struct tensor dx = target(net, l);
    switch (s->kind) {
    case LAYER_MAX_POOL:
        if (l->masks_for)
            relu_mask(&y, &dy);
        max_pool_backward(&dy, l->index, s->kernel, s->stride, s->padding, &dx, 0);
        break;
    case LAYER_AVERAGE_POOL:
        average_pool_backward(&dy, s->kernel, s->stride, &dx, 0);
        break;
    case LAYER_GLOBAL_POOL:
        global_pool_backward(dy.data, &dx, 0);
        break;
    case LAYER_RESHAPE:
        tensor_to_plain(&dy, dx.data);
        break;
    case LAYER_FLATTEN:
        tensor_from_plain(dy.data, &dx);
        break;
    case LAYER_SIGMOID:
        sigmoid_backward(&y, &dy, &dx);
        break;
    case LAYER_DROPOUT:
        if (net->mode == MODEL_TRAIN)
            dropout_apply(&dy, l->factors, s->by_channel, &dx);
        else if (dx.data != dy.data)
            memcpy(dx.data, dy.data, tensor_size(&dy) * sizeof *dx.data);
        break;
    default: /* ReLU */
        if (dx.data != dy.data)
            memcpy(dx.data, dy.data, tensor_size(&dy) * sizeof *dx.data);
        relu_mask(&y, &dx);
        break;
    }
    add_target(net, l);
}

static void backward_layer(struct convnet *net, size_t i, float keep)
{
    switch (net->layers[i].spec.kind) {
    case LAYER_CONV:
    case LAYER_TRANSPOSED_CONV:
        backward_conv(net, i, keep);
        break;
    case LAYER_BATCH_NORM:
        backward_norm(net, i, keep);
        break;
    case LAYER_ADD:
        backward_add(net, i);
        break;
    case LAYER_LINEAR:
        backward_linear(net, i, keep);
        break;
    default:
        backward_simple(net, i);
        break;
    }
}

void convnet_backward(void *self, const float *dlogits, float keep)
{
    struct convnet *net = self;
    float *top = convnet_dlogits(net);

    CHECK(net->batch >= 1, "no forward pass before the backward pass, or a second one without "
                           "repeat_backward");
    if (dlogits != top)
        memcpy(top, dlogits, net->batch * net->spec.shapes[net->spec.count].c * sizeof *top);
    const int threads = convnet_start_threads(net, net->batch);
    for (size_t i = net->spec.count; i-- > 0;) {
        const double since = start_time(net);
        if (!net->tensors[i + 1].wants_delta)
            continue;
        backward_layer(net, i, keep);
        if (!convnet_is_conv(&net->spec.layers[i]))
            add_layer_time(net, &net->layers[i], since);
    }
    convnet_end_threads(threads);
    for (size_t i = 0; i <= net->spec.count; i++)
        net->tensors[i].is_back = 0;
    if (!net->options.repeat_backward)
        net->batch = 0;
}
