/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Displacement interpolation: ends, speed, labels, what is refused. */
#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "base/rng.h"
#include "linalg/mat.h"
#include "transport/displacement.h"

#define STATUS_ABORTS(call) CHECK_ABORTS(const enum status unused = (call); (void)unused)

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static void displacement_ends_exactly_and_keeps_its_speed(void **state)
{
    const size_t sigma[] = {2, 0, 1};
    struct rng r = rng_stream(5, "displacement");
    const struct mat x = mat_normal(&mem, &r, 3, 2, 1), y = mat_normal(&mem, &r, 3, 2, 1);
    struct mat s = mat_zero(&mem, 3, 2), t = mat_zero(&mem, 3, 2);
    struct displacement d, stay;
    const size_t identity[] = {0, 1, 2};

    (void)state;
    CHECK_STATUS(displacement_of_assignment(&d, &mem, sigma, 3), STATUS_OK);
    CHECK_STATUS(displacement_of_assignment(&stay, &mem, identity, 3), STATUS_OK);
    displacement_at(&s, &d, &x, &y, 0);
    displacement_at(&t, &d, &x, &y, 1);
    for (size_t k = 0; k < 6; k++) {
        CHECK_NEAR(s.a[k], x.a[k], 0);
        CHECK_NEAR(t.a[k], y.a[2 * sigma[k / 2] + k % 2], 0);
    }
    const double whole = displacement_cost(&d, &x, &y);
    double squares = 0;

    for (size_t k = 0; k < 6; k++)
        squares += (t.a[k] - s.a[k]) * (t.a[k] - s.a[k]);
    CHECK_RELATIVE(whole, squares / 3, 1e-14);
    CHECK_RELATIVE(displacement_cost(&stay, &s, &t), whole, 1e-15);
    displacement_at(&s, &d, &x, &y, 0.25);
    displacement_at(&t, &d, &x, &y, 0.75);
    CHECK_RELATIVE(displacement_cost(&stay, &s, &t), 0.25 * whole, 1e-14);
}

static void plan_moves_masses_and_labels(void **state)
{
    double plan[] = {0.5, 0.125, 0, 0.375}, labels[] = {1, 0, 0, 1}, from[] = {0, 1}, to[] = {0, 4};
    const struct mat p = mat_over(plan, 2, 2), l = mat_over(labels, 2, 2);
    const struct mat x = mat_over(from, 2, 1), y = mat_over(to, 2, 1);
    struct mat at = mat_zero(&mem, 3, 1), label = mat_zero(&mem, 3, 2);
    struct displacement d;

    (void)state;
    CHECK_STATUS(displacement_of_plan(&d, &mem, &p), STATUS_OK);
    CHECK_TRUE(d.n == 3);
    CHECK_TRUE(d.source[0] == 0 && d.source[1] == 0 && d.source[2] == 1);
    CHECK_TRUE(d.target[0] == 0 && d.target[1] == 1 && d.target[2] == 1);
    CHECK_TRUE(d.mass.x[0] == 0.5 && d.mass.x[1] == 0.125 && d.mass.x[2] == 0.375);
    CHECK_NEAR(vec_sum(&d.mass), 1, 0);
    displacement_at(&at, &d, &x, &y, 0.25);
    displacement_at(&label, &d, &l, &l, 0.25);
    CHECK_NEAR(at.a[1], 1, 0);
    CHECK_NEAR(at.a[2], 1.75, 0);
    CHECK_NEAR(label.a[2], 0.75, 0);
    CHECK_NEAR(label.a[3], 0.25, 0);
    CHECK_NEAR(displacement_cost(&d, &x, &y), 0.125 * 16 + 0.375 * 9, 1e-15);
}

