/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_numbers: the installed BLAS and LAPACK against naive loops.
 *
 * Sizes lie around the edges of register and cache blocks; leading dimensions, alignments and
 * factors vary with every case. Inputs are floats, so that single and double share one naive result
 * in double. What a call must not read holds NaN, what it must not write holds a sentinel, and an
 * output with beta = 0 starts as NaN.
 *
 * Errors are measured against the bound of the textbook (Higham, Accuracy and Stability of
 * Numerical Algorithms, 2nd edition): at most 1 is right. */
#include <cblas.h>
#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/rng.h"
#include "doctor.h"
#include "linalg/blas.h"
#include "linalg/lapack.h"

enum {
    POOL = 1 << 14,            /* random floats, used over and over */
    ROOM = 1 << 18,            /* numbers of the largest operand */
    LARGEST_OFFSET = 8,
    REPEATS = 3
};

static const double SENTINEL = 7.25;

/* ---- scratch ---- */

struct scratch {
    struct arena mem;
    double *pool;              /* POOL */
    size_t next;               /* in the pool */
    struct rng rng;
    double *a, *b, *c;         /* ROOM: operands */
    double *pa, *pb;           /* ROOM: op(A), op(B), packed */
    double *want, *size, *got; /* ROOM: naive result, sum of magnitudes, what the BLAS gave */
    double *da, *db, *dc;      /* ROOM + LARGEST_OFFSET: what the BLAS sees */
    float *fa, *fb, *fc;       /* the same */
    int threads;               /* now */
};

/* How the cases of a check went. */
struct tally {
    size_t cases;
    double worst;              /* error in units of its bound, infinite for NaN */
    char where[120];           /* of the worst */
};

static void scratch_make(struct scratch *w)
{
    double **const doubles[] = {&w->a, &w->b, &w->c, &w->pa, &w->pb, &w->want, &w->size,
                                &w->got, &w->da, &w->db, &w->dc};
    float **const floats[] = {&w->fa, &w->fb, &w->fc};

    for (size_t i = 0; i < sizeof doubles / sizeof doubles[0]; i++)
        *doubles[i] = arena_get(&w->mem, ROOM + LARGEST_OFFSET, sizeof(double));
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++)
        *floats[i] = arena_get(&w->mem, ROOM + LARGEST_OFFSET, sizeof(float));
    w->pool = arena_get(&w->mem, POOL, sizeof(double));
    w->rng = rng_stream(1, "doctor");
    for (size_t i = 0; i < POOL; i++)
        w->pool[i] = (double)(float)rng_normal(&w->rng);
}

/* rows x cols numbers with leading dimension ld; what lies between is `gap`. */
static void fill(struct scratch *w, double *x, size_t rows, size_t cols, size_t ld, double gap)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < ld; j++)
            x[i * ld + j] = j < cols ? w->pool[w->next++ % POOL] : gap;
}

