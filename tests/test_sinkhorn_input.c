/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What entropic transport refuses. */
#include "test.h"

#include "sinkhorn_naive.h"
#include "transport/cost.h"

static enum status status_of(const struct example *e, double eps)
{
    struct sinkhorn_result r;
    const struct sinkhorn_problem p = problem_of(e);
    const struct sinkhorn_options o = {.eps = eps, .max_iterations = 3000};

    return sinkhorn_solve(&r, &p, &o, &mem);
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    const double bad[4] = {nan_value, -inf, inf, -1.0};

    for (size_t i = 0; i < 2; i++) {
        struct example e = line(4, 5, 0);
        e.c.a[7] = bad[i];
        CHECK_STATUS(status_of(&e, 0.1), STATUS_DIVERGED);
        CHECK_MESSAGE("cost (1, 2)");
    }
    for (size_t i = 0; i < 4; i++) {
        struct example e = line(4, 5, 0);
        e.b.x[2] = bad[i];
        CHECK_STATUS(status_of(&e, 0.1), i < 3 ? STATUS_DIVERGED : STATUS_USAGE);
        CHECK_MESSAGE("b[2]");
        CHECK_STATUS(status_of(&(struct example){e.c, e.a, e.a, {0}, {0}}, 0.1), STATUS_USAGE);
    }
    struct example e = line(4, 5, 0);
    const struct vec b = vec_copy(&mem, &e.b);
    e.c.rows = 0;
    e.a.n = 0;
    CHECK_STATUS(status_of(&e, 0.1), STATUS_USAGE);
    e.c.rows = e.a.n = 4;
    e.c.cols = e.b.n = 0;
    CHECK_STATUS(status_of(&e, 0.1), STATUS_USAGE);
    CHECK_MESSAGE("4 x 0");
    e.c.cols = e.b.n = 5;
    vec_scale(&e.b, 1.00002);
    CHECK_STATUS(status_of(&e, 0.1), STATUS_USAGE);
    CHECK_MESSAGE("have sum");
    vec_mix(&e.b, 0.99998, &b, 0.0);
    CHECK_STATUS(status_of(&e, 0.1), STATUS_USAGE);
    vec_mix(&e.b, 1.000005, &b, 0.0); /* rounding, of float weights */
    CHECK_STATUS(status_of(&e, 0.1), STATUS_OK);
    vec_fill(&e.a, 0.0);
    CHECK_STATUS(status_of(&e, 0.1), STATUS_USAGE);
    CHECK_MESSAGE("weights a have sum 0");
    vec_fill(&e.a, 1e149);
    vec_fill(&e.b, 4e149 / 5.0);
    CHECK_STATUS(status_of(&e, 0.1), STATUS_OK);
    vec_fill(&e.a, 1e150);
    CHECK_STATUS(status_of(&e, 0.1), STATUS_USAGE);
}

static enum status status_with(struct sinkhorn_options o)
{
    const struct example e = line(4, 5, 0);
    const struct sinkhorn_problem p = problem_of(&e);
    struct sinkhorn_result r;

    return sinkhorn_solve(&r, &p, &o, &mem);
}

static void bad_options_are_refused(void **state)
{
    const struct vec zeros = vec_zero(&mem, 5), f = vec_over(zeros.x, 4);

    (void)state;
    for (double eps = -1.0; eps <= 0.0; eps += 1.0)
        CHECK_STATUS(status_with((struct sinkhorn_options){.eps = eps}), STATUS_USAGE);
    CHECK_STATUS(status_with((struct sinkhorn_options){.eps = nan_value}), STATUS_USAGE);
    CHECK_STATUS(status_with((struct sinkhorn_options){.eps = inf}), STATUS_USAGE);
    CHECK_MESSAGE("eps = inf");
    CHECK_STATUS(status_with((struct sinkhorn_options){.eps = 1.0, .tolerance = -1.0}),
                 STATUS_USAGE);
    CHECK_MESSAGE("tolerance = -1");
    CHECK_STATUS(status_with((struct sinkhorn_options){.eps = 1.0, .scaling = 1.0}), STATUS_USAGE);
    CHECK_MESSAGE("scaling = 1");
    CHECK_STATUS(status_with((struct sinkhorn_options){.eps = 1.0, .scaling = -0.1}),
                 STATUS_USAGE);
    CHECK_STATUS(status_with((struct sinkhorn_options){.eps = 1.0, .f = &zeros}), STATUS_USAGE);
    CHECK_MESSAGE("5 initial potentials for 4 rows");
    CHECK_STATUS(status_with((struct sinkhorn_options){.eps = 1.0, .f = &f}), STATUS_OK);
    f.x[3] = nan_value;
    CHECK_STATUS(status_with((struct sinkhorn_options){.eps = 1.0, .f = &f}), STATUS_DIVERGED);
    CHECK_MESSAGE("initial potential");
}

/* n numbers with something behind them that must not be read. */
static double *fenced(const double *x, size_t n, double fence)
{
    struct vec copy = vec_zero(&mem, n + 8);

    vec_fill(&copy, fence);
    memcpy(copy.x + 4, x, n * sizeof *x);
    return copy.x + 4;
}

