/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/gaussian.h"

#include <math.h>

#include "aborts.h"
#include "linalg/lapack.h"
#include "test.h"
#include "transport/bures.h"

enum { D = 4 };

static struct mat covariance(struct arena *mem, struct rng *r)
{
    const struct mat a = mat_normal(mem, r, D, 2 * D, 1);
    struct mat sigma = mat_zero(mem, D, D);

    mat_gram(&sigma, 1.0 / (2 * D), &a, MAT_AS_IS, 0);
    return sigma;
}

static struct mat symmetric(struct arena *mem, struct rng *r)
{
    struct mat s = mat_normal(mem, r, D, D, 1);

    mat_mirror_lower(&s);
    return s;
}

static void lyapunov_solution_satisfies_its_equation(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(1, "matrices");
    const struct mat sigma = covariance(&mem, &r), s = symmetric(&mem, &r);
    struct mat lam = mat_zero(&mem, D, D), left = mat_copy(&mem, &s);

    (void)state;
    CHECK_STATUS(gaussian_lyapunov(&lam, &sigma, &s, &mem), STATUS_OK);
    mat_multiply(&left, 1, &lam, MAT_AS_IS, &sigma, MAT_AS_IS, -1);
    mat_multiply(&left, 1, &sigma, MAT_AS_IS, &lam, MAT_AS_IS, 1);
    CHECK_NEAR(mat_norm(&left), 0, 1e-13);
    CHECK_TRUE(mat_norm(&lam) > 0.1);
    for (size_t i = 0; i < D; i++)
        for (size_t j = 0; j < i; j++)
            CHECK_NEAR(lam.a[i * D + j], lam.a[j * D + i], 0);
    arena_free(&mem);
}

/* B = A + h S. */
static struct mat moved(struct arena *mem, const struct mat *a, double h, const struct mat *s)
{
    struct mat b = mat_copy(mem, a);
    struct vec to = mat_flat(&b), by = mat_flat(s);

    vec_axpy(&to, h, &by);
    return b;
}

/* W2^2(Sigma, Sigma + h S) = h^2 |S|^2 + O(h^3), both signs averaged. */
static void wasserstein_norm_is_the_square_of_a_small_move(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(2, "matrices");
    const struct mat sigma = covariance(&mem, &r), s = symmetric(&mem, &r);
    const struct vec m = vec_normal(&mem, &r, D, 1);
    const double h = 1e-4;
    double squared, sum = vec_dot(&m, &m);

    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        const struct mat to = moved(&mem, &sigma, sign * h, &s);
        double bures;

        CHECK_STATUS(bures_distance(&bures, &sigma, &to), STATUS_OK);
        sum += bures / (2 * h * h);
    }
    CHECK_STATUS(gaussian_norm(&squared, &sigma, &m, &s, GAUSSIAN_WASSERSTEIN, &mem), STATUS_OK);
    CHECK_RELATIVE(squared, sum, 1e-5);
    arena_free(&mem);
}

/* KL(N(h m, Sigma + h S) | N(0, Sigma)) = h^2 |(m, S)|^2 / 2 + O(h^3). */
static double divergence(struct arena *mem, const struct mat *sigma, const struct vec *m,
                         const struct mat *to)
{
    struct mat l = mat_copy(mem, sigma), l_to = mat_copy(mem, to), q = mat_copy(mem, to);
    struct vec y = vec_copy(mem, m);

    CHECK_STATUS(lapack_cholesky(&l), STATUS_OK);
    CHECK_STATUS(lapack_cholesky(&l_to), STATUS_OK);
    CHECK_STATUS(lapack_cholesky_solve_matrix(&l, &q), STATUS_OK);
    CHECK_STATUS(lapack_cholesky_solve(&l, &y), STATUS_OK);
    return (mat_trace(&q) - D + vec_dot(m, &y) + lapack_cholesky_log_determinant(&l) -
            lapack_cholesky_log_determinant(&l_to)) / 2;
}

