/* SPDX-License-Identifier: GPL-3.0-or-later */
/* assignment: the cheapest way to give every row of a cost matrix a column of its own (or every
 * column a row, where rows > cols).
 *
 *     min_sigma sum_i c_{i, sigma(i)}  =  max_{u, v} sum_i u_i + sum_j v_j,  u_i + v_j <= c_ij
 *
 * Dense shortest augmenting paths: R. Jonker, A. Volgenant, Computing 38 (1987) 325-340, with their
 * augmenting row reduction, in the rectangular form of D. F. Crouse, IEEE Trans. Aerosp. Electron.
 * Syst. 52 (2016) 1679-1696; square ones begin as dual_start.h says. O(n m min(n, m)). Bits
 * do not depend on the CPU: + - and comparisons alone.
 *
 * The identity is returned wherever it is optimal to rounding (a constant matrix, for one). Beyond
 * the result it takes O(n + m) memory, and an eighth of a square cost. */
#ifndef TRANSPORT_ASSIGNMENT_H
#define TRANSPORT_ASSIGNMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "linalg/mat.h"
#include "transport/transport.h"

#define ASSIGNMENT_NONE SIZE_MAX

struct assignment {
    size_t rows, cols;
    size_t *column;  /* rows: column of each row, or ASSIGNMENT_NONE (only where rows > cols) */
    size_t *row;     /* cols: row of each column, or ASSIGNMENT_NONE (only where rows < cols) */
    double *u;       /* rows; u_i + v_j <= c_ij up to one rounding */
    double *v;       /* cols; the largest is 0, and free columns have 0 (rows <= cols). Where
                        rows > cols this holds of u instead */
    struct transport_report report; /* iterations: shortest paths; marginal_error: rows and columns
                                       that are not matched both ways */
};

/* Solves into the arena. +infinity is a forbidden entry. STATUS_USAGE where no assignment avoids
 * them; cost_check's statuses for a bad cost. After a failure *out holds only the report's
 * status. */
enum status assignment_solve(struct arena *mem, const struct mat *cost,
                             struct assignment *out) MUST_USE;

#endif
