/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/normal_descent.h"

#include <math.h>

#include "aborts.h"
#include "test.h"

enum { D = 2, Q = 2 * D };
static const struct kwng_options options = {.eps = 1e-8, .cut = 1e-12,
                                            .damping = KWNG_DAMPING_NORM_SQUARED};
static double start_[Q] = {0.5, -0.3, 0.9, 0.7}, target_[Q] = {0, 0, 0.1, 1};

static struct vec start(void)
{
    return vec_over(start_, Q);
}

static struct vec target(void)
{
    return vec_over(target_, Q);
}

static struct normal_descent descent(struct arena *mem, enum gaussian_family family,
                                     struct normal_estimator *e)
{
    const struct vec from = start(), to = target();

    return normal_descent_make(mem, family, GAUSSIAN_WASSERSTEIN, e, &from, &to);
}

static void problem_has_the_ranges_it_says(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(1, "start");
    struct vec from = vec_zero(&mem, 6), to = vec_zero(&mem, 6), one = vec_zero(&mem, 2);

    (void)state;
    normal_descent_problem(&from, &to, &r, 0.2, -4);
    for (size_t i = 0; i < 3; i++) {
        CHECK_TRUE(from.x[i] >= 0 && from.x[i] < 1);
        CHECK_TRUE(from.x[3 + i] >= sqrt(0.2) && from.x[3 + i] < 1);
        CHECK_NEAR(to.x[i], 0, 0);
        CHECK_RELATIVE(to.x[3 + i], pow(10, -2 + (double)i), 1e-14);
    }
    CHECK_ABORTS(normal_descent_problem(&one, &one, &r, 0.2, -4));
    arena_free(&mem);
}

static void exact_direction_is_the_closed_form(void **state)
{
    struct arena mem = {0};
    struct normal_descent s = descent(&mem, GAUSSIAN_NORMAL_VAR, NULL);

    (void)state;
    CHECK_STATUS(normal_descent_direction(&s), STATUS_OK);
    CHECK_RELATIVE(s.loss, 0.25 + 0.09 + 0.64 + 0.09, 1e-14);
    for (size_t i = 0; i < D; i++) {
        CHECK_RELATIVE(s.v.x[i], 2 * start_[i], 1e-14);
        CHECK_RELATIVE(s.v.x[D + i], 4 * start_[D + i] * (start_[D + i] - target_[D + i]), 1e-13);
    }
    arena_free(&mem);
}

/* With the median error of such estimates (5 to 10 %), far from 1 and not 0. */
static void estimated_direction_is_near_the_exact_one(void **state)
{
    struct arena mem = {0};
    struct normal_estimator e = normal_estimator_make(&mem, 800, 100, D, &options, 1);
    struct normal_descent exact = descent(&mem, GAUSSIAN_NORMAL_VAR, NULL);
    struct normal_descent s = descent(&mem, GAUSSIAN_NORMAL_VAR, &e);

    (void)state;
    normal_estimator_start(&e, 1);
    CHECK_STATUS(normal_descent_direction(&exact), STATUS_OK);
    CHECK_STATUS(normal_descent_direction(&s), STATUS_OK);
    vec_axpy(&s.v, -1, &exact.v);
    CHECK_TRUE(vec_norm(&s.v) < 0.3 * vec_norm(&exact.v));
    CHECK_TRUE(vec_norm(&s.v) > 1e-4 * vec_norm(&exact.v));
    CHECK_TRUE(s.condition > 1);
    CHECK_ABORTS(normal_estimator_make(&mem, 10, 11, D, &options, 1));
    arena_free(&mem);
}

static void exact_path_in_standard_deviations_is_a_geometric_series(void **state)
{
    struct arena mem = {0};
    struct normal_descent s = descent(&mem, GAUSSIAN_NORMAL_STD, NULL);
    const struct vec from = start();
    struct mat path = mat_zero(&mem, 4, Q), odd = mat_zero(&mem, 5, Q);
    struct normal_run run;

    (void)state;
    CHECK_STATUS(normal_descent_run(&run, &s, 1, &from, 0.1, 6, 0, &path), STATUS_OK);
    assert_int_equal(run.done, 6);
    assert_int_equal(run.halvings, 0);
    for (size_t k = 0; k < 4; k++)
        for (size_t i = 0; i < Q; i++)
            CHECK_NEAR(path.a[k * Q + i],
                       target_[i] + pow(0.8, 2 * (double)k) * (start_[i] - target_[i]), 1e-15);
    CHECK_RELATIVE(run.loss, pow(0.64, 6) * (0.25 + 0.09 + 0.64 + 0.09), 1e-13);
    CHECK_ABORTS(CHECK_STATUS(normal_descent_run(&run, &s, 1, &from, 0.1, 6, 0, &odd), STATUS_OK));
    arena_free(&mem);
}

