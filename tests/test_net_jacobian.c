/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Jacobian of a network against central differences in double, its products against it. */
#include "net/net_jacobian.h"

#include "aborts.h"
#include "net_cases.h"
#include "test.h"

enum { OUTPUTS = ROWS * CLASSES };

static struct matf dense(struct fixture *f)
{
    struct matf J = matf_zero(&f->mem, OUTPUTS, f->net.param_count);

    net_jacobian(&J, &f->net, f->x, ROWS);
    return J;
}

/* Every entry, for each activation and parameterization. Float sums of about 20 terms. */
static void jacobian_matches_central_differences(void **state)
{
    const double h = 1e-6;

    (void)state;
    for (size_t a = 0; a < 3; a++)
        for (size_t p = 0; p < 3; p++) {
            struct fixture f;
            struct matf J;

            fixture_make(&f, activations[a], parameterizations[p]);
            J = dense(&f);
            for (size_t c = 0; c < J.cols; c++) {
                const double at = f.params[c];

                for (size_t i = 0; i < ROWS; i++) {
                    double above[CLASSES], below[CLASSES];

                    f.params[c] = at + h;
                    naive_forward(&f.net, f.params, f.inputs + i * widths[0], above);
                    f.params[c] = at - h;
                    naive_forward(&f.net, f.params, f.inputs + i * widths[0], below);
                    f.params[c] = at;
                    for (size_t k = 0; k < CLASSES; k++)
                        CHECK_NEAR((double)J.a[(i * CLASSES + k) * J.cols + c],
                                   (above[k] - below[k]) / (2 * h), 4e-6);
                }
            }
            arena_free(&f.mem);
        }
}

static void products_are_those_of_the_matrix(void **state)
{
    (void)state;
    for (size_t a = 0; a < 3; a++)
        for (size_t p = 0; p < 3; p++) {
            struct fixture f;
            struct rng r = rng_stream(3, "v");
            float v[256], w[OUTPUTS], times[OUTPUTS], back[256];
            struct matf J;

            fixture_make(&f, activations[a], parameterizations[p]);
            rng_normalsf(&r, v, f.net.param_count);
            rng_normalsf(&r, w, OUTPUTS);
            J = dense(&f);
            net_jacobian_times(times, &f.net, f.x, ROWS, v);
            net_jacobian_transposed_times(back, &f.net, f.x, ROWS, w);
            for (size_t i = 0; i < OUTPUTS; i++) {
                double sum = 0;

                for (size_t c = 0; c < J.cols; c++)
                    sum += (double)J.a[i * J.cols + c] * (double)v[c];
                CHECK_NEAR((double)times[i], sum, 2e-5);
            }
            for (size_t c = 0; c < J.cols; c++) {
                double sum = 0;

                for (size_t i = 0; i < OUTPUTS; i++)
                    sum += (double)J.a[i * J.cols + c] * (double)w[i];
                CHECK_NEAR((double)back[c], sum, 4e-5);
            }
            arena_free(&f.mem);
        }
}

/* A step along v changes the outputs by J v up to its square. */
static void product_is_the_slope_along_a_direction(void **state)
{
    struct fixture f;
    struct rng r = rng_stream(4, "v");
    float v[256], slope[OUTPUTS];
    double moved[2][256];
    const double h = 1e-6;

    (void)state;
    fixture_make(&f, ACTIVATION_TANH, NET_NTK);
    rng_normalsf(&r, v, f.net.param_count);
    net_jacobian_times(slope, &f.net, f.x, ROWS, v);
    for (size_t c = 0; c < f.net.param_count; c++) {
        moved[0][c] = f.params[c] - h * (double)v[c];
        moved[1][c] = f.params[c] + h * (double)v[c];
    }
    for (size_t i = 0; i < ROWS; i++) {
        double below[CLASSES], above[CLASSES];

        naive_forward(&f.net, moved[0], f.inputs + i * widths[0], below);
        naive_forward(&f.net, moved[1], f.inputs + i * widths[0], above);
        for (size_t k = 0; k < CLASSES; k++)
            CHECK_NEAR((double)slope[i * CLASSES + k], (above[k] - below[k]) / (2 * h), 2e-5);
    }
    CHECK_ABORTS(net_backward(&f.net, slope, 0)); /* the deltas are gone */
    arena_free(&f.mem);
}

static void bad_shapes_are_refused(void **state)
{
    struct fixture f;
    struct matf J;

    (void)state;
    fixture_make(&f, ACTIVATION_RELU, NET_STANDARD);
    J = matf_zero(&f.mem, OUTPUTS, f.net.param_count - 1);
    CHECK_ABORTS(net_jacobian(&J, &f.net, f.x, ROWS));
    J = matf_zero(&f.mem, OUTPUTS, f.net.param_count);
    CHECK_ABORTS(net_jacobian(&J, &f.net, f.x, ROWS - 1));
    CHECK_ABORTS(net_jacobian(&J, &f.net, f.x, 0));
    arena_free(&f.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jacobian_matches_central_differences),
        cmocka_unit_test(products_are_those_of_the_matrix),
        cmocka_unit_test(product_is_the_slope_along_a_direction),
        cmocka_unit_test(bad_shapes_are_refused),
    };

    return cmocka_run_group_tests_name("net_jacobian", tests, NULL, NULL);
}
