/* SPDX-License-Identifier: GPL-3.0-or-later */
/* leftovers: what killed processes left among the results. */
#ifndef BENCH_LEFTOVERS_H
#define BENCH_LEFTOVERS_H

#include "bench.h"

/* Removes temporary files and folders of processes that are gone, in the results of the profile:
 * <results>/<id>/<profile>/<data>-<mode>/<cell>/<seed>. What cannot be removed stays. */
void leftovers_remove(const struct bench *b);

#endif
