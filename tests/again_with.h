/* SPDX-License-Identifier: GPL-3.0-or-later */
/* again_with: tests that run the whole program once more in a child with oneDNN limited to an older
 * processor: to AVX2, as pinned mode does, or to SSE4.1, for which the library has no blocks and
 * for some shapes its plain loops alone. The library reads its limit once a process. Skipped in
 * such a child, and where there is no AVX2. */
#ifndef TESTS_AGAIN_WITH_H
#define TESTS_AGAIN_WITH_H

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "test.h"
#include "net/conv_onednn.h"

extern char **environ;

/* A line that `make check` repeats at its end; cmocka's own skip() it counts as a failure. */
static inline void say_skipped(const char *what, const char *missing)
{
    printf("# SKIP %s: %s\n", what, missing);
}

/* In the child: the limit is the one that it was started with. */
static inline void check_limit(const char *isa)
{
    const char *asked = getenv("TEST_AGAIN_WITH");

    CHECK_TEXT(conv_isa(), asked);
    if (strcmp(asked, isa) == 0)
        assert_int_equal(conv_block(), strcmp(isa, "AVX2") == 0 ? 8 : 0);
}

static inline void again_with(const char *isa)
{
    char program[] = "/proc/self/exe", *arguments[] = {program, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int status = 0;

    if (getenv("TEST_AGAIN_WITH") != NULL) {
        check_limit(isa);
        return;
    }
    if (conv_block() == 0) {
        say_skipped(isa, "no AVX2");
        return;
    }
    setenv("ONEDNN_MAX_CPU_ISA", isa, 1);
    setenv("TEST_AGAIN_WITH", isa, 1);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    assert_int_equal(posix_spawn(&child, program, &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    unsetenv("ONEDNN_MAX_CPU_ISA");
    unsetenv("TEST_AGAIN_WITH");
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("status %d; see ONEDNN_MAX_CPU_ISA=%s TEST_AGAIN_WITH=%s", status, isa, isa);
}

static inline void all_holds_with_avx2(void **state)
{
    (void)state;
    again_with("AVX2");
}

static inline void all_holds_with_sse41(void **state)
{
    (void)state;
    again_with("SSE41");
}

#endif
