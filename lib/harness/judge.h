/* SPDX-License-Identifier: GPL-3.0-or-later */
/* judge: what evidence says about a claim of each kind (claim.h, and the rules of verdict.h). */
#ifndef HARNESS_JUDGE_H
#define HARNESS_JUDGE_H

#include "harness/evidence.h"
#include "harness/verdict.h"

/* Fills in the word, the interval, the means, and the reason where there is one. Every unit that
 * the claim needs is there. */
enum status judge_claim(struct verdict *v, const struct evidence *e,
                        const struct claim *claim) MUST_USE;

/* The word, and why; `format` has one %s. */
void judge_not_tested(struct verdict *v, const char *format, const char *what);

#endif
