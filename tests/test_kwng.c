/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/kwng.h"

#include <math.h>

#include "aborts.h"
#include "linalg/lapack.h"
#include "test.h"

enum { N = 40, D = 3 };

/* Normal samples and a random Jacobian by q parameters. */
struct problem {
    struct arena mem;
    size_t m, q;
    struct mat x, jacobian, c, t, gram, ridge;
    struct vec gradient, v;
    struct kwng_basis basis;
    struct kernel kernel;
};

static void make(struct problem *p, size_t m, size_t q)
{
    struct rng r = rng_stream(7, "samples"), rows = rng_stream(7, "rows"),
               columns = rng_stream(7, "columns");

    *p = (struct problem){.m = m, .q = q};
    p->x = mat_normal(&p->mem, &r, N, D, 1);
    p->jacobian = mat_normal(&p->mem, &r, N * D, q, 1);
    p->gradient = vec_normal(&p->mem, &r, q, 1);
    p->v = vec_zero(&p->mem, q);
    p->basis = kwng_basis_draw(&p->mem, &p->x, m, &rows, &columns);
    p->kernel = (struct kernel){.s2 = kernel_mean_squared_distance(&p->basis.y, &p->x)};
    p->c = mat_zero(&p->mem, m, N * D);
    p->t = mat_zero(&p->mem, m, q);
    p->gram = mat_zero(&p->mem, m, m);
    p->ridge = mat_zero(&p->mem, m, m);
    kwng_system(&p->c, &p->t, &p->kernel, &p->basis, &p->x, &p->jacobian);
    mat_gram(&p->gram, 1, &p->c, MAT_AS_IS, 0);
    kernel_mixed_gram(&p->ridge, &p->kernel, &p->basis.y, p->basis.coordinate);
}

/* T is the derivative of tau = mean slope, for x + h J theta. */
static void t_is_the_derivative_of_the_mean_slopes(void **state)
{
    struct problem p;
    struct vec up, down;
    const double h = 1e-5;

    (void)state;
    make(&p, 5, 4);
    up = vec_zero(&p.mem, 5);
    down = vec_zero(&p.mem, 5);
    for (size_t i = 0; i < 4; i++) {
        struct mat x = mat_copy(&p.mem, &p.x);

        for (size_t k = 0; k < N * D; k++)
            x.a[k] = p.x.a[k] + h * p.jacobian.a[k * 4 + i];
        kernel_mean_slope(&up, &p.kernel, &p.basis.y, p.basis.coordinate, &x);
        for (size_t k = 0; k < N * D; k++)
            x.a[k] = p.x.a[k] - h * p.jacobian.a[k * 4 + i];
        kernel_mean_slope(&down, &p.kernel, &p.basis.y, p.basis.coordinate, &x);
        for (size_t k = 0; k < 5; k++)
            CHECK_NEAR(p.t.a[k * 4 + i], (up.x[k] - down.x[k]) / (2 * h), 1e-8);
    }
    arena_free(&p.mem);
}

/* (T' (C C' + lambda K)^-1 T + eps D) v by least squares, nothing factored. */
static void expect_residual(struct problem *p, const struct vec *d, double lambda, double eps)
{
    struct mat b = mat_copy(&p->mem, &p->gram), s = mat_zero(&p->mem, p->m, p->q);
    struct mat g = mat_zero(&p->mem, p->q, p->q);
    struct vec left = vec_zero(&p->mem, p->q);

    for (size_t k = 0; k < p->m * p->m; k++)
        b.a[k] += lambda * p->ridge.a[k];
    CHECK_STATUS(lapack_least_squares_matrix(&s, &b, &p->t), STATUS_OK);
    mat_multiply(&g, 1, &p->t, MAT_TRANSPOSED, &s, MAT_AS_IS, 0);
    for (size_t i = 0; i < p->q; i++)
        g.a[i * p->q + i] += eps * d->x[i];
    mat_vec(&left, 1, &g, &p->v);
    for (size_t i = 0; i < p->q; i++)
        CHECK_NEAR(left.x[i], p->gradient.x[i], 1e-11 * (1 + mat_norm(&g) * vec_norm(&p->v)));
}

