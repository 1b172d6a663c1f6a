/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tolerance: how far a number may lie from its reference, by the class of its computation.
 *
 *   class     pinned                          native
 *   exact     equal                           equal
 *   arith     rel 1e-15                       rel 1e-13
 *   libm      rel 1e-13                       rel 1e-12
 *   blas      rel 1e-13                       rel 1e-12
 *   cond      rel max(1e-13, k eps)           ten times that (k = scale, the condition estimate),
 *                                             both at most 0.5: 0 never stands for a value
 *   short32   rel 1e-5                        rel 1e-4
 *   long32    rel 1e-3                        rel 2e-2
 *   rate      abs 2/N                         abs max(10/N, 0.002)  (N = scale, test samples)
 *   residual  magnitude at most the reference ten times that
 *
 * All comparisons are "inside", so NaN fails, in whatever place it stands. */
#ifndef HARNESS_TOLERANCE_H
#define HARNESS_TOLERANCE_H

#include "harness/claim.h"
#include "harness/mode.h"

const char *tolerance_name(enum tolerance_class class);
int tolerance_find(const char *name); /* -1 when there is none */

/* The largest |actual - reference| that passes; for CLASS_RESIDUAL the largest |actual|. A
 * finite override above 0 is taken instead, in the class's own measure (relative or absolute). */
double tolerance_allowed(enum tolerance_class class, enum mode mode, double reference, double scale,
                         double override);

/* How far away, in units of the tolerance: inside is at most 1. Infinite for NaN. */
double tolerance_distance(enum tolerance_class class, enum mode mode, double actual,
                          double reference, double scale, double override);

/* The same for a mean over n seeds whose deviation was sd when the reference was made. On another
 * CPU long trainings in float (long32, rate) are other draws, whatever the class allows: then, in
 * native mode, the mean moves like the difference of two such means, whose deviation is
 * sd sqrt(2 / n), and four of these are no news. It is the lesser of both distances; that of the
 * class where the spread is not known (n below 2, sd not above 0). */
double tolerance_drift(enum tolerance_class class, enum mode mode, double actual, double reference,
                       double scale, double override, double n, double sd);

#endif
