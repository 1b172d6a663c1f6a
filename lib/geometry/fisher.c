/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/fisher.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "linalg/vec.h"

#define SQRT_2 1.41421356237309504880

/* log sum_k exp f_k. NaN is not lost by the comparison: it comes back through the sum. */
static double log_sum(const float *f, size_t width)
{
    double most = (double)f[0], sum = 0;

    for (size_t k = 1; k < width; k++)
        most = (double)f[k] > most ? (double)f[k] : most;
    for (size_t k = 0; k < width; k++)
        sum += exp((double)f[k] - most);
    return most + log(sum);
}

void fisher_log_softmax(const float *logits, size_t rows, size_t width, double *log_p)
{
    CHECK(width >= 1, "%zu classes", width);
    for (size_t r = 0; r < rows; r++, logits += width, log_p += width) {
        const double total = log_sum(logits, width);

        for (size_t k = 0; k < width; k++)
            log_p[k] = (double)logits[k] - total;
    }
}

/* p log(p / q) + q - p = p (e^-d - 1 + d), d = log_p - log_q. The additional q - p have the sum 0
 * over the classes. Near d = 0 by the series d^2 / 2 (1 - d / 3 (1 - d / 4 ...)). */
static double kl_term(double log_p, double log_q)
{
    const double d = log_p - log_q, p = exp(log_p);
    double series = 1;

    if (log_p == -(double)INFINITY)
        return exp(log_q);
    if (!(fabs(d) < 0.25))
        return exp(log_q) - p + p * d;
    for (int n = 14; n >= 3; n--)
        series = 1 - d / n * series;
    return p * d * d / 2 * series;
}

double fisher_kl(const double *log_p, const double *log_q, size_t width)
{
    double sum = 0;

    for (size_t k = 0; k < width; k++)
        sum += kl_term(log_p[k], log_q[k]);
    return sum;
}

double fisher_kl_logits(const float *from, const float *to, size_t width)
{
    const double total_p = log_sum(from, width), total_q = log_sum(to, width);
    double sum = 0;

    for (size_t k = 0; k < width; k++)
        sum += kl_term((double)from[k] - total_p, (double)to[k] - total_q);
    return sum;
}

double fisher_rao_distance(const double *log_p, const double *log_q, size_t width)
{
    double squares = 0;

    for (size_t k = 0; k < width; k++) {
        const double high = log_p[k] > log_q[k] ? log_p[k] : log_q[k];
        const double low = log_p[k] > log_q[k] ? log_q[k] : log_p[k];
        const double gap = high == low ? 0 : exp(high / 2) * expm1((low - high) / 2);

        squares += gap * gap;
    }
    return 4 * asin(sqrt(squares) / 2);
}

/* ---- lengths ---- */

struct fisher_length fisher_length_create(struct arena *mem, size_t items)
{
    CHECK(items >= 1, "%zu items", items);
    return (struct fisher_length){.items = items,
                                  .roots = arena_get(mem, items, sizeof(double))};
}

void fisher_length_reset(struct fisher_length *l)
{
    memset(l->roots, 0, l->items * sizeof *l->roots);
    l->steps = 0;
    l->mean_kl = l->riemannian = 0;
}

void fisher_length_add(struct fisher_length *l, size_t first, size_t count, const double *weights,
                       const float *from, const float *to, size_t width)
{
    CHECK(count <= l->items && first <= l->items - count, "items %zu + %zu of %zu", first, count,
          l->items);
    for (size_t i = 0; i < count; i++) {
        const double kl = fisher_kl_logits(from + i * width, to + i * width, width);

        l->roots[first + i] += sqrt(kl);
        l->mean_kl += kl * (weights != NULL ? weights[i] : 1 / (double)l->items);
    }
}

void fisher_length_step(struct fisher_length *l)
{
    l->riemannian += sqrt(2 * l->mean_kl);
    l->mean_kl = 0;
    l->steps++;
}

double fisher_length_of(const struct fisher_length *l, size_t item)
{
    CHECK(item < l->items, "item %zu of %zu", item, l->items);
    return SQRT_2 * l->roots[item];
}

double fisher_length_riemannian(const struct fisher_length *l)
{
    return l->riemannian;
}

double fisher_length_mean(const struct fisher_length *l, const double *weights)
{
    const struct vec roots = vec_over(l->roots, l->items);

    if (weights == NULL)
        return SQRT_2 * vec_sum(&roots) / (double)l->items;
    const struct vec w = vec_over(weights, l->items);
    return SQRT_2 * vec_dot(&roots, &w);
}

double fisher_length_released(const struct fisher_length *l, const double *weights)
{
    CHECK(l->steps >= 1, "a statistic of %zu steps", l->steps);
    return fisher_length_mean(l, weights) / (SQRT_2 * (double)l->steps);
}
