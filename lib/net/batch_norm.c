/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batch_norm: batch normalization; see batch_norm.h. */
#include "net/batch_norm.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/compiler.h"
#include "base/parallel.h"
#include "net/batch_norm_kernel.h"

/* Sums are cut into at most this many groups of images. */
enum { GROUPS = 32 };

size_t batch_norm_groups(const struct tensor *x)
{
    return x->n < GROUPS ? x->n : GROUPS;
}

size_t batch_norm_scratch(const struct tensor *x)
{
    return (batch_norm_groups(x) + 1) * 2 * tensor_channels_padded(x);
}

const double *batch_norm_totals(const struct tensor *x, double *scratch)
{
    const size_t count = 2 * tensor_channels_padded(x), groups = batch_norm_groups(x);
    const double *sums = scratch + count;

    memset(scratch, 0, count * sizeof *scratch);
    for (size_t g = 0; g < groups; g++)
        for (size_t j = 0; j < count; j++)
            scratch[j] += sums[g * count + j];
    return scratch;
}

/* ---- statistics ---- */

/* a += x - pivot, b += (x - pivot)^2 over one run. */
BATCH_NORM_KERNEL add_moments(const float *restrict x, size_t n, const float *restrict pivot,
                              float *restrict a, float *restrict b, size_t tile)
{
    size_t i = 0;

    for (; i + tile <= n; i += tile)
        for (size_t j = 0; j < tile; j++) {
            const float d = x[i + j] - pivot[j];
            a[j] += d;
            b[j] += d * d;
        }
    for (size_t j = 0; i + j < n; j++) {
        const float d = x[i + j] - pivot[j];
        a[j] += d;
        b[j] += d * d;
    }
}

VECTORIZED static void batch_norm_moments(const float *x, size_t n, const float *pivot, float *a,
                                          float *b, size_t tile)
{
    memset(a, 0, tile * sizeof *a);
    memset(b, 0, tile * sizeof *b);
    if (tile == TENSOR_TILE)
        add_moments(x, n, pivot, a, b, TENSOR_TILE);
    else
        add_moments(x, n, pivot, a, b, tile);
}

/* sums (2, C apart, block each) += over the h w B floats at x. */
static void image_moments(const float *x, const struct tensor *t, const float *pivot, double *sums)
{
    const size_t n = t->h * t->w * t->block, tile = tensor_tile(t->block);
    const size_t run = TENSOR_TILE_RUN * tile;
    float a[TENSOR_TILE_MAX], b[TENSOR_TILE_MAX];

    for (size_t i = 0; i < n; i += run) {
        batch_norm_moments(x + i, n - i < run ? n - i : run, pivot, a, b, tile);
        tensor_tile_fold(a, t->block, sums);
        tensor_tile_fold(b, t->block, sums + tensor_channels_padded(t));
    }
}

static void moments_of_groups(void *context, size_t from, size_t to)
{
    const struct batch_norm *s = context;
    const struct tensor *x = s->x;
    const size_t blocks = tensor_channel_blocks(x), padded = tensor_channels_padded(x);
    const size_t length = x->h * x->w * x->block, groups = batch_norm_groups(x);
    float pivot[TENSOR_TILE_MAX];

    memset(s->sums + from * 2 * padded, 0, (to - from) * 2 * padded * sizeof *s->sums);
    for (size_t k = 0; k < blocks; k++) {
        tensor_tile_spread(s->mean, x, k * x->block, pivot);
        for (size_t g = from; g < to; g++) {
            double *sums = s->sums + g * 2 * padded + k * x->block;
            for (size_t i = g * x->n / groups; i < (g + 1) * x->n / groups; i++)
                image_moments(x->data + (i * blocks + k) * length, x, pivot, sums);
        }
    }
}

/* A number near each channel's mean, from the first pixels of the first image: squares of
 * differences from it lose nothing where the mean is far from 0. */
static void choose_pivots(const struct tensor *x, float *pivots)
{
    const size_t hw = x->h * x->w, block = x->block, pixels = hw < 64 ? hw : 64;
    double sums[TENSOR_BLOCK_MAX];

    for (size_t first = 0; first < x->c; first += block) {
        memset(sums, 0, block * sizeof *sums);
        tensor_tile_sum(x->data + first * hw, pixels * block, block, sums);
        for (size_t b = 0; b < block && first + b < x->c; b++)
            pivots[first + b] = (float)(sums[b] / (double)pixels);
    }
}

