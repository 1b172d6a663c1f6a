/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Assignments: every permutation of small ones, the duals as certificate of large ones. */
#include "test.h"

#include "base/memory.h"
#include "base/rng.h"
#include "transport/assignment.h"
#include "transport/cost.h"

static const double inf = (double)INFINITY, nan_value = (double)NAN;

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

/* Entries in [0, scale), or whole numbers 0..levels-1 times scale for levels > 0. */
static struct mat random_cost(struct rng *r, size_t n, size_t m, double scale, uint32_t levels)
{
    struct mat c = mat_zero(&mem, n, m);

    for (size_t k = 0; k < n * m; k++)
        c.a[k] = scale * (levels ? (double)rng_below(r, levels) : rng_uniform(r));
    return c;
}

/* The cheapest way on from row i with columns `used`, rows <= cols. */
static double brute_force(const struct mat *c, size_t i, unsigned used)
{
    double best = inf;

    if (i == c->rows)
        return 0;
    for (size_t j = 0; j < c->cols; j++)
        if (!(used >> j & 1U))
            best = fmin(best, c->a[i * c->cols + j] + brute_force(c, i + 1, used | 1U << j));
    return best;
}

/* Matching both ways, and duals that prove its cost: feasible to `slack`, no gap. */
static void check_certificate(const struct mat *c, const struct assignment *a, double slack)
{
    const size_t n = c->rows, m = c->cols;
    double dual = 0, cost = 0;
    size_t matched = 0;

    CHECK_TRUE(transport_accepts(&a->report, 1e-12));
    CHECK_TRUE(a->rows == n && a->cols == m);
    for (size_t i = 0; i < n; i++) {
        dual += a->u[i];
        CHECK_TRUE(n <= m || a->u[i] <= 0);
        if (a->column[i] == ASSIGNMENT_NONE) {
            CHECK_TRUE(n > m && a->u[i] == 0);
            continue;
        }
        CHECK_TRUE(a->column[i] < m && a->row[a->column[i]] == i);
        cost += c->a[i * m + a->column[i]];
        matched++;
        for (size_t j = 0; j < m; j++)
            CHECK_TRUE(a->u[i] + a->v[j] <= c->a[i * m + j] + slack);
    }
    CHECK_TRUE(matched == (n < m ? n : m));
    for (size_t j = 0; j < m; j++) {
        dual += a->v[j];
        CHECK_TRUE(n > m || a->v[j] <= 0);
        CHECK_TRUE(a->row[j] != ASSIGNMENT_NONE || a->v[j] == 0);
    }
    CHECK_NEAR(cost, dual, 1e-12 * (1 + fabs(cost)));
    CHECK_NEAR(a->report.primal, cost, 1e-13 * (1 + fabs(cost)));
    CHECK_NEAR(a->report.dual, dual, 1e-12 * (1 + fabs(cost)));
}

static void small_ones_agree_with_every_permutation(void **state)
{
    struct rng r = rng_stream(1, "assignment");

    (void)state;
    for (int k = 0; k < 600; k++) {
        const size_t m = 1 + rng_below(&r, 7), n = 1 + rng_below(&r, (uint32_t)m);
        const uint32_t levels = (uint32_t)(k % 3) * 3;
        const struct mat c = random_cost(&r, n, m, 1, levels);
        const struct mat turned = mat_transpose(&mem, &c);
        struct assignment a;

        if (k % 4 == 0)
            for (size_t i = 0; i < n * m; i++)
                c.a[i] = turned.a[i % m * n + i / m] -= 0.5 * (double)(i % m);
        CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
        check_certificate(&c, &a, 1e-15 * 8);
        CHECK_NEAR(a.report.primal, brute_force(&c, 0, 0), 1e-14);
        CHECK_STATUS(assignment_solve(&mem, &turned, &a), STATUS_OK);
        check_certificate(&turned, &a, 1e-15 * 8);
        CHECK_NEAR(a.report.primal, brute_force(&c, 0, 0), 1e-14);
    }
}

static void forbidden_entries_are_avoided_or_named_impossible(void **state)
{
    struct rng r = rng_stream(2, "assignment");
    size_t impossible = 0;

    (void)state;
    for (int k = 0; k < 600; k++) {
        const size_t m = 1 + rng_below(&r, 7), n = 1 + rng_below(&r, (uint32_t)m);
        const struct mat c = random_cost(&r, n, m, 1, k % 2 ? 4 : 0);
        struct assignment a;

        for (size_t i = 0; i < n * m; i++)
            c.a[i] = rng_below(&r, 5) < 3 ? inf : c.a[i];

        const double best = brute_force(&c, 0, 0);
        const struct mat turned = mat_transpose(&mem, &c);

        if (isinf(best)) {
            impossible++;
            CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_USAGE);
            CHECK_MESSAGE("forbidden");
            CHECK_TRUE(a.report.status == STATUS_USAGE);
            CHECK_STATUS(assignment_solve(&mem, &turned, &a), STATUS_USAGE);
            continue;
        }
        CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
        check_certificate(&c, &a, 1e-14);
        CHECK_NEAR(a.report.primal, best, 1e-14);
        CHECK_STATUS(assignment_solve(&mem, &turned, &a), STATUS_OK);
        check_certificate(&turned, &a, 1e-14);
        CHECK_NEAR(a.report.primal, best, 1e-14);
    }
    CHECK_TRUE(impossible > 100 && impossible < 500);
}

