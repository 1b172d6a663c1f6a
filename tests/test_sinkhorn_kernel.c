/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inner loops of entropic transport against libm and plain loops. */
#include "test.h"

#include "sinkhorn_naive.h"
#include "transport/sinkhorn_kernel.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(kernel_exp_agrees_with_libm),
        TEST(kernel_sums_agree_with_plain_loops),
        TEST(kernel_column_sums_are_those_of_a_plain_loop),
        TEST(kernel_entropy_is_exact_for_any_size_of_mass),
        TEST(kernel_range_sees_every_entry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
