/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a caller of networks over images relies on beside outputs and gradients. */
#include "convnet_pair.h"

/* ---- modes ---- */

/* running = 0.9 running + 0.1 (mean, m / (m - 1) variance), with numbers done by hand. */
static void running_statistics_follow_their_formula(void **state)
{
    const float x[] = {1, 2, 3, 4, 5, 6, 9, 10}; /* two images of two channels of two places */
    struct convnet_spec s = convnet_spec_start(2, 1, 2);
    const struct convnet_options options = {.max_batch = 2};
    struct convnet *net;

    (void)state;
    convnet_linear(&s, convnet_batch_norm(&s, 0), 1);
    CHECK_STATUS(convnet_create(&net, &s, &options), STATUS_OK);
    const struct model m = convnet_model(net);
    assert_int_equal(m.state_count, 4);
    for (size_t i = 0; i < 4; i++)
        CHECK_NEAR((double)m.state[i], i < 2 ? 0 : 1, 0);
    m.forward(m.self, x, 2, MODEL_TRAIN);
    CHECK_NEAR((double)m.state[0], 0.35, 1e-7);                       /* 1 2 5 6 */
    CHECK_NEAR((double)m.state[1], 0.65, 1e-7);                       /* 3 4 9 10 */
    CHECK_NEAR((double)m.state[2], 0.9 + 0.1 * 17.0 / 3, 1e-6);
    CHECK_NEAR((double)m.state[3], 0.9 + 0.1 * 37.0 / 3, 1e-6);
    m.forward(m.self, x, 2, MODEL_EVALUATE);
    CHECK_NEAR((double)m.state[0], 0.35, 1e-7);
    convnet_free(net);
}

/* Neither the state nor the stream of dropout moves, and nothing is dropped. */
static void evaluation_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        struct pair p = pair_start(&convnet_cases[i], BLOCKS, &variants[0], BATCH);
        const struct rng rng = *p.m.rng;
        const size_t n = BATCH * p.m.outputs * sizeof(float);
        float *first = memory_get(n, 1), *state_before = memory_get(p.m.state_count, sizeof(float));
        for (size_t k = 0; k < p.m.state_count; k++)
            state_before[k] = p.m.state[k];
        memcpy(first, p.m.forward(p.m.self, p.x, BATCH, MODEL_EVALUATE), n);
        p.m.backward(p.m.self, p.weighting, 0);
        CHECK_TRUE(memcmp(first, p.m.forward(p.m.self, p.x, BATCH, MODEL_EVALUATE), n) == 0);
        CHECK_TRUE(memcmp(&rng, p.m.rng, sizeof rng) == 0);
        for (size_t k = 0; k < p.m.state_count; k++)
            CHECK_NEAR((double)p.m.state[k], (double)state_before[k], 0);
        memory_free(first);
        memory_free(state_before);
        pair_end(&p);
    }
}

static void dropout_draws_anew_each_pass(void **state)
{
    struct pair p = pair_start(&convnet_cases[1], BLOCKS, &variants[0], BATCH);
    struct pair q = pair_start(&convnet_cases[1], BLOCKS, &variants[0], BATCH);
    const size_t n = BATCH * p.m.outputs * sizeof(float);
    float *first = memory_get(n, 1);

    (void)state;
    memcpy(first, p.m.forward(p.m.self, p.x, BATCH, MODEL_TRAIN), n);
    CHECK_TRUE(memcmp(first, p.m.forward(p.m.self, p.x, BATCH, MODEL_TRAIN), n) != 0);
    CHECK_TRUE(memcmp(first, q.m.forward(q.m.self, q.x, BATCH, MODEL_TRAIN), n) == 0);
    memory_free(first);
    pair_end(&p);
    pair_end(&q);
}

/* ---- what else a caller relies on ---- */

static void activations_can_be_looked_at(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        struct pair p = pair_start(&convnet_cases[i], BLOCKS, &variants[1], BATCH);
        loops_start(&p);
        naive_forward(&p.loops, MODEL_EVALUATE, *p.m.rng);
        p.m.forward(p.m.self, p.x, BATCH, MODEL_EVALUATE);
        for (size_t k = 1; k <= p.spec.count; k++) {
            const size_t n = BATCH * naive_features(&p.spec, k);
            float *out = memory_get(n, sizeof *out);
            convnet_features(p.net, k, out);
            check_close(p.name, "features", out, p.loops.tensors[k], n,
                        1e-5 * largest(p.loops.tensors[k], n));
            memory_free(out);
        }
        naive_end(&p.loops);
        pair_end(&p);
    }
}

/* Uniform in +-1 / sqrt(fan_in), the same bits for the same stream. */
static void initial_weights_are_uniform(void **state)
{
    const struct convnet_spec s = case_preactivation(BLOCKS);
    struct rng one = rng_stream(1, "init"), two = one;
    struct convnet *a, *b;

    (void)state;
    CHECK_STATUS(convnet_create(&a, &s, &variants[0]), STATUS_OK);
    CHECK_STATUS(convnet_create(&b, &s, &variants[0]), STATUS_OK);
    convnet_init(a, &one);
    convnet_init(b, &two);
    const struct model m = convnet_model(a), n = convnet_model(b);
    CHECK_TRUE(memcmp(m.params, n.params, m.param_count * sizeof(float)) == 0);
    for (size_t i = 0; i < s.count; i++) {
        const float *w = m.params + convnet_params_at(a, i);
        const double bound = 1 / sqrt((double)s.shapes[s.layers[i].from].c * 9);
        double most = 0;
        if (s.layers[i].kind == LAYER_BATCH_NORM)
            for (size_t k = 0; k < 2 * BLOCKS; k++)
                CHECK_NEAR((double)w[k], k < BLOCKS ? 1 : 0, 0);
        if (s.layers[i].kind != LAYER_CONV || s.layers[i].kernel != 3)
            continue;
        for (size_t k = 0; k < convnet_layer_params(&s, i); k++)
            most = fmax(most, fabs((double)w[k]));
        CHECK_TRUE(most <= bound && most > 0.95 * bound);
    }
    convnet_free(a);
    convnet_free(b);
}

