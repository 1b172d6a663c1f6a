/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/cost.h"

#include <math.h>

#include "linalg/vec.h"

/* A tile of Y^T, DEPTH coordinates of WIDTH points (256 KiB), stays in the cache while all rows of
 * X pass. */
enum { DEPTH = 64, WIDTH = 512 };

/* What one tile adds to a part of a row: sum_k combine(x_k - yt_kj) over depth coordinates.
 * x: depth; yt: depth x width with rows `stride` apart; sum: width. */
typedef void tile_fn(double *restrict sum, const double *restrict x, const double *restrict yt,
                     size_t stride, size_t depth, size_t width);

VECTORIZED static void cost_tile_squares(double *restrict sum, const double *restrict x,
                                         const double *restrict yt, size_t stride, size_t depth,
                                         size_t width)
{
    size_t k = 0;

    /* Four coordinates a pass over the sums; their order stays the index order. */
    for (; k + 4 <= depth; k += 4) {
        const double x0 = x[k], x1 = x[k + 1], x2 = x[k + 2], x3 = x[k + 3];
        const double *restrict y0 = yt + k * stride, *restrict y1 = y0 + stride;
        const double *restrict y2 = y1 + stride, *restrict y3 = y2 + stride;

        for (size_t j = 0; j < width; j++) {
            const double d0 = x0 - y0[j], d1 = x1 - y1[j], d2 = x2 - y2[j], d3 = x3 - y3[j];

            sum[j] = (((sum[j] + d0 * d0) + d1 * d1) + d2 * d2) + d3 * d3;
        }
    }
    for (; k < depth; k++)
        for (size_t j = 0; j < width; j++) {
            const double d = x[k] - yt[k * stride + j];

            sum[j] += d * d;
        }
}

VECTORIZED static void cost_tile_magnitudes(double *restrict sum, const double *restrict x,
                                            const double *restrict yt, size_t stride, size_t depth,
                                            size_t width)
{
    for (size_t k = 0; k < depth; k++)
        for (size_t j = 0; j < width; j++)
            sum[j] += fabs(x[k] - yt[k * stride + j]);
}

VECTORIZED static void cost_add(double *restrict y, const double *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += x[i];
}

static void sum_tiles(const struct mat *x, const struct mat *yt, tile_fn *tile, struct mat *cost)
{
    double sum[WIDTH];

    for (size_t j = 0; j < yt->cols; j += WIDTH)
        for (size_t k = 0; k < yt->rows; k += DEPTH) {
            const size_t width = yt->cols - j < WIDTH ? yt->cols - j : WIDTH;
            const size_t depth = yt->rows - k < DEPTH ? yt->rows - k : DEPTH;

            for (size_t i = 0; i < x->rows; i++) {
                for (size_t w = 0; w < width; w++)
                    sum[w] = 0;
                tile(sum, &x->a[i * x->cols + k], &yt->a[k * yt->cols + j], yt->cols, depth, width);
                cost_add(&cost->a[i * cost->cols + j], sum, width);
            }
        }
}

static double largest_difference(const double *x, const double *y, size_t d)
{
    double most = 0;

    for (size_t k = 0; k < d; k++)
        most = fabs(x[k] - y[k]) > most ? fabs(x[k] - y[k]) : most;
    return most;
}

/* The p-norm of x - y as most (sum (|x_k - y_k| / most)^p)^(1/p); p infinite gives `most`. */
static double norm_of_difference(const double *x, const double *y, size_t d, double p)
{
    const double most = largest_difference(x, y, d);
    struct vec_adder sum = {0};

    if (most == 0 || isinf(p) || isinf(most))
        return most;
    for (size_t k = 0; k < d; k++) {
        const double part = fabs(x[k] - y[k]) / most;

        vec_adder_add(&sum, p == 2 ? part * part : pow(part, p));
    }
    return most * (p == 2 ? sqrt(vec_adder_total(&sum)) : pow(vec_adder_total(&sum), 1 / p));
}

static enum status check_points(const struct mat *x, const char *name)
{
    const struct vec flat = mat_flat(x);
    const size_t at = vec_first_not_finite(&flat);

    if (at < flat.n)
        return status_set(STATUS_DIVERGED, "point %zu of %s: coordinate %zu is %g", at / x->cols,
                          name, at % x->cols, flat.x[at]);
    return STATUS_OK;
}

static enum status check_pair(const struct mat *x, const struct mat *y)
{
    if (x->rows == 0 || y->rows == 0 || x->cols == 0)
        return status_set(STATUS_USAGE, "no cost between %zu and %zu points of dimension %zu",
                          x->rows, y->rows, x->cols);
    if (x->cols != y->cols)
        return status_set(STATUS_USAGE, "no cost between points of dimensions %zu and %zu", x->cols,
                          y->cols);
    TRY(check_points(x, "the first set"));
    return check_points(y, "the second set");
}

static enum status check_result(const struct mat *cost)
{
    const struct vec flat = mat_flat(cost);
    const double most = vec_max(&flat);

    if (!(most <= COST_LIMIT))
        return status_set(STATUS_DIVERGED, "points are too far apart: a cost of %g", most);
    return STATUS_OK;
}

enum status cost_squared(struct arena *mem, const struct mat *x, const struct mat *y,
                         struct mat *cost)
{
    TRY(check_pair(x, y));

    struct mat made = mat_zero(mem, x->rows, y->rows);
    const struct mat yt = mat_transpose(mem, y);

    sum_tiles(x, &yt, cost_tile_squares, &made);
    TRY(check_result(&made));
    *cost = made;
    return STATUS_OK;
}

enum status cost_norm(struct arena *mem, const struct mat *x, const struct mat *y, double p,
                      struct mat *cost)
{
    if (!(p >= 1))
        return status_set(STATUS_USAGE, "the norm needs p >= 1, not %g", p);
    TRY(check_pair(x, y));

    struct mat made = mat_zero(mem, x->rows, y->rows);

    if (p == 1) {
        const struct mat yt = mat_transpose(mem, y);

        sum_tiles(x, &yt, cost_tile_magnitudes, &made);
    } else {
        for (size_t i = 0; i < x->rows; i++)
            for (size_t j = 0; j < y->rows; j++)
                made.a[i * y->rows + j] = norm_of_difference(&x->a[i * x->cols],
                                                             &y->a[j * y->cols], x->cols, p);
    }
    TRY(check_result(&made));
    *cost = made;
    return STATUS_OK;
}

static int acceptable(double c)
{
    return fabs(c) <= COST_LIMIT || c == (double)INFINITY;
}

VECTORIZED static size_t cost_count_bad(const double *c, size_t n)
{
    size_t bad = 0;

    for (size_t i = 0; i < n; i++)
        bad += !((c[i] >= -COST_LIMIT) & ((c[i] <= COST_LIMIT) | (c[i] == (double)INFINITY)));
    return bad;
}

enum status cost_check(const struct mat *cost)
{
    const size_t n = cost->rows * cost->cols;
    size_t i = 0;

    if (n == 0)
        return status_set(STATUS_USAGE, "an empty cost matrix: %zu x %zu", cost->rows, cost->cols);
    if (cost_count_bad(cost->a, n) == 0)
        return STATUS_OK;
    while (acceptable(cost->a[i]))
        i++;
    return status_set(STATUS_DIVERGED, "cost (%zu, %zu) is %g", i / cost->cols, i % cost->cols,
                      cost->a[i]);
}
