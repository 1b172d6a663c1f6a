/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/gaussian_start.h"

#include "test.h"

/* E max(0, z) and Var of a standard normal z are 1/sqrt(2 pi) and 1/2 - 1/(2 pi). */
static void moments_of_a_standard_normal_are_known(void **state)
{
    const struct gaussian_start one = {.sd = 1, .signs = 1}, both = {.sd = 2, .signs = 2};
    const double x[2] = {0.6, 0.8}, pi = acos(-1);
    double f, variance;

    (void)state;
    gaussian_start_moments(&one, x, &f, &variance);
    CHECK_RELATIVE(f, 1 / sqrt(2 * pi), 1e-15);
    CHECK_RELATIVE(variance, 0.5 - 1 / (2 * pi), 1e-15);
    gaussian_start_moments(&both, x, &f, &variance);
    CHECK_NEAR(f, 0, 0);
    CHECK_RELATIVE(variance, 4 * (0.5 - 1 / (2 * pi)), 1e-15);
}

/* Far from the boundary ReLU is linear: mean mu, variance s^2; far on the other side 0. */
static void moments_far_from_the_boundary_are_linear_or_zero(void **state)
{
    struct gaussian_start g = {.center = {20, 3}, .sd = 0.5, .signs = 1};
    const double x[2] = {0.5, 1};
    double f, variance;

    (void)state;
    gaussian_start_moments(&g, x, &f, &variance);
    CHECK_RELATIVE(f, 13, 1e-14);
    CHECK_NEAR(variance, 0.25 * 1.25, 1e-12);
    g.center[0] = -20;
    g.center[1] = -3;
    gaussian_start_moments(&g, x, &f, &variance);
    CHECK_NEAR(f, 0, 1e-15);
    CHECK_NEAR(variance, 0, 1e-15);
}

/* Sample and spiral have the measure's output, the sample to 1/sqrt(m), the spiral to about 1/k. */
static void sample_and_spiral_have_the_moments(void **state)
{
    struct arena mem = {0};
    struct relu_data data = relu_data_linear(&mem, 5, 2, 1);
    const struct gaussian_start g = {.center = {0.5, 0.3}, .sd = 0.2, .signs = 1};
    struct rng r = rng_stream(1, "w");
    struct relu_network net = gaussian_start_network(&mem, &g, &data, 10000);
    struct mat w = gaussian_start_sample(&mem, &g, &r, 10000);
    struct mat spiral = gaussian_start_spiral(&mem, &g, 10000);
    struct vec f = vec_zero(&mem, 5), f_spiral = vec_zero(&mem, 5);

    (void)state;
    relu_network_output(&net, &w, &data.x, &f);
    relu_network_output(&net, &spiral, &data.x, &f_spiral);
    for (size_t j = 0; j < 5; j++) {
        double mean, variance;

        gaussian_start_moments(&g, data.x.a + 2 * j, &mean, &variance);
        CHECK_NEAR(f.x[j], mean, 4 * sqrt(variance / 10000));
        CHECK_NEAR(f_spiral.x[j], mean, 1e-4);
    }
    arena_free(&mem);
}

static void two_signs_share_the_mass_and_the_points(void **state)
{
    struct arena mem = {0};
    struct relu_data data = relu_data_sinus(&mem, 5);
    const struct gaussian_start g = {.sd = 1, .signs = 2};
    struct relu_network net = gaussian_start_network(&mem, &g, &data, 200);
    struct mat w = gaussian_start_spiral(&mem, &g, 100);

    (void)state;
    assert_int_equal(w.rows, 200);
    for (size_t i = 0; i < 100; i++) {
        CHECK_NEAR(net.c.x[i], 0.005, 0);
        CHECK_NEAR(net.c.x[100 + i], -0.005, 0);
        CHECK_NEAR(w.a[2 * i], w.a[200 + 2 * i], 0);
    }
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_of_a_standard_normal_are_known),
        cmocka_unit_test(moments_far_from_the_boundary_are_linear_or_zero),
        cmocka_unit_test(sample_and_spiral_have_the_moments),
        cmocka_unit_test(two_signs_share_the_mass_and_the_points),
    };

    return cmocka_run_group_tests_name("gaussian_start", tests, NULL, NULL);
}
