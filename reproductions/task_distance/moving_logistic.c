/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/moving_logistic.h"

#include <math.h>

#include <gsl/gsl_integration.h>

#include "base/check.h"
#include "geometry/fisher.h"

#define SQRT_2 1.41421356237309504880
#define SQRT_PI 1.77245385090551602730

enum status moving_logistic_create(struct moving_logistic *m, struct arena *mem, size_t nodes)
{
    CHECK(nodes >= 1, "%zu nodes", nodes);
    *m = (struct moving_logistic){
        .nodes = nodes, .node = arena_get(mem, nodes, sizeof(double)),
        .weight = arena_get(mem, nodes, sizeof(double)),
        .x = arena_get(mem, 4 * nodes, sizeof(double)),
        .share = arena_get(mem, 4 * nodes, sizeof(double)),
        .label = arena_get(mem, 4 * nodes, 1)};
    gsl_integration_fixed_workspace *rule =
        gsl_integration_fixed_alloc(gsl_integration_fixed_hermite, nodes, 0, 1, 0, 0);

    if (rule == NULL)
        return status_set(STATUS_UNFIT, "no Gauss-Hermite rule of %zu nodes", nodes);
    for (size_t k = 0; k < nodes; k++) {
        m->node[k] = SQRT_2 * gsl_integration_fixed_nodes(rule)[k];
        m->weight[k] = gsl_integration_fixed_weights(rule)[k] / SQRT_PI;
    }
    gsl_integration_fixed_free(rule);
    return STATUS_OK;
}

/* Class y of weight `share` into the n-th quarter of the nodes. */
static void put(struct moving_logistic *m, size_t n, int y, double mean, double sd, double share)
{
    for (size_t k = 0; k < m->nodes; k++) {
        m->x[n * m->nodes + k] = mean + sd * m->node[k];
        m->share[n * m->nodes + k] = share * m->weight[k];
        m->label[n * m->nodes + k] = (unsigned char)y;
    }
}

/* The nodes of p_tau; tau counts along the way that is gone. */
static void place(struct moving_logistic *m, double tau)
{
    const struct moving_task *from = m->backwards ? &m->target : &m->source;
    const struct moving_task *to = m->backwards ? &m->source : &m->target;

    for (int y = 0; y < 2; y++) {
        const double mean = (1 - tau) * from->mean[y] + tau * to->mean[y];
        const double sd = (1 - tau) * from->sd[y] + tau * to->sd[y];
        const int slides = m->path == MOVING_DISPLACEMENT;

        put(m, (size_t)y, y, slides ? mean : from->mean[y], slides ? sd : from->sd[y],
            slides ? 0.5 : (1 - tau) / 2);
        put(m, (size_t)(2 + y), y, to->mean[y], to->sd[y], slides ? 0 : tau / 2);
    }
}

static double sigma(double z)
{
    return 1 / (1 + exp(-z));
}

/* log(1 + e^z). */
static double softplus(double z)
{
    return (z > 0 ? z : 0) + log1p(exp(-fabs(z)));
}

/* d loss / dw and its second derivatives h = (00, 01, 11) on the nodes placed. */
static void derivatives(const struct moving_logistic *m, const double w[2], double g[2],
                        double h[3])
{
    g[0] = g[1] = h[0] = h[1] = h[2] = 0;
    for (size_t k = 0; k < 4 * m->nodes; k++) {
        const double x = m->x[k], p = sigma(w[0] + w[1] * x);
        const double e = m->share[k] * (p - m->label[k]), v = m->share[k] * p * (1 - p);

        g[0] += e;
        g[1] += e * x;
        h[0] += v;
        h[1] += v * x;
        h[2] += v * x * x;
    }
}

static double loss(const struct moving_logistic *m, const double w[2])
{
    double sum = 0;

    for (size_t k = 0; k < 4 * m->nodes; k++) {
        const double z = w[0] + w[1] * m->x[k];

        sum += m->share[k] * softplus(m->label[k] ? -z : z);
    }
    return sum;
}

double moving_logistic_loss(struct moving_logistic *m, double tau, const double w[2])
{
    place(m, tau);
    return loss(m, w);
}

