/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sliced distance: exact in one dimension, W2 / d for small moves, its gradient, and what it
 * refuses. */
#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "base/rng.h"
#include "linalg/mat.h"
#include "transport/sliced.h"

#define STATUS_ABORTS(call) CHECK_ABORTS(const enum status unused = (call); (void)unused)

static struct arena mem;

static int release(void **state)
{
    (void)state;
    memory_fail_at(0);
    arena_free(&mem);
    return 0;
}

static struct mat unit_rows(struct rng *r, size_t count, size_t d)
{
    struct mat th = mat_zero(&mem, count, d);

    for (size_t l = 0; l < count; l++) {
        struct vec row = mat_row(&th, l);

        sliced_direction(&row, r);
        CHECK_NEAR(vec_norm(&row), 1, 1e-15);
    }
    return th;
}

static void one_dimension_is_exact(void **state)
{
    double x[] = {3, 0, 1}, y[] = {1, 5, 2}, plus = 1, value;
    const struct mat xm = mat_over(x, 3, 1), ym = mat_over(y, 3, 1), th = mat_over(&plus, 1, 1);
    struct mat gradient = mat_zero(&mem, 3, 1);
    struct rng r = rng_stream(1, "directions");

    (void)state; /* 0 to 1, 1 to 2, 3 to 5 */
    CHECK_STATUS(sliced_distance(&value, &gradient, &xm, &ym, &th), STATUS_OK);
    CHECK_NEAR(value, 2, 1e-15);
    CHECK_NEAR(gradient.a[0], 2.0 / 3 * -2, 1e-15);
    CHECK_NEAR(gradient.a[1], 2.0 / 3 * -1, 1e-15);
    CHECK_NEAR(gradient.a[2], 2.0 / 3 * -1, 1e-15);
    CHECK_STATUS(sliced_stream(&value, NULL, &xm, &ym, 7, &r), STATUS_OK);
    CHECK_NEAR(value, 2, 1e-15); /* the mean over +1 and -1, whatever the count */
}

/* Two atoms against three: pieces of 1/3, 1/6, 1/6, 1/3. */
static void clouds_of_different_size_join_their_quantiles(void **state)
{
    double x[] = {6, 0}, y[] = {0, 3, 6}, plus = 1, value, back;
    const struct mat xm = mat_over(x, 2, 1), ym = mat_over(y, 3, 1), th = mat_over(&plus, 1, 1);
    struct mat gradient = mat_zero(&mem, 2, 1);

    (void)state;
    CHECK_STATUS(sliced_distance(&value, &gradient, &xm, &ym, &th), STATUS_OK);
    CHECK_NEAR(value, 3, 1e-15);
    CHECK_NEAR(gradient.a[0], 1, 1e-15);
    CHECK_NEAR(gradient.a[1], -1, 1e-15);
    CHECK_STATUS(sliced_distance(&back, NULL, &ym, &xm, &th), STATUS_OK);
    CHECK_NEAR(back, value, 0);
}

/* Points that stand for two each change nothing: 5 against 960 through 960 against 960. */
static void repeated_points_are_weights(void **state)
{
    struct rng r = rng_stream(2, "repeated");
    const struct mat few = mat_normal(&mem, &r, 5, 3, 1), many = mat_normal(&mem, &r, 960, 3, 1);
    const struct mat th = unit_rows(&r, 4, 3);
    struct mat copies = mat_zero(&mem, 960, 3);
    double value, repeated;

    (void)state;
    for (size_t i = 0; i < 960; i++)
        for (size_t k = 0; k < 3; k++)
            copies.a[3 * i + k] = few.a[i % 5 * 3 + k];
    CHECK_STATUS(sliced_distance(&value, NULL, &few, &many, &th), STATUS_OK);
    CHECK_STATUS(sliced_distance(&repeated, NULL, &copies, &many, &th), STATUS_OK);
    CHECK_RELATIVE(value, repeated, 1e-13);
    CHECK_STATUS(sliced_distance(&value, NULL, &few, &copies, &th), STATUS_OK);
    CHECK_NEAR(value, 0, 0);
}

