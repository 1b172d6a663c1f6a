/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_chapter.h"

#include <string.h>

#include "html.h"
#include "report_claim.h"

const char *report_chapter_provenance(const struct table *made_by, const char *key)
{
    const int keys = table_find(made_by, "key"), values = table_find(made_by, "value");

    for (size_t i = 0; keys >= 0 && values >= 0 && i < made_by->row_count; i++)
        if (strcmp(table_cell(made_by, i, keys), key) == 0)
            return table_cell(made_by, i, values);
    return NULL;
}

const char *report_chapter_data(const struct chapter *c)
{
    return c->p->r.data == NULL ? "none needed" : c->p->data_kind;
}

static void put_figure(struct text *t, const struct chapter *c)
{
    if (c->no_figure != NULL)
        html_paragraph(t, "soft", c->no_figure);
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
        report_claim_row(t, r, c, i, 1);
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
        const char *value = report_chapter_provenance(&c->made_by, rows[i][0]);

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

    html_paragraph(t, "facts",
                  arena_text(mem, "Program %s; profile %s; %zu of %zu units; data: %s.", c->p->id,
                             profile_name(r->b->profile), c->results.unit_count, c->p->unit_count,
                             report_chapter_data(c)));
    if (c->stale > 0)
        html_paragraph(t, "warn",
                      arena_text(mem, "%zu of these results come%s from an earlier program "
                                      "or other data: make reproduce brings them up to date.",
                                 c->stale, c->stale == 1 ? "s" : ""));
}

void report_chapter_write(struct text *t, const struct report *r, const struct chapter *c)
{
    const struct reproduction *p = &c->p->r;

    text_add(t, "<section>\n<h2 id=\"%s\">", c->p->id);
    html_escape(t, p->title);
    text_add(t, "</h2>\n");
    html_paragraph(t, "paper", p->paper);
    put_state(t, r, c);
    put_figure(t, c);
    if (p->claim_count > 0)
        put_claims(t, r, c);
    if (p->differs != NULL) {
        text_add(t, "<h3>What differs from the paper</h3>\n");
        html_paragraph(t, NULL, p->differs);
    }
    put_metric_meanings(t, c);
    put_parameters(t, r, c);
    put_metrics(t, r, c);
    put_provenance(t, c);
    text_add(t, "</section>\n");
}
