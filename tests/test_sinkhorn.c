/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entropic transport against closed forms, a naive log-sum-exp fixed point, sorting in 1-D, and the
 * properties of plans, potentials and divergences. */
#include "test.h"

#include "base/memory.h"
#include "base/rng.h"
#include "transport/sinkhorn.h"
#include "transport/sinkhorn_kernel.h"

static const double nan_value = (double)NAN, inf = (double)INFINITY;

static struct arena mem;

static int release(void **state)
{
    (void)state;
    memory_fail_at(0);
    arena_free(&mem);
    return 0;
}

struct example {
    struct mat c;
    struct vec a, b, x, y;
};

/* n and k uniform points on the line, cost |x - y|^2, random weights or equal ones. */
static struct example line(size_t n, size_t k, int equal)
{
    struct rng r = rng_stream(7, "line:%zu:%zu", n, k);
    struct example e = {mat_zero(&mem, n, k), vec_zero(&mem, n), vec_zero(&mem, k),
                        vec_zero(&mem, n), vec_zero(&mem, k)};

    for (size_t i = 0; i < n; i++) {
        e.x.x[i] = rng_uniform(&r);
        e.a.x[i] = equal ? 1.0 : 0.5 + rng_uniform(&r);
    }
    for (size_t j = 0; j < k; j++) {
        e.y.x[j] = rng_uniform(&r);
        e.b.x[j] = equal ? 1.0 : 0.5 + rng_uniform(&r);
    }
    vec_scale(&e.a, 1.0 / vec_sum(&e.a));
    vec_scale(&e.b, 1.0 / vec_sum(&e.b));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            e.c.a[i * k + j] = (e.x.x[i] - e.y.x[j]) * (e.x.x[i] - e.y.x[j]);
    return e;
}

static struct sinkhorn_problem problem_of(const struct example *e)
{
    return (struct sinkhorn_problem){&e->c, &e->a, &e->b};
}

static struct sinkhorn_result solved(const struct example *e, struct sinkhorn_options o)
{
    struct sinkhorn_result r;
    const struct sinkhorn_problem p = problem_of(e);

    CHECK_STATUS(sinkhorn_solve(&r, &p, &o, &mem), STATUS_OK);
    CHECK_TRUE(r.report.status == STATUS_OK && r.report.iterations > 0);
    return r;
}

static double marginal_error(const struct mat *p, const struct vec *a, const struct vec *b)
{
    double error = 0.0;

    for (size_t i = 0; i < p->rows; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < p->cols; j++)
            sum += p->a[i * p->cols + j];
        error += fabs(sum - a->x[i]);
    }
    for (size_t j = 0; j < p->cols; j++) {
        double sum = 0.0;
        for (size_t i = 0; i < p->rows; i++)
            sum += p->a[i * p->cols + j];
        error += fabs(sum - b->x[j]);
    }
    return error;
}

static double distance(const struct mat *p, const struct mat *q)
{
    double sum = 0.0;

    for (size_t e = 0; e < p->rows * p->cols; e++)
        sum += fabs(p->a[e] - q->a[e]);
    return sum;
}

/* The textbook fixed point, log-sum-exp in full, libm's functions. */
static struct mat naive(const struct example *e, double eps, size_t sweeps)
{
    const size_t n = e->c.rows, k = e->c.cols;
    struct vec f = vec_zero(&mem, n), g = vec_zero(&mem, k), row = vec_zero(&mem, n + k);
    struct mat p = mat_zero(&mem, n, k);

    for (size_t t = 0; t < sweeps; t++) {
        row.n = n;
        for (size_t j = 0; j < k; j++) {
            for (size_t i = 0; i < n; i++)
                row.x[i] = (f.x[i] - e->c.a[i * k + j]) / eps + log(e->a.x[i]);
            g.x[j] = -eps * vec_log_sum_exp(&row);
        }
        row.n = k;
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < k; j++)
                row.x[j] = (g.x[j] - e->c.a[i * k + j]) / eps + log(e->b.x[j]);
            f.x[i] = -eps * vec_log_sum_exp(&row);
        }
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            p.a[i * k + j] =
                e->a.x[i] * e->b.x[j] * exp((f.x[i] + g.x[j] - e->c.a[i * k + j]) / eps);
    return p;
}

