/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameters, lists of seeds, and the names in claim tables. */
#include "test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "harness/claim.h"
#include "harness/parameter.h"
#include "harness/seeds.h"

#define PARAMETERS(P)                                                                              \
    P(int, seeds, 2, 10, 20, "repetitions")                                                        \
    P(double, rate, 0.1, 1.0 / 3, 1e-300, "step size")                                             \
    P(int, offset, -2147483647 - 1, 0, 2147483647, "the ends of an int")                           \
    P(double, odd, (double)NAN, (double)INFINITY, -0.0, "whatever a table says")
DEFINE_PARAMETERS(PARAMETERS)

enum { ROWS = sizeof parameter_rows / sizeof parameter_rows[0] };

static void values_of_the_profile_are_filled_in(void **state)
{
    struct parameters p;

    (void)state;
    parameter_resolve(&p, parameter_rows, ROWS, SMOKE);
    assert_int_equal(p.seeds, 2);
    CHECK_NEAR(p.rate, 0.1, 0);
    assert_true(p.offset == -2147483647 - 1);
    CHECK_TRUE(isnan(p.odd));
    parameter_resolve(&p, parameter_rows, ROWS, DESK);
    assert_int_equal(p.seeds, 10);
    CHECK_NEAR(p.rate, 1.0 / 3, 0);
    assert_int_equal(p.offset, 0);
    parameter_resolve(&p, parameter_rows, ROWS, PAPER);
    assert_int_equal(p.seeds, 20);
    CHECK_NEAR(p.rate, 1e-300, 0);
    assert_int_equal(p.offset, 2147483647);
}

static void values_are_found_by_name(void **state)
{
    (void)state;
    CHECK_NEAR(parameter_value(parameter_rows, ROWS, "seeds", DESK, -1), 10, 0);
    CHECK_NEAR(parameter_value(parameter_rows, ROWS, "rate", PAPER, -1), 1e-300, 0);
    CHECK_NEAR(parameter_value(parameter_rows, ROWS, "seed", DESK, -1), -1, 0);
    CHECK_NEAR(parameter_value(parameter_rows + 1, ROWS - 1, "seeds", DESK, 0), 0, 0);
    CHECK_NEAR(parameter_value(NULL, 0, "seeds", DESK, 7), 7, 0);
}

/* Resolves one int of this value in a child; 1 when that aborted. */
static int int_aborts(double value)
{
    const struct parameter row = {.name = "n", .type = PARAMETER_int,
                                  .value = {value, value, value}};
    const pid_t child = fork();
    int out, end = 0;

    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        signal(SIGABRT, SIG_DFL);
        parameter_resolve(&out, &row, 1, DESK);
        _exit(0);
    }
    assert_true(child > 0 && waitpid(child, &end, 0) == child);
    return WIFSIGNALED(end) && WTERMSIG(end) == SIGABRT;
}

static void an_int_that_does_not_fit_aborts(void **state)
{
    static const double bad[] = {0.5,   -1.000001,   2147483648.0,    -2147483649.0,
                                 1e300, (double)NAN, (double)INFINITY};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_TRUE(int_aborts(bad[i]));
    CHECK_TRUE(!int_aborts(2147483647.0));
    CHECK_TRUE(!int_aborts(-2147483648.0));
    CHECK_TRUE(!int_aborts(0));
}

/* ---- seeds ---- */

