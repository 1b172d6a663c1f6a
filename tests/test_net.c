/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passes of a fully connected network against naive loops in double and central differences. */
#include "test.h"

#include "linalg/blas.h"
#include "net_cases.h"

static void net_forward_matches_naive(void **state)
{
    (void)state;
    for (size_t a = 0; a < 3; a++)
        for (size_t p = 0; p < 3; p++) {
            struct fixture f;
            double expected[CLASSES];

            fixture_make(&f, activations[a], parameterizations[p]);
            const float *logits = net_forward(&f.net, f.x, ROWS);
            for (size_t i = 0; i < ROWS; i++) {
                naive_forward(&f.net, f.params, f.inputs + i * widths[0], expected);
                for (size_t k = 0; k < CLASSES; k++)
                    CHECK_NEAR((double)logits[i * CLASSES + k], expected[k], 4e-6);
            }
            arena_free(&f.mem);
        }
}

/* Float gradients of about 20 terms a sum: 2e-6 of the largest is ten times what is met. */
static void net_gradient_matches_central_difference(void **state)
{
    double worst = 0;

    (void)state;
    for (size_t a = 0; a < 3; a++)
        for (size_t p = 0; p < 3; p++)
            for (enum target_kind kind = 0; kind < TARGET_KINDS; kind++) {
                struct fixture f;
                float d[ROWS * CLASSES];

                fixture_make(&f, activations[a], parameterizations[p]);
                CHECK_NEAR(fixture_loss(&f, kind, d), fixture_naive_loss(&f, kind), 1e-5);
                net_backward(&f.net, d, 0.0f);
                const double error =
                    worst_error(&f, kind, f.net.grads, f.params, f.net.param_count);
                CHECK_NEAR(error, 0.0, 2e-6);
                worst = error > worst ? error : worst;
                arena_free(&f.mem);
            }
    print_message("worst error of a gradient, relative to the largest entry: %.2g\n", worst);
}

static void net_input_gradient_matches_central_difference(void **state)
{
    struct fixture f;
    float d[ROWS * CLASSES], dx[ROWS * WIDEST];

    (void)state;
    fixture_make(&f, ACTIVATION_TANH, NET_NTK);
    fixture_loss(&f, BY_CROSS_ENTROPY, d);
    net_backward(&f.net, d, 0.0f);
    net_input_gradient(&f.net, dx);
    CHECK_NEAR(worst_error(&f, BY_CROSS_ENTROPY, dx, f.inputs, ROWS * widths[0]), 0.0, 1e-5);
    arena_free(&f.mem);
}

/* keep 0 does not read the old gradients, keep k is k old + new. */
static void net_backward_keeps_what_it_is_told(void **state)
{
    struct fixture f;
    float d[ROWS * CLASSES], once[256];

    (void)state;
    fixture_make(&f, ACTIVATION_RELU, NET_NTK);
    fixture_loss(&f, BY_CROSS_ENTROPY, d);
    for (size_t i = 0; i < f.net.param_count; i++)
        f.net.grads[i] = NAN;
    net_backward(&f.net, d, 0.0f);
    memcpy(once, f.net.grads, f.net.param_count * sizeof *once);
    net_backward(&f.net, d, 1.0f);
    for (size_t i = 0; i < f.net.param_count; i++)
        CHECK_NEAR((double)f.net.grads[i], 2.0 * (double)once[i], 1e-6);
    net_backward(&f.net, d, 0.25f);
    for (size_t i = 0; i < f.net.param_count; i++)
        CHECK_NEAR((double)f.net.grads[i], 1.5 * (double)once[i], 1e-6);
    arena_free(&f.mem);
}

static void net_backward_step_equals_gradient_then_update(void **state)
{
    (void)state;
    for (size_t p = 0; p < 3; p++) {
        struct fixture f;
        float d[ROWS * CLASSES];
        const double rate = 0.3, decay = 0.05;

        fixture_make(&f, ACTIVATION_TANH, parameterizations[p]);
        fixture_loss(&f, BY_SQUARED_LABELS, d);
        net_backward(&f.net, d, 0.0f);
        net_backward_step(&f.net, d, rate, decay);
        for (size_t i = 0; i < f.net.param_count; i++)
            CHECK_NEAR((double)f.net.params[i],
                       f.params[i] - rate * ((double)f.net.grads[i] + decay * f.params[i]), 2e-6);
        arena_free(&f.mem);
    }
}

