/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_page: see report_page.h. */
#include "report_page.h"

#include <string.h>

#include "html.h"
#include "report_chapter.h"
#include "report_claim.h"

enum { VALUES_SHOWN = 3 };

/* The order in which people want to read the counts. */
static const enum verdict_word reading_order[VERDICT_COUNT] = {REPRODUCED, NOT_REPRODUCED, PARTLY,
                                                               UNDECIDED, NOT_TESTED};

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- the table of verdicts ---- */

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
        html_element(t, "span", "place",
                     arena_text(&r->b->mem, "profile %s, data: %s", profile_name(r->b->profile),
                                report_chapter_data(c)));
        text_add(t, "</th></tr>\n");
        for (size_t k = 0; k < c->p->r.claim_count; k++)
            report_claim_row(t, r, c, k, 0);
    }
    html_table_end(t);
}

/* ---- the page ---- */

/* The different values of a provenance key among the programs that ran, separated by commas: all
 * up to VALUES_SHOWN, else these and how many others. */
static const char *values_of(const struct report *r, const char *key)
{
    const char *list = "";
    size_t n = 0;

    for (size_t i = 0; i < r->count; i++) {
        const char *value = report_chapter_provenance(&r->chapters[i].made_by, key);
        size_t earlier = 0;

        while (value != NULL && earlier < i) {
            const char *other = report_chapter_provenance(&r->chapters[earlier++].made_by, key);

            if (other != NULL && strcmp(other, value) == 0)
                value = NULL;
        }
        if (value != NULL && strcmp(value, "unknown") != 0 && n++ < VALUES_SHOWN)
            list = arena_text(&r->b->mem, "%s%s%s", list, n > 1 ? ", " : "", value);
    }
    if (n > VALUES_SHOWN)
        list = arena_text(&r->b->mem, "%s and %zu more", list, n - VALUES_SHOWN);
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
    html_paragraph(t, "facts",
                  arena_text(&r->b->mem, "%zu claim%s; profile %s; data: %s; commit %s%s", claims,
                             plural(claims), profile_name(r->b->profile), data,
                             commit[0] != '\0' ? commit : "unknown",
                             strstr(dirty, "yes") != NULL ? " with uncommitted changes" : ""));
    text_add(t, "<ul class=\"counts\">\n");
    for (int i = 0; i < VERDICT_COUNT; i++) {
        text_add(t, "<li>");
        report_claim_count(t, reading_order[i], r->counts[reading_order[i]]);
        text_add(t, "</li>\n");
    }
    text_add(t, "</ul>\n");
    if (strstr(data, "stand-in") != NULL)
        html_paragraph(t, "warn", "data: stand-in. Some of these numbers come from generated "
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
        {REPRODUCED, "the whole 99 % interval of the mean over seeds lies where the claim says; of "
                     "a claim about each of several, that of every member."},
        {NOT_REPRODUCED, "the whole interval lies on the other side, or outside the margin; of "
                         "several members that of one or more, and none holds."},
        {PARTLY, "one or more of several members do not hold, and some do."},
        {UNDECIDED, "the interval spans both: more seeds are needed to tell. Of several members "
                    "none speaks against the claim, but not all hold."},
        {NOT_TESTED, "data, results or the profile that the claim needs are missing."},
    };

    text_add(t, "<h2 id=\"guide\">How to read a verdict</h2>\n<dl>\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        text_add(t, "<dt>");
        report_claim_badge(t, rows[i].word);
        text_add(t, "</dt><dd>");
        html_escape(t, rows[i].meaning);
        text_add(t, "</dd>\n");
    }
    text_add(t, "</dl>\n");
    html_paragraph(t, NULL,
                  "A measured value is followed by its 99 % interval and by n, how many seeds. "
                  "Where two methods are compared, the value is their difference, seed by seed on "
                  "the same data and the same start. A run that diverged is not dropped: it counts "
                  "as its method's worst outcome, and the number of such runs is said. A claim of "
                  "a bound asks every seed. Where neither all m members of a claim hold nor all "
                  "lie elsewhere, each is judged at 1 - 0.01 / m, so that all that is said of them "
                  "holds together with 99 %. Bands in the figures and the tables of all numbers "
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
            report_chapter_write(t, r, &r->chapters[i]);
    put_not_run(t, r);
    put_guide(t);
    html_end(t);
}
