/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evaluation, ensembles, and what a network refuses. */
#include "test.h"

#include "aborts.h"
#include "linalg/blas.h"
#include "net_cases.h"

/* A network whose logits are its inputs. */
static struct net identity_net(struct arena *mem, size_t width, size_t max_batch)
{
    const size_t sizes[] = {width, width};
    const struct net_spec spec = {.layer_count = 1, .widths = sizes};
    struct net net = net_create(mem, &spec, max_batch);

    for (size_t i = 0; i < width; i++)
        net_weights(&net, 0)[i * width + i] = 1.0f;
    return net;
}

static void net_errors_breaks_ties_downwards_and_rejects_nan(void **state)
{
    const float x[] = {1, 2, 2, /**/ 5, 5, 5, /**/ 0, 1, 3, /**/ -1, -2, -1};
    const uint8_t lower[] = {1, 0, 2, 0}, upper[] = {2, 1, 2, 2};
    struct arena mem = {0};
    struct net net = identity_net(&mem, 3, 2);

    (void)state;
    assert_int_equal(net_errors(&net, x, lower, 4), 0);
    assert_int_equal(net_errors(&net, x, upper, 4), 3);
    CHECK_NEAR(net_error_rate(&net, x, upper, 4), 0.75, 0.0);
    net_biases(&net, 0)[2] = NAN;
    assert_int_equal(net_errors(&net, x, lower, 4), 4);
    arena_free(&mem);
}

static void net_outputs_do_not_depend_on_the_batch(void **state)
{
    struct fixture f;
    float whole[ROWS * CLASSES], parts[ROWS * CLASSES];

    (void)state;
    fixture_make(&f, ACTIVATION_TANH, NET_STANDARD);
    net_outputs(&f.net, f.x, ROWS, whole);
    const size_t errors = net_errors(&f.net, f.x, f.labels, ROWS);
    CHECK_TRUE(errors > 0 && errors < ROWS);
    f.net.max_batch = 4;
    net_outputs(&f.net, f.x, ROWS, parts);
    for (size_t i = 0; i < ROWS * CLASSES; i++)
        CHECK_NEAR((double)parts[i], (double)whole[i], 1e-6);
    assert_int_equal(net_errors(&f.net, f.x, f.labels, ROWS), errors);
    arena_free(&f.mem);
}

/* Three members with logits (6, 0), (0, 2), (0, 2): the mean logit says class 0, the mean
 * probability class 1. */
static void net_ensemble_averages_what_it_is_told(void **state)
{
    struct arena mem = {0};
    struct net net = identity_net(&mem, 2, 1);
    float members[3][6] = {{6, 0, 0, 0, 0, 0}, {0, 2, 0, 0, 0, 0}, {0, 2, 0, 0, 0, 0}};
    const float *const params[] = {members[0], members[1], members[2]};
    const float x[] = {1, 0, 1, 0};
    const uint8_t zero[] = {0, 0};
    float before[6];

    (void)state;
    net_get_params(&net, before);
    assert_int_equal(net_ensemble_errors(&net, params, 3, ENSEMBLE_LOGITS, x, zero, 2), 0);
    assert_int_equal(net_ensemble_errors(&net, params, 3, ENSEMBLE_PROBABILITIES, x, zero, 2), 2);
    CHECK_NEAR(net_ensemble_error_rate(&net, params + 1, 2, ENSEMBLE_LOGITS, x, zero, 2), 1.0, 0);
    assert_memory_equal(before, net.params, sizeof before);
    arena_free(&mem);
}

/* Every array of a network at its full size, written to the last number: none touches another. */
static void net_arrays_are_apart(void **state)
{
    const size_t sizes[] = {40, 30, 20};
    const struct net_spec spec = {.layer_count = 2, .widths = sizes};
    struct arena mem = {0};
    struct net net = net_create(&mem, &spec, 50);
    float *const arrays[] = {net.params, net.grads, net.layers[0].outputs, net.layers[1].outputs,
                             net.layers[0].deltas, net.layers[1].deltas};
    const size_t lengths[] = {net.param_count, net.param_count, 50 * 30, 50 * 20, 50 * 30, 50 * 20};

    (void)state;
    assert_ptr_equal(net_dlogits(&net), net.layers[1].deltas);
    for (size_t i = 0; i < 50 * 20; i++)
        net.sums[i] = -1;
    for (size_t a = 0; a < 6; a++)
        for (size_t i = 0; i < lengths[a]; i++)
            arrays[a][i] = (float)a;
    for (size_t a = 0; a < 6; a++)
        for (size_t i = 0; i < lengths[a]; i++)
            CHECK_NEAR((double)arrays[a][i], (double)a, 0);
    for (size_t i = 0; i < 50 * 20; i++)
        CHECK_NEAR(net.sums[i], -1, 0);
    CHECK_TRUE(net.layers[0].in == 40 && net.layers[1].out == 20 && net.layer_count == 2);
    arena_free(&mem);
}

static struct net small_net(struct arena *mem, enum activation activation, double sigma_w2)
{
    const size_t sizes[] = {2, 2};
    const struct net_spec spec = {
        .layer_count = 1, .widths = sizes, .activation = activation, .sigma_w2 = sigma_w2};

    return net_create(mem, &spec, 3);
}

static void net_variances_have_their_defaults(void **state)
{
    struct arena mem = {0};

    (void)state;
    CHECK_NEAR(small_net(&mem, ACTIVATION_RELU, 0).sigma_w2, 2, 0);
    CHECK_NEAR(small_net(&mem, ACTIVATION_TANH, 0).sigma_w2, 1, 0);
    CHECK_NEAR(small_net(&mem, ACTIVATION_IDENTITY, 0).sigma_w2, 1, 0);
    CHECK_NEAR(small_net(&mem, ACTIVATION_RELU, 0.5).sigma_w2, 0.5, 0);
    CHECK_NEAR(small_net(&mem, ACTIVATION_RELU, 0).sigma_b2, 0, 0);
    arena_free(&mem);
}

