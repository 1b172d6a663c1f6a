/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/gaussian_start.h"

#include <math.h>

#include "base/check.h"

#define PI 3.14159265358979323846

struct relu_network gaussian_start_network(struct arena *mem, const struct gaussian_start *g,
                                           const struct relu_data *data, size_t m)
{
    CHECK(data->d == 2, "data of dimension %zu", data->d);
    CHECK((g->signs == 1 || g->signs == 2) && m > 0 && m % g->signs == 0,
          "%zu neurons of %zu signs", m, g->signs);
    return relu_network_make(mem, data, m / g->signs, m - m / g->signs, 1 / (double)m);
}

struct mat gaussian_start_sample(struct arena *mem, const struct gaussian_start *g, struct rng *r,
                                 size_t m)
{
    struct mat w = mat_normal(mem, r, m, 2, g->sd * g->sd);

    for (size_t k = 0; k < 2 * m; k++)
        w.a[k] += g->center[k % 2];
    return w;
}

struct mat gaussian_start_spiral(struct arena *mem, const struct gaussian_start *g, size_t k)
{
    const size_t m = g->signs * k;
    const double turn = PI * (3 - sqrt(5)); /* the golden angle */
    struct mat w = mat_zero(mem, m, 2);

    for (size_t i = 0; i < m; i++) {
        const double at = (double)(i % k), r = g->sd * sqrt(-2 * log1p(-(at + 0.5) / (double)k));

        w.a[2 * i] = g->center[0] + r * cos(turn * at);
        w.a[2 * i + 1] = g->center[1] + r * sin(turn * at);
    }
    return w;
}

/* z = <w, x> ~ N(mu, s^2) with s = sd |x|:
 * E relu = mu Phi(mu/s) + s phi(mu/s),   E relu^2 = (mu^2 + s^2) Phi(mu/s) + mu s phi(mu/s). */
void gaussian_start_moments(const struct gaussian_start *g, const double *x, double *f,
                            double *variance)
{
    const double mu = g->center[0] * x[0] + g->center[1] * x[1];
    const double s = g->sd * hypot(x[0], x[1]);
    const double Phi = erfc(-mu / s * sqrt(0.5)) / 2;
    const double phi = exp(-mu * mu / (2 * s * s)) / sqrt(2 * PI);
    const double mean = mu * Phi + s * phi;

    *f = g->signs == 2 ? 0 : mean;
    *variance = (mu * mu + s * s) * Phi + mu * s * phi - mean * mean;
}
