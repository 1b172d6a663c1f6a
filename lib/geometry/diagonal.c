/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/diagonal.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/compiler.h"
#include "linalg/vec.h"

struct diagonal diagonal_create(struct arena *mem, size_t n, double decay, double eps)
{
    CHECK(n >= 1 && decay >= 0 && decay < 1 && eps >= 0, "%zu parameters, decay %g, eps %g", n,
          decay, eps);
    return (struct diagonal){.n = n, .decay = decay, .eps = eps,
                             .sum = arena_get(mem, n, sizeof(float)),
                             .squares = arena_get(mem, n, sizeof(float))};
}

VECTORIZED
static void diagonal_add_squares(float *restrict out, const float *restrict row, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] += row[i] * row[i];
}

VECTORIZED static void diagonal_mix(float *restrict sum, const float *restrict squares, float keep,
                           float new, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] = keep * sum[i] + new * squares[i];
}

VECTORIZED static void diagonal_divide(float *v, const float *gradient, const float *restrict sum,
                              float scale, float add, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = gradient[i] / (scale * sum[i] + add);
}

enum status diagonal_observe(struct diagonal *d, const struct matf *rows)
{
    const struct vecf squares = vec_overf(d->squares, d->n);

    CHECK(rows->cols == d->n, "rows of %zu for %zu parameters", rows->cols, d->n);
    memset(d->squares, 0, d->n * sizeof *d->squares);
    for (size_t r = 0; r < rows->rows; r++)
        diagonal_add_squares(d->squares, rows->a + r * d->n, d->n);
    if (vec_first_not_finitef(&squares) < d->n)
        return status_set(STATUS_DIVERGED, "diagonal: entry %zu of the metric is not finite",
                          vec_first_not_finitef(&squares));
    diagonal_mix(d->sum, d->squares, (float)d->decay, (float)(1 - d->decay), d->n);
    d->weight = 1 - d->decay * (1 - d->weight);
    return STATUS_OK;
}

/* The first entry that cannot be divided by, or n. */
static size_t first_zero(const float *sum, size_t n)
{
    size_t i = 0;

    while (i < n && sum[i] > 0)
        i++;
    return i;
}

enum status diagonal_direction(const struct diagonal *d, const float *gradient, float *v)
{
    const struct vecf sum = vec_overf(d->sum, d->n), got = vec_overf(v, d->n);

    if (!(d->weight > 0))
        return status_set(STATUS_NOTHING, "diagonal: no metric was observed yet");
    const double scale = 1 / d->weight, mean = scale * vec_sumf(&sum) / (double)d->n;

    if (!((float)(d->eps * mean) > 0) && first_zero(d->sum, d->n) < d->n)
        return status_set(STATUS_NOT_DEFINITE, "diagonal: entry %zu of the metric is 0, and "
                          "nothing damps it (eps %g, mean entry %g)", first_zero(d->sum, d->n),
                          d->eps, mean);
    diagonal_divide(v, gradient, d->sum, (float)scale, (float)(d->eps * mean), d->n);
    if (!isfinite(vec_max_absf(&got)))
        return status_set(STATUS_DIVERGED, "diagonal: the direction is not finite");
    return STATUS_OK;
}
