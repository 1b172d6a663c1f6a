/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task_matrix_numbers: one number of a matrix. */
#include <math.h>

#include "base/check.h"
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

/* Least squares without the diagonal, in closed form: the round-robin design of D. A. Kenny,
 * Interpersonal Perception (1994), appendix B. y: logarithms of the off-diagonal entries. */
static void fit_levels(const struct mat *y, struct mat *residual)
{
    const size_t n = y->rows;
    const double most = (double)(n - 1), scale = most / (double)(n - 2);

    CHECK(n >= 3 && n <= TASK_MATRIX_MOST, "%zu tasks have no levels", n);
    double row[TASK_MATRIX_MOST] = {0}, column[TASK_MATRIX_MOST] = {0}, all = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (i != j) {
                row[i] += entry(y, i, j) / most;
                column[j] += entry(y, i, j) / most;
                all += entry(y, i, j) / (most * (double)n);
            }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            const double source = scale * ((most * row[i] + column[i]) / (double)n - all);
            const double target = scale * ((most * column[j] + row[j]) / (double)n - all);

            residual->a[i * n + j] = i != j ? entry(y, i, j) - all - source - target : 0;
        }
}

/* Of the logarithms: the sum of squares about the mean of all, or of each source. */
static double squares(const struct mat *y, int of_sources)
{
    const size_t n = y->rows;
    double sum = 0, all = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            all += i != j ? entry(y, i, j) / (double)(n * (n - 1)) : 0;
    for (size_t i = 0; i < n; i++) {
        double mean = of_sources ? 0 : all;

        for (size_t j = 0; j < n && of_sources; j++)
            mean += i != j ? entry(y, i, j) / (double)(n - 1) : 0;
        for (size_t j = 0; j < n; j++)
            if (i != j)
                sum += (entry(y, i, j) - mean) * (entry(y, i, j) - mean);
    }
    return sum;
}

struct task_matrix_levels task_matrix_levels(const struct mat *d, struct mat *residual)
{
    double logs[TASK_MATRIX_MOST * TASK_MATRIX_MOST] = {0}, left = 0;
    const struct mat y = {.rows = d->rows, .cols = d->rows, .a = logs};

    CHECK(d->rows <= TASK_MATRIX_MOST, "%zu tasks are too many", d->rows);
    for (size_t e = 0; e < d->rows * d->rows; e++)
        logs[e] = e / d->rows != e % d->rows ? log(d->a[e]) : 0;
    fit_levels(&y, residual);
    for (size_t e = 0; e < d->rows * d->rows; e++)
        left += residual->a[e] * residual->a[e];
    const double all = squares(&y, 0);
    return (struct task_matrix_levels){1 - squares(&y, 1) / all, 1 - left / all};
}

double task_matrix_along(const struct mat *d, const struct mat *known)
{
    double product = 0, norm = 0;

    for (size_t i = 0; i < d->rows; i++)
        for (size_t j = i + 1; j < d->rows; j++) {
            const double y = log(entry(known, i, j) / entry(known, j, i));

            product += y * log(entry(d, i, j) / entry(d, j, i));
            norm += y * y;
        }
    return product / norm;
}

double task_matrix_less_others(const struct mat *d, const size_t (*pair)[2], size_t n, size_t which)
{
    const double pairs = (double)(d->rows * (d->rows - 1));
    const double all = task_matrix_mean(d) * pairs, own = entry(d, pair[which][0], pair[which][1]);
    double others = all;

    for (size_t k = 0; k < n; k++)
        others -= entry(d, pair[k][0], pair[k][1]);
    return (own - others / (pairs - (double)n)) / (all / pairs);
}