static void measure(struct tally *t, double off, double bound, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* One case: the largest `off` against its bound, and where it was. */
static void measure(struct tally *t, double off, double bound, const char *format, ...)
{
    const double ratio = off <= 0 ? 0 : off / bound;
    va_list list;

    t->cases++;
    if (ratio <= t->worst && t->cases > 1)
        return;
    t->worst = isfinite(ratio) ? ratio : (double)INFINITY;
    va_start(list, format);
    vsnprintf(t->where, sizeof t->where, format, list);
    va_end(list);
}

/* The largest of both, NaN when one is. */
static double larger(double x, double y)
{
    return isnan(x) || x > y ? x : y;
}

/* ---- products ---- */

/* C = alpha op(A) op(B) + beta C: op(A) is m x k, op(B) k x n, all row-major. */
struct product {
    size_t m, n, k, lda, ldb, ldc, offset;
    int ta, tb;
    double alpha, beta;
    int triangle;              /* of C: 0 all, 1 lower, 2 upper */
};

static int is_inside(const struct product *g, size_t i, size_t j)
{
    return j < g->n && (g->triangle == 0 || (g->triangle == 1 ? j <= i : j >= i));
}

static size_t stored_rows(size_t rows, size_t cols, int transposed)
{
    return transposed ? cols : rows;
}

/* A shape with varying leading dimensions, alignment and factors. */
static struct product make_product(struct scratch *w, size_t m, size_t n, size_t k, int ta, int tb)
{
    static const double alphas[] = {1, -0.5, 0.75}, betas[] = {0, 1, -2};
    static const size_t offsets[] = {0, 1, 2, 5};
    struct product g = {.m = m, .n = n, .k = k, .ta = ta, .tb = tb};

    g.lda = (ta ? m : k) + rng_below(&w->rng, 4);
    g.ldb = (tb ? k : n) + rng_below(&w->rng, 4);
    g.ldc = n + rng_below(&w->rng, 4);
    g.offset = offsets[rng_below(&w->rng, 4)];
    g.alpha = alphas[rng_below(&w->rng, 3)];
    g.beta = betas[rng_below(&w->rng, 3)];
    return g;
}

static void fill_operands(struct scratch *w, const struct product *g)
{
    fill(w, w->a, stored_rows(g->m, g->k, g->ta), g->ta ? g->m : g->k, g->lda, (double)NAN);
    fill(w, w->b, stored_rows(g->k, g->n, g->tb), g->tb ? g->k : g->n, g->ldb, (double)NAN);
    fill(w, w->c, g->m, g->n, g->ldc, SENTINEL);
}

/* What is outside the triangle becomes the sentinel, and what beta = 0 must not read NaN. */
static void guard_output(struct scratch *w, const struct product *g)
{
    for (size_t i = 0; i < g->m; i++)
        for (size_t j = 0; j < g->n; j++)
            if (!is_inside(g, i, j))
                w->c[i * g->ldc + j] = SENTINEL;
            else if (!(g->beta < 0 || g->beta > 0))
                w->c[i * g->ldc + j] = (double)NAN;
}

/* op(X), rows x cols, without gaps. */
static void pack(double *out, const double *x, size_t rows, size_t cols, size_t ld, int transposed)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            out[i * cols + j] = transposed ? x[j * ld + i] : x[i * ld + j];
}

/* want (m x n) and size, the sum of the magnitudes of all terms. */
static void naive_product(struct scratch *w, const struct product *g)
{
    pack(w->pa, w->a, g->m, g->k, g->lda, g->ta);
    pack(w->pb, w->b, g->k, g->n, g->ldb, g->tb);
    for (size_t i = 0; i < g->m; i++) {
        double *want = w->want + i * g->n, *size = w->size + i * g->n;

        for (size_t j = 0; j < g->n; j++) {
            want[j] = is_inside(g, i, j) && (g->beta < 0 || g->beta > 0)
                          ? g->beta * w->c[i * g->ldc + j] : 0;
            size[j] = fabs(want[j]);
        }
        for (size_t p = 0; p < g->k; p++) {
            const double a = g->alpha * w->pa[i * g->k + p], *b = w->pb + p * g->n;

            for (size_t j = 0; j < g->n; j++) {
                want[j] += a * b[j];
                size[j] += fabs(a * b[j]);
            }
        }
    }
}

static void narrow(float *out, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)x[i];
}

static void widen(double *out, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (double)x[i];
}

/* Copies the operands to where the BLAS sees them, at the case's alignment. */
static void lay_out(struct scratch *w, const struct product *g, int single)
{
    const size_t at = g->offset, na = stored_rows(g->m, g->k, g->ta) * g->lda;
    const size_t nb = stored_rows(g->k, g->n, g->tb) * g->ldb, nc = g->m * g->ldc;

    if (single) {
        narrow(w->fa + at, w->a, na);
        narrow(w->fb + at, w->b, nb);
        narrow(w->fc + at, w->c, nc);
    } else {
        memcpy(w->da + at, w->a, na * sizeof(double));
        memcpy(w->db + at, w->b, nb * sizeof(double));
        memcpy(w->dc + at, w->c, nc * sizeof(double));
    }
}

/* The BLAS's C, with its gaps, in w->got. */
static void take_result(struct scratch *w, const struct product *g, int single)
{
    if (single)
        widen(w->got, w->fc + g->offset, g->m * g->ldc);
    else
        memcpy(w->got, w->dc + g->offset, g->m * g->ldc * sizeof(double));
}

static CBLAS_TRANSPOSE flag(int transposed)
{
    return transposed ? CblasTrans : CblasNoTrans;
}

