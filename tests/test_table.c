/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables: what is written is read bit for bit, and damaged files are refused with their line. */
#include "test.h"

#include <float.h>
#include <sys/stat.h>

#include "aborts.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/table.h"

static const char *folder;

static int make_folder(void **state)
{
    (void)state;
    folder = test_folder();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return file_remove_folder(folder) == STATUS_OK ? 0 : -1;
}

static const char *in_folder(const char *name)
{
    static char path[800];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* ---- reading ---- */

static void table_is_read(void **state)
{
    (void)state;
    static const char text[] = "# program\ttwo_tasks\n#seed\t3\n# note without a value\n"
                               "step\tloss\tmethod\n0\t1.5\tsgd\n1\t\t#x\n";
    struct table t;

    CHECK_STATUS(table_parse(&t, "t.tsv", text, sizeof text - 1), STATUS_OK);
    assert_int_equal(t.key_count, 3);
    CHECK_TEXT(table_key(&t, "program"), "two_tasks");
    CHECK_TEXT(table_key(&t, "seed"), "3");
    CHECK_TEXT(table_key(&t, "note without a value"), "");
    CHECK_TRUE(table_key(&t, "none") == NULL);
    assert_int_equal(t.column_count, 3);
    assert_int_equal(table_find(&t, "step"), 0);
    assert_int_equal(table_find(&t, "method"), 2);
    assert_int_equal(table_find(&t, "Method"), -1);
    assert_int_equal(t.row_count, 2);
    CHECK_TEXT(table_cell(&t, 0, 1), "1.5");
    CHECK_TEXT(table_cell(&t, 1, 1), "");
    CHECK_TEXT(table_cell(&t, 1, 2), "#x");
    table_free(&t);
    assert_int_equal(table_find(&t, "step"), -1);
    table_free(&t);
}

static void rows_may_be_none(void **state)
{
    (void)state;
    struct table t;

    CHECK_STATUS(table_parse(&t, "t.tsv", "a\tb\n", 4), STATUS_OK);
    assert_int_equal(t.row_count, 0);
    assert_int_equal(t.column_count, 2);
    table_free(&t);
}

static void bytes_are_copied(void **state)
{
    (void)state;
    char text[] = "a\nold\n";
    struct table t;

    CHECK_STATUS(table_parse(&t, "t.tsv", text, 6), STATUS_OK);
    memset(text, 'x', sizeof text);
    CHECK_TEXT(table_cell(&t, 0, 0), "old");
    table_free(&t);
}

static void numbers_are_read_strictly(void **state)
{
    (void)state;
    struct table t;
    double value = 77;

    CHECK_STATUS(table_parse(&t, "t.tsv", "a\tb\n1.5\tx1\n\t2,5\n", 16), STATUS_OK);
    CHECK_STATUS(table_number(&t, 0, 0, &value), STATUS_OK);
    CHECK_NEAR(value, 1.5, 0.0);
    CHECK_STATUS(table_number(&t, 0, 1, &value), STATUS_DATA);
    CHECK_MESSAGE("t.tsv: row 1, column 'b': expected a number, found 'x1'");
    CHECK_STATUS(table_number(&t, 1, 0, &value), STATUS_DATA);
    CHECK_MESSAGE("row 2, column 'a': expected a number, found ''");
    CHECK_STATUS(table_number(&t, 1, 1, &value), STATUS_DATA);
    CHECK_NEAR(value, 1.5, 0.0);
    table_free(&t);
}

/* ---- damaged files ---- */

static void refused(const char *bytes, size_t n, const char *message)
{
    struct table t;

    CHECK_STATUS(table_parse(&t, "t.tsv", bytes, n), STATUS_DATA);
    CHECK_MESSAGE("t.tsv: ");
    CHECK_MESSAGE(message);
    table_free(&t);
}

#define REFUSED(text, message) refused(text, sizeof text - 1, message)

static void zero_bytes_are_refused(void **state)
{
    (void)state;
    REFUSED("a\tb\n1\t\0\n", "line 2: expected text, found a byte 0");
    REFUSED("\0", "line 1: expected text, found a byte 0");
}

static void carriage_returns_are_refused(void **state)
{
    (void)state;
    REFUSED("a\tb\r\n1\t2\r\n", "line 1: expected lines that end in LF alone, found a carriage");
    REFUSED("# x\t1\na\tb\n1\t2\r3\n", "line 3: expected lines that end in LF");
}

static void ragged_rows_are_refused(void **state)
{
    (void)state;
    REFUSED("a\tb\n1\t2\n3\n", "line 3: expected 2 cells, found 1; restore the file");
    REFUSED("# k\tv\na\tb\n1\t2\t3\n", "line 3: expected 2 cells, found 3");
    REFUSED("a\tb\n\n", "line 2: expected 2 cells, found 1");
    REFUSED("a\n1\t\n", "line 2: expected 1 cells, found 2");
}

static void column_names_that_repeat_are_refused(void **state)
{
    (void)state;
    REFUSED("a\tb\ta\n1\t2\t3\n", "line 1: expected different column names, found 'a' twice");
}

static void column_names_that_are_empty_are_refused(void **state)
{
    (void)state;
    REFUSED("a\t\tb\n", "line 1: expected a name for every column");
    REFUSED("# k\tv\n\n1\n", "line 2: expected a name for every column");
    REFUSED("a\t\n", "line 1: expected a name for every column");
}

static void cut_last_lines_are_refused(void **state)
{
    (void)state;
    REFUSED("a\tb\n1\t2", "line 2: expected a newline at the end, found a line that is cut");
    REFUSED("a", "line 1: expected a newline at the end");
    REFUSED("# k", "line 1: expected a newline at the end");
}

static void empty_files_are_refused(void **state)
{
    (void)state;
    REFUSED("", "expected a row of column names, found an empty file");
    refused(NULL, 0, "found an empty file");
}

static void comments_alone_are_refused(void **state)
{
    (void)state;
    REFUSED("# k\tv\n#\n", "expected a row of column names, found comments alone");
}

/* A sparse file: 256 MiB and a byte on paper, nothing on the disk, nothing in memory. */
static void files_above_256_mib_are_refused(void **state)
{
    (void)state;
    const char *path = in_folder("large");
    struct table t;

    CHECK_STATUS(file_write(path, "a\n", 2), STATUS_OK);
    CHECK_TRUE(truncate(path, (256 << 20) + 1) == 0);
    CHECK_STATUS(table_read(&t, path), STATUS_DATA);
    CHECK_MESSAGE("large: expected at most 268435456 bytes, found more");
    table_free(&t);
    CHECK_STATUS(table_parse(&t, "t.tsv", "a\n", (256u << 20) + 1), STATUS_DATA);
    CHECK_MESSAGE("t.tsv: expected at most 268435456 bytes, found 268435457");
    table_free(&t);
}

static void missing_files_are_refused(void **state)
{
    (void)state;
    struct table t;

    CHECK_STATUS(table_read(&t, in_folder("missing")), STATUS_DATA);
    CHECK_MESSAGE("missing: expected a readable file, found: No such file");
    table_free(&t);
}

/* From a block of exactly n bytes, so that a sanitizer sees a step over its end. */
static size_t is_read(const char *text, size_t n)
{
    char *bytes = memory_get(n, 1);
    struct table t;

    CHECK_TRUE(bytes != NULL);
    memcpy(bytes, text, n);
    const enum status status = table_parse(&t, "t.tsv", bytes, n);
    CHECK_TRUE(status == STATUS_OK || status == STATUS_DATA);
    table_free(&t);
    memory_free(bytes);
    return status == STATUS_OK;
}

/* Every truncation and every changed byte of a good file is read or refused, never worse. */
static void damage_never_crashes(void **state)
{
    (void)state;
    static const char good[] = "# k\tv\n# l\tw\na\tb\tc\n1\t2\t3\n4\t5\t6\n";
    static const char bytes[] = {0, '\t', '\n', '\r', '#', 'a', '\xff'};
    const size_t n = sizeof good - 1;
    size_t read = 0, all = 0;
    char copy[sizeof good];

    for (size_t i = 0; i <= n; i++)
        for (size_t b = 0; b < sizeof bytes; b++) {
            memcpy(copy, good, sizeof good);
            copy[i] = bytes[b];
            read += is_read(copy, n);
            read += is_read(copy, i);
            all += 2;
        }
    CHECK_TRUE(read > 0 && read < all);
}

static void failing_memory_is_reported(void **state)
{
    (void)state;
    struct table t;
    size_t failures = 0;

    CHECK_STATUS(file_write(in_folder("small"), "a\tb\n1\t2\n", 8), STATUS_OK);
    for (size_t k = 1;; k++, failures++) {
        memory_fail_at(k);
        const enum status status = table_read(&t, in_folder("small"));
        memory_fail_at(0);
        table_free(&t);
        if (status == STATUS_OK)
            break;
        CHECK_TRUE(status == STATUS_MEMORY);
    }
    CHECK_TRUE(failures >= 2);
}

/* ---- writing ---- */

static void written_bytes_are_these(void **state)
{
    (void)state;
    static const char expected[] = "# program\ttwo tasks\n# a b\tc d \nname\tvalue\tcount\n"
                                   "x y z\t0.10000000000000001\t7\n\tnan\t0\n";
    struct table_writer w = {0};
    char *bytes;
    size_t n;

    table_comment(&w, "program", "two %s", "tasks");
    table_comment(&w, "a\tb", "c\nd\r");
    table_columns(&w, "name", "value", "count", NULL);
    table_put(&w, "x\ty\nz");
    table_put_number(&w, 0.1);
    table_put_count(&w, 7);
    table_put(&w, "");
    table_put_number(&w, (double)NAN);
    table_put_count(&w, 0);
    CHECK_STATUS(table_save(&w, in_folder("t.tsv")), STATUS_OK);
    table_writer_free(&w);
    CHECK_STATUS(file_read(in_folder("t.tsv"), 1000, &bytes, &n), STATUS_OK);
    CHECK_TEXT(bytes, expected);
    memory_free(bytes);
}

static void awkward_doubles_round_trip(void **state)
{
    (void)state;
    const double values[] = {0.0,      -0.0,    0.1,       DBL_MAX,           -DBL_MAX,
                             DBL_MIN,  1e23,    0x1p-1074, 0x0.fffffffffffffp-1022,
                             1.0 / 3,  (double)NAN, (double)INFINITY, -(double)INFINITY};
    const char *const names[] = {"value"};
    struct table_writer w = {0};
    struct table t;
    double back;

    table_column_names(&w, names, 1);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        table_put_number(&w, values[i]);
    CHECK_STATUS(table_save(&w, in_folder("awkward")), STATUS_OK);
    table_writer_free(&w);
    CHECK_STATUS(table_read(&t, in_folder("awkward")), STATUS_OK);
    assert_int_equal(t.row_count, sizeof values / sizeof *values);
    for (size_t i = 0; i < t.row_count; i++) {
        CHECK_STATUS(table_number(&t, i, 0, &back), STATUS_OK);
        assert_memory_equal(&back, &values[i], sizeof back);
    }
    table_free(&t);
}

static void saving_reports_failures(void **state)
{
    (void)state;
    struct table_writer w = {0};

    table_columns(&w, "a", NULL);
    CHECK_STATUS(table_save(&w, in_folder("none/t.tsv")), STATUS_IO);
    CHECK_MESSAGE("none/t.tsv");
    memory_fail_at(1);
    for (int i = 0; i < 100; i++)
        table_put(&w, "cell");
    memory_fail_at(0);
    CHECK_STATUS(table_save(&w, in_folder("partial")), STATUS_MEMORY);
    CHECK_TRUE(!file_exists(in_folder("partial")));
    table_writer_free(&w);
}

/* More cells than a first guess of the memory holds, each in its place. */
static void large_tables_are_read(void **state)
{
    (void)state;
    enum { ROWS = 20000, COLUMNS = 7 };
    static const char *const names[COLUMNS] = {"a", "b", "c", "d", "e", "f", "g"};
    struct table_writer w = {0};
    struct table t;

    table_column_names(&w, names, COLUMNS);
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++)
        table_put_count(&w, i);
    CHECK_STATUS(table_save(&w, in_folder("large")), STATUS_OK);
    table_writer_free(&w);
    CHECK_STATUS(table_read(&t, in_folder("large")), STATUS_OK);
    assert_int_equal(t.row_count, ROWS);
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++)
        assert_int_equal(strtoul(table_cell(&t, i / COLUMNS, (int)(i % COLUMNS)), NULL, 10), i);
    table_free(&t);
}

