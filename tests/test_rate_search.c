/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_rate_search: the best rate of a known curve is found, inside its grid or said to be at its
 * edge. */
#include "test.h"

#include "task_distance/rate_search.h"

/* Accuracy falls with the distance from 2^peak times the rate 0.5; trial 1 has 0.1 more. */
struct hill {
    double peak;
    int calls;
    double diverges_above;
    enum status fails;
};

static enum status climb(void *self, double rate, int trial, double *out)
{
    struct hill *h = self;

    h->calls++;
    if (h->fails != STATUS_OK)
        return h->fails;
    if (rate > h->diverges_above)
        return STATUS_DIVERGED;
    *out = 0.5 - 0.05 * fabs(log2(rate / 0.5) - h->peak) + 0.1 * trial;
    return STATUS_OK;
}

static struct rate_search search(struct hill *h, int widest)
{
    return (struct rate_search){.in_use = 0.5, .grid = 4, .widest = widest, .trials = 2,
                                .accuracy = climb, .self = h};
}

static void the_best_rate_is_found_inside(void **state)
{
    static const struct { double peak; int best, first, last; } cases[] = {
        {0, 0, -1, 2}, {1, 1, -1, 2}, {2, 2, -1, 3}, {4, 4, -1, 5}, {-1, -1, -2, 2},
        {-2, -2, -3, 2}};

    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct hill h = {cases[k].peak, 0, 1e9, STATUS_OK};
        struct rate_search s = search(&h, 9);

        CHECK_STATUS(rate_search_run(&s, NULL), STATUS_OK);
        CHECK_TRUE(s.best == cases[k].best && s.first == cases[k].first &&
                   s.last == cases[k].last);
        assert_int_equal(h.calls, 2 * (s.last - s.first + 1));
        CHECK_NEAR(s.mean[RATE_SEARCH_ZERO + s.best], 0.55, 1e-12);
    }
}

static void a_grid_that_may_not_widen_ends_at_its_edge(void **state)
{
    struct hill h = {6, 0, 1e9, STATUS_OK};
    struct rate_search s = search(&h, 5);

    (void)state;
    CHECK_STATUS(rate_search_run(&s, NULL), STATUS_OK);
    CHECK_TRUE(s.best == 3 && s.last == 3 && s.first == -1);
}

static void a_rate_that_diverges_has_no_accuracy(void **state)
{
    struct hill h = {2, 0, 0.9, STATUS_OK}; /* 2^1 times 0.5 is too much */
    struct rate_search s = search(&h, 9);

    (void)state;
    CHECK_STATUS(rate_search_run(&s, NULL), STATUS_OK);
    CHECK_TRUE(s.best == 0 && s.last == 2);
    CHECK_NEAR(s.mean[RATE_SEARCH_ZERO + 1], 0, 0);
    h.fails = STATUS_IO;
    CHECK_STATUS(rate_search_run(&s, NULL), STATUS_IO);
}

static const struct metric metrics[] = {RATE_SEARCH_METRICS};

static double value_of(const struct unit *u, const char *name)
{
    for (size_t i = 0; i < u->value_count; i++)
        if (strcmp(u->values[i].name, name) == 0)
            return u->values[i].value;
    return (double)NAN;
}

static void what_is_emitted_names_the_winner(void **state)
{
    static struct unit u = {.metrics = metrics, .metric_count = sizeof metrics / sizeof *metrics};
    struct hill h = {-2, 0, 1e9, STATUS_OK};
    struct rate_search s = search(&h, 9);

    (void)state;
    CHECK_STATUS(rate_search_run(&s, NULL), STATUS_OK);
    rate_search_emit(&s, &u);
    CHECK_NEAR(value_of(&u, "in-use"), 0.5, 0);
    CHECK_NEAR(value_of(&u, "best"), 0.125, 0);
    CHECK_NEAR(value_of(&u, "off"), 2, 0);
    CHECK_NEAR(value_of(&u, "at-edge"), 0, 0);
    CHECK_NEAR(value_of(&u, "regret"), 0.1, 1e-12);
    CHECK_NEAR(value_of(&u, "accuracy.8"), 0.55, 1e-12);
    CHECK_STATUS(unit_complete(&u), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_rate_is_found_inside),
        cmocka_unit_test(a_grid_that_may_not_widen_ends_at_its_edge),
        cmocka_unit_test(a_rate_that_diverges_has_no_accuracy),
        cmocka_unit_test(what_is_emitted_names_the_winner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
