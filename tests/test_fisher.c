/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_fisher: distances of predictions, and lengths of curves whose lengths are known. */
#include "geometry/fisher.h"

#include "aborts.h"
#include "base/rng.h"
#include "test.h"

enum { K = 3 };
#define PI 3.14159265358979323846

static const double p_start[K] = {.9, .05, .05}, p_end[K] = {.05, .05, .9};

static void logs(const double *p, double *out)
{
    for (int k = 0; k < K; k++)
        out[k] = log(p[k]);
}

/* Logits at share t of the straight line between the logits of start and end. */
static void line_at(double t, float *f)
{
    for (int k = 0; k < K; k++)
        f[k] = (float)((1 - t) * log(p_start[k]) + t * log(p_end[k]));
}

static struct fisher_length line(struct arena *mem, size_t M, int backwards)
{
    struct fisher_length l = fisher_length_create(mem, 1);
    float from[K], to[K];

    for (size_t m = 1; m <= M; m++) {
        line_at((double)(backwards ? M - m + 1 : m - 1) / (double)M, from);
        line_at((double)(backwards ? M - m : m) / (double)M, to);
        fisher_length_add(&l, 0, 1, NULL, from, to, K);
        fisher_length_step(&l);
    }
    return l;
}

static void distance_of_categorical_distributions_is_the_closed_form(void **state)
{
    double p[K], q[K], a[K] = {0, -(double)INFINITY, -(double)INFINITY};
    double b[K] = {-(double)INFINITY, 0, -(double)INFINITY}, overlap = 0;

    (void)state;
    logs(p_start, p);
    logs(p_end, q);
    for (int k = 0; k < K; k++)
        overlap += sqrt(p_start[k] * p_end[k]);
    CHECK_NEAR(fisher_rao_distance(p, q, K), 2.1533368, 5e-8);
    CHECK_RELATIVE(fisher_rao_distance(p, q, K), 2 * acos(overlap), 1e-14);
    CHECK_RELATIVE(fisher_rao_distance(q, p, K), fisher_rao_distance(p, q, K), 1e-15);
    CHECK_NEAR(fisher_rao_distance(a, b, K), PI, 1e-15);
    CHECK_NEAR(fisher_rao_distance(p, p, K), 0, 0);
    CHECK_NEAR(fisher_rao_distance(a, a, K), 0, 0);
}

/* 2 acos would have lost all but a digit here: d^2 -> dz' (diag p - p p') dz. */
static void near_predictions_keep_their_digits(void **state)
{
    double p[K], q[K], total = 0, mean = 0, square = 0;
    const double dz[K] = {1e-9, -2e-9, 3e-9};

    (void)state;
    logs(p_start, p);
    for (int k = 0; k < K; k++)
        total += p_start[k] * exp(dz[k]);
    for (int k = 0; k < K; k++) {
        q[k] = p[k] + dz[k] - (total - 1);
        mean += p_start[k] * dz[k];
        square += p_start[k] * dz[k] * dz[k];
    }
    CHECK_RELATIVE(fisher_rao_distance(p, q, K), sqrt(square - mean * mean), 1e-6);
    CHECK_RELATIVE(sqrt(2 * fisher_kl(p, q, K)), sqrt(square - mean * mean), 1e-6);
}

/* 2 KL(p_z || p_{z + t u}) / t^2 u' (diag p - p p') u - 1 is proportional to t: the third cumulant
 * of u under p over three times its variance (from log E e^{tu} = sum of cumulants). */
static void twice_kl_is_the_fisher_metric_with_an_error_of_first_order(void **state)
{
    const double u[K] = {0.3, -1, 0.8};
    double p[K], mean = 0, second = 0, third = 0;

    (void)state;
    logs(p_start, p);
    for (int k = 0; k < K; k++)
        mean += p_start[k] * u[k];
    for (int k = 0; k < K; k++) {
        second += p_start[k] * (u[k] - mean) * (u[k] - mean);
        third += p_start[k] * pow(u[k] - mean, 3);
    }
    for (double t = 1e-2; t > 1e-6; t /= 10) {
        double q[K], total = 0;

        for (int k = 0; k < K; k++)
            total += p_start[k] * exp(t * u[k]);
        for (int k = 0; k < K; k++)
            q[k] = p[k] + t * u[k] - log(total);
        const double excess = 2 * fisher_kl(p, q, K) / (t * t * second) - 1;
        CHECK_NEAR(excess / t, third / (3 * second), 2 * t + 1e-15 / (t * t));
    }
}

