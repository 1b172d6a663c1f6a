/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/coupled_transfer.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "geometry/fisher.h"
#include "task_distance/coupled_memo.h"
#include "task_distance/coupled_state.h"
#include "task_distance/coupled_work.h"

/* ---- preparation ---- */

static void check_sizes(const struct task_pair *pair, const struct model *model,
                        const struct coupled_options *o)
{
    const struct task_part_images *s = pair->source->part, *t = pair->target->part;
    const struct transfer_options *transfer = &o->transfer;

    CHECK(s[TASK_TRAIN].n == t[TASK_TRAIN].n && s[TASK_TEST].n == t[TASK_TEST].n,
          "%zu and %zu training images, %zu and %zu test images", s[TASK_TRAIN].n,
          t[TASK_TRAIN].n, s[TASK_TEST].n, t[TASK_TEST].n);
    CHECK(o->block >= 1 && s[TASK_TRAIN].n % o->block == 0 && s[TASK_TEST].n % o->block == 0,
          "blocks of %zu of %zu training and %zu test images", o->block, s[TASK_TRAIN].n,
          s[TASK_TEST].n);
    CHECK(model->inputs == pair->source->inputs && model->outputs == pair->outputs,
          "a model of %zu inputs and %zu outputs", model->inputs, model->outputs);
    CHECK(transfer->checkpoints >= 1 && transfer->checkpoints <= TRANSFER_CHECKPOINTS_MOST &&
              transfer->steps >= 1 && transfer->steps % transfer->checkpoints == 0,
          "%zu checkpoints in %zu steps", transfer->checkpoints, transfer->steps);
    CHECK(transfer->evaluation_batch >= 1 && transfer->evaluation_batch <= model->max_batch,
          "evaluation of %zu rows", transfer->evaluation_batch);
}

struct coupled_transfer coupled_transfer_create(struct arena *mem, const struct task_pair *pair,
                                                const struct model *model,
                                                const struct source_model *start,
                                                const struct coupled_options *options)
{
    struct coupled_transfer c = {.pair = pair, .model = model, .start = start,
                                 .options = *options};
    const size_t b = options->block;

    check_sizes(pair, model, options);
    c.plan = coupling_create(mem, pair->source->part[TASK_TRAIN].n / b, b);
    CHECK(options->cost_blocks <= c.plan.blocks, "the cost of %zu blocks of %zu",
          options->cost_blocks, c.plan.blocks);
    c.evaluated = c.plan;
    c.evaluated.blocks = options->cost_blocks ? options->cost_blocks : c.plan.blocks;
    c.first = c.evaluated;
    c.first.plan = arena_get(mem, c.evaluated.blocks * b * b, sizeof *c.first.plan);
    c.cost = arena_get(mem, c.evaluated.blocks * b * b, sizeof *c.cost);
    c.work = arena_get(mem, 1, sizeof *c.work);
    *c.work = coupled_work_create(mem, pair, model, options, c.evaluated.blocks);
    return c;
}

static enum status prepare(const struct coupled_transfer *c)
{
    TRY(transfer_prepare(c->model, c->pair));
    return coupled_work_prepare(c->work);
}

/* ---- one iteration ---- */

/* Fills the rows of a step: source images i and partners j of G^k, mixed with one tau. */
static void draw_batch(struct coupled_transfer *c, double tau)
{
    struct coupled_work *w = c->work;
    struct descent *d = &w->descent;
    const size_t rows = d->rows, inputs = c->model->inputs;
    const uint32_t *i = image_stream_next(&w->images);

    w->partners.round = w->images.round;
    for (size_t r = 0; r < rows; r++) {
        w->partner[r] = (uint32_t)coupling_draw(&c->plan, i[r], &w->draws);
        d->first[r] = c->pair->source->part[TASK_TRAIN].label[i[r]];
        d->second[r] = c->pair->target_label[TASK_TRAIN][w->partner[r]];
        d->a[r] = (1 - tau) / (double)rows;
        d->b[r] = tau / (double)rows;
    }
    image_stream_fill(&w->images, i, rows, d->x);
    image_stream_fill(&w->partners, w->partner, rows, w->other);
    coupling_interpolate(d->x, d->x, w->other, (float)tau, rows * inputs);
}

static enum status step(struct coupled_transfer *c, size_t t)
{
    const struct transfer_options *o = &c->options.transfer;

