/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_gradients: which gradients of activations lie over each other, because a layer works in
 * place or a sum hands its own on. */
#include "base/check.h"
#include "net/convnet_parts.h"

/* The last layer before `layer` that reads the tensor, CONVNET_NONE if none does. */
static size_t reader_before(const struct convnet *net, size_t tensor, size_t layer)
{
    for (size_t i = layer; i-- > 0;)
        if (net->spec.layers[i].from == tensor || net->spec.layers[i].addend == tensor)
            return i;
    return CONVNET_NONE;
}

int convnet_masks(const struct convnet *net, size_t layer)
{
    if (layer == CONVNET_NONE)
        return 0;

    const struct part_layer *l = &net->layers[layer];
    switch (l->spec.kind) {
    case LAYER_CONV:
    case LAYER_TRANSPOSED_CONV:
        return l->spec.relu && !l->masks_later;
    case LAYER_LINEAR:
    case LAYER_ADD:
        return l->spec.relu;
    case LAYER_MAX_POOL:
        return l->masks_for;
    default:
        return l->spec.relu && l->spec.addend != CONVNET_NONE;
    }
}

/* Layers that can write the gradient of what they read over that of what they made. The gradient
 * that a sum hands on must not be masked while the other part reads it. */
static int works_in_place(const struct convnet *net, const struct layer_spec *l)
{
    const size_t producer = net->tensors[l->from].producer;

    if (l->kind == LAYER_ADD)
        return producer != CONVNET_NONE && !convnet_masks(net, producer);
    return l->kind == LAYER_RELU || l->kind == LAYER_SIGMOID || l->kind == LAYER_DROPOUT ||
           (l->kind == LAYER_BATCH_NORM && l->addend == CONVNET_NONE);
}

static enum gradient_mode mode_of(const struct convnet *net, const int *written, size_t tensor)
{
    if (!net->tensors[tensor].wants_delta)
        return GRADIENT_NONE;
    return written[tensor] ? GRADIENT_ADD : GRADIENT_WRITE;
}

static int comes_before(size_t layer, size_t other)
{
    return layer == CONVNET_NONE || (other != CONVNET_NONE && layer < other);
}

/* Where both parts of a sum share its gradient: whether the producer of `from` reads it there
 * before the other readers of the addend add to it and the addend's producer masks it. */
static int is_read_first(const struct convnet *net, size_t i)
{
    const struct layer_spec *l = &net->spec.layers[i];
    const size_t reads = net->tensors[l->from].producer;
    const size_t masked_by = net->tensors[l->addend].producer;

    return comes_before(reader_before(net, l->addend, i), reads) &&
           (!convnet_masks(net, masked_by) || comes_before(masked_by, reads));
}

/* The addend's gradient is what comes down, so it stays where that is, unless another has to read
 * that there later. */
static void plan_addend(struct convnet *net, size_t i, const int *written)
{
    struct part_layer *l = &net->layers[i];
    struct part_tensor *addend = &net->tensors[l->spec.addend], *out = &net->tensors[i + 1];
    struct part_tensor *root = &net->tensors[out->delta_root];
    const int from_shares = l->from_mode == GRADIENT_SHARE;

    l->addend_mode = mode_of(net, written, l->spec.addend);
    if (l->spec.addend == l->spec.from) { /* the addend's part is written first */
        l->from_mode = l->addend_mode == GRADIENT_NONE ? GRADIENT_NONE : GRADIENT_ADD;
        return;
    }
    if (l->addend_mode != GRADIENT_WRITE || (from_shares && !is_read_first(net, i)) ||
        root->delta_shared)
        return;
    l->addend_mode = GRADIENT_SHARE;
    addend->delta_root = out->delta_root;
    root->delta_shared = from_shares;
}

static void plan_from(struct convnet *net, size_t i, const int *written)
{
    struct part_layer *l = &net->layers[i];
    struct part_tensor *from = &net->tensors[l->spec.from], *out = &net->tensors[i + 1];

    l->from_mode = mode_of(net, written, l->spec.from);
    if (l->from_mode == GRADIENT_WRITE && from->readers == 1 && works_in_place(net, &l->spec) &&
        !net->tensors[out->delta_root].delta_shared) {
        l->from_mode = GRADIENT_SHARE;
        from->delta_root = out->delta_root;
    }
}

void convnet_plan_gradients(struct convnet *net)
{
    int written[CONVNET_LAYERS_MAX + 1] = {0};

    for (size_t i = net->spec.count; i-- > 0;) {
        const struct layer_spec *l = &net->spec.layers[i];

        CHECK(net->tensors[i + 1].readers > 0 || i + 1 == net->spec.count,
              "nothing reads tensor %zu", i + 1);
        plan_from(net, i, written);
        if (l->addend != CONVNET_NONE) {
            plan_addend(net, i, written);
            written[l->addend] = 1;
        }
        written[l->from] = 1;
    }
}
