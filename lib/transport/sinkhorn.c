/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn: see sinkhorn.h. */
#include "transport/sinkhorn.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "transport/sinkhorn_kernel.h"

static const double smallest_scaling = 1e-40, largest_scaling = 1e40;
static const double negligible_weight = 1e-100; /* relative to m: plan entries stay normal */
static const double mass_tolerance = 1e-5;      /* relative; rounding of float weights is below */
static const double level_error = 1e-2;         /* where a level of eps ends before the target */
static const size_t level_sweeps = 100;         /* or here */

/* One problem being solved. The plan is kept as diag(u) K diag(v), K = plan. */
struct solver {
    size_t n, k;
    double mass;                 /* m */
    const struct mat *cost;      /* n x k */
    double *a, *b;               /* n, k: negligible weights are 0, b has the mass of a */
    double *log_a, *log_b;       /* n, k: log a_i, log (b_j / m) */
    double *u, *v;               /* n, k */
    double *t;                   /* k: column sums of diag(u) K */
    double *alpha, *beta;        /* n, k: potential / eps + log weight; t and beta are scratch */
    double *scratch;             /* 2 (n + k) */
    double *f, *g;               /* n, k: potentials that K holds */
    struct mat plan;             /* n x k */
    double lowest, highest;      /* finite costs */
    double eps, tolerance;       /* of the level; L1 error wanted, absolute */
    double scaling;
    size_t sweeps, max_sweeps;
    double error;                /* L1 over both marginals of diag(u) K diag(v) */
    int rows_exact;
};

/* ---- input ---- */

static enum status check_weights(const struct vec *w, size_t n, const char *name, double *mass)
{
    if (w->n != n)
        return status_set(STATUS_USAGE, "%zu weights %s for %zu points", w->n, name, n);
    const size_t bad = vec_first_not_finite(w);
    if (bad < n)
        return status_set(STATUS_DIVERGED, "weight %s[%zu] is %g", name, bad, w->x[bad]);
    for (size_t i = 0; i < n; i++)
        if (w->x[i] < 0.0)
            return status_set(STATUS_USAGE, "weight %s[%zu] = %g is negative", name, i, w->x[i]);
    *mass = vec_sum(w);
    if (!(*mass > 1e-150 && *mass < 1e150))
        return status_set(STATUS_USAGE, "the weights %s have sum %g", name, *mass);
    return STATUS_OK;
}

static enum status check_cost(const struct mat *cost, double *lowest, double *highest)
{
    *lowest = (double)INFINITY;
    *highest = -(double)INFINITY;
    for (size_t i = 0; i < cost->rows * cost->cols; i++) {
        const double c = cost->a[i];
        if (!(c > -(double)INFINITY))
            return status_set(STATUS_DIVERGED, "cost (%zu, %zu) is %g", i / cost->cols,
                              i % cost->cols, c);
        if (c < (double)INFINITY) {
            *lowest = c < *lowest ? c : *lowest;
            *highest = c > *highest ? c : *highest;
        }
    }
    if (!(*lowest <= *highest))
        return status_set(STATUS_USAGE, "no plan exists: every entry is forbidden");
    return STATUS_OK;
}

static enum status check_options(const struct sinkhorn_options *o, size_t n)
{
    if (!(o->eps > 0.0 && o->eps < (double)INFINITY))
        return status_set(STATUS_USAGE, "eps = %g, expected a positive number", o->eps);
    if (!(o->tolerance >= 0.0))
        return status_set(STATUS_USAGE, "tolerance = %g is not positive", o->tolerance);
    if (!(o->scaling >= 0.0 && o->scaling < 1.0))
        return status_set(STATUS_USAGE, "scaling = %g is not between 0 and 1", o->scaling);
    if (o->f != NULL && o->f->n != n)
        return status_set(STATUS_USAGE, "%zu initial potentials for %zu rows", o->f->n, n);
    if (o->f != NULL && vec_first_not_finite(o->f) < n)
        return status_set(STATUS_DIVERGED, "an initial potential is not finite");
    return STATUS_OK;
}

