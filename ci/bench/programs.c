/* SPDX-License-Identifier: GPL-3.0-or-later */
/* programs: finds the programs of a build, asks them what they are (--describe) and which units a
 * profile has (--key). Programs are asked side by side, b->jobs at a time. */
#include "programs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/table.h"
#include "base/text.h"
#include "child.h"
#include "harness/describe.h"
#include "harness/results.h"

static const size_t MOST_OUTPUT = (size_t)64 << 20;

enum { MOST_ARGUMENTS = 12, MOST_PATTERN = 256 };

/* ---- what a command prints ---- */

struct output {
    const char *argv[MOST_ARGUMENTS];
    struct child child;
    int from;                  /* our end of the pipe */
    char *bytes;               /* n, in the arena, with a 0 behind */
    size_t n;
    int exit_code;
    char errors[CHILD_WORDS];  /* last line of stderr */
};

static enum status output_start(struct output *o, const char *const *argv, char *const *environment)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return status_set(STATUS_UNFIT, "%s: no pipe can be had", argv[0]);
    const enum status status = child_start(&o->child, argv, environment, ends[1]);
    close(ends[1]);
    o->from = ends[0];
    if (status != STATUS_OK)
        close(ends[0]);
    return status;
}

/* Reads the pipe to its end. */
static enum status drain(struct output *o, struct text *t)
{
    char part[1 << 14];
    ssize_t n;

    while ((n = read(o->from, part, sizeof part)) != 0) {
        if (n < 0 && errno != EINTR)
            return status_set(STATUS_CRASHED, "its output cannot be read");
        if (n > 0)
            text_add_bytes(t, part, (size_t)n);
        if (t->length > MOST_OUTPUT)
            return status_set(STATUS_CRASHED, "printed more than %zu bytes", MOST_OUTPUT);
    }
    return text_ok(t);
}

static enum status output_finish(struct bench *b, struct output *o)
{
    struct text t = {0};
    const enum status status = drain(o, &t);

    close(o->from);
    if (status != STATUS_OK) {
        child_kill(&o->child);
    } else {
        child_ended(&o->child, 1, &o->exit_code);
        child_last_words(&o->child, o->errors);
        o->n = t.length;
        o->bytes = arena_get(&b->mem, t.length + 1, 1);
        memcpy(o->bytes, text_get(&t), t.length);
    }
    text_free(&t);
    return status;
}

/* Runs the commands of n outputs, at most b->jobs at a time; they are read in order. */
static enum status outputs_read(struct bench *b, struct output *list, size_t n, enum mode mode)
{
    char **environment = child_environment(&b->mem, mode);
    enum status status = STATUS_OK;
    size_t started = 0, i = 0;

    for (; i < n && status == STATUS_OK; i++) {
        while (started < n && started < i + (size_t)b->jobs && status == STATUS_OK) {
            status = output_start(&list[started], list[started].argv, environment);
            started += status == STATUS_OK;
        }
        if (status != STATUS_OK)
            break;
        status = output_finish(b, &list[i]);
    }
    for (; i < started; i++)
        if (list[i].child.pid > 0) {
            child_kill(&list[i].child);
            close(list[i].from);
        }
    return status;
}

enum status program_output(struct bench *b, const char *const *argv, enum mode mode, char **out,
                           size_t *n, int *exit_code, char *errors)
{
    struct output o = {0};

    TRY(output_start(&o, argv, child_environment(&b->mem, mode)));
    TRY(output_finish(b, &o));
    *out = o.bytes;
    *n = o.n;
    *exit_code = o.exit_code;
    if (errors != NULL)
        memcpy(errors, o.errors, sizeof o.errors);
    return STATUS_OK;
}

enum status programs_status(int exit_code)
{
    static const enum status known[] = {STATUS_OK, STATUS_USAGE, STATUS_DATA, STATUS_UNFIT,
                                        STATUS_INTERRUPTED};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (status_exit_code(known[i]) == exit_code)
            return known[i];
    return STATUS_CRASHED;
}

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
    TRY(outputs_read(b, outputs, n, NATIVE));
    for (size_t i = 0; i < n; i++)
        TRY(read_description(b, &found[i], &outputs[i]));
    b->programs = found;
    b->program_count = n;
    return STATUS_OK;
}

/* ---- units ---- */

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
    TRY(outputs_read(b, o, 1, programs_mode(b)));
    return read_plan(b, p, o);
}

enum status programs_plan(struct bench *b, enum status *statuses, const char **words)
{
    struct output *outputs = arena_get(&b->mem, b->program_count, sizeof *outputs);

    for (size_t i = 0; i < b->program_count; i++)
        ask_for_keys(b, &b->programs[i], &outputs[i]);
    TRY(outputs_read(b, outputs, b->program_count, programs_mode(b)));
    for (size_t i = 0; i < b->program_count; i++) {
        statuses[i] = read_plan(b, &b->programs[i], &outputs[i]);
        words[i] = statuses[i] == STATUS_OK ? "" : arena_text(&b->mem, "%s", status_message());
    }
    return STATUS_OK;
}
