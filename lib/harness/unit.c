/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"

static void add_value(struct unit *u, const char *name, double value, double scale)
{
    const struct metric *m = metric_find(u->metrics, u->metric_count, name);
    struct unit_value *v;

    CHECK(m != NULL && !metric_is_family(name), "metric '%s' is not in the table of %s", name,
          u->id);
    CHECK(u->value_count < UNIT_METRICS, "more than %d metrics", UNIT_METRICS);
    CHECK(strlen(name) < UNIT_NAME, "metric name '%s' is too long", name);
    for (size_t i = 0; i < u->value_count; i++)
        CHECK(strcmp(u->values[i].name, name) != 0, "metric '%s' was emitted before", name);
    if (!isfinite(value) && u->refused == STATUS_OK) {
        u->refused = STATUS_CRASHED;
        snprintf(u->refusal, sizeof u->refusal, "metric %s is %g: not a finite number", name,
                 value);
    }
    v = &u->values[u->value_count++];
    snprintf(v->name, sizeof v->name, "%s", name);
    v->metric = m;
    v->value = value;
    v->scale = scale;
}

static void add_member(struct unit *u, const char *name, int index, double value, double scale)
{
    char full[UNIT_NAME];
    const int n = snprintf(full, sizeof full, "%s.%d", name, index);

    CHECK(index >= 0 && n > 0 && n < UNIT_NAME, "metric %s.%d", name, index);
    add_value(u, full, value, scale);
}

void emit(struct unit *u, const char *name, double value)
{
    add_value(u, name, value, 0);
}

void emit_at(struct unit *u, const char *name, int index, double value)
{
    add_member(u, name, index, value, 0);
}

void emit_rate(struct unit *u, const char *name, size_t wrong, size_t of)
{
    CHECK(wrong <= of, "%s: %zu wrong of %zu", name, wrong, of);
    add_value(u, name, (double)wrong / (double)of, (double)of);
}

void emit_rate_at(struct unit *u, const char *name, int index, size_t wrong, size_t of)
{
    CHECK(wrong <= of, "%s.%d: %zu wrong of %zu", name, index, wrong, of);
    add_member(u, name, index, (double)wrong / (double)of, (double)of);
}

void emit_scaled_at(struct unit *u, const char *name, int index, double value, double scale)
{
    add_member(u, name, index, value, scale);
}

void emit_conditioned(struct unit *u, const char *name, double value, double condition)
{
    add_value(u, name, value, condition);
}

struct curve *curve_open(struct unit *u, const char *name, const char *first, ...)
{
    const char *names[UNIT_COLUMNS];
    struct curve *c;
    va_list more;
    size_t n = 0;

    CHECK(u->curve_count < UNIT_CURVES, "more than %d curves", UNIT_CURVES);
    CHECK(strlen(name) < UNIT_NAME && strchr(name, '/') == NULL, "curve name '%s'", name);
    for (size_t i = 0; i < u->curve_count; i++)
        CHECK(strcmp(u->curves[i].name, name) != 0, "curve '%s' was opened before", name);
    va_start(more, first);
    for (const char *column = first; column != NULL; column = va_arg(more, const char *)) {
        CHECK(n < UNIT_COLUMNS, "curve %s has more than %d columns", name, UNIT_COLUMNS);
        names[n++] = column;
    }
    va_end(more);
    c = &u->curves[u->curve_count++];
    snprintf(c->name, sizeof c->name, "%s", name);
    c->columns = n;
    table_comment(&c->table, "format", "curve 1");
    table_comment(&c->table, "id", "%s", u->id);
    table_comment(&c->table, "cell", "%s", u->cell_name);
    table_comment(&c->table, "seed", "%llu", (unsigned long long)u->seed);
    table_column_names(&c->table, names, n);
    return c;
}

void curve_row(struct curve *c, const double *row)
{
    for (size_t i = 0; i < c->columns; i++)
        table_put_number(&c->table, row[i]);
}

enum status unit_diverged(struct unit *u, double step, double last_finite)
{
    u->diverged = 1;
    u->diverged_step = step;
    u->diverged_last = last_finite;
    return status_set(STATUS_DIVERGED, "diverged at step %g, last finite value %g", step,
                      last_finite);
}

enum status unit_complete(const struct unit *u)
{
    if (u->refused != STATUS_OK)
        return status_set(u->refused, "%s", u->refusal);
    for (size_t i = 0; i < u->metric_count && !u->diverged && !u->part; i++) {
        size_t found = 0;

        for (size_t k = 0; k < u->value_count; k++)
            found += u->values[k].metric == &u->metrics[i];
        if (found == 0)
            return status_set(STATUS_CRASHED, "metric %s was declared and not emitted",
                              u->metrics[i].name);
    }
    return STATUS_OK;
}

char *unit_folder(struct arena *mem, const char *id, enum profile profile, const char *data_kind,
                  const char *mode, const char *cell, uint64_t seed)
{
    return arena_text(mem, "%s/%s/%s-%s/%s/%llu", id, profile_name(profile), data_kind, mode, cell,
                      (unsigned long long)seed);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct unit_value *)a)->name, ((const struct unit_value *)b)->name);
}

static enum status save_metrics(struct unit *u, const char *path)
{
    static const char *const directions[] = {"none", "lower", "higher"};
    struct table_writer w = {0};
    enum status status;

