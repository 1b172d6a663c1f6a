/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results: what units saved is read back bit for bit, and damage never becomes a number. */
#include "test.h"

#include <float.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "harness/results.h"

static const struct metric metrics[] = {
    {.name = "loss", .unit = "nat", .direction = LOWER_IS_BETTER, .class = CLASS_LONG32},
    {.name = "error", .unit = "1", .direction = LOWER_IS_BETTER, .class = CLASS_RATE},
    {.name = "task.*", .unit = "m^2 / s", .direction = HIGHER_IS_BETTER},
};

static const char *folder;
static struct results results;

static int start(void **state)
{
    (void)state;
    folder = test_folder();
    return 0;
}

static int end(void **state)
{
    (void)state;
    memory_fail_at(0);
    results_free(&results);
    return file_remove_folder(folder) == STATUS_OK ? 0 : -1;
}

/* "<folder>/<name>" */
static const char *in_folder(const char *name)
{
    static char path[1024];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* The values are the seed's: awkward ones, far apart. */
static const double awkward[] = {0.1, 1.0 / 3, -DBL_MIN, 4.9406564584124654e-324, DBL_MAX, -0.0,
                                 123456789.123456789, 1e-9};

static void save_unit(const char *cell, uint64_t seed, int diverged)
{
    static struct unit u;
    struct provenance made_by = {0}, run = {0};

    u = (struct unit){.seed = seed, .cell_name = cell, .id = "program", .profile = DESK,
                      .data_kind = "real", .mode = "native", .metrics = metrics,
                      .metric_count = 3};
    snprintf(u.key, sizeof u.key, "key-%llu", (unsigned long long)seed);
    for (int i = 0; i < 8; i++)
        emit_at(&u, "task", i, awkward[i] * (seed % 2 == 0 ? -1 : 1));
    emit_rate(&u, "error", seed, 777);
    if (diverged)
        assert_int_equal(unit_diverged(&u, 12, 0.5), STATUS_DIVERGED);
    else
        emit_conditioned(&u, "loss", 1.0 / (double)seed, 1e7 / 3);
    CHECK_STATUS(unit_complete(&u), STATUS_OK);
    CHECK_STATUS(unit_save(&u, folder, &made_by, &run), STATUS_OK);
}

static int same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* As save_unit left it. */
static void check_unit(const char *cell, uint64_t seed, int diverged)
{
    const struct outcome *unit = results_unit(&results, cell, seed);
    char key[32];

    snprintf(key, sizeof key, "key-%llu", (unsigned long long)seed);
    assert_non_null(unit);
    CHECK_TEXT(unit->key, key);
    CHECK_TEXT(unit->cell, cell);
    assert_int_equal(unit->diverged, diverged);
    for (int i = 0; i < 8; i++) {
        char name[24];

        snprintf(name, sizeof name, "task.%d", i);
        CHECK_TRUE(same_bits(results_value(&results, cell, seed, name),
                             awkward[i] * (seed % 2 == 0 ? -1 : 1)));
    }
    CHECK_TRUE(same_bits(results_value(&results, cell, seed, "error"), (double)seed / 777));
    if (diverged)
        CHECK_TRUE(isnan(results_value(&results, cell, seed, "loss")));
    else
        CHECK_TRUE(same_bits(results_value(&results, cell, seed, "loss"), 1.0 / (double)seed));
}

static const struct observation *row_of(const char *metric)
{
    for (size_t i = 0; i < results.count; i++)
        if (strcmp(results.rows[i].metric, metric) == 0)
            return &results.rows[i];
    fail_msg("no row of %s", metric);
    return NULL;
}

#define UNITS "program/desk/real-native"

static void a_saved_unit_is_read_bit_for_bit(void **state)
{
    (void)state;
    save_unit("lr=0.1", 3, 0);
    save_unit("lr=0.1", 4, 1);
    CHECK_STATUS(results_read_unit(&results, in_folder(UNITS "/lr=0.1/3")), STATUS_OK);
    assert_int_equal(results.unit_count, 1);
    assert_int_equal(results.count, 10);
    CHECK_STATUS(results_read_unit(&results, in_folder(UNITS "/lr=0.1/4")), STATUS_OK);
    check_unit("lr=0.1", 3, 0);
    check_unit("lr=0.1", 4, 1);
    CHECK_TEXT(row_of("task.3")->unit, "m^2 / s");
    CHECK_TEXT(row_of("loss")->unit, "nat");
    CHECK_TRUE(same_bits(row_of("loss")->scale, 1e7 / 3));
    CHECK_NEAR(row_of("error")->scale, 777, 0);
}

static void asked_units_are_read_and_missing_ones_skipped(void **state)
{
    static const char *const cells[] = {"a", "b", "c"};
    static const uint64_t seeds[] = {9, 2, 3};

    (void)state;
    save_unit("a", 9, 0);
    save_unit("a", 3, 1);
    save_unit("b", 2, 0);
    save_unit("b", 5, 0); /* not asked for */
    CHECK_STATUS(results_read(&results, folder, "program", DESK, "real", "native", cells, 3, seeds,
                              3), STATUS_OK);
    assert_int_equal(results.unit_count, 3);
    check_unit("a", 9, 0);
    check_unit("a", 3, 1);
    check_unit("b", 2, 0);
    assert_null(results_unit(&results, "b", 5));
    assert_null(results_unit(&results, "c", 9));
    assert_null(results_unit(&results, "a", 2));
    CHECK_TRUE(isnan(results_value(&results, "b", 9, "error")));
    CHECK_TRUE(isnan(results_value(&results, "a", 9, "accuracy")));
    results_free(&results);
    CHECK_STATUS(results_read(&results, folder, "program", DESK, "stand-in", "native", cells, 3,
                              seeds, 3), STATUS_OK);
    assert_int_equal(results.unit_count, 0);
    CHECK_TRUE(isnan(results_value(&results, "a", 9, "error")));
    assert_null(results_unit(&results, "a", 9));
}

/* The first cells and seeds of lists that go on. */
static void as_many_units_are_read_as_were_asked_for(void **state)
{
    static const char *const cells[] = {"a", "b", "c"};
    static const uint64_t seeds[] = {1, 2, 3};

    (void)state;
    for (size_t i = 0; i < 9; i++)
        save_unit(cells[i / 3], seeds[i % 3], 0);
    for (size_t n = 0; n < 3; n++) {
        CHECK_STATUS(results_read(&results, folder, "program", DESK, "real", "native", cells, n,
                                  seeds, 2), STATUS_OK);
        assert_int_equal(results.unit_count, 2 * n);
        assert_null(results_unit(&results, "a", 3));
        results_free(&results);
    }
}

/* A folder copied to another unit's place is not that unit. */
static void a_unit_in_anothers_place_is_damage(void **state)
{
    static const char *const to[] = {
        UNITS "/a/4", UNITS "/b/3", "program/desk/stand-in-native/a/3",
        "program/desk/real-pinned/a/3", "program/paper/real-native/a/3",
        "other/desk/real-native/a/3"};
    static const char *const wrong[] = {"seed", "cell", "data", "mode", "profile", "id"};
    static const char *const cells[] = {"a", "b"};
    static const uint64_t seeds[] = {3, 4};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        char *bytes, path[1024], from[1024];
        size_t n;

        save_unit("a", 3, 0);
        snprintf(from, sizeof from, "%s/" UNITS "/a/3", folder);
        CHECK_STATUS(file_read(in_folder(UNITS "/a/3/metrics.tsv"), 1 << 20, &bytes, &n),
                     STATUS_OK);
        CHECK_STATUS(file_remove_folder(from), STATUS_OK);
        snprintf(path, sizeof path, "%s/%s", folder, to[i]);
        CHECK_STATUS(file_make_folder(path), STATUS_OK);
        strcat(path, "/metrics.tsv");
        CHECK_STATUS(file_write(path, bytes, n), STATUS_OK);
        memory_free(bytes);
        CHECK_STATUS(results_read(&results, folder, i == 5 ? "other" : "program",
                                  i == 4 ? PAPER : DESK, i == 2 ? "stand-in" : "real",
                                  i == 3 ? "pinned" : "native", cells, 2, seeds, 2), STATUS_DATA);
        CHECK_MESSAGE(wrong[i]);
        results_free(&results);
        CHECK_STATUS(file_remove_folder(in_folder("program")), STATUS_OK);
    }
}

