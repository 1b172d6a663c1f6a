/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tolerances: the table of tolerance.h class by class, and everything that must lie outside. */
#include "test.h"

#include <float.h>

#include "harness/tolerance.h"

static const enum mode modes[] = {NATIVE, PINNED};

static int inside(enum tolerance_class class, enum mode mode, double actual, double reference,
                  double scale)
{
    return tolerance_distance(class, mode, actual, reference, scale, 0) <= 1;
}

static void names_find_their_class(void **state)
{
    (void)state;
    for (int i = 0; i < CLASS_COUNT; i++)
        assert_int_equal(tolerance_find(tolerance_name((enum tolerance_class)i)), i);
    assert_int_equal(tolerance_find("cond"), CLASS_COND);
    assert_int_equal(tolerance_find("residual"), CLASS_RESIDUAL);
    assert_int_equal(tolerance_find(""), -1);
    assert_int_equal(tolerance_find("Rate"), -1);
}

/* Just inside and just outside of what the header prints, on both sides of the reference. */
static void relative_classes_have_their_printed_width(void **state)
{
    static const struct {
        enum tolerance_class class;
        double pinned, native, scale;
    } rows[] = {{CLASS_ARITH, 1e-15, 1e-13, 0},  {CLASS_LIBM, 1e-13, 1e-12, 0},
                {CLASS_BLAS, 1e-13, 1e-12, 0},   {CLASS_SHORT32, 1e-5, 1e-4, 0},
                {CLASS_LONG32, 1e-3, 2e-2, 0},   {CLASS_COND, 1e-13, 1e-12, 10},
                {CLASS_COND, 1e8 * DBL_EPSILON, 1e9 * DBL_EPSILON, 1e8},
                {CLASS_COND, 0.5, 0.5, 1e18},    {CLASS_COND, 0.5, 0.5, (double)INFINITY},
                {CLASS_COND, 1e-13, 1e-12, (double)NAN}};
    static const double references[] = {3.7e-9, -12.5, 4e11};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t k = 0; k < 6; k++) {
            const enum mode mode = modes[k % 2];
            const double r = references[k / 2], s = rows[i].scale;
            const double width = mode == PINNED ? rows[i].pinned : rows[i].native;

            CHECK_RELATIVE(tolerance_allowed(rows[i].class, mode, r, s, 0), width * fabs(r), 1e-12);
            for (int sign = -1; sign <= 1; sign += 2) {
                CHECK_TRUE(inside(rows[i].class, mode, r * (1 + sign * 0.7 * width), r, s));
                CHECK_TRUE(!inside(rows[i].class, mode, r * (1 + sign * 1.4 * width), r, s));
            }
        }
}

static void exact_means_equal(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        CHECK_TRUE(inside(CLASS_EXACT, modes[k], 17, 17, 0));
        CHECK_TRUE(inside(CLASS_EXACT, modes[k], -0.0, 0, 0));
        CHECK_TRUE(!inside(CLASS_EXACT, modes[k], 18, 17, 0));
        CHECK_TRUE(!inside(CLASS_EXACT, modes[k], nextafter(17, 18), 17, 0));
    }
}

/* k / N - (k - 2) / N does not round to 2 / N for every k and N. */
static void rate_moves_by_two_samples(void **state)
{
    static const int samples[] = {7, 10, 49, 100, 300, 777, 1000, 2999, 10000, 60000};

    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const double n = samples[i];

        for (int k = 3; k <= samples[i]; k += 1 + samples[i] / 500) {
            CHECK_TRUE(inside(CLASS_RATE, PINNED, (k - 2) / n, k / n, n));
            CHECK_TRUE(inside(CLASS_RATE, PINNED, k / n, (k - 2) / n, n));
            CHECK_TRUE(!inside(CLASS_RATE, PINNED, (k - 3) / n, k / n, n));
            CHECK_TRUE(!inside(CLASS_RATE, PINNED, k / n, (k - 3) / n, n));
        }
    }
}

static void native_rate_moves_by_ten_samples_or_a_fifth_of_a_percent(void **state)
{
    (void)state;
    CHECK_TRUE(inside(CLASS_RATE, NATIVE, 0.110, 0.100, 1000));
    CHECK_TRUE(!inside(CLASS_RATE, NATIVE, 0.111, 0.100, 1000));
    CHECK_TRUE(inside(CLASS_RATE, NATIVE, 0.102, 0.100, 100000));
    CHECK_TRUE(!inside(CLASS_RATE, NATIVE, 0.10201, 0.100, 100000));
}

static void rate_without_samples_is_exact(void **state)
{
    static const double scales[] = {0, -100, (double)NAN};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        CHECK_TRUE(inside(CLASS_RATE, modes[i % 2], 0.25, 0.25, scales[i / 2]));
        CHECK_TRUE(!inside(CLASS_RATE, modes[i % 2], 0.2501, 0.25, scales[i / 2]));
    }
}

