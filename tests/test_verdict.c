/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdicts: every kind of claim on values whose 99 % interval is known by hand, and every way in
 * which nothing, or not enough, was compared. */
#include "test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "harness/verdict.h"

/* Quantile of t at 0.995 for 4 degrees, from printed tables: half widths of five values are this
 * times sd / sqrt(5). */
#define T_4 4.60409487

enum { MOST = 16 };

static const struct metric metrics[] = {
    {.name = "a", .unit = "1", .direction = LOWER_IS_BETTER},
    {.name = "b", .unit = "1", .direction = LOWER_IS_BETTER},
    {.name = "accuracy", .unit = "1", .direction = HIGHER_IS_BETTER},
    {.name = "plain", .unit = "1"},
    {.name = "error", .unit = "1", .direction = LOWER_IS_BETTER, .worst = 0.9},
    {.name = "score", .unit = "1", .direction = HIGHER_IS_BETTER, .worst = 0.1},
    {.name = "task.*", .unit = "1", .direction = LOWER_IS_BETTER},
    {.name = "base.*", .unit = "1", .direction = LOWER_IS_BETTER},
};
static const struct axis axis = {
    .name = "n", .meaning = "size",
    .at = {CELL_VALUES(10, 20), CELL_VALUES(10, 20, 40), {0, NULL, NULL}}};
static const struct reproduction one_cell = {.id = "one", METRICS(metrics)};
static const struct reproduction three_cells = {.id = "three", .axis = &axis, METRICS(metrics)};
static const char *const cells[] = {"n=10", "n=20", "n=40"};
static const uint64_t seeds[MOST] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static struct results results;

static int start(void **state)
{
    (void)state;
    results_free(&results);
    return 0;
}

static void put(const char *cell, size_t seed, const char *metric, double value)
{
    if (results_unit(&results, cell, seed) == NULL)
        results_add_unit(&results, cell, seed, "key", 0);
    results_add(&results, cell, seed, metric, "1", value, 0);
}

static void put_all(const char *cell, const char *metric, const double *values, size_t n)
{
    for (size_t s = 0; s < n; s++)
        put(cell, s + 1, metric, values[s]);
}

static void diverge(const char *cell, size_t seed)
{
    results_add_unit(&results, cell, seed, "key", 1);
}

static struct verdict judge(const struct reproduction *r, struct claim c, size_t n)
{
    struct verdict v;

    c.id = "claim";
    CHECK_STATUS(verdict_judge(&v, &c, r, DESK, r->data != NULL ? "real" : "none", &results, seeds,
                               n), STATUS_OK);
    return v;
}

static void check_word(const struct verdict *v, enum verdict_word expected)
{
    if (v->word != expected)
        fail_msg("verdict '%s' (%s), mean %g in [%g, %g], expected '%s'", verdict_name(v->word),
                 v->why, v->interval.mean, v->interval.low, v->interval.high,
                 verdict_name(expected));
}

static void check_claim(const struct reproduction *r, struct claim c, size_t n,
                        enum verdict_word expected)
{
    const struct verdict v = judge(r, c, n);

    check_word(&v, expected);
}

#define A_BELOW(number) (struct claim){.kind = ORDER, .metric = "a", .is = BELOW, .to = number}
#define A_ABOVE(number) (struct claim){.kind = ORDER, .metric = "a", .is = ABOVE, .to = number}
#define A_BELOW_B (struct claim){.kind = ORDER, .metric = "a", .is = BELOW, .to_metric = "b"}

/* Mean 3, sd sqrt(2.5): half = T_4 sqrt(0.5) = 3.2556. */
static const double one_to_five[] = {1, 2, 3, 4, 5};
#define HALF (T_4 * 0.70710678)

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
    check_claim(&one_cell, A_BELOW(3), 5, UNDECIDED);
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
    check_claim(&one_cell, A_BELOW_B, 5, UNDECIDED);
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

/* ---- trend ---- */

