/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/gaussian_families.h"

#include <math.h>

#include "base/check.h"

size_t gaussian_families_parameters(enum gaussian_family family, size_t d)
{
    return family == GAUSSIAN_SPHERE ? d + 1 : 2 * d;
}

/* d from q. */
static size_t dimension(enum gaussian_family family, size_t q)
{
    CHECK(q >= 2 && (family == GAUSSIAN_SPHERE || q % 2 == 0), "%zu parameters", q);
    return family == GAUSSIAN_SPHERE ? q - 1 : q / 2;
}

static double scale_of(enum gaussian_family family, double parameter)
{
    if (family == GAUSSIAN_NORMAL_VAR)
        return sqrt(parameter);
    return family == GAUSSIAN_NORMAL_LOG ? exp(parameter) : parameter;
}

/* d s / d parameter. */
static double scale_slope(enum gaussian_family family, double s)
{
    if (family == GAUSSIAN_NORMAL_VAR)
        return 1 / (2 * s);
    return family == GAUSSIAN_NORMAL_LOG ? s : 1;
}

enum status gaussian_families_check(enum gaussian_family family, const struct vec *theta)
{
    const size_t d = dimension(family, theta->n), bad = vec_first_not_finite(theta);

    if (bad < theta->n)
        return status_set(STATUS_DIVERGED, "parameter %zu is %g", bad, theta->x[bad]);
    for (size_t i = d; i < theta->n; i++) {
        const double s = theta->x[i] <= 0 && family != GAUSSIAN_NORMAL_LOG
                             ? 0 : scale_of(family, theta->x[i]);

        if (!(s > 0 && isfinite(s)))
            return status_set(STATUS_DIVERGED, "scale %zu is %g; expected a positive finite scale",
                              i - d, theta->x[i]);
    }
    return STATUS_OK;
}

/* One sample; row j of jacobian is d x_j / d theta (q). */
static void sample_sphere(double *x, double *jacobian, const struct vec *theta, const double *z)
{
    const size_t q = theta->n, d = q - 1;
    const struct vec direction = vec_over(z, d);
    const double length = vec_norm(&direction);

    for (size_t j = 0; j < d; j++) {
        x[j] = theta->x[j] + theta->x[d] * z[j] / length;
        if (jacobian != NULL) {
            jacobian[j * q + j] = 1;
            jacobian[j * q + d] = z[j] / length;
        }
    }
}

static void sample_product(double *x, double *jacobian, enum gaussian_family family,
                           const struct vec *theta, const double *z)
{
    const size_t q = theta->n, d = q / 2;

    for (size_t j = 0; j < d; j++) {
        const double s = scale_of(family, theta->x[d + j]), inner = theta->x[j] + s * z[j];
        const double outer = family == GAUSSIAN_LOG_NORMAL ? exp(inner) : 1;

        x[j] = family == GAUSSIAN_LOG_NORMAL ? outer : inner;
        if (jacobian != NULL) {
            jacobian[j * q + j] = outer;
            jacobian[j * q + d + j] = outer * z[j] * scale_slope(family, s);
        }
    }
}

void gaussian_families_sample(struct mat *x, struct mat *jacobian, enum gaussian_family family,
                              const struct vec *theta, const struct mat *z)
{
    const size_t q = theta->n, d = dimension(family, q);

    CHECK(x->rows == z->rows && x->cols == d && z->cols == d, "x is %zu x %zu, z %zu x %zu, d %zu",
          x->rows, x->cols, z->rows, z->cols, d);
    if (jacobian != NULL) {
        struct vec all = mat_flat(jacobian);

        CHECK(jacobian->rows == z->rows * d && jacobian->cols == q, "the Jacobian is %zu x %zu",
              jacobian->rows, jacobian->cols);
        vec_fill(&all, 0);
    }
    for (size_t n = 0; n < z->rows; n++) {
        double *rows = jacobian != NULL ? jacobian->a + n * d * q : NULL;

        if (family == GAUSSIAN_SPHERE)
            sample_sphere(x->a + n * d, rows, theta, z->a + n * d);
        else
            sample_product(x->a + n * d, rows, family, theta, z->a + n * d);
    }
}

/* The 2 x 2 block of the metric for location i and its scale: factor (location, cross; cross,
 * scale) with determinant factor^2 `determinant`, which is not computed by a difference. */
struct block {
    double factor, location, cross, scale, determinant;
};

static struct block metric_block(enum gaussian_family family, const struct vec *theta, size_t i,
                                 enum gaussian_metric metric)
{
    const size_t d = dimension(family, theta->n);
    const double parameter = theta->x[family == GAUSSIAN_SPHERE ? d : d + i];
    const double s = scale_of(family, parameter), slope = scale_slope(family, s);

