/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/relu_step.h"

#include <math.h>
#include <string.h>

#include "relu_flows/relu_subgradient.h"

/* Where a landing neuron is within this of a kink, relative to its way, it is there. */
#define ROUNDING 1e-13

static double dot(const double *x, const double *y, size_t n)
{
    double sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += x[k] * y[k];
    return sum;
}

/* ---- the minimum on a pattern ---- */

/* p = U - V, U the minimum on the pattern (state, held). */
static void newton(struct relu_pattern *s, const struct mat *v, const struct mat *w, double eta)
{
    const struct relu_data *data = s->net->data;
    const size_t n = data->n, d = data->d;
    double *e = s->de.x;

    memset(s->a.a, 0, n * n * sizeof *s->a.a);
    for (size_t j = 0; j < n; j++) {
        s->a.a[j * n + j] = 1;
        e[j] = -data->y.x[j];
    }
    for (size_t i = 0; i < v->rows; i++) {
        const double c = s->net->c.x[i], weight = eta * c * c / (double)n;

        relu_pattern_active(s, i);
        for (size_t j = 0; j < n; j++) {
            e[j] += c * dot(s->z.a + j * d, w->a + i * d, d);
            for (size_t k = 0; k <= j; k++)
                s->a.a[j * n + k] += weight * dot(s->z.a + j * d, s->z.a + k * d, d);
        }
    }
    relu_pattern_solve(&s->a, n, e);
    for (size_t i = 0; i < v->rows; i++) {
        const double weight = eta * s->net->c.x[i] / (double)n;
        double *p = s->p.a + i * d;

        relu_pattern_active(s, i);
        for (size_t k = 0; k < d; k++)
            p[k] = w->a[i * d + k] - v->a[i * d + k];
        for (size_t j = 0; j < n; j++)
            for (size_t k = 0; k < d; k++)
                p[k] -= weight * e[j] * s->z.a[j * d + k];
        relu_pattern_project(s, i, p);
    }
}

/* Holds the convex kinks that were released to one side while p leads to the other; returns their
 * number. */
static size_t hold_back(struct relu_pattern *s)
{
    const struct mat *x = &s->net->data->x;
    const size_t n = x->rows, d = x->cols;
    size_t count = 0;

    for (size_t i = 0; i < s->net->m; i++)
        for (size_t j = 0; j < n; j++) {
            const size_t ij = i * n + j;
            double dh;

            if (!(s->h.a[ij] == 0) || s->held[ij] || !(s->net->c.x[i] * s->e.x[j] > 0))
                continue;
            dh = dot(s->p.a + i * d, x->a + j * d, d);
            if ((s->state[ij] == RELU_ON && dh < 0) || (s->state[ij] == RELU_OFF && dh > 0)) {
                s->held[ij] = 1;
                s->state[ij] = RELU_KINK;
                count++;
            }
        }
    return count;
}

void relu_step_newton(struct relu_pattern *s, const struct mat *v, const struct mat *w, double eta)
{
    do
        newton(s, v, w, eta);
    while (hold_back(s) > 0);
}

/* ---- the first minimum on a line ---- */

/* The side of every pair just after the start of the line, dh and de; returns the slope there. */
double relu_step_slope(struct relu_pattern *s, const struct mat *v, const struct mat *w, double eta)
{
    const struct relu_data *data = s->net->data;
    const size_t n = data->n, d = data->d;
    double slope = 0;

    for (size_t j = 0; j < n; j++)
        s->de.x[j] = 0;
    for (size_t i = 0; i < v->rows; i++)
        for (size_t j = 0; j < n; j++) {
            const size_t ij = i * n + j;
            const double dh = s->held[ij] ? 0 : dot(s->p.a + i * d, data->x.a + j * d, d);

            s->dh.a[ij] = dh;
            if (s->held[ij])
                continue;
            if (s->h.a[ij] == 0)
                s->state[ij] = dh > 0 ? RELU_ON : RELU_OFF;
            s->de.x[j] += s->state[ij] == RELU_ON ? s->net->c.x[i] * dh : 0;
        }
    for (size_t k = 0; k < v->rows * d; k++)
        slope += (v->a[k] - w->a[k]) * s->p.a[k] / eta;
    return slope + dot(s->e.x, s->de.x, n) / (double)n;
}

/* The next pair to reach its kink at or after `from`; *at is where. */
static size_t next_kink(const struct relu_pattern *s, double *at)
{
    const size_t pairs = s->h.rows * s->h.cols;
    size_t next = pairs;

    *at = (double)INFINITY;
    for (size_t k = 0; k < pairs; k++) {
        const double h = s->h.a[k], dh = s->dh.a[k];

        /* towards the kink, from the side on which the pair still is */
        if ((s->state[k] == RELU_ON && dh < 0 && h > 0) ||
            (s->state[k] == RELU_OFF && dh > 0 && h < 0)) {
            const double alpha = -h / dh;

            if (alpha < *at) {
                *at = alpha;
                next = k;
            }
        }
    }
    return next;
}

