/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of lib/net/pool: every layout against naive loops over NCHW. */
#include "test.h"

#include "aborts.h"
#include "base/parallel.h"
#include "net/pool.h"
#include "tensor_cases.h"

/* Windows of size k, s apart, from -p on. */
struct window {
    size_t k, s, p;
};

static const struct window windows[] = {{2, 2, 0}, {3, 2, 1}, {3, 1, 1}, {1, 1, 0},
                                        {2, 3, 1}, {3, 3, 0}, {1, 2, 0}, {4, 1, 2}};
static const struct window averages[] = {{2, 2, 0}, {3, 1, 0}, {1, 1, 0}, {3, 2, 0}, {2, 3, 0}};

enum {
    WINDOWS = sizeof windows / sizeof *windows,
    AVERAGES = sizeof averages / sizeof *averages
};

static int fits(const struct tensor *t, const struct window *w)
{
    return t->h + 2 * w->p >= w->k && t->w + 2 * w->p >= w->k;
}

static struct tensor result_shape(const struct tensor *x, const struct window *w)
{
    struct tensor y = *x;

    y.h = pool_size(x->h, w->k, w->s, w->p);
    y.w = pool_size(x->w, w->k, w->s, w->p);
    return y;
}

/* ---- naive: plane of h x w, output (i, j) ---- */

/* The place of the maximum in the window; its value into *best, its index in the plane into *at. */
static size_t naive_maximum(const float *plane, const struct tensor *x, const struct window *w,
                            size_t i, size_t j, float *best, size_t *at)
{
    size_t place = SIZE_MAX;

    *best = -INFINITY;
    for (size_t r = 0; r < w->k; r++)
        for (size_t c = 0; c < w->k; c++) {
            /* both p further than in the image */
            const size_t row = i * w->s + r, column = j * w->s + c;
            if (row < w->p || column < w->p || row - w->p >= x->h || column - w->p >= x->w)
                continue;
            const float v = plane[(row - w->p) * x->w + column - w->p];
            if (place != SIZE_MAX && !(v > *best) && !isnan(v))
                continue;
            place = r * w->k + c;
            *best = v;
            *at = (row - w->p) * x->w + column - w->p;
        }
    return place;
}

static void sizes_are_those_of_pytorch(void **state)
{
    (void)state;
    assert_int_equal(pool_size(32, 2, 2, 0), 16);
    assert_int_equal(pool_size(33, 2, 2, 0), 16);
    assert_int_equal(pool_size(32, 3, 2, 1), 16);
    assert_int_equal(pool_size(112, 3, 2, 1), 56);
    assert_int_equal(pool_size(7, 7, 1, 0), 1);
    CHECK_ABORTS((void)pool_size(3, 4, 1, 0));
    CHECK_ABORTS((void)pool_size(3, 2, 0, 0));
}

static struct tensor max_pooled(struct arena *mem, const struct tensor *x, const struct window *w,
                                uint8_t **index)
{
    const struct tensor shape = result_shape(x, w);
    struct tensor y = tensor_of_case(mem, &shape);

    *index = arena_get(mem, tensor_size(&y), 1);
    memset(*index, 255, tensor_size(&y));
    max_pool_forward(x, w->k, w->s, w->p, &y, *index);
    return y;
}

/* Values on a coarse grid, so that many maxima are equal. */
static float *ties(struct arena *mem, const struct tensor *shape)
{
    float *plain = plain_normals(mem, shape, "x", -1);

    for (size_t j = 0; j < tensor_plain_size(shape); j++)
        plain[j] = floorf(plain[j]);
    return plain;
}

static void check_maxima(struct arena *mem, const float *plain, const struct tensor *shape,
                         const struct window *w)
{
    const struct tensor x = tensor_holding(mem, shape, plain);
    uint8_t *index;
    const struct tensor y = max_pooled(mem, &x, w, &index);
    struct tensor without = tensor_of_case(mem, &y);

    for (size_t i = 0; i < x.n * x.c; i++)
        for (size_t k = 0; k < y.h * y.w; k++) {
            float best;
            size_t at;
            const size_t place =
                naive_maximum(plain + i * x.h * x.w, &x, w, k / y.w, k % y.w, &best, &at);
            const size_t out = tensor_at(&y, i / x.c, i % x.c, k / y.w, k % y.w);
            CHECK_TRUE(y.data[out] == best || (isnan(y.data[out]) && isnan(best)));
            assert_int_equal(index[out], place);
        }
    check_padding(&y);
    max_pool_forward(&x, w->k, w->s, w->p, &without, NULL);
    check_same_bits(without.data, y.data, tensor_size(&y));
}

