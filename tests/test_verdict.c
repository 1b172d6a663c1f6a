/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdicts on one number a seed: order, value, equivalence and bound, and what is said of them. */
#include "verdict_cases.h"

/* ---- order ---- */

static void names_are_found(void **state)
{
    (void)state;
    for (int i = 0; i < VERDICT_COUNT; i++)
        assert_int_equal(verdict_find(verdict_name((enum verdict_word)i)), i);
    assert_int_equal(verdict_find("holds"), -1);
}

static void order_is_decided_by_the_whole_interval(void **state)
{
    (void)state;
    put_all("all", "a", one_to_five, 5);
    const struct verdict v = judge(&one_cell, A_BELOW(7), 5);
    check_word(&v, REPRODUCED);
    CHECK_NEAR(v.mean, 3, 1e-14);
    CHECK_NEAR(v.to, 7, 0);
    CHECK_NEAR(v.interval.mean, -4, 1e-14);
    CHECK_NEAR(v.interval.low, -4 - HALF, 1e-6);
    CHECK_NEAR(v.interval.high, -4 + HALF, 1e-6);
    assert_int_equal(v.asked, 5);
    assert_int_equal(v.finite, 5);
    check_claim(&one_cell, A_BELOW(3 + HALF + 1e-6), 5, REPRODUCED);
    check_claim(&one_cell, A_BELOW(3 + HALF - 1e-6), 5, UNDECIDED);
    const struct verdict open = judge(&one_cell, A_BELOW(3), 5);
    check_word(&open, UNDECIDED);
    CHECK_TEXT(open.why, "");
    check_claim(&one_cell, A_BELOW(3 - HALF + 1e-6), 5, UNDECIDED);
    check_claim(&one_cell, A_BELOW(3 - HALF - 1e-6), 5, NOT_REPRODUCED);
    check_claim(&one_cell, A_ABOVE(3 - HALF - 1e-6), 5, REPRODUCED);
    check_claim(&one_cell, A_ABOVE(3), 5, UNDECIDED);
    check_claim(&one_cell, A_ABOVE(3 + HALF + 1e-6), 5, NOT_REPRODUCED);
}

static void order_is_paired_by_seed(void **state)
{
    static const double common[] = {10, 200, 3000, -40, 500}, small[] = {1.0, 1.1, 0.9, 1.05, 0.95};

    (void)state;
    for (size_t s = 0; s < 5; s++) {
        put("all", s + 1, "a", common[s]);
        put("all", s + 1, "b", common[s] + small[s]);
    }
    check_claim(&one_cell, A_BELOW_B, 5, REPRODUCED);
    results_free(&results);
    for (size_t s = 0; s < 5; s++) { /* the same two samples, paired otherwise */
        put("all", s + 1, "a", common[s]);
        put("all", s + 1, "b", common[(s + 1) % 5] + small[(s + 1) % 5]);
    }
    check_claim(&one_cell, A_BELOW_B, 5, UNDECIDED);
}

static void order_compares_two_cells(void **state)
{
    static const double low[] = {1, 2, 3, 4, 5}, high[] = {2, 3.1, 3.9, 5, 6};
    const struct claim c = {.kind = ORDER, .metric = "a", .cell = FIRST_CELL, .is = BELOW,
                            .to_metric = "a", .to_cell = LAST_CELL};

    (void)state;
    put_all("n=10", "a", low, 5);
    put_all("n=40", "a", high, 5);
    check_claim(&three_cells, c, 5, REPRODUCED);
    struct claim back = c;
    back.cell = "n=40";
    back.to_cell = "n=10";
    check_claim(&three_cells, back, 5, NOT_REPRODUCED);
}

static void a_flipped_sign_turns_the_verdict(void **state)
{
    static const double x[] = {-1, -1.2, -0.8, -1.1, -0.9}, y[] = {1, 1.2, 0.8, 1.1, 0.9};

    (void)state;
    put_all("all", "a", x, 5);
    check_claim(&one_cell, A_BELOW(0), 5, REPRODUCED);
    results_free(&results);
    put_all("all", "a", y, 5);
    check_claim(&one_cell, A_BELOW(0), 5, NOT_REPRODUCED);
}

