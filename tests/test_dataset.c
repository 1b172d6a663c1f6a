/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a data set is found, what it may look like, memory that runs out while it is read, and
 * images turned. */
#include "test.h"

#include <zlib.h>

#include "aborts.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "data/cifar.h"
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
    CHECK_MESSAGE("empty: expected mnist (train-images-idx3-ubyte and 3 more files, plain or with "
                  ".gz) in it, in its mnist or in its MNIST/raw, found none of them");
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

/* ---- CIFAR ---- */

/* `count` records: labels 0, 1, .. in CIFAR-10's file, fine 5 i + 1 and coarse i in CIFAR-100's;
 * all pixels of record i are first + i. */
static void put_records(const char *sub, const char *file, enum cifar_kind kind, size_t count,
                        int first)
{
    static uint8_t bytes[16 * (2 + CIFAR_PIXELS)];
    uint8_t *at = bytes;

    CHECK_STATUS(file_make_folder(sub), STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        *at++ = (uint8_t)i;
        if (kind == CIFAR_100)
            *at++ = (uint8_t)(5 * i + 1);
        memset(at, first + (int)i, CIFAR_PIXELS);
        at += CIFAR_PIXELS;
    }
    CHECK_STATUS(file_write(in(sub, file), bytes, (size_t)(at - bytes)), STATUS_OK);
}

static void put_names(const char *sub, const char *file, int n)
{
    char text[2000] = "";

    for (int i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%c%d\n", file[0], i);
    CHECK_STATUS(file_write(in(sub, file), text, strlen(text)), STATUS_OK);
}

/* `batches` training files of three records, two test records. */
static void put_cifar_10(const char *sub, int batches)
{
    char file[40];

    for (int b = 1; b <= batches; b++) {
        snprintf(file, sizeof file, "data_batch_%d.bin", b);
        put_records(sub, file, CIFAR_10, 3, 40 * b);
    }
    put_records(sub, "test_batch.bin", CIFAR_10, 2, 1);
    put_names(sub, "batches.meta.txt", 10);
}

static void put_cifar_100(const char *sub, const char *train)
{
    put_records(sub, train, CIFAR_100, 4, 100);
    put_records(sub, "test.bin", CIFAR_100, 3, 1);
    put_names(sub, "fine_label_names.txt", 100);
    put_names(sub, "coarse_label_names.txt", 20);
}

static void cifar_is_found_by_the_rule_of_mnist(void **state)
{
    static const char *const tens[] = {"a/cifar-10", "b/cifar-10-batches-bin", "c"};
    static const char *const hundreds[] = {"a/cifar-100", "b/cifar-100-binary", "c"};
    static const char *const asked[] = {"a", "b", "c"};
    struct data_source source;

    (void)state;
    start();
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(data_source_find(&source, "cifar-10", asked[i], "nowhere"), STATUS_DATA);
        put_cifar_10(tens[i], 1);
        CHECK_STATUS(data_source_find(&source, "cifar-10", asked[i], "nowhere"), STATUS_OK);
        CHECK_TRUE(source.folder == asked[i] && !source.stand_in);
        CHECK_STATUS(data_source_find(&source, "cifar-100", asked[i], "nowhere"), STATUS_DATA);
        CHECK_MESSAGE("in it, in its cifar-100 or in its cifar-100-binary, found");
        put_cifar_100(hundreds[i], "train.bin");
        CHECK_STATUS(data_source_find(&source, "cifar-100", asked[i], "nowhere"), STATUS_OK);
    }
    CHECK_STATUS(data_source_find(&source, "cifar-100", "none", "a"), STATUS_DATA);
    CHECK_MESSAGE("incomplete");
    CHECK_STATUS(data_source_find(&source, "cifar-10", NULL, "a"), STATUS_DATA);
    CHECK_MESSAGE("make stand-in");
    CHECK_STATUS(file_write("a/cifar-10/complete", "", 0), STATUS_OK);
    CHECK_STATUS(data_source_find(&source, "cifar-10", NULL, "a"), STATUS_OK);
    CHECK_TRUE(source.stand_in);
    put_cifar_10("datasets/cache/cifar-10", 1);
    CHECK_STATUS(data_source_find(&source, "cifar-10", NULL, "a"), STATUS_OK);
    CHECK_TRUE(!source.stand_in);
    CHECK_TEXT(source.folder, "datasets/cache");
}

