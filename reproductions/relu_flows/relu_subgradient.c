/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/relu_subgradient.h"

#include <math.h>
#include <string.h>

/* A subgradient shorter than this part of its terms is 0. */
#define SMALL 1e-13

static double dot(const double *x, const double *y, size_t n)
{
    double sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += x[k] * y[k];
    return sum;
}

/* At its kink, and pulled away from it to both sides. */
static int concave(const struct relu_pattern *s, size_t i, size_t j)
{
    const size_t n = s->net->data->n;

    return s->state[i * n + j] == RELU_KINK && !(s->net->c.x[i] * s->e.x[j] > 0);
}

/* g += change * q_j, s_ij += change. */
static void add_share(struct relu_pattern *s, size_t i, size_t j, double change, double *g)
{
    const struct mat *x = &s->net->data->x;
    const double q = s->net->c.x[i] * s->e.x[j] / (double)x->rows;

    for (size_t k = 0; k < x->cols; k++)
        g[k] += change * q * x->a[j * x->cols + k];
    s->s.a[i * x->rows + j] += change;
}

/* The least |g| over the free s_ij, the others fixed; stops at the first bound, whose pair is no
 * longer free then. Returns 1 when it got there. */
static int free_shares(struct relu_pattern *s, size_t i, size_t *free, size_t *count, double *g)
{
    const struct mat *x = &s->net->data->x;
    const size_t n = x->rows, d = x->cols;
    double step = 1, *change = s->change.x;
    size_t first = *count;

    for (size_t a = 0; a < *count; a++) {
        const double qa = s->net->c.x[i] * s->e.x[free[a]] / (double)n;

        change[a] = -qa * dot(g, x->a + free[a] * d, d);
        for (size_t b = 0; b <= a; b++)
            s->small.a[a * d + b] = qa * s->net->c.x[i] * s->e.x[free[b]] / (double)n *
                                    dot(x->a + free[a] * d, x->a + free[b] * d, d);
    }
    relu_pattern_solve(&s->small, *count, change);
    for (size_t a = 0; a < *count; a++) {
        const double old = s->s.a[i * n + free[a]], bound = change[a] > 0 ? 1 : 0;

        if (step * fabs(change[a]) > fabs(bound - old)) {
            step = (bound - old) / change[a];
            first = a;
        }
    }
    for (size_t a = 0; a < *count; a++)
        add_share(s, i, free[a], step * change[a], g);
    if (first == *count)
        return 1;
    s->s.a[i * n + free[first]] = change[first] > 0 ? 1 : 0;
    free[first] = free[--*count];
    return 0;
}

/* g = b + sum_j s_ij q_j over the kinks of neuron i, q_j = (c_i e_j / n) x_j, with the least |g|
 * for 0 <= s_ij <= 1 at convex kinks (c_i e_j > 0); the other shares are fixed and in g already.
 * Bounded least squares by active sets (Stark and Parker 1995): at most d shares are free, and
 * those are independent. */
static void least_shares(struct relu_pattern *s, size_t i, double *g, double force)
{
    const struct mat *x = &s->net->data->x;
    const size_t n = x->rows, d = x->cols;
    size_t count = 0, *free = s->free;

    for (size_t round = 0; round < 4 * n + 4; round++) {
        double most = 1e-14 * force;
        size_t next = n;

        for (size_t j = 0; j < n && count < d; j++) {
            const double q = s->net->c.x[i] * s->e.x[j], old = s->s.a[i * n + j];
            const double along = dot(g, x->a + j * d, d) / sqrt(dot(x->a + j * d, x->a + j * d, d));
            int inside = 0;

            for (size_t a = 0; a < count; a++)
                inside += free[a] == j;
            if (inside || s->state[i * n + j] != RELU_KINK || !(q > 0))
                continue;
            if ((old < 1 && -along > most) || (old >= 1 && along > most)) {
                most = fabs(along);
                next = j;
            }
        }
        if (next == n)
            return;
        free[count++] = next;
        while (count > 0 && !free_shares(s, i, free, &count, g)) {
        }
    }
}

/* g = b + the shares s->concave of the kinks with c_i e_j <= 0 + the least one over the rest. Any
 * shares in [0, 1] give a direction -g in which the objective falls by |g|^2 or more. */
