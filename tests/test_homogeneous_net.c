/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_homogeneous_net: slopes against central differences, and Euler's identity. */
#include "task_distance/homogeneous_net.h"

#include "aborts.h"
#include "test.h"

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

/* <w, grad f> is the derivative of f((1 + t) w) by t at 0. */
static void slopes_are_central_differences(void **state)
{
    enum { IN = 3, OUT = 2, LAYERS = 3 };
    const double t = 1e-5;

    (void)state;
    for (int kind = HOMOGENEOUS_LINEAR; kind <= HOMOGENEOUS_TANH; kind++)
        for (int biases = 0; biases < 2; biases++) {
            struct rng r = rng_stream(3, "net");
            struct homogeneous_net net = homogeneous_net_make(
                &mem, (enum homogeneous_activation)kind, LAYERS, IN, 5, OUT, biases, &r);
            const struct vec x = vec_normal(&mem, &r, IN, 1);
            double slope[OUT], up[OUT], f[OUT];

            for (size_t k = 0; k < OUT; k++)
                f[k] = homogeneous_net_outputs(&net, x.x)->x[k];
            homogeneous_net_slopes(&net, x.x, slope);
            for (int sign = 1; sign >= -1; sign -= 2) {
                for (size_t l = 0; l < LAYERS; l++) {
                    struct vec flat = mat_flat(&net.w[l]);

                    vec_scale(&flat, sign > 0 ? 1 + t : (1 - t) / (1 + t));
                    vec_scale(&net.b[l], sign > 0 ? 1 + t : (1 - t) / (1 + t));
                }
                for (size_t k = 0; k < OUT; k++)
                    if (sign > 0)
                        up[k] = homogeneous_net_outputs(&net, x.x)->x[k];
                    else
                        CHECK_NEAR((up[k] - homogeneous_net_outputs(&net, x.x)->x[k]) / (2 * t),
                                   slope[k], 1e-6);
            }
            for (size_t k = 0; k < OUT; k++)
                if (kind != HOMOGENEOUS_TANH && !biases)
                    CHECK_NEAR(slope[k], LAYERS * f[k], 1e-13);
                else
                    CHECK_TRUE(fabs(slope[k] - LAYERS * f[k]) > 1e-3);
        }
}

static void one_layer_is_its_own_slope(void **state)
{
    struct rng r = rng_stream(4, "net");
    struct homogeneous_net net = homogeneous_net_make(&mem, HOMOGENEOUS_TANH, 1, 3, 7, 2, 1, &r);
    const struct vec x = vec_normal(&mem, &r, 3, 1);
    double slope[2];

    (void)state;
    const struct vec *f = homogeneous_net_outputs(&net, x.x);
    homogeneous_net_slopes(&net, x.x, slope);
    for (size_t k = 0; k < 2; k++)
        CHECK_NEAR(slope[k], f->x[k], 1e-14);
    CHECK_ABORTS((void)homogeneous_net_make(&mem, HOMOGENEOUS_RELU, 9, 3, 7, 2, 0, &r).layers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slopes_are_central_differences),
        cmocka_unit_test(one_layer_is_its_own_slope),
    };

    return cmocka_run_group_tests_name("homogeneous_net", tests, NULL, release);
}
