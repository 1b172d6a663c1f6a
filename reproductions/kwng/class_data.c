/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/class_data.h"

#include "base/check.h"

/* A batch of CIFAR-10 has at least so many records of each class. */
enum { CIFAR_LEAST = 937 };

static void release(void *data)
{
    for (struct class_data *d = data; d != NULL; d = d->next) {
        dataset_free(&d->train);
        dataset_free(&d->test);
    }
}

static const struct images {
    const char *folder, *real, *stand_in;
    const struct task_scale *scale;
} known[] = {
    [CLASS_DIGITS] = {"mnist", "MNIST", "generated digits", &task_scale_mnist},
    [CLASS_PICTURES] = {"cifar-10", "CIFAR-10", "generated pictures", &task_scale_cifar10},
    [CLASS_HUNDRED] = {"cifar-100", "CIFAR-100", "generated pictures of more classes",
                       &task_scale_cifar100},
};

static enum status read_set(const struct class_setup *s, struct class_data *d,
                            struct loaded *loaded, int *stand_in)
{
    const size_t needed = (s->pool + CIFAR_LEAST - 1) / CIFAR_LEAST;
    const int batches = needed < DATASET_CIFAR10_BATCHES ? (int)needed : DATASET_CIFAR10_BATCHES;
    struct data_source source;

    TRY(data_source_find(&source, known[s->images].folder, loaded->asked, loaded->stand_in));
    *stand_in = source.stand_in;
    switch (s->images) {
    case CLASS_DIGITS:
        return dataset_mnist(&source, &d->train, &d->test);
    case CLASS_PICTURES:
        return dataset_cifar10(&source, batches, &d->train, &d->test);
    case CLASS_HUNDRED:
        break;
    }
    return dataset_cifar100(&source, &d->train, &d->test);
}

/* Which classes are loaded, into list (CLASS_HUNDRED_ALL); returns their number. Of the part all
 * are there in full in data that holds the training records of these superclasses alone. */
static int choose_classes(int *list, const struct class_setup *s, const struct class_data *d)
{
    static const int superclasses[] = {2, 8, 11, 18, 19};
    const int all = s->images == CLASS_HUNDRED ? CLASS_HUNDRED_ALL : CLASS_ALL;
    int count = 0;

    if (s->images == CLASS_HUNDRED && s->part == CLASS_HUNDRED_PART) {
        for (size_t i = 0; i < sizeof superclasses / sizeof *superclasses; i++)
            count += dataset_classes_of(list + count, &d->train, superclasses[i]);
        return count;
    }
    CHECK(s->images != CLASS_HUNDRED || s->part == CLASS_HUNDRED_ALL, "%zu classes of CIFAR-100",
          s->part);
    while (count < all) {
        list[count] = count;
        count++;
    }
    return count;
}

/* 2 x 2 means? */
static int is_pooled(const struct class_setup *s, const struct dataset *set)
{
    CHECK(s->images == CLASS_DIGITS || s->size == set->rows || 2 * s->size == set->rows,
          "pictures of %zu rows for %zu", set->rows, s->size);
    return s->images == CLASS_DIGITS || s->size < set->rows;
}

static void note(struct loaded *loaded, const struct class_data *d, int stand_in)
{
    const char *name = stand_in ? known[d->images].stand_in : known[d->images].real;
    const char *own = arena_text(loaded->mem, "%s, %zu training and %zu test records", name,
                                 d->pool.n, d->test_task.n);

    if (d->next == NULL || stand_in)
        loaded->kind = stand_in ? "stand-in" : "real";
    loaded->note = d->next == NULL ? own : arena_text(loaded->mem, "%s; %s", loaded->note, own);
}

enum status class_data_load(const struct class_setup *s, struct loaded *loaded)
{
    struct class_data *d = arena_get(loaded->mem, 1, sizeof *d);
    int classes[CLASS_HUNDRED_ALL], stand_in = 0;

    *d = (struct class_data){.images = s->images, .next = loaded->data};
    loaded->data = d;
    loaded->release = release;
    TRY(read_set(s, d, loaded, &stand_in));
    const int count = choose_classes(classes, s, d);

    TRY(task_pool(&d->pool, loaded->mem, &d->train, classes, count, s->pool));
    TRY(task_every(&d->test_task, loaded->mem, &d->test, classes, count, s->test_step));
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
    features(d->x, &d->pool, known[s->images].scale);
    features(d->x_test, &d->test_task, known[s->images].scale);
    note(loaded, d, stand_in);
    return STATUS_OK;
}

const struct class_data *class_data_of(const struct class_data *loaded, enum class_images images)
{
    while (loaded != NULL && loaded->images != images)
        loaded = loaded->next;
    CHECK(loaded != NULL, "images of kind %d were not loaded", (int)images);
    return loaded;
}

struct class_setup class_data_hundred(const struct class_setup *pictures, int part, int pool,
                                      int test_step)
{
    struct class_setup s = *pictures;

    s.images = CLASS_HUNDRED;
    s.part = (size_t)part;
    s.pool = (size_t)pool;
    s.test_step = (size_t)test_step;
    return s;
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
    const size_t all = d->pool.n, loaded = (size_t)d->pool.classes;
    struct rng sample = rng_stream(seed, "%s:sample", name);
    uint32_t *order = arena_get(mem, all, sizeof *order);
    size_t next, end;

    rng_permutation(&sample, order, all);
    *train = take(mem, d->x, d->pool.label, order, all, classes,
                  s->examples * classes / loaded, &next);
    *judge = records == CLASS_TEST
                 ? take(mem, d->x_test, d->test_task.label, NULL, d->test_task.n, classes,
                        d->test_task.n, &end)
                 : take(mem, d->x, d->pool.label, order + next, all - next, classes,
                        s->held_out * classes / loaded, &end);
}

struct augment class_data_augment(const struct class_data *d, const struct class_setup *s,
                                  uint64_t seed, const char *name)
{
    CHECK(s->pad > 0 && d->dim == task_dim(&d->pool), "%zu pixels of padding, %zu inputs", s->pad,
          d->dim);
    return augment_of_task(&d->pool, known[d->images].scale, s->pad, 1,
                           rng_stream(seed, "%s:augment", name));
}
