/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/assignment.h"

#include <math.h>
#include <string.h>

#include "linalg/vec.h"
#include "transport/cost.h"

#define NONE ASSIGNMENT_NONE

enum { LANES = 8, ROUNDS = 1, STEPS_A_ROW = 10 };

/* n <= m. A column that a search has settled has v = -infinity until the search ends. */
struct search {
    size_t n, m;
    const double *c;     /* n x m */
    double *v;           /* m */
    double *distance;    /* m: shortest path so far; infinity for settled columns */
    size_t *from;        /* m: row before the column on that path */
    size_t *column;      /* n */
    size_t *row;         /* m */
    size_t *free_rows;   /* n, free_count used */
    size_t *free_columns;/* m, m - n + (rows without column) used */
    size_t *settled;     /* m: columns in the order in which they were settled */
    double *settled_v;   /* m: their v before the search */
    double *settled_at;  /* m: their distance */
    size_t free_count, free_column_count, settled_count;
    size_t paths;
};

/* ---- scans of a row ---- */

struct two {
    double first, second; /* the two smallest values, equal ones counted twice */
    size_t at;            /* index of the first */
};

VECTORIZED static void assignment_two_smallest(const double *restrict c, const double *restrict v,
                                               size_t m, struct two *out)
{
    double a[LANES], b[LANES];
    uint64_t at[LANES];
    size_t j = 0;

    for (size_t l = 0; l < LANES; l++) {
        a[l] = b[l] = (double)INFINITY;
        at[l] = 0;
    }
    for (; j + LANES <= m; j += LANES)
        for (size_t l = 0; l < LANES; l++) {
            const double r = c[j + l] - v[j + l];
            const double worse = r < a[l] ? a[l] : r;

            at[l] = r < a[l] ? j + l : at[l];
            a[l] = r < a[l] ? r : a[l];
            b[l] = worse < b[l] ? worse : b[l];
        }
    *out = (struct two){a[0], b[0], at[0]};
    for (size_t l = 1; l < LANES; l++) {
        const double other = a[l] < out->first ? out->first : a[l];

        if (a[l] < out->first || (a[l] == out->first && at[l] < out->at))
            out->at = at[l];
        out->first = a[l] < out->first ? a[l] : out->first;
        out->second = other < out->second ? other : out->second;
        out->second = b[l] < out->second ? b[l] : out->second;
    }
    for (; j < m; j++) {
        const double r = c[j] - v[j];

        if (r < out->first) {
            *out = (struct two){r, out->first, j};
        } else if (r < out->second) {
            out->second = r;
        }
    }
}

/* distance_j = min(distance_j, c_j - v_j - shift), and from_j = row where that is nearer. */
VECTORIZED static void assignment_relax(const double *restrict c, const double *restrict v,
                                        double shift, uint64_t row, double *restrict distance,
                                        uint64_t *restrict from, size_t m)
{
    for (size_t j = 0; j < m; j++) {
        const double r = c[j] - v[j] - shift;
        const int nearer = r < distance[j];

        from[j] = nearer ? row : from[j];
        distance[j] = nearer ? r : distance[j];
    }
}

/* The smallest of x and the first index that has it; (infinity, 0) where all are infinite. */
VECTORIZED static size_t assignment_smallest(const double *restrict x, size_t m, double *value)
{
    double a[LANES], best = (double)INFINITY;
    uint64_t at[LANES], where = 0;
    size_t j = 0;

    for (size_t l = 0; l < LANES; l++) {
        a[l] = (double)INFINITY;
        at[l] = 0;
    }
    for (; j + LANES <= m; j += LANES)
        for (size_t l = 0; l < LANES; l++) {
            at[l] = x[j + l] < a[l] ? j + l : at[l];
            a[l] = x[j + l] < a[l] ? x[j + l] : a[l];
        }
    for (size_t l = 0; l < LANES; l++)
        if (a[l] < best || (a[l] == best && at[l] < where)) {
            best = a[l];
            where = at[l];
        }
    for (; j < m; j++)
        if (x[j] < best) {
            best = x[j];
            where = j;
        }
    *value = best;
    return where;
}

/* v = min(v, c), and from_j = row where that is smaller. */
VECTORIZED static void assignment_lower(const double *restrict c, uint64_t row,
                                        double *restrict v, uint64_t *restrict from, size_t m)
{
    for (size_t j = 0; j < m; j++) {
        const int less = c[j] < v[j];

        from[j] = less ? row : from[j];
        v[j] = less ? c[j] : v[j];
    }
}

/* ---- the start ---- */

