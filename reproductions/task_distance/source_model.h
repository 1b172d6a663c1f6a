/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source_model: the network that transfer starts from, trained once a source task and seed.
 *
 * Networks are those of the published code (convnet_models.h): a convolutional net and WRN-16-4,
 * channels divided. A source model has the outputs of the largest pair that it starts, so that one
 * serves all targets. */
#ifndef TASK_DISTANCE_SOURCE_MODEL_H
#define TASK_DISTANCE_SOURCE_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "net/convnet.h"
#include "net/model.h"
#include "task_distance/task_pair.h"

enum transfer_network { TRANSFER_CONV, TRANSFER_WRN };

struct transfer_net_spec {
    enum transfer_network kind;
    size_t divisor;           /* of the published numbers of channels */
    size_t channels, side;    /* of the images */
    size_t outputs;
    size_t max_batch;         /* of training and evaluation passes */
};

/* Free with convnet_free; the model is convnet_model of it. Statuses of convnet_create. */
enum status transfer_net_create(struct convnet **net, const struct transfer_net_spec *spec,
                                uint64_t seed) MUST_USE;

struct source_options {
    size_t epochs, batch;
    double learning_rate, momentum, weight_decay;
    double drop;              /* factor of the rate at 0.3, 0.6 and 0.8 of the epochs; 1: none */
    size_t pad;               /* augmentation: shift by so many pixels and mirror; 0: none */
};

struct source_model {
    size_t param_count, state_count;
    float *params;            /* param_count: w^s */
    float *state;             /* state_count: running statistics */
    double loss;              /* mean of the last epoch */
    double accuracy[TASK_PARTS]; /* on the source's own images */
};

/* Trains `model` from a fresh start (streams "init:<task>", "order:<task>" of the seed) or, where
 * `artifacts` (a folder, or NULL) holds this task's and seed's, takes it from there; keeps it there
 * otherwise. With artifacts a training that was killed goes on from its last whole epoch, to the
 * same bits. The model is left at w^s. STATUS_DIVERGED and the statuses of train_model. */
enum status source_model_get(struct source_model *out, struct arena *mem, struct convnet *net,
                             const struct task_images *source, const struct source_options *options,
                             uint64_t seed, const char *artifacts) MUST_USE;

/* Brings the model back to w^s. */
void source_model_restore(const struct source_model *s, const struct model *model);

#endif
