/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of lib/net/tensor and lib/net/tensor_tile. */
#include "test.h"

#include "aborts.h"
#include "base/parallel.h"
#include "net/tensor.h"
#include "net/tensor_tile.h"
#include "tensor_cases.h"

static void an_element_lies_where_the_layout_says(void **state)
{
    const struct tensor nchw = {2, 3, 4, 5, 1, NULL}, nhwc = {2, 3, 4, 5, 3, NULL};
    const struct tensor blocked = {2, 20, 4, 5, 16, NULL};

    (void)state;
    assert_int_equal(tensor_at(&nchw, 1, 2, 3, 4), ((1 * 3 + 2) * 4 + 3) * 5 + 4);
    assert_int_equal(tensor_at(&nhwc, 1, 2, 3, 4), ((1 * 4 + 3) * 5 + 4) * 3 + 2);
    assert_int_equal(tensor_at(&blocked, 1, 18, 3, 4), (((1 * 2 + 1) * 4 + 3) * 5 + 4) * 16 + 2);
    assert_int_equal(tensor_size(&blocked), 2 * 32 * 20);
    assert_int_equal(tensor_image_size(&blocked), 32 * 20);
    assert_int_equal(tensor_plain_size(&blocked), 2 * 20 * 20);
    assert_int_equal(tensor_channels_padded(&blocked), 32);
    assert_int_equal(tensor_channel_blocks(&nhwc), 1);
}

static void from_plain_puts_elements_there_and_zeros_beside(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES; k++) {
        struct arena mem = {0};
        const float *plain = plain_normals(&mem, &tensor_cases[k], "plain", 0);
        const struct tensor t = tensor_holding(&mem, &tensor_cases[k], plain);
        for (size_t i = 0, at = 0; i < t.n; i++)
            for (size_t ch = 0; ch < t.c; ch++)
                for (size_t y = 0; y < t.h; y++)
                    for (size_t x = 0; x < t.w; x++, at++)
                        CHECK_TRUE(t.data[tensor_at(&t, i, ch, y, x)] == plain[at]);
        check_padding(&t);
        arena_free(&mem);
    }
}

static void to_plain_is_the_way_back_on_any_threads(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES; k++) {
        struct arena mem = {0};
        const float *plain = plain_normals(&mem, &tensor_cases[k], "plain", 0);
        parallel_set_threads(2);
        const struct tensor t = tensor_holding(&mem, &tensor_cases[k], plain);
        const float *back = plain_of(&mem, &t);
        parallel_set_threads(1);
        check_same_bits(back, plain, tensor_plain_size(&t));
        arena_free(&mem);
    }
}

static void shapes_are_compared_whole(void **state)
{
    const struct tensor a = {2, 3, 4, 5, 1, NULL};
    struct tensor b = a;

    (void)state;
    CHECK_TRUE(tensor_same_shape(&a, &b));
    b.block = 3;
    CHECK_TRUE(!tensor_same_shape(&a, &b));
    const struct tensor others[] = {
        {1, 3, 4, 5, 1, NULL}, {2, 4, 4, 5, 1, NULL}, {2, 3, 5, 5, 1, NULL}, {2, 3, 4, 4, 1, NULL}};
    for (size_t k = 0; k < 4; k++)
        CHECK_TRUE(!tensor_same_shape(&a, &others[k]));
}

static void tiles_repeat_their_channels(void **state)
{
    (void)state;
    for (size_t block = 1; block <= TENSOR_BLOCK_MAX; block++) {
        const size_t tile = tensor_tile(block);
        CHECK_TRUE(tile % block == 0 && tile <= TENSOR_TILE_MAX);
        CHECK_TRUE(block >= TENSOR_TILE ? tile == block : tile % 16 == 0 && tile >= TENSOR_TILE);
        CHECK_TRUE(((tile / block) & (tile / block - 1)) == 0);
    }
    assert_int_equal(tensor_tile(1), TENSOR_TILE);
    assert_int_equal(tensor_tile(16), TENSOR_TILE);
}

static void a_spread_ends_at_the_last_channel(void **state)
{
    const struct tensor t = {1, 20, 1, 1, 16, NULL};
    float tile[TENSOR_TILE_MAX], *values;
    struct arena mem = {0};

    (void)state;
    values = arena_get(&mem, 20, sizeof *values);
    for (size_t ch = 0; ch < 20; ch++)
        values[ch] = (float)(ch + 1);
    tensor_tile_spread(values, &t, 16, tile);
    for (size_t j = 0; j < tensor_tile(16); j++)
        CHECK_TRUE(tile[j] == (j % 16 < 4 ? (float)(17 + j % 16) : 0.0f));
    arena_free(&mem);
}

static void sums_of_tiles_are_sums_by_channel(void **state)
{
    static const size_t blocks[] = {1, 2, 3, 7, 8, 16, 48, 63, 64, 100, 1024};

    (void)state;
    for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++)
        for (size_t pixels = 1; pixels < 9000; pixels = 3 * pixels + 1) {
            struct arena mem = {0};
            const size_t block = blocks[k], n = pixels * block;
            const struct tensor shape = {1, block, pixels, 1, block, NULL};
            const float *x = plain_normals(&mem, &shape, "sums", 1);
            double sums[TENSOR_BLOCK_MAX];
            for (size_t b = 0; b < block; b++)
                sums[b] = 0.5;
            tensor_tile_sum(x, n, block, sums);
            for (size_t b = 0; b < block; b++) {
                double expected = 0.5, scale = 1;
                for (size_t i = b; i < n; i += block) {
                    expected += (double)x[i];
                    scale += fabs((double)x[i]);
                }
                CHECK_NEAR(sums[b], expected, 1e-6 * scale);
            }
            arena_free(&mem);
        }
}

static void what_is_outside_is_refused(void **state)
{
    const struct tensor t = {2, 3, 4, 5, 3, NULL};
    float plain[120], data[120];
    struct tensor none = {2, 3, 4, 5, 0, data}, huge = {2, 3, 4, 5, 1025, data};

    (void)state;
    memset(plain, 0, sizeof plain);
    CHECK_ABORTS((void)tensor_at(&t, 2, 0, 0, 0));
    CHECK_ABORTS((void)tensor_at(&t, 0, 3, 0, 0));
    CHECK_ABORTS((void)tensor_at(&t, 0, 0, 4, 0));
    CHECK_ABORTS((void)tensor_at(&t, 0, 0, 0, 5));
    CHECK_ABORTS(tensor_from_plain(plain, &none));
    CHECK_ABORTS(tensor_from_plain(plain, &huge));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_outside_is_refused),
        cmocka_unit_test(an_element_lies_where_the_layout_says),
        cmocka_unit_test(from_plain_puts_elements_there_and_zeros_beside),
        cmocka_unit_test(to_plain_is_the_way_back_on_any_threads),
        cmocka_unit_test(shapes_are_compared_whole),
        cmocka_unit_test(tiles_repeat_their_channels),
        cmocka_unit_test(a_spread_ends_at_the_last_channel),
        cmocka_unit_test(sums_of_tiles_are_sums_by_channel),
    };

    parallel_set_threads(1); /* a child that forks from two would hang in its first loop */
    return cmocka_run_group_tests_name("tensor", tests, NULL, NULL);
}
