/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/kfac.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "linalg/lapack.h"
#include "linalg/vec.h"
#include "net/loss.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

struct kfac kfac_create(struct arena *mem, const struct kfac_spec *spec, const struct net *net,
                        const float *scale, uint64_t seed)
{
    const size_t outputs = net->outputs, n = net->param_count;
    size_t widest = 0, block = 0;

    CHECK(spec->decay >= 0 && spec->decay < 1 && spec->damping >= 0 && spec->period >= 1 &&
          spec->clip >= 0, "decay %g, damping %g, period %zu, clip %g", spec->decay, spec->damping,
          spec->period, spec->clip);
    CHECK(spec->on_top.kind == OPTIMIZER_SGD, "only SGD takes a natural gradient");
    struct kfac k = {.spec = *spec, .scale = scale, .layer_count = net->layer_count,
                     .parameters = n, .on_top = optimizer_create(mem, &spec->on_top, n),
                     .labels = rng_stream(seed, "kfac:labels"),
                     .layers = arena_get(mem, net->layer_count, sizeof *k.layers),
                     .p = arena_get(mem, net->max_batch * outputs, sizeof(float)),
                     .dlogits = arena_get(mem, net->max_batch * outputs, sizeof(float)),
                     .unused = arena_get(mem, n, sizeof(float)),
                     .direction = arena_get(mem, n, sizeof(float))};

    for (size_t l = 0; l < k.layer_count; l++) {
        const size_t in = net->layers[l].in + 1, out = net->layers[l].out;

        k.layers[l] = (struct kfac_layer){mat_zero(mem, in, in), mat_zero(mem, out, out),
                                          matf_zero(mem, in, in), matf_zero(mem, out, out)};
        widest = larger(widest, larger(in, out));
        block = larger(block, in * out);
    }
    k.rows = mat_zero(mem, net->max_batch, widest);
    k.square = mat_zero(mem, widest, widest);
    k.inverse = mat_zero(mem, widest, widest);
    k.product = matf_zero(mem, 1, block);
    return k;
}

/* ---- factors ---- */

/* The rows (s h, t) that W_l is multiplied with. */
static struct mat layer_inputs(struct kfac *k, const struct net *net, size_t l)
{
    const struct net_layer *layer = &net->layers[l];
    const float *h = l > 0 ? net->layers[l - 1].outputs : net->input;
    const size_t cols = layer->in + 1;

    for (size_t i = 0; i < net->batch; i++) {
        double *row = k->rows.a + i * cols;

        for (size_t j = 0; j < layer->in; j++)
            row[j] = (double)layer->weight_scale * (double)h[i * layer->in + j];
        row[layer->in] = (double)layer->bias_scale;
    }
    return mat_over(k->rows.a, net->batch, cols);
}

static struct mat layer_deltas(struct kfac *k, const struct net *net, size_t l)
{
    const struct net_layer *layer = &net->layers[l];

    for (size_t i = 0; i < net->batch * layer->out; i++)
        k->rows.a[i] = (double)layer->deltas[i];
    return mat_over(k->rows.a, net->batch, layer->out);
}

/* p = softmax(U f), row by row. */
static enum status probabilities(struct kfac *k, const struct net *net)
{
    const size_t n = net->batch * net->outputs;
    const float *f = net->layers[net->layer_count - 1].outputs;
    const struct vecf p = vec_overf(k->p, n);

    for (size_t i = 0; i < n; i++)
        k->p[i] = k->scale != NULL ? k->scale[i % net->outputs] * f[i] : f[i];
    if (vec_first_not_finitef(&p) < n)
        return status_set(STATUS_DIVERGED, "kfac: output %zu of the mini-batch is not finite",
                          vec_first_not_finitef(&p));
    loss_softmax(k->p, net->batch, net->outputs, k->p);
    return STATUS_OK;
}

/* Adds the factor G of deltas that start from k->dlogits to keep times the running ones. */
static void add_deltas(struct kfac *k, struct net *net, double weight, double keep)
{
    struct net pass = *net;

    pass.grads = k->unused;
    net_backward(&pass, k->dlogits, 0);
    for (size_t l = 0; l < k->layer_count; l++) {
        const struct mat deltas = layer_deltas(k, net, l);

        mat_gram(&k->layers[l].g, weight / (double)net->batch, &deltas, MAT_TRANSPOSED, keep);
    }
}

/* Row i of dlogits: root * U (p - onehot(label)). */
static void set_row(struct kfac *k, size_t i, size_t outputs, size_t label, double root)
{
    for (size_t j = 0; j < outputs; j++) {
        const double u = k->scale != NULL ? (double)k->scale[j] : 1;

        k->dlogits[i * outputs + j] =
            (float)(root * u * ((double)k->p[i * outputs + j] - (j == label)));
    }
}

static size_t draw_label(struct kfac *k, const float *p, size_t outputs)
{
    const double u = rng_uniform(&k->labels);
    double sum = 0;

    for (size_t j = 0; j + 1 < outputs; j++) {
        sum += (double)p[j];
        if (u < sum)
            return j;
    }
    return outputs - 1;
}