static void cifar_10_gives_the_batches_asked_for(void **state)
{
    const struct data_source source = {.folder = "."};
    struct dataset train, test;

    (void)state;
    start();
    put_cifar_10("cifar-10", 3);
    for (int asked = 1; asked <= 5; asked++) {
        const size_t batches = asked < 3 ? (size_t)asked : 3;
        CHECK_STATUS(dataset_cifar10(&source, asked, &train, &test), STATUS_OK);
        CHECK_TRUE(train.count == 3 * batches && test.count == 2 && train.classes == 10);
        CHECK_TRUE(train.channels == 3 && train.rows == 32 && train.cols == 32);
        for (size_t i = 0; i < train.count; i++) {
            CHECK_TRUE(train.label[i] == i % 3);
            CHECK_TRUE(train.pixels[i * CIFAR_PIXELS] == 40 * (i / 3 + 1) + i % 3);
        }
        CHECK_TRUE(train.coarse == NULL && train.coarse_classes == 0 && test.coarse_name == NULL);
        CHECK_TEXT(dataset_class_name(&train, 7), "b7");
        CHECK_TEXT(train.name, "cifar-10 train");
        dataset_free(&train);
        dataset_free(&test);
        CHECK_TRUE(train.class_name == NULL);
    }
    /* What was not asked for is not opened. */
    CHECK_STATUS(file_write("cifar-10/test_batch.bin", "x", 1), STATUS_OK);
    CHECK_STATUS(file_write("cifar-10/data_batch_2.bin", "x", 1), STATUS_OK);
    CHECK_STATUS(dataset_cifar10(&source, 1, &train, NULL), STATUS_OK);
    dataset_free(&train);
    CHECK_STATUS(dataset_cifar10(&source, 2, &train, NULL), STATUS_DATA);
    CHECK_MESSAGE("data_batch_2.bin");
    CHECK_STATUS(dataset_cifar10(&source, 1, &train, &test), STATUS_DATA);
    CHECK_MESSAGE("test_batch.bin");
    CHECK_TRUE(train.pixels == NULL && train.count == 0 && test.pixels == NULL);
}

static void cifar_10_batches_have_no_gap(void **state)
{
    struct data_source source;

    (void)state;
    start();
    put_cifar_10("cifar-10", 5);
    CHECK_STATUS(data_source_find(&source, "cifar-10", ".", "nowhere"), STATUS_OK);
    CHECK_TRUE(remove("cifar-10/data_batch_3.bin") == 0);
    CHECK_STATUS(data_source_find(&source, "cifar-10", ".", "nowhere"), STATUS_DATA);
    CHECK_MESSAGE("data_batch_4.bin: expected the files before it too, found data_batch_3.bin");
    CHECK_TRUE(remove("cifar-10/data_batch_4.bin") == 0);
    CHECK_TRUE(remove("cifar-10/data_batch_5.bin") == 0);
    CHECK_STATUS(data_source_find(&source, "cifar-10", ".", "nowhere"), STATUS_OK);
    CHECK_TRUE(remove("cifar-10/data_batch_1.bin") == 0);
    CHECK_STATUS(data_source_find(&source, "cifar-10", ".", "nowhere"), STATUS_DATA);
    CHECK_MESSAGE("expected the 3 files of cifar-10, found 2; data_batch_1.bin is missing");
}

