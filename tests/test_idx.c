/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading IDX and gzip files: round trips, and every damage that must be seen. */
#include "test.h"

#include <sys/resource.h>

#include "aborts.h"
#include "damaged.h"
#include "data/gzip.h"
#include "data/idx.h"

#define MOST     (1 << 20)
#define COUNT    6
#define ROWS     5
#define COLS     4
#define PIXELS   (COUNT * ROWS * COLS)
#define HEADER   16
#define FILESIZE (HEADER + PIXELS)

static void word(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* A good images file: its pixels are no runs, so that gzip has something to do. */
static void fill_images(uint8_t bytes[FILESIZE])
{
    word(bytes, 2051);
    word(bytes + 4, COUNT);
    word(bytes + 8, ROWS);
    word(bytes + 12, COLS);
    for (int i = 0; i < PIXELS; i++)
        bytes[HEADER + i] = (uint8_t)(i * i * 7 + i / 3);
}

static void expect_gzip_error(const char *file, size_t most, const char *part)
{
    uint8_t other, *bytes = &other;
    size_t n = 1;

    CHECK_STATUS(gzip_read(name(file), most, &bytes, &n), STATUS_DATA);
    CHECK_TRUE(bytes == NULL && n == 0);
    CHECK_MESSAGE(part);
    CHECK_MESSAGE(file);
    CHECK_TRUE(strchr(status_message(), '\n') == NULL);
}

/* ---- gzip ---- */

static void gzip_gives_the_same_bytes_plain_and_compressed(void **state)
{
    uint8_t good[FILESIZE], *packed, *bytes;
    size_t size, n;

    (void)state;
    fill_images(good);
    packed = pack(good, sizeof good, &size);
    put("plain", good, sizeof good);
    put("packed.gz", packed, size);
    static const char *const files[] = {"plain", "packed.gz"};
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(gzip_read(name(files[i]), FILESIZE, &bytes, &n), STATUS_OK);
        CHECK_TRUE(n == FILESIZE && memcmp(bytes, good, n) == 0);
        memory_free(bytes);
        expect_gzip_error(files[i], FILESIZE - 1, "at most");
    }
    memory_free(packed);
}

static void gzip_rejects_every_cut(void **state)
{
    uint8_t good[FILESIZE], *packed;
    size_t size;

    (void)state;
    fill_images(good);
    packed = pack(good, sizeof good, &size);
    for (size_t n = 2; n < size; n++) {
        put("cut.gz", packed, n);
        expect_gzip_error("cut.gz", MOST, "cut after");
    }
    put("cut.gz", packed, 1);
    expect_gzip_error("cut.gz", MOST, "expected gzip");
    put("cut.gz", packed, 0);
    expect_gzip_error("cut.gz", MOST, "empty file");
    memory_free(packed);
}

/* A flipped bit is seen, unless it lies in the header's time, flags of speed or system. */
static void gzip_never_delivers_other_bytes(void **state)
{
    uint8_t good[FILESIZE], *packed, *bytes;
    size_t size, n, rejected = 0;

    (void)state;
    fill_images(good);
    packed = pack(good, sizeof good, &size);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        put("flipped.gz", packed, size);
        const enum status status = gzip_read(name("flipped.gz"), MOST, &bytes, &n);
        if (status == STATUS_OK) {
            CHECK_TRUE(n == FILESIZE && memcmp(bytes, good, n) == 0);
            memory_free(bytes);
        } else {
            CHECK_STATUS(status, STATUS_DATA);
            rejected++;
        }
        packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    CHECK_TRUE(rejected >= 8 * (size - 7));
    memory_free(packed);
}

static void gzip_names_wrong_checksum_and_length(void **state)
{
    uint8_t good[FILESIZE], *packed;
    size_t size;

    (void)state;
    fill_images(good);
    packed = pack(good, sizeof good, &size);
    packed[size - 8] ^= 1;
    put("sum.gz", packed, size);
    expect_gzip_error("sum.gz", MOST, "incorrect data check");
    packed[size - 8] ^= 1;
    packed[size - 4] ^= 1;
    put("length.gz", packed, size);
    expect_gzip_error("length.gz", MOST, "incorrect length check");
    memory_free(packed);
}

