/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statistics against certified values (NIST StRD), published tables, cases computed by hand and
 * GSL's own routes; and what happens to input that is not finite. */
#include "test.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics.h>

#include "aborts.h"
#include "base/memory.h"
#include "base/rng.h"
#include "linalg/stat.h"

#define EPS 0x1p-52
static const double nan_value = (double)NAN, inf = (double)INFINITY;

static struct arena mem;

static int release(void **state)
{
    (void)state;
    memory_fail_at(0);
    arena_free(&mem);
    return 0;
}

/* ---- one sample ---- */

/* StRD NumAcc2 to NumAcc4: base + 0.2, then base + 0.1 and base + 0.3 in turn, 1001 values. */
static void check_alternating(double base, double sd_tolerance)
{
    double x[1001];

    x[0] = base + 0.2;
    for (size_t i = 1; i < 1001; i++)
        x[i] = base + (i % 2 ? 0.1 : 0.3);
    CHECK_RELATIVE(stat_mean(x, 1001), base + 0.2, 2 * EPS);
    CHECK_RELATIVE(stat_sd(x, 1001), 0.1, sd_tolerance);
}

static void mean_and_sd_reach_nists_certified_values(void **state)
{
    const double numacc1[] = {10000001, 10000003, 10000002};

    (void)state;
    CHECK_NEAR(stat_mean(numacc1, 3), 10000002.0, 0.0);
    CHECK_NEAR(stat_sd(numacc1, 3), 1.0, 0.0);
    check_alternating(1.0, 1e-14);
    /* the decimals themselves are rounded: by 1e-10 of sd, and by 1e-8 */
    check_alternating(1e6, 2e-9);
    check_alternating(1e7, 2e-8);
}

static void a_sample_that_does_not_vary_has_sd_zero(void **state)
{
    double x[1000];

    (void)state;
    for (size_t n = 2; n <= 1000; n += 37) {
        for (size_t i = 0; i < n; i++)
            x[i] = 0.1 * (double)n;
        CHECK_NEAR(stat_mean(x, n), 0.1 * (double)n, 0.0);
        CHECK_NEAR(stat_sd(x, n), 0.0, 0.0);
        CHECK_TRUE(isnan(stat_correlation(x, x, n)) && isnan(stat_slope(x, x, n)));
    }
}

static void mean_and_sd_propagate_what_is_not_finite(void **state)
{
    const double bad[] = {nan_value, inf, -inf};

    (void)state;
    for (size_t q = 0; q < 12; q++) {
        double x[] = {1, 2, 3, 5}, y[] = {2, 1, 4, 3};

        x[q / 3] = bad[q % 3];
        CHECK_TRUE(isnan(stat_mean(x, 4)) && isnan(stat_sd(x, 4)));
        CHECK_TRUE(isnan(stat_correlation(x, y, 4)) && isnan(stat_correlation(y, x, 4)));
        CHECK_TRUE(isnan(stat_slope(x, y, 4)) && isnan(stat_slope(y, x, 4)));
        CHECK_TRUE(isnan(stat_kendall(x, y, 4)) && isnan(stat_kendall(y, x, 4)));
    }
    CHECK_TRUE(isnan(stat_mean(NULL, 0)) && isnan(stat_sd((double[]){1}, 1)));
}

