/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growable strings, numbers that survive a round trip under every locale, strict parsers, names. */
#include "test.h"

#include <float.h>
#include <locale.h>
#include <sys/wait.h>

#include "aborts.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

/* ---- growable strings ---- */

static void text_grows(void **state)
{
    (void)state;
    struct text t = {0};

    CHECK_TEXT(text_get(&t), "");
    text_add(&t, "%s", "");
    CHECK_TEXT(text_get(&t), "");
    for (int i = 0; i < 1000; i++)
        text_add(&t, "%d,", i % 10);
    text_add_bytes(&t, "xyz", 2);
    text_add_bytes(&t, NULL, 0);
    CHECK_STATUS(text_ok(&t), STATUS_OK);
    assert_int_equal(t.length, 2002);
    assert_int_equal(strlen(text_get(&t)), 2002);
    CHECK_TEXT(text_get(&t) + 1996, "8,9,xy");
    text_free(&t);
    CHECK_TEXT(text_get(&t), "");
}

static void text_may_hold_zero_bytes(void **state)
{
    (void)state;
    struct text t = {0};

    text_add_bytes(&t, "a\0b", 3);
    text_add(&t, "c");
    assert_int_equal(t.length, 4);
    assert_memory_equal(text_get(&t), "a\0bc", 5);
    text_free(&t);
}

/* A failed addition shows at the end, nothing is added behind the hole, nothing is lost before. */
static void failed_growth_is_remembered(void **state)
{
    (void)state;
    size_t failures = 0;

    for (size_t k = 1;; k++, failures++) {
        struct text t = {0};
        memory_fail_at(k);
        for (int i = 0; i < 200; i++)
            text_add(&t, "%03d ", i);
        memory_fail_at(0);
        const enum status status = text_ok(&t);
        CHECK_TRUE(status == STATUS_OK ? t.length == 800 : t.length < 800);
        CHECK_TRUE(strlen(text_get(&t)) == t.length);
        text_free(&t);
        if (status == STATUS_OK)
            break;
        CHECK_TRUE(status == STATUS_MEMORY);
    }
    CHECK_TRUE(failures >= 3);
}

/* ---- numbers ---- */

static const double awkward[] = {0.0,     -0.0,     0.1,      1.0 / 3,  -2.5e-17, 1e22,   1e23,
                                 DBL_MIN, DBL_MAX,  -DBL_MAX, 0x1p-1074, 0x0.fffffffffffffp-1022,
                                 DBL_EPSILON, 123456789012345678.0, 9007199254740993.0};

static void check_round_trip(double value)
{
    char out[TEXT_DOUBLE];
    double back;

    CHECK_TEXT(text_double(out, value), out);
    CHECK_TRUE(strlen(out) < TEXT_DOUBLE && strchr(out, ',') == NULL);
    CHECK_STATUS(text_to_double(out, "value", &back), STATUS_OK);
    assert_memory_equal(&back, &value, sizeof value);
}

static void doubles_round_trip(void **state)
{
    (void)state;
    uint64_t bits = 1;

    for (size_t i = 0; i < sizeof awkward / sizeof *awkward; i++)
        check_round_trip(awkward[i]);
    check_round_trip((double)INFINITY);
    check_round_trip(-(double)INFINITY);
    for (int i = 0; i < 20000; i++) {
        double value;
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            check_round_trip(value);
    }
}

static void nan_has_no_sign(void **state)
{
    (void)state;
    char out[TEXT_DOUBLE];
    double back = 0;

    CHECK_TEXT(text_double(out, (double)NAN), "nan");
    CHECK_TEXT(text_double(out, -(double)NAN), "nan");
    CHECK_STATUS(text_to_double("nan", "value", &back), STATUS_OK);
    CHECK_TRUE(isnan(back));
}

static void numbers_have_their_digits(void **state)
{
    (void)state;
    char out[TEXT_DOUBLE];

    CHECK_TEXT(text_double(out, 0.1), "0.10000000000000001");
    CHECK_TEXT(text_double(out, 1), "1");
    CHECK_TEXT(text_double(out, -0.0), "-0");
    CHECK_TEXT(text_float(out, 0.1f), "0.100000001");
    CHECK_TEXT(text_float(out, (float)INFINITY), "inf");
    CHECK_TEXT(text_short(out, 3.14159, 3), "3.14");
    CHECK_TEXT(text_short(out, 1234567, 3), "1.23e+06");
}