static int ascending(const void *p, const void *q)
{
    const double x = *(const double *)p, y = *(const double *)q;

    return (x > y) - (x < y);
}

/* Exact cost of equal weights on the line: sort both. */
static double sorted_cost(const struct example *e)
{
    struct vec x = vec_copy(&mem, &e->x), y = vec_copy(&mem, &e->y);

    qsort(x.x, x.n, sizeof *x.x, ascending);
    qsort(y.x, y.n, sizeof *y.x, ascending);
    return vec_mean_squared_difference(&x, &y);
}

/* ---- kernel functions ---- */

static void kernel_exp_agrees_with_libm(void **state)
{
    (void)state;
    struct rng r = rng_stream(1, "exp");
    double x[64], y[64];

    for (int t = 0; t < 3000; t++) {
        for (size_t i = 0; i < 64; i++)
            x[i] = (t % 2 ? 2.0 : -499.0) * rng_uniform(&r) + (t % 3 ? 0.0 : 0.5);
        sinkhorn_kernel_exp(y, x, 64);
        for (size_t i = 0; i < 64; i++)
            CHECK_RELATIVE(y[i], exp(x[i]), 4e-16);
    }
    const double edge[5] = {0.0, -inf, -501.0, 700.0, -500.0};
    sinkhorn_kernel_exp(y, edge, 5);
    CHECK_TRUE(y[0] == 1.0 && y[1] == 0.0 && y[2] == 0.0 && y[4] > 0.0);
    CHECK_RELATIVE(y[3], exp(700.0), 4e-16);
}

static void kernel_sums_agree_with_plain_loops(void **state)
{
    (void)state;
    struct rng r = rng_stream(2, "sums");
    double p[70], q[70];

    for (size_t n = 0; n <= 70; n++) {
        double entropy = 0.0, dot = 0.0, largest = -inf, filled = 0.0, k[70];
        for (size_t i = 0; i < n; i++) {
            p[i] = i % 7 == 3 ? 0.0 : exp(-200.0 * rng_uniform(&r));
            q[i] = rng_uniform(&r);
            entropy += p[i] > 0.0 ? p[i] * log(p[i]) : 0.0;
            dot += p[i] * q[i];
            largest = fmax(largest, q[i] - 3.0 * p[i]);
            filled += exp(q[i] - 3.0 * p[i] - 0.25);
        }
        CHECK_NEAR(sinkhorn_kernel_entropy(p, n), entropy, 1e-14);
        CHECK_NEAR(sinkhorn_kernel_dot(p, q, n), dot, 1e-14 * (1.0 + dot));
        CHECK_TRUE(sinkhorn_kernel_max(p, q, 3.0, n) == largest);
        CHECK_NEAR(sinkhorn_kernel_fill(k, p, q, 3.0, 0.25, n), filled, 1e-14 * (1.0 + filled));
    }
}

/* ---- known answers ---- */

/* a = b = (1/2, 1/2), C = [0 1; 1 0]: P_11 = 1 / (2 (1 + exp(-1 / eps))). */
static void closed_form_of_two_points(void **state)
{
    (void)state;
    double cost[4] = {0, 1, 1, 0}, half[2] = {0.5, 0.5};
    const struct example e = {mat_over(cost, 2, 2), vec_over(half, 2), vec_over(half, 2), {0}, {0}};
    const double eps[3] = {10.0, 0.5, 0.1};

    for (size_t i = 0; i < 3; i++) {
        const struct sinkhorn_result r =
            solved(&e, (struct sinkhorn_options){.eps = eps[i], .tolerance = 1e-14});
        const double p = 0.5 / (1.0 + exp(-1.0 / eps[i]));
        CHECK_NEAR(r.plan.a[0], p, 1e-15);
        CHECK_NEAR(r.plan.a[1], 0.5 - p, 1e-15);
        CHECK_NEAR(r.cost, 1.0 - 2.0 * p, 1e-15);
        const double kl = 2 * p * log(4 * p) + (1 - 2 * p) * log(4 * (0.5 - p));
        CHECK_NEAR(r.report.primal, 1.0 - 2.0 * p + eps[i] * kl, 1e-13);
        CHECK_NEAR(r.report.dual, r.report.primal, 1e-13);
    }
}

