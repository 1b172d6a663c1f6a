/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/matrix_data.h"

#include <string.h>

#include "base/check.h"

static void release(void *data)
{
    struct matrix_data *d = data;

    if (d->cifar != NULL) {
        dataset_free(&d->cifar->train10);
        dataset_free(&d->cifar->test10);
        dataset_free(&d->cifar->train100);
        dataset_free(&d->cifar->test100);
    }
    for (size_t i = 0; i < d->own_count; i++)
        own_task_free(&d->own[i]);
}

static enum status load_own(struct matrix_data *d, struct loaded *loaded)
{
    if (loaded->word_count < 2 || loaded->word_count > OWN_TASKS_MOST)
        return status_set(STATUS_USAGE, "--task: expected 2 to %d tasks, found %zu",
                          OWN_TASKS_MOST, loaded->word_count);
    loaded->kind = "own";
    loaded->note = "own tasks";
    for (size_t i = 0; i < loaded->word_count; i++) {
        struct own_task *t = &d->own[d->own_count++];

        TRY(own_task_read(t, loaded->mem, loaded->words[i]));
        for (size_t k = 0; k < i; k++)
            if (strcmp(d->own[k].name, t->name) == 0)
                return status_set(STATUS_USAGE, "--task: two tasks have the name %s", t->name);
        digest_text(&loaded->records, t->name);
        task_digest(&loaded->records, &t->pool);
        task_digest(&loaded->records, &t->tests);
        loaded->note = arena_text(loaded->mem, "%s, %s (%zu training and %zu test records)",
                                  loaded->note, t->name, t->pool.n, t->tests.n);
    }
    return STATUS_OK;
}

static enum status load_probe(struct matrix_data *d, struct loaded *loaded,
                              const struct matrix_data_spec *spec)
{
    const struct cifar_tasks *t = d->cifar;
    int used[256], classes[256], n = 0;

    for (size_t i = 0; i < t->count && !spec->probe_all; i++)
        for (int k = 0; k < t->tasks[i].count; k++)
            used[n++] = t->tasks[i].classes[k];
    const int count = probe_other_classes(classes, &t->test100, used, n);

    TRY(probe_data_select(&d->probe, loaded->mem, spec->probe_all ? NULL : &t->train100,
                          spec->probe_each, &t->test100, spec->probe_test, classes, count));
    probe_data_digest(&d->probe, &loaded->records);
    return STATUS_OK;
}

enum status matrix_data_load(struct loaded *loaded, const struct matrix_data_spec *spec)
{
    struct matrix_data *d = arena_get(loaded->mem, 1, sizeof *d);
    enum status status;

    loaded->data = d;
    loaded->release = release;
    if (loaded->word_count > 0)
        return load_own(d, loaded);
    status = cifar_tasks_load(loaded, spec->tasks, spec->count, spec->each, spec->test_step);
    d->cifar = loaded->data;
    loaded->data = d;
    loaded->release = release;
    return status == STATUS_OK ? load_probe(d, loaded, spec) : status;
}

size_t matrix_data_count(const struct matrix_data *d)
{
    return d->cifar != NULL ? d->cifar->count : d->own_count;
}

enum status matrix_data_images(const struct matrix_data *d, struct task_matrix *t,
                               const struct task_images_spec *spec)
{
    t->n = matrix_data_count(d);
    CHECK(t->n <= TASK_MATRIX_MOST, "%zu tasks", t->n);
    t->probe_data = d->cifar != NULL ? &d->probe : NULL;
    for (size_t i = 0; i < t->n; i++) {
        if (d->cifar != NULL) {
            TRY(cifar_tasks_images(&t->images[i], t->mem, d->cifar, i, spec, t->seed));
            continue;
        }
        TRY(own_task_suffices(&d->own[i], spec->train + spec->validation, spec->test));
        TRY(task_images_draw(&t->images[i], t->mem, d->own[i].name, &d->own[i].pool,
                             &d->own[i].tests, spec, t->seed));
    }
    return STATUS_OK;
}
