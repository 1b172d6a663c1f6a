/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report: judges every claim from the results that are there and writes
 *
 *   <build>/report/index.html     one page for people, with nothing outside it
 *   <build>/report/verdicts.tsv   the same verdicts for other programs: one row a claim, those of
 *                                 programs without results too */
#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "figures.h"
#include "programs.h"
#include "report_page.h"

enum { MOST_SVG = 64 << 20 };

/* ---- gathering ---- */

static void count_units(struct bench *b, struct chapter *c)
{
    for (size_t i = 0; i < c->p->unit_count; i++) {
        const struct planned *unit = &c->p->units[i];
        const int there = file_is_folder(arena_text(&b->mem, "%s/results/%s", b->build,
                                                    unit->folder));
        c->missing += !there;
        c->stale += there && !unit->fresh;
    }
}

static enum status judge_claims(struct bench *b, struct chapter *c)
{
    const struct program *p = c->p;

    c->verdicts = arena_get(&b->mem, p->r.claim_count, sizeof *c->verdicts);
    for (size_t i = 0; i < p->r.claim_count; i++)
        TRY(verdict_judge(&c->verdicts[i], &p->r.claims[i], &p->r, b->profile, p->data_kind,
                          &c->results, p->seeds, p->seed_count));
    return STATUS_OK;
}

/* The provenance of the first unit that is there. */
static enum status read_provenance(struct bench *b, struct chapter *c)
{
    for (size_t i = 0; i < c->p->unit_count; i++) {
        const char *path = arena_text(&b->mem, "%s/results/%s/provenance.tsv", b->build,
                                      c->p->units[i].folder);
        if (file_exists(path))
            return table_read(&c->made_by, path);
    }
    return STATUS_OK;
}

/* A report without gnuplot is still a report; a figure that fails is not hidden. */
static enum status read_figure(struct bench *b, struct chapter *c)
{
    struct figure figure;
    const enum status status = figure_draw(b, c->p, "svg", &figure);
    char *bytes;
    size_t n;

    if (status == STATUS_UNFIT || status == STATUS_CRASHED)
        c->no_figure = arena_text(&b->mem, "No figure: %s.", status_message());
    if (status == STATUS_UNFIT || (status == STATUS_OK && figure.path == NULL))
        return STATUS_OK;
    TRY(status);
    TRY(file_read(figure.path, MOST_SVG, &bytes, &n));
    c->svg = arena_text(&b->mem, "%s", bytes);
    memory_free(bytes);
    return STATUS_OK;
}

/* Everything of one program. A failed figure comes back as its status after all else is there. */
static enum status gather(struct bench *b, struct chapter *c, enum status planned,
                          const char *words)
{
    if (planned != STATUS_OK) {
        c->not_run = words;
        return STATUS_OK;
    }
    TRY(collect_results(b, c->p, &c->results));
    if (c->results.unit_count == 0) {
        c->not_run = "no results";
        return STATUS_OK;
    }
    count_units(b, c);
    TRY(judge_claims(b, c));
    TRY(collect_summary(b, c->p));
    TRY(table_read(&c->metrics, arena_text(&b->mem, "%s/metrics.tsv", collect_folder(b, c->p))));
    TRY(read_provenance(b, c));
    return read_figure(b, c);
}

static void add_counts(struct report *r)
{
    for (size_t i = 0; i < r->count; i++)
        for (size_t k = 0; r->chapters[i].verdicts != NULL && k < r->chapters[i].p->r.claim_count;
             k++)
            r->counts[r->chapters[i].verdicts[k].word]++;
}

/* ---- verdicts.tsv ---- */

/* The interval is of the difference to the other side; where that is a number, people want the
 * metric itself. */
static void put_interval(struct table_writer *w, const struct claim *claim, const struct verdict *v)
{
    const int shifted = claim->to_metric == NULL && claim->kind != TREND && claim->kind != BOUND &&
                        claim->kind != EVERY;
    const double offset = shifted ? v->to : 0;

    table_put_number(w, v->interval.mean + offset);
    table_put_number(w, v->interval.low + offset);
    table_put_number(w, v->interval.high + offset);
}

