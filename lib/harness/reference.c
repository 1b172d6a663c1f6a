/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/table.h"
#include "base/text.h"
#include "harness/tolerance.h"

enum { COLUMNS = 18 };
static const char *const columns[COLUMNS] = {
    "profile", "mode", "data", "cell", "seed", "metric", "scope", "value",  "unit",
    "class",   "tol",  "scale", "n",   "sd",   "source", "where", "verdict", "why"};

static const char *copied(struct references *r, const char *text)
{
    return arena_text(&r->mem, "%s", text != NULL ? text : "");
}

void references_add(struct references *r, const struct reference *row)
{
    struct reference *to;

    if (r->count == r->capacity) {
        const size_t wanted = r->capacity > 0 ? 2 * r->capacity : 64;
        struct reference *more = arena_get(&r->mem, wanted, sizeof *more);

        if (r->count > 0)
            memcpy(more, r->rows, r->count * sizeof *more);
        r->rows = more;
        r->capacity = wanted;
    }
    to = &r->rows[r->count++];
    *to = *row;
    to->profile = copied(r, row->profile);
    to->mode = copied(r, row->mode);
    to->data = copied(r, row->data);
    to->cell = copied(r, row->cell);
    to->seed = copied(r, row->seed);
    to->metric = copied(r, row->metric);
    to->scope = copied(r, row->scope);
    to->unit = copied(r, row->unit);
    to->class = copied(r, row->class);
    to->source = copied(r, row->source);
    to->where = copied(r, row->where);
    to->verdict = copied(r, row->verdict);
    to->why = copied(r, row->why);
}

/* An empty cell is 0. */
static enum status optional(const struct table *t, size_t row, int column, double *out)
{
    *out = 0;
    return table_cell(t, row, column)[0] == '\0' ? STATUS_OK : table_number(t, row, column, out);
}

static enum status add_row(struct references *r, const struct table *t, size_t i, const int *at)
{
#define TEXT(k) table_cell(t, i, at[k])
    struct reference row = {
        .profile = TEXT(0), .mode = TEXT(1), .data = TEXT(2), .cell = TEXT(3), .seed = TEXT(4),
        .metric = TEXT(5), .scope = TEXT(6), .unit = TEXT(8), .class = TEXT(9), .source = TEXT(14),
        .where = TEXT(15), .verdict = TEXT(16), .why = TEXT(17)};

    TRY(optional(t, i, at[7], &row.value));
    TRY(optional(t, i, at[10], &row.tol));
    TRY(optional(t, i, at[11], &row.scale));
    TRY(optional(t, i, at[12], &row.n));
    TRY(optional(t, i, at[13], &row.sd));
    if (strcmp(row.scope, "claim") != 0 && tolerance_find(row.class) < 0)
        return status_set(STATUS_DATA, "%s: row %zu: no tolerance class '%s'", t->path, i + 1,
                          row.class);
    if (!isfinite(row.value) && strcmp(row.scope, "claim") != 0)
        return status_set(STATUS_DATA, "%s: row %zu: the reference of %s is not finite", t->path,
                          i + 1, row.metric);
    if (!(row.tol >= 0) || (row.tol > 0 && row.why[0] == '\0'))
        return status_set(STATUS_DATA, "%s: row %zu: a tolerance of its own needs a positive "
                                       "number and a reason (why)", t->path, i + 1);
    references_add(r, &row);
    return STATUS_OK;
#undef TEXT
}

static enum status read_rows(struct references *r, const struct table *t)
{
    int at[COLUMNS];

    for (int k = 0; k < COLUMNS; k++) {
        at[k] = table_find(t, columns[k]);
        if (at[k] < 0)
            return status_set(STATUS_DATA, "%s: expected a column '%s', found none: compare with "
                                           "another file in that folder", t->path, columns[k]);
    }
    for (size_t i = 0; i < t->row_count; i++)
        TRY(add_row(r, t, i, at));
    return STATUS_OK;
}

static enum status read_guarded(struct references *r, const struct table *t)
{
    enum status status;

    if (arena_guard(&r->mem))
        return STATUS_MEMORY;
    status = read_rows(r, t);
    arena_unguard(&r->mem);
    return status;
}

enum status references_read(struct references *r, const char *path, int *found)
{
    struct table t = {0};
    enum status status;

    *found = file_exists(path);
    if (!*found)
        return STATUS_OK;
    status = table_read(&t, path);
    if (status == STATUS_OK)
        status = read_guarded(r, &t);
    table_free(&t);
    return status;
}

int reference_is_ours(const struct reference *row, const char *profile, const char *mode,
                      const char *data)
{
    return strcmp(row->source, "ours") == 0 && strcmp(row->profile, profile) == 0 &&
           strcmp(row->mode, mode) == 0 && strcmp(row->data, data) == 0;
}

void references_drop(struct references *r, const char *profile, const char *mode, const char *data)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->count; i++)
        if (!reference_is_ours(&r->rows[i], profile, mode, data))
            r->rows[kept++] = r->rows[i];
    r->count = kept;
}

const struct reference *references_find(const struct references *r, const struct reference *like)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct reference *row = &r->rows[i];

        if (strcmp(row->metric, like->metric) == 0 && strcmp(row->seed, like->seed) == 0 &&
            strcmp(row->cell, like->cell) == 0 && strcmp(row->scope, like->scope) == 0 &&
            strcmp(row->profile, like->profile) == 0 && strcmp(row->mode, like->mode) == 0 &&
            strcmp(row->data, like->data) == 0)
            return row;
    }
    return NULL;
}

static int in_order(const void *a, const void *b)
{
    const struct reference *p = a, *q = b;
    const char *const x[] = {p->profile, p->data, p->mode, p->scope, p->cell};
    const char *const y[] = {q->profile, q->data, q->mode, q->scope, q->cell};

    for (int i = 0; i < 5; i++)
        if (strcmp(x[i], y[i]) != 0)
            return strcmp(x[i], y[i]);
    if (atoi(p->seed) != atoi(q->seed))
        return atoi(p->seed) < atoi(q->seed) ? -1 : 1;
    return strcmp(p->metric, q->metric);
}

static void put_optional(struct table_writer *w, double value)
{
    if (value < 0 || value > 0)
        table_put_number(w, value);
    else
        table_put(w, "");
}

enum status references_save(struct references *r, const char *path)
{
    struct table_writer w = {0};
    enum status status;

    if (r->count > 0)
        qsort(r->rows, r->count, sizeof *r->rows, in_order);
    table_comment(&w, "format", "references 1");
    table_column_names(&w, columns, COLUMNS);
    for (size_t i = 0; i < r->count; i++) {
        const struct reference *row = &r->rows[i];
        const char *const before[] = {row->profile, row->mode,   row->data, row->cell,
                                      row->seed,    row->metric, row->scope};
        const char *const after[] = {row->source, row->where, row->verdict, row->why};

        for (int k = 0; k < 7; k++)
            table_put(&w, before[k]);
        table_put_number(&w, row->value);
        table_put(&w, row->unit);
        table_put(&w, row->class);
        put_optional(&w, row->tol);
        put_optional(&w, row->scale);
        put_optional(&w, row->n);
        put_optional(&w, row->sd);
        for (int k = 0; k < 4; k++)
            table_put(&w, after[k]);
    }
    status = table_save(&w, path);
    table_writer_free(&w);
    return status;
}

void references_free(struct references *r)
{
    arena_free(&r->mem);
    *r = (struct references){0};
}
