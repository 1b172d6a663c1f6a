/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/relu_alignment.h"

#include <math.h>

#include "test.h"

static const struct relu_alignment_limits limits = {.aligned = 0.99, .boundary = 0.01};

/* All five points active: sum_j y_j x_j = x^2's sum / 5 = 1/8, as the even part of y drops out. */
static void vector_of_an_active_neuron_is_the_closed_form(void **state)
{
    struct arena mem = {0};
    const struct relu_data data = relu_data_sinus(&mem, 5);
    const struct relu_network net = relu_network_make(&mem, &data, 1, 1, 0.5);
    struct relu_alignment a = relu_alignment_make(&mem, 2, 2, limits);
    struct mat w = mat_zero(&mem, 2, 2);
    const double sum = -2.5 - 2 * cos(5) - 2 * cos(2.5) - 1;

    (void)state;
    w.a[1] = w.a[3] = 3;
    assert_int_equal(relu_alignment_vectors(&a, &net, &w, 0), 5);
    CHECK_NEAR(a.v.x[0], 0.125 / 5, 1e-15);
    CHECK_NEAR(a.v.x[1], sum / 5, 1e-15);
    assert_int_equal(relu_alignment_vectors(&a, &net, &w, 1), 5);
    CHECK_NEAR(a.v.x[1], -sum / 5, 1e-15);
    CHECK_NEAR(hypot(a.v.x[0], a.v.x[1]), 1 / 2.025764, 1e-7);
    arena_free(&mem);
}

/* On a boundary v jumps by y_j x_j / n; along the boundary both sides say the same. */
static void vector_along_a_boundary_is_that_of_both_sides(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(3, "data");
    const struct relu_data data = relu_data_random(&mem, &r, 6, 4);
    const struct relu_network net = relu_network_make(&mem, &data, 1, 0, 1);
    struct relu_alignment a = relu_alignment_make(&mem, 1, 4, limits);
    const struct vec x = mat_row(&data.x, 2);
    struct mat w = mat_normal(&mem, &r, 1, 4, 1);
    struct vec wi = mat_row(&w, 0), before, v;

    (void)state;
    vec_axpy(&wi, (1e-6 - vec_dot(&wi, &x)) / vec_dot(&x, &x), &x);
    relu_alignment_vectors(&a, &net, &w, 0);
    before = vec_copy(&mem, &a.along);
    v = vec_copy(&mem, &a.v);
    CHECK_NEAR(vec_dot(&before, &x), 0, 1e-14);
    vec_axpy(&wi, -2e-6 / vec_dot(&x, &x), &x);
    relu_alignment_vectors(&a, &net, &w, 0);
    for (size_t k = 0; k < 4; k++) {
        CHECK_NEAR(a.along.x[k], before.x[k], 1e-14);
        CHECK_NEAR(v.x[k] - a.v.x[k], data.y.x[2] * x.x[k] / 6, 1e-14);
    }
    arena_free(&mem);
}

/* A point twice, or more boundaries than dimensions, still gives orthonormal normals. */
static void boundaries_that_repeat_are_taken_once(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(4, "data");
    struct relu_data data = relu_data_random(&mem, &r, 5, 3);
    const struct relu_network net = relu_network_make(&mem, &data, 1, 0, 1);
    struct relu_alignment a = relu_alignment_make(&mem, 1, 3, (struct relu_alignment_limits){1, 2});
    struct mat w = mat_normal(&mem, &r, 1, 3, 1);

    (void)state;
    for (size_t k = 0; k < 3; k++)
        data.x.a[3 + k] = data.x.a[k];
    relu_alignment_vectors(&a, &net, &w, 0);
    CHECK_NEAR(vec_norm(&a.along), 0, 1e-13);
    arena_free(&mem);
}

/* One aligned neuron, one that is half a turn off, one that is nowhere active. */
static void look_counts_active_neurons_alone(void **state)
{
    struct arena mem = {0};
    const struct relu_data data = relu_data_sinus(&mem, 5);
    const struct relu_network net = relu_network_make(&mem, &data, 1, 2, 1);
    struct relu_alignment a = relu_alignment_make(&mem, 3, 2, limits);
    struct mat w = mat_zero(&mem, 3, 2);
    struct relu_sight s;

    (void)state;
    w.a[3] = 1;
    relu_alignment_vectors(&a, &net, &w, 1);
    w.a[2] = 7 * a.v.x[0];
    w.a[3] = 7 * a.v.x[1];
    w.a[0] = w.a[2];
    w.a[1] = w.a[3];
    w.a[5] = -1;
    s = relu_alignment_look(&a, &net, &w);
    assert_int_equal(s.active, 2);
    CHECK_NEAR(s.share, 0.5, 0);
    CHECK_NEAR(s.general, 0.5, 0);
    CHECK_NEAR(s.cosine, 0, 1e-15);
    CHECK_NEAR(s.growth, 1 / 2.025764, 1e-7);
    w.a[1] = w.a[3] = -1;
    w.a[0] = w.a[2] = 0;
    s = relu_alignment_look(&a, &net, &w);
    assert_int_equal(s.active, 0);
    CHECK_NEAR(s.cosine + s.share + s.general + s.growth, 0, 0);
    arena_free(&mem);
}

static void angles_are_right_where_the_cosine_is_1(void **state)
{
    const double e = 1e-9;
    double one[2] = {3, 0}, small[2] = {cos(e), sin(e)}, back[2] = {-2, 0}, scratch[2];
    const struct vec a = {2, one}, b = {2, small}, c = {2, back};
    struct vec across = {2, scratch};

    (void)state;
    CHECK_RELATIVE(relu_alignment_angle(&a, &b, &across), e, 1e-12);
    CHECK_NEAR(relu_alignment_angle(&a, &c, &across), acos(-1), 1e-15);
    CHECK_NEAR(relu_alignment_cosine(&a, &c), -1, 1e-15);
}

static void median_is_the_middle(void **state)
{
    double odd[] = {3, -1, 2}, even[] = {4, 1, 3, 2};

    (void)state;
    CHECK_NEAR(relu_alignment_median(odd, 3), 2, 0);
    CHECK_NEAR(relu_alignment_median(even, 4), 2.5, 0);
    CHECK_NEAR(relu_alignment_median(NULL, 0), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vector_of_an_active_neuron_is_the_closed_form),
        cmocka_unit_test(vector_along_a_boundary_is_that_of_both_sides),
        cmocka_unit_test(boundaries_that_repeat_are_taken_once),
        cmocka_unit_test(look_counts_active_neurons_alone),
        cmocka_unit_test(angles_are_right_where_the_cosine_is_1),
        cmocka_unit_test(median_is_the_middle),
    };

    return cmocka_run_group_tests_name("relu_alignment", tests, NULL, NULL);
}
