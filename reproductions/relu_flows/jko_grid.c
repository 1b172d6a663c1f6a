/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jko_grid: does the entropic JKO scheme on a grid follow the gradient flow of the particles?
 *
 * Claim    JKO steps of a measure of neurons on a grid discretize the flow's equation; the entropy
 *          introduces diffusion.
 * Source   V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June 2024,
 *          sections 8, 8.1 and 10.2.
 * Measured S, the largest difference over steps and data between the outputs of the grid's measure
 *          and of particles that start at the grid points with its masses; the variance that the
 *          grid's measure has more than the particles. With h^2 = gam = tau^2 / 4, with gam = tau /
 *          10, and with no loss at all. A step takes the time tau / 2 and adds gam / 2 to the
 *          variance of each coordinate, so time T adds T gam / tau: that vanishes only if gam =
 *          o(tau).
 * Cells    positive: neurons of sign +1, y = 2 x + 1. signed: one measure of each sign, the
 *          author's sinus data.
 * Differs  The note gives no size, step or start; all are ours. F has the factor 1/(2n). Grids have
 *          an even number of points: on one that holds 0, points lie on the lines where a neuron
 *          leaves all data, and rounding decides which of those particles is dead.
 * Minutes  smoke 0.03, desk 0.25, paper 1, on one core.
 */
#include <float.h>
#include <math.h>

#include "harness/harness.h"
#include "linalg/stat.h"
#include "relu_flows/grid_flow.h"

#define PARAMETERS(P)                                                                              \
    /* type   name       smoke desk  paper */                                                      \
    P(int,    seeds,     1,    1,    1,     "nothing is drawn")                                    \
    P(int,    n,         5,    5,    5,     "data; ours")                                          \
    P(double, T,         1,    1,    1,     "time; ours")                                          \
    P(double, half,      2.5,  2.5,  2.5,   "the grid is [-half, half]^2; ours")                   \
    P(double, width,     0.2,  0.2,  0.2,   "standard deviation of the start; ours")               \
    P(double, tau,       0.4,  0.4,  0.4,   "the longest step, halved level by level; ours")       \
    P(int,    levels,    2,    4,    5,     "ours")                                                \
    P(double, alpha,     0.1,  0.1,  0.1,   "gam / tau where that is fixed; ours")                 \
    P(double, free_gam,  0.02, 0.02, 0.02,  "of the steps without a loss; ours")                   \
    P(int,    free_steps,10,   10,   10,    "ours")                                                \
    P(double, particles, 1e-7, 1e-8, 1e-8,  "error of a particle's step, by mass; ours")           \
    P(double, drawn,     0.4,  0.4,  0.4,   "least density of particles in the figure; ours")      \
    P(double, least,     1e-14,1e-14,1e-14, "mass of the lightest particle that moves; ours")
DEFINE_PARAMETERS(PARAMETERS)

enum { POSITIVE, SIGNED };
static const struct axis problems = {
    .name = "problem", .meaning = "signs of the neurons, and what they learn",
    .at = {CELL_NAMES("positive", "signed"), CELL_NAMES("positive", "signed"),
           CELL_NAMES("positive", "signed")}};
static const double centre[2][2] = {{0.5, 0.3}, {-0.5, 0.3}}; /* of the start, each sign; ours */

/* A grid of spacing h, or the next smaller one with an even number of points. */
static struct grid_flow make_flow(const struct parameters *p, struct unit *u,
                                  const struct relu_data *data, double h)
{
    const size_t cells = (size_t)ceil(2 * p->half / h - 1e-9);
    const size_t side = cells + 1 + (cells + 1) % 2;

    return grid_flow_make(u->mem, data, side, p->half, u->cell == SIGNED ? 2 : 1,
                          centre[0], p->width);
}

struct distance {
    double S;        /* largest difference of outputs */
    double variance; /* grid's less particles', a coordinate, at time T */
};

