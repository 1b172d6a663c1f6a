/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is built of entropic solves: proximal steps, blocks, the divergence. */
#include "test.h"

#include "sinkhorn_line.h"

static const double nan_value = (double)NAN, inf = (double)INFINITY;

static int release(void **state)
{
    (void)state;
    memory_fail_at(0);
    arena_free(&mem);
    return 0;
}

/* ---- proximal steps, blocks ---- */

static void proximal_step_to_the_product_is_plain(void **state)
{
    (void)state;
    const struct example e = line(14, 11, 0);
    const struct sinkhorn_problem p = problem_of(&e);
    const struct sinkhorn_options o = {.eps = 0.02, .tolerance = 1e-12};
    const struct sinkhorn_result plain = solved(&e, o);
    struct mat product = mat_zero(&mem, 14, 11);
    struct sinkhorn_result r;

    for (size_t i = 0; i < 14 * 11; i++)
        product.a[i] = e.a.x[i / 11] * e.b.x[i % 11];
    CHECK_STATUS(sinkhorn_proximal(&r, &p, &product, &o, &mem), STATUS_OK);
    CHECK_NEAR(distance(&r.plan, &plain.plan), 0.0, 1e-11);
    CHECK_NEAR(r.report.primal, plain.report.primal, 1e-12);
    /* Two steps at eps are one at eps / 2: R exp(-C / eps) exp(-C / eps). */
    const struct mat first = mat_copy(&mem, &r.plan);
    struct sinkhorn_options half = o;
    half.eps = 0.01;
    const struct sinkhorn_result direct = solved(&e, half);
    CHECK_STATUS(sinkhorn_proximal(&r, &p, &first, &o, &mem), STATUS_OK);
    CHECK_NEAR(distance(&r.plan, &direct.plan), 0.0, 1e-9);
    CHECK_NEAR(r.cost, direct.cost, 1e-10);
    CHECK_NEAR(r.report.primal - r.report.dual, 0.0, 1e-11);
}

/* mu = 0 is plain; a weak term takes the plain fixed point, a strong one the damped steps: both
 * reach a gap that proves them optimal, and a strong pull ends at the previous plan. */
static void quadratic_step_closes_its_gap(void **state)
{
    (void)state;
    const struct example e = line(10, 8, 0);
    const struct sinkhorn_problem p = problem_of(&e);
    const struct sinkhorn_options o = {.eps = 0.05, .tolerance = 1e-11};
    const struct sinkhorn_result plain = solved(&e, o),
                                 other = solved(&e, (struct sinkhorn_options){.eps = 0.5});
    const double mu[4] = {0.0, 0.1, 1.0, 20.0};
    double last = inf;

    for (size_t i = 0; i < 4; i++) {
        struct sinkhorn_result r;
        CHECK_STATUS(sinkhorn_quadratic(&r, &p, &other.plan, mu[i], 5000, &o, &mem), STATUS_OK);
        CHECK_NEAR(r.report.primal - r.report.dual, 0.0, 1e-9);
        CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, 1e-14);
        if (i == 0)
            CHECK_NEAR(distance(&r.plan, &plain.plan), 0.0, 1e-9);
        CHECK_TRUE(distance(&r.plan, &other.plan) < last);
        last = distance(&r.plan, &other.plan);
    }
    CHECK_TRUE(last < 0.7 * distance(&plain.plan, &other.plan));
    struct sinkhorn_result r;
    CHECK_STATUS(sinkhorn_quadratic(&r, &p, &other.plan, 20.0, 2, &o, &mem),
                 STATUS_NO_CONVERGENCE);
    CHECK_STATUS(sinkhorn_quadratic(&r, &p, &other.plan, -1.0, 2, &o, &mem), STATUS_USAGE);
}

static void blocks_equal_separate_solves(void **state)
{
    (void)state;
    struct example e[20];
    struct sinkhorn_problem p[20];
    struct sinkhorn_result r[20];
    struct transport_report total;
    const struct sinkhorn_options o = {.eps = 0.02};
    double primal = 0.0;

    for (size_t i = 0; i < 20; i++) {
        e[i] = line(1 + i, 1 + (7 * i) % 11, 0);
        p[i] = problem_of(&e[i]);
    }
    CHECK_STATUS(sinkhorn_blocks(r, &total, p, 20, &o, &mem), STATUS_OK);
    for (size_t i = 0; i < 20; i++) {
        const struct sinkhorn_result one = solved(&e[i], o);
        CHECK_TRUE(distance(&r[i].plan, &one.plan) == 0.0);
        primal += one.report.primal;
    }
    CHECK_NEAR(total.primal, primal, 1e-14);
    e[4].c.a[0] = nan_value;
    CHECK_STATUS(sinkhorn_blocks(r, &total, p, 20, &o, &mem), STATUS_DIVERGED);
}

/* ---- divergence ---- */

static struct mat squared(const struct vec *x, const struct vec *y)
{
    struct mat c = mat_zero(&mem, x->n, y->n);

    for (size_t i = 0; i < x->n; i++)
        for (size_t j = 0; j < y->n; j++)
            c.a[i * y->n + j] = (x->x[i] - y->x[j]) * (x->x[i] - y->x[j]);
    return c;
}

/* Zero for equal inputs, positive else; a shift by s costs s^2 exactly at every eps. */
static void divergence_is_a_divergence(void **state)
{
    (void)state;
    const double eps[3] = {10.0, 0.1, 0.003};

    for (size_t i = 0; i < 3; i++) {
        struct example e = line(25, 30, 0);
        const struct sinkhorn_options o = {.eps = eps[i], .tolerance = 1e-10};
        const struct mat xx = squared(&e.x, &e.x), yy = squared(&e.y, &e.y);
        struct vec moved = vec_copy(&mem, &e.x);
        double s = -1.0;
        CHECK_STATUS(sinkhorn_divergence(&s, &xx, &e.c, &yy, &e.a, &e.b, &o), STATUS_OK);
        CHECK_TRUE(s > 0.0 && s < 1.0);
        CHECK_STATUS(sinkhorn_divergence(&s, &xx, &xx, &xx, &e.a, &e.a, &o), STATUS_OK);
        CHECK_TRUE(s == 0.0);
        for (size_t j = 0; j < 25; j++)
            moved.x[j] += 0.3;
        const struct mat xm = squared(&e.x, &moved), mm = squared(&moved, &moved);
        CHECK_STATUS(sinkhorn_divergence(&s, &xx, &xm, &mm, &e.a, &e.a, &o), STATUS_OK);
        CHECK_NEAR(s, 0.09, 1e-9);
    }
}

static void divergence_survives_failing_memory(void **state)
{
    (void)state;
    const struct example e = line(6, 6, 1);
    double value = 0.0;

    memory_fail_at(2);
    CHECK_STATUS(sinkhorn_divergence(&value, &e.c, &e.c, &e.c, &e.a, &e.b,
                                     &(struct sinkhorn_options){.eps = 0.1}),
                 STATUS_MEMORY);
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(proximal_step_to_the_product_is_plain),
        TEST(quadratic_step_closes_its_gap),
        TEST(blocks_equal_separate_solves),
        TEST(divergence_is_a_divergence),
        TEST(divergence_survives_failing_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
