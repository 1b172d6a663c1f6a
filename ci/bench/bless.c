/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bless: accepts the present results as regression values, on purpose and with a reason.
 *
 * smoke: a `seed` row for each metric of each unit. desk: a `mean` row over seeds for each metric
 * of each cell (each unit, where nothing is drawn), a `claim` row for each verdict, and the raw
 * per-seed values in <id>.seeds.tsv. Refused without a reason, on a tree with uncommitted changes
 * outside reference-results/ and README.md, and when a unit is missing or stale. Rows of the paper
 * are never touched. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/table.h"
#include "harness/results.h"
#include "harness/tolerance.h"
#include "linalg/stat.h"
#include "reference_files.h"

struct blessing {
    struct bench *b;
    struct program *p;
    const struct results *results;
    struct references old, fresh; /* before; and all rows to be written */
    const char *where;
    size_t same, moved, added;
};

static enum status clean_tree(struct bench *b)
{
    static const char *const argv[] = {"git", "status", "--porcelain", "--", ".",
                                       ":!reference-results", ":!README.md",
                                       ":!reproductions/README.md", NULL};
    char *out, errors[512];
    size_t n;
    int code;

    TRY(program_output(b, argv, NATIVE, &out, &n, &code, errors));
    if (code != 0)
        return status_set(STATUS_UNFIT, "bless needs git to name the commit that gave the numbers: "
                                        "%s", errors);
    if (n > 0)
        return status_set(STATUS_USAGE, "bless is refused: the tree has uncommitted changes "
                                        "(%.*s): commit them first", (int)strcspn(out, "\n"), out);
    return STATUS_OK;
}

/* Old value, new value, distance in units of the tolerance. */
static void show(struct blessing *a, const struct reference *row)
{
    const struct reference *old = references_find(&a->old, row);
    char was[TEXT_DOUBLE], is[TEXT_DOUBLE];

    if (old == NULL) {
        a->added++;
        return;
    }
    if (strcmp(row->scope, "claim") == 0) {
        if (strcmp(old->verdict, row->verdict) != 0)
            printf("  %s: was '%s', now '%s'\n", row->metric, old->verdict, row->verdict);
        a->moved += strcmp(old->verdict, row->verdict) != 0;
        return;
    }
    if (!(old->value < row->value) && !(old->value > row->value)) {
        a->same++;
        return;
    }
    a->moved++;
    printf("  %s %s %s: was %s, now %s: %.3g tolerances\n", row->cell, row->seed, row->metric,
           text_short(was, old->value, 9), text_short(is, row->value, 9),
           tolerance_distance((enum tolerance_class)tolerance_find(row->class), a->p->mode,
                              row->value, old->value, row->scale, old->tol));
}

/* A row has "" where it has nothing to say. */
static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static int near_enough(const struct reference *old, const struct reference *row)
{
    return !(old->value < row->value) && !(old->value > row->value) &&
           strcmp(old->verdict, row->verdict) == 0;
}

static void add(struct blessing *a, struct reference row)
{
    const struct reference *old;

    row.cell = or_empty(row.cell);
    row.seed = or_empty(row.seed);
    row.unit = or_empty(row.unit);
    row.class = or_empty(row.class);
    row.verdict = or_empty(row.verdict);
    row.profile = profile_name(a->b->profile);
    row.mode = mode_name(a->p->mode);
    row.data = a->p->data_kind;
    row.source = "ours";
    row.where = a->where;
    row.why = a->b->why;
    old = references_find(&a->old, &row);
    if (old != NULL && old->tol > 0) { /* an override stays, with its own reason */
        row.tol = old->tol;
        row.why = old->why;
    }
    if (old != NULL && near_enough(old, &row)) {
        row.where = old->where; /* nothing moved: the first reason stands */
        row.why = old->why;
    }
    show(a, &row);
    references_add(&a->fresh, &row);
}

/* The tolerance class that the program declares for a metric. */
static const char *class_of(const struct blessing *a, const char *name)
{
    const struct metric *m = metric_find(a->p->r.metrics, a->p->r.metric_count, name);

    CHECK(m != NULL, "%s emitted '%s' and does not declare it", a->p->id, name);
    return tolerance_name(m->class);
}