static void call_gemm(struct scratch *w, const struct product *g, int single)
{
    const int m = blas_int(g->m), n = blas_int(g->n), k = blas_int(g->k);
    const int lda = blas_int(g->lda), ldb = blas_int(g->ldb), ldc = blas_int(g->ldc);
    const size_t at = g->offset;

    if (single)
        cblas_sgemm(CblasRowMajor, flag(g->ta), flag(g->tb), m, n, k, (float)g->alpha, w->fa + at,
                    lda, w->fb + at, ldb, (float)g->beta, w->fc + at, ldc);
    else
        cblas_dgemm(CblasRowMajor, flag(g->ta), flag(g->tb), m, n, k, g->alpha, w->da + at, lda,
                    w->db + at, ldb, g->beta, w->dc + at, ldc);
}

static void call_syrk(struct scratch *w, const struct product *g, int single)
{
    const int n = blas_int(g->n), k = blas_int(g->k), lda = blas_int(g->lda);
    const int ldc = blas_int(g->ldc);
    const CBLAS_UPLO half = g->triangle == 1 ? CblasLower : CblasUpper;
    const size_t at = g->offset;

    if (single)
        cblas_ssyrk(CblasRowMajor, half, flag(g->ta), n, k, (float)g->alpha, w->fa + at, lda,
                    (float)g->beta, w->fc + at, ldc);
    else
        cblas_dsyrk(CblasRowMajor, half, flag(g->ta), n, k, g->alpha, w->da + at, lda, g->beta,
                    w->dc + at, ldc);
}

/* got against want: k products and two scalings, each rounded once; beside them nothing moved. */
static double product_error(const struct scratch *w, const struct product *g, int single)
{
    const double eps = single ? (double)FLT_EPSILON : DBL_EPSILON;
    const double steps = (double)g->k + 4;
    double worst = 0;

    for (size_t i = 0; i < g->m; i++)
        for (size_t j = 0; j < g->ldc; j++) {
            const double got = w->got[i * g->ldc + j];

            if (is_inside(g, i, j)) {
                const double off = fabs(got - w->want[i * g->n + j]);
                const double bound = steps * eps * w->size[i * g->n + j];

                worst = larger(off <= 0 ? 0 : off / bound, worst);
            } else if (!(got <= SENTINEL && got >= SENTINEL)) {
                return (double)INFINITY;
            }
        }
    return worst;
}

static void try_gemm(struct scratch *w, struct tally *t, size_t m, size_t n, size_t k)
{
    for (int trans = 0; trans < 4; trans++) {
        const struct product g = make_product(w, m, n, k, trans & 1, trans >> 1);

        fill_operands(w, &g);
        guard_output(w, &g);
        naive_product(w, &g);
        for (int single = 0; single < 2; single++) {
            lay_out(w, &g, single);
            call_gemm(w, &g, single);
            take_result(w, &g, single);
            measure(t, product_error(w, &g, single), 1, "%cgemm %c%c %zu x %zu x %zu, %d thread(s)",
                    single ? 's' : 'd', g.ta ? 'T' : 'N', g.tb ? 'T' : 'N', m, n, k, w->threads);
        }
    }
}

static const size_t edges[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64,
                               65};
enum { EDGES = sizeof edges / sizeof edges[0] };

/* Every edge against every other with one thread, and shapes that two threads share. */
static void check_gemm(struct scratch *w, struct tally *t)
{
    static const size_t depths[] = {1, 2, 3, 4, 7, 8, 17, 33};
    static const size_t shapes[][3] = {
        {95, 96, 97},    {65, 33, 255},   {33, 65, 256},  {64, 64, 257}, {31, 129, 383},
        {129, 31, 384},  {65, 65, 385},   {257, 40, 48},  {40, 257, 48}, {385, 24, 17},
        {1, 385, 257},   {385, 1, 257},   {385, 257, 1},  {97, 97, 513}, {193, 191, 127}};

    for (size_t i = 0; w->threads == 1 && i < EDGES; i++)
        for (size_t j = 0; j < EDGES; j++)
            for (size_t p = 0; p < sizeof depths / sizeof depths[0]; p++)
                try_gemm(w, t, edges[i], edges[j], depths[p]);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        try_gemm(w, t, shapes[i][0], shapes[i][1], shapes[i][2]);
}