static void small_moves_give_the_distance_over_d(void **state)
{
    struct rng r = rng_stream(3, "moves");
    const struct mat x = mat_normal(&mem, &r, 50, 3, 1);
    struct mat y = mat_normal(&mem, &r, 50, 3, 1e-12);
    const struct vec move = mat_flat(&y);
    double value, frobenius = vec_dot(&move, &move) / 50;

    (void)state;
    for (size_t i = 0; i < 150; i++)
        y.a[i] += x.a[i];
    CHECK_STATUS(sliced_stream(&value, NULL, &x, &y, 20000, &r), STATUS_OK);
    CHECK_NEAR(value / frobenius, 1.0 / 3, 0.003);
}

static void sliced_gradient_matches_central_differences(void **state)
{
    struct rng r = rng_stream(4, "gradient");
    const struct mat y = mat_normal(&mem, &r, 9, 4, 1), th = unit_rows(&r, 6, 4);
    struct mat x = mat_normal(&mem, &r, 12, 4, 1), gradient = mat_zero(&mem, 12, 4);
    double value, up, down;

    (void)state;
    CHECK_STATUS(sliced_distance(&value, &gradient, &x, &y, &th), STATUS_OK);
    for (size_t i = 0; i < 48; i++) {
        const double kept = x.a[i], h = 1e-6;

        x.a[i] = kept + h;
        CHECK_STATUS(sliced_distance(&up, NULL, &x, &y, &th), STATUS_OK);
        x.a[i] = kept - h;
        CHECK_STATUS(sliced_distance(&down, NULL, &x, &y, &th), STATUS_OK);
        x.a[i] = kept;
        CHECK_NEAR(gradient.a[i], (up - down) / (2 * h), 1e-8);
    }
}

static void sliced_is_symmetric_and_obeys_the_triangle(void **state)
{
    struct rng r = rng_stream(5, "metric");
    const struct mat th = unit_rows(&r, 8, 3);
    const struct mat cloud[3] = {mat_normal(&mem, &r, 40, 3, 1), mat_normal(&mem, &r, 40, 3, 2),
                                 mat_normal(&mem, &r, 40, 3, 0.5)};
    double d[3][3];

    (void)state;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            CHECK_STATUS(sliced_distance(&d[i][j], NULL, &cloud[i], &cloud[j], &th), STATUS_OK);
    for (int i = 0; i < 3; i++) {
        CHECK_NEAR(d[i][i], 0, 0);
        CHECK_NEAR(d[i][(i + 1) % 3], d[(i + 1) % 3][i], 0);
        CHECK_TRUE(sqrt(d[i][(i + 2) % 3]) <=
                   sqrt(d[i][(i + 1) % 3]) + sqrt(d[(i + 1) % 3][(i + 2) % 3]) + 1e-14);
    }
}

/* The mean is over the directions given: one direction twice is that direction once; and the stream
 * takes the directions that sliced_direction draws. */
static void mean_is_over_the_directions_used(void **state)
{
    struct rng r = rng_stream(6, "mean");
    const struct mat x = mat_normal(&mem, &r, 11, 3, 1), y = mat_normal(&mem, &r, 7, 3, 1);
    const struct mat th = unit_rows(&r, 3, 3);
    struct mat twice = mat_zero(&mem, 6, 3), one = mat_zero(&mem, 11, 3);
    struct mat two = mat_zero(&mem, 11, 3), drawn = mat_zero(&mem, 11, 3);
    double value, again, sum = 0;

    (void)state;
    for (size_t k = 0; k < 18; k++)
        twice.a[k] = th.a[k % 9];
    for (size_t k = 0; k < 33; k++)
        one.a[k] = two.a[k] = 7; /* a gradient is set, not added to */
    CHECK_STATUS(sliced_distance(&value, &one, &x, &y, &th), STATUS_OK);
    CHECK_STATUS(sliced_distance(&again, &two, &x, &y, &twice), STATUS_OK);
    CHECK_RELATIVE(again, value, 1e-15);
    for (size_t k = 0; k < 33; k++)
        CHECK_NEAR(two.a[k], one.a[k], 1e-15);
    for (size_t l = 0; l < 3; l++) {
        const struct mat single = mat_rows(&th, l, 1);

        CHECK_STATUS(sliced_distance(&again, NULL, &x, &y, &single), STATUS_OK);
        sum += again / 3;
    }
    CHECK_RELATIVE(sum, value, 1e-14);
    struct rng a = rng_stream(7, "stream"), b = a;
    const struct mat same = unit_rows(&a, 5, 3);

    CHECK_STATUS(sliced_distance(&value, &one, &x, &y, &same), STATUS_OK);
    CHECK_STATUS(sliced_stream(&again, &drawn, &x, &y, 5, &b), STATUS_OK);
    CHECK_NEAR(again, value, 0);
    for (size_t k = 0; k < 33; k++)
        CHECK_NEAR(drawn.a[k], one.a[k], 0);
}

