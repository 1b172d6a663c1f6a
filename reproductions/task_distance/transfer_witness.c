/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/transfer_witness.h"

#include <math.h>
#include <string.h>

#include "geometry/fisher.h"

struct transfer_witness transfer_witness_create(struct arena *mem, const struct model *model,
                                                const struct task_part_images *images,
                                                size_t chunk)
{
    struct transfer_witness w = {.model = model, .x = images->x, .n = images->n, .chunk = chunk};

    w.now = arena_get(mem, w.n * model->outputs, sizeof *w.now);
    w.kept = arena_get(mem, w.n * model->outputs, sizeof *w.kept);
    w.coarse = arena_get(mem, w.n * model->outputs, sizeof *w.coarse);
    return w;
}

enum status transfer_witness_prepare(const struct transfer_witness *w)
{
    return model_prepare(w->model, w->n, w->chunk);
}

void transfer_witness_look(const struct transfer_witness *w)
{
    const size_t width = w->model->outputs;

    for (size_t first = 0; first < w->n; first += w->chunk) {
        const size_t count = w->n - first < w->chunk ? w->n - first : w->chunk;
        const float *logits = w->model->forward(w->model->self, w->x + first * w->model->inputs,
                                                count, MODEL_EVALUATE);

        memcpy(w->now + first * width, logits, count * width * sizeof *logits);
    }
}

struct transfer_moved transfer_witness_step(const struct transfer_witness *w, float *from)
{
    const size_t width = w->model->outputs;
    struct transfer_moved m = {0};

    for (size_t r = 0; r < w->n; r++) {
        const double twice = 2 * fisher_kl_logits(from + r * width, w->now + r * width, width);

        m.root += sqrt(twice) / (double)w->n;
        m.squared += twice / (double)w->n;
    }
    memcpy(from, w->now, w->n * width * sizeof *from);
    return m;
}

void transfer_length_add(struct transfer_length *l, double tau, struct transfer_moved a,
                         struct transfer_moved b)
{
    l->mean += (1 - tau) * a.root + tau * b.root;
    l->riemannian += sqrt((1 - tau) * a.squared + tau * b.squared);
}

void transfer_length_close(struct transfer_length *l, size_t steps)
{
    l->released = l->mean / (sqrt(2) * (double)steps);
}
