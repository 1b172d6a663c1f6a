/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/wng_error.h"

#include <math.h>

#include "aborts.h"
#include "geometry/kwng.h"
#include "test.h"

static const struct wng_setting plain = {.bandwidth = 2, .basis = 20, .eps = 1e-8, .cut = 1e-12};

static void draw(struct wng_problem *p, struct arena *mem, size_t model, size_t d, size_t n,
                 int run)
{
    CHECK_STATUS(wng_problem_draw(p, mem, wng_models[model], d, n, 4, run), STATUS_OK);
}

static void the_rule_rounds_up_and_stops_at_n(void **state)
{
    (void)state;
    assert_int_equal(wng_rule(1, 100), 10);
    assert_int_equal(wng_rule(5, 500), 112);
    assert_int_equal(wng_rule(3, 101), 31);
    assert_int_equal(wng_rule(10, 50), 50);
    assert_true(wng_bandwidth(GAUSSIAN_LOG_NORMAL, 1, 10) == 10);
    assert_true(wng_bandwidth(GAUSSIAN_SPHERE, 1, 10) == 1);
}

/* More samples of a run go on from the first ones; another run is another model. */
static void a_run_is_one_model_and_one_sequence_of_samples(void **state)
{
    (void)state;
    for (size_t model = 0; model < WNG_MODELS; model++) {
        struct arena mem = {0};
        struct wng_problem few, many, other;

        draw(&few, &mem, model, 3, 20, 0);
        draw(&many, &mem, model, 3, 50, 0);
        draw(&other, &mem, model, 3, 20, 1);
        for (size_t i = 0; i < 60; i++) {
            assert_true(few.x.a[i] == many.x.a[i] && few.x.a[i] != other.x.a[i]);
            assert_true(few.jacobian.a[i] == many.jacobian.a[i]);
        }
        for (size_t i = 0; i < few.gradient.n; i++) {
            assert_true(few.gradient.x[i] == many.gradient.x[i]);
            assert_true(few.natural.x[i] == many.natural.x[i]);
            assert_true(few.gradient.x[i] != other.gradient.x[i]);
        }
        arena_free(&mem);
    }
}

/* What the columns of the Jacobian show of the parameters: x = mu + 2 v J_v for the normal,
 * x = mu + r J_r on the sphere; both exact in one coordinate and for any two samples. */
static void natural_gradients_have_the_closed_form(void **state)
{
    struct arena mem = {0};
    struct wng_problem p;
    double slope;

    (void)state;
    draw(&p, &mem, 0, 1, 2, 0);
    slope = (p.x.a[1] - p.x.a[0]) / (p.jacobian.a[3] - p.jacobian.a[1]); /* 2 v */
    CHECK_TRUE(slope > 1 && slope < 3);
    CHECK_NEAR(p.gradient.x[0], 2 * (p.x.a[0] - slope * p.jacobian.a[1] + 1), 1e-12);
    CHECK_NEAR(p.gradient.x[1], 1 - sqrt(0.5 / (slope / 2)), 1e-12);
    CHECK_NEAR(p.natural.x[0], p.gradient.x[0], 1e-15);
    CHECK_NEAR(p.natural.x[1], 2 * slope * p.gradient.x[1], 1e-12);
    draw(&p, &mem, 2, 4, 30, 0);
    for (size_t i = 0; i < 5; i++)
        CHECK_NEAR(p.natural.x[i], p.gradient.x[i], 1e-15);
    for (size_t n = 0; n < 30; n++) {
        double squared = 0;

        for (size_t j = 0; j < 4; j++)
            squared += pow(p.jacobian.a[(4 * n + j) * 5 + 4], 2);
        CHECK_NEAR(squared, 1, 1e-13);
    }
    arena_free(&mem);
}