static void inputs_are_not_read_beyond_their_ends(void **state)
{
    const struct example e = line(7, 9, 0);
    const struct sinkhorn_result r = solved(&e, (struct sinkhorn_options){.eps = 0.05});
    const double fences[2] = {nan_value, -1.0};

    (void)state;
    for (size_t t = 0; t < 2; t++) {
        const struct example f = {.c = mat_over(fenced(e.c.a, 63, -inf), 7, 9),
                                  .a = vec_over(fenced(e.a.x, 7, fences[t]), 7),
                                  .b = vec_over(fenced(e.b.x, 9, fences[t]), 9)};
        const struct sinkhorn_result q = solved(&f, (struct sinkhorn_options){.eps = 0.05});

        CHECK_TRUE(distance(&q.plan, &r.plan) == 0.0);
    }
}

/* An empty line, and a block that Hall's condition rules out. */
static void infeasible_problems_are_named(void **state)
{
    (void)state;
    struct example e = line(4, 4, 1), hall = line(4, 4, 1);

    for (size_t j = 0; j < 4; j++)
        e.c.a[4 + j] = inf;
    CHECK_STATUS(status_of(&e, 0.1), STATUS_USAGE);
    CHECK_MESSAGE("row 1");
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 1; j < 4; j++)
            hall.c.a[4 * i + j] = inf;
    CHECK_STATUS(status_of(&hall, 0.1), STATUS_USAGE);
    CHECK_MESSAGE("no plan exists");
    e = line(4, 4, 1);
    for (size_t i = 0; i < 4; i++)
        e.c.a[4 * i + 2] = inf;
    CHECK_STATUS(status_of(&e, 0.1), STATUS_USAGE);
    CHECK_MESSAGE("column 2");
    vec_fill(&(struct vec){16, e.c.a}, inf);
    CHECK_STATUS(status_of(&e, 0.1), STATUS_USAGE);
    CHECK_MESSAGE("every entry");
}

/* Allowed entries are no help where their weight is 0; lines without weight need none. */
static void support_counts_weights(void **state)
{
    const double weights[4] = {0.5, 0.5, 0.0, 0.0};

    (void)state;
    for (int t = 0; t < 2; t++) {
        struct example e = line(4, 4, 1);

        for (size_t i = 0; i < 4; i++) {
            *(t == 0 ? &e.b.x[i] : &e.a.x[i]) = weights[i];
            *(t == 0 ? &e.a.x[i] : &e.b.x[i]) = i < 3 ? 1.0 / 3.0 : 0.0;
            e.c.a[t == 0 ? 12 + i : 4 * i + 3] = inf; /* a line without weight */
        }
        CHECK_STATUS(status_of(&e, 0.1), STATUS_OK);
        e.c.a[t == 0 ? 4 : 1] = e.c.a[5] = inf; /* line 1 may go to 2 and 3 alone */
        CHECK_STATUS(status_of(&e, 0.1), STATUS_USAGE);
        CHECK_MESSAGE(t == 0 ? "row 1" : "column 1");
    }
}

/* One plan alone is possible, and a cap comes before it is near: that is no proof against it. */
static void hard_problems_are_not_called_infeasible(void **state)
{
    (void)state;
    for (size_t cap = 1; cap < 40; cap++) {
        struct example e = line(8, 8, 1);
        struct sinkhorn_result r;
        const struct sinkhorn_problem p = problem_of(&e);

        for (size_t i = 0; i < 64; i++)
            e.c.a[i] = i % 8 <= i / 8 ? 1.0 : inf; /* lower triangle: the diagonal */
        CHECK_STATUS(sinkhorn_solve(&r, &p,
                                    &(struct sinkhorn_options){.eps = 0.01, .max_iterations = cap},
                                    &mem),
                     STATUS_NO_CONVERGENCE);
        CHECK_TRUE(r.report.iterations == cap);
    }
}

static void iteration_cap_is_reported(void **state)
{
    (void)state;
    const struct example e = line(40, 40, 1);
    const struct sinkhorn_problem p = problem_of(&e);
    struct sinkhorn_result r;
    const struct sinkhorn_options o = {.eps = 1e-4, .tolerance = 1e-12, .max_iterations = 50};

    CHECK_STATUS(sinkhorn_solve(&r, &p, &o, &mem), STATUS_NO_CONVERGENCE);
    CHECK_MESSAGE("50 sweeps");
    CHECK_TRUE(r.report.status == STATUS_NO_CONVERGENCE && r.raw_error > 1e-12);
    CHECK_TRUE(r.report.iterations == 50 && !transport_accepts(&r.report, 1.0));
    CHECK_TRUE(r.report.dual <= r.report.primal);
}

static size_t allocations_of(size_t cap)
{
    const struct example e = line(300, 300, 1);
    const struct sinkhorn_problem p = problem_of(&e);
    const struct sinkhorn_options o = {.eps = 1e-3, .tolerance = 1e-18, .max_iterations = cap};
    struct arena own = {.blocks = NULL};
    struct sinkhorn_result r;
    const size_t before = memory_count();

    CHECK_STATUS(sinkhorn_solve(&r, &p, &o, &own), STATUS_NO_CONVERGENCE);
    const size_t after = memory_count();
    arena_free(&own);
    return after - before;
}

static void iterations_allocate_nothing(void **state)
{
    (void)state;
    CHECK_TRUE(allocations_of(2000) == allocations_of(2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bad_input_is_refused),
        TEST(bad_options_are_refused),
        TEST(inputs_are_not_read_beyond_their_ends),
        TEST(infeasible_problems_are_named),
        TEST(support_counts_weights),
        TEST(hard_problems_are_not_called_infeasible),
        TEST(iteration_cap_is_reported),
        TEST(iterations_allocate_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
