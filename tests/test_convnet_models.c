/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The networks of the papers: their published numbers of parameters and operations, at other sizes
 * numbers counted apart from this program, and outputs against plain loops in double. */
#include "test.h"

#include "aborts.h"
#include "again_with.h"
#include "convnet_naive.h"
#include "base/memory.h"
#include "base/rng.h"
#include "linalg/blas.h"
#include "net/convnet.h"
#include "net/conv_onednn.h"
#include "net/convnet_models.h"

static const struct convnet_model_options cifar = {.channels = 3, .size = 32, .outputs = 10};
static const struct convnet_model_options mnist = {.channels = 1, .size = 28, .outputs = 32};
static const struct convnet_model_options eighth = {.channels = 3, .size = 16, .outputs = 10,
                                                    .divide = 8};

static size_t params(struct convnet_spec s)
{
    return convnet_param_count(&s);
}

static void published_counts_hold(void **state)
{
    (void)state;
    assert_int_equal(params(convnet_models_conv(&cifar)), 1167882);
    assert_int_equal(params(convnet_models_wrn(&cifar)), 2751146);
    assert_int_equal(params(convnet_models_resnet(&cifar)), 11173962);
}

/* Of the hidden layer 4096 -> 1024: 4,195,328 and 10,250 in place of 40,970. */
static void eight_layers_have_their_hidden_one(void **state)
{
    const struct convnet_spec s = convnet_models_conv_hidden(&cifar);

    (void)state;
    assert_int_equal(convnet_param_count(&s), 1167882 - 40970 + 4195328 + 10250);
    assert_int_equal(s.shapes[s.count - 1].c, 1024);
    assert_int_equal(params(convnet_models_conv_hidden(&eighth)), 35690);
}

static void counts_hold_at_other_widths(void **state)
{
    struct convnet_model_options o = eighth;

    (void)state;
    assert_int_equal(params(convnet_models_conv(&o)), 19178);
    assert_int_equal(params(convnet_models_resnet(&o)), 176402);
    o.outputs = 5;
    assert_int_equal(params(convnet_models_conv(&o)), 18533);
    o.divide = 4;
    assert_int_equal(params(convnet_models_wrn(&o)), 173293);
    o = cifar;
    o.multiply = 2;
    assert_int_equal(params(convnet_models_conv(&o)), 4584458);
    o = cifar;
    o.divide = 8;
    o.outputs = 100;
    assert_int_equal(params(convnet_models_conv(&o)), 69188);
    o = cifar;
    o.outputs = 128; /* an encoder to 64 means and variances */
    assert_int_equal(params(convnet_models_resnet(&o)), 11234496);
}

/* 784-256-(2 x 16) and back; 64 numbers to 3 x 32 x 32 and, at an eighth, 16 to 3 x 16 x 16. */
static void encoders_and_decoders_have_their_counts(void **state)
{
    const struct convnet_spec decoder = convnet_models_decoder(&cifar, 64);

    (void)state;
    assert_int_equal(params(convnet_models_mlp_encoder(&mnist)), 209696);
    assert_int_equal(params(convnet_models_mlp_decoder(&mnist, 16)), 206352);
    assert_int_equal(convnet_param_count(&decoder), 2891075);
    assert_int_equal(decoder.shapes[decoder.count].c, 3 * 32 * 32);
    assert_int_equal(params(convnet_models_decoder(&eighth, 16)), 44779);
}

/* 784-400-(2 x 64) and back, a classifier of 10 digits on 64 numbers; of the layers dropout alone
 * has no parameters. */
static void the_transfer_of_digits_has_its_counts(void **state)
{
    struct convnet_model_options o = mnist;

    (void)state;
    o.outputs = 2 * 64;
    o.hidden = 400;
    o.dropout = 0.1;
    const struct convnet_spec encoder = convnet_models_mlp_encoder(&o);
    assert_int_equal(convnet_param_count(&encoder),
                     784 * 400 + 400 + 2 * 400 + 400 * 128 + 128);
    assert_int_equal(encoder.layers[2].kind, LAYER_DROPOUT);
    CHECK_NEAR(encoder.layers[2].probability, 0.1, 0);
    assert_int_equal(params(convnet_models_mlp_decoder(&o, 64)),
                     64 * 400 + 400 + 2 * 400 + 400 * 784 + 784);
    o.outputs = 10;
    assert_int_equal(params(convnet_models_classifier(&o, 64)), 64 * 10 + 10);
}

/* Two operations a product; the papers' code counts 133 and 506 million products. */
static void operations_are_counted(void **state)
{
    struct convnet_spec s = convnet_models_conv(&cifar);

    (void)state;
    CHECK_NEAR(convnet_operations(&s), 2.0 * 133046272, 0);
    s = convnet_models_wrn(&cifar);
    CHECK_NEAR(convnet_operations(&s), 2.0 * 505858560, 0);
    s = convnet_models_resnet(&cifar);
    CHECK_NEAR(convnet_operations(&s), 2.0 * 555422720, 0);
}

