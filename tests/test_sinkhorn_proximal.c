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

/* A plan with the marginals of e that is not the product: of another cost. */
static struct mat other_plan(const struct example *e)
{
    struct example turned = *e;

    turned.c = mat_copy(&mem, &e->c);
    for (size_t i = 0; i < e->c.rows * e->c.cols; i++)
        turned.c.a[i] = -e->c.a[i];
    return solved(&turned, (struct sinkhorn_options){.eps = 0.5}).plan;
}

/* sum P log(P / Q) - P + Q, <C, P> */
static double relative_entropy(const struct mat *p, const struct mat *q)
{
    double sum = 0.0;

    for (size_t i = 0; i < p->rows * p->cols; i++)
        sum += (p->a[i] > 0.0 ? p->a[i] * log(p->a[i] / q->a[i]) - p->a[i] : 0.0) + q->a[i];
    return sum;
}

static double plan_cost(const struct example *e, const struct mat *p)
{
    double sum = 0.0;

    for (size_t i = 0; i < p->rows * p->cols; i++)
        sum += p->a[i] > 0.0 ? p->a[i] * e->c.a[i] : 0.0;
    return sum;
}

/* Its value differs from <C, P> + eps KL(P | previous) by the masses of plan and previous alone;
 * where nothing was to go, nothing goes. */
static void proximal_report_is_of_its_own_problem(void **state)
{
    (void)state;
    const struct example e = line(8, 16, 0);
    const struct sinkhorn_problem p = problem_of(&e);
    const struct sinkhorn_options o = {.eps = 0.05, .tolerance = 1e-11};
    struct mat previous = other_plan(&e);
    struct sinkhorn_result r;

    previous.a[5] = previous.a[16 * 7 + 15] = 0.0;
    previous.a[17] = 1e-301; /* as good as 0 */
    CHECK_STATUS(sinkhorn_proximal(&r, &p, &previous, &o, &mem), STATUS_OK);
    CHECK_TRUE(r.plan.a[5] == 0.0 && r.plan.a[16 * 7 + 15] == 0.0 && r.plan.a[17] == 0.0);
    CHECK_NEAR(r.cost, plan_cost(&e, &r.plan), 1e-14);
    const double total = vec_sum(&(struct vec){128, previous.a});
    CHECK_NEAR(r.report.primal,
               r.cost + 0.05 * (relative_entropy(&r.plan, &previous) + 1.0 - total), 1e-12);
    CHECK_NEAR(r.report.dual, r.report.primal, 1e-9);
    CHECK_TRUE(!r.rounded || marginal_error(&r.plan, &e.a, &e.b) <= 1e-13);
    for (size_t i = 0; i < 16; i++)
        previous.a[16 * 3 + i] = 0.0;
    CHECK_STATUS(sinkhorn_proximal(&r, &p, &previous, &o, &mem), STATUS_USAGE);
    CHECK_MESSAGE("row 3");
    vec_fill(&(struct vec){128, previous.a}, 0.0);
    CHECK_STATUS(sinkhorn_proximal(&r, &p, &previous, &o, &mem), STATUS_USAGE);
    CHECK_MESSAGE("every entry");
}

/* Weights of 0, and a start with raw and a warm f. */
static void proximal_step_takes_the_options_of_a_solve(void **state)
{
    (void)state;
    struct example e = line(8, 8, 0);
    const struct mat previous = other_plan(&e);
    const struct sinkhorn_problem p = problem_of(&e);
    struct sinkhorn_options o = {.eps = 0.05, .tolerance = 1e-10};
    struct sinkhorn_result cold, warm;

    CHECK_STATUS(sinkhorn_proximal(&cold, &p, &previous, &o, &mem), STATUS_OK);
    o.f = &cold.f;
    o.raw = 1;
    CHECK_STATUS(sinkhorn_proximal(&warm, &p, &previous, &o, &mem), STATUS_OK);
    CHECK_TRUE(warm.report.iterations <= 3 && cold.report.iterations > 3);
    CHECK_TRUE(cold.rounded && !warm.rounded);
    CHECK_NEAR(distance(&warm.plan, &cold.plan), 0.0, 1e-8);
    e.a.x[2] = e.b.x[7] = 0.0;
    vec_scale(&e.a, 1.0 / vec_sum(&e.a));
    vec_scale(&e.b, 1.0 / vec_sum(&e.b));
    CHECK_STATUS(sinkhorn_proximal(&cold, &p, &previous,
                                   &(struct sinkhorn_options){.eps = 0.05}, &mem),
                 STATUS_OK);
    for (size_t i = 0; i < 8; i++)
        CHECK_TRUE(cold.plan.a[16 + i] == 0.0 && cold.plan.a[8 * i + 7] == 0.0);
    CHECK_NEAR(marginal_error(&cold.plan, &e.a, &e.b), 0.0, 1e-14);
}

