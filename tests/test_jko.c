/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JKO steps on grids: three solvers against each other, the blur that the entropy adds, optimality
 * measured from outside. */
#include "test.h"

#include "base/memory.h"
#include "base/rng.h"
#include "linalg/mat.h"
#include "linalg/vec.h"
#include "jko_flow.h"

static const double inf = (double)INFINITY;

static int release(void **state)
{
    (void)state;
    memory_fail_at(0);
    arena_free(&mem);
    return 0;
}

/* ---- the kernel ---- */

static void kernel_of_a_product_grid_is_the_full_one(void **state)
{
    const size_t n[3] = {4, 1, 3};
    struct rng r = rng_stream(1, "kernel");
    struct jko_grid grid = {.axes = 3};
    const struct mat a = mat_zero(&mem, 1, 12);
    const struct vec y = vec_zero(&mem, 1), in = vec_normal(&mem, &r, 12, 4);
    struct vec out = vec_zero(&mem, 12);

    (void)state;
    for (size_t k = 0; k < 3; k++)
        grid.axis[k] = vec_normal(&mem, &r, n[k], 1);
    for (int k = 0; k < 2; k++) {
        const enum jko_kernel kernel = k == 0 ? JKO_AUTO : JKO_LOG;
        struct jko s;

        CHECK_STATUS(jko_init(&s, &mem, &grid, &a, &y, 0.3, 1, kernel), STATUS_OK);
        jko_apply(&s, &in, &out);
        for (size_t g = 0; g < 12; g++) {
            double sum = 0;

            for (size_t h = 0; h < 12; h++) {
                const double dx = grid.axis[0].x[g / 3] - grid.axis[0].x[h / 3];
                const double dz = grid.axis[2].x[g % 3] - grid.axis[2].x[h % 3];

                sum += exp(in.x[h] - (dx * dx + dz * dz) / 0.3);
            }
            CHECK_NEAR(out.x[g], log(sum), 1e-13);
        }
        CHECK_TRUE(s.underflow == (kernel == JKO_LOG));
    }
}

static void kernel_that_underflows_goes_by_logs(void **state)
{
    const struct jko_grid grid = {.axes = 1, .axis = {axis(2, 0, 10)}};
    const struct mat a = mat_zero(&mem, 1, 2);
    const struct vec y = vec_zero(&mem, 1);
    double values[2] = {0, -inf};
    const struct vec in = vec_over(values, 2);
    struct vec out = vec_zero(&mem, 2);
    struct jko s;

    (void)state;
    CHECK_STATUS(jko_init(&s, &mem, &grid, &a, &y, 0.05, 1, JKO_AUTO), STATUS_OK);
    jko_apply(&s, &in, &out);
    CHECK_TRUE(s.underflow);
    CHECK_NEAR(out.x[0], 0, 0);
    CHECK_RELATIVE(out.x[1], -2000, 1e-14);
    values[0] = -inf;
    jko_apply(&s, &in, &out);
    CHECK_TRUE(out.x[0] == -inf && out.x[1] == -inf);
}

/* a falls to exp(-1000) where q has no mass, which costs nothing; a mass there has to be seen. */
static void only_masses_of_q_ask_for_logs(void **state)
{
    const struct jko_grid grid = {.axes = 1, .axis = {axis(11, 0, 10)}};
    struct mat a = mat_zero(&mem, 1, 11);
    const struct vec y = vec_zero(&mem, 1);
    struct vec q = vec_zero(&mem, 11), p = vec_zero(&mem, 11), u = vec_zero(&mem, 1);
    struct jko_report report;
    struct jko s;

    (void)state;
    for (size_t g = 0; g < 11; g++)
        a.a[g] = 100 * grid.axis[0].x[g];
    CHECK_STATUS(jko_init(&s, &mem, &grid, &a, &y, 0.1, 0.1, JKO_AUTO), STATUS_OK);
    for (int k = 0; k < 2; k++) {
        q.x[k == 0 ? 0 : 10] = 1;
        u.x[0] = 1;
        CHECK_STATUS(jko_newton(&s, &p, &u, &q, 1e-12, 0, &report), STATUS_NO_CONVERGENCE);
        CHECK_TRUE(s.underflow == k);
        CHECK_NEAR(report.transport.marginal_error, 0, 1e-12);
    }
}

/* ---- the prox ---- */

