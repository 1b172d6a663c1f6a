/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole files: atomic writing, bounded reading, folders; each failure with its message. */
#include "test.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"

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

/* "<folder>/<name>"; three results stand at a time. */
static const char *in_folder(const char *name)
{
    static char paths[3][800];
    static int next;

    next = (next + 1) % 3;
    snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
    return paths[next];
}

static void check_content(const char *path, const char *expected, size_t n)
{
    char *bytes;
    size_t found;

    CHECK_STATUS(file_read(path, n, &bytes, &found), STATUS_OK);
    assert_int_equal(found, n);
    assert_memory_equal(bytes, expected, n);
    assert_int_equal(bytes[n], 0);
    memory_free(bytes);
}

/* How many names are in the folder: no temporary file may stay. */
static size_t count_names(const char *path)
{
    struct arena a = {0};
    char **names;
    size_t n;

    CHECK_STATUS(file_list(&a, path, &names, &n), STATUS_OK);
    arena_free(&a);
    return n;
}

/* ---- writing and reading ---- */

static void written_bytes_are_read(void **state)
{
    (void)state;
    static char large[300001];
    const char *path = in_folder("a");

    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (char)(i * 31 % 251);
    CHECK_STATUS(file_write(path, large, sizeof large), STATUS_OK);
    check_content(path, large, sizeof large);
    CHECK_STATUS(file_write(path, "a\0b\n", 4), STATUS_OK);
    check_content(path, "a\0b\n", 4);
    CHECK_STATUS(file_write(path, NULL, 0), STATUS_OK);
    check_content(path, "", 0);
    assert_int_equal(count_names(folder), 1);
}

static void written_in_the_current_folder(void **state)
{
    (void)state;
    char before[4096];

    CHECK_TRUE(getcwd(before, sizeof before) != NULL && chdir(folder) == 0);
    CHECK_STATUS(file_write("bare", "x", 1), STATUS_OK);
    check_content("bare", "x", 1);
    CHECK_TRUE(chdir(before) == 0);
    check_content(in_folder("bare"), "x", 1);
}

static void missing_folder_is_named(void **state)
{
    (void)state;
    CHECK_STATUS(file_write(in_folder("none/x"), "x", 1), STATUS_IO);
    CHECK_MESSAGE("none/x: expected to write it, found: No such file or directory; create its");
}

static void file_in_the_path_is_named(void **state)
{
    (void)state;
    CHECK_STATUS(file_write(in_folder("plain"), "x", 1), STATUS_OK);
    CHECK_STATUS(file_write(in_folder("plain/x"), "x", 1), STATUS_IO);
    CHECK_MESSAGE("plain/x: expected to write it, found: Not a directory; a part of its path");
}

/* Nobody, not even root, creates files in /proc. */
static void unwritable_folder_is_named(void **state)
{
    (void)state;
    CHECK_STATUS(file_write("/proc/self/x", "x", 1), STATUS_IO);
    CHECK_MESSAGE("/proc/self/x: expected to write it, found: ");
    CHECK_MESSAGE("; ");
}

/* The rename fails where a folder has the name; the temporary file must go, the folder stay. */
static void failed_rename_leaves_nothing(void **state)
{
    (void)state;
    CHECK_STATUS(file_make_folder(in_folder("taken/inner")), STATUS_OK);
    const size_t before = count_names(folder);
    CHECK_STATUS(file_write(in_folder("taken"), "x", 1), STATUS_IO);
    CHECK_MESSAGE("found: Is a directory; remove the folder of that name");
    CHECK_TRUE(file_is_folder(in_folder("taken/inner")));
    assert_int_equal(count_names(folder), before);
}

static void names_that_are_too_long_fail(void **state)
{
    (void)state;
    static char name[9000], part[251];
    const size_t before = count_names(folder);

    memset(part, 'n', sizeof part - 1);
    CHECK_STATUS(file_write(in_folder(part), "x", 1), STATUS_IO);
    CHECK_MESSAGE("File name too long");
    memset(name, '/', sizeof name - 1);
    CHECK_STATUS(file_write(name, "x", 1), STATUS_IO);
    memset(name, 'n', sizeof name - 1);
    CHECK_STATUS(file_write(name, "x", 1), STATUS_IO);
    assert_int_equal(count_names(folder), before);
}

