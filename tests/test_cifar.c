/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading CIFAR's records and names: what a good file gives, and every damage that must be seen. */
#include "test.h"

#include "damaged.h"
#include "base/rng.h"
#include "data/cifar.h"

#define COUNT 6
#define MOST  20
#define LARGE (MOST * (2 + CIFAR_PIXELS))

static uint8_t fine_label(enum cifar_kind kind, size_t i)
{
    return (uint8_t)(kind == CIFAR_10 ? 9 - i % 10 : 99 - 7 * (i % 10));
}

static uint8_t coarse_label(size_t i)
{
    return (uint8_t)(19 - 2 * (i % 10));
}

/* `count` good records; the size of the file. */
static size_t fill(uint8_t bytes[LARGE], enum cifar_kind kind, size_t count)
{
    struct rng r = rng_stream(1, "pixels");
    uint8_t *at = bytes;

    for (size_t i = 0; i < count; i++) {
        if (kind == CIFAR_100)
            *at++ = coarse_label(i);
        *at++ = fine_label(kind, i);
        for (size_t j = 0; j < CIFAR_PIXELS; j++)
            *at++ = (uint8_t)rng_word(&r);
    }
    return (size_t)(at - bytes);
}

/* Records `from` .. of `got` are the first ones of fill. */
static void check_records(const struct cifar_records *got, size_t from, size_t count,
                          enum cifar_kind kind)
{
    static uint8_t good[LARGE];
    const size_t labels = cifar_label_bytes(kind);

    fill(good, kind, count);
    for (size_t i = 0; i < count; i++) {
        CHECK_TRUE(got->label[from + i] == fine_label(kind, i));
        CHECK_TRUE(kind == CIFAR_10 || got->coarse[from + i] == coarse_label(i));
        CHECK_TRUE(memcmp(got->pixels + (from + i) * CIFAR_PIXELS,
                          good + i * (labels + CIFAR_PIXELS) + labels, CIFAR_PIXELS) == 0);
    }
}

static void expect_error(const char *file, enum cifar_kind kind, const char *part)
{
    struct cifar_records records = {0};

    CHECK_STATUS(cifar_append(&records, name(file), kind, MOST), STATUS_DATA);
    CHECK_TRUE(records.count == 0 && records.pixels == NULL && records.label == NULL);
    CHECK_TRUE(records.coarse == NULL);
    CHECK_MESSAGE(part);
    CHECK_MESSAGE(file);
    CHECK_TRUE(strchr(status_message(), '\n') == NULL);
}

/* ---- records ---- */

static void cifar_gives_the_same_records_plain_and_compressed(void **state)
{
    static uint8_t good[LARGE];

    (void)state;
    for (enum cifar_kind kind = CIFAR_10; kind <= CIFAR_100; kind++) {
        const size_t n = fill(good, kind, COUNT);
        size_t size;
        uint8_t *packed = pack(good, n, &size);
        put("plain.bin", good, n);
        put("packed.bin.gz", packed, size);
        memory_free(packed);
        for (int i = 0; i < 2; i++) {
            struct cifar_records records = {0};
            CHECK_STATUS(
                cifar_append(&records, name(i ? "packed.bin.gz" : "plain.bin"), kind, COUNT),
                STATUS_OK);
            CHECK_TRUE(records.count == COUNT && (records.coarse != NULL) == (kind == CIFAR_100));
            check_records(&records, 0, COUNT, kind);
            CHECK_STATUS(cifar_append(&records, path, kind, COUNT - 1), STATUS_DATA);
            CHECK_MESSAGE("at most");
            CHECK_TRUE(records.count == COUNT);
            cifar_free(&records);
            cifar_free(&records);
        }
    }
}

static void cifar_appends_in_the_order_of_the_files(void **state)
{
    static uint8_t good[LARGE];

    (void)state;
    for (enum cifar_kind kind = CIFAR_10; kind <= CIFAR_100; kind++) {
        struct cifar_records records = {0};
        put("one.bin", good, fill(good, kind, 3));
        put("two.bin", good, fill(good, kind, 5));
        CHECK_STATUS(cifar_append(&records, name("one.bin"), kind, MOST), STATUS_OK);
        CHECK_STATUS(cifar_append(&records, name("two.bin"), kind, MOST), STATUS_OK);
        CHECK_STATUS(cifar_append(&records, name("one.bin"), kind, MOST), STATUS_OK);
        CHECK_STATUS(cifar_append(&records, name("none.bin"), kind, MOST), STATUS_DATA);
        CHECK_TRUE(records.count == 11);
        check_records(&records, 0, 3, kind);
        check_records(&records, 3, 5, kind);
        check_records(&records, 8, 3, kind);
        cifar_free(&records);
    }
}