/* Weights into the solver: negligible ones dropped, the rest scaled to the mass. */
static void take_weights(double *out, double *log_out, const struct vec *w, double mass,
                         double unit)
{
    for (size_t i = 0; i < w->n; i++)
        out[i] = w->x[i] > negligible_weight * mass ? w->x[i] : 0.0;
    const double sum = vec_sum(&(struct vec){.n = w->n, .x = out});

    for (size_t i = 0; i < w->n; i++) {
        if (sum != mass)
            out[i] *= mass / sum;
        log_out[i] = out[i] > 0.0 ? rng_log(out[i] / unit) : -(double)INFINITY;
    }
}

/* A row or a column with mass whose allowed partners have none makes the problem infeasible. */
static enum status check_support(const struct solver *s)
{
    memset(s->t, 0, s->k * sizeof *s->t);
    for (size_t i = 0; i < s->n; i++) {
        const double *c = s->cost->a + i * s->k;
        double open = 0.0;
        for (size_t j = 0; j < s->k; j++)
            if (c[j] < (double)INFINITY) {
                open += s->b[j];
                s->t[j] += s->a[i];
            }
        if (s->a[i] > 0.0 && !(open > 0.0))
            return status_set(STATUS_USAGE, "no plan exists: row %zu may go nowhere", i);
    }
    for (size_t j = 0; j < s->k; j++)
        if (s->b[j] > 0.0 && !(s->t[j] > 0.0))
            return status_set(STATUS_USAGE, "no plan exists: nothing may go to column %zu", j);
    return STATUS_OK;
}

static double *take(struct arena *mem, size_t n)
{
    return arena_get(mem, n, sizeof(double));
}

static void allocate(struct solver *s, struct arena *mem)
{
    s->a = take(mem, s->n), s->log_a = take(mem, s->n), s->u = take(mem, s->n);
    s->alpha = take(mem, s->n), s->f = take(mem, s->n);
    s->b = take(mem, s->k), s->log_b = take(mem, s->k), s->v = take(mem, s->k);
    s->beta = take(mem, s->k), s->g = take(mem, s->k), s->t = take(mem, s->k);
    s->scratch = take(mem, 2 * (s->n + s->k));
    s->plan = mat_zero(mem, s->n, s->k);
}

/* Checks everything and allocates everything; what follows allocates nothing. */
static enum status prepare(struct solver *s, const struct sinkhorn_problem *p,
                           const struct sinkhorn_options *o, struct arena *mem)
{
    double mass_b = 0.0;

    *s = (struct solver){.n = p->cost->rows, .k = p->cost->cols, .cost = p->cost};
    if (s->n == 0 || s->k == 0)
        return status_set(STATUS_USAGE, "a cost of %zu x %zu", s->n, s->k);
    TRY(check_options(o, s->n));
    TRY(check_weights(p->a, s->n, "a", &s->mass));
    TRY(check_weights(p->b, s->k, "b", &mass_b));
    if (!(fabs(s->mass - mass_b) <= mass_tolerance * s->mass))
        return status_set(STATUS_USAGE, "the weights a have sum %.9g, b %.9g", s->mass, mass_b);
    TRY(check_cost(p->cost, &s->lowest, &s->highest));
    allocate(s, mem);
    take_weights(s->a, s->log_a, p->a, s->mass, 1.0);
    take_weights(s->b, s->log_b, p->b, s->mass, s->mass);
    s->eps = o->eps;
    s->tolerance = (o->tolerance > 0.0 ? o->tolerance : 1e-9) * s->mass;
    s->max_sweeps = o->max_iterations > 0 ? o->max_iterations : 100000;
    s->scaling = o->scaling > 0.0 ? o->scaling : 0.25;
    if (o->f != NULL)
        memcpy(s->f, o->f->x, s->n * sizeof *s->f);
    return check_support(s);
}

/* ---- sweeps ---- */

