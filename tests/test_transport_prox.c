/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/transport_prox.h"

#include "base/rng.h"
#include "transport/cost.h"
#include "transport/sinkhorn.h"
#include "transport/sliced.h"

#include "test.h"

enum { M = 9, D = 3, POSITIVE = 4, KINDS = 4 };

struct scene {
    struct arena mem;
    struct mat v, w, g, work[4];
    struct transport_prox t[KINDS];
};

static void make(struct scene *s, double move)
{
    struct rng r = rng_stream(2, "scene");
    struct mat step, directions;

    *s = (struct scene){0};
    s->w = mat_normal(&s->mem, &r, M, D, 1);
    step = mat_normal(&s->mem, &r, M, D, move * move);
    s->v = mat_copy(&s->mem, &s->w);
    for (size_t k = 0; k < M * D; k++)
        s->v.a[k] += step.a[k];
    s->g = mat_zero(&s->mem, M, D);
    directions = mat_zero(&s->mem, 12, D);
    transport_prox_directions(&directions, &r, 0);
    for (int k = 0; k < 4; k++)
        s->work[k] = mat_zero(&s->mem, M, D);
    for (int k = 0; k < KINDS; k++)
        s->t[k] = (struct transport_prox){.kind = (enum transport_prox_kind)k, .eps = 0.5,
                                          .positive = POSITIVE, .directions = directions};
}

static double value_of(struct transport_prox *t, const struct mat *v, const struct mat *w)
{
    double value;

    CHECK_STATUS(transport_prox_distance(t, &value, NULL, v, w), STATUS_OK);
    return value;
}

static void gradients_are_central_differences(void **state)
{
    struct scene s;
    const double h = 1e-5;

    (void)state;
    make(&s, 0.3);
    for (int kind = 0; kind < KINDS; kind++) {
        double value;

        CHECK_STATUS(transport_prox_distance(&s.t[kind], &value, &s.g, &s.v, &s.w), STATUS_OK);
        CHECK_NEAR(value, value_of(&s.t[kind], &s.v, &s.w), 0);
        for (size_t k = 0; k < M * D; k++) {
            const double at = s.v.a[k];
            double up, down;

            s.v.a[k] = at + h;
            up = value_of(&s.t[kind], &s.v, &s.w);
            s.v.a[k] = at - h;
            down = value_of(&s.t[kind], &s.v, &s.w);
            s.v.a[k] = at;
            CHECK_NEAR((up - down) / (2 * h), s.g.a[k], 1e-8);
        }
    }
    arena_free(&s.mem);
}

/* The sum over signs, from the library's own functions. */
static void distances_are_those_of_each_sign(void **state)
{
    struct scene s;
    double sliced = 0, entropic = 0;

    (void)state;
    make(&s, 0.3);
    s.t[TRANSPORT_PROX_ENTROPIC].eps = 3;
    for (int sign = 0; sign < 2; sign++) {
        const size_t first = sign == 0 ? 0 : POSITIVE, m = sign == 0 ? POSITIVE : M - POSITIVE;
        const struct mat v = mat_rows(&s.v, first, m), w = mat_rows(&s.w, first, m);
        const struct sinkhorn_options options = {.eps = 3, .tolerance = 1e-12};
        struct vec a = vec_zero(&s.mem, m);
        struct mat xx, xy, yy;
        double value;

        vec_fill(&a, 1 / (double)m);
        CHECK_STATUS(sliced_distance(&value, NULL, &v, &w, &s.t[0].directions), STATUS_OK);
        sliced += (double)m / M * value;
        CHECK_STATUS(cost_squared(&s.mem, &v, &v, &xx), STATUS_OK);
        CHECK_STATUS(cost_squared(&s.mem, &v, &w, &xy), STATUS_OK);
        CHECK_STATUS(cost_squared(&s.mem, &w, &w, &yy), STATUS_OK);
        CHECK_STATUS(sinkhorn_divergence(&value, &xx, &xy, &yy, &a, &a, &options), STATUS_OK);
        entropic += (double)m / M * value;
    }
    CHECK_RELATIVE(value_of(&s.t[TRANSPORT_PROX_SLICED], &s.v, &s.w), sliced, 1e-14);
    CHECK_NEAR(value_of(&s.t[TRANSPORT_PROX_ENTROPIC], &s.v, &s.w), entropic, 1e-9);
    arena_free(&s.mem);
}

/* Rows of one sign exchanged: no distance, but for the plain entropic one. Rows of different signs
 * exchanged: a distance. */
static void only_neurons_of_one_sign_are_exchanged(void **state)
{
    struct scene s;

    (void)state;
    make(&s, 0);
    for (size_t k = 0; k < D; k++) {
        s.v.a[k] = s.w.a[D + k];
        s.v.a[D + k] = s.w.a[k];
    }
    for (int kind = 0; kind < TRANSPORT_PROX_BLURRED; kind++)
        CHECK_NEAR(value_of(&s.t[kind], &s.v, &s.w), 0, 1e-9);
    CHECK_TRUE(value_of(&s.t[TRANSPORT_PROX_BLURRED], &s.v, &s.w) > 1e-3);
    mat_set(&s.v, &s.w);
    for (size_t k = 0; k < D; k++) {
        s.v.a[k] = s.w.a[POSITIVE * D + k];
        s.v.a[POSITIVE * D + k] = s.w.a[k];
    }
    for (int kind = 0; kind < KINDS; kind++)
        CHECK_TRUE(value_of(&s.t[kind], &s.v, &s.w) > 1e-3);
    arena_free(&s.mem);
}