/* Length of the step to the first minimum; *landed is the pair whose kink that is, or m n. The
 * pairs that were passed have changed sides. */
static double first_minimum(struct relu_pattern *s, double slope, double eta, size_t *landed)
{
    const size_t n = s->net->data->n, pairs = s->h.rows * n;
    const double stiffness = dot(s->p.a, s->p.a, s->p.rows * s->p.cols) / eta;
    double alpha = 0, beta;

    for (;;) {
        const double curve = stiffness + dot(s->de.x, s->de.x, n) / (double)n;
        const size_t k = next_kink(s, &beta), i = k / n, j = k % n;
        const double c = k < pairs ? s->net->c.x[i] : 0, dh = k < pairs ? s->dh.a[k] : 0;
        double e;

        *landed = pairs;
        if (!(alpha - slope / curve > beta))
            return alpha - slope / curve;
        slope += (beta - alpha) * curve;
        e = s->e.x[j] + (beta - alpha) * s->de.x[j];
        for (size_t l = 0; l < n; l++)
            s->e.x[l] += (beta - alpha) * s->de.x[l];
        slope += c * fabs(dh) * e / (double)n;
        alpha = beta;
        *landed = k;
        if (slope >= 0)
            return alpha;
        s->de.x[j] += c * fabs(dh);
        s->state[k] = dh > 0 ? RELU_ON : RELU_OFF;
    }
}

/* The neuron whose kink was met is put there exactly, with all other kinks that it met at once (all
 * of them where it landed at 0). */
static void land(struct relu_pattern *s, struct mat *v, size_t i, double reach)
{
    const struct mat *x = &s->net->data->x;
    const size_t n = x->rows, d = x->cols;
    double *w = v->a + i * d;

    for (size_t j = 0; j < n; j++) {
        const double *xj = x->a + j * d;

        if (fabs(dot(w, xj, d)) <= ROUNDING * reach * sqrt(dot(xj, xj, d)))
            s->held[i * n + j] = 1;
    }
    relu_pattern_project(s, i, w);
}

double relu_step_move(struct relu_pattern *s, struct mat *v, double slope, double eta)
{
    const struct mat *x = &s->net->data->x;
    const size_t n = x->rows, d = x->cols;
    size_t landed;
    const double alpha = first_minimum(s, slope, eta, &landed);
    double reach = 0;

    for (size_t k = 0; k < v->rows * d; k++)
        v->a[k] += alpha * s->p.a[k];
    if (landed < v->rows * n) {
        const size_t i = landed / n;

        reach = sqrt(dot(v->a + i * d, v->a + i * d, d)) +
                alpha * sqrt(dot(s->p.a + i * d, s->p.a + i * d, d));
        s->held[landed] = 1;
        land(s, v, i, reach);
    }
    relu_pattern_follow(s, v);
    return alpha;
}

/* p = 0 but for neuron i: p_i = -(I / eta + (c_i^2 / n) sum_j z_ij z_ij^T)^-1 g_i, the Newton step
 * of this neuron alone; newton 0: -eta g_i. */
static void one_direction(struct relu_pattern *s, size_t i, double eta, int newton)
{
    const size_t n = s->net->data->n, d = s->net->data->d;
    const double c = s->net->c.x[i], weight = c * c / (double)n;
    double *p = s->p.a + i * d;

    memset(s->p.a, 0, s->p.rows * d * sizeof *p);
    for (size_t k = 0; k < d; k++)
        p[k] = -eta * s->g.a[i * d + k];
    if (!newton)
        return;
    relu_pattern_active(s, i);
    for (size_t k = 0; k < d; k++)
        for (size_t l = 0; l <= k; l++) {
            double sum = k == l ? 1 : 0;

            for (size_t j = 0; j < n; j++)
                sum += eta * weight * s->z.a[j * d + k] * s->z.a[j * d + l];
            s->small.a[k * d + l] = sum;
        }
    relu_pattern_solve(&s->small, d, p);
    relu_pattern_project(s, i, p);
}

size_t relu_step_sweep(struct relu_pattern *s, struct mat *v, const struct mat *w, double eta)
{
    size_t moves = 0;

    for (size_t i = 0; i < v->rows; i++) {
        double slope;

        relu_subgradient(s, v, w, eta);
        one_direction(s, i, eta, 1);
        slope = relu_step_slope(s, v, w, eta);
        if (!(slope < 0)) {
            one_direction(s, i, eta, 0);
            slope = relu_step_slope(s, v, w, eta);
        }
        if (slope < 0) {
            relu_step_move(s, v, slope, eta);
            moves++;
        }
    }
    return moves;
}
