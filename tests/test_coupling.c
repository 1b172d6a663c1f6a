/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_coupling: closed forms, a projected gradient for the quadratic step, the assignment of
 * lib/transport for its oracle, draws, interpolation. */
#include "task_distance/coupling.h"

#include "aborts.h"
#include "test.h"
#include "transport/assignment.h"
#include "transport/displacement.h"

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static double *draw_costs(struct rng *r, size_t n, double scale)
{
    double *cost = arena_get(&mem, n, sizeof *cost);

    for (size_t k = 0; k < n; k++)
        cost[k] = scale * rng_uniform(r);
    return cost;
}

/* ---- assignment ---- */

static void assignment_is_that_of_the_library(void **state)
{
    struct rng r = rng_stream(1, "assignment");

    (void)state;
    for (size_t b = 1; b <= 40; b += 3) {
        struct block_assignment s = block_assignment_create(&mem, b);
        size_t *column = arena_get(&mem, b, sizeof *column);
        double *cost = draw_costs(&r, b * b, 1), total = 0, duals = 0;
        const struct mat c = mat_over(cost, b, b);
        struct assignment a;

        for (size_t k = 0; b % 2 && k < b * b; k++)
            cost[k] = round(5 * cost[k]) - 2; /* ties and negative costs */
        block_assignment_solve(&s, cost, column);
        CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
        for (size_t i = 0; i < b; i++) {
            total += cost[i * b + column[i]];
            duals += s.u[i] + s.v[i];
            for (size_t j = 0; j < b; j++) {
                CHECK_TRUE(s.u[i] + s.v[j] <= cost[i * b + j] + 1e-13);
                CHECK_TRUE(j == i || column[i] != column[j]);
            }
        }
        CHECK_NEAR(total, a.report.primal, 1e-12);
        CHECK_NEAR(duals, total, 1e-12);
    }
}

static void assignment_takes_no_forbidden_entries(void **state)
{
    struct block_assignment s = block_assignment_create(&mem, 2);
    const double cost[4] = {1, 2, (double)NAN, (double)NAN};
    size_t column[2];

    (void)state;
    CHECK_ABORTS(block_assignment_solve(&s, cost, column));
}

/* ---- entropic plans ---- */

/* C = [[0, 1], [1, 0]]: 2 P_11 = sigmoid(1 / eps), from features 0 and 1 at squared distance. */
static void entropic_start_has_its_closed_form(void **state)
{
    struct coupling c = coupling_create(&mem, 1, 2);
    const float x[2] = {0, 1};
    struct coupling_report report;

    (void)state;
    for (double eps = 0.05; eps < 5; eps *= 2) {
        CHECK_STATUS(coupling_start(&c, x, x, 1, FEATURE_COST_SQUARED, eps, &report), STATUS_OK);
        CHECK_NEAR(2 * c.plan[0], sigmoid(1 / eps), 1e-10);
        CHECK_NEAR(2 * c.plan[1], sigmoid(-1 / eps), 1e-10);
    }
    CHECK_NEAR(report.gap, 0, 1e-9);
}

/* cosines 1 and 0 whatever the lengths: eps on -cos as on squared distances / 2. */
static void cosine_start_does_not_see_lengths(void **state)
{
    struct coupling c = coupling_create(&mem, 2, 2);
    const float x[8] = {2, 0, 0, 5, 1, 0, 0, 1}, y[8] = {3, 0, 0, .1f, 0, 7, 2, 0};
    struct coupling_report report;

    (void)state;
    CHECK_STATUS(coupling_start(&c, x, y, 2, FEATURE_COST_COSINE, 0.5, &report), STATUS_OK);
    CHECK_NEAR(2 * c.plan[0], sigmoid(2), 1e-9);
    CHECK_NEAR(2 * c.plan[3], sigmoid(2), 1e-9);
    CHECK_NEAR(2 * coupling_block(&c, 1)[0], sigmoid(-2), 1e-9); /* the second block is crossed */
}

