/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory and arenas: zeroed, aligned, failing where they are told to. Also the status messages and
 * broken preconditions through which they speak. */
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "aborts.h"
#include "base/check.h"
#include "base/memory.h"

static int is_zero(const void *block, size_t n)
{
    const unsigned char *bytes = block;

    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return 0;
    return 1;
}

static int is_aligned(const void *block)
{
    return (uintptr_t)block % 64 == 0;
}

/* ---- blocks ---- */

/* Blocks are dirtied before they are freed, so that a block which is not cleared shows. */
static void blocks_are_zeroed_and_aligned(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++)
        for (size_t n = 1; n < 5000; n = 2 * n + 1) {
            char *block = memory_get(n, 3);
            CHECK_TRUE(block != NULL && is_aligned(block) && is_zero(block, 3 * n));
            memset(block, 0xa5, 3 * n);
            memory_free(block);
        }
    memory_free(NULL);
}

static void empty_blocks_are_blocks(void **state)
{
    (void)state;
    void *none = memory_get(0, 8), *empty = memory_get(8, 0);

    CHECK_TRUE(none != NULL && empty != NULL && none != empty);
    memory_free(none);
    memory_free(empty);
}

static void overflowing_products_fail(void **state)
{
    (void)state;
    const size_t half = SIZE_MAX / 2 + 1;

    CHECK_TRUE(memory_get(half, 2) == NULL);
    CHECK_MESSAGE("out of memory");
    CHECK_TRUE(memory_get(half / 2 + 1, 4) == NULL);
    CHECK_TRUE(memory_get(SIZE_MAX, 1) == NULL);
    CHECK_TRUE(memory_get(1, SIZE_MAX) == NULL);
    CHECK_TRUE(memory_grow(NULL, 0, half, 2) == NULL);
}

static void grow_keeps_the_old_and_zeroes_the_new(void **state)
{
    (void)state;
    size_t n = 1;
    unsigned *block = memory_grow(NULL, 0, n, sizeof *block);

    CHECK_TRUE(block != NULL && block[0] == 0);
    block[0] = 1;
    for (; n < 3000; n *= 3) {
        block = memory_grow(block, n, 3 * n, sizeof *block);
        CHECK_TRUE(block != NULL && is_aligned(block));
        for (size_t i = 0; i < n; i++)
            CHECK_TRUE(block[i] == i + 1);
        CHECK_TRUE(is_zero(block + n, 2 * n * sizeof *block));
        for (size_t i = n; i < 3 * n; i++)
            block[i] = (unsigned)i + 1;
    }
    block = memory_grow(block, n, 2, sizeof *block);
    CHECK_TRUE(block != NULL && block[0] == 1 && block[1] == 2);
    memory_free(block);
}

static void failed_grow_keeps_the_block(void **state)
{
    (void)state;
    int *block = memory_get(4, sizeof *block);

    CHECK_TRUE(block != NULL);
    block[3] = 42;
    memory_fail_at(1);
    CHECK_TRUE(memory_grow(block, 4, 8, sizeof *block) == NULL);
    CHECK_TRUE(memory_grow(block, 4, SIZE_MAX, sizeof *block) == NULL);
    assert_int_equal(block[3], 42);
    memory_free(block);
}

static void text_is_copied(void **state)
{
    (void)state;
    char original[] = "abc";
    char *copy = memory_text(original);

    original[0] = 'x';
    CHECK_TEXT(copy, "abc");
    memory_free(copy);
    memory_fail_at(1);
    CHECK_TRUE(memory_text("abc") == NULL);
}

/* ---- the hook ---- */

static void only_the_kth_allocation_fails(void **state)
{
    (void)state;
    for (size_t k = 1; k <= 5; k++) {
        memory_fail_at(k);
        for (size_t i = 1; i <= 7; i++) {
            void *block = memory_get(1, 1);
            CHECK_TRUE((block == NULL) == (i == k));
            memory_free(block);
        }
    }
    memory_fail_at(1);
    memory_fail_at(0);
    void *block = memory_get(1, 1);
    CHECK_TRUE(block != NULL);
    memory_free(block);
}

