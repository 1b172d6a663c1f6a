/* SPDX-License-Identifier: GPL-3.0-or-later */
/* assignment_kernel: the scans over one row of a cost matrix that assignments spend their time in.
 *
 * c is the row, v the columns' duals, m each; entries may be +infinity, and v -infinity hides a
 * column. + - and comparisons alone: the same bits on every CPU. */
#ifndef TRANSPORT_ASSIGNMENT_KERNEL_H
#define TRANSPORT_ASSIGNMENT_KERNEL_H

#include <stddef.h>
#include <stdint.h>

struct assignment_two {
    double first, second; /* the two smallest values, equal ones counted twice */
    size_t at;            /* the lowest index that has the first */
};

/* The two smallest of c_j - v_j; infinity where there is none. */
void assignment_kernel_two(const double *c, const double *v, size_t m, struct assignment_two *out);

/* min_j c_j - v_j; infinity for m = 0. */
double assignment_kernel_least(const double *c, const double *v, size_t m);

/* v_j = min(v_j, c_j - u), and from_j = row where that is smaller. u may be +infinity where all
 * entries are: such a row lowers nothing. */
void assignment_kernel_lower(const double *c, double u, size_t row, double *v, size_t *from,
                             size_t m);

/* The lowest index of the smallest distance, which goes to *least; m >= 1. */
size_t assignment_kernel_nearest(const double *distance, size_t m, double *least);

/* distance_j = min(distance_j, c_j - v_j - shift), and from_j = row where that is nearer. Then
 * as assignment_kernel_nearest. */
size_t assignment_kernel_relax(const double *c, const double *v, double shift, size_t row,
                               double *distance, size_t *from, size_t m, double *least);

#endif