/* The gradient of a batch is the mean of those of its parts (also of a part of one row). */
static void net_gradients_of_parts_add_up(void **state)
{
    struct fixture f;
    float d[ROWS * CLASSES], whole[256];
    const size_t first[] = {0, 5, 8, ROWS};

    (void)state;
    fixture_make(&f, ACTIVATION_RELU, NET_STANDARD);
    const double loss = fixture_loss(&f, BY_CROSS_ENTROPY, d);
    net_backward(&f.net, d, 0.0f);
    memcpy(whole, f.net.grads, f.net.param_count * sizeof *whole);

    double sum = 0;
    for (size_t part = 0; part < 3; part++) {
        const size_t at = first[part], rows = first[part + 1] - at;
        const float *logits = net_forward(&f.net, f.x + at * widths[0], rows);
        sum += loss_cross_entropy(logits, f.labels + at, rows, CLASSES, ROWS, d);
        net_backward(&f.net, d, part > 0 ? 1.0f : 0.0f);
    }
    CHECK_NEAR(sum, loss, 1e-6);
    for (size_t i = 0; i < f.net.param_count; i++)
        CHECK_NEAR((double)f.net.grads[i], (double)whole[i], 1e-6);
    arena_free(&f.mem);
}

static void net_passes_allocate_nothing(void **state)
{
    struct fixture f;
    float d[ROWS * CLASSES], out[ROWS * CLASSES];

    (void)state;
    fixture_make(&f, ACTIVATION_TANH, NET_STANDARD);
    const size_t before = memory_count();
    for (int i = 0; i < 3; i++) {
        fixture_loss(&f, BY_CROSS_ENTROPY, d);
        net_backward(&f.net, d, 0.0f);
        net_backward_step(&f.net, d, 0.1, 0.0);
        net_outputs(&f.net, f.x, ROWS, out);
        net_errors(&f.net, f.x, f.labels, ROWS);
    }
    assert_int_equal(memory_count(), before);
    arena_free(&f.mem);
}

/* Bits of one step with inputs and parameters `shift` floats off their place. */
static void step_bits(size_t shift, float *params, size_t count)
{
    const size_t wide[] = {33, 65, 10};
    const struct net_spec spec = {.layer_count = 2, .widths = wide, .activation = ACTIVATION_TANH};
    struct arena mem = {0};
    struct rng rng = rng_stream(3, "bits");
    uint8_t labels[21];

    struct net net = net_create(&mem, &spec, 21);
    float *x = (float *)arena_get(&mem, 21 * 33 + 8, sizeof *x) + shift;
    net.params = (float *)arena_get(&mem, count + 8, sizeof *x) + shift;
    assert_int_equal(net.param_count, count);
    net_init(&net, &rng);
    rng_normalsf(&rng, x, 21 * 33);
    for (size_t i = 0; i < 21; i++)
        labels[i] = (uint8_t)rng_below(&rng, 10);
    for (int t = 0; t < 5; t++) {
        loss_cross_entropy(net_forward(&net, x, 21), labels, 21, 10, 21, net_dlogits(&net));
        net_backward_step(&net, net_dlogits(&net), 0.1, 0.0);
    }
    net_get_params(&net, params);
    arena_free(&mem);
}

/* Equal bits from run to run; on the core of pinned mode also for every alignment. */
static void net_bits_repeat_for_every_alignment(void **state)
{
    enum { COUNT = 34 * 65 + 66 * 10 };
    static float first[COUNT], again[COUNT];
    const size_t shifts[] = {0, 1, 2, 5};
    const int pinned = strcmp(blas_core(), "Haswell") == 0;

    (void)state;
    step_bits(0, first, COUNT);
    for (size_t s = 0; s < (pinned ? 4 : 1); s++) {
        step_bits(shifts[s], again, COUNT);
        assert_memory_equal(first, again, sizeof first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(net_forward_matches_naive),
        cmocka_unit_test(net_gradient_matches_central_difference),
        cmocka_unit_test(net_input_gradient_matches_central_difference),
        cmocka_unit_test(net_backward_keeps_what_it_is_told),
        cmocka_unit_test(net_backward_step_equals_gradient_then_update),
        cmocka_unit_test(net_gradients_of_parts_add_up),
        cmocka_unit_test(net_passes_allocate_nothing),
        cmocka_unit_test(net_bits_repeat_for_every_alignment),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
