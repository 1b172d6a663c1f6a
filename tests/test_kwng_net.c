/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/kwng_net.h"

#include <math.h>
#include <string.h>

#include "aborts.h"
#include "net/loss.h"
#include "test.h"

enum { BATCH = 12, IN = 7, OUT = 3, LAYERS = 3, M = 4 };

static const size_t widths[LAYERS + 1] = {IN, 9, 8, OUT};
static const float scale[OUT] = {0.5f, 2.0f, 1.0f};

struct problem {
    struct arena mem;
    struct net net;
    struct kwng_net k;
    struct kwng_net_report report;
    float *x;             /* BATCH x IN */
    uint8_t labels[BATCH];
};

static void make(struct problem *p, const struct kwng_net_spec *spec, const float *u,
                 enum parameterization parameterization)
{
    const struct net_spec shape = {.layer_count = LAYERS, .widths = widths,
                                   .activation = ACTIVATION_TANH, .sigma_b2 = 0.25,
                                   .parameterization = parameterization};
    struct rng r = rng_stream(5, "net");

    *p = (struct problem){0};
    p->net = net_create(&p->mem, &shape, BATCH);
    net_init(&p->net, &r);
    p->k = kwng_net_create(&p->mem, spec, &p->net, u, 9);
    p->x = arena_get(&p->mem, BATCH * IN, sizeof(float));
    rng_normalsf(&r, p->x, BATCH * IN);
    for (size_t i = 0; i < BATCH; i++)
        p->labels[i] = (uint8_t)rng_below(&r, OUT);
}

static struct kwng_net_spec with(size_t basis)
{
    struct kwng_net_spec spec = kwng_net_official;

    spec.basis = basis;
    return spec;
}

/* Forward and backward; the cross-entropy of the outputs. */
static double pass(struct problem *p, size_t batch)
{
    const float *f = net_forward(&p->net, p->x, batch);
    float *d = net_dlogits(&p->net);
    const double loss = loss_cross_entropy(f, p->labels, batch, OUT, batch, d);

    net_backward(&p->net, d, 0.0f);
    return loss;
}

static enum status step(struct problem *p, double rate)
{
    const double loss = pass(p, BATCH);

    return kwng_net_step(&p->k, &p->net, loss, rate, &p->report);
}

/* ---- T ---- */

/* All rows at once are the rows of M backward passes of the network, one after the other. */
static void rows_are_single_backward_passes(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++)
        for (size_t batch = 1; batch <= BATCH; batch += BATCH - 1) {
            const struct kwng_net_spec spec = with(M);
            struct rng r = rng_stream(6, "cotangents");
            struct problem p;
            float d[BATCH * OUT];

            make(&p, &spec, scale, (enum parameterization)kind);
            const struct mat c = mat_normal(&p.mem, &r, M, batch * OUT, 1);
            net_forward(&p.net, p.x, batch);
            kwng_net_backward(&p.k, &p.net, &c);
            for (size_t m = 0; m < M; m++) {
                for (size_t i = 0; i < batch * OUT; i++)
                    d[i] = (float)(c.a[m * batch * OUT + i] * (double)scale[i % OUT] /
                                   sqrt((double)batch));
                net_backward(&p.net, d, 0.0f);
                for (size_t i = 0; i < p.net.param_count; i++)
                    CHECK_NEAR((double)p.k.wide.t.a[m * p.net.param_count + i],
                               (double)p.net.grads[i], 3e-6);
            }
            arena_free(&p.mem);
        }
}

/* mean slopes of the basis functions at the outputs U f. */
static void mean_slopes(struct problem *p, const struct kernel *kernel, struct vec *out)
{
    const float *f = net_forward(&p->net, p->x, BATCH);
    struct mat x = mat_zero(&p->mem, BATCH, OUT);

    for (size_t i = 0; i < BATCH * OUT; i++)
        x.a[i] = (double)f[i] * (double)scale[i % OUT];
    kernel_mean_slope(out, kernel, &p->k.basis.y, p->k.basis.coordinate, &x);
}

/* What a step takes for T is the derivative of the mean slopes by the parameters, to what central
 * differences of a float network show. */
