/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net_cases: small fully connected networks for tests, and the naive one: double, one row at a
 * time, straight from the formulas. Include after test.h. */
#ifndef TESTS_NET_CASES_H
#define TESTS_NET_CASES_H

#include <float.h>

#include "base/memory.h"
#include "net/loss.h"
#include "net/net.h"

enum { LAYERS = 3, ROWS = 9, WIDEST = 7, CLASSES = 4 };

static const size_t widths[LAYERS + 1] = {5, 7, 6, CLASSES};

static const enum activation activations[] = {ACTIVATION_IDENTITY, ACTIVATION_RELU,
                                              ACTIVATION_TANH};
static const enum parameterization parameterizations[] = {NET_STANDARD, NET_NTK, NET_PYTORCH};

enum target_kind { BY_CROSS_ENTROPY, BY_SQUARED_LABELS, BY_SQUARED_TARGETS, TARGET_KINDS };

static inline double naive_activation(enum activation kind, double z)
{
    switch (kind) {
    case ACTIVATION_RELU:
        return z > 0 ? z : 0;
    case ACTIVATION_TANH:
        return tanh(z);
    default:
        return z;
    }
}

/* Logits (outputs) of one row x with parameters in double. */
static inline void naive_forward(const struct net *net, const double *params, const double *x,
                                 double *logits)
{
    double h[64], z[64];

    for (size_t i = 0; i < net->inputs; i++)
        h[i] = x[i];
    for (size_t l = 0; l < net->layer_count; l++) {
        const size_t in = net->layers[l].in, out = net->layers[l].out;
        const int ntk = net->parameterization == NET_NTK;
        const double s = ntk ? sqrt(net->sigma_w2 / (double)in) : 1;
        const double t = ntk ? sqrt(net->sigma_b2) : 1;

        for (size_t j = 0; j < out; j++) {
            z[j] = t * params[in * out + j];
            for (size_t i = 0; i < in; i++)
                z[j] += s * h[i] * params[i * out + j];
        }
        params += (in + 1) * out;
        for (size_t j = 0; j < out; j++)
            h[j] = l + 1 < net->layer_count ? naive_activation(net->activation, z[j]) : z[j];
    }
    for (size_t j = 0; j < net->outputs; j++)
        logits[j] = h[j];
}

static inline double naive_row_loss(enum target_kind kind, const double *f, size_t width,
                                    size_t label, const float *target)
{
    double sum = 0;

    if (kind == BY_CROSS_ENTROPY) {
        for (size_t k = 0; k < width; k++)
            sum += exp(f[k]);
        return log(sum) - f[label];
    }
    for (size_t k = 0; k < width; k++) {
        const double y = kind == BY_SQUARED_TARGETS ? (double)target[k] : (k == label);
        sum += 0.5 * (f[k] - y) * (f[k] - y);
    }
    return sum;
}

/* ---- a case: a small network with inputs and targets ---- */

struct fixture {
    struct arena mem;
    struct net net;
    float x[ROWS * WIDEST];
    float targets[ROWS * CLASSES];
    uint8_t labels[ROWS];
    double params[256], inputs[ROWS * WIDEST]; /* the same in double */
};

static inline void widen(double *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (double)in[i];
}

static inline void fixture_make(struct fixture *f, enum activation activation,
                                enum parameterization parameterization)
{
    const struct net_spec spec = {.layer_count = LAYERS,
                                  .widths = widths,
                                  .activation = activation,
                                  .parameterization = parameterization,
                                  .sigma_w2 = 1.7,
                                  .sigma_b2 = 0.3};
    struct rng rng = rng_stream(7, "fixture");

    *f = (struct fixture){0};
    f->net = net_create(&f->mem, &spec, ROWS);
    net_init(&f->net, &rng);
    rng_normalsf(&rng, f->x, ROWS * widths[0]);
    rng_normalsf(&rng, f->targets, ROWS * CLASSES);
    for (size_t i = 0; i < ROWS; i++)
        f->labels[i] = (uint8_t)rng_below(&rng, CLASSES);
    widen(f->params, f->net.params, f->net.param_count);
    widen(f->inputs, f->x, ROWS * widths[0]);
}

static inline double fixture_naive_loss(const struct fixture *f, enum target_kind kind)
{
    double logits[CLASSES], total = 0;

    for (size_t i = 0; i < ROWS; i++) {
        naive_forward(&f->net, f->params, f->inputs + i * widths[0], logits);
        total += naive_row_loss(kind, logits, CLASSES, f->labels[i], f->targets + i * CLASSES);
    }
    return total / ROWS;
}

static inline double fixture_loss(struct fixture *f, enum target_kind kind, float *d)
{
    const float *logits = net_forward(&f->net, f->x, ROWS);

    switch (kind) {
    case BY_CROSS_ENTROPY:
        return loss_labels(LOSS_CROSS_ENTROPY, logits, f->labels, ROWS, CLASSES, ROWS, d);
    case BY_SQUARED_LABELS:
        return loss_labels(LOSS_SQUARED, logits, f->labels, ROWS, CLASSES, ROWS, d);
    default:
        return loss_squared(logits, f->targets, ROWS, CLASSES, ROWS, d);
    }
}

/* (loss(v + h) - loss(v - h)) / 2h, h = eps^(1/3): its own error is about eps^(2/3) = 4e-11. */
static inline double central_difference(struct fixture *f, enum target_kind kind, double *v)
{
    const double h = cbrt(DBL_EPSILON), at = *v;

    *v = at + h;
    const double above = fixture_naive_loss(f, kind);
    *v = at - h;
    const double below = fixture_naive_loss(f, kind);
    *v = at;
    return (above - below) / (2 * h);
}

static inline double largest(const double *v, size_t n)
{
    double most = 0;

    for (size_t i = 0; i < n; i++)
        most = fabs(v[i]) > most ? fabs(v[i]) : most;
    return most;
}

/* max |gradient - v'| / max |v'| over n values; NaN anywhere gives NaN. */
static inline double worst_error(struct fixture *f, enum target_kind kind, const float *gradient,
                                 double *v, size_t n)
{
    double expected[256], worst = 0;

    for (size_t i = 0; i < n; i++)
        expected[i] = central_difference(f, kind, &v[i]);
    for (size_t i = 0; i < n; i++) {
        const double error = fabs((double)gradient[i] - expected[i]);
        if (!(error <= worst))
            worst = error;
    }
    return worst / largest(expected, n);
}

#endif
