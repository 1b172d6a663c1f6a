/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The flow of a measure on a grid and that of its particles, where both are known in closed form:
 * with every neuron active on all data, F is quadratic in the mean of the measure. */
#include "test.h"

#include "base/memory.h"
#include "relu_flows/grid_flow.h"

static struct arena mem;

static int release(void **state)
{
    (void)state;
    memory_fail_at(0);
    arena_free(&mem);
    return 0;
}

/* x = -.5, -.25, 0, .25, .5: the mean of x^2 is 1/8. */
#define INPUTS 5
static const double rate[2] = {0.125, 1}; /* of w and b */
static const double target[2] = {2, 1};   /* y = 2 x + 1 */
static const double centre[4] = {0.3, 1.6, -0.2, 1.7};
#define WIDTH 0.1

static struct grid_flow make(struct relu_data *data, size_t species)
{
    *data = relu_data_linear(&mem, INPUTS, target[0], target[1]);
    return grid_flow_make(&mem, data, 80, 2.5, species, centre, WIDTH);
}

static void start_is_the_gaussian_of_each_sign(void **state)
{
    struct relu_data data;
    const struct grid_flow g = make(&data, 2);
    const size_t points = g.start.n / 2;
    struct vec f = vec_zero(&mem, INPUTS);

    (void)state;
    CHECK_TRUE(g.start.n == 2 * 80 * 80 && g.grid.species == 2);
    for (size_t k = 0; k < 2; k++) {
        const struct vec p = vec_over(g.start.x + k * points, points);
        double mean[2] = {0, 0};

        CHECK_NEAR(vec_sum(&p), 1, 1e-14);
        for (size_t i = 0; i < points; i++)
            for (size_t c = 0; c < 2; c++)
                mean[c] += p.x[i] * g.theta.a[2 * (k * points + i) + c];
        CHECK_NEAR(mean[0], centre[2 * k], 1e-12);
        CHECK_NEAR(mean[1], centre[2 * k + 1], 1e-12);
    }
    CHECK_RELATIVE(grid_flow_variance(&g, &g.start, &g.theta), WIDTH * WIDTH, 1e-9);
    grid_flow_output(&g, &g.start, &f);
    for (size_t j = 0; j < INPUTS; j++)
        CHECK_NEAR(f.x[j], (centre[0] - centre[2]) * data.x.a[2 * j] + centre[1] - centre[3],
                   1e-12);
}

/* mean' = -rate (mean - target), f = mean_w x + mean_b; all particles move alike. */
static void particles_follow_the_linear_equation(void **state)
{
    struct relu_data data;
    const struct grid_flow g = make(&data, 1);
    struct mat theta = mat_zero(&mem, g.start.n, 2), f = mat_zero(&mem, 4, INPUTS);

    (void)state;
    CHECK_STATUS(grid_flow_particles(&g, &mem, 1.5, 3, 1e-14, 1e-10, &theta, &f), STATUS_OK);
    for (size_t k = 0; k <= 3; k++) {
        double mean[2];

        for (size_t c = 0; c < 2; c++)
            mean[c] = target[c] + (centre[c] - target[c]) * exp(-rate[c] * 0.5 * (double)k);
        for (size_t j = 0; j < INPUTS; j++)
            CHECK_NEAR(f.a[k * INPUTS + j], mean[0] * data.x.a[2 * j] + mean[1], 2e-9);
    }
    CHECK_RELATIVE(grid_flow_variance(&g, &g.start, &theta), WIDTH * WIDTH, 1e-8);
}

static void light_particles_stay(void **state)
{
    struct relu_data data;
    const struct grid_flow g = make(&data, 1);
    struct mat theta = mat_zero(&mem, g.start.n, 2), f = mat_zero(&mem, 2, INPUTS);
    size_t moved = 0;

    (void)state;
    CHECK_STATUS(grid_flow_particles(&g, &mem, 0.5, 1, 1e-3, 1e-8, &theta, &f), STATUS_OK);
    for (size_t i = 0; i < g.start.n; i++) {
        const int same = fabs(theta.a[2 * i] - g.theta.a[2 * i]) < 1e-12;

        CHECK_TRUE(same == (g.start.x[i] < 1e-3));
        moved += !same;
    }
    CHECK_TRUE(moved > 20);
}

