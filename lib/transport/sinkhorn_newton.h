/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_newton: a step of Newton's method for the semi-dual, where sweeps have become slow. For
 * the files sinkhorn*.c. */
#ifndef TRANSPORT_SINKHORN_NEWTON_H
#define TRANSPORT_SINKHORN_NEWTON_H

#include "transport/sinkhorn_solver.h"

/* From a state that sinkhorn_solver_scale_rows left with exact rows to such a state with a smaller
 * error: returns 1. Otherwise 0, and u, v, t and the error are as they were. Takes at most `budget`
 * reads of the plan, counted as sweeps; `wanted`: the error that is small enough. */
int sinkhorn_newton_step(struct sinkhorn_solver *s, double wanted, size_t budget);

#endif