static void t_is_the_derivative_of_the_mean_slopes(void **state)
{
    struct kwng_net_spec spec = with(M);
    struct problem p;

    (void)state;
    make(&p, &spec, scale, NET_STANDARD);
    CHECK_STATUS(step(&p, 0.0), STATUS_OK);
    const struct kernel kernel = {.s2 = p.report.s2};
    const struct mat c = mat_over(p.k.c.a, M, BATCH * OUT);
    struct vec up = vec_zero(&p.mem, M), down = vec_zero(&p.mem, M);
    net_forward(&p.net, p.x, BATCH);
    kwng_net_backward(&p.k, &p.net, &c); /* the step has overwritten T by Tt */
    for (size_t i = 0; i < p.net.param_count; i += 5) {
        const float h = 0.01f, old = p.net.params[i];

        p.net.params[i] = old + h;
        mean_slopes(&p, &kernel, &up);
        p.net.params[i] = old - h;
        mean_slopes(&p, &kernel, &down);
        p.net.params[i] = old;
        for (size_t m = 0; m < M; m++)
            CHECK_NEAR((double)p.k.wide.t.a[m * p.net.param_count + i],
                       (up.x[m] - down.x[m]) / (2 * (double)h), 1e-4);
    }
    arena_free(&p.mem);
}

/* ---- the step ---- */

/* v from the network's outputs in double and the dense estimator. */
static struct vec dense_direction(struct problem *p, const struct kwng_net_spec *spec, size_t batch)
{
    const size_t q = p->net.param_count, m = spec->basis < batch ? spec->basis : batch;
    struct kwng dense = kwng_create(&p->mem, m, q);
    struct mat x = mat_zero(&p->mem, batch, OUT), c = mat_zero(&p->mem, m, batch * OUT);
    struct mat gram = mat_zero(&p->mem, m, m), ridge = mat_zero(&p->mem, m, m);
    struct mat t = mat_zero(&p->mem, m, q);
    struct vec g = vec_zero(&p->mem, q), v = vec_zero(&p->mem, q);
    struct rng points = rng_stream(9, "kwng:points"), columns = rng_stream(9, "kwng:coordinates");
    const float *f = p->net.layers[LAYERS - 1].outputs;
    struct kwng_report report;

    for (size_t i = 0; i < batch * OUT; i++)
        x.a[i] = (double)f[i] * (double)scale[i % OUT];
    for (size_t i = 0; i < q; i++)
        g.x[i] = (double)p->net.grads[i];
    const struct kwng_basis b = kwng_basis_draw(&p->mem, &x, m, &points, &columns);
    const struct kernel kernel = {
        .family = spec->family, .alpha = spec->alpha,
        .s2 = spec->bandwidth * kernel_mean_squared_distance(&b.y, &x)};
    kernel_mixed(&c, &kernel, &b.y, b.coordinate, &x, 1 / sqrt((double)batch));
    mat_gram(&gram, 1, &c, MAT_AS_IS, 0);
    kernel_mixed_gram(&ridge, &kernel, &b.y, b.coordinate);
    kwng_net_backward(&p->k, &p->net, &c);
    for (size_t i = 0; i < m * q; i++)
        t.a[i] = (double)p->k.wide.t.a[i];
    CHECK_STATUS(kwng_factor(&dense, &gram, &ridge, &t,
                             &(struct kwng_options){.eps = spec->eps, .lambda = spec->lambda,
                                 .cut = spec->cut, .damping = spec->damping}), STATUS_OK);
    CHECK_STATUS(kwng_direction(&dense, &g, &v, &report), STATUS_OK);
    return v;
}

/* params - rate v, for both kernels, with and without ridge, also for fewer examples than basis
 * points. */
static void steps_go_along_the_dense_direction(void **state)
{
    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        struct kwng_net_spec spec = with(M);
        const size_t batch = variant & 4 ? M - 1 : BATCH;
        struct problem p;
        double off = 0;

        spec.family = variant & 1 ? KERNEL_RATIONAL_QUADRATIC : KERNEL_GAUSSIAN;
        spec.alpha = 2;
        spec.lambda = variant & 2 ? 0.05 : 0;
        spec.bandwidth = 1.5;
        spec.eps = 0.01;
        spec.clip = 0;
        make(&p, &spec, scale, NET_STANDARD);
        const double loss = pass(&p, batch);
        const struct vec v = dense_direction(&p, &spec, batch);
        float *old = arena_get(&p.mem, v.n, sizeof(float));
        net_get_params(&p.net, old);
        CHECK_STATUS(kwng_net_step(&p.k, &p.net, loss, 0.25, &p.report), STATUS_OK);
        for (size_t i = 0; i < v.n; i++) {
            off += pow((double)p.k.direction[i] - v.x[i], 2);
            CHECK_NEAR((double)p.net.params[i], (double)(old[i] - 0.25f * p.k.direction[i]), 0);
        }
        CHECK_NEAR(sqrt(off) / vec_norm(&v), 0, 2e-6);
        CHECK_RELATIVE(p.report.length, vec_norm(&v), 1e-5);
        CHECK_TRUE(p.report.clipped == 1 && !p.report.fallback);
        assert_int_equal(p.report.estimate.rank, batch < M ? batch : M);
        arena_free(&p.mem);
    }
}