/* D from its definition: norms of the columns of (C C' + lambda K)^-1/2 T. */
static struct vec damping_of(struct problem *p, enum kwng_damping kind, double lambda)
{
    struct mat b = mat_copy(&p->mem, &p->gram), s = mat_zero(&p->mem, p->m, p->q);
    struct vec d = vec_zero(&p->mem, p->q);

    for (size_t k = 0; k < p->m * p->m; k++)
        b.a[k] += lambda * p->ridge.a[k];
    CHECK_STATUS(lapack_least_squares_matrix(&s, &b, &p->t), STATUS_OK);
    for (size_t i = 0; i < p->q; i++) {
        for (size_t k = 0; k < p->m; k++)
            d.x[i] += s.a[k * p->q + i] * p->t.a[k * p->q + i];
        if (kind == KWNG_DAMPING_IDENTITY)
            d.x[i] = 1;
        if (kind == KWNG_DAMPING_NORM)
            d.x[i] = sqrt(d.x[i]) + 1e-8;
    }
    return d;
}

static void direction_solves_the_damped_metric(void **state)
{
    static const size_t shapes[][2] = {{8, 4}, {8, 8}, {4, 9}, {1, 1}, {1, 5}};

    (void)state;
    for (size_t s = 0; s < 5; s++)
        for (int damping = 0; damping < 3; damping++)
            for (int ridge = 0; ridge < 2; ridge++) {
                const double lambda = ridge ? 0.05 : 0, eps = 0.3;
                struct problem p;
                struct kwng_report report;
                struct vec d;

                make(&p, shapes[s][0], shapes[s][1]);
                struct kwng g = kwng_create(&p.mem, p.m, p.q);
                CHECK_STATUS(kwng_factor(&g, &p.gram, ridge ? &p.ridge : NULL, &p.t,
                                         &(struct kwng_options){.eps = eps, .lambda = lambda,
                                             .damping = (enum kwng_damping)damping}), STATUS_OK);
                CHECK_STATUS(kwng_direction(&g, &p.gradient, &p.v, &report), STATUS_OK);
                d = damping_of(&p, (enum kwng_damping)damping, lambda);
                for (size_t i = 0; i < p.q; i++)
                    CHECK_NEAR(g.damping.x[i], d.x[i], 1e-9 * d.x[i]);
                expect_residual(&p, &d, lambda, eps);
                CHECK_TRUE(report.rank == p.m && report.rcond > 1e-14 && report.rcond <= 1 + 1e-12);
                CHECK_RELATIVE(report.slope, vec_dot(&p.gradient, &p.v), 1e-14);
                CHECK_TRUE(report.slope > 0 && report.largest >= report.smallest);
                CHECK_TRUE(report.smallest > 0 && report.status == STATUS_OK);
                arena_free(&p.mem);
            }
}

/* Only the squared norm makes v follow psi = S theta. */
static double rescaling_error(enum kwng_damping damping)
{
    struct problem p;
    struct kwng_report report;
    struct vec v;
    double error = 0, length;
    struct rng r = rng_stream(8, "scales");

    make(&p, 10, 4);
    v = vec_zero(&p.mem, 4);
    struct kwng g = kwng_create(&p.mem, 10, 4);
    const struct kwng_options options = {.eps = 0.1, .damping = damping};
    CHECK_STATUS(kwng_factor(&g, &p.gram, NULL, &p.t, &options), STATUS_OK);
    CHECK_STATUS(kwng_direction(&g, &p.gradient, &v, &report), STATUS_OK);
    length = vec_norm(&v);
    for (size_t i = 0; i < 4; i++) {
        const double s = exp(rng_normal(&r));

        for (size_t k = 0; k < 10; k++)
            p.t.a[k * 4 + i] /= s;
        p.gradient.x[i] /= s;
        v.x[i] *= s;
    }
    CHECK_STATUS(kwng_factor(&g, &p.gram, NULL, &p.t, &options), STATUS_OK);
    CHECK_STATUS(kwng_direction(&g, &p.gradient, &p.v, &report), STATUS_OK);
    for (size_t i = 0; i < 4; i++)
        error += fabs(p.v.x[i] - v.x[i]) / length;
    arena_free(&p.mem);
    return error;
}

