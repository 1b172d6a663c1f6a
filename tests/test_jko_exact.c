/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JKO step without entropy: closed forms, its optimality by an exact transport solver and a
 * naive dual value, the entropic steps that tend to it. */
#include "test.h"

#include "base/memory.h"
#include "base/rng.h"
#include "linalg/mat.h"
#include "linalg/vec.h"
#include "transport/exact_transport.h"
#include "transport/jko.h"

static const double inf = (double)INFINITY;

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static struct vec axis(size_t n, double low, double high)
{
    struct vec x = vec_zero(&mem, n);

    for (size_t i = 0; i < n; i++)
        x.x[i] = low + (high - low) * (double)i / (double)(n - 1);
    return x;
}

/* A step to be made: what jko_init takes, q and where the answer goes. */
struct step {
    struct jko_grid grid;
    struct mat a; /* N x G */
    struct vec y; /* N */
    double tau;
    struct vec q, p, u; /* G, G, N */
};

/* Random A and masses, every fifth 0, on 6 x 5 points for each species. */
static struct step random_step(size_t trial, size_t species, size_t N)
{
    struct rng r = rng_stream(trial, "exact step");
    const size_t G = 30 * species;
    const double scale = pow(10, 2 * rng_uniform(&r) - 1);
    struct step t = {.grid = {.axes = 2, .axis = {axis(6, -1, 1), axis(5, 0, 1)},
                              .species = species},
                     .a = mat_normal(&mem, &r, N, G, scale), .y = vec_normal(&mem, &r, N, scale),
                     .tau = pow(10, 1.5 - 2 * rng_uniform(&r)), .q = vec_zero(&mem, G),
                     .p = vec_zero(&mem, G), .u = vec_zero(&mem, N)};

    for (size_t g = 0; g < G; g++)
        t.q.x[g] = g % 5 == 3 ? 0 : rng_uniform(&r) / 30;
    return t;
}

static struct jko solver_of(const struct step *t, double gam)
{
    struct jko s;

    CHECK_STATUS(jko_init(&s, &mem, &t->grid, &t->a, &t->y, gam, t->tau, JKO_AUTO), STATUS_OK);
    return s;
}

static struct jko_report stepped(struct step *t)
{
    struct jko s = solver_of(t, 1);
    struct jko_report report;

    CHECK_STATUS(jko_exact(&s, &t->p, &t->u, &t->q, 1e-13, 1000, &report), STATUS_OK);
    CHECK_TRUE(transport_accepts(&report.transport, 1e-12));
    return report;
}

/* |theta_g - theta_h|^2 of two points of the 6 x 5 grid. */
static double distance(const struct step *t, size_t g, size_t h)
{
    const double *x = t->grid.axis[0].x, *z = t->grid.axis[1].x;
    const double dx = x[g / 5] - x[h / 5], dz = z[g % 5] - z[h % 5];

    return dx * dx + dz * dz;
}

/* Sum over species of W2^2(p, q), by the solver for plans. */
static double transport_cost(const struct step *t)
{
    struct mat cost = mat_zero(&mem, 30, 30);
    double sum = 0;

    for (size_t g = 0; g < 900; g++)
        cost.a[g] = distance(t, g / 30, g % 30);
    for (size_t k = 0; k < t->p.n / 30; k++) {
        const struct vec p = vec_over(t->p.x + 30 * k, 30), q = vec_over(t->q.x + 30 * k, 30);
        struct exact_transport plan;

        CHECK_STATUS(exact_transport_solve(&mem, &cost, &p, &q, &plan), STATUS_OK);
        sum += plan.report.primal;
    }
    return sum;
}

/* tau (-1/2 |u|^2 - <y, u> + sum_j q_j min_i (A^T u)_i + c_ij / tau), pair by pair. */
static double dual_value(const struct step *t)
{
    double sum = -t->tau * (0.5 * vec_dot(&t->u, &t->u) + vec_dot(&t->y, &t->u));
    struct vec price = vec_zero(&mem, t->p.n);

    mat_vec_add(&price, t->tau, &t->a, MAT_TRANSPOSED, &t->u, 0);
    for (size_t h = 0; h < t->q.n; h++) {
        double least = inf;

        for (size_t g = h / 30 * 30; g < h / 30 * 30 + 30; g++)
            least = fmin(least, price.x[g] + distance(t, g % 30, h % 30));
        sum += t->q.x[h] * least;
    }
    return sum;
}

