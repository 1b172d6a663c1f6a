/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status: what the results are worth: which units are fresh, which are missing, which are stale and
 * why; what killed processes left; and folders that belong to no unit any more. Looks, and changes
 * nothing.
 *
 * Why a unit is stale follows from what it recorded of itself (provenance.tsv) against what its
 * program prints now. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/table.h"
#include "base/text.h"
#include "programs.h"

enum { MOST_WHY = 8 };         /* states that the units of one cell can be in */

static const char FRESH[] = "fresh", MISSING[] = "missing: no result yet";

/* What a program is now; asked when the first stale unit needs it. */
struct now {
    int asked;
    const char *program, *records, *trouble; /* trouble: "" or why it could not be asked */
};

struct totals {
    size_t units, fresh, missing, stale, unasked, leftovers, orphans;
};

/* ---- seeds as people write them ---- */

/* Seeds in ascending order become "1-10,12". */
struct ranges {
    struct text text;
    uint64_t first, last;
    size_t count;
};

static void ranges_write(struct ranges *r)
{
    text_add(&r->text, "%s%llu", r->text.length > 0 ? "," : "", (unsigned long long)r->first);
    if (r->last > r->first)
        text_add(&r->text, "-%llu", (unsigned long long)r->last);
}

static void ranges_add(struct ranges *r, uint64_t seed)
{
    if (r->count > 0 && seed == r->last + 1) {
        r->last = seed;
    } else {
        if (r->count > 0)
            ranges_write(r);
        r->first = r->last = seed;
    }
    r->count++;
}

/* The text, in the arena; the ranges are empty then. */
static const char *ranges_take(struct ranges *r, struct arena *mem)
{
    if (r->count > 0)
        ranges_write(r);
    const char *text = arena_text(mem, "%s", text_get(&r->text));
    text_free(&r->text);
    *r = (struct ranges){0};
    return text;
}

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

    TRY(program_output(b, argv, p->mode, &out, &n, &code, errors));
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

/* ---- what does not belong ---- */

/* The digits of the process in "<seed>.tmp-<pid>", "<seed>.old-<pid>" and ".<name>.<pid>.tmp"; NULL
 * for other names. */
static const char *leftover(struct arena *mem, const char *name)
{
    const size_t n = strlen(name);
    char *copy = arena_text(mem, "%s", name), *at;

    if (n > 4 && name[0] == '.' && strcmp(name + n - 4, ".tmp") == 0) {
        copy[n - 4] = '\0';
        at = strrchr(copy, '.') + 1;
    } else if ((at = strstr(copy, ".tmp-")) != NULL || (at = strstr(copy, ".old-")) != NULL) {
        at += 5;
    } else {
        return NULL;
    }
    return *at != '\0' && at[strspn(at, "0123456789")] == '\0' ? at : NULL;
}

static void print_leftover(struct arena *mem, const char *path, const char *pid,
                           struct totals *totals)
{
    char link[8];
    const char *exe = arena_text(mem, "/proc/%s/exe", pid);
    const int alive = readlink(exe, link, sizeof link) >= 0 || errno != ENOENT;

    totals->leftovers += !alive;
    printf("%s %s: %s\n", alive ? "in the making" : "leftover", path,
           alive ? arena_text(mem, "process %s writes it", pid)
                 : "its process is gone; the next run removes it");
}

static void print_orphan(const char *path, const char *why, struct totals *totals)
{
    totals->orphans++;
    printf("orphan %s: %s\n", path, why);
}

/* The folders in `path`, leftovers told and left out. */
static size_t folders_in(struct arena *mem, const char *path, char ***names, struct totals *totals)
{
    size_t n, kept = 0;

    if (file_list(mem, path, names, &n) != STATUS_OK)
        return 0;
    for (size_t i = 0; i < n; i++) {
        const char *inside = arena_text(mem, "%s/%s", path, (*names)[i]);
        const char *pid = leftover(mem, (*names)[i]);

        if (pid != NULL)
            print_leftover(mem, inside, pid, totals);
        else if (file_is_folder(inside))
            (*names)[kept++] = (*names)[i];
    }
    return kept;
}

static int ascending(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Is this one of the seeds that the profile asks for now? */
static int seed_exists(const struct bench *b, const struct program *p, enum profile profile,
                       uint64_t seed)
{
    const double own = parameter_value(p->r.parameters, p->r.parameter_count, "seeds", profile, 0);

    if (profile != b->profile || p->seed_count == 0)
        return seed >= 1 && (double)seed <= own;
    for (size_t i = 0; i < p->seed_count; i++)
        if (p->seeds[i] == seed)
            return 1;
    return 0;
}

static void look_at_seeds(struct bench *b, const struct program *p, enum profile profile,
                          const char *cell, struct totals *totals)
{
    struct ranges gone = {0};
    char **names;
    const size_t n = folders_in(&b->mem, cell, &names, totals);
    uint64_t *seeds = arena_get(&b->mem, n, sizeof *seeds);
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        int64_t seed;

        if (text_to_int(names[i], "seed", 0, INT64_MAX, &seed) != STATUS_OK)
            print_orphan(arena_text(&b->mem, "%s/%s", cell, names[i]), "no seed", totals);
        else if (!seed_exists(b, p, profile, (uint64_t)seed))
            seeds[count++] = (uint64_t)seed;
    }
    if (count == 0)
        return;
    qsort(seeds, count, sizeof *seeds, ascending);
    for (size_t i = 0; i < count; i++)
        ranges_add(&gone, seeds[i]);
    totals->orphans += count;
    printf("orphan%s %s seed%s %s: none of the profile's seeds\n", count > 1 ? "s" : "", cell,
           count > 1 ? "s" : "", ranges_take(&gone, &b->mem));
}

