/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/assignment_start.h"

#include <math.h>
#include <string.h>

#include "transport/assignment.h"
#include "transport/assignment_kernel.h"

/* Below LARGE rows a start from a sample saves nothing. */
enum { EVERY = 3, LARGE = 64 };

static double sum(const double *x, size_t n)
{
    const struct vec v = vec_over(x, n);

    return vec_sum(&v);
}

/* v_j = min_i c_{i,j} - u_i over the rows 0, every, 2 every ...; u: one each, or NULL for zeros. */
static void reduce_columns(const struct mat *cost, size_t every, const double *u, double *v,
                           size_t *from)
{
    const size_t m = cost->cols;

    for (size_t j = 0; j < m; j++) {
        v[j] = (double)INFINITY;
        from[j] = ASSIGNMENT_NONE;
    }
    for (size_t i = 0; i * every < cost->rows; i++)
        assignment_kernel_lower(&cost->a[i * every * m], u ? u[i] : 0, i * every, v, from, m);
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

/* u (k): the duals of the assignment of rows and columns 0, EVERY, 2 EVERY ... */
static enum status solve_sample(struct arena *mem, const struct mat *cost, size_t k, double *u)
{
    struct mat part = mat_zero(mem, k, k);
    struct assignment solved;

    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++)
            part.a[i * k + j] = cost->a[EVERY * (i * cost->cols + j)];
    TRY(assignment_solve(mem, &part, &solved));
    memcpy(u, solved.u, k * sizeof *u);
    return STATUS_OK;
}

static enum status guarded_sample(const struct mat *cost, double *u)
{
    struct arena own = {0};
    volatile enum status status = STATUS_MEMORY;

    if (!arena_guard(&own))
        status = solve_sample(&own, cost, (cost->rows + EVERY - 1) / EVERY, u);
    arena_free(&own);
    return status;
}

enum status assignment_start(const struct mat *cost, double *v, size_t *from, double *scratch,
                             size_t *other)
{
    const size_t n = cost->rows;
    double *u = scratch, *w = scratch + n;

    reduce_columns(cost, 1, NULL, v, from);
    if (n < LARGE)
        return STATUS_OK;
    reduce_rows(cost, v, u);

    const double plain = sum(u, n) + sum(v, n);
    const enum status status = guarded_sample(cost, u);

    if (status != STATUS_OK) /* the sample may have no assignment where the whole has one */
        return status == STATUS_MEMORY ? status : STATUS_OK;
    reduce_columns(cost, EVERY, u, w, other);
    reduce_rows(cost, w, u);
    reduce_columns(cost, 1, u, w, other);
    if (sum(u, n) + sum(w, n) > plain) {
        memcpy(v, w, n * sizeof *v);
        memcpy(from, other, n * sizeof *from);
    }
    return STATUS_OK;
}
