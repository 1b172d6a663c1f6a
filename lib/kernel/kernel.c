/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernel/kernel.h"

#include <float.h>
#include <math.h>

#include "base/check.h"

double kernel_derivatives(const struct kernel *k, double r2, double *first, double *second)
{
    if (k->family == KERNEL_GAUSSIAN) {
        const double value = exp(-r2 / (2 * k->s2));

        *first = -value / (2 * k->s2);
        *second = value / (4 * k->s2 * k->s2);
        return value;
    }
    const double base = 1 + r2 / (2 * k->alpha * k->s2), value = pow(base, -k->alpha);

    *first = -value / (base * 2 * k->s2);
    *second = (k->alpha + 1) / k->alpha * value / (base * base * 4 * k->s2 * k->s2);
    return value;
}

double kernel_value(const struct kernel *k, double r2)
{
    double first, second;

    return kernel_derivatives(k, r2, &first, &second);
}

static double squared_distance(const double *y, const double *x, size_t d)
{
    double sum = 0;

    for (size_t i = 0; i < d; i++)
        sum += (y[i] - x[i]) * (y[i] - x[i]);
    return sum;
}

double kernel_mean_squared_distance(const struct mat *y, const struct mat *x)
{
    struct vec_adder sum = {0};

    CHECK(y->cols == x->cols, "points in %zu and in %zu dimensions", y->cols, x->cols);
    CHECK(y->rows > 0 && x->rows > 0, "a mean over %zu x %zu pairs", y->rows, x->rows);
    for (size_t m = 0; m < y->rows; m++)
        for (size_t n = 0; n < x->rows; n++)
            vec_adder_add(&sum, squared_distance(y->a + m * y->cols, x->a + n * x->cols, x->cols));
    return vec_adder_total(&sum) / ((double)y->rows * (double)x->rows);
}

enum status kernel_bandwidth(double *s2, double factor, const struct mat *y, const struct mat *x)
{
    CHECK(factor > 0, "a bandwidth of %g mean squared distances", factor);
    *s2 = factor * kernel_mean_squared_distance(y, x);
    if (!isfinite(*s2))
        return status_set(STATUS_DIVERGED, "kernel: the mean squared distance of %zu and %zu "
                          "points is %g", y->rows, x->rows, *s2 / factor);
    if (!(*s2 * *s2 >= DBL_MIN))
        return status_set(STATUS_NOT_DEFINITE, "kernel: the mean squared distance of %zu and %zu "
                          "points is %g: there is no kernel of that width", y->rows, x->rows,
                          *s2 / factor);
    return STATUS_OK;
}

static void check_kernel(const struct kernel *k, const struct mat *y, const size_t *coordinate)
{
    CHECK(k->s2 > 0, "a bandwidth s2 of %g", k->s2);
    CHECK(k->family == KERNEL_GAUSSIAN || k->alpha > 0, "alpha is %g", k->alpha);
    for (size_t m = 0; m < y->rows; m++)
        CHECK(coordinate[m] < y->cols, "coordinate %zu of %zu", coordinate[m], y->cols);
}

/* out_j = scale d^2 k(y, x) / (d y_c d x_j), j < d. */
static void mixed_row(double *out, const struct kernel *k, const double *y, size_t c,
                      const double *x, size_t d, double scale)
{
    double first, second;

    kernel_derivatives(k, squared_distance(y, x, d), &first, &second);
    for (size_t j = 0; j < d; j++)
        out[j] = -4 * scale * second * (y[c] - x[c]) * (y[j] - x[j]);
    out[c] -= 2 * scale * first;
}

void kernel_mixed(struct mat *out, const struct kernel *k, const struct mat *y,
                  const size_t *coordinate, const struct mat *x, double scale)
{
    const size_t d = x->cols;

    check_kernel(k, y, coordinate);
    CHECK(y->cols == d, "points in %zu and in %zu dimensions", y->cols, d);
    CHECK(out->rows == y->rows && out->cols == x->rows * d, "%zu x %zu for %zu and %zu x %zu",
          out->rows, out->cols, y->rows, x->rows, d);
    for (size_t m = 0; m < y->rows; m++)
        for (size_t n = 0; n < x->rows; n++)
            mixed_row(out->a + m * out->cols + n * d, k, y->a + m * d, coordinate[m],
                      x->a + n * d, d, scale);
}

void kernel_mixed_gram(struct mat *out, const struct kernel *k, const struct mat *y,
                       const size_t *coordinate)
{
    const size_t d = y->cols;

    check_kernel(k, y, coordinate);
    CHECK(out->rows == y->rows && out->cols == y->rows, "%zu x %zu for %zu points", out->rows,
          out->cols, y->rows);
    for (size_t m = 0; m < y->rows; m++) {
        for (size_t l = 0; l <= m; l++) {
            const double *a = y->a + m * d, *b = y->a + l * d;
            const size_t i = coordinate[m], j = coordinate[l];
            double first, second, value;

            kernel_derivatives(k, squared_distance(a, b, d), &first, &second);
            value = (i == j ? -2 * first : 0) - 4 * second * (a[i] - b[i]) * (a[j] - b[j]);
            out->a[m * out->cols + l] = out->a[l * out->cols + m] = value;
        }
    }
}

void kernel_mean_slope(struct vec *out, const struct kernel *k, const struct mat *y,
                       const size_t *coordinate, const struct mat *x)
{
    const size_t d = x->cols;

    check_kernel(k, y, coordinate);
    CHECK(y->cols == d && out->n == y->rows && x->rows > 0, "%zu slopes of %zu points in %zu "
          "dimensions at %zu in %zu", out->n, y->rows, y->cols, x->rows, d);
    for (size_t m = 0; m < y->rows; m++) {
        const double *a = y->a + m * d;
        double sum = 0, first, second;

        for (size_t n = 0; n < x->rows; n++) {
            const double *b = x->a + n * d;

            kernel_derivatives(k, squared_distance(a, b, d), &first, &second);
            sum += 2 * first * (a[coordinate[m]] - b[coordinate[m]]);
        }
        out->x[m] = sum / (double)x->rows;
    }
}
