/* SPDX-License-Identifier: GPL-3.0-or-later */
/* collect: what the units of a program measured, as tables over seeds. Each table is replaced as a
 * whole, and only where it changed, so that others may read or write the same ones.
 *
 * summary/metrics.tsv has one row a cell and metric. `n` values stand behind its mean, out of
 * `asked` seeds; `finite` of them come from units that did not diverge. A diverged unit counts with
 * the metric's worst outcome, by the rule of verdict.h. summary/<curve>.tsv joins the seeds of a
 * curve by abscissa, cell by cell, each in ascending order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/table.h"
#include "bench.h"
#include "harness/evidence.h"
#include "harness/results.h"
#include "linalg/stat.h"

#define SUMMARY_CONFIDENCE 0.95

const char *collect_folder(struct bench *b, const struct program *p)
{
    return arena_text(&b->mem, "%s/results/%s/%s/%s-%s/summary", b->build, p->id,
                      profile_name(b->profile), p->data_kind, mode_name(p->mode));
}

enum status collect_results(struct bench *b, const struct program *p, struct results *out)
{
    const char *root = arena_text(&b->mem, "%s/results", b->build);
    const enum status status =
        results_read(out, root, p->id, b->profile, p->data_kind, mode_name(p->mode), p->cells,
                     p->cell_count, p->seeds, p->seed_count);

    if (status == STATUS_DATA && strstr(status_message(), "run again") == NULL)
        return status_set(status, "%s; remove this unit's folder and run again", status_message());
    return status;
}

static void write_head(struct table_writer *w, const struct bench *b, const struct program *p,
                       const char *format)
{
    table_comment(w, "format", "%s", format);
    table_comment(w, "id", "%s", p->id);
    table_comment(w, "profile", "%s", profile_name(b->profile));
    table_comment(w, "data", "%s", p->data_kind);
    table_comment(w, "mode", "%s", mode_name(p->mode));
    table_comment(w, "interval", "%g of the mean over seeds", SUMMARY_CONFIDENCE);
}

/* ---- metrics ---- */

struct sample {
    double *values;           /* n of at most p->seed_count */
    size_t n, finite;
    const char *unit;
};

/* The member of the family that comes next after `index` in the cell, or NULL. */
static const char *next_member(const struct results *r, const char *family, const char *cell,
                               int index)
{
    const char *best = NULL;

    for (size_t i = 0; i < r->count; i++) {
        const struct observation *row = &r->rows[i];

        if (strcmp(row->cell, cell) == 0 && metric_index(family, row->metric) > index &&
            (best == NULL || metric_index(family, row->metric) < metric_index(family, best)))
            best = row->metric;
    }
    return best;
}

/* Where a metric has no direction only a claim could say what is worst. */
static double worst_value(const struct results *r, const struct metric *m)
{
    const int open = m->direction == NO_DIRECTION && !(m->worst < 0 || m->worst > 0);

    return open ? (double)NAN : evidence_worst(r, m, BELOW);
}

/* A diverged unit counts although it may have stopped before it could emit the metric. */
static void fill_sample(struct sample *s, const struct results *r, const struct metric *m,
                        const char *cell, const char *name)
{
    const double worst = worst_value(r, m);

    s->n = 0;
    s->unit = m->unit;
    for (size_t i = 0; i < r->count; i++) {
        const struct observation *row = &r->rows[i];

        if (strcmp(row->cell, cell) == 0 && strcmp(row->metric, name) == 0 &&
            !results_unit(r, cell, row->seed)->diverged)
            s->values[s->n++] = row->value;
    }
    s->finite = s->n;
    for (size_t i = 0; i < r->unit_count; i++)
        if (r->units[i].diverged && strcmp(r->units[i].cell, cell) == 0)
            s->values[s->n++] = worst;
}

static double extreme(const double *x, size_t n, int sign)
{
    double best = (double)NAN;

    if (n > 0)
        best = x[0];
    for (size_t i = 1; i < n; i++)
        if (isnan(x[i]) || sign * x[i] > sign * best)
            best = x[i];
    return best;
}