void batch_norm_statistics(const struct tensor *x, double epsilon, float *mean, float *inverse,
                           float *running_mean, float *running_variance, double momentum,
                           double *scratch)
{
    CHECK(epsilon > 0, "epsilon %g", epsilon);
    CHECK((running_mean == NULL) == (running_variance == NULL), "one running array of two");
    const size_t padded = tensor_channels_padded(x);
    const double m = (double)x->n * (double)(x->h * x->w);
    struct batch_norm s = {.x = x, .mean = mean, .sums = scratch + 2 * padded};

    choose_pivots(x, mean);
    parallel_for(batch_norm_groups(x), moments_of_groups, &s);
    const double *totals = batch_norm_totals(x, scratch);
    for (size_t ch = 0; ch < x->c; ch++) {
        const double distance = totals[ch] / m;
        const double spread = totals[padded + ch] / m - distance * distance;
        const double variance = spread < 0 ? 0 : spread; /* NaN stays */
        const double centre = (double)mean[ch] + distance;
        mean[ch] = (float)centre;
        inverse[ch] = (float)(1 / sqrt(variance + epsilon));
        if (running_mean == NULL)
            continue;
        const double unbiased = m > 1 ? variance * (m / (m - 1)) : variance;
        running_mean[ch] = (float)((1 - momentum) * (double)running_mean[ch] + momentum * centre);
        running_variance[ch] =
            (float)((1 - momentum) * (double)running_variance[ch] + momentum * unbiased);
    }
}

void batch_norm_inverse(const float *running_variance, size_t c, double epsilon, float *inverse)
{
    CHECK(epsilon > 0, "epsilon %g", epsilon);
    for (size_t ch = 0; ch < c; ch++)
        inverse[ch] = (float)(1 / sqrt((double)running_variance[ch] + epsilon));
}

/* ---- forward ---- */

void batch_norm_spread(const struct batch_norm *s, size_t first, struct batch_norm_numbers *out)
{
    const size_t tile = tensor_tile(s->x->block);
    float inverse[TENSOR_TILE_MAX];

    tensor_tile_spread(s->mean, s->x, first, out->mean);
    tensor_tile_spread(s->inverse, s->x, first, inverse);
    tensor_tile_spread(s->scale, s->x, first, out->slope);
    tensor_tile_spread(s->shift, s->x, first, out->shift);
    for (size_t j = 0; j < tile; j++)
        out->slope[j] *= inverse[j];
}

/* least: 0 with ReLU, -infinity without; NaN stays. */
BATCH_NORM_KERNEL apply_tile(const float *x, size_t n, const struct batch_norm_numbers *restrict p,
                             const float *addend, float least, float *y)
{
    PARALLEL_LOOP
    for (size_t j = 0; j < n; j++) {
        const float z = batch_norm_line(x[j], p->mean[j], p->slope[j], p->shift[j]);
        const float v = addend != NULL ? z + addend[j] : z;
        y[j] = v < least ? least : v;
    }
}

BATCH_NORM_KERNEL apply_tiles(const float *x, size_t n, const struct batch_norm_numbers *restrict p,
                              const float *addend, float least, float *y, size_t tile)
{
    size_t i = 0;

    for (; i + tile <= n; i += tile)
        apply_tile(x + i, tile, p, addend != NULL ? addend + i : NULL, least, y + i);
    apply_tile(x + i, n - i, p, addend != NULL ? addend + i : NULL, least, y + i);
}

VECTORIZED static void batch_norm_apply_run(const float *x, size_t n,
                                            const struct batch_norm_numbers *p, float least,
                                            float *y, size_t tile)
{
    if (tile == TENSOR_TILE)
        apply_tiles(x, n, p, NULL, least, y, TENSOR_TILE);
    else
        apply_tiles(x, n, p, NULL, least, y, tile);
}

VECTORIZED static void batch_norm_add_run(const float *x, size_t n,
                                          const struct batch_norm_numbers *p, const float *addend,
                                          float least, float *y, size_t tile)
{
    if (tile == TENSOR_TILE)
        apply_tiles(x, n, p, addend, least, y, TENSOR_TILE);
    else
        apply_tiles(x, n, p, addend, least, y, tile);
}

static void apply_to_images(void *context, size_t from, size_t to)
{
    const struct batch_norm *s = context;
    const struct tensor *x = s->x;
    const size_t blocks = tensor_channel_blocks(x), tile = tensor_tile(x->block);
    const size_t length = x->h * x->w * x->block;
    const float least = s->relu ? 0.0f : -INFINITY;
    struct batch_norm_numbers p;

    for (size_t k = 0; k < blocks; k++) {
        batch_norm_spread(s, k * x->block, &p);
        for (size_t i = from; i < to; i++) {
            const size_t at = (i * blocks + k) * length;
            if (s->addend == NULL)
                batch_norm_apply_run(x->data + at, length, &p, least, s->out->data + at, tile);
            else
                batch_norm_add_run(x->data + at, length, &p, s->addend->data + at, least,
                                   s->out->data + at, tile);
        }
    }
}

void batch_norm_apply(const struct tensor *x, const float *mean, const float *inverse,
                      const float *scale, const float *shift, const struct tensor *addend, int relu,
                      struct tensor *y)
{
    CHECK(tensor_same_shape(x, y), "x and y of one shape");
    CHECK(addend == NULL || tensor_same_shape(x, addend), "an addend of the shape of x");
    struct batch_norm s = {.x = x, .mean = mean, .inverse = inverse, .scale = scale,
                           .shift = shift, .addend = addend, .relu = relu, .out = y};

    parallel_for(x->n, apply_to_images, &s);
}