/* A symbolic link that waits under the temporary name is not followed. */
static void planted_link_is_not_followed(void **state)
{
    (void)state;
    char name[64];

    CHECK_STATUS(file_write(in_folder("victim"), "old", 3), STATUS_OK);
    snprintf(name, sizeof name, ".target.%ld.tmp", (long)getpid());
    CHECK_TRUE(symlink(in_folder("victim"), in_folder(name)) == 0);
    CHECK_STATUS(file_write(in_folder("target"), "new", 3), STATUS_IO);
    check_content(in_folder("victim"), "old", 3);
}

static void unchanged_file_keeps_its_time(void **state)
{
    (void)state;
    const char *path = in_folder("kept");
    const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    struct stat found;

    CHECK_STATUS(file_write_if_changed(path, "same", 4), STATUS_OK);
    CHECK_TRUE(utimensat(AT_FDCWD, path, old, 0) == 0);
    CHECK_STATUS(file_write_if_changed(path, "same", 4), STATUS_OK);
    CHECK_TRUE(stat(path, &found) == 0 && found.st_mtim.tv_sec == 1000);
    CHECK_STATUS(file_write_if_changed(path, "sama", 4), STATUS_OK);
    CHECK_TRUE(stat(path, &found) == 0 && found.st_mtim.tv_sec != 1000);
    check_content(path, "sama", 4);
    CHECK_STATUS(file_write_if_changed(path, "sam", 3), STATUS_OK);
    check_content(path, "sam", 3);
    CHECK_STATUS(file_write_if_changed(path, "", 0), STATUS_OK);
    check_content(path, "", 0);
}

static void reading_is_bounded(void **state)
{
    (void)state;
    const char *path = in_folder("ten");
    char *bytes;
    size_t n;

    CHECK_STATUS(file_write(path, "0123456789", 10), STATUS_OK);
    const size_t before = memory_count();
    CHECK_STATUS(file_read(path, 9, &bytes, &n), STATUS_DATA);
    assert_int_equal(memory_count(), before); /* refused by its size, before memory is taken */
    CHECK_MESSAGE("ten: expected at most 9 bytes, found more");
    CHECK_TRUE(bytes == NULL && n == 0);
    CHECK_STATUS(file_read("/dev/zero", 100000, &bytes, &n), STATUS_DATA);
    CHECK_MESSAGE("/dev/zero: expected at most 100000 bytes, found more");
    check_content(path, "0123456789", 10);
}

/* Files of /proc say that they have 0 bytes. */
static void files_without_a_size_are_read(void **state)
{
    (void)state;
    char *bytes;
    size_t n;

    CHECK_STATUS(file_read("/proc/self/maps", 1 << 24, &bytes, &n), STATUS_OK);
    CHECK_TRUE(n > 100 && strlen(bytes) == n && bytes[n - 1] == '\n');
    memory_free(bytes);
}

static void unreadable_files_are_data_errors(void **state)
{
    (void)state;
    char *bytes;
    size_t n;

    CHECK_STATUS(file_read(in_folder("missing"), 10, &bytes, &n), STATUS_DATA);
    CHECK_MESSAGE("missing: expected a readable file, found: No such file or directory");
    CHECK_STATUS(file_read(folder, 10, &bytes, &n), STATUS_DATA);
    CHECK_MESSAGE("expected a file, found a folder");
    CHECK_STATUS(file_read("", 10, &bytes, &n), STATUS_DATA);
    CHECK_TRUE(bytes == NULL && n == 0);
}

static void reading_survives_failing_memory(void **state)
{
    (void)state;
    char *bytes;
    size_t n, failures = 0;

    for (size_t k = 1;; k++, failures++) {
        memory_fail_at(k);
        const enum status status = file_read("/proc/self/maps", 1 << 24, &bytes, &n);
        memory_fail_at(0);
        if (status == STATUS_OK)
            break;
        CHECK_TRUE(status == STATUS_MEMORY && bytes == NULL);
    }
    memory_free(bytes);
    CHECK_TRUE(failures >= 1);
}

