/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bless_values: the raw per-seed values behind desk's verdicts, <id>.seeds.tsv. */
#include <string.h>

#include "base/file.h"
#include "base/table.h"
#include "bless.h"

/* Rows of other profiles, modes and data in the stored file stay as they are. */
static enum status keep_other_values(struct blessing *a, struct table_writer *w,
                                     const char *const *names, size_t n)
{
    const char *path = reference_seeds(a->b, a->p);
    struct table t = {0};
    enum status status = STATUS_OK;

    if (!file_exists(path))
        return STATUS_OK;
    status = table_read(&t, path);
    for (size_t i = 0; status == STATUS_OK && i < t.row_count; i++) {
        const char *row[16] = {0};

        for (size_t k = 0; k < n && status == STATUS_OK; k++) {
            const int at = table_find(&t, names[k]);

            status = at < 0 ? status_set(STATUS_DATA, "%s: no column '%s'", path, names[k])
                            : STATUS_OK;
            row[k] = at < 0 ? "" : table_cell(&t, i, at);
        }
        if (status == STATUS_OK && (strcmp(row[0], profile_name(a->b->profile)) != 0 ||
                                    strcmp(row[1], mode_name(a->p->mode)) != 0 ||
                                    strcmp(row[2], a->p->data_kind) != 0))
            for (size_t k = 0; k < n; k++)
                table_put(w, row[k]);
    }
    table_free(&t);
    return status;
}

static void put_value(const struct blessing *a, struct table_writer *w, const char *cell,
                      uint64_t seed, const char *metric, double value, const char *unit,
                      double scale)
{
    table_put(w, profile_name(a->b->profile));
    table_put(w, mode_name(a->p->mode));
    table_put(w, a->p->data_kind);
    table_put(w, cell);
    table_put_count(w, (size_t)seed);
    table_put(w, metric);
    table_put_number(w, value);
    table_put(w, unit);
    table_put_number(w, scale);
}

enum status bless_values_save(struct blessing *a)
{
    static const char *const names[] = {"profile", "mode",  "data", "cell", "seed",
                                        "metric",  "value", "unit", "scale"};
    struct table_writer w = {0};
    enum status status;

    table_comment(&w, "format", "values 1");
    table_column_names(&w, names, 9);
    status = keep_other_values(a, &w, names, 9);
    for (size_t i = 0; i < a->results->unit_count; i++)
        if (a->results->units[i].diverged)
            put_value(a, &w, a->results->units[i].cell, a->results->units[i].seed, "diverged", 1,
                      "1", 0);
    for (size_t i = 0; i < a->results->count; i++) {
        const struct observation *o = &a->results->rows[i];

        put_value(a, &w, o->cell, o->seed, o->metric, o->value, o->unit, o->scale);
    }
    if (status == STATUS_OK)
        status = table_save(&w, reference_seeds(a->b, a->p));
    table_writer_free(&w);
    return status;
}
