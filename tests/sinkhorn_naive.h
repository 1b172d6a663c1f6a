/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_naive: entropic transport by the textbook's fixed point, and exact transport on a line.
 * Include after test.h. */
#ifndef TESTS_SINKHORN_NAIVE_H
#define TESTS_SINKHORN_NAIVE_H

#include "sinkhorn_line.h"

static const double nan_value = (double)NAN, inf = (double)INFINITY;

static inline int release(void **state)
{
    (void)state;
    memory_fail_at(0);
    arena_free(&mem);
    return 0;
}

/* The textbook fixed point, log-sum-exp in full, libm's functions. */
static inline struct mat naive(const struct example *e, double eps, size_t sweeps)
{
    const size_t n = e->c.rows, k = e->c.cols;
    struct vec f = vec_zero(&mem, n), g = vec_zero(&mem, k), row = vec_zero(&mem, n + k);
    struct mat p = mat_zero(&mem, n, k);

    for (size_t t = 0; t < sweeps; t++) {
        row.n = n;
        for (size_t j = 0; j < k; j++) {
            for (size_t i = 0; i < n; i++)
                row.x[i] = (f.x[i] - e->c.a[i * k + j]) / eps + log(e->a.x[i]);
            g.x[j] = -eps * vec_log_sum_exp(&row);
        }
        row.n = k;
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < k; j++)
                row.x[j] = (g.x[j] - e->c.a[i * k + j]) / eps + log(e->b.x[j]);
            f.x[i] = -eps * vec_log_sum_exp(&row);
        }
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            p.a[i * k + j] =
                e->a.x[i] * e->b.x[j] * exp((f.x[i] + g.x[j] - e->c.a[i * k + j]) / eps);
    return p;
}

static inline int ascending(const void *p, const void *q)
{
    const double x = *(const double *)p, y = *(const double *)q;

    return (x > y) - (x < y);
}

/* Exact cost of equal weights on the line: sort both. */
static inline double sorted_cost(const struct example *e)
{
    struct vec x = vec_copy(&mem, &e->x), y = vec_copy(&mem, &e->y);

    qsort(x.x, x.n, sizeof *x.x, ascending);
    qsort(y.x, y.n, sizeof *y.x, ascending);
    return vec_mean_squared_difference(&x, &y);
}

/* Everything in the report again, from the potentials and the plan alone. */
static inline void check_report(const struct example *e, const struct sinkhorn_result *r,
                                double eps, double tolerance)
{
    const size_t n = e->c.rows, k = e->c.cols;
    const double mass = vec_sum(&e->a);
    struct mat made = mat_zero(&mem, n, k);
    double dual = 0.0, primal = 0.0, cost = 0.0;

    for (size_t i = 0; i < n * k; i++) {
        const double product = e->a.x[i / k] * e->b.x[i % k] / mass, p = r->plan.a[i];

        made.a[i] = product * exp((r->f.x[i / k] + r->g.x[i % k] - e->c.a[i]) / eps);
        dual -= eps * (made.a[i] - product);
        cost += p > 0.0 ? p * e->c.a[i] : 0.0;
        primal += eps * (p > 0.0 ? p * log(p / product) - p + product : product);
    }
    dual += vec_dot(&e->a, &r->f) + vec_dot(&e->b, &r->g);
    CHECK_NEAR(r->raw_error, marginal_error(&made, &e->a, &e->b), 1e-12 * mass);
    CHECK_TRUE((r->report.status == STATUS_OK) == (r->raw_error <= tolerance * mass));
    CHECK_NEAR(r->report.marginal_error, marginal_error(&r->plan, &e->a, &e->b), 1e-14 * mass);
    CHECK_NEAR(r->report.dual, dual, 1e-12 * mass);
    CHECK_NEAR(r->cost, cost, 1e-13 * mass);
    CHECK_NEAR(r->report.primal, primal + cost, 1e-12 * mass);
    CHECK_TRUE(!r->rounded || r->report.dual <= r->report.primal + 1e-14 * mass);
    CHECK_NEAR(vec_dot(&e->a, &r->f), vec_dot(&e->b, &r->g), 1e-13 * mass);
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

#endif
