/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/encoded_flow.h"

#include "test.h"

enum { M = 8 };

static struct encoded_flow flow_of(struct arena *mem, enum encoding kind,
                                   const struct relu_data *data)
{
    struct rng r = rng_stream(6, "u");
    struct encoded_flow s = encoded_flow_make(mem, kind, data, M);

    for (size_t k = 0; k < 2 * M; k++)
        s.u.a[k] = rng_normal(&r);
    for (size_t i = 0; i < M; i++)
        s.alpha.x[i] = kind == ENCODING_POLAR ? sqrt(hypot(s.u.a[2 * i], s.u.a[2 * i + 1])) : 0.8;
    encoded_flow_start(&s);
    return s;
}

static void all_encodings_start_with_the_output_of_the_network(void **state)
{
    struct arena mem = {0};
    struct relu_data data = relu_data_sinus(&mem, 5);

    (void)state;
    for (int kind = ENCODING_NEURON; kind <= ENCODING_POLAR; kind++) {
        struct encoded_flow s = flow_of(&mem, (enum encoding)kind, &data);
        const double apart = encoded_flow_step(&s, 1e-3);

        if (kind == ENCODING_PRODUCT)
            CHECK_TRUE(apart > 0.01);
        else
            CHECK_NEAR(apart, 0, 1e-15);
    }
    arena_free(&mem);
}

/* sup of the distance up to time 1 by steps of 1 / n. */
static double apart(struct arena *mem, enum encoding kind, const struct relu_data *data, int plain,
                    double clock, int n)
{
    struct encoded_flow s = flow_of(mem, kind, data);
    double most = 0;

    s.plain = plain;
    s.clock = clock;
    for (int t = 0; t <= n; t++)
        most = fmax(most, encoded_flow_step(&s, 1.0 / n));
    return most;
}

static void pairs_and_signed_masses_move_as_the_network(void **state)
{
    struct arena mem = {0};
    struct relu_data data = relu_data_sinus(&mem, 5);

    (void)state;
    CHECK_NEAR(apart(&mem, ENCODING_PAIR, &data, 0, 1, 20), 0, 1e-14);
    CHECK_NEAR(apart(&mem, ENCODING_NEURON, &data, 0, 1, 20), 0, 1e-14);
    CHECK_TRUE(apart(&mem, ENCODING_NEURON, &data, 1, 1, 20) > 0.01);
    arena_free(&mem);
}

static void equal_output_weights_are_a_clock(void **state)
{
    struct arena mem = {0};
    struct relu_data data = relu_data_sinus(&mem, 5);

    (void)state;
    CHECK_NEAR(apart(&mem, ENCODING_FIXED, &data, 0, 0.64, 20), 0, 1e-13);
    CHECK_TRUE(apart(&mem, ENCODING_FIXED, &data, 0, 1, 20) > 0.001);
    arena_free(&mem);
}

static void polar_coordinates_approach_the_flat_ones_as_the_step_falls(void **state)
{
    struct arena mem = {0};
    struct relu_data data = relu_data_sinus(&mem, 5);
    const double coarse = apart(&mem, ENCODING_POLAR, &data, 0, 1, 20);
    const double fine = apart(&mem, ENCODING_POLAR, &data, 0, 1, 320);

    (void)state;
    CHECK_TRUE(coarse > 1e-5);
    CHECK_TRUE(fine < coarse / 8);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_encodings_start_with_the_output_of_the_network),
        cmocka_unit_test(pairs_and_signed_masses_move_as_the_network),
        cmocka_unit_test(equal_output_weights_are_a_clock),
        cmocka_unit_test(polar_coordinates_approach_the_flat_ones_as_the_step_falls),
    };

    return cmocka_run_group_tests_name("encoded_flow", tests, NULL, NULL);
}
