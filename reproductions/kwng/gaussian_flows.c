/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gaussian_flows: Euclidean, Fisher and Wasserstein gradient flows of an expectation over the
 * Gaussian family.
 *
 * Claim    The three geometries take L(mu, Sigma) = E f(X), X ~ N(mu, Sigma), along different paths
 *          at different speeds.
 * Source   M. Arbel, A. Gretton, W. Li and G. Montufar, Kernelized Wasserstein natural gradient,
 *          slides of April 2020, "the Gaussian family" (a picture; f is not given).
 * Measured f(x) = x' H x / 2 in two dimensions, where all three have closed forms: error against
 *          them, when Sigma stops being positive, the loss and its exponent in time. And the double
 *          well f(x) = (x^2 - 1)^2 in one dimension from several starts.
 * Differs  The picture's f and starts are not known; what is claimed is derived:
 *            Wasserstein  mu = e^{-Ht} mu0,  Sigma = e^{-Ht} Sigma0 e^{-Ht}: L falls like e^{-2ht}
 *            Fisher       Sigma^-1 = Sigma0^-1 + H t,  Sigma^-1 mu constant: L falls like 1 / t
 *            Euclidean    mu = e^{-Ht} mu0,  Sigma = Sigma0 - H t / 2: ends at
 *                         t = 2 least eigenvalue of H^-1 Sigma0
 * Minutes  under 0.001 at any profile.
 */
#include <math.h>
#include <string.h>

#include "geometry/gaussian.h"
#include "harness/harness.h"

#define PARAMETERS(P)                                                                              \
    /* type   name     smoke desk  paper  */                                                       \
    P(int,    seeds,   1,    1,    1,     "nothing is drawn")                                      \
    P(double, h_1,     1,    1,    1,     "first eigenvalue of H; ours")                           \
    P(double, h_2,     4,    4,    4,     "second; ours")                                          \
    P(double, mu_1,    1.5,  1.5,  1.5,   "start, first coordinate; ours")                         \
    P(double, mu_2,    1,    1,    1,     "start, second; ours")                                   \
    P(double, v_1,     1,    1,    1,     "variances of the start; ours")                          \
    P(double, v_2,     2,    2,    2,     "ours")                                                  \
    P(double, v_12,    0.6,  0.6,  0.6,   "their covariance; ours")                                \
    P(double, horizon, 50,   50,   50,    "time, quadratic f; ours")                               \
    P(double, step,    5e-3, 5e-3, 5e-3,  "of the fourth-order Runge-Kutta method; ours")          \
    P(double, well,    3,    3,    3,     "time, double well; ours")                               \
    P(double, fine,    1e-3, 1e-3, 1e-3,  "its step; ours")
DEFINE_PARAMETERS(PARAMETERS)

#define METRICS_NAMES CELL_NAMES("euclidean", "wasserstein", "fisher")
static const struct axis geometries = {
    .name = "metric", .meaning = "of the gradient flow, in (mu, Sigma)",
    .at = {METRICS_NAMES, METRICS_NAMES, METRICS_NAMES}};

enum { D = 2, STATE = D + D * D, STARTS = 7, ROWS = 300 };
static const double starts[STARTS][2] = {{-1.8, 0.3}, {-1.2, 1.3}, {-0.5, 0.9}, {0.1, 0.15},
                                         {0.3, 1.6}, {0.9, 1.1}, {1.7, 0.6}}; /* (mu, s) */

#define SUMMED 1e5 /* steps whose rounding adds up */

/* The state of the quadratic: mu (D), then Sigma (D x D); of the double well: mu, v. */
struct flow {
    enum gaussian_metric metric;
    const struct parameters *p;
    struct mat H, half;     /* D x D: H and H / 2 */
};

typedef enum status velocity(const struct flow *f, double *out, const double *x);

