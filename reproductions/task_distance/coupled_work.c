/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/coupled_work.h"

#include <string.h>

#include "base/check.h"
#include "net/loss.h"

struct coupled_work coupled_work_create(struct arena *mem, const struct task_pair *pair,
                                        const struct model *model,
                                        const struct coupled_options *options, size_t blocks)
{
    const struct transfer_options *o = &options->transfer;
    const size_t b = options->block, items = blocks * b * b;
    const size_t tests = pair->source->part[TASK_TEST].n;
    struct coupled_work w = {
        .pair = pair, .model = model, .b = b, .items = items, .chunk = o->evaluation_batch};

    w.descent = descent_create(mem, model, o, o->batch);
    w.images = image_stream_create(mem, pair->source, o->batch, o->pad);
    w.partners = image_stream_create(mem, pair->target, o->batch, o->pad);
    w.partner = arena_get(mem, o->batch, sizeof *w.partner);
    w.other = arena_get(mem, o->batch * model->inputs, sizeof *w.other);
    w.x = arena_get(mem, w.chunk * model->inputs, sizeof *w.x);
    w.kept = arena_get(mem, items * model->outputs, sizeof *w.kept);
    w.weights = arena_get(mem, items, sizeof *w.weights);
    w.scaled = arena_get(mem, items, sizeof *w.scaled);
    w.length = fisher_length_create(mem, items);
    w.test_plan = coupling_create(mem, tests / b, b);
    w.test_partner = arena_get(mem, tests, sizeof *w.test_partner);
    return w;
}

void coupled_work_draw_test(struct coupled_work *w, struct rng *draws)
{
    for (size_t i = 0; i < w->pair->source->part[TASK_TEST].n; i++)
        w->test_partner[i] = (uint32_t)coupling_draw(&w->test_plan, i, draws);
}

void coupled_work_begin(struct coupled_work *w, const struct coupling *plan)
{
    fisher_length_reset(&w->length);
    for (size_t item = 0; item < w->items; item++)
        w->weights[item] = plan->plan[item] / (double)plan->blocks;
}

/* ---- evaluation ---- */

static size_t source_of(const struct coupled_work *w, size_t item)
{
    return item / w->b;
}

static size_t target_of(const struct coupled_work *w, size_t item)
{
    return item / (w->b * w->b) * w->b + item % w->b;
}

/* Logits of w_m for the items first .. first + count - 1 at tau. */
static const float *evaluate(struct coupled_work *w, size_t first, size_t count, double tau)
{
    const float *s = w->pair->source->part[TASK_TRAIN].x, *t = w->pair->target->part[TASK_TRAIN].x;
    const size_t inputs = w->model->inputs;

    for (size_t r = 0; r < count; r++)
        coupling_interpolate(w->x + r * inputs, s + source_of(w, first + r) * inputs,
                             t + target_of(w, first + r) * inputs, (float)tau, inputs);
    return w->model->forward(w->model->self, w->x, count, MODEL_EVALUATE);
}

/* (1 - tau) CE(y) + tau CE(z) of one row of logits. */
static double mixed_loss(const float *logits, size_t width, uint8_t y, uint8_t z, double tau)
{
    const double loss = loss_cross_entropy(logits, &y, 1, width, 1, NULL);

    return loss + tau * ((double)logits[y] - (double)logits[z]);
}

/* Loss of the items of a chunk by their weights. */
static double chunk_loss(const struct coupled_work *w, size_t first, size_t count, double tau,
                         const float *logits)
{
    const size_t width = w->model->outputs;
    double sum = 0;

    for (size_t r = 0; r < count; r++) {
        const size_t item = first + r;

        if (w->weights[item] > 0)
            sum += w->weights[item] *
                   mixed_loss(logits + r * width, width,
                              w->pair->source->part[TASK_TRAIN].label[source_of(w, item)],
                              w->pair->target_label[TASK_TRAIN][target_of(w, item)], tau);
    }
    return sum;
}

/* Keeps the predictions at tau_m; the training loss there. */
static double keep_chunk(struct coupled_work *w, size_t first, size_t count, double tau)
{
    const size_t width = w->model->outputs;
    const float *logits = evaluate(w, first, count, tau);

    memcpy(w->kept + first * width, logits, count * width * sizeof *logits);
    return chunk_loss(w, first, count, tau, logits);
}

static double test_loss(struct coupled_work *w, double tau)
{
    const struct task_part_images *s = &w->pair->source->part[TASK_TEST],
                                  *t = &w->pair->target->part[TASK_TEST];
    const size_t inputs = w->model->inputs, width = w->model->outputs;
    double sum = 0;

    for (size_t first = 0; first < s->n; first += w->chunk) {
        const size_t count = s->n - first < w->chunk ? s->n - first : w->chunk;
        const float *logits;

        for (size_t r = 0; r < count; r++)
            coupling_interpolate(w->x + r * inputs, s->x + (first + r) * inputs,
                                 t->x + w->test_partner[first + r] * inputs, (float)tau, inputs);
        logits = w->model->forward(w->model->self, w->x, count, MODEL_EVALUATE);
        for (size_t r = 0; r < count; r++)
            sum += mixed_loss(logits + r * width, width, s->label[first + r],
                              w->pair->target_label[TASK_TEST][w->test_partner[first + r]], tau);
    }
    return s->n > 0 ? sum / (double)s->n : 0;
}

static size_t chunk_at(const struct coupled_work *w, size_t first)
{
    return w->items - first < w->chunk ? w->items - first : w->chunk;
}

void coupled_work_start(struct coupled_work *w, struct coupled_iteration *out)
{
    out->tau[0] = 0;
    for (size_t first = 0; first < w->items; first += w->chunk)
        out->train_loss[0] += keep_chunk(w, first, chunk_at(w, first), 0);
    out->test_loss[0] = test_loss(w, 0);
}

void coupled_work_measure(struct coupled_work *w, size_t m, struct coupled_iteration *out)
{
    const double before = fisher_length_mean(&w->length, w->weights);

    for (size_t first = 0; first < w->items; first += w->chunk) {
        const size_t count = chunk_at(w, first), width = w->model->outputs;
        const float *logits = evaluate(w, first, count, out->tau[m - 1]);

        fisher_length_add(&w->length, first, count, w->weights + first, w->kept + first * width,
                          logits, width);
        out->train_loss[m] += keep_chunk(w, first, count, out->tau[m]);
    }
    fisher_length_step(&w->length);
    out->test_loss[m] = test_loss(w, out->tau[m]);
    out->step[m] = fisher_length_mean(&w->length, w->weights) - before;
}
