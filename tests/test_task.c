/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which records a task selects, and the numbers made of them. */
#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "data/task.h"

#define COUNT    240
#define CHANNELS 3
#define ROWS     4
#define COLS     6
#define PIXELS   (CHANNELS * ROWS * COLS)
#define CLASSES  4

static uint8_t pixels[COUNT * PIXELS], label[COUNT], coarse[COUNT];
static struct dataset set;
static struct arena mem;

/* Class 3 has 36 records, the others share the rest unevenly. Superclass 2 has classes 0 and 3,
 * superclass 1 the others, superclass 0 none. */
static int fill_set(void **state)
{
    struct rng r = rng_stream(1, "test set");

    (void)state;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)rng_below(&r, 256);
    for (size_t i = 0; i < COUNT; i++)
        label[i] = (uint8_t)(i % 7 == 3 ? 3 : i % 3);
    label[COUNT - 1] = 3;
    label[COUNT - 2] = 3;
    for (size_t i = 0; i < COUNT; i++)
        coarse[i] = label[i] % 3 == 0 ? 2 : 1;
    set = (struct dataset){.name = "test set",
                           .count = COUNT,
                           .channels = CHANNELS,
                           .rows = ROWS,
                           .cols = COLS,
                           .classes = CLASSES,
                           .coarse_classes = 3,
                           .pixels = pixels,
                           .label = label,
                           .coarse = coarse};
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static const int all[] = {0, 1, 2, 3}, some[] = {3, 1};

/* ---- selection ---- */

static void pool_is_the_first_records_of_each_class(void **state)
{
    size_t next = 0, taken[2] = {0};
    struct task pool;

    (void)state;
    CHECK_STATUS(task_pool(&pool, &mem, &set, some, 2, 20), STATUS_OK);
    CHECK_TRUE(pool.n == 40 && pool.classes == 2 && pool.set == &set);
    for (uint32_t i = 0; i < COUNT; i++) {
        const int place = label[i] == 3 ? 0 : label[i] == 1 ? 1 : -1;
        if (place < 0 || taken[place] == 20)
            continue;
        taken[place]++;
        CHECK_TRUE(pool.index[next] == i && pool.label[next] == place);
        next++;
    }
    CHECK_TRUE(next == pool.n);
}

static void pool_names_both_counts_where_records_lack(void **state)
{
    struct task pool;

    (void)state;
    CHECK_STATUS(task_pool(&pool, &mem, &set, some, 2, 36), STATUS_OK);
    CHECK_STATUS(task_pool(&pool, &mem, &set, some, 2, 37), STATUS_DATA);
    CHECK_MESSAGE("test set: expected 37 records of class 3, found 36");
}

/* While the pool lies within a part of the set, the part gives the same draws as the whole. */
static void pool_of_a_part_equals_the_pool_of_the_whole(void **state)
{
    struct rng r = rng_stream(5, "sample"), s = r;
    struct dataset part = set;
    struct task a, b;

    (void)state;
    part.count = 160;
    CHECK_STATUS(task_pool(&a, &mem, &set, all, 4, 20), STATUS_OK);
    CHECK_STATUS(task_pool(&b, &mem, &part, all, 4, 20), STATUS_OK);
    CHECK_STATUS(task_draw(&a, &mem, &a, 30, &r, 1), STATUS_OK);
    CHECK_STATUS(task_draw(&b, &mem, &b, 30, &s, 1), STATUS_OK);
    CHECK_TRUE(memcmp(a.index, b.index, 30 * sizeof *a.index) == 0);
}

static void every_takes_every_kth_of_each_class(void **state)
{
    struct task t;
    size_t seen[CLASSES] = {0}, next = 0;

    (void)state;
    CHECK_STATUS(task_every(&t, &mem, &set, all, 4, 5), STATUS_OK);
    for (uint32_t i = 0; i < COUNT; i++)
        if (seen[label[i]]++ % 5 == 0) {
            CHECK_TRUE(t.index[next] == i && t.label[next] == label[i]);
            next++;
        }
    CHECK_TRUE(next == t.n);
    CHECK_STATUS(task_every(&t, &mem, &set, all, 4, 1), STATUS_OK);
    CHECK_TRUE(t.n == COUNT && t.index[COUNT - 1] == COUNT - 1);
}

