/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gaussian transport against closed forms, metric axioms and the equation of the optimal map; the
 * barycentric projection. */
#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "base/rng.h"
#include "linalg/mat.h"
#include "transport/bures.h"

#define STATUS_ABORTS(call) CHECK_ABORTS(const enum status unused = (call); (void)unused)

static struct arena mem;

static int release(void **state)
{
    (void)state;
    memory_fail_at(0);
    arena_free(&mem);
    return 0;
}

/* G G^T / cols: definite for cols > d. */
static struct mat covariance(struct rng *r, size_t d, size_t cols)
{
    const struct mat g = mat_normal(&mem, r, d, cols, 1);
    struct mat s = mat_zero(&mem, d, d);

    mat_gram(&s, 1 / (double)cols, &g, MAT_AS_IS, 0);
    return s;
}

static double distance(const struct mat *a, const struct mat *b)
{
    double squared = (double)NAN;

    CHECK_STATUS(bures_distance(&squared, a, b), STATUS_OK);
    return squared;
}

/* ---- Bures ---- */

static void one_dimension_is_the_difference_of_deviations(void **state)
{
    double a = 4, b = 9, m = 1, k = -2, squared;
    const struct mat am = mat_over(&a, 1, 1), bm = mat_over(&b, 1, 1);
    const struct vec mv = vec_over(&m, 1), kv = vec_over(&k, 1);

    (void)state;
    CHECK_NEAR(distance(&am, &bm), 1, 1e-14);
    CHECK_STATUS(bures_gaussian(&squared, &mv, &am, &kv, &bm), STATUS_OK);
    CHECK_NEAR(squared, 10, 1e-14);
}

static void commuting_matrices_differ_by_their_roots(void **state)
{
    const double x[3] = {4, 1, 0}, y[3] = {1, 9, 0.25};
    struct rng r = rng_stream(1, "commuting");
    const struct mat th = mat_normal(&mem, &r, 1, 3, 1);
    struct mat a = mat_zero(&mem, 3, 3), b = mat_zero(&mem, 3, 3);
    struct mat turn = mat_identity(&mem, 3);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        a.a[4 * i] = x[i];
        b.a[4 * i] = y[i];
    }
    CHECK_RELATIVE(distance(&a, &b), 1 + 4 + 0.25, 1e-14); /* diagonal, one of them singular */
    const struct vec v = mat_row(&th, 0);

    mat_gram(&turn, -2 / vec_dot(&v, &v), &th, MAT_TRANSPOSED, 1); /* a reflection */
    struct mat half = mat_zero(&mem, 3, 3), ta = mat_zero(&mem, 3, 3), tb = mat_zero(&mem, 3, 3);

    mat_multiply(&half, 1, &turn, MAT_AS_IS, &a, MAT_AS_IS, 0);
    mat_multiply(&ta, 1, &half, MAT_AS_IS, &turn, MAT_TRANSPOSED, 0);
    mat_multiply(&half, 1, &turn, MAT_AS_IS, &b, MAT_AS_IS, 0);
    mat_multiply(&tb, 1, &half, MAT_AS_IS, &turn, MAT_TRANSPOSED, 0);
    CHECK_RELATIVE(distance(&ta, &tb), 5.25, 1e-7); /* a root of 0 + rounding is 1e-8 */
}

/* tr A + tr B - 2 tr (A B)^1/2, in two dimensions tr (A B)^1/2 = sqrt(tr AB + 2 sqrt det AB). */
static void two_dimensions_match_the_trace_formula(void **state)
{
    double a[] = {2, 0.5, 0.5, 1}, b[] = {1, -0.3, -0.3, 3};
    const double trace = 2 * 1 + 2 * 0.5 * -0.3 + 1 * 3, det = (2 - 0.25) * (3 - 0.09);
    const struct mat am = mat_over(a, 2, 2), bm = mat_over(b, 2, 2);

    (void)state;
    CHECK_RELATIVE(distance(&am, &bm), 3 + 4 - 2 * sqrt(trace + 2 * sqrt(det)), 1e-14);
}

