/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_naive: the networks of net/convnet.h as plain loops in double over NCHW arrays, written
 * from the definitions of the layers. Nothing is shared, nothing is in place. */
#ifndef TESTS_CONVNET_NAIVE_H
#define TESTS_CONVNET_NAIVE_H

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "net/conv_naive.h"
#include "net/convnet_spec.h"
#include "net/dropout.h"
#include "net/model.h"

struct naive {
    const struct convnet_spec *spec;
    size_t batch;
    double *tensors[CONVNET_LAYERS_MAX + 1]; /* batch x c h w */
    double *params;     /* of the network, in its order */
    double *state;      /* running means and variances; a training pass moves them */
    float *factors;     /* of one dropout layer */
};

static inline size_t naive_features(const struct convnet_spec *s, size_t tensor)
{
    return s->shapes[tensor].c * s->shapes[tensor].h * s->shapes[tensor].w;
}

static inline struct naive naive_start(const struct convnet_spec *spec, size_t batch)
{
    struct naive n = {.spec = spec, .batch = batch};
    size_t most = 1;

    for (size_t i = 0; i <= spec->count; i++) {
        const size_t size = batch * naive_features(spec, i);
        n.tensors[i] = memory_get(size, sizeof(double));
        most = size > most ? size : most;
    }
    n.params = memory_get(convnet_param_count(spec), sizeof(double));
    n.state = memory_get(convnet_state_count(spec), sizeof(double));
    n.factors = memory_get(most, sizeof *n.factors);
    return n;
}

static inline void naive_end(struct naive *n)
{
    for (size_t i = 0; i <= n->spec->count; i++)
        memory_free(n->tensors[i]);
    memory_free(n->params);
    memory_free(n->state);
    memory_free(n->factors);
}

/* ---- layers: from tensor x (shape from) to y (shape to) ---- */

static inline void naive_conv(const struct naive *n, const struct layer_spec *l,
                              const double *params, size_t i)
{
    const struct tensor_shape from = n->spec->shapes[l->from], to = n->spec->shapes[i + 1];
    const struct conv_shape shape = {.batch = n->batch, .in = from.c, .height = from.h,
                                     .width = from.w, .out = to.c, .kernel = l->kernel,
                                     .stride = l->stride, .padding = l->padding,
                                     .transposed = l->kind == LAYER_TRANSPOSED_CONV,
                                     .output_padding = l->output_padding, .bias = l->bias};

    conv_naive_forward(&shape, params, l->bias ? params + conv_weight_count(&shape) : NULL,
                       n->tensors[l->from], n->tensors[i + 1]);
}

/* Mean and biased variance of channel c of a tensor. */
static inline void naive_moments(const struct naive *n, size_t tensor, size_t c, double *mean,
                                 double *variance)
{
    const struct tensor_shape s = n->spec->shapes[tensor];
    const size_t area = s.h * s.w;
    double sum = 0, squares = 0;

    for (size_t k = 0; k < n->batch; k++)
        for (size_t p = 0; p < area; p++)
            sum += n->tensors[tensor][(k * s.c + c) * area + p];
    *mean = sum / (double)(n->batch * area);
    for (size_t k = 0; k < n->batch; k++)
        for (size_t p = 0; p < area; p++) {
            const double d = n->tensors[tensor][(k * s.c + c) * area + p] - *mean;
            squares += d * d;
        }
    *variance = squares / (double)(n->batch * area);
}

static inline void naive_norm(const struct naive *n, const struct layer_spec *l,
                              const double *params, double *running, size_t i,
                              enum model_mode mode)
{
    const struct tensor_shape s = n->spec->shapes[i + 1];
    const size_t area = s.h * s.w;
    const double m = (double)(n->batch * area);

    for (size_t c = 0; c < s.c; c++) {
        double mean = running[c], variance = running[s.c + c];
        if (mode == MODEL_TRAIN) {
            naive_moments(n, l->from, c, &mean, &variance);
            running[c] += l->momentum * (mean - running[c]);
            running[s.c + c] += l->momentum * (variance * m / (m - 1) - running[s.c + c]);
        }
        const double inverse = 1 / sqrt(variance + l->epsilon);
        for (size_t k = 0; k < n->batch; k++)
            for (size_t p = 0; p < area; p++) {
                const size_t at = (k * s.c + c) * area + p;
                n->tensors[i + 1][at] =
                    params[c] * (n->tensors[l->from][at] - mean) * inverse + params[s.c + c];
            }
    }
}

/* Maximum or mean over the places of a window that lie in the picture. */
static inline double naive_window(const struct layer_spec *l, const double *x,
                                  struct tensor_shape s, size_t row, size_t column)
{
    double sum = 0, most = -(double)INFINITY;

