/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/both_layers.h"

#include "base/check.h"

double both_layers_slopes(struct relu_network *net, const struct mat *w, struct mat *q)
{
    const double F = relu_network_gradient(net, w, q);

    for (size_t i = 0; i < q->rows; i++) {
        const double c = net->c.x[i];

        CHECK(c < 0 || c > 0, "output weight %zu is %g", i, c);
        for (size_t k = 0; k < q->cols; k++)
            q->a[i * q->cols + k] /= c;
    }
    return F;
}

struct both_layers both_layers_make(struct arena *mem, struct relu_network *net)
{
    const size_t m = net->m, d = net->data->d;

    return (struct both_layers){.net = net, .w_rate = mat_zero(mem, m, d),
                                .w_half = mat_zero(mem, m, d), .c_rate = vec_zero(mem, m),
                                .c = vec_zero(mem, m)};
}

double both_layers_velocity(struct relu_network *net, const struct mat *w, struct mat *w_rate,
                            struct vec *c_rate)
{
    const double F = both_layers_slopes(net, w, w_rate), m = (double)net->m;

    for (size_t i = 0; i < w->rows; i++) {
        double *q = w_rate->a + i * w->cols, along = 0;

        for (size_t k = 0; k < w->cols; k++) {
            along += q[k] * w->a[i * w->cols + k];
            q[k] *= -m * net->c.x[i];
        }
        c_rate->x[i] = -along / m;
    }
    return F;
}

void both_layers_step(struct both_layers *flow, struct mat *w, double h)
{
    struct vec *c = &flow->net->c;
    const size_t size = w->rows * w->cols;

    CHECK(h > 0, "a step of %g", h);
    vec_set(&flow->c, c);
    both_layers_velocity(flow->net, w, &flow->w_rate, &flow->c_rate);
    for (size_t k = 0; k < size; k++)
        flow->w_half.a[k] = w->a[k] + h / 2 * flow->w_rate.a[k];
    vec_axpy(c, h / 2, &flow->c_rate);
    both_layers_velocity(flow->net, &flow->w_half, &flow->w_rate, &flow->c_rate);
    for (size_t k = 0; k < size; k++)
        w->a[k] += h * flow->w_rate.a[k];
    vec_set(c, &flow->c);
    vec_axpy(c, h, &flow->c_rate);
}