/* ---- folders ---- */

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    CHECK_STATUS(file_make_folder(in_folder("p//q/r/")), STATUS_OK);
    CHECK_TRUE(file_is_folder(in_folder("p/q/r")));
    CHECK_STATUS(file_make_folder(in_folder("p/q/r")), STATUS_OK);
    CHECK_STATUS(file_make_folder("/"), STATUS_OK);
    CHECK_STATUS(file_make_folder(""), STATUS_IO);
    CHECK_STATUS(file_write(in_folder("p/file"), "x", 1), STATUS_OK);
    CHECK_STATUS(file_make_folder(in_folder("p/file")), STATUS_IO);
    CHECK_MESSAGE("p/file: expected to create this folder, found: File exists");
    CHECK_STATUS(file_make_folder(in_folder("p/file/s")), STATUS_IO);
    CHECK_MESSAGE("p/file: expected to create this folder");
    CHECK_TRUE(symlink("nowhere", in_folder("p/link")) == 0);
    CHECK_STATUS(file_make_folder(in_folder("p/link")), STATUS_IO);
    CHECK_MESSAGE("found: File exists");
}

static void removal_takes_all_and_follows_no_link(void **state)
{
    (void)state;
    CHECK_STATUS(file_make_folder(in_folder("gone/a/b/c")), STATUS_OK);
    CHECK_STATUS(file_make_folder(in_folder("stays")), STATUS_OK);
    CHECK_STATUS(file_write(in_folder("stays/x"), "x", 1), STATUS_OK);
    CHECK_STATUS(file_write(in_folder("gone/a/.x"), "x", 1), STATUS_OK);
    CHECK_TRUE(symlink(in_folder("stays"), in_folder("gone/a/link")) == 0);
    CHECK_TRUE(symlink(in_folder("stays"), in_folder("link")) == 0);
    CHECK_STATUS(file_remove_folder(in_folder("gone")), STATUS_OK);
    CHECK_STATUS(file_remove_folder(in_folder("link/")), STATUS_OK);
    CHECK_TRUE(!file_exists(in_folder("gone")) && !file_exists(in_folder("link")));
    check_content(in_folder("stays/x"), "x", 1);
    CHECK_STATUS(file_remove_folder(in_folder("gone")), STATUS_OK);
    CHECK_STATUS(file_remove_folder(""), STATUS_IO);
    CHECK_STATUS(file_remove_folder("/proc/self/fd"), STATUS_IO);
    CHECK_MESSAGE("/proc/self/fd: expected to remove it, found: ");
}

static void existence_is_of_any_kind(void **state)
{
    (void)state;
    CHECK_TRUE(symlink("nowhere", in_folder("dangling")) == 0);
    CHECK_TRUE(file_exists(in_folder("dangling")) && !file_is_folder(in_folder("dangling")));
    CHECK_TRUE(file_exists(folder) && file_is_folder(folder));
    CHECK_TRUE(!file_exists(in_folder("missing")) && !file_is_folder(in_folder("missing")));
}

static void names_are_listed_in_order(void **state)
{
    (void)state;
    static const char *const expected[] = {".h", "B", "a", "a1", "a10", "a2"};
    struct arena a = {0};
    char **names;
    size_t n;

    CHECK_STATUS(file_make_folder(in_folder("list/B")), STATUS_OK);
    CHECK_STATUS(file_list(&a, in_folder("list/B"), &names, &n), STATUS_OK);
    assert_int_equal(n, 0);
    for (size_t i = 6; i-- > 0;) {
        char name[32];
        snprintf(name, sizeof name, "list/%s", expected[i]);
        if (strcmp(expected[i], "B") != 0)
            CHECK_STATUS(file_write(in_folder(name), "x", 1), STATUS_OK);
    }
    CHECK_STATUS(file_list(&a, in_folder("list"), &names, &n), STATUS_OK);
    assert_int_equal(n, 6);
    for (size_t i = 0; i < n; i++)
        CHECK_TEXT(names[i], expected[i]);
    CHECK_STATUS(file_list(&a, in_folder("missing"), &names, &n), STATUS_OK);
    assert_int_equal(n, 0);
    CHECK_STATUS(file_list(&a, in_folder("list/a"), &names, &n), STATUS_IO);
    CHECK_MESSAGE("list/a: expected a folder, found: Not a directory");
    arena_free(&a);
}