static void put_verdict(struct table_writer *w, const struct report *r, const struct chapter *c,
                        size_t i)
{
    const struct claim *claim = &c->p->r.claims[i];
    const double none = (double)NAN;
    const struct verdict nothing = {.word = NOT_TESTED, .interval = {0, none, none, none, none}};
    const struct verdict *v = c->verdicts != NULL ? &c->verdicts[i] : &nothing;
    char measured[160];

    table_put(w, c->p->id);
    table_put(w, claim->id);
    table_put(w, claim->words);
    table_put(w, claim->place != NULL ? claim->place : "");
    table_put(w, claim_kind_name(claim->kind));
    table_put(w, verdict_measured(measured, v, claim));
    table_put_count(w, v->asked);
    table_put_count(w, v->finite);
    put_interval(w, claim, v);
    table_put(w, verdict_name(v->word));
    table_put(w, c->not_run != NULL ? c->not_run : v->why);
    table_put(w, profile_name(r->b->profile));
    table_put(w, c->p->r.data == NULL ? "none" : c->p->data_kind != NULL ? c->p->data_kind : "");
}

static enum status save_verdicts(const struct report *r, const char *path)
{
    struct table_writer w = {0};
    enum status status;

    table_comment(&w, "format", "verdicts 1");
    table_comment(&w, "interval", "%g of the mean over seeds", VERDICT_CONFIDENCE);
    table_columns(&w, "id", "claim", "words", "place", "kind", "measured", "asked", "finite",
                  "mean", "low", "high", "verdict", "why", "profile", "data", NULL);
    for (size_t i = 0; i < r->count; i++)
        for (size_t k = 0; k < r->chapters[i].p->r.claim_count; k++)
            put_verdict(&w, r, &r->chapters[i], k);
    status = table_save(&w, path);
    table_writer_free(&w);
    return status;
}

/* ---- the verb ---- */

static enum status save_page(const struct report *r, const char *path)
{
    struct text page = {0};
    enum status status;

    page_write(&page, r);
    status = text_ok(&page);
    if (status == STATUS_OK)
        status = file_write(path, text_get(&page), page.length);
    text_free(&page);
    return status;
}

static enum status save(const struct report *r)
{
    struct arena *mem = &r->b->mem;
    const char *folder = arena_text(mem, "%s/report", r->b->build);

    TRY(file_make_folder(folder));
    TRY(save_verdicts(r, arena_text(mem, "%s/verdicts.tsv", folder)));
    TRY(save_page(r, arena_text(mem, "%s/index.html", folder)));
    if (!r->b->quiet)
        printf("report: %s/index.html\n", folder);
    return STATUS_OK;
}

static enum status gather_all(struct report *r, const char **figure_words)
{
    struct bench *b = r->b;
    enum status *planned = arena_get(&b->mem, b->program_count, sizeof *planned);
    const char **words = arena_get(&b->mem, b->program_count, sizeof *words);

    TRY(programs_plan(b, planned, words));
    for (size_t i = 0; i < r->count; i++) {
        r->chapters[i].p = &b->programs[i];
        const enum status status = gather(b, &r->chapters[i], planned[i], words[i]);
        if (status == STATUS_CRASHED && r->chapters[i].no_figure != NULL)
            *figure_words = arena_text(&b->mem, "%s", status_message());
        else
            TRY(status);
    }
    add_counts(r);
    return STATUS_OK;
}

static enum status make_report(struct report *r)
{
    const char *figure_words = NULL;
    size_t ran = 0;

    TRY(gather_all(r, &figure_words));
    TRY(save(r));
    for (size_t i = 0; i < r->count; i++)
        ran += r->chapters[i].not_run == NULL;
    if (figure_words != NULL)
        return status_set(STATUS_CRASHED, "%s", figure_words);
    if (ran == 0)
        return status_set(STATUS_NOTHING, "nothing was run at %s: make reproduce PROFILE=%s",
                          profile_name(r->b->profile), profile_name(r->b->profile));
    return STATUS_OK;
}

enum status verb_report(struct bench *b)
{
    struct report r = {.b = b};
    enum status status;

    TRY(programs_find(b));
    r.count = b->program_count;
    r.chapters = arena_get(&b->mem, r.count, sizeof *r.chapters);
    status = make_report(&r);
    for (size_t i = 0; i < r.count; i++) {
        results_free(&r.chapters[i].results);
        table_free(&r.chapters[i].metrics);
        table_free(&r.chapters[i].made_by);
    }
    return status;
}