/* s = 0.9 to s* = 0.1 in v: a step of 0.5 would lead to s (-s + 2 s*) < 0, half of it to s s*. */
static void step_out_of_the_domain_is_halved_or_ends_the_run(void **state)
{
    struct arena mem = {0};
    struct normal_descent s = descent(&mem, GAUSSIAN_NORMAL_VAR, NULL);
    const struct vec from = start();
    struct normal_run run;
    int halvings = 0;

    (void)state;
    CHECK_STATUS(normal_descent_direction(&s), STATUS_OK);
    CHECK_STATUS(normal_descent_step(&s, 0.5, 0, &halvings), STATUS_DIVERGED);
    assert_int_equal(halvings, 0);
    CHECK_RELATIVE(s.theta.x[D], 0.81, 1e-15);
    CHECK_STATUS(normal_descent_step(&s, 0.5, 3, &halvings), STATUS_OK);
    assert_int_equal(halvings, 1);
    CHECK_RELATIVE(s.theta.x[D], 0.09, 1e-13);
    CHECK_STATUS(normal_descent_run(&run, &s, 1, &from, 0.5, 5, 0, NULL), STATUS_OK);
    assert_int_equal(run.done, 0);
    CHECK_RELATIVE(run.loss, 0.25 + 0.09 + 0.64 + 0.09, 1e-14);
    CHECK_STATUS(normal_descent_run(&run, &s, 1, &from, 0.5, 1, 3, NULL), STATUS_OK);
    assert_int_equal(run.done, 1);
    assert_int_equal(run.halvings, 1);
    arena_free(&mem);
}

/* The same draws whatever the parameterization, so runs repeat to the bit. */
static void estimated_runs_repeat_with_their_seed(void **state)
{
    struct arena mem = {0};
    struct normal_estimator e = normal_estimator_make(&mem, 40, 15, D, &options, 1);
    struct normal_descent s = descent(&mem, GAUSSIAN_NORMAL_VAR, &e);
    const struct vec from = start();
    struct normal_run one, again, other;

    (void)state;
    CHECK_STATUS(normal_descent_run(&one, &s, 1, &from, 0.05, 4, 0, NULL), STATUS_OK);
    CHECK_STATUS(normal_descent_run(&other, &s, 2, &from, 0.05, 4, 0, NULL), STATUS_OK);
    CHECK_STATUS(normal_descent_run(&again, &s, 1, &from, 0.05, 4, 0, NULL), STATUS_OK);
    assert_int_equal(one.done, 4);
    CHECK_NEAR(one.loss, again.loss, 0);
    CHECK_TRUE(fabs(one.loss - other.loss) > 1e-6);
    arena_free(&mem);
}

/* Samples so wide that C C' underflows to 0: no metric. */
static void run_ends_where_the_estimate_has_no_metric(void **state)
{
    struct arena mem = {0};
    struct normal_estimator e = normal_estimator_make(&mem, 20, 5, D, &options, 1);
    struct normal_descent s = descent(&mem, GAUSSIAN_NORMAL_LOG, &e);
    double wide_[Q] = {0, 0, 1e85, 1e85};
    const struct vec wide = vec_over(wide_, Q);
    struct normal_run run;

    (void)state;
    normal_descent_restart(&s, &wide);
    normal_estimator_start(&e, 1);
    CHECK_STATUS(normal_descent_direction(&s), STATUS_NOT_DEFINITE);
    CHECK_STATUS(normal_descent_run(&run, &s, 1, &wide, 0.1, 3, 0, NULL), STATUS_OK);
    assert_int_equal(run.done, 0);
    arena_free(&mem);
}

/* A spread that is lost beside the mean, or a single sample: there is no kernel. */
static void samples_that_coincide_end_a_run(void **state)
{
    struct arena mem = {0};
    struct normal_estimator many = normal_estimator_make(&mem, 20, 5, D, &options, 1);
    struct normal_estimator one = normal_estimator_make(&mem, 1, 1, D, &options, 1);
    double narrow_[Q] = {0.5, 0.5, 1e-60, 1e-60};
    const struct vec narrow = vec_over(narrow_, Q), from = start();

    (void)state;
    for (int k = 0; k < 2; k++) {
        struct normal_descent s = descent(&mem, GAUSSIAN_NORMAL_LOG, k == 0 ? &many : &one);
        struct normal_run run;

        normal_descent_restart(&s, k == 0 ? &narrow : &from);
        normal_estimator_start(s.estimator, 1);
        CHECK_STATUS(normal_descent_direction(&s), STATUS_NOT_DEFINITE);
        CHECK_MESSAGE("mean squared distance");
        CHECK_STATUS(normal_descent_run(&run, &s, 1, k == 0 ? &narrow : &from, 0.1, 3, 0, NULL),
                     STATUS_OK);
        assert_int_equal(run.done, 0);
        CHECK_TRUE(isfinite(run.loss));
    }
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problem_has_the_ranges_it_says),
        cmocka_unit_test(exact_direction_is_the_closed_form),
        cmocka_unit_test(estimated_direction_is_near_the_exact_one),
        cmocka_unit_test(exact_path_in_standard_deviations_is_a_geometric_series),
        cmocka_unit_test(step_out_of_the_domain_is_halved_or_ends_the_run),
        cmocka_unit_test(estimated_runs_repeat_with_their_seed),
        cmocka_unit_test(run_ends_where_the_estimate_has_no_metric),
        cmocka_unit_test(samples_that_coincide_end_a_run),
    };

    return cmocka_run_group_tests_name("normal_descent", tests, NULL, NULL);
}