/* Both flows over T in steps of tau (each takes tau / 2), on the coarsest grid with h^2 <= gam. */
static enum status compare(const struct parameters *p, struct unit *u,
                           const struct relu_data *data, double tau, double gam,
                           struct distance *out)
{
    const struct grid_flow g = make_flow(p, u, data, sqrt(gam));
    const size_t steps = (size_t)lround(2 * p->T / tau);
    struct mat jko = mat_zero(u->mem, steps + 1, data->n);
    struct mat particles = mat_zero(u->mem, steps + 1, data->n);
    struct mat theta = mat_zero(u->mem, g.start.n, 2);
    struct vec mass = vec_zero(u->mem, g.start.n), difference = mat_flat(&jko);
    const struct vec other = mat_flat(&particles);

    TRY(grid_flow_jko(&g, u->mem, gam, tau, steps, &mass, &jko, NULL));
    TRY(grid_flow_particles(&g, u->mem, p->T, steps, p->least, p->particles, &theta, &particles));
    vec_axpy(&difference, -1, &other);
    out->S = vec_max_abs(&difference);
    out->variance =
        grid_flow_variance(&g, &mass, &g.theta) - grid_flow_variance(&g, &g.start, &theta);
    return STATUS_OK;
}

/* The integrator accepts or refuses a step at its tolerance, so that a rounding may move S by
 * about that; on other BLAS kernels it moved by far less. */
static double condition(const struct parameters *p, double S)
{
    return p->particles / (S * DBL_EPSILON);
}

/* S and the variance for tau, tau / 2, ..., with gam from the step; slopes over the levels. */
static enum status refine(const struct parameters *p, struct unit *u, const struct relu_data *data,
                          int joint, const char *const names[3])
{
    struct curve *curve = curve_open(u, names[0], "tau [1]", "S [1]", "variance [1]",
                                     "predicted [1]", NULL);
    double log_tau[8], log_S[8];

    for (int k = 0; k < p->levels; k++) {
        const double tau = ldexp(p->tau, -k), gam = joint ? tau * tau / 4 : p->alpha * tau;
        const double expected = p->T * gam / tau;
        const int steps = (int)lround(2 * p->T / tau);
        struct distance d;

        TRY(compare(p, u, data, tau, gam, &d));
        emit_conditioned(u, arena_text(u->mem, "S.%s.%d", names[0], steps), d.S,
                         condition(p, d.S));
        emit_conditioned(u, arena_text(u->mem, "%s.%d", names[1], steps), d.variance / expected,
                         condition(p, d.variance));
        curve_row(curve, (double[]){tau, d.S, d.variance, expected});
        log_tau[k] = log(tau);
        log_S[k] = log(d.S);
        if (!joint && k == p->levels - 1)
            emit_conditioned(u, "blur.last", d.variance / expected, condition(p, d.variance));
    }
    emit_conditioned(u, names[2], stat_slope(log_tau, log_S, (size_t)p->levels),
                     condition(p, exp(log_S[p->levels - 1])));
    if (joint)
        emit_conditioned(u, "order.last", (log_S[p->levels - 2] - log_S[p->levels - 1]) / log(2),
                         condition(p, exp(log_S[p->levels - 1])));
    return STATUS_OK;
}

/* Without a loss, p+ = xi (q / (xi 1)): every step adds gam / 2 to the variance of a coordinate. */
static enum status diffuse(const struct parameters *p, struct unit *u,
                           const struct relu_data *data)
{
    struct grid_flow g = make_flow(p, u, data, sqrt(p->free_gam / 4));
    const size_t steps = (size_t)p->free_steps;
    struct mat outputs = mat_zero(u->mem, steps + 1, data->n);
    struct vec mass = vec_zero(u->mem, g.start.n), a = mat_flat(&g.a);
    const double before = grid_flow_variance(&g, &g.start, &g.theta);

    vec_fill(&a, 0);
    vec_fill(&g.y, 0);
    TRY(grid_flow_jko(&g, u->mem, p->free_gam, p->tau, steps, &mass, &outputs, NULL));
    emit(u, "blur.free", (grid_flow_variance(&g, &mass, &g.theta) - before) /
                             (0.5 * p->free_gam * p->free_steps));
    return STATUS_OK;
}

