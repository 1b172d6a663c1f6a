/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/convnet_spec.h"

#include "base/check.h"
#include "net/conv_shape.h"
#include "net/pool.h"

struct convnet_spec convnet_spec_start(size_t channels, size_t height, size_t width)
{
    CHECK(channels >= 1 && height >= 1 && width >= 1, "images of %zu x %zu x %zu", channels, height,
          width);

    struct convnet_spec s = {.shapes[0] = {channels, height, width}};
    return s;
}

static struct tensor_shape shape_at(const struct convnet_spec *s, size_t tensor)
{
    CHECK(tensor <= s->count, "tensor %zu of %zu", tensor, s->count + 1);
    return s->shapes[tensor];
}

static size_t append(struct convnet_spec *s, const struct layer_spec *layer,
                     struct tensor_shape shape)
{
    CHECK(s->count < CONVNET_LAYERS_MAX, "more than %d layers", CONVNET_LAYERS_MAX);
    CHECK(layer->from <= s->count, "layer %zu reads tensor %zu", s->count, layer->from);
    s->layers[s->count] = *layer;
    s->shapes[++s->count] = shape;
    return s->count;
}

/* ---- convolutions ---- */

static struct conv_shape conv_of(const struct layer_spec *layer, struct tensor_shape from,
                                 size_t out)
{
    return (struct conv_shape){.batch = 1,
                               .in = from.c,
                               .height = from.h,
                               .width = from.w,
                               .out = out,
                               .kernel = layer->kernel,
                               .stride = layer->stride,
                               .padding = layer->padding,
                               .transposed = layer->kind == LAYER_TRANSPOSED_CONV,
                               .output_padding = layer->output_padding,
                               .bias = layer->bias};
}

static size_t append_conv(struct convnet_spec *s, const struct layer_spec *layer, size_t out)
{
    const struct tensor_shape from = shape_at(s, layer->from);
    const struct conv_shape conv = conv_of(layer, from, out);

    conv_check_shape(&conv);
    return append(s, layer,
                  (struct tensor_shape){out, conv_output_size(&conv, from.h),
                                        conv_output_size(&conv, from.w)});
}

size_t convnet_conv(struct convnet_spec *s, size_t from, size_t out, size_t kernel, size_t stride,
                    size_t padding, int bias)
{
    const struct layer_spec layer = {.kind = LAYER_CONV, .from = from, .addend = CONVNET_NONE,
                                     .bias = bias, .kernel = kernel, .stride = stride,
                                     .padding = padding};

    return append_conv(s, &layer, out);
}

size_t convnet_conv_relu(struct convnet_spec *s, size_t from, size_t out, size_t kernel,
                         size_t stride, size_t padding, int bias)
{
    const size_t made = convnet_conv(s, from, out, kernel, stride, padding, bias);

    s->layers[made - 1].relu = 1;
    return made;
}

size_t convnet_transposed_conv(struct convnet_spec *s, size_t from, size_t out, size_t kernel,
                               size_t stride, size_t padding, size_t output_padding, int bias)
{
    const struct layer_spec layer = {.kind = LAYER_TRANSPOSED_CONV, .from = from,
                                     .addend = CONVNET_NONE, .bias = bias, .kernel = kernel,
                                     .stride = stride, .padding = padding,
                                     .output_padding = output_padding};

    return append_conv(s, &layer, out);
}

/* ---- layers that keep the size ---- */

static size_t append_same(struct convnet_spec *s, enum layer_kind kind, size_t from, size_t addend,
                          int relu)
{
    const struct tensor_shape shape = shape_at(s, from);
    const struct layer_spec layer = {.kind = kind, .from = from, .addend = addend, .relu = relu,
                                     .epsilon = 1e-5, .momentum = 0.1};

    if (addend != CONVNET_NONE) {
        const struct tensor_shape other = shape_at(s, addend);
        CHECK(other.c == shape.c && other.h == shape.h && other.w == shape.w,
              "%zu x %zu x %zu added to %zu x %zu x %zu", other.c, other.h, other.w, shape.c,
              shape.h, shape.w);
    }
    return append(s, &layer, shape);
}

size_t convnet_batch_norm(struct convnet_spec *s, size_t from)
{
    return append_same(s, LAYER_BATCH_NORM, from, CONVNET_NONE, 0);
}

size_t convnet_batch_norm_relu(struct convnet_spec *s, size_t from)
{
    return append_same(s, LAYER_BATCH_NORM, from, CONVNET_NONE, 1);
}

size_t convnet_batch_norm_add_relu(struct convnet_spec *s, size_t from, size_t addend)
{
    return append_same(s, LAYER_BATCH_NORM, from, addend, 1);
}

size_t convnet_relu(struct convnet_spec *s, size_t from)
{
    return append_same(s, LAYER_RELU, from, CONVNET_NONE, 1);
}

size_t convnet_sigmoid(struct convnet_spec *s, size_t from)
{
    return append_same(s, LAYER_SIGMOID, from, CONVNET_NONE, 0);
}

size_t convnet_add(struct convnet_spec *s, size_t from, size_t addend)
{
    return append_same(s, LAYER_ADD, from, addend, 0);
}

