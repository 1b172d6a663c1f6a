/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/classification.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "kwng/class_network.h"
#include "net/batches.h"
#include "net/loss.h"
#include "net/optimizer.h"

struct run {
    const struct class_setup *setup;
    size_t classes;
    struct class_network network;
    struct class_optimizer optimizer;
    float *U;                  /* classes */
    float *scaled;             /* batch x classes: U f */
    float *batch_x;
    uint8_t *batch_label;
    uint32_t *batch_row;
    struct class_rows train, judge;
    struct augment augment;    /* with s->pad */
    struct batches batches;
    struct schedule schedule;
    const struct class_level *level;
    double *recent;            /* level->window: losses of the last steps, in turn */
    struct class_outcome *out;
};

/* U_j = first (last / first)^{j / (C - 1)}; 1 where well-conditioned. */
static void set_scales(float *U, size_t classes, const struct class_setup *s,
                       enum class_condition condition)
{
    const double ratio = log10(s->U[1] / s->U[0]);

    for (size_t j = 0; j < classes; j++)
        U[j] = condition == CLASS_WELL
                   ? 1.0f
                   : (float)(s->U[0] * pow(10, ratio * (double)j / (double)(classes - 1)));
}

static enum status prepare(struct run *r, const struct class_variant *v, double rate,
                           const struct unit *u, uint64_t seed, const char *name,
                           struct rng *order)
{
    const struct class_setup *s = r->setup;
    const struct class_data *d = class_data_of(u->data, s->images);
    struct rng init = rng_stream(seed, "%s:init", name);
    struct class_network *network = &r->network;

    TRY(class_network_create(network, u->mem, s, d->dim, r->classes, &init));
    TRY(model_prepare(&network->model, r->judge.n, s->batch));
    TRY(model_prepare(&network->model, r->train.n, s->batch));
    r->U = arena_get(u->mem, r->classes, sizeof *r->U);
    set_scales(r->U, r->classes, s, v->condition);
    r->optimizer =
        network->net != NULL
            ? class_optimizer_create(u->mem, &v->method, network->net, r->U, s->clip, seed)
            : class_optimizer_create_model(u->mem, &v->method, &network->model, network->convnet,
                                           r->U, s->clip, seed);
    r->scaled = arena_get(u->mem, s->batch * r->classes, sizeof *r->scaled);
    r->batch_x = arena_get(u->mem, s->batch * d->dim, sizeof *r->batch_x);
    r->batch_label = arena_get(u->mem, s->batch, 1);
    r->batch_row = arena_get(u->mem, s->batch, sizeof *r->batch_row);
    if (s->pad > 0)
        r->augment = class_data_augment(d, s, seed, name);
    *order = rng_stream(seed, "%s:order", name);
    r->batches = batches_create(u->mem, order, r->train.n, s->batch);
    r->schedule = (struct schedule){.kind = SCHEDULE_STEP, .base = rate, .factor = 0.1,
                                    .period = 1};
    return STATUS_OK;
}

/* The batch is records indices[0..rows-1] of `from`, from `at` on where indices is NULL. */
static void choose(struct run *r, const struct class_rows *from, const uint32_t *indices,
                   size_t at, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        r->batch_row[i] = from->row[indices != NULL ? indices[i] : at + i];
        r->batch_label[i] = from->label[r->batch_row[i]];
    }
}

/* scaled = U f for `rows` examples; returns f. */
static const float *forward(struct run *r, const float *x, size_t rows, enum model_mode mode)
{
    const struct model *m = &r->network.model;
    const float *f = m->forward(m->self, x, rows, mode);

    for (size_t i = 0; i < rows * r->classes; i++)
        r->scaled[i] = r->U[i % r->classes] * f[i];
    return f;
}

/* Loss of the batch before its step; d L / d f = U d L / d (U f). */
static enum status step(struct run *r, size_t round, const uint32_t *indices, size_t rows,
                        double rate, double *loss)
{
    struct class_network *network = &r->network;
    const struct model *m = &network->model;
    float *d = m->dlogits(m->self);

    choose(r, &r->train, indices, 0, rows);
    if (r->setup->pad > 0)
        augment_batch(&r->augment, round, r->batch_row, rows, r->batch_x);
    else
        batches_gather(r->train.x, m->inputs, r->batch_row, rows, r->batch_x);
    const float *f = forward(r, r->batch_x, rows, MODEL_TRAIN);
    *loss = loss_cross_entropy(r->scaled, r->batch_label, rows, r->classes, rows, d);
    if (!isfinite(*loss))
        return status_set(STATUS_DIVERGED, "the loss is not finite");
    for (size_t i = 0; i < rows * r->classes; i++)
        d[i] *= r->U[i % r->classes];
    m->backward(m->self, d, 0);
    return network->net != NULL
               ? class_optimizer_step(&r->optimizer, network->net, *loss, rate)
               : class_optimizer_step_model(&r->optimizer, m, f, rows, *loss, rate);
}

/* After a step with this loss. */
static void watch_level(struct run *r, double loss)
{
    const struct class_level *level = r->level;
    struct class_outcome *out = r->out;
    double sum = 0;

    if (level == NULL || out->reached)
        return;
    r->recent[out->steps % level->window] = loss;
    for (size_t i = 0; i < level->window; i++)
        sum += r->recent[i];
    if (out->steps >= level->window && sum < level->loss * (double)level->window) {
        out->reached = 1;
        out->steps_to_level = out->steps;
    }
}

