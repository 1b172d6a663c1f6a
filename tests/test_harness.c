/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame of a program: options, exit statuses, keys, files, limits. Each test forks and calls
 * harness_main with a small program of its own; a program that starts itself again comes back
 * through main by its name. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/table.h"
#include "harness/describe.h"
#include "harness/harness.h"
#include "harness/mode.h"
#include "harness/seeds.h"
#include "linalg/blas.h"

/* ---- the programs ---- */

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
static void work(double seconds)
{
    struct rusage use;

    do {
        getrusage(RUSAGE_SELF, &use);
    } while ((double)use.ru_utime.tv_sec + 1e-6 * (double)use.ru_utime.tv_usec < seconds);
}

static void emit_given(const struct parameters *p, struct unit *u)
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

static enum status run_unit(const struct parameters *p, struct unit *u)
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

static void release(void *data)
{
    printf("released %d\n", *(int *)data);
}

static enum status load(const struct parameters *p, struct loaded *loaded)
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
static enum status load_words(const struct parameters *p, struct loaded *loaded)
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

static enum status run_part(const struct parameters *p, struct unit *u)
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

static void read_back(int fd, char *text, size_t size)
{
    ssize_t n = 0;
    size_t used = 0;

    lseek(fd, 0, SEEK_SET);
    while (used + 1 < size && (n = read(fd, text + used, size - 1 - used)) > 0)
        used += (size_t)n;
    text[used] = '\0';
    close(fd);
}

static int scratch(const char *name)
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
static void be_child(const struct reproduction *r, char **argv, size_t fail_at, int out, int err)
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

static int call_at(const struct reproduction *r, size_t fail_at, const char *const *words)
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

static int clean(void **state)
{
    (void)state;
    unsetenv("DATASETS");
    terminal = NULL;
    output = NULL;
    return 0;
}

/* ---- what is printed ---- */

static const char *printed_row(const char *cell, const char *seed, const char *metric,
                               const char *value, const char *unit)
{
    static char row[200];

    snprintf(row, sizeof row, "\n%-20s %6s  %-28s %-14s %s\n", cell, seed, metric, value, unit);
    return row;
}

static void a_bare_call_prints_all_cells_and_seeds_of_smoke(void **state)
{
    static const char *const cells[] = {"n=10", "n=20.5"}, *const seeds[] = {"1", "2"};
    static const char *const sums[2][2] = {{"10001", "10002"}, {"20501", "20502"}};
    static const char *const values[] = {"10", "20.5"}, *const numbers[] = {"0", "1"};
    const int can = mode_can_pin();

    (void)state;
    if (!can)
        return;
    CHECK_ENDED(call_at(&tiny, 0, (const char *const[]){NULL}), 0, "");
    assert_true(strncmp(ended.out, "tiny at smoke, pinned, data: none (no data)\n\n", 45) == 0);
    CHECK_PRINTED("\ncell                   seed  metric                       value          "
                  "unit\n");
    for (size_t i = 0; i < 2; i++)
        for (size_t s = 0; s < 2; s++) {
            CHECK_PRINTED(printed_row(cells[i], seeds[s], "sum", sums[i][s], "m"));
            CHECK_PRINTED(printed_row(cells[i], seeds[s], "given.0", "0.1", "1"));
            CHECK_PRINTED(printed_row(cells[i], seeds[s], "given.1", "2", "1"));
            CHECK_PRINTED(printed_row(cells[i], seeds[s], "given.2", numbers[i], "1"));
            CHECK_PRINTED(printed_row(cells[i], seeds[s], "given.3", values[i], "1"));
            CHECK_PRINTED(printed_row(cells[i], seeds[s], "given.4", "1", "1"));
            CHECK_PRINTED(printed_row(cells[i], seeds[s], "given.6", "-1", "1"));
            CHECK_PRINTED(printed_row(cells[i], seeds[s], "given.7", "0", "1"));
        }
    CHECK_NOT_PRINTED(" 3  sum");
    CHECK_PRINTED("\nclaim    the sum is at least 1000 (section 3)\nmeasured 2.05e+04, n = 2\n"
                  "verdict  not tested: the smoke profile gives no verdicts\n");
}

