/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a data set is found, what it may look like, and memory that runs out while it is read. */
#include "test.h"

#include <zlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "data/idx.h"

#define SIDE   28
#define PIXELS (SIDE * SIDE)

static const char *const files[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                    "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
static char home[512], folder[600], path[1200];

/* A fresh empty folder becomes the working folder, so that datasets/cache lies in it. */
static void start(void)
{
    snprintf(folder, sizeof folder, "%s", test_folder());
    CHECK_TRUE(chdir(folder) == 0);
}

static const char *in(const char *sub, const char *file)
{
    snprintf(path, sizeof path, "%s/%s", sub, file);
    return path;
}

static void put_images(const char *sub, int file, size_t count, size_t side)
{
    uint8_t pixels[8 * PIXELS] = {0};

    for (size_t i = 0; i < count * side * side; i++)
        pixels[i] = (uint8_t)(i * 31 + (size_t)file);
    CHECK_STATUS(
        idx_images_write(in(sub, files[file]), &(struct idx_images){count, side, side, pixels}),
        STATUS_OK);
}

static void put_labels(const char *sub, int file, size_t count)
{
    uint8_t label[8];

    for (size_t i = 0; i < sizeof label; i++)
        label[i] = (uint8_t)(9 - i);
    CHECK_STATUS(idx_labels_write(in(sub, files[file]), &(struct idx_labels){count, label}),
                 STATUS_OK);
}

/* Five training and three test records. */
static void put_set(const char *sub)
{
    CHECK_STATUS(file_make_folder(sub), STATUS_OK);
    put_images(sub, 0, 5, SIDE);
    put_labels(sub, 1, 5);
    put_images(sub, 2, 3, SIDE);
    put_labels(sub, 3, 3);
}

static void put_stand_in(const char *sub)
{
    put_set(sub);
    CHECK_STATUS(file_write(in(sub, "complete"), "", 0), STATUS_OK);
}

/* Replaces a plain file by its gzip form. */
static void pack(const char *sub, int file)
{
    char plain[600], packed[610];
    char *bytes;
    size_t n;

    snprintf(plain, sizeof plain, "%s/%s", sub, files[file]);
    snprintf(packed, sizeof packed, "%s.gz", plain);
    CHECK_STATUS(file_read(plain, 1 << 20, &bytes, &n), STATUS_OK);
    gzFile out = gzopen(packed, "wb");
    CHECK_TRUE(out != NULL && gzwrite(out, bytes, (unsigned)n) == (int)n && gzclose(out) == Z_OK);
    memory_free(bytes);
    CHECK_TRUE(remove(plain) == 0);
}

/* ---- where it is found ---- */

static void source_asked_folder_is_taken_in_every_layout(void **state)
{
    static const char *const layouts[] = {"a/mnist", "b/MNIST/raw", "c"};
    static const char *const asked[] = {"a", "b", "c"};
    struct data_source source;
    struct dataset train, test;

    (void)state;
    start();
    for (int i = 0; i < 3; i++) {
        put_set(layouts[i]);
        pack(layouts[i], i);
        CHECK_STATUS(data_source_find(&source, "mnist", asked[i], "nowhere"), STATUS_OK);
        CHECK_TRUE(source.folder == asked[i] && !source.stand_in);
        CHECK_STATUS(dataset_mnist(&source, &train, &test), STATUS_OK);
        CHECK_TRUE(train.count == 5 && test.count == 3 && train.classes == 10);
        CHECK_TRUE(train.channels == 1 && train.rows == SIDE && train.cols == SIDE);
        CHECK_TRUE(dataset_pixels(&train) == PIXELS && train.pixels[1] == 31);
        CHECK_TRUE(train.label[0] == 9 && test.pixels[0] == 2 && test.label[2] == 7);
        CHECK_TEXT(train.name, "mnist train");
        dataset_free(&train);
        dataset_free(&test);
        CHECK_TRUE(train.pixels == NULL && test.count == 0);
    }
}

static void source_asked_folder_is_never_replaced(void **state)
{
    struct data_source source;

    (void)state;
    start();
    put_stand_in("stand-in/mnist");
    put_set("datasets/cache/mnist");
    CHECK_STATUS(file_make_folder("empty"), STATUS_OK);
    CHECK_STATUS(data_source_find(&source, "mnist", "empty", "stand-in"), STATUS_DATA);
    CHECK_MESSAGE("empty: expected mnist");
    CHECK_MESSAGE("train-images-idx3-ubyte");
    CHECK_MESSAGE("DATASETS=none");
    CHECK_STATUS(data_source_find(&source, "mnist", "absent", "stand-in"), STATUS_DATA);
    CHECK_MESSAGE("no such folder");
    CHECK_TRUE(source.folder == NULL);
}

static void source_none_is_the_stand_in(void **state)
{
    struct data_source source;
    struct dataset train;

    (void)state;
    start();
    put_set("datasets/cache/mnist");
    CHECK_STATUS(data_source_find(&source, "mnist", "none", "stand-in"), STATUS_DATA);
    CHECK_MESSAGE("make stand-in");
    put_set("stand-in/mnist");
    CHECK_STATUS(data_source_find(&source, "mnist", "none", "stand-in"), STATUS_DATA);
    CHECK_MESSAGE("incomplete");
    put_stand_in("stand-in/mnist");
    CHECK_STATUS(data_source_find(&source, "mnist", "none", "stand-in"), STATUS_OK);
    CHECK_TRUE(source.stand_in);
    CHECK_STATUS(dataset_mnist(&source, &train, NULL), STATUS_OK);
    CHECK_TEXT(train.name, "stand-in train");
    dataset_free(&train);
}

static void source_nothing_asked_is_cache_then_stand_in(void **state)
{
    struct data_source source;

    (void)state;
    start();
    CHECK_STATUS(data_source_find(&source, "mnist", NULL, "stand-in"), STATUS_DATA);
    CHECK_MESSAGE("make stand-in");
    CHECK_MESSAGE("DATASETS=DIR");
    put_stand_in("stand-in/mnist");
    CHECK_STATUS(data_source_find(&source, "mnist", "", "stand-in"), STATUS_OK);
    CHECK_TEXT(source.folder, "stand-in");
    CHECK_TRUE(source.stand_in);
    put_set("datasets/cache/mnist");
    CHECK_STATUS(data_source_find(&source, "mnist", NULL, "stand-in"), STATUS_OK);
    CHECK_TEXT(source.folder, "datasets/cache");
    CHECK_TRUE(!source.stand_in);
}

static void source_incomplete_set_is_not_passed_over(void **state)
{
    struct data_source source;

    (void)state;
    start();
    put_stand_in("stand-in/mnist");
    put_set("datasets/cache/mnist");
    CHECK_TRUE(remove(in("datasets/cache/mnist", files[3])) == 0);
    CHECK_STATUS(data_source_find(&source, "mnist", NULL, "stand-in"), STATUS_DATA);
    CHECK_MESSAGE("expected the 4 files of mnist, found 3; t10k-labels-idx1-ubyte is missing");
}

static void source_named_generated_set_stays_a_stand_in(void **state)
{
    struct data_source source;

    (void)state;
    start();
    put_stand_in("stand-in/mnist");
    CHECK_STATUS(data_source_find(&source, "mnist", "stand-in", "nowhere"), STATUS_OK);
    CHECK_TRUE(source.stand_in);
}

/* ---- what it may look like ---- */

static void expect_error(const char *part, const char *file)
{
    const struct data_source source = {.folder = "set"};
    struct dataset train = {.count = 1}, test = {.count = 1};

    CHECK_STATUS(dataset_mnist(&source, &train, &test), STATUS_DATA);
    CHECK_MESSAGE(part);
    CHECK_MESSAGE(file);
    CHECK_TRUE(train.count == 0 && train.pixels == NULL && train.label == NULL);
    CHECK_TRUE(test.count == 0 && test.pixels == NULL && test.label == NULL);
}

static void mnist_rejects_other_counts_of_labels(void **state)
{
    (void)state;
    start();
    put_set("set");
    put_labels("set", 1, 4);
    expect_error("expected 5 labels, one an image", files[1]);
    CHECK_MESSAGE("found 4;");
    put_set("set");
    put_images("set", 2, 2, SIDE);
    expect_error("expected 2 labels, one an image", files[3]);
}

static void mnist_rejects_a_label_out_of_range(void **state)
{
    uint8_t label[3] = {0, 9, 10};

    (void)state;
    start();
    put_set("set");
    CHECK_STATUS(idx_labels_write(in("set", files[3]), &(struct idx_labels){3, label}), STATUS_OK);
    expect_error("expected labels 0..9, found 10 at record 2", files[3]);
}

static void mnist_rejects_images_of_another_size(void **state)
{
    (void)state;
    start();
    put_set("set");
    put_images("set", 0, 5, 27);
    expect_error("expected images of 28 x 28 pixels, found 27 x 27", files[0]);
}

static void mnist_rejects_files_in_each_others_place(void **state)
{
    (void)state;
    start();
    put_set("set");
    put_labels("set", 2, 3);
    expect_error("expected magic 2051", files[2]);
    put_set("set");
    put_images("set", 1, 5, SIDE);
    expect_error("expected magic 2049", files[1]);
    put_set("set");
    CHECK_STATUS(file_write(in("set", files[0]), "<html>", 6), STATUS_OK);
    expect_error("an HTML page", files[0]);
    CHECK_TRUE(remove(in("set", files[0])) == 0);
    expect_error("is missing", files[0]);
}

/* Each allocation of a load fails once: the status says so, nothing is kept, nothing leaks. */
static void mnist_survives_every_failing_allocation(void **state)
{
    const struct data_source source = {.folder = "set"};
    struct dataset train, test;
    enum status status = STATUS_MEMORY;
    size_t failures = 0;

    (void)state;
    start();
    put_set("set");
    for (int i = 0; i < 4; i++)
        pack("set", i);
    for (size_t k = 1; status != STATUS_OK; k++) {
        memory_fail_at(k);
        status = dataset_mnist(&source, &train, &test);
        memory_fail_at(0);
        if (status != STATUS_OK) {
            CHECK_STATUS(status, STATUS_MEMORY);
            CHECK_TRUE(train.pixels == NULL && test.pixels == NULL && train.label == NULL);
            failures++;
        }
    }
    CHECK_TRUE(failures >= 8);
    dataset_free(&train);
    dataset_free(&test);
}

static int note_home(void **state)
{
    (void)state;
    return getcwd(home, sizeof home) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return chdir(home) != 0 || file_remove_folder(folder) != STATUS_OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(source_asked_folder_is_taken_in_every_layout, remove_folder),
        cmocka_unit_test_teardown(source_asked_folder_is_never_replaced, remove_folder),
        cmocka_unit_test_teardown(source_none_is_the_stand_in, remove_folder),
        cmocka_unit_test_teardown(source_nothing_asked_is_cache_then_stand_in, remove_folder),
        cmocka_unit_test_teardown(source_incomplete_set_is_not_passed_over, remove_folder),
        cmocka_unit_test_teardown(source_named_generated_set_stays_a_stand_in, remove_folder),
        cmocka_unit_test_teardown(mnist_rejects_other_counts_of_labels, remove_folder),
        cmocka_unit_test_teardown(mnist_rejects_a_label_out_of_range, remove_folder),
        cmocka_unit_test_teardown(mnist_rejects_images_of_another_size, remove_folder),
        cmocka_unit_test_teardown(mnist_rejects_files_in_each_others_place, remove_folder),
        cmocka_unit_test_teardown(mnist_survives_every_failing_allocation, remove_folder),
    };

    return cmocka_run_group_tests_name("dataset", tests, note_home, NULL);
}