static void add_seed_rows(struct blessing *a)
{
    for (size_t i = 0; i < a->results->count; i++) {
        const struct observation *o = &a->results->rows[i];
        char seed[24];

        snprintf(seed, sizeof seed, "%llu", (unsigned long long)o->seed);
        add(a, (struct reference){.cell = o->cell, .seed = seed, .metric = o->metric,
                                  .scope = "seed", .value = o->value, .unit = o->unit,
                                  .class = class_of(a, o->metric),
                                  .scale = o->scale, .n = 1});
    }
}

/* The metrics of the first unit of each cell name the rows; all seeds give mean and sd. */
static void add_mean_rows(struct blessing *a)
{
    double *x = arena_get(&a->b->mem, a->p->seed_count, sizeof *x);

    for (size_t i = 0; i < a->results->count; i++) {
        const struct observation *o = &a->results->rows[i];
        size_t n = 0;

        if (o->seed != a->p->seeds[0])
            continue;
        for (size_t s = 0; s < a->p->seed_count; s++) {
            x[n] = results_value(a->results, o->cell, a->p->seeds[s], o->metric);
            n += isfinite(x[n]) != 0;
        }
        add(a, (struct reference){.cell = o->cell, .metric = o->metric, .scope = "mean",
                                  .value = stat_mean(x, n), .unit = o->unit,
                                  .class = class_of(a, o->metric),
                                  .scale = o->scale, .n = (double)n,
                                  .sd = n > 1 ? stat_sd(x, n) : 0});
    }
}

static enum status add_claim_rows(struct blessing *a)
{
    for (size_t i = 0; i < a->p->r.claim_count; i++) {
        const struct claim *c = &a->p->r.claims[i];
        struct verdict v;

        TRY(verdict_judge(&v, c, &a->p->r, a->b->profile, a->p->data_kind, a->results, a->p->seeds,
                          a->p->seed_count));
        add(a, (struct reference){.metric = c->id, .scope = "claim",
                                  .value = isfinite(v.interval.mean) ? v.interval.mean : 0,
                                  .n = (double)v.asked, .verdict = verdict_name(v.word)});
    }
    return STATUS_OK;
}

/* Rows of other profiles, modes and data in the stored file stay as they are. */
static enum status keep_other_values(struct blessing *a, struct table_writer *w,
                                     const char *const *names, size_t n)
{
    const char *path = reference_seeds(a->b, a->p);
    struct table t = {0};
    enum status status = STATUS_OK;

    if (!file_exists(path))
        return STATUS_OK;
    status = table_read(&t, path);
    for (size_t i = 0; status == STATUS_OK && i < t.row_count; i++) {
        const char *row[16] = {0};

        for (size_t k = 0; k < n && status == STATUS_OK; k++) {
            const int at = table_find(&t, names[k]);

            status = at < 0 ? status_set(STATUS_DATA, "%s: no column '%s'", path, names[k])
                            : STATUS_OK;
            row[k] = at < 0 ? "" : table_cell(&t, i, at);
        }
        if (status == STATUS_OK && (strcmp(row[0], profile_name(a->b->profile)) != 0 ||
                                    strcmp(row[1], mode_name(a->p->mode)) != 0 ||
                                    strcmp(row[2], a->p->data_kind) != 0))
            for (size_t k = 0; k < n; k++)
                table_put(w, row[k]);
    }
    table_free(&t);
    return status;
}

static void put_value(const struct blessing *a, struct table_writer *w, const char *cell,
                      uint64_t seed, const char *metric, double value, const char *unit,
                      double scale)
{
    table_put(w, profile_name(a->b->profile));
    table_put(w, mode_name(a->p->mode));
    table_put(w, a->p->data_kind);
    table_put(w, cell);
    table_put_count(w, (size_t)seed);
    table_put(w, metric);
    table_put_number(w, value);
    table_put(w, unit);
    table_put_number(w, scale);
}

static enum status save_values(struct blessing *a)
{
    static const char *const names[] = {"profile", "mode",  "data", "cell", "seed",
                                        "metric",  "value", "unit", "scale"};
    struct table_writer w = {0};
    enum status status;

