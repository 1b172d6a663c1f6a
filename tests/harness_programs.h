/* SPDX-License-Identifier: GPL-3.0-or-later */
/* harness_programs: small programs for the tests of the frame, and calls of them in a child. A
 * program that starts itself again comes back through main by its name. */
#ifndef TESTS_HARNESS_PROGRAMS_H
#define TESTS_HARNESS_PROGRAMS_H

#include "test.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/table.h"
#include "harness/harness.h"
#include "linalg/blas.h"

/* Seeds at which `tiny` does something else than to emit. */
enum { DIVERGES = 101, NOT_FINITE, SAYS_DIVERGED, NO_MEMORY, LACKS, FAILS, WAITS, WORKS };

#define PARAMETERS(P)                                                                              \
    P(int, seeds, 2, 5, 3, "ours")                                                                 \
    P(double, rate, 0.1, 0.25, 1.0 / 3, "ours")
DEFINE_PARAMETERS(PARAMETERS)

static const struct metric metrics[] = {
    {"sum", "m", LOWER_IS_BETTER, CLASS_EXACT, 0, "1000 cell + seed"},
    {"given.*", "1", NO_DIRECTION, CLASS_RATE, 0, "what the frame gave: see run_unit"},
};

static const struct claim claims[] = {
    {.id = "small", .words = "the sum is small", .place = "section 2", .kind = ORDER,
     .metric = "sum", .cell = FIRST_CELL, .is = BELOW, .to = 20000},
    {.id = "smaller", .words = "the sum is at least 1000", .place = "section 3", .kind = BOUND,
     .metric = "sum", .cell = LAST_CELL, .is = ABOVE, .to = 1000},
};

static const struct axis axis = {
    .name = "n", .meaning = "size",
    .at = {CELL_VALUES(10, 20.5), CELL_VALUES(0.125, 2, 4), {0, NULL, NULL}}};

/* Until `seconds` of processor time are spent. */
static inline void work(double seconds)
{
    struct rusage use;

    do {
        getrusage(RUSAGE_SELF, &use);
    } while ((double)use.ru_utime.tv_sec + 1e-6 * (double)use.ru_utime.tv_usec < seconds);
}

static inline void emit_given(const struct parameters *p, struct unit *u)
{
    struct itimerval timer;
    struct rusage use;

    getitimer(ITIMER_REAL, &timer);
    getrusage(RUSAGE_SELF, &use);
    emit_at(u, "given", 0, p->rate);
    emit_at(u, "given", 1, p->seeds);
    emit_at(u, "given", 2, u->cell);
    emit_at(u, "given", 3, u->cell_value);
    emit_at(u, "given", 4, u->threads);
    emit_at(u, "given", 5, blas_threads());
    emit_at(u, "given", 6, u->data != NULL ? *(int *)u->data : -1);
    emit_at(u, "given", 7, (double)timer.it_value.tv_sec);
    emit_at(u, "given", 8, (double)use.ru_maxrss);
}

static inline enum status run_unit(const struct parameters *p, struct unit *u)
{
    switch (u->seed) {
    case DIVERGES:
        return unit_diverged(u, 7, 0.5);
    case NOT_FINITE:
        emit(u, "sum", (double)NAN);
        break;
    case SAYS_DIVERGED:
        return status_set(STATUS_DIVERGED, "a part left the finite numbers");
    case NO_MEMORY:
        emit(u, "sum", arena_get(u->mem, SIZE_MAX / 2, 2) != NULL);
        break;
    case LACKS:
        emit(u, "sum", 1);
        return STATUS_OK;
    case FAILS:
        emit(u, "sum", 1);
        emit_given(p, u);
        return status_set(STATUS_NO_CONVERGENCE, "no convergence in 3 steps");
    case WAITS:
        pause();
        break;
    case WORKS:
        memset(arena_get(u->mem, 160, 1 << 20), 1, 160u << 20);
        work(0.04);
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        break;
    default:
        break;
    }
    if (u->seed != NOT_FINITE)
        emit(u, "sum", 1000 * u->cell_value + (double)u->seed);
    emit_given(p, u);
    return STATUS_OK;
}

static const struct reproduction tiny = {
    .id = "tiny", .title = "A title", .paper = "A paper, 2024", PARAMETER_TABLE, METRICS(metrics),
    CLAIMS(claims), .axis = &axis, .run_unit = run_unit};

static inline void release(void *data)
{
    printf("released %d\n", *(int *)data);
}

static inline enum status load(const struct parameters *p, struct loaded *loaded)
{
    static int number = 42;

    if (loaded->asked != NULL && strcmp(loaded->asked, "missing") == 0)
        return status_set(STATUS_DATA, "missing: expected records, found none");
    loaded->kind = loaded->asked != NULL ? "real" : "stand-in";
    loaded->note = arena_text(loaded->mem, "%g of %s", p->rate,
                              loaded->asked != NULL ? loaded->asked : loaded->stand_in);
    digest_text(&loaded->records, loaded->note);
    loaded->data = &number;
    loaded->release = release;
    return STATUS_OK;
}

static const struct reproduction with_data = {
    .id = "with_data", .title = "T", .paper = "P", .data = "MNIST", PARAMETER_TABLE,
    METRICS(metrics), .load = load, .run_unit = run_unit};