static void cifar_rejects_cuts_and_surplus(void **state)
{
    static uint8_t good[LARGE];

    (void)state;
    for (enum cifar_kind kind = CIFAR_10; kind <= CIFAR_100; kind++) {
        const size_t n = fill(good, kind, COUNT + 1), record = n / (COUNT + 1);
        const size_t whole = COUNT * record;
        const size_t sizes[] = {1,         2,         record - 1, record + 1,
                                whole - 1, whole + 1, whole + 17, whole + record - 1};
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            put("size.bin", good, sizes[i]);
            expect_error("size.bin", kind, "it is cut, or something was added");
            CHECK_MESSAGE(kind == CIFAR_10 ? "records of 3073 bytes" : "records of 3074 bytes");
        }
        put("size.bin", good, whole + 17);
        expect_error("size.bin", kind, "found 6 of them and 17 bytes more");
        put("size.bin", good, 0);
        expect_error("size.bin", kind, "found an empty file");
        put("other.bin", good, whole);
        expect_error("other.bin", kind == CIFAR_10 ? CIFAR_100 : CIFAR_10, "bytes more");
    }
}

static void cifar_rejects_labels_out_of_range(void **state)
{
    static uint8_t bytes[LARGE];
    size_t n;

    (void)state;
    n = fill(bytes, CIFAR_10, COUNT);
    bytes[5 * 3073] = 10;
    put("label.bin", bytes, n);
    expect_error("label.bin", CIFAR_10, "expected class labels 0..9, found 10 at record 5");
    n = fill(bytes, CIFAR_100, COUNT);
    bytes[4 * 3074] = 20;
    put("label.bin", bytes, n);
    expect_error("label.bin", CIFAR_100, "expected coarse labels 0..19, found 20 at record 4");
    n = fill(bytes, CIFAR_100, COUNT);
    bytes[3 * 3074 + 1] = 100;
    put("label.bin", bytes, n);
    expect_error("label.bin", CIFAR_100, "expected fine labels 0..99, found 100 at record 3");
}

static void cifar_rejects_a_class_of_two_superclasses(void **state)
{
    static uint8_t bytes[LARGE];
    const size_t n = fill(bytes, CIFAR_100, 12);

    (void)state;
    bytes[11 * 3074] = 3;
    put("coarse.bin", bytes, n);
    expect_error("coarse.bin", CIFAR_100,
                 "fine label 92 under one coarse label, found it under 17 and, at record 11, under "
                 "3");
    bytes[1 * 3074] = 0; /* 0 is a superclass like any other */
    put("coarse.bin", bytes, n);
    expect_error("coarse.bin", CIFAR_100, "found it under 0 and, at record 11, under 3");
}

static void cifar_rejects_pages_and_other_files(void **state)
{
    static const char page[] = "<!DOCTYPE html><html>404 not found</html>";
    static char long_page[2 * 3073] = "<html>";
    static uint8_t good[LARGE];
    size_t size, n = fill(good, CIFAR_10, COUNT);
    uint8_t *packed = pack(good, n, &size);

    (void)state;
    put("page.bin", page, sizeof page - 1);
    expect_error("page.bin", CIFAR_10, "an HTML page");
    expect_error("page.bin", CIFAR_100, "an HTML page");
    put("page.bin", long_page, sizeof long_page);
    expect_error("page.bin", CIFAR_10, "an HTML page");
    put("page.bin.gz", page, sizeof page - 1);
    expect_error("page.bin.gz", CIFAR_10, "an HTML page");
    put("hidden.bin", packed, size);
    expect_error("hidden.bin", CIFAR_10, "found gzip; rename it");
    put("plain.bin.gz", good, n);
    expect_error("plain.bin.gz", CIFAR_10, "expected gzip");
    expect_error("missing.bin", CIFAR_10, "No such file");
    CHECK_STATUS(file_make_folder(name("folder.bin")), STATUS_OK);
    expect_error("folder.bin", CIFAR_10, "found a folder");
    memory_free(packed);
}

static void cifar_rejects_damaged_gzip(void **state)
{
    static uint8_t good[LARGE];
    size_t size, n = fill(good, CIFAR_100, COUNT);
    uint8_t *packed = pack(good, n, &size);

    (void)state;
    put("cut.bin.gz", packed, size - 9);
    expect_error("cut.bin.gz", CIFAR_100, "cut after");
    packed[size - 8] = (uint8_t)(packed[size - 8] ^ 1);
    put("sum.bin.gz", packed, size);
    expect_error("sum.bin.gz", CIFAR_100, "incorrect data check");
    memory_free(packed);
    packed = pack(good, 0, &size);
    put("void.bin.gz", packed, size);
    expect_error("void.bin.gz", CIFAR_100, "found 0 of them and 0 bytes more;");
    memory_free(packed);
}

/* One record more than there may be, and 4000 times as many. */
static void cifar_bounds_what_it_reads(void **state)
{
    const size_t part = 1 << 20;
    char *zeros = memory_get(part, 1);
    gzFile file = gzopen(name("bomb.bin.gz"), "wb9");

    (void)state;
    put("many.bin", zeros, (MOST + 1) * 3073);
    expect_error("many.bin", CIFAR_10, "at most 61460 bytes");
    for (int i = 0; i < 64; i++)
        CHECK_TRUE(gzwrite(file, zeros, (unsigned)part) == (int)part);
    CHECK_TRUE(gzclose(file) == Z_OK);
    memory_free(zeros);
    expect_error("bomb.bin.gz", CIFAR_10, "at most 61460 bytes");
}

