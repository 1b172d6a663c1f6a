/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mode: pinned numerics (the same bits on every machine with AVX2) or native ones. */
#ifndef HARNESS_MODE_H
#define HARNESS_MODE_H

#include "base/provenance.h"
#include "base/status.h"

enum mode { NATIVE, PINNED };

const char *mode_name(enum mode mode); /* "native", "pinned" */

/* Can this machine be pinned: x86-64 with AVX2 and FMA? */
int mode_can_pin(void);

/* Sets the environment that a program of this mode needs before it starts: the BLAS kernel, one
 * thread, threads that wait passively and are not bound. */
void mode_environment(enum mode mode);

/* Called first in a program. The BLAS library reads its environment when it is loaded, so where the
 * kernel in use is not the wanted one the program sets the environment and starts itself again
 * (`argv` as main got it). STATUS_UNFIT when that did not help, when several BLAS libraries are
 * mixed, or when OMP_THREAD_LIMIT would stop the BLAS for ever. */
enum status mode_enter(enum mode mode, int threads, char **argv) MUST_USE;

/* mode, mode.evidence and the BLAS in use. */
void mode_record(enum mode mode, struct provenance *p);

#endif
