/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_naive: the definition of conv_shape.h as loops, in double and over plain arrays (x is
 * batch x in x height x width). The oracle of the tests, and what doctor compares with. */
#ifndef NET_CONV_NAIVE_H
#define NET_CONV_NAIVE_H

#include "net/conv_shape.h"

/* y (batch x out x ...); bias NULL: none. */
void conv_naive_forward(const struct conv_shape *shape, const double *weights, const double *bias,
                        const double *x, double *y);

/* dx from dy. */
void conv_naive_backward_data(const struct conv_shape *shape, const double *weights,
                              const double *dy, double *dx);

/* dweights and dbias (NULL: none) from x and dy. */
void conv_naive_backward_weights(const struct conv_shape *shape, const double *x, const double *dy,
                                 double *dweights, double *dbias);

#endif
