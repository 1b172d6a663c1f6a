/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transfer_witness: predictions at real images, and how far they go from one checkpoint to a later
 * one. The same look serves a length over all checkpoints and a coarse one (transfer.h). */
#ifndef TASK_DISTANCE_TRANSFER_WITNESS_H
#define TASK_DISTANCE_TRANSFER_WITNESS_H

#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "net/model.h"
#include "task_distance/transfer.h"

struct transfer_witness {
    const struct model *model;
    const float *x;           /* n x inputs */
    size_t n, chunk;          /* chunk: rows of an evaluation pass */
    float *now, *kept, *coarse; /* n x outputs: logits at this checkpoint, at the last one, at the
                                 last coarse one */
};

/* Means over the images of sqrt(2 KL) and of 2 KL of a step. */
struct transfer_moved {
    double root, squared;
};

struct transfer_witness transfer_witness_create(struct arena *mem, const struct model *model,
                                                const struct task_part_images *images,
                                                size_t chunk) MUST_USE;

/* Takes the memory of its passes: STATUS_MEMORY. Before the first look. */
enum status transfer_witness_prepare(const struct transfer_witness *w) MUST_USE;

/* Fills `now`. */
void transfer_witness_look(const struct transfer_witness *w);

/* From the predictions `from` (kept or coarse) to those of now, which take their place. */
struct transfer_moved transfer_witness_step(const struct transfer_witness *w, float *from);

/* Adds to B and A a step whose images are those of a with weight 1 - tau, those of b with tau. */
void transfer_length_add(struct transfer_length *l, double tau, struct transfer_moved a,
                         struct transfer_moved b);

/* After the last of so many steps. */
void transfer_length_close(struct transfer_length *l, size_t steps);

#endif
