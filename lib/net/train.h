/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train: mini-batch training of a network of any kind.
 *
 * Each epoch draws a fresh permutation of the examples from the given stream and walks through it
 * in batches; the last, smaller one is kept. Same seed, same bits, also where a training was killed
 * and went on from its checkpoint. Memory is taken before the first step and given back at the end,
 * none in between. The state of the optimizer starts at zero in every call, unless the caller
 * brings an optimizer along. */
#ifndef NET_TRAIN_H
#define NET_TRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/status.h"
#include "net/batches.h"
#include "net/checkpoint.h"
#include "net/loss.h"
#include "net/model.h"
#include "net/net.h"
#include "net/optimizer.h"

/* Where and how often a training is saved. If the file is there when a training starts, the
 * training goes on from it, to the same bits as if it had never stopped: it must be the same call
 * (STATUS_DATA where settings, labels, parameters at the start or stream differ; the inputs are not
 * looked at). When the training has ended, also by divergence, the file is removed. */
struct train_checkpoint {
    const char *path;
    size_t every_epochs;  /* after epochs k, 2 k, ...; 0: not after epochs */
    size_t every_steps;   /* after steps k, 2 k, ..., also inside an epoch; 0: not after steps */
    const struct checkpoint_block *more; /* more_count; what else has to come back: curves that
                                            on_epoch fills, streams that are drawn from */
    size_t more_count;
};

/* A zeroed field means its default. */
struct train_options {
    size_t batch;         /* examples a step, 1..max_batch of the net; n or more: full batches, then
                             in their own order, and no draw is made */
    size_t max_epochs;    /* at least 1 */
    size_t max_steps;     /* 0: no limit */
    enum loss_kind loss;  /* where there are labels */
    enum optimizer_kind optimizer;
    double learning_rate;
    double momentum;      /* SGD */
    double weight_decay;
    struct optimizer *continued; /* goes on from its state and is left in the last one, of
                             param_count numbers; it then stands for optimizer, momentum and
                             weight_decay; NULL: one of the call's own */
    int restart;          /* the optimizer's state is zero again at the start of every epoch */
    enum schedule_kind schedule; /* default constant */
    int schedule_steps;          /* schedule and period count steps; 0: epochs */
    size_t schedule_period;      /* 0: the whole training */
    double schedule_factor;      /* SCHEDULE_STEP, SCHEDULE_MILESTONES; 0: 0.1 */
    double schedule_end;         /* SCHEDULE_COSINE, SCHEDULE_EQUILIBRATION */
    const size_t *milestones;    /* milestone_count, ascending: SCHEDULE_MILESTONES */
    size_t milestone_count;
    double stop_below;    /* ends after the first epoch whose mean training loss, as met along the
                             way, is below this; 0: never */
    int (*on_epoch)(void *context, size_t epoch, double mean_loss); /* from epoch 1 on, or NULL;
                             may evaluate the network; a return that is not 0 ends the training */
    void *context;
    const struct train_checkpoint *checkpoint; /* NULL: none */
};

/* What is trained on: either labels or targets, either x or fill. */
struct train_data {
    size_t n;             /* examples */
    const float *x;       /* n x inputs */
    const uint8_t *labels; /* n, below outputs; at most 256 classes */
    const float *targets; /* n x outputs: squared loss */
    /* Writes the inputs of the named examples to out (count x inputs): augmentation, or data that
     * is not in memory as floats. To be the same after a checkpoint it depends on source, epoch
     * (from 0) and the indices alone. It runs between two steps, on the thread that trains: nothing
     * hides its time (tests/perf/augment.c measures it). */
    void (*fill)(void *source, size_t epoch, const uint32_t *indices, size_t count, float *out);
    void *source;
};

struct train_result {
    size_t epochs;        /* finished */
    size_t steps;         /* updates made */
    double loss;          /* mean over the examples of the last epoch, as met along the way */
    enum status status;   /* what the call returned */
    size_t diverged_step; /* the first step (from 1) whose loss was not finite; 0: none */
    double last_finite;   /* loss of the last batch that was finite; NaN if there was none */
};

/* STATUS_DIVERGED at the first loss that is not finite: the parameters are then as before that step
 * (the model's state has seen its batch). STATUS_MEMORY. With a checkpoint also STATUS_DATA where
 * it is damaged or another training's, and STATUS_IO. `result` is filled in every case. */
enum status train_model(const struct model *model, const struct train_data *data,
                        const struct train_options *options, struct rng *rng,
                        struct train_result *result) MUST_USE;

/* The same for a fully connected network with x (n x inputs) and labels (n) or targets
 * (n x outputs). */
enum status train_classifier(struct net *net, const float *x, const uint8_t *labels, size_t n,
                             const struct train_options *options, struct rng *rng,
                             struct train_result *result) MUST_USE;
enum status train_regression(struct net *net, const float *x, const float *targets, size_t n,
                             const struct train_options *options, struct rng *rng,
                             struct train_result *result) MUST_USE;

#endif
