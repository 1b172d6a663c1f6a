/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export_latex: what a paper inputs.
 *
 * verdicts.tex and metrics.tex hold rows of tables and nothing else. numbers.tex defines macros
 * that find a number by the names of its program, cell and metric. The names go through
 * \detokenize, so that _, =, . and whatever a language package has made active are plain characters
 * in them. The numbers stand ready in every form that the macros offer: TeX computes nothing. */
#include <string.h>

#include "export.h"
#include "latex.h"

enum { MOST_ROUND = 6 };

/* ---- rows ---- */

static void put_head(const struct export *x, struct text *t, const char *what, const char *interval)
{
    text_add(t, "%% %s\n%% profile: %s\n%% data: %s\n%% intervals: %s\n", what,
             profile_name(x->b->profile), x->data, interval);
    for (size_t i = 0; i < x->count; i++) {
        const struct exported *e = &x->programs[i];

        if (e->not_run == NULL)
            text_add(t, "%% %s: data: %s", e->p->id, export_data(e));
        else
            text_add(t, "%% %s: not run", e->p->id);
        if (e->missing > 0)
            text_add(t, "; %zu results missing", e->missing);
        if (e->stale > 0)
            text_add(t, "; %zu results of an earlier program, data set or argument", e->stale);
        text_add(t, "\n");
    }
}

static void put_cell(struct text *t, const char *words, const char *end)
{
    latex_words(t, words);
    text_add(t, "%s", end);
}

static void verdict_rows(struct text *t, const struct exported *e)
{
    for (size_t i = 0; i < e->p->r.claim_count; i++) {
        const struct claim *claim = &e->p->r.claims[i];
        const struct verdict v = export_verdict(e, i);
        char measured[160];

        put_cell(t, e->p->id, " & ");
        put_cell(t, claim->words, " & ");
        put_cell(t, claim->place != NULL ? claim->place : "", " & ");
        put_cell(t, verdict_measured(measured, &v, claim), " & ");
        put_cell(t, verdict_name(v.word), " & ");
        put_cell(t, export_data(e), " \\\\\n");
    }
}

static enum status metric_rows(struct text *t, const struct exported *e)
{
    for (size_t row = 0; row < e->metrics.row_count; row++) {
        struct measured m;

        TRY(export_metric(e, row, &m));
        put_cell(t, e->p->id, " & ");
        put_cell(t, m.cell, " & ");
        put_cell(t, m.metric, " & ");
        put_cell(t, m.unit, " & $");
        quote_error(t, QUOTE_LATEX, &m.mean);
        text_add(t, "$ & $");
        quote_interval(t, QUOTE_LATEX, &m.mean);
        text_add(t, "$ & %zu", m.n);
        text_add(t, " & %s \\\\\n", export_data(e));
    }
    return STATUS_OK;
}

static enum status all_metric_rows(const struct export *x, struct text *t)
{
    put_head(x, t, "rows: program & cell & metric & unit & mean(standard error) & mean [interval] "
                   "& n & data", x->interval);
    for (size_t i = 0; i < x->count; i++)
        TRY(metric_rows(t, &x->programs[i]));
    return STATUS_OK;
}

/* ---- macros ---- */

static const char *const guide[] = {
    "% In the preamble: \\input{build/export/numbers}. In the text, names as `bench list` and",
    "% metrics.tex have them, without a backslash before underscores:",
    "%",
    "%   \\infogeo{program}{cell}{metric}           0.0444, the mean, to the digits that its",
    "%                                             standard error supports",
    "%   \\infogeoError{program}{cell}{metric}      0.0444(3), with the standard error",
    "%   \\infogeoInterval{program}{cell}{metric}   0.0444 [0.0437, 0.0451], with the interval",
    "%   \\infogeoRound[d]{program}{cell}{metric}   d significant digits, 1 to 6; 3 without [d]",
    "%   \\infogeoRaw{program}{cell}{metric}        17 digits, expandable: for \\num or pgf",
    "%   \\infogeoN{program}{cell}{metric}          values behind the mean",
    "%   \\infogeoFinite{program}{cell}{metric}     those of runs that did not diverge",
    "%   \\infogeoUnit{program}{cell}{metric}       unit; 1 for dimensionless",
    "%   \\infogeoVerdict{program}{claim}           reproduced, not reproduced, partly, ...",
    "%   \\infogeoMeasured{program}{claim}          what the verdict rests on",
    "%   \\infogeoData, \\infogeoProfile             what all of it was measured with",
    "%   \\infogeoRows{build/export/verdicts}       the rows of a table; \\input cannot stand",
    "%                                             before \\bottomrule",
    "%",
    "% A standard error has one digit, two where it begins with a 1; the mean ends at the same",
    "% place. Values that do not vary, and single ones, have four digits and no error.",
    "% A name that is not here stops LaTeX and is named.",
    NULL,
};

