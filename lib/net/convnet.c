/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet: creation, initialization, and what is known about a network. */
#include "net/convnet.h"

#include <math.h>

#include "base/check.h"
#include "base/memory.h"
#include "net/batch_norm.h"
#include "net/convnet_parts.h"

/* ---- memory ---- */

static float *get_floats(size_t count, enum status *status)
{
    float *block = count > 0 && *status == STATUS_OK ? memory_get(count, sizeof *block) : NULL;

    if (count > 0 && block == NULL)
        *status = STATUS_MEMORY;
    return block;
}

/* A block of one layer, given back with the network. */
static void *get_other(struct convnet *net, size_t count, size_t size, enum status *status)
{
    void *block = *status == STATUS_OK ? memory_get(count, size) : NULL;

    if (block == NULL) {
        *status = STATUS_MEMORY;
        return NULL;
    }
    net->others[net->other_count++] = block;
    net->other_bytes += count * size;
    return block;
}

static void get_norm_memory(struct convnet *net, size_t i, enum status *status)
{
    struct part_layer *l = &net->layers[i];
    const size_t c = net->spec.shapes[i + 1].c;

    if (l->spec.kind != LAYER_BATCH_NORM)
        return;
    l->mean = get_other(net, c, sizeof *l->mean, status);
    l->inverse = get_other(net, c, sizeof *l->inverse, status);
}

static enum status get_memory(struct convnet *net)
{
    const size_t logits = net->tensors[net->spec.count].size;
    enum status status = STATUS_OK;

    net->params = get_floats(net->param_count, &status);
    net->state = get_floats(net->state_count, &status);
    net->room = get_floats(net->room_size, &status);
    if (!net->options.evaluate_only)
        net->grads = get_floats(net->param_count, &status);
    TRY(status);
    net->others = memory_get(2 * CONVNET_LAYERS_MAX + 3, sizeof *net->others);
    if (net->others == NULL)
        return STATUS_MEMORY;
    net->sums = get_other(net, net->sum_size + 1, sizeof *net->sums, &status);
    net->logits = get_other(net, logits, sizeof *net->logits, &status);
    if (!net->options.evaluate_only)
        net->dlogits = get_other(net, logits, sizeof *net->dlogits, &status);
    for (size_t i = 0; i < net->spec.count; i++)
        get_norm_memory(net, i, &status);
    return status;
}

/* ---- creation ---- */

static void reset_state(struct convnet *net)
{
    for (size_t i = 0; i < net->spec.count; i++) {
        const size_t c = net->spec.shapes[i + 1].c;
        if (net->layers[i].spec.kind != LAYER_BATCH_NORM)
            continue;
        for (size_t k = 0; k < c; k++) {
            net->state[net->layers[i].state_at + k] = 0;
            net->state[net->layers[i].state_at + c + k] = 1;
        }
    }
}

/* The library's primitives come first: the plan of memory has to know what they need. */
static enum status fill(struct convnet *net)
{
    TRY(convnet_plan_places(net));
    TRY(get_memory(net));
    convnet_point(net);
    reset_state(net);
    return STATUS_OK;
}

static enum status create(struct convnet **net, const struct convnet_spec *spec,
                          const struct convnet_options *options, int channels_last)
{
    struct convnet *made = memory_get(1, sizeof *made);
    if (made == NULL)
        return STATUS_MEMORY;
    made->spec = *spec;
    made->options = *options;
    made->options.repeat_backward |= options->keep_all;
    made->rng = rng_stream(options->seed, "dropout");
    convnet_plan_layers(made, channels_last);

    const enum status status = convnet_take_shape(made, options->max_batch);
    if (status != STATUS_OK) {
        convnet_free(made);
        return status;
    }
    *net = made;
    return STATUS_OK;
}