static void large_ones_of_every_kind_and_scale_are_certified(void **state)
{
    const size_t shapes[][2] = {{150, 150}, {5, 960}, {960, 5}, {1, 40}, {40, 1}, {120, 130}};
    const double scales[] = {1e-9, 1, 1e9};
    struct rng r = rng_stream(3, "assignment");

    (void)state;
    for (size_t s = 0; s < 6; s++)
        for (size_t k = 0; k < 3; k++)
            for (uint32_t kind = 0; kind < 3; kind++) {
                const size_t n = shapes[s][0], m = shapes[s][1];
                struct mat c = random_cost(&r, n, m, scales[k], kind * kind * 5);
                struct assignment a;

                if (kind == 2) {
                    const struct mat x = mat_normal(&mem, &r, n, 2, scales[k]);
                    const struct mat y = mat_normal(&mem, &r, m, 2, scales[k]);

                    CHECK_STATUS(cost_squared(&mem, &x, &y, &c), STATUS_OK);
                }
                CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
                check_certificate(&c, &a, 1e-14 * scales[k]);
            }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void points_on_a_line_are_sorted(void **state)
{
    enum { N = 200 };
    struct rng r = rng_stream(4, "assignment");
    const struct mat x = mat_normal(&mem, &r, N, 1, 1), y = mat_normal(&mem, &r, N, 1, 4);
    struct assignment a;
    struct mat c;
    double sorted = 0;

    (void)state;
    CHECK_STATUS(cost_squared(&mem, &x, &y, &c), STATUS_OK);
    CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
    qsort(x.a, N, sizeof *x.a, ascending);
    qsort(y.a, N, sizeof *y.a, ascending);
    for (size_t i = 0; i < N; i++)
        sorted += (x.a[i] - y.a[i]) * (x.a[i] - y.a[i]);
    CHECK_RELATIVE(a.report.primal, sorted, 1e-13);
}

static void never_dearer_than_the_identity(void **state)
{
    enum { N = 60 };
    struct rng r = rng_stream(5, "assignment");

    (void)state;
    for (int k = 0; k < 30; k++) {
        const struct mat w = mat_normal(&mem, &r, N, 3, 1);
        const struct mat step = mat_normal(&mem, &r, N, 3, pow(10, -k));
        const struct mat moved = mat_copy(&mem, &w);
        struct assignment a;
        struct mat c;
        double frobenius = 0;

        for (size_t i = 0; i < 3 * N; i++) {
            moved.a[i] += step.a[i];
            frobenius += pow(moved.a[i] - w.a[i], 2);
        }
        CHECK_STATUS(cost_squared(&mem, &moved, &w, &c), STATUS_OK);
        CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
        CHECK_TRUE(a.report.primal <= frobenius * (1 + 1e-14));
        for (size_t i = 0; k > 8 && i < N; i++)
            CHECK_TRUE(a.column[i] == i);
    }
}

static void ties_give_the_identity(void **state)
{
    const size_t shapes[][2] = {{1, 1}, {2, 2}, {100, 100}, {30, 100}, {100, 30}};
    struct assignment a;

    (void)state;
    for (size_t s = 0; s < 5; s++)
        for (int kind = 0; kind < 3; kind++) {
            const size_t n = shapes[s][0], m = shapes[s][1];
            const struct mat c = mat_zero(&mem, n, m);

            /* Constant, and sums of a row's and a column's part: every assignment of a square is as
             * good as any other. */
            for (size_t k = 0; k < n * m; k++)
                c.a[k] = kind == 0 ? 0 : kind == 1 ? 0.1 : (double)(k / m) + 3.0 * (double)(k % m);
            CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
            for (size_t i = 0; i < n && (kind < 2 || n <= m); i++)
                CHECK_TRUE(a.column[i] == (i < m ? i : ASSIGNMENT_NONE));
        }
}

/* Whole numbers a_i + b_j on the diagonal and on half of the other entries (columns without a row:
 * nowhere), dearer elsewhere: the identity is one of many optima. */
static struct mat many_optima(struct rng *r, size_t n, size_t m)
{
    const size_t count = n < m ? n : m;
    const struct mat c = random_cost(r, n, m, 1, 50);
    const struct mat a = random_cost(r, n, 1, 1, 100), b = random_cost(r, m, 1, 1, 100);

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++) {
            if (i == j || (i < count && j < count && rng_below(r, 2)))
                c.a[i * m + j] = 0;
            c.a[i * m + j] += i < count && j < count ? a.a[i] + b.a[j] : 300;
        }
    return c;
}

