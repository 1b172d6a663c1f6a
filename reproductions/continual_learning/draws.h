/* SPDX-License-Identifier: GPL-3.0-or-later */
/* draws: what experiments in kernel regression with the tangent kernel of a network share. A seed
 * holds many draws of inputs and targets: how many of them, and memory for one at a time. */
#ifndef CONTINUAL_LEARNING_DRAWS_H
#define CONTINUAL_LEARNING_DRAWS_H

#include "base/compiler.h"
#include "base/memory.h"
#include "base/status.h"

/* Rows of a table of parameters: the network behind the kernel, as kernel/ntk.h counts, and the
 * quadrature for its spectrum; then the network from them. */
#define NETWORK_PARAMETERS(P)                                                                      \
    P(int,    L,        3,   3,   3,   "layers of weights; slides, and Bordelon et al. 2020")      \
    P(double, sigma_w2, 2,   2,   2,   "variance of the weights; not given, as in the code of "    \
                                       "Karakida and Osawa 2020")                                  \
    P(double, sigma_b2, 0,   0,   0,   "of the biases; likewise")                                  \
    P(int,    nodes,    256, 256, 256, "of the quadrature for the theory's eigenvalues; ours")
#define NETWORK(p) {(size_t)(p)->L, (p)->sigma_w2, (p)->sigma_b2}

/* A row of a table of metrics. */
#define CONDITION_METRIC                                                                           \
    {"condition", "1", NO_DIRECTION, CLASS_COND, 0,                                                \
     "of the kernel matrices in the 1-norm, an estimate: the largest of all draws"}

/* Why claims in ten dimensions hold the theory to a tenth, and those in fifty to 3 %;
 * self_knowledge measures both. */
#define FINITE_SIZE "the theory is for many samples in many dimensions: with 100 samples, " \
                    "regressions lie about a sixth above it in five dimensions, a twentieth in " \
                    "ten, and not measurably in fifty; a tenth, ours, is twice the gap in ten"
#define IN_FIFTY "three standard errors, 0.01, of a first run of 800 draws; there are at least " \
                 "three times as many here, so that an exact theory is told from one 3 % off"

/* work / size of a draw, from least to most. */
int draws_a_seed(int work, double size, int least, int most);

/* draw(context, mem) with memory that is released afterwards; its status, or STATUS_MEMORY. */
enum status draws_within(enum status (*draw)(void *context, struct arena *mem),
                         void *context) MUST_USE;

#endif