/* ---- damage ---- */

#define HEAD                                                                                       \
    "# format\tmetrics 1\n# id\tprogram\n# profile\tdesk\n# data\treal\n# mode\tnative\n"          \
    "# cell\ta\n# seed\t3\n# key\tabc\n# status\tok\n"
#define COLUMNS "metric\tvalue\tunit\tdirection\tscale\n"
#define GOOD HEAD COLUMNS "error\t0.25\t1\tlower\t4\n"

static void write_metrics(const char *bytes)
{
    CHECK_STATUS(file_make_folder(in_folder("unit")), STATUS_OK);
    CHECK_STATUS(file_write(in_folder("unit/metrics.tsv"), bytes, strlen(bytes)), STATUS_OK);
}

static void damaged_metrics_are_refused(void **state)
{
    static const char *const damaged[] = {
        "",
        "hello\n",
        "<html><body>not found</body></html>\n",
        HEAD,
        HEAD COLUMNS "error\t0.25\t1\tlower\n",
        HEAD COLUMNS "error\t0.25\t1\tlower\t4",
        HEAD COLUMNS "error\t\t1\tlower\t4\n",
        HEAD COLUMNS "error\t0.2x5\t1\tlower\t4\n",
        HEAD COLUMNS "error\tnan\t1\tlower\t4\n",
        HEAD COLUMNS "error\tinf\t1\tlower\t4\n",
        HEAD COLUMNS "error\t-inf\t1\tlower\t4\n",
        HEAD COLUMNS "error\t0.25\t1\tlower\tfour\n",
        HEAD COLUMNS "error\t0.25\t1\tlower\t4\nerror\t0.26\t1\tlower\t4\n",
        HEAD "metric\tvalue\tunit\tdirection\n" "error\t0.25\t1\tlower\n",
        HEAD "metric\tvolume\tunit\tdirection\tscale\n" "error\t0.25\t1\tlower\t4\n",
    };

    (void)state;
    write_metrics(GOOD);
    CHECK_STATUS(results_read_unit(&results, in_folder("unit")), STATUS_OK);
    CHECK_NEAR(results_value(&results, "a", 3, "error"), 0.25, 0);
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        results_free(&results);
        write_metrics(damaged[i]);
        CHECK_STATUS(results_read_unit(&results, in_folder("unit")), STATUS_DATA);
        CHECK_MESSAGE("metrics.tsv");
    }
    results_free(&results);
    CHECK_STATUS(results_read_unit(&results, in_folder("nowhere")), STATUS_DATA);
    CHECK_MESSAGE("nowhere/metrics.tsv");
}