/* A model's passes, one after the other, make the steps that all passes at once do; also with one
 * basis point, fewer examples, and the gradient left as it was. */
static void a_model_makes_the_same_steps(void **state)
{
    (void)state;
    for (size_t basis = 1; basis <= M; basis += M - 1) {
        const struct kwng_net_spec spec = with(basis);
        struct problem p, q;

        make(&p, &spec, scale, NET_STANDARD);
        make(&q, &spec, scale, NET_STANDARD);
        const struct model model = model_of_net(&q.net);
        q.k = kwng_net_create_model(&q.mem, &spec, &model, scale, 9);
        for (size_t t = 0; t < 6; t++) {
            const size_t batch = t % 2 == 0 ? BATCH : 5;
            const double loss = pass(&p, batch), same = pass(&q, batch);
            float *before = arena_get(&q.mem, q.net.param_count, sizeof *before);

            memcpy(before, q.net.grads, q.net.param_count * sizeof *before);
            CHECK_STATUS(kwng_net_step(&p.k, &p.net, loss, 0.05, &p.report), STATUS_OK);
            CHECK_STATUS(kwng_net_step_model(&q.k, &model, q.net.layers[LAYERS - 1].outputs, batch,
                                             same, 0.05, &q.report), STATUS_OK);
            assert_memory_equal(before, q.net.grads, q.net.param_count * sizeof *before);
            assert_int_equal(p.report.fallback, 0);
            CHECK_RELATIVE(q.report.estimate.slope, p.report.estimate.slope, 1e-4);
            CHECK_RELATIVE(q.report.length, p.report.length, 1e-4);
            for (size_t i = 0; i < p.net.param_count; i++)
                CHECK_NEAR((double)q.net.params[i], (double)p.net.params[i], 1e-5);
        }
        arena_free(&p.mem);
        arena_free(&q.mem);
    }
}

static void a_network_is_not_stepped_as_a_model_nor_a_model_as_one(void **state)
{
    const struct kwng_net_spec spec = with(M);
    struct problem p;

    (void)state;
    make(&p, &spec, scale, NET_STANDARD);
    const struct model model = model_of_net(&p.net);
    const double loss = pass(&p, BATCH);
    CHECK_ABORTS((void)!kwng_net_step_model(&p.k, &model, p.net.layers[LAYERS - 1].outputs, BATCH,
                                            loss, 0.1, &p.report));
    p.k = kwng_net_create_model(&p.mem, &spec, &model, scale, 9);
    CHECK_ABORTS((void)!kwng_net_step(&p.k, &p.net, loss, 0.1, &p.report));
    arena_free(&p.mem);
}

static void long_directions_are_clipped(void **state)
{
    struct kwng_net_spec spec = with(M);
    struct problem p, free;

    (void)state;
    spec.clip = 0;
    make(&free, &spec, scale, NET_STANDARD);
    CHECK_STATUS(step(&free, 0), STATUS_OK);
    spec.clip = 0.75 * free.report.length;
    make(&p, &spec, scale, NET_STANDARD);
    CHECK_STATUS(step(&p, 0), STATUS_OK);
    CHECK_RELATIVE(p.report.clipped, 0.75, 1e-12);
    for (size_t i = 0; i < p.net.param_count; i++)
        assert_true(p.k.direction[i] == 0.75f * free.k.direction[i]);
    CHECK_RELATIVE(p.report.estimate.slope, free.report.estimate.slope, 1e-14);
    arena_free(&p.mem);
    arena_free(&free.mem);
}

