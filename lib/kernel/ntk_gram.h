/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ntk_gram: kernel matrices of infinitely wide ReLU networks (ntk.h) between sets of inputs.
 *
 * Tile by tile: a small matrix product gives A_0, and the recursion over layers runs on the tile
 * while it is in cache, in the form Theta^(l+1) = Q_{l+1} + sigma_w^2 K_l Theta^(l), which needs no
 * pass backward. arccos and arcsin are our own polynomial (absolute error below 4e-16), so that the
 * loop vectorizes; entries agree with ntk_value to 1e-12 of the diagonal, and to 1e-7 where inputs
 * are almost parallel: arccos has a root at 1. A cosine within 2^-48 of 1 or -1 counts as that, so
 * that an input which repeats has equal rows up to rounding. The product is the BLAS's, so bits
 * depend on its core, not on the tiles. */
#ifndef KERNEL_NTK_GRAM_H
#define KERNEL_NTK_GRAM_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/status.h"
#include "kernel/ntk.h"
#include "linalg/mat.h"

/* What is computed: the tangent kernel, the covariance, or the kernel of one layer, 1 .. L. */
enum { NTK_TANGENT = 0, NTK_COVARIANCE = -1 };

/* out (n x n) = kernel among the rows of x (n x d), A_0 = scale <x, x'>; symmetric to the bit.
 * n^2 d + about 40 n^2 L operations. STATUS_DIVERGED: an input that is not finite;
 * STATUS_MEMORY. what: NTK_TANGENT, NTK_COVARIANCE or a layer. */
enum status ntk_gram(struct mat *out, const struct ntk_spec *spec, int what, const struct mat *x,
                     double scale) MUST_USE;

/* out (n x m) = kernel between the rows of x (n x d) and of y (m x d). */
enum status ntk_gram_cross(struct mat *out, const struct ntk_spec *spec, int what,
                           const struct mat *x, const struct mat *y, double scale) MUST_USE;

/* F (n x k) += Theta(x, y) A, A (m x k), without keeping Theta: tiles are used and forgotten. */
enum status ntk_gram_apply(struct mat *f, const struct ntk_spec *spec, const struct mat *x,
                           const struct mat *y, double scale, const struct mat *a) MUST_USE;

#endif