/* F = c/2 |W|^2; the context is c. */
static double bowl(void *context, const struct mat *w, struct mat *gradient)
{
    const double c = *(const double *)context;
    double sum = 0;

    for (size_t k = 0; k < w->rows * w->cols; k++) {
        sum += c * w->a[k] * w->a[k] / 2;
        gradient->a[k] = c * w->a[k];
    }
    return sum;
}

/* V = W / (1 + gamma m c): a small move, the assignment is the identity. With whole frames and an
 * order that a contraction keeps, the sliced one is the same at gamma / d. */
static void proximal_points_of_a_bowl_are_known(void **state)
{
    struct scene s;
    struct rng r = rng_stream(5, "frames");
    struct transport_prox_options options = {.gamma = 0.02, .tolerance = 1e-10,
                                             .max_iterations = 200};
    struct transport_prox_report report;
    double c = 0.5;

    (void)state;
    make(&s, 0);
    transport_prox_directions(&s.t[TRANSPORT_PROX_SLICED].directions, &r, 1);
    for (int kind = TRANSPORT_PROX_EXACT; kind <= TRANSPORT_PROX_SLICED; kind++) {
        options.gamma = kind == TRANSPORT_PROX_EXACT ? 0.02 : 0.02 / D;
        CHECK_STATUS(transport_prox_point(&s.t[kind], &s.v, &s.w, bowl, &c, &options, s.work,
                                          &report), STATUS_OK);
        CHECK_TRUE(report.residual <= 1e-10);
        for (size_t k = 0; k < M * D; k++)
            CHECK_NEAR(s.v.a[k], s.w.a[k] / (1 + 0.02 * M * c), 1e-9);
    }
    arena_free(&s.mem);
}

/* The objective of the answer, recomputed, is the reported one and below that of the start. */
static void the_objective_falls_in_every_distance(void **state)
{
    struct scene s;
    const struct transport_prox_options options = {.gamma = 0.05, .tolerance = 1e-6,
                                                   .max_iterations = 500};
    struct transport_prox_report report;
    double c = 1;

    (void)state;
    make(&s, 0);
    for (int kind = 0; kind < KINDS; kind++) {
        const double before = bowl(&c, &s.w, &s.g) + value_of(&s.t[kind], &s.w, &s.w) / 0.1;

        CHECK_STATUS(transport_prox_point(&s.t[kind], &s.v, &s.w, bowl, &c, &options, s.work,
                                          &report), STATUS_OK);
        CHECK_RELATIVE(bowl(&c, &s.v, &s.g) + value_of(&s.t[kind], &s.v, &s.w) / 0.1,
                       report.objective, 1e-12);
        CHECK_TRUE(report.objective < before - 1e-3);
        CHECK_TRUE(s.t[kind].operations > 0 && s.t[kind].evaluations > 0);
    }
    arena_free(&s.mem);
}

static void an_early_stop_and_an_infinite_start_are_said(void **state)
{
    struct scene s;
    struct transport_prox_options options = {.gamma = 0.05, .tolerance = 1e-12,
                                             .max_iterations = 1};
    struct transport_prox_report report;
    double c = 1;

    (void)state;
    make(&s, 0);
    CHECK_STATUS(transport_prox_point(&s.t[0], &s.v, &s.w, bowl, &c, &options, s.work, &report),
                 STATUS_NO_CONVERGENCE);
    CHECK_MESSAGE("after 1 steps");
    CHECK_TRUE(report.iterations == 1 && report.residual > 1e-12);
    c = (double)INFINITY;
    CHECK_STATUS(transport_prox_point(&s.t[0], &s.v, &s.w, bowl, &c, &options, s.work, &report),
                 STATUS_DIVERGED);
    CHECK_MESSAGE("the objective is inf at the start");
    arena_free(&s.mem);
}

static void frames_are_orthonormal_and_have_no_error(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(1, "frames");
    struct mat th = mat_zero(&mem, 8, 4), x = mat_normal(&mem, &r, 1, 4, 1);
    struct mat y = mat_normal(&mem, &r, 1, 4, 1), product = mat_zero(&mem, 4, 4);
    double value, exact = 0;

    (void)state;
    transport_prox_directions(&th, &r, 1);
    for (size_t frame = 0; frame < 2; frame++) {
        const struct mat rows = mat_rows(&th, 4 * frame, 4);

        mat_gram(&product, 1, &rows, MAT_AS_IS, 0);
        for (size_t i = 0; i < 4; i++)
            for (size_t j = 0; j < 4; j++)
                CHECK_NEAR(product.a[i * 4 + j], i == j, 1e-15);
    }
    for (size_t k = 0; k < 4; k++)
        exact += (x.a[k] - y.a[k]) * (x.a[k] - y.a[k]);
    CHECK_STATUS(sliced_distance(&value, NULL, &x, &y, &th), STATUS_OK);
    CHECK_RELATIVE(4 * value, exact, 1e-14);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_central_differences),
        cmocka_unit_test(distances_are_those_of_each_sign),
        cmocka_unit_test(only_neurons_of_one_sign_are_exchanged),
        cmocka_unit_test(proximal_points_of_a_bowl_are_known),
        cmocka_unit_test(the_objective_falls_in_every_distance),
        cmocka_unit_test(an_early_stop_and_an_infinite_start_are_said),
        cmocka_unit_test(frames_are_orthonormal_and_have_no_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
