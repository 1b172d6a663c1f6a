/* SPDX-License-Identifier: GPL-3.0-or-later */
/* covering_start: which starts of the flow lead to the global minimum, and which cannot.
 *
 * Claim    A measure whose support covers all directions at the start flows to a global minimum, if
 *          it flows to anything.
 * Source   V. Merckle, Wasserstein gradient flow of two-layer ReLU networks (2024), section 4.1 and
 *          section 4.2 (theorem 2); L. Chizat and F. Bach, NeurIPS 2018.
 * Measured F at time T of f = (1/m) sum alpha_i max(0, <w_i, x>) on the author's `sinus`, where the
 *          global minimum is 0, against m. Starts: `sphere`, all directions of (w, alpha);
 *          `positive`, the cap alpha >= |w|; `dead`, half of the neurons positive and activated by
 *          no point, the others with alpha <= -|w|; `circle`, all directions of w, with alpha =
 *          +-1 fixed as in the note's own network; `affine`, the same, w within 15 degrees of the
 *          bias. And F'(mu) over all directions at the end: 0 at a minimum over all measures.
 * Bounds   alpha^2 - |w|^2 is constant, so signs stay where |alpha| >= |w|. Then in `positive`
 *          f >= 0 for all times, and F >= F(0) because no ReLU correlates with y on these data; in
 *          `dead` f is concave, and F >= D^2 / 12n for any second difference D > 0 of y. In
 *          `affine` (1/m) sum alpha_i w_i follows the flow of linear regression, each neuron moves
 *          by +- what that moves, which is less than its distance to all boundaries: f stays affine
 *          and F goes to the residual of least squares.
 * Differs  The note quotes the theorem and makes no run; all starts and sizes are ours. The theorem
 *          is about trained alpha; with signs fixed neurons die in finite time.
 * Minutes  smoke 0, desk 0.4, paper 120 (estimated), on one core.
 */
#include <math.h>
#include <stdio.h>

#include "harness/harness.h"
#include "relu_flows/both_layers.h"
#include "relu_flows/particle_flow.h"

#define PARAMETERS(P)                                                                              \
    /* type   name      smoke desk   paper    */                                                   \
    P(int,    seeds,    2,    10,    20,      "repetitions; ours")                                 \
    P(int,    n,        5,    5,     5,       "data points in [-1/2, 1/2]; the author's code")     \
    P(int,    m_first,  8,    8,     8,       "the smallest m; ours")                              \
    P(int,    sizes,    3,    6,     7,       "values of m, each twice the last; ours")            \
    P(double, T,        50.0, 600.0, 60000.0, "time; ours")                                        \
    P(double, step,     0.1,  0.05,  0.05,    "of the midpoint rule (circle, affine: RK4)")        \
    P(double, cosine,   0.966, 0.966, 0.966,  "b / |w| is larger in `affine`: 15 degrees; ours")   \
    P(double, margin,   1e-9, 1e-9,  1e-9,    "of <w, x> below 0 in `dead`, for rounding; ours")   \
    P(int,    rows,     50,   300,   300,     "of the curve of F; ours")                           \
    P(int,    angles,   72,   360,   720,     "directions at which F'(mu) is looked at; ours")
DEFINE_PARAMETERS(PARAMETERS)

enum { SPHERE, POSITIVE, DEAD, CIRCLE, AFFINE };
#define STARTS CELL_NAMES("sphere", "positive", "dead", "circle", "affine")
static const struct axis starts = {.name = "start", .meaning = "directions that the start covers",
                                   .at = {STARTS, STARTS, STARTS}};

#define ROUNDING 1e-15
#define PI 3.14159265358979323846

/* A change of y by 1e-14 moves the smallest losses by less than 1e-10, relative. */
#define CONDITION 1e5

static int trains_alpha(const struct unit *u)
{
    return u->cell <= DEAD;
}

/* Whether (w, alpha) of the unit sphere, or w of the unit circle, belongs to the start, for a
 * neuron of its first or second half. */
static int belongs(const struct parameters *p, const struct unit *u, const struct relu_data *data,
                   const double w[2], double alpha, int first_half)
{
    const int balanced = alpha * alpha >= w[0] * w[0] + w[1] * w[1];
    int alive = 0;

    for (size_t j = 0; j < data->n; j++)
        alive = alive || w[0] * data->x.a[2 * j] + w[1] > -p->margin;
    if (u->cell == POSITIVE)
        return balanced && alpha > 0;
    if (u->cell == DEAD)
        return first_half ? alpha > 0 && !alive : alpha < 0 && balanced;
    return u->cell != AFFINE || w[1] > p->cosine;
}

/* W (m x 2) and the network's output weights, drawn uniformly from what belongs to the start. */
static struct mat draw(const struct parameters *p, struct unit *u, struct relu_network *net)
{
    struct rng r = rng_stream(u->seed, "start:%zu", net->m);
    struct mat w = mat_zero(u->mem, net->m, 2);