static void every_needs_records_of_each_class(void **state)
{
    struct dataset part = set;
    struct task t;

    (void)state;
    part.count = 3;
    CHECK_STATUS(task_every(&t, &mem, &part, some, 2, 1), STATUS_DATA);
    CHECK_MESSAGE("expected records of class 3, found 0");
}

static void superclass_task_has_its_classes(void **state)
{
    struct task of, by;

    (void)state;
    CHECK_STATUS(task_pool_of(&of, &mem, &set, 2, 30), STATUS_OK);
    CHECK_STATUS(task_pool(&by, &mem, &set, (int[]){0, 3}, 2, 30), STATUS_OK);
    CHECK_TRUE(of.n == 60 && of.classes == 2 && by.n == 60);
    CHECK_TRUE(memcmp(of.index, by.index, 60 * sizeof *of.index) == 0);
    CHECK_TRUE(memcmp(of.label, by.label, 60) == 0);
    CHECK_STATUS(task_every_of(&of, &mem, &set, 1, 3), STATUS_OK);
    CHECK_STATUS(task_every(&by, &mem, &set, (int[]){1, 2}, 2, 3), STATUS_OK);
    CHECK_TRUE(of.n == by.n && memcmp(of.index, by.index, of.n * sizeof *of.index) == 0);
    CHECK_STATUS(task_pool_of(&of, &mem, &set, 2, 37), STATUS_DATA);
    CHECK_MESSAGE("expected 37 records of class 3, found 36");
    CHECK_STATUS(task_pool_of(&of, &mem, &set, 0, 1), STATUS_DATA);
    CHECK_MESSAGE("expected records of superclass 0, found 0");
    CHECK_STATUS(task_every_of(&of, &mem, &set, 0, 1), STATUS_DATA);
}

static void draw_takes_distinct_records_of_the_pool(void **state)
{
    struct rng r = rng_stream(1, "sample"), again = r;
    struct task pool, a, b, c;
    int used[COUNT] = {0}, in_pool[COUNT] = {0};
    size_t overlap = 0;

    (void)state;
    CHECK_STATUS(task_pool(&pool, &mem, &set, all, 4, 30), STATUS_OK);
    CHECK_STATUS(task_draw(&a, &mem, &pool, 70, &r, 0), STATUS_OK);
    CHECK_STATUS(task_draw(&b, &mem, &pool, 70, &r, 0), STATUS_OK);
    CHECK_STATUS(task_draw(&c, &mem, &pool, 70, &again, 0), STATUS_OK);
    CHECK_TRUE(a.n == 70 && a.classes == 4);
    for (size_t i = 0; i < pool.n; i++)
        in_pool[pool.index[i]] = 1;
    for (size_t i = 0; i < 70; i++) {
        CHECK_TRUE(in_pool[a.index[i]] && !used[a.index[i]]);
        CHECK_TRUE(a.label[i] == label[a.index[i]]);
        used[a.index[i]] = 1;
    }
    for (size_t i = 0; i < 70; i++)
        overlap += (size_t)used[b.index[i]];
    CHECK_TRUE(overlap > 20 && overlap < 70);
    CHECK_TRUE(memcmp(a.index, c.index, 70 * sizeof *a.index) == 0);
}

static void draw_balanced_gives_equal_shares(void **state)
{
    struct rng r = rng_stream(2, "sample");
    size_t count[CLASSES] = {0};
    struct task pool, t;

    (void)state;
    CHECK_STATUS(task_pool(&pool, &mem, &set, all, 4, 30), STATUS_OK);
    CHECK_STATUS(task_draw(&t, &mem, &pool, 90, &r, 1), STATUS_OK);
    for (size_t i = 0; i < t.n; i++)
        count[t.label[i]]++;
    CHECK_TRUE(count[0] == 23 && count[1] == 23 && count[2] == 22 && count[3] == 22);
    int sorted = 1;
    for (size_t i = 1; i < t.n; i++)
        sorted &= t.label[i] >= t.label[i - 1];
    CHECK_TRUE(!sorted);
}

