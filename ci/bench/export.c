/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export: verdicts and metrics of the results that are there, for papers and for other programs.
 *
 *   csv        verdicts.csv, metrics.csv    RFC 4180, 17 digits
 *   markdown   verdicts.md, metrics.md      tables, numbers by the rule of quote.h
 *   json       results.json                 what is not finite is null
 *   latex      verdicts.tex, metrics.tex, numbers.tex
 *
 * The files go to <build>/export or to --out, each in one step. Like the report they name every
 * claim, also of programs without results, and say profile and data. */
#include "export.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "programs.h"

/* ---- gathering ---- */

static void count_units(struct bench *b, struct exported *e)
{
    for (size_t i = 0; i < e->p->unit_count; i++) {
        const struct planned *unit = &e->p->units[i];
        const int there = file_is_folder(arena_text(&b->mem, "%s/results/%s", b->build,
                                                    unit->folder));
        e->missing += !there;
        e->stale += there && !unit->fresh;
    }
}

static enum status gather(struct bench *b, struct exported *e, enum status planned,
                          const char *words)
{
    struct program *p = e->p;

    e->not_run = planned != STATUS_OK ? words : "no results";
    if (planned != STATUS_OK)
        return STATUS_OK;
    TRY(collect_results(b, p, &e->results));
    if (e->results.unit_count == 0)
        return STATUS_OK;
    e->not_run = NULL;
    count_units(b, e);
    e->verdicts = arena_get(&b->mem, p->r.claim_count, sizeof *e->verdicts);
    for (size_t i = 0; i < p->r.claim_count; i++)
        TRY(verdict_judge(&e->verdicts[i], &p->r.claims[i], &p->r, b->profile, p->data_kind,
                          &e->results, p->seeds, p->seed_count));
    TRY(collect_summary(b, p));
    return table_read(&e->metrics, arena_text(&b->mem, "%s/metrics.tsv", collect_folder(b, p)));
}

/* A program that ran on stand-ins is never hidden behind one that ran on published data. */
static const char *all_data(const struct export *x)
{
    int real = 0, stand_in = 0;

    for (size_t i = 0; i < x->count; i++) {
        const struct exported *e = &x->programs[i];
        real |= e->not_run == NULL && strcmp(e->p->data_kind, "real") == 0;
        stand_in |= e->not_run == NULL && strcmp(e->p->data_kind, "stand-in") == 0;
    }
    return real && stand_in ? "real, stand-in" : real ? "real" : stand_in ? "stand-in" : "none";
}

static enum status gather_all(struct export *x)
{
    struct bench *b = x->b;
    enum status *planned = arena_get(&b->mem, b->program_count, sizeof *planned);
    const char **words = arena_get(&b->mem, b->program_count, sizeof *words);
    size_t ran = 0;

    TRY(programs_plan(b, planned, words));
    for (size_t i = 0; i < x->count; i++) {
        x->programs[i].p = &b->programs[i];
        TRY(gather(b, &x->programs[i], planned[i], words[i]));
        ran += x->programs[i].not_run == NULL;
        x->stale += x->programs[i].stale;
    }
    x->data = all_data(x);
    for (size_t i = 0; i < x->count && x->interval == NULL; i++)
        x->interval = table_key(&x->programs[i].metrics, "interval");
    if (ran == 0)
        return status_set(STATUS_NOTHING, "no results at %s to export: make reproduce PROFILE=%s",
                          profile_name(b->profile), profile_name(b->profile));
    return STATUS_OK;
}

/* ---- what the formats share ---- */

enum status export_save(const struct export *x, const char *name, struct text *t,
                        enum status status)
{
    const char *path = arena_text(&x->b->mem, "%s/%s", x->folder, name);

    if (status == STATUS_OK)
        status = text_ok(t);
    if (status == STATUS_OK)
        status = file_write(path, text_get(t), t->length);
    text_free(t);
    return status;
}

static enum status number_at(const struct table *t, size_t row, const char *column, double *out)
{
    const int at = table_find(t, column);

    if (at < 0)
        return status_set(STATUS_DATA, "%s: column %s is missing: run the program again", t->path,
                          column);
    return table_number(t, row, at, out);
}

