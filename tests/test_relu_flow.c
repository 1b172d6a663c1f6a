/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gradient flows: closed forms between kinks, across one and along one. */
#include "test.h"

#include "relu_flows/relu_flow.h"
#include "relu_flows/relu_prox.h"

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static struct relu_data given(size_t n, size_t d, const double *x, const double *y)
{
    struct relu_data data = {.n = n, .d = d, .x = mat_zero(&mem, n, d), .y = vec_zero(&mem, n)};

    memcpy(data.x.a, x, n * d * sizeof *x);
    memcpy(data.y.x, y, n * sizeof *y);
    return data;
}

/* One point (1, 1), one neuron: u = <w, x> follows u' = -2 (u - y) while it is active. */
static void one_point_follows_its_exponential(void **state)
{
    const struct relu_data data = given(1, 2, (double[]){1, 1}, (double[]){3});
    struct relu_network net = relu_network_make(&mem, &data, 1, 0, 1);
    struct mat w = mat_zero(&mem, 1, 2);
    struct relu_flow flow;

    (void)state;
    w.a[0] = 1;
    CHECK_STATUS(relu_flow_start(&flow, &mem, &net, &w, 1e-13), STATUS_OK);
    for (int k = 1; k <= 4; k++) {
        CHECK_STATUS(relu_flow_to(&flow, &w, k / 4.0), STATUS_OK);
        CHECK_NEAR(w.a[0] + w.a[1], 3 - 2 * exp(-k / 2.0), 1e-12);
        CHECK_NEAR(w.a[0] - w.a[1], 1, 1e-13);
    }
    assert_int_equal(flow.events, 0);
    relu_flow_free(&flow);
}

/* The same with y = -1: u reaches 0 at t = log(2) / 2 and stays there: no point pulls it away. */
static void a_neuron_stops_at_the_kink_of_its_only_point(void **state)
{
    const struct relu_data data = given(1, 2, (double[]){1, 1}, (double[]){-1});
    struct relu_network net = relu_network_make(&mem, &data, 1, 0, 1);
    struct mat w = mat_zero(&mem, 1, 2);
    struct relu_flow flow;

    (void)state;
    w.a[0] = 1;
    CHECK_STATUS(relu_flow_start(&flow, &mem, &net, &w, 1e-13), STATUS_OK);
    CHECK_STATUS(relu_flow_to(&flow, &w, 0.34), STATUS_OK);
    CHECK_NEAR(w.a[0] + w.a[1], -1 + 2 * exp(-0.68), 1e-12);
    CHECK_STATUS(relu_flow_to(&flow, &w, 2), STATUS_OK);
    CHECK_NEAR(w.a[0], 0.5, 1e-12);
    CHECK_NEAR(w.a[1], -0.5, 1e-12);
    assert_int_equal(flow.events, 1);
    relu_flow_free(&flow);
}

/* u_1 falls to 0, where the second point alone would pull it up again: the neuron slides along the
 * kink, and u_2' = -(1/2) (u_2 - 4) |P x_2|^2. */
static void a_neuron_slides_along_a_kink(void **state)
{
    const struct relu_data data = given(2, 2, (double[]){1, 0.5, -0.25, 1}, (double[]){-1, 4});
    struct relu_network net = relu_network_make(&mem, &data, 1, 0, 1);
    struct relu_prox prox = relu_prox_make(&mem, &net);
    struct relu_prox_report report;
    struct mat w = mat_zero(&mem, 1, 2), v;
    struct relu_flow flow;
    double x_x, u, start, along;

    (void)state;
    w.a[0] = 0.2;
    w.a[1] = 1;
    v = mat_copy(&mem, &w);
    CHECK_STATUS(relu_flow_start(&flow, &mem, &net, &w, 1e-13), STATUS_OK);
    CHECK_STATUS(relu_flow_to(&flow, &w, 3), STATUS_OK);
    start = -0.25 * w.a[0] + w.a[1];
    CHECK_STATUS(relu_flow_to(&flow, &w, 3.5), STATUS_OK);
    u = -0.25 * w.a[0] + w.a[1];
    CHECK_NEAR(w.a[0] + 0.5 * w.a[1], 0, 1e-12); /* on the kink of the first point */
    x_x = -0.25 + 0.5;                            /* <x_1, x_2> */
    along = 1 + 0.0625 - x_x * x_x / 1.25;        /* |P x_2|^2 */
    CHECK_NEAR(u, 4 + (start - 4) * exp(-0.25 * along), 1e-11);
    for (int k = 0; k < 3500; k++) { /* implicit steps slide too */
        const struct mat centre = mat_copy(&mem, &v);

        CHECK_STATUS(relu_prox_frobenius(&prox, &centre, 1e-3, &v, &report), STATUS_OK);
    }
    CHECK_NEAR(v.a[0], w.a[0], 5e-3);
    CHECK_NEAR(v.a[1], w.a[1], 5e-3);
    relu_flow_free(&flow);
}

