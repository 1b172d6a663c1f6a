/* SPDX-License-Identifier: GPL-3.0-or-later */
/* collect: what the units of a program measured, as tables over seeds. Each table is replaced as a
 * whole, and only where it changed, so that others may read or write the same ones.
 *
 * summary/metrics.tsv has one row a cell and metric. `n` values stand behind its mean, out of
 * `asked` seeds; `finite` of them come from units that did not diverge. A diverged unit counts with
 * the metric's worst outcome, by the rule of verdict.h. summary/<curve>.tsv joins the seeds of a
 * curve by abscissa, cell by cell, each in ascending order. */
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "collect_parts.h"
#include "harness/evidence.h"
#include "harness/results.h"
#include "linalg/stat.h"

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

void collect_head(struct table_writer *w, const struct bench *b, const struct program *p,
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

enum status collect_save(const struct table_writer *w, const char *path)
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

    collect_head(&w, b, p, "metrics summary 1");
    table_columns(&w, "cell", "metric", "unit", "n", "mean", "sd", "low", "high", "min", "max",
                  "asked", "finite", NULL);
    for (size_t c = 0; c < p->cell_count; c++)
        write_cell(&w, p, r, p->cells[c], &s);
    status = collect_save(&w, arena_text(&b->mem, "%s/metrics.tsv", folder));
    table_writer_free(&w);
    return status;
}

/* ---- the summary ---- */

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

        TRY(collect_curves_save(b, p, folder, curves[i], &saved));
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