static void naive_fixed_point_agrees(void **state)
{
    (void)state;
    const double eps[3] = {1.0, 0.1, 0.02};

    for (size_t i = 0; i < 3; i++) {
        const struct example e = line(23, 17, 0);
        const struct mat expected = naive(&e, eps[i], 2000);
        const struct sinkhorn_result r =
            solved(&e, (struct sinkhorn_options){.eps = eps[i], .tolerance = 1e-13});
        CHECK_NEAR(distance(&r.plan, &expected), 0.0, 1e-11);
        CHECK_NEAR(r.report.primal - r.report.dual, 0.0, 1e-12);
    }
}

/* Equal weights on the line: 0 <= <C, P> - exact <= eps log n, and it falls with eps. */
static void small_eps_approaches_the_sorting_cost(void **state)
{
    (void)state;
    const struct example e = line(60, 60, 1);
    const double exact = sorted_cost(&e);
    double last = inf;

    for (double eps = 0.1; eps > 5e-4; eps *= 0.1) {
        const struct sinkhorn_options o = {.eps = eps, .tolerance = 1e-6};
        const struct sinkhorn_result r = solved(&e, o);
        CHECK_TRUE(r.cost >= exact - 1e-14 && r.cost - exact <= eps * log(60.0));
        CHECK_TRUE(r.cost - exact < 0.3 * last);
        last = r.cost - exact;
    }
}

/* ---- marginals, robustness ---- */

static void marginals_hold_to_what_was_asked(void **state)
{
    (void)state;
    const struct example e = line(40, 70, 0);

    for (double tolerance = 1e-6; tolerance > 5e-13; tolerance *= 1e-3) {
        const struct sinkhorn_options o = {.eps = 0.02, .tolerance = tolerance, .raw = 1};
        const struct sinkhorn_result r = solved(&e, o);
        CHECK_TRUE(!r.rounded && r.report.marginal_error == r.raw_error);
        CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, tolerance);
        CHECK_NEAR(r.raw_error, marginal_error(&r.plan, &e.a, &e.b), 1e-14);
    }
}

static void plan_follows_from_the_potentials(void **state)
{
    (void)state;
    const struct example e = line(12, 9, 0);
    const struct sinkhorn_result r = solved(&e, (struct sinkhorn_options){.eps = 0.03, .raw = 1});

    for (size_t i = 0; i < 12; i++)
        for (size_t j = 0; j < 9; j++)
            CHECK_RELATIVE(r.plan.a[i * 9 + j],
                           e.a.x[i] * e.b.x[j] *
                               exp((r.f.x[i] + r.g.x[j] - e.c.a[i * 9 + j]) / 0.03),
                           1e-12);
    CHECK_NEAR(vec_dot(&e.a, &r.f), vec_dot(&e.b, &r.g), 1e-15);
}

/* exp(-C / eps) is 0 for nearly all entries here; then one far point, and a warm start that is far
 * off, which force scalings out of their range. */
static void tiny_eps_does_not_underflow(void **state)
{
    (void)state;
    struct example e = line(30, 30, 1);
    struct vec far = vec_zero(&mem, 30);

    for (size_t j = 0; j < 30; j++)
        e.c.a[j] += 100.0;
    for (size_t i = 0; i < 30; i++)
        far.x[i] = i % 2 ? -50.0 : 50.0;
    const struct sinkhorn_options cold = {.eps = 1e-3, .tolerance = 1e-8};
    struct sinkhorn_options warm = cold, abrupt = cold;
    warm.f = &far;
    abrupt.scaling = 1e-12;
    abrupt.eps = 2e-5;
    abrupt.tolerance = 1e-3;
    const struct sinkhorn_result t = solved(&e, abrupt);
    CHECK_NEAR(t.cost, 100.0 / 30.0 + sorted_cost(&e), 1e-3);
    const struct sinkhorn_result r = solved(&e, cold), s = solved(&e, warm);
    CHECK_NEAR(r.report.primal - r.report.dual, 0.0, 1e-6);
    CHECK_NEAR(distance(&r.plan, &s.plan), 0.0, 1e-5);
    CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, 1e-14);
}