static void write_metric(struct table_writer *w, const struct program *p, const char *cell,
                         const char *name, const struct sample *s)
{
    const struct interval mean = stat_interval(s->values, s->n, SUMMARY_CONFIDENCE,
                                               p->r.deterministic);

    if (s->n == 0)
        return;
    table_put(w, cell);
    table_put(w, name);
    table_put(w, s->unit);
    table_put_count(w, s->n);
    table_put_number(w, mean.mean);
    table_put_number(w, mean.sd);
    table_put_number(w, mean.low);
    table_put_number(w, mean.high);
    table_put_number(w, extreme(s->values, s->n, -1));
    table_put_number(w, extreme(s->values, s->n, 1));
    table_put_count(w, p->seed_count);
    table_put_count(w, s->finite);
}

static void write_cell(struct table_writer *w, const struct program *p, const struct results *r,
                       const char *cell, struct sample *s)
{
    for (size_t k = 0; k < p->r.metric_count; k++) {
        const struct metric *m = &p->r.metrics[k];
        const char *name = metric_is_family(m->name) ? next_member(r, m->name, cell, -1) : m->name;

        while (name != NULL) {
            fill_sample(s, r, m, cell, name);
            write_metric(w, p, cell, name, s);
            name = metric_is_family(m->name)
                       ? next_member(r, m->name, cell, metric_index(m->name, name))
                       : NULL;
        }
    }
}

static enum status save_table(const struct table_writer *w, const char *path)
{
    CHECK(w->filled == 0, "the last row of %s has %zu of %zu cells", path, w->filled,
          w->column_count);
    TRY(text_ok(&w->text));
    return file_write_if_changed(path, text_get(&w->text), w->text.length);
}

static enum status save_metrics(struct bench *b, const struct program *p, const struct results *r,
                                const char *folder)
{
    struct table_writer w = {0};
    struct sample s = {.values = arena_get(&b->mem, r->unit_count, sizeof(double))};
    enum status status;

    write_head(&w, b, p, "metrics summary 1");
    table_columns(&w, "cell", "metric", "unit", "n", "mean", "sd", "low", "high", "min", "max",
                  "asked", "finite", NULL);
    for (size_t c = 0; c < p->cell_count; c++)
        write_cell(&w, p, r, p->cells[c], &s);
    status = save_table(&w, arena_text(&b->mem, "%s/metrics.tsv", folder));
    table_writer_free(&w);
    return status;
}

/* ---- curves ---- */

/* One row of one seed's curve. */
struct point {
    double x;
    size_t again;             /* how often the same seed had this abscissa before */
    size_t seed, row;
    const double *y;          /* column_count - 1 */
};

struct joined {
    struct arena mem;
    const char **columns;     /* column_count, as the units name them */
    size_t column_count;
    struct point *points;     /* count, of one cell */
    size_t count, capacity;
};

