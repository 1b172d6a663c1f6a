/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernel/ntk_gram.h"

#include <math.h>

#include "aborts.h"
#include "linalg/lapack.h"
#include "test.h"

static double product(const struct mat *x, size_t i, const struct mat *y, size_t j)
{
    const struct vec a = mat_row(x, i), b = mat_row(y, j);

    return vec_dot(&a, &b);
}

/* Entry by entry against the scalar recursion, on sizes around the tiles' edges. */
static void entries_are_the_recursion(void **state)
{
    static const struct ntk_spec specs[] = {{1, 2, 0}, {2, 2, 0}, {3, 2, 0.1}, {5, 1.3, 0.2}};
    static const size_t sizes[][2] = {{1, 1}, {64, 256}, {65, 257}, {130, 40}};
    const double scale = 0.25;

    (void)state;
    for (size_t s = 0; s < 4; s++)
        for (size_t k = 0; k < 4; k++) {
            const struct ntk_spec *spec = &specs[s];
            struct arena mem = {0};
            struct rng r = rng_stream(s, "inputs");
            struct mat x = mat_normal(&mem, &r, sizes[k][0], 4, 1);
            struct mat y = mat_normal(&mem, &r, sizes[k][1], 4, 1);
            struct mat out = mat_zero(&mem, x.rows, y.rows);

            for (size_t c = 0; c < 4; c++) { /* a parallel and an opposite input */
                y.a[c] = 3 * x.a[c];
                y.a[(y.rows - 1) * 4 + c] = -0.5 * x.a[(x.rows - 1) * 4 + c];
            }
            for (int what = NTK_COVARIANCE; what <= (int)spec->layers; what++) {
                CHECK_STATUS(ntk_gram_cross(&out, spec, what, &x, &y, scale), STATUS_OK);
                for (size_t i = 0; i < x.rows; i += 7)
                    for (size_t j = 0; j < y.rows; j += i % 3 == 0 ? 1 : 13) {
                        const double a = scale * product(&x, i, &x, i);
                        const double b = scale * product(&y, j, &y, j);
                        double covariance, layers[NTK_LAYERS], theta;

                        theta = ntk_value(spec, scale * product(&x, i, &y, j), a, b, &covariance,
                                          layers);
                        theta = what == NTK_TANGENT      ? theta
                                : what == NTK_COVARIANCE ? covariance
                                                         : layers[what - 1];
                        /* arccos has a root at 1: an error of eps in r is one of sqrt(eps) there */
                        CHECK_NEAR(out.a[i * y.rows + j], theta,
                                   (i == 0 && j == 0) || j == y.rows - 1 ? 3e-7 : 1e-12);
                    }
            }
            arena_free(&mem);
        }
}

static void gram_is_symmetric_and_definite(void **state)
{
    const struct ntk_spec spec = {3, 2, 0};
    struct arena mem = {0};
    struct rng r = rng_stream(9, "inputs");
    const struct mat x = mat_normal(&mem, &r, 300, 10, 1);
    struct mat gram = mat_zero(&mem, 300, 300), cross = mat_zero(&mem, 300, 300);
    struct vec values = vec_zero(&mem, 300);

    (void)state;
    CHECK_STATUS(ntk_gram(&gram, &spec, NTK_TANGENT, &x, 0.1), STATUS_OK);
    CHECK_STATUS(ntk_gram_cross(&cross, &spec, NTK_TANGENT, &x, &x, 0.1), STATUS_OK);
    for (size_t i = 0; i < 300; i++)
        for (size_t j = 0; j < 300; j++) {
            CHECK_NEAR(gram.a[i * 300 + j], gram.a[j * 300 + i], 0);
            CHECK_NEAR(gram.a[i * 300 + j], cross.a[i * 300 + j], 1e-6);
        }
    for (size_t i = 0; i < 300; i++) /* Theta(x, x) = 3 * 2 * |x|^2 / 10 */
        CHECK_RELATIVE(gram.a[i * 301], 0.6 * product(&x, i, &x, i), 1e-14);
    CHECK_STATUS(lapack_eigen(&values, NULL, &gram), STATUS_OK);
    CHECK_TRUE(values.x[0] > 0.01);
    arena_free(&mem);
}

static void apply_is_the_product_with_the_kernel(void **state)
{
    const struct ntk_spec spec = {3, 2, 0.1};
    struct arena mem = {0};
    struct rng r = rng_stream(10, "inputs");
    const struct mat x = mat_normal(&mem, &r, 70, 5, 1), y = mat_normal(&mem, &r, 300, 5, 1);
    const struct mat a = mat_normal(&mem, &r, 300, 2, 1);
    struct mat cross = mat_zero(&mem, 70, 300);
    struct mat f = mat_normal(&mem, &r, 70, 2, 1), expected = mat_copy(&mem, &f);

    (void)state;
    CHECK_STATUS(ntk_gram_cross(&cross, &spec, NTK_TANGENT, &x, &y, 0.2), STATUS_OK);
    mat_multiply(&expected, 1, &cross, MAT_AS_IS, &a, MAT_AS_IS, 1);
    CHECK_STATUS(ntk_gram_apply(&f, &spec, &x, &y, 0.2, &a), STATUS_OK);
    for (size_t i = 0; i < 140; i++)
        CHECK_NEAR(f.a[i], expected.a[i], 1e-11);
    arena_free(&mem);
}