static void prox_fulfils_its_optimality_condition(void **state)
{
    struct flow f = make_flow(21);
    struct jko s = make_solver(&f, 0.02, 0.2, JKO_AUTO);
    struct vec u = vec_zero(&mem, INPUTS), p = vec_zero(&mem, f.p.n), r = vec_copy(&mem, &f.p);
    struct vec residual = vec_copy(&mem, &f.y), slope = vec_zero(&mem, f.p.n);

    (void)state;
    for (size_t g = 0; g < r.n; g++)
        r.x[g] = log(r.x[g]);
    CHECK_STATUS(jko_prox(&s, &p, &u, &r, 1e-13), STATUS_OK);
    mat_vec_add(&residual, 1, &f.a, MAT_AS_IS, &p, -1);
    mat_vec_add(&slope, s.sigma, &f.a, MAT_TRANSPOSED, &residual, 0);
    for (size_t g = 0; g < r.n; g++)
        CHECK_NEAR(log(p.x[g]) - r.x[g] + slope.x[g], 0, 1e-10);
    for (size_t j = 0; j < INPUTS; j++)
        CHECK_NEAR(u.x[j], residual.x[j], 2e-13);
}

/* One row, one grid point: p = r exp(-sigma a (a p - y)). */
static void prox_of_one_point_solves_its_equation(void **state)
{
    const struct jko_grid grid = {.axes = 1, .axis = {axis(1, 0, 0)}};
    double a = 3, y = 2, start = 0, log_r = log(0.5), mass = 0;
    const struct mat am = mat_over(&a, 1, 1);
    const struct vec yv = vec_over(&y, 1), r = vec_over(&log_r, 1);
    struct vec u = vec_over(&start, 1), p = vec_over(&mass, 1);
    struct jko s;

    (void)state;
    CHECK_STATUS(jko_init(&s, &mem, &grid, &am, &yv, 0.1, 0.4, JKO_AUTO), STATUS_OK);
    CHECK_STATUS(jko_prox(&s, &p, &u, &r, 1e-13), STATUS_OK);
    CHECK_RELATIVE(mass, 0.5 * exp(-4 * a * (a * mass - y)), 1e-11);
}

/* ---- the solvers ---- */

static void three_solvers_agree(void **state)
{
    const double gams[] = {0.05, 0.02};
    struct flow f = make_flow(21);
    const size_t G = f.p.n;

    (void)state;
    for (int k = 0; k < 2; k++) {
        struct jko s = make_solver(&f, gams[k], 0.1, JKO_AUTO);
        struct jko_report newton, scaling, dykstra;
        struct vec p[3] = {vec_zero(&mem, G), vec_zero(&mem, G), vec_zero(&mem, G)};
        struct vec u[3] = {vec_zero(&mem, INPUTS), vec_zero(&mem, INPUTS), vec_zero(&mem, INPUTS)};

        CHECK_STATUS(jko_newton(&s, &p[0], &u[0], &f.p, 1e-12, 50, &newton), STATUS_OK);
        CHECK_STATUS(jko_scaling(&s, &p[1], &u[1], &f.p, 1e-12, 3000, &scaling), STATUS_OK);
        CHECK_STATUS(jko_dykstra(&s, &p[2], &u[2], &f.p, 1e-12, 3000, &dykstra), STATUS_OK);
        CHECK_NEAR(l1(&p[0], &p[1]), 0, 1e-10);
        CHECK_NEAR(l1(&p[0], &p[2]), 0, 1e-10);
        CHECK_TRUE(l1(&p[0], &f.p) > 0.1);
        CHECK_TRUE(newton.transport.iterations >= 3 && newton.transport.iterations <= 7);
        CHECK_TRUE(scaling.transport.iterations == dykstra.transport.iterations);
        CHECK_TRUE(transport_accepts(&newton.transport, 1e-12));
        CHECK_TRUE(transport_accepts(&scaling.transport, 1e-11));
        CHECK_TRUE(transport_accepts(&dykstra.transport, 1e-11));
        CHECK_NEAR(newton.residual, 0, 1e-12);
        CHECK_NEAR(scaling.residual, 0, 1e-12);
        CHECK_NEAR(vec_sum(&p[0]), 1, 1e-13);
    }
}

