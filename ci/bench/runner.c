/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "leftovers.h"
#include "programs.h"

enum { FAILURES_SHOWN = 20, MOST_UNFIT = 5 };

static const double GRACE_SECONDS = 5; /* for a program that does not keep its time limit */

/* ---- the jobs ---- */

static int longest_first(const void *x, const void *y)
{
    const struct job *a = x, *b = y;

    if (a->expected < b->expected || a->expected > b->expected)
        return a->expected > b->expected ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

size_t runner_count(const struct bench *b, int stale_only)
{
    size_t n = 0;

    for (size_t i = 0; i < b->program_count; i++)
        for (size_t k = 0; k < b->programs[i].unit_count; k++)
            n += !stale_only || !b->programs[i].units[k].fresh;
    return n;
}

static void list_jobs(struct runner *r)
{
    struct bench *b = r->b;

    for (size_t i = 0; i < b->program_count; i++) {
        struct program *p = &b->programs[i];
        double expected = -1;

        for (size_t k = 0; k < p->unit_count; k++) {
            if (k > 0 && strcmp(p->units[k].cell, p->units[k - 1].cell) != 0)
                expected = -1;
            if (p->units[k].fresh)
                continue;
            if (expected < 0)
                expected = plan_seconds(b, p, p->units[k].cell);
            r->jobs[r->job_count] = (struct job){p, &p->units[k], expected, r->job_count};
            r->job_count++;
        }
    }
    if (r->job_count > 1)
        qsort(r->jobs, r->job_count, sizeof *r->jobs, longest_first);
}

void runner_start(struct runner *r, struct bench *b)
{
    const size_t stale = runner_count(b, 1);

    *r = (struct runner){.b = b, .slot_count = (size_t)b->jobs};
    r->jobs = arena_get(&b->mem, stale, sizeof *r->jobs);
    r->failures = arena_get(&b->mem, stale, sizeof *r->failures);
    r->slots = arena_get(&b->mem, r->slot_count, sizeof *r->slots);
    list_jobs(r);
}

/* ---- units as processes ---- */

static void show_failure(const struct failure *f)
{
    fprintf(stderr, "%s\n    %s\n", f->words, f->command);
}

static void fail(struct runner *r, const struct slot *s, enum status status, const char *why)
{
    struct failure *f = &r->failures[r->failure_count++];

    f->words = arena_text(&r->b->mem, "failed: %s %s seed %llu: %s", s->job->program->id,
                          s->job->unit->cell, (unsigned long long)s->job->unit->seed, why);
    f->command = plan_quoted(r->b, s->argv);
    if (r->worst == STATUS_OK || status == STATUS_CRASHED)
        r->worst = status;
    r->unfit = status == STATUS_UNFIT ? r->unfit + 1 : 0;
    progress_clear(&r->progress);
    if (r->failure_count <= FAILURES_SHOWN)
        show_failure(f);
}

/* Looks again for a moment before a unit whose process ended well counts as failed: where folders
 * cannot be exchanged, another run may be about to put its own into place. */
static int is_finished(const struct runner *r, const struct planned *unit, int ended_well)
{
    const struct timespec moment = {0, 20000000};
    int fresh = programs_is_fresh(r->b, unit);

    for (int tries = 0; tries < 4 && ended_well && !fresh; tries++) {
        nanosleep(&moment, NULL);
        fresh = programs_is_fresh(r->b, unit);
    }
    return fresh;
}

/* Data and the machine (a full disk, too) may fail a unit; all else is the program's fault. */
static enum status failed_status(int code)
{
    const enum status status = programs_status(code);

    return status == STATUS_DATA || status == STATUS_UNFIT ? status : STATUS_CRASHED;
}

/* Judges a process that has ended. A unit whose folder has the planned key is finished, even if the
 * process failed: another run may have been quicker. */
static void judge_end(struct runner *r, struct slot *s, int code)
{
    char words[CHILD_WORDS], end[96];
    struct arena *mem = &r->b->mem;

    child_last_words(&s->child, words);
    s->job->unit->fresh = is_finished(r, s->job->unit, code == 0);
    if (s->job->unit->fresh) {
        r->ran++;
        r->unfit = 0;
        return;
    }
    if (s->late)
        fail(r, s, STATUS_CRASHED, arena_text(mem, "was killed: it ran past its limit of %g s",
                                              r->b->time_limit));
    else if (code == 128 + SIGINT)
        r->interrupted = 1;
    else if (code == 0)
        fail(r, s, STATUS_CRASHED, "ended well, but its results do not have the key that was "
                                   "planned: were the program or its data changed meanwhile?");
    else
        fail(r, s, failed_status(code),
             arena_text(mem, "%s%s%s", child_end_in_words(end, code), words[0] ? ": " : "", words));
}

/* The machine takes no more processes or open files: the job waits until one that runs has ended,
 * and there are no more at a time from now on. */
static void wait_for_room(struct runner *r)
{
    r->next--;
    r->slot_count = r->busy;
}

/* Starts the next job, unless another run has finished it since the plan was made. */
static void start_next(struct runner *r)
{
    struct job *j = &r->jobs[r->next++];
    struct slot *s = &r->slots[r->busy];

    j->unit->fresh = programs_is_fresh(r->b, j->unit);
    if (j->unit->fresh)
        return;
    *s = (struct slot){.job = j, .argv = plan_command(r->b, j->program, j->unit),
                       .started = progress_clock()};
    if (child_start(&s->child, s->argv, r->environment[j->program->mode], -1) == STATUS_OK)
        r->busy++;
    else if (r->busy > 0)
        wait_for_room(r);
    else
        fail(r, s, STATUS_UNFIT, status_message());
}

static void take_ended(struct runner *r)
{
    int code;

    for (size_t i = r->busy; i-- > 0;)
        if (child_ended(&r->slots[i].child, 0, &code)) {
            judge_end(r, &r->slots[i], code);
            r->slots[i] = r->slots[--r->busy];
        }
}

static void kill_late(struct runner *r)
{
    const double now = progress_clock(), limit = r->b->time_limit;

    for (size_t i = 0; limit > 0 && i < r->busy; i++)
        if (!r->slots[i].late && now - r->slots[i].started > limit + GRACE_SECONDS) {
            r->slots[i].late = 1;
            kill(r->slots[i].child.pid, SIGKILL);
        }
}

/* Blocks what ends a run, and SIGCHLD, so that sigtimedwait sees each of them; signals that this
 * process was told to ignore (nohup) stay ignored. */
static void hold_signals(struct runner *r, sigset_t *before)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction now;

    sigemptyset(&r->waited_for);
    sigaddset(&r->waited_for, SIGCHLD);
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
        if (sigaction(ending[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(&r->waited_for, ending[i]);
    sigprocmask(SIG_BLOCK, &r->waited_for, before);
}

/* Waits for the end of a child or for a signal, at most a fifth of a second. */
static void wait_a_little(struct runner *r)
{
    const struct timespec fifth = {0, 200000000};
    const int signal = sigtimedwait(&r->waited_for, NULL, &fifth);

    if (signal > 0 && signal != SIGCHLD)
        r->interrupted = 1;
}

/* On a full disk every unit would compute to its end and fail then. */
static int can_start(const struct runner *r)
{
    return r->next < r->job_count && r->unfit < MOST_UNFIT;
}

void runner_run(struct runner *r)
{
    struct bench *b = r->b;
    sigset_t before;

    for (int mode = NATIVE; mode <= PINNED; mode++)
        r->environment[mode] = child_environment(&b->mem, (enum mode)mode);
    hold_signals(r, &before);
    progress_start(&r->progress, "units", r->job_count, b->quiet);
    while ((can_start(r) || r->busy > 0) && !r->interrupted) {
        while (r->busy < r->slot_count && can_start(r))
            start_next(r);
        if (r->busy > 0)
            wait_a_little(r);
        take_ended(r);
        kill_late(r);
        progress_update(&r->progress, r->next - r->busy, NULL);
    }
    progress_clear(&r->progress);
    while (r->busy > 0)
        child_kill(&r->slots[--r->busy].child);
    if (r->interrupted || r->failure_count > 0)
        leftovers_remove(b);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

enum status runner_conclude(const struct runner *r)
{
    const size_t all = runner_count(r->b, 0), finished = all - runner_count(r->b, 1);
    const size_t shown = r->failure_count < FAILURES_SHOWN ? r->failure_count : FAILURES_SHOWN;

    if (r->interrupted)
        return status_set(STATUS_INTERRUPTED, "interrupted: %zu of %zu units are finished and "
                                              "kept; the same command goes on with the rest",
                          finished, all);
    if (r->failure_count == 0)
        return STATUS_OK;
    fflush(stdout);
    fprintf(stderr, "\n");
    for (size_t i = 0; i < shown; i++)
        show_failure(&r->failures[i]);
    if (shown < r->failure_count)
        fprintf(stderr, "and %zu more\n", r->failure_count - shown);
    if (r->next < r->job_count)
        return status_set(r->worst, "%zu of %zu units failed, the last %zu because of this "
                                    "machine, and %zu were not started: mend that, and the same "
                                    "command goes on", r->failure_count, all, r->unfit,
                          r->job_count - r->next);
    return status_set(r->worst, "%zu of %zu units failed; the commands above run them again",
                      r->failure_count, all);
}
