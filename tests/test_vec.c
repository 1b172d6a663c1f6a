/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Vectors: the summation tree against a straight one, NaN that must stay, and bits that must not
 * move. */
#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "base/rng.h"
#include "linalg/vec.h"

#define EPS 0x1p-52
static const double nan_value = (double)NAN, inf = (double)INFINITY;

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

/* The tree of vec.h, written down another way: recursion over whole blocks of 256. */
static double tree_block(const double *x, size_t n)
{
    double lane[16] = {0};

    for (size_t i = 0; i < n; i++)
        lane[i % 16] += x[i];
    for (size_t w = 8; w > 0; w /= 2)
        for (size_t k = 0; k < w; k++)
            lane[k] += lane[k + w];
    return lane[0];
}

static double tree_power(const double *x, size_t blocks)
{
    if (blocks == 1)
        return tree_block(x, 256);
    return tree_power(x, blocks / 2) + tree_power(x + 128 * blocks, blocks / 2);
}

static double tree(const double *x, size_t n)
{
    size_t power = 1;

    if (n < 256)
        return tree_block(x, n);
    while (2 * power <= n / 256)
        power *= 2;
    return tree_power(x, power) + tree(x + 256 * power, n - 256 * power);
}

static const size_t lengths[] = {0, 1, 2, 15, 16, 17, 255, 256, 257, 511, 512, 1000, 1023, 2816,
                                 10007};

static void vec_sum_is_the_stated_tree_to_the_bit(void **state)
{
    struct rng r = rng_stream(1, "tree");

    (void)state;
    for (size_t q = 0; q < sizeof lengths / sizeof *lengths; q++) {
        struct vec x = vec_normal(&mem, &r, lengths[q], 1e6);

        CHECK_NEAR(vec_sum(&x), tree(x.x, x.n), 0.0);
    }
}

/* The terms that a reduction makes, added in the same tree. */
static void products_and_squares_are_added_in_the_stated_tree(void **state)
{
    struct rng r = rng_stream(1, "tree of products");

    (void)state;
    for (size_t q = 1; q < sizeof lengths / sizeof *lengths; q++) {
        const size_t n = lengths[q];
        struct vec x = vec_normal(&mem, &r, n, 1e6), y = vec_normal(&mem, &r, n, 1.0);
        struct vecf xf = vec_normalf(&mem, &r, n, 1e6), yf = vec_normalf(&mem, &r, n, 1.0);
        struct vec terms[4];

        for (int k = 0; k < 4; k++)
            terms[k] = vec_zero(&mem, n);
        for (size_t i = 0; i < n; i++) {
            const double a = (double)xf.x[i], b = (double)yf.x[i];

            terms[0].x[i] = x.x[i] * y.x[i];
            terms[1].x[i] = (x.x[i] - y.x[i]) * (x.x[i] - y.x[i]);
            terms[2].x[i] = a * b;
            terms[3].x[i] = (a - b) * (a - b);
        }
        CHECK_NEAR(vec_dot(&x, &y), tree(terms[0].x, n), 0.0);
        CHECK_NEAR(vec_mean_squared_difference(&x, &y), tree(terms[1].x, n) / (double)n, 0.0);
        CHECK_NEAR(vec_dotf(&xf, &yf), tree(terms[2].x, n), 0.0);
        CHECK_NEAR(vec_mean_squared_differencef(&xf, &yf), tree(terms[3].x, n) / (double)n, 0.0);
    }
}

static void vec_adder_gives_the_bits_of_vec_sum(void **state)
{
    struct rng r = rng_stream(1, "adder");
    struct vec x = vec_normal(&mem, &r, 5000, 1.0);
    struct vec_adder s = {0};

    (void)state;
    for (size_t n = 0; n <= x.n; n++) {
        const struct vec first = vec_over(x.x, n);

        if (n % 97 == 0 || n % 256 < 2)
            CHECK_NEAR(vec_adder_total(&s), vec_sum(&first), 0.0);
        if (n < x.n)
            vec_adder_add(&s, x.x[n]);
    }
}