size_t convnet_dropout(struct convnet_spec *s, size_t from, double probability, int by_channel)
{
    CHECK(probability >= 0 && probability < 1, "a probability of %g", probability);

    const size_t made = append_same(s, LAYER_DROPOUT, from, CONVNET_NONE, 0);
    s->layers[made - 1].probability = probability;
    s->layers[made - 1].by_channel = by_channel;
    return made;
}

/* ---- layers that change it ---- */

static size_t append_pool(struct convnet_spec *s, enum layer_kind kind, size_t from, size_t kernel,
                          size_t stride, size_t padding)
{
    const struct tensor_shape shape = shape_at(s, from);
    const struct layer_spec layer = {.kind = kind, .from = from, .addend = CONVNET_NONE,
                                     .kernel = kernel, .stride = stride, .padding = padding};

    return append(s, &layer,
                  (struct tensor_shape){shape.c, pool_size(shape.h, kernel, stride, padding),
                                        pool_size(shape.w, kernel, stride, padding)});
}

size_t convnet_max_pool(struct convnet_spec *s, size_t from, size_t kernel, size_t stride,
                        size_t padding)
{
    return append_pool(s, LAYER_MAX_POOL, from, kernel, stride, padding);
}

size_t convnet_average_pool(struct convnet_spec *s, size_t from, size_t kernel, size_t stride)
{
    return append_pool(s, LAYER_AVERAGE_POOL, from, kernel, stride, 0);
}

size_t convnet_global_pool(struct convnet_spec *s, size_t from)
{
    const struct layer_spec layer = {.kind = LAYER_GLOBAL_POOL, .from = from,
                                     .addend = CONVNET_NONE};

    return append(s, &layer, (struct tensor_shape){shape_at(s, from).c, 1, 1});
}

size_t convnet_linear(struct convnet_spec *s, size_t from, size_t out)
{
    const struct layer_spec layer = {.kind = LAYER_LINEAR, .from = from, .addend = CONVNET_NONE,
                                     .bias = 1};

    CHECK(out >= 1, "no outputs");
    return append(s, &layer, (struct tensor_shape){out, 1, 1});
}

size_t convnet_linear_relu(struct convnet_spec *s, size_t from, size_t out)
{
    const size_t made = convnet_linear(s, from, out);

    s->layers[made - 1].relu = 1;
    return made;
}

size_t convnet_reshape(struct convnet_spec *s, size_t from, size_t channels, size_t height,
                       size_t width)
{
    const struct tensor_shape shape = shape_at(s, from);
    const struct layer_spec layer = {.kind = LAYER_RESHAPE, .from = from, .addend = CONVNET_NONE};

    CHECK(shape.h == 1 && shape.w == 1 && shape.c == channels * height * width,
          "%zu x %zu x %zu numbers to images of %zu x %zu x %zu", shape.c, shape.h, shape.w,
          channels, height, width);
    return append(s, &layer, (struct tensor_shape){channels, height, width});
}

size_t convnet_flatten(struct convnet_spec *s, size_t from)
{
    const struct tensor_shape shape = shape_at(s, from);
    const struct layer_spec layer = {.kind = LAYER_FLATTEN, .from = from, .addend = CONVNET_NONE};

    return append(s, &layer, (struct tensor_shape){shape.c * shape.h * shape.w, 1, 1});
}

/* ---- counts ---- */

size_t convnet_layer_params(const struct convnet_spec *s, size_t layer)
{
    const struct layer_spec *l = &s->layers[layer];
    const struct tensor_shape from = s->shapes[l->from], to = s->shapes[layer + 1];

    switch (l->kind) {
    case LAYER_CONV:
    case LAYER_TRANSPOSED_CONV:
        return from.c * to.c * l->kernel * l->kernel + (l->bias ? to.c : 0);
    case LAYER_BATCH_NORM:
        return 2 * to.c;
    case LAYER_LINEAR:
        return (from.c * from.h * from.w + 1) * to.c;
    default:
        return 0;
    }
}

size_t convnet_param_count(const struct convnet_spec *s)
{
    size_t count = 0;

    for (size_t i = 0; i < s->count; i++)
        count += convnet_layer_params(s, i);
    return count;
}

size_t convnet_state_count(const struct convnet_spec *s)
{
    size_t count = 0;

    for (size_t i = 0; i < s->count; i++)
        if (s->layers[i].kind == LAYER_BATCH_NORM)
            count += 2 * s->shapes[i + 1].c;
    return count;
}

double convnet_operations(const struct convnet_spec *s)
{
    double operations = 0;

    for (size_t i = 0; i < s->count; i++) {
        const struct layer_spec *l = &s->layers[i];
        const struct tensor_shape from = s->shapes[l->from], to = s->shapes[i + 1];
        if (l->kind == LAYER_CONV || l->kind == LAYER_TRANSPOSED_CONV) {
            const struct conv_shape conv = conv_of(l, from, to.c);
            operations += conv_operations(&conv);
        } else if (l->kind == LAYER_LINEAR) {
            operations += 2.0 * (double)(from.c * from.h * from.w) * (double)to.c;
        }
    }
    return operations;
}