static void verdicts_of_desk_are_printed(void **state)
{
    (void)state;
    CHECK_ENDED(CALL(tiny, "--profile=desk"), 0, "");
    assert_true(strncmp(ended.out, "tiny at desk, native, data: none (no data)\n\n", 44) == 0);
    CHECK_PRINTED(printed_row("n=0.125", "5", "sum", "130", "m"));
    CHECK_PRINTED(printed_row("n=4", "5", "sum", "4005", "m"));
    CHECK_PRINTED(printed_row("n=4", "5", "given.0", "0.25", "1"));
    CHECK_PRINTED("\nclaim    the sum is small (section 2)\nmeasured 128 [125, 131], n = 5\n"
                  "verdict  reproduced\n"
                  "\nclaim    the sum is at least 1000 (section 3)\nmeasured 4001, n = 5\n"
                  "verdict  reproduced\n");
}

static void one_cell_and_one_seed_are_run_alone(void **state)
{
    (void)state;
    CHECK_ENDED(CALL(tiny, "--native", "--cell", "n=20.5", "--seed", "2147483647"), 0, "");
    CHECK_PRINTED(printed_row("n=20.5", "2147483647", "sum", "2.14750415e+09", "m"));
    CHECK_NOT_PRINTED("\nn=10 ");
    CHECK_ENDED(CALL(tiny, "--native", "--cell", "n=10", "--seeds", "7,3-4"), 0, "");
    CHECK_PRINTED(printed_row("n=10", "3", "sum", "10003", "m"));
    CHECK_PRINTED(printed_row("n=10", "4", "sum", "10004", "m"));
    CHECK_PRINTED(printed_row("n=10", "7", "sum", "10007", "m"));
    CHECK_NOT_PRINTED("\nn=20.5 ");
    CHECK_NOT_PRINTED(" 1  sum");
}

static void an_option_of_its_own_comes_in_order_and_chooses_a_cell(void **state)
{
    (void)state;
    CHECK_ENDED(CALL(with_words, "--native", "--seed=1"), 0, "");
    CHECK_NOT_PRINTED("word ");
    CHECK_PRINTED(printed_row("n=10", "1", "sum", "10", "m"));
    CHECK_ENDED(CALL(with_words, "--word", "b=1", "--native", "--word=--a", "--seed=1"), 0, "");
    CHECK_PRINTED("word 0 b=1\nword 1 --a\nartifacts none\n");
    CHECK_PRINTED(printed_row("n=20.5", "1", "sum", "20.5", "m"));
    CHECK_NOT_PRINTED("\nn=10 ");
    CHECK_ENDED(CALL(with_words, "--native", "--seed=1", "--word=a", "--cell=n=10"), 0, "");
    CHECK_PRINTED(printed_row("n=10", "1", "sum", "10", "m"));
    CHECK_ENDED(CALL(with_words, "--help"), 0, "");
    CHECK_PRINTED("--word TEXT");
    CHECK_ENDED(CALL(tiny, "--word=a"), 2, "tiny: unknown option '--word'\n");
    CHECK_ENDED(CALL(with_words, "--words=a"), 2,
                "with_words: unknown option '--words'\n");
    CHECK_ENDED(CALL(with_words, "--native", "--word"), 2,
                "with_words: option '--word' needs a value: --word TEXT\n");
    CHECK_ENDED(CALL(with_words, "--word", "--native"), 2,
                "with_words: option '--word' needs a value: --word TEXT\n");
    CHECK_ENDED(CALL(with_words, "--native", "--profile=desk"), 0, "");
    CHECK_PRINTED("needs MNIST, ran on other data");
}

