/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net_jacobian: derivatives of a network's outputs by its parameters, whole and as products.
 *
 *   J (n outputs x param_count): row i outputs + k = d f_k(x_i) / d params
 *
 * Dense by one backward pass an output, which is for tests and small networks: n outputs times the
 * cost and the memory of a pass. The products never form it: J v is one pass forward with
 *   dz_l = s_l (dh_{l-1} W_l + h_{l-1} V_l) + t_l c_l,  dh_l = act'(z_l) dz_l,  dh_0 = 0
 * for v = (V_1, c_1, .., V_L, c_L), J' v one pass backward. In float, as all passes; x is n x
 * inputs with 1 <= n <= max_batch. J J' of one output is the tangent kernel
 * (geometry/empirical_ntk.h). */
#ifndef NET_NET_JACOBIAN_H
#define NET_NET_JACOBIAN_H

#include <stddef.h>

#include "linalg/mat.h"
#include "net/net.h"

/* J, for any n >= 1. Overwrites the gradients. */
void net_jacobian(struct matf *J, struct net *net, const float *x, size_t n);

/* out (n x outputs) = J v; v (param_count) may be the network's gradients. Overwrites the deltas: a
 * backward pass comes after a forward pass of its own. */
void net_jacobian_times(float *out, struct net *net, const float *x, size_t n, const float *v);

/* out (param_count) = J' v; v (n x outputs). out may be the network's gradients, which are
 * overwritten in any case. */
void net_jacobian_transposed_times(float *out, struct net *net, const float *x, size_t n,
                                   const float *v);

#endif
