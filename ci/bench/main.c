/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main: the command line of bench. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/options.h"
#include "base/text.h"
#include "bench.h"
#include "harness/seeds.h"
#include "output.h"

enum { MOST_JOBS = 1024, MOST_SEEDS = 10000 };

struct verb {
    const char *name;
    enum status (*call)(struct bench *b);
    const char *help;
};

static const struct verb verbs[] = {
    {"run", verb_run, "run every stale unit and print the verdicts"},
    {"list", verb_list, "programs, claims and their last verdicts"},
    {"status", verb_status, "what is fresh, stale or missing, and why"},
    {"plan", verb_plan, "the command of every stale unit, for a scheduler"},
    {"check", verb_check, "hold the results against the references"},
    {"diff", verb_diff, "references that moved since a git revision (--base)"},
    {"bless", verb_bless, "accept new reference values (--id, --why)"},
    {"figures", verb_figures, "draw the figures from the results (--format)"},
    {"report", verb_report, "write the report from the results"},
    {"export", verb_export, "verdicts and metrics as tables (--format, --out)"},
    {"readme", verb_readme, "write the generated tables of README.md"},
    {"doctor", verb_doctor, "is this machine fit, and does its BLAS compute right?"},
};

enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

struct command {
    struct bench *b;
    const char *verb, *profile;
    const struct verb *found;  /* the verb */
    int help;
};

static void print_help(const struct option *options, size_t n)
{
    printf("bench VERB [options]\n\n");
    for (size_t i = 0; i < VERB_COUNT; i++)
        printf("  %-20s  %s\n", verbs[i].name, verbs[i].help);
    printf("\n");
    options_help(options, n, stdout);
    printf("\nExit status: 0 done, 1 outside tolerance, 2 usage, 3 crashed or timed out, 4 data,\n"
           "5 nothing selected, 6 machine or disk unfit, 130 interrupted.\n");
}

static enum status read_options(struct command *c, int argc, char **argv)
{
    struct bench *b = c->b;
    const struct option options[] = {
        {"build", OPTION_TEXT, &b->build, 0, 0, "DIR", "folder of programs and results (build)"},
        {"profile", OPTION_TEXT, &c->profile, 0, 0, "NAME", "smoke, desk (the default) or paper"},
        {"only", OPTION_TEXT, &b->only, 0, 0, "PATTERNS", "programs: 'kwng* matrix_mnist'"},
        {"seeds", OPTION_TEXT, &b->seeds, 0, 0, "LIST", "1-20 or 1,4,7 (the profile's own)"},
        {"data", OPTION_TEXT, &b->data, 0, 0, "DIR", "data sets; none: stand-ins (DATASETS)"},
        {"j", OPTION_INTEGER, &b->jobs, 1, MOST_JOBS, "N", "units at a time (all processors)"},
        {"jobs", OPTION_INTEGER, &b->jobs, 1, MOST_JOBS, "N", "the same"},
        {"time-limit", OPTION_REAL, &b->time_limit, 0, 0, "S", "seconds a unit may take"},
        {"pinned", OPTION_FLAG, &b->pinned, 0, 0, NULL, "same bits everywhere (smoke's default)"},
        {"native", OPTION_FLAG, &b->native, 0, 0, NULL, "what this machine does best"},
        {"format", OPTION_TEXT, &b->format, 0, 0, "F", "svg, png, pdf; export: latex, csv, ..."},
        {"out", OPTION_TEXT, &b->out, 0, 0, "DIR", "export: where to (<build>/export)"},
        {"id", OPTION_TEXT, &b->id, 0, 0, "ID", "bless: the program"},
        {"why", OPTION_TEXT, &b->why, 0, 0, "TEXT", "bless: the reason"},
        {"stored", OPTION_FLAG, &b->stored, 0, 0, NULL, "bless: verdicts of the stored values"},
        {"metric", OPTION_TEXT, &b->metric, 0, 0, "PATTERN", "check, diff: these metrics only"},
        {"base", OPTION_TEXT, &b->base, 0, 0, "REV", "diff: since this git revision (HEAD)"},
        {"over", OPTION_REAL, &b->over, 0, 0, "X", "diff: what moved by more than X tolerances"},
        {"fail", OPTION_FLAG, &b->fail, 0, 0, NULL, "diff: status 1 when something did"},
        {"quiet", OPTION_FLAG, &b->quiet, 0, 0, NULL, "no progress"},
        {"help", OPTION_FLAG, &c->help, 0, 0, NULL, "this text"},
    };
    const size_t n = sizeof options / sizeof options[0];
    size_t words = 1;

    TRY(options_read(options, n, argc, argv, &c->verb, &words));
    if (c->help)
        print_help(options, n);
    return STATUS_OK;
}