static void only_squared_norms_follow_a_rescaling(void **state)
{
    (void)state;
    CHECK_NEAR(rescaling_error(KWNG_DAMPING_NORM_SQUARED), 0, 1e-12);
    CHECK_TRUE(rescaling_error(KWNG_DAMPING_NORM) > 1e-3);
    CHECK_TRUE(rescaling_error(KWNG_DAMPING_IDENTITY) > 1e-3);
}

/* For X = mu + z, W2 has the metric I: with many samples and a wide kernel G is near I, and at
 * eps = 1e-12, where the printed formula has lost all digits, still is. */
static void translations_have_the_identity_as_metric(void **state)
{
    struct problem p;
    struct kwng_report report;

    (void)state;
    make(&p, 30, D);
    for (size_t n = 0; n < N; n++)
        for (size_t j = 0; j < D; j++)
            for (size_t i = 0; i < D; i++)
                p.jacobian.a[(n * D + j) * D + i] = i == j;
    p.kernel.s2 *= 100;
    kwng_system(&p.c, &p.t, &p.kernel, &p.basis, &p.x, &p.jacobian);
    mat_gram(&p.gram, 1, &p.c, MAT_AS_IS, 0);
    struct kwng g = kwng_create(&p.mem, 30, D);
    CHECK_STATUS(kwng_factor(&g, &p.gram, NULL, &p.t,
                             &(struct kwng_options){.eps = 1e-12, .cut = 1e-12}), STATUS_OK);
    CHECK_STATUS(kwng_direction(&g, &p.gradient, &p.v, &report), STATUS_OK);
    for (size_t i = 0; i < D; i++)
        CHECK_NEAR(p.v.x[i], p.gradient.x[i], 1e-6);
    arena_free(&p.mem);
}

/* Equal basis points have one function: the rank says so, and the direction is that of one. */
static void equal_basis_points_count_once(void **state)
{
    struct problem p;
    struct kwng_report one, many;
    struct vec v;

    (void)state;
    make(&p, 4, 2);
    v = vec_zero(&p.mem, 2);
    for (size_t k = 1; k < 4; k++) {
        struct vec to = mat_row(&p.basis.y, k), from = mat_row(&p.basis.y, 0);

        vec_set(&to, &from);
        p.basis.coordinate[k] = p.basis.coordinate[0];
    }
    kwng_system(&p.c, &p.t, &p.kernel, &p.basis, &p.x, &p.jacobian);
    mat_gram(&p.gram, 1, &p.c, MAT_AS_IS, 0);
    struct kwng g = kwng_create(&p.mem, 4, 2), single = kwng_create(&p.mem, 1, 2);
    const struct kwng_options options = {.eps = 1e-3, .cut = 1e-10};
    const struct mat gram = mat_over(p.gram.a, 1, 1), t = mat_rows(&p.t, 0, 1);
    CHECK_STATUS(kwng_factor(&g, &p.gram, NULL, &p.t, &options), STATUS_OK);
    CHECK_STATUS(kwng_direction(&g, &p.gradient, &p.v, &many), STATUS_OK);
    CHECK_STATUS(kwng_factor(&single, &gram, NULL, &t, &options), STATUS_OK);
    CHECK_STATUS(kwng_direction(&single, &p.gradient, &v, &one), STATUS_OK);
    assert_int_equal(many.rank, 1);
    for (size_t i = 0; i < 2; i++)
        CHECK_RELATIVE(p.v.x[i], v.x[i], 1e-9);
    arena_free(&p.mem);
}

