/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/gaussian.h"

#include "base/check.h"
#include "linalg/lapack.h"
#include "transport/bures.h"

static void check_square(const struct mat *a, size_t d)
{
    CHECK(a->rows == d && a->cols == d, "%zu x %zu, not %zu x %zu", a->rows, a->cols, d, d);
}

/* B = V A V' (to 1) or V' A V (to 0). */
static void rotate(struct mat *b, const struct mat *v, const struct mat *a, int to,
                   struct mat *scratch)
{
    mat_multiply(scratch, 1, v, to ? MAT_AS_IS : MAT_TRANSPOSED, a, MAT_AS_IS, 0);
    mat_multiply(b, 1, scratch, MAT_AS_IS, v, to ? MAT_TRANSPOSED : MAT_AS_IS, 0);
}

enum status gaussian_lyapunov(struct mat *lam, const struct mat *sigma, const struct mat *s,
                              struct arena *mem)
{
    const size_t d = sigma->rows;
    struct vec values = vec_zero(mem, d);
    struct mat v = mat_zero(mem, d, d), scratch = mat_zero(mem, d, d);
    const struct vec tangent = mat_flat(s);

    check_square(lam, d);
    check_square(s, d);
    CHECK(d > 0, "%s", "a covariance of no dimension");
    if (vec_first_not_finite(&tangent) < tangent.n)
        return status_set(STATUS_DIVERGED, "a tangent covariance that is not finite");
    TRY(lapack_eigen(&values, &v, sigma));
    if (!(values.x[0] > 0))
        return status_set(STATUS_NOT_DEFINITE, "a covariance with the eigenvalue %g", values.x[0]);
    rotate(lam, &v, s, 1, &scratch);
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++)
            lam->a[i * d + j] /= values.x[i] + values.x[j];
    mat_set(&scratch, lam);
    struct mat half = mat_zero(mem, d, d);
    rotate(lam, &v, &scratch, 0, &half);
    mat_mirror_lower(lam);
    return STATUS_OK;
}

/* tr(A B) for symmetric A and B. */
static double trace_of_product(const struct mat *a, const struct mat *b)
{
    const struct vec x = mat_flat(a), y = mat_flat(b);

    return vec_dot(&x, &y);
}

static enum status fisher_norm(double *squared, const struct mat *sigma, const struct vec *m,
                               const struct mat *s, struct arena *mem)
{
    struct mat l = mat_copy(mem, sigma), a = mat_copy(mem, s), at;
    struct vec y = vec_copy(mem, m);

    TRY(lapack_cholesky(&l));
    TRY(lapack_cholesky_solve(&l, &y));
    TRY(lapack_cholesky_solve_matrix(&l, &a)); /* Sigma^-1 S */
    at = mat_transpose(mem, &a);
    *squared = vec_dot(m, &y) + trace_of_product(&a, &at) / 2;
    return STATUS_OK;
}

enum status gaussian_norm(double *squared, const struct mat *sigma, const struct vec *m,
                          const struct mat *s, enum gaussian_metric metric, struct arena *mem)
{
    const size_t d = sigma->rows;
    struct mat lam;

    CHECK(m->n == d, "a mean of %zu and a covariance of %zu", m->n, d);
    if (vec_first_not_finite(m) < d)
        return status_set(STATUS_DIVERGED, "a tangent mean that is not finite");
    if (metric == GAUSSIAN_FISHER)
        return fisher_norm(squared, sigma, m, s, mem);
    if (metric == GAUSSIAN_EUCLIDEAN) {
        *squared = vec_dot(m, m) + trace_of_product(s, s);
        return STATUS_OK;
    }
    lam = mat_zero(mem, d, d);
    TRY(gaussian_lyapunov(&lam, sigma, s, mem));
    *squared = vec_dot(m, m) + trace_of_product(&lam, s) / 2;
    return STATUS_OK;
}

void gaussian_natural(struct vec *v, struct mat *V, const struct mat *sigma, const struct vec *g,
                      const struct mat *G, enum gaussian_metric metric, struct mat *scratch)
{
    const size_t d = sigma->rows;

    check_square(V, d);
    check_square(scratch, d);
    check_square(G, d);
    CHECK(v->n == d && g->n == d, "means of %zu and %zu for %zu", v->n, g->n, d);
    if (metric == GAUSSIAN_EUCLIDEAN) {
        vec_set(v, g);
        mat_set(V, G);
        return;
    }
    mat_multiply(scratch, 2, G, MAT_AS_IS, sigma, MAT_AS_IS, 0);
    if (metric == GAUSSIAN_FISHER) {
        mat_vec(v, 1, sigma, g);
        mat_multiply(V, 1, sigma, MAT_AS_IS, scratch, MAT_AS_IS, 0);
        mat_mirror_lower(V);
        return;
    }
    vec_set(v, g);
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++)
            V->a[i * d + j] = scratch->a[i * d + j] + scratch->a[j * d + i];
}

enum status gaussian_distance(double *squared, struct vec *g, struct mat *G, const struct vec *mu,
                              const struct mat *sigma, const struct vec *target_mu,
                              const struct mat *target_sigma)
{
    CHECK((g == NULL) == (G == NULL), "one half of a gradient");
    TRY(bures_gaussian(squared, mu, sigma, target_mu, target_sigma));
    if (G == NULL)
        return STATUS_OK;
    TRY(bures_map(G, sigma, target_sigma));
    for (size_t k = 0; k < G->rows * G->cols; k++)
        G->a[k] = (k % (G->cols + 1) == 0) - G->a[k];
    for (size_t i = 0; i < g->n; i++)
        g->x[i] = 2 * (mu->x[i] - target_mu->x[i]);
    return STATUS_OK;
}
