/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transport: exact and entropic transport and a JKO step.
 *
 * Assignments of uniform squares, 5-dimensional Gaussian clouds (one over the other, and two apart
 * by 2 in every coordinate), random costs and clusters; transport between weighted points; Sinkhorn
 * with uniform weights on squares, eps as a part of the largest cost, to an L1 error of 1e-6 over
 * both marginals of the plan as the sweeps made it; Newton's JKO step against the scaling loop.
 *
 * Prints lines "name<TAB>time<TAB>unit", one measurement each. With PERF_TMP the costs are left
 * there for the peers: n x n doubles, and behind them the weights of a weighted problem. Cells that
 * take seconds are measured where PERF_ROUND is 0 or unset. Argument: seconds, not used. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "linalg/blas.h"
#include "transport/assignment.h"
#include "transport/cost.h"
#include "transport/exact_transport.h"
#include "transport/jko.h"
#include "transport/sinkhorn.h"

enum { CLUSTERS = 20, INPUTS = 5, GRID = 101 };

/* What has to work: a benchmark of something else would lie. */
static void need(int works, const char *what)
{
    if (!works) {
        fprintf(stderr, "%s: %s\n", what, status_message());
        exit(3);
    }
}

static int first_round(void)
{
    const char *round = getenv("PERF_ROUND");

    return round == NULL || strcmp(round, "0") == 0;
}

static void print_time(const char *cell, double seconds)
{
    printf("transport.%s\t%.6g\tms\n", cell, seconds * 1e3);
}

/* ---- data ---- */

static void write_numbers(FILE *file, const double *x, size_t n)
{
    need(fwrite(x, sizeof *x, n, file) == n, "writing data for the peers");
}

static void leave_for_peers(const char *cell, const struct mat *cost, const struct vec *a,
                            const struct vec *b)
{
    const char *folder = getenv("PERF_TMP");
    char path[512];
    FILE *file;

    if (folder == NULL || !first_round())
        return;
    snprintf(path, sizeof path, "%s/%s.bin", folder, cell);
    file = fopen(path, "wb");
    need(file != NULL, path);
    write_numbers(file, cost->a, cost->rows * cost->cols);
    if (a != NULL) {
        write_numbers(file, a->x, a->n);
        write_numbers(file, b->x, b->n);
    }
    need(fclose(file) == 0, path);
}

static struct mat uniform(struct arena *mem, struct rng *r, size_t n, size_t d)
{
    const struct mat x = mat_zero(mem, n, d);

    for (size_t k = 0; k < n * d; k++)
        x.a[k] = rng_uniform(r);
    return x;
}

static struct mat clusters(struct arena *mem, struct rng *r, size_t n, const struct mat *centres)
{
    const struct mat x = mat_normal(mem, r, n, 2, 4e-4);

    for (size_t i = 0; i < n; i++) {
        const size_t c = rng_below(r, CLUSTERS);

        x.a[2 * i] += centres->a[2 * c];
        x.a[2 * i + 1] += centres->a[2 * c + 1];
    }
    return x;
}

static struct mat between(struct arena *mem, const struct mat *x, const struct mat *y)
{
    struct mat cost;

    need(cost_squared(mem, x, y, &cost) == STATUS_OK, "cost");
    return cost;
}

static struct mat make_cost(struct arena *mem, const char *kind, size_t n)
{
    struct rng r = rng_stream(1, "perf:%s:%zu", kind, n);
    struct mat x, y;

    if (strcmp(kind, "random") == 0)
        return uniform(mem, &r, n, n);
    if (strcmp(kind, "square") == 0) {
        x = uniform(mem, &r, n, 2);
        y = uniform(mem, &r, n, 2);
    } else if (strcmp(kind, "clusters") == 0) {
        const struct mat centres = uniform(mem, &r, CLUSTERS, 2);

        x = clusters(mem, &r, n, &centres);
        y = clusters(mem, &r, n, &centres);
    } else {
        x = mat_normal(mem, &r, n, 5, 1);
        y = mat_normal(mem, &r, n, 5, 1);
        for (size_t k = 0; strcmp(kind, "apart") == 0 && k < 5 * n; k++)
            y.a[k] += 2;
    }
    return between(mem, &x, &y);
}

/* ---- cells ---- */

static void measure_assignment(const char *kind, size_t n)
{
    struct arena mem = {0};
    const struct mat cost = make_cost(&mem, kind, n);
    struct assignment a;
    char cell[64];

    snprintf(cell, sizeof cell, "assignment.%s.%zu", kind, n);
    leave_for_peers(cell, &cost, NULL, NULL);

    const double start = progress_clock();
    const enum status status = assignment_solve(&mem, &cost, &a);

    print_time(cell, progress_clock() - start);
    need(status == STATUS_OK && transport_accepts(&a.report, 1e-12), cell);
    arena_free(&mem);
}

