/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runner: stale units as processes. At most b->jobs run at a time, the longest expected first, so
 * that no long one is left over at the end. A unit's folder is complete or absent, whatever kills
 * whom; another run in the same tree may finish a unit first, and then its folder is taken as it
 * is. */
#ifndef BENCH_RUNNER_H
#define BENCH_RUNNER_H

#include <signal.h>
#include <stddef.h>

#include "base/progress.h"
#include "bench.h"
#include "child.h"

struct job {
    struct program *program;
    struct planned *unit;
    double expected;           /* seconds; 0: unknown */
    size_t order;              /* in the plan */
};

struct slot {
    struct child child;
    struct job *job;
    const char *const *argv;
    double started;            /* progress_clock */
    int late;                  /* killed, because past its time limit */
};

struct failure {
    const char *words, *command;
};

struct runner {
    struct bench *b;
    struct job *jobs;          /* job_count, longest first */
    size_t job_count, next;
    struct slot *slots;        /* slot_count, of which the first `busy` are running */
    size_t slot_count, busy;
    char **environment[2];     /* by mode */
    struct failure *failures;  /* failure_count */
    size_t failure_count, ran;
    size_t unfit;              /* failures of the machine (a full disk) since a unit ended well */
    enum status worst;
    int interrupted;
    sigset_t waited_for;
    struct progress progress;
};

/* Units of all programs, or those alone that are not fresh. */
size_t runner_count(const struct bench *b, int stale_only);

/* Lists the jobs; the plans of the programs are there. */
void runner_start(struct runner *r, struct bench *b);

/* Runs them until they are done, a signal comes or the machine fails too often. */
void runner_run(struct runner *r);

/* Says again what failed, and what the whole run came to. */
enum status runner_conclude(const struct runner *r) MUST_USE;

#endif
