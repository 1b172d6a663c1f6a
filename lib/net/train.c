/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train: the loop over epochs and batches. */
#include "net/train.h"

#include <math.h>
#include <string.h>

#include "base/check.h"

/* ---- batches ---- */

struct batches batches_create(struct arena *mem, struct rng *rng, size_t n, size_t batch)
{
    CHECK(n >= 1 && n < UINT32_MAX && batch >= 1, "%zu examples in batches of %zu", n, batch);

    struct batches b = {.rng = rng, .n = n, .batch = batch};
    b.order = arena_get(mem, n, sizeof *b.order);
    return b;
}

size_t batches_next(struct batches *b, const uint32_t **indices)
{
    if (b->next == 0)
        rng_permutation(b->rng, b->order, b->n);
    if (b->next == b->n) {
        b->next = 0;
        return 0;
    }
    const size_t left = b->n - b->next;
    const size_t count = left < b->batch ? left : b->batch;
    *indices = b->order + b->next;
    b->next += count;
    return count;
}

void batches_gather(const float *x, size_t width, const uint32_t *indices, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * width, x + indices[i] * width, width * sizeof *out);
}

/* ---- training ---- */

/* All that a step needs; either labels or targets. */
struct training {
    struct net *net;
    const struct train_options *options;
    const float *x;           /* n x inputs */
    const uint8_t *labels;    /* n */
    const float *targets;     /* n x outputs */
    size_t n;
    int whole;                /* one batch is the whole, in its own order */
    struct batches batches;
    float *batch_x;           /* batch x inputs */
    float *batch_targets;     /* batch x outputs */
    uint8_t *batch_labels;    /* batch */
    struct optimizer optimizer;
    struct schedule schedule;
    struct train_result *result;
};

static void prepare(struct training *t, struct arena *mem, struct rng *rng)
{
    const struct train_options *o = t->options;
    const struct optimizer_spec spec = {
        .kind = o->optimizer, .momentum = o->momentum, .weight_decay = o->weight_decay};

    t->optimizer = optimizer_create(mem, &spec, t->net->param_count);
    t->schedule = (struct schedule){.kind = o->schedule,
                                    .base = o->learning_rate,
                                    .period = o->schedule_period ? o->schedule_period
                                                                 : o->max_epochs,
                                    .factor = o->schedule_factor > 0 ? o->schedule_factor : 0.1,
                                    .end = o->schedule_end};
    t->whole = o->batch >= t->n;
    if (t->whole)
        return;
    t->batches = batches_create(mem, rng, t->n, o->batch);
    t->batch_x = arena_get(mem, o->batch * t->net->inputs, sizeof *t->batch_x);
    t->batch_labels = arena_get(mem, o->batch, sizeof *t->batch_labels);
    if (t->targets != NULL)
        t->batch_targets = arena_get(mem, o->batch * t->net->outputs, sizeof *t->batch_targets);
}

/* One update; the loss before it, or the non-finite loss that forbade it. */
static double step(struct training *t, const float *x, const uint8_t *labels, const float *targets,
                   size_t rows, double rate)
{
    struct net *net = t->net;
    const struct optimizer_spec *spec = &t->optimizer.spec;
    const float *logits = net_forward(net, x, rows);
    float *d = net_dlogits(net);
    const double loss =
        targets != NULL ? loss_squared(logits, targets, rows, net->outputs, rows, d)
                        : loss_labels(t->options->loss, logits, labels, rows, net->outputs, rows,
                                      d);

    if (!isfinite(loss))
        return loss;
    if (spec->kind == OPTIMIZER_SGD && spec->momentum == 0) {
        net_backward_step(net, d, rate, spec->weight_decay);
    } else {
        net_backward(net, d, 0.0f);
        optimizer_step(&t->optimizer, net->params, net->grads, rate);
    }
    return loss;
}