    draw_batch(c, transfer_tau(o->schedule, (double)t / (double)o->steps, &c->work->taus));
    return descent_step(&c->work->descent, c->work->descent.rows);
}

static void begin(struct coupled_transfer *c, size_t k, uint64_t seed, int all)
{
    struct coupled_work *w = c->work;
    const struct rng flips = rng_stream(seed, "augment:%zu", k);

    source_model_restore(c->start, c->model);
    if (c->model->rng != NULL)
        *c->model->rng = rng_stream(seed, "dropout:%zu", k);
    descent_restart(&w->descent);
    image_stream_restart(&w->images, rng_stream(seed, "order:%zu", k), flips);
    image_stream_restart(&w->partners, rng_stream(seed, "unused"),
                         rng_stream(seed, "augment-target:%zu", k));
    w->draws = rng_stream(seed, "pairs:%zu", k);
    w->taus = rng_stream(seed, "tau:%zu", k);
    coupled_work_begin(w, &c->evaluated, &c->first, all);
}

/* What is measured after step t, where there is a checkpoint. */
static void measure(struct coupled_transfer *c, size_t t, struct rng *marks,
                    struct coupled_iteration *out)
{
    const struct transfer_options *o = &c->options.transfer;
    const size_t each = o->steps / o->checkpoints, m = t / each;

    if (t % each != 0)
        return;
    out->tau[m] = transfer_tau(o->schedule, (double)m / (double)o->checkpoints, marks);
    coupled_work_measure(c->work, m, out);
}

/* n transfers along the trajectory of the first: measuring moves nothing that a step reads. all:
 * the cost of every pair, for an update. */
static enum status iterate(struct coupled_transfer *const *c, size_t n, size_t k, uint64_t seed,
                           int all, struct coupled_iteration *out)
{
    struct rng marks[TRANSFER_TOGETHER_MOST];

    for (size_t i = n; i-- > 0;) {
        marks[i] = rng_stream(seed, "checkpoints:%zu", k);
        out[i] = (struct coupled_iteration){0};
        begin(c[i], k, seed, all);
        coupled_work_start(c[i]->work, &out[i]);
    }
    for (size_t t = 1; t <= c[0]->options.transfer.steps; t++) {
        TRY(step(c[0], t));
        for (size_t i = 0; i < n; i++)
            measure(c[i], t, &marks[i], &out[i]);
    }
    for (size_t i = 0; i < n; i++)
        coupled_work_finish(c[i]->work, &c[i]->evaluated, &c[i]->first, c[i]->cost, &out[i]);
    return STATUS_OK;
}

static enum status iterate_alone(struct coupled_transfer *c, size_t k, uint64_t seed, int all,
                                 struct coupled_iteration *out)
{
    TRY(iterate(&c, 1, k, seed, all, out));
    out->accuracy = transfer_accuracy_of(c->model, c->pair);
    return STATUS_OK;
}

enum status coupled_transfer_iterate(struct coupled_transfer *c, size_t k, uint64_t seed,
                                     struct coupled_iteration *out)
{
    TRY(prepare(c));
    return iterate_alone(c, k, seed, 1, out);
}

/* ---- plans ---- */

/* An update that stops at its cap leaves a coupling; how good it is, is in the report. */
static enum status tolerated(enum status status)
{
    return status == STATUS_NO_CONVERGENCE ? STATUS_OK : status;
}

/* (17a), or the published code's step for it, on the evaluated blocks, with the cost in that code's
 * unit. */
static enum status update(struct coupled_transfer *c, size_t k, struct coupled_iteration *out)
{
    const struct coupled_options *o = &c->options;
    const double unit = 1 / (sqrt(2) * (double)o->transfer.checkpoints);
    const size_t power = o->update == COUPLED_GROWING ? k : 0;
    double *cost = c->work->scaled;
    struct coupling_report report = {0};
    enum status status = STATUS_OK;

    for (size_t item = 0; item < c->work->items; item++)
        cost[item] = c->cost[item] * unit;
    if (o->update == COUPLED_ENTROPIC)
        status = coupling_entropic(&c->evaluated, cost, o->epsilon, o->lambda, &report);
    else
        status = coupling_quadratic(&c->evaluated, cost, coupling_growing_weight(o->weight, power),
                                    COUPLED_GAP, COUPLED_SWEEPS, &report);
    out->moved = report.moved;
    out->gap = report.gap;
    return tolerated(status);
}

