/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scans of rows against naive loops, at lengths around the widths of their blocks. */
#include "test.h"

#include "base/memory.h"
#include "base/rng.h"
#include "linalg/vec.h"
#include "transport/assignment_kernel.h"

static const double inf = (double)INFINITY;

static const size_t lengths[] = {1, 2, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200,
                                 511, 512, 513, 543, 544, 545, 1024, 1500};

enum { COUNT = sizeof lengths / sizeof *lengths, ROUNDS = 12 };

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

/* A row and duals: whole numbers, so that many values are equal, in every second round; some
 * entries forbidden, some columns hidden. Round 0 has nothing but infinity. */
static void make_row(struct rng *r, size_t m, int round, struct vec *c, struct vec *v)
{
    *c = vec_zero(&mem, m);
    *v = vec_zero(&mem, m);
    for (size_t j = 0; j < m; j++) {
        c->x[j] = round % 2 ? rng_uniform(r) : rng_below(r, 4);
        v->x[j] = round % 2 ? -rng_uniform(r) : -(double)rng_below(r, 4);
        if (round == 0 || rng_below(r, 6) == 0)
            c->x[j] = inf;
        if (rng_below(r, 6) == 0)
            v->x[j] = -inf;
    }
}

static void the_two_smallest_and_the_lowest_index_of_the_first(void **state)
{
    struct rng r = rng_stream(1, "kernel");

    (void)state;
    for (size_t k = 0; k < COUNT * ROUNDS; k++) {
        const size_t m = lengths[k / ROUNDS];
        struct assignment_two t, naive = {inf, inf, 0};
        struct vec c, v;

        make_row(&r, m, (int)(k % ROUNDS), &c, &v);
        for (size_t j = 0; j < m; j++) {
            const double value = c.x[j] - v.x[j];

            if (value < naive.first)
                naive = (struct assignment_two){value, naive.first, j};
            else
                naive.second = fmin(naive.second, value);
        }
        assignment_kernel_two(c.x, v.x, m, &t);
        CHECK_TRUE(t.first == naive.first && t.second == naive.second && t.at == naive.at);
        CHECK_TRUE(assignment_kernel_least(c.x, v.x, m) == naive.first);
    }
    CHECK_TRUE(isinf(assignment_kernel_least(NULL, NULL, 0)));
}

static void lowering_takes_what_is_smaller_and_remembers_the_row(void **state)
{
    struct rng r = rng_stream(2, "kernel");

    (void)state;
    for (size_t k = 0; k < COUNT * ROUNDS; k++) {
        const size_t m = lengths[k / ROUNDS];
        size_t *from = arena_get(&mem, m, sizeof *from);
        struct vec c, v, old;
        const double u = k % 3 == 0 ? 0 : 0.5;

        make_row(&r, m, (int)(k % ROUNDS), &c, &v);
        old = vec_copy(&mem, &v);
        assignment_kernel_lower(c.x, u, 9, v.x, from, m);
        for (size_t j = 0; j < m; j++) {
            CHECK_TRUE(v.x[j] == fmin(old.x[j], c.x[j] - u));
            CHECK_TRUE(from[j] == (c.x[j] - u < old.x[j] ? 9 : 0));
        }
        if (k % ROUNDS == 0) { /* all entries forbidden, and so is the row */
            assignment_kernel_lower(c.x, inf, 8, v.x, from, m);
            for (size_t j = 0; j < m; j++)
                CHECK_TRUE(v.x[j] == old.x[j] && from[j] == 0);
        }
    }
}

static void relaxing_finds_the_nearest_of_the_lowest_index(void **state)
{
    struct rng r = rng_stream(3, "kernel");

    (void)state;
    for (size_t k = 0; k < COUNT * ROUNDS; k++) {
        const size_t m = lengths[k / ROUNDS];
        size_t *from = arena_get(&mem, m, sizeof *from), at = 0;
        struct vec c, v, distance, old;
        double least, again;

        make_row(&r, m, (int)(k % ROUNDS), &c, &v);
        make_row(&r, m, (int)(k % ROUNDS), &distance, &old);
        old = vec_copy(&mem, &distance);

        const size_t nearest = assignment_kernel_relax(c.x, v.x, 0.25, 9, distance.x, from, m,
                                                       &least);
        for (size_t j = 0; j < m; j++) {
            const double value = c.x[j] - v.x[j] - 0.25;

            CHECK_TRUE(distance.x[j] == fmin(old.x[j], value));
            CHECK_TRUE(from[j] == (value < old.x[j] ? 9 : 0));
            at = distance.x[j] < distance.x[at] ? j : at;
        }
        CHECK_TRUE(nearest == at && least == distance.x[at]);
        CHECK_TRUE(assignment_kernel_nearest(distance.x, m, &again) == at && again == least);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_two_smallest_and_the_lowest_index_of_the_first, release),
        cmocka_unit_test_teardown(lowering_takes_what_is_smaller_and_remembers_the_row, release),
        cmocka_unit_test_teardown(relaxing_finds_the_nearest_of_the_lowest_index, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
