/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reproduction: all that a program says of itself, as data. A program fills the struct in and hands
 * it to harness_main; the runner fills it in from `--describe`, without the functions. */
#ifndef HARNESS_REPRODUCTION_H
#define HARNESS_REPRODUCTION_H

#include <stddef.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/provenance.h"
#include "base/status.h"
#include "harness/claim.h"
#include "harness/parameter.h"
#include "harness/unit.h"

/* The cells of a program: one numeric or named axis. */
struct axis_cells {
    size_t count;
    const double *values;
    const char *const *names; /* NULL: "<axis>=<value>" */
};
struct axis {
    const char *name, *meaning;
    struct axis_cells at[PROFILE_COUNT];
};
/* .at = {CELL_VALUES(50, 400), CELL_VALUES(50, 1000, 4000), ...} */
#define CELL_VALUES(...)                                                                           \
    {sizeof((double[]){__VA_ARGS__}) / sizeof(double), (const double[]){__VA_ARGS__}, NULL}
/* Named cells, all at every profile; their values are 0, 1, 2, ... at most CELL_NAMES_MOST.
 * .at = {CELL_NAMES("sgd", "adam"), CELL_NAMES("sgd", "adam"), ...} */
#define CELL_NAMES(...)                                                                            \
    {sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),                                       \
     (const double[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},                       \
     (const char *const[]){__VA_ARGS__}}
#define CELL_NAMES_MOST 16

/* The data of a program, found and checked once a process. */
struct loaded {
    const char *asked;          /* --data or $DATASETS, or NULL */
    const char *stand_in;       /* folder of the generated stand-ins */
    const char *const *words;   /* word_count values of the program's own option, in their order */
    size_t word_count;
    struct arena *mem;          /* lives as long as the process */
    void *data;                 /* out: handed to every unit */
    const char *kind;           /* out: "real", "stand-in", or "own": data that the words name */
    const char *note;           /* out: one line for people: which set, how many records */
    struct digest records;      /* out: every record that any unit may use goes in here */
    void (*release)(void *data);/* out: called at the end; NULL when the arena holds everything */
};

/* An option that one program has beside the common ones; it may be given several times. What it
 * changes has to reach `records`, so that keys differ. */
struct own_option {
    const char *name;           /* without the dashes */
    const char *value_name, *help;
    const char *cell;           /* where it is given this cell alone is run; NULL: all */
};
#define OWN_OPTION_MOST 64      /* values */

struct reproduction {
    const char *id;             /* the file's name */
    const char *title;          /* one line */
    const char *paper;          /* authors, year, short title, where to find it */
    const char *data;           /* "MNIST", ..., or NULL for a claim of theory */
    const char *differs;        /* what differs from the paper, and why */
    const char *caption;        /* of the figure */
    double minutes[PROFILE_COUNT]; /* of one core, all units, native, nothing else running; paper:
                                      mostly estimated. 0: not measured. On n cores divide by n */
    int deterministic;          /* nothing is drawn: one seed says it all */

    const struct parameter *parameters;
    size_t parameter_count, parameters_size;
    const struct metric *metrics;
    size_t metric_count;
    const struct claim *claims;
    size_t claim_count;
    const struct axis *axis;    /* NULL: one cell, "all" */

    /* NULL for programs without data. */
    enum status (*load)(const struct parameters *p, struct loaded *loaded);
    enum status (*run_unit)(const struct parameters *p, struct unit *u);

    const struct own_option *option; /* NULL: none; needs load */

    /* What else computes beside the BLAS, into the provenance: conv_record, or NULL. */
    void (*record)(struct provenance *p);
};

#define METRICS(table) .metrics = table, .metric_count = sizeof table / sizeof table[0]
#define CLAIMS(table) .claims = table, .claim_count = sizeof table / sizeof table[0]

/* Number and name of the cells at a profile; a name lives in the arena. */
size_t reproduction_cell_count(const struct reproduction *r, enum profile profile);
const char *reproduction_cell_name(const struct reproduction *r, enum profile profile, size_t cell,
                              struct arena *mem);

#endif
