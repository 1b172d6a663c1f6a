/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kwng: the kernelized Wasserstein natural gradient from samples of a model.
 *
 *   v = (G + eps D)^{-1} grad L,   G = T' (C C' + lambda K)^+ T
 *
 *   C  M x N d   N^{-1/2} d^2 k(Y_m, X_n) / (d y_{i_m} d x_j)
 *   K  M x M     d^2 k(Y_m, Y_l) / (d y_{i_m} d x_{i_l}),   the ridge
 *   T  M x q     d tau / d theta,  tau_m = (1/N) sum_n d k(Y_m, h_theta(Z_n)) / d y_{i_m}; it is
 *                (1/N) sum_{n,j} d^2 k(Y_m, X_n) / (d y_{i_m} d x_j)  d h_j(Z_n) / d theta
 *
 * for a model X = h_theta(Z), N samples in d dimensions, q parameters, M basis points Y_m drawn
 * from the samples, each with one coordinate i_m. Source: M. Arbel, A. Gretton, W. Li, G. Montufar,
 * "Kernelized Wasserstein natural gradient" (arXiv 1910.09652) and the authors' slides of April
 * 2020.
 *
 * The papers print v = (1/eps) (D^-1 - D^-1 T' (T D^-1 T' + ...)^+ T D^-1) grad L. Taken literally
 * that cancels catastrophically for small eps. Here C C' + lambda K = V' diag(w) V is factored
 * first, Tt = w^{-1/2} V T over the eigenvalues that are kept, G = Tt' Tt (the slides print w^{-1}
 * V T), and v comes from one Cholesky factorization of Tt' Tt + eps D (q x q) or, for more
 * parameters than rows of Tt, of Tt D^-1 Tt' + eps I. */
#ifndef GEOMETRY_KWNG_H
#define GEOMETRY_KWNG_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "kernel/kernel.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

/* D, diagonal, from the columns t_i of Tt. Only the squared norm makes v follow a rescaling of
 * single parameters exactly: psi = S theta asks for D -> S^-2 D. */
enum kwng_damping {
    KWNG_DAMPING_IDENTITY,     /* 1: the slides */
    KWNG_DAMPING_NORM,         /* |t_i| + 1e-8: the official code */
    KWNG_DAMPING_NORM_SQUARED  /* |t_i|^2, at least 1e-16 of the largest */
};

struct kwng_options {
    double eps;       /* damping, > 0 */
    double lambda;    /* ridge, >= 0; 0: ridgeless */
    double cut;       /* eigenvalues of C C' + lambda K up to cut times the largest are dropped;
                         0 keeps all that are positive */
    enum kwng_damping damping;
};

/* The span of the functions d_{i_m} k(Y_m, .). */
struct kwng_basis {
    struct mat y;        /* M x d */
    size_t *coordinate;  /* M, below d */
    uint32_t *row;       /* M, below N: the samples that were drawn */
};

/* What an estimate says of itself. */
struct kwng_report {
    enum status status;
    size_t rank;         /* eigenvalues kept, at most M; below q, the directions that Tt does not
                            see get grad L / (eps D) */
    double largest, smallest; /* eigenvalues of C C' + lambda K that were kept */
    double rcond;        /* of the matrix that was factored: an estimate of 1 / condition */
    double slope;        /* <grad L, v>, positive */
};

/* Scratch and factors for M basis points and q parameters; all memory is taken here. */
struct kwng {
    size_t basis, parameters; /* M, q */
    size_t rank;
    struct mat gram;     /* M x M: C C' + lambda K, then its eigenvectors as rows */
    struct vec values;   /* M: its eigenvalues */
    struct mat whitened; /* M x q: the first `rank` rows are Tt */
    struct vec damping;  /* q: D */
    struct mat system;   /* min(M, q) squared */
    struct mat scaled;   /* M x q: Tt D^-1, where q > M */
    struct vec right;    /* max(M, q) */
    double eps;
    double largest, smallest;
};

struct kwng kwng_create(struct arena *mem, size_t basis, size_t parameters) MUST_USE;

/* Room for m basis points in d dimensions. */
struct kwng_basis kwng_basis_create(struct arena *mem, size_t m, size_t d);

/* M = y.rows of the N samples x (N x d), without replacement, from `points`; coordinates uniform,
 * each its own, from `coordinates`. 1 <= M <= N. */
void kwng_basis_fill(struct kwng_basis *basis, const struct mat *x, struct rng *points,
                     struct rng *coordinates);

/* The two together. */
struct kwng_basis kwng_basis_draw(struct arena *mem, const struct mat *x, size_t m,
                                  struct rng *points, struct rng *coordinates);

/* C (M x N d) and T (M x q) from samples x (N x d) and their Jacobians (N d x q, row n d + j is
 * d h_j(z_n) / d theta). */
void kwng_system(struct mat *c, struct mat *t, const struct kernel *k,
                 const struct kwng_basis *basis, const struct mat *x, const struct mat *jacobian);

/* Factors the metric: gram (M x M) = C C', ridge = K (NULL where lambda is 0), t (M x q).
 * STATUS_USAGE: options out of range; STATUS_DIVERGED: NaN or infinity in an input;
 * STATUS_NOT_DEFINITE: no eigenvalue is positive (all basis functions vanish on the samples);
 * STATUS_NO_CONVERGENCE: of LAPACK. */
enum status kwng_factor(struct kwng *g, const struct mat *gram, const struct mat *ridge,
                        const struct mat *t, const struct kwng_options *options) MUST_USE;

/* v (q) from gradient (q) with the metric of the last kwng_factor; the report is filled in every
 * case. STATUS_NOTHING: the gradient is 0 (then v is 0); STATUS_DIVERGED: NaN or infinity in the
 * gradient or in v; STATUS_NOT_DEFINITE: Tt' Tt + eps D is not positive definite in double. After
 * a failure v is 0. */
enum status kwng_direction(struct kwng *g, const struct vec *gradient, struct vec *v,
                           struct kwng_report *report) MUST_USE;

#endif