/* Says what the frame gave it; its units are parts. */
static inline enum status load_words(const struct parameters *p, struct loaded *loaded)
{
    (void)p;
    loaded->kind = "own";
    loaded->note = "words";
    for (size_t i = 0; i < loaded->word_count; i++) {
        printf("word %zu %s\n", i, loaded->words[i]);
        digest_text(&loaded->records, loaded->words[i]);
    }
    return STATUS_OK;
}

static inline enum status run_part(const struct parameters *p, struct unit *u)
{
    (void)p;
    u->part = 1;
    printf("artifacts %s\n", u->artifacts != NULL ? u->artifacts : "none");
    emit(u, "sum", u->cell_value);
    return STATUS_OK;
}

static const struct own_option words_option = {"word", "TEXT", "a word", "n=20.5"};
static const struct reproduction with_words = {
    .id = "with_words", .title = "T", .paper = "P", .data = "MNIST", PARAMETER_TABLE,
    METRICS(metrics), CLAIMS(claims), .axis = &axis, .load = load_words, .run_unit = run_part,
    .option = &words_option};

/* ---- calling them ---- */

struct ended {
    int status;           /* exit status; -1: killed */
    char out[1 << 22], err[1 << 12];
};

static struct ended ended;
static const char *terminal; /* where a child's stderr goes, or NULL */
static const char *output;   /* where a child's stdout goes, or NULL */

static inline void read_back(int fd, char *text, size_t size)
{
    ssize_t n = 0;
    size_t used = 0;

    lseek(fd, 0, SEEK_SET);
    while (used + 1 < size && (n = read(fd, text + used, size - 1 - used)) > 0)
        used += (size_t)n;
    text[used] = '\0';
    close(fd);
}

static inline int scratch(const char *name)
{
    char path[600];
    int fd;

    snprintf(path, sizeof path, "%s/%s", test_folder(), name);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    return fd;
}

/* The child of a call: the environment that a mode needs is there, so that only --pinned without
 * its core starts itself again. */
static inline void be_child(const struct reproduction *r, char **argv, size_t fail_at, int out,
                            int err)
{
    int argc = 0;

    if (output != NULL)
        out = open(output, O_WRONLY);
    if (terminal != NULL)
        err = open(terminal, O_WRONLY | O_NOCTTY);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    unsetenv("OMP_THREAD_LIMIT");
    unsetenv("OMP_PROC_BIND");
    while (argv[argc] != NULL)
        argc++;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    memory_fail_at(fail_at);
    exit(harness_main(argc, argv, r));
}

static inline int call_at(const struct reproduction *r, size_t fail_at, const char *const *words)
{
    char *argv[16] = {(char *)(uintptr_t)r->id};
    const int out = scratch("out"), err = scratch("err");
    int end = 0;
    pid_t id;

    for (size_t i = 0; words[i] != NULL; i++)
        argv[i + 1] = (char *)(uintptr_t)words[i];
    fflush(NULL);
    id = fork();
    if (id == 0)
        be_child(r, argv, fail_at, out, err);
    alarm(60); /* ends both: the child dies with its parent */
    assert_true(id > 0 && waitpid(id, &end, 0) == id);
    alarm(0);
    read_back(out, ended.out, sizeof ended.out);
    read_back(err, ended.err, sizeof ended.err);
    ended.status = WIFEXITED(end) ? WEXITSTATUS(end) : -1;
    return ended.status;
}

#define CALL(r, ...) call_at(&(r), 0, (const char *const[]){__VA_ARGS__, NULL})
/* A native call of one unit starts nothing again. */
#define TINY(...) CALL(tiny, "--native", "--cell=n=10", __VA_ARGS__)

/* The call ended so, with these words on stderr, as its only line. */
#define CHECK_ENDED(call, code, words)                                                             \
    do {                                                                                           \
        const int ended_s = (call);                                                                \
        if (ended_s != (code))                                                                     \
            fail_msg("%s ends with %d, expected %d: %s", #call, ended_s, (code), ended.err);       \
        CHECK_TEXT(ended.err, words);                                                              \
    } while (0)

#define CHECK_PRINTED(part)                                                                        \
    do {                                                                                           \
        if (strstr(ended.out, (part)) == NULL)                                                     \
            fail_msg("'%s' is not in:\n%s", (part), ended.out);                                    \
    } while (0)

#define CHECK_NOT_PRINTED(part)                                                                    \
    do {                                                                                           \
        if (strstr(ended.out, (part)) != NULL)                                                     \
            fail_msg("'%s' is in:\n%s", (part), ended.out);                                        \
    } while (0)

static inline int clean(void **state)
{
    (void)state;
    unsetenv("DATASETS");
    terminal = NULL;
    output = NULL;
    return 0;
}

/* A row of the numbers that a bare call prints. */
static inline const char *printed_row(const char *cell, const char *seed, const char *metric,
                                      const char *value, const char *unit)
{
    static char row[200];

    snprintf(row, sizeof row, "\n%-20s %6s  %-28s %-14s %s\n", cell, seed, metric, value, unit);
    return row;
}

/* Where a program was started again: its exit status, else -1. */
static inline int program_again(int argc, char **argv)
{
    const struct reproduction *const programs[] = {&tiny, &with_data, &with_words};

    for (size_t i = 0; i < 3; i++)
        if (strcmp(argv[0], programs[i]->id) == 0)
            return harness_main(argc, argv, programs[i]);
    return -1;
}

#endif