static void draw_names_both_counts_where_records_lack(void **state)
{
    struct rng r = rng_stream(2, "sample");
    struct task pool, t;

    (void)state;
    CHECK_STATUS(task_every(&pool, &mem, &set, all, 4, 1), STATUS_OK);
    CHECK_STATUS(task_draw(&t, &mem, &pool, COUNT + 1, &r, 0), STATUS_DATA);
    CHECK_MESSAGE("expected 241 records to draw, found 240 in the pool");
    CHECK_STATUS(task_draw(&t, &mem, &pool, 150, &r, 1), STATUS_DATA);
    CHECK_MESSAGE("expected 37 records of the task's class number 3 to draw, found 36");
}

/* 4000 draws of 10 from 80 take each record 500 times, with sd 20.9: all within 5 sd. */
static void draw_favours_no_record(void **state)
{
    struct rng r = rng_stream(3, "sample");
    size_t count[COUNT] = {0};
    struct task pool, t;

    (void)state;
    CHECK_STATUS(task_pool(&pool, &mem, &set, all, 4, 20), STATUS_OK);
    for (int k = 0; k < 4000; k++) {
        struct arena one = {0};
        CHECK_STATUS(task_draw(&t, &one, &pool, 10, &r, 0), STATUS_OK);
        for (size_t i = 0; i < 10; i++)
            count[t.index[i]]++;
        arena_free(&one);
    }
    for (size_t i = 0; i < pool.n; i++)
        CHECK_NEAR((double)count[pool.index[i]], 500, 105);
}

/* ---- turning ---- */

static void rotated_task_holds_turned_records(void **state)
{
    struct task t, turned, back;
    uint8_t image[PIXELS];

    (void)state;
    CHECK_STATUS(task_pool(&t, &mem, &set, some, 2, 5), STATUS_OK);
    task_rotated(&turned, &mem, &t, 30);
    CHECK_TRUE(turned.n == t.n && turned.classes == 2 && turned.set->count == t.n);
    CHECK_TRUE(turned.set->classes == 2 && task_dim(&turned) == PIXELS);
    for (size_t i = 0; i < t.n; i++) {
        dataset_rotate(image, pixels + t.index[i] * PIXELS, CHANNELS, ROWS, COLS, 30);
        CHECK_TRUE(turned.index[i] == i && turned.label[i] == t.label[i]);
        CHECK_TRUE(turned.set->label[i] == t.label[i]);
        CHECK_TRUE(memcmp(turned.set->pixels + i * PIXELS, image, PIXELS) == 0);
    }
    task_rotated(&back, &mem, &t, 180);
    CHECK_TRUE(back.set->pixels[PIXELS - 1] == pixels[t.index[0] * PIXELS + PIXELS - ROWS * COLS]);
    task_rotated(&back, &mem, &back, 180);
    for (size_t i = 0; i < t.n; i++)
        CHECK_TRUE(memcmp(back.set->pixels + i * PIXELS, pixels + t.index[i] * PIXELS, PIXELS) ==
                   0);
}

/* ---- features ---- */

static void features_are_normalized_pixels(void **state)
{
    const struct task_scale scale = {{0.1, 0.2, 0.3}, {0.5, 2, 4}};
    struct task t;
    float *x;

    (void)state;
    CHECK_STATUS(task_pool(&t, &mem, &set, some, 2, 5), STATUS_OK);
    CHECK_TRUE(task_dim(&t) == PIXELS);
    x = arena_get(&mem, t.n * PIXELS, sizeof *x);
    task_features(x, &t, &scale);
    for (size_t i = 0; i < t.n; i++)
        for (size_t j = 0; j < PIXELS; j++) {
            const size_t c = j / (ROWS * COLS);
            const double pixel = pixels[t.index[i] * PIXELS + j] / 255.0;
            CHECK_NEAR((double)x[i * PIXELS + j], (pixel - scale.mean[c]) / scale.sd[c], 3e-7);
        }
}