static void bures_is_a_metric(void **state)
{
    struct rng r = rng_stream(2, "metric");

    (void)state;
    for (int trial = 0; trial < 20; trial++) {
        const size_t d = 1 + (size_t)trial % 7;
        const struct mat a = covariance(&r, d, 2 * d), b = covariance(&r, d, d);
        const struct mat c = covariance(&r, d, d + 1);
        const double ab = distance(&a, &b), bc = distance(&b, &c), ac = distance(&a, &c);

        CHECK_NEAR(distance(&a, &a), 0, 1e-28);
        CHECK_TRUE(ab > 1e-6);
        CHECK_RELATIVE(distance(&b, &a), ab, 1e-12);
        CHECK_TRUE(sqrt(ac) <= sqrt(ab) + sqrt(bc) + 1e-14);
    }
}

/* (1 + h)^2 S is |h|^2 tr S away: traces alone would leave noise of 1e-16. */
static void near_matrices_keep_their_digits(void **state)
{
    struct rng r = rng_stream(3, "near");
    const struct mat a = covariance(&r, 5, 12);
    struct mat b = mat_copy(&mem, &a);
    struct vec flat = mat_flat(&b);

    (void)state;
    vec_scale(&flat, (1 + 1e-9) * (1 + 1e-9));
    CHECK_RELATIVE(distance(&a, &b), 1e-18 * mat_trace(&a), 1e-5);
}

static void map_pushes_covariance_forward_at_the_cost_of_the_distance(void **state)
{
    struct rng r = rng_stream(4, "map");
    const size_t d = 6;
    const struct mat a = covariance(&r, d, 20), b = covariance(&r, d, 8);
    struct mat t = mat_zero(&mem, d, d), half = mat_zero(&mem, d, d), pushed = mat_zero(&mem, d, d);

    (void)state;
    CHECK_STATUS(bures_map(&t, &a, &b), STATUS_OK);
    mat_multiply(&half, 1, &t, MAT_AS_IS, &a, MAT_AS_IS, 0);
    mat_multiply(&pushed, 1, &half, MAT_AS_IS, &t, MAT_TRANSPOSED, 0);
    for (size_t i = 0; i < d * d; i++)
        CHECK_NEAR(pushed.a[i], b.a[i], 1e-12);
    /* E|x - T x|^2 = tr A + tr B - 2 tr T A */
    CHECK_RELATIVE(mat_trace(&a) + mat_trace(&b) - 2 * mat_trace(&half), distance(&a, &b), 1e-11);
    CHECK_STATUS(bures_map(&t, &a, &a), STATUS_OK);
    mat_add_diagonal(&t, -1);
    CHECK_NEAR(mat_norm(&t), 0, 1e-12);
}

