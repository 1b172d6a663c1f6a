/* SPDX-License-Identifier: GPL-3.0-or-later */
/* augment: images as a network in training sees them: shifted, mirrored, normalized.
 *
 * An image of channels x rows x cols gets `pad` zero pixels on every side, a window of its own size
 * is cut out at a place drawn evenly from the (2 pad + 1)^2, with probability 1/2 it is mirrored
 * left to right, and each channel becomes (x - mean) / sd, x in 0..1. Zero pixels are put in before
 * that, so they become -mean / sd (torchvision: RandomCrop(rows, padding=pad),
 * RandomHorizontalFlip, ToTensor, Normalize).
 *
 * The draws of an image depend on stream, round (epoch, or step) and index alone: not on the batch
 * that it comes in, nor on what was drawn before, so nothing of them has to be saved. */
#ifndef DATA_AUGMENT_H
#define DATA_AUGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "data/task.h"

struct augment {
    size_t count;             /* images */
    size_t channels, rows, cols;
    const struct task *task;  /* count records, as bytes; or NULL */
    const float *images;      /* count x channels x rows x cols in 0..1, where there is no task */
    struct task_scale scale;
    size_t pad;               /* 0: no shift */
    int mirror;               /* 0: never */
    struct rng stream;        /* where its draws begin; never moved */
    float level[TASK_CHANNELS][256]; /* normalized value of each byte, as task_features has it */
};

/* Over the records of a task, or over float images that lie in memory as a task's do (of a pooled
 * task, or mixed ones: what they hold may change between calls); both stay the caller's. Without
 * pad and mirror a batch is what task_features gives. At most TASK_CHANNELS channels. */
struct augment augment_of_task(const struct task *t, const struct task_scale *scale, size_t pad,
                               int mirror, struct rng stream) MUST_USE;
struct augment augment_of_images(const float *images, size_t count, size_t channels, size_t rows,
                                 size_t cols, const struct task_scale *scale, size_t pad,
                                 int mirror, struct rng stream) MUST_USE;

/* out (n x channels x rows x cols): the images of these indices, each below count, in this round,
 * below 2^30. An index that stands twice gives the same twice. */
void augment_batch(const struct augment *a, size_t round, const uint32_t *indices, size_t n,
                   float *out);

/* The same without shift and mirroring: for evaluation. */
void augment_plain(const struct augment *a, const uint32_t *indices, size_t n, float *out);

/* augment_batch as training calls it: `augment` is a struct augment (fill of struct train_data). */
void augment_fill(void *augment, size_t epoch, const uint32_t *indices, size_t n, float *out);

#endif