static void integers_are_read_strictly(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",    " 1",  "1 ",  "1x",  "x",        "+1",                  "-", "--1",
        "1.0", "1e3", "0x1", "1\n", "\xd9\xa3", "99999999999999999999"};
    int64_t value = 77;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_STATUS(text_to_int(bad[i], "--seed", INT64_MIN, INT64_MAX, &value), STATUS_USAGE);
        CHECK_MESSAGE("--seed: expected a whole number");
        CHECK_TRUE(value == 77);
    }
    CHECK_STATUS(text_to_int("-9223372036854775808", "n", INT64_MIN, INT64_MAX, &value), STATUS_OK);
    CHECK_TRUE(value == INT64_MIN);
    CHECK_STATUS(text_to_int("007", "n", 1, 9, &value), STATUS_OK);
    CHECK_TRUE(value == 7);
}

static void integers_stay_in_bounds(void **state)
{
    (void)state;
    int64_t value = 77;

    CHECK_STATUS(text_to_int("1", "n", 1, 9, &value), STATUS_OK);
    CHECK_STATUS(text_to_int("9", "n", 1, 9, &value), STATUS_OK);
    CHECK_STATUS(text_to_int("0", "n", 1, 9, &value), STATUS_USAGE);
    CHECK_STATUS(text_to_int("10", "n", 1, 9, &value), STATUS_USAGE);
    CHECK_MESSAGE("from 1 to 9, found '10'");
    CHECK_TRUE(value == 9);
}

static void doubles_are_read_strictly(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     " 1",  "1 ",   "1x",   "x",        "+1",  "-",
                                      "--1",  "0x1", "1,5",  "1.5.", "infinity", "NAN", "nan(1)",
                                      "-nan", "+inf", "1e",  ".",    "1e999",    "-1e999"};
    double value = 77;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_STATUS(text_to_double(bad[i], "--tau", &value), STATUS_USAGE);
        CHECK_MESSAGE("--tau: ");
        CHECK_TRUE(value == 77);
    }
    CHECK_STATUS(text_to_double("-.5e1", "x", &value), STATUS_OK);
    CHECK_NEAR(value, -5, 0.0);
    CHECK_STATUS(text_to_double("1e-999", "x", &value), STATUS_OK);
    CHECK_NEAR(value, 0, 0.0);
}

/* ---- a locale with a decimal comma ---- */

/* Builds de_DE below the folder; 0 where localedef or its sources are not installed. */
static int build_locale(const char *folder)
{
    char target[600];
    int status = -1;

    snprintf(target, sizeof target, "%s/de_DE.UTF-8", folder);
    const pid_t child = fork();
    if (child == 0) {
        if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)
            _exit(127);
        execlp("localedef", "localedef", "-i", "de_DE", "-f", "UTF-8", target, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        return 0;
    return setenv("LOCPATH", folder, 1) == 0 && setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
}

static int set_comma_locale(const char *folder)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "es_ES.UTF-8",
                                        "it_IT.UTF-8", "pt_BR.UTF-8", "ru_RU.UTF-8"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (setlocale(LC_ALL, names[i]) != NULL)
            return 1;
    return build_locale(folder);
}

static void numbers_ignore_the_locale(void **state)
{
    (void)state;
    const char *folder = test_folder();
    char out[TEXT_DOUBLE], plain[TEXT_DOUBLE];
    struct text t = {0};
    double value = 0;

    if (set_comma_locale(folder)) {
        snprintf(plain, sizeof plain, "%.1f", 1.5);
        CHECK_TEXT(plain, "1,5");
    } else {
        print_message("no locale with a decimal comma is installed or can be built (localedef): "
                      "only the C locale is checked\n");
    }
    text_add(&t, "%.2f", 1.25);
    CHECK_TEXT(text_get(&t), "1.25");
    CHECK_TEXT(text_double(out, 0.1), "0.10000000000000001");
    CHECK_TEXT(text_short(out, 1.5, 2), "1.5");
    CHECK_STATUS(text_to_double("1.5", "x", &value), STATUS_OK);
    CHECK_NEAR(value, 1.5, 0.0);
    CHECK_STATUS(text_to_double("1,5", "x", &value), STATUS_USAGE);
    doubles_round_trip(NULL);
    text_free(&t);
    setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
    CHECK_STATUS(file_remove_folder(folder), STATUS_OK);
}

/* ---- names ---- */

static void nearest_name_is_suggested(void **state)
{
    (void)state;
    const char *const names[] = {"profile", "seed", "cell", "out", "describe", "time-limit"};
    const size_t n = sizeof names / sizeof *names;

    CHECK_TEXT(text_nearest("profil", names, n), "profile");
    CHECK_TEXT(text_nearest("PROFILE", names, n), "profile");
    CHECK_TEXT(text_nearest("sede", names, n), "seed");
    CHECK_TEXT(text_nearest("time_limits", names, n), "time-limit");
    CHECK_TEXT(text_nearest("otu", names, n), "out");
    CHECK_TRUE(text_nearest("profligate", names, 0) == NULL);
    CHECK_TRUE(text_nearest("xylophone", names, n) == NULL);
    CHECK_TRUE(text_nearest("", names, n) == NULL);
}

