/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/probe.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/rng.h"
#include "data/augment.h"
#include "net/checkpoint.h"
#include "net/convnet_models.h"
#include "net/train.h"

enum { BATCH = 100 /* rows of an evaluation */ };

/* ---- records ---- */

int probe_other_classes(int *classes, const struct dataset *set, const int *used, int n)
{
    int k = 0;

    for (int class = 0; class < set->classes; class++) {
        int found = 0;

        for (int i = 0; i < n; i++)
            found |= used[i] == class;
        if (!found)
            classes[k++] = class;
    }
    return k;
}

static void add(struct task *t, uint32_t index, uint8_t label)
{
    t->index[t->n] = index;
    t->label[t->n++] = label;
}

static struct task room(struct arena *mem, const struct task *like)
{
    struct task t = *like;

    t.index = arena_get(mem, like->n, sizeof *t.index);
    t.label = arena_get(mem, like->n, sizeof *t.label);
    t.n = 0;
    return t;
}

enum status probe_data_select(struct probe_data *d, struct arena *mem, const struct dataset *train,
                              size_t each, const struct dataset *test, size_t test_each,
                              const int *classes, int k)
{
    size_t *seen = arena_get(mem, (size_t)k, sizeof *seen);
    struct task all;

    *d = (struct probe_data){0};
    if (train != NULL && each > 0)
        TRY(task_pool(&d->old, mem, train, classes, k, each));
    TRY(task_pool(&all, mem, test, classes, k, test_each));
    d->more = room(mem, &all);
    d->held = room(mem, &all);
    for (size_t i = 0; i < all.n; i++) {
        const int hold = seen[all.label[i]]++ % PROBE_HELD_STEP == 0;

        add(hold ? &d->held : &d->more, all.index[i], all.label[i]);
    }
    return STATUS_OK;
}

void probe_data_digest(const struct probe_data *d, struct digest *digest)
{
    if (d->old.n > 0)
        task_digest(digest, &d->old);
    task_digest(digest, &d->more);
    task_digest(digest, &d->held);
}

void probe_images(const struct probe_spec *spec, const struct task *t, float *out)
{
    const size_t dim = spec->pooled ? task_pooled_dim(t) : task_dim(t);

    CHECK(dim == spec->channels * spec->side * spec->side,
          "%zu numbers an image for %zu x %zu x %zu", dim, spec->channels, spec->side, spec->side);
    if (spec->pooled)
        task_pooled(out, t, &task_scale_unit);
    else
        task_features(out, t, &task_scale_unit);
}

/* ---- the network ---- */

struct convnet_spec probe_plan(const struct probe_spec *spec, size_t outputs, size_t *features)
{
    const struct convnet_spec plan = convnet_models_conv(
        &(struct convnet_model_options){.channels = spec->channels, .size = spec->side,
                                        .outputs = outputs, .divide = spec->divide});

    *features = plan.layers[plan.count - 1].from;
    return plan;
}

enum status probe_create(struct probe *p, const struct probe_spec *spec, size_t max_batch)
{
    size_t features;
    const struct convnet_spec plan = probe_plan(spec, spec->classes, &features);
    const struct tensor_shape shape = plan.shapes[features];
    struct rng init = rng_stream(spec->seed, "probe:init");

    *p = (struct probe){.spec = *spec, .feature_tensor = features,
                        .features = shape.c * shape.h * shape.w};
    TRY(convnet_create(&p->net, &plan,
                       &(struct convnet_options){.max_batch = max_batch, .keep_all = 1,
                                                 .seed = spec->seed}));
    convnet_init(p->net, &init);
    p->model = convnet_model(p->net);
    return STATUS_OK;
}

void probe_free(struct probe *p)
{
    convnet_free(p->net);
    *p = (struct probe){0};
}

void probe_features(const struct probe *p, const float *images, size_t n, float *phi)
{
    const struct model *m = &p->model;

    for (size_t at = 0; at < n; at += m->max_batch) {
        const size_t rows = n - at < m->max_batch ? n - at : m->max_batch;

        (void)m->forward(m->self, images + at * m->inputs, rows, MODEL_EVALUATE);
        convnet_features(p->net, p->feature_tensor, phi + at * p->features);
    }
}

/* ---- training ---- */

