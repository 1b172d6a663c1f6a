/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bless: accepts the present results as regression values, on purpose and with a reason.
 *
 * smoke: a `seed` row for each metric of each unit. desk: a `mean` row over seeds for each metric
 * of each cell (each unit, where nothing is drawn), a `claim` row for each verdict, and the raw
 * per-seed values in <id>.seeds.tsv. Refused without a reason, on a tree with uncommitted changes
 * outside reference-results/ and README.md, and when a unit is missing or stale. Rows of the paper
 * are never touched.
 *
 * With --stored, where only a table of claims or the rule of a verdict has changed: the `claim`
 * rows of desk alone, from the raw values that are stored. Nothing needs to be run. */
#include "bless.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/table.h"
#include "output.h"

static enum status clean_tree(struct bench *b)
{
    static const char *const argv[] = {"git", "status", "--porcelain", "--", ".",
                                       ":!reference-results", ":!README.md",
                                       ":!reproductions/README.md", NULL};
    char *out, errors[512];
    size_t n;
    int code;

    TRY(output_of(b, argv, NATIVE, &out, &n, &code, errors));
    if (code != 0)
        return status_set(STATUS_UNFIT, "bless needs git to name the commit that gave the numbers: "
                                        "%s", errors);
    if (n > 0)
        return status_set(STATUS_USAGE, "bless is refused: the tree has uncommitted changes "
                                        "(%.*s): commit them first", (int)strcspn(out, "\n"), out);
    return STATUS_OK;
}

static enum status add_claim_rows(struct blessing *a)
{
    for (size_t i = 0; i < a->p->r.claim_count; i++) {
        const struct claim *c = &a->p->r.claims[i];
        struct verdict v;

        TRY(verdict_judge(&v, c, &a->p->r, a->b->profile, a->p->data_kind, a->results, a->p->seeds,
                          a->p->seed_count));
        bless_rows_claim(a, c, &v);
    }
    return STATUS_OK;
}

static enum status save_rows(struct blessing *a, const char *path)
{
    TRY(references_save(&a->fresh, path));
    printf("%s: %s, %s, data: %s: %zu new, %zu moved, %zu as before\n", path,
           profile_name(a->b->profile), mode_name(a->p->mode), a->p->data_kind, a->added, a->moved,
           a->same);
    return STATUS_OK;
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
        bless_rows_seeds(a);
    else
        bless_rows_means(a);
    if (a->b->profile != SMOKE) {
        TRY(add_claim_rows(a));
        TRY(bless_values_save(a));
    }
    return save_rows(a, path);
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

/* Drops the claims, and says where the numbers that they are judged from were made. */
static void drop_claims(struct blessing *a)
{
    size_t kept = 0;

    for (size_t i = 0; i < a->fresh.count; i++) {
        struct reference *row = &a->fresh.rows[i];
        const int ours = reference_is_ours(row, profile_name(DESK), mode_name(a->p->mode),
                                           a->p->data_kind);

        if (ours && strcmp(row->scope, "claim") == 0)
            continue;
        if (ours)
            a->where = row->where;
        a->fresh.rows[kept++] = *row;
    }
    a->fresh.count = kept;
}

static enum status write_claims(struct blessing *a)
{
    const char *path = reference_path(a->b, a->p);
    struct verdict *verdicts;
    int found;

    TRY(references_read(&a->old, path, &found));
    TRY(references_read(&a->fresh, path, &found));
    TRY(reference_verdicts(a->b, a->p, &verdicts));
    drop_claims(a);
    if (a->where == NULL)
        return status_set(STATUS_NOTHING, "bless is refused: %s has no values of desk: run it "
                                          "there first", path);
    for (size_t i = 0; i < a->p->r.claim_count; i++)
        bless_rows_claim(a, &a->p->r.claims[i], &verdicts[i]);
    return save_rows(a, path);
}

static enum status bless_stored(struct bench *b, struct program *p)
{
    struct blessing a = {.b = b, .p = p};
    enum status status;

    p->mode = NATIVE;
    p->data_kind = reference_data(p);
    status = write_claims(&a);
    references_free(&a.old);
    references_free(&a.fresh);
    return status;
}

static enum status bless_present(struct bench *b, struct program *p)
{
    TRY(plan_units(b, p));
    TRY(all_fresh(p));
    if (b->profile != SMOKE && p->r.data != NULL && strcmp(p->data_kind, "real") != 0)
        return status_set(STATUS_USAGE, "bless is refused: a verdict about %s needs the real data, "
                                        "these are stand-ins", p->r.data);
    return bless_program(b, p);
}

enum status verb_bless(struct bench *b)
{
    if (b->id == NULL || b->id[0] == '\0' || strpbrk(b->id, "*?[ ,") != NULL)
        return status_set(STATUS_USAGE, "bless takes one program: ID=name");
    if (b->why == NULL || b->why[0] == '\0')
        return status_set(STATUS_USAGE, "bless needs a reason: WHY=\"...\"");
    if (b->stored && b->profile != DESK)
        return status_set(STATUS_USAGE, "--stored: raw values are kept of desk alone");
    b->only = b->id;
    TRY(programs_find(b));
    TRY(clean_tree(b));
    TRY(b->stored ? bless_stored(b, &b->programs[0]) : bless_present(b, &b->programs[0]));
    return verb_readme(b);
}