static void channels_are_those_of_the_code(void **state)
{
    static const size_t widths[] = {4, 8, 16, 16, 32, 32};
    const struct convnet_spec s = convnet_models_conv(&eighth);
    size_t k = 0;

    (void)state;
    for (size_t i = 0; i < s.count; i++)
        if (s.layers[i].kind == LAYER_CONV)
            assert_int_equal(s.shapes[i + 1].c, widths[k++]);
    assert_int_equal(k, 6);
    assert_int_equal(s.shapes[s.count - 1].h, 2);
}

/* Strides, shortcuts and momentum of the WRN, which no count shows. */
static void wrn_has_the_form_of_the_code(void **state)
{
    const struct convnet_spec s = convnet_models_wrn(&cifar);
    size_t strided = 0, shortcuts = 0, moments = 0;

    (void)state;
    for (size_t i = 0; i < s.count; i++) {
        const struct layer_spec *l = &s.layers[i];
        strided += l->kind == LAYER_CONV && l->stride == 2 && l->kernel == 3 &&
                   s.shapes[l->from].c == s.shapes[i + 1].c;
        shortcuts += l->kind == LAYER_CONV && l->kernel == 1 &&
                     s.layers[l->from - 1].kind != LAYER_BATCH_NORM;
        moments += l->kind == LAYER_BATCH_NORM && l->momentum > 0.5;
    }
    assert_int_equal(strided, 2);
    assert_int_equal(shortcuts, 3);
    assert_int_equal(moments, 1);
    CHECK_NEAR(s.layers[s.count - 3].momentum, 0.9, 0);
}

/* ---- run ---- */

/* As in test_convnet, but longer: 2e-5 of the largest output. */
static void check_run(const struct convnet_spec *s, enum model_mode mode)
{
    const struct convnet_options options = {.max_batch = 4};
    struct rng rng = rng_stream(2, "models");
    struct naive loops = naive_start(s, 4);
    struct convnet *net;
    double most = 0;

    CHECK_STATUS(convnet_create(&net, s, &options), STATUS_OK);
    const struct model m = convnet_model(net);
    float *x = memory_get(4 * m.inputs, sizeof *x);
    convnet_init(net, &rng);
    rng_normalsf(&rng, x, 4 * m.inputs);
    for (size_t i = 0; i < m.param_count; i++)
        loops.params[i] = (double)m.params[i];
    for (size_t i = 0; i < m.state_count; i++)
        loops.state[i] = (double)m.state[i];
    for (size_t i = 0; i < 4 * m.inputs; i++)
        loops.tensors[0][i] = (double)x[i];

    const double *expected = naive_forward(&loops, mode, *m.rng);
    const float *actual = m.forward(m.self, x, 4, mode);
    for (size_t i = 0; i < 4 * m.outputs; i++)
        most = fmax(most, fabs(expected[i]));
    for (size_t i = 0; i < 4 * m.outputs; i++)
        CHECK_NEAR((double)actual[i], expected[i], 2e-5 * most);
    CHECK_TRUE(most > 0.01);
    if (conv_block() > 0)
        assert_int_equal(convnet_reference_passes(net), 0);
    memory_free(x);
    naive_end(&loops);
    convnet_free(net);
}

static void networks_agree_with_loops(void **state)
{
    struct convnet_model_options o = eighth, pictures = mnist, dropping = eighth;

    (void)state;
    pictures.outputs = 10;
    pictures.divide = 8;
    dropping.hidden = 400;
    dropping.dropout = 0.1;
    const struct convnet_spec specs[] = {
        convnet_models_conv(&o),          convnet_models_conv_hidden(&o),
        convnet_models_wrn(&o),           convnet_models_resnet(&o),
        convnet_models_mlp_encoder(&o),   convnet_models_mlp_decoder(&o, 8),
        convnet_models_decoder(&o, 8),    convnet_models_conv(&pictures),
        convnet_models_mlp_encoder(&dropping),
        convnet_models_mlp_decoder(&dropping, 8), convnet_models_classifier(&o, 8),
    };
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        check_run(&specs[i], MODEL_TRAIN);
        check_run(&specs[i], MODEL_EVALUATE);
    }
}

/* d / dt of the sum of all logits of the loops at params + t grads, |grads|^2 = square. */
static double slope_along(struct naive *loops, const struct model *m, double square, struct rng rng)
{
    const double step = 1e-6 / sqrt(square);
    double sum[2] = {0};

    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < m->param_count; i++)
            loops->params[i] =
                (double)m->params[i] + (side == 0 ? step : -step) * (double)m->grads[i];
        const double *y = naive_forward(loops, MODEL_TRAIN, rng);
        for (size_t i = 0; i < loops->batch * m->outputs; i++)
            sum[side] += y[i];
    }
    return (sum[0] - sum[1]) / (2 * step);
}

