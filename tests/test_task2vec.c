/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_task2vec: means over filters by hand, symmetry to the bit, what cancels. */
#include "task_distance/task2vec.h"

#include "aborts.h"
#include "base/rng.h"
#include "test.h"

enum { N = 300 };

static void draw(struct rng *r, double *f, double scale)
{
    for (int k = 0; k < N; k++)
        f[k] = scale * pow(rng_normal(r), 2);
}

static double distance(const double *a, const double *b, size_t n)
{
    double d;

    CHECK_STATUS(task2vec_distance(a, b, n, &d), STATUS_OK);
    return d;
}

static void an_embedding_is_the_mean_over_each_filter(void **state)
{
    const double diagonal[12] = {9, 1, 2, 3, 4, 5, 6, 7, 8, 10, 20, 9};
    const struct task2vec_weights weights[3] = {
        {.offset = 1, .filters = 2, .rest = 3, .filter_stride = 3, .rest_stride = 1},
        {.offset = 7, .filters = 2, .rest = 2, .filter_stride = 1, .rest_stride = 2},
        {.offset = 11, .filters = 1, .rest = 1, .filter_stride = 1, .rest_stride = 1}};
    const double expected[5] = {2, 5, 8.5, 14, 9};
    double embedding[5];

    (void)state;
    assert_int_equal(task2vec_size(weights, 3), 5);
    task2vec_embed(embedding, diagonal, 12, weights, 3);
    for (int k = 0; k < 5; k++)
        CHECK_NEAR(embedding[k], expected[k], 1e-15);
    CHECK_ABORTS(task2vec_embed(embedding, diagonal, 11, weights, 3));
}

static void distance_is_symmetric_to_the_bit(void **state)
{
    struct rng r = rng_stream(1, "embeddings");
    double a[N], b[N];

    (void)state;
    for (int k = 0; k < 50; k++) {
        draw(&r, a, pow(10, k % 9 - 8));
        draw(&r, b, pow(10, k % 7 - 6));
        const double forth = distance(a, b, N), back = distance(b, a, N);
        assert_memory_equal(&forth, &back, sizeof forth);
        CHECK_TRUE(forth > 0 && forth < 1);
        CHECK_NEAR(distance(a, a, N), 0, 1e-14);
    }
}

/* F_a = (1, 3), F_b = (3, 1): ratios (1/4, 3/4), (3/4, 1/4), cosine 6/10. */
static void distance_by_hand(void **state)
{
    const double a[2] = {1, 3}, b[2] = {3, 1}, c[2] = {1, 0}, d[2] = {0, 1};

    (void)state;
    CHECK_NEAR(distance(a, b, 2), 0.4, 1e-8);
    CHECK_NEAR(distance(c, d, 2), 1, 1e-15);
}

/* F_b = 2 F_a has other ratios, but parallel ones: the distance is 0. */
static void factors_cancel_far_above_eps(void **state)
{
    struct rng r = rng_stream(2, "embeddings");
    double a[N], b[N], c[N], small[2][N];

    (void)state;
    draw(&r, a, 1);
    draw(&r, b, 1);
    for (int k = 0; k < N; k++) {
        a[k] += 0.1;
        b[k] += 0.1;
        c[k] = 2 * a[k];
        small[0][k] = 1e-10 * a[k];
        small[1][k] = 1e-10 * b[k];
    }
    CHECK_NEAR(distance(a, c, N), 0, 1e-12);
    const double whole = distance(a, b, N);
    for (int k = 0; k < N; k++) {
        a[k] /= 64;
        b[k] /= 64;
    }
    CHECK_RELATIVE(distance(a, b, N), whole, 1e-5);
    CHECK_TRUE(fabs(distance(small[0], small[1], N) / whole - 1) > 0.1); /* eps is felt */
}

static void hopeless_embeddings_are_refused(void **state)
{
    const double good[2] = {1, 2}, zero[2] = {0, 0}, negative[2] = {1, -1};
    const double bad[2] = {1, (double)NAN};
    double d;

    (void)state;
    CHECK_STATUS(task2vec_distance(good, zero, 2, &d), STATUS_DATA);
    CHECK_TRUE(isnan(d));
    CHECK_STATUS(task2vec_distance(negative, good, 2, &d), STATUS_DATA);
    CHECK_MESSAGE("entry 1");
    CHECK_STATUS(task2vec_distance(bad, good, 2, &d), STATUS_DIVERGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_embedding_is_the_mean_over_each_filter),
        cmocka_unit_test(distance_is_symmetric_to_the_bit),
        cmocka_unit_test(distance_by_hand),
        cmocka_unit_test(factors_cancel_far_above_eps),
        cmocka_unit_test(hopeless_embeddings_are_refused),
    };

    return cmocka_run_group_tests_name("task2vec", tests, NULL, NULL);
}
