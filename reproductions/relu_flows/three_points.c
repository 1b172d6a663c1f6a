/* SPDX-License-Identifier: GPL-3.0-or-later */
/* three_points: one ReLU neuron on three points, iterate by iterate.
 *
 * Claim    Gradient descent with step 1 goes from w = (1, 0) to (8, 7/3) in one step, from an
 *          activation pattern that the note prints as (0, 0, 0).
 * Source   V. Merckle, Wasserstein gradient flow of two-layer ReLU networks (2024), section 7.
 * Measured weights, loss and number of active points of each iterate, against exact rationals; the
 *          implicit (proximal) step of the same size beside them.
 * Differs  The note prints the data as (1, 2, 4) without the column of ones that its own arithmetic
 *          uses, and stops after one iterate. F is (1/2n) sum e^2, as in that section; section 6
 *          prints it without the 2 but with the same gradient.
 * Minutes  smoke 0, desk 0, paper 0.
 */
#include "base/check.h"
#include "harness/harness.h"

#define PARAMETERS(P)                                                                              \
    /* type   name        smoke desk paper */                                                      \
    P(int,    seeds,      1,    1,   1,   "nothing is drawn")                                      \
    P(int,    iterations, 3,    3,   3,   "the note makes 1; ours")                                \
    P(double, gamma,      1.0,  1.0, 1.0, "step size; note, section 7")                            \
    P(double, slope,      2.0,  2.0, 2.0, "of the data, y = slope x; note, section 7")
DEFINE_PARAMETERS(PARAMETERS)

enum { N = 3 };
static const double x[N][2] = {{1, 1}, {2, 1}, {4, 1}}; /* a trailing 1 for the bias */

enum { GRADIENT_DESCENT, IMPLICIT };
static const struct axis methods = {
    .name = "method", .meaning = "explicit or implicit step of the same size",
    .at = {CELL_NAMES("gradient-descent", "implicit"), CELL_NAMES("gradient-descent", "implicit"),
           CELL_NAMES("gradient-descent", "implicit")}};

/* s_j = 1 if <w, x_j> > 0, with relu'(0) = 0. Returns how many are active. */
static int pattern(const double w[2], int s[N])
{
    int active = 0;

    for (int j = 0; j < N; j++)
        active += s[j] = w[0] * x[j][0] + w[1] * x[j][1] > 0;
    return active;
}

/* F(w) = (1/2n) sum_j e_j^2 and grad F = (1/n) sum_j e_j s_j x_j, e_j = relu(<w, x_j>) - y_j. */
static double loss_gradient(const double w[2], double slope, double gradient[2])
{
    double F = 0;
    int s[N];

    pattern(w, s);
    gradient[0] = gradient[1] = 0;
    for (int j = 0; j < N; j++) {
        const double e = s[j] * (w[0] * x[j][0] + w[1] * x[j][1]) - slope * x[j][0];

        F += e * e / (2 * N);
        gradient[0] += e * s[j] * x[j][0] / N;
        gradient[1] += e * s[j] * x[j][1] / N;
    }
    return F;
}

/* w+ = w - gamma grad F(w). */
static void gradient_step(double w[2], double gamma, double slope)
{
    double g[2];

    loss_gradient(w, slope, g);
    w[0] -= gamma * g[0];
    w[1] -= gamma * g[1];
}

/* w+ = argmin_v F(v) + |v - w|^2 / (2 gamma). On the pattern s, F is quadratic:
 * (I + gamma H) w+ = w + gamma c, H = (1/n) sum s x x^T, c = (1/n) sum s y x. Solved by Cramer's
 * rule; repeated with the solution's pattern until that is the one assumed. */
static enum status implicit_step(double w[2], double gamma, double slope)
{
    int s[N], next[N];
    double v[2] = {w[0], w[1]};

    for (int tries = 0; tries < 8; tries++) {
        double a = 1, b = 0, d = 1, r0 = w[0], r1 = w[1];
        int same = 1;

        pattern(v, s);
        for (int j = 0; j < N; j++) {
            const double weight = gamma * s[j] / N, y = slope * x[j][0];

            a += weight * x[j][0] * x[j][0];
            b += weight * x[j][0] * x[j][1];
            d += weight * x[j][1] * x[j][1];
            r0 += weight * y * x[j][0];
            r1 += weight * y * x[j][1];
        }
        v[0] = (d * r0 - b * r1) / (a * d - b * b);
        v[1] = (a * r1 - b * r0) / (a * d - b * b);
        pattern(v, next);
        for (int j = 0; j < N; j++)
            same = same && s[j] == next[j];
        if (same) {
            w[0] = v[0];
            w[1] = v[1];
            return STATUS_OK;
        }
    }
    return status_set(STATUS_NO_CONVERGENCE, "no activation pattern is its own proximal point");
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    struct curve *iterates = curve_open(u, "iterates", "iteration [1]", "w1 [1]", "w2 [1]",
                                        "loss [1]", NULL);
    double w[2] = {1, 0}, gradient[2];
    int s[N];

