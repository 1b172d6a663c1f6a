/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/gaussian_families.h"

#include <math.h>

#include "aborts.h"
#include "test.h"

static const enum gaussian_family all[] = {GAUSSIAN_NORMAL_STD, GAUSSIAN_NORMAL_VAR,
                                           GAUSSIAN_NORMAL_LOG, GAUSSIAN_LOG_NORMAL,
                                           GAUSSIAN_SPHERE};

static struct vec theta_of(struct arena *mem, enum gaussian_family family, size_t d)
{
    struct vec theta = vec_zero(mem, gaussian_families_parameters(family, d));

    for (size_t i = 0; i < theta.n; i++)
        theta.x[i] = i < d ? 0.3 * (double)i - 0.2 : 0.4 + 0.1 * (double)(i - d);
    return theta;
}

static void jacobian_is_the_central_difference_of_the_sample(void **state)
{
    enum { N = 3, D = 4 };
    const double h = 1e-6;

    (void)state;
    for (size_t f = 0; f < 5; f++) {
        struct arena mem = {0};
        struct rng r = rng_stream(1, "z");
        struct vec theta = theta_of(&mem, all[f], D);
        struct mat z = mat_normal(&mem, &r, N, D, 1), x = mat_zero(&mem, N, D);
        struct mat up = mat_zero(&mem, N, D), down = mat_zero(&mem, N, D);
        struct mat jacobian = mat_zero(&mem, N * D, theta.n);

        jacobian.a[1] = 5; /* is written over */
        gaussian_families_sample(&x, &jacobian, all[f], &theta, &z);
        for (size_t i = 0; i < theta.n; i++) {
            const double at = theta.x[i];

            theta.x[i] = at + h;
            gaussian_families_sample(&up, NULL, all[f], &theta, &z);
            theta.x[i] = at - h;
            gaussian_families_sample(&down, NULL, all[f], &theta, &z);
            theta.x[i] = at;
            for (size_t k = 0; k < N * D; k++)
                CHECK_NEAR(jacobian.a[k * theta.n + i], (up.a[k] - down.a[k]) / (2 * h), 2e-8);
        }
        arena_free(&mem);
    }
}

static void samples_are_the_formulas(void **state)
{
    const double z_[] = {3, -4}, normal[] = {1, 2, 0.5, 0.25}, sphere[] = {1, 2, 5};
    const struct mat z = mat_over(z_, 1, 2);
    struct arena mem = {0};
    struct mat x = mat_zero(&mem, 1, 2);
    struct vec theta = vec_over(normal, 4);

    (void)state;
    gaussian_families_sample(&x, NULL, GAUSSIAN_NORMAL_STD, &theta, &z);
    CHECK_RELATIVE(x.a[0], 2.5, 1e-15);
    gaussian_families_sample(&x, NULL, GAUSSIAN_NORMAL_VAR, &theta, &z);
    CHECK_RELATIVE(x.a[1], 2 - 4 * 0.5, 1e-15);
    gaussian_families_sample(&x, NULL, GAUSSIAN_NORMAL_LOG, &theta, &z);
    CHECK_RELATIVE(x.a[0], 1 + 3 * exp(0.5), 1e-15);
    gaussian_families_sample(&x, NULL, GAUSSIAN_LOG_NORMAL, &theta, &z);
    CHECK_RELATIVE(x.a[1], exp(1), 1e-15);
    theta = vec_over(sphere, 3);
    gaussian_families_sample(&x, NULL, GAUSSIAN_SPHERE, &theta, &z);
    CHECK_RELATIVE(x.a[0], 1 + 3, 1e-15);
    CHECK_RELATIVE(x.a[1], 2 - 4, 1e-15);
    arena_free(&mem);
}

static double density(double z)
{
    return exp(-z * z / 2) / sqrt(2 * 3.14159265358979323846);
}

/* log density of x under theta, d = 1. */
static double log_density(enum gaussian_family family, const double theta[2], double x)
{
    const double y = family == GAUSSIAN_LOG_NORMAL ? log(x) : x;
    const double s = family == GAUSSIAN_NORMAL_VAR   ? sqrt(theta[1])
                     : family == GAUSSIAN_NORMAL_LOG ? exp(theta[1])
                                                     : theta[1];

    return -(y - theta[0]) * (y - theta[0]) / (2 * s * s) - log(s);
}

/* E[j_a j_b] over Z by the trapezoidal rule, exact to rounding for these integrands: j is the
 * Jacobian (Wasserstein) or the score (Fisher). */