static void warm_start_saves_sweeps(void **state)
{
    (void)state;
    const struct example e = line(50, 50, 0);
    struct sinkhorn_options o = {.eps = 1e-2};
    const struct sinkhorn_result cold = solved(&e, o);

    o.f = &cold.f;
    const struct sinkhorn_result warm = solved(&e, o);
    CHECK_TRUE(warm.report.iterations <= 3 && cold.report.iterations > 10);
    CHECK_NEAR(distance(&warm.plan, &cold.plan), 0.0, 1e-7);
}

static void zero_weights_give_empty_lines_and_right_potentials(void **state)
{
    (void)state;
    struct example e = line(20, 15, 0);

    e.a.x[3] = e.a.x[19] = e.b.x[0] = 0.0;
    vec_scale(&e.a, 1.0 / vec_sum(&e.a));
    vec_scale(&e.b, 1.0 / vec_sum(&e.b));
    e.c.a[19 * 15 + 2] = inf;
    const struct sinkhorn_result r = solved(&e, (struct sinkhorn_options){.eps = 0.01});
    CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, 1e-14);
    for (size_t j = 0; j < 15; j++)
        CHECK_TRUE(r.plan.a[3 * 15 + j] == 0.0 && r.plan.a[19 * 15 + j] == 0.0);
    double sum = 0.0, column = 0.0;
    for (size_t j = 0; j < 15; j++)
        sum += e.b.x[j] * exp((r.f.x[3] + r.g.x[j] - e.c.a[3 * 15 + j]) / 0.01);
    for (size_t i = 0; i < 20; i++)
        column += e.a.x[i] * exp((r.f.x[i] + r.g.x[0] - e.c.a[i * 15]) / 0.01);
    CHECK_NEAR(sum, 1.0, 1e-10);
    CHECK_NEAR(column, 1.0, 1e-10);
}

static void float_rounded_and_unnormalised_weights_work(void **state)
{
    (void)state;
    struct example e = line(5, 960, 0);

    for (size_t j = 0; j < 960; j++)
        e.b.x[j] = (double)(float)e.b.x[j];
    CHECK_TRUE(vec_sum(&e.b) != vec_sum(&e.a));
    const struct sinkhorn_result r = solved(&e, (struct sinkhorn_options){.eps = 0.01});
    CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, 1e-6);
    CHECK_NEAR(vec_sum(&(struct vec){5 * 960, r.plan.a}), 1.0, 1e-13);
    vec_scale(&e.a, 1000.0);
    vec_scale(&e.b, 1000.0);
    const struct sinkhorn_result s = solved(&e, (struct sinkhorn_options){.eps = 0.01});
    CHECK_RELATIVE(s.report.primal, 1000.0 * r.report.primal, 1e-8);
    CHECK_RELATIVE(s.report.dual, 1000.0 * r.report.dual, 1e-8);
}

static void one_row_has_one_plan(void **state)
{
    (void)state;
    const size_t sizes[3] = {1, 2, 33};

    for (size_t t = 0; t < 3; t++) {
        const struct example e = line(1, sizes[t], 0), d = line(sizes[t], 1, 0);
        const struct sinkhorn_result r = solved(&e, (struct sinkhorn_options){.eps = 0.1});
        const struct sinkhorn_result s = solved(&d, (struct sinkhorn_options){.eps = 1e-4});
        for (size_t j = 0; j < sizes[t]; j++) {
            CHECK_NEAR(r.plan.a[j], e.b.x[j], 1e-15);
            CHECK_NEAR(s.plan.a[j], d.a.x[j], 1e-15);
        }
    }
}

