/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_claim.h"

#include <string.h>

#include "html.h"

static const struct {
    const char *class, *symbol;
} badges[VERDICT_COUNT] = {
    [NOT_TESTED] = {"not-tested", "&#8211;"},
    [REPRODUCED] = {"reproduced", "&#10003;"},
    [NOT_REPRODUCED] = {"not-reproduced", "&#10007;"},
    [PARTLY] = {"partly", "&#9680;"},
    [UNDECIDED] = {"undecided", "?"},
};

static void put_mark(struct text *t, enum verdict_word word)
{
    text_add(t, "<span class=\"verdict %s\"><i aria-hidden=\"true\">%s</i>", badges[word].class,
             badges[word].symbol);
}

void report_claim_badge(struct text *t, enum verdict_word word)
{
    put_mark(t, word);
    text_add(t, "%s</span>", verdict_name(word));
}

void report_claim_count(struct text *t, enum verdict_word word, size_t count)
{
    put_mark(t, word);
    text_add(t, "%zu %s</span>", count, verdict_name(word));
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

/* ---- the row ---- */

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

void report_claim_row(struct text *t, const struct report *r, const struct chapter *c, size_t i,
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
    report_claim_badge(t, v->word);
    if (v->why[0] != '\0')
        html_element(t, "span", "why", v->why);
    text_add(t, "</td></tr>\n");
}
