/* SPDX-License-Identifier: GPL-3.0-or-later */
/* empirical_ntk: the tangent kernel of a finite network at its present parameters.
 *
 *   Theta(x, x') = <df(x)/d theta, df(x')/d theta>
 *                = sum_l (s_l^2 <h_{l-1}, h'_{l-1}> + t_l^2) <delta_l, delta'_l>
 *
 * with h_0 = x, delta_l = df / d z_l and the scales of net.h: one backward pass for all examples
 * and two Gram matrices a layer instead of a Jacobian of n x parameters. For infinite width it is
 * kernel/ntk.h's, with differences of order width^(-1/2) (Jacot et al. 2018). */
#ifndef GEOMETRY_EMPIRICAL_NTK_H
#define GEOMETRY_EMPIRICAL_NTK_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/status.h"
#include "linalg/mat.h"
#include "net/net.h"

/* out (n x n) = Theta among n rows of x (n x inputs), n at most the network's max_batch; one output
 * (CHECKed). Products in double. Overwrites the network's gradients. STATUS_MEMORY;
 * STATUS_DIVERGED: an activation or a derivative is not finite. */
enum status empirical_ntk(struct mat *out, struct net *net, const float *x, size_t n) MUST_USE;

#endif
