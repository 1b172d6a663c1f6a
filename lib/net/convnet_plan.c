/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_plan: layouts, and which arrays share a place. */
#include <string.h>

#include "base/check.h"
#include "net/batch_norm.h"
#include "net/convnet_parts.h"

enum { FLOATS_ALIGNED = 16 };

static size_t aligned(size_t floats)
{
    return (floats + FLOATS_ALIGNED - 1) / FLOATS_ALIGNED * FLOATS_ALIGNED;
}

static int is_conv(const struct layer_spec *l)
{
    return l->kind == LAYER_CONV || l->kind == LAYER_TRANSPOSED_CONV;
}

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
static int forgets_output(const struct layer_spec *l)
{
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
        return 1;
    }
}

static void share_activations(struct convnet *net)
{
    for (size_t i = 0; i < net->spec.count; i++) {
        const struct layer_spec *l = &net->spec.layers[i];
        const struct part_tensor *from = &net->tensors[l->from];
        struct part_tensor *to = &net->tensors[i + 1];

        if (!net->options.keep_all && forgets_input(l) && from->readers == 1 && l->from > 0 &&
            !from->transient && forgets_output(&net->spec.layers[from->producer]))
            to->same_as = from->same_as;
        /* made again by the next layer alone, and by a batch norm without an addend */
        if (!net->options.keep_all && l->kind == LAYER_BATCH_NORM && l->addend == CONVNET_NONE &&
            to->readers == 1 && to->last_reader == i + 1)
            to->transient = is_conv(&net->spec.layers[i + 1]) ||
                            net->spec.layers[i + 1].addend == i + 1;
    }
}

static void place_activations(struct convnet *net)
{
    size_t at = 0;

    for (size_t i = 1; i <= net->spec.count; i++) {
        const struct part_tensor *t = &net->tensors[i];
        if (t->transient && t->size > net->transient_size)
            net->transient_size = t->size;
        else if (!t->transient && t->same_as == i)
            at += aligned(t->size);
    }
    net->activation_size = at + aligned(net->transient_size);
}

/* ---- gradients of activations ---- */

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

/* Where both parts of a sum share its gradient: whether the producer of `from` reads it there before
 * the other readers of the addend add to it and the addend's producer masks it. */
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

static void plan_gradients(struct convnet *net)
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
            if (at < other->delta_at + aligned(other->size) && other->delta_at < at + t->size) {
                at = other->delta_at + aligned(other->size);
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
        if (t->delta_at + aligned(t->size) > net->delta_size)
            net->delta_size = t->delta_at + aligned(t->size);
    }
}

/* Gradients that are added to others, by layers that cannot add themselves, and those that batch
 * normalization makes though nobody wants them. */
static void measure_additions(struct convnet *net)
{
    for (size_t i = 0; i < net->spec.count; i++) {
        const struct part_layer *l = &net->layers[i];
        const size_t size = net->tensors[l->spec.from].size;
        const int is_spare = l->from_mode == GRADIENT_NONE && l->spec.kind == LAYER_BATCH_NORM;
        if ((l->from_mode == GRADIENT_ADD || is_spare) && size > net->addition_size)
            net->addition_size = size;
    }
    net->delta_size += aligned(net->addition_size);
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

void convnet_plan_memory(struct convnet *net, int channels_last)
{
    find_wanted(net);
    net->block = channels_last ? 0 : common_block(&net->spec);
    describe_tensors(net);
    describe_readers(net);
    describe_layers(net);
    share_activations(net);
    place_activations(net);
    plan_gradients(net);
    if (!net->options.evaluate_only) {
        place_gradients(net);
        measure_additions(net);
    }
    measure_sums(net);
    for (size_t i = 0; i < net->spec.count; i++)
        if (is_conv(&net->layers[i].spec) && conv_needs_copy(net, &net->layers[i]))
            net->layers[i].needs_copy = 1;
        else if (net->layers[i].spec.kind == LAYER_LINEAR)
            net->layers[i].needs_copy = !convnet_is_plain(&net->tensors[net->layers[i].spec.from]);
}