static void bad_covariances_are_refused_with_words(void **state)
{
    double good[] = {1, 0, 0, 1}, bad[] = {1, 0.5, 0.4, 1}, negative[] = {1, 2, 2, 1}, out;
    double flat[] = {1, 1, 1, 1}, t[4];
    const struct mat g = mat_over(good, 2, 2), b = mat_over(bad, 2, 2);
    const struct mat n = mat_over(negative, 2, 2), f = mat_over(flat, 2, 2);
    struct mat map = mat_over(t, 2, 2);

    (void)state;
    CHECK_STATUS(bures_distance(&out, &g, &b), STATUS_USAGE);
    CHECK_MESSAGE("not symmetric");
    CHECK_STATUS(bures_distance(&out, &n, &g), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("eigenvalue -1 beside 3");
    CHECK_STATUS(bures_map(&map, &g, &f), STATUS_OK);
    CHECK_STATUS(bures_map(&map, &f, &g), STATUS_NOT_DEFINITE);
    bad[1] = (double)NAN;
    CHECK_STATUS(bures_distance(&out, &b, &g), STATUS_DIVERGED);
    for (size_t k = 1; k <= 3; k++) {
        memory_fail_at(k);
        CHECK_STATUS(bures_map(&map, &g, &g), STATUS_MEMORY);
        memory_fail_at(0);
    }
}

/* A point at m against a Gaussian: the trace, and the squared distance of the means. */
static void covariance_of_zero_is_a_point(void **state)
{
    double zero[] = {0, 0, 0, 0}, s[] = {2, 1, 1, 3}, m[] = {1, 2}, k[] = {4, -2}, squared;
    const struct mat zm = mat_over(zero, 2, 2), sm = mat_over(s, 2, 2);
    const struct vec mv = vec_over(m, 2), kv = vec_over(k, 2);

    (void)state;
    CHECK_NEAR(distance(&zm, &zm), 0, 0);
    CHECK_RELATIVE(distance(&zm, &sm), 5, 1e-15);
    CHECK_STATUS(bures_gaussian(&squared, &mv, &sm, &kv, &zm), STATUS_OK);
    CHECK_RELATIVE(squared, 5 + 9 + 16, 1e-15);
    CHECK_STATUS(bures_gaussian(&squared, &mv, &sm, &kv, &sm), STATUS_OK);
    CHECK_RELATIVE(squared, 25, 1e-14);
    for (int t = 0; t < 4; t++) {
        double bad[] = {t % 2 ? 1 : (double)NAN, t % 2 ? (double)INFINITY : 2};
        const struct vec b = vec_over(bad, 2);

        CHECK_STATUS(bures_gaussian(&squared, t < 2 ? &b : &mv, &sm, t < 2 ? &mv : &b, &sm),
                     STATUS_DIVERGED);
        CHECK_MESSAGE(t % 2 ? "mean: entry 1" : "mean: entry 0");
    }
}

/* Rounding of 1e-12 of the largest entry is averaged away; an eigenvalue that is negative by
 * rounding is 0. */
static void rounding_of_covariances_is_forgiven(void **state)
{
    const double off = 0x1p-41; /* 4.5e-13 */
    double a[] = {1, 0.5 - off, 0.5 + off, 1}, b[] = {1, 0.5, 0.5, 1}, t[4], squared;
    double low[] = {1, 0, 0, -0x1p-49}, flat[] = {1, 0, 0, 0};
    struct mat am = mat_over(a, 2, 2);
    const struct mat bm = mat_over(b, 2, 2), lm = mat_over(low, 2, 2), fm = mat_over(flat, 2, 2);
    struct mat tm = mat_over(t, 2, 2);

    (void)state;
    CHECK_NEAR(distance(&am, &bm), 0, 1e-28);
    a[1] -= 2 * off;
    CHECK_STATUS(bures_distance(&squared, &am, &bm), STATUS_USAGE);
    CHECK_MESSAGE("(1, 0): 0.5 and 0.5");
    CHECK_NEAR(distance(&lm, &fm), 0, 1e-28); /* -d 2^-50 is the limit for d = 2 */
    low[3] *= 1.01;
    CHECK_STATUS(bures_distance(&squared, &lm, &fm), STATUS_NOT_DEFINITE);
    low[3] = 0x1p-50;
    CHECK_STATUS(bures_map(&tm, &lm, &fm), STATUS_NOT_DEFINITE);
    low[3] = 0x1.02p-50;
    CHECK_STATUS(bures_map(&tm, &lm, &fm), STATUS_OK);
    CHECK_RELATIVE(t[0], 1, 1e-12);
    CHECK_NEAR(t[3], 0, 1e-6);
}

static void projection_is_the_mean_of_where_mass_goes(void **state)
{
    double plan[] = {0.1, 0.3, 0, 0, 0, 0.6}, points[] = {0, 4, 8, 0, 1, 2}, out[4];
    const struct mat p = mat_over(plan, 2, 3), y = mat_over(points, 3, 2);
    struct mat o = mat_over(out, 2, 2);

    (void)state;
    CHECK_STATUS(bures_project(&o, &p, &y), STATUS_OK);
    CHECK_NEAR(out[0], 6, 1e-14);
    CHECK_NEAR(out[1], 1, 1e-14);
    CHECK_NEAR(out[2], 1, 1e-14);
    CHECK_NEAR(out[3], 2, 1e-14);
    plan[5] = 0;
    CHECK_STATUS(bures_project(&o, &p, &y), STATUS_USAGE);
    CHECK_MESSAGE("row 1 has no mass");
    plan[5] = -1;
    CHECK_STATUS(bures_project(&o, &p, &y), STATUS_USAGE);
    CHECK_MESSAGE("entry (1, 2) is -1");
    plan[5] = (double)INFINITY;
    CHECK_STATUS(bures_project(&o, &p, &y), STATUS_DIVERGED);
    CHECK_MESSAGE("plan: entry (1, 2)");
    plan[5] = 1;
    points[3] = (double)NAN;
    CHECK_STATUS(bures_project(&o, &p, &y), STATUS_DIVERGED);
    CHECK_MESSAGE("points: entry (1, 1)");
    points[3] = 0;
    plan[0] = -0.5;
    CHECK_STATUS(bures_project(&o, &p, &y), STATUS_USAGE);
    CHECK_MESSAGE("entry (0, 0) is -0.5");
    plan[0] = plan[1] = 0;
    CHECK_STATUS(bures_project(&o, &p, &y), STATUS_USAGE);
    CHECK_MESSAGE("row 0 has no mass");
}

static void shapes_that_disagree_abort(void **state)
{
    const struct mat two = mat_identity(&mem, 2), three = mat_identity(&mem, 3);
    const struct mat flat = mat_zero(&mem, 2, 3), tall = mat_zero(&mem, 3, 2);
    const struct vec pair = vec_zero(&mem, 2), triple = vec_zero(&mem, 3);
    struct mat out = mat_zero(&mem, 2, 2), wide = mat_zero(&mem, 2, 3), high = mat_zero(&mem, 3, 2);
    double squared;

    (void)state;
    STATUS_ABORTS(bures_distance(&squared, &two, &three));
    STATUS_ABORTS(bures_distance(&squared, &flat, &two));
    STATUS_ABORTS(bures_distance(&squared, &two, &flat));
    STATUS_ABORTS(bures_distance(&squared, &two, &tall));
    STATUS_ABORTS(bures_gaussian(&squared, &triple, &two, &triple, &two));
    STATUS_ABORTS(bures_gaussian(&squared, &pair, &two, &triple, &two));
    STATUS_ABORTS(bures_map(&wide, &two, &two));
    STATUS_ABORTS(bures_map(&high, &two, &two));
    STATUS_ABORTS(bures_project(&out, &two, &tall));
    STATUS_ABORTS(bures_project(&high, &two, &two));
    STATUS_ABORTS(bures_project(&wide, &two, &two));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(one_dimension_is_the_difference_of_deviations, release),
        cmocka_unit_test_teardown(commuting_matrices_differ_by_their_roots, release),
        cmocka_unit_test_teardown(two_dimensions_match_the_trace_formula, release),
        cmocka_unit_test_teardown(bures_is_a_metric, release),
        cmocka_unit_test_teardown(near_matrices_keep_their_digits, release),
        cmocka_unit_test_teardown(map_pushes_covariance_forward_at_the_cost_of_the_distance,
                                  release),
        cmocka_unit_test_teardown(bad_covariances_are_refused_with_words, release),
        cmocka_unit_test_teardown(covariance_of_zero_is_a_point, release),
        cmocka_unit_test_teardown(rounding_of_covariances_is_forgiven, release),
        cmocka_unit_test_teardown(projection_is_the_mean_of_where_mass_goes, release),
        cmocka_unit_test_teardown(shapes_that_disagree_abort, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
