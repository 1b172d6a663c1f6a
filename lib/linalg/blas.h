/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blas: which BLAS this process really uses. With a wrong link order, or with another library
 * chosen on the machine, everything still computes, 20 times slower or with other bits: so ask, and
 * record.
 *
 * All strings are static storage. The answers are OpenBLAS's own, but for blas_object and
 * blas_loaded, which ask the dynamic linker. */
#ifndef LINALG_BLAS_H
#define LINALG_BLAS_H

#include <stddef.h>

#include "base/provenance.h"

enum { BLAS_SERIAL = 0, BLAS_PTHREAD = 1, BLAS_OPENMP = 2 };

/* Core whose kernels run: "Haswell", "SkylakeX". OPENBLAS_CORETYPE asks for one when the library
 * loads, and an unknown name is ignored, so compare. */
const char *blas_core(void);

/* Version and build options in one line. */
const char *blas_config(void);

/* BLAS_SERIAL, BLAS_PTHREAD or BLAS_OPENMP. */
int blas_parallel(void);

int blas_threads(void);
void blas_set_threads(int n); /* n >= 1; the serial flavour stays at 1 */

/* File from which cblas_sgemm, dgemm_ and dsyevd_ all come; NULL when they do not come from one. */
const char *blas_object(void);

/* Loaded shared objects with blas or lapack in the file name; anything but 1 is a fault. */
size_t blas_loaded(void);

/* Sets blas.config, blas.core, blas.threads, blas.parallel (serial, pthread or openmp) and
 * blas.object (base name, or "mixed"). */
void blas_record(struct provenance *p);

/* A size as the int that BLAS and LAPACK take; CHECKs that it fits. */
int blas_int(size_t n);

#endif
