/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_pass: forward and backward through the layers. */
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "linalg/mat.h"
#include "net/activation.h"
#include "net/batch_norm.h"
#include "net/convnet_parts.h"
#include "net/dropout.h"
#include "net/elementwise.h"
#include "net/pool.h"

/* ---- views ---- */

static struct tensor view_over(const struct convnet *net, size_t tensor, float *data)
{
    const struct part_tensor *t = &net->tensors[tensor];

    return (struct tensor){net->batch, t->shape.c, t->shape.h, t->shape.w, t->block, data};
}

static struct tensor data_of(const struct convnet *net, size_t tensor)
{
    return view_over(net, tensor, net->tensors[tensor].data);
}

static struct tensor delta_of(const struct convnet *net, size_t tensor)
{
    return view_over(net, tensor, net->tensors[tensor].delta);
}

/* What a convolution reads: the tensor, or its copy in a layout of the library. */
static struct tensor conv_input(const struct convnet *net, const struct part_layer *l)
{
    struct tensor x = data_of(net, l->spec.from);

    x.block = convnet_conv_block(net, l);
    if (l->needs_copy)
        x.data = l->copy;
    return x;
}

static struct conv *conv_at(const struct convnet *net, size_t i)
{
    return net->shapes[net->shape].convs[i];
}

static float *bias_at(float *block, const struct part_layer *l)
{
    return l->spec.bias ? block + l->bias_at : NULL;
}

static size_t features_of(const struct part_tensor *t)
{
    return t->shape.c * t->shape.h * t->shape.w;
}

/* ---- times ---- */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double start_time(const struct convnet *net)
{
    return net->times != NULL ? now() : 0;
}

static void add_time(const struct convnet *net, double *sum, double since)
{
    if (net->times != NULL)
        *sum += now() - since;
}

/* The kind of work that a layer's forward pass and the rest of its backward pass are. */
static void add_layer_time(const struct convnet *net, const struct part_layer *l, double since)
{
    if (net->times == NULL)
        return;
    add_time(net, l->spec.kind == LAYER_BATCH_NORM ? &net->times->norm : &net->times->other, since);
}

/* ---- forward ---- */

static void forward_conv(struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const struct tensor y = data_of(net, i + 1);
    struct tensor x = conv_input(net, l);

    if (l->needs_copy)
        tensor_from_plain(net->tensors[l->spec.from].data, &x);
    conv_forward(conv_at(net, i), net->params + l->params_at, bias_at(net->params, l), &x, &y,
                 net->workspace);
}

/* The affine map with the statistics at hand; also when the output is made again. */
static void apply_norm(const struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const float *scale = net->params + l->params_at;
    const struct tensor x = data_of(net, l->spec.from);
    struct tensor y = data_of(net, i + 1), addend;

    if (l->spec.addend != CONVNET_NONE)
        addend = data_of(net, l->spec.addend);
    batch_norm_apply(&x, l->mean, l->inverse, scale, scale + x.c,
                     l->spec.addend != CONVNET_NONE ? &addend : NULL, l->spec.relu, &y);
}

static void forward_norm(struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const struct tensor x = data_of(net, l->spec.from);
    float *running = net->state + l->state_at;

    if (net->mode == MODEL_TRAIN) {
        batch_norm_statistics(&x, l->spec.epsilon, l->mean, l->inverse, running, running + x.c,
                              l->spec.momentum, net->sums);
    } else {
        memcpy(l->mean, running, x.c * sizeof *running);
        batch_norm_inverse(running + x.c, x.c, l->spec.epsilon, l->inverse);
    }
    apply_norm(net, i);
}

static void forward_add(struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const struct tensor a = data_of(net, l->spec.from), b = data_of(net, l->spec.addend);
    struct tensor y = data_of(net, i + 1);

    if (y.data != a.data)
        memcpy(y.data, a.data, tensor_size(&y) * sizeof *y.data);
    if (l->spec.relu)
        tensor_add_relu(&b, &y);
    else
        tensor_add(&b, &y);
}

static void forward_dropout(struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const struct tensor x = data_of(net, l->spec.from);
    struct tensor y = data_of(net, i + 1);

    if (net->mode == MODEL_TRAIN) {
        CHECK(l->factors != NULL, "a training pass of a network made for evaluation alone");
        dropout_draw(&net->rng, l->spec.probability, dropout_count(&x, l->spec.by_channel),
                     l->factors);
        dropout_apply(&x, l->factors, l->spec.by_channel, &y);
    } else if (y.data != x.data) {
        memcpy(y.data, x.data, tensor_size(&x) * sizeof *x.data);
    }
}

