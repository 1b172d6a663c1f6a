/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/transfer_baselines.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "geometry/fisher.h"
#include "task_distance/descent.h"
#include "task_distance/transfer_album.h"

/* ---- predictions at real images, and how far they go from one checkpoint to the next ---- */

struct witness {
    const struct model *model;
    const float *x;           /* n x inputs */
    size_t n, chunk;
    float *kept;              /* n x outputs: logits at the last checkpoint */
    double root, squared;     /* mean sqrt(2 KL) and mean 2 KL of the last step */
};

static struct witness witness_create(struct arena *mem, const struct model *model,
                                     const struct task_part_images *images, size_t chunk)
{
    struct witness w = {.model = model, .x = images->x, .n = images->n, .chunk = chunk};

    w.kept = arena_get(mem, w.n * model->outputs, sizeof *w.kept);
    return w;
}

static void witness_step(struct witness *w)
{
    const size_t width = w->model->outputs;

    w->root = w->squared = 0;
    for (size_t first = 0; first < w->n; first += w->chunk) {
        const size_t count = w->n - first < w->chunk ? w->n - first : w->chunk;
        const float *now = w->model->forward(w->model->self, w->x + first * w->model->inputs,
                                             count, MODEL_EVALUATE);
        float *kept = w->kept + first * width;

        for (size_t r = 0; r < count; r++) {
            const double twice = 2 * fisher_kl_logits(kept + r * width, now + r * width, width);

            w->root += sqrt(twice) / (double)w->n;
            w->squared += twice / (double)w->n;
        }
        memcpy(kept, now, count * width * sizeof *kept);
    }
}

static void add_step(struct transfer_length *l, double root, double squared)
{
    l->mean += root;
    l->riemannian += sqrt(squared);
}

static void close_length(struct transfer_length *l, size_t checkpoints)
{
    l->released = l->mean / (sqrt(2) * (double)checkpoints);
}

/* Half of the batch from each task, or all of it from the target. */
struct baseline {
    const struct task_pair *pair;
    const struct model *model;
    const struct transfer_options *options;
    struct descent descent;
    struct image_stream source, target;
    struct witness at_source, at_target;
    struct rng taus;
};

static struct baseline baseline_create(struct arena *mem, const struct task_pair *pair,
                                       const struct model *model,
                                       const struct transfer_options *o, size_t rows)
{
    CHECK(o->checkpoints >= 1 && o->steps % o->checkpoints == 0, "%zu checkpoints in %zu steps",
          o->checkpoints, o->steps);
    CHECK(model->outputs == pair->outputs, "%zu outputs", model->outputs);
    return (struct baseline){
        .pair = pair,
        .model = model,
        .options = o,
        .descent = descent_create(mem, model, o, o->batch),
        .source = image_stream_create(mem, pair->source, rows, o->pad),
        .target = image_stream_create(mem, pair->target, rows, o->pad),
        .at_source = witness_create(mem, model, &pair->source->part[TASK_TRAIN],
                                    o->evaluation_batch),
        .at_target = witness_create(mem, model, &pair->target->part[TASK_TRAIN],
                                    o->evaluation_batch)};
}

static void begin(struct baseline *l, const struct source_model *start, const char *method,
                  uint64_t seed)
{
    source_model_restore(start, l->model);
    if (l->model->rng != NULL)
        *l->model->rng = rng_stream(seed, "%s-dropout", method);
    descent_restart(&l->descent);
    image_stream_restart(&l->source, rng_stream(seed, "%s-source", method),
                         rng_stream(seed, "%s-augment-source", method));
    image_stream_restart(&l->target, rng_stream(seed, "%s-target", method),
                         rng_stream(seed, "%s-augment-target", method));
    l->taus = rng_stream(seed, "%s-tau", method);
    witness_step(&l->at_source);
    witness_step(&l->at_target);
}

/* Puts the stream's next images into rows from .. from + n - 1, each of weight `share`. */
static void put_images(struct baseline *l, struct image_stream *s, const uint8_t *labels,
                       size_t from, double share)
{
    struct descent *d = &l->descent;
    const size_t n = s->batches.batch;
    const uint32_t *indices = image_stream_next(s);

    image_stream_fill(s, indices, n, d->x + from * l->model->inputs);
    for (size_t r = 0; r < n; r++) {
        d->first[from + r] = d->second[from + r] = labels[indices[r]];
        d->a[from + r] = share / (double)n;
        d->b[from + r] = 0;
    }
}

