/* SPDX-License-Identifier: GPL-3.0-or-later */
/* again_with_avx2: a test that runs the whole program once more in a child with oneDNN limited to
 * AVX2, as pinned mode does: the library reads its limit once a process. Skipped in that child, and
 * where there is no AVX2. */
#ifndef TESTS_AGAIN_WITH_AVX2_H
#define TESTS_AGAIN_WITH_AVX2_H

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "test.h"
#include "net/conv_onednn.h"

extern char **environ;

static inline int is_again_with_avx2(void)
{
    return getenv("TEST_AGAIN_WITH_AVX2") != NULL;
}

static inline void all_holds_with_avx2(void **state)
{
    char program[] = "/proc/self/exe", *arguments[] = {program, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int status = 0;

    (void)state;
    if (is_again_with_avx2()) {
        CHECK_TEXT(conv_isa(), "AVX2");
        assert_int_equal(conv_block(), 8);
        return;
    }
    if (conv_block() == 0)
        skip();
    setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 1);
    setenv("TEST_AGAIN_WITH_AVX2", "1", 1);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    assert_int_equal(posix_spawn(&child, program, &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    unsetenv("ONEDNN_MAX_CPU_ISA");
    unsetenv("TEST_AGAIN_WITH_AVX2");
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("status %d; see ONEDNN_MAX_CPU_ISA=AVX2 TEST_AGAIN_WITH_AVX2=1", status);
}

#endif
