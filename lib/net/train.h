/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train: mini-batch training of a network.
 *
 * Each epoch draws a fresh permutation of the examples from the given stream and walks through it
 * in batches; the last, smaller one is kept. Same seed, same bits. Memory is taken before the
 * first step and given back at the end, none in between. The state of the optimizer starts at zero
 * in every call. */
#ifndef NET_TRAIN_H
#define NET_TRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/status.h"
#include "net/loss.h"
#include "net/net.h"
#include "net/optimizer.h"

/* A zeroed field means its default. */
struct train_options {
    size_t batch;         /* examples a step, 1..max_batch of the net; n or more: full batches, then
                             in their own order, and no draw is made */
    size_t max_epochs;    /* at least 1 */
    size_t max_steps;     /* 0: no limit */
    enum loss_kind loss;  /* of train_classifier */
    enum optimizer_kind optimizer;
    double learning_rate;
    double momentum;      /* SGD */
    double weight_decay;
    enum schedule_kind schedule; /* over epochs; default constant */
    size_t schedule_period;      /* epochs; 0: max_epochs (cosine) */
    double schedule_factor;      /* SCHEDULE_STEP; 0: 0.1 */
    double schedule_end;         /* SCHEDULE_COSINE */
    double stop_below;    /* ends after the first epoch whose mean training loss, as met along the
                             way, is below this; 0: never */
    void (*on_epoch)(void *context, size_t epoch, double mean_loss); /* from epoch 1 on, or NULL */
    void *context;
};

struct train_result {
    size_t epochs;        /* finished */
    size_t steps;         /* updates made */
    double loss;          /* mean over the examples of the last epoch, as met along the way */
    enum status status;   /* what the call returned */
    size_t diverged_step; /* the first step (from 1) whose loss was not finite; 0: none */
    double last_finite;   /* loss of the last batch that was finite; NaN if there was none */
};

/* Trains on n examples x (n x inputs) with labels (n, below outputs; at most 256 classes) or
 * targets (n x outputs, squared loss). STATUS_DIVERGED at the first loss that is not finite: the
 * parameters are then as before that step. STATUS_MEMORY. `result` is filled in every case. */
enum status train_classifier(struct net *net, const float *x, const uint8_t *labels, size_t n,
                             const struct train_options *options, struct rng *rng,
                             struct train_result *result) MUST_USE;
enum status train_regression(struct net *net, const float *x, const float *targets, size_t n,
                             const struct train_options *options, struct rng *rng,
                             struct train_result *result) MUST_USE;

/* The permutation of one epoch in batches, for loops of one's own. */
struct batches {
    struct rng *rng;
    uint32_t *order;      /* n */
    size_t n, batch;
    size_t next;          /* position in order */
};

struct batches batches_create(struct arena *mem, struct rng *rng, size_t n, size_t batch) MUST_USE;

/* The next batch's indices and their number, 0 at the end of an epoch; the call after that starts
 * the next epoch with a fresh permutation. */
size_t batches_next(struct batches *b, const uint32_t **indices);

/* Copies the named rows of x (width columns) to out (count x width). */
void batches_gather(const float *x, size_t width, const uint32_t *indices, size_t count,
                    float *out);

#endif