/* ---- mixture ---- */

static enum status mixture_step(struct baseline *l, size_t t)
{
    const double tau = transfer_tau(l->options->schedule, (double)t / (double)l->options->steps,
                                    &l->taus);
    const size_t half = l->options->batch / 2;

    put_images(l, &l->source, l->pair->source->part[TASK_TRAIN].label, 0, 1 - tau);
    put_images(l, &l->target, l->pair->target_label[TASK_TRAIN], half, tau);
    return descent_step(&l->descent, 2 * half);
}

enum status transfer_mixture(struct mixture_result *out, struct arena *mem,
                             const struct task_pair *pair, const struct model *model,
                             const struct source_model *start, const struct transfer_options *o,
                             uint64_t seed)
{
    struct baseline l = baseline_create(mem, pair, model, o, o->batch / 2);
    struct rng marks = rng_stream(seed, "mixture-checkpoints");
    double tau = 0;

    CHECK(o->batch >= 2, "half of a batch of %zu", o->batch);
    *out = (struct mixture_result){0};
    begin(&l, start, "mixture", seed);
    for (size_t t = 1; t <= o->steps; t++) {
        TRY(mixture_step(&l, t));
        if (t % (o->steps / o->checkpoints) != 0)
            continue;
        witness_step(&l.at_source);
        witness_step(&l.at_target);
        add_step(&out->length, (1 - tau) * l.at_source.root + tau * l.at_target.root,
                 (1 - tau) * l.at_source.squared + tau * l.at_target.squared);
        tau = transfer_tau(o->schedule, (double)t / (double)o->steps, &marks);
    }
    close_length(&out->length, o->checkpoints);
    out->accuracy = transfer_accuracy_of(model, pair);
    return STATUS_OK;
}

/* ---- fine-tuning ---- */

static enum status go(struct baseline *l, struct transfer_album *a)
{
    double euclidean = 0;

    for (size_t t = 1; t <= a->steps; t++) {
        put_images(l, &l->target, l->pair->target_label[TASK_TRAIN], 0, 1);
        TRY(descent_step(&l->descent, l->options->batch));
        euclidean += transfer_album_moved(a, l->model);
        if (transfer_album_shows(a, t))
            transfer_album_keep(a, l->model, euclidean);
    }
    return STATUS_OK;
}

static double validate(const struct baseline *l)
{
    const struct task_part_images *images = &l->pair->target->part[TASK_VALIDATION];

    return 1 - model_error_rate(l->model, images->x, l->pair->target_label[TASK_VALIDATION],
                                images->n);
}

/* Along the pictures up to the first checkpoint at or behind the cut; the model is at w_T. */
static void look_back(struct baseline *l, const struct transfer_album *a,
                      struct fine_tuning_result *out)
{
    size_t picture = 0;

    out->accuracy = transfer_accuracy_of(l->model, l->pair);
    out->validation = validate(l);
    for (size_t t = 1; t <= a->steps; t++) {
        if (!transfer_album_shows(a, t))
            continue;
        transfer_album_show(a, picture, l->model);
        if (out->cut == 0 && t % a->every == 0 &&
            (t == a->steps || validate(l) >= FINE_TUNING_CUT * out->validation)) {
            out->cut = t;
            out->euclidean = a->euclidean[picture];
        }
        if (t % a->each == 0) {
            witness_step(&l->at_target);
            add_step(&out->length, l->at_target.root, l->at_target.squared);
            if (out->cut > 0)
                break;
        }
        picture++;
    }
    close_length(&out->length, l->options->checkpoints);
}

enum status transfer_fine_tuning(struct fine_tuning_result *out, struct arena *mem,
                                 const struct task_pair *pair, const struct model *model,
                                 const struct source_model *start,
                                 const struct transfer_options *o, size_t every, uint64_t seed)
{
    struct baseline l = baseline_create(mem, pair, model, o, o->batch);
    struct transfer_album album;

    CHECK(every >= 1 && o->steps % every == 0, "validation every %zu of %zu steps", every,
          o->steps);
    CHECK(pair->target->part[TASK_VALIDATION].n >= 1, "no validation images");
    *out = (struct fine_tuning_result){0};
    begin(&l, start, "fine-tuning", seed);
    enum status status = transfer_album_open(&album, model, o, every);
    if (status == STATUS_OK)
        status = go(&l, &album);
    if (status == STATUS_OK)
        look_back(&l, &album, out);
    transfer_album_close(&album);
    return status;
}
