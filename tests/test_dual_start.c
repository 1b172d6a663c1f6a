/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Start potentials: tight, never worse than column reduction, near the optimum far from it. */
#include "test.h"

#include "base/memory.h"
#include "base/rng.h"
#include "transport/assignment.h"
#include "transport/cost.h"
#include "transport/dual_start.h"
#include "transport/exact_transport.h"

static const double inf = (double)INFINITY;

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static struct mat clouds(struct rng *r, size_t n, size_t m, double apart)
{
    const struct mat x = mat_normal(&mem, r, n, 2, 1), y = mat_normal(&mem, r, m, 2, 1);
    struct mat c;

    for (size_t k = 0; k < 2 * m; k++)
        y.a[k] += apart;
    CHECK_STATUS(cost_squared(&mem, &x, &y, &c), STATUS_OK);
    return c;
}

static struct vec weights(struct rng *r, size_t n)
{
    struct vec w = vec_zero(&mem, n);

    for (size_t i = 0; i < n; i++)
        w.x[i] = rng_below(r, 5) ? rng_uniform(r) : 0;
    vec_scale(&w, 1 / vec_sum(&w));
    return w;
}

struct start {
    struct vec v;
    size_t *from;
};

static struct start start_of(const struct dual_start_problem *p)
{
    const size_t n = p->cost->rows, m = p->cost->cols;
    struct start s = {vec_zero(&mem, m), arena_get(&mem, m, sizeof *s.from)};
    const struct vec scratch = vec_zero(&mem, n + m);
    size_t *other = arena_get(&mem, m, sizeof *other);

    CHECK_STATUS(dual_start(p, s.v.x, s.from, scratch.x, other), STATUS_OK);
    return s;
}

/* u_i = min_j c_ij - v_j */
static double row_potential(const struct mat *c, const struct vec *v, size_t i)
{
    double u = inf;

    for (size_t j = 0; j < c->cols; j++)
        u = fmin(u, c->a[i * c->cols + j] - v->x[j]);
    return u;
}

static double dual_value(const struct dual_start_problem *p, const struct vec *v)
{
    double sum = 0;

    for (size_t i = 0; i < p->cost->rows; i++)
        sum += (p->a ? p->a->x[i] : 1) * row_potential(p->cost, v, i);
    for (size_t j = 0; j < p->cost->cols; j++)
        sum += (p->b ? p->b->x[j] : 1) * v->x[j];
    return sum;
}

static struct vec column_minima(const struct mat *c)
{
    struct vec v = vec_zero(&mem, c->cols);

    vec_fill(&v, inf);
    for (size_t k = 0; k < c->rows * c->cols; k++)
        v.x[k % c->cols] = fmin(v.x[k % c->cols], c->a[k]);
    return v;
}

static void check_tight(const struct mat *c, const struct start *s, double slack)
{
    for (size_t j = 0; j < c->cols; j++) {
        const size_t i = s->from[j];

        CHECK_TRUE(i < c->rows);
        CHECK_NEAR(c->a[i * c->cols + j] - s->v.x[j], row_potential(c, &s->v, i), slack);
    }
}

static void small_ones_are_reduced_by_columns(void **state)
{
    const size_t shapes[][2] = {{1, 1}, {63, 63}, {63, 200}, {200, 63}};
    struct rng r = rng_stream(1, "start");

    (void)state;
    for (size_t s = 0; s < 4; s++) {
        const struct mat c = clouds(&r, shapes[s][0], shapes[s][1], 3);
        const struct vec minima = column_minima(&c);
        const struct dual_start_problem p = {.cost = &c};
        const struct start start = start_of(&p);

        check_tight(&c, &start, 0);
        CHECK_TRUE(memcmp(start.v.x, minima.x, c.cols * sizeof *minima.x) == 0);
    }
}

static void far_clouds_start_near_the_optimum(void **state)
{
    const size_t shapes[][2] = {{64, 64}, {150, 150}, {80, 130}, {130, 80}};
    struct rng r = rng_stream(2, "start");

    (void)state;
    for (size_t s = 0; s < 8; s++) {
        const size_t n = shapes[s % 4][0], m = shapes[s % 4][1];
        const struct mat c = clouds(&r, n, m, 5);
        const struct vec a = weights(&r, n), b = weights(&r, m), minima = column_minima(&c);
        const int weighted = s >= 2;
        const struct dual_start_problem p = {&c, weighted ? &a : NULL, weighted ? &b : NULL};
        const struct start start = start_of(&p);
        const double value = dual_value(&p, &start.v), plain = dual_value(&p, &minima);
        struct exact_transport t;
        struct assignment solved;
        double best;

        if (weighted) {
            CHECK_STATUS(exact_transport_solve(&mem, &c, &a, &b, &t), STATUS_OK);
            best = t.report.primal;
        } else {
            CHECK_STATUS(assignment_solve(&mem, &c, &solved), STATUS_OK);
            best = solved.report.primal;
        }
        check_tight(&c, &start, 1e-12);
        CHECK_TRUE(value <= best * (1 + 1e-12) && best - value < (best - plain) / 4);
    }
}