/* Minus the natural gradient of (mu' H mu + tr H Sigma) / 2: g = H mu, G = H / 2. */
static enum status quadratic(const struct flow *f, double *out, const double *x)
{
    double g_[D], scratch_[D * D];
    const struct vec mu = vec_over(x, D);
    const struct mat sigma = mat_over(x + D, D, D);
    struct vec g = vec_over(g_, D), v = vec_over(out, D), all = vec_over(out, STATE);
    struct mat V = mat_over(out + D, D, D), scratch = mat_over(scratch_, D, D);

    mat_vec(&g, 1, &f->H, &mu);
    gaussian_natural(&v, &V, &sigma, &g, &f->half, f->metric, &scratch);
    vec_scale(&all, -1);
    return STATUS_OK;
}

/* E (X^2 - 1)^2 = mu^4 + 6 mu^2 v + 3 v^2 - 2 mu^2 - 2 v + 1. */
static double well_loss(double mu, double v)
{
    return (mu * mu - 1) * (mu * mu - 1) + 6 * mu * mu * v + 3 * v * v - 2 * v;
}

static enum status well(const struct flow *f, double *out, const double *x)
{
    const double mu = x[0], v = x[1];
    double g_[] = {4 * mu * (mu * mu - 1 + 3 * v), 6 * mu * mu + 6 * v - 2};
    const struct vec theta = vec_over(x, 2), g = vec_over(g_, 2);
    struct vec natural = vec_over(out, 2);

    TRY(gaussian_families_natural(&natural, GAUSSIAN_NORMAL_VAR, &theta, &g, f->metric));
    vec_scale(&natural, -1);
    return STATUS_OK;
}

/* One step of the classical fourth-order Runge-Kutta method for n <= STATE numbers; x stays where
 * a stage fails. */
static enum status runge_kutta(const struct flow *f, velocity *rate, double *x, int n, double h)
{
    static const double at[] = {0, 0.5, 0.5, 1}, weight[] = {1, 2, 2, 1};
    double k[STATE] = {0}, stage[STATE], sum[STATE] = {0};

    for (int s = 0; s < 4; s++) {
        for (int i = 0; i < n; i++)
            stage[i] = x[i] + at[s] * h * k[i];
        TRY(rate(f, k, stage));
        for (int i = 0; i < n; i++)
            sum[i] += weight[s] * k[i];
    }
    for (int i = 0; i < n; i++)
        x[i] += h / 6 * sum[i];
    return STATUS_OK;
}

static double quadratic_loss(const struct parameters *p, const double *x)
{
    return (p->h_1 * (x[0] * x[0] + x[2]) + p->h_2 * (x[1] * x[1] + x[5])) / 2;
}

static void set_start(const struct parameters *p, double *x)
{
    memcpy(x, (double[STATE]){p->mu_1, p->mu_2, p->v_1, p->v_12, p->v_12, p->v_2},
           STATE * sizeof *x);
}

/* The closed forms of the head comment; H is diagonal. */
static void closed_form(const struct flow *f, double *x, double t)
{
    const struct parameters *p = f->p;
    const double e1 = exp(-p->h_1 * t), e2 = exp(-p->h_2 * t);
    const double det0 = p->v_1 * p->v_2 - p->v_12 * p->v_12;
    const double a = p->v_2 / det0, b = -p->v_12 / det0, c = p->v_1 / det0; /* Sigma0^-1 */
    const double a_t = a + p->h_1 * t, c_t = c + p->h_2 * t, det = a_t * c_t - b * b;
    const double n1 = a * p->mu_1 + b * p->mu_2, n2 = b * p->mu_1 + c * p->mu_2;

    if (f->metric == GAUSSIAN_FISHER)
        memcpy(x, (double[STATE]){(c_t * n1 - b * n2) / det, (a_t * n2 - b * n1) / det, c_t / det,
                                  -b / det, -b / det, a_t / det}, STATE * sizeof *x);
    else if (f->metric == GAUSSIAN_WASSERSTEIN)
        memcpy(x, (double[STATE]){e1 * p->mu_1, e2 * p->mu_2, e1 * e1 * p->v_1, e1 * e2 * p->v_12,
                                  e1 * e2 * p->v_12, e2 * e2 * p->v_2}, STATE * sizeof *x);
    else
        memcpy(x, (double[STATE]){e1 * p->mu_1, e2 * p->mu_2, p->v_1 - p->h_1 * t / 2, p->v_12,
                                  p->v_12, p->v_2 - p->h_2 * t / 2}, STATE * sizeof *x);
}