/* Every channel of every constant that task.h names. */
static void scales_are_the_published_ones(void **state)
{
    static const struct {
        const struct task_scale *scale;
        double mean[TASK_CHANNELS], sd[TASK_CHANNELS];
    } published[] = {
        {&task_scale_unit, {0, 0, 0}, {1, 1, 1}},
        {&task_scale_mnist, {0.1307, 0.1307, 0.1307}, {0.3081, 0.3081, 0.3081}},
        {&task_scale_cifar10, {0.4914, 0.4822, 0.4465}, {0.2470, 0.2435, 0.2616}},
        {&task_scale_cifar100, {0.5071, 0.4865, 0.4409}, {0.2673, 0.2564, 0.2762}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        for (size_t c = 0; c < TASK_CHANNELS; c++) {
            CHECK_NEAR(published[i].scale->mean[c], published[i].mean[c], 0.0);
            CHECK_NEAR(published[i].scale->sd[c], published[i].sd[c], 0.0);
        }
}

/* Pooling commutes with the normalization, so it is the mean of four features. */
static void pooled_is_the_mean_of_four_features(void **state)
{
    const struct task_scale scale = {{0.1, 0.2, 0.3}, {0.5, 2, 4}};
    struct task t;
    float *x, *pooled;

    (void)state;
    CHECK_STATUS(task_pool(&t, &mem, &set, some, 2, 5), STATUS_OK);
    CHECK_TRUE(task_pooled_dim(&t) == PIXELS / 4);
    x = arena_get(&mem, t.n * PIXELS, sizeof *x);
    pooled = arena_get(&mem, t.n * PIXELS / 4, sizeof *x);
    task_features(x, &t, &scale);
    task_pooled(pooled, &t, &scale);
    for (size_t i = 0; i < t.n; i++)
        for (size_t c = 0; c < CHANNELS; c++)
            for (size_t y = 0; y < ROWS / 2; y++)
                for (size_t z = 0; z < COLS / 2; z++) {
                    const float *p = x + ((i * CHANNELS + c) * ROWS + 2 * y) * COLS + 2 * z;
                    const double mean =
                        ((double)p[0] + (double)p[1] + (double)p[COLS] + (double)p[COLS + 1]) / 4;
                    CHECK_NEAR((double)*pooled++, mean, 1e-6);
                }
}

static void scale_is_mean_and_deviation_of_each_channel(void **state)
{
    struct task_scale scale;
    struct task t;

    (void)state;
    CHECK_STATUS(task_every(&t, &mem, &set, some, 2, 2), STATUS_OK);
    CHECK_STATUS(task_scale_measure(&scale, &t), STATUS_OK);
    for (size_t c = 0; c < CHANNELS; c++) {
        const double count = (double)t.n * ROWS * COLS;
        double mean = 0, square = 0;
        for (int pass = 0; pass < 2; pass++)
            for (size_t i = 0; i < t.n; i++)
                for (size_t j = 0; j < ROWS * COLS; j++) {
                    const double v = pixels[t.index[i] * PIXELS + c * ROWS * COLS + j] / 255.0;
                    if (pass == 0)
                        mean += v / count;
                    else
                        square += (v - mean) * (v - mean) / count;
                }
        CHECK_NEAR(scale.mean[c], mean, 1e-13);
        CHECK_NEAR(scale.sd[c], sqrt(square), 1e-13);
    }
}

static void scale_of_constant_pixels_is_an_error(void **state)
{
    uint8_t flat[2 * PIXELS];
    struct dataset dull = set;
    struct task_scale scale;
    struct task t;

    (void)state;
    memset(flat, 77, sizeof flat);
    dull.pixels = flat;
    dull.count = 2;
    CHECK_STATUS(task_every(&t, &mem, &dull, (int[]){0, 1}, 2, 1), STATUS_OK);
    CHECK_STATUS(task_scale_measure(&scale, &t), STATUS_DATA);
    CHECK_MESSAGE("channel 0");
}

/* ---- digest ---- */

static void digest_of(char out[DIGEST_TEXT], const struct task *t)
{
    struct digest d;

    digest_start(&d);
    task_digest(&d, t);
    digest_end(&d, out);
}

static void digest_depends_on_records_alone(void **state)
{
    static uint8_t moved_pixels[sizeof pixels], moved_label[COUNT];
    char first[DIGEST_TEXT], other[DIGEST_TEXT];
    struct dataset moved = set;
    struct task t, u;

    (void)state;
    CHECK_STATUS(task_pool(&t, &mem, &set, some, 2, 5), STATUS_OK);
    digest_of(first, &t);
    /* The same records at other places of another set. */
    memcpy(moved_pixels + PIXELS, pixels, sizeof pixels - PIXELS);
    memcpy(moved_label + 1, label, COUNT - 1);
    moved.pixels = moved_pixels;
    moved.label = moved_label;
    CHECK_STATUS(task_pool(&u, &mem, &moved, some, 2, 5), STATUS_OK);
    CHECK_TRUE(u.index[0] == t.index[0] + 1);
    digest_of(other, &u);
    CHECK_TEXT(other, first);
    moved_pixels[u.index[9] * PIXELS + PIXELS - 1] ^= 1;
    digest_of(other, &u);
    CHECK_TRUE(strcmp(other, first) != 0);
    t.label[9] ^= 1;
    digest_of(other, &t);
    CHECK_TRUE(strcmp(other, first) != 0);
    t.label[9] ^= 1;
    t.classes = 3;
    digest_of(other, &t);
    CHECK_TRUE(strcmp(other, first) != 0);
    t.classes = 2;
    t.n = 9;
    digest_of(other, &t);
    CHECK_TRUE(strcmp(other, first) != 0);
}

static void draw_without_memory_reaches_the_guard(void **state)
{
    struct arena small = {0};
    volatile int reached = 0;
    struct task pool;

    (void)state;
    memory_fail_at(1);
    if (arena_guard(&small) == 0) {
        CHECK_STATUS(task_pool(&pool, &small, &set, all, 4, 20), STATUS_OK);
        reached = 1;
    }
    memory_fail_at(0);
    CHECK_TRUE(!reached);
    arena_free(&small);
}

/* Arrays of more than a few records do not run into each other. */
static void large_tasks_are_turned_record_by_record(void **state)
{
    struct task t, turned;

    (void)state;
    CHECK_STATUS(task_every(&t, &mem, &set, all, 4, 1), STATUS_OK);
    task_rotated(&turned, &mem, &t, 360);
    CHECK_TRUE(turned.n == COUNT && turned.set->count == COUNT);
    CHECK_TRUE(turned.set->channels == CHANNELS && turned.set->rows == ROWS &&
               turned.set->cols == COLS && turned.set->coarse == NULL);
    CHECK_TEXT(turned.set->name, "test set");
    CHECK_TRUE(memcmp(turned.set->pixels, pixels, sizeof pixels) == 0);
    CHECK_TRUE(memcmp(turned.set->label, label, COUNT) == 0);
    CHECK_TRUE(memcmp(turned.label, label, COUNT) == 0);
    for (uint32_t i = 0; i < COUNT; i++)
        CHECK_TRUE(turned.index[i] == i);
}

/* As many as there are may be drawn, and then all are; so may none. */
static void draw_reaches_from_none_to_all(void **state)
{
    struct rng r = rng_stream(4, "sample");
    int seen[COUNT] = {0};
    struct task pool, t;

    (void)state;
    CHECK_STATUS(task_every(&pool, &mem, &set, all, 4, 1), STATUS_OK);
    CHECK_STATUS(task_draw(&t, &mem, &pool, COUNT, &r, 0), STATUS_OK);
    for (size_t i = 0; i < COUNT; i++)
        CHECK_TRUE(!seen[t.index[i]]++ && t.label[i] == label[t.index[i]]);
    CHECK_STATUS(task_draw(&t, &mem, &pool, 4 * 36, &r, 1), STATUS_OK);
    CHECK_STATUS(task_draw(&t, &mem, &pool, 0, &r, 1), STATUS_OK);
    CHECK_TRUE(t.n == 0 && t.classes == 4 && t.set == &set);
}

/* Classes of a list, steps, records, channels, scales: the last good value, the first bad one. */
static void arguments_out_of_range_abort(void **state)
{
    struct task_scale scale = task_scale_unit;
    struct dataset other = set;
    struct task t, bad;
    float x[PIXELS];

    (void)state;
    CHECK_STATUS(task_pool(&t, &mem, &set, (int[]){3}, 1, 1), STATUS_OK);
    CHECK_ABORTS((void)!task_pool(&bad, &mem, &set, all, 0, 1));
    CHECK_ABORTS((void)!task_pool(&bad, &mem, &set, (int[]){0, 1, 2, 3, 3}, 5, 1));
    CHECK_ABORTS((void)!task_pool(&bad, &mem, &set, (int[]){4}, 1, 1));
    CHECK_ABORTS((void)!task_pool(&bad, &mem, &set, (int[]){-1}, 1, 1));
    CHECK_ABORTS((void)!task_pool(&bad, &mem, &set, (int[]){0, 0}, 2, 1));
    CHECK_ABORTS((void)!task_pool(&bad, &mem, &set, all, 4, 0));
    CHECK_ABORTS((void)!task_every(&bad, &mem, &set, all, 4, 0));
    task_features(x, &t, &scale);
    bad = t;
    bad.index = (uint32_t[]){COUNT - 1};
    task_features(x, &bad, &scale);
    bad.index = (uint32_t[]){COUNT};
    CHECK_ABORTS(task_features(x, &bad, &scale));
    bad.n = 0;
    CHECK_ABORTS((void)!task_scale_measure(&scale, &bad));
    scale.sd[CHANNELS - 1] = 0;
    CHECK_ABORTS(task_features(x, &t, &scale));
    CHECK_ABORTS(task_pooled(x, &t, &scale));
    scale = task_scale_unit;
    bad = t;
    bad.set = &other;
    other.channels = TASK_CHANNELS + 1;
    CHECK_ABORTS(task_features(x, &bad, &scale));
    CHECK_ABORTS((void)!task_scale_measure(&scale, &bad));
    other.channels = 1;
    other.rows = 3;
    CHECK_ABORTS(task_pooled(x, &bad, &scale));
    other.rows = 4;
    other.cols = 5;
    CHECK_ABORTS(task_pooled(x, &bad, &scale));
}

/* Channels that the data do not have need no scale. */
static void scales_of_absent_channels_are_not_read(void **state)
{
    const struct task_scale one = {{0, 0, 0}, {1, 0, 0}};
    struct dataset grey = set;
    struct task t;
    float x[ROWS * COLS];

    (void)state;
    CHECK_STATUS(task_pool(&t, &mem, &set, (int[]){3}, 1, 1), STATUS_OK);
    t.set = &grey;
    grey.channels = 1;
    t.index[0] = 1;
    task_features(x, &t, &one);
    CHECK_NEAR((double)x[0], pixels[ROWS * COLS] / 255.0, 1e-7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_is_the_first_records_of_each_class),
        cmocka_unit_test(pool_names_both_counts_where_records_lack),
        cmocka_unit_test(pool_of_a_part_equals_the_pool_of_the_whole),
        cmocka_unit_test(every_takes_every_kth_of_each_class),
        cmocka_unit_test(every_needs_records_of_each_class),
        cmocka_unit_test(superclass_task_has_its_classes),
        cmocka_unit_test(draw_takes_distinct_records_of_the_pool),
        cmocka_unit_test(draw_balanced_gives_equal_shares),
        cmocka_unit_test(draw_names_both_counts_where_records_lack),
        cmocka_unit_test(draw_favours_no_record),
        cmocka_unit_test(rotated_task_holds_turned_records),
        cmocka_unit_test(features_are_normalized_pixels),
        cmocka_unit_test(scales_are_the_published_ones),
        cmocka_unit_test(pooled_is_the_mean_of_four_features),
        cmocka_unit_test(scale_is_mean_and_deviation_of_each_channel),
        cmocka_unit_test(scale_of_constant_pixels_is_an_error),
        cmocka_unit_test(digest_depends_on_records_alone),
        cmocka_unit_test(draw_without_memory_reaches_the_guard),
        cmocka_unit_test(large_tasks_are_turned_record_by_record),
        cmocka_unit_test(draw_reaches_from_none_to_all),
        cmocka_unit_test(arguments_out_of_range_abort),
        cmocka_unit_test(scales_of_absent_channels_are_not_read),
    };

    return cmocka_run_group_tests_name("task", tests, fill_set, free_arena);
}