static enum status find_verb(struct command *c)
{
    const char *names[VERB_COUNT], *near;

    if (c->verb == NULL)
        return status_set(STATUS_USAGE, "which verb? run, list, status, plan, check, diff, bless, "
                                        "figures, report, export, readme or doctor; --help says "
                                        "more");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        names[i] = verbs[i].name;
        if (strcmp(c->verb, verbs[i].name) == 0) {
            c->found = &verbs[i];
            return STATUS_OK;
        }
    }
    near = text_nearest(c->verb, names, VERB_COUNT);
    return status_set(STATUS_USAGE, "unknown verb '%s'%s%s%s", c->verb,
                      near ? ": did you mean '" : ": --help shows them all", near ? near : "",
                      near ? "'?" : "");
}

static enum status find_profile(struct command *c)
{
    const char *names[PROFILE_COUNT], *near;
    const int found = profile_find(c->profile);

    for (int i = 0; i < PROFILE_COUNT; i++)
        names[i] = profile_name((enum profile)i);
    near = text_nearest(c->profile, names, PROFILE_COUNT);
    if (found < 0)
        return status_set(STATUS_USAGE, "unknown profile '%s'%s%s%s", c->profile,
                          near ? ": did you mean '" : ": there are smoke, desk and paper",
                          near ? near : "", near ? "'?" : "");
    c->b->profile = (enum profile)found;
    return STATUS_OK;
}

/* Programs get the list as it is written; a mistake in it is said once, here. */
static enum status check_seeds(struct bench *b)
{
    size_t n;

    if (b->seeds == NULL)
        return STATUS_OK;
    return seeds_read(b->seeds, arena_get(&b->mem, MOST_SEEDS, sizeof(uint64_t)), MOST_SEEDS, &n);
}

static const char *if_any(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static int64_t processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    return 1;
}

static enum status check_options(struct command *c)
{
    struct bench *b = c->b;

    TRY(find_profile(c));
    b->data = if_any(b->data != NULL ? b->data : getenv("DATASETS"));
    b->only = if_any(b->only);
    b->seeds = if_any(b->seeds);
    if (b->pinned && b->native)
        return status_set(STATUS_USAGE, "--pinned and --native exclude each other");
    if (!(b->time_limit >= 0 && b->time_limit < 1e8))
        return status_set(STATUS_USAGE, "--time-limit: expected seconds, 0 for none");
    if (!(b->over >= 0))
        return status_set(STATUS_USAGE, "--over: expected a number of tolerances, 0 or more");
    if (b->jobs == 0)
        b->jobs = processors();
    return check_seeds(b);
}

/* First line that a command prints, or NULL when it cannot be run or fails. */
static const char *first_line(struct bench *b, const char *const *argv)
{
    char *out;
    size_t n;
    int code;

    if (output_of(b, argv, NATIVE, &out, &n, &code, NULL) != STATUS_OK || code != 0)
        return NULL;
    out[strcspn(out, "\n")] = '\0';
    return out;
}

/* Programs record the commit, but do not depend on it: it comes through the environment. */
static void record_commit(struct bench *b)
{
    static const char *const commit[] = {"git", "rev-parse", "--short=12", "HEAD", NULL};
    static const char *const changes[] = {"git", "--no-optional-locks", "status", "--porcelain",
                                          NULL};
    const char *name = first_line(b, commit), *changed = name ? first_line(b, changes) : NULL;

    setenv("INFOGEO_COMMIT", name != NULL ? name : "unknown", name != NULL);
    setenv("INFOGEO_DIRTY", changed == NULL ? "unknown" : changed[0] != '\0' ? "yes" : "no",
           changed != NULL);
}

static enum status answer(struct command *c, int argc, char **argv)
{
    TRY(read_options(c, argc, argv));
    if (c->help)
        return STATUS_OK;
    TRY(find_verb(c));
    TRY(check_options(c));
    record_commit(c->b);
    return c->found->call(c->b);
}

int main(int argc, char **argv)
{
    static struct bench b = {.build = "build", .format = "svg", .base = "HEAD"};
    static enum status status; /* in memory, so that the guard's jump does not lose it */
    struct command c = {.b = &b, .profile = "desk"};

    status = arena_guard(&b.mem) ? STATUS_MEMORY : answer(&c, argc, argv);
    if (fflush(stdout) != 0 && status == STATUS_OK)
        status = status_set(STATUS_IO, "standard output cannot be written");
    if (status != STATUS_OK)
        fprintf(stderr, "bench: %s\n", status_message());
    clearenv(); /* it may lie in the arena */
    arena_free(&b.mem);
    return status_exit_code(status);
}
