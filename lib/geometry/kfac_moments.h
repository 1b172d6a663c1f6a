/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kfac_moments: second moments of the patches that a convolution sees, sums over positions,
 *
 *   M = sum_n sum_t a_nt a_nt',   a_nt = (k x k patch of image n at position t, all channels; 1)
 *
 * with zeros outside of the images, entries in the order of PyTorch's weights (channel, row,
 * column), the 1 where there is a bias. Patches are made for some images at a time; their products
 * are summed in float within these, in double across. */
#ifndef GEOMETRY_KFAC_MOMENTS_H
#define GEOMETRY_KFAC_MOMENTS_H

#include <stddef.h>

#include "base/memory.h"
#include "linalg/mat.h"
#include "net/tensor.h"

struct kfac_window {
    size_t kernel, stride, padding; /* 1, 1, 0: single pixels */
    int bias;
};

struct kfac_moments {
    float *plain;         /* a tensor as NCHW */
    float *patches;       /* of some images */
    size_t room;          /* floats of patches */
    float *product;       /* widest squared */
};

/* Room for tensors of up to `tensor` numbers (without padding), for images with up to `patches`
 * numbers in all their patches, and for patches of up to `widest` numbers. */
struct kfac_moments kfac_moments_create(struct arena *mem, size_t tensor, size_t patches,
                                        size_t widest) MUST_USE;

/* factor = keep factor + weight M of the images t, whose convolution makes rows x cols positions;
 * `factor` is as wide as a patch. Linear in t's images, to float's rounding. */
void kfac_moments_add(struct kfac_moments *m, struct mat *factor, const struct tensor *t,
                      const struct kfac_window *w, size_t rows, size_t cols, double weight,
                      double keep);

#endif
