/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of lib/base/parallel. */
#include "test.h"

#include "aborts.h"
#include "base/parallel.h"

enum { MOST = 100 };

struct visits {
    int count[MOST]; /* how often each item came */
    int calls[MOST]; /* calls that began at it */
    size_t n;
};

static void visit(void *context, size_t from, size_t to)
{
    struct visits *v = context;

    v->calls[from]++;
    for (size_t i = from; i < to; i++)
        v->count[i]++;
}

static size_t calls_of(const struct visits *v)
{
    size_t calls = 0;

    for (size_t i = 0; i < MOST; i++)
        calls += (size_t)v->calls[i];
    return calls;
}

static void every_item_comes_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 5; threads++)
        for (size_t n = 0; n <= 23; n++) {
            struct visits v = {.n = n};
            parallel_set_threads(threads);
            parallel_for(n, visit, &v);
            for (size_t i = 0; i < MOST; i++)
                assert_int_equal(v.count[i], i < n);
        }
    parallel_set_threads(1);
}

static void ranges_are_as_many_as_threads_or_items(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 5; threads++)
        for (size_t n = 1; n <= 9; n++) {
            struct visits v = {.n = n};
            parallel_set_threads(threads);
            parallel_for(n, visit, &v);
            const size_t most = (size_t)parallel_threads();
            assert_int_equal(calls_of(&v), n < most ? n : most);
        }
    parallel_set_threads(1);
}

static void one_thread_is_one_direct_call(void **state)
{
    struct visits v = {.n = MOST};

    (void)state;
    parallel_set_threads(1);
    assert_int_equal(parallel_threads(), 1);
    parallel_for(MOST, visit, &v);
    assert_int_equal(calls_of(&v), 1);
}

/* Each item of the outer loop is a loop of its own. */
static void visit_inside(void *context, size_t from, size_t to)
{
    struct visits *rows = context;

    for (size_t i = from; i < to; i++)
        parallel_for(rows[i].n, visit, &rows[i]);
}

static void a_loop_inside_a_loop_is_one_call(void **state)
{
    static struct visits rows[8];

    (void)state;
    for (size_t i = 0; i < 8; i++)
        rows[i] = (struct visits){.n = 10 + i};
    parallel_set_threads(3);
    parallel_for(8, visit_inside, rows);
    const int threads = parallel_threads();
    parallel_set_threads(1);
    for (size_t i = 0; i < 8; i++) {
        for (size_t k = 0; k < MOST; k++)
            assert_int_equal(rows[i].count[k], k < rows[i].n);
        if (threads > 1)
            assert_int_equal(calls_of(&rows[i]), 1);
    }
}

static void no_thread_at_all_is_refused(void **state)
{
    (void)state;
    CHECK_ABORTS(parallel_set_threads(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_thread_at_all_is_refused),
        cmocka_unit_test(every_item_comes_once),
        cmocka_unit_test(ranges_are_as_many_as_threads_or_items),
        cmocka_unit_test(one_thread_is_one_direct_call),
        cmocka_unit_test(a_loop_inside_a_loop_is_one_call),
    };

    parallel_set_threads(1); /* a child that forks from two would hang in its first loop */
    return cmocka_run_group_tests_name("parallel", tests, NULL, NULL);
}
