/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench: the runner. It knows programs only by what they print (--describe, --key) and by the
 * folders that they write; every verb is one file here. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "harness/reproduction.h"
#include "harness/mode.h"

/* One unit of a program at the profile, as `--key` lists it. */
struct planned {
    const char *cell;
    uint64_t seed;
    const char *key;
    const char *folder;        /* below <build>/results */
    int fresh;                 /* its folder is complete and has this key */
};

struct program {
    const char *id;
    const char *path;          /* <build>/bin/<id> */
    struct reproduction r;     /* from --describe */
    /* from plan_units */
    struct planned *units;     /* unit_count: cell by cell, seed by seed */
    size_t unit_count;
    const char **cells;        /* cell_count names in the axis' order */
    size_t cell_count;
    uint64_t *seeds;           /* seed_count */
    size_t seed_count;
    const char *data_kind;     /* "real", "stand-in" or "none" */
    enum mode mode;
};

/* What the command line asked for. */
struct bench {
    const char *build;         /* "build" */
    const char *data;          /* --data or DATASETS; NULL: not asked */
    const char *only;          /* patterns over ids, NULL: all */
    const char *seeds;         /* "1-20", NULL: the profile's own */
    const char *format, *id, *why, *metric;
    const char *out;           /* export: the folder to write to; NULL: <build>/export */
    const char *base;          /* diff: a git revision */
    double over;               /* diff: tolerances */
    int fail;                  /* diff: differences are status 1 */
    int stored;                /* bless: verdicts alone, from the stored values */
    enum profile profile;
    int64_t jobs;
    double time_limit;         /* seconds a unit, 0: none */
    int quiet, pinned, native;
    struct arena mem;          /* everything below lives there */
    struct program *programs;  /* program_count, sorted by id */
    size_t program_count;
};

/* ---- programs.c ---- */

/* Finds the programs under <build>/bin that match `only` and reads their descriptions. A pattern
 * without wildcard that matches nothing is STATUS_USAGE with the nearest id; no program at all is
 * STATUS_NOTHING. */
enum status programs_find(struct bench *b) MUST_USE;

/* Lists the units of a program at the profile and mode (pinned, native, or by the profile's
 * default) and says which are fresh. Data errors come as the program says them (STATUS_DATA). */
enum status plan_units(struct bench *b, struct program *p) MUST_USE;

/* ---- run.c ---- */

/* Runs the stale units of all programs in `b` as b->jobs processes. *failed counts units that
 * crashed, timed out or had no data; the worst status is returned when any did. Ctrl-C:
 * STATUS_INTERRUPTED, finished units are kept. */
enum status run_units(struct bench *b, size_t *ran, size_t *failed) MUST_USE;

/* ---- plan.c: a unit as a command ---- */

/* The command that runs the unit and writes it into <build>/results; NULL-terminated, in the
 * arena. */
const char *const *plan_command(struct bench *b, const struct program *p, const struct planned *u);

/* A command as one pastes it into a POSIX shell, in the arena. */
const char *plan_quoted(struct bench *b, const char *const *argv);

/* Seconds that a unit of the cell takes: as the one that ran last, of whatever seed and version of
 * the program; else an equal share of what the program says of itself; 0 when neither is known. */
double plan_seconds(const struct bench *b, const struct program *p, const char *cell);

/* ---- the verbs; each returns what main turns into the exit status ---- */

enum status verb_run(struct bench *b) MUST_USE;      /* run.c */
enum status verb_list(struct bench *b) MUST_USE;     /* list.c */
enum status verb_check(struct bench *b) MUST_USE;    /* check.c */
enum status verb_bless(struct bench *b) MUST_USE;    /* bless.c */
enum status verb_figures(struct bench *b) MUST_USE;  /* figures.c */
enum status verb_report(struct bench *b) MUST_USE;   /* report.c */
enum status verb_export(struct bench *b) MUST_USE;   /* export.c */
enum status verb_readme(struct bench *b) MUST_USE;   /* readme.c: the generated tables */
enum status verb_status(struct bench *b) MUST_USE;   /* status.c */
enum status verb_plan(struct bench *b) MUST_USE;     /* plan.c */
enum status verb_diff(struct bench *b) MUST_USE;     /* diff.c */
enum status verb_doctor(struct bench *b) MUST_USE;   /* doctor.c */

/* ---- collect.c: tables over seeds ---- */

/* Writes <build>/results/<id>/<profile>/<data>-<mode>/summary/: metrics.tsv (cell, metric, unit, n,
 * mean, sd, low, high, min, max) and one <curve>.tsv a curve: columns cell, the abscissa, and for
 * each column y of the curve: y, y.low, y.high, y.n (mean and 95 % interval over seeds). Derived,
 * never edited. STATUS_NOTHING when the program has no results. */
enum status collect_summary(struct bench *b, struct program *p) MUST_USE;

/* Path of that folder, in the arena. */
const char *collect_folder(struct bench *b, const struct program *p);

/* The results of all planned units that exist. Free with results_free. */
struct results;
enum status collect_results(struct bench *b, const struct program *p, struct results *out) MUST_USE;

#endif
