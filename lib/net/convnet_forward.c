/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_forward: from the input through the layers to the logits. */
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "linalg/mat.h"
#include "net/batch_norm.h"
#include "net/convnet_views.h"
#include "net/dropout.h"
#include "net/elementwise.h"
#include "net/pool.h"

static void forward_conv(struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const struct tensor y = data_of(net, i + 1);
    struct tensor x = conv_input(net, l);

    if (l->needs_copy)
        tensor_from_plain(net->tensors[l->spec.from].data, &x);
    conv_forward(conv_at(net, i), net->params + l->params_at, bias_at(net->params, l), &x, &y,
                 work_of(net, l, CONV_FORWARD));
}

void convnet_apply_norm(const struct convnet *net, size_t i)
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
    convnet_apply_norm(net, i);
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

const float *convnet_forward(void *self, const float *x, size_t batch, enum model_mode mode)
{
    struct convnet *net = self;

    CHECK(batch >= 1 && batch <= net->options.max_batch, "batch %zu, at most %zu", batch,
          net->options.max_batch);
    const enum status prepared = convnet_take_shape(net, batch);
    CHECK(prepared == STATUS_OK, "primitives for a batch of %zu: %s", batch, status_message());

    net->batch = batch;
    net->mode = mode;
    convnet_point(net); /* what the last backward pass has made again lies elsewhere */
    net->tensors[0].data = (float *)(uintptr_t)x; /* only read */
    const int threads = convnet_start_threads(net, batch);
    for (size_t i = 0; i < net->spec.count; i++) {
        const double since = start_time(net);
        forward_layer(net, i);
        if (net->times != NULL && convnet_is_conv(&net->spec.layers[i]))
            add_time(net, &net->times->conv_forward, since);
        else
            add_layer_time(net, &net->layers[i], since);
    }
    convnet_end_threads(threads);
    return net->tensors[net->spec.count].data;
}
