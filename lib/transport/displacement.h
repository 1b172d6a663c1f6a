/* SPDX-License-Identifier: GPL-3.0-or-later */
/* displacement: McCann's interpolation (1997) of two clouds of labelled points.
 *
 * Each atom of the plan moves on a straight line at constant speed: at time t, 0 <= t <= 1, it is
 * at (1 - t) x_i + t y_j with the label (1 - t) l_i + t l_j and the mass P_ij. With an optimal plan
 * for |x - y|^2 this is the geodesic of W2: W2(mu_s, mu_t) = |s - t| W2(mu_0, mu_1). */
#ifndef TRANSPORT_DISPLACEMENT_H
#define TRANSPORT_DISPLACEMENT_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/status.h"
#include "linalg/mat.h"
#include "linalg/vec.h"

struct displacement {
    size_t n;                /* atoms */
    size_t *source, *target; /* n: rows of X and Y that an atom joins */
    struct vec mass;         /* n */
};

/* Atom i goes from i to assignment[i], n of them with mass 1 / n. STATUS_USAGE: not a permutation
 * of 0 .. n-1. */
enum status displacement_of_assignment(struct displacement *d, struct arena *mem,
                                       const size_t *assignment, size_t n) MUST_USE;

/* One atom for each positive entry of the plan (m x n), in row-major order. STATUS_USAGE: a
 * negative entry, or none positive; STATUS_DIVERGED: one that is not finite. */
enum status displacement_of_plan(struct displacement *d, struct arena *mem,
                                 const struct mat *plan) MUST_USE;

/* out (n x dim) at time t, from X (m x dim) and Y; exact at t = 0 and t = 1. For labels call it
 * again with the labels (one-hot or soft, a row a point) in the place of X and Y: their rows keep
 * their sum. No memory is taken. */
void displacement_at(struct mat *out, const struct displacement *d, const struct mat *x,
                     const struct mat *y, double t);

/* sum over atoms of mass |x - y|^2: the squared length of the path, W2^2 if the plan is optimal. */
double displacement_cost(const struct displacement *d, const struct mat *x, const struct mat *y);

#endif
