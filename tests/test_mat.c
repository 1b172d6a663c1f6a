/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrices: products against the triple loop, with |error| <= k eps |A| |B| elementwise (the bound
 * that holds for every order of summation; 2 (k + 2) eps is allowed here). */
#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "base/rng.h"
#include "linalg/blas.h"
#include "linalg/mat.h"

#define EPS 0x1p-52
#define EPSF 0x1p-23
static const double nan_value = (double)NAN;

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static double at(const struct mat *a, int transposed, size_t i, size_t j)
{
    return transposed ? a->a[j * a->cols + i] : a->a[i * a->cols + j];
}

static double atf(const struct matf *a, int transposed, size_t i, size_t j)
{
    return (double)(transposed ? a->a[j * a->cols + i] : a->a[i * a->cols + j]);
}

static const size_t sizes[] = {0, 1, 2, 3, 5, 8, 17, 33, 65};
#define SIZES (sizeof sizes / sizeof *sizes)

static void check_product(struct rng *r, size_t m, size_t n, size_t k, int ta, int tb, double beta)
{
    const double alpha = -1.5;
    struct mat a = mat_normal(&mem, r, ta ? k : m, ta ? m : k, 1.0);
    struct mat b = mat_normal(&mem, r, tb ? n : k, tb ? k : n, 1.0);
    struct mat old = mat_normal(&mem, r, m, n, 1.0), c = mat_copy(&mem, &old);

    mat_multiply(&c, alpha, &a, ta, &b, tb, beta);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = 0, size = fabs(beta * at(&old, 0, i, j));

            for (size_t q = 0; q < k; q++) {
                sum += at(&a, ta, i, q) * at(&b, tb, q, j);
                size += fabs(alpha * at(&a, ta, i, q) * at(&b, tb, q, j));
            }
            CHECK_NEAR(at(&c, 0, i, j), alpha * sum + beta * at(&old, 0, i, j),
                       2 * (double)(k + 2) * EPS * size);
        }
}

static void check_productf(struct rng *r, size_t m, size_t n, size_t k, int ta, int tb, float beta)
{
    const float alpha = -1.5f;
    struct matf a = matf_normal(&mem, r, ta ? k : m, ta ? m : k, 1.0);
    struct matf b = matf_normal(&mem, r, tb ? n : k, tb ? k : n, 1.0);
    struct matf old = matf_normal(&mem, r, m, n, 1.0), c = matf_copy(&mem, &old);

    matf_multiply(&c, alpha, &a, ta, &b, tb, beta);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = 0, size = fabs((double)beta * atf(&old, 0, i, j));

            for (size_t q = 0; q < k; q++) {
                sum += atf(&a, ta, i, q) * atf(&b, tb, q, j);
                size += fabs((double)alpha * atf(&a, ta, i, q) * atf(&b, tb, q, j));
            }
            CHECK_NEAR(atf(&c, 0, i, j), (double)alpha * sum + (double)beta * atf(&old, 0, i, j),
                       2 * (double)(k + 2) * EPSF * size);
        }
}

static void products_agree_with_the_triple_loop(void **state)
{
    struct rng r = rng_stream(1, "product");

    (void)state;
    for (size_t q = 0; q < SIZES * SIZES * SIZES; q += 1 + q % 5) {
        const size_t m = sizes[q % SIZES], n = sizes[q / SIZES % SIZES];
        const size_t k = sizes[q / SIZES / SIZES];

        for (int t = 0; t < 4; t++) {
            check_product(&r, m, n, k, t & 1, t >> 1, q % 2 ? 0.75 : 0.0);
            check_productf(&r, m, n, k, t & 1, t >> 1, q % 2 ? 0.75f : 0.0f);
        }
        arena_free(&mem);
    }
    check_product(&r, 130, 257, 301, 0, 1, 1.0);
    check_productf(&r, 257, 130, 301, 1, 0, 1.0f);
}