static void check_seeds(const char *text, const uint64_t *expected, size_t n)
{
    uint64_t seeds[32];
    size_t found;

    CHECK_STATUS(seeds_read(text, seeds, 32, &found), STATUS_OK);
    assert_int_equal(found, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(seeds[i], expected[i]);
}

static void lists_of_seeds_are_read(void **state)
{
    (void)state;
    check_seeds("1", (uint64_t[]){1}, 1);
    check_seeds("1-4", (uint64_t[]){1, 2, 3, 4}, 4);
    check_seeds("7,1,4", (uint64_t[]){7, 1, 4}, 3);
    check_seeds("1-3,10", (uint64_t[]){1, 2, 3, 10}, 4);
    check_seeds("10,2-2,5-6", (uint64_t[]){10, 2, 5, 6}, 4);
    check_seeds("2147483646-2147483647", (uint64_t[]){2147483646, 2147483647}, 2);
}

static void malformed_lists_are_refused(void **state)
{
    static const char *const bad[] = {
        "", ",", "1,", ",1", "1,,2", "-", "-1", "1-", "--", "1--2", "1-2-3", "0", "0-3", "5-3",
        "x", "1x", "1 2", "1, 2", " 1", "1 ", "+1x", "1.5", "1e3", "0x10", "all", "1;2", "1-3,2",
        "4,4", "2147483648", "1-2147483648", "99999999999999999999", "1-2147483647", "1-33",
        "1\n", "1-\t2",
        "0000000000000000000000000000000000000000000000000000000000000000000000000000000000001"};
    uint64_t seeds[32];
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (seeds_read(bad[i], seeds, 32, &n) != STATUS_USAGE)
            fail_msg("'%s' was taken", bad[i]);
}

static void no_more_seeds_than_there_is_room_for(void **state)
{
    uint64_t seeds[5] = {0, 0, 0, 0, 99};
    size_t n;

    (void)state;
    CHECK_STATUS(seeds_read("1-4", seeds, 4, &n), STATUS_OK);
    CHECK_STATUS(seeds_read("1-5", seeds, 4, &n), STATUS_USAGE);
    CHECK_MESSAGE("4 seeds");
    assert_int_equal(seeds[4], 99);
    CHECK_STATUS(seeds_read("1", seeds, 0, &n), STATUS_USAGE);
    CHECK_STATUS(seeds_read("1-3,2", seeds, 4, &n), STATUS_USAGE);
    CHECK_MESSAGE("seed 2 ");
}

/* ---- names ---- */

static void profiles_and_kinds_are_found_by_name(void **state)
{
    (void)state;
    for (int i = 0; i < PROFILE_COUNT; i++)
        assert_int_equal(profile_find(profile_name((enum profile)i)), i);
    for (int i = 0; i <= EVERY; i++)
        assert_int_equal(claim_kind_find(claim_kind_name((enum claim_kind)i)), i);
    assert_int_equal(profile_find("Desk"), -1);
    assert_int_equal(profile_find(""), -1);
    assert_int_equal(claim_kind_find("bound "), -1);
    CHECK_TEXT(profile_name(DESK), "desk");
    CHECK_TEXT(claim_kind_name(EVERY), "every");
}

static void members_of_a_family_have_an_index(void **state)
{
    static const struct {
        const char *family, *name;
        int index;
    } rows[] = {
        {"error.task.*", "error.task.0", 0},     {"error.task.*", "error.task.3", 3},
        {"error.task.*", "error.task.12345", 12345},
        {"error.task.*", "error.task.", -1},     {"error.task.*", "error.task.*", -1},
        {"error.task.*", "error.task.x", -1},    {"error.task.*", "error.task.3x", -1},
        {"error.task.*", "error.task.-3", -1},   {"error.task.*", "error.task.03", -1},
        {"error.task.*", "error.task.3.4", -1},  {"error.task.*", "error.task", -1},
        {"error.task.*", "error.tasks.3", -1},   {"error.task.*", "", -1},
        {"error.task.*", "error.task.99999999999999999999", -1},
        {"error.task", "error.task.3", -1},      {"*", "3", -1},
        {"", "", -1},                            {"", "3", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (metric_index(rows[i].family, rows[i].name) != rows[i].index)
            fail_msg("%s of %s has %d", rows[i].name, rows[i].family,
                     metric_index(rows[i].family, rows[i].name));
    CHECK_TRUE(metric_is_family("a.*"));
    CHECK_TRUE(!metric_is_family("a.3"));
    CHECK_TRUE(!metric_is_family("a*"));
    CHECK_TRUE(!metric_is_family("*"));
    CHECK_TRUE(!metric_is_family(""));
}

static void members_are_called_by_their_names(void **state)
{
    static const struct {
        const char *members;
        int index;
        const char *name;
    } rows[] = {
        {"1 one, 12 a -> b", 1, "one"}, {"1 one, 12 a -> b", 12, "a -> b"},
        {"1 one,12 a -> b", 12, "a -> b"}, {"1 one, 12 a -> b", 2, NULL},
        {"12 a, 1 one", 1, "one"}, {"", 0, NULL}, {NULL, 0, NULL}, {"one", 0, NULL},
        {"1, 2 two", 1, NULL}, {"1, 2 two", 2, "two"}, {"1 , 2 two", 1, NULL}, {",,1 a", 1, "a"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct claim c = {.members = rows[i].members};
        size_t length = 0;
        const char *name = claim_member(&c, rows[i].index, &length);

        if (rows[i].name == NULL ? name != NULL
                                 : name == NULL || strlen(rows[i].name) != length ||
                                       strncmp(name, rows[i].name, length) != 0)
            fail_msg("row %zu: %.*s", i, name != NULL ? (int)length : 4,
                     name != NULL ? name : "none");
    }
}

static void metrics_are_found_by_name_or_family(void **state)
{
    static const struct metric metrics[] = {{.name = "loss"}, {.name = "error.*"},
                                            {.name = "error.last"}};

    (void)state;
    assert_ptr_equal(metric_find(metrics, 3, "loss"), &metrics[0]);
    assert_ptr_equal(metric_find(metrics, 3, "error.7"), &metrics[1]);
    assert_ptr_equal(metric_find(metrics, 3, "error.*"), &metrics[1]);
    assert_ptr_equal(metric_find(metrics, 3, "error.last"), &metrics[2]);
    assert_null(metric_find(metrics, 3, "error"));
    assert_null(metric_find(metrics, 3, "los"));
    assert_null(metric_find(metrics, 0, "loss"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_the_profile_are_filled_in),
        cmocka_unit_test(values_are_found_by_name),
        cmocka_unit_test(an_int_that_does_not_fit_aborts),
        cmocka_unit_test(lists_of_seeds_are_read),
        cmocka_unit_test(malformed_lists_are_refused),
        cmocka_unit_test(no_more_seeds_than_there_is_room_for),
        cmocka_unit_test(profiles_and_kinds_are_found_by_name),
        cmocka_unit_test(members_of_a_family_have_an_index),
        cmocka_unit_test(members_are_called_by_their_names),
        cmocka_unit_test(metrics_are_found_by_name_or_family),
    };

    return cmocka_run_group_tests_name("parameter", tests, NULL, NULL);
}
