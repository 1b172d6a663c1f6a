/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/table.h"
#include "harness/tolerance.h"

static const char *const columns[] = {"what", "name", "field", "value"};
static const char *const directions[] = {"none", "lower", "higher"};
static const char *const relations[] = {"below", "above"};

/* ---- writing ---- */

static void row(struct table_writer *w, const char *what, const char *name, const char *field,
                const char *value)
{
    if (value == NULL)
        return;
    table_put(w, what);
    table_put(w, name);
    table_put(w, field);
    table_put(w, value);
}

static void row_number(struct table_writer *w, const char *what, const char *name,
                       const char *field, double value)
{
    char text[TEXT_DOUBLE];

    row(w, what, name, field, text_double(text, value));
}

static void write_program(struct table_writer *w, const struct reproduction *r)
{
    row(w, "program", r->id, "title", r->title);
    row(w, "program", r->id, "paper", r->paper);
    row(w, "program", r->id, "data", r->data);
    row(w, "program", r->id, "differs", r->differs);
    row(w, "program", r->id, "caption", r->caption);
    row_number(w, "program", r->id, "deterministic", r->deterministic);
    for (int p = 0; p < PROFILE_COUNT; p++)
        row_number(w, "minutes", r->id, profile_name((enum profile)p), r->minutes[p]);
}

/* An axis is there even without a meaning. */
static enum status write_cells(struct table_writer *w, const struct reproduction *r,
                               struct arena *mem)
{
    if (arena_guard(mem))
        return STATUS_MEMORY;
    if (r->axis != NULL) {
        row(w, "axis", r->axis->name, "meaning", r->axis->meaning != NULL ? r->axis->meaning : "");
        for (int p = 0; p < PROFILE_COUNT; p++)
            for (size_t i = 0; i < r->axis->at[p].count; i++)
                row_number(w, "cell", reproduction_cell_name(r, (enum profile)p, i, mem),
                           profile_name((enum profile)p), r->axis->at[p].values[i]);
    }
    arena_unguard(mem);
    return STATUS_OK;
}

static void write_parameters(struct table_writer *w, const struct reproduction *r)
{
    for (size_t i = 0; i < r->parameter_count; i++) {
        const struct parameter *p = &r->parameters[i];

        row(w, "parameter", p->name, "type", p->type == PARAMETER_int ? "int" : "double");
        for (int k = 0; k < PROFILE_COUNT; k++)
            row_number(w, "parameter", p->name, profile_name((enum profile)k), p->value[k]);
        row(w, "parameter", p->name, "source", p->source);
    }
}

static void write_metrics(struct table_writer *w, const struct reproduction *r)
{
    for (size_t i = 0; i < r->metric_count; i++) {
        const struct metric *m = &r->metrics[i];

        row(w, "metric", m->name, "unit", m->unit);
        row(w, "metric", m->name, "direction", directions[m->direction]);
        row(w, "metric", m->name, "class", tolerance_name(m->class));
        row_number(w, "metric", m->name, "worst", m->worst);
        row(w, "metric", m->name, "meaning", m->meaning);
    }
}

static void write_claims(struct table_writer *w, const struct reproduction *r)
{
    for (size_t i = 0; i < r->claim_count; i++) {
        const struct claim *c = &r->claims[i];

        row(w, "claim", c->id, "words", c->words);
        row(w, "claim", c->id, "place", c->place);
        row(w, "claim", c->id, "kind", claim_kind_name(c->kind));
        row(w, "claim", c->id, "metric", c->metric);
        row(w, "claim", c->id, "cell", c->cell);
        row(w, "claim", c->id, "is", relations[c->is]);
        row(w, "claim", c->id, "to_metric", c->to_metric);
        row(w, "claim", c->id, "to_cell", c->to_cell);
        row_number(w, "claim", c->id, "to", c->to);
        row_number(w, "claim", c->id, "within", c->within);
        row(w, "claim", c->id, "reason", c->reason);
        row(w, "claim", c->id, "members", c->members);
    }
}

enum status describe_write(struct text *out, const struct reproduction *r)
{
    struct table_writer w = {0};
    struct arena mem = {0};
    enum status status;

    table_comment(&w, "format", "description 1");
    table_column_names(&w, columns, 4);
    write_program(&w, r);
    status = write_cells(&w, r, &mem);
    write_parameters(&w, r);
    write_metrics(&w, r);
    write_claims(&w, r);
    row(&w, "end", r->id, "", ""); /* so that a text that is cut between two rows shows it */
    if (status == STATUS_OK)
        status = text_ok(&w.text);
    if (status == STATUS_OK) {
        text_add_bytes(out, text_get(&w.text), w.text.length);
        status = text_ok(out);
    }
    table_writer_free(&w);
    arena_free(&mem);
    return status;
}