/* g_j = -eps log sum_i a_i exp((f_i - C_ij) / eps), in beta and t; 0 where all is forbidden.
 * Columns with positive weight are left as they are when only_empty is set. */
static void column_sweep(struct solver *s, int only_empty)
{
    const double inverse = 1.0 / s->eps;

    for (size_t j = 0; j < s->k; j++) {
        s->t[j] = 0.0;
        s->beta[j] = -(double)INFINITY;
    }
    for (size_t i = 0; i < s->n; i++) {
        s->alpha[i] = s->f[i] * inverse + s->log_a[i];
        if (s->a[i] > 0.0)
            sinkhorn_kernel_column_max(s->beta, s->cost->a + i * s->k, s->alpha[i], inverse, s->k);
    }
    for (size_t j = 0; j < s->k; j++)
        s->beta[j] = s->beta[j] > -(double)INFINITY ? s->beta[j] : 0.0;
    for (size_t i = 0; i < s->n; i++)
        if (s->a[i] > 0.0)
            sinkhorn_kernel_column_add(s->t, s->cost->a + i * s->k, s->alpha[i], inverse, s->beta,
                                       s->k);
    for (size_t j = 0; j < s->k; j++)
        if (!only_empty || !(s->b[j] > 0.0))
            s->g[j] = s->t[j] > 0.0 ? -s->eps * (s->beta[j] + rng_log(s->t[j])) : 0.0;
}

/* f_i = -eps log sum_j (b_j / m) exp((g_j - C_ij) / eps) for row i, given beta; 0 where all is
 * forbidden. row: k, gets a_i times the row's shares. */
static void row_sweep(struct solver *s, size_t i, double *row)
{
    const double inverse = 1.0 / s->eps, *c = s->cost->a + i * s->k;
    const double shift = sinkhorn_kernel_max(c, s->beta, inverse, s->k);

    s->f[i] = 0.0;
    if (!(shift > -(double)INFINITY)) {
        memset(row, 0, s->k * sizeof *row);
        return;
    }
    const double sum = sinkhorn_kernel_fill(row, c, s->beta, inverse, shift, s->k);
    const double share = s->a[i] / sum;
    s->f[i] = -s->eps * (shift + rng_log(sum));
    for (size_t j = 0; j < s->k; j++)
        row[j] *= share;
}

static void set_beta(struct solver *s)
{
    for (size_t j = 0; j < s->k; j++)
        s->beta[j] = s->g[j] * (1.0 / s->eps) + s->log_b[j];
}

/* A sweep in the log domain from f alone, and the plan of the new potentials. */
static void rebuild(struct solver *s)
{
    column_sweep(s, 0);
    set_beta(s);
    for (size_t i = 0; i < s->n; i++) {
        row_sweep(s, i, s->plan.a + i * s->k);
        s->u[i] = 1.0;
    }
    for (size_t j = 0; j < s->k; j++)
        s->v[j] = 1.0;
    s->sweeps++;
}

static void absorb_rows(struct solver *s)
{
    for (size_t i = 0; i < s->n; i++)
        s->f[i] += s->eps * rng_log(s->u[i]);
}

static int in_range(double scaling)
{
    return scaling >= smallest_scaling && scaling <= largest_scaling;
}

/* u = a / K v and t = K' u in one pass; the error is then that of the columns. Returns 0 when a
 * scaling would leave its range: those rows keep their old one. */
static int scale_rows(struct solver *s)
{
    int fits = 1;

    memset(s->t, 0, s->k * sizeof *s->t);
    for (size_t i = 0; i < s->n; i++) {
        const double *row = s->plan.a + i * s->k;
        if (!(s->a[i] > 0.0))
            continue;
        const double u = s->a[i] / sinkhorn_kernel_dot(row, s->v, s->k);
        if (in_range(u))
            s->u[i] = u;
        else
            fits = 0;
        sinkhorn_kernel_axpy(s->t, s->u[i], row, s->k);
    }
    s->error = 0.0;
    for (size_t j = 0; j < s->k; j++)
        s->error += fabs(s->v[j] * s->t[j] - s->b[j]);
    return fits;
}

