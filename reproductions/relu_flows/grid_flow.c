/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/grid_flow.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>
#include <math.h>
#include <string.h>

#include "base/check.h"

static const double sign[2] = {1, -1};

static struct vec square_axis(struct arena *mem, size_t side, double half)
{
    struct vec x = vec_zero(mem, side);

    for (size_t i = 0; i < side; i++)
        x.x[i] = half * (2 * (double)i / (double)(side - 1) - 1);
    return x;
}

/* The masses of one species: exp(-|theta - centre|^2 / (2 width^2)), scaled to 1. */
static void gaussian(const struct mat *theta, const double *centre, double width, struct vec *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const double w = theta->a[2 * i] - centre[0], b = theta->a[2 * i + 1] - centre[1];

        p->x[i] = exp(-(w * w + b * b) / (2 * width * width));
    }
    vec_scale(p, 1 / vec_sum(p));
}

struct grid_flow grid_flow_make(struct arena *mem, const struct relu_data *data, size_t side,
                                double half, size_t species, const double *centre,
                                double width)
{
    const size_t points = side * side, G = species * points;
    const double root = sqrt((double)data->n);
    struct grid_flow g = {.data = data, .theta = mat_zero(mem, G, 2),
                          .a = mat_zero(mem, data->n, G), .y = vec_zero(mem, data->n),
                          .start = vec_zero(mem, G)};

    CHECK(side >= 2 && data->d == 2 && (species == 1 || species == 2),
          "%zu points an axis, data in %zu dimensions, %zu species", side, data->d, species);
    g.grid = (struct jko_grid){.axes = 2, .species = species};
    g.grid.axis[0] = g.grid.axis[1] = square_axis(mem, side, half);
    for (size_t i = 0; i < G; i++) {
        const double w = g.grid.axis[0].x[i % points / side], b = g.grid.axis[1].x[i % side];

        g.theta.a[2 * i] = w;
        g.theta.a[2 * i + 1] = b;
        for (size_t j = 0; j < data->n; j++) {
            const double *x = data->x.a + 2 * j;

            g.a.a[j * G + i] = sign[i / points] * fmax(0, w * x[0] + b * x[1]) / root;
        }
    }
    for (size_t j = 0; j < data->n; j++)
        g.y.x[j] = data->y.x[j] / root;
    for (size_t k = 0; k < species; k++) {
        const struct mat theta = mat_rows(&g.theta, k * points, points);
        struct vec p = vec_over(g.start.x + k * points, points);

        gaussian(&theta, centre + 2 * k, width, &p);
    }
    return g;
}

void grid_flow_output(const struct grid_flow *g, const struct vec *p, struct vec *f)
{
    mat_vec(f, sqrt((double)g->data->n), &g->a, p);
}

double grid_flow_variance(const struct grid_flow *g, const struct vec *p, const struct mat *theta)
{
    const size_t species = g->grid.species, points = p->n / species;
    double spread = 0;

    for (size_t k = 0; k < species; k++)
        for (size_t c = 0; c < 2; c++) {
            struct vec_adder mass = {0}, first = {0}, second = {0};

            for (size_t i = k * points; i < (k + 1) * points; i++) {
                vec_adder_add(&mass, p->x[i]);
                vec_adder_add(&first, p->x[i] * theta->a[2 * i + c]);
            }
            const double mean = vec_adder_total(&first) / vec_adder_total(&mass);

            for (size_t i = k * points; i < (k + 1) * points; i++) {
                const double d = theta->a[2 * i + c] - mean;

                vec_adder_add(&second, p->x[i] * d * d);
            }
            spread += vec_adder_total(&second);
        }
    return spread / (2 * vec_sum(p));
}

enum status grid_flow_jko(const struct grid_flow *g, struct arena *mem, double gam, double tau,
                          size_t steps, struct vec *p, struct mat *outputs, size_t *iterations)
{
    struct vec u = vec_zero(mem, g->y.n), f = mat_row(outputs, 0);
    struct jko_report report;
    struct jko s;

    CHECK(gam >= 0 && outputs->rows > steps, "gam %g, %zu rows for %zu steps", gam,
          outputs->rows, steps);
    TRY(jko_init(&s, mem, &g->grid, &g->a, &g->y, gam > 0 ? gam : 1, tau, JKO_AUTO));
    vec_set(p, &g->start);
    grid_flow_output(g, p, &f);
    if (iterations != NULL)
        *iterations = 0;
    for (size_t k = 1; k <= steps; k++) {
        if (gam > 0)
            TRY(jko_newton(&s, p, &u, p, 1e-12, 60, &report));
        else
            TRY(jko_exact(&s, p, &u, p, 1e-12, 200, &report));
        if (iterations != NULL)
            *iterations += report.transport.iterations;
        f = mat_row(outputs, k);
        grid_flow_output(g, p, &f);
    }
    return STATUS_OK;
}

