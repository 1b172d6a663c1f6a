/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/relu_prox.h"

#include <math.h>

#include "base/check.h"
#include "relu_flows/relu_step.h"
#include "relu_flows/relu_subgradient.h"
#include "transport/assignment.h"
#include "transport/cost.h"

/* An assignment counts as another one only where it is cheaper by more than this, relatively. */
#define ROUNDING 1e-12

/* A step shorter than this part of Newton's was held up by a kink; so many in a row, or a line that
 * does not descend, and each neuron moves alone. */
#define SHORT 0.1
enum { PATIENCE = 10 };

struct relu_prox relu_prox_make(struct arena *mem, struct relu_network *net)
{
    return (struct relu_prox){.net = net, .limits = RELU_PROX_LIMITS,
                              .pattern = relu_pattern_make(mem, net),
                              .centre = mat_zero(mem, net->m, net->data->d),
                              .gradient = mat_zero(mem, net->m, net->data->d),
                              .sigma = arena_get(mem, net->m, sizeof(size_t))};
}

static double squares(const struct mat *v, const struct mat *w)
{
    double sum = 0;

    for (size_t k = 0; k < v->rows * v->cols; k++)
        sum += (v->a[k] - w->a[k]) * (v->a[k] - w->a[k]);
    return sum;
}

double relu_prox_objective(struct relu_prox *s, const struct mat *v, const struct mat *centre,
                           double gamma)
{
    return relu_network_loss(s->net, v) + squares(v, centre) / (2 * gamma * (double)v->rows);
}

static enum status check(const struct relu_prox *s, const struct mat *centre, double gamma,
                         const struct mat *v)
{
    const struct vec flat[] = {mat_flat(v), mat_flat(centre)};

    CHECK(v->rows == s->net->m && v->cols == s->net->data->d && centre->rows == v->rows &&
          centre->cols == v->cols, "V is %zu x %zu, the centre %zu x %zu", v->rows, v->cols,
          centre->rows, centre->cols);
    CHECK(gamma > 0 && gamma < (double)INFINITY, "gamma = %g", gamma);
    for (size_t k = 0; k < 2; k++) {
        const size_t at = vec_first_not_finite(&flat[k]);

        if (at < flat[k].n)
            return status_set(STATUS_DIVERGED, "proximal point: entry %zu of the %s is %g", at,
                              k == 0 ? "start" : "centre", flat[k].x[at]);
    }
    return STATUS_OK;
}

/* Steps until the residual is small; counts are added to the report. */
static enum status descend(struct relu_prox *s, const struct mat *centre, double gamma,
                           struct mat *v, struct relu_prox_report *report)
{
    struct relu_pattern *pattern = &s->pattern;
    const double eta = gamma * (double)v->rows;

    relu_pattern_classify(pattern, v);
    for (size_t step = 0, held_up = 0;; step++) {
        double slope, length = 0;

        report->residual = relu_subgradient(pattern, v, centre, eta);
        if (report->residual <= s->limits.tolerance)
            return STATUS_OK;
        if (step == s->limits.iterations)
            break;
        relu_step_newton(pattern, v, centre, eta);
        slope = relu_step_slope(pattern, v, centre, eta);
        if (slope < 0)
            length = relu_step_move(pattern, v, slope, eta);
        report->iterations++;
        held_up = slope < 0 && length < SHORT ? held_up + 1 : 0;
        if (!(slope < 0) || held_up == PATIENCE) {
            held_up = 0;
            report->fallbacks++;
            if (relu_step_sweep(pattern, v, centre, eta) == 0 && !(slope < 0))
                break;
        }
    }
    return status_set(STATUS_NO_CONVERGENCE,
                      "proximal point: residual %.2g above %.2g after %zu steps",
                      report->residual, s->limits.tolerance, report->iterations);
}

static void finish(struct relu_prox *s, const struct mat *centre, double gamma,
                   const struct mat *v, double before, struct relu_prox_report *report)
{
    const size_t pairs = s->net->m * s->net->data->n;

    report->objective = relu_prox_objective(s, v, centre, gamma);
    report->decrease = before - report->objective;
    report->distance = squares(v, centre) / (double)v->rows;
    report->kinks = 0;
    for (size_t k = 0; k < pairs; k++)
        report->kinks += s->pattern.held[k];
}

enum status relu_prox_frobenius(struct relu_prox *s, const struct mat *centre, double gamma,
                                struct mat *v, struct relu_prox_report *report)
{
    enum status status;
    double before;

    *report = (struct relu_prox_report){0};
    TRY(check(s, centre, gamma, v));
    before = relu_prox_objective(s, v, centre, gamma);
    status = descend(s, centre, gamma, v, report);
    finish(s, centre, gamma, v, before, report);
    return status;
}

/* ---- W2 ---- */