enum status kfac_observe(struct kfac *k, struct net *net)
{
    const size_t d = net->outputs, n = net->batch;

    CHECK(n >= 1 && net->param_count == k->parameters && net->layer_count == k->layer_count,
          "batch %zu, %zu parameters", n, net->param_count);
    TRY(probabilities(k, net));
    k->steps++;
    const double new = fmax(1 / (double)k->steps, 1 - k->spec.decay), keep = 1 - new;

    for (size_t l = 0; l < k->layer_count; l++) {
        const struct mat a = layer_inputs(k, net, l);

        mat_gram(&k->layers[l].a, new / (double)n, &a, MAT_TRANSPOSED, keep);
    }
    if (k->spec.labels == KFAC_SAMPLED) {
        for (size_t i = 0; i < n; i++)
            set_row(k, i, d, draw_label(k, k->p + i * d, d), 1);
        add_deltas(k, net, new, keep);
        return STATUS_OK;
    }
    for (size_t label = 0; label < d; label++) {
        for (size_t i = 0; i < n; i++)
            set_row(k, i, d, label, sqrt((double)k->p[i * d + label]));
        add_deltas(k, net, new, label == 0 ? keep : 1);
    }
    return STATUS_OK;
}

/* ---- inverses ---- */

/* out = (factor + damping I)^{-1}, rounded. */
static enum status invert(struct kfac *k, struct matf *out, const struct mat *factor,
                          double damping, size_t l, const char *which)
{
    const size_t n = factor->rows;
    struct mat square = mat_over(k->square.a, n, n), inverse = mat_over(k->inverse.a, n, n);
    enum status status;

    mat_set(&square, factor);
    mat_add_diagonal(&square, damping);
    memset(inverse.a, 0, n * n * sizeof *inverse.a);
    mat_add_diagonal(&inverse, 1);
    status = lapack_cholesky(&square);
    if (status == STATUS_NOT_DEFINITE)
        return status_set(status, "kfac: factor %s of layer %zu, damped by %g, is not positive "
                          "definite in double: raise the damping", which, l, damping);
    TRY(status);
    TRY(lapack_cholesky_solve_matrix(&square, &inverse));
    for (size_t i = 0; i < n * n; i++)
        out->a[i] = (float)inverse.a[i];
    return STATUS_OK;
}

enum status kfac_invert(struct kfac *k)
{
    const double root = sqrt(k->spec.damping);

    for (size_t l = 0; l < k->layer_count; l++) {
        struct kfac_layer *layer = &k->layers[l];
        const double a = mat_trace(&layer->a) / (double)layer->a.rows;
        const double g = mat_trace(&layer->g) / (double)layer->g.rows;
        const double pi = g > 0 ? sqrt(a / g) : 1;

        TRY(invert(k, &layer->a_inverse, &layer->a, pi * root, l, "A"));
        TRY(invert(k, &layer->g_inverse, &layer->g, root / pi, l, "G"));
    }
    return STATUS_OK;
}

/* ---- one step ---- */

void kfac_direction(struct kfac *k, const struct net *net, const float *gradient, float *v)
{
    for (size_t l = 0; l < k->layer_count; l++) {
        const struct kfac_layer *layer = &k->layers[l];
        const size_t at = net->layers[l].weights_at, in = layer->a.rows, out = layer->g.rows;
        const struct matf dw = matf_over(gradient + at, in, out);
        struct matf half = matf_over(k->product.a, in, out), to = matf_over(v + at, in, out);

        matf_multiply(&half, 1, &layer->a_inverse, MAT_AS_IS, &dw, MAT_AS_IS, 0);
        matf_multiply(&to, 1, &half, MAT_AS_IS, &layer->g_inverse, MAT_AS_IS, 0);
    }
}

enum status kfac_step(struct kfac *k, struct net *net, double rate, struct kfac_report *report)
{
    const struct vecf g = vec_overf(net->grads, net->param_count);
    struct vecf v = vec_overf(k->direction, net->param_count);

    *report = (struct kfac_report){.clipped = 1};
    if (!isfinite(vec_max_absf(&g)))
        return status_set(STATUS_DIVERGED, "kfac: the gradient is not finite");
    TRY(kfac_observe(k, net));
    if ((k->steps - 1) % k->spec.period == 0)
        TRY(kfac_invert(k));
    kfac_direction(k, net, net->grads, k->direction);
    report->length = vec_normf(&v);
    if (!isfinite(report->length))
        return status_set(STATUS_DIVERGED, "kfac: the direction is not finite");
    if (k->spec.clip > 0 && report->length > k->spec.clip) {
        report->clipped = k->spec.clip / report->length;
        vec_scalef(&v, (float)report->clipped);
    }
    report->slope = vec_dotf(&g, &v);
    optimizer_step(&k->on_top, net->params, k->direction, rate);
    return STATUS_OK;
}
