/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_primitives: the library's convolutions of a network, once a batch size. */
#include "base/check.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "net/convnet_parts.h"

/* ---- threads ---- */

/* Million multiplications a layer, forward, of one image. */
static double million_a_layer(const struct convnet *net)
{
    return convnet_operations(&net->spec) / 2e6 / (double)net->spec.count;
}

static int is_small(const struct convnet *net, size_t batch)
{
    return !net->options.all_threads &&
           (double)batch * million_a_layer(net) < CONVNET_THREADS_FROM;
}

int convnet_start_threads(const struct convnet *net, size_t batch)
{
    const int threads = parallel_threads();

    if (threads > 1 && is_small(net, batch))
        parallel_set_threads(1);
    return threads;
}

void convnet_end_threads(int threads)
{
    if (parallel_threads() != threads)
        parallel_set_threads(threads);
}

/* ---- primitives ---- */

static struct conv_options conv_options_of(const struct convnet *net, size_t i)
{
    const struct part_layer *l = &net->layers[i];

    return (struct conv_options){
        .use = net->options.evaluate_only          ? CONV_EVALUATE
               : l->from_mode == GRADIENT_NONE     ? CONV_TRAIN_FIRST
                                                   : CONV_TRAIN,
        .x_block = convnet_conv_block(net, l),
        .y_block = net->tensors[i + 1].block,
        .channels_last = net->block == 0,
        .relu = l->spec.relu,
        .direct = net->options.direct};
}

static enum status make_conv(const struct convnet *net, size_t i, size_t batch, struct conv **conv)
{
    const struct layer_spec *l = &net->layers[i].spec;
    const struct tensor_shape from = net->tensors[l->from].shape;
    const struct conv_options options = conv_options_of(net, i);
    const struct conv_shape shape = {.batch = batch,
                                     .in = from.c,
                                     .height = from.h,
                                     .width = from.w,
                                     .out = net->tensors[i + 1].shape.c,
                                     .kernel = l->kernel,
                                     .stride = l->stride,
                                     .padding = l->padding,
                                     .transposed = l->kind == LAYER_TRANSPOSED_CONV,
                                     .output_padding = l->output_padding,
                                     .bias = l->bias};

    return conv_create(conv, &shape, &options);
}

static void free_shape(const struct convnet *net, struct part_shape *shape)
{
    for (size_t i = 0; shape->convs != NULL && i < net->spec.count; i++)
        conv_free(shape->convs[i]);
    memory_free(shape->convs);
}

/* Whether all passes find the workspace that they need at the places of max_batch. */
static int fits(const struct convnet *net, const struct part_shape *shape)
{
    for (size_t i = 0; i < net->spec.count; i++)
        for (int pass = 0; shape->convs[i] != NULL && pass < CONV_PASSES; pass++) {
            const size_t bytes = conv_pass_workspace(shape->convs[i], (enum conv_pass)pass);
            const size_t place = net->layers[i].work_place[pass];
            if (bytes > 0 && (place == NO_PLACE ||
                              bytes > net->places[place].size * sizeof(float)))
                return 0;
        }
    return 1;
}

/* A block beside the places, for batches that the library cannot cut. */
static enum status grow_workspace(struct convnet *net, const struct part_shape *shape)
{
    size_t wanted = net->workspace_size;

    for (size_t i = 0; i < net->spec.count; i++)
        if (shape->convs[i] != NULL && conv_workspace(shape->convs[i]) > wanted)
            wanted = conv_workspace(shape->convs[i]);
    if (wanted == net->workspace_size)
        return STATUS_OK;

    char *grown = memory_get(wanted, 1); /* not memory_grow: the content is of no meaning */
    if (grown == NULL)
        return STATUS_MEMORY;
    memory_free(net->workspace);
    net->workspace = grown;
    net->workspace_size = wanted;
    return STATUS_OK;
}

static enum status make_shape(struct convnet *net, size_t batch, struct part_shape *shape)
{
    *shape = (struct part_shape){.batch = batch,
                                 .convs = memory_get(net->spec.count, sizeof(struct conv *))};
    if (shape->convs == NULL)
        return STATUS_MEMORY;
    for (size_t i = 0; i < net->spec.count; i++)
        if (convnet_is_conv(&net->spec.layers[i]))
            TRY(make_conv(net, i, batch, &shape->convs[i]));
    if (net->room == NULL || fits(net, shape))
        return STATUS_OK;
    shape->works_apart = 1;
    return grow_workspace(net, shape);
}

/* The shape of this batch size, shape_count if there is none. */
static size_t find_shape(const struct convnet *net, size_t batch)
{
    size_t k = 0;

    while (k < net->shape_count && net->shapes[k].batch != batch)
        k++;
    return k;
}

enum status convnet_prepare(struct convnet *net, size_t batch)
{
    CHECK(batch >= 1 && batch <= net->options.max_batch, "batch %zu, at most %zu", batch,
          net->options.max_batch);
    if (find_shape(net, batch) < net->shape_count)
        return STATUS_OK;

    struct part_shape *grown = memory_grow(net->shapes, net->shape_count, net->shape_count + 1,
                                           sizeof *grown);
    if (grown == NULL)
        return STATUS_MEMORY;
    net->shapes = grown;

    const int threads = convnet_start_threads(net, batch); /* primitives are made for so many */
    const enum status status = make_shape(net, batch, &grown[net->shape_count]);
    convnet_end_threads(threads);
    if (status != STATUS_OK)
        free_shape(net, &grown[net->shape_count]);
    else
        net->shape_count++;
    return status;
}

enum status convnet_take_shape(struct convnet *net, size_t batch)
{
    TRY(convnet_prepare(net, batch));
    net->shape = find_shape(net, batch);
    return STATUS_OK;
}

void convnet_free_primitives(struct convnet *net)
{
    for (size_t k = 0; k < net->shape_count; k++)
        free_shape(net, &net->shapes[k]);
    memory_free(net->shapes);
}

/* ---- what is known of them ---- */

size_t convnet_conv_count(const struct convnet *net)
{
    size_t count = 0;

    for (size_t i = 0; i < net->spec.count; i++)
        count += net->shapes[0].convs[i] != NULL;
    return count;
}

size_t convnet_winograd_count(const struct convnet *net)
{
    size_t count = 0;

    for (size_t i = 0; i < net->spec.count; i++)
        count += net->shapes[0].convs[i] != NULL && conv_is_winograd(net->shapes[0].convs[i]);
    return count;
}

size_t convnet_reference_passes(const struct convnet *net)
{
    size_t count = 0;

    for (size_t i = 0; i < net->spec.count; i++)
        if (net->shapes[0].convs[i] != NULL)
            count += conv_reference_passes(net->shapes[0].convs[i]);
    return count;
}

void convnet_record(const struct convnet *net, struct provenance *p)
{
    conv_record(p);
    if (net->block > 0)
        provenance_set(p, "net.layout", "blocks of %zu channels", net->block);
    else
        provenance_set(p, "net.layout", "channels last");
    provenance_set(p, "net.threads", "one below %d million multiplications a layer; an image has "
                   "%.3g", CONVNET_THREADS_FROM, million_a_layer(net));
    provenance_set(p, "net.winograd", "%zu of %zu convolutions", convnet_winograd_count(net),
                   convnet_conv_count(net));
}