static void quantiles_are_type_7(void **state)
{
    const double x[] = {7, 1, 9, 3, 5, 11}, odd[] = {5, 1, 3};
    double out;

    (void)state;
    CHECK_STATUS(stat_median(x, 6, &out), STATUS_OK);
    CHECK_NEAR(out, 6.0, 0.0);
    CHECK_STATUS(stat_median(odd, 3, &out), STATUS_OK);
    CHECK_NEAR(out, 3.0, 0.0);
    CHECK_STATUS(stat_quantile(x, 6, 0.25, &out), STATUS_OK); /* at 1.25 of 1 3 5 7 9 11 */
    CHECK_NEAR(out, 3.5, 1e-15);
    CHECK_STATUS(stat_quantile(x, 6, 0.0, &out), STATUS_OK);
    CHECK_NEAR(out, 1.0, 0.0);
    CHECK_STATUS(stat_quantile(x, 6, 1.0, &out), STATUS_OK);
    CHECK_NEAR(out, 11.0, 0.0);
    CHECK_STATUS(stat_quantile(x, 1, 0.3, &out), STATUS_OK);
    CHECK_NEAR(out, 7.0, 0.0);
    CHECK_NEAR(x[0], 7.0, 0.0); /* the input keeps its order */
}

static void order_statistics_refuse_what_is_not_finite(void **state)
{
    const double x[] = {1, nan_value, 3}, y[] = {1, 2, inf}, fine[] = {1, 3, 2};
    double out = 0, ranks[3] = {0};

    (void)state;
    CHECK_STATUS(stat_median(x, 3, &out), STATUS_DIVERGED);
    CHECK_MESSAGE("value 1 of 3 is nan");
    CHECK_TRUE(isnan(out));
    CHECK_STATUS(stat_quantile(y, 3, 0.5, &out), STATUS_DIVERGED);
    CHECK_STATUS(stat_ranks(x, 3, ranks), STATUS_DIVERGED);
    CHECK_TRUE(isnan(ranks[0]) && isnan(ranks[2]));
    out = 0;
    CHECK_STATUS(stat_spearman(fine, y, 3, &out), STATUS_DIVERGED);
    CHECK_TRUE(isnan(out));
    CHECK_STATUS(stat_spearman(x, fine, 3, &out), STATUS_DIVERGED);
    CHECK_STATUS(stat_median(x, 0, &out), STATUS_NOTHING);
    CHECK_STATUS(stat_spearman(fine, (double[]){4, 4, 4}, 3, &out), STATUS_NOTHING);
    CHECK_TRUE(isnan(out));
}

/* ---- intervals ---- */

static void t_quantiles_match_the_published_table(void **state)
{
    /* two-sided 95 % and 99 %, to the three digits of the usual table */
    const struct { double df, t95, t99; } table[] = {
        {1, 12.706, 63.657}, {2, 4.303, 9.925}, {3, 3.182, 5.841}, {4, 2.776, 4.604},
        {5, 2.571, 4.032},   {9, 2.262, 3.250}, {10, 2.228, 3.169}, {19, 2.093, 2.861},
        {30, 2.042, 2.750},  {60, 2.000, 2.660}, {120, 1.980, 2.617},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        CHECK_NEAR(stat_t_quantile(0.975, table[i].df), table[i].t95, 5.01e-4);
        CHECK_NEAR(stat_t_quantile(0.995, table[i].df), table[i].t99, 5.01e-4);
    }
    CHECK_RELATIVE(stat_t_quantile(0.75, 1.0), 1.0, 1e-12);              /* Cauchy */
    CHECK_RELATIVE(stat_t_quantile(0.995, 2.0), 0.99 * sqrt(2.0 / (1 - 0.99 * 0.99)), 1e-9);
}

static void t_quantiles_invert_the_distribution(void **state)
{
    (void)state;
    for (double df = 1.0; df < 1e6; df *= 1.37)
        for (double p = 0.0005; p < 1.0; p += 0.0391) {
            const double t = stat_t_quantile(p, df);

            CHECK_RELATIVE(gsl_cdf_tdist_P(t, df), p, 1e-12);
            CHECK_NEAR(t + stat_t_quantile(1 - p, df), 0.0, 1e-10 * (1 + fabs(t)));
        }
    CHECK_TRUE(isnan(stat_t_quantile(0.501, 0.55125))); /* GSL gives up; the process goes on */
}

