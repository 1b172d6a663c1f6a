/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Provenance: a sorted list that names what produced a result and nobody in person. */
#include "test.h"

#include <ctype.h>
#include <fenv.h>
#include <sys/utsname.h>
#include <cblas.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/provenance.h"

static void keys_are_sorted_and_replaced(void **state)
{
    (void)state;
    struct provenance p = {0};

    provenance_set(&p, "b", "%d", 1);
    provenance_set(&p, "c", "two");
    provenance_set(&p, "a", "%s", "");
    provenance_set(&p, "b", "%s", "again");
    assert_int_equal(p.count, 3);
    CHECK_TEXT(p.keys[0], "a");
    CHECK_TEXT(p.keys[2], "c");
    CHECK_TEXT(provenance_get(&p, "a"), "");
    CHECK_TEXT(provenance_get(&p, "b"), "again");
    CHECK_TEXT(provenance_get(&p, "c"), "two");
    CHECK_TRUE(provenance_get(&p, "d") == NULL && provenance_get(&p, "") == NULL);
    provenance_free(&p);
    CHECK_TRUE(provenance_get(&p, "a") == NULL);
    provenance_free(&p);
}

static void many_keys_are_kept(void **state)
{
    (void)state;
    struct provenance p = {0};
    char key[16], value[16];

    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof key, "key.%d", i * 263 % 500);
        provenance_set(&p, key, "%d", i * 263 % 500);
    }
    assert_int_equal(p.count, 500);
    for (size_t i = 1; i < p.count; i++)
        CHECK_TRUE(strcmp(p.keys[i - 1], p.keys[i]) < 0);
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof key, "key.%d", i);
        snprintf(value, sizeof value, "%d", i);
        CHECK_TEXT(provenance_get(&p, key), value);
    }
    provenance_free(&p);
}

static void everything_promised_is_captured(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "blas.objects",    "build.commit",  "build.compiler",     "build.dirty",  "build.flags",
        "float.flush",     "float.rounding", "libc.version",      "machine.arch", "machine.cores",
        "machine.cpu",     "machine.isa",   "machine.kernel",     "machine.memory_mib"};
    const size_t n = sizeof keys / sizeof *keys;
    struct provenance p = {0};

    provenance_capture(&p);
    assert_int_equal(p.count, n);
    for (size_t i = 0; i < n; i++) {
        CHECK_TEXT(p.keys[i], keys[i]);
        CHECK_TRUE(p.values[i][0] != 0);
        CHECK_TRUE(strpbrk(p.values[i], "\t\n\r") == NULL);
    }
    CHECK_TEXT(provenance_get(&p, "float.rounding"), "nearest");
    CHECK_TEXT(provenance_get(&p, "float.flush"), "off");
    CHECK_TRUE(strtol(provenance_get(&p, "machine.cores"), NULL, 10) >= 1);
    CHECK_TRUE(strtol(provenance_get(&p, "machine.memory_mib"), NULL, 10) >= 64);
    CHECK_TRUE(isdigit((unsigned char)provenance_get(&p, "libc.version")[0]));
    provenance_free(&p);
}

/* The Makefile gives both; here a word of each that every build has. */
static void build_is_compiled_in(void **state)
{
    (void)state;
    struct provenance p = {0};

    provenance_capture(&p);
    CHECK_TRUE(strstr(provenance_get(&p, "build.flags"), "-ffp-contract=off") != NULL);
    CHECK_TRUE(strstr(provenance_get(&p, "build.compiler"), "cc") != NULL ||
               strstr(provenance_get(&p, "build.compiler"), "clang") != NULL);
    provenance_free(&p);
}

static void commit_comes_from_the_environment(void **state)
{
    (void)state;
    struct provenance p = {0};

    setenv("INFOGEO_COMMIT", "0123abcd", 1);
    setenv("INFOGEO_DIRTY", "no", 1);
    provenance_capture(&p);
    CHECK_TEXT(provenance_get(&p, "build.commit"), "0123abcd");
    CHECK_TEXT(provenance_get(&p, "build.dirty"), "no");
    unsetenv("INFOGEO_COMMIT");
    setenv("INFOGEO_DIRTY", "", 1);
    provenance_capture(&p);
    CHECK_TEXT(provenance_get(&p, "build.commit"), "unknown");
    CHECK_TEXT(provenance_get(&p, "build.dirty"), "unknown");
    unsetenv("INFOGEO_DIRTY");
    provenance_free(&p);
}

static void loaded_blas_is_named(void **state)
{
    (void)state;
    struct provenance p = {0};

    CHECK_TRUE(openblas_get_num_threads() >= 1); /* so that it is linked */
    provenance_capture(&p);
    CHECK_TRUE(strstr(provenance_get(&p, "blas.objects"), "openblas") != NULL);
    CHECK_TRUE(strchr(provenance_get(&p, "blas.objects"), '/') == NULL);
    provenance_free(&p);
}

static void rounding_is_read_back(void **state)
{
    (void)state;
    struct provenance p = {0};

    fesetround(FE_UPWARD);
    provenance_capture(&p);
    fesetround(FE_TONEAREST);
    CHECK_TEXT(provenance_get(&p, "float.rounding"), "upward");
    provenance_free(&p);
}

