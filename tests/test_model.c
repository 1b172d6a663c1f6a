/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_model: a view does what its network does, and evaluation is the same whatever the batch. */
#include "test.h"

#include "aborts.h"
#include "linalg/blas.h"
#include "net/model.h"
#include "noisy_model.h"

enum { ROWS = 50, IN = 6, OUT = 4 };

static const size_t widths[] = {IN, 9, OUT};
static const struct net_spec spec = {
    .layer_count = 2, .widths = widths, .activation = ACTIVATION_RELU};
static struct arena mem;
static float x[ROWS * IN];
static uint8_t labels[ROWS];

static int fill(void **state)
{
    struct rng r = rng_stream(1, "rows");

    (void)state;
    blas_set_threads(1);
    rng_normalsf(&r, x, ROWS * IN);
    for (size_t i = 0; i < ROWS; i++)
        labels[i] = (uint8_t)rng_below(&r, OUT);
    return 0;
}

static int drain(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static struct net make_net(size_t max_batch)
{
    struct net net = net_create(&mem, &spec, max_batch);
    struct rng r = rng_stream(2, "init");

    net_init(&net, &r);
    return net;
}

static void views_do_what_their_network_does(void **state)
{
    struct net a = make_net(ROWS), b = make_net(ROWS);
    const size_t bytes = a.param_count * sizeof *a.params;
    const struct model m = model_of_net(&a);
    float before[200];

    (void)state;
    CHECK_TRUE(m.inputs == IN && m.outputs == OUT && m.max_batch == ROWS);
    CHECK_TRUE(m.param_count == a.param_count && m.params == a.params && m.grads == a.grads);
    CHECK_TRUE(m.state == NULL && m.state_count == 0 && m.rng == NULL);
    for (int mode = MODEL_EVALUATE; mode <= MODEL_TRAIN; mode++) {
        const float *logits = m.forward(m.self, x, 7, (enum model_mode)mode);
        assert_memory_equal(logits, net_forward(&b, x, 7), 7 * OUT * sizeof *logits);
    }
    for (size_t i = 0; i < 7 * OUT; i++)
        m.dlogits(m.self)[i] = net_dlogits(&b)[i] = (float)i - 9;
    m.backward(m.self, m.dlogits(m.self), 0);
    net_backward(&b, net_dlogits(&b), 0);
    assert_memory_equal(a.grads, b.grads, bytes);
    m.backward(m.self, m.dlogits(m.self), 1);
    net_backward(&b, net_dlogits(&b), 1);
    assert_memory_equal(a.grads, b.grads, bytes);
    memcpy(before, a.params, bytes);
    m.backward_step(m.self, m.dlogits(m.self), 0.1, 0.01);
    net_backward_step(&b, net_dlogits(&b), 0.1, 0.01);
    assert_memory_equal(a.params, b.params, bytes);
    CHECK_TRUE(memcmp(a.params, before, bytes) != 0);
}

/* By a naive loop over single rows; the loss adds up in another order. */
static void evaluation_does_not_depend_on_the_batch(void **state)
{
    static const size_t sizes[] = {1, 7, 49, 50, 64};
    struct net one = make_net(1);
    float single[ROWS * OUT], out[ROWS * OUT];
    double loss[2] = {0};
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const float *f = net_forward(&one, x + i * IN, 1);
        size_t best = 0;
        for (size_t k = 0; k < OUT; k++) {
            single[i * OUT + k] = f[k];
            best = f[k] > f[best] ? k : best;
        }
        wrong += best != labels[i];
        loss[0] += loss_cross_entropy(f, labels + i, 1, OUT, ROWS, NULL);
        loss[1] += loss_squared_labels(f, labels + i, 1, OUT, ROWS, NULL);
    }
    CHECK_TRUE(wrong > 0 && wrong < ROWS);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct net net = make_net(sizes[s]);
        const struct model m = model_of_net(&net);
        model_outputs(&m, x, ROWS, out);
        for (size_t i = 0; i < ROWS * OUT; i++)
            CHECK_NEAR((double)out[i], (double)single[i], 1e-5);
        assert_int_equal(model_errors(&m, x, labels, ROWS), wrong);
        assert_int_equal(net_errors(&net, x, labels, ROWS), wrong);
        CHECK_NEAR(model_error_rate(&m, x, labels, ROWS), (double)wrong / ROWS, 0);
        CHECK_NEAR(model_loss(&m, LOSS_CROSS_ENTROPY, x, labels, ROWS), loss[0], 1e-6);
        CHECK_NEAR(model_loss(&m, LOSS_SQUARED, x, labels, ROWS), loss[1], 1e-6);
    }
}

static void evaluation_changes_nothing(void **state)
{
    struct noisy noisy;
    const struct model m = noisy_create(&noisy, &mem, &spec, 16, 1);
    const struct rng before = noisy.rng;
    float out[ROWS * OUT], again[ROWS * OUT];

    (void)state;
    model_outputs(&m, x, ROWS, out);
    (void)model_errors(&m, x, labels, ROWS);
    (void)model_loss(&m, LOSS_SQUARED, x, labels, ROWS);
    assert_int_equal(noisy.passes, 0);
    CHECK_TRUE(noisy.state[0] == 1.0f && noisy.rng.block == before.block);
    m.forward(m.self, x, 16, MODEL_TRAIN);
    CHECK_TRUE(noisy.passes == 1 && noisy.state[0] != 1.0f);
    noisy.state[0] = 1;
    model_outputs(&m, x, ROWS, again);
    assert_memory_equal(out, again, sizeof out);
}

static void ties_go_down_and_nan_is_wrong(void **state)
{
    static const double tie[] = {1, 3, 3, 2}, bad[] = {1, 5, (double)NAN, 2}, low[] = {-1, -3};

    (void)state;
    CHECK_TRUE(!model_is_wrong(tie, 4, 1) && model_is_wrong(tie, 4, 2));
    for (size_t k = 0; k < 4; k++)
        CHECK_TRUE(model_is_wrong(bad, 4, k));
    CHECK_TRUE(!model_is_wrong(low, 2, 0) && model_is_wrong(low, 2, 1));

    struct net net = make_net(3);
    const struct model m = model_of_net(&net);
    memset(net.params, 0, net.param_count * sizeof *net.params);
    assert_int_equal(model_errors(&m, x, (uint8_t[]){0, 0, 0, 1}, 4), 1);
    net_biases(&net, 1)[3] = NAN;
    assert_int_equal(model_errors(&m, x, (uint8_t[]){0, 0, 0, 1}, 4), 4);
}

static void evaluation_out_of_range_aborts(void **state)
{
    static const size_t many[] = {IN, 257};
    struct net net = make_net(4),
               wide = net_create(&mem, &(struct net_spec){.layer_count = 1, .widths = many}, 4);
    const struct model m = model_of_net(&net), w = model_of_net(&wide);

    (void)state;
    assert_int_equal(model_errors(&m, x, labels, 0), 0);
    CHECK_ABORTS((void)model_error_rate(&m, x, labels, 0));
    CHECK_ABORTS((void)model_loss(&m, LOSS_SQUARED, x, labels, 0));
    CHECK_ABORTS((void)model_errors(&w, x, labels, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_do_what_their_network_does),
        cmocka_unit_test(evaluation_does_not_depend_on_the_batch),
        cmocka_unit_test(evaluation_changes_nothing),
        cmocka_unit_test(ties_go_down_and_nan_is_wrong),
        cmocka_unit_test(evaluation_out_of_range_aborts),
    };

    return cmocka_run_group_tests_name("model", tests, fill, drain);
}
