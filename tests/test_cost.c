/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Costs: naive loops, zeros and symmetry to the bit, digits of near points far from the origin. */
#include "test.h"

#include "base/memory.h"
#include "base/rng.h"
#include "transport/cost.h"

static const double inf = (double)INFINITY, nan_value = (double)NAN;

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static double naive_norm(const struct mat *x, size_t i, const struct mat *y, size_t j, double p)
{
    double sum = 0, most = 0;

    for (size_t k = 0; k < x->cols; k++) {
        const double d = fabs(x->a[i * x->cols + k] - y->a[j * y->cols + k]);

        sum += pow(d, p);
        most = fmax(most, d);
    }
    return isinf(p) ? most : pow(sum, 1 / p);
}

static void squared_and_norms_agree_with_naive_loops(void **state)
{
    const size_t shapes[][3] = {{1, 1, 1}, {3, 5, 2}, {2, 1030, 3}, {7, 9, 200}, {40, 6, 67}};
    const double powers[] = {1, 1.5, 2, 3, inf};
    struct rng r = rng_stream(1, "cost");

    (void)state;
    for (size_t s = 0; s < 5; s++) {
        const size_t n = shapes[s][0], m = shapes[s][1];
        const struct mat x = mat_normal(&mem, &r, n, shapes[s][2], 1);
        const struct mat y = mat_normal(&mem, &r, m, shapes[s][2], 1);
        struct mat c;

        CHECK_STATUS(cost_squared(&mem, &x, &y, &c), STATUS_OK);
        CHECK_TRUE(c.rows == n && c.cols == m);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < m; j++)
                CHECK_RELATIVE(c.a[i * m + j], pow(naive_norm(&x, i, &y, j, 2), 2), 1e-13);
        for (size_t p = 0; p < 5; p++) {
            CHECK_STATUS(cost_norm(&mem, &x, &y, powers[p], &c), STATUS_OK);
            for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < m; j++)
                    CHECK_RELATIVE(c.a[i * m + j], naive_norm(&x, i, &y, j, powers[p]), 1e-13);
        }
    }
}

/* Up to 64 coordinates: one block, summed in index order. */
static void one_block_is_a_plain_sum_to_the_bit(void **state)
{
    const size_t depths[] = {1, 3, 4, 5, 8, 63, 64};
    struct rng r = rng_stream(3, "cost");

    (void)state;
    for (size_t k = 0; k < 7; k++) {
        const size_t d = depths[k];
        const struct mat x = mat_normal(&mem, &r, 6, d, 1), y = mat_normal(&mem, &r, 7, d, 1);
        struct mat squares, magnitudes;

        CHECK_STATUS(cost_squared(&mem, &x, &y, &squares), STATUS_OK);
        CHECK_STATUS(cost_norm(&mem, &x, &y, 1, &magnitudes), STATUS_OK);
        for (size_t i = 0; i < 6; i++)
            for (size_t j = 0; j < 7; j++) {
                double square = 0, magnitude = 0;

                for (size_t l = 0; l < d; l++) {
                    const double difference = x.a[i * d + l] - y.a[j * d + l];

                    square += difference * difference;
                    magnitude += fabs(difference);
                }
                CHECK_TRUE(squares.a[i * 7 + j] == square);
                CHECK_TRUE(magnitudes.a[i * 7 + j] == magnitude);
            }
    }
}

static void a_set_with_itself_is_symmetric_with_zero_diagonal(void **state)
{
    const double powers[] = {0, 1, 2.5, 2, inf};
    struct rng r = rng_stream(2, "cost");
    const struct mat x = mat_normal(&mem, &r, 90, 70, 1e6);

    (void)state;
    for (size_t p = 0; p < 5; p++) {
        struct mat c;

        if (p == 0)
            CHECK_STATUS(cost_squared(&mem, &x, &x, &c), STATUS_OK);
        else
            CHECK_STATUS(cost_norm(&mem, &x, &x, powers[p], &c), STATUS_OK);
        for (size_t i = 0; i < 90; i++) {
            CHECK_TRUE(c.a[i * 90 + i] == 0);
            for (size_t j = 0; j < 90; j++)
                CHECK_TRUE(c.a[i * 90 + j] == c.a[j * 90 + i]);
        }
    }
}