static double gathered_step(struct training *t, const uint32_t *indices, size_t rows, double rate)
{
    batches_gather(t->x, t->net->inputs, indices, rows, t->batch_x);
    if (t->targets != NULL) {
        batches_gather(t->targets, t->net->outputs, indices, rows, t->batch_targets);
        return step(t, t->batch_x, NULL, t->batch_targets, rows, rate);
    }
    for (size_t i = 0; i < rows; i++)
        t->batch_labels[i] = t->labels[indices[i]];
    return step(t, t->batch_x, t->batch_labels, NULL, rows, rate);
}

static enum status diverged(struct train_result *result, size_t at)
{
    result->diverged_step = at;
    return status_set(STATUS_DIVERGED, "training diverged at step %zu (last finite loss %g)", at,
                      result->last_finite);
}

static int out_of_steps(const struct training *t)
{
    return t->options->max_steps > 0 && t->result->steps >= t->options->max_steps;
}

/* Adds up the loss of one batch that was finite. */
static enum status record(struct training *t, double loss, size_t rows, double *sum)
{
    if (!isfinite(loss))
        return diverged(t->result, t->result->steps + 1);
    t->result->steps++;
    t->result->last_finite = loss;
    *sum += loss * (double)rows;
    return STATUS_OK;
}

static enum status epoch(struct training *t, double rate)
{
    const uint32_t *indices;
    size_t rows, seen = 0;
    double sum = 0;

    if (t->whole) {
        TRY(record(t, step(t, t->x, t->labels, t->targets, t->n, rate), t->n, &sum));
        seen = t->n;
    } else {
        while (!(seen > 0 && out_of_steps(t)) && (rows = batches_next(&t->batches, &indices)) > 0) {
            TRY(record(t, gathered_step(t, indices, rows, rate), rows, &sum));
            seen += rows;
        }
    }
    t->result->loss = sum / (double)seen;
    t->result->epochs += seen == t->n;
    return STATUS_OK;
}

static int all_finite(const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return 0;
    return 1;
}

static enum status run_epochs(struct training *t)
{
    const struct train_options *o = t->options;

    for (size_t e = 0; e < o->max_epochs && !out_of_steps(t); e++) {
        TRY(epoch(t, schedule_rate(&t->schedule, e)));
        if (o->on_epoch != NULL)
            o->on_epoch(o->context, e + 1, t->result->loss);
        if (t->result->loss < o->stop_below)
            break;
    }
    if (!all_finite(t->net->params, t->net->param_count))
        return diverged(t->result, t->result->steps);
    return STATUS_OK;
}

static enum status run_guarded(struct training *t, struct arena *mem, struct rng *rng)
{
    if (arena_guard(mem))
        return STATUS_MEMORY;
    prepare(t, mem, rng);
    arena_unguard(mem);
    return run_epochs(t);
}

static enum status run(struct training *t, struct rng *rng)
{
    const size_t rows = t->options->batch < t->n ? t->options->batch : t->n;
    struct arena mem = {0};

    CHECK(t->n >= 1 && rows >= 1 && rows <= t->net->max_batch, "%zu examples, batch %zu of %zu",
          t->n, t->options->batch, t->net->max_batch);
    CHECK(t->options->max_epochs >= 1, "max_epochs is 0");
    *t->result = (struct train_result){.loss = (double)NAN, .last_finite = (double)NAN};
    t->result->status = run_guarded(t, &mem, rng);
    arena_free(&mem);
    return t->result->status;
}

enum status train_classifier(struct net *net, const float *x, const uint8_t *labels, size_t n,
                             const struct train_options *options, struct rng *rng,
                             struct train_result *result)
{
    struct training t = {
        .net = net, .options = options, .x = x, .labels = labels, .n = n, .result = result};

    return run(&t, rng);
}

enum status train_regression(struct net *net, const float *x, const float *targets, size_t n,
                             const struct train_options *options, struct rng *rng,
                             struct train_result *result)
{
    struct training t = {
        .net = net, .options = options, .x = x, .targets = targets, .n = n, .result = result};

    return run(&t, rng);
}
