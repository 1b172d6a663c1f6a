/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spectral_bias: kernel regression learns a function degree by degree.
 *
 * Claim    The error of a target inside the spherical harmonics of degree k stays near its start,
 *          or above it, until the number of samples passes the number of harmonics up to k, and
 *          falls then: low degrees are learned first.
 * Source   Bordelon, Canatar, Pehlevan, "Spectrum dependent learning curves in kernel regression
 *          and wide neural networks", ICML 2020; quoted by the slides of Karakida and Akaho.
 * Measured E_k(P) / E_k(0) of y = Q_k(<beta, x>), k = 1 .. 4, in kernel regressions with the
 *          tangent kernel of a ReLU network in five dimensions, against q_k^2 / (1 - gamma); and
 *          in ten and thirty, where the theory is nearer.
 * Differs  Ridgeless but for the profile paper, where the ridge is the paper's, 1e-4; our own
 *          draws.
 * Minutes  smoke 0.01, desk 0.2, paper 1.
 */
#include <gsl/gsl_sf_gegenbauer.h>
#include <math.h>

#include "continual_learning/draws.h"
#include "harness/harness.h"
#include "kernel/kernel_regression.h"
#include "kernel/learning_curve.h"
#include "kernel/ntk_gram.h"

#define PARAMETERS(P)                                                                              \
    /* type   name     smoke desk  paper */                                                        \
    P(int,    seeds,   2,    20,   25,    "repetitions; paper 25")                                 \
    P(int,    work,    200,  6000, 10000, "draws a seed are work / P, 1 to 20; ours")              \
    P(double, ridge,   0,    0,    1e-4,  "paper 1e-4")                                            \
    P(int,    tests,   300,  1000, 2500,  "test inputs; paper 2500")                               \
    P(int,    degrees, 50,   50,   50,    "of the theory, half from D = 20 on; paper 50")          \
    NETWORK_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

static const struct { size_t D, P; } sizes[] = {
    {5, 10}, {5, 100}, {5, 20}, {5, 50}, {5, 200}, {5, 500}, {5, 1000}, {10, 500}, {30, 1000},
    {5, 1}, {5, 2}, {5, 5}}; /* paper: ten of 1 to 1000 in five dimensions */
static const struct axis axis = {
    .name = "P", .meaning = "samples, of inputs of five dimensions where no dimension is named",
    .at = {CELL_NAMES("P=10", "P=100"),
           CELL_NAMES("P=10", "P=100", "P=20", "P=50", "P=200", "P=500", "P=1000",
                      "D=10, P=500", "D=30, P=1000"),
           CELL_NAMES("P=10", "P=100", "P=20", "P=50", "P=200", "P=500", "P=1000",
                      "D=10, P=500", "D=30, P=1000", "P=1", "P=2", "P=5")}};

enum { DEGREES = 4 };

struct measured {
    const struct parameters *p;
    const struct unit *u;
    size_t D, P;
    int draw;
    double error[DEGREES], start[DEGREES]; /* sums over draws: E_k(P), E_k(0) */
    double condition;
};

/* y (n x DEGREES): Q_k(<beta_k, x>), the Gegenbauer polynomial with Q_k(1) = 1. */
static void fill_targets(struct mat *y, const struct mat *x, struct rng *r, struct arena *mem)
{
    const struct mat beta = kernel_sphere_points(mem, r, DEGREES, x->cols);
    const double index = (double)x->cols / 2 - 1;

    for (size_t i = 0; i < x->rows; i++)
        for (size_t k = 0; k < DEGREES; k++) {
            const struct vec a = mat_row(x, i), b = mat_row(&beta, k);

            y->a[i * DEGREES + k] = gsl_sf_gegenpoly_n((int)k + 1, index, vec_dot(&a, &b)) /
                                    gsl_sf_gegenpoly_n((int)k + 1, index, 1);
        }
}