/* Distance 3 is near enough to a word of 6 letters, 4 is not; of equals the first is taken. */
static void suggestion_has_a_limit(void **state)
{
    (void)state;
    const char *const swapped[] = {"ba"}, *const three[] = {"abcxyz"}, *const four[] = {"abwxyz"};
    const char *const equals[] = {"abcdex", "abcdey"};
    char longer[80];
    const char *const itself[] = {longer};

    CHECK_TEXT(text_nearest("ab", swapped, 1), "ba");
    CHECK_TEXT(text_nearest("abcdef", three, 1), "abcxyz");
    CHECK_TRUE(text_nearest("abcdef", four, 1) == NULL);
    CHECK_TEXT(text_nearest("abcdef", equals, 2), "abcdex");
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    CHECK_TRUE(text_nearest(longer, itself, 1) == NULL);
    CHECK_TRUE(text_nearest("aaa", itself, 1) == NULL);
}

static void patterns_match(void **state)
{
    (void)state;
    char longer[600];

    CHECK_TRUE(text_matches(NULL, "kwng_rate"));
    CHECK_TRUE(text_matches("", "kwng_rate"));
    CHECK_TRUE(text_matches(" , ", "kwng_rate"));
    CHECK_TRUE(text_matches("kwng*", "kwng_rate"));
    CHECK_TRUE(text_matches("matrix_*, kwng_?ate", "kwng_rate"));
    CHECK_TRUE(text_matches("kwng_rate", "kwng_rate"));
    CHECK_TRUE(!text_matches("kwng", "kwng_rate"));
    CHECK_TRUE(!text_matches("matrix*,flow*", "kwng_rate"));
    memset(longer, '*', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    CHECK_TRUE(!text_matches(longer, "kwng_rate")); /* longer than 255 bytes: matches nothing */
}

/* Also where bytes follow the end of the list. */
static void patterns_end_at_their_0(void **state)
{
    (void)state;
    CHECK_TRUE(text_matches("a\0b", "a"));
    CHECK_TRUE(!text_matches("a\0b", "b"));
    CHECK_TRUE(!text_matches("a,\0b", "b"));
}

/* 255 bytes are a pattern, 256 are one that nothing fits. */
static void patterns_have_at_most_255_bytes(void **state)
{
    (void)state;
    char name[257];

    memset(name, 'x', 256);
    name[256] = 0;
    CHECK_TRUE(text_matches(name + 1, name + 1));
    CHECK_TRUE(!text_matches(name, name));
}

static void digits_out_of_range_abort(void **state)
{
    (void)state;
    char out[TEXT_DOUBLE];

    CHECK_TEXT(text_short(out, 123, 1), "1e+02");
    CHECK_TEXT(text_short(out, 0.1, 17), "0.10000000000000001");
    CHECK_ABORTS((void)text_short(out, 1, 0));
    CHECK_ABORTS((void)text_short(out, 1, 18));
}

/* Whatever is there and whatever is added, its length and the closing 0 are right. */
static void every_addition_finds_room(void **state)
{
    (void)state;
    static char piece[1000];

    memset(piece, 'p', sizeof piece);
    for (size_t first = 0; first <= 300; first += 20)
        for (size_t more = 1; more < sizeof piece; more += 49) {
            struct text t = {0};
            text_add_bytes(&t, piece, first);
            text_add(&t, "%.*s", (int)more, piece);
            text_add_bytes(&t, piece, more);
            CHECK_STATUS(text_ok(&t), STATUS_OK);
            assert_int_equal(t.length, first + 2 * more);
            assert_int_equal(strlen(text_get(&t)), first + 2 * more);
            CHECK_TRUE(t.capacity > t.length && t.capacity <= 128 + 2 * t.length);
            text_free(&t);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_grows),
        cmocka_unit_test(text_may_hold_zero_bytes),
        cmocka_unit_test(failed_growth_is_remembered),
        cmocka_unit_test(doubles_round_trip),
        cmocka_unit_test(nan_has_no_sign),
        cmocka_unit_test(numbers_have_their_digits),
        cmocka_unit_test(integers_are_read_strictly),
        cmocka_unit_test(integers_stay_in_bounds),
        cmocka_unit_test(doubles_are_read_strictly),
        cmocka_unit_test(numbers_ignore_the_locale),
        cmocka_unit_test(nearest_name_is_suggested),
        cmocka_unit_test(suggestion_has_a_limit),
        cmocka_unit_test(patterns_match),
        cmocka_unit_test(patterns_end_at_their_0),
        cmocka_unit_test(patterns_have_at_most_255_bytes),
        cmocka_unit_test(digits_out_of_range_abort),
        cmocka_unit_test(every_addition_finds_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
