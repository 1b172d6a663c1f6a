/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measure_encodings: the same network as a measure in different ways, and which of them move alike.
 *
 * Claim    A two-layer ReLU network is a measure over (w, alpha), a signed measure over w, a
 *          measure over pairs (w+, w-) or over directions and scalars: all give its output, all but
 *          the last its gradients. Replacing (w, alpha) by |alpha| w with a fixed sign gives the
 *          same output and alters the dynamics slightly, in some cases.
 * Source   V. Merckle, Wasserstein gradient flow of two-layer ReLU networks (2024), section 10 (the
 *          encodings), section 8 (absorbed output weights), section 4.2 (polar coordinates).
 * Measured for each encoding, from one start: its output against the network's; the velocities of
 *          the neurons u = |alpha| w that it stands for against closed forms, and against those of
 *          the network with fixed signs, u' = -g, g = sign(alpha) grad F'(mu)(u); sup |f - f'|
 *          between the two by Euler steps h, h/2, h/4, ...
 * Laws     pair, signed: -g. plain (v = -grad F' for mass of either sign, as printed): -sign g.
 *          sphere: -(d d' + |u|^2 (I - d d')) g, d = u/|u|. both, polar: -(alpha^2 I + w w') g.
 *          scaled, equal (alpha fixed; drawn, or all the same): -alpha^2 g.
 * Differs  The note prints the pair's output as a product; the difference is meant (`pair`), and
 *          the product is measured. `polar` is compared with (w, alpha), as section 4.2 does, in
 *          the form d(r^2)/dt = -4 r^2 J (its equation lacks the measure in that term); `equal`
 *          with the network run alpha^2 times as far. The note makes no run.
 * Minutes  smoke 0, desk 0.1, paper 0.7, on one core.
 */
#include <math.h>
#include <stdio.h>

#include "harness/harness.h"
#include "relu_flows/encoded_flow.h"

#define PARAMETERS(P)                                                                              \
    /* type   name      smoke desk  paper */                                                       \
    P(int,    seeds,    2,    20,   40,    "repetitions; ours")                                    \
    P(int,    n,        5,    5,    5,     "data points in [-1/2, 1/2]; the author's code")        \
    P(int,    m,        16,   64,   256,   "neurons, as many of each sign; ours")                  \
    P(double, sd,       0.5,  0.5,  0.5,   "of the neurons u at the start; ours")                  \
    P(double, low,      0.5,  0.5,  0.5,   "smallest |alpha| of `scaled`, |alpha| of `equal`")     \
    P(double, high,     1.5,  1.5,  1.5,   "largest |alpha| of `scaled`, drawn uniformly; ours")   \
    P(double, T,        2.0,  2.0,  2.0,   "time; ours")                                           \
    P(int,    steps,    20,   40,   40,    "of the coarsest run; ours")                            \
    P(int,    halvings, 3,    5,    5,     "of the step; ours")                                    \
    P(int,    shown,    12,   12,   12,    "neurons of the network whose paths are drawn; ours")
DEFINE_PARAMETERS(PARAMETERS)

enum { PAIR, SIGNED, PLAIN, SPHERE, BOTH, POLAR, SCALED, EQUAL };
#define ENCODINGS                                                                                  \
    CELL_NAMES("pair", "signed", "plain", "sphere", "both", "polar", "scaled", "equal")
#define ROUNDING 1e-12 /* less is 0 */
#define RESIDUAL 1e-15 /* less is rounding of one sum */
#define CONDITION 1e5  /* a change of y by 1e-14 moves the smallest distance by 1e-11 of it */
#define PI 3.14159265358979323846
static const struct axis encodings = {.name = "encoding", .meaning = "what the measure is over",
                                      .at = {ENCODINGS, ENCODINGS, ENCODINGS}};
static const enum encoding kind_of[] = {ENCODING_PAIR,   ENCODING_NEURON, ENCODING_NEURON,
                                        ENCODING_SPHERE, ENCODING_BOTH,   ENCODING_POLAR,
                                        ENCODING_FIXED,  ENCODING_FIXED};

/* The sizes |alpha| of the output weights that the neurons u come from: sqrt(|u|) where alpha
 * moves, so that |alpha| = |w|. Then the start itself. */
static void start(const struct parameters *p, const struct unit *u, struct encoded_flow *s)
{
    struct rng r = rng_stream(u->seed, "alpha");

    for (size_t i = 0; i < s->m; i++) {
        const double drawn = p->low + (p->high - p->low) * rng_uniform(&r);

        s->alpha.x[i] = u->cell == BOTH || u->cell == POLAR
                            ? sqrt(hypot(s->u.a[2 * i], s->u.a[2 * i + 1]))
                        : u->cell == SCALED ? drawn
                        : u->cell == EQUAL  ? p->low
                                            : 1;
    }
    encoded_flow_start(s);
}

static struct encoded_flow prepare(const struct parameters *p, struct unit *u,
                                   const struct relu_data *data, int m)
{
    struct encoded_flow s = encoded_flow_make(u->mem, kind_of[u->cell], data, (size_t)m);

    s.plain = u->cell == PLAIN;
    s.clock = u->cell == EQUAL ? p->low * p->low : 1;
    return s;
}

/* u' as the head has it for each encoding. */
static void law(const struct unit *cell, const double u[2], double sign, double alpha,
                const double g[2], double out[2])
{
    const double square = u[0] * u[0] + u[1] * u[1];
    const double radial = (u[0] * g[0] + u[1] * g[1]) / square; /* times u: d d' g */

    for (size_t c = 0; c < 2; c++) {
        const double along = radial * u[c];

        switch (cell->cell) {
        case PLAIN: out[c] = -sign * g[c]; break;
        case SPHERE: out[c] = -along - square * (g[c] - along); break;
        case BOTH:
        case POLAR: out[c] = -alpha * alpha * g[c] - square / (alpha * alpha) * along; break;
        case SCALED:
        case EQUAL: out[c] = -alpha * alpha * g[c]; break;
        default: out[c] = -g[c];
        }
    }
}

/* The velocities at the start, of encoding, network and law; and how fast F falls. */
static void measure_start(struct unit *cell, struct encoded_flow *s)
{
    const size_t k = encoding_neurons(s->kind);
    struct relu_network fixed = relu_network_make(cell->mem, s->data, s->m, 0, 1 / (double)s->rows);
    struct mat g = mat_zero(cell->mem, s->m, 2);
    double residual = 0, apart = 0, all = 0, falls = 0, output = 0, predicted[2];

    for (size_t i = 0; i < s->m; i++)
        fixed.c.x[i] *= encoded_flow_sign(i);
    relu_network_gradient(&fixed, &s->u, &g);
    vec_scale(&(struct vec){2 * s->m, g.a}, (double)s->rows);
    encoded_flow_velocity(s);
    for (size_t j = 0; j < s->data->n; j++)
        output = fmax(output, fabs(s->f.x[j] - s->data->y.x[j] - fixed.e.x[j]));
    for (size_t i = 0; i < s->m; i++) {
        const double *at = g.a + 2 * i;
        double u[ENCODING_MOST], moves[ENCODING_MOST], *move = moves + 2 * (i % k);

        encoding_absorb(s->kind, s->theta.a + s->theta.cols * (i / k),
                        s->rate.a + s->theta.cols * (i / k), u, moves);
        law(cell, s->u.a + 2 * i, encoded_flow_sign(i), s->alpha.x[i], at, predicted);
        residual = fmax(residual, hypot(move[0] - predicted[0], move[1] - predicted[1]));
        apart += pow(move[0] + at[0], 2) + pow(move[1] + at[1], 2);
        falls -= move[0] * at[0] + move[1] * at[1];
        all += at[0] * at[0] + at[1] * at[1];
    }
    emit(cell, "output", fmax(output, RESIDUAL));
    emit(cell, "law", fmax(residual, RESIDUAL));
    emit(cell, "velocity", fmax(sqrt(apart / all), ROUNDING));
    emit_conditioned(cell, "descent", falls / all, CONDITION);
}

/* sup over t and data of |f - f'| for h, h/2, ...: what is left of it, and where it goes. */
static void measure_steps(const struct parameters *p, struct unit *u, struct encoded_flow *s)
{
    struct curve *curve = curve_open(u, "steps", "h [1]", "apart [1]", NULL);
    double first = 0, most = 0;
    char name[UNIT_NAME];

    for (int k = 0; k <= p->halvings; k++) {
        const int steps = p->steps << k;

        most = ROUNDING;
        start(p, u, s);
        for (int t = 0; t < steps; t++)
            most = fmax(most, encoded_flow_step(s, p->T / steps));
        snprintf(name, sizeof name, "apart.%d", k);
        emit_conditioned(u, name, most, CONDITION);
        curve_row(curve, (double[]){p->T / steps, most});
        first = k == 0 ? most : first;
    }
    emit_conditioned(u, "apart.last", most, CONDITION);
    emit_conditioned(u, "left", most / first, CONDITION);
}

/* Paths of the neurons of one network, the same in every seed. */
static void draw_paths(const struct parameters *p, struct unit *u, const struct relu_data *data)
{
    struct curve *curve = curve_open(u, "paths", "row [1]", "neuron [1]", "w [1]", "b [1]",
                                     "network w [1]", "network b [1]", NULL);
    struct encoded_flow s = prepare(p, u, data, p->shown);
    const size_t k = encoding_neurons(s.kind);

    for (size_t c = 0; c < 2 * s.m; c++)
        s.u.a[c] = 2 * p->sd * sin(2 * PI * (double)(c / 2) / p->shown + (c % 2 ? 0 : PI / 2));
    start(p, u, &s);
    for (int t = 0; t <= p->steps; t++) {
        for (size_t i = 0; i < s.m; i++) {
            const double scale = u->cell == POLAR ? fabs(s.net.c.x[i]) * (double)s.rows : 1;
            double at[ENCODING_MOST], moves[ENCODING_MOST];

            encoding_absorb(s.kind, s.theta.a + s.theta.cols * (i / k),
                            s.rate.a + s.theta.cols * (i / k), at, moves);
            curve_row(curve, (double[]){(double)i * (p->steps + 1) + t, (double)i,
                                        at[2 * (i % k)], at[2 * (i % k) + 1],
                                        scale * s.w.a[2 * i], scale * s.w.a[2 * i + 1]});
        }
        for (int fine = 0; fine < 1 << p->halvings; fine++)
            encoded_flow_step(&s, p->T / (p->steps << p->halvings));
    }
}

/* max_j between the outputs of pairs as printed, a product, and of the network that is meant. */
static double product(const struct encoded_flow *s)
{
    double most = 0, gradient[ENCODING_MOST];

    for (size_t j = 0; j < s->data->n; j++) {
        const double *x = s->data->x.a + 2 * j;
        double difference = 0;

        for (size_t i = 0; i < s->m / 2; i++)
            difference += encoding_output(ENCODING_PRODUCT, s->u.a + 4 * i, x, gradient) -
                          encoding_output(ENCODING_PAIR, s->u.a + 4 * i, x, gradient);
        most = fmax(most, fabs(difference) / ((double)s->m / 2));
    }
    return most;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct relu_data data = relu_data_sinus(u->mem, (size_t)p->n);
    struct rng r = rng_stream(u->seed, "neurons");
    struct encoded_flow s = prepare(p, u, &data, p->m);

    s.u = mat_normal(u->mem, &r, s.m, 2, p->sd * p->sd);
    start(p, u, &s);
    measure_start(u, &s);
    emit(u, "product", product(&s));
    measure_steps(p, u, &s);
    draw_paths(p, u, &data);
    return STATUS_OK;
}

static const struct metric metrics[] = {
    {"output", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0, "largest |f - f'| at the start, or 1e-15"},
    {"product", "1", LOWER_IS_BETTER, CLASS_LIBM, 0, "the same for pairs read as a product"},
    {"law", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0, "largest |u' - its law| at start, or 1e-15"},
    {"velocity", "1", NO_DIRECTION, CLASS_LIBM, 0, "|u' + g| / |g| over all neurons at the start"},
    {"descent", "1", NO_DIRECTION, CLASS_COND, 0, "dF/dt at the start, over the network's"},
    {"apart.*", "1", LOWER_IS_BETTER, CLASS_COND, 0, "sup |f - f'| at step h / 2^k, or 1e-12"},
    {"apart.last", "1", LOWER_IS_BETTER, CLASS_COND, 0, "the same at the smallest step"},
    {"left", "1", LOWER_IS_BETTER, CLASS_COND, 0, "the same over that at the largest step"},
};

static const struct claim claims[] = {
    {.id = "outputs-agree", .place = "note, section 10: (works)",
     .words = "all encodings give the network's output (pairs as a difference)",
     .kind = BOUND, .metric = "output", .cell = ALL_CELLS, .is = BELOW, .to = 1e-13,
     .reason = "rounding"},
    {.id = "product-agrees", .place = "note, section 10, third encoding, as printed",
     .words = "pairs (w+, w-) give the network's output as a product",
     .kind = ORDER, .metric = "product", .cell = "pair", .is = BELOW, .to = 1e-13},
    {.id = "laws", .place = "derived: see the program's head",
     .words = "neurons move by the closed form of their encoding",
     .kind = BOUND, .metric = "law", .cell = ALL_CELLS, .is = BELOW, .to = 1e-13,
     .reason = "rounding"},
    {.id = "pair-moves-alike", .place = "note, section 10, third encoding",
     .words = "pairs as a difference move as the network", .kind = BOUND,
     .metric = "apart.last", .cell = "pair", .is = BELOW, .to = 1e-12, .reason = "rounding"},
    {.id = "signed-moves-alike", .place = "note, section 10, second encoding",
     .words = "a signed measure moves as the network, if negative mass descends too", .kind = BOUND,
     .metric = "apart.last", .cell = "signed", .is = BELOW, .to = 1e-12, .reason = "rounding"},
    {.id = "plain-descends", .place = "note, section 10: v_t in -dF'(mu_t)",
     .words = "with v = -grad F' for mass of either sign, F falls as fast as for the network",
     .kind = VALUE, .metric = "descent", .cell = "plain", .to = 1, .within = 0.01,
     .reason = "a rate of descent; closed form 1 - 2 (share of negative mass in |g|^2)"},
    {.id = "sphere-velocity-differs", .place = "note, section 10: gradients are not equal",
     .words = "directions times scalars move otherwise than the network",
     .kind = ORDER, .metric = "velocity", .cell = "sphere", .is = ABOVE, .to = 0.01},
    {.id = "sphere-stays-apart", .place = "note, section 10: gradients are not equal",
     .words = "and the distance is not one of steps: more than 0.9 of it is left at h/32",
     .kind = ORDER, .metric = "left", .cell = "sphere", .is = ABOVE, .to = 0.9},
    {.id = "polar-moves-alike", .place = "note, section 4.2: exactly the same dynamics",
     .words = "polar coordinates of (w, alpha) move as (w, alpha): the distance goes with the step",
     .kind = VALUE, .metric = "left", .cell = "polar", .to = 1.0 / 32, .within = 0.02,
     .reason = "Euler steps are of order 1: 2^-5 after 5 halvings"},
    {.id = "absorbing-is-slight", .place = "note, section 8: slightly alter the training dynamic",
     .words = "fixing signs and absorbing alpha changes the velocities by less than a tenth",
     .kind = ORDER, .metric = "velocity", .cell = "both", .is = BELOW, .to = 0.1},
    {.id = "absorbing-differs", .place = "note, section 8: in some cases",
     .words = "fixing signs and absorbing alpha changes f by more than steps do",
     .kind = ORDER, .metric = "left", .cell = "both", .is = ABOVE, .to = 0.9},
    {.id = "equal-alpha-is-a-clock", .place = "derived: u' = -alpha^2 g",
     .words = "with all |alpha| equal and fixed, absorbing them only scales time by alpha^2",
     .kind = BOUND, .metric = "apart.last", .cell = "equal", .is = BELOW, .to = 1e-12,
     .reason = "rounding"},
    {.id = "unequal-alpha-is-not", .place = "derived: each neuron has its own clock",
     .words = "with unequal |alpha|, fixed, the distance is not one of steps",
     .kind = ORDER, .metric = "left", .cell = "scaled", .is = ABOVE, .to = 0.9},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "measure_encodings", .title = "One network as a measure in different ways",
        .paper = "V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June "
                 "2024",
        .differs = "The note makes no run of this; its words are held against closed forms and "
                   "small steps. It prints the output of a pair as a product, where the difference "
                   "is the network's; its velocity for a signed measure lets negative mass climb; "
                   "the equation of section 4.2 lacks the measure in its reaction term.",
        .caption = "Left and middle: paths of the neurons |alpha| w of one network, from a circle "
                   "on, by two encodings (coloured) and with fixed signs (grey). Right: sup over "
                   "time and data of the distance of the outputs, against the step; what moves "
                   "alike falls with the step or is 0 (drawn at 1e-12).",
        .minutes = {0.002, 0.06, 0.7}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &encodings, .run_unit = run_unit});
}
