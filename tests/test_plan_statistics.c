/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_plan_statistics: overlaps, costs and distances of plans that can be worked out by hand. */
#include "test.h"

#include "base/memory.h"
#include "task_distance/plan_statistics.h"

enum { BLOCKS = 2, B = 3, N = BLOCKS * B, ENTRIES = BLOCKS * B * B };

/* Each block the matching i -> i + shift. */
static void matching(double *g, size_t shift)
{
    memset(g, 0, ENTRIES * sizeof *g);
    for (size_t i = 0; i < N; i++)
        g[i * B + (i + shift) % B] = 1.0 / B;
}

static void plans_agree_on_the_mass_that_they_share(void **state)
{
    double g[ENTRIES], h[ENTRIES], even[ENTRIES];

    (void)state;
    for (size_t k = 0; k < ENTRIES; k++)
        even[k] = 1.0 / (B * B);
    matching(g, 0);
    matching(h, 1);
    CHECK_NEAR(plan_statistics_overlap(g, g, BLOCKS, B), 1, 1e-15);
    CHECK_NEAR(plan_statistics_overlap(g, h, BLOCKS, B), 0, 0);
    CHECK_NEAR(plan_statistics_overlap(g, even, BLOCKS, B), 1.0 / B, 1e-15);
    memcpy(h, g, sizeof h / 2); /* the first block is the same */
    CHECK_NEAR(plan_statistics_overlap(g, h, BLOCKS, B), 0.5, 1e-15);
    CHECK_NEAR(plan_statistics_overlap(h, g, BLOCKS, B), 0.5, 1e-15);
}

static void a_cost_is_the_mean_over_blocks(void **state)
{
    double g[ENTRIES], cost[ENTRIES];

    (void)state;
    matching(g, 1);
    for (size_t k = 0; k < ENTRIES; k++)
        cost[k] = (double)k;
    /* block 0 has 1, 5, 6 in its matching, block 1 nine more each */
    CHECK_NEAR(plan_statistics_cost(g, cost, BLOCKS, B), (4 + 13) / 2.0, 1e-14);
}

static void points_are_as_far_apart_as_their_pairs(void **state)
{
    float x[N * 2], y[N * 2];
    double g[ENTRIES];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        x[2 * i] = x[2 * i + 1] = (float)i;
        y[2 * i] = (float)i + 3;
        y[2 * i + 1] = (float)i - 3;
    }
    matching(g, 0);
    CHECK_NEAR(plan_statistics_apart(g, x, y, 2, BLOCKS, B), 3, 1e-14);
    /* shift 1: two of three rows have i + 1, one has i - 2, in both blocks */
    matching(g, 1);
    CHECK_NEAR(plan_statistics_apart(g, x, y, 2, BLOCKS, B), sqrt(9 + (1 + 1 + 4) / 3.0), 1e-14);
    /* all pairs: mean of (i - j)^2 over 0..2 is 4/3 */
    CHECK_NEAR(plan_statistics_apart(NULL, x, y, 2, BLOCKS, B), sqrt(9 + 4 / 3.0), 1e-14);
}

static void a_partner_has_most_of_the_row(void **state)
{
    double g[ENTRIES], share;

    (void)state;
    matching(g, 2);
    assert_int_equal(plan_statistics_partner(g, B, 4, &share), 3); /* of its own block */
    CHECK_NEAR(share, 1, 1e-15);
    g[4 * B] = g[4 * B + 1] = 0.125;
    g[4 * B + 2] = 1.0 / B - 0.25;
    assert_int_equal(plan_statistics_partner(g, B, 4, &share), 3); /* the first of equals */
    CHECK_NEAR(share, 0.375, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_agree_on_the_mass_that_they_share),
        cmocka_unit_test(a_cost_is_the_mean_over_blocks),
        cmocka_unit_test(points_are_as_far_apart_as_their_pairs),
        cmocka_unit_test(a_partner_has_most_of_the_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
