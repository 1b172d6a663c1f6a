/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_plan: layouts, which layers work in place, and which activations are made again. */
#include <string.h>

#include "base/check.h"
#include "net/batch_norm.h"
#include "net/convnet_parts.h"

int convnet_is_plain(const struct part_tensor *t)
{
    return t->block == 1 || (t->shape.h * t->shape.w == 1 && t->shape.c % t->block == 0);
}

/* ---- layouts ---- */

/* Whether the tensor comes from a layer that makes the layout of convolutions, at once or through
 * layers that keep layouts. All others lie plain. */
static int lies_for_convs(const struct convnet_spec *s, size_t tensor)
{
    while (tensor > 0)
        switch (s->layers[tensor - 1].kind) {
        case LAYER_CONV:
        case LAYER_TRANSPOSED_CONV:
        case LAYER_RESHAPE:
            return 1;
        case LAYER_GLOBAL_POOL:
        case LAYER_LINEAR:
        case LAYER_FLATTEN:
            return 0;
        default:
            tensor = s->layers[tensor - 1].from;
            break;
        }
    return 0;
}

/* The library's own blocks, where all images between the layers come in whole ones; else 0. */
static size_t common_block(const struct convnet_spec *s)
{
    const size_t block = conv_block();

    if (block == 0)
        return 0;
    for (size_t i = 1; i <= s->count; i++)
        if (lies_for_convs(s, i) && s->shapes[i].c % block != 0)
            return 0;
    return block;
}

static size_t block_of(const struct convnet *net, size_t tensor)
{
    if (!lies_for_convs(&net->spec, tensor))
        return 1;
    return net->block > 0 ? net->block : net->spec.shapes[tensor].c;
}

static void find_wanted(struct convnet *net)
{
    net->tensors[0].wants_delta = net->options.input_gradient;
    for (size_t i = 0; i < net->spec.count; i++) {
        const struct layer_spec *l = &net->spec.layers[i];
        net->tensors[i + 1].wants_delta =
            convnet_layer_params(&net->spec, i) > 0 || net->tensors[l->from].wants_delta ||
            (l->addend != CONVNET_NONE && net->tensors[l->addend].wants_delta);
    }
}

static void describe_tensors(struct convnet *net)
{
    for (size_t i = 0; i <= net->spec.count; i++) {
        struct part_tensor *t = &net->tensors[i];
        t->shape = net->spec.shapes[i];
        t->block = block_of(net, i);
        t->producer = i == 0 ? CONVNET_NONE : i - 1;
        t->same_as = t->delta_root = i;
        const struct tensor view = {net->options.max_batch, t->shape.c, t->shape.h, t->shape.w,
                                    t->block, NULL};
        t->size = tensor_size(&view);
    }
}

static void describe_readers(struct convnet *net)
{
    for (size_t i = 0; i < net->spec.count; i++) {
        const struct layer_spec *l = &net->spec.layers[i];
        const size_t read[] = {l->from, l->addend};

        CHECK(l->addend == CONVNET_NONE || block_of(net, l->from) == block_of(net, l->addend),
              "layer %zu adds tensors %zu and %zu, of which one lies as convolutions need it", i,
              l->from, l->addend);
        for (size_t k = 0; k < 2; k++)
            if (read[k] != CONVNET_NONE) {
                net->tensors[read[k]].readers++;
                net->tensors[read[k]].last_reader = i;
            }
    }
}

static void describe_layers(struct convnet *net)
{
    size_t params = 0, state = 0;

    for (size_t i = 0; i < net->spec.count; i++) {
        struct part_layer *l = &net->layers[i];
        const size_t c = net->spec.shapes[i + 1].c;
        l->spec = net->spec.layers[i];
        l->param_count = convnet_layer_params(&net->spec, i);
        l->params_at = params;
        l->bias_at = params + l->param_count -
                     (l->spec.bias || l->spec.kind == LAYER_BATCH_NORM ? c : 0);
        l->state_at = state;
        params += l->param_count;
        if (l->spec.kind == LAYER_BATCH_NORM)
            state += 2 * c;
    }
    net->param_count = params;
    net->state_count = state;
}

/* ---- activations ---- */

/* A convolution reads its layout, or plain images where there is code for them. */
static int conv_needs_copy(const struct convnet *net, const struct part_layer *l)
{
    const struct part_tensor *from = &net->tensors[l->spec.from];

    return from->block == 1 && from->shape.c > 1 &&
           (net->block == 0 || from->shape.c % net->block == 0);
}