static void interval_of_a_hand_computed_sample(void **state)
{
    const double x[] = {2, 4, 4, 4, 5, 5, 7, 9}; /* mean 5, sum of squares 32 */
    const struct interval i = stat_interval(x, 8, 0.95, 0);
    const double half = 2.364624251592785 * sqrt(32.0 / 7 / 8); /* t of 7 */

    (void)state;
    CHECK_TRUE(i.n == 8);
    CHECK_NEAR(i.mean, 5.0, 0.0);
    CHECK_RELATIVE(i.sd, sqrt(32.0 / 7), 2 * EPS);
    CHECK_RELATIVE(i.low, 5 - half, 1e-9);
    CHECK_RELATIVE(i.high, 5 + half, 1e-9);
}

static void one_value_is_certain_only_where_said(void **state)
{
    const double x[] = {3.5}, y[] = {1.5}, bad[] = {inf};
    struct interval i = stat_interval(x, 1, 0.99, 0);

    (void)state;
    CHECK_TRUE(i.low == -inf && i.high == inf && i.mean == 3.5);
    CHECK_TRUE(!stat_equivalent(&i, 1e300));
    i = stat_interval(x, 1, 0.99, 1);
    CHECK_TRUE(i.low == 3.5 && i.high == 3.5 && i.sd == 0.0);
    i = stat_paired(x, y, 1, 0.99, 1);
    CHECK_TRUE(i.low == 2.0 && i.high == 2.0);
    i = stat_paired(x, y, 1, 0.99, 0);
    CHECK_TRUE(i.low == -inf && i.high == inf);
    i = stat_welch(x, 1, y, 1, 0.99);
    CHECK_TRUE(i.low == -inf && i.high == inf && i.mean == 2.0);
    for (int deterministic = 0; deterministic < 2; deterministic++) {
        i = stat_interval(bad, 1, 0.99, deterministic);
        CHECK_TRUE(isnan(i.low) && isnan(i.high) && isnan(i.mean));
    }
    i = stat_interval(x, 0, 0.99, 1);
    CHECK_TRUE(isnan(i.low) && isnan(i.high) && i.n == 0);
    i = stat_welch(x, 0, y, 1, 0.99);
    CHECK_TRUE(isnan(i.low) && isnan(i.high));
}

static void paired_is_the_interval_of_the_differences(void **state)
{
    struct rng r = rng_stream(1, "paired");
    double x[40], y[40], d[40];

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        x[i] = rng_normal(&r) + 100 * (double)i; /* what the pair shares goes */
        y[i] = rng_normal(&r) + 100 * (double)i;
        d[i] = x[i] - y[i];
    }
    const struct interval a = stat_paired(x, y, 40, 0.9, 0), b = stat_interval(d, 40, 0.9, 0);
    CHECK_TRUE(a.n == 40);
    CHECK_NEAR(a.mean, b.mean, 0.0);
    CHECK_NEAR(a.sd, b.sd, 0.0);
    CHECK_NEAR(a.low, b.low, 0.0);
    CHECK_NEAR(a.high, b.high, 0.0);
}

/* Equal sizes: error and degrees of freedom by hand. x: mean 3, variance 2.5; y: mean 8,
 * variance 10; n = 5: error sqrt(0.5 + 2), df = 2.5^2 / (0.5^2 / 4 + 2^2 / 4) = 5.882352941. */
static void welch_of_a_hand_computed_case(void **state)
{
    const double x[] = {1, 2, 3, 4, 5}, y[] = {4, 6, 8, 10, 12};
    const struct interval i = stat_welch(x, 5, y, 5, 0.95);
    const double half = gsl_cdf_tdist_Qinv(0.025, 6.25 / 1.0625) * sqrt(2.5);

    (void)state;
    CHECK_TRUE(i.n == 10);
    CHECK_NEAR(i.mean, -5.0, 1e-15);
    CHECK_RELATIVE(i.sd, sqrt(12.5), 1e-15);
    CHECK_RELATIVE(i.low, -5 - half, 1e-9);
    CHECK_RELATIVE(i.high, -5 + half, 1e-9);
}

