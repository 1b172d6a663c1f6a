/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/normal_paths.h"

#include <math.h>

#include "kwng/normal_descent.h"
#include "test.h"

static void distances_are_lengths(void **state)
{
    const double a_[] = {9, 9, 1, 2}, b_[] = {9, 9, 4, 6}, point_[] = {1, 7};
    const struct mat a = mat_over(a_, 2, 2), b = mat_over(b_, 2, 2);
    const struct vec point = vec_over(point_, 2);

    (void)state;
    CHECK_RELATIVE(normal_paths_apart(&a, &b, 1), 5, 1e-15);
    CHECK_NEAR(normal_paths_apart(&a, &b, 0), 0, 0);
    CHECK_RELATIVE(normal_paths_from(&a, 1, &point), 5, 1e-15);
}

enum { Q = 6, ROWS = 7 };

/* Two paths from one start, in the plane of e and f about the target and, by `out`, outside. */
static void make_paths(struct arena *mem, struct mat paths[2], const struct vec *target, double out)
{
    for (int m = 0; m < 2; m++) {
        paths[m] = mat_zero(mem, ROWS, Q);
        for (size_t k = 0; k < ROWS; k++) {
            const double left = 1 - (double)k / ROWS, bend = m == 0 ? 0.3 : -0.5;
            struct vec row = mat_row(&paths[m], k);

            vec_set(&row, target);
            row.x[1] -= 2 * left;
            row.x[4] += 2 * left + bend * left * (1 - left);
            row.x[2] += out * (k % 2 == 0 ? 1 : -1);
        }
    }
}

static void plane_of_planar_paths_keeps_all_lengths(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(1, "target");
    const struct vec target = vec_normal(&mem, &r, Q, 1);
    struct mat paths[2], at[2] = {mat_zero(&mem, ROWS, 2), mat_zero(&mem, ROWS, 2)};
    double explained;

    (void)state;
    make_paths(&mem, paths, &target, 0);
    CHECK_STATUS(normal_paths_plane(at, &explained, paths, 2, &target, &mem), STATUS_OK);
    CHECK_RELATIVE(explained, 1, 1e-14);
    for (size_t k = 0; k < ROWS; k++) {
        const struct vec flat = mat_row(&at[1], k);

        CHECK_RELATIVE(vec_norm(&flat), normal_paths_from(&paths[1], k, &target), 1e-13);
        CHECK_RELATIVE(hypot(at[0].a[2 * k] - at[1].a[2 * k], at[0].a[2 * k + 1] -
                             at[1].a[2 * k + 1]) + 1,
                       normal_paths_apart(&paths[0], &paths[1], k) + 1, 1e-13);
    }
    CHECK_TRUE(at[0].a[0] > 2 && at[0].a[1] >= 0); /* the start: mostly along the first axis */
    CHECK_TRUE(at[0].a[0] > at[0].a[2 * (ROWS - 1)]);
    arena_free(&mem);
}

static void what_is_outside_the_plane_is_not_explained(void **state)
{
    struct arena mem = {0};
    const struct vec target = vec_zero(&mem, Q);
    struct mat paths[2], at[2] = {mat_zero(&mem, ROWS, 2), mat_zero(&mem, ROWS, 2)};
    double explained, inside = 0, all = 0;

    (void)state;
    make_paths(&mem, paths, &target, 0.05);
    CHECK_STATUS(normal_paths_plane(at, &explained, paths, 2, &target, &mem), STATUS_OK);
    for (int m = 0; m < 2; m++)
        for (size_t k = 0; k < ROWS; k++) {
            const struct vec flat = mat_row(&at[m], k);

            inside += vec_dot(&flat, &flat);
            all += pow(normal_paths_from(&paths[m], k, &target), 2);
        }
    CHECK_RELATIVE(explained, inside / all, 1e-13);
    CHECK_TRUE(explained < 1 - 1e-4);
    arena_free(&mem);
}

/* Largest W2 of the runs in two families, over the step. */
static double euler_gap(struct arena *mem, enum gaussian_family one, enum gaussian_family other,
                        const struct vec *start, const struct vec *target, double step,
                        size_t count)
{
    const enum gaussian_family families[] = {one, other};
    struct mat path[2];
    double most = 0;

    for (int f = 0; f < 2; f++) {
        struct normal_descent s = normal_descent_make(mem, families[f], GAUSSIAN_WASSERSTEIN, NULL,
                                                      start, target);
        struct normal_run run;

        path[f] = mat_zero(mem, count + 1, start->n);
        CHECK_STATUS(normal_descent_run(&run, &s, 1, start, step, count, 0, &path[f]), STATUS_OK);
        assert_int_equal(run.done, count);
    }
    for (size_t k = 0; k <= count; k++)
        most = fmax(most, normal_paths_apart(&path[0], &path[1], k));
    return most / step;
}

/* To the next power of the step, 1e-3; from the run in s each is half as far. */
static void small_steps_leave_the_derived_gap(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(3, "start");
    struct vec start = vec_zero(&mem, 8), target = vec_zero(&mem, 8);

    (void)state;
    normal_descent_problem(&start, &target, &r, 0.2, -2);
    const double derived = normal_paths_euler_gap(&start, &target, 1);

    CHECK_TRUE(derived > 0.1);
    CHECK_RELATIVE(euler_gap(&mem, GAUSSIAN_NORMAL_LOG, GAUSSIAN_NORMAL_VAR, &start, &target, 5e-4,
                             2000), derived, 5e-3);
    CHECK_RELATIVE(euler_gap(&mem, GAUSSIAN_NORMAL_STD, GAUSSIAN_NORMAL_VAR, &start, &target, 5e-4,
                             2000), derived / 2, 5e-3);
    CHECK_RELATIVE(euler_gap(&mem, GAUSSIAN_NORMAL_STD, GAUSSIAN_NORMAL_LOG, &start, &target, 5e-4,
                             2000), derived / 2, 5e-3);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_lengths),
        cmocka_unit_test(small_steps_leave_the_derived_gap),
        cmocka_unit_test(plane_of_planar_paths_keeps_all_lengths),
        cmocka_unit_test(what_is_outside_the_plane_is_not_explained),
    };

    return cmocka_run_group_tests_name("normal_paths", tests, NULL, NULL);
}
