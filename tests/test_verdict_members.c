/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdicts on claims over several members: trends, and claims that each member has to hold. */
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

/* ---- every ---- */

static void every_member_must_hold(void **state)
{
    (void)state;
    put_members((const int[]){1, 2, 3}, 3);
    struct verdict v = judge(&one_cell, EACH_BELOW(4), 5);
    check_word(&v, REPRODUCED);
    assert_int_equal(v.holds, 3);
    assert_int_equal(v.of, 3);
    CHECK_TEXT(v.why, "");
    CHECK_NEAR(v.mean, 3, 1e-12); /* the member that fits worst */
    v = judge(&one_cell, EACH_BELOW(2.5), 5);
    check_word(&v, PARTLY);
    assert_int_equal(v.holds, 2);
    CHECK_TEXT(v.why, "task.3 does not hold");
    v = judge(&one_cell, EACH_BELOW(2), 5);
    check_word(&v, PARTLY);
    assert_int_equal(v.holds, 1);
    CHECK_TEXT(v.why, "task.3 does not hold; task.2 is open");
    v = judge(&one_cell, EACH_BELOW(0.5), 5);
    check_word(&v, NOT_REPRODUCED);
    assert_int_equal(v.holds, 0);
    CHECK_TEXT(v.why, "none holds");
    v = judge(&one_cell, EACH_BELOW(1), 5);
    check_word(&v, UNDECIDED);
}

/* A member behind a gap in the indices counts like any other. */
static void every_sees_members_behind_gaps(void **state)
{
    (void)state;
    put_members((const int[]){10, 20, 4, 10000, 99999}, 5);
    struct verdict v = judge(&one_cell, EACH_BELOW(50), 5);
    check_word(&v, PARTLY);
    assert_int_equal(v.of, 5);
    assert_int_equal(v.holds, 3);
    CHECK_TEXT(v.why, "task.10000, task.99999 do not hold");
}

/* One seed alone: its first member counts like those that another seed would have named again. */
static void every_sees_all_members_of_one_seed(void **state)
{
    struct reproduction fixed = one_cell;

    (void)state;
    fixed.deterministic = 1;
    for (size_t i = 1; i <= 3; i++) {
        char name[24];

        snprintf(name, sizeof name, "task.%zu", i);
        put("all", 1, name, 10.0 - (double)i);
    }
    const struct verdict v = judge(&fixed, EACH_BELOW(8.5), 1);
    check_word(&v, PARTLY);
    assert_int_equal(v.of, 3);
    assert_int_equal(v.holds, 2);
    CHECK_TEXT(v.why, "task.1 does not hold");
}

static void every_cell_must_hold(void **state)
{
    const struct claim c = {.kind = EVERY, .metric = "a", .is = ABOVE, .to = 0};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t s = 0; s < 5; s++)
            put(cells[i], s + 1, "a", (i == 1 ? -1 : 1) + 0.01 * one_to_five[s]);
    const struct verdict v = judge(&three_cells, c, 5);
    check_word(&v, PARTLY);
    assert_int_equal(v.holds, 2);
    assert_int_equal(v.of, 3);
    CHECK_TEXT(v.why, "n=20 does not hold");
}

static void every_member_in_every_cell(void **state)
{
    struct claim c = EACH_BELOW(0);

    (void)state;
    c.cell = ALL_CELLS;
    for (size_t i = 0; i < 3; i++)
        for (size_t s = 0; s < 5; s++) {
            put(cells[i], s + 1, "task.1", -1 + 0.01 * one_to_five[s]);
            put(cells[i], s + 1, "task.2", (i == 0 ? 1 : -1) + 0.01 * one_to_five[s]);
        }
    const struct verdict v = judge(&three_cells, c, 5);
    check_word(&v, PARTLY);
    assert_int_equal(v.of, 6);
    assert_int_equal(v.holds, 5);
    CHECK_TEXT(v.why, "n=10 task.2 does not hold");
}

