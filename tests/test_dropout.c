/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of lib/net/dropout. */
#include "test.h"

#include "aborts.h"
#include "base/parallel.h"
#include "net/dropout.h"
#include "tensor_cases.h"

static void factors_are_zero_or_scaled_up_at_the_given_rate(void **state)
{
    enum { COUNT = 200000 };
    struct arena mem = {0};
    float *factors = arena_get(&mem, COUNT, sizeof *factors);

    (void)state;
    for (double p = 0; p < 1; p += 0.3) {
        struct rng r = rng_stream(3, "dropout");
        size_t zeros = 0;
        dropout_draw(&r, p, COUNT, factors);
        for (size_t k = 0; k < COUNT; k++) {
            CHECK_TRUE(factors[k] == 0 || factors[k] == (float)(1 / (1 - p)));
            zeros += factors[k] == 0;
        }
        CHECK_NEAR((double)zeros / COUNT, p, 5 * sqrt(p * (1 - p) / COUNT)); /* 5 deviations */
    }
    arena_free(&mem);
}

/* Two halves of a draw are the draw, and it takes one number a factor, whatever p is. */
static void a_draw_may_be_cut(void **state)
{
    struct rng a = rng_stream(3, "dropout"), b = a, c = a;
    float whole[101], parts[101];

    (void)state;
    dropout_draw(&a, 0.4, 101, whole);
    dropout_draw(&b, 0.4, 37, parts);
    dropout_draw(&b, 0.4, 64, parts + 37);
    check_same_bits(whole, parts, 101);
    dropout_draw(&c, 0, 101, parts);
    for (size_t k = 0; k < 101; k++)
        CHECK_TRUE(parts[k] == 1);
    assert_int_equal(rng_word(&a), rng_word(&c));
    CHECK_ABORTS(dropout_draw(&a, 1, 1, parts));
    CHECK_ABORTS(dropout_draw(&a, -0.1, 1, parts));
    CHECK_ABORTS(dropout_draw(&a, (double)NAN, 1, parts));
}

/* The same factors give the same NCHW in every layout, on one thread and two, in place and not. */
static void factors_meet_their_elements_in_every_layout(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2 * TENSOR_CASES; k++) {
        struct arena mem = {0};
        const int by_channel = k & 1;
        const struct tensor *shape = &tensor_cases[k / 2];
        const size_t n = tensor_plain_size(shape), count = dropout_count(shape, by_channel);
        const size_t hw = shape->h * shape->w;
        struct rng r = rng_stream(3, "dropout");
        float *factors = arena_get(&mem, count, sizeof *factors);
        float *plain = plain_normals(&mem, shape, "x", 0);

        assert_int_equal(count, by_channel ? shape->n * shape->c : n);
        dropout_draw(&r, 0.4, count, factors);
        plain[n - 1] = NAN;
        struct tensor x = tensor_holding(&mem, shape, plain), y = tensor_of_case(&mem, shape);
        dropout_apply(&x, factors, by_channel, &y);
        parallel_set_threads(2);
        dropout_apply(&x, factors, by_channel, &x);
        parallel_set_threads(1);
        const float *out = plain_of(&mem, &y);
        for (size_t j = 0; j + 1 < n; j++)
            CHECK_TRUE(out[j] == plain[j] * factors[by_channel ? j / hw : j]);
        CHECK_TRUE(isnan(out[n - 1]));
        check_padding(&y);
        x.data[tensor_at(&x, x.n - 1, x.c - 1, x.h - 1, x.w - 1)] = 0;
        y.data[tensor_at(&x, x.n - 1, x.c - 1, x.h - 1, x.w - 1)] = 0;
        check_same_bits(x.data, y.data, tensor_size(&x));
        arena_free(&mem);
    }
}

static void shapes_that_differ_are_refused(void **state)
{
    const struct tensor shape = {2, 3, 4, 4, 8, NULL};
    struct arena mem = {0};
    struct tensor x = tensor_of_case(&mem, &shape), y = tensor_of_case(&mem, &shape);
    float factors[96] = {0};

    (void)state;
    y.block = 3;
    CHECK_ABORTS(dropout_apply(&x, factors, 0, &y));
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_that_differ_are_refused),
        cmocka_unit_test(a_draw_may_be_cut),
        cmocka_unit_test(factors_are_zero_or_scaled_up_at_the_given_rate),
        cmocka_unit_test(factors_meet_their_elements_in_every_layout),
    };

    parallel_set_threads(1); /* a child that forks from two would hang in its first loop */
    return cmocka_run_group_tests_name("dropout", tests, NULL, NULL);
}
