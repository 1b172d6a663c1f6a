/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/coupling.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "linalg/vec.h"
#include "transport/sinkhorn.h"

struct coupling coupling_create(struct arena *mem, size_t blocks, size_t b)
{
    CHECK(blocks >= 1 && b >= 1, "%zu blocks of %zu", blocks, b);
    struct coupling c = {.blocks = blocks, .b = b,
                         .plan = arena_get(mem, blocks * b * b, sizeof(double)),
                         .next = arena_get(mem, b * b, sizeof(double)),
                         .gradient = arena_get(mem, b * b, sizeof(double)),
                         .column = arena_get(mem, b, sizeof(size_t)),
                         .assignment = block_assignment_create(mem, b)};

    for (size_t k = 0; k < blocks * b * b; k++)
        c.plan[k] = 1 / (double)(b * b);
    return c;
}

double *coupling_block(const struct coupling *c, size_t block)
{
    CHECK(block < c->blocks, "block %zu of %zu", block, c->blocks);
    return c->plan + block * c->b * c->b;
}

/* L1 of the row and column sums against 1/b. */
static double marginal_error(const double *plan, size_t b)
{
    double error = 0;

    for (size_t i = 0; i < b; i++) {
        double row = -1 / (double)b, column = row;

        for (size_t j = 0; j < b; j++) {
            row += plan[i * b + j];
            column += plan[j * b + i];
        }
        error += fabs(row) + fabs(column);
    }
    return error;
}

/* Puts `next` in the place of the block's plan and notes in the report how far that is. */
static void replace(struct coupling *c, size_t block, struct coupling_report *report, double gap,
                    size_t iterations)
{
    double *plan = coupling_block(c, block), moved = 0;
    const double error = marginal_error(c->next, c->b);

    for (size_t k = 0; k < c->b * c->b; k++)
        moved += fabs(c->next[k] - plan[k]);
    memcpy(plan, c->next, c->b * c->b * sizeof *plan);
    report->moved += moved / 2 / (double)c->blocks;
    report->gap = gap <= report->gap ? report->gap : gap;
    report->marginal_error = error <= report->marginal_error ? report->marginal_error : error;
    report->iterations = iterations > report->iterations ? iterations : report->iterations;
}

static enum status all_finite(const struct coupling *c, const double *cost)
{
    const struct vec all = vec_over(cost, c->blocks * c->b * c->b);
    const size_t bad = vec_first_not_finite(&all);

    return bad == all.n ? STATUS_OK
                        : status_set(STATUS_DIVERGED, "coupling: the cost of pair %zu of block %zu "
                                     "is not finite", bad % (c->b * c->b), bad / (c->b * c->b));
}

/* ---- entropic plans ---- */

/* next = entropic plan for the cost in `gradient`. */
static enum status solve_entropic(struct coupling *c, double eps, struct arena *mem,
                                  struct transport_report *done)
{
    const size_t b = c->b;
    const struct mat cost = mat_over(c->gradient, b, b);
    struct sinkhorn_result result;

    if (arena_guard(mem))
        return STATUS_MEMORY;
    struct vec share = vec_zero(mem, b);
    vec_fill(&share, 1 / (double)b);
    const enum status status =
        sinkhorn_solve(&result, &(struct sinkhorn_problem){&cost, &share, &share},
                       &(struct sinkhorn_options){.eps = eps, .tolerance = 1e-12}, mem);
    if (status == STATUS_OK || status == STATUS_NO_CONVERGENCE) {
        memcpy(c->next, result.plan.a, b * b * sizeof *c->next);
        *done = result.report;
    }
    return status;
}

static enum status entropic_block(struct coupling *c, size_t block, double eps,
                                  struct coupling_report *report)
{
    struct arena mem = {0};
    struct transport_report done = {0};
    const enum status status = solve_entropic(c, eps, &mem, &done);

    if (status == STATUS_OK || status == STATUS_NO_CONVERGENCE)
        replace(c, block, report, done.primal - done.dual, done.iterations);
    arena_free(&mem);
    return status;
}

/* The first failure; blocks whose plan is only not converged do not keep the others from theirs. */
static int ends(enum status status, enum status *first)
{
    *first = *first == STATUS_OK ? status : *first;
    return status != STATUS_OK && status != STATUS_NO_CONVERGENCE;
}

enum status coupling_start(struct coupling *c, const float *source, const float *target, size_t dim,
                           enum feature_cost kind, double eps, struct coupling_report *report)
{
    enum status first = STATUS_OK;

    CHECK(dim >= 1 && eps > 0, "%zu features, eps %g", dim, eps);
    *report = (struct coupling_report){0};
    for (size_t block = 0; block < c->blocks; block++) {
        TRY(feature_cost_fill(c->gradient, source, target, block * c->b, c->b, dim, kind));
        const enum status status = entropic_block(c, block, eps, report);

        if (ends(status, &first))
            return status;
    }
    return first;
}