/* ---- particles ---- */

struct particles {
    struct relu_network net; /* m particles that carry mass, c_i = a_i p_i */
    size_t *at;              /* m: their grid points */
    struct vec mass;         /* m */
    struct mat gradient;     /* m x 2 */
    struct mat theta;        /* m x 2 */
    struct vec scale;        /* 2 m: 1 / p_i, for the control of the step */
};

static struct particles choose(const struct grid_flow *g, struct arena *mem, double least)
{
    const size_t G = g->start.n, points = G / g->grid.species;
    struct particles s = {.at = arena_get(mem, G, sizeof *s.at)};
    size_t m = 0;

    for (size_t i = 0; i < G; i++)
        if (g->start.x[i] >= least)
            s.at[m++] = i;
    s.net = relu_network_make(mem, g->data, m, 0, 1);
    s.mass = vec_zero(mem, m);
    s.gradient = mat_zero(mem, m, 2);
    s.theta = mat_zero(mem, m, 2);
    s.scale = vec_zero(mem, 2 * m);
    for (size_t k = 0; k < m; k++) {
        const size_t i = s.at[k];

        s.mass.x[k] = g->start.x[i];
        s.net.c.x[k] = sign[i / points] * g->start.x[i];
        memcpy(s.theta.a + 2 * k, g->theta.a + 2 * i, 2 * sizeof(double));
        s.scale.x[2 * k] = s.scale.x[2 * k + 1] = 1 / g->start.x[i];
    }
    return s;
}

/* theta_i' = -(1/p_i) dF/dtheta_i, in GSL's form. */
static int velocity(double t, const double theta[], double rate[], void *context)
{
    struct particles *s = context;
    const struct mat w = mat_over(theta, s->net.m, 2);

    (void)t;
    if (!isfinite(relu_network_gradient(&s->net, &w, &s->gradient)))
        return GSL_EBADFUNC;
    for (size_t k = 0; k < 2 * s->net.m; k++)
        rate[k] = -s->gradient.a[k] / s->mass.x[k / 2];
    return GSL_SUCCESS;
}

static void record(const struct particles *s, struct mat *outputs, size_t k)
{
    struct vec f = mat_row(outputs, k);

    relu_network_output(&s->net, &s->theta, &s->net.data->x, &f);
}

static enum status integrate(struct particles *s, gsl_odeiv2_driver *driver, double T,
                             size_t steps, struct mat *outputs)
{
    double t = 0;

    record(s, outputs, 0);
    for (size_t k = 1; k <= steps; k++) {
        const double until = T * (double)k / (double)steps;
        const int failed = gsl_odeiv2_driver_apply(driver, &t, until, s->theta.a);

        if (failed != GSL_SUCCESS)
            return status_set(failed == GSL_EBADFUNC ? STATUS_DIVERGED : STATUS_NO_CONVERGENCE,
                              "particles at time %g: %s", t, gsl_strerror(failed));
        record(s, outputs, k);
    }
    return STATUS_OK;
}

enum status grid_flow_particles(const struct grid_flow *g, struct arena *mem, double T,
                                size_t steps, double least, double tolerance, struct mat *theta,
                                struct mat *outputs)
{
    struct particles s = choose(g, mem, least);
    const gsl_odeiv2_system system = {velocity, NULL, 2 * s.net.m, &s};
    gsl_error_handler_t *const before = gsl_set_error_handler_off();
    gsl_odeiv2_driver *const driver = gsl_odeiv2_driver_alloc_scaled_new(
        &system, gsl_odeiv2_step_rkck, T / 100, tolerance, 0, 1, 0, s.scale.x);
    enum status status = STATUS_MEMORY;

    if (driver == NULL) {
        status_set(STATUS_MEMORY, "no memory to integrate %zu particles", s.net.m);
    } else {
        status = integrate(&s, driver, T, steps, outputs);
        gsl_odeiv2_driver_free(driver);
    }
    gsl_set_error_handler(before);
    mat_set(theta, &g->theta);
    for (size_t k = 0; k < s.net.m; k++)
        memcpy(theta->a + 2 * s.at[k], s.theta.a + 2 * k, 2 * sizeof(double));
    return status;
}
