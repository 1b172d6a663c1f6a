/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdicts where units diverged: they count as the worst, and never improve a verdict. */
#include "verdict_cases.h"

static void a_diverged_unit_counts_as_the_declared_worst(void **state)
{
    const struct claim c = {.kind = ORDER, .metric = "error", .is = BELOW, .to = 0.5};

    (void)state;
    for (size_t s = 1; s <= 4; s++)
        put("all", s, "error", 0.1);
    diverge("all", 5);
    const struct verdict v = judge(&one_cell, c, 5);
    CHECK_NEAR(v.mean, (4 * 0.1 + 0.9) / 5, 1e-12);
    assert_int_equal(v.asked, 5);
    assert_int_equal(v.finite, 4);
    check_word(&v, UNDECIDED);
    check_claim(&one_cell, c, 4, REPRODUCED);
    char words[160];
    CHECK_TRUE(strstr(verdict_measured(words, &v, &c), "n = 5 (1 diverged)") != NULL);
}

/* Without a declared one it is the worst finite value of any cell, in the metric's direction. */
static void a_diverged_unit_counts_as_the_worst_finite_value(void **state)
{
    static const struct {
        const char *metric;
        enum relation is;
        double worst;
    } rows[] = {{"a", BELOW, 7}, {"a", ABOVE, 7}, {"accuracy", ABOVE, -2}, {"accuracy", BELOW, -2},
                {"plain", BELOW, 7}, {"plain", ABOVE, -2}, {"score", ABOVE, 0.1}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        results_free(&results);
        put("n=10", 1, rows[i].metric, 1);
        put("n=10", 2, rows[i].metric, 2);
        diverge("n=10", 3);
        put("n=40", 1, rows[i].metric, 7);
        put("n=40", 2, rows[i].metric, -2);
        const struct claim c = {.kind = ORDER, .metric = rows[i].metric, .is = rows[i].is};
        const struct verdict v = judge(&three_cells, c, 3);
        CHECK_NEAR(v.mean, (3 + rows[i].worst) / 3, 1e-12);
        assert_int_equal(v.finite, 2);
    }
}

/* Without a direction each side has its own worst: the one that is against the claim. */
static void both_sides_of_a_comparison_have_their_worst(void **state)
{
    struct claim c = {.kind = ORDER, .metric = "plain", .cell = "n=10", .to_metric = "plain",
                      .to_cell = "n=40", .is = BELOW};

    (void)state;
    put("n=10", 1, "plain", -2);
    put("n=40", 1, "plain", 7);
    diverge("n=10", 2);
    diverge("n=40", 2);
    struct verdict v = judge(&three_cells, c, 2);
    CHECK_NEAR(v.mean, (-2 + 7) / 2.0, 1e-12);
    CHECK_NEAR(v.to, (7 - 2) / 2.0, 1e-12);
    c.is = ABOVE;
    v = judge(&three_cells, c, 2);
    CHECK_NEAR(v.mean, (-2 - 2) / 2.0, 1e-12);
    CHECK_NEAR(v.to, (7 + 7) / 2.0, 1e-12);
}

/* Values that one diverged unit's stand-in would make better, or more certain, than they are. */
static void a_diverged_unit_never_improves_a_verdict(void **state)
{
    static const enum verdict_word rank[] = {[NOT_REPRODUCED] = 1, [PARTLY] = 2, [UNDECIDED] = 3,
                                             [REPRODUCED] = 4, [NOT_TESTED] = 0};
    static const enum claim_kind kinds[] = {ORDER, VALUE, ORDER, EQUIVALENCE};
    static const char *const measured[] = {"a", "accuracy", "plain", "error", "score"};
    static const double bases[] = {-3, -0.2, 0, 0.1, 0.5, 0.9, 3};
    size_t lower = 0;

    (void)state;
    for (size_t k = 0; k < 4; k++)
        for (size_t i = 0; i < 5 * 7 * 2 * 3; i++) {
            const size_t alone = 1 + i / 70;
            const char *metric = measured[i % 5];
            const double base = bases[i / 5 % 7];
            const struct claim c = {.kind = kinds[k],
                                    .metric = metric, .is = i / 35 % 2 ? ABOVE : BELOW, .to = 0.3,
                                    .within = 0.7, .to_metric = k < 2 ? NULL : "b"};

            results_free(&results);
            for (size_t s = 1; s <= alone; s++) {
                put("all", s, metric, base + 0.001 * (double)s);
                put("all", s, strcmp(metric, "b") == 0 ? "a" : "b", 0.3 + 0.01 * (double)s);
            }
            for (size_t s = alone + 1; s <= 6; s++)
                diverge("all", s);
            const struct verdict without = judge(&one_cell, c, alone);
            const struct verdict with = judge(&one_cell, c, 6);
            CHECK_TRUE(rank[with.word] <= rank[without.word]);
            lower += rank[with.word] < rank[without.word];
        }
    CHECK_TRUE(lower > 50);
}

