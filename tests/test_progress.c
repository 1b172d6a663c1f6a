/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress lines under a clock that the test moves. */
#include "test.h"

#include "base/progress.h"

static double now;
static char *said;
static size_t said_length;

static double test_clock(void)
{
    return now;
}

/* Ten units, at time 1000, writing to `said`. */
static struct progress start(int terminal, int quiet)
{
    struct progress p;

    progress_start(&p, "units", 10, quiet);
    now = 1000;
    p.clock = test_clock;
    p.started = p.last = now;
    p.terminal = terminal;
    p.out = open_memstream(&said, &said_length);
    if (p.out == NULL)
        fail_msg("no stream in memory");
    return p;
}

static void update_at(struct progress *p, double time, size_t done, const char *note)
{
    now = time;
    progress_update(p, done, note);
}

/* Closes the stream and compares all that was written. */
static void expect(struct progress *p, const char *text)
{
    fclose(p->out);
    if (strcmp(said, text) != 0)
        fail_msg("'%s', expected '%s'", said, text);
    free(said);
}

static void durations_read_well(void **state)
{
    (void)state;
    char out[32];

    CHECK_TEXT(progress_duration(out, 0), "0.0 s");
    CHECK_TEXT(progress_duration(out, 12.44), "12.4 s");
    CHECK_TEXT(progress_duration(out, 59.94), "59.9 s");
    CHECK_TEXT(progress_duration(out, 59.96), "1 min 00 s");
    CHECK_TEXT(progress_duration(out, 200), "3 min 20 s");
    CHECK_TEXT(progress_duration(out, 3599.4), "59 min 59 s");
    CHECK_TEXT(progress_duration(out, 3599.6), "1 h 00 min");
    CHECK_TEXT(progress_duration(out, 3720), "1 h 02 min");
    CHECK_TEXT(progress_duration(out, 100 * 3600.0), "100 h 00 min");
    CHECK_TEXT(progress_duration(out, 1e12), "?");
    CHECK_TEXT(progress_duration(out, 1e12 - 0.5), "277777777 h 47 min");
    CHECK_TEXT(progress_duration(out, -1), "?");
    CHECK_TEXT(progress_duration(out, (double)NAN), "?");
    CHECK_TEXT(progress_duration(out, (double)INFINITY), "?");
}

static void a_file_gets_a_line_every_30_seconds(void **state)
{
    (void)state;
    struct progress p = start(0, 0);

    update_at(&p, 1029, 1, "a");
    update_at(&p, 1030, 2, "b");
    update_at(&p, 1059, 3, "c");
    update_at(&p, 1060, 4, NULL);
    update_at(&p, 1090, 10, NULL);
    progress_clear(&p);
    expect(&p, "2/10 units, 2 min 00 s left, b\n4/10 units, 1 min 30 s left\n10/10 units\n");
}

static void a_terminal_line_is_rewritten(void **state)
{
    (void)state;
    struct progress p = start(1, 0);

    update_at(&p, 1000, 0, "first");
    update_at(&p, 1000.05, 1, "too soon");
    update_at(&p, 1002, 2, NULL);
    update_at(&p, 1002.01, 10, NULL);
    expect(&p, "\r0/10 units, first\r2/10 units, 8.0 s left\r10/10 units           ");
}

static void a_shorter_line_covers_the_longer_one(void **state)
{
    (void)state;
    struct progress p = start(1, 0);

    update_at(&p, 1000, 0, "abc");
    update_at(&p, 1001, 0, NULL);
    progress_clear(&p);
    progress_clear(&p);
    expect(&p, "\r0/10 units, abc\r0/10 units     \r          \r");
}

static void long_notes_are_cut(void **state)
{
    (void)state;
    struct progress p = start(1, 0);
    char note[200];

    memset(note, 'x', sizeof note - 1);
    note[sizeof note - 1] = 0;
    update_at(&p, 1000, 0, note);
    fclose(p.out);
    assert_int_equal(said_length, 80); /* the carriage return and 79 columns */
    free(said);
}

static void quiet_says_nothing(void **state)
{
    (void)state;
    struct progress p = start(1, 1);

    update_at(&p, 1000, 0, "a");
    update_at(&p, 2000, 10, "b");
    progress_clear(&p);
    assert_int_equal(p.done, 10);
    expect(&p, "");
}

static void the_clock_goes_on(void **state)
{
    (void)state;
    struct progress p;
    const double before = progress_clock();

    progress_start(&p, "units", 3, 0);
    CHECK_TRUE(p.started >= before && progress_clock() >= p.started);
    CHECK_TRUE(p.out == stderr && p.total == 3 && p.done == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_read_well),
        cmocka_unit_test(a_file_gets_a_line_every_30_seconds),
        cmocka_unit_test(a_terminal_line_is_rewritten),
        cmocka_unit_test(a_shorter_line_covers_the_longer_one),
        cmocka_unit_test(long_notes_are_cut),
        cmocka_unit_test(quiet_says_nothing),
        cmocka_unit_test(the_clock_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
