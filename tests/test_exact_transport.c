/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact transport: against assignments of repeated points, the line, and its own duals. */
#include "test.h"

#include "base/memory.h"
#include "base/rng.h"
#include "transport/assignment.h"
#include "transport/cost.h"
#include "transport/exact_transport.h"

static const double inf = (double)INFINITY, nan_value = (double)NAN;

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static struct vec random_weights(struct rng *r, size_t n, double mass)
{
    struct vec w = vec_zero(&mem, n);

    for (size_t i = 0; i < n; i++)
        w.x[i] = rng_uniform(r);
    vec_scale(&w, mass / vec_sum(&w));
    return w;
}

static struct mat random_cost(struct rng *r, size_t n, size_t m, double scale)
{
    struct mat c = mat_zero(&mem, n, m);

    for (size_t k = 0; k < n * m; k++)
        c.a[k] = scale * rng_uniform(r);
    return c;
}

/* Feasible plan and duals, and no gap; b sums to a's sum. */
static void check_certificate(const struct mat *c, const struct vec *a, const struct vec *b,
                              const struct exact_transport *t, double slack)
{
    double error = 0, cost = 0, most = -inf;

    CHECK_TRUE(transport_accepts(&t->report, 1e-12));
    CHECK_TRUE(t->plan.rows == a->n && t->plan.cols == b->n);
    for (size_t i = 0; i < a->n; i++) {
        double sum = 0;

        for (size_t j = 0; j < b->n; j++) {
            const double p = t->plan.a[i * b->n + j];

            CHECK_TRUE(p >= 0);
            CHECK_TRUE(t->u.x[i] + t->v.x[j] <= c->a[i * b->n + j] + slack);
            sum += p;
            cost += p > 0 ? p * c->a[i * b->n + j] : 0;
        }
        error += fabs(sum - a->x[i]);
    }
    for (size_t j = 0; j < b->n; j++) {
        double sum = 0;

        for (size_t i = 0; i < a->n; i++)
            sum += t->plan.a[i * b->n + j];
        error += fabs(sum - b->x[j]);
        most = fmax(most, t->v.x[j]);
    }
    CHECK_TRUE(most == 0);
    CHECK_NEAR(error, 0, 1e-14 * vec_sum(a));
    CHECK_NEAR(t->report.marginal_error, error, 1e-14 * vec_sum(a));
    CHECK_NEAR(cost, vec_dot(a, &t->u) + vec_dot(b, &t->v), 1e-12 * (1 + fabs(cost)));
    CHECK_NEAR(t->report.primal, cost, 1e-12 * (1 + fabs(cost)));
}

/* n whole numbers >= 0 with sum `total`. */
static struct vec whole_weights(struct rng *r, size_t n, size_t total)
{
    struct vec w = vec_zero(&mem, n);

    for (size_t k = 0; k < total; k++)
        w.x[rng_below(r, (uint32_t)n)] += 1;
    return w;
}

/* Row i of c, w_i times. */
static struct mat repeat_rows(const struct mat *c, const struct vec *w)
{
    struct mat out = mat_zero(&mem, (size_t)vec_sum(w), c->cols);
    size_t next = 0;

    for (size_t i = 0; i < w->n; i++)
        for (size_t k = 0; k < (size_t)w->x[i]; k++)
            memcpy(&out.a[next++ * c->cols], &c->a[i * c->cols], c->cols * sizeof *c->a);
    return out;
}

static void whole_weights_agree_with_repeated_points(void **state)
{
    struct rng r = rng_stream(1, "exact");
    size_t impossible = 0;

    (void)state;
    for (int k = 0; k < 300; k++) {
        const size_t n = 1 + rng_below(&r, 9), m = 1 + rng_below(&r, 9);
        const struct vec a = whole_weights(&r, n, 20), b = whole_weights(&r, m, 20);
        const struct mat c = random_cost(&r, n, m, 1);
        struct assignment full;
        struct exact_transport t;

        for (size_t i = 0; i < n * m; i++) {
            c.a[i] = k % 2 ? floor(4 * c.a[i]) - 1 : c.a[i];
            c.a[i] = k % 3 == 0 && rng_below(&r, 4) == 0 ? inf : c.a[i];
        }

        const struct mat rows = repeat_rows(&c, &a);
        const struct mat turned = mat_transpose(&mem, &rows);
        const struct mat both = repeat_rows(&turned, &b);

        if (assignment_solve(&mem, &both, &full) != STATUS_OK) {
            CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_USAGE);
            CHECK_MESSAGE("forbidden");
            impossible++;
            continue;
        }
        CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_OK);
        check_certificate(&c, &a, &b, &t, 1e-14);
        CHECK_NEAR(t.report.primal, full.report.primal, 1e-12);
    }
    CHECK_TRUE(impossible > 5 && impossible < 80);
}

