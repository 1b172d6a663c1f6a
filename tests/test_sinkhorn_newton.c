/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps of Newton's method on plans that a few sweeps have left. */
#include "test.h"

#include "sinkhorn_line.h"
#include "transport/sinkhorn_input.h"
#include "transport/sinkhorn_newton.h"

static int release(void **state)
{
    (void)state;
    memory_fail_at(0);
    arena_free(&mem);
    return 0;
}

/* The state that `sweeps` sweeps at eps leave from f = 0: too few for a step of Newton's. */
static struct sinkhorn_solver swept(const struct example *e, double eps, size_t sweeps)
{
    const struct vec zeros = vec_zero(&mem, e->c.rows);
    const struct sinkhorn_problem p = problem_of(e);
    const struct sinkhorn_options o = {.eps = eps, .max_iterations = sweeps, .f = &zeros};
    struct sinkhorn_solver s;

    CHECK_TRUE(sweeps <= 8);
    CHECK_STATUS(sinkhorn_input_take(&s, &p, &o, &mem), STATUS_OK);
    sinkhorn_solver_run(&s, 1);
    CHECK_TRUE(s.sweeps == sweeps);
    return s;
}

/* L1 error over both marginals of diag(u) K diag(v), from its entries. */
static double error_of(const struct sinkhorn_solver *s)
{
    struct mat p = mat_copy(&mem, &s->plan);

    for (size_t i = 0; i < s->n * s->k; i++)
        p.a[i] *= s->u.x[i / s->k] * s->v.x[i % s->k];
    return marginal_error(&p, &s->a, &s->b);
}

/* The error is that of the plan, falls at every step, and near the end by much. */
static void steps_converge_fast(void **state)
{
    const double eps[3] = {0.1, 0.01, 0.03};

    (void)state;
    for (size_t t = 0; t < 6; t++) {
        struct example e = line(30, t < 3 ? 30 : 45, t % 2);
        if (t == 4)
            e.c.a[7] = e.c.a[100] = (double)INFINITY;
        struct sinkhorn_solver s = swept(&e, eps[t % 3], 6);
        size_t steps = 0;

        while (s.error > 1e-12 && steps < 20) {
            const double last = s.error;

            CHECK_TRUE(sinkhorn_newton_step(&s, 1e-13, 1000));
            CHECK_TRUE(s.error < last);
            CHECK_NEAR(error_of(&s), s.error, 1e-14);
            CHECK_TRUE(last > 1e-4 || s.error < 0.5 * last);
            steps++;
        }
        CHECK_TRUE(steps < 20);
    }
}

static void budgets_are_kept(void **state)
{
    const struct example e = line(60, 60, 1);

    (void)state;
    for (size_t budget = 0; budget < 30; budget++) {
        struct sinkhorn_solver s = swept(&e, 0.01, 6);

        for (size_t t = 0; t < 10 && s.error > 1e-4; t++)
            CHECK_TRUE(sinkhorn_newton_step(&s, 1e-12, 1000));
        const size_t before = s.sweeps;
        (void)sinkhorn_newton_step(&s, 1e-12, budget);
        CHECK_TRUE(s.sweeps <= before + budget);
        CHECK_TRUE(budget > 4 || s.sweeps == before);
        CHECK_NEAR(error_of(&s), s.error, 1e-14);
    }
}

/* Far from the answer at an eps that is small a step may fail: the state stays to the bit, also
 * where shorter ones were tried. */
static void a_failed_step_changes_nothing(void **state)
{
    const double eps[4] = {2e-6, 5e-4, 1e-3, 3e-3};
    size_t failed = 0, tried = 0;

    (void)state;
    for (size_t t = 0; t < 32; t++) {
        const struct example e = line(30, 30, 1);
        struct sinkhorn_solver s = swept(&e, eps[t % 4], 1 + t / 4);

        for (size_t step = 0; step < 20 && s.error > 1e-6; step++) {
            const struct vec u = vec_copy(&mem, &s.u), v = vec_copy(&mem, &s.v);
            const double error = s.error;
            const size_t before = s.sweeps;

            if (sinkhorn_newton_step(&s, 1e-12, 1000)) {
                CHECK_TRUE(s.error < error);
                continue;
            }
            failed++;
            tried += s.sweeps >= before + 5;
            CHECK_TRUE(s.error == error);
            CHECK_TRUE(memcmp(u.x, s.u.x, 30 * sizeof *u.x) == 0);
            CHECK_TRUE(memcmp(v.x, s.v.x, 30 * sizeof *v.x) == 0);
            break;
        }
    }
    CHECK_TRUE(failed > 0 && tried > 0 && failed < 32);
}

/* Lines without weight keep scalings of 1. */
static void lines_without_weight_are_left_alone(void **state)
{
    struct example e = line(20, 25, 0);

    (void)state;
    e.a.x[3] = e.b.x[0] = e.b.x[24] = 0.0;
    vec_scale(&e.a, 1.0 / vec_sum(&e.a));
    vec_scale(&e.b, 1.0 / vec_sum(&e.b));
    struct sinkhorn_solver s = swept(&e, 0.01, 6);
    CHECK_TRUE(sinkhorn_newton_step(&s, 1e-12, 1000));
    CHECK_TRUE(s.u.x[3] == 1.0 && s.v.x[0] == 1.0 && s.v.x[24] == 1.0);
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_converge_fast),
        TEST(budgets_are_kept),
        TEST(a_failed_step_changes_nothing),
        TEST(lines_without_weight_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
