/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mean_field: a network of m neurons against the flow of the measure that it samples.
 *
 * Claim    As m grows, a network whose neurons start as a sample of mu_0 follows the Wasserstein
 *          gradient flow that starts at mu_0, at all times.
 * Source   V. Merckle, Wasserstein gradient flow of two-layer ReLU networks (2024), section 4.2
 *          (theorem 1) and section 10. The note names no rate.
 * Measured S_m = sup over steps and data of |f_m - f|, f the flow of the Gaussian mu_0 itself, by
 *          many well-spread points; the slope of ln S_m over ln m, for drawn neurons and for as
 *          many well-spread ones. At the start, the variance of f_m and the error of f against
 *          closed forms. What the points and the steps leave, by changing them. That a particle
 *          moves with -grad F'(mu): the gradient of F over drawn weights, against differences of F.
 * Differs  The note makes no run of this. Data, starts and sizes are ours; f = (1/m) sum a_i relu,
 *          with positive neurons on y = 2x + 1, as many of each sign on the author's `sinus`.
 * Minutes  smoke 0, desk 0.5, paper 30 (estimated), on one core.
 */
#include <math.h>
#include <stdio.h>

#include "harness/harness.h"
#include "linalg/stat.h"
#include "relu_flows/gaussian_start.h"
#include "relu_flows/particle_flow.h"

#define PARAMETERS(P)                                                                              \
    /* type   name         smoke desk   paper  */                                                  \
    P(int,    seeds,       2,    20,    40,    "repetitions; ours")                                \
    P(int,    n,           5,    5,     5,     "data points in [-1/2, 1/2]; the author's code")    \
    P(double, slope,       2.0,  2.0,   2.0,   "of the linear data; ours")                         \
    P(double, intercept,   1.0,  1.0,   1.0,   "of the linear data; ours")                         \
    P(double, center_w,    0.5,  0.5,   0.5,   "mean slope of mu_0, linear data; ours")            \
    P(double, center_b,    0.3,  0.3,   0.3,   "mean bias of mu_0, linear data; ours")             \
    P(double, sd_linear,   0.2,  0.2,   0.2,   "standard deviation of mu_0, linear data; ours")    \
    P(double, sd_sinus,    1.0,  1.0,   1.0,   "of mu_0 around 0, sinus data; ours")               \
    P(double, T_linear,    1.0,  1.0,   1.0,   "time, linear data; ours")                          \
    P(double, T_sinus,     2.0,  2.0,   2.0,   "time, sinus data; ours")                           \
    P(int,    steps,       20,   40,    80,    "Runge-Kutta steps; ours")                          \
    P(int,    draws,       1,    3,     4,     "networks of each m, their S_m averaged; ours")     \
    P(int,    sizes,       3,    5,     7,     "values of m; ours")                                \
    P(int,    m_first,     64,   64,    64,    "the smallest m; ours")                             \
    P(int,    m_factor,    4,    4,     4,     "from one m to the next; ours")                     \
    P(int,    points,      4096, 32768, 524288, "of the measure's flow; ours")                     \
    P(int,    redraws,     100,  200,   200,   "further starts of m_first neurons; ours")          \
    P(double, difference,  0.03, 0.03,  0.03,  "step of the differences of F; ours")
DEFINE_PARAMETERS(PARAMETERS)

enum { LINEAR, SINUS };
static const struct axis problems = {
    .name = "problem", .meaning = "one positive measure on a line, or one of each sign on a wave",
    .at = {CELL_NAMES("linear", "sinus"), CELL_NAMES("linear", "sinus"),
           CELL_NAMES("linear", "sinus")}};

/* A change of y by 1e-14 moves the smallest distances by less than 1e-10, relative. */
#define CONDITION 1e5

struct problem {
    struct relu_data data;
    struct gaussian_start start; /* mu_0 */
    double T;
};

static struct problem pose(const struct parameters *p, struct unit *u)
{
    const size_t n = (size_t)p->n;

