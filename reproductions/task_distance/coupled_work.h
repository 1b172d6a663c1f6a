/* SPDX-License-Identifier: GPL-3.0-or-later */
/* coupled_work: the memory of coupled_transfer.h, and what it does at a checkpoint.
 *
 * An item is an entry (i, j) of an evaluated block. At checkpoint m each is evaluated twice with
 * w_m: at the image x_ij frozen at tau_m-1, whose prediction by w_m-1 was kept, for the cost; and
 * at tau_m, to be kept and for the loss on p_tau. Where no update of the plan follows, nobody asks
 * for the cost of pairs that the plan does not draw, and they are left out; and where tau is 0 or 1
 * the images of a row or column of a block are the same, and one is evaluated. A product of
 * matrices rounds by a row's place, so that moves the last digits of a length; costs that go into
 * an update, which may jump on them, have each pair in its place.
 *
 * At a coarse checkpoint (transfer.h) pairs that a plan draws are evaluated once more, at the image
 * frozen at the coarse checkpoint before it. */
#ifndef TASK_DISTANCE_COUPLED_WORK_H
#define TASK_DISTANCE_COUPLED_WORK_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "geometry/fisher.h"
#include "task_distance/coupled_transfer.h"
#include "task_distance/descent.h"

/* When an update of the plan is good enough: its gap, in the unit of the published statistic (of
 * about 0.1), and the number of sweeps at most. */
#define COUPLED_GAP    1e-5
#define COUPLED_SWEEPS 2000

/* Share of a mean, relative to all of it, that is below its rounding whatever the lengths are. */
#define COUPLED_SHARE 1e-30

/* Numbers of rows of evaluation passes: multiples of a chunk over so many. */
#define COUPLED_PASSES 5

/* Items that are evaluated together. */
struct coupled_items {
    size_t n;
    uint32_t *item;           /* n, ascending */
    int in_place;             /* each pair has its row of a product: nothing is taken from ends */
};

/* The coarse length: a checkpoint's predictions are kept until the next coarse one. */
struct coupled_coarse {
    struct coupled_items of;  /* those of a share that counts in one of two plans */
    struct fisher_length length;
    double tau;               /* of the coarse checkpoint before */
    float *kept;              /* items x outputs: logits of its w at its tau */
};

struct coupled_work {
    const struct task_pair *pair;
    const struct model *model;
    struct descent descent;
    struct image_stream images, partners; /* of the source; shifts of the target's images */
    struct rng draws, taus;
    uint32_t *partner;        /* batch: target images of the step */
    float *other;             /* batch x inputs: those images */
    /* at checkpoints */
    size_t b, items;          /* items = evaluated blocks x b x b, in the order of their plan */
    size_t chunk;             /* rows of an evaluation pass */
    size_t checkpoints;       /* M */
    int losses;
    struct coupled_items of;  /* those that are followed */
    float *x;                 /* chunk x inputs */
    float *kept, *now;        /* items x outputs: logits of w_m at tau_m and at tau_m-1 */
    float *ends;              /* evaluated images of a task x outputs: logits at tau = 0 or 1 */
    double *weights;          /* items: share of each in E_x, G^k / blocks */
    double *scaled;           /* items: cost by the coarse length, or in the unit of the published
                                 statistic */
    struct fisher_length length;
    struct coupled_coarse coarse;
    struct coupling test_plan;
    uint32_t *test_partner;   /* test images of the target, one for each of the source */
};

struct coupled_work coupled_work_create(struct arena *mem, const struct task_pair *pair,
                                        const struct model *model,
                                        const struct coupled_options *options,
                                        size_t blocks) MUST_USE;

/* Takes the memory of passes: those of steps and of all numbers of rows that a checkpoint may have.
 * STATUS_MEMORY. */
enum status coupled_work_prepare(const struct coupled_work *w) MUST_USE;

/* One partner for each test image of the source, drawn from test_plan. */
void coupled_work_draw_test(struct coupled_work *w, struct rng *draws);

/* No length yet; weights from the plan of the evaluated blocks. all: every item is followed, else
 * those of a share that counts in this plan or in the other one, as for the coarse length. */
void coupled_work_begin(struct coupled_work *w, const struct coupling *plan,
                        const struct coupling *other, int all);

/* Checkpoint 0, tau_0 = 0. */
void coupled_work_start(struct coupled_work *w, struct coupled_iteration *out);

/* Checkpoint m = 1..M; out->tau[m - 1] and [m] are there. */
void coupled_work_measure(struct coupled_work *w, size_t m, struct coupled_iteration *out);

/* After the last checkpoint: C (items) and the lengths of `out`, by the plan of the evaluated
 * blocks and by their first one. */
void coupled_work_finish(struct coupled_work *w, const struct coupling *plan,
                         const struct coupling *first, double *cost,
                         struct coupled_iteration *out);

#endif
