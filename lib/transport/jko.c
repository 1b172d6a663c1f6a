/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jko: see jko.h. */
#include "transport/jko.h"

#include <math.h>

#include "base/check.h"
#include "linalg/lapack.h"

/* Below this part of the largest one, a sum of products in xi a may have lost terms. */
#define LOG_SMALLEST (-460.0)

static const double inf = (double)INFINITY;

/* ---- the kernel xi ---- */

/* y = (I x K x I) x along one axis: `outer` blocks of count x inner numbers. */
static void multiply_axis(double *y, const double *x, const struct mat *factor, size_t outer,
                          size_t inner)
{
    const size_t n = factor->rows;

    if (inner == 1) {
        struct mat to = mat_over(y, outer, n);
        const struct mat from = mat_over(x, outer, n);

        mat_multiply(&to, 1, &from, MAT_AS_IS, factor, MAT_AS_IS, 0);
        return;
    }
    for (size_t o = 0; o < outer; o++) {
        struct mat to = mat_over(y + o * n * inner, n, inner);
        const struct mat from = mat_over(x + o * n * inner, n, inner);

        mat_multiply(&to, 1, factor, MAT_AS_IS, &from, MAT_AS_IS, 0);
    }
}

/* Applies xi to `fields` arrays of G numbers in x; y is scratch of the same size. Returns the one
 * of the two that holds the answer. */
static double *multiply(struct jko *s, double *x, double *y, size_t fields)
{
    size_t outer = fields * s->species, inner = s->points;

    for (size_t k = 0; k < s->axes; k++) {
        double *const from = x;

        inner /= s->count[k];
        multiply_axis(y, x, &s->factor[k], outer, inner);
        outer *= s->count[k];
        x = y;
        y = from;
    }
    s->applications += fields;
    return x;
}

/* log sum_j exp(x_j + e_j), the x being `stride` apart; -inf for no mass. */
static double log_sum(const double *x, const double *e, size_t n, size_t stride)
{
    double top = -inf, sum = 0;

    for (size_t j = 0; j < n; j++)
        top = fmax(top, x[j * stride] + e[j]);
    if (!(top > -inf))
        return top;
    for (size_t j = 0; j < n; j++)
        sum += exp(x[j * stride] + e[j] - top);
    return top + log(sum);
}

/* out = log(xi exp(in)) by log-sum-exp, G count exponentials an axis. */
static void apply_log(struct jko *s, const struct vec *in, struct vec *out)
{
    const double *x = in->x;
    size_t inner = s->points;

    for (size_t k = 0; k < s->axes; k++) {
        const size_t n = s->count[k];
        double *y = k + 1 == s->axes ? out->x : s->smooth[k % 2].x;

        inner /= n;
        for (size_t g = 0; g < s->G; g++) {
            const size_t i = g / inner % n, start = g - i * inner;

            y[g] = log_sum(x + start, s->exponent[k].a + i * n, n, inner);
        }
        x = y;
    }
    s->applications++;
}

/* top: the largest entry of each species; 0 where all are -inf. */
static void find_tops(struct jko *s, const struct vec *x)
{
    for (size_t k = 0; k < s->species; k++) {
        const struct vec part = vec_over(x->x + k * s->points, s->points);
        const double top = vec_max(&part);

        s->top.x[k] = top > -inf ? top : 0;
    }
}

static double top_at(const struct jko *s, size_t g)
{
    return s->top.x[g / s->points];
}

/* out = log(xi exp(in)) by matrices; leaves the tops of `in`. */
static void apply_matrices(struct jko *s, const struct vec *in, struct vec *out)
{
    double *x = s->smooth[0].x;

    find_tops(s, in);
    for (size_t g = 0; g < s->G; g++)
        x[g] = exp(in->x[g] - top_at(s, g));
    x = multiply(s, x, s->smooth[1].x, 1);
    for (size_t g = 0; g < s->G; g++)
        out->x[g] = log(x[g]) + top_at(s, g);
}

/* 1 when an entry where q has mass is too small, against the tops, to have kept its digits. */
static int underflows(const struct jko *s, const struct vec *out, const struct vec *log_q)
{
    for (size_t g = 0; g < s->G; g++)
        if ((log_q == NULL || log_q->x[g] > -inf) && !(out->x[g] >= top_at(s, g) + LOG_SMALLEST))
            return 1;
    return 0;
}