static void allocations_are_counted(void **state)
{
    (void)state;
    struct arena a = {0};
    const size_t before = memory_count();
    void *block = memory_get(1, 1);

    block = memory_grow(block, 1, 2, 1);
    assert_int_equal(memory_count() - before, 2);
    for (int i = 0; i < 1000; i++)
        CHECK_TRUE(arena_get(&a, 8, 8) != NULL);
    assert_int_equal(memory_count() - before, 3); /* one chunk of 1 MiB */
    memory_free(block);
    arena_free(&a);
}

/* ---- arenas ---- */

static void arena_blocks_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena a = {0};
    unsigned char *blocks[200];
    size_t total = 0;

    for (size_t i = 0; i < 200; i++) {
        const size_t n = i * i * 3;
        blocks[i] = arena_get(&a, n, 1);
        CHECK_TRUE(is_aligned(blocks[i]) && is_zero(blocks[i], n));
        memset(blocks[i], (int)i, n);
        total += n;
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t j = 0; j < i * i * 3; j++)
            CHECK_TRUE(blocks[i][j] == i);
    CHECK_TRUE(a.used >= total);
    arena_free(&a);
}

/* A large block of its own leaves the chunk that is being filled in use. */
static void large_requests_do_not_waste_the_chunk(void **state)
{
    (void)state;
    struct arena a = {0};
    char *small = arena_get(&a, 1, 1);
    const size_t before = memory_count();
    char *large = arena_get(&a, 100, (size_t)1 << 20);

    large[0] = large[(100u << 20) - 1] = 1;
    char *next = arena_get(&a, 1, 1);
    CHECK_TRUE(next == small + 64);
    assert_int_equal(memory_count() - before, 1);
    arena_free(&a);
}

static void chunks_double(void **state)
{
    (void)state;
    struct arena a = {0};
    const size_t before = memory_count(), mib = (size_t)1 << 20;

    for (size_t i = 0; i < 31 * 16; i++) /* 1 + 2 + 4 + 8 + 16 MiB */
        CHECK_TRUE(arena_get(&a, mib / 16, 1) != NULL);
    assert_int_equal(memory_count() - before, 5);
    CHECK_TRUE(arena_get(&a, 1, 1) != NULL);
    assert_int_equal(memory_count() - before, 6);
    arena_free(&a);
}

static void freed_arena_is_usable_and_clean(void **state)
{
    (void)state;
    struct arena a = {0};

    for (int round = 0; round < 3; round++) {
        char *block = arena_get(&a, 1000, 10);
        CHECK_TRUE(is_zero(block, 10000));
        memset(block, 0xff, 10000);
        arena_free(&a);
        CHECK_TRUE(a.blocks == NULL && a.used == 0);
    }
    arena_free(&a);
}

static void arena_text_formats(void **state)
{
    (void)state;
    struct arena a = {0};

    CHECK_TEXT(arena_text(&a, "%s-%03d", "cell", 7), "cell-007");
    CHECK_TEXT(arena_text(&a, "%s", ""), "");
    char *wide = arena_text(&a, "%5000d", 1);
    assert_int_equal(strlen(wide), 5000);
    arena_free(&a);
}

/* Fills an arena with many chunks; 1 when the guard was taken. */
static int guarded_work(struct arena *a)
{
    if (arena_guard(a))
        return 1;
    for (int i = 0; i < 8; i++)
        memset(arena_get(a, 3, (size_t)1 << 20), i, 3u << 20);
    CHECK_TEXT(arena_text(a, "%d", 12), "12");
    arena_unguard(a);
    return 0;
}