/* Blocks, unless the library has only plain loops for one of their passes. */
enum status convnet_create(struct convnet **net, const struct convnet_spec *spec,
                           const struct convnet_options *options)
{
    const struct tensor_shape last = spec->shapes[spec->count];

    *net = NULL;
    CHECK(spec->count >= 1 && last.h * last.w == 1, "%zu layers, the last makes %zu x %zu x %zu",
          spec->count, last.c, last.h, last.w);
    CHECK(options->max_batch >= 1, "max_batch is 0");
    TRY(create(net, spec, options, 0));
    if ((*net)->block > 0 && convnet_reference_passes(*net) > 0) {
        convnet_free(*net);
        *net = NULL;
        TRY(create(net, spec, options, 1));
    }

    const enum status status = fill(*net);
    if (status != STATUS_OK) {
        convnet_free(*net);
        *net = NULL;
    }
    return status;
}

void convnet_free(struct convnet *net)
{
    if (net == NULL)
        return;
    convnet_free_primitives(net);
    for (size_t k = 0; k < net->other_count; k++)
        memory_free(net->others[k]);
    memory_free(net->others);
    memory_free(net->params);
    memory_free(net->grads);
    memory_free(net->state);
    memory_free(net->room);
    memory_free(net->workspace);
    memory_free(net);
}

static size_t fan_in(const struct convnet *net, size_t i)
{
    const struct layer_spec *l = &net->layers[i].spec;
    const struct tensor_shape from = net->spec.shapes[l->from];

    if (l->kind == LAYER_CONV)
        return from.c * l->kernel * l->kernel;
    if (l->kind == LAYER_TRANSPOSED_CONV)
        return net->spec.shapes[i + 1].c * l->kernel * l->kernel;
    return from.c * from.h * from.w;
}

void convnet_init(struct convnet *net, struct rng *rng)
{
    reset_state(net);
    for (size_t i = 0; i < net->spec.count; i++) {
        const struct part_layer *l = &net->layers[i];
        float *params = net->params + l->params_at;
        const size_t c = net->spec.shapes[i + 1].c;

        if (l->spec.kind == LAYER_BATCH_NORM) {
            for (size_t k = 0; k < 2 * c; k++)
                params[k] = k < c ? 1.0f : 0.0f;
            continue;
        }
        const double bound = 1.0 / sqrt((double)fan_in(net, i));
        for (size_t k = 0; k < l->param_count; k++)
            params[k] = (float)(bound * (2.0 * rng_uniform(rng) - 1.0));
    }
}

static enum status prepare_self(void *self, size_t batch)
{
    return convnet_prepare(self, batch);
}

struct model convnet_model(struct convnet *net)
{
    return (struct model){.self = net,
                          .inputs = net->spec.shapes[0].c * net->spec.shapes[0].h *
                                    net->spec.shapes[0].w,
                          .outputs = net->spec.shapes[net->spec.count].c,
                          .max_batch = net->options.max_batch,
                          .param_count = net->param_count,
                          .params = net->params,
                          .grads = net->grads,
                          .state = net->state,
                          .state_count = net->state_count,
                          .rng = &net->rng,
                          .forward = convnet_forward,
                          .backward = convnet_backward,
                          .dlogits = convnet_dlogits,
                          .prepare = prepare_self};
}

/* ---- what is known ---- */

const struct convnet_spec *convnet_plan(const struct convnet *net)
{
    return &net->spec;
}

size_t convnet_params_at(const struct convnet *net, size_t layer)
{
    CHECK(layer < net->spec.count, "layer %zu of %zu", layer, net->spec.count);
    return net->layers[layer].params_at;
}

struct convnet_memory convnet_memory(const struct convnet *net)
{
    const size_t blocks = net->grads != NULL ? 2 : 1;

    return (struct convnet_memory){
        .params = (blocks * net->param_count + net->state_count) * sizeof(float),
        .room = net->room_size * sizeof(float),
        .workspace = net->workspace_size,
        .others = net->other_bytes};
}

void convnet_time(struct convnet *net, struct convnet_times *times)
{
    net->times = times;
    if (times != NULL)
        *times = (struct convnet_times){0};
}

void convnet_watch(struct convnet *net, void (*see)(void *context, const struct convnet_sight *),
                   void *context)
{
    net->see = see;
    net->see_context = context;
}

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
    const struct tensor view = {net->batch, t->shape.c, t->shape.h, t->shape.w, t->block, t->data};

    CHECK(net->options.keep_all || tensor == net->spec.count, "tensor %zu is not kept", tensor);
    tensor_to_plain(&view, out);
}