/* v = b / t; 0 when one leaves its range. */
static int scale_columns(struct solver *s)
{
    int fits = 1;

    for (size_t j = 0; j < s->k; j++)
        if (s->b[j] > 0.0) {
            s->v[j] = s->b[j] / s->t[j];
            fits &= in_range(s->v[j]);
        }
    return fits;
}

/* Sweeps at one eps until the error is at most `wanted`, sweeps have reached `cap`, or the cap of
 * the whole run. Ends with exact row sums, unless a row left its range in the last sweep. */
static int run_level(struct solver *s, double wanted, size_t cap)
{
    cap = s->sweeps < s->max_sweeps && cap < s->max_sweeps - s->sweeps ? s->sweeps + cap
                                                                       : s->max_sweeps;
    rebuild(s);
    for (;;) {
        s->rows_exact = scale_rows(s);
        if (s->rows_exact && s->error <= wanted)
            return 1;
        if (s->sweeps >= cap)
            return 0;
        if (s->rows_exact && scale_columns(s)) {
            s->sweeps++;
        } else {
            absorb_rows(s);
            rebuild(s);
        }
    }
}

/* All levels of eps; a warm start has the last one alone. The last level runs from wherever the
 * others got to, cap or not, so that the plan is one of the eps asked for. */
static int run(struct solver *s, int warm)
{
    const double eps = s->eps;

    s->max_sweeps--; /* the last level needs one */
    for (double level = s->highest - s->lowest;
         !warm && level > eps && s->sweeps < s->max_sweeps; level *= s->scaling) {
        s->eps = level;
        (void)run_level(s, level_error * s->mass, level_sweeps);
        absorb_rows(s);
    }
    s->max_sweeps++;
    s->eps = eps;
    return run_level(s, 0.9 * s->tolerance, s->max_sweeps); /* the rest is for rounding */
}

/* ---- what is returned ---- */

/* Scalings into plan and potentials; potentials where weights are 0; <a, f> = <b, g>. */
static void settle(struct solver *s)
{
    int empty_rows = 0, empty_columns = 0;
    double af = 0.0, bg = 0.0;

    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->k; j++)
            s->plan.a[i * s->k + j] *= s->u[i] * s->v[j];
    absorb_rows(s);
    for (size_t j = 0; j < s->k; j++) {
        s->g[j] += s->eps * rng_log(s->v[j]);
        empty_columns |= !(s->b[j] > 0.0);
    }
    for (size_t i = 0; i < s->n; i++)
        empty_rows |= !(s->a[i] > 0.0);
    if (empty_columns)
        column_sweep(s, 1);
    set_beta(s);
    for (size_t i = 0; empty_rows && i < s->n; i++)
        if (!(s->a[i] > 0.0))
            row_sweep(s, i, s->scratch);
    for (size_t i = 0; i < s->n; i++)
        af += s->a[i] * s->f[i];
    for (size_t j = 0; j < s->k; j++)
        bg += s->b[j] * s->g[j];
    const double shift = (bg - af) / (2.0 * s->mass);
    for (size_t i = 0; i < s->n; i++)
        s->f[i] += shift;
    for (size_t j = 0; j < s->k; j++)
        s->g[j] -= shift;
    for (size_t i = 0; i < s->n + s->k; i++) /* the scalings are used up */
        *(i < s->n ? &s->u[i] : &s->v[i - s->n]) = 1.0;
}

/* L1 error over both marginals of the plan; rows: row sums, columns: column sums. */
static double marginal_error(const struct solver *s, double *rows, double *columns)
{
    double error = 0.0;

    memset(columns, 0, s->k * sizeof *columns);
    for (size_t i = 0; i < s->n; i++) {
        const struct vec row = mat_row(&s->plan, i);
        rows[i] = vec_sum(&row);
        error += fabs(rows[i] - s->a[i]);
        sinkhorn_kernel_axpy(columns, 1.0, row.x, s->k);
    }
    for (size_t j = 0; j < s->k; j++)
        error += fabs(columns[j] - s->b[j]);
    return error;
}