/* Two values a side are the fewest that have a spread. */
static void welch_of_two_values_is_finite(void **state)
{
    struct interval i = stat_welch((double[]){1, 2, 4}, 3, (double[]){1, 3}, 2, 0.9);

    (void)state;
    CHECK_TRUE(isfinite(i.low) && isfinite(i.high) && i.low < i.mean && i.mean < i.high);
    i = stat_welch((double[]){1, 3}, 2, (double[]){1, 2, 4}, 3, 0.9);
    CHECK_TRUE(isfinite(i.low) && isfinite(i.high) && i.low < i.mean && i.mean < i.high);
}

static void welch_with_no_spread_has_no_width(void **state)
{
    const struct interval i = stat_welch((double[]){2, 2, 2}, 3, (double[]){1, 1}, 2, 0.99);

    (void)state;
    CHECK_TRUE(i.low == 1.0 && i.high == 1.0);
}

/* 95 % intervals of n = 6 normals hold the true mean in 95 % of 4000 trials; Welch likewise with
 * unequal sizes and spreads. Five standard errors are 0.017. */
static void intervals_cover_the_truth_as_often_as_they_say(void **state)
{
    struct rng r = rng_stream(2, "coverage");
    int covered = 0, covered_difference = 0;

    (void)state;
    for (int trial = 0; trial < 4000; trial++) {
        double x[6], y[15];

        for (size_t i = 0; i < 6; i++)
            x[i] = 3 + 2 * rng_normal(&r);
        for (size_t i = 0; i < 15; i++)
            y[i] = 1 + 0.5 * rng_normal(&r);
        const struct interval a = stat_interval(x, 6, 0.95, 0), b = stat_welch(x, 6, y, 15, 0.95);
        covered += a.low <= 3 && 3 <= a.high;
        covered_difference += b.low <= 2 && 2 <= b.high;
    }
    CHECK_NEAR(covered / 4000.0, 0.95, 0.0173);
    CHECK_NEAR(covered_difference / 4000.0, 0.95, 0.0173);
}

static void intervals_propagate_what_is_not_finite(void **state)
{
    const double bad[] = {nan_value, inf, -inf};

    (void)state;
    for (size_t q = 0; q < 9; q++) {
        double x[] = {1, 2, 3}, y[] = {2, 1, 5};
        struct interval i[3];

        x[q / 3] = bad[q % 3];
        i[0] = stat_interval(x, 3, 0.95, 1);
        i[1] = stat_paired(y, x, 3, 0.95, 0);
        i[2] = stat_welch(y, 3, x, 3, 0.95);
        for (size_t k = 0; k < 3; k++) {
            CHECK_TRUE(isnan(i[k].mean) && isnan(i[k].sd) && isnan(i[k].low) && isnan(i[k].high));
            CHECK_TRUE(!stat_equivalent(&i[k], inf));
        }
    }
}

static void equivalence_needs_the_whole_interval_inside(void **state)
{
    const struct interval inside = {.low = -1, .high = 1}, low = {.low = -1.1, .high = 0};
    const struct interval high = {.low = 0, .high = 1.1}, nan_high = {.low = 0, .high = nan_value};
    const struct interval nan_low = {.low = nan_value, .high = 0};

    (void)state;
    CHECK_TRUE(stat_equivalent(&inside, 1.0));
    CHECK_TRUE(!stat_equivalent(&low, 1.0) && !stat_equivalent(&high, 1.0));
    CHECK_TRUE(!stat_equivalent(&nan_high, 1.0) && !stat_equivalent(&nan_low, 1.0));
    CHECK_TRUE(!stat_equivalent(&inside, nan_value));
}

/* ---- two samples ---- */

