/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/relu_pattern.h"

#include <math.h>
#include <string.h>

/* <v_i, x_j> below this, relative to the lengths that made it, is 0. */
#define ROUNDING 1e-13

/* A neuron shorter than this part of the longest one is 0. */
#define DUST 1e-15

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
