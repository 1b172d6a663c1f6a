/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/task_matrix.h"

#include "base/check.h"
#include "base/file.h"
#include "net/checkpoint.h"
#include "task_distance/task2vec.h"

void task_matrix_free(struct task_matrix *t)
{
    convnet_free(t->net);
    probe_free(&t->probe);
    t->net = NULL;
    t->probe = (struct probe){0};
}

/* ---- what pairs share ---- */

static enum status need_net(struct task_matrix *t)
{
    if (t->net != NULL)
        return STATUS_OK;
    TRY(transfer_net_create(&t->net, &t->spec.net, t->seed));
    t->model = convnet_model(t->net);
    return STATUS_OK;
}

static enum status need_probe(struct task_matrix *t)
{
    const struct probe_place place = {t->artifacts, NULL};

    if (t->probe.net != NULL)
        return STATUS_OK;
    if (t->artifacts != NULL)
        TRY(file_make_folder(t->artifacts));
    return probe_get(&t->probe, &t->spec.probe, t->probe_data, &place);
}

static enum status need_features(struct task_matrix *t, struct task_images *images)
{
    if (images->feature_dim > 0)
        return STATUS_OK;
    if (t->probe_data == NULL) {
        task_images_pixel_features(images, t->mem);
        return STATUS_OK;
    }
    TRY(need_probe(t));
    for (int k = 0; k < TASK_PARTS; k++)
        TRY(model_prepare(&t->probe.model, images->part[k].n, t->probe.model.max_batch));
    images->feature_dim = t->probe.features;
    for (int k = 0; k < TASK_PARTS; k++) {
        struct task_part_images *part = &images->part[k];

        part->features = arena_get(t->mem, part->n * images->feature_dim, sizeof(float));
        if (part->n > 0)
            probe_features(&t->probe, part->x, part->n, part->features);
    }
    return STATUS_OK;
}

static enum status need_source(struct task_matrix *t, size_t i)
{
    TRY(need_net(t));
    if (t->source[i].params != NULL)
        return STATUS_OK;
    return source_model_get(&t->source[i], t->mem, t->net, &t->images[i], &t->spec.source,
                            t->seed, t->artifacts);
}

/* ---- one pair ---- */

static struct task_matrix_reading reading(const struct coupled_iteration *k)
{
    return (struct task_matrix_reading){k->length, k->coarse};
}

static struct task_matrix_end end_of(const struct transfer_accuracy *a)
{
    return (struct task_matrix_end){a->target[TASK_TRAIN], a->target[TASK_TEST]};
}

static enum status run_coupled(struct task_matrix *t, const struct task_pair *pair,
                               const struct source_model *start, const char *state,
                               struct task_matrix_pair *out)
{
    const size_t last = t->spec.iterations - 1;
    struct coupled_iteration *k = arena_get(t->mem, t->spec.iterations, sizeof *k);
    struct coupled_transfer c =
        coupled_transfer_create(t->mem, pair, &t->model, start, &t->spec.coupled);

    TRY(coupled_transfer_run(&c, t->spec.iterations, t->seed, state, k));
    out->coupled = reading(&k[last]);
    out->start = reading(&k[0]);
    out->before = reading(&k[last - (last > 0)]);
    out->kept = k[last].first_plan;
    out->kept_coarse = k[last].first_coarse;
    out->after_coupled = end_of(&k[last].accuracy);
    out->source_after = k[last].accuracy.source[TASK_TEST];
    TRY(coupled_transfer_independent(&c, t->seed, &k[0]));
    out->independent = reading(&k[0]);
    out->after_independent = end_of(&k[0].accuracy);
    return STATUS_OK;
}

static enum status run_others(struct task_matrix *t, const struct task_pair *pair,
                              const struct source_model *start, struct task_matrix_pair *out)
{
    const struct transfer_options *o = &t->spec.coupled.transfer;
    struct mixture_result mixture;
    struct fine_tuning_result *fine = arena_get(t->mem, 1, sizeof *fine);

    TRY(transfer_mixture(&mixture, t->mem, pair, &t->model, start, o, t->seed));
    out->mixture = (struct task_matrix_reading){mixture.length, mixture.coarse};
    out->after_mixture = end_of(&mixture.accuracy);
    TRY(transfer_fine_tuning(fine, t->mem, pair, &t->model, start, o, t->spec.every, t->seed));
    out->fine_tuning = fine->length;
    out->fine_tuning_whole = fine->whole;
    out->euclidean = fine->euclidean;
    out->euclidean_whole = fine->euclidean_whole;
    out->cut = (double)fine->cut;
    out->after_fine_tuning = end_of(&fine->accuracy);
    return STATUS_OK;
}

