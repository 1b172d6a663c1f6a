/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/net_jacobian.h"

#include <string.h>

#include "base/check.h"

void net_jacobian(struct matf *J, struct net *net, const float *x, size_t n)
{
    CHECK(n >= 1 && J->rows == n * net->outputs && J->cols == net->param_count,
          "%zu x %zu for %zu examples of %zu outputs and %zu parameters", J->rows, J->cols, n,
          net->outputs, net->param_count);
    for (size_t i = 0; i < n; i++) {
        net_forward(net, x + i * net->inputs, 1);
        for (size_t k = 0; k < net->outputs; k++) {
            float *d = net_dlogits(net);

            for (size_t j = 0; j < net->outputs; j++)
                d[j] = j == k ? 1.0f : 0.0f;
            net_backward(net, d, 0);
            memcpy(J->a + (i * net->outputs + k) * J->cols, net->grads, J->cols * sizeof(float));
        }
    }
}

/* The layer's deltas become dh_l; its inputs h (n x in) have the derivative dh (NULL: 0). */
static void push(const struct net *net, size_t l, const float *h, const float *dh, const float *v)
{
    const struct net_layer *layer = &net->layers[l];
    const int last = l + 1 == net->layer_count;
    const size_t n = net->batch;
    const struct matf inputs = matf_over(h, n, layer->in);
    const struct matf V = matf_over(v + layer->weights_at, layer->in, layer->out);
    struct matf dz = matf_over(layer->deltas, n, layer->out);

    matf_multiply(&dz, layer->weight_scale, &inputs, MAT_AS_IS, &V, MAT_AS_IS, 0.0f);
    if (dh != NULL) {
        const struct matf dinputs = matf_over(dh, n, layer->in);
        const struct matf W = matf_over(net_weights(net, l), layer->in, layer->out);

        matf_multiply(&dz, layer->weight_scale, &dinputs, MAT_AS_IS, &W, MAT_AS_IS, 1.0f);
    }
    activation_forward(ACTIVATION_IDENTITY, dz.a, v + layer->biases_at, layer->bias_scale, n,
                       layer->out);
    if (!last)
        activation_backward(net->activation, dz.a, layer->outputs, n, layer->out);
}

void net_jacobian_times(float *out, struct net *net, const float *x, size_t n, const float *v)
{
    const float *h = x, *dh = NULL;

    net_forward(net, x, n);
    for (size_t l = 0; l < net->layer_count; l++) {
        push(net, l, h, dh, v);
        h = net->layers[l].outputs;
        dh = net->layers[l].deltas;
    }
    memcpy(out, dh, n * net->outputs * sizeof *out);
    net->batch = 0; /* no backward pass may take up what is left */
}

void net_jacobian_transposed_times(float *out, struct net *net, const float *x, size_t n,
                                   const float *v)
{
    net_forward(net, x, n);
    net_backward(net, v, 0);
    if (out != net->grads)
        memcpy(out, net->grads, net->param_count * sizeof *out);
}