static void corrections_cancel_at_every_iteration(void **state)
{
    struct flow f = make_flow(15);
    struct jko s = make_solver(&f, 0.05, 0.1, JKO_AUTO);
    struct jko_report report;

    (void)state;
    for (size_t most = 1; most <= 16; most *= 2) {
        struct vec p = vec_zero(&mem, f.p.n), p2 = vec_zero(&mem, f.p.n);
        struct vec u = vec_zero(&mem, INPUTS), u2 = vec_zero(&mem, INPUTS);

        CHECK_STATUS(jko_scaling(&s, &p, &u, &f.p, 1e-15, most, &report), STATUS_NO_CONVERGENCE);
        CHECK_MESSAGE("scalings");
        CHECK_TRUE(report.transport.iterations == most);
        CHECK_TRUE(report.transport.marginal_error > 1e-12);
        CHECK_TRUE(report.transport.status == STATUS_NO_CONVERGENCE);
        CHECK_STATUS(jko_dykstra(&s, &p2, &u2, &f.p, 1e-15, most, &report),
                     STATUS_NO_CONVERGENCE);
        CHECK_NEAR(l1(&p, &p2), 0, 1e-12);
    }
}

static void logs_and_matrices_agree(void **state)
{
    struct flow f = make_flow(15); /* some entries of A become negative */
    struct jko_report report;
    struct vec p[2], u = vec_zero(&mem, INPUTS);

    (void)state;
    for (size_t k = 0; k < INPUTS * f.p.n; k++)
        f.a.a[k] -= 0.3;
    for (size_t j = 0; j < INPUTS; j++) /* the smallest entries lie at the ends of a row */
        f.a.a[j * f.p.n + (j % 2 ? 0 : f.p.n - 1)] -= 0.2;
    for (int k = 0; k < 2; k++) {
        const enum jko_kernel kernel = k == 0 ? JKO_AUTO : JKO_LOG;
        struct jko s = make_solver(&f, 0.05, 0.1, kernel);

        p[kernel] = vec_zero(&mem, f.p.n);
        vec_fill(&u, 0);
        CHECK_STATUS(jko_newton(&s, &p[kernel], &u, &f.p, 1e-12, 50, &report), STATUS_OK);
    }
    CHECK_NEAR(l1(&p[0], &p[1]), 0, 1e-12);
}

/* The primal value of every other p that the solver can be asked for is larger, and the dual value
 * is a lower bound at every cap. */
static void dual_value_bounds_from_below(void **state)
{
    struct flow f = make_flow(15);
    struct jko s = make_solver(&f, 0.05, 0.1, JKO_AUTO);
    struct jko_report report, cut;
    struct vec p = vec_zero(&mem, f.p.n), u = vec_zero(&mem, INPUTS);

    (void)state;
    CHECK_STATUS(jko_newton(&s, &p, &u, &f.p, 1e-12, 50, &report), STATUS_OK);
    for (size_t most = 0; most < 3; most++) {
        vec_fill(&u, 0);
        CHECK_STATUS(jko_newton(&s, &p, &u, &f.p, 1e-12, most, &cut), STATUS_NO_CONVERGENCE);
        CHECK_TRUE(cut.transport.dual < report.transport.primal + 1e-14);
        CHECK_TRUE(cut.transport.primal > report.transport.primal - 1e-14);
        CHECK_TRUE(most > 0 || cut.transport.primal - cut.transport.dual > 1e-3);
        CHECK_NEAR(vec_sum(&p), 1, 1e-13); /* mass is kept at every u */
        CHECK_NEAR(cut.transport.marginal_error, 0, 1e-12);
    }
}

/* Small gam and masses of 0: no NaN, the support moves by logs. */
static void masses_of_zero_and_tiny_gam_work(void **state)
{
    struct flow f = make_flow(11);
    struct vec u = vec_zero(&mem, INPUTS), p = vec_zero(&mem, f.p.n), p2 = vec_zero(&mem, f.p.n);
    struct jko_report report;
    struct jko s = make_solver(&f, 2e-3, 1.0, JKO_AUTO);

    (void)state;
    vec_fill(&f.p, 0);
    f.p.x[60] = 0.75;
    f.p.x[7] = 0.25;
    CHECK_STATUS(jko_newton(&s, &p, &u, &f.p, 1e-11, 100, &report), STATUS_OK);
    CHECK_NEAR(vec_sum(&p), 1, 1e-12);
    CHECK_TRUE(transport_accepts(&report.transport, 1e-9));
    s = make_solver(&f, 0.3, 0.3, JKO_AUTO);
    vec_fill(&u, 0);
    CHECK_STATUS(jko_newton(&s, &p, &u, &f.p, 1e-12, 100, &report), STATUS_OK);
    vec_fill(&u, 0);
    CHECK_STATUS(jko_dykstra(&s, &p2, &u, &f.p, 1e-12, 3000, &report), STATUS_OK);
    CHECK_NEAR(l1(&p, &p2), 0, 1e-10);
}