/* Only entries where log_q > -inf have to be exact; NULL: all. */
static void apply_where(struct jko *s, const struct vec *in, struct vec *out,
                        const struct vec *log_q)
{
    s->underflow = s->kernel == JKO_LOG;
    if (!s->underflow) {
        apply_matrices(s, in, out);
        s->underflow = underflows(s, out, log_q);
    }
    if (s->underflow)
        apply_log(s, in, out);
}

void jko_apply(struct jko *s, const struct vec *in, struct vec *out)
{
    CHECK(in->n == s->G && out->n == s->G, "%zu and %zu numbers on a grid of %zu", in->n, out->n,
          s->G);
    apply_where(s, in, out, NULL);
}

/* log xi b, in the same way as log xi a went: what underflows here has no mass in p. */
static void apply_to_b(struct jko *s, const struct vec *log_b, struct vec *out)
{
    if (s->underflow)
        apply_log(s, log_b, out);
    else
        apply_matrices(s, log_b, out);
}

/* ---- making ---- */

static enum status check_finite(const char *what, const struct vec *x)
{
    const size_t i = vec_first_not_finite(x);

    if (i < x->n)
        return status_set(STATUS_DIVERGED, "JKO step: %s, entry %zu is %g", what, i, x->x[i]);
    return STATUS_OK;
}

static void make_axis(struct jko *s, struct arena *mem, size_t k, const struct vec *axis)
{
    const size_t n = axis->n;

    s->count[k] = n;
    s->exponent[k] = mat_zero(mem, n, n);
    s->factor[k] = mat_zero(mem, n, n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            const double d = axis->x[i] - axis->x[j];

            s->exponent[k].a[i * n + j] = -d * d / s->gam;
            s->factor[k].a[i * n + j] = exp(-d * d / s->gam);
        }
}

static void make_workspace(struct jko *s, struct arena *mem)
{
    struct vec *const of_grid[] = {
        &s->log_a, &s->log_b, &s->log_s, &s->log_r, &s->log_q, &s->mass, &s->smooth[0],
        &s->smooth[1], &s->correction[0], &s->correction[1], &s->correction[2], &s->correction[3],
        &s->last, &s->base,
    };

    for (size_t k = 0; k < sizeof of_grid / sizeof of_grid[0]; k++)
        *of_grid[k] = vec_zero(mem, s->G);
    s->top = vec_zero(mem, s->species);
    s->gradient = vec_zero(mem, s->N);
    s->step = vec_zero(mem, s->N);
    s->trial = vec_zero(mem, s->N);
    s->hessian = mat_zero(mem, s->N, s->N);
    s->mean = mat_zero(mem, s->N, s->G);
    s->wide[0] = mat_zero(mem, s->N, s->G);
    s->wide[1] = mat_zero(mem, s->N, s->G);
}

enum status jko_init(struct jko *s, struct arena *mem, const struct jko_grid *grid,
                     const struct mat *a, const struct vec *y, double gam, double tau,
                     enum jko_kernel kernel)
{
    const struct vec flat = mat_flat(a);

    CHECK(grid->axes >= 1 && grid->axes <= JKO_AXES, "%zu axes", grid->axes);
    if (!(gam > 0 && gam < inf && tau > 0 && tau < inf && tau / gam < inf))
        return status_set(STATUS_USAGE, "JKO step: gam %g and tau %g have to be positive", gam,
                          tau);
    *s = (struct jko){.points = 1, .N = a->rows, .species = grid->species > 0 ? grid->species : 1,
                      .axes = grid->axes, .gam = gam, .tau = tau,
                      .sigma = tau / gam, .kernel = kernel};
    for (size_t k = 0; k < grid->axes; k++) {
        CHECK(grid->axis[k].n >= 1, "axis %zu has no points", k);
        TRY(check_finite("coordinates", &grid->axis[k]));
        make_axis(s, mem, k, &grid->axis[k]);
        s->points *= grid->axis[k].n;
    }
    s->G = s->species * s->points;
    CHECK(a->rows >= 1 && a->cols == s->G && y->n == a->rows,
          "A is %zu x %zu, y has %zu, the grids %zu points", a->rows, a->cols, y->n, s->G);
    TRY(check_finite("A", &flat));
    TRY(check_finite("y", y));
    s->a = mat_copy(mem, a);
    s->y = vec_copy(mem, y);
    s->low = vec_zero(mem, s->N);
    make_workspace(s, mem);
    for (size_t k = 0; k < s->N; k++) {
        s->low.x[k] = inf;
        for (size_t g = 0; g < s->G; g++)
            s->low.x[k] = fmin(s->low.x[k], a->a[k * s->G + g]);
    }
    return STATUS_OK;
}

