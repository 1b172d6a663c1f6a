/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/empirical_ntk.h"

#include <math.h>

#include "aborts.h"
#include "kernel/ntk.h"
#include "net/net_jacobian.h"
#include "test.h"

static struct net make(struct arena *mem, size_t width, enum parameterization kind, double b,
                       size_t outputs, uint64_t seed)
{
    const size_t widths[] = {4, width, width, outputs};
    struct rng init = rng_stream(seed, "init");
    struct net net = net_create(mem, &(struct net_spec){
        .layer_count = 3, .widths = widths, .activation = ACTIVATION_RELU,
        .parameterization = kind, .sigma_w2 = 2, .sigma_b2 = b}, 8);

    net_init(&net, &init);
    return net;
}

static float *points(struct arena *mem, size_t n)
{
    struct rng r = rng_stream(1, "x");
    float *x = arena_get(mem, n * 4, sizeof *x);

    rng_normalsf(&r, x, n * 4);
    for (size_t i = 0; i < n; i++) {
        double length = 0;

        for (size_t j = 0; j < 4; j++)
            length += (double)x[4 * i + j] * (double)x[4 * i + j];
        for (size_t j = 0; j < 4; j++)
            x[4 * i + j] = (float)((double)x[4 * i + j] / sqrt(length));
    }
    return x;
}

/* Against J J' of the dense Jacobian, and J (J' v) of the products that do not form it. */
static void kernel_is_the_product_of_jacobians(void **state)
{
    static const enum parameterization kinds[] = {NET_STANDARD, NET_NTK, NET_PYTORCH};
    static const float v[] = {0.5f, -1, 2, 0.25f, 1, -0.75f};
    enum { N = 6 };

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        struct arena mem = {0};
        struct net net = make(&mem, 17, kinds[k], 0.1, 1, 3);
        const float *x = points(&mem, N);
        struct mat out = mat_zero(&mem, N, N), expected = mat_zero(&mem, N, N);
        struct matf J = matf_zero(&mem, N, net.param_count);
        float product[N];

        CHECK_STATUS(empirical_ntk(&out, &net, x, N), STATUS_OK);
        net_jacobian(&J, &net, x, N);
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N; j++)
                for (size_t p = 0; p < net.param_count; p++)
                    expected.a[i * N + j] += (double)J.a[i * J.cols + p] *
                                             (double)J.a[j * J.cols + p];
        for (size_t i = 0; i < N * N; i++)
            CHECK_NEAR(out.a[i], expected.a[i], 2e-6 * mat_norm(&expected));
        CHECK_TRUE(mat_norm(&out) > 0.1);
        net_jacobian_transposed_times(net.grads, &net, x, N, v);
        net_jacobian_times(product, &net, x, N, net.grads);
        for (size_t i = 0; i < N; i++) {
            double sum = 0;

            for (size_t j = 0; j < N; j++)
                sum += out.a[i * N + j] * (double)v[j];
            CHECK_NEAR((double)product[i], sum, 4e-6 * mat_norm(&expected));
        }
        arena_free(&mem);
    }
}

/* Mean squared distance from the kernel of infinite width falls like 1 / width. */
static double distance(size_t width)
{
    enum { N = 8, NETS = 12 };
    const struct ntk_spec spec = {3, 2, 0.1};
    double sum = 0;

    for (uint64_t seed = 0; seed < NETS; seed++) {
        struct arena mem = {0};
        struct net net = make(&mem, width, NET_NTK, 0.1, 1, seed);
        const float *x = points(&mem, N);
        struct mat out = mat_zero(&mem, N, N);

        CHECK_STATUS(empirical_ntk(&out, &net, x, N), STATUS_OK);
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N; j++) {
                double dot = 0, theta;

                for (size_t c = 0; c < 4; c++)
                    dot += (double)x[4 * i + c] * (double)x[4 * j + c] / 4;
                theta = ntk_value(&spec, dot, 0.25, 0.25, NULL, NULL);
                sum += (out.a[i * N + j] - theta) * (out.a[i * N + j] - theta) / (N * N * NETS);
            }
        arena_free(&mem);
    }
    return sum;
}

static void kernel_tends_to_that_of_infinite_width(void **state)
{
    const double narrow = distance(32), wide = distance(512);

    (void)state;
    CHECK_TRUE(narrow / wide > 16 / 2.0 && narrow / wide < 16 * 2.0);
    CHECK_TRUE(wide < 0.05);
}

static void bad_input_is_refused(void **state)
{
    struct arena mem = {0};
    struct net net = make(&mem, 5, NET_NTK, 0, 1, 1), two = make(&mem, 5, NET_NTK, 0, 2, 1);
    float *x = points(&mem, 9);
    struct mat out = mat_zero(&mem, 3, 3), nine = mat_zero(&mem, 9, 9);
    enum status status;

    (void)state;
    CHECK_ABORTS(status = empirical_ntk(&out, &two, x, 3));
    CHECK_ABORTS(status = empirical_ntk(&out, &net, x, 2));
    CHECK_ABORTS(status = empirical_ntk(&nine, &net, x, 9));
    for (size_t k = 1; k <= 1; k++) {
        memory_fail_at(k);
        status = empirical_ntk(&out, &net, x, 3);
        memory_fail_at(0);
        assert_int_equal(status, STATUS_MEMORY);
    }
    x[1] = (float)INFINITY;
    CHECK_STATUS(empirical_ntk(&out, &net, x, 3), STATUS_DIVERGED);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernel_is_the_product_of_jacobians),
        cmocka_unit_test(kernel_tends_to_that_of_infinite_width),
        cmocka_unit_test(bad_input_is_refused),
    };

    return cmocka_run_group_tests_name("empirical_ntk", tests, NULL, NULL);
}
