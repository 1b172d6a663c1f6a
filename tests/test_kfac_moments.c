/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_kfac_moments: second moments of patches against loops in double. */
#include "geometry/kfac_moments.h"

#include "aborts.h"
#include "base/rng.h"
#include "kfac_loops.h"
#include "linalg/blas.h"
#include "test.h"

enum { IMAGES = 90, COLOURS = 3, SIDE = 16, IMAGE = COLOURS * SIDE * SIDE };

/* Of images x against the loops, in three layouts. */
static void check_moments(struct arena *mem, const float *x, const struct kfac_window *w)
{
    const size_t rows = (SIDE + 2 * w->padding - w->kernel) / w->stride + 1;
    const size_t width = COLOURS * w->kernel * w->kernel + (size_t)w->bias;
    double *y = arena_get(mem, IMAGES * IMAGE, sizeof *y);
    struct kfac_moments m = kfac_moments_create(mem, IMAGES * IMAGE, rows * rows * width, width);

    for (size_t i = 0; i < IMAGES * IMAGE; i++)
        y[i] = (double)x[i];
    const struct mat want = loop_moments(mem, y, IMAGES, (struct tensor_shape){COLOURS, SIDE, SIDE},
                                         w, rows, rows);
    for (size_t block = 1; block <= 8; block = block == 1 ? COLOURS : block + 5) {
        struct tensor t = {IMAGES, COLOURS, SIDE, SIDE, block, NULL};
        struct mat got = mat_identity(mem, width);

        t.data = arena_get(mem, tensor_size(&t), sizeof *t.data);
        tensor_from_plain(x, &t);
        kfac_moments_add(&m, &got, &t, w, rows, rows, 0.5, 2);
        for (size_t i = 0; i < width * width; i++)
            CHECK_NEAR(got.a[i], 0.5 * want.a[i] + 2 * (i % (width + 1) == 0),
                       1e-6 * mat_norm(&want));
    }
    struct mat narrow = mat_zero(mem, width - 1, width - 1);
    const struct tensor none = {IMAGES, COLOURS, SIDE, SIDE, 1, NULL};

    CHECK_ABORTS(kfac_moments_add(&m, &narrow, &none, w, rows, rows, 1, 0));
}

/* In whatever layout, and whether images are summed at once or not: 90 images of 256 patches of 28
 * do not fit in one part. */
static void moments_do_not_hang_on_parts_and_layouts(void **state)
{
    const struct kfac_window windows[] = {{3, 1, 1, 1}, {3, 2, 1, 0}, {1, 2, 0, 1}, {2, 3, 1, 0},
                                          {5, 3, 4, 1}};
    struct arena mem = {0};
    struct rng r = rng_stream(1, "images");
    float *x = arena_get(&mem, IMAGES * IMAGE, sizeof *x);

    (void)state;
    CHECK_TRUE(IMAGES * SIDE * SIDE * 28 > kfac_moments_create(&mem, 1, 1, 1).room);
    rng_normalsf(&r, x, IMAGES * IMAGE);
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++)
        check_moments(&mem, x, &windows[i]);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_do_not_hang_on_parts_and_layouts),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("kfac_moments", tests, NULL, NULL);
}
