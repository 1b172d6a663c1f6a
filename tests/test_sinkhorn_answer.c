/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What entropic transport says of its answer, and plans that are rounded to their marginals. */
#include "test.h"

#include "sinkhorn_naive.h"
#include "transport/cost.h"

/* ---- what is said of an answer ---- */

/* Sizes around the blocks that memory comes in; zero weights, forbidden entries, any mass, any eps,
 * caps: what a run that converged says holds of its potentials, and what one that did not says. */
static void reports_hold_of_the_potentials(void **state)
{
    size_t finished = 0, capped = 0, rounded = 0;

    (void)state;
    for (size_t t = 0; t < 60; t++) {
        struct rng r = rng_stream(t, "reports");
        struct example e = line(1 + (7 * t) % 17, 1 + (11 * t) % 25, 0);
        const size_t n = e.c.rows, k = e.c.cols;
        const struct sinkhorn_problem p = problem_of(&e);
        const struct sinkhorn_options o = {.eps = pow(10.0, -2.5 * rng_uniform(&r)),
                                           .tolerance = pow(10.0, -4.0 - 6.0 * rng_uniform(&r)),
                                           .max_iterations = t % 3 == 0 ? 1 + t % 8 : 0,
                                           .raw = t % 4 == 0};
        struct sinkhorn_result result;

        if (n > 2)
            e.a.x[t % n] = 0.0;
        if (k > 2)
            e.b.x[t % k] = 0.0;
        for (size_t i = 0; n > 2 && k > 2 && i < n * k; i++)
            if (i / k % 3 == 1 && i % k % 3 == 2)
                e.c.a[i] = inf;
        const double mass = pow(10.0, 6.0 * rng_uniform(&r) - 3.0);
        vec_scale(&e.a, mass / vec_sum(&e.a));
        vec_scale(&e.b, mass / vec_sum(&e.b));
        const enum status status = sinkhorn_solve(&result, &p, &o, &mem);
        CHECK_TRUE(status == result.report.status);
        CHECK_TRUE(status == STATUS_OK || (t % 3 == 0 && status == STATUS_NO_CONVERGENCE));
        CHECK_TRUE(t % 3 != 0 || result.report.iterations <= o.max_iterations);
        CHECK_TRUE(status == STATUS_OK || result.report.iterations == o.max_iterations);
        CHECK_TRUE(!(o.raw && result.rounded));
        CHECK_TRUE(result.rounded ? result.report.marginal_error <= 1e-13 * mass
                                  : result.report.marginal_error == result.raw_error);
        rounded += (size_t)result.rounded;
        check_report(&e, &result, o.eps, o.tolerance);
        finished += status == STATUS_OK;
        capped += status != STATUS_OK;
    }
    CHECK_TRUE(finished > 40 && capped > 5 && rounded > 10);
}

/* The way there does not matter. */
static void levels_of_eps_change_the_sweeps_alone(void **state)
{
    const struct example e = line(16, 24, 0);
    const double scalings[4] = {0.9, 0.5, 0.05, 1e-9};
    const struct sinkhorn_options o = {.eps = 1e-3, .tolerance = 1e-12};
    const struct sinkhorn_result r = solved(&e, o);
    struct sinkhorn_options quarter = o;

    (void)state;
    quarter.scaling = 0.25;
    CHECK_TRUE(solved(&e, quarter).report.iterations == r.report.iterations); /* the default */
    for (size_t t = 0; t < 4; t++) {
        struct sinkhorn_options other = o;

        other.scaling = scalings[t];
        const struct sinkhorn_result q = solved(&e, other);
        CHECK_NEAR(distance(&q.plan, &r.plan), 0.0, 1e-10);
        CHECK_TRUE(t > 0 || q.report.iterations > r.report.iterations);
    }
}

/* Equal points: the cost is one number, the plan the product of the weights. */
static void diameter_of_zero_gives_the_product(void **state)
{
    struct example e = line(9, 14, 0);
    const double costs[3] = {0.0, 3.0, -2.0};

    (void)state;
    for (size_t t = 0; t < 6; t++) {
        struct vec flat = mat_flat(&e.c);

        vec_fill(&flat, costs[t % 3]);
        const double eps = t < 3 ? 1.0 : 1e-6;
        const struct sinkhorn_result r = solved(&e, (struct sinkhorn_options){.eps = eps});
        for (size_t i = 0; i < 9 * 14; i++)
            CHECK_RELATIVE(r.plan.a[i], e.a.x[i / 14] * e.b.x[i % 14], 1e-8);
        CHECK_NEAR(r.cost, costs[t % 3], 1e-14);
        CHECK_NEAR(r.report.primal, costs[t % 3], 1e-9);
        CHECK_TRUE(r.report.iterations <= 3);
    }
}

/* 1e32 for "never": the others are as exact as with infinity. */
static void huge_costs_work_as_forbidden_entries(void **state)
{
    struct example e = line(8, 8, 1);

    (void)state;
    for (size_t i = 0; i < 64; i++)
        e.c.a[i] = i % 9 == 0 || i % 9 == 1 ? e.c.a[i] : inf;
    const struct sinkhorn_options o = {.eps = 0.05, .tolerance = 1e-11};
    const struct sinkhorn_result r = solved(&e, o);
    for (size_t i = 0; i < 64; i++)
        e.c.a[i] = e.c.a[i] < inf ? e.c.a[i] : 1e32;
    const struct sinkhorn_result huge = solved(&e, (struct sinkhorn_options){
                                                      .eps = 0.05, .tolerance = 1e-11, .raw = 1});
    CHECK_NEAR(distance(&huge.plan, &r.plan), 0.0, 1e-9);
    CHECK_NEAR(huge.cost, r.cost, 1e-9);
}