static void guard_catches_every_failing_allocation(void **state)
{
    (void)state;
    struct arena a = {0};
    size_t failures = 0;

    for (size_t k = 1;; k++, failures++) {
        memory_fail_at(k);
        const int caught = guarded_work(&a);
        memory_fail_at(0);
        arena_free(&a);
        if (!caught)
            break;
        CHECK_MESSAGE("out of memory");
    }
    CHECK_TRUE(failures >= 3);
}

static int guarded_overflow(struct arena *a)
{
    if (arena_guard(a))
        return 1;
    char *block = arena_get(a, SIZE_MAX / 2, 3);
    return block != NULL ? 2 : 3;
}

static void guard_catches_overflow(void **state)
{
    (void)state;
    struct arena a = {0};

    assert_int_equal(guarded_overflow(&a), 1);
    arena_free(&a);
}

/* ---- broken preconditions ---- */

/* What a child that runs `work` says on stderr before it aborts. */
static void expect_abort(void (*work)(void), const char *part)
{
    char said[512];
    size_t n = 0;
    int ends[2], status = 0;

    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        work();
        _exit(0);
    }
    CHECK_TRUE(child > 0);
    close(ends[1]);
    for (ssize_t k; n < sizeof said - 1 && (k = read(ends[0], said + n, sizeof said - 1 - n)) > 0;)
        n += (size_t)k;
    said[n] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    CHECK_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    if (strstr(said, part) == NULL)
        fail_msg("'%s' does not contain '%s'", said, part);
}

static void exhaust_unguarded(void)
{
    struct arena a = {0};

    memory_fail_at(1);
    if (arena_get(&a, 1, 1) == NULL)
        puts("not reached");
}

static void break_check(void)
{
    const int rows = 2, columns = 3;

    CHECK(rows == columns, "a square matrix, not %d x %d", rows, columns);
}

static void unguarded_exhaustion_aborts(void **state)
{
    (void)state;
    expect_abort(exhaust_unguarded, "out of memory");
}

static void check_names_function_condition_and_values(void **state)
{
    (void)state;
    expect_abort(break_check,
                 "break_check: broken precondition rows == columns: a square matrix, not 2 x 3\n");
}

/* ---- status ---- */

static void messages_are_one_line(void **state)
{
    (void)state;
    CHECK_STATUS(status_set(STATUS_DATA, "a\nb\r\tc%s\n", "\x1b[2J"), STATUS_DATA);
    CHECK_TEXT(status_message(), "a b  c [2J");
}

static void messages_may_quote_the_last_one(void **state)
{
    (void)state;
    (void)status_set(STATUS_IO, "inner");
    (void)status_set(STATUS_IO, "outer: %s", status_message());
    CHECK_TEXT(status_message(), "outer: inner");
}

static void long_messages_are_cut_visibly(void **state)
{
    (void)state;
    (void)status_set(STATUS_IO, "%*d", 511, 1);
    assert_int_equal(strlen(status_message()), 511);
    CHECK_TRUE(status_message()[510] == '1');
    (void)status_set(STATUS_IO, "%0*d", 512, 1);
    assert_int_equal(strlen(status_message()), 511);
    CHECK_TEXT(status_message() + 506, "00...");
}

static void *fail_elsewhere(void *said)
{
    *(int *)said = status_message()[0] == 0;
    (void)status_set(STATUS_IO, "elsewhere");
    return NULL;
}

static void messages_belong_to_the_thread(void **state)
{
    (void)state;
    pthread_t thread;
    int was_empty = 0;

    (void)status_set(STATUS_IO, "here");
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, &was_empty), 0);
    pthread_join(thread, NULL);
    CHECK_TRUE(was_empty);
    CHECK_TEXT(status_message(), "here");
}

static enum status hand_on(enum status status, int *went_on)
{
    *went_on = 0;
    TRY(status);
    *went_on = 1;
    return STATUS_OK;
}

static void failures_are_handed_on(void **state)
{
    (void)state;
    int went_on;

    CHECK_STATUS(hand_on(STATUS_OK, &went_on), STATUS_OK);
    CHECK_TRUE(went_on);
    CHECK_STATUS(hand_on(STATUS_DATA, &went_on), STATUS_DATA);
    CHECK_TRUE(!went_on);
}

