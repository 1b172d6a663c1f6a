/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_solver: see sinkhorn_solver.h. */
#include "transport/sinkhorn_solver.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "transport/sinkhorn_kernel.h"

static const double smallest_scaling = 1e-40, largest_scaling = 1e40;
static const double level_error = 1e-2;         /* where a level of eps ends before the target */
static const size_t level_sweeps = 100;         /* or here */

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

static void absorb_rows(struct sinkhorn_solver *s)
{
    for (size_t i = 0; i < s->n; i++)
        s->f.x[i] += s->eps * rng_log(s->u.x[i]);
}

static int in_range(double scaling)
{
    return scaling >= smallest_scaling && scaling <= largest_scaling;
}

/* u = a / K v and t = K' u in one pass; the error is then that of the columns. Returns 0 when a
 * scaling would leave its range: those rows keep their old one. */
static int scale_rows(struct sinkhorn_solver *s)
{
    int fits = 1;

    vec_fill(&s->t, 0.0);
    for (size_t i = 0; i < s->n; i++) {
        const double *row = s->plan.a + i * s->k;
        if (!(s->a.x[i] > 0.0))
            continue;
        const double u = s->a.x[i] / sinkhorn_kernel_dot(row, s->v.x, s->k);
        if (in_range(u))
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
            fits &= in_range(s->v.x[j]);
        }
    return fits;
}

/* Sweeps at one eps until the error is at most `wanted`, sweeps have reached `cap`, or the cap of
 * the whole run. Ends with exact row sums, unless a row left its range in the last sweep. */
static void run_level(struct sinkhorn_solver *s, double wanted, size_t cap)
{
    cap = s->sweeps < s->max_sweeps && cap < s->max_sweeps - s->sweeps ? s->sweeps + cap
                                                                       : s->max_sweeps;
    rebuild(s);
    for (;;) {
        const int rows_exact = scale_rows(s);

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

    s->max_sweeps--; /* the last level needs one */
    for (double level = s->highest - s->lowest;
         !warm && level > eps && s->sweeps < s->max_sweeps; level *= s->scaling) {
        s->eps = level;
        run_level(s, level_error * s->mass, level_sweeps);
        absorb_rows(s);
    }
    s->max_sweeps++;
    s->eps = eps;
    run_level(s, 0.9 * s->tolerance, s->max_sweeps); /* the rest is for rounding */
}

void sinkhorn_solver_settle(struct sinkhorn_solver *s)
{
    int empty_rows = 0, empty_columns = 0;

    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->k; j++)
            s->plan.a[i * s->k + j] *= s->u.x[i] * s->v.x[j];
    absorb_rows(s);
    for (size_t j = 0; j < s->k; j++) {
        s->g.x[j] += s->eps * rng_log(s->v.x[j]);
        empty_columns |= !(s->b.x[j] > 0.0);
    }
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