/* <C, P> over the allowed entries. */
static double plan_cost(const struct mat *cost, const struct mat *plan)
{
    struct vec_adder sum = {.n = 0};

    for (size_t i = 0; i < plan->rows; i++) {
        double row = 0.0;
        for (size_t j = 0; j < plan->cols; j++) {
            const double p = plan->a[i * plan->cols + j];
            row += p > 0.0 ? p * cost->a[i * plan->cols + j] : 0.0;
        }
        vec_adder_add(&sum, row);
    }
    return vec_adder_total(&sum);
}

/* KL(P | R) = sum P log P - sum_i r_i log a_i - sum_j c_j log (b_j / m) - sum P + m. */
static double divergence_from_product(const struct solver *s, const double *rows,
                                      const double *columns)
{
    double kl = s->mass;

    for (size_t i = 0; i < s->n; i++)
        kl += sinkhorn_kernel_entropy(s->plan.a + i * s->k, s->k) - rows[i];
    for (size_t i = 0; i < s->n; i++)
        kl -= s->a[i] > 0.0 ? rows[i] * s->log_a[i] : 0.0;
    for (size_t j = 0; j < s->k; j++)
        kl -= s->b[j] > 0.0 ? columns[j] * s->log_b[j] : 0.0;
    return kl;
}

/* The dual value; raw_mass: sum of the plan that f and g make. */
static double dual_value(const struct solver *s, double raw_mass)
{
    double dual = -s->eps * (raw_mass - s->mass);

    for (size_t i = 0; i < s->n; i++)
        dual += s->a[i] * s->f[i];
    for (size_t j = 0; j < s->k; j++)
        dual += s->b[j] * s->g[j];
    return dual;
}

/* No feasible plan costs more than m (max C + eps log (m / smallest weight)). */
static int proves_infeasible(const struct solver *s, double dual)
{
    double smallest = s->mass;

    for (size_t i = 0; i < s->n; i++)
        smallest = s->a[i] > 0.0 && s->a[i] < smallest ? s->a[i] : smallest;
    for (size_t j = 0; j < s->k; j++)
        smallest = s->b[j] > 0.0 && s->b[j] < smallest ? s->b[j] : smallest;
    const double bound = s->highest + s->eps * rng_log(s->mass / smallest);
    return dual > s->mass * (bound + 1e-6 * fabs(bound));
}

static enum status verdict(const struct solver *s, const struct sinkhorn_result *r)
{
    if (r->raw_error <= s->tolerance)
        return STATUS_OK;
    if (proves_infeasible(s, r->report.dual))
        return status_set(STATUS_USAGE, "no plan exists between the allowed entries");
    return status_set(STATUS_NO_CONVERGENCE,
                      "Sinkhorn stopped after %zu sweeps with marginal error %.3g, wanted %.3g",
                      s->sweeps, r->raw_error, s->tolerance);
}

/* Everything in the result, from plan and potentials as they are now. cost: what <C, P> is with;
 * NULL for the solver's own. */
static enum status finish(struct sinkhorn_result *r, struct solver *s, const struct mat *cost,
                          int raw)
{
    double *rows = s->u, *columns = s->v, mass = 0.0;

    *r = (struct sinkhorn_result){.f = {s->n, s->f}, .g = {s->k, s->g}, .plan = s->plan};
    r->raw_error = r->report.marginal_error = marginal_error(s, rows, columns);
    for (size_t i = 0; i < s->n; i++)
        mass += rows[i];
    r->report.dual = dual_value(s, mass);
    if (!raw) {
        const struct vec a = {s->n, s->a}, b = {s->k, s->b};
        r->rounded = sinkhorn_round(&s->plan, &a, &b, s->cost, s->scratch) == STATUS_OK;
        r->report.marginal_error = marginal_error(s, rows, columns);
    }
    r->cost = plan_cost(s->cost, &s->plan);
    r->report.primal = r->cost + s->eps * divergence_from_product(s, rows, columns);
    if (cost != NULL)
        r->cost = plan_cost(cost, &s->plan);
    r->report.iterations = s->sweeps;
    r->report.status = verdict(s, r);
    return r->report.status;
}