static void cifar_survives_every_failing_allocation(void **state)
{
    static uint8_t good[LARGE];
    enum status status = STATUS_MEMORY;
    size_t failures = 0;

    (void)state;
    put("once.bin", good, fill(good, CIFAR_100, 3));
    put("more.bin", good, fill(good, CIFAR_100, 4));
    for (size_t k = 1; status != STATUS_OK; k++) {
        struct cifar_records records = {0};
        CHECK_STATUS(cifar_append(&records, name("once.bin"), CIFAR_100, MOST), STATUS_OK);
        memory_fail_at(k);
        status = cifar_append(&records, name("more.bin"), CIFAR_100, MOST);
        memory_fail_at(0);
        CHECK_TRUE(records.count == (status == STATUS_OK ? 7 : 3));
        check_records(&records, 0, 3, CIFAR_100);
        if (status != STATUS_OK) {
            CHECK_STATUS(status, STATUS_MEMORY);
            failures++;
        }
        cifar_free(&records);
    }
    CHECK_TRUE(failures >= 4);
}

/* ---- names ---- */

static void expect_names_error(const char *text, int n, const char *part)
{
    char *other, **names = &other;

    put("names.txt", text, strlen(text));
    CHECK_STATUS(cifar_names_read(&names, n, path), STATUS_DATA);
    CHECK_TRUE(names == NULL);
    CHECK_MESSAGE(part);
    CHECK_MESSAGE("names.txt");
}

static void names_are_the_lines_of_the_file(void **state)
{
    static const char *const texts[] = {"cat\nsea_lion\nman-made\n", "cat\nsea_lion\nman-made\n\n",
                                        "cat\nsea_lion\nman-made"};
    char **names;

    (void)state;
    for (int i = 0; i < 3; i++) {
        put("names.txt", texts[i], strlen(texts[i]));
        CHECK_STATUS(cifar_names_read(&names, 3, path), STATUS_OK);
        CHECK_TEXT(names[0], "cat");
        CHECK_TEXT(names[1], "sea_lion");
        CHECK_TEXT(names[2], "man-made");
        memory_free(names);
    }
}

static void names_reject_other_files(void **state)
{
    char large[300 * 64], **names;

    (void)state;
    expect_names_error("cat\ndog\n", 3, "expected 3 names, one a line, found 2;");
    expect_names_error("cat\ndog\nfox\nowl\n", 3, "found more than 3;");
    expect_names_error("cat\n\nfox\n", 3, "expected a name of 1 to 63 bytes in line 2, found 0");
    expect_names_error("cat\ndog\ncat\n", 3, "found cat in lines 1 and 3");
    expect_names_error("cat\r\ndog\r\n", 2, "line 1, found byte 0x0d");
    expect_names_error("cat\ntwo words\n", 2, "line 2, found byte 0x20");
    expect_names_error("caf\xc3\xa9\ndog\n", 2, "found byte 0xc3");
    expect_names_error("\n\n", 2, "found 0;");
    expect_names_error("", 2, "empty file");
    expect_names_error("<html>\n", 1, "an HTML page");
    memset(large, 'a', sizeof large);
    large[64] = 0;
    expect_names_error(large, 1, "1 to 63 bytes in line 1, found 64");
    large[64] = 'a';
    large[sizeof large - 1] = 0;
    expect_names_error(large, 2, "at most");
    put("names.txt", "cat\0dog\n", 8);
    CHECK_STATUS(cifar_names_read(&names, 2, path), STATUS_DATA);
    CHECK_MESSAGE("found byte 0x00");
}

static void names_survive_every_failing_allocation(void **state)
{
    enum status status = STATUS_MEMORY;
    size_t failures = 0;
    char **names;

    (void)state;
    put("names.txt", "cat\ndog\n", 8);
    for (size_t k = 1; status != STATUS_OK; k++) {
        memory_fail_at(k);
        status = cifar_names_read(&names, 2, path);
        memory_fail_at(0);
        if (status != STATUS_OK) {
            CHECK_STATUS(status, STATUS_MEMORY);
            CHECK_TRUE(names == NULL);
            failures++;
        }
    }
    CHECK_TRUE(failures >= 2);
    memory_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cifar_gives_the_same_records_plain_and_compressed),
        cmocka_unit_test(cifar_appends_in_the_order_of_the_files),
        cmocka_unit_test(cifar_rejects_cuts_and_surplus),
        cmocka_unit_test(cifar_rejects_labels_out_of_range),
        cmocka_unit_test(cifar_rejects_a_class_of_two_superclasses),
        cmocka_unit_test(cifar_rejects_pages_and_other_files),
        cmocka_unit_test(cifar_rejects_damaged_gzip),
        cmocka_unit_test(cifar_bounds_what_it_reads),
        cmocka_unit_test(cifar_survives_every_failing_allocation),
        cmocka_unit_test(names_are_the_lines_of_the_file),
        cmocka_unit_test(names_reject_other_files),
        cmocka_unit_test(names_survive_every_failing_allocation),
    };

    return cmocka_run_group_tests_name("cifar", tests, open_folder, remove_folder);
}