static int holds(const char *value, const char *secret)
{
    return secret != NULL && strlen(secret) > 2 && strstr(value, secret) != NULL;
}

static void nobody_is_named(void **state)
{
    (void)state;
    struct provenance p = {0};
    char host[256] = "";

    gethostname(host, sizeof host - 1);
    provenance_capture(&p);
    for (size_t i = 0; i < p.count; i++) {
        CHECK_TRUE(!holds(p.values[i], host));
        CHECK_TRUE(strstr(p.values[i], "/home") == NULL && strstr(p.values[i], "/root") == NULL);
    }
    const char *release = strchr(provenance_get(&p, "machine.kernel"), ' ');
    CHECK_TRUE(release != NULL && strspn(release + 1, "0123456789.") == strlen(release + 1));
    provenance_free(&p);
}

static void saved_list_is_a_table(void **state)
{
    (void)state;
    const char *folder = test_folder();
    struct provenance p = {0};
    struct table t;
    char path[600];

    snprintf(path, sizeof path, "%s/provenance.tsv", folder);
    provenance_set(&p, "b.key", "two\twords");
    provenance_set(&p, "a.key", "one");
    CHECK_STATUS(provenance_save(&p, path), STATUS_OK);
    CHECK_STATUS(table_read(&t, path), STATUS_OK);
    assert_int_equal(t.row_count, 2);
    assert_int_equal(table_find(&t, "key"), 0);
    assert_int_equal(table_find(&t, "value"), 1);
    CHECK_TEXT(table_cell(&t, 0, 0), "a.key");
    CHECK_TEXT(table_cell(&t, 0, 1), "one");
    CHECK_TEXT(table_cell(&t, 1, 1), "two words");
    table_free(&t);
    provenance_free(&p);
    CHECK_STATUS(file_remove_folder(folder), STATUS_OK);
}

/* A list that lost an entry is not saved. */
static void failing_memory_is_reported(void **state)
{
    (void)state;
    const char *folder = test_folder();
    char path[600];
    size_t failures = 0;

    snprintf(path, sizeof path, "%s/provenance.tsv", folder);
    for (size_t k = 1;; k++, failures++) {
        struct provenance p = {0};
        memory_fail_at(k);
        provenance_capture(&p);
        const enum status status = provenance_save(&p, path);
        memory_fail_at(0);
        provenance_free(&p);
        if (status == STATUS_OK)
            break;
        CHECK_TRUE(status == STATUS_MEMORY && !file_exists(path));
    }
    CHECK_TRUE(failures > 28); /* a key and a value of 14 entries at least */
    CHECK_STATUS(file_remove_folder(folder), STATUS_OK);
}

/* What the kernel calls the first processor; "unknown" where it gives no such line. */
static void the_processor_is_the_kernels_name_for_it(void **state)
{
    struct provenance p = {0};
    char line[256], wanted[256] = "unknown";
    FILE *file = fopen("/proc/cpuinfo", "r");

    (void)state;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "model name", 10) == 0) {
            line[strcspn(line, "\n")] = 0;
            snprintf(wanted, sizeof wanted, "%s", strchr(line, ':') + 2);
            break;
        }
    if (file != NULL)
        fclose(file);
    provenance_capture(&p);
    CHECK_TEXT(provenance_get(&p, "machine.cpu"), wanted);
    provenance_free(&p);
}

/* The kernel's name and version, without what a distribution or an owner put behind it. */
static void the_machine_is_what_the_system_says(void **state)
{
    struct provenance p = {0};
    struct utsname name;
    char kernel[200], number[32];

    (void)state;
    assert_int_equal(uname(&name), 0);
    snprintf(kernel, sizeof kernel, "%s %.*s", name.sysname,
             (int)strspn(name.release, "0123456789."), name.release);
    provenance_capture(&p);
    CHECK_TEXT(provenance_get(&p, "machine.kernel"), kernel);
    CHECK_TEXT(provenance_get(&p, "machine.arch"), name.machine);
    snprintf(number, sizeof number, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    CHECK_TEXT(provenance_get(&p, "machine.cores"), number);
    snprintf(number, sizeof number, "%ld",
             sysconf(_SC_PHYS_PAGES) / (1048576 / sysconf(_SC_PAGESIZE)));
    CHECK_TEXT(provenance_get(&p, "machine.memory_mib"), number);
    provenance_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_sorted_and_replaced),
        cmocka_unit_test(many_keys_are_kept),
        cmocka_unit_test(everything_promised_is_captured),
        cmocka_unit_test(build_is_compiled_in),
        cmocka_unit_test(commit_comes_from_the_environment),
        cmocka_unit_test(loaded_blas_is_named),
        cmocka_unit_test(rounding_is_read_back),
        cmocka_unit_test(nobody_is_named),
        cmocka_unit_test(saved_list_is_a_table),
        cmocka_unit_test(failing_memory_is_reported),
        cmocka_unit_test(the_processor_is_the_kernels_name_for_it),
        cmocka_unit_test(the_machine_is_what_the_system_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
