/* SPDX-License-Identifier: GPL-3.0-or-later */
/* works: which program belongs to which work. A work is a folder below reproductions/, whose
 * README.md begins with "# " and a title, and a paragraph that says what it is about. */
#ifndef BENCH_WORKS_H
#define BENCH_WORKS_H

#include "bench.h"
#include "harness/verdict.h"

struct work {
    const char *folder;               /* its name below reproductions/ */
    const char *title, *words;        /* words: the paragraph's lines, without the last newline */
    const struct program **programs;  /* count, sorted by id */
    struct verdict **verdicts;        /* count: of each claim, from the stored values of desk */
    size_t count;
};

/* The works of all programs in `b`, sorted by folder, in the arena. A program whose source lies in
 * no folder, or a folder without such a README.md, is STATUS_IO. */
enum status works_find(struct bench *b, struct work **works, size_t *n) MUST_USE;

#endif
