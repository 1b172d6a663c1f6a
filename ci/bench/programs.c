/* SPDX-License-Identifier: GPL-3.0-or-later */
/* programs: finds the programs of a build, asks them what they are (--describe) and which units a
 * profile has (--key). */
#include "programs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/table.h"
#include "base/text.h"
#include "harness/describe.h"
#include "harness/results.h"
#include "output.h"

enum { MOST_PATTERN = 256 };

/* ---- discovery ---- */

/* Regular, executable, and nothing that the linker left half done. */
static int is_program(const char *path, const char *name)
{
    const size_t n = strlen(name);
    struct stat found;

    return name[0] != '.' && (n < 4 || strcmp(name + n - 4, ".tmp") != 0) &&
           stat(path, &found) == 0 && S_ISREG(found.st_mode) && access(path, X_OK) == 0;
}

/* Every pattern that is a plain name has to name a program. */
static enum status check_names(const char *patterns, const char *const *ids, size_t n)
{
    static const char separators[] = " \t,";
    char name[MOST_PATTERN];

    for (const char *at = patterns; *at != '\0';) {
        const size_t length = strcspn(at, separators);

        if (length > 0 && length < sizeof name) {
            snprintf(name, sizeof name, "%.*s", (int)length, at);
            size_t i = strpbrk(name, "*?[") != NULL ? n : 0;
            const int wild = i == n && n > 0;
            while (i < n && strcmp(ids[i], name) != 0)
                i++;
            if (!wild && i == n) {
                const char *near = text_nearest(name, ids, n);
                return status_set(STATUS_USAGE, "no program '%s'%s%s%s", name,
                                  near ? ": did you mean '" : "; `bench list` shows them all",
                                  near ? near : "", near ? "'?" : "");
            }
        }
        at += length + (at[length] != '\0');
    }
    return STATUS_OK;
}

/* Names of the programs under <build>/bin that match `only`. */
static enum status find_ids(struct bench *b, const char ***ids, size_t *n)
{
    const char *bin = arena_text(&b->mem, "%s/bin", b->build);
    char **names;
    size_t name_count, matching = 0;

    *n = 0;
    TRY(file_list(&b->mem, bin, &names, &name_count));
    *ids = arena_get(&b->mem, name_count + 1, sizeof **ids);
    for (size_t i = 0; i < name_count; i++)
        if (is_program(arena_text(&b->mem, "%s/%s", bin, names[i]), names[i]))
            (*ids)[(*n)++] = names[i];
    if (*n == 0)
        return status_set(STATUS_NOTHING, "%s: expected programs, found none: run make", bin);
    if (b->only == NULL)
        return STATUS_OK;
    TRY(check_names(b->only, *ids, *n));
    for (size_t i = 0; i < *n; i++)
        if (text_matches(b->only, (*ids)[i]))
            (*ids)[matching++] = (*ids)[i];
    *n = matching;
    if (matching == 0)
        return status_set(STATUS_NOTHING, "no program matches '%s'", b->only);
    return STATUS_OK;
}

static enum status read_description(struct bench *b, struct program *p, const struct output *o)
{
    char end[96];

    if (o->exit_code != 0)
        return status_set(STATUS_CRASHED, "%s --describe %s: %s", p->path,
                          child_end_in_words(end, o->exit_code), o->errors);
    if (describe_read(&p->r, &b->mem, o->bytes, o->n) != STATUS_OK)
        return status_set(STATUS_DATA, "%s --describe: %s", p->path, status_message());
    if (strcmp(p->r.id, p->id) != 0)
        return status_set(STATUS_DATA, "%s says that it is '%s': remove it and build again",
                          p->path, p->r.id);
    return STATUS_OK;
}

enum status programs_find(struct bench *b)
{
    const char **ids;
    size_t n;

    TRY(find_ids(b, &ids, &n));
    struct program *found = arena_get(&b->mem, n, sizeof *found);
    struct output *outputs = arena_get(&b->mem, n, sizeof *outputs);
    for (size_t i = 0; i < n; i++) {
        found[i].id = ids[i];
        found[i].path = arena_text(&b->mem, "%s/bin/%s", b->build, ids[i]);
        outputs[i].argv[0] = found[i].path;
        outputs[i].argv[1] = "--describe";
    }
    TRY(output_read(b, outputs, n, NATIVE));
    for (size_t i = 0; i < n; i++)
        TRY(read_description(b, &found[i], &outputs[i]));
    b->programs = found;
    b->program_count = n;
    return STATUS_OK;
}

/* ---- units ---- */

enum status programs_status(int exit_code)
{
    static const enum status known[] = {STATUS_OK, STATUS_USAGE, STATUS_DATA, STATUS_UNFIT,
                                        STATUS_INTERRUPTED};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (status_exit_code(known[i]) == exit_code)
            return known[i];
    return STATUS_CRASHED;
}

enum mode programs_mode(const struct bench *b)
{
    if (b->pinned || b->native)
        return b->pinned ? PINNED : NATIVE;
    return b->profile == SMOKE && mode_can_pin() ? PINNED : NATIVE;
}

