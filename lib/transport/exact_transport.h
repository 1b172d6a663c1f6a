/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exact_transport: the Kantorovich problem between two weighted sets, solved exactly.
 *
 *     min_P <C, P>,  P >= 0, P 1 = a, P^T 1 = b
 *     =  max_{u, v} <a, u> + <b, v>,  u_i + v_j <= c_ij
 *
 * Successive shortest paths with potentials (Ahuja, Magnanti, Orlin, Network Flows, 1993, section
 * 9.7) on the dense bipartite graph, from the potentials of dual_start.h; a search goes on until
 * the columns that it meets can take all that a row still has. About two to four searches a row,
 * each of at most m steps of O(n + m), for some hundred points a side. Equal weights of equal
 * number are an assignment: assignment.h is faster there. Bits do not depend on the CPU. Beyond the
 * result it takes m x n and O(n + m) doubles, and a third of the cost for the start.
 */
#ifndef TRANSPORT_EXACT_TRANSPORT_H
#define TRANSPORT_EXACT_TRANSPORT_H

#include "base/memory.h"
#include "linalg/mat.h"
#include "linalg/vec.h"
#include "transport/transport.h"

/* Sums of a and b further apart than this, relatively, are no rounding (float weights are). */
#define EXACT_TRANSPORT_ROUNDING 1e-6

struct exact_transport {
    struct mat plan;   /* n x m; marginals a and b sum(a) / sum(b) */
    struct vec u;      /* n */
    struct vec v;      /* m, the largest is 0; u_i + v_j <= c_ij up to one rounding, also where a
                          weight is 0 */
    struct transport_report report; /* iterations: searches */
};

/* Solves into the arena; cost is n x m, a has n and b has m weights >= 0 (zeros are fine) of equal
 * sum, which need not be 1. +infinity is a forbidden entry. STATUS_USAGE for other shapes, a
 * negative weight, no mass, sums that differ, and where no plan avoids the forbidden entries;
 * STATUS_DIVERGED for weights that are not finite, and as cost_check; STATUS_NO_CONVERGENCE after
 * 1000 (n + m) searches. After a failure *out holds only the report's status. */
enum status exact_transport_solve(struct arena *mem, const struct mat *cost, const struct vec *a,
                                  const struct vec *b, struct exact_transport *out) MUST_USE;

/* The same with at most `most` searches. */
enum status exact_transport_within(struct arena *mem, const struct mat *cost, const struct vec *a,
                                   const struct vec *b, size_t most,
                                   struct exact_transport *out) MUST_USE;

#endif