enum status export_metric(const struct exported *e, size_t row, struct measured *out)
{
    const struct table *t = &e->metrics;
    const int cell = table_find(t, "cell"), metric = table_find(t, "metric");
    const int unit = table_find(t, "unit");
    double n, asked, finite;

    if (cell < 0 || metric < 0 || unit < 0)
        return status_set(STATUS_DATA, "%s: expected columns cell, metric and unit: run the "
                                       "program again", t->path);
    *out = (struct measured){.cell = table_cell(t, row, cell),
                             .metric = table_cell(t, row, metric),
                             .unit = table_cell(t, row, unit)};
    TRY(number_at(t, row, "n", &n));
    TRY(number_at(t, row, "asked", &asked));
    TRY(number_at(t, row, "finite", &finite));
    TRY(number_at(t, row, "mean", &out->mean.mean));
    TRY(number_at(t, row, "sd", &out->sd));
    TRY(number_at(t, row, "low", &out->mean.low));
    TRY(number_at(t, row, "high", &out->mean.high));
    out->n = out->mean.n = (size_t)n;
    out->asked = (size_t)asked;
    out->finite = (size_t)finite;
    out->mean.error = out->sd / sqrt(n);
    return STATUS_OK;
}

struct verdict export_verdict(const struct exported *e, size_t i)
{
    const double none = (double)NAN;
    struct verdict v = {.word = NOT_TESTED, .interval = {0, none, none, none, none}};

    if (e->verdicts != NULL)
        return e->verdicts[i];
    snprintf(v.why, sizeof v.why, "%s", e->not_run);
    return v;
}

const char *export_data(const struct exported *e)
{
    return e->p->r.data == NULL ? "none" : e->p->data_kind != NULL ? e->p->data_kind : "";
}

/* ---- the verb ---- */

static const struct format {
    const char *name, *files;
    enum status (*write)(const struct export *x);
} formats[] = {
    {"latex", "verdicts.tex, metrics.tex and numbers.tex", export_latex},
    {"csv", "verdicts.csv and metrics.csv", export_csv},
    {"markdown", "verdicts.md and metrics.md", export_markdown},
    {"json", "results.json", export_json},
};

enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

static enum status find_format(const char *name, const struct format **out)
{
    const char *names[FORMAT_COUNT], *near;

    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        names[i] = formats[i].name;
        *out = &formats[i];
        if (name != NULL && strcmp(name, formats[i].name) == 0)
            return STATUS_OK;
    }
    near = text_nearest(name != NULL ? name : "", names, FORMAT_COUNT);
    return status_set(STATUS_USAGE, "no format '%s'%s%s%s: there are latex, csv, markdown and json",
                      name != NULL ? name : "", near != NULL ? ", did you mean '" : "",
                      near != NULL ? near : "", near != NULL ? "'" : "");
}

static enum status export_all(struct export *x, const struct format *format)
{
    TRY(gather_all(x));
    TRY(file_make_folder(x->folder));
    TRY(format->write(x));
    if (!x->b->quiet)
        printf("export: %s in %s\n", format->files, x->folder);
    for (size_t i = 0; i < x->count; i++)
        if (x->programs[i].stale > 0)
            fprintf(stderr, "export: %s: %zu of its results come from an earlier program, data set "
                            "or argument: make reproduce\n", x->programs[i].p->id,
                    x->programs[i].stale);
    return STATUS_OK;
}

enum status verb_export(struct bench *b)
{
    struct export x = {.b = b};
    const struct format *format;
    enum status status;

    TRY(find_format(b->format, &format));
    TRY(programs_find(b));
    x.folder = b->out != NULL && b->out[0] != '\0' ? b->out
                                                   : arena_text(&b->mem, "%s/export", b->build);
    x.count = b->program_count;
    x.programs = arena_get(&b->mem, x.count, sizeof *x.programs);
    status = export_all(&x, format);
    for (size_t i = 0; i < x.count; i++) {
        results_free(&x.programs[i].results);
        table_free(&x.programs[i].metrics);
    }
    return status;
}
