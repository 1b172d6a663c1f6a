/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moving_logistic: a logistic model of two classes on the line that follows a task into another.
 *
 * A task is two normal classes; the model is p_w(1|x) = sigma(w1 x + w0). Between source (tau = 0)
 * and target (tau = 1) either
 *   displacement  both classes slide: means and standard deviations are linear in tau, which is
 *                 McCann's interpolation of each class;
 *   mixture       p_tau = (1 - tau) p_s + tau p_t.
 * Weights are the minimum of the cross-entropy on p_tau at each tau, or they follow it by gradient
 * steps. Lengths as in geometry/fisher.h,
 *   A = sum_m sqrt(E 2 KL_m(x)),  B = sum_m E sqrt(2 KL_m(x)),  x ~ p_tau(m-1) frozen in a step.
 * All expectations by Gauss-Hermite quadrature; nothing is drawn. The integrands have poles at
 * w1 x + w0 = i pi, so n nodes leave an error of about exp(-2 sqrt(n) pi / (|w1| sd)); that of B
 * falls only as 1/n where the root has a kink, the x whose prediction stands still. */
#ifndef TASK_DISTANCE_MOVING_LOGISTIC_H
#define TASK_DISTANCE_MOVING_LOGISTIC_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/status.h"

struct moving_task {
    double mean[2], sd[2];   /* of classes 0 and 1, of equal weight */
};

enum moving_path { MOVING_DISPLACEMENT, MOVING_MIXTURE };

struct moving_logistic {
    enum moving_path path;
    struct moving_task source, target;
    int backwards;           /* 1: from the target to the source */
    size_t nodes;
    double *node, *weight;   /* nodes: of the standard normal distribution */
    double *x, *share;       /* 4 nodes: p_tau of the step under way; share sums to 1 */
    unsigned char *label;    /* 4 nodes */
};

/* `nodes` nodes a normal distribution; set path and tasks before use. STATUS_UNFIT where GSL does
 * not know so many. */
enum status moving_logistic_create(struct moving_logistic *m, struct arena *mem,
                                   size_t nodes) MUST_USE;

/* w = (w0, w1): minimum of the cross-entropy on p_tau, by Newton's method from w. tau counts along
 * the way that is gone. STATUS_NO_CONVERGENCE, STATUS_DIVERGED. */
enum status moving_logistic_minimum(struct moving_logistic *m, double tau, double w[2]) MUST_USE;

/* Cross-entropy of w on p_tau. */
double moving_logistic_loss(struct moving_logistic *m, double tau, const double w[2]);

struct moving_length {
    double riemannian, mean; /* A, B */
    double w[2];             /* at the end */
};

/* Lengths over M steps of equal tau, the weights at the minimum after each. */
enum status moving_logistic_follow(struct moving_logistic *m, size_t M,
                                   struct moving_length *out) MUST_USE;

/* The same where weights start at the minimum of the source and then make `steps` gradient steps
 * (a multiple of M) of size speed / steps, tau growing with each: dw/dtau = -speed grad. */
enum status moving_logistic_learn(struct moving_logistic *m, size_t M, size_t steps, double speed,
                                  struct moving_length *out) MUST_USE;

#endif
