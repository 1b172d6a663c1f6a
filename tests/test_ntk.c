/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernel/ntk.h"

#include <math.h>

#include "aborts.h"
#include "base/rng.h"
#include "test.h"

static const double cosines[] = {1, 0.5, 0, -0.5, -1};

/* Values on the unit sphere for sigma_w^2 = 2, sigma_b^2 = 0 and L = 1 .. 4, computed from the
 * recursion in another language. */
static void values_on_the_sphere(void **state)
{
    static const double expected[4][5] = {
        {2, 1, 0, -1, -2},
        {4, 1.88466223, 0.63661977, -0.11533777, 0},
        {6, 2.70295912, 1.37141727, 0.68772449, 0.63661977},
        {8, 3.47568936, 2.12077621, 1.48449865, 1.37141727}};
    static const double biased[5] = {6.6, 3.21260446, 1.80013729, 1.03327462, 0.7843338};

    (void)state;
    for (size_t k = 0; k < 5; k++) {
        for (size_t L = 1; L <= 4; L++)
            CHECK_NEAR(ntk_sphere(cosines[k], &(struct ntk_spec){L, 2, 0}), expected[L - 1][k],
                       6e-9);
        CHECK_NEAR(ntk_sphere(cosines[k], &(struct ntk_spec){3, 2, 0.1}), biased[k], 6e-9);
    }
}

static void layers_add_up_to_the_kernel(void **state)
{
    const struct ntk_spec spec = {4, 1.7, 0.3};
    double layers[4], covariance, sum = 0;
    const double theta = ntk_value(&spec, 0.4, 1.5, 0.7, &covariance, layers);

    (void)state;
    for (size_t l = 0; l < 4; l++) {
        CHECK_TRUE(layers[l] > 0);
        sum += layers[l];
    }
    CHECK_RELATIVE(sum, theta, 1e-15);
    CHECK_RELATIVE(layers[3], covariance, 1e-15); /* the last layer's is the covariance */
}

/* E[relu(u) relu(u')] and E[relu'(u) relu'(u')] of a Gaussian pair by quadrature over the angle are
 * what one layer does: L = 2 has Theta = Q_2 + sigma_w^2 K_1 Q_1. */
static void one_hidden_layer_is_the_gaussian_expectation(void **state)
{
    const struct ntk_spec spec = {2, 1.3, 0.2};
    const double product = -0.3, square = 0.8, other = 1.4;
    const double s = 1.3 * square + 0.2, t = 1.3 * other + 0.2, q = 1.3 * product + 0.2;
    const double r = q / sqrt(s * t), step = 1e-5;
    double active = 0, both = 0, covariance;

    (void)state;
    /* (u, u') = R (cos a, r cos a + sqrt(1 - r^2) sin a), E R^2 = 2, a uniform */
    for (double a = step / 2; a < 6.283185307179586; a += step) {
        const double u = cos(a), v = r * cos(a) + sqrt(1 - r * r) * sin(a);

        if (u > 0 && v > 0) {
            active += step / 6.283185307179586;
            both += 2 * u * v * step / 6.283185307179586;
        }
    }
    CHECK_NEAR(ntk_value(&spec, product, square, other, &covariance, NULL),
               1.3 * both * sqrt(s * t) + 0.2 + 1.3 * active * q, 1e-5);
    CHECK_NEAR(covariance, 1.3 * both * sqrt(s * t) + 0.2, 1e-5);
}

static void kernel_is_homogeneous_without_biases(void **state)
{
    const struct ntk_spec spec = {3, 2, 0};

    (void)state;
    CHECK_RELATIVE(ntk_value(&spec, 6 * 0.3, 4, 9, NULL, NULL),
                   6 * ntk_value(&spec, 0.3, 1, 1, NULL, NULL), 1e-14);
    CHECK_NEAR(ntk_value(&spec, 0, 0, 1, NULL, NULL), 0, 0); /* an input of length 0 */
    CHECK_NEAR(ntk_value(&spec, 0, 0, 0, NULL, NULL), 0, 0);
    CHECK_NEAR(ntk_sphere(1, &spec), 6, 1e-15);
    CHECK_NEAR(ntk_sphere(1 + 1e-15, &spec), 6, 1e-7); /* clipped */
    CHECK_TRUE(isfinite(ntk_sphere(-1 - 1e-15, &spec)));
}

static void impossible_networks_abort(void **state)
{
    double x = 0;

    (void)state;
    CHECK_ABORTS(x += ntk_sphere(0, &(struct ntk_spec){0, 2, 0}));
    CHECK_ABORTS(x += ntk_sphere(0, &(struct ntk_spec){NTK_LAYERS + 1, 2, 0}));
    CHECK_ABORTS(x += ntk_sphere(0, &(struct ntk_spec){2, 0, 0}));
    CHECK_ABORTS(x += ntk_sphere(0, &(struct ntk_spec){2, 1, -1}));
    CHECK_TRUE(ntk_sphere(0.1, &(struct ntk_spec){NTK_LAYERS, 2, 0}) > x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_on_the_sphere),
        cmocka_unit_test(layers_add_up_to_the_kernel),
        cmocka_unit_test(one_hidden_layer_is_the_gaussian_expectation),
        cmocka_unit_test(kernel_is_homogeneous_without_biases),
        cmocka_unit_test(impossible_networks_abort),
    };

    return cmocka_run_group_tests_name("ntk", tests, NULL, NULL);
}
