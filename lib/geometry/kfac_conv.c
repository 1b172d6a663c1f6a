/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/kfac_conv.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "linalg/vec.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* ---- creation ---- */

static struct kfac_conv_layer describe(struct arena *mem, const struct convnet *net, size_t i)
{
    const struct convnet_spec *s = convnet_plan(net);
    const struct layer_spec *l = &s->layers[i];
    const struct tensor_shape from = s->shapes[l->from], to = s->shapes[i + 1];
    struct kfac_conv_layer k = {.layer = i, .params_at = convnet_params_at(net, i),
                                .window = {1, 1, 0, 1}, .rows = to.h, .cols = to.w, .out = to.c};

    CHECK(l->kind != LAYER_TRANSPOSED_CONV, "layer %zu is a transposed convolution", i);
    if (l->kind == LAYER_BATCH_NORM) {
        k.blocks = mat_zero(mem, k.out, 3);
        k.inverses = mat_zero(mem, k.out, 3);
        k.masks = l->relu && l->addend == CONVNET_NONE;
        return k;
    }
    k.in = from.c * from.h * from.w + 1;
    if (l->kind == LAYER_CONV) {
        k.window = (struct kfac_window){l->kernel, l->stride, l->padding, l->bias != 0};
        k.in = from.c * l->kernel * l->kernel + (size_t)k.window.bias;
    }
    k.pair = kfac_pair_create(mem, k.in, k.out);
    return k;
}

static void describe_layers(struct kfac_conv *k, struct arena *mem)
{
    const struct convnet_spec *s = convnet_plan(k->net);

    for (size_t i = 0; i < s->count; i++)
        k->layer_count += convnet_layer_params(s, i) > 0;
    k->layers = arena_get(mem, k->layer_count, sizeof *k->layers);
    k->own = arena_get(mem, s->count, sizeof *k->own);
    for (size_t i = 0, own = 0; i < s->count; i++) {
        k->own[i] = k->layer_count;
        if (convnet_layer_params(s, i) == 0)
            continue;
        k->own[i] = own;
        k->layers[own++] = describe(mem, k->net, i);
    }
}

static void get_room(struct kfac_conv *k, struct arena *mem)
{
    const struct convnet_spec *s = convnet_plan(k->net);
    size_t widest = 2, block = 1, image = 1, patches = 1;

    for (size_t i = 0; i <= s->count; i++)
        image = larger(image, s->shapes[i].c * s->shapes[i].h * s->shapes[i].w);
    for (size_t i = 0; i < k->layer_count; i++) {
        const struct kfac_conv_layer *l = &k->layers[i];

        widest = larger(widest, larger(l->in, l->out));
        block = larger(block, l->in * l->out);
        patches = larger(patches, l->rows * l->cols * larger(l->in, l->out));
    }
    k->moments = kfac_moments_create(mem, k->model.max_batch * image, patches, widest);
    k->square = mat_zero(mem, widest, widest);
    k->inverse = mat_zero(mem, widest, widest);
    k->block = matf_zero(mem, 1, block);
    k->product = matf_zero(mem, 1, block);
}

struct kfac_conv kfac_conv_create(struct arena *mem, const struct kfac_spec *spec,
                                  struct convnet *net, const float *scale, uint64_t seed)
{
    const struct model model = convnet_model(net);
    const size_t n = model.param_count;

    kfac_check(spec);
    struct kfac_conv k = {.spec = *spec, .net = net, .model = model, .scale = scale,
                          .on_top = optimizer_create(mem, &spec->on_top, n),
                          .labels = rng_stream(seed, "kfac:labels"),
                          .p = arena_get(mem, model.max_batch * model.outputs, sizeof(float)),
                          .gradient = arena_get(mem, n, sizeof(float)),
                          .direction = arena_get(mem, n, sizeof(float))};

    describe_layers(&k, mem);
    get_room(&k, mem);
    return k;
}

/* ---- factors ---- */

