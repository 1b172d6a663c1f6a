/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provenance: what produced a result, captured by the program itself when it starts.
 *
 * A sorted list of keys and values. Nothing is typed by hand, nothing comes from the network, no
 * user or host name is in it. Keys are dotted: build.compiler, blas.core, machine.cpu, ... */
#ifndef BASE_PROVENANCE_H
#define BASE_PROVENANCE_H

#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/table.h"

/* A zeroed struct is the empty list. */
struct provenance {
    char **keys, **values; /* count of each, sorted by key */
    size_t count, capacity;
    int failed;            /* memory ran out: provenance_save says so */
};

/* Sets a key; an existing one is replaced. */
void provenance_set(struct provenance *p, const char *key, const char *format, ...)
    PRINTF_LIKE(3, 4);
const char *provenance_get(const struct provenance *p, const char *key); /* or NULL */

/* Fills in what this process can find out without linking a numeric library:
 *   build.compiler, build.flags, build.commit, build.dirty  (the first two compiled in by
 *     the Makefile; the others from INFOGEO_COMMIT and INFOGEO_DIRTY in the environment, so that a
 *     program does not depend on the commit; "unknown" without them),
 *   libc.version, machine.cpu, machine.cores, machine.memory_mib, machine.kernel, machine.arch,
 *   machine.isa (avx2, fma, avx512f, amx as the CPU offers them), float.rounding, float.flush,
 *   blas.objects  (every loaded shared object whose name contains blas or lapack). */
void provenance_capture(struct provenance *p);

/* Columns key, value; sorted by key. */
enum status provenance_save(struct provenance *p, const char *path) MUST_USE;
void provenance_free(struct provenance *p);

#endif