static enum status learn(struct probe *p, const float *x, const uint8_t *labels, size_t n)
{
    const struct probe_spec *s = &p->spec;
    struct augment images =
        augment_of_images(x, n, s->channels, s->side, s->side, &task_scale_unit, s->shift, 1,
                          rng_stream(s->seed, "probe:augment"));
    const struct train_data data = {
        .n = n, .labels = labels, .fill = augment_fill, .source = &images};
    const struct train_options options = {
        .batch = s->batch, .max_epochs = s->epochs, .loss = LOSS_CROSS_ENTROPY,
        .learning_rate = s->learning_rate, .momentum = s->momentum,
        .weight_decay = s->weight_decay, .schedule = SCHEDULE_COSINE, .schedule_steps = 1};
    struct rng order = rng_stream(s->seed, "probe:order");
    struct train_result result;

    return train_model(&p->model, &data, &options, &order, &result);
}

/* Gathers training and test records into one set. */
static enum status gather(const struct probe *p, const struct probe_data *d, struct arena *mem,
                          float **x, uint8_t **labels)
{
    const size_t n = d->old.n + d->more.n, dim = p->model.inputs;

    if (arena_guard(mem))
        return STATUS_MEMORY;
    *x = arena_get(mem, n * dim, sizeof **x);
    *labels = arena_get(mem, n, sizeof **labels);
    arena_unguard(mem);
    if (d->old.n > 0) {
        probe_images(&p->spec, &d->old, *x);
        memcpy(*labels, d->old.label, d->old.n);
    }
    probe_images(&p->spec, &d->more, *x + d->old.n * dim);
    memcpy(*labels + d->old.n, d->more.label, d->more.n);
    return STATUS_OK;
}

static enum status train(struct probe *p, const struct probe_data *d)
{
    struct arena mem = {0};
    float *x = NULL;
    uint8_t *labels = NULL;
    enum status status = gather(p, d, &mem, &x, &labels);

    if (status == STATUS_OK)
        status = learn(p, x, labels, d->old.n + d->more.n);
    arena_free(&mem);
    return status;
}

enum status probe_held_error(const struct probe *p, const struct probe_data *d, double *error)
{
    float *x;

    TRY(model_prepare(&p->model, d->held.n, p->model.max_batch));
    x = memory_get(d->held.n * p->model.inputs, sizeof *x);
    if (x == NULL)
        return STATUS_MEMORY;
    probe_images(&p->spec, &d->held, x);
    *error = model_error_rate(&p->model, x, d->held.label, d->held.n);
    memory_free(x);
    return STATUS_OK;
}

/* ---- the place ---- */

void probe_key(char key[DIGEST_TEXT], const struct probe_spec *s, const struct probe_data *d,
               const char *made_by)
{
    struct digest digest;
    char words[400];

    snprintf(words, sizeof words,
             "%zu %zu %d divide %zu classes %zu epochs %zu batch %zu rate %a momentum %a decay %a "
             "shift %zu seed %llu",
             s->channels, s->side, s->pooled, s->divide, s->classes, s->epochs, s->batch,
             s->learning_rate, s->momentum, s->weight_decay, s->shift,
             (unsigned long long)s->seed);
    digest_start(&digest);
    digest_text(&digest, "probe");
    digest_text(&digest, words);
    digest_text(&digest, made_by != NULL ? made_by : "");
    probe_data_digest(d, &digest);
    digest_end(&digest, key);
}

static enum status save(const char *path, const char *key, const struct checkpoint_block *blocks)
{
    void *room_to_save = memory_get(checkpoint_size(blocks, 2), 1);
    enum status status = STATUS_MEMORY;

    if (room_to_save != NULL)
        status = checkpoint_save(path, key, blocks, 2, room_to_save);
    memory_free(room_to_save);
    return status;
}

enum status probe_get(struct probe *p, const struct probe_spec *spec, const struct probe_data *d,
                      const struct probe_place *place)
{
    char key[DIGEST_TEXT], path[4096];

    TRY(probe_create(p, spec, spec->batch > BATCH ? spec->batch : BATCH));
    const struct model *m = &p->model;
    const struct checkpoint_block blocks[2] = {
        {"params", m->params, m->param_count * sizeof *m->params},
        {"state", m->state, m->state_count * sizeof *m->state}};

    if (place->folder == NULL)
        return train(p, d);
    probe_key(key, spec, d, place->made_by);
    snprintf(path, sizeof path, "%s/probe-%.16s", place->folder, key);
    if (file_exists(path) && checkpoint_load(path, key, blocks, 2) == STATUS_OK)
        return STATUS_OK;
    TRY(train(p, d));
    TRY(file_make_folder(place->folder));
    return save(path, key, blocks);
}
