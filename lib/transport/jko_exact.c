/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jko_exact: see jko.h.
 *
 * A corner sends all mass of each point to one other point. Over mixtures of corners, of cost t and
 * output z = A p - y, the step minimizes t + tau/2 |z|^2; its optimum mixes at most N + 1 of them.
 * As Wolfe's algorithm for the nearest point of a polytope does (Math. Programming 11, 1976), this
 * keeps a few corners, finds the best mixture of those, and adds the corner that the mixture's u
 * prices lowest, until there is none below the mixture: then the dual value is met. */
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "linalg/lapack.h"
#include "transport/jko.h"
#include "transport/jko_step.h"

static const double inf = (double)INFINITY;

/* Outputs whose squared distance from the span of the others is below this part of their own
 * squared length count as in the span. */
#define DEPENDENT 1e-12

/* ---- corners ---- */

/* out_j = min_i in_i + |x_i - x_j|^2 along one axis; choice_j: that i, or j
 * itself where none is lower. */
static void lower(double *out, size_t *choice, const double *in, const struct mat *square, size_t G,
                  size_t inner)
{
    const size_t n = square->rows;

    for (size_t g = 0; g < G; g++) {
        const size_t i = g / inner % n, start = g - i * inner;
        const double *d = square->a + i * n;

        out[g] = in[g];
        choice[g] = i;
        for (size_t j = 0; j < n; j++) {
            const double x = in[start + j * inner] + d[j];

            if (x < out[g]) {
                out[g] = x;
                choice[g] = j;
            }
        }
    }
}

/* The point that *g goes to, in its place; returns the squared distance. */
static double follow(const struct jko *s, size_t *g)
{
    size_t inner = 1;
    double cost = 0;

    for (size_t k = s->axes; k-- > 0;) {
        const size_t n = s->count[k], i = *g / inner % n, j = s->corner.choice[k][*g];

        cost += s->square[k].a[i * n + j];
        *g = *g - i * inner + j * inner;
        inner *= n;
    }
    return cost;
}

/* Corner k: of all corners the lowest t + tau <u, z>. q is in s->last. */
static void make_corner(struct jko *s, size_t k, const struct vec *u)
{
    struct vec mass = mat_row(&s->corner.mass, k), output = mat_row(&s->corner.output, k);
    struct vec *from = &s->smooth[0], *to = &s->smooth[1];
    struct vec_adder cost = {0};
    size_t inner = s->points;

    mat_vec_add(from, s->tau, &s->a, MAT_TRANSPOSED, u, 0);
    for (size_t axis = 0; axis < s->axes; axis++) {
        struct vec *const swap = from;

        inner /= s->count[axis];
        lower(to->x, s->corner.choice[axis], from->x, &s->square[axis], s->G, inner);
        from = to;
        to = swap;
    }
    vec_fill(&mass, 0);
    for (size_t g = 0; g < s->G; g++) {
        size_t target = g;

        vec_adder_add(&cost, s->last.x[g] * follow(s, &target));
        mass.x[target] += s->last.x[g];
    }
    s->corner.cost.x[k] = vec_adder_total(&cost);
    vec_set(&output, &s->y);
    mat_vec_add(&output, 1, &s->a, MAT_AS_IS, &mass, -1);
}

static void drop_corner(struct jko_corners *c, size_t k)
{
    const size_t G = c->mass.cols, N = c->output.cols, after = --c->n - k;

    memmove(c->mass.a + k * G, c->mass.a + (k + 1) * G, after * G * sizeof(double));
    memmove(c->output.a + k * N, c->output.a + (k + 1) * N, after * N * sizeof(double));
    memmove(c->cost.x + k, c->cost.x + k + 1, after * sizeof(double));
    memmove(c->share.x + k, c->share.x + k + 1, after * sizeof(double));
}

/* ---- the best mixture ---- */

/* out = sum_k share_k x_k over the rows x_k. */
static void mix(struct vec *out, const struct jko_corners *c, const struct mat *x)
{
    const struct mat used = mat_rows(x, 0, c->n);
    const struct vec share = vec_over(c->share.x, c->n);

    mat_vec_add(out, 1, &used, MAT_TRANSPOSED, &share, 0);
}

/* Corners relative to corner 0: D_k = z_k+1 - z_0 in c->difference, and in c->slope how the
 * objective rises where corner k+1 grows at the cost of corner 0, at a mixture of output u. */
static void set_differences(struct jko *s, const struct vec *u)
{
    struct jko_corners *const c = &s->corner;
    const struct vec first = mat_row(&c->output, 0);

    for (size_t k = 0; k + 1 < c->n; k++) {
        const struct vec z = mat_row(&c->output, k + 1);
        struct vec row = mat_row(&c->difference, k);

        vec_set(&row, &z);
        vec_axpy(&row, -1, &first);
        c->slope.x[k] = c->cost.x[k + 1] - c->cost.x[0] + s->tau * vec_dot(&row, u);
    }
}

/* Where the mixture should go, in c->way, whose sum is 0: to the minimum over shares of any sign
 * (*bounded is 1), or along a line on which the output stands still and t does not rise (0). All
 * corners but the last have independent outputs, so of the Hessian tau D D^T = [H h; h^T r] the
 * part H has a Cholesky factor, and r - h^T H^{-1} h says whether the last one is independent. */
