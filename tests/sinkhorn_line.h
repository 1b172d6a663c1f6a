/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_line: points on a line, and what the tests of entropic transport ask of a plan. Include
 * after test.h. */
#ifndef TESTS_SINKHORN_LINE_H
#define TESTS_SINKHORN_LINE_H

#include "base/memory.h"
#include "base/rng.h"
#include "transport/sinkhorn.h"

static struct arena mem; /* of the test that runs */

struct example {
    struct mat c;
    struct vec a, b, x, y;
};

/* n and k uniform points on the line, cost |x - y|^2, random weights or equal ones. */
static inline struct example line(size_t n, size_t k, int equal)
{
    struct rng r = rng_stream(7, "line:%zu:%zu", n, k);
    struct example e = {mat_zero(&mem, n, k), vec_zero(&mem, n), vec_zero(&mem, k),
                        vec_zero(&mem, n), vec_zero(&mem, k)};

    for (size_t i = 0; i < n; i++) {
        e.x.x[i] = rng_uniform(&r);
        e.a.x[i] = equal ? 1.0 : 0.5 + rng_uniform(&r);
    }
    for (size_t j = 0; j < k; j++) {
        e.y.x[j] = rng_uniform(&r);
        e.b.x[j] = equal ? 1.0 : 0.5 + rng_uniform(&r);
    }
    vec_scale(&e.a, 1.0 / vec_sum(&e.a));
    vec_scale(&e.b, 1.0 / vec_sum(&e.b));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            e.c.a[i * k + j] = (e.x.x[i] - e.y.x[j]) * (e.x.x[i] - e.y.x[j]);
    return e;
}

static inline struct sinkhorn_problem problem_of(const struct example *e)
{
    return (struct sinkhorn_problem){&e->c, &e->a, &e->b};
}

static inline struct sinkhorn_result solved(const struct example *e, struct sinkhorn_options o)
{
    struct sinkhorn_result r;
    const struct sinkhorn_problem p = problem_of(e);

    CHECK_STATUS(sinkhorn_solve(&r, &p, &o, &mem), STATUS_OK);
    CHECK_TRUE(r.report.status == STATUS_OK && r.report.iterations > 0);
    return r;
}

static inline double marginal_error(const struct mat *p, const struct vec *a, const struct vec *b)
{
    double error = 0.0;

    for (size_t i = 0; i < p->rows; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < p->cols; j++)
            sum += p->a[i * p->cols + j];
        error += fabs(sum - a->x[i]);
    }
    for (size_t j = 0; j < p->cols; j++) {
        double sum = 0.0;
        for (size_t i = 0; i < p->rows; i++)
            sum += p->a[i * p->cols + j];
        error += fabs(sum - b->x[j]);
    }
    return error;
}

static inline double distance(const struct mat *p, const struct mat *q)
{
    double sum = 0.0;

    for (size_t e = 0; e < p->rows * p->cols; e++)
        sum += fabs(p->a[e] - q->a[e]);
    return sum;
}

#endif