static void matrix_vector_products_agree_with_the_loop(void **state)
{
    struct rng r = rng_stream(2, "vector");

    (void)state;
    for (size_t q = 0; q < SIZES * SIZES * 2; q++) {
        const size_t m = sizes[q % SIZES], n = sizes[q / SIZES % SIZES];
        const int t = q >= SIZES * SIZES;
        const double beta = q % 3 == 0 ? 0.0 : q % 3 == 1 ? 1.0 : -0.5;
        struct mat a = mat_normal(&mem, &r, t ? n : m, t ? m : n, 1.0);
        struct matf af = matf_zero(&mem, a.rows, a.cols);
        struct vec x = vec_normal(&mem, &r, n, 1.0), old = vec_normal(&mem, &r, m, 1.0);
        struct vec y = vec_copy(&mem, &old);
        struct vecf xf = vec_zerof(&mem, n), yf = vec_zerof(&mem, m);

        for (size_t i = 0; i < m * n; i++)
            af.a[i] = (float)a.a[i];
        for (size_t i = 0; i < n; i++)
            xf.x[i] = (float)x.x[i];
        for (size_t i = 0; i < m; i++)
            yf.x[i] = (float)old.x[i];
        mat_vec_add(&y, 2.0, &a, t, &x, beta);
        matf_vec_add(&yf, 2.0f, &af, t, &xf, (float)beta);
        for (size_t i = 0; i < m; i++) {
            double sum = beta * old.x[i], size = fabs(sum);

            for (size_t j = 0; j < n; j++) {
                sum += 2.0 * at(&a, t, i, j) * x.x[j];
                size += fabs(2.0 * at(&a, t, i, j) * x.x[j]);
            }
            CHECK_NEAR(y.x[i], sum, 2 * (double)(n + 2) * EPS * size);
            CHECK_NEAR((double)yf.x[i], sum, 2 * (double)(n + 4) * EPSF * size);
        }
        arena_free(&mem);
    }
}

static void gram_is_the_product_and_symmetric_to_the_bit(void **state)
{
    struct rng r = rng_stream(3, "gram");

    (void)state;
    for (size_t q = 0; q < SIZES * SIZES * 2; q++) {
        const size_t m = sizes[q % SIZES], n = sizes[q / SIZES % SIZES];
        const int t = q >= SIZES * SIZES;
        const size_t side = t ? n : m, depth = t ? m : n;
        struct mat a = mat_normal(&mem, &r, m, n, 1.0);
        struct matf af = matf_normal(&mem, &r, m, n, 1.0);
        struct mat c = mat_identity(&mem, side), d = mat_identity(&mem, side);
        struct matf cf = matf_identity(&mem, side), df = matf_identity(&mem, side);

        mat_gram(&c, 0.5, &a, t, -1.0);
        mat_multiply(&d, 0.5, &a, t, &a, !t, -1.0);
        matf_gram(&cf, 0.5f, &af, t, -1.0f);
        matf_multiply(&df, 0.5f, &af, t, &af, !t, -1.0f);
        const double bound = 2 * (double)(depth + 2) * (2 + 30.0 * (double)depth);
        for (size_t i = 0; i < side; i++)
            for (size_t j = 0; j < side; j++) {
                CHECK_NEAR(at(&c, 0, i, j), at(&d, 0, i, j), bound * EPS);
                CHECK_NEAR(atf(&cf, 0, i, j), atf(&df, 0, i, j), bound * EPSF);
                CHECK_NEAR(at(&c, 0, i, j), at(&c, 0, j, i), 0.0);
                CHECK_NEAR(atf(&cf, 0, i, j), atf(&cf, 0, j, i), 0.0);
            }
        arena_free(&mem);
    }
}

