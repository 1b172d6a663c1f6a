/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activations against libm and plain loops. */
#include "test.h"

#include <float.h>

#include "linalg/blas.h"
#include "net_cases.h"

/* Units in the last place of the float nearest to the true value. */
static double ulp_error(float x)
{
    const double truth = tanh((double)x);
    const double unit = (double)(nextafterf((float)fabs(truth), 2.0f) - (float)fabs(truth));

    return fabs((double)activation_tanh(x) - truth) / unit;
}

static void activation_tanh_is_near_libm(void **state)
{
    double worst = 0;

    (void)state;
    for (float x = 1e-30f; x < 100.0f; x *= 1.0003f) {
        worst = ulp_error(x) > worst ? ulp_error(x) : worst;
        CHECK_TRUE(activation_tanh(-x) == -activation_tanh(x));
        CHECK_TRUE(activation_tanh(x) <= 1.0f);
    }
    print_message("worst error of tanh: %.2f units in the last place\n", worst);
    CHECK_NEAR(worst, 0.0, 3.0);
    CHECK_TRUE(activation_tanh(INFINITY) == 1.0f && activation_tanh(-INFINITY) == -1.0f);
    CHECK_TRUE(activation_tanh(0.0f) == 0.0f);
}

static void activations_let_nan_through(void **state)
{
    const float bias[3] = {0, 0, 0};

    (void)state;
    for (size_t a = 0; a < 3; a++) {
        float z[3] = {-1.0f, NAN, 2.0f}, d[3] = {1.0f, NAN, 1.0f};
        const float h[3] = {0.5f, 0.5f, NAN};

        activation_forward(activations[a], z, bias, 1.0f, 1, 3);
        CHECK_TRUE(isnan(z[1]) && !isnan(z[0]) && !isnan(z[2]));
        activation_backward(activations[a], d, h, 1, 3);
        CHECK_TRUE(isnan(d[1]) && !isnan(d[0]));
    }
}

/* Vectors and remainders: every width and row count around the register sizes. */
static void activation_loops_match_naive(void **state)
{
    float z[6 * 37], h[6 * 37], d[6 * 37], bias[37], sums[37];

    (void)state;
    for (size_t width = 1; width <= 37; width++)
        for (size_t rows = 1; rows <= 6; rows++) {
            struct rng rng = rng_stream(width, "rows %zu", rows);
            rng_normalsf(&rng, z, rows * width);
            rng_normalsf(&rng, bias, width);
            rng_normalsf(&rng, d, rows * width);
            memcpy(h, z, sizeof h);
            activation_forward(ACTIVATION_RELU, h, bias, 0.5f, rows, width);
            for (size_t i = 0; i < rows * width; i++)
                CHECK_NEAR((double)h[i], fmax(0, (double)z[i] + 0.5 * (double)bias[i % width]),
                           1e-6);
            for (size_t j = 0; j < width; j++)
                sums[j] = 4.0f;
            activation_bias_gradient(d, rows, width, 3.0f, 0.5f, sums);
            for (size_t j = 0; j < width; j++) {
                double sum = 2.0;
                for (size_t i = 0; i < rows; i++)
                    sum += 3.0 * (double)d[i * width + j];
                CHECK_NEAR((double)sums[j], sum, 1e-5);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activation_tanh_is_near_libm),
        cmocka_unit_test(activations_let_nan_through),
        cmocka_unit_test(activation_loops_match_naive),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("activation", tests, NULL, NULL);
}
