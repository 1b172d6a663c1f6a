/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/classification.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "data/dataset.h"
#include "data/task.h"
#include "net/loss.h"
#include "net/train.h"

enum { DIGITS = 10, LAYERS = 3 };

/* ---- data ---- */

struct class_data {
    struct dataset train, test;
    struct task pool, test_task;
    size_t dim;
    float *x, *x_test;         /* pool.n x dim, test_task.n x dim: 2 x 2 means, standardized */
};

static void release(void *data)
{
    struct class_data *d = data;

    dataset_free(&d->train);
    dataset_free(&d->test);
}

enum status class_load(const struct class_setup *s, struct loaded *loaded)
{
    static const int classes[DIGITS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct class_data *d = arena_get(loaded->mem, 1, sizeof *d);
    struct data_source source;

    loaded->data = d;
    loaded->release = release;
    TRY(data_source_find(&source, "mnist", loaded->asked, loaded->stand_in));
    TRY(dataset_mnist(&source, &d->train, &d->test));
    TRY(task_pool(&d->pool, loaded->mem, &d->train, classes, DIGITS, s->pool));
    TRY(task_every(&d->test_task, loaded->mem, &d->test, classes, DIGITS, s->test_step));
    CHECK(s->examples + s->held_out <= d->pool.n, "%zu + %zu records of a pool of %zu",
          s->examples, s->held_out, d->pool.n);
    task_digest(&loaded->records, &d->pool);
    task_digest(&loaded->records, &d->test_task);
    d->dim = task_pooled_dim(&d->pool);
    d->x = arena_get(loaded->mem, d->pool.n * d->dim, sizeof *d->x);
    d->x_test = arena_get(loaded->mem, d->test_task.n * d->dim, sizeof *d->x_test);
    task_pooled(d->x, &d->pool, &task_scale_mnist);
    task_pooled(d->x_test, &d->test_task, &task_scale_mnist);
    loaded->kind = source.stand_in ? "stand-in" : "real";
    loaded->note = arena_text(loaded->mem, "%s, %zu training and %zu test records",
                              source.stand_in ? "generated digits" : "MNIST", d->pool.n,
                              d->test_task.n);
    return STATUS_OK;
}

/* ---- a run ---- */

struct records {
    float *x;                  /* n x dim */
    uint8_t *label;            /* n */
    size_t n;
};

struct run {
    const struct class_setup *setup;
    size_t classes;
    struct net net;
    struct class_optimizer optimizer;
    float *U;                  /* classes */
    float *scaled;             /* batch x classes: U f */
    float *batch_x;
    uint8_t *batch_label;
    struct records train, judge;
    struct batches batches;
    struct schedule schedule;
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

/* Copies the rows order[0..n-1] of x whose label is below `classes`, all of them where order is
 * NULL, at most `most`. *next: how many of n were looked at. */
static struct records take(struct arena *mem, const float *x, const uint8_t *label, size_t dim,
                           const uint32_t *order, size_t n, size_t classes, size_t most,
                           size_t *next)
{
    struct records r = {arena_get(mem, most * dim, sizeof(float)), arena_get(mem, most, 1), 0};
    size_t i = 0;

    for (; i < n && r.n < most; i++) {
        const size_t at = order != NULL ? order[i] : i;

        if (label[at] >= classes)
            continue;
        memcpy(r.x + r.n * dim, x + at * dim, dim * sizeof *x);
        r.label[r.n++] = label[at];
    }
    *next = i;
    return r;
}

/* The sample of the run; the records after it in the same order are held out. */
static void choose_records(struct run *r, const struct unit *u, uint64_t seed, const char *name,
                           enum class_records records)
{
    const struct class_data *d = u->data;
    const struct class_setup *s = r->setup;
    const size_t all = d->pool.n, classes = r->classes;
    struct rng sample = rng_stream(seed, "%s:sample", name);
    uint32_t *order = arena_get(u->mem, all, sizeof *order);
    size_t next, end;

