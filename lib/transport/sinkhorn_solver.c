/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_solver: see sinkhorn_solver.h. */
#include "transport/sinkhorn_solver.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "transport/sinkhorn_kernel.h"
#include "transport/sinkhorn_newton.h"

static const double smallest_scaling = 1e-40, largest_scaling = 1e40;
static const double level_error = 1e-2;         /* where a level of eps ends before the target */
static const size_t level_sweeps = 100;         /* or here */
static const double first_level = 100.0;        /* range of C / eps that needs no levels */
static const double largest_drop = 0.1;         /* of eps that keeps both potentials */
static const size_t patience = 8;               /* sweeps at least before a step of Newton's */
static const double slow = 30.0;                /* sweeps to come that are worth one */

/* g_j = -eps log sum_i a_i exp((f_i - C_ij) / eps), in beta and t; 0 where all is forbidden.
 * Columns with positive weight are left as they are when only_empty is set. */
static void column_sweep(struct sinkhorn_solver *s, int only_empty)
{
    const double inverse = 1.0 / s->eps;

    vec_fill(&s->t, 0.0);
    vec_fill(&s->beta, -(double)INFINITY);
    for (size_t i = 0; i < s->n; i++) {
        s->alpha.x[i] = s->f.x[i] * inverse + s->log_a.x[i];
        if (s->a.x[i] > 0.0)
            sinkhorn_kernel_column_max(s->beta.x, s->cost->a + i * s->k, s->alpha.x[i], inverse,
                                       s->k);
    }
    for (size_t j = 0; j < s->k; j++)
        s->beta.x[j] = s->beta.x[j] > -(double)INFINITY ? s->beta.x[j] : 0.0;
    for (size_t i = 0; i < s->n; i++)
        if (s->a.x[i] > 0.0)
            sinkhorn_kernel_column_add(s->t.x, s->cost->a + i * s->k, s->alpha.x[i], inverse,
                                       s->beta.x, s->k);
    for (size_t j = 0; j < s->k; j++)
        if (!only_empty || !(s->b.x[j] > 0.0))
            s->g.x[j] = s->t.x[j] > 0.0 ? -s->eps * (s->beta.x[j] + rng_log(s->t.x[j])) : 0.0;
}

/* f_i = -eps log sum_j (b_j / m) exp((g_j - C_ij) / eps) for row i, given beta; 0 where all is
 * forbidden. row: k, gets a_i times the row's shares. */
static void row_sweep(struct sinkhorn_solver *s, size_t i, double *row)
{
    const double inverse = 1.0 / s->eps, *c = s->cost->a + i * s->k;
    const double shift = sinkhorn_kernel_max(c, s->beta.x, inverse, s->k);

    s->f.x[i] = 0.0;
    if (!(shift > -(double)INFINITY)) {
        memset(row, 0, s->k * sizeof *row);
        return;
    }
    const double sum = sinkhorn_kernel_fill(row, c, s->beta.x, inverse, shift, s->k);
    const double share = s->a.x[i] / sum;
    s->f.x[i] = -s->eps * (shift + rng_log(sum));
    for (size_t j = 0; j < s->k; j++)
        row[j] *= share;
}

static void set_beta(struct sinkhorn_solver *s)
{
    for (size_t j = 0; j < s->k; j++)
        s->beta.x[j] = s->g.x[j] * (1.0 / s->eps) + s->log_b.x[j];
}

/* A sweep in the log domain from f alone, and the plan of the new potentials. */
static void rebuild(struct sinkhorn_solver *s)
{
    column_sweep(s, 0);
    set_beta(s);
    for (size_t i = 0; i < s->n; i++)
        row_sweep(s, i, s->plan.a + i * s->k);
    vec_fill(&s->u, 1.0);
    vec_fill(&s->v, 1.0);
    s->sweeps++;
}

int sinkhorn_solver_in_range(double scaling)
{
    return scaling >= smallest_scaling && scaling <= largest_scaling;
}

/* The plan of f and g as they are, at the price of half a rebuild; 0 when a row has a sum that no
 * scaling may mend. */
static int refill(struct sinkhorn_solver *s)
{
    const double inverse = 1.0 / s->eps;

    set_beta(s);
    for (size_t i = 0; i < s->n; i++) {
        const double alpha = s->f.x[i] * inverse + s->log_a.x[i];
        const double sum = sinkhorn_kernel_fill(s->plan.a + i * s->k, s->cost->a + i * s->k,
                                                s->beta.x, inverse, -alpha, s->k);
        if (s->a.x[i] > 0.0 && !sinkhorn_solver_in_range(s->a.x[i] / sum))
            return 0;
    }
    vec_fill(&s->u, 1.0);
    vec_fill(&s->v, 1.0);
    s->sweeps++;
    return 1;
}

static void absorb_columns(struct sinkhorn_solver *s)
{
    for (size_t j = 0; j < s->k; j++)
        s->g.x[j] += s->eps * rng_log(s->v.x[j]);
}

static void absorb_rows(struct sinkhorn_solver *s)
{
    for (size_t i = 0; i < s->n; i++)
        s->f.x[i] += s->eps * rng_log(s->u.x[i]);
}

