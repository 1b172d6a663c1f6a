/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernel/kernel.h"

#include <math.h>

#include "aborts.h"
#include "test.h"

static const struct kernel kernels[] = {
    {KERNEL_GAUSSIAN, 0.7, 0},
    {KERNEL_GAUSSIAN, 30, 0},
    {KERNEL_RATIONAL_QUADRATIC, 0.7, 1.5},
    {KERNEL_RATIONAL_QUADRATIC, 4, 0.5},
};
enum { KERNELS = sizeof kernels / sizeof kernels[0] };

static double value(const struct kernel *k, const double *y, const double *x, size_t d)
{
    double r2 = 0;

    for (size_t i = 0; i < d; i++)
        r2 += (y[i] - x[i]) * (y[i] - x[i]);
    return kernel_value(k, r2);
}

static void values_are_the_formulas(void **state)
{
    (void)state;
    CHECK_RELATIVE(kernel_value(&(struct kernel){KERNEL_GAUSSIAN, 2, 0}, 4), exp(-1), 1e-15);
    CHECK_RELATIVE(kernel_value(&(struct kernel){KERNEL_RATIONAL_QUADRATIC, 2, 3}, 6),
                   pow(1.5, -3), 1e-15);
    CHECK_RELATIVE(kernel_value(&(struct kernel){KERNEL_RATIONAL_QUADRATIC, 2, 1e8}, 4), exp(-1),
                   1e-7);
    for (size_t k = 0; k < KERNELS; k++)
        CHECK_NEAR(kernel_value(&kernels[k], 0), 1, 0);
}

static void radial_derivatives_are_central_differences(void **state)
{
    const double h = 1e-4, r2 = 1.3;

    (void)state;
    for (size_t k = 0; k < KERNELS; k++) {
        double first, second, low, middle, high;

        kernel_derivatives(&kernels[k], r2, &first, &second);
        low = kernel_value(&kernels[k], r2 - h);
        middle = kernel_value(&kernels[k], r2);
        high = kernel_value(&kernels[k], r2 + h);
        CHECK_RELATIVE((high - low) / (2 * h), first, 1e-7);
        CHECK_RELATIVE((high - 2 * middle + low) / (h * h), second, 2e-4);
    }
}

/* d^2 k / (d y_i d x_j) by four values, for each m, n and j. */
static void mixed_derivatives_are_central_differences(void **state)
{
    enum { M = 3, N = 4, D = 3 };
    struct arena mem = {0};
    struct rng r = rng_stream(1, "points");
    struct mat y = mat_normal(&mem, &r, M, D, 1), x = mat_normal(&mem, &r, N, D, 1);
    struct mat c = mat_zero(&mem, M, N * D);
    const size_t coordinate[M] = {2, 0, 2};
    const double h = 1e-4;

    (void)state;
    for (size_t k = 0; k < KERNELS; k++) {
        kernel_mixed(&c, &kernels[k], &y, coordinate, &x, 0.5);
        for (size_t m = 0; m < M; m++)
            for (size_t n = 0; n < N; n++)
                for (size_t j = 0; j < D; j++) {
                    double *yi = y.a + m * D + coordinate[m], *xj = x.a + n * D + j, sum = 0;
                    const double y0 = *yi, x0 = *xj;

                    for (int s = 0; s < 4; s++) {
                        *yi = y0 + (s & 1 ? h : -h);
                        *xj = x0 + (s & 2 ? h : -h);
                        sum += (s == 0 || s == 3 ? 1 : -1) *
                               value(&kernels[k], y.a + m * D, x.a + n * D, D);
                    }
                    *yi = y0;
                    *xj = x0;
                    CHECK_NEAR(c.a[m * N * D + n * D + j], 0.5 * sum / (4 * h * h), 1e-6);
                }
    }
    arena_free(&mem);
}

