/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_lifetimes: from when to when everything that a step needs is alive, and where it lies.
 *
 * The moments of a step: PHASES for each layer forward, then PHASES for each layer backward, from
 * the last one down. What happens in a backward phase:
 *   0  the gradient of the output is masked and handed on to an addend
 *   1  gradients of weights; what they read and is not kept has been made again just before
 *   2  gradient of the input
 *   3  that one added to what is there
 * Convolutions are cut as fine as this, the other layers take all phases at once. */
#include "base/memory.h"
#include "net/convnet_parts.h"
#include "net/dropout.h"
#include "net/tensor.h"

enum { PHASES = 4, MASK = 0, WEIGHTS = 1, DATA = 2, ADDITION = 3 };

static size_t forward_moment(size_t layer)
{
    return PHASES * layer;
}

static size_t backward_moment(const struct convnet *net, size_t layer, size_t phase)
{
    return PHASES * (2 * net->spec.count - 1 - layer) + phase;
}

static size_t end(const struct convnet *net)
{
    return PHASES * 2 * net->spec.count;
}

static size_t new_place(struct convnet *net, size_t floats)
{
    net->places[net->place_count] =
        (struct place){.size = convnet_aligned(floats), .from = end(net), .to = 0};
    return net->place_count++;
}

static void touch(struct convnet *net, size_t place, size_t from, size_t to)
{
    if (place == NO_PLACE)
        return;

    struct place *p = &net->places[place];
    p->from = from < p->from ? from : p->from;
    p->to = to > p->to ? to : p->to;
}

/* ---- what there is ---- */

static size_t root_of(const struct convnet *net, size_t tensor)
{
    return net->tensors[tensor].same_as;
}

/* The input is the caller's, the logits and their gradient lie apart. */
static void make_tensor_places(struct convnet *net)
{
    const size_t logits = root_of(net, net->spec.count);
    const size_t dlogits = net->tensors[net->spec.count].delta_root;

    for (size_t i = 0; i <= net->spec.count; i++) {
        struct part_tensor *t = &net->tensors[i];

        t->place = t->place_again = t->delta_place = NO_PLACE;
        if (i > 0 && t->same_as == i && i != logits)
            t->place = new_place(net, t->size);
        if (!net->options.evaluate_only && t->wants_delta && t->delta_root == i && i != dlogits)
            t->delta_place = new_place(net, t->size);
    }
}

static struct tensor full_view(const struct convnet *net, size_t tensor)
{
    const struct part_tensor *t = &net->tensors[tensor];

    return (struct tensor){net->options.max_batch, t->shape.c, t->shape.h, t->shape.w, t->block,
                           NULL};
}

/* What a layer writes in the forward pass for itself. */
static size_t own_size(const struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const struct tensor in = full_view(net, l->spec.from), out = full_view(net, i + 1);

    if (l->needs_copy)
        return tensor_plain_size(&in);
    if (l->spec.kind == LAYER_MAX_POOL && !net->options.evaluate_only)
        return (tensor_size(&out) + sizeof(float) - 1) / sizeof(float);
    if (l->spec.kind == LAYER_DROPOUT && !net->options.evaluate_only)
        return dropout_count(&out, l->spec.by_channel);
    return 0;
}

static void make_layer_places(struct convnet *net, size_t i)
{
    struct part_layer *l = &net->layers[i];
    const struct conv *conv = net->shapes[0].convs[i];
    const size_t own = own_size(net, i), in = net->tensors[l->spec.from].size;
    const int adds = l->spec.kind == LAYER_BATCH_NORM || l->spec.kind == LAYER_ADD;

    l->own_place = own > 0 ? new_place(net, own) : NO_PLACE;
    l->copy_delta_place = l->passing_place = NO_PLACE;
    for (int pass = 0; pass < CONV_PASSES; pass++) {
        const size_t bytes =
            conv != NULL ? conv_pass_workspace(conv, (enum conv_pass)pass) : 0;
        l->work_place[pass] = bytes > 0 ? new_place(net, bytes / sizeof(float)) : NO_PLACE;
    }
    if (net->options.evaluate_only)
        return;
    if (l->needs_copy && l->from_mode != GRADIENT_NONE)
        l->copy_delta_place = new_place(net, own);
    if ((l->from_mode == GRADIENT_ADD && !adds) ||
        (l->from_mode == GRADIENT_NONE && l->spec.kind == LAYER_BATCH_NORM))
        l->passing_place = new_place(net, in);
}

/* ---- when it is alive ---- */

static void live_forward(struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const size_t from = forward_moment(i), to = from + PHASES - 1;
    const size_t read[] = {l->spec.from, l->spec.addend, i + 1};

    for (size_t k = 0; k < 3; k++)
        if (read[k] != CONVNET_NONE)
            touch(net, net->tensors[root_of(net, read[k])].place, from, to);
    touch(net, l->own_place, from, to);
    touch(net, l->work_place[CONV_FORWARD], from, to);
}

/* The backward pass reads what the forward pass has left here. */
static void need_place(struct convnet *net, size_t place, size_t moment)
{
    touch(net, place, net->options.repeat_backward ? end(net) : moment,
          net->options.repeat_backward ? end(net) : moment);
}

/* The same of a tensor, which is made again where it is not kept. */
static void need(struct convnet *net, size_t tensor, size_t moment)
{
    struct part_tensor *t = &net->tensors[tensor];

    if (!t->remade) {
        need_place(net, net->tensors[root_of(net, tensor)].place, moment);
        return;
    }
    if (t->place_again == NO_PLACE) {
        const struct layer_spec *made = &net->spec.layers[t->producer];
        need(net, made->from, moment);
        if (made->addend != CONVNET_NONE)
            need(net, made->addend, moment);
        t->place_again = new_place(net, t->size);
    }
    touch(net, t->place_again, moment, moment);
}

