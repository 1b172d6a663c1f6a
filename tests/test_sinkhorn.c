/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entropic transport against closed forms, a naive log-sum-exp fixed point, sorting in 1-D, and the
 * properties of plans and potentials. */
#include "test.h"

#include "sinkhorn_line.h"
#include "transport/cost.h"
#include "transport/sinkhorn_kernel.h"

static const double nan_value = (double)NAN, inf = (double)INFINITY;

static int release(void **state)
{
    (void)state;
    memory_fail_at(0);
    arena_free(&mem);
    return 0;
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
    const double edge[7] = {0.0, -inf, -501.0, 700.0, -500.0, 701.0, inf};
    sinkhorn_kernel_exp(y, edge, 7);
    CHECK_TRUE(y[5] == y[3] && y[6] == y[3]);
    CHECK_TRUE(y[0] == 1.0 && y[1] == 0.0 && y[2] == 0.0 && y[4] > 0.0);
    CHECK_RELATIVE(y[3], exp(700.0), 4e-16);
}

/* p, q: n numbers and one that is not read. */
static void check_plan_sums(const double *p, const double *q, size_t n)
{
    double c[72], columns[72], scaled[72], cost = 0.0, sum = 0.0;

    columns[n] = scaled[n] = 7.0; /* are not written */
    for (size_t i = 0; i < n; i++) {
        c[i] = p[i] > 0.0 ? q[i] - 0.5 : inf;
        columns[i] = q[i];
        scaled[i] = p[i];
        cost += p[i] > 0.0 ? p[i] * c[i] : 0.0;
        sum += p[i];
    }
    CHECK_NEAR(sinkhorn_kernel_cost(c, p, n), cost, 1e-15 * (1.0 + sum));
    CHECK_NEAR(sinkhorn_kernel_marginal(columns, p, n), sum, 1e-15 * (1.0 + sum));
    sinkhorn_kernel_scale(scaled, 3.0, q, n);
    CHECK_TRUE(columns[n] == 7.0 && scaled[n] == 7.0);
    for (size_t i = 0; i < n; i++) {
        CHECK_TRUE(columns[i] == q[i] + p[i]);
        CHECK_RELATIVE(scaled[i], 3.0 * p[i] * q[i], 1e-15);
    }
}

static void kernel_sums_agree_with_plain_loops(void **state)
{
    (void)state;
    struct rng r = rng_stream(2, "sums");
    double p[71], q[71];

    for (size_t n = 0; n <= 70; n++) {
        double entropy = 0.0, dot = 0.0, largest = -inf, filled = 0.0, k[71];
        p[n] = q[n] = nan_value; /* is not read */
        k[n] = 7.0;              /* is not written */
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
        CHECK_TRUE(k[n] == 7.0);
        for (size_t i = 0; i < n; i++)
            CHECK_RELATIVE(k[i], exp(q[i] - 3.0 * p[i] - 0.25), 1e-15);
        sinkhorn_kernel_axpy(k, 2.0, q, n);
        CHECK_TRUE(k[n] == 7.0);
        for (size_t i = 0; i < n; i++)
            CHECK_RELATIVE(k[i], exp(q[i] - 3.0 * p[i] - 0.25) + 2.0 * q[i], 1e-15);
        check_plan_sums(p, q, n);
    }
}

static void kernel_column_sums_are_those_of_a_plain_loop(void **state)
{
    (void)state;
    struct rng r = rng_stream(3, "columns");
    double c[4][20], largest[20], sum[20];

    for (size_t n = 0; n < 20; n++) {
        for (size_t j = 0; j < 20; j++) {
            largest[j] = -inf;
            sum[j] = 0.0;
            for (size_t i = 0; i < 4; i++)
                c[i][j] = rng_uniform(&r);
        }
        for (size_t i = 0; i < 4; i++)
            sinkhorn_kernel_column_max(largest, c[i], 0.5 * (double)i, 3.0, n);
        for (size_t i = 0; i < 4; i++)
            sinkhorn_kernel_column_add(sum, c[i], 0.5 * (double)i, 3.0, largest, n);
        for (size_t j = 0; j < 20; j++) {
            double top = -inf, expected = 0.0;

            for (size_t i = 0; i < 4; i++)
                top = fmax(top, 0.5 * (double)i - 3.0 * c[i][j]);
            for (size_t i = 0; i < 4; i++)
                expected += exp(0.5 * (double)i - 3.0 * c[i][j] - top);
            CHECK_TRUE(largest[j] == (j < n ? top : -inf));
            CHECK_RELATIVE(sum[j], j < n ? expected : 0.0, 1e-15);
        }
    }
}

