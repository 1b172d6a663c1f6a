/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/feature_cost.h"

#include <math.h>

#include "base/check.h"
#include "linalg/vec.h"

static double squared_distance(const float *x, const float *y, size_t n)
{
    double sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += ((double)x[k] - (double)y[k]) * ((double)x[k] - (double)y[k]);
    return sum;
}

static double minus_cosine(const float *x, const float *y, size_t n)
{
    const struct vecf u = vec_overf(x, n), v = vec_overf(y, n);

    return -vec_dotf(&u, &v) / (vec_normf(&u) * vec_normf(&v));
}

enum status feature_cost_fill(double *cost, const float *source, const float *target, size_t first,
                              size_t b, size_t dim, enum feature_cost kind)
{
    CHECK(dim >= 1, "%zu features", dim);
    for (size_t i = 0; i < b; i++)
        for (size_t j = 0; j < b; j++) {
            const float *x = source + (first + i) * dim, *y = target + (first + j) * dim;
            const double distance = squared_distance(x, y, dim);
            const double d = kind == FEATURE_COST_SQUARED ? distance : minus_cosine(x, y, dim);

            if (!isfinite(distance))
                return status_set(STATUS_DIVERGED, "features of source point %zu or target point "
                                  "%zu are not finite", first + i, first + j);
            if (!isfinite(d))
                return status_set(STATUS_DATA, "features of source point %zu or target point %zu "
                                  "are all 0 and have no direction", first + i, first + j);
            cost[i * b + j] = d;
        }
    return STATUS_OK;
}
