/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jko_locking: how fine a grid the entropic JKO scheme needs.
 *
 * Claim    Not in the source, which keeps gam and the grid apart: a grid of spacing h locks the
 *          measure unless h^2 <= gam. Without entropy nothing moves that would move less than h/2.
 * Source   Derived for V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes,
 *          June 2024, sections 8.1 and 10.3.1. Where F' is linear, a step sends the mass of a grid
 *          point to a Gaussian of variance gam/2, sampled on the grid, around delta = -(tau/2)
 *          grad F' away. By Poisson's summation its mean moves by
 *            delta - (2 pi gam / h) sum_m m e_m sin(2 pi m delta / h)
 *                                   / (1 + 2 sum_m e_m cos(2 pi m delta / h)),
 *          e_m = exp(-pi^2 m^2 gam / h^2): for small delta the part 4 pi^2 (gam/h^2) e_1 of the
 *          speed is lost, 0.2 % at h^2 = gam, 14 % at 2 gam, 71 % at 4 gam.
 * Measured that part, from one step on a line; S, the largest difference of outputs from the
 *          particles' flow (jko_grid), on y = 2 x + 1 with one of h and gam fixed; the exact step
 *          (gam = 0) on the same grids.
 * Differs  All sizes are ours. Grids have an even number of points, as in jko_grid.
 * Minutes  smoke 0.03, desk 0.1, paper 0.4, on one core.
 */
#include <float.h>
#include <math.h>

#include "harness/harness.h"
#include "relu_flows/grid_flow.h"

#define PARAMETERS(P)                                                                              \
    /* type   name       smoke desk  paper */                                                      \
    P(int,    seeds,     1,    1,    1,     "nothing is drawn")                                    \
    P(int,    n,         5,    5,    5,     "data; ours")                                          \
    P(double, T,         1,    1,    1,     "time; ours")                                          \
    P(double, half,      2.5,  2.5,  2.5,   "the grid is [-half, half]^2; ours")                   \
    P(double, width,     0.2,  0.2,  0.2,   "standard deviation of the start; ours")               \
    P(double, tau,       0.1,  0.1,  0.1,   "ours")                                                \
    P(double, gam,       0.005,0.005,0.005, "where the grid varies; ours")                         \
    P(int,    side,      30,   30,   30,    "points an axis of the coarsest grid; ours")           \
    P(int,    sides,     6,    6,    7,     "grids, each finer by sqrt(2); ours")                  \
    P(int,    side_gam,  102,  102,  102,   "where gam varies; ours")                              \
    P(double, gam_most,  0.04, 0.04, 0.04,  "the largest gam, then halved; ours")                  \
    P(int,    gams,      6,    6,    7,     "ours")                                                \
    P(int,    line,      41,   41,   41,    "points of the line; ours")                            \
    P(double, shift,     0.05, 0.05, 0.05,  "of the mass on the line, in units of h; ours")        \
    P(int,    ratios,    32,   32,   32,    "of h^2 and gam on the line, 1/4 apart; ours")         \
    P(double, particles, 1e-7, 1e-9, 1e-10, "error of a particle's step, by mass; ours")           \
    P(double, least,     1e-14,1e-14,1e-14, "mass of the lightest particle that moves; ours")
DEFINE_PARAMETERS(PARAMETERS)

#define PI 3.14159265358979323846
static const double centre[2] = {0.5, 0.3}; /* of the start; ours */

/* ---- one step on a line ---- */

/* The mean's move over delta, by the formula above; ratio = h^2 / gam, delta in units of h. */
static double kept_speed(double ratio, double delta)
{
    double sine = 0, cosine = 1;

    for (int m = 1; m <= 40; m++) {
        const double e = exp(-PI * PI * m * m / ratio);

        sine += m * e * sin(2 * PI * m * delta);
        cosine += 2 * e * cos(2 * PI * m * delta);
    }
    return 1 - 2 * PI / ratio * sine / cosine / delta;
}

/* A unit mass in the middle of a line with spacing 1, f = 1/2 (mean - y)^2, so that -grad F' is
 * y - mean everywhere: what part of delta = (tau/2) (y - mean) does the mean move? */
static enum status one_step(const struct parameters *p, struct unit *u, double ratio,
                            double *kept, double *law)
{
    const size_t n = (size_t)p->line;
    struct vec x = vec_zero(u->mem, n), mass = vec_zero(u->mem, n), w = vec_zero(u->mem, 1);
    struct vec y = vec_zero(u->mem, 1);
    const struct jko_grid grid = {.axes = 1, .axis = {x}};
    const double tau = 0.1; /* the step is implicit; this keeps y far away, and f nearly linear */
    struct jko_report report;
    struct jko s;

    for (size_t i = 0; i < n; i++)
        x.x[i] = (double)i - (double)(n / 2);
    mass.x[n / 2] = 1;
    y.x[0] = 2 * p->shift / tau;
    const struct mat a = mat_over(x.x, 1, n);

    TRY(jko_init(&s, u->mem, &grid, &a, &y, 1 / ratio, tau, JKO_AUTO));
    TRY(jko_newton(&s, &mass, &w, &mass, 1e-14, 60, &report));
    const double delta = -0.5 * tau * w.x[0];

    *kept = vec_dot(&mass, &x) / delta;
    *law = kept_speed(ratio, delta);
    return STATUS_OK;
}