static void exit_codes_and_names(void **state)
{
    (void)state;
    const int codes[] = {0, 2, 4, 6, 6, 6, 5, 1, 3, 3, 130, 3, 3, 3};

    for (int s = STATUS_OK; s <= STATUS_DIVERGED; s++) {
        assert_int_equal(status_exit_code((enum status)s), codes[s]);
        for (int other = STATUS_OK; other < s; other++)
            CHECK_TRUE(strcmp(status_name((enum status)s), status_name((enum status)other)) != 0);
    }
    CHECK_TEXT(status_name(STATUS_OK), "ok");
    CHECK_TEXT(status_name(STATUS_DIVERGED), "diverged");
}

static int freed_behind_its_guard(void)
{
    struct arena a = {0};

    if (arena_guard(&a))
        return 1; /* the old guard: its caller may be gone */
    arena_free(&a);
    memory_fail_at(1);
    (void)!arena_get(&a, 1, 1);
    return 0;
}

static void a_freed_arena_has_no_guard(void **state)
{
    (void)state;
    CHECK_ABORTS((void)freed_behind_its_guard());
}

static void a_block_that_grows_has_old_items_or_is_none(void **state)
{
    (void)state;
    CHECK_ABORTS((void)!memory_grow(NULL, 1, 2, 1));
}

static void what_is_no_status_is_unknown(void **state)
{
    (void)state;
    CHECK_TEXT(status_name((enum status)(STATUS_DIVERGED + 1)), "unknown");
    CHECK_TEXT(status_name((enum status)-1), "unknown");
    assert_int_equal(status_exit_code((enum status)(STATUS_DIVERGED + 1)), 3);
}

/* Where memory runs out a second time, behind the jump, nobody may be there any more. */
static int exhausted_twice(void)
{
    struct arena a = {0};

    memory_fail_at(1);
    if (arena_guard(&a)) {
        memory_fail_at(1);
        (void)!arena_get(&a, 1, 1);
        return 1;
    }
    (void)!arena_get(&a, 1, 1);
    return 0;
}

static void a_guard_holds_once(void **state)
{
    (void)state;
    CHECK_ABORTS((void)exhausted_twice());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zeroed_and_aligned),
        cmocka_unit_test(empty_blocks_are_blocks),
        cmocka_unit_test(overflowing_products_fail),
        cmocka_unit_test(grow_keeps_the_old_and_zeroes_the_new),
        cmocka_unit_test(failed_grow_keeps_the_block),
        cmocka_unit_test(text_is_copied),
        cmocka_unit_test(only_the_kth_allocation_fails),
        cmocka_unit_test(allocations_are_counted),
        cmocka_unit_test(arena_blocks_are_zeroed_aligned_and_apart),
        cmocka_unit_test(large_requests_do_not_waste_the_chunk),
        cmocka_unit_test(chunks_double),
        cmocka_unit_test(freed_arena_is_usable_and_clean),
        cmocka_unit_test(arena_text_formats),
        cmocka_unit_test(guard_catches_every_failing_allocation),
        cmocka_unit_test(guard_catches_overflow),
        cmocka_unit_test(unguarded_exhaustion_aborts),
        cmocka_unit_test(check_names_function_condition_and_values),
        cmocka_unit_test(messages_are_one_line),
        cmocka_unit_test(messages_may_quote_the_last_one),
        cmocka_unit_test(long_messages_are_cut_visibly),
        cmocka_unit_test(messages_belong_to_the_thread),
        cmocka_unit_test(failures_are_handed_on),
        cmocka_unit_test(exit_codes_and_names),
        cmocka_unit_test(a_freed_arena_has_no_guard),
        cmocka_unit_test(a_block_that_grows_has_old_items_or_is_none),
        cmocka_unit_test(what_is_no_status_is_unknown),
        cmocka_unit_test(a_guard_holds_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
