/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_linear_class: complexities and gaps against closed forms. */
#include "task_distance/linear_class.h"

#include "aborts.h"
#include "test.h"

#define PI 3.14159265358979323846

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

/* E chi_1 = sqrt(2 / pi), E chi_2 = sqrt(pi / 2), E chi_5 = 8 sqrt(2) / (3 sqrt(pi)). */
static void normal_complexities_are_means_of_chi(void **state)
{
    (void)state;
    CHECK_RELATIVE(linear_class_normal_complexity(1, 9), sqrt(2 / PI) / 3, 1e-14);
    CHECK_RELATIVE(linear_class_normal_complexity(2, 4), sqrt(PI / 2) / 2, 1e-14);
    CHECK_RELATIVE(linear_class_normal_complexity(5, 1), 8 * sqrt(2) / (3 * sqrt(PI)), 1e-14);
    CHECK_TRUE(linear_class_normal_complexity(5, 200) < sqrt(5.0 / 200));
}

static void drawn_complexities_are_near_the_exact_ones(void **state)
{
    static const size_t p[3] = {5, 20, 50}, N[3] = {200, 200, 1000};
    struct rng r = rng_stream(1, "complexity");

    (void)state;
    for (int k = 0; k < 3; k++) {
        const double exact = linear_class_normal_complexity(p[k], N[k]);

        CHECK_NEAR(linear_class_complexity(&mem, p[k], N[k], 400, &r), exact,
                   5 * sqrt(0.5 / (double)N[k] / 400));
    }
}

/* N = 2: |S| is 0 or 2 with chance 1/2. N = 4: 0 3/8, 2 1/2, 4 1/8. */
static void sign_complexity_by_hand(void **state)
{
    (void)state;
    CHECK_RELATIVE(linear_class_sign_complexity(2), 0.5, 1e-14);
    CHECK_RELATIVE(linear_class_sign_complexity(4), 1.5 / 4, 1e-14);
    CHECK_RELATIVE(linear_class_sign_complexity(100000), sqrt(2 / PI / 100000), 1e-5);
    CHECK_ABORTS((void)linear_class_sign_complexity(3));
}

/* Mean R_N with one sample or many; the variance falls with K only if samples are independent. */
static void gaps_have_their_mean_and_spread(void **state)
{
    enum { N = 128, K = 25, TRIES = 4000 };
    struct rng r = rng_stream(2, "gaps");
    const double R = linear_class_sign_complexity(N);

    (void)state;
    for (int same = 0; same < 2; same++) {
        const double expected = (1.0 / N - R * R) / (same ? 1 : K);
        double mean = 0, square = 0;

        for (int t = 0; t < TRIES; t++) {
            const double gap = linear_class_sign_gap(N, K, same, &r);

            mean += gap / TRIES;
            square += gap * gap / TRIES;
        }
        CHECK_NEAR(mean, R, 5 * sqrt(expected / TRIES));
        CHECK_RELATIVE(square - mean * mean, expected, 0.15);
    }
    CHECK_ABORTS((void)linear_class_sign_gap(100, 1, 0, &r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_complexities_are_means_of_chi),
        cmocka_unit_test(drawn_complexities_are_near_the_exact_ones),
        cmocka_unit_test(sign_complexity_by_hand),
        cmocka_unit_test(gaps_have_their_mean_and_spread),
    };

    return cmocka_run_group_tests_name("linear_class", tests, NULL, release);
}