static void times_are_added_up(void **state)
{
    struct pair p = pair_start(&convnet_cases[0], BLOCKS, &variants[0], BATCH);
    struct convnet_times times;

    (void)state;
    convnet_time(p.net, &times);
    run_gradient(&p, MODEL_TRAIN, 0);
    CHECK_TRUE(times.conv_forward > 0 && times.conv_data > 0 && times.conv_weights > 0);
    CHECK_TRUE(times.norm > 0 && times.other > 0);
    convnet_time(p.net, NULL);
    const double before = times.norm;
    run_gradient(&p, MODEL_TRAIN, 0);
    CHECK_NEAR(times.norm, before, 0);
    pair_end(&p);
}

static void layout_is_recorded(void **state)
{
    struct pair odd = pair_start(&convnet_cases[0], ODD, &variants[0], BATCH);
    struct pair blocks = pair_start(&convnet_cases[0], BLOCKS, &variants[0], BATCH);
    struct provenance p = {0};

    (void)state;
    convnet_record(odd.net, &p);
    CHECK_TEXT(provenance_get(&p, "net.layout"), "channels last");
    CHECK_TEXT(provenance_get(&p, "net.winograd"), "0 of 6 convolutions");
    CHECK_TRUE(strstr(provenance_get(&p, "net.threads"), "one below 10 million") != NULL);
    convnet_record(blocks.net, &p);
    CHECK_TRUE((strstr(provenance_get(&p, "net.layout"), "blocks of") != NULL) ==
               (conv_block() > 0));
    provenance_free(&p);
    pair_end(&odd);
    pair_end(&blocks);
}

static struct convnet_spec two_layers(void)
{
    struct convnet_spec s = convnet_spec_start(2, 4, 4);

    convnet_linear(&s, convnet_conv(&s, 0, 3, 3, 1, 1, 0), 4);
    return s;
}

static void try_create(const struct convnet_spec *s, size_t max_batch)
{
    const struct convnet_options options = {.max_batch = max_batch};
    struct convnet *net;

    if (convnet_create(&net, s, &options) == STATUS_OK)
        convnet_free(net);
}

static void plans_without_sense_abort(void **state)
{
    struct convnet_spec s = two_layers(), images = convnet_spec_start(2, 4, 4);
    struct convnet_spec unread = two_layers(), none = convnet_spec_start(2, 4, 4);

    (void)state;
    CHECK_ABORTS(convnet_conv(&s, 9, 3, 3, 1, 1, 0));
    CHECK_ABORTS(convnet_conv(&s, 0, 3, 7, 1, 1, 0));
    CHECK_ABORTS(convnet_add(&s, 0, 1));
    CHECK_ABORTS(convnet_dropout(&s, 1, 1.0, 0));
    CHECK_ABORTS(convnet_reshape(&s, 2, 3, 1, 1));
    CHECK_ABORTS(convnet_reshape(&s, 1, 3, 4, 4));
    CHECK_ABORTS(convnet_linear(&s, 1, 0));
    CHECK_ABORTS(convnet_max_pool(&s, 1, 5, 1, 0));
    CHECK_ABORTS(convnet_spec_start(0, 1, 1));
    convnet_conv(&images, 0, 3, 3, 1, 1, 0);
    convnet_linear(&unread, 1, 4);
    CHECK_ABORTS(try_create(&images, 1));
    CHECK_ABORTS(try_create(&unread, 1));
    CHECK_ABORTS(try_create(&none, 1));
    CHECK_ABORTS(try_create(&s, 0));
}

static void passes_out_of_order_abort(void **state)
{
    struct pair p = pair_start(&convnet_cases[1], ODD, &variants[0], BATCH);
    float out[1];

    (void)state;
    CHECK_ABORTS(p.m.backward(p.m.self, p.weighting, 0));
    CHECK_ABORTS(p.m.forward(p.m.self, p.x, 0, MODEL_TRAIN));
    CHECK_ABORTS(p.m.forward(p.m.self, p.x, BATCH + 1, MODEL_TRAIN));
    CHECK_ABORTS(convnet_features(p.net, p.spec.count + 1, out));
    CHECK_ABORTS(convnet_input_gradient(p.net));
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_statistics_follow_their_formula),
        cmocka_unit_test(evaluation_changes_nothing),
        cmocka_unit_test(dropout_draws_anew_each_pass),
        cmocka_unit_test(activations_can_be_looked_at),
        cmocka_unit_test(initial_weights_are_uniform),
        cmocka_unit_test(times_are_added_up),
        cmocka_unit_test(layout_is_recorded),
        cmocka_unit_test(plans_without_sense_abort),
        cmocka_unit_test(passes_out_of_order_abort),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("convnet_calls", tests, NULL, NULL);
}