/* NIST StRD Norris, lower level of difficulty: y and x. */
static const double norris[36][2] = {
    {0.1, 0.2},     {338.8, 337.4}, {118.1, 118.2}, {888.0, 884.6}, {9.2, 10.1},
    {228.1, 226.5}, {668.5, 666.3}, {998.5, 996.3}, {449.1, 448.6}, {778.9, 777.0},
    {559.2, 558.2}, {0.3, 0.4},     {0.1, 0.6},     {778.1, 775.5}, {668.8, 666.9},
    {339.3, 338.0}, {448.9, 447.5}, {10.8, 11.6},   {557.7, 556.0}, {228.3, 228.1},
    {998.0, 995.8}, {888.8, 887.6}, {119.6, 120.2}, {0.3, 0.3},     {0.6, 0.3},
    {557.6, 556.8}, {339.3, 339.1}, {888.0, 887.2}, {998.5, 999.0}, {778.9, 779.0},
    {10.2, 11.1},   {117.6, 118.3}, {228.9, 229.2}, {668.4, 669.1}, {449.2, 448.9},
    {0.2, 0.5},
};

static void slope_reaches_norris_certified_value(void **state)
{
    double x[36], y[36];

    (void)state;
    for (size_t i = 0; i < 36; i++) {
        y[i] = norris[i][0];
        x[i] = norris[i][1];
    }
    CHECK_RELATIVE(stat_slope(x, y, 36), 1.00211681802045, 1e-14);
    CHECK_RELATIVE(stat_correlation(x, y, 36), sqrt(0.999993745883712), 1e-14);
}

static void ranks_of_ties_are_shared(void **state)
{
    const double x[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 5};
    const double expected[] = {4, 1.5, 5, 1.5, 7, 10, 3, 9, 7, 7};
    double ranks[10];

    (void)state;
    CHECK_STATUS(stat_ranks(x, 10, ranks), STATUS_OK);
    for (size_t i = 0; i < 10; i++)
        CHECK_NEAR(ranks[i], expected[i], 0.0);
}

static void rank_correlations_of_hand_computed_cases(void **state)
{
    /* no ties: d = 1 -1 1 -1 0, rho = 1 - 6 * 4 / 120; two discordant pairs of ten */
    const double x[] = {1, 2, 3, 4, 5}, y[] = {2, 1, 4, 3, 5};
    /* ties: ranks 1 2.5 2.5 4 and 1 2 3.5 3.5; 4 / 4.5; tau-b 4 of sqrt(5 * 5) */
    const double u[] = {10, 20, 20, 30}, v[] = {0, 1, 7, 7};
    double rho;

    (void)state;
    CHECK_STATUS(stat_spearman(x, y, 5, &rho), STATUS_OK);
    CHECK_NEAR(rho, 0.8, 4 * EPS);
    CHECK_NEAR(stat_kendall(x, y, 5), 0.6, 4 * EPS);
    CHECK_STATUS(stat_spearman(u, v, 4, &rho), STATUS_OK);
    CHECK_NEAR(rho, 3.75 / 4.5, 4 * EPS);
    CHECK_NEAR(stat_kendall(u, v, 4), 0.8, 4 * EPS);
    CHECK_TRUE(isnan(stat_kendall(x, (double[]){1, 1, 1, 1, 1}, 5)));
}

static void spearman_agrees_with_gsl_and_ignores_monotone_maps(void **state)
{
    struct rng r = rng_stream(3, "spearman");
    double x[50], y[50], z[50], work[100], rho, mapped;

    (void)state;
    for (int trial = 0; trial < 50; trial++) {
        for (size_t i = 0; i < 50; i++) {
            x[i] = rng_below(&r, 12); /* many ties */
            y[i] = x[i] + rng_below(&r, 9);
            z[i] = exp(y[i]) + 3;
        }
        CHECK_STATUS(stat_spearman(x, y, 50, &rho), STATUS_OK);
        CHECK_STATUS(stat_spearman(x, z, 50, &mapped), STATUS_OK);
        CHECK_NEAR(rho, gsl_stats_spearman(x, 1, y, 1, 50, work), 1e-13);
        CHECK_NEAR(rho, mapped, 0.0);
        CHECK_NEAR(stat_kendall(x, y, 50), stat_kendall(x, z, 50), 0.0);
        CHECK_NEAR(stat_correlation(x, y, 50), gsl_stats_correlation(x, 1, y, 1, 50), 1e-13);
    }
}

