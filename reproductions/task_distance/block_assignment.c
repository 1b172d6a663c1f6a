/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/block_assignment.h"

#include <math.h>
#include <string.h>

#include "base/check.h"

struct block_assignment block_assignment_create(struct arena *mem, size_t b)
{
    CHECK(b >= 1, "blocks of %zu", b);
    return (struct block_assignment){
        .b = b, .u = arena_get(mem, b, sizeof(double)), .v = arena_get(mem, b, sizeof(double)),
        .distance = arena_get(mem, b, sizeof(double)),
        .row = arena_get(mem, b, sizeof(size_t)), .from = arena_get(mem, b, sizeof(size_t)),
        .done = arena_get(mem, b, 1)};
}

/* Shortens the paths by way of row i, which is reached over column `by` at `length`; returns the
 * nearest column that is not done. */
static size_t relax(struct block_assignment *s, const double *c, size_t i, size_t by, double length)
{
    size_t nearest = s->b;

    for (size_t j = 0; j < s->b; j++) {
        if (s->done[j])
            continue;
        const double d = length + (c[i * s->b + j] - s->u[i] - s->v[j]);

        if (d < s->distance[j]) {
            s->distance[j] = d;
            s->from[j] = by;
        }
        if (nearest == s->b || s->distance[j] < s->distance[nearest])
            nearest = j;
    }
    return nearest;
}

/* Columns that are done are nearer than the end of the path; their duals and their rows' follow. */
static void raise_duals(struct block_assignment *s, size_t start, double length)
{
    s->u[start] += length;
    for (size_t j = 0; j < s->b; j++)
        if (s->done[j]) {
            s->u[s->row[j]] += length - s->distance[j];
            s->v[j] -= length - s->distance[j];
        }
}

static void add_row(struct block_assignment *s, const double *c, size_t start)
{
    size_t j = s->b, i = start;
    double length = 0;

    memset(s->done, 0, s->b);
    for (size_t k = 0; k < s->b; k++)
        s->distance[k] = (double)INFINITY;
    for (;;) {
        j = relax(s, c, i, j, length);
        CHECK(j < s->b && s->distance[j] < (double)INFINITY, "costs of row %zu are not finite", i);
        length = s->distance[j];
        if (s->row[j] == s->b)
            break;
        s->done[j] = 1;
        i = s->row[j];
    }
    raise_duals(s, start, length);
    while (s->from[j] != s->b) { /* each column takes the row of the one before it */
        s->row[j] = s->row[s->from[j]];
        j = s->from[j];
    }
    s->row[j] = start;
}

void block_assignment_solve(struct block_assignment *s, const double *cost, size_t *column)
{
    memset(s->u, 0, s->b * sizeof *s->u);
    memset(s->v, 0, s->b * sizeof *s->v);
    for (size_t j = 0; j < s->b; j++)
        s->row[j] = s->b;
    for (size_t i = 0; i < s->b; i++)
        add_row(s, cost, i);
    for (size_t j = 0; j < s->b; j++)
        column[s->row[j]] = j;
}