/* The cheapest permuted centre for V: sigma, s->centre and its cost. *identity: cost of none. */
static enum status assign(struct relu_prox *s, const struct mat *centre, int signs,
                          const struct mat *v, double *cost, double *identity)
{
    const size_t m = v->rows, d = v->cols;
    const double *c = s->net->c.x;
    struct arena mem = {0};
    struct assignment a = {0};
    struct mat costs;
    enum status status = cost_squared(&mem, v, centre, &costs);

    *identity = *cost = 0;
    for (size_t i = 0; i < m && signs && status == STATUS_OK; i++)
        for (size_t k = 0; k < m; k++)
            if (c[i] < c[k] || c[i] > c[k])
                costs.a[i * m + k] = (double)INFINITY;
    if (status == STATUS_OK)
        status = assignment_solve(&mem, &costs, &a);
    for (size_t i = 0; i < m && status == STATUS_OK; i++) {
        s->sigma[i] = a.column[i];
        *cost += costs.a[i * m + a.column[i]];
        *identity += costs.a[i * m + i];
        for (size_t k = 0; k < d; k++)
            s->centre.a[i * d + k] = centre->a[a.column[i] * d + k];
    }
    arena_free(&mem);
    return status;
}

enum status relu_prox_wasserstein(struct relu_prox *s, const struct mat *centre, double gamma,
                                  int signs, struct mat *v, struct relu_prox_report *report)
{
    const double m = (double)v->rows;
    enum status status;
    double before, cost, identity, last;

    *report = (struct relu_prox_report){0};
    TRY(check(s, centre, gamma, v));
    TRY(assign(s, centre, signs, v, &cost, &identity));
    before = relu_network_loss(s->net, v) + cost / (2 * gamma * m);
    do {
        status = descend(s, &s->centre, gamma, v, report);
        last = squares(v, &s->centre);
        TRY(assign(s, centre, signs, v, &cost, &identity));
        report->rounds++;
    } while (cost < last * (1 - ROUNDING) && report->rounds < s->limits.rounds);
    if (status == STATUS_OK && cost < last * (1 - ROUNDING))
        status = status_set(STATUS_NO_CONVERGENCE, "the assignment still changes after %zu rounds",
                            report->rounds);
    finish(s, &s->centre, gamma, v, before, report);
    for (size_t i = 0; i < v->rows && !(identity <= cost * (1 + ROUNDING)); i++)
        report->moved += s->sigma[i] != i;
    return status;
}

/* ---- the note's own iterations ---- */

double relu_prox_descend(struct relu_prox *s, const struct mat *centre, double gamma, double beta,
                         size_t count, struct mat *v)
{
    const double eta = gamma * (double)v->rows;
    const size_t d = v->cols;
    double longest = 0;

    for (size_t step = 0; step < count; step++) {
        longest = 0;
        relu_network_gradient(s->net, v, &s->gradient);
        for (size_t i = 0; i < v->rows; i++) {
            double length = 0;

            for (size_t k = i * d; k < (i + 1) * d; k++) {
                const double move = beta * (s->gradient.a[k] + (v->a[k] - centre->a[k]) / eta);

                v->a[k] -= move;
                length += move * move;
            }
            longest = fmax(longest, sqrt(length));
        }
    }
    return longest;
}

/* F after exchanging rows i and k: f_j + (c_i - c_k) (relu_kj - relu_ij). */
static double exchanged(const struct relu_prox *s, size_t i, size_t k)
{
    const struct mat *h = &s->pattern.h;
    const size_t n = h->cols;
    const double c = s->net->c.x[i] - s->net->c.x[k];
    double sum = 0;

    for (size_t j = 0; j < n; j++) {
        const double e = s->pattern.e.x[j] +
                         c * (fmax(h->a[k * n + j], 0) - fmax(h->a[i * n + j], 0));

        sum += e * e;
    }
    return sum / (2 * (double)n);
}

size_t relu_prox_relabel(struct relu_prox *s, struct mat *w)
{
    const size_t m = w->rows, d = w->cols;
    double F = relu_network_loss(s->net, w);

    for (size_t count = 0;; count++) {
        double least = F;
        size_t best[2] = {0, 0};

        relu_pattern_classify(&s->pattern, w);
        for (size_t i = 0; i < m; i++)
            for (size_t k = 0; k < i; k++) {
                const double other = exchanged(s, i, k);

                if (other < least * (1 - ROUNDING)) {
                    least = other;
                    best[0] = i;
                    best[1] = k;
                }
            }
        if (!(least < F))
            return count;
        F = least;
        for (size_t l = 0; l < d; l++) {
            const double kept = w->a[best[0] * d + l];

            w->a[best[0] * d + l] = w->a[best[1] * d + l];
            w->a[best[1] * d + l] = kept;
        }
    }
}
