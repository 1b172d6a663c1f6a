/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modes: the environment that a program needs, and the restart that gives it to one. The program
 * calls itself with an argument; what a child finds is its exit status. */
#include "test.h"

#include <sys/wait.h>

#include "harness/mode.h"
#include "linalg/blas.h"
#include "linalg/mat.h"

extern char **environ;

/* What a child found. */
enum { FINE = 0, REFUSED = 10, WRONG_CORE, WRONG_THREADS, WRONG_ENVIRONMENT, WRONG_ARGUMENTS,
       WRONG_PRODUCT, WRONG_RECORD };

/* ---- the child ---- */

static int product_is_right(void)
{
    enum { N = 300 };
    static double a[N * N], b[N * N], c[N * N];

    for (size_t i = 0; i < (size_t)N * N; i++) {
        a[i] = (double)(i % 7);
        b[i] = i % (N + 1) == 0 ? 2 : 0; /* 2 I */
    }
    struct mat ma = {N, N, a}, mb = {N, N, b}, mc = {N, N, c};
    mat_multiply(&mc, 1, &ma, 0, &mb, 0, 0);
    for (size_t i = 0; i < (size_t)N * N; i++)
        if (!(fabs(c[i] - 2 * a[i]) <= 0))
            return 0;
    return 1;
}

static int run_child(int argc, char **argv)
{
    const enum mode mode = strcmp(argv[1], "pinned") == 0 ? PINNED : NATIVE;
    const int threads = atoi(argv[2]);
    struct provenance p = {0};

    if (mode_enter(mode, threads, argv) != STATUS_OK)
        return REFUSED;
    if (argc != 4 || strcmp(argv[3], "last argument") != 0)
        return WRONG_ARGUMENTS;
    if (mode == PINNED && strcmp(blas_core(), "Haswell") != 0)
        return WRONG_CORE;
    if (mode == PINNED && (getenv("ONEDNN_MAX_CPU_ISA") == NULL ||
                           strcmp(getenv("ONEDNN_MAX_CPU_ISA"), "AVX2") != 0))
        return WRONG_ENVIRONMENT;
    if (blas_threads() != threads)
        return WRONG_THREADS;
    if (getenv("OMP_THREAD_LIMIT") != NULL || getenv("OMP_PROC_BIND") != NULL ||
        getenv("INFOGEO_STARTED_AGAIN") != NULL)
        return WRONG_ENVIRONMENT;
    mode_record(mode, &p);
    if (provenance_get(&p, "mode") == NULL || strcmp(provenance_get(&p, "mode"), argv[1]) != 0 ||
        strstr(provenance_get(&p, "mode.evidence"), blas_core()) == NULL)
        return WRONG_RECORD;
    provenance_free(&p);
    return product_is_right() ? FINE : WRONG_PRODUCT;
}

/* ---- the parent ---- */

static const char *const touched[] = {"OPENBLAS_CORETYPE", "OMP_NUM_THREADS", "OMP_WAIT_POLICY",
                                      "OPENBLAS_NUM_THREADS", "OMP_PROC_BIND", "OMP_THREAD_LIMIT",
                                      "INFOGEO_STARTED_AGAIN", "ONEDNN_MAX_CPU_ISA"};

static void clear_environment(void)
{
    for (size_t i = 0; i < sizeof touched / sizeof touched[0]; i++)
        unsetenv(touched[i]);
}

static int clean(void **state)
{
    (void)state;
    clear_environment();
    return 0;
}

/* The exit status of this program as a child, with these variables set; -1 when it was killed, as
 * it is by its alarm clock. */
static int child(const char *mode, const char *threads, const char *const variables[][2])
{
    const pid_t id = fork();
    int end = 0;

    if (id == 0) {
        char *argv[] = {(char *)(uintptr_t)"test_mode", (char *)(uintptr_t)mode,
                        (char *)(uintptr_t)threads, (char *)(uintptr_t)"last argument", NULL};

        clear_environment();
        for (size_t i = 0; variables[i][0] != NULL; i++)
            setenv(variables[i][0], variables[i][1], 1);
        alarm(60);
        execve("/proc/self/exe", argv, environ);
        _exit(99);
    }
    assert_true(id > 0 && waitpid(id, &end, 0) == id);
    return WIFEXITED(end) ? WEXITSTATUS(end) : -1;
}

#define NONE (const char *const[][2]){{NULL, NULL}}
#define WITH(name, value) (const char *const[][2]){{name, value}, {NULL, NULL}}

