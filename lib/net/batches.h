/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batches: the permutation of one epoch, handed out in batches. */
#ifndef NET_BATCHES_H
#define NET_BATCHES_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/rng.h"

struct batches {
    struct rng *rng;
    uint32_t *order;      /* n */
    size_t n, batch;
    size_t next;          /* position in order */
};

struct batches batches_create(struct arena *mem, struct rng *rng, size_t n, size_t batch) MUST_USE;

/* The next batch's indices and their number, 0 at the end of an epoch; the call after that starts
 * the next epoch with a fresh permutation. */
size_t batches_next(struct batches *b, const uint32_t **indices);

/* Copies the named rows of x (width columns) to out (count x width). */
void batches_gather(const float *x, size_t width, const uint32_t *indices, size_t count,
                    float *out);

#endif
