/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_own_tasks: words that name files and classes, and what is wrong with them. */
#include "test.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/cifar.h"
#include "data/idx.h"
#include "task_distance/own_tasks.h"

enum { GREY = 12, ROWS = 28 };

static struct arena mem;
static char folder[512];

/* 12 grey images, label i % 4, all pixels 10 + i; 8 records of CIFAR-10 of labels 0..3 and 9. */
static int fill(void **state)
{
    static uint8_t pixels[GREY * ROWS * ROWS], label[GREY];
    static uint8_t records[8 * (1 + CIFAR_PIXELS)];
    char path[700];

    (void)state;
    snprintf(folder, sizeof folder, "%s", test_folder());
    for (size_t i = 0; i < GREY; i++) {
        memset(pixels + i * ROWS * ROWS, (int)(10 + i), ROWS * ROWS);
        label[i] = (uint8_t)(i % 4);
    }
    snprintf(path, sizeof path, "%s/images", folder);
    CHECK_STATUS(idx_images_write(path, &(struct idx_images){GREY, ROWS, ROWS, pixels}), STATUS_OK);
    snprintf(path, sizeof path, "%s/large", folder);
    CHECK_STATUS(idx_images_write(path, &(struct idx_images){4, 33, 33, pixels}), STATUS_OK);
    snprintf(path, sizeof path, "%s/labels", folder);
    CHECK_STATUS(idx_labels_write(path, &(struct idx_labels){GREY, label}), STATUS_OK);
    snprintf(path, sizeof path, "%s/few", folder);
    CHECK_STATUS(idx_labels_write(path, &(struct idx_labels){GREY - 1, label}), STATUS_OK);
    for (size_t i = 0; i < 8; i++) {
        records[i * (1 + CIFAR_PIXELS)] = (uint8_t)(i < 6 ? i % 3 : 9);
        memset(records + i * (1 + CIFAR_PIXELS) + 1, (int)i, CIFAR_PIXELS);
    }
    snprintf(path, sizeof path, "%s/batch", folder);
    CHECK_STATUS(file_write(path, records, sizeof records), STATUS_OK);
    return 0;
}

static int drain(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

/* Reads a word in which @ stands for the folder. */
static enum status read_word(struct own_task *t, const char *word)
{
    char full[8000];
    size_t n = 0;

    for (const char *c = word; *c != '\0'; c++)
        n += (size_t)(*c == '@' ? snprintf(full + n, sizeof full - n, "%s/", folder)
                                : snprintf(full + n, sizeof full - n, "%c", *c));
    return own_task_read(t, &mem, full);
}

static void grey_images_stand_in_the_middle_of_all_channels(void **state)
{
    struct own_task t;

    (void)state;
    CHECK_STATUS(read_word(&t, "digits=idx:@images,@labels,@images,@labels:1,3"), STATUS_OK);
    CHECK_TEXT(t.name, "digits");
    CHECK_TRUE(t.pool.n == 6 && t.tests.n == 6 && t.pool.classes == 2 && t.count == 2);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(t.pool.label[i], i % 2);
    const uint8_t *image = t.train.pixels + 5 * CIFAR_PIXELS;
    for (size_t p = 0; p < CIFAR_PIXELS; p++) {
        const size_t y = p / 32 % 32, x = p % 32;

        assert_int_equal(image[p], y >= 2 && y < 30 && x >= 2 && x < 30 ? 15 : 0);
    }
    own_task_free(&t);
}

static void classes_are_a_list_or_all(void **state)
{
    struct own_task t;

    (void)state;
    CHECK_STATUS(read_word(&t, "a=cifar10:@batch,@batch"), STATUS_OK);
    CHECK_TRUE(t.count == 4 && t.classes[3] == 9 && t.pool.n == 8);
    own_task_free(&t);
    CHECK_STATUS(read_word(&t, "a=cifar10:@batch,@batch:9,0-1"), STATUS_OK);
    CHECK_TRUE(t.count == 3 && t.classes[0] == 9 && t.classes[2] == 1 && t.pool.n == 6);
    assert_int_equal(t.pool.label[0], 1);
    own_task_free(&t);
}

static void bad_words_say_what_is_expected(void **state)
{
    static const char *const words[] = {
        "digits", "=idx:@images,@labels,@images,@labels", "a=idx:@images,@labels", "a=@batch",
        "a=png:@batch,@batch", "a=cifar10:@batch", "a=cifar10:@batch,@batch,@batch",
        "a=cifar10:@batch,@batch:", "a=cifar10:@batch,@batch:x", "a=cifar10:@batch,@batch:1-",
        "a=cifar10:@batch,@batch:2-1", "a=cifar10:@batch,@batch:1;2",
        "a=cifar10:@batch,@batch:1:2", "a=cifar10:@batch,@batch:256", "a b=cifar10:@batch,@batch"};
    struct own_task t;

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        CHECK_STATUS(read_word(&t, words[i]), STATUS_USAGE);
        CHECK_MESSAGE("--task");
        own_task_free(&t);
    }
    CHECK_STATUS(read_word(&t, "a=cifar10:@batch,@batch:1,1"), STATUS_USAGE);
    CHECK_MESSAGE("twice");
    own_task_free(&t);
    CHECK_STATUS(read_word(&t, "a=cifar10:@batch,@batch:1"), STATUS_USAGE);
    CHECK_MESSAGE("expected two classes or more, found class 1 alone");
    own_task_free(&t);
    CHECK_STATUS(read_word(&t, "a=idx:@images,@labels"), STATUS_USAGE);
    CHECK_MESSAGE("4 files (images, labels, test images, test labels), found 2; name more");
    own_task_free(&t);
    CHECK_STATUS(read_word(&t, "a=cifar10:@batch,@batch,@batch,@batch,@batch"), STATUS_USAGE);
    CHECK_MESSAGE("expected 2 files (training and test records), found more than 4; name fewer");
    own_task_free(&t);
    CHECK_STATUS(read_word(&t, "a=cifar10:@batch,@batch:4"), STATUS_USAGE);
    CHECK_MESSAGE("no record of class 4");
    own_task_free(&t);
}

