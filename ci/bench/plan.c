/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan: every stale unit as a line that a shell can run, for machines where something else than
 * `bench run` starts the work. Lines of comments (#) come first; of the others, line k runs one
 * unit and ends with its expected seconds, the longest first:
 *
 *     bench plan >plan.txt
 *     grep -v '^#' plan.txt | sed -n "${k}p" | sh
 *
 * A line needs nothing but the working folder in which the plan was made; units write complete
 * folders, so lines may run in any order, at once, and twice. What is still missing afterwards the
 * next plan prints again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/progress.h"
#include "base/table.h"
#include "base/text.h"
#include "programs.h"

enum { MOST_ARGUMENTS = 20, TIME_NAME = 32 };

static const double LEAST_SECONDS = 0.001; /* what volatile.tsv can tell from nothing */

struct line {
    const struct program *program;
    const struct planned *unit;
    double seconds;            /* 0: unknown */
    size_t order;              /* in the plan */
};

/* ---- a unit as a command ---- */

const char *const *plan_command(struct bench *b, const struct program *p, const struct planned *u)
{
    const char **argv = arena_get(&b->mem, MOST_ARGUMENTS, sizeof *argv);
    char number[TEXT_DOUBLE];
    size_t n = 0;

    argv[n++] = p->path;
    argv[n++] = "--profile";
    argv[n++] = profile_name(b->profile);
    argv[n++] = "--cell";
    argv[n++] = u->cell;
    argv[n++] = "--seed";
    argv[n++] = arena_text(&b->mem, "%llu", (unsigned long long)u->seed);
    argv[n++] = "--out";
    argv[n++] = arena_text(&b->mem, "%s/results", b->build);
    argv[n++] = p->mode == PINNED ? "--pinned" : "--native";
    argv[n++] = "--quiet";
    if (b->data != NULL) {
        argv[n++] = "--data";
        argv[n++] = b->data;
    }
    if (b->time_limit > 0) {
        argv[n++] = "--time-limit";
        argv[n++] = arena_text(&b->mem, "%s", text_short(number, b->time_limit, 9));
    }
    return argv;
}

static void add_quoted(struct text *t, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_=./:,+@%";

    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        text_add(t, "%s", word);
        return;
    }
    text_add(t, "'");
    for (const char *c = word; *c != '\0'; c++)
        if (*c == '\'')
            text_add(t, "'\\''");
        else
            text_add_bytes(t, c, 1);
    text_add(t, "'");
}

const char *plan_quoted(struct bench *b, const char *const *argv)
{
    struct text t = {0};

    for (size_t i = 0; argv[i] != NULL; i++) {
        text_add(&t, "%s", i > 0 ? " " : "");
        add_quoted(&t, argv[i]);
    }
    const char *line = arena_text(&b->mem, "%s", text_get(&t));
    text_free(&t);
    return line;
}

/* ---- how long it takes ---- */

/* What volatile.tsv has behind a key, "" when there is none. */
static const char *cost_of(const struct table *t, const char *key)
{
    for (size_t i = 0; t->column_count >= 2 && i < t->row_count; i++)
        if (strcmp(table_cell(t, i, 0), key) == 0)
            return table_cell(t, i, 1);
    return "";
}

/* Takes over the unit's seconds when it started later than *when, a time in ISO 8601. */
static void take_later(const struct bench *b, const struct planned *u, char when[TIME_NAME],
                       double *seconds)
{
    struct arena mem = {0};
    struct table t = {0};
    const char *path = arena_text(&mem, "%s/results/%s/volatile.tsv", b->build, u->folder);
    double wall;

    if (file_exists(path) && table_read(&t, path) == STATUS_OK &&
        text_to_double(cost_of(&t, "wall.seconds"), "seconds", &wall) == STATUS_OK && wall >= 0 &&
        strcmp(cost_of(&t, "started"), when) >= 0) {
        snprintf(when, TIME_NAME, "%s", cost_of(&t, "started"));
        *seconds = wall > LEAST_SECONDS ? wall : LEAST_SECONDS;
    }
    table_free(&t);
    arena_free(&mem);
}

double plan_seconds(const struct bench *b, const struct program *p, const char *cell)
{
    char when[TIME_NAME] = "";
    double seconds = 0;

    for (size_t i = 0; i < p->unit_count; i++)
        if (strcmp(p->units[i].cell, cell) == 0)
            take_later(b, &p->units[i], when, &seconds);
    return seconds > 0 ? seconds : 60 * p->r.minutes[b->profile] / (double)p->unit_count;
}

/* ---- the verb ---- */

