/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/kfac_moments.h"

#include <string.h>

#include "base/check.h"

enum { PATCH_NUMBERS = 1 << 19 }; /* 2 MiB at once */

struct kfac_moments kfac_moments_create(struct arena *mem, size_t tensor, size_t patches,
                                        size_t widest)
{
    const size_t room = patches > PATCH_NUMBERS ? patches : PATCH_NUMBERS;

    return (struct kfac_moments){.plain = arena_get(mem, tensor, sizeof(float)),
                                 .patches = arena_get(mem, room, sizeof(float)), .room = room,
                                 .product = arena_get(mem, widest * widest, sizeof(float))};
}

/* The outputs of one row or column, of `count`, whose window has its entry `at` inside the `size`
 * pixels: from *first to before *end. */
static void reached(const struct kfac_window *w, size_t at, size_t size, size_t count,
                    size_t *first, size_t *end)
{
    const size_t before = w->padding > at ? w->padding - at : 0;
    const size_t last = size + w->padding > at ? (size - 1 + w->padding - at) / w->stride + 1 : 0;

    *end = last < count ? last : count;
    *first = (before + w->stride - 1) / w->stride;
    if (*first > *end)
        *first = *end;
}

/* Entry (u, v) of the windows over one channel: rows x cols numbers, zeros outside. */
static void shifted(const float *channel, const struct tensor *t, const struct kfac_window *w,
                    size_t u, size_t v, size_t rows, size_t cols, float *to)
{
    size_t top, bottom, left, right;

    reached(w, u, t->h, rows, &top, &bottom);
    reached(w, v, t->w, cols, &left, &right);
    memset(to, 0, rows * cols * sizeof *to);
    for (size_t i = top; i < bottom; i++) {
        const float *row = channel + (i * w->stride + u - w->padding) * t->w;

        for (size_t j = left; j < right; j++)
            to[i * cols + j] = row[j * w->stride + v - w->padding];
    }
}

/* The patches of one image as columns of a matrix whose rows are `length` apart. */
static void expand(const float *image, const struct tensor *t, const struct kfac_window *w,
                   size_t rows, size_t cols, float *to, size_t length)
{
    for (size_t c = 0; c < t->c; c++)
        for (size_t u = 0; u < w->kernel; u++)
            for (size_t v = 0; v < w->kernel; v++, to += length)
                shifted(image + c * t->h * t->w, t, w, u, v, rows, cols, to);
    for (size_t i = 0; w->bias && i < rows * cols; i++)
        to[i] = 1;
}

void kfac_moments_add(struct kfac_moments *m, struct mat *factor, const struct tensor *t,
                      const struct kfac_window *w, size_t rows, size_t cols, double weight,
                      double keep)
{
    const size_t n = factor->rows, positions = rows * cols, image = t->c * t->h * t->w;
    const size_t most = m->room / (positions * n);
    struct matf product = matf_over(m->product, n, n);

    CHECK(n == t->c * w->kernel * w->kernel + (size_t)w->bias && most >= 1,
          "a factor of %zu for patches of %zu channels, %zu positions", n, t->c, positions);
    tensor_to_plain(t, m->plain);
    for (size_t at = 0; at < t->n; at += most) {
        const size_t images = t->n - at < most ? t->n - at : most;
        const struct matf patches = matf_over(m->patches, n, images * positions);

        for (size_t i = 0; i < images; i++)
            expand(m->plain + (at + i) * image, t, w, rows, cols, m->patches + i * positions,
                   images * positions);
        matf_gram(&product, 1, &patches, MAT_AS_IS, 0);
        for (size_t i = 0; i < n * n; i++)
            factor->a[i] = (at == 0 ? keep : 1) * factor->a[i] + weight * (double)product.a[i];
    }
}
