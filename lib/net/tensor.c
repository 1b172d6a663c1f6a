/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tensor: sizes, and the way from and to NCHW. */
#include "net/tensor.h"

#include <string.h>

#include "base/check.h"
#include "base/parallel.h"

size_t tensor_channel_blocks(const struct tensor *t)
{
    return (t->c + t->block - 1) / t->block;
}

size_t tensor_channels_padded(const struct tensor *t)
{
    return tensor_channel_blocks(t) * t->block;
}

size_t tensor_image_size(const struct tensor *t)
{
    return tensor_channels_padded(t) * t->h * t->w;
}

size_t tensor_size(const struct tensor *t)
{
    return t->n * tensor_image_size(t);
}

size_t tensor_plain_size(const struct tensor *t)
{
    return t->n * t->c * t->h * t->w;
}

size_t tensor_at(const struct tensor *t, size_t i, size_t ch, size_t y, size_t x)
{
    CHECK(i < t->n && ch < tensor_channels_padded(t) && y < t->h && x < t->w,
          "element %zu, %zu, %zu, %zu of %zu x %zu x %zu x %zu", i, ch, y, x, t->n, t->c, t->h,
          t->w);
    const size_t block = t->block, row = i * tensor_channel_blocks(t) + ch / block;
    return ((row * t->h + y) * t->w + x) * block + ch % block;
}

int tensor_same_shape(const struct tensor *a, const struct tensor *b)
{
    return a->n == b->n && a->c == b->c && a->h == b->h && a->w == b->w && a->block == b->block;
}

struct transposition {
    const float *plain;
    float *plain_out;
    const struct tensor *t;
};

/* `channels` rows of hw pixels to hw groups of `block`; a group's rest is 0. */
static void tensor_weave(const float *restrict from, size_t channels, size_t hw, size_t block,
                         float *restrict to)
{
    if (channels < block)
        memset(to, 0, hw * block * sizeof *to);
    for (size_t p = 0; p < hw; p++)
        for (size_t b = 0; b < channels; b++)
            to[p * block + b] = from[b * hw + p];
}

static void tensor_unweave(const float *restrict from, size_t channels, size_t hw, size_t block,
                           float *restrict to)
{
    for (size_t p = 0; p < hw; p++)
        for (size_t b = 0; b < channels; b++)
            to[b * hw + p] = from[p * block + b];
}

/* For images from..to-1: every block of channels of them, one way or the other. */
static void tensor_transpose_images(void *context, size_t from, size_t to)
{
    const struct transposition *s = context;
    const struct tensor *t = s->t;
    const size_t hw = t->h * t->w, block = t->block, blocks = tensor_channel_blocks(t);

    for (size_t item = from * blocks; item < to * blocks; item++) {
        const size_t first = item % blocks * block;
        const size_t channels = t->c - first < block ? t->c - first : block;
        const size_t at = (item / blocks * t->c + first) * hw;
        float *woven = t->data + item * hw * block;

        if (s->plain != NULL)
            tensor_weave(s->plain + at, channels, hw, block, woven);
        else
            tensor_unweave(woven, channels, hw, block, s->plain_out + at);
    }
}

static void tensor_transpose(struct transposition s)
{
    CHECK(s.t->block >= 1 && s.t->block <= TENSOR_BLOCK_MAX, "blocks of %zu channels", s.t->block);
    parallel_for(s.t->n, tensor_transpose_images, &s);
}

void tensor_from_plain(const float *plain, struct tensor *t)
{
    if (t->block == 1)
        memcpy(t->data, plain, tensor_size(t) * sizeof *plain);
    else
        tensor_transpose((struct transposition){.plain = plain, .t = t});
}

void tensor_to_plain(const struct tensor *t, float *plain)
{
    if (t->block == 1)
        memcpy(plain, t->data, tensor_size(t) * sizeof *plain);
    else
        tensor_transpose((struct transposition){.plain_out = plain, .t = t});
}
