/* SPDX-License-Identifier: GPL-3.0-or-later */
/* describe: a program's tables as text, written by `--describe` and read back by the runner.
 *
 * A table of four columns: what ("program", "parameter", "metric", "claim", "cell", "end"), name,
 * field, value. So the registry of programs, metrics and claims is always what the programs say. */
#ifndef HARNESS_DESCRIBE_H
#define HARNESS_DESCRIBE_H

#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "harness/reproduction.h"

/* Appends the whole description. STATUS_MEMORY leaves `out` as it was, or marked as failed. */
enum status describe_write(struct text *out, const struct reproduction *r) MUST_USE;

/* Rebuilds the tables in the arena; load, run_unit and the parameters' offsets stay 0, tabs and
 * newlines in texts have become blanks. STATUS_DATA where the text is no description or is cut;
 * STATUS_MEMORY; *r is zeroed then. */
enum status describe_read(struct reproduction *r, struct arena *mem, const char *bytes,
                          size_t n) MUST_USE;

#endif