static void random_ones_of_every_shape_and_scale_are_certified(void **state)
{
    const size_t shapes[][2] = {{1, 1}, {1, 50}, {50, 1}, {5, 960}, {292, 2}, {80, 90}};
    const double scales[] = {1e-9, 1, 1e9};
    struct rng r = rng_stream(2, "exact");

    (void)state;
    for (size_t s = 0; s < 6; s++)
        for (size_t k = 0; k < 3; k++)
            for (int uniform = 0; uniform < 2; uniform++) {
                const size_t n = shapes[s][0], m = shapes[s][1];
                const struct mat c = random_cost(&r, n, m, scales[k]);
                struct vec a = random_weights(&r, n, 1), b = random_weights(&r, m, 1);
                struct exact_transport t;

                if (uniform) {
                    vec_fill(&a, 1 / (double)n);
                    vec_fill(&b, 1 / (double)m);
                }
                CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_OK);
                check_certificate(&c, &a, &b, &t, 1e-14 * scales[k]);
            }
}

static void uniform_weights_give_the_assignment(void **state)
{
    enum { N = 120 };
    struct rng r = rng_stream(3, "exact");
    const struct mat x = mat_normal(&mem, &r, N, 2, 1), y = mat_normal(&mem, &r, N, 2, 1);
    struct vec w = vec_zero(&mem, N);
    struct assignment a;
    struct exact_transport t;
    struct mat c;

    (void)state;
    vec_fill(&w, 1.0 / N);
    CHECK_STATUS(cost_squared(&mem, &x, &y, &c), STATUS_OK);
    CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
    CHECK_STATUS(exact_transport_solve(&mem, &c, &w, &w, &t), STATUS_OK);
    CHECK_RELATIVE(t.report.primal, a.report.primal / N, 1e-13);
    for (size_t i = 0; i < N; i++)
        CHECK_TRUE(t.plan.a[i * N + a.column[i]] == 1.0 / N);
}

/* Points in ascending order: mass goes in order. */
static double line_cost(const struct vec *x, const struct vec *a, const struct vec *y,
                        const struct vec *b)
{
    double cost = 0, left = a->x[0], right = b->x[0];

    for (size_t i = 0, j = 0; i < x->n && j < y->n;) {
        const double p = fmin(left, right), d = x->x[i] - y->x[j];

        cost += p * d * d;
        left -= p;
        right -= p;
        if (left <= right && ++i < x->n)
            left = a->x[i];
        else if (right < left && ++j < y->n)
            right = b->x[j];
    }
    return cost;
}

static void points_on_a_line_are_sorted(void **state)
{
    enum { N = 70, M = 110 };
    struct rng r = rng_stream(4, "exact");
    const struct vec a = random_weights(&r, N, 1), b = random_weights(&r, M, 1);
    const struct vec x = vec_zero(&mem, N), y = vec_zero(&mem, M);
    const struct mat xs = mat_over(x.x, N, 1), ys = mat_over(y.x, M, 1);
    struct exact_transport t;
    struct mat c;

    (void)state;
    for (size_t i = 0; i < N; i++)
        x.x[i] = (i ? x.x[i - 1] : 0) + rng_uniform(&r);
    for (size_t j = 0; j < M; j++)
        y.x[j] = (j ? y.x[j - 1] : 3) + rng_uniform(&r);
    CHECK_STATUS(cost_squared(&mem, &xs, &ys, &c), STATUS_OK);
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_OK);
    CHECK_RELATIVE(t.report.primal, line_cost(&x, &a, &y, &b), 1e-12);
}