/* ---- damped Newton on a convex function of u whose Hessian is at least I ---- */

struct objective {
    double (*value)(struct jko *s, const struct vec *u);  /* leaves in s what the next two read */
    void (*gradient)(struct jko *s, const struct vec *u); /* into s->gradient, p into s->mass */
    void (*hessian)(struct jko *s);                       /* into s->hessian */
};

/* u + y - A p into the gradient. */
static void residual_of_mass(struct jko *s, const struct vec *u)
{
    vec_set(&s->gradient, u);
    vec_axpy(&s->gradient, 1, &s->y);
    mat_vec_add(&s->gradient, -1, &s->a, MAT_AS_IS, &s->mass, 1);
}

/* hessian = factor M diag(weight) M^T + beta hessian for M (N x G), weight >= 0. */
static void add_weighted_gram(struct jko *s, double factor, const struct mat *m,
                              const struct vec *weight, double beta)
{
    for (size_t k = 0; k < s->N; k++)
        for (size_t g = 0; g < s->G; g++)
            s->wide[0].a[k * s->G + g] = m->a[k * s->G + g] * sqrt(weight->x[g]);
    mat_gram(&s->hessian, factor, &s->wide[0], MAT_AS_IS, beta);
}

/* Halves the step until the value falls by 1e-4 of what the slope promises, up to rounding.
 * Returns 0 when no step does. u and s hold the accepted point. */
static int line_search(struct jko *s, const struct objective *f, struct vec *u, double *value,
                       double decrement)
{
    const double slack = 4e-15 * (1 + fabs(*value));

    for (double t = 1; t > 1e-10; t /= 2) {
        vec_set(&s->trial, u);
        vec_axpy(&s->trial, -t, &s->step);
        const double reached = f->value(s, &s->trial);

        if (reached <= *value - 1e-4 * t * decrement + slack) {
            vec_set(u, &s->trial);
            *value = reached;
            return 1;
        }
    }
    *value = f->value(s, u);
    return 0;
}

/* Ends when |gradient|_inf <= tolerance (1 + |y|_inf), or when the value is at its minimum to
 * rounding and the gradient has stopped falling. */
static enum status descend(struct jko *s, const struct objective *f, struct vec *u,
                           double tolerance, size_t most, size_t *iterations)
{
    const double enough = tolerance * (1 + vec_max_abs(&s->y));
    double value = f->value(s, u), last = inf;

    if (!(fabs(value) < inf))
        return status_set(STATUS_DIVERGED, "JKO step: the start has the value %g", value);
    for (*iterations = 0;; ++*iterations) {
        f->gradient(s, u);
        const double size = vec_max_abs(&s->gradient);

        if (size <= enough)
            return STATUS_OK;
        if (*iterations == most)
            return status_set(STATUS_NO_CONVERGENCE,
                              "JKO step: gradient %.3g after %zu Newton steps", size, most);
        f->hessian(s);
        vec_set(&s->step, &s->gradient);
        TRY(lapack_cholesky(&s->hessian));
        TRY(lapack_cholesky_solve(&s->hessian, &s->step));
        const double decrement = vec_dot(&s->gradient, &s->step);
        const int at_rounding = decrement <= 1e-16 * (1 + fabs(value));

        if (at_rounding && size > 0.25 * last)
            return STATUS_OK;
        if (!line_search(s, f, u, &value, decrement)) {
            f->gradient(s, u);
            return at_rounding ? STATUS_OK
                               : status_set(STATUS_NO_CONVERGENCE,
                                            "JKO step: no descent at gradient %.3g", size);
        }
        last = size;
    }
}

/* ---- the KL-prox ---- */

/* log a = -sigma A^T u */
static void set_log_a(struct jko *s, const struct vec *u)
{
    mat_vec_add(&s->log_a, -s->sigma, &s->a, MAT_TRANSPOSED, u, 0);
}

/* 1/2 |u|^2 + <y, u> + 1/sigma sum p, p = r exp(-sigma A^T u) */
static double prox_value(struct jko *s, const struct vec *u)
{
    set_log_a(s, u);
    for (size_t g = 0; g < s->G; g++)
        s->mass.x[g] = exp(s->log_r.x[g] + s->log_a.x[g]);
    return 0.5 * vec_dot(u, u) + vec_dot(&s->y, u) + vec_sum(&s->mass) / s->sigma;
}

