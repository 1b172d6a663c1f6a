/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_page: see report_page.h. */
#include "report_page.h"

#include <stdio.h>
#include <string.h>

#include "html.h"

/* ---- small pieces ---- */

static const struct {
    const char *class, *symbol;
} badges[VERDICT_COUNT] = {
    [NOT_TESTED] = {"not-tested", "&#8211;"},
    [REPRODUCED] = {"reproduced", "&#10003;"},
    [NOT_REPRODUCED] = {"not-reproduced", "&#10007;"},
    [PARTLY] = {"partly", "&#9680;"},
    [UNDECIDED] = {"undecided", "?"},
};

/* The order in which people want to read the counts. */
static const enum verdict_word reading_order[VERDICT_COUNT] = {REPRODUCED, NOT_REPRODUCED, PARTLY,
                                                               UNDECIDED, NOT_TESTED};

static void put_badge(struct text *t, enum verdict_word word)
{
    text_add(t, "<span class=\"verdict %s\"><i aria-hidden=\"true\">%s</i>%s</span>",
             badges[word].class, badges[word].symbol, verdict_name(word));
}

static void put_paragraph(struct text *t, const char *class, const char *s)
{
    html_element(t, "p", class, s);
    text_add(t, "\n");
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

const char *page_provenance(const struct table *made_by, const char *key)
{
    const int keys = table_find(made_by, "key"), values = table_find(made_by, "value");

    for (size_t i = 0; keys >= 0 && values >= 0 && i < made_by->row_count; i++)
        if (strcmp(table_cell(made_by, i, keys), key) == 0)
            return table_cell(made_by, i, values);
    return NULL;
}

/* ---- what is judged, in words ---- */

static const char *cell_words(struct arena *mem, const struct report *r, const struct program *p,
                              const char *cell)
{
    const size_t n = reproduction_cell_count(&p->r, r->b->profile);
    const char *name = cell;

    if (p->r.axis == NULL || n == 0)
        return "";
    if (cell != NULL && strcmp(cell, ALL_CELLS) == 0)
        return arena_text(mem, " at every %s", p->r.axis->name);
    if (cell == NULL || strcmp(cell, FIRST_CELL) == 0)
        name = reproduction_cell_name(&p->r, r->b->profile, 0, mem);
    else if (strcmp(cell, LAST_CELL) == 0)
        name = reproduction_cell_name(&p->r, r->b->profile, n - 1, mem);
    return arena_text(mem, " at %s", name);
}

/* What the metric is compared with. */
static const char *other_side(struct arena *mem, const struct report *r, const struct program *p,
                              const struct claim *c)
{
    char number[TEXT_DOUBLE];

    if (c->to_metric == NULL)
        return arena_text(mem, "%s", text_short(number, c->to, 6));
    return arena_text(mem, "%s%s", c->to_metric,
                      c->to_cell != NULL ? cell_words(mem, r, p, c->to_cell) : "");
}

/* "error.task.2 at N_n=50 is above error.task.1 in the mean over seeds". */
static const char *test_words(struct arena *mem, const struct report *r, const struct program *p,
                              const struct claim *c)
{
    const char *at = cell_words(mem, r, p, c->cell), *to = other_side(mem, r, p, c);
    const char *side = c->is == BELOW ? "below" : "above";
    const int family = metric_is_family(c->metric);
    char within[TEXT_DOUBLE];

    switch (c->kind) {
    case VALUE:
    case EQUIVALENCE:
        return arena_text(mem, "the mean of %s%s is within %s of %s", c->metric, at,
                          text_short(within, c->within, 6), to);
    case BOUND:
        return arena_text(mem, "%s%s is at %s %s in every seed", c->metric, at,
                          c->is == BELOW ? "most" : "least", to);
    case TREND:
        return arena_text(mem, "%s%s %s %s", c->metric, family ? at : "",
                          c->is == BELOW ? "falls with" : "rises with",
                          family || p->r.axis == NULL ? "its index" : p->r.axis->name);
    case EVERY:
        return arena_text(mem, "the mean of each %s%s is %s %s", c->metric,
                          family ? at : cell_words(mem, r, p, ALL_CELLS), side, to);
    default:
        return arena_text(mem, "the mean of %s%s is %s %s", c->metric, at, side, to);
    }
}

/* ---- the table of verdicts ---- */

/* Lines break neither inside an interval nor around "=". */
static void put_measured(struct text *t, const char *s)
{
    int inside = 0;

    for (char before = '\0'; *s != '\0'; before = *s++) {
        const int tied = inside || s[1] == '=' || before == '=';

        inside = *s == '[' || (inside && *s != ']');
        if (*s == ' ' && tied)
            text_add(t, "&nbsp;");
        else
            html_escape(t, (const char[]){*s, '\0'});
    }
}

static void put_claim(struct text *t, const struct report *r, const struct chapter *c, size_t i,
                      int full)
{
    const struct claim *claim = &c->p->r.claims[i];
    const struct verdict *v = &c->verdicts[i];
    struct arena *mem = &r->b->mem;
    char measured[160];

    text_add(t, "<tr>");
    html_cell_open(t, "claim");
    html_escape(t, claim->words);
    html_element(t, "span", "place", claim->place != NULL ? claim->place : "");
    text_add(t, "</td>");
    if (full) {
        html_cell_open(t, "tested as");
        html_escape(t, test_words(mem, r, c->p, claim));
        if (claim->reason != NULL)
            html_element(t, "span", "why", claim->reason);
        text_add(t, "</td>");
    }
    html_cell_open(t, "measured");
    put_measured(t, verdict_measured(measured, v, claim));
    text_add(t, "</td>");
    html_cell_open(t, "verdict");
    put_badge(t, v->word);
    if (v->why[0] != '\0')
        html_element(t, "span", "why", v->why);
    text_add(t, "</td></tr>\n");
}

static const char *data_of(const struct chapter *c)
{
    return c->p->r.data == NULL ? "none needed" : c->p->data_kind;
}

static void put_verdicts(struct text *t, const struct report *r)
{
    static const char *const names[] = {"claim", "measured", "verdict"};
    size_t groups = 0;

    html_table(t, "verdicts cards", names, 3);
    for (size_t i = 0; i < r->count; i++) {
        const struct chapter *c = &r->chapters[i];

        if (c->not_run != NULL || c->p->r.claim_count == 0)
            continue;
        text_add(t, "%s<tr class=\"program\"><th colspan=\"3\" scope=\"rowgroup\"><a href=\"#%s\">",
                 groups++ > 0 ? "</tbody>\n<tbody>\n" : "", c->p->id);
        html_escape(t, c->p->r.title);
        text_add(t, "</a>");
        html_element(t, "span", "place", arena_text(&r->b->mem, "profile %s, data: %s",
                                                    profile_name(r->b->profile), data_of(c)));
        text_add(t, "</th></tr>\n");
        for (size_t k = 0; k < c->p->r.claim_count; k++)
            put_claim(t, r, c, k, 0);
    }
    html_table_end(t);
}

/* ---- one program ---- */

static void put_figure(struct text *t, const struct chapter *c)
{
    if (c->no_figure != NULL)
        put_paragraph(t, "soft", c->no_figure);
    if (c->svg == NULL)
        return;
    text_add(t, "<figure>\n<div class=\"sheet\" tabindex=\"0\">");
    if (!html_svg(t, c->svg, c->p->id, c->p->r.title))
        html_element(t, "p", NULL, "The figure's file holds no drawing.");
    text_add(t, "</div>\n");
    if (c->p->r.caption != NULL)
        html_element(t, "figcaption", NULL, c->p->r.caption);
    if (c->p->r.caption != NULL && !c->p->r.deterministic)
        html_element(t, "p", "note", "Shaded: 95 % intervals of the mean over seeds.");
    if (c->p->r.data != NULL && c->p->data_kind != NULL && strcmp(c->p->data_kind, "stand-in") == 0)
        html_element(t, "p", "note", "Drawn from generated stand-ins, not from the set that the "
                                     "caption names.");
    text_add(t, "\n</figure>\n");
}

static void put_claims(struct text *t, const struct report *r, const struct chapter *c)
{
    static const char *const names[] = {"claim", "tested as", "measured", "verdict"};

    text_add(t, "<h3>Claims</h3>\n");
    html_table(t, "verdicts tests cards", names, 4);
    for (size_t i = 0; i < c->p->r.claim_count; i++)
        put_claim(t, r, c, i, 1);
    html_table_end(t);
}

static void put_metric_meanings(struct text *t, const struct chapter *c)
{
    static const char *const better[] = {"", "; lower is better", "; higher is better"};

    text_add(t, "<h3>What is measured</h3>\n<dl>\n");
    for (size_t i = 0; i < c->p->r.metric_count; i++) {
        const struct metric *m = &c->p->r.metrics[i];

        text_add(t, "<dt><code>");
        html_escape(t, m->name);
        text_add(t, "</code>%s", strcmp(m->unit, "1") == 0 ? "" : " in ");
        html_escape(t, strcmp(m->unit, "1") == 0 ? "" : m->unit);
        text_add(t, "</dt><dd>");
        html_escape(t, m->meaning);
        text_add(t, "%s</dd>\n", better[m->direction]);
    }
    text_add(t, "</dl>\n");
}

static void put_parameters(struct text *t, const struct report *r, const struct chapter *c)
{
    static const char *const names[] = {"parameter", "value", "where it comes from"};

    text_add(t, "<details>\n<summary>Parameters at %s</summary>\n", profile_name(r->b->profile));
    html_table(t, "numbers cards", names, 3);
    for (size_t i = 0; i < c->p->r.parameter_count; i++) {
        const struct parameter *p = &c->p->r.parameters[i];
        char number[TEXT_DOUBLE];

        text_add(t, "<tr>");
        html_cell(t, "parameter", p->name);
        html_cell(t, "value", text_short(number, p->value[r->b->profile], 10));
        html_cell(t, "source", p->source);
        text_add(t, "</tr>\n");
    }
    html_table_end(t);
    text_add(t, "</details>\n");
}

/* A number of a table of ours, shortened for people. */
static const char *shortened(char out[TEXT_DOUBLE], const struct table *t, size_t row,
                             const char *column)
{
    const int at = table_find(t, column);
    double value;

    if (at < 0 || table_number(t, row, at, &value) != STATUS_OK)
        return "?";
    return text_short(out, value, 4);
}

static void put_metric_row(struct text *t, struct arena *mem, const struct table *m, size_t row)
{
    static const char *const words[] = {"cell", "metric"};
    const int unit = table_find(m, "unit");
    char a[TEXT_DOUBLE], b[TEXT_DOUBLE];
    const char *finite, *asked;

    text_add(t, "<tr>");
    for (int i = 0; i < 2; i++)
        html_cell(t, words[i], table_cell(m, row, i));
    html_cell(t, "mean", shortened(a, m, row, "mean"));
    html_cell(t, "95 % interval", arena_text(mem, "[%s, %s]", shortened(a, m, row, "low"),
                                             shortened(b, m, row, "high")));
    html_cell(t, "sd", shortened(a, m, row, "sd"));
    html_cell(t, "range", arena_text(mem, "%s to %s", shortened(a, m, row, "min"),
                                     shortened(b, m, row, "max")));
    finite = shortened(a, m, row, "finite");
    asked = shortened(b, m, row, "asked");
    html_cell(t, "n", strcmp(finite, asked) == 0
                          ? asked
                          : arena_text(mem, "%s of %s finite", finite, asked));
    html_cell(t, "unit", table_cell(m, row, unit));
    text_add(t, "</tr>\n");
}

static void put_metrics(struct text *t, const struct report *r, const struct chapter *c)
{
    static const char *const names[] = {"cell", "metric", "mean", "95 % interval", "sd",
                                        "range", "n", "unit"};

    text_add(t, "<details>\n<summary>All numbers (%zu rows)</summary>\n", c->metrics.row_count);
    html_table(t, "numbers", names, 8);
    for (size_t i = 0; i < c->metrics.row_count; i++)
        put_metric_row(t, &r->b->mem, &c->metrics, i);
    html_table_end(t);
    text_add(t, "</details>\n");
}

static void put_provenance(struct text *t, const struct chapter *c)
{
    static const char *const rows[][2] = {
        {"build.compiler", "compiler"},   {"build.flags", "flags"},
        {"blas.config", "BLAS"},          {"blas.core", "BLAS kernel"},
        {"blas.threads", "BLAS threads"}, {"mode", "numerics"},
        {"machine.cpu", "processor"},     {"machine.isa", "instruction sets"},
        {"libc.version", "C library"},    {"build.commit", "commit"},
        {"build.dirty", "uncommitted changes"}, {"program.hash", "program"},
        {"data.note", "data"},            {"data.records", "digest of the records"}};

    text_add(t, "<details>\n<summary>How the numbers were made</summary>\n<dl>\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *value = page_provenance(&c->made_by, rows[i][0]);

        if (value == NULL)
            continue;
        text_add(t, "<dt>%s</dt><dd><code>", rows[i][1]);
        html_escape(t, value);
        text_add(t, "</code></dd>\n");
    }
    text_add(t, "</dl>\n</details>\n");
}

static void put_state(struct text *t, const struct report *r, const struct chapter *c)
{
    struct arena *mem = &r->b->mem;

    put_paragraph(t, "facts",
                  arena_text(mem, "Program %s; profile %s; %zu of %zu units; data: %s.", c->p->id,
                             profile_name(r->b->profile), c->results.unit_count, c->p->unit_count,
                             data_of(c)));
    if (c->stale > 0)
        put_paragraph(t, "warn",
                      arena_text(mem, "%zu of these results come%s from an earlier program "
                                      "or other data: make reproduce brings them up to date.",
                                 c->stale, c->stale == 1 ? "s" : ""));
}

static void put_chapter(struct text *t, const struct report *r, const struct chapter *c)
{
    const struct reproduction *p = &c->p->r;

    text_add(t, "<section>\n<h2 id=\"%s\">", c->p->id);
    html_escape(t, p->title);
    text_add(t, "</h2>\n");
    put_paragraph(t, "paper", p->paper);
    put_state(t, r, c);
    put_figure(t, c);
    if (p->claim_count > 0)
        put_claims(t, r, c);
    if (p->differs != NULL) {
        text_add(t, "<h3>What differs from the paper</h3>\n");
        put_paragraph(t, NULL, p->differs);
    }
    put_metric_meanings(t, c);
    put_parameters(t, r, c);
    put_metrics(t, r, c);
    put_provenance(t, c);
    text_add(t, "</section>\n");
}

/* ---- the page ---- */

/* The different values of a provenance key among the programs that ran, separated by commas. */
static const char *values_of(const struct report *r, const char *key)
{
    const char *list = "";

    for (size_t i = 0; i < r->count; i++) {
        const char *value = page_provenance(&r->chapters[i].made_by, key);
        size_t earlier = 0;

        while (value != NULL && earlier < i) {
            const char *other = page_provenance(&r->chapters[earlier++].made_by, key);

            if (other != NULL && strcmp(other, value) == 0)
                value = NULL;
        }
        if (value != NULL && strcmp(value, "unknown") != 0)
            list = arena_text(&r->b->mem, "%s%s%s", list, list[0] != '\0' ? ", " : "", value);
    }
    return list;
}

static const char *data_words(const struct report *r)
{
    int real = 0, stand_in = 0;

    for (size_t i = 0; i < r->count; i++) {
        const struct chapter *c = &r->chapters[i];

        if (c->not_run != NULL || c->p->r.data == NULL)
            continue;
        real = real || strcmp(c->p->data_kind, "real") == 0;
        stand_in = stand_in || strcmp(c->p->data_kind, "stand-in") == 0;
    }
    return real && stand_in ? "real and stand-in" : real ? "real" : stand_in ? "stand-in" : "none";
}

static void put_summary(struct text *t, const struct report *r)
{
    const char *commit = values_of(r, "build.commit"), *dirty = values_of(r, "build.dirty");
    const char *data = data_words(r);
    size_t claims = 0;

    for (int i = 0; i < VERDICT_COUNT; i++)
        claims += r->counts[i];
    text_add(t, "<h1>infogeo: which claims reproduce</h1>\n");
    put_paragraph(t, "facts",
                  arena_text(&r->b->mem, "%zu claim%s; profile %s; data: %s; commit %s%s", claims,
                             plural(claims), profile_name(r->b->profile), data,
                             commit[0] != '\0' ? commit : "unknown",
                             strstr(dirty, "yes") != NULL ? " with uncommitted changes" : ""));
    text_add(t, "<ul class=\"counts\">\n");
    for (int i = 0; i < VERDICT_COUNT; i++) {
        const enum verdict_word word = reading_order[i];

        text_add(t, "<li><span class=\"verdict %s\"><i aria-hidden=\"true\">%s</i>%zu %s</span>"
                    "</li>\n", badges[word].class, badges[word].symbol, r->counts[word],
                 verdict_name(word));
    }
    text_add(t, "</ul>\n");
    if (strstr(data, "stand-in") != NULL)
        put_paragraph(t, "warn", "data: stand-in. Some of these numbers come from generated "
                                 "stand-ins, because the published data were not found. They say "
                                 "nothing about claims on those data, which read: not tested.");
}

static void put_not_run(struct text *t, const struct report *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->count; i++)
        n += r->chapters[i].not_run != NULL;
    if (n == 0)
        return;
    text_add(t, "<h2>Not run at %s</h2>\n<ul>\n", profile_name(r->b->profile));
    for (size_t i = 0; i < r->count; i++) {
        const struct chapter *c = &r->chapters[i];

        if (c->not_run == NULL)
            continue;
        text_add(t, "<li><code>");
        html_escape(t, c->p->id);
        text_add(t, "</code> ");
        html_escape(t, c->p->r.title);
        html_element(t, "span", "why",
                     arena_text(&r->b->mem, "%zu claim%s; %s", c->p->r.claim_count,
                                plural(c->p->r.claim_count), c->not_run));
        text_add(t, "</li>\n");
    }
    text_add(t, "</ul>\n");
}