static void residual_stays_below_its_bound(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        CHECK_TRUE(inside(CLASS_RESIDUAL, PINNED, sign * 1e-12, 1e-12, 0));
        CHECK_TRUE(!inside(CLASS_RESIDUAL, PINNED, sign * 1.01e-12, 1e-12, 0));
        CHECK_TRUE(inside(CLASS_RESIDUAL, NATIVE, sign * 9.9e-12, 1e-12, 0));
        CHECK_TRUE(!inside(CLASS_RESIDUAL, NATIVE, sign * 10.1e-12, 1e-12, 0));
    }
    CHECK_TRUE(inside(CLASS_RESIDUAL, PINNED, 0, 1e-12, 0));
    CHECK_TRUE(inside(CLASS_RESIDUAL, PINNED, 0, 0, 0));
    CHECK_TRUE(!inside(CLASS_RESIDUAL, PINNED, 1e-300, 0, 0));
}

static void what_is_not_finite_is_outside(void **state)
{
    static const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    static const double good[] = {0, 1, -3};

    (void)state;
    for (int class = 0; class < CLASS_COUNT; class++)
        for (size_t i = 0; i < 18; i++) {
            const enum tolerance_class c = (enum tolerance_class)class;
            const double x = bad[i % 3], y = good[i / 3 % 3];

            CHECK_TRUE(isinf(tolerance_distance(c, modes[i / 9], x, y, 1e3, 0)));
            CHECK_TRUE(isinf(tolerance_distance(c, modes[i / 9], y, x, 1e3, 0)));
            CHECK_TRUE(isinf(tolerance_distance(c, modes[i / 9], x, x, 1e3, 0)));
            CHECK_TRUE(isinf(tolerance_distance(c, modes[i / 9], x, y, 1e3, 0.5)));
        }
}

static void a_wrong_sign_is_outside(void **state)
{
    (void)state;
    for (int class = 0; class < CLASS_RESIDUAL; class++)
        for (size_t k = 0; k < 2; k++) {
            CHECK_TRUE(!inside((enum tolerance_class)class, modes[k], -0.3, 0.3, 1000));
            CHECK_TRUE(!inside((enum tolerance_class)class, modes[k], 0.3, -0.3, 1e20));
        }
}

/* Only a residual may be 0 where its bound is not: 0 is what it should be. */
static void a_program_that_emits_zeros_is_outside(void **state)
{
    static const double references[] = {0.3, -0.3, 1e-200, 4e9};
    static const double scales[] = {1e3, 1e20, (double)INFINITY};

    (void)state;
    for (int class = 0; class < CLASS_RESIDUAL; class++)
        for (size_t i = 0; i < 24; i++) {
            const double r = references[i % 4];
            const double scale = class == CLASS_RATE ? 1e3 : scales[i / 4 % 3];

            if (class != CLASS_RATE || fabs(r) > 0.01)
                CHECK_TRUE(!inside((enum tolerance_class)class, modes[i / 12], 0, r, scale));
        }
}

static void a_reference_of_zero_admits_zero_alone(void **state)
{
    (void)state;
    for (int class = 0; class < CLASS_COUNT; class++)
        for (size_t k = 0; k < 2; k++) {
            CHECK_TRUE(inside((enum tolerance_class)class, modes[k], 0, 0, 1000));
            if (class != CLASS_RATE)
                CHECK_TRUE(!inside((enum tolerance_class)class, modes[k], 1e-300, 0, 1000));
        }
}

static void an_override_replaces_the_width(void **state)
{
    (void)state;
    for (int class = 0; class < CLASS_COUNT; class++) {
        const enum tolerance_class c = (enum tolerance_class)class;
        const int absolute = c == CLASS_EXACT || c == CLASS_RATE;
        const double width = c == CLASS_RESIDUAL ? 0.25 : absolute ? 0.25 : 0.25 * 8;

        CHECK_NEAR(tolerance_allowed(c, PINNED, 8, 1000, 0.25), width, 0);
        CHECK_NEAR(tolerance_allowed(c, NATIVE, 8, 1000, 0.25), width, 0);
    }
    CHECK_TRUE(isinf(tolerance_distance(CLASS_EXACT, PINNED, 2, 1, 0, (double)INFINITY)));
    CHECK_TRUE(!inside(CLASS_ARITH, PINNED, 2, 1, 0));
    CHECK_TRUE(!(tolerance_distance(CLASS_ARITH, PINNED, 2, 1, 0, (double)INFINITY) <= 1));
    CHECK_TRUE(!(tolerance_distance(CLASS_ARITH, PINNED, 2, 1, 0, (double)NAN) <= 1));
    CHECK_TRUE(!(tolerance_distance(CLASS_ARITH, PINNED, 2, 1, 0, -5) <= 1));
}

