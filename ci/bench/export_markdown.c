/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export_markdown: verdicts and metrics as tables for a page of text. */
#include <string.h>

#include "base/text.h"
#include "export.h"

static void markdown_cell(struct text *t, const char *words)
{
    text_add(t, "| ");
    for (; *words != '\0'; words++) {
        if (strchr("\\|<>*_`[]~$&", *words) != NULL)
            text_add(t, "\\");
        text_add_bytes(t, words, 1);
    }
    text_add(t, " ");
}

static void markdown_head(const struct export *x, struct text *t, const char *interval)
{
    text_add(t, "Profile: %s; data: %s; intervals: %s", profile_name(x->b->profile), x->data,
             interval);
    if (x->stale > 0)
        text_add(t, "; **%zu results come from an earlier program, data set or argument**",
                 x->stale);
    text_add(t, ".\n\n");
}

static void markdown_verdict(const struct export *x, struct text *t, const struct exported *e,
                             size_t i)
{
    const struct claim *claim = &e->p->r.claims[i];
    const struct verdict v = export_verdict(e, i);
    char measured[160];

    markdown_cell(t, e->p->id);
    markdown_cell(t, claim->words);
    markdown_cell(t, claim->place != NULL ? claim->place : "");
    markdown_cell(t, verdict_measured(measured, &v, claim));
    markdown_cell(t, arena_text(&x->b->mem, "%s%s%s", verdict_name(v.word), v.why[0] ? ": " : "",
                                v.why));
    markdown_cell(t, export_data(e));
    text_add(t, "|\n");
}

static void markdown_number(struct text *t,
                            void (*quote)(struct text *, enum quote_style, const struct quoted *),
                            const struct quoted *q)
{
    struct text number = {0};

    quote(&number, QUOTE_PLAIN, q);
    markdown_cell(t, text_get(&number));
    t->failed |= number.failed;
    text_free(&number);
}

static enum status markdown_metric(struct text *t, const struct exported *e, size_t row)
{
    struct measured m;

    TRY(export_metric(e, row, &m));
    markdown_cell(t, e->p->id);
    markdown_cell(t, m.cell);
    markdown_cell(t, m.metric);
    markdown_cell(t, m.unit);
    markdown_number(t, quote_error, &m.mean);
    markdown_number(t, quote_interval, &m.mean);
    text_add(t, "| %zu | %zu | %zu | ", m.n, m.asked, m.finite);
    text_add(t, "%s |\n", export_data(e));
    return STATUS_OK;
}

static enum status markdown_metrics(const struct export *x, struct text *t)
{
    markdown_head(x, t, x->interval);
    text_add(t, "| program | cell | metric | unit | mean (standard error) | mean [interval] | n | "
                "asked | finite | data |\n"
                "| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |\n");
    for (size_t i = 0; i < x->count; i++)
        for (size_t k = 0; k < x->programs[i].metrics.row_count; k++)
            TRY(markdown_metric(t, &x->programs[i], k));
    return STATUS_OK;
}

enum status export_markdown(const struct export *x)
{
    struct text verdicts = {0}, metrics = {0};
    const char *interval = arena_text(&x->b->mem, "%g of the mean over seeds", VERDICT_CONFIDENCE);

    TRY(export_save(x, "metrics.md", &metrics, markdown_metrics(x, &metrics)));
    markdown_head(x, &verdicts, interval);
    text_add(&verdicts, "| program | claim | place | measured | verdict | data |\n"
                        "| --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < x->count; i++)
        for (size_t k = 0; k < x->programs[i].p->r.claim_count; k++)
            markdown_verdict(x, &verdicts, &x->programs[i], k);
    return export_save(x, "verdicts.md", &verdicts, STATUS_OK);
}