static void try_syrk(struct scratch *w, struct tally *t, size_t n, size_t k)
{
    for (int which = 0; which < 4; which++) {
        struct product g = make_product(w, n, n, k, which & 1, !(which & 1));

        g.triangle = 1 + (which >> 1);
        g.ldb = g.lda;
        fill_operands(w, &g);
        memcpy(w->b, w->a, stored_rows(n, k, g.ta) * g.lda * sizeof(double));
        guard_output(w, &g);
        naive_product(w, &g);
        for (int single = 0; single < 2; single++) {
            lay_out(w, &g, single);
            call_syrk(w, &g, single);
            take_result(w, &g, single);
            measure(t, product_error(w, &g, single), 1, "%csyrk %s %s %zu x %zu, %d thread(s)",
                    single ? 's' : 'd', g.triangle == 1 ? "lower" : "upper",
                    g.ta ? "A^T A" : "A A^T", n, k, w->threads);
        }
    }
}

static void check_syrk(struct scratch *w, struct tally *t)
{
    static const size_t shapes[][2] = {{63, 65}, {64, 257}, {65, 385}, {129, 33}, {257, 40}};

    for (size_t i = 0; w->threads == 1 && i < EDGES; i++)
        for (size_t j = 0; j < EDGES; j++)
            try_syrk(w, t, edges[i], edges[j]);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        try_syrk(w, t, shapes[i][0], shapes[i][1]);
}

/* NaN in A and infinity in B against zeros: 0 * NaN and 0 * inf are NaN, in row i and in column j
 * of C and nowhere else. Returns the number of wrong entries. */
static size_t wrong_after_nan(struct scratch *w, const struct product *g, int single)
{
    const size_t i = g->m / 2, j = g->n / 2, p = g->k / 2, q = g->k - 1;
    size_t wrong = 0;

    w->a[g->ta ? p * g->lda + i : i * g->lda + p] = (double)NAN;
    w->b[g->tb ? j * g->ldb + q : q * g->ldb + j] = (double)INFINITY;
    for (size_t c = 0; c < g->n; c++)
        if (c != j || p != q)
            w->b[g->tb ? c * g->ldb + p : p * g->ldb + c] = 0;
    for (size_t r = 0; r < g->m; r++)
        if (r != i || p != q)
            w->a[g->ta ? q * g->lda + r : r * g->lda + q] = 0;
    lay_out(w, g, single);
    call_gemm(w, g, single);
    take_result(w, g, single);
    for (size_t r = 0; r < g->m; r++)
        for (size_t c = 0; c < g->n; c++)
            wrong += (isnan(w->got[r * g->ldc + c]) != 0) != (r == i || c == j);
    return wrong;
}

static void check_nan(struct scratch *w, struct tally *t)
{
    static const size_t sizes[] = {1, 2, 5, 8, 17, 33, 65};

    for (size_t s = 0; s < 7 * 7 * 7 * 8; s++) {
        const size_t m = sizes[s % 7], n = sizes[s / 7 % 7], k = sizes[s / 49 % 7];
        const int trans = (int)(s / 343 % 4), single = s >= 343 * 4;
        struct product g = make_product(w, m, n, k, trans & 1, trans >> 1);

        g.beta = 1;
        fill_operands(w, &g);
        measure(t, (double)wrong_after_nan(w, &g, single), 0.5,
                "%cgemm %c%c %zu x %zu x %zu, %d thread(s)", single ? 's' : 'd', g.ta ? 'T' : 'N',
                g.tb ? 'T' : 'N', m, n, k, w->threads);
    }
}

/* ---- vectors ---- */

/* Element i of n with a stride, as BLAS counts: a negative one runs backwards. */
static size_t strided(size_t i, size_t n, int stride)
{
    return stride > 0 ? i * (size_t)stride : (n - 1 - i) * (size_t)-stride;
}