static void distance_counts_tolerances(void **state)
{
    (void)state;
    CHECK_NEAR(tolerance_distance(CLASS_LONG32, PINNED, 1.0025, 1, 0, 0), 2.5, 1e-9);
    CHECK_NEAR(tolerance_distance(CLASS_RATE, PINNED, 0.107, 0.1, 1000, 0), 3.5, 1e-9);
    CHECK_NEAR(tolerance_distance(CLASS_RESIDUAL, PINNED, -3e-9, 2e-9, 0, 0), 1.5, 1e-9);
    CHECK_NEAR(tolerance_distance(CLASS_EXACT, PINNED, 5, 5, 0, 0), 0, 0);
}

/* Ten seeds with a deviation of 0.05: four deviations of the difference of two means are 0.0894,
 * where long32 has 0.02. */
static double drift(enum tolerance_class class, enum mode mode, double actual, double n, double sd)
{
    return tolerance_drift(class, mode, actual, 1, 1000, 0, n, sd);
}

static void a_native_mean_of_trainings_drifts_by_its_spread(void **state)
{
    const enum tolerance_class trained[] = {CLASS_LONG32, CLASS_RATE};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const enum tolerance_class c = trained[i];

        for (int sign = -1; sign <= 1; sign += 2) {
            CHECK_TRUE(drift(c, NATIVE, 1 + sign * 0.089, 10, 0.05) <= 1); /* just inside */
            CHECK_TRUE(drift(c, NATIVE, 1 + sign * 0.090, 10, 0.05) > 1);
            CHECK_TRUE(tolerance_distance(c, NATIVE, 1 + sign * 0.089, 1, 1000, 0) > 1);
        }
        CHECK_NEAR(drift(c, NATIVE, 1.12, 10, 0.05), 0.12 / (0.2 * sqrt(0.2)), 1e-12);
        CHECK_NEAR(drift(c, NATIVE, 1.12, 40, 0.05), 2 * 0.12 / (0.2 * sqrt(0.2)), 1e-12);
        /* trainings that hardly differ are held against the class */
        CHECK_NEAR(drift(c, NATIVE, 1.01, 10, 1e-6),
                   tolerance_distance(c, NATIVE, 1.01, 1, 1000, 0), 0);
    }
}

static void drift_without_a_spread_is_that_of_the_class(void **state)
{
    const double none[][2] = {{1, 0.05}, {0, 0.05}, {10, 0}, {10, -1}, {10, (double)NAN},
                              {10, (double)INFINITY}, {(double)NAN, 0.05}};

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        CHECK_NEAR(drift(CLASS_LONG32, NATIVE, 1.05, none[i][0], none[i][1]), 2.5, 1e-9);
    CHECK_NEAR(drift(CLASS_LONG32, PINNED, 1.05, 10, 0.05), 50, 1e-9);
    for (int class = 0; class < CLASS_COUNT; class++) {
        const enum tolerance_class c = (enum tolerance_class)class;

        if (c != CLASS_LONG32 && c != CLASS_RATE)
            CHECK_TRUE(drift(c, NATIVE, 11, 10, 5) > 1);
    }
}

static void drift_that_is_not_finite_is_outside(void **state)
{
    const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        CHECK_TRUE(!(drift(CLASS_LONG32, NATIVE, bad[i], 10, 0.05) <= 1));
        CHECK_TRUE(!(drift(CLASS_LONG32, NATIVE, bad[i], 10, (double)INFINITY) <= 1));
        CHECK_TRUE(!(tolerance_drift(CLASS_RATE, NATIVE, 1, bad[i], 1000, 0, 10, 0.05) <= 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_find_their_class),
        cmocka_unit_test(relative_classes_have_their_printed_width),
        cmocka_unit_test(exact_means_equal),
        cmocka_unit_test(rate_moves_by_two_samples),
        cmocka_unit_test(native_rate_moves_by_ten_samples_or_a_fifth_of_a_percent),
        cmocka_unit_test(rate_without_samples_is_exact),
        cmocka_unit_test(residual_stays_below_its_bound),
        cmocka_unit_test(what_is_not_finite_is_outside),
        cmocka_unit_test(a_wrong_sign_is_outside),
        cmocka_unit_test(a_program_that_emits_zeros_is_outside),
        cmocka_unit_test(a_reference_of_zero_admits_zero_alone),
        cmocka_unit_test(an_override_replaces_the_width),
        cmocka_unit_test(distance_counts_tolerances),
        cmocka_unit_test(a_native_mean_of_trainings_drifts_by_its_spread),
        cmocka_unit_test(drift_without_a_spread_is_that_of_the_class),
        cmocka_unit_test(drift_that_is_not_finite_is_outside),
    };

    return cmocka_run_group_tests_name("tolerance", tests, NULL, NULL);
}