/* beta = 0 means that the output is not read, on every path: small and large, all functions. */
static void beta_zero_does_not_read_the_output(void **state)
{
    struct rng r = rng_stream(4, "beta");
    const size_t side[] = {1, 3, 16, 70, 150};

    (void)state;
    for (size_t q = 0; q < 5; q++)
        for (size_t k = 0; k <= side[q]; k += side[q]) {
            const size_t n = side[q];
            struct mat a = mat_normal(&mem, &r, n, k, 1.0), c = mat_zero(&mem, n, n);
            struct matf af = matf_normal(&mem, &r, n, k, 1.0), cf = matf_zero(&mem, n, n);
            struct vec all = mat_flat(&c), x = vec_normal(&mem, &r, k, 1.0);
            struct vecf allf = matf_flat(&cf), xf = vec_normalf(&mem, &r, k, 1.0);
            struct vec y = vec_over(c.a, n);
            struct vecf yf = vec_overf(cf.a, n);

            vec_fill(&all, nan_value);
            mat_multiply(&c, 1.0, &a, 0, &a, 1, 0.0);
            CHECK_TRUE(vec_first_not_finite(&all) == all.n);
            vec_fill(&all, nan_value);
            mat_gram(&c, 1.0, &a, 0, 0.0);
            CHECK_TRUE(vec_first_not_finite(&all) == all.n);
            vec_fill(&all, nan_value);
            mat_vec(&y, 1.0, &a, &x);
            CHECK_TRUE(vec_first_not_finite(&y) == n);
            vec_fillf(&allf, (float)NAN);
            matf_multiply(&cf, 1.0f, &af, 0, &af, 1, 0.0f);
            CHECK_TRUE(vec_first_not_finitef(&allf) == all.n);
            vec_fillf(&allf, (float)NAN);
            matf_gram(&cf, 1.0f, &af, 0, 0.0f);
            CHECK_TRUE(vec_first_not_finitef(&allf) == all.n);
            vec_fillf(&allf, (float)NAN);
            matf_vec(&yf, 1.0f, &af, &xf);
            CHECK_TRUE(vec_first_not_finitef(&yf) == n);
        }
}

static void nan_in_an_input_reaches_the_output(void **state)
{
    struct rng r = rng_stream(5, "nan");

    (void)state;
    for (size_t n = 1; n < 80; n += 13) {
        struct mat a = mat_normal(&mem, &r, n, n, 1.0), b = mat_zero(&mem, n, n);
        struct mat c = mat_zero(&mem, n, n);
        struct vec y = vec_zero(&mem, n), zero = vec_zero(&mem, n);

        a.a[(n / 2) * n + n / 3] = nan_value; /* times the zeros of b */
        mat_multiply(&c, 1.0, &a, 0, &b, 0, 0.0);
        mat_vec(&y, 1.0, &a, &zero);
        for (size_t j = 0; j < n; j++)
            CHECK_TRUE(isnan(at(&c, 0, n / 2, j)));
        CHECK_TRUE(isnan(y.x[n / 2]));
        CHECK_TRUE(isnan(mat_norm(&a)) && isnan(mat_norm_one(&a)));
    }
}

static void transposing_twice_is_nothing(void **state)
{
    struct rng r = rng_stream(6, "transpose");

    (void)state;
    for (size_t q = 0; q < SIZES * SIZES; q++) {
        const size_t m = sizes[q % SIZES], n = sizes[q / SIZES];
        struct mat a = mat_normal(&mem, &r, m, n, 1.0);
        struct matf f = matf_normal(&mem, &r, m, n, 1.0);
        struct mat t = mat_transpose(&mem, &a), tt = mat_transpose(&mem, &t);
        struct matf tf = matf_transpose(&mem, &f), ttf = matf_transpose(&mem, &tf);

        CHECK_TRUE(t.rows == n && t.cols == m && tt.rows == m && tt.cols == n);
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++) {
                CHECK_NEAR(at(&t, 0, j, i), at(&a, 0, i, j), 0.0);
                CHECK_NEAR(at(&tt, 0, i, j), at(&a, 0, i, j), 0.0);
                CHECK_NEAR(atf(&tf, 0, j, i), atf(&f, 0, i, j), 0.0);
                CHECK_NEAR(atf(&ttf, 0, i, j), atf(&f, 0, i, j), 0.0);
            }
        arena_free(&mem);
    }
}

