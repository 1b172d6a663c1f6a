/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ntk: kernel matrices of infinitely wide networks and regression with them.
 *
 * Gram matrices of L = 3 layers, 2000 inputs of 50 numbers and 4000 of 784; the solve of a
 * regression over 4000 inputs in units of LAPACK's own Cholesky factorization of the same matrix;
 * and the most memory that one task of a sequence takes, in units of its Gram matrix.
 *
 * Prints lines "name<TAB>value<TAB>unit<TAB>wanted": Gram matrices at least five times as fast as
 * the peer's, a solve in at most 1.3 factorizations. Times are of the processor and one thread, so
 * that waiting for other programs does not count. With PERF_TMP the inputs are left there for the
 * peer: n x d doubles, and behind them the first row of the Gram matrix (n). What takes seconds is
 * measured where PERF_ROUND is 0 or unset. Argument: seconds, not used. */
#include <lapacke.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "kernel/kernel_regression.h"
#include "kernel/ntk_gram.h"
#include "linalg/blas.h"

enum { REGRESSION = 4000, TESTS = 1000, DIM = 50, TURNS = 3 };

static const struct ntk_spec network = {.layers = 3, .sigma_w2 = 2, .sigma_b2 = 0};

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

static double processor_seconds(void)
{
    struct timespec now;

    need(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0, "the clock of the processor");
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Bytes; a process never has less than before. */
static double most_memory(void)
{
    struct rusage usage;

    need(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
    return 1024 * (double)usage.ru_maxrss;
}

/* ---- Gram matrices ---- */

static void leave_for_peers(const char *cell, const struct mat *x, const struct mat *gram)
{
    const char *folder = getenv("PERF_TMP");
    char path[512];
    FILE *file;

    if (folder == NULL || !first_round())
        return;
    snprintf(path, sizeof path, "%s/%s.bin", folder, cell);
    file = fopen(path, "wb");
    need(file != NULL, path);
    need(fwrite(x->a, sizeof *x->a, x->rows * x->cols, file) == x->rows * x->cols, path);
    need(fwrite(gram->a, sizeof *gram->a, gram->cols, file) == gram->cols, path);
    need(fclose(file) == 0, path);
}

static void measure_gram(size_t n, size_t d)
{
    struct arena mem = {0};
    struct rng r = rng_stream(1, "perf:gram:%zu:%zu", n, d);
    const struct mat x = kernel_sphere_points(&mem, &r, n, d);
    struct mat gram = mat_zero(&mem, n, n);
    char cell[64];

    snprintf(cell, sizeof cell, "gram.%zu.%zu", n, d);

    const double start = processor_seconds();
    const enum status status = ntk_gram(&gram, &network, NTK_TANGENT, &x, 1);

    printf("ntk.%s\t%.6g\tms\t>5\n", cell, (processor_seconds() - start) * 1e3);
    need(status == STATUS_OK, cell);
    leave_for_peers(cell, &x, &gram);
    arena_free(&mem);
}

/* ---- regression ---- */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double factor_time(struct mat *work, const struct mat *gram)
{
    const int n = (int)gram->rows;
    double start;

    memcpy(work->a, gram->a, gram->rows * gram->cols * sizeof *gram->a);
    start = processor_seconds();
    need(LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', n, work->a, n) == 0, "dpotrf");
    return processor_seconds() - start;
}

static double solve_time(struct mat *work, const struct mat *gram, struct vec *a, double *rcond)
{
    double start;

    memcpy(work->a, gram->a, gram->rows * gram->cols * sizeof *gram->a);
    vec_fill(a, 1);
    start = processor_seconds();
    need(kernel_regression_solve(work, 0, a, rcond) == STATUS_OK, "solve");
    return processor_seconds() - start;
}

/* Medians of turns, so that a disturbance meets all three. */
static void measure_solve(void)
{
    struct arena mem = {0};
    struct rng r = rng_stream(1, "perf:solve");
    const struct mat x = kernel_sphere_points(&mem, &r, REGRESSION, DIM);
    struct mat gram = mat_zero(&mem, REGRESSION, REGRESSION);
    struct mat work = mat_zero(&mem, REGRESSION, REGRESSION);
    struct vec a = vec_zero(&mem, REGRESSION);
    double factor[TURNS], solve[TURNS], with_condition[TURNS], rcond;

    need(ntk_gram(&gram, &network, NTK_TANGENT, &x, 1) == STATUS_OK, "gram");
    for (size_t t = 0; t < TURNS; t++) {
        factor[t] = factor_time(&work, &gram);
        solve[t] = solve_time(&work, &gram, &a, NULL);
        with_condition[t] = solve_time(&work, &gram, &a, &rcond);
    }
    qsort(factor, TURNS, sizeof *factor, ascending);
    qsort(solve, TURNS, sizeof *solve, ascending);
    qsort(with_condition, TURNS, sizeof *with_condition, ascending);

    const double of = factor[TURNS / 2];

    printf("ntk.dpotrf.%d\t%.6g\tms\n", REGRESSION, of * 1e3);
    printf("ntk.solve.%d\t%.6g\tms\n", REGRESSION, solve[TURNS / 2] * 1e3);
    printf("ntk.solve.of-dpotrf\t%.4g\ttimes\t<1.3\n", solve[TURNS / 2] / of);
    printf("ntk.solve-condition.of-dpotrf\t%.4g\ttimes\n", with_condition[TURNS / 2] / of);
    arena_free(&mem);
}

/* The first thing that the process does, because its most memory never falls. */
static void measure_memory(void)
{
    struct arena mem = {0};
    struct rng r = rng_stream(1, "perf:memory");
    const struct mat x = kernel_sphere_points(&mem, &r, REGRESSION + TESTS, DIM);
    struct mat y = mat_zero(&mem, REGRESSION, 1);
    const double before = most_memory(), gram = 8.0 * REGRESSION * REGRESSION;
    struct kernel_sequence s = kernel_sequence_make(&mem, &network, &x, 1, 1, REGRESSION);

    for (size_t i = 0; i < REGRESSION; i++)
        y.a[i] = 1;
    need(kernel_sequence_learn(&s, 0, REGRESSION, &y, 0, 0) == STATUS_OK, "learn");
    printf("ntk.sequence.memory\t%.4g\tGram matrices\n", (most_memory() - before) / gram);
    arena_free(&mem);
}

int main(void)
{
    blas_set_threads(1);
    if (first_round())
        measure_memory();
    printf("ntk.core\t%s\tname\n", blas_core());
    measure_gram(2000, 50);
    if (first_round()) {
        measure_gram(4000, 784);
        measure_solve();
    }
    return 0;
}
