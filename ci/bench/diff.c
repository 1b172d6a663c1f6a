/* SPDX-License-Identifier: GPL-3.0-or-later */
/* diff: what moved in reference-results/ between a git revision and the working tree, row by row,
 * in units of the tolerance that the revision's row allows.
 *
 * Shown first is what has no distance: verdicts, rows that are gone, rows whose unit, class or
 * tolerance changed; then values, the farthest first; then new rows. With --fail all of these are
 * status 1 but new rows and values that moved by at most --over tolerances. */
#include "diff.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "harness/tolerance.h"

/* ---- row against row ---- */

/* What makes two rows the same one. A paper may say a thing in two places. */
static int row_order(const struct reference *p, const struct reference *q)
{
    const int paper = strcmp(p->scope, "paper") == 0;
    const char *const x[] = {p->profile, p->data, p->mode, p->scope, p->cell,
                             p->metric, p->seed, paper ? p->source : "", paper ? p->where : ""};
    const char *const y[] = {q->profile, q->data, q->mode, q->scope, q->cell,
                             q->metric, q->seed, paper ? q->source : "", paper ? q->where : ""};

    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++)
        if (strcmp(x[i], y[i]) != 0)
            return strcmp(x[i], y[i]);
    return 0;
}

static int by_row(const void *a, const void *b)
{
    return row_order(*(const struct reference *const *)a, *(const struct reference *const *)b);
}

static const struct reference **sorted(struct bench *b, const struct references *r)
{
    const struct reference **rows = arena_get(&b->mem, r->count + 1, sizeof *rows);

    for (size_t i = 0; i < r->count; i++)
        rows[i] = &r->rows[i];
    if (r->count > 1)
        qsort(rows, r->count, sizeof *rows, by_row);
    return rows;
}

/* How far the value moved; a claim's number has no tolerance of its own. */
static double distance_of(const struct reference *old, const struct reference *now)
{
    const int class = tolerance_find(old->class);
    const enum mode mode = strcmp(old->mode, mode_name(PINNED)) == 0 ? PINNED : NATIVE;

    if (diff_is_claim(old) || diff_equal(old->value, now->value))
        return 0;
    if (class < 0)
        return (double)INFINITY;
    return tolerance_distance((enum tolerance_class)class, mode, now->value, old->value, old->scale,
                              old->tol);
}

/* 0 when the rows say the same. */
static int compare(const struct reference *old, const struct reference *now, struct difference *d)
{
    d->distance = distance_of(old, now);
    if (strcmp(old->verdict, now->verdict) != 0)
        d->change = VERDICT;
    else if (strcmp(old->unit, now->unit) != 0 || strcmp(old->class, now->class) != 0 ||
             !diff_equal(old->tol, now->tol))
        d->change = TERMS;
    else if (!diff_equal(old->value, now->value) || !diff_equal(old->n, now->n))
        d->change = MOVED;
    else
        return 0;
    return 1;
}

static void add(struct comparison *c, struct difference d)
{
    const struct reference *row = d.now != NULL ? d.now : d.old;

    if (!text_matches(c->b->metric, row->metric))
        return;
    c->rows++;
    if (d.old != NULL && d.now != NULL && !compare(d.old, d.now, &d))
        return;
    if (d.change == MOVED && c->b->over > 0 && d.distance <= c->b->over) {
        c->hidden++;
        return;
    }
    if (d.change == MOVED && d.distance > c->farthest)
        c->farthest = d.distance;
    c->counts[d.change]++;
    d.order = c->count;
    c->list[c->count++] = d;
}

/* Both lists are sorted: one walk pairs them. */
static void compare_pair(struct comparison *c, struct pair *p)
{
    size_t i = 0, k = 0;

    p->old_rows = sorted(c->b, &p->old);
    p->now_rows = sorted(c->b, &p->now);
    while (i < p->old.count || k < p->now.count) {
        const int order = i == p->old.count   ? 1
                          : k == p->now.count ? -1
                                              : row_order(p->old_rows[i], p->now_rows[k]);

        if (order < 0)
            add(c, (struct difference){.change = GONE, .id = p->id, .old = p->old_rows[i++]});
        else if (order > 0)
            add(c, (struct difference){.change = ADDED, .id = p->id, .now = p->now_rows[k++]});
        else
            add(c, (struct difference){.change = MOVED, .id = p->id, .old = p->old_rows[i++],
                                       .now = p->now_rows[k++]});
    }
}

static int farthest_first(const void *x, const void *y)
{
    const struct difference *a = x, *b = y;

    if (a->change != b->change)
        return a->change < b->change ? -1 : 1;
    if (a->distance < b->distance || a->distance > b->distance)
        return a->distance > b->distance ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static int by_id(const void *x, const void *y)
{
    return strcmp(((const struct pair *)x)->id, ((const struct pair *)y)->id);
}

static void compare_all(struct comparison *c)
{
    size_t most = 1;

    if (c->pair_count > 1)
        qsort(c->pairs, c->pair_count, sizeof *c->pairs, by_id);
    for (size_t i = 0; i < c->pair_count; i++)
        most += c->pairs[i].old.count + c->pairs[i].now.count;
    c->list = arena_get(&c->b->mem, most, sizeof *c->list);
    for (size_t i = 0; i < c->pair_count; i++)
        compare_pair(c, &c->pairs[i]);
    if (c->count > 1)
        qsort(c->list, c->count, sizeof *c->list, farthest_first);
}

static size_t count_failures(const struct comparison *c)
{
    size_t n = c->counts[VERDICT] + c->counts[GONE] + c->counts[TERMS];

    for (size_t i = 0; i < c->count; i++)
        n += c->list[i].change == MOVED && !(c->list[i].distance <= c->b->over);
    return n;
}

/* ---- the verb ---- */

static enum status answer(struct comparison *c)
{
    TRY(diff_sides_find(c));
    TRY(diff_sides_read(c));
    compare_all(c);
    printf("%s: %s (%.12s) against the working tree\n", REFERENCE_FOLDER, c->b->base, c->revision);
    for (size_t i = 0; i < c->count; i++)
        diff_words_row(&c->list[i]);
    diff_words_sum(c);
    if (c->rows == 0)
        return status_set(STATUS_NOTHING, "nothing was compared: no row of '%s' on either side",
                          c->b->only ? c->b->only : "*");
    const size_t failures = c->b->fail ? count_failures(c) : 0;
    if (failures > 0)
        return status_set(STATUS_OUTSIDE, "%zu rows are not what they were at %s", failures,
                          c->b->base);
    return STATUS_OK;
}

enum status verb_diff(struct bench *b)
{
    struct comparison c = {.b = b};
    const enum status status = answer(&c);

    for (size_t i = 0; i < c.pair_count; i++) {
        references_free(&c.pairs[i].old);
        references_free(&c.pairs[i].now);
    }
    return status;
}
