/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/entropic_cloud.h"

#include "base/rng.h"
#include "transport/assignment.h"
#include "transport/cost.h"
#include "transport/sinkhorn.h"

#include "test.h"

/* Two clouds of m points in 3 dimensions, Y near X (near = 1e-2) or not (1). */
static void clouds(struct arena *mem, size_t m, double near, struct mat *x, struct mat *y)
{
    struct rng r = rng_stream(3, "clouds");
    struct mat move = mat_normal(mem, &r, m, 3, near * near);

    *x = mat_normal(mem, &r, m, 3, 1);
    *y = mat_copy(mem, x);
    for (size_t k = 0; k < m * 3; k++)
        y->a[k] += move.a[k];
}

static void value_and_plan_are_those_of_sinkhorn(void **state)
{
    static const double eps[] = {4, 1, 0.3};
    struct arena mem = {0};
    struct vec weights = vec_zero(&mem, 9);
    struct mat x, y, cost;

    (void)state;
    vec_fill(&weights, 1.0 / 9);
    clouds(&mem, 9, 1, &x, &y);
    CHECK_STATUS(cost_squared(&mem, &x, &y, &cost), STATUS_OK);
    for (size_t k = 0; k < 3; k++) {
        const struct sinkhorn_options options = {.eps = eps[k], .tolerance = 1e-12, .raw = 1};
        struct sinkhorn_result other;
        struct entropic_cloud ot;

        CHECK_STATUS(sinkhorn_solve(&other, &(struct sinkhorn_problem){&cost, &weights, &weights},
                                    &options, &mem), STATUS_OK);
        CHECK_STATUS(entropic_cloud_solve(&ot, &mem, &x, &y, eps[k], 1e-12), STATUS_OK);
        CHECK_RELATIVE(ot.value, other.report.dual, 1e-12);
        for (size_t i = 0; i < 81; i++)
            CHECK_NEAR(ot.plan.a[i], other.plan.a[i], 1e-11);
    }
    arena_free(&mem);
}

/* Where Sinkhorn needs more than 10^5 sweeps. */
static void near_clouds_at_a_small_eps_take_few_steps(void **state)
{
    struct arena mem = {0};
    struct mat x, y;

    (void)state;
    clouds(&mem, 10, 1e-2, &x, &y);
    for (double eps = 1; eps > 1e-3; eps /= 2) {
        struct entropic_cloud ot;

        CHECK_STATUS(entropic_cloud_solve(&ot, &mem, &x, &y, eps, 1e-11), STATUS_OK);
        CHECK_TRUE(ot.sweeps + ot.newton <= 30);
        CHECK_TRUE(ot.marginal_error <= 1e-11);
        for (size_t i = 0; i < 10; i++) {
            const struct vec row = mat_row(&ot.plan, i);

            CHECK_NEAR(vec_sum(&row), 0.1, 1e-11);
        }
    }
    arena_free(&mem);
}

/* <C, P> <= W2^2 + eps log m, and the value is at least W2^2. */
static void the_value_tends_to_the_assignment(void **state)
{
    struct arena mem = {0};
    struct mat x, y, cost;
    struct assignment best;
    struct entropic_cloud ot;
    const double eps = 0.01;

    (void)state;
    clouds(&mem, 8, 0.3, &x, &y);
    CHECK_STATUS(cost_squared(&mem, &x, &y, &cost), STATUS_OK);
    CHECK_STATUS(assignment_solve(&mem, &cost, &best), STATUS_OK);
    CHECK_STATUS(entropic_cloud_solve(&ot, &mem, &x, &y, eps, 1e-11), STATUS_OK);
    CHECK_TRUE(ot.value >= best.report.primal / 8 - 1e-9);
    CHECK_TRUE(ot.value <= best.report.primal / 8 + eps * log(8) + 1e-9);
    arena_free(&mem);
}

static void plain_sinkhorn_is_counted_up_to_the_cap(void **state)
{
    struct arena mem = {0};
    struct mat x, y;
    size_t easy, hard;

    (void)state;
    clouds(&mem, 10, 1e-2, &x, &y);
    CHECK_STATUS(entropic_cloud_sweeps(&easy, &x, &y, 10, 1e-6, 50), STATUS_OK);
    CHECK_STATUS(entropic_cloud_sweeps(&hard, &x, &y, 0.1, 1e-9, 50), STATUS_OK);
    CHECK_TRUE(easy > 0 && easy < 50);
    CHECK_TRUE(hard == 50);
    arena_free(&mem);
}

static void bad_points_and_lost_memory_are_said(void **state)
{
    struct arena mem = {0};
    struct entropic_cloud ot;
    struct mat x, y;
    size_t sweeps;

    (void)state;
    clouds(&mem, 4, 1, &x, &y);
    memory_fail_at(1);
    CHECK_STATUS(entropic_cloud_sweeps(&sweeps, &x, &y, 1, 1e-6, 50), STATUS_MEMORY);
    memory_fail_at(0);
    x.a[5] = (double)NAN;
    CHECK_STATUS(entropic_cloud_solve(&ot, &mem, &x, &y, 1, 1e-9), STATUS_DIVERGED);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_and_plan_are_those_of_sinkhorn),
        cmocka_unit_test(near_clouds_at_a_small_eps_take_few_steps),
        cmocka_unit_test(the_value_tends_to_the_assignment),
        cmocka_unit_test(plain_sinkhorn_is_counted_up_to_the_cap),
        cmocka_unit_test(bad_points_and_lost_memory_are_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