static void maxima_and_their_places_are_the_naive_ones(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES * WINDOWS; k++) {
        struct arena mem = {0};
        const struct tensor *shape = &tensor_cases[k / WINDOWS];
        if (fits(shape, &windows[k % WINDOWS]))
            check_maxima(&mem, ties(&mem, shape), shape, &windows[k % WINDOWS]);
        arena_free(&mem);
    }
}

/* The last NaN of a window wins, and -infinity alone is found at the first place. */
static void nan_and_infinity_are_maxima_as_in_pytorch(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES * 2; k++) {
        struct arena mem = {0};
        const struct tensor *shape = &tensor_cases[k / 2];
        float *plain = ties(&mem, shape);
        for (size_t j = 0; j < tensor_plain_size(shape); j++)
            plain[j] = j % 5 == 3 ? NAN : j % 3 == 0 ? plain[j] : -INFINITY;
        if (fits(shape, &windows[k % 2]))
            check_maxima(&mem, plain, shape, &windows[k % 2]);
        arena_free(&mem);
    }
}

static void a_window_of_sixteen_has_room_in_the_index(void **state)
{
    const struct tensor shape = {1, 9, 17, 16, 8, NULL};
    const struct window w = {16, 1, 0};
    struct arena mem = {0};
    float *plain = plain_normals(&mem, &shape, "x", 0);

    (void)state;
    for (size_t ch = 0; ch < 9; ch++)
        plain[ch * 17 * 16 + 16 * 16 - 1] = 10;
    check_maxima(&mem, plain, &shape, &w);
    arena_free(&mem);
}

static void max_gradients_go_to_the_maxima(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES * WINDOWS; k++) {
        struct arena mem = {0};
        const struct tensor *shape = &tensor_cases[k / WINDOWS];
        const struct window *w = &windows[k % WINDOWS];
        if (!fits(shape, w))
            continue;
        const float *plain = ties(&mem, shape);
        const struct tensor x = tensor_holding(&mem, shape, plain);
        uint8_t *index;
        const struct tensor y = max_pooled(&mem, &x, w, &index);
        const float *d = plain_normals(&mem, &y, "dy", 0);
        const struct tensor dy = tensor_holding(&mem, &y, d);
        double *expected = arena_get(&mem, tensor_plain_size(&x), sizeof *expected);
        for (size_t i = 0; i < x.n * x.c; i++)
            for (size_t q = 0; q < y.h * y.w; q++) {
                float best;
                size_t at;
                naive_maximum(plain + i * x.h * x.w, &x, w, q / y.w, q % y.w, &best, &at);
                expected[i * x.h * x.w + at] += (double)d[i * y.h * y.w + q];
            }
        struct tensor dx = tensor_of_case(&mem, shape);
        max_pool_backward(&dy, index, w->k, w->s, w->p, &dx, 0);
        const float *out = plain_of(&mem, &dx);
        for (size_t j = 0; j < tensor_plain_size(&x); j++)
            CHECK_NEAR((double)out[j], expected[j], 2e-6);
        check_padding(&dx);
        max_pool_backward(&dy, index, w->k, w->s, w->p, &dx, 1);
        const float *twice = plain_of(&mem, &dx);
        for (size_t j = 0; j < tensor_plain_size(&x); j++)
            CHECK_NEAR((double)twice[j], 2 * expected[j], 4e-6);
        arena_free(&mem);
    }
}

static double naive_average(const float *plane, const struct tensor *x, const struct window *w,
                            size_t i, size_t j)
{
    double sum = 0;

    for (size_t r = 0; r < w->k; r++)
        for (size_t c = 0; c < w->k; c++)
            sum += (double)plane[(i * w->s + r) * x->w + j * w->s + c];
    return sum / (double)(w->k * w->k);
}

