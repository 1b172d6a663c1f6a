/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_kfac_conv_step: directions against the dense Kronecker system, limits of the damping, and
 * hostile input. */
#include "geometry/kfac_conv.h"

#include "aborts.h"
#include "kfac_conv_cases.h"
#include "linalg/blas.h"
#include "linalg/lapack.h"
#include "net/loss.h"
#include "test.h"

/* ---- the step ---- */

/* (G + r / pi I) V (A + pi r I) = dW, as one dense system in double, pi by the traces; of a
 * normalization (block + lambda I) v = g. */
static void check_pair(struct problem *p, const struct kfac_conv_layer *l, const float *v)
{
    struct mat a = mat_copy(&p->mem, &l->pair.a), g = mat_copy(&p->mem, &l->pair.g);
    const size_t n = l->in * l->out;
    struct mat system = mat_zero(&p->mem, n, n);
    struct vec x = vec_zero(&p->mem, n);
    const double pi = sqrt(mat_trace(&a) / (double)a.rows / (mat_trace(&g) / (double)g.rows));

    mat_add_diagonal(&a, pi * sqrt(0.01));
    mat_add_diagonal(&g, sqrt(0.01) / pi);
    for (size_t i = 0; i < n * n; i++) {
        const size_t r = i / n, c = i % n;

        system.a[i] = g.a[r / l->in * l->out + c / l->in] * a.a[r % l->in * l->in + c % l->in];
    }
    for (size_t i = 0; i < n; i++)
        x.x[i] = (double)p->m.grads[param_at(l, i / l->in, i % l->in)];
    CHECK_STATUS(lapack_cholesky(&system), STATUS_OK);
    CHECK_STATUS(lapack_cholesky_solve(&system, &x), STATUS_OK);
    for (size_t i = 0; i < n; i++)
        CHECK_NEAR((double)v[param_at(l, i / l->in, i % l->in)], x.x[i], 3e-5 * vec_norm(&x));
}

static void check_norm(const struct problem *p, const struct kfac_conv_layer *l, const float *v)
{
    for (size_t c = 0; c < l->out; c++) {
        const double *b = l->blocks.a + 3 * c;
        const double s = (double)v[l->params_at + c], t = (double)v[l->params_at + l->out + c];
        const double ds = (double)p->m.grads[l->params_at + c];
        const double dt = (double)p->m.grads[l->params_at + l->out + c];
        const double tolerance = 1e-5 * (fabs(ds) + fabs(dt));

        CHECK_NEAR((b[0] + 0.01) * s + b[1] * t, ds, tolerance);
        CHECK_NEAR(b[1] * s + (b[2] + 0.01) * t, dt, tolerance);
    }
}

static void direction_solves_the_damped_systems(void **state)
{
    const struct convnet_spec s[] = {pictures(), normalized()};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct problem p;
        struct kfac_report report;

        make(&p, &s[k], &plain);
        float *before = arena_get(&p.mem, p.m.param_count, sizeof *before);
        const float *f = passes(&p, MOST, MODEL_TRAIN);

        memcpy(before, p.m.params, p.m.param_count * sizeof *before);
        CHECK_STATUS(kfac_conv_step(&p.k, f, MOST, 0.25, &report), STATUS_OK);
        for (size_t i = 0; i < p.k.layer_count; i++)
            if (p.k.layers[i].in > 0)
                check_pair(&p, &p.k.layers[i], p.k.direction);
            else
                check_norm(&p, &p.k.layers[i], p.k.direction);
        for (size_t i = 0; i < p.m.param_count; i++)
            CHECK_NEAR((double)p.m.params[i],
                       (double)before[i] - 0.25 * (double)p.k.direction[i], 1e-6 * report.length);
        CHECK_TRUE(report.slope > 0 && report.clipped >= 1);
        end(&p);
    }
}

/* Far above the factors, the inverses are those of the damping alone: both of the same share. */
static void damping_is_shared_by_the_traces(void **state)
{
    const struct convnet_spec s = pictures();
    struct kfac_spec spec = plain;
    struct problem p;

    (void)state;
    spec.damping = 1e12;
    make(&p, &s, &spec);
    observe(&p, 0, MOST);
    CHECK_STATUS(kfac_conv_invert(&p.k), STATUS_OK);
    for (size_t i = 0; i < p.k.layer_count; i++) {
        const struct kfac_pair *k = &p.k.layers[i].pair;
        const double a = mat_trace(&k->a) / (double)k->a.rows;
        const double g = mat_trace(&k->g) / (double)k->g.rows;

        CHECK_RELATIVE((double)k->a_inverse.a[0] * a, (double)k->g_inverse.a[0] * g, 1e-4);
        CHECK_RELATIVE((double)k->a_inverse.a[0] * (double)k->g_inverse.a[0], 1e-12, 1e-4);
    }
    end(&p);
}