/* s = 2 G_11 iterates s <- sigmoid((1 + (s - 1/2) / lambda) / eps). */
static void entropic_step_is_plain_transport_with_a_shifted_cost(void **state)
{
    static const double known[5] = {.88079708, .94056481, .94690568, .94753966, .94760265};
    struct coupling c = coupling_create(&mem, 1, 2);
    const double cost[4] = {0, 1, 1, 0};
    struct coupling_report report;

    (void)state;
    for (int k = 0; k < 5; k++) {
        CHECK_STATUS(coupling_entropic(&c, cost, 0.5, 1, &report), STATUS_OK);
        CHECK_NEAR(2 * c.plan[0], known[k], 1e-8);
    }
    CHECK_STATUS(coupling_entropic(&c, cost, 0.5, (double)INFINITY, &report), STATUS_OK);
    CHECK_NEAR(2 * c.plan[0], sigmoid(2), 1e-9);
    CHECK_NEAR(report.moved, .94760265 - sigmoid(2), 1e-8);
}

/* log G_ij - log G_il - log G_kj + log G_kl = -(the same of C - G_k / lambda) / eps. */
static void entropic_step_satisfies_its_condition_of_optimality(void **state)
{
    enum { B = 6, BLOCKS = 3 };
    struct coupling c = coupling_create(&mem, BLOCKS, B);
    struct rng r = rng_stream(2, "entropic");
    const double *cost = draw_costs(&r, BLOCKS * B * B, 1), eps = 0.1, lambda = 0.3;
    double before[BLOCKS * B * B];
    struct coupling_report report;

    (void)state;
    CHECK_STATUS(coupling_entropic(&c, cost, eps, lambda, &report), STATUS_OK);
    memcpy(before, c.plan, sizeof before);
    CHECK_STATUS(coupling_entropic(&c, cost, eps, lambda, &report), STATUS_OK);
    CHECK_NEAR(report.marginal_error, 0, 1e-12);
    for (size_t n = 0; n < BLOCKS; n++)
        for (size_t i = 1; i < B; i++)
            for (size_t j = 1; j < B; j++) {
                const size_t at[4] = {n * B * B, n * B * B + j, n * B * B + i * B,
                                      n * B * B + i * B + j};
                double sum = 0;

                for (int k = 0; k < 4; k++)
                    sum += (k == 1 || k == 2 ? -1 : 1) *
                           (eps * log(c.plan[at[k]]) + cost[at[k]] - before[at[k]] / lambda);
                CHECK_NEAR(sum, 0, 1e-8);
            }
}

/* ---- quadratic step ---- */

/* Projection of x onto plans with marginals 1/b: Dykstra's alternation of the affine set (closed
 * form) and the positive orthant. */
static void project(double *x, size_t b, double *offset)
{
    memset(offset, 0, b * b * sizeof *offset);
    for (int sweep = 0; sweep < 3000; sweep++) {
        double row[16] = {0}, column[16] = {0}, all = 0;

        for (size_t i = 0; i < b; i++)
            for (size_t j = 0; j < b; j++) {
                row[i] += x[i * b + j] / (double)b;
                column[j] += x[i * b + j] / (double)b;
                all += x[i * b + j] / (double)(b * b);
            }
        for (size_t i = 0; i < b; i++)
            for (size_t j = 0; j < b; j++) {
                const double affine = x[i * b + j] - row[i] - column[j] + all +
                                      1 / (double)(b * b);
                const double y = affine + offset[i * b + j];

                x[i * b + j] = y > 0 ? y : 0;
                offset[i * b + j] = y - x[i * b + j];
            }
    }
}

