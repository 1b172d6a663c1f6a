/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "continual_learning/many_task_draw.h"

#include <math.h>

#include "aborts.h"
#include "base/memory.h"
#include "kernel/learning_curve.h"
#include "kernel/spectrum.h"
#include "test.h"

static const struct many_task_draws draws = {
    .first = 30, .later = 20, .tasks = 4, .tests = 200, .D = 5, .anchors = 50, .spec = {3, 2, 0}};

static struct many_task_errors of(const struct many_task_draws *d, uint64_t seed, int pairs)
{
    struct many_task_errors e = {0};

    for (int pair = 0; pair < pairs; pair++)
        CHECK_STATUS(many_task_draw(d, seed, pair, &e), STATUS_OK);
    return e;
}

static void errors_fall_with_the_tasks(void **state)
{
    const struct many_task_errors e = of(&draws, 1, 20);

    (void)state;
    for (size_t n = 0; n < draws.tasks; n++)
        CHECK_TRUE(e.bias[n] > 0 && e.variance[n] > 0);
    for (size_t n = 1; n < draws.tasks; n++) {
        CHECK_TRUE(e.bias[n] < e.bias[n - 1]);
        CHECK_TRUE(e.bias[n] + e.variance[n] < e.bias[n - 1] + e.variance[n - 1]);
    }
    CHECK_NEAR(e.bias[draws.tasks], 0, 0);
    CHECK_TRUE(e.condition > 10 && e.condition < 1e5);
}

static void later_tasks_leave_earlier_errors_alone(void **state)
{
    struct many_task_draws two = draws;
    const struct many_task_errors all = of(&draws, 2, 3);
    struct many_task_errors e;

    (void)state;
    two.tasks = 2;
    e = of(&two, 2, 3);
    for (size_t n = 0; n < 2; n++) {
        CHECK_RELATIVE(e.bias[n], all.bias[n], 1e-10);
        CHECK_RELATIVE(e.variance[n], all.variance[n], 1e-10);
    }
}

static void pairs_add_up(void **state)
{
    const struct many_task_errors one = of(&draws, 3, 1), both = of(&draws, 3, 2);
    struct many_task_errors second = {0};

    (void)state;
    CHECK_STATUS(many_task_draw(&draws, 3, 1, &second), STATUS_OK);
    for (size_t n = 0; n < draws.tasks; n++) {
        CHECK_RELATIVE(one.bias[n] + second.bias[n], both.bias[n], 1e-12);
        CHECK_RELATIVE(one.variance[n] + second.variance[n], both.variance[n], 1e-12);
    }
    CHECK_RELATIVE(fmax(one.condition, second.condition), both.condition, 1e-12);
}

/* Predictions are linear in the labels, and noise has a stream of its own: third differences over
 * its deviation 0, 1, 2, 3 are 0. */
static void variance_is_quadratic_in_the_noise(void **state)
{
    struct many_task_draws d = draws;
    double variance[4];

    (void)state;
    for (int s = 0; s < 4; s++) {
        d.noise = s * s;
        variance[s] = of(&d, 4, 2).variance[1];
    }
    CHECK_TRUE(variance[3] > variance[2] && variance[2] > variance[1] && variance[1] > variance[0]);
    CHECK_RELATIVE(variance[3] + 3 * variance[1], 3 * variance[2] + variance[0], 1e-10);
}

/* gamma / (1 - gamma) for one task; what 40 pairs in ten dimensions give is within a quarter. */
static void noise_has_the_variance_of_the_theory(void **state)
{
    struct many_task_draws d = draws;
    struct arena mem = {0};
    struct learning_curve c;
    struct spectrum s;
    double variance;

    (void)state;
    d.D = 10;
    d.tasks = 1;
    d.noise = 100;
    CHECK_STATUS(spectrum_sphere(&s, &mem, ntk_sphere, &d.spec, d.D, 40, 256), STATUS_OK);
    CHECK_STATUS(learning_curve_solve(&c, &mem, &s, (double)d.first, 0), STATUS_OK);
    variance = of(&d, 5, 40).variance[0] / 40;
    CHECK_RELATIVE(variance, learning_curve_error(&c, d.noise) - learning_curve_error(&c, 0), 0.25);
    arena_free(&mem);
}

static void bad_draws_are_refused(void **state)
{
    struct many_task_draws d = draws;
    struct many_task_errors e = {0};

    (void)state;
    d.later = 0;
    CHECK_STATUS(many_task_draw(&d, 1, 0, &e), STATUS_USAGE);
    CHECK_MESSAGE("tasks of 30 and 0 inputs");
    d = draws;
    d.noise = (double)NAN;
    CHECK_STATUS(many_task_draw(&d, 1, 0, &e), STATUS_USAGE);
    CHECK_MESSAGE("a variance of noise of nan");
    d = draws;
    d.tasks = MANY_TASKS + 1;
    CHECK_ABORTS((void)!many_task_draw(&d, 1, 0, &e));
}

static void memory_that_fails_is_reported(void **state)
{
    struct many_task_errors e = {0};

    (void)state;
    memory_fail_at(1);
    assert_int_equal(many_task_draw(&draws, 1, 0, &e), STATUS_MEMORY);
    memory_fail_at(0);
    CHECK_NEAR(e.condition, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_fall_with_the_tasks),
        cmocka_unit_test(later_tasks_leave_earlier_errors_alone),
        cmocka_unit_test(pairs_add_up),
        cmocka_unit_test(variance_is_quadratic_in_the_noise),
        cmocka_unit_test(noise_has_the_variance_of_the_theory),
        cmocka_unit_test(bad_draws_are_refused),
        cmocka_unit_test(memory_that_fails_is_reported),
    };

    return cmocka_run_group_tests_name("many_task_draw", tests, NULL, NULL);
}