/* Everything here works wherever @ is a letter and wherever it is none. Keys are
 * infogeo/what/program/cell/metric; \infogeoPut writes below the \infogeoKey that stands before. */
static const char *const macros[] = {
    "\\def\\infogeoPath#1#2#3#4{infogeo/#1/\\detokenize{#2}/\\detokenize{#3}/\\detokenize{#4}}%",
    "\\def\\infogeoNow{}%",
    "\\def\\infogeoMark#1{\\expandafter\\def\\csname infogeo/#1\\endcsname{}}%",
    "\\def\\infogeoKey#1#2#3{%",
    "  \\edef\\infogeoNow{\\detokenize{#1}/\\detokenize{#2}/\\detokenize{#3}}%",
    "  \\infogeoMark{program/\\detokenize{#1}}%",
    "  \\infogeoMark{cell/\\detokenize{#1}/\\detokenize{#2}}}%",
    "\\def\\infogeoClaim#1#2{\\edef\\infogeoNow{\\detokenize{#1}//\\detokenize{#2}}}%",
    "\\def\\infogeoPut#1#2{\\expandafter\\def\\csname infogeo/#1/\\infogeoNow\\endcsname{#2}}%",
    "\\def\\infogeoStop#1{\\PackageError{infogeo}{#1}{%",
    "  The names stand in metrics.tex and verdicts.tex and in the list of bench,\\MessageBreak",
    "  with plain underscores. Export again where results have come since.}\\textbf{??}}%",
    "\\def\\infogeoUnknown#1#2#3{%",
    "  \\ifcsname infogeo/program/\\detokenize{#1}\\endcsname%",
    "    \\ifcsname infogeo/cell/\\detokenize{#1}/\\detokenize{#2}\\endcsname%",
    "      \\infogeoStop{No metric '\\detokenize{#3}' in cell '\\detokenize{#2}' of",
    "        '\\detokenize{#1}'}%",
    "    \\else\\infogeoStop{No cell '\\detokenize{#2}' in '\\detokenize{#1}' (metric",
    "      '\\detokenize{#3}')}\\fi%",
    "  \\else\\infogeoStop{No program '\\detokenize{#1}' has results (cell '\\detokenize{#2}',",
    "    metric '\\detokenize{#3}')}\\fi}%",
    "\\def\\infogeoGet#1#2#3#4{%",
    "  \\ifcsname\\infogeoPath{#1}{#2}{#3}{#4}\\endcsname%",
    "    \\csname\\infogeoPath{#1}{#2}{#3}{#4}\\endcsname%",
    "  \\else\\infogeoUnknown{#2}{#3}{#4}\\fi}%",
    "\\def\\infogeoGetClaim#1#2#3{%",
    "  \\ifcsname\\infogeoPath{#1}{#2}{}{#3}\\endcsname%",
    "    \\csname\\infogeoPath{#1}{#2}{}{#3}\\endcsname%",
    "  \\else\\infogeoStop{No claim '\\detokenize{#3}' of a program '\\detokenize{#2}'}\\fi}%",
    "\\def\\infogeoGetRound#1#2#3#4{%",
    "  \\ifnum 0<0#1 \\ifnum 0#1<7 \\infogeoGet{round#1}{#2}{#3}{#4}%",
    "  \\else\\infogeoStop{Digits: 1 to 6, not '\\detokenize{#1}'}\\fi%",
    "  \\else\\infogeoStop{Digits: 1 to 6, not '\\detokenize{#1}'}\\fi}%",
    "\\DeclareRobustCommand{\\infogeo}[3]{\\infogeoGet{mean}{#1}{#2}{#3}}%",
    "\\DeclareRobustCommand{\\infogeoError}[3]{\\infogeoGet{error}{#1}{#2}{#3}}%",
    "\\DeclareRobustCommand{\\infogeoInterval}[3]{\\infogeoGet{interval}{#1}{#2}{#3}}%",
    "\\DeclareRobustCommand{\\infogeoRound}[4][3]{\\infogeoGetRound{#1}{#2}{#3}{#4}}%",
    "\\def\\infogeoRaw#1#2#3{\\infogeoGet{raw}{#1}{#2}{#3}}%",
    "\\DeclareRobustCommand{\\infogeoN}[3]{\\infogeoGet{n}{#1}{#2}{#3}}%",
    "\\DeclareRobustCommand{\\infogeoFinite}[3]{\\infogeoGet{finite}{#1}{#2}{#3}}%",
    "\\DeclareRobustCommand{\\infogeoUnit}[3]{\\infogeoGet{unit}{#1}{#2}{#3}}%",
    "\\DeclareRobustCommand{\\infogeoVerdict}[2]{\\infogeoGetClaim{verdict}{#1}{#2}}%",
    "\\DeclareRobustCommand{\\infogeoMeasured}[2]{\\infogeoGetClaim{measured}{#1}{#2}}%",
    "\\def\\infogeoRows#1{\\csname @@input\\endcsname #1.tex }%",
    NULL,
};