/* The quadratic step is the projection of G_k - C / rho: no Frank and Wolfe in it. */
static void quadratic_step_is_the_projection(void **state)
{
    enum { B = 5 };
    static const double weights[4] = {1, 6, 31, 400};
    struct rng r = rng_stream(3, "quadratic");
    double offset[B * B], x[B * B], previous[B * B];

    (void)state;
    for (int w = 0; w < 4; w++) {
        struct coupling c = coupling_create(&mem, 1, B);
        const double *cost = draw_costs(&r, B * B, 1);
        struct coupling_report report;
        double far = 0, objective[2] = {0, 0};

        /* from somewhere else than the middle */
        CHECK_STATUS(coupling_entropic(&c, draw_costs(&r, B * B, 1), 0.3, 1, &report), STATUS_OK);
        memcpy(previous, c.plan, sizeof previous);
        for (size_t k = 0; k < B * B; k++)
            x[k] = previous[k] - cost[k] / weights[w];
        project(x, B, offset);
        CHECK_STATUS(coupling_quadratic(&c, cost, weights[w], 1e-5, 300000, &report), STATUS_OK);
        CHECK_TRUE(report.gap <= 1e-5 && report.gap >= -1e-15);
        CHECK_NEAR(report.marginal_error, 0, 1e-13);
        for (size_t k = 0; k < B * B; k++) {
            far += (c.plan[k] - x[k]) * (c.plan[k] - x[k]);
            objective[0] += c.plan[k] * cost[k] + weights[w] / 2 * pow(c.plan[k] - previous[k], 2);
            objective[1] += x[k] * cost[k] + weights[w] / 2 * pow(x[k] - previous[k], 2);
        }
        /* rho-strong convexity: rho/2 |G - G*|^2 <= gap */
        CHECK_TRUE(weights[w] / 2 * far <= report.gap + 1e-12);
        CHECK_TRUE(objective[0] - objective[1] <= report.gap + 1e-12);
        CHECK_TRUE(objective[0] - objective[1] >= -1e-12);
    }
}

/* Without the quadratic term, and with one that is too small to matter, the LP's vertex; with a
 * huge one, nothing moves. */
static void quadratic_step_between_vertex_and_standstill(void **state)
{
    enum { B = 8, BLOCKS = 2 };
    struct coupling c = coupling_create(&mem, BLOCKS, B);
    struct rng r = rng_stream(4, "limits");
    const double *cost = draw_costs(&r, BLOCKS * B * B, 1);
    struct coupling_report report;
    double best = 0;

    (void)state;
    for (size_t n = 0; n < BLOCKS; n++) {
        const struct mat block = mat_over(cost + n * B * B, B, B);
        struct assignment a;

        CHECK_STATUS(assignment_solve(&mem, &block, &a), STATUS_OK);
        best += a.report.primal / B / BLOCKS;
    }
    CHECK_STATUS(coupling_quadratic(&c, cost, 1e9, 1e-9, 1, &report), STATUS_NO_CONVERGENCE);
    CHECK_NEAR(report.moved, 0, 1e-6);
    CHECK_STATUS(coupling_quadratic(&c, cost, 0, 1e-14, 1, &report), STATUS_OK);
    CHECK_NEAR(coupling_mean_cost(&c, cost), best, 1e-14);
    CHECK_NEAR(report.moved, 1 - 1.0 / B, 1e-6);
    for (size_t k = 0; k < BLOCKS * B * B; k++)
        CHECK_TRUE(fabs(c.plan[k]) < 1e-16 || fabs(c.plan[k] - 1.0 / B) < 1e-16);
    c = coupling_create(&mem, BLOCKS, B);
    CHECK_STATUS(coupling_quadratic(&c, cost, 1e-3, 1e-12, 10, &report), STATUS_OK);
    CHECK_NEAR(coupling_mean_cost(&c, cost), best, 1e-12);
}

/* Fresh costs for each update, the published weights: most of the mass moves at first, hardly any
 * in the end, whatever the costs say. */
static void growing_weights_hold_the_plan(void **state)
{
    enum { B = 10 };
    struct coupling c = coupling_create(&mem, 4, B);
    struct rng r = rng_stream(5, "growing");
    struct coupling_report report;
    double first = 0, last = 1;

    (void)state;
    CHECK_RELATIVE(coupling_growing_weight(0.05, 0), 0.05, 1e-15);
    CHECK_RELATIVE(coupling_growing_weight(0.05, 3), 6.25, 1e-14);
    for (size_t k = 0; k < 7; k++) {
        const double *cost = draw_costs(&r, 4 * B * B, 0.05);
        const double before = coupling_mean_cost(&c, cost);

        CHECK_STATUS(coupling_quadratic(&c, cost, coupling_growing_weight(0.05, k), 1e-4, 100000,
                                        &report), STATUS_OK);
        CHECK_TRUE(coupling_mean_cost(&c, cost) <= before + 1e-4);
        CHECK_TRUE(report.moved < last);
        last = report.moved;
        first = k == 0 ? last : first;
    }
    CHECK_TRUE(first > 0.5 && last < 0.005);
}