static void forbidden_entries_stay_empty(void **state)
{
    (void)state;
    struct example e = line(12, 12, 1);

    for (size_t i = 0; i < 12; i++)
        for (size_t j = 0; j < 12; j++)
            if ((i + j) % 3 == 0)
                e.c.a[i * 12 + j] = inf;
    const struct sinkhorn_result r =
        solved(&e, (struct sinkhorn_options){.eps = 0.02, .tolerance = 1e-12});
    for (size_t i = 0; i < 144; i++)
        CHECK_TRUE(e.c.a[i] < inf || r.plan.a[i] == 0.0);
    CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, 1e-11);
    CHECK_TRUE(isfinite(r.cost) && isfinite(r.report.primal));
}

/* ---- refusals ---- */

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
    CHECK_STATUS(status_of(&e, 0.0), STATUS_USAGE);
    CHECK_STATUS(status_of(&e, nan_value), STATUS_USAGE);
    vec_scale(&e.b, 1.001);
    CHECK_STATUS(status_of(&e, 0.1), STATUS_USAGE);
    CHECK_MESSAGE("have sum");
    vec_fill(&e.a, 0.0);
    CHECK_STATUS(status_of(&e, 0.1), STATUS_USAGE);
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
    const struct sinkhorn_options o = {.eps = 1e-3, .tolerance = 1e-15, .max_iterations = cap};
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

/* ---- rounding ---- */

static void rounding_gives_exact_marginals(void **state)
{
    (void)state;
    const struct example e = line(60, 60, 1);
    const struct sinkhorn_options o = {.eps = 3e-3, .tolerance = 1e-3, .raw = 1};
    struct sinkhorn_result r = solved(&e, o);
    const struct mat before = mat_copy(&mem, &r.plan);
    struct vec scratch = vec_zero(&mem, 240);
    const double error = marginal_error(&r.plan, &e.a, &e.b);

    CHECK_TRUE(error > 1e-6);
    CHECK_STATUS(sinkhorn_round(&r.plan, &e.a, &e.b, &e.c, scratch.x), STATUS_OK);
    CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, 1e-14);
    CHECK_TRUE(distance(&before, &r.plan) <= 2.0 * error);
    for (size_t i = 0; i < 3600; i++)
        CHECK_TRUE(r.plan.a[i] >= 0.0);
    const struct sinkhorn_result s =
        solved(&e, (struct sinkhorn_options){.eps = 3e-3, .tolerance = 1e-3});
    CHECK_TRUE(s.rounded && distance(&s.plan, &r.plan) < 1e-14);
    CHECK_TRUE(s.cost >= sorted_cost(&e) - 1e-15);
}

/* ---- proximal steps, blocks, divergence ---- */

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

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(kernel_exp_agrees_with_libm),
        TEST(kernel_sums_agree_with_plain_loops),
        TEST(closed_form_of_two_points),
        TEST(naive_fixed_point_agrees),
        TEST(small_eps_approaches_the_sorting_cost),
        TEST(marginals_hold_to_what_was_asked),
        TEST(plan_follows_from_the_potentials),
        TEST(tiny_eps_does_not_underflow),
        TEST(warm_start_saves_sweeps),
        TEST(zero_weights_give_empty_lines_and_right_potentials),
        TEST(float_rounded_and_unnormalised_weights_work),
        TEST(one_row_has_one_plan),
        TEST(forbidden_entries_stay_empty),
        TEST(bad_input_is_refused),
        TEST(infeasible_problems_are_named),
        TEST(iteration_cap_is_reported),
        TEST(iterations_allocate_nothing),
        TEST(divergence_survives_failing_memory),
        TEST(rounding_gives_exact_marginals),
        TEST(proximal_step_to_the_product_is_plain),
        TEST(quadratic_step_closes_its_gap),
        TEST(blocks_equal_separate_solves),
        TEST(divergence_is_a_divergence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
