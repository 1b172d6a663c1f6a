/* SPDX-License-Identifier: GPL-3.0-or-later */
/* places: arrays of known size and lifetime in one block of memory, where those that are never
 * alive together may lie over each other (dynamic storage allocation with all requests known).
 *
 * Greedy: the array that lives shortest first (of equal ones the larger), each at the lowest place
 * where it overlaps none of those placed before it whose lifetimes meet its own. The block is at
 * least as large as what is alive at one time (places_bound), and for the nested lifetimes of a
 * forward and a backward pass seldom more than a few per cent larger. Longest first packs about as
 * well, but what comes and goes then lies somewhere else each time, which costs cache: a step of
 * WRN-16-4 took 5 % longer. */
#ifndef NET_PLACES_H
#define NET_PLACES_H

#include <stddef.h>

struct place {
    size_t size;          /* in any unit */
    size_t from, to;      /* first and last moment at which it is alive; from > to: never */
    size_t at;            /* result */
};

/* Sets `at` of all of them; returns the size of the block. order has room for 2 count indices. An
 * array that is never alive lies at 0 and takes no room. */
size_t places_assign(struct place *places, size_t count, size_t *order);

/* The most that is alive at one moment. */
size_t places_bound(const struct place *places, size_t count);

#endif