/* When det (Sigma0 - H t / 2) = 0 for the first time: 2 least eigenvalue of H^-1 Sigma0. */
static double euclidean_end(const struct parameters *p)
{
    const double half_trace = (p->v_1 / p->h_1 + p->v_2 / p->h_2) / 2;
    const double det = (p->v_1 * p->v_2 - p->v_12 * p->v_12) / (p->h_1 * p->h_2);

    return 2 * (half_trace - sqrt(half_trace * half_trace - det));
}

static int positive(const double *x)
{
    return x[2] > 0 && x[2] * x[5] - x[3] * x[4] > 0;
}

/* To the horizon or to where Sigma stops being positive; rates from the last step. */
static enum status follow_quadratic(const struct flow *f, struct unit *u)
{
    struct curve *loss = curve_open(u, "loss", "time [1]", "loss [1]", NULL);
    const struct parameters *p = f->p;
    const size_t count = (size_t)lround(p->horizon / p->step);
    double x[STATE], next[STATE], exact[STATE], error = 0, rate = 0;
    size_t k = 0, due = 0;

    set_start(p, x);
    for (;; k++) {
        const double t = (double)k * p->step;

        if (k == due) {
            curve_row(loss, (double[]){t, quadratic_loss(p, x)});
            due += due / 12 + 1;
        }
        if (k == count)
            break;
        memcpy(next, x, sizeof x);
        TRY(runge_kutta(f, quadratic, next, STATE, p->step));
        if (!positive(next))
            break;
        closed_form(f, exact, t + p->step);
        for (int i = 0; i < STATE; i++)
            error = fmax(error, fabs(next[i] - exact[i]));
        rate = -log(quadratic_loss(p, next) / quadratic_loss(p, x)) / p->step;
        memcpy(x, next, sizeof x);
    }
    emit(u, "error", error);
    emit(u, "end", (double)k * p->step / euclidean_end(p));
    emit_conditioned(u, "loss.last", quadratic_loss(p, x), SUMMED);
    emit_conditioned(u, "rate", rate, SUMMED);
    emit_conditioned(u, "exponent", -rate * ((double)k - 0.5) * p->step, SUMMED);
    return STATUS_OK;
}

/* All starts of the double well; a path ends where the variance does. */
static enum status follow_well(const struct flow *f, struct unit *u)
{
    struct curve *paths = curve_open(u, "paths", "row [1]", "start [1]", "mu [1]", "s [1]", NULL);
    const struct parameters *p = f->p;
    const size_t count = (size_t)lround(p->well / p->fine);
    double sum = 0;
    int ended = 0;

    for (int i = 0; i < STARTS; i++) {
        double x[] = {starts[i][0], starts[i][1] * starts[i][1]};
        enum status status = STATUS_OK;

        for (size_t k = 0; k <= count && status == STATUS_OK; k++) {
            if (k % (count / ROWS) == 0)
                curve_row(paths, (double[]){i * (ROWS + 1.0) + (double)(k / (count / ROWS)), i,
                                            x[0], sqrt(x[1])});
            status = runge_kutta(f, well, x, 2, p->fine);
            if (x[1] <= 0)
                status = STATUS_DIVERGED;
        }
        ended += status != STATUS_OK;
        sum += well_loss(x[0], fmax(x[1], 0)) / STARTS;
    }
    emit(u, "well.ended", ended);
    emit_conditioned(u, "well.loss", sum, SUMMED);
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    static const enum gaussian_metric order[] = {GAUSSIAN_EUCLIDEAN, GAUSSIAN_WASSERSTEIN,
                                                 GAUSSIAN_FISHER};
    struct flow f = {.metric = order[u->cell], .p = p, .H = mat_zero(u->mem, D, D),
                     .half = mat_zero(u->mem, D, D)};