static void touch_delta(struct convnet *net, size_t tensor, size_t from, size_t to)
{
    const struct part_tensor *t = &net->tensors[tensor];

    if (t->wants_delta)
        touch(net, net->tensors[t->delta_root].delta_place, from, to);
}

static void live_backward_conv(struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const size_t mask = backward_moment(net, i, MASK), weights = backward_moment(net, i, WEIGHTS);
    const size_t data = backward_moment(net, i, DATA), add = backward_moment(net, i, ADDITION);
    const int has_data = l->from_mode != GRADIENT_NONE;

    if (convnet_masks(net, i))
        need(net, i + 1, mask);
    touch_delta(net, i + 1, mask, has_data ? data : weights);
    if (l->needs_copy)
        need_place(net, l->own_place, weights);
    else
        need(net, l->spec.from, weights);
    touch(net, l->work_place[CONV_BACKWARD_WEIGHTS], weights, weights);
    if (!has_data)
        return;
    touch(net, l->work_place[CONV_BACKWARD_DATA], data, data);
    touch(net, l->copy_delta_place, data, add);
    touch(net, l->passing_place, data, add);
    touch_delta(net, l->spec.from, l->from_mode == GRADIENT_ADD ? add : data, add);
}

/* What else a layer's backward pass reads of the forward pass: what it read, what it made. */
static int reads_input(const struct part_layer *l)
{
    return l->spec.kind == LAYER_BATCH_NORM || (l->spec.kind == LAYER_LINEAR && !l->needs_copy);
}

static int reads_output(const struct convnet *net, size_t i)
{
    return convnet_masks(net, i) || net->spec.layers[i].kind == LAYER_RELU ||
           net->spec.layers[i].kind == LAYER_SIGMOID;
}

static void live_backward_other(struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];
    const size_t from = backward_moment(net, i, 0), to = from + PHASES - 1;

    for (size_t moment = from; moment <= to; moment += PHASES - 1) {
        if (reads_output(net, i))
            need(net, i + 1, moment);
        if (reads_input(l))
            need(net, l->spec.from, moment);
        if (l->own_place != NO_PLACE)
            need_place(net, l->own_place, moment);
    }
    touch_delta(net, i + 1, from, to);
    touch_delta(net, l->spec.from, from, to);
    if (l->spec.addend != CONVNET_NONE)
        touch_delta(net, l->spec.addend, from, to);
    touch(net, l->copy_delta_place, from, to);
    touch(net, l->passing_place, from, to);
}

static void live_backward(struct convnet *net)
{
    for (size_t i = net->spec.count; i-- > 0;)
        if (!net->tensors[i + 1].wants_delta)
            continue;
        else if (convnet_is_conv(&net->spec.layers[i]))
            live_backward_conv(net, i);
        else
            live_backward_other(net, i);
    if (net->options.input_gradient)
        touch_delta(net, 0, end(net), end(net));
}

/* Activations lie apart from everything else. */
static void keep_all(struct convnet *net)
{
    for (size_t i = 1; i <= net->spec.count; i++)
        touch(net, net->tensors[i].place, 0, end(net));
}

/* ---- where it lies ---- */

enum status convnet_plan_places(struct convnet *net)
{
    make_tensor_places(net);
    for (size_t i = 0; i < net->spec.count; i++)
        make_layer_places(net, i);
    for (size_t i = 0; i < net->spec.count; i++)
        live_forward(net, i);
    if (!net->options.evaluate_only)
        live_backward(net);
    if (net->options.keep_all)
        keep_all(net);

    size_t *order = memory_get(2 * net->place_count + 1, sizeof *order);
    if (order == NULL)
        return STATUS_MEMORY;
    net->room_size = places_assign(net->places, net->place_count, order) + convnet_aligned(1);
    memory_free(order);
    return STATUS_OK;
}

static float *place_of(const struct convnet *net, size_t place)
{
    return place == NO_PLACE ? NULL : net->room + net->places[place].at;
}

static void point_layer(const struct convnet *net, struct part_layer *l)
{
    float *own = place_of(net, l->own_place);

    if (l->needs_copy)
        l->copy = own;
    else if (l->spec.kind == LAYER_MAX_POOL)
        l->index = (uint8_t *)own;
    else
        l->factors = own;
    l->copy_delta = place_of(net, l->copy_delta_place);
    l->passing = place_of(net, l->passing_place);
    for (int pass = 0; pass < CONV_PASSES; pass++) /* an address also where no byte is needed */
        l->work[pass] = (char *)(l->work_place[pass] == NO_PLACE
                                     ? net->room : place_of(net, l->work_place[pass]));
}

void convnet_point(struct convnet *net)
{
    for (size_t i = 0; i <= net->spec.count; i++) {
        struct part_tensor *t = &net->tensors[i];
        const size_t at = t->delta_root;

        if (i > 0)
            t->data = place_of(net, net->tensors[root_of(net, i)].place);
        if (root_of(net, i) == root_of(net, net->spec.count))
            t->data = net->logits;
        if (t->wants_delta && at == net->tensors[net->spec.count].delta_root)
            t->delta = net->dlogits;
        else if (t->wants_delta)
            t->delta = place_of(net, net->tensors[at].delta_place);
        if (i < net->spec.count)
            point_layer(net, &net->layers[i]);
    }
}
