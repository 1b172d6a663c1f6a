/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_task_pair: parts of a task are disjoint and balanced, labels are shifted, features are
 * means. */
#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "task_distance/task_pair.h"

enum { COUNT = 60, CLASSES = 3, SIDE = 4, PIXELS = 3 * SIDE * SIDE };

static struct arena mem;
static struct dataset set;
static struct task pool;

/* Record i is of class i % 3 and holds the number i. */
static int fill(void **state)
{
    static const int classes[] = {0, 1, 2};

    (void)state;
    set = (struct dataset){.name = "made", .count = COUNT, .channels = 3, .rows = SIDE,
                           .cols = SIDE, .classes = CLASSES,
                           .pixels = arena_get(&mem, COUNT, PIXELS),
                           .label = arena_get(&mem, COUNT, 1)};
    for (size_t i = 0; i < COUNT; i++) {
        memset(set.pixels + i * PIXELS, (int)i, PIXELS);
        set.label[i] = (uint8_t)(i % CLASSES);
    }
    CHECK_STATUS(task_pool(&pool, &mem, &set, classes, CLASSES, COUNT / CLASSES), STATUS_OK);
    return 0;
}

static int drain(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static size_t record_of(const struct task_part_images *part, size_t i, size_t inputs)
{
    return (size_t)lround((double)part->x[i * inputs] * 255);
}

static void parts_are_disjoint_and_balanced(void **state)
{
    const struct task_images_spec spec = {.train = 30, .validation = 15, .pooled = 1};
    size_t seen[COUNT] = {0};
    struct task_images t;

    (void)state;
    CHECK_STATUS(task_images_draw(&t, &mem, "t", &pool, &pool, &spec, 1), STATUS_OK);
    CHECK_TRUE(t.side == SIDE / 2 && t.inputs == PIXELS / 4 && t.classes == CLASSES);
    assert_int_equal(t.part[TASK_TEST].n, COUNT);
    for (int k = TASK_TRAIN; k <= TASK_VALIDATION; k++) {
        const struct task_part_images *part = &t.part[k];
        size_t of[CLASSES] = {0};

        assert_int_equal(part->n, k == TASK_TRAIN ? 30 : 15);
        for (size_t i = 0; i < part->n; i++) {
            const size_t record = record_of(part, i, t.inputs);

            assert_int_equal(part->label[i], record % CLASSES);
            assert_int_equal(seen[record]++, 0);
            of[part->label[i]]++;
        }
        for (size_t c = 0; c < CLASSES; c++)
            assert_int_equal(of[c], part->n / CLASSES);
    }
}

static void the_seed_and_the_name_decide(void **state)
{
    const struct task_images_spec spec = {.train = 30, .test = 12};
    struct task_images t[4];

    (void)state;
    CHECK_STATUS(task_images_draw(&t[0], &mem, "t", &pool, &pool, &spec, 1), STATUS_OK);
    CHECK_STATUS(task_images_draw(&t[1], &mem, "t", &pool, &pool, &spec, 1), STATUS_OK);
    CHECK_STATUS(task_images_draw(&t[2], &mem, "t", &pool, &pool, &spec, 2), STATUS_OK);
    CHECK_STATUS(task_images_draw(&t[3], &mem, "u", &pool, &pool, &spec, 1), STATUS_OK);
    for (int k = 0; k < TASK_PARTS; k += 2) {
        const size_t bytes = t[0].part[k].n * PIXELS * sizeof(float);

        assert_int_equal(t[0].part[k].n, k == TASK_TRAIN ? 30 : 12);
        assert_memory_equal(t[0].part[k].x, t[1].part[k].x, bytes);
        CHECK_TRUE(memcmp(t[0].part[k].x, t[2].part[k].x, bytes) != 0);
        CHECK_TRUE(memcmp(t[0].part[k].x, t[3].part[k].x, bytes) != 0);
    }
    CHECK_STATUS(task_images_draw(&t[0], &mem, "t", &pool, &pool,
                                  &(struct task_images_spec){.train = COUNT + 3}, 1),
                 STATUS_DATA);
}

static void features_are_means_without_their_mean(void **state)
{
    struct task_images t = {.channels = 3, .side = 16, .inputs = 3 * 256};
    float x[3 * 256];

    (void)state;
    for (size_t p = 0; p < 3 * 256; p++)
        x[p] = (float)(p / 256) + (p % 16 < 2 && p % 256 < 32 ? 64.0f : 0.0f);
    t.part[TASK_TRAIN] = (struct task_part_images){.n = 1, .x = x};
    task_images_pixel_features(&t, &mem);
    assert_int_equal(t.feature_dim, 3 * 64);
    for (size_t c = 0; c < 3; c++)
        for (size_t f = 0; f < 64; f++)
            CHECK_NEAR((double)t.part[TASK_TRAIN].features[c * 64 + f], f == 0 ? 63 : -1, 1e-5);
}

static void the_targets_labels_come_after_the_sources(void **state)
{
    const struct task_images_spec spec = {.train = 30, .validation = 15};
    struct task_images s, t;

    (void)state;
    CHECK_STATUS(task_images_draw(&s, &mem, "s", &pool, &pool, &spec, 1), STATUS_OK);
    CHECK_STATUS(task_images_draw(&t, &mem, "t", &pool, &pool, &spec, 1), STATUS_OK);
    const struct task_pair pair = task_pair_make(&mem, &s, &t, 7),
                           same = task_pair_identical(&s, 3);
    for (int k = 0; k < TASK_PARTS; k++)
        for (size_t i = 0; i < t.part[k].n; i++) {
            assert_int_equal(pair.target_label[k][i], t.part[k].label[i] + CLASSES);
            assert_int_equal(same.target_label[k][i], s.part[k].label[i]);
        }
    CHECK_ABORTS(if (task_pair_make(&mem, &s, &t, 5).outputs) return);
    t.inputs++;
    CHECK_ABORTS(if (task_pair_make(&mem, &s, &t, 7).outputs) return);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_disjoint_and_balanced),
        cmocka_unit_test(the_seed_and_the_name_decide),
        cmocka_unit_test(features_are_means_without_their_mean),
        cmocka_unit_test(the_targets_labels_come_after_the_sources),
    };

    return cmocka_run_group_tests(tests, fill, drain);
}