static void the_cut_drops_small_eigenvalues(void **state)
{
    struct arena mem = {0};
    struct mat gram = mat_zero(&mem, 3, 3), t = mat_identity(&mem, 3);
    struct vec gradient = vec_zero(&mem, 3), v = vec_zero(&mem, 3);
    struct kwng g = kwng_create(&mem, 3, 3);
    struct kwng_report report;

    (void)state;
    gram.a[0] = 4;
    gram.a[4] = 1;
    gram.a[8] = 0.25;
    vec_fill(&gradient, 1);
    CHECK_STATUS(kwng_factor(&g, &gram, NULL, &t, &(struct kwng_options){.eps = 0.5, .cut = 0.25}),
                 STATUS_OK);
    CHECK_STATUS(kwng_direction(&g, &gradient, &v, &report), STATUS_OK);
    assert_int_equal(report.rank, 1); /* 1 is not above 0.25 * 4 */
    CHECK_NEAR(report.largest, 4, 1e-15);
    CHECK_NEAR(report.smallest, 4, 1e-15);
    CHECK_RELATIVE(v.x[0], 1 / (0.25 + 0.5), 1e-14);
    CHECK_RELATIVE(v.x[1], 1 / 0.5, 1e-14);
    CHECK_STATUS(kwng_factor(&g, &gram, NULL, &t, &(struct kwng_options){.eps = 0.5, .cut = 0.24}),
                 STATUS_OK);
    CHECK_STATUS(kwng_direction(&g, &gradient, &v, &report), STATUS_OK);
    assert_int_equal(report.rank, 2);
    CHECK_NEAR(report.smallest, 1, 1e-15);
    CHECK_STATUS(kwng_factor(&g, &gram, NULL, &t, &(struct kwng_options){.eps = 0.5}), STATUS_OK);
    CHECK_STATUS(kwng_direction(&g, &gradient, &v, &report), STATUS_OK);
    assert_int_equal(report.rank, 3);
    CHECK_RELATIVE(v.x[2], 1 / (4 + 0.5), 1e-14);
    arena_free(&mem);
}