static void bad_plans_are_refused_with_words(void **state)
{
    const size_t twice[] = {1, 1}, far[] = {0, 2};
    double plan[7] = {0};
    const struct mat p = mat_over(plan, 2, 3);
    struct displacement d;

    (void)state;
    CHECK_STATUS(displacement_of_assignment(&d, &mem, twice, 2), STATUS_USAGE);
    CHECK_MESSAGE("nothing goes to 0");
    CHECK_STATUS(displacement_of_assignment(&d, &mem, far, 2), STATUS_USAGE);
    CHECK_MESSAGE("1 goes to 2 of 2");
    CHECK_STATUS(displacement_of_plan(&d, &mem, &p), STATUS_USAGE);
    CHECK_MESSAGE("no mass");
    plan[4] = -1;
    CHECK_STATUS(displacement_of_plan(&d, &mem, &p), STATUS_USAGE);
    CHECK_MESSAGE("(1, 1) is -1");
    plan[5] = (double)NAN;
    plan[4] = 0;
    CHECK_STATUS(displacement_of_plan(&d, &mem, &p), STATUS_DIVERGED);
    CHECK_MESSAGE("(1, 2) is nan");
    plan[6] = 1; /* lies behind the plan */
    plan[5] = 0;
    CHECK_STATUS(displacement_of_plan(&d, &mem, &p), STATUS_USAGE);
    CHECK_MESSAGE("no mass");
}

/* One atom, and points without coordinates: nothing is moved, nothing costs. */
static void least_sizes_work(void **state)
{
    const size_t self[] = {0};
    const struct mat x = mat_identity(&mem, 1), y = mat_zero(&mem, 1, 1);
    const struct mat none = mat_zero(&mem, 1, 0);
    struct mat out = mat_zero(&mem, 1, 1);
    struct displacement d;

    (void)state;
    CHECK_STATUS(displacement_of_assignment(&d, &mem, self, 1), STATUS_OK);
    CHECK_NEAR(displacement_cost(&d, &x, &y), 1, 0);
    CHECK_NEAR(displacement_cost(&d, &none, &none), 0, 0);
    displacement_at(&out, &d, &x, &y, 0.5);
    CHECK_NEAR(out.a[0], 0.5, 0);
}

static void times_and_shapes_that_do_not_fit_abort(void **state)
{
    const size_t turn[] = {1, 0};
    const struct mat x = mat_identity(&mem, 2), y = mat_zero(&mem, 2, 2);
    const struct mat few = mat_zero(&mem, 1, 2), wide = mat_zero(&mem, 2, 3);
    struct mat out = mat_zero(&mem, 2, 2), short_out = mat_zero(&mem, 1, 2);
    struct mat wide_out = mat_zero(&mem, 2, 3);
    struct displacement d;

    (void)state;
    CHECK_STATUS(displacement_of_assignment(&d, &mem, turn, 2), STATUS_OK);
    STATUS_ABORTS(displacement_of_assignment(&d, &mem, turn, 0));
    CHECK_ABORTS(displacement_at(&out, &d, &x, &y, -1e-9));
    CHECK_ABORTS(displacement_at(&out, &d, &x, &y, 1 + 1e-9));
    CHECK_ABORTS(displacement_at(&out, &d, &x, &y, (double)NAN));
    CHECK_ABORTS(displacement_at(&short_out, &d, &x, &y, 0));
    CHECK_ABORTS(displacement_at(&wide_out, &d, &x, &y, 0));
    CHECK_ABORTS(displacement_at(&out, &d, &few, &y, 0));
    CHECK_ABORTS(displacement_at(&out, &d, &x, &few, 0));
    CHECK_ABORTS(displacement_at(&out, &d, &x, &wide, 0));
    CHECK_ABORTS((void)displacement_cost(&d, &x, &few));
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(displacement_ends_exactly_and_keeps_its_speed),
        TEST(plan_moves_masses_and_labels),
        TEST(bad_plans_are_refused_with_words),
        TEST(least_sizes_work),
        TEST(times_and_shapes_that_do_not_fit_abort),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
