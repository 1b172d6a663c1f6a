/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batch_norm_backward: the gradients of batch normalization; see batch_norm.h. */
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/compiler.h"
#include "base/parallel.h"
#include "net/batch_norm.h"
#include "net/batch_norm_kernel.h"

/* dy, or 0 where the ReLU was shut. mask: 0 with ReLU; without, NaN, which no value lies below. */
static inline float masked(float dy, float value, float mask)
{
    return value <= mask ? 0.0f : dy;
}

static float mask_of(const struct batch_norm *s)
{
    return s->relu ? 0.0f : NAN;
}

/* ---- first pass: sum dy and sum dy (x - mean) ---- */

BATCH_NORM_KERNEL add_products(const float *restrict x, const float *restrict dy, size_t n,
                               const struct batch_norm_numbers *restrict p, float mask,
                               float *restrict a, float *restrict b)
{
    for (size_t j = 0; j < n; j++) {
        const float distance = x[j] - p->mean[j];
        const float value = batch_norm_line(x[j], p->mean[j], p->slope[j], p->shift[j]);
        const float g = masked(dy[j], value, mask);
        a[j] += g;
        b[j] += g * distance;
    }
}

BATCH_NORM_KERNEL add_all_products(const float *restrict x, const float *restrict dy, size_t n,
                                   const struct batch_norm_numbers *restrict p, float mask,
                                   float *restrict a, float *restrict b, size_t tile)
{
    size_t i = 0;

    for (; i + tile <= n; i += tile)
        add_products(x + i, dy + i, tile, p, mask, a, b);
    add_products(x + i, dy + i, n - i, p, mask, a, b);
}

VECTORIZED static void batch_norm_products(const float *x, const float *dy, size_t n,
                                           const struct batch_norm_numbers *p, float mask, float *a,
                                           float *b, size_t tile)
{
    memset(a, 0, tile * sizeof *a);
    memset(b, 0, tile * sizeof *b);
    if (tile == TENSOR_TILE)
        add_all_products(x, dy, n, p, mask, a, b, TENSOR_TILE);
    else
        add_all_products(x, dy, n, p, mask, a, b, tile);
}

/* sums (2, C apart, block each) += over the h w B floats at x and dy. */
static void image_products(const struct batch_norm *s, const float *x, const float *dy,
                           const struct batch_norm_numbers *p, double *sums)
{
    const struct tensor *t = s->x;
    const size_t n = t->h * t->w * t->block, tile = tensor_tile(t->block);
    const size_t run = TENSOR_TILE_RUN * tile;
    float a[TENSOR_TILE_MAX], b[TENSOR_TILE_MAX];

    for (size_t i = 0; i < n; i += run) {
        batch_norm_products(x + i, dy + i, n - i < run ? n - i : run, p, mask_of(s), a, b, tile);
        tensor_tile_fold(a, t->block, sums);
        tensor_tile_fold(b, t->block, sums + tensor_channels_padded(t));
    }
}

static void products_of_groups(void *context, size_t from, size_t to)
{
    const struct batch_norm *s = context;
    const struct tensor *x = s->x;
    const size_t blocks = tensor_channel_blocks(x), padded = tensor_channels_padded(x);
    const size_t length = x->h * x->w * x->block, groups = batch_norm_groups(x);
    struct batch_norm_numbers p;

    memset(s->sums + from * 2 * padded, 0, (to - from) * 2 * padded * sizeof *s->sums);
    for (size_t k = 0; k < blocks; k++) {
        batch_norm_spread(s, k * x->block, &p);
        for (size_t g = from; g < to; g++) {
            double *sums = s->sums + g * 2 * padded + k * x->block;
            for (size_t i = g * x->n / groups; i < (g + 1) * x->n / groups; i++) {
                const size_t at = (i * blocks + k) * length;
                image_products(s, x->data + at, s->dy->data + at, &p, sums);
            }
        }
    }
}

/* ---- second pass: dx ---- */

/* What dx loses: mean of dy, and that of dy (x - mean) times inverse^2, spread over a tile. */
struct losses {
    float level[TENSOR_TILE_MAX], per_distance[TENSOR_TILE_MAX];
};

BATCH_NORM_KERNEL gradient_tile(const float *x, const float *dy, size_t n,
                                const struct batch_norm_numbers *restrict p,
                                const struct losses *restrict q, float mask, int add, float *dx)
{
    PARALLEL_LOOP
    for (size_t j = 0; j < n; j++) {
        const float distance = x[j] - p->mean[j];
        const float value = batch_norm_line(x[j], p->mean[j], p->slope[j], p->shift[j]);
        const float g = masked(dy[j], value, mask);
        const float d = p->slope[j] * ((g - q->level[j]) - distance * q->per_distance[j]);
        dx[j] = add ? dx[j] + d : d;
    }
}