static void environment_of_pinned_mode(void **state)
{
    (void)state;
    setenv("OMP_THREAD_LIMIT", "1", 1);
    setenv("OMP_PROC_BIND", "true", 1);
    setenv("OPENBLAS_CORETYPE", "Zen", 1);
    setenv("OMP_NUM_THREADS", "8", 1);
    setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE", 1);
    mode_environment(PINNED);
    CHECK_TEXT(getenv("ONEDNN_MAX_CPU_ISA"), "AVX2");
    CHECK_TEXT(getenv("OPENBLAS_CORETYPE"), "Haswell");
    CHECK_TEXT(getenv("OMP_NUM_THREADS"), "1");
    CHECK_TEXT(getenv("OPENBLAS_NUM_THREADS"), "1");
    CHECK_TEXT(getenv("OMP_WAIT_POLICY"), "passive");
    assert_null(getenv("OMP_PROC_BIND"));
    assert_null(getenv("OMP_THREAD_LIMIT"));
}

/* The kernel stays the library's, or the user's, choice. */
static void environment_of_native_mode(void **state)
{
    (void)state;
    setenv("OMP_THREAD_LIMIT", "1", 1);
    mode_environment(NATIVE);
    assert_null(getenv("OPENBLAS_CORETYPE"));
    assert_null(getenv("ONEDNN_MAX_CPU_ISA"));
    assert_null(getenv("OMP_THREAD_LIMIT"));
    CHECK_TEXT(getenv("OMP_NUM_THREADS"), "1");
    setenv("OPENBLAS_CORETYPE", "Haswell", 1);
    mode_environment(NATIVE);
    CHECK_TEXT(getenv("OPENBLAS_CORETYPE"), "Haswell");
}

static void modes_have_names(void **state)
{
    (void)state;
    CHECK_TEXT(mode_name(PINNED), "pinned");
    CHECK_TEXT(mode_name(NATIVE), "native");
}

/* Where a machine cannot be pinned, the program says so instead of running natively. */
static void pinned_mode_restarts_until_the_core_fits(void **state)
{
    const int expected = mode_can_pin() ? FINE : REFUSED;

    (void)state;
    assert_int_equal(child("pinned", "1", NONE), expected);
    assert_int_equal(child("pinned", "1", WITH("OPENBLAS_CORETYPE", "SkylakeX")), expected);
    assert_int_equal(child("pinned", "1", WITH("OPENBLAS_CORETYPE", "haswell")), expected);
    assert_int_equal(child("pinned", "1", WITH("OPENBLAS_CORETYPE", "nonsense")), expected);
    assert_int_equal(child("pinned", "1", WITH("ONEDNN_MAX_CPU_ISA", "AVX512_CORE")), expected);
}

/* Once: a wrong core behind the restart is refused. The wrong one here is a core that every x86-64
 * has. */
static void a_restart_that_did_not_help_is_refused(void **state)
{
    static const char *const variables[][2] = {
        {"INFOGEO_STARTED_AGAIN", "1"}, {"OPENBLAS_CORETYPE", "Prescott"}, {NULL, NULL}};

    (void)state;
    assert_int_equal(child("pinned", "1", variables), REFUSED);
}

static void a_thread_limit_is_cured_by_the_restart(void **state)
{
    (void)state;
    assert_int_equal(child("native", "1", WITH("OMP_THREAD_LIMIT", "1")), FINE);
    assert_int_equal(child("native", "2", WITH("OMP_THREAD_LIMIT", "1")), FINE);
    assert_int_equal(child("native", "1", WITH("OMP_PROC_BIND", "true")), FINE);
    if (mode_can_pin())
        assert_int_equal(child("pinned", "1", WITH("OMP_THREAD_LIMIT", "1")), FINE);
}

static void a_thread_limit_behind_the_restart_is_refused(void **state)
{
    static const char *const variables[][2] = {
        {"INFOGEO_STARTED_AGAIN", "1"}, {"OMP_THREAD_LIMIT", "1"}, {NULL, NULL}};

    (void)state;
    assert_int_equal(child("native", "1", variables), REFUSED);
}

static void threads_are_what_was_asked(void **state)
{
    (void)state;
    assert_int_equal(child("native", "1", NONE), FINE);
    assert_int_equal(child("native", "2", NONE), FINE);
    assert_int_equal(child("native", "2", WITH("OMP_NUM_THREADS", "1")), FINE);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, clean, clean)
    const struct CMUnitTest tests[] = {
        TEST(environment_of_pinned_mode),
        TEST(environment_of_native_mode),
        TEST(modes_have_names),
        TEST(pinned_mode_restarts_until_the_core_fits),
        TEST(a_restart_that_did_not_help_is_refused),
        TEST(a_thread_limit_is_cured_by_the_restart),
        TEST(a_thread_limit_behind_the_restart_is_refused),
        TEST(threads_are_what_was_asked),
    };

    if (argc > 1)
        return run_child(argc, argv);
    return cmocka_run_group_tests_name("mode", tests, NULL, NULL);
}
