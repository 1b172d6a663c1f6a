/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/exact_transport.h"

#include <math.h>
#include <stdint.h>

#include "transport/assignment_kernel.h"
#include "transport/cost.h"
#include "transport/dual_start.h"

#define NONE SIZE_MAX

enum { SEARCHES_A_POINT = 1000 };

/* A column that a search has settled has v = -infinity until the search ends; a row is reached
 * once. */
struct search {
    size_t n, m;
    const double *c;     /* n x m */
    double *flow;        /* m x n: the plan, transposed, so that a column's rows lie together */
    double *v;           /* m */
    double *excess;      /* n: weight not yet sent; demand lies behind it */
    double *demand;      /* m: weight not yet received */
    double *distance;    /* m: shortest path so far; infinity for settled columns */
    double *settled_v;   /* m: v of the settled columns before the search */
    double *settled_at;  /* m: their distance */
    size_t *from;        /* m: row before the column */
    size_t *through;     /* n: column before the row, NONE where not reached */
    size_t *settled;     /* m: columns in the order in which they were settled */
    size_t settled_count;
    size_t paths;
};

/* ---- shortest paths ---- */

/* Relaxes from row i; returns the nearest column. */
static size_t relax(struct search *s, size_t i, double shift, double *least)
{
    return assignment_kernel_relax(&s->c[i * s->m], s->v, shift, i, s->distance, s->from, s->m,
                                   least);
}

/* Relaxes from every row that column j (at distance `at`) can take its mass back from. Those edges
 * are tight, so a row's own c - v there is its potential. */
static void take_back(struct search *s, size_t j, double v, double at)
{
    const double *flow = &s->flow[j * s->n];
    double least;

    for (size_t i = 0; i < s->n; i++)
        if (flow[i] > 0 && s->through[i] == NONE) {
            s->through[i] = j;
            relax(s, i, s->c[i * s->m + j] - v - at, &least);
        }
}

/* Settles columns from row `start` on until they can receive all of its excess, or no allowed entry
 * leads further; then moves the potentials, so that all paths found are tight. Returns what they
 * can receive. */
static double search_paths(struct search *s, size_t start)
{
    double least, room = 0;
    size_t j;

    for (size_t k = 0; k < s->m; k++)
        s->distance[k] = (double)INFINITY;
    for (size_t i = 0; i < s->n; i++)
        s->through[i] = NONE;
    s->through[start] = 0; /* reached, by no column */
    s->settled_count = 0;
    for (j = relax(s, start, 0, &least); !isinf(least);
         j = assignment_kernel_nearest(s->distance, s->m, &least)) {
        s->settled[s->settled_count] = j;
        s->settled_v[s->settled_count] = s->v[j];
        s->settled_at[s->settled_count++] = least;
        room += s->demand[j];
        if (room >= s->excess[start])
            break;
        s->v[j] = -(double)INFINITY;
        s->distance[j] = (double)INFINITY;
        take_back(s, j, s->settled_v[s->settled_count - 1], least);
    }
    for (size_t k = 0; k < s->settled_count; k++)
        s->v[s->settled[k]] = s->settled_v[k] +
                              (s->settled_at[k] - s->settled_at[s->settled_count - 1]);
    return room;
}

/* Sends what the path from `start` to column `end` can carry. */
static void send(struct search *s, size_t start, size_t end)
{
    double amount = s->excess[start] < s->demand[end] ? s->excess[start] : s->demand[end];

    for (size_t i = s->from[end]; i != start; i = s->from[s->through[i]]) {
        const double flow = s->flow[s->through[i] * s->n + i];

        amount = flow < amount ? flow : amount;
    }
    s->excess[start] -= amount;
    s->demand[end] -= amount;
    for (size_t j = end;;) {
        const size_t i = s->from[j];

        s->flow[j * s->n + i] += amount;
        if (i == start)
            return;
        j = s->through[i];
        s->flow[j * s->n + i] -= amount;
    }
}

/* Sends all of every row. What rounding leaves over (below `rounding`) and cannot place stays. */
static enum status send_all(struct search *s, size_t most, double rounding)
{
    for (size_t i = 0; i < s->n; i++)
        while (s->excess[i] > 0) {
            if (!(search_paths(s, i) > 0)) {
                if (s->excess[i] <= rounding)
                    break;
                return status_set(STATUS_USAGE,
                                  "no plan avoids the forbidden entries: row %zu keeps %g", i,
                                  s->excess[i]);
            }
            if (s->paths++ == most)
                return status_set(STATUS_NO_CONVERGENCE,
                                  "exact transport stopped after %zu searches", most);
            for (size_t k = 0; k < s->settled_count; k++)
                if (s->demand[s->settled[k]] > 0)
                    send(s, i, s->settled[k]);
        }
    return STATUS_OK;
}

/* ---- the answer ---- */

/* v - max v, then u_i = min_j c_ij - v_j. A row without an allowed entry gets 0: it bounds
 * nothing. */
static void make_duals(struct search *s, double *u)
{
    const struct vec v = vec_over(s->v, s->m);
    const double most = vec_max(&v);

    for (size_t j = 0; j < s->m; j++)
        s->v[j] -= most;
    for (size_t i = 0; i < s->n; i++) {
        double least = (double)INFINITY;

        for (size_t j = 0; j < s->m; j++) {
            const double r = s->c[i * s->m + j] - s->v[j];

            least = r < least ? r : least;
        }
        u[i] = isinf(least) ? 0 : least;
    }
}

