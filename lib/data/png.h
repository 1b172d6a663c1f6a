/* SPDX-License-Identifier: GPL-3.0-or-later */
/* png: sheets of sample images through libpng. */
#ifndef DATA_PNG_H
#define DATA_PNG_H

#include <stddef.h>

#include "base/status.h"
#include "data/task.h"

/* Writes the first rows x cols records of the task as one 8-bit image, grey for one channel and RGB
 * for three, row by row with a gap of two pixels; where the task has fewer, places stay blank.
 * Atomic. STATUS_IO where it cannot be written. */
enum status png_sheet(const char *path, const struct task *t, size_t rows, size_t cols) MUST_USE;

#endif
