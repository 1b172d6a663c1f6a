/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gaussian: Wasserstein and Fisher geometry of normal distributions N(mu, Sigma) with full
 * covariance. Tangent vectors are (m, S), S symmetric; gradients are (g, G), G symmetric, with
 * dL = <g, d mu> + <G, d Sigma> (Frobenius). All matrices are d x d.
 *
 *   Wasserstein  |(m, S)|^2 = |m|^2 + tr(Lam Sigma Lam),  Lam Sigma + Sigma Lam = S;
 *                natural gradient (g, 2 (G Sigma + Sigma G))
 *   Fisher       |(m, S)|^2 = m' Sigma^-1 m + 1/2 tr(Sigma^-1 S Sigma^-1 S);
 *                natural gradient (Sigma g, 2 Sigma G Sigma)
 *
 * The velocity that moves the density is x -> m + Lam (x - mu), a gradient field (Takatsu 2011).
 * Where the gradient is given by the entries i <= j of Sigma, G has half of it off the diagonal. */
#ifndef GEOMETRY_GAUSSIAN_H
#define GEOMETRY_GAUSSIAN_H

#include "base/compiler.h"
#include "base/memory.h"
#include "base/status.h"
#include "geometry/gaussian_families.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

/* Lam with Lam Sigma + Sigma Lam = S, by the eigenvectors of Sigma. STATUS_NOT_DEFINITE where Sigma
 * is not positive definite; STATUS_DIVERGED: not finite; STATUS_NO_CONVERGENCE: of LAPACK. */
enum status gaussian_lyapunov(struct mat *lam, const struct mat *sigma, const struct mat *s,
                              struct arena *mem) MUST_USE;

/* *squared = |(m, S)|^2 at Sigma in the metric; the same errors. */
enum status gaussian_norm(double *squared, const struct mat *sigma, const struct vec *m,
                          const struct mat *s, enum gaussian_metric metric,
                          struct arena *mem) MUST_USE;

/* (v, V) = natural gradient of (g, G), V symmetric to the bit. No solve is needed, and no memory:
 * scratch is d x d. Outputs must not be inputs. */
void gaussian_natural(struct vec *v, struct mat *V, const struct mat *sigma, const struct vec *g,
                      const struct mat *G, enum gaussian_metric metric, struct mat *scratch);

/* *squared = W2^2(N(mu, Sigma), N(mu*, Sigma*)) and its gradient g = 2 (mu - mu*), G = I - T, T the
 * optimal map from Sigma to Sigma*; g and G may be NULL, both or none. Errors as bures_map. */
enum status gaussian_distance(double *squared, struct vec *g, struct mat *G, const struct vec *mu,
                              const struct mat *sigma, const struct vec *target_mu,
                              const struct mat *target_sigma) MUST_USE;

#endif