/* ---- use ---- */

static void draws_follow_the_row_and_stay_in_the_block(void **state)
{
    enum { B = 4, DRAWS = 40000 };
    struct coupling c = coupling_create(&mem, 3, B);
    struct rng r = rng_stream(6, "draw"), costs = rng_stream(6, "cost");
    struct coupling_report report;
    double count[B] = {0};

    (void)state;
    CHECK_STATUS(coupling_entropic(&c, draw_costs(&costs, 3 * B * B, 1), 0.2, 1, &report),
                 STATUS_OK);
    for (int k = 0; k < DRAWS; k++) {
        const size_t j = coupling_draw(&c, B + 2, &r);

        CHECK_TRUE(j >= B && j < 2 * B);
        count[j - B]++;
    }
    for (int j = 0; j < B; j++)
        CHECK_NEAR(count[j] / DRAWS, B * coupling_block(&c, 1)[2 * B + j], 5 * 0.5 / 200);
    CHECK_ABORTS((void)coupling_draw(&c, 3 * B, &r));
}

static void a_matching_is_drawn_for_certain(void **state)
{
    struct coupling c = coupling_create(&mem, 1, 3);
    const double cost[9] = {1, 0, 1, 1, 1, 0, 0, 1, 1};
    struct coupling_report report;
    struct rng r = rng_stream(7, "draw");

    (void)state;
    CHECK_STATUS(coupling_quadratic(&c, cost, 0, 0, 1, &report), STATUS_OK);
    for (int k = 0; k < 300; k++)
        assert_int_equal(coupling_draw(&c, (size_t)k % 3, &r), (size_t)(k + 1) % 3);
}

static void interpolation_is_exact_at_the_ends_and_linear_between(void **state)
{
    enum { N = 37 };
    float x[N], y[N], out[N];

    (void)state;
    for (int k = 0; k < N; k++) {
        x[k] = (float)k / 3;
        y[k] = 1 / (float)(k + 3);
    }
    coupling_interpolate(out, x, y, 0, N);
    assert_memory_equal(out, x, sizeof x);
    coupling_interpolate(out, x, y, 1, N);
    assert_memory_equal(out, y, sizeof y);
    coupling_interpolate(out, x, y, 0.25f, N);
    for (int k = 0; k < N; k++)
        CHECK_NEAR((double)out[k], 0.75 * (double)x[k] + 0.25 * (double)y[k], 1e-6);
    coupling_interpolate(x, x, y, 0.25f, N);
    assert_memory_equal(out, x, sizeof x);
}

/* McCann: with the plan of quadratic cost, W2(p_0, p_tau) = tau W2(p_0, p_1); quantiles of
 * N(0, 1) and N(3, 2): W2^2 = 3^2 + 1^2 but for the tails that 30 points do not have. */
static void displacement_by_the_plan_is_a_geodesic_of_transport(void **state)
{
    enum { B = 30 };
    struct coupling c = coupling_create(&mem, 1, B);
    struct mat x = mat_zero(&mem, B, 1), y = mat_zero(&mem, B, 1), at = mat_zero(&mem, B, 1);
    struct coupling_report report;
    struct rng r = rng_stream(8, "normal"), s = rng_stream(9, "normal");
    double cost[B * B], whole;

    (void)state;
    for (size_t i = 0; i < B; i++) {
        x.a[i] = rng_normal(&r);
        y.a[i] = 3 + 2 * rng_normal(&s);
    }
    for (size_t k = 0; k < B * B; k++)
        cost[k] = pow(x.a[k / B] - y.a[k % B], 2);
    CHECK_STATUS(coupling_quadratic(&c, cost, 0, 1e-12, 1, &report), STATUS_OK);
    whole = coupling_mean_cost(&c, cost);
    for (double tau = 0.25; tau < 1; tau += 0.25) {
        struct coupling part = coupling_create(&mem, 1, B);

        for (size_t i = 0; i < B; i++)
            at.a[i] = (1 - tau) * x.a[i] + tau * y.a[coupling_draw(&c, i, &r)];
        for (size_t k = 0; k < B * B; k++)
            cost[k] = pow(x.a[k / B] - at.a[k % B], 2);
        CHECK_STATUS(coupling_quadratic(&part, cost, 0, 1e-12, 1, &report), STATUS_OK);
        CHECK_RELATIVE(coupling_mean_cost(&part, cost), tau * tau * whole, 1e-12);
    }
}