/* The derivatives of one image by scales and shifts, sums over positions, into sums (2 x out). */
static void norm_derivatives(const struct kfac_conv *k, const struct kfac_conv_layer *l,
                             const struct convnet_sight *s, size_t image, double *sums)
{
    const float *scale = k->model.params + l->params_at, *shift = scale + l->out;
    const size_t positions = l->rows * l->cols, block = s->x.block;

    memset(sums, 0, 2 * l->out * sizeof *sums);
    for (size_t first = 0; first < l->out; first += block) {
        const size_t at = tensor_at(&s->x, image, first, 0, 0);
        const size_t lanes = l->out - first < block ? l->out - first : block;

        for (size_t i = 0; i < positions; i++)
            for (size_t c = first; c < first + lanes; c++) {
                const float distance = s->x.data[at + i * block + c - first] - s->mean[c];
                const float value = distance * (scale[c] * s->inverse[c]) + shift[c];
                const float dy = s->dy.data[at + i * block + c - first];
                const float d = l->masks && !(value > 0) ? 0.0f : dy;

                sums[c] += (double)(d * (distance * s->inverse[c]));
                sums[l->out + c] += (double)d;
            }
    }
}

static void see_norm(struct kfac_conv *k, struct kfac_conv_layer *l,
                     const struct convnet_sight *s)
{
    const double new = k->new / (double)s->x.n;
    double *sums = k->square.a;

    for (size_t i = 0; i < 3 * l->out; i++)
        l->blocks.a[i] *= k->keep;
    for (size_t image = 0; image < s->x.n; image++) {
        norm_derivatives(k, l, s, image, sums);
        for (size_t c = 0; c < l->out; c++) {
            const double ds = sums[c], dt = sums[l->out + c];
            double *block = l->blocks.a + 3 * c;

            block[0] += new * ds * ds;
            block[1] += new * ds * dt;
            block[2] += new * dt * dt;
        }
    }
}

static void see(void *context, const struct convnet_sight *s)
{
    static const struct kfac_window point = {1, 1, 0, 0};
    struct kfac_conv *k = context;
    struct kfac_conv_layer *l = &k->layers[k->own[s->layer]];
    const double new = k->new / (double)s->x.n, positions = (double)(l->rows * l->cols);

    if (l->in == 0) {
        see_norm(k, l, s);
        return;
    }
    if (k->with_inputs)
        kfac_moments_add(&k->moments, &l->pair.a, &s->x, &l->window, l->rows, l->cols, new,
                         k->keep);
    kfac_moments_add(&k->moments, &l->pair.g, &s->dy, &point, l->rows, l->cols, new / positions,
                     k->keep);
}

/* A backward pass with these labels: one an image drawn (label = outputs), or the same for all,
 * weighted by its probability. */
static void pass(struct kfac_conv *k, size_t batch, size_t label)
{
    const struct model *m = &k->model;
    float *d = m->dlogits(m->self);

    for (size_t i = 0; i < batch; i++) {
        const float *p = k->p + i * m->outputs;
        const int drawn = label == m->outputs;

        kfac_cotangent(d + i * m->outputs, p, k->scale, m->outputs,
                       drawn ? kfac_draw_label(&k->labels, p, m->outputs) : label,
                       drawn ? 1 : sqrt((double)p[label]));
    }
    m->backward(m->self, d, 0);
    k->with_inputs = 0;
    k->keep = 1;
}

enum status kfac_conv_observe(struct kfac_conv *k, const float *outputs, size_t batch)
{
    const struct model *m = &k->model;

    CHECK(batch >= 1 && batch <= m->max_batch, "batch %zu, at most %zu", batch, m->max_batch);
    TRY(kfac_probabilities(k->p, outputs, k->scale, batch, m->outputs));
    k->steps++;
    k->new = fmax(1 / (double)k->steps, 1 - k->spec.decay);
    k->keep = 1 - k->new;
    k->with_inputs = 1;
    memcpy(k->gradient, m->grads, m->param_count * sizeof *m->grads);
    convnet_watch(k->net, see, k);
    if (k->spec.labels == KFAC_SAMPLED)
        pass(k, batch, m->outputs);
    else
        for (size_t label = 0; label < m->outputs; label++)
            pass(k, batch, label);
    convnet_watch(k->net, NULL, NULL);
    memcpy(m->grads, k->gradient, m->param_count * sizeof *m->grads);
    return STATUS_OK;
}

/* ---- inverses ---- */

