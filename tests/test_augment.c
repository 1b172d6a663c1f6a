/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_augment: every augmented image is one of the shifted and mirrored ones that a naive loop
 * makes, each as often as the others, whatever batch it came in. */
#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "data/augment.h"

enum { COUNT = 40, CHANNELS = 3, ROWS = 5, COLS = 7, PLANE = ROWS * COLS, SIZE = CHANNELS * PLANE };
enum { PAD = 2, PLACES = 2 * PAD + 1, WAYS = PLACES * PLACES * 2 };

static uint8_t pixels[COUNT * SIZE], label[COUNT];
static uint32_t reversed[COUNT], in_order[COUNT];
static struct dataset set;
static struct task task;
static const struct task_scale scale = {.mean = {0.5, 0.25, 0.125}, .sd = {0.25, 0.5, 0.2}};

/* The task holds the records of the set from the last to the first. */
static int fill_set(void **state)
{
    struct rng r = rng_stream(1, "pixels");

    (void)state;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)rng_below(&r, 256);
    for (uint32_t i = 0; i < COUNT; i++) {
        in_order[i] = i;
        reversed[i] = COUNT - 1 - i;
    }
    set = (struct dataset){.name = "test set", .count = COUNT, .channels = CHANNELS, .rows = ROWS,
                           .cols = COLS, .classes = 1, .pixels = pixels, .label = label};
    task = (struct task){.set = &set, .index = reversed, .label = label, .n = COUNT, .classes = 1};
    return 0;
}

static struct augment make(size_t pad, int mirror, uint64_t seed)
{
    return augment_of_task(&task, &scale, pad, mirror, rng_stream(seed, "augment"));
}

/* ---- against a naive loop ---- */

/* Pixel (row, col) of the padded image is that of (row - PAD, col - PAD), 0 outside. */
static double padded(size_t i, size_t c, size_t row, size_t col)
{
    const int inside = row >= PAD && row < ROWS + PAD && col >= PAD && col < COLS + PAD;
    const size_t at = (COUNT - 1 - i) * SIZE + c * PLANE + (row - PAD) * COLS + (col - PAD);
    const double pixel = inside ? pixels[at] / 255.0 : 0;

    return (pixel - scale.mean[c]) / scale.sd[c];
}

static void naive(size_t i, size_t down, size_t across, int mirrored, float out[SIZE])
{
    for (size_t c = 0; c < CHANNELS; c++)
        for (size_t y = 0; y < ROWS; y++)
            for (size_t x = 0; x < COLS; x++) {
                const size_t from = mirrored ? COLS - 1 - x : x;
                *out++ = (float)padded(i, c, y + down, from + across);
            }
}

/* Which of the WAYS made `image` of record i: exactly one must. */
static size_t way_of(size_t i, const float *image)
{
    size_t found = WAYS;
    float candidate[SIZE];

    for (size_t way = 0; way < WAYS; way++) {
        naive(i, way / 2 / PLACES, way / 2 % PLACES, (int)(way % 2), candidate);
        if (memcmp(candidate, image, sizeof candidate) == 0) {
            CHECK_TRUE(found == WAYS);
            found = way;
        }
    }
    CHECK_TRUE(found < WAYS);
    return found;
}

/* Counts over 4,000 images lie within 5 standard deviations of 80 (chance 1 in 40,000). */
static void every_shift_and_mirroring_is_as_frequent(void **state)
{
    const struct augment a = make(PAD, 1, 1);
    enum { ROUNDS = 100 };
    const double mean = ROUNDS * COUNT / (double)WAYS;
    size_t seen[WAYS] = {0};
    float out[COUNT * SIZE];

    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        augment_batch(&a, round, in_order, COUNT, out);
        for (size_t i = 0; i < COUNT; i++)
            seen[way_of(i, out + i * SIZE)]++;
    }
    for (size_t way = 0; way < WAYS; way++)
        CHECK_NEAR((double)seen[way], mean, 5 * sqrt(mean));
}

/* Next to each other in round or index, ways coincide as often as chance has it. */
static void neighbours_draw_apart(void **state)
{
    const struct augment a = make(PAD, 1, 1);
    enum { ROUNDS = 100 };
    const double mean = ROUNDS * COUNT / (double)WAYS;
    size_t before[COUNT] = {0}, by_round = 0, by_index = 0;
    float out[COUNT * SIZE];

    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        augment_batch(&a, round, in_order, COUNT, out);
        for (size_t i = 0, last = 0; i < COUNT; i++) {
            const size_t way = way_of(i, out + i * SIZE);
            by_round += round > 0 && way == before[i];
            by_index += i > 0 && way == last;
            last = before[i] = way;
        }
    }
    CHECK_NEAR((double)by_round, mean, 5 * sqrt(mean));
    CHECK_NEAR((double)by_index, mean, 5 * sqrt(mean));
}

/* ---- what it depends on ---- */

static void batches_may_be_cut_anywhere(void **state)
{
    const struct augment a = make(PAD, 1, 1);
    float whole[COUNT * SIZE], part[COUNT * SIZE];

    (void)state;
    augment_batch(&a, 3, in_order, COUNT, whole);
    for (size_t cut = 1; cut < COUNT; cut += 6) {
        augment_batch(&a, 3, in_order, cut, part);
        augment_batch(&a, 3, in_order + cut, COUNT - cut, part + cut * SIZE);
        assert_memory_equal(part, whole, sizeof whole);
    }
    augment_batch(&a, 3, reversed, COUNT, part);
    for (size_t i = 0; i < COUNT; i++)
        assert_memory_equal(part + i * SIZE, whole + (COUNT - 1 - i) * SIZE, SIZE * sizeof *part);
    augment_batch(&a, 3, (uint32_t[]){5, 5}, 2, part);
    assert_memory_equal(part, whole + 5 * SIZE, SIZE * sizeof *part);
    assert_memory_equal(part + SIZE, whole + 5 * SIZE, SIZE * sizeof *part);
}

