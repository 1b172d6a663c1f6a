/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/wng_sweep.h"

#include <math.h>

#include "test.h"

static const struct wng_sweep_setting setting = {.N_most = 100, .N_scan = 100, .M_fixed = 20,
                                                 .narrow = 1, .wide = 10, .eps = 1e-10,
                                                 .cut = 1e-12};

static void slopes_of_powers_are_their_exponents(void **state)
{
    double log_y[WNG_SIZES];

    (void)state;
    for (size_t i = 0; i < WNG_SIZES; i++)
        log_y[i] = 3 - 0.5 * log((double)wng_size[i]);
    CHECK_NEAR(wng_sweep_exponent(wng_size, log_y, WNG_SIZES), -0.5, 1e-14);
}

/* Falling by 4 from M = 12 to 25: twice the last is half way, in logarithms. */
static void the_threshold_lies_between_two_sizes(void **state)
{
    const double falls[] = {log(4), log(4), log(4), 0}, flat[] = {0.1, 0, 0};

    (void)state;
    CHECK_NEAR(wng_sweep_threshold(falls, 4), (log(12.0) + log(25.0)) / 2, 1e-14);
    CHECK_NEAR(wng_sweep_threshold(flat, 3), log(3.0), 1e-14);
}

static void sizes_end_where_the_setting_says(void **state)
{
    (void)state;
    assert_int_equal(wng_sweep_sizes(&setting), 2);
    assert_int_equal(wng_sweep_scan(&setting), 1);
    assert_int_equal(wng_sweep_bases(&setting), 6);
}

/* Against single errors: two runs, of which one varies the basis points. */
static void runs_are_averaged_in_logarithms(void **state)
{
    const size_t k = 3, d = 5;
    struct wng_sweep sum = {.fixed = 0};
    double by_size = 0, complete = 0, basis = 0, repeated = 0;

    (void)state;
    for (int run = 0; run < 2; run++) {
        struct wng_setting s = {.bandwidth = 1, .basis = wng_rule(d, 100), .eps = 1e-10,
                                .cut = 1e-12};
        struct arena mem = {0};
        struct wng_problem p;
        double error, other;

        CHECK_STATUS(wng_sweep_run(&sum, &setting, GAUSSIAN_SPHERE, k, 7, run, 2, 1), STATUS_OK);
        CHECK_STATUS(wng_problem_draw(&p, &mem, GAUSSIAN_SPHERE, d, 100, 7, run), STATUS_OK);
        CHECK_STATUS(wng_error(&error, &p, 100, &s), STATUS_OK);
        CHECK_STATUS(wng_error_complete(&other, &p, 100), STATUS_OK);
        by_size += log(error) / 2;
        complete += log(error / other) / 2;
        s.basis = 25;
        CHECK_STATUS(wng_error(&error, &p, 100, &s), STATUS_OK);
        basis += run == 0 ? log(error) : 0;
        s.basis = wng_rule_unbounded(d, 50);
        s.repeated = 1;
        CHECK_STATUS(wng_error(&error, &p, 50, &s), STATUS_OK);
        repeated += log(error) / 2;
        arena_free(&mem);
    }
    CHECK_NEAR(sum.by_size[1], by_size, 1e-14);
    CHECK_NEAR(sum.complete[1], complete, 1e-14);
    CHECK_NEAR(sum.by_basis[3], basis, 1e-14);
    CHECK_NEAR(sum.repeated, repeated, 1e-14);
    CHECK_NEAR(sum.by_size[2], 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slopes_of_powers_are_their_exponents),
        cmocka_unit_test(the_threshold_lies_between_two_sizes),
        cmocka_unit_test(sizes_end_where_the_setting_says),
        cmocka_unit_test(runs_are_averaged_in_logarithms),
    };

    return cmocka_run_group_tests_name("wng_sweep", tests, NULL, NULL);
}
