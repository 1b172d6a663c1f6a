/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_shape: what a convolution is, for the library behind conv_onednn and for the naive loops.
 *
 *   y[n,o,i,j] = b[o] + sum_c,u,v W[o,c,u,v] x[n,c, s i + u - p, s j + v - p]       (zeros outside)
 *
 * a correlation, as every framework calls a convolution. W is out x in x kernel x kernel and b has
 * `out` entries, in PyTorch's order. The transposed convolution is the adjoint of one that goes
 * from `out` to `in` channels: W is in x out x kernel x kernel, and
 *   y[n,o,k,l] = b[o] + sum of W[c,o,u,v] x[n,c,i,j] over s i + u - p = k, s j + v - p = l. */
#ifndef NET_CONV_SHAPE_H
#define NET_CONV_SHAPE_H

#include <stddef.h>

struct conv_shape {
    size_t batch;
    size_t in, height, width; /* channels and size of x */
    size_t out;               /* channels of y */
    size_t kernel;            /* kernel x kernel, at least 1 */
    size_t stride;            /* at least 1 */
    size_t padding;           /* below kernel */
    int transposed;
    size_t output_padding;    /* of a transposed one: rows and columns more, below stride */
    int bias;
};

/* Rows of y for `size` rows of x (and columns alike): floor((size + 2 p - k) / s) + 1, transposed
 * (size - 1) s - 2 p + k + output_padding. CHECKs that it is at least 1. */
size_t conv_output_size(const struct conv_shape *shape, size_t size);

/* Floats of W: in x out x kernel x kernel. */
size_t conv_weight_count(const struct conv_shape *shape);

/* Multiplications and additions of one forward pass, padding counted like the rest. */
double conv_operations(const struct conv_shape *shape);

/* CHECKs every field. */
void conv_check_shape(const struct conv_shape *shape);

#endif