    for (size_t i = 0; i < net->m; i++) {
        double *at = w.a + 2 * i, alpha, norm;

        do {
            at[0] = rng_normal(&r);
            at[1] = rng_normal(&r);
            alpha = trains_alpha(u) ? rng_normal(&r) : 0;
            norm = sqrt(at[0] * at[0] + at[1] * at[1] + alpha * alpha);
            at[0] /= norm;
            at[1] /= norm;
            alpha /= norm;
        } while (!belongs(p, u, net->data, at, alpha, 2 * i < net->m));
        if (trains_alpha(u))
            net->c.x[i] = alpha / (double)net->m;
    }
    return w;
}

/* (1/2n) sum of squared residuals of the affine least-squares fit. */
static double affine_residual(const struct relu_data *data)
{
    double Sx = 0, Sxx = 0, Sy = 0, Sxy = 0, sum = 0, n = (double)data->n, slope;

    for (size_t j = 0; j < data->n; j++) {
        const double x = data->x.a[2 * j], y = data->y.x[j];

        Sx += x;
        Sxx += x * x;
        Sy += y;
        Sxy += x * y;
    }
    slope = (n * Sxy - Sx * Sy) / (n * Sxx - Sx * Sx);
    for (size_t j = 0; j < data->n; j++) {
        const double e = data->y.x[j] - Sy / n - slope * (data->x.a[2 * j] - Sx / n);

        sum += e * e;
    }
    return sum / (2 * n);
}

/* Below which F cannot fall, as the head says. In `dead`: f_- - 2 f_0 + f_+ <= 0 at three
 * neighbours, so the residuals there have a component of at least D / sqrt(6). */
static double floor_of(const struct unit *u, const struct relu_data *data)
{
    const double *y = data->y.x, n = (double)data->n;
    double D = 0;

    for (size_t j = 1; j + 1 < data->n; j++)
        D = fmax(D, y[j - 1] - 2 * y[j] + y[j + 1]);
    if (u->cell == POSITIVE)
        return vec_dot(&data->y, &data->y) / (2 * n);
    return u->cell == DEAD ? D * D / (12 * n) : u->cell == AFFINE ? affine_residual(data) : 0;
}

/* (1/n) sum_j z_j max(0, <w, x_j>) for the unit vector w at an angle: F'(mu)(w) of a positive
 * neuron for z = e. */
static double correlation(const struct relu_data *data, const struct vec *z, double angle)
{
    double sum = 0;

    for (size_t j = 0; j < data->n; j++)
        sum += z->x[j] * fmax(0, cos(angle) * data->x.a[2 * j] + sin(angle)) / (double)data->n;
    return sum;
}

struct outcome {
    double loss, lowest; /* F at the end, and its smallest value on the way */
};

static struct outcome flow(const struct parameters *p, const struct unit *u,
                           struct relu_network *net, struct mat *w, struct curve *curve)
{
    struct both_layers both = both_layers_make(u->mem, net);
    struct particle_flow first = particle_flow_make(u->mem, net);
    const int steps = (int)lround(p->T / p->step), rows = p->rows;
    struct outcome out = {.lowest = HUGE_VAL};

    for (int t = 0; t <= steps; t++) {
        out.loss = relu_network_loss(net, w);
        out.lowest = fmin(out.lowest, out.loss);
        if (curve && t % (steps / rows) == 0)
            curve_row(curve, (double[]){t * p->step, out.loss});
        if (trains_alpha(u))
            both_layers_step(&both, w, p->step);
        else
            particle_flow_step(&first, w, p->step);
    }
    return out;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct relu_data data = relu_data_sinus(u->mem, (size_t)p->n);
    struct curve *sizes = curve_open(u, "sizes", "m [1]", "loss [1]", "floor [1]", NULL);
    struct curve *time = curve_open(u, "time", "t [1]", "loss [1]", NULL);
    struct curve *variation = curve_open(u, "variation", "angle [1]", "F' [1]", NULL);
    const double lowest = floor_of(u, &data);
    double breach = ROUNDING, most = 0, y_most = 0;
    char name[UNIT_NAME];
    struct outcome out = {0};
    struct relu_network net = {0};
    struct mat w;

    for (int k = 0, m = p->m_first; k < p->sizes; k++, m *= 2) {
        net = relu_network_make(u->mem, &data, (size_t)(m - m / 2), (size_t)m / 2, 1.0 / m);
        w = draw(p, u, &net);
        out = flow(p, u, &net, &w, k == p->sizes - 1 ? time : NULL);
        snprintf(name, sizeof name, "loss.%d", m);
        emit_conditioned(u, name, out.loss, CONDITION);
        curve_row(sizes, (double[]){m, out.loss, lowest});
        breach = fmax(breach, lowest - out.lowest);
    }
    relu_network_loss(&net, &w);
    for (int k = 0; k <= p->angles; k++) {
        const double angle = 2 * PI * k / p->angles, at = correlation(&data, &net.e, angle);

        curve_row(variation, (double[]){360.0 * k / p->angles, at});
        most = fmax(most, fabs(at));
        y_most = fmax(y_most, correlation(&data, &data.y, angle));
    }
    emit_conditioned(u, "loss.last", out.loss, CONDITION);
    emit(u, "floor", lowest);
    emit(u, "breach", breach);
    emit_conditioned(u, "help", most, CONDITION);
    emit(u, "correlation", y_most);
    return STATUS_OK;
}