/* Density over the plane at times 0, T / 2, T, and where some particles end. */
static enum status draw(const struct parameters *p, struct unit *u, const struct relu_data *data)
{
    struct curve *density = curve_open(u, "density", "point [1]", "w [1]", "b [1]", "plus-0 [1]",
                                       "plus-1 [1]", "plus-2 [1]", "minus-0 [1]", "minus-1 [1]",
                                       "minus-2 [1]", NULL);
    struct curve *ends = curve_open(u, "particles", "particle [1]", "w0 [1]", "b0 [1]", "w [1]",
                                    "b [1]", NULL);
    const double tau = p->tau / 4, gam = tau * tau / 4;
    const struct grid_flow g = make_flow(p, u, data, sqrt(gam));
    const size_t G = g.start.n, points = G / g.grid.species;
    const size_t steps = (size_t)lround(2 * p->T / tau), side = g.grid.axis[0].n;
    const double h = g.grid.axis[0].x[1] - g.grid.axis[0].x[0];
    struct mat outputs = mat_zero(u->mem, steps + 1, data->n), theta = mat_zero(u->mem, G, 2);
    struct vec mass[3];

    for (size_t k = 0; k < 3; k++) {
        mass[k] = vec_zero(u->mem, G);
        TRY(grid_flow_jko(&g, u->mem, gam, tau, k * steps / 2, &mass[k], &outputs, NULL));
    }
    for (size_t i = 0; i < points; i++) {
        double row[9] = {(double)i, g.theta.a[2 * i], g.theta.a[2 * i + 1]};

        for (size_t k = 0; k < 3; k++) {
            row[3 + k] = mass[k].x[i] / (h * h);
            row[6 + k] = G > points ? mass[k].x[points + i] / (h * h) : 0;
        }
        curve_row(density, row);
    }
    TRY(grid_flow_particles(&g, u->mem, p->T, steps, p->least, p->particles, &theta, &outputs));
    for (size_t i = 0, k = 0; i < G; i++)
        if (g.start.x[i] > p->drawn * h * h && (i / side + i % side) % 2 == 0)
            curve_row(ends, (double[]){(double)k++, g.theta.a[2 * i], g.theta.a[2 * i + 1],
                                       theta.a[2 * i], theta.a[2 * i + 1]});
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const size_t n = (size_t)p->n;
    const struct relu_data data = u->cell == SIGNED ? relu_data_sinus(u->mem, n)
                                                    : relu_data_linear(u->mem, n, 2, 1);

    TRY(refine(p, u, &data, 1, (const char *const[]){"joint", "blur.joint", "order.joint"}));
    TRY(refine(p, u, &data, 0,
               (const char *const[]){"proportional", "blur.proportional", "order.proportional"}));
    TRY(diffuse(p, u, &data));
    return draw(p, u, &data);
}

static const struct metric metrics[] = {
    {"S.joint.*", "1", LOWER_IS_BETTER, CLASS_COND, 0,
     "largest difference from the particles' outputs, gam = tau^2/4, this many steps"},
    {"S.proportional.*", "1", LOWER_IS_BETTER, CLASS_COND, 0, "the same, gam = tau/10"},
    {"order.joint", "1", NO_DIRECTION, CLASS_COND, 0, "slope of log S over log tau, gam = tau^2/4"},
    {"order.last", "1", NO_DIRECTION, CLASS_COND, 0, "between the two shortest steps alone"},
    {"order.proportional", "1", NO_DIRECTION, CLASS_COND, 0, "the same, gam = tau/10"},
    {"blur.joint.*", "1", NO_DIRECTION, CLASS_COND, 0,
     "variance more than the particles', over T gam / tau, gam = tau^2/4"},
    {"blur.proportional.*", "1", NO_DIRECTION, CLASS_COND, 0, "the same, gam = tau/10"},
    {"blur.last", "1", NO_DIRECTION, CLASS_COND, 0, "the same at the shortest step"},
    {"blur.free", "1", NO_DIRECTION, CLASS_BLAS, 0,
     "growth of the variance without a loss, over gam / 2 a step"},
};