/* I + sigma A diag(p) A^T */
static void prox_hessian(struct jko *s)
{
    add_weighted_gram(s, s->sigma, &s->a, &s->mass, 0);
    mat_add_diagonal(&s->hessian, 1);
}

static const struct objective prox = {prox_value, residual_of_mass, prox_hessian};

enum status jko_prox(struct jko *s, struct vec *p, struct vec *u, const struct vec *log_r,
                     double tolerance)
{
    size_t iterations;

    CHECK(p->n == s->G && u->n == s->N && log_r->n == s->G, "p %zu, u %zu, r %zu", p->n, u->n,
          log_r->n);
    if (log_r->x != s->log_r.x)
        vec_set(&s->log_r, log_r);
    TRY(descend(s, &prox, u, tolerance, 100, &iterations));
    vec_set(p, &s->mass);
    return STATUS_OK;
}

/* ---- Newton on H ---- */

/* sum_j q_j x_j over the q_j > 0 */
static double mean_over_q(const struct jko *s, const struct vec *x)
{
    struct vec_adder sum = {0};

    for (size_t g = 0; g < s->G; g++)
        if (s->log_q.x[g] > -inf)
            vec_adder_add(&sum, exp(s->log_q.x[g]) * x->x[g]);
    return vec_adder_total(&sum);
}

/* H(u) */
static double dual_value(struct jko *s, const struct vec *u)
{
    set_log_a(s, u);
    apply_where(s, &s->log_a, &s->log_s, &s->log_q);
    return 0.5 * vec_dot(u, u) + vec_dot(&s->y, u) + mean_over_q(s, &s->log_s) / s->sigma;
}

/* log b = log q - log xi a, -inf without mass */
static void set_log_b(struct jko *s)
{
    for (size_t g = 0; g < s->G; g++)
        s->log_b.x[g] =
            s->log_q.x[g] > -inf ? s->log_q.x[g] - s->log_s.x[g] : -inf;
}

/* p = a . xi b, u + y - A p */
static void dual_gradient(struct jko *s, const struct vec *u)
{
    set_log_b(s);
    apply_to_b(s, &s->log_b, &s->log_r);
    for (size_t g = 0; g < s->G; g++)
        s->mass.x[g] = exp(s->log_a.x[g] + s->log_r.x[g]);
    residual_of_mass(s, u);
}

/* Row k of B by log-sum-exp: A_k - low_k >= 0 has a logarithm. */
static void mean_by_logs(struct jko *s, size_t k)
{
    struct vec in = mat_row(&s->wide[0], k), out = mat_row(&s->mean, k);

    for (size_t g = 0; g < s->G; g++)
        in.x[g] = s->log_a.x[g] + log(s->a.a[k * s->G + g] - s->low.x[k]);
    apply_log(s, &in, &out);
    for (size_t g = 0; g < s->G; g++)
        out.x[g] = s->log_q.x[g] > -inf ? s->low.x[k] + exp(out.x[g] - s->log_s.x[g]) : 0;
}

/* B_kj = (xi (a . A_k))_j / (xi a)_j, rows of A smoothed all at once. */
static void mean_by_matrices(struct jko *s)
{
    find_tops(s, &s->log_a);
    for (size_t g = 0; g < s->G; g++)
        s->smooth[0].x[g] = exp(s->log_a.x[g] - top_at(s, g));
    for (size_t k = 0; k < s->N; k++)
        for (size_t g = 0; g < s->G; g++)
            s->wide[0].a[k * s->G + g] = s->a.a[k * s->G + g] * s->smooth[0].x[g];
    const double *smoothed = multiply(s, s->wide[0].a, s->wide[1].a, s->N);

    for (size_t g = 0; g < s->G; g++)
        s->smooth[1].x[g] = s->log_q.x[g] > -inf ? exp(top_at(s, g) - s->log_s.x[g]) : 0;
    for (size_t k = 0; k < s->N; k++)
        for (size_t g = 0; g < s->G; g++)
            s->mean.a[k * s->G + g] = smoothed[k * s->G + g] * s->smooth[1].x[g];
}

