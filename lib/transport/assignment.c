/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/assignment.h"

#include <math.h>
#include <string.h>

#include "linalg/vec.h"
#include "transport/assignment_kernel.h"
#include "transport/cost.h"
#include "transport/dual_start.h"

#define NONE ASSIGNMENT_NONE

enum { BIDS_A_ROW = 10 };

/* A column that a search has settled has v = -infinity until the search ends. Where n > m, n - m
 * rows stay without a column: they count as matched with the rest, a place of cost 0 for all of
 * them, which opens when every column has a row. */
struct search {
    size_t n, m;
    const double *c;     /* n x m */
    double *v;           /* m */
    double rest;         /* dual of the rest; -infinity while it is closed */
    double *distance;    /* m: shortest path so far; infinity for settled columns. settled_v and
                            settled_at lie behind it */
    size_t *from;        /* m: row before the column on that path */
    size_t *column;      /* n */
    size_t *row;         /* m */
    size_t *free_rows;   /* n, free_count used */
    size_t *free_columns;/* m, those without row, ascending: free_column_count used */
    size_t *settled;     /* m: columns in the order in which they were settled */
    double *settled_v;   /* m: their v before the search */
    double *settled_at;  /* m: their distance */
    size_t free_count, free_column_count, settled_count;
    size_t paths;
};

static void match(struct search *s, size_t i, size_t j)
{
    s->row[j] = i;
    s->column[i] = j;
}

/* ---- the start ---- */

/* The column of the value t.first that row i should take: the first free one, else t.at. */
static size_t prefer_free(const struct search *s, size_t i, const struct assignment_two *t)
{
    const double *c = &s->c[i * s->m];

    if (t->second > t->first || s->row[t->at] == NONE)
        return t->at;
    for (size_t j = t->at + 1; j < s->m; j++)
        if (s->row[j] == NONE && c[j] - s->v[j] == t->first)
            return j;
    return t->at;
}

/* Row i takes its nearest column and lowers that column's v until its second choice is as near.
 * Returns the row that lost its column, i itself where nothing changed, or NONE. */
static size_t bid(struct search *s, size_t i)
{
    struct assignment_two t;

    assignment_kernel_two(&s->c[i * s->m], s->v, s->m, &t);
    if (isinf(t.first))
        return i;

    const size_t j = prefer_free(s, i, &t);
    const size_t loser = s->row[j];
    const double v = s->v[j] - (t.second - t.first);

    if (loser != NONE && (isinf(t.second) || !(v < s->v[j])))
        return i;
    if (!isinf(t.second))
        s->v[j] = v;
    match(s, i, j);
    if (loser != NONE)
        s->column[loser] = NONE;
    return loser;
}

/* Augmenting row reduction, one pass over the rows without column; a row that loses its column bids
 * next, in all at most BIDS_A_ROW bids a row: more cost more than they save on points in space. */
static void bid_all(struct search *s)
{
    const size_t count = s->free_count;
    size_t left = BIDS_A_ROW * s->n;

    s->free_count = 0;
    for (size_t k = 0; k < count; k++) {
        size_t i = s->free_rows[k], loser = i;

        while (left > 0 && (loser = bid(s, i)) != NONE && loser != i) {
            left--;
            i = loser;
        }
        if (loser != NONE)
            s->free_rows[s->free_count++] = i;
    }
}

/* Duals and a matching along tight entries. Columns that stay free need the largest v, so a wide
 * cost starts from v = 0; rows that stay free must not outbid each other. */
static enum status start(struct search *s)
{
    for (size_t i = 0; i < s->n; i++)
        s->column[i] = NONE;
    for (size_t j = 0; j < s->m; j++)
        s->row[j] = NONE;
    if (s->n == s->m) {
        const struct mat cost = mat_over(s->c, s->n, s->m);

        const struct dual_start_problem problem = {.cost = &cost};

        TRY(dual_start(&problem, s->v, s->from, s->distance, s->settled));
        for (size_t j = 0; j < s->m; j++)
            if (s->from[j] != NONE && s->column[s->from[j]] == NONE)
                match(s, s->from[j], j);
    }
    for (size_t i = 0; i < s->n; i++)
        if (s->column[i] == NONE)
            s->free_rows[s->free_count++] = i;
    if (s->n <= s->m)
        bid_all(s);
    for (size_t j = 0; j < s->m; j++)
        if (s->row[j] == NONE)
            s->free_columns[s->free_column_count++] = j;
    return STATUS_OK;
}

/* ---- shortest augmenting paths ---- */

