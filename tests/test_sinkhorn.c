/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entropic transport against closed forms, a naive log-sum-exp fixed point, sorting in 1-D, and the
 * properties of plans and potentials. */
#include "test.h"

#include "sinkhorn_naive.h"
#include "transport/cost.h"

/* ---- known answers ---- */

/* a = b = (1/2, 1/2), C = [0 1; 1 0]: P_11 = 1 / (2 (1 + exp(-1 / eps))). */
static void closed_form_of_two_points(void **state)
{
    (void)state;
    double cost[4] = {0, 1, 1, 0}, half[2] = {0.5, 0.5};
    const struct example e = {mat_over(cost, 2, 2), vec_over(half, 2), vec_over(half, 2), {0}, {0}};
    const double eps[3] = {10.0, 0.5, 0.1};

    for (size_t i = 0; i < 3; i++) {
        const struct sinkhorn_result r =
            solved(&e, (struct sinkhorn_options){.eps = eps[i], .tolerance = 1e-14});
        const double p = 0.5 / (1.0 + exp(-1.0 / eps[i]));
        CHECK_NEAR(r.plan.a[0], p, 1e-15);
        CHECK_NEAR(r.plan.a[1], 0.5 - p, 1e-15);
        CHECK_NEAR(r.cost, 1.0 - 2.0 * p, 1e-15);
        const double kl = 2 * p * log(4 * p) + (1 - 2 * p) * log(4 * (0.5 - p));
        CHECK_NEAR(r.report.primal, 1.0 - 2.0 * p + eps[i] * kl, 1e-13);
        CHECK_NEAR(r.report.dual, r.report.primal, 1e-13);
    }
}

static void naive_fixed_point_agrees(void **state)
{
    (void)state;
    const double eps[3] = {1.0, 0.1, 0.02};

    for (size_t i = 0; i < 3; i++) {
        const struct example e = line(23, 17, 0);
        const struct mat expected = naive(&e, eps[i], 2000);
        const struct sinkhorn_result r =
            solved(&e, (struct sinkhorn_options){.eps = eps[i], .tolerance = 1e-13});
        CHECK_NEAR(distance(&r.plan, &expected), 0.0, 1e-11);
        CHECK_NEAR(r.report.primal - r.report.dual, 0.0, 1e-12);
    }
}

/* Equal weights on the line: 0 <= <C, P> - exact <= eps log n, and it falls with eps. */
static void small_eps_approaches_the_sorting_cost(void **state)
{
    (void)state;
    const struct example e = line(60, 60, 1);
    const double exact = sorted_cost(&e);
    double last = inf;

    for (double eps = 0.1; eps > 5e-4; eps *= 0.1) {
        const struct sinkhorn_options o = {.eps = eps, .tolerance = 1e-6};
        const struct sinkhorn_result r = solved(&e, o);
        CHECK_TRUE(r.cost >= exact - 1e-14 && r.cost - exact <= eps * log(60.0));
        CHECK_TRUE(r.cost - exact < 0.3 * last);
        last = r.cost - exact;
    }
}

/* ---- marginals, robustness ---- */

static void marginals_hold_to_what_was_asked(void **state)
{
    (void)state;
    const struct example e = line(40, 70, 0);

    for (double tolerance = 1e-6; tolerance > 5e-13; tolerance *= 1e-3) {
        const struct sinkhorn_options o = {.eps = 0.02, .tolerance = tolerance, .raw = 1};
        const struct sinkhorn_result r = solved(&e, o);
        CHECK_TRUE(!r.rounded && r.report.marginal_error == r.raw_error);
        CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, tolerance);
        CHECK_NEAR(r.raw_error, marginal_error(&r.plan, &e.a, &e.b), 1e-14);
    }
}

static void plan_follows_from_the_potentials(void **state)
{
    (void)state;
    const struct example e = line(12, 9, 0);
    const struct sinkhorn_result r = solved(&e, (struct sinkhorn_options){.eps = 0.03, .raw = 1});

    for (size_t i = 0; i < 12; i++)
        for (size_t j = 0; j < 9; j++)
            CHECK_RELATIVE(r.plan.a[i * 9 + j],
                           e.a.x[i] * e.b.x[j] *
                               exp((r.f.x[i] + r.g.x[j] - e.c.a[i * 9 + j]) / 0.03),
                           1e-12);
    CHECK_NEAR(vec_dot(&e.a, &r.f), vec_dot(&e.b, &r.g), 1e-15);
}

/* exp(-C / eps) is 0 for nearly all entries here; then one far point, and a warm start that is far
 * off, which force scalings out of their range. */
