/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of lib/net/elementwise: every layout against NCHW, in place against apart, on one thread
 * against two. */
#include "test.h"

#include "aborts.h"
#include "base/parallel.h"
#include "net/elementwise.h"
#include "tensor_cases.h"

/* Each function as into = f(a, into), and what it should give. */
struct function {
    void (*run)(const struct tensor *a, struct tensor *into);
    double (*expected)(double a, double into);
    double tolerance;
};

static double plus(double a, double into)
{
    return a + into;
}

static double plus_relu(double a, double into)
{
    return a + into > 0 ? a + into : 0;
}

static double relu_of_a(double a, double into)
{
    (void)into;
    return a > 0 ? a : 0;
}

static double masked(double a, double into)
{
    return a > 0 ? into : 0;
}

static double sigmoid_of_a(double a, double into)
{
    (void)into;
    return 1 / (1 + exp(-a));
}

static double sigmoid_slope(double a, double into)
{
    return into * a * (1 - a);
}

static void sigmoid_backward_in_place(const struct tensor *y, struct tensor *dy)
{
    sigmoid_backward(y, dy, dy);
}

static const struct function functions[] = {
    {tensor_add, plus, 0},
    {tensor_add_relu, plus_relu, 0},
    {relu_forward, relu_of_a, 0},
    {relu_mask, masked, 0},
    {sigmoid_forward, sigmoid_of_a, 3e-7},
    {sigmoid_backward_in_place, sigmoid_slope, 3e-7},
};

enum { FUNCTIONS = sizeof functions / sizeof *functions };

static void functions_are_the_naive_ones(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES * FUNCTIONS; k++) {
        struct arena mem = {0};
        const struct function *f = &functions[k % FUNCTIONS];
        const struct tensor *shape = &tensor_cases[k / FUNCTIONS];
        const float *p = plain_normals(&mem, shape, "a", 0);
        const float *q = plain_normals(&mem, shape, "b", 0);
        const struct tensor a = tensor_holding(&mem, shape, p);
        struct tensor into = tensor_holding(&mem, shape, q), again = tensor_holding(&mem, shape, q);

        f->run(&a, &into);
        const float *out = plain_of(&mem, &into);
        for (size_t j = 0; j < tensor_plain_size(shape); j++) {
            const double expected = f->expected((double)p[j], (double)q[j]);
            CHECK_NEAR((double)out[j], (double)(float)expected, f->tolerance * fabs(expected));
        }
        check_padding(&into);
        parallel_set_threads(2);
        f->run(&a, &again);
        parallel_set_threads(1);
        check_same_bits(again.data, into.data, tensor_size(shape));
        arena_free(&mem);
    }
}

/* x and the result in one place. */
static void in_place_has_the_same_bits(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES; k++) {
        struct arena mem = {0};
        const float *plain = plain_normals(&mem, &tensor_cases[k], "a", 0);
        struct tensor x = tensor_holding(&mem, &tensor_cases[k], plain);
        struct tensor s = tensor_holding(&mem, &tensor_cases[k], plain);
        struct tensor y = tensor_of_case(&mem, &x), z = tensor_of_case(&mem, &x);
        struct tensor d = tensor_holding(&mem, &tensor_cases[k], plain);
        struct tensor e = tensor_of_case(&mem, &x);
        relu_forward(&x, &y);
        relu_forward(&x, &x);
        check_same_bits(x.data, y.data, tensor_size(&x));
        sigmoid_forward(&s, &z);
        sigmoid_forward(&s, &s);
        check_same_bits(s.data, z.data, tensor_size(&x));
        sigmoid_backward(&z, &d, &e);
        sigmoid_backward(&z, &d, &d);
        check_same_bits(d.data, e.data, tensor_size(&x));
        arena_free(&mem);
    }
}

static void sigmoid_keeps_its_digits_in_both_tails(void **state)
{
    const struct tensor shape = {1, 1, 1, 1, 1, NULL};
    struct arena mem = {0};
    struct tensor x = tensor_of_case(&mem, &shape), y = tensor_of_case(&mem, &shape);

    (void)state;
    for (double at = -85; at < 120; at += 0.0371) {
        x.data[0] = (float)at;
        sigmoid_forward(&x, &y);
        CHECK_RELATIVE((double)y.data[0], 1 / (1 + exp(-(double)x.data[0])), 3e-7);
    }
    for (int sign = -1; sign <= 1; sign += 2) {
        x.data[0] = (float)sign * INFINITY;
        sigmoid_forward(&x, &y);
        CHECK_NEAR((double)y.data[0], sign > 0, 1e-37);
    }
    arena_free(&mem);
}

static void nan_reaches_every_result(void **state)
{
    const struct tensor shape = {1, 3, 2, 2, 8, NULL};
    const float bad = NAN;

    (void)state;
    for (size_t k = 0; k < FUNCTIONS; k++)
        for (int side = 0; side < 2; side++) {
            struct arena mem = {0};
            const float *p = plain_normals(&mem, &shape, "a", 2);
            struct tensor a = tensor_holding(&mem, &shape, p);
            struct tensor into = tensor_holding(&mem, &shape, p);
            const int unread = side == 1 && (functions[k].run == relu_forward ||
                                             functions[k].run == sigmoid_forward);
            (side ? into : a).data[9] = bad;
            if (functions[k].run == relu_mask && side == 0)
                into.data[9] = bad; /* a NaN of the output lets the gradient through */
            if (functions[k].run == relu_mask && side == 1)
                a.data[9] = 1;
            functions[k].run(&a, &into);
            for (size_t j = 0; j < tensor_size(&shape); j++)
                CHECK_TRUE(isnan(into.data[j]) == (j == 9 && !unread));
            arena_free(&mem);
        }
}