/* The folder of a call that writes, into `out`. */
static void artifacts_of(char out[600], const char *first, const char *second)
{
    const char *root = test_folder();
    const char *at;

    CHECK_ENDED(CALL(with_words, "--native", "--seed=1", first, second, "--out", root), 0, "");
    at = strstr(ended.out, "artifacts ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "artifacts %599s", out), 1);
}

static void artifacts_are_by_program_profile_and_records(void **state)
{
    char a[600], again[600], words[600], cell[600], profile[600];

    (void)state;
    artifacts_of(a, "--cell=n=10", "--quiet");
    artifacts_of(again, "--cell=n=10", "--quiet");
    artifacts_of(cell, "--cell=n=20.5", "--quiet");
    artifacts_of(words, "--cell=n=10", "--word=a");
    artifacts_of(profile, "--cell=n=2", "--profile=desk");
    assert_non_null(strstr(a, "/artifacts/with_words/"));
    CHECK_TEXT(again, a);
    CHECK_TEXT(cell, a);
    CHECK_TRUE(strcmp(words, a) != 0 && strcmp(profile, a) != 0 && strcmp(profile, words) != 0);
    CHECK_TRUE(!file_exists(a));
}

static void modes_are_by_profile_and_by_wish(void **state)
{
    (void)state;
    CHECK_ENDED(CALL(tiny, "--native", "--seed=1"), 0, "");
    CHECK_PRINTED("tiny at smoke, native,");
    CHECK_ENDED(CALL(tiny, "--profile=desk", "--native", "--seed=1"), 0, "");
    CHECK_PRINTED("tiny at desk, native,");
    if (!mode_can_pin())
        return;
    CHECK_ENDED(CALL(tiny, "--profile=desk", "--pinned", "--seed=1"), 0, "");
    CHECK_PRINTED("tiny at desk, pinned,");
}

static void threads_reach_the_unit_and_the_blas(void **state)
{
    (void)state;
    CHECK_ENDED(TINY("--seed=1", "--threads=2"), 0, "");
    CHECK_PRINTED(printed_row("n=10", "1", "given.4", "2", "1"));
    CHECK_PRINTED(printed_row("n=10", "1", "given.5", "2", "1"));
    CHECK_ENDED(TINY("--seed=1"), 0, "");
    CHECK_PRINTED(printed_row("n=10", "1", "given.5", "1", "1"));
}

static void help_names_the_program_and_every_option(void **state)
{
    static const char *const options[] = {
        "--profile NAME", "--seed N", "--seeds LIST", "--cell NAME", "--data DIR", "--out DIR",
        "--describe", "--key", "--pinned", "--native", "--threads N", "--time-limit S", "--quiet",
        "--help"};

    (void)state;
    CHECK_ENDED(CALL(tiny, "--help", "--profile", "none of these"), 0, "");
    assert_true(strncmp(ended.out, "tiny: A title\nA paper, 2024\n\n  --profile NAME ", 46) == 0);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        CHECK_PRINTED(options[i]);
    CHECK_NOT_PRINTED("sum");
}

static void describe_prints_the_tables(void **state)
{
    struct text t = {0};

    (void)state;
    CHECK_STATUS(describe_write(&t, &tiny), STATUS_OK);
    CHECK_ENDED(CALL(tiny, "--describe", "--key"), 0, "");
    CHECK_TEXT(ended.out, text_get(&t));
    text_free(&t);
}

/* ---- what is refused ---- */

#define USAGE(message, ...) CHECK_ENDED(CALL(tiny, __VA_ARGS__), 2, "tiny: " message "\n")

static void a_wrong_command_line_ends_with_2(void **state)
{
    (void)state;
    USAGE("unexpected argument 'word'", "word");
    USAGE("unknown option '--seef': did you mean '--seed'?", "--seef=1");
    USAGE("no profile 'smok', did you mean 'smoke': there are smoke, desk and paper",
          "--profile=smok");
    USAGE("no profile 'papers', did you mean 'paper': there are smoke, desk and paper",
          "--profile=papers");
    USAGE("no profile 'xyzzy': there are smoke, desk and paper", "--profile=xyzzy");
    USAGE("no cell 'n=11' at smoke, whose cells are 'n=10', 'n=20.5'", "--cell=n=11");
    USAGE("no cell '' at desk, whose cells are 'n=0.125', 'n=2', 'n=4'", "--profile=desk",
          "--cell", "");
    USAGE("--pinned and --native exclude each other", "--pinned", "--native");
    USAGE("--seed and --seeds exclude each other", "--seed=1", "--seeds=1");
    USAGE("--out needs the name of a folder, found nothing", "--out=");
    USAGE("seed 3 is named twice", "--seeds=1-3,3");
}

/* --key runs nothing, so that the largest numbers cost nothing. */
static void numbers_have_bounds(void **state)
{
    static const char *const good[] = {"--seed=1", "--seed=2147483647", "--threads=1",
                                       "--threads=1024", "--time-limit=0",
                                       "--time-limit=99999999", "--seeds=1-10000"};
    static const char *const bad[] = {"--seed=0", "--seed=2147483648", "--threads=0",
                                      "--threads=1025", "--time-limit=-0.5", "--time-limit=1e8",
                                      "--time-limit=nan", "--seeds=1-10001"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK_ENDED(CALL(tiny, "--key", good[i]), 0, "");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(CALL(tiny, "--key", bad[i]), 2);
    CHECK_TEXT(ended.err, "tiny: more than 10000 seeds\n");
    CHECK_ENDED(CALL(tiny, "--time-limit=1e8"), 2,
                "tiny: --time-limit is a number of seconds, 0 for none\n");
}

static void no_cells_are_nothing(void **state)
{
    (void)state;
    CHECK_ENDED(CALL(tiny, "--profile=paper"), 5, "tiny: tiny has no cells at paper\n");
}

/* The table's own seeds are 1 to 10000. */
static void a_table_without_seeds_aborts(void **state)
{
    static const double wrong[] = {0, 0.5, 1.5, 10001, -1};
    struct parameter rows[2] = {parameter_rows[0], parameter_rows[1]};
    struct reproduction r = tiny;

    (void)state;
    r.parameters = rows;
    rows[0].value[SMOKE] = 10000;
    assert_int_equal(CALL(r, "--key"), 0);
    CHECK_PRINTED("\nn=20.5\t10000\t");
    rows[0].value[SMOKE] = 1;
    assert_int_equal(CALL(r, "--key"), 0);
    CHECK_PRINTED("\nn=20.5\t1\t");
    CHECK_NOT_PRINTED("\nn=20.5\t2\t");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rows[0].value[SMOKE] = wrong[i];
        assert_int_equal(CALL(r, "--key"), -1);
        assert_non_null(strstr(ended.err, "tiny: the parameter table needs a row seeds"));
    }
    rows[0].name = "repetitions";
    rows[0].value[SMOKE] = 2;
    assert_int_equal(CALL(r, "--key"), -1);
}

/* ---- keys ---- */

/* The key of a unit, from the printed table; the whole line's folder as well. */
static void find_key(const char *cell, const char *seed, char key[DIGEST_TEXT], char folder[128])
{
    char start[64];
    const char *line;

    snprintf(start, sizeof start, "\n%s\t%s\t", cell, seed);
    line = strstr(ended.out, start);
    if (line == NULL)
        fail_msg("no key of %s %s in:\n%s", cell, seed, ended.out);
    assert_int_equal(sscanf(line + strlen(start), "%64s\t%127s", key, folder), 2);
    assert_int_equal(strlen(key), 64);
}

static void digest_of(char out[DIGEST_TEXT], const char *const *texts)
{
    struct digest d;

    digest_start(&d);
    for (size_t i = 0; texts[i] != NULL; i++)
        digest_text(&d, texts[i]);
    digest_end(&d, out);
}

static void a_key_is_the_hash_of_program_arguments_and_records(void **state)
{
    char program[DIGEST_TEXT], records[DIGEST_TEXT], key[DIGEST_TEXT], expected[DIGEST_TEXT];
    char folder[128], head[300];

    (void)state;
    CHECK_STATUS(digest_file("/proc/self/exe", program), STATUS_OK);
    digest_of(records, (const char *const[]){NULL});
    CHECK_ENDED(CALL(tiny, "--key"), 0, "");
    snprintf(head, sizeof head, "# program\t%s\n# records\t%s\n# data\tnone\n"
             "cell\tseed\tkey\tfolder\n", program, records);
    assert_true(strncmp(ended.out, head, strlen(head)) == 0);
    find_key("n=20.5", "2", key, folder);
    digest_of(expected, (const char *const[]){program, "smoke", "pinned", "n=20.5",
                                              "seed 2 threads 1", records, NULL});
    CHECK_TEXT(key, expected);
    CHECK_TEXT(folder, "tiny/smoke/none-pinned/n=20.5/2");
    CHECK_ENDED(CALL(with_data, "--key", "--native", "--profile=desk", "--seed=9", "--threads=3",
                     "--data=D"), 0, "");
    find_key("all", "9", key, folder);
    digest_of(records, (const char *const[]){"0.25 of D", NULL});
    digest_of(expected, (const char *const[]){program, "desk", "native", "all",
                                              "seed 9 threads 3", records, NULL});
    CHECK_TEXT(key, expected);
    CHECK_TEXT(folder, "with_data/desk/real-native/all/9");
}

/* Every combination once, none more. */
static void keys_are_those_of_the_selection(void **state)
{
    size_t lines = 0;

    (void)state;
    CHECK_ENDED(CALL(tiny, "--key", "--profile=desk", "--seeds=2,8"), 0, "");
    for (const char *c = ended.out; *c != '\0'; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 4 + 3 * 2);
    CHECK_ENDED(CALL(tiny, "--key", "--profile=desk", "--cell=n=2", "--seed=8"), 0, "");
    CHECK_PRINTED("\nn=2\t8\t");
    CHECK_NOT_PRINTED("\nn=0.125\t");
    CHECK_NOT_PRINTED("\nn=4\t");
}

/* ---- data ---- */

static void data_are_where_option_or_environment_say(void **state)
{
    char self[4096], expected[4200];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    (void)state;
    assert_true(n > 0);
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(expected, sizeof expected, "data: stand-in (0.1 of %s/stand-in)\n", self);
    CHECK_ENDED(CALL(with_data, "--native", "--seed=1"), 0, "");
    CHECK_PRINTED(expected);
    CHECK_PRINTED("\nreleased 42\n");
    CHECK_PRINTED(printed_row("all", "1", "given.6", "42", "1"));
    CHECK_PRINTED(printed_row("all", "1", "sum", "1", "m"));
    setenv("DATASETS", "", 1);
    assert_int_equal(CALL(with_data, "--native", "--seed=1"), 0);
    CHECK_PRINTED(expected);
    setenv("DATASETS", "E", 1);
    assert_int_equal(CALL(with_data, "--native", "--seed=1"), 0);
    CHECK_PRINTED("data: real (0.1 of E)\n");
    assert_int_equal(CALL(with_data, "--native", "--seed=1", "--data=D"), 0);
    CHECK_PRINTED("data: real (0.1 of D)\n");
    assert_int_equal(CALL(tiny, "--native", "--seed=1", "--data=D"), 0);
    CHECK_PRINTED("data: none (no data)\n");
}

static void missing_data_end_with_4(void **state)
{
    (void)state;
    CHECK_ENDED(CALL(with_data, "--native", "--data=missing"), 4,
                "with_data: missing: expected records, found none\n");
    CHECK_TEXT(ended.out, "");
}

/* ---- outcomes ---- */


static const char *seed_of(int seed)
{
    static char text[32];

    snprintf(text, sizeof text, "--seed=%d", seed);
    return text;
}

static void every_way_to_end_has_its_status(void **state)
{
    (void)state;
    CHECK_ENDED(TINY(seed_of(DIVERGES)), 0, "");
    CHECK_PRINTED("\nn=10                    101  diverged\n");
    CHECK_ENDED(TINY(seed_of(NOT_FINITE)), 3, "tiny: metric sum is nan: not a finite number\n");
    CHECK_ENDED(TINY(seed_of(SAYS_DIVERGED)), 3, "tiny: a part left the finite numbers\n");
    CHECK_ENDED(TINY(seed_of(LACKS)), 3, "tiny: metric given.* was declared and not emitted\n");
    CHECK_ENDED(TINY(seed_of(FAILS)), 3, "tiny: no convergence in 3 steps\n");
    CHECK_TEXT(ended.out, "");
    assert_int_equal(TINY(seed_of(NO_MEMORY)), 6);
    assert_non_null(strstr(ended.err, "tiny: "));
    CHECK_TEXT(ended.out, "");
}

/* The units behind one that failed are not run. */
static void a_failure_ends_the_call(void **state)
{
    (void)state;
    CHECK_ENDED(CALL(tiny, "--native", "--seeds=1,105,107"), 3,
                "tiny: metric given.* was declared and not emitted\n");
}

static void output_that_cannot_be_written_is_no_success(void **state)
{
    (void)state;
    output = "/dev/full";
    CHECK_ENDED(TINY("--seed=1"), 6, "tiny: standard output cannot be written\n");
    CHECK_ENDED(TINY("--seed=0"), 2,
                "tiny: --seed: expected a whole number from 1 to 2147483647, found '0'\n");
    CHECK_ENDED(CALL(tiny, "--native", "--help", "word"), 2, "tiny: unexpected argument 'word'\n");
}

static void a_time_limit_ends_with_3(void **state)
{
    const double start = progress_clock();

    (void)state;
    CHECK_ENDED(TINY(seed_of(WAITS), "--time-limit=0.1"), 3,
                "the time limit of this call (--time-limit) is over\n");
    assert_true(progress_clock() - start >= 0.1);
    CHECK_ENDED(TINY("--seed=1", "--time-limit=1000.75"), 0, "");
    CHECK_PRINTED(printed_row("n=10", "1", "given.7", "1000", "1"));
    CHECK_ENDED(TINY("--seed=1", "--time-limit=0"), 0, "");
}

/* ---- files ---- */

static const char *recorded(const struct table *t, const char *key)
{
    for (size_t i = 0; i < t->row_count; i++)
        if (strcmp(table_cell(t, i, 0), key) == 0)
            return table_cell(t, i, 1);
    fail_msg("%s has no %s", t->path, key);
    return NULL;
}

static void open_table(struct table *t, const char *root, const char *name)
{
    char path[700];

    snprintf(path, sizeof path, "%s/%s", root, name);
    CHECK_STATUS(table_read(t, path), STATUS_OK);
}

static void a_unit_is_written_with_what_made_it(void **state)
{
    char root[600], key[DIGEST_TEXT], folder[128];
    struct table t = {0};

    (void)state;
    snprintf(root, sizeof root, "%s/new/results", test_folder());
    CHECK_ENDED(CALL(with_data, "--key", "--native", "--seed=3", "--data=D"), 0, "");
    find_key("all", "3", key, folder);
    CHECK_ENDED(CALL(with_data, "--native", "--seed=3", "--data=D", "--out", root), 0, "");
    CHECK_TEXT(ended.out, "released 42\n");
    strncat(root, "/with_data/smoke/real-native/all/3", sizeof root - strlen(root) - 1);
    open_table(&t, root, "metrics.tsv");
    CHECK_TEXT(table_key(&t, "key"), key);
    CHECK_TEXT(recorded(&t, "sum"), "3");
    CHECK_TEXT(recorded(&t, "given.6"), "42");
    table_free(&t);
    open_table(&t, root, "provenance.tsv");
    CHECK_TEXT(recorded(&t, "program.id"), "with_data");
    CHECK_TEXT(recorded(&t, "program.profile"), "smoke");
    CHECK_TEXT(recorded(&t, "program.seed"), "3");
    CHECK_TEXT(recorded(&t, "program.cell"), "all");
    CHECK_TEXT(recorded(&t, "data.kind"), "real");
    CHECK_TEXT(recorded(&t, "data.note"), "0.1 of D");
    CHECK_TEXT(recorded(&t, "parameter.seeds"), "2");
    CHECK_TEXT(recorded(&t, "parameter.rate"), "0.10000000000000001");
    CHECK_TEXT(recorded(&t, "mode"), "native");
    digest_of(key, (const char *const[]){"0.1 of D", NULL});
    CHECK_TEXT(recorded(&t, "data.records"), key);
    CHECK_STATUS(digest_file("/proc/self/exe", key), STATUS_OK);
    CHECK_TEXT(recorded(&t, "program.hash"), key);
    recorded(&t, "build.compiler");
    table_free(&t);
}

static double number_of(const struct table *t, const char *key)
{
    return strtod(recorded(t, key), NULL);
}

/* A unit that works for 0.04 s, sleeps for 0.05 s and touches 160 MiB. */
static void the_cost_of_a_unit_is_recorded(void **state)
{
    char root[600];
    const time_t before = time(NULL);
    struct table t = {0}, metric = {0};
    struct tm utc = {0};

    (void)state;
    snprintf(root, sizeof root, "%s", test_folder());
    CHECK_ENDED(TINY(seed_of(WORKS), "--out", root), 0, "");
    strncat(root, "/tiny/smoke/none-native/n=10/108", sizeof root - strlen(root) - 1);
    open_table(&metric, root, "metrics.tsv");
    open_table(&t, root, "volatile.tsv");
    assert_in_range(number_of(&t, "wall.seconds") * 1000, 50, 20000);
    assert_in_range(number_of(&t, "cpu.seconds") * 1000, 40, 20000);
    const double grown = number_of(&t, "memory.peak_mib") - number_of(&metric, "given.8") / 1024;
    CHECK_TRUE(grown > -0.1 && grown < 4);
    assert_int_equal(sscanf(recorded(&t, "started"), "%d-%d-%dT%d:%d:%dZ", &utc.tm_year,
                            &utc.tm_mon, &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec), 6);
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    assert_in_range(timegm(&utc) - before, 0, 20);
    table_free(&metric);
    table_free(&t);
}

static void a_folder_that_cannot_be_written_ends_with_6(void **state)
{
    (void)state;
    assert_int_equal(TINY("--seed=1", "--out=/dev/null/results"), 6);
    assert_non_null(strstr(ended.err, "/dev/null"));
}

/* ---- memory ---- */

/* Wherever memory runs out, the call says so and leaves nothing half done. */
static void allocation_failing_anywhere_is_status_6(void **state)
{
    char root[520], unit[640];
    int status = 6;
    size_t k;

    (void)state;
    snprintf(root, sizeof root, "%s", test_folder());
    snprintf(unit, sizeof unit, "%s/with_data/smoke/stand-in-native/all/1/metrics.tsv", root);
    for (k = 1; status == 6; k++) {
        status = call_at(&with_data, k, (const char *const[]){"--native", "--seed=1", "--out",
                                                              root, NULL});
        assert_true(k < 400);
        if (status != 0) {
            assert_int_equal(status, 6);
            assert_non_null(strstr(ended.err, "with_data: "));
            assert_non_null(strstr(ended.err, "memory"));
        }
        assert_int_equal(file_exists(unit), status == 0);
    }
    assert_true(k > 10);
}

/* ---- progress ---- */

/* What a call writes to a terminal, in out. */
static void on_terminal(char *out, size_t size, const char *seeds, const char *quiet)
{
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    int slave;
    ssize_t n;

    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    terminal = ptsname(master);
    slave = open(terminal, O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    assert_int_equal(CALL(tiny, "--native", "--cell=n=10", seeds, quiet), 0);
    fcntl(master, F_SETFL, O_NONBLOCK);
    n = read(master, out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    close(slave);
    close(master);
    terminal = NULL;
}

static void progress_counts_units_on_a_terminal(void **state)
{
    char text[1000];

    (void)state;
    on_terminal(text, sizeof text, "--seeds=1-3", NULL);
    assert_non_null(strstr(text, "1/3 units"));
    assert_non_null(strstr(text, "3/3 units"));
    assert_null(strstr(text, "0/3 units"));
    assert_null(strstr(text, "4/3 units"));
    CHECK_TEXT(strrchr(text, '\r'), "\r"); /* and the line is gone */
    on_terminal(text, sizeof text, "--seeds=1-3", "--quiet");
    CHECK_TEXT(text, "");
    on_terminal(text, sizeof text, "--seeds=3", NULL);
    CHECK_TEXT(text, "");
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, clean, clean)
    const struct CMUnitTest tests[] = {
        TEST(a_bare_call_prints_all_cells_and_seeds_of_smoke),
        TEST(verdicts_of_desk_are_printed),
        TEST(one_cell_and_one_seed_are_run_alone),
        TEST(an_option_of_its_own_comes_in_order_and_chooses_a_cell),
        TEST(artifacts_are_by_program_profile_and_records),
        TEST(modes_are_by_profile_and_by_wish),
        TEST(threads_reach_the_unit_and_the_blas),
        TEST(help_names_the_program_and_every_option),
        TEST(describe_prints_the_tables),
        TEST(a_wrong_command_line_ends_with_2),
        TEST(numbers_have_bounds),
        TEST(no_cells_are_nothing),
        TEST(a_table_without_seeds_aborts),
        TEST(a_key_is_the_hash_of_program_arguments_and_records),
        TEST(keys_are_those_of_the_selection),
        TEST(data_are_where_option_or_environment_say),
        TEST(missing_data_end_with_4),
        TEST(every_way_to_end_has_its_status),
        TEST(a_failure_ends_the_call),
        TEST(output_that_cannot_be_written_is_no_success),
        TEST(a_time_limit_ends_with_3),
        TEST(a_unit_is_written_with_what_made_it),
        TEST(the_cost_of_a_unit_is_recorded),
        TEST(a_folder_that_cannot_be_written_ends_with_6),
        TEST(allocation_failing_anywhere_is_status_6),
        TEST(progress_counts_units_on_a_terminal),
    };

    if (strcmp(argv[0], tiny.id) == 0)
        return harness_main(argc, argv, &tiny);
    if (strcmp(argv[0], with_data.id) == 0)
        return harness_main(argc, argv, &with_data);
    if (strcmp(argv[0], with_words.id) == 0)
        return harness_main(argc, argv, &with_words);
    return cmocka_run_group_tests_name("harness", tests, NULL, NULL);
}