/* One draw. */
static enum status learn(void *context, struct arena *mem)
{
    struct measured *m = context;
    const struct ntk_spec spec = NETWORK(m->p);
    const size_t tests = (size_t)m->p->tests, P = m->P;
    struct rng inputs = rng_stream(m->u->seed, "inputs:%d", m->draw);
    struct rng targets = rng_stream(m->u->seed, "targets:%d", m->draw);
    const struct mat x = kernel_sphere_points(mem, &inputs, P + tests, m->D);
    const struct mat train = mat_rows(&x, 0, P), test = mat_rows(&x, P, tests);
    struct mat y = mat_zero(mem, P + tests, DEGREES), f = mat_zero(mem, tests, DEGREES);
    struct mat a = mat_rows(&y, 0, P), gram = mat_zero(mem, P, P);
    double rcond;

    fill_targets(&y, &x, &targets, mem);
    TRY(ntk_gram(&gram, &spec, NTK_TANGENT, &train, 1));
    TRY(kernel_regression_solve_matrix(&gram, m->p->ridge, &a, &rcond));
    m->condition = fmax(m->condition, 1 / rcond);
    TRY(ntk_gram_apply(&f, &spec, &test, &train, 1, &a));
    for (size_t i = 0; i < tests; i++)
        for (size_t k = 0; k < DEGREES; k++) {
            const double target = y.a[(P + i) * DEGREES + k];
            const double e = f.a[i * DEGREES + k] - target;

            m->error[k] += e * e / (double)tests;
            m->start[k] += target * target / (double)tests;
        }
    return STATUS_OK;
}

static void report(struct unit *u, const struct measured *m, const struct learning_curve *c)
{
    struct curve *gap = curve_open(u, "gap", "P [1]", "dimension [1]", "degree 1 [theory]",
                                   "degree 2 [theory]", "degree 3 [theory]", "degree 4 [theory]",
                                   NULL);
    struct curve *curve = curve_open(u, "error", "P [1]", "dimension [1]", "degree 1 [E_k(0)]",
                                     "degree 2 [E_k(0)]", "degree 3 [E_k(0)]", "degree 4 [E_k(0)]",
                                     "theory 1 [E_k(0)]", "theory 2 [E_k(0)]",
                                     "theory 3 [E_k(0)]", "theory 4 [E_k(0)]", NULL);
    const double D = (double)m->D;
    double row[2 + 2 * DEGREES] = {c->samples, D}, over[2 + DEGREES] = {c->samples, D};

    for (int k = 1; k <= DEGREES; k++) {
        const double theory = learning_curve_mode(c, (size_t)k);
        const double measured = m->error[k - 1] / m->start[k - 1];

        row[1 + k] = measured;
        row[1 + DEGREES + k] = theory;
        over[1 + k] = measured / theory;
        emit_scaled_at(u, "degree", k, measured, m->condition);
        emit_at(u, "theory", k, theory);
        emit_scaled_at(u, "agreement", k, measured / theory, m->condition);
    }
    emit_conditioned(u, "condition", m->condition, m->condition);
    curve_row(curve, row);
    curve_row(gap, over);
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct ntk_spec spec = NETWORK(p);
    const size_t D = sizes[u->cell].D, P = sizes[u->cell].P;
    const size_t degrees = D < 20 ? (size_t)p->degrees : (size_t)p->degrees / 2;
    const int draws = draws_a_seed(p->work, (double)P, 1, 20);
    struct measured m = {.p = p, .u = u, .D = D, .P = P};
    struct learning_curve c;
    struct spectrum s;

    TRY(spectrum_sphere(&s, u->mem, ntk_sphere, &spec, D, degrees, (size_t)p->nodes));
    TRY(learning_curve_solve(&c, u->mem, &s, (double)P, p->ridge));
    for (m.draw = 0; m.draw < draws; m.draw++)
        TRY(draws_within(learn, &m));
    report(u, &m, &c);
    return STATUS_OK;
}

static const struct metric metrics[] = {
    {"degree.*", "E_k(0)", LOWER_IS_BETTER, CLASS_COND, 0, "E_k(P) over E_k(0)"},
    {"theory.*", "E_k(0)", NO_DIRECTION, CLASS_LIBM, 0, "q_k^2 / (1 - gamma)"},
    {"agreement.*", "1", NO_DIRECTION, CLASS_COND, 0, "E_k(P) over the theory's"},
    CONDITION_METRIC,
};

/* A margin of 0.25 for all. */
#define FIVE_DIMENSIONS "a quarter, ours, was the largest gap of first trials in five " \
                        "dimensions; the theory is for many samples in many dimensions"

