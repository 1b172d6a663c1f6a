/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/task_matrix.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "net/checkpoint.h"
#include "task_distance/task2vec.h"

const char *const task_matrix_names[TASK_MATRIX_KINDS] = {
    "coupled", "riemannian", "released", "start", "before", "kept", "independent",
    "riemannian.independent", "mixture", "riemannian.mixture", "euclidean", "fine-tuning", "steps",
    "target.coupled", "target.independent", "target.mixture", "target.fine-tuning", "source.model",
    "source.coupled", "task2vec"};

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

static enum status run_coupled(struct task_matrix *t, const struct task_pair *pair,
                               const struct source_model *start, const char *state,
                               struct task_matrix_pair *out)
{
    const size_t last = t->spec.iterations - 1;
    struct coupled_iteration *k = arena_get(t->mem, t->spec.iterations, sizeof *k);
    struct coupled_transfer c =
        coupled_transfer_create(t->mem, pair, &t->model, start, &t->spec.coupled);

    TRY(coupled_transfer_run(&c, t->spec.iterations, t->seed, state, k));
    out->coupled = k[last].length;
    out->start = k[0].length;
    out->before = k[last - (last > 0)].length;
    out->kept = k[last].first_plan;
    out->target_coupled = k[last].accuracy.target[TASK_TEST];
    out->source_after = k[last].accuracy.source[TASK_TEST];
    TRY(coupled_transfer_independent(&c, t->seed, &k[0]));
    out->independent = k[0].length;
    out->target_independent = k[0].accuracy.target[TASK_TEST];
    return STATUS_OK;
}

static enum status run_others(struct task_matrix *t, const struct task_pair *pair,
                              const struct source_model *start, struct task_matrix_pair *out)
{
    const struct transfer_options *o = &t->spec.coupled.transfer;
    struct mixture_result mixture;
    struct fine_tuning_result *fine = arena_get(t->mem, 1, sizeof *fine);

    TRY(transfer_mixture(&mixture, t->mem, pair, &t->model, start, o, t->seed));
    out->mixture = mixture.length;
    out->target_mixture = mixture.accuracy.target[TASK_TEST];
    TRY(transfer_fine_tuning(fine, t->mem, pair, &t->model, start, o, t->spec.every, t->seed));
    out->fine_tuning = fine->length;
    out->euclidean = fine->euclidean;
    out->cut = (double)fine->cut;
    out->target_fine_tuning = fine->accuracy.target[TASK_TEST];
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

void task_matrix_enter(struct mat *kinds, size_t i, size_t j, const struct task_matrix_pair *p)
{
    const double value[TASK_MATRIX_KINDS] = {
        p->coupled.mean, p->coupled.riemannian, p->coupled.released, p->start.mean, p->before.mean,
        p->kept, p->independent.mean, p->independent.riemannian, p->mixture.mean,
        p->mixture.riemannian, p->euclidean, p->fine_tuning.riemannian, p->cut, p->target_coupled,
        p->target_independent, p->target_mixture, p->target_fine_tuning, p->source_model,
        p->source_after, 0};

    for (size_t k = 0; k < TASK_MATRIX_KINDS; k++)
        kinds[k].a[i * kinds[k].cols + j] = value[k];
}

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

static int number_of(size_t i, size_t j)
{
    return (int)(10 * (i + 1) + j + 1);
}

void task_matrix_emit(struct unit *u, const struct mat *kinds, size_t i, size_t j, size_t without)
{
    for (size_t k = 0; k + without < TASK_MATRIX_KINDS; k++)
        emit_at(u, task_matrix_names[k], number_of(i, j), kinds[k].a[i * kinds[k].cols + j]);
}

void task_matrix_emit_ratio(struct unit *u, const char *family, const struct mat *a,
                            const struct mat *b)
{
    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->rows; j++)
            if (i != j)
                emit_at(u, family, number_of(i, j), a->a[i * a->cols + j] / b->a[i * b->cols + j]);
}

void task_matrix_print(const struct task_matrix *t, const struct mat *kinds)
{
    for (size_t k = 0; k < TASK_MATRIX_TASK2VEC; k++) {
        printf("%-22s", task_matrix_names[k]);
        for (size_t j = 0; j < t->n; j++)
            printf(" %12.12s", t->images[j].name);
        for (size_t i = 0; i < t->n; i++) {
            printf("\n%-22.22s", t->images[i].name);
            for (size_t j = 0; j < t->n; j++)
                printf(" %12.4g", kinds[k].a[i * t->n + j]);
        }
        printf("\n\n");
    }
}