/* v_j = min c_ij - u_i over every `step`-th row. */
static struct vec transformed(const struct mat *c, size_t step, const double *u)
{
    struct vec v = vec_zero(&mem, c->cols);

    vec_fill(&v, inf);
    for (size_t i = 0; i < c->rows; i += step)
        for (size_t j = 0; j < c->cols; j++)
            v.x[j] = fmin(v.x[j], c->a[i * c->cols + j] - u[i / step]);
    return v;
}

static struct mat every_third(const struct mat *c)
{
    struct mat part = mat_zero(&mem, (c->rows + 2) / 3, (c->cols + 2) / 3);

    for (size_t i = 0; i < part.rows; i++)
        for (size_t j = 0; j < part.cols; j++)
            part.a[i * part.cols + j] = c->a[3 * i * c->cols + 3 * j];
    return part;
}

static struct vec every_third_weight(const struct vec *w, double mass)
{
    struct vec part = vec_zero(&mem, (w->n + 2) / 3);

    for (size_t i = 0; i < part.n; i++)
        part.x[i] = w->x[3 * i];
    vec_scale(&part, mass / vec_sum(&part));
    return part;
}

static void the_sample_is_every_third_point(void **state)
{
    struct rng r = rng_stream(5, "start");

    (void)state;
    for (size_t k = 0; k < 6; k++) {
        const size_t n = 64 + k, m = k < 3 ? n : 70;
        const struct mat c = clouds(&r, n, m, 5), part = every_third(&c);
        const struct vec a = weights(&r, n), b = weights(&r, m);
        const struct vec wa = every_third_weight(&a, 1), wb = every_third_weight(&b, 1);
        const struct dual_start_problem p = {&c, k < 3 ? NULL : &a, k < 3 ? NULL : &b};
        const struct start start = start_of(&p);
        struct vec v, u = vec_zero(&mem, n);
        struct exact_transport t;
        struct assignment solved;

        if (k < 3) {
            CHECK_STATUS(assignment_solve(&mem, &part, &solved), STATUS_OK);
            v = transformed(&c, 3, solved.u);
        } else {
            CHECK_STATUS(exact_transport_solve(&mem, &part, &wa, &wb, &t), STATUS_OK);
            v = transformed(&c, 3, t.u.x);
        }
        for (size_t i = 0; i < n; i++)
            u.x[i] = row_potential(&c, &v, i);
        v = transformed(&c, 1, u.x);
        for (size_t j = 0; j < m; j++)
            CHECK_NEAR(start.v.x[j], v.x[j], 1e-12);
    }
}

static void never_worse_than_column_reduction(void **state)
{
    struct rng r = rng_stream(3, "start");

    (void)state;
    for (int k = 0; k < 6; k++) {
        const struct mat c = k % 2 ? clouds(&r, 100, 100, 0) : mat_zero(&mem, 100, 100);
        const struct vec a = weights(&r, 100), b = weights(&r, 100);
        struct dual_start_problem p = {.cost = &c};
        struct vec minima;
        struct start start;

        for (size_t i = 0; k % 2 == 0 && i < 100 * 100; i++)
            c.a[i] = rng_uniform(&r);
        if (k >= 4) {
            p.a = &a;
            p.b = &b;
        }
        minima = column_minima(&c);
        start = start_of(&p);
        check_tight(&c, &start, 1e-12);
        CHECK_TRUE(dual_value(&p, &start.v) >= dual_value(&p, &minima) - 1e-12);
    }
}

/* A column without an allowed entry, a sample that has no solution, weights of 0 in all of it. */
static void what_cannot_be_sampled_is_reduced_by_columns(void **state)
{
    enum { N = 90 };
    struct rng r = rng_stream(4, "start");
    const struct mat c = clouds(&r, N, N, 3);
    const struct vec a = weights(&r, N), b = weights(&r, N);
    struct dual_start_problem p = {&c, &a, &b};
    struct vec minima;
    struct start start;

    (void)state;
    for (size_t i = 0; i < N; i += 3)
        a.x[i] = 0;
    minima = column_minima(&c);
    start = start_of(&p);
    CHECK_TRUE(memcmp(start.v.x, minima.x, N * sizeof *minima.x) == 0);
    p = (struct dual_start_problem){.cost = &c};
    for (size_t k = 0; k < N * N; k++)
        if ((k / N % 3 == 0 && k % N % 3 == 0) || k % N == 5)
            c.a[k] = inf;
    minima = column_minima(&c);
    start = start_of(&p);
    for (size_t j = 0; j < N; j++)
        CHECK_TRUE(j == 5 ? start.v.x[j] == 0 && start.from[j] == ASSIGNMENT_NONE
                          : start.v.x[j] == minima.x[j] && start.from[j] < N);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(small_ones_are_reduced_by_columns, release),
        cmocka_unit_test_teardown(far_clouds_start_near_the_optimum, release),
        cmocka_unit_test_teardown(the_sample_is_every_third_point, release),
        cmocka_unit_test_teardown(never_worse_than_column_reduction, release),
        cmocka_unit_test_teardown(what_cannot_be_sampled_is_reduced_by_columns, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