static void tiny_eps_does_not_underflow(void **state)
{
    (void)state;
    struct example e = line(30, 30, 1);
    struct vec far = vec_zero(&mem, 30);

    for (size_t j = 0; j < 30; j++)
        e.c.a[j] += 100.0;
    for (size_t i = 0; i < 30; i++)
        far.x[i] = i % 2 ? -50.0 : 50.0;
    const struct sinkhorn_options cold = {.eps = 1e-3, .tolerance = 1e-8};
    struct sinkhorn_options warm = cold, abrupt = cold;
    warm.f = &far;
    abrupt.scaling = 1e-12;
    abrupt.eps = 2e-5;
    abrupt.tolerance = 1e-3;
    const struct sinkhorn_result t = solved(&e, abrupt);
    CHECK_NEAR(t.cost, 100.0 / 30.0 + sorted_cost(&e), 1e-3);
    const struct sinkhorn_result r = solved(&e, cold), s = solved(&e, warm);
    CHECK_NEAR(r.report.primal - r.report.dual, 0.0, 1e-6);
    CHECK_NEAR(distance(&r.plan, &s.plan), 0.0, 1e-5);
    CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, 1e-14);
}

static void warm_start_saves_sweeps(void **state)
{
    (void)state;
    const struct example e = line(50, 50, 0);
    struct sinkhorn_options o = {.eps = 1e-2};
    const struct sinkhorn_result cold = solved(&e, o);

    o.f = &cold.f;
    const struct sinkhorn_result warm = solved(&e, o);
    CHECK_TRUE(warm.report.iterations <= 3 && cold.report.iterations > 10);
    CHECK_NEAR(distance(&warm.plan, &cold.plan), 0.0, 1e-7);
}

/* Points each with a near partner, eps far below their distances: the plan is nearly a permutation,
 * its scalings nearly free, and sweeps alone would take more than 1e5. */
static void near_clouds_are_no_harder_than_others(void **state)
{
    const size_t sizes[3] = {20, 50, 100};

    (void)state;
    for (size_t t = 0; t < 3; t++) {
        const size_t n = sizes[t];
        struct rng r = rng_stream(t, "near");
        const struct mat x = mat_normal(&mem, &r, n, 2, 1.0), y = mat_copy(&mem, &x);
        const struct mat moved = mat_normal(&mem, &r, n, 2, 1e-3);
        struct example e = line(n, n, 1);
        struct vec zeros = vec_zero(&mem, n);

        for (size_t i = 0; i < 2 * n; i++)
            y.a[i] += moved.a[i];
        CHECK_STATUS(cost_squared(&mem, &x, &y, &e.c), STATUS_OK);
        struct sinkhorn_options o = {.eps = 0.005 * 4.0};
        const struct sinkhorn_result cold = solved(&e, o);
        o.f = &zeros;
        const struct sinkhorn_result warm = solved(&e, o);

        CHECK_TRUE(cold.report.iterations < 5000 && warm.report.iterations < 5000);
        CHECK_NEAR(warm.cost, cold.cost, 1e-7);
        check_report(&e, &cold, o.eps, 1e-9);
        check_report(&e, &warm, o.eps, 1e-9);
    }
}

/* From 1 down to 1e-90. */
static void weights_of_all_sizes_work(void **state)
{
    (void)state;
    struct example e = line(20, 20, 1);

    for (size_t i = 0; i < 20; i++) {
        e.a.x[i] = pow(10.0, -4.7 * (double)i);
        e.b.x[i] = pow(10.0, -4.7 * (double)(19 - i));
    }
    vec_scale(&e.a, 1.0 / vec_sum(&e.a));
    vec_scale(&e.b, 1.0 / vec_sum(&e.b));
    const struct sinkhorn_result r = solved(&e, (struct sinkhorn_options){.eps = 1e-4});
    CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, 1e-14);
    check_report(&e, &r, 1e-4, 1e-9);
}

/* Two pairs, one of a weight of 1e-90, and eps a tenth each time: its entry would grow by e^1800.
 * Wherever a cap falls, the rows have their sums. */
static void a_drop_of_eps_never_overflows(void **state)
{
    double cost[4] = {0, 1, 1, 0}, weights[2] = {1.0, 1e-90};
    const struct example e = {
        mat_over(cost, 2, 2), vec_over(weights, 2), vec_over(weights, 2), {0}, {0}};
    const struct sinkhorn_problem p = problem_of(&e);
    size_t capped = 0;

    (void)state;
    for (size_t cap = 1; cap < 20; cap++) {
        struct sinkhorn_result r;
        const struct sinkhorn_options o = {.eps = 1e-5, .scaling = 0.1, .max_iterations = cap};
        const enum status status = sinkhorn_solve(&r, &p, &o, &mem);

        capped += status != STATUS_OK;
        CHECK_TRUE(status == STATUS_OK || status == STATUS_NO_CONVERGENCE);
        CHECK_TRUE(r.raw_error <= 2.0 && fabs(r.report.dual) <= 1.0);
    }
    CHECK_TRUE(capped < 19);
}