static void strong_damping_gives_the_gradient(void **state)
{
    const struct convnet_spec s = normalized();
    struct kfac_spec spec = plain;
    struct problem p;
    struct kfac_report report;

    (void)state;
    spec.damping = 1e12;
    make(&p, &s, &spec);
    const float *f = passes(&p, MOST, MODEL_TRAIN);

    CHECK_STATUS(kfac_conv_step(&p.k, f, MOST, 0, &report), STATUS_OK);
    for (size_t i = 0; i < p.m.param_count; i++)
        CHECK_NEAR(1e12 * (double)p.k.direction[i], (double)p.m.grads[i],
                   1e-4 * fabs((double)p.m.grads[i]) + 1e-6);
    end(&p);
}

static void inverses_are_made_new_every_period(void **state)
{
    const struct convnet_spec s = normalized();
    struct kfac_spec spec = plain;
    struct problem p;
    struct kfac_report report;
    float first = 0;
    double block = 0;

    (void)state;
    spec.period = 3;
    spec.decay = 0.5;
    make(&p, &s, &spec);
    for (size_t step = 1; step <= 4; step++) {
        const float *f = passes(&p, MOST, MODEL_TRAIN);
        const size_t before = memory_count();

        CHECK_STATUS(kfac_conv_step(&p.k, f, MOST, 0.01, &report), STATUS_OK);
        if (step == 1) {
            first = p.k.layers[0].pair.g_inverse.a[0];
            block = p.k.layers[1].inverses.a[0];
        } else if (step < 4) {
            assert_int_equal(memory_count(), before);
        }
        CHECK_TRUE((p.k.layers[0].pair.g_inverse.a[0] == first) == (step < 4));
        CHECK_TRUE((p.k.layers[1].inverses.a[0] == block) == (step < 4));
    }
    end(&p);
}

/* And the network's passes are the same to the bit before and after. */
static void the_network_is_left_as_it_was(void **state)
{
    const struct convnet_spec s = normalized();
    struct problem p;

    (void)state;
    make(&p, &s, &plain);
    const size_t bytes = p.m.param_count * sizeof(float);
    float *before = arena_get(&p.mem, p.m.param_count, sizeof *before);
    const float *f = passes(&p, MOST, MODEL_TRAIN);

    memcpy(before, p.m.grads, bytes);
    CHECK_STATUS(kfac_conv_observe(&p.k, f, MOST), STATUS_OK);
    assert_memory_equal(before, p.m.grads, bytes);
    passes(&p, MOST, MODEL_TRAIN);
    assert_memory_equal(before, p.m.grads, bytes);
    end(&p);
}

/* ---- hopeless cases ---- */

static void refuse(struct problem *p, const float *f, enum status expected)
{
    struct kfac_report report;
    const size_t bytes = p->m.param_count * sizeof(float);
    float *before = arena_get(&p->mem, p->m.param_count, sizeof *before);

    memcpy(before, p->m.params, bytes);
    CHECK_STATUS(kfac_conv_step(&p->k, f, 2, 1, &report), expected);
    assert_memory_equal(before, p->m.params, bytes);
}