/* I + sigma (A diag(p) A^T - B diag(q) B^T) */
static void dual_hessian(struct jko *s)
{
    if (s->underflow)
        for (size_t k = 0; k < s->N; k++)
            mean_by_logs(s, k);
    else
        mean_by_matrices(s);
    for (size_t g = 0; g < s->G; g++)
        s->smooth[0].x[g] = exp(s->log_q.x[g]);
    add_weighted_gram(s, s->sigma, &s->a, &s->mass, 0);
    add_weighted_gram(s, -s->sigma, &s->mean, &s->smooth[0], 1);
    mat_add_diagonal(&s->hessian, 1);
}

static const struct objective dual = {dual_value, dual_gradient, dual_hessian};

/* ---- input and report ---- */

static enum status start(struct jko *s, const struct vec *p, const struct vec *u,
                         const struct vec *q, struct jko_report *report)
{
    double total = 0;

    CHECK(p->n == s->G && u->n == s->N && q->n == s->G, "p %zu, u %zu, q %zu for G %zu, N %zu",
          p->n, u->n, q->n, s->G, s->N);
    *report = (struct jko_report){.applications = s->applications};
    TRY(check_finite("q", q));
    TRY(check_finite("u", u));
    for (size_t g = 0; g < s->G; g++) {
        if (q->x[g] < 0)
            return status_set(STATUS_USAGE, "JKO step: mass %g at grid point %zu", q->x[g], g);
        total += q->x[g];
        s->log_q.x[g] = log(q->x[g]);
    }
    if (!(total > 0 && total < inf))
        return status_set(STATUS_USAGE, "JKO step: the measure has mass %g", total);
    return STATUS_OK;
}

/* L1 error of b . xi a against q, with log xi a in log_s. */
static double column_error(const struct jko *s)
{
    struct vec_adder sum = {0};

    for (size_t g = 0; g < s->G; g++)
        if (s->log_q.x[g] > -inf)
            vec_adder_add(&sum, fabs(exp(s->log_b.x[g] + s->log_s.x[g]) - exp(s->log_q.x[g])));
    return vec_adder_total(&sum);
}

/* gam (<pi, log pi> + <pi, c> / gam - mass) of pi = diag(a) xi diag(b), from its marginals. */
static double plan_value(struct jko *s, double *row_error, const struct vec *p)
{
    struct vec_adder sum = {0}, error = {0};

    for (size_t g = 0; g < s->G; g++) {
        const double row = exp(s->log_a.x[g] + s->log_r.x[g]);

        vec_adder_add(&sum, row * (s->log_a.x[g] - 1));
        vec_adder_add(&error, fabs(row - p->x[g]));
        if (s->log_b.x[g] > -inf)
            vec_adder_add(&sum, exp(s->log_b.x[g] + s->log_s.x[g]) * s->log_b.x[g]);
    }
    *row_error = vec_adder_total(&error);
    return s->gam * vec_adder_total(&sum);
}

/* Everything anew from p, u and log b. */
static enum status finish(struct jko *s, enum status status, const struct vec *p,
                          const struct vec *u, struct jko_report *report)
{
    struct transport_report *t = &report->transport;
    double row_error;

    t->status = status;
    report->applications = s->applications - report->applications;
    if (status != STATUS_OK && status != STATUS_NO_CONVERGENCE)
        return status;
    const double least = dual_value(s, u);

    apply_to_b(s, &s->log_b, &s->log_r);
    const double column = column_error(s), plan = plan_value(s, &row_error, p);

    t->marginal_error = column + row_error;
    t->dual = -s->tau * least +
              s->gam * (mean_over_q(s, &s->log_q) - exp(vec_log_sum_exp(&s->log_q)));
    vec_set(&s->gradient, &s->y);
    mat_vec_add(&s->gradient, 1, &s->a, MAT_AS_IS, p, -1); /* A p - y */
    t->primal = plan + 0.5 * s->tau * vec_dot(&s->gradient, &s->gradient);
    vec_axpy(&s->gradient, -1, u);
    report->residual = vec_max_abs(&s->gradient) / (1 + vec_max_abs(&s->y));
    return status;
}

/* ---- the three solvers ---- */

enum status jko_newton(struct jko *s, struct vec *p, struct vec *u, const struct vec *q,
                       double tolerance, size_t most, struct jko_report *report)
{
    const enum status ready = start(s, p, u, q, report);
    size_t *iterations = &report->transport.iterations;

    if (ready != STATUS_OK)
        return finish(s, ready, p, u, report);
    const enum status status = descend(s, &dual, u, tolerance, most, iterations);

    vec_set(p, &s->mass);
    return finish(s, status, p, u, report);
}