BATCH_NORM_KERNEL gradient_tiles(const float *x, const float *dy, size_t n,
                                 const struct batch_norm_numbers *restrict p,
                                 const struct losses *restrict q, float mask, int add, float *dx,
                                 size_t tile)
{
    size_t i = 0;

    for (; i + tile <= n; i += tile)
        gradient_tile(x + i, dy + i, tile, p, q, mask, add, dx + i);
    gradient_tile(x + i, dy + i, n - i, p, q, mask, add, dx + i);
}

VECTORIZED static void batch_norm_gradient_run(const float *x, const float *dy, size_t n,
                                               const struct batch_norm_numbers *p,
                                               const struct losses *q, float mask, float *dx,
                                               size_t tile)
{
    if (tile == TENSOR_TILE)
        gradient_tiles(x, dy, n, p, q, mask, 0, dx, TENSOR_TILE);
    else
        gradient_tiles(x, dy, n, p, q, mask, 0, dx, tile);
}

VECTORIZED static void batch_norm_gradient_add(const float *x, const float *dy, size_t n,
                                               const struct batch_norm_numbers *p,
                                               const struct losses *q, float mask, float *dx,
                                               size_t tile)
{
    if (tile == TENSOR_TILE)
        gradient_tiles(x, dy, n, p, q, mask, 1, dx, TENSOR_TILE);
    else
        gradient_tiles(x, dy, n, p, q, mask, 1, dx, tile);
}

/* The losses of one block of channels; 0 where mean and inverse are constants. */
static void losses_of(const struct batch_norm *s, size_t first, struct losses *q)
{
    const struct tensor *x = s->x;
    const size_t padded = tensor_channels_padded(x), tile = tensor_tile(x->block);
    const double share = 1 / ((double)x->n * (double)(x->h * x->w));

    memset(q, 0, sizeof *q);
    if (s->totals == NULL)
        return;
    for (size_t j = 0; j < tile; j++) {
        const size_t ch = first + j % x->block;
        if (ch >= x->c)
            continue;
        const double inverse = (double)s->inverse[ch];
        q->level[j] = (float)(s->totals[ch] * share);
        q->per_distance[j] = (float)(s->totals[padded + ch] * share * inverse * inverse);
    }
}

static void gradient_of_images(void *context, size_t from, size_t to)
{
    const struct batch_norm *s = context;
    const struct tensor *x = s->x;
    const size_t blocks = tensor_channel_blocks(x), tile = tensor_tile(x->block);
    const size_t length = x->h * x->w * x->block;
    struct batch_norm_numbers p;
    struct losses q;

    for (size_t k = 0; k < blocks; k++) {
        batch_norm_spread(s, k * x->block, &p);
        losses_of(s, k * x->block, &q);
        for (size_t i = from; i < to; i++) {
            const size_t at = (i * blocks + k) * length;
            const float *dy = s->dy->data + at;
            (s->accumulate != 0.0f ? batch_norm_gradient_add : batch_norm_gradient_run)(
                x->data + at, dy, length, &p, &q, mask_of(s), s->out->data + at, tile);
        }
    }
}

/* out = keep out + value, out not read where keep is 0. */
static void accumulate(float *out, float keep, double value)
{
    *out = (float)(keep == 0.0f ? value : (double)keep * (double)*out + value);
}

void batch_norm_backward(const struct tensor *x, const float *mean, const float *inverse,
                         const float *scale, const float *shift, int relu, int evaluation,
                         const struct tensor *dy, struct tensor *dx, float accumulate_dx,
                         float *dscale, float *dshift, float keep, double *scratch)
{
    CHECK(tensor_same_shape(x, dy) && tensor_same_shape(x, dx), "x, dy and dx of one shape");
    CHECK(dx->data != x->data, "dx in the place of x");
    CHECK(accumulate_dx == 0.0f || (accumulate_dx == 1.0f && dx->data != dy->data),
          "dx = %g dx + ..., 0 or 1, and 0 in the place of dy", (double)accumulate_dx);
    const size_t padded = tensor_channels_padded(x);
    struct batch_norm s = {.x = x, .dy = dy, .out = dx, .mean = mean, .inverse = inverse,
                           .scale = scale, .shift = shift, .relu = relu,
                           .accumulate = accumulate_dx, .sums = scratch + 2 * padded};

    parallel_for(batch_norm_groups(x), products_of_groups, &s);
    const double *totals = batch_norm_totals(x, scratch);
    for (size_t ch = 0; ch < x->c; ch++) {
        accumulate(&dshift[ch], keep, totals[ch]);
        accumulate(&dscale[ch], keep, totals[padded + ch] * (double)inverse[ch]);
    }
    s.totals = evaluation ? NULL : totals;
    parallel_for(x->n, gradient_of_images, &s);
}
