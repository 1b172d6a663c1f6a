/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train: the loop over epochs and batches. */
#include "net/train.h"

#include <math.h>

#include "base/check.h"
#include "net/train_resume.h"

/* All that a step needs. */
struct training {
    const struct model *model;
    const struct train_data *data;
    const struct train_options *options;
    struct rng *rng;
    int whole;                /* one batch is the whole, in its own order */
    struct batches batches;   /* its order is 0..n-1 for a whole that is filled */
    float *batch_x;           /* batch x inputs */
    float *batch_targets;     /* batch x outputs */
    uint8_t *batch_labels;    /* batch */
    struct optimizer own, *optimizer;
    struct schedule schedule;
    struct train_position at;
    struct train_resume resume;
    struct train_result *result;
};

/* ---- preparation ---- */

static struct schedule schedule_of(const struct train_options *o, size_t steps_an_epoch)
{
    const size_t steps = o->max_steps ? o->max_steps : o->max_epochs * steps_an_epoch;
    const size_t whole = o->schedule_steps ? steps : o->max_epochs;

    return (struct schedule){.kind = o->schedule,
                             .base = o->learning_rate,
                             .period = o->schedule_period ? o->schedule_period : whole,
                             .factor = o->schedule_factor > 0 ? o->schedule_factor : 0.1,
                             .end = o->schedule_end,
                             .milestones = o->milestones,
                             .milestone_count = o->milestone_count};
}

static void prepare_optimizer(struct training *t, struct arena *mem)
{
    const struct train_options *o = t->options;
    const struct optimizer_spec spec = {
        .kind = o->optimizer, .momentum = o->momentum, .weight_decay = o->weight_decay};

    t->optimizer = o->continued;
    if (t->optimizer == NULL) {
        t->own = optimizer_create(mem, &spec, t->model->param_count);
        t->optimizer = &t->own;
    }
    CHECK(t->optimizer->n == t->model->param_count, "an optimizer of %zu for %zu parameters",
          t->optimizer->n, t->model->param_count);
}

static void prepare(struct training *t, struct arena *mem)
{
    const size_t n = t->data->n, batch = t->options->batch < n ? t->options->batch : n;
    const struct model *m = t->model;

    prepare_optimizer(t, mem);
    t->schedule = schedule_of(t->options, (n + batch - 1) / batch);
    t->whole = batch == n;
    if (t->whole && t->data->fill == NULL)
        return;
    t->batches = batches_create(mem, t->rng, n, batch);
    for (size_t i = 0; i < n; i++)
        t->batches.order[i] = (uint32_t)i;
    t->batch_x = arena_get(mem, batch * m->inputs, sizeof *t->batch_x);
    t->batch_labels = arena_get(mem, batch, sizeof *t->batch_labels);
    if (t->data->targets != NULL)
        t->batch_targets = arena_get(mem, batch * m->outputs, sizeof *t->batch_targets);
}

/* ---- steps ---- */

/* One update; the loss before it, or the non-finite loss that forbade it. */
static double step(struct training *t, const float *x, const uint8_t *labels, const float *targets,
                   size_t rows, double rate)
{
    const struct model *m = t->model;
    const struct optimizer_spec *spec = &t->optimizer->spec;
    const float *logits = m->forward(m->self, x, rows, MODEL_TRAIN);
    float *d = m->dlogits(m->self);
    const double loss =
        targets != NULL ? loss_squared(logits, targets, rows, m->outputs, rows, d)
                        : loss_labels(t->options->loss, logits, labels, rows, m->outputs, rows, d);

    if (!isfinite(loss))
        return loss;
    if (m->backward_step != NULL && spec->kind == OPTIMIZER_SGD && spec->momentum == 0) {
        m->backward_step(m->self, d, rate, spec->weight_decay);
        t->optimizer->steps++;
    } else {
        m->backward(m->self, d, 0.0f);
        optimizer_step(t->optimizer, m->params, m->grads, rate);
    }
    return loss;
}

static double gathered_step(struct training *t, const uint32_t *indices, size_t rows, double rate)
{
    const struct train_data *data = t->data;
    const struct model *m = t->model;

    if (data->fill != NULL)
        data->fill(data->source, t->at.epoch, indices, rows, t->batch_x);
    else
        batches_gather(data->x, m->inputs, indices, rows, t->batch_x);
    if (data->targets != NULL) {
        batches_gather(data->targets, m->outputs, indices, rows, t->batch_targets);
        return step(t, t->batch_x, NULL, t->batch_targets, rows, rate);
    }
    for (size_t i = 0; i < rows; i++)
        t->batch_labels[i] = data->labels[indices[i]];
    return step(t, t->batch_x, t->batch_labels, NULL, rows, rate);
}

