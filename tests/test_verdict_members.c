/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdicts on claims over several members: trends, and how large a run may be. */
#include "verdict_cases.h"

/* ---- trend ---- */

static void trend_follows_the_index_of_a_family(void **state)
{
    (void)state;
    put_family(5, -0.5, 1);
    const struct verdict v = judge(&one_cell, TASKS_FALL, 5);
    check_word(&v, REPRODUCED);
    /* One exchange of neighbours in six: rho = 1 - 6 * 2 / (6 * 35). */
    CHECK_NEAR(v.mean, -(3 + 2 * (1 - 12.0 / 210)) / 5, 1e-12);
    check_claim(&one_cell, TASKS_RISE, 5, NOT_REPRODUCED);
    results_free(&results);
    put_family(5, 0.5, 1);
    check_claim(&one_cell, TASKS_RISE, 5, REPRODUCED);
    check_claim(&one_cell, TASKS_FALL, 5, NOT_REPRODUCED);
}

/* 2 before 10: the order is the index', not the name's. */
static void trend_orders_members_by_number(void **state)
{
    static const char *const names[] = {"task.10", "task.2", "task.1", "task.300"};
    static const double values[] = {3, 2, 1, 4};

    (void)state;
    for (size_t s = 1; s <= 3; s++)
        for (size_t i = 0; i < 4; i++)
            put("all", s, names[i], values[i]);
    const struct verdict v = judge(&one_cell, TASKS_RISE, 3);
    check_word(&v, REPRODUCED);
    CHECK_NEAR(v.mean, 1, 1e-12);
}

/* Three seeds of four fall without exception: the t-interval would run below -1, no correlation
 * does. */
static void a_trends_interval_stays_in_a_correlations_range(void **state)
{
    (void)state;
    put_family(4, -0.5, 1);
    struct verdict v = judge(&one_cell, TASKS_FALL, 4);
    CHECK_TRUE(v.interval.high > v.mean);
    CHECK_NEAR(v.interval.low, -1, 0);
    results_free(&results);
    put_family(4, 0.5, 1);
    v = judge(&one_cell, TASKS_RISE, 4);
    CHECK_TRUE(v.interval.low < v.mean);
    CHECK_NEAR(v.interval.high, 1, 0);
}

static void a_constant_has_no_trend(void **state)
{
    (void)state;
    put_family(5, 0, 0);
    check_claim(&one_cell, TASKS_FALL, 5, UNDECIDED);
    check_claim(&one_cell, TASKS_RISE, 5, UNDECIDED);
    const struct verdict v = judge(&one_cell, TASKS_RISE, 5);
    CHECK_NEAR(v.mean, 0, 0);
}

static void ties_get_the_mean_rank(void **state)
{
    static const double values[] = {1, 2, 2, 3};

    (void)state;
    for (size_t s = 1; s <= 3; s++)
        for (int i = 0; i < 4; i++) {
            char name[24];

            snprintf(name, sizeof name, "task.%d", i);
            put("all", s, name, values[i]);
        }
    const struct verdict v = judge(&one_cell, TASKS_RISE, 3);
    check_word(&v, REPRODUCED);
    CHECK_NEAR(v.mean, 4.5 / sqrt(5 * 4.5), 1e-12);
}

static void trend_that_changes_with_the_seed_is_open(void **state)
{
    (void)state;
    for (size_t s = 1; s <= 6; s++) {
        put("all", s, "task.1", 1);
        put("all", s, "task.2", s % 2 == 0 ? 2 : 0);
    }
    check_claim(&one_cell, TASKS_RISE, 6, UNDECIDED);
    check_claim(&one_cell, TASKS_FALL, 6, UNDECIDED);
}

/* In whatever cell the claim is written down. */
static void trend_of_a_metric_runs_along_the_cells(void **state)
{
    static const char *const named[] = {NULL, FIRST_CELL, LAST_CELL, ALL_CELLS, "n=20"};
    struct claim c = {.kind = TREND, .metric = "a", .is = BELOW};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t s = 1; s <= 4; s++)
            put(cells[i], s, "a", 5 - (double)i + 0.1 * (double)s);
    for (size_t i = 0; i < 5; i++) {
        c.cell = named[i];
        c.is = BELOW;
        check_claim(&three_cells, c, 4, REPRODUCED);
        c.is = ABOVE;
        check_claim(&three_cells, c, 4, NOT_REPRODUCED);
    }
}

static void trend_needs_two_members(void **state)
{
    (void)state;
    for (size_t s = 1; s <= 3; s++)
        put("all", s, "task.1", 1);
    const struct verdict v = judge(&one_cell, TASKS_RISE, 3);
    check_word(&v, NOT_TESTED);
    CHECK_TRUE(strstr(v.why, "task.*") != NULL);
}

/* ---- size ---- */

/* 48 units of 600 metrics and 20 claims over families: what a large desk run judges. */
static void a_large_run_is_judged(void **state)
{
    (void)state;
    for (size_t s = 1; s <= 16; s++) {
        results_add_unit(&results, "n=10", s, "key", s == 16);
        results_add_unit(&results, "n=20", s, "key", 0);
        results_add_unit(&results, "n=40", s, "key", 0);
        for (int i = 0; i < 600; i++) {
            char name[24];

            snprintf(name, sizeof name, "task.%d", i);
            for (size_t k = 0; k < 3; k++)
                results_add(&results, cells[k], s, name, "1", (double)i + 0.1 * (double)s, 0);
        }
    }
    for (size_t k = 0; k < 20; k++) {
        struct claim c = k % 2 == 0 ? TASKS_RISE : EACH_BELOW(1e9);

        c.cell = cells[k % 3];
        check_claim(&three_cells, c, 15, REPRODUCED);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, start)
    const struct CMUnitTest tests[] = {
        TEST(trend_follows_the_index_of_a_family),
        TEST(trend_orders_members_by_number),
        TEST(a_trends_interval_stays_in_a_correlations_range),
        TEST(a_constant_has_no_trend),
        TEST(ties_get_the_mean_rank),
        TEST(trend_that_changes_with_the_seed_is_open),
        TEST(trend_of_a_metric_runs_along_the_cells),
        TEST(trend_needs_two_members),
        TEST(a_large_run_is_judged),
    };

    return cmocka_run_group_tests_name("verdict_members", tests, NULL, NULL);
}