static void zero_weights_move_nothing_and_keep_feasible_potentials(void **state)
{
    struct rng r = rng_stream(5, "exact");
    const struct mat c = random_cost(&r, 30, 40, 1);
    struct vec a = random_weights(&r, 30, 1), b = random_weights(&r, 40, 1);
    struct exact_transport t;

    (void)state;
    for (size_t i = 0; i < 30; i += 3)
        a.x[i] = 0;
    for (size_t j = 0; j < 40; j += 2)
        b.x[j] = 0;
    vec_scale(&b, vec_sum(&a) / vec_sum(&b));
    for (size_t j = 0; j < 40; j++)
        c.a[3 * 40 + j] = inf; /* a row of weight 0 may be all forbidden */
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_OK);
    check_certificate(&c, &a, &b, &t, 1e-14);
    CHECK_TRUE(isfinite(t.u.x[3]));
    for (size_t k = 0; k < 30 * 40; k++)
        CHECK_TRUE(t.plan.a[k] == 0 || (k / 40 % 3 != 0 && k % 40 % 2 != 0));
}

static void mass_of_separate_blocks_may_differ_by_rounding(void **state)
{
    const double costs[] = {1, inf, inf, 1, inf, inf, inf, inf, 1};
    double aw[] = {0.1, 0.2, 0.3}, bw[] = {0.1, 0.2, 0.1 + 0.2};
    const struct mat c = mat_over(costs, 3, 3);
    const struct vec a = vec_over(aw, 3), b = vec_over(bw, 3);
    const double blocks[] = {1, inf, inf, inf, 2, inf, inf, inf, 3};
    const struct mat d = mat_over(blocks, 3, 3);
    struct exact_transport t;

    (void)state;
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_USAGE);
    CHECK_STATUS(exact_transport_solve(&mem, &d, &a, &b, &t), STATUS_OK);
    CHECK_TRUE(transport_accepts(&t.report, 1e-14));
    CHECK_NEAR(t.report.primal, 1.4, 1e-14);
}

static void sums_that_differ_by_rounding_are_made_equal(void **state)
{
    struct rng r = rng_stream(6, "exact");
    const struct mat c = random_cost(&r, 40, 50, 1);
    const struct vec a = random_weights(&r, 40, 1), b = random_weights(&r, 50, 1);
    struct exact_transport t, u;

    (void)state;
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_OK);
    for (size_t j = 0; j < 50; j++)
        b.x[j] *= 1 + 1e-7;
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &u), STATUS_OK);
    CHECK_TRUE(transport_accepts(&u.report, 1e-12));
    CHECK_RELATIVE(u.report.primal, t.report.primal, 1e-12);
    for (size_t j = 0; j < 50; j++)
        b.x[j] *= 1 + 1e-5;
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &u), STATUS_USAGE);
    CHECK_MESSAGE("the weights sum to");
}

static void what_is_rounding_depends_on_the_mass(void **state)
{
    const double masses[] = {1e-6, 1, 1e6};
    struct rng r = rng_stream(11, "exact");
    const struct mat c = random_cost(&r, 5, 6, 1);
    struct exact_transport t;

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const struct vec a = random_weights(&r, 5, masses[k]);
        const struct vec near = random_weights(&r, 6, masses[k] * (1 + 0.9e-6));
        const struct vec far = random_weights(&r, 6, masses[k] * (1 + 1.1e-6));

        CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &near, &t), STATUS_OK);
        CHECK_RELATIVE(vec_sum(&(struct vec){30, t.plan.a}), masses[k], 1e-14);
        CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &far, &t), STATUS_USAGE);
    }
}

/* Blocks of one point each cannot share what their weights differ by. */
static void the_marginal_error_is_that_of_the_plan(void **state)
{
    (void)state;
    for (size_t at = 0; at < 3; at++) {
        double costs[9], aw[] = {1, 2, 3}, bw[] = {1, 2, 3};
        const struct mat c = mat_over(costs, 3, 3);
        const struct vec a = vec_over(aw, 3), b = vec_over(bw, 3);
        struct exact_transport t;

        for (size_t k = 0; k < 9; k++)
            costs[k] = k % 4 ? inf : 1;
        aw[at] += 0x1p-50;
        CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_OK);

        const double scale = vec_sum(&a) / vec_sum(&b);
        double error = 0;

        for (size_t i = 0; i < 3; i++)
            error += fabs(t.plan.a[4 * i] - a.x[i]) + fabs(t.plan.a[4 * i] - b.x[i] * scale);
        CHECK_TRUE(error >= 0x1p-51 && fabs(t.report.marginal_error - error) <= 0x1p-54);
    }
}

