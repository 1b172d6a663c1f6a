/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export_records: the formats for other programs, csv and json, which have the same columns. */
#include <math.h>
#include <string.h>

#include "export.h"

/* ---- what both write ---- */

enum { MOST_FIELDS = 16 };

struct field {
    const char *name;
    const char *words;         /* NULL: a number */
    double number;
};

struct record {
    struct field fields[MOST_FIELDS]; /* n */
    size_t n;
};

static void add_words(struct record *r, const char *name, const char *words)
{
    r->fields[r->n++] = (struct field){name, words != NULL ? words : "", 0};
}

static void add_number(struct record *r, const char *name, double number)
{
    r->fields[r->n++] = (struct field){name, NULL, number};
}

/* The interval is of the difference to the other side; where that is a number, people want the
 * metric itself. */
static void add_interval(struct record *r, const struct claim *claim, const struct verdict *v)
{
    const int shifted = claim->to_metric == NULL && claim->kind != TREND && claim->kind != BOUND &&
                        claim->kind != EVERY;
    const double offset = shifted ? v->to : 0;

    add_number(r, "mean", v->interval.mean + offset);
    add_number(r, "low", v->interval.low + offset);
    add_number(r, "high", v->interval.high + offset);
}

static struct record verdict_record(const struct export *x, const struct exported *e, size_t i)
{
    const struct claim *claim = &e->p->r.claims[i];
    const struct verdict v = export_verdict(e, i);
    struct record r = {.n = 0};
    char measured[160];

    verdict_measured(measured, &v, claim);
    add_words(&r, "program", e->p->id);
    add_words(&r, "claim", claim->id);
    add_words(&r, "words", claim->words);
    add_words(&r, "place", claim->place);
    add_words(&r, "kind", claim_kind_name(claim->kind));
    add_words(&r, "measured", arena_text(&x->b->mem, "%s", measured));
    add_number(&r, "asked", (double)v.asked);
    add_number(&r, "finite", (double)v.finite);
    add_interval(&r, claim, &v);
    add_words(&r, "verdict", verdict_name(v.word));
    add_words(&r, "why", arena_text(&x->b->mem, "%s", v.why));
    add_words(&r, "profile", profile_name(x->b->profile));
    add_words(&r, "data", export_data(e));
    return r;
}

static enum status metric_record(const struct export *x, const struct exported *e, size_t row,
                                 struct record *r)
{
    struct measured m;

    TRY(export_metric(e, row, &m));
    r->n = 0;
    add_words(r, "program", e->p->id);
    add_words(r, "cell", m.cell);
    add_words(r, "metric", m.metric);
    add_words(r, "unit", m.unit);
    add_number(r, "n", (double)m.n);
    add_number(r, "mean", m.mean.mean);
    add_number(r, "sd", m.sd);
    add_number(r, "low", m.mean.low);
    add_number(r, "high", m.mean.high);
    add_number(r, "asked", (double)m.asked);
    add_number(r, "finite", (double)m.finite);
    add_words(r, "profile", profile_name(x->b->profile));
    add_words(r, "data", export_data(e));
    return STATUS_OK;
}

/* Writes a record; `first` is 1 for the first one of its table. */
typedef void record_writer(struct text *t, const struct record *r, int first);

static void write_verdicts(const struct export *x, struct text *t, record_writer *write)
{
    int first = 1;

    for (size_t i = 0; i < x->count; i++)
        for (size_t k = 0; k < x->programs[i].p->r.claim_count; k++, first = 0) {
            const struct record r = verdict_record(x, &x->programs[i], k);
            write(t, &r, first);
        }
}

static enum status write_metrics(const struct export *x, struct text *t, record_writer *write)
{
    int first = 1;

    for (size_t i = 0; i < x->count; i++)
        for (size_t k = 0; k < x->programs[i].metrics.row_count; k++, first = 0) {
            struct record r;
            TRY(metric_record(x, &x->programs[i], k, &r));
            write(t, &r, first);
        }
    return STATUS_OK;
}

/* ---- csv ---- */

