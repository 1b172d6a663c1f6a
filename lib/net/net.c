/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net: creation, initialization, forward and backward passes. */
#include "net/net.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "linalg/mat.h"

/* ---- creation ---- */

static void check_spec(const struct net_spec *spec)
{
    CHECK(spec->layer_count >= 1, "layer_count is 0");
    for (size_t l = 0; l <= spec->layer_count; l++)
        CHECK(spec->widths[l] >= 1 && spec->widths[l] <= INT_MAX, "widths[%zu] is %zu", l,
              spec->widths[l]);
    CHECK(spec->sigma_w2 >= 0 && spec->sigma_b2 >= 0, "variances are %g and %g", spec->sigma_w2,
          spec->sigma_b2);
}

size_t net_param_count(const struct net_spec *spec)
{
    size_t count = 0;

    for (size_t l = 0; l < spec->layer_count; l++)
        count += (spec->widths[l] + 1) * spec->widths[l + 1];
    return count;
}

static double default_sigma_w2(const struct net_spec *spec)
{
    if (spec->sigma_w2 > 0)
        return spec->sigma_w2;
    return spec->activation == ACTIVATION_RELU ? 2.0 : 1.0;
}

/* Shapes, offsets and scales; no memory. */
static void describe_layers(struct net *net, const struct net_spec *spec)
{
    const int ntk = spec->parameterization == NET_NTK;
    size_t at = 0;

    for (size_t l = 0; l < net->layer_count; l++) {
        struct net_layer *layer = &net->layers[l];
        layer->in = spec->widths[l];
        layer->out = spec->widths[l + 1];
        layer->weights_at = at;
        layer->biases_at = at + layer->in * layer->out;
        layer->weight_scale = ntk ? (float)sqrt(net->sigma_w2 / (double)layer->in) : 1.0f;
        layer->bias_scale = ntk ? (float)sqrt(net->sigma_b2) : 1.0f;
        at = layer->biases_at + layer->out;
    }
}

/* One block for the outputs of all layers and one for their deltas. */
static void place_activations(struct net *net, struct arena *mem)
{
    size_t width = 0;

    for (size_t l = 0; l < net->layer_count; l++)
        width += net->layers[l].out;

    float *outputs = arena_get(mem, net->max_batch * width, sizeof *outputs);
    float *deltas = arena_get(mem, net->max_batch * width, sizeof *deltas);

    for (size_t l = 0; l < net->layer_count; l++) {
        net->layers[l].outputs = outputs;
        net->layers[l].deltas = deltas;
        outputs += net->max_batch * net->layers[l].out;
        deltas += net->max_batch * net->layers[l].out;
    }
}

struct net net_create(struct arena *mem, const struct net_spec *spec, size_t max_batch)
{
    check_spec(spec);
    CHECK(max_batch >= 1 && max_batch <= INT_MAX, "max_batch is %zu", max_batch);

    struct net net = {.layer_count = spec->layer_count,
                      .activation = spec->activation,
                      .parameterization = spec->parameterization,
                      .sigma_w2 = default_sigma_w2(spec),
                      .sigma_b2 = spec->sigma_b2,
                      .inputs = spec->widths[0],
                      .outputs = spec->widths[spec->layer_count],
                      .max_batch = max_batch,
                      .param_count = net_param_count(spec)};

    net.layers = arena_get(mem, net.layer_count, sizeof *net.layers);
    net.params = arena_get(mem, net.param_count, sizeof *net.params);
    net.grads = arena_get(mem, net.param_count, sizeof *net.grads);
    net.sums = arena_get(mem, max_batch * net.outputs, sizeof *net.sums);
    describe_layers(&net, spec);
    place_activations(&net, mem);
    return net;
}

/* ---- parameters ---- */

static void draw_normals(struct rng *rng, float *out, size_t n, double deviation)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(deviation * rng_normal(rng));
}

static void draw_uniforms(struct rng *rng, float *out, size_t n, double bound)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(bound * (2.0 * rng_uniform(rng) - 1.0));
}

void net_init(struct net *net, struct rng *rng)
{
    for (size_t l = 0; l < net->layer_count; l++) {
        const struct net_layer *layer = &net->layers[l];
        const size_t weight_count = layer->in * layer->out;
        float *weights = net_weights(net, l), *biases = net_biases(net, l);

        switch (net->parameterization) {
        case NET_STANDARD:
            draw_normals(rng, weights, weight_count, sqrt(net->sigma_w2 / (double)layer->in));
            memset(biases, 0, layer->out * sizeof *biases);
            if (net->sigma_b2 > 0)
                draw_normals(rng, biases, layer->out, sqrt(net->sigma_b2));
            break;
        case NET_NTK:
            draw_normals(rng, weights, weight_count + layer->out, 1.0);
            break;
        case NET_PYTORCH:
            draw_uniforms(rng, weights, weight_count + layer->out, 1.0 / sqrt((double)layer->in));
            break;
        }
    }
}