static const float *linear_input(const struct convnet *net, const struct part_layer *l)
{
    return l->needs_copy ? l->copy : net->tensors[l->spec.from].data;
}

static enum activation activation_of(const struct part_layer *l)
{
    return l->spec.relu ? ACTIVATION_RELU : ACTIVATION_IDENTITY;
}

static void forward_linear(struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const size_t in = features_of(&net->tensors[l->spec.from]), out = net->tensors[i + 1].shape.c;
    const struct tensor from = data_of(net, l->spec.from);

    if (l->needs_copy)
        tensor_to_plain(&from, l->copy);

    const struct matf x = matf_over(linear_input(net, l), net->batch, in);
    const struct matf weights = matf_over(net->params + l->params_at, out, in);
    struct matf y = matf_over(net->tensors[i + 1].data, net->batch, out);
    matf_multiply(&y, 1.0f, &x, MAT_AS_IS, &weights, MAT_TRANSPOSED, 0.0f);
    activation_forward(activation_of(l), y.a, net->params + l->bias_at, 1.0f, net->batch, out);
}

static void forward_layer(struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const struct tensor x = data_of(net, l->spec.from);
    struct tensor y = data_of(net, i + 1);

    switch (l->spec.kind) {
    case LAYER_CONV:
    case LAYER_TRANSPOSED_CONV:
        forward_conv(net, i);
        break;
    case LAYER_BATCH_NORM:
        forward_norm(net, i);
        break;
    case LAYER_RELU:
        relu_forward(&x, &y);
        break;
    case LAYER_SIGMOID:
        sigmoid_forward(&x, &y);
        break;
    case LAYER_ADD:
        forward_add(net, i);
        break;
    case LAYER_MAX_POOL:
        max_pool_forward(&x, l->spec.kernel, l->spec.stride, l->spec.padding, &y, l->index);
        break;
    case LAYER_AVERAGE_POOL:
        average_pool_forward(&x, l->spec.kernel, l->spec.stride, &y);
        break;
    case LAYER_GLOBAL_POOL:
        global_pool_forward(&x, y.data);
        break;
    case LAYER_DROPOUT:
        forward_dropout(net, i);
        break;
    case LAYER_LINEAR:
        forward_linear(net, i);
        break;
    case LAYER_RESHAPE:
        tensor_from_plain(x.data, &y);
        break;
    case LAYER_FLATTEN:
        tensor_to_plain(&x, y.data);
        break;
    }
}

static int is_conv(const struct part_layer *l)
{
    return l->spec.kind == LAYER_CONV || l->spec.kind == LAYER_TRANSPOSED_CONV;
}

const float *convnet_forward(void *self, const float *x, size_t batch, enum model_mode mode)
{
    struct convnet *net = self;

    CHECK(batch >= 1 && batch <= net->options.max_batch, "batch %zu, at most %zu", batch,
          net->options.max_batch);
    const enum status prepared = convnet_prepare(net, batch);
    CHECK(prepared == STATUS_OK, "primitives for a batch of %zu: %s", batch, status_message());

    net->batch = batch;
    net->mode = mode;
    net->tensors[0].data = (float *)(uintptr_t)x; /* only read */
    for (size_t i = 0; i < net->spec.count; i++) {
        const double since = start_time(net);
        forward_layer(net, i);
        if (net->times != NULL && is_conv(&net->layers[i]))
            add_time(net, &net->times->conv_forward, since);
        else
            add_layer_time(net, &net->layers[i], since);
    }
    return net->tensors[net->spec.count].data;
}

float *convnet_dlogits(void *self)
{
    const struct convnet *net = self;

    CHECK(!net->options.evaluate_only, "a network made for evaluation alone");
    return net->tensors[net->spec.count].delta;
}

/* ---- backward ---- */

/* Where a layer without additions of its own writes the gradient of what it reads. */
static struct tensor target(const struct convnet *net, const struct part_layer *l)
{
    return l->from_mode == GRADIENT_ADD || l->from_mode == GRADIENT_NONE
               ? view_over(net, l->spec.from, net->addition)
               : delta_of(net, l->spec.from);
}

