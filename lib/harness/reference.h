/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference: stored numbers of a program (reference-results/<id>.ref); finding.h compares new ones.
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

/* Whether the row is a value of ours of this profile, mode and data. */
int reference_is_ours(const struct reference *row, const char *profile, const char *mode,
                      const char *data);

/* Writes the file, sorted. */
enum status references_save(struct references *r, const char *path) MUST_USE;
void references_free(struct references *r);

#endif