enum status coupling_entropic(struct coupling *c, const double *cost, double eps, double lambda,
                              struct coupling_report *report)
{
    const size_t entries = c->b * c->b;
    enum status first = STATUS_OK;

    CHECK(eps > 0 && lambda > 0, "eps %g, lambda %g", eps, lambda);
    *report = (struct coupling_report){0};
    TRY(all_finite(c, cost));
    for (size_t block = 0; block < c->blocks; block++) {
        const double *plan = coupling_block(c, block), *of = cost + block * entries;

        for (size_t k = 0; k < entries; k++)
            c->gradient[k] = of[k] - plan[k] / lambda;
        const enum status status = entropic_block(c, block, eps, report);

        if (ends(status, &first))
            return status;
    }
    return first;
}

/* ---- Frank and Wolfe ---- */

/* G = C + rho (next - G_k) and the vertex that minimizes <G, .>; returns -<G, D>. */
static double oracle(struct coupling *c, const double *cost, const double *plan, double rho)
{
    const size_t b = c->b;
    double here = 0, there = 0;

    for (size_t k = 0; k < b * b; k++) {
        c->gradient[k] = cost[k] + rho * (c->next[k] - plan[k]);
        here += c->gradient[k] * c->next[k];
    }
    block_assignment_solve(&c->assignment, c->gradient, c->column);
    for (size_t i = 0; i < b; i++)
        there += c->gradient[i * b + c->column[i]] / (double)b;
    return here - there;
}

/* next += step D, D = vertex - next, step = min(1, gap / (rho |D|^2)). */
static void move(struct coupling *c, double gap, double rho)
{
    const size_t b = c->b;
    const double mass = 1 / (double)b;
    double squares = 0;

    for (size_t i = 0; i < b; i++)
        for (size_t j = 0; j < b; j++) {
            const double d = (j == c->column[i] ? mass : 0) - c->next[i * b + j];

            squares += d * d;
        }
    const double step = gap < rho * squares ? gap / (rho * squares) : 1;
    for (size_t i = 0; i < b; i++)
        for (size_t j = 0; j < b; j++)
            c->next[i * b + j] = (1 - step) * c->next[i * b + j] +
                                 (j == c->column[i] ? step * mass : 0);
}

enum status coupling_quadratic(struct coupling *c, const double *cost, double rho,
                               double tolerance, size_t most_iterations,
                               struct coupling_report *report)
{
    const size_t entries = c->b * c->b;

    CHECK(rho >= 0 && rho < (double)INFINITY && tolerance >= 0, "rho %g, tolerance %g", rho,
          tolerance);
    *report = (struct coupling_report){0};
    TRY(all_finite(c, cost));
    for (size_t block = 0; block < c->blocks; block++) {
        const double *plan = coupling_block(c, block), *of = cost + block * entries;
        size_t n = 0;

        memcpy(c->next, plan, entries * sizeof *c->next);
        double gap = oracle(c, of, plan, rho);
        for (; n < most_iterations && gap > tolerance; n++) {
            move(c, gap, rho);
            gap = oracle(c, of, plan, rho);
        }
        replace(c, block, report, gap, n);
    }
    return report->gap <= tolerance
               ? STATUS_OK
               : status_set(STATUS_NO_CONVERGENCE, "coupling: a gap of %g after %zu iterations of "
                            "Frank and Wolfe", report->gap, most_iterations);
}

/* ---- use ---- */

double coupling_growing_weight(double first, size_t k)
{
    double weight = first;

    while (k-- > 0)
        weight *= 5;
    return weight;
}

double coupling_mean_cost(const struct coupling *c, const double *cost)
{
    const struct vec g = vec_over(c->plan, c->blocks * c->b * c->b), v = vec_over(cost, g.n);

    return vec_dot(&g, &v) / (double)c->blocks;
}

size_t coupling_draw(const struct coupling *c, size_t i, struct rng *rng)
{
    CHECK(i < c->blocks * c->b, "point %zu of %zu", i, c->blocks * c->b);
    const double *row = c->plan + i * c->b;
    double total = 0, below = 0;
    size_t last = 0;

    for (size_t j = 0; j < c->b; j++)
        total += row[j];
    const double at = rng_uniform(rng) * total;
    for (size_t j = 0; j < c->b; j++) {
        below += row[j];
        if (at < below)
            return i / c->b * c->b + j;
        last = row[j] > 0 ? j : last;
    }
    return i / c->b * c->b + last; /* rounding */
}

VECTORIZED
static void coupling_mix(float *out, const float *x, const float *y, float tau, size_t n)
{
    for (size_t k = 0; k < n; k++)
        out[k] = (1 - tau) * x[k] + tau * y[k];
}

void coupling_interpolate(float *out, const float *x, const float *y, float tau, size_t n)
{
    coupling_mix(out, x, y, tau, n);
}
