/* SPDX-License-Identifier: GPL-3.0-or-later */
/* coupled_transfer: the distance between two tasks, by transfer along couplings of their images.
 *
 * Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks (arXiv
 * 2011.00613v1), equations (17a) to (17d), in the order of their published code. With a coupling
 * G^0 from features, iteration k = 0, 1, ..
 *   w <- w^s
 *   for t = 1..T: source images i of a random permutation, partners j ~ row i of G^k,
 *       x = (1 - tau) x_i + tau x_j                                                  (17d)
 *       one step on (1 - tau) CE(y_i) + tau CE(y_j)                                  (17c)
 *   at each checkpoint m = 1..M, for every entry (i, j) of a block,
 *       C_ij += sqrt(2 KL(p_{w_m-1}(.|x_ij) || p_{w_m}(.|x_ij))), x_ij frozen at tau_m-1  (17b)
 *   distance_k = mean over blocks of <G^k, C^k>
 *   G^k+1 from G^k and C^k                                                           (17a)
 * The distance of an iteration is that with the plan that its images were drawn by. It is read
 * coarsely too (transfer.h), from the entries that a plan draws; no update knows of that. */
#ifndef TASK_DISTANCE_COUPLED_TRANSFER_H
#define TASK_DISTANCE_COUPLED_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "net/model.h"
#include "task_distance/coupling.h"
#include "task_distance/source_model.h"
#include "task_distance/task_pair.h"
#include "task_distance/transfer.h"

enum coupled_update {
    COUPLED_GROWING,  /* quadratic, weight 5^k `weight` (published code: 0.05) */
    COUPLED_CONSTANT, /* quadratic, `weight` */
    COUPLED_ENTROPIC, /* (17a) as printed: epsilon, lambda */
    COUPLED_NEVER     /* the plan stays as it starts */
};

struct coupled_options {
    struct transfer_options transfer;
    size_t block;             /* b; divides both numbers of training and of test images */
    size_t cost_blocks;       /* entries of the first so many blocks are evaluated and their plans
                                 updated, the others keep theirs; 0: all */
    enum feature_cost start_cost;
    double start_epsilon;     /* of the first plan; published code: 1e-3 of -cos */
    enum coupled_update update;
    double weight;            /* quadratic updates */
    double epsilon, lambda;   /* entropic ones */
    int last_update;          /* 0: the plan stays after the last iteration, which then needs the
                                 lengths of pairs in the plan alone, as others without an update */
    int losses;               /* 0: no losses along the path */
};

/* What iteration k was. Plain numbers: saved and read back as they are. */
struct coupled_iteration {
    struct transfer_length length;
    struct transfer_length coarse; /* over every fourth checkpoint and the last */
    double first_plan;        /* <G^0, C^k>: B of the plan of features along this very path */
    double first_coarse;      /* the same by coarse lengths */
    struct transfer_accuracy accuracy; /* of w_M of the last iteration of a run; of others 0 */
    double moved;             /* mass that the update of the plan after this iteration moved */
    double gap;               /* of that update: objective less a lower bound of it */
    double tau[TRANSFER_CHECKPOINTS_MOST + 1];        /* M + 1 */
    double train_loss[TRANSFER_CHECKPOINTS_MOST + 1]; /* on p_tau at w_m: entries by G^k; with
                                 options.losses, else 0 */
    double test_loss[TRANSFER_CHECKPOINTS_MOST + 1];  /* the same over test images, each with one
                                 partner drawn from a coupling of test features */
    double step[TRANSFER_CHECKPOINTS_MOST + 1];       /* mean sqrt(2 KL) by G^k of m = 1..M */
};

struct coupled_transfer {
    const struct task_pair *pair;
    const struct model *model;
    const struct source_model *start;
    struct coupled_options options;
    struct coupling plan;     /* of training images */
    struct coupling evaluated;/* its first cost_blocks blocks: a view */
    struct coupling first;    /* G^0 of these blocks */
    double *cost;             /* cost_blocks x b x b: C of the last iteration; 0 where no update
                                 followed and neither plan had mass */
    struct coupled_work *work;
    struct coupled_memo *memo;/* NULL, or where a run looks for its iterations but the last */
};

/* All memory that iterations need beside the network's; options must stay. Both tasks have n
 * training images and equal feature_dim >= 1, unless the plan is never taken from features. */
struct coupled_transfer coupled_transfer_create(struct arena *mem, const struct task_pair *pair,
                                                const struct model *model,
                                                const struct source_model *start,
                                                const struct coupled_options *options) MUST_USE;

/* `iterations` of the above from the plan of features; out[k] is iteration k. Streams "pairs:k",
 * "order:k", ... of the seed, so that methods with the same seed see the same images. With a path
 * the state is saved there after each iteration, and a call that finds it goes on from it to the
 * same bits; the file stays until the caller removes it. STATUS_DIVERGED: a loss was not finite.
 * Statuses of coupling.h and of checkpoint.h. The network's passes take their memory first:
 * STATUS_MEMORY. Entropic updates and the first plan take memory for a while, iterations take
 * none. */
enum status coupled_transfer_run(struct coupled_transfer *c, size_t iterations, uint64_t seed,
                                 const char *path, struct coupled_iteration *out) MUST_USE;

/* One iteration with the plan 1 / b^2 everywhere: uncoupled transfer by mixed images, which is
 * like for like with the above. The plan stays so. */
enum status coupled_transfer_independent(struct coupled_transfer *c, uint64_t seed,
                                         struct coupled_iteration *out) MUST_USE;

enum { TRANSFER_TOGETHER_MOST = 8 };

/* Iteration 0 of n transfers that differ in nothing but checkpoints, with the plan of features: one
 * trajectory, measured by each; out (n). Measuring moves nothing that a step reads. */
enum status coupled_transfer_together(struct coupled_transfer *const *c, size_t n, uint64_t seed,
                                      struct coupled_iteration *out) MUST_USE;

/* Iteration k with c->plan as it is; fills c->cost and all of `out` but moved and gap. The first
 * plan is that of the last run, or none with mass. */
enum status coupled_transfer_iterate(struct coupled_transfer *c, size_t k, uint64_t seed,
                                     struct coupled_iteration *out) MUST_USE;

#endif
