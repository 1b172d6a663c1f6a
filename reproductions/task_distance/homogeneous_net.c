/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/homogeneous_net.h"

#include <math.h>

#include "base/check.h"

#define LEAK 0.1

struct homogeneous_net homogeneous_net_make(struct arena *mem, enum homogeneous_activation kind,
                                            size_t layers, size_t inputs, size_t hidden,
                                            size_t outputs, double bias_variance, struct rng *rng)
{
    struct homogeneous_net net = {.activation = kind, .layers = layers};

    CHECK(layers >= 1 && layers <= 8, "%zu layers", layers);
    for (size_t l = 0; l < layers; l++) {
        const size_t in = l == 0 ? inputs : hidden, out = l == layers - 1 ? outputs : hidden;

        net.w[l] = mat_normal(mem, rng, in, out, 2 / (double)in);
        net.b[l] = vec_normal(mem, rng, out, bias_variance);
        net.z[l] = vec_zero(mem, out);
        net.h[l] = vec_zero(mem, out);
        net.d[l] = vec_zero(mem, out);
    }
    return net;
}

static double act(enum homogeneous_activation kind, double z)
{
    switch (kind) {
    case HOMOGENEOUS_RELU:
        return z > 0 ? z : 0;
    case HOMOGENEOUS_LEAKY:
        return z > 0 ? z : LEAK * z;
    case HOMOGENEOUS_TANH:
        return tanh(z);
    case HOMOGENEOUS_LINEAR:
        break;
    }
    return z;
}

static double derivative(enum homogeneous_activation kind, double z)
{
    switch (kind) {
    case HOMOGENEOUS_RELU:
        return z > 0;
    case HOMOGENEOUS_LEAKY:
        return z > 0 ? 1 : LEAK;
    case HOMOGENEOUS_TANH:
        return 1 - tanh(z) * tanh(z);
    case HOMOGENEOUS_LINEAR:
        break;
    }
    return 1;
}

const struct vec *homogeneous_net_outputs(struct homogeneous_net *net, const double *x)
{
    const size_t last = net->layers - 1;

    for (size_t l = 0; l <= last; l++) {
        const struct vec before = l == 0 ? vec_over(x, net->w[0].rows) : net->h[l - 1];

        vec_set(&net->z[l], &net->b[l]);
        mat_vec_add(&net->z[l], 1, &net->w[l], MAT_TRANSPOSED, &before, 1);
        for (size_t k = 0; k < net->z[l].n; k++)
            net->h[l].x[k] = l == last ? net->z[l].x[k] : act(net->activation, net->z[l].x[k]);
    }
    return &net->z[last];
}

/* <W_l, d f / d W_l> + <b_l, d f / d b_l>, d f / d W_l = h_{l-1} d_l. */
static double layer_slope(const struct homogeneous_net *net, const double *x, size_t l)
{
    const struct vec before = l == 0 ? vec_over(x, net->w[0].rows) : net->h[l - 1];
    double sum = vec_dot(&net->b[l], &net->d[l]);

    for (size_t i = 0; i < net->w[l].rows; i++)
        for (size_t j = 0; j < net->w[l].cols; j++)
            sum += net->w[l].a[i * net->w[l].cols + j] * before.x[i] * net->d[l].x[j];
    return sum;
}

void homogeneous_net_slopes(struct homogeneous_net *net, const double *x, double *slope)
{
    const size_t last = net->layers - 1;

    for (size_t k = 0; k < net->z[last].n; k++) {
        vec_fill(&net->d[last], 0);
        net->d[last].x[k] = 1;
        slope[k] = layer_slope(net, x, last);
        for (size_t l = last; l-- > 0;) {
            mat_vec(&net->d[l], 1, &net->w[l + 1], &net->d[l + 1]);
            for (size_t j = 0; j < net->d[l].n; j++)
                net->d[l].x[j] *= derivative(net->activation, net->z[l].x[j]);
            slope[k] += layer_slope(net, x, l);
        }
    }
}
