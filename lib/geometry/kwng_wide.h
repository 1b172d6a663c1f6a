/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kwng_wide: the kernelized Wasserstein natural gradient of kwng.h for many more parameters than
 * basis points (q >> M), as in networks: T is float, and no q x q matrix is formed.
 *
 *   v = (1/eps) D^-1 (g - Tt' s),     (Tt D^-1 Tt' + eps I) s = Tt D^-1 g,     Tt = w^{-1/2} V T
 *
 * T is read in blocks of columns that stay in the cache. Tt is rounded to float and takes the place
 * of T; all sums are double, and D, the system and v come from the rounded Tt, so v is that of a T
 * that is 2^-24 away. 3 M^2 q multiplications. */
#ifndef GEOMETRY_KWNG_WIDE_H
#define GEOMETRY_KWNG_WIDE_H

#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "geometry/kwng.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

struct kwng_wide {
    size_t basis, parameters; /* M at most, q */
    size_t rank;              /* of the last direction */
    struct matf t;            /* M x q: T; after kwng_wide_direction its first `rank` rows are Tt */
    struct vecf inverse;      /* q: 1 / D */
    struct mat vectors;       /* M x M: eigenvectors of the Gram matrix as rows, then w^{-1/2} V */
    struct vec values;        /* M: its eigenvalues */
    struct mat system;        /* M x M */
    struct vec right;         /* M: s */
    struct mat raw;           /* a block of columns in double, M numbers each */
    struct vec scaled;        /* one row of a block over D */
};

/* M < q: with as many basis points as parameters this form cancels, kwng.h does not. */
struct kwng_wide kwng_wide_create(struct arena *mem, size_t basis, size_t parameters) MUST_USE;

/* v (q) from gradient (q), gram (m x m, 1 <= m <= M; C C', or C C' + lambda K: options->lambda is
 * not read) and the first m rows of g->t. The report is filled in every case. Errors as kwng_factor
 * and kwng_direction; after one v is 0 and t has lost its content. */
enum status kwng_wide_direction(struct kwng_wide *g, const struct mat *gram,
                                const struct kwng_options *options, const float *gradient,
                                float *v, struct kwng_report *report) MUST_USE;

#endif