static void reductions_do_not_depend_on_alignment(void **state)
{
    struct rng r = rng_stream(2, "align");
    struct vec x = vec_normal(&mem, &r, 1003, 1.0), room = vec_zero(&mem, 1011);

    (void)state;
    for (size_t offset = 0; offset < 8; offset++) {
        struct vec y = vec_over(room.x + offset, x.n);

        vec_set(&y, &x);
        CHECK_NEAR(vec_sum(&y), vec_sum(&x), 0.0);
        CHECK_NEAR(vec_dot(&y, &y), vec_dot(&x, &x), 0.0);
        CHECK_NEAR(vec_norm(&y), vec_norm(&x), 0.0);
    }
}

/* Sums of 2^20 times 0.1f and 0.1: the straight float sum is off by 4 %, this one by rounding. */
static void sums_of_many_terms_keep_their_digits(void **state)
{
    const size_t n = 1u << 20;
    struct vecf f = vec_zerof(&mem, n);
    struct vec d = vec_zero(&mem, n);

    (void)state;
    vec_fillf(&f, 0.1f);
    vec_fill(&d, 0.1);
    CHECK_RELATIVE(vec_sumf(&f), (double)n * (double)0.1f, 4 * EPS);
    CHECK_RELATIVE(vec_sum(&d), (double)n * 0.1, 32 * EPS);
}

static void reductions_agree_with_naive_loops(void **state)
{
    struct rng r = rng_stream(3, "naive");

    (void)state;
    for (size_t q = 1; q < sizeof lengths / sizeof *lengths; q++) {
        const size_t n = lengths[q];
        struct vec x = vec_normal(&mem, &r, n, 2.0), y = vec_normal(&mem, &r, n, 1.0);
        struct vecf xf = vec_normalf(&mem, &r, n, 2.0), yf = vec_normalf(&mem, &r, n, 1.0);
        double dot = 0, dotf = 0, distance = 0, distancef = 0, sumf = 0, size = 0;

        for (size_t i = 0; i < n; i++) {
            const double a = (double)xf.x[i], b = (double)yf.x[i];

            dot += x.x[i] * y.x[i];
            distance += (x.x[i] - y.x[i]) * (x.x[i] - y.x[i]);
            dotf += a * b;
            distancef += (a - b) * (a - b);
            sumf += a;
            size += fabs(x.x[i] * y.x[i]) + fabs(a * b) + fabs(a);
        }
        const double tolerance = EPS * (double)n * size;
        CHECK_NEAR(vec_dot(&x, &y), dot, tolerance);
        CHECK_NEAR(vec_dotf(&xf, &yf), dotf, tolerance);
        CHECK_NEAR(vec_sumf(&xf), sumf, tolerance);
        CHECK_RELATIVE(vec_mean_squared_difference(&x, &y), distance / (double)n,
                       (double)n * EPS);
        CHECK_RELATIVE(vec_mean_squared_differencef(&xf, &yf), distancef / (double)n,
                       (double)n * EPS);
        CHECK_RELATIVE(vec_normf(&xf), sqrt(vec_dotf(&xf, &xf)), EPS);
        CHECK_RELATIVE(vec_norm(&x), sqrt(vec_dot(&x, &x)), EPS);
    }
}

static void norm_neither_overflows_nor_underflows(void **state)
{
    const double sizes[] = {1e-320, 1e-300, 1e-160, 1e-100, 1.0, 1e150, 1e200, 1e307};

    (void)state;
    for (size_t q = 0; q < sizeof sizes / sizeof *sizes; q++) {
        const double x[] = {3 * sizes[q], -4 * sizes[q], 0.0};
        const struct vec v = vec_over(x, 3);

        CHECK_RELATIVE(vec_norm(&v), hypot(x[0], x[1]), 4 * EPS);
    }
    CHECK_NEAR(vec_norm(&(struct vec){0, NULL}), 0.0, 0.0);
    CHECK_NEAR(vec_norm(&(struct vec){2, (double[]){0, 0}}), 0.0, 0.0);
    CHECK_TRUE(isinf(vec_norm(&(struct vec){2, (double[]){1, -inf}})));
    CHECK_TRUE(isnan(vec_norm(&(struct vec){2, (double[]){1, nan_value}})));
    CHECK_TRUE(isnan(vec_norm(&(struct vec){2, (double[]){inf, nan_value}})));
}

