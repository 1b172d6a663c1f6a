/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/convnet_models.h"

#include "base/check.h"

/* A published number of channels at this width. */
static size_t scaled(const struct convnet_model_options *o, size_t published)
{
    const size_t multiply = o->multiply > 0 ? o->multiply : 1;
    const size_t divide = o->divide > 0 ? o->divide : 1;

    CHECK(published * multiply % divide == 0, "%zu channels times %zu / %zu", published, multiply,
          divide);
    return published * multiply / divide;
}

static struct convnet_spec start(const struct convnet_model_options *o)
{
    return convnet_spec_start(o->channels, o->size, o->size);
}

/* ---- the conv net ---- */

/* Two convolutions and a pool; returns the pooled tensor. */
static size_t conv_pair(struct convnet_spec *s, size_t from, size_t first, size_t second)
{
    size_t x = convnet_batch_norm_relu(s, convnet_conv(s, from, first, 3, 1, 1, 1));

    x = convnet_conv_relu(s, x, second, 3, 1, 1, 1);
    return convnet_max_pool(s, x, 2, 2, 0);
}

static size_t conv_features(struct convnet_spec *s, const struct convnet_model_options *o)
{
    size_t x = conv_pair(s, 0, scaled(o, 32), scaled(o, 64));

    x = conv_pair(s, x, scaled(o, 128), scaled(o, 128));
    x = convnet_dropout(s, x, 0.05, 1);
    return conv_pair(s, x, scaled(o, 256), scaled(o, 256));
}

struct convnet_spec convnet_models_conv(const struct convnet_model_options *o)
{
    struct convnet_spec s = start(o);

    convnet_linear(&s, conv_features(&s, o), o->outputs);
    return s;
}

struct convnet_spec convnet_models_conv_hidden(const struct convnet_model_options *o)
{
    struct convnet_spec s = start(o);
    const size_t hidden = convnet_linear_relu(&s, conv_features(&s, o), scaled(o, 1024));

    convnet_linear(&s, hidden, o->outputs);
    return s;
}

/* ---- WRN-16-4 ---- */

static size_t wrn_block(struct convnet_spec *s, size_t raw, size_t channels, size_t stride)
{
    const int changes = s->shapes[raw].c != channels || stride != 1;
    size_t x = convnet_conv(s, convnet_batch_norm_relu(s, raw), channels, 3, 1, 1, 1);

    x = convnet_conv(s, convnet_batch_norm_relu(s, x), channels, 3, stride, 1, 1);
    return convnet_add(s, x, changes ? convnet_conv(s, raw, channels, 1, stride, 0, 1) : raw);
}

struct convnet_spec convnet_models_wrn(const struct convnet_model_options *o)
{
    static const size_t channels[] = {64, 128, 256}, strides[] = {1, 2, 2};
    struct convnet_spec s = start(o);
    size_t x = convnet_conv(&s, 0, scaled(o, 16), 3, 1, 1, 1);

    for (size_t stage = 0; stage < 3; stage++) {
        x = wrn_block(&s, x, scaled(o, channels[stage]), strides[stage]);
        x = wrn_block(&s, x, scaled(o, channels[stage]), 1);
    }
    x = convnet_batch_norm_relu(&s, x);
    s.layers[x - 1].momentum = 0.9;
    convnet_linear(&s, convnet_global_pool(&s, x), o->outputs);
    return s;
}

/* ---- ResNet-18 ---- */

static size_t resnet_block(struct convnet_spec *s, size_t from, size_t channels, size_t stride)
{
    const int changes = s->shapes[from].c != channels || stride != 1;
    size_t x = convnet_batch_norm_relu(s, convnet_conv(s, from, channels, 3, stride, 1, 0));

    x = convnet_conv(s, x, channels, 3, 1, 1, 0);
    if (changes)
        from = convnet_batch_norm(s, convnet_conv(s, from, channels, 1, stride, 0, 0));
    return convnet_batch_norm_add_relu(s, x, from);
}

struct convnet_spec convnet_models_resnet(const struct convnet_model_options *o)
{
    static const size_t channels[] = {64, 128, 256, 512};
    struct convnet_spec s = start(o);
    size_t x = convnet_batch_norm_relu(&s, convnet_conv(&s, 0, scaled(o, 64), 3, 1, 1, 0));

    for (size_t stage = 0; stage < 4; stage++) {
        x = resnet_block(&s, x, scaled(o, channels[stage]), stage == 0 ? 1 : 2);
        x = resnet_block(&s, x, scaled(o, channels[stage]), 1);
    }
    convnet_linear(&s, convnet_global_pool(&s, x), o->outputs);
    return s;
}

/* ---- encoders and decoders ---- */

/* The one hidden layer of either. */
static size_t mlp_hidden(struct convnet_spec *s, const struct convnet_model_options *o)
{
    const size_t units = scaled(o, o->hidden > 0 ? o->hidden : 256);
    const size_t x = convnet_batch_norm_relu(s, convnet_linear(s, 0, units));

    return o->dropout > 0 ? convnet_dropout(s, x, o->dropout, 0) : x;
}

struct convnet_spec convnet_models_mlp_encoder(const struct convnet_model_options *o)
{
    struct convnet_spec s = start(o);

    convnet_linear(&s, mlp_hidden(&s, o), o->outputs);
    return s;
}

struct convnet_spec convnet_models_mlp_decoder(const struct convnet_model_options *o, size_t latent)
{
    struct convnet_spec s = convnet_spec_start(latent, 1, 1);

    convnet_sigmoid(&s, convnet_linear(&s, mlp_hidden(&s, o), o->channels * o->size * o->size));
    return s;
}

struct convnet_spec convnet_models_classifier(const struct convnet_model_options *o, size_t latent)
{
    struct convnet_spec s = convnet_spec_start(latent, 1, 1);

    convnet_linear(&s, 0, o->outputs);
    return s;
}

struct convnet_spec convnet_models_decoder(const struct convnet_model_options *o, size_t latent)
{
    static const size_t channels[] = {512, 256, 128, 64};
    struct convnet_spec s = convnet_spec_start(latent, 1, 1);
    const size_t side = o->size / 16, first = scaled(o, channels[0]);

    CHECK(o->size > 0 && o->size % 16 == 0, "%zu rows, not a multiple of 16", o->size);
    size_t x = convnet_reshape(&s, convnet_linear(&s, 0, first * side * side), first, side, side);
    for (size_t k = 0; k < 4; k++) {
        const size_t out = k < 3 ? scaled(o, channels[k + 1]) : o->channels;
        x = convnet_transposed_conv(&s, convnet_batch_norm_relu(&s, x), out, 4, 2, 1, 0, 1);
    }
    convnet_flatten(&s, convnet_sigmoid(&s, x));
    return s;
}