    if (u->cell == LINEAR)
        return (struct problem){.data = relu_data_linear(u->mem, n, p->slope, p->intercept),
                                .start = {{p->center_w, p->center_b}, p->sd_linear, 1},
                                .T = p->T_linear};
    return (struct problem){.data = relu_data_sinus(u->mem, n),
                            .start = {{0, 0}, p->sd_sinus, 2}, .T = p->T_sinus};
}

/* The flow of mu_0 by k points. */
static struct mat follow_points(struct unit *u, const struct problem *q, int k, int steps)
{
    struct mat w = gaussian_start_spiral(u->mem, &q->start, (size_t)k / q->start.signs);
    struct relu_network net = gaussian_start_network(u->mem, &q->start, &q->data, w.rows);

    return particle_flow_follow(u->mem, &net, &w, q->T, (size_t)steps);
}

static struct mat follow_sample(struct unit *u, const struct problem *q, int m, int draw,
                                int steps)
{
    struct rng r = rng_stream(u->seed, "neurons:%d:%d", m, draw);
    struct relu_network net = gaussian_start_network(u->mem, &q->start, &q->data, (size_t)m);
    struct mat w = gaussian_start_sample(u->mem, &q->start, &r, (size_t)m);

    return particle_flow_follow(u->mem, &net, &w, q->T, (size_t)steps);
}

/* max_j |f - g| at step t of f; g has as many steps or a multiple of them. */
static double distance_at(const struct mat *f, const struct mat *g, size_t t)
{
    const size_t every = (g->rows - 1) / (f->rows - 1), n = f->cols;
    double most = 0;

    for (size_t j = 0; j < n; j++)
        most = fmax(most, fabs(f->a[t * n + j] - g->a[t * every * n + j]));
    return most;
}

static double distance(const struct mat *f, const struct mat *g)
{
    double most = 0;

    for (size_t t = 0; t < f->rows; t++)
        most = fmax(most, distance_at(f, g, t));
    return most;
}

/* The start, where f is known, and f_m - f has mean 0 and a known variance: mean square of
 * sqrt(m) (f_m - f) over that variance. */
static void measure_start(const struct parameters *p, struct unit *u, const struct problem *q,
                          const struct mat *f)
{
    const size_t n = q->data.n, m = (size_t)p->m_first;
    struct rng r = rng_stream(u->seed, "starts");
    struct relu_network net = gaussian_start_network(u->mem, &q->start, &q->data, m);
    struct vec out = vec_zero(u->mem, n), exact = vec_zero(u->mem, n), spread = vec_zero(u->mem, n);
    double ratio = 0, error = 0;

    for (size_t j = 0; j < n; j++) {
        gaussian_start_moments(&q->start, q->data.x.a + 2 * j, &exact.x[j], &spread.x[j]);
        error = fmax(error, fabs(f->a[j] - exact.x[j]));
    }
    for (int k = 0; k < p->redraws; k++) {
        struct mat w = gaussian_start_sample(u->mem, &q->start, &r, m);

        relu_network_output(&net, &w, &q->data.x, &out);
        for (size_t j = 0; j < n; j++)
            ratio += (out.x[j] - exact.x[j]) * (out.x[j] - exact.x[j]) * (double)m / spread.x[j];
    }
    emit(u, "start.quadrature", error);
    emit(u, "start.variance", ratio / (p->redraws * (double)n));
}

/* Weights are drawn; the last neuron has none: it is added to mu to see how F varies. */
static double identity(const struct parameters *p, struct unit *u, const struct problem *q)
{
    struct rng r = rng_stream(u->seed, "identity");
    const size_t m = (size_t)p->m_first;
    struct relu_network net = gaussian_start_network(u->mem, &q->start, &q->data, m);
    struct mat w = gaussian_start_sample(u->mem, &q->start, &r, m);

    for (size_t i = 0; i < m; i++)
        net.c.x[i] *= i + 1 < m ? 2 * rng_uniform(&r) + 1e-3 : 0;
    return particle_flow_identity(u->mem, &net, &w, p->difference);
}