/* ---- reading ---- */

struct reader {
    struct arena *mem;
    const struct table *t;
    struct reproduction *r;
    struct parameter *parameters;
    struct metric *metrics;
    struct claim *claims;
    struct axis *axis;
    const char ***cell_names; /* by profile */
    double **cell_values;
    int ended;
};

static enum status damaged(const struct reader *in, size_t at)
{
    return status_set(STATUS_DATA, "%s: row %zu is no part of a description: build again",
                      in->t->path, at + 1);
}

static int word_index(const char *word, const char *const *words, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

static int read_program(struct reader *in, const char *name, const char *field, char *value)
{
    struct reproduction *r = in->r;

    if (r->id != NULL && strcmp(r->id, name) != 0)
        return 0;
    r->id = arena_text(in->mem, "%s", name);
    if (strcmp(field, "title") == 0)
        r->title = value;
    else if (strcmp(field, "paper") == 0)
        r->paper = value;
    else if (strcmp(field, "data") == 0)
        r->data = value;
    else if (strcmp(field, "differs") == 0)
        r->differs = value;
    else if (strcmp(field, "caption") == 0)
        r->caption = value;
    else if (strcmp(field, "deterministic") == 0)
        r->deterministic = strcmp(value, "0") != 0;
    else
        return 0;
    return 1;
}

static int read_parameter(struct parameter *p, const char *field, char *value)
{
    const int profile = profile_find(field);

    if (strcmp(field, "type") == 0)
        p->type = strcmp(value, "int") == 0 ? PARAMETER_int : PARAMETER_double;
    else if (strcmp(field, "source") == 0)
        p->source = value;
    else if (profile >= 0)
        return text_to_double(value, field, &p->value[profile]) == STATUS_OK;
    else
        return 0;
    return 1;
}

static int read_metric(struct metric *m, const char *field, char *value)
{
    const int direction = word_index(value, directions, 3), class = tolerance_find(value);

    if (strcmp(field, "unit") == 0)
        m->unit = value;
    else if (strcmp(field, "meaning") == 0)
        m->meaning = value;
    else if (strcmp(field, "worst") == 0)
        return text_to_double(value, field, &m->worst) == STATUS_OK;
    else if (strcmp(field, "direction") == 0 && direction >= 0)
        m->direction = (enum direction)direction;
    else if (strcmp(field, "class") == 0 && class >= 0)
        m->class = (enum tolerance_class)class;
    else
        return 0;
    return 1;
}

static int read_claim_text(struct claim *c, const char *field, const char *value)
{
    static const char *const fields[] = {"words",     "place",   "metric", "cell",
                                         "to_metric", "to_cell", "reason", "members"};
    const char **out[] = {&c->words, &c->place, &c->metric, &c->cell,
                          &c->to_metric, &c->to_cell, &c->reason, &c->members};
    const int i = word_index(field, fields, 8);

    if (i >= 0)
        *out[i] = value;
    return i >= 0;
}

static int read_claim(struct claim *c, const char *field, char *value)
{
    if (read_claim_text(c, field, value))
        return 1;
    if (strcmp(field, "kind") == 0 && claim_kind_find(value) >= 0)
        c->kind = (enum claim_kind)claim_kind_find(value);
    else if (strcmp(field, "is") == 0 && word_index(value, relations, 2) >= 0)
        c->is = (enum relation)word_index(value, relations, 2);
    else if (strcmp(field, "to") == 0)
        return text_to_double(value, field, &c->to) == STATUS_OK;
    else if (strcmp(field, "within") == 0)
        return text_to_double(value, field, &c->within) == STATUS_OK;
    else
        return 0;
    return 1;
}

static int read_cell(struct reader *in, const char *name, const char *field, const char *value)
{
    const int profile = profile_find(field);
    double number;

    if (profile < 0 || in->axis == NULL || text_to_double(value, field, &number) != STATUS_OK)
        return 0;
    in->cell_names[profile][in->axis->at[profile].count] = arena_text(in->mem, "%s", name);
    in->cell_values[profile][in->axis->at[profile].count++] = number;
    return 1;
}

static int read_row(struct reader *in, size_t at)
{
    const char *what = table_cell(in->t, at, 0), *name = table_cell(in->t, at, 1);
    const char *field = table_cell(in->t, at, 2);
    char *value = arena_text(in->mem, "%s", table_cell(in->t, at, 3));
    struct reproduction *r = in->r;
    const int again = at > 0 && strcmp(table_cell(in->t, at - 1, 0), what) == 0 &&
                      strcmp(table_cell(in->t, at - 1, 1), name) == 0;

    if (strcmp(what, "program") == 0)
        return read_program(in, name, field, value);
    if (strcmp(what, "minutes") == 0)
        return profile_find(field) >= 0 &&
               text_to_double(value, field, &r->minutes[profile_find(field)]) == STATUS_OK;
    if (strcmp(what, "end") == 0)
        return in->ended = r->id != NULL && strcmp(name, r->id) == 0;
    if (strcmp(what, "axis") == 0) {
        if (in->axis != NULL || strcmp(field, "meaning") != 0)
            return 0;
        in->axis = arena_get(in->mem, 1, sizeof *in->axis);
        in->axis->name = arena_text(in->mem, "%s", name);
        in->axis->meaning = value;
        return 1;
    }
    if (strcmp(what, "cell") == 0)
        return read_cell(in, name, field, value);
    if (strcmp(what, "parameter") == 0) {
        in->parameters[r->parameter_count += !again].name = arena_text(in->mem, "%s", name);
        return read_parameter(&in->parameters[r->parameter_count], field, value);
    }
    if (strcmp(what, "metric") == 0) {
        in->metrics[r->metric_count += !again].name = arena_text(in->mem, "%s", name);
        return read_metric(&in->metrics[r->metric_count], field, value);
    }
    if (strcmp(what, "claim") == 0) {
        in->claims[r->claim_count += !again].id = arena_text(in->mem, "%s", name);
        return read_claim(&in->claims[r->claim_count], field, value);
    }
    return 0;
}

static int columns_fit(const struct table *t)
{
    int fit = t->column_count == 4;

    for (size_t i = 0; i < 4 && fit; i++)
        fit = strcmp(t->columns[i], columns[i]) == 0;
    return fit;
}

static enum status read_all(struct reader *in)
{
    const size_t rows = in->t->row_count + 1;
    struct reproduction *r = in->r;

    if (table_key(in->t, "format") == NULL ||
        strcmp(table_key(in->t, "format"), "description 1") != 0 || !columns_fit(in->t))
        return status_set(STATUS_DATA, "%s: expected a description, found something else: build "
                                       "again", in->t->path);
    in->parameters = arena_get(in->mem, rows + 1, sizeof *in->parameters);
    in->metrics = arena_get(in->mem, rows + 1, sizeof *in->metrics);
    in->claims = arena_get(in->mem, rows + 1, sizeof *in->claims);
    in->cell_names = arena_get(in->mem, PROFILE_COUNT, sizeof *in->cell_names);
    in->cell_values = arena_get(in->mem, PROFILE_COUNT, sizeof *in->cell_values);
    for (int p = 0; p < PROFILE_COUNT; p++) {
        in->cell_names[p] = arena_get(in->mem, rows, sizeof **in->cell_names);
        in->cell_values[p] = arena_get(in->mem, rows, sizeof **in->cell_values);
    }
    for (size_t i = 0; i < in->t->row_count; i++)
        if (in->ended || !read_row(in, i))
            return damaged(in, i);
    if (!in->ended)
        return status_set(STATUS_DATA, "%s: expected the row 'end', found a text that is cut: run "
                          "again", in->t->path);
    /* Counters ran one ahead: entry 0 of each array is unused. */
    r->parameters = in->parameters + 1;
    r->metrics = in->metrics + 1;
    r->claims = in->claims + 1;
    r->axis = in->axis;
    for (int p = 0; in->axis != NULL && p < PROFILE_COUNT; p++) {
        in->axis->at[p].values = in->cell_values[p];
        in->axis->at[p].names = in->cell_names[p];
    }
    return STATUS_OK;
}

static enum status read_guarded(struct reader *in)
{
    return arena_guard(in->mem) ? STATUS_MEMORY : read_all(in);
}

/* The table is let go also where memory runs out; the caller's guard of the arena stays. */
enum status describe_read(struct reproduction *r, struct arena *mem, const char *bytes, size_t n)
{
    struct table t = {0};
    struct reader in = {.mem = mem, .t = &t, .r = r};
    const int guarded = mem->guarded;
    enum status status = table_parse(&t, "description", bytes, n);
    jmp_buf before;

    *r = (struct reproduction){0};
    memcpy(before, mem->guard, sizeof before);
    if (status == STATUS_OK)
        status = read_guarded(&in);
    memcpy(mem->guard, before, sizeof before);
    mem->guarded = guarded;
    if (status != STATUS_OK)
        *r = (struct reproduction){0};
    table_free(&t);
    return status;
}
