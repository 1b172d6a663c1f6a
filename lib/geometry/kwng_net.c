/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/kwng_net.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/check.h"

const struct kwng_net_spec kwng_net_official = {
    .basis = 5, .family = KERNEL_GAUSSIAN, .bandwidth = 1, .damping = KWNG_DAMPING_NORM,
    .eps = 1e-5, .period = 5, .factor = 0.85, .low = 0.25, .high = 0.75, .eps_low = 1e-10,
    .eps_high = 1e5, .clip = 1};

static void check_spec(const struct kwng_net_spec *s)
{
    CHECK(s->basis >= 1, "no basis points");
    CHECK(s->bandwidth > 0 && (s->family == KERNEL_GAUSSIAN || s->alpha > 0),
          "bandwidth %g, alpha %g", s->bandwidth, s->alpha);
    CHECK(s->lambda >= 0 && s->cut >= 0 && s->cut < 1 && s->eps > 0 && s->clip >= 0,
          "lambda %g, cut %g, eps %g, clip %g", s->lambda, s->cut, s->eps, s->clip);
    CHECK(s->period == 0 || (s->factor > 0 && s->factor < 1 && s->low < s->high && s->eps_low > 0
                              && s->eps_low <= s->eps && s->eps <= s->eps_high),
          "factor %g, r from %g to %g, eps %g from %g to %g", s->factor, s->low, s->high, s->eps,
          s->eps_low, s->eps_high);
    CHECK(s->on_top.kind == OPTIMIZER_SGD, "only SGD takes a natural gradient");
}

static size_t widest(const struct net *net)
{
    size_t most = 0;

    for (size_t l = 0; l < net->layer_count; l++)
        most = net->layers[l].out > most ? net->layers[l].out : most;
    return most;
}

/* All but the room for the backward passes. */
static struct kwng_net create(struct arena *mem, const struct kwng_net_spec *spec, size_t q,
                              size_t d, size_t max_batch, const float *scale, uint64_t seed)
{
    const size_t m = spec->basis;

    check_spec(spec);
    return (struct kwng_net){.spec = *spec, .scale = scale, .eps = spec->eps,
                         .wide = kwng_wide_create(mem, m, q),
                         .on_top = optimizer_create(mem, &spec->on_top, q),
                         .basis = kwng_basis_create(mem, m, d),
                         .points = rng_stream(seed, "kwng:points"),
                         .coordinates = rng_stream(seed, "kwng:coordinates"),
                         .x = mat_zero(mem, max_batch, d),
                         .c = mat_zero(mem, m, max_batch * d),
                         .gram = mat_zero(mem, m, m),
                         .ridge = mat_zero(mem, spec->lambda > 0 ? m : 0, m),
                         .direction = arena_get(mem, q, sizeof(float))};
}

struct kwng_net kwng_net_create(struct arena *mem, const struct kwng_net_spec *spec,
                                const struct net *net, const float *scale, uint64_t seed)
{
    const size_t m = spec->basis;
    struct kwng_net k = create(mem, spec, net->param_count, net->outputs, net->max_batch, scale,
                               seed);

    for (int i = 0; i < 2; i++)
        k.rows[i] = arena_get(mem, m * net->max_batch * widest(net), sizeof(float));
    return k;
}

struct kwng_net kwng_net_create_model(struct arena *mem, const struct kwng_net_spec *spec,
                                      const struct model *model, const float *scale, uint64_t seed)
{
    struct kwng_net k = create(mem, spec, model->param_count, model->outputs, model->max_batch,
                               scale, seed);

    k.rows[0] = arena_get(mem, spec->basis * model->max_batch * model->outputs, sizeof(float));
    k.gradient = arena_get(mem, model->param_count, sizeof(float));
    return k;
}

/* A network after its forward and backward passes, of whichever kind: net or model is NULL. */
struct passed {
    const struct net *net;
    const struct model *model;
    const float *outputs;  /* batch x d */
    size_t batch, d, q;
    float *params, *grads; /* q */
};

/* ---- T: M backward passes, at once where the network allows it ---- */

static float scale_of(const struct kwng_net *k, size_t j)
{
    return k->scale != NULL ? k->scale[j] : 1.0f;
}

/* The cotangents of the outputs: c_mnj U_j / sqrt(N), since c has one N^{-1/2} of 1/N. */
static void start(struct kwng_net *k, const struct mat *c, size_t batch, size_t d)
{
    const double root = 1 / sqrt((double)batch);

    for (size_t i = 0; i < c->rows * batch; i++)
        for (size_t j = 0; j < d; j++)
            k->rows[0][i * d + j] = (float)(root * c->a[i * d + j] * (double)scale_of(k, j));
}