static void views_and_columns_show_what_they_name(void **state)
{
    double a[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    float f[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const struct mat m = mat_over(a, 4, 3);
    const struct matf mf = matf_over(f, 4, 3);
    const struct mat rows = mat_rows(&m, 1, 2), columns = mat_columns(&mem, &m, 1, 2);
    const struct matf rowsf = matf_rows(&mf, 1, 2), columnsf = matf_columns(&mem, &mf, 1, 2);
    struct vec row = mat_row(&m, 3);
    const struct vecf rowf = matf_row(&mf, 3);

    (void)state;
    CHECK_TRUE(rows.rows == 2 && rows.cols == 3 && rows.a == a + 3);
    CHECK_TRUE(rowsf.rows == 2 && rowsf.cols == 3 && rowsf.a == f + 3);
    CHECK_TRUE(columns.rows == 4 && columns.cols == 2);
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 2; j++) {
            CHECK_NEAR(at(&columns, 0, i, j), (double)(3 * i + j + 2), 0.0);
            CHECK_NEAR(atf(&columnsf, 0, i, j), (double)(3 * i + j + 2), 0.0);
        }
    CHECK_TRUE(row.n == 3 && row.x == a + 9 && rowf.n == 3 && rowf.x == f + 9);
    vec_fill(&row, 0.0);
    CHECK_NEAR(a[9] + a[10] + a[11], 0.0, 0.0);
    CHECK_TRUE(matf_rows(&mf, mf.rows, 0).rows == 0);
    CHECK_TRUE(mat_rows(&m, 4, 0).rows == 0 && mat_columns(&mem, &m, 3, 0).cols == 0);
}

static void norms_and_trace_of_a_small_matrix(void **state)
{
    double a[] = {1, -2, 3, 4, 5, -6, -7, 8, 9};
    struct mat m = mat_over(a, 3, 3);

    (void)state;
    CHECK_NEAR(mat_trace(&m), 15.0, 0.0);
    CHECK_RELATIVE(mat_norm(&m), sqrt(285.0), EPS);
    CHECK_NEAR(mat_norm_one(&m), 18.0, 0.0);
    mat_add_diagonal(&m, 2.0);
    CHECK_NEAR(mat_trace(&m), 21.0, 0.0);
    mat_mirror_lower(&m);
    CHECK_NEAR(a[1], 4.0, 0.0);
    CHECK_NEAR(a[2], -7.0, 0.0);
    CHECK_NEAR(a[5], 8.0, 0.0);
}

static void products_take_no_memory_of_ours_and_repeat_to_the_bit(void **state)
{
    struct rng r = rng_stream(7, "repeat");
    struct matf a = matf_normal(&mem, &r, 128, 300, 1.0), b = matf_normal(&mem, &r, 300, 70, 1.0);
    struct matf c = matf_zero(&mem, 128, 70), d = matf_zero(&mem, 128, 70);

    (void)state;
    blas_set_threads(1);
    const size_t before = memory_count();
    matf_multiply(&c, 1.0f, &a, 0, &b, 0, 0.0f);
    for (int q = 0; q < 5; q++) {
        matf_multiply(&d, 1.0f, &a, 0, &b, 0, 0.0f);
        CHECK_TRUE(memcmp(c.a, d.a, 128 * 70 * sizeof(float)) == 0);
    }
    CHECK_TRUE(memory_count() == before);
}

/* Each shape alone may be the wrong one; what is called is right but for that. */
static void shapes_that_do_not_agree_abort(void **state)
{
    struct mat a = mat_zero(&mem, 4, 3), c = mat_zero(&mem, 4, 4), d = mat_zero(&mem, 3, 4);
    struct mat e = mat_zero(&mem, 3, 3), x = mat_zero(&mem, 5, 3), y = mat_zero(&mem, 4, 5);
    struct vec three = vec_zero(&mem, 3), four = vec_zero(&mem, 4);

    (void)state;
    mat_multiply(&c, 1, &a, 0, &a, 1, 0);
    CHECK_ABORTS(mat_multiply(&c, 1, &a, 0, &a, 0, 0));
    CHECK_ABORTS(mat_multiply(&d, 1, &a, 0, &a, 1, 0));
    CHECK_ABORTS(mat_multiply(&y, 1, &a, 0, &a, 1, 0));
    mat_vec(&four, 1, &a, &three);
    CHECK_ABORTS(mat_vec(&three, 1, &a, &three));
    CHECK_ABORTS(mat_vec(&four, 1, &a, &four));
    CHECK_ABORTS(mat_vec_add(&four, 1, &a, 1, &three, 0));
    mat_gram(&c, 1, &a, 0, 0);
    CHECK_ABORTS(mat_gram(&d, 1, &a, 0, 0));
    CHECK_ABORTS(mat_gram(&a, 1, &a, 0, 0));
    CHECK_ABORTS(mat_set(&a, &x));
    CHECK_ABORTS(mat_set(&y, &c));
    CHECK_ABORTS(mat_add_diagonal(&a, 1));
    CHECK_ABORTS(mat_mirror_lower(&d));
    CHECK_ABORTS((void)mat_trace(&a));
    mat_set(&e, &e);
}

static void float_shapes_that_do_not_agree_abort(void **state)
{
    struct matf a = matf_zero(&mem, 4, 3), c = matf_zero(&mem, 4, 4), d = matf_zero(&mem, 3, 4);
    struct matf e = matf_zero(&mem, 3, 3), x = matf_zero(&mem, 5, 3), y = matf_zero(&mem, 4, 5);
    struct vecf three = vec_zerof(&mem, 3), four = vec_zerof(&mem, 4);

    (void)state;
    matf_multiply(&c, 1, &a, 0, &a, 1, 0);
    CHECK_ABORTS(matf_multiply(&c, 1, &a, 0, &a, 0, 0));
    CHECK_ABORTS(matf_multiply(&d, 1, &a, 0, &a, 1, 0));
    CHECK_ABORTS(matf_multiply(&y, 1, &a, 0, &a, 1, 0));
    matf_vec(&four, 1, &a, &three);
    CHECK_ABORTS(matf_vec(&three, 1, &a, &three));
    CHECK_ABORTS(matf_vec(&four, 1, &a, &four));
    CHECK_ABORTS(matf_vec_add(&four, 1, &a, 1, &three, 0));
    matf_gram(&c, 1, &a, 0, 0);
    CHECK_ABORTS(matf_gram(&d, 1, &a, 0, 0));
    CHECK_ABORTS(matf_gram(&a, 1, &a, 0, 0));
    CHECK_ABORTS(matf_set(&a, &x));
    CHECK_ABORTS(matf_set(&y, &c));
    CHECK_ABORTS(matf_add_diagonal(&a, 1));
    CHECK_ABORTS(matf_mirror_lower(&d));
    matf_set(&e, &e);
}

/* The last row, column or range is there, the next is not. */
static void parts_beyond_the_matrix_abort(void **state)
{
    const struct mat a = mat_zero(&mem, 4, 3);
    const struct matf f = matf_zero(&mem, 4, 3);

    (void)state;
    CHECK_TRUE(mat_row(&a, 3).n == 3 && mat_rows(&a, 3, 1).rows == 1);
    CHECK_TRUE(matf_row(&f, 3).n == 3 && matf_rows(&f, 3, 1).rows == 1);
    CHECK_TRUE(mat_columns(&mem, &a, 2, 1).cols == 1 && matf_columns(&mem, &f, 2, 1).cols == 1);
    CHECK_ABORTS((void)mat_row(&a, 4));
    CHECK_ABORTS((void)matf_row(&f, 4));
    CHECK_ABORTS((void)mat_rows(&a, 3, 2));
    CHECK_ABORTS((void)mat_rows(&a, 5, (size_t)-1));
    CHECK_ABORTS((void)matf_rows(&f, 3, 2));
    CHECK_ABORTS((void)matf_rows(&f, 5, (size_t)-1));
    CHECK_ABORTS((void)mat_columns(&mem, &a, 2, 2));
    CHECK_ABORTS((void)mat_columns(&mem, &a, 4, (size_t)-1));
    CHECK_ABORTS((void)matf_columns(&mem, &f, 2, 2));
    CHECK_ABORTS((void)matf_columns(&mem, &f, 4, (size_t)-1));
}

/* 1 when the guard was reached: the size fits, and the memory does not. */
static int too_large_for_memory(size_t rows, size_t cols, int what)
{
    static struct arena a;
    struct rng r = rng_stream(1, "size");

    if (arena_guard(&a)) {
        arena_free(&a);
        return 1;
    }
    if (what == 0)
        (void)mat_zero(&a, rows, cols);
    else if (what == 1)
        (void)matf_zero(&a, rows, cols);
    else if (what == 2)
        (void)mat_normal(&a, &r, rows, cols, 1);
    else
        (void)matf_normal(&a, &r, rows, cols, 1);
    arena_free(&a);
    return 0;
}

/* A product of sizes that wraps around aborts; the largest that does not is a matter of memory. */
static void sizes_that_overflow_abort(void **state)
{
    static const size_t most[] = {SIZE_MAX / 8 / 3, SIZE_MAX / 4 / 3, SIZE_MAX / 3, SIZE_MAX / 3};

    (void)state;
    for (int what = 0; what < 4; what++) {
        CHECK_TRUE(too_large_for_memory(most[what], 3, what));
        CHECK_TRUE(!too_large_for_memory(SIZE_MAX, 0, what));
        CHECK_TRUE(!too_large_for_memory(0, SIZE_MAX, what));
        CHECK_ABORTS((void)too_large_for_memory(most[what] + 1, 3, what));
    }
}

static void identities_are_ones_on_the_diagonal(void **state)
{
    const struct mat a = mat_identity(&mem, 5);
    const struct matf f = matf_identity(&mem, 5);

    (void)state;
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++) {
            CHECK_NEAR(at(&a, 0, i, j), i == j ? 1 : 0, 0);
            CHECK_NEAR(atf(&f, 0, i, j), i == j ? 1 : 0, 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(products_agree_with_the_triple_loop, release),
        cmocka_unit_test_teardown(matrix_vector_products_agree_with_the_loop, release),
        cmocka_unit_test_teardown(gram_is_the_product_and_symmetric_to_the_bit, release),
        cmocka_unit_test_teardown(beta_zero_does_not_read_the_output, release),
        cmocka_unit_test_teardown(nan_in_an_input_reaches_the_output, release),
        cmocka_unit_test_teardown(transposing_twice_is_nothing, release),
        cmocka_unit_test_teardown(views_and_columns_show_what_they_name, release),
        cmocka_unit_test(norms_and_trace_of_a_small_matrix),
        cmocka_unit_test_teardown(products_take_no_memory_of_ours_and_repeat_to_the_bit, release),
        cmocka_unit_test_teardown(shapes_that_do_not_agree_abort, release),
        cmocka_unit_test_teardown(float_shapes_that_do_not_agree_abort, release),
        cmocka_unit_test_teardown(parts_beyond_the_matrix_abort, release),
        cmocka_unit_test(sizes_that_overflow_abort),
        cmocka_unit_test_teardown(identities_are_ones_on_the_diagonal, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
