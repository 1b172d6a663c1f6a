/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_fisher_model: Monte-Carlo diagonals against exact ones, the Fisher-Rao norm identity. */
#include "geometry/fisher_model.h"

#include "aborts.h"
#include "geometry/fisher.h"
#include "test.h"

enum { N = 12, IN = 3, HIDDEN = 4, OUT = 3 };

struct setting {
    struct arena mem;
    struct net net;
    struct fisher_net_view view;
    float x[N * IN];
};

static struct setting *setup(enum activation kind, double sigma_b2)
{
    static struct setting s;
    static const size_t widths[] = {IN, HIDDEN, HIDDEN, OUT};
    const struct net_spec spec = {.layer_count = 3, .widths = widths, .activation = kind,
                                  .sigma_w2 = 2, .sigma_b2 = sigma_b2};
    struct rng r = rng_stream(5, "net");

    s = (struct setting){.net = {0}};
    s.net = net_create(&s.mem, &spec, N);
    net_init(&s.net, &r);
    rng_normalsf(&r, s.x, N * IN);
    s.view = (struct fisher_net_view){&s.net, s.x};
    return &s;
}

/* E_x sum_y p_y (d log p_y / d w)^2, label by label. */
static void exact_diagonal(struct setting *s, double *out)
{
    memset(out, 0, s->net.param_count * sizeof *out);
    for (size_t i = 0; i < N; i++)
        for (size_t y = 0; y < OUT; y++) {
            double log_p[OUT];
            float d[OUT];

            fisher_log_softmax(net_forward(&s->net, s->x + i * IN, 1), 1, OUT, log_p);
            for (size_t k = 0; k < OUT; k++)
                d[k] = (float)((k == y) - exp(log_p[k]));
            net_backward(&s->net, d, 0);
            for (size_t k = 0; k < s->net.param_count; k++)
                out[k] += exp(log_p[y]) * (double)s->net.grads[k] * (double)s->net.grads[k] / N;
        }
}

/* 12 x 3000 labels: a relative standard error of about a hundredth for each entry. */
static void drawn_labels_give_the_diagonal_in_the_mean(void **state)
{
    struct setting *s = setup(ACTIVATION_TANH, 1);
    const struct fisher_model m = fisher_model_of_net(&s->view);
    double *exact = arena_get(&s->mem, m.params, sizeof *exact), worst = 0, total = 0, trace = 0;
    double *drawn = arena_get(&s->mem, m.params, sizeof *drawn);
    struct rng r = rng_stream(1, "labels");

    (void)state;
    exact_diagonal(s, exact);
    CHECK_STATUS(fisher_model_diagonal(&m, N, 1, 3000, &r, &s->mem, drawn), STATUS_OK);
    for (size_t k = 0; k < m.params; k++) {
        worst = fmax(worst, fabs(drawn[k] - exact[k]) / exact[k]);
        total += drawn[k];
        trace += exact[k];
    }
    CHECK_NEAR(worst, 0, 0.08);
    CHECK_RELATIVE(total, trace, 0.02);
    arena_free(&s->mem);
}

/* The mean score of a model under its own labels is 0, so the square of a mean over b examples has
 * a b-th of the expectation. */
static void a_batch_gives_a_fraction_of_it(void **state)
{
    struct setting *s = setup(ACTIVATION_TANH, 1);
    const struct fisher_model m = fisher_model_of_net(&s->view);
    double *drawn = arena_get(&s->mem, 2 * m.params, sizeof *drawn), trace[2] = {0, 0};
    struct rng r = rng_stream(2, "labels");

    (void)state;
    CHECK_STATUS(fisher_model_diagonal(&m, N, 1, 2000, &r, &s->mem, drawn), STATUS_OK);
    CHECK_STATUS(fisher_model_diagonal(&m, N, 4, 8000, &r, &s->mem, drawn + m.params),
                 STATUS_OK);
    for (size_t k = 0; k < 2 * m.params; k++)
        trace[k / m.params] += drawn[k];
    CHECK_RELATIVE(4 * trace[1], trace[0], 0.03);
    arena_free(&s->mem);
}