static void put_lines(struct text *t, const char *const *lines)
{
    for (; *lines != NULL; lines++)
        text_add(t, "%s\n", *lines);
}

/* What \detokenize cannot take, or takes for something else. */
static enum status check_name(const char *name)
{
    const size_t n = strcspn(name, "\\{}%#^\t\n\r");

    if (name[n] != '\0' || name[0] == '\0')
        return status_set(STATUS_DATA, "'%s': expected a name without \\ { } %% # ^ for LaTeX",
                          name);
    return STATUS_OK;
}

static void put_math(struct text *t, const char *what,
                     void (*quote)(struct text *, enum quote_style, const struct quoted *),
                     const struct quoted *q)
{
    text_add(t, "\\infogeoPut{%s}{\\ensuremath{", what);
    quote(t, QUOTE_LATEX, q);
    text_add(t, "}}%%\n");
}

static enum status put_metric(struct text *t, const struct exported *e, size_t row)
{
    struct measured m;
    char raw[TEXT_DOUBLE];

    TRY(export_metric(e, row, &m));
    TRY(check_name(m.cell));
    TRY(check_name(m.metric));
    text_add(t, "\\infogeoKey{%s}{%s}{%s}%%\n", e->p->id, m.cell, m.metric);
    put_math(t, "mean", quote_mean, &m.mean);
    put_math(t, "error", quote_error, &m.mean);
    put_math(t, "interval", quote_interval, &m.mean);
    for (int digits = 1; digits <= MOST_ROUND; digits++) {
        text_add(t, "\\infogeoPut{round%d}{\\ensuremath{", digits);
        quote_digits(t, QUOTE_LATEX, m.mean.mean, digits);
        text_add(t, "}}%%\n");
    }
    text_add(t, "\\infogeoPut{raw}{%s}%%\n", text_double(raw, m.mean.mean));
    text_add(t, "\\infogeoPut{n}{%zu}\\infogeoPut{finite}{%zu}\\infogeoPut{unit}{", m.n, m.finite);
    put_cell(t, m.unit, "}%\n");
    return STATUS_OK;
}

static enum status put_claims(struct text *t, const struct exported *e)
{
    char measured[160];

    for (size_t i = 0; i < e->p->r.claim_count; i++) {
        const struct claim *claim = &e->p->r.claims[i];
        const struct verdict v = export_verdict(e, i);

        TRY(check_name(claim->id));
        text_add(t, "\\infogeoClaim{%s}{%s}%%\n\\infogeoPut{verdict}{", e->p->id, claim->id);
        put_cell(t, verdict_name(v.word), "}\\infogeoPut{measured}{");
        put_cell(t, verdict_measured(measured, &v, claim), "}%\n");
    }
    return STATUS_OK;
}

/* A reader of the log learns what a reader of the tables learns. */
static void put_warnings(const struct export *x, struct text *t)
{
    if (strstr(x->data, "stand-in") != NULL)
        text_add(t, "\\PackageWarningNoLine{infogeo}{data: %s}%%\n", x->data);
    if (x->stale > 0)
        text_add(t, "\\PackageWarningNoLine{infogeo}{%zu results come from an earlier program, "
                    "data set or argument}%%\n", x->stale);
}

static enum status put_numbers(const struct export *x, struct text *t)
{
    put_head(x, t, "numbers to quote by name", x->interval);
    text_add(t, "%%\n");
    put_lines(t, guide);
    put_lines(t, macros);
    text_add(t, "\\def\\infogeoProfile{%s}%%\n\\def\\infogeoData{%s}%%\n",
             profile_name(x->b->profile), x->data);
    put_warnings(x, t);
    for (size_t i = 0; i < x->count; i++) {
        const struct exported *e = &x->programs[i];

        TRY(check_name(e->p->id));
        TRY(put_claims(t, e));
        for (size_t row = 0; row < e->metrics.row_count; row++)
            TRY(put_metric(t, e, row));
    }
    text_add(t, "\\endinput\n");
    return STATUS_OK;
}

enum status export_latex(const struct export *x)
{
    struct text verdicts = {0}, metrics = {0}, numbers = {0};
    const char *interval = arena_text(&x->b->mem, "%g of the mean over seeds", VERDICT_CONFIDENCE);

    TRY(export_save(x, "numbers.tex", &numbers, put_numbers(x, &numbers)));
    TRY(export_save(x, "metrics.tex", &metrics, all_metric_rows(x, &metrics)));
    put_head(x, &verdicts, "rows: program & claim & place & measured & verdict & data", interval);
    for (size_t i = 0; i < x->count; i++)
        verdict_rows(&verdicts, &x->programs[i]);
    return export_save(x, "verdicts.tex", &verdicts, STATUS_OK);
}