/* Halving the step of explicit and implicit steps halves their distance from the flow. */
static void steps_converge_to_the_flow_through_many_kinks(void **state)
{
    struct rng r = rng_stream(3, "flow");
    const struct relu_data data = relu_data_random(&mem, &r, 6, 3);
    struct relu_network net = relu_network_make(&mem, &data, 6, 6, 1);
    struct relu_prox prox = relu_prox_make(&mem, &net);
    struct relu_prox_report report;
    const struct mat start = mat_normal(&mem, &r, 12, 3, 0.25);
    struct mat w = mat_copy(&mem, &start), v = mat_copy(&mem, &start), centre = v;
    struct relu_flow flow;
    double distance[2];

    (void)state;
    CHECK_STATUS(relu_flow_start(&flow, &mem, &net, &w, 1e-12), STATUS_OK);
    CHECK_STATUS(relu_flow_to(&flow, &w, 1), STATUS_OK);
    assert_true(flow.events >= 5);
    for (int k = 0; k < 2; k++) {
        const double eta = k ? 1e-4 : 1e-3;

        mat_set(&v, &start);
        for (int step = 0; step < (k ? 10000 : 1000); step++) {
            struct arena scratch = {0};

            centre = mat_copy(&scratch, &v);
            CHECK_STATUS(relu_prox_frobenius(&prox, &centre, eta / 12, &v, &report), STATUS_OK);
            arena_free(&scratch);
        }
        distance[k] = 0;
        for (size_t l = 0; l < 36; l++)
            distance[k] = fmax(distance[k], fabs(v.a[l] - w.a[l]));
    }
    CHECK_TRUE(distance[0] < 0.02 && distance[1] < 0.2 * distance[0]);
    relu_flow_free(&flow);
}

static void the_tolerance_is_met(void **state)
{
    struct rng r = rng_stream(4, "flow");
    const struct relu_data data = relu_data_random(&mem, &r, 6, 2);
    struct relu_network net = relu_network_make(&mem, &data, 6, 6, 1);
    const struct mat start = mat_normal(&mem, &r, 12, 2, 0.25);
    struct mat w[2] = {mat_copy(&mem, &start), mat_copy(&mem, &start)};
    struct relu_flow flow;

    (void)state;
    for (int k = 0; k < 2; k++) {
        CHECK_STATUS(relu_flow_start(&flow, &mem, &net, &w[k], k ? 1e-14 : 1e-11), STATUS_OK);
        for (int part = 1; part <= (k ? 7 : 1); part++) /* stops on the way do not matter */
            CHECK_STATUS(relu_flow_to(&flow, &w[k], k ? 2 * part / 7.0 : 2), STATUS_OK);
        assert_true(flow.events >= 3);
        relu_flow_free(&flow);
    }
    for (size_t l = 0; l < 24; l++)
        CHECK_NEAR(w[0].a[l], w[1].a[l], 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(one_point_follows_its_exponential, release),
        cmocka_unit_test_teardown(a_neuron_stops_at_the_kink_of_its_only_point, release),
        cmocka_unit_test_teardown(a_neuron_slides_along_a_kink, release),
        cmocka_unit_test_teardown(steps_converge_to_the_flow_through_many_kinks, release),
        cmocka_unit_test_teardown(the_tolerance_is_met, release),
    };

    return cmocka_run_group_tests_name("relu_flow", tests, NULL, NULL);
}
