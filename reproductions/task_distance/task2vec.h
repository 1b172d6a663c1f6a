/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task2vec: an embedding of a task by the Fisher matrix of a probe network, and its distance.
 *
 *   embedding = for each filter the mean of the diagonal of g over the filter's weights
 *   d(a, b) = 1 - cos( F_a / (F_a + F_b + eps), F_b / (F_a + F_b + eps) ),  elementwise ratios
 *
 * A. Achille et al., Task2Vec: task embedding for meta-learning (ICCV 2019, arXiv 1902.03545), as
 * its reference code computes both. The classifier layer is left out by not naming it; scales of
 * batch norm count as filters of one weight. The diagonal is geometry/fisher_model.h's. A common
 * factor of F_a and F_b cancels as long as both are far above eps. */
#ifndef TASK_DISTANCE_TASK2VEC_H
#define TASK_DISTANCE_TASK2VEC_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/status.h"

#define TASK2VEC_EPS 1e-8

/* One weight tensor in the flat parameters: entry r of filter f is at
 * offset + f filter_stride + r rest_stride. out x rest, row-major: strides rest, 1; the in x out
 * block of net.h: strides 1, out. */
struct task2vec_weights {
    size_t offset, filters, rest;
    size_t filter_stride, rest_stride;
};

/* Filters of all tensors: the length of an embedding. */
size_t task2vec_size(const struct task2vec_weights *weights, size_t count);

/* embedding (task2vec_size) from the diagonal (params). */
void task2vec_embed(double *embedding, const double *diagonal, size_t params,
                    const struct task2vec_weights *weights, size_t count);

/* 0 .. 1; d(a, b) = d(b, a) to the bit. a, b: n entries >= 0. STATUS_DATA: an entry is negative or
 * an embedding is 0; STATUS_DIVERGED: one is not finite. */
enum status task2vec_distance(const double *a, const double *b, size_t n,
                              double *distance) MUST_USE;

#endif
