/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit: one cell and one seed of a program: what it measures, and the folder that keeps it.
 *
 * Everything is collected in memory and written in one go into
 *     <out>/<program>/<profile>/<data>-<mode>/<cell>/<seed>/
 * under a temporary name that is renamed when complete. metrics.tsv and curves/ are the result;
 * provenance.tsv says what made it; volatile.tsv holds times and memory and is never compared. */
#ifndef HARNESS_UNIT_H
#define HARNESS_UNIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/provenance.h"
#include "base/status.h"
#include "base/table.h"
#include "harness/claim.h"

enum { UNIT_METRICS = 1024, UNIT_CURVES = 16, UNIT_COLUMNS = 12, UNIT_NAME = 64 };

struct unit_value {
    char name[UNIT_NAME];
    const struct metric *metric;
    double value, scale;    /* scale: samples of a rate, condition of a solve; 0: none */
};

struct curve {
    char name[UNIT_NAME];
    size_t columns;
    struct table_writer table;
};

/* What a unit knows of itself; run_unit reads the first eight. */
struct unit {
    uint64_t seed;
    int cell;               /* index into the profile's axis */
    double cell_value;      /* its number */
    const char *cell_name;
    void *data;             /* what the program's load() left */
    struct arena *mem;      /* goes with the unit */
    int threads;
    const char *artifacts;  /* a folder, which need not be there yet, for what units of this very
                               program, profile, mode and data share and may make again at any
                               time; NULL: this call writes nothing */

    const char *id;
    enum profile profile;
    const char *data_kind;  /* "real", "stand-in" or "none" */
    const char *mode;       /* "pinned" or "native" */
    char key[DIGEST_TEXT];
    const struct metric *metrics;
    size_t metric_count;

    struct unit_value values[UNIT_METRICS];
    size_t value_count;
    struct curve curves[UNIT_CURVES];
    size_t curve_count;
    int part;               /* the unit makes a part of what another one measures, and may lack
                               metrics: set by run_unit */
    int diverged;
    double diverged_step, diverged_last;
    enum status refused;    /* first metric that was not finite */
    char refusal[256];
};

/* Emits a declared metric; `name` not in the table, or emitted twice, is a CHECK. A value that is
 * not finite is refused, and the unit fails, diverged or not. */
void emit(struct unit *u, const char *name, double value);

/* Emits member `index` of the family "name.*". */
void emit_at(struct unit *u, const char *name, int index, double value);

/* An error rate: `wrong` of `of` samples. */
void emit_rate(struct unit *u, const char *name, size_t wrong, size_t of);
void emit_rate_at(struct unit *u, const char *name, int index, size_t wrong, size_t of);

/* Member of a family derived from rates: a difference of two rates of N samples has the scale N/2,
 * so that each of the two may move by its own tolerance. */
void emit_scaled_at(struct unit *u, const char *name, int index, double value, double scale);

/* A value that comes from a solve with this condition estimate. */
void emit_conditioned(struct unit *u, const char *name, double value, double condition);

/* Starts a curve, each name once; columns carry their unit in brackets: curve_open(u, "loss",
 * "step [1]", "loss [nat]", NULL). The first column is the abscissa. */
struct curve *curve_open(struct unit *u, const char *name, const char *first, ...);

/* One row, as many numbers as columns. */
void curve_row(struct curve *c, const double *row);

/* The method left the finite numbers at `step`: a finished outcome. run_unit returns this call's
 * value, STATUS_DIVERGED. */
enum status unit_diverged(struct unit *u, double step, double last_finite);

/* Every declared metric was emitted (families: at least one member), nothing was refused. A
 * diverged unit, or a part, may lack metrics. */
enum status unit_complete(const struct unit *u) MUST_USE;

/* <id>/<profile>/<data>-<mode>/<cell>/<seed>, in the arena. */
char *unit_folder(struct arena *mem, const char *id, enum profile profile, const char *data_kind,
                  const char *mode, const char *cell, uint64_t seed);

/* Writes the folder below `out`; `run` holds times and memory for volatile.tsv. A folder of the
 * same unit is replaced. On failure (STATUS_IO, STATUS_MEMORY) it is still there, and the new one
 * is gone. */
enum status unit_save(struct unit *u, const char *out, struct provenance *made_by,
                      struct provenance *run) MUST_USE;

/* Releases the writers. */
void unit_free(struct unit *u);

#endif
