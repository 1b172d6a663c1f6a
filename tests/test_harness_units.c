/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame of a program: keys and data of its units, how they end, and what is written. */
#include "harness_programs.h"

#include "base/options.h"
#include "base/progress.h"
#include "harness/mode.h"
#include "harness/seeds.h"

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

    const int again = program_again(argc, argv);

    if (again >= 0)
        return again;
    return cmocka_run_group_tests_name("harness_units", tests, NULL, NULL);
}