static void fisher_norm_is_twice_a_small_divergence(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(3, "matrices");
    const struct mat sigma = covariance(&mem, &r), s = symmetric(&mem, &r);
    const struct vec m = vec_normal(&mem, &r, D, 1);
    const double h = 1e-4;
    double squared, sum = 0;

    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        const struct mat to = moved(&mem, &sigma, sign * h, &s);
        struct vec step = vec_copy(&mem, &m);

        vec_scale(&step, h);
        sum += divergence(&mem, &sigma, &step, &to) / (h * h);
    }
    CHECK_STATUS(gaussian_norm(&squared, &sigma, &m, &s, GAUSSIAN_FISHER, &mem), STATUS_OK);
    CHECK_RELATIVE(squared, sum, 1e-5);
    arena_free(&mem);
}

/* <u, natural gradient> in the metric is the derivative along u. */
static void natural_gradient_represents_the_derivative(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(4, "matrices");
    const struct mat sigma = covariance(&mem, &r), s = symmetric(&mem, &r), G = symmetric(&mem, &r);
    const struct vec m = vec_normal(&mem, &r, D, 1), g = vec_normal(&mem, &r, D, 1);
    const struct vec gf = mat_flat(&G), sf = mat_flat(&s);
    const double derivative = vec_dot(&g, &m) + vec_dot(&gf, &sf);

    (void)state;
    for (int k = GAUSSIAN_EUCLIDEAN; k <= GAUSSIAN_FISHER; k++) {
        const enum gaussian_metric metric = (enum gaussian_metric)k;
        struct vec v = vec_zero(&mem, D), sum = vec_copy(&mem, &m);
        struct mat V = mat_zero(&mem, D, D), scratch = mat_zero(&mem, D, D), both;
        double a, b, c;

        gaussian_natural(&v, &V, &sigma, &g, &G, metric, &scratch);
        vec_axpy(&sum, 1, &v);
        both = moved(&mem, &s, 1, &V);
        CHECK_STATUS(gaussian_norm(&a, &sigma, &sum, &both, metric, &mem), STATUS_OK);
        CHECK_STATUS(gaussian_norm(&b, &sigma, &m, &s, metric, &mem), STATUS_OK);
        CHECK_STATUS(gaussian_norm(&c, &sigma, &v, &V, metric, &mem), STATUS_OK);
        CHECK_NEAR((a - b - c) / 2, derivative, 1e-11 * (a + b + c));
    }
    arena_free(&mem);
}

/* ---- parameterizations of the covariance ---- */

enum { Q = D * (D + 1) / 2 };
enum covariance_form { ENTRIES, CHOLESKY, ROOT, FORMS };

/* S = d Sigma along the parameter (i, j), i >= j: Sigma itself, L of L L', or R of R R. */
static struct mat tangent(struct arena *mem, enum covariance_form form, const struct mat *factor,
                          size_t i, size_t j)
{
    struct mat e = mat_zero(mem, D, D), s = mat_zero(mem, D, D);

    e.a[i * D + j] = 1;
    if (form != CHOLESKY)
        e.a[j * D + i] = 1;
    if (form == ENTRIES)
        return e;
    mat_multiply(&s, 1, &e, MAT_AS_IS, factor, MAT_TRANSPOSED, 0);
    mat_multiply(&s, 1, factor, MAT_AS_IS, &e, MAT_TRANSPOSED, 1);
    return s;
}

static double squared_norm(struct arena *mem, const struct mat *sigma, const struct mat *s,
                           enum gaussian_metric metric)
{
    const struct vec none = vec_zero(mem, D);
    double squared;

    CHECK_STATUS(gaussian_norm(&squared, sigma, &none, s, metric, mem), STATUS_OK);
    return squared;
}

