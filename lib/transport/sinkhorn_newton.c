/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_newton: see sinkhorn_newton.h.
 *
 * With exact rows, the dual value as a function of x = (change of g) / eps has the gradient
 * eps (b - c) and the Hessian -eps A, A = diag(c) - P' diag(1 / a) P. A x = b - c is solved by
 * conjugate gradients, preconditioned with diag(c): the first of them is a sweep, linearised, and
 * the rate of those after it is that of the square root of the gap that plain sweeps have. They
 * stop where x leaves the region in which the plan is about linear (Steihaug 1983). A product with
 * A costs one read of the plan, like a sweep. The step is shortened until the L1 error falls; no
 * plain sweep lets that grow either, so it never does. */
#include "transport/sinkhorn_newton.h"

#include <math.h>

#include "transport/sinkhorn_kernel.h"

static const double accuracy = 0.1;       /* of x, relative */
static const double longest = 4.0;        /* |x_j|: the plan changes by exp of it */
static const double shortest = 0.01;      /* part of x that is worth a try */
static const double sufficient = 0.1;     /* part of the fall of the error that x promises */
static const size_t shortenings = 3;
static const double shorter = 0.25;
static const size_t most_products = 1000; /* in one step */

/* out = A p, with c = v t; product: k, scratch. */
static void multiply(const struct sinkhorn_solver *s, struct vec *out, const struct vec *p,
                     struct vec *product)
{
    for (size_t j = 0; j < s->k; j++)
        product->x[j] = s->v.x[j] * p->x[j];
    vec_fill(out, 0.0);
    for (size_t i = 0; i < s->n; i++) {
        const double *row = s->plan.a + i * s->k, u = s->u.x[i];
        if (s->a.x[i] > 0.0)
            sinkhorn_kernel_axpy(out->x,
                                 u * u / s->a.x[i] * sinkhorn_kernel_dot(row, product->x, s->k),
                                 row, s->k);
    }
    for (size_t j = 0; j < s->k; j++)
        out->x[j] = s->v.x[j] * (s->t.x[j] * p->x[j] - out->x[j]);
}

/* z = r / c, 0 where b is; returns <r, z>. */
static double precondition(const struct sinkhorn_solver *s, struct vec *z, const struct vec *r)
{
    for (size_t j = 0; j < s->k; j++)
        z->x[j] = s->b.x[j] > 0.0 ? r->x[j] / (s->v.x[j] * s->t.x[j]) : 0.0;
    return vec_dot(r, z);
}

static double largest(const struct vec *x)
{
    double most = 0.0;

    for (size_t j = 0; j < x->n; j++)
        most = fmax(most, fabs(x->x[j]));
    return most;
}

/* step = x with |b - c - A x| <= part |b - c| in the norm of diag(1 / c), or what the budget
 * allows, or the first x that is too long. */
static void solve(struct sinkhorn_solver *s, double part, size_t budget)
{
    struct vec *const x = &s->step, *const r = &s->residual, *const p = &s->direction;
    struct vec *const z = &s->beta, *const q = &s->image;

    vec_fill(x, 0.0);
    for (size_t j = 0; j < s->k; j++)
        r->x[j] = s->b.x[j] > 0.0 ? s->b.x[j] - s->v.x[j] * s->t.x[j] : 0.0;
    double rz = precondition(s, z, r);
    const double enough = part * part * rz;

    vec_set(p, z);
    for (size_t m = 0; m < budget && rz > enough; m++) {
        multiply(s, q, p, z);
        s->sweeps++;
        const double curvature = vec_dot(p, q), last = rz;
        if (!(curvature > 0.0))
            return;
        vec_axpy(x, rz / curvature, p);
        if (largest(x) > longest)
            return;
        vec_axpy(r, -rz / curvature, q);
        rz = precondition(s, z, r);
        vec_mix(p, 1.0, z, rz / last);
    }
}

/* v = before exp(length x); 0 when one leaves its range. */
static int move(struct sinkhorn_solver *s, double length)
{
    int fits = 1;

    for (size_t j = 0; j < s->k; j++)
        s->v.x[j] = length * s->step.x[j];
    sinkhorn_kernel_exp(s->v.x, s->v.x, s->k);
    for (size_t j = 0; j < s->k; j++) {
        s->v.x[j] *= s->before.x[j];
        fits &= sinkhorn_solver_in_range(s->v.x[j]);
    }
    return fits;
}

int sinkhorn_newton_step(struct sinkhorn_solver *s, double wanted, size_t budget)
{
    const double error = s->error, part = fmax(accuracy, 0.5 * wanted / error);

    if (budget < 2 + shortenings)
        return 0;
    budget -= 2 + shortenings;
    vec_set(&s->before, &s->v);
    solve(s, part, budget < most_products ? budget : most_products);
    double length = fmin(1.0, longest / largest(&s->step));
    if (length < shortest)
        return 0;
    for (size_t tries = 0; tries <= shortenings; tries++, length *= shorter) {
        s->sweeps++;
        if (move(s, length) && sinkhorn_solver_scale_rows(s) &&
            s->error <= (1.0 - sufficient * length) * error)
            return 1;
    }
    vec_set(&s->v, &s->before);
    s->sweeps++;
    (void)sinkhorn_solver_scale_rows(s);
    return 0;
}
