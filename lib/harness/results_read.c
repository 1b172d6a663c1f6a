/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/results.h"

#include <math.h>
#include <string.h>

#include "base/file.h"

/* Where a unit's folder lies, so what it has to say of itself; all NULL: anything. */
struct place {
    const char *id, *profile, *data, *mode, *cell, *seed;
};

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

static enum status need_place(const struct table *t, const struct place *place)
{
    static const char *const keys[] = {"id", "profile", "data", "mode", "cell", "seed"};
    const char *const wanted[] = {place->id,   place->profile, place->data,
                                  place->mode, place->cell,    place->seed};

    for (size_t i = 0; i < 6; i++) {
        const char *found = table_key(t, keys[i]);

        if (found == NULL || (wanted[i] != NULL && strcmp(found, wanted[i]) != 0))
            return status_set(STATUS_DATA, "%s: expected %s '%s' in its head, found '%s': remove "
                              "the folder and run again", t->path, keys[i],
                              wanted[i] != NULL ? wanted[i] : "...", found != NULL ? found : "");
    }
    return STATUS_OK;
}

/* One row, unless it is there already or its value is no number to compare. */
static enum status add_row(struct results *r, const struct table *t, size_t at, const char *cell,
                           uint64_t seed, const int columns[4])
{
    const char *metric = table_cell(t, at, columns[0]);
    double value, scale;

    TRY(table_number(t, at, columns[1], &value));
    TRY(table_number(t, at, columns[3], &scale));
    if (!isfinite(value))
        return status_set(STATUS_DATA, "%s: row %zu: expected a finite value of %s, found '%s'",
                          t->path, at + 1, metric, table_cell(t, at, columns[1]));
    if (results_has(r, cell, seed, metric))
        return status_set(STATUS_DATA, "%s: row %zu: expected each metric once, found %s of %s, "
                          "seed %llu again", t->path, at + 1, metric, cell,
                          (unsigned long long)seed);
    results_add(r, cell, seed, metric, table_cell(t, at, columns[2]), value, scale);
    return STATUS_OK;
}

int results_read_complete(const struct table *t)
{
    const char *rows = table_key(t, "rows");
    int64_t count;

    return rows == NULL || (text_to_int(rows, "rows", 0, INT64_MAX, &count) == STATUS_OK &&
                            (size_t)count == t->row_count);
}

static enum status add_rows(struct results *r, const struct table *t, const struct place *place)
{
    static const char *const names[] = {"metric", "value", "unit", "scale"};
    const char *format = table_key(t, "format"), *cell = table_key(t, "cell");
    const char *key = table_key(t, "key"), *outcome = table_key(t, "status");
    int columns[4], diverged;
    int64_t seed;

    if (format == NULL || strcmp(format, "metrics 1") != 0 || key == NULL || outcome == NULL)
        return status_set(STATUS_DATA, "%s: expected format 'metrics 1', key and status in its "
                          "head: remove the folder and run again", t->path);
    if (!results_read_complete(t))
        return status_set(STATUS_DATA, "%s: expected %s rows, found %zu: remove the folder and run "
                          "again", t->path, table_key(t, "rows"), t->row_count);
    TRY(need_place(t, place));
    diverged = strcmp(outcome, "diverged") == 0;
    if (!diverged && strcmp(outcome, "ok") != 0)
        return status_set(STATUS_DATA, "%s: expected the status 'ok' or 'diverged', found '%s'",
                          t->path, outcome);
    if (text_to_int(table_key(t, "seed"), "seed", 0, INT64_MAX, &seed) != STATUS_OK)
        return status_set(STATUS_DATA, "%s: expected a seed, found '%s'", t->path,
                          table_key(t, "seed"));
    TRY(need_columns(t, names, columns, 4));
    if (results_unit(r, cell, (uint64_t)seed) != NULL)
        return status_set(STATUS_DATA, "%s: %s, seed %lld was read before", t->path, cell,
                          (long long)seed);
    results_add_unit(r, cell, (uint64_t)seed, key, diverged);
    for (size_t i = 0; i < t->row_count; i++)
        TRY(add_row(r, t, i, cell, (uint64_t)seed, columns));
    return STATUS_OK;
}

static enum status add_guarded(struct results *r, const struct table *t, const struct place *place)
{
    enum status status;