static void put_guide(struct text *t)
{
    static const struct {
        enum verdict_word word;
        const char *meaning;
    } rows[] = {
        {REPRODUCED, "the whole 99 % interval of the mean over seeds lies where the claim says."},
        {NOT_REPRODUCED, "the whole interval lies on the other side, or outside the margin."},
        {PARTLY, "the claim has several members and only some of them hold."},
        {UNDECIDED, "the interval spans both: more seeds are needed to tell."},
        {NOT_TESTED, "data, results or the profile that the claim needs are missing."},
    };

    text_add(t, "<h2 id=\"guide\">How to read a verdict</h2>\n<dl>\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        text_add(t, "<dt>");
        put_badge(t, rows[i].word);
        text_add(t, "</dt><dd>");
        html_escape(t, rows[i].meaning);
        text_add(t, "</dd>\n");
    }
    text_add(t, "</dl>\n");
    put_paragraph(t, NULL,
                  "A measured value is followed by its 99 % interval and by n, how many seeds. "
                  "Where two methods are compared, the value is their difference, seed by seed on "
                  "the same data and the same start. A run that diverged is not dropped: it counts "
                  "as its method's worst outcome, and the number of such runs is said. A claim of "
                  "a bound asks every seed. Bands in the figures and the tables of all numbers "
                  "have 95 % intervals.");
}

void page_write(struct text *t, const struct report *r)
{
    html_start(t, "infogeo: which claims reproduce");
    put_summary(t, r);
    put_verdicts(t, r);
    text_add(t, "<p class=\"soft\"><a href=\"#guide\">How to read a verdict</a></p>\n");
    for (size_t i = 0; i < r->count; i++)
        if (r->chapters[i].not_run == NULL)
            put_chapter(t, r, &r->chapters[i]);
    put_not_run(t, r);
    put_guide(t);
    html_end(t);
}