/* y = alpha op(A) x + beta y as a product with n = 1; x and y are spread by their strides. */
static double gemv_error(struct scratch *w, const struct product *g, int single, int incx, int incy)
{
    const size_t at = g->offset, na = stored_rows(g->m, g->k, g->ta) * g->lda;
    const int rows = blas_int(g->ta ? g->k : g->m), cols = blas_int(g->ta ? g->m : g->k);
    const int lda = blas_int(g->lda);

    for (size_t p = 0; p < g->k; p++) {
        w->db[at + strided(p, g->k, incx)] = w->b[p];
        w->fb[at + strided(p, g->k, incx)] = (float)w->b[p];
    }
    for (size_t i = 0; i < g->m; i++) {
        w->dc[at + strided(i, g->m, incy)] = w->c[i];
        w->fc[at + strided(i, g->m, incy)] = (float)w->c[i];
    }
    memcpy(w->da + at, w->a, na * sizeof(double));
    narrow(w->fa + at, w->a, na);
    if (single)
        cblas_sgemv(CblasRowMajor, flag(g->ta), rows, cols, (float)g->alpha, w->fa + at, lda,
                    w->fb + at, incx, (float)g->beta, w->fc + at, incy);
    else
        cblas_dgemv(CblasRowMajor, flag(g->ta), rows, cols, g->alpha, w->da + at, lda, w->db + at,
                    incx, g->beta, w->dc + at, incy);
    for (size_t i = 0; i < g->m; i++) {
        const size_t place = at + strided(i, g->m, incy);

        w->got[i] = single ? (double)w->fc[place] : w->dc[place];
    }
    return product_error(w, g, single);
}

static void check_gemv(struct scratch *w, struct tally *t)
{
    static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 129, 301};
    static const int strides[] = {1, 1, 2, -1, 3};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };

    for (size_t s = 0; s < SIZES * SIZES * 2; s++) {
        const size_t m = sizes[s % SIZES], k = sizes[s / SIZES % SIZES];
        const int incx = strides[rng_below(&w->rng, 5)], incy = strides[rng_below(&w->rng, 5)];
        struct product g = make_product(w, m, 1, k, s >= SIZES * SIZES, 0);

        g.ldb = g.ldc = 1;
        fill_operands(w, &g);
        guard_output(w, &g);
        naive_product(w, &g);
        for (int single = 0; single < 2; single++)
            measure(t, gemv_error(w, &g, single, incx, incy), 1,
                    "%cgemv %c %zu x %zu, strides %d and %d, %d thread(s)", single ? 's' : 'd',
                    g.ta ? 'T' : 'N', m, k, incx, incy, w->threads);
    }
}

static void try_dot(struct scratch *w, struct tally *t, size_t n, int incx, int incy)
{
    const size_t at = rng_below(&w->rng, 4);
    double want = 0, size = 0;

    for (size_t i = 0; i < n; i++) {
        const double x = w->pool[w->next++ % POOL], y = w->pool[(w->next + 7777) % POOL];
        const size_t to_x = at + strided(i, n, incx), to_y = at + strided(i, n, incy);

        w->da[to_x] = x;
        w->db[to_y] = y;
        w->fa[to_x] = (float)x;
        w->fb[to_y] = (float)y;
        want += x * y;
        size += fabs(x * y);
    }
    const int count = blas_int(n);
    const double d = cblas_ddot(count, w->da + at, incx, w->db + at, incy);
    const double s = (double)cblas_sdot(count, w->fa + at, incx, w->fb + at, incy);
    const double steps = (double)n + 2;
    measure(t, fabs(d - want), steps * DBL_EPSILON * size, "ddot %zu, strides %d and %d, %d "
            "thread(s)", n, incx, incy, w->threads);
    measure(t, fabs(s - want), steps * (double)FLT_EPSILON * size, "sdot %zu, strides %d and %d, "
            "%d thread(s)", n, incx, incy, w->threads);
}

static void check_dot(struct scratch *w, struct tally *t)
{
    static const size_t longer[] = {127, 128, 129, 255, 1000, 10001, 30011};
    static const int strides[] = {1, 2, -1};

    for (int k = 0; k < 9; k++) {
        for (size_t n = 0; n <= 70; n++)
            try_dot(w, t, n, strides[k % 3], strides[k / 3]);
        for (size_t i = 0; i < sizeof longer / sizeof longer[0]; i++)
            try_dot(w, t, longer[i], strides[k % 3], strides[k / 3]);
    }
}

