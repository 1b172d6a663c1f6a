/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/table.h"

/* Doubles an arena-held array when it is full. */
static void *room(struct arena *mem, void *old, size_t count, size_t *capacity, size_t size)
{
    void *more;

    if (count < *capacity)
        return old;
    *capacity = *capacity > 0 ? 2 * *capacity : 64;
    more = arena_get(mem, *capacity, size);
    if (count > 0)
        memcpy(more, old, count * size);
    return more;
}

void results_add(struct results *r, const char *cell, uint64_t seed, const char *metric,
                 const char *unit, double value, double scale)
{
    r->rows = room(&r->mem, r->rows, r->count, &r->capacity, sizeof *r->rows);
    r->rows[r->count++] = (struct observation){arena_text(&r->mem, "%s", cell), seed,
                                               arena_text(&r->mem, "%s", metric),
                                               arena_text(&r->mem, "%s", unit), value, scale};
}

void results_add_unit(struct results *r, const char *cell, uint64_t seed, const char *key,
                      int diverged)
{
    r->units = room(&r->mem, r->units, r->unit_count, &r->unit_capacity, sizeof *r->units);
    r->units[r->unit_count++] = (struct outcome){arena_text(&r->mem, "%s", cell), seed,
                                                 arena_text(&r->mem, "%s", key), diverged};
}

static enum status need_columns(const struct table *t, const char *const *names, int *columns,
                                size_t n)
{
    for (size_t i = 0; i < n; i++) {
        columns[i] = table_find(t, names[i]);
        if (columns[i] < 0)
            return status_set(STATUS_DATA, "%s: expected a column '%s', found none", t->path,
                              names[i]);
    }
    return STATUS_OK;
}

static enum status add_table(struct results *r, const struct table *t)
{
    static const char *const names[] = {"metric", "value", "unit", "scale"};
    const char *cell = table_key(t, "cell"), *seed_text = table_key(t, "seed");
    const char *key = table_key(t, "key"), *outcome = table_key(t, "status");
    int columns[4];
    int64_t seed;

    if (cell == NULL || seed_text == NULL || key == NULL || outcome == NULL)
        return status_set(STATUS_DATA, "%s: expected cell, seed, key and status in its head: "
                                       "remove the folder and run again", t->path);
    TRY(text_to_int(seed_text, "seed", 0, INT64_MAX, &seed));
    TRY(need_columns(t, names, columns, 4));
    results_add_unit(r, cell, (uint64_t)seed, key, strcmp(outcome, "diverged") == 0);
    for (size_t i = 0; i < t->row_count; i++) {
        double value, scale;

        TRY(table_number(t, i, columns[1], &value));
        TRY(table_number(t, i, columns[3], &scale));
        results_add(r, cell, (uint64_t)seed, table_cell(t, i, columns[0]),
                    table_cell(t, i, columns[2]), value, scale);
    }
    return STATUS_OK;
}

enum status results_read_unit(struct results *r, const char *folder)
{
    struct table t = {0};
    enum status status = table_read(&t, arena_text(&r->mem, "%s/metrics.tsv", folder));

    if (status == STATUS_OK)
        status = add_table(r, &t);
    table_free(&t);
    return status;
}

enum status results_read(struct results *r, const char *root, const char *id, enum profile profile,
                         const char *data_kind, const char *mode, const char *const *cells,
                         size_t cell_count, const uint64_t *seeds, size_t seed_count)
{
    for (size_t c = 0; c < cell_count; c++)
        for (size_t s = 0; s < seed_count; s++) {
            const char *folder = arena_text(&r->mem, "%s/%s", root,
                                            unit_folder(&r->mem, id, profile, data_kind, mode,
                                                        cells[c], seeds[s]));
            if (file_is_folder(folder))
                TRY(results_read_unit(r, folder));
        }
    return STATUS_OK;
}

static enum status add_stored(struct results *r, const struct table *t, enum profile profile,
                              const char *data_kind, const char *mode)
{
    static const char *const names[] = {"profile", "mode",  "data", "cell", "seed",
                                        "metric",  "value", "unit", "scale"};
    int columns[9];

    TRY(need_columns(t, names, columns, 9));
    for (size_t i = 0; i < t->row_count; i++) {
        const char *cell = table_cell(t, i, columns[3]), *metric = table_cell(t, i, columns[5]);
        double value, scale;
        int64_t seed;

        if (strcmp(table_cell(t, i, columns[0]), profile_name(profile)) != 0 ||
            strcmp(table_cell(t, i, columns[1]), mode) != 0 ||
            strcmp(table_cell(t, i, columns[2]), data_kind) != 0)
            continue;
        TRY(text_to_int(table_cell(t, i, columns[4]), "seed", 0, INT64_MAX, &seed));
        TRY(table_number(t, i, columns[6], &value));
        TRY(table_number(t, i, columns[8], &scale));
        if (results_unit(r, cell, (uint64_t)seed) == NULL)
            results_add_unit(r, cell, (uint64_t)seed, "", strcmp(metric, "diverged") == 0);
        if (strcmp(metric, "diverged") != 0)
            results_add(r, cell, (uint64_t)seed, metric, table_cell(t, i, columns[7]), value,
                        scale);
    }
    return STATUS_OK;
}

enum status results_read_stored(struct results *r, const char *path, enum profile profile,
                                const char *data_kind, const char *mode)
{
    struct table t = {0};
    enum status status = table_read(&t, path);

    if (status == STATUS_OK)
        status = add_stored(r, &t, profile, data_kind, mode);
    table_free(&t);
    return status;
}

double results_value(const struct results *r, const char *cell, uint64_t seed, const char *metric)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->rows[i].seed == seed && strcmp(r->rows[i].metric, metric) == 0 &&
            strcmp(r->rows[i].cell, cell) == 0)
            return r->rows[i].value;
    return NAN;
}

const struct outcome *results_unit(const struct results *r, const char *cell, uint64_t seed)
{
    for (size_t i = 0; i < r->unit_count; i++)
        if (r->units[i].seed == seed && strcmp(r->units[i].cell, cell) == 0)
            return &r->units[i];
    return NULL;
}

void results_free(struct results *r)
{
    arena_free(&r->mem);
    *r = (struct results){0};
}
