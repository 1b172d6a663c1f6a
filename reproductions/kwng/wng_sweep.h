/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wng_sweep: errors of the estimate (wng_error.h) over numbers of samples, of basis points and of
 * dimensions, as means over runs of their logarithms. */
#ifndef KWNG_WNG_SWEEP_H
#define KWNG_WNG_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "kwng/wng_error.h"

enum { WNG_DIMENSIONS = 5, WNG_SIZES = 6, WNG_BASES = 8 };
extern const int wng_dimension[WNG_DIMENSIONS], wng_size[WNG_SIZES], wng_basis[WNG_BASES];

struct wng_sweep_setting {
    int N_most;           /* largest of wng_size */
    int N_scan;           /* samples where M varies; one of wng_size */
    int M_fixed;          /* basis points where d varies alone */
    double narrow, wide, eps, cut;
};

/* Of one dimension; M = ceil(d sqrt N), at most N, where nothing else is said. */
struct wng_sweep {
    double by_size[WNG_SIZES];
    double complete[WNG_SIZES];  /* by_size, less the error of a complete basis on the samples */
    double by_basis[WNG_BASES];  /* N_scan samples */
    double fixed;                /* N_scan samples, M_fixed points */
    double twice;                /* N_scan samples: twice as many points, less by_size */
    double repeated;             /* the fewest samples: ceil(d sqrt N) points with repetition */
};

/* How many members of wng_size and wng_basis the setting has. */
size_t wng_sweep_sizes(const struct wng_sweep_setting *s);
size_t wng_sweep_bases(const struct wng_sweep_setting *s);
size_t wng_sweep_scan(const struct wng_sweep_setting *s); /* where N_scan is in wng_size */

/* Adds run number `run` of a seed in dimension wng_dimension[k], as one of `of` and, where basis
 * points vary, of `scans` runs: those below `scans` have that part. Errors as wng_problem_draw and
 * wng_error. */
enum status wng_sweep_run(struct wng_sweep *sum, const struct wng_sweep_setting *s,
                          enum gaussian_family family, size_t k, uint64_t seed, int run, int of,
                          int scans) MUST_USE;

/* Least-squares slope of log y over log x, at most WNG_SIZES points. */
double wng_sweep_exponent(const int *x, const double *log_y, size_t n);

/* log M, linear between neighbours, at which the error first is twice that of the largest M. */
double wng_sweep_threshold(const double *log_error, size_t n);

#endif
