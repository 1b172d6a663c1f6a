/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_search: the learning rate of a variant by one rule for all: the mean held-out error of some
 * tuning seeds over a grid of half decades, which grows while its best lies at an edge. What the
 * programs that print the grids share. */
#ifndef KWNG_CLASS_SEARCH_H
#define KWNG_CLASS_SEARCH_H

#include "kwng/classification.h"

struct class_search {
    int tuning;                 /* seeds 1..tuning of streams of their own ("tune"): records, order
                                   and initial parameters; what an optimizer draws it draws as
                                   other runs of the seed do */
    int grid, widest;           /* rates at first, from the first one in print; at most */
};

#define CLASS_SEARCH_PARAMETERS(P)                                                                 \
    P(int,    seeds,       1,    1,    1,    "the tuning seeds are inside a unit")                 \
    P(int,    tuning,      1,    2,    2,    "tuning seeds, other streams than any other; ours")   \
    P(int,    grid,        2,    4,    4,    "rates at first; ours")                               \
    P(int,    widest,      2,    9,    9,    "rates at most; ours")
#define CLASS_SEARCH(p)                                                                            \
    ((struct class_search){.tuning = (p)->tuning, .grid = (p)->grid, .widest = (p)->widest})

/* The unit of such a program: the variant that the cell names; emits CLASS_SEARCH_METRICS and the
 * curve "grid". A run that diverged has the error 1. */
enum status class_search_run(const struct class_setup *s, const struct class_search *search,
                             struct unit *u) MUST_USE;

#define CLASS_SEARCH_METRICS                                                                       \
    {"error.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 1, "held-out error at the rate "               \
     "10^((k-20)/2)"},                                                                             \
    {"first", "half decades", NO_DIRECTION, CLASS_EXACT, 0, "least rate tried, as 10^(first/2)"},  \
    {"last", "half decades", NO_DIRECTION, CLASS_EXACT, 0, "greatest rate tried"},                 \
    {"best", "half decades", NO_DIRECTION, CLASS_EXACT, 0, "the best rate is 10^(best/2)"},        \
    {"at-edge", "1", LOWER_IS_BETTER, CLASS_EXACT, 0, "1: the best is at the edge of the grid"},   \
    {"off-print", "half decades", LOWER_IS_BETTER, CLASS_EXACT, 0, "how far the ends of the grid " \
     "are from those in print"},                                                                   \
    {"regret", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0, "held-out error of the rate in use, less " \
     "that of the best"},

/* What differs from the paper in all of them. */
#define CLASS_SEARCH_RULE                                                                          \
    "The paper chooses a step size for each method and gives no grid. Ours: half decades, four "   \
    "at first and more while the best is at an edge, the mean error of two tuning seeds on 2,000 " \
    "training records that the runs do not train on. Where a grid begins is set by hand, near "    \
    "what each method is known to need. "

#define CLASS_SEARCH_CLAIMS(limit, limit_words, limit_reason)                                      \
    {.id = "grids-in-print", .place = "ours: what the other programs say of their rates",          \
     .words = "each search ends with the grid that is printed, four rates or five",                \
     .kind = BOUND, .metric = "off-print", .cell = ALL_CELLS, .is = BELOW, .to = 0,                \
     .reason = "a count"},                                                                         \
    {.id = "rates-in-use", .place = "ours: what the other programs say of their rates",            \
     .words = "no rate of the grid is better by more than " limit_words " than the one in use",    \
     .kind = BOUND, .metric = "regret", .cell = ALL_CELLS, .is = BELOW, .to = limit,               \
     .reason = limit_reason},                                                                      \
    {.id = "inside-the-grid", .place = "ours: the same rule for all",                              \
     .words = "no best rate lies at an edge of its grid", .kind = BOUND, .metric = "at-edge",      \
     .cell = ALL_CELLS, .is = BELOW, .to = 0, .reason = "a count"},

#endif