static void add_target(const struct convnet *net, const struct part_layer *l)
{
    const struct tensor fresh = target(net, l);
    struct tensor sum = delta_of(net, l->spec.from);

    if (l->from_mode == GRADIENT_ADD)
        tensor_add(&fresh, &sum);
}

static void backward_conv(struct convnet *net, size_t i, float keep)
{
    const struct part_layer *l = &net->layers[i];
    const struct tensor x = conv_input(net, l), y = data_of(net, i + 1);
    struct tensor dy = delta_of(net, i + 1);
    double since = start_time(net);

    if (l->spec.relu)
        relu_mask(&y, &dy);
    if (net->tensors[l->spec.from].transient)
        apply_norm(net, net->tensors[l->spec.from].producer);
    if (net->times != NULL)
        add_time(net, &net->times->norm, since);

    since = start_time(net);
    conv_backward_weights(conv_at(net, i), &x, &dy, net->grads + l->params_at,
                          bias_at(net->grads, l), keep, net->workspace);
    if (net->times != NULL)
        add_time(net, &net->times->conv_weights, since);
    if (l->from_mode == GRADIENT_NONE)
        return;

    const struct tensor to = target(net, l);
    struct tensor dx = l->needs_copy ? x : to;
    if (l->needs_copy)
        dx.data = l->copy_delta;
    since = start_time(net);
    conv_backward_data(conv_at(net, i), net->params + l->params_at, &dy, &dx, net->workspace);
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
    const struct tensor x = data_of(net, l->spec.from), y = data_of(net, i + 1);
    struct tensor dy = delta_of(net, i + 1);
    struct tensor dx = l->from_mode == GRADIENT_ADD ? delta_of(net, l->spec.from) : target(net, l);
    const int has_addend = l->spec.addend != CONVNET_NONE;

    if (has_addend && l->spec.relu)
        relu_mask(&y, &dy);
    if (has_addend)
        backward_addend(net, l, &dy);
    batch_norm_backward(&x, l->mean, l->inverse, scale, scale + x.c, !has_addend && l->spec.relu,
                        net->mode == MODEL_EVALUATE, &dy, &dx, l->from_mode == GRADIENT_ADD,
                        dscale, dscale + x.c, keep, net->sums);
}

static void backward_add(struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const struct tensor y = data_of(net, i + 1);
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
    const struct matf x = matf_over(linear_input(net, l), net->batch, in);
    const struct matf weights = matf_over(net->params + l->params_at, out, in);
    const struct matf dy = matf_over(net->tensors[i + 1].delta, net->batch, out);
    struct matf dweights = matf_over(net->grads + l->params_at, out, in);

    activation_backward(activation_of(l), dy.a, net->tensors[i + 1].data, net->batch, out);
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
    const struct tensor y = data_of(net, i + 1), dy = delta_of(net, i + 1);

    if (l->from_mode == GRADIENT_NONE)
        return;
    struct tensor dx = target(net, l);
    switch (s->kind) {
    case LAYER_MAX_POOL:
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

    CHECK(net->batch >= 1, "no forward pass before the backward pass");
    if (dlogits != top)
        memcpy(top, dlogits, net->batch * net->spec.shapes[net->spec.count].c * sizeof *top);
    for (size_t i = net->spec.count; i-- > 0;) {
        const double since = start_time(net);
        if (!net->tensors[i + 1].wants_delta)
            continue;
        backward_layer(net, i, keep);
        if (!is_conv(&net->layers[i]))
            add_layer_time(net, &net->layers[i], since);
    }
}

/* ---- looking inside ---- */

const float *convnet_input_gradient(const struct convnet *net)
{
    CHECK(net->options.input_gradient && !net->options.evaluate_only,
          "a network made without the gradient by its input");
    return net->tensors[0].delta;
}

void convnet_features(const struct convnet *net, size_t tensor, float *out)
{
    CHECK(tensor >= 1 && tensor <= net->spec.count, "tensor %zu of %zu", tensor,
          net->spec.count + 1);
    const struct part_tensor *t = &net->tensors[tensor];
    const struct tensor view = data_of(net, tensor);
    CHECK(!t->transient, "tensor %zu is not kept", tensor);
    for (size_t k = 1; k <= net->spec.count; k++)
        CHECK(k == tensor || net->tensors[k].data != t->data,
              "tensor %zu lies where tensor %zu does", tensor, k);
    tensor_to_plain(&view, out);
}
