/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/both_layers.h"

#include "test.h"

enum { M = 6 };

static struct relu_network network(struct arena *mem, const struct relu_data *data, struct mat *w)
{
    struct rng r = rng_stream(2, "w");
    struct relu_network net = relu_network_make(mem, data, 3, 3, 1.0 / M);

    *w = mat_normal(mem, &r, M, 2, 1);
    for (size_t i = 0; i < M; i++)
        net.c.x[i] *= 0.5 + rng_uniform(&r);
    return net;
}

/* w' = -m dF/dw and alpha' = -m dF/dalpha with alpha = m c, by central differences of F. */
static void velocity_is_minus_m_times_the_gradient(void **state)
{
    struct arena mem = {0};
    struct relu_data data = relu_data_sinus(&mem, 7);
    struct mat w, rate = mat_zero(&mem, M, 2);
    struct relu_network net = network(&mem, &data, &w);
    struct vec c_rate = vec_zero(&mem, M);
    const double h = 1e-6;

    (void)state;
    both_layers_velocity(&net, &w, &rate, &c_rate);
    for (size_t k = 0; k < 3 * M; k++) {
        double *at = k < 2 * M ? w.a + k : net.c.x + (k - 2 * M), kept = *at, up, down;
        const double moves = k < 2 * M ? rate.a[k] : c_rate.x[k - 2 * M] * M;

        *at = kept + h;
        up = relu_network_loss(&net, &w);
        *at = kept - h;
        down = relu_network_loss(&net, &w);
        *at = kept;
        /* dF/dalpha = dF/dc / m */
        CHECK_NEAR(-(up - down) / (2 * h) * (k < 2 * M ? M : 1), moves, 1e-8);
    }
    arena_free(&mem);
}

/* alpha^2 - |w|^2 is constant in time; the midpoint rule leaves h^2. */
static void balance_is_conserved_and_steps_are_of_order_two(void **state)
{
    struct arena mem = {0};
    double left[2] = {0, 0};

    (void)state;
    for (int k = 0; k < 2; k++) {
        struct relu_data data = relu_data_sinus(&mem, 5);
        struct mat w, before;
        struct relu_network net = network(&mem, &data, &w);
        struct both_layers flow = both_layers_make(&mem, &net);
        struct vec c = vec_copy(&mem, &net.c);
        size_t count;

        before = mat_copy(&mem, &w);
        count = memory_count();
        for (int t = 0; t < 50 << k; t++)
            both_layers_step(&flow, &w, 0.02 / (1 << k));
        assert_int_equal(memory_count(), count);
        for (size_t i = 0; i < M; i++) {
            const double a = M * net.c.x[i], b = M * c.x[i], *v = before.a + 2 * i;
            const double *u = w.a + 2 * i;

            left[k] = fmax(left[k], fabs(a * a - u[0] * u[0] - u[1] * u[1] -
                                         (b * b - v[0] * v[0] - v[1] * v[1])));
        }
    }
    CHECK_NEAR(left[0], 0, 1e-3);
    CHECK_TRUE(left[0] > 0 && left[1] < left[0] / 3);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(velocity_is_minus_m_times_the_gradient),
        cmocka_unit_test(balance_is_conserved_and_steps_are_of_order_two),
    };

    return cmocka_run_group_tests_name("both_layers", tests, NULL, NULL);
}
