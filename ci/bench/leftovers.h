/* SPDX-License-Identifier: GPL-3.0-or-later */
/* leftovers: what killed processes left among the results. */
#ifndef BENCH_LEFTOVERS_H
#define BENCH_LEFTOVERS_H

#include <sys/types.h>

#include "bench.h"

/* Removes temporary files and folders of processes that are gone, in the results of the profile:
 * <results>/<id>/<profile>/<data>-<mode>/<cell>/<seed>. What cannot be removed stays. */
void leftovers_remove(const struct bench *b);

/* The process in "<name>.tmp-<pid>", "<name>.old-<pid>" or ".<name>.<pid>.tmp", 0 for others. */
pid_t leftovers_maker(const char *name);

/* A zombie has no executable any more: where nobody collects orphans it stays for ever. */
int leftovers_is_alive(pid_t pid);

#endif
