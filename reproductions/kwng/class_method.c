/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/class_method.h"

#include <math.h>

#include "base/check.h"
#include "linalg/vec.h"

#define KFAC_DAMPING 1e-3   /* common in public code; ours */
#define KFAC_DECAY 0.95     /* Martens and Grosse 2015, section 5 */
#define KFAC_PERIOD 20      /* their T_3, section 8 */
#define DIAGONAL_DECAY 0.95 /* as K-FAC's; ours */
#define DIAGONAL_EPS 1e-3   /* of the mean entry; ours */

static size_t basis_of(const struct class_method *m)
{
    return m->basis > 0 ? m->basis : kwng_net_official.basis;
}

static struct kwng_net_spec kwng_spec(const struct class_method *m, double clip)
{
    struct kwng_net_spec spec = kwng_net_official;

    spec.basis = basis_of(m);
    spec.damping = m->damping;
    spec.family = m->kernel;
    spec.alpha = 1;
    spec.clip = clip;
    spec.on_top.momentum = m->family == CLASS_KWNG ? m->momentum : 0;
    if (m->family == CLASS_DIAGONAL)
        spec.period = 0;
    return spec;
}

static struct kfac_spec kfac_spec(const struct class_method *m, double clip)
{
    return (struct kfac_spec){.labels = KFAC_SAMPLED, .decay = KFAC_DECAY, .period = KFAC_PERIOD,
                              .clip = clip,
                              .damping = m->kfac_damping > 0 ? m->kfac_damping : KFAC_DAMPING};
}

static int has_kwng(const struct class_method *m)
{
    return m->family == CLASS_KWNG || m->family == CLASS_DIAGONAL;
}

/* All but what depends on the kind of network. */
static struct class_optimizer create(struct arena *mem, const struct class_method *method,
                                     size_t n, double clip)
{
    struct class_optimizer o = {.method = *method, .clip = clip};
    const enum class_family family = method->family;
    const struct optimizer_spec plain = {
        .kind = family == CLASS_ADAM ? OPTIMIZER_ADAM : OPTIMIZER_SGD,
        .momentum = family == CLASS_SGD ? method->momentum : 0};

    if (family == CLASS_DIAGONAL) {
        o.diagonal = diagonal_create(mem, n, DIAGONAL_DECAY, DIAGONAL_EPS);
        o.direction = arena_get(mem, n, sizeof *o.direction);
    }
    if (family != CLASS_KFAC && family != CLASS_KWNG)
        o.plain = optimizer_create(mem, &plain, n);
    return o;
}

struct class_optimizer class_optimizer_create(struct arena *mem, const struct class_method *method,
                                              const struct net *net, const float *scale,
                                              double clip, uint64_t seed)
{
    struct class_optimizer o = create(mem, method, net->param_count, clip);
    const struct kwng_net_spec kwng = kwng_spec(method, clip);
    const struct kfac_spec kfac = kfac_spec(method, clip);

    if (method->family == CLASS_KFAC)
        o.kfac = kfac_create(mem, &kfac, net, scale, seed);
    else if (has_kwng(method))
        o.kwng = kwng_net_create(mem, &kwng, net, scale, seed);
    return o;
}

struct class_optimizer class_optimizer_create_model(struct arena *mem,
                                                    const struct class_method *method,
                                                    const struct model *model,
                                                    struct convnet *convnet, const float *scale,
                                                    double clip, uint64_t seed)
{
    struct class_optimizer o = create(mem, method, model->param_count, clip);
    const struct kwng_net_spec kwng = kwng_spec(method, clip);
    const struct kfac_spec kfac = kfac_spec(method, clip);

    CHECK(method->family != CLASS_KFAC || (convnet != NULL && model->self == convnet),
          "K-FAC of a model that is no convolutional network");
    if (method->family == CLASS_KFAC)
        o.kfac_conv = kfac_conv_create(mem, &kfac, convnet, scale, seed);
    else if (has_kwng(method))
        o.kwng = kwng_net_create_model(mem, &kwng, model, scale, seed);
    return o;
}

/* Scales v (n) down to the length `clip`. STATUS_DIVERGED where it has no finite length. */
static enum status clip_to(float *v, size_t n, double clip)
{
    struct vecf all = vec_overf(v, n);
    const double length = vec_normf(&all);

    if (!isfinite(length))
        return status_set(STATUS_DIVERGED, "the direction is not finite");
    if (length > clip)
        vec_scalef(&all, (float)(clip / length));
    return STATUS_OK;
}

/* A network after its passes, of whichever kind: net or model is NULL. */
struct passed {
    struct net *net;
    const struct model *model;
    const float *outputs;     /* batch x outputs, of a model */
    size_t batch, n;          /* n: parameters */
    float *params, *grads;
};

static enum status kwng_step(struct class_optimizer *o, const struct passed *p, double loss,
                             double rate, struct kwng_net_report *report)
{
    return p->net != NULL
               ? kwng_net_step(&o->kwng, p->net, loss, rate, report)
               : kwng_net_step_model(&o->kwng, p->model, p->outputs, p->batch, loss, rate, report);
}