/* Sum of u_k S_k, u the natural gradient in these parameters from their metric, by polarization. */
static struct mat natural_by_parameters(struct arena *mem, enum covariance_form form,
                                        const struct mat *factor, const struct mat *sigma,
                                        const struct mat *G, enum gaussian_metric metric)
{
    const struct vec g = mat_flat(G);
    struct mat S[Q], system = mat_zero(mem, Q, Q), out = mat_zero(mem, D, D);
    struct vec u = vec_zero(mem, Q), to = mat_flat(&out);
    size_t q = 0;

    for (size_t i = 0; i < D; i++)
        for (size_t j = 0; j <= i; j++)
            S[q++] = tangent(mem, form, factor, i, j);
    for (size_t k = 0; k < Q; k++) {
        const struct vec s = mat_flat(&S[k]);

        u.x[k] = vec_dot(&g, &s);
        for (size_t l = 0; l < Q; l++) {
            const struct mat sum = moved(mem, &S[k], 1, &S[l]), less = moved(mem, &S[k], -1, &S[l]);

            system.a[k * Q + l] = (squared_norm(mem, sigma, &sum, metric) -
                                   squared_norm(mem, sigma, &less, metric)) / 4;
        }
    }
    CHECK_STATUS(lapack_cholesky(&system), STATUS_OK);
    CHECK_STATUS(lapack_cholesky_solve(&system, &u), STATUS_OK);
    for (size_t k = 0; k < Q; k++) {
        const struct vec s = mat_flat(&S[k]);

        vec_axpy(&to, u.x[k], &s);
    }
    return out;
}

/* In the entries i >= j of Sigma, in those of its Cholesky factor, in those of its root. */
static void natural_gradient_is_the_same_in_all_parameters(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(11, "matrices");
    const struct mat root = covariance(&mem, &r), G = symmetric(&mem, &r);
    const struct vec g = vec_zero(&mem, D);
    struct mat sigma = mat_zero(&mem, D, D), V = mat_zero(&mem, D, D);
    struct mat scratch = mat_zero(&mem, D, D);
    struct vec v = vec_zero(&mem, D);

    (void)state;
    mat_multiply(&sigma, 1, &root, MAT_AS_IS, &root, MAT_AS_IS, 0);
    struct mat l = mat_copy(&mem, &sigma);

    CHECK_STATUS(lapack_cholesky(&l), STATUS_OK);
    for (int k = GAUSSIAN_WASSERSTEIN; k <= GAUSSIAN_FISHER; k++)
        for (int form = ENTRIES; form < FORMS; form++) {
            const struct mat *factor = form == CHOLESKY ? &l : &root;
            const struct mat got = natural_by_parameters(&mem, (enum covariance_form)form, factor,
                                                         &sigma, &G, (enum gaussian_metric)k);

            gaussian_natural(&v, &V, &sigma, &g, &G, (enum gaussian_metric)k, &scratch);
            for (size_t i = 0; i < D * D; i++)
                CHECK_NEAR(got.a[i], V.a[i], 1e-9 * mat_norm(&V));
        }
    arena_free(&mem);
}

/* With A the gradient by the entries, symmetric, 2 G is A with twice its diagonal: the natural
 * gradient is (A + diag A) Sigma + Sigma (A + diag A). */
static void natural_gradient_by_entries_has_the_printed_form(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(12, "matrices");
    const struct mat sigma = covariance(&mem, &r), G = symmetric(&mem, &r);
    const struct vec none = vec_zero(&mem, D), g = mat_flat(&G);
    struct mat a = mat_zero(&mem, D, D), want = mat_zero(&mem, D, D), V = mat_zero(&mem, D, D);
    struct mat scratch = mat_zero(&mem, D, D);
    struct vec v = vec_zero(&mem, D);

    (void)state;
    for (size_t i = 0; i < D; i++)
        for (size_t j = 0; j <= i; j++) {
            const struct mat e = tangent(&mem, ENTRIES, NULL, i, j);
            const struct vec s = mat_flat(&e);

            a.a[i * D + j] = a.a[j * D + i] = (i == j ? 2 : 1) * vec_dot(&g, &s);
        }
    mat_multiply(&want, 1, &a, MAT_AS_IS, &sigma, MAT_AS_IS, 0);
    mat_multiply(&want, 1, &sigma, MAT_AS_IS, &a, MAT_AS_IS, 1);
    gaussian_natural(&v, &V, &sigma, &none, &G, GAUSSIAN_WASSERSTEIN, &scratch);
    for (size_t i = 0; i < D * D; i++)
        CHECK_NEAR(V.a[i], want.a[i], 1e-13 * mat_norm(&want));
    arena_free(&mem);
}