/* Of classes 9, 0, 1 there are 2 records each. */
static void too_few_records_are_told_by_class(void **state)
{
    struct own_task t;

    (void)state;
    CHECK_STATUS(read_word(&t, "a=cifar10:@batch,@batch:9,0-1"), STATUS_OK);
    CHECK_STATUS(own_task_suffices(&t, 6, 6), STATUS_OK);
    CHECK_STATUS(own_task_suffices(&t, 7, 6), STATUS_DATA);
    CHECK_MESSAGE("--task a: expected 3 training records of class 9 (7 of 3 classes), found 2");
    CHECK_STATUS(own_task_suffices(&t, 6, 8), STATUS_DATA);
    CHECK_MESSAGE("expected 3 test records of class 9");
    own_task_free(&t);
}

static void bad_files_say_what_was_found(void **state)
{
    struct own_task t;

    (void)state;
    CHECK_STATUS(read_word(&t, "a=idx:@images,@few,@images,@labels"), STATUS_DATA);
    CHECK_MESSAGE("12 images, found 11");
    own_task_free(&t);
    CHECK_STATUS(read_word(&t, "a=idx:@large,@labels,@images,@labels"), STATUS_DATA);
    CHECK_MESSAGE("33 x 33");
    own_task_free(&t);
    CHECK_STATUS(read_word(&t, "a=cifar100:@batch,@batch"), STATUS_DATA);
    own_task_free(&t);
    CHECK_STATUS(read_word(&t, "a=cifar10:@nothing,@batch"), STATUS_DATA);
    CHECK_MESSAGE("nothing");
    own_task_free(&t);
    CHECK_STATUS(read_word(&t, "second=idx:@labels,@images,@images,@labels"), STATUS_DATA);
    CHECK_MESSAGE("--task second: ");
    CHECK_MESSAGE("IDX images");
    CHECK_MESSAGE("the other way round");
    own_task_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grey_images_stand_in_the_middle_of_all_channels),
        cmocka_unit_test(classes_are_a_list_or_all),
        cmocka_unit_test(bad_words_say_what_is_expected),
        cmocka_unit_test(too_few_records_are_told_by_class),
        cmocka_unit_test(bad_files_say_what_was_found),
    };

    return cmocka_run_group_tests(tests, fill, drain);
}