static void integrate_metric(enum gaussian_family family, const struct vec *theta,
                             enum gaussian_metric metric, double g[2][2])
{
    const double step = 1.0 / 16, h = 1e-5;

    g[0][0] = g[0][1] = g[1][0] = g[1][1] = 0;
    for (double at = -12; at <= 12; at += step) {
        double x = 0, j[2] = {0, 0};
        struct mat z = mat_over(&at, 1, 1), sample = mat_over(&x, 1, 1), rows = mat_over(j, 1, 2);

        gaussian_families_sample(&sample, &rows, family, theta, &z);
        for (int a = 0; a < 2 && metric == GAUSSIAN_FISHER; a++) {
            double up[2] = {theta->x[0], theta->x[1]}, down[2] = {theta->x[0], theta->x[1]};

            up[a] += h;
            down[a] -= h;
            j[a] = (log_density(family, up, x) - log_density(family, down, x)) / (2 * h);
        }
        for (int a = 0; a < 2; a++)
            for (int b = 0; b < 2; b++)
                g[a][b] += step * density(at) * j[a] * j[b];
    }
}

static void metrics_are_integrals_over_the_samples(void **state)
{
    static const double u_[] = {0.7, -1.1}, tolerance[] = {0, 1e-12, 1e-7};

    (void)state;
    for (size_t f = 0; f < 4; f++)
        for (int metric = GAUSSIAN_WASSERSTEIN; metric <= GAUSSIAN_FISHER; metric++) {
            struct arena mem = {0};
            const struct vec theta = theta_of(&mem, all[f], 1), u = vec_over(u_, 2);
            double g[2][2], squared, expected = 0;

            integrate_metric(all[f], &theta, (enum gaussian_metric)metric, g);
            for (int a = 0; a < 2; a++)
                for (int b = 0; b < 2; b++)
                    expected += u_[a] * g[a][b] * u_[b];
            CHECK_STATUS(gaussian_families_norm(&squared, all[f], &theta, &u,
                                                (enum gaussian_metric)metric), STATUS_OK);
            CHECK_RELATIVE(squared, expected, tolerance[metric]);
            arena_free(&mem);
        }
}

/* <u, G v> = <u, gradient> for v = G^-1 gradient, by polarization of the norm. */
static void natural_gradient_inverts_the_metric(void **state)
{
    enum { D = 3 };

    (void)state;
    for (size_t f = 0; f < 5; f++)
        for (int m = GAUSSIAN_EUCLIDEAN; m <= GAUSSIAN_FISHER; m++) {
            const enum gaussian_metric metric = (enum gaussian_metric)m;
            struct arena mem = {0};
            struct rng r = rng_stream(2, "vectors");
            const struct vec theta = theta_of(&mem, all[f], D);
            struct vec gradient = vec_normal(&mem, &r, theta.n, 1), v = vec_zero(&mem, theta.n);
            struct vec u = vec_normal(&mem, &r, theta.n, 1), sum = vec_copy(&mem, &u);
            double a, b, c;

            if (all[f] == GAUSSIAN_SPHERE && metric == GAUSSIAN_FISHER) {
                arena_free(&mem);
                continue;
            }
            CHECK_STATUS(gaussian_families_natural(&v, all[f], &theta, &gradient, metric),
                         STATUS_OK);
            vec_axpy(&sum, 1, &v);
            CHECK_STATUS(gaussian_families_norm(&a, all[f], &theta, &sum, metric), STATUS_OK);
            CHECK_STATUS(gaussian_families_norm(&b, all[f], &theta, &u, metric), STATUS_OK);
            CHECK_STATUS(gaussian_families_norm(&c, all[f], &theta, &v, metric), STATUS_OK);
            CHECK_NEAR((a - b - c) / 2, vec_dot(&u, &gradient), 1e-12 * (a + b + c));
            CHECK_STATUS(gaussian_families_natural(&gradient, all[f], &theta, &gradient, metric),
                         STATUS_OK); /* in place */
            for (size_t i = 0; i < theta.n; i++)
                CHECK_NEAR(gradient.x[i], v.x[i], 0);
            arena_free(&mem);
        }
}

