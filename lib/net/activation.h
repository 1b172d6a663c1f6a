/* SPDX-License-Identifier: GPL-3.0-or-later */
/* activation: the element-wise part of a layer, one pass forward and one backward.
 *
 * Arrays are rows x width, row-major. + - * / and bit operations alone, each element by itself: the
 * same bits on every CPU and for every alignment. NaN passes through in both directions. */
#ifndef NET_ACTIVATION_H
#define NET_ACTIVATION_H

#include <stddef.h>

enum activation { ACTIVATION_IDENTITY, ACTIVATION_RELU, ACTIVATION_TANH };

/* z = act(z + scale * bias), bias (width) added to every row. */
void activation_forward(enum activation kind, float *z, const float *bias, float scale, size_t rows,
                        size_t width);

/* d = d * act'(z), told from h = act(z): [h > 0] for ReLU, 1 - h^2 for tanh. */
void activation_backward(enum activation kind, float *d, const float *h, size_t rows, size_t width);

/* out = keep * out + scale * column sums of d; out (width) is not read where keep is 0. Rows are
 * added four at a time, from the first on. */
void activation_bias_gradient(const float *d, size_t rows, size_t width, float scale, float keep,
                              float *out);

/* tanh to 3 units in the last place: exp(2 |x|) - 1 by argument reduction and a polynomial, so that
 * it vectorizes and does not depend on libm. */
float activation_tanh(float x);

#endif
