/* SPDX-License-Identifier: GPL-3.0-or-later */
/* claim: what a program measures and what its paper says of it, as data.
 *
 * A program declares its metrics and its claims in two tables. Everything else (intervals,
 * verdicts, references, tables, figures) follows from them; `--describe` prints them, and
 * describe.h reads them back, so that the runner knows a program without linking it. */
#ifndef HARNESS_CLAIM_H
#define HARNESS_CLAIM_H

#include <stddef.h>

enum profile { SMOKE, DESK, PAPER, PROFILE_COUNT };

enum direction { NO_DIRECTION, LOWER_IS_BETTER, HIGHER_IS_BETTER };

/* How far a regression value may move (tolerance.h has the numbers). */
enum tolerance_class {
    CLASS_EXACT,   /* counts, integers, permutations: equal */
    CLASS_ARITH,   /* own double arithmetic without libm */
    CLASS_LIBM,    /* own double arithmetic that calls libm */
    CLASS_BLAS,    /* products and well-conditioned solves in double */
    CLASS_COND,    /* solves and small eigenvalues; scale = condition estimate */
    CLASS_SHORT32, /* float training up to 100 steps */
    CLASS_LONG32,  /* longer float training */
    CLASS_RATE,    /* error rates; scale = number of test samples */
    CLASS_RESIDUAL,/* ideally zero: the reference is an upper bound of the magnitude */
    CLASS_COUNT
};

struct metric {
    const char *name;       /* "error.first"; "error.task.*" is a family with indices */
    const char *unit;       /* "1" for dimensionless */
    enum direction direction;
    enum tolerance_class class;
    double worst;           /* what a diverged unit counts as; 0: the worst finite value seen */
    const char *meaning;
};

enum claim_kind {
    ORDER,       /* metric BELOW or ABOVE another metric or a number, in the mean over seeds */
    VALUE,       /* metric within `within` of a printed or derived value */
    EQUIVALENCE, /* two metrics differ by at most `within`: the whole interval inside */
    BOUND,       /* metric BELOW or ABOVE a number in every seed */
    TREND,       /* a family falls (BELOW) or rises (ABOVE) with its index, or a metric along cells:
                    Spearman's rank correlation of each seed against 0 */
    EVERY        /* each member of a family, or each cell, is BELOW or ABOVE: k of n hold. A family
                    as to_metric gives the member of the same index */
};

enum relation { BELOW, ABOVE };

/* Which cell a claim looks at: a cell's name, or the first or last one of the profile's axis, or
 * all of them (BOUND, EVERY, and TREND of a metric that is no family). NULL is the first, for
 * programs with one cell. TREND and EVERY of a metric that is no family look at all cells in any
 * case. */
#define FIRST_CELL "first"
#define LAST_CELL "last"
#define ALL_CELLS "all"

struct claim {
    const char *id;         /* "small-second-set-hurts" */
    const char *words;      /* what the paper says, in short */
    const char *place;      /* where it says so: figure, equation, page */
    enum claim_kind kind;
    const char *metric;     /* measured; a family ("error.task.*") for TREND and EVERY */
    const char *cell;
    enum relation is;       /* ORDER, BOUND, TREND, EVERY */
    const char *to_metric;  /* compared with, paired by seed; NULL: with the number `to` */
    const char *to_cell;    /* NULL: the same cell */
    double to;
    double within;          /* VALUE, EQUIVALENCE */
    const char *reason;     /* why `within` or `to` is what it is */
    const char *members;    /* EVERY, a family: what a verdict calls its members, "12 herbivores ->
                               carnivores, 13 ..": index, space, a name without commas; NULL or
                               left out: "error.task.12" */
};

const char *profile_name(enum profile profile);
int profile_find(const char *name); /* -1 when there is none */

const char *claim_kind_name(enum claim_kind kind);
int claim_kind_find(const char *name);    /* -1 when there is none */

/* "error.task.*" is a family. */
int metric_is_family(const char *name);

/* 3 for ("error.task.*", "error.task.3"); -1 when the name is no member ("error.task.03" is
 * none). */
int metric_index(const char *family, const char *name);

/* The name of member `index` and its length, or NULL where the claim gives it none. */
const char *claim_member(const struct claim *claim, int index, size_t *length);

/* The declared metric or family that `name` belongs to, or NULL. */
const struct metric *metric_find(const struct metric *metrics, size_t n, const char *name);

#endif