/* By hand, with a ridge: the direction of the estimator against the exact one. */
static void the_error_is_that_of_the_estimator(void **state)
{
    const size_t n = 40, d = 2, m = 20, q = 4;
    struct arena mem = {0};
    struct wng_problem p;
    struct wng_setting setting = plain;
    double error, off = 0, length = 0;

    (void)state;
    draw(&p, &mem, 1, d, 60, 3);
    setting.lambda = 0.01;
    CHECK_STATUS(wng_error(&error, &p, n, &setting), STATUS_OK);
    struct rng points = rng_stream(4, "points:3:2:40");
    struct rng columns = rng_stream(4, "coordinates:3:2:40");
    const struct mat x = mat_rows(&p.x, 0, n), jacobian = mat_rows(&p.jacobian, 0, n * d);
    const struct kwng_basis basis = kwng_basis_draw(&mem, &x, m, &points, &columns);
    const struct kernel kernel = {.s2 = 2 * kernel_mean_squared_distance(&basis.y, &x)};
    struct mat c = mat_zero(&mem, m, n * d), t = mat_zero(&mem, m, q), gram = mat_zero(&mem, m, m);
    struct mat ridge = mat_zero(&mem, m, m);
    struct kwng g = kwng_create(&mem, m, q);
    struct vec v = vec_zero(&mem, q);
    struct kwng_report report;

    kwng_system(&c, &t, &kernel, &basis, &x, &jacobian);
    mat_gram(&gram, 1, &c, MAT_AS_IS, 0);
    kernel_mixed_gram(&ridge, &kernel, &basis.y, basis.coordinate);
    CHECK_STATUS(kwng_factor(&g, &gram, &ridge, &t, &(struct kwng_options){.eps = 1e-8,
                             .lambda = 0.01, .cut = 1e-12}), STATUS_OK);
    CHECK_STATUS(kwng_direction(&g, &p.gradient, &v, &report), STATUS_OK);
    for (size_t i = 0; i < q; i++) {
        off += pow(v.x[i] - p.natural.x[i], 2);
        length += pow(p.natural.x[i], 2);
    }
    CHECK_RELATIVE(error, sqrt(off / length), 1e-9);
    arena_free(&mem);
}

/* In each model the estimate comes near to the exact gradient, and nearer with more samples. */
static void many_samples_come_near(void **state)
{
    (void)state;
    for (size_t model = 0; model < WNG_MODELS; model++) {
        struct wng_setting setting = plain;
        double few = 0, many = 0;

        setting.bandwidth = wng_bandwidth(wng_models[model], 1, 10);
        for (int run = 0; run < 8; run++) {
            struct arena mem = {0};
            struct wng_problem p;
            double error;

            draw(&p, &mem, model, 2, 1000, run);
            CHECK_STATUS(wng_error(&error, &p, 40, &setting), STATUS_OK);
            few += error / 8;
            CHECK_STATUS(wng_error(&error, &p, 1000, &setting), STATUS_OK);
            many += error / 8;
            arena_free(&mem);
        }
        CHECK_TRUE(many < 0.1 && many < 0.5 * few);
    }
}

/* ---- a complete basis ---- */

/* Column i of the Jacobian of the normal touches coordinate i alone, so the metric is d systems of
 * (1, mean z; mean z, mean z^2), z scaled by 1 / (2 s). */
static void a_complete_basis_has_the_mean_of_the_squared_jacobian(void **state)
{
    enum { D = 3, N = 25 };
    struct arena mem = {0};
    struct wng_problem p;
    double error, off = 0, length = 0;

    (void)state;
    draw(&p, &mem, 0, D, 40, 1);
    CHECK_STATUS(wng_error_complete(&error, &p, N), STATUS_OK);
    for (size_t i = 0; i < D; i++) {
        double one = 0, two = 0;

        for (size_t n = 0; n < N; n++) {
            const double j = p.jacobian.a[(D * n + i) * 2 * D + D + i];

            one += j / N;
            two += j * j / N;
        }
        const double determinant = two - one * one, a = p.gradient.x[i], b = p.gradient.x[D + i];

        off += pow((two * a - one * b) / determinant - p.natural.x[i], 2) +
               pow((b - one * a) / determinant - p.natural.x[D + i], 2);
        length += pow(p.natural.x[i], 2) + pow(p.natural.x[D + i], 2);
    }
    CHECK_RELATIVE(error, sqrt(off / length), 1e-10);
    CHECK_STATUS(wng_error_complete(&error, &p, 1), STATUS_NOT_DEFINITE);
    CHECK_ABORTS((void)!wng_error_complete(&error, &p, 41));
    arena_free(&mem);
}

/* With a = grad_mu and b = 2 s grad_v of each coordinate, both of the natural gradient in units of
 * (1, 2 s), the mean squared error is to first order in 1/N
 *   sum (b^2 + 4 v (a^2 + 2 b^2)) / sum (a^2 + 4 v b^2) / N. */