static void elementwise_operations_are_exact(void **state)
{
    struct vec y = vec_zero(&mem, 37), x = vec_zero(&mem, 37);
    struct vecf yf = vec_zerof(&mem, 37), xf = vec_zerof(&mem, 37);

    (void)state;
    for (size_t i = 0; i < 37; i++) {
        x.x[i] = (double)(i + 1); /* no element of zero, which no factor would change */
        xf.x[i] = (float)(i + 1);
    }
    vec_fill(&y, 2.0);
    vec_axpy(&y, 3.0, &x);      /* 3 x + 2 */
    vec_mix(&y, -1.0, &x, 2.0); /* 5 x + 4 */
    vec_scale(&y, 0.5);
    vec_fillf(&yf, 2.0f);
    vec_axpyf(&yf, 3.0f, &xf);
    vec_mixf(&yf, -1.0f, &xf, 2.0f);
    vec_scalef(&yf, 0.5f);
    for (size_t i = 0; i < 37; i++) {
        CHECK_NEAR(y.x[i], 2.5 * (double)(i + 1) + 2.0, 0.0);
        CHECK_NEAR((double)yf.x[i], 2.5 * (double)(i + 1) + 2.0, 0.0);
    }
    struct vec copy = vec_copy(&mem, &y);
    struct vecf copyf = vec_copyf(&mem, &yf);
    CHECK_TRUE(copy.x != y.x && memcmp(copy.x, y.x, 37 * sizeof(double)) == 0);
    CHECK_TRUE(copyf.x != yf.x && memcmp(copyf.x, yf.x, 37 * sizeof(float)) == 0);
}

static void maximum_is_right_and_keeps_nan_at_every_place(void **state)
{
    (void)state;
    for (size_t at = 0; at < 7; at++) {
        double x[] = {-3, -9, -1, -2, -8, -4, -5};
        float f[] = {-3, -9, -1, -2, -8, -4, -5};
        const struct vec v = vec_over(x, 7);
        const struct vecf w = vec_overf(f, 7);

        CHECK_NEAR(vec_max(&v), -1.0, 0.0);
        CHECK_NEAR(vec_max_abs(&v), 9.0, 0.0);
        CHECK_NEAR((double)vec_maxf(&w), -1.0, 0.0);
        CHECK_NEAR((double)vec_max_absf(&w), 9.0, 0.0);
        x[at] = nan_value;
        f[at] = (float)NAN;
        CHECK_TRUE(isnan(vec_max(&v)) && isnan(vec_max_abs(&v)));
        CHECK_TRUE(isnan(vec_maxf(&w)) && isnan(vec_max_absf(&w)));
    }
    CHECK_NEAR(vec_max_abs(&(struct vec){0, NULL}), 0.0, 0.0);
}

static void log_sum_exp_holds_at_its_limits(void **state)
{
    (void)state;
    CHECK_NEAR(vec_log_sum_exp(&(struct vec){3, (double[]){0, log(2), log(3)}}), log(6), 4 * EPS);
    /* shifting the input shifts the answer, far beyond where exp overflows or vanishes */
    CHECK_RELATIVE(vec_log_sum_exp(&(struct vec){2, (double[]){5000, 5000}}), 5000 + log(2), EPS);
    CHECK_RELATIVE(vec_log_sum_exp(&(struct vec){2, (double[]){-5000, -5000}}), -5000 + log(2),
                   EPS);
    CHECK_NEAR(vec_log_sum_exp(&(struct vec){2, (double[]){7, -inf}}), 7.0, 0.0);
    CHECK_TRUE(vec_log_sum_exp(&(struct vec){0, NULL}) == -inf);
    CHECK_TRUE(vec_log_sum_exp(&(struct vec){2, (double[]){-inf, -inf}}) == -inf);
    CHECK_TRUE(vec_log_sum_exp(&(struct vec){2, (double[]){inf, 1}}) == inf);
    CHECK_TRUE(isnan(vec_log_sum_exp(&(struct vec){3, (double[]){inf, 1, nan_value}})));
}

