/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/task_pair.h"

#include "base/check.h"

enum { FEATURE_SIDE = 8 };

/* ---- images ---- */

static void part_fill(struct task_part_images *part, struct arena *mem, const struct task *t,
                      size_t inputs, int pooled)
{
    *part = (struct task_part_images){.n = t->n,
                                      .x = arena_get(mem, t->n * inputs, sizeof(float)),
                                      .label = arena_get(mem, t->n, 1)};
    if (pooled)
        task_pooled(part->x, t, &task_scale_unit);
    else
        task_features(part->x, t, &task_scale_unit);
    for (size_t i = 0; i < t->n; i++)
        part->label[i] = t->label[i];
}

/* The first n / classes records of each class (of the first n % classes one more) of `drawn` go to
 * `head`, the others to `tail`, in their order. */
static void split_balanced(struct task *head, struct task *tail, struct arena *mem,
                           const struct task *drawn, size_t n)
{
    const size_t classes = (size_t)drawn->classes;
    size_t *left = arena_get(mem, classes, sizeof *left);

    *head = *tail = (struct task){.set = drawn->set, .classes = drawn->classes};
    head->index = arena_get(mem, drawn->n, sizeof *head->index);
    tail->index = arena_get(mem, drawn->n, sizeof *tail->index);
    head->label = arena_get(mem, drawn->n, 1);
    tail->label = arena_get(mem, drawn->n, 1);
    for (size_t c = 0; c < classes; c++)
        left[c] = n / classes + (c < n % classes);
    for (size_t i = 0; i < drawn->n; i++) {
        struct task *to = left[drawn->label[i]] > 0 ? head : tail;

        left[drawn->label[i]] -= to == head;
        to->index[to->n] = drawn->index[i];
        to->label[to->n++] = drawn->label[i];
    }
}

enum status task_images_draw(struct task_images *out, struct arena *mem, const char *name,
                             const struct task *pool, const struct task *test,
                             const struct task_images_spec *spec, uint64_t seed)
{
    struct rng order = rng_stream(seed, "sample:%s", name);
    const size_t side = spec->pooled ? pool->set->rows / 2 : pool->set->rows;
    struct rng chosen = rng_stream(seed, "test:%s", name);
    struct task drawn, train, validation, tested = *test;

    CHECK(pool->set->rows == pool->set->cols && spec->train >= 1, "images of %zu x %zu",
          pool->set->rows, pool->set->cols);
    TRY(task_draw(&drawn, mem, pool, spec->train + spec->validation, &order, 1));
    split_balanced(&train, &validation, mem, &drawn, spec->train);
    if (spec->test > 0)
        TRY(task_draw(&tested, mem, test, spec->test, &chosen, 1));
    *out = (struct task_images){.name = name,
                                .channels = pool->set->channels,
                                .side = side,
                                .inputs = pool->set->channels * side * side,
                                .classes = (size_t)pool->classes};
    part_fill(&out->part[TASK_TRAIN], mem, &train, out->inputs, spec->pooled);
    part_fill(&out->part[TASK_VALIDATION], mem, &validation, out->inputs, spec->pooled);
    part_fill(&out->part[TASK_TEST], mem, &tested, out->inputs, spec->pooled);
    return STATUS_OK;
}

/* ---- pixels as features ---- */

/* Means over cell x cell blocks of pixels, less the mean of the channel. */
static void one_feature(float *out, const float *image, size_t channels, size_t side, size_t cell)
{
    const size_t cells = side / cell;

    for (size_t c = 0; c < channels; c++, image += side * side, out += cells * cells) {
        double mean = 0;

        for (size_t at = 0; at < cells * cells; at++) {
            const float *corner = image + at / cells * cell * side + at % cells * cell;
            double sum = 0;

            for (size_t p = 0; p < cell * cell; p++)
                sum += (double)corner[p / cell * side + p % cell];
            out[at] = (float)(sum / (double)(cell * cell));
            mean += sum / (double)(side * side);
        }
        for (size_t at = 0; at < cells * cells; at++)
            out[at] = (float)((double)out[at] - mean);
    }
}

void task_images_pixel_features(struct task_images *t, struct arena *mem)
{
    size_t cell = 1;

    while (t->side / cell > FEATURE_SIDE && t->side % (2 * cell) == 0)
        cell *= 2;
    t->feature_dim = t->inputs / (cell * cell);
    for (int k = 0; k < TASK_PARTS; k++) {
        struct task_part_images *part = &t->part[k];

        part->features = arena_get(mem, part->n * t->feature_dim, sizeof *part->features);
        for (size_t i = 0; i < part->n; i++)
            one_feature(part->features + i * t->feature_dim, part->x + i * t->inputs, t->channels,
                        t->side, cell);
    }
}

/* ---- pairs ---- */

struct task_pair task_pair_make(struct arena *mem, const struct task_images *source,
                                const struct task_images *target, size_t outputs)
{
    struct task_pair pair = {.source = source, .target = target, .outputs = outputs};

    CHECK(source->inputs == target->inputs && source->side == target->side,
          "images of %zu and %zu numbers", source->inputs, target->inputs);
    CHECK(outputs >= source->classes + target->classes && outputs <= 256,
          "%zu outputs for %zu and %zu classes", outputs, source->classes, target->classes);
    for (int k = 0; k < TASK_PARTS; k++) {
        const struct task_part_images *part = &target->part[k];

        pair.target_label[k] = arena_get(mem, part->n, 1);
        for (size_t i = 0; i < part->n; i++)
            pair.target_label[k][i] = (uint8_t)(part->label[i] + source->classes);
    }
    return pair;
}

struct task_pair task_pair_identical(const struct task_images *task, size_t outputs)
{
    struct task_pair pair = {.source = task, .target = task, .outputs = outputs};

    CHECK(outputs >= task->classes, "%zu outputs for %zu classes", outputs, task->classes);
    for (int k = 0; k < TASK_PARTS; k++)
        pair.target_label[k] = task->part[k].label;
    return pair;
}
