/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dropout: see dropout.h. */
#include "net/dropout.h"

#include <string.h>

#include "base/check.h"
#include "base/compiler.h"
#include "base/parallel.h"
#include "net/tensor_tile.h"

void dropout_draw(struct rng *rng, double p, size_t count, float *factors)
{
    CHECK(p >= 0 && p < 1, "a probability %g in [0, 1)", p);
    const float limit = (float)p, kept = (float)(1 / (1 - p));

    for (size_t k = 0; k < count; k++)
        factors[k] = rng_uniformf(rng) < limit ? 0.0f : kept;
}

size_t dropout_count(const struct tensor *x, int by_channel)
{
    return by_channel ? x->n * x->c : tensor_plain_size(x);
}

struct dropout {
    const struct tensor *x;
    const float *factors;
    struct tensor *y;
};

VECTORIZED static void dropout_scale_tiles(const float *x, const float *restrict factors,
                                           size_t tile, size_t n, float *y)
{
    for (size_t i = 0; i < n; i += tile) {
        const size_t length = n - i < tile ? n - i : tile;
        PARALLEL_LOOP
        for (size_t j = 0; j < length; j++)
            y[i + j] = x[i + j] * factors[j];
    }
}

static void dropout_channels(void *context, size_t from, size_t to)
{
    const struct dropout *s = context;
    const struct tensor *x = s->x;
    const size_t blocks = tensor_channel_blocks(x), length = x->h * x->w * x->block;
    float tile[TENSOR_TILE_MAX];

    for (size_t item = from * blocks; item < to * blocks; item++) {
        tensor_tile_spread(s->factors + item / blocks * x->c, x, item % blocks * x->block, tile);
        dropout_scale_tiles(x->data + item * length, tile, tensor_tile(x->block), length,
                            s->y->data + item * length);
    }
}

VECTORIZED static void dropout_multiply(const float *x, const float *restrict factors, size_t n,
                                        float *y)
{
    PARALLEL_LOOP
    for (size_t j = 0; j < n; j++)
        y[j] = x[j] * factors[j];
}

/* x and y are hw groups of `block`, of which `channels` are used; factors are rows of hw. */
static void dropout_woven(const float *x, const float *factors, size_t channels, size_t hw,
                          size_t block, float *y)
{
    for (size_t p = 0; p < hw; p++) {
        for (size_t b = 0; b < channels; b++)
            y[p * block + b] = x[p * block + b] * factors[b * hw + p];
        memset(y + p * block + channels, 0, (block - channels) * sizeof *y);
    }
}

static void dropout_elements(void *context, size_t from, size_t to)
{
    const struct dropout *s = context;
    const struct tensor *x = s->x;
    const size_t blocks = tensor_channel_blocks(x), block = x->block, hw = x->h * x->w;

    for (size_t item = from * blocks; item < to * blocks; item++) {
        const size_t first = item % blocks * block, at = item * hw * block;
        const size_t channels = x->c - first < block ? x->c - first : block;
        const float *factors = s->factors + (item / blocks * x->c + first) * hw;

        if (block == 1)
            dropout_multiply(x->data + at, factors, hw, s->y->data + at);
        else
            dropout_woven(x->data + at, factors, channels, hw, block, s->y->data + at);
    }
}

void dropout_apply(const struct tensor *x, const float *factors, int by_channel, struct tensor *y)
{
    CHECK(tensor_same_shape(x, y), "x and y of one shape");
    struct dropout s = {.x = x, .factors = factors, .y = y};

    parallel_for(x->n, by_channel ? dropout_channels : dropout_elements, &s);
}
