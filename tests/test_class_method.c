/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_class_method: what all optimizers of the classification programs have in common. */
#include "kwng/class_method.h"

#include "aborts.h"
#include "kwng/classification.h"
#include "net/loss.h"
#include "test.h"

enum { LAYERS = 2, BATCH = 16, FAMILIES = 5 };

static const size_t widths[LAYERS + 1] = {6, 5, 3};
static const float scale[3] = {0.1f, 1.0f, 3.0f};
static const struct class_method methods[FAMILIES] = {
    {.name = "SGD", .family = CLASS_SGD},
    {.name = "Adam", .family = CLASS_ADAM},
    {.name = "diagonal", .family = CLASS_DIAGONAL, .damping = KWNG_DAMPING_NORM},
    {.name = "K-FAC", .family = CLASS_KFAC},
    {.name = "KWNG", .family = CLASS_KWNG, .damping = KWNG_DAMPING_NORM}};

struct problem {
    struct arena mem;
    struct net net;
    struct class_optimizer o;
    float *x, *before;
    uint8_t label[BATCH];
};

static void make(struct problem *p, const struct class_method *method, double clip)
{
    struct rng r = rng_stream(1, "test");

    *p = (struct problem){.x = NULL};
    p->net = net_create(&p->mem, &(struct net_spec){.layer_count = LAYERS, .widths = widths,
                                                    .activation = ACTIVATION_RELU,
                                                    .parameterization = NET_PYTORCH}, BATCH);
    net_init(&p->net, &r);
    p->x = arena_get(&p->mem, BATCH * 6, sizeof(float));
    p->before = arena_get(&p->mem, p->net.param_count, sizeof(float));
    rng_normalsf(&r, p->x, BATCH * 6);
    for (size_t i = 0; i < BATCH; i++)
        p->label[i] = (uint8_t)(p->x[6 * i] + p->x[6 * i + 1] > 0 ? 2 : p->x[6 * i + 2] > 0);
    p->o = class_optimizer_create(&p->mem, method, &p->net, scale, clip, 1);
}

/* Forward and backward pass; the loss. */
static double passes(struct problem *p)
{
    const float *f = net_forward(&p->net, p->x, BATCH);
    float scaled[BATCH * 3], *d = net_dlogits(&p->net);

    for (size_t i = 0; i < BATCH * 3; i++)
        scaled[i] = scale[i % 3] * f[i];
    const double loss = loss_cross_entropy(scaled, p->label, BATCH, 3, BATCH, d);
    for (size_t i = 0; i < BATCH * 3; i++)
        d[i] *= scale[i % 3];
    net_backward(&p->net, d, 0);
    net_get_params(&p->net, p->before);
    return loss;
}

static double moved(const struct problem *p)
{
    double sum = 0;

    for (size_t i = 0; i < p->net.param_count; i++)
        sum += pow((double)p->net.params[i] - (double)p->before[i], 2);
    return sqrt(sum);
}

/* But Adam's, which is no multiple of what it steps along. */
static void steps_have_the_length_of_rate_times_clip(void **state)
{
    (void)state;
    for (size_t k = 0; k < FAMILIES; k++) {
        struct problem p;

        if (methods[k].family == CLASS_ADAM)
            continue;
        make(&p, &methods[k], 1e-3);
        CHECK_STATUS(class_optimizer_step(&p.o, &p.net, passes(&p), 0.5), STATUS_OK);
        CHECK_RELATIVE(moved(&p), 5e-4, 1e-3);
        arena_free(&p.mem);
    }
}

static void short_steps_are_not_clipped(void **state)
{
    struct problem p;
    double sum = 0;

    (void)state;
    make(&p, &methods[0], 1e3);
    CHECK_STATUS(class_optimizer_step(&p.o, &p.net, passes(&p), 0.5), STATUS_OK);
    for (size_t i = 0; i < p.net.param_count; i++)
        sum += pow((double)p.net.grads[i], 2);
    CHECK_RELATIVE(moved(&p), 0.5 * sqrt(sum), 1e-4);
    arena_free(&p.mem);
}

static void every_method_lowers_the_loss(void **state)
{
    (void)state;
    for (size_t k = 0; k < FAMILIES; k++) {
        struct problem p;
        double first, last = 0;

        make(&p, &methods[k], 1);
        first = passes(&p);
        for (int t = 0; t < 60; t++) {
            last = passes(&p);
            CHECK_STATUS(class_optimizer_step(&p.o, &p.net, last, 0.03), STATUS_OK);
        }
        if (!(last < 0.9 * first))
            fail_msg("%s: from %g to %g", methods[k].name, first, last);
        arena_free(&p.mem);
    }
}