/* Signed A of any scale, gam and tau over three decades, half of the masses 0. */
static void newton_certifies_random_problems(void **state)
{
    struct rng r = rng_stream(7, "random problems");

    (void)state;
    for (int trial = 0; trial < 60; trial++) {
        const double scale = pow(10, rng_uniform(&r) - 0.5);
        const struct jko_grid grid = {.axes = 1, .axis = {axis(30, -1, 1)}};
        const struct mat a = mat_normal(&mem, &r, 3, 30, scale);
        const struct vec y = vec_normal(&mem, &r, 3, scale);
        const double gam = pow(10, -3 * rng_uniform(&r)), tau = pow(10, 1 - 3 * rng_uniform(&r));
        struct vec q = vec_zero(&mem, 30), p = vec_zero(&mem, 30), u = vec_zero(&mem, 3);
        struct jko_report report;
        struct jko s;

        for (size_t g = 0; g < 30; g++)
            q.x[g] = fmax(0, rng_uniform(&r) - 0.5);
        CHECK_STATUS(jko_init(&s, &mem, &grid, &a, &y, gam, tau, JKO_AUTO), STATUS_OK);
        CHECK_STATUS(jko_newton(&s, &p, &u, &q, 1e-12, 100, &report), STATUS_OK);
        CHECK_TRUE(transport_accepts(&report.transport, 1e-10));
        CHECK_NEAR(report.residual, 0, 1e-8);
        CHECK_RELATIVE(vec_sum(&p), vec_sum(&q), 1e-12);
    }
}

static void measure_may_be_changed_in_place_and_no_memory_is_taken(void **state)
{
    struct flow f = make_flow(15);
    struct jko s = make_solver(&f, 0.05, 0.1, JKO_AUTO);
    struct vec p = vec_zero(&mem, f.p.n), u = vec_zero(&mem, INPUTS);
    struct jko_report report;
    const size_t before = memory_count();

    (void)state;
    CHECK_STATUS(jko_newton(&s, &p, &u, &f.p, 1e-12, 50, &report), STATUS_OK);
    vec_fill(&u, 0);
    CHECK_STATUS(jko_newton(&s, &f.p, &u, &f.p, 1e-12, 50, &report), STATUS_OK);
    CHECK_NEAR(l1(&p, &f.p), 0, 0);
    CHECK_STATUS(jko_dykstra(&s, &p, &u, &f.p, 1e-8, 500, &report), STATUS_OK);
    CHECK_TRUE(memory_count() == before);
}

typedef enum status solver(struct jko *, struct vec *, struct vec *, const struct vec *, double,
                           size_t, struct jko_report *);

/* A solver that has made other steps, by each of the four ways, gives a fresh one's bits. */
static void steps_leave_nothing_behind(void **state)
{
    solver *const by[] = {jko_newton, jko_scaling, jko_dykstra, jko_exact};
    struct flow f = make_flow(15);
    struct vec last = vec_copy(&mem, &f.p);
    struct jko used = make_solver(&f, 0.05, 0.1, JKO_AUTO);

    (void)state;
    for (size_t g = 0; g < last.n; g++)
        last.x[g] = g % 3 == 0 ? 1 : 0;
    for (int k = 0; k < 8; k++) {
        struct jko fresh = make_solver(&f, 0.05, 0.1, JKO_AUTO);
        struct vec p = vec_zero(&mem, f.p.n), p2 = vec_copy(&mem, &last);
        struct vec u = vec_zero(&mem, INPUTS), u2 = vec_zero(&mem, INPUTS);
        const struct vec *q = k < 4 ? &f.p : &last;
        struct jko_report a, b;

        CHECK_STATUS(by[k % 4](&fresh, &p, &u, q, 1e-9, 2000, &a), STATUS_OK);
        CHECK_STATUS(by[k % 4](&used, &p2, &u2, q, 1e-9, 2000, &b), STATUS_OK);
        CHECK_TRUE(memcmp(p.x, p2.x, p.n * sizeof(double)) == 0);
        CHECK_TRUE(memcmp(u.x, u2.x, u.n * sizeof(double)) == 0);
        CHECK_TRUE(a.transport.iterations == b.transport.iterations);
        CHECK_TRUE(a.applications == b.applications && a.residual == b.residual);
        CHECK_TRUE(a.transport.primal == b.transport.primal);
        CHECK_TRUE(a.transport.dual == b.transport.dual);
    }
}