#define TASKS_FALL (struct claim){.kind = TREND, .metric = "task.*", .is = BELOW}
#define TASKS_RISE (struct claim){.kind = TREND, .metric = "task.*", .is = ABOVE}

/* slope * index, with one exchange in every second seed. */
static void put_family(size_t n, double slope, int exchange)
{
    for (size_t s = 1; s <= n; s++)
        for (int i = 0; i < 6; i++) {
            const int rank = exchange && s % 2 == 0 && i < 2 ? 1 - i : i;
            char name[24];

            snprintf(name, sizeof name, "task.%d", i * 7);
            put("all", s, name, 10 + slope * rank);
        }
}

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

#define EACH_BELOW(number)                                                                         \
    (struct claim){.kind = EVERY, .metric = "task.*", .is = BELOW, .to = number}

/* Member i is i + a small spread over seeds: its half width is T_4 * 0.1581 / sqrt(5) = 0.3256. */
static void put_members(const int *indices, size_t n)
{
    for (size_t s = 0; s < 5; s++)
        for (size_t i = 0; i < n; i++) {
            char name[24];

            snprintf(name, sizeof name, "task.%d", indices[i]);
            put("all", s + 1, name, indices[i] + 0.1 * (one_to_five[s] - 3));
        }
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

/* ---- diverged units ---- */

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
    static const enum verdict_word rank[] = {[NOT_REPRODUCED] = 1, [UNDECIDED] = 2, [PARTLY] = 3,
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

/* ---- what is not there ---- */

static void nan_never_reproduces(void **state)
{
    static const struct claim claims[] = {
        {.kind = ORDER, .metric = "a", .is = BELOW, .to = 100},
        {.kind = ORDER, .metric = "a", .is = BELOW, .to_metric = "b"},
        {.kind = ORDER, .metric = "b", .is = ABOVE, .to_metric = "a"},
        {.kind = VALUE, .metric = "a", .to = 0, .within = 100},
        {.kind = EQUIVALENCE, .metric = "a", .to_metric = "b", .within = 100},
        {.kind = BOUND, .metric = "a", .is = BELOW, .to = 100},
        {.kind = BOUND, .metric = "a", .is = ABOVE, .to = -100},
        {.kind = EVERY, .metric = "a", .is = BELOW, .to = 100},
        {.kind = TREND, .metric = "task.*", .is = ABOVE},
        {.kind = EVERY, .metric = "task.*", .is = BELOW, .to = 100},
    };
    static const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};

    (void)state;
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++)
        for (size_t k = 0; k < 20; k++) { /* the seed, and what stands there; 3: nothing */
            const size_t seed = k % 5 + 1;

            results_free(&results);
            for (size_t s = 1; s <= 5; s++) {
                results_add_unit(&results, "all", s, "key", 0);
                if (s != seed || k / 5 < 3) {
                    put("all", s, "a", s == seed ? bad[k / 5] : (double)s);
                    put("all", s, "task.3", s == seed ? bad[k / 5] : 3 + (double)s);
                }
                put("all", s, "b", 50 + 2 * (double)s);
                put("all", s, "task.1", 1);
                put("all", s, "task.2", 2);
            }
            const struct verdict v = judge(&one_cell, claims[i], 5);
            CHECK_TRUE(v.word == UNDECIDED || v.word == NOT_REPRODUCED || v.word == PARTLY);
        }
}

static void missing_units_are_counted(void **state)
{
    (void)state;
    put_all("all", "a", one_to_five, 5);
    struct verdict v = judge(&one_cell, A_BELOW(100), 8);
    check_word(&v, NOT_TESTED);
    CHECK_TEXT(v.why, "3 of 8 units are missing");
    CHECK_TRUE(isnan(v.interval.mean));
    assert_int_equal(v.asked, 8);
    results_free(&results);
    v = judge(&one_cell, A_BELOW(100), 8);
    check_word(&v, NOT_TESTED);
    CHECK_TEXT(v.why, "no results");
    v = judge(&one_cell, A_BELOW(100), 0);
    check_word(&v, NOT_TESTED);
    CHECK_TEXT(v.why, "no results");
}

