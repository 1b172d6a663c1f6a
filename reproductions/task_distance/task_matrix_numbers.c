/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task_matrix_numbers: one number of a matrix. */
#include <math.h>

#include "task_distance/task_matrix.h"

static double entry(const struct mat *d, size_t i, size_t j)
{
    return d->a[i * d->cols + j];
}

double task_matrix_asymmetry(const struct mat *d)
{
    double most = 0;

    for (size_t i = 0; i < d->rows; i++)
        for (size_t j = 0; j < d->rows; j++)
            if (i != j)
                most = fmax(most, entry(d, i, j) / entry(d, j, i));
    return most;
}

double task_matrix_spread(const struct mat *d)
{
    double most = 0, least = (double)INFINITY;

    for (size_t i = 0; i < d->rows; i++)
        for (size_t j = 0; j < d->rows; j++)
            if (i != j) {
                most = fmax(most, entry(d, i, j));
                least = fmin(least, entry(d, i, j));
            }
    return most / least;
}

double task_matrix_mean_ratio(const struct mat *a, const struct mat *b)
{
    double sum = 0;

    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->rows; j++)
            if (i != j)
                sum += log(entry(a, i, j) / entry(b, i, j));
    return exp(sum / (double)(a->rows * (a->rows - 1)));
}

/* Over sources, of one target. */
static double column_mean(const struct mat *a, size_t j)
{
    double sum = 0;

    for (size_t i = 0; i < a->rows; i++)
        sum += i != j ? entry(a, i, j) : 0;
    return sum / (double)(a->rows - 1);
}

double task_matrix_mean(const struct mat *a)
{
    double sum = 0;

    for (size_t j = 0; j < a->rows; j++)
        sum += column_mean(a, j);
    return sum / (double)a->rows;
}

double task_matrix_apart(const struct mat *a)
{
    double most = column_mean(a, 0), least = most;

    for (size_t j = 1; j < a->rows; j++) {
        most = fmax(most, column_mean(a, j));
        least = fmin(least, column_mean(a, j));
    }
    return most - least;
}

double task_matrix_noise(const struct mat *a, const struct mat *b)
{
    double squares = 0;

    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->rows; j++)
            if (i != j) {
                const double apart = log(entry(a, i, j) / entry(b, i, j));

                squares += apart * apart / 2;
            }
    return sqrt(squares / (double)(a->rows * (a->rows - 1)));
}

double task_matrix_asymmetry_of_noise(const struct mat *a, const struct mat *b)
{
    double most = 0;

    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = i + 1; j < a->rows; j++) {
            const double ratio = entry(a, i, j) / entry(b, i, j);

            most = fmax(most, fmax(ratio, 1 / ratio));
        }
    return most;
}

double task_matrix_excess(const struct mat *d, size_t i, size_t j, int least)
{
    const double own = (entry(d, i, j) + entry(d, j, i)) / 2;
    double other = least ? (double)INFINITY : 0, sum = 0;

    for (size_t a = 0; a < d->rows; a++)
        for (size_t b = a + 1; b < d->rows; b++) {
            const double mean = (entry(d, a, b) + entry(d, b, a)) / 2;

            sum += mean;
            if ((a == i && b == j) || (a == j && b == i))
                continue;
            other = least ? fmin(other, mean) : fmax(other, mean);
        }
    return (own - other) / (2 * sum / (double)(d->rows * (d->rows - 1)));
}

double task_matrix_beyond(const struct mat *d, size_t i, size_t j)
{
    const double pairs = (double)(d->rows * (d->rows - 1)) / 2;
    const double own = (entry(d, i, j) + entry(d, j, i)) / 2;
    double sum = 0;

    for (size_t a = 0; a < d->rows; a++)
        for (size_t b = a + 1; b < d->rows; b++)
            sum += (entry(d, a, b) + entry(d, b, a)) / 2;
    return (own - (sum - own) / (pairs - 1)) / (sum / pairs);
}