    if (metric == GAUSSIAN_EUCLIDEAN || family == GAUSSIAN_SPHERE)
        return (struct block){1, 1, 0, 1, 1};
    if (metric == GAUSSIAN_FISHER)
        return (struct block){1 / (s * s), 1, 0, 2 * slope * slope, 2 * slope * slope};
    if (family == GAUSSIAN_LOG_NORMAL)
        return (struct block){exp(2 * theta->x[i] + 2 * s * s), 1, 2 * s, 1 + 4 * s * s, 1};
    return (struct block){1, 1, 0, slope * slope, slope * slope};
}

static enum status check_metric(enum gaussian_family family, const struct vec *theta, size_t n,
                                enum gaussian_metric metric)
{
    CHECK(n == theta->n, "%zu numbers for %zu parameters", n, theta->n);
    TRY(gaussian_families_check(family, theta));
    if (family == GAUSSIAN_SPHERE && metric == GAUSSIAN_FISHER)
        return status_set(STATUS_USAGE, "a uniform sphere has no density, so no Fisher metric");
    return STATUS_OK;
}

static enum status check_result(int not_finite)
{
    if (not_finite)
        return status_set(STATUS_DIVERGED, "not finite: the gradient, or its metric in double");
    return STATUS_OK;
}

enum status gaussian_families_natural(struct vec *v, enum gaussian_family family,
                                      const struct vec *theta, const struct vec *gradient,
                                      enum gaussian_metric metric)
{
    const size_t d = dimension(family, theta->n);

    CHECK(v->n == theta->n, "%zu numbers for %zu parameters", v->n, theta->n);
    TRY(check_metric(family, theta, gradient->n, metric));
    if (family == GAUSSIAN_SPHERE) {
        vec_set(v, gradient);
        return check_result(vec_first_not_finite(v) < v->n);
    }
    for (size_t i = 0; i < d; i++) {
        const struct block g = metric_block(family, theta, i, metric);
        const double a = gradient->x[i], b = gradient->x[d + i];

        v->x[i] = (g.scale * a - g.cross * b) / g.determinant / g.factor;
        v->x[d + i] = (g.location * b - g.cross * a) / g.determinant / g.factor;
    }
    return check_result(vec_first_not_finite(v) < v->n);
}

enum status gaussian_families_norm(double *squared, enum gaussian_family family,
                                   const struct vec *theta, const struct vec *u,
                                   enum gaussian_metric metric)
{
    const size_t d = dimension(family, theta->n);

    TRY(check_metric(family, theta, u->n, metric));
    if (family == GAUSSIAN_SPHERE) {
        *squared = vec_dot(u, u);
        return check_result(!isfinite(*squared));
    }
    *squared = 0;
    for (size_t i = 0; i < d; i++) {
        const struct block g = metric_block(family, theta, i, metric);
        const double a = u->x[i], b = u->x[d + i];

        *squared += g.factor * (g.location * a * a + 2 * g.cross * a * b + g.scale * b * b);
    }
    return check_result(!isfinite(*squared));
}

static void check_normal(enum gaussian_family family)
{
    CHECK(family <= GAUSSIAN_NORMAL_LOG, "family %d is no diagonal normal", (int)family);
}

void gaussian_families_convert(struct vec *to, enum gaussian_family to_family,
                               const struct vec *from, enum gaussian_family from_family)
{
    const size_t d = dimension(from_family, from->n);

    check_normal(to_family);
    check_normal(from_family);
    vec_set(to, from);
    for (size_t i = d; i < 2 * d && to_family != from_family; i++) {
        const double s = scale_of(from_family, from->x[i]);

        to->x[i] = to_family == GAUSSIAN_NORMAL_VAR   ? s * s
                   : to_family == GAUSSIAN_NORMAL_LOG ? log(s)
                                                      : s;
    }
}

double gaussian_families_distance(struct vec *gradient, enum gaussian_family family,
                                  const struct vec *theta, const struct vec *target)
{
    const size_t d = dimension(family, theta->n);
    double sum = 0;

    check_normal(family);
    CHECK(target->n == theta->n, "%zu parameters against %zu", theta->n, target->n);
    for (size_t i = 0; i < d; i++) {
        const double s = scale_of(family, theta->x[d + i]);
        const double move = theta->x[i] - target->x[i];
        const double grow = s - scale_of(family, target->x[d + i]);

        sum += move * move + grow * grow;
        if (gradient != NULL) {
            gradient->x[i] = 2 * move;
            gradient->x[d + i] = 2 * grow * scale_slope(family, s);
        }
    }
    return sum;
}