    if (arena_guard(&r->mem))
        return STATUS_MEMORY;
    status = add_rows(r, t, place);
    arena_unguard(&r->mem);
    return status;
}

static enum status read_unit(struct results *r, const char *folder, const struct place *place)
{
    struct text path = {0};
    struct table t = {0};
    enum status status;

    text_add(&path, "%s/metrics.tsv", folder);
    status = text_ok(&path);
    if (status == STATUS_OK)
        status = table_read(&t, text_get(&path));
    if (status == STATUS_OK)
        status = add_guarded(r, &t, place);
    table_free(&t);
    text_free(&path);
    return status;
}

enum status results_read_unit(struct results *r, const char *folder)
{
    return read_unit(r, folder, &(struct place){0});
}

static enum status read_at(struct results *r, struct arena *names, const char *root,
                           const struct place *where, enum profile profile, uint64_t seed)
{
    struct place place = *where;
    const char *folder;

    if (arena_guard(names))
        return STATUS_MEMORY;
    place.profile = profile_name(profile);
    place.seed = arena_text(names, "%llu", (unsigned long long)seed);
    folder = arena_text(names, "%s/%s", root,
                        unit_folder(names, place.id, profile, place.data, place.mode, place.cell,
                                    seed));
    arena_unguard(names);
    return file_is_folder(folder) ? read_unit(r, folder, &place) : STATUS_OK;
}

enum status results_read(struct results *r, const char *root, const char *id, enum profile profile,
                         const char *data_kind, const char *mode, const char *const *cells,
                         size_t cell_count, const uint64_t *seeds, size_t seed_count)
{
    struct arena names = {0};
    enum status status = STATUS_OK;

    for (size_t i = 0; i < cell_count * seed_count && status == STATUS_OK; i++) {
        const struct place place = {.id = id, .data = data_kind, .mode = mode,
                                    .cell = cells[i / seed_count]};

        status = read_at(r, &names, root, &place, profile, seeds[i % seed_count]);
    }
    arena_free(&names);
    return status;
}

/* Says of the unit, which may be new, that it diverged. */
static void add_stored_unit(struct results *r, const char *cell, uint64_t seed, int diverged)
{
    const struct outcome *unit = results_unit(r, cell, seed);

    if (unit == NULL)
        results_add_unit(r, cell, seed, "", diverged);
    else if (diverged)
        r->units[unit - r->units].diverged = 1;
}

static enum status add_stored(struct results *r, const struct table *t, enum profile profile,
                              const char *data_kind, const char *mode)
{
    static const char *const names[] = {"metric", "value", "unit", "scale", "profile",
                                        "mode",   "data",  "cell", "seed"};
    int columns[9];

    TRY(need_columns(t, names, columns, 9));
    for (size_t i = 0; i < t->row_count; i++) {
        const char *cell = table_cell(t, i, columns[7]), *number = table_cell(t, i, columns[8]);
        const int diverged = strcmp(table_cell(t, i, columns[0]), "diverged") == 0;
        int64_t seed;

        if (strcmp(table_cell(t, i, columns[4]), profile_name(profile)) != 0 ||
            strcmp(table_cell(t, i, columns[5]), mode) != 0 ||
            strcmp(table_cell(t, i, columns[6]), data_kind) != 0)
            continue;
        if (text_to_int(number, "seed", 0, INT64_MAX, &seed) != STATUS_OK)
            return status_set(STATUS_DATA, "%s: row %zu: expected a seed, found '%s'", t->path,
                              i + 1, number);
        add_stored_unit(r, cell, (uint64_t)seed, diverged);
        if (!diverged)
            TRY(add_row(r, t, i, cell, (uint64_t)seed, columns));
    }
    return STATUS_OK;
}

static enum status add_stored_guarded(struct results *r, const struct table *t,
                                      enum profile profile, const char *data_kind, const char *mode)
{
    enum status status;

    if (arena_guard(&r->mem))
        return STATUS_MEMORY;
    status = add_stored(r, t, profile, data_kind, mode);
    arena_unguard(&r->mem);
    return status;
}

enum status results_read_stored(struct results *r, const char *path, enum profile profile,
                                const char *data_kind, const char *mode)
{
    struct table t = {0};
    enum status status = table_read(&t, path);

    if (status == STATUS_OK)
        status = add_stored_guarded(r, &t, profile, data_kind, mode);
    table_free(&t);
    return status;
}
