/* SPDX-License-Identifier: GPL-3.0-or-later */
/* coupling: block-diagonal couplings of two samples of n = blocks x b points, and their updates.
 *
 * Points are cut into blocks of b consecutive ones; a source point is coupled with target points of
 * its own block alone, and only those entries exist. Each block plan G (b x b) is >= 0 with all row
 * and column sums 1/b. Y. Gao and P. Chaudhari, An information-geometric distance on the space of
 * tasks (arXiv 2011.00613v1), equations (13), (14), (17a), (17d); the quadratic step is that of its
 * later version (ICML 2021, (12a)) and of the published code.
 *
 *   start      min <G, C> - eps H(G), C = |phi_i - phi_j|^2 (14), or -cos(phi_i, phi_j) (code)
 *   quadratic  min <G, C> + rho/2 |G - G_k|^2, by Frank and Wolfe: linear oracle = assignment,
 *              exact step min(1, gap / (rho |D|^2)), D = vertex - G, gap = -<C + rho (G - G_k), D>
 *   entropic   min <G, C> - eps H(G) - <G, G_k> / lambda (17a): plain entropic transport with the
 *              cost C - G_k / lambda
 *
 * Frank and Wolfe's gap falls as about rho / (b iterations) where the answer is no vertex.
 * H(G) = -sum G log G, as in (11); it moves no minimum against KL to the product of marginals. */
#ifndef TASK_DISTANCE_COUPLING_H
#define TASK_DISTANCE_COUPLING_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "task_distance/block_assignment.h"
#include "task_distance/feature_cost.h"

struct coupling {
    size_t blocks, b;
    double *plan;            /* blocks x b x b */
    double *next, *gradient; /* b x b: scratch */
    size_t *column;          /* b: vertex of the polytope, scratch */
    struct block_assignment assignment;
};

/* What an update did; the worst block, but for `moved`. */
struct coupling_report {
    double gap;          /* objective less a lower bound of it */
    double marginal_error; /* L1 of row and column sums against 1/b, one block */
    double moved;        /* mean over blocks of |G_k+1 - G_k|_1 / 2: the mass that moved */
    size_t iterations;
};

/* The product plan, 1 / b^2 everywhere. All memory that draws, interpolations and quadratic steps
 * need is taken here. */
struct coupling coupling_create(struct arena *mem, size_t blocks, size_t b) MUST_USE;

/* Entropic plan for the features of both samples (n x dim each), eps in the unit of the cost. Takes
 * memory a block and gives it back. STATUS_DIVERGED: a feature is not finite; STATUS_DATA: it is 0
 * and has no direction; STATUS_NO_CONVERGENCE, the plan is then the last one made feasible. */
enum status coupling_start(struct coupling *c, const float *source, const float *target, size_t dim,
                           enum feature_cost kind, double eps,
                           struct coupling_report *report) MUST_USE;

/* Quadratic step with cost (blocks x b x b) and rho >= 0; at rho = 0 the plan becomes a vertex.
 * Stops where gap <= tolerance (the objective has the unit of the cost), and at most_iterations
 * with STATUS_NO_CONVERGENCE, the plan feasible and report.gap saying how good. STATUS_DIVERGED,
 * nothing changed: a cost is not finite. No memory is taken. */
enum status coupling_quadratic(struct coupling *c, const double *cost, double rho,
                               double tolerance, size_t most_iterations,
                               struct coupling_report *report) MUST_USE;

/* Entropic step (17a), lambda > 0; +infinity leaves the previous plan out. Memory and statuses as
 * coupling_start. */
enum status coupling_entropic(struct coupling *c, const double *cost, double eps, double lambda,
                              struct coupling_report *report) MUST_USE;

/* Weight of the quadratic term of update k = 0, 1, ...: first 5^k; published code: first = 0.05. */
double coupling_growing_weight(double first, size_t k);

/* mean over blocks of <G, C>: the distance, if C holds the lengths of the pairs. */
double coupling_mean_cost(const struct coupling *c, const double *cost);

/* Target point (0 .. n-1) of source point i, drawn from row i; one uniform draw. */
size_t coupling_draw(const struct coupling *c, size_t i, struct rng *rng);

/* out = (1 - tau) x + tau y, n floats each (17d); exact at tau = 0 and 1. out may be x or y. */
void coupling_interpolate(float *out, const float *x, const float *y, float tau, size_t n);

/* b x b entries of a block. */
double *coupling_block(const struct coupling *c, size_t block);

#endif
