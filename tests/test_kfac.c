/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_kfac: the factors against the exact Fisher matrix in double by central differences, the step
 * against the dense Kronecker system, limits and hostile input. */
#include "geometry/kfac.h"

#include "aborts.h"
#include "linalg/lapack.h"
#include "test.h"

enum { IN = 4, HIDDEN = 3, OUT = 3, LAYERS = 2, MOST = 6,
       Q = (IN + 1) * HIDDEN + (HIDDEN + 1) * OUT };

static const size_t widths[LAYERS + 1] = {IN, HIDDEN, OUT};
static const float scale[OUT] = {0.1f, 1.0f, 3.0f};
static const struct kfac_spec plain = {.labels = KFAC_EXPECTED, .damping = 0.01, .period = 1};

struct problem {
    struct arena mem;
    struct net net;
    struct kfac k;
    float *x;            /* MOST x IN */
};

static void make(struct problem *p, const struct kfac_spec *spec, enum parameterization kind)
{
    struct rng init = rng_stream(3, "init"), inputs = rng_stream(3, "inputs");

    *p = (struct problem){.x = NULL};
    p->net = net_create(&p->mem, &(struct net_spec){.layer_count = LAYERS, .widths = widths,
                                                    .activation = ACTIVATION_TANH,
                                                    .parameterization = kind, .sigma_b2 = 0.3},
                        MOST);
    net_init(&p->net, &init);
    p->x = arena_get(&p->mem, MOST * IN, sizeof(float));
    rng_normalsf(&inputs, p->x, MOST * IN);
    p->k = kfac_create(&p->mem, spec, &p->net, scale, 5);
}

/* log p(label | x) in double, parameters theta (Q). */
static double log_p(const struct net *net, const double *theta, const float *x, size_t label)
{
    double h[2][IN + HIDDEN + OUT], total = 0;

    for (size_t i = 0; i < IN; i++)
        h[0][i] = (double)x[i];
    for (size_t l = 0; l < LAYERS; l++) {
        const struct net_layer *layer = &net->layers[l];
        const double *from = h[l % 2];
        double *to = h[(l + 1) % 2];

        for (size_t j = 0; j < layer->out; j++) {
            double z = (double)layer->bias_scale * theta[layer->biases_at + j];

            for (size_t i = 0; i < layer->in; i++)
                z += (double)layer->weight_scale * from[i] *
                     theta[layer->weights_at + i * layer->out + j];
            to[j] = l + 1 < LAYERS ? tanh(z) : (double)scale[j] * z;
        }
    }
    for (size_t j = 0; j < OUT; j++)
        total += exp(h[LAYERS % 2][j]);
    return h[LAYERS % 2][label] - log(total);
}

/* F (Q x Q) = mean_n sum_y p(y|x_n) s s', s the score, by central differences. */
static struct mat exact_fisher(struct problem *p, size_t n)
{
    struct mat f = mat_zero(&p->mem, Q, Q), s = mat_zero(&p->mem, 1, Q);
    double theta[Q];

    for (size_t i = 0; i < Q; i++)
        theta[i] = (double)p->net.params[i];
    for (size_t e = 0; e < n; e++)
        for (size_t y = 0; y < OUT; y++) {
            const float *x = p->x + e * IN;

            for (size_t i = 0; i < Q; i++) {
                const double at = theta[i], h = 1e-5;

                theta[i] = at + h;
                s.a[i] = log_p(&p->net, theta, x, y);
                theta[i] = at - h;
                s.a[i] = (s.a[i] - log_p(&p->net, theta, x, y)) / (2 * h);
                theta[i] = at;
            }
            mat_gram(&f, exp(log_p(&p->net, theta, x, y)) / (double)n, &s, MAT_TRANSPOSED, 1);
        }
    return f;
}

static double largest_difference(const struct mat *a, const struct mat *b)
{
    double most = 0;

    CHECK_TRUE(a->rows == b->rows && a->cols == b->cols);
    for (size_t i = 0; i < a->rows * a->cols; i++)
        most = fmax(most, fabs(a->a[i] - b->a[i]));
    return most;
}

/* A (x) G in the order of the block: row (i, j) is i out + j. */
static struct mat kronecker(struct problem *p, const struct mat *a, const struct mat *g)
{
    const size_t n = a->rows * g->rows;
    struct mat out = mat_zero(&p->mem, n, n);