static void cifar_100_gives_the_part_or_the_whole(void **state)
{
    const struct data_source source = {.folder = "set"};
    struct dataset train, test;
    int classes[100];

    (void)state;
    start();
    put_cifar_100("set", "train-subset.bin");
    CHECK_STATUS(dataset_cifar100(&source, &train, &test), STATUS_OK);
    CHECK_TRUE(train.count == 4 && test.count == 3 && train.pixels[0] == 100);
    CHECK_TRUE(train.classes == 100 && train.coarse_classes == 20);
    CHECK_TRUE(train.label[2] == 11 && train.coarse[2] == 2 && test.coarse[1] == 1);
    CHECK_TEXT(dataset_class_name(&test, 11), "f11");
    CHECK_TEXT(test.coarse_name[19], "c19");
    CHECK_TRUE(dataset_classes_of(classes, &train, 3) == 1 && classes[0] == 16);
    CHECK_TRUE(dataset_classes_of(classes, &train, 4) == 0);
    dataset_free(&train);
    dataset_free(&test);
    CHECK_TRUE(train.coarse == NULL && test.coarse_name == NULL);
    put_records("set", "train.bin", CIFAR_100, 5, 7);
    CHECK_STATUS(dataset_cifar100(&source, &train, NULL), STATUS_OK);
    CHECK_TRUE(train.count == 5 && train.pixels[0] == 7);
    dataset_free(&train);
}

static void cifar_needs_its_names(void **state)
{
    const struct data_source source = {.folder = "set"};
    struct dataset train, test;

    (void)state;
    start();
    put_cifar_100("set", "train.bin");
    put_names("set", "coarse_label_names.txt", 19);
    CHECK_STATUS(dataset_cifar100(&source, &train, &test), STATUS_DATA);
    CHECK_MESSAGE("coarse_label_names.txt: expected 20 names, one a line, found 19");
    CHECK_TRUE(train.pixels == NULL && train.class_name == NULL && test.pixels == NULL);
    CHECK_TRUE(remove("set/coarse_label_names.txt") == 0);
    CHECK_STATUS(dataset_cifar100(&source, &train, &test), STATUS_DATA);
    CHECK_MESSAGE("coarse_label_names.txt is missing");
}

static void cifar_survives_every_failing_allocation(void **state)
{
    const struct data_source source = {.folder = "set"};
    struct dataset train, test;
    enum status status = STATUS_MEMORY;
    size_t failures = 0;

    (void)state;
    start();
    put_cifar_100("set", "train.bin");
    for (size_t k = 1; status != STATUS_OK; k++) {
        memory_fail_at(k);
        status = dataset_cifar100(&source, &train, &test);
        memory_fail_at(0);
        if (status != STATUS_OK) {
            CHECK_STATUS(status, STATUS_MEMORY);
            CHECK_TRUE(train.pixels == NULL && test.pixels == NULL && train.class_name == NULL);
            failures++;
        }
    }
    CHECK_TRUE(failures >= 14);
    dataset_free(&train);
    dataset_free(&test);
}

/* ---- turning ---- */

static void rotate_by_whole_turns_changes_nothing(void **state)
{
    static const double whole[] = {0, 360, -360, 720, -0.0};
    uint8_t in_image[2 * 5 * 4], out[2 * 5 * 4];

    (void)state;
    for (size_t i = 0; i < sizeof in_image; i++)
        in_image[i] = (uint8_t)(i + 1);
    for (size_t k = 0; k < sizeof whole / sizeof *whole; k++) {
        memset(out, 0, sizeof out);
        dataset_rotate(out, in_image, 2, 5, 4, whole[k]);
        CHECK_TRUE(memcmp(out, in_image, sizeof out) == 0);
    }
    for (int k = 0; k < 2; k++) {
        dataset_rotate(out, in_image, 2, 5, 4, k ? -180 : 180);
        for (size_t c = 0; c < 2; c++)
            for (size_t i = 0; i < 20; i++)
                CHECK_TRUE(out[c * 20 + i] == in_image[c * 20 + 19 - i]);
    }
}

/* The right edge becomes the upper one. */
static void rotate_by_quarters_is_exact(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 6; n++) {
        uint8_t in_image[36], out[36];
        for (size_t i = 0; i < n * n; i++)
            in_image[i] = (uint8_t)(i + 1);
        for (int k = 0; k < 4; k++) {
            static const double quarter[] = {90, -270, 270, -90};
            dataset_rotate(out, in_image, 1, n, n, quarter[k]);
            for (size_t y = 0; y < n; y++)
                for (size_t x = 0; x < n; x++)
                    CHECK_TRUE(out[y * n + x] == (k < 2 ? in_image[x * n + (n - 1 - y)]
                                                        : in_image[(n - 1 - x) * n + y]));
        }
    }
}

