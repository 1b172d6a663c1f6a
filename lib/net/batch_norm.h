/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batch_norm: batch normalization of the channels of a tensor (Ioffe and Szegedy, 2015), with the
 * activation and the addition that follow it in residual networks.
 *
 * Over the m = n h w elements of a channel, in training:
 *   mean = sum x / m,   var = sum (x - mean)^2 / m,   inverse = 1 / sqrt(var + epsilon),
 *   y = act((x - mean) (scale inverse) + shift + addend),
 *   running = (1 - momentum) running + momentum (mean, or m / (m - 1) var),
 * in evaluation mean and inverse come from the running values: the conventions of PyTorch, whose
 * usual numbers are epsilon 1e-5 and momentum 0.1.
 *
 * Per-channel arrays have c entries. Sums are float inside runs (64 terms in each lane of a vector,
 * then a tree over lanes), double across, cut by the shape alone: the bits do not depend on
 * threads. One pass over memory for the statistics, one to apply, two backward. NaN and infinity in
 * a channel make that channel NaN. */
#ifndef NET_BATCH_NORM_H
#define NET_BATCH_NORM_H

#include <stddef.h>

#include "net/tensor.h"

/* Doubles that batch_norm_statistics and batch_norm_backward need as scratch. */
size_t batch_norm_scratch(const struct tensor *x);

/* mean (c) and inverse (c) of the batch; running_mean (c) and running_variance (c) move towards it,
 * or are both NULL. With m = 1 the running variance takes the biased one, 0. epsilon > 0. */
void batch_norm_statistics(const struct tensor *x, double epsilon, float *mean, float *inverse,
                           float *running_mean, float *running_variance, double momentum,
                           double *scratch);

/* inverse = 1 / sqrt(running_variance + epsilon), c of each: for evaluation. */
void batch_norm_inverse(const float *running_variance, size_t c, double epsilon, float *inverse);

/* y = act((x - mean) (scale inverse) + shift + addend); addend has x's shape or is NULL, act is
 * ReLU where relu is set, else the identity. y may be x or addend, and overlaps neither
 * otherwise. */
void batch_norm_apply(const struct tensor *x, const float *mean, const float *inverse,
                      const float *scale, const float *shift, const struct tensor *addend, int relu,
                      struct tensor *y);

/* From dy, the gradient of y = batch_norm_apply(x, ..., NULL, relu), for act = ReLU masked where
 * (x - mean) (scale inverse) + shift <= 0, recomputed with the arithmetic of batch_norm_apply:
 *   dshift = keep dshift + sum dy,   dscale = keep dscale + inverse sum dy (x - mean),
 *   dx = a dx + scale inverse (dy - sum dy / m - (x - mean) inverse^2 sum dy (x - mean) / m)
 * with a = accumulate_dx, 0 or 1. With evaluation set, mean and inverse are constants, and
 * dx = a dx + scale inverse dy. Where there was an addend and a ReLU, mask dy first (relu_mask) and
 * give relu = 0: dy is then the gradient of the addend too.
 *
 * dx may be dy, and then a is 0; dx must not be x. dx, dscale and dshift are not read where their
 * factor is 0. dscale and dshift have c entries. */
void batch_norm_backward(const struct tensor *x, const float *mean, const float *inverse,
                         const float *scale, const float *shift, int relu, int evaluation,
                         const struct tensor *dy, struct tensor *dx, float accumulate_dx,
                         float *dscale, float *dshift, float keep, double *scratch);

#endif
