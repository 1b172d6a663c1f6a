/* SPDX-License-Identifier: GPL-3.0-or-later */
/* alignment_course: gradient descent of a ReLU network from one start, watched for the time when
 * its neurons are aligned (relu_alignment.h) and the time when its loss begins to fall.
 *
 *   w_i <- w_i - eta dF/dw_i,  and where the output weights are trained  c_i <- c_i - eta dF/dc_i
 *
 * from |c_i| = 1 (frozen) or |c_i| = |w_i| (trained, balanced: the flow keeps c_i^2 - |w_i|^2). F
 * depends on the products c_i w_i alone as long as c_i keeps its sign, so c_i dF/dc_i =
 * <w_i, dF/dw_i>.
 *
 * Source: V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June 2024,
 * section 3 (frozen); E. Boursier, L. Pillaud-Vivien and N. Flammarion, Gradient flow dynamics of
 * shallow ReLU networks for square loss and orthogonal inputs, 2022 (balanced). */
#ifndef RELU_FLOWS_ALIGNMENT_COURSE_H
#define RELU_FLOWS_ALIGNMENT_COURSE_H

#include "base/memory.h"
#include "base/rng.h"
#include "relu_flows/relu_alignment.h"
#include "relu_flows/relu_network.h"

struct alignment_flow {
    int trained;                   /* output weights move too */
    struct relu_network net;
    struct mat directions;         /* m x d: the start at scale 1, N(0, 1) */
    struct mat w, g;               /* m x d */
    struct relu_alignment alignment;
};

/* Half of the m neurons positive, half negative; `data` is kept by address. */
struct alignment_flow alignment_flow_make(struct arena *mem, const struct relu_data *data, size_t m,
                                          int trained, struct rng *start,
                                          struct relu_alignment_limits limits);

/* W = scale times the directions, and the output weights that go with it. */
void alignment_flow_start(struct alignment_flow *f, double scale);

/* One step along -g, the gradient at the present W. */
void alignment_flow_step(struct alignment_flow *f, double eta);

/* Median cosine of w_i with its start, over the neurons that were active there. */
double alignment_flow_kept(struct alignment_flow *f);

/* Steps are `relative` times the time passed, at least `first` and at most eta. */
struct alignment_clock {
    double eta, relative, first;
    double horizon;  /* time at which a course ends */
    double early;    /* time of an early look at the neurons */
    double between;  /* looks lie this part of the time passed apart */
    double moved;    /* the loss has begun to fall when F < moved F(0) */
};

/* Sees the network at the looks' times, F being relative to F(0); NULL: nobody does, and the course
 * ends when both of its times are known. */
typedef void alignment_observer(void *to, const struct alignment_flow *f,
                                const struct relu_sight *seen, double t, double F);

/* Times are the horizon where the thing never happened. */
struct alignment_course {
    double aligned;         /* time when the median cosine comes to exceed the limit `aligned` */
    double escape;          /* time when F falls below moved F(0) */
    double aligned_loss;    /* F / F(0) at the time aligned; 0 where that never came */
    double early_loss;      /* F / F(0) at the early look */
    struct relu_sight early, at_escape;
};

/* From the present W to the horizon. Times are interpolated linearly between looks (aligned) and
 * steps (escape). */
struct alignment_course alignment_course_follow(struct alignment_flow *f,
                                                const struct alignment_clock *clock,
                                                alignment_observer *observer, void *to);

#endif
