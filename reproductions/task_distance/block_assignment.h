/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block_assignment: the cheapest permutation of a small block, in memory that is given.
 *
 *     min_sigma sum_i c_{i, sigma(i)}
 *
 * Shortest augmenting paths, one row after the other, O(b^3) (R. Jonker, A. Volgenant, Computing 38
 * (1987) 325-340, without their start). transport/assignment.h is faster from some hundred rows on
 * and gives duals, but takes memory at each call; this one is called thousands of times for blocks
 * of a few dozen rows, in the middle of Frank-Wolfe. + - and comparisons alone. */
#ifndef TASK_DISTANCE_BLOCK_ASSIGNMENT_H
#define TASK_DISTANCE_BLOCK_ASSIGNMENT_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/memory.h"

struct block_assignment {
    size_t b;
    double *u, *v;         /* b, b: duals of rows and columns; u_i + v_j <= c_ij up to rounding */
    double *distance;      /* b: shortest path to each column so far */
    size_t *row;           /* b: row of each column, or b */
    size_t *from;          /* b: column before each one on its path, b at the start */
    unsigned char *done;   /* b */
};

struct block_assignment block_assignment_create(struct arena *mem, size_t b) MUST_USE;

/* column (b): sigma of a cost (b x b) of finite entries. */
void block_assignment_solve(struct block_assignment *s, const double *cost, size_t *column);

#endif
