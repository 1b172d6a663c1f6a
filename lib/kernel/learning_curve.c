/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernel/learning_curve.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>
#include <math.h>

#include "base/check.h"
#include "linalg/lapack.h"

/* ---- one task ---- */

/* 1 - (ridge + tail) / kappa - sum m eta / (kappa + N eta): rises with kappa, 0 at the root. */
static double excess(double log_kappa, void *context)
{
    const struct learning_curve *c = context;
    const struct spectrum *s = c->spectrum;
    const double kappa = exp(log_kappa);
    double sum = (c->ridge + s->tail) / kappa;

    for (size_t k = 0; k < s->n; k++)
        sum += s->multiplicity.x[k] * s->eta.x[k] / (kappa + c->samples * s->eta.x[k]);
    return 1 - sum;
}

/* Brent's method in log kappa. */
static int solve_between(gsl_root_fsolver *solver, struct learning_curve *c, double low,
                         double high)
{
    gsl_function f = {excess, c};
    int iterations = 0, status = gsl_root_fsolver_set(solver, &f, low, high);

    while (status == GSL_SUCCESS && iterations++ < 300) {
        status = gsl_root_fsolver_iterate(solver);
        if (status == GSL_SUCCESS &&
            gsl_root_test_interval(gsl_root_fsolver_x_lower(solver),
                                   gsl_root_fsolver_x_upper(solver), 4e-16, 4e-16) == GSL_SUCCESS)
            break;
    }
    return status;
}

/* ridge + tail <= kappa <= ridge + trace. */
static enum status find_kappa(struct learning_curve *c)
{
    const double high = log(2 * (c->ridge + c->spectrum->trace));
    const double low = excess(high - 200, c) < 0 ? high - 200
                                                 : log(c->ridge + c->spectrum->tail) - 1;
    gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    gsl_error_handler_t *before;
    int status;

    if (solver == NULL)
        return status_set(STATUS_MEMORY, "no memory for a root finder");
    before = gsl_set_error_handler_off(); /* its own ends the process */
    status = solve_between(solver, c, low, high);
    gsl_set_error_handler(before);
    c->kappa = status == GSL_SUCCESS ? exp(gsl_root_fsolver_root(solver)) : 0;
    gsl_root_fsolver_free(solver);
    if (status != GSL_SUCCESS)
        return status_set(STATUS_NO_CONVERGENCE, "kappa was not found for N = %g", c->samples);
    return STATUS_OK;
}

enum status learning_curve_solve(struct learning_curve *c, struct arena *mem,
                                 const struct spectrum *s, double samples, double ridge)
{
    double modes = 0;

    *c = (struct learning_curve){.spectrum = s, .samples = samples, .ridge = ridge};
    if (!(samples > 0 && isfinite(samples)) || !(ridge >= 0 && isfinite(ridge)))
        return status_set(STATUS_USAGE, "a learning curve at N = %g with ridge %g; expected N > 0 "
                          "and a ridge of at least 0", samples, ridge);
    for (size_t k = 0; k < s->n; k++)
        modes += s->eta.x[k] > 0 ? s->multiplicity.x[k] : 0;
    if (ridge + s->tail == 0 && samples >= modes)
        return status_set(STATUS_NOT_DEFINITE, "N = %g samples fit all %g modes and there is no "
                          "ridge: kappa is 0", samples, modes);
    TRY(find_kappa(c));
    c->q = vec_zero(mem, s->n);
    for (size_t k = 0; k < s->n; k++) {
        const double eta = s->eta.x[k], learned = c->kappa + samples * eta;

        c->q.x[k] = c->kappa / learned;
        c->gamma += s->multiplicity.x[k] * samples * eta * eta / (learned * learned);
    }
    if (!(c->gamma < 1))
        return status_set(STATUS_NOT_DEFINITE, "N = %g samples fit all %g modes up to a ridge of "
                          "%g: 1 - gamma is 0 in double", samples, modes, ridge + s->tail);
    return STATUS_OK;
}

/* sum_k m_k eta_k^2 qa_k^a qb_k^b. */
static double moment(const struct learning_curve *a, int power_a, const struct learning_curve *b,
                     int power_b)
{
    const struct spectrum *s = a->spectrum;
    double sum = 0;

    CHECK(a->spectrum == b->spectrum, "%s", "two learning curves of two spectra");
    for (size_t k = 0; k < s->n; k++)
        sum += s->multiplicity.x[k] * s->eta.x[k] * s->eta.x[k] * pow(a->q.x[k], power_a) *
               pow(b->q.x[k], power_b);
    return sum;
}