#define PROX_TOLERANCE 1e-13

static enum status unfinished(const struct jko *s, size_t iterations)
{
    return status_set(STATUS_NO_CONVERGENCE, "JKO step: marginal error %.3g after %zu scalings",
                      column_error(s), iterations);
}

enum status jko_scaling(struct jko *s, struct vec *p, struct vec *u, const struct vec *q,
                        double tolerance, size_t most, struct jko_report *report)
{
    enum status status = start(s, p, u, q, report);
    size_t *l = &report->transport.iterations;

    if (status != STATUS_OK)
        return finish(s, status, p, u, report);
    const double enough = tolerance * exp(vec_log_sum_exp(&s->log_q));

    set_log_a(s, u);
    apply_where(s, &s->log_a, &s->log_s, &s->log_q);
    for (*l = 0; *l < most;) {
        set_log_b(s);
        apply_to_b(s, &s->log_b, &s->log_r);
        status = jko_prox(s, p, u, &s->log_r, PROX_TOLERANCE);
        if (status != STATUS_OK)
            return finish(s, status, p, u, report);
        ++*l;
        apply_where(s, &s->log_a, &s->log_s, &s->log_q);
        if (column_error(s) <= enough)
            return finish(s, STATUS_OK, p, u, report);
    }
    return finish(s, unfinished(s, most), p, u, report);
}

/* x = x last / now in logarithms, the correction of what changed; 1 without mass. */
static void correct(struct vec *x, const struct vec *last, const struct vec *now)
{
    for (size_t g = 0; g < x->n; g++)
        x->x[g] = now->x[g] > -inf ? x->x[g] + last->x[g] - now->x[g] : 0;
}

/* a' = a u, b' = q / (xi a'), u' = u a / a', v' = v b / b' with the odd u and v. */
static void dykstra_odd(struct jko *s)
{
    struct vec *const u = &s->correction[0], *const v = &s->correction[1];

    vec_set(&s->last, &s->log_a);
    vec_axpy(&s->log_a, 1, u);
    correct(u, &s->last, &s->log_a);
    apply_where(s, &s->log_a, &s->log_s, &s->log_q);
    vec_set(&s->last, &s->log_b);
    set_log_b(s);
    correct(v, &s->last, &s->log_b);
}

/* b' = b v, p = prox(a u . xi b'), a' = p / (xi b') = a u exp(-sigma A^T w) for w = A p - y,
 * u' = u a / a', v' = v b / b' with the even u and v. */
static enum status dykstra_even(struct jko *s, struct vec *p, struct vec *w)
{
    struct vec *const u = &s->correction[2], *const v = &s->correction[3];

    vec_set(&s->last, &s->log_b);
    vec_axpy(&s->log_b, 1, v);
    correct(v, &s->last, &s->log_b);
    apply_to_b(s, &s->log_b, &s->log_r);
    vec_set(&s->last, &s->log_a);
    vec_set(&s->base, &s->log_a);
    vec_axpy(&s->base, 1, u);
    vec_axpy(&s->log_r, 1, &s->base);
    TRY(jko_prox(s, p, w, &s->log_r, PROX_TOLERANCE)); /* log_a = -sigma A^T w */
    vec_axpy(&s->log_a, 1, &s->base);
    correct(u, &s->last, &s->log_a);
    return STATUS_OK;
}

enum status jko_dykstra(struct jko *s, struct vec *p, struct vec *u, const struct vec *q,
                        double tolerance, size_t most, struct jko_report *report)
{
    enum status status = start(s, p, u, q, report);
    size_t *l = &report->transport.iterations;

    if (status != STATUS_OK)
        return finish(s, status, p, u, report);
    const double enough = tolerance * exp(vec_log_sum_exp(&s->log_q));

    for (size_t k = 0; k < 4; k++)
        vec_fill(&s->correction[k], 0);
    vec_fill(&s->log_a, 0);
    vec_fill(&s->log_b, 0);
    vec_fill(u, 0);
    for (*l = 0; *l < most;) {
        dykstra_odd(s);
        status = dykstra_even(s, p, u);
        if (status != STATUS_OK)
            return finish(s, status, p, u, report);
        ++*l;
        apply_where(s, &s->log_a, &s->log_s, &s->log_q);
        if (column_error(s) <= enough)
            return finish(s, STATUS_OK, p, u, report);
    }
    return finish(s, unfinished(s, most), p, u, report);
}
