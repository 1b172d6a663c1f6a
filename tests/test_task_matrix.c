/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_task_matrix: numbers of a matrix of distances, by hand. */
#include "task_distance/task_matrix.h"

#include <math.h>

#include "test.h"

enum { N = 3 };
static double a_of[N * N] = {0, 2, 3, 4, 0, 5, 6, 8, 0}, b_of[N * N] = {9, 1, 6, 4, 9, 5, 3, 16, 9};
static const struct mat a = {.rows = N, .cols = N, .a = a_of};
static const struct mat b = {.rows = N, .cols = N, .a = b_of};
static double half_of[N * N] = {0, 1, 1.5, 2, 0, 2.5, 3, 4, 0};
static const struct mat half = {.rows = N, .cols = N, .a = half_of};

/* Ratios of directions: 4 / 2, 6 / 3, 8 / 5. */
static void asymmetry_is_the_largest_ratio_of_directions(void **state)
{
    double same[N * N] = {0, 2, 3, 2, 0, 5, 3, 5, 0};

    (void)state;
    CHECK_RELATIVE(task_matrix_asymmetry(&a), 2, 1e-15);
    CHECK_RELATIVE(task_matrix_asymmetry(&(struct mat){.rows = N, .cols = N, .a = same}), 1, 0);
    CHECK_RELATIVE(task_matrix_spread(&a), 4, 1e-15);
}

/* a / b off the diagonal: 2, 1/2, 1, 1, 2, 1/2, whose mean would be 7 / 6. */
static void ratios_are_over_ordered_pairs(void **state)
{
    (void)state;
    CHECK_RELATIVE(task_matrix_mean_ratio(&a, &b), 1, 1e-15);
    CHECK_RELATIVE(task_matrix_mean_ratio(&a, &half), 2, 1e-15);
    CHECK_RELATIVE(task_matrix_mean(&a), 28.0 / 6, 1e-15);
}

/* Columns have the means 5, 5, 4 off the diagonal. */
static void targets_are_apart_by_means_over_sources(void **state)
{
    (void)state;
    CHECK_RELATIVE(task_matrix_apart(&a), 1, 1e-15);
    CHECK_NEAR(task_matrix_apart(&b), 8.5 - 3.5, 1e-14);
}

/* Four of six logarithms are +- log 2, the others 0. */
static void noise_is_of_one_of_two_measurements(void **state)
{
    (void)state;
    CHECK_RELATIVE(task_matrix_noise(&a, &b), log(2) * sqrt(4.0 / 6 / 2), 1e-15);
    CHECK_NEAR(task_matrix_noise(&a, &a), 0, 0);
    CHECK_RELATIVE(task_matrix_noise(&b, &a), task_matrix_noise(&a, &b), 1e-15);
}

/* Pairs i < j alone, as many as an asymmetry compares: 2, 1/2, 1 here; below the diagonal of c
 * differs by a factor of 10. */
static void asymmetry_of_noise_is_over_half_of_the_pairs(void **state)
{
    double c_of[N * N] = {0, 2.5, 3, 40, 0, 4.5, 6, 8, 0};
    const struct mat c = {.rows = N, .cols = N, .a = c_of};

    (void)state;
    CHECK_RELATIVE(task_matrix_asymmetry_of_noise(&a, &b), 2, 1e-15);
    CHECK_RELATIVE(task_matrix_asymmetry_of_noise(&a, &c), 1.25, 1e-15);
    CHECK_RELATIVE(task_matrix_asymmetry_of_noise(&c, &a), 1.25, 1e-15);
    CHECK_RELATIVE(task_matrix_asymmetry_of_noise(&a, &a), 1, 0);
}

/* Pair means 3, 4.5, 6.5; the mean of all 14 / 3. */
static void excess_is_of_pair_means(void **state)
{
    (void)state;
    CHECK_RELATIVE(task_matrix_excess(&a, 1, 2, 0), 2 / (14.0 / 3), 1e-14);
    CHECK_RELATIVE(task_matrix_excess(&a, 2, 0, 0), -2 / (14.0 / 3), 1e-14);
    CHECK_RELATIVE(task_matrix_excess(&a, 0, 1, 1), -1.5 / (14.0 / 3), 1e-14);
    CHECK_RELATIVE(task_matrix_beyond(&a, 1, 2), 2.75 / (14.0 / 3), 1e-14);
    CHECK_RELATIVE(task_matrix_beyond(&a, 0, 1), -2.5 / (14.0 / 3), 1e-14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asymmetry_is_the_largest_ratio_of_directions),
        cmocka_unit_test(ratios_are_over_ordered_pairs),
        cmocka_unit_test(targets_are_apart_by_means_over_sources),
        cmocka_unit_test(noise_is_of_one_of_two_measurements),
        cmocka_unit_test(asymmetry_of_noise_is_over_half_of_the_pairs),
        cmocka_unit_test(excess_is_of_pair_means),
    };

    return cmocka_run_group_tests_name("task_matrix", tests, NULL, NULL);
}