static double whole_step(struct training *t, double rate)
{
    const struct train_data *data = t->data;

    if (data->fill != NULL)
        return gathered_step(t, t->batches.order, data->n, rate);
    return step(t, data->x, data->labels, data->targets, data->n, rate);
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
static enum status record(struct training *t, double loss, size_t rows)
{
    const struct train_checkpoint *c = t->options->checkpoint;

    if (!isfinite(loss))
        return diverged(t->result, t->result->steps + 1);
    t->result->steps++;
    t->result->last_finite = loss;
    t->at.sum += loss * (double)rows;
    t->at.seen += rows;
    if (c != NULL && c->every_steps > 0 && t->result->steps % c->every_steps == 0)
        return train_resume_save(&t->resume);
    return STATUS_OK;
}

/* ---- epochs ---- */

static double rate_now(const struct training *t)
{
    return schedule_rate(&t->schedule,
                         t->options->schedule_steps ? t->result->steps : t->at.epoch);
}

/* The next batch's indices and their number; 0 when the epoch or the training is over. */
static size_t next_batch(struct training *t, const uint32_t **indices)
{
    if (t->at.seen > 0 && (t->whole || out_of_steps(t)))
        return 0;
    return t->whole ? t->data->n : batches_next(&t->batches, indices);
}

/* The epoch, or what is left of it. */
static enum status epoch(struct training *t)
{
    const uint32_t *indices = NULL;

    if (t->options->restart && t->at.seen == 0)
        optimizer_reset(t->optimizer);
    for (size_t rows; (rows = next_batch(t, &indices)) > 0;) {
        const double rate = rate_now(t);
        TRY(record(t, t->whole ? whole_step(t, rate) : gathered_step(t, indices, rows, rate),
                   rows));
    }
    t->result->loss = t->at.sum / (double)t->at.seen;
    t->result->epochs += t->at.seen == t->data->n;
    t->at = (struct train_position){.epoch = t->at.epoch + 1};
    return STATUS_OK;
}

static int all_finite(const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return 0;
    return 1;
}

/* Is there nothing to be done after the epoch that has just ended? */
static int is_over(const struct training *t)
{
    const struct train_options *o = t->options;
    const int stop =
        o->on_epoch != NULL && o->on_epoch(o->context, t->at.epoch, t->result->loss) != 0;

    return stop || t->result->loss < o->stop_below || t->at.epoch >= o->max_epochs ||
           out_of_steps(t);
}

static enum status run_epochs(struct training *t)
{
    const struct train_checkpoint *c = t->options->checkpoint;
    const struct model *m = t->model;

    for (;;) {
        TRY(epoch(t));
        if (is_over(t))
            break;
        if (c != NULL && c->every_epochs > 0 && t->at.epoch % c->every_epochs == 0)
            TRY(train_resume_save(&t->resume));
    }
    if (!all_finite(m->params, m->param_count) || !all_finite(m->state, m->state_count))
        return diverged(t->result, t->result->steps);
    return STATUS_OK;
}

/* ---- calls ---- */

static enum status open_resume(struct training *t, struct arena *mem)
{
    t->resume = (struct train_resume){.options = t->options,
                                      .data = t->data,
                                      .model = t->model,
                                      .optimizer = t->optimizer,
                                      .batches = t->whole ? NULL : &t->batches,
                                      .rng = t->rng,
                                      .position = &t->at,
                                      .result = t->result};
    return train_resume_open(&t->resume, mem);
}

static enum status run_guarded(struct training *t, struct arena *mem)
{
    const struct train_checkpoint *c = t->options->checkpoint;

    if (arena_guard(mem))
        return STATUS_MEMORY;
    prepare(t, mem);
    if (c != NULL)
        TRY(open_resume(t, mem));
    arena_unguard(mem);
    TRY(model_prepare(t->model, t->data->n, t->options->batch));
    const enum status status = run_epochs(t);
    if (c != NULL && (status == STATUS_OK || status == STATUS_DIVERGED)) {
        const enum status removed = checkpoint_remove(c->path);
        return status == STATUS_OK ? removed : status;
    }
    return status;
}

enum status train_model(const struct model *model, const struct train_data *data,
                        const struct train_options *options, struct rng *rng,
                        struct train_result *result)
{
    struct training t = {
        .model = model, .data = data, .options = options, .rng = rng, .result = result};
    const size_t rows = options->batch < data->n ? options->batch : data->n;
    struct arena mem = {0};

    CHECK(data->n >= 1 && rows >= 1 && rows <= model->max_batch, "%zu examples, batch %zu of %zu",
          data->n, options->batch, model->max_batch);
    CHECK((data->x != NULL) != (data->fill != NULL), "either x or fill");
    CHECK((data->labels != NULL) != (data->targets != NULL), "either labels or targets");
    CHECK(options->max_epochs >= 1, "max_epochs is 0");
    *result = (struct train_result){.loss = (double)NAN, .last_finite = (double)NAN};
    result->status = run_guarded(&t, &mem);
    arena_free(&mem);
    return result->status;
}

enum status train_classifier(struct net *net, const float *x, const uint8_t *labels, size_t n,
                             const struct train_options *options, struct rng *rng,
                             struct train_result *result)
{
    const struct model m = model_of_net(net);

    return train_model(&m, &(struct train_data){.n = n, .x = x, .labels = labels}, options, rng,
                       result);
}

enum status train_regression(struct net *net, const float *x, const float *targets, size_t n,
                             const struct train_options *options, struct rng *rng,
                             struct train_result *result)
{
    const struct model m = model_of_net(net);

    return train_model(&m, &(struct train_data){.n = n, .x = x, .targets = targets}, options, rng,
                       result);
}