static void cells_outside_abort(void **state)
{
    (void)state;
    static const char bytes[] = "a\tb\n1\t2\n";
    struct table t;

    CHECK_STATUS(table_parse(&t, "t", bytes, sizeof bytes - 1), STATUS_OK);
    CHECK_TEXT(table_cell(&t, 0, 1), "2");
    CHECK_ABORTS((void)table_cell(&t, 1, 1));
    CHECK_ABORTS((void)table_cell(&t, 0, 2));
    CHECK_ABORTS((void)table_cell(&t, 0, -1));
    table_free(&t);
}

static void a_writer_keeps_the_order_of_calls(void **state)
{
    (void)state;
    static const char *const names[] = {"a"};
    struct table_writer w = {0};

    CHECK_ABORTS(table_put(&w, "cell"));
    CHECK_ABORTS((void)!table_save(&w, in_folder("none")));
    CHECK_ABORTS(table_columns(&w, "a", "", NULL));
    CHECK_ABORTS(table_columns(&w, "#a", NULL));
    CHECK_ABORTS(table_columns(&w, "a\tb", NULL));
    CHECK_ABORTS(table_columns(&w, "a\r", NULL));
    table_columns(&w, "a", "b#", NULL);
    CHECK_ABORTS(table_comment(&w, "late", "x"));
    CHECK_ABORTS(table_columns(&w, "a", NULL));
    CHECK_ABORTS(table_column_names(&w, names, 1));
    table_put(&w, "1");
    CHECK_ABORTS((void)!table_save(&w, in_folder("cut")));
    table_put(&w, "2");
    CHECK_STATUS(table_save(&w, in_folder("whole")), STATUS_OK);
    table_writer_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_read),
        cmocka_unit_test(rows_may_be_none),
        cmocka_unit_test(bytes_are_copied),
        cmocka_unit_test(numbers_are_read_strictly),
        cmocka_unit_test(zero_bytes_are_refused),
        cmocka_unit_test(carriage_returns_are_refused),
        cmocka_unit_test(ragged_rows_are_refused),
        cmocka_unit_test(column_names_that_repeat_are_refused),
        cmocka_unit_test(column_names_that_are_empty_are_refused),
        cmocka_unit_test(cut_last_lines_are_refused),
        cmocka_unit_test(empty_files_are_refused),
        cmocka_unit_test(comments_alone_are_refused),
        cmocka_unit_test(files_above_256_mib_are_refused),
        cmocka_unit_test(missing_files_are_refused),
        cmocka_unit_test(damage_never_crashes),
        cmocka_unit_test(failing_memory_is_reported),
        cmocka_unit_test(written_bytes_are_these),
        cmocka_unit_test(awkward_doubles_round_trip),
        cmocka_unit_test(saving_reports_failures),
        cmocka_unit_test(large_tables_are_read),
        cmocka_unit_test(cells_outside_abort),
        cmocka_unit_test(a_writer_keeps_the_order_of_calls),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
