/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/kwng_wide.h"

#include <math.h>

#include "aborts.h"
#include "test.h"

/* Q is more than four blocks of columns, and no multiple of one. */
enum { M = 6, Q = 1100 };

struct problem {
    struct arena mem;
    struct mat gram, t;       /* M x M, M x Q; t holds floats */
    struct vec gradient;      /* Q */
    float *g, *v;             /* Q */
    struct kwng_wide wide;
    struct kwng_report report;
};

static void make(struct problem *p, size_t m, size_t q)
{
    struct rng r = rng_stream(3, "wide");

    *p = (struct problem){0};
    p->wide = kwng_wide_create(&p->mem, M, q);
    const struct mat c = mat_normal(&p->mem, &r, m, 40, 1);
    p->gram = mat_zero(&p->mem, m, m);
    mat_gram(&p->gram, 0.025, &c, MAT_AS_IS, 0);
    p->t = mat_normal(&p->mem, &r, m, q, 1);
    p->gradient = vec_normal(&p->mem, &r, q, 1);
    p->g = arena_get(&p->mem, q, sizeof(float));
    p->v = arena_get(&p->mem, q, sizeof(float));
    for (size_t i = 0; i < m * q; i++) {
        p->t.a[i] = (double)(float)p->t.a[i];
        p->wide.t.a[i] = (float)p->t.a[i];
    }
    for (size_t i = 0; i < q; i++) {
        p->g[i] = (float)p->gradient.x[i];
        p->gradient.x[i] = (double)p->g[i];
    }
}

static enum status solve(struct problem *p, const struct kwng_options *options)
{
    return kwng_wide_direction(&p->wide, &p->gram, options, p->g, p->v, &p->report);
}

/* |v - w| / |w|, w of the dense double form. */
static double off_dense(struct problem *p, const struct kwng_options *options)
{
    struct kwng dense = kwng_create(&p->mem, p->t.rows, p->t.cols);
    struct kwng_report report;
    struct vec w = vec_zero(&p->mem, p->t.cols);
    double squared = 0;

    CHECK_STATUS(kwng_factor(&dense, &p->gram, NULL, &p->t, options), STATUS_OK);
    CHECK_STATUS(kwng_direction(&dense, &p->gradient, &w, &report), STATUS_OK);
    assert_int_equal(p->report.rank, report.rank);
    CHECK_RELATIVE(p->report.largest, report.largest, 1e-14);
    CHECK_RELATIVE(p->report.smallest, report.smallest, 1e-12);
    CHECK_RELATIVE(p->report.slope, report.slope, 1e-6);
    CHECK_RELATIVE(p->report.rcond, report.rcond, 1e-5);
    for (size_t i = 0; i < w.n; i++)
        squared += pow((double)p->v[i] - w.x[i], 2);
    return sqrt(squared) / vec_norm(&w);
}

static void agrees_with_the_dense_form(void **state)
{
    static const size_t shapes[][2] = {{M, Q}, {M, 256}, {M, 255}, {4, 300}, {1, 40}, {M, M + 1}};

    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (int damping = 0; damping < 3; damping++) {
            const struct kwng_options options = {.eps = 0.1, .cut = 1e-12,
                                                 .damping = (enum kwng_damping)damping};
            struct problem p;

            make(&p, shapes[s][0], shapes[s][1]);
            CHECK_STATUS(solve(&p, &options), STATUS_OK);
            CHECK_NEAR(off_dense(&p, &options), 0, 4e-7);
            CHECK_TRUE(p.report.status == STATUS_OK && p.report.slope > 0);
            arena_free(&p.mem);
        }
}

/* Down to the smallest eps of practice: the error is that of rounding Tt and v to float. */
static void small_damping_keeps_the_digits_of_a_float(void **state)
{
    (void)state;
    for (double eps = 1e-10; eps < 1e6; eps *= 1e5) {
        const struct kwng_options options = {.eps = eps, .damping = KWNG_DAMPING_NORM};
        struct problem p;

        make(&p, M, Q);
        CHECK_STATUS(solve(&p, &options), STATUS_OK);
        CHECK_NEAR(off_dense(&p, &options), 0, 4e-7);
        arena_free(&p.mem);
    }
}

/* (Tt' Tt + eps D) v = g, column by column, with what the struct holds afterwards. */
static void direction_solves_with_the_whitened_rows(void **state)
{
    const struct kwng_options options = {.eps = 0.5, .damping = KWNG_DAMPING_NORM_SQUARED};
    struct problem p;

    (void)state;
    make(&p, M, Q);
    CHECK_STATUS(solve(&p, &options), STATUS_OK);
    for (size_t i = 0; i < Q; i++) {
        double squared = 0, left = 0;

        for (size_t r = 0; r < M; r++) {
            const float *row = p.wide.t.a + r * Q;
            double s = 0;

            for (size_t k = 0; k < Q; k++)
                s += (double)row[k] * (double)p.v[k];
            left += s * (double)row[i];
            squared += pow((double)row[i], 2);
        }
        CHECK_RELATIVE((double)p.wide.inverse.x[i] * squared, 1, 1e-6);
        CHECK_NEAR(left + 0.5 * squared * (double)p.v[i], p.gradient.x[i], 2e-5);
    }
    arena_free(&p.mem);
}

