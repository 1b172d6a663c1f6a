/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moves of neurons in two distances: a swap, a shift at the bound, and the points of a grid. */
#include "relu_flows/neuron_moves.h"

#include <math.h>

#include "test.h"

static void a_swap_costs_w2_nothing_and_a_short_shift_costs_both_the_same(void **state)
{
    const struct mat w = mat_over((double[]){0, 0, 3, 0, 0, 7}, 3, 2);
    const struct mat swap = mat_over((double[]){3, 0, 0, 0, 0, 8}, 3, 2);
    const struct mat shift = mat_over((double[]){1, 0, 4, 0, 1, 7}, 3, 2);
    double ratio;
    size_t moved;

    (void)state;
    CHECK_STATUS(neuron_moves_ratio(&ratio, &moved, &swap, &w), STATUS_OK);
    CHECK_RELATIVE(ratio, 1.0 / 19, 1e-15);
    CHECK_TRUE(moved == 2);
    CHECK_STATUS(neuron_moves_ratio(&ratio, &moved, &shift, &w), STATUS_OK);
    CHECK_NEAR(ratio, 1, 0);
    CHECK_TRUE(moved == 0);
    CHECK_STATUS(neuron_moves_ratio(&ratio, &moved, &w, &w), STATUS_OK);
    CHECK_NEAR(ratio, 1, 0);
}

static void half_the_separation_is_the_bound_of_the_longest_move(void **state)
{
    const struct mat w = mat_over((double[]){0, 0, 3, 0}, 2, 2);
    const struct mat below = mat_over((double[]){0, 0, 3, 1.4375}, 2, 2);
    const struct mat at = mat_over((double[]){0, 1.5, 3, 0}, 2, 2);

    (void)state;
    CHECK_TRUE(neuron_moves_half_separated(&below, &w));
    CHECK_TRUE(!neuron_moves_half_separated(&at, &w));
}

static void a_random_grid_holds_each_point_of_the_square_once(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(1, "init");
    struct mat w = mat_zero(&mem, 9, 2);
    int seen[9] = {0};

    (void)state;
    neuron_moves_grid(&mem, &r, 2, &w);
    for (size_t i = 0; i < 9; i++) {
        const double x = w.a[2 * i] / 2 + 1, y = w.a[2 * i + 1] / 2 + 1; /* 0, 1 or 2 */

        CHECK_NEAR(x, floor(x), 0);
        CHECK_NEAR(y, floor(y), 0);
        CHECK_TRUE(x >= 0 && x <= 2 && y >= 0 && y <= 2);
        seen[(size_t)(3 * x + y)]++;
    }
    for (size_t k = 0; k < 9; k++)
        CHECK_TRUE(seen[k] == 1);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_swap_costs_w2_nothing_and_a_short_shift_costs_both_the_same),
        cmocka_unit_test(half_the_separation_is_the_bound_of_the_longest_move),
        cmocka_unit_test(a_random_grid_holds_each_point_of_the_square_once),
    };

    return cmocka_run_group_tests_name("neuron_moves", tests, NULL, NULL);
}
