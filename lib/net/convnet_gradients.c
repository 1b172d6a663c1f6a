/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_gradients: where the gradients of activations lie: over each other where a layer works in
 * place or a sum hands its own on, and in each other's place when they have been read. */
#include "base/check.h"
#include "net/convnet_parts.h"

static size_t step_of(const struct convnet *net, size_t layer)
{
    return net->spec.count - 1 - layer;
}

static void touch(struct convnet *net, size_t tensor, size_t step)
{
    struct part_tensor *root = &net->tensors[net->tensors[tensor].delta_root];

    if (!net->tensors[tensor].wants_delta)
        return;
    if (step < root->delta_from)
        root->delta_from = step;
    if (step > root->delta_to)
        root->delta_to = step;
}

/* The last layer before `layer` that reads the tensor, CONVNET_NONE if none does. */
static size_t reader_before(const struct convnet *net, size_t tensor, size_t layer)
{
    for (size_t i = layer; i-- > 0;)
        if (net->spec.layers[i].from == tensor || net->spec.layers[i].addend == tensor)
            return i;
    return CONVNET_NONE;
}

/* Layers whose backward pass begins by masking the gradient of what they made, where it lies. */
static int masks(const struct convnet *net, size_t layer)
{
    if (layer == CONVNET_NONE || !net->spec.layers[layer].relu)
        return 0;
    switch (net->spec.layers[layer].kind) {
    case LAYER_CONV:
    case LAYER_TRANSPOSED_CONV:
    case LAYER_LINEAR:
    case LAYER_ADD:
        return 1;
    default:
        return net->spec.layers[layer].addend != CONVNET_NONE;
    }
}

/* Layers that can write the gradient of what they read over that of what they made. The gradient
 * that a sum hands on must not be masked while the other part reads it. */
static int works_in_place(const struct convnet *net, const struct layer_spec *l)
{
    const size_t producer = net->tensors[l->from].producer;

    if (l->kind == LAYER_ADD)
        return producer != CONVNET_NONE && !masks(net, producer);
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
           (!masks(net, masked_by) || comes_before(masked_by, reads));
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

static void find_places(struct convnet *net)
{
    int written[CONVNET_LAYERS_MAX + 1] = {0};

    for (size_t i = 0; i <= net->spec.count; i++)
        net->tensors[i].delta_from = CONVNET_LAYERS_MAX;
    for (size_t i = net->spec.count; i-- > 0;) {
        const struct layer_spec *l = &net->spec.layers[i];

        CHECK(net->tensors[i + 1].readers > 0 || i + 1 == net->spec.count,
              "nothing reads tensor %zu", i + 1);
        plan_from(net, i, written);
        if (l->addend != CONVNET_NONE) {
            plan_addend(net, i, written);
            written[l->addend] = 1;
            touch(net, l->addend, step_of(net, i));
        }
        written[l->from] = 1;
        touch(net, i + 1, step_of(net, i));
        touch(net, l->from, step_of(net, i));
    }
}

static int is_root(const struct convnet *net, size_t tensor)
{
    return net->tensors[tensor].wants_delta && net->tensors[tensor].delta_root == tensor;
}

/* The lowest place that no gradient alive at the same time takes. */
static size_t free_place(const struct convnet *net, size_t tensor, const int *placed)
{
    const struct part_tensor *t = &net->tensors[tensor];
    size_t at = 0;

    for (size_t again = 1; again;) {
        again = 0;
        for (size_t k = 0; k <= net->spec.count; k++) {
            const struct part_tensor *other = &net->tensors[k];
            if (!placed[k] || other->delta_from > t->delta_to || t->delta_from > other->delta_to)
                continue;
            const size_t end = other->delta_at + convnet_aligned(other->size);
            if (at < end && other->delta_at < at + t->size) {
                at = end;
                again = 1;
            }
        }
    }
    return at;
}

/* The largest gradient without a place, CONVNET_NONE at the end. */
static size_t next_to_place(const struct convnet *net, const int *placed)
{
    size_t largest = CONVNET_NONE;

    for (size_t k = 0; k <= net->spec.count; k++)
        if (is_root(net, k) && !placed[k] &&
            (largest == CONVNET_NONE || net->tensors[k].size > net->tensors[largest].size))
            largest = k;
    return largest;
}

/* Large ones first, so that the small ones find their gaps. */
static void place_gradients(struct convnet *net)
{
    int placed[CONVNET_LAYERS_MAX + 1] = {0};
    size_t next;

    while ((next = next_to_place(net, placed)) != CONVNET_NONE) {
        struct part_tensor *t = &net->tensors[next];
        t->delta_at = free_place(net, next, placed);
        placed[next] = 1;
        if (t->delta_at + convnet_aligned(t->size) > net->delta_size)
            net->delta_size = t->delta_at + convnet_aligned(t->size);
    }
}

/* Gradients that are added to others by layers that cannot add themselves, and those that batch
 * normalization makes though nobody wants them: they lie in the common place, where what a
 * convolution has read is no longer needed by then. */
static void measure_additions(struct convnet *net)
{
    for (size_t i = 0; i < net->spec.count; i++) {
        const struct part_layer *l = &net->layers[i];
        const int is_norm = l->spec.kind == LAYER_BATCH_NORM;
        const int adds = is_norm || l->spec.kind == LAYER_ADD;
        const size_t size = net->tensors[l->spec.from].size;
        if (((l->from_mode == GRADIENT_ADD && !adds) ||
             (l->from_mode == GRADIENT_NONE && is_norm)) && size > net->transient_size)
            net->transient_size = size;
    }
}

void convnet_plan_gradients(struct convnet *net)
{
    find_places(net);
    if (net->options.evaluate_only)
        return;
    place_gradients(net);
    measure_additions(net);
}