static void slopes_are_means_of_central_differences(void **state)
{
    enum { M = 3, N = 5, D = 2 };
    struct arena mem = {0};
    struct rng r = rng_stream(2, "points");
    struct mat y = mat_normal(&mem, &r, M, D, 1), x = mat_normal(&mem, &r, N, D, 1);
    struct vec slope = vec_zero(&mem, M);
    const size_t coordinate[M] = {1, 0, 1};
    const double h = 1e-5;

    (void)state;
    for (size_t k = 0; k < KERNELS; k++) {
        kernel_mean_slope(&slope, &kernels[k], &y, coordinate, &x);
        for (size_t m = 0; m < M; m++) {
            double *yi = y.a + m * D + coordinate[m], sum = 0;
            const double y0 = *yi;

            for (size_t n = 0; n < N; n++) {
                *yi = y0 + h;
                sum += value(&kernels[k], y.a + m * D, x.a + n * D, D);
                *yi = y0 - h;
                sum -= value(&kernels[k], y.a + m * D, x.a + n * D, D);
            }
            *yi = y0;
            CHECK_NEAR(slope.x[m], sum / (2 * h * N), 1e-9);
        }
    }
    arena_free(&mem);
}

/* The Gram matrix is kernel_mixed at the points themselves, in the columns of their coordinates. */
static void gram_is_the_mixed_derivative_among_the_points(void **state)
{
    enum { M = 6, D = 3 };
    struct arena mem = {0};
    struct rng r = rng_stream(3, "points");
    struct mat y = mat_normal(&mem, &r, M, D, 1);
    struct mat c = mat_zero(&mem, M, M * D), gram = mat_zero(&mem, M, M);
    const size_t coordinate[M] = {2, 0, 1, 1, 0, 2};

    (void)state;
    for (size_t k = 0; k < KERNELS; k++) {
        kernel_mixed(&c, &kernels[k], &y, coordinate, &y, 1);
        kernel_mixed_gram(&gram, &kernels[k], &y, coordinate);
        for (size_t m = 0; m < M; m++)
            for (size_t l = 0; l < M; l++) {
                CHECK_NEAR(gram.a[m * M + l], c.a[m * M * D + l * D + coordinate[l]], 1e-15);
                CHECK_NEAR(gram.a[m * M + l], gram.a[l * M + m], 0);
            }
        CHECK_RELATIVE(gram.a[0], 1 / kernels[k].s2, 1e-15);
    }
    arena_free(&mem);
}

static void mean_squared_distance_counts_every_pair(void **state)
{
    const double a[] = {0, 0, 3, 4}, b[] = {0, 0, 0, 0, 3, 0};
    const struct mat y = mat_over(a, 2, 2), x = mat_over(b, 3, 2);

    (void)state;
    CHECK_RELATIVE(kernel_mean_squared_distance(&y, &x), (0 + 0 + 9 + 25 + 25 + 16) / 6.0, 1e-15);
    CHECK_NEAR(kernel_mean_squared_distance(&x, &y), kernel_mean_squared_distance(&y, &x), 1e-15);
}