static enum status invert_blocks(struct kfac_conv_layer *l, double damping)
{
    for (size_t c = 0; c < l->out; c++) {
        const double *block = l->blocks.a + 3 * c;
        const double a = block[0] + damping, b = block[1], d = block[2] + damping;
        const double determinant = a * d - b * b;
        double *inverse = l->inverses.a + 3 * c;

        if (!isfinite(determinant))
            return status_set(STATUS_DIVERGED, "kfac: the block of channel %zu of layer %zu is "
                              "not finite", c, l->layer);
        if (!(determinant > 0))
            return status_set(STATUS_NOT_DEFINITE, "kfac: the block of channel %zu of layer %zu, "
                              "damped by %g, is not positive definite: raise the damping", c,
                              l->layer, damping);
        inverse[0] = d / determinant;
        inverse[1] = -b / determinant;
        inverse[2] = a / determinant;
    }
    return STATUS_OK;
}

enum status kfac_conv_invert(struct kfac_conv *k)
{
    k->inverted = 0;
    for (size_t i = 0; i < k->layer_count; i++) {
        struct kfac_conv_layer *l = &k->layers[i];

        TRY(l->in == 0 ? invert_blocks(l, k->spec.damping)
                       : kfac_pair_invert(&l->pair, k->spec.damping, l->layer, &k->square,
                                          &k->inverse));
    }
    k->inverted = 1;
    return STATUS_OK;
}

/* ---- one step ---- */

/* Between a layer's parameters, weights (out x columns) and then biases, and out x in. */
static void gather(const struct kfac_conv_layer *l, const float *params, float *block)
{
    const size_t columns = l->in - (size_t)l->window.bias;

    for (size_t o = 0; o < l->out; o++) {
        memcpy(block + o * l->in, params + o * columns, columns * sizeof *block);
        if (l->window.bias)
            block[o * l->in + columns] = params[l->out * columns + o];
    }
}

static void scatter(const struct kfac_conv_layer *l, const float *block, float *params)
{
    const size_t columns = l->in - (size_t)l->window.bias;

    for (size_t o = 0; o < l->out; o++) {
        memcpy(params + o * columns, block + o * l->in, columns * sizeof *block);
        if (l->window.bias)
            params[l->out * columns + o] = block[o * l->in + columns];
    }
}

static void norm_direction(const struct kfac_conv_layer *l, const float *gradient, float *v)
{
    for (size_t c = 0; c < l->out; c++) {
        const double *inverse = l->inverses.a + 3 * c;
        const double ds = (double)gradient[c], dt = (double)gradient[l->out + c];

        v[c] = (float)(inverse[0] * ds + inverse[1] * dt);
        v[l->out + c] = (float)(inverse[1] * ds + inverse[2] * dt);
    }
}

void kfac_conv_direction(struct kfac_conv *k, const float *gradient, float *v)
{
    CHECK(k->inverted, "a direction without inverses: kfac_conv_invert has to succeed first");
    for (size_t i = 0; i < k->layer_count; i++) {
        const struct kfac_conv_layer *l = &k->layers[i];
        struct matf block = matf_over(k->block.a, l->out, l->in);
        struct matf half = matf_over(k->product.a, l->out, l->in);

        if (l->in == 0) {
            norm_direction(l, gradient + l->params_at, v + l->params_at);
            continue;
        }
        gather(l, gradient + l->params_at, block.a);
        matf_multiply(&half, 1, &l->pair.g_inverse, MAT_AS_IS, &block, MAT_AS_IS, 0);
        matf_multiply(&block, 1, &half, MAT_AS_IS, &l->pair.a_inverse, MAT_AS_IS, 0);
        scatter(l, block.a, v + l->params_at);
    }
}

enum status kfac_conv_step(struct kfac_conv *k, const float *outputs, size_t batch, double rate,
                           struct kfac_report *report)
{
    const struct vecf g = vec_overf(k->model.grads, k->model.param_count);
    struct vecf v = vec_overf(k->direction, g.n);

    *report = (struct kfac_report){.clipped = 1};
    if (!isfinite(vec_max_absf(&g)))
        return status_set(STATUS_DIVERGED, "kfac: the gradient is not finite");
    TRY(kfac_conv_observe(k, outputs, batch));
    if (!k->inverted || (k->steps - 1) % k->spec.period == 0)
        TRY(kfac_conv_invert(k));
    kfac_conv_direction(k, k->model.grads, k->direction);
    TRY(kfac_clip(&v, &g, k->spec.clip, report));
    optimizer_step(&k->on_top, k->model.params, k->direction, rate);
    return STATUS_OK;
}
