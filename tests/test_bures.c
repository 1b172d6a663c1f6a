/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gaussian transport against closed forms, metric axioms and the equation of the optimal map; the
 * barycentric projection; displacement interpolation. */
#include "test.h"

#include "base/memory.h"
#include "base/rng.h"
#include "linalg/mat.h"
#include "transport/bures.h"
#include "transport/displacement.h"

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
    CHECK_MESSAGE("eigenvalue -1");
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
    k[1] = (double)NAN;
    for (int t = 0; t < 2; t++) {
        CHECK_STATUS(bures_gaussian(&squared, t ? &kv : &mv, &sm, t ? &mv : &kv, &sm),
                     STATUS_DIVERGED);
        CHECK_MESSAGE("mean: entry 1");
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
}

/* ---- displacement ---- */

static void displacement_ends_exactly_and_keeps_its_speed(void **state)
{
    const size_t sigma[] = {2, 0, 1};
    struct rng r = rng_stream(5, "displacement");
    const struct mat x = mat_normal(&mem, &r, 3, 2, 1), y = mat_normal(&mem, &r, 3, 2, 1);
    struct mat s = mat_zero(&mem, 3, 2), t = mat_zero(&mem, 3, 2);
    struct displacement d, stay;
    const size_t identity[] = {0, 1, 2};

    (void)state;
    CHECK_STATUS(displacement_of_assignment(&d, &mem, sigma, 3), STATUS_OK);
    CHECK_STATUS(displacement_of_assignment(&stay, &mem, identity, 3), STATUS_OK);
    displacement_at(&s, &d, &x, &y, 0);
    displacement_at(&t, &d, &x, &y, 1);
    for (size_t k = 0; k < 6; k++) {
        CHECK_NEAR(s.a[k], x.a[k], 0);
        CHECK_NEAR(t.a[k], y.a[2 * sigma[k / 2] + k % 2], 0);
    }
    const double whole = displacement_cost(&d, &x, &y);
    double squares = 0;

    for (size_t k = 0; k < 6; k++)
        squares += (t.a[k] - s.a[k]) * (t.a[k] - s.a[k]);
    CHECK_RELATIVE(whole, squares / 3, 1e-14);
    CHECK_RELATIVE(displacement_cost(&stay, &s, &t), whole, 1e-15);
    displacement_at(&s, &d, &x, &y, 0.25);
    displacement_at(&t, &d, &x, &y, 0.75);
    CHECK_RELATIVE(displacement_cost(&stay, &s, &t), 0.25 * whole, 1e-14);
}

static void plan_moves_masses_and_labels(void **state)
{
    double plan[] = {0.5, 0.125, 0, 0.375}, labels[] = {1, 0, 0, 1}, from[] = {0, 1}, to[] = {0, 4};
    const struct mat p = mat_over(plan, 2, 2), l = mat_over(labels, 2, 2);
    const struct mat x = mat_over(from, 2, 1), y = mat_over(to, 2, 1);
    struct mat at = mat_zero(&mem, 3, 1), label = mat_zero(&mem, 3, 2);
    struct displacement d;

    (void)state;
    CHECK_STATUS(displacement_of_plan(&d, &mem, &p), STATUS_OK);
    CHECK_TRUE(d.n == 3);
    CHECK_TRUE(d.source[0] == 0 && d.source[1] == 0 && d.source[2] == 1);
    CHECK_TRUE(d.target[0] == 0 && d.target[1] == 1 && d.target[2] == 1);
    CHECK_TRUE(d.mass.x[0] == 0.5 && d.mass.x[1] == 0.125 && d.mass.x[2] == 0.375);
    CHECK_NEAR(vec_sum(&d.mass), 1, 0);
    displacement_at(&at, &d, &x, &y, 0.25);
    displacement_at(&label, &d, &l, &l, 0.25);
    CHECK_NEAR(at.a[1], 1, 0);
    CHECK_NEAR(at.a[2], 1.75, 0);
    CHECK_NEAR(label.a[2], 0.75, 0);
    CHECK_NEAR(label.a[3], 0.25, 0);
    CHECK_NEAR(displacement_cost(&d, &x, &y), 0.125 * 16 + 0.375 * 9, 1e-15);
}

static void bad_plans_are_refused_with_words(void **state)
{
    const size_t twice[] = {1, 1}, far[] = {0, 2};
    double plan[7] = {0};
    const struct mat p = mat_over(plan, 2, 3);
    struct displacement d;

    (void)state;
    CHECK_STATUS(displacement_of_assignment(&d, &mem, twice, 2), STATUS_USAGE);
    CHECK_MESSAGE("nothing goes to 0");
    CHECK_STATUS(displacement_of_assignment(&d, &mem, far, 2), STATUS_USAGE);
    CHECK_MESSAGE("1 goes to 2 of 2");
    CHECK_STATUS(displacement_of_plan(&d, &mem, &p), STATUS_USAGE);
    CHECK_MESSAGE("no mass");
    plan[4] = -1;
    CHECK_STATUS(displacement_of_plan(&d, &mem, &p), STATUS_USAGE);
    CHECK_MESSAGE("(1, 1) is -1");
    plan[5] = (double)NAN;
    plan[4] = 0;
    CHECK_STATUS(displacement_of_plan(&d, &mem, &p), STATUS_DIVERGED);
    CHECK_MESSAGE("(1, 2) is nan");
    plan[6] = 1; /* lies behind the plan */
    plan[5] = 0;
    CHECK_STATUS(displacement_of_plan(&d, &mem, &p), STATUS_USAGE);
    CHECK_MESSAGE("no mass");
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
        cmocka_unit_test_teardown(displacement_ends_exactly_and_keeps_its_speed, release),
        cmocka_unit_test_teardown(plan_moves_masses_and_labels, release),
        cmocka_unit_test_teardown(bad_plans_are_refused_with_words, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
