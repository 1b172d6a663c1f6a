/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame of a program: what a call prints, and what it refuses. Each test forks and calls
 * harness_main with a small program of its own. */
#include "harness_programs.h"

#include <signal.h>

#include "harness/describe.h"
#include "harness/mode.h"

/* ---- what is printed ---- */

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
    assert_int_equal(sscanf(at, "artifacts %599[^\n]", out), 1);
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
    };

    const int again = program_again(argc, argv);

    if (again >= 0)
        return again;
    return cmocka_run_group_tests_name("harness", tests, NULL, NULL);
}