/* Sorting at every size, against the pairing of ranks; equal places pair by index. */
static void ranks_are_paired_at_every_size(void **state)
{
    struct rng r = rng_stream(8, "sizes");
    double plus = 1;
    const struct mat th = mat_over(&plus, 1, 1);

    (void)state;
    for (size_t n = 1; n < 40; n++) {
        const struct mat x = mat_normal(&mem, &r, n, 1, 1), y = mat_normal(&mem, &r, n, 1, 1);
        struct mat gradient = mat_zero(&mem, n + 1, 1);
        double value, sum = 0;

        for (size_t i = 0; i < n; i++)
            x.a[i] = round(4 * x.a[i]) / 4;
        gradient.rows = n;
        gradient.a[n] = 7;
        CHECK_STATUS(sliced_distance(&value, &gradient, &x, &y, &th), STATUS_OK);
        CHECK_TRUE(gradient.a[n] == 7);
        for (size_t i = 0; i < n; i++) {
            size_t rank = 0, j = 0;

            for (size_t k = 0; k < n; k++)
                rank += x.a[k] < x.a[i] || (x.a[k] == x.a[i] && k < i);
            for (; j < n; j++) {
                size_t other = 0;

                for (size_t k = 0; k < n; k++)
                    other += y.a[k] < y.a[j];
                if (other == rank)
                    break;
            }
            CHECK_NEAR(gradient.a[i], 2 * (x.a[i] - y.a[j]) / (double)n, 1e-14);
            sum += (x.a[i] - y.a[j]) * (x.a[i] - y.a[j]) / (double)n;
        }
        CHECK_RELATIVE(value, sum, 1e-13);
    }
}

/* All points at one place: 0 where both clouds are, else the projected distance. */
static void clouds_without_extent_work(void **state)
{
    double same[] = {1, 2, 1, 2, 1, 2}, other[] = {4, 6, 4, 6}, th[] = {0.6, 0.8}, value;
    const struct mat x = mat_over(same, 3, 2), y = mat_over(other, 2, 2), d = mat_over(th, 1, 2);

    (void)state;
    CHECK_STATUS(sliced_distance(&value, NULL, &x, &x, &d), STATUS_OK);
    CHECK_NEAR(value, 0, 0);
    CHECK_STATUS(sliced_distance(&value, NULL, &x, &y, &d), STATUS_OK);
    CHECK_NEAR(value, 25, 1e-14);
}