static double one_subgradient(struct relu_pattern *s, size_t i, const double *b, double force)
{
    const struct mat *x = &s->net->data->x;
    const size_t n = x->rows, d = x->cols;
    double *g = s->g.a + i * d;

    memcpy(g, b, d * sizeof *g);
    for (size_t j = 0; j < n; j++) {
        s->s.a[i * n + j] = 0;
        if (concave(s, i, j) && s->concave[j])
            add_share(s, i, j, 1, g);
    }
    least_shares(s, i, g, force);
    for (size_t j = 0; j < n; j++) {
        const double share = s->s.a[i * n + j];

        s->held[i * n + j] = s->state[i * n + j] == RELU_KINK && share > 0 && share < 1;
    }
    relu_pattern_project(s, i, g);
    return sqrt(dot(g, g, d));
}

/* Concave kinks take the side to which -g leads, which makes |g| grow, until they are on it. */
static double agree(struct relu_pattern *s, size_t i, const double *b, double force, double length)
{
    const struct mat *x = &s->net->data->x;
    int changed = 1;

    for (size_t round = 0; round < 2 * x->rows && changed; round++) {
        changed = 0;
        for (size_t j = 0; j < x->rows; j++) {
            const int on = dot(s->g.a + i * x->cols, x->a + j * x->cols, x->cols) < 0;

            if (concave(s, i, j) && s->concave[j] != on) {
                s->concave[j] = (unsigned char)on;
                changed = 1;
            }
        }
        if (changed)
            length = one_subgradient(s, i, b, force);
    }
    return length;
}

/* Neuron i: tries sides of its concave kinks until one leads down. Returns |g|; *terms: the sum of
 * the lengths of its terms. */
static double neuron_subgradient(struct relu_pattern *s, size_t i, const struct mat *v,
                                 const struct mat *w, double eta, double *terms)
{
    const struct relu_data *data = s->net->data;
    const size_t n = data->n, d = data->d;
    double *b = s->b.x, force = 0, length = 0;

    for (size_t k = 0; k < d; k++) {
        b[k] = (v->a[i * d + k] - w->a[i * d + k]) / eta;
        length += fabs(v->a[i * d + k]) / eta + fabs(w->a[i * d + k]) / eta;
    }
    for (size_t j = 0; j < n; j++) {
        const double *x = data->x.a + j * d, q = s->net->c.x[i] * s->e.x[j] / (double)n;

        force += fabs(q) * sqrt(dot(x, x, d));
        if (s->h.a[i * n + j] == 0) /* also one that was released and did not move */
            s->state[i * n + j] = RELU_KINK;
        for (size_t k = 0; k < d && s->state[i * n + j] == RELU_ON; k++)
            b[k] += q * x[k];
    }
    *terms = force + length;
    memset(s->concave, 0, n);
    length = one_subgradient(s, i, b, *terms);
    for (size_t j = 0; j < n && length <= SMALL * *terms; j++) /* one of them on, then all */
        if (concave(s, i, j)) {
            memset(s->concave, 0, n);
            s->concave[j] = 1;
            length = one_subgradient(s, i, b, *terms);
        }
    if (length <= SMALL * *terms) {
        memset(s->concave, 1, n);
        length = one_subgradient(s, i, b, *terms);
    }
    return length <= SMALL * *terms ? length : agree(s, i, b, *terms, length);
}

/* Kinks that are not held go to the side to which -g leads; h stays 0. */
static void release(struct relu_pattern *s, size_t i)
{
    const struct mat *x = &s->net->data->x;
    const size_t n = x->rows, d = x->cols;

    for (size_t j = 0; j < n; j++) {
        const size_t ij = i * n + j;
        int on = s->s.a[ij] >= 1;

        if (s->state[ij] != RELU_KINK || s->held[ij])
            continue;
        if (!(s->net->c.x[i] * s->e.x[j] > 0)) /* whatever its share was taken as */
            on = dot(s->g.a + i * d, x->a + j * d, d) < 0;
        s->state[ij] = on ? RELU_ON : RELU_OFF;
    }
}

double relu_subgradient(struct relu_pattern *s, const struct mat *v, const struct mat *w,
                        double eta)
{
    double longest = 0, scale = 0;

    for (size_t i = 0; i < v->rows; i++) {
        double terms;

        longest = fmax(longest, neuron_subgradient(s, i, v, w, eta, &terms));
        scale = fmax(scale, terms);
        release(s, i);
    }
    return scale > 0 ? longest / scale : 0;
}
