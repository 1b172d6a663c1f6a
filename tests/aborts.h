/* SPDX-License-Identifier: GPL-3.0-or-later */
/* aborts: CHECK_ABORTS(statement) holds when the statement breaks a precondition: it is run in a
 * child, which must end by SIGABRT. */
#ifndef TESTS_ABORTS_H
#define TESTS_ABORTS_H

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define CHECK_ABORTS(statement)                                                                    \
    do {                                                                                           \
        int aborts_status = 0;                                                                     \
        const pid_t aborts_child = fork();                                                         \
                                                                                                   \
        if (aborts_child == 0) {                                                                   \
            signal(SIGABRT, SIG_DFL);                                                              \
            if (freopen("/dev/null", "w", stderr) == NULL)                                         \
                _exit(1);                                                                          \
            statement;                                                                             \
            _exit(0);                                                                              \
        }                                                                                          \
        assert_int_equal(waitpid(aborts_child, &aborts_status, 0), aborts_child);                  \
        CHECK_TRUE(WIFSIGNALED(aborts_status) && WTERMSIG(aborts_status) == SIGABRT);              \
    } while (0)

#endif
