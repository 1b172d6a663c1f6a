/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/class_data.h"

#include "base/check.h"

/* A batch of CIFAR-10 has at least so many records of each class. */
enum { CIFAR_LEAST = 937 };

static void release(void *data)
{
    struct class_data *d = data;

    dataset_free(&d->train);
    dataset_free(&d->test);
}

static enum status read_set(const struct class_setup *s, struct class_data *d,
                            struct loaded *loaded)
{
    const size_t needed = (s->pool + CIFAR_LEAST - 1) / CIFAR_LEAST;
    const int batches = needed < DATASET_CIFAR10_BATCHES ? (int)needed : DATASET_CIFAR10_BATCHES;
    const int digits = s->images == CLASS_DIGITS;
    struct data_source source;

    TRY(data_source_find(&source, digits ? "mnist" : "cifar-10", loaded->asked,
                         loaded->stand_in));
    TRY(digits ? dataset_mnist(&source, &d->train, &d->test)
               : dataset_cifar10(&source, batches, &d->train, &d->test));
    loaded->kind = source.stand_in ? "stand-in" : "real";
    loaded->note = digits ? (source.stand_in ? "generated digits" : "MNIST")
                          : (source.stand_in ? "generated pictures" : "CIFAR-10");
    return STATUS_OK;
}

static const struct task_scale *scale_of(const struct class_setup *s)
{
    return s->images == CLASS_DIGITS ? &task_scale_mnist : &task_scale_cifar10;
}

/* 2 x 2 means? */
static int is_pooled(const struct class_setup *s, const struct dataset *set)
{
    CHECK(s->images == CLASS_DIGITS || s->size == set->rows || 2 * s->size == set->rows,
          "pictures of %zu rows for %zu", set->rows, s->size);
    return s->images == CLASS_DIGITS || s->size < set->rows;
}

enum status class_data_load(const struct class_setup *s, struct loaded *loaded)
{
    static const int classes[CLASS_ALL] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct class_data *d = arena_get(loaded->mem, 1, sizeof *d);

    loaded->data = d;
    loaded->release = release;
    TRY(read_set(s, d, loaded));
    TRY(task_pool(&d->pool, loaded->mem, &d->train, classes, CLASS_ALL, s->pool));
    TRY(task_every(&d->test_task, loaded->mem, &d->test, classes, CLASS_ALL, s->test_step));
    CHECK(s->examples + s->held_out <= d->pool.n, "%zu + %zu records of a pool of %zu",
          s->examples, s->held_out, d->pool.n);
    task_digest(&loaded->records, &d->pool);
    task_digest(&loaded->records, &d->test_task);
    const int pooled = is_pooled(s, &d->train);
    void (*features)(float *, const struct task *, const struct task_scale *) =
        pooled ? task_pooled : task_features;

    d->dim = pooled ? task_pooled_dim(&d->pool) : task_dim(&d->pool);
    d->x = arena_get(loaded->mem, d->pool.n * d->dim, sizeof *d->x);
    d->x_test = arena_get(loaded->mem, d->test_task.n * d->dim, sizeof *d->x_test);
    features(d->x, &d->pool, scale_of(s));
    features(d->x_test, &d->test_task, scale_of(s));
    loaded->note = arena_text(loaded->mem, "%s, %zu training and %zu test records", loaded->note,
                              d->pool.n, d->test_task.n);
    return STATUS_OK;
}

/* The rows order[0..n-1] of x whose label is below `classes`, all of them where order is NULL, at
 * most `most`. *next: how many of n were looked at. */
static struct class_rows take(struct arena *mem, const float *x, const uint8_t *label,
                              const uint32_t *order, size_t n, size_t classes, size_t most,
                              size_t *next)
{
    struct class_rows r = {x, label, 0, arena_get(mem, most, sizeof *r.row)};
    size_t i = 0;

    for (; i < n && r.n < most; i++) {
        const uint32_t at = order != NULL ? order[i] : (uint32_t)i;

        if (label[at] < classes)
            r.row[r.n++] = at;
    }
    *next = i;
    return r;
}

void class_data_choose(struct class_rows *train, struct class_rows *judge, struct arena *mem,
                       const struct class_data *d, const struct class_setup *s, size_t classes,
                       uint64_t seed, const char *name, enum class_records records)
{
    const size_t all = d->pool.n;
    struct rng sample = rng_stream(seed, "%s:sample", name);
    uint32_t *order = arena_get(mem, all, sizeof *order);
    size_t next, end;

    rng_permutation(&sample, order, all);
    *train = take(mem, d->x, d->pool.label, order, all, classes,
                  s->examples * classes / CLASS_ALL, &next);
    *judge = records == CLASS_TEST
                 ? take(mem, d->x_test, d->test_task.label, NULL, d->test_task.n, classes,
                        d->test_task.n, &end)
                 : take(mem, d->x, d->pool.label, order + next, all - next, classes,
                        s->held_out * classes / CLASS_ALL, &end);
}

struct augment class_data_augment(const struct class_data *d, const struct class_setup *s,
                                  uint64_t seed, const char *name)
{
    CHECK(s->pad > 0 && d->dim == task_dim(&d->pool), "%zu pixels of padding, %zu inputs", s->pad,
          d->dim);
    return augment_of_task(&d->pool, scale_of(s), s->pad, 1, rng_stream(seed, "%s:augment", name));
}
