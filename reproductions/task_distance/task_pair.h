/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task_pair: the images of tasks as networks see them, and two tasks behind one softmax.
 *
 * A task's images come in three parts: what is trained on and coupled; validation, drawn from the
 * same pool, from which rates are chosen and at which fine-tuning is cut; and test. Pixels are in
 * 0..1 without further normalization, as in the published code of Y. Gao and P. Chaudhari (An
 * information-geometric distance on the space of tasks, arXiv 2011.00613). */
#ifndef TASK_DISTANCE_TASK_PAIR_H
#define TASK_DISTANCE_TASK_PAIR_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "data/task.h"

enum task_part { TASK_TRAIN, TASK_VALIDATION, TASK_TEST, TASK_PARTS };

struct task_part_images {
    size_t n;
    float *x;                 /* n x inputs, NCHW rows */
    uint8_t *label;           /* n; 0..classes - 1 */
    float *features;          /* n x feature_dim, for the first coupling: the caller's to fill */
};

struct task_images {
    const char *name;
    size_t channels, side;    /* images are side x side */
    size_t inputs;            /* channels * side * side */
    size_t classes;
    size_t feature_dim;       /* 0: there are no features */
    struct task_part_images part[TASK_PARTS];
};

struct task_images_spec {
    size_t train, validation; /* records drawn from the pool, classes balanced in both */
    size_t test;              /* records drawn from the test records, balanced; 0: all of them */
    int pooled;               /* 1: 2 x 2 means, half the side */
};

/* Draws `train` and `validation` records of the pool without replacement by the stream
 * "sample:<name>" of the seed, and the test part by the stream "test:<name>". STATUS_DATA as
 * task_draw. */
enum status task_images_draw(struct task_images *out, struct arena *mem, const char *name,
                             const struct task *pool, const struct task *test,
                             const struct task_images_spec *spec, uint64_t seed) MUST_USE;

/* Pixels as features of the parts that have none yet: images pooled to 8 x 8 (or to what the side
 * allows by halving), less the mean over pixels of each channel. For where no network is at hand
 * that was trained on other classes. */
void task_images_pixel_features(struct task_images *t, struct arena *mem);

/* Source and target share one softmax but no class: the target's labels are shifted by the source's
 * number of classes (published code). */
struct task_pair {
    const struct task_images *source, *target;
    size_t outputs;           /* of the softmax, at least the classes of both; the rest is never a
                                 label */
    uint8_t *target_label[TASK_PARTS]; /* shifted */
};

struct task_pair task_pair_make(struct arena *mem, const struct task_images *source,
                                const struct task_images *target, size_t outputs) MUST_USE;

/* A task and itself, with the same labels: a transfer that has nothing to learn. */
struct task_pair task_pair_identical(const struct task_images *task, size_t outputs) MUST_USE;

#endif