static void distance_has_its_gradient(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(5, "matrices");
    const struct mat sigma = covariance(&mem, &r), target = covariance(&mem, &r);
    const struct mat s = symmetric(&mem, &r);
    const struct vec mu = vec_normal(&mem, &r, D, 1), to = vec_normal(&mem, &r, D, 1);
    struct mat G = mat_zero(&mem, D, D);
    struct vec g = vec_zero(&mem, D), gf, sf;
    const double h = 1e-5;
    double distance, up, down;

    (void)state;
    CHECK_STATUS(gaussian_distance(&distance, &g, &G, &mu, &sigma, &to, &target), STATUS_OK);
    const struct mat high = moved(&mem, &sigma, h, &s), low = moved(&mem, &sigma, -h, &s);
    CHECK_STATUS(gaussian_distance(&up, NULL, NULL, &mu, &high, &to, &target), STATUS_OK);
    CHECK_STATUS(gaussian_distance(&down, NULL, NULL, &mu, &low, &to, &target), STATUS_OK);
    gf = mat_flat(&G);
    sf = mat_flat(&s);
    CHECK_NEAR(vec_dot(&gf, &sf), (up - down) / (2 * h), 1e-7);
    for (size_t i = 0; i < D; i++)
        CHECK_RELATIVE(g.x[i], 2 * (mu.x[i] - to.x[i]), 1e-15);
    CHECK_TRUE(distance > 0);
    arena_free(&mem);
}

/* On diagonal covariances the full geometry is that of the independent coordinates in v = s^2. */
static void diagonal_covariances_agree_with_the_family(void **state)
{
    struct arena mem = {0};
    const double v_[] = {0.5, 1, 2, 4}, gradient_[] = {1, -2, 3, -4, 0.5, -0.25, 2, 1};
    struct mat sigma = mat_zero(&mem, D, D), G = mat_zero(&mem, D, D), V = mat_zero(&mem, D, D);
    struct mat scratch = mat_zero(&mem, D, D);
    struct vec theta = vec_zero(&mem, 2 * D), gradient = vec_over(gradient_, 2 * D), v, natural;
    const struct vec g = vec_over(gradient_, D);

    (void)state;
    v = vec_zero(&mem, D);
    natural = vec_zero(&mem, 2 * D);
    for (size_t i = 0; i < D; i++) {
        sigma.a[i * D + i] = theta.x[D + i] = v_[i];
        G.a[i * D + i] = gradient_[D + i];
    }
    for (int k = GAUSSIAN_WASSERSTEIN; k <= GAUSSIAN_FISHER; k++) {
        gaussian_natural(&v, &V, &sigma, &g, &G, (enum gaussian_metric)k, &scratch);
        CHECK_STATUS(gaussian_families_natural(&natural, GAUSSIAN_NORMAL_VAR, &theta, &gradient,
                                               (enum gaussian_metric)k), STATUS_OK);
        for (size_t i = 0; i < D; i++) {
            CHECK_RELATIVE(v.x[i], natural.x[i], 1e-14);
            CHECK_RELATIVE(V.a[i * D + i], natural.x[D + i], 1e-14);
        }
    }
    arena_free(&mem);
}

/* The Wasserstein flow of W2^2 runs along the geodesic to the target, W2^2 = e^{-4 t} at t; Euler
 * steps leave it by the curvature, of first order in the step. */