/* Each line of the head is needed, and says what it should. */
static void a_damaged_head_is_refused(void **state)
{
    static const char *const keys[] = {"format", "id",   "profile", "data", "mode",
                                       "cell",   "seed", "key",     "status"};
    static const char *const changed[][2] = {
        {"metrics 1", "metrics 2"}, {"status\tok", "status\tcrashed"}, {"status\tok", "status\t"},
        {"seed\t3", "seed\t-3"}, {"seed\t3", "seed\t3x"}, {"seed\t3", "seed\t"}};
    char bytes[1024];

    (void)state;
    for (size_t i = 0; i < 9; i++) {
        char key[16];

        strcpy(bytes, GOOD);
        snprintf(key, sizeof key, "# %s\t", keys[i]);
        char *line = strstr(bytes, key);
        memmove(line, strchr(line, '\n') + 1, strlen(strchr(line, '\n') + 1) + 1);
        results_free(&results);
        write_metrics(bytes);
        CHECK_STATUS(results_read_unit(&results, in_folder("unit")), STATUS_DATA);
    }
    for (size_t i = 0; i < 6; i++) {
        const char *at = strstr(GOOD, changed[i][0]);

        snprintf(bytes, sizeof bytes, "%.*s%s%s", (int)(at - GOOD), GOOD, changed[i][1],
                 at + strlen(changed[i][0]));
        results_free(&results);
        write_metrics(bytes);
        CHECK_STATUS(results_read_unit(&results, in_folder("unit")), STATUS_DATA);
    }
}

/* ---- twice ---- */

static void the_same_unit_twice_is_damage(void **state)
{
    (void)state;
    write_metrics(GOOD);
    CHECK_STATUS(results_read_unit(&results, in_folder("unit")), STATUS_OK);
    CHECK_STATUS(results_read_unit(&results, in_folder("unit")), STATUS_DATA);
    CHECK_MESSAGE("read before");
    assert_int_equal(results.unit_count, 1);
    assert_int_equal(results.count, 1);
}

