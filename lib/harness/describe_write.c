/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/describe.h"

#include "base/table.h"
#include "harness/describe_words.h"
#include "harness/tolerance.h"

const char *const describe_columns[4] = {"what", "name", "field", "value"};
const char *const describe_directions[3] = {"none", "lower", "higher"};
const char *const describe_relations[2] = {"below", "above"};

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
        row(w, "metric", m->name, "direction", describe_directions[m->direction]);
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
        row(w, "claim", c->id, "is", describe_relations[c->is]);
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
    table_column_names(&w, describe_columns, 4);
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
