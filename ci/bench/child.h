/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child: a process that the runner starts and waits for.
 *
 * Children stay in the runner's process group, so that Ctrl-C, Ctrl-Z and a closed terminal reach
 * them without the runner's help, and the kernel kills them when the runner dies in any other way.
 * Everything that needs memory is prepared before the fork. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <sys/types.h>

#include "base/memory.h"
#include "base/status.h"
#include "harness/mode.h"

enum { CHILD_WORDS = 512 };

struct child {
    pid_t pid;                 /* 0: none */
    int errors;                /* a file in memory that takes its stderr */
};

/* This process's environment with what a program of the mode needs; NULL-terminated, in the arena,
 * which from then on also holds this process's own environment. */
char **child_environment(struct arena *mem, enum mode mode) MUST_USE;

/* Forks and executes argv (argv[0] with a slash is a path, without one is looked up in PATH).
 * Standard input is empty, standard output goes to the descriptor `out`, or nowhere when it is -1.
 * What cannot be executed ends with exit status 127. */
enum status child_start(struct child *c, const char *const *argv, char *const *environment,
                        int out) MUST_USE;

/* Has it ended? *code is its exit status, 128 + signal for a killed one. With `wait` not 0 it waits
 * for the end. */
int child_ended(struct child *c, int wait, int *code);

/* The last line that it wrote to stderr, "" when there is none; call it after the end, once. */
void child_last_words(struct child *c, char out[CHILD_WORDS]);

/* Kills it, waits for it and forgets what it wrote. */
void child_kill(struct child *c);

/* "ended with exit status 3", "was killed by signal 11 (Segmentation fault)". Returns out. */
char *child_end_in_words(char out[96], int code);

#endif