static void averages_are_the_naive_ones(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES * AVERAGES; k++) {
        struct arena mem = {0};
        const struct tensor *shape = &tensor_cases[k / AVERAGES];
        const struct window *w = &averages[k % AVERAGES];
        if (!fits(shape, w))
            continue;
        float *plain = plain_normals(&mem, shape, "x", 0);
        const struct tensor result = result_shape(shape, w);
        struct tensor y = tensor_of_case(&mem, &result);
        plain[0] = NAN;
        const struct tensor x = tensor_holding(&mem, shape, plain);
        average_pool_forward(&x, w->k, w->s, &y);
        const float *out = plain_of(&mem, &y);
        for (size_t j = 0; j < tensor_plain_size(&y); j++) {
            const size_t plane = j / (y.h * y.w), q = j % (y.h * y.w);
            const double expected =
                naive_average(plain + plane * x.h * x.w, &x, w, q / y.w, q % y.w);
            if (j == 0)
                CHECK_TRUE(isnan(out[0]));
            else
                CHECK_TRUE(fabs((double)out[j] - expected) < 1e-6 || isnan(expected));
        }
        check_padding(&y);
        arena_free(&mem);
    }
}

/* Each dy over its window, in double. */
static void average_gradients_are_spread_over_windows(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES * AVERAGES; k++) {
        struct arena mem = {0};
        const struct tensor *x = &tensor_cases[k / AVERAGES];
        const struct window *w = &averages[k % AVERAGES];
        if (!fits(x, w))
            continue;
        const struct tensor y = result_shape(x, w);
        const float *d = plain_normals(&mem, &y, "dy", 0), *start = plain_normals(&mem, x, "x", 0);
        const struct tensor dy = tensor_holding(&mem, &y, d);
        struct tensor dx = tensor_of_case(&mem, x), added = tensor_holding(&mem, x, start);
        double *expected = arena_get(&mem, tensor_plain_size(x), sizeof *expected);
        for (size_t j = 0; j < tensor_plain_size(&y); j++)
            for (size_t q = 0; q < w->k * w->k; q++) {
                const size_t row = j / y.w % y.h * w->s + q / w->k;
                const size_t column = j % y.w * w->s + q % w->k;
                expected[(j / (y.h * y.w) * x->h + row) * x->w + column] +=
                    (double)d[j] / (double)(w->k * w->k);
            }
        average_pool_backward(&dy, w->k, w->s, &dx, 0);
        average_pool_backward(&dy, w->k, w->s, &added, 1);
        const float *out = plain_of(&mem, &dx), *sum = plain_of(&mem, &added);
        for (size_t j = 0; j < tensor_plain_size(x); j++) {
            CHECK_NEAR((double)out[j], expected[j], 2e-6);
            CHECK_NEAR((double)sum[j], (double)start[j] + expected[j], 2e-6);
        }
        check_padding(&dx);
        arena_free(&mem);
    }
}

static void global_means_are_the_naive_ones(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES; k++) {
        struct arena mem = {0};
        const struct tensor *shape = &tensor_cases[k];
        const size_t hw = shape->h * shape->w, count = shape->n * shape->c;
        float *plain = plain_normals(&mem, shape, "x", 1);
        plain[(count - 1) * hw] = NAN;
        const struct tensor x = tensor_holding(&mem, shape, plain);
        float *means = arena_get(&mem, count, sizeof *means);
        global_pool_forward(&x, means);
        for (size_t i = 0; i + 1 < count; i++) {
            double sum = 0;
            for (size_t p = 0; p < hw; p++)
                sum += (double)plain[i * hw + p];
            CHECK_NEAR((double)means[i], sum / (double)hw, 1e-6);
        }
        CHECK_TRUE(isnan(means[count - 1]));
        arena_free(&mem);
    }
}

static void global_gradients_are_spread_evenly(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES; k++) {
        struct arena mem = {0};
        const struct tensor *shape = &tensor_cases[k];
        const struct tensor small = {shape->n, shape->c, 1, 1, 1, NULL};
        const size_t hw = shape->h * shape->w;
        const float *d = plain_normals(&mem, &small, "d", 0);
        const float *start = plain_normals(&mem, shape, "x", 0);
        struct tensor dx = tensor_of_case(&mem, shape), added = tensor_holding(&mem, shape, start);
        global_pool_backward(d, &dx, 0);
        global_pool_backward(d, &added, 1);
        const float *out = plain_of(&mem, &dx), *sum = plain_of(&mem, &added);
        for (size_t j = 0; j < tensor_plain_size(shape); j++) {
            CHECK_RELATIVE((double)out[j], (double)d[j / hw] / (double)hw, 2e-7);
            CHECK_TRUE(sum[j] == start[j] + out[j]);
        }
        check_padding(&dx);
        check_padding(&added);
        arena_free(&mem);
    }
}