static void labels_follow_the_model(void **state)
{
    const float f[OUT] = {-1, 0.5f, 0};
    struct rng r = rng_stream(3, "draw");
    double count[OUT] = {0}, log_p[OUT];

    (void)state;
    for (int k = 0; k < 100000; k++)
        count[fisher_model_draw(f, OUT, &r)]++;
    fisher_log_softmax(f, 1, OUT, log_p);
    for (int k = 0; k < OUT; k++)
        CHECK_NEAR(count[k] / 100000, exp(log_p[k]), 5 * sqrt(0.25 / 100000));
}

static void norm_is_the_variance_of_the_logits_without_biases(void **state)
{
    static const enum activation kinds[2] = {ACTIVATION_RELU, ACTIVATION_IDENTITY};

    (void)state;
    for (int k = 0; k < 2; k++) {
        struct setting *s = setup(kinds[k], 0);
        const struct fisher_model m = fisher_model_of_net(&s->view);
        struct fisher_norms norms;

        CHECK_STATUS(fisher_model_norms(&m, s->net.params, N, &s->mem, &norms), STATUS_OK);
        CHECK_TRUE(norms.logits > 0.01);
        CHECK_RELATIVE(norms.metric, 9 * norms.logits, 1e-5);
        arena_free(&s->mem);
    }
}

static void norm_identity_fails_for_tanh_and_with_biases(void **state)
{
    static const enum activation kinds[2] = {ACTIVATION_TANH, ACTIVATION_RELU};

    (void)state;
    for (int k = 0; k < 2; k++) {
        struct setting *s = setup(kinds[k], k);
        const struct fisher_model m = fisher_model_of_net(&s->view);
        struct fisher_norms norms;

        CHECK_STATUS(fisher_model_norms(&m, s->net.params, N, &s->mem, &norms), STATUS_OK);
        CHECK_TRUE(fabs(norms.metric / (9 * norms.logits) - 1) > 0.05);
        arena_free(&s->mem);
    }
}

/* Along e_k the norm is the k-th entry of the diagonal. */
static void norm_along_an_axis_is_the_diagonal(void **state)
{
    struct setting *s = setup(ACTIVATION_TANH, 1);
    const struct fisher_model m = fisher_model_of_net(&s->view);
    double *exact = arena_get(&s->mem, m.params, sizeof *exact);
    float *w = arena_get(&s->mem, m.params, sizeof *w);

    (void)state;
    exact_diagonal(s, exact);
    for (size_t k = 0; k < m.params; k += 7) {
        struct fisher_norms norms;

        w[k] = 1;
        CHECK_STATUS(fisher_model_norms(&m, w, N, &s->mem, &norms), STATUS_OK);
        CHECK_RELATIVE(norms.metric, exact[k], 1e-4);
        w[k] = 0;
    }
    arena_free(&s->mem);
}

static void what_is_not_finite_is_refused(void **state)
{
    struct setting *s = setup(ACTIVATION_RELU, 1);
    const struct fisher_model m = fisher_model_of_net(&s->view);
    double *diagonal = arena_get(&s->mem, m.params, sizeof *diagonal);
    struct rng r = rng_stream(4, "labels");
    struct fisher_norms norms;

    (void)state;
    CHECK_ABORTS((void)!fisher_model_diagonal(&m, 2, 3, 1, &r, &s->mem, diagonal));
    s->x[1] = NAN;
    CHECK_STATUS(fisher_model_diagonal(&m, N, 1, 1, &r, &s->mem, diagonal), STATUS_DIVERGED);
    CHECK_STATUS(fisher_model_norms(&m, s->net.params, N, &s->mem, &norms), STATUS_DIVERGED);
    arena_free(&s->mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_labels_give_the_diagonal_in_the_mean),
        cmocka_unit_test(a_batch_gives_a_fraction_of_it),
        cmocka_unit_test(labels_follow_the_model),
        cmocka_unit_test(norm_is_the_variance_of_the_logits_without_biases),
        cmocka_unit_test(norm_identity_fails_for_tanh_and_with_biases),
        cmocka_unit_test(norm_along_an_axis_is_the_diagonal),
        cmocka_unit_test(what_is_not_finite_is_refused),
    };

    return cmocka_run_group_tests_name("fisher_model", tests, NULL, NULL);
}
