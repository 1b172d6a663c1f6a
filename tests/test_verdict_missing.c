/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdicts where nothing, or not enough, was compared, and claims that say nothing. */
#include "verdict_cases.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

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
        TEST(nan_never_reproduces),
        TEST(missing_units_are_counted),
        TEST(missing_units_are_counted_over_all_cells),
        TEST(an_unknown_cell_is_not_tested),
        TEST(stand_ins_and_smoke_test_nothing),
        TEST(out_of_memory_is_a_status),
        TEST(claims_that_say_nothing_abort),
    };

    return cmocka_run_group_tests_name("verdict_missing", tests, NULL, NULL);
}
