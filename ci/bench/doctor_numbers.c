/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_numbers: the installed BLAS and LAPACK against naive loops.
 *
 * Sizes lie around the edges of register and cache blocks; product.h has what varies beside them.
 *
 * Errors are measured against the bound of the textbook (Higham, Accuracy and Stability of
 * Numerical Algorithms, 2nd edition): at most 1 is right. */
#include <cblas.h>
#include <string.h>

#include "base/digest.h"
#include "doctor.h"
#include "doctor_checks.h"
#include "linalg/blas.h"
#include "linalg/lapack.h"
#include "product.h"

enum { REPEATS = 3 };

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
    product_fill(w, &g);
    digest_start(&d);
    for (int single = 0; single < 2; single++) {
        product_lay_out(w, &g, single);
        product_gemm(w, &g, single);
        product_take(w, &g, single);
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
    doctor_factors_definite(w, N);
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
    {"sgemm, dgemm", doctor_gemm_check},       {"NaN through gemm", doctor_gemm_check_nan},
    {"ssyrk, dsyrk", doctor_gemm_check_syrk},       {"sgemv, dgemv", doctor_vectors_gemv},
    {"sdot, ddot", doctor_vectors_dot},          {"dpotrf", doctor_factors_cholesky},
    {"dsyevd", doctor_factors_eigen},            {"dgesdd", doctor_factors_svd},
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
