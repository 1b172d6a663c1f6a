/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ranges: seeds as people write them: in ascending order they become "1-10,12". */
#ifndef BENCH_RANGES_H
#define BENCH_RANGES_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/text.h"

struct ranges {
    struct text text;
    uint64_t first, last;
    size_t count;
};

void ranges_add(struct ranges *r, uint64_t seed);

/* The text, in the arena; the ranges are empty then. */
const char *ranges_take(struct ranges *r, struct arena *mem);

#endif
