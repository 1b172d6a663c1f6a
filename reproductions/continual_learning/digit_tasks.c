/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "continual_learning/digit_tasks.h"

static void release(void *data)
{
    struct digit_tasks *d = data;

    dataset_free(&d->train);
    dataset_free(&d->test);
}

enum status digit_tasks_load(struct loaded *loaded, size_t pool, size_t test_step)
{
    static const int classes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct digit_tasks *d = arena_get(loaded->mem, 1, sizeof *d);
    struct data_source source;

    loaded->data = d;
    loaded->release = release;
    TRY(data_source_find(&source, "mnist", loaded->asked, loaded->stand_in));
    TRY(dataset_mnist(&source, &d->train, &d->test));
    TRY(task_pool(&d->pool, loaded->mem, &d->train, classes, 10, pool));
    TRY(task_every(&d->test_task, loaded->mem, &d->test, classes, 10, test_step));
    task_digest(&loaded->records, &d->pool);
    task_digest(&loaded->records, &d->test_task);
    loaded->kind = source.stand_in ? "stand-in" : "real";
    loaded->note = arena_text(loaded->mem, "%s, %zu training and %zu test records",
                              source.stand_in ? "generated digits" : "MNIST", d->pool.n,
                              d->test_task.n);
    return STATUS_OK;
}

enum status digit_sampler_next(struct digit_sampler *s, const struct unit *u, size_t n,
                               struct task *sample)
{
    const struct digit_tasks *d = u->data;

    if (s->round == 0 || s->next + n > s->shuffled.n) {
        struct rng order = rng_stream(u->seed, "sample:%zu", s->round++);

        TRY(task_draw(&s->shuffled, u->mem, &d->pool, d->pool.n, &order, 0));
        s->next = 0;
    }
    *sample = (struct task){s->shuffled.set, s->shuffled.index + s->next,
                            s->shuffled.label + s->next, n, s->shuffled.classes};
    s->next += n;
    return STATUS_OK;
}
