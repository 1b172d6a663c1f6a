/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/particle_flow.h"

#include "test.h"

/* One neuron on one point x = (0, 1), y = 2: e' = -e while it is active. */
static void one_neuron_on_one_point_decays_exponentially_with_order_four(void **state)
{
    struct arena mem = {0};
    struct relu_data data = {.n = 1, .d = 2, .x = mat_zero(&mem, 1, 2), .y = vec_zero(&mem, 1)};
    struct relu_network net;
    double error[2];

    (void)state;
    data.x.a[1] = 1;
    data.y.x[0] = 2;
    net = relu_network_make(&mem, &data, 1, 0, 1);
    for (size_t k = 0; k < 2; k++) {
        struct mat w = mat_zero(&mem, 1, 2), f;

        w.a[1] = 1;
        f = particle_flow_follow(&mem, &net, &w, 1, (size_t)10 << k);
        CHECK_NEAR(f.a[0], 1, 0);
        error[k] = fabs(f.a[10 << k] - (2 - exp(-1)));
        CHECK_NEAR(w.a[1], f.a[10 << k], 1e-15);
    }
    CHECK_NEAR(error[0], 0, 1e-6);
    CHECK_NEAR(error[0] / error[1], 16, 1);
    arena_free(&mem);
}

/* A particle split into two of part of its mass each moves as before. */
static void splitting_a_particle_changes_nothing(void **state)
{
    struct arena mem = {0};
    struct relu_data data = relu_data_sinus(&mem, 5);
    struct rng r = rng_stream(3, "w");
    struct relu_network one = relu_network_make(&mem, &data, 2, 1, 1.0 / 3);
    struct relu_network two = relu_network_make(&mem, &data, 3, 1, 1.0 / 3);
    struct mat w = mat_normal(&mem, &r, 3, 2, 1), v = mat_zero(&mem, 4, 2);
    static const size_t from[] = {0, 0, 1, 2};

    (void)state;
    for (size_t k = 0; k < 8; k++)
        v.a[k] = w.a[2 * from[k / 2] + k % 2];
    two.c.x[0] = 0.1;
    two.c.x[1] = 1.0 / 3 - 0.1;
    particle_flow_follow(&mem, &one, &w, 1, 20);
    particle_flow_follow(&mem, &two, &v, 1, 20);
    for (size_t k = 0; k < 8; k++)
        CHECK_NEAR(v.a[k], w.a[2 * from[k / 2] + k % 2], 1e-13);
    arena_free(&mem);
}

static void loss_falls_along_the_flow(void **state)
{
    struct arena mem = {0};
    struct relu_data data = relu_data_sinus(&mem, 6);
    struct rng r = rng_stream(4, "w");
    struct relu_network net = relu_network_make(&mem, &data, 8, 8, 1.0 / 16);
    struct mat w = mat_normal(&mem, &r, 16, 2, 1);
    struct particle_flow flow = particle_flow_make(&mem, &net);
    double last = relu_network_loss(&net, &w);
    const size_t count = memory_count();

    (void)state;
    for (int t = 0; t < 50; t++) {
        particle_flow_step(&flow, &w, 0.05);
        CHECK_TRUE(relu_network_loss(&net, &w) < last);
        last = relu_network_loss(&net, &w);
    }
    assert_int_equal(memory_count(), count);
    arena_free(&mem);
}

/* F'(mu)(v) = (a/n) sum_j e_j max(0, <v, x_j>); its gradient is minus the velocity. */
static void first_variation_and_its_slope_are_the_formulas(void **state)
{
    struct arena mem = {0};
    struct relu_data data = relu_data_sinus(&mem, 4);
    struct rng r = rng_stream(5, "w");
    struct relu_network net = relu_network_make(&mem, &data, 4, 3, 0.2);
    struct mat w = mat_normal(&mem, &r, 7, 2, 1);
    const double v[2] = {0.7, 0.1};
    double expected = 0, up;

    (void)state;
    net.c.x[6] = 0;
    relu_network_loss(&net, &w);
    for (size_t j = 0; j < 4; j++)
        expected -= net.e.x[j] / 4 * fmax(0, v[0] * data.x.a[2 * j] + v[1]);
    up = particle_flow_first_variation(&net, &w, v, -1);
    CHECK_NEAR(up, expected, 1e-15);
    CHECK_NEAR(net.c.x[6], 0, 0);
    CHECK_NEAR(particle_flow_identity(&mem, &net, &w, 0.01), 0, 1e-13);
    arena_free(&mem);
}

static void a_neuron_near_a_boundary_has_no_slope(void **state)
{
    struct arena mem = {0};
    struct relu_data data = relu_data_sinus(&mem, 3);
    struct relu_network net = relu_network_make(&mem, &data, 2, 0, 0.5);
    struct mat w = mat_zero(&mem, 2, 2);
    double slope[2] = {7, 7};

    (void)state;
    net.c.x[1] = 0;
    w.a[0] = 1;
    w.a[1] = 0.005; /* 0.005 from the boundary of x = 0 */
    assert_int_equal(particle_flow_variation_slope(&net, &w, 0, 0.01, slope), 0);
    CHECK_NEAR(slope[0], 7, 0);
    assert_int_equal(particle_flow_variation_slope(&net, &w, 0, 0.001, slope), 1);
    CHECK_TRUE(isnan(particle_flow_identity(&mem, &net, &w, 0.01)));
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_neuron_on_one_point_decays_exponentially_with_order_four),
        cmocka_unit_test(splitting_a_particle_changes_nothing),
        cmocka_unit_test(loss_falls_along_the_flow),
        cmocka_unit_test(first_variation_and_its_slope_are_the_formulas),
        cmocka_unit_test(a_neuron_near_a_boundary_has_no_slope),
    };

    return cmocka_run_group_tests_name("particle_flow", tests, NULL, NULL);
}