/* Where a program was started with its standard input closed, the next file gets number 0. */
static void number_0_is_a_file_like_any_other(void **state)
{
    (void)state;
    const int kept = dup(STDIN_FILENO);
    const char *path = in_folder("zero");
    char *bytes = NULL;
    size_t n;

    close(STDIN_FILENO);
    const enum status written = file_write(path, "zero", 4);
    const enum status read = file_read(path, 4, &bytes, &n);
    if (kept >= 0) {
        dup2(kept, STDIN_FILENO);
        close(kept);
    }
    CHECK_STATUS(written, STATUS_OK);
    CHECK_STATUS(read, STATUS_OK);
    CHECK_TEXT(bytes, "zero");
    memory_free(bytes);
}

/* The name of the temporary file has to fit PATH_MAX with its closing 0, not more. */
static void the_longest_path_is_written(void **state)
{
    (void)state;
    char path[2 * PATH_MAX], number[32];
    const size_t more = (size_t)snprintf(number, sizeof number, "..%ld.tmp", (long)getpid());
    size_t n = (size_t)snprintf(path, sizeof path, "%s", folder);

    while (n < PATH_MAX - 1 - more - 1)
        path[n++] = '/';
    path[n] = 'x';
    path[n + 1] = 0;
    CHECK_STATUS(file_write(path, "x", 1), STATUS_OK);
    path[n++] = '/';
    path[n] = 'x';
    path[n + 1] = 0;
    CHECK_STATUS(file_write(path, "x", 1), STATUS_IO);
}

/* One byte less than PATH_MAX is a path, which the system may refuse; PATH_MAX bytes are none. */
static void folder_names_are_shorter_than_path_max(void **state)
{
    (void)state;
    static char name[PATH_MAX + 1];

    memset(name, 'n', PATH_MAX - 1);
    CHECK_STATUS(file_make_folder(name), STATUS_IO);
    CHECK_MESSAGE("nnn");
    CHECK_TRUE(strstr(status_message(), "expected the name of a folder") == NULL);
    name[PATH_MAX - 1] = '/';
    CHECK_STATUS(file_make_folder(name), STATUS_IO);
    CHECK_TRUE(strstr(status_message(), "expected the name of a folder") == NULL);
    name[PATH_MAX - 1] = 'n';
    CHECK_STATUS(file_make_folder(name), STATUS_IO);
    CHECK_MESSAGE("': expected the name of a folder");
    CHECK_STATUS(file_remove_folder(name), STATUS_IO);
    CHECK_MESSAGE("': expected the name of a folder to remove");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_bytes_are_read),
        cmocka_unit_test(written_in_the_current_folder),
        cmocka_unit_test(missing_folder_is_named),
        cmocka_unit_test(file_in_the_path_is_named),
        cmocka_unit_test(unwritable_folder_is_named),
        cmocka_unit_test(failed_rename_leaves_nothing),
        cmocka_unit_test(names_that_are_too_long_fail),
        cmocka_unit_test(planted_link_is_not_followed),
        cmocka_unit_test(unchanged_file_keeps_its_time),
        cmocka_unit_test(reading_is_bounded),
        cmocka_unit_test(files_without_a_size_are_read),
        cmocka_unit_test(unreadable_files_are_data_errors),
        cmocka_unit_test(reading_survives_failing_memory),
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(removal_takes_all_and_follows_no_link),
        cmocka_unit_test(existence_is_of_any_kind),
        cmocka_unit_test(names_are_listed_in_order),
        cmocka_unit_test(number_0_is_a_file_like_any_other),
        cmocka_unit_test(the_longest_path_is_written),
        cmocka_unit_test(folder_names_are_shorter_than_path_max),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