static int by_seed(const void *left, const void *right)
{
    const struct point *a = left, *b = right;

    if (a->seed != b->seed)
        return a->seed < b->seed ? -1 : 1;
    if (a->x < b->x || a->x > b->x)
        return a->x < b->x ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static int by_abscissa(const void *left, const void *right)
{
    const struct point *a = left, *b = right;

    if (a->x < b->x || a->x > b->x)
        return a->x < b->x ? -1 : 1;
    if (a->again != b->again)
        return a->again < b->again ? -1 : 1;
    return a->seed < b->seed ? -1 : a->seed > b->seed;
}

static int same_place(const struct point *a, const struct point *b)
{
    return !(a->x < b->x || a->x > b->x) && a->again == b->again;
}

/* The first table names the columns; all others must have the same. */
static enum status take_columns(struct joined *j, const struct table *t)
{
    if (j->columns == NULL) {
        j->column_count = t->column_count;
        j->columns = arena_get(&j->mem, t->column_count, sizeof *j->columns);
        for (size_t i = 0; i < t->column_count; i++)
            j->columns[i] = arena_text(&j->mem, "%s", t->columns[i]);
    }
    for (size_t i = 0; i < t->column_count || i < j->column_count; i++)
        if (i >= t->column_count || i >= j->column_count ||
            strcmp(t->columns[i], j->columns[i]) != 0)
            return status_set(STATUS_DATA, "%s: column %zu differs from the other seeds' of this "
                                           "curve: run the program again", t->path, i + 1);
    return STATUS_OK;
}

static void make_room(struct joined *j)
{
    if (j->count < j->capacity)
        return;
    j->capacity = j->capacity > 0 ? 2 * j->capacity : 256;
    struct point *more = arena_get(&j->mem, j->capacity, sizeof *more);
    if (j->count > 0)
        memcpy(more, j->points, j->count * sizeof *more);
    j->points = more;
}

static enum status take_rows(struct joined *j, const struct table *t, size_t seed)
{
    TRY(take_columns(j, t));
    for (size_t i = 0; i < t->row_count; i++) {
        double *y = arena_get(&j->mem, j->column_count, sizeof *y), x;

        TRY(table_number(t, i, 0, &x));
        if (!isfinite(x))
            return status_set(STATUS_DATA, "%s: row %zu: expected a finite abscissa, found %g: run "
                                           "the program again", t->path, i + 1, x);
        for (size_t c = 1; c < j->column_count; c++)
            TRY(table_number(t, i, (int)c, &y[c - 1]));
        make_room(j);
        j->points[j->count++] = (struct point){x, 0, seed, i, y};
    }
    return STATUS_OK;
}

static enum status join_cell(struct joined *j, struct bench *b, const struct program *p,
                             const char *cell, const char *curve)
{
    j->count = 0;
    for (size_t i = 0; i < p->unit_count; i++) {
        const struct planned *unit = &p->units[i];
        const char *path = arena_text(&b->mem, "%s/results/%s/curves/%s", b->build, unit->folder,
                                      curve);
        struct table t = {0};
        enum status status;

        if (strcmp(unit->cell, cell) != 0 || !file_exists(path))
            continue;
        status = table_read(&t, path);
        if (status == STATUS_OK)
            status = take_rows(j, &t, i);
        table_free(&t);
        TRY(status);
    }
    if (j->count > 0)
        qsort(j->points, j->count, sizeof *j->points, by_seed);
    for (size_t i = 1; i < j->count; i++)
        if (j->points[i].seed == j->points[i - 1].seed &&
            !(j->points[i].x > j->points[i - 1].x))
            j->points[i].again = j->points[i - 1].again + 1;
    if (j->count > 0)
        qsort(j->points, j->count, sizeof *j->points, by_abscissa);
    return STATUS_OK;
}

/* "loss [nat]", ".low" -> "loss.low [nat]". */
static const char *with_suffix(struct arena *mem, const char *column, const char *suffix)
{
    const char *unit = strstr(column, " [");
    const size_t n = unit != NULL ? (size_t)(unit - column) : strlen(column);

    return arena_text(mem, "%.*s%s%s", (int)n, column, suffix, unit != NULL ? unit : "");
}

static void write_curve_columns(struct table_writer *w, struct joined *j)
{
    const size_t most = 2 + 4 * j->column_count;
    const char **names = arena_get(&j->mem, most, sizeof *names);
    size_t n = 0;

    names[n++] = "cell";
    names[n++] = j->columns[0];
    for (size_t c = 1; c < j->column_count; c++) {
        const char *y = j->columns[c], *unit = strstr(y, " [");

        names[n++] = y;
        names[n++] = with_suffix(&j->mem, y, ".low");
        names[n++] = with_suffix(&j->mem, y, ".high");
        names[n++] = arena_text(&j->mem, "%.*s.n", unit != NULL ? (int)(unit - y) : (int)strlen(y),
                                y);
    }
    table_column_names(w, names, n);
}

/* One row for the seeds that share an abscissa: points first..end-1. */
static void write_point(struct table_writer *w, struct joined *j, const struct program *p,
                        const char *cell, size_t first, size_t end, double *values)
{
    table_put(w, cell);
    table_put_number(w, j->points[first].x);
    for (size_t c = 0; c + 1 < j->column_count; c++) {
        for (size_t i = first; i < end; i++)
            values[i - first] = j->points[i].y[c];
        const struct interval mean = stat_interval(values, end - first, SUMMARY_CONFIDENCE,
                                                   p->r.deterministic);
        table_put_number(w, mean.mean);
        table_put_number(w, mean.low);
        table_put_number(w, mean.high);
        table_put_count(w, end - first);
    }
}

static enum status write_curve(struct table_writer *w, struct joined *j, struct bench *b,
                               const struct program *p, const char *curve)
{
    for (size_t c = 0; c < p->cell_count; c++) {
        TRY(join_cell(j, b, p, p->cells[c], curve));
        if (w->column_count == 0 && j->columns != NULL)
            write_curve_columns(w, j);
        double *values = arena_get(&j->mem, j->count, sizeof *values);
        for (size_t first = 0, end; first < j->count; first = end) {
            end = first + 1;
            while (end < j->count && same_place(&j->points[first], &j->points[end]))
                end++;
            write_point(w, j, p, p->cells[c], first, end, values);
        }
    }
    return STATUS_OK;
}

/* A curve whose file no unit has any more (*saved stays 0) leaves none. */
static enum status save_curve(struct bench *b, const struct program *p, const char *folder,
                              const char *curve, int *saved)
{
    struct joined j = {0};
    struct table_writer w = {0};
    enum status status;

    write_head(&w, b, p, "curve summary 1");
    status = write_curve(&w, &j, b, p, curve);
    *saved = j.columns != NULL;
    if (status == STATUS_OK && *saved)
        status = save_table(&w, arena_text(&b->mem, "%s/%s", folder, curve));
    table_writer_free(&w);
    arena_free(&j.mem);
    return status;
}

static int is_known(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return 1;
    return 0;
}

/* The files of curves of all units, each named once. */
static enum status find_curves(struct bench *b, const struct program *p, const char **names,
                               size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < p->unit_count; i++) {
        char **files;
        size_t count;

        TRY(file_list(&b->mem, arena_text(&b->mem, "%s/results/%s/curves", b->build,
                                          p->units[i].folder), &files, &count));
        for (size_t k = 0; k < count; k++) {
            if (!text_matches("*.tsv", files[k]) || is_known(names, *n, files[k]))
                continue;
            if (*n >= UNIT_CURVES)
                return status_set(STATUS_DATA, "%s: more than %d curves: run it again", p->id,
                                  UNIT_CURVES);
            names[(*n)++] = files[k];
        }
    }
    return STATUS_OK;
}