static void zero_weights_give_empty_lines_and_right_potentials(void **state)
{
    (void)state;
    struct example e = line(20, 15, 0);

    e.a.x[3] = e.a.x[19] = e.b.x[0] = 0.0;
    vec_scale(&e.a, 1.0 / vec_sum(&e.a));
    vec_scale(&e.b, 1.0 / vec_sum(&e.b));
    e.c.a[19 * 15 + 2] = inf;
    const struct sinkhorn_result r = solved(&e, (struct sinkhorn_options){.eps = 0.01});
    CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, 1e-14);
    for (size_t j = 0; j < 15; j++)
        CHECK_TRUE(r.plan.a[3 * 15 + j] == 0.0 && r.plan.a[19 * 15 + j] == 0.0);
    double sum = 0.0, column = 0.0;
    for (size_t j = 0; j < 15; j++)
        sum += e.b.x[j] * exp((r.f.x[3] + r.g.x[j] - e.c.a[3 * 15 + j]) / 0.01);
    for (size_t i = 0; i < 20; i++)
        column += e.a.x[i] * exp((r.f.x[i] + r.g.x[0] - e.c.a[i * 15]) / 0.01);
    CHECK_NEAR(sum, 1.0, 1e-10);
    CHECK_NEAR(column, 1.0, 1e-10);
}

static void float_rounded_and_unnormalised_weights_work(void **state)
{
    (void)state;
    struct example e = line(5, 960, 0);

    for (size_t j = 0; j < 960; j++)
        e.b.x[j] = (double)(float)e.b.x[j];
    CHECK_TRUE(vec_sum(&e.b) != vec_sum(&e.a));
    const struct sinkhorn_result r = solved(&e, (struct sinkhorn_options){.eps = 0.01});
    CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, 1e-6);
    CHECK_NEAR(vec_sum(&(struct vec){5 * 960, r.plan.a}), 1.0, 1e-13);
    vec_scale(&e.a, 1000.0);
    vec_scale(&e.b, 1000.0);
    const struct sinkhorn_result s = solved(&e, (struct sinkhorn_options){.eps = 0.01});
    CHECK_RELATIVE(s.report.primal, 1000.0 * r.report.primal, 1e-8);
    CHECK_RELATIVE(s.report.dual, 1000.0 * r.report.dual, 1e-8);
}

static void one_row_has_one_plan(void **state)
{
    (void)state;
    const size_t sizes[3] = {1, 2, 33};

    for (size_t t = 0; t < 3; t++) {
        const struct example e = line(1, sizes[t], 0), d = line(sizes[t], 1, 0);
        const struct sinkhorn_result r = solved(&e, (struct sinkhorn_options){.eps = 0.1});
        const struct sinkhorn_result s = solved(&d, (struct sinkhorn_options){.eps = 1e-4});
        for (size_t j = 0; j < sizes[t]; j++) {
            CHECK_NEAR(r.plan.a[j], e.b.x[j], 1e-15);
            CHECK_NEAR(s.plan.a[j], d.a.x[j], 1e-15);
        }
    }
}

static void forbidden_entries_stay_empty(void **state)
{
    (void)state;
    struct example e = line(12, 12, 1);

    for (size_t i = 0; i < 12; i++)
        for (size_t j = 0; j < 12; j++)
            if ((i + j) % 3 == 0)
                e.c.a[i * 12 + j] = inf;
    const struct sinkhorn_result r =
        solved(&e, (struct sinkhorn_options){.eps = 0.02, .tolerance = 1e-12});
    for (size_t i = 0; i < 144; i++)
        CHECK_TRUE(e.c.a[i] < inf || r.plan.a[i] == 0.0);
    CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, 1e-11);
    CHECK_TRUE(isfinite(r.cost) && isfinite(r.report.primal));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(closed_form_of_two_points),
        TEST(naive_fixed_point_agrees),
        TEST(small_eps_approaches_the_sorting_cost),
        TEST(marginals_hold_to_what_was_asked),
        TEST(plan_follows_from_the_potentials),
        TEST(tiny_eps_does_not_underflow),
        TEST(warm_start_saves_sweeps),
        TEST(near_clouds_are_no_harder_than_others),
        TEST(weights_of_all_sizes_work),
        TEST(a_drop_of_eps_never_overflows),
        TEST(zero_weights_give_empty_lines_and_right_potentials),
        TEST(float_rounded_and_unnormalised_weights_work),
        TEST(one_row_has_one_plan),
        TEST(forbidden_entries_stay_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
