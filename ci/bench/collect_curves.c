/* SPDX-License-Identifier: GPL-3.0-or-later */
/* collect_curves: the seeds of a curve joined by abscissa, cell by cell, in ascending order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "collect_parts.h"
#include "linalg/stat.h"

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

enum status collect_curves_save(struct bench *b, const struct program *p, const char *folder,
                                const char *curve, int *saved)
{
    struct joined j = {0};
    struct table_writer w = {0};
    enum status status;

    collect_head(&w, b, p, "curve summary 1");
    status = write_curve(&w, &j, b, p, curve);
    *saved = j.columns != NULL;
    if (status == STATUS_OK && *saved)
        status = collect_save(&w, arena_text(&b->mem, "%s/%s", folder, curve));
    table_writer_free(&w);
    arena_free(&j.mem);
    return status;
}
