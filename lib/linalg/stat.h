/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stat: means, intervals, rank correlations and the Mantel test, for verdicts over seeds.
 *
 * Input that is not finite never disappears. Functions that return a double or an interval
 * PROPAGATE: one NaN or infinity in the input makes every number of the answer NaN. Functions that
 * return a status REFUSE: STATUS_DIVERGED, and the outputs are NaN. An answer that does not exist
 * (sd of one value, a correlation with a constant, anything of 0 values) is NaN too, with
 * STATUS_NOTHING where there is a status. Compare "inside tolerance" and NaN fails.
 *
 * Quantiles of t are GSL's. STATUS_MEMORY where a status is returned. */
#ifndef LINALG_STAT_H
#define LINALG_STAT_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/rng.h"
#include "base/status.h"
#include "linalg/mat.h"

/* ---- one sample ---- */

/* Mean, corrected by the mean of the residuals. */
double stat_mean(const double *x, size_t n);

/* sqrt(sum (x - mean)^2 / (n - 1)), two passes with the residual sum taken off (Chan, Golub and
 * LeVeque 1983, eq. 1.7); NaN for n < 2. */
double stat_sd(const double *x, size_t n);

enum status stat_median(const double *x, size_t n, double *out) MUST_USE;

/* Quantile 0 <= p <= 1 by linear interpolation, type 7 of Hyndman and Fan (1996). */
enum status stat_quantile(const double *x, size_t n, double p, double *out) MUST_USE;

/* ---- intervals ---- */

struct interval {
    size_t n;         /* values (Welch: of both samples) */
    double mean;      /* of the values, of the differences, or the difference of the means */
    double sd;        /* of a value, of a paired difference, of x - y for independent x and y */
    double low, high; /* of the mean, at the confidence asked for */
};

/* t-interval of the mean, 0 < confidence < 1. One value says nothing about its spread: low = -inf,
 * high = inf, unless the caller says that the quantity is deterministic (the same for every seed),
 * then low = high = mean. n = 0: all NaN. */
struct interval stat_interval(const double *x, size_t n, double confidence, int deterministic);

/* The same for x_i - y_i, where seed i gave both. */
struct interval stat_paired(const double *x, const double *y, size_t n, double confidence,
                            int deterministic);

/* mean(x) - mean(y) of independent samples with unequal variances (Welch 1947); nx or ny of 1 gives
 * infinite width. */
struct interval stat_welch(const double *x, size_t nx, const double *y, size_t ny,
                           double confidence);

/* 1 when the whole interval lies within -margin .. margin; NaN gives 0. */
int stat_equivalent(const struct interval *i, double margin);

/* Student's t: the value that a draw with `df` degrees of freedom (any real >= 1) stays below with
 * probability 0 < p < 1. For df < 1 GSL's iteration can fail: NaN. Not for several threads at once:
 * GSL's error handler is switched off for the call. */
double stat_t_quantile(double p, double df);

/* ---- two samples ---- */

/* Pearson's correlation; n >= 2 and both samples vary, else NaN. */
double stat_correlation(const double *x, const double *y, size_t n);

/* Least-squares slope of y on x; NaN when x does not vary. */
double stat_slope(const double *x, const double *y, size_t n);

/* Ranks from 1, ties get the mean of theirs; out has n. */
enum status stat_ranks(const double *x, size_t n, double *out) MUST_USE;

/* Spearman's rho: the correlation of the ranks, which is right with ties. */
enum status stat_spearman(const double *x, const double *y, size_t n, double *rho) MUST_USE;

/* Kendall's tau-b, with ties (Kendall 1945): (concordant - discordant) over
 * sqrt((pairs not tied in x) (pairs not tied in y)). n^2 / 2 comparisons, no memory. */
double stat_kendall(const double *x, const double *y, size_t n);

/* Mantel's test (1967) of two symmetric distance matrices over the same n >= 3 things: r is the
 * correlation of the entries below the diagonal (only those are read), p = (k + 1) /
 * (permutations + 1), where k of the random relabellings of B give at least r (one-sided; equal up
 * to rounding counts). permutations * n^2 / 2 multiplications. */
enum status stat_mantel(const struct mat *a, const struct mat *b, size_t permutations,
                        struct rng *rng, double *r, double *p) MUST_USE;

#endif