static void bad_previous_plans_are_refused(void **state)
{
    (void)state;
    const struct example e = line(3, 4, 0);
    const struct sinkhorn_problem p = problem_of(&e);
    const struct sinkhorn_options o = {.eps = 0.1};
    const double bad[3] = {-1e-9, inf, nan_value};
    struct mat previous = mat_zero(&mem, 4, 3);
    struct sinkhorn_result r;

    CHECK_STATUS(sinkhorn_proximal(&r, &p, &previous, &o, &mem), STATUS_USAGE);
    CHECK_MESSAGE("4 x 3 for a cost of 3 x 4");
    CHECK_STATUS(sinkhorn_quadratic(&r, &p, &previous, 1.0, 9, &o, &mem), STATUS_USAGE);
    previous = mat_zero(&mem, 3, 3);
    CHECK_STATUS(sinkhorn_proximal(&r, &p, &previous, &o, &mem), STATUS_USAGE);
    previous = mat_zero(&mem, 4, 4);
    CHECK_STATUS(sinkhorn_proximal(&r, &p, &previous, &o, &mem), STATUS_USAGE);
    previous = mat_zero(&mem, 3, 4);
    for (size_t t = 0; t < 3; t++) {
        previous.a[11] = bad[t];
        CHECK_STATUS(sinkhorn_proximal(&r, &p, &previous, &o, &mem), STATUS_DIVERGED);
        CHECK_MESSAGE("entry (2, 3)");
        CHECK_STATUS(sinkhorn_quadratic(&r, &p, &previous, 1.0, 9, &o, &mem), STATUS_DIVERGED);
    }
    previous.a[11] = 0.0;
    CHECK_STATUS(sinkhorn_quadratic(&r, &p, &previous, nan_value, 9, &o, &mem), STATUS_USAGE);
    CHECK_STATUS(sinkhorn_quadratic(&r, &p, &previous, inf, 9, &o, &mem), STATUS_USAGE);
    CHECK_MESSAGE("mu = inf");
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

/* Optimal: C + mu (P - previous) + eps log P = f_i + g_j, so second differences vanish; the report
 * is of the plan returned, and at every cap the dual value stays below the optimum. */
static void quadratic_plan_is_stationary_and_bounded(void **state)
{
    (void)state;
    const struct example e = line(8, 16, 0);
    const struct sinkhorn_problem p = problem_of(&e);
    const struct sinkhorn_options o = {.eps = 0.05, .tolerance = 1e-11};
    const struct mat previous = other_plan(&e);
    struct mat product = mat_zero(&mem, 8, 16);
    const double mus[3] = {0.1, 1.0, 20.0};

    for (size_t i = 0; i < 128; i++)
        product.a[i] = e.a.x[i / 16] * e.b.x[i % 16];
    for (size_t t = 0; t < 3; t++) {
        struct sinkhorn_result r, cut;
        double slope[128], square = 0.0;

        CHECK_STATUS(sinkhorn_quadratic(&r, &p, &previous, mus[t], 5000, &o, &mem), STATUS_OK);
        for (size_t i = 0; i < 128; i++) {
            const double d = r.plan.a[i] - previous.a[i];

            slope[i] = e.c.a[i] + mus[t] * d + 0.05 * log(r.plan.a[i]);
            square += mus[t] / 2.0 * d * d;
        }
        for (size_t i = 0; i < 128; i++)
            CHECK_NEAR(slope[i] - slope[i / 16 * 16] - slope[i % 16] + slope[0], 0.0, 1e-6);
        CHECK_NEAR(r.cost, plan_cost(&e, &r.plan), 1e-14);
        CHECK_NEAR(r.report.primal,
                   r.cost + 0.05 * relative_entropy(&r.plan, &product) + square, 1e-12);
        for (size_t steps = 1; steps < 5; steps++) {
            CHECK_STATUS(sinkhorn_quadratic(&cut, &p, &previous, mus[t], steps, &o, &mem),
                         STATUS_NO_CONVERGENCE);
            CHECK_MESSAGE("outer steps");
            CHECK_TRUE(cut.report.status == STATUS_NO_CONVERGENCE);
            CHECK_TRUE(cut.report.dual < r.report.primal + 1e-12);
            CHECK_TRUE(cut.report.primal > r.report.primal - 1e-12);
        }
    }
}

static void quadratic_step_stops_at_the_cap_of_sweeps(void **state)
{
    (void)state;
    struct example e = line(8, 8, 0);
    const struct sinkhorn_problem p = problem_of(&e);
    const struct mat previous = other_plan(&e);
    struct sinkhorn_result r;

    for (size_t cap = 1; cap < 30; cap += 4) {
        const struct sinkhorn_options o = {.eps = 1e-3, .tolerance = 1e-13, .max_iterations = cap};

        CHECK_STATUS(sinkhorn_quadratic(&r, &p, &previous, 1.0, 5000, &o, &mem),
                     STATUS_NO_CONVERGENCE);
        CHECK_TRUE(r.report.iterations <= cap + 2); /* the lower bound has a sweep of its own */
        CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, 1e-14);
    }
}