/* Removes the tables that are none of these n; what is no table is not ours. */
static enum status remove_others(struct bench *b, const char *folder, const char *const *names,
                                 size_t n)
{
    char **found;
    size_t count;

    TRY(file_list(&b->mem, folder, &found, &count));
    for (size_t i = 0; i < count; i++)
        if (text_matches("*.tsv", found[i]) && !is_known(names, n, found[i]))
            TRY(file_remove_folder(arena_text(&b->mem, "%s/%s", folder, found[i])));
    return STATUS_OK;
}

static enum status save_summary(struct bench *b, const struct program *p, const struct results *r)
{
    const char *folder = collect_folder(b, p), *curves[UNIT_CURVES];
    const char *kept[1 + UNIT_CURVES] = {"metrics.tsv"};
    size_t n = 0, kept_count = 1;

    if (r->unit_count == 0)
        return status_set(STATUS_NOTHING, "%s has no results at %s: make reproduce ONLY=%s "
                                          "PROFILE=%s", p->id, profile_name(b->profile), p->id,
                          profile_name(b->profile));
    TRY(find_curves(b, p, curves, &n));
    TRY(file_make_folder(folder));
    TRY(save_metrics(b, p, r, folder));
    for (size_t i = 0; i < n; i++) {
        int saved;

        TRY(save_curve(b, p, folder, curves[i], &saved));
        if (saved)
            kept[kept_count++] = curves[i];
    }
    return remove_others(b, folder, kept, kept_count);
}

enum status collect_summary(struct bench *b, struct program *p)
{
    struct results r = {0};
    enum status status = STATUS_OK;

    CHECK(p->data_kind != NULL, "%s was not planned", p->id);
    status = collect_results(b, p, &r);
    if (status == STATUS_OK)
        status = save_summary(b, p, &r);
    results_free(&r);
    return status;
}