double learning_curve_error(const struct learning_curve *c, double noise_variance)
{
    return (moment(c, 2, c, 0) + c->gamma * noise_variance) / (1 - c->gamma);
}

double learning_curve_target(const struct learning_curve *c, const struct vec *squares)
{
    double sum = 0;

    CHECK(squares->n == c->q.n, "%zu coefficients for %zu eigenvalues", squares->n, c->q.n);
    for (size_t k = 0; k < c->q.n; k++)
        sum += c->q.x[k] * c->q.x[k] * squares->x[k];
    return sum / (1 - c->gamma);
}

double learning_curve_mode(const struct learning_curve *c, size_t k)
{
    CHECK(k < c->q.n, "mode %zu of %zu", k, c->q.n);
    return c->q.x[k] * c->q.x[k] / (1 - c->gamma);
}

/* ---- two tasks ---- */

/* E_{A->B}(1) = E^back(1): the same function, from two samples in turn. */
static double same_target(const struct learning_curve *a, const struct learning_curve *b)
{
    return moment(a, 2, b, 2) / ((1 - a->gamma) * (1 - b->gamma));
}

/* d E_{A->B} / d (1 - rho) = 2 sum (1 - q_A) E_{B,i}. */
static double forward_slope(const struct learning_curve *a, const struct learning_curve *b)
{
    return 2 * (moment(b, 2, a, 0) - moment(a, 1, b, 2)) / (1 - b->gamma);
}

/* d E^back / d (1 - rho) = 2 sum [1 + F] eta^2, F = q_B (q_A - 2) + q_B^2 (1 - q_A) / (1 -
 * gamma_B). */
static double backward_slope(const struct learning_curve *a, const struct learning_curve *b)
{
    return 2 * (moment(a, 0, b, 0) + moment(a, 1, b, 1) - 2 * moment(a, 0, b, 1) +
                (moment(a, 0, b, 2) - moment(a, 1, b, 2)) / (1 - b->gamma));
}

double learning_curve_forward(const struct learning_curve *a, const struct learning_curve *b,
                              double rho)
{
    CHECK(rho >= -1 && rho <= 1, "a similarity of %g", rho);
    return (1 - rho) * forward_slope(a, b) + same_target(a, b);
}

double learning_curve_backward(const struct learning_curve *a, const struct learning_curve *b,
                               double rho)
{
    CHECK(rho >= -1 && rho <= 1, "a similarity of %g", rho);
    return (1 - rho) * backward_slope(a, b) + same_target(a, b);
}

double learning_curve_average(const struct learning_curve *a, const struct learning_curve *b)
{
    return (learning_curve_error(a, 0) + learning_curve_error(b, 0)) / 4 + moment(a, 1, b, 1) / 2;
}

double learning_curve_critical(const struct learning_curve *a, const struct learning_curve *b)
{
    return 1 - (learning_curve_error(b, 0) - same_target(a, b)) / forward_slope(a, b);
}

double learning_curve_critical_backward(const struct learning_curve *a,
                                        const struct learning_curve *b)
{
    return 1 - (learning_curve_error(a, 0) - same_target(a, b)) / backward_slope(a, b);
}

/* ---- n tasks ---- */

static enum status check_similarities(const struct mat *rho, size_t count, struct arena *mem)
{
    struct vec values = vec_zero(mem, count);

    CHECK(rho->rows == count && rho->cols == count, "%zu x %zu similarities of %zu tasks",
          rho->rows, rho->cols, count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j <= i; j++) {
            const double r = rho->a[i * count + j];

            if (!(r >= -1 && r <= 1) || r != rho->a[j * count + i] || (i == j && r != 1))
                return status_set(STATUS_USAGE, "the similarity of tasks %zu and %zu is %g and %g; "
                                  "expected one number in [-1, 1], 1 of a task with itself", i, j,
                                  r, rho->a[j * count + i]);
        }
    TRY(lapack_eigen(&values, NULL, rho));
    if (values.x[0] < -(double)count * 0x1p-40)
        return status_set(STATUS_USAGE, "similarities with the eigenvalue %g: no targets have them",
                          values.x[0]);
    return STATUS_OK;
}

