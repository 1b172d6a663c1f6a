/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/relu_network.h"

#include <math.h>

#include "test.h"

/* Three points, one neuron: F and grad F in exact rationals (7/2 and (-7, -7/3) at (1, 0)). */
static void loss_and_gradient_of_three_points_are_the_exact_rationals(void **state)
{
    struct arena mem = {0};
    struct relu_data data = {.n = 3, .d = 2, .x = mat_zero(&mem, 3, 2), .y = vec_zero(&mem, 3)};
    struct relu_network net;
    struct mat w = mat_zero(&mem, 1, 2), g = mat_zero(&mem, 1, 2);
    static const double x[] = {1, 2, 4};

    (void)state;
    for (size_t j = 0; j < 3; j++) {
        data.x.a[2 * j] = x[j];
        data.x.a[2 * j + 1] = 1;
        data.y.x[j] = 2 * x[j];
    }
    net = relu_network_make(&mem, &data, 1, 0, 1);
    w.a[0] = 1;
    CHECK_RELATIVE(relu_network_gradient(&net, &w, &g), 3.5, 1e-15);
    CHECK_RELATIVE(g.a[0], -7, 1e-15);
    CHECK_RELATIVE(g.a[1], -7.0 / 3, 1e-15);
    CHECK_NEAR(net.e.x[2], -4, 1e-15);
    w.a[0] = 8;
    w.a[1] = 7.0 / 3;
    CHECK_RELATIVE(relu_network_gradient(&net, &w, &g), 2905.0 / 18, 1e-14);
    CHECK_RELATIVE(g.a[0], 427.0 / 9, 1e-14);
    CHECK_RELATIVE(g.a[1], 49.0 / 3, 1e-14);
    arena_free(&mem);
}

static void gradient_is_the_central_difference_of_the_loss(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(1, "data");
    struct relu_data data = relu_data_random(&mem, &r, 7, 4);
    struct relu_network net = relu_network_make(&mem, &data, 3, 2, 0.25);
    struct mat w = mat_normal(&mem, &r, 5, 4, 1), g = mat_zero(&mem, 5, 4);
    const double h = 1e-6;

    (void)state;
    relu_network_gradient(&net, &w, &g);
    for (size_t k = 0; k < 20; k++) {
        const double at = w.a[k];
        double up, down;

        w.a[k] = at + h;
        up = relu_network_loss(&net, &w);
        w.a[k] = at - h;
        down = relu_network_loss(&net, &w);
        w.a[k] = at;
        CHECK_NEAR((up - down) / (2 * h), g.a[k], 1e-8);
    }
    arena_free(&mem);
}

/* relu'(0) = 0: a neuron orthogonal to every point neither speaks nor moves. */
static void a_neuron_at_its_kink_has_no_gradient(void **state)
{
    struct arena mem = {0};
    struct relu_data data = relu_data_linear(&mem, 4, 0.2, 0.3);
    struct relu_network net = relu_network_make(&mem, &data, 2, 0, 1);
    struct mat w = mat_zero(&mem, 2, 2), g = mat_zero(&mem, 2, 2);

    (void)state;
    w.a[3] = 1; /* the second neuron is active everywhere */
    relu_network_gradient(&net, &w, &g);
    assert_true(g.a[0] == 0 && g.a[1] == 0); /* 0 is exact */
    assert_true(g.a[3] > 0);
    arena_free(&mem);
}

static void output_is_positively_homogeneous_and_signed(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(2, "data");
    struct relu_data data = relu_data_random(&mem, &r, 5, 3);
    struct relu_network net = relu_network_make(&mem, &data, 2, 2, 1);
    struct mat w = mat_normal(&mem, &r, 4, 3, 1);
    struct vec f = vec_zero(&mem, 5), twice = vec_zero(&mem, 5);

    (void)state;
    relu_network_output(&net, &w, &data.x, &f);
    for (size_t k = 0; k < 12; k++)
        w.a[k] *= 2;
    relu_network_output(&net, &w, &data.x, &twice);
    for (size_t j = 0; j < 5; j++)
        CHECK_NEAR(twice.x[j], 2 * f.x[j], 0);
    for (size_t k = 0; k < 6; k++)
        w.a[6 + k] = w.a[k]; /* each positive neuron meets its negative twin */
    relu_network_output(&net, &w, &data.x, &f);
    CHECK_NEAR(vec_max_abs(&f), 0, 1e-15);
    assert_true(vec_max_abs(&twice) > 0.1);
    arena_free(&mem);
}

static void data_are_the_authors(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(3, "data");
    const struct relu_data sinus = relu_data_sinus(&mem, 5);
    const struct relu_data linear = relu_data_linear(&mem, 3, 0.1, 0.1);
    const struct relu_data random = relu_data_random(&mem, &r, 400, 3);
    double low = 0, high = 0, least = 0, most = -3;

    (void)state;
    CHECK_NEAR(sinus.x.a[0], -0.5, 0);
    CHECK_NEAR(sinus.x.a[8], 0.5, 0);
    CHECK_NEAR(sinus.y.x[2], -1.5, 1e-15);                /* sin(-pi/2) - 1/2 */
    CHECK_NEAR(sinus.y.x[4], -cos(5) + 0.1 - 0.5, 1e-15); /* sin(t - pi/2) = -cos t */
    CHECK_NEAR(linear.y.x[0], 0.05, 1e-17);
    CHECK_NEAR(linear.y.x[2], 0.15, 1e-16);
    for (size_t j = 0; j < 400; j++) {
        const double x = random.x.a[3 * j + 1], y = random.y.x[j];

        assert_true(random.x.a[3 * j + 2] == 1);
        assert_true(x > -1 && x < 1 && y >= -3 && y < 1);
        low = x < low ? x : low;
        high = x > high ? x : high;
        least = y < least ? y : least;
        most = y > most ? y : most;
    }
    assert_true(low < -0.95 && high > 0.95 && least < -2.95 && most > 0.95);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_and_gradient_of_three_points_are_the_exact_rationals),
        cmocka_unit_test(gradient_is_the_central_difference_of_the_loss),
        cmocka_unit_test(a_neuron_at_its_kink_has_no_gradient),
        cmocka_unit_test(output_is_positively_homogeneous_and_signed),
        cmocka_unit_test(data_are_the_authors),
    };

    return cmocka_run_group_tests_name("relu_network", tests, NULL, NULL);
}