/* One entry at a time: the logarithm over its whole range, relative to p. */
static void kernel_entropy_is_exact_for_any_size_of_mass(void **state)
{
    (void)state;
    for (double p = 1e-299; p < 1e300; p *= 3.7)
        CHECK_RELATIVE(sinkhorn_kernel_entropy(&p, 1), p * log(p), 1e-15);
    const double tiny = 1e-301, near[2] = {1.0 + 1e-9, 1.0 - 1e-9};
    CHECK_TRUE(sinkhorn_kernel_entropy(&tiny, 1) == 0.0);
    CHECK_RELATIVE(sinkhorn_kernel_entropy(&near[0], 1), near[0] * log1p(near[0] - 1.0), 1e-15);
    CHECK_RELATIVE(sinkhorn_kernel_entropy(&near[1], 1), near[1] * log1p(near[1] - 1.0), 1e-15);
}

static void kernel_range_sees_every_entry(void **state)
{
    const double bad[2] = {nan_value, -inf};
    double c[151];

    (void)state;
    for (size_t n = 1; n <= 150; n += n < 5 ? 1 : 29)
        for (size_t at = 0; at < n; at++) {
            double low = inf, high = -inf;

            for (size_t i = 0; i < n; i++)
                c[i] = i % 3 == 1 ? inf : 0.5;
            c[n] = -inf; /* is not read */
            c[at] = -2.0;
            CHECK_TRUE(sinkhorn_kernel_range(c, n, &low, &high) && low == -2.0);
            CHECK_TRUE(high == (n > 3 || (n > 1 && at > 0) || (n > 2 && at < 2) ? 0.5 : -2.0));
            c[at] = 9.0;
            CHECK_TRUE(sinkhorn_kernel_range(c, n, &low, &high) && low == -2.0 && high == 9.0);
            for (size_t t = 0; t < 2; t++) {
                c[at] = bad[t];
                CHECK_TRUE(!sinkhorn_kernel_range(c, n, &low, &high));
            }
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

/* Everything in the report again, from the potentials and the plan alone. */
static void check_report(const struct example *e, const struct sinkhorn_result *r, double eps,
                         double tolerance)
{
    const size_t n = e->c.rows, k = e->c.cols;
    const double mass = vec_sum(&e->a);
    struct mat made = mat_zero(&mem, n, k);
    double dual = 0.0, primal = 0.0, cost = 0.0;

    for (size_t i = 0; i < n * k; i++) {
        const double product = e->a.x[i / k] * e->b.x[i % k] / mass, p = r->plan.a[i];

        made.a[i] = product * exp((r->f.x[i / k] + r->g.x[i % k] - e->c.a[i]) / eps);
        dual -= eps * (made.a[i] - product);
        cost += p > 0.0 ? p * e->c.a[i] : 0.0;
        primal += eps * (p > 0.0 ? p * log(p / product) - p + product : product);
    }
    dual += vec_dot(&e->a, &r->f) + vec_dot(&e->b, &r->g);
    CHECK_NEAR(r->raw_error, marginal_error(&made, &e->a, &e->b), 1e-12 * mass);
    CHECK_TRUE((r->report.status == STATUS_OK) == (r->raw_error <= tolerance * mass));
    CHECK_NEAR(r->report.marginal_error, marginal_error(&r->plan, &e->a, &e->b), 1e-14 * mass);
    CHECK_NEAR(r->report.dual, dual, 1e-12 * mass);
    CHECK_NEAR(r->cost, cost, 1e-13 * mass);
    CHECK_NEAR(r->report.primal, primal + cost, 1e-12 * mass);
    CHECK_TRUE(!r->rounded || r->report.dual <= r->report.primal + 1e-14 * mass);
    CHECK_NEAR(vec_dot(&e->a, &r->f), vec_dot(&e->b, &r->g), 1e-13 * mass);
}

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

/* Points each with a near partner, eps far below their distances: the plan is nearly a permutation,
 * its scalings nearly free, and sweeps alone would take more than 1e5. */
static void near_clouds_are_no_harder_than_others(void **state)
{
    const size_t sizes[3] = {20, 50, 100};

    (void)state;
    for (size_t t = 0; t < 3; t++) {
        const size_t n = sizes[t];
        struct rng r = rng_stream(t, "near");
        const struct mat x = mat_normal(&mem, &r, n, 2, 1.0), y = mat_copy(&mem, &x);
        const struct mat moved = mat_normal(&mem, &r, n, 2, 1e-3);
        struct example e = line(n, n, 1);
        struct vec zeros = vec_zero(&mem, n);

        for (size_t i = 0; i < 2 * n; i++)
            y.a[i] += moved.a[i];
        CHECK_STATUS(cost_squared(&mem, &x, &y, &e.c), STATUS_OK);
        struct sinkhorn_options o = {.eps = 0.005 * 4.0};
        const struct sinkhorn_result cold = solved(&e, o);
        o.f = &zeros;
        const struct sinkhorn_result warm = solved(&e, o);

        CHECK_TRUE(cold.report.iterations < 5000 && warm.report.iterations < 5000);
        CHECK_NEAR(warm.cost, cold.cost, 1e-7);
        check_report(&e, &cold, o.eps, 1e-9);
        check_report(&e, &warm, o.eps, 1e-9);
    }
}

/* From 1 down to 1e-90. */
static void weights_of_all_sizes_work(void **state)
{
    (void)state;
    struct example e = line(20, 20, 1);

    for (size_t i = 0; i < 20; i++) {
        e.a.x[i] = pow(10.0, -4.7 * (double)i);
        e.b.x[i] = pow(10.0, -4.7 * (double)(19 - i));
    }
    vec_scale(&e.a, 1.0 / vec_sum(&e.a));
    vec_scale(&e.b, 1.0 / vec_sum(&e.b));
    const struct sinkhorn_result r = solved(&e, (struct sinkhorn_options){.eps = 1e-4});
    CHECK_NEAR(marginal_error(&r.plan, &e.a, &e.b), 0.0, 1e-14);
    check_report(&e, &r, 1e-4, 1e-9);
}

/* Two pairs, one of a weight of 1e-90, and eps a tenth each time: its entry would grow by e^1800.
 * Wherever a cap falls, the rows have their sums. */
static void a_drop_of_eps_never_overflows(void **state)
{
    double cost[4] = {0, 1, 1, 0}, weights[2] = {1.0, 1e-90};
    const struct example e = {
        mat_over(cost, 2, 2), vec_over(weights, 2), vec_over(weights, 2), {0}, {0}};
    const struct sinkhorn_problem p = problem_of(&e);
    size_t capped = 0;

    (void)state;
    for (size_t cap = 1; cap < 20; cap++) {
        struct sinkhorn_result r;
        const struct sinkhorn_options o = {.eps = 1e-5, .scaling = 0.1, .max_iterations = cap};
        const enum status status = sinkhorn_solve(&r, &p, &o, &mem);

        capped += status != STATUS_OK;
        CHECK_TRUE(status == STATUS_OK || status == STATUS_NO_CONVERGENCE);
        CHECK_TRUE(r.raw_error <= 2.0 && fabs(r.report.dual) <= 1.0);
    }
    CHECK_TRUE(capped < 19);
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

/* ---- what is said of an answer ---- */

/* Sizes around the blocks that memory comes in; zero weights, forbidden entries, any mass, any eps,
 * caps: what a run that converged says holds of its potentials, and what one that did not says. */
static void reports_hold_of_the_potentials(void **state)
{
    size_t finished = 0, capped = 0, rounded = 0;

    (void)state;
    for (size_t t = 0; t < 60; t++) {
        struct rng r = rng_stream(t, "reports");
        struct example e = line(1 + (7 * t) % 17, 1 + (11 * t) % 25, 0);
        const size_t n = e.c.rows, k = e.c.cols;
        const struct sinkhorn_problem p = problem_of(&e);
        const struct sinkhorn_options o = {.eps = pow(10.0, -2.5 * rng_uniform(&r)),
                                           .tolerance = pow(10.0, -4.0 - 6.0 * rng_uniform(&r)),
                                           .max_iterations = t % 3 == 0 ? 1 + t % 8 : 0,
                                           .raw = t % 4 == 0};
        struct sinkhorn_result result;

        if (n > 2)
            e.a.x[t % n] = 0.0;
        if (k > 2)
            e.b.x[t % k] = 0.0;
        for (size_t i = 0; n > 2 && k > 2 && i < n * k; i++)
            if (i / k % 3 == 1 && i % k % 3 == 2)
                e.c.a[i] = inf;
        const double mass = pow(10.0, 6.0 * rng_uniform(&r) - 3.0);
        vec_scale(&e.a, mass / vec_sum(&e.a));
        vec_scale(&e.b, mass / vec_sum(&e.b));
        const enum status status = sinkhorn_solve(&result, &p, &o, &mem);
        CHECK_TRUE(status == result.report.status);
        CHECK_TRUE(status == STATUS_OK || (t % 3 == 0 && status == STATUS_NO_CONVERGENCE));
        CHECK_TRUE(t % 3 != 0 || result.report.iterations <= o.max_iterations);
        CHECK_TRUE(status == STATUS_OK || result.report.iterations == o.max_iterations);
        CHECK_TRUE(!(o.raw && result.rounded));
        CHECK_TRUE(result.rounded ? result.report.marginal_error <= 1e-13 * mass
                                  : result.report.marginal_error == result.raw_error);
        rounded += (size_t)result.rounded;
        check_report(&e, &result, o.eps, o.tolerance);
        finished += status == STATUS_OK;
        capped += status != STATUS_OK;
    }
    CHECK_TRUE(finished > 40 && capped > 5 && rounded > 10);
}

/* The way there does not matter. */
static void levels_of_eps_change_the_sweeps_alone(void **state)
{
    const struct example e = line(16, 24, 0);
    const double scalings[4] = {0.9, 0.5, 0.05, 1e-9};
    const struct sinkhorn_options o = {.eps = 1e-3, .tolerance = 1e-12};
    const struct sinkhorn_result r = solved(&e, o);
    struct sinkhorn_options quarter = o;

    (void)state;
    quarter.scaling = 0.25;
    CHECK_TRUE(solved(&e, quarter).report.iterations == r.report.iterations); /* the default */
    for (size_t t = 0; t < 4; t++) {
        struct sinkhorn_options other = o;

        other.scaling = scalings[t];
        const struct sinkhorn_result q = solved(&e, other);
        CHECK_NEAR(distance(&q.plan, &r.plan), 0.0, 1e-10);
        CHECK_TRUE(t > 0 || q.report.iterations > r.report.iterations);
    }
}

/* Equal points: the cost is one number, the plan the product of the weights. */
static void diameter_of_zero_gives_the_product(void **state)
{
    struct example e = line(9, 14, 0);
    const double costs[3] = {0.0, 3.0, -2.0};

    (void)state;
    for (size_t t = 0; t < 6; t++) {
        struct vec flat = mat_flat(&e.c);

        vec_fill(&flat, costs[t % 3]);
        const double eps = t < 3 ? 1.0 : 1e-6;
        const struct sinkhorn_result r = solved(&e, (struct sinkhorn_options){.eps = eps});
        for (size_t i = 0; i < 9 * 14; i++)
            CHECK_RELATIVE(r.plan.a[i], e.a.x[i / 14] * e.b.x[i % 14], 1e-8);
        CHECK_NEAR(r.cost, costs[t % 3], 1e-14);
        CHECK_NEAR(r.report.primal, costs[t % 3], 1e-9);
        CHECK_TRUE(r.report.iterations <= 3);
    }
}

/* 1e32 for "never": the others are as exact as with infinity. */
static void huge_costs_work_as_forbidden_entries(void **state)
{
    struct example e = line(8, 8, 1);

    (void)state;
    for (size_t i = 0; i < 64; i++)
        e.c.a[i] = i % 9 == 0 || i % 9 == 1 ? e.c.a[i] : inf;
    const struct sinkhorn_options o = {.eps = 0.05, .tolerance = 1e-11};
    const struct sinkhorn_result r = solved(&e, o);
    for (size_t i = 0; i < 64; i++)
        e.c.a[i] = e.c.a[i] < inf ? e.c.a[i] : 1e32;
    const struct sinkhorn_result huge = solved(&e, (struct sinkhorn_options){
                                                      .eps = 0.05, .tolerance = 1e-11, .raw = 1});
    CHECK_NEAR(distance(&huge.plan, &r.plan), 0.0, 1e-9);
    CHECK_NEAR(huge.cost, r.cost, 1e-9);
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

/* Rows have 3/8 too much and 1/8 too little; what is left over goes where columns lack it. */
static void rounding_is_that_of_its_formula(void **state)
{
    double plan[4] = {0.5, 0.5, 0.0, 0.25}, half[4] = {0.625, 0.375, 0.5, 0.5};
    double scratch[8], none[4] = {0.25, 0.375, 0.25, 0.125};
    struct mat p = mat_over(plan, 2, 2);
    const struct vec a = vec_over(half, 2), b = vec_over(half + 2, 2);

    (void)state; /* x = (5/8, 1), y = (1, 8/9): 5/16, 5/18; 0, 2/9; left 5/144, 11/72; 3/16 */
    CHECK_STATUS(sinkhorn_round(&p, &a, &b, NULL, scratch), STATUS_OK);
    CHECK_NEAR(plan[0], 5.0 / 16 + 5.0 / 144, 1e-15);
    CHECK_NEAR(plan[1], 5.0 / 18, 1e-15);
    CHECK_NEAR(plan[2], 11.0 / 72, 1e-15);
    CHECK_NEAR(plan[3], 2.0 / 9, 1e-15);
    p = mat_over(none, 2, 2); /* has its marginals: stays to the bit */
    CHECK_STATUS(sinkhorn_round(&p, &a, &b, NULL, scratch), STATUS_OK);
    CHECK_TRUE(none[0] == 0.25 && none[1] == 0.375 && none[2] == 0.25 && none[3] == 0.125);
}

static void rounding_leaves_forbidden_entries_alone(void **state)
{
    double plan[4] = {0.4, 0.0, 0.0, 0.4}, before[4], cost[4] = {0, inf, inf, 0};
    double scratch[9] = {0}, half[2] = {0.5, 0.5};
    struct mat p = mat_over(plan, 2, 2);
    const struct mat c = mat_over(cost, 2, 2);
    const struct vec w = vec_over(half, 2);

    (void)state;
    memcpy(before, plan, sizeof plan);
    scratch[8] = 7.0;
    for (int t = 0; t < 2; t++) { /* the remainder is a product: it needs both */
        CHECK_STATUS(sinkhorn_round(&p, &w, &w, &c, scratch), STATUS_NOTHING);
        CHECK_TRUE(memcmp(before, plan, sizeof plan) == 0);
        CHECK_MESSAGE("forbidden");
        cost[1] = 0.0;
    }
    CHECK_TRUE(scratch[8] == 7.0);
    cost[2] = 0.0;
    CHECK_STATUS(sinkhorn_round(&p, &w, &w, &c, scratch), STATUS_OK);
    CHECK_NEAR(plan[1], 0.05, 1e-15);
    struct example e = line(8, 8, 1); /* a triangle has one plan, which sweeps reach slowly */
    for (size_t i = 0; i < 64; i++)
        e.c.a[i] = i % 8 <= i / 8 ? 1.0 : inf;
    struct sinkhorn_result r;
    const struct sinkhorn_problem q = problem_of(&e);
    CHECK_STATUS(sinkhorn_solve(&r, &q, &(struct sinkhorn_options){.eps = 0.1, .tolerance = 0.1},
                                &mem),
                 STATUS_OK);
    CHECK_TRUE(!r.rounded && r.report.marginal_error == r.raw_error && r.raw_error > 1e-3);
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(kernel_exp_agrees_with_libm),
        TEST(kernel_sums_agree_with_plain_loops),
        TEST(kernel_column_sums_are_those_of_a_plain_loop),
        TEST(kernel_entropy_is_exact_for_any_size_of_mass),
        TEST(kernel_range_sees_every_entry),
        TEST(closed_form_of_two_points),
        TEST(naive_fixed_point_agrees),
        TEST(small_eps_approaches_the_sorting_cost),
        TEST(marginals_hold_to_what_was_asked),
        TEST(plan_follows_from_the_potentials),
        TEST(tiny_eps_does_not_underflow),
        TEST(warm_start_saves_sweeps),
        TEST(near_clouds_are_no_harder_than_others),
        TEST(weights_of_all_sizes_work),
        TEST(a_drop_of_eps_never_overflows),
        TEST(zero_weights_give_empty_lines_and_right_potentials),
        TEST(float_rounded_and_unnormalised_weights_work),
        TEST(one_row_has_one_plan),
        TEST(forbidden_entries_stay_empty),
        TEST(reports_hold_of_the_potentials),
        TEST(levels_of_eps_change_the_sweeps_alone),
        TEST(diameter_of_zero_gives_the_product),
        TEST(huge_costs_work_as_forbidden_entries),
        TEST(bad_input_is_refused),
        TEST(bad_options_are_refused),
        TEST(inputs_are_not_read_beyond_their_ends),
        TEST(infeasible_problems_are_named),
        TEST(support_counts_weights),
        TEST(hard_problems_are_not_called_infeasible),
        TEST(iteration_cap_is_reported),
        TEST(iterations_allocate_nothing),
        TEST(rounding_gives_exact_marginals),
        TEST(rounding_is_that_of_its_formula),
        TEST(rounding_leaves_forbidden_entries_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