static void among_many_optima_the_identity_is_returned(void **state)
{
    const size_t shapes[][2] = {{5, 5}, {40, 40}, {90, 90}, {40, 55}, {55, 40}};
    struct rng r = rng_stream(8, "assignment");

    (void)state;
    for (size_t k = 0; k < 25; k++) {
        const size_t n = shapes[k % 5][0], m = shapes[k % 5][1];
        const struct mat c = many_optima(&r, n, m);
        struct assignment a;

        CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
        check_certificate(&c, &a, 0);
        for (size_t i = 0; i < n; i++)
            CHECK_TRUE(a.column[i] == (i < m ? i : ASSIGNMENT_NONE));
        for (size_t j = 0; j < m; j++)
            CHECK_TRUE(a.row[j] == (j < n ? j : ASSIGNMENT_NONE));
    }
}

static void a_dearer_identity_is_not_returned(void **state)
{
    const double steps[] = {0x1p-10, 0x1p-40, 0x1p-49};
    struct assignment a;

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const double costs[] = {1 + steps[k], 1, 1, 1};
        const struct mat c = mat_over(costs, 2, 2);

        CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
        CHECK_TRUE(a.column[0] == 1 && a.column[1] == 0 && a.report.primal == 2);
    }
}

/* What rounding is depends on all costs of the identity, wherever the large ones are. */
static void an_identity_dearer_by_rounding_is_returned(void **state)
{
    enum { N = 5 };
    struct assignment a;

    (void)state;
    for (size_t at = 0; at < N; at++) {
        const struct mat c = mat_zero(&mem, N, N);

        for (size_t j = 0; j < N; j++)
            c.a[at * N + j] = 0x1p20 + (j == at ? 0x1p-32 : 0);
        CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
        for (size_t i = 0; i < N; i++)
            CHECK_TRUE(a.column[i] == i);
        CHECK_TRUE(a.report.primal == c.a[at * N + at] && a.report.dual == 0x1p20);
        c.a[at * N + at] += 0x1p-30;
        CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
        CHECK_TRUE(a.column[at] != at && a.report.primal == 0x1p20);
    }
}

/* Two clouds in five dimensions, `apart` from each other in every coordinate. */
static struct mat clouds(struct rng *r, size_t n, size_t m, double apart)
{
    const struct mat x = mat_normal(&mem, r, n, 5, 1), y = mat_normal(&mem, r, m, 5, 1);
    struct mat c;

    for (size_t k = 0; k < 5 * m; k++)
        y.a[k] += apart;
    CHECK_STATUS(cost_squared(&mem, &x, &y, &c), STATUS_OK);
    return c;
}

static void clouds_far_apart_need_few_searches(void **state)
{
    enum { N = 300 };
    struct rng r = rng_stream(9, "assignment");

    (void)state;
    for (int k = 0; k < 5; k++) {
        const struct mat c = clouds(&r, N, N, 4 * k);
        struct assignment a;

        CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
        check_certificate(&c, &a, 1e-12);
        CHECK_TRUE(a.report.iterations < N / 4);
    }
}

static void tall_costs_are_not_copied(void **state)
{
    struct rng r = rng_stream(10, "assignment");
    const struct mat c = clouds(&r, 400, 300, 1);
    struct arena own = {0};
    struct assignment a;

    (void)state;
    CHECK_STATUS(assignment_solve(&own, &c, &a), STATUS_OK);
    check_certificate(&c, &a, 1e-13);
    CHECK_TRUE(own.used < 400 * 300);
    arena_free(&own);
}

/* Rows and columns 0, 3, 6 ... have no assignment among themselves, and the columns not even an
 * entry. */
static void a_sample_without_assignment_does_not_matter(void **state)
{
    enum { N = 99 };
    struct rng r = rng_stream(11, "assignment");
    const struct mat c = random_cost(&r, N, N, 1, 0);
    struct assignment a;

    (void)state;
    for (size_t k = 0; k < N * N; k++)
        if (k / N % 3 == 0 && k % N % 3 == 0)
            c.a[k] = inf;
    CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
    check_certificate(&c, &a, 1e-13);
}