enum status sinkhorn_solve(struct sinkhorn_result *result, const struct sinkhorn_problem *problem,
                           const struct sinkhorn_options *options, struct arena *mem)
{
    struct solver s;

    TRY(prepare(&s, problem, options, mem));
    (void)run(&s, options->f != NULL);
    settle(&s);
    return finish(result, &s, NULL, options->raw);
}

enum status sinkhorn_blocks(struct sinkhorn_result *results, struct transport_report *total,
                            const struct sinkhorn_problem *problems, size_t count,
                            const struct sinkhorn_options *options, struct arena *mem)
{
    *total = (struct transport_report){.status = STATUS_OK};
    if (options->f != NULL)
        return status_set(STATUS_USAGE, "blocks take no initial potentials");
    for (size_t i = 0; i < count; i++) {
        const enum status status = sinkhorn_solve(&results[i], &problems[i], options, mem);
        if (status != STATUS_OK && status != STATUS_NO_CONVERGENCE)
            return status;
        const struct transport_report *r = &results[i].report;
        total->iterations += r->iterations;
        total->primal += r->primal;
        total->dual += r->dual;
        total->marginal_error += r->marginal_error;
        total->status = total->status == STATUS_OK ? status : total->status;
    }
    return total->status;
}

/* ---- proximal steps ---- */

static enum status check_previous(const struct mat *previous, const struct mat *cost)
{
    if (previous->rows != cost->rows || previous->cols != cost->cols)
        return status_set(STATUS_USAGE, "a previous plan of %zu x %zu for a cost of %zu x %zu",
                          previous->rows, previous->cols, cost->rows, cost->cols);
    for (size_t i = 0; i < cost->rows * cost->cols; i++)
        if (!(previous->a[i] >= 0.0 && previous->a[i] < (double)INFINITY))
            return status_set(STATUS_DIVERGED, "entry (%zu, %zu) of the previous plan is %g",
                              i / cost->cols, i % cost->cols, previous->a[i]);
    return STATUS_OK;
}

enum status sinkhorn_proximal(struct sinkhorn_result *result,
                              const struct sinkhorn_problem *problem, const struct mat *previous,
                              const struct sinkhorn_options *options, struct arena *mem)
{
    struct solver s;

    TRY(check_previous(previous, problem->cost));
    TRY(prepare(&s, problem, options, mem));
    struct mat cost = mat_copy(mem, problem->cost);
    for (size_t i = 0; i < s.n * s.k; i++) {
        const double q = previous->a[i], log_a = s.log_a[i / s.k], log_b = s.log_b[i % s.k];
        if (q >= 1e-300 && log_a > -(double)INFINITY && log_b > -(double)INFINITY)
            cost.a[i] -= options->eps * (rng_log(q) - log_a - log_b);
        else
            cost.a[i] = (double)INFINITY;
    }
    s.cost = &cost;
    TRY(check_cost(&cost, &s.lowest, &s.highest));
    TRY(check_support(&s));
    (void)run(&s, options->f != NULL);
    settle(&s);
    return finish(result, &s, problem->cost, options->raw);
}

/* W = C + mu (P - previous) - L log(P / R), where log(P / R) = (f + g - W) / (eps + L) of the last
 * solve; W infinite where C is. */
static void linearise(struct mat *w, const struct solver *s, const struct mat *cost,
                      const struct mat *previous, double mu, double ell)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->k; j++) {
            const size_t e = i * s->k + j;
            if (!(cost->a[e] < (double)INFINITY))
                continue;
            const double log_ratio = (s->f[i] + s->g[j] - w->a[e]) / s->eps;
            w->a[e] = cost->a[e] + mu * (s->plan.a[e] - previous->a[e]) - ell * log_ratio;
        }
}