    qsort(u->values, u->value_count, sizeof u->values[0], by_name);
    table_comment(&w, "format", "metrics 1");
    table_comment(&w, "id", "%s", u->id);
    table_comment(&w, "profile", "%s", profile_name(u->profile));
    table_comment(&w, "data", "%s", u->data_kind);
    table_comment(&w, "mode", "%s", u->mode);
    table_comment(&w, "cell", "%s", u->cell_name);
    table_comment(&w, "seed", "%llu", (unsigned long long)u->seed);
    table_comment(&w, "key", "%s", u->key);
    table_comment(&w, "status", "%s", u->diverged ? "diverged" : "ok");
    if (u->diverged) {
        table_comment(&w, "diverged.step", "%.17g", u->diverged_step);
        table_comment(&w, "diverged.last", "%.17g", u->diverged_last);
    }
    table_comment(&w, "rows", "%zu", u->value_count);
    table_columns(&w, "metric", "value", "unit", "direction", "scale", NULL);
    for (size_t i = 0; i < u->value_count; i++) {
        const struct unit_value *v = &u->values[i];

        table_put(&w, v->name);
        table_put_number(&w, v->value);
        table_put(&w, v->metric->unit);
        table_put(&w, directions[v->metric->direction]);
        table_put_number(&w, v->scale);
    }
    status = table_save(&w, path);
    table_writer_free(&w);
    return status;
}

static enum status save_into(struct unit *u, struct arena *mem, const char *folder,
                             struct provenance *made_by, struct provenance *run)
{
    TRY(file_make_folder(folder));
    TRY(save_metrics(u, arena_text(mem, "%s/metrics.tsv", folder)));
    if (u->curve_count > 0)
        TRY(file_make_folder(arena_text(mem, "%s/curves", folder)));
    for (size_t i = 0; i < u->curve_count; i++)
        TRY(table_save(&u->curves[i].table,
                       arena_text(mem, "%s/curves/%s.tsv", folder, u->curves[i].name)));
    TRY(provenance_save(made_by, arena_text(mem, "%s/provenance.tsv", folder)));
    return provenance_save(run, arena_text(mem, "%s/volatile.tsv", folder));
}

/* Where a unit goes, by way of which names. */
struct unit_paths {
    const char *final, *made, *old;
};

/* For file systems that cannot exchange: a kill after this and before the next rename loses the
 * unit. */
static enum status move_aside(const struct unit_paths *p)
{
    if (rename(p->final, p->old) != 0 && errno != ENOENT)
        return status_set(STATUS_IO, "%s: cannot be moved aside: %s", p->final, strerror(errno));
    return STATUS_OK;
}

/* An old folder and the new one change places in one step, so that there always is one. Another
 * process may do the same for the same unit at any moment: its bytes are the same. */
static enum status put_in_place(const struct unit_paths *p)
{
    const int exchanged =
        renameat2(AT_FDCWD, p->made, AT_FDCWD, p->final, RENAME_EXCHANGE) == 0;

    if (!exchanged && errno != ENOENT)
        TRY(move_aside(p));
    if (!exchanged && rename(p->made, p->final) != 0 && errno != ENOTEMPTY && errno != EEXIST) {
        const int reason = errno;

        if (rename(p->old, p->final) != 0 && errno != ENOENT)
            return status_set(STATUS_IO, "%s: cannot be moved back: %s", p->old, strerror(errno));
        return status_set(STATUS_IO, "%s: cannot be renamed into place: %s", p->made,
                          strerror(reason));
    }
    TRY(file_remove_folder(p->made)); /* the old one, or ours where another was quicker */
    return file_remove_folder(p->old);
}

/* p->made stays NULL until something may be there. */
static enum status save_guarded(struct unit *u, struct arena *mem, const char *out,
                                struct provenance *made_by, struct provenance *run,
                                struct unit_paths *p)
{
    if (arena_guard(mem))
        return STATUS_MEMORY;
    p->final = arena_text(mem, "%s/%s", out,
                          unit_folder(mem, u->id, u->profile, u->data_kind, u->mode, u->cell_name,
                                      u->seed));
    p->old = arena_text(mem, "%s.old-%ld", p->final, (long)getpid());
    p->made = arena_text(mem, "%s.tmp-%ld", p->final, (long)getpid());
    /* A killed process may have had this number. */
    if (file_exists(p->old))
        TRY(file_remove_folder(p->old));
    if (file_exists(p->made))
        TRY(file_remove_folder(p->made));
    TRY(save_into(u, mem, p->made, made_by, run));
    return put_in_place(p);
}

enum status unit_save(struct unit *u, const char *out, struct provenance *made_by,
                      struct provenance *run)
{
    struct arena mem = {0};
    struct unit_paths paths = {0};
    enum status status = save_guarded(u, &mem, out, made_by, run, &paths);

    if (status != STATUS_OK && paths.made != NULL) {
        char why[512];

        snprintf(why, sizeof why, "%s", status_message());
        (void)!file_remove_folder(paths.made);
        status = status_set(status, "%s", why);
    }
    arena_free(&mem);
    return status;
}

void unit_free(struct unit *u)
{
    for (size_t i = 0; i < u->curve_count; i++)
        table_writer_free(&u->curves[i].table);
    u->curve_count = 0;
}
