/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bless_rows: rows of references from results and verdicts, and what moved against the old ones. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"
#include "bless.h"
#include "harness/tolerance.h"
#include "linalg/stat.h"

/* Old value, new value, distance in units of the tolerance. */
static void show(struct blessing *a, const struct reference *row)
{
    const struct reference *old = references_find(&a->old, row);
    char was[TEXT_DOUBLE], is[TEXT_DOUBLE];

    if (old == NULL) {
        a->added++;
        return;
    }
    if (strcmp(row->scope, "claim") == 0) {
        if (strcmp(old->verdict, row->verdict) != 0)
            printf("  %s: was '%s', now '%s'\n", row->metric, old->verdict, row->verdict);
        a->moved += strcmp(old->verdict, row->verdict) != 0;
        return;
    }
    if (!(old->value < row->value) && !(old->value > row->value)) {
        a->same++;
        return;
    }
    a->moved++;
    printf("  %s %s %s: was %s, now %s: %.3g tolerances\n", row->cell, row->seed, row->metric,
           text_short(was, old->value, 9), text_short(is, row->value, 9),
           tolerance_distance((enum tolerance_class)tolerance_find(row->class), a->p->mode,
                              row->value, old->value, row->scale, old->tol));
}

/* A row has "" where it has nothing to say. */
static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static int near_enough(const struct reference *old, const struct reference *row)
{
    return !(old->value < row->value) && !(old->value > row->value) &&
           strcmp(old->verdict, row->verdict) == 0;
}

static void add(struct blessing *a, struct reference row)
{
    const struct reference *old;

    row.cell = or_empty(row.cell);
    row.seed = or_empty(row.seed);
    row.unit = or_empty(row.unit);
    row.class = or_empty(row.class);
    row.verdict = or_empty(row.verdict);
    row.profile = profile_name(a->b->profile);
    row.mode = mode_name(a->p->mode);
    row.data = a->p->data_kind;
    row.source = "ours";
    row.where = a->where;
    row.why = a->b->why;
    old = references_find(&a->old, &row);
    if (old != NULL && old->tol > 0) { /* an override stays, with its own reason */
        row.tol = old->tol;
        row.why = old->why;
    }
    if (old != NULL && near_enough(old, &row)) {
        row.where = old->where; /* nothing moved: the first reason stands */
        row.why = old->why;
    }
    show(a, &row);
    references_add(&a->fresh, &row);
}

/* The tolerance class that the program declares for a metric. */
static const char *class_of(const struct blessing *a, const char *name)
{
    const struct metric *m = metric_find(a->p->r.metrics, a->p->r.metric_count, name);

    CHECK(m != NULL, "%s emitted '%s' and does not declare it", a->p->id, name);
    return tolerance_name(m->class);
}

void bless_rows_seeds(struct blessing *a)
{
    for (size_t i = 0; i < a->results->count; i++) {
        const struct observation *o = &a->results->rows[i];
        char seed[24];

        snprintf(seed, sizeof seed, "%llu", (unsigned long long)o->seed);
        add(a, (struct reference){.cell = o->cell, .seed = seed, .metric = o->metric,
                                  .scope = "seed", .value = o->value, .unit = o->unit,
                                  .class = class_of(a, o->metric),
                                  .scale = o->scale, .n = 1});
    }
}

/* The metrics of the first unit of each cell name the rows; all seeds give mean and sd. */
void bless_rows_means(struct blessing *a)
{
    double *x = arena_get(&a->b->mem, a->p->seed_count, sizeof *x);

    for (size_t i = 0; i < a->results->count; i++) {
        const struct observation *o = &a->results->rows[i];
        size_t n = 0;

        if (o->seed != a->p->seeds[0])
            continue;
        for (size_t s = 0; s < a->p->seed_count; s++) {
            x[n] = results_value(a->results, o->cell, a->p->seeds[s], o->metric);
            n += isfinite(x[n]) != 0;
        }
        add(a, (struct reference){.cell = o->cell, .metric = o->metric, .scope = "mean",
                                  .value = stat_mean(x, n), .unit = o->unit,
                                  .class = class_of(a, o->metric),
                                  .scale = o->scale, .n = (double)n,
                                  .sd = n > 1 ? stat_sd(x, n) : 0});
    }
}

void bless_rows_claim(struct blessing *a, const struct claim *c, const struct verdict *v)
{
    add(a, (struct reference){.metric = c->id, .scope = "claim",
                              .value = isfinite(v->interval.mean) ? v->interval.mean : 0,
                              .n = (double)v->asked, .verdict = verdict_name(v->word)});
}
