/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "continual_learning/draws.h"

#include "test.h"

static void draws_follow_the_work_between_their_bounds(void **state)
{
    (void)state;
    assert_int_equal(draws_a_seed(1000, 90, 3, 20), 11);
    assert_int_equal(draws_a_seed(1000, 1000, 3, 20), 3);
    assert_int_equal(draws_a_seed(1000, 1e-9, 3, 20), 20);
    assert_int_equal(draws_a_seed(1000, 400, 2, 20), 2);
}

struct asked {
    size_t numbers;
    enum status answer;
    int calls;
};

static enum status take(void *context, struct arena *mem)
{
    struct asked *a = context;
    double *x = arena_get(mem, a->numbers, sizeof *x);

    a->calls++;
    return x[a->numbers - 1] > 0 ? STATUS_DIVERGED : a->answer;
}

static void a_draw_has_memory_and_its_status(void **state)
{
    struct asked a = {.numbers = 1000, .answer = STATUS_OK};

    (void)state;
    CHECK_STATUS(draws_within(take, &a), STATUS_OK);
    a.answer = STATUS_NOT_DEFINITE;
    assert_int_equal(draws_within(take, &a), STATUS_NOT_DEFINITE);
    assert_int_equal(a.calls, 2);
    memory_fail_at(1);
    assert_int_equal(draws_within(take, &a), STATUS_MEMORY);
    memory_fail_at(0);
    assert_int_equal(a.calls, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_follow_the_work_between_their_bounds),
        cmocka_unit_test(a_draw_has_memory_and_its_status),
    };

    return cmocka_run_group_tests_name("draws", tests, NULL, NULL);
}