static void two_threads_give_the_same_bits(void **state)
{
    const struct window w = {3, 2, 1};

    (void)state;
    for (size_t k = 0; k < TENSOR_CASES; k++) {
        struct arena mem = {0};
        const struct tensor *shape = &tensor_cases[k];
        const struct tensor x = tensor_holding(&mem, shape, ties(&mem, shape));
        struct tensor y[2], dx[2];
        uint8_t *index[2];
        float *means[2];
        for (int i = 0; i < 2; i++) {
            parallel_set_threads(1 + i);
            y[i] = max_pooled(&mem, &x, &w, &index[i]);
            dx[i] = tensor_of_case(&mem, shape);
            max_pool_backward(&y[i], index[i], w.k, w.s, w.p, &dx[i], 0);
            means[i] = arena_get(&mem, x.n * x.c, sizeof *means[i]);
            global_pool_forward(&dx[i], means[i]);
            global_pool_backward(means[i], &dx[i], 1);
        }
        parallel_set_threads(1);
        check_same_bits(y[0].data, y[1].data, tensor_size(&y[0]));
        assert_memory_equal(index[0], index[1], tensor_size(&y[0]));
        check_same_bits(dx[0].data, dx[1].data, tensor_size(&x));
        check_same_bits(means[0], means[1], x.n * x.c);
        arena_free(&mem);
    }
}

static void windows_and_shapes_that_do_not_fit_are_refused(void **state)
{
    const struct tensor shape = {2, 3, 20, 20, 8, NULL}, half = {2, 3, 10, 10, 8, NULL};
    struct arena mem = {0};
    struct tensor x = tensor_of_case(&mem, &shape), y = tensor_of_case(&mem, &half);
    uint8_t *index = arena_get(&mem, tensor_size(&y), 1);
    struct tensor other = y;

    (void)state;
    max_pool_forward(&x, 2, 2, 0, &y, index);
    CHECK_ABORTS(max_pool_forward(&x, 3, 3, 0, &y, index));
    CHECK_ABORTS(max_pool_forward(&x, 2, 2, 2, &y, index));
    CHECK_ABORTS(max_pool_backward(&y, index, 2, 2, 2, &x, 0));
    CHECK_ABORTS(max_pool_backward(&y, index, 2, 2, 0, &x, 0.5f));
    CHECK_ABORTS(average_pool_backward(&y, 2, 2, &x, 2));
    CHECK_ABORTS(global_pool_backward(x.data, &x, NAN));
    other.h = 12, other.w = 12; /* the size of that padding, but a window lies outside */
    CHECK_ABORTS(max_pool_forward(&x, 2, 2, 2, &other, NULL));
    other.h = 4, other.w = 4;
    CHECK_ABORTS(max_pool_forward(&x, 17, 1, 0, &other, index));
    other = y, other.block = 3;
    CHECK_ABORTS(average_pool_forward(&x, 2, 2, &other));
    other = y, other.n = 1;
    CHECK_ABORTS(average_pool_forward(&x, 2, 2, &other));
    other = y, other.c = 4;
    CHECK_ABORTS(average_pool_forward(&x, 2, 2, &other));
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_and_shapes_that_do_not_fit_are_refused),
        cmocka_unit_test(sizes_are_those_of_pytorch),
        cmocka_unit_test(maxima_and_their_places_are_the_naive_ones),
        cmocka_unit_test(nan_and_infinity_are_maxima_as_in_pytorch),
        cmocka_unit_test(a_window_of_sixteen_has_room_in_the_index),
        cmocka_unit_test(max_gradients_go_to_the_maxima),
        cmocka_unit_test(averages_are_the_naive_ones),
        cmocka_unit_test(average_gradients_are_spread_over_windows),
        cmocka_unit_test(global_means_are_the_naive_ones),
        cmocka_unit_test(global_gradients_are_spread_evenly),
        cmocka_unit_test(two_threads_give_the_same_bits),
    };

    parallel_set_threads(1); /* a child that forks from two would hang in its first loop */
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
