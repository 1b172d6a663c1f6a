/* SPDX-License-Identifier: GPL-3.0-or-later */
/* distance_flow: proximal points one after the other, in one distance of transport_prox.h.
 *
 *   W(k+1) = argmin_V F(V) + D(V, W(k)) / (2 gamma),   k = 0 .. steps - 1
 *
 * SLICED draws new directions for every step and keeps them during the step, so that each proximal
 * point minimizes one function. A proximal point that its search left early is taken as it is; the
 * largest residual says so. */
#ifndef RELU_FLOWS_DISTANCE_FLOW_H
#define RELU_FLOWS_DISTANCE_FLOW_H

#include <stddef.h>

#include "base/memory.h"
#include "base/rng.h"
#include "relu_flows/transport_prox.h"

struct distance_flow {
    size_t steps;
    struct mat *path;     /* steps + 1 of m x d; the start is path[0] */
    struct vec loss;      /* steps + 1: F along the path */
    double residual;      /* the largest of the last run */
    struct mat work[4];   /* m x d */
};

struct distance_flow distance_flow_make(struct arena *mem, const struct mat *start, size_t steps);

/* Runs from path[0]. directions may be NULL for the distances that have none. The statuses of
 * transport_prox_point but STATUS_NO_CONVERGENCE. */
enum status distance_flow_run(struct distance_flow *flow, struct transport_prox *t,
                              transport_prox_loss *loss, void *context,
                              const struct transport_prox_options *options,
                              struct rng *directions, int frames) MUST_USE;

/* F = 0: where a distance alone leads. */
double distance_flow_no_loss(void *context, const struct mat *w, struct mat *gradient);

/* *distance = W2(a, b), the first `positive` rows and the others each among themselves. */
enum status distance_flow_between(double *distance, const struct mat *a, const struct mat *b,
                                  size_t positive) MUST_USE;

/* *ratio = D(W(k+1), W(k)) / W2^2(W(k+1), W(k)), mean over the steps of the last run. */
enum status distance_flow_ratio(double *ratio, const struct distance_flow *flow,
                                struct transport_prox *t) MUST_USE;

/* sum_i |w_i - mean|^2 over each sign's rows. */
double distance_flow_spread(const struct mat *w, size_t positive);

#endif