static const struct metric metrics[] = {
    {"loss.*", "1", LOWER_IS_BETTER, CLASS_COND, 0, "F at time T, for each m"},
    {"loss.last", "1", LOWER_IS_BETTER, CLASS_COND, 0, "F at time T, for the largest m"},
    {"floor", "1", NO_DIRECTION, CLASS_LIBM, 0, "the bound of F, in closed form"},
    {"breach", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0,
     "most by which F was below its bound, over all times and m, or 1e-15"},
    {"help", "1", NO_DIRECTION, CLASS_COND, 0, "largest |F'(mu)| over all directions, largest m"},
    {"correlation", "1", NO_DIRECTION, CLASS_LIBM, 0,
     "largest (1/n) sum y_j max(0, <w, x_j>) over all directions; at 0, F >= F(0) for f >= 0"},
};

static const struct claim claims[] = {
    {.id = "sphere-arrives", .place = "note, section 4.2, theorem 2",
     .words = "a start that covers all directions of (w, alpha) reaches the global minimum, F = 0",
     .kind = BOUND, .metric = "loss.last", .cell = "sphere", .is = BELOW, .to = 1e-6,
     .reason = "3e-6 of F(0), and still falling"},
    {.id = "more-neurons-help", .place = "note, section 4.1: m, t to infinity",
     .words = "from such a start the loss falls as the number of neurons grows",
     .kind = TREND, .metric = "loss.*", .cell = "sphere", .is = BELOW},
    {.id = "few-may-stay", .place = "derived: 8 neurons cover little",
     .words = "8 neurons drawn from all directions do not reach it",
     .kind = ORDER, .metric = "loss.8", .cell = "sphere", .is = ABOVE, .to = 0.01},
    {.id = "bounds-hold", .place = "derived: see the program's head",
     .words = "no start falls below its closed-form bound, at any time, with any m",
     .kind = BOUND, .metric = "breach", .cell = ALL_CELLS, .is = BELOW, .to = 1e-12,
     .reason = "rounding of F"},
    {.id = "no-relu-correlates", .place = "derived: F >= F(0) for f >= 0",
     .words = "no direction of a positive neuron lowers F from f = 0 on these data",
     .kind = BOUND, .metric = "correlation", .cell = "positive", .is = BELOW, .to = 0,
     .reason = "the condition of the bound of `positive`"},
    {.id = "positive-stays", .place = "derived: f >= 0",
     .words = "positive neurons alone go to F(0) = 0.36846 and no lower",
     .kind = EQUIVALENCE, .metric = "loss.last", .cell = "positive", .to_metric = "floor",
     .within = 1e-3, .reason = "what steps across boundaries leave, and a thousandth of the range"},
    {.id = "dead-stays", .place = "derived: f is concave",
     .words = "with the positive neurons dead the flow goes to D^2/12n = 0.21627 and no lower",
     .kind = EQUIVALENCE, .metric = "loss.last", .cell = "dead", .to_metric = "floor",
     .within = 1e-3, .reason = "the same"},
    {.id = "affine-stays", .place = "derived: the flow of linear regression",
     .words = "neurons of both signs near the bias fit a line: F goes to its residual 0.24443",
     .kind = EQUIVALENCE, .metric = "loss.last", .cell = "affine", .to_metric = "floor",
     .within = 1e-9, .reason = "exact but for rounding and a rest of exp(-2 T / 8)"},
    {.id = "others-would-help", .place = "derived: F'(mu) = 0 at a minimum over all measures",
     .words = "where the flow of `dead` ends, a neuron that it lacks would lower F",
     .kind = ORDER, .metric = "help", .cell = "dead", .is = ABOVE, .to_metric = "help",
     .to_cell = "sphere"},
    {.id = "fixed-signs-are-slow", .place = "derived: the theorem is about trained alpha",
     .words = "with fixed signs, as in the note's network, a covering start is far from 0 at T",
     .kind = ORDER, .metric = "loss.last", .cell = "circle", .is = ABOVE,
     .to_metric = "loss.last", .to_cell = "sphere"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "covering_start", .title = "Which starts of the flow lead to the global minimum",
        .paper = "V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June "
                 "2024",
        .differs = "The note quotes the theorem and makes no run; starts and sizes are ours. The "
                   "theorem is about trained output weights: with signs fixed, as in the note's "
                   "own network, neurons can die in finite time, and from all directions F is "
                   "still near 0.22 when trained output weights have long arrived. In `dead` one "
                   "seed in ten is slow (0.222 at T); more neurons help there, smaller steps do "
                   "not.",
        .caption = "Left: F in time for the largest m; dashed, the closed-form bounds. Middle: F "
                   "at the end against m. Right: the first variation at the end, over the "
                   "directions of a positive neuron: where it is negative such a neuron would "
                   "lower F, where it is positive a negative one would.",
        .minutes = {0.003, 0.4, 120}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &starts, .run_unit = run_unit});
}
