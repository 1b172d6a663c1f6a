/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/rounded_network.h"

#include "base/check.h"

struct rounded_network rounded_network_make(struct arena *mem, struct relu_network *net,
                                            double width)
{
    CHECK(width > 0, "kinks rounded over %g", width);
    return (struct rounded_network){.net = net, .width = width, .slope = vec_zero(mem, net->m)};
}

/* f(x), and r' of each neuron in r->slope. */
static double output(struct rounded_network *r, const struct mat *w, const struct vec *x)
{
    double f = 0;

    for (size_t i = 0; i < w->rows; i++) {
        const struct vec neuron = mat_row(w, i);
        const double h = vec_dot(&neuron, x), up = h / r->width + 0.5;
        const double slope = up <= 0 ? 0 : up >= 1 ? 1 : up;

        r->slope.x[i] = slope;
        f += r->net->c.x[i] * (up >= 1 ? h : r->width * slope * slope / 2);
    }
    return f;
}

double rounded_network_gradient(void *context, const struct mat *w, struct mat *gradient)
{
    struct rounded_network *r = context;
    const struct relu_data *data = r->net->data;
    const size_t m = r->net->m, d = data->d, n = data->n;
    struct vec all = mat_flat(gradient);
    double sum = 0;

    CHECK(w->rows == m && w->cols == d && gradient->rows == m && gradient->cols == d,
          "W is %zu x %zu, the gradient %zu x %zu, not %zu x %zu", w->rows, w->cols,
          gradient->rows, gradient->cols, m, d);
    vec_fill(&all, 0);
    for (size_t j = 0; j < n; j++) {
        const struct vec x = mat_row(&data->x, j);
        const double e = output(r, w, &x) - data->y.x[j];

        for (size_t i = 0; i < m; i++) {
            struct vec g = mat_row(gradient, i);

            vec_axpy(&g, r->net->c.x[i] * e * r->slope.x[i] / (double)n, &x);
        }
        r->net->e.x[j] = e;
        sum += e * e;
    }
    return sum / (2 * (double)n);
}