/* delta_{l-1} = (s_l delta_l W_l^T) * act'(h_{l-1}) for m batches, one below another. */
static void lower(const struct net *net, size_t l, size_t m, const float *delta, float *below)
{
    const struct net_layer *layer = &net->layers[l];
    const size_t batch = net->batch;
    const struct matf d = matf_over(delta, m * batch, layer->out);
    const struct matf w = matf_over(net->params + layer->weights_at, layer->in, layer->out);
    struct matf out = matf_over(below, m * batch, layer->in);

    matf_multiply(&out, layer->weight_scale, &d, MAT_AS_IS, &w, MAT_TRANSPOSED, 0);
    for (size_t i = 0; i < m; i++)
        activation_backward(net->activation, below + i * batch * layer->in,
                            net->layers[l - 1].outputs, batch, layer->in);
}

void kwng_net_backward(struct kwng_net *k, const struct net *net, const struct mat *c)
{
    const size_t m = c->rows, batch = net->batch, q = net->param_count;
    float *delta = k->rows[0], *below = k->rows[1];

    CHECK(m <= k->wide.basis && c->cols == batch * net->outputs && q == k->wide.parameters,
          "%zu x %zu cotangents for %zu rows of %zu outputs", m, c->cols, batch, net->outputs);
    start(k, c, batch, net->outputs);
    for (size_t l = net->layer_count; l-- > 0;) {
        const struct net_layer *layer = &net->layers[l];
        const struct matf h = matf_over(l > 0 ? net->layers[l - 1].outputs : net->input, batch,
                                        layer->in);
        float *swap = delta;

        for (size_t i = 0; i < m; i++) {
            const float *own = delta + i * batch * layer->out;
            const struct matf d = matf_over(own, batch, layer->out);
            float *t = k->wide.t.a + i * q;
            struct matf gradient = matf_over(t + layer->weights_at, layer->in, layer->out);

            matf_multiply(&gradient, layer->weight_scale, &h, MAT_TRANSPOSED, &d, MAT_AS_IS, 0);
            activation_bias_gradient(own, batch, layer->out, layer->bias_scale, 0,
                                     t + layer->biases_at);
        }
        if (l > 0)
            lower(net, l, m, delta, below);
        delta = below;
        below = swap;
    }
}

/* One after the other. The gradient of the loss is put back. */
static void backward_model(struct kwng_net *k, const struct passed *p, const struct mat *c)
{
    const struct model *model = p->model;

    start(k, c, p->batch, p->d);
    memcpy(k->gradient, model->grads, p->q * sizeof *k->gradient);
    for (size_t i = 0; i < c->rows; i++) {
        model->backward(model->self, k->rows[0] + i * p->batch * p->d, 0);
        memcpy(k->wide.t.a + i * p->q, model->grads, p->q * sizeof *model->grads);
    }
    memcpy(model->grads, k->gradient, p->q * sizeof *k->gradient);
}

/* ---- one step ---- */

/* Samples, basis points, C, C C' + lambda K and T. Errors as kernel_bandwidth. */
static enum status assemble(struct kwng_net *k, const struct passed *p, struct mat *gram,
                            double *s2)
{
    const size_t n = p->batch, d = p->d, m = gram->rows;
    const struct mat x = mat_over(k->x.a, n, d);
    struct mat c = mat_over(k->c.a, m, n * d);
    struct kwng_basis basis = k->basis;
    struct kernel kernel = {.family = k->spec.family, .alpha = k->spec.alpha};

    basis.y.rows = m;
    for (size_t i = 0; i < n * d; i++)
        x.a[i] = (double)p->outputs[i] * (double)scale_of(k, i % d);
    kwng_basis_fill(&basis, &x, &k->points, &k->coordinates);
    TRY(kernel_bandwidth(s2, k->spec.bandwidth, &basis.y, &x));
    kernel.s2 = *s2;
    kernel_mixed(&c, &kernel, &basis.y, basis.coordinate, &x, 1 / sqrt((double)n));
    mat_gram(gram, 1, &c, MAT_AS_IS, 0);
    if (k->spec.lambda > 0) {
        struct mat ridge = mat_over(k->ridge.a, m, m);
        struct vec sum = mat_flat(gram);

        kernel_mixed_gram(&ridge, &kernel, &basis.y, basis.coordinate);
        vec_axpy(&sum, k->spec.lambda, &(struct vec){m * m, ridge.a});
    }
    if (p->model != NULL)
        backward_model(k, p, &c);
    else
        kwng_net_backward(k, p->net, &c);
    return STATUS_OK;
}

