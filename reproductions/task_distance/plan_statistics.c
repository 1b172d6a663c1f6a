/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/plan_statistics.h"

#include <math.h>

double plan_statistics_overlap(const double *g, const double *h, size_t blocks, size_t b)
{
    double sum = 0;

    for (size_t k = 0; k < blocks * b * b; k++)
        sum += g[k] < h[k] ? g[k] : h[k];
    return sum / (double)blocks;
}

double plan_statistics_cost(const double *g, const double *cost, size_t blocks, size_t b)
{
    double sum = 0;

    for (size_t k = 0; k < blocks * b * b; k++)
        sum += g[k] * cost[k];
    return sum / (double)blocks;
}

static double squared(const float *x, const float *y, size_t dim)
{
    double sum = 0;

    for (size_t k = 0; k < dim; k++)
        sum += ((double)x[k] - (double)y[k]) * ((double)x[k] - (double)y[k]);
    return sum;
}

double plan_statistics_apart(const double *g, const float *x, const float *y, size_t dim,
                             size_t blocks, size_t b)
{
    const size_t n = blocks * b;
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = i / b * b; j < i / b * b + b; j++) {
            const double mass = g != NULL ? g[i * b + j % b] : 1 / (double)(b * b);

            if (mass > 0)
                sum += mass * squared(x + i * dim, y + j * dim, dim);
        }
    return sqrt(sum / (double)(blocks * dim));
}

size_t plan_statistics_partner(const double *g, size_t b, size_t i, double *share)
{
    const double *row = g + i * b;
    size_t best = 0;

    for (size_t j = 1; j < b; j++)
        best = row[j] > row[best] ? j : best;
    *share = row[best] * (double)b;
    return i / b * b + best;
}
