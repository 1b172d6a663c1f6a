/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_embedding: the Task2Vec embedding of a task from a trained probe.
 *
 * The probe's layers stay as they are; a new classifier for the task's labels is fitted to its
 * features by Adam, epochs of draws with equally many of each class; then the diagonal of the
 * Fisher matrix of all layers but the classifier is estimated with labels drawn from the model,
 * and averaged over the weights of each filter (task2vec.h). A. Achille et al., Task2Vec (ICCV
 * 2019), settings of its reference code: Adam 4e-4, weight decay 1e-4, 10 epochs of 10,000 draws,
 * batches of 64; weights of convolutions and scales of batch normalization, no biases.
 *
 * Other than there: the network is in evaluation mode throughout, and the Fisher matrix is taken
 * example by example, which is its unbiased estimate. The code squares gradients of batches of 64,
 * whose expectation is 1/64 of that (a factor cancels in the distance), and a task of some hundred
 * images would have seven of them. */
#ifndef TASK_DISTANCE_PROBE_EMBEDDING_H
#define TASK_DISTANCE_PROBE_EMBEDDING_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/status.h"
#include "task_distance/probe.h"

struct probe_embedding_spec {
    size_t epochs, draws, batch; /* of the classifier; 0: 10, 10000, 64 */
    double learning_rate, weight_decay; /* 0: 4e-4, 1e-4 */
    size_t labels;         /* labels drawn an example; 0: 1 */
    size_t skip;           /* so many convolutions at the start are left out, with their scales */
    uint64_t seed;         /* streams "embedding:..." */
};

struct probe_embedding {
    size_t n;              /* filters */
    double *filters;       /* n */
    double error;          /* of the fitted classifier on the images it was fitted to */
};

/* Of n images (probe_images) with labels below `classes`. What is returned lies in the arena, all
 * else is given back. STATUS_DIVERGED, STATUS_MEMORY, STATUS_UNFIT. */
enum status probe_embedding_make(struct probe_embedding *e, struct arena *mem,
                                 const struct probe *p, const struct probe_embedding_spec *spec,
                                 const float *images, const uint8_t *labels, size_t n,
                                 size_t classes) MUST_USE;

#endif
