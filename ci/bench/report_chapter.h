/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_chapter: one program's section of the page: figure, claims, metrics, all numbers. */
#ifndef BENCH_REPORT_CHAPTER_H
#define BENCH_REPORT_CHAPTER_H

#include "base/text.h"
#include "report_page.h"

void report_chapter_write(struct text *t, const struct report *r, const struct chapter *c);

/* "real", "stand-in" or "none needed". */
const char *report_chapter_data(const struct chapter *c);

/* The value of a key of a provenance table, or NULL. */
const char *report_chapter_provenance(const struct table *made_by, const char *key);

#endif
