/* SPDX-License-Identifier: GPL-3.0-or-later */
/* finding: how the numbers of units compare with stored references. */
#ifndef HARNESS_FINDING_H
#define HARNESS_FINDING_H

#include <stddef.h>

#include "base/memory.h"
#include "harness/mode.h"
#include "harness/reference.h"
#include "harness/results.h"

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
void findings_compare(const struct references *r, const struct results *results,
                      const char *profile, const char *ref_mode, enum mode run_mode,
                      const char *data, const char *metrics, struct arena *mem,
                      struct finding **findings, size_t *n);

#endif