static void two_methods_that_diverge_are_not_equivalent(void **state)
{
    const struct claim c = {.kind = EQUIVALENCE, .metric = "error", .cell = "n=10",
                            .to_metric = "error", .to_cell = "n=40", .within = 0.1};

    (void)state;
    for (size_t s = 1; s <= 5; s++) {
        diverge("n=10", s);
        diverge("n=40", s);
    }
    const struct verdict v = judge(&three_cells, c, 5);
    check_word(&v, UNDECIDED);
    assert_int_equal(v.finite, 0);
}

static void a_baseline_that_always_diverges_proves_nothing(void **state)
{
    const struct claim c = {.kind = ORDER, .metric = "error", .cell = "n=10", .is = BELOW,
                            .to_metric = "error", .to_cell = "n=40"};
    struct claim back = c;

    (void)state;
    for (size_t s = 1; s <= 5; s++) {
        put("n=10", s, "error", 0.2 + 0.001 * (double)s);
        diverge("n=40", s);
    }
    check_claim(&three_cells, c, 5, UNDECIDED);
    back.cell = "n=40";
    back.to_cell = "n=10";
    check_claim(&three_cells, back, 5, NOT_REPRODUCED); /* it is the worst one */
}

static void a_trend_with_a_diverged_seed_is_not_improved(void **state)
{
    (void)state;
    put_family(4, -1, 0);
    check_claim(&one_cell, TASKS_FALL, 4, REPRODUCED);
    diverge("all", 5);
    const struct verdict v = judge(&one_cell, TASKS_FALL, 5);
    check_word(&v, UNDECIDED);
    CHECK_NEAR(v.mean, -3.0 / 5, 1e-12);
    assert_int_equal(v.finite, 4);
    check_claim(&one_cell, TASKS_RISE, 5, NOT_REPRODUCED);
    results_free(&results);
    put_family(4, 1, 0);
    diverge("all", 5);
    const struct verdict up = judge(&one_cell, TASKS_RISE, 5);
    check_word(&up, UNDECIDED);
    CHECK_NEAR(up.mean, 3.0 / 5, 1e-12);
    check_claim(&one_cell, TASKS_FALL, 5, NOT_REPRODUCED);
}

/* Four seeds that rise a little, without spread: a fifth one without numbers does not blur that. */
static void a_diverged_seed_does_not_hide_a_trend_that_is_wrong(void **state)
{
    static const double values[] = {1, 4, 3, 2}; /* rank correlation 0.2 with the index */

    (void)state;
    for (size_t s = 1; s <= 4; s++)
        for (int i = 0; i < 4; i++) {
            char name[24];

            snprintf(name, sizeof name, "task.%d", i);
            put("all", s, name, values[i]);
        }
    check_claim(&one_cell, TASKS_FALL, 4, NOT_REPRODUCED);
    diverge("all", 5);
    check_claim(&one_cell, TASKS_FALL, 5, NOT_REPRODUCED);
}

static void all_diverged_is_undecided(void **state)
{
    static const struct claim claims[] = {
        {.kind = ORDER, .metric = "a", .is = BELOW, .to = 1},
        {.kind = ORDER, .metric = "a", .is = BELOW, .to_metric = "b"},
        {.kind = VALUE, .metric = "a", .to = 1, .within = 10},
        {.kind = EQUIVALENCE, .metric = "a", .to_metric = "b", .within = 10},
        {.kind = BOUND, .metric = "a", .is = BELOW, .to = 1},
        {.kind = TREND, .metric = "task.*", .is = BELOW},
        {.kind = TREND, .metric = "error", .is = BELOW},
        {.kind = EVERY, .metric = "task.*", .is = BELOW},
        {.kind = EVERY, .metric = "a", .is = BELOW},
    };

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t s = 1; s <= 5; s++)
            diverge(cells[i], s);
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        const struct verdict v = judge(&three_cells, claims[i], 5);
        char words[160];

        check_word(&v, UNDECIDED);
        assert_int_equal(v.asked, 5);
        assert_int_equal(v.finite, 0);
        CHECK_TEXT(v.why, "every unit diverged");
        CHECK_TEXT(verdict_measured(words, &v, &claims[i]), "-");
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, start)
    const struct CMUnitTest tests[] = {
        TEST(a_diverged_unit_counts_as_the_declared_worst),
        TEST(a_diverged_unit_counts_as_the_worst_finite_value),
        TEST(both_sides_of_a_comparison_have_their_worst),
        TEST(a_diverged_unit_never_improves_a_verdict),
        TEST(two_methods_that_diverge_are_not_equivalent),
        TEST(a_baseline_that_always_diverges_proves_nothing),
        TEST(a_trend_with_a_diverged_seed_is_not_improved),
        TEST(a_diverged_seed_does_not_hide_a_trend_that_is_wrong),
        TEST(all_diverged_is_undecided),
    };

    return cmocka_run_group_tests_name("verdict_diverged", tests, NULL, NULL);
}