/* A step of length tau is implicit and takes the time tau / 2; its entropy adds gam / 2 to the
 * variance. Here gam = 4 h^2, so that the grid adds exp(-4 pi^2) = 7e-18. */
static void steps_are_implicit_and_blur(void **state)
{
    struct relu_data data;
    const struct grid_flow g = make(&data, 1);
    const double tau = 0.2, h = g.grid.axis[0].x[1] - g.grid.axis[0].x[0], gam = 4 * h * h;
    struct mat f = mat_zero(&mem, 4, INPUTS);
    struct vec p = vec_zero(&mem, g.start.n);
    size_t iterations;

    (void)state;
    CHECK_STATUS(grid_flow_jko(&g, &mem, gam, tau, 3, &p, &f, &iterations), STATUS_OK);
    for (size_t k = 0; k <= 3; k++) {
        double mean[2];

        for (size_t c = 0; c < 2; c++)
            mean[c] = target[c] + (centre[c] - target[c]) /
                                      pow(1 + 0.5 * tau * rate[c], (double)k);
        for (size_t j = 0; j < INPUTS; j++)
            CHECK_NEAR(f.a[k * INPUTS + j], mean[0] * data.x.a[2 * j] + mean[1], 1e-6);
    }
    CHECK_NEAR(grid_flow_variance(&g, &p, &g.theta), WIDTH * WIDTH + 3 * gam / 2, 1e-5);
    CHECK_TRUE(iterations >= 3 && iterations <= 30);
}

/* (tau/2) |grad F'| is at most .5 tau here, h / 2 is .03. */
static void exact_steps_lock_or_follow(void **state)
{
    struct relu_data data;
    const struct grid_flow g = make(&data, 1);
    struct mat f = mat_zero(&mem, 2, INPUTS);
    struct vec p = vec_zero(&mem, g.start.n);

    (void)state;
    CHECK_STATUS(grid_flow_jko(&g, &mem, 0, 0.05, 1, &p, &f, NULL), STATUS_OK);
    for (size_t i = 0; i < p.n; i++)
        CHECK_NEAR(p.x[i], g.start.x[i], 1e-15);
    CHECK_STATUS(grid_flow_jko(&g, &mem, 0, 0.5, 1, &p, &f, NULL), STATUS_OK);
    const double b = target[1] + (centre[1] - target[1]) / 1.25;

    CHECK_NEAR(f.a[INPUTS + 2], b, 0.04);
    CHECK_TRUE(fabs(f.a[2] - f.a[INPUTS + 2]) > 0.05);
}

static void failures_are_a_status(void **state)
{
    struct relu_data data;
    const struct grid_flow g = make(&data, 1);
    struct mat f = mat_zero(&mem, 2, INPUTS), theta = mat_zero(&mem, g.start.n, 2);
    struct vec p = vec_zero(&mem, g.start.n);

    (void)state;
    CHECK_STATUS(grid_flow_jko(&g, &mem, 0.1, 0, 1, &p, &f, NULL), STATUS_USAGE);
    g.y.x[0] = (double)NAN;
    CHECK_STATUS(grid_flow_jko(&g, &mem, 0.1, 0.1, 1, &p, &f, NULL), STATUS_DIVERGED);
    data.y.x[0] = (double)INFINITY;
    CHECK_STATUS(grid_flow_particles(&g, &mem, 1, 1, 1e-14, 1e-8, &theta, &f),
                 STATUS_DIVERGED);
    CHECK_MESSAGE("particles at time");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(start_is_the_gaussian_of_each_sign, release),
        cmocka_unit_test_teardown(particles_follow_the_linear_equation, release),
        cmocka_unit_test_teardown(light_particles_stay, release),
        cmocka_unit_test_teardown(steps_are_implicit_and_blur, release),
        cmocka_unit_test_teardown(exact_steps_lock_or_follow, release),
        cmocka_unit_test_teardown(failures_are_a_status, release),
    };

    return cmocka_run_group_tests_name("grid_flow", tests, NULL, NULL);
}