/* Outputs c times as large: T is 1/c and C C' 1/c^2 of what they were, so G grows with c^2, and
 * v, where the damping follows G, falls with it. */
static void the_metric_is_that_of_the_outputs(void **state)
{
    static const float large[OUT] = {8, 8, 8}, one[OUT] = {1, 1, 1};
    struct kwng_net_spec spec = with(M);
    struct problem p, q;

    (void)state;
    spec.clip = 0;
    spec.eps = 0.1;
    spec.damping = KWNG_DAMPING_NORM_SQUARED;
    make(&p, &spec, one, NET_STANDARD);
    make(&q, &spec, large, NET_STANDARD);
    CHECK_STATUS(step(&p, 0), STATUS_OK);
    CHECK_STATUS(step(&q, 0), STATUS_OK);
    for (size_t i = 0; i < p.net.param_count; i++)
        CHECK_NEAR(64 * (double)q.k.direction[i], (double)p.k.direction[i],
                   1e-4 * p.report.length);
    CHECK_RELATIVE(q.report.s2, 64 * p.report.s2, 1e-12);
    arena_free(&p.mem);
    arena_free(&q.mem);
}

static void momentum_comes_on_top(void **state)
{
    struct kwng_net_spec spec = with(M);
    struct problem p;
    float first[IN];

    (void)state;
    spec.on_top.momentum = 0.5;
    make(&p, &spec, NULL, NET_STANDARD);
    CHECK_STATUS(step(&p, 0.125), STATUS_OK);
    memcpy(first, p.k.direction, sizeof first);
    float old[IN];
    memcpy(old, p.net.params, sizeof old);
    CHECK_STATUS(step(&p, 0.125), STATUS_OK);
    for (size_t i = 0; i < IN; i++)
        assert_true(p.net.params[i] == old[i] - 0.125f * (0.5f * first[i] + p.k.direction[i]));
    arena_free(&p.mem);
}

/* ---- eps ---- */

/* One step with a loss of the test's choice; returns rate <g, v> after clipping. */
static double step_at(struct problem *p, double loss)
{
    pass(p, BATCH);
    CHECK_STATUS(kwng_net_step(&p->k, &p->net, loss, 1e-3, &p->report), STATUS_OK);
    return 1e-3 * p->report.clipped * p->report.estimate.slope;
}

/* Three steps a window; r = 2 (gain in the loss) / (expected), the largest counts. */
static void eps_follows_the_largest_reduction_of_a_window(void **state)
{
    struct kwng_net_spec spec = with(M);
    struct problem p;
    double loss = 1, gain;

    (void)state;
    spec.period = 3;
    spec.factor = 0.5;
    spec.eps = 0.01;
    make(&p, &spec, NULL, NET_STANDARD);
    gain = step_at(&p, loss);                 /* 1: no pair yet */
    assert_true(p.report.eps == 0.01 && p.report.reduction == 0);
    loss -= 0.5 * gain;                       /* r = 1 */
    gain = step_at(&p, loss);
    CHECK_RELATIVE(p.report.reduction, 1, 1e-6);
    loss += 2 * gain;                         /* r = -4: the maximum of the window stays 1 */
    gain = step_at(&p, loss);                 /* 3: above high, eps falls before the step */
    CHECK_RELATIVE(p.report.reduction, -4, 1e-6);
    CHECK_RELATIVE(p.report.eps, 0.005, 1e-15);
    for (int i = 0; i < 3; i++) {             /* 4 to 6: r = 0.2, below low */
        loss -= 0.1 * gain;
        gain = step_at(&p, loss);
        CHECK_RELATIVE(p.report.reduction, 0.2, 1e-6);
        CHECK_RELATIVE(p.report.eps, i < 2 ? 0.005 : 0.01, 1e-15);
    }
    for (int i = 0; i < 3; i++) {             /* 7 to 9: r = 0.5, in between */
        loss -= 0.25 * gain;
        gain = step_at(&p, loss);
        CHECK_RELATIVE(p.report.eps, 0.01, 1e-15);
    }
    arena_free(&p.mem);
}