/* Samples may coincide or have left the finite numbers: a status, not an abort. */
static void samples_without_a_scale_have_no_bandwidth(void **state)
{
    const double a[] = {0, 0, 3, 4}, b[] = {0, 0, 0, 0, 3, 0}, one[] = {7, 7, 7, 7};
    const struct mat y = mat_over(a, 2, 2), x = mat_over(b, 3, 2), equal = mat_over(one, 2, 2);
    const struct mat single = mat_over(one, 1, 2);
    double s2 = -1, bad[] = {0, 0, 1, (double)NAN};
    struct mat x_bad = mat_over(bad, 2, 2);

    (void)state;
    CHECK_STATUS(kernel_bandwidth(&s2, 2, &y, &x), STATUS_OK);
    CHECK_RELATIVE(s2, 2 * kernel_mean_squared_distance(&y, &x), 1e-15);
    CHECK_STATUS(kernel_bandwidth(&s2, 2, &equal, &equal), STATUS_NOT_DEFINITE);
    CHECK_STATUS(kernel_bandwidth(&s2, 2, &single, &single), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("mean squared distance of 1 and 1 points is 0");
    assert_true(s2 == 0);
    CHECK_STATUS(kernel_bandwidth(&s2, 2, &y, &x_bad), STATUS_DIVERGED);
    CHECK_MESSAGE("nan");
    bad[3] = (double)INFINITY;
    CHECK_STATUS(kernel_bandwidth(&s2, 2, &y, &x_bad), STATUS_DIVERGED);
    CHECK_ABORTS((void)!kernel_bandwidth(&s2, 0, &y, &x));
}

/* The narrowest kernel that is accepted has finite second derivatives. */
static void accepted_bandwidths_have_derivatives(void **state)
{
    (void)state;
    for (int exponent = -170; exponent <= 150; exponent++) {
        double near[] = {0, pow(10, exponent)}, s2, first, second;
        const struct mat x = mat_over(near, 2, 1);
        const enum status status = kernel_bandwidth(&s2, 1, &x, &x);

        CHECK_STATUS(status, exponent < -76 ? STATUS_NOT_DEFINITE : STATUS_OK);
        for (size_t k = 0; status == STATUS_OK && k < KERNELS; k++) {
            struct kernel kernel = kernels[k];

            kernel.s2 = s2;
            kernel_derivatives(&kernel, 0, &first, &second);
            CHECK_TRUE(isfinite(first) && isfinite(second));
        }
    }
}

static void wrong_shapes_and_bandwidths_abort(void **state)
{
    struct arena mem = {0};
    struct mat y = mat_zero(&mem, 2, 2), x = mat_zero(&mem, 3, 2), flat = mat_zero(&mem, 3, 1);
    struct mat c = mat_zero(&mem, 2, 6), gram = mat_zero(&mem, 2, 2), small = mat_zero(&mem, 2, 5);
    struct vec slope = vec_zero(&mem, 2), longer = vec_zero(&mem, 3);
    const size_t good[2] = {0, 1}, bad[2] = {0, 2};
    const struct kernel none = {KERNEL_GAUSSIAN, 0, 0};
    const struct kernel no_alpha = {KERNEL_RATIONAL_QUADRATIC, 1, 0};

    (void)state;
    CHECK_ABORTS(kernel_mixed(&c, &kernels[0], &y, bad, &x, 1));
    CHECK_ABORTS(kernel_mixed(&small, &kernels[0], &y, good, &x, 1));
    CHECK_ABORTS(kernel_mixed(&c, &none, &y, good, &x, 1));
    CHECK_ABORTS(kernel_mixed(&c, &no_alpha, &y, good, &x, 1));
    CHECK_ABORTS(kernel_mixed_gram(&c, &kernels[0], &y, good));
    CHECK_ABORTS(kernel_mixed_gram(&gram, &kernels[0], &y, bad));
    CHECK_ABORTS(kernel_mean_slope(&longer, &kernels[0], &y, good, &x));
    CHECK_ABORTS(kernel_mean_slope(&slope, &kernels[0], &y, good, &flat));
    CHECK_ABORTS((void)kernel_mean_squared_distance(&y, &flat));
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_the_formulas),
        cmocka_unit_test(radial_derivatives_are_central_differences),
        cmocka_unit_test(mixed_derivatives_are_central_differences),
        cmocka_unit_test(slopes_are_means_of_central_differences),
        cmocka_unit_test(gram_is_the_mixed_derivative_among_the_points),
        cmocka_unit_test(mean_squared_distance_counts_every_pair),
        cmocka_unit_test(samples_without_a_scale_have_no_bandwidth),
        cmocka_unit_test(accepted_bandwidths_have_derivatives),
        cmocka_unit_test(wrong_shapes_and_bandwidths_abort),
    };

    return cmocka_run_group_tests_name("kernel", tests, NULL, NULL);
}
