/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/task2vec.h"

#include <math.h>

#include "base/check.h"
#include "linalg/vec.h"

size_t task2vec_size(const struct task2vec_weights *weights, size_t count)
{
    size_t size = 0;

    for (size_t t = 0; t < count; t++)
        size += weights[t].filters;
    return size;
}

void task2vec_embed(double *embedding, const double *diagonal, size_t params,
                    const struct task2vec_weights *weights, size_t count)
{
    for (size_t t = 0; t < count; t++) {
        const struct task2vec_weights *w = &weights[t];

        CHECK(w->filters >= 1 && w->rest >= 1 &&
                  w->offset + (w->filters - 1) * w->filter_stride +
                          (w->rest - 1) * w->rest_stride < params,
              "tensor %zu at %zu, %zu x %zu, of %zu parameters", t, w->offset, w->filters,
              w->rest, params);
        for (size_t f = 0; f < w->filters; f++) {
            const double *at = diagonal + w->offset + f * w->filter_stride;
            struct vec_adder sum = {0};

            for (size_t r = 0; r < w->rest; r++)
                vec_adder_add(&sum, at[r * w->rest_stride]);
            *embedding++ = vec_adder_total(&sum) / (double)w->rest;
        }
    }
}

static enum status usable(const double *x, size_t n)
{
    const struct vec v = vec_over(x, n);
    const size_t bad = vec_first_not_finite(&v);

    if (bad < n)
        return status_set(STATUS_DIVERGED, "embedding: entry %zu is not finite", bad);
    for (size_t k = 0; k < n; k++)
        if (x[k] < 0)
            return status_set(STATUS_DATA, "embedding: entry %zu is negative", k);
    return vec_max_abs(&v) > 0 ? STATUS_OK
                               : status_set(STATUS_DATA, "embedding: all entries are 0");
}

enum status task2vec_distance(const double *a, const double *b, size_t n, double *distance)
{
    struct vec_adder ab = {0}, aa = {0}, bb = {0};

    *distance = (double)NAN;
    TRY(usable(a, n));
    TRY(usable(b, n));
    for (size_t k = 0; k < n; k++) {
        const double sum = a[k] + b[k] + TASK2VEC_EPS, u = a[k] / sum, v = b[k] / sum;

        vec_adder_add(&ab, u * v);
        vec_adder_add(&aa, u * u);
        vec_adder_add(&bb, v * v);
    }
    *distance = 1 - vec_adder_total(&ab) / sqrt(vec_adder_total(&aa) * vec_adder_total(&bb));
    return STATUS_OK;
}