/* tau / 2 |A p - y|^2 */
static double misfit(const struct step *t)
{
    struct vec z = vec_copy(&mem, &t->y);

    mat_vec_add(&z, 1, &t->a, MAT_AS_IS, &t->p, -1);
    return 0.5 * t->tau * vec_dot(&z, &z);
}

/* ---- closed forms ---- */

/* Mass m of 1 goes from 0 to L where A is 0 and 1: m L^2 + tau / 2 (m - y)^2 is least at
 * m = y - L^2 / tau, between 0 and 1. */
static void mass_splits_between_two_points(void **state)
{
    const double length = 0.5, ys[] = {0.1, 0.4, 0.7, 2}, tau = 1;

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        struct step t = {.grid = {.axes = 1, .axis = {axis(2, 0, length)}},
                         .a = mat_zero(&mem, 1, 2), .y = vec_zero(&mem, 1), .tau = tau,
                         .q = vec_zero(&mem, 2), .p = vec_zero(&mem, 2), .u = vec_zero(&mem, 1)};
        const double m = fmin(1, fmax(0, ys[k] - length * length / tau));

        t.a.a[1] = 1;
        t.y.x[0] = ys[k];
        t.q.x[0] = 1;
        const struct jko_report report = stepped(&t);

        CHECK_NEAR(t.p.x[0], 1 - m, 1e-14);
        CHECK_NEAR(t.p.x[1], m, 1e-14);
        CHECK_NEAR(t.u.x[0], m - ys[k], 1e-14);
        CHECK_NEAR(report.transport.primal,
                   m * length * length + tau / 2 * (m - ys[k]) * (m - ys[k]), 1e-14);
    }
}

/* f = (theta - y)^2 / 2: the first cell of length h is entered where tau / 2 |f'| > h / 2. */
static void grid_locks_below_half_a_cell(void **state)
{
    const double h = 0.1, y = 2;

    (void)state;
    for (int k = 0; k < 2; k++) {
        struct step t = {.grid = {.axes = 1, .axis = {axis(11, 0, 1)}},
                         .a = mat_zero(&mem, 1, 11), .y = vec_zero(&mem, 1),
                         .tau = (k == 0 ? 0.999 : 1.001) * h / y, .q = vec_zero(&mem, 11),
                         .p = vec_zero(&mem, 11), .u = vec_zero(&mem, 1)};

        vec_set(&(struct vec){11, t.a.a}, &t.grid.axis[0]);
        t.y.x[0] = y;
        t.q.x[0] = 1;
        (void)stepped(&t);
        CHECK_TRUE((t.p.x[0] == 1) == (k == 0));
        CHECK_TRUE((t.p.x[1] > 0) == (k == 1));
    }
}

/* ---- optimality ---- */

static void plan_is_optimal_and_the_bound_is_true(void **state)
{
    size_t moved = 0, most = 0;

    (void)state;
    for (size_t trial = 0; trial < 60; trial++) {
        struct step t = random_step(trial, 1 + trial % 2, 1 + trial % 7);
        const struct jko_report report = stepped(&t);

        CHECK_RELATIVE(report.transport.primal, transport_cost(&t) + misfit(&t), 1e-12);
        CHECK_RELATIVE(report.transport.dual, dual_value(&t), 1e-12);
        for (size_t g = 0; g < t.p.n; g++) {
            CHECK_TRUE(t.p.x[g] >= 0);
            moved += fabs(t.p.x[g] - t.q.x[g]) > 1e-6;
        }
        for (size_t k = 0; k < 1 + trial % 2; k++)
            CHECK_NEAR(vec_sum(&(struct vec){30, t.p.x + 30 * k}),
                       vec_sum(&(struct vec){30, t.q.x + 30 * k}), 1e-14);
        CHECK_TRUE(report.transport.marginal_error >= 0 && report.residual == 0);
        most = report.transport.iterations > most ? report.transport.iterations : most;
    }
    CHECK_TRUE(moved > 600);
    CHECK_TRUE(most >= 5 && most <= 100);
}

/* min H_gam lies above min H_0 by at most mass gam log G / tau, and |u_gam - u_0|^2 / 2 is at most
 * that, for H_0 is strongly convex. */