static void first_not_finite_is_found_wherever_it_is(void **state)
{
    const size_t n = 700;
    struct vec x = vec_zero(&mem, n);
    struct vecf f = vec_zerof(&mem, n);

    (void)state;
    vec_fill(&x, -1e308);
    vec_fillf(&f, -3e38f);
    CHECK_TRUE(vec_first_not_finite(&x) == n && vec_first_not_finitef(&f) == n);
    for (size_t i = n; i-- > 0;) {
        x.x[i] = i % 3 == 0 ? nan_value : i % 3 == 1 ? inf : -inf;
        f.x[i] = (float)x.x[i];
        CHECK_TRUE(vec_first_not_finite(&x) == i && vec_first_not_finitef(&f) == i);
        x.x[n - 1 - i / 2] = nan_value; /* and with another one behind it */
        f.x[n - 1 - i / 2] = (float)NAN;
        const size_t first = i < n - 1 - i / 2 ? i : n - 1 - i / 2;
        CHECK_TRUE(vec_first_not_finite(&x) == first && vec_first_not_finitef(&f) == first);
        x.x[i] = x.x[n - 1 - i / 2] = 1;
        f.x[i] = f.x[n - 1 - i / 2] = 1;
    }
}

static void normal_vectors_have_the_variance_asked_for(void **state)
{
    struct rng r = rng_stream(4, "normal"), same = rng_stream(4, "normal");
    const size_t n = 40000;
    struct vec x = vec_normal(&mem, &r, n, 9.0);
    struct vecf f = vec_normalf(&mem, &same, n, 9.0);

    (void)state;
    /* five standard errors of mean (3 / sqrt n) and of the second moment (9 sqrt(2 / n)) */
    CHECK_NEAR(vec_sum(&x) / (double)n, 0.0, 5 * 3 / sqrt((double)n));
    CHECK_NEAR(vec_dot(&x, &x) / (double)n, 9.0, 5 * 9 * sqrt(2 / (double)n));
    for (size_t i = 0; i < n; i++)
        CHECK_NEAR((double)f.x[i], (double)(float)x.x[i], 0.0);
}

static void memory_running_out_reaches_the_guard(void **state)
{
    static struct arena a;
    volatile int reached = 0;

    (void)state;
    memory_fail_at(1);
    if (arena_guard(&a)) {
        reached = 1;
    } else {
        struct vec x = vec_zero(&a, 1u << 22);

        (void)x;
    }
    memory_fail_at(0);
    CHECK_TRUE(reached);
    arena_free(&a);
}

static void lengths_that_do_not_agree_abort(void **state)
{
    struct vec x = vec_zero(&mem, 3), y = vec_zero(&mem, 4), none = vec_zero(&mem, 0);
    struct vecf f = vec_zerof(&mem, 3), g = vec_zerof(&mem, 4), nonef = vec_zerof(&mem, 0);

    (void)state;
    CHECK_ABORTS(vec_set(&x, &y));
    CHECK_ABORTS(vec_setf(&f, &g));
    CHECK_ABORTS(vec_axpy(&y, 1, &x));
    CHECK_ABORTS(vec_axpyf(&g, 1, &f));
    CHECK_ABORTS(vec_mix(&y, 1, &x, 1));
    CHECK_ABORTS(vec_mixf(&g, 1, &f, 1));
    CHECK_ABORTS((void)vec_dot(&y, &x));
    CHECK_ABORTS((void)vec_dotf(&g, &f));
    CHECK_ABORTS((void)vec_mean_squared_difference(&x, &y));
    CHECK_ABORTS((void)vec_mean_squared_differencef(&f, &g));
    CHECK_ABORTS((void)vec_mean_squared_difference(&none, &none));
    CHECK_ABORTS((void)vec_mean_squared_differencef(&nonef, &nonef));
}