static void nothing_is_allocated_in_the_loop(void **state)
{
    struct coupling c = coupling_create(&mem, 2, 4);
    struct rng r = rng_stream(10, "loop");
    const double *cost = draw_costs(&r, 2 * 16, 1);
    struct coupling_report report;
    float image[3] = {0};
    const size_t before = memory_count();

    (void)state;
    CHECK_STATUS(coupling_quadratic(&c, cost, 2, 1e-5, 100000, &report), STATUS_OK);
    (void)coupling_draw(&c, 1, &r);
    (void)coupling_mean_cost(&c, cost);
    coupling_interpolate(image, image, image, 0.5f, 3);
    assert_int_equal(memory_count(), before);
}

static void hopeless_input_is_named(void **state)
{
    struct coupling c = coupling_create(&mem, 2, 2);
    float x[4] = {1, 0, 2, 3}, y[4] = {1, 1, NAN, 1};
    double cost[8] = {0, 1, 2, 3, 4, (double)INFINITY, 6, 7};
    struct coupling_report report;

    (void)state;
    CHECK_STATUS(coupling_start(&c, x, y, 1, FEATURE_COST_COSINE, 1, &report), STATUS_DATA);
    CHECK_MESSAGE("source point 1");
    CHECK_STATUS(coupling_start(&c, x, y, 1, FEATURE_COST_SQUARED, 1, &report), STATUS_DIVERGED);
    CHECK_MESSAGE("target point 2");
    CHECK_STATUS(coupling_quadratic(&c, cost, 1, 1, 10, &report), STATUS_DIVERGED);
    CHECK_MESSAGE("pair 1 of block 1");
    CHECK_STATUS(coupling_entropic(&c, cost, 1, 1, &report), STATUS_DIVERGED);
    cost[5] = 1;
    for (size_t k = 1; k <= 3; k++) {
        memory_fail_at(k);
        const enum status status = coupling_entropic(&c, cost, 1, 1, &report);
        memory_fail_at(0);
        CHECK_STATUS(status, k == 1 || status != STATUS_OK ? STATUS_MEMORY : STATUS_OK);
    }
    CHECK_ABORTS((void)!coupling_quadratic(&c, cost, -1, 1, 10, &report));
    CHECK_ABORTS((void)!coupling_entropic(&c, cost, 0, 1, &report));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assignment_is_that_of_the_library),
        cmocka_unit_test(assignment_takes_no_forbidden_entries),
        cmocka_unit_test(entropic_start_has_its_closed_form),
        cmocka_unit_test(cosine_start_does_not_see_lengths),
        cmocka_unit_test(entropic_step_is_plain_transport_with_a_shifted_cost),
        cmocka_unit_test(entropic_step_satisfies_its_condition_of_optimality),
        cmocka_unit_test(quadratic_step_is_the_projection),
        cmocka_unit_test(quadratic_step_between_vertex_and_standstill),
        cmocka_unit_test(growing_weights_hold_the_plan),
        cmocka_unit_test(draws_follow_the_row_and_stay_in_the_block),
        cmocka_unit_test(a_matching_is_drawn_for_certain),
        cmocka_unit_test(interpolation_is_exact_at_the_ends_and_linear_between),
        cmocka_unit_test(displacement_by_the_plan_is_a_geodesic_of_transport),
        cmocka_unit_test(nothing_is_allocated_in_the_loop),
        cmocka_unit_test(hopeless_input_is_named),
    };

    return cmocka_run_group_tests_name("coupling", tests, NULL, release);
}
