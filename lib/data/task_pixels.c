/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task_pixels: what reads the pixels of a task's records (task.h). */
#include "data/task.h"

#include <math.h>
#include <stdio.h>

#include "base/check.h"

#define LEVELS 256 /* values of a pixel */

const struct task_scale task_scale_mnist = {
    .mean = {MNIST_MEAN, MNIST_MEAN, MNIST_MEAN},
    .sd = {MNIST_SD, MNIST_SD, MNIST_SD},
};
const struct task_scale task_scale_cifar10 = {
    .mean = {0.4914, 0.4822, 0.4465},
    .sd = {0.2470, 0.2435, 0.2616},
};
const struct task_scale task_scale_cifar100 = {
    .mean = {0.5071, 0.4865, 0.4409},
    .sd = {0.2673, 0.2564, 0.2762},
};
const struct task_scale task_scale_unit = {.mean = {0, 0, 0}, .sd = {1, 1, 1}};

size_t task_dim(const struct task *t)
{
    return dataset_pixels(t->set);
}

size_t task_pooled_dim(const struct task *t)
{
    return t->set->channels * (t->set->rows / 2) * (t->set->cols / 2);
}

static const uint8_t *record(const struct task *t, size_t i)
{
    CHECK(t->index[i] < t->set->count, "record %u of %zu", (unsigned)t->index[i], t->set->count);
    return t->set->pixels + t->index[i] * dataset_pixels(t->set);
}

void task_rotated(struct task *out, struct arena *mem, const struct task *t, double degrees)
{
    const struct task from = *t; /* out may be t */
    const size_t size = dataset_pixels(from.set);
    struct dataset *set = arena_get(mem, 1, sizeof *set);

    *set = (struct dataset){.name = from.set->name,
                            .count = from.n,
                            .channels = from.set->channels,
                            .rows = from.set->rows,
                            .cols = from.set->cols,
                            .classes = from.classes,
                            .pixels = arena_get(mem, from.n, size),
                            .label = arena_get(mem, from.n, 1)};
    *out = (struct task){.set = set, .n = from.n, .classes = from.classes};
    out->index = arena_get(mem, from.n, sizeof *out->index);
    out->label = arena_get(mem, from.n, sizeof *out->label);
    for (size_t i = 0; i < from.n; i++) {
        dataset_rotate(set->pixels + i * size, record(&from, i), set->channels, set->rows,
                       set->cols, degrees);
        out->index[i] = (uint32_t)i;
        out->label[i] = set->label[i] = from.label[i];
    }
}

enum status task_scale_measure(struct task_scale *out, const struct task *t)
{
    const size_t plane = t->set->rows * t->set->cols;
    const double count = (double)plane * (double)t->n;

    CHECK(t->n > 0 && t->set->channels <= TASK_CHANNELS, "%zu records, %zu channels", t->n,
          t->set->channels);
    for (size_t c = 0; c < t->set->channels; c++) {
        uint64_t sum = 0, squares = 0;
        for (size_t i = 0; i < t->n; i++) {
            const uint8_t *pixels = record(t, i) + c * plane;
            for (size_t j = 0; j < plane; j++) {
                sum += pixels[j];
                squares += (uint64_t)(pixels[j] * pixels[j]);
            }
        }
        const double mean = (double)sum / count;
        const double variance = (double)squares / count - mean * mean;
        if (!(variance > 0))
            return status_set(STATUS_DATA,
                              "%s: expected pixels that vary in channel %zu, found all %zu records "
                              "alike; fetch the data set again",
                              t->set->name, c, t->n);
        out->mean[c] = mean / 255;
        out->sd[c] = sqrt(variance) / 255;
    }
    return STATUS_OK;
}

static void scale_check(const struct task *t, const struct task_scale *scale)
{
    CHECK(t->set->channels <= TASK_CHANNELS, "%zu channels", t->set->channels);
    for (size_t c = 0; c < t->set->channels; c++)
        CHECK(scale->sd[c] > 0, "channel %zu has sd %g", c, scale->sd[c]);
}

void task_features(float *x, const struct task *t, const struct task_scale *scale)
{
    const size_t plane = t->set->rows * t->set->cols;
    float value[TASK_CHANNELS][LEVELS];

    scale_check(t, scale);
    for (size_t c = 0; c < t->set->channels; c++)
        for (int v = 0; v < LEVELS; v++)
            value[c][v] = (float)((v / 255.0 - scale->mean[c]) / scale->sd[c]);
    for (size_t i = 0; i < t->n; i++) {
        const uint8_t *pixels = record(t, i);
        for (size_t c = 0; c < t->set->channels; c++)
            for (size_t j = 0; j < plane; j++)
                *x++ = value[c][*pixels++];
    }
}

void task_pooled(float *x, const struct task *t, const struct task_scale *scale)
{
    const size_t rows = t->set->rows, cols = t->set->cols;

    scale_check(t, scale);
    CHECK(rows % 2 == 0 && cols % 2 == 0, "%zu x %zu pixels cannot be paired", rows, cols);
    for (size_t i = 0; i < t->n; i++) {
        const uint8_t *p = record(t, i);
        for (size_t c = 0; c < t->set->channels; c++)
            for (size_t row = 0; row < rows; row += 2, p += 2 * cols)
                for (size_t col = 0; col < cols; col += 2) {
                    const int sum = p[col] + p[col + 1] + p[cols + col] + p[cols + col + 1];
                    *x++ = (float)((sum / 1020.0 - scale->mean[c]) / scale->sd[c]);
                }
    }
}

void task_digest(struct digest *d, const struct task *t)
{
    char shape[128];

    snprintf(shape, sizeof shape, "%zu x %zu x %zu x %zu of %d classes", t->n, t->set->channels,
             t->set->rows, t->set->cols, t->classes);
    digest_text(d, shape);
    for (size_t i = 0; i < t->n; i++) {
        digest_bytes(d, record(t, i), task_dim(t));
        digest_bytes(d, &t->label[i], 1);
    }
}
