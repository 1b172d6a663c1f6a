/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernel/spectrum.h"

#include <math.h>

#include "kernel/ntk.h"
#include "test.h"

static const struct ntk_spec relu3 = {3, 2, 0};

static void eigenvalues_of_the_relu_ntk(void **state)
{
    static const double ten[] = {1.50149921, 2.01993561e-1, 2.26573942e-2, 1.64394703e-3,
                                 3.37237865e-4, 5.28276938e-5, 2.20291672e-5, 5.09428054e-6,
                                 2.77734696e-6, 8.05853531e-7, 5.16899211e-7};
    static const double five[] = {1.64576872, .422566932, .0841923758, .0103908080, .00363696849,
                                  .000914656801};
    static const double fifty[] = {1.39631555, .0387602634, 9.67862856e-4, 1.65479936e-5};
    static const double counts[] = {1, 10, 54, 210, 660, 1782, 4290, 9438, 19305, 37180, 68068};
    static const double counts_five[] = {1, 5, 14, 30, 55, 91};
    struct arena mem = {0};
    struct spectrum s;

    (void)state;
    CHECK_STATUS(spectrum_sphere(&s, &mem, ntk_sphere, &relu3, 10, 60, 256), STATUS_OK);
    for (size_t k = 0; k < 11; k++) {
        CHECK_RELATIVE(s.eta.x[k], ten[k], 6e-9);
        CHECK_RELATIVE(s.multiplicity.x[k], counts[k], 1e-12);
    }
    CHECK_RELATIVE(s.eta.x[12], 1.24591324e-7, 6e-9);
    CHECK_RELATIVE(spectrum_target_variance(&s), 2.69088527, 2e-9);
    CHECK_RELATIVE(s.tail, 0.0704118, 1e-6);
    CHECK_NEAR(s.trace, 6, 1e-12);
    CHECK_STATUS(spectrum_sphere(&s, &mem, ntk_sphere, &relu3, 5, 60, 256), STATUS_OK);
    for (size_t k = 0; k < 6; k++) {
        CHECK_RELATIVE(s.eta.x[k], five[k], 6e-9);
        CHECK_RELATIVE(s.multiplicity.x[k], counts_five[k], 1e-12);
    }
    CHECK_STATUS(spectrum_sphere(&s, &mem, ntk_sphere, &relu3, 50, 20, 256), STATUS_OK);
    for (size_t k = 0; k < 4; k++)
        CHECK_RELATIVE(s.eta.x[k], fifty[k], 6e-9);
    arena_free(&mem);
}

static double polynomial(double t, const void *unused)
{
    (void)unused;
    return 0.5 + 2 * t + 3 * t * t; /* in D = 3, t^2 = 1/3 + 2/3 P_2, k = P_k (2k+1) eta_k */
}

/* Addition theorem: k(t) = sum m_k eta_k P_k(t). */
static void a_polynomial_has_as_many_degrees(void **state)
{
    struct arena mem = {0};
    struct spectrum s;

    (void)state;
    CHECK_STATUS(spectrum_sphere(&s, &mem, polynomial, NULL, 3, 8, 40), STATUS_OK);
    assert_int_equal(s.n, 3);
    CHECK_RELATIVE(s.eta.x[0], 0.5 + 1, 1e-13);
    CHECK_RELATIVE(s.eta.x[1], 2.0 / 3, 1e-13);
    CHECK_RELATIVE(s.eta.x[2], 2.0 / 5, 1e-13);
    CHECK_NEAR(s.tail, 0, 1e-13);
    CHECK_TRUE(s.tail >= 0);
    arena_free(&mem);
}

static double step_function(double t, const void *unused)
{
    (void)unused;
    return t > 0 ? -1 : 0;
}

static double indefinite(double t, const void *unused)
{
    (void)unused;
    return t - 0.1; /* eta_0 = -0.1 */
}

static double not_a_number(double t, const void *unused)
{
    (void)unused;
    return t < 0.5 ? (double)NAN : 1;
}

