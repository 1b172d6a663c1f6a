/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kfac_loops: second moments of patches (geometry/kfac_moments.h) as loops in double. */
#ifndef TESTS_KFAC_LOOPS_H
#define TESTS_KFAC_LOOPS_H

#include "geometry/kfac_moments.h"
#include "net/convnet_spec.h"

/* M of n images x of this shape, whose convolution makes rows x cols positions. */
static inline struct mat loop_moments(struct arena *mem, const double *x, size_t n,
                                      struct tensor_shape s, const struct kfac_window *w,
                                      size_t rows, size_t cols)
{
    const size_t width = s.c * w->kernel * w->kernel + (size_t)w->bias;
    struct mat m = mat_zero(mem, width, width);
    double *a = arena_get(mem, width, sizeof *a);

    for (size_t i = 0; i < n * rows * cols; i++) {
        const size_t image = i / (rows * cols), row = i / cols % rows, col = i % cols;

        for (size_t j = 0; j < width; j++) {
            const size_t c = j / (w->kernel * w->kernel);
            const long y = (long)(row * w->stride + j / w->kernel % w->kernel) - (long)w->padding;
            const long z = (long)(col * w->stride + j % w->kernel) - (long)w->padding;
            const int inside = y >= 0 && z >= 0 && y < (long)s.h && z < (long)s.w;

            a[j] = c == s.c ? 1 : 0;
            if (c < s.c && inside)
                a[j] = x[((image * s.c + c) * s.h + (size_t)y) * s.w + (size_t)z];
        }
        for (size_t j = 0; j < width * width; j++)
            m.a[j] += a[j / width] * a[j % width];
    }
    return m;
}

#endif
