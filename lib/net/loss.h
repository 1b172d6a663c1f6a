/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loss: value (double) and derivative by the network's outputs (float) of a mean over examples.
 *
 * All take outputs (rows x width, row-major) and return
 *     (1 / count) sum over rows of the loss of that row,
 * and write the derivative by each output to d (rows x width; NULL: only the value is wanted).
 * `count` is what the mean is over: rows, or the size of the whole when a large batch comes in
 * parts whose values and gradients are added up. d may be `outputs` itself.
 * Sums run over rows in order, in double. NaN and overflow in the outputs reach the value. */
#ifndef NET_LOSS_H
#define NET_LOSS_H

#include <stddef.h>
#include <stdint.h>

enum loss_kind {
    LOSS_CROSS_ENTROPY, /* of softmax(outputs) */
    LOSS_SQUARED        /* (1/2) |outputs - target|^2, target one-hot where labels are given */
};

/* log(sum_k exp(f_k)) - f_label, stabilized by the row's maximum;
 * d = (softmax(f) - onehot) / count. With libm's expf, which is the same on every CPU. */
double loss_cross_entropy(const float *outputs, const uint8_t *labels, size_t rows, size_t width,
                          size_t count, float *d);

/* (1/2) sum_k (f_k - [k = label])^2; d = (f - onehot) / count. */
double loss_squared_labels(const float *outputs, const uint8_t *labels, size_t rows, size_t width,
                           size_t count, float *d);

/* (1/2) sum_k (f_k - target_k)^2 with targets rows x width; d = (f - target) / count. */
double loss_squared(const float *outputs, const float *targets, size_t rows, size_t width,
                    size_t count, float *d);

/* Either of the two with labels. */
double loss_labels(enum loss_kind kind, const float *outputs, const uint8_t *labels, size_t rows,
                   size_t width, size_t count, float *d);

/* Softmax of each row: p (rows x width), rounded to float; may be `outputs` itself. */
void loss_softmax(const float *outputs, size_t rows, size_t width, float *p);

#endif