static void the_cut_drops_small_eigenvalues(void **state)
{
    struct problem p;

    (void)state;
    for (size_t rank = 1; rank <= M; rank++) {
        make(&p, M, Q);
        for (size_t k = 0; k < M * M; k++)
            p.gram.a[k] = k % (M + 1) == 0 ? 8 * pow(0.1, (double)(k / (M + 1))) : 0;
        const struct kwng_options options = {.eps = 0.5, .cut = 6 * pow(0.1, (double)rank)};
        CHECK_STATUS(solve(&p, &options), STATUS_OK);
        assert_int_equal(p.report.rank, rank);
        CHECK_NEAR(off_dense(&p, &options), 0, 4e-7);
        arena_free(&p.mem);
    }
}

/* A parameter on which nothing depends: no division by 0, and no step where its gradient is 0. */
static void dead_parameters_stay(void **state)
{
    (void)state;
    for (int damping = 0; damping < 3; damping++) {
        struct problem p;

        make(&p, M, Q);
        for (size_t k = 0; k < M; k++)
            p.wide.t.a[k * Q + 7] = 0;
        p.g[7] = 0;
        CHECK_STATUS(solve(&p, &(struct kwng_options){.eps = 1e-10,
                                                      .damping = (enum kwng_damping)damping}),
                     STATUS_OK);
        assert_true(p.v[7] == 0 && p.v[8] != 0);
        arena_free(&p.mem);
    }
}

static void hopeless_cases_have_a_status_and_no_direction(void **state)
{
    const struct kwng_options good = {.eps = 0.1};
    struct problem p;

    (void)state;
    make(&p, M, Q);
    p.v[0] = 1;
    CHECK_STATUS(solve(&p, &(struct kwng_options){.eps = 0}), STATUS_USAGE);
    assert_true(p.v[0] == 0 && p.report.status == STATUS_USAGE);
    CHECK_STATUS(solve(&p, &(struct kwng_options){.eps = (double)NAN}), STATUS_USAGE);
    CHECK_STATUS(solve(&p, &(struct kwng_options){.eps = 1, .cut = 1}), STATUS_USAGE);
    CHECK_MESSAGE("cut");
    p.gram.a[0] = (double)NAN;
    CHECK_STATUS(solve(&p, &good), STATUS_DIVERGED);
    for (size_t k = 0; k < M * M; k++)
        p.gram.a[k] = 0;
    CHECK_STATUS(solve(&p, &good), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("flat");
    for (size_t k = 0; k < M; k++)
        p.gram.a[k * (M + 1)] = 1;
    p.v[0] = 1;
    p.g[Q - 1] = (float)INFINITY;
    CHECK_STATUS(solve(&p, &good), STATUS_DIVERGED);
    CHECK_MESSAGE("gradient");
    assert_true(p.v[0] == 0);
    for (size_t i = 0; i < Q; i++)
        p.g[i] = 1e38f;
    CHECK_STATUS(solve(&p, &(struct kwng_options){.eps = 1e-10}), STATUS_DIVERGED);
    CHECK_MESSAGE("direction");
    assert_true(p.v[0] == 0 && p.report.slope == 0);
    for (size_t i = 0; i < Q; i++)
        p.g[i] = 0;
    CHECK_STATUS(solve(&p, &good), STATUS_NOTHING);
    p.g[0] = 1;
    p.wide.t.a[Q - 1] = (float)NAN;
    CHECK_STATUS(solve(&p, &good), STATUS_DIVERGED);
    for (size_t k = 0; k < M; k++)
        for (size_t i = 0; i < Q; i++)
            p.wide.t.a[k * Q + i] = 1;
    CHECK_STATUS(solve(&p, &(struct kwng_options){.eps = 1e-30}), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("1e-30");
    assert_true(p.v[0] == 0 && p.report.slope == 0);
    CHECK_ABORTS(p.wide = kwng_wide_create(&p.mem, 5, 5));
    CHECK_ABORTS(p.wide = kwng_wide_create(&p.mem, 0, 5));
    p.gram.rows = p.gram.cols = M + 1;
    CHECK_ABORTS(p.report.status = solve(&p, &good));
    arena_free(&p.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_dense_form),
        cmocka_unit_test(small_damping_keeps_the_digits_of_a_float),
        cmocka_unit_test(direction_solves_with_the_whitened_rows),
        cmocka_unit_test(the_cut_drops_small_eigenvalues),
        cmocka_unit_test(dead_parameters_stay),
        cmocka_unit_test(hopeless_cases_have_a_status_and_no_direction),
    };

    return cmocka_run_group_tests_name("kwng_wide", tests, NULL, NULL);
}
