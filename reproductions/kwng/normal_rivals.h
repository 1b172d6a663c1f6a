/* SPDX-License-Identifier: GPL-3.0-or-later */
/* normal_rivals: three descents of W2^2 from one start to one target, in means and variances: along
 * the gradient, the exact Wasserstein natural gradient and its kernelized estimate. What the
 * programs on the paper's optimization trajectory share. */
#ifndef KWNG_NORMAL_RIVALS_H
#define KWNG_NORMAL_RIVALS_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "harness/harness.h"
#include "kwng/normal_descent.h"

enum { GRADIENT, EXACT, ESTIMATE, RIVALS };
enum { STEEP, MILD };                   /* cells of the axis */
extern const struct axis normal_rivals_targets;

/* Rows of the parameter table; NORMAL_RIVALS(p, cell) reads them. */
#define NORMAL_RIVALS_PARAMETERS(P)                                                                \
    P(int,    d,          3,    10,   10,   "dimension; paper")                                    \
    P(int,    N,          40,   128,  128,  "samples of an estimate; paper")                       \
    P(int,    M,          30,   100,  100,  "basis points; paper")                                 \
    P(int,    iterations, 50,   50,   50,   "of the natural gradients; ours")                      \
    P(int,    euclidean,  4000, 4000, 4000, "iterations of gradient descent; ours")                \
    P(double, steep,      -4,   -4,   -4,   "log10 of the least v*, cell steep; ours")             \
    P(double, mild,       -2,   -2,   -2,   "the same, cell mild; ours")                           \
    P(double, v_low,      0.2,  0.2,  0.2,  "variances start uniform from here to 1; ours")        \
    P(double, eps,        1e-8, 1e-8, 1e-8, "damping, D = |t_i|^2; ours (paper: 1e-10)")           \
    P(double, cut,        1e-12, 1e-12, 1e-12, "relative cut of eigenvalues of C C'; ours")        \
    P(double, sigma_0,    1,    1,    1,    "s2 over the mean squared distance; official code")

#define NORMAL_RIVALS(p, cell)                                                                     \
    ((struct normal_rivals_setting){                                                               \
        .d = (size_t)(p)->d, .N = (size_t)(p)->N, .M = (size_t)(p)->M,                             \
        .iterations = {(size_t)(p)->euclidean, (size_t)(p)->iterations, (size_t)(p)->iterations},  \
        .exponent = (cell) == STEEP ? (p)->steep : (p)->mild, .v_low = (p)->v_low,                 \
        .eps = (p)->eps, .cut = (p)->cut, .sigma_0 = (p)->sigma_0})

struct normal_rivals_setting {
    size_t d, N, M, iterations[RIVALS];
    double exponent, v_low, eps, cut, sigma_0;
};

struct normal_rivals {
    uint64_t seed;
    size_t iterations[RIVALS];
    struct vec start, target;            /* 2 d, (mu, s) */
    double first;                        /* loss at the start */
    struct normal_estimator estimator;
    struct normal_descent by[RIVALS];    /* in (mu, v) */
};

/* The start is drawn from the stream "start". *r must stay where it is. */
void normal_rivals_make(struct normal_rivals *r, struct arena *mem,
                        const struct normal_rivals_setting *s, uint64_t seed);

#endif
