/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tensor_cases: shapes and layouts that tests of tensors go through. */
#ifndef TESTS_TENSOR_CASES_H
#define TESTS_TENSOR_CASES_H

#include "test.h"

#include "base/memory.h"
#include "base/rng.h"
#include "net/tensor.h"

/* Every layout with odd sizes, channels that do not fill their blocks, one image, one pixel, runs
 * beyond one bounded sum, tiles that are cut; data is NULL. */
static const struct tensor tensor_cases[] = {
    {3, 5, 7, 6, 1, NULL},     {2, 1, 70, 70, 1, NULL}, {4, 3, 8, 5, 3, NULL},
    {1, 16, 9, 7, 16, NULL},   {5, 20, 6, 9, 16, NULL}, {3, 11, 5, 7, 8, NULL},
    {2, 24, 8, 8, 8, NULL},    {2, 10, 7, 5, 10, NULL}, {3, 70, 4, 3, 70, NULL},
    {2, 64, 6, 7, 64, NULL},   {40, 4, 3, 3, 16, NULL}, {2, 130, 3, 2, 16, NULL},
    {1, 1024, 2, 3, 1024, NULL}, {2, 5, 70, 65, 8, NULL}, {2, 63, 12, 9, 63, NULL},
};

enum { TENSOR_CASES = sizeof tensor_cases / sizeof *tensor_cases };

/* A tensor of the case's shape, full of NaN. */
static inline struct tensor tensor_of_case(struct arena *mem, const struct tensor *shape)
{
    struct tensor t = *shape;

    t.data = arena_get(mem, tensor_size(&t), sizeof *t.data);
    for (size_t j = 0; j < tensor_size(&t); j++)
        t.data[j] = NAN;
    return t;
}

/* NCHW normals of the given mean, and the tensor that holds them. */
static inline float *plain_normals(struct arena *mem, const struct tensor *shape, const char *name,
                                   double mean)
{
    struct rng r = rng_stream(1, "%s", name);
    const size_t n = tensor_plain_size(shape);
    float *plain = arena_get(mem, n, sizeof *plain);

    for (size_t j = 0; j < n; j++)
        plain[j] = (float)(mean + rng_normal(&r));
    return plain;
}

static inline struct tensor tensor_holding(struct arena *mem, const struct tensor *shape,
                                           const float *plain)
{
    struct tensor t = tensor_of_case(mem, shape);

    tensor_from_plain(plain, &t);
    return t;
}

/* What a tensor holds as NCHW. */
static inline float *plain_of(struct arena *mem, const struct tensor *t)
{
    float *plain = arena_get(mem, tensor_plain_size(t), sizeof *plain);

    tensor_to_plain(t, plain);
    return plain;
}

static inline void check_padding(const struct tensor *t)
{
    for (size_t i = 0; i < t->n; i++)
        for (size_t ch = t->c; ch < tensor_channels_padded(t); ch++)
            for (size_t p = 0; p < t->h * t->w; p++)
                CHECK_TRUE(t->data[tensor_at(t, i, ch, p / t->w, p % t->w)] == 0.0f);
}

static inline void check_same_bits(const float *a, const float *b, size_t n)
{
    if (memcmp(a, b, n * sizeof *a) != 0)
        fail_msg("%zu floats differ somewhere", n);
}

#endif
