/* SPDX-License-Identifier: GPL-3.0-or-later */
/* orphans: folders of results that belong to no unit any more, and what processes left. */
#ifndef BENCH_ORPHANS_H
#define BENCH_ORPHANS_H

#include <stddef.h>

#include "bench.h"

struct orphans {
    size_t leftovers, orphans;
};

/* Prints and counts them: all profiles of the programs that were asked for, and programs that are
 * gone. */
void orphans_print(struct bench *b, struct orphans *found);

#endif