/* Sums of weights that were rounded to float differ in the eighth digit. */
static void weights_rounded_to_float_give_a_plan(void **state)
{
    enum { N = 70, M = 90 };
    struct rng r = rng_stream(8, "exact");
    const struct mat c = random_cost(&r, N, M, 1);
    const struct vec a = random_weights(&r, N, 1), b = random_weights(&r, M, 1);
    struct exact_transport t;

    (void)state;
    for (size_t i = 0; i < N; i++)
        a.x[i] = (double)(float)a.x[i];
    for (size_t j = 0; j < M; j++)
        b.x[j] = (double)(float)b.x[j];
    CHECK_TRUE(fabs(vec_sum(&a) - vec_sum(&b)) > 1e-10);
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_OK);
    CHECK_TRUE(transport_accepts(&t.report, 1e-14));
    for (size_t i = 0; i < N; i++) {
        const struct vec row = mat_row(&t.plan, i);

        CHECK_RELATIVE(vec_sum(&row), a.x[i], 1e-12);
    }
}

/* One search fewer than needed is said, and leaves nothing that could be taken for a plan. */
static void the_cap_is_reported(void **state)
{
    struct rng r = rng_stream(9, "exact");
    const struct mat c = random_cost(&r, 40, 50, 1);
    const struct vec a = random_weights(&r, 40, 1), b = random_weights(&r, 50, 1);
    struct exact_transport t, cut;

    (void)state;
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_OK);
    CHECK_TRUE(t.report.iterations >= 40 && t.report.iterations < 1000);
    for (size_t fewer = 0; fewer < 3; fewer++) {
        const size_t most = t.report.iterations - fewer;

        CHECK_STATUS(exact_transport_within(&mem, &c, &a, &b, most, &cut),
                     fewer ? STATUS_NO_CONVERGENCE : STATUS_OK);
        CHECK_TRUE(cut.report.iterations == (fewer ? 0 : most));
    }
    CHECK_MESSAGE("stopped after");
    CHECK_TRUE(cut.report.status == STATUS_NO_CONVERGENCE && cut.plan.a == NULL);
    CHECK_TRUE(!transport_accepts(&cut.report, 1));
    CHECK_STATUS(exact_transport_within(&mem, &c, &a, &b, 0, &cut), STATUS_NO_CONVERGENCE);
}

/* As many searches as rows where every row's mass finds its columns at once. */
static void a_search_feeds_all_columns_that_it_meets(void **state)
{
    const struct mat c = mat_zero(&mem, 1, 60);
    const struct vec a = vec_zero(&mem, 1), b = vec_zero(&mem, 60);
    struct exact_transport t;

    (void)state;
    for (size_t j = 0; j < 60; j++) {
        c.a[j] = (double)(j * 7 % 11);
        b.x[j] = j % 4 ? 0x1p-6 : 0;
    }
    a.x[0] = vec_sum(&b);
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_OK);
    check_certificate(&c, &a, &b, &t, 0);
    CHECK_TRUE(t.report.iterations == 1);
}

static void a_row_with_mass_needs_an_allowed_entry(void **state)
{
    struct rng r = rng_stream(10, "exact");
    struct exact_transport t;

    (void)state;
    for (int k = 0; k < 2; k++) {
        const struct mat c = random_cost(&r, 70, 80, 1);
        const struct vec a = random_weights(&r, 70, 1);
        struct vec b = random_weights(&r, 80, 1);

        for (size_t j = 0; j < (k ? 80 : 70); j++)
            c.a[k ? 6 * 80 + j : j * 80 + 6] = inf;
        CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_USAGE);
        CHECK_MESSAGE("no plan avoids the forbidden entries: row");
        (k ? &a : &b)->x[6] = 0;
        vec_scale(&b, vec_sum(&a) / vec_sum(&b));
        CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_OK);
        check_certificate(&c, &a, &b, &t, 1e-15);
    }
}

