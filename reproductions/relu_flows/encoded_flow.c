/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/encoded_flow.h"

#include <math.h>

#include "base/check.h"
#include "relu_flows/both_layers.h"
#include "relu_flows/particle_flow.h"

struct encoded_flow encoded_flow_make(struct arena *mem, enum encoding kind,
                                      const struct relu_data *data, size_t m)
{
    const size_t rows = m / encoding_neurons(kind), size = encoding_size(kind);
    struct encoded_flow s = {
        .kind = kind, .data = data, .m = m, .rows = rows, .clock = 1,
        .u = mat_zero(mem, m, 2), .alpha = vec_zero(mem, m), .theta = mat_zero(mem, rows, size),
        .rate = mat_zero(mem, rows, size), .mass = vec_zero(mem, rows), .f = vec_zero(mem, data->n),
        .net = relu_network_make(mem, data, m, 0, 1), .w = mat_zero(mem, m, 2),
        .w_rate = mat_zero(mem, m, 2), .c_rate = vec_zero(mem, m)};

    CHECK(m % 2 == 0 && data->d == 2, "%zu neurons, data of dimension %zu", m, data->d);
    vec_fill(&s.alpha, 1);
    return s;
}

double encoded_flow_sign(size_t i)
{
    return i % 2 == 0 ? 1 : -1;
}

void encoded_flow_start(struct encoded_flow *s)
{
    const size_t k = encoding_neurons(s->kind);
    const int polar = s->kind == ENCODING_POLAR;

    for (size_t i = 0; i < s->m; i++) {
        const double alpha = polar ? s->alpha.x[i] : 1;

        s->net.c.x[i] = encoded_flow_sign(i) * alpha / (double)s->rows;
        for (size_t c = 2 * i; c < 2 * i + 2; c++)
            s->w.a[c] = s->u.a[c] / alpha;
    }
    for (size_t i = 0; i < s->rows; i++) {
        const double sign = encoded_flow_sign(i);

        s->mass.x[i] = (s->kind == ENCODING_NEURON ? sign : 1) / (double)s->rows;
        encoding_set(s->kind, s->u.a + 2 * k * i, sign, s->alpha.x[i],
                     s->theta.a + s->theta.cols * i);
    }
}

void encoded_flow_velocity(struct encoded_flow *s)
{
    const size_t n = s->data->n, size = s->theta.cols;
    double gradient[ENCODING_MOST];

    vec_fill(&s->f, 0);
    vec_fill(&(struct vec){s->rows * size, s->rate.a}, 0);
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < s->rows; i++)
            s->f.x[j] += s->mass.x[i] * encoding_output(s->kind, s->theta.a + size * i,
                                                        s->data->x.a + 2 * j, gradient);
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = 0; j < n; j++) {
            const double e = (s->f.x[j] - s->data->y.x[j]) / (double)n;

            encoding_output(s->kind, s->theta.a + size * i, s->data->x.a + 2 * j, gradient);
            for (size_t k = 0; k < size; k++)
                s->rate.a[size * i + k] -= (s->mass.x[i] < 0 && !s->plain ? -e : e) * gradient[k];
        }
}

double encoded_flow_step(struct encoded_flow *s, double h)
{
    double most = 0;

    encoded_flow_velocity(s);
    if (s->kind == ENCODING_POLAR)
        both_layers_velocity(&s->net, &s->w, &s->w_rate, &s->c_rate);
    else
        particle_flow_velocity(&(struct particle_flow){.net = &s->net}, &s->w, &s->w_rate);
    for (size_t j = 0; j < s->data->n; j++)
        most = fmax(most, fabs(s->f.x[j] - s->data->y.x[j] - s->net.e.x[j]));
    for (size_t k = 0; k < s->rows * s->theta.cols; k++)
        s->theta.a[k] += h * s->rate.a[k];
    for (size_t i = 0; i < s->rows; i++)
        encoding_retract(s->kind, s->theta.a + s->theta.cols * i);
    for (size_t k = 0; k < 2 * s->m; k++)
        s->w.a[k] += h * s->clock * s->w_rate.a[k];
    vec_axpy(&s->net.c, h * s->clock, &s->c_rate);
    return most;
}
