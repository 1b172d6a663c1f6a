/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transfer_baselines: transfer without couplings, from the same source model, by the same number of
 * steps, at the same rate.
 *
 * Mixture (arXiv 2011.00613v1, section 3.1, (15), (16); the published code's projection): data of
 * time tau are real images, of the source with weight 1 - tau, of the target with weight tau. A
 * step takes half a batch of each,
 *     loss = (1 - tau) mean_s CE + tau mean_t CE,
 * and a length adds per checkpoint (1 - tau_m-1) mean_s + tau_m-1 mean_t of sqrt(2 KL) (B), or the
 * root of that mean of 2 KL (A), at all training images; tau of the coarse checkpoint before in a
 * coarse length (transfer.h).
 *
 * Fine-tuning (section 4.1): descent on the target alone; its length is sum |w_t+1 - w_t|, and, as
 * readings of the later version have it, the Riemannian one at the target's training images. Cut at
 * the first validation accuracy of at least 95 % of the last one. A first passage of a noisy number
 * is noisier than the path, so the lengths of the whole of it are there beside. */
#ifndef TASK_DISTANCE_TRANSFER_BASELINES_H
#define TASK_DISTANCE_TRANSFER_BASELINES_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "net/model.h"
#include "task_distance/source_model.h"
#include "task_distance/task_pair.h"
#include "task_distance/transfer.h"

struct mixture_result {
    struct transfer_length length, coarse;
    struct transfer_accuracy accuracy;
};

/* Streams "mixture-..." of the seed. STATUS_DIVERGED; STATUS_MEMORY. Memory is taken before the
 * first step only. */
enum status transfer_mixture(struct mixture_result *out, struct arena *mem,
                             const struct task_pair *pair, const struct model *model,
                             const struct source_model *start,
                             const struct transfer_options *options, uint64_t seed) MUST_USE;

struct fine_tuning_result {
    double euclidean, euclidean_whole; /* sum |w_t+1 - w_t| up to the cut, and of all steps */
    struct transfer_length length; /* up to the first checkpoint at or behind the cut */
    struct transfer_length whole, coarse; /* up to the last one */
    size_t cut;               /* step of the cut, a multiple of `every` */
    double validation;        /* last validation accuracy */
    struct transfer_accuracy accuracy; /* of w_T */
};

#define FINE_TUNING_CUT 0.95

/* `every` divides the number of steps: how often validation accuracy is taken. Streams
 * "fine-tuning-..." of the seed. Where the cut is, the last accuracy tells: weights are kept at
 * every validation and checkpoint meanwhile. STATUS_DIVERGED; STATUS_MEMORY. */
enum status transfer_fine_tuning(struct fine_tuning_result *out, struct arena *mem,
                                 const struct task_pair *pair, const struct model *model,
                                 const struct source_model *start,
                                 const struct transfer_options *options, size_t every,
                                 uint64_t seed) MUST_USE;

#endif