int sinkhorn_solver_scale_rows(struct sinkhorn_solver *s)
{
    int fits = 1;

    vec_fill(&s->t, 0.0);
    for (size_t i = 0; i < s->n; i++) {
        const double *row = s->plan.a + i * s->k;
        if (!(s->a.x[i] > 0.0))
            continue;
        const double u = s->a.x[i] / sinkhorn_kernel_dot(row, s->v.x, s->k);
        if (sinkhorn_solver_in_range(u))
            s->u.x[i] = u;
        else
            fits = 0;
        sinkhorn_kernel_axpy(s->t.x, s->u.x[i], row, s->k);
    }
    s->error = 0.0;
    for (size_t j = 0; j < s->k; j++)
        s->error += fabs(s->v.x[j] * s->t.x[j] - s->b.x[j]);
    return fits;
}

/* v = b / t; 0 when one leaves its range. */
static int scale_columns(struct sinkhorn_solver *s)
{
    int fits = 1;

    for (size_t j = 0; j < s->k; j++)
        if (s->b.x[j] > 0.0) {
            s->v.x[j] = s->b.x[j] / s->t.x[j];
            fits &= sinkhorn_solver_in_range(s->v.x[j]);
        }
    return fits;
}

/* How fast the error falls: `count` sweeps since it was `first`; the next look after `wait`. */
struct watch {
    size_t wait, count;
    double first;
};

/* At the rate of the last `wait` sweeps there are more than `slow` to come. */
static int is_slow(struct watch *w, double error, double wanted)
{
    if (w->count++ == 0)
        w->first = error;
    if (w->count <= w->wait)
        return 0;
    w->count = 0;
    return rng_log(wanted / error) * (double)w->wait < slow * rng_log(error / w->first);
}

/* A step of Newton's where sweeps are slow; where it fails, a longer wait for the next. */
static void accelerate(struct sinkhorn_solver *s, struct watch *w, double wanted, size_t cap)
{
    if (is_slow(w, s->error, wanted))
        w->wait = sinkhorn_newton_step(s, wanted, cap - s->sweeps) ? patience : 2 * w->wait;
}

/* Sweeps at one eps until the error is at most `wanted`, sweeps have reached `cap`, or the cap of
 * the whole run. Ends with exact row sums, unless a row left its range in the last sweep.
 * direct: f and g are both near, else f alone. */
static void run_level(struct sinkhorn_solver *s, double wanted, size_t cap, int direct)
{
    struct watch w = {.wait = patience};

    cap = s->sweeps < s->max_sweeps && cap < s->max_sweeps - s->sweeps ? s->sweeps + cap
                                                                       : s->max_sweeps;
    if (!direct || !refill(s))
        rebuild(s);
    for (;;) {
        const int rows_exact = sinkhorn_solver_scale_rows(s);

        if (rows_exact && s->error > wanted && s->sweeps < cap)
            accelerate(s, &w, wanted, cap);
        if ((rows_exact && s->error <= wanted) || s->sweeps >= cap)
            return;
        if (rows_exact && scale_columns(s)) {
            s->sweeps++;
        } else {
            absorb_rows(s);
            rebuild(s);
        }
    }
}

void sinkhorn_solver_run(struct sinkhorn_solver *s, int warm)
{
    const double eps = s->eps;
    int direct = !warm;

    if (!warm) {
        vec_fill(&s->f, s->lowest);
        vec_fill(&s->g, 0.0);
    }
    s->max_sweeps--; /* the last level needs one */
    for (double level = (s->highest - s->lowest) / first_level;
         !warm && level > eps && s->sweeps < s->max_sweeps; level *= s->scaling) {
        s->eps = level;
        run_level(s, level_error * s->mass, level_sweeps, direct);
        absorb_rows(s);
        absorb_columns(s);
        direct = s->scaling >= largest_drop;
    }
    s->max_sweeps++;
    s->eps = eps;
    run_level(s, 0.9 * s->tolerance, s->max_sweeps, direct); /* the rest is for rounding */
}

void sinkhorn_solver_settle(struct sinkhorn_solver *s)
{
    int empty_rows = 0, empty_columns = 0;

    for (size_t i = 0; i < s->n; i++)
        sinkhorn_kernel_scale(s->plan.a + i * s->k, s->u.x[i], s->v.x, s->k);
    absorb_rows(s);
    absorb_columns(s);
    for (size_t j = 0; j < s->k; j++)
        empty_columns |= !(s->b.x[j] > 0.0);
    for (size_t i = 0; i < s->n; i++)
        empty_rows |= !(s->a.x[i] > 0.0);
    if (empty_columns)
        column_sweep(s, 1);
    set_beta(s);
    for (size_t i = 0; empty_rows && i < s->n; i++)
        if (!(s->a.x[i] > 0.0))
            row_sweep(s, i, s->scratch);
    const double shift = (vec_dot(&s->b, &s->g) - vec_dot(&s->a, &s->f)) / (2.0 * s->mass);

    for (size_t i = 0; i < s->n; i++)
        s->f.x[i] += shift;
    for (size_t j = 0; j < s->k; j++)
        s->g.x[j] -= shift;
}