/* sum_ij |row and column sums of the plan - a, b scale|. */
static double marginal_error(const struct mat *plan, const struct vec *a, const struct vec *b,
                             double scale)
{
    double error = 0;

    for (size_t i = 0; i < a->n; i++) {
        const struct vec row = mat_row(plan, i);

        error += fabs(vec_sum(&row) - a->x[i]);
    }
    for (size_t j = 0; j < b->n; j++) {
        struct vec_adder sum = {0};

        for (size_t i = 0; i < a->n; i++)
            vec_adder_add(&sum, plan->a[i * plan->cols + j]);
        error += fabs(vec_adder_total(&sum) - b->x[j] * scale);
    }
    return error;
}

static double primal(const struct mat *cost, const struct mat *plan)
{
    struct vec_adder sum = {0};

    for (size_t k = 0; k < cost->rows * cost->cols; k++)
        if (plan->a[k] > 0)
            vec_adder_add(&sum, cost->a[k] * plan->a[k]);
    return vec_adder_total(&sum);
}

static void answer(struct search *s, const struct mat *cost, const struct vec *a,
                   const struct vec *b, double scale, struct exact_transport *out)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->m; j++)
            out->plan.a[i * s->m + j] = s->flow[j * s->n + i];
    make_duals(s, out->u.x);
    out->report = (struct transport_report){
        STATUS_OK, s->paths, primal(cost, &out->plan),
        vec_dot(a, &out->u) + scale * vec_dot(b, &out->v),
        marginal_error(&out->plan, a, b, scale)};
}

static enum status solve(struct search *s, const struct mat *cost, const struct vec *a,
                         const struct vec *b, size_t most, struct exact_transport *out)
{
    const struct dual_start_problem problem = {cost, a, b};
    const double scale = vec_sum(a) / vec_sum(b);

    TRY(dual_start(&problem, s->v, s->from, s->excess, s->settled));
    for (size_t i = 0; i < s->n; i++)
        s->excess[i] = a->x[i];
    for (size_t j = 0; j < s->m; j++)
        s->demand[j] = b->x[j] * scale;
    TRY(send_all(s, most, (double)(s->n + s->m) * 0x1p-52 * vec_sum(a)));
    answer(s, cost, a, b, scale, out);
    return STATUS_OK;
}

static enum status check_weights(const struct vec *w, const char *name, double *sum)
{
    const size_t at = vec_first_not_finite(w);

    if (at < w->n)
        return status_set(STATUS_DIVERGED, "weight %zu of %s is %g", at, name, w->x[at]);
    for (size_t i = 0; i < w->n; i++)
        if (w->x[i] < 0)
            return status_set(STATUS_USAGE, "weight %zu of %s is negative: %g", i, name, w->x[i]);
    *sum = vec_sum(w);
    if (!(*sum > 0) || isinf(*sum))
        return status_set(STATUS_USAGE, "the weights of %s sum to %g", name, *sum);
    return STATUS_OK;
}

static enum status check_input(const struct mat *cost, const struct vec *a, const struct vec *b)
{
    double sum_a, sum_b;

    if (cost->rows != a->n || cost->cols != b->n)
        return status_set(STATUS_USAGE, "a cost of %zu x %zu for %zu and %zu weights", cost->rows,
                          cost->cols, a->n, b->n);
    TRY(cost_check(cost));
    TRY(check_weights(a, "the rows", &sum_a));
    TRY(check_weights(b, "the columns", &sum_b));
    if (!(fabs(sum_a - sum_b) <= EXACT_TRANSPORT_ROUNDING * sum_a))
        return status_set(STATUS_USAGE, "the weights sum to %.17g and %.17g", sum_a, sum_b);
    return STATUS_OK;
}

enum status exact_transport_solve(struct arena *mem, const struct mat *cost, const struct vec *a,
                                  const struct vec *b, struct exact_transport *out)
{
    return exact_transport_within(mem, cost, a, b, SEARCHES_A_POINT * (cost->rows + cost->cols),
                                  out);
}

enum status exact_transport_within(struct arena *mem, const struct mat *cost, const struct vec *a,
                                   const struct vec *b, size_t most, struct exact_transport *out)
{
    const size_t n = cost->rows, m = cost->cols;
    struct exact_transport made = {0};
    struct search s = {.n = n, .m = m, .c = cost->a};

    *out = made;
    out->report.status = check_input(cost, a, b);
    TRY(out->report.status);

    /* All that the arena gives comes first: it may jump away, and then nothing else is held. */
    made.plan = mat_zero(mem, n, m);
    made.u = vec_zero(mem, n);
    made.v = vec_zero(mem, m);
    s.v = made.v.x;
    s.flow = memory_get(m, n * sizeof *s.flow);
    s.excess = memory_get(n + 4 * m, sizeof *s.excess);
    s.from = memory_get(n + 2 * m, sizeof *s.from);
    made.report.status = STATUS_MEMORY;
    if (s.flow && s.excess && s.from) {
        s.demand = s.excess + n;
        s.distance = s.demand + m;
        s.settled_v = s.distance + m;
        s.settled_at = s.settled_v + m;
        s.settled = s.from + m;
        s.through = s.settled + m;
        made.report.status = solve(&s, cost, a, b, most, &made);
    }
    memory_free(s.flow);
    memory_free(s.excess);
    memory_free(s.from);
    out->report.status = made.report.status;
    TRY(made.report.status);
    *out = made;
    return STATUS_OK;
}