static void adding_twice_aborts(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        const pid_t child = fork();
        int how = 0;

        if (child == 0) {
            setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
            if (freopen("/dev/null", "w", stderr) == NULL)
                _exit(1);
            signal(SIGABRT, SIG_DFL);
            results_add_unit(&results, "a", 1, "", 0);
            results_add(&results, "a", 1, "x", "1", 1, 0);
            if (k == 1)
                results_add_unit(&results, "a", 1, "", 0);
            if (k == 2)
                results_add(&results, "a", 1, "x", "1", 1, 0);
            _exit(0);
        }
        assert_true(child > 0 && waitpid(child, &how, 0) == child);
        assert_int_equal(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT, k > 0);
    }
}

/* ---- stored values ---- */

#define STORED "profile\tmode\tdata\tcell\tseed\tmetric\tvalue\tunit\tscale\n"
#define OURS "desk\tnative\treal\t"

static enum status read_stored(const char *bytes)
{
    CHECK_STATUS(file_write(in_folder("seeds.tsv"), bytes, strlen(bytes)), STATUS_OK);
    results_free(&results);
    return results_read_stored(&results, in_folder("seeds.tsv"), DESK, "real", "native");
}

static void stored_values_of_one_run_are_taken(void **state)
{
    (void)state;
    CHECK_STATUS(read_stored("# format\tvalues 1\n" STORED OURS "a\t1\tloss\t0.5\tnat\t2\n"
                             "smoke\tnative\treal\ta\t1\terror\t9\t1\t0\n"
                             "desk\tpinned\treal\ta\t2\tloss\t9\tnat\t0\n"
                             "desk\tnative\tstand-in\ta\t3\tloss\t9\tnat\t0\n"
                             OURS "b\t1\tloss\t0.10000000000000001\tnat\t0\n"
                             OURS "a\t1\terror\t0.25\t1\t4\n"), STATUS_OK);
    assert_int_equal(results.unit_count, 2);
    assert_int_equal(results.count, 3);
    CHECK_NEAR(results_value(&results, "a", 1, "error"), 0.25, 0);
    CHECK_NEAR(results_value(&results, "a", 1, "loss"), 0.5, 0);
    CHECK_TRUE(same_bits(results_value(&results, "b", 1, "loss"), 0.1));
    CHECK_NEAR(row_of("loss")->scale, 2, 0);
    CHECK_TEXT(results_unit(&results, "a", 1)->key, "");
}

/* Before or behind the values that the unit had until then, or alone. */
static void a_stored_divergence_is_its_units(void **state)
{
    (void)state;
    CHECK_STATUS(read_stored(STORED OURS "a\t1\tdiverged\t1\t1\t0\n" OURS "a\t1\tloss\t2\tnat\t0\n"
                             OURS "a\t2\tloss\t2\tnat\t0\n" OURS "a\t2\tdiverged\t1\t1\t0\n"
                             OURS "a\t3\tdiverged\t1\t1\t0\n" OURS "a\t4\tloss\t2\tnat\t0\n"),
                 STATUS_OK);
    assert_int_equal(results.unit_count, 4);
    assert_int_equal(results.count, 3);
    for (uint64_t seed = 1; seed <= 4; seed++)
        assert_int_equal(results_unit(&results, "a", seed)->diverged, seed < 4);
}

static void damaged_stored_values_are_refused(void **state)
{
    static const char *const damaged[] = {
        "",
        "metric\tvalue\n",
        STORED OURS "a\tone\tloss\t0.5\tnat\t0\n",
        STORED OURS "a\t-1\tloss\t0.5\tnat\t0\n",
        STORED OURS "a\t1\tloss\tnan\tnat\t0\n",
        STORED OURS "a\t1\tloss\tinf\tnat\t0\n",
        STORED OURS "a\t1\tloss\t\tnat\t0\n",
        STORED OURS "a\t1\tloss\t0.5\tnat\tx\n",
        STORED OURS "a\t1\tloss\t0.5\tnat\n",
        STORED OURS "a\t1\tloss\t0.5\tnat\t0\n" OURS "a\t1\tloss\t0.5\tnat\t0\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        CHECK_STATUS(read_stored(damaged[i]), STATUS_DATA);
        CHECK_MESSAGE("seeds.tsv");
    }
    CHECK_STATUS(read_stored(STORED OURS "a\t0\tloss\t0.5\tnat\t0\n" OURS
                                         "a\tx\tloss\t0.5\tnat\t0\n"), STATUS_DATA);
    CHECK_MESSAGE("row 2: expected a seed, found 'x'");
    CHECK_STATUS(results_read_stored(&results, in_folder("none.tsv"), DESK, "real", "native"),
                 STATUS_DATA);
}