static void kl_knows_classes_without_probability(void **state)
{
    const double half[K] = {log(.5), log(.5), -(double)INFINITY};
    double p[K];

    (void)state;
    logs(p_start, p);
    CHECK_NEAR(fisher_kl(half, p, K), .5 * log(.5 / .9) + .5 * log(.5 / .05), 1e-15);
    CHECK_TRUE(isinf(fisher_kl(p, half, K)));
    CHECK_NEAR(fisher_kl(half, half, K), 0, 0);
    p[1] = (double)NAN;
    CHECK_TRUE(isnan(fisher_kl(p, half, K)) && isnan(fisher_kl(half, p, K)));
}

/* On both sides of the switch from the series to the plain formula. */
static void kl_is_the_textbook_sum_whatever_the_distance(void **state)
{
    struct rng r = rng_stream(3, "kl");

    (void)state;
    for (int draw = 0; draw < 200; draw++) {
        float f[K], g[K];
        double p[K], q[K], plain = 0;

        for (int k = 0; k < K; k++) {
            f[k] = (float)(2 * rng_normal(&r));
            g[k] = f[k] + (float)(rng_normal(&r) * (draw % 2 ? 0.2 : 3));
        }
        fisher_log_softmax(f, 1, K, p);
        fisher_log_softmax(g, 1, K, q);
        for (int k = 0; k < K; k++)
            plain += exp(p[k]) * (p[k] - q[k]);
        CHECK_NEAR(fisher_kl(p, q, K), plain, 1e-14);
        CHECK_RELATIVE(fisher_kl_logits(f, g, K), fisher_kl(p, q, K), 1e-13);
        CHECK_TRUE(fisher_kl(p, q, K) >= 0);
    }
}

static void softmax_survives_huge_logits_and_shows_nan(void **state)
{
    const float huge[2 * K] = {3e38f, 0, -3e38f, 1, 2, 3}, bad[K] = {1, NAN, 2};
    double p[2 * K];

    (void)state;
    fisher_log_softmax(huge, 2, K, p);
    CHECK_NEAR(p[0], 0, 0);
    CHECK_NEAR(exp(p[3]) + exp(p[4]) + exp(p[5]), 1, 1e-15);
    CHECK_NEAR(p[5] - p[3], 2, 1e-15);
    fisher_log_softmax(bad, 1, K, p);
    CHECK_TRUE(isnan(p[0]) && isnan(p[1]) && isnan(p[2]));
    CHECK_TRUE(isnan(fisher_kl_logits(huge, bad, K)) && isnan(fisher_kl_logits(bad, huge, K)));
}

/* Printed to six digits; float logits carry 7. */
static void sums_on_the_logit_line_are_the_known_ones(void **state)
{
    static const size_t M[4] = {4, 16, 64, 256};
    static const double lengths[4] = {2.181478, 2.174605, 2.174167, 2.174140};
    static const double released[4] = {.385635, .096105, .024021, .006005};

    (void)state;
    for (int k = 0; k < 4; k++) {
        struct arena mem = {0};
        const struct fisher_length l = line(&mem, M[k], 0);

        CHECK_NEAR(fisher_length_riemannian(&l), lengths[k], 6e-7);
        CHECK_NEAR(fisher_length_mean(&l, NULL), lengths[k], 6e-7);
        CHECK_NEAR(fisher_length_of(&l, 0), lengths[k], 6e-7);
        CHECK_NEAR(fisher_length_released(&l, NULL), released[k], 6e-7);
        arena_free(&mem);
    }
}

