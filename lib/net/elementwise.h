/* SPDX-License-Identifier: GPL-3.0-or-later */
/* elementwise: what happens to each element of a tensor by itself.
 *
 * Tensors of one call have one shape, and may be the same one or not overlap at all. + - * / and
 * bit operations alone: the same bits on every CPU. NaN passes through in both directions. */
#ifndef NET_ELEMENTWISE_H
#define NET_ELEMENTWISE_H

#include "net/tensor.h"

/* y = max(x, 0), and dy = 0 where y <= 0: the gradient of x, in place. y may be the output or, for
 * a ReLU of its own, the input. */
void relu_forward(const struct tensor *x, struct tensor *y);
void relu_mask(const struct tensor *y, struct tensor *dy);

/* into = into + a, and into = max(into + a, 0). */
void tensor_add(const struct tensor *a, struct tensor *into);
void tensor_add_relu(const struct tensor *a, struct tensor *into);

/* y = 1 / (1 + exp(-x)), relative error below 1e-6 (also where y is small, down to 1e-37); and
 * dx = dy y (1 - y), where dx may be dy. Padding stays 0. */
void sigmoid_forward(const struct tensor *x, struct tensor *y);
void sigmoid_backward(const struct tensor *y, const struct tensor *dy, struct tensor *dx);

/* x = x + bias (c) by channel; and dbias (c) = keep dbias + sum dy over images, rows and columns,
 * float inside runs of 64 terms a lane and double across; dbias is not read where keep is 0. */
void bias_add(const float *bias, struct tensor *x);
void bias_gradient(const struct tensor *dy, float *dbias, float keep);

/* The same for a tensor with all channels last, as oneDNN sums: float, in the order of memory, and
 * several times as fast as there, where few channels make most of the work bookkeeping. */
void bias_gradient_in_order(const struct tensor *dy, float *dbias, float keep);

#endif
