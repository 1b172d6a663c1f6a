/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_input: what sinkhorn.h says of inputs, and the memory of a solver. For the files
 * sinkhorn*.c. */
#ifndef TRANSPORT_SINKHORN_INPUT_H
#define TRANSPORT_SINKHORN_INPUT_H

#include "transport/sinkhorn_solver.h"

/* Range of the finite costs; STATUS_DIVERGED at NaN or -infinity, STATUS_USAGE where none is. */
enum status sinkhorn_input_cost(const struct mat *cost, double *lowest, double *highest) MUST_USE;

/* STATUS_USAGE when a row or a column with mass has no allowed partner with mass. */
enum status sinkhorn_input_support(const struct sinkhorn_solver *s) MUST_USE;

/* Checks everything and allocates everything; what follows allocates nothing. */
enum status sinkhorn_input_take(struct sinkhorn_solver *s, const struct sinkhorn_problem *p,
                                const struct sinkhorn_options *o, struct arena *mem) MUST_USE;

#endif
