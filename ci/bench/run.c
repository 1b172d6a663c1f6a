/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run: brings the units of all programs up to date (runner.h) and says what they show. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "leftovers.h"
#include "programs.h"
#include "reference_files.h"
#include "runner.h"

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

    leftovers_remove(b);
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
    runner_run(&r);
    *ran = r.ran;
    *failed = r.failure_count;
    TRY(runner_conclude(&r));
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
    const size_t all = runner_count(r->b, 0);

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
    runner_run(&r);
    if (r.interrupted)
        return runner_conclude(&r);
    if (runner_count(b, 0) > 0) {
        print_outcome(&r, progress_clock() - started);
        show_results(b, &failed);
    }
    if (failed.status != STATUS_OK && r.failure_count > 0)
        fprintf(stderr, "%s\n", failed.why);
    TRY(runner_conclude(&r));
    TRY(give(&failed));
    return planned == STATUS_OK ? STATUS_OK : status_set(planned, "%s", why);
}
