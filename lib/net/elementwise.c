/* SPDX-License-Identifier: GPL-3.0-or-later */
/* elementwise: see elementwise.h. */
#include "net/elementwise.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "base/compiler.h"
#include "base/parallel.h"
#include "net/tensor_tile.h"

/* out = function(a, b) on n floats; out may be a or b. */
typedef void elementwise_function(const float *a, const float *b, float *out, size_t n);

struct elementwise {
    elementwise_function *function;
    const float *a, *b;
    float *out;
    size_t image; /* floats of one */
};

static void elementwise_images(void *context, size_t from, size_t to)
{
    const struct elementwise *s = context;
    const size_t at = from * s->image;

    s->function(s->a + at, s->b + at, s->out + at, (to - from) * s->image);
}

static void elementwise_run(elementwise_function *function, const struct tensor *a,
                            const struct tensor *b, struct tensor *out)
{
    CHECK(tensor_same_shape(a, b) && tensor_same_shape(a, out), "tensors of one shape");
    struct elementwise s = {.function = function, .a = a->data, .b = b->data, .out = out->data,
                            .image = tensor_image_size(a)};

    parallel_for(a->n, elementwise_images, &s);
}

/* ---- ReLU and addition ---- */

/* x < 0 ? 0 : x, and not x > 0 ? x : 0, because NaN has to stay NaN. */
VECTORIZED static void elementwise_relu(const float *a, const float *b, float *out, size_t n)
{
    (void)b;
    PARALLEL_LOOP
    for (size_t j = 0; j < n; j++)
        out[j] = a[j] < 0.0f ? 0.0f : a[j];
}

VECTORIZED static void elementwise_mask(const float *a, const float *b, float *out, size_t n)
{
    PARALLEL_LOOP
    for (size_t j = 0; j < n; j++)
        out[j] = a[j] <= 0.0f ? 0.0f : b[j];
}

VECTORIZED static void elementwise_add(const float *a, const float *b, float *out, size_t n)
{
    PARALLEL_LOOP
    for (size_t j = 0; j < n; j++)
        out[j] = a[j] + b[j];
}

VECTORIZED static void elementwise_add_relu(const float *a, const float *b, float *out, size_t n)
{
    PARALLEL_LOOP
    for (size_t j = 0; j < n; j++) {
        const float v = a[j] + b[j];
        out[j] = v < 0.0f ? 0.0f : v;
    }
}

void relu_forward(const struct tensor *x, struct tensor *y)
{
    elementwise_run(elementwise_relu, x, x, y);
}

void relu_mask(const struct tensor *y, struct tensor *dy)
{
    elementwise_run(elementwise_mask, y, dy, dy);
}

void tensor_add(const struct tensor *a, struct tensor *into)
{
    elementwise_run(elementwise_add, a, into, into);
}

void tensor_add_relu(const struct tensor *a, struct tensor *into)
{
    elementwise_run(elementwise_add_relu, a, into, into);
}

/* ---- sigmoid ---- */

/* With t = |x|, e = exp(-t) = 2^n exp(r), n = round(-t / ln 2), |r| <= ln 2 / 2, exp(r) by its
 * series: y = 1 / (1 + e), and e / (1 + e) for x < 0, so that no digit is lost where y is small.
 * Adding 1.5 * 2^23 rounds to an integer and leaves n in the low bits. At t = 87 2^n is the
 * smallest normal number. */
static inline float sigmoid_of(float x)
{
    const float magnitude = fabsf(x);
    const float t = magnitude > 87.0f ? 87.0f : magnitude;
    const float rounder = 12582912.0f;
    const float shifted = t * -1.44269504f + rounder;
    const float n = shifted - rounder;
    const float r = (-t - n * 0.693359375f) - n * -2.12194440e-4f;
    const float tail =
        1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 + r * (1.0f / 720 + r * (1.0f / 5040))));
    const float p = r + r * r * (0.5f + r * tail);
    uint32_t bits;
    float two_n;

    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127u) << 23; /* the rounder's own bits are shifted out */
    memcpy(&two_n, &bits, sizeof two_n);

    const float e = two_n + two_n * p;
    return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

VECTORIZED static void elementwise_sigmoid(const float *a, const float *b, float *out, size_t n)
{
    (void)b;
    PARALLEL_LOOP
    for (size_t j = 0; j < n; j++)
        out[j] = sigmoid_of(a[j]);
}

VECTORIZED static void elementwise_sigmoid_gradient(const float *a, const float *b, float *out,
                                                    size_t n)
{
    PARALLEL_LOOP
    for (size_t j = 0; j < n; j++)
        out[j] = b[j] * (a[j] * (1.0f - a[j]));
}