static void emit_difference(struct unit *u, const char *family, int m, double S)
{
    char name[UNIT_NAME];

    snprintf(name, sizeof name, "%s.%d", family, m);
    emit_conditioned(u, name, S, CONDITION);
}

/* How |f_m - f| comes about in time: rows for the curve of this m. */
static void draw_in_time(const struct parameters *p, struct unit *u, const struct problem *q,
                         const struct mat *f, const struct mat *f_m, int m)
{
    char name[UNIT_NAME];
    struct curve *curve;

    snprintf(name, sizeof name, "m%d", m);
    curve = curve_open(u, name, "t [1]", "scaled [1]", NULL);
    for (size_t t = 0; t < f->rows; t++)
        curve_row(curve, (double[]){q->T * (double)t / p->steps, sqrt(m) * distance_at(f, f_m, t)});
}

/* S_m for each m, and the line through ln S_m over ln m. Returns the last S_m. */
static double measure_sizes(const struct parameters *p, struct unit *u, const struct problem *q,
                            const struct mat *f)
{
    struct curve *error = curve_open(u, "error", "m [1]", "sample [1]", "spread [1]", NULL);
    const size_t sizes = (size_t)p->sizes;
    struct vec ln_m = vec_zero(u->mem, sizes), ln_S = vec_zero(u->mem, sizes);
    struct vec ln_spread = vec_zero(u->mem, sizes);
    double scaled = 0, S = 0;
    int m = p->m_first;

    for (size_t k = 0; k < sizes; k++, m *= p->m_factor) {
        const struct mat f_spread = follow_points(u, q, m, p->steps);
        const double spread = distance(f, &f_spread);

        S = 0;
        for (int draw = 0; draw < p->draws; draw++) {
            const struct mat f_m = follow_sample(u, q, m, draw, p->steps);

            S += distance(f, &f_m) / p->draws;
            if (draw == 0)
                draw_in_time(p, u, q, f, &f_m, m);
        }
        emit_difference(u, "sample", m, S);
        emit_difference(u, "spread", m, spread);
        curve_row(error, (double[]){m, S, spread});
        ln_m.x[k] = log(m);
        ln_S.x[k] = log(S);
        ln_spread.x[k] = log(spread);
        scaled += sqrt(m) * S / p->sizes;
    }
    emit_conditioned(u, "slope.sample", stat_slope(ln_m.x, ln_S.x, sizes), CONDITION);
    emit_conditioned(u, "slope.spread", stat_slope(ln_m.x, ln_spread.x, sizes), CONDITION);
    emit_conditioned(u, "scaled", scaled, CONDITION);
    return S;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct problem q = pose(p, u);
    const struct mat f = follow_points(u, &q, p->points, p->steps);
    const struct mat quarter = follow_points(u, &q, p->points / 4, p->steps);
    const struct mat few = follow_sample(u, &q, p->m_first, 0, p->steps);
    const struct mat few_fine = follow_sample(u, &q, p->m_first, 0, 2 * p->steps);
    const double S = measure_sizes(p, u, &q, &f);

    measure_start(p, u, &q, &f);
    emit(u, "identity", identity(p, u, &q));
    emit_conditioned(u, "points.share", distance(&f, &quarter) / S, CONDITION);
    emit_conditioned(u, "steps", distance(&few, &few_fine), CONDITION);
    return STATUS_OK;
}

static const struct metric metrics[] = {
    {"sample.*", "1", LOWER_IS_BETTER, CLASS_COND, 0, "S_m of m drawn neurons, a mean over draws"},
    {"spread.*", "1", LOWER_IS_BETTER, CLASS_COND, 0, "S_m of m well-spread neurons, for each m"},
    {"slope.sample", "1", NO_DIRECTION, CLASS_COND, 0, "of ln S_m over ln m, drawn"},
    {"slope.spread", "1", NO_DIRECTION, CLASS_COND, 0, "of ln S_m over ln m, well spread"},
    {"scaled", "1", NO_DIRECTION, CLASS_COND, 0, "mean over m of sqrt(m) S_m, drawn"},
    {"start.variance", "1", NO_DIRECTION, CLASS_LIBM, 0,
     "mean square of sqrt(m) (f_m - f) at the start, over its closed form"},
    {"start.quadrature", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0,
     "largest error of f at the start, against the closed form"},
    {"identity", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0,
     "largest |velocity + grad F'(mu)| over particles with drawn weights"},
    {"points.share", "1", LOWER_IS_BETTER, CLASS_COND, 0,
     "S between f and f by a quarter of the points, over S_m of the largest m"},
    {"steps", "1", LOWER_IS_BETTER, CLASS_COND, 0, "S between steps and half steps, smallest m"},
};

