/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scratch: the numbers that the doctor's checks of BLAS and LAPACK work on, and how they went. */
#ifndef BENCH_SCRATCH_H
#define BENCH_SCRATCH_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/rng.h"

enum {
    SCRATCH_POOL = 1 << 14,
    SCRATCH_ROOM = 1 << 18, /* numbers of the largest operand */
    SCRATCH_LARGEST_OFFSET = 8
};

#define SCRATCH_SENTINEL 7.25 /* what must not be written holds it */

struct scratch {
    struct arena mem;
    double *pool;              /* SCRATCH_POOL random floats, used over and over */
    size_t next;               /* in the pool */
    struct rng rng;
    /* SCRATCH_ROOM each */
    double *a, *b, *c;         /* operands */
    double *pa, *pb;           /* op(A), op(B), packed */
    double *want, *size, *got; /* naive result, sum of magnitudes, what the BLAS gave */
    /* SCRATCH_ROOM + SCRATCH_LARGEST_OFFSET each */
    double *da, *db, *dc;      /* what the BLAS sees */
    float *fa, *fb, *fc;       /* the same */
    int threads;               /* now */
};

/* How the cases of a check went. */
struct tally {
    size_t cases;
    double worst;              /* error in units of its bound, infinite for NaN */
    char where[120];           /* of the worst */
};

/* Takes the memory from w->mem, which has a guard. */
void scratch_make(struct scratch *w);

/* rows x cols numbers with leading dimension ld; what lies between is `gap`. */
void scratch_fill(struct scratch *w, double *x, size_t rows, size_t cols, size_t ld, double gap);

/* One case: the largest `off` against its bound, and where it was. */
void scratch_measure(struct tally *t, double off, double bound, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* The largest of both, NaN when one is. */
double scratch_larger(double x, double y);

#endif
