/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Initialization against its variances and their recursion, and what happens without memory. */
#include "test.h"

#include "linalg/blas.h"
#include "net_cases.h"

/* A mean with its standard error. */
struct moment {
    double sum, sum_of_squares, n;
};

static void moment_add(struct moment *m, double v)
{
    m->sum += v;
    m->sum_of_squares += v * v;
    m->n += 1;
}

static void check_moment(const struct moment *m, double expected, double standard_errors)
{
    const double mean = m->sum / m->n;
    const double variance = m->sum_of_squares / m->n - mean * mean;

    CHECK_NEAR(mean, expected, standard_errors * sqrt(variance / m->n));
}

/* For ReLU the recursion of the mean square is linear, hence exact at every width:
 *   q_1 = sigma_w2 |x|^2 / in + sigma_b2,   q_{l+1} = sigma_w2 q_l / 2 + sigma_b2,
 * and both parameterizations follow it. Averages over 3000 networks. */
static void net_output_variance_follows_recursion(void **state)
{
    const size_t sizes[] = {6, 24, 16, 2};
    const float x[6] = {1.0f, -2.0f, 0.5f, 0.0f, 1.5f, -1.0f};
    const double squares = 1 + 4 + 0.25 + 2.25 + 1, w2 = 1.8, b2 = 0.2;
    double q = w2 * squares / 6 + b2;

    (void)state;
    q = w2 * q / 2 + b2;
    q = w2 * q / 2 + b2;
    for (int p = 0; p < 2; p++) {
        const struct net_spec spec = {.layer_count = 3, .widths = sizes,
                                      .activation = ACTIVATION_RELU,
                                      .parameterization = p ? NET_NTK : NET_STANDARD,
                                      .sigma_w2 = w2, .sigma_b2 = b2};
        struct arena mem = {0};
        struct net net = net_create(&mem, &spec, 1);
        struct rng rng = rng_stream(11, "variance %d", p);
        struct moment m = {0};

        for (int draw = 0; draw < 3000; draw++) {
            net_init(&net, &rng);
            const float *f = net_forward(&net, x, 1);
            moment_add(&m, ((double)f[0] * (double)f[0] + (double)f[1] * (double)f[1]) / 2);
        }
        check_moment(&m, q, 4);
        arena_free(&mem);
    }
}

static void check_layer_moments(const struct net *net, size_t l, double weight, double bias)
{
    const struct net_layer *layer = &net->layers[l];
    struct moment first = {0}, w = {0}, b = {0};

    for (size_t i = 0; i < layer->in * layer->out; i++) {
        moment_add(&first, (double)net_weights(net, l)[i]);
        moment_add(&w, pow((double)net_weights(net, l)[i], 2));
    }
    for (size_t j = 0; j < layer->out; j++)
        moment_add(&b, pow((double)net_biases(net, l)[j], 2));
    check_moment(&first, 0.0, 4);
    check_moment(&w, weight, 4);
    check_moment(&b, bias, 4);
}

/* He's variance 2 / in and zero biases by default; N(0, 1) for NTK; 1 / (3 in) for uniforms. */
static void net_init_has_its_variances(void **state)
{
    const size_t sizes[] = {50, 400, 300};

    (void)state;
    for (size_t p = 0; p < 3; p++) {
        const struct net_spec spec = {.layer_count = 2, .widths = sizes,
                                      .activation = ACTIVATION_RELU,
                                      .parameterization = parameterizations[p]};
        const double weight[] = {2.0, 1.0, 1.0 / 3}, bias[] = {0.0, 1.0, 1.0 / 3};
        struct arena mem = {0};
        struct net net = net_create(&mem, &spec, 1);
        struct rng rng = rng_stream(5, "init");

        net_init(&net, &rng);
        for (size_t l = 0; l < 2; l++) {
            const double by = p == 1 ? 1.0 : (double)sizes[l];
            check_layer_moments(&net, l, weight[p] / by, bias[p] / by);
            for (size_t i = 0; p == 2 && i < (sizes[l] + 1) * sizes[l + 1]; i++)
                CHECK_NEAR((double)net_weights(&net, l)[i], 0.0, 1 / sqrt((double)sizes[l]));
        }
        arena_free(&mem);
    }
}

/* Without a variance the biases are +0 and leave the stream to the weights. */
static void net_init_of_zero_biases_draws_weights_alone(void **state)
{
    const size_t sizes[] = {3, 5, 4};
    const struct net_spec spec = {.layer_count = 2, .widths = sizes,
                                  .activation = ACTIVATION_RELU,
                                  .parameterization = NET_STANDARD};
    struct arena mem = {0};
    struct net net = net_create(&mem, &spec, 1);
    struct rng rng = rng_stream(6, "init"), again = rng;

    (void)state;
    net_init(&net, &rng);
    for (size_t l = 0; l < 2; l++) {
        const double deviation = sqrt(net.sigma_w2 / (double)sizes[l]);

        for (size_t i = 0; i < sizes[l] * sizes[l + 1]; i++)
            CHECK_NEAR((double)net_weights(&net, l)[i],
                       (double)(float)(deviation * rng_normal(&again)), 0.0);
        for (size_t j = 0; j < sizes[l + 1]; j++)
            CHECK_TRUE(net_biases(&net, l)[j] == 0 && !signbit(net_biases(&net, l)[j]));
    }
    arena_free(&mem);
}

static void net_layers_lie_in_order(void **state)
{
    struct fixture f;
    size_t at = 0;

    (void)state;
    fixture_make(&f, ACTIVATION_RELU, NET_STANDARD);
    for (size_t l = 0; l < LAYERS; l++) {
        assert_ptr_equal(net_weights(&f.net, l), f.net.params + at);
        assert_ptr_equal(net_weight_grads(&f.net, l), f.net.grads + at);
        at += widths[l] * widths[l + 1];
        assert_ptr_equal(net_biases(&f.net, l), f.net.params + at);
        assert_ptr_equal(net_bias_grads(&f.net, l), f.net.grads + at);
        at += widths[l + 1];
    }
    assert_int_equal(f.net.param_count, at);

    float copy[256];
    net_get_params(&f.net, copy);
    net_init(&f.net, &(struct rng){.seed = 1});
    CHECK_TRUE(memcmp(copy, f.net.params, at * sizeof *copy) != 0);
    net_set_params(&f.net, copy);
    assert_memory_equal(copy, f.net.params, at * sizeof *copy);
    arena_free(&f.mem);
}

/* Does net_create come through when the k-th allocation fails? */
static int creates(size_t k)
{
    const size_t large[] = {100000, 300, 10};
    const struct net_spec spec = {.layer_count = 2, .widths = large};
    struct arena mem = {0};

    memory_fail_at(k);
    if (arena_guard(&mem)) {
        memory_fail_at(0);
        arena_free(&mem);
        return 0;
    }
    const struct net net = net_create(&mem, &spec, 64);
    memory_fail_at(0);
    arena_free(&mem);
    return net.param_count == 100001 * 300 + 301 * 10;
}

static void net_create_survives_failing_allocations(void **state)
{
    size_t k = 1;

    (void)state;
    while (k < 20 && !creates(k))
        k++;
    CHECK_TRUE(k >= 3 && k < 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(net_output_variance_follows_recursion),
        cmocka_unit_test(net_init_has_its_variances),
        cmocka_unit_test(net_init_of_zero_biases_draws_weights_alone),
        cmocka_unit_test(net_layers_lie_in_order),
        cmocka_unit_test(net_create_survives_failing_allocations),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("net_init", tests, NULL, NULL);
}