/* ---- Mantel ---- */

/* Distances between n random points of the plane; what lies above the diagonal is not read. */
static struct mat distances(struct rng *r, size_t n)
{
    struct mat d = mat_zero(&mem, n, n), p = mat_normal(&mem, r, n, 2, 1.0);

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            d.a[i * n + j] = j >= i ? nan_value
                                    : hypot(p.a[2 * i] - p.a[2 * j],
                                            p.a[2 * i + 1] - p.a[2 * j + 1]);
    return d;
}

static void mantel_of_equal_matrices_is_certain(void **state)
{
    struct rng r = rng_stream(4, "mantel");
    struct mat a = distances(&r, 12);
    double rho, p;

    (void)state;
    CHECK_STATUS(stat_mantel(&a, &a, 999, &r, &rho, &p), STATUS_OK);
    CHECK_NEAR(rho, 1.0, 1e-14);
    CHECK_NEAR(p, 1.0 / 1000, 1e-15); /* 12! relabellings: none of 999 is the identity */
}

/* Three things have six relabellings. Distances 1, 2, 4 against themselves: one of six gives r = 1,
 * so k is binomial. Eight leaves of a binary tree, with the distance by the height at which two
 * paths meet, against the same with a little noise: 2^7 of 8! relabellings change nothing in the
 * tree, so they tie with r, each in another order of summation. */
static void mantel_counts_ties(void **state)
{
    const double free_of_ties[] = {0, 0, 0, 1, 0, 0, 2, 4, 0};
    struct rng r = rng_stream(5, "ties");
    const struct mat a = mat_over(free_of_ties, 3, 3);
    struct mat tree = mat_zero(&mem, 8, 8);
    double rho, p;

    (void)state;
    CHECK_STATUS(stat_mantel(&a, &a, 5999, &r, &rho, &p), STATUS_OK);
    CHECK_NEAR(p, 1.0 / 6, 5 * sqrt(5.0 / 36 / 6000));
    for (size_t i = 0; i < 64; i++)
        tree.a[i] = i / 16 == i % 8 / 2 ? 0.1 : i / 32 == i % 8 / 4 ? 0.37 : 1.3;
    for (int trial = 0; trial < 8; trial++) {
        struct mat noisy = mat_normal(&mem, &r, 8, 8, 1e-4);

        for (size_t i = 0; i < 64; i++)
            noisy.a[i] += tree.a[i];
        CHECK_STATUS(stat_mantel(&tree, &noisy, 39999, &r, &rho, &p), STATUS_OK);
        CHECK_NEAR(p, 1.0 / 315, 5 * sqrt(1.0 / 315 / 40000));
    }
}

/* r is Pearson's over the entries below the diagonal; p is uniform on {1..20} / 20 when the
 * matrices have nothing to do with each other. 1200 trials: a standard error of the mean is
 * 0.29 / 35, of a tail's share sqrt(0.1 * 0.9 / 1200). */