static void its_error_has_the_derived_size(void **state)
{
    enum { D = 4, N = 1000, RUNS = 400 };
    double measured = 0;

    (void)state;
    for (int run = 0; run < RUNS; run++) {
        struct arena mem = {0};
        struct wng_problem p;
        double error, above = 0, below = 0;

        draw(&p, &mem, 0, D, N, run);
        CHECK_STATUS(wng_error_complete(&error, &p, N), STATUS_OK);
        for (size_t i = 0; i < D; i++) {
            const double v = p.natural.x[D + i] / p.gradient.x[D + i] / 4;
            const double a = p.gradient.x[i], b = 2 * sqrt(v) * p.gradient.x[D + i];

            above += b * b + 4 * v * (a * a + 2 * b * b);
            below += a * a + 4 * v * b * b;
        }
        measured += error * error * N * below / above / RUNS;
        arena_free(&mem);
    }
    CHECK_NEAR(measured, 1, 0.12); /* 400 squares, each scattered by 0.7: three deviations */
}

/* Enough basis points come near a complete basis, on every sample and not in the mean alone. */
static void many_points_are_a_complete_basis(void **state)
{
    (void)state;
    for (int run = 0; run < 10; run++) {
        struct wng_setting setting = plain;
        struct arena mem = {0};
        struct wng_problem p;
        double error, complete;

        setting.basis = 100;
        draw(&p, &mem, 0, 2, 400, run);
        CHECK_STATUS(wng_error(&error, &p, 400, &setting), STATUS_OK);
        CHECK_STATUS(wng_error_complete(&complete, &p, 400), STATUS_OK);
        CHECK_RELATIVE(error, complete, 0.05);
        arena_free(&mem);
    }
}

/* In ten dimensions the rule asks for 71 points of 50 samples; a sample with another coordinate is
 * another function. */
static void repeated_points_help_where_samples_are_few(void **state)
{
    double once = 0, repeated = 0;

    (void)state;
    assert_int_equal(wng_rule_unbounded(10, 50), 71);
    for (int run = 0; run < 20; run++) {
        struct wng_setting setting = plain;
        struct arena mem = {0};
        struct wng_problem p;
        double error;

        draw(&p, &mem, 0, 10, 50, run);
        setting.basis = 50;
        CHECK_STATUS(wng_error(&error, &p, 50, &setting), STATUS_OK);
        once += log(error) / 20;
        setting.repeated = 1;
        setting.basis = 71;
        CHECK_STATUS(wng_error(&error, &p, 50, &setting), STATUS_OK);
        repeated += log(error) / 20;
        arena_free(&mem);
    }
    CHECK_TRUE(repeated < once - log(1.5));
}

static void what_cannot_be_estimated_has_a_status(void **state)
{
    struct arena mem = {0};
    struct wng_problem p;
    struct wng_setting setting = plain;
    double error;

    (void)state;
    draw(&p, &mem, 0, 2, 30, 0);
    setting.eps = 0;
    CHECK_STATUS(wng_error(&error, &p, 30, &setting), STATUS_USAGE);
    setting = plain;
    setting.basis = 1;
    CHECK_STATUS(wng_error(&error, &p, 1, &setting), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("1 and 1 points");
    p.x.a[3] = (double)NAN;
    CHECK_STATUS(wng_error(&error, &p, 30, &plain), STATUS_DIVERGED);
    draw(&p, &mem, 0, 2, 30, 0);
    CHECK_ABORTS(setting.basis = 31; CHECK_STATUS(wng_error(&error, &p, 30, &setting), STATUS_OK));
    CHECK_ABORTS(CHECK_STATUS(wng_error(&error, &p, 31, &plain), STATUS_OK));
    memory_fail_at(2);
    CHECK_STATUS(wng_error(&error, &p, 30, &plain), STATUS_MEMORY);
    memory_fail_at(0);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rule_rounds_up_and_stops_at_n),
        cmocka_unit_test(a_run_is_one_model_and_one_sequence_of_samples),
        cmocka_unit_test(natural_gradients_have_the_closed_form),
        cmocka_unit_test(the_error_is_that_of_the_estimator),
        cmocka_unit_test(many_samples_come_near),
        cmocka_unit_test(a_complete_basis_has_the_mean_of_the_squared_jacobian),
        cmocka_unit_test(its_error_has_the_derived_size),
        cmocka_unit_test(many_points_are_a_complete_basis),
        cmocka_unit_test(repeated_points_help_where_samples_are_few),
        cmocka_unit_test(what_cannot_be_estimated_has_a_status),
    };

    return cmocka_run_group_tests_name("wng_error", tests, NULL, NULL);
}