static void bad_input_is_refused_with_words(void **state)
{
    double x[] = {1, 2}, y[] = {0, (double)NAN}, th[] = {0.6, 0.8}, value;
    const struct mat xm = mat_over(x, 1, 2), ym = mat_over(y, 1, 2), thm = mat_over(th, 1, 2);
    struct rng r = rng_stream(9, "refused");

    (void)state;
    CHECK_STATUS(sliced_distance(&value, NULL, &xm, &ym, &thm), STATUS_DIVERGED);
    CHECK_MESSAGE("Y, entry (0, 1)");
    y[1] = 0;
    CHECK_STATUS(sliced_distance(&value, NULL, &xm, &ym, &thm), STATUS_OK);
    CHECK_NEAR(value, 2.2 * 2.2, 1e-14);
    x[0] = (double)INFINITY;
    CHECK_STATUS(sliced_stream(&value, NULL, &xm, &ym, 1, &r), STATUS_DIVERGED);
    CHECK_MESSAGE("X, entry (0, 0)");
    x[0] = 1;
    CHECK_STATUS(sliced_stream(&value, NULL, &xm, &ym, 1, &r), STATUS_OK);
    for (int k = -1; k <= 1; k += 2) {
        th[0] = 0.6 + 2e-9 * k;
        CHECK_STATUS(sliced_distance(&value, NULL, &xm, &ym, &thm), STATUS_USAGE);
        CHECK_MESSAGE("direction 0");
        th[0] = 0.6 + 1e-9 * k;
        CHECK_STATUS(sliced_distance(&value, NULL, &xm, &ym, &thm), STATUS_OK);
    }
    th[1] = (double)NAN;
    CHECK_STATUS(sliced_distance(&value, NULL, &xm, &ym, &thm), STATUS_DIVERGED);
    CHECK_MESSAGE("directions, entry (0, 1)");
}

static void shapes_that_disagree_abort(void **state)
{
    struct rng r = rng_stream(10, "shapes");
    const struct mat x = mat_normal(&mem, &r, 4, 2, 1), wide = mat_normal(&mem, &r, 4, 3, 1);
    const struct mat none = mat_zero(&mem, 0, 2), th = unit_rows(&r, 2, 2);
    const struct mat far = unit_rows(&r, 2, 3), flat = mat_zero(&mem, 4, 0);
    struct mat gradient = mat_zero(&mem, 3, 2), other = mat_zero(&mem, 4, 3);
    double value;

    (void)state;
    STATUS_ABORTS(sliced_distance(&value, NULL, &x, &wide, &th));
    STATUS_ABORTS(sliced_distance(&value, NULL, &none, &x, &th));
    STATUS_ABORTS(sliced_distance(&value, NULL, &x, &none, &th));
    STATUS_ABORTS(sliced_distance(&value, NULL, &x, &x, &none));
    STATUS_ABORTS(sliced_distance(&value, NULL, &x, &x, &far));
    STATUS_ABORTS(sliced_distance(&value, &gradient, &x, &x, &th));
    STATUS_ABORTS(sliced_distance(&value, &other, &x, &x, &th));
    STATUS_ABORTS(sliced_stream(&value, NULL, &x, &x, 0, &r));
    STATUS_ABORTS(sliced_stream(&value, NULL, &flat, &flat, 1, &r));
}

static void failing_allocations_are_a_status_at_every_call(void **state)
{
    double x[] = {1, 2}, th[] = {0.6, 0.8}, value;
    const struct mat xm = mat_over(x, 1, 2), thm = mat_over(th, 1, 2);

    (void)state;
    for (size_t k = 1; k <= 7; k++) {
        memory_fail_at(k);
        CHECK_STATUS(sliced_distance(&value, NULL, &xm, &xm, &thm), STATUS_MEMORY);
        memory_fail_at(0);
    }
    CHECK_STATUS(sliced_distance(&value, NULL, &xm, &xm, &thm), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(one_dimension_is_exact, release),
        cmocka_unit_test_teardown(clouds_of_different_size_join_their_quantiles, release),
        cmocka_unit_test_teardown(repeated_points_are_weights, release),
        cmocka_unit_test_teardown(small_moves_give_the_distance_over_d, release),
        cmocka_unit_test_teardown(sliced_gradient_matches_central_differences, release),
        cmocka_unit_test_teardown(sliced_is_symmetric_and_obeys_the_triangle, release),
        cmocka_unit_test_teardown(mean_is_over_the_directions_used, release),
        cmocka_unit_test_teardown(ranks_are_paired_at_every_size, release),
        cmocka_unit_test_teardown(clouds_without_extent_work, release),
        cmocka_unit_test_teardown(bad_input_is_refused_with_words, release),
        cmocka_unit_test_teardown(shapes_that_disagree_abort, release),
        cmocka_unit_test_teardown(failing_allocations_are_a_status_at_every_call, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
