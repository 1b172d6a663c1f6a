/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/harness.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/text.h"
#include "harness/describe.h"
#include "harness/mode.h"
#include "harness/seeds.h"
#include "harness/verdict.h"

enum { MOST_SEEDS = 10000 };

/* One call of a program. */
struct call {
    const struct reproduction *r;
    /* options */
    const char *profile_name, *seeds_text, *cell_name, *data, *out;
    int describe, key, pinned, native, quiet, help;
    int64_t seed, threads;
    double time_limit;
    /* resolved */
    enum profile profile;
    enum mode mode;
    uint64_t seeds[MOST_SEEDS];
    size_t seed_count;
    size_t first_cell, end_cell;
    struct parameters *parameters;
    struct arena mem;
    struct loaded loaded;
    char records[DIGEST_TEXT], program[DIGEST_TEXT];
    const char *build;          /* the folder above that of the program */
    const char *words[OWN_OPTION_MOST];
    size_t word_count;
};

/* ---- command line ---- */

/* What is behind the name of the program's own option, "=value" or ""; NULL: another argument. */
static const char *behind_own(const struct call *c, const char *argument)
{
    const size_t n = c->r->option != NULL ? strlen(c->r->option->name) : 0;
    const char *behind = argument + 2 + n;

    if (n == 0 || strncmp(argument, "--", 2) != 0 ||
        strncmp(argument + 2, c->r->option->name, n) != 0)
        return NULL;
    return *behind == '=' || *behind == '\0' ? behind : NULL;
}

/* Takes the values of the program's own option out of the command line. */
static enum status take_words(struct call *c, int *argc, char ***argv)
{
    char **rest = arena_get(&c->mem, (size_t)*argc + 1, sizeof *rest), **at = *argv;
    const struct own_option *o = c->r->option;
    int n = 0;

    for (int i = 0; i < *argc; i++) {
        const char *behind = behind_own(c, at[i]);

        if (behind == NULL) {
            rest[n++] = at[i];
            continue;
        }
        if (*behind == '\0' && (i + 1 == *argc || strncmp(at[i + 1], "--", 2) == 0))
            return status_set(STATUS_USAGE, "option '--%s' needs a value: --%s %s", o->name,
                              o->name, o->value_name);
        if (c->word_count == OWN_OPTION_MOST)
            return status_set(STATUS_USAGE, "--%s is given more than %d times", o->name,
                              OWN_OPTION_MOST);
        c->words[c->word_count++] = *behind == '=' ? behind + 1 : at[++i];
    }
    *argc = n;
    *argv = rest;
    return STATUS_OK;
}

static enum status read_options(struct call *c, int argc, char **argv)
{
    const struct option options[] = {
        {"profile", OPTION_TEXT, &c->profile_name, .value_name = "NAME",
         .help = "smoke (the default), desk or paper"},
        {"seed", OPTION_INTEGER, &c->seed, 1, INT32_MAX, "N", "this seed only"},
        {"seeds", OPTION_TEXT, &c->seeds_text, .value_name = "LIST", .help = "1-20 or 1,4,7"},
        {"cell", OPTION_TEXT, &c->cell_name, .value_name = "NAME", .help = "this cell only"},
        {"data", OPTION_TEXT, &c->data, .value_name = "DIR",
         .help = "data sets; none: stand-ins; same as DATASETS"},
        {"out", OPTION_TEXT, &c->out, .value_name = "DIR",
         .help = "write results there; else print and write nothing"},
        {"describe", OPTION_FLAG, &c->describe, .help = "print parameters, metrics and claims"},
        {"key", OPTION_FLAG, &c->key, .help = "print the key of each unit and run nothing"},
        {"pinned", OPTION_FLAG, &c->pinned,
         .help = "the same bits everywhere (default of smoke)"},
        {"native", OPTION_FLAG, &c->native, .help = "what this machine does best"},
        {"threads", OPTION_INTEGER, &c->threads, 1, 1024, "N", "threads inside a unit (1)"},
        {"time-limit", OPTION_REAL, &c->time_limit, .value_name = "S",
         .help = "seconds for this call"},
        {"quiet", OPTION_FLAG, &c->quiet, .help = "no progress"},
        {"help", OPTION_FLAG, &c->help, .help = "this text"},
    };
    const size_t n = sizeof options / sizeof options[0];
    size_t words = 0;

