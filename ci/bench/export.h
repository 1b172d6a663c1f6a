/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export: what export.c gathered for the writers of its formats. */
#ifndef BENCH_EXPORT_H
#define BENCH_EXPORT_H

#include "base/table.h"
#include "bench.h"
#include "harness/results.h"
#include "harness/verdict.h"
#include "quote.h"

/* One program. */
struct exported {
    struct program *p;
    const char *not_run;       /* why it has no results, or NULL */
    size_t stale;              /* results of an earlier program, data or argument */
    size_t missing;            /* planned units without results */
    struct results results;
    struct verdict *verdicts;  /* p->r.claim_count; NULL without results */
    struct table metrics;      /* summary/metrics.tsv */
};

struct export {
    struct bench *b;
    struct exported *programs; /* count */
    size_t count;
    const char *folder;        /* to write to */
    const char *data;          /* of all programs that ran: "real", "stand-in", "none", or
                                  "real, stand-in" */
    const char *interval;      /* of the metrics: "0.95 of the mean over seeds" */
    size_t stale;              /* of all programs */
};

/* One row of a summary. */
struct measured {
    const char *cell, *metric, *unit;
    size_t n, asked, finite;
    double sd;
    struct quoted mean;
};

/* Row `row` of the program's metrics; STATUS_DATA when a number in it is none. */
enum status export_metric(const struct exported *e, size_t row, struct measured *out) MUST_USE;

/* Verdict i of the program; one without results has claims that are not tested. */
struct verdict export_verdict(const struct exported *e, size_t i);

/* "real", "stand-in" or "none"; "" where the program could not be asked. */
const char *export_data(const struct exported *e);

/* Writes <folder>/<name> in one step unless `status`, how the text fared, is a failure, which comes
 * back; STATUS_MEMORY where the text did not fit. Frees the text in any case. */
enum status export_save(const struct export *x, const char *name, struct text *t,
                        enum status status) MUST_USE;

enum status export_csv(const struct export *x) MUST_USE;   /* export_records.c */
enum status export_json(const struct export *x) MUST_USE;  /* export_records.c */
enum status export_latex(const struct export *x) MUST_USE;
enum status export_markdown(const struct export *x) MUST_USE;

#endif