static void mantel_p_is_uniform_under_the_null(void **state)
{
    struct rng r = rng_stream(6, "null");
    const int trials = 1200;
    double sum = 0;
    int small = 0;

    (void)state;
    for (int trial = 0; trial < trials; trial++) {
        struct mat a = distances(&r, 7), b = distances(&r, 7);
        double rho, p, x[21], y[21];
        size_t k = 0;

        CHECK_STATUS(stat_mantel(&a, &b, 19, &r, &rho, &p), STATUS_OK);
        for (size_t i = 0; i < 7; i++)
            for (size_t j = 0; j < i; j++, k++) {
                x[k] = a.a[i * 7 + j];
                y[k] = b.a[i * 7 + j];
            }
        CHECK_NEAR(rho, stat_correlation(x, y, 21), 1e-13);
        CHECK_TRUE(p >= 0.05 && p <= 1.0);
        sum += p;
        small += p <= 0.1 + 1e-12;
        arena_free(&mem);
    }
    CHECK_NEAR(sum / trials, 10.5 / 20, 5 * 0.29 / sqrt(trials));
    CHECK_NEAR((double)small / trials, 0.1, 5 * sqrt(0.09 / trials));
}

static void mantel_refuses_what_it_cannot_answer(void **state)
{
    struct rng r = rng_stream(7, "refuse");
    struct mat a = distances(&r, 5), b = distances(&r, 5), flat = mat_zero(&mem, 5, 5);
    double rho = 0, p = 0;

    (void)state;
    CHECK_STATUS(stat_mantel(&a, &flat, 9, &r, &rho, &p), STATUS_NOTHING);
    CHECK_TRUE(isnan(rho) && isnan(p));
    b.a[5 * 3 + 1] = inf;
    CHECK_STATUS(stat_mantel(&a, &b, 9, &r, &rho, &p), STATUS_DIVERGED);
    CHECK_TRUE(isnan(rho) && isnan(p));
}

static enum status call(int which, struct rng *r, const struct mat *a)
{
    double out, p, ranks[5];

    switch (which) {
    case 0:
        return stat_median(a->a + 10, 2, &out);
    case 1:
        return stat_ranks(a->a + 15, 3, ranks);
    case 2:
        return stat_spearman(a->a + 20, a->a + 20, 4, &out);
    default:
        return stat_mantel(a, a, 9, r, &out, &p);
    }
}

static void failing_allocations_are_a_status_at_every_call(void **state)
{
    struct rng r = rng_stream(8, "memory");
    struct mat a = distances(&r, 5);
    const size_t takes[] = {1, 1, 3, 2};

    (void)state;
    for (int which = 0; which < 4; which++) {
        for (size_t k = 1; k <= takes[which]; k++) {
            memory_fail_at(k);
            CHECK_STATUS(call(which, &r, &a), STATUS_MEMORY);
            memory_fail_at(0);
        }
        memory_fail_at(takes[which] + 1);
        CHECK_STATUS(call(which, &r, &a), STATUS_OK);
        memory_fail_at(0);
    }
}

/* Far from 0 the distances from the means are what counts, not the products of the values. */
static void correlation_and_slope_do_not_see_an_offset(void **state)
{
    const double x[] = {1, 2, 4, 7, 11}, y[] = {3, 1, 4, 1, 6};
    const double r = stat_correlation(x, y, 5), slope = stat_slope(x, y, 5);
    double far_x[5], far_y[5];

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        far_x[i] = x[i] + 0x1p40;
        far_y[i] = y[i] - 0x1p40;
    }
    CHECK_RELATIVE(stat_correlation(far_x, far_y, 5), r, 1e-3);
    CHECK_RELATIVE(stat_correlation(far_x, y, 5), r, 1e-3);
    CHECK_RELATIVE(stat_correlation(x, far_y, 5), r, 1e-3);
    CHECK_RELATIVE(stat_slope(far_x, far_y, 5), slope, 1e-3);
}