static void net_specs_out_of_range_abort(void **state)
{
    const size_t sizes[] = {1, 1}, none[] = {1, 0}, large[] = {(size_t)INT32_MAX + 1, 1};
    struct net_spec spec = {.layer_count = 1, .widths = sizes};
    struct arena mem = {0};

    (void)state;
    CHECK_TRUE(net_create(&mem, &spec, 1).param_count == 2);
    CHECK_ABORTS((void)net_create(&mem, &spec, 0).inputs);
    CHECK_ABORTS((void)net_create(&mem, &spec, (size_t)INT32_MAX + 1).inputs);
    spec.sigma_w2 = -1;
    CHECK_ABORTS((void)net_create(&mem, &spec, 1).inputs);
    spec.sigma_w2 = 0;
    spec.sigma_b2 = -1;
    CHECK_ABORTS((void)net_create(&mem, &spec, 1).inputs);
    spec.sigma_b2 = 0;
    spec.layer_count = 0;
    CHECK_ABORTS((void)net_create(&mem, &spec, 1).inputs);
    spec.layer_count = 1;
    spec.widths = none;
    CHECK_ABORTS((void)net_create(&mem, &spec, 1).inputs);
    spec.widths = large;
    CHECK_ABORTS((void)net_create(&mem, &spec, 1).inputs);
    arena_free(&mem);
}

static void net_calls_out_of_range_abort(void **state)
{
    const float x[8] = {0};
    const uint8_t labels[4] = {0};
    struct arena mem = {0};
    struct net net = small_net(&mem, ACTIVATION_RELU, 0);
    const float *const params[] = {net.params};

    (void)state;
    CHECK_ABORTS(net_backward(&net, net_dlogits(&net), 0));
    CHECK_TRUE(net_forward(&net, x, 3) == net.layers[0].outputs);
    CHECK_ABORTS((void)net_forward(&net, x, 4));
    CHECK_ABORTS((void)net_forward(&net, x, 0));
    net_forward(&net, x, 1);
    net_backward(&net, net_dlogits(&net), 0);
    CHECK_ABORTS((void)net_weights(&net, 1));
    CHECK_NEAR(net_error_rate(&net, x, labels, 1), 0, 0);
    CHECK_ABORTS(net_backward(&net, net_dlogits(&net), 0)); /* another pass came between */
    CHECK_ABORTS((void)net_error_rate(&net, x, labels, 0));
    CHECK_ABORTS((void)net_ensemble_errors(&net, params, 0, ENSEMBLE_LOGITS, x, labels, 1));
    assert_int_equal(net_errors(&net, x, labels, 0), 0);
    arena_free(&mem);
}

/* What was there is forgotten, kept as it is, or multiplied: all rows are added to that. */
static void bias_gradients_keep_what_they_are_told(void **state)
{
    static const float keeps[] = {0, 1, 2, -1, 0.5f};
    const float d[] = {1, 10, 2, 20, 3, 30, 4, 40, 5, 50};

    (void)state;
    for (size_t i = 0; i < sizeof keeps / sizeof *keeps; i++) {
        float out[] = {8, 16};
        activation_bias_gradient(d, 5, 2, 2, keeps[i], out);
        CHECK_NEAR((double)out[0], 30 + 8 * (double)keeps[i], 0);
        CHECK_NEAR((double)out[1], 300 + 16 * (double)keeps[i], 0);
        float bad[] = {NAN, 0};
        activation_bias_gradient(d, 5, 2, 2, keeps[i], bad);
        CHECK_TRUE(isnan(bad[0]) == (i > 0));
    }
}

/* No loop goes a row or a number too far. */
static void activation_loops_end_where_they_should(void **state)
{
    enum { MORE = 80 };
    const float bias[MORE] = {1, 1, 1, 1, 1, 1, 1};
    float z[MORE], d[MORE], out[MORE];

    (void)state;
    for (size_t a = 0; a < 3; a++)
        for (size_t rows = 0; rows <= 9; rows++) {
            for (size_t i = 0; i < MORE; i++)
                z[i] = d[i] = out[i] = -0.5f; /* + 1 is positive */
            activation_forward(activations[a], z, bias, 1, rows, 7);
            activation_backward(activations[a], d, z, rows, 7);
            activation_bias_gradient(d, rows, 7, 1, 3, out);
            for (size_t i = 7 * rows; i < MORE; i++)
                CHECK_TRUE(z[i] == -0.5f && d[i] == -0.5f);
            for (size_t i = 0; i < 7 * rows; i++)
                CHECK_TRUE(z[i] > 0);
            for (size_t i = 7; i < MORE; i++)
                CHECK_TRUE(out[i] == -0.5f);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(net_errors_breaks_ties_downwards_and_rejects_nan),
        cmocka_unit_test(net_outputs_do_not_depend_on_the_batch),
        cmocka_unit_test(net_ensemble_averages_what_it_is_told),
        cmocka_unit_test(net_arrays_are_apart),
        cmocka_unit_test(net_variances_have_their_defaults),
        cmocka_unit_test(net_specs_out_of_range_abort),
        cmocka_unit_test(net_calls_out_of_range_abort),
        cmocka_unit_test(bias_gradients_keep_what_they_are_told),
        cmocka_unit_test(activation_loops_end_where_they_should),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("net_evaluate", tests, NULL, NULL);
}