static void distance_has_its_gradient_and_ignores_the_parameterization(void **state)
{
    enum { D = 2 };
    const double h = 1e-6;

    (void)state;
    for (size_t f = 0; f < 3; f++) {
        struct arena mem = {0};
        struct vec theta = theta_of(&mem, all[f], D), target = vec_copy(&mem, &theta);
        struct vec gradient = vec_zero(&mem, 2 * D), other = vec_zero(&mem, 2 * D);
        struct vec other_target = vec_zero(&mem, 2 * D);
        double distance;

        target.x[0] += 0.5;
        target.x[3] += 0.2;
        distance = gaussian_families_distance(&gradient, all[f], &theta, &target);
        for (size_t i = 0; i < 2 * D; i++) {
            const double at = theta.x[i];
            double up, down;

            theta.x[i] = at + h;
            up = gaussian_families_distance(NULL, all[f], &theta, &target);
            theta.x[i] = at - h;
            down = gaussian_families_distance(NULL, all[f], &theta, &target);
            theta.x[i] = at;
            CHECK_NEAR(gradient.x[i], (up - down) / (2 * h), 1e-8);
        }
        for (size_t k = 0; k < 3; k++) {
            gaussian_families_convert(&other, all[k], &theta, all[f]);
            gaussian_families_convert(&other_target, all[k], &target, all[f]);
            CHECK_RELATIVE(gaussian_families_distance(NULL, all[k], &other, &other_target),
                           distance, 1e-13);
            gaussian_families_convert(&other, all[f], &other, all[k]);
            CHECK_RELATIVE(other.x[3], theta.x[3], 1e-14);
        }
        arena_free(&mem);
    }
}

/* An Euler step of size lambda of the Wasserstein flow of W2^2 multiplies it by (1 - 2 lambda)^2 in
 * (mu, s), where the metric is flat. */
static void a_step_contracts_the_distance_exactly(void **state)
{
    struct arena mem = {0};
    struct vec theta = theta_of(&mem, GAUSSIAN_NORMAL_STD, 3), target = vec_copy(&mem, &theta);
    struct vec gradient = vec_zero(&mem, 6), v = vec_zero(&mem, 6);
    double before;

    (void)state;
    for (size_t i = 0; i < 6; i++)
        target.x[i] += 0.1 * (double)(i + 1);
    before = gaussian_families_distance(&gradient, GAUSSIAN_NORMAL_STD, &theta, &target);
    CHECK_STATUS(gaussian_families_natural(&v, GAUSSIAN_NORMAL_STD, &theta, &gradient,
                                           GAUSSIAN_WASSERSTEIN), STATUS_OK);
    vec_axpy(&theta, -0.1, &v);
    CHECK_RELATIVE(gaussian_families_distance(NULL, GAUSSIAN_NORMAL_STD, &theta, &target) / before,
                   0.64, 1e-14);
    arena_free(&mem);
}

/* In v = s^2 a step of size lambda moves v to s ((1 - 4 lambda) s + 4 lambda s*): positive from
 * everywhere for 4 lambda <= 1, and beyond that up to s = s* 4 lambda / (4 lambda - 1). */
static void a_step_in_the_variance_stays_positive_up_to_a_quarter(void **state)
{
    static const struct { double lambda, s; int positive; } steps[] = {
        {0.25, 1000, 1}, {0.3, 5.99, 1}, {0.3, 6.01, 0}, {0.5, 1.99, 1}, {0.5, 2.01, 0}};
    struct arena mem = {0};
    struct vec theta = vec_zero(&mem, 2), target = vec_zero(&mem, 2), v = vec_zero(&mem, 2);

    (void)state;
    target.x[1] = 1;
    for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
        theta.x[1] = steps[k].s * steps[k].s;
        (void)gaussian_families_distance(&v, GAUSSIAN_NORMAL_VAR, &theta, &target);
        CHECK_STATUS(gaussian_families_natural(&v, GAUSSIAN_NORMAL_VAR, &theta, &v,
                                               GAUSSIAN_WASSERSTEIN), STATUS_OK);
        vec_axpy(&theta, -steps[k].lambda, &v);
        CHECK_STATUS(gaussian_families_check(GAUSSIAN_NORMAL_VAR, &theta),
                     steps[k].positive ? STATUS_OK : STATUS_DIVERGED);
    }
    arena_free(&mem);
}

