/* SPDX-License-Identifier: GPL-3.0-or-later */
/* normal_paths: paths of diagonal normal models as rows of (mu, s), 2 d numbers each, where lengths
 * of differences are W2; and the plane in which several of them are seen best. */
#ifndef KWNG_NORMAL_PATHS_H
#define KWNG_NORMAL_PATHS_H

#include "base/compiler.h"
#include "base/memory.h"
#include "base/status.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

/* W2 of row k of two paths; of a row and a point. */
double normal_paths_apart(const struct mat *a, const struct mat *b, size_t k);
double normal_paths_from(const struct mat *a, size_t k, const struct vec *point);

/* The largest W2 up to time `horizon` between two runs of Euler's method for the exact Wasserstein
 * flow of W2^2, in logarithms of standard deviations and in variances, over their step, in the
 * limit of small steps; start and target are (mu, s), 2 d each. In one step they end off the run in
 * s by + and - 2 step^2 (s - s*)^2 / s; what that leaves decays as the flow does, so that they are
 * apart by
 *
 *   2 step e^{-2t} (s_0 - s*) log(s_0 / s_t),   s_t = s* + (s_0 - s*) e^{-2t}
 *
 * and half as far each from the run in s. */
double normal_paths_euler_gap(const struct vec *start, const struct vec *target, double horizon);

/* The plane of the two leading eigenvectors of sum (row - target) (row - target)' over the rows of
 * `count` paths: at[m] (rows x 2) are the coordinates of path m about the target. Signs: the first
 * row of each path lies at coordinates >= 0 (all paths start at one point). *explained is the
 * plane's share of the sum of squares. STATUS_NO_CONVERGENCE of LAPACK. */
enum status normal_paths_plane(struct mat *at, double *explained, const struct mat *paths,
                               size_t count, const struct vec *target, struct arena *mem) MUST_USE;

#endif
