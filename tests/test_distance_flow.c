/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/distance_flow.h"

#include "base/rng.h"

#include "test.h"

enum { M = 6, D = 3, STEPS = 4 };

static double bowl(void *context, const struct mat *w, struct mat *gradient)
{
    double sum = 0;

    (void)context;
    for (size_t k = 0; k < w->rows * w->cols; k++) {
        sum += w->a[k] * w->a[k] / 2;
        gradient->a[k] = w->a[k];
    }
    return sum;
}

static const struct transport_prox_options options = {.gamma = 0.02, .tolerance = 1e-11,
                                                      .max_iterations = 200};

/* W(k) = W(0) / (1 + gamma m)^k. */
static void the_exact_flow_of_a_bowl_is_known(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(1, "start");
    const struct mat start = mat_normal(&mem, &r, M, D, 1);
    struct distance_flow flow = distance_flow_make(&mem, &start, STEPS);
    struct transport_prox t = {.kind = TRANSPORT_PROX_EXACT, .positive = 3};
    double factor = 1;

    (void)state;
    CHECK_STATUS(distance_flow_run(&flow, &t, bowl, NULL, &options, NULL, 0), STATUS_OK);
    CHECK_TRUE(flow.residual <= 1e-11);
    for (size_t k = 0; k <= STEPS; k++, factor /= 1 + 0.02 * M) {
        for (size_t i = 0; i < M * D; i++)
            CHECK_NEAR(flow.path[k].a[i], factor * start.a[i], 1e-10);
        CHECK_RELATIVE(flow.loss.x[k], factor * factor * flow.loss.x[0], 1e-9);
    }
    arena_free(&mem);
}

/* A contraction keeps every order, so each step's sliced distance in frames is W2^2 / d. */
static void sliced_steps_are_w2_over_d_where_orders_stay(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(1, "start"), draws = rng_stream(1, "directions");
    const struct mat start = mat_normal(&mem, &r, M, D, 1);
    struct distance_flow flow = distance_flow_make(&mem, &start, STEPS);
    struct transport_prox t = {.kind = TRANSPORT_PROX_SLICED, .positive = 3,
                               .directions = mat_zero(&mem, 2 * D, D)};
    double ratio;

    (void)state;
    CHECK_STATUS(distance_flow_run(&flow, &t, bowl, NULL, &options, &draws, 1), STATUS_OK);
    CHECK_STATUS(distance_flow_ratio(&ratio, &flow, &t), STATUS_OK);
    CHECK_RELATIVE(ratio, 1.0 / D, 1e-12);
    arena_free(&mem);
}

static void without_a_loss_only_the_plain_entropic_distance_moves(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(1, "start"), draws = rng_stream(1, "directions");
    const struct mat start = mat_normal(&mem, &r, M, D, 1);
    struct distance_flow flow = distance_flow_make(&mem, &start, STEPS);
    struct mat gradient = mat_copy(&mem, &start);

    (void)state;
    CHECK_NEAR(distance_flow_no_loss(NULL, &start, &gradient), 0, 0);
    CHECK_NEAR(mat_norm(&gradient), 0, 0);
    for (int kind = 0; kind <= TRANSPORT_PROX_BLURRED; kind++) {
        struct transport_prox t = {.kind = (enum transport_prox_kind)kind, .positive = 3,
                                   .eps = 1, .directions = mat_zero(&mem, D, D)};
        double left;

        CHECK_STATUS(distance_flow_run(&flow, &t, distance_flow_no_loss, NULL, &options, &draws,
                                       1), STATUS_OK);
        left = distance_flow_spread(&flow.path[STEPS], 3) / distance_flow_spread(&start, 3);
        if (kind == TRANSPORT_PROX_BLURRED)
            CHECK_TRUE(left < 0.99);
        else
            CHECK_NEAR(left, 1, 1e-12);
    }
    arena_free(&mem);
}

static void spread_and_distance_of_two_pairs(void **state)
{
    struct mat a = mat_over((const double[]){0, 0, 0, 2, 5, 5, 5, 9}, 4, 2);
    struct mat b = mat_over((const double[]){0, 2, 0, 0, 5, 5, 8, 9}, 4, 2);
    double distance;

    (void)state;
    CHECK_NEAR(distance_flow_spread(&a, 2), 2 + 8, 1e-14);
    CHECK_STATUS(distance_flow_between(&distance, &a, &b, 2), STATUS_OK);
    CHECK_NEAR(distance, 1.5, 1e-15); /* only the last one moves, by 3: sqrt(9 / 4) */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exact_flow_of_a_bowl_is_known),
        cmocka_unit_test(sliced_steps_are_w2_over_d_where_orders_stay),
        cmocka_unit_test(without_a_loss_only_the_plain_entropic_distance_moves),
        cmocka_unit_test(spread_and_distance_of_two_pairs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