static void blocks_equal_separate_solves(void **state)
{
    (void)state;
    struct example e[20];
    struct sinkhorn_problem p[20];
    struct sinkhorn_result r[20];
    struct transport_report total;
    const struct sinkhorn_options o = {.eps = 0.02};
    double primal = 0.0, dual = 0.0, error = 0.0;
    size_t sweeps = 0;

    for (size_t i = 0; i < 20; i++) {
        e[i] = line(1 + i, 1 + (7 * i) % 11, 0);
        p[i] = problem_of(&e[i]);
    }
    CHECK_STATUS(sinkhorn_blocks(r, &total, p, 20, &o, &mem), STATUS_OK);
    for (size_t i = 0; i < 20; i++) {
        const struct sinkhorn_result one = solved(&e[i], o);
        CHECK_TRUE(distance(&r[i].plan, &one.plan) == 0.0);
        primal += one.report.primal;
        dual += one.report.dual;
        error += one.report.marginal_error;
        sweeps += one.report.iterations;
    }
    CHECK_NEAR(total.primal, primal, 1e-14);
    CHECK_NEAR(total.dual, dual, 1e-14);
    CHECK_NEAR(total.marginal_error, error, 1e-15);
    CHECK_TRUE(total.status == STATUS_OK && total.iterations == sweeps);
    CHECK_STATUS(sinkhorn_blocks(r, &total, p, 20,
                                 &(struct sinkhorn_options){.eps = 0.02, .f = &r[0].f}, &mem),
                 STATUS_USAGE);
    CHECK_MESSAGE("initial potentials");
    const struct sinkhorn_options capped = {.eps = 0.02, .max_iterations = 6}; /* enough for some */
    CHECK_STATUS(sinkhorn_blocks(r, &total, p, 20, &capped, &mem), STATUS_NO_CONVERGENCE);
    CHECK_TRUE(total.status == STATUS_NO_CONVERGENCE);
    CHECK_TRUE(r[0].report.status == STATUS_OK && r[19].report.iterations == 6);
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

static struct mat distances(const struct vec *x, const struct vec *y)
{
    struct mat c = squared(x, y);

    for (size_t i = 0; i < x->n * y->n; i++)
        c.a[i] = sqrt(c.a[i]);
    return c;
}

/* At the default tolerance, for near clouds and eps from far above to below their distances. */
static void divergence_is_never_negative_beyond_the_tolerance(void **state)
{
    (void)state;
    for (size_t t = 0; t < 40; t++) {
        struct rng r = rng_stream(t, "near clouds");
        const struct example e = line(1 + t % 12, 1 + t % 9, 0);
        struct vec near = vec_copy(&mem, &e.x);
        const struct sinkhorn_options o = {.eps = pow(10.0, 1.0 - 2.5 * rng_uniform(&r))};
        struct mat (*const cost)(const struct vec *, const struct vec *) =
            t % 2 ? squared : distances;
        double s = nan_value, back = nan_value;

        for (size_t i = 0; i < near.n; i++)
            near.x[i] += 1e-5 * rng_uniform(&r);
        const struct vec *y = t % 4 < 2 ? &near : &e.y, *b = t % 4 < 2 ? &e.a : &e.b;
        const struct mat xx = cost(&e.x, &e.x), xy = cost(&e.x, y), yy = cost(y, y);
        const struct mat yx = mat_transpose(&mem, &xy);
        CHECK_STATUS(sinkhorn_divergence(&s, &xx, &xy, &yy, &e.a, b, &o), STATUS_OK);
        CHECK_TRUE(s >= -1e-9);
        CHECK_STATUS(sinkhorn_divergence(&back, &yy, &yx, &xx, b, &e.a, &o), STATUS_OK);
        CHECK_NEAR(back, s, 2e-9);
    }
}

/* Two Diracs and one: all values by hand; equal points; the three values are solves' duals. */
static void divergence_is_that_of_its_formula(void **state)
{
    (void)state;
    double zero = 0.0, far = 9.0, one = 1.0, s = nan_value;
    const struct mat c = mat_over(&zero, 1, 1), d = mat_over(&far, 1, 1);
    const struct vec w = vec_over(&one, 1);
    const struct sinkhorn_options o = {.eps = 0.3};

    CHECK_STATUS(sinkhorn_divergence(&s, &c, &d, &c, &w, &w, &o), STATUS_OK);
    CHECK_NEAR(s, 9.0, 1e-14);
    CHECK_STATUS(sinkhorn_divergence(&s, &c, &c, &c, &w, &w, &o), STATUS_OK);
    CHECK_TRUE(s == 0.0);
    const struct example e = line(6, 9, 0);
    const struct mat xx = squared(&e.x, &e.x), yy = squared(&e.y, &e.y);
    const struct example x = {.c = xx, .a = e.a, .b = e.a}, y = {.c = yy, .a = e.b, .b = e.b};
    struct sinkhorn_options started = o;
    started.f = &e.a; /* is left out: it has no meaning for yy */
    CHECK_STATUS(sinkhorn_divergence(&s, &xx, &e.c, &yy, &e.a, &e.b, &started), STATUS_OK);
    CHECK_NEAR(s,
               solved(&e, o).report.dual - solved(&x, o).report.dual / 2.0 -
                   solved(&y, o).report.dual / 2.0,
               1e-15);
}

static void divergence_hands_failures_on(void **state)
{
    (void)state;
    const struct example e = line(6, 6, 1);
    struct mat bad = mat_copy(&mem, &e.c);
    const struct sinkhorn_options o = {.eps = 0.1}, cut = {.eps = 1e-3, .max_iterations = 1};
    double s = 0.0;

    bad.a[7] = nan_value;
    CHECK_STATUS(sinkhorn_divergence(&s, &bad, &e.c, &e.c, &e.a, &e.b, &o), STATUS_DIVERGED);
    CHECK_STATUS(sinkhorn_divergence(&s, &e.c, &bad, &e.c, &e.a, &e.b, &o), STATUS_DIVERGED);
    CHECK_STATUS(sinkhorn_divergence(&s, &e.c, &e.c, &bad, &e.a, &e.b, &o), STATUS_DIVERGED);
    CHECK_STATUS(sinkhorn_divergence(&s, &e.c, &e.c, &e.c, &e.a, &e.b, &cut),
                 STATUS_NO_CONVERGENCE);
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
        TEST(proximal_report_is_of_its_own_problem),
        TEST(proximal_step_takes_the_options_of_a_solve),
        TEST(bad_previous_plans_are_refused),
        TEST(quadratic_step_closes_its_gap),
        TEST(quadratic_plan_is_stationary_and_bounded),
        TEST(quadratic_step_stops_at_the_cap_of_sweeps),
        TEST(blocks_equal_separate_solves),
        TEST(divergence_is_a_divergence),
        TEST(divergence_is_never_negative_beyond_the_tolerance),
        TEST(divergence_is_that_of_its_formula),
        TEST(divergence_hands_failures_on),
        TEST(divergence_survives_failing_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