static void missing_units_are_counted_over_all_cells(void **state)
{
    static const struct claim claims[] = {
        {.kind = EVERY, .metric = "a", .is = BELOW, .to = 100},
        {.kind = EVERY, .metric = "a", .cell = FIRST_CELL, .is = BELOW, .to = 100},
        {.kind = TREND, .metric = "a", .is = BELOW},
        {.kind = BOUND, .metric = "a", .cell = ALL_CELLS, .is = BELOW, .to = 100},
    };
    const struct claim two = {.kind = ORDER, .metric = "a", .is = BELOW, .cell = "n=10",
                              .to_metric = "a", .to_cell = "n=40"};

    (void)state;
    put_all("n=10", "a", one_to_five, 5);
    put_all("n=20", "a", one_to_five, 5);
    for (size_t i = 0; i < 4; i++) {
        const struct verdict v = judge(&three_cells, claims[i], 5);

        check_word(&v, NOT_TESTED);
        CHECK_TEXT(v.why, "5 of 15 units are missing");
    }
    const struct verdict v = judge(&three_cells, two, 5);
    check_word(&v, NOT_TESTED);
    CHECK_TEXT(v.why, "5 of 10 units are missing");
}

static void an_unknown_cell_is_not_tested(void **state)
{
    struct claim c = A_BELOW(100);
    struct verdict v;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        put_all(cells[i], "a", one_to_five, 5);
    c.cell = "n=30";
    v = judge(&three_cells, c, 5);
    check_word(&v, NOT_TESTED);
    CHECK_TEXT(v.why, "this profile has no such cell");
    c.cell = "n=10";
    c.to_metric = "a";
    c.to_cell = "n=30";
    check_claim(&three_cells, c, 5, NOT_TESTED);
    c.to_metric = c.to_cell = NULL;
    c.id = "claim";
    for (size_t i = 0; i < 4; i++) { /* at PAPER the axis has no cells at all */
        c.cell = (const char *[]){NULL, FIRST_CELL, LAST_CELL, ALL_CELLS}[i];
        CHECK_STATUS(verdict_judge(&v, &c, &three_cells, PAPER, "none", &results, seeds, 5),
                     STATUS_OK);
        check_word(&v, NOT_TESTED);
    }
}

static void stand_ins_and_smoke_test_nothing(void **state)
{
    struct reproduction r = one_cell;
    struct claim c = A_BELOW(100);
    struct verdict v;

    (void)state;
    c.id = "claim";
    r.data = "MNIST";
    put_all("all", "a", one_to_five, 5);
    CHECK_STATUS(verdict_judge(&v, &c, &r, DESK, "stand-in", &results, seeds, 5), STATUS_OK);
    check_word(&v, NOT_TESTED);
    CHECK_TEXT(v.why, "needs MNIST, ran on stand-ins");
    CHECK_NEAR(v.mean, 3, 1e-14); /* but measured */
    CHECK_STATUS(verdict_judge(&v, &c, &r, DESK, "real", &results, seeds, 5), STATUS_OK);
    check_word(&v, REPRODUCED);
    CHECK_STATUS(verdict_judge(&v, &c, &r, SMOKE, "real", &results, seeds, 5), STATUS_OK);
    check_word(&v, NOT_TESTED);
    CHECK_TEXT(v.why, "the smoke profile gives no verdicts");
    r.deterministic = 1;
    CHECK_STATUS(verdict_judge(&v, &c, &r, SMOKE, "real", &results, seeds, 5), STATUS_OK);
    check_word(&v, REPRODUCED);
    c.kind = EVERY;
    CHECK_STATUS(verdict_judge(&v, &c, &r, SMOKE, "stand-in", &results, seeds, 5), STATUS_OK);
    check_word(&v, NOT_TESTED);
}