static const struct net_layer *layer_at(const struct net *net, size_t l)
{
    CHECK(l < net->layer_count, "layer %zu of %zu", l, net->layer_count);
    return &net->layers[l];
}

float *net_weights(const struct net *net, size_t l)
{
    return net->params + layer_at(net, l)->weights_at;
}

float *net_biases(const struct net *net, size_t l)
{
    return net->params + layer_at(net, l)->biases_at;
}

float *net_weight_grads(const struct net *net, size_t l)
{
    return net->grads + layer_at(net, l)->weights_at;
}

float *net_bias_grads(const struct net *net, size_t l)
{
    return net->grads + layer_at(net, l)->biases_at;
}

void net_get_params(const struct net *net, float *out)
{
    memcpy(out, net->params, net->param_count * sizeof *out);
}

void net_set_params(struct net *net, const float *in)
{
    memcpy(net->params, in, net->param_count * sizeof *in);
}

/* ---- passes ---- */

/* W_l, and its gradient in a block that is laid out like the parameters. */
static struct matf weights_in(float *block, const struct net_layer *layer)
{
    return matf_over(block + layer->weights_at, layer->in, layer->out);
}

const float *net_forward(struct net *net, const float *x, size_t batch)
{
    CHECK(batch >= 1 && batch <= net->max_batch, "batch %zu, at most %zu", batch, net->max_batch);
    net->input = x;
    net->batch = batch;

    for (size_t l = 0; l < net->layer_count; l++) {
        const struct net_layer *layer = &net->layers[l];
        const int last = l + 1 == net->layer_count;
        const struct matf h = matf_over(x, batch, layer->in);
        const struct matf weights = weights_in(net->params, layer);
        struct matf z = matf_over(layer->outputs, batch, layer->out);

        matf_multiply(&z, layer->weight_scale, &h, MAT_AS_IS, &weights, MAT_AS_IS, 0.0f);
        activation_forward(last ? ACTIVATION_IDENTITY : net->activation, layer->outputs,
                           net->params + layer->biases_at, layer->bias_scale, batch, layer->out);
        x = layer->outputs;
    }
    return x;
}

/* delta_{l-1} = (s_l delta_l W_l^T) * act'(h_{l-1}), l >= 1 */
static void backward_delta(struct net *net, size_t l)
{
    const struct net_layer *layer = &net->layers[l], *below = &net->layers[l - 1];
    const struct matf delta = matf_over(layer->deltas, net->batch, layer->out);
    const struct matf weights = weights_in(net->params, layer);
    struct matf delta_below = matf_over(below->deltas, net->batch, layer->in);

    matf_multiply(&delta_below, layer->weight_scale, &delta, MAT_AS_IS, &weights, MAT_TRANSPOSED,
                  0.0f);
    activation_backward(net->activation, below->deltas, below->outputs, net->batch, layer->in);
}

/* into = keep into + scale d loss / d params. delta_{l-1} comes before the gradient of W_l, so that
 * `into` may be the parameters themselves. */
static void backward(struct net *net, const float *dlogits, float *into, float keep, float scale)
{
    float *top = net_dlogits(net);

    CHECK(net->batch >= 1, "no forward pass before the backward pass");
    if (dlogits != top)
        memcpy(top, dlogits, net->batch * net->outputs * sizeof *top);

    for (size_t l = net->layer_count; l-- > 0;) {
        const struct net_layer *layer = &net->layers[l];
        const struct matf h = matf_over(l > 0 ? net->layers[l - 1].outputs : net->input, net->batch,
                                        layer->in);
        const struct matf delta = matf_over(layer->deltas, net->batch, layer->out);
        struct matf gradient = weights_in(into, layer);

        if (l > 0)
            backward_delta(net, l);
        matf_multiply(&gradient, scale * layer->weight_scale, &h, MAT_TRANSPOSED, &delta, MAT_AS_IS,
                      keep);
        activation_bias_gradient(layer->deltas, net->batch, layer->out, scale * layer->bias_scale,
                                 keep, into + layer->biases_at);
    }
}

void net_backward(struct net *net, const float *dlogits, float keep)
{
    backward(net, dlogits, net->grads, keep, 1.0f);
}

void net_backward_step(struct net *net, const float *dlogits, double learning_rate,
                       double weight_decay)
{
    backward(net, dlogits, net->params, (float)(1.0 - learning_rate * weight_decay),
             (float)-learning_rate);
}

float *net_dlogits(struct net *net)
{
    return net->layers[net->layer_count - 1].deltas;
}

void net_input_gradient(const struct net *net, float *dinputs)
{
    const struct net_layer *first = &net->layers[0];
    const struct matf delta = matf_over(first->deltas, net->batch, first->out);
    const struct matf weights = weights_in(net->params, first);
    struct matf d = matf_over(dinputs, net->batch, first->in);

    matf_multiply(&d, first->weight_scale, &delta, MAT_AS_IS, &weights, MAT_TRANSPOSED, 0.0f);
}