    rng_permutation(&sample, order, all);
    r->train = take(u->mem, d->x, d->pool.label, d->dim, order, all, classes,
                    s->examples * classes / DIGITS, &next);
    r->judge = records == CLASS_TEST
                   ? take(u->mem, d->x_test, d->test_task.label, d->dim, NULL, d->test_task.n,
                          classes, d->test_task.n, &end)
                   : take(u->mem, d->x, d->pool.label, d->dim, order + next, all - next, classes,
                          s->held_out * classes / DIGITS, &end);
}

static void prepare(struct run *r, const struct class_variant *v, double rate, const struct unit *u,
                    uint64_t seed, const char *name, struct rng *order)
{
    const struct class_setup *s = r->setup;
    const struct class_data *d = u->data;
    const size_t widths[LAYERS + 1] = {d->dim, s->hidden, s->hidden, r->classes};
    const struct net_spec spec = {.layer_count = LAYERS, .widths = widths,
                                  .activation = ACTIVATION_RELU,
                                  .parameterization = NET_PYTORCH};
    struct rng init = rng_stream(seed, "%s:init", name);

    r->net = net_create(u->mem, &spec, s->batch);
    net_init(&r->net, &init);
    r->U = arena_get(u->mem, r->classes, sizeof *r->U);
    set_scales(r->U, r->classes, s, v->condition);
    r->optimizer = class_optimizer_create(u->mem, &v->method, &r->net, r->U, s->clip, seed);
    r->scaled = arena_get(u->mem, s->batch * r->classes, sizeof *r->scaled);
    r->batch_x = arena_get(u->mem, s->batch * d->dim, sizeof *r->batch_x);
    r->batch_label = arena_get(u->mem, s->batch, 1);
    *order = rng_stream(seed, "%s:order", name);
    r->batches = batches_create(u->mem, order, r->train.n, s->batch);
    r->schedule = (struct schedule){.kind = SCHEDULE_STEP, .base = rate, .factor = 0.1,
                                    .period = 1};
}

/* scaled = U f for `rows` examples. */
static void forward(struct run *r, const float *x, size_t rows)
{
    const float *f = net_forward(&r->net, x, rows);

    for (size_t i = 0; i < rows * r->classes; i++)
        r->scaled[i] = r->U[i % r->classes] * f[i];
}

/* Loss of the batch before its step; d L / d f = U d L / d (U f). */
static enum status step(struct run *r, const uint32_t *indices, size_t rows, double rate,
                        double *loss)
{
    float *d = net_dlogits(&r->net);

    batches_gather(r->train.x, r->net.inputs, indices, rows, r->batch_x);
    for (size_t i = 0; i < rows; i++)
        r->batch_label[i] = r->train.label[indices[i]];
    forward(r, r->batch_x, rows);
    *loss = loss_cross_entropy(r->scaled, r->batch_label, rows, r->classes, rows, d);
    if (!isfinite(*loss))
        return status_set(STATUS_DIVERGED, "the loss is not finite");
    for (size_t i = 0; i < rows * r->classes; i++)
        d[i] *= r->U[i % r->classes];
    net_backward(&r->net, d, 0.0f);
    return class_optimizer_step(&r->optimizer, &r->net, *loss, rate);
}

static enum status epoch(struct run *r, double rate, double *mean)
{
    struct class_outcome *out = r->out;
    const uint32_t *indices;
    double loss, sum = 0;
    size_t rows;

    while ((rows = batches_next(&r->batches, &indices)) > 0) {
        const enum status status = step(r, indices, rows, rate, &loss);

        out->steps++;
        if (status == STATUS_DIVERGED)
            out->diverged_step = out->steps;
        TRY(status);
        out->last_finite = loss;
        sum += loss * (double)rows;
    }
    *mean = sum / (double)r->train.n;
    return STATUS_OK;
}

/* Of equal scores the lower class wins; a row with a NaN is wrong. */
static size_t errors(struct run *r, const struct records *records)
{
    const size_t batch = r->setup->batch;
    size_t wrong = 0;

    for (size_t at = 0; at < records->n; at += batch) {
        const size_t rows = records->n - at < batch ? records->n - at : batch;

        forward(r, records->x + at * r->net.inputs, rows);
        for (size_t i = 0; i < rows; i++) {
            const float *row = r->scaled + i * r->classes;
            const uint8_t label = records->label[at + i];
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
static enum status train(struct run *r, size_t epochs, double level, struct curve *curve)
{
    const size_t every = (epochs + r->setup->curve_rows - 1) / r->setup->curve_rows;
    struct class_outcome *out = r->out;

    for (size_t e = 0; e < epochs; e++) {
        const size_t falls = (size_t)(2 * e >= epochs) + (size_t)(4 * e >= 3 * epochs);

        TRY(epoch(r, schedule_rate(&r->schedule, falls), &out->train_loss));
        if (!out->reached && out->train_loss < level) {
            out->reached = 1;
            out->steps_to_level = out->steps;
        }
        if (curve != NULL && (e == 0 || (e + 1) % every == 0))
            add_row(r, curve, out->train_loss);
    }
    if (!out->reached)
        out->steps_to_level = out->steps;
    return STATUS_OK;
}

enum status class_run(const struct class_setup *s, const struct class_variant *v, int rate,
                      const struct unit *u, uint64_t seed, const char *name,
                      enum class_records records, double level, struct curve *curve,
                      struct class_outcome *out)
{
    struct run *r = arena_get(u->mem, 1, sizeof *r);
    struct rng order;
    enum status status;

    CHECK(s->classes != 1 && s->classes <= DIGITS, "%zu classes", s->classes);
    *out = (struct class_outcome){.last_finite = (double)NAN};
    r->setup = s;
    r->classes = s->classes > 0 ? s->classes : DIGITS;
    r->out = out;
    choose_records(r, u, seed, name, records);
    prepare(r, v, class_rate(rate), u, seed, name, &order);
    out->cost = class_method_cost(&v->method, &r->net, s->batch);
    status = train(r, s->epochs[v->condition], level, curve);
    if (status == STATUS_DIVERGED)
        return STATUS_OK;
    TRY(status);
    out->fallbacks = r->optimizer.kwng.fallbacks;
    out->of = r->judge.n;
    out->wrong = errors(r, &r->judge);
    out->train_of = r->train.n;
    out->train_wrong = errors(r, &r->train);
    return STATUS_OK;
}
