/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/particle_flow.h"

#include <math.h>

#include "base/check.h"

struct particle_flow particle_flow_make(struct arena *mem, struct relu_network *net)
{
    const size_t m = net->m, d = net->data->d;

    for (size_t i = 0; i < m; i++)
        CHECK(net->c.x[i] != 0, "particle %zu has no mass", i);
    return (struct particle_flow){.net = net, .rate = mat_zero(mem, m, d),
                                  .sum = mat_zero(mem, m, d), .trial = mat_zero(mem, m, d)};
}

double particle_flow_velocity(const struct particle_flow *flow, const struct mat *w,
                              struct mat *rate)
{
    const double F = relu_network_gradient(flow->net, w, rate);

    for (size_t i = 0; i < rate->rows; i++) {
        const double p = fabs(flow->net->c.x[i]);

        for (size_t k = 0; k < rate->cols; k++)
            rate->a[i * rate->cols + k] /= -p;
    }
    return F;
}

/* k1 = v(W), k2 = v(W + h/2 k1), k3 = v(W + h/2 k2), k4 = v(W + h k3),
 * W+ = W + h/6 (k1 + 2 k2 + 2 k3 + k4). */
void particle_flow_step(struct particle_flow *flow, struct mat *w, double h)
{
    static const double ahead[] = {0, 0.5, 0.5, 1}, weight[] = {1, 2, 2, 1};
    const size_t size = w->rows * w->cols;

    CHECK(h > 0, "a step of %g", h);
    CHECK(w->rows == flow->sum.rows && w->cols == flow->sum.cols, "W is %zu x %zu, not %zu x %zu",
          w->rows, w->cols, flow->sum.rows, flow->sum.cols);
    for (int stage = 0; stage < 4; stage++) {
        for (size_t k = 0; k < size; k++)
            flow->trial.a[k] = w->a[k] + ahead[stage] * h * flow->rate.a[k];
        particle_flow_velocity(flow, &flow->trial, &flow->rate);
        for (size_t k = 0; k < size; k++)
            flow->sum.a[k] = (stage > 0 ? flow->sum.a[k] : 0) + weight[stage] * flow->rate.a[k];
    }
    for (size_t k = 0; k < size; k++)
        w->a[k] += h / 6 * flow->sum.a[k];
}

struct mat particle_flow_follow(struct arena *mem, struct relu_network *net, struct mat *w,
                                double T, size_t steps)
{
    struct particle_flow flow = particle_flow_make(mem, net);
    struct mat f = mat_zero(mem, steps + 1, net->data->n);

    for (size_t t = 0; t <= steps; t++) {
        struct vec row = mat_row(&f, t);

        relu_network_output(net, w, &net->data->x, &row);
        if (t < steps)
            particle_flow_step(&flow, w, T / (double)steps);
    }
    return f;
}

double particle_flow_first_variation(struct relu_network *net, struct mat *w, const double *v,
                                     double sign)
{
    const size_t last = net->m - 1, d = net->data->d;
    double up, down;

    CHECK(!(fabs(net->c.x[last]) > 0), "the last neuron has the mass %g", net->c.x[last]);
    for (size_t k = 0; k < d; k++)
        w->a[last * d + k] = v[k];
    net->c.x[last] = sign;
    up = relu_network_loss(net, w);
    net->c.x[last] = -sign;
    down = relu_network_loss(net, w);
    net->c.x[last] = 0;
    return (up - down) / 2;
}

/* Whether no point's activity changes when one coordinate of w moves by up to h. */
static int is_clear(const struct relu_data *data, const double *w, double h)
{
    for (size_t j = 0; j < data->n; j++) {
        const double *x = data->x.a + j * data->d;
        double z = 0, reach = 0;

        for (size_t k = 0; k < data->d; k++) {
            z += w[k] * x[k];
            reach = fmax(reach, h * fabs(x[k]));
        }
        if (fabs(z) <= reach)
            return 0;
    }
    return 1;
}

int particle_flow_variation_slope(struct relu_network *net, struct mat *w, size_t i, double h,
                                  double *slope)
{
    const size_t d = net->data->d;
    const double sign = net->c.x[i] > 0 ? 1 : -1;
    double v[8];

    CHECK(d <= sizeof v / sizeof v[0] && i + 1 < net->m, "neuron %zu of %zu, d = %zu", i, net->m,
          d);
    if (!is_clear(net->data, w->a + i * d, h))
        return 0;
    for (size_t k = 0; k < d; k++)
        v[k] = w->a[i * d + k];
    for (size_t k = 0; k < d; k++) {
        const double at = v[k];
        double up;

        v[k] = at + h;
        up = particle_flow_first_variation(net, w, v, sign);
        v[k] = at - h;
        slope[k] = (up - particle_flow_first_variation(net, w, v, sign)) / (2 * h);
        v[k] = at;
    }
    return 1;
}

double particle_flow_identity(struct arena *mem, struct relu_network *net, struct mat *w, double h)
{
    struct mat gradient = mat_zero(mem, w->rows, w->cols);
    double most = 0, slope[8];
    size_t seen = 0;

    relu_network_gradient(net, w, &gradient);
    for (size_t i = 0; i + 1 < w->rows; i++)
        if (particle_flow_variation_slope(net, w, i, h, slope)) {
            double square = 0;

            for (size_t k = 0; k < w->cols; k++) {
                const double g = gradient.a[i * w->cols + k] / fabs(net->c.x[i]);

                square += (g - slope[k]) * (g - slope[k]);
            }
            most = fmax(most, sqrt(square));
            seen++;
        }
    return seen > 0 ? most : (double)NAN;
}
