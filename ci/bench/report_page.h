/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_page: the report as one static page, from what report.c gathered. */
#ifndef BENCH_REPORT_PAGE_H
#define BENCH_REPORT_PAGE_H

#include "base/table.h"
#include "bench.h"
#include "harness/results.h"
#include "harness/verdict.h"

/* One program in the report. */
struct chapter {
    struct program *p;
    const char *not_run;       /* why it has no results, or NULL */
    size_t stale;              /* results of an earlier program, data or argument */
    size_t missing;            /* planned units without results */
    struct results results;
    struct verdict *verdicts;  /* p->r.claim_count */
    struct table metrics;      /* summary/metrics.tsv */
    struct table made_by;      /* one unit's provenance.tsv */
    const char *svg;           /* the figure's file in memory, or NULL */
    const char *no_figure;     /* why there is none, or NULL */
};

struct report {
    struct bench *b;
    struct chapter *chapters;  /* count */
    size_t count;
    size_t counts[VERDICT_COUNT]; /* of the programs that ran */
};

/* Appends the page. */
void page_write(struct text *t, const struct report *r);

#endif
