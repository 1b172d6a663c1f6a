/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_task_matrix: numbers of a matrix of distances, by hand. */
#include "task_distance/task_matrix.h"

#include <math.h>

#include "aborts.h"
#include "base/rng.h"
#include "task_distance/published_matrices.h"
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

/* What is added to a source or a target is found whole, and what sums to 0 over every source and
 * every target is left. */
static void levels_leave_what_is_the_pairs(void **state)
{
    static const double own[16] = {0, 1, -1, 0, 0, 0, 1, -1, -1, 0, 0, 1, 1, -1, 0, 0};
    static const double source[4] = {0.3, -0.1, 0.2, 0}, target[4] = {-0.5, 0.4, 0, 0.1};
    double d_of[16] = {0}, r_of[16];
    struct mat d = {.rows = 4, .cols = 4, .a = d_of}, r = {.rows = 4, .cols = 4, .a = r_of};

    (void)state;
    for (int k = 0; k < 2; k++) {
        for (int e = 0; e < 16; e++)
            d_of[e] = 3 * exp(source[e / 4] + target[e % 4] + 0.2 * k * own[e]);
        const struct task_matrix_levels levels = task_matrix_levels(&d, &r);

        for (int e = 0; e < 16; e++)
            CHECK_NEAR(r_of[e], 0.2 * k * own[e], 1e-14);
        CHECK_TRUE(levels.source > 0.1 && levels.source < levels.both);
        if (k == 0)
            CHECK_NEAR(levels.both, 1, 1e-14);
        else
            CHECK_TRUE(levels.both < 0.9);
    }
    CHECK_ABORTS((void)task_matrix_levels(&(struct mat){.rows = 2, .cols = 2, .a = d_of}, &r));
}

/* Logarithms 1, 0 and 2 of sources are all theirs; of targets, a quarter: no diagonal. */
static void shares_are_of_the_sum_of_squares(void **state)
{
    const double e1 = exp(1), e2 = exp(2);
    double rows[9] = {0, e1, e1, 1, 0, 1, e2, e2, 0}, columns[9] = {0, 1, e2, e1, 0, e2, e1, 1, 0};
    double r_of[9];
    struct mat r = {.rows = 3, .cols = 3, .a = r_of};

    (void)state;
    CHECK_NEAR(task_matrix_levels(&(struct mat){.rows = 3, .cols = 3, .a = rows}, &r).source, 1,
               1e-14);
    const struct task_matrix_levels levels =
        task_matrix_levels(&(struct mat){.rows = 3, .cols = 3, .a = columns}, &r);
    CHECK_NEAR(levels.source, 0.25, 1e-14); /* means 1, 1.5, .5 about 1: 2 (.25 + .25) of 4 */
    CHECK_NEAR(levels.both, 1, 1e-14);
}

/* What is said of the paper's matrices beside ours. */
static void printed_distances_have_the_known_levels(void **state)
{
    double r_of[25];
    struct mat r = {.rows = 5, .cols = 5, .a = r_of};
    const struct mat five = mat_over(published_subsets_coupled.d, 5, 5);
    const struct mat four = mat_over(published_cifar_coupled.d, 4, 4);
    struct task_matrix_levels levels = task_matrix_levels(&five, &r);

    (void)state;
    CHECK_NEAR(levels.source, 0.14, 5e-3);
    CHECK_NEAR(levels.both, 0.79, 5e-3);
    CHECK_NEAR((r_of[1] + r_of[5]) / 2, 0.070, 5e-4);
    CHECK_NEAR((r_of[13] + r_of[17]) / 2, 0.070, 5e-4);
    r.rows = r.cols = 4;
    levels = task_matrix_levels(&four, &r);
    CHECK_NEAR(levels.both, 0.91, 5e-3);
}

/* Digits beyond the printed two, drawn at random: the deviation of what is left to two pairs. */
static void rounding_moves_what_is_left_to_a_pair_little(void **state)
{
    enum { DRAWS = 2000 };
    struct rng draws = rng_stream(1, "digits");
    double d_of[25], r_of[25], squares = 0;
    const struct mat d = {.rows = 5, .cols = 5, .a = d_of};
    struct mat r = {.rows = 5, .cols = 5, .a = r_of};

    (void)state;
    for (int k = 0; k < DRAWS; k++) {
        for (int e = 0; e < 25; e++)
            d_of[e] = published_subsets_coupled.d[e] + 0.01 * (rng_uniform(&draws) - 0.5);
        (void)task_matrix_levels(&d, &r);
        const double hc = (r_of[1] + r_of[5]) / 2 - 0.07, v = (r_of[13] + r_of[17]) / 2 - 0.07;

        squares += (hc * hc + v * v) / (2.0 * DRAWS);
    }
    CHECK_NEAR(sqrt(squares), 0.007, 5e-4);
}

static void directions_are_held_against_known_ones(void **state)
{
    double back_of[N * N] = {0, 4, 6, 2, 0, 8, 3, 5, 0}, root_of[N * N];
    const struct mat back = {.rows = N, .cols = N, .a = back_of};
    const struct mat root = {.rows = N, .cols = N, .a = root_of};
    double one_of[N * N] = {0, 2, 1, 1, 0, 1, 1, 1, 0};

    (void)state;
    for (int e = 0; e < N * N; e++)
        root_of[e] = sqrt(a_of[e]);
    CHECK_NEAR(task_matrix_along(&a, &a), 1, 1e-15);
    CHECK_NEAR(task_matrix_along(&back, &a), -1, 1e-15);
    CHECK_NEAR(task_matrix_along(&root, &a), 0.5, 1e-15);
    CHECK_NEAR(task_matrix_along(&a, &(struct mat){.rows = N, .cols = N, .a = one_of}), -1, 1e-15);
}

/* Two of six: 8 and 2, beside 3, 4, 5, 6; the mean of all 14 / 3. */
static void distances_are_held_against_the_others(void **state)
{
    static const size_t two[2][2] = {{2, 1}, {0, 1}};

    (void)state;
    CHECK_RELATIVE(task_matrix_less_others(&a, two, 2, 0), 3.5 / (14.0 / 3), 1e-14);
    CHECK_RELATIVE(task_matrix_less_others(&a, two, 2, 1), -2.5 / (14.0 / 3), 1e-14);
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
        cmocka_unit_test(levels_leave_what_is_the_pairs),
        cmocka_unit_test(shares_are_of_the_sum_of_squares),
        cmocka_unit_test(printed_distances_have_the_known_levels),
        cmocka_unit_test(rounding_moves_what_is_left_to_a_pair_little),
        cmocka_unit_test(directions_are_held_against_known_ones),
        cmocka_unit_test(distances_are_held_against_the_others),
    };

    return cmocka_run_group_tests_name("task_matrix", tests, NULL, NULL);
}
