/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spectrum: eigenvalues of kernels.
 *
 * A kernel of the angle, k(x, x') = k(theta), on the unit sphere of R^D with the uniform measure
 * has the spherical harmonics as eigenfunctions and one eigenvalue a degree,
 *
 *   eta_k = c_D int_0^pi k(theta) P_k(cos theta) sin^(D-2) theta d theta,
 *   m_k = C(D+k-1, k) - C(D+k-3, k-2),   c_D = Gamma(D/2) / (sqrt(pi) Gamma((D-1)/2)),
 *
 * P_k the Gegenbauer polynomial of index (D-2)/2 with P_k(1) = 1. Quadrature is Gauss-Legendre in
 * theta, where kernels of ReLU networks are smooth (in cos theta they have a cusp). What degrees
 * beyond the last one add to the trace is kept as `tail`: dropping it makes learning curves too low
 * by 5 to 30 %. In high dimensions few degrees matter and high ones are noise: 20 to 40 do.
 *
 * The empirical spectrum of a Gram matrix takes its place for real data. */
#ifndef KERNEL_SPECTRUM_H
#define KERNEL_SPECTRUM_H

#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

struct spectrum {
    size_t n;               /* eigenvalues: degrees, or modes of a Gram matrix */
    struct vec eta;         /* n, > 0 where it is above rounding */
    struct vec multiplicity;/* n; all 1 for a Gram matrix */
    double trace;           /* sum over all modes: k(0), or the mean of the diagonal */
    double tail;            /* trace - sum m_k eta_k, at least 0 */
};

/* Degrees 0 .. degrees-1 of kernel(cos theta, context) in D >= 3 dimensions by `nodes` points of
 * quadrature. 256 do for 60 degrees; GSL tabulates them in full precision (like 2 to 20, 32, 64,
 * 96, 100, 128, 512, 1024), other numbers to 10 digits. Degrees at the end whose eigenvalue is at
 * most 1e-14 of the largest, which quadrature cannot tell from 0, are cut off; such ones before
 * are 0.
 * STATUS_USAGE: D < 3, no degree, fewer nodes than degrees; STATUS_DIVERGED: a value of the kernel
 * is not finite; STATUS_NOT_DEFINITE: no positive eigenvalue, or one below -1e-10 of the
 * largest. */
enum status spectrum_sphere(struct spectrum *s, struct arena *mem,
                            double (*kernel)(double cosine, const void *context),
                            const void *context, size_t D, size_t degrees,
                            size_t nodes) MUST_USE;

/* Modes of a Gram matrix K (n x n, positive semidefinite) of n samples: eta_i = eigenvalue / n,
 * descending. Eigenvalues below n 2^-52 of the largest count as 0 and go; tail is 0. Errors as
 * lapack_eigen; STATUS_NOT_DEFINITE: an eigenvalue below -n 2^-40 of the largest, or none
 * positive. */
enum status spectrum_gram(struct spectrum *s, struct arena *mem, const struct mat *gram) MUST_USE;

/* The same, and *modes (s->n x n): row i is eigenfunction i at the samples, of mean square 1. For a
 * target with the values y there, c_i = mean of phi_i y. (Canatar, Bordelon and Pehlevan, Nature
 * Communications 12, 2021, take real data so, as a population of n points of equal weight.) */
enum status spectrum_gram_modes(struct spectrum *s, struct mat *modes, struct arena *mem,
                                const struct mat *gram) MUST_USE;

/* sum_k m_k eta_k^2: the variance of a target drawn from the kernel's prior (learning_curve.h). */
double spectrum_target_variance(const struct spectrum *s);

#endif
