/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run: brings the units of all programs up to date and says what they show.
 *
 * A stale unit is one process. At most b->jobs run at a time, the longest expected first, so that
 * no long one is left over at the end. A unit's folder is complete or absent, whatever kills whom;
 * another run in the same tree may finish a unit first, and then its folder is taken as it is. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/progress.h"
#include "base/table.h"
#include "base/text.h"
#include "child.h"
#include "programs.h"
#include "reference_files.h"

enum { FAILURES_SHOWN = 20, MOST_UNFIT = 5 };

static const double GRACE_SECONDS = 5; /* for a program that does not keep its time limit */

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

/* ---- what killed processes left ---- */

/* The process in "<name>.tmp-<pid>", "<name>.old-<pid>" or ".<name>.<pid>.tmp", 0 for others. */
static pid_t maker(const char *name)
{
    const size_t n = strlen(name);
    char copy[256], *digits;
    int64_t pid;

    if (n < 6 || n >= sizeof copy)
        return 0;
    memcpy(copy, name, n + 1);
    if (name[0] == '.' && strcmp(name + n - 4, ".tmp") == 0) {
        copy[n - 4] = '\0';
        digits = strrchr(copy, '.') + 1;
    } else {
        digits = copy + n - strspn(strrchr(copy, '-') ? strrchr(copy, '-') + 1 : "", "0123456789");
        if (digits - copy < 5 || (strncmp(digits - 5, ".tmp-", 5) != 0 &&
                                  strncmp(digits - 5, ".old-", 5) != 0))
            return 0;
    }
    return text_to_int(digits, "pid", 1, INT32_MAX, &pid) == STATUS_OK ? (pid_t)pid : 0;
}

/* A zombie has no executable any more: where nobody collects orphans it stays for ever. */
static int is_alive(pid_t pid)
{
    char path[64], link[8];

    snprintf(path, sizeof path, "/proc/%ld/exe", (long)pid);
    return readlink(path, link, sizeof link) >= 0 || errno != ENOENT;
}

/* Leftovers in a folder and `depth` levels below it. What cannot be removed stays. */
static void sweep(struct arena *mem, const char *folder, int depth)
{
    char **names;
    size_t n;

    if (file_list(mem, folder, &names, &n) != STATUS_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        const char *path = arena_text(mem, "%s/%s", folder, names[i]);
        const pid_t pid = maker(names[i]);

        if (pid > 0 && !is_alive(pid)) {
            const enum status status = file_remove_folder(path);
            (void)status;
        } else if (depth > 0 && file_is_folder(path)) {
            sweep(mem, path, depth - 1);
        }
    }
}

/* <results>/<id>/<profile>/<data>-<mode>/<cell>/<seed> */
static void remove_leftovers(const struct bench *b)
{
    struct arena mem = {0};

    for (size_t i = 0; i < b->program_count; i++)
        sweep(&mem, arena_text(&mem, "%s/results/%s/%s", b->build, b->programs[i].id,
                               profile_name(b->profile)), 2);
    arena_free(&mem);
}

/* ---- the plan ---- */

