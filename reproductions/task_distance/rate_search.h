/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rate_search: the best of some learning rates, by one rule for all: rates that differ by factors
 * of two around the one in use, more while the best lies at an edge. */
#ifndef TASK_DISTANCE_RATE_SEARCH_H
#define TASK_DISTANCE_RATE_SEARCH_H

#include "base/status.h"
#include "harness/unit.h"

enum { RATE_SEARCH_ZERO = 10 }; /* rates 2^-10 to 2^10 times the one in use at most */

/* How good a rate is: of each of `trials` an accuracy, 0 for one that diverged. */
struct rate_search {
    double in_use;
    int grid, widest;         /* rates at first, from half of the one in use; at most */
    int trials;
    enum status (*accuracy)(void *self, double rate, int trial, double *out);
    void *self;
    /* found */
    double mean[2 * RATE_SEARCH_ZERO + 1]; /* index ZERO + k: of 2^k times the rate in use */
    int first, last, best;    /* k */
};

/* The curve, if any, gets a row a rate and trial: rate, trial, accuracy. */
enum status rate_search_run(struct rate_search *s, struct curve *curve) MUST_USE;

/* RATE_SEARCH_METRICS. */
void rate_search_emit(const struct rate_search *s, struct unit *u);

#define RATE_SEARCH_METRICS                                                                        \
    {"accuracy.*", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0,                                         \
     "mean held-out accuracy at 2^(k-10) times the rate in use"},                                  \
    {"in-use", "1", NO_DIRECTION, CLASS_ARITH, 0, "the rate that programs use"},                   \
    {"best", "1", NO_DIRECTION, CLASS_ARITH, 0, "the rate with the highest accuracy"},             \
    {"off", "factors of 2", LOWER_IS_BETTER, CLASS_EXACT, 0, "how far that is from the one in "    \
     "use"},                                                                                       \
    {"at-edge", "1", LOWER_IS_BETTER, CLASS_EXACT, 0, "1: it lies at the edge of the grid"},       \
    {"regret", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "its accuracy less that of the one in use"}

#endif
