/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/encoding.h"

#include "test.h"

static const double x[2] = {0.4, 1}, u[4] = {0.9, 0.2, -0.3, 0.8};

static double value(enum encoding kind, const double *theta)
{
    double gradient[ENCODING_MOST];

    return encoding_output(kind, theta, x, gradient);
}

static double relu(const double w[2])
{
    return fmax(0, w[0] * x[0] + w[1] * x[1]);
}

/* What is set from u gives the output of u, whatever |alpha|. */
static void set_gives_the_output_of_the_neurons(void **state)
{
    double theta[ENCODING_MOST];

    (void)state;
    for (int kind = ENCODING_NEURON; kind <= ENCODING_POLAR; kind++) {
        encoding_set((enum encoding)kind, u, -1, 0.7, theta);
        CHECK_NEAR(value((enum encoding)kind, theta),
                   kind == ENCODING_NEURON    ? relu(u)
                   : kind == ENCODING_PAIR    ? relu(u) - relu(u + 2)
                   : kind == ENCODING_PRODUCT ? relu(u) * relu(u + 2)
                                              : -relu(u),
                   1e-15);
    }
}

/* Central differences in theta; on a sphere along the sphere, in the metric of the polar form. */
static void gradient_is_the_central_difference(void **state)
{
    const double h = 1e-6;

    (void)state;
    for (int kind = ENCODING_NEURON; kind <= ENCODING_POLAR; kind++) {
        const enum encoding e = (enum encoding)kind;
        double theta[ENCODING_MOST], gradient[ENCODING_MOST], up[ENCODING_MOST];
        double down[ENCODING_MOST];

        encoding_set(e, u, -1, 0.7, theta);
        encoding_output(e, theta, x, gradient);
        for (size_t k = 0; k < encoding_size(e); k++) {
            const int fixed = e == ENCODING_FIXED && k == 2;
            const double metric = e == ENCODING_POLAR && k < 3 ? theta[3] * theta[3] : 1;

            memcpy(up, theta, sizeof up);
            memcpy(down, theta, sizeof down);
            up[k] += h;
            down[k] -= h;
            encoding_retract(e, up);
            encoding_retract(e, down);
            if (!fixed)
                CHECK_NEAR(gradient[k] * metric, (value(e, up) - value(e, down)) / (2 * h), 1e-9);
            else
                CHECK_NEAR(gradient[k], 0, 0);
        }
    }
}

/* u(theta + h rate) along central differences. */
static void absorbed_velocities_are_those_of_the_neurons(void **state)
{
    static const double rate[] = {0.3, -0.4, 0.2, 0.5};
    const double h = 1e-6;

    (void)state;
    for (int kind = ENCODING_NEURON; kind <= ENCODING_POLAR; kind++) {
        const enum encoding e = (enum encoding)kind;
        double theta[ENCODING_MOST], up[ENCODING_MOST], down[ENCODING_MOST], at[4], moves[4];
        double at_up[4], at_down[4], rest[4];

        encoding_set(e, u, -1, 0.7, theta);
        encoding_absorb(e, theta, rate, at, moves);
        for (size_t k = 0; k < encoding_size(e); k++) {
            up[k] = theta[k] + h * rate[k];
            down[k] = theta[k] - h * rate[k];
        }
        encoding_absorb(e, up, rate, at_up, rest);
        encoding_absorb(e, down, rate, at_down, rest);
        for (size_t k = 0; k < 2 * encoding_neurons(e); k++) {
            CHECK_NEAR(at[k], u[k], 1e-15);
            CHECK_NEAR(moves[k], (at_up[k] - at_down[k]) / (2 * h), 1e-9);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_gives_the_output_of_the_neurons),
        cmocka_unit_test(gradient_is_the_central_difference),
        cmocka_unit_test(absorbed_velocities_are_those_of_the_neurons),
    };

    return cmocka_run_group_tests_name("encoding", tests, NULL, NULL);
}
