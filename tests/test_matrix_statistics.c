/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_matrix_statistics: the printed matrices, all relabellings by hand, hopeless input. */
#include "task_distance/matrix_statistics.h"

#include "aborts.h"
#include "linalg/stat.h"
#include "task_distance/published_matrices.h"
#include "test.h"

static struct mat over(const struct published_matrix *m)
{
    return mat_over(m->d, m->n, m->n);
}

/* Correlations with fine-tuning, and p of Pearson's in relabellings out of n!. */
static void printed_matrices_have_the_known_correlations(void **state)
{
    static const struct {
        const struct published_matrix *matrix, *tuning;
        double r[3], reached, all;
    } known[5] = {
        {&published_cifar_coupled, &published_cifar_fine_tuning, {.925, .910, .822}, 1, 24},
        {&published_cifar_task2vec, &published_cifar_fine_tuning, {-.141, .014, .016}, 13, 24},
        {&published_subsets_coupled, &published_subsets_fine_tuning, {.649, .735, .596}, 2, 120},
        {&published_subsets_task2vec, &published_subsets_fine_tuning, {-.432, -.573, -.407}, 108,
         120},
        {&published_subsets_uncoupled, &published_subsets_fine_tuning, {.210, .252, .188}, 29, 120},
    };

    (void)state;
    for (int k = 0; k < 5; k++) {
        const struct mat a = over(known[k].matrix), b = over(known[k].tuning);

        for (int kind = 0; kind < 3; kind++) {
            double r, again, p;

            CHECK_STATUS(matrix_statistics_correlation((enum matrix_statistic)kind, &a, &b, &r),
                         STATUS_OK);
            CHECK_NEAR(r, known[k].r[kind], 5.001e-4);
            CHECK_STATUS(matrix_statistics_exact((enum matrix_statistic)kind, &a, &b, &again, &p),
                         STATUS_OK);
            CHECK_NEAR(again, r, 0);
            if (kind == MATRIX_PEARSON)
                CHECK_NEAR(p, known[k].reached / known[k].all, 1e-15);
        }
    }
}

/* Ratios of the printed uncoupled to the coupled distances: 19 larger, 1 equal. */
static void printed_matrices_were_read_off_right(void **state)
{
    const struct published_matrix *coupled = &published_subsets_coupled;
    const struct published_matrix *uncoupled = &published_subsets_uncoupled;
    double ratio[20], median, sum = 0, most = 0;
    int n = 0, larger = 0;

    (void)state;
    for (int k = 0; k < 25; k++)
        if (k % 6 != 0) {
            ratio[n] = uncoupled->d[k] / coupled->d[k];
            larger += ratio[n] > 1;
            most = fmax(most, ratio[n]);
            sum += ratio[n++] / 20;
        } else
            CHECK_NEAR(coupled->d[k] + uncoupled->d[k], 0, 0);
    assert_int_equal(n, 20);
    assert_int_equal(larger, 19);
    CHECK_STATUS(stat_median(ratio, 20, &median), STATUS_OK);
    CHECK_NEAR(median, 1.26, 5e-3);
    CHECK_NEAR(sum, 1.30, 5e-3);
    CHECK_NEAR(most, 1.74, 5e-3);
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            CHECK_NEAR(published_subsets_task2vec.d[5 * i + j],
                       published_subsets_task2vec.d[5 * j + i], 0);
}

/* The diagonal is not looked at, and a monotone change of the entries does not change ranks. */
static void only_entries_off_the_diagonal_count(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(1, "matrices");
    struct mat a = mat_normal(&mem, &r, 5, 5, 1), b = mat_normal(&mem, &r, 5, 5, 1);
    double before[3], after;

    (void)state;
    for (int kind = 0; kind < 3; kind++)
        CHECK_STATUS(matrix_statistics_correlation((enum matrix_statistic)kind, &a, &b,
                                                   &before[kind]), STATUS_OK);
    for (int i = 0; i < 5; i++)
        a.a[6 * i] = (double)NAN;
    for (int kind = 0; kind < 3; kind++) {
        CHECK_STATUS(matrix_statistics_correlation((enum matrix_statistic)kind, &a, &b, &after),
                     STATUS_OK);
        CHECK_NEAR(after, before[kind], 1e-15);
    }
    for (int k = 0; k < 25; k++)
        b.a[k] = exp(b.a[k]);
    for (int kind = 1; kind < 3; kind++) {
        CHECK_STATUS(matrix_statistics_correlation((enum matrix_statistic)kind, &a, &b, &after),
                     STATUS_OK);
        CHECK_NEAR(after, before[kind], 1e-14);
    }
    arena_free(&mem);
}

/* With itself a matrix has r = 1, and p counts its symmetries: one of 6 without any, two where two
 * tasks can be exchanged. */
static void p_counts_the_relabellings_that_are_as_good(void **state)
{
    const double a[9] = {0, 1, 2, 3, 0, 4, 5, 6, 0}, b[9] = {0, 1, 2, 1, 0, 2, 2, 2, 0};
    const struct mat plain = mat_over(a, 3, 3), symmetric = mat_over(b, 3, 3);
    double r, p;

    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        const enum matrix_statistic k = (enum matrix_statistic)kind;

        CHECK_STATUS(matrix_statistics_exact(k, &plain, &plain, &r, &p), STATUS_OK);
        CHECK_NEAR(r, 1, 1e-15);
        CHECK_NEAR(p, 1.0 / 6, 1e-15);
        CHECK_STATUS(matrix_statistics_exact(k, &symmetric, &symmetric, &r, &p), STATUS_OK);
        CHECK_NEAR(p, 2.0 / 6, 1e-15);
    }
}