/* Ends a search at a path of this length: what was settled gets v + distance - length. Infinite: no
 * path, v as before. */
static void settle_prices(struct search *s, double length)
{
    for (size_t k = 0; k < s->settled_count; k++)
        s->v[s->settled[k]] = s->settled_v[k] + (isinf(length) ? 0 : s->settled_at[k] - length);
    s->settled_count = 0;
}

/* The nearest free column, the lowest index among equals; its place in the list. */
static size_t nearest_free(const struct search *s, double *distance)
{
    size_t best = 0;

    *distance = (double)INFINITY;
    for (size_t k = 0; k < s->free_column_count; k++) {
        const double d = s->distance[s->free_columns[k]];

        if (d < *distance) {
            *distance = d;
            best = k;
        }
    }
    return best;
}

/* Gives column j to the row before it on the path, that row's column to the one before, ... */
static void flip_path(struct search *s, size_t start, size_t j)
{
    for (;;) {
        const size_t i = s->from[j], next = s->column[i];

        match(s, i, j);
        if (i == start)
            return;
        j = next;
    }
}

/* The path ends at the k-th free column. */
static void take_column(struct search *s, size_t start, size_t k)
{
    flip_path(s, start, s->free_columns[k]);
    s->free_column_count--;
    memmove(&s->free_columns[k], &s->free_columns[k + 1],
            (s->free_column_count - k) * sizeof *s->free_columns);
}

/* The path ends at row i, which leaves its column for the rest. */
static void leave_column(struct search *s, size_t start, size_t i)
{
    if (i != start) {
        flip_path(s, start, s->column[i]);
        s->column[i] = NONE;
    }
}

static void settle(struct search *s, size_t j, double distance)
{
    s->settled[s->settled_count] = j;
    s->settled_v[s->settled_count] = s->v[j];
    s->settled_at[s->settled_count++] = distance;
    s->v[j] = -(double)INFINITY;
    s->distance[j] = (double)INFINITY;
}

/* Settles columns from row `start` on until a free column or the rest is the nearest, and matches
 * along the path. 0 where no path leads anywhere; then nothing has changed. */
static int add_row(struct search *s, size_t start)
{
    size_t i = start, last = start;
    double shift = 0, leave = (double)INFINITY;

    for (size_t j = 0; j < s->m; j++)
        s->distance[j] = (double)INFINITY;
    for (;;) {
        double least, reach;
        const size_t j = assignment_kernel_relax(&s->c[i * s->m], s->v, shift, i, s->distance,
                                                 s->from, s->m, &least);
        const size_t k = nearest_free(s, &reach);

        if (-s->rest - shift < leave) {
            leave = -s->rest - shift;
            last = i;
        }
        if (reach <= least || leave <= least) {
            const double length = reach < leave ? reach : leave;

            settle_prices(s, length);
            if (isinf(length))
                return 0;
            if (reach == length)
                take_column(s, start, k);
            else
                leave_column(s, start, last);
            s->paths++;
            return 1;
        }
        settle(s, j, least);
        i = s->row[j];
        /* Row i reaches further columns at least + (c - v) - (its own c - v). */
        shift = s->c[i * s->m + j] - s->settled_v[s->settled_count - 1] - least;
    }
}

/* Opens the rest at the dual that every row with a column allows: u_i + rest <= 0. */
static void open_rest(struct search *s)
{
    s->rest = (double)INFINITY;
    for (size_t j = 0; j < s->m; j++) {
        const double u = s->c[s->row[j] * s->m + j] - s->v[j];

        s->rest = -u < s->rest ? -u : s->rest;
    }
}

static enum status add_rows(struct search *s)
{
    const size_t count = s->free_count, all = s->n < s->m ? s->n : s->m;
    size_t placed = all;

    s->free_count = 0;
    for (size_t k = 0; k < count; k++)
        if (s->free_column_count == 0 || !add_row(s, s->free_rows[k]))
            s->free_rows[s->free_count++] = s->free_rows[k];
    placed -= s->n <= s->m ? s->free_count : s->free_column_count;
    if (placed < all)
        return status_set(STATUS_USAGE,
                          "no assignment avoids the forbidden entries: %zu of %zu placed", placed,
                          all);
    if (s->free_count > 0)
        open_rest(s);
    for (size_t k = 0; k < s->free_count; k++)
        add_row(s, s->free_rows[k]); /* the rest can always be reached */
    return STATUS_OK;
}

/* ---- the answer ---- */

/* Gauge and exact feasibility. Where n <= m the largest v becomes 0 (free columns have it). Where
 * n > m the rest's dual becomes 0: rows that stay free have u = 0 and bound v by their costs.
 * u_i = min_j c_ij - v_j then is feasible to one rounding, whatever v came out. */