/* ---- factorizations ---- */

static const size_t orders[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 24, 25, 26, 31, 32, 33, 63, 64, 65,
                                96, 129};
enum { ORDERS = sizeof orders / sizeof orders[0] };

/* A = G G^T + n I into w->a, without gaps. */
static void make_definite(struct scratch *w, size_t n)
{
    fill(w, w->b, n, n, n, 0);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = i == j ? (double)n : 0;

            for (size_t p = 0; p < n; p++)
                sum += w->b[i * n + p] * w->b[j * n + p];
            w->a[i * n + j] = w->a[j * n + i] = sum;
        }
}

/* Largest |A - L L^T|_ij / ((n + 2) eps sqrt(a_ii a_jj)) (Higham, theorem 10.3), L from the lower
 * triangle of x as it stands, leading dimension ld; the upper one must hold the sentinel. */
static double cholesky_error(const struct scratch *w, const double *x, size_t n, size_t ld)
{
    double worst = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            const double scale = sqrt(w->a[i * n + i] * w->a[j * n + j]);
            double sum = 0;

            if (j > i && !(x[i * ld + j] <= SENTINEL && x[i * ld + j] >= SENTINEL))
                return (double)INFINITY;
            for (size_t p = 0; j <= i && p <= j; p++)
                sum += x[i * ld + p] * x[j * ld + p];
            if (j <= i)
                worst = larger(fabs(sum - w->a[i * n + j]) /
                                   (((double)n + 2) * DBL_EPSILON * scale), worst);
        }
    return worst;
}

/* Both triangles: the upper one of a column-major matrix is the lower one of ours. */
static void try_cholesky(struct scratch *w, struct tally *t, size_t n, int row_major)
{
    const size_t ld = n + rng_below(&w->rng, 4), at = rng_below(&w->rng, 4);
    double *x = w->dc + at;

    make_definite(w, n);
    for (size_t i = 0; i < n * ld; i++)
        x[i] = SENTINEL;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            x[row_major ? i * ld + j : j * ld + i] = w->a[i * n + j];
    const int info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, row_major ? 'U' : 'L', blas_int(n), x,
                                         blas_int(ld));
    if (!row_major) {
        pack(w->got, x, n, n, ld, 1);
        x = w->got;
    }
    measure(t, info == 0 ? cholesky_error(w, x, n, row_major ? ld : n) : (double)INFINITY, 1,
            "dpotrf %s %zu, %d thread(s)", row_major ? "upper" : "lower", n, w->threads);
}

static void check_cholesky(struct scratch *w, struct tally *t)
{
    for (size_t i = 0; i < ORDERS; i++)
        for (int row_major = 0; row_major < 2; row_major++)
            try_cholesky(w, t, orders[i], row_major);
    for (int row_major = 0; row_major < 2; row_major++)
        try_cholesky(w, t, 200, row_major);
}

/* Largest |x_i . x_j - (i == j)| of the rows of x, count of length n. */
static double orthogonality(const double *x, size_t count, size_t n)
{
    double worst = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = i == j ? -1 : 0;

            for (size_t p = 0; p < n; p++)
                sum += x[i * n + p] * x[j * n + p];
            worst = larger(fabs(sum), worst);
        }
    return worst;
}

