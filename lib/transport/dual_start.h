/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dual_start: potentials for an exact solver to start from, where all columns will be filled.
 *
 * v_j = min_i c_ij - u_i: every column is tight in some row. Column reduction (R. Jonker,
 * A. Volgenant, 1987) has u = 0. Where mass has to travel far, that is worth little, and the
 * problem of every third row and column (solved in the same way) tells more: its potentials u of
 * the rows give v to all columns, these give u to all rows. Of both the one with the larger dual
 * value <a, u> + <b, v> is taken. */
#ifndef TRANSPORT_DUAL_START_H
#define TRANSPORT_DUAL_START_H

#include <stddef.h>

#include "base/status.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

struct dual_start_problem {
    const struct mat *cost; /* n x m, checked */
    const struct vec *a;    /* n, or NULL: an assignment, n = m */
    const struct vec *b;    /* m, or NULL */
};

/* Fills v (m) and from (m), the row in which each column is tight; a column without an allowed
 * entry gets v = 0 and ASSIGNMENT_NONE. scratch: n + m doubles; other: m indices. A sample is a
 * ninth of the cost; with what its own solver takes, this needs an eighth of the cost (with weights
 * three times that). STATUS_MEMORY alone. */
enum status dual_start(const struct dual_start_problem *problem, double *v, size_t *from,
                       double *scratch, size_t *other) MUST_USE;

#endif
