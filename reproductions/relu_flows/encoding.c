/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/encoding.h"

#include <math.h>

size_t encoding_size(enum encoding kind)
{
    static const size_t size[] = {2, 3, 3, 4, 4, 3, 4};

    return size[kind];
}

size_t encoding_neurons(enum encoding kind)
{
    return kind == ENCODING_PAIR || kind == ENCODING_PRODUCT ? 2 : 1;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += a[k] * b[k];
    return sum;
}

/* g = g - <g, v> v. */
static void make_tangent(double *g, const double *v, size_t n)
{
    const double along = dot(g, v, n);

    for (size_t k = 0; k < n; k++)
        g[k] -= along * v[k];
}

/* w = theta[0..1], alpha = theta[2]. */
static double weighted(const double *theta, const double x[2], double *gradient)
{
    const double z = dot(theta, x, 2), relu = z > 0 ? z : 0;

    gradient[0] = z > 0 ? theta[2] * x[0] : 0;
    gradient[1] = z > 0 ? theta[2] * x[1] : 0;
    gradient[2] = relu;
    return theta[2] * relu;
}

/* phi = up - down, or up * down. */
static double two(int product, const double *theta, const double x[2], double *gradient)
{
    const double z = dot(theta, x, 2), v = dot(theta + 2, x, 2);
    const double up = z > 0 ? z : 0, down = v > 0 ? v : 0;

    for (size_t k = 0; k < 2; k++) {
        gradient[k] = z > 0 ? x[k] * (product ? down : 1) : 0;
        gradient[2 + k] = v > 0 ? x[k] * (product ? up : -1) : 0;
    }
    return product ? up * down : up - down;
}

double encoding_output(enum encoding kind, const double *theta, const double x[2],
                       double *gradient)
{
    double phi, z;

    switch (kind) {
    case ENCODING_NEURON:
        z = dot(theta, x, 2);
        gradient[0] = z > 0 ? x[0] : 0;
        gradient[1] = z > 0 ? x[1] : 0;
        return z > 0 ? z : 0;
    case ENCODING_PAIR:
    case ENCODING_PRODUCT:
        return two(kind == ENCODING_PRODUCT, theta, x, gradient);
    case ENCODING_POLAR: /* r^2 psi(eta): 2 r psi along r, (1/r^2) r^2 P grad psi along eta */
        phi = weighted(theta, x, gradient);
        make_tangent(gradient, theta, 3);
        gradient[3] = 2 * theta[3] * phi;
        return theta[3] * theta[3] * phi;
    default:
        phi = weighted(theta, x, gradient);
        if (kind == ENCODING_FIXED)
            gradient[2] = 0;
        if (kind == ENCODING_SPHERE)
            make_tangent(gradient, theta, 2);
        return phi;
    }
}

void encoding_retract(enum encoding kind, double *theta)
{
    const size_t n = kind == ENCODING_SPHERE ? 2 : kind == ENCODING_POLAR ? 3 : 0;
    const double norm = n > 0 ? sqrt(dot(theta, theta, n)) : 1;

    for (size_t k = 0; k < n; k++)
        theta[k] /= norm;
}

void encoding_set(enum encoding kind, const double *u, double sign, double size, double *theta)
{
    const double norm = sqrt(dot(u, u, 2)), scale = kind == ENCODING_SPHERE  ? norm
                                                  : kind == ENCODING_POLAR   ? sqrt(norm)
                                                                             : size;

    if (kind == ENCODING_NEURON || encoding_neurons(kind) == 2) {
        for (size_t k = 0; k < encoding_size(kind); k++)
            theta[k] = u[k];
        return;
    }
    theta[0] = u[0] / scale;
    theta[1] = u[1] / scale;
    theta[2] = sign * scale;
    if (kind == ENCODING_POLAR) {
        theta[3] = sqrt(dot(theta, theta, 3));
        encoding_retract(kind, theta);
    }
}

/* u = |alpha| w, u' = |alpha| w' + sign(alpha) alpha' w; in the polar form w = r eta_w and
 * alpha = r eta_alpha. */
void encoding_absorb(enum encoding kind, const double *theta, const double *rate, double *u,
                     double *u_rate)
{
    const int polar = kind == ENCODING_POLAR;
    double at[3] = {0}, moves[3] = {0};

    if (kind == ENCODING_NEURON || encoding_neurons(kind) == 2) {
        for (size_t k = 0; k < encoding_size(kind); k++) {
            u[k] = theta[k];
            u_rate[k] = rate[k];
        }
        return;
    }
    for (size_t k = 0; k < 3; k++) {
        at[k] = polar ? theta[3] * theta[k] : theta[k];
        moves[k] = polar ? rate[3] * theta[k] + theta[3] * rate[k] : rate[k];
    }
    for (size_t k = 0; k < 2; k++) {
        u[k] = fabs(at[2]) * at[k];
        u_rate[k] = fabs(at[2]) * moves[k] + (at[2] > 0 ? 1 : -1) * moves[2] * at[k];
    }
}