static void match(struct search *s, size_t i, size_t j)
{
    s->row[j] = i;
    s->column[i] = j;
}

/* v_j = min_i c_ij; the row that has it takes the column where it has none yet. Square only: there
 * every column ends up matched, so its v may have any sign. A column without an allowed entry keeps
 * v = 0. */
static void reduce_columns(struct search *s)
{
    for (size_t j = 0; j < s->m; j++)
        s->v[j] = (double)INFINITY;
    for (size_t i = 0; i < s->n; i++)
        assignment_lower(&s->c[i * s->m], i, s->v, s->from, s->m);
    for (size_t j = 0; j < s->m; j++) {
        if (isinf(s->v[j]))
            s->v[j] = 0;
        else if (s->column[s->from[j]] == NONE)
            match(s, s->from[j], j);
    }
}

/* The column of the value t.first that row i should take: the first free one, else t.at. */
static size_t prefer_free(const struct search *s, size_t i, const struct two *t)
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
    struct two t;

    assignment_two_smallest(&s->c[i * s->m], s->v, s->m, &t);
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

/* Augmenting row reduction, in ROUNDS passes over the rows without column; a row that loses its
 * column bids next, at most STEPS_A_ROW bids a row in all: more of either costs more than it saves
 * on points in space. */
static void reduce_rows(struct search *s)
{
    size_t left = STEPS_A_ROW * s->n;

    for (int round = 0; round < ROUNDS && s->free_count > 0; round++) {
        const size_t count = s->free_count;

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
}

/* ---- shortest augmenting paths ---- */

/* Every row of the search has moved on: what was settled gets v + distance - length. */
static void settle_prices(struct search *s, double length)
{
    for (size_t k = 0; k < s->settled_count; k++)
        s->v[s->settled[k]] = s->settled_v[k] + (s->settled_at[k] - length);
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

/* Settles columns from row `start` on until a free one is the nearest; its place in free_columns,
 * or NONE. */
static size_t search_path(struct search *s, size_t start)
{
    size_t i = start;
    double shift = 0;

    for (size_t j = 0; j < s->m; j++)
        s->distance[j] = (double)INFINITY;
    for (;;) {
        double least, reach;

        assignment_relax(&s->c[i * s->m], s->v, shift, i, s->distance, s->from, s->m);

        const size_t j = assignment_smallest(s->distance, s->m, &least);
        const size_t k = nearest_free(s, &reach);

        if (isinf(least)) {
            settle_prices(s, 0);
            return NONE;
        }
        if (reach <= least) {
            settle_prices(s, reach);
            return k;
        }
        s->settled[s->settled_count] = j;
        s->settled_v[s->settled_count] = s->v[j];
        s->settled_at[s->settled_count++] = least;
        i = s->row[j];
        /* Row i reaches further columns at least + (c - v) - (its own c - v). */
        shift = s->c[i * s->m + j] - s->v[j] - least;
        s->v[j] = -(double)INFINITY;
        s->distance[j] = (double)INFINITY;
    }
}

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

static enum status augment(struct search *s)
{
    for (size_t f = 0; f < s->free_count; f++) {
        const size_t i = s->free_rows[f];
        const size_t k = search_path(s, i);

        if (k == NONE)
            return status_set(STATUS_USAGE,
                              "no assignment avoids the forbidden entries: %zu of %zu placed",
                              s->n - (s->free_count - f), s->n);
        flip_path(s, i, s->free_columns[k]);
        s->free_column_count--;
        memmove(&s->free_columns[k], &s->free_columns[k + 1],
                (s->free_column_count - k) * sizeof *s->free_columns);
        s->paths++;
    }
    return STATUS_OK;
}

/* ---- the answer ---- */

VECTORIZED static double assignment_least_reduced(const double *restrict c,
                                                  const double *restrict v, size_t m)
{
    double a[LANES], least = (double)INFINITY;
    size_t j = 0;

    for (size_t l = 0; l < LANES; l++)
        a[l] = (double)INFINITY;
    for (; j + LANES <= m; j += LANES)
        for (size_t l = 0; l < LANES; l++)
            a[l] = c[j + l] - v[j + l] < a[l] ? c[j + l] - v[j + l] : a[l];
    for (size_t l = 0; l < LANES; l++)
        least = a[l] < least ? a[l] : least;
    for (; j < m; j++)
        least = c[j] - v[j] < least ? c[j] - v[j] : least;
    return least;
}

/* v - max v, then u_i = min_j c_ij - v_j: feasible to one rounding, whatever v came out. Where
 * n < m free columns have the largest v already. */
static void make_duals(const struct search *s, double *u)
{
    const struct vec v = vec_over(s->v, s->m);
    const double most = vec_max(&v);

    for (size_t j = 0; j < s->m; j++)
        s->v[j] -= most;
    for (size_t i = 0; i < s->n; i++)
        u[i] = assignment_least_reduced(&s->c[i * s->m], s->v, s->m);
}

static double total(const double *x, size_t n)
{
    const struct vec v = vec_over(x, n);

    return vec_sum(&v);
}

/* sum_i c_{i, column(i)}; the identity for column NULL. */
static double primal(const struct search *s, const size_t *column)
{
    struct vec_adder sum = {0};

    for (size_t i = 0; i < s->n; i++)
        vec_adder_add(&sum, s->c[i * s->m + (column ? column[i] : i)]);
    return vec_adder_total(&sum);
}

/* Takes the identity where the duals show it optimal to rounding: the terms that cancel in its gap
 * are n costs, u and v. */
static void prefer_identity(struct search *s, double dual, const double *u)
{
    const double cost = primal(s, NULL);
    double size = 0;

    for (size_t i = 0; i < s->n; i++)
        size += fabs(s->c[i * s->m + i]) + fabs(u[i]) + fabs(s->v[i]);
    if (isinf(cost) || !(cost - dual <= 0x1p-52 * size))
        return;
    for (size_t j = 0; j < s->m; j++)
        s->row[j] = NONE;
    for (size_t i = 0; i < s->n; i++)
        match(s, i, i);
}

static double unmatched(const struct search *s)
{
    size_t bad = 0, used = 0;

    for (size_t i = 0; i < s->n; i++)
        bad += s->column[i] >= s->m || s->row[s->column[i]] != i;
    for (size_t j = 0; j < s->m; j++)
        used += s->row[j] != NONE;
    return (double)(bad + (used > s->n ? used - s->n : s->n - used));
}

static enum status solve(struct search *s, double *u, struct transport_report *report)
{
    for (size_t i = 0; i < s->n; i++)
        s->column[i] = NONE;
    for (size_t j = 0; j < s->m; j++)
        s->row[j] = NONE;
    if (s->n == s->m)
        reduce_columns(s);
    for (size_t i = 0; i < s->n; i++)
        if (s->column[i] == NONE)
            s->free_rows[s->free_count++] = i;
    reduce_rows(s);
    for (size_t j = 0; j < s->m; j++)
        if (s->row[j] == NONE)
            s->free_columns[s->free_column_count++] = j;
    TRY(augment(s));
    make_duals(s, u);

    const double dual = total(u, s->n) + total(s->v, s->m);

    prefer_identity(s, dual, u);
    *report = (struct transport_report){STATUS_OK, s->paths, primal(s, s->column), dual,
                                        unmatched(s)};
    return STATUS_OK;
}

enum status assignment_solve(struct arena *mem, const struct mat *cost, struct assignment *out)
{
    const size_t rows = cost->rows, cols = cost->cols;
    const size_t n = rows < cols ? rows : cols, m = rows < cols ? cols : rows;
    struct search s = {.n = n, .m = m};

    *out = (struct assignment){0};
    out->report.status = cost_check(cost);
    TRY(out->report.status);

    /* All that the arena gives comes first: it may jump away, and then nothing else is held. */
    size_t *row_side = arena_get(mem, n, sizeof *row_side);
    size_t *column_side = arena_get(mem, m, sizeof *column_side);
    double *u = arena_get(mem, n, sizeof *u), *v = arena_get(mem, m, sizeof *v);
    const struct mat turned = rows > cols ? mat_transpose(mem, cost) : *cost;
    size_t *counts = memory_get(n + 3 * m, sizeof *counts);
    double *values = memory_get(3 * m, sizeof *values);

    s.c = turned.a;
    s.column = row_side;
    s.row = column_side;
    s.v = v;
    out->report.status = STATUS_MEMORY;
    if (counts != NULL && values != NULL) {
        s.free_rows = counts;
        s.from = counts + n;
        s.free_columns = s.from + m;
        s.settled = s.free_columns + m;
        s.distance = values;
        s.settled_v = values + m;
        s.settled_at = s.settled_v + m;
        out->report.status = solve(&s, u, &out->report);
    }
    memory_free(counts);
    memory_free(values);
    TRY(out->report.status);
    *out = rows > cols ? (struct assignment){rows, cols, column_side, row_side, v, u, out->report}
                       : (struct assignment){rows, cols, row_side, column_side, u, v, out->report};
    return STATUS_OK;
}
