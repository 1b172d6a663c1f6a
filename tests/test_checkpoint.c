/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_checkpoint: what is saved comes back; a file that is damaged, forged or another's is refused
 * with one line and leaves the blocks alone. */
#include "test.h"

#include "aborts.h"
#include "base/digest.h"
#include "base/file.h"
#include "damaged.h"
#include "net/checkpoint.h"

static char owner[DIGEST_TEXT], other[DIGEST_TEXT];
static float params[5];
static uint64_t counters[2];

enum { BLOCKS = 3, HEAD = 16 + 4 + 4 + 64 + 8 + 8, ENTRY = CHECKPOINT_NAME + 8 };
static const struct checkpoint_block blocks[BLOCKS] = {{"params", params, sizeof params},
                                                       {"nothing", NULL, 0},
                                                       {"counters", counters, sizeof counters}};

static void set_values(float value)
{
    for (int i = 0; i < 5; i++)
        params[i] = value * (float)(i + 1);
    counters[0] = (uint64_t)value;
    counters[1] = 1;
}

static int has_values(float value)
{
    return params[0] == value && params[4] == 5 * value && counters[0] == (uint64_t)value &&
           counters[1] == 1;
}

static int start(void **state)
{
    struct digest d;

    digest_start(&d);
    digest_end(&d, owner);
    digest_start(&d);
    digest_text(&d, "other");
    digest_end(&d, other);
    return open_folder(state);
}

static enum status save(const char *file)
{
    char room[1000];

    CHECK_TRUE(checkpoint_size(blocks, BLOCKS) == HEAD + BLOCKS * ENTRY + 5 * 4 + 16 + 64);
    return checkpoint_save(name(file), owner, blocks, BLOCKS, room);
}

/* The bytes of a good file with the value 3. */
static char *good(size_t *n)
{
    char *bytes;

    set_values(3);
    CHECK_STATUS(save("good"), STATUS_OK);
    CHECK_STATUS(file_read(name("good"), 1000, &bytes, n), STATUS_OK);
    assert_int_equal(*n, checkpoint_size(blocks, BLOCKS));
    return bytes;
}

/* As put, without waiting for the disk. */
static void put_fast(const char *file, const void *bytes, size_t n)
{
    FILE *out = fopen(name(file), "wb");

    CHECK_TRUE(out != NULL && fwrite(bytes, 1, n, out) == n && fclose(out) == 0);
}

/* The bytes as a file are refused, and the blocks stay. */
static void check_refused(const void *bytes, size_t n)
{
    put_fast("bad", bytes, n);
    set_values(7);
    CHECK_STATUS(checkpoint_load(name("bad"), owner, blocks, BLOCKS), STATUS_DATA);
    CHECK_TRUE(has_values(7));
    CHECK_MESSAGE("bad: expected ");
    CHECK_MESSAGE("found ");
    CHECK_MESSAGE("; remove it to start again");
}

/* The same with a digest that is right. */
static void check_forgery(char *bytes, size_t n)
{
    char digits[DIGEST_TEXT];
    struct digest d;

    digest_start(&d);
    digest_bytes(&d, bytes, n - 64);
    digest_end(&d, digits);
    memcpy(bytes + n - 64, digits, 64);
    check_refused(bytes, n);
}

/* ---- tests ---- */

static void saved_blocks_come_back(void **state)
{
    char **names;
    size_t n;
    struct arena mem = {0};

    (void)state;
    set_values(3);
    CHECK_STATUS(save("kept"), STATUS_OK);
    set_values(5);
    CHECK_STATUS(save("kept"), STATUS_OK);
    set_values(0);
    CHECK_STATUS(checkpoint_load(name("kept"), owner, blocks, BLOCKS), STATUS_OK);
    CHECK_TRUE(has_values(5));
    CHECK_STATUS(checkpoint_remove(name("kept")), STATUS_OK);
    CHECK_TRUE(!file_exists(name("kept")));
    CHECK_STATUS(checkpoint_remove(name("kept")), STATUS_OK);
    CHECK_STATUS(file_list(&mem, folder, &names, &n), STATUS_OK);
    assert_int_equal(n, 0);
    arena_free(&mem);
}

static void every_damaged_byte_is_noticed(void **state)
{
    size_t n;
    char *bytes = good(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        bytes[i] ^= 0x10;
        check_refused(bytes, n);
        bytes[i] ^= 0x10;
    }
    put_fast("bad", bytes, n);
    CHECK_STATUS(checkpoint_load(name("bad"), owner, blocks, BLOCKS), STATUS_OK);
    CHECK_TRUE(has_values(3));
    memory_free(bytes);
}

static void cut_and_lengthened_files_are_refused(void **state)
{
    char longer[2000] = {0};
    size_t n;
    char *bytes = good(&n);

    (void)state;
    for (size_t k = 0; k < n; k++)
        check_refused(bytes, k);
    memcpy(longer, bytes, n);
    for (size_t k = n + 1; k < sizeof longer; k += 97)
        check_refused(longer, k);
    check_refused("<html>not a checkpoint at all, but long enough to hold one: "
                  "........................................................................"
                  "........................................................................",
                  200);
    memory_free(bytes);
}

