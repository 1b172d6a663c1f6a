/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_diagonal: one observation by hand, the running mean in closed form, invariances, limits. */
#include "geometry/diagonal.h"

#include "aborts.h"
#include "test.h"

enum { N = 3 };

/* R' R of these rows has the diagonal (5, 4, 10). */
static float rows_a[2 * N] = {1, 0, 3, 2, 2, 1};

static struct matf rows(void)
{
    return matf_over(rows_a, 2, N);
}

static void direction_divides_by_the_diagonal(void **state)
{
    struct arena mem = {0};
    struct diagonal d = diagonal_create(&mem, N, 0, 0);
    const struct matf r = rows();
    const float g[N] = {10, -2, 5};
    float v[N];

    (void)state;
    CHECK_STATUS(diagonal_observe(&d, &r), STATUS_OK);
    CHECK_STATUS(diagonal_direction(&d, g, v), STATUS_OK);
    CHECK_NEAR((double)v[0], 2, 1e-6);
    CHECK_NEAR((double)v[1], -0.5, 1e-6);
    CHECK_NEAR((double)v[2], 0.5, 1e-6);
    arena_free(&mem);
}

/* eps times the mean diagonal 19/3. */
static void eps_is_relative_to_the_mean_entry(void **state)
{
    struct arena mem = {0};
    struct diagonal d = diagonal_create(&mem, N, 0, 3);
    const struct matf r = rows();
    float v[N] = {1, 1, 1};

    (void)state;
    CHECK_STATUS(diagonal_observe(&d, &r), STATUS_OK);
    CHECK_STATUS(diagonal_direction(&d, v, v), STATUS_OK);
    CHECK_RELATIVE((double)v[0], 1.0 / 24, 1e-6);
    CHECK_RELATIVE((double)v[1], 1.0 / 23, 1e-6);
    CHECK_RELATIVE((double)v[2], 1.0 / 29, 1e-6);
    arena_free(&mem);
}

/* Two observations R and 2 R: the corrected mean is (decay s + 4 s) / (1 + decay). */
static void running_mean_is_corrected_as_adams(void **state)
{
    struct arena mem = {0};
    struct diagonal d = diagonal_create(&mem, N, 0.75, 0);
    const struct matf r = rows();
    float twice[2 * N], v[N] = {1, 1, 1};

    (void)state;
    for (size_t i = 0; i < 2 * N; i++)
        twice[i] = 2 * rows_a[i];
    const struct matf t = matf_over(twice, 2, N);
    CHECK_STATUS(diagonal_observe(&d, &r), STATUS_OK);
    CHECK_STATUS(diagonal_direction(&d, v, v), STATUS_OK);
    CHECK_RELATIVE((double)v[2], 0.1, 1e-6);
    CHECK_STATUS(diagonal_observe(&d, &t), STATUS_OK);
    v[2] = 1;
    CHECK_STATUS(diagonal_direction(&d, v, v), STATUS_OK);
    CHECK_RELATIVE((double)v[2], 1.75 / (10 * 4.75), 1e-6);
    arena_free(&mem);
}

/* psi_i = s_i theta_i: R_i -> R_i / s_i, g_i -> g_i / s_i, and v must go to s_i v_i (eps = 0). */
static void direction_follows_a_rescaling_of_single_parameters(void **state)
{
    const float s[N] = {0.25f, 8, 2}, g[N] = {10, -2, 5};
    float v[2][N];

    (void)state;
    for (int rescaled = 0; rescaled < 2; rescaled++) {
        struct arena mem = {0};
        struct diagonal d = diagonal_create(&mem, N, 0.5, 0);
        float a[2 * N], h[N];

        for (size_t i = 0; i < 2 * N; i++)
            a[i] = rescaled ? rows_a[i] / s[i % N] : rows_a[i];
        for (size_t i = 0; i < N; i++)
            h[i] = rescaled ? g[i] / s[i] : g[i];
        const struct matf r = matf_over(a, 2, N);
        CHECK_STATUS(diagonal_observe(&d, &r), STATUS_OK);
        CHECK_STATUS(diagonal_direction(&d, h, v[rescaled]), STATUS_OK);
        arena_free(&mem);
    }
    for (size_t i = 0; i < N; i++)
        CHECK_RELATIVE((double)v[1][i], (double)(s[i] * v[0][i]), 1e-6);
}