static void gzip_rejects_what_follows_the_end(void **state)
{
    uint8_t good[FILESIZE], *packed, *twice;
    size_t size;

    (void)state;
    fill_images(good);
    packed = pack(good, sizeof good, &size);
    twice = memory_get(2, size);
    memcpy(twice, packed, size);
    put("surplus.gz", twice, size + 3);
    expect_gzip_error("surplus.gz", MOST, "found 3 more bytes");
    memcpy(twice + size, packed, size);
    put("twice.gz", twice, 2 * size);
    expect_gzip_error("twice.gz", MOST, "expected the end");
    memory_free(packed);
    memory_free(twice);
}

static void gzip_rejects_other_files_by_name(void **state)
{
    static const char page[] = "<!DOCTYPE html><html>404 not found</html>";
    uint8_t good[FILESIZE], *packed;
    size_t size;

    (void)state;
    fill_images(good);
    packed = pack(good, sizeof good, &size);
    put("page.gz", page, sizeof page - 1);
    expect_gzip_error("page.gz", MOST, "an HTML page");
    put("plain.gz", good, sizeof good);
    expect_gzip_error("plain.gz", MOST, "expected gzip");
    put("hidden", packed, size);
    expect_gzip_error("hidden", MOST, "rename it to");
    memory_free(packed);
}

static void gzip_says_what_cannot_be_read(void **state)
{
    (void)state;
    expect_gzip_error("missing.gz", MOST, "No such file");
    expect_gzip_error("missing", MOST, "fetch");
    CHECK_STATUS(file_make_folder(name("folder.gz")), STATUS_OK);
    expect_gzip_error("folder.gz", MOST, "found a folder");
    put("nothing", "", 0);
    expect_gzip_error("nothing", MOST, "empty file");
    CHECK_TRUE(symlink("loop.gz", name("loop.gz")) == 0);
    expect_gzip_error("loop.gz", MOST, "expected a readable file");
}

static long peak_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* 64 MiB of zeros in 64 KiB, with an honest and with a lying length. */
static void gzip_bounds_the_memory_of_a_bomb(void **state)
{
    const size_t part = MOST;
    uint8_t *zeros = memory_get(part, 1);
    gzFile file = gzopen(name("bomb.gz"), "wb9");
    char *bytes;
    size_t n;

    (void)state;
    for (int i = 0; i < 64; i++)
        CHECK_TRUE(gzwrite(file, zeros, (unsigned)part) == (int)part);
    CHECK_TRUE(gzclose(file) == Z_OK);
    memory_free(zeros);
    const long before = peak_kib();
    expect_gzip_error("bomb.gz", MOST, "at most 1048576 bytes");
    CHECK_STATUS(file_read(name("bomb.gz"), MOST, &bytes, &n), STATUS_OK);
    memset(bytes + n - 4, 0, 4);
    put("small.gz", bytes, n);
    expect_gzip_error("small.gz", MOST, "at most 1048576 bytes");
    memset(bytes + n - 4, 0xff, 4);
    put("large.gz", bytes, n);
    expect_gzip_error("large.gz", MOST, "at most 1048576 bytes");
    memory_free(bytes);
    CHECK_TRUE(peak_kib() - before < 16 * 1024);
}

/* A length below the truth only costs a larger buffer on the way; zlib sees the lie at the end. */
static void gzip_does_not_trust_the_length(void **state)
{
    uint8_t good[FILESIZE], *packed;
    size_t size;

    (void)state;
    fill_images(good);
    packed = pack(good, sizeof good, &size);
    for (unsigned lie = 0; lie < 256; lie += 51) {
        memset(packed + size - 4, (int)lie, 4);
        put("lie.gz", packed, size);
        expect_gzip_error("lie.gz", MOST, "incorrect length check");
    }
    memory_free(packed);
}

/* ---- idx ---- */

static void expect_images_error(const char *file, const char *part)
{
    struct idx_images images = {.count = 1};

    CHECK_STATUS(idx_images_read(&images, name(file), MOST), STATUS_DATA);
    CHECK_TRUE(images.pixels == NULL && images.count == 0);
    CHECK_MESSAGE(part);
    CHECK_MESSAGE(file);
    CHECK_MESSAGE("expected");
}

