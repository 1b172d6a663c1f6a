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

static struct kwng_net create_kwng(struct arena *mem, const struct class_method *m,
                                   const struct net *net, const float *scale, double clip,
                                   uint64_t seed)
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
    return kwng_net_create(mem, &spec, net, scale, seed);
}

struct class_optimizer class_optimizer_create(struct arena *mem, const struct class_method *method,
                                              const struct net *net, const float *scale,
                                              double clip, uint64_t seed)
{
    struct class_optimizer o = {.method = *method, .clip = clip};
    const enum class_family family = method->family;
    const size_t n = net->param_count;
    const struct optimizer_spec plain = {
        .kind = family == CLASS_ADAM ? OPTIMIZER_ADAM : OPTIMIZER_SGD,
        .momentum = family == CLASS_SGD ? method->momentum : 0};
    const struct kfac_spec kfac = {
        .labels = KFAC_SAMPLED, .decay = KFAC_DECAY, .period = KFAC_PERIOD, .clip = clip,
        .damping = method->kfac_damping > 0 ? method->kfac_damping : KFAC_DAMPING};

    if (family == CLASS_KFAC)
        o.kfac = kfac_create(mem, &kfac, net, scale, seed);
    else if (family == CLASS_KWNG || family == CLASS_DIAGONAL)
        o.kwng = create_kwng(mem, method, net, scale, clip, seed);
    if (family == CLASS_DIAGONAL) {
        o.diagonal = diagonal_create(mem, n, DIAGONAL_DECAY, DIAGONAL_EPS);
        o.direction = arena_get(mem, n, sizeof *o.direction);
    }
    if (family != CLASS_KFAC && family != CLASS_KWNG)
        o.plain = optimizer_create(mem, &plain, n);
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

/* v = g / diag(Tt' Tt), the running mean; the rows Tt are those of a KWNG step of length 0. Where
 * no metric was ever estimated, v = g. */
static enum status diagonal_step(struct class_optimizer *o, struct net *net, double loss,
                                 double rate)
{
    struct kwng_net_report report;
    enum status status;

    TRY(kwng_net_step(&o->kwng, net, loss, 0, &report));
    const struct matf rows = matf_over(o->kwng.wide.t.a, o->kwng.wide.rank, net->param_count);
    if (report.estimate.status == STATUS_OK)
        TRY(diagonal_observe(&o->diagonal, &rows));
    status = diagonal_direction(&o->diagonal, net->grads, o->direction);
    if (status == STATUS_NOTHING || status == STATUS_NOT_DEFINITE)
        vec_setf(&(struct vecf){net->param_count, o->direction},
                 &(struct vecf){net->param_count, net->grads});
    else
        TRY(status);
    TRY(clip_to(o->direction, net->param_count, o->clip));
    optimizer_step(&o->plain, net->params, o->direction, rate);
    return STATUS_OK;
}

enum status class_optimizer_step(struct class_optimizer *o, struct net *net, double loss,
                                 double rate)
{
    struct kwng_net_report kwng;
    struct kfac_report kfac;

    switch (o->method.family) {
    case CLASS_KWNG:
        return kwng_net_step(&o->kwng, net, loss, rate, &kwng);
    case CLASS_KFAC:
        return kfac_step(&o->kfac, net, rate, &kfac);
    case CLASS_DIAGONAL:
        return diagonal_step(o, net, loss, rate);
    case CLASS_SGD:
    case CLASS_ADAM:
        break;
    }
    TRY(clip_to(net->grads, net->param_count, o->clip));
    optimizer_step(&o->plain, net->params, net->grads, rate);
    return STATUS_OK;
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

static double kfac_cost(const struct net *net, double rows)
{
    double sum = backward_cost(net, rows);

    for (size_t l = 0; l < net->layer_count; l++) {
        const double in = (double)net->layers[l].in + 1, out = (double)net->layers[l].out;

        sum += rows * (in * in + out * out) / 2;
        sum += (in * in * in + out * out * out) * (1.0 / 6 + 1) / KFAC_PERIOD;
        sum += in * out * (in + out);
    }
    return sum;
}

double class_method_cost(const struct class_method *method, const struct net *net, size_t batch)
{
    const double rows = (double)batch, m = (double)basis_of(method);
    const double sgd = forward_cost(net, rows) + backward_cost(net, rows);

    switch (method->family) {
    case CLASS_KFAC:
        return (sgd + kfac_cost(net, rows)) / sgd;
    case CLASS_KWNG:
    case CLASS_DIAGONAL:
        return (sgd + m * backward_cost(net, rows) + 3 * m * m * (double)net->param_count) / sgd;
    case CLASS_SGD:
    case CLASS_ADAM:
        break;
    }
    return 1;
}
