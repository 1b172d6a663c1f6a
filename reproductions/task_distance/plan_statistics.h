/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan_statistics: what two block plans have in common, and how far apart coupled points are. Plans
 * are blocks x b x b as in coupling.h: rows and columns of each block sum to 1 / b. */
#ifndef TASK_DISTANCE_PLAN_STATISTICS_H
#define TASK_DISTANCE_PLAN_STATISTICS_H

#include <stddef.h>

/* Mean over blocks of sum min(G, H): the mass on which both agree, 1 for the same plan, 1 / b in
 * the mean for two matchings drawn at random. */
double plan_statistics_overlap(const double *g, const double *h, size_t blocks, size_t b);

/* Mean over blocks of <G, C>. */
double plan_statistics_cost(const double *g, const double *cost, size_t blocks, size_t b);

/* sqrt of the mean over blocks, entries by G and numbers of a point of (x_i - y_j)^2; x and y have
 * blocks x b points of dim numbers. G NULL: 1 / b^2 everywhere. */
double plan_statistics_apart(const double *g, const float *x, const float *y, size_t dim,
                             size_t blocks, size_t b);

/* The point (0 .. n - 1) with most of the mass of point i; the first of equals. *share, of the
 * row's mass, is 0..1. */
size_t plan_statistics_partner(const double *g, size_t b, size_t i, double *share);

#endif