    for (size_t r = 0; r < n; r++)
        for (size_t c = 0; c < n; c++)
            out.a[r * n + c] = a->a[r / g->rows * a->rows + c / g->rows] *
                               g->a[r % g->rows * g->rows + c % g->rows];
    return out;
}

static struct mat block(struct problem *p, const struct mat *f, size_t l)
{
    const struct net_layer *layer = &p->net.layers[l];
    const size_t n = (layer->in + 1) * layer->out;
    struct mat out = mat_zero(&p->mem, n, n);

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            out.a[i * n + j] = f->a[(layer->weights_at + i) * Q + layer->weights_at + j];
    return out;
}

/* One example has one input, so expectation and product change places. */
static void factors_of_one_example_are_the_fisher_blocks(void **state)
{
    (void)state;
    for (int kind = NET_STANDARD; kind <= NET_NTK; kind++) {
        struct problem p;

        make(&p, &plain, (enum parameterization)kind);
        net_forward(&p.net, p.x, 1);
        CHECK_STATUS(kfac_observe(&p.k, &p.net), STATUS_OK);
        const struct mat f = exact_fisher(&p, 1);
        for (size_t l = 0; l < LAYERS; l++) {
            const struct mat want = block(&p, &f, l);
            const struct mat got = kronecker(&p, &p.k.layers[l].a, &p.k.layers[l].g);

            CHECK_TRUE(mat_norm(&want) > 0.01);
            CHECK_NEAR(largest_difference(&got, &want), 0, 2e-6 * mat_norm(&want));
        }
        arena_free(&p.mem);
    }
}

/* Of many examples the bias-bias block of F is G whatever the inputs: A has a 1 there. */
static void bias_block_of_a_batch_is_exact(void **state)
{
    struct problem p;

    (void)state;
    make(&p, &plain, NET_STANDARD);
    net_forward(&p.net, p.x, MOST);
    CHECK_STATUS(kfac_observe(&p.k, &p.net), STATUS_OK);
    const struct mat f = exact_fisher(&p, MOST);
    for (size_t l = 0; l < LAYERS; l++) {
        const size_t out = p.net.layers[l].out, at = p.net.layers[l].biases_at;

        for (size_t i = 0; i < out * out; i++)
            CHECK_NEAR(p.k.layers[l].g.a[i], f.a[(at + i / out) * Q + at + i % out], 1e-6);
    }
    arena_free(&p.mem);
}

static void input_factor_is_the_mean_square_with_the_bias(void **state)
{
    struct problem p;

    (void)state;
    make(&p, &plain, NET_STANDARD);
    net_forward(&p.net, p.x, MOST);
    CHECK_STATUS(kfac_observe(&p.k, &p.net), STATUS_OK);
    for (size_t i = 0; i <= IN; i++)
        for (size_t j = 0; j <= IN; j++) {
            double sum = 0;

            for (size_t e = 0; e < MOST; e++)
                sum += (i < IN ? (double)p.x[e * IN + i] : 1) *
                       (j < IN ? (double)p.x[e * IN + j] : 1) / MOST;
            CHECK_NEAR(p.k.layers[0].a.a[i * (IN + 1) + j], sum, 1e-14);
        }
    arena_free(&p.mem);
}

/* Drawn labels have the exact factor as their mean: 4000 batches of 6, entries of about 1. */
static void sampled_labels_average_to_the_expectation(void **state)
{
    const struct kfac_spec sampled = {.labels = KFAC_SAMPLED, .decay = 0.9999999, .period = 1};
    struct problem p, q;

    (void)state;
    make(&p, &plain, NET_STANDARD);
    make(&q, &sampled, NET_STANDARD);
    net_forward(&p.net, p.x, MOST);
    net_forward(&q.net, q.x, MOST);
    CHECK_STATUS(kfac_observe(&p.k, &p.net), STATUS_OK);
    for (int i = 0; i < 4000; i++)
        CHECK_STATUS(kfac_observe(&q.k, &q.net), STATUS_OK);
    for (size_t l = 0; l < LAYERS; l++) {
        const double size = mat_norm(&p.k.layers[l].g);

        CHECK_NEAR(largest_difference(&p.k.layers[l].g, &q.k.layers[l].g), 0, 0.03 * size);
        CHECK_TRUE(largest_difference(&p.k.layers[l].g, &q.k.layers[l].g) > 0);
    }
    arena_free(&p.mem);
    arena_free(&q.mem);
}

/* The k-th batch has the weight max(1/k, 1 - decay): of three equal in size, decay 1/2, the weights
 * are 1/4, 1/4, 1/2. */