static void out_of_memory_is_a_status(void **state)
{
    struct claim c = A_BELOW(100);
    struct verdict v;

    (void)state;
    c.id = "claim";
    put_all("all", "a", one_to_five, 5);
    put_family(5, -1, 0);
    for (size_t k = 1; k <= 2; k++) {
        c = k == 1 ? A_BELOW(100) : TASKS_FALL;
        c.id = "claim";
        memory_fail_at(k);
        CHECK_STATUS(verdict_judge(&v, &c, &one_cell, DESK, "none", &results, seeds, 5),
                     STATUS_MEMORY);
        memory_fail_at(0);
        assert_int_equal(v.word, NOT_TESTED);
        check_claim(&one_cell, c, 5, REPRODUCED);
    }
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

/* Judges the claim in a child; 1 when that aborted. */
static int judging_aborts(const struct reproduction *r, struct claim c)
{
    const pid_t child = fork();
    struct verdict v;
    int end = 0;

    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        signal(SIGABRT, SIG_DFL);
        c.id = "claim";
        _exit(verdict_judge(&v, &c, r, DESK, "none", &results, seeds, 5) != STATUS_OK);
    }
    assert_true(child > 0 && waitpid(child, &end, 0) == child);
    return WIFSIGNALED(end) && WTERMSIG(end) == SIGABRT;
}

static void claims_that_say_nothing_abort(void **state)
{
    const struct claim bad[] = {
        {.kind = ORDER, .metric = "a", .cell = ALL_CELLS},
        {.kind = VALUE, .metric = "a", .cell = ALL_CELLS, .within = 1},
        {.kind = TREND, .metric = "task.*", .cell = ALL_CELLS},
        {.kind = ORDER, .metric = "task.*"},
        {.kind = BOUND, .metric = "a", .to_metric = "b"},
        {.kind = TREND, .metric = "a", .to_metric = "b"},
        {.kind = ORDER, .metric = "a", .to_cell = LAST_CELL},
        {.kind = ORDER, .metric = "a", .to_metric = "task.*"},
        {.kind = ORDER, .metric = "unheard-of"},
        {.kind = ORDER, .metric = "a", .to_metric = "unheard-of"},
        {.kind = ORDER, .metric = "a", .to = (double)NAN},
        {.kind = EVERY, .metric = "a", .members = "1 one"},
        {.kind = TREND, .metric = "task.*", .members = "1 one"},
        {.kind = VALUE, .metric = "a", .within = -1},
        {.kind = VALUE, .metric = "a", .within = (double)NAN},
    };
    const struct claim good[] = {
        {.kind = BOUND, .metric = "a", .cell = ALL_CELLS},
        {.kind = EVERY, .metric = "task.*", .cell = ALL_CELLS, .to_metric = "base.*"},
        {.kind = TREND, .metric = "a", .cell = ALL_CELLS},
        {.kind = ORDER, .metric = "a", .to_metric = "b", .to_cell = LAST_CELL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (!judging_aborts(&three_cells, bad[i]))
            fail_msg("claim %zu was judged", i);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (judging_aborts(&three_cells, good[i]))
            fail_msg("claim %zu was not judged", i);
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
        TEST(a_diverged_unit_counts_as_the_declared_worst),
        TEST(a_diverged_unit_counts_as_the_worst_finite_value),
        TEST(both_sides_of_a_comparison_have_their_worst),
        TEST(a_diverged_unit_never_improves_a_verdict),
        TEST(two_methods_that_diverge_are_not_equivalent),
        TEST(a_baseline_that_always_diverges_proves_nothing),
        TEST(a_trend_with_a_diverged_seed_is_not_improved),
        TEST(a_diverged_seed_does_not_hide_a_trend_that_is_wrong),
        TEST(all_diverged_is_undecided),
        TEST(nan_never_reproduces),
        TEST(missing_units_are_counted),
        TEST(missing_units_are_counted_over_all_cells),
        TEST(an_unknown_cell_is_not_tested),
        TEST(stand_ins_and_smoke_test_nothing),
        TEST(out_of_memory_is_a_status),
        TEST(measured_says_what_was_found),
        TEST(a_large_run_is_judged),
        TEST(claims_that_say_nothing_abort),
    };

    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
