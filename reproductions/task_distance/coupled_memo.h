/* SPDX-License-Identifier: GPL-3.0-or-later */
/* coupled_memo: iterations of coupled transfer that were done, for runs of the same pair that
 * update the plan in other ways: what iteration k gives depends on its plan, k and the seed alone,
 * and the first plans are the same. All else that decides it (pair, model, w^s, steps, rates, which
 * blocks are evaluated) must be the same for all runs that share a memo. */
#ifndef TASK_DISTANCE_COUPLED_MEMO_H
#define TASK_DISTANCE_COUPLED_MEMO_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "task_distance/coupled_transfer.h"

struct coupled_seen;

struct coupled_memo {
    size_t most, count;       /* iterations it has room for, and holds */
    size_t plan, cost;        /* entries of the plan of all images and of the cost */
    struct coupled_seen *seen; /* most */
};

/* For plans of `plan` entries of which `cost` are evaluated. */
struct coupled_memo coupled_memo_create(struct arena *mem, size_t most, size_t plan,
                                        size_t cost) MUST_USE;

/* 1 if iteration k with the plan that c has now is there, with the cost of every pair where `all`
 * asks for it: *out and c->cost are then what it gave; its model is gone. m may be NULL. */
int coupled_memo_find(const struct coupled_memo *m, const struct coupled_transfer *c, size_t k,
                      uint64_t seed, int all, struct coupled_iteration *out) MUST_USE;

/* Keeps an iteration before the plan is updated, while there is room. m may be NULL. */
void coupled_memo_keep(struct coupled_memo *m, const struct coupled_transfer *c, size_t k,
                       uint64_t seed, int all, const struct coupled_iteration *out);

#endif
