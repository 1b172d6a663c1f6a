/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/relu_pattern.h"

#include <math.h>
#include <string.h>

/* <v_i, x_j> below this, relative to the lengths that made it, is 0. */
#define ROUNDING 1e-13

/* A neuron shorter than this part of the longest one is 0. */
#define DUST 1e-15

/* A subgradient shorter than this part of its terms is 0. */
#define SMALL 1e-13

struct relu_pattern relu_pattern_make(struct arena *mem, struct relu_network *net)
{
    const size_t m = net->m, n = net->data->n, d = net->data->d;

    return (struct relu_pattern){
        .net = net, .state = arena_get(mem, m * n, 1), .held = arena_get(mem, m * n, 1),
        .h = mat_zero(mem, m, n), .dh = mat_zero(mem, m, n), .s = mat_zero(mem, m, n),
        .g = mat_zero(mem, m, d), .p = mat_zero(mem, m, d), .a = mat_zero(mem, n, n),
        .z = mat_zero(mem, n, d), .basis = mat_zero(mem, d, d), .e = vec_zero(mem, n),
        .de = vec_zero(mem, n), .small = mat_zero(mem, d, d), .change = vec_zero(mem, d),
        .b = vec_zero(mem, d), .free = arena_get(mem, d, sizeof(size_t)),
        .concave = arena_get(mem, n, 1)};
}

static double dot(const double *x, const double *y, size_t n)
{
    double sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += x[k] * y[k];
    return sum;
}

/* ---- kinks of one neuron ---- */

/* Orthonormal rows of s->basis that span the x_j held for neuron i; returns their number. */
static size_t span(struct relu_pattern *s, size_t i)
{
    const struct mat *x = &s->net->data->x;
    const size_t d = x->cols;
    size_t rank = 0;

    for (size_t j = 0; j < x->rows && rank < d; j++) {
        double *q = s->basis.a + rank * d, length = sqrt(dot(x->a + j * d, x->a + j * d, d)), rest;

        if (!s->held[i * x->rows + j])
            continue;
        memcpy(q, x->a + j * d, d * sizeof *q);
        for (size_t pass = 0; pass < 2; pass++)
            for (size_t r = 0; r < rank; r++) {
                const double along = dot(s->basis.a + r * d, q, d);

                for (size_t k = 0; k < d; k++)
                    q[k] -= along * s->basis.a[r * d + k];
            }
        rest = sqrt(dot(q, q, d));
        if (!(rest > 1e-10 * length))
            continue;
        for (size_t k = 0; k < d; k++)
            q[k] /= rest;
        rank++;
    }
    return rank;
}

/* y = P y, with the span above; a full span leaves exact zeros. */
static void project(const struct relu_pattern *s, size_t rank, double *y, size_t d)
{
    for (size_t r = 0; r < rank; r++) {
        const double along = dot(s->basis.a + r * d, y, d);

        for (size_t k = 0; k < d; k++)
            y[k] -= along * s->basis.a[r * d + k];
    }
    for (size_t k = 0; k < d && rank == d; k++)
        y[k] = 0;
}

/* e_j = sum_{i on} c_i <v_i, x_j> - y_j. */
static void residuals(struct relu_pattern *s)
{
    const struct relu_data *data = s->net->data;

    for (size_t j = 0; j < data->n; j++) {
        double sum = 0;

        for (size_t i = 0; i < s->net->m; i++)
            if (s->state[i * data->n + j] == RELU_ON)
                sum += s->net->c.x[i] * s->h.a[i * data->n + j];
        s->e.x[j] = sum - data->y.x[j];
    }
}

/* h_ij, 0 where it is held or 0 to rounding, and the side of the pair. */
static void side(struct relu_pattern *s, const struct mat *v, size_t i, size_t j)
{
    const struct mat *x = &s->net->data->x;
    const size_t d = x->cols, ij = i * x->rows + j;
    const double *w = v->a + i * d, *xj = x->a + j * d, h = dot(w, xj, d);
    const int zero =
        s->held[ij] || fabs(h) <= ROUNDING * sqrt(dot(w, w, d) * dot(xj, xj, d));

    s->h.a[ij] = zero ? 0 : h;
    s->state[ij] = zero ? RELU_KINK : h > 0 ? RELU_ON : RELU_OFF;
}

/* Neurons that are nothing beside the longest are 0. */
static void drop_dust(struct mat *v)
{
    const size_t d = v->cols;
    double longest = 0;

    for (size_t i = 0; i < v->rows; i++)
        longest = fmax(longest, dot(v->a + i * d, v->a + i * d, d));
    for (size_t i = 0; i < v->rows; i++)
        if (dot(v->a + i * d, v->a + i * d, d) <= DUST * DUST * longest)
            memset(v->a + i * d, 0, d * sizeof *v->a);
}

void relu_pattern_classify(struct relu_pattern *s, struct mat *v)
{
    memset(s->held, 0, v->rows * s->net->data->n);
    relu_pattern_follow(s, v);
}

void relu_pattern_follow(struct relu_pattern *s, struct mat *v)
{
    const size_t n = s->net->data->n;

    drop_dust(v);
    for (size_t i = 0; i < v->rows; i++)
        for (size_t j = 0; j < n; j++)
            side(s, v, i, j);
    residuals(s);
}

/* ---- small solves ---- */

void relu_pattern_solve(struct mat *a, size_t n, double *b)
{
    for (size_t j = 0; j < n; j++) {
        double *row = a->a + j * a->cols;

        for (size_t i = j + 1; i < n; i++)
            a->a[i * a->cols + j] /= row[j];
        for (size_t i = j + 1; i < n; i++)
            for (size_t k = j + 1; k <= i; k++)
                a->a[i * a->cols + k] -= a->a[i * a->cols + j] * row[j] * a->a[k * a->cols + j];
    }
    for (size_t j = 0; j < n; j++)
        for (size_t k = 0; k < j; k++)
            b[j] -= a->a[j * a->cols + k] * b[k];
    for (size_t j = n; j-- > 0;) {
        b[j] /= a->a[j * a->cols + j];
        for (size_t k = j + 1; k < n; k++)
            b[j] -= a->a[k * a->cols + j] * b[k];
    }
}

/* ---- the subgradient of least length ---- */

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
    project(s, span(s, i), g, d);
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

double relu_pattern_subgradient(struct relu_pattern *s, const struct mat *v, const struct mat *w,
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

void relu_pattern_project(struct relu_pattern *s, size_t i, double *v)
{
    project(s, span(s, i), v, s->net->data->d);
}

void relu_pattern_active(struct relu_pattern *s, size_t i)
{
    const struct relu_data *data = s->net->data;
    const size_t n = data->n, d = data->d, rank = span(s, i);

    memset(s->z.a, 0, n * d * sizeof *s->z.a);
    for (size_t j = 0; j < n; j++)
        if (s->state[i * n + j] == RELU_ON) {
            memcpy(s->z.a + j * d, data->x.a + j * d, d * sizeof *s->z.a);
            project(s, rank, s->z.a + j * d, d);
        }
}

