/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task: see task.h. Records are chosen by their labels; pixels: task_pixels.c. */
#include "data/task.h"

#include "base/check.h"

#define LEVELS 256 /* values of a label */

/* place[label] = the class's place in the list, or -1. */
static void places_fill(int place[LEVELS], const struct dataset *set, const int *classes, int k)
{
    CHECK(k >= 1 && k <= set->classes, "%d classes of a set with %d", k, set->classes);
    for (int i = 0; i < LEVELS; i++)
        place[i] = -1;
    for (int i = 0; i < k; i++) {
        CHECK(classes[i] >= 0 && classes[i] < set->classes, "class %d of a set with %d", classes[i],
              set->classes);
        CHECK(place[classes[i]] < 0, "class %d twice", classes[i]);
        place[classes[i]] = i;
    }
}

/* Of each class the records numbered 0, step, 2 step, ... within it, at most `most` of them, in
 * file order. seen[place] becomes the class's records, taken[place] those chosen. */
static void select_records(struct task *out, struct arena *mem, const struct dataset *set,
                           const int *classes, int k, size_t step, size_t most, size_t seen[LEVELS],
                           size_t taken[LEVELS])
{
    int place[LEVELS];
    size_t total = 0;

    places_fill(place, set, classes, k);
    for (int i = 0; i < k; i++)
        seen[i] = taken[i] = 0;
    for (size_t i = 0; i < set->count; i++)
        total += place[set->label[i]] >= 0;
    *out = (struct task){.set = set, .classes = k};
    out->index = arena_get(mem, total, sizeof *out->index);
    out->label = arena_get(mem, total, sizeof *out->label);
    for (size_t i = 0; i < set->count; i++) {
        const int p = place[set->label[i]];
        if (p >= 0 && seen[p]++ % step == 0 && taken[p] < most) {
            taken[p]++;
            out->index[out->n] = (uint32_t)i;
            out->label[out->n++] = (uint8_t)p;
        }
    }
}

enum status task_pool(struct task *pool, struct arena *mem, const struct dataset *set,
                      const int *classes, int k, size_t each)
{
    size_t seen[LEVELS], taken[LEVELS];

    CHECK(each >= 1, "a pool of %zu records a class", each);
    select_records(pool, mem, set, classes, k, 1, each, seen, taken);
    for (int i = 0; i < k; i++)
        if (taken[i] < each)
            return status_set(STATUS_DATA,
                              "%s: expected %zu records of class %d, found %zu; a fuller copy of "
                              "the data set is needed",
                              set->name, each, classes[i], seen[i]);
    return STATUS_OK;
}

enum status task_every(struct task *out, struct arena *mem, const struct dataset *set,
                       const int *classes, int k, size_t step)
{
    size_t seen[LEVELS], taken[LEVELS];

    CHECK(step >= 1, "every %zu-th record", step);
    select_records(out, mem, set, classes, k, step, SIZE_MAX, seen, taken);
    for (int i = 0; i < k; i++)
        if (taken[i] == 0)
            return status_set(STATUS_DATA,
                              "%s: expected records of class %d, found 0; a fuller copy of the "
                              "data set is needed",
                              set->name, classes[i]);
    return STATUS_OK;
}

/* The classes of one superclass, *k of them. */
static enum status classes_of(int classes[LEVELS], int *k, const struct dataset *set, int coarse)
{
    *k = dataset_classes_of(classes, set, coarse);
    if (*k == 0)
        return status_set(STATUS_DATA,
                          "%s: expected records of superclass %d, found 0; a fuller copy of the "
                          "data set is needed",
                          set->name, coarse);
    return STATUS_OK;
}

enum status task_pool_of(struct task *pool, struct arena *mem, const struct dataset *set,
                         int coarse, size_t each)
{
    int classes[LEVELS], k;

    TRY(classes_of(classes, &k, set, coarse));
    return task_pool(pool, mem, set, classes, k, each);
}

enum status task_every_of(struct task *out, struct arena *mem, const struct dataset *set,
                          int coarse, size_t step)
{
    int classes[LEVELS], k;

    TRY(classes_of(classes, &k, set, coarse));
    return task_every(out, mem, set, classes, k, step);
}

/* How many records each class may still give: n / classes, the first n % classes one more. */
static enum status quotas_fill(size_t quota[LEVELS], const struct task *pool, size_t n)
{
    const size_t k = (size_t)pool->classes;
    size_t held[LEVELS] = {0};

    for (size_t i = 0; i < pool->n; i++)
        held[pool->label[i]]++;
    for (size_t c = 0; c < k; c++) {
        quota[c] = n / k + (c < n % k);
        if (held[c] < quota[c])
            return status_set(STATUS_DATA,
                              "%s: expected %zu records of the task's class number %zu to draw, "
                              "found %zu in the pool; enlarge the pool or draw fewer",
                              pool->set->name, quota[c], c, held[c]);
    }
    return STATUS_OK;
}

enum status task_draw(struct task *out, struct arena *mem, const struct task *pool, size_t n,
                      struct rng *r, int balanced)
{
    const struct task from = *pool; /* out may be the pool itself */
    size_t quota[LEVELS];
    uint32_t *order;

    *out = (struct task){.set = from.set, .classes = from.classes};
    if (n > from.n)
        return status_set(STATUS_DATA,
                          "%s: expected %zu records to draw, found %zu in the pool; enlarge the "
                          "pool or draw fewer",
                          from.set->name, n, from.n);
    for (int i = 0; i < LEVELS; i++)
        quota[i] = n;
    if (balanced)
        TRY(quotas_fill(quota, &from, n));
    out->index = arena_get(mem, n, sizeof *out->index);
    out->label = arena_get(mem, n, sizeof *out->label);
    order = arena_get(mem, from.n, sizeof *order);
    rng_permutation(r, order, from.n);
    for (size_t i = 0; out->n < n; i++) {
        const uint32_t j = order[i];
        if (quota[from.label[j]] > 0) {
            quota[from.label[j]]--;
            out->index[out->n] = from.index[j];
            out->label[out->n++] = from.label[j];
        }
    }
    return STATUS_OK;
}