    table_comment(&w, "format", "values 1");
    table_column_names(&w, names, 9);
    status = keep_other_values(a, &w, names, 9);
    for (size_t i = 0; i < a->results->unit_count; i++)
        if (a->results->units[i].diverged)
            put_value(a, &w, a->results->units[i].cell, a->results->units[i].seed, "diverged", 1,
                      "1", 0);
    for (size_t i = 0; i < a->results->count; i++) {
        const struct observation *o = &a->results->rows[i];

        put_value(a, &w, o->cell, o->seed, o->metric, o->value, o->unit, o->scale);
    }
    if (status == STATUS_OK)
        status = table_save(&w, reference_seeds(a->b, a->p));
    table_writer_free(&w);
    return status;
}

static enum status write_blessing(struct blessing *a)
{
    const char *path = reference_path(a->b, a->p);
    int found;

    TRY(file_make_folder(REFERENCE_FOLDER));
    TRY(references_read(&a->old, path, &found));
    TRY(references_read(&a->fresh, path, &found));
    references_drop(&a->fresh, profile_name(a->b->profile), mode_name(a->p->mode),
                    a->p->data_kind);
    if (a->b->profile == SMOKE || a->p->r.deterministic)
        add_seed_rows(a);
    else
        add_mean_rows(a);
    if (a->b->profile != SMOKE) {
        TRY(add_claim_rows(a));
        TRY(save_values(a));
    }
    TRY(references_save(&a->fresh, path));
    printf("%s: %s, %s, data: %s: %zu new, %zu moved, %zu as before\n", path,
           profile_name(a->b->profile), mode_name(a->p->mode), a->p->data_kind, a->added, a->moved,
           a->same);
    return STATUS_OK;
}

static enum status all_fresh(const struct program *p)
{
    size_t stale = 0;

    for (size_t i = 0; i < p->unit_count; i++)
        stale += !p->units[i].fresh;
    if (stale > 0)
        return status_set(STATUS_NOTHING, "bless is refused: %zu of %zu units of %s are missing or "
                                          "stale: run them first", stale, p->unit_count, p->id);
    return STATUS_OK;
}

/* "commit 1a2b3c, BLAS core Haswell": as the first unit recorded it. */
static const char *made_where(struct bench *b, const struct program *p)
{
    const char *commit = getenv("INFOGEO_COMMIT"), *core = "unknown";
    struct table t = {0};

    if (p->unit_count > 0 &&
        table_read(&t, arena_text(&b->mem, "%s/results/%s/provenance.tsv", b->build,
                                  p->units[0].folder)) == STATUS_OK)
        for (size_t i = 0; i < t.row_count && t.column_count == 2; i++)
            if (strcmp(table_cell(&t, i, 0), "blas.core") == 0)
                core = arena_text(&b->mem, "%s", table_cell(&t, i, 1));
    table_free(&t);
    return arena_text(&b->mem, "commit %s, BLAS core %s", commit != NULL ? commit : "unknown",
                      core);
}

static enum status bless_program(struct bench *b, struct program *p)
{
    struct results *results = memory_get(1, sizeof *results);
    struct blessing a = {.b = b, .p = p, .results = results};
    enum status status;

    if (results == NULL)
        return STATUS_MEMORY;
    a.where = made_where(b, p);
    status = collect_results(b, p, results);
    if (status == STATUS_OK)
        status = write_blessing(&a);
    references_free(&a.old);
    references_free(&a.fresh);
    results_free(results);
    memory_free(results);
    return status;
}

enum status verb_bless(struct bench *b)
{
    if (b->id == NULL || b->id[0] == '\0' || strpbrk(b->id, "*?[ ,") != NULL)
        return status_set(STATUS_USAGE, "bless takes one program: ID=name");
    if (b->why == NULL || b->why[0] == '\0')
        return status_set(STATUS_USAGE, "bless needs a reason: WHY=\"...\"");
    b->only = b->id;
    TRY(programs_find(b));
    TRY(clean_tree(b));
    TRY(plan_units(b, &b->programs[0]));
    TRY(all_fresh(&b->programs[0]));
    if (b->profile != SMOKE && b->programs[0].r.data != NULL &&
        strcmp(b->programs[0].data_kind, "real") != 0)
        return status_set(STATUS_USAGE, "bless is refused: a verdict about %s needs the real data, "
                                        "these are stand-ins", b->programs[0].r.data);
    TRY(bless_program(b, &b->programs[0]));
    return verb_readme(b);
}