static void every_pairs_two_families_by_index(void **state)
{
    struct claim c = {.kind = EVERY, .metric = "task.*", .is = BELOW, .to_metric = "base.*"};

    (void)state;
    for (size_t s = 0; s < 5; s++) {
        put("all", s + 1, "task.1", 100 * one_to_five[s]);
        put("all", s + 1, "task.2", 100 * one_to_five[s] + 1);
        put("all", s + 1, "base.1", 100 * one_to_five[s] + 0.5 + 0.01 * one_to_five[s]);
        put("all", s + 1, "base.2", 100 * one_to_five[s] + 0.5 + 0.01 * one_to_five[s]);
    }
    const struct verdict v = judge(&one_cell, c, 5);
    check_word(&v, PARTLY);
    CHECK_TEXT(v.why, "task.2 does not hold");
}

static void every_calls_members_by_their_names(void **state)
{
    struct claim c = EACH_BELOW(3);

    (void)state;
    c.members = "2 two, 12 from a -> b, 4 four, 5 from b -> a";
    put_members((const int[]){1, 2, 4, 5, 12}, 5);
    struct verdict v = judge(&one_cell, c, 5);
    check_word(&v, PARTLY);
    CHECK_TEXT(v.why, "four, from b -> a, from a -> b do not hold");
    c.to = 2;
    v = judge(&one_cell, c, 5);
    CHECK_TEXT(v.why, "four, from b -> a, from a -> b do not hold; two is open");
    c.to = 1.5;
    c.members = "4 four";
    v = judge(&one_cell, c, 5);
    CHECK_TEXT(v.why, "task.2, four, task.5, task.12 do not hold");
}

/* Of four members three are open: the interval 3 +- 0.3256 holds 3. */
static void every_names_the_few_that_are_not_open(void **state)
{
    static const char *const tasks[] = {"task.1", "task.2", "task.3", "task.4"};

    (void)state;
    for (size_t s = 0; s < 5; s++)
        for (int i = 0; i < 4; i++)
            put("all", s + 1, tasks[i], (i == 3 ? 9 : 3) + 0.1 * (one_to_five[s] - 3));
    struct verdict v = judge(&one_cell, EACH_BELOW(3), 5);
    check_word(&v, UNDECIDED);
    CHECK_TEXT(v.why, "task.4 does not hold; all but task.4 are open");
    v = judge(&one_cell, EACH_BELOW(9), 5);
    check_word(&v, PARTLY);
    CHECK_TEXT(v.why, "task.4 is open");
}

static void every_says_that_all_are_open(void **state)
{
    (void)state;
    for (size_t s = 0; s < 5; s++) {
        put("all", s + 1, "task.1", one_to_five[s]);
        put("all", s + 1, "task.2", one_to_five[s]);
    }
    const struct verdict v = judge(&one_cell, EACH_BELOW(3), 5);
    check_word(&v, UNDECIDED);
    CHECK_TEXT(v.why, "all are open");
    assert_int_equal(v.of, 2);
}

static void every_names_one_open_member_that_is_all(void **state)
{
    (void)state;
    put_members((const int[]){3}, 1);
    const struct verdict v = judge(&one_cell, EACH_BELOW(3), 5);
    check_word(&v, UNDECIDED);
    CHECK_TEXT(v.why, "task.3 is open");
}

static void every_member_that_does_not_fit_still_ends_the_text(void **state)
{
    enum { MANY = 100 };
    int indices[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++)
        indices[i] = i + 1000;
    put_members(indices, MANY);
    const struct verdict v = judge(&one_cell, EACH_BELOW(1000.5), 5);
    check_word(&v, PARTLY);
    assert_int_equal(v.holds, 1);
    assert_int_equal(strlen(v.why), sizeof v.why - 1);
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
        TEST(every_member_must_hold),
        TEST(every_sees_members_behind_gaps),
        TEST(every_sees_all_members_of_one_seed),
        TEST(every_cell_must_hold),
        TEST(every_member_in_every_cell),
        TEST(every_pairs_two_families_by_index),
        TEST(every_calls_members_by_their_names),
        TEST(every_names_the_few_that_are_not_open),
        TEST(every_says_that_all_are_open),
        TEST(every_names_one_open_member_that_is_all),
        TEST(every_member_that_does_not_fit_still_ends_the_text),
        TEST(a_large_run_is_judged),
    };

    return cmocka_run_group_tests_name("verdict_members", tests, NULL, NULL);
}