static void running_factors_have_the_weights_of_the_rule(void **state)
{
    struct kfac_spec spec = plain;
    struct problem p;
    double sum = 0;

    (void)state;
    spec.decay = 0.5;
    make(&p, &spec, NET_STANDARD);
    for (size_t e = 0; e < 3; e++) {
        const double x = (double)p.x[e * IN];

        net_forward(&p.net, p.x + e * IN, 1);
        CHECK_STATUS(kfac_observe(&p.k, &p.net), STATUS_OK);
        sum += (e == 2 ? 0.5 : 0.25) * x * x;
    }
    CHECK_RELATIVE(p.k.layers[0].a.a[0], sum, 1e-14);
    arena_free(&p.mem);
}

/* A gradient of a definite loss, for the tests of the step. */
static void backward(struct problem *p, size_t n)
{
    struct rng r = rng_stream(8, "cotangents");

    net_forward(&p->net, p->x, n);
    rng_normalsf(&r, net_dlogits(&p->net), n * OUT);
    net_backward(&p->net, net_dlogits(&p->net), 0);
}

/* (A + pi r I) (x) (G + r / pi I) V = dW, as one dense system in double, pi by the traces. */
static void direction_solves_the_damped_kronecker_system(void **state)
{
    struct problem p;
    struct kfac_report report;
    float before[Q];

    (void)state;
    make(&p, &plain, NET_STANDARD);
    backward(&p, MOST);
    memcpy(before, p.net.params, sizeof before);
    CHECK_STATUS(kfac_step(&p.k, &p.net, 0.25, &report), STATUS_OK);
    for (size_t l = 0; l < LAYERS; l++) {
        const size_t at = p.net.layers[l].weights_at;
        struct mat a = mat_copy(&p.mem, &p.k.layers[l].a), g = mat_copy(&p.mem, &p.k.layers[l].g);
        const double pi = sqrt(mat_trace(&a) / (double)a.rows / (mat_trace(&g) / (double)g.rows));

        mat_add_diagonal(&a, pi * sqrt(0.01));
        mat_add_diagonal(&g, sqrt(0.01) / pi);
        struct mat system = kronecker(&p, &a, &g);
        struct vec v = vec_zero(&p.mem, system.rows);
        for (size_t i = 0; i < v.n; i++)
            v.x[i] = (double)p.net.grads[at + i];
        CHECK_STATUS(lapack_cholesky(&system), STATUS_OK);
        CHECK_STATUS(lapack_cholesky_solve(&system, &v), STATUS_OK);
        for (size_t i = 0; i < v.n; i++) {
            CHECK_NEAR((double)p.k.direction[at + i], v.x[i], 2e-5 * vec_norm(&v));
            CHECK_NEAR((double)p.net.params[at + i], (double)before[at + i] - 0.25 * v.x[i],
                       1e-5 * vec_norm(&v));
        }
    }
    CHECK_TRUE(report.slope > 0 && report.clipped >= 1);
    arena_free(&p.mem);
}

/* pi^2 (tr G / out) = tr A / (in + 1): both factors get the same relative damping. */
static void damping_is_shared_by_the_traces(void **state)
{
    struct kfac_spec spec = plain;
    struct problem p;

    (void)state;
    spec.damping = 1e12;
    make(&p, &spec, NET_STANDARD);
    backward(&p, MOST);
    CHECK_STATUS(kfac_observe(&p.k, &p.net), STATUS_OK);
    CHECK_STATUS(kfac_invert(&p.k), STATUS_OK);
    for (size_t l = 0; l < LAYERS; l++) {
        const struct kfac_pair *k = &p.k.layers[l];
        const double a = mat_trace(&k->a) / (double)k->a.rows;
        const double g = mat_trace(&k->g) / (double)k->g.rows;

        CHECK_RELATIVE((double)k->a_inverse.a[0] * a, (double)k->g_inverse.a[0] * g, 1e-4);
        CHECK_RELATIVE((double)k->a_inverse.a[0] * (double)k->g_inverse.a[0], 1e-12, 1e-4);
    }
    arena_free(&p.mem);
}