/* max_ij min(a_i, b_j) <= min(max a, max b). */
static double largest_entry(const struct solver *s)
{
    const struct vec a = {s->n, s->a}, b = {s->k, s->b};

    return fmin(vec_max(&a), vec_max(&b));
}

/* Outer steps until the plan moves by at most 10 tolerance m; the last plan is in z. */
static int outer_steps(struct solver *s, struct mat *w, struct mat *z, const struct mat *cost,
                       const struct mat *previous, double mu, double ell, size_t max_steps)
{
    int warm = 0;

    for (size_t step = 0; step < max_steps && s->sweeps < s->max_sweeps; step++) {
        double moved = 0.0;
        (void)run(s, warm);
        settle(s);
        for (size_t e = 0; e < s->n * s->k; e++)
            moved += fabs(s->plan.a[e] - z->a[e]);
        mat_set(z, &s->plan);
        warm = 1;
        if (moved <= 10.0 * s->tolerance)
            return 1;
        linearise(w, s, cost, previous, mu, ell);
    }
    return 0;
}

/* mu/2 |Z - previous|^2 into *value, and <mu (Z - previous), Z> returned. */
static double quadratic_term(const struct mat *z, const struct mat *previous, double mu,
                             double *value)
{
    double inner = 0.0;

    *value = 0.0;
    for (size_t e = 0; e < z->rows * z->cols; e++) {
        const double d = z->a[e] - previous->a[e];
        *value += 0.5 * mu * d * d;
        inner += mu * d * z->a[e];
    }
    return inner;
}

enum status sinkhorn_quadratic(struct sinkhorn_result *result,
                               const struct sinkhorn_problem *problem, const struct mat *previous,
                               double mu, size_t max_steps,
                               const struct sinkhorn_options *options, struct arena *mem)
{
    struct solver s;
    double value = 0.0;

    CHECK(max_steps >= 1, "%zu outer steps", max_steps);
    if (!(mu >= 0.0 && mu < (double)INFINITY))
        return status_set(STATUS_USAGE, "mu = %g, expected a number that is not negative", mu);
    TRY(check_previous(previous, problem->cost));
    TRY(prepare(&s, problem, options, mem));
    struct mat w = mat_copy(mem, problem->cost), z = mat_zero(mem, s.n, s.k);
    const double bend = mu * largest_entry(&s), ell = 2.0 * bend <= options->eps ? 0.0 : bend;

    /* W of the start P = R: log(P / R) = 0. */
    for (size_t e = 0; e < s.n * s.k; e++)
        w.a[e] += mu * (s.a[e / s.k] * s.b[e % s.k] / s.mass - previous->a[e]);
    s.cost = &w;
    s.eps = options->eps + ell;
    TRY(check_cost(&w, &s.lowest, &s.highest));
    const int settled =
        outer_steps(&s, &w, &z, problem->cost, previous, mu, ell, max_steps);

    /* The lower bound: quadratic term linearised at Z, its problem solved at eps. */
    s.eps = options->eps;
    linearise(&w, &s, problem->cost, previous, mu, 0.0);
    (void)run(&s, 1);
    settle(&s);
    double columns = 0.0;
    for (size_t e = 0; e < s.n * s.k; e++)
        columns += s.plan.a[e];
    const double bound = dual_value(&s, columns) - quadratic_term(&z, previous, mu, &value);
    mat_set(&s.plan, &z);
    s.cost = problem->cost;
    enum status status = finish(result, &s, NULL, options->raw);
    result->report.dual = bound + value;
    (void)quadratic_term(&s.plan, previous, mu, &value);
    result->report.primal += value;
    if (status == STATUS_OK && !settled)
        status = status_set(STATUS_NO_CONVERGENCE,
                            "the quadratic proximal step still moved after %zu outer steps",
                            max_steps);
    result->report.status = status;
    return status;
}