static void eps_stays_between_its_ends(void **state)
{
    struct kwng_net_spec spec = with(M);
    struct problem p;

    (void)state;
    spec.period = 1;
    spec.factor = 0.1;
    spec.eps_low = 1e-7;
    spec.eps_high = 3e-5;
    spec.eps = 1e-6;
    make(&p, &spec, NULL, NET_STANDARD);
    for (int i = 0; i < 6; i++)
        step_at(&p, 1 + i); /* rises: r = 0 */
    assert_true(p.k.eps == 3e-5);
    for (int i = 0; i < 6; i++)
        step_at(&p, -i);    /* falls far below what was expected; a loss may be negative */
    assert_true(p.k.eps == 1e-7);
    arena_free(&p.mem);
    spec.period = 0;
    make(&p, &spec, NULL, NET_STANDARD);
    for (int i = 0; i < 6; i++)
        step_at(&p, 1 + i);
    assert_true(p.k.eps == 1e-6);
    arena_free(&p.mem);
}

/* ---- hopeless cases ---- */

static void where_there_is_no_direction_the_gradient_is_taken(void **state)
{
    struct kwng_net_spec spec = with(M);
    struct problem p;
    double squared = 0;

    (void)state;
    spec.clip = 0;
    make(&p, &spec, NULL, NET_STANDARD);
    for (size_t i = 0; i < p.net.param_count; i++)
        p.net.params[i] = 0; /* all outputs are equal */
    CHECK_STATUS(step(&p, 0.5), STATUS_OK);
    assert_true(p.report.fallback && p.report.estimate.status == STATUS_NOT_DEFINITE);
    assert_int_equal(p.k.fallbacks, 1);
    for (size_t i = 0; i < p.net.param_count; i++) {
        assert_true(p.k.direction[i] == p.net.grads[i]);
        assert_true(p.net.params[i] == -0.5f * p.net.grads[i]);
        squared += pow((double)p.net.grads[i], 2);
    }
    CHECK_RELATIVE(p.report.estimate.slope, squared, 1e-6);
    arena_free(&p.mem);
}

/* A step of a hopeless problem: along the gradient, which the report says with its reason. */
static void falls_back(struct problem *p, size_t batch, enum status reason)
{
    const double loss = pass(p, batch);

    CHECK_STATUS(kwng_net_step(&p->k, &p->net, loss, 0.5, &p->report), STATUS_OK);
    CHECK_STATUS(p->report.estimate.status, reason);
    assert_true(p->report.fallback);
    for (size_t i = 0; i < p->net.param_count; i++)
        assert_true(p->k.direction[i] == p->net.grads[i] && isfinite(p->net.params[i]));
}

