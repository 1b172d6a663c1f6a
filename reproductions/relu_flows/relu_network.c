/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/relu_network.h"

#include <math.h>

#include "base/check.h"

#define PI 3.14159265358979323846

static struct relu_data make(struct arena *mem, size_t n, size_t d)
{
    CHECK(n >= 1 && d >= 2, "%zu points in %zu dimensions", n, d);
    return (struct relu_data){.n = n, .d = d, .x = mat_zero(mem, n, d), .y = vec_zero(mem, n)};
}

/* Row j: (-1/2 + j / (n - 1), 1). */
static struct relu_data on_a_line(struct arena *mem, size_t n)
{
    struct relu_data data = make(mem, n, 2);

    CHECK(n >= 2, "a line of %zu points", n);
    for (size_t j = 0; j < n; j++) {
        data.x.a[2 * j] = -0.5 + (double)j / (double)(n - 1);
        data.x.a[2 * j + 1] = 1;
    }
    return data;
}

struct relu_data relu_data_sinus(struct arena *mem, size_t n)
{
    struct relu_data data = on_a_line(mem, n);

    for (size_t j = 0; j < n; j++) {
        const double x = data.x.a[2 * j];

        data.y.x[j] = sin(10 * x - PI / 2) + x / 5 - 0.5;
    }
    return data;
}

struct relu_data relu_data_linear(struct arena *mem, size_t n, double slope, double intercept)
{
    struct relu_data data = on_a_line(mem, n);

    for (size_t j = 0; j < n; j++)
        data.y.x[j] = slope * data.x.a[2 * j] + intercept;
    return data;
}

struct relu_data relu_data_random(struct arena *mem, struct rng *r, size_t n, size_t d)
{
    struct relu_data data = make(mem, n, d);

    for (size_t j = 0; j < n; j++) {
        for (size_t k = 0; k + 1 < d; k++)
            data.x.a[j * d + k] = 2 * rng_uniform(r) - 1;
        data.x.a[j * d + d - 1] = 1;
        data.y.x[j] = 4 * rng_uniform(r) - 3;
    }
    return data;
}

struct relu_network relu_network_make(struct arena *mem, const struct relu_data *data,
                                      size_t positive, size_t negative, double value)
{
    struct relu_network net = {.data = data, .m = positive + negative};

    net.c = vec_zero(mem, net.m);
    net.e = vec_zero(mem, data->n);
    for (size_t i = 0; i < net.m; i++)
        net.c.x[i] = i < positive ? value : -value;
    return net;
}

static double dot(const double *w, const double *x, size_t d)
{
    double sum = 0;

    for (size_t k = 0; k < d; k++)
        sum += w[k] * x[k];
    return sum;
}

void relu_network_output(const struct relu_network *net, const struct mat *w, const struct mat *x,
                         struct vec *f)
{
    const size_t d = net->data->d;

    CHECK(w->rows == net->m && w->cols == d, "W is %zu x %zu, not %zu x %zu", w->rows, w->cols,
          net->m, d);
    CHECK(x->cols == d && f->n == x->rows, "x is %zu x %zu for %zu outputs", x->rows, x->cols,
          f->n);
    for (size_t j = 0; j < x->rows; j++) {
        double sum = 0;

        for (size_t i = 0; i < net->m; i++) {
            const double h = dot(w->a + i * d, x->a + j * d, d);

            sum += h > 0 ? net->c.x[i] * h : 0;
        }
        f->x[j] = sum;
    }
}

double relu_network_loss(struct relu_network *net, const struct mat *w)
{
    const struct relu_data *data = net->data;
    double sum = 0;

    relu_network_output(net, w, &data->x, &net->e);
    for (size_t j = 0; j < data->n; j++) {
        net->e.x[j] -= data->y.x[j];
        sum += net->e.x[j] * net->e.x[j];
    }
    return sum / (2 * (double)data->n);
}

double relu_network_gradient(struct relu_network *net, const struct mat *w, struct mat *gradient)
{
    const struct relu_data *data = net->data;
    const size_t d = data->d, n = data->n;
    double F;

    CHECK(gradient->rows == net->m && gradient->cols == d, "the gradient is %zu x %zu, W %zu x %zu",
          gradient->rows, gradient->cols, net->m, d);
    F = relu_network_loss(net, w);
    for (size_t i = 0; i < net->m; i++) {
        double *g = gradient->a + i * d;
        const double scale = net->c.x[i] / (double)n;

        for (size_t k = 0; k < d; k++)
            g[k] = 0;
        for (size_t j = 0; j < n; j++) {
            const double *x = data->x.a + j * d;

            if (dot(w->a + i * d, x, d) > 0)
                for (size_t k = 0; k < d; k++)
                    g[k] += net->e.x[j] * x[k];
        }
        for (size_t k = 0; k < d; k++)
            g[k] *= scale;
    }
    return F;
}