static void flow_of_the_distance_contracts_by_four(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(7, "matrices");
    const struct mat start = covariance(&mem, &r), target = covariance(&mem, &r);
    const struct vec mu = vec_normal(&mem, &r, D, 1), to = vec_normal(&mem, &r, D, 1);
    struct mat G = mat_zero(&mem, D, D), V = mat_zero(&mem, D, D), scratch = mat_zero(&mem, D, D);
    struct vec g = vec_zero(&mem, D), v = vec_zero(&mem, D);
    double first, last, error[2];

    (void)state;
    for (int fine = 0; fine < 2; fine++) {
        const double lambda = fine ? 5e-4 : 1e-3, time = 0.1;
        struct mat sigma = mat_copy(&mem, &start);
        struct vec at = vec_copy(&mem, &mu), entries = mat_flat(&sigma), step = mat_flat(&V);

        CHECK_STATUS(gaussian_distance(&first, NULL, NULL, &at, &sigma, &to, &target), STATUS_OK);
        for (int k = 0; k < (int)(time / lambda + 0.5); k++) {
            CHECK_STATUS(gaussian_distance(&last, &g, &G, &at, &sigma, &to, &target), STATUS_OK);
            gaussian_natural(&v, &V, &sigma, &g, &G, GAUSSIAN_WASSERSTEIN, &scratch);
            vec_axpy(&at, -lambda, &v);
            vec_axpy(&entries, -lambda, &step);
        }
        CHECK_STATUS(gaussian_distance(&last, NULL, NULL, &at, &sigma, &to, &target), STATUS_OK);
        error[fine] = fabs(last / first - exp(-4 * time));
    }
    CHECK_TRUE(error[0] < 2e-3);
    CHECK_NEAR(error[0] / error[1], 2, 0.05);
    arena_free(&mem);
}

static void singular_covariances_have_a_status(void **state)
{
    struct arena mem = {0};
    struct rng r = rng_stream(6, "matrices");
    struct mat zero = mat_zero(&mem, D, D), lam = mat_zero(&mem, D, D), s = symmetric(&mem, &r);
    const struct mat one = mat_identity(&mem, D);
    struct vec m = vec_zero(&mem, D);
    double squared;

    (void)state;
    CHECK_STATUS(gaussian_lyapunov(&lam, &zero, &s, &mem), STATUS_NOT_DEFINITE);
    CHECK_STATUS(gaussian_norm(&squared, &zero, &m, &s, GAUSSIAN_WASSERSTEIN, &mem),
                 STATUS_NOT_DEFINITE);
    CHECK_STATUS(gaussian_norm(&squared, &zero, &m, &s, GAUSSIAN_FISHER, &mem),
                 STATUS_NOT_DEFINITE);
    CHECK_ABORTS(CHECK_STATUS(gaussian_distance(&squared, &m, NULL, &m, &lam, &m, &lam),
                              STATUS_OK));
    zero.a[0] = (double)NAN;
    CHECK_STATUS(gaussian_lyapunov(&lam, &zero, &s, &mem), STATUS_DIVERGED);
    s.a[1] = (double)NAN;
    CHECK_STATUS(gaussian_lyapunov(&lam, &one, &s, &mem), STATUS_DIVERGED);
    m.x[0] = (double)INFINITY;
    for (int k = GAUSSIAN_EUCLIDEAN; k <= GAUSSIAN_FISHER; k++)
        CHECK_STATUS(gaussian_norm(&squared, &one, &m, &one, (enum gaussian_metric)k, &mem),
                     STATUS_DIVERGED);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lyapunov_solution_satisfies_its_equation),
        cmocka_unit_test(wasserstein_norm_is_the_square_of_a_small_move),
        cmocka_unit_test(fisher_norm_is_twice_a_small_divergence),
        cmocka_unit_test(natural_gradient_represents_the_derivative),
        cmocka_unit_test(natural_gradient_is_the_same_in_all_parameters),
        cmocka_unit_test(natural_gradient_by_entries_has_the_printed_form),
        cmocka_unit_test(distance_has_its_gradient),
        cmocka_unit_test(diagonal_covariances_agree_with_the_family),
        cmocka_unit_test(flow_of_the_distance_contracts_by_four),
        cmocka_unit_test(singular_covariances_have_a_status),
    };

    return cmocka_run_group_tests_name("gaussian", tests, NULL, NULL);
}
