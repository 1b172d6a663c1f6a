/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_round: see sinkhorn.h. */
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "transport/sinkhorn.h"
#include "transport/sinkhorn_kernel.h"

/* Whether some allowed pair of remainders meets a forbidden entry. */
static int meets_forbidden(const struct mat *cost, const double *rows, const double *columns)
{
    for (size_t i = 0; i < cost->rows; i++)
        for (size_t j = 0; rows[i] > 0.0 && j < cost->cols; j++)
            if (columns[j] > 0.0 && !(cost->a[i * cost->cols + j] < (double)INFINITY))
                return 1;
    return 0;
}

/* P_ij = x_i y_j P_ij + left_i missing_j / sum of left. */
static void apply_rounding(struct mat *plan, const double *x, const double *y, const double *left,
                           const double *missing, double total)
{
    for (size_t i = 0; i < plan->rows; i++) {
        double *row = plan->a + i * plan->cols;
        const double share = total > 0.0 ? left[i] / total : 0.0;
        for (size_t j = 0; j < plan->cols; j++)
            row[j] = x[i] * y[j] * row[j] + share * missing[j];
    }
}

enum status sinkhorn_round(struct mat *plan, const struct vec *a, const struct vec *b,
                           const struct mat *cost, double *scratch)
{
    const size_t n = plan->rows, k = plan->cols;
    double *x = scratch, *left = x + n, *y = left + n, *missing = y + k, total = 0.0;

    CHECK(a->n == n && b->n == k, "weights %zu and %zu for a plan of %zu x %zu", a->n, b->n, n, k);
    memset(missing, 0, k * sizeof *missing);
    for (size_t i = 0; i < n; i++) {
        const struct vec row = mat_row(plan, i);
        const double sum = vec_sum(&row);
        x[i] = sum > a->x[i] ? a->x[i] / sum : 1.0;
        sinkhorn_kernel_axpy(missing, x[i], row.x, k);
    }
    for (size_t j = 0; j < k; j++) {
        y[j] = missing[j] > b->x[j] ? b->x[j] / missing[j] : 1.0;
        missing[j] = fmax(b->x[j] - y[j] * missing[j], 0.0);
    }
    for (size_t i = 0; i < n; i++) {
        const double sum = sinkhorn_kernel_dot(plan->a + i * k, y, k);
        left[i] = fmax(a->x[i] - x[i] * sum, 0.0);
        total += left[i];
    }
    if (cost != NULL && meets_forbidden(cost, left, missing))
        return status_set(STATUS_NOTHING, "rounding would need forbidden entries");
    apply_rounding(plan, x, y, left, missing, total);
    return STATUS_OK;
}
