/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The generated digits: the same bits everywhere, shaped like MNIST, and complete or not there. */
#include "test.h"

#include "aborts.h"
#include "damaged.h"
#include "base/digest.h"
#include "data/dataset.h"
#include "data/digits.h"

/* ---- drawing ---- */

/* Labels and pixels of the first 500 records of both parts. The digest changes only together with
 * DIGITS_VERSION. */
static void digits_known_answer(void **state)
{
    static const char *const parts[] = {"train", "test"};
    uint8_t image[DIGITS_PIXELS];
    char sum[DIGEST_TEXT];
    struct digest d;

    (void)state;
    digest_start(&d);
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < 500; i++) {
            const uint8_t label = digits_draw(image, parts[k], i);
            digest_bytes(&d, &label, 1);
            digest_bytes(&d, image, sizeof image);
        }
    digest_end(&d, sum);
    CHECK_TRUE(DIGITS_VERSION == 1);
    CHECK_TEXT(sum, "f27c6f277010ec228f5282d79285af03b381b2334768a0b576b4a10a2634aff7");
}

static void digits_record_stands_alone(void **state)
{
    uint8_t first[DIGITS_PIXELS], again[DIGITS_PIXELS], other[DIGITS_PIXELS];

    (void)state;
    const uint8_t label = digits_draw(first, "train", 17);
    digits_draw(other, "train", 18);
    CHECK_TRUE(memcmp(first, other, sizeof first) != 0);
    digits_draw(other, "test", 17);
    CHECK_TRUE(memcmp(first, other, sizeof first) != 0);
    CHECK_TRUE(digits_draw(again, "train", 17) == label);
    CHECK_TRUE(memcmp(first, again, sizeof first) == 0);
}

/* 5000 records: each class 500 times with sd 21.2, all within 5 sd. */
static void digits_labels_are_balanced(void **state)
{
    uint8_t image[DIGITS_PIXELS];
    size_t count[10] = {0};

    (void)state;
    for (size_t i = 0; i < 5000; i++) {
        const uint8_t label = digits_draw(image, "train", i);
        CHECK_TRUE(label < 10);
        count[label]++;
    }
    for (int c = 0; c < 10; c++)
        CHECK_NEAR((double)count[c], 500, 106);
}

/* MNIST: 19 % of the pixels carry ink, none lies on the border, and the centre of mass is the
 * field's middle. Here the middle is met to 3.5 pixels, and each image has some ink. */
static void digits_are_shaped_like_mnist(void **state)
{
    uint8_t image[DIGITS_PIXELS];
    double total = 0, dark = 0;

    (void)state;
    for (size_t i = 0; i < 2000; i++) {
        double mass = 0, row = 0, col = 0;
        size_t ink = 0;
        digits_draw(image, "train", i);
        for (int j = 0; j < DIGITS_PIXELS; j++) {
            mass += image[j];
            row += image[j] * (j / DIGITS_SIDE + 0.5);
            col += image[j] * (j % DIGITS_SIDE + 0.5);
            ink += image[j] > 0;
            dark += image[j] > 200;
        }
        CHECK_TRUE(ink > 20 && ink < DIGITS_PIXELS / 2);
        CHECK_NEAR(row / mass, DIGITS_SIDE / 2.0, 3.5);
        CHECK_NEAR(col / mass, DIGITS_SIDE / 2.0, 3.5);
        total += (double)ink;
    }
    CHECK_NEAR(total / (2000.0 * DIGITS_PIXELS), 0.19, 0.03);
    CHECK_TRUE(dark / total > 0.3);
}

/* ---- the files ---- */

static void digits_files_read_as_mnist(void **state)
{
    const char *root = folder;
    struct dataset train, test;
    struct data_source source;
    uint8_t image[DIGITS_PIXELS];
    int made;

    (void)state;
    CHECK_STATUS(digits_save(name("mnist"), 30, 10, &made), STATUS_OK);
    CHECK_TRUE(made == 1);
    CHECK_STATUS(data_source_find(&source, "mnist", "none", root), STATUS_OK);
    CHECK_STATUS(dataset_mnist(&source, &train, &test), STATUS_OK);
    CHECK_TRUE(train.count == 30 && test.count == 10 && source.stand_in);
    for (size_t i = 0; i < 30; i++) {
        CHECK_TRUE(train.label[i] == digits_draw(image, "train", i));
        CHECK_TRUE(memcmp(train.pixels + i * DIGITS_PIXELS, image, DIGITS_PIXELS) == 0);
    }
    CHECK_TRUE(test.label[9] == digits_draw(image, "test", 9));
    CHECK_TRUE(memcmp(test.pixels + 9 * DIGITS_PIXELS, image, DIGITS_PIXELS) == 0);
    dataset_free(&train);
    dataset_free(&test);
}