static void entropic_steps_tend_to_it(void **state)
{
    const double gams[] = {1e-1, 1e-2, 1e-3};

    (void)state;
    for (size_t trial = 0; trial < 6; trial++) {
        struct step t = random_step(trial, 2, 3);
        const struct jko_report report = stepped(&t);
        double last = inf;

        for (int k = 0; k < 3; k++) {
            struct jko s = solver_of(&t, gams[k]);
            struct vec p = vec_zero(&mem, t.p.n), u = vec_copy(&mem, &t.u);
            struct jko_report entropic;
            const double room = vec_sum(&t.q) * gams[k] * log(30) / t.tau;

            CHECK_STATUS(jko_newton(&s, &p, &u, &t.q, 1e-10, 100, &entropic), STATUS_OK);
            vec_axpy(&u, -1, &t.u);
            CHECK_TRUE(0.5 * vec_dot(&u, &u) <= room);
            double entropy = 0; /* sum q log q - q, by which the dual values differ as well */

            for (size_t g = 0; g < t.q.n; g++)
                entropy += t.q.x[g] > 0 ? t.q.x[g] * (log(t.q.x[g]) - 1) : 0;
            const double below = report.transport.dual -
                                 (entropic.transport.dual - gams[k] * entropy);

            CHECK_TRUE(below >= -1e-9 && below <= t.tau * room + 1e-9);
            CHECK_TRUE(below < last);
            last = below;
        }
    }
}

/* ---- the rest ---- */

static void cap_is_reported_with_bounds_on_both_sides(void **state)
{
    struct step t = random_step(3, 2, 5);
    const struct jko_report best = stepped(&t);
    struct jko s = solver_of(&t, 1);

    (void)state;
    CHECK_TRUE(best.transport.iterations > 4);
    for (size_t most = 0; most < 4; most++) {
        struct jko_report cut;

        vec_fill(&t.u, 0);
        CHECK_STATUS(jko_exact(&s, &t.p, &t.u, &t.q, 1e-13, most, &cut), STATUS_NO_CONVERGENCE);
        CHECK_MESSAGE("corners");
        CHECK_TRUE(cut.transport.iterations == most);
        CHECK_TRUE(cut.transport.status == STATUS_NO_CONVERGENCE);
        CHECK_TRUE(cut.transport.dual < best.transport.primal);
        CHECK_TRUE(cut.transport.primal > best.transport.primal);
        CHECK_RELATIVE(cut.transport.dual, dual_value(&t), 1e-12);
        CHECK_TRUE(cut.transport.primal >= transport_cost(&t) + misfit(&t) - 1e-12);
    }
}

static void no_memory_is_taken_and_p_may_be_q(void **state)
{
    struct step t = random_step(4, 2, 4), other = random_step(4, 2, 4);
    struct jko s = solver_of(&t, 1);
    struct jko_report report;

    (void)state;
    (void)stepped(&other);
    const size_t before = memory_count();

    CHECK_STATUS(jko_exact(&s, &t.q, &t.u, &t.q, 1e-13, 1000, &report), STATUS_OK);
    CHECK_TRUE(memory_count() == before);
    for (size_t g = 0; g < t.q.n; g++)
        CHECK_TRUE(t.q.x[g] == other.p.x[g]);
}

static void bad_input_is_refused(void **state)
{
    struct step t = random_step(5, 1, 2);
    struct jko s = solver_of(&t, 1);
    struct jko_report report;

    (void)state;
    t.q.x[7] = -1;
    CHECK_STATUS(jko_exact(&s, &t.p, &t.u, &t.q, 1e-13, 10, &report), STATUS_USAGE);
    CHECK_MESSAGE("grid point 7");
    CHECK_TRUE(report.transport.status == STATUS_USAGE);
    t.q.x[7] = inf;
    CHECK_STATUS(jko_exact(&s, &t.p, &t.u, &t.q, 1e-13, 10, &report), STATUS_DIVERGED);
    CHECK_MESSAGE("q, entry 7 is inf");
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mass_splits_between_two_points),
        TEST(grid_locks_below_half_a_cell),
        TEST(plan_is_optimal_and_the_bound_is_true),
        TEST(entropic_steps_tend_to_it),
        TEST(cap_is_reported_with_bounds_on_both_sides),
        TEST(no_memory_is_taken_and_p_may_be_q),
        TEST(bad_input_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
