/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status: what the results are worth: which units are fresh, which are missing, which are stale and
 * why; what killed processes left; and folders that belong to no unit any more. Looks, and changes
 * nothing.
 *
 * Why a unit is stale follows from what it recorded of itself (provenance.tsv) against what its
 * program prints now. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/table.h"
#include "orphans.h"
#include "output.h"
#include "programs.h"
#include "ranges.h"

enum { MOST_WHY = 8 };         /* states that the units of one cell can be in */

static const char FRESH[] = "fresh", MISSING[] = "missing: no result yet";

/* What a program is now; asked when the first stale unit needs it. */
struct now {
    int asked;
    const char *program, *records, *trouble; /* trouble: "" or why it could not be asked */
};

struct totals {
    size_t units, fresh, missing, stale, unasked;
};

/* ---- why a unit is stale ---- */

static enum status ask(struct bench *b, const struct program *p, struct now *now)
{
    const char *const argv[] = {
        p->path, "--key", "--profile", profile_name(b->profile),
        p->mode == PINNED ? "--pinned" : "--native", "--cell", p->units[0].cell, "--seed",
        arena_text(&b->mem, "%llu", (unsigned long long)p->units[0].seed),
        b->data != NULL ? "--data" : NULL, b->data, NULL};
    struct table t = {0};
    char *out, errors[512];
    size_t n;
    int code;

    TRY(output_of(b, argv, p->mode, &out, &n, &code, errors));
    if (code != 0)
        return status_set(programs_status(code), "%s", errors);
    enum status status = table_parse(&t, p->path, out, n);
    if (status == STATUS_OK && (!table_key(&t, "program") || !table_key(&t, "records")))
        status = status_set(STATUS_DATA, "%s --key names no program and records", p->path);
    if (status == STATUS_OK) {
        now->program = arena_text(&b->mem, "%s", table_key(&t, "program"));
        now->records = arena_text(&b->mem, "%s", table_key(&t, "records"));
    }
    table_free(&t);
    return status;
}

/* Value of a key of provenance.tsv, "" when there is none. */
static const char *recorded(const struct table *t, const char *key)
{
    for (size_t i = 0; t->column_count >= 2 && i < t->row_count; i++)
        if (strcmp(table_cell(t, i, 0), key) == 0)
            return table_cell(t, i, 1);
    return "";
}

static const char *compare(struct bench *b, const struct program *p, const struct now *now,
                           const struct table *t)
{
    const int same_program = strcmp(recorded(t, "program.hash"), now->program) == 0;
    const int same_records = strcmp(recorded(t, "data.records"), now->records) == 0;
    const char *threads = recorded(t, "blas.threads"), *mode = recorded(t, "mode");

    if (!same_program || !same_records)
        return same_records   ? "stale: program changed"
               : same_program ? "stale: records changed"
                              : "stale: program and records changed";
    if (strcmp(threads, "1") != 0)
        return arena_text(&b->mem, "stale: arguments changed (threads %s, now 1)", threads);
    if (strcmp(mode, mode_name(p->mode)) != 0)
        return arena_text(&b->mem, "stale: arguments changed (mode %s, now %s)", mode,
                          mode_name(p->mode));
    return "stale: arguments changed";
}

static const char *reason(struct bench *b, const struct program *p, const struct planned *u,
                          struct now *now)
{
    const char *folder = arena_text(&b->mem, "%s/results/%s", b->build, u->folder);
    struct table metrics = {0}, made_by = {0};
    const char *words;

    if (!file_exists(folder))
        return MISSING;
    if (!now->asked && ask(b, p, now) != STATUS_OK)
        now->trouble = arena_text(&b->mem, "stale: unknown why: %s", status_message());
    now->asked = 1;
    if (table_read(&metrics, arena_text(&b->mem, "%s/metrics.tsv", folder)) != STATUS_OK)
        words = "stale: metrics.tsv is missing or damaged";
    else if (table_read(&made_by, arena_text(&b->mem, "%s/provenance.tsv", folder)) != STATUS_OK)
        words = "stale: provenance.tsv is missing or damaged";
    else
        words = now->trouble[0] != '\0' ? now->trouble : compare(b, p, now, &made_by);
    table_free(&metrics);
    table_free(&made_by);
    return words;
}

/* ---- the units ---- */

static void count_unit(struct totals *t, const char *why)
{
    t->units++;
    t->fresh += why == FRESH;
    t->missing += why == MISSING;
    t->stale += why != FRESH && why != MISSING;
}

/* One line for all seeds of a cell that are in the same state. */
static void print_cell(struct bench *b, const struct program *p, const char *cell, struct now *now,
                       struct totals *totals)
{
    const char *why[MOST_WHY];
    struct ranges seeds[MOST_WHY] = {0};
    size_t n = 0;

    for (size_t i = 0; i < p->unit_count; i++) {
        const struct planned *u = &p->units[i];
        size_t k = 0;

        if (strcmp(u->cell, cell) != 0)
            continue;
        const char *words = u->fresh ? FRESH : reason(b, p, u, now);
        while (k < n && strcmp(why[k], words) != 0)
            k++;
        if (k == MOST_WHY)
            k--;
        else if (k == n)
            why[n++] = words;
        ranges_add(&seeds[k], u->seed);
        count_unit(totals, words);
    }
    for (size_t k = 0; k < n; k++) {
        const char *plural = seeds[k].count > 1 ? "s" : "";

        printf("%s %s seed%s %s: %s\n", p->id, cell, plural, ranges_take(&seeds[k], &b->mem),
               why[k]);
    }
}

static void print_program(struct bench *b, const struct program *p, struct totals *totals)
{
    struct now now = {.program = "", .records = "", .trouble = ""};

    for (size_t i = 0; i < p->cell_count; i++)
        print_cell(b, p, p->cells[i], &now, totals);
}

/* ---- the verb ---- */

static void print_totals(const struct bench *b, const struct totals *t, const struct orphans *o)
{
    printf("%zu units at %s: %zu fresh, %zu stale, %zu missing; %zu leftovers, %zu orphans",
           t->units, profile_name(b->profile), t->fresh, t->stale, t->missing, o->leftovers,
           o->orphans);
    if (t->unasked > 0)
        printf("; programs that cannot run: %zu", t->unasked);
    printf("\n");
}

enum status verb_status(struct bench *b)
{
    struct totals totals = {0};
    struct orphans orphans = {0};
    enum status worst = STATUS_OK;

    TRY(programs_find(b));
    enum status *statuses = arena_get(&b->mem, b->program_count, sizeof *statuses);
    const char **words = arena_get(&b->mem, b->program_count, sizeof *words);
    TRY(programs_plan(b, statuses, words));
    for (size_t i = 0; i < b->program_count; i++) {
        if (statuses[i] == STATUS_OK) {
            print_program(b, &b->programs[i], &totals);
            continue;
        }
        totals.unasked++;
        worst = statuses[i];
        printf("%s: cannot run: %s\n", b->programs[i].id, words[i]);
    }
    orphans_print(b, &orphans);
    print_totals(b, &totals, &orphans);
    if (worst != STATUS_OK)
        return status_set(worst, "%zu of %zu programs cannot run: what they say stands "
                          "above", totals.unasked, b->program_count);
    return STATUS_OK;
}