/* A training pass and back again: the gradient of the sum of all logits against the loops. */
static void check_training(const struct convnet_spec *s, int keep_all)
{
    const struct convnet_options options = {.max_batch = 4, .keep_all = keep_all};
    struct rng rng = rng_stream(2, "small models");
    struct naive loops = naive_start(s, 4);
    struct convnet *net;
    double square = 0;

    CHECK_STATUS(convnet_create(&net, s, &options), STATUS_OK);
    const struct model m = convnet_model(net);
    const struct rng before = *m.rng;
    float *x = memory_get(4 * m.inputs, sizeof *x), *d = memory_get(4 * m.outputs, sizeof *d);
    convnet_init(net, &rng);
    rng_normalsf(&rng, x, 4 * m.inputs);
    for (size_t i = 0; i < 4 * m.inputs; i++)
        loops.tensors[0][i] = (double)x[i];
    for (size_t i = 0; i < 4 * m.outputs; i++)
        d[i] = 1;
    m.forward(m.self, x, 4, MODEL_TRAIN);
    m.backward(m.self, d, 0);
    for (size_t i = 0; i < m.param_count; i++)
        square += (double)m.grads[i] * (double)m.grads[i];
    CHECK_RELATIVE(square, slope_along(&loops, &m, square, before), 1e-3);
    memory_free(x);
    memory_free(d);
    naive_end(&loops);
    convnet_free(net);
}

/* 8 x 8 pixels are one place before the classifier of the conv nets and of the ResNet. */
static void small_pictures_are_trained(void **state)
{
    struct convnet_model_options o = eighth;

    (void)state;
    o.size = 8;
    const struct convnet_spec specs[] = {convnet_models_conv(&o), convnet_models_conv_hidden(&o),
                                         convnet_models_wrn(&o), convnet_models_resnet(&o)};
    assert_int_equal(specs[0].shapes[specs[0].count - 1].h, 1);
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        check_run(&specs[i], MODEL_EVALUATE);
        for (int keep_all = 0; keep_all < 2; keep_all++)
            check_training(&specs[i], keep_all);
    }
}

/* Where Winograd's way has no such padding and blocks have no fast way back. */
static void a_padding_beyond_one_has_fast_code(void **state)
{
    const struct convnet_options options = {.max_batch = 2};
    struct convnet_spec s = convnet_spec_start(3, 5, 6);
    struct convnet *net;

    (void)state;
    convnet_linear(&s, convnet_conv(&s, convnet_conv(&s, 0, 64, 3, 1, 1, 1), 64, 3, 1, 2, 1), 4);
    CHECK_STATUS(convnet_create(&net, &s, &options), STATUS_OK);
    if (conv_block() > 0)
        assert_int_equal(convnet_reference_passes(net), 0);
    convnet_free(net);
}

/* The full width has fast code too, in blocks and with one channel of input. */
static void networks_have_fast_code(void **state)
{
    struct convnet_model_options one = cifar;

    (void)state;
    one.channels = 1;
    const struct convnet_spec specs[] = {convnet_models_conv(&cifar), convnet_models_wrn(&cifar),
                                         convnet_models_resnet(&cifar), convnet_models_conv(&one),
                                         convnet_models_decoder(&cifar, 16)};
    for (size_t i = 0; i < sizeof specs / sizeof *specs && conv_block() > 0; i++) {
        const struct convnet_options options = {.max_batch = 1, .input_gradient = i == 4};
        struct convnet *net;
        CHECK_STATUS(convnet_create(&net, &specs[i], &options), STATUS_OK);
        assert_int_equal(convnet_reference_passes(net), 0);
        convnet_free(net);
    }
}

static void widths_that_are_not_whole_abort(void **state)
{
    struct convnet_model_options o = cifar;

    (void)state;
    o.divide = 64;
    CHECK_ABORTS(convnet_models_conv(&o));
    o.divide = 1;
    o.size = 28;
    CHECK_ABORTS(convnet_models_decoder(&o, 16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_counts_hold),
        cmocka_unit_test(eight_layers_have_their_hidden_one),
        cmocka_unit_test(counts_hold_at_other_widths),
        cmocka_unit_test(encoders_and_decoders_have_their_counts),
        cmocka_unit_test(the_transfer_of_digits_has_its_counts),
        cmocka_unit_test(operations_are_counted),
        cmocka_unit_test(channels_are_those_of_the_code),
        cmocka_unit_test(wrn_has_the_form_of_the_code),
        cmocka_unit_test(widths_that_are_not_whole_abort),
        cmocka_unit_test(networks_agree_with_loops),
        cmocka_unit_test(small_pictures_are_trained),
        cmocka_unit_test(networks_have_fast_code),
        cmocka_unit_test(a_padding_beyond_one_has_fast_code),
        cmocka_unit_test(all_holds_with_avx2),
        cmocka_unit_test(all_holds_with_sse41),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("convnet_models", tests, NULL, NULL);
}
