/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tensor: a batch of images with channels, in the layouts of convolutions.
 *
 * The layout is [n][CB][h][w][B] with B = block channels side by side and CB = ceil(c / B): element
 * (i, ch, y, x) is at ((i CB + ch / B) h w + y w + x) B + ch % B. B = 1 is NCHW, B = c is NHWC, and
 * B = 8 and 16 are oneDNN's nChw8c and nChw16c. Channels from c to CB B - 1 (padding) are 0, and
 * every function here and beside keeps them 0.
 *
 * The struct is a view: the caller owns data, and nothing here allocates. Functions over tensors
 * run over images on parallel_threads() threads, with the same bits for every number of them. */
#ifndef NET_TENSOR_H
#define NET_TENSOR_H

#include <stddef.h>

enum { TENSOR_BLOCK_MAX = 1024 };

struct tensor {
    size_t n, c, h, w; /* images, channels, rows, columns; all >= 1 */
    size_t block;      /* B, 1 .. TENSOR_BLOCK_MAX */
    float *data;       /* tensor_size() */
};

/* CB, and CB B. */
size_t tensor_channel_blocks(const struct tensor *t);
size_t tensor_channels_padded(const struct tensor *t);

/* Floats in data: n CB h w B; of one image: CB h w B; and of the same images without padding:
 * n c h w. */
size_t tensor_size(const struct tensor *t);
size_t tensor_image_size(const struct tensor *t);
size_t tensor_plain_size(const struct tensor *t);

/* Where element (i, ch, y, x) lies in data. */
size_t tensor_at(const struct tensor *t, size_t i, size_t ch, size_t y, size_t x);

/* Whether all of n, c, h, w and block agree. */
int tensor_same_shape(const struct tensor *a, const struct tensor *b);

/* From and to NCHW, tensor_plain_size() floats that do not overlap t->data. tensor_from_plain
 * writes the padding too. */
void tensor_from_plain(const float *plain, struct tensor *t);
void tensor_to_plain(const struct tensor *t, float *plain);

#endif
