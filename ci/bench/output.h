/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output: what commands print, up to 64 MiB each, in memory. */
#ifndef BENCH_OUTPUT_H
#define BENCH_OUTPUT_H

#include "bench.h"
#include "child.h"

enum { OUTPUT_ARGUMENTS = 12 };

struct output {
    const char *argv[OUTPUT_ARGUMENTS];
    struct child child;
    int from;                  /* our end of the pipe */
    char *bytes;               /* n, in the arena, with a 0 behind */
    size_t n;
    int exit_code;
    char errors[CHILD_WORDS];  /* last line of stderr */
};

/* Runs the commands of n outputs, at most b->jobs at a time; they are read in order. */
enum status output_read(struct bench *b, struct output *list, size_t n, enum mode mode) MUST_USE;

/* Runs one command (argv, NULL-terminated), its standard output into memory (arena); the last line
 * of stderr goes to `errors` (CHILD_WORDS bytes) when not NULL. *exit_code is 128 + signal for a
 * killed one. */
enum status output_of(struct bench *b, const char *const *argv, enum mode mode, char **out,
                      size_t *n, int *exit_code, char *errors) MUST_USE;

#endif
