/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference: stored numbers of a program (reference-results/<id>.ref), and how new ones compare.
 *
 * A table with the columns of struct reference. Scopes:
 *   seed   regression value of one unit's metric (smoke; desk where nothing is drawn)
 *   mean   regression value over seeds of one cell (desk), with n and sd
 *   claim  the verdict recorded for a claim; metric holds the claim's id
 *   paper  a value printed in the paper, or one of theory: never written by us, never a gate
 * Only rows whose source is `ours` are rewritten by a blessing. A regression row protects against
 * accidental change, so better than the reference is also outside. */
#ifndef HARNESS_REFERENCE_H
#define HARNESS_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "harness/mode.h"
#include "harness/results.h"

struct reference {
    const char *profile, *mode, *data, *cell, *seed, *metric, *scope;
    double value;
    const char *unit, *class;
    double tol;               /* 0: the class's own */
    double scale, n, sd;
    const char *source, *where, *verdict, *why;
};

struct references {
    struct arena mem;
    struct reference *rows;   /* count */
    size_t count, capacity;
};

/* A missing file gives an empty list with *found = 0. */
enum status references_read(struct references *r, const char *path, int *found) MUST_USE;

/* Adds a row; strings are copied, NULL counts as "". */
void references_add(struct references *r, const struct reference *row);

/* Drops the rows of ours of this profile, mode and data, to be replaced by new ones. */
void references_drop(struct references *r, const char *profile, const char *mode,
                     const char *data);

/* The row with this profile, mode, data, cell, seed, metric and scope, or NULL. */
const struct reference *references_find(const struct references *r, const struct reference *like);

/* Writes the file, sorted. */
enum status references_save(struct references *r, const char *path) MUST_USE;
void references_free(struct references *r);

/* ---- comparing ---- */

enum finding_kind {
    FINDING_INSIDE,         /* at most half the tolerance away */
    FINDING_NEAR,           /* inside, but more than half of it */
    FINDING_OUTSIDE,
    FINDING_MISSING,        /* a reference, and no such metric was emitted */
    FINDING_EXTRA,          /* a metric without a reference */
    FINDING_UNIT            /* another unit than the reference */
};

struct finding {
    enum finding_kind kind;
    const char *cell, *seed, *metric;
    double actual, reference, distance; /* distance in units of the tolerance */
    const char *detail;       /* unit found, for FINDING_UNIT */
};

int finding_passes(enum finding_kind kind);

/* "smoke N_n=50 seed 1 error.task.2: 0.18, reference 0.1777, 11.5 tolerances away": one line that
 * says what was expected, what was found and what to do. Returns out. */
char *finding_words(char out[400], const struct finding *f, const char *id);

/* Compares the results of units with the `seed` rows of profile, data and the mode in which the
 * references were made; `run_mode` is the mode of the results, which chooses the tolerance. Every
 * reference row and every emitted metric gives one finding. `metrics` filters by pattern (NULL:
 * all). The findings lie in the arena. */
void references_compare(const struct references *r, const struct results *results,
                        const char *profile, const char *ref_mode, enum mode run_mode,
                        const char *data, const char *metrics, struct arena *mem,
                        struct finding **findings, size_t *n);

#endif
