/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jko_flow: the problem that the tests of JKO steps share: neurons relu(theta_1 x + theta_2) at
 * INPUTS inputs of -.5 .. .5, targets 2 x + 1, one measure on a grid of [-2.5, 2.5]^2. Include
 * after test.h. */
#ifndef TESTS_JKO_FLOW_H
#define TESTS_JKO_FLOW_H

#include "base/memory.h"
#include "linalg/mat.h"
#include "linalg/vec.h"
#include "transport/jko.h"

static struct arena mem; /* of the test that runs */

#define INPUTS 5

static inline double input(size_t j)
{
    return -0.5 + (double)j / (INPUTS - 1);
}

static inline double relu(double w, double bias, size_t j)
{
    return fmax(0, w * input(j) + bias);
}

static inline struct vec axis(size_t n, double low, double high)
{
    struct vec x = vec_zero(&mem, n);

    for (size_t i = 0; i < n; i++)
        x.x[i] = n == 1 ? low : low + (high - low) * (double)i / (double)(n - 1);
    return x;
}

struct flow {
    struct jko_grid grid;
    struct mat a;   /* INPUTS x G, over sqrt(INPUTS) */
    struct vec y, p;/* INPUTS; G */
};

/* n x n points of [-2.5, 2.5]^2, p a Gaussian of standard deviation .2 at (.5, .3). */
static inline struct flow make_flow(size_t n)
{
    const size_t G = n * n;
    const struct vec x = axis(n, -2.5, 2.5);
    struct flow f = {.grid = {.axes = 2, .axis = {x, x}}, .a = mat_zero(&mem, INPUTS, G),
                     .y = vec_zero(&mem, INPUTS), .p = vec_zero(&mem, G)};

    for (size_t g = 0; g < G; g++) {
        const double w = x.x[g / n], bias = x.x[g % n];

        f.p.x[g] = exp(-((w - 0.5) * (w - 0.5) + (bias - 0.3) * (bias - 0.3)) / 0.08);
        for (size_t j = 0; j < INPUTS; j++)
            f.a.a[j * G + g] = relu(w, bias, j) / sqrt(INPUTS);
    }
    for (size_t j = 0; j < INPUTS; j++)
        f.y.x[j] = (2 * input(j) + 1) / sqrt(INPUTS);
    vec_scale(&f.p, 1 / vec_sum(&f.p));
    return f;
}

static inline double l1(const struct vec *x, const struct vec *y)
{
    double sum = 0;

    for (size_t i = 0; i < x->n; i++)
        sum += fabs(x->x[i] - y->x[i]);
    return sum;
}

static inline struct jko make_solver(const struct flow *f, double gam, double tau,
                                     enum jko_kernel kernel)
{
    struct jko s;

    CHECK_STATUS(jko_init(&s, &mem, &f->grid, &f->a, &f->y, gam, tau, kernel), STATUS_OK);
    return s;
}

#endif
