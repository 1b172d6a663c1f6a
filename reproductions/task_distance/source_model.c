/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/source_model.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "data/augment.h"
#include "net/checkpoint.h"
#include "net/convnet_models.h"
#include "net/train.h"

/* ---- networks ---- */

enum status transfer_net_create(struct convnet **net, const struct transfer_net_spec *spec,
                                uint64_t seed)
{
    const struct convnet_options options = {
        .max_batch = spec->max_batch, .keep_all = 1, .seed = seed};
    const struct convnet_model_options model = {.channels = spec->channels,
                                                .size = spec->side,
                                                .outputs = spec->outputs,
                                                .divide = spec->divisor};
    const struct convnet_spec plan = spec->kind == TRANSFER_WRN ? convnet_models_wrn(&model)
                                                                : convnet_models_conv(&model);

    return convnet_create(net, &plan, &options);
}

/* ---- training ---- */

/* 0.3, 0.6, 0.8 of the epochs, as far as they differ. */
static size_t milestones_of(size_t epochs, size_t milestones[3])
{
    size_t n = 0;

    for (size_t k = 0; k < 3; k++) {
        const size_t at = epochs * (size_t[]){3, 6, 8}[k] / 10;

        if (at > (n > 0 ? milestones[n - 1] : 0))
            milestones[n++] = at;
    }
    return n;
}

static struct train_options training(const struct source_options *o, size_t milestones[3])
{
    return (struct train_options){.batch = o->batch,
                                  .max_epochs = o->epochs,
                                  .optimizer = OPTIMIZER_SGD,
                                  .learning_rate = o->learning_rate,
                                  .momentum = o->momentum,
                                  .weight_decay = o->weight_decay,
                                  .schedule = SCHEDULE_MILESTONES,
                                  .schedule_factor = o->drop,
                                  .milestones = milestones,
                                  .milestone_count = milestones_of(o->epochs, milestones)};
}

/* Evaluation of every part takes its memory now, where it can be refused, not after an hour. */
static enum status prepare(const struct model *model, const struct task_images *source)
{
    for (int k = 0; k < TASK_PARTS; k++)
        TRY(model_prepare(model, source->part[k].n, model->max_batch));
    return STATUS_OK;
}

/* `file` (or NULL) is where a training that is killed goes on from: its last whole epoch. */
static enum status train(struct source_model *out, struct convnet *net,
                         const struct task_images *source, const struct source_options *options,
                         uint64_t seed, const char *file)
{
    const struct task_part_images *images = &source->part[TASK_TRAIN];
    const struct model model = convnet_model(net);
    size_t milestones[3];
    const struct train_checkpoint checkpoint = {.path = file, .every_epochs = 1};
    struct train_options how = training(options, milestones);
    struct rng init = rng_stream(seed, "init:%s", source->name),
               order = rng_stream(seed, "order:%s", source->name);
    struct augment augment;
    struct train_data data = {.n = images->n, .labels = images->label, .x = images->x};
    struct train_result result;

    if (options->pad > 0) {
        augment = augment_of_images(images->x, images->n, source->channels, source->side,
                                    source->side, &task_scale_unit, options->pad, 1,
                                    rng_stream(seed, "augment:%s", source->name));
        data.x = NULL;
        data.fill = augment_fill;
        data.source = &augment;
    }
    how.checkpoint = file != NULL ? &checkpoint : NULL;
    convnet_init(net, &init);
    if (model.rng != NULL)
        *model.rng = rng_stream(seed, "dropout:%s", source->name);
    TRY(train_model(&model, &data, &how, &order, &result));
    out->loss = result.loss;
    for (int k = 0; k < TASK_PARTS; k++) {
        const struct task_part_images *part = &source->part[k];

        out->accuracy[k] =
            part->n ? 1 - model_error_rate(&model, part->x, part->label, part->n) : 0;
    }
    memcpy(out->params, model.params, out->param_count * sizeof *out->params);
    memcpy(out->state, model.state, out->state_count * sizeof *out->state);
    return STATUS_OK;
}

/* ---- kept models ---- */

enum { BLOCKS = 4 };

struct kept {
    char path[4096], unfinished[4096 + 8], owner[DIGEST_TEXT];
    struct checkpoint_block blocks[BLOCKS];
};

/* The file of this model; whose it is says everything that made it. */
static void name_file(struct kept *k, struct source_model *out, const struct task_images *source,
                      const struct source_options *o, uint64_t seed, const char *artifacts)
{
    const struct task_part_images *images = &source->part[TASK_TRAIN];
    char words[512];
    struct digest d;

    snprintf(words, sizeof words,
             "%s seed %llu params %zu epochs %zu batch %zu rate %.17g momentum %.17g decay %.17g "
             "drop %.17g pad %zu",
             source->name, (unsigned long long)seed, out->param_count, o->epochs, o->batch,
             o->learning_rate, o->momentum, o->weight_decay, o->drop, o->pad);
    digest_start(&d);
    digest_text(&d, words);
    digest_bytes(&d, images->x, images->n * source->inputs * sizeof *images->x);
    digest_bytes(&d, images->label, images->n);
    digest_end(&d, k->owner);
    snprintf(k->path, sizeof k->path, "%s/source.%.16s", artifacts, k->owner);
    snprintf(k->unfinished, sizeof k->unfinished, "%s.part", k->path);
    k->blocks[0] =
        (struct checkpoint_block){"params", out->params, out->param_count * sizeof *out->params};
    k->blocks[1] =
        (struct checkpoint_block){"state", out->state, out->state_count * sizeof *out->state};
    k->blocks[2] = (struct checkpoint_block){"accuracy", out->accuracy, sizeof out->accuracy};
    k->blocks[3] = (struct checkpoint_block){"loss", &out->loss, sizeof out->loss};
}

static enum status keep(const struct kept *k)
{
    void *room = memory_get(checkpoint_size(k->blocks, BLOCKS), 1);
    enum status status = STATUS_MEMORY;

    if (room != NULL)
        status = checkpoint_save(k->path, k->owner, k->blocks, BLOCKS, room);
    memory_free(room);
    return status;
}

enum status source_model_get(struct source_model *out, struct arena *mem, struct convnet *net,
                             const struct task_images *source, const struct source_options *options,
                             uint64_t seed, const char *artifacts)
{
    const struct model model = convnet_model(net);
    struct kept k;

    *out = (struct source_model){
        .param_count = model.param_count,
        .state_count = model.state_count,
        .params = arena_get(mem, model.param_count, sizeof(float)),
        .state = arena_get(mem, model.state_count, sizeof(float))};
    TRY(prepare(&model, source));
    if (artifacts == NULL)
        return train(out, net, source, options, seed, NULL);
    name_file(&k, out, source, options, seed, artifacts);
    if (file_exists(k.path)) {
        TRY(checkpoint_load(k.path, k.owner, k.blocks, BLOCKS));
        source_model_restore(out, &model);
        return STATUS_OK;
    }
    TRY(file_make_folder(artifacts));
    TRY(train(out, net, source, options, seed, k.unfinished));
    return keep(&k);
}

void source_model_restore(const struct source_model *s, const struct model *model)
{
    CHECK(s->param_count == model->param_count && s->state_count == model->state_count,
          "a source model of %zu parameters for a network of %zu", s->param_count,
          model->param_count);
    memcpy(model->params, s->params, s->param_count * sizeof *s->params);
    if (s->state_count > 0)
        memcpy(model->state, s->state, s->state_count * sizeof *s->state);
}
