/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Factorizations, judged by scaled residuals: error / (n eps ||A||) below ROOM, a constant that
 * LAPACK's own tests set to 30. */
#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "base/rng.h"
#include "linalg/lapack.h"

#define EPS 0x1p-52
#define ROOM 30.0
static const double nan_value = (double)NAN, inf = (double)INFINITY;

static struct arena mem;

static int release(void **state)
{
    (void)state;
    memory_fail_at(0);
    arena_free(&mem);
    return 0;
}

static const size_t sizes[] = {0, 1, 2, 3, 5, 17, 64, 65, 131};
#define SIZES (sizeof sizes / sizeof *sizes)

static struct mat product(const struct mat *a, int ta, const struct mat *b, int tb)
{
    struct mat c = mat_zero(&mem, ta ? a->cols : a->rows, tb ? b->rows : b->cols);

    mat_multiply(&c, 1.0, a, ta, b, tb, 0.0);
    return c;
}

/* ||A - B|| / (n eps ||A||), n the larger side. */
static double difference(const struct mat *a, const struct mat *b)
{
    struct mat d = mat_copy(&mem, a);
    struct vec flat = mat_flat(&d);
    const struct vec other = mat_flat(b);
    const double n = (double)(a->rows > a->cols ? a->rows : a->cols), size = mat_norm(a);

    vec_axpy(&flat, -1.0, &other);
    return mat_norm(&d) == 0.0 ? 0.0 : mat_norm(&d) / (n * EPS * size);
}

static double distance_from_identity(const struct mat *a)
{
    struct mat one = mat_identity(&mem, a->rows);

    return difference(&one, a);
}

/* B B^T / n + I: condition below about 10. */
static struct mat definite(struct rng *r, size_t n)
{
    struct mat b = mat_normal(&mem, r, n, n, 1.0), a = mat_identity(&mem, n);

    mat_gram(&a, n > 0 ? 1.0 / (double)n : 0.0, &b, 0, 1.0);
    return a;
}

static struct mat symmetric(struct rng *r, size_t n)
{
    struct mat a = mat_normal(&mem, r, n, n, 1.0);

    mat_mirror_lower(&a);
    return a;
}

/* What lies above the diagonal must not be read. */
static struct mat with_nan_above(const struct mat *a)
{
    struct mat b = mat_copy(&mem, a);

    for (size_t i = 0; i < b.rows; i++)
        for (size_t j = i + 1; j < b.cols; j++)
            b.a[i * b.cols + j] = nan_value;
    return b;
}

/* ---- Cholesky ---- */

static void cholesky_of_a_known_matrix(void **state)
{
    double a[] = {4, 2, -2, 2, 5, 3, -2, 3, 14};
    const double l[] = {2, 0, 0, 1, 2, 0, -1, 2, 3};
    struct mat m = mat_over(a, 3, 3);

    (void)state;
    CHECK_STATUS(lapack_cholesky(&m), STATUS_OK);
    for (size_t i = 0; i < 9; i++)
        CHECK_NEAR(a[i], l[i], 4 * EPS);
    CHECK_RELATIVE(lapack_cholesky_log_determinant(&m), log(144.0), 4 * EPS);
}

static void cholesky_residual_is_small(void **state)
{
    struct rng r = rng_stream(1, "cholesky");

    (void)state;
    for (size_t q = 0; q < SIZES; q++) {
        struct mat a = definite(&r, sizes[q]), l = with_nan_above(&a);

        CHECK_STATUS(lapack_cholesky(&l), STATUS_OK);
        for (size_t i = 0; i < l.rows; i++)
            for (size_t j = i + 1; j < l.rows; j++)
                CHECK_NEAR(l.a[i * l.rows + j], 0.0, 0.0);
        struct mat back = product(&l, 0, &l, 1);
        CHECK_NEAR(difference(&a, &back), 0.0, ROOM);
    }
}

