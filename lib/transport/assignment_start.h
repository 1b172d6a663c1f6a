/* SPDX-License-Identifier: GPL-3.0-or-later */
/* assignment_start: duals for an assignment to start from.
 *
 * v_j = min_i c_ij - u_i: every column is tight in some row. Column reduction (R. Jonker,
 * A. Volgenant, 1987) has u = 0. Where mass has to travel far, that is worth little, and an
 * assignment of every third row and column (found in the same way) tells more: its duals u of the
 * rows give v to all columns, these give u to all rows. The better of both by its dual value
 * sum u + sum v is taken. */
#ifndef TRANSPORT_ASSIGNMENT_START_H
#define TRANSPORT_ASSIGNMENT_START_H

#include <stddef.h>

#include "base/status.h"
#include "linalg/mat.h"

/* Fills v (n) and from (n), the row in which each column is tight, for a cost of n x n; a column
 * without an allowed entry gets v = 0 and ASSIGNMENT_NONE. scratch: 2 n doubles; other: n indices. Takes (n / 3)^2
 * doubles and what assignment_solve takes for them. STATUS_MEMORY alone. */
enum status assignment_start(const struct mat *cost, double *v, size_t *from, double *scratch,
                             size_t *other) MUST_USE;

#endif