/* ---- rounding ---- */

static void rounding_gives_exact_marginals(void **state)
{
    (void)state;
    const struct example e = line(60, 60, 1);
    const struct sinkhorn_options o = {.eps = 3e-3, .tolerance = 1e-3, .raw = 1};
    struct sinkhorn_result r = solved(&e, o);
    const struct mat before = mat_copy(&mem, &r.plan);
    struct vec scratch = vec_zero(&mem, 240);
    const double error = marginal_error(&r.plan, &e.a, &e.b);

    CHECK_TRUE(error > 1e-6);
    CHECK_STATUS(sinkhorn_round(&r.plan, &e.a, &e.b, &e.c, scratch.x), STATUS_OK);
    CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, 1e-14);
    CHECK_TRUE(distance(&before, &r.plan) <= 2.0 * error);
    for (size_t i = 0; i < 3600; i++)
        CHECK_TRUE(r.plan.a[i] >= 0.0);
    const struct sinkhorn_result s =
        solved(&e, (struct sinkhorn_options){.eps = 3e-3, .tolerance = 1e-3});
    CHECK_TRUE(s.rounded && distance(&s.plan, &r.plan) < 1e-14);
    CHECK_TRUE(s.cost >= sorted_cost(&e) - 1e-15);
}

/* Rows have 3/8 too much and 1/8 too little; what is left over goes where columns lack it. */
static void rounding_is_that_of_its_formula(void **state)
{
    double plan[4] = {0.5, 0.5, 0.0, 0.25}, half[4] = {0.625, 0.375, 0.5, 0.5};
    double scratch[8], none[4] = {0.25, 0.375, 0.25, 0.125};
    struct mat p = mat_over(plan, 2, 2);
    const struct vec a = vec_over(half, 2), b = vec_over(half + 2, 2);

    (void)state; /* x = (5/8, 1), y = (1, 8/9): 5/16, 5/18; 0, 2/9; left 5/144, 11/72; 3/16 */
    CHECK_STATUS(sinkhorn_round(&p, &a, &b, NULL, scratch), STATUS_OK);
    CHECK_NEAR(plan[0], 5.0 / 16 + 5.0 / 144, 1e-15);
    CHECK_NEAR(plan[1], 5.0 / 18, 1e-15);
    CHECK_NEAR(plan[2], 11.0 / 72, 1e-15);
    CHECK_NEAR(plan[3], 2.0 / 9, 1e-15);
    p = mat_over(none, 2, 2); /* has its marginals: stays to the bit */
    CHECK_STATUS(sinkhorn_round(&p, &a, &b, NULL, scratch), STATUS_OK);
    CHECK_TRUE(none[0] == 0.25 && none[1] == 0.375 && none[2] == 0.25 && none[3] == 0.125);
}

static void rounding_leaves_forbidden_entries_alone(void **state)
{
    double plan[4] = {0.4, 0.0, 0.0, 0.4}, before[4], cost[4] = {0, inf, inf, 0};
    double scratch[9] = {0}, half[2] = {0.5, 0.5};
    struct mat p = mat_over(plan, 2, 2);
    const struct mat c = mat_over(cost, 2, 2);
    const struct vec w = vec_over(half, 2);

    (void)state;
    memcpy(before, plan, sizeof plan);
    scratch[8] = 7.0;
    for (int t = 0; t < 2; t++) { /* the remainder is a product: it needs both */
        CHECK_STATUS(sinkhorn_round(&p, &w, &w, &c, scratch), STATUS_NOTHING);
        CHECK_TRUE(memcmp(before, plan, sizeof plan) == 0);
        CHECK_MESSAGE("forbidden");
        cost[1] = 0.0;
    }
    CHECK_TRUE(scratch[8] == 7.0);
    cost[2] = 0.0;
    CHECK_STATUS(sinkhorn_round(&p, &w, &w, &c, scratch), STATUS_OK);
    CHECK_NEAR(plan[1], 0.05, 1e-15);
    struct example e = line(8, 8, 1); /* a triangle has one plan, which sweeps reach slowly */
    for (size_t i = 0; i < 64; i++)
        e.c.a[i] = i % 8 <= i / 8 ? 1.0 : inf;
    struct sinkhorn_result r;
    const struct sinkhorn_problem q = problem_of(&e);
    CHECK_STATUS(sinkhorn_solve(&r, &q, &(struct sinkhorn_options){.eps = 0.1, .tolerance = 0.1},
                                &mem),
                 STATUS_OK);
    CHECK_TRUE(!r.rounded && r.report.marginal_error == r.raw_error && r.raw_error > 1e-3);
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reports_hold_of_the_potentials),
        TEST(levels_of_eps_change_the_sweeps_alone),
        TEST(diameter_of_zero_gives_the_product),
        TEST(huge_costs_work_as_forbidden_entries),
        TEST(rounding_gives_exact_marginals),
        TEST(rounding_is_that_of_its_formula),
        TEST(rounding_leaves_forbidden_entries_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