static void zeros_reproduce_no_order(void **state)
{
    static const double zeros[5];

    (void)state;
    put_all("all", "a", zeros, 5);
    put_all("all", "b", zeros, 5);
    check_claim(&one_cell, A_BELOW(0), 5, UNDECIDED);
    const struct verdict v = judge(&one_cell, A_BELOW_B, 5);
    check_word(&v, UNDECIDED);
    CHECK_TEXT(v.why, "both sides are equal in every seed");
}

static void one_seed_decides_where_nothing_is_drawn(void **state)
{
    struct reproduction fixed = one_cell;

    (void)state;
    fixed.deterministic = 1;
    put("all", 1, "a", -2);
    check_claim(&one_cell, A_BELOW(0), 1, UNDECIDED);
    check_claim(&fixed, A_BELOW(0), 1, REPRODUCED);
    check_claim(&fixed, A_ABOVE(0), 1, NOT_REPRODUCED);
    check_claim(&fixed, A_BELOW(-2), 1, UNDECIDED);
}

/* ---- value and equivalence ---- */

static void value_needs_the_whole_interval_within(void **state)
{
    struct claim c = {.kind = VALUE, .metric = "a", .to = 4};

    (void)state;
    put_all("all", "a", one_to_five, 5); /* 3 - 4 = -1 -+ HALF */
    c.within = 1 + HALF + 1e-6;
    check_claim(&one_cell, c, 5, REPRODUCED);
    c.within = 1 + HALF - 1e-6;
    check_claim(&one_cell, c, 5, UNDECIDED);
    c.within = 1.5; /* the mean is within, the interval is not */
    check_claim(&one_cell, c, 5, UNDECIDED);
    c.within = 0;
    check_claim(&one_cell, c, 5, UNDECIDED);
    c.to = 3 + HALF + 1;
    c.within = 1 + 1e-6;
    check_claim(&one_cell, c, 5, UNDECIDED);
    c.within = 1 - 1e-6;
    check_claim(&one_cell, c, 5, NOT_REPRODUCED);
    c.to = 3 - HALF - 1;
    check_claim(&one_cell, c, 5, NOT_REPRODUCED);
}

static void equivalence_is_two_sided_and_paired(void **state)
{
    struct claim c = {.kind = EQUIVALENCE, .metric = "a", .to_metric = "b"};
    static const double b[] = {1.1, 1.9, 3.1, 3.9, 5}; /* b - a: mean 0, sd 0.1 */

    (void)state;
    put_all("all", "a", one_to_five, 5);
    put_all("all", "b", b, 5);
    const double half = T_4 * 0.1 / sqrt(5);
    c.within = half + 1e-6;
    check_claim(&one_cell, c, 5, REPRODUCED);
    c.within = half - 1e-6;
    check_claim(&one_cell, c, 5, UNDECIDED);
    results_free(&results);
    for (size_t s = 0; s < 5; s++) {
        put("all", s + 1, "a", one_to_five[s]);
        put("all", s + 1, "b", b[s] + 1);
    }
    c.within = 0.5;
    check_claim(&one_cell, c, 5, NOT_REPRODUCED);
    c.within = 1;
    check_claim(&one_cell, c, 5, UNDECIDED);
}

/* ---- bound ---- */

static void bound_holds_in_every_seed(void **state)
{
    struct claim c = {.kind = BOUND, .metric = "a", .is = BELOW, .to = 5};

    (void)state;
    put_all("all", "a", one_to_five, 5);
    check_claim(&one_cell, c, 5, REPRODUCED);
    c.to = 4.99;
    const struct verdict v = judge(&one_cell, c, 5);
    check_word(&v, NOT_REPRODUCED);
    CHECK_NEAR(v.mean, 5, 0);
    CHECK_TRUE(v.interval.n == 5 && v.asked == 5 && v.finite == 5);
    CHECK_NEAR(v.interval.sd, 0, 0);
    CHECK_NEAR(v.interval.mean, 5, 0);
    CHECK_NEAR(v.interval.low, 5, 0);
    CHECK_NEAR(v.interval.high, 5, 0);
    CHECK_NEAR(v.to, 4.99, 0);
    check_claim(&one_cell, c, 4, REPRODUCED);
    c.is = ABOVE;
    c.to = 1;
    check_claim(&one_cell, c, 5, REPRODUCED);
    c.to = 1.01;
    check_claim(&one_cell, c, 5, NOT_REPRODUCED);
}