static void rounds_and_streams_differ(void **state)
{
    struct augment a = make(PAD, 1, 1);
    const struct augment b = make(PAD, 1, 2);
    float one[COUNT * SIZE], other[COUNT * SIZE];

    (void)state;
    augment_batch(&a, 3, in_order, COUNT, one);
    augment_batch(&a, 4, in_order, COUNT, other);
    CHECK_TRUE(memcmp(one, other, sizeof one) != 0);
    augment_batch(&b, 3, in_order, COUNT, other);
    CHECK_TRUE(memcmp(one, other, sizeof one) != 0);
    augment_fill(&a, 3, in_order, COUNT, other);
    assert_memory_equal(one, other, sizeof one);
}

/* ---- forms ---- */

static void without_shift_and_mirror_it_is_the_features(void **state)
{
    const struct augment full = make(PAD, 1, 1), none = make(0, 0, 1);
    float features[COUNT * SIZE], out[COUNT * SIZE];

    (void)state;
    task_features(features, &task, &scale);
    augment_plain(&full, in_order, COUNT, out);
    assert_memory_equal(out, features, sizeof out);
    augment_batch(&none, 9, in_order, COUNT, out);
    assert_memory_equal(out, features, sizeof out);
}

static void each_part_can_be_switched_off(void **state)
{
    const struct augment shift = make(PAD, 0, 1), mirror = make(0, 1, 1);
    float out[COUNT * SIZE];
    size_t mirrored = 0;

    (void)state;
    augment_batch(&shift, 0, in_order, COUNT, out);
    for (size_t i = 0; i < COUNT; i++)
        CHECK_TRUE(way_of(i, out + i * SIZE) % 2 == 0);
    augment_batch(&mirror, 0, in_order, COUNT, out);
    for (size_t i = 0; i < COUNT; i++) {
        const size_t way = way_of(i, out + i * SIZE);
        CHECK_TRUE(way / 2 == PAD * PLACES + PAD);
        mirrored += way % 2;
    }
    CHECK_TRUE(mirrored > COUNT / 5 && mirrored < COUNT - COUNT / 5);
}

/* Float images are treated as their bytes are, up to rounding; with mean 0 and sd 1 they stay. */
static void float_images_are_treated_as_bytes_are(void **state)
{
    const struct augment bytes = make(PAD, 1, 1);
    float images[COUNT * SIZE], a[COUNT * SIZE], b[COUNT * SIZE];

    (void)state;
    task_features(images, &task, &task_scale_unit);
    const struct augment floats = augment_of_images(images, COUNT, CHANNELS, ROWS, COLS, &scale,
                                                    PAD, 1, rng_stream(1, "augment"));
    augment_batch(&bytes, 2, in_order, COUNT, a);
    augment_batch(&floats, 2, in_order, COUNT, b);
    for (size_t i = 0; i < COUNT * SIZE; i++)
        CHECK_NEAR((double)b[i], (double)a[i], 1e-6);
    const struct augment unit = augment_of_images(images, COUNT, CHANNELS, ROWS, COLS,
                                                  &task_scale_unit, PAD, 1, bytes.stream);
    augment_plain(&unit, in_order, COUNT, b);
    assert_memory_equal(b, images, sizeof b);
    images[0] = NAN;
    augment_plain(&floats, in_order, 1, b);
    CHECK_TRUE(isnan(b[0]) && !isnan(b[1]));
}

static void wrong_shapes_and_indices_abort(void **state)
{
    static const struct task_scale flat = {.mean = {0}, .sd = {1, 0, 1}};
    const struct rng r = rng_stream(1, "augment");
    const struct augment a = make(PAD, 1, 1);
    const float x[1] = {0};
    float out[SIZE];

    (void)state;
    CHECK_ABORTS((void)augment_of_task(&task, &flat, 0, 0, r).count);
    CHECK_ABORTS((void)augment_of_task(&task, &scale, ROWS, 0, r).count);
    CHECK_ABORTS((void)augment_of_images(x, 1, TASK_CHANNELS + 1, 1, 1, &scale, 0, 0, r).count);
    CHECK_ABORTS((void)augment_of_images(x, 1, 0, 1, 1, &scale, 0, 0, r).count);
    augment_batch(&a, ((size_t)1 << 30) - 1, (uint32_t[]){COUNT - 1}, 1, out);
    CHECK_ABORTS(augment_batch(&a, (size_t)1 << 30, (uint32_t[]){0}, 1, out));
    CHECK_ABORTS(augment_batch(&a, 0, (uint32_t[]){COUNT}, 1, out));
    CHECK_ABORTS(augment_plain(&a, (uint32_t[]){COUNT}, 1, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shift_and_mirroring_is_as_frequent),
        cmocka_unit_test(neighbours_draw_apart),
        cmocka_unit_test(batches_may_be_cut_anywhere),
        cmocka_unit_test(rounds_and_streams_differ),
        cmocka_unit_test(without_shift_and_mirror_it_is_the_features),
        cmocka_unit_test(each_part_can_be_switched_off),
        cmocka_unit_test(float_images_are_treated_as_bytes_are),
        cmocka_unit_test(wrong_shapes_and_indices_abort),
    };

    return cmocka_run_group_tests_name("augment", tests, fill_set, NULL);
}