static void metrics_beyond_double_have_a_status(void **state)
{
    const double far_[] = {400, 1}, narrow_[] = {0, -400}, g_[] = {1, 1};
    const struct vec far_out = vec_over(far_, 2), narrow = vec_over(narrow_, 2);
    const struct vec g = vec_over(g_, 2);
    struct arena mem = {0};
    struct vec v = vec_zero(&mem, 2);
    double squared;

    (void)state;
    CHECK_STATUS(gaussian_families_natural(&v, GAUSSIAN_LOG_NORMAL, &far_out, &g,
                                           GAUSSIAN_WASSERSTEIN), STATUS_OK); /* 1 / infinity */
    CHECK_NEAR(v.x[0], 0, 0);
    CHECK_STATUS(gaussian_families_norm(&squared, GAUSSIAN_LOG_NORMAL, &far_out, &g,
                                        GAUSSIAN_WASSERSTEIN), STATUS_DIVERGED);
    CHECK_STATUS(gaussian_families_natural(&v, GAUSSIAN_NORMAL_LOG, &narrow, &g,
                                           GAUSSIAN_WASSERSTEIN), STATUS_DIVERGED);
    CHECK_MESSAGE("metric");
    for (size_t f = 0; f < 5; f++) {
        const struct vec theta = theta_of(&mem, all[f], 1);
        double g_bad[] = {1, (double)NAN};
        const struct vec bad = vec_over(g_bad, 2);

        CHECK_STATUS(gaussian_families_natural(&v, all[f], &theta, &bad, GAUSSIAN_WASSERSTEIN),
                     STATUS_DIVERGED);
        CHECK_STATUS(gaussian_families_norm(&squared, all[f], &theta, &bad, GAUSSIAN_WASSERSTEIN),
                     STATUS_DIVERGED);
    }
    arena_free(&mem);
}

static void bad_parameters_have_a_status(void **state)
{
    struct arena mem = {0};
    double squared;

    (void)state;
    for (size_t f = 0; f < 5; f++) {
        struct vec theta = theta_of(&mem, all[f], 2), v = vec_zero(&mem, theta.n);
        const enum status zero = all[f] == GAUSSIAN_NORMAL_LOG ? STATUS_OK : STATUS_DIVERGED;

        CHECK_STATUS(gaussian_families_check(all[f], &theta), STATUS_OK);
        theta.x[0] = -5; /* a location may be anything */
        CHECK_STATUS(gaussian_families_check(all[f], &theta), STATUS_OK);
        theta.x[theta.n - 1] = 0;
        CHECK_STATUS(gaussian_families_check(all[f], &theta), zero);
        theta.x[theta.n - 1] = -1;
        CHECK_STATUS(gaussian_families_natural(&v, all[f], &theta, &v, GAUSSIAN_WASSERSTEIN), zero);
        CHECK_STATUS(gaussian_families_norm(&squared, all[f], &theta, &v, GAUSSIAN_EUCLIDEAN),
                     zero);
        theta.x[theta.n - 1] = 1;
        theta.x[1] = (double)NAN;
        CHECK_STATUS(gaussian_families_check(all[f], &theta), STATUS_DIVERGED);
        CHECK_MESSAGE("parameter 1");
    }
    struct vec sphere = theta_of(&mem, GAUSSIAN_SPHERE, 2), v = vec_zero(&mem, 3);
    CHECK_STATUS(gaussian_families_natural(&v, GAUSSIAN_SPHERE, &sphere, &v, GAUSSIAN_FISHER),
                 STATUS_USAGE);
    struct vec large = theta_of(&mem, GAUSSIAN_NORMAL_LOG, 1);
    large.x[1] = 1000;
    CHECK_STATUS(gaussian_families_check(GAUSSIAN_NORMAL_LOG, &large), STATUS_DIVERGED);
    large.x[1] = -1000;
    CHECK_STATUS(gaussian_families_check(GAUSSIAN_NORMAL_LOG, &large), STATUS_DIVERGED);
    CHECK_MESSAGE("scale 0");
    CHECK_ABORTS(gaussian_families_convert(&v, GAUSSIAN_LOG_NORMAL, &v, GAUSSIAN_NORMAL_STD));
    assert_int_equal(gaussian_families_parameters(GAUSSIAN_SPHERE, 4), 5);
    assert_int_equal(gaussian_families_parameters(GAUSSIAN_LOG_NORMAL, 4), 8);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jacobian_is_the_central_difference_of_the_sample),
        cmocka_unit_test(samples_are_the_formulas),
        cmocka_unit_test(metrics_are_integrals_over_the_samples),
        cmocka_unit_test(natural_gradient_inverts_the_metric),
        cmocka_unit_test(distance_has_its_gradient_and_ignores_the_parameterization),
        cmocka_unit_test(a_step_contracts_the_distance_exactly),
        cmocka_unit_test(a_step_in_the_variance_stays_positive_up_to_a_quarter),
        cmocka_unit_test(metrics_beyond_double_have_a_status),
        cmocka_unit_test(bad_parameters_have_a_status),
    };

    return cmocka_run_group_tests_name("gaussian_families", tests, NULL, NULL);
}
