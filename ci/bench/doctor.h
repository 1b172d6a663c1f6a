/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: what doctor.c (the machine and what is installed on it) and doctor_numbers.c (does its
 * BLAS compute right?) share. */
#ifndef BENCH_DOCTOR_H
#define BENCH_DOCTOR_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/status.h"

enum grade { DOCTOR_OK, DOCTOR_NOTE, DOCTOR_BAD };

/* One line on standard output: "ok    what: words". */
void doctor_say(enum grade grade, const char *what, const char *format, ...) PRINTF_LIKE(3, 4);

/* Holds the BLAS of this process against naive loops, with one thread and, where it offers them,
 * two; says a line for each kind of call, `mode` in front. *bad counts the lines that are BAD.
 * Leaves the BLAS with one thread. */
enum status doctor_numbers(const char *mode, size_t *bad) MUST_USE;

/* The same for the convolutions. */
enum status doctor_conv(const char *mode, size_t *bad) MUST_USE;

#endif
