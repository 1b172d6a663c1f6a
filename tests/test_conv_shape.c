/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sizes of convolutions, and shapes that make no sense. */
#include "conv_trial.h"
#include "linalg/blas.h"

static void try_shape(struct conv_shape shape)
{
    const struct conv_options options = {.x_block = shape.in, .y_block = shape.out};
    struct conv *conv;

    conv_free(conv_create(&conv, &shape, &options) == STATUS_OK ? conv : NULL);
}

static void shapes_without_sense_abort(void **state)
{
    const struct conv_shape good = cases[1].shape;
    struct conv_shape bad[9];

    (void)state;
    for (size_t i = 0; i < 9; i++)
        bad[i] = good;
    bad[0].batch = 0;
    bad[1].in = 0;
    bad[2].out = 0;
    bad[3].height = 0;
    bad[4].kernel = 0;
    bad[5].stride = 0;
    bad[6].padding = good.kernel;
    bad[7].output_padding = 1;
    bad[8].kernel = 12;
    for (size_t i = 0; i < 9; i++)
        CHECK_ABORTS(try_shape(bad[i]));
}

/* floor((h + 2 p - k) / s) + 1, transposed (h - 1) s - 2 p + k + extra; two a product. */
static void sizes_and_operations_are_counted(void **state)
{
    struct conv_shape s = {.batch = 2, .in = 3, .height = 7, .width = 8, .out = 4, .kernel = 3,
                           .stride = 2, .padding = 1};

    (void)state;
    assert_int_equal(conv_output_size(&s, 7), 4);
    assert_int_equal(conv_output_size(&s, 8), 4);
    CHECK_NEAR(conv_operations(&s), 2.0 * 2 * 16 * 3 * 4 * 9, 0);
    s.transposed = 1;
    s.output_padding = 1;
    assert_int_equal(conv_output_size(&s, 7), 14);
    CHECK_NEAR(conv_operations(&s), 2.0 * 2 * 56 * 3 * 4 * 9, 0);
    assert_int_equal(conv_weight_count(&s), 108);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_without_sense_abort),
        cmocka_unit_test(sizes_and_operations_are_counted),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("conv_shape", tests, NULL, NULL);
}
