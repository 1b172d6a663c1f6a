/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optimizer: SGD and Adam over flat float arrays, and schedules of the learning rate.
 *
 * Conventions are PyTorch's (torch.optim.SGD with dampening 0, torch.optim.Adam), step t = 1, 2, ..
 *   g = gradient + weight_decay * w
 *   SGD    v = momentum * v + g (v_0 = 0),   w = w - rate * v
 *   Adam   m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2,
 *          w = w - rate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
 * So the rate is not inside the velocity, weight decay is an L2 penalty (not decoupled), and
 * epsilon stands outside the corrected root. The arithmetic on arrays is float and uses
 * + - * / sqrt alone: the same bits on every CPU. */
#ifndef NET_OPTIMIZER_H
#define NET_OPTIMIZER_H

#include <stddef.h>

#include "base/memory.h"

enum optimizer_kind { OPTIMIZER_SGD, OPTIMIZER_ADAM };

struct optimizer_spec {
    enum optimizer_kind kind;
    double momentum;      /* SGD */
    double weight_decay;
    double beta1, beta2;  /* Adam; 0: 0.9, 0.999 */
    double epsilon;       /* Adam; 0: 1e-8 */
};

struct optimizer {
    struct optimizer_spec spec; /* with the defaults filled in */
    size_t n;             /* length of the arrays */
    size_t steps;         /* done so far */
    float *first;         /* n: velocity or m; NULL for SGD without momentum */
    float *second;        /* n: v of Adam; else NULL */
};

/* An optimizer for arrays of n, its state zero, memory from the arena (exhaustion: its guard). */
struct optimizer optimizer_create(struct arena *mem, const struct optimizer_spec *spec,
                                  size_t n) MUST_USE;

/* One step on params (n) with grads (n) at this rate. */
void optimizer_step(struct optimizer *o, float *params, const float *grads, double rate);

/* State to zero, as after optimizer_create. */
void optimizer_reset(struct optimizer *o);

/* ---- schedules ---- */

enum schedule_kind {
    SCHEDULE_CONSTANT, /* base */
    SCHEDULE_STEP,     /* base * factor^floor(t / period)         (StepLR) */
    SCHEDULE_COSINE,   /* end + (base - end) (1 + cos(pi t / period)) / 2, end from t = period on
                          (CosineAnnealingLR in closed form) */
    SCHEDULE_MILESTONES, /* base * factor^(number of milestones <= t)     (MultiStepLR) */
    SCHEDULE_EQUILIBRATION /* base * u^2 (1 - u)^5 7^7 / (2^2 5^5) with u = t / period, which is
                          base at u = 2/7, but never below end, and end from t = period on: the
                          shape of the quasi-static process of Gao and Chaudhari (2020), whose
                          code has a floor as here */
};

/* t counts from 0, in whatever the caller counts: steps or epochs. */
struct schedule {
    enum schedule_kind kind;
    double base;          /* rate at t = 0; of equilibration the largest */
    size_t period;        /* in units of t; for step, cosine and equilibration */
    double factor;        /* step, milestones */
    double end;           /* cosine, equilibration: the lowest rate */
    const size_t *milestones; /* milestone_count, ascending, in units of t */
    size_t milestone_count;
};

double schedule_rate(const struct schedule *s, size_t t);

#endif