static void a_bias_goes_to_its_channel(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES; k++) {
        struct arena mem = {0};
        const struct tensor *shape = &tensor_cases[k], one = {1, shape->c, 1, 1, 1, NULL};
        const float *plain = plain_normals(&mem, shape, "x", 0);
        const float *bias = plain_normals(&mem, &one, "bias", 0);
        struct tensor x = tensor_holding(&mem, shape, plain);
        struct tensor y = tensor_holding(&mem, shape, plain);
        bias_add(bias, &x);
        parallel_set_threads(2);
        bias_add(bias, &y);
        parallel_set_threads(1);
        const float *out = plain_of(&mem, &x);
        for (size_t j = 0; j < tensor_plain_size(shape); j++)
            CHECK_TRUE(out[j] == plain[j] + bias[j / (x.h * x.w) % x.c]);
        check_padding(&x);
        check_same_bits(x.data, y.data, tensor_size(&x));
        arena_free(&mem);
    }
}

static void a_bias_gradient_is_the_sum_of_its_channel(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES; k++) {
        struct arena mem = {0};
        const struct tensor *shape = &tensor_cases[k], one = {1, shape->c, 1, 1, 1, NULL};
        const float *plain = plain_normals(&mem, shape, "x", 1);
        const float *start = plain_normals(&mem, &one, "start", 0);
        const struct tensor dy = tensor_holding(&mem, shape, plain);
        float *fresh = arena_get(&mem, dy.c, sizeof *fresh);
        float *kept = plain_normals(&mem, &one, "start", 0);
        double *sums = arena_get(&mem, dy.c, sizeof *sums);
        for (size_t j = 0; j < tensor_plain_size(shape); j++)
            sums[j / (dy.h * dy.w) % dy.c] += (double)plain[j];
        for (size_t ch = 0; ch < dy.c; ch++)
            fresh[ch] = NAN;
        bias_gradient(&dy, fresh, 0);
        parallel_set_threads(2);
        bias_gradient(&dy, kept, 2);
        parallel_set_threads(1);
        const double m = (double)(dy.n * dy.h * dy.w);
        for (size_t ch = 0; ch < dy.c; ch++) {
            CHECK_NEAR((double)fresh[ch], sums[ch], 1e-6 * m);
            CHECK_NEAR((double)kept[ch], 2 * (double)start[ch] + (double)fresh[ch], 2e-6 * m);
        }
        arena_free(&mem);
    }
}

/* Channels last: one float a channel, pixel after pixel. */
static void a_sum_in_order_has_the_bits_of_a_loop(void **state)
{
    static const size_t channels[] = {1, 3, 4, 7, 8, 16, 21, 40};

    (void)state;
    for (size_t k = 0; k < 8; k++) {
        struct arena mem = {0};
        const size_t c = channels[k];
        const struct tensor shape = {3, c, 5, 7, c, NULL};
        const float *plain = plain_normals(&mem, &shape, "x", 1);
        const struct tensor dy = tensor_holding(&mem, &shape, plain);
        float *fresh = arena_get(&mem, c, sizeof *fresh), *kept = arena_get(&mem, c, sizeof *kept);

        for (size_t ch = 0; ch < c; ch++) {
            fresh[ch] = NAN;
            kept[ch] = (float)ch;
        }
        bias_gradient_in_order(&dy, fresh, 0);
        bias_gradient_in_order(&dy, kept, 0.5f);
        for (size_t ch = 0; ch < c; ch++) {
            float sum = 0;

            for (size_t pixel = 0; pixel < 3 * 5 * 7; pixel++)
                sum += dy.data[pixel * c + ch];
            CHECK_NEAR((double)fresh[ch], (double)sum, 0);
            CHECK_NEAR((double)kept[ch], (double)(0.5f * (float)ch + sum), 0);
        }
        arena_free(&mem);
    }
}

static void shapes_that_differ_are_refused(void **state)
{
    const struct tensor shape = {2, 3, 4, 4, 8, NULL}, narrow = {2, 3, 4, 3, 8, NULL};
    struct arena mem = {0};
    struct tensor x = tensor_of_case(&mem, &shape), y = tensor_of_case(&mem, &narrow);

    (void)state;
    for (size_t k = 0; k < FUNCTIONS; k++)
        CHECK_ABORTS(functions[k].run(&x, &y));
    CHECK_ABORTS(sigmoid_backward(&y, &x, &x));
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_that_differ_are_refused),
        cmocka_unit_test(functions_are_the_naive_ones),
        cmocka_unit_test(in_place_has_the_same_bits),
        cmocka_unit_test(sigmoid_keeps_its_digits_in_both_tails),
        cmocka_unit_test(nan_reaches_every_result),
        cmocka_unit_test(a_bias_goes_to_its_channel),
        cmocka_unit_test(a_bias_gradient_is_the_sum_of_its_channel),
        cmocka_unit_test(a_sum_in_order_has_the_bits_of_a_loop),
    };

    parallel_set_threads(1); /* a child that forks from two would hang in its first loop */
    return cmocka_run_group_tests_name("elementwise", tests, NULL, NULL);
}