    TRY(take_words(c, &argc, &argv));
    TRY(options_read(options, n, argc, argv, NULL, &words));
    if (c->help) {
        printf("%s: %s\n%s\n\n", c->r->id, c->r->title, c->r->paper);
        options_help(options, n, stdout);
        if (c->r->option != NULL)
            printf("  --%s %s\n      %s\n", c->r->option->name, c->r->option->value_name,
                   c->r->option->help);
    }
    if (c->pinned && c->native)
        return status_set(STATUS_USAGE, "--pinned and --native exclude each other");
    if (c->seed != 0 && c->seeds_text != NULL)
        return status_set(STATUS_USAGE, "--seed and --seeds exclude each other");
    if (c->out != NULL && c->out[0] == '\0')
        return status_set(STATUS_USAGE, "--out needs the name of a folder, found nothing");
    if (c->time_limit < 0 || !(c->time_limit < 1e8))
        return status_set(STATUS_USAGE, "--time-limit is a number of seconds, 0 for none");
    return STATUS_OK;
}

static enum status find_profile(struct call *c)
{
    static const char *const names[] = {"smoke", "desk", "paper"};
    const int found = profile_find(c->profile_name);
    const char *near = text_nearest(c->profile_name, names, 3);

    if (found < 0)
        return status_set(STATUS_USAGE, "no profile '%s'%s%s%s: there are smoke, desk and paper",
                          c->profile_name, near ? ", did you mean '" : "", near ? near : "",
                          near ? "'" : "");
    c->profile = (enum profile)found;
    c->mode = c->pinned || (c->profile == SMOKE && !c->native) ? PINNED : NATIVE;
    return STATUS_OK;
}

static enum status find_cells(struct call *c)
{
    const size_t n = reproduction_cell_count(c->r, c->profile);
    const char **names = arena_get(&c->mem, n, sizeof *names);
    const char *all = "";

    c->first_cell = 0;
    c->end_cell = n;
    if (c->cell_name == NULL && c->word_count > 0)
        c->cell_name = c->r->option->cell;
    if (c->cell_name == NULL)
        return STATUS_OK;
    for (size_t i = 0; i < n; i++) {
        names[i] = reproduction_cell_name(c->r, c->profile, i, &c->mem);
        if (strcmp(names[i], c->cell_name) == 0) {
            c->first_cell = i;
            c->end_cell = i + 1;
            return STATUS_OK;
        }
    }
    for (size_t i = 0; i < n; i++)
        all = arena_text(&c->mem, "%s%s'%s'", all, i ? ", " : "", names[i]);
    return status_set(STATUS_USAGE, "no cell '%s' at %s, whose cells are %s", c->cell_name,
                      c->profile_name, all);
}

static enum status find_seeds(struct call *c)
{
    const double own = parameter_value(c->r->parameters, c->r->parameter_count, "seeds",
                                       c->profile, 0);

    if (c->seed != 0) {
        c->seeds[c->seed_count++] = (uint64_t)c->seed;
        return STATUS_OK;
    }
    if (c->seeds_text != NULL)
        return seeds_read(c->seeds_text, c->seeds, MOST_SEEDS, &c->seed_count);
    CHECK(own >= 1 && own <= MOST_SEEDS && own == (double)(size_t)own,
          "%s: the parameter table needs a row seeds", c->r->id);
    for (size_t s = 0; s < (size_t)own; s++)
        c->seeds[c->seed_count++] = s + 1;
    return STATUS_OK;
}

/* ---- data and keys ---- */

/* A few records at smoke, whatever else was made, and all beyond where there are all. */
static const char *stand_in_folder(struct call *c, const char *build)
{
    const char *full = arena_text(&c->mem, "%s/stand-in-full", build);

    if (c->profile != SMOKE && access(arena_text(&c->mem, "%s/complete", full), R_OK) == 0)
        return full;
    return arena_text(&c->mem, "%s/stand-in", build);
}