static void bad_input_is_refused(void **state)
{
    double costs[] = {1, 2, 3, 4}, aw[] = {0.5, 0.5}, bw[] = {0.25, 0.75};
    const struct mat c = mat_over(costs, 2, 2), wide = mat_over(costs, 1, 2);
    const struct vec a = vec_over(aw, 2), b = vec_over(bw, 2);
    struct exact_transport t;

    (void)state;
    CHECK_STATUS(exact_transport_solve(&mem, &wide, &a, &b, &t), STATUS_USAGE);
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_OK);
    aw[0] = nan_value;
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_DIVERGED);
    CHECK_MESSAGE("weight 0 of the rows is nan");
    aw[0] = 0.5;
    bw[1] = inf;
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_DIVERGED);
    CHECK_MESSAGE("weight 1 of the columns is inf");
    aw[0] = aw[1] = bw[0] = bw[1] = 1e308;
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_USAGE);
    CHECK_MESSAGE("the weights of the rows sum to inf");
    aw[0] = aw[1] = 0.5;
    bw[0] = -0.25;
    bw[1] = 1.25;
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_USAGE);
    CHECK_MESSAGE("weight 0 of the columns is negative: -0.25");
    bw[0] = bw[1] = aw[0] = aw[1] = 0;
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_USAGE);
    costs[3] = nan_value;
    CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_DIVERGED);
    CHECK_TRUE(t.report.status == STATUS_DIVERGED && !transport_accepts(&t.report, 1));
}

static enum status solve_failing_at(const struct mat *c, const struct vec *a, const struct vec *b,
                                    size_t k)
{
    struct arena own = {0};
    struct exact_transport t;
    volatile enum status status = STATUS_MEMORY;

    memory_fail_at(k);
    if (!arena_guard(&own))
        status = exact_transport_solve(&own, c, a, b, &t);
    memory_fail_at(0);
    arena_free(&own);
    return status;
}

static void memory_may_run_out_at_every_allocation(void **state)
{
    struct rng r = rng_stream(7, "exact");

    (void)state;
    for (size_t n = 20; n <= 70; n += 50) { /* without and with a sample to start from */
        const struct mat c = random_cost(&r, n, n + 10, 1);
        const struct vec a = random_weights(&r, n, 1), b = random_weights(&r, n + 10, 1);
        size_t k = 1;

        while (solve_failing_at(&c, &a, &b, k) == STATUS_MEMORY)
            k++;
        CHECK_TRUE(k > (n == 20 ? 4 : 8) && k < 20);
        CHECK_STATUS(solve_failing_at(&c, &a, &b, k), STATUS_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(whole_weights_agree_with_repeated_points, release),
        cmocka_unit_test_teardown(random_ones_of_every_shape_and_scale_are_certified, release),
        cmocka_unit_test_teardown(uniform_weights_give_the_assignment, release),
        cmocka_unit_test_teardown(points_on_a_line_are_sorted, release),
        cmocka_unit_test_teardown(zero_weights_move_nothing_and_keep_feasible_potentials, release),
        cmocka_unit_test_teardown(mass_of_separate_blocks_may_differ_by_rounding, release),
        cmocka_unit_test_teardown(sums_that_differ_by_rounding_are_made_equal, release),
        cmocka_unit_test_teardown(what_is_rounding_depends_on_the_mass, release),
        cmocka_unit_test_teardown(the_marginal_error_is_that_of_the_plan, release),
        cmocka_unit_test_teardown(weights_rounded_to_float_give_a_plan, release),
        cmocka_unit_test_teardown(the_cap_is_reported, release),
        cmocka_unit_test_teardown(a_search_feeds_all_columns_that_it_meets, release),
        cmocka_unit_test_teardown(a_row_with_mass_needs_an_allowed_entry, release),
        cmocka_unit_test_teardown(bad_input_is_refused, release),
        cmocka_unit_test_teardown(memory_may_run_out_at_every_allocation, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