static void hopeless_cases_have_a_status_and_no_direction(void **state)
{
    const struct kwng_options good = {.eps = 0.1};
    struct problem p;
    struct kwng_report report;

    (void)state;
    make(&p, 4, 3);
    struct kwng g = kwng_create(&p.mem, 4, 3);
    struct mat zero = mat_zero(&p.mem, 4, 4);
    struct vec none = vec_zero(&p.mem, 3);

    CHECK_STATUS(kwng_factor(&g, &p.gram, NULL, &p.t, &(struct kwng_options){.eps = 0}),
                 STATUS_USAGE);
    CHECK_MESSAGE("eps");
    CHECK_STATUS(kwng_factor(&g, &p.gram, NULL, &p.t, &(struct kwng_options){.eps = (double)NAN}),
                 STATUS_USAGE);
    CHECK_STATUS(kwng_factor(&g, &p.gram, NULL, &p.t,
                             &(struct kwng_options){.eps = 1, .lambda = 1}), STATUS_USAGE);
    CHECK_STATUS(kwng_factor(&g, &p.gram, &p.ridge, &p.t,
                             &(struct kwng_options){.eps = 1, .lambda = -1}), STATUS_USAGE);
    CHECK_MESSAGE("lambda");
    CHECK_STATUS(kwng_factor(&g, &p.gram, NULL, &p.t, &(struct kwng_options){.eps = 1, .cut = 1}),
                 STATUS_USAGE);
    CHECK_MESSAGE("cut");
    CHECK_STATUS(kwng_factor(&g, &zero, NULL, &p.t, &good), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("flat");
    p.t.a[11] = (double)INFINITY;
    CHECK_STATUS(kwng_factor(&g, &p.gram, NULL, &p.t, &good), STATUS_DIVERGED);
    CHECK_ABORTS(report.status = kwng_direction(&g, &p.gradient, &p.v, &report));
    p.t.a[11] = 1;
    p.gram.a[5] = (double)NAN;
    CHECK_STATUS(kwng_factor(&g, &p.gram, NULL, &p.t, &good), STATUS_DIVERGED);
    p.gram.a[5] = 1;
    CHECK_STATUS(kwng_factor(&g, &p.gram, NULL, &p.t, &good), STATUS_OK);
    p.v.x[0] = 1;
    CHECK_STATUS(kwng_direction(&g, &none, &p.v, &report), STATUS_NOTHING);
    assert_true(p.v.x[0] == 0 && report.status == STATUS_NOTHING && report.rank > 0);
    none.x[2] = (double)NAN;
    p.v.x[0] = 1;
    CHECK_STATUS(kwng_direction(&g, &none, &p.v, &report), STATUS_DIVERGED);
    assert_true(p.v.x[0] == 0);
    arena_free(&p.mem);
}

/* Fewer basis functions than parameters and hardly any damping: no digits are left, and it is
 * said. */
static void too_little_damping_is_not_definite(void **state)
{
    struct arena mem = {0};
    struct mat gram = mat_identity(&mem, 3), t = mat_zero(&mem, 3, 3);
    struct vec gradient = vec_zero(&mem, 3), v = vec_zero(&mem, 3);
    struct kwng g = kwng_create(&mem, 3, 3);
    struct kwng_report report;

    (void)state;
    vec_fill(&gradient, 1);
    for (size_t k = 0; k < 9; k++)
        t.a[k] = 1; /* rank 1 of 3 parameters */
    CHECK_STATUS(kwng_factor(&g, &gram, NULL, &t, &(struct kwng_options){.eps = 1e-30}), STATUS_OK);
    v.x[0] = 1;
    CHECK_STATUS(kwng_direction(&g, &gradient, &v, &report), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("1e-30");
    assert_true(v.x[0] == 0 && report.rcond == 0);
    CHECK_STATUS(kwng_factor(&g, &gram, NULL, &t, &(struct kwng_options){.eps = 1e-3}), STATUS_OK);
    CHECK_STATUS(kwng_direction(&g, &gradient, &v, &report), STATUS_OK);
    CHECK_RELATIVE(v.x[1], 1 / (9 + 1e-3), 1e-10);
    CHECK_TRUE(report.rcond < 1e-3);
    arena_free(&mem);
}

static void basis_is_a_sample_without_repeats(void **state)
{
    struct problem p;
    size_t seen[D] = {0};

    (void)state;
    make(&p, N, 2);
    for (size_t i = 0; i < N; i++) {
        size_t found = 0;

        for (size_t n = 0; n < N; n++)
            found += p.basis.y.a[i * D] == p.x.a[n * D] &&
                     p.basis.y.a[i * D + D - 1] == p.x.a[n * D + D - 1];
        assert_int_equal(found, 1);
        for (size_t k = 0; k < i; k++)
            assert_true(p.basis.y.a[i * D] != p.basis.y.a[k * D]);
        seen[p.basis.coordinate[i]]++;
    }
    for (size_t j = 0; j < D; j++)
        assert_true(seen[j] > N / (3 * D));
    arena_free(&p.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_is_the_derivative_of_the_mean_slopes),
        cmocka_unit_test(direction_solves_the_damped_metric),
        cmocka_unit_test(only_squared_norms_follow_a_rescaling),
        cmocka_unit_test(translations_have_the_identity_as_metric),
        cmocka_unit_test(equal_basis_points_count_once),
        cmocka_unit_test(the_cut_drops_small_eigenvalues),
        cmocka_unit_test(hopeless_cases_have_a_status_and_no_direction),
        cmocka_unit_test(too_little_damping_is_not_definite),
        cmocka_unit_test(basis_is_a_sample_without_repeats),
    };

    return cmocka_run_group_tests_name("kwng", tests, NULL, NULL);
}