static void idx_reads_what_it_wrote(void **state)
{
    uint8_t good[FILESIZE], *packed, label[COUNT] = {3, 1, 4, 1, 5, 255};
    struct idx_images images;
    struct idx_labels labels;
    size_t size;
    char *raw;

    (void)state;
    fill_images(good);
    CHECK_STATUS(
        idx_images_write(name("images"), &(struct idx_images){COUNT, ROWS, COLS, good + HEADER}),
        STATUS_OK);
    CHECK_STATUS(file_read(path, MOST, &raw, &size), STATUS_OK);
    CHECK_TRUE(size == FILESIZE && memcmp(raw, good, size) == 0);
    memory_free(raw);
    packed = pack(good, sizeof good, &size);
    put("images.gz", packed, size);
    memory_free(packed);
    static const char *const files[] = {"images", "images.gz"};
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(idx_images_read(&images, name(files[i]), FILESIZE), STATUS_OK);
        CHECK_TRUE(images.count == COUNT && images.rows == ROWS && images.cols == COLS);
        CHECK_TRUE(memcmp(images.pixels, good + HEADER, PIXELS) == 0);
        idx_images_free(&images);
    }
    CHECK_STATUS(idx_labels_write(name("labels"), &(struct idx_labels){COUNT, label}), STATUS_OK);
    CHECK_STATUS(idx_labels_read(&labels, path, MOST), STATUS_OK);
    CHECK_TRUE(labels.count == COUNT && memcmp(labels.label, label, COUNT) == 0);
    idx_labels_free(&labels);
    idx_labels_free(&labels);
}

static void idx_rejects_other_magics(void **state)
{
    static const struct {
        uint32_t magic;
        const char *part;
    } wrong[] = {
        {2049, "IDX labels"},              {2052, "rank 4, not 3"},
        {0x00000d03, "element type 0x0d"}, {0x03080000, "bytes 03 08 00 00"},
        {0, "element type 0x00"},          {0x3c68746d, "an HTML page"},
        {0x00010803, "bytes 00 01 08 03"}, {0x01000803, "bytes 01 00 08 03"},
    };
    struct idx_labels labels;
    uint8_t good[FILESIZE];

    (void)state;
    fill_images(good);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        word(good, wrong[i].magic);
        put("magic", good, sizeof good);
        expect_images_error("magic", wrong[i].part);
        CHECK_MESSAGE("magic 2051");
    }
    word(good, 2051);
    put("swapped", good, sizeof good);
    CHECK_STATUS(idx_labels_read(&labels, name("swapped"), MOST), STATUS_DATA);
    CHECK_MESSAGE("magic 2049");
    CHECK_MESSAGE("2051 (IDX images); name the two files the other way round");
}

static void idx_rejects_every_cut_and_surplus(void **state)
{
    uint8_t good[FILESIZE + 1] = {0};
    char records[32];

    (void)state;
    snprintf(records, sizeof records, "(%d images)", COUNT);
    fill_images(good);
    for (size_t n = 1; n <= FILESIZE + 1; n++) {
        if (n == FILESIZE)
            continue;
        put("size", good, n);
        expect_images_error("size", n < HEADER     ? "header of 16 bytes"
                                    : n < FILESIZE ? "it is cut"
                                                   : "something was added");
        if (n >= HEADER)
            CHECK_MESSAGE(records);
    }
}

static void idx_rejects_impossible_counts(void **state)
{
    static const char *const what[] = {"positive count", "positive rows", "positive columns"};
    uint8_t bytes[FILESIZE];

    (void)state;
    for (int i = 0; i < 3; i++) {
        fill_images(bytes);
        word(bytes + 4 + 4 * i, 0);
        put("count", bytes, sizeof bytes);
        expect_images_error("count", what[i]);
        CHECK_MESSAGE("found 0;");
        word(bytes + 4 + 4 * i, 0xffffffff);
        put("count", bytes, sizeof bytes);
        expect_images_error("count", what[i]);
        CHECK_MESSAGE("found -1;");
        word(bytes + 4 + 4 * i, 0x80000000);
        put("count", bytes, sizeof bytes);
        expect_images_error("count", "found -2147483648;");
        word(bytes + 4 + 4 * i, 0x7fffffff);
        put("count", bytes, sizeof bytes);
        expect_images_error("count", "it is cut");
    }
    for (int i = 0; i < 3; i++)
        word(bytes + 4 + 4 * i, 0x7fffffff);
    put("count", bytes, sizeof bytes);
    expect_images_error("count", "overflows");
}

/* 2^22 x 2^21 x 2^21 is 2^64: a product that wraps to zero must not pass for an empty array. */
static void idx_rejects_counts_that_wrap(void **state)
{
    uint8_t bytes[FILESIZE];

    (void)state;
    fill_images(bytes);
    word(bytes + 4, 1 << 22);
    word(bytes + 8, 1 << 21);
    word(bytes + 12, 1 << 21);
    put("wrap", bytes, HEADER);
    expect_images_error("wrap", "overflows");
}

