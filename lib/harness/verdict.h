/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict: what the numbers of all seeds say about a claim.
 *
 * Every kind but BOUND rests on the 99 % t-interval of a mean over seeds, paired by seed where two
 * metrics are compared. A claim over several members is first one number a seed (TREND) or is
 * judged member by member (EVERY). Reproduced: the whole interval lies where the claim says. Not
 * reproduced: all of it lies elsewhere. Undecided: it spans both, or the two sides are equal in
 * every seed: the metric may be too coarse to tell.
 *
 * EVERY says that all m members hold. A member holds or is against where its whole interval lies
 * on that side, and is open otherwise:
 *
 *     all hold                          reproduced
 *     one or more against, some hold    partly          the claim as stated is wrong
 *     one or more against, none holds   not reproduced  the claim as stated is wrong
 *     none against, not all hold        undecided       the open ones may hold as well
 *
 * That all hold, or that all are against, takes 99 % of each member: an intersection of tests needs
 * no correction (Berger 1982). Otherwise members are asked at 1 - 0.01 / m each (Bonferroni), so
 * that all that is said of single ones is true together with 99 %, however they depend on each
 * other; `holds`, `interval` and `why` then have that confidence.
 *
 * A diverged unit is never dropped: it counts as its method's worst outcome (struct metric), in a
 * TREND as the opposite one. It never improves a verdict: the seeds without one are judged by
 * themselves too, and the less favourable word holds. Where every unit diverged, and the metric
 * says no worst outcome, nothing is decided. A unit that is missing altogether makes the claim
 * `not tested`.
 *
 * Values that do not vary have no trend: their rank correlation counts as 0. */
#ifndef HARNESS_VERDICT_H
#define HARNESS_VERDICT_H

#include "harness/reproduction.h"
#include "harness/results.h"
#include "linalg/stat.h"

#define VERDICT_CONFIDENCE 0.99

enum verdict_word { NOT_TESTED, REPRODUCED, NOT_REPRODUCED, PARTLY, UNDECIDED, VERDICT_COUNT };

struct verdict {
    enum verdict_word word;
    size_t asked, finite;     /* seeds, and those of which no unit that the claim needs diverged */
    size_t holds, of;         /* EVERY: members that hold; else 0 of 0 */
    struct interval interval; /* of the metric, or of the paired difference; EVERY: of the member
                                 that fits worst; NaN when not tested */
    double mean, to;          /* means of the two sides; to: the number compared with */
    char why[800];            /* the reason of "not tested" and, where it is not the interval, of
                                 "undecided"; EVERY: the members that do not hold */
};

const char *verdict_name(enum verdict_word word);
int verdict_find(const char *name); /* -1 when there is none */

/* Judges one claim from the results of the profile's cells and the given seeds. `data_kind` as in
 * unit.h: a claim about published data is not tested on a stand-in, and smoke gives no verdicts
 * (but for a deterministic program, where one seed says it all). A claim that cannot be judged as
 * its table has it (a metric that is not declared, to_cell without to_metric, a second metric for a
 * BOUND or TREND, all cells for a kind that looks at one) is a CHECK. */
enum status verdict_judge(struct verdict *v, const struct claim *claim,
                          const struct reproduction *r, enum profile profile,
                          const char *data_kind, const struct results *results,
                          const uint64_t *seeds, size_t seed_count) MUST_USE;

/* "-0.0121 [-0.0180, -0.0062], n = 10" or "4 of 4": for tables. Returns out. */
char *verdict_measured(char out[160], const struct verdict *v, const struct claim *claim);

#endif