static int longest_first(const void *x, const void *y)
{
    const struct job *a = x, *b = y;

    if (a->expected < b->expected || a->expected > b->expected)
        return a->expected > b->expected ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static size_t count_units(const struct bench *b, int stale_only)
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

static void runner_start(struct runner *r, struct bench *b)
{
    const size_t stale = count_units(b, 1);

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

static void run_all(struct runner *r)
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
        remove_leftovers(b);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Says again what failed, and what the whole run came to. */
static enum status conclude(const struct runner *r)
{
    const size_t all = count_units(r->b, 0), finished = all - count_units(r->b, 1);
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

/* ---- the plan of all programs ---- */

static void print_plan(const struct program *p)
{
    size_t stale = 0;

    for (size_t i = 0; i < p->unit_count; i++)
        stale += !p->units[i].fresh;
    printf("%-28s %5zu units, %5zu stale; data: %s, %s\n", p->id, p->unit_count, stale,
           p->data_kind, mode_name(p->mode));
}

/* Plans every program. Those that cannot be planned are named on stderr and have no units; *worst
 * and *why are the first one's. */
static enum status plan_all(struct bench *b, int loud, enum status *worst, const char **why)
{
    enum status *statuses = arena_get(&b->mem, b->program_count, sizeof *statuses);
    const char **words = arena_get(&b->mem, b->program_count, sizeof *words);

    remove_leftovers(b);
    TRY(programs_plan(b, statuses, words));
    for (size_t i = 0; i < b->program_count; i++) {
        if (statuses[i] == STATUS_OK) {
            if (loud)
                print_plan(&b->programs[i]);
            continue;
        }
        fprintf(stderr, "%s\n", words[i]);
        if (*worst == STATUS_OK) {
            *worst = statuses[i];
            *why = words[i];
        }
    }
    fflush(stdout);
    return STATUS_OK;
}

enum status run_units(struct bench *b, size_t *ran, size_t *failed)
{
    enum status planned = STATUS_OK;
    const char *why = "";
    struct runner r;

    TRY(plan_all(b, 0, &planned, &why));
    runner_start(&r, b);
    run_all(&r);
    *ran = r.ran;
    *failed = r.failure_count;
    TRY(conclude(&r));
    return planned == STATUS_OK ? STATUS_OK : status_set(planned, "%s", why);
}

/* ---- the verb ---- */

/* Another run in this tree may put a unit into place while it is read: then it is read again. */
static enum status write_summary(struct bench *b, struct program *p)
{
    enum status status = collect_summary(b, p);

    for (int tries = 0; tries < 3 && (status == STATUS_IO || status == STATUS_DATA); tries++)
        status = collect_summary(b, p);
    return status == STATUS_NOTHING ? STATUS_OK : status;
}

/* The first failure of several steps, of which none keeps the others from being taken. */
struct first {
    enum status status;
    const char *why;           /* in the arena */
};

static void note(struct bench *b, struct first *first, enum status status)
{
    if (status == STATUS_OK)
        return;
    if (first->status == STATUS_OK)
        *first = (struct first){status, arena_text(&b->mem, "%s", status_message())};
    else if (strcmp(first->why, status_message()) != 0)
        fprintf(stderr, "%s\n", status_message());
}

static enum status give(const struct first *first)
{
    return first->status == STATUS_OK ? STATUS_OK : status_set(first->status, "%s", first->why);
}

static void print_verdicts(struct bench *b, struct first *failed)
{
    size_t counts[VERDICT_COUNT] = {0};

    printf("\n");
    for (size_t i = 0; i < b->program_count; i++)
        if (b->programs[i].unit_count > 0 && b->programs[i].r.claim_count > 0) {
            printf("%s\n", b->programs[i].id);
            note(b, failed, list_claims(b, &b->programs[i], counts));
            note(b, failed, stored_drift(b, &b->programs[i]));
        }
    printf("\n");
    for (int word = REPRODUCED; word < VERDICT_COUNT; word++)
        printf("%zu %s, ", counts[word], verdict_name((enum verdict_word)word));
    printf("%zu %s\n", counts[NOT_TESTED], verdict_name(NOT_TESTED));
}

/* Summaries and verdicts of what is there. */
static void show_results(struct bench *b, struct first *failed)
{
    for (size_t i = 0; i < b->program_count; i++)
        if (b->programs[i].unit_count > 0)
            note(b, failed, write_summary(b, &b->programs[i]));
    print_verdicts(b, failed);
}

static void print_outcome(const struct runner *r, double seconds)
{
    char duration[32];
    const size_t all = count_units(r->b, 0);

    if (r->job_count == 0)
        printf("everything is fresh: %zu units\n", all);
    else
        printf("%zu units ran, %zu failed, %zu were fresh; %s\n", r->ran, r->failure_count,
               all - r->job_count, progress_duration(duration, seconds));
}

/* A profile for clusters says what it costs before it starts. */
static void print_cost(const struct runner *r)
{
    double seconds = 0;
    char words[32];

    for (size_t i = 0; i < r->job_count; i++)
        seconds += r->jobs[i].expected;
    if (r->job_count > 0)
        printf("%zu units, about %s of one core%s; make plan lists them for a cluster\n",
               r->job_count, progress_duration(words, seconds),
               seconds > 0 ? "" : " (no estimate)");
    fflush(stdout);
}

enum status verb_run(struct bench *b)
{
    const double started = progress_clock();
    enum status planned = STATUS_OK;
    const char *why = "";
    struct first failed = {STATUS_OK, ""};
    struct runner r;

    signal(SIGPIPE, SIG_IGN); /* who reads what is printed may leave: the units go on */
    TRY(programs_find(b));
    TRY(plan_all(b, !b->quiet, &planned, &why));
    runner_start(&r, b);
    if (b->profile == PAPER)
        print_cost(&r);
    run_all(&r);
    if (r.interrupted)
        return conclude(&r);
    if (count_units(b, 0) > 0) {
        print_outcome(&r, progress_clock() - started);
        show_results(b, &failed);
    }
    if (failed.status != STATUS_OK && r.failure_count > 0)
        fprintf(stderr, "%s\n", failed.why);
    TRY(conclude(&r));
    TRY(give(&failed));
    return planned == STATUS_OK ? STATUS_OK : status_set(planned, "%s", why);
}