static void the_line_is_longer_than_the_geodesic_and_reversible(void **state)
{
    struct arena mem = {0};
    const struct fisher_length l = line(&mem, 4096, 0), back = line(&mem, 4096, 1);

    (void)state;
    CHECK_NEAR(fisher_length_riemannian(&l), 2.1741379, 1e-6);
    CHECK_NEAR(fisher_length_riemannian(&back), 2.1741379, 1e-6);
    CHECK_TRUE(fisher_length_riemannian(&l) > 2.1533368);
    arena_free(&mem);
}

/* B <= A by Jensen, equal where all inputs move alike; a part at a time, a weight of 0 counts
 * nothing. */
static void mean_length_is_at_most_the_riemannian_one(void **state)
{
    enum { N = 5, M = 7 };
    struct rng r = rng_stream(1, "lengths");
    struct arena mem = {0};
    struct fisher_length l = fisher_length_create(&mem, N);
    const double w[N] = {.1, .4, 0, .3, .2};
    double mean = 0;
    float at[2][N * K];

    (void)state;
    for (int k = 0; k < N * K; k++)
        at[0][k] = (float)rng_normal(&r);
    for (int m = 0; m < M; m++) {
        float *from = at[m % 2], *to = at[1 - m % 2];

        for (int k = 0; k < N * K; k++)
            to[k] = from[k] + (float)(k / K == 2 ? 50 : 0.3) * (float)rng_normal(&r);
        fisher_length_add(&l, 3, 2, w + 3, from + 3 * K, to + 3 * K, K);
        fisher_length_add(&l, 0, 3, w, from, to, K);
        fisher_length_step(&l);
    }
    for (size_t i = 0; i < N; i++)
        mean += w[i] * fisher_length_of(&l, i);
    CHECK_RELATIVE(fisher_length_mean(&l, w), mean, 1e-14);
    CHECK_TRUE(mean < fisher_length_riemannian(&l));
    CHECK_TRUE(mean > 0.5 * fisher_length_riemannian(&l));
    CHECK_RELATIVE(fisher_length_released(&l, w), mean / (sqrt(2) * M), 1e-14);
    fisher_length_reset(&l);
    for (int m = 0; m < M; m++) {
        for (size_t i = 0; i < N; i++)
            fisher_length_add(&l, i, 1, NULL, at[0], at[1], K);
        fisher_length_step(&l);
    }
    CHECK_RELATIVE(fisher_length_mean(&l, NULL), fisher_length_riemannian(&l), 1e-14);
    arena_free(&mem);
}

static void no_memory_is_taken_along_the_curve(void **state)
{
    struct arena mem = {0};
    struct fisher_length l = fisher_length_create(&mem, 1);
    const float f[K] = {1, 2, 3};
    const size_t before = memory_count();

    (void)state;
    fisher_length_add(&l, 0, 1, NULL, f, f, K);
    fisher_length_step(&l);
    assert_int_equal(memory_count(), before);
    CHECK_NEAR(fisher_length_riemannian(&l), 0, 0);
    CHECK_ABORTS(fisher_length_add(&l, 1, 1, NULL, f, f, K));
    CHECK_ABORTS((void)fisher_length_of(&l, 1));
    fisher_length_reset(&l);
    CHECK_ABORTS((void)fisher_length_released(&l, NULL));
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_of_categorical_distributions_is_the_closed_form),
        cmocka_unit_test(near_predictions_keep_their_digits),
        cmocka_unit_test(twice_kl_is_the_fisher_metric_with_an_error_of_first_order),
        cmocka_unit_test(kl_knows_classes_without_probability),
        cmocka_unit_test(kl_is_the_textbook_sum_whatever_the_distance),
        cmocka_unit_test(softmax_survives_huge_logits_and_shows_nan),
        cmocka_unit_test(sums_on_the_logit_line_are_the_known_ones),
        cmocka_unit_test(the_line_is_longer_than_the_geodesic_and_reversible),
        cmocka_unit_test(mean_length_is_at_most_the_riemannian_one),
        cmocka_unit_test(no_memory_is_taken_along_the_curve),
    };

    return cmocka_run_group_tests_name("fisher", tests, NULL, NULL);
}
