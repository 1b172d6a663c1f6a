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
    struct coupled_work w = {.pair = pair, .model = model, .b = b, .items = items,
                             .chunk = o->evaluation_batch, .checkpoints = o->checkpoints,
                             .losses = options->losses};

    w.descent = descent_create(mem, model, o, o->batch);
    w.images = image_stream_create(mem, pair->source, o->batch, o->pad);
    w.partners = image_stream_create(mem, pair->target, o->batch, o->pad);
    w.partner = arena_get(mem, o->batch, sizeof *w.partner);
    w.other = arena_get(mem, o->batch * model->inputs, sizeof *w.other);
    w.x = arena_get(mem, w.chunk * model->inputs, sizeof *w.x);
    w.of.item = arena_get(mem, items, sizeof *w.of.item);
    w.coarse.of.item = arena_get(mem, items, sizeof *w.coarse.of.item);
    w.coarse.kept = arena_get(mem, items * model->outputs, sizeof *w.coarse.kept);
    w.coarse.length = fisher_length_create(mem, items);
    w.kept = arena_get(mem, items * model->outputs, sizeof *w.kept);
    w.now = arena_get(mem, items * model->outputs, sizeof *w.now);
    w.ends = arena_get(mem, blocks * b * model->outputs, sizeof *w.ends);
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

