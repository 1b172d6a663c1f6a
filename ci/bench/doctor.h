/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: what doctor.c (the verb, and what is installed), doctor_machine.c, doctor_environment.c,
 * and doctor_numbers.c and doctor_conv.c (do BLAS and oneDNN compute right?) share. */
#ifndef BENCH_DOCTOR_H
#define BENCH_DOCTOR_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/provenance.h"
#include "base/status.h"

enum grade { DOCTOR_OK, DOCTOR_NOTE, DOCTOR_BAD };

struct doctor {
    struct bench *b;
    size_t bad, notes;         /* lines so far */
};

/* One line on standard output: "ok    what: words". */
void doctor_say(enum grade grade, const char *what, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same, counted. */
void doctor_tell(struct doctor *d, enum grade grade, const char *what, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* What the provenance has under the key, or "unknown". */
const char *doctor_fact(const struct provenance *p, const char *key);

void doctor_machine_processor(struct doctor *d, const struct provenance *p);
void doctor_machine_memory(struct doctor *d);
void doctor_machine_disk(struct doctor *d); /* where the build is */
void doctor_environment_variables(struct doctor *d);
void doctor_environment_locale(struct doctor *d);

/* Holds the BLAS of this process against naive loops, with one thread and, where it offers them,
 * two; says a line for each kind of call, `mode` in front. *bad counts the lines that are BAD.
 * Leaves the BLAS with one thread. */
enum status doctor_numbers(const char *mode, size_t *bad) MUST_USE;

/* The same for the convolutions. */
enum status doctor_conv(const char *mode, size_t *bad) MUST_USE;

#endif