/* p and confidence are open intervals, df starts above 0; a quantile's p is a closed one. */
static void arguments_out_of_range_abort(void **state)
{
    static const double x[] = {1, 2, 3};
    double out;

    (void)state;
    CHECK_TRUE(isfinite(stat_t_quantile(1e-9, 1)) && isfinite(stat_t_quantile(1 - 1e-9, 1)));
    CHECK_ABORTS((void)stat_t_quantile(0, 1));
    CHECK_ABORTS((void)stat_t_quantile(1, 1));
    CHECK_ABORTS((void)stat_t_quantile(0.5, 0));
    CHECK_ABORTS((void)stat_interval(x, 3, 0, 0));
    CHECK_ABORTS((void)stat_interval(x, 3, 1, 0));
    CHECK_ABORTS((void)stat_interval(x, 0, 1, 0));
    CHECK_ABORTS((void)stat_welch(x, 3, x, 3, 0));
    CHECK_ABORTS((void)stat_welch(x, 0, x, 3, 1));
    CHECK_ABORTS((void)!stat_quantile(x, 3, -0x1p-1074, &out));
    CHECK_ABORTS((void)!stat_quantile(x, 3, 1 + EPS, &out));
}

static void mantel_needs_three_things_and_square_matrices(void **state)
{
    struct mat two = mat_identity(&mem, 2), three = mat_identity(&mem, 3);
    struct mat wide = mat_zero(&mem, 3, 4), tall = mat_zero(&mem, 4, 3);
    struct rng r = rng_stream(1, "mantel");
    double out, p;

    (void)state;
    CHECK_STATUS(stat_mantel(&three, &three, 1, &r, &out, &p), STATUS_NOTHING); /* all 0 */
    CHECK_ABORTS((void)!stat_mantel(&two, &two, 1, &r, &out, &p));
    CHECK_ABORTS((void)!stat_mantel(&wide, &three, 1, &r, &out, &p));
    CHECK_ABORTS((void)!stat_mantel(&three, &wide, 1, &r, &out, &p));
    CHECK_ABORTS((void)!stat_mantel(&three, &tall, 1, &r, &out, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_sd_reach_nists_certified_values),
        cmocka_unit_test(a_sample_that_does_not_vary_has_sd_zero),
        cmocka_unit_test(mean_and_sd_propagate_what_is_not_finite),
        cmocka_unit_test(quantiles_are_type_7),
        cmocka_unit_test(order_statistics_refuse_what_is_not_finite),
        cmocka_unit_test(t_quantiles_match_the_published_table),
        cmocka_unit_test(t_quantiles_invert_the_distribution),
        cmocka_unit_test(interval_of_a_hand_computed_sample),
        cmocka_unit_test(one_value_is_certain_only_where_said),
        cmocka_unit_test(paired_is_the_interval_of_the_differences),
        cmocka_unit_test(welch_of_a_hand_computed_case),
        cmocka_unit_test(welch_of_two_values_is_finite),
        cmocka_unit_test(welch_with_no_spread_has_no_width),
        cmocka_unit_test(intervals_cover_the_truth_as_often_as_they_say),
        cmocka_unit_test(intervals_propagate_what_is_not_finite),
        cmocka_unit_test(equivalence_needs_the_whole_interval_inside),
        cmocka_unit_test(slope_reaches_norris_certified_value),
        cmocka_unit_test(ranks_of_ties_are_shared),
        cmocka_unit_test(rank_correlations_of_hand_computed_cases),
        cmocka_unit_test(spearman_agrees_with_gsl_and_ignores_monotone_maps),
        cmocka_unit_test_teardown(mantel_of_equal_matrices_is_certain, release),
        cmocka_unit_test_teardown(mantel_counts_ties, release),
        cmocka_unit_test_teardown(mantel_p_is_uniform_under_the_null, release),
        cmocka_unit_test_teardown(mantel_refuses_what_it_cannot_answer, release),
        cmocka_unit_test_teardown(failing_allocations_are_a_status_at_every_call, release),
        cmocka_unit_test(correlation_and_slope_do_not_see_an_offset),
        cmocka_unit_test(arguments_out_of_range_abort),
        cmocka_unit_test_teardown(mantel_needs_three_things_and_square_matrices, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