static void near_points_far_away_keep_their_digits(void **state)
{
    const double a[] = {1e8, 1e8}, b[] = {1e8 + 0x1p-20, 1e8};
    const struct mat x = mat_over(a, 1, 2), y = mat_over(b, 1, 2);
    struct mat c;

    (void)state;
    CHECK_STATUS(cost_squared(&mem, &x, &y, &c), STATUS_OK);
    CHECK_TRUE(c.a[0] == 0x1p-40);
}

static void powers_neither_overflow_nor_underflow(void **state)
{
    const double a[] = {3e200, 0, 3e-200, 0}, b[] = {0, 4e200, 0, 4e-200};
    struct mat c;

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const struct mat x = mat_over(a + 2 * k, 1, 2), y = mat_over(b + 2 * k, 1, 2);

        CHECK_STATUS(cost_norm(&mem, &x, &y, 2, &c), STATUS_OK);
        CHECK_RELATIVE(c.a[0], k ? 5e-200 : 5e200, 1e-15);
        CHECK_STATUS(cost_norm(&mem, &x, &y, 3, &c), STATUS_OK);
        CHECK_RELATIVE(c.a[0], cbrt(91) * (k ? 1e-200 : 1e200), 1e-14);
    }
}

static void bad_points_are_refused_with_their_place(void **state)
{
    double a[] = {0, 1, 2, nan_value, 4, 5};
    const struct mat x = mat_over(a, 3, 2), y = mat_over(a, 1, 2), z = mat_over(a, 1, 1);
    const struct mat none = mat_over(a, 0, 2);
    struct mat c;

    (void)state;
    CHECK_STATUS(cost_squared(&mem, &x, &y, &c), STATUS_DIVERGED);
    CHECK_MESSAGE("point 1 of the first set: coordinate 1 is");
    a[3] = inf;
    CHECK_STATUS(cost_norm(&mem, &y, &x, 2, &c), STATUS_DIVERGED);
    CHECK_MESSAGE("second set");
    a[3] = 1e200;
    CHECK_STATUS(cost_squared(&mem, &x, &y, &c), STATUS_DIVERGED);
    CHECK_MESSAGE("too far apart");
    a[3] = COST_LIMIT;
    CHECK_STATUS(cost_norm(&mem, &x, &y, inf, &c), STATUS_OK);
    a[3] = nextafter(COST_LIMIT, inf);
    CHECK_STATUS(cost_norm(&mem, &x, &y, inf, &c), STATUS_DIVERGED);
    a[3] = 1e200;
    CHECK_STATUS(cost_squared(&mem, &y, &z, &c), STATUS_USAGE);
    CHECK_STATUS(cost_squared(&mem, &none, &y, &c), STATUS_USAGE);
    CHECK_STATUS(cost_norm(&mem, &y, &y, 0.5, &c), STATUS_USAGE);
    CHECK_STATUS(cost_norm(&mem, &y, &y, nan_value, &c), STATUS_USAGE);
}

static void cost_check_names_the_first_bad_entry(void **state)
{
    const double bad[] = {nan_value, -inf, 2e300, -2e300};
    double a[] = {0, 1, inf, -1e300, 1e300, 5};
    const struct mat c = mat_over(a, 2, 3), none = mat_over(a, 0, 3);

    (void)state;
    CHECK_STATUS(cost_check(&c), STATUS_OK);
    CHECK_STATUS(cost_check(&none), STATUS_USAGE);
    for (size_t k = 0; k < 4; k++) {
        a[4] = bad[k];
        CHECK_STATUS(cost_check(&c), STATUS_DIVERGED);
        CHECK_MESSAGE("cost (1, 1) is");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(squared_and_norms_agree_with_naive_loops, release),
        cmocka_unit_test_teardown(one_block_is_a_plain_sum_to_the_bit, release),
        cmocka_unit_test_teardown(a_set_with_itself_is_symmetric_with_zero_diagonal, release),
        cmocka_unit_test_teardown(near_points_far_away_keep_their_digits, release),
        cmocka_unit_test_teardown(powers_neither_overflow_nor_underflow, release),
        cmocka_unit_test_teardown(bad_points_are_refused_with_their_place, release),
        cmocka_unit_test_teardown(cost_check_names_the_first_bad_entry, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