static void cholesky_names_the_pivot_that_fails(void **state)
{
    (void)state;
    for (size_t n = 1; n < 200; n += 66)
        for (size_t at = 0; at < n; at += 33) {
            struct mat a = mat_identity(&mem, n);
            char pivot[32];

            a.a[at * n + at] = at % 2 ? -1.0 : 0.0;
            CHECK_STATUS(lapack_cholesky(&a), STATUS_NOT_DEFINITE);
            snprintf(pivot, sizeof pivot, "pivot %zu of %zu", at, n);
            CHECK_MESSAGE(pivot);
        }
    double semi[] = {1, 2, 2, 3}; /* eigenvalues 2 -+ sqrt 5 */
    struct mat m = mat_over(semi, 2, 2);
    CHECK_STATUS(lapack_cholesky(&m), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("pivot 1 of 2");
}

static void cholesky_refuses_what_is_not_finite(void **state)
{
    const double bad[] = {nan_value, inf, -inf};
    struct rng r = rng_stream(2, "bad");

    (void)state;
    for (size_t n = 1; n < 80; n += 39)
        for (size_t i = 0; i < n; i += 3)
            for (size_t j = 0; j <= i; j += 5) {
                struct mat a = definite(&r, n);
                char place[48];

                a.a[i * n + j] = bad[(i + j) % 3];
                CHECK_STATUS(lapack_cholesky(&a), STATUS_DIVERGED);
                snprintf(place, sizeof place, "entry (%zu, %zu)", i, j);
                CHECK_MESSAGE(place);
            }
}

static void cholesky_solves(void **state)
{
    struct rng r = rng_stream(3, "solve");

    (void)state;
    for (size_t q = 0; q < SIZES * 3; q++) {
        const size_t n = sizes[q / 3], k = q % 3 * 2; /* 0, 2, 4 right sides, and one */
        struct mat a = definite(&r, n), l = mat_copy(&mem, &a);
        struct mat b = mat_normal(&mem, &r, n, k, 1.0), x = mat_copy(&mem, &b);
        struct vec c = vec_normal(&mem, &r, n, 1.0), y = vec_copy(&mem, &c);

        CHECK_STATUS(lapack_cholesky(&l), STATUS_OK);
        CHECK_STATUS(lapack_cholesky_solve_matrix(&l, &x), STATUS_OK);
        CHECK_STATUS(lapack_cholesky_solve(&l, &y), STATUS_OK);
        struct mat back = product(&a, 0, &x, 0);
        CHECK_NEAR(difference(&b, &back), 0.0, ROOM);
        mat_vec_add(&c, -1.0, &a, 0, &y, 1.0);
        CHECK_NEAR(vec_norm(&c), 0.0, ROOM * EPS * (double)(n + 1) * mat_norm(&a) * vec_norm(&y));
    }
}

static void triangular_solves_undo_the_factor(void **state)
{
    struct rng r = rng_stream(4, "triangle");
    struct mat l = definite(&r, 33), b = mat_normal(&mem, &r, 33, 7, 1.0);

    (void)state;
    CHECK_STATUS(lapack_cholesky(&l), STATUS_OK);
    for (int t = 0; t < 2; t++) {
        struct mat x = mat_copy(&mem, &b);

        CHECK_STATUS(lapack_triangular_solve(&l, t, &x), STATUS_OK);
        struct mat back = product(&l, t, &x, 0);
        CHECK_NEAR(difference(&b, &back), 0.0, ROOM);
    }
}

static void solving_refuses_a_right_side_that_is_not_finite(void **state)
{
    struct rng r = rng_stream(5, "side");
    const size_t n = 40;
    struct mat l = definite(&r, n);

    (void)state;
    CHECK_STATUS(lapack_cholesky(&l), STATUS_OK);
    for (size_t i = 0; i < n; i++) {
        struct vec b = vec_normal(&mem, &r, n, 1.0);
        struct mat c = mat_normal(&mem, &r, n, 3, 1.0), d = mat_copy(&mem, &c);

        b.x[i] = i % 2 ? nan_value : inf;
        c.a[i * 3 + i % 3] = d.a[i * 3 + i % 3] = b.x[i];
        CHECK_STATUS(lapack_cholesky_solve(&l, &b), STATUS_DIVERGED);
        CHECK_STATUS(lapack_cholesky_solve_matrix(&l, &c), STATUS_DIVERGED);
        CHECK_STATUS(lapack_triangular_solve(&l, 0, &d), STATUS_DIVERGED);
    }
    struct vec one = vec_zero(&mem, n);
    one.x[n - 1] = 1.0;
    l.a[0] = nan_value;
    CHECK_STATUS(lapack_cholesky_solve(&l, &one), STATUS_DIVERGED);
}

static void determinant_is_the_product_of_the_eigenvalues(void **state)
{
    struct rng r = rng_stream(6, "determinant");

    (void)state;
    for (size_t q = 0; q < SIZES; q++) {
        struct mat a = definite(&r, sizes[q]);
        struct vec values = vec_zero(&mem, sizes[q]);
        double sum = 0;

        CHECK_STATUS(lapack_eigen(&values, NULL, &a), STATUS_OK);
        CHECK_STATUS(lapack_cholesky(&a), STATUS_OK);
        for (size_t i = 0; i < values.n; i++)
            sum += log(values.x[i]);
        CHECK_NEAR(lapack_cholesky_log_determinant(&a), sum,
                   ROOM * EPS * (double)(sizes[q] * sizes[q]) * 10);
    }
}

/* ---- condition ---- */

static void condition_estimates_bound_the_truth_from_above(void **state)
{
    struct rng r = rng_stream(7, "condition");

    (void)state;
    for (size_t q = 1; q < SIZES; q++) {
        const size_t n = sizes[q];
        struct mat a = definite(&r, n);
        a.a[0] = 1e6; /* condition about 1e6, still definite */
        struct mat l = mat_copy(&mem, &a), inverse = mat_identity(&mem, n);
        double by_factor, by_lu;

        CHECK_STATUS(lapack_cholesky(&l), STATUS_OK);
        CHECK_STATUS(lapack_cholesky_solve_matrix(&l, &inverse), STATUS_OK);
        struct mat lower = with_nan_above(&a);
        CHECK_RELATIVE(lapack_symmetric_norm(&lower), mat_norm_one(&a), 8 * EPS);
        CHECK_STATUS(lapack_cholesky_rcond(&l, lapack_symmetric_norm(&a), &by_factor), STATUS_OK);
        CHECK_STATUS(lapack_rcond(&a, &by_lu), STATUS_OK);
        const double truth = 1.0 / (mat_norm_one(&a) * mat_norm_one(&inverse));
        CHECK_TRUE(by_factor >= truth * (1 - 1e-9) && by_factor <= 3 * truth);
        CHECK_TRUE(by_lu >= truth * (1 - 1e-9) && by_lu <= 3 * truth);
    }
}

static void condition_of_known_matrices(void **state)
{
    const double upper[] = {1, 2, 3, 0, 1, 4, 0, 0, 1}; /* 1-norms 8 and 10; infinity norms 6, 8 */
    const double singular[] = {1, 2, 2, 4};
    struct mat m = mat_over(upper, 3, 3), s = mat_over(singular, 2, 2);
    double rcond;

    (void)state;
    CHECK_STATUS(lapack_rcond(&m, &rcond), STATUS_OK);
    CHECK_RELATIVE(rcond, 1.0 / 80, 1e-14);
    CHECK_NEAR(upper[1], 2.0, 0.0);
    CHECK_STATUS(lapack_rcond(&s, &rcond), STATUS_OK);
    CHECK_NEAR(rcond, 0.0, 0.0);
    CHECK_STATUS(lapack_rcond(&(struct mat){0, 0, NULL}, &rcond), STATUS_OK);
    CHECK_NEAR(rcond, 1.0, 0.0);
}

/* Its inverse overflows: the condition is beyond double, and no NaN. */
static void a_factor_that_is_almost_zero_has_no_condition(void **state)
{
    double l[] = {1, 0, 0, 1, 1e-160, 0, 1, 1, 1e-160}, rcond = 1;
    struct mat m = mat_over(l, 3, 3);

    (void)state;
    CHECK_STATUS(lapack_cholesky_rcond(&m, 3.0, &rcond), STATUS_OK);
    CHECK_NEAR(rcond, 0.0, 0.0);
    CHECK_STATUS(lapack_cholesky_rcond(&m, 0.0, &rcond), STATUS_OK);
    CHECK_NEAR(rcond, 0.0, 0.0);
}

static void condition_refuses_what_is_not_finite(void **state)
{
    double a[] = {1, 0, 0, 1};
    struct mat m = mat_over(a, 2, 2);
    double rcond;

    (void)state;
    CHECK_STATUS(lapack_cholesky_rcond(&m, nan_value, &rcond), STATUS_DIVERGED);
    CHECK_STATUS(lapack_cholesky_rcond(&m, inf, &rcond), STATUS_DIVERGED);
    a[2] = nan_value;
    CHECK_STATUS(lapack_cholesky_rcond(&m, 1.0, &rcond), STATUS_DIVERGED);
    CHECK_STATUS(lapack_rcond(&m, &rcond), STATUS_DIVERGED);
    CHECK_TRUE(isnan(lapack_symmetric_norm(&m)));
}

/* ---- eigenvalues ---- */

static void eigenvalues_of_a_known_matrix(void **state)
{
    const double a[] = {2, 1, 1, 2}, h = sqrt(0.5);
    double value[2], vector[4];
    struct mat m = mat_over(a, 2, 2), v = mat_over(vector, 2, 2);
    struct vec values = vec_over(value, 2);

    (void)state;
    CHECK_STATUS(lapack_eigen(&values, &v, &m), STATUS_OK);
    CHECK_NEAR(value[0], 1.0, 4 * EPS);
    CHECK_NEAR(value[1], 3.0, 4 * EPS);
    CHECK_NEAR(fabs(vector[0] - vector[1]), 2 * h, 4 * EPS); /* row 0 is +-(1, -1) / sqrt 2 */
    CHECK_NEAR(fabs(vector[2] + vector[3]), 2 * h, 4 * EPS);
}

static void eigenvectors_as_rows_rebuild_the_matrix(void **state)
{
    struct rng r = rng_stream(8, "eigen");

    (void)state;
    for (size_t q = 0; q < SIZES; q++) {
        const size_t n = sizes[q];
        struct mat a = symmetric(&r, n), lower = with_nan_above(&a), in_place = mat_copy(&mem, &a);
        struct mat v = mat_zero(&mem, n, n);
        struct vec values = vec_zero(&mem, n), alone = vec_zero(&mem, n);
        struct vec third = vec_zero(&mem, n);

        CHECK_STATUS(lapack_eigen(&values, &v, &lower), STATUS_OK);
        CHECK_STATUS(lapack_eigen(&alone, NULL, &lower), STATUS_OK);
        CHECK_STATUS(lapack_eigen(&third, &in_place, &in_place), STATUS_OK);
        for (size_t i = 0; i < n; i++) {
            CHECK_TRUE(i == 0 || values.x[i] >= values.x[i - 1]);
            CHECK_NEAR(alone.x[i], values.x[i], ROOM * EPS * (double)n * mat_norm(&a));
            CHECK_NEAR(third.x[i], values.x[i], 0.0);
        }
        struct mat scaled = mat_copy(&mem, &v), overlap = product(&v, 0, &v, 1);
        for (size_t i = 0; i < n; i++) {
            struct vec row = mat_row(&scaled, i);

            vec_scale(&row, values.x[i]);
        }
        struct mat back = product(&v, 1, &scaled, 0);
        CHECK_NEAR(difference(&a, &back), 0.0, ROOM);
        CHECK_NEAR(distance_from_identity(&overlap), 0.0, ROOM);
        CHECK_TRUE(n < 2 || isnan(lower.a[1])); /* the input is untouched */
    }
}

/* ---- singular values ---- */

static void check_svd(struct rng *r, size_t m, size_t n)
{
    const size_t k = m < n ? m : n;
    struct mat a = mat_normal(&mem, r, m, n, 1.0), before = mat_copy(&mem, &a);
    struct mat u = mat_zero(&mem, m, k), vt = mat_zero(&mem, k, n);
    struct vec s = vec_zero(&mem, k), alone = vec_zero(&mem, k);

    CHECK_STATUS(lapack_svd(&u, &s, &vt, &a), STATUS_OK);
    CHECK_STATUS(lapack_svd(NULL, &alone, NULL, &a), STATUS_OK);
    CHECK_NEAR(difference(&before, &a), 0.0, 0.0);
    struct mat scaled = mat_copy(&mem, &vt);
    for (size_t i = 0; i < k; i++) {
        struct vec row = mat_row(&scaled, i);

        vec_scale(&row, s.x[i]);
        CHECK_TRUE(s.x[i] >= 0.0 && (i == 0 || s.x[i] <= s.x[i - 1]));
        CHECK_NEAR(alone.x[i], s.x[i], ROOM * EPS * (double)(m + n) * mat_norm(&a));
    }
    struct mat back = product(&u, 0, &scaled, 0);
    struct mat uu = product(&u, 1, &u, 0), vv = product(&vt, 0, &vt, 1);
    CHECK_NEAR(difference(&a, &back), 0.0, ROOM);
    CHECK_NEAR(distance_from_identity(&uu), 0.0, ROOM);
    CHECK_NEAR(distance_from_identity(&vv), 0.0, ROOM);
}

static void singular_vectors_rebuild_the_matrix(void **state)
{
    struct rng r = rng_stream(9, "svd");

    (void)state;
    for (size_t q = 0; q < SIZES * SIZES; q += 2) {
        check_svd(&r, sizes[q % SIZES], sizes[q / SIZES]);
        arena_free(&mem);
    }
}

static void singular_values_of_a_known_matrix(void **state)
{
    const double a[] = {3, 0, 0, 4, 5, 0}; /* A A^T = [9 12; 12 41]: 45 and 5 */
    double value[2];
    struct mat m = mat_over(a, 2, 3);
    struct vec s = vec_over(value, 2);

    (void)state;
    CHECK_STATUS(lapack_svd(NULL, &s, NULL, &m), STATUS_OK);
    CHECK_RELATIVE(value[0], sqrt(45.0), 8 * EPS);
    CHECK_RELATIVE(value[1], sqrt(5.0), 8 * EPS);
}

/* ---- least squares ---- */

/* Longley (1967), NIST StRD linear regression, higher level of difficulty: y and x1 .. x6. */
static const double longley[16][7] = {
    {60323, 83.0, 234289, 2356, 1590, 107608, 1947},
    {61122, 88.5, 259426, 2325, 1456, 108632, 1948},
    {60171, 88.2, 258054, 3682, 1616, 109773, 1949},
    {61187, 89.5, 284599, 3351, 1650, 110929, 1950},
    {63221, 96.2, 328975, 2099, 3099, 112075, 1951},
    {63639, 98.1, 346999, 1932, 3594, 113270, 1952},
    {64989, 99.0, 365385, 1870, 3547, 115094, 1953},
    {63761, 100.0, 363112, 3578, 3350, 116219, 1954},
    {66019, 101.2, 397469, 2904, 3048, 117388, 1955},
    {67857, 104.6, 419180, 2822, 2857, 118734, 1956},
    {68169, 108.4, 442769, 2936, 2798, 120445, 1957},
    {66513, 110.8, 444546, 4681, 2637, 121950, 1958},
    {68655, 112.6, 482704, 3813, 2552, 123366, 1959},
    {69564, 114.2, 502601, 3931, 2514, 125368, 1960},
    {69331, 115.7, 518173, 4806, 2572, 127852, 1961},
    {70551, 116.9, 554894, 4007, 2827, 130081, 1962},
};
static const double longley_certified[7] = {
    -3482258.63459582,   15.0618722713733,  -0.358191792925910e-01, -2.02022980381683,
    -1.03322686717359,   -0.511041056535807e-01, 1829.15146461355,
};

static void least_squares_reaches_longleys_certified_values(void **state)
{
    struct mat a = mat_zero(&mem, 16, 7);
    struct vec y = vec_zero(&mem, 16), x = vec_zero(&mem, 7);

    (void)state;
    for (size_t i = 0; i < 16; i++) {
        y.x[i] = longley[i][0];
        a.a[i * 7] = 1.0;
        for (size_t j = 1; j < 7; j++)
            a.a[i * 7 + j] = longley[i][j];
    }
    CHECK_STATUS(lapack_least_squares(&x, &a, &y), STATUS_OK);
    /* condition 5e9 costs about 8 of 16 digits */
    for (size_t j = 0; j < 7; j++)
        CHECK_RELATIVE(x.x[j], longley_certified[j], 1e-7);
}

static void check_least_squares(struct rng *r, size_t m, size_t n, size_t k)
{
    struct mat a = mat_normal(&mem, r, m, n, 1.0), b = mat_normal(&mem, r, m, k, 1.0);
    struct mat x = mat_zero(&mem, n, k), rest = mat_copy(&mem, &b);
    struct vec one = vec_zero(&mem, n), side = vec_zero(&mem, m);

    CHECK_STATUS(lapack_least_squares_matrix(&x, &a, &b), STATUS_OK);
    mat_multiply(&rest, 1.0, &a, 0, &x, 0, -1.0);
    struct mat normal = product(&a, 1, &rest, 0); /* A^T (A x - b) = 0 */
    const double size = mat_norm(&a) * (mat_norm(&a) * mat_norm(&x) + mat_norm(&b));
    CHECK_NEAR(mat_norm(&normal), 0.0, ROOM * EPS * (double)(m + n) * size);
    if (m < n) { /* solves, and is shortest: orthogonal to what A sends to 0 */
        struct mat v = mat_zero(&mem, n, n), gram = product(&a, 1, &a, 0);
        struct vec values = vec_zero(&mem, n);

        CHECK_NEAR(mat_norm(&rest), 0.0, ROOM * EPS * (double)n * size);
        CHECK_STATUS(lapack_eigen(&values, &v, &gram), STATUS_OK);
        struct mat null = mat_rows(&v, 0, n - m), seen = product(&null, 0, &x, 0);
        CHECK_NEAR(mat_norm(&seen), 0.0, 1e-9 * (1 + mat_norm(&x)));
    }
    for (size_t j = 0; j < k; j++) {
        for (size_t i = 0; i < m; i++)
            side.x[i] = b.a[i * k + j];
        CHECK_STATUS(lapack_least_squares(&one, &a, &side), STATUS_OK);
        for (size_t i = 0; i < n; i++)
            CHECK_NEAR(one.x[i], x.a[i * k + j], 1e-9 * (1 + fabs(one.x[i])));
    }
}

static void least_squares_leaves_an_orthogonal_rest(void **state)
{
    struct rng r = rng_stream(10, "squares");

    (void)state;
    for (size_t q = 0; q < SIZES * SIZES; q++) {
        const size_t m = sizes[q % SIZES], n = sizes[q / SIZES];

        if (m != n || m < 4) /* a square normal matrix may have any condition */
            check_least_squares(&r, m, n, q % 4);
        arena_free(&mem);
    }
}

static void least_squares_names_a_lack_of_rank(void **state)
{
    struct rng r = rng_stream(11, "rank");
    struct mat a = mat_normal(&mem, &r, 9, 3, 1.0), t;
    struct vec b = vec_normal(&mem, &r, 9, 1.0), x = vec_zero(&mem, 3);

    (void)state;
    for (size_t i = 0; i < 9; i++)
        a.a[i * 3 + 2] = 2 * a.a[i * 3] - a.a[i * 3 + 1];
    CHECK_STATUS(lapack_least_squares(&x, &a, &b), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("rank");
    t = mat_transpose(&mem, &a);
    CHECK_STATUS(lapack_least_squares(&b, &t, &x), STATUS_NOT_DEFINITE);
    /* full on the diagonal of its triangular factor, and yet without rank */
    const double steep[] = {1, 1e17, 0, 1, 0, 0};
    struct vec two = vec_zero(&mem, 2), three = vec_zero(&mem, 3);
    a = mat_over(steep, 3, 2);
    CHECK_STATUS(lapack_least_squares(&two, &a, &three), STATUS_NOT_DEFINITE);
    t = mat_transpose(&mem, &a);
    CHECK_STATUS(lapack_least_squares(&three, &t, &two), STATUS_NOT_DEFINITE);
    struct mat zero = mat_zero(&mem, 9, 3);
    CHECK_STATUS(lapack_least_squares(&x, &zero, &b), STATUS_NOT_DEFINITE);
}

/* ---- what every function does ---- */

static void nan_anywhere_in_the_input_is_reported(void **state)
{
    struct rng r = rng_stream(12, "nan");
    const size_t n = 6;
    struct mat v = mat_zero(&mem, n, n), u = mat_zero(&mem, n, n);
    struct vec s = vec_zero(&mem, n), x = vec_zero(&mem, n);

    (void)state;
    for (size_t at = 0; at < n * n; at++) {
        struct mat a = symmetric(&r, n);
        struct vec b = vec_normal(&mem, &r, n, 1.0);
        double rcond;

        a.a[at] = at % 2 ? nan_value : inf;
        CHECK_STATUS(lapack_svd(&u, &s, &v, &a), STATUS_DIVERGED);
        CHECK_STATUS(lapack_svd(NULL, &s, NULL, &a), STATUS_DIVERGED);
        CHECK_STATUS(lapack_least_squares(&x, &a, &b), STATUS_DIVERGED);
        CHECK_STATUS(lapack_rcond(&a, &rcond), STATUS_DIVERGED);
        CHECK_MESSAGE("entry (");
        if (at % n <= at / n) { /* the triangle that is read */
            CHECK_STATUS(lapack_eigen(&s, &v, &a), STATUS_DIVERGED);
            CHECK_STATUS(lapack_eigen(&s, NULL, &a), STATUS_DIVERGED);
        }
        a.a[at] = 0.5;
        b.x[at % n] = nan_value;
        CHECK_STATUS(lapack_least_squares(&x, &a, &b), STATUS_DIVERGED);
        CHECK_MESSAGE("right side");
    }
}

/* One call of each function that takes memory. */
static enum status call(int which, const struct mat *a, struct mat *out, struct vec *x)
{
    double rcond;

    switch (which) {
    case 0:
        return lapack_cholesky_rcond(a, 1.0, &rcond);
    case 1:
        return lapack_rcond(a, &rcond);
    case 2:
        return lapack_eigen(x, out, a);
    case 3:
        return lapack_eigen(x, NULL, a);
    case 4:
        return lapack_svd(out, x, out + 1, a);
    default:
        return lapack_least_squares(x, a, x);
    }
}

static void failing_allocations_are_a_status_at_every_call(void **state)
{
    struct mat a = mat_identity(&mem, 8);
    struct mat out[2] = {mat_zero(&mem, 8, 8), mat_zero(&mem, 8, 8)};
    struct vec x = vec_zero(&mem, 8);

    (void)state;
    for (int which = 0; which < 6; which++) {
        size_t k = 1;

        for (;; k++) {
            const size_t before = memory_count();

            memory_fail_at(k);
            const enum status status = call(which, &a, out, &x);
            memory_fail_at(0);
            if (status == STATUS_OK && memory_count() - before < k)
                break;
            CHECK_TRUE(status == STATUS_MEMORY);
        }
        CHECK_TRUE(k >= 2); /* each of them takes some */
    }
}

static void cholesky_and_solving_take_no_memory(void **state)
{
    struct rng r = rng_stream(13, "memory");
    struct mat a = definite(&r, 70), b = mat_normal(&mem, &r, 70, 5, 1.0);
    const size_t before = memory_count();

    (void)state;
    CHECK_STATUS(lapack_cholesky(&a), STATUS_OK);
    CHECK_STATUS(lapack_cholesky_solve_matrix(&a, &b), STATUS_OK);
    CHECK_TRUE(memory_count() == before);
}

/* Every output and every input may be the one of the wrong shape. */
static void shapes_that_do_not_agree_abort(void **state)
{
    struct mat wide = mat_zero(&mem, 3, 4), tall = mat_zero(&mem, 4, 3);
    struct mat three = mat_identity(&mem, 3), four = mat_identity(&mem, 4);
    struct mat u = mat_zero(&mem, 4, 3), vt = mat_zero(&mem, 3, 3);
    struct vec x3 = vec_zero(&mem, 3), x4 = vec_zero(&mem, 4);
    double rcond;

    (void)state;
    CHECK_ABORTS((void)!lapack_cholesky(&wide));
    CHECK_ABORTS((void)!lapack_cholesky_solve(&three, &x4));
    CHECK_ABORTS((void)!lapack_cholesky_solve(&wide, &x3));
    CHECK_ABORTS((void)!lapack_triangular_solve(&three, 0, &tall));
    CHECK_ABORTS((void)lapack_cholesky_log_determinant(&wide));
    CHECK_ABORTS((void)lapack_symmetric_norm(&wide));
    CHECK_ABORTS((void)!lapack_cholesky_rcond(&wide, 1, &rcond));
    CHECK_ABORTS((void)!lapack_rcond(&wide, &rcond));
    CHECK_ABORTS((void)!lapack_eigen(&x3, NULL, &wide));
    CHECK_ABORTS((void)!lapack_eigen(&x4, NULL, &three));
    CHECK_ABORTS((void)!lapack_eigen(&x3, &wide, &three));
    CHECK_ABORTS((void)!lapack_eigen(&x3, &tall, &three));
    CHECK_STATUS(lapack_svd(&u, &x3, &vt, &tall), STATUS_OK);
    CHECK_ABORTS((void)!lapack_svd(&u, &x3, NULL, &tall));
    CHECK_ABORTS((void)!lapack_svd(NULL, &x3, &vt, &tall));
    CHECK_ABORTS((void)!lapack_svd(NULL, &x4, NULL, &tall));
    CHECK_ABORTS((void)!lapack_svd(&vt, &x3, &vt, &tall));
    CHECK_ABORTS((void)!lapack_svd(&four, &x3, &vt, &tall));
    CHECK_ABORTS((void)!lapack_svd(&u, &x3, &u, &tall));
    CHECK_ABORTS((void)!lapack_svd(&u, &x3, &wide, &tall));
    CHECK_STATUS(lapack_least_squares(&x3, &tall, &x4), STATUS_NOT_DEFINITE);
    CHECK_ABORTS((void)!lapack_least_squares(&x4, &tall, &x4));
    CHECK_ABORTS((void)!lapack_least_squares(&x3, &tall, &x3));
    CHECK_ABORTS((void)!lapack_least_squares_matrix(&three, &tall, &four));
}

/* Nothing to solve is solved, whatever the matrix; no equations have the solution 0. */
static void least_squares_of_nothing(void **state)
{
    struct mat zero = mat_zero(&mem, 3, 2), side = mat_zero(&mem, 3, 0), x = mat_zero(&mem, 2, 0);
    struct mat none = mat_zero(&mem, 0, 2);
    struct vec y = vec_zero(&mem, 2), empty = vec_zero(&mem, 0);

    (void)state;
    CHECK_STATUS(lapack_least_squares_matrix(&x, &zero, &side), STATUS_OK);
    vec_fill(&y, 7);
    CHECK_STATUS(lapack_least_squares(&y, &none, &empty), STATUS_OK);
    CHECK_NEAR(y.x[0], 0, 0);
    CHECK_NEAR(y.x[1], 0, 0);
}

/* Finite matrices whose largest value is not: the place in the answer is named. */
static void values_that_overflow_are_named(void **state)
{
    const double large[] = {1e308, 1e308, 1e308, 1e308};
    const struct mat a = mat_over(large, 2, 2);
    struct vec values = vec_zero(&mem, 2);

    (void)state;
    CHECK_STATUS(lapack_eigen(&values, NULL, &a), STATUS_DIVERGED);
    CHECK_MESSAGE("eigenvalues: entry 1 is inf");
    CHECK_STATUS(lapack_svd(NULL, &values, NULL, &a), STATUS_DIVERGED);
    CHECK_MESSAGE("singular values: entry 0 is inf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(cholesky_of_a_known_matrix, release),
        cmocka_unit_test_teardown(cholesky_residual_is_small, release),
        cmocka_unit_test_teardown(cholesky_names_the_pivot_that_fails, release),
        cmocka_unit_test_teardown(cholesky_refuses_what_is_not_finite, release),
        cmocka_unit_test_teardown(cholesky_solves, release),
        cmocka_unit_test_teardown(triangular_solves_undo_the_factor, release),
        cmocka_unit_test_teardown(solving_refuses_a_right_side_that_is_not_finite, release),
        cmocka_unit_test_teardown(determinant_is_the_product_of_the_eigenvalues, release),
        cmocka_unit_test_teardown(condition_estimates_bound_the_truth_from_above, release),
        cmocka_unit_test_teardown(condition_of_known_matrices, release),
        cmocka_unit_test_teardown(a_factor_that_is_almost_zero_has_no_condition, release),
        cmocka_unit_test_teardown(condition_refuses_what_is_not_finite, release),
        cmocka_unit_test_teardown(eigenvalues_of_a_known_matrix, release),
        cmocka_unit_test_teardown(eigenvectors_as_rows_rebuild_the_matrix, release),
        cmocka_unit_test_teardown(singular_vectors_rebuild_the_matrix, release),
        cmocka_unit_test_teardown(singular_values_of_a_known_matrix, release),
        cmocka_unit_test_teardown(least_squares_reaches_longleys_certified_values, release),
        cmocka_unit_test_teardown(least_squares_leaves_an_orthogonal_rest, release),
        cmocka_unit_test_teardown(least_squares_names_a_lack_of_rank, release),
        cmocka_unit_test_teardown(nan_anywhere_in_the_input_is_reported, release),
        cmocka_unit_test_teardown(failing_allocations_are_a_status_at_every_call, release),
        cmocka_unit_test_teardown(cholesky_and_solving_take_no_memory, release),
        cmocka_unit_test_teardown(shapes_that_do_not_agree_abort, release),
        cmocka_unit_test_teardown(least_squares_of_nothing, release),
        cmocka_unit_test_teardown(values_that_overflow_are_named, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