static void a_gradient_that_is_not_finite_makes_no_step(void **state)
{
    (void)state;
    for (size_t k = 0; k < FAMILIES; k++) {
        struct problem p;
        double loss;

        make(&p, &methods[k], 1);
        loss = passes(&p);
        p.net.grads[2] = NAN;
        CHECK_STATUS(class_optimizer_step(&p.o, &p.net, loss, 0.5), STATUS_DIVERGED);
        CHECK_NEAR(moved(&p), 0, 0);
        arena_free(&p.mem);
    }
}

/* The diagonal is no multiple of the gradient, nor KWNG's direction. */
static void the_diagonal_is_a_method_of_its_own(void **state)
{
    struct problem a, b;
    double dot = 0;

    (void)state;
    make(&a, &methods[0], 1e-3);
    make(&b, &methods[2], 1e-3);
    CHECK_STATUS(class_optimizer_step(&a.o, &a.net, passes(&a), 1), STATUS_OK);
    CHECK_STATUS(class_optimizer_step(&b.o, &b.net, passes(&b), 1), STATUS_OK);
    for (size_t i = 0; i < a.net.param_count; i++)
        dot += ((double)a.net.params[i] - (double)a.before[i]) *
               ((double)b.net.params[i] - (double)b.before[i]);
    CHECK_TRUE(dot / (moved(&a) * moved(&b)) > 0.05 && dot / (moved(&a) * moved(&b)) < 0.95);
    arena_free(&a.mem);
    arena_free(&b.mem);
}

/* 6-5-3: P = 53, the first layer has 30 weights; forward 53, backward 76 multiply-adds a row. */
static void costs_follow_from_the_shapes(void **state)
{
    const struct class_method one = {.family = CLASS_KWNG, .basis = 1};
    struct problem p;

    (void)state;
    make(&p, &methods[0], 1);
    CHECK_NEAR(class_method_cost(&methods[0], &p.net, BATCH), 1, 0);
    CHECK_NEAR(class_method_cost(&methods[1], &p.net, BATCH), 1, 0);
    CHECK_RELATIVE(class_method_cost(&one, &p.net, BATCH),
                   1 + (BATCH * 76 + 3 * 53) / (BATCH * 129.0), 1e-14);
    CHECK_RELATIVE(class_method_cost(&methods[4], &p.net, BATCH),
                   1 + (5 * BATCH * 76 + 75 * 53) / (BATCH * 129.0), 1e-14);
    CHECK_TRUE(class_method_cost(&methods[3], &p.net, BATCH) > 1 + 76 / 129.0);
    arena_free(&p.mem);
}

/* As a model of any kind a network makes the same steps: the plain ones to the bit, those of KWNG's
 * metric but for the rounding of passes that are made one after the other. */
static void a_model_is_stepped_like_its_network(void **state)
{
    (void)state;
    for (size_t k = 0; k < FAMILIES; k++) {
        const int plain = methods[k].family == CLASS_SGD || methods[k].family == CLASS_ADAM;
        struct problem a, b;

        if (methods[k].family == CLASS_KFAC)
            continue;
        make(&a, &methods[k], 1);
        make(&b, &methods[k], 1);
        const struct model m = model_of_net(&b.net);
        const float *outputs = b.net.layers[LAYERS - 1].outputs;

        b.o = class_optimizer_create_model(&b.mem, &methods[k], &m, NULL, scale, 1, 1);
        for (int t = 0; t < 4; t++) {
            CHECK_STATUS(class_optimizer_step(&a.o, &a.net, passes(&a), 0.1), STATUS_OK);
            CHECK_STATUS(class_optimizer_step_model(&b.o, &m, outputs, BATCH, passes(&b), 0.1),
                         STATUS_OK);
        }
        CHECK_TRUE(moved(&b) > 0);
        for (size_t i = 0; i < a.net.param_count; i++)
            CHECK_NEAR((double)b.net.params[i], (double)a.net.params[i], plain ? 0 : 1e-4);
        arena_free(&a.mem);
        arena_free(&b.mem);
    }
}

static struct convnet *make_convnet(void)
{
    struct convnet_spec s = convnet_spec_start(2, 4, 4);
    struct rng r = rng_stream(1, "test");
    struct convnet *net;
    const size_t x = convnet_batch_norm_relu(&s, convnet_conv(&s, 0, 8, 3, 1, 1, 0));

    convnet_linear(&s, convnet_global_pool(&s, x), 3);
    CHECK_STATUS(convnet_create(&net, &s, &(struct convnet_options){.max_batch = BATCH,
                                                                    .repeat_backward = 1}),
                 STATUS_OK);
    convnet_init(net, &r);
    return net;
}

static void kfac_of_a_model_wants_the_convolutional_network(void **state)
{
    struct problem p;
    struct convnet *net = make_convnet();

    (void)state;
    make(&p, &methods[3], 1);
    const struct model m = model_of_net(&p.net);

    CHECK_ABORTS((void)class_optimizer_create_model(&p.mem, &methods[3], &m, NULL, scale, 1,
                                                    1).clip);
    CHECK_ABORTS((void)class_optimizer_create_model(&p.mem, &methods[3], &m, net, scale, 1,
                                                    1).clip);
    convnet_free(net);
    arena_free(&p.mem);
}

