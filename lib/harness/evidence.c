/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* ---- one metric of one unit ---- */

const struct metric *evidence_metric(const struct evidence *e, const char *name)
{
    const struct metric *m = metric_find(e->r->metrics, e->r->metric_count, name);

    CHECK(m != NULL, "claim names the metric '%s', which %s does not declare", name, e->r->id);
    return m;
}

int evidence_has_worst(const struct metric *m)
{
    return m->worst < 0 || m->worst > 0;
}

double evidence_worst(const struct results *results, const struct metric *m, enum relation wanted)
{
    const int lowest = m->direction == HIGHER_IS_BETTER ||
                       (m->direction == NO_DIRECTION && wanted == ABOVE);
    double worst = (double)NAN;

    if (evidence_has_worst(m))
        return m->worst;
    for (size_t i = 0; i < results->count; i++) {
        const struct observation *o = &results->rows[i];

        if (isfinite(o->value) && metric_find(m, 1, o->metric) == m &&
            (isnan(worst) || (lowest ? o->value < worst : o->value > worst)))
            worst = o->value;
    }
    return worst;
}

static double worst_value(const struct evidence *e, const char *name, enum relation wanted)
{
    const struct metric *m = evidence_metric(e, name);
    struct worst *worst = &e->worst[2 * (m - e->r->metrics) + (wanted == ABOVE)];

    if (!worst->known)
        *worst = (struct worst){1, evidence_worst(e->results, m, wanted)};
    return worst->value;
}

double evidence_value(const struct evidence *e, const char *cell, uint64_t seed,
                      const char *metric, enum relation wanted, int *finite)
{
    const struct outcome *unit = results_unit(e->results, cell, seed);

    if (unit == NULL || !unit->diverged)
        return results_value(e->results, cell, seed, metric);
    *finite = 0;
    return worst_value(e, metric, wanted);
}

/* ---- members ---- */

static int by_index(const void *a, const void *b)
{
    const int i = ((const struct member *)a)->index, k = ((const struct member *)b)->index;

    return (i > k) - (i < k);
}

/* Appends the members of the family that any unit of the cell has, in the order of their indices,
 * whatever gaps there are. Returns how many. */
static size_t add_family(const struct evidence *e, const char *family, const char *cell,
                         struct member *out)
{
    size_t n = 0, different = 0;

    for (size_t i = 0; i < e->results->count; i++) {
        const struct observation *o = &e->results->rows[i];
        const int index = metric_index(family, o->metric);

        if (index >= 0 && strcmp(o->cell, cell) == 0)
            out[n++] = (struct member){index, cell, o->metric};
    }
    if (n > 0)
        qsort(out, n, sizeof *out, by_index);
    for (size_t i = 0; i < n; i++)
        if (different == 0 || out[different - 1].index != out[i].index)
            out[different++] = out[i];
    return different;
}

struct member *evidence_members(const struct evidence *e, const struct claim *c, size_t *n)
{
    const int family = metric_is_family(c->metric);
    struct member *out = arena_get(e->mem, e->results->count + e->cell_count, sizeof *out);

    *n = 0;
    for (size_t i = 0; i < e->used_count; i++)
        if (family)
            *n += add_family(e, c->metric, e->used[i], out + *n);
        else
            out[(*n)++] = (struct member){(int)i, e->used[i], c->metric};
    return out;
}

/* ---- the units that a claim looks at ---- */

const char *evidence_cell(const struct evidence *e, const char *name)
{
    if (e->cell_count == 0)
        return NULL;
    if (name == NULL || strcmp(name, FIRST_CELL) == 0)
        return e->cells[0];
    if (strcmp(name, LAST_CELL) == 0 || strcmp(name, ALL_CELLS) == 0)
        return e->cells[e->cell_count - 1];
    for (size_t i = 0; i < e->cell_count; i++)
        if (strcmp(e->cells[i], name) == 0)
            return e->cells[i];
    return NULL;
}

int evidence_needs_all_cells(const struct claim *c)
{
    return (c->cell != NULL && strcmp(c->cell, ALL_CELLS) == 0) ||
           ((c->kind == TREND || c->kind == EVERY) && !metric_is_family(c->metric));
}

int evidence_use(struct evidence *e, const struct claim *c)
{
    const char *cell = evidence_cell(e, c->cell);
    const char *to_cell = c->to_cell != NULL ? evidence_cell(e, c->to_cell) : cell;

    if (cell == NULL || to_cell == NULL)
        return 0;
    if (evidence_needs_all_cells(c)) {
        e->used = e->cells;
        e->used_count = e->cell_count;
        return 1;
    }
    e->used = arena_get(e->mem, 1, sizeof *e->used);
    e->used[0] = cell;
    e->used_count = 1;
    return 1;
}

size_t evidence_missing(const struct evidence *e, const char *to_cell, size_t *asked,
                        size_t *finite, int *any)
{
    size_t missing = 0;

    *asked = 0;
    *finite = 0;
    *any = 0;
    for (size_t s = 0; s < e->seed_count; s++) {
        int all = 1;

        for (size_t i = 0; i < e->used_count + (to_cell != NULL); i++) {
            const char *cell = i < e->used_count ? e->used[i] : to_cell;
            const struct outcome *unit = results_unit(e->results, cell, e->seeds[s]);

            if (i == e->used_count && strcmp(to_cell, e->used[0]) == 0)
                continue;
            *asked += 1;
            missing += unit == NULL;
            all = all && unit != NULL && !unit->diverged;
            *any = *any || (unit != NULL && !unit->diverged);
        }
        *finite += (size_t)all;
    }
    return missing;
}
