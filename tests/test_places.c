/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays that share memory by their lifetimes: by hand, and for random and nested ones. */
#include "test.h"

#include "base/rng.h"
#include "net/places.h"

enum { MOST = 60, TRIALS = 300 };

static size_t order[2 * MOST];

static void arrays_in_turn_share_a_place(void **state)
{
    struct place p[] = {{5, 0, 1, 9}, {3, 2, 3, 9}, {4, 1, 2, 9}};

    (void)state;
    assert_int_equal(places_assign(p, 3, order), 9);
    assert_int_equal(places_bound(p, 3), 9);
    assert_int_equal(p[0].at, 0);
    assert_int_equal(p[2].at, 5);
    assert_int_equal(p[1].at, 0);
}

static void gaps_are_used(void **state)
{
    struct place p[] = {{4, 0, 9, 0}, {2, 0, 5, 0}, {3, 0, 8, 0}, {2, 6, 7, 0}};

    (void)state;
    assert_int_equal(places_assign(p, 4, order), 9);
    assert_int_equal(p[3].at, 0);
    assert_int_equal(p[1].at, 0);
    assert_int_equal(p[2].at, 2);
    assert_int_equal(p[0].at, 5);
}

static void what_never_lives_takes_no_room(void **state)
{
    struct place p[] = {{100, 1, 0, 7}, {0, 0, 9, 7}, {2, 0, 0, 7}};

    (void)state;
    assert_int_equal(places_assign(p, 3, order), 2);
    assert_int_equal(places_bound(p, 3), 2);
    assert_int_equal(p[0].at, 0);
    assert_int_equal(p[1].at, 0);
    assert_int_equal(places_assign(NULL, 0, order), 0);
    assert_int_equal(places_bound(NULL, 0), 0);
}

static void check_apart(const struct place *p, size_t n, size_t total)
{
    for (size_t a = 0; a < n; a++) {
        CHECK_TRUE(p[a].from > p[a].to || p[a].at + p[a].size <= total);
        for (size_t b = 0; b < a; b++) {
            const int meet = p[a].from <= p[b].to && p[b].from <= p[a].to &&
                             p[a].from <= p[a].to && p[b].from <= p[b].to;
            CHECK_TRUE(!meet || p[a].at + p[a].size <= p[b].at || p[b].at + p[b].size <= p[a].at);
        }
    }
}

static void what_lives_together_lies_apart(void **state)
{
    struct rng rng = rng_stream(1, "places");
    struct place p[MOST];

    (void)state;
    for (size_t trial = 0; trial < TRIALS; trial++) {
        const size_t n = 1 + (size_t)rng_below(&rng, MOST);
        for (size_t k = 0; k < n; k++)
            p[k] = (struct place){.size = (size_t)rng_below(&rng, 20),
                                  .from = (size_t)rng_below(&rng, 30),
                                  .to = (size_t)rng_below(&rng, 30)};
        const size_t total = places_assign(p, n, order), bound = places_bound(p, n);
        check_apart(p, n, total);
        CHECK_TRUE(total >= bound && total <= 2 * bound);
    }
}

/* A forward and a backward pass alone are a stack: no room is lost. */
static void nested_lifetimes_take_no_more_than_they_must(void **state)
{
    struct rng rng = rng_stream(2, "places");
    struct place p[MOST];

    (void)state;
    for (size_t trial = 0; trial < TRIALS; trial++) {
        for (size_t k = 0; k < MOST; k++)
            p[k] = (struct place){.size = 1 + (size_t)rng_below(&rng, 20), .from = k,
                                  .to = 2 * MOST - k};
        CHECK_TRUE(places_assign(p, MOST, order) == places_bound(p, MOST));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_in_turn_share_a_place),
        cmocka_unit_test(gaps_are_used),
        cmocka_unit_test(what_never_lives_takes_no_room),
        cmocka_unit_test(what_lives_together_lies_apart),
        cmocka_unit_test(nested_lifetimes_take_no_more_than_they_must),
    };

    return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}
