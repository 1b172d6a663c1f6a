/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool_parts: what the files of pooling share; not for others. */
#ifndef NET_POOL_PARTS_H
#define NET_POOL_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "net/pool.h"

struct pool;

/* A direction over one plane, one image's h w B floats of a block of channels, and `lanes`
 * channels of it, 16, 8, 4 or 1: the first of them are at x->data + in and y->data + out. */
typedef void pool_plane(const struct pool *a, size_t in, size_t out, size_t lanes);

/* One call's arguments. x is the tensor that windows lie in, y that of their results; in the
 * backward direction these are dx and dy. */
struct pool {
    pool_plane *plane;
    const struct tensor *x, *y;
    const uint8_t *index; /* of y, for backward */
    uint8_t *new_index;   /* of y, for forward; or NULL */
    size_t k, s, p;
    int clear; /* x is cleared first */
};

/* The call over all planes. */
void pool_run(struct pool a);

/* Whether dx is cleared first; keep is 0 or 1. */
int pool_cleared(float keep);

/* ---- kernels; each is inlined with constant numbers of lanes ---- */

#define POOL_KERNEL static inline __attribute__((always_inline)) void

/* Four lanes, as every instruction set that the compiler cuts vectors for has them: written as
 * loops over arrays, these kernels would go through memory at each element of a window. */
typedef float four_floats __attribute__((vector_size(16)));
typedef int32_t four_ints __attribute__((vector_size(16)));
typedef uint8_t four_bytes __attribute__((vector_size(4)));

/* For up to 16 lanes: how many vectors, and how many floats in each. */
#define VECTORS(lanes) (((lanes) + 3) / 4)
#define WIDTH(lanes) ((lanes) < 4 ? (lanes) : 4)

/* The numbers of lanes as constants. */
#define POOL_LANES(lanes, kernel, ...)                                                             \
    do {                                                                                           \
        if ((lanes) == 16)                                                                         \
            kernel(__VA_ARGS__, 16);                                                               \
        else if ((lanes) == 8)                                                                     \
            kernel(__VA_ARGS__, 8);                                                                \
        else if ((lanes) == 4)                                                                     \
            kernel(__VA_ARGS__, 4);                                                                \
        else                                                                                       \
            kernel(__VA_ARGS__, 1);                                                                \
    } while (0)

#endif
