/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loops of convolutions against cases by hand, and against each other. */
#include "conv_trial.h"
#include "linalg/blas.h"

static void check_numbers(const double *actual, const double *expected, size_t n)
{
    for (size_t i = 0; i < n; i++)
        CHECK_NEAR(actual[i], expected[i], 0);
}

static void loops_agree_with_hand(void **state)
{
    static const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, w[] = {1, 2, 3, 4}, b[] = {0.5};
    static const double plain[] = {37.5, 47.5, 67.5, 77.5}, strided[] = {4, 18, 36, 77};
    struct conv_shape s = {.batch = 1, .in = 1, .height = 3, .width = 3, .out = 1, .kernel = 2,
                           .stride = 1, .bias = 1};
    double y[4];

    (void)state;
    conv_naive_forward(&s, w, b, x, y);
    check_numbers(y, plain, 4);
    s.stride = 2;
    s.padding = 1;
    s.bias = 0;
    conv_naive_forward(&s, w, NULL, x, y);
    check_numbers(y, strided, 4);
}

static void transposed_loops_agree_with_hand(void **state)
{
    static const double x[] = {1, 2, 3, 4}, w[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const double copies[] = {1, 2, 2, 4, 4, 5, 8, 10, 3, 6, 4, 8, 12, 15, 16, 20};
    static const double padded[] = {5,  14, 10, 12, 14, 36, 24, 30,
                                    15, 34, 20, 24, 24, 55, 32, 36};
    static const double corner[] = {1, 2, 4, 5};
    struct conv_shape s = {.batch = 1, .in = 1, .height = 2, .width = 2, .out = 1, .kernel = 2,
                           .stride = 2, .transposed = 1};
    double y[16];

    (void)state;
    conv_naive_forward(&s, corner, NULL, x, y);
    check_numbers(y, copies, 16);
    s.kernel = 3;
    s.padding = 1;
    s.output_padding = 1;
    conv_naive_forward(&s, w, NULL, x, y);
    check_numbers(y, padded, 16);
}

/* W is out x in, of a transposed one in x out. */
static void loops_read_weights_in_order(void **state)
{
    static const double x[] = {1, 10}, w[] = {1, 2, 3, 4, 5, 6};
    static const double plain[] = {21, 43, 65}, transposed[] = {41, 52, 63};
    struct conv_shape s = {.batch = 1, .in = 2, .height = 1, .width = 1, .out = 3, .kernel = 1,
                           .stride = 1};
    double y[3];

    (void)state;
    conv_naive_forward(&s, w, NULL, x, y);
    check_numbers(y, plain, 3);
    s.transposed = 1;
    conv_naive_forward(&s, w, NULL, x, y);
    check_numbers(y, transposed, 3);
}

static double inner(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* <W x, y> = <x, W' y> = <W, dW>: three sums of the same products. */
static void loops_are_adjoint(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        struct trial t = trial_start(&(struct test_case){.shape = cases[i].shape}, 1);
        conv_naive_forward(&t.shape, t.w, NULL, t.px, t.sum);
        const double forward = inner(t.sum, t.py, t.y_count);
        conv_naive_backward_data(&t.shape, t.w, t.py, t.sum);
        CHECK_NEAR(inner(t.px, t.sum, t.x_count), forward, 1e-9);
        conv_naive_backward_weights(&t.shape, t.px, t.py, t.sum, t.b);
        CHECK_NEAR(inner(t.w, t.sum, t.w_count), forward, 1e-9);
        trial_end(&t);
    }
}

static void bias_gradients_are_sums(void **state)
{
    const struct conv_shape s = {.batch = 2, .in = 1, .height = 1, .width = 2, .out = 2,
                                 .kernel = 1, .stride = 1, .bias = 1};
    static const double x[4], dy[] = {1, 2, 3, 4, 5, 6, 7, 8}, expected[] = {14, 22};
    double dw[2], db[2];

    (void)state;
    conv_naive_backward_weights(&s, x, dy, dw, db);
    check_numbers(db, expected, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_agree_with_hand),
        cmocka_unit_test(transposed_loops_agree_with_hand),
        cmocka_unit_test(loops_read_weights_in_order),
        cmocka_unit_test(loops_are_adjoint),
        cmocka_unit_test(bias_gradients_are_sums),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("conv_naive", tests, NULL, NULL);
}
