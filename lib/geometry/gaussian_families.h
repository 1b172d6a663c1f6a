/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gaussian_families: models with independent coordinates whose Wasserstein and Fisher metrics have
 * a closed form, as samplers X = h_theta(Z) with Jacobians.
 *
 *   family       theta (q numbers)   X_i                    Wasserstein metric    Fisher metric
 *   NORMAL_STD   mu, s      2 d      mu_i + s_i Z_i         1, 1                  1/s^2, 2/s^2
 *   NORMAL_VAR   mu, v      2 d      mu_i + sqrt(v_i) Z_i   1, 1/(4 v)            1/v, 1/(2 v^2)
 *   NORMAL_LOG   mu, l      2 d      mu_i + exp(l_i) Z_i    1, s^2                1/s^2, 2
 *   LOG_NORMAL   mu, s      2 d      exp(mu_i + s_i Z_i)    e (1, 2s; 2s, 1+4s^2) 1/s^2, 2/s^2
 *   SPHERE       mu, r      d + 1    mu_i + r Z_i / |Z|     1, 1                  none: no density
 *
 * with e = exp(2 mu_i + 2 s_i^2), Z standard normal; theta holds the d locations, then the scales.
 * The Wasserstein metric is E |phi|^2 of the gradient field phi that moves the density (Otto);
 * these families move along h_theta itself, so it is E[J' J]. Log-normal is the push-forward by exp
 * in each coordinate. A distribution of one coordinate moves by a gradient in any case; the sphere
 * by translation and dilation, both gradients.
 *
 * Full covariances: gaussian.h. */
#ifndef GEOMETRY_GAUSSIAN_FAMILIES_H
#define GEOMETRY_GAUSSIAN_FAMILIES_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/status.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

enum gaussian_family {
    GAUSSIAN_NORMAL_STD,
    GAUSSIAN_NORMAL_VAR,
    GAUSSIAN_NORMAL_LOG,
    GAUSSIAN_LOG_NORMAL,
    GAUSSIAN_SPHERE
};

enum gaussian_metric { GAUSSIAN_EUCLIDEAN, GAUSSIAN_WASSERSTEIN, GAUSSIAN_FISHER };

/* q for samples in d dimensions. */
size_t gaussian_families_parameters(enum gaussian_family family, size_t d);

/* STATUS_DIVERGED where theta is not finite, or a scale (NORMAL_LOG: exp of it) not positive. */
enum status gaussian_families_check(enum gaussian_family family, const struct vec *theta) MUST_USE;

/* x (N x d) = h_theta(z_n), z N x d; jacobian (N d x q; NULL: not wanted): row n d + j is d x_nj /
 * d theta. theta has to pass the check. */
void gaussian_families_sample(struct mat *x, struct mat *jacobian, enum gaussian_family family,
                              const struct vec *theta, const struct mat *z);

/* v = G^{-1} gradient (q each; v may be gradient). STATUS_DIVERGED as the check, and where the
 * gradient or v is not finite (a metric that overflows in double); STATUS_USAGE for the Fisher
 * metric of the sphere. */
enum status gaussian_families_natural(struct vec *v, enum gaussian_family family,
                                      const struct vec *theta, const struct vec *gradient,
                                      enum gaussian_metric metric) MUST_USE;

/* <u, G u> of a tangent vector u (q) in *squared; the same errors. */
enum status gaussian_families_norm(double *squared, enum gaussian_family family,
                                   const struct vec *theta, const struct vec *u,
                                   enum gaussian_metric metric) MUST_USE;

/* ---- the three parameterizations of the diagonal normal ---- */

/* The same distribution in another parameterization (q each; to may be from). */
void gaussian_families_convert(struct vec *to, enum gaussian_family to_family,
                               const struct vec *from, enum gaussian_family from_family);

/* W2^2 = |mu - mu*|^2 + |s - s*|^2 of two diagonal normals, both given in `family`, and its
 * gradient by theta (q; NULL: not wanted). */
double gaussian_families_distance(struct vec *gradient, enum gaussian_family family,
                                  const struct vec *theta, const struct vec *target);

#endif