    for (int i = 0; i < D; i++) {
        f.H.a[i * D + i] = i == 0 ? p->h_1 : p->h_2;
        f.half.a[i * D + i] = f.H.a[i * D + i] / 2;
    }
    TRY(follow_quadratic(&f, u));
    return follow_well(&f, u);
}

static const struct metric metrics[] = {
    {"error", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0,
     "largest difference from the closed form over time and the entries of mu and Sigma"},
    {"end", "1", NO_DIRECTION, CLASS_ARITH, 0,
     "time of the last positive Sigma over 2 least eigenvalue of H^-1 Sigma0"},
    {"loss.last", "1", LOWER_IS_BETTER, CLASS_COND, 0, "E f at the end, quadratic f"},
    {"rate", "1", HIGHER_IS_BETTER, CLASS_COND, 0, "-d log E f / d t there"},
    {"exponent", "1", LOWER_IS_BETTER, CLASS_COND, 0, "d log E f / d log t there"},
    {"well.ended", "1", LOWER_IS_BETTER, CLASS_EXACT, 0,
     "paths of the double well that end before their time, variance 0"},
    {"well.loss", "1", LOWER_IS_BETTER, CLASS_COND, 0, "E f at the end of these paths, their mean"},
};

#define DERIVED "derived; the slides show a picture of the three flows"

static const struct claim claims[] = {
    {.id = "closed-forms", .place = DERIVED,
     .words = "the three flows of a quadratic follow their closed forms",
     .kind = BOUND, .metric = "error", .cell = ALL_CELLS, .is = BELOW, .to = 1e-6,
     .reason = "fourth power of the step times H, with room for its factor"},
    {.id = "euclidean-ends", .place = DERIVED,
     .words = "the Euclidean flow leaves the Gaussian family in finite time, where derived",
     .kind = VALUE, .metric = "end", .cell = "euclidean", .to = 1, .within = 0.02,
     .reason = "it is known to one step of the time"},
    {.id = "wasserstein-exponential", .place = DERIVED,
     .words = "the loss falls exponentially along the Wasserstein flow, at twice the least h",
     .kind = VALUE, .metric = "rate", .cell = "wasserstein", .to = 2, .within = 0.01,
     .reason = "faster modes have died out"},
    {.id = "fisher-algebraic", .place = DERIVED,
     .words = "it falls like 1 / t along the Fisher flow",
     .kind = VALUE, .metric = "exponent", .cell = "fisher", .to = -1, .within = 0.05,
     .reason = "the start is felt as Sigma0^-1 / t"},
    {.id = "well-wasserstein-lower", .place = DERIVED,
     .words = "double well: after the same time the Wasserstein flow is below the Fisher flow",
     .kind = ORDER, .metric = "well.loss", .cell = "wasserstein", .is = BELOW,
     .to_metric = "well.loss", .to_cell = "fisher"},
    {.id = "well-euclidean-ends", .place = DERIVED,
     .words = "double well: paths of the Euclidean flow end at variance 0, Wasserstein's do not",
     .kind = ORDER, .metric = "well.ended", .cell = "euclidean", .is = ABOVE,
     .to_metric = "well.ended", .to_cell = "wasserstein"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "gaussian_flows", .title = "Three gradient flows over the Gaussian family",
        .paper = "M. Arbel, A. Gretton, W. Li and G. Montufar, Kernelized Wasserstein natural "
                 "gradient, slides, April 2020 (arXiv 1910.09652)",
        .differs = "The slides show a picture of flows of an expectation and give neither the "
                   "function nor the starts; both are ours, and so are the closed forms. The "
                   "Euclidean flow is that in mean and covariance.",
        .caption = "Flows of E f(X) over normal distributions. First three: the double well "
                   "f(x) = (x^2 - 1)^2 in the plane of mean and standard deviation, contours of "
                   "the loss, paths from seven starts over the same time. Last: the loss over "
                   "time for a quadratic f in two dimensions.",
        .deterministic = 1, .minutes = {0.001, 0.001, 0.001}, PARAMETER_TABLE, METRICS(metrics),
        CLAIMS(claims), .axis = &geometries, .run_unit = run_unit});
}