/* Only the time of "complete" is renewed. */
static void digits_complete_folder_is_left_alone(void **state)
{
    int made;

    (void)state;
    CHECK_STATUS(digits_save(name("once"), 20, 10, &made), STATUS_OK);
    age("once/train-images-idx3-ubyte");
    age("once/t10k-labels-idx1-ubyte");
    age("once/complete");
    CHECK_STATUS(digits_save(name("once"), 20, 10, &made), STATUS_OK);
    CHECK_TRUE(made == 0 && !is_old("once/complete"));
    CHECK_TRUE(is_old("once/train-images-idx3-ubyte") && is_old("once/t10k-labels-idx1-ubyte"));
    CHECK_STATUS(digits_save(name("once"), 21, 10, &made), STATUS_OK);
    CHECK_TRUE(made == 1);
    CHECK_STATUS(digits_save(name("once"), 21, 10, NULL), STATUS_OK);
}

/* A damaged file, a missing one, and another version's "complete" are all made again. */
static void digits_damaged_folder_is_made_again(void **state)
{
    char sum[DIGEST_TEXT], again[DIGEST_TEXT];
    int made;

    (void)state;
    CHECK_STATUS(digits_save(name("mended"), 20, 10, &made), STATUS_OK);
    CHECK_STATUS(digest_file(name("mended/t10k-labels-idx1-ubyte"), sum), STATUS_OK);
    CHECK_STATUS(file_write(path, "damage", 6), STATUS_OK);
    CHECK_STATUS(digits_save(name("mended"), 20, 10, &made), STATUS_OK);
    CHECK_TRUE(made == 1);
    CHECK_STATUS(digest_file(name("mended/t10k-labels-idx1-ubyte"), again), STATUS_OK);
    CHECK_TEXT(again, sum);
    CHECK_TRUE(remove(name("mended/train-images-idx3-ubyte")) == 0);
    CHECK_STATUS(digits_save(name("mended"), 20, 10, &made), STATUS_OK);
    CHECK_TRUE(made == 1 && file_exists(name("mended/train-images-idx3-ubyte")));
    CHECK_STATUS(file_write(name("mended/complete"), "digits 0\n", 9), STATUS_OK);
    CHECK_STATUS(digits_save(name("mended"), 20, 10, &made), STATUS_OK);
    CHECK_TRUE(made == 1);
}

/* Where it fails half-way nothing calls the folder complete. */
static void digits_failure_leaves_no_complete(void **state)
{
    (void)state;
    CHECK_STATUS(digits_save(name("broken"), 20, 10, NULL), STATUS_OK);
    CHECK_TRUE(remove(name("broken/t10k-images-idx3-ubyte")) == 0);
    CHECK_STATUS(file_make_folder(name("broken/t10k-images-idx3-ubyte/in-the-way")), STATUS_OK);
    CHECK_STATUS(digits_save(name("broken"), 20, 10, NULL), STATUS_IO);
    CHECK_MESSAGE("t10k-images-idx3-ubyte");
    CHECK_TRUE(!file_exists(name("broken/complete")));
}

static void digits_survive_every_failing_allocation(void **state)
{
    enum status status = STATUS_MEMORY;
    size_t failures = 0;

    (void)state;
    for (size_t k = 1; status != STATUS_OK; k++) {
        CHECK_STATUS(file_remove_folder(name("memory")), STATUS_OK);
        memory_fail_at(k);
        status = digits_save(path, 3, 2, NULL);
        memory_fail_at(0);
        if (status != STATUS_OK) {
            CHECK_STATUS(status, STATUS_MEMORY);
            CHECK_TRUE(!file_exists(name("memory/complete")));
            failures++;
        }
    }
    CHECK_TRUE(failures >= 8);
}

/* One record a part is the least. */
static void digits_need_a_record_a_part(void **state)
{
    int made = 0;

    (void)state;
    CHECK_STATUS(digits_save(name("least"), 1, 1, &made), STATUS_OK);
    CHECK_TRUE(made == 1);
    CHECK_ABORTS((void)!digits_save(path, 0, 1, NULL));
    CHECK_ABORTS((void)!digits_save(path, 1, 0, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_known_answer),
        cmocka_unit_test(digits_record_stands_alone),
        cmocka_unit_test(digits_labels_are_balanced),
        cmocka_unit_test(digits_are_shaped_like_mnist),
        cmocka_unit_test(digits_files_read_as_mnist),
        cmocka_unit_test(digits_complete_folder_is_left_alone),
        cmocka_unit_test(digits_damaged_folder_is_made_again),
        cmocka_unit_test(digits_failure_leaves_no_complete),
        cmocka_unit_test(digits_survive_every_failing_allocation),
        cmocka_unit_test(digits_need_a_record_a_part),
    };

    return cmocka_run_group_tests_name("digits", tests, open_folder, remove_folder);
}