static int longest_first(const void *x, const void *y)
{
    const struct line *a = x, *b = y;

    if (a->seconds < b->seconds || a->seconds > b->seconds)
        return a->seconds > b->seconds ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Appends the stale units of a program. */
static void add_lines(const struct bench *b, const struct program *p, struct line *lines, size_t *n)
{
    double seconds = -1;       /* of the unit's cell; below 0: not asked */

    for (size_t i = 0; i < p->unit_count; i++) {
        if (i > 0 && strcmp(p->units[i].cell, p->units[i - 1].cell) != 0)
            seconds = -1;
        if (p->units[i].fresh)
            continue;
        if (seconds < 0)
            seconds = plan_seconds(b, p, p->units[i].cell);
        lines[*n] = (struct line){p, &p->units[i], seconds, *n};
        ++*n;
    }
}

/* Programs take the commit from the environment, and no git may be at hand where a line runs. */
static const char *environment_words(struct bench *b)
{
    const char *commit = getenv("INFOGEO_COMMIT"), *dirty = getenv("INFOGEO_DIRTY");

    if (commit == NULL || strcmp(commit, "unknown") == 0 || dirty == NULL)
        return "";
    const char *const words[] = {commit, NULL}, *const more[] = {dirty, NULL};
    return arena_text(&b->mem, "INFOGEO_COMMIT=%s INFOGEO_DIRTY=%s ", plan_quoted(b, words),
                      plan_quoted(b, more));
}

static void print_header(const struct bench *b, const struct line *lines, size_t n, size_t units)
{
    char all[32], longest[32];
    double seconds = 0;
    size_t unknown = 0;

    if (n == 0) {
        printf("# nothing to run: %zu units at %s, all fresh\n", units, profile_name(b->profile));
        return;
    }
    for (size_t i = 0; i < n; i++) {
        seconds += lines[i].seconds;
        unknown += lines[i].seconds <= 0;
    }
    printf("# %zu of %zu units at %s, a line each, the longest first\n", n, units,
           profile_name(b->profile));
    if (unknown < n)
        printf("# about %s on one core, at most %s a unit%s", progress_duration(all, seconds),
               progress_duration(longest, lines[0].seconds), unknown > 0 ? "; " : "\n");
    if (unknown > 0)
        printf("%sthe time of %zu units is unknown\n", unknown < n ? "" : "# ", unknown);
    printf("# line k of PLAN: grep -v '^#' PLAN | sed -n \"${k}p\" | sh\n"
           "# on a cluster: sbatch --array=1-%zu ci/slurm.sbatch PLAN\n", n);
}

static void print_lines(struct bench *b, const struct line *lines, size_t n)
{
    const char *environment = environment_words(b);

    for (size_t i = 0; i < n; i++) {
        const struct line *l = &lines[i];

        printf("%s%s # ", environment, plan_quoted(b, plan_command(b, l->program, l->unit)));
        if (l->seconds > 0)
            printf("%.1f s\n", l->seconds);
        else
            printf("? s\n");
    }
}

/* A line of the plan is a line of the shell. */
static enum status one_line(const char *what, const char *path)
{
    if (path != NULL && strpbrk(path, "\n\r") != NULL)
        return status_set(STATUS_USAGE, "%s: a plan cannot hold a path with a line break", what);
    return STATUS_OK;
}

enum status verb_plan(struct bench *b)
{
    enum status worst = STATUS_OK;
    const char *why = "";
    size_t units = 0, n = 0;

    TRY(one_line("--build", b->build));
    TRY(one_line("--data", b->data));
    TRY(programs_find(b));
    enum status *statuses = arena_get(&b->mem, b->program_count, sizeof *statuses);
    const char **words = arena_get(&b->mem, b->program_count, sizeof *words);
    TRY(programs_plan(b, statuses, words));
    for (size_t i = 0; i < b->program_count; i++) {
        units += b->programs[i].unit_count;
        if (statuses[i] != STATUS_OK && worst == STATUS_OK) {
            worst = statuses[i];
            why = words[i];
        }
    }
    struct line *lines = arena_get(&b->mem, units, sizeof *lines);
    for (size_t i = 0; i < b->program_count; i++)
        add_lines(b, &b->programs[i], lines, &n);
    if (n > 1)
        qsort(lines, n, sizeof *lines, longest_first);
    print_header(b, lines, n, units);
    for (size_t i = 0; i < b->program_count; i++)
        if (statuses[i] != STATUS_OK)
            printf("# not planned: %s\n", words[i]);
    print_lines(b, lines, n);
    return worst == STATUS_OK ? STATUS_OK : status_set(worst, "%s", why);
}