/* Without its own rule arccos's root at 1 makes 1e-8 of a rounding. */
static void repeated_inputs_have_equal_rows(void **state)
{
    const struct ntk_spec spec = {4, 2, 0};
    struct arena mem = {0};
    struct rng r = rng_stream(11, "inputs");
    struct mat x = mat_normal(&mem, &r, 40, 12, 1), gram = mat_zero(&mem, 40, 40);

    (void)state;
    for (size_t i = 20; i < 40; i++) { /* each twice */
        const struct vec from = mat_row(&x, i - 20);
        struct vec to = mat_row(&x, i);

        vec_set(&to, &from);
    }
    CHECK_STATUS(ntk_gram(&gram, &spec, NTK_TANGENT, &x, 1), STATUS_OK);
    for (size_t i = 0; i < 20; i++)
        for (size_t j = 0; j < 40; j++)
            CHECK_NEAR(gram.a[i * 40 + j], gram.a[(i + 20) * 40 + j], 1e-12 * gram.a[i * 41]);
    arena_free(&mem);
}

static void inputs_of_length_zero_have_no_kernel(void **state)
{
    const struct ntk_spec plain = {3, 2, 0}, biased = {3, 2, 0.1};
    struct arena mem = {0};
    struct mat x = mat_zero(&mem, 2, 3), gram = mat_zero(&mem, 2, 2);
    struct mat none_x = mat_zero(&mem, 0, 3), none = mat_zero(&mem, 0, 0);

    (void)state;
    x.a[3] = 1;
    CHECK_STATUS(ntk_gram(&gram, &plain, NTK_TANGENT, &x, 1), STATUS_OK);
    CHECK_NEAR(gram.a[0], 0, 0);
    CHECK_NEAR(gram.a[1], 0, 0);
    CHECK_RELATIVE(gram.a[3], 6, 1e-14);
    CHECK_STATUS(ntk_gram(&gram, &biased, NTK_TANGENT, &x, 1), STATUS_OK);
    CHECK_TRUE(gram.a[0] > 0.1);
    /* so short that 1 / |x|^2 overflows; and no inputs at all */
    x.a[0] = x.a[4] = 1e-160;
    x.a[3] = 0;
    CHECK_STATUS(ntk_gram(&gram, &plain, NTK_TANGENT, &x, 1), STATUS_OK);
    CHECK_NEAR(gram.a[1], 0, 1e-300);
    CHECK_NEAR(gram.a[3], 0, 1e-300);
    CHECK_STATUS(ntk_gram(&none, &plain, NTK_TANGENT, &none_x, 1), STATUS_OK);
    arena_free(&mem);
}

static void bad_input_is_refused(void **state)
{
    const struct ntk_spec spec = {3, 2, 0};
    struct arena mem = {0};
    struct mat x = mat_identity(&mem, 3), out = mat_zero(&mem, 3, 3), small = mat_zero(&mem, 3, 2);
    struct mat f = mat_zero(&mem, 3, 1), wide = mat_zero(&mem, 3, 2);
    enum status status;

    (void)state;
    CHECK_ABORTS(status = ntk_gram(&out, &spec, 4, &x, 1));
    CHECK_ABORTS(status = ntk_gram(&out, &spec, -2, &x, 1));
    CHECK_ABORTS(status = ntk_gram(&out, &spec, 0, &x, 0));
    CHECK_ABORTS(status = ntk_gram(&small, &spec, 0, &x, 1));
    CHECK_ABORTS(status = ntk_gram_cross(&small, &spec, 0, &x, &x, 1));
    CHECK_ABORTS(status = ntk_gram_cross(&out, &spec, 0, &x, &small, 1));
    CHECK_ABORTS(status = ntk_gram(&out, &(struct ntk_spec){0, 2, 0}, 0, &x, 1));
    CHECK_ABORTS(status = ntk_gram_apply(&wide, &spec, &x, &x, 1, &f));
    for (size_t k = 1; k <= 5; k++) {
        memory_fail_at(k);
        status = ntk_gram_apply(&f, &spec, &x, &x, 1, &f);
        memory_fail_at(0);
        assert_int_equal(status, STATUS_MEMORY);
    }
    x.a[4] = (double)INFINITY;
    CHECK_STATUS(ntk_gram(&out, &spec, 0, &x, 1), STATUS_DIVERGED);
    CHECK_MESSAGE("input 1");
    x.a[4] = 1;
    CHECK_STATUS(ntk_gram(&out, &spec, 0, &x, 1), STATUS_OK);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_the_recursion),
        cmocka_unit_test(gram_is_symmetric_and_definite),
        cmocka_unit_test(apply_is_the_product_with_the_kernel),
        cmocka_unit_test(repeated_inputs_have_equal_rows),
        cmocka_unit_test(inputs_of_length_zero_have_no_kernel),
        cmocka_unit_test(bad_input_is_refused),
    };

    return cmocka_run_group_tests_name("ntk_gram", tests, NULL, NULL);
}