/* One record of one pixel is the smallest file; extents of nothing and beyond 31 bits are none. */
static void idx_writes_extents_of_1_to_31_bits(void **state)
{
    uint8_t byte = 7;
    struct idx_images images = {1, 1, 1, &byte}, back;
    struct idx_labels labels = {1, &byte}, back_labels;

    (void)state;
    CHECK_STATUS(idx_images_write(name("one"), &images), STATUS_OK);
    CHECK_STATUS(idx_images_read(&back, path, 17), STATUS_OK);
    CHECK_TRUE(back.count == 1 && back.rows == 1 && back.cols == 1 && back.pixels[0] == 7);
    CHECK_STATUS(idx_labels_write(name("label"), &labels), STATUS_OK);
    CHECK_STATUS(idx_labels_read(&back_labels, path, 9), STATUS_OK);
    CHECK_TRUE(back_labels.count == 1 && back_labels.label[0] == 7);
    idx_images_free(&back);
    idx_labels_free(&back_labels);
    images.rows = 0;
    CHECK_ABORTS((void)!idx_images_write(path, &images));
    images.rows = (size_t)INT32_MAX + 1;
    CHECK_ABORTS((void)!idx_images_write(path, &images));
    labels.count = 0;
    CHECK_ABORTS((void)!idx_labels_write(path, &labels));
}

static void gzip_needs_a_bound(void **state)
{
    uint8_t *bytes;
    size_t n;

    (void)state;
    put("x", "x", 1);
    CHECK_STATUS(gzip_read(path, SIZE_MAX / 2 - 1, &bytes, &n), STATUS_OK);
    CHECK_TRUE(n == 1 && bytes[0] == 'x');
    memory_free(bytes);
    CHECK_ABORTS((void)!gzip_read(path, SIZE_MAX / 2, &bytes, &n));
}

/* Only a name's end counts, and it may be all of it. */
static void gzip_is_told_by_the_end_of_the_name(void **state)
{
    static const char *const plain[] = {"agz", "a.gzz", "a.gz.x", "z", "gz"};
    static const char *const packed[] = {"a.gz", ".gz"};
    char there[1200];
    uint8_t *bytes;
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        put(plain[i], "<x>", 3);
        CHECK_STATUS(gzip_read(path, 10, &bytes, &n), STATUS_OK);
        CHECK_TRUE(n == 3);
        memory_free(bytes);
    }
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
        put(packed[i], "<x>", 3);
        CHECK_STATUS(gzip_read(path, 10, &bytes, &n), STATUS_DATA);
        CHECK_MESSAGE("found an HTML page");
    }
    CHECK_TRUE(getcwd(there, sizeof there) != NULL && chdir(folder) == 0);
    const enum status bare = gzip_read(".gz", 10, &bytes, &n);
    const enum status two = gzip_read("gz", 10, &bytes, &n);
    CHECK_TRUE(chdir(there) == 0);
    CHECK_STATUS(bare, STATUS_DATA);
    CHECK_STATUS(two, STATUS_OK);
    memory_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_gives_the_same_bytes_plain_and_compressed),
        cmocka_unit_test(gzip_rejects_every_cut),
        cmocka_unit_test(gzip_never_delivers_other_bytes),
        cmocka_unit_test(gzip_names_wrong_checksum_and_length),
        cmocka_unit_test(gzip_rejects_what_follows_the_end),
        cmocka_unit_test(gzip_rejects_other_files_by_name),
        cmocka_unit_test(gzip_says_what_cannot_be_read),
        cmocka_unit_test(gzip_bounds_the_memory_of_a_bomb),
        cmocka_unit_test(gzip_does_not_trust_the_length),
        cmocka_unit_test(idx_reads_what_it_wrote),
        cmocka_unit_test(idx_rejects_other_magics),
        cmocka_unit_test(idx_rejects_every_cut_and_surplus),
        cmocka_unit_test(idx_rejects_impossible_counts),
        cmocka_unit_test(idx_rejects_counts_that_wrap),
        cmocka_unit_test(idx_writes_extents_of_1_to_31_bits),
        cmocka_unit_test(gzip_needs_a_bound),
        cmocka_unit_test(gzip_is_told_by_the_end_of_the_name),
    };

    return cmocka_run_group_tests_name("idx", tests, open_folder, remove_folder);
}