static enum status make_pair(struct task_matrix *t, size_t i, size_t j, const char *state,
                             struct task_matrix_pair *out)
{
    struct task_images *source = &t->images[i], *target = &t->images[j];

    TRY(need_features(t, source));
    TRY(need_features(t, target));
    TRY(need_source(t, i));
    const struct task_pair pair = task_pair_make(t->mem, source, target, t->spec.net.outputs);

    out->source_model = t->source[i].accuracy[TASK_TEST];
    TRY(run_coupled(t, &pair, &t->source[i], state, out));
    return run_others(t, &pair, &t->source[i], out);
}

static enum status keep(const char *path, const char owner[DIGEST_TEXT],
                        const struct checkpoint_block *block, struct arena *mem)
{
    return checkpoint_save(path, owner, block, 1,
                           arena_get(mem, checkpoint_size(block, 1), 1));
}

enum status task_matrix_pair(struct task_matrix *t, size_t i, size_t j,
                             struct task_matrix_pair *out)
{
    const struct checkpoint_block block = {"pair", out, sizeof *out};
    char owner[DIGEST_TEXT];
    struct digest d;

    CHECK(i < t->n && j < t->n && i != j, "pair %zu, %zu of %zu tasks", i, j, t->n);
    *out = (struct task_matrix_pair){0};
    if (t->artifacts == NULL)
        return make_pair(t, i, j, NULL, out);
    const char *name = arena_text(t->mem, "%s-%s.%llu", t->images[i].name, t->images[j].name,
                                  (unsigned long long)t->seed);
    const char *path = arena_text(t->mem, "%s/pair.%s", t->artifacts, name);
    const char *state = arena_text(t->mem, "%s/state.%s", t->artifacts, name);

    digest_start(&d);
    digest_text(&d, name);
    digest_end(&d, owner);
    if (file_exists(path))
        return checkpoint_load(path, owner, &block, 1);
    TRY(file_make_folder(t->artifacts));
    TRY(make_pair(t, i, j, state, out));
    TRY(keep(path, owner, &block, t->mem));
    return checkpoint_remove(state);
}

/* ---- Task2Vec ---- */

enum status task_matrix_task2vec(struct task_matrix *t, struct mat *distance)
{
    struct probe_embedding e[TASK_MATRIX_MOST];
    struct probe_embedding_spec spec = t->spec.embedding;

    TRY(need_probe(t));
    spec.seed = t->seed;
    for (size_t i = 0; i < t->n; i++) {
        const struct task_part_images *part = &t->images[i].part[TASK_TRAIN];

        TRY(probe_embedding_make(&e[i], t->mem, &t->probe, &spec, part->x, part->label, part->n,
                                 t->images[i].classes));
    }
    for (size_t i = 0; i < t->n; i++)
        for (size_t j = 0; j < t->n; j++)
            if (i != j)
                TRY(task2vec_distance(e[i].filters, e[j].filters, e[i].n,
                                      &distance->a[i * t->n + j]));
    return STATUS_OK;
}

/* ---- matrices ---- */

enum status task_matrix_all(struct task_matrix *t, struct mat *kinds)
{
    struct task_matrix_pair pair;

    for (size_t k = 0; k < TASK_MATRIX_KINDS; k++)
        kinds[k] = mat_zero(t->mem, t->n, t->n);
    for (size_t i = 0; i < t->n; i++)
        for (size_t j = 0; j < t->n; j++) {
            if (i == j)
                continue;
            TRY(task_matrix_pair(t, i, j, &pair));
            task_matrix_enter(kinds, i, j, &pair);
        }
    return t->probe_data != NULL ? task_matrix_task2vec(t, &kinds[TASK_MATRIX_TASK2VEC])
                                 : STATUS_OK;
}
