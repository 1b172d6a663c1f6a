/* SPDX-License-Identifier: GPL-3.0-or-later */
/* latex: words of programs and tables for a LaTeX file. */
#ifndef BENCH_LATEX_H
#define BENCH_LATEX_H

#include "base/text.h"

/* Words outside math mode; arrows, relations, minus signs and powers of ten become math. Lines may
 * break within names, but not at the = of "n = 10". */
void latex_words(struct text *t, const char *words);

#endif
