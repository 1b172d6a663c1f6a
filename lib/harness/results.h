/* SPDX-License-Identifier: GPL-3.0-or-later */
/* results: what units measured, read back from their folders or from a table of stored values.
 *
 * One unit is there once, and each of its metrics once. A file that says something twice, that lies
 * in another unit's place, or that holds a number that is not finite is damaged: STATUS_DATA, and
 * what was read of it stays in the results, which are then of no use. */
#ifndef HARNESS_RESULTS_H
#define HARNESS_RESULTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/table.h"
#include "harness/reproduction.h"

struct observation {
    const char *cell;
    uint64_t seed;
    const char *metric, *unit;
    double value, scale;
};

struct outcome {              /* one finished unit */
    const char *cell;
    uint64_t seed;
    const char *key;          /* "" when read from stored values */
    int diverged;
};

struct results_slot;

struct results {
    struct arena mem;
    struct observation *rows; /* count, sorted by cell, seed, metric as read */
    size_t count, capacity;
    struct outcome *units;    /* unit_count */
    size_t unit_count, unit_capacity;
    struct results_slot *slots; /* hash table over units and rows; slot_count is a power of 2 */
    size_t slot_count, slots_used;
};

/* A zeroed struct results is empty. results_add* copy their strings; a second unit of the same cell
 * and seed, or a metric of it that is there already, is a CHECK. Where memory runs out they jump to
 * r->mem's guard (results_read* set their own and return STATUS_MEMORY). */
void results_add(struct results *r, const char *cell, uint64_t seed, const char *metric,
                 const char *unit, double value, double scale);
void results_add_unit(struct results *r, const char *cell, uint64_t seed, const char *key,
                      int diverged);

/* Adds one unit's folder, whichever unit it holds. A missing or damaged metrics.tsv is
 * STATUS_DATA. */
enum status results_read_unit(struct results *r, const char *folder) MUST_USE;

/* As many rows as the head of a metrics.tsv says; a file cut between two rows has fewer. */
int results_read_complete(const struct table *t);

/* Adds the units of the given cells and seeds below <root>/<id>/<profile>/<data>-<mode>; those that
 * do not exist are skipped: compare unit_count with what was asked. A folder that holds another
 * unit than its place says is STATUS_DATA. */
enum status results_read(struct results *r, const char *root, const char *id, enum profile profile,
                         const char *data_kind, const char *mode, const char *const *cells,
                         size_t cell_count, const uint64_t *seeds, size_t seed_count) MUST_USE;

/* Stored per-seed values (reference-results/<id>.seeds.tsv): rows of one profile, data and mode. A
 * row of the metric "diverged" says so of its unit. */
enum status results_read_stored(struct results *r, const char *path, enum profile profile,
                                const char *data_kind, const char *mode) MUST_USE;

/* The unit's value, or NaN; in constant time, as are results_has and results_unit. */
double results_value(const struct results *r, const char *cell, uint64_t seed, const char *metric);

int results_has(const struct results *r, const char *cell, uint64_t seed, const char *metric);

/* The unit, or NULL. */
const struct outcome *results_unit(const struct results *r, const char *cell, uint64_t seed);

void results_free(struct results *r);

#endif