static void one_sample_falls_back(void **state)
{
    struct kwng_net_spec spec = with(M);
    struct problem p;

    (void)state;
    spec.clip = 0;
    make(&p, &spec, scale, NET_STANDARD);
    falls_back(&p, 1, STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("mean squared distance of 1 and 1 points is 0");
    arena_free(&p.mem);
}

/* A scale that is not finite does not show in outputs, loss or gradient of this problem. */
static void a_scale_that_is_not_finite_falls_back(void **state)
{
    static const float broken[OUT] = {1, (float)NAN, 1};
    struct kwng_net_spec spec = with(M);
    struct problem p;

    (void)state;
    spec.clip = 0;
    make(&p, &spec, broken, NET_STANDARD);
    falls_back(&p, BATCH, STATUS_DIVERGED);
    CHECK_MESSAGE("nan");
    arena_free(&p.mem);
}

/* All M basis points are the same sample, others are not: one function, a finite direction that
 * goes down. Its rank is that of rounding, at least 1. */
static void equal_basis_points_have_a_direction(void **state)
{
    struct kwng_net_spec spec = with(M);

    (void)state;
    for (int damping = 0; damping < 3; damping++) {
        struct problem p;
        struct rng points = rng_stream(9, "kwng:points");
        uint32_t row[M];

        spec.damping = (enum kwng_damping)damping;
        make(&p, &spec, scale, NET_STANDARD);
        rng_choose(&points, row, M, BATCH);
        for (size_t m = 1; m < M; m++)
            memcpy(p.x + row[m] * IN, p.x + row[0] * IN, IN * sizeof *p.x);
        CHECK_STATUS(step(&p, 0.1), STATUS_OK);
        for (size_t m = 1; m < M; m++)
            for (size_t j = 0; j < OUT; j++)
                assert_true(p.k.basis.y.a[m * OUT + j] == p.k.basis.y.a[j]);
        CHECK_STATUS(p.report.estimate.status, STATUS_OK);
        assert_true(p.report.estimate.rank >= 1 && p.report.estimate.slope > 0);
        assert_true(isfinite(p.report.length) && p.report.length > 0 && !p.report.fallback);
        arena_free(&p.mem);
    }
}

/* Far fewer basis points than parameters and a damping that vanishes: whatever is left of v, the
 * parameters stay finite, and the step is clipped or said to be along the gradient. */
static void vanishing_damping_never_leaves_the_finite_numbers(void **state)
{
    (void)state;
    for (int exponent = -2; exponent >= -320; exponent -= 6) {
        struct kwng_net_spec spec = with(1);
        struct problem p;

        spec.eps = pow(10, exponent);
        spec.period = 0;
        make(&p, &spec, scale, NET_STANDARD);
        CHECK_STATUS(step(&p, 0.1), STATUS_OK);
        assert_true(p.report.fallback == (p.report.estimate.status != STATUS_OK));
        assert_true(exponent < -38 ? p.report.fallback : !p.report.fallback || exponent < -9);
        assert_true(p.report.length > 0 && isfinite(p.report.length));
        assert_true(p.report.length * p.report.clipped < 1 + 1e-5);
        for (size_t i = 0; i < p.net.param_count; i++)
            assert_true(isfinite(p.net.params[i]));
        arena_free(&p.mem);
    }
}

/* Outputs that shrink to nothing: a natural gradient as long as there are digits for one, then the
 * gradient, and never a number that is not finite. */
static void vanishing_outputs_never_leave_the_finite_numbers(void **state)
{
    int natural = 0, fallback = 0;

    (void)state;
    for (int exponent = 0; exponent >= -44; exponent -= 2) {
        const float u = powf(10, (float)exponent), small[OUT] = {u, u, u};
        struct kwng_net_spec spec = with(M);
        struct problem p;

        make(&p, &spec, small, NET_STANDARD);
        CHECK_STATUS(step(&p, 0.1), STATUS_OK);
        assert_true(p.report.fallback == (p.report.estimate.status != STATUS_OK));
        natural += !p.report.fallback;
        fallback += p.report.fallback;
        for (size_t i = 0; i < p.net.param_count; i++)
            assert_true(isfinite(p.net.params[i]));
        arena_free(&p.mem);
    }
    print_message("outputs of 1 to 1e-44: %d natural, %d fallbacks\n", natural, fallback);
    assert_true(natural >= 8 && fallback >= 1);
}

static void a_zero_gradient_makes_no_step(void **state)
{
    struct problem p;

    (void)state;
    make(&p, &kwng_net_official, NULL, NET_STANDARD);
    const double loss = pass(&p, BATCH);
    memset(p.net.grads, 0, p.net.param_count * sizeof(float));
    const float old = p.net.params[0];
    CHECK_STATUS(kwng_net_step(&p.k, &p.net, loss, 1, &p.report), STATUS_OK);
    assert_true(p.net.params[0] == old && p.report.estimate.status == STATUS_NOTHING);
    assert_true(!p.report.fallback && p.report.length == 0);
    arena_free(&p.mem);
}

static void what_is_not_finite_makes_no_step(void **state)
{
    struct problem p;

    (void)state;
    make(&p, &kwng_net_official, NULL, NET_STANDARD);
    const double loss = pass(&p, BATCH);
    const float old = p.net.params[0];
    CHECK_STATUS(kwng_net_step(&p.k, &p.net, (double)NAN, 1, &p.report), STATUS_DIVERGED);
    CHECK_MESSAGE("loss");
    p.net.grads[3] = (float)INFINITY;
    CHECK_STATUS(kwng_net_step(&p.k, &p.net, loss, 1, &p.report), STATUS_DIVERGED);
    CHECK_MESSAGE("gradient");
    p.net.grads[3] = 0;
    p.net.layers[LAYERS - 1].outputs[2] = (float)NAN;
    CHECK_STATUS(kwng_net_step(&p.k, &p.net, loss, 1, &p.report), STATUS_DIVERGED);
    CHECK_MESSAGE("output");
    assert_true(p.net.params[0] == old && p.k.steps == 0);
    arena_free(&p.mem);
}

static void wrong_options_abort(void **state)
{
    struct kwng_net_spec spec = kwng_net_official;
    struct problem p;

    (void)state;
    spec.basis = 0;
    CHECK_ABORTS(make(&p, &spec, NULL, NET_STANDARD));
    spec = kwng_net_official;
    spec.eps = 0;
    CHECK_ABORTS(make(&p, &spec, NULL, NET_STANDARD));
    spec = kwng_net_official;
    spec.eps_low = 2 * spec.eps;
    CHECK_ABORTS(make(&p, &spec, NULL, NET_STANDARD));
    spec = kwng_net_official;
    spec.factor = 1;
    CHECK_ABORTS(make(&p, &spec, NULL, NET_STANDARD));
    spec = kwng_net_official;
    spec.on_top.kind = OPTIMIZER_ADAM;
    CHECK_ABORTS(make(&p, &spec, NULL, NET_STANDARD));
    spec = kwng_net_official;
    spec.family = KERNEL_RATIONAL_QUADRATIC;
    CHECK_ABORTS(make(&p, &spec, NULL, NET_STANDARD));
}

/* ---- the whole ---- */

/* Outputs of very different scales: at the best of its rates, gradient descent is far behind. */
static double trained(int kwng, double rate)
{
    static const float ill[OUT] = {1e-3f, 0.1f, 10.0f};
    struct kwng_net_spec spec = with(M);
    struct optimizer sgd;
    struct problem p;
    float d[BATCH * OUT], f[BATCH * OUT];
    double loss = 0;

    make(&p, &spec, ill, NET_STANDARD);
    sgd = optimizer_create(&p.mem, &(struct optimizer_spec){0}, p.net.param_count);
    const size_t used = p.mem.used;
    for (int t = 0; t < 200; t++) {
        const float *logits = net_forward(&p.net, p.x, BATCH);

        for (size_t i = 0; i < BATCH * OUT; i++)
            f[i] = logits[i] * ill[i % OUT];
        loss = loss_cross_entropy(f, p.labels, BATCH, OUT, BATCH, d);
        for (size_t i = 0; i < BATCH * OUT; i++)
            d[i] *= ill[i % OUT];
        net_backward(&p.net, d, 0);
        if (kwng)
            CHECK_STATUS(kwng_net_step(&p.k, &p.net, loss, rate, &p.report), STATUS_OK);
        else
            optimizer_step(&sgd, p.net.params, p.net.grads, rate);
    }
    assert_true(p.mem.used == used && p.k.fallbacks == 0);
    arena_free(&p.mem);
    return loss;
}

static void ill_scaled_outputs_are_learned(void **state)
{
    double best[2] = {1e9, 1e9};

    (void)state;
    for (int kwng = 0; kwng < 2; kwng++)
        for (double rate = 1e-3; rate < 20; rate *= 10)
            best[kwng] = fmin(best[kwng], trained(kwng, rate));
    print_message("loss after 200 steps: gradient %.4f, kwng %.4f\n", best[0], best[1]);
    CHECK_TRUE(best[1] < 0.5 * best[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_single_backward_passes),
        cmocka_unit_test(t_is_the_derivative_of_the_mean_slopes),
        cmocka_unit_test(steps_go_along_the_dense_direction),
        cmocka_unit_test(a_model_makes_the_same_steps),
        cmocka_unit_test(a_network_is_not_stepped_as_a_model_nor_a_model_as_one),
        cmocka_unit_test(long_directions_are_clipped),
        cmocka_unit_test(the_metric_is_that_of_the_outputs),
        cmocka_unit_test(momentum_comes_on_top),
        cmocka_unit_test(eps_follows_the_largest_reduction_of_a_window),
        cmocka_unit_test(eps_stays_between_its_ends),
        cmocka_unit_test(where_there_is_no_direction_the_gradient_is_taken),
        cmocka_unit_test(one_sample_falls_back),
        cmocka_unit_test(a_scale_that_is_not_finite_falls_back),
        cmocka_unit_test(equal_basis_points_have_a_direction),
        cmocka_unit_test(vanishing_damping_never_leaves_the_finite_numbers),
        cmocka_unit_test(vanishing_outputs_never_leave_the_finite_numbers),
        cmocka_unit_test(a_zero_gradient_makes_no_step),
        cmocka_unit_test(what_is_not_finite_makes_no_step),
        cmocka_unit_test(wrong_options_abort),
        cmocka_unit_test(ill_scaled_outputs_are_learned),
    };

    return cmocka_run_group_tests_name("kwng_net", tests, NULL, NULL);
}
