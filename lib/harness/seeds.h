/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seeds: lists of seeds as people write them: "1-20", "1,4,7", "1-3,10". */
#ifndef HARNESS_SEEDS_H
#define HARNESS_SEEDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* At most `most` seeds, each 1 or more and named once. STATUS_USAGE otherwise. */
enum status seeds_read(const char *text, uint64_t *seeds, size_t most, size_t *n) MUST_USE;

#endif