static enum status lock_on_a_line(const struct parameters *p, struct unit *u)
{
    struct curve *curve = curve_open(u, "line", "h^2/gam [1]", "kept [1]", "law [1]", NULL);
    double worst = 0, kept, law;

    for (int percent = 25; percent <= 25 * p->ratios; percent += 25) {
        TRY(one_step(p, u, percent / 100.0, &kept, &law));
        if (percent % 100 == 0)
            emit_at(u, "kept", percent, kept);
        worst = fmax(worst, fabs(kept - law));
        curve_row(curve, (double[]){percent / 100.0, kept, law});
    }
    emit(u, "law.error", worst);
    return STATUS_OK;
}

/* ---- the flow in the plane ---- */

struct plane {
    struct relu_data data;
    struct grid_flow g;
    struct mat particles; /* steps + 1 x n: their outputs */
    size_t steps;
    double h;
};

static enum status prepare(const struct parameters *p, struct unit *u, size_t side,
                           struct plane *plane)
{
    struct mat theta;

    plane->data = relu_data_linear(u->mem, (size_t)p->n, 2, 1);
    plane->g = grid_flow_make(u->mem, &plane->data, side, p->half, 1, centre, p->width);
    plane->steps = (size_t)lround(2 * p->T / p->tau);
    plane->particles = mat_zero(u->mem, plane->steps + 1, plane->data.n);
    plane->h = 2 * p->half / (double)(side - 1);
    theta = mat_zero(u->mem, plane->g.start.n, 2);
    return grid_flow_particles(&plane->g, u->mem, p->T, plane->steps, p->least, p->particles,
                               &theta, &plane->particles);
}

/* S, and the L1 distance of the last measure from the first one. */
static enum status flow(const struct parameters *p, struct unit *u, const struct plane *plane,
                        double gam, double *S, double *moved)
{
    struct mat jko = mat_zero(u->mem, plane->steps + 1, plane->data.n);
    struct vec mass = vec_zero(u->mem, plane->g.start.n), difference = mat_flat(&jko);
    const struct vec other = mat_flat(&plane->particles);

    TRY(grid_flow_jko(&plane->g, u->mem, gam, p->tau, plane->steps, &mass, &jko, NULL));
    vec_axpy(&difference, -1, &other);
    *S = vec_max_abs(&difference);
    *moved = 0;
    for (size_t i = 0; i < mass.n; i++)
        *moved += fabs(mass.x[i] - plane->g.start.x[i]);
    return STATUS_OK;
}

/* See jko_grid. */
static double condition(const struct parameters *p, double S)
{
    return p->particles / (S * DBL_EPSILON);
}

static enum status vary_gam(const struct parameters *p, struct unit *u)
{
    struct curve *curve = curve_open(u, "gam", "gam [1]", "S [1]", "h^2/gam [1]", NULL);
    struct plane plane;
    double S, moved;

    TRY(prepare(p, u, (size_t)p->side_gam, &plane));
    for (int k = 0; k < p->gams; k++) {
        const double gam = ldexp(p->gam_most, -k);

        TRY(flow(p, u, &plane, gam, &S, &moved));
        emit_conditioned(u, arena_text(u->mem, "S.gam.%d", (int)lround(1 / gam)), S,
                         condition(p, S));
        curve_row(curve, (double[]){gam, S, plane.h * plane.h / gam});
    }
    return STATUS_OK;
}

/* The solver stops at 1e-12 of the primal value; the masses moved by less on other BLAS kernels. */
#define MOVED (1e-11 / DBL_EPSILON)

static enum status vary_grid(const struct parameters *p, struct unit *u)
{
    struct curve *curve = curve_open(u, "grid", "h [1]", "S [1]", "exact [1]", "moved [1]", NULL);
    double S[16], finest = 0, exact, moved, ignored;
    int side[16];