/* Heads and tables that lie under a digest that is right. */
static void forged_files_are_refused(void **state)
{
    static const struct {
        size_t at, bytes;
        uint64_t value;
        const char *says;
    } forged[] = {
        {16, 4, 2, "expected version 1 in this machine's byte order, found version 2"},
        {20, 4, 0x04030201, "byte order 04030201"},
        {88, 8, 2, "expected 3 blocks, found 2"},
        {88, 8, UINT64_MAX, "expected 3 blocks, found 18446744073709551615"},
        {96, 8, 301, "expected the 301 bytes that it names, found 300"},
        {96, 8, 12, "expected the 12 bytes that it names, found 300"},
        {HEAD, 1, 'q', "expected block params of 20 bytes, found block 'qarams' of 20"},
        {HEAD + CHECKPOINT_NAME, 8, 16, "expected block params of 20 bytes, found block 'params' "
                                        "of 16"},
        {HEAD + CHECKPOINT_NAME, 8, UINT64_MAX, "found block 'params' of 18446744073709551615"},
        {HEAD + CHECKPOINT_NAME - 1, 1, 'x', "expected block params of 20 bytes, found"},
        {HEAD + 2 * ENTRY, 8, 0x4141414141414141, "expected block counters of 16 bytes, found"},
    };
    size_t n;
    char *bytes = good(&n), copy[1000];

    (void)state;
    assert_int_equal(n, 300);
    for (size_t f = 0; f < sizeof forged / sizeof *forged; f++) {
        memcpy(copy, bytes, n);
        memcpy(copy + forged[f].at, &forged[f].value, forged[f].bytes); /* little-endian */
        check_forgery(copy, n);
        CHECK_MESSAGE(forged[f].says);
    }
    memory_free(bytes);
}

/* A head that names a shorter file, with all else right: the table or the data would be outside. */
static void forged_lengths_are_refused(void **state)
{
    size_t n;
    char *bytes = good(&n), copy[1000];

    (void)state;
    for (size_t k = HEAD + 64; k < n; k++) {
        const uint64_t size = k;
        memcpy(copy, bytes, k);
        memcpy(copy + 96, &size, sizeof size);
        check_forgery(copy, k);
    }
    memory_free(bytes);
}

static void another_owner_is_refused(void **state)
{
    size_t n;
    char *bytes = good(&n);

    (void)state;
    set_values(7);
    CHECK_STATUS(checkpoint_load(name("good"), other, blocks, BLOCKS), STATUS_DATA);
    CHECK_MESSAGE("good: expected the checkpoint of ");
    CHECK_MESSAGE(", made with other settings; remove it to start again");
    CHECK_STATUS(checkpoint_load(name("good"), owner, blocks, BLOCKS - 1), STATUS_DATA);
    CHECK_MESSAGE("good: expected 2 blocks, found 3");
    CHECK_TRUE(has_values(7));
    memory_free(bytes);
}

static void missing_files_and_folders_are_named(void **state)
{
    char room[1000];

    (void)state;
    CHECK_STATUS(checkpoint_load(name("none"), owner, blocks, BLOCKS), STATUS_DATA);
    CHECK_MESSAGE("none: expected a readable file, found: No such file");
    CHECK_STATUS(checkpoint_load(folder, owner, blocks, BLOCKS), STATUS_DATA);
    CHECK_MESSAGE("expected a file, found a folder");
    CHECK_STATUS(checkpoint_save(name("none/x"), owner, blocks, BLOCKS, room), STATUS_IO);
    CHECK_MESSAGE("none/x: expected to write it, found: No such file");
    CHECK_STATUS(checkpoint_remove(folder), STATUS_IO);
    CHECK_MESSAGE("expected to remove it, found: ");
}

/* Saving takes no memory; loading says where there is none and leaves the blocks alone. */
static void memory_is_taken_to_load_alone(void **state)
{
    size_t n;
    char *bytes = good(&n);
    const size_t before = memory_count();

    (void)state;
    CHECK_STATUS(save("good"), STATUS_OK);
    assert_int_equal(memory_count(), before);
    set_values(7);
    memory_fail_at(1);
    CHECK_STATUS(checkpoint_load(name("good"), owner, blocks, BLOCKS), STATUS_MEMORY);
    memory_fail_at(0);
    CHECK_TRUE(has_values(7));
    memory_free(bytes);
}

static void names_out_of_range_abort(void **state)
{
    struct checkpoint_block block = {"12345678901234567890123", params, 4};
    char room[1000];

    (void)state;
    CHECK_STATUS(checkpoint_save(name("long"), owner, &block, 1, room), STATUS_OK);
    block.name = "123456789012345678901234";
    CHECK_ABORTS((void)!checkpoint_save(name("long"), owner, &block, 1, room));
    block.name = "";
    CHECK_ABORTS((void)!checkpoint_save(name("long"), owner, &block, 1, room));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_blocks_come_back),
        cmocka_unit_test(every_damaged_byte_is_noticed),
        cmocka_unit_test(cut_and_lengthened_files_are_refused),
        cmocka_unit_test(forged_files_are_refused),
        cmocka_unit_test(forged_lengths_are_refused),
        cmocka_unit_test(another_owner_is_refused),
        cmocka_unit_test(missing_files_and_folders_are_named),
        cmocka_unit_test(memory_is_taken_to_load_alone),
        cmocka_unit_test(names_out_of_range_abort),
    };

    return cmocka_run_group_tests_name("checkpoint", tests, start, remove_folder);
}
