/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "continual_learning/two_task_draw.h"

#include <math.h>

#include "aborts.h"
#include "base/memory.h"
#include "test.h"

static const int similarities[] = {-1000, 0, 1000};
static const struct two_task_draws draws = {
    .N_A = 20, .N_B = 30, .tests = 200, .D = 5, .anchors = 50, .spec = {3, 2, 0},
    .similarities = similarities, .count = 3, .joint = 1};

static void equal_targets_have_one_error(void **state)
{
    struct two_task_errors e = {0};

    (void)state;
    CHECK_STATUS(two_task_draw(&draws, 1, 0, &e), STATUS_OK);
    CHECK_RELATIVE(e.forward[2], e.back[2], 1e-12);
    CHECK_NEAR(e.apart[2], 0, 0);
    CHECK_TRUE(e.forward[2] < e.B && e.average < fmax(e.A, e.B) && e.joint < e.A);
}

/* Of all draws, and of both samples at once where these are learned too. */
static void the_condition_is_the_largest(void **state)
{
    struct two_task_draws apart = draws;
    struct two_task_errors both = {0}, e = {0};

    (void)state;
    apart.joint = 0;
    for (int draw = 0; draw < 10; draw++) {
        const double before = e.condition;

        CHECK_STATUS(two_task_draw(&draws, 1, draw, &both), STATUS_OK);
        CHECK_STATUS(two_task_draw(&apart, 1, draw, &e), STATUS_OK);
        CHECK_TRUE(e.condition >= before && both.condition >= e.condition);
    }
    CHECK_TRUE(e.condition > 100 && both.condition > e.condition && both.condition < 1e5);
}

static void errors_fall_with_the_similarity(void **state)
{
    struct two_task_errors e = {0};

    (void)state;
    for (int draw = 0; draw < 40; draw++)
        CHECK_STATUS(two_task_draw(&draws, 2, draw, &e), STATUS_OK);
    CHECK_TRUE(e.apart[0] > e.apart[1] && e.apart[1] > 0);
    CHECK_TRUE(e.forward[0] > e.forward[1] && e.forward[1] > e.forward[2]);
    CHECK_TRUE(e.back[0] > e.back[1] && e.back[1] > e.back[2]);
}

/* Without a first sample to speak of, B after A is B alone. */
static void a_tiny_first_task_hardly_matters(void **state)
{
    struct two_task_draws d = draws;
    struct two_task_errors e = {0};

    (void)state;
    d.N_A = 1;
    d.joint = 0;
    for (int draw = 0; draw < 20; draw++)
        CHECK_STATUS(two_task_draw(&d, 3, draw, &e), STATUS_OK);
    for (size_t k = 0; k < 3; k++)
        CHECK_NEAR(e.forward[k] / e.B, 1, 0.5);
    CHECK_NEAR(e.joint, 0, 0);
}

static void bad_draws_are_refused(void **state)
{
    static const int beyond[] = {1001, 1000}, unfinished[] = {0, 500};
    struct two_task_draws d = draws;
    struct two_task_errors e = {0};
    double x = 0;

    (void)state;
    d.N_A = 0;
    CHECK_STATUS(two_task_draw(&d, 1, 0, &e), STATUS_USAGE);
    d.N_A = 20;
    d.tests = 0;
    CHECK_STATUS(two_task_draw(&d, 1, 0, &e), STATUS_USAGE);
    CHECK_MESSAGE("test inputs");
    d.tests = 10;
    d.count = 2;
    d.similarities = beyond;
    CHECK_STATUS(two_task_draw(&d, 1, 0, &e), STATUS_USAGE);
    CHECK_MESSAGE("1.001");
    d.similarities = unfinished;
    CHECK_ABORTS(x += (double)two_task_draw(&d, 1, 0, &e));
    d = draws;
    memory_fail_at(1);
    assert_int_equal(two_task_draw(&d, 1, 0, &e), STATUS_MEMORY);
    memory_fail_at(0);
    CHECK_NEAR(x, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_targets_have_one_error),
        cmocka_unit_test(the_condition_is_the_largest),
        cmocka_unit_test(errors_fall_with_the_similarity),
        cmocka_unit_test(a_tiny_first_task_hardly_matters),
        cmocka_unit_test(bad_draws_are_refused),
    };

    return cmocka_run_group_tests_name("two_task_draw", tests, NULL, NULL);
}
