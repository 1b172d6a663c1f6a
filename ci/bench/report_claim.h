/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_claim: a claim and its verdict on the page. */
#ifndef BENCH_REPORT_CLAIM_H
#define BENCH_REPORT_CLAIM_H

#include "base/text.h"
#include "report_page.h"

void report_claim_badge(struct text *t, enum verdict_word word);
void report_claim_count(struct text *t, enum verdict_word word, size_t count);

/* The row of claim i in a table of verdicts; `full`: with how it is tested. */
void report_claim_row(struct text *t, const struct report *r, const struct chapter *c, size_t i,
                      int full);

#endif
