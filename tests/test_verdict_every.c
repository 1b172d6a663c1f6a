/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdicts on claims that each of several members has to hold. */
#include "base/rng.h"
#include "verdict_cases.h"

/* One member with the spread of put_members around any mean. */
static void put_member(int index, double mean)
{
    char name[24];

    snprintf(name, sizeof name, "task.%d", index);
    for (size_t s = 0; s < 5; s++)
        put("all", s + 1, name, mean + 0.1 * (one_to_five[s] - 3));
}

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
}

/* ---- which word ---- */

/* Every way in which three members hold, are open or are against. */
static void every_is_refuted_by_one_member_that_is_against(void **state)
{
    static const double at[] = {-9, 0, 9};

    (void)state;
    for (int i = 0; i < 27; i++) {
        const int said[] = {i % 3, i / 3 % 3, i / 9};
        int holds = 0, against = 0;

        results_free(&results);
        for (int k = 0; k < 3; k++) {
            put_member(k, at[said[k]]);
            holds += said[k] == 0;
            against += said[k] == 2;
        }
        const struct verdict v = judge(&one_cell, EACH_BELOW(0), 5);
        check_word(&v, holds == 3    ? REPRODUCED
                       : against == 0 ? UNDECIDED
                       : holds > 0    ? PARTLY
                                      : NOT_REPRODUCED);
        assert_int_equal(v.holds, holds);
        assert_int_equal(v.of, 3);
    }
}

/* Five members, of which one is open: the border of the last one's interval is that of m = 5. */
static void every_asks_each_of_several_at_a_higher_confidence(void **state)
{
    static const struct {
        int m;
        double quantile;
    } cases[] = {{2, T_4_OF_2}, {5, T_4_OF_5}, {10, T_4_OF_10}};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (int side = -1; side <= 1; side += 2)
            for (int beyond = 0; beyond < 2; beyond++) {
                const double half = cases[i].quantile * SPREAD + (beyond ? 1e-6 : -1e-6);

                results_free(&results);
                for (int k = 1; k < cases[i].m; k++)
                    put_member(k, 0);
                put_member(0, side * half);
                const struct verdict v = judge(&one_cell, EACH_BELOW(0), 5);
                check_word(&v, side > 0 && beyond ? NOT_REPRODUCED : UNDECIDED);
                assert_int_equal(v.holds, side < 0 && beyond);
                CHECK_NEAR(v.interval.high - v.interval.mean, cases[i].quantile * SPREAD, 1e-6);
            }
}

/* All on one side at 99 %, none of them at the confidence that single ones would need. */
static void every_needs_no_correction_where_all_members_agree(void **state)
{
    const double half = T_4 * SPREAD + 1e-6;

    (void)state;
    for (int side = -1; side <= 1; side += 2) {
        results_free(&results);
        for (int k = 0; k < 10; k++)
            put_member(k, side * half);
        struct verdict v = judge(&one_cell, EACH_BELOW(0), 5);
        check_word(&v, side < 0 ? REPRODUCED : NOT_REPRODUCED);
        assert_int_equal(v.holds, side < 0 ? 10 : 0);
        CHECK_TEXT(v.why, side < 0 ? "" : "none holds");
        CHECK_NEAR(v.interval.high - v.interval.mean, T_4 * SPREAD, 1e-6);
        put_member(10, 0);
        v = judge(&one_cell, EACH_BELOW(0), 5);
        check_word(&v, UNDECIDED);
        assert_int_equal(v.holds, 0);
        CHECK_TEXT(v.why, "all are open");
    }
}

/* Twenty members whose means lie on the border: of 1000 trials 5 are expected to find one that is
 * against (4 do). Members at 99 % each would make it 95. */
static void every_seldom_finds_by_chance(void **state)
{
    enum { TRIALS = 1000, MEMBERS = 20, SEEDS = 5 };
    struct rng rng = rng_stream(1, "chance");
    size_t found = 0;

    (void)state;
    for (int trial = 0; trial < TRIALS; trial++) {
        results_free(&results);
        for (size_t s = 1; s <= SEEDS; s++)
            for (int k = 0; k < MEMBERS; k++) {
                char name[24];

                snprintf(name, sizeof name, "task.%d", k);
                put("all", s, name, rng_normal(&rng));
            }
        found += judge(&one_cell, EACH_BELOW(0), SEEDS).word != UNDECIDED;
    }
    CHECK_TRUE(found <= 20);
}

/* ---- the members ---- */

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
    c.members = "4 four";
    v = judge(&one_cell, c, 5);
    CHECK_TEXT(v.why, "four, task.5, task.12 do not hold; task.2 is open");
}

/* Of four members three are open: their intervals hold 3. */
static void every_names_the_few_that_are_not_open(void **state)
{
    static const char *const tasks[] = {"task.1", "task.2", "task.3", "task.4"};

    (void)state;
    for (size_t s = 0; s < 5; s++)
        for (int i = 0; i < 4; i++)
            put("all", s + 1, tasks[i], (i == 3 ? 9 : 3) + 0.1 * (one_to_five[s] - 3));
    struct verdict v = judge(&one_cell, EACH_BELOW(3), 5);
    check_word(&v, NOT_REPRODUCED);
    CHECK_TEXT(v.why, "task.4 does not hold; all but task.4 are open");
    v = judge(&one_cell, EACH_BELOW(9), 5);
    check_word(&v, UNDECIDED);
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
    const struct verdict v = judge(&one_cell, EACH_BELOW(1002), 5);
    check_word(&v, PARTLY);
    assert_int_equal(v.holds, 1); /* 1000 lies 2 below, more than its half width of 1.1 */
    assert_int_equal(strlen(v.why), sizeof v.why - 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, start)
    const struct CMUnitTest tests[] = {
        TEST(every_member_must_hold),
        TEST(every_is_refuted_by_one_member_that_is_against),
        TEST(every_asks_each_of_several_at_a_higher_confidence),
        TEST(every_needs_no_correction_where_all_members_agree),
        TEST(every_seldom_finds_by_chance),
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
    };

    return cmocka_run_group_tests_name("verdict_every", tests, NULL, NULL);
}
