/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_files: what check, bless and readme share: where a program's stored numbers lie and
 * what its desk verdicts are when they are computed from them again. */
#ifndef BENCH_REFERENCE_FILES_H
#define BENCH_REFERENCE_FILES_H

#include "base/text.h"
#include "bench.h"
#include "harness/reference.h"
#include "harness/verdict.h"

#define REFERENCE_FOLDER "reference-results"

const char *reference_path(struct bench *b, const struct program *p);  /* <id>.ref */
const char *reference_seeds(struct bench *b, const struct program *p); /* <id>.seeds.tsv */

/* "real" for a program about a data set, "none" for one of theory: what desk references are of. */
const char *reference_data(const struct program *p);

/* Judges all claims (claim_count of them, in the arena) from the stored per-seed values of desk.
 * Without stored values every verdict is "not tested". */
enum status reference_verdicts(struct bench *b, const struct program *p,
                               struct verdict **verdicts) MUST_USE;

/* Holds the desk `mean` rows against the stored values that they come from, both ways, and recorded
 * verdicts against the claims that the program makes. Each comparison calls finding(context, holds,
 * line), where the line says what does not hold. */
enum status stored_check(struct bench *b, const struct program *p, const struct references *refs,
                         void (*finding)(void *, int, const char *), void *context) MUST_USE;

/* Files in the folder of references that belong to no program. */
enum status stored_files(struct bench *b, void (*finding)(void *, int, const char *),
                         void *context) MUST_USE;

/* Prints in one line how far the present results of the profile lie from the references, if there
 * are any. Never a gate. */
enum status stored_drift(struct bench *b, struct program *p) MUST_USE;

/* README.md and reproductions/README.md depend on the programs, the works' own README.md and
 * reference-results/ alone. STATUS_OUTSIDE when one differs from what would be generated. */
enum status readme_compare(struct bench *b) MUST_USE;

#endif
