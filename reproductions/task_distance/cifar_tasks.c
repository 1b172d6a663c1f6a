/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/cifar_tasks.h"

#include <string.h>

#include "base/check.h"

static const int herbivores[] = {15, 19, 21, 31, 38}, carnivores[] = {3, 42, 43, 88, 97},
                 vehicles_1[] = {8, 13, 48, 58, 90}, vehicles_2[] = {41, 69, 81, 85, 89},
                 flowers[] = {54, 62, 70, 82, 92};

const struct cifar_task cifar_subsets[CIFAR_SUBSETS] = {
    {"herbivores", "cifar-100", 5, herbivores, 0}, {"carnivores", "cifar-100", 5, carnivores, 0},
    {"vehicles-1", "cifar-100", 5, vehicles_1, 0}, {"vehicles-2", "cifar-100", 5, vehicles_2, 0},
    {"flowers", "cifar-100", 5, flowers, 0}};

static const int all_classes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, animals[] = {2, 3, 4, 5, 6, 7},
                 vehicles[] = {0, 1, 8, 9};

const struct cifar_task cifar_wholes[CIFAR_WHOLES] = {
    {"CIFAR-100", "cifar-100", 0, NULL, 1}, {"CIFAR-10", "cifar-10", 10, all_classes, 0},
    {"animals", "cifar-10", 6, animals, 0}, {"vehicles", "cifar-10", 4, vehicles, 0}};

static void release(void *data)
{
    struct cifar_tasks *t = data;

    dataset_free(&t->train10);
    dataset_free(&t->test10);
    dataset_free(&t->train100);
    dataset_free(&t->test100);
}

static int needs(const struct cifar_tasks *t, const char *set)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->tasks[i].set, set) == 0)
            return 1;
    return 0;
}

/* 1,000 records of a class need two batches of CIFAR-10. */
static enum status read_sets(struct cifar_tasks *t, struct loaded *loaded, size_t each,
                             int *stand_in)
{
    struct data_source source;

    *stand_in = 0;
    if (needs(t, "cifar-100")) {
        TRY(data_source_find(&source, "cifar-100", loaded->asked, loaded->stand_in));
        TRY(dataset_cifar100(&source, &t->train100, &t->test100));
        *stand_in |= source.stand_in;
    }
    if (needs(t, "cifar-10")) {
        const int batches = each <= 900 ? 1 : each <= 1900 ? 2 : DATASET_CIFAR10_BATCHES;

        TRY(data_source_find(&source, "cifar-10", loaded->asked, loaded->stand_in));
        TRY(dataset_cifar10(&source, batches, &t->train10, &t->test10));
        *stand_in |= source.stand_in;
    }
    return STATUS_OK;
}

/* Labels become superclasses; of each fine class the last records go to `test`. */
static enum status by_superclass(struct task *pool, struct task *test, struct arena *mem,
                                 const struct dataset *set)
{
    size_t seen[256] = {0};
    int classes[256];
    struct task all;

    for (int k = 0; k < set->classes; k++)
        classes[k] = k;
    TRY(task_pool(&all, mem, set, classes, set->classes, CIFAR_FINE));
    *pool = *test = (struct task){.set = set, .classes = set->coarse_classes};
    pool->index = arena_get(mem, all.n, sizeof *pool->index);
    test->index = arena_get(mem, all.n, sizeof *test->index);
    pool->label = arena_get(mem, all.n, 1);
    test->label = arena_get(mem, all.n, 1);
    for (size_t i = 0; i < all.n; i++) {
        struct task *to = seen[all.label[i]]++ < 3 * CIFAR_FINE / 4 ? pool : test;

        to->index[to->n] = all.index[i];
        to->label[to->n++] = set->coarse[all.index[i]];
    }
    return STATUS_OK;
}

static enum status select_records(struct cifar_tasks *t, size_t i, struct arena *mem, size_t each,
                                  size_t test_step)
{
    const struct cifar_task *task = &t->tasks[i];
    const int fine = strcmp(task->set, "cifar-100") == 0;

    if (task->superclasses)
        return by_superclass(&t->pool[i], &t->test[i], mem, &t->train100);
    TRY(task_pool(&t->pool[i], mem, fine ? &t->train100 : &t->train10, task->classes, task->count,
                  each));
    return task_every(&t->test[i], mem, fine ? &t->test100 : &t->test10, task->classes,
                      task->count, test_step);
}

enum status cifar_tasks_load(struct loaded *loaded, const struct cifar_task *tasks, size_t count,
                             size_t each, size_t test_step)
{
    struct cifar_tasks *t = arena_get(loaded->mem, 1, sizeof *t);
    size_t train = 0, test = 0;
    int stand_in;

    CHECK(count >= 1 && count <= CIFAR_TASKS_MOST, "%zu tasks", count);
    *t = (struct cifar_tasks){.count = count, .tasks = tasks};
    loaded->data = t;
    loaded->release = release;
    TRY(read_sets(t, loaded, each, &stand_in));
    for (size_t i = 0; i < count; i++) {
        TRY(select_records(t, i, loaded->mem, each, test_step));
        digest_text(&loaded->records, tasks[i].name);
        task_digest(&loaded->records, &t->pool[i]);
        task_digest(&loaded->records, &t->test[i]);
        train += t->pool[i].n;
        test += t->test[i].n;
    }
    loaded->kind = stand_in ? "stand-in" : "real";
    loaded->note = arena_text(loaded->mem, "%s, %zu training and %zu test records in %zu tasks",
                              stand_in ? "generated pictures" : "CIFAR", train, test, count);
    return STATUS_OK;
}

enum status cifar_tasks_images(struct task_images *out, struct arena *mem,
                               const struct cifar_tasks *tasks, size_t i,
                               const struct task_images_spec *spec, uint64_t seed)
{
    CHECK(i < tasks->count, "task %zu of %zu", i, tasks->count);
    return task_images_draw(out, mem, tasks->tasks[i].name, &tasks->pool[i], &tasks->test[i], spec,
                            seed);
}
