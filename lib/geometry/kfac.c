/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/kfac.h"

#include <math.h>

#include "base/check.h"
#include "linalg/vec.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

struct kfac kfac_create(struct arena *mem, const struct kfac_spec *spec, const struct net *net,
                        const float *scale, uint64_t seed)
{
    const size_t outputs = net->outputs, n = net->param_count;
    size_t widest = 0, block = 0;

    kfac_check(spec);
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

        k.layers[l] = kfac_pair_create(mem, in, out);
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

/* The cotangent of row i. */
static void set_row(struct kfac *k, size_t i, size_t outputs, size_t label, double root)
{
    kfac_cotangent(k->dlogits + i * outputs, k->p + i * outputs, k->scale, outputs, label, root);
}

enum status kfac_observe(struct kfac *k, struct net *net)
{
    const size_t d = net->outputs, n = net->batch;

    CHECK(n >= 1 && net->param_count == k->parameters && net->layer_count == k->layer_count,
          "batch %zu, %zu parameters", n, net->param_count);
    TRY(kfac_probabilities(k->p, net->layers[net->layer_count - 1].outputs, k->scale, n, d));
    k->steps++;
    const double new = fmax(1 / (double)k->steps, 1 - k->spec.decay), keep = 1 - new;

    for (size_t l = 0; l < k->layer_count; l++) {
        const struct mat a = layer_inputs(k, net, l);

        mat_gram(&k->layers[l].a, new / (double)n, &a, MAT_TRANSPOSED, keep);
    }
    if (k->spec.labels == KFAC_SAMPLED) {
        for (size_t i = 0; i < n; i++)
            set_row(k, i, d, kfac_draw_label(&k->labels, k->p + i * d, d), 1);
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

enum status kfac_invert(struct kfac *k)
{
    k->inverted = 0;
    for (size_t l = 0; l < k->layer_count; l++)
        TRY(kfac_pair_invert(&k->layers[l], k->spec.damping, l, &k->square, &k->inverse));
    k->inverted = 1;
    return STATUS_OK;
}

/* ---- one step ---- */

void kfac_direction(struct kfac *k, const struct net *net, const float *gradient, float *v)
{
    CHECK(k->inverted, "a direction without inverses: kfac_invert has to succeed first");
    for (size_t l = 0; l < k->layer_count; l++) {
        const struct kfac_pair *layer = &k->layers[l];
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
    if (!k->inverted || (k->steps - 1) % k->spec.period == 0)
        TRY(kfac_invert(k));
    kfac_direction(k, net, net->grads, k->direction);
    TRY(kfac_clip(&v, &g, k->spec.clip, report));
    optimizer_step(&k->on_top, net->params, k->direction, rate);
    return STATUS_OK;
}
