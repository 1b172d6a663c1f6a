/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/rounded_network.h"

#include "test.h"

/* A network of 5 neurons on 7 points in 4 dimensions. */
struct scene {
    struct arena mem;
    struct relu_data data;
    struct relu_network net;
    struct mat w, g;
};

static void make(struct scene *s)
{
    struct rng r = rng_stream(1, "data");

    *s = (struct scene){0};
    s->data = relu_data_random(&s->mem, &r, 7, 4);
    s->net = relu_network_make(&s->mem, &s->data, 3, 2, 0.5);
    s->w = mat_normal(&s->mem, &r, 5, 4, 1);
    s->g = mat_zero(&s->mem, 5, 4);
}

/* A width of 1 puts most pairs on the rounded part. */
static void gradient_is_the_central_difference_of_the_loss(void **state)
{
    struct scene s;
    struct rounded_network r;
    struct mat unused;
    const double h = 1e-6;

    (void)state;
    make(&s);
    unused = mat_zero(&s.mem, 5, 4);
    r = rounded_network_make(&s.mem, &s.net, 1);
    rounded_network_gradient(&r, &s.w, &s.g);
    for (size_t k = 0; k < 20; k++) {
        const double at = s.w.a[k];
        double up, down;

        s.w.a[k] = at + h;
        up = rounded_network_gradient(&r, &s.w, &unused);
        s.w.a[k] = at - h;
        down = rounded_network_gradient(&r, &s.w, &unused);
        s.w.a[k] = at;
        CHECK_NEAR((up - down) / (2 * h), s.g.a[k], 1e-8);
    }
    arena_free(&s.mem);
}

static void a_narrow_width_gives_the_network_itself(void **state)
{
    struct scene s;
    struct rounded_network r;
    struct mat exact;

    (void)state;
    make(&s);
    exact = mat_zero(&s.mem, 5, 4);
    r = rounded_network_make(&s.mem, &s.net, 1e-9);
    CHECK_RELATIVE(rounded_network_gradient(&r, &s.w, &s.g),
                   relu_network_gradient(&s.net, &s.w, &exact), 1e-14);
    for (size_t k = 0; k < 20; k++)
        CHECK_NEAR(s.g.a[k], exact.a[k], 1e-14);
    arena_free(&s.mem);
}

/* One neuron on x = 1: r is width/8 at h = 0, h from width/2 on, 0 up to -width/2. */
static void the_kink_is_rounded_by_an_eighth_of_the_width(void **state)
{
    static const double h[] = {0, 0.1, -0.1, 0.3}, expected[] = {0.025, 0.1, 0, 0.3};
    struct arena mem = {0};
    struct relu_data data = {.n = 1, .d = 1, .x = mat_identity(&mem, 1), .y = vec_zero(&mem, 1)};
    struct relu_network net = relu_network_make(&mem, &data, 1, 0, 1);
    struct rounded_network r = rounded_network_make(&mem, &net, 0.2);
    struct mat w = mat_zero(&mem, 1, 1), g = mat_zero(&mem, 1, 1);

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        w.a[0] = h[k];
        CHECK_NEAR(rounded_network_gradient(&r, &w, &g), expected[k] * expected[k] / 2, 1e-16);
        CHECK_NEAR(net.e.x[0], expected[k], 1e-15);
    }
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_is_the_central_difference_of_the_loss),
        cmocka_unit_test(a_narrow_width_gives_the_network_itself),
        cmocka_unit_test(the_kink_is_rounded_by_an_eighth_of_the_width),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