    for (int k = p->sides; k-- > 0;) {
        struct plane plane;

        side[k] = 2 * (int)lround(p->side * pow(2, 0.5 * k) / 2);
        TRY(prepare(p, u, (size_t)side[k], &plane));
        TRY(flow(p, u, &plane, p->gam, &S[k], &ignored));
        TRY(flow(p, u, &plane, 0, &exact, &moved));
        finest = k == p->sides - 1 ? S[k] : finest;
        emit_conditioned(u, arena_text(u->mem, "S.grid.%d", side[k]), S[k], condition(p, S[k]));
        emit_conditioned(u, arena_text(u->mem, "ratio.grid.%d", side[k]), S[k] / finest,
                         2 * condition(p, S[k]));
        emit_conditioned(u, arena_text(u->mem, "S.exact.%d", side[k]), exact,
                         condition(p, exact));
        emit_conditioned(u, arena_text(u->mem, "moved.exact.%d", side[k]), moved, MOVED);
        curve_row(curve, (double[]){plane.h, S[k], exact, moved});
    }
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    TRY(lock_on_a_line(p, u));
    TRY(vary_gam(p, u));
    return vary_grid(p, u);
}

static const struct metric metrics[] = {
    {"kept.*", "1", NO_DIRECTION, CLASS_BLAS, 0,
     "part of its way that a mass goes on a line, at this many percent of h^2/gam"},
    {"law.error", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0, "largest |kept - formula|"},
    {"S.gam.*", "1", LOWER_IS_BETTER, CLASS_COND, 0,
     "largest difference from the particles' outputs, at gam = 1 over the index"},
    {"S.grid.*", "1", LOWER_IS_BETTER, CLASS_COND, 0, "the same, with this many points an axis"},
    {"ratio.grid.*", "1", LOWER_IS_BETTER, CLASS_COND, 0, "that over its value on the finest grid"},
    {"S.exact.*", "1", LOWER_IS_BETTER, CLASS_COND, 0, "the same by exact steps, without entropy"},
    {"moved.exact.*", "1", NO_DIRECTION, CLASS_COND, 0,
     "L1 distance of the last measure from the first one, exact steps"},
};

static const struct claim claims[] = {
    {.id = "law-of-the-speed", .place = "derived by Poisson's summation",
     .words = "the speed that a grid leaves follows the formula at every h^2/gam",
     .kind = BOUND, .metric = "law.error", .is = BELOW, .to = 1e-9,
     .reason = "an identity where F' is linear; rounding and the ends of the line"},
    {.id = "full-speed-at-the-knee", .place = "derived: 4 pi^2 exp(-pi^2) = 0.2 % is lost",
     .words = "at h^2 = gam a mass keeps its speed",
     .kind = VALUE, .metric = "kept.100", .to = 1, .within = 0.01, .reason = "1 %"},
    {.id = "locked-past-the-knee", .place = "derived: 4 pi^2/4 exp(-pi^2/4)/(1 + 2 exp(-pi^2/4))",
     .words = "at h^2 = 4 gam it has lost more than half of it",
     .kind = BOUND, .metric = "kept.400", .is = BELOW, .to = 0.5, .reason = "half"},
    {.id = "fine-enough", .place = "derived: h^2 <= gam suffices",
     .words = "the flow at h^2 = 0.73 gam differs from the particles as on a grid twice as fine",
     .kind = VALUE, .metric = "ratio.grid.84", .to = 1, .within = 0.05, .reason = "5 %"},
    {.id = "too-coarse", .place = "derived: h^2 <= gam is needed",
     .words = "at h^2 = 3 gam it differs at least twice as much",
     .kind = BOUND, .metric = "ratio.grid.42", .is = ABOVE, .to = 2, .reason = "twice"},
    {.id = "less-entropy-hurts", .place = "derived: h^2 <= gam is needed",
     .words = "on a given grid, gam = h^2/2 makes a larger difference than gam = h^2",
     .kind = ORDER, .metric = "S.gam.800", .is = ABOVE, .to_metric = "S.gam.400"},
    {.id = "exact-freezes", .place = "derived: moving one cell costs h^2",
     .words = "without entropy nothing at all moves where (tau/2)|grad F'| < h/2",
     .kind = BOUND, .metric = "moved.exact.30", .is = BELOW, .to = 1e-12,
     .reason = "here (tau/2)|dF'| is at most 0.036 a coordinate, and h/2 = 0.086"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "jko_locking", .title = "How fine a grid the entropic JKO scheme needs",
        .paper = "V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June "
                 "2024",
        .differs = "The note does not relate gam to the grid; the claims are derived for its "
                   "scheme. Sizes, data and start are ours, as in jko_grid.",
        .caption = "Left: the part of its way that a mass goes in a step on a grid of spacing h, "
                   "and the formula. Middle: largest difference from the particles' outputs "
                   "against gam on one grid; the line is gam = h^2. Right: the same against h at "
                   "one gam, and without entropy; the line is h^2 = gam.",
        .minutes = {0.03, 0.1, 0.4}, .deterministic = 1, PARAMETER_TABLE, METRICS(metrics),
        CLAIMS(claims), .run_unit = run_unit});
}