    for (int t = 0; t <= p->iterations; t++) {
        const double F = loss_gradient(w, p->slope, gradient);

        emit_at(u, "w1", t, w[0]);
        emit_at(u, "w2", t, w[1]);
        emit_at(u, "loss", t, F);
        emit_at(u, "active", t, pattern(w, s));
        curve_row(iterates, (double[]){t, w[0], w[1], F});
        if (u->cell == GRADIENT_DESCENT)
            gradient_step(w, p->gamma, p->slope);
        else
            TRY(implicit_step(w, p->gamma, p->slope));
    }
    return STATUS_OK;
}

static const struct metric metrics[] = {
    {"w1.*", "1", NO_DIRECTION, CLASS_ARITH, 0, "slope of the neuron after t steps"},
    {"w2.*", "1", NO_DIRECTION, CLASS_ARITH, 0, "bias of the neuron after t steps"},
    {"loss.*", "1", LOWER_IS_BETTER, CLASS_ARITH, 0, "F after t steps"},
    {"active.*", "1", NO_DIRECTION, CLASS_EXACT, 0, "points on which the neuron is active"},
};

#define ROUNDING 1e-12
#define EXACT_RATIONAL "a rational number, computed in double precision"

static const struct claim claims[] = {
    {.id = "first-iterate-slope", .place = "note, section 7: W^1 = (8, 7/3)",
     .words = "one step of gradient descent leads to the slope 8",
     .kind = VALUE, .metric = "w1.1", .cell = "gradient-descent", .to = 8,
     .within = ROUNDING, .reason = EXACT_RATIONAL},
    {.id = "first-iterate-bias", .place = "note, section 7: W^1 = (8, 7/3)",
     .words = "one step of gradient descent leads to the bias 7/3",
     .kind = VALUE, .metric = "w2.1", .cell = "gradient-descent", .to = 7.0 / 3.0,
     .within = ROUNDING, .reason = EXACT_RATIONAL},
    {.id = "pattern-of-the-start", .place = "note, section 7: s_1 = (0, 0, 0)",
     .words = "no point is active at the start",
     .kind = VALUE, .metric = "active.0", .cell = "gradient-descent", .to = 0, .within = 0.5,
     .reason = "a count"},
    {.id = "second-iterate-slope", .place = "derived: W^2 = (-355/9, -14)",
     .words = "two steps of gradient descent lead to the slope -355/9",
     .kind = VALUE, .metric = "w1.2", .cell = "gradient-descent", .to = -355.0 / 9.0,
     .within = ROUNDING, .reason = EXACT_RATIONAL},
    {.id = "step-two-kills", .place = "derived: W^2 = (-355/9, -14), gradient 0",
     .words = "the second step of size 1 switches the neuron off",
     .kind = BOUND, .metric = "active.2", .cell = "gradient-descent", .is = BELOW, .to = 0,
     .reason = "a count"},
    {.id = "step-one-kills", .place = "derived: the gradient at W^2 is 0",
     .words = "a neuron switched off by steps of size 1 stays off",
     .kind = BOUND, .metric = "active.3", .cell = "gradient-descent", .is = BELOW, .to = 0,
     .reason = "stable only for steps below 2 / 7.800585 = 0.256391"},
    {.id = "implicit-survives", .place = "derived: W^1 = (172/95, 21/95)",
     .words = "an implicit step of the same size leads to the slope 172/95",
     .kind = VALUE, .metric = "w1.1", .cell = "implicit", .to = 172.0 / 95.0,
     .within = ROUNDING, .reason = EXACT_RATIONAL},
    {.id = "implicit-converges", .place = "derived: F(W^2) = 7371/1303210",
     .words = "two implicit steps lead to the loss 7371/1303210 = 0.005656",
     .kind = VALUE, .metric = "loss.2", .cell = "implicit", .to = 7371.0 / 1303210.0,
     .within = ROUNDING, .reason = EXACT_RATIONAL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "three_points", .title = "One ReLU neuron on three points, iterate by iterate",
        .paper = "V. Merckle, Wasserstein gradient flow of two-layer ReLU networks, notes, June "
                 "2024",
        .differs = "The note prints the data without the column of ones that its arithmetic uses, "
                   "gives the activation pattern of the start as (0, 0, 0) where all three points "
                   "are active (with no active point the gradient would be 0 and its own next "
                   "iterate impossible), and stops after one step. The later iterates and the "
                   "implicit step are derived in exact rationals.",
        .caption = "Explicit and implicit steps of size 1 from w = (1, 0). Left: the loss. Right: "
                   "the iterates in the plane of slope and bias; the minimum is at (2, 0). The "
                   "explicit steps overshoot and leave the neuron dead.",
        .deterministic = 1, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims), .axis = &methods,
        .run_unit = run_unit});
}
