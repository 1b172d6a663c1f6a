/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/transfer_baselines.h"

#include "base/check.h"
#include "task_distance/descent.h"
#include "task_distance/transfer_album.h"
#include "task_distance/transfer_witness.h"

/* Half of the batch from each task, or all of it from the target. */
struct baseline {
    const struct task_pair *pair;
    const struct model *model;
    const struct transfer_options *options;
    struct descent descent;
    struct image_stream source, target;
    struct transfer_witness at_source, at_target;
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
        .at_source = transfer_witness_create(mem, model, &pair->source->part[TASK_TRAIN],
                                             o->evaluation_batch),
        .at_target = transfer_witness_create(mem, model, &pair->target->part[TASK_TRAIN],
                                             o->evaluation_batch)};
}

/* All memory of passes, of which a step has `rows` rows. */
static enum status prepare(const struct baseline *l, size_t rows)
{
    TRY(transfer_prepare(l->model, l->pair));
    TRY(transfer_witness_prepare(&l->at_source));
    TRY(transfer_witness_prepare(&l->at_target));
    return model_prepare(l->model, rows, rows);
}

static void look(struct baseline *l)
{
    transfer_witness_look(&l->at_source);
    transfer_witness_look(&l->at_target);
}

static void keep_all(struct transfer_witness *w)
{
    (void)transfer_witness_step(w, w->kept);
    (void)transfer_witness_step(w, w->coarse);
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
    look(l);
    keep_all(&l->at_source);
    keep_all(&l->at_target);
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

/* Checkpoint m, the one before at tau and the coarse one before at coarse_tau. */
static void mixture_measure(struct baseline *l, size_t m, double tau, double coarse_tau,
                            struct mixture_result *out)
{
    struct transfer_witness *s = &l->at_source, *t = &l->at_target;

    look(l);
    transfer_length_add(&out->length, tau, transfer_witness_step(s, s->kept),
                        transfer_witness_step(t, t->kept));
    if (transfer_is_coarse(m, l->options->checkpoints))
        transfer_length_add(&out->coarse, coarse_tau, transfer_witness_step(s, s->coarse),
                            transfer_witness_step(t, t->coarse));
}

enum status transfer_mixture(struct mixture_result *out, struct arena *mem,
                             const struct task_pair *pair, const struct model *model,
                             const struct source_model *start, const struct transfer_options *o,
                             uint64_t seed)
{
    struct baseline l = baseline_create(mem, pair, model, o, o->batch / 2);
    struct rng marks = rng_stream(seed, "mixture-checkpoints");
    const size_t each = o->steps / o->checkpoints;
    double tau = 0, coarse_tau = 0;

    CHECK(o->batch >= 2, "half of a batch of %zu", o->batch);
    TRY(prepare(&l, o->batch / 2 * 2));
    *out = (struct mixture_result){0};
    begin(&l, start, "mixture", seed);
    for (size_t t = 1; t <= o->steps; t++) {
        TRY(mixture_step(&l, t));
        if (t % each != 0)
            continue;
        mixture_measure(&l, t / each, tau, coarse_tau, out);
        tau = transfer_tau(o->schedule, (double)t / (double)o->steps, &marks);
        if (transfer_is_coarse(t / each, o->checkpoints))
            coarse_tau = tau;
    }
    transfer_length_close(&out->length, o->checkpoints);
    transfer_length_close(&out->coarse, transfer_coarse_count(o->checkpoints));
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

static void look_at_checkpoint(struct baseline *l, size_t m, int behind_cut,
                               struct fine_tuning_result *out)
{
    struct transfer_witness *w = &l->at_target;

    transfer_witness_look(w);
    const struct transfer_moved step = transfer_witness_step(w, w->kept);
    transfer_length_add(&out->whole, 1, step, step);
    if (transfer_is_coarse(m, l->options->checkpoints)) {
        const struct transfer_moved far = transfer_witness_step(w, w->coarse);

        transfer_length_add(&out->coarse, 1, far, far);
    }
    if (!behind_cut)
        out->length = out->whole;
}

/* Along the pictures; the model is at w_T. The cut's length ends at the first checkpoint there. */
static void look_back(struct baseline *l, const struct transfer_album *a,
                      struct fine_tuning_result *out)
{
    size_t picture = 0;
    int over = 0;

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
            look_at_checkpoint(l, t / a->each, over, out);
            over = out->cut > 0;
        }
        picture++;
    }
    out->euclidean_whole = a->euclidean[a->count - 1];
    transfer_length_close(&out->length, l->options->checkpoints);
    transfer_length_close(&out->whole, l->options->checkpoints);
    transfer_length_close(&out->coarse, transfer_coarse_count(l->options->checkpoints));
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
    TRY(prepare(&l, o->batch));
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