/* The last block of channels of each image again 0 from channel c on. */
static void clear_padding(void *context, size_t from, size_t to)
{
    const struct tensor *t = context;
    const size_t image = tensor_image_size(t), hw = t->h * t->w, block = t->block;
    const size_t padding = tensor_channels_padded(t) - t->c;

    for (size_t i = from; padding > 0 && i < to; i++) {
        float *last = t->data + (i + 1) * image - hw * block;
        for (size_t p = 0; p < hw; p++)
            memset(last + (p + 1) * block - padding, 0, padding * sizeof *last);
    }
}

void sigmoid_forward(const struct tensor *x, struct tensor *y)
{
    elementwise_run(elementwise_sigmoid, x, x, y);
    parallel_for(y->n, clear_padding, y);
}

void sigmoid_backward(const struct tensor *y, const struct tensor *dy, struct tensor *dx)
{
    elementwise_run(elementwise_sigmoid_gradient, y, dy, dx);
}

/* ---- bias ---- */

struct bias {
    const struct tensor *t;
    const float *bias;
    float *gradient, keep;
};

VECTORIZED static void elementwise_add_tile(const float *restrict values, size_t tile, float *x,
                                            size_t n)
{
    size_t i = 0;

    for (; i + tile <= n; i += tile)
        for (size_t j = 0; j < tile; j++)
            x[i + j] += values[j];
    for (size_t j = 0; i + j < n; j++)
        x[i + j] += values[j];
}

static void add_to_images(void *context, size_t from, size_t to)
{
    const struct bias *s = context;
    const struct tensor *x = s->t;
    const size_t blocks = tensor_channel_blocks(x), length = x->h * x->w * x->block;
    float values[TENSOR_TILE_MAX];

    for (size_t k = 0; k < blocks; k++) {
        tensor_tile_spread(s->bias, x, k * x->block, values);
        for (size_t i = from; i < to; i++)
            elementwise_add_tile(values, tensor_tile(x->block),
                                 x->data + (i * blocks + k) * length, length);
    }
}

void bias_add(const float *bias, struct tensor *x)
{
    struct bias s = {.t = x, .bias = bias};

    parallel_for(x->n, add_to_images, &s);
}

/* One block of channels after the other, each over all images in order. */
static void add_up_blocks(void *context, size_t from, size_t to)
{
    const struct bias *s = context;
    const struct tensor *dy = s->t;
    const size_t blocks = tensor_channel_blocks(dy), length = dy->h * dy->w * dy->block;
    double sums[TENSOR_BLOCK_MAX];

    for (size_t k = from; k < to; k++) {
        memset(sums, 0, dy->block * sizeof *sums);
        for (size_t i = 0; i < dy->n; i++)
            tensor_tile_sum(dy->data + (i * blocks + k) * length, length, dy->block, sums);
        for (size_t b = 0; b < dy->block && k * dy->block + b < dy->c; b++) {
            float *out = s->gradient + k * dy->block + b;
            const double kept = s->keep != 0.0f ? (double)s->keep * (double)*out : 0.0;
            *out = (float)(kept + sums[b]);
        }
    }
}

void bias_gradient(const struct tensor *dy, float *dbias, float keep)
{
    struct bias s = {.t = dy, .gradient = dbias, .keep = keep};

    parallel_for(tensor_channel_blocks(dy), add_up_blocks, &s);
}

/* Sums of up to 16 channels of n pixels that lie `stride` apart, in registers. */
static inline __attribute__((always_inline)) void
elementwise_add_pixels(const float *restrict x, size_t n, size_t stride, float *restrict sum,
                       size_t lanes)
{
    float s[16] = {0};

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < lanes; j++)
            s[j] += x[i * stride + j];
    memcpy(sum, s, lanes * sizeof *sum);
}

VECTORIZED static void elementwise_sum_pixels(const float *x, size_t n, size_t stride, float *sum,
                                              size_t lanes)
{
    if (lanes == 16)
        elementwise_add_pixels(x, n, stride, sum, 16);
    else if (lanes == 8)
        elementwise_add_pixels(x, n, stride, sum, 8);
    else if (lanes == 4)
        elementwise_add_pixels(x, n, stride, sum, 4);
    else
        elementwise_add_pixels(x, n, stride, sum, 1);
}

void bias_gradient_in_order(const struct tensor *dy, float *dbias, float keep)
{
    const size_t c = dy->c, pixels = dy->n * dy->h * dy->w;

    CHECK(dy->block == c, "blocks of %zu of %zu channels", dy->block, c);
    for (size_t first = 0, lanes; first < c; first += lanes) {
        float sum[16];

        lanes = c - first >= 16 ? 16 : c - first >= 8 ? 8 : c - first >= 4 ? 4 : 1;
        elementwise_sum_pixels(dy->data + first, pixels, c, sum, lanes);
        for (size_t j = 0; j < lanes; j++)
            dbias[first + j] = keep != 0.0f ? keep * dbias[first + j] + sum[j] : sum[j];
    }
}