#define BETWEEN_RATES "tells -1/2 from the -1/4 and -1 of other rates"
#define DRAWS "a ratio of variances, spread by about 0.03 over all draws"

static const struct claim claims[] = {
    {.id = "follows-linear", .place = "note, section 4.2, theorem 1, and section 10",
     .words = "the more neurons, the closer they follow the flow of the measure (positive, linear)",
     .kind = TREND, .metric = "sample.*", .cell = "linear", .is = BELOW},
    {.id = "follows-sinus", .place = "note, section 4.2, theorem 1, and section 10",
     .words = "the same for neurons of both signs on the sinus",
     .kind = TREND, .metric = "sample.*", .cell = "sinus", .is = BELOW},
    {.id = "rate-linear", .place = "derived: fluctuations of a sample",
     .words = "the distance falls as m^(-1/2) (positive, linear)", .kind = VALUE,
     .metric = "slope.sample", .cell = "linear", .to = -0.5, .within = 0.1,
     .reason = BETWEEN_RATES},
    {.id = "rate-sinus", .place = "derived: fluctuations of a sample",
     .words = "the distance falls as m^(-1/2) (both signs, sinus)", .kind = VALUE,
     .metric = "slope.sample", .cell = "sinus", .to = -0.5, .within = 0.1,
     .reason = BETWEEN_RATES},
    {.id = "start-linear", .place = "derived: E (f_m - f)^2 = Var relu / m",
     .words = "at the start the distance has its closed-form variance (positive, linear)",
     .kind = VALUE, .metric = "start.variance", .cell = "linear", .to = 1, .within = 0.1,
     .reason = DRAWS},
    {.id = "start-sinus", .place = "derived: E (f_m - f)^2 = Var relu / m",
     .words = "at the start the distance has its closed-form variance (both signs, sinus)",
     .kind = VALUE, .metric = "start.variance", .cell = "sinus", .to = 1, .within = 0.1,
     .reason = DRAWS},
    {.id = "velocity-is-the-variation", .place = "note, section 10: v_t in -dF'(mu_t)",
     .words = "a particle of any weight moves with minus the gradient of the first variation",
     .kind = BOUND, .metric = "identity", .cell = ALL_CELLS, .is = BELOW, .to = 1e-12,
     .reason = "rounding of F, over the step of its differences"},
    {.id = "faster-when-spread", .place = "derived: the sample, not the flow, makes the rate",
     .words = "neurons that are spread evenly approach the flow faster (both signs, sinus)",
     .kind = ORDER, .metric = "slope.spread", .cell = "sinus", .is = BELOW,
     .to_metric = "slope.sample"},
    {.id = "points-suffice", .place = "check of ours",
     .words = "four times the points move f by less than a tenth of the smallest distance",
     .kind = BOUND, .metric = "points.share", .cell = ALL_CELLS, .is = BELOW, .to = 0.1,
     .reason = "then the points do not show in the distances"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "mean_field", .title = "Many neurons against the flow of their measure",
        .paper = "V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June "
                 "2024",
        .differs = "The note quotes the theorem and makes no run; data, starts and sizes are ours. "
                   "It names no rate: m^(-1/2) is that of a sample.",
        .caption = "Left: sup over steps and data of the distance between the outputs of m neurons "
                   "and those of the measure's flow, for drawn and for well-spread neurons. Right: "
                   "the distance of drawn neurons, times sqrt(m), in time.",
        .minutes = {0.003, 0.5, 30}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &problems, .run_unit = run_unit});
}