/* The rule for eps, from the loss that the last step led to. Returns r of that step. */
static double adapt(struct kwng_net *k, double loss)
{
    const struct kwng_net_spec *s = &k->spec;
    const int usable = k->gain > DBL_EPSILON * fabs(k->loss); /* not at the first step */
    const double r = usable ? 2 * (k->loss - loss) / k->gain : 0;

    k->best = fmax(k->best, r);
    if (s->period == 0 || k->steps == 0 || (k->steps + 1) % s->period != 0)
        return r;
    if (k->best < s->low)
        k->eps = fmin(k->eps / s->factor, s->eps_high);
    else if (k->best > s->high)
        k->eps = fmax(k->eps * s->factor, s->eps_low);
    k->best = 0;
    return r;
}

/* v into k->direction, or g where there is none. */
static void find_direction(struct kwng_net *k, const struct passed *p,
                           struct kwng_net_report *report)
{
    const size_t m = k->spec.basis < p->batch ? k->spec.basis : p->batch;
    const struct kwng_options options = {.eps = k->eps, .lambda = k->spec.lambda,
                                         .cut = k->spec.cut, .damping = k->spec.damping};
    const struct vecf g = vec_overf(p->grads, p->q);
    struct vecf v = vec_overf(k->direction, g.n);
    struct mat gram = mat_over(k->gram.a, m, m);
    enum status status = assemble(k, p, &gram, &report->s2);

    if (status == STATUS_OK)
        status = kwng_wide_direction(&k->wide, &gram, &options, p->grads, k->direction,
                                     &report->estimate);
    report->estimate.status = status;
    if (status == STATUS_NOTHING || (status == STATUS_OK && report->estimate.slope > 0))
        return;
    report->fallback = 1;
    k->fallbacks++;
    vec_setf(&v, &g);
    report->estimate.slope = vec_dotf(&g, &g);
}

static void clip(struct kwng_net *k, struct kwng_net_report *report)
{
    struct vecf v = vec_overf(k->direction, k->wide.parameters);

    report->length = vec_normf(&v);
    report->clipped = 1;
    if (k->spec.clip > 0 && report->length > k->spec.clip)
        report->clipped = k->spec.clip / report->length;
    if (report->clipped < 1)
        vec_scalef(&v, (float)report->clipped);
}

static enum status check_finite(const struct passed *p, double loss)
{
    const struct vecf f = vec_overf(p->outputs, p->batch * p->d);
    const struct vecf g = vec_overf(p->grads, p->q);
    const char *what = !isfinite(loss) ? "the loss" : !isfinite(vec_max_absf(&f)) ? "an output"
                       : !isfinite(vec_max_absf(&g)) ? "the gradient" : NULL;

    return what == NULL ? STATUS_OK
                        : status_set(STATUS_DIVERGED, "kwng_net: %s is not finite", what);
}

static enum status step(struct kwng_net *k, const struct passed *p, double loss, double rate,
                        struct kwng_net_report *report)
{
    *report = (struct kwng_net_report){0};
    CHECK(p->q == k->wide.parameters && p->batch >= 1 && p->batch <= k->x.rows,
          "%zu parameters, batch %zu", p->q, p->batch);
    TRY(check_finite(p, loss));
    report->reduction = adapt(k, loss);
    report->eps = k->eps;
    find_direction(k, p, report);
    clip(k, report);
    k->loss = loss;
    k->gain = rate * report->clipped * report->estimate.slope;
    k->steps++;
    optimizer_step(&k->on_top, p->params, k->direction, rate);
    return STATUS_OK;
}

enum status kwng_net_step(struct kwng_net *k, struct net *net, double loss, double rate,
                          struct kwng_net_report *report)
{
    const struct passed p = {.net = net, .outputs = net->layers[net->layer_count - 1].outputs,
                             .batch = net->batch, .d = net->outputs, .q = net->param_count,
                             .params = net->params, .grads = net->grads};

    CHECK(k->gradient == NULL, "made for a struct model");
    return step(k, &p, loss, rate, report);
}

enum status kwng_net_step_model(struct kwng_net *k, const struct model *model,
                                const float *outputs, size_t batch, double loss, double rate,
                                struct kwng_net_report *report)
{
    const struct passed p = {.model = model, .outputs = outputs, .batch = batch,
                             .d = model->outputs, .q = model->param_count,
                             .params = model->params, .grads = model->grads};

    CHECK(k->gradient != NULL, "made for a struct net");
    return step(k, &p, loss, rate, report);
}