/* All grid points at one place: nothing costs anything, and f alone decides. */
static void grid_without_extent_works(void **state)
{
    double places[3] = {1, 1, 1}, values[3] = {0, 1, 2}, y = 1.25, start = 0, masses[3];
    const struct jko_grid grid = {.axes = 1, .axis = {vec_over(places, 3)}};
    const struct mat a = mat_over(values, 1, 3);
    const struct vec yv = vec_over(&y, 1);
    struct vec q = vec_zero(&mem, 3), p = vec_over(masses, 3), u = vec_over(&start, 1);
    struct jko_report report;
    struct jko s;

    (void)state;
    q.x[0] = 1;
    CHECK_STATUS(jko_init(&s, &mem, &grid, &a, &yv, 1e-3, 1, JKO_AUTO), STATUS_OK);
    CHECK_STATUS(jko_exact(&s, &p, &u, &q, 1e-13, 20, &report), STATUS_OK);
    CHECK_NEAR(report.transport.primal, 0, 1e-14); /* y is reached for nothing */
    CHECK_NEAR(masses[1] + 2 * masses[2], y, 1e-14);
    start = 0;
    CHECK_STATUS(jko_newton(&s, &p, &u, &q, 1e-12, 50, &report), STATUS_OK);
    CHECK_NEAR(vec_sum(&p), 1, 1e-13);
    CHECK_NEAR(masses[1] + 2 * masses[2], y, 1e-2);
    CHECK_RELATIVE(masses[1] * masses[1], masses[0] * masses[2], 1e-9); /* exp of a line */
}

/* What is not positive or not finite is refused; where it lies is said. */
static void every_input_is_looked_at(void **state)
{
    const double bad[] = {0, -1, inf, (double)NAN};
    struct flow f = make_flow(5);
    struct jko s;

    (void)state;
    for (int k = 0; k < 4; k++) {
        CHECK_STATUS(jko_init(&s, &mem, &f.grid, &f.a, &f.y, bad[k], 1, JKO_AUTO), STATUS_USAGE);
        CHECK_STATUS(jko_init(&s, &mem, &f.grid, &f.a, &f.y, 1, bad[k], JKO_AUTO), STATUS_USAGE);
    }
    CHECK_MESSAGE("have to be positive");
    CHECK_STATUS(jko_init(&s, &mem, &f.grid, &f.a, &f.y, 1e-300, 1e10, JKO_AUTO), STATUS_USAGE);
    f.y.x[4] = inf;
    CHECK_STATUS(jko_init(&s, &mem, &f.grid, &f.a, &f.y, 1, 1, JKO_AUTO), STATUS_DIVERGED);
    CHECK_MESSAGE("y, entry 4");
    f.y.x[4] = 0;
    f.grid.axis[1] = vec_copy(&mem, &f.grid.axis[1]);
    f.grid.axis[1].x[3] = (double)NAN;
    CHECK_STATUS(jko_init(&s, &mem, &f.grid, &f.a, &f.y, 1, 1, JKO_AUTO), STATUS_DIVERGED);
    CHECK_MESSAGE("coordinates, entry 3");
    f = make_flow(5);
    s = make_solver(&f, 1, 1, JKO_AUTO);
    struct vec u = vec_zero(&mem, INPUTS), p = vec_zero(&mem, 25);
    struct jko_report report;

    u.x[2] = inf;
    CHECK_STATUS(jko_newton(&s, &p, &u, &f.p, 1e-12, 9, &report), STATUS_DIVERGED);
    CHECK_MESSAGE("u, entry 2 is inf");
}

/* ---- several species ---- */

/* The flow's grid twice: neurons that add and neurons that subtract, masses 1 and 1/2. */
static struct flow make_signed_flow(size_t n)
{
    const struct flow f = make_flow(n);
    const size_t G = f.p.n;
    struct flow two = {.grid = f.grid, .a = mat_zero(&mem, INPUTS, 2 * G), .y = f.y,
                       .p = vec_zero(&mem, 2 * G)};