static const struct claim claims[] = {
    {.id = "first-order", .place = "note, 8.1: the scheme formally discretizes the PDE; order "
                                   "derived",
     .words = "refined jointly (h^2 = gam = tau^2/4), the grid's flow reaches the particles' at "
              "first order",
     .kind = VALUE, .metric = "order.joint", .cell = "positive", .to = 1, .within = 0.2,
     .reason = "four levels are not the limit: halving tau also halves what is second order"},
    {.id = "first-order-signed", .place = "as above, for neurons of both signs",
     .words = "one measure for each sign does so as well",
     .kind = VALUE, .metric = "order.last", .cell = "signed", .to = 1, .within = 0.2,
     .reason = "as above; at the two shortest steps, where the order is least hidden"},
    {.id = "signed-converges", .place = "note, 8.1: the scheme formally discretizes the PDE",
     .words = "with one measure for each sign the difference falls with every refinement",
     .kind = TREND, .metric = "S.joint.*", .cell = "signed", .is = BELOW},
    {.id = "blur-a-step", .place = "note, section 8: introduce diffusion; gam/2 derived",
     .words = "without a loss each step adds gam/2 to the variance of a coordinate",
     .kind = VALUE, .metric = "blur.free", .cell = "positive", .to = 1, .within = 1e-3,
     .reason = "the rim of the grid keeps a little back"},
    {.id = "blur-of-the-flow", .place = "derived: 2 T / tau steps of gam/2",
     .words = "with a loss and gam = tau/10 the flow gains T gam/tau over the particles",
     .kind = VALUE, .metric = "blur.last", .cell = "positive", .to = 1, .within = 0.05,
     .reason = "F' is linear between the kinks, where blur passes unchanged; 5 % for the kinks"},
    {.id = "blur-of-the-signed-flow", .place = "derived: 2 T / tau steps of gam/2",
     .words = "one measure for each sign gains as much",
     .kind = VALUE, .metric = "blur.last", .cell = "signed", .to = 1, .within = 0.05,
     .reason = "as above"},
    {.id = "proportional-does-not-converge", .place = "derived: the blur T gam/tau stays",
     .words = "with gam/tau fixed the difference does not vanish with tau",
     .kind = BOUND, .metric = "order.proportional", .cell = ALL_CELLS, .is = BELOW, .to = 0.5,
     .reason = "half the order of the joint refinement; in the limit it is 0"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "jko_grid", .title = "JKO steps on a grid against the flow of the particles",
        .paper = "V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June "
                 "2024",
        .differs = "The note gives the scheme without sizes, steps or data; all numbers are ours. "
                   "The loss carries 1/(2n), with which the note's gradients hold. A step of "
                   "length tau takes the time tau / 2, because the cost is the squared distance "
                   "without 1/2. Grids have an even number of points, so that no particle sits "
                   "where a neuron is on the verge of leaving all data: there rounding alone "
                   "decides whether it is dead, and S moves by up to 8 %. The signed problem, the "
                   "order, the size of the diffusion and when it stays are derived. Where gam = "
                   "tau^2/4 the variance gained falls below T gam/tau as the step does: that is "
                   "then of order tau, as the error of a step is. In the signed "
                   "problem some neurons slide along the line where they switch at a data point; "
                   "where the force towards that line is weak, the diffusion can spread them by "
                   "sqrt(T gam / tau), which is sqrt(tau T) / 2 here. The order falls to 0.5 at "
                   "desk and 0.3 at paper; whether it recovers at shorter steps is open. Particles "
                   "with Brownian noise of that size shift the same way by a similar amount.",
        .caption = "Top: density of the grid's measure over slope w and bias b at times 0, 1/2, 1 "
                   "(signed problem: both signs), with the particles' ends and the lines where a "
                   "neuron switches at a data point. Bottom: difference from the particles' "
                   "outputs, and variance gained over T gam / tau, against the step.",
        .minutes = {0.03, 0.25, 1}, .deterministic = 1, PARAMETER_TABLE, METRICS(metrics),
        CLAIMS(claims), .axis = &problems, .run_unit = run_unit});
}
