/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_answer: a result and its report from plan and potentials. For the files sinkhorn*.c. */
#ifndef TRANSPORT_SINKHORN_ANSWER_H
#define TRANSPORT_SINKHORN_ANSWER_H

#include "transport/sinkhorn_solver.h"

/* The dual value of f and g; raw_mass: sum of the plan that they make. */
double sinkhorn_answer_dual(const struct sinkhorn_solver *s, double raw_mass);

/* Everything in the result, from plan and potentials as they are now; the plan is rounded unless
 * raw. cost: what <C, P> is with; NULL for the solver's own. */
enum status sinkhorn_answer_finish(struct sinkhorn_result *r, struct sinkhorn_solver *s,
                                   const struct mat *cost, int raw) MUST_USE;

#endif
