/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bless: what bless.c (the verb), bless_rows.c (rows of references) and bless_values.c (the raw
 * values) share. */
#ifndef BENCH_BLESS_H
#define BENCH_BLESS_H

#include "harness/results.h"
#include "reference_files.h"

struct blessing {
    struct bench *b;
    struct program *p;
    const struct results *results;
    struct references old, fresh; /* before; and all rows to be written */
    const char *where;            /* the numbers were made: commit, BLAS core */
    size_t same, moved, added;
};

/* Each adds rows to `fresh`, counts how many moved against `old`, and prints those. One whose value
 * and verdict are as before keeps its place and reason, and an overridden tolerance stays. */
void bless_rows_seeds(struct blessing *a); /* each metric of each unit */
void bless_rows_means(struct blessing *a); /* each metric of each cell of the first seed */
void bless_rows_claim(struct blessing *a, const struct claim *c, const struct verdict *v);

/* Writes the values of all results; those of other profiles, modes and data stay as they are. */
enum status bless_values_save(struct blessing *a) MUST_USE;

#endif