/* By hand: with s = sqrt(1/2), pixel (x, y) comes from column floor(2 + s (x - y)) and row
 * floor(2 + s (x + y - 3)); the argument is a whole number only for x = y and for x + y = 3. */
static void rotate_by_45_degrees_as_by_hand(void **state)
{
    static const uint8_t image[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    static const uint8_t expected[] = {0, 3, 8, 0, 2, 7, 11, 12, 5, 10, 11, 15, 0, 9, 14, 0};
    uint8_t out[16];

    (void)state;
    dataset_rotate(out, image, 1, 4, 4, 45);
    CHECK_TRUE(memcmp(out, expected, sizeof out) == 0);
    dataset_rotate(out, image, 1, 4, 4, 405);
    CHECK_TRUE(memcmp(out, expected, sizeof out) == 0);
}

/* Where the formula in double with libm's cosine is not within 1e-9 of a tie. */
static void rotate_agrees_with_the_formula(void **state)
{
    enum { ROWS = 28, COLS = 32 };
    struct rng r = rng_stream(1, "angles");
    uint8_t image[ROWS * COLS], out[ROWS * COLS];
    size_t compared = 0;

    (void)state;
    for (size_t i = 0; i < sizeof image; i++)
        image[i] = (uint8_t)(1 + rng_below(&r, 255));
    for (int k = 0; k < 200; k++) {
        const double degrees = k < 24 ? 15 * k : 1000 * (rng_uniform(&r) - 0.5);
        const double c = cos(degrees * acos(-1) / 180), s = sin(degrees * acos(-1) / 180);
        dataset_rotate(out, image, 1, ROWS, COLS, degrees);
        for (int y = 0; y < ROWS; y++)
            for (int x = 0; x < COLS; x++) {
                const double dx = x + 0.5 - COLS / 2.0, dy = y + 0.5 - ROWS / 2.0;
                const double u = COLS / 2.0 + c * dx - s * dy, v = ROWS / 2.0 + s * dx + c * dy;
                if (fabs(u - round(u)) < 1e-9 || fabs(v - round(v)) < 1e-9)
                    continue;
                const int inside = u >= 0 && v >= 0 && u < COLS && v < ROWS;
                CHECK_TRUE(out[y * COLS + x] == (inside ? image[(int)v * COLS + (int)u] : 0));
                compared++;
            }
    }
    CHECK_TRUE(compared > 195 * sizeof image);
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

static enum status read_set(int set, const struct data_source *source, struct dataset *train,
                            struct dataset *test)
{
    return set == 0   ? dataset_mnist(source, train, test)
           : set == 1 ? dataset_cifar10(source, 5, train, test)
                      : dataset_cifar100(source, train, test);
}

/* Of each set both parts, real and generated, alone and together. */
static void parts_say_what_they_are(void **state)
{
    static const char *const names[3][2][2] = {
        {{"mnist train", "mnist test"}, {"stand-in train", "stand-in test"}},
        {{"cifar-10 train", "cifar-10 test"},
         {"stand-in cifar-10 train", "stand-in cifar-10 test"}},
        {{"cifar-100 train", "cifar-100 test"},
         {"stand-in cifar-100 train", "stand-in cifar-100 test"}}};

    (void)state;
    start();
    put_set("set/mnist");
    put_cifar_10("set/cifar-10", 1);
    put_cifar_100("set/cifar-100", "train.bin");
    for (int set = 0; set < 3; set++)
        for (int generated = 0; generated < 2; generated++) {
            const struct data_source source = {.folder = "set", .stand_in = generated};
            struct dataset train, test, alone;
            CHECK_STATUS(read_set(set, &source, &train, &test), STATUS_OK);
            CHECK_STATUS(read_set(set, &source, NULL, &alone), STATUS_OK);
            CHECK_TEXT(train.name, names[set][generated][0]);
            CHECK_TEXT(test.name, names[set][generated][1]);
            CHECK_TRUE(train.count != test.count && alone.count == test.count);
            dataset_free(&train);
            dataset_free(&test);
            dataset_free(&alone);
        }
}

/* A good test file behind a damaged training file does not make the set a good one. */
static void a_damaged_training_file_is_the_sets_damage(void **state)
{
    static const char *const damaged[] = {"set/mnist/train-labels-idx1-ubyte",
                                          "set/cifar-10/data_batch_1.bin",
                                          "set/cifar-100/train.bin"};
    const struct data_source source = {.folder = "set"};

    (void)state;
    start();
    put_set("set/mnist");
    put_cifar_10("set/cifar-10", 1);
    put_cifar_100("set/cifar-100", "train.bin");
    for (int set = 0; set < 3; set++) {
        struct dataset train = {.count = 1}, test = {.count = 1};
        CHECK_STATUS(file_write(damaged[set], "damage", 6), STATUS_OK);
        CHECK_STATUS(read_set(set, &source, &train, &test), STATUS_DATA);
        CHECK_MESSAGE(damaged[set]);
        CHECK_TRUE(train.count == 0 && train.pixels == NULL);
        CHECK_TRUE(test.count == 0 && test.pixels == NULL);
    }
}

static void what_no_set_has_aborts(void **state)
{
    static uint8_t label[] = {0, 1}, coarse[] = {1, 1}, image[4];
    struct dataset set = {.name = "s", .count = 2, .classes = 2, .coarse_classes = 2,
                          .label = label, .coarse = coarse};
    const struct data_source nowhere = {.folder = "nowhere"};
    struct data_source source;
    struct dataset train;
    int classes[256];

    (void)state;
    CHECK_TRUE(dataset_classes_of(classes, &set, 0) == 0);
    CHECK_TRUE(dataset_classes_of(classes, &set, 1) == 2 && classes[1] == 1);
    CHECK_ABORTS((void)dataset_classes_of(classes, &set, 2));
    CHECK_ABORTS((void)dataset_classes_of(classes, &set, -1));
    CHECK_TRUE(dataset_class_name(&set, 0) == NULL && dataset_class_name(&set, 1) == NULL);
    CHECK_ABORTS((void)dataset_class_name(&set, 2));
    CHECK_ABORTS((void)dataset_class_name(&set, -1));
    set.coarse = NULL;
    CHECK_ABORTS((void)dataset_classes_of(classes, &set, 0));
    CHECK_ABORTS((void)!data_source_find(&source, "cifar-1", "none", "nowhere"));
    CHECK_STATUS(dataset_cifar10(&nowhere, 5, &train, NULL), STATUS_DATA);
    CHECK_ABORTS((void)!dataset_cifar10(&nowhere, 0, &train, NULL));
    CHECK_ABORTS((void)!dataset_cifar10(&nowhere, 6, &train, NULL));
    CHECK_ABORTS(dataset_rotate(image, image, 1, 2, 2, (double)NAN));
    dataset_rotate(image, image, 0, ((size_t)1 << 20) - 1, 0, 45);
    dataset_rotate(image, image, 0, 0, ((size_t)1 << 20) - 1, 45);
    CHECK_ABORTS(dataset_rotate(image, image, 0, (size_t)1 << 20, 0, 45));
    CHECK_ABORTS(dataset_rotate(image, image, 0, 0, (size_t)1 << 20, 45));
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
        cmocka_unit_test_teardown(cifar_is_found_by_the_rule_of_mnist, remove_folder),
        cmocka_unit_test_teardown(cifar_10_gives_the_batches_asked_for, remove_folder),
        cmocka_unit_test_teardown(cifar_10_batches_have_no_gap, remove_folder),
        cmocka_unit_test_teardown(cifar_100_gives_the_part_or_the_whole, remove_folder),
        cmocka_unit_test_teardown(cifar_needs_its_names, remove_folder),
        cmocka_unit_test_teardown(cifar_survives_every_failing_allocation, remove_folder),
        cmocka_unit_test(rotate_by_whole_turns_changes_nothing),
        cmocka_unit_test(rotate_by_quarters_is_exact),
        cmocka_unit_test(rotate_by_45_degrees_as_by_hand),
        cmocka_unit_test(rotate_agrees_with_the_formula),
        cmocka_unit_test_teardown(parts_say_what_they_are, remove_folder),
        cmocka_unit_test_teardown(a_damaged_training_file_is_the_sets_damage, remove_folder),
        cmocka_unit_test(what_no_set_has_aborts),
    };

    return cmocka_run_group_tests_name("dataset", tests, note_home, NULL);
}
