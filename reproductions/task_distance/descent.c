/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/descent.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "net/loss.h"

struct descent descent_create(struct arena *mem, const struct model *model,
                              const struct transfer_options *options, size_t rows)
{
    const struct optimizer_spec spec = {.kind = OPTIMIZER_SGD,
                                        .momentum = options->momentum,
                                        .weight_decay = options->weight_decay};

    CHECK(rows >= 1 && rows <= model->max_batch, "%zu rows of %zu", rows, model->max_batch);
    return (struct descent){.model = model,
                            .options = options,
                            .optimizer = optimizer_create(mem, &spec, model->param_count),
                            .rows = rows,
                            .x = arena_get(mem, rows * model->inputs, sizeof(float)),
                            .first = arena_get(mem, rows, 1),
                            .second = arena_get(mem, rows, 1),
                            .a = arena_get(mem, rows, sizeof(double)),
                            .b = arena_get(mem, rows, sizeof(double))};
}

void descent_restart(struct descent *d)
{
    optimizer_reset(&d->optimizer);
    d->steps = 0;
}

/* d loss / d logits of one row into dlogits; its loss. CE(z) = CE(y) + f_y - f_z. */
static double one_row(const float *logits, size_t width, uint8_t y, uint8_t z, double a, double b,
                      float *dlogits)
{
    const double loss = loss_cross_entropy(logits, &y, 1, width, 1, dlogits);
    const double other = loss + (double)logits[y] - (double)logits[z];

    for (size_t k = 0; k < width; k++)
        dlogits[k] = (float)((a + b) * (double)dlogits[k]);
    dlogits[y] += (float)b;
    dlogits[z] -= (float)b;
    return a * loss + b * other;
}

enum status descent_step(struct descent *d, size_t rows)
{
    const struct model *m = d->model;
    const float *logits = m->forward(m->self, d->x, rows, MODEL_TRAIN);
    float *dlogits = m->dlogits(m->self);
    double loss = 0;

    for (size_t r = 0; r < rows; r++)
        loss += one_row(logits + r * m->outputs, m->outputs, d->first[r], d->second[r], d->a[r],
                        d->b[r], dlogits + r * m->outputs);
    if (!isfinite(loss))
        return status_set(STATUS_DIVERGED, "transfer diverged at step %zu", d->steps + 1);
    if (d->options->restart > 0 && d->steps % d->options->restart == 0)
        optimizer_reset(&d->optimizer);
    m->backward(m->self, dlogits, 0);
    optimizer_step(&d->optimizer, m->params, m->grads, d->options->learning_rate);
    d->steps++;
    return STATUS_OK;
}

/* ---- images ---- */

struct image_stream image_stream_create(struct arena *mem, const struct task_images *task,
                                        size_t rows, size_t pad)
{
    const size_t n = task->part[TASK_TRAIN].n;
    struct image_stream s = {.task = task, .pad = pad};

    CHECK(rows >= 1 && rows <= n, "%zu of %zu images a step", rows, n);
    s.batches = batches_create(mem, NULL, n, rows);
    return s;
}

void image_stream_restart(struct image_stream *s, struct rng order, struct rng augment)
{
    const struct task_images *t = s->task;

    s->order = order;
    s->batches.rng = &s->order;
    s->batches.next = 0;
    s->round = 0;
    if (s->pad > 0)
        s->augment = augment_of_images(t->part[TASK_TRAIN].x, t->part[TASK_TRAIN].n, t->channels,
                                       t->side, t->side, &task_scale_unit, s->pad, 1, augment);
}

const uint32_t *image_stream_next(struct image_stream *s)
{
    const uint32_t *indices;

    s->round++;
    while (batches_next(&s->batches, &indices) < s->batches.batch)
        s->batches.next = 0;
    return indices;
}

void image_stream_fill(struct image_stream *s, const uint32_t *indices, size_t n, float *out)
{
    if (s->pad > 0)
        augment_batch(&s->augment, s->round, indices, n, out);
    else
        batches_gather(s->task->part[TASK_TRAIN].x, s->task->inputs, indices, n, out);
}
