/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines: what is accepted, and the message of everything that is not. */
#include "test.h"

#include "base/options.h"

static int quiet;
static const char *out, *profile;
static int64_t seed, jobs, any;
static double limit;

static const struct option options[] = {
    {"profile", OPTION_TEXT, &profile, 0, 0, "NAME", "smoke, desk or paper"},
    {"seed", OPTION_INTEGER, &seed, 1, 1000, "N", "which seed"},
    {"any", OPTION_INTEGER, &any, 0, 0, "N", "any number"},
    {"j", OPTION_INTEGER, &jobs, 1, 64, "N", "how many at a time"},
    {"time-limit", OPTION_REAL, &limit, 0, 0, "S", "seconds"},
    {"out", OPTION_TEXT, &out, 0, 0, "DIR", "where results go"},
    {"quiet", OPTION_FLAG, &quiet, 0, 0, NULL, "say less"},
};

enum { OPTIONS = sizeof options / sizeof *options };

static const char *words[4];
static size_t word_count;

/* Splits the line at its blanks and reads it; at most `most` words. */
static enum status read_line(const char *line, size_t most)
{
    static char bytes[512];
    static char *arguments[32];
    int count = 0;

    quiet = 0;
    out = profile = NULL;
    seed = jobs = any = -1;
    limit = -1;
    snprintf(bytes, sizeof bytes, "program %s", line);
    for (char *word = strtok(bytes, " "); word != NULL; word = strtok(NULL, " "))
        arguments[count++] = word;
    word_count = most;
    return options_read(options, OPTIONS, count, arguments, most > 0 ? words : NULL, &word_count);
}

static void refused(const char *line, const char *message)
{
    CHECK_STATUS(read_line(line, 0), STATUS_USAGE);
    CHECK_TEXT(status_message(), message);
}

static void all_kinds_are_read(void **state)
{
    (void)state;
    CHECK_STATUS(read_line("--profile desk --seed=7 --quiet --time-limit 1.5 --out=a=b -j 3", 0),
                 STATUS_OK);
    CHECK_TEXT(profile, "desk");
    CHECK_TEXT(out, "a=b");
    CHECK_TRUE(seed == 7 && quiet == 1 && jobs == 3 && any == -1);
    CHECK_NEAR(limit, 1.5, 0.0);
    CHECK_STATUS(read_line("", 0), STATUS_OK);
    CHECK_TRUE(profile == NULL && quiet == 0);
}

static void one_letter_takes_its_value_anyhow(void **state)
{
    (void)state;
    CHECK_STATUS(read_line("-j5", 0), STATUS_OK);
    CHECK_TRUE(jobs == 5);
    CHECK_STATUS(read_line("-j=6", 0), STATUS_OK);
    CHECK_TRUE(jobs == 6);
}

static void values_may_look_odd(void **state)
{
    (void)state;
    CHECK_STATUS(read_line("--any -3 --out=--x --profile - --seed 1 --seed 2", 0), STATUS_OK);
    CHECK_TRUE(any == -3 && seed == 2);
    CHECK_TEXT(out, "--x");
    CHECK_TEXT(profile, "-");
    CHECK_STATUS(read_line("--out= --any=9223372036854775807", 0), STATUS_OK);
    CHECK_TEXT(out, "");
    CHECK_TRUE(any == INT64_MAX);
}

static void words_are_collected(void **state)
{
    (void)state;
    CHECK_STATUS(read_line("run --quiet - -- --seed", 4), STATUS_OK);
    assert_int_equal(word_count, 3);
    CHECK_TEXT(words[0], "run");
    CHECK_TEXT(words[1], "-");
    CHECK_TEXT(words[2], "--seed");
    CHECK_TRUE(quiet == 1 && seed == -1);
}

static void surplus_words_are_refused(void **state)
{
    (void)state;
    refused("run", "unexpected argument 'run'");
    refused("-- --quiet", "unexpected argument '--quiet'");
    CHECK_STATUS(read_line("a b c", 2), STATUS_USAGE);
    CHECK_TEXT(status_message(), "unexpected argument 'c'");
}

static void unknown_options_are_refused_with_the_nearest(void **state)
{
    (void)state;
    refused("--profil desk", "unknown option '--profil': did you mean '--profile'?");
    refused("--PROFILE=desk", "unknown option '--PROFILE': did you mean '--profile'?");
    refused("-quiet", "unknown option '-quiet': did you mean '--quiet'?");
    refused("--timelimit=3", "unknown option '--timelimit': did you mean '--time-limit'?");
    refused("--xylophone", "unknown option '--xylophone'");
    refused("--j 3", "unknown option '--j'");
    refused("-x", "unknown option '-x'");
    refused("--=3", "unknown option '--'");
    refused("---quiet", "unknown option '---quiet': did you mean '--quiet'?");
}

static void missing_values_are_refused(void **state)
{
    (void)state;
    refused("--seed", "option '--seed' needs a value: --seed N");
    refused("--out --quiet", "option '--out' needs a value: --out DIR");
    refused("-j", "option '-j' needs a value: -j N");
}

static void values_of_flags_are_refused(void **state)
{
    (void)state;
    refused("--quiet=yes", "option '--quiet' takes no value, found 'yes'");
    refused("--quiet=", "option '--quiet' takes no value, found ''");
}

static void bad_numbers_are_refused(void **state)
{
    (void)state;
    refused("--seed 7x", "--seed: expected a whole number from 1 to 1000, found '7x'");
    refused("--seed=", "--seed: expected a whole number from 1 to 1000, found ''");
    refused("--seed 0", "--seed: expected a whole number from 1 to 1000, found '0'");
    refused("--seed 1001", "--seed: expected a whole number from 1 to 1000, found '1001'");
    refused("-jx", "-j: expected a whole number from 1 to 64, found 'x'");
    refused("--time-limit 3s", "--time-limit: expected a number, found '3s'");
    refused("--time-limit nan", "--time-limit: expected a number, found 'nan'");
    CHECK_TRUE(seed == -1);
    CHECK_NEAR(limit, -1, 0.0);
}

static void help_is_aligned(void **state)
{
    (void)state;
    static const char expected[] = "  --profile NAME  smoke, desk or paper\n"
                                   "  --seed N        which seed\n"
                                   "  --any N         any number\n"
                                   "  -j N            how many at a time\n"
                                   "  --time-limit S  seconds\n"
                                   "  --out DIR       where results go\n"
                                   "  --quiet         say less\n";
    char text[512] = "";
    FILE *file = fmemopen(text, sizeof text, "w");

    CHECK_TRUE(file != NULL);
    options_help(options, OPTIONS, file);
    fclose(file);
    CHECK_TEXT(text, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_are_read),
        cmocka_unit_test(one_letter_takes_its_value_anyhow),
        cmocka_unit_test(values_may_look_odd),
        cmocka_unit_test(words_are_collected),
        cmocka_unit_test(surplus_words_are_refused),
        cmocka_unit_test(unknown_options_are_refused_with_the_nearest),
        cmocka_unit_test(missing_values_are_refused),
        cmocka_unit_test(values_of_flags_are_refused),
        cmocka_unit_test(bad_numbers_are_refused),
        cmocka_unit_test(help_is_aligned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