static double frobenius(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

/* Largest |A - L R| of L (m x k), R (k x n), A = w->a; naive. */
static double residual(struct scratch *w, const double *left, const double *right, size_t m,
                       size_t k, size_t n)
{
    double worst = 0;

    for (size_t i = 0; i < m; i++) {
        memcpy(w->want, w->a + i * n, n * sizeof(double));
        for (size_t p = 0; p < k; p++)
            for (size_t j = 0; j < n; j++)
                w->want[j] -= left[i * k + p] * right[p * n + j];
        for (size_t j = 0; j < n; j++)
            worst = larger(fabs(w->want[j]), worst);
    }
    return worst;
}

/* LAPACK's own tests accept 30 n eps ||A||. A = V^T diag(values) V. */
static void try_eigen(struct scratch *w, struct tally *t, size_t n)
{
    const double bound = 30 * (double)n * DBL_EPSILON;
    struct mat a = mat_over(w->a, n, n), v = mat_over(w->dc + rng_below(&w->rng, 4), n, n);
    struct vec values = vec_over(w->da, n), alone = vec_over(w->db, n);
    double off = 0;

    fill(w, w->a, n, n, n, 0);
    mat_mirror_lower(&a);
    const double norm = frobenius(w->a, n * n);
    if (lapack_eigen(&values, &v, &a) != STATUS_OK ||
        lapack_eigen(&alone, NULL, &a) != STATUS_OK) {
        measure(t, (double)INFINITY, 1, "dsyevd %zu: %s", n, status_message());
        return;
    }
    for (size_t k = 0; k < n; k++) {
        off = larger(fabs(values.x[k] - alone.x[k]), off);
        off = larger(k > 0 && values.x[k] < values.x[k - 1] ? (double)INFINITY : 0, off);
        for (size_t j = 0; j < n; j++) {
            w->pa[j * n + k] = v.a[k * n + j];
            w->pb[k * n + j] = values.x[k] * v.a[k * n + j];
        }
    }
    off = larger(residual(w, w->pa, w->pb, n, n, n), off) / norm;
    measure(t, larger(off, orthogonality(v.a, n, n)), bound, "dsyevd %zu, %d thread(s)", n,
            w->threads);
}

static void check_eigen(struct scratch *w, struct tally *t)
{
    for (size_t i = 0; i < ORDERS; i++)
        try_eigen(w, t, orders[i]);
}

/* A = U diag(s) V^T, with the same bound. */
static void try_svd(struct scratch *w, struct tally *t, size_t m, size_t n)
{
    const size_t k = m < n ? m : n;
    const double bound = 30 * (double)(m > n ? m : n) * DBL_EPSILON;
    struct mat a = mat_over(w->a, m, n), u = mat_over(w->dc + 1, m, k), vt = mat_over(w->db, k, n);
    struct vec s = vec_over(w->da, k);
    double off = 0;

    fill(w, w->a, m, n, n, 0);
    const double norm = frobenius(w->a, m * n);
    if (lapack_svd(&u, &s, &vt, &a) != STATUS_OK) {
        measure(t, (double)INFINITY, 1, "dgesdd %zu x %zu: %s", m, n, status_message());
        return;
    }
    for (size_t p = 0; p < k; p++) {
        off = larger(s.x[p] < 0 || (p > 0 && s.x[p] > s.x[p - 1]) ? (double)INFINITY : 0, off);
        for (size_t j = 0; j < n; j++)
            w->pb[p * n + j] = s.x[p] * vt.a[p * n + j];
    }
    off = larger(residual(w, u.a, w->pb, m, k, n), off) / norm;
    pack(w->pa, u.a, k, m, k, 1);
    off = larger(off, orthogonality(w->pa, k, m));
    measure(t, larger(off, orthogonality(vt.a, k, n)), bound, "dgesdd %zu x %zu, %d thread(s)", m,
            n, w->threads);
}

static void check_svd(struct scratch *w, struct tally *t)
{
    static const size_t shapes[][2] = {{1, 1},   {1, 7},   {7, 1},   {2, 2},   {3, 5},   {5, 3},
                                       {8, 8},   {9, 17},  {17, 9},  {24, 24}, {25, 25}, {26, 26},
                                       {31, 33}, {33, 31}, {65, 20}, {20, 65}, {64, 64}, {65, 65},
                                       {129, 40}, {40, 129}, {100, 100}};

    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        try_svd(w, t, shapes[i][0], shapes[i][1]);
}

/* ---- run to run ---- */

/* Every kind of call once on the same numbers; the digest of all results. */
static enum status run_bits(struct scratch *w, char out[DIGEST_TEXT])
{
    enum { M = 97, N = 65, K = 129 };
    const struct product g = {.m = M, .n = N, .k = K, .lda = K, .ldb = N, .ldc = N, .alpha = 1};
    struct mat square = mat_over(w->a, N, N), v = mat_over(w->dc, N, N), u = mat_over(w->db, N, N);
    struct vec values = vec_over(w->da, N);
    struct digest d;

    w->next = 0;
    fill_operands(w, &g);
    digest_start(&d);
    for (int single = 0; single < 2; single++) {
        lay_out(w, &g, single);
        call_gemm(w, &g, single);
        take_result(w, &g, single);
        digest_bytes(&d, w->got, M * N * sizeof(double));
    }
    const double dot = cblas_ddot(M * K, w->a, 1, w->a, 1);
    digest_bytes(&d, &dot, sizeof dot);
    cblas_dgemv(CblasRowMajor, CblasTrans, M, K, 1, w->a, K, w->b, 1, 0, w->got, 1);
    digest_bytes(&d, w->got, K * sizeof(double));
    mat_mirror_lower(&square);
    TRY(lapack_eigen(&values, &v, &square));
    digest_bytes(&d, values.x, N * sizeof(double));
    digest_bytes(&d, v.a, (size_t)N * N * sizeof(double));
    TRY(lapack_svd(&u, &values, &v, &square));
    digest_bytes(&d, u.a, (size_t)N * N * sizeof(double));
    make_definite(w, N);
    TRY(lapack_cholesky(&square));
    digest_bytes(&d, square.a, (size_t)N * N * sizeof(double));
    digest_end(&d, out);
    return STATUS_OK;
}

/* With one thread the same bits every time. With more they may move: no result rests on that. */
static size_t say_bits(struct scratch *w, const char *mode, int most_threads)
{
    char first[2][DIGEST_TEXT] = {"", ""}, again[DIGEST_TEXT];
    int same[2] = {1, 1};

    for (int threads = 1; threads <= most_threads; threads++) {
        blas_set_threads(threads);
        for (int k = 0; k < REPEATS; k++) {
            if (run_bits(w, k == 0 ? first[threads - 1] : again) != STATUS_OK)
                same[threads - 1] = 0;
            else if (k > 0)
                same[threads - 1] &= strcmp(first[threads - 1], again) == 0;
        }
    }
    if (!same[0])
        doctor_say(DOCTOR_BAD, mode, "run to run: expected the same bits %d times, found others: "
                   "no reference can hold here", (int)REPEATS);
    else
        doctor_say(same[1] ? DOCTOR_OK : DOCTOR_NOTE, mode, "run to run: the same bits %d times "
                   "(%.12s)%s", (int)REPEATS, first[0],
                   most_threads < 2 ? ""
                   : !same[1]       ? "; with two threads they change: keep to one"
                   : strcmp(first[0], first[1]) == 0 ? "; with two threads, too"
                                                     : "; with two threads also, but others");
    return !same[0];
}

/* ---- all of it ---- */

static const struct check {
    const char *name;
    void (*run)(struct scratch *w, struct tally *t);
} checks[] = {
    {"sgemm, dgemm", check_gemm},       {"NaN through gemm", check_nan},
    {"ssyrk, dsyrk", check_syrk},       {"sgemv, dgemv", check_gemv},
    {"sdot, ddot", check_dot},          {"dpotrf", check_cholesky},
    {"dsyevd", check_eigen},            {"dgesdd", check_svd},
};

static size_t say_check(struct scratch *w, const char *mode, const struct check *check,
                        int most_threads)
{
    struct tally t = {0};

    for (w->threads = 1; w->threads <= most_threads; w->threads++) {
        blas_set_threads(w->threads);
        check->run(w, &t);
    }
    const int good = t.cases > 0 && t.worst <= 1;
    if (good)
        doctor_say(DOCTOR_OK, mode, "%s: %zu cases, worst %.2g of the error bound", check->name,
                   t.cases, t.worst);
    else
        doctor_say(DOCTOR_BAD, mode, "%s: expected at most 1 of the error bound, found %.3g (%s): "
                   "install another OpenBLAS, or name another core in OPENBLAS_CORETYPE",
                   check->name, t.worst, t.where);
    return !good;
}

enum status doctor_numbers(const char *mode, size_t *bad)
{
    struct scratch w = {0};

    if (arena_guard(&w.mem)) {
        arena_free(&w.mem);
        return STATUS_MEMORY;
    }
    scratch_make(&w);
    blas_set_threads(2);
    const int most_threads = blas_threads() >= 2 ? 2 : 1;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        *bad += say_check(&w, mode, &checks[i], most_threads);
    *bad += say_bits(&w, mode, most_threads);
    blas_set_threads(1);
    arena_free(&w.mem);
    return STATUS_OK;
}