/* Softmax does not see a common shift, so G of the last layer is singular. */
static void without_damping_the_last_factor_is_singular(void **state)
{
    const struct convnet_spec s = pictures();
    struct kfac_spec spec = plain;
    struct problem p;

    (void)state;
    spec.damping = 0;
    make(&p, &s, &spec);
    refuse(&p, passes(&p, 2, MODEL_TRAIN), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("raise the damping");
    end(&p);
}

/* At every step, not only when the next period begins. */
static void a_failed_inversion_is_made_again(void **state)
{
    const struct convnet_spec s = pictures();
    struct kfac_spec spec = plain;
    struct problem p;
    struct kfac_report report;

    (void)state;
    spec.damping = 0;
    spec.period = 20;
    make(&p, &s, &spec);
    const float *f = passes(&p, 2, MODEL_TRAIN);

    for (int step = 0; step < 3; step++)
        refuse(&p, f, STATUS_NOT_DEFINITE);
    CHECK_ABORTS(kfac_conv_direction(&p.k, p.m.grads, p.k.direction));
    p.k.spec.damping = 0.01;
    CHECK_STATUS(kfac_conv_step(&p.k, f, 2, 1, &report), STATUS_OK);
    CHECK_TRUE(report.length > 0);
    p.k.spec.damping = 0;
    CHECK_STATUS(kfac_conv_step(&p.k, f, 2, 1, &report), STATUS_OK); /* not due */
    CHECK_STATUS(kfac_conv_invert(&p.k), STATUS_NOT_DEFINITE);
    refuse(&p, f, STATUS_NOT_DEFINITE);
    end(&p);
}

/* Scale and shift of a channel that no image's loss depends on. */
static void without_damping_a_dead_channel_is_singular(void **state)
{
    const struct convnet_spec s = normalized();
    struct kfac_spec spec = plain;
    struct problem p;

    (void)state;
    spec.damping = 0;
    make(&p, &s, &spec);
    observe(&p, 0, MOST);
    p.k.layers[1].blocks.a[3] = p.k.layers[1].blocks.a[4] = p.k.layers[1].blocks.a[5] = 0;
    for (size_t i = 0; i < p.k.layer_count; i++)
        for (size_t j = 0; j < p.k.layers[i].pair.a.rows; j++)
            p.k.layers[i].pair.a.a[j * (p.k.layers[i].pair.a.rows + 1)] += 1;
    for (size_t i = 0; i < p.k.layer_count; i++)
        for (size_t j = 0; j < p.k.layers[i].pair.g.rows; j++)
            p.k.layers[i].pair.g.a[j * (p.k.layers[i].pair.g.rows + 1)] += 1;
    CHECK_STATUS(kfac_conv_invert(&p.k), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("channel 1 of layer 1");
    p.k.layers[1].blocks.a[3] = (double)NAN;
    CHECK_STATUS(kfac_conv_invert(&p.k), STATUS_DIVERGED);
    end(&p);
}

static void numbers_that_are_not_finite_make_no_step(void **state)
{
    const struct convnet_spec s = normalized();
    struct problem p;
    const float bad[] = {NAN, INFINITY};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        make(&p, &s, &plain);
        p.x[3] = bad[k];
        const float *f = p.m.forward(p.m.self, p.x, 2, MODEL_EVALUATE);

        p.x[3] = 0;
        refuse(&p, f, STATUS_DIVERGED);
        CHECK_MESSAGE("output");
        assert_int_equal(p.k.steps, 0);
        f = passes(&p, 2, MODEL_TRAIN);
        p.m.grads[7] = bad[k];
        refuse(&p, f, STATUS_DIVERGED);
        CHECK_MESSAGE("gradient");
        end(&p);
    }
}

static void plans_and_settings_without_sense_abort(void **state)
{
    struct kfac_spec spec = plain;
    struct problem p;
    struct convnet_spec s = convnet_spec_start(4, 2, 2);

    (void)state;
    convnet_linear(&s, convnet_transposed_conv(&s, 0, 2, 2, 2, 0, 0, 1), OUT);
    CHECK_ABORTS(make(&p, &s, &spec));
    s = pictures();
    spec.period = 0;
    CHECK_ABORTS(make(&p, &s, &spec));
    make(&p, &s, &plain);
    const float *f = forward(&p, 0, 2);

    CHECK_ABORTS((void)!kfac_conv_observe(&p.k, f, MOST + 1));
    end(&p);
}

/* Images of three kinds, told apart by the means of their halves. */
static void a_network_learns(void **state)
{
    const struct kfac_spec spec = {.labels = KFAC_SAMPLED, .decay = 0.9, .damping = 1e-3,
                                   .period = 3, .clip = 1};
    const struct convnet_spec s = normalized();
    const uint8_t label[MOST] = {0, 1, 2, 0, 1};
    struct problem p;
    struct kfac_report report;
    double first = 0, last = 0;

    (void)state;
    make(&p, &s, &spec);
    for (int step = 0; step < 40; step++) {
        const float *f = p.m.forward(p.m.self, p.x, MOST, MODEL_TRAIN);
        float scaled[MOST * OUT], *d = p.m.dlogits(p.m.self);

        for (size_t i = 0; i < MOST * OUT; i++)
            scaled[i] = scale[i % OUT] * f[i];
        last = loss_cross_entropy(scaled, label, MOST, OUT, MOST, d);
        first = step == 0 ? last : first;
        for (size_t i = 0; i < MOST * OUT; i++)
            d[i] *= scale[i % OUT];
        p.m.backward(p.m.self, d, 0);
        CHECK_STATUS(kfac_conv_step(&p.k, f, MOST, 0.1, &report), STATUS_OK);
    }
    if (!(last < 0.2 * first))
        fail_msg("from %g to %g", first, last);
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(direction_solves_the_damped_systems),
        cmocka_unit_test(damping_is_shared_by_the_traces),
        cmocka_unit_test(strong_damping_gives_the_gradient),
        cmocka_unit_test(inverses_are_made_new_every_period),
        cmocka_unit_test(the_network_is_left_as_it_was),
        cmocka_unit_test(without_damping_the_last_factor_is_singular),
        cmocka_unit_test(a_failed_inversion_is_made_again),
        cmocka_unit_test(without_damping_a_dead_channel_is_singular),
        cmocka_unit_test(numbers_that_are_not_finite_make_no_step),
        cmocka_unit_test(plans_and_settings_without_sense_abort),
        cmocka_unit_test(a_network_learns),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("kfac_conv_step", tests, NULL, NULL);
}