static enum status load_data(struct call *c)
{
    const char *asked = c->data != NULL ? c->data : getenv("DATASETS");
    char self[4096] = "";
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    c->loaded = (struct loaded){.kind = "none", .note = "no data", .mem = &c->mem};
    digest_start(&c->loaded.records);
    CHECK(n > 0, "/proc/self/exe");
    for (int up = 0; up < 2 && strrchr(self, '/') != NULL; up++)
        *strrchr(self, '/') = '\0'; /* <build>/bin/<program> -> <build> */
    c->build = arena_text(&c->mem, "%s", self);
    if (c->r->load != NULL) {
        c->loaded.stand_in = stand_in_folder(c, self);
        c->loaded.words = c->words;
        c->loaded.word_count = c->word_count;
        c->loaded.asked = asked != NULL && asked[0] != '\0' ? asked : NULL;
        TRY(c->r->load(c->parameters, &c->loaded));
    }
    digest_end(&c->loaded.records, c->records);
    return digest_file("/proc/self/exe", c->program);
}

/* Program, arguments, records: everything that a unit's numbers depend on. */
static void unit_key(const struct call *c, const char *cell, uint64_t seed, char key[DIGEST_TEXT])
{
    struct digest d;
    char numbers[64];

    snprintf(numbers, sizeof numbers, "seed %llu threads %d", (unsigned long long)seed,
             (int)c->threads);
    digest_start(&d);
    digest_text(&d, c->program);
    digest_text(&d, profile_name(c->profile));
    digest_text(&d, mode_name(c->mode));
    digest_text(&d, cell);
    digest_text(&d, numbers);
    digest_text(&d, c->records);
    digest_end(&d, key);
}

/* What units of one key but for cell and seed share lies in one folder. */
static const char *artifacts_folder(struct call *c)
{
    char key[DIGEST_TEXT];

    unit_key(c, "artifacts", 0, key);
    return c->out == NULL ? NULL
                          : arena_text(&c->mem, "%s/artifacts/%s/%.16s", c->build, c->r->id, key);
}

static void print_keys(struct call *c)
{
    printf("# program\t%s\n# records\t%s\n# data\t%s\n", c->program, c->records, c->loaded.kind);
    printf("cell\tseed\tkey\tfolder\n");
    for (size_t i = c->first_cell; i < c->end_cell; i++) {
        const char *cell = reproduction_cell_name(c->r, c->profile, i, &c->mem);

        for (size_t s = 0; s < c->seed_count; s++) {
            char key[DIGEST_TEXT];

            unit_key(c, cell, c->seeds[s], key);
            printf("%s\t%llu\t%s\t%s\n", cell, (unsigned long long)c->seeds[s], key,
                   unit_folder(&c->mem, c->r->id, c->profile, c->loaded.kind, mode_name(c->mode),
                               cell, c->seeds[s]));
        }
    }
}

/* ---- running ---- */

static void record_run(const struct call *c, const struct unit *u, struct provenance *p)
{
    char number[TEXT_DOUBLE];

    provenance_capture(p);
    mode_record(c->mode, p);
    if (c->r->record != NULL)
        c->r->record(p);
    provenance_set(p, "program.id", "%s", c->r->id);
    provenance_set(p, "program.hash", "%s", c->program);
    provenance_set(p, "program.profile", "%s", profile_name(c->profile));
    provenance_set(p, "program.seed", "%llu", (unsigned long long)u->seed);
    provenance_set(p, "program.cell", "%s", u->cell_name);
    provenance_set(p, "data.kind", "%s", c->loaded.kind);
    provenance_set(p, "data.note", "%s", c->loaded.note);
    provenance_set(p, "data.records", "%s", c->records);
    for (size_t i = 0; i < c->r->parameter_count; i++) {
        const struct parameter *row = &c->r->parameters[i];
        char key[96];

        snprintf(key, sizeof key, "parameter.%s", row->name);
        provenance_set(p, key, "%s", text_double(number, row->value[c->profile]));
    }
}