size_t convnet_conv_block(const struct convnet *net, const struct part_layer *l)
{
    const struct part_tensor *from = &net->tensors[l->spec.from];

    if (!l->needs_copy)
        return from->block;
    return net->block > 0 ? net->block : from->shape.c;
}

/* Layers whose backward pass does without what they read. */
static int forgets_input(const struct layer_spec *l)
{
    return l->kind == LAYER_ADD || l->kind == LAYER_RELU || l->kind == LAYER_SIGMOID ||
           l->kind == LAYER_DROPOUT;
}

/* Layers whose backward pass does without what they made. */
static int forgets_output(const struct part_layer *layer)
{
    const struct layer_spec *l = &layer->spec;

    switch (l->kind) {
    case LAYER_BATCH_NORM:
        return l->addend == CONVNET_NONE || !l->relu;
    case LAYER_CONV:
    case LAYER_TRANSPOSED_CONV:
    case LAYER_LINEAR:
    case LAYER_ADD:
        return !l->relu;
    case LAYER_RELU:
    case LAYER_SIGMOID:
        return 0;
    default:
        return !layer->masks_for;
    }
}

/* A maximum of windows is positive where the convolution's output was that it stands for, and no
 * gradient goes elsewhere: a pool masks for the ReLU before it what is a quarter of the size, and
 * nobody needs the output of the convolution. */
static void plan_masks(struct convnet *net)
{
    for (size_t i = 0; i < net->spec.count; i++) {
        const struct part_tensor *from = &net->tensors[net->spec.layers[i].from];

        if (net->spec.layers[i].kind != LAYER_MAX_POOL || from->producer == CONVNET_NONE ||
            from->readers > 1)
            continue;
        struct part_layer *before = &net->layers[from->producer];
        if (convnet_is_conv(&before->spec) && before->spec.relu)
            net->layers[i].masks_for = before->masks_later = 1;
    }
}

/* Whether a batch normalization's output costs nothing but a pass over memory to make again: what
 * it reads is there then. An addend is, if it is needed after that moment anyway, by a layer that
 * was there before, or is made again itself. */
static int can_be_remade(const struct convnet *net, size_t layer)
{
    const struct layer_spec *l = &net->spec.layers[layer];

    if (l->kind != LAYER_BATCH_NORM || net->tensors[layer + 1].readers == 0)
        return 0;
    if (l->addend == CONVNET_NONE || net->tensors[l->addend].remade)
        return 1;
    for (size_t i = 0; i < layer; i++)
        if (net->spec.layers[i].from == l->addend && convnet_is_conv(&net->spec.layers[i]))
            return 1;
    return 0;
}

static void share_activations(struct convnet *net)
{
    for (size_t i = 0; !net->options.keep_all && i < net->spec.count; i++) {
        const struct layer_spec *l = &net->spec.layers[i];
        const struct part_tensor *from = &net->tensors[l->from];

        if (forgets_input(l) && from->readers == 1 && l->from > 0 && !from->remade &&
            forgets_output(&net->layers[from->producer]))
            net->tensors[i + 1].same_as = from->same_as;
        net->tensors[i + 1].remade = can_be_remade(net, i);
    }
}

static void measure_sums(struct convnet *net)
{
    for (size_t i = 0; i < net->spec.count; i++) {
        const struct part_tensor *t = &net->tensors[net->layers[i].spec.from];
        const struct tensor view = {net->options.max_batch, t->shape.c, t->shape.h, t->shape.w,
                                    t->block, NULL};
        const size_t size =
            net->layers[i].spec.kind == LAYER_BATCH_NORM ? batch_norm_scratch(&view) : 0;
        if (size > net->sum_size)
            net->sum_size = size;
    }
}

void convnet_plan_layers(struct convnet *net, int channels_last)
{
    find_wanted(net);
    net->block = channels_last ? 0 : common_block(&net->spec);
    describe_tensors(net);
    describe_readers(net);
    describe_layers(net);
    plan_masks(net);
    share_activations(net);
    convnet_plan_gradients(net);
    measure_sums(net);
    for (size_t i = 0; i < net->spec.count; i++)
        if (convnet_is_conv(&net->layers[i].spec) && conv_needs_copy(net, &net->layers[i]))
            net->layers[i].needs_copy = 1;
        else if (net->layers[i].spec.kind == LAYER_LINEAR)
            net->layers[i].needs_copy = !convnet_is_plain(&net->tensors[net->layers[i].spec.from]);
}
