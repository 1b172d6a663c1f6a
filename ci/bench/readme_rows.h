/* SPDX-License-Identifier: GPL-3.0-or-later */
/* readme_rows: a claim in a row of a Markdown table. */
#ifndef BENCH_README_ROWS_H
#define BENCH_README_ROWS_H

#include "base/text.h"
#include "harness/verdict.h"

/* The words of a cell, with what Markdown would take for markup behind a backslash. */
void readme_rows_cell(struct text *out, const char *words);

/* "the error falls (figure 2)". */
void readme_rows_claim(struct text *out, const struct claim *c);

/* " | 0.1 [0, 0.2], n = 5 | **undecided** |" and the end of the line. */
void readme_rows_verdict(struct text *out, const struct claim *c, const struct verdict *v);

#endif