static void hopeless_kernels_have_a_status(void **state)
{
    struct arena mem = {0};
    struct spectrum s;

    (void)state;
    CHECK_STATUS(spectrum_sphere(&s, &mem, ntk_sphere, &relu3, 2, 5, 50), STATUS_USAGE);
    CHECK_STATUS(spectrum_sphere(&s, &mem, ntk_sphere, &relu3, 3, 0, 50), STATUS_USAGE);
    CHECK_STATUS(spectrum_sphere(&s, &mem, ntk_sphere, &relu3, 3, 51, 50), STATUS_USAGE);
    CHECK_STATUS(spectrum_sphere(&s, &mem, step_function, NULL, 3, 1, 50), STATUS_NOT_DEFINITE);
    CHECK_STATUS(spectrum_sphere(&s, &mem, indefinite, NULL, 3, 4, 50), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("degree 0");
    CHECK_STATUS(spectrum_sphere(&s, &mem, not_a_number, NULL, 3, 5, 50), STATUS_DIVERGED);
    arena_free(&mem);
}

static void gram_spectrum_is_the_eigenvalues_over_n(void **state)
{
    const double k_[] = {2, 1, 0, 1, 2, 0, 0, 0, 0.5};
    const struct mat k = mat_over(k_, 3, 3);
    struct arena mem = {0};
    struct mat bad = mat_identity(&mem, 2), none = mat_zero(&mem, 0, 0), thin;
    struct spectrum s;

    (void)state;
    CHECK_STATUS(spectrum_gram(&s, &mem, &k), STATUS_OK);
    assert_int_equal(s.n, 3);
    CHECK_RELATIVE(s.eta.x[0], 1, 1e-14);
    CHECK_RELATIVE(s.eta.x[1], 1.0 / 3, 1e-14);
    CHECK_RELATIVE(s.eta.x[2], 0.5 / 3, 1e-14);
    CHECK_NEAR(s.multiplicity.x[2], 1, 0);
    CHECK_RELATIVE(s.trace, 1.5, 1e-14);
    CHECK_NEAR(s.tail, 0, 0);
    thin = mat_zero(&mem, 4, 4); /* rank 1: the zeros go */
    for (size_t i = 0; i < 16; i++)
        thin.a[i] = 1;
    CHECK_STATUS(spectrum_gram(&s, &mem, &thin), STATUS_OK);
    assert_int_equal(s.n, 1);
    CHECK_RELATIVE(s.eta.x[0], 1, 1e-14);
    bad.a[3] = -0.5;
    CHECK_STATUS(spectrum_gram(&s, &mem, &bad), STATUS_NOT_DEFINITE);
    CHECK_STATUS(spectrum_gram(&s, &mem, &none), STATUS_NOT_DEFINITE);
    bad.a[0] = bad.a[3] = 0;
    CHECK_STATUS(spectrum_gram(&s, &mem, &bad), STATUS_NOT_DEFINITE);
    bad.a[0] = (double)NAN;
    CHECK_STATUS(spectrum_gram(&s, &mem, &bad), STATUS_DIVERGED);
    arena_free(&mem);
}

/* phi_i of mean square 1, orthogonal, and K = sum eta_i phi_i phi_i'. */
static void gram_modes_make_up_the_matrix(void **state)
{
    enum { N = 12, RANK = 5 };
    struct arena mem = {0};
    struct rng r = rng_stream(1, "factors");
    const struct mat factors = mat_normal(&mem, &r, N, RANK, 1);
    struct mat k = mat_zero(&mem, N, N), modes, none = mat_zero(&mem, 0, 0);
    struct spectrum s, alone;

    (void)state;
    mat_gram(&k, 1, &factors, MAT_AS_IS, 0);
    CHECK_STATUS(spectrum_gram_modes(&s, &modes, &mem, &k), STATUS_OK);
    CHECK_STATUS(spectrum_gram(&alone, &mem, &k), STATUS_OK);
    assert_int_equal(s.n, RANK);
    assert_int_equal(modes.rows, RANK);
    assert_int_equal(modes.cols, N);
    for (size_t i = 0; i < RANK; i++) {
        CHECK_RELATIVE(s.eta.x[i], alone.eta.x[i], 1e-12);
        for (size_t l = 0; l < RANK; l++) {
            const struct vec a = mat_row(&modes, i), b = mat_row(&modes, l);

            CHECK_NEAR(vec_dot(&a, &b) / N, i == l, 1e-13);
        }
    }
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) {
            double sum = 0;

            for (size_t l = 0; l < RANK; l++)
                sum += s.eta.x[l] * modes.a[l * N + i] * modes.a[l * N + j];
            CHECK_NEAR(sum, k.a[i * N + j], 1e-12 * s.trace * N);
        }
    CHECK_STATUS(spectrum_gram_modes(&s, &modes, &mem, &none), STATUS_NOT_DEFINITE);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eigenvalues_of_the_relu_ntk),
        cmocka_unit_test(a_polynomial_has_as_many_degrees),
        cmocka_unit_test(hopeless_kernels_have_a_status),
        cmocka_unit_test(gram_spectrum_is_the_eigenvalues_over_n),
        cmocka_unit_test(gram_modes_make_up_the_matrix),
    };

    return cmocka_run_group_tests_name("spectrum", tests, NULL, NULL);
}
