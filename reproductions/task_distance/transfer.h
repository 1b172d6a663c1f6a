/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transfer: what all ways from one task to another share: the interpolation parameter over time,
 * steps of stochastic gradient descent, accuracies at the end.
 *
 * Step t = 1..T has the parameter tau(t / T), checkpoint m = 0..M lies after step m T / M and has
 * tau_m. Schedules (Y. Gao and P. Chaudhari, arXiv 2011.00613):
 *   deterministic  the published code of February 2021: with u = t / T
 *                  tau = 1/2 - (2/pi) asin sqrt(1/2 - u) for u < 1/2, antisymmetric about 1/2
 *   linear         tau = u
 *   beta           drawn from Beta(u, 1 - u), one draw a batch (section 2.3)
 *
 * A path is read twice: over all checkpoints, and coarsely, over every fourth and the last one,
 * each step at inputs frozen at the coarse checkpoint before it. Where gradients are of few images,
 * much of a length is the roughness of single checkpoints, which differs from run to run; a coarse
 * length has less of it. */
#ifndef TASK_DISTANCE_TRANSFER_H
#define TASK_DISTANCE_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "net/model.h"
#include "net/optimizer.h"
#include "task_distance/source_model.h"
#include "task_distance/task_pair.h"

enum transfer_schedule { TRANSFER_DETERMINISTIC, TRANSFER_LINEAR, TRANSFER_BETA };

enum { TRANSFER_CHECKPOINTS_MOST = 200, TRANSFER_COARSE = 4 };

struct transfer_options {
    size_t steps;             /* T, a multiple of M */
    size_t checkpoints;       /* M, 1..TRANSFER_CHECKPOINTS_MOST */
    size_t batch;             /* images a step */
    double learning_rate, momentum, weight_decay;
    size_t restart;           /* the velocity is 0 again after so many steps (published code: after
                                 each epoch); 0: never */
    enum transfer_schedule schedule;
    size_t evaluation_batch;  /* rows of an evaluation pass, at most the model's max_batch */
    size_t pad;               /* training images are shifted by up to so many pixels, and mirrored;
                                 0: neither */
};

/* Lengths of a path (geometry/fisher.h). */
struct transfer_length {
    double mean;              /* B: E sum_m sqrt(2 KL), equation (17b) */
    double riemannian;        /* A >= B: sum_m sqrt(E 2 KL), equation (8) */
    double released;          /* E mean_m sqrt(KL) = B / (sqrt(2) M), the published code */
};

/* Shares of right answers by part, of the model as it is now. */
struct transfer_accuracy {
    double source[TASK_PARTS], target[TASK_PARTS];
};

/* Whether a coarse length looks at checkpoint m = 1..M, and at how many: every fourth one and the
 * last. With M of at most four it is that of the ends alone. */
int transfer_is_coarse(size_t m, size_t checkpoints);
size_t transfer_coarse_count(size_t checkpoints);

/* tau of u = t / T, 0..1; draws only for TRANSFER_BETA. */
double transfer_tau(enum transfer_schedule schedule, double u, struct rng *rng);

/* Takes the memory that evaluation of all parts of both tasks needs: STATUS_MEMORY. Transfers do it
 * by themselves before their first step, with what their own passes need. */
enum status transfer_prepare(const struct model *model, const struct task_pair *pair) MUST_USE;

struct transfer_accuracy transfer_accuracy_of(const struct model *model,
                                              const struct task_pair *pair);

#endif