static void bound_over_all_cells_sees_one_bad_unit(void **state)
{
    struct claim c = {.kind = BOUND, .metric = "a", .cell = ALL_CELLS, .is = BELOW, .to = 1};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t s = 1; s <= 4; s++)
            put(cells[i], s, "a", i == 1 && s == 3 ? 1.5 : 0.5);
    const struct verdict v = judge(&three_cells, c, 4);
    check_word(&v, NOT_REPRODUCED);
    CHECK_NEAR(v.mean, 1.5, 0);
    c.to = 1.5;
    check_claim(&three_cells, c, 4, REPRODUCED);
}

static void bound_counts_seeds_that_diverged_anywhere(void **state)
{
    const struct claim c = {.kind = BOUND, .metric = "a", .cell = ALL_CELLS, .is = BELOW, .to = 1};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t s = 1; s <= 3; s++)
            if (s == 2)
                diverge(cells[i], s);
            else
                put(cells[i], s, "a", 0.5);
    const struct verdict v = judge(&three_cells, c, 3);
    check_word(&v, NOT_REPRODUCED);
    assert_int_equal(v.asked, 3);
    assert_int_equal(v.finite, 2);
}

/* ---- words ---- */

static void measured_says_what_was_found(void **state)
{
    static const double b[] = {11, 12.5, 12.5, 14.5, 14.5};
    const struct claim difference = A_BELOW_B, value = A_BELOW(7), each = EACH_BELOW(2.5);
    const struct claim bound = {.kind = BOUND, .metric = "a", .is = BELOW, .to = 4};
    char words[160];

    (void)state;
    put_all("all", "a", one_to_five, 5);
    put_all("all", "b", b, 5);
    put_members((const int[]){1, 2, 3}, 3);
    struct verdict v = judge(&one_cell, value, 5);
    CHECK_TEXT(verdict_measured(words, &v, &value), "3 [-0.256, 6.26], n = 5");
    v = judge(&one_cell, difference, 5);
    CHECK_TEXT(verdict_measured(words, &v, &difference), "difference -10 [-11, -8.97], n = 5");
    v = judge(&one_cell, each, 5);
    CHECK_TRUE(strncmp(verdict_measured(words, &v, &each), "2 of 3 hold; the worst 0.5 [", 28) ==
               0);
    v = judge(&one_cell, bound, 5);
    CHECK_TEXT(verdict_measured(words, &v, &bound), "5, n = 5");
    results_free(&results);
    put_family(5, -0.5, 1);
    diverge("all", 6);
    v = judge(&one_cell, TASKS_FALL, 5);
    CHECK_TEXT(verdict_measured(words, &v, &TASKS_FALL),
               "rank correlation -0.977 [-1, -0.913], n = 5");
    v = judge(&one_cell, TASKS_FALL, 6);
    assert_non_null(strstr(verdict_measured(words, &v, &TASKS_FALL), ", n = 6 (1 diverged)"));
    results_free(&results);
    put_all("all", "a", one_to_five, 1);
    struct reproduction fixed = one_cell;
    fixed.deterministic = 1;
    v = judge(&fixed, value, 1); /* nothing is drawn, so there is no interval to print */
    CHECK_TEXT(verdict_measured(words, &v, &value), "1, n = 1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, start)
    const struct CMUnitTest tests[] = {
        TEST(names_are_found),
        TEST(order_is_decided_by_the_whole_interval),
        TEST(order_is_paired_by_seed),
        TEST(order_compares_two_cells),
        TEST(a_flipped_sign_turns_the_verdict),
        TEST(zeros_reproduce_no_order),
        TEST(one_seed_decides_where_nothing_is_drawn),
        TEST(value_needs_the_whole_interval_within),
        TEST(equivalence_is_two_sided_and_paired),
        TEST(bound_holds_in_every_seed),
        TEST(bound_over_all_cells_sees_one_bad_unit),
        TEST(bound_counts_seeds_that_diverged_anywhere),
        TEST(measured_says_what_was_found),
    };

    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
