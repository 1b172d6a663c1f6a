/* SPDX-License-Identifier: GPL-3.0-or-later */
/* descent: steps of stochastic gradient descent on images that each have two weighted labels.
 *
 *   loss = sum over rows r of  a_r CE(x_r, y_r) + b_r CE(x_r, z_r)
 *
 * A mixed image has a = (1 - tau) / rows, b = tau / rows (arXiv 2011.00613v1, (13), (17c)); an
 * image with one label has b = 0. */
#ifndef TASK_DISTANCE_DESCENT_H
#define TASK_DISTANCE_DESCENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "data/augment.h"
#include "net/batches.h"
#include "net/model.h"
#include "net/optimizer.h"
#include "task_distance/transfer.h"

struct descent {
    const struct model *model;
    const struct transfer_options *options;
    struct optimizer optimizer;
    size_t steps;             /* done since descent_restart */
    /* the rows of the step to come, at most `rows` */
    size_t rows;
    float *x;                 /* rows x inputs */
    uint8_t *first, *second;  /* rows: y, z */
    double *a, *b;            /* rows */
};

struct descent descent_create(struct arena *mem, const struct model *model,
                              const struct transfer_options *options, size_t rows) MUST_USE;

/* A velocity of 0, no step done. */
void descent_restart(struct descent *d);

/* One step over the first `rows` rows. STATUS_DIVERGED, nothing changed: the loss is not finite. */
enum status descent_step(struct descent *d, size_t rows) MUST_USE;

/* Images of one task in the order of fresh permutations, `rows` at a time; the last ones of a
 * permutation that do not fill a batch are left out. */
struct image_stream {
    struct rng order;
    struct batches batches;
    struct augment augment;   /* where options->pad > 0 */
    size_t pad, round;
    const struct task_images *task;
};

struct image_stream image_stream_create(struct arena *mem, const struct task_images *task,
                                        size_t rows, size_t pad) MUST_USE;

/* Back to the start with these streams. `s` must stay where it is from then on. */
void image_stream_restart(struct image_stream *s, struct rng order, struct rng augment);

/* Indices of the next `rows` training images. */
const uint32_t *image_stream_next(struct image_stream *s);

/* Those images as training sees them, out (n x inputs). */
void image_stream_fill(struct image_stream *s, const uint32_t *indices, size_t n, float *out);

#endif