/* With strong damping K-FAC is gradient descent at the rate over lambda. */
static void strong_damping_gives_the_gradient(void **state)
{
    struct kfac_spec spec = plain;
    struct problem p;
    struct kfac_report report;

    (void)state;
    spec.damping = 1e12;
    make(&p, &spec, NET_STANDARD);
    backward(&p, MOST);
    CHECK_STATUS(kfac_step(&p.k, &p.net, 0, &report), STATUS_OK);
    for (size_t i = 0; i < Q; i++)
        CHECK_NEAR(1e12 * (double)p.k.direction[i], (double)p.net.grads[i],
                   1e-4 * fabs((double)p.net.grads[i]) + 1e-6);
    arena_free(&p.mem);
}

static void clipping_bounds_the_length_and_keeps_the_direction(void **state)
{
    struct kfac_spec spec = plain;
    struct problem p, q;
    struct kfac_report free_report, report;

    (void)state;
    make(&p, &spec, NET_STANDARD);
    spec.clip = 0.125;
    make(&q, &spec, NET_STANDARD);
    backward(&p, MOST);
    backward(&q, MOST);
    CHECK_STATUS(kfac_step(&p.k, &p.net, 1, &free_report), STATUS_OK);
    CHECK_STATUS(kfac_step(&q.k, &q.net, 1, &report), STATUS_OK);
    CHECK_TRUE(free_report.length > 0.125);
    CHECK_NEAR(report.length, free_report.length, 0);
    CHECK_RELATIVE(report.clipped, 0.125 / report.length, 1e-12);
    CHECK_RELATIVE(report.slope, free_report.slope * report.clipped, 1e-5);
    for (size_t i = 0; i < Q; i++)
        CHECK_NEAR((double)q.k.direction[i], (double)p.k.direction[i] * report.clipped, 1e-7);
    arena_free(&p.mem);
    arena_free(&q.mem);
}

/* Inverses of step 1 hold until step 4; nothing but an inversion takes memory. */
static void inverses_are_made_new_every_period(void **state)
{
    struct kfac_spec spec = plain;
    struct problem p;
    struct kfac_report report;
    float first = 0;

    (void)state;
    spec.period = 3;
    spec.decay = 0.5;
    make(&p, &spec, NET_STANDARD);
    for (int step = 1; step <= 4; step++) {
        const size_t before = memory_count();

        backward(&p, (size_t)step);
        CHECK_STATUS(kfac_step(&p.k, &p.net, 0.01, &report), STATUS_OK);
        if (step == 1)
            first = p.k.layers[0].a_inverse.a[0];
        else if (step < 4)
            assert_int_equal(memory_count(), before);
        CHECK_TRUE((p.k.layers[0].a_inverse.a[0] == first) == (step < 4));
    }
    arena_free(&p.mem);
}

static void gradients_survive_the_observation(void **state)
{
    struct problem p;
    float before[Q];

    (void)state;
    make(&p, &plain, NET_STANDARD);
    backward(&p, MOST);
    memcpy(before, p.net.grads, sizeof before);
    CHECK_STATUS(kfac_observe(&p.k, &p.net), STATUS_OK);
    assert_memory_equal(before, p.net.grads, sizeof before);
    arena_free(&p.mem);
}

/* ---- hopeless cases ---- */