/* ---- divergence ---- */

/* Dual value of one of the three problems, its memory released. */
static enum status value_of(double *value, const struct mat *cost, const struct vec *a,
                            const struct vec *b, const struct sinkhorn_options *options,
                            struct arena *mem)
{
    struct sinkhorn_result r;

    if (arena_guard(mem))
        return STATUS_MEMORY;
    TRY(sinkhorn_solve(&r, &(struct sinkhorn_problem){cost, a, b}, options, mem));
    *value = r.report.dual;
    return STATUS_OK;
}

enum status sinkhorn_divergence(double *divergence, const struct mat *xx, const struct mat *xy,
                                const struct mat *yy, const struct vec *a, const struct vec *b,
                                const struct sinkhorn_options *options)
{
    const struct mat *costs[3] = {xy, xx, yy};
    const struct vec *rows[3] = {a, a, b}, *columns[3] = {b, a, b};
    struct sinkhorn_options o = *options;
    double value[3] = {0.0, 0.0, 0.0};

    o.raw = 1;
    o.f = NULL;
    for (size_t i = 0; i < 3; i++) {
        struct arena mem = {.blocks = NULL};
        const enum status status = value_of(&value[i], costs[i], rows[i], columns[i], &o, &mem);
        arena_free(&mem);
        TRY(status);
    }
    *divergence = value[0] - 0.5 * (value[1] + value[2]);
    return STATUS_OK;
}

/* ---- rounding ---- */

/* Whether some allowed pair of remainders meets a forbidden entry. */
static int meets_forbidden(const struct mat *cost, const double *rows, const double *columns)
{
    for (size_t i = 0; i < cost->rows; i++)
        for (size_t j = 0; rows[i] > 0.0 && j < cost->cols; j++)
            if (columns[j] > 0.0 && !(cost->a[i * cost->cols + j] < (double)INFINITY))
                return 1;
    return 0;
}

/* P_ij = x_i y_j P_ij + left_i missing_j / sum of left. */
static void apply_rounding(struct mat *plan, const double *x, const double *y, const double *left,
                           const double *missing, double total)
{
    for (size_t i = 0; i < plan->rows; i++) {
        double *row = plan->a + i * plan->cols;
        const double share = total > 0.0 ? left[i] / total : 0.0;
        for (size_t j = 0; j < plan->cols; j++)
            row[j] = x[i] * y[j] * row[j] + share * missing[j];
    }
}

enum status sinkhorn_round(struct mat *plan, const struct vec *a, const struct vec *b,
                           const struct mat *cost, double *scratch)
{
    const size_t n = plan->rows, k = plan->cols;
    double *x = scratch, *left = x + n, *y = left + n, *missing = y + k, total = 0.0;

    CHECK(a->n == n && b->n == k, "weights %zu and %zu for a plan of %zu x %zu", a->n, b->n, n, k);
    memset(missing, 0, k * sizeof *missing);
    for (size_t i = 0; i < n; i++) {
        const struct vec row = mat_row(plan, i);
        const double sum = vec_sum(&row);
        x[i] = sum > a->x[i] ? a->x[i] / sum : 1.0;
        sinkhorn_kernel_axpy(missing, x[i], row.x, k);
    }
    for (size_t j = 0; j < k; j++) {
        y[j] = missing[j] > b->x[j] ? b->x[j] / missing[j] : 1.0;
        missing[j] = fmax(b->x[j] - y[j] * missing[j], 0.0);
    }
    for (size_t i = 0; i < n; i++) {
        const double sum = sinkhorn_kernel_dot(plan->a + i * k, y, k);
        left[i] = fmax(a->x[i] - x[i] * sum, 0.0);
        total += left[i];
    }
    if (cost != NULL && meets_forbidden(cost, left, missing))
        return status_set(STATUS_NOTHING, "rounding would need forbidden entries");
    apply_rounding(plan, x, y, left, missing, total);
    return STATUS_OK;
}
