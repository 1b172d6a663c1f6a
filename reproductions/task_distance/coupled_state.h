/* SPDX-License-Identifier: GPL-3.0-or-later */
/* coupled_state: a run of coupled_transfer.h on disk, so that a killed one goes on. */
#ifndef TASK_DISTANCE_COUPLED_STATE_H
#define TASK_DISTANCE_COUPLED_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"
#include "net/checkpoint.h"
#include "task_distance/coupled_transfer.h"

enum { COUPLED_STATE_BLOCKS = 3 };

struct coupled_state {
    const char *path;         /* NULL: nothing is saved */
    uint64_t done;            /* iterations */
    char owner[DIGEST_TEXT];  /* settings, labels, w^s, first plan, seed */
    struct checkpoint_block blocks[COUPLED_STATE_BLOCKS];
    void *room;
};

/* The plan of c and `out` (iterations) as far as they were saved at `path`, or as they are.
 * STATUS_DATA: damaged, or of another run; STATUS_MEMORY. `s` must stay where it is. */
enum status coupled_state_open(struct coupled_state *s, const struct coupled_transfer *c,
                               size_t iterations, uint64_t seed, const char *path,
                               struct coupled_iteration *out) MUST_USE;
enum status coupled_state_save(const struct coupled_state *s) MUST_USE;
void coupled_state_close(struct coupled_state *s);

#endif