static enum status find_way(struct jko *s, const struct vec *u, int *bounded)
{
    struct jko_corners *const c = &s->corner;
    const size_t m = c->n - 2; /* rows of H */
    const struct mat d = mat_rows(&c->difference, 0, m);
    const struct vec last = mat_row(&c->difference, m), h = vec_over(c->border.x, m);
    struct mat H = mat_over(c->gram.a, m, m);
    struct vec to_h = h, w = vec_over(c->solved.x, m), slope = vec_over(c->slope.x, m);

    set_differences(s, u);
    mat_gram(&H, s->tau, &d, MAT_AS_IS, 0);
    mat_vec(&to_h, s->tau, &d, &last);
    vec_set(&w, &h);
    TRY(lapack_cholesky(&H));
    TRY(lapack_cholesky_solve(&H, &w)); /* w = H^{-1} h */
    const double r = s->tau * vec_dot(&last, &last), rest = r - vec_dot(&h, &w);
    const double fall = c->slope.x[m] - vec_dot(&slope, &w);

    *bounded = m < s->N && rest > DEPENDENT * r; /* more than N are dependent */
    TRY(lapack_cholesky_solve(&H, &slope));
    c->way.x[m + 1] = *bounded ? -fall / rest : fall > 0 ? -1 : 1;
    c->way.x[0] = -c->way.x[m + 1];
    for (size_t k = 0; k < m; k++) {
        c->way.x[k + 1] = -w.x[k] * c->way.x[m + 1] - (*bounded ? slope.x[k] : 0);
        c->way.x[0] -= c->way.x[k + 1];
    }
    return STATUS_OK;
}

/* Shares that are best for the corners kept; those that come to 0 are dropped. */
static enum status improve(struct jko *s, struct vec *u)
{
    struct jko_corners *const c = &s->corner;

    while (c->n > 1) {
        struct vec share = vec_over(c->share.x, c->n), way = vec_over(c->way.x, c->n);
        size_t out = c->n;
        int bounded;

        mix(u, c, &c->output);
        TRY(find_way(s, u, &bounded));
        double step = bounded ? 1 : inf;

        for (size_t k = 0; k < c->n; k++)
            if (way.x[k] < 0 && share.x[k] <= -way.x[k] * step) {
                step = share.x[k] / -way.x[k];
                out = k;
            }
        vec_axpy(&share, step, &way);
        if (out == c->n)
            return STATUS_OK;
        drop_corner(c, out);
        share.n--;
        vec_scale(&share, 1 / vec_sum(&share));
    }
    return STATUS_OK;
}

/* ---- the solver ---- */

/* Values of p and of the u = A p - y that is set here; corner c->n becomes the one that u prices
 * lowest. cost: <c, pi>. */
static void evaluate(struct jko *s, const struct vec *p, struct vec *u, double cost,
                     struct transport_report *t)
{
    struct jko_corners *const c = &s->corner;
    const struct vec z = mat_row(&c->output, c->n);

    vec_set(u, &s->y);
    mat_vec_add(u, 1, &s->a, MAT_AS_IS, p, -1);
    make_corner(s, c->n, u);
    t->primal = cost + 0.5 * s->tau * vec_dot(u, u);
    t->dual = c->cost.x[c->n] + s->tau * (vec_dot(u, &z) - 0.5 * vec_dot(u, u));
}

/* L1 distance between the masses of each species in p and in q. */
static double mass_error(const struct jko *s, const struct vec *p)
{
    double sum = 0;

    for (size_t k = 0; k < s->species; k++) {
        const struct vec after = vec_over(p->x + k * s->points, s->points);
        const struct vec before = vec_over(s->last.x + k * s->points, s->points);

        sum += fabs(vec_sum(&after) - vec_sum(&before));
    }
    return sum;
}

static enum status search(struct jko *s, struct vec *p, struct vec *u, double tolerance,
                          size_t most, struct transport_report *t)
{
    struct jko_corners *const c = &s->corner;

    make_corner(s, 0, u);
    c->share.x[0] = 1;
    for (c->n = 1;; t->iterations++) {
        const struct vec share = vec_over(c->share.x, c->n), cost = vec_over(c->cost.x, c->n);

        mix(p, c, &c->mass);
        evaluate(s, p, u, vec_dot(&share, &cost), t);
        if (t->primal - t->dual <= tolerance * (1 + fabs(t->primal)))
            return STATUS_OK;
        if (t->iterations == most)
            return status_set(STATUS_NO_CONVERGENCE, "JKO step: gap %.3g after %zu corners",
                              t->primal - t->dual, most);
        c->share.x[c->n++] = 0;
        TRY(improve(s, &s->trial));
    }
}

enum status jko_exact(struct jko *s, struct vec *p, struct vec *u, const struct vec *q,
                      double tolerance, size_t most, struct jko_report *report)
{
    struct transport_report *const t = &report->transport;

    t->status = jko_step_begin(s, p, u, q, report);
    if (t->status != STATUS_OK)
        return t->status;
    vec_set(&s->last, q);
    report->applications = 0;
    t->status = search(s, p, u, tolerance, most, t);
    t->marginal_error = mass_error(s, p);
    return t->status;
}