static enum status start_plans(struct coupled_transfer *c, uint64_t seed)
{
    const struct task_images *s = c->pair->source, *t = c->pair->target;
    const struct coupled_options *o = &c->options;
    struct coupling_report report;
    struct rng draws = rng_stream(seed, "test-partners");

    CHECK(s->feature_dim >= 1 && s->feature_dim == t->feature_dim, "%zu and %zu features",
          s->feature_dim, t->feature_dim);
    TRY(tolerated(coupling_start(&c->plan, s->part[TASK_TRAIN].features,
                                 t->part[TASK_TRAIN].features, s->feature_dim, o->start_cost,
                                 o->start_epsilon, &report)));
    if (!o->losses)
        return STATUS_OK;
    TRY(tolerated(coupling_start(&c->work->test_plan, s->part[TASK_TEST].features,
                                 t->part[TASK_TEST].features, s->feature_dim, o->start_cost,
                                 o->start_epsilon, &report)));
    coupled_work_draw_test(c->work, &draws);
    return STATUS_OK;
}

static void product_plan(struct coupling *plan)
{
    const size_t entries = plan->b * plan->b;

    for (size_t k = 0; k < plan->blocks * entries; k++)
        plan->plan[k] = 1 / (double)entries;
}

/* ---- calls ---- */

static enum status iterate_all(struct coupled_transfer *c, size_t iterations, uint64_t seed,
                               struct coupled_state *saved, struct coupled_iteration *out)
{
    for (size_t k = saved->done; k < iterations; k++) {
        const int updates = c->options.update != COUPLED_NEVER &&
                            (k + 1 < iterations || c->options.last_update);
        const int last = k + 1 == iterations;

        if (last || !coupled_memo_find(c->memo, c, k, seed, updates, &out[k])) {
            TRY(iterate(&c, 1, k, seed, updates, &out[k]));
            coupled_memo_keep(c->memo, c, k, seed, updates, &out[k]);
        }
        if (last)
            out[k].accuracy = transfer_accuracy_of(c->model, c->pair);
        if (updates)
            TRY(update(c, k, &out[k]));
        saved->done = k + 1;
        TRY(coupled_state_save(saved));
    }
    return STATUS_OK;
}

enum status coupled_transfer_run(struct coupled_transfer *c, size_t iterations, uint64_t seed,
                                 const char *path, struct coupled_iteration *out)
{
    struct coupled_state saved;
    enum status status;

    TRY(prepare(c));
    TRY(start_plans(c, seed));
    memcpy(c->first.plan, c->plan.plan,
           c->first.blocks * c->first.b * c->first.b * sizeof *c->first.plan);
    TRY(coupled_state_open(&saved, c, iterations, seed, path, out));
    status = iterate_all(c, iterations, seed, &saved, out);
    coupled_state_close(&saved);
    return status;
}

enum status coupled_transfer_independent(struct coupled_transfer *c, uint64_t seed,
                                         struct coupled_iteration *out)
{
    struct rng draws = rng_stream(seed, "test-partners");

    TRY(prepare(c));
    product_plan(&c->plan);
    product_plan(&c->work->test_plan);
    coupled_work_draw_test(c->work, &draws);
    return iterate_alone(c, 0, seed, 0, out);
}

enum status coupled_transfer_together(struct coupled_transfer *const *c, size_t n, uint64_t seed,
                                      struct coupled_iteration *out)
{
    CHECK(n >= 1 && n <= TRANSFER_TOGETHER_MOST, "%zu transfers together", n);
    for (size_t i = 0; i < n; i++) {
        CHECK(c[i]->model->self == c[0]->model->self &&
                  c[i]->options.transfer.steps == c[0]->options.transfer.steps,
              "transfer %zu of %zu has another model or other steps", i, n);
        TRY(prepare(c[i]));
        TRY(start_plans(c[i], seed));
    }
    TRY(iterate(c, n, 0, seed, 0, out));
    out[0].accuracy = transfer_accuracy_of(c[0]->model, c[0]->pair);
    for (size_t i = 0; i < n; i++) {
        out[i].accuracy = out[0].accuracy;
        out[i].first_plan = out[i].length.mean;
        out[i].first_coarse = out[i].coarse.mean;
    }
    return STATUS_OK;
}