/* Rows and columns move together: a relabelled copy has the same p as the matrix itself. */
static void relabelling_moves_rows_and_columns(void **state)
{
    static const size_t label[5] = {3, 0, 4, 1, 2};
    struct arena mem = {0};
    struct rng r = rng_stream(2, "matrices");
    struct mat a = mat_normal(&mem, &r, 5, 5, 1), b = mat_zero(&mem, 5, 5);
    double rho, p;

    (void)state;
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            b.a[5 * i + j] = a.a[5 * label[i] + label[j]];
    CHECK_STATUS(matrix_statistics_exact(MATRIX_PEARSON, &a, &b, &rho, &p), STATUS_OK);
    CHECK_TRUE(rho < 0.9);
    const double least = p;
    CHECK_STATUS(matrix_statistics_exact(MATRIX_PEARSON, &a, &a, &rho, &p), STATUS_OK);
    CHECK_NEAR(p, 1.0 / 120, 1e-15);
    CHECK_TRUE(least > p); /* of the 120, the one that undoes it is better */
    arena_free(&mem);
}

static void random_relabellings_approach_all_of_them(void **state)
{
    const struct mat a = over(&published_subsets_coupled), b = over(&published_subsets_fine_tuning);
    const struct mat c = over(&published_subsets_uncoupled);
    struct rng rng = rng_stream(3, "mantel");
    double r, p, exact;

    (void)state;
    CHECK_STATUS(matrix_statistics_exact(MATRIX_SPEARMAN, &c, &b, &r, &exact), STATUS_OK);
    CHECK_STATUS(matrix_statistics_mantel(MATRIX_SPEARMAN, &c, &b, 20000, &rng, &r, &p), STATUS_OK);
    CHECK_NEAR(p, exact, 5 * sqrt(0.25 / 20000));
    CHECK_STATUS(matrix_statistics_mantel(MATRIX_PEARSON, &a, &b, 20000, &rng, &r, &p), STATUS_OK);
    CHECK_NEAR(p, 2.0 / 120, 5 * sqrt(0.017 / 20000));
    CHECK_STATUS(matrix_statistics_mantel(MATRIX_PEARSON, &a, &b, 0, &rng, &r, &p), STATUS_OK);
    CHECK_NEAR(p, 1, 0);
}

/* For symmetric matrices Mantel's test of lib/linalg gives the same r. */
static void symmetric_matrices_agree_with_the_library(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(4, "matrices");
    struct mat a = mat_normal(&mem, &r, 6, 6, 1), b = mat_normal(&mem, &r, 6, 6, 1);
    double rho, p, expected, unused;

    (void)state;
    mat_mirror_lower(&a);
    mat_mirror_lower(&b);
    CHECK_STATUS(stat_mantel(&a, &b, 1, &r, &expected, &unused), STATUS_OK);
    CHECK_STATUS(matrix_statistics_exact(MATRIX_PEARSON, &a, &b, &rho, &p), STATUS_OK);
    CHECK_NEAR(rho, expected, 1e-14);
    arena_free(&mem);
}

static void hopeless_matrices_are_refused(void **state)
{
    const double bad[9] = {0, (double)NAN, 1, 1, 0, 1, 2, 3, 0}, flat[9] = {5, 1, 1, 1, 5, 1, 1, 1};
    const double good[9] = {0, 1, 2, 3, 0, 4, 5, 6, 0}, eight[64] = {0};
    const struct mat a = mat_over(bad, 3, 3), b = mat_over(flat, 3, 3), c = mat_over(good, 3, 3);
    const struct mat large = mat_over(eight, 8, 8), four = mat_over(eight, 4, 4);
    double r, p;

    (void)state;
    CHECK_STATUS(matrix_statistics_exact(MATRIX_PEARSON, &a, &c, &r, &p), STATUS_DIVERGED);
    CHECK_TRUE(isnan(r) && isnan(p));
    CHECK_STATUS(matrix_statistics_exact(MATRIX_SPEARMAN, &c, &b, &r, &p), STATUS_NOTHING);
    CHECK_TRUE(isnan(r) && isnan(p));
    for (size_t k = 1; k <= 2; k++) {
        memory_fail_at(k);
        const enum status status = matrix_statistics_exact(MATRIX_PEARSON, &c, &c, &r, &p);
        memory_fail_at(0);
        CHECK_STATUS(status, STATUS_MEMORY);
    }
    CHECK_ABORTS((void)!matrix_statistics_exact(MATRIX_PEARSON, &large, &large, &r, &p));
    CHECK_ABORTS((void)!matrix_statistics_correlation(MATRIX_PEARSON, &c, &four, &r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printed_matrices_have_the_known_correlations),
        cmocka_unit_test(printed_matrices_were_read_off_right),
        cmocka_unit_test(only_entries_off_the_diagonal_count),
        cmocka_unit_test(p_counts_the_relabellings_that_are_as_good),
        cmocka_unit_test(relabelling_moves_rows_and_columns),
        cmocka_unit_test(random_relabellings_approach_all_of_them),
        cmocka_unit_test(symmetric_matrices_agree_with_the_library),
        cmocka_unit_test(hopeless_matrices_are_refused),
    };

    return cmocka_run_group_tests_name("matrix_statistics", tests, NULL, NULL);
}