static void csv_field(struct text *t, const char *words, const char *end)
{
    const int quoted = words[strcspn(words, ",\"\r\n")] != '\0';

    text_add(t, quoted ? "\"" : "");
    for (const char *c = words; *c != '\0'; c++) {
        if (*c == '"')
            text_add(t, "\"");
        text_add_bytes(t, c, 1);
    }
    text_add(t, quoted ? "\"%s" : "%s", end);
}

static void csv_record(struct text *t, const struct record *r, int first)
{
    char number[TEXT_DOUBLE];

    for (size_t i = 0; first && i < r->n; i++)
        csv_field(t, r->fields[i].name, i + 1 < r->n ? "," : "\r\n");
    for (size_t i = 0; i < r->n; i++) {
        const struct field *f = &r->fields[i];
        csv_field(t, f->words != NULL ? f->words : text_double(number, f->number),
                  i + 1 < r->n ? "," : "\r\n");
    }
}

enum status export_csv(const struct export *x)
{
    struct text verdicts = {0}, metrics = {0};

    TRY(export_save(x, "metrics.csv", &metrics, write_metrics(x, &metrics, csv_record)));
    write_verdicts(x, &verdicts, csv_record);
    return export_save(x, "verdicts.csv", &verdicts, STATUS_OK);
}

/* ---- json ---- */

static void json_words(struct text *t, const char *words)
{
    text_add(t, "\"");
    for (const char *c = words; *c != '\0'; c++) {
        const unsigned byte = (unsigned char)*c;

        if (byte == '"' || byte == '\\')
            text_add(t, "\\");
        if (byte < 0x20 || byte == 0x7f)
            text_add(t, "\\u%04x", byte);
        else
            text_add_bytes(t, c, 1);
    }
    text_add(t, "\"");
}

static void json_number(struct text *t, double number)
{
    char digits[TEXT_DOUBLE];

    text_add(t, "%s", isfinite(number) ? text_double(digits, number) : "null");
}

static void json_record(struct text *t, const struct record *r, int first)
{
    text_add(t, first ? "\n    {" : ",\n    {");
    for (size_t i = 0; i < r->n; i++) {
        text_add(t, "%s\"%s\": ", i > 0 ? ", " : "", r->fields[i].name);
        if (r->fields[i].words != NULL)
            json_words(t, r->fields[i].words);
        else
            json_number(t, r->fields[i].number);
    }
    text_add(t, "}");
}

static void json_programs(const struct export *x, struct text *t)
{
    for (size_t i = 0; i < x->count; i++) {
        const struct exported *e = &x->programs[i];
        struct record r = {.n = 0};

        add_words(&r, "program", e->p->id);
        add_words(&r, "title", e->p->r.title);
        add_words(&r, "paper", e->p->r.paper);
        add_words(&r, "data", export_data(e));
        add_words(&r, "mode", e->not_run == NULL ? mode_name(e->p->mode) : "");
        add_words(&r, "not_run", e->not_run);
        add_number(&r, "stale", (double)e->stale);
        add_number(&r, "missing", (double)e->missing);
        json_record(t, &r, i == 0);
    }
}

static enum status json_all(const struct export *x, struct text *t)
{
    text_add(t, "{\n  \"format\": \"results 1\",\n  \"profile\": \"%s\",\n  \"data\": \"%s\",\n",
             profile_name(x->b->profile), x->data);
    text_add(t, "  \"verdict_interval\": \"%g of the mean over seeds\",\n  \"metric_interval\": ",
             VERDICT_CONFIDENCE);
    json_words(t, x->interval);
    text_add(t, ",\n  \"programs\": [");
    json_programs(x, t);
    text_add(t, "\n  ],\n  \"verdicts\": [");
    write_verdicts(x, t, json_record);
    text_add(t, "\n  ],\n  \"metrics\": [");
    TRY(write_metrics(x, t, json_record));
    text_add(t, "\n  ]\n}\n");
    return STATUS_OK;
}

enum status export_json(const struct export *x)
{
    struct text t = {0};

    return export_save(x, "results.json", &t, json_all(x, &t));
}