    two.grid.species = 2;
    for (size_t g = 0; g < G; g++) {
        two.p.x[g] = f.p.x[g];
        two.p.x[G + g] = f.p.x[G - 1 - g] / 2;
        for (size_t j = 0; j < INPUTS; j++) {
            two.a.a[j * 2 * G + g] = f.a.a[j * G + g];
            two.a.a[j * 2 * G + G + g] = -f.a.a[j * G + g];
        }
    }
    return two;
}

/* Two species are one on a grid with a further axis, so long that nothing crosses it. */
static void species_are_grids_too_far_apart_for_mass_to_cross(void **state)
{
    struct flow f = make_signed_flow(11), far = f;
    const size_t G = f.p.n;

    (void)state;
    far.grid = (struct jko_grid){.axes = 3, .axis = {axis(2, 0, 1e4), f.grid.axis[0],
                                                     f.grid.axis[1]}};
    for (int k = 0; k < 2; k++) {
        const enum jko_kernel kernel = k == 0 ? JKO_AUTO : JKO_LOG;
        struct jko s = make_solver(&f, 0.2, 0.4, kernel), t = make_solver(&far, 0.2, 0.4, kernel);
        struct vec p = vec_zero(&mem, G), p2 = vec_zero(&mem, G), p3 = vec_zero(&mem, G);
        struct vec u = vec_zero(&mem, INPUTS), u2 = vec_zero(&mem, INPUTS);
        struct jko_report report, other;

        CHECK_STATUS(jko_newton(&s, &p, &u, &f.p, 1e-12, 50, &report), STATUS_OK);
        CHECK_STATUS(jko_newton(&t, &p2, &u2, &f.p, 1e-12, 50, &other), STATUS_OK);
        CHECK_NEAR(l1(&p, &p2), 0, 1e-12);
        CHECK_RELATIVE(report.transport.primal, other.transport.primal, 1e-12);
        CHECK_TRUE(transport_accepts(&report.transport, 1e-11));
        CHECK_TRUE(l1(&p, &f.p) > 0.1);
        vec_fill(&u2, 0);
        CHECK_STATUS(jko_dykstra(&s, &p3, &u2, &f.p, 1e-12, 3000, &report), STATUS_OK);
        CHECK_NEAR(l1(&p, &p3), 0, 1e-10);
        CHECK_NEAR(vec_sum(&(struct vec){G / 2, p.x}), 1, 1e-13);
        CHECK_NEAR(vec_sum(&(struct vec){G / 2, p.x + G / 2}), 0.5, 1e-13);
    }
}

#define SPOTS 7 /* grid points of a species below */

/* sum_g A_g r_g exp(-sigma A_g u) - y - u, which falls with u; r and A have 2 SPOTS. */
static double excess(const double *a, const double *r, double sigma, double y, double u)
{
    double sum = -y - u;

    for (size_t g = 0; g < 2 * SPOTS; g++)
        sum += a[g] * r[g] * exp(-sigma * a[g] * u);
    return sum;
}

/* The scaling loop on the dense block-diagonal kernel, its prox by bisection of one equation. */
static void dense_loop(double *p, const struct vec *x, const double *a, double y, const double *q,
                       double gam, double tau)
{
    double xi[2 * SPOTS][2 * SPOTS] = {{0}}, scale[2 * SPOTS], r[2 * SPOTS];
    double low, high;

    for (size_t g = 0; g < 2 * SPOTS; g++) {
        scale[g] = 1;
        for (size_t h = g / SPOTS * SPOTS; h < g / SPOTS * SPOTS + SPOTS; h++)
            xi[g][h] = exp(-pow(x->x[g % SPOTS] - x->x[h % SPOTS], 2) / gam);
    }
    for (int l = 0; l < 400; l++) {
        for (size_t g = 0; g < 2 * SPOTS; g++)
            r[g] = 0;
        for (size_t h = 0; h < 2 * SPOTS; h++) {
            double sum = 0;

            for (size_t g = 0; g < 2 * SPOTS; g++)
                sum += xi[g][h] * scale[g];
            for (size_t g = 0; g < 2 * SPOTS; g++)
                r[g] += xi[g][h] * q[h] / sum;
        }
        for (low = -50, high = 50; high - low > 1e-15;) {
            const double middle = (low + high) / 2;

            if (middle == low || middle == high)
                break;
            *(excess(a, r, tau / gam, y, middle) > 0 ? &low : &high) = middle;
        }
        for (size_t g = 0; g < 2 * SPOTS; g++) {
            scale[g] = exp(-tau / gam * a[g] * low);
            p[g] = r[g] * scale[g];
        }
    }
}