/* Of nothing there is no maximum; of one value it is that. */
static void a_maximum_needs_a_value(void **state)
{
    const double x[] = {-3};
    const float f[] = {-3};
    const struct vec one = vec_over(x, 1), none = vec_over(x, 0);
    const struct vecf onef = vec_overf(f, 1), nonef = vec_overf(f, 0);

    (void)state;
    CHECK_NEAR(vec_max(&one), -3, 0);
    CHECK_NEAR((double)vec_maxf(&onef), -3, 0);
    CHECK_NEAR((double)vec_max_absf(&nonef), 0, 0);
    CHECK_ABORTS((void)vec_max(&none));
    CHECK_ABORTS((void)vec_maxf(&nonef));
}

static void a_variance_is_not_negative(void **state)
{
    struct rng r = rng_stream(5, "variance");

    (void)state;
    CHECK_NEAR(vec_normal(&mem, &r, 1, 0).x[0], 0, 0);
    CHECK_NEAR((double)vec_normalf(&mem, &r, 1, 0).x[0], 0, 0);
    CHECK_ABORTS((void)vec_normal(&mem, &r, 1, -0x1p-1074));
    CHECK_ABORTS((void)vec_normal(&mem, &r, 1, nan_value));
    CHECK_ABORTS((void)vec_normalf(&mem, &r, 1, -0x1p-1074));
    CHECK_ABORTS((void)vec_normalf(&mem, &r, 1, nan_value));
}

/* What lies behind a vector stays as it is, whatever its length and place. */
static void elementwise_loops_end_with_the_vector(void **state)
{
    enum { ROOM = 80 };
    double x[ROOM], y[ROOM];
    float f[ROOM], g[ROOM];

    (void)state;
    for (size_t n = 0; n < ROOM - 8; n++) {
        struct vec a = vec_over(x, n), b = vec_over(y, n);
        struct vecf c = vec_overf(f, n), d = vec_overf(g, n);

        for (size_t i = 0; i < ROOM; i++) {
            x[i] = y[i] = 3;
            f[i] = g[i] = 3;
        }
        vec_scale(&b, 2);
        vec_axpy(&b, 2, &a);
        vec_mix(&b, 2, &a, 3);
        vec_scalef(&d, 2);
        vec_axpyf(&d, 2, &c);
        vec_mixf(&d, 2, &c, 3);
        for (size_t i = 0; i < ROOM; i++)
            CHECK_TRUE(y[i] == (i < n ? 42 : 3) && g[i] == (i < n ? 42 : 3));
        vec_fill(&b, 5);
        vec_fillf(&d, 5);
        for (size_t i = 0; i < ROOM; i++)
            CHECK_TRUE(y[i] == (i < n ? 5 : 3) && g[i] == (i < n ? 5 : 3));
        vec_set(&b, &a);
        vec_setf(&d, &c);
        for (size_t i = 0; i < ROOM; i++)
            CHECK_TRUE(y[i] == 3 && g[i] == 3 && x[i] == 3 && f[i] == 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(vec_sum_is_the_stated_tree_to_the_bit, release),
        cmocka_unit_test_teardown(products_and_squares_are_added_in_the_stated_tree, release),
        cmocka_unit_test_teardown(vec_adder_gives_the_bits_of_vec_sum, release),
        cmocka_unit_test_teardown(reductions_do_not_depend_on_alignment, release),
        cmocka_unit_test_teardown(sums_of_many_terms_keep_their_digits, release),
        cmocka_unit_test_teardown(reductions_agree_with_naive_loops, release),
        cmocka_unit_test(norm_neither_overflows_nor_underflows),
        cmocka_unit_test_teardown(elementwise_operations_are_exact, release),
        cmocka_unit_test(maximum_is_right_and_keeps_nan_at_every_place),
        cmocka_unit_test(log_sum_exp_holds_at_its_limits),
        cmocka_unit_test_teardown(first_not_finite_is_found_wherever_it_is, release),
        cmocka_unit_test_teardown(normal_vectors_have_the_variance_asked_for, release),
        cmocka_unit_test(memory_running_out_reaches_the_guard),
        cmocka_unit_test_teardown(lengths_that_do_not_agree_abort, release),
        cmocka_unit_test(a_maximum_needs_a_value),
        cmocka_unit_test_teardown(a_variance_is_not_negative, release),
        cmocka_unit_test(elementwise_loops_end_with_the_vector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