enum status moving_logistic_minimum(struct moving_logistic *m, double tau, double w[2])
{
    place(m, tau);
    for (int n = 0; n < 100; n++) {
        double g[2], h[3], step = 1;
        const double here = loss(m, w);

        derivatives(m, w, g, h);
        const double det = h[0] * h[2] - h[1] * h[1];
        const double d[2] = {-(h[2] * g[0] - h[1] * g[1]) / det,
                             -(h[0] * g[1] - h[1] * g[0]) / det};
        if (!isfinite(d[0] + d[1]))
            return status_set(STATUS_DIVERGED, "no minimum at tau %g", tau);
        /* Halved until the loss falls; near the minimum rounding alone decides, so not there. */
        const int near = fabs(d[0]) + fabs(d[1]) < 1e-5;
        while (!near && step > 1e-9 &&
               !(loss(m, (double[]){w[0] + step * d[0], w[1] + step * d[1]}) < here))
            step /= 2;
        w[0] += step * d[0];
        w[1] += step * d[1];
        if (fabs(d[0]) + fabs(d[1]) < 1e-11)
            return STATUS_OK;
    }
    return status_set(STATUS_NO_CONVERGENCE, "Newton's method found no minimum at tau %g", tau);
}

/* One step of the lengths: from w to v on the nodes placed. */
static void add_step(const struct moving_logistic *m, const double w[2], const double v[2],
                     struct moving_length *out)
{
    double mean = 0, roots = 0;

    for (size_t k = 0; k < 4 * m->nodes; k++) {
        const double a = w[0] + w[1] * m->x[k], b = v[0] + v[1] * m->x[k];
        const double p[2] = {-softplus(a), -softplus(-a)}, q[2] = {-softplus(b), -softplus(-b)};
        const double kl = m->share[k] > 0 ? fisher_kl(p, q, 2) : 0;

        mean += m->share[k] * 2 * kl;
        roots += m->share[k] * sqrt(2 * kl);
    }
    out->riemannian += sqrt(mean);
    out->mean += roots;
}

/* The minimum of the source, found by way of the classes' own discriminant. */
static enum status begin(struct moving_logistic *m, struct moving_length *out)
{
    const struct moving_task *t = m->backwards ? &m->target : &m->source;
    const double gap = (t->mean[1] - t->mean[0]) / (t->sd[0] * t->sd[1]);

    CHECK(gap > 0 && t->sd[0] > 0 && t->sd[1] > 0, "classes at %g and %g, sd %g and %g",
          t->mean[0], t->mean[1], t->sd[0], t->sd[1]);
    *out = (struct moving_length){.w = {-gap * (t->mean[0] + t->mean[1]) / 2, gap}};
    return moving_logistic_minimum(m, 0, out->w);
}

enum status moving_logistic_follow(struct moving_logistic *m, size_t M, struct moving_length *out)
{
    TRY(begin(m, out));
    for (size_t k = 0; k < M; k++) {
        double next[2] = {out->w[0], out->w[1]};

        TRY(moving_logistic_minimum(m, (double)(k + 1) / (double)M, next));
        place(m, (double)k / (double)M);
        add_step(m, out->w, next, out);
        out->w[0] = next[0];
        out->w[1] = next[1];
    }
    return STATUS_OK;
}

enum status moving_logistic_learn(struct moving_logistic *m, size_t M, size_t steps, double speed,
                                  struct moving_length *out)
{
    const size_t each = steps / M;

    CHECK(M >= 1 && each >= 1 && steps % M == 0, "%zu steps for %zu checkpoints", steps, M);
    TRY(begin(m, out));
    for (size_t k = 0; k < M; k++) {
        double next[2] = {out->w[0], out->w[1]}, g[2], h[3];

        for (size_t n = 0; n < each; n++) {
            place(m, (double)(k * each + n + 1) / (double)steps);
            derivatives(m, next, g, h);
            next[0] -= speed / (double)steps * g[0];
            next[1] -= speed / (double)steps * g[1];
        }
        place(m, (double)k / (double)M);
        add_step(m, out->w, next, out);
        out->w[0] = next[0];
        out->w[1] = next[1];
    }
    return isfinite(out->riemannian) ? STATUS_OK
                                     : status_set(STATUS_DIVERGED, "speed %g diverges", speed);
}