static int cell_exists(struct bench *b, const struct program *p, enum profile profile,
                       const char *name)
{
    const size_t n = reproduction_cell_count(&p->r, profile);

    for (size_t i = 0; i < n; i++)
        if (strcmp(reproduction_cell_name(&p->r, profile, i, &b->mem), name) == 0)
            return 1;
    return 0;
}

/* "real-native": a kind of data that the program can have, and a mode. */
static int variant_exists(const struct program *p, const char *name)
{
    static const char *const theory[] = {"none-native", "none-pinned"};
    static const char *const data[] = {"real-native", "real-pinned", "stand-in-native",
                                       "stand-in-pinned"};
    const char *const *known = p->r.data != NULL ? data : theory;
    const size_t n = p->r.data != NULL ? 4 : 2;

    for (size_t i = 0; i < n; i++)
        if (strcmp(known[i], name) == 0)
            return 1;
    return 0;
}

static void look_at_cells(struct bench *b, const struct program *p, enum profile profile,
                          const char *variant, struct totals *totals)
{
    char **names, **derived;
    const size_t n = folders_in(&b->mem, variant, &names, totals);

    for (size_t i = 0; i < n; i++) {
        const char *path = arena_text(&b->mem, "%s/%s", variant, names[i]);

        if (cell_exists(b, p, profile, names[i]))
            look_at_seeds(b, p, profile, path, totals);
        else if (strcmp(names[i], "summary") != 0)
            print_orphan(path, "no such cell", totals);
        else
            (void)folders_in(&b->mem, path, &derived, totals);
    }
}

static void look_at_profiles(struct bench *b, const struct program *p, const char *folder,
                             struct totals *totals)
{
    char **profiles, **variants;
    const size_t n = folders_in(&b->mem, folder, &profiles, totals);

    for (size_t i = 0; i < n; i++) {
        const char *path = arena_text(&b->mem, "%s/%s", folder, profiles[i]);
        const int profile = profile_find(profiles[i]);

        if (profile < 0) {
            print_orphan(path, "no such profile", totals);
            continue;
        }
        const size_t m = folders_in(&b->mem, path, &variants, totals);
        for (size_t k = 0; k < m; k++) {
            const char *variant = arena_text(&b->mem, "%s/%s", path, variants[k]);

            if (variant_exists(p, variants[k]))
                look_at_cells(b, p, (enum profile)profile, variant, totals);
            else
                print_orphan(variant, "no such data and mode", totals);
        }
    }
}

static const struct program *program_of(const struct bench *b, const char *id)
{
    for (size_t i = 0; i < b->program_count; i++)
        if (strcmp(b->programs[i].id, id) == 0)
            return &b->programs[i];
    return NULL;
}

/* All profiles of the programs that were asked for, and of those that are gone. */
static void look_at_results(struct bench *b, struct totals *totals)
{
    const char *results = arena_text(&b->mem, "%s/results", b->build);
    char **names;
    const size_t n = folders_in(&b->mem, results, &names, totals);

    for (size_t i = 0; i < n; i++) {
        const char *path = arena_text(&b->mem, "%s/%s", results, names[i]);
        const struct program *p = program_of(b, names[i]);

        if (p != NULL)
            look_at_profiles(b, p, path, totals);
        else if (text_matches(b->only, names[i]))
            print_orphan(path, "no such program", totals);
    }
}

/* ---- the verb ---- */

static void print_totals(const struct bench *b, const struct totals *t)
{
    printf("%zu units at %s: %zu fresh, %zu stale, %zu missing; %zu leftovers, %zu orphans",
           t->units, profile_name(b->profile), t->fresh, t->stale, t->missing, t->leftovers,
           t->orphans);
    if (t->unasked > 0)
        printf("; programs that cannot run: %zu", t->unasked);
    printf("\n");
}

enum status verb_status(struct bench *b)
{
    struct totals totals = {0};
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
    look_at_results(b, &totals);
    print_totals(b, &totals);
    if (worst != STATUS_OK)
        return status_set(worst, "%zu of %zu programs cannot run: what they say stands "
                          "above", totals.unasked, b->program_count);
    return STATUS_OK;
}