/* 8 channels of 3 x 3 of 2 on 4 x 4 positions, and 9 x 3 of one: per step of `rows` images their
 * products, a backward pass, and what does not depend on the images. */
static void a_convolutional_network_is_stepped_by_kfac(void **state)
{
    struct problem p;
    struct convnet *net = make_convnet();
    struct rng r = rng_stream(2, "test");
    float x[BATCH * 32];
    double first = 0, last = 0, rows = 4;

    (void)state;
    make(&p, &methods[3], 1);
    const struct model m = convnet_model(net);
    struct class_optimizer o =
        class_optimizer_create_model(&p.mem, &methods[3], &m, net, scale, 1, 1);

    rng_normalsf(&r, x, BATCH * 32);
    for (int t = 0; t < 30; t++) {
        const float *f = m.forward(m.self, x, BATCH, MODEL_TRAIN);
        float scaled[BATCH * 3], *d = m.dlogits(m.self);

        for (size_t i = 0; i < BATCH * 3; i++)
            scaled[i] = scale[i % 3] * f[i];
        last = loss_cross_entropy(scaled, p.label, BATCH, 3, BATCH, d);
        first = t == 0 ? last : first;
        for (size_t i = 0; i < BATCH * 3; i++)
            d[i] *= scale[i % 3];
        m.backward(m.self, d, 0);
        CHECK_STATUS(class_optimizer_step_model(&o, &m, f, BATCH, last, 0.1), STATUS_OK);
    }
    CHECK_TRUE(last < 0.9 * first);
    const double once = (18 * 18 * 18 + 8 * 8 * 8 + 9 * 9 * 9 + 27) * (1.0 / 6 + 1) / 20 +
                        18 * 8 * 26 + 9 * 3 * 12;
    const double each = 16 * (18 * 18 + 8 * 8) / 2.0 + (81 + 9) / 2.0 + 150;

    CHECK_RELATIVE(class_method_cost_model(&o, m.param_count, 100, 150, 4),
                   1 + (rows * each + once) / (rows * 250), 1e-14);
    convnet_free(net);
    arena_free(&p.mem);
}

/* Passes of 100 and 150 multiply-adds, 10 parameters, 4 rows. */
static void costs_of_a_model_follow_from_its_passes(void **state)
{
    const struct class_optimizer two = {.method = {.family = CLASS_KWNG, .basis = 2}};
    const struct class_optimizer adam = {.method = methods[1]};

    (void)state;
    CHECK_NEAR(class_method_cost_model(&adam, 10, 100, 150, 4), 1, 0);
    CHECK_RELATIVE(class_method_cost_model(&two, 10, 100, 150, 4),
                   1 + (2 * 4 * 150 + 3 * 4 * 10) / 1000.0, 1e-14);
}

static void rates_are_half_decades(void **state)
{
    (void)state;
    for (int k = -7; k <= 7; k++)
        CHECK_RELATIVE(class_rate(k), pow(10, k / 2.0), 1e-15);
    CHECK_NEAR(class_rate(2), 10, 0);
}

static void variants_are_distinct_and_their_rates_on_their_grids(void **state)
{
    (void)state;
    for (enum class_images images = CLASS_DIGITS; images <= CLASS_HUNDRED; images++) {
        size_t count;
        const struct class_variant *all = class_variants(images, &count);

        CHECK_TRUE(count >= 10);
        for (size_t i = 0; i < count; i++) {
            const struct class_variant *v = &all[i];

            CHECK_TRUE(class_variant_find(images, v->name) == v);
            CHECK_TRUE(v->rate > v->first && v->rate < v->last); /* not at an edge */
            CHECK_TRUE(v->last - v->first >= 3);
            CHECK_TRUE((strncmp(v->name, "ill-", 4) == 0) == (v->condition == CLASS_ILL));
            CHECK_TRUE(images == CLASS_DIGITS || class_pictures_of(v->name) == images);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_have_the_length_of_rate_times_clip),
        cmocka_unit_test(short_steps_are_not_clipped),
        cmocka_unit_test(every_method_lowers_the_loss),
        cmocka_unit_test(a_gradient_that_is_not_finite_makes_no_step),
        cmocka_unit_test(the_diagonal_is_a_method_of_its_own),
        cmocka_unit_test(costs_follow_from_the_shapes),
        cmocka_unit_test(a_model_is_stepped_like_its_network),
        cmocka_unit_test(kfac_of_a_model_wants_the_convolutional_network),
        cmocka_unit_test(a_convolutional_network_is_stepped_by_kfac),
        cmocka_unit_test(costs_of_a_model_follow_from_its_passes),
        cmocka_unit_test(rates_are_half_decades),
        cmocka_unit_test(variants_are_distinct_and_their_rates_on_their_grids),
    };

    return cmocka_run_group_tests_name("class_method", tests, NULL, NULL);
}