/* ---- hopeless cases ---- */

static void a_direction_needs_a_metric(void **state)
{
    struct arena mem = {0};
    struct diagonal d = diagonal_create(&mem, N, 0.5, 1);
    float zeros[N] = {0}, v[N] = {1, 1, 1};
    const struct matf none = matf_over(zeros, 1, N);

    (void)state;
    CHECK_STATUS(diagonal_direction(&d, v, v), STATUS_NOTHING);
    CHECK_STATUS(diagonal_observe(&d, &none), STATUS_OK);
    CHECK_STATUS(diagonal_direction(&d, v, v), STATUS_NOT_DEFINITE);
    arena_free(&mem);
}

static void a_dead_parameter_needs_eps(void **state)
{
    struct arena mem = {0};
    struct diagonal bare = diagonal_create(&mem, N, 0, 0), damped = diagonal_create(&mem, N, 0, 1);
    float dead[N] = {1, 0, 1}, v[N] = {1, 1, 1};
    const struct matf r = matf_over(dead, 1, N);

    (void)state;
    CHECK_STATUS(diagonal_observe(&bare, &r), STATUS_OK);
    CHECK_STATUS(diagonal_observe(&damped, &r), STATUS_OK);
    CHECK_STATUS(diagonal_direction(&bare, v, v), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("entry 1");
    CHECK_STATUS(diagonal_direction(&damped, v, v), STATUS_OK);
    CHECK_RELATIVE((double)v[1], 1.5, 1e-6);
    arena_free(&mem);
}

static void what_is_not_finite_is_refused(void **state)
{
    struct arena mem = {0};
    struct diagonal d = diagonal_create(&mem, N, 0.5, 0);
    float bad[N] = {1, NAN, 1}, v[N] = {1, INFINITY, 1};
    const struct matf r = matf_over(bad, 1, N), good = rows();

    (void)state;
    CHECK_STATUS(diagonal_observe(&d, &r), STATUS_DIVERGED);
    CHECK_MESSAGE("entry 1");
    CHECK_STATUS(diagonal_direction(&d, v, v), STATUS_NOTHING);
    CHECK_STATUS(diagonal_observe(&d, &good), STATUS_OK);
    CHECK_STATUS(diagonal_direction(&d, v, v), STATUS_DIVERGED);
    bad[1] = 1e30f; /* the square overflows */
    CHECK_STATUS(diagonal_observe(&d, &r), STATUS_DIVERGED);
    arena_free(&mem);
}

static void broken_settings_are_checked(void **state)
{
    struct arena mem = {0};
    struct diagonal d = diagonal_create(&mem, N, 0.5, 0);
    const struct matf narrow = matf_over(rows_a, 2, 2);

    (void)state;
    CHECK_ABORTS((void)diagonal_create(&mem, N, 1, 0).n);
    CHECK_ABORTS((void)diagonal_create(&mem, N, 0.5, -1).n);
    CHECK_ABORTS((void)diagonal_create(&mem, 0, 0.5, 0).n);
    CHECK_ABORTS(CHECK_STATUS(diagonal_observe(&d, &narrow), STATUS_OK));
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(direction_divides_by_the_diagonal),
        cmocka_unit_test(eps_is_relative_to_the_mean_entry),
        cmocka_unit_test(running_mean_is_corrected_as_adams),
        cmocka_unit_test(direction_follows_a_rescaling_of_single_parameters),
        cmocka_unit_test(a_direction_needs_a_metric),
        cmocka_unit_test(a_dead_parameter_needs_eps),
        cmocka_unit_test(what_is_not_finite_is_refused),
        cmocka_unit_test(broken_settings_are_checked),
    };

    return cmocka_run_group_tests_name("diagonal", tests, NULL, NULL);
}
