/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "continual_learning/sample_tasks.h"

static void release(void *data)
{
    struct sample_tasks *d = data;

    dataset_free(&d->train);
    dataset_free(&d->test);
}

static struct sample_tasks *start(struct loaded *loaded)
{
    struct sample_tasks *d = arena_get(loaded->mem, 1, sizeof *d);

    loaded->data = d;
    loaded->release = release;
    return d;
}

/* The tasks of what has been read; `name` is said of it. */
static enum status finish(struct loaded *loaded, const struct data_source *source, const char *name,
                          size_t pool, size_t test_step)
{
    static const int classes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct sample_tasks *d = loaded->data;

    TRY(task_pool(&d->pool, loaded->mem, &d->train, classes, 10, pool));
    TRY(task_every(&d->test_task, loaded->mem, &d->test, classes, 10, test_step));
    task_digest(&loaded->records, &d->pool);
    task_digest(&loaded->records, &d->test_task);
    loaded->kind = source->stand_in ? "stand-in" : "real";
    loaded->note = arena_text(loaded->mem, "%s, %zu training and %zu test records", name,
                              d->pool.n, d->test_task.n);
    return STATUS_OK;
}

enum status sample_tasks_mnist(struct loaded *loaded, size_t pool, size_t test_step)
{
    struct sample_tasks *d = start(loaded);
    struct data_source source;

    TRY(data_source_find(&source, "mnist", loaded->asked, loaded->stand_in));
    TRY(dataset_mnist(&source, &d->train, &d->test));
    return finish(loaded, &source, source.stand_in ? "generated digits" : "MNIST", pool,
                  test_step);
}

enum status sample_tasks_cifar10(struct loaded *loaded, int batches, size_t pool, size_t test_step)
{
    struct sample_tasks *d = start(loaded);
    struct data_source source;

    TRY(data_source_find(&source, "cifar-10", loaded->asked, loaded->stand_in));
    TRY(dataset_cifar10(&source, batches, &d->train, &d->test));
    return finish(loaded, &source, source.stand_in ? "generated pictures" : "CIFAR-10", pool,
                  test_step);
}
