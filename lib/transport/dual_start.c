/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/dual_start.h"

#include <math.h>
#include <string.h>

#include "transport/assignment.h"
#include "transport/assignment_kernel.h"
#include "transport/exact_transport.h"

/* Below LARGE points a side a sample saves nothing. */
enum { EVERY = 3, LARGE = 64 };

/* v_j = min_i c_ij - u_i over the rows 0, every, 2 every ...; u: one each, or NULL for zeros.
 * from_j counts those rows. */
static void reduce_columns(const struct mat *cost, size_t every, const double *u, double *v,
                           size_t *from)
{
    const size_t m = cost->cols;

    for (size_t j = 0; j < m; j++) {
        v[j] = (double)INFINITY;
        from[j] = ASSIGNMENT_NONE;
    }
    for (size_t i = 0; i * every < cost->rows; i++)
        assignment_kernel_lower(&cost->a[i * every * m], u ? u[i] : 0, i, v, from, m);
    for (size_t j = 0; j < m; j++)
        if (isinf(v[j]))
            v[j] = 0;
}

/* u_i = min_j c_ij - v_j. */
static void reduce_rows(const struct mat *cost, const double *v, double *u)
{
    for (size_t i = 0; i < cost->rows; i++)
        u[i] = assignment_kernel_least(&cost->a[i * cost->cols], v, cost->cols);
}

/* <a, u> + <b, v>; a row of weight 0 may have u = infinity. */
static double value(const struct dual_start_problem *p, const double *u, const double *v)
{
    struct vec_adder sum = {0};

    for (size_t i = 0; i < p->cost->rows; i++)
        if (p->a == NULL || p->a->x[i] > 0)
            vec_adder_add(&sum, p->a ? p->a->x[i] * u[i] : u[i]);
    for (size_t j = 0; j < p->cost->cols; j++)
        vec_adder_add(&sum, p->b ? p->b->x[j] * v[j] : v[j]);
    return vec_adder_total(&sum);
}

static struct vec every_weight(struct arena *mem, const struct vec *w)
{
    struct vec part = vec_zero(mem, (w->n + EVERY - 1) / EVERY);

    for (size_t i = 0; i < part.n; i++)
        part.x[i] = w->x[EVERY * i];
    return part;
}

/* u: the potentials of the rows 0, EVERY, 2 EVERY ... in the problem of those rows and columns. */
static enum status solve_sample(struct arena *mem, const struct dual_start_problem *p, double *u)
{
    struct mat cost = mat_zero(mem, (p->cost->rows + EVERY - 1) / EVERY,
                               (p->cost->cols + EVERY - 1) / EVERY);

    for (size_t i = 0; i < cost.rows; i++)
        for (size_t j = 0; j < cost.cols; j++)
            cost.a[i * cost.cols + j] = p->cost->a[EVERY * (i * p->cost->cols + j)];
    if (p->a == NULL) {
        struct assignment solved;

        TRY(assignment_solve(mem, &cost, &solved));
        memcpy(u, solved.u, cost.rows * sizeof *u);
    } else {
        const struct vec a = every_weight(mem, p->a);
        struct vec b = every_weight(mem, p->b);
        struct exact_transport solved;

        vec_scale(&b, vec_sum(&a) / vec_sum(&b));
        TRY(exact_transport_solve(mem, &cost, &a, &b, &solved));
        memcpy(u, solved.u.x, cost.rows * sizeof *u);
    }
    return STATUS_OK;
}

static enum status guarded_sample(const struct dual_start_problem *p, double *u)
{
    struct arena own = {0};
    volatile enum status status = STATUS_MEMORY;

    if (!arena_guard(&own))
        status = solve_sample(&own, p, u);
    arena_free(&own);
    return status;
}

enum status dual_start(const struct dual_start_problem *p, double *v, size_t *from, double *scratch,
                       size_t *other)
{
    const struct mat *cost = p->cost;
    double *u = scratch, *w = scratch + cost->rows;

    reduce_columns(cost, 1, NULL, v, from);
    if (cost->rows < LARGE || cost->cols < LARGE)
        return STATUS_OK;
    reduce_rows(cost, v, u);

    const double plain = value(p, u, v);
    const enum status status = guarded_sample(p, u);

    if (status != STATUS_OK) /* the sample may have no solution where the whole has one */
        return status == STATUS_MEMORY ? status : STATUS_OK;
    reduce_columns(cost, EVERY, u, w, other);
    reduce_rows(cost, w, u);
    reduce_columns(cost, 1, u, w, other);
    if (value(p, u, w) > plain) {
        memcpy(v, w, cost->cols * sizeof *v);
        memcpy(from, other, cost->cols * sizeof *from);
    }
    return STATUS_OK;
}