/* ---- memory, speed ---- */

static void out_of_memory_is_a_status(void **state)
{
    static const char *const cells[] = {"a"};
    static const uint64_t seeds[] = {3, 4};
    enum status status = STATUS_MEMORY;
    size_t k = 0;

    (void)state;
    save_unit("a", 3, 0);
    save_unit("a", 4, 1);
    while (status != STATUS_OK) {
        results_free(&results);
        memory_fail_at(++k);
        status = results_read(&results, folder, "program", DESK, "real", "native", cells, 1, seeds,
                              2);
        memory_fail_at(0);
        if (status != STATUS_OK)
            assert_int_equal(status, STATUS_MEMORY);
        assert_true(k < 100);
    }
    assert_true(k > 4);
    check_unit("a", 3, 0);
    check_unit("a", 4, 1);
    memory_fail_at(1);
    CHECK_STATUS(results_read_unit(&results, in_folder(UNITS "/a/3")), STATUS_MEMORY);
}

/* Many rows, found again after every growth of the table. */
static void many_values_are_found(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        results_add_unit(&results, "a", seed, "", 0);
        for (int i = 0; i < 300; i++) {
            char name[24];

            snprintf(name, sizeof name, "task.%d", i);
            results_add(&results, i % 2 == 0 ? "a" : "b", seed, name, "1",
                        (double)seed + 1000 * i, 0);
        }
    }
    for (uint64_t seed = 1; seed <= 100; seed++) {
        assert_non_null(results_unit(&results, "a", seed));
        assert_null(results_unit(&results, "b", seed));
        for (int i = 0; i < 300; i++) {
            char name[24];

            snprintf(name, sizeof name, "task.%d", i);
            CHECK_NEAR(results_value(&results, i % 2 == 0 ? "a" : "b", seed, name),
                       (double)seed + 1000 * i, 0);
            CHECK_TRUE(isnan(results_value(&results, i % 2 == 0 ? "b" : "a", seed, name)));
        }
    }
}

/* Seconds for 100,000 values out of this many rows. */
static double seconds_to_find(int rows)
{
    const clock_t before = clock();
    double sum = 0;

    for (int i = 0; i < 100000; i++) {
        char name[24];

        snprintf(name, sizeof name, "task.%d", i * 7919 % rows);
        sum += results_value(&results, "a", 1, name);
    }
    CHECK_TRUE(sum > 0);
    return (double)(clock() - before) / CLOCKS_PER_SEC;
}

/* A search row by row would take a hundred times as long in the larger one. */
static void finding_does_not_depend_on_the_number_of_rows(void **state)
{
    static const int rows[] = {300, 30000};
    double seconds[2];

    (void)state;
    for (int k = 0; k < 2; k++) {
        results_free(&results);
        for (int i = 0; i < rows[k]; i++) {
            char name[24];

            snprintf(name, sizeof name, "task.%d", i);
            results_add(&results, "a", 1, name, "1", i, 0);
        }
        seconds[k] = seconds_to_find(rows[k]);
    }
    CHECK_TRUE(seconds[1] < 20 * seconds[0] + 0.01);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    const struct CMUnitTest tests[] = {
        TEST(a_saved_unit_is_read_bit_for_bit),
        TEST(asked_units_are_read_and_missing_ones_skipped),
        TEST(as_many_units_are_read_as_were_asked_for),
        TEST(a_unit_in_anothers_place_is_damage),
        TEST(damaged_metrics_are_refused),
        TEST(a_damaged_head_is_refused),
        TEST(the_same_unit_twice_is_damage),
        TEST(adding_twice_aborts),
        TEST(stored_values_of_one_run_are_taken),
        TEST(a_stored_divergence_is_its_units),
        TEST(damaged_stored_values_are_refused),
        TEST(out_of_memory_is_a_status),
        TEST(many_values_are_found),
        TEST(finding_does_not_depend_on_the_number_of_rows),
    };

    return cmocka_run_group_tests_name("results", tests, NULL, NULL);
}