    for (size_t u = 0; u < l->kernel; u++)
        for (size_t v = 0; v < l->kernel; v++) {
            const size_t a = row * l->stride + u - l->padding; /* wraps far beyond the picture */
            const size_t b = column * l->stride + v - l->padding;
            if (a >= s.h || b >= s.w)
                continue;
            sum += x[a * s.w + b];
            most = fmax(most, x[a * s.w + b]);
        }
    return l->kind == LAYER_MAX_POOL ? most : sum / (double)(l->kernel * l->kernel);
}

static inline void naive_pool(const struct naive *n, const struct layer_spec *l, size_t i)
{
    const struct tensor_shape from = n->spec->shapes[l->from], to = n->spec->shapes[i + 1];

    for (size_t k = 0; k < n->batch * to.c; k++)
        for (size_t row = 0; row < to.h; row++)
            for (size_t column = 0; column < to.w; column++)
                n->tensors[i + 1][(k * to.h + row) * to.w + column] =
                    naive_window(l, n->tensors[l->from] + k * from.h * from.w, from, row, column);
}

static inline void naive_global(const struct naive *n, const struct layer_spec *l, size_t i)
{
    for (size_t k = 0; k < n->batch * n->spec->shapes[i + 1].c; k++) {
        const size_t area = n->spec->shapes[l->from].h * n->spec->shapes[l->from].w;
        double sum = 0;
        for (size_t p = 0; p < area; p++)
            sum += n->tensors[l->from][k * area + p];
        n->tensors[i + 1][k] = sum / (double)area;
    }
}

static inline void naive_dropout(const struct naive *n, const struct layer_spec *l, size_t i,
                                 enum model_mode mode, struct rng *rng)
{
    const struct tensor_shape s = n->spec->shapes[i + 1];
    const size_t run = l->by_channel ? s.h * s.w : 1;
    const size_t count = n->batch * s.c * s.h * s.w / run;

    if (mode == MODEL_TRAIN)
        dropout_draw(rng, l->probability, count, n->factors);
    for (size_t k = 0; k < count * run; k++)
        n->tensors[i + 1][k] = n->tensors[l->from][k] *
                               (mode == MODEL_TRAIN ? (double)n->factors[k / run] : 1);
}

static inline void naive_linear(const struct naive *n, const struct layer_spec *l,
                                const double *params, size_t i)
{
    const size_t in = naive_features(n->spec, l->from), out = n->spec->shapes[i + 1].c;

    for (size_t k = 0; k < n->batch; k++)
        for (size_t o = 0; o < out; o++) {
            double sum = params[in * out + o];
            for (size_t c = 0; c < in; c++)
                sum += params[o * in + c] * n->tensors[l->from][k * in + c];
            n->tensors[i + 1][k * out + o] = sum;
        }
}

/* What is left: element by element, with the addend and the ReLU of layers that have one. */
static inline void naive_finish(const struct naive *n, const struct layer_spec *l, size_t i)
{
    const size_t count = n->batch * naive_features(n->spec, i + 1);
    double *y = n->tensors[i + 1];

    for (size_t k = 0; k < count; k++) {
        if (l->kind == LAYER_RELU || l->kind == LAYER_SIGMOID || l->kind == LAYER_ADD ||
            l->kind == LAYER_RESHAPE || l->kind == LAYER_FLATTEN)
            y[k] = n->tensors[l->from][k];
        if (l->kind == LAYER_SIGMOID)
            y[k] = 1 / (1 + exp(-y[k]));
        if (l->addend != CONVNET_NONE)
            y[k] += n->tensors[l->addend][k];
        if (l->relu)
            y[k] = y[k] > 0 ? y[k] : 0;
    }
}

static inline void naive_layer(const struct naive *n, size_t i, const double *params,
                               double *running, enum model_mode mode, struct rng *rng)
{
    const struct layer_spec *l = &n->spec->layers[i];

    switch (l->kind) {
    case LAYER_CONV:
    case LAYER_TRANSPOSED_CONV:
        naive_conv(n, l, params, i);
        break;
    case LAYER_BATCH_NORM:
        naive_norm(n, l, params, running, i, mode);
        break;
    case LAYER_MAX_POOL:
    case LAYER_AVERAGE_POOL:
        naive_pool(n, l, i);
        break;
    case LAYER_GLOBAL_POOL:
        naive_global(n, l, i);
        break;
    case LAYER_DROPOUT:
        naive_dropout(n, l, i, mode, rng);
        break;
    case LAYER_LINEAR:
        naive_linear(n, l, params, i);
        break;
    default:
        break;
    }
    naive_finish(n, l, i);
}

/* The logits (batch x outputs) of tensors[0]; rng is copied. */
static inline const double *naive_forward(struct naive *n, enum model_mode mode, struct rng rng)
{
    const double *params = n->params;
    double *running = n->state;

    for (size_t i = 0; i < n->spec->count; i++) {
        naive_layer(n, i, params, running, mode, &rng);
        params += convnet_layer_params(n->spec, i);
        if (n->spec->layers[i].kind == LAYER_BATCH_NORM)
            running += 2 * n->spec->shapes[i + 1].c;
    }
    return n->tensors[n->spec->count];
}

#endif