/* What a method's own numbers can end in: an outcome of it, not a failure of the program. */
static int is_outcome(enum status status)
{
    return status == STATUS_DIVERGED || status == STATUS_NOT_DEFINITE ||
           status == STATUS_NO_CONVERGENCE;
}

static enum status epoch(struct run *r, size_t round, double rate, double *mean)
{
    struct class_outcome *out = r->out;
    const uint32_t *indices;
    double loss, sum = 0;
    size_t rows;

    while ((rows = batches_next(&r->batches, &indices)) > 0) {
        const enum status status = step(r, round, indices, rows, rate, &loss);

        out->steps++;
        if (is_outcome(status))
            out->diverged_step = out->steps;
        TRY(status);
        out->last_finite = loss;
        watch_level(r, loss);
        sum += loss * (double)rows;
    }
    *mean = sum / (double)r->train.n;
    return STATUS_OK;
}

/* Of equal scores the lower class wins; a row with a NaN is wrong. */
static size_t errors(struct run *r, const struct class_rows *records)
{
    const size_t batch = r->setup->batch;
    size_t wrong = 0;

    for (size_t at = 0; at < records->n; at += batch) {
        const size_t rows = records->n - at < batch ? records->n - at : batch;

        choose(r, records, NULL, at, rows);
        batches_gather(records->x, r->network.model.inputs, r->batch_row, rows, r->batch_x);
        forward(r, r->batch_x, rows, MODEL_EVALUATE);
        for (size_t i = 0; i < rows; i++) {
            const float *row = r->scaled + i * r->classes;
            const uint8_t label = r->batch_label[i];
            int right = 1;

            for (size_t j = 0; j < r->classes; j++)
                right = right && (j < label ? row[j] < row[label] : row[j] <= row[label]);
            wrong += !right;
        }
    }
    return wrong;
}

static void add_row(struct run *r, struct curve *curve, double loss)
{
    const struct class_outcome *out = r->out;

    curve_row(curve, (double[]){(double)out->steps, (double)out->steps * out->cost, loss,
                                (double)errors(r, &r->judge) / (double)r->judge.n});
}

/* Two falls of the rate by 10, at half and at three quarters of the epochs. */
static enum status train(struct run *r, size_t epochs, struct curve *curve)
{
    const size_t every = (epochs + r->setup->curve_rows - 1) / r->setup->curve_rows;
    struct class_outcome *out = r->out;

    for (size_t e = 0; e < epochs; e++) {
        const size_t falls = (size_t)(2 * e >= epochs) + (size_t)(4 * e >= 3 * epochs);

        TRY(epoch(r, e, schedule_rate(&r->schedule, falls), &out->train_loss));
        if (curve != NULL && (e == 0 || (e + 1) % every == 0))
            add_row(r, curve, out->train_loss);
    }
    if (!out->reached)
        out->steps_to_level = out->steps;
    return STATUS_OK;
}

/* Multiply-adds of a step, in steps of SGD. */
static double cost_of(const struct run *r, const struct class_method *method)
{
    const struct class_network *n = &r->network;

    return n->net != NULL ? class_method_cost(method, n->net, r->setup->batch)
                          : class_method_cost_model(&r->optimizer, n->model.param_count, n->forward,
                                                    n->backward, r->setup->batch);
}

static enum status train_and_judge(struct run *r, const struct class_variant *v,
                                   struct curve *curve)
{
    struct class_outcome *out = r->out;

    out->cost = cost_of(r, &v->method);
    const enum status status = train(r, r->setup->epochs[v->condition], curve);

    if (out->diverged_step > 0)
        return STATUS_OK;
    TRY(status);
    out->fallbacks = r->optimizer.kwng.fallbacks;
    out->of = r->judge.n;
    out->wrong = errors(r, &r->judge);
    out->train_of = r->train.n;
    out->train_wrong = errors(r, &r->train);
    return STATUS_OK;
}

enum status class_run(const struct class_setup *s, const struct class_variant *v, int rate,
                      const struct unit *u, uint64_t seed, const char *name,
                      enum class_records records, const struct class_level *level,
                      struct curve *curve, struct class_outcome *out)
{
    const struct class_data *d = class_data_of(u->data, s->images);
    const size_t all = (size_t)d->pool.classes;
    struct run *r = arena_get(u->mem, 1, sizeof *r);
    struct rng order;
    enum status status;

    CHECK(s->classes != 1 && s->classes <= all, "%zu classes of %zu", s->classes, all);
    *out = (struct class_outcome){.last_finite = (double)NAN};
    r->setup = s;
    r->classes = s->classes > 0 ? s->classes : all;
    r->out = out;
    r->level = level;
    if (level != NULL) {
        CHECK(level->window > 0, "a mean of no steps");
        r->recent = arena_get(u->mem, level->window, sizeof *r->recent);
    }
    class_data_choose(&r->train, &r->judge, u->mem, d, s, r->classes, seed, name, records);
    status = prepare(r, v, class_rate(rate), u, seed, name, &order);
    if (status == STATUS_OK)
        status = train_and_judge(r, v, curve);
    class_network_free(&r->network);
    return status;
}