static void measure_exact(const char *kind, size_t n)
{
    struct arena mem = {0};
    const struct mat cost = make_cost(&mem, kind, n);
    struct rng r = rng_stream(2, "perf:%zu", n);
    struct vec a = vec_zero(&mem, n), b = vec_zero(&mem, n);
    struct exact_transport t;
    char cell[64];

    for (size_t i = 0; i < n; i++) {
        a.x[i] = rng_uniform(&r);
        b.x[i] = rng_uniform(&r);
    }
    vec_scale(&a, 1 / vec_sum(&a));
    vec_scale(&b, 1 / vec_sum(&b));
    snprintf(cell, sizeof cell, "exact.%s.%zu", kind, n);
    leave_for_peers(cell, &cost, &a, &b);

    const double start = progress_clock();
    const enum status status = exact_transport_solve(&mem, &cost, &a, &b, &t);

    print_time(cell, progress_clock() - start);
    need(status == STATUS_OK && transport_accepts(&t.report, 1e-12), cell);
    arena_free(&mem);
}

static void measure_sinkhorn(size_t n, const char *part)
{
    struct arena mem = {0};
    struct mat cost = make_cost(&mem, "square", n);
    const struct vec flat = mat_flat(&cost), w = vec_zero(&mem, n);
    const struct sinkhorn_problem problem = {&cost, &w, &w};
    const struct sinkhorn_options options = {
        .eps = atof(part) * vec_max(&flat), .tolerance = 1e-6, .raw = 1};
    struct sinkhorn_result result;
    char cell[64];

    for (size_t i = 0; i < n; i++)
        w.x[i] = 1 / (double)n;
    snprintf(cell, sizeof cell, "sinkhorn.%zu.%s", n, part);

    const double start = progress_clock();
    const enum status status = sinkhorn_solve(&result, &problem, &options, &mem);

    print_time(cell, progress_clock() - start);
    need(status == STATUS_OK && result.report.marginal_error <= 1e-6, cell);
    arena_free(&mem);
}

/* ReLU features of 5 inputs on [-2.5, 2.5]^2, y = 2 x + 1, a Gaussian of standard deviation .2. */
static void make_flow(struct arena *mem, struct jko *s, struct vec *q)
{
    const struct vec x = vec_zero(mem, GRID), y = vec_zero(mem, INPUTS);
    const struct jko_grid grid = {.axes = 2, .axis = {x, x}};
    const struct mat a = mat_zero(mem, INPUTS, GRID * GRID);

    *q = vec_zero(mem, GRID * GRID);
    for (size_t i = 0; i < GRID; i++)
        x.x[i] = -2.5 + 5.0 * (double)i / (GRID - 1);
    for (size_t g = 0; g < GRID * GRID; g++) {
        const double w = x.x[g / GRID], bias = x.x[g % GRID];

        q->x[g] = exp(-((w - 0.5) * (w - 0.5) + (bias - 0.3) * (bias - 0.3)) / 0.08);
        for (size_t j = 0; j < INPUTS; j++)
            a.a[j * GRID * GRID + g] = fmax(0, w * (-0.5 + 0.25 * (double)j) + bias) /
                                       sqrt(INPUTS);
    }
    for (size_t j = 0; j < INPUTS; j++)
        y.x[j] = (2 * (-0.5 + 0.25 * (double)j) + 1) / sqrt(INPUTS);
    vec_scale(q, 1 / vec_sum(q));
    need(jko_init(s, mem, &grid, &a, &y, 0.002, 0.1, JKO_AUTO) == STATUS_OK, "jko");
}

static void measure_jko(void)
{
    struct arena mem = {0};
    struct jko s;
    struct jko_report report;
    struct vec q, p, u = vec_zero(&mem, INPUTS);
    double t[3];

    make_flow(&mem, &s, &q);
    p = vec_zero(&mem, GRID * GRID);
    t[0] = progress_clock();
    need(jko_newton(&s, &p, &u, &q, 1e-12, 50, &report) == STATUS_OK, "jko.newton");
    t[1] = progress_clock();
    vec_fill(&u, 0);
    need(jko_scaling(&s, &p, &u, &q, 1e-10, 5000, &report) == STATUS_OK, "jko.scaling");
    t[2] = progress_clock();
    print_time("jko.newton", t[1] - t[0]);
    print_time("jko.scaling", t[2] - t[1]);
    printf("transport.jko.of-scaling\t%.4g\tfraction\n", (t[1] - t[0]) / (t[2] - t[1]));
    arena_free(&mem);
}

int main(void)
{
    const char *const kinds[] = {"square", "gaussian", "apart", "random", "clusters"};
    const char *const parts[] = {"1e-1", "1e-2", "1e-3", "1e-4"};

    blas_set_threads(1);
    for (size_t k = 0; k < 5; k++)
        for (size_t n = 500; n <= 2000; n *= 2)
            measure_assignment(kinds[k], n);
    for (size_t n = 200; n <= 500; n += 100) {
        measure_exact("square", n);
        measure_exact("apart", n);
    }
    for (size_t e = 0; e < 4; e++)
        for (size_t n = 500; n <= 2000; n *= 2)
            if (first_round() || n * e < 2000)
                measure_sinkhorn(n, parts[e]);
    if (first_round())
        measure_jko();
    return 0;
}