static void rows_and_columns_without_entries_are_named_impossible(void **state)
{
    const size_t shapes[][2] = {{1, 1}, {80, 80}, {70, 90}, {90, 70}};
    struct rng r = rng_stream(12, "assignment");
    struct assignment a;

    (void)state;
    for (size_t s = 0; s < 4; s++) {
        const size_t n = shapes[s][0], m = shapes[s][1];
        const struct mat c = random_cost(&r, n, m, 1, 0), turned = mat_copy(&mem, &c);

        for (size_t j = 0; j < m; j++)
            c.a[n / 2 * m + j] = inf;
        for (size_t i = 0; i < n; i++)
            turned.a[i * m + m / 2] = inf;
        CHECK_STATUS(assignment_solve(&mem, &c, &a), n <= m ? STATUS_USAGE : STATUS_OK);
        if (n <= m)
            CHECK_MESSAGE(n == 1 ? "0 of 1 placed" : n == 80 ? "79 of 80" : "69 of 70");
        else
            CHECK_TRUE(a.column[n / 2] == ASSIGNMENT_NONE);
        CHECK_STATUS(assignment_solve(&mem, &turned, &a), n >= m ? STATUS_USAGE : STATUS_OK);
        if (n >= m)
            CHECK_MESSAGE(n == 1 ? "0 of 1 placed" : n == 80 ? "79 of 80" : "69 of 70");
        else
            CHECK_TRUE(a.row[m / 2] == ASSIGNMENT_NONE);
    }
}

static void forbidden_entries_leave_the_certificate_of_large_ones(void **state)
{
    enum { N = 120 };
    struct rng r = rng_stream(6, "assignment");
    const struct mat c = random_cost(&r, N, N, 1, 0);
    struct assignment a;

    (void)state;
    for (size_t k = 0; k < N * N; k++)
        if (k % N != (k / N + 7) % N && rng_below(&r, 20) > 0)
            c.a[k] = inf;
    CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_OK);
    check_certificate(&c, &a, 1e-13);
}

static void bad_input_is_refused(void **state)
{
    double x[] = {0, 1, nan_value, 3, 4, 5};
    const struct mat c = mat_over(x, 2, 3), none = mat_over(x, 3, 0);
    struct assignment a;

    (void)state;
    CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_DIVERGED);
    CHECK_MESSAGE("cost (0, 2) is");
    CHECK_TRUE(a.report.status == STATUS_DIVERGED && !transport_accepts(&a.report, 1));
    x[2] = -inf;
    CHECK_STATUS(assignment_solve(&mem, &c, &a), STATUS_DIVERGED);
    CHECK_STATUS(assignment_solve(&mem, &none, &a), STATUS_USAGE);
}

/* The status of one call whose k-th allocation fails; the guard counts as STATUS_MEMORY. */
static enum status solve_failing_at(const struct mat *c, size_t k)
{
    struct arena own = {0};
    struct assignment a;
    volatile enum status status = STATUS_MEMORY;

    memory_fail_at(k);
    if (!arena_guard(&own))
        status = assignment_solve(&own, c, &a);
    memory_fail_at(0);
    arena_free(&own);
    return status;
}

static void memory_may_run_out_at_every_allocation(void **state)
{
    struct rng r = rng_stream(7, "assignment");
    const struct mat tall = random_cost(&r, 40, 30, 1, 0), large = random_cost(&r, 90, 90, 1, 0);

    (void)state;
    for (int sampled = 0; sampled < 2; sampled++) {
        const struct mat *c = sampled ? &large : &tall;
        size_t k = 1;

        while (solve_failing_at(c, k) == STATUS_MEMORY)
            k++;
        CHECK_TRUE(k > 3 + 3 * (size_t)sampled && k < 20);
        CHECK_STATUS(solve_failing_at(c, k), STATUS_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(small_ones_agree_with_every_permutation, release),
        cmocka_unit_test_teardown(forbidden_entries_are_avoided_or_named_impossible, release),
        cmocka_unit_test_teardown(large_ones_of_every_kind_and_scale_are_certified, release),
        cmocka_unit_test_teardown(points_on_a_line_are_sorted, release),
        cmocka_unit_test_teardown(never_dearer_than_the_identity, release),
        cmocka_unit_test_teardown(ties_give_the_identity, release),
        cmocka_unit_test_teardown(among_many_optima_the_identity_is_returned, release),
        cmocka_unit_test_teardown(a_dearer_identity_is_not_returned, release),
        cmocka_unit_test_teardown(an_identity_dearer_by_rounding_is_returned, release),
        cmocka_unit_test_teardown(clouds_far_apart_need_few_searches, release),
        cmocka_unit_test_teardown(tall_costs_are_not_copied, release),
        cmocka_unit_test_teardown(a_sample_without_assignment_does_not_matter, release),
        cmocka_unit_test_teardown(rows_and_columns_without_entries_are_named_impossible, release),
        cmocka_unit_test_teardown(forbidden_entries_leave_the_certificate_of_large_ones, release),
        cmocka_unit_test_teardown(bad_input_is_refused, release),
        cmocka_unit_test_teardown(memory_may_run_out_at_every_allocation, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