/* E (c_t - mu)^2 / eta^2 where mu = sum_j w_j c_j: (e_t - w)' rho (e_t - w). */
static double squared_bias(const struct mat *rho, const double *w, size_t t, size_t count)
{
    double sum = 0;

    if (rho == NULL) {
        for (size_t i = 0; i < count; i++)
            sum += w[i];
        return (1 - sum) * (1 - sum);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            sum += ((i == t) - w[i]) * ((j == t) - w[j]) * rho->a[i * count + j];
    return sum;
}

/* w (modes x count): mu_k = sum_j w_kj c_jk; v (modes). One task of the recursion. */
static void learn(struct mat *w, struct vec *v, const struct learning_task *task, size_t n,
                  const struct mat *rho)
{
    const struct learning_curve *c = task->curve;
    const struct spectrum *s = c->spectrum;
    double T = task->noise_variance;

    for (size_t k = 0; k < s->n; k++) {
        const double q = c->q.x[k], eta = s->eta.x[k];
        const double bias = eta * eta * squared_bias(rho, w->a + k * w->cols, n, w->cols);

        T += s->multiplicity.x[k] * q * q * (bias + v->x[k]);
    }
    T /= 1 - c->gamma;
    for (size_t k = 0; k < s->n; k++) {
        const double q = c->q.x[k];
        double *row = w->a + k * w->cols;

        v->x[k] = q * q * v->x[k] + (1 - q) * (1 - q) / c->samples * T;
        for (size_t j = 0; j < w->cols; j++)
            row[j] *= q;
        row[n] += 1 - q;
    }
}

enum status learning_curve_sequence(struct mat *bias, struct mat *variance, struct arena *mem,
                                    const struct learning_task *tasks, size_t count,
                                    const struct mat *rho)
{
    const struct spectrum *s = count > 0 ? tasks[0].curve->spectrum : NULL;
    struct mat w = mat_zero(mem, s != NULL ? s->n : 0, count);
    struct vec v = vec_zero(mem, s != NULL ? s->n : 0);

    CHECK(count >= 1, "%s", "a sequence of no tasks");
    CHECK(bias->rows == count && bias->cols == count && variance->rows == count &&
          variance->cols == count, "errors of %zu x %zu and %zu x %zu for %zu tasks", bias->rows,
          bias->cols, variance->rows, variance->cols, count);
    if (rho != NULL)
        TRY(check_similarities(rho, count, mem));
    for (size_t n = 0; n < count; n++) {
        CHECK(tasks[n].curve->spectrum == s, "task %zu has another spectrum", n);
        if (!(tasks[n].noise_variance >= 0 && isfinite(tasks[n].noise_variance)))
            return status_set(STATUS_USAGE, "label noise of variance %g in task %zu; expected 0 or "
                              "more", tasks[n].noise_variance, n);
        learn(&w, &v, &tasks[n], n, rho);
        for (size_t t = 0; t < count; t++) {
            double *b = bias->a + n * count + t, *u = variance->a + n * count + t;

            *b = *u = 0;
            for (size_t k = 0; k < s->n; k++) {
                const double eta = s->eta.x[k], m = s->multiplicity.x[k];

                *b += m * eta * eta * squared_bias(rho, w.a + k * count, t, count);
                *u += m * v.x[k];
            }
        }
    }
    return STATUS_OK;
}

double learning_curve_equal(const struct learning_curve *c, size_t n)
{
    const struct spectrum *s = c->spectrum;
    const double factor = c->samples / (c->kappa * c->kappa * (1 - c->gamma));
    /* sum_i m q~_i (Q^p q~)_i, by the moments a_p = sum m eta^2 q^(4 + 2 p) */
    double value[512], a[512];

    CHECK(n >= 1 && n < 512, "%zu tasks in closed form", n);
    if (n == 1)
        return learning_curve_error(c, 0);
    for (size_t p = 0; p + 2 <= n; p++) {
        a[p] = 0;
        for (size_t k = 0; k < s->n; k++)
            a[p] += s->multiplicity.x[k] * s->eta.x[k] * s->eta.x[k] *
                    pow(c->q.x[k], (double)(4 + 2 * p));
        /* Q^p q~ = D^p q~ + factor sum_{j<p} D^(p-1-j) q~ (q~' Q^j q~) */
        value[p] = a[p];
        for (size_t j = 0; j < p; j++)
            value[p] += factor * a[p - 1 - j] * value[j];
    }
    return value[n - 2] / ((1 - c->gamma) * (1 - c->gamma));
}

double learning_curve_noise_floor(const struct learning_curve *c, double noise_variance)
{
    const struct spectrum *s = c->spectrum;
    double sum = c->samples * s->tail / (2 * c->kappa);

    for (size_t k = 0; k < s->n; k++)
        sum += s->multiplicity.x[k] * (1 - c->q.x[k]) / (1 + c->q.x[k]);
    sum /= c->samples;
    return noise_variance * sum / (1 - sum);
}
