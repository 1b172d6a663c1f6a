/* SPDX-License-Identifier: GPL-3.0-or-later */
/* diagonal: preconditioning by the diagonal of a metric that is known as G = R' R.
 *
 *   s_i = running mean of sum_r R_ri^2,   v_i = g_i / (s_i + eps mean_j s_j)
 *
 * With R the whitened rows Tt of kwng_wide.h, s is the diagonal of the estimated Wasserstein
 * information matrix; with the gradients of single examples over sqrt(N) it is that of the Fisher
 * matrix. The running mean is Adam's: decay per step, with the correction 1 / (1 - decay^t). eps is
 * relative to the mean diagonal, so v is only scaled when R is. */
#ifndef GEOMETRY_DIAGONAL_H
#define GEOMETRY_DIAGONAL_H

#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "linalg/mat.h"

struct diagonal {
    size_t n;
    double decay, eps;
    double weight;        /* 1 - decay^t: of the observations so far */
    float *sum;           /* n: s before the correction */
    float *squares;       /* n: of the last observation */
};

/* 0 <= decay < 1, eps >= 0. */
struct diagonal diagonal_create(struct arena *mem, size_t n, double decay, double eps) MUST_USE;

/* Mixes in the diagonal of R' R, rows (any number x n). STATUS_DIVERGED, and nothing mixed in,
 * where it is not finite. */
enum status diagonal_observe(struct diagonal *d, const struct matf *rows) MUST_USE;

/* v (n) from gradient (n); may be the same. STATUS_NOTHING before the first observation;
 * STATUS_NOT_DEFINITE: the diagonal is 0 altogether, or with eps = 0 at one place; STATUS_DIVERGED:
 * v is not finite. After a failure v has no meaning. */
enum status diagonal_direction(const struct diagonal *d, const float *gradient, float *v) MUST_USE;

#endif