static void ask_for_keys(const struct bench *b, const struct program *p, struct output *o)
{
    size_t n = 0;

    o->argv[n++] = p->path;
    o->argv[n++] = "--key";
    o->argv[n++] = "--profile";
    o->argv[n++] = profile_name(b->profile);
    o->argv[n++] = programs_mode(b) == PINNED ? "--pinned" : "--native";
    if (b->seeds != NULL) {
        o->argv[n++] = "--seeds";
        o->argv[n++] = b->seeds;
    }
    if (b->data != NULL) {
        o->argv[n++] = "--data";
        o->argv[n++] = b->data;
    }
}

int programs_is_fresh(const struct bench *b, const struct planned *unit)
{
    struct table t = {0};
    char path[4096];
    int fresh = 0;
    const int n = snprintf(path, sizeof path, "%s/results/%s/metrics.tsv", b->build, unit->folder);

    if (n > 0 && (size_t)n < sizeof path && file_exists(path) &&
        table_read(&t, path) == STATUS_OK) {
        const char *key = table_key(&t, "key");

        fresh = key != NULL && strcmp(key, unit->key) == 0 && results_read_complete(&t);
    }
    table_free(&t);
    return fresh;
}

/* Cells and seeds in the order in which they first appear. */
static void count_axes(struct program *p)
{
    for (size_t i = 0; i < p->unit_count; i++) {
        size_t c = 0, s = 0;

        while (c < p->cell_count && strcmp(p->cells[c], p->units[i].cell) != 0)
            c++;
        while (s < p->seed_count && p->seeds[s] != p->units[i].seed)
            s++;
        if (c == p->cell_count)
            p->cells[p->cell_count++] = p->units[i].cell;
        if (s == p->seed_count)
            p->seeds[p->seed_count++] = p->units[i].seed;
    }
}

static enum status no_key_table(const struct program *p, const char *what)
{
    return status_set(STATUS_DATA, "%s --key: expected %s, found none: build again", p->path, what);
}

static enum status read_units(struct bench *b, struct program *p, const struct table *t)
{
    const int cell = table_find(t, "cell"), seed = table_find(t, "seed");
    const int key = table_find(t, "key"), folder = table_find(t, "folder");
    const char *data = table_key(t, "data");

    if (cell < 0 || seed < 0 || key < 0 || folder < 0 || data == NULL || t->row_count == 0)
        return no_key_table(p, "a comment data and columns cell, seed, key, folder with rows");
    p->data_kind = arena_text(&b->mem, "%s", data);
    p->units = arena_get(&b->mem, t->row_count, sizeof *p->units);
    p->cells = arena_get(&b->mem, t->row_count, sizeof *p->cells);
    p->seeds = arena_get(&b->mem, t->row_count, sizeof *p->seeds);
    for (size_t i = 0; i < t->row_count; i++) {
        struct planned *u = &p->units[i];
        int64_t number;

        TRY(text_to_int(table_cell(t, i, seed), "seed", 0, INT64_MAX, &number));
        u->seed = (uint64_t)number;
        u->cell = arena_text(&b->mem, "%s", table_cell(t, i, cell));
        u->key = arena_text(&b->mem, "%s", table_cell(t, i, key));
        u->folder = arena_text(&b->mem, "%s", table_cell(t, i, folder));
        u->fresh = programs_is_fresh(b, u);
    }
    p->unit_count = t->row_count;
    return STATUS_OK;
}

static enum status read_plan(struct bench *b, struct program *p, const struct output *o)
{
    struct table t = {0};
    char end[96];

    p->unit_count = p->cell_count = p->seed_count = 0;
    p->mode = programs_mode(b);
    p->data_kind = "none";
    if (o->exit_code != 0 && o->errors[0] != '\0' && o->exit_code < 126)
        return status_set(programs_status(o->exit_code), "%s", o->errors);
    if (o->exit_code != 0)
        return status_set(programs_status(o->exit_code), "%s: --key %s%s%s", p->id,
                          child_end_in_words(end, o->exit_code), o->errors[0] ? ": " : "",
                          o->errors);
    enum status status = table_parse(&t, p->path, o->bytes, o->n);
    if (status == STATUS_OK)
        status = read_units(b, p, &t);
    table_free(&t);
    if (status == STATUS_OK)
        count_axes(p);
    return status;
}

enum status plan_units(struct bench *b, struct program *p)
{
    struct output *o = arena_get(&b->mem, 1, sizeof *o);

    ask_for_keys(b, p, o);
    TRY(output_read(b, o, 1, programs_mode(b)));
    return read_plan(b, p, o);
}

enum status programs_plan(struct bench *b, enum status *statuses, const char **words)
{
    struct output *outputs = arena_get(&b->mem, b->program_count, sizeof *outputs);

    for (size_t i = 0; i < b->program_count; i++)
        ask_for_keys(b, &b->programs[i], &outputs[i]);
    TRY(output_read(b, outputs, b->program_count, programs_mode(b)));
    for (size_t i = 0; i < b->program_count; i++) {
        statuses[i] = read_plan(b, &b->programs[i], &outputs[i]);
        words[i] = statuses[i] == STATUS_OK ? "" : arena_text(&b->mem, "%s", status_message());
    }
    return STATUS_OK;
}