static void record_cost(struct provenance *p, double wall, time_t started)
{
    struct rusage use;
    char when[32];
    struct tm utc;

    getrusage(RUSAGE_SELF, &use);
    gmtime_r(&started, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    provenance_set(p, "started", "%s", when);
    provenance_set(p, "wall.seconds", "%.3f", wall);
    provenance_set(p, "cpu.seconds", "%.3f",
                   (double)use.ru_utime.tv_sec + 1e-6 * (double)use.ru_utime.tv_usec);
    provenance_set(p, "memory.peak_mib", "%.1f", (double)use.ru_maxrss / 1024);
}

static enum status run_guarded(const struct call *c, struct unit *u)
{
    enum status status;

    if (arena_guard(u->mem))
        return STATUS_MEMORY;
    status = c->r->run_unit(c->parameters, u);
    arena_unguard(u->mem);
    if (status == STATUS_DIVERGED && u->diverged)
        status = STATUS_OK;
    return status == STATUS_OK ? unit_complete(u) : status;
}

static enum status add_results(struct results *results, const struct unit *u)
{
    if (arena_guard(&results->mem))
        return STATUS_MEMORY;
    results_add_unit(results, u->cell_name, u->seed, u->key, u->diverged);
    for (size_t i = 0; i < u->value_count; i++)
        results_add(results, u->cell_name, u->seed, u->values[i].name, u->values[i].metric->unit,
                    u->values[i].value, u->values[i].scale);
    arena_unguard(&results->mem);
    return STATUS_OK;
}

static enum status keep(struct call *c, struct unit *u, double wall, time_t started,
                        struct results *results)
{
    struct provenance made_by = {0}, run = {0};
    enum status status = add_results(results, u);

    if (status != STATUS_OK || c->out == NULL)
        return status;
    record_run(c, u, &made_by);
    record_cost(&run, wall, started);
    status = unit_save(u, c->out, &made_by, &run);
    provenance_free(&made_by);
    provenance_free(&run);
    return status;
}

static enum status run_one(struct call *c, size_t cell, uint64_t seed, struct results *results)
{
    struct arena mem = {0};
    struct unit *u = memory_get(1, sizeof *u);
    const double start = progress_clock();
    const time_t started = time(NULL);
    enum status status;

    if (u == NULL)
        return STATUS_MEMORY;
    *u = (struct unit){.seed = seed, .cell = (int)cell, .mem = &mem, .data = c->loaded.data,
                       .threads = (int)c->threads, .artifacts = artifacts_folder(c),
                       .id = c->r->id, .profile = c->profile,
                       .cell_value = c->r->axis ? c->r->axis->at[c->profile].values[cell] : 0,
                       .cell_name = reproduction_cell_name(c->r, c->profile, cell, &c->mem),
                       .data_kind = c->loaded.kind, .mode = mode_name(c->mode),
                       .metrics = c->r->metrics, .metric_count = c->r->metric_count};
    unit_key(c, u->cell_name, seed, u->key);
    status = run_guarded(c, u);
    if (status == STATUS_OK)
        status = keep(c, u, progress_clock() - start, started, results);
    unit_free(u);
    memory_free(u);
    arena_free(&mem);
    return status;
}

static void print_metrics(const struct results *results)
{
    char number[TEXT_DOUBLE];

    printf("%-20s %6s  %-28s %-14s %s\n", "cell", "seed", "metric", "value", "unit");
    for (size_t i = 0; i < results->unit_count; i++) {
        const struct outcome *unit = &results->units[i];

        if (unit->diverged)
            printf("%-20s %6llu  diverged\n", unit->cell, (unsigned long long)unit->seed);
    }
    for (size_t i = 0; i < results->count; i++) {
        const struct observation *o = &results->rows[i];

        printf("%-20s %6llu  %-28s %-14s %s\n", o->cell, (unsigned long long)o->seed, o->metric,
               text_short(number, o->value, 9), o->unit);
    }
}

static enum status print_verdicts(const struct call *c, const struct results *results)
{
    for (size_t i = 0; i < c->r->claim_count; i++) {
        const struct claim *claim = &c->r->claims[i];
        struct verdict v;
        char measured[160];

        TRY(verdict_judge(&v, claim, c->r, c->profile, c->loaded.kind, results, c->seeds,
                          c->seed_count));
        printf("\nclaim    %s (%s)\nmeasured %s\nverdict  %s%s%s\n", claim->words, claim->place,
               verdict_measured(measured, &v, claim), verdict_name(v.word),
               v.why[0] != '\0' ? ": " : "", v.why);
    }
    return STATUS_OK;
}

static enum status run_all(struct call *c)
{
    const size_t total = (c->end_cell - c->first_cell) * c->seed_count;
    struct results *results = memory_get(1, sizeof *results);
    struct progress progress;
    enum status status = STATUS_OK;
    size_t done = 0;

    if (results == NULL)
        return STATUS_MEMORY;
    if (total == 0)
        status = status_set(STATUS_NOTHING, "%s has no cells at %s", c->r->id, c->profile_name);
    progress_start(&progress, "units", total, c->quiet || total == 1);
    for (size_t i = c->first_cell; i < c->end_cell && status == STATUS_OK; i++)
        for (size_t s = 0; s < c->seed_count && status == STATUS_OK; s++) {
            status = run_one(c, i, c->seeds[s], results);
            progress_update(&progress, ++done, NULL);
        }
    progress_clear(&progress);
    if (status == STATUS_OK && c->out == NULL) {
        printf("%s at %s, %s, data: %s (%s)\n\n", c->r->id, profile_name(c->profile),
               mode_name(c->mode), c->loaded.kind, c->loaded.note);
        print_metrics(results);
        status = print_verdicts(c, results);
    }
    results_free(results);
    memory_free(results);
    return status;
}

static void out_of_time(int signal)
{
    static const char words[] = "the time limit of this call (--time-limit) is over\n";

    (void)signal;
    if (write(STDERR_FILENO, words, sizeof words - 1) < 0)
        _exit(3);
    _exit(3);
}

static void set_time_limit(double seconds)
{
    const time_t whole = (time_t)seconds;
    const struct itimerval timer = {
        /* rounded up: a limit below the clock's tick is still a limit */
        .it_value = {whole, (suseconds_t)ceil(999999 * (seconds - (double)whole))}};

    if (seconds > 0) {
        signal(SIGALRM, out_of_time);
        setitimer(ITIMER_REAL, &timer, NULL);
    }
}

static enum status print_description(const struct reproduction *r)
{
    struct text t = {0};
    const enum status status = describe_write(&t, r);

    if (status == STATUS_OK)
        fputs(text_get(&t), stdout);
    text_free(&t);
    return status;
}

static enum status answer(struct call *c, int argc, char **argv)
{
    TRY(read_options(c, argc, argv));
    if (c->help)
        return STATUS_OK;
    if (c->describe)
        return print_description(c->r);
    TRY(find_profile(c));
    TRY(find_cells(c));
    TRY(find_seeds(c));
    if (!c->key)
        TRY(mode_enter(c->mode, (int)c->threads, argv));
    set_time_limit(c->time_limit);
    c->parameters = arena_get(&c->mem, 1, c->r->parameters_size);
    parameter_resolve(c->parameters, c->r->parameters, c->r->parameter_count, c->profile);
    TRY(load_data(c));
    if (c->key) {
        print_keys(c);
        return STATUS_OK;
    }
    return run_all(c);
}

int harness_main(int argc, char **argv, const struct reproduction *r)
{
    struct call *c = memory_get(1, sizeof *c);
    enum status status = STATUS_MEMORY;

    if (c != NULL && !arena_guard(&c->mem)) {
        c->r = r;
        c->profile_name = "smoke";
        c->threads = 1;
        status = answer(c, argc, argv);
    }
    if (fflush(stdout) != 0 && status == STATUS_OK)
        status = status_set(STATUS_IO, "standard output cannot be written");
    if (status != STATUS_OK)
        fprintf(stderr, "%s: %s\n", r->id, status_message());
    if (c != NULL) {
        if (c->loaded.release != NULL)
            c->loaded.release(c->loaded.data);
        arena_free(&c->mem);
    }
    memory_free(c);
    return status_exit_code(status);
}