/* v = g / diag(Tt' Tt), the running mean; the rows Tt are those of a KWNG step of length 0. Where
 * no metric was ever estimated, v = g. */
static enum status diagonal_step(struct class_optimizer *o, const struct passed *p, double loss,
                                 double rate)
{
    struct kwng_net_report report;
    enum status status;

    TRY(kwng_step(o, p, loss, 0, &report));
    const struct matf rows = matf_over(o->kwng.wide.t.a, o->kwng.wide.rank, p->n);
    if (report.estimate.status == STATUS_OK)
        TRY(diagonal_observe(&o->diagonal, &rows));
    status = diagonal_direction(&o->diagonal, p->grads, o->direction);
    if (status == STATUS_NOTHING || status == STATUS_NOT_DEFINITE)
        vec_setf(&(struct vecf){p->n, o->direction}, &(struct vecf){p->n, p->grads});
    else
        TRY(status);
    TRY(clip_to(o->direction, p->n, o->clip));
    optimizer_step(&o->plain, p->params, o->direction, rate);
    return STATUS_OK;
}

static enum status step(struct class_optimizer *o, const struct passed *p, double loss,
                        double rate)
{
    struct kwng_net_report kwng;
    struct kfac_report kfac;

    switch (o->method.family) {
    case CLASS_KWNG:
        return kwng_step(o, p, loss, rate, &kwng);
    case CLASS_KFAC:
        return p->net != NULL
                   ? kfac_step(&o->kfac, p->net, rate, &kfac)
                   : kfac_conv_step(&o->kfac_conv, p->outputs, p->batch, rate, &kfac);
    case CLASS_DIAGONAL:
        return diagonal_step(o, p, loss, rate);
    case CLASS_SGD:
    case CLASS_ADAM:
        break;
    }
    TRY(clip_to(p->grads, p->n, o->clip));
    optimizer_step(&o->plain, p->params, p->grads, rate);
    return STATUS_OK;
}

enum status class_optimizer_step(struct class_optimizer *o, struct net *net, double loss,
                                 double rate)
{
    return step(o, &(struct passed){.net = net, .n = net->param_count, .params = net->params,
                                    .grads = net->grads}, loss, rate);
}

enum status class_optimizer_step_model(struct class_optimizer *o, const struct model *model,
                                       const float *outputs, size_t batch, double loss,
                                       double rate)
{
    return step(o, &(struct passed){.model = model, .outputs = outputs, .batch = batch,
                                    .n = model->param_count, .params = model->params,
                                    .grads = model->grads}, loss, rate);
}

/* ---- cost ---- */

/* Multiply-adds of a forward and of a backward pass of `rows` examples. */
static double forward_cost(const struct net *net, double rows)
{
    return rows * (double)net->param_count;
}

static double backward_cost(const struct net *net, double rows)
{
    const double first = (double)(net->layers[0].in * net->layers[0].out);

    return rows * (2 * (double)net->param_count - first);
}

/* What a pair of factors costs, from `rows` vectors of either side. */
static double pair_cost(double in, double out, double rows)
{
    return rows * (in * in + out * out) / 2 +
           (in * in * in + out * out * out) * (1.0 / 6 + 1) / KFAC_PERIOD + in * out * (in + out);
}

static double kfac_cost(const struct net *net, double rows)
{
    double sum = backward_cost(net, rows);

    for (size_t l = 0; l < net->layer_count; l++)
        sum += pair_cost((double)net->layers[l].in + 1, (double)net->layers[l].out, rows);
    return sum;
}

static double kfac_conv_cost(const struct kfac_conv *k, double backward, double rows)
{
    double sum = rows * backward;

    for (size_t i = 0; i < k->layer_count; i++) {
        const struct kfac_conv_layer *l = &k->layers[i];

        if (l->in > 0)
            sum += pair_cost((double)l->in, (double)l->out, rows * (double)(l->rows * l->cols));
    }
    return sum;
}

static double kwng_cost(const struct class_method *method, size_t param_count, double backward,
                        double rows)
{
    const double m = (double)basis_of(method);

    return has_kwng(method) ? m * (rows * backward) + 3 * m * m * (double)param_count : 0;
}

double class_method_cost_model(const struct class_optimizer *o, size_t param_count, double forward,
                               double backward, size_t batch)
{
    const double rows = (double)batch, sgd = rows * forward + rows * backward;
    const double more = o->method.family == CLASS_KFAC
                            ? kfac_conv_cost(&o->kfac_conv, backward, rows)
                            : kwng_cost(&o->method, param_count, backward, rows);

    return (sgd + more) / sgd;
}

double class_method_cost(const struct class_method *method, const struct net *net, size_t batch)
{
    const double rows = (double)batch;
    const double sgd = forward_cost(net, rows) + backward_cost(net, rows);
    const double more = method->family == CLASS_KFAC
                            ? kfac_cost(net, rows)
                            : kwng_cost(method, net->param_count, backward_cost(net, 1), rows);

    return (sgd + more) / sgd;
}