/* Softmax does not see a common shift, so G of the last layer is singular. */
static void without_damping_the_last_factor_is_singular(void **state)
{
    struct kfac_spec spec = plain;
    struct problem p;
    struct kfac_report report;
    float before[Q];

    (void)state;
    spec.damping = 0;
    make(&p, &spec, NET_STANDARD);
    backward(&p, 2);
    memcpy(before, p.net.params, sizeof before);
    CHECK_STATUS(kfac_step(&p.k, &p.net, 1, &report), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("raise the damping");
    assert_memory_equal(before, p.net.params, sizeof before);
    arena_free(&p.mem);
}

/* At every step, not only when the next period begins: the first layer has inverses by then. */
static void a_failed_inversion_is_made_again(void **state)
{
    struct kfac_spec spec = plain;
    struct problem p;
    struct kfac_report report;
    float before[Q];

    (void)state;
    spec.damping = 0;
    spec.period = 20;
    make(&p, &spec, NET_STANDARD);
    backward(&p, 2);
    memcpy(before, p.net.params, sizeof before);
    for (int step = 0; step < 3; step++)
        CHECK_STATUS(kfac_step(&p.k, &p.net, 1, &report), STATUS_NOT_DEFINITE);
    assert_memory_equal(before, p.net.params, sizeof before);
    CHECK_ABORTS(kfac_direction(&p.k, &p.net, p.net.grads, p.k.direction));
    p.k.spec.damping = 0.01;
    CHECK_STATUS(kfac_step(&p.k, &p.net, 1, &report), STATUS_OK);
    CHECK_TRUE(report.length > 0);
    p.k.spec.damping = 0;
    CHECK_STATUS(kfac_step(&p.k, &p.net, 1, &report), STATUS_OK); /* not due */
    CHECK_STATUS(kfac_invert(&p.k), STATUS_NOT_DEFINITE);
    CHECK_STATUS(kfac_step(&p.k, &p.net, 1, &report), STATUS_NOT_DEFINITE);
    arena_free(&p.mem);
}

static void what_is_not_finite_makes_no_step(void **state)
{
    struct problem p;
    struct kfac_report report;
    float before[Q];

    (void)state;
    make(&p, &plain, NET_STANDARD);
    backward(&p, 2);
    memcpy(before, p.net.params, sizeof before);
    p.net.grads[3] = NAN;
    CHECK_STATUS(kfac_step(&p.k, &p.net, 1, &report), STATUS_DIVERGED);
    CHECK_MESSAGE("gradient");
    p.net.grads[3] = 0;
    p.net.layers[LAYERS - 1].outputs[1] = INFINITY;
    CHECK_STATUS(kfac_step(&p.k, &p.net, 1, &report), STATUS_DIVERGED);
    CHECK_MESSAGE("output");
    assert_memory_equal(before, p.net.params, sizeof before);
    assert_int_equal(p.k.steps, 0);
    arena_free(&p.mem);
}

static void saturated_outputs_leave_damping_alone(void **state)
{
    struct problem p;
    struct kfac_report report;

    (void)state;
    make(&p, &plain, NET_STANDARD);
    net_forward(&p.net, p.x, 1);
    p.net.layers[LAYERS - 1].outputs[0] = 1e9f; /* p = (1, 0, 0): the Fisher matrix is 0 */
    memset(p.net.grads, 0, Q * sizeof(float));
    p.net.grads[0] = 1;
    CHECK_STATUS(kfac_step(&p.k, &p.net, 0, &report), STATUS_OK);
    CHECK_NEAR(mat_norm(&p.k.layers[1].g), 0, 0);
    CHECK_TRUE(isfinite(report.length) && report.length > 0);
    arena_free(&p.mem);
}

static void broken_settings_are_checked(void **state)
{
    struct problem p;
    struct kfac_spec bad = plain;

    (void)state;
    make(&p, &plain, NET_STANDARD);
    bad.period = 0;
    CHECK_ABORTS((void)kfac_create(&p.mem, &bad, &p.net, NULL, 1).steps);
    bad = plain;
    bad.decay = 1;
    CHECK_ABORTS((void)kfac_create(&p.mem, &bad, &p.net, NULL, 1).steps);
    bad = plain;
    bad.damping = -1;
    CHECK_ABORTS((void)kfac_create(&p.mem, &bad, &p.net, NULL, 1).steps);
    bad = plain;
    bad.on_top.kind = OPTIMIZER_ADAM;
    CHECK_ABORTS((void)kfac_create(&p.mem, &bad, &p.net, NULL, 1).steps);
    /* no forward pass yet */
    CHECK_ABORTS(CHECK_STATUS(kfac_observe(&p.k, &p.net), STATUS_OK));
    arena_free(&p.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_of_one_example_are_the_fisher_blocks),
        cmocka_unit_test(bias_block_of_a_batch_is_exact),
        cmocka_unit_test(input_factor_is_the_mean_square_with_the_bias),
        cmocka_unit_test(sampled_labels_average_to_the_expectation),
        cmocka_unit_test(running_factors_have_the_weights_of_the_rule),
        cmocka_unit_test(direction_solves_the_damped_kronecker_system),
        cmocka_unit_test(damping_is_shared_by_the_traces),
        cmocka_unit_test(strong_damping_gives_the_gradient),
        cmocka_unit_test(clipping_bounds_the_length_and_keeps_the_direction),
        cmocka_unit_test(inverses_are_made_new_every_period),
        cmocka_unit_test(gradients_survive_the_observation),
        cmocka_unit_test(without_damping_the_last_factor_is_singular),
        cmocka_unit_test(a_failed_inversion_is_made_again),
        cmocka_unit_test(what_is_not_finite_makes_no_step),
        cmocka_unit_test(saturated_outputs_leave_damping_alone),
        cmocka_unit_test(broken_settings_are_checked),
    };

    return cmocka_run_group_tests_name("kfac", tests, NULL, NULL);
}
