/* SPDX-License-Identifier: GPL-3.0-or-later */
/* collect_parts: what collect.c and collect_curves.c share. */
#ifndef BENCH_COLLECT_PARTS_H
#define BENCH_COLLECT_PARTS_H

#include "base/table.h"
#include "bench.h"

#define SUMMARY_CONFIDENCE 0.95

/* What a table is of: program, profile, data, mode. */
void collect_head(struct table_writer *w, const struct bench *b, const struct program *p,
                  const char *format);

/* Replaces the file where it changed. */
enum status collect_save(const struct table_writer *w, const char *path) MUST_USE;

/* Joins one curve of all units, `curve` its file's name, into the folder. Where no unit has that
 * file any more, *saved stays 0 and nothing is written. */
enum status collect_curves_save(struct bench *b, const struct program *p, const char *folder,
                                const char *curve, int *saved) MUST_USE;

#endif
