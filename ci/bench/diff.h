/* SPDX-License-Identifier: GPL-3.0-or-later */
/* diff: what diff.c (row against row), diff_sides.c (both sides) and diff_words.c share. */
#ifndef BENCH_DIFF_H
#define BENCH_DIFF_H

#include <string.h>

#include "reference_files.h"

enum change { VERDICT, GONE, TERMS, MOVED, ADDED, CHANGE_COUNT };

/* One row that is not the same on both sides. */
struct difference {
    enum change change;
    const char *id;
    const struct reference *old, *now; /* one may be NULL */
    double distance;          /* MOVED: in tolerances */
    size_t order;
};

/* The references of one program at the revision and now. */
struct pair {
    const char *id;
    struct references old, now;
    const struct reference **old_rows, **now_rows; /* sorted by row_order */
};

struct comparison {
    struct bench *b;
    const char *revision;     /* a full hash */
    struct pair *pairs;       /* pair_count, sorted by id */
    size_t pair_count;
    struct difference *list;  /* count */
    size_t count, rows;       /* rows: looked at */
    size_t counts[CHANGE_COUNT], hidden;
    double farthest;
};

/* Bit for bit, but for the sign of 0. */
static inline int diff_equal(double x, double y)
{
    return x <= y && x >= y;
}

static inline int diff_is_claim(const struct reference *r)
{
    return strcmp(r->scope, "claim") == 0;
}

/* Resolves b->base into c->revision. Without git, or outside a checkout, STATUS_UNFIT. */
enum status diff_sides_find(struct comparison *c) MUST_USE;

/* Reads the references of all programs that b->only selects, at the revision and now. */
enum status diff_sides_read(struct comparison *c) MUST_USE;

/* Print to standard output. */
void diff_words_row(const struct difference *d);
void diff_words_sum(const struct comparison *c);

#endif
