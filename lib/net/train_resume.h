/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train_resume: what a training needs to go on, to a checkpoint and back. For train.c. */
#ifndef NET_TRAIN_RESUME_H
#define NET_TRAIN_RESUME_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/memory.h"
#include "net/train.h"

/* Where a training is: all but the arrays. */
struct train_position {
    size_t epoch;         /* that runs, from 0 */
    size_t seen;          /* examples of it so far */
    double sum;           /* of their losses */
};

/* A stream in words without holes; and the same for all numbers of a training. */
#define TRAIN_STREAM_WORDS 7
struct train_numbers {
    uint64_t epoch, seen, next;
    uint64_t epochs, steps, optimizer_steps;
    uint64_t order_stream[TRAIN_STREAM_WORDS], model_stream[TRAIN_STREAM_WORDS];
    double sum, loss, last_finite;
    double order_spare, model_spare;
};

/* The parts of a running training, all the caller's. */
struct train_resume {
    const struct train_options *options; /* with a checkpoint */
    const struct train_data *data;
    const struct model *model;
    struct optimizer *optimizer;
    struct batches *batches;   /* NULL for full batches */
    struct rng *rng;
    struct train_position *position;
    struct train_result *result;
    /* Set by train_resume_open: */
    char owner[DIGEST_TEXT];   /* of settings, labels and everything at the start */
    struct train_numbers numbers;
    struct checkpoint_block *blocks;
    size_t block_count;
    void *room;                /* checkpoint_size */
};

/* Sets the rest, memory from the arena (its guard), and goes on from the file where there is one.
 * STATUS_DATA with one line for a file that is damaged or another training's. */
enum status train_resume_open(struct train_resume *r, struct arena *mem) MUST_USE;

enum status train_resume_save(struct train_resume *r) MUST_USE;

#endif