static void signed_step_is_that_of_the_dense_block_kernel(void **state)
{
    struct rng r = rng_stream(5, "signed");
    const struct jko_grid grid = {.axes = 1, .axis = {axis(SPOTS, -1, 1)}, .species = 2};
    struct mat a = mat_zero(&mem, 1, 2 * SPOTS);
    double y = 0.8, start = 0, expected[2 * SPOTS];
    const struct vec yv = vec_over(&y, 1);
    struct vec q = vec_zero(&mem, 2 * SPOTS), p = vec_zero(&mem, 2 * SPOTS);
    struct vec u = vec_over(&start, 1);
    struct jko_report report;
    struct jko s;

    (void)state;
    for (size_t g = 0; g < 2 * SPOTS; g++) {
        a.a[g] = (g < SPOTS ? 1 : -1) * (0.2 + rng_uniform(&r));
        q.x[g] = g == 3 ? 0 : rng_uniform(&r) / SPOTS;
    }
    CHECK_STATUS(jko_init(&s, &mem, &grid, &a, &yv, 0.1, 0.3, JKO_AUTO), STATUS_OK);
    CHECK_STATUS(jko_newton(&s, &p, &u, &q, 1e-13, 50, &report), STATUS_OK);
    dense_loop(expected, &grid.axis[0], a.a, y, q.x, 0.1, 0.3);
    for (size_t g = 0; g < 2 * SPOTS; g++)
        CHECK_NEAR(p.x[g], expected[g], 1e-12);
    CHECK_TRUE(l1(&p, &q) > 0.1);
}

/* Scalings of the two species that are far apart, or one that has no mass, cost no digits. */
static void species_without_mass_changes_nothing(void **state)
{
    struct flow f = make_flow(15), two = make_signed_flow(15);
    const size_t G = f.p.n;
    struct jko s = make_solver(&f, 0.05, 0.1, JKO_AUTO);
    struct jko t = make_solver(&two, 0.05, 0.1, JKO_AUTO);
    struct vec p = vec_zero(&mem, G), p2 = vec_zero(&mem, 2 * G);
    struct vec u = vec_zero(&mem, INPUTS), u2 = vec_zero(&mem, INPUTS);
    struct jko_report report;

    (void)state;
    for (size_t g = 0; g < G; g++)
        two.p.x[G + g] = 0;
    CHECK_STATUS(jko_newton(&s, &p, &u, &f.p, 1e-12, 50, &report), STATUS_OK);
    CHECK_STATUS(jko_newton(&t, &p2, &u2, &two.p, 1e-12, 50, &report), STATUS_OK);
    CHECK_TRUE(!t.underflow);
    CHECK_NEAR(l1(&p, &(struct vec){G, p2.x}), 0, 1e-13);
    for (size_t g = 0; g < G; g++)
        CHECK_TRUE(p2.x[G + g] == 0);
    const struct vec in = {2 * G, vec_zero(&mem, 2 * G).x};
    struct vec out = vec_zero(&mem, 2 * G);

    for (size_t g = 0; g < 2 * G; g++)
        in.x[g] = g < G ? 900 : -900;
    jko_apply(&t, &in, &out);
    CHECK_TRUE(!t.underflow);
    for (size_t g = 0; g < G; g++)
        CHECK_NEAR(out.x[g] - 900, out.x[G + g] + 900, 1e-12);
}

/* ---- the numbers of the entropic scheme ---- */

static double variance(const struct vec *x, const struct vec *p)
{
    double mean = 0, square = 0;

    for (size_t i = 0; i < x->n; i++)
        mean += p->x[i] * x->x[i];
    for (size_t i = 0; i < x->n; i++)
        square += p->x[i] * (x->x[i] - mean) * (x->x[i] - mean);
    return square;
}

