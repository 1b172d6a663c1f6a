/* SPDX-License-Identifier: GPL-3.0-or-later */
/* evidence: the numbers that a claim is judged from: which cells and seeds it looks at, which of
 * their units are there, and what a diverged one counts as. */
#ifndef HARNESS_EVIDENCE_H
#define HARNESS_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "harness/reproduction.h"
#include "harness/results.h"

/* The worst outcome of one metric, found once. */
struct worst {
    int known;
    double value;
};

/* What one claim is judged from. */
struct evidence {
    const struct reproduction *r;
    const struct results *results;
    const uint64_t *seeds;
    size_t seed_count;
    struct arena *mem;
    const char **cells;       /* cell_count names, in the axis' order */
    size_t cell_count;
    const char **used;        /* used_count of them: the cells that the claim looks at */
    size_t used_count;
    struct worst *worst;      /* metric_count x 2: where the claim wants it low, high */
};

/* What a claim over several is about: a metric of a family in a cell, or one metric in a cell. */
struct member {
    int index;
    const char *cell, *metric;
};

/* The declared metric; a CHECK where the program has none of this name. */
const struct metric *evidence_metric(const struct evidence *e, const char *name);

/* What a diverged unit counts as in this metric: what its table says, else the worst finite value
 * of any unit; NaN when there is none. Where the metric has no direction, the worst is the one
 * farthest from where a claim wants it: the highest where that is low, the lowest where high. */
double evidence_worst(const struct results *results, const struct metric *metric,
                      enum relation wanted);
int evidence_has_worst(const struct metric *metric); /* the table says it */

/* One metric of one unit; *finite is cleared for a diverged one. */
double evidence_value(const struct evidence *e, const char *cell, uint64_t seed,
                      const char *metric, enum relation wanted, int *finite);

/* The *n members of the claim, in the arena: of a family in each used cell, in the order of their
 * indices, or one metric in each used cell. */
struct member *evidence_members(const struct evidence *e, const struct claim *claim, size_t *n);

/* The name of a cell as the axis has it, FIRST_CELL and its like resolved; NULL: the profile has no
 * such cell. */
const char *evidence_cell(const struct evidence *e, const char *name);

/* A trend, or each member, along the axis: whatever cell the claim names. */
int evidence_needs_all_cells(const struct claim *claim);

/* Sets e->used; 0 where the profile lacks a cell. */
int evidence_use(struct evidence *e, const struct claim *claim);

/* How many units of the seeds in `used` and in to_cell (or NULL) are missing, out of *asked;
 * *finite counts the seeds without a diverged one, *any says whether one unit at least did not
 * diverge. */
size_t evidence_missing(const struct evidence *e, const char *to_cell, size_t *asked,
                        size_t *finite, int *any);

#endif