static const struct claim claims[] = {
    {.id = "low-degrees-first", .place = "paper: modes are learned in the order of eigenvalues",
     .words = "after 50 samples the error rises with the degree",
     .kind = TREND, .metric = "degree.*", .cell = "P=50", .is = ABOVE},
    {.id = "first-degree-learned", .place = "paper: degree 1 falls once P passes its harmonics (5)",
     .words = "after 50 samples a linear target is learned to a tenth",
     .kind = ORDER, .metric = "degree.1", .cell = "P=50", .is = BELOW, .to = 0.1},
    {.id = "third-degree-waits", .place = "paper: degree 3 waits for 50 harmonics up to it",
     .words = "after 20 samples a cubic target is no better than at the start",
     .kind = ORDER, .metric = "degree.3", .cell = "P=20", .is = ABOVE, .to = 1},
    {.id = "third-degree-learned", .place = "paper: degree 3 falls once P passes its harmonics",
     .words = "after 500 samples the cubic target is learned to a tenth",
     .kind = ORDER, .metric = "degree.3", .cell = "P=500", .is = BELOW, .to = 0.1},
    {.id = "unlearned-inflates", .place = "paper: the factor 1 / (1 - gamma)",
     .words = "a degree that is not learned yet gets worse with the first samples",
     .kind = ORDER, .metric = "degree.4", .cell = "P=10", .is = ABOVE, .to = 1},
    {.id = "theory-unlearned", .place = "theory: E_4(10) / E_4(0) = 1.398",
     .words = "the theory predicts how much worse",
     .kind = VALUE, .metric = "agreement.4", .cell = "P=10", .to = 1, .within = 0.25,
     .reason = FIVE_DIMENSIONS},
    {.id = "theory-half-learned", .place = "theory: E_3(100) / E_3(0) = 0.351",
     .words = "the theory predicts a degree that is being learned",
     .kind = VALUE, .metric = "agreement.3", .cell = "P=100", .to = 1, .within = 0.25,
     .reason = FIVE_DIMENSIONS},
    {.id = "theory-learned", .place = "theory: E_1(200) / E_1(0) = 1.2e-4",
     .words = "the theory predicts a degree that is learned",
     .kind = VALUE, .metric = "agreement.1", .cell = "P=200", .to = 1, .within = 0.25,
     .reason = FIVE_DIMENSIONS},
    {.id = "theory-learned-thirty", .place = "theory: E_1(1000) / E_1(0) = 1.07e-3 for D = 30",
     .words = "in thirty dimensions it does",
     .kind = VALUE, .metric = "agreement.1", .cell = "D=30, P=1000", .to = 1, .within = 0.1,
     .reason = "ours, after a first run of 24 draws: 1.04 with a standard error of 0.02; a tenth "
               "is five of them and a third of the gap in five dimensions"},
    {.id = "gap-falls-with-dimension",
     .place = "derived: E_1 / E_1(0) = 1.8e-4 at D = 10, P = 500 and 1.2e-4 at D = 5, P = 200",
     .words = "a degree that is learned as well is nearer to the theory in ten dimensions than in "
              "five",
     .kind = ORDER, .metric = "agreement.1", .cell = "D=10, P=500", .is = BELOW,
     .to_metric = "agreement.1", .to_cell = "P=200"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "spectral_bias", .title = "Kernel regression learns a function degree by degree",
        .paper = "B. Bordelon, A. Canatar, C. Pehlevan, Spectrum dependent learning curves in "
                 "kernel regression and wide neural networks, ICML 2020",
        .differs = "Ridgeless at desk, where the paper's experiment has 1e-4. The paper's "
                   "experiments with trained networks are left out. In five dimensions the theory "
                   "is within 15 % for degrees not learned yet or being learned, and regressions "
                   "lie 20 to 40 % above it where degree 1 is learned; in ten and thirty "
                   "dimensions, where it is learned too, 1 to 6 %.",
        .caption = "Left: error on a target inside the harmonics of one degree, in units of its "
                   "start, against the number of samples, in five dimensions. Dotted lines: the "
                   "number of harmonics up to each degree. Lines: theory; points: kernel "
                   "regressions. Right: regressions over theory for degree 1, in five dimensions "
                   "and in more.",
        .minutes = {0.01, 0.2, 1}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &axis, .run_unit = run_unit});
}
