/* SPDX-License-Identifier: GPL-3.0-or-later */
/* activation: element-wise loops, compiled for several instruction sets. */
#include "net/activation.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

/* With y = 2|x| = n ln 2 + r, |r| <= ln 2 / 2, and p = exp(r) - 1 by its series:
 *   exp(y) - 1 = 2^n p + (2^n - 1) = e,   tanh |x| = e / (e + 2).
 * Adding 1.5 * 2^23 rounds to an integer and leaves n in the low bits. Beyond 10 tanh is 1. */
static inline float tanh_of(float x)
{
    const float magnitude = fabsf(x);
    const float y = 2.0f * (magnitude > 10.0f ? 10.0f : magnitude);
    const float rounder = 12582912.0f;
    const float shifted = y * 1.44269504f + rounder;
    const float n = shifted - rounder;
    const float r = (y - n * 0.693359375f) - n * -2.12194440e-4f;
    const float tail =
        1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 + r * (1.0f / 720 + r * (1.0f / 5040))));
    const float p = r + r * r * (0.5f + r * tail);
    uint32_t bits;
    float two_n;

    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127u) << 23; /* the rounder's own bits are shifted out */
    memcpy(&two_n, &bits, sizeof two_n);

    const float e = two_n * p + (two_n - 1.0f);
    return copysignf(e / (e + 2.0f), x);
}

float activation_tanh(float x)
{
    return tanh_of(x);
}

VECTORIZED static void forward_identity(float *restrict z, const float *restrict bias, float scale,
                                        size_t rows, size_t width)
{
    for (size_t i = 0; i < rows; i++, z += width)
        for (size_t j = 0; j < width; j++)
            z[j] += scale * bias[j];
}

/* z < 0 ? 0 : z, and not z > 0 ? z : 0, because NaN has to stay NaN. */
VECTORIZED static void forward_relu(float *restrict z, const float *restrict bias, float scale,
                                    size_t rows, size_t width)
{
    for (size_t i = 0; i < rows; i++, z += width)
        for (size_t j = 0; j < width; j++) {
            const float v = z[j] + scale * bias[j];
            z[j] = v < 0.0f ? 0.0f : v;
        }
}

VECTORIZED static void forward_tanh(float *restrict z, const float *restrict bias, float scale,
                                    size_t rows, size_t width)
{
    for (size_t i = 0; i < rows; i++, z += width)
        for (size_t j = 0; j < width; j++)
            z[j] = tanh_of(z[j] + scale * bias[j]);
}

void activation_forward(enum activation kind, float *z, const float *bias, float scale, size_t rows,
                        size_t width)
{
    switch (kind) {
    case ACTIVATION_IDENTITY:
        forward_identity(z, bias, scale, rows, width);
        break;
    case ACTIVATION_RELU:
        forward_relu(z, bias, scale, rows, width);
        break;
    case ACTIVATION_TANH:
        forward_tanh(z, bias, scale, rows, width);
        break;
    }
}

VECTORIZED static void backward_relu(float *restrict d, const float *restrict h, size_t n)
{
    for (size_t i = 0; i < n; i++)
        d[i] = h[i] <= 0.0f ? 0.0f : d[i];
}

VECTORIZED static void backward_tanh(float *restrict d, const float *restrict h, size_t n)
{
    for (size_t i = 0; i < n; i++)
        d[i] *= 1.0f - h[i] * h[i];
}

void activation_backward(enum activation kind, float *d, const float *h, size_t rows, size_t width)
{
    if (kind == ACTIVATION_RELU)
        backward_relu(d, h, rows * width);
    else if (kind == ACTIVATION_TANH)
        backward_tanh(d, h, rows * width);
}

VECTORIZED static void scale_by(float *restrict out, float keep, size_t n)
{
    for (size_t j = 0; j < n; j++)
        out[j] *= keep;
}

VECTORIZED static void add_rows(const float *restrict d, size_t rows, size_t width, float scale,
                                float *restrict out)
{
    size_t i = 0;

    for (; i + 4 <= rows; i += 4) {
        const float *a = d + i * width, *b = a + width, *c = b + width, *e = c + width;
        for (size_t j = 0; j < width; j++)
            out[j] += scale * ((a[j] + b[j]) + (c[j] + e[j]));
    }
    for (; i < rows; i++)
        for (size_t j = 0; j < width; j++)
            out[j] += scale * d[i * width + j];
}

void activation_bias_gradient(const float *d, size_t rows, size_t width, float scale, float keep,
                              float *out)
{
    if (keep == 0.0f)
        memset(out, 0, width * sizeof *out);
    else if (keep != 1.0f)
        scale_by(out, keep, width);
    add_rows(d, rows, width, scale, out);
}