static void make_duals(const struct search *s, double *u)
{
    const struct vec v = vec_over(s->v, s->m);
    const double zero = s->n > s->m ? s->rest : vec_max(&v);

    for (size_t j = 0; j < s->m; j++)
        s->v[j] -= zero;
    for (size_t i = 0; i < s->n; i++)
        if (s->column[i] == NONE)
            assignment_kernel_lower(&s->c[i * s->m], 0, i, s->v, s->from, s->m);
    for (size_t i = 0; i < s->n; i++) {
        u[i] = assignment_kernel_least(&s->c[i * s->m], s->v, s->m);
        if (s->n > s->m && u[i] > 0)
            u[i] = 0;
    }
}

static double total(const double *x, size_t n)
{
    const struct vec v = vec_over(x, n);

    return vec_sum(&v);
}

/* sum_j c_{row(j), j} over the columns that have a row; the identity for row NULL. */
static double primal(const struct search *s, const size_t *row)
{
    struct vec_adder sum = {0};

    for (size_t j = 0; j < s->m; j++) {
        const size_t i = row ? row[j] : j;

        if (i < s->n)
            vec_adder_add(&sum, s->c[i * s->m + j]);
    }
    return vec_adder_total(&sum);
}

/* Takes the identity where the duals show it optimal to rounding: the terms that cancel in its gap
 * are its costs, u and v. */
static void prefer_identity(struct search *s, double dual, const double *u)
{
    const size_t count = s->n < s->m ? s->n : s->m;
    const double cost = primal(s, NULL);
    double size = 0;

    for (size_t i = 0; i < count; i++)
        size += fabs(s->c[i * s->m + i]) + fabs(u[i]) + fabs(s->v[i]);
    if (isinf(cost) || !(cost - dual <= 0x1p-52 * size))
        return;
    for (size_t i = 0; i < s->n; i++)
        s->column[i] = NONE;
    for (size_t j = 0; j < s->m; j++)
        s->row[j] = NONE;
    for (size_t i = 0; i < count; i++)
        match(s, i, i);
}

/* Rows and columns that should be matched both ways and are not. */
static double unmatched(const struct search *s)
{
    const size_t count = s->n < s->m ? s->n : s->m;
    size_t both = 0, rows = 0;

    for (size_t i = 0; i < s->n; i++)
        both += s->column[i] < s->m && s->row[s->column[i]] == i;
    for (size_t j = 0; j < s->m; j++)
        rows += s->row[j] != NONE;
    return fabs((double)count - (double)both) + fabs((double)count - (double)rows);
}

static enum status solve(struct search *s, double *u, struct transport_report *report)
{
    TRY(start(s));
    TRY(add_rows(s));
    make_duals(s, u);

    const double dual = total(u, s->n) + total(s->v, s->m);

    prefer_identity(s, dual, u);
    *report = (struct transport_report){STATUS_OK, s->paths, primal(s, s->row), dual,
                                        unmatched(s)};
    return STATUS_OK;
}

enum status assignment_solve(struct arena *mem, const struct mat *cost, struct assignment *out)
{
    const size_t n = cost->rows, m = cost->cols;
    struct assignment made = {.rows = n, .cols = m};

    *out = (struct assignment){0};
    out->report.status = cost_check(cost);
    TRY(out->report.status);

    /* All that the arena gives comes first: it may jump away, and then nothing else is held. */
    made.column = arena_get(mem, n, sizeof *made.column);
    made.row = arena_get(mem, m, sizeof *made.row);
    made.u = arena_get(mem, n, sizeof *made.u);
    made.v = arena_get(mem, m, sizeof *made.v);

    size_t *counts = memory_get(n + 3 * m, sizeof *counts);
    double *values = memory_get(3 * m, sizeof *values);

    made.report.status = STATUS_MEMORY;
    if (counts != NULL && values != NULL) {
        struct search s = {.n = n, .m = m, .c = cost->a, .v = made.v, .rest = -(double)INFINITY,
                           .column = made.column, .row = made.row, .free_rows = counts,
                           .from = counts + n, .free_columns = counts + n + m,
                           .settled = counts + n + 2 * m, .distance = values,
                           .settled_v = values + m, .settled_at = values + 2 * m};

        made.report.status = solve(&s, made.u, &made.report);
    }
    memory_free(counts);
    memory_free(values);
    out->report.status = made.report.status;
    TRY(made.report.status);
    *out = made;
    return STATUS_OK;
}