void coupled_work_begin(struct coupled_work *w, const struct coupling *plan,
                        const struct coupling *other, int all)
{
    fisher_length_reset(&w->length);
    fisher_length_reset(&w->coarse.length);
    w->of.in_place = all;
    w->of.n = w->coarse.of.n = 0;
    for (size_t item = 0; item < w->items; item++) {
        w->weights[item] = plan->plan[item] / (double)plan->blocks;
        const int counts = w->weights[item] > COUPLED_SHARE ||
                           other->plan[item] / (double)plan->blocks > COUPLED_SHARE;

        if (counts)
            w->coarse.of.item[w->coarse.of.n++] = (uint32_t)item;
        if (all || counts)
            w->of.item[w->of.n++] = (uint32_t)item;
    }
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

/* Logits of the items from those of one task's images, at which x_ij lies. */
static void predict_end(struct coupled_work *w, const struct coupled_items *of, int is_target,
                        float *logits)
{
    const struct task_images *task = is_target ? w->pair->target : w->pair->source;
    const size_t width = w->model->outputs;

    model_outputs(w->model, task->part[TASK_TRAIN].x, w->items / w->b, w->ends);
    for (size_t k = 0; k < of->n; k++) {
        const size_t item = of->item[k];
        const size_t image = is_target ? target_of(w, item) : source_of(w, item);

        memcpy(logits + item * width, w->ends + image * width, width * sizeof *logits);
    }
}

/* Rows of a pass over `left` items: few numbers, since primitives are made for each of them. */
static size_t quantum_of(const struct coupled_work *w)
{
    return (w->chunk + COUPLED_PASSES - 1) / COUPLED_PASSES;
}

static size_t rows_for(const struct coupled_work *w, size_t left)
{
    const size_t quantum = quantum_of(w), rows = (left + quantum - 1) / quantum * quantum;

    return rows < w->chunk ? rows : w->chunk;
}

enum status coupled_work_prepare(const struct coupled_work *w)
{
    const struct model *m = w->model;
    const size_t quantum = quantum_of(w), most = rows_for(w, w->items);

    TRY(model_prepare(m, w->descent.rows, w->descent.rows));
    TRY(model_prepare(m, w->items / w->b, m->max_batch));
    for (size_t left = quantum; left < most + quantum; left += quantum)
        TRY(model_prepare(m, rows_for(w, left), rows_for(w, left)));
    return w->losses ? model_prepare(m, w->pair->source->part[TASK_TEST].n, w->chunk) : STATUS_OK;
}

/* Logits of w_m for the items from the first-th on, as many as a pass takes; returns how many. Rows
 * too many repeat the last item. */
static size_t predict_some(struct coupled_work *w, const struct coupled_items *of, size_t first,
                           double tau, float *logits)
{
    const float *s = w->pair->source->part[TASK_TRAIN].x, *t = w->pair->target->part[TASK_TRAIN].x;
    const size_t inputs = w->model->inputs, width = w->model->outputs;
    const size_t rows = rows_for(w, of->n - first);
    const size_t count = of->n - first < rows ? of->n - first : rows;

    for (size_t r = 0; r < rows; r++) {
        const size_t item = of->item[first + (r < count ? r : count - 1)];

        coupling_interpolate(w->x + r * inputs, s + source_of(w, item) * inputs,
                             t + target_of(w, item) * inputs, (float)tau, inputs);
    }
    const float *y = w->model->forward(w->model->self, w->x, rows, MODEL_EVALUATE);
    for (size_t r = 0; r < count; r++)
        memcpy(logits + of->item[first + r] * width, y + r * width, width * sizeof *logits);
    return count;
}

/* Logits (items x outputs) of w_m for some items, at tau. */
static void predict(struct coupled_work *w, const struct coupled_items *of, double tau,
                    float *logits)
{
    if (!of->in_place && (tau <= 0 || tau >= 1))
        predict_end(w, of, tau >= 1, logits);
    else
        for (size_t first = 0; first < of->n;)
            first += predict_some(w, of, first, tau, logits);
}

/* ---- losses ---- */

/* (1 - tau) CE(y) + tau CE(z) of one row of logits. */
static double mixed_loss(const float *logits, size_t width, uint8_t y, uint8_t z, double tau)
{
    const double loss = loss_cross_entropy(logits, &y, 1, width, 1, NULL);

    return loss + tau * ((double)logits[y] - (double)logits[z]);
}

/* Of the items, by their weights, where the kept predictions are. */
static double train_loss(const struct coupled_work *w, double tau)
{
    const size_t width = w->model->outputs;
    double sum = 0;

    for (size_t k = 0; k < w->of.n; k++) {
        const size_t item = w->of.item[k];

        if (w->weights[item] > 0)
            sum += w->weights[item] *
                   mixed_loss(w->kept + item * width, width,
                              w->pair->source->part[TASK_TRAIN].label[source_of(w, item)],
                              w->pair->target_label[TASK_TRAIN][target_of(w, item)], tau);
    }
    return sum;
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

static void take_losses(struct coupled_work *w, size_t m, struct coupled_iteration *out)
{
    if (!w->losses)
        return;
    out->train_loss[m] = train_loss(w, out->tau[m]);
    out->test_loss[m] = test_loss(w, out->tau[m]);
}

/* ---- checkpoints ---- */

/* One step of a length, from the logits `from` to `to` (items x outputs). */
static void add_step(const struct coupled_work *w, struct fisher_length *l,
                     const struct coupled_items *of, const float *from, const float *to)
{
    const size_t width = w->model->outputs;

    for (size_t k = 0; k < of->n; k++) {
        const size_t item = of->item[k];

        fisher_length_add(l, item, 1, w->weights + item, from + item * width, to + item * width,
                          width);
    }
    fisher_length_step(l);
}

/* What w_m predicts is where the next coarse step begins. */
static void keep_coarse(struct coupled_work *w, double tau)
{
    w->coarse.tau = tau;
    memcpy(w->coarse.kept, w->kept, w->items * w->model->outputs * sizeof *w->kept);
}

static void measure_coarse(struct coupled_work *w)
{
    struct coupled_coarse *c = &w->coarse;

    predict(w, &c->of, c->tau, w->now);
    add_step(w, &c->length, &c->of, c->kept, w->now);
}

void coupled_work_start(struct coupled_work *w, struct coupled_iteration *out)
{
    out->tau[0] = 0;
    predict(w, &w->of, 0, w->kept);
    keep_coarse(w, 0);
    take_losses(w, 0, out);
}

void coupled_work_measure(struct coupled_work *w, size_t m, struct coupled_iteration *out)
{
    const double before = fisher_length_mean(&w->length, w->weights);
    const int coarse = transfer_is_coarse(m, w->checkpoints);

    predict(w, &w->of, out->tau[m - 1], w->now);
    add_step(w, &w->length, &w->of, w->kept, w->now);
    out->step[m] = fisher_length_mean(&w->length, w->weights) - before;
    if (coarse)
        measure_coarse(w);
    if (m < w->checkpoints || w->losses)
        predict(w, &w->of, out->tau[m], w->kept);
    if (coarse)
        keep_coarse(w, out->tau[m]);
    take_losses(w, m, out);
}

static struct transfer_length length_of(const struct coupled_work *w, const struct coupling *plan,
                                        const struct fisher_length *l, double *cost)
{
    for (size_t item = 0; item < w->items; item++)
        cost[item] = fisher_length_of(l, item);
    return (struct transfer_length){.mean = coupling_mean_cost(plan, cost),
                                    .riemannian = fisher_length_riemannian(l),
                                    .released = fisher_length_released(l, w->weights)};
}

void coupled_work_finish(struct coupled_work *w, const struct coupling *plan,
                         const struct coupling *first, double *cost,
                         struct coupled_iteration *out)
{
    out->length = length_of(w, plan, &w->length, cost);
    out->first_plan = coupling_mean_cost(first, cost);
    out->coarse = length_of(w, plan, &w->coarse.length, w->scaled);
    out->first_coarse = coupling_mean_cost(first, w->scaled);
}
