/* SPDX-License-Identifier: GPL-3.0-or-later */
/* programs: what the verbs here need of programs.c and list.c besides bench.h. */
#ifndef BENCH_PROGRAMS_H
#define BENCH_PROGRAMS_H

#include "bench.h"
#include "harness/verdict.h"

/* The mode that a profile runs in: as asked, else pinned at smoke where the machine can. */
enum mode programs_mode(const struct bench *b);

/* plan_units for all programs, b->jobs processes at a time. statuses[i] and words[i] (in the arena)
 * say how program i fared; a program that failed has no units. */
enum status programs_plan(struct bench *b, enum status *statuses, const char **words) MUST_USE;

/* Looks again whether the unit's folder is complete and has the planned key. */
int programs_is_fresh(const struct bench *b, const struct planned *unit);

/* What an exit status of a program means here: everything unforeseen is a crash. */
enum status programs_status(int exit_code);

/* Prints the claims of a planned program with verdict and measured value, from the results that
 * exist, and counts the verdicts. */
enum status list_claims(struct bench *b, const struct program *p,
                        size_t counts[VERDICT_COUNT]) MUST_USE;

#endif