/* f = 0: p+ = xi (q / (xi 1)) adds gam / 2 a coordinate and a step while the boundary is far. */
static void entropy_adds_half_gam_of_variance_a_step(void **state)
{
    const struct vec x = axis(201, -5, 5);
    const struct jko_grid grid = {.axes = 1, .axis = {x}};
    const struct mat a = mat_zero(&mem, 1, 201);
    const struct vec y = vec_zero(&mem, 1);
    struct vec p = vec_zero(&mem, 201), u = vec_zero(&mem, 1);
    struct jko_report report;
    struct jko s;

    (void)state;
    CHECK_STATUS(jko_init(&s, &mem, &grid, &a, &y, 0.02, 0.1, JKO_AUTO), STATUS_OK);
    for (size_t i = 0; i < 201; i++)
        p.x[i] = exp(-x.x[i] * x.x[i] / 0.08);
    vec_scale(&p, 1 / vec_sum(&p));
    const double first = variance(&x, &p);

    for (int step = 0; step < 10; step++)
        CHECK_STATUS(jko_newton(&s, &p, &u, &p, 1e-12, 50, &report), STATUS_OK);
    CHECK_NEAR(variance(&x, &p) - first, 0.1, 1e-6);
}

/* ---- hostile input ---- */

static void bad_input_is_refused_with_words(void **state)
{
    struct flow f = make_flow(5);
    struct jko s;
    struct jko_report report;
    struct vec p = vec_zero(&mem, 25), u = vec_zero(&mem, INPUTS);

    (void)state;
    CHECK_STATUS(jko_init(&s, &mem, &f.grid, &f.a, &f.y, 0, 1, JKO_AUTO), STATUS_USAGE);
    CHECK_STATUS(jko_init(&s, &mem, &f.grid, &f.a, &f.y, 1, (double)NAN, JKO_AUTO), STATUS_USAGE);
    f.a.a[3] = (double)NAN;
    CHECK_STATUS(jko_init(&s, &mem, &f.grid, &f.a, &f.y, 1, 1, JKO_AUTO), STATUS_DIVERGED);
    CHECK_MESSAGE("A, entry 3 is nan");
    f.a.a[3] = 0;
    s = make_solver(&f, 1, 1, JKO_AUTO);
    f.p.x[2] = (double)NAN;
    CHECK_STATUS(jko_newton(&s, &p, &u, &f.p, 1e-12, 9, &report), STATUS_DIVERGED);
    CHECK_TRUE(report.transport.status == STATUS_DIVERGED);
    f.p.x[2] = -1e-9;
    CHECK_STATUS(jko_scaling(&s, &p, &u, &f.p, 1e-12, 9, &report), STATUS_USAGE);
    CHECK_MESSAGE("grid point 2");
    vec_fill(&f.p, 0);
    CHECK_STATUS(jko_dykstra(&s, &p, &u, &f.p, 1e-12, 9, &report), STATUS_USAGE);
    CHECK_TRUE(!transport_accepts(&report.transport, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(kernel_of_a_product_grid_is_the_full_one, release),
        cmocka_unit_test_teardown(kernel_that_underflows_goes_by_logs, release),
        cmocka_unit_test_teardown(only_masses_of_q_ask_for_logs, release),
        cmocka_unit_test_teardown(prox_fulfils_its_optimality_condition, release),
        cmocka_unit_test_teardown(prox_of_one_point_solves_its_equation, release),
        cmocka_unit_test_teardown(three_solvers_agree, release),
        cmocka_unit_test_teardown(corrections_cancel_at_every_iteration, release),
        cmocka_unit_test_teardown(logs_and_matrices_agree, release),
        cmocka_unit_test_teardown(dual_value_bounds_from_below, release),
        cmocka_unit_test_teardown(masses_of_zero_and_tiny_gam_work, release),
        cmocka_unit_test_teardown(newton_certifies_random_problems, release),
        cmocka_unit_test_teardown(measure_may_be_changed_in_place_and_no_memory_is_taken, release),
        cmocka_unit_test_teardown(steps_leave_nothing_behind, release),
        cmocka_unit_test_teardown(grid_without_extent_works, release),
        cmocka_unit_test_teardown(every_input_is_looked_at, release),
        cmocka_unit_test_teardown(species_are_grids_too_far_apart_for_mass_to_cross, release),
        cmocka_unit_test_teardown(signed_step_is_that_of_the_dense_block_kernel, release),
        cmocka_unit_test_teardown(species_without_mass_changes_nothing, release),
        cmocka_unit_test_teardown(entropy_adds_half_gam_of_variance_a_step, release),
        cmocka_unit_test_teardown(bad_input_is_refused_with_words, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
