/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/wng_error.h"

#include <math.h>

#include "base/check.h"
#include "base/rng.h"
#include "geometry/kwng.h"
#include "linalg/lapack.h"

const enum gaussian_family wng_models[WNG_MODELS] = {GAUSSIAN_NORMAL_VAR, GAUSSIAN_LOG_NORMAL,
                                                     GAUSSIAN_SPHERE};

#define MODELS CELL_NAMES("normal", "log-normal", "sphere")
const struct axis wng_error_models = {.name = "model", .meaning = "family of distributions",
                                      .at = {MODELS, MODELS, MODELS}};

static void draw_parameters(struct vec *theta, enum gaussian_family family, size_t d,
                            struct rng *rng)
{
    const double low = family == GAUSSIAN_LOG_NORMAL ? 0.3 : 0.5;
    const double high = family == GAUSSIAN_LOG_NORMAL ? 0.6 : 1.5;

    for (size_t i = 0; i < theta->n; i++)
        theta->x[i] = i < d ? rng_uniform(rng) : low + (high - low) * rng_uniform(rng);
}

enum status wng_problem_draw(struct wng_problem *p, struct arena *mem, enum gaussian_family family,
                             size_t d, size_t n, uint64_t seed, int run)
{
    const size_t q = gaussian_families_parameters(family, d);
    struct rng model = rng_stream(seed, "model:%d:%zu", run, d);
    struct rng samples = rng_stream(seed, "samples:%d:%zu", run, d);
    const struct mat z = mat_normal(mem, &samples, n, d, 1);
    struct vec theta = vec_zero(mem, q), target = vec_zero(mem, q);

    *p = (struct wng_problem){.family = family, .seed = seed, .run = run,
                              .x = mat_zero(mem, n, d), .jacobian = mat_zero(mem, n * d, q),
                              .gradient = vec_zero(mem, q), .natural = vec_zero(mem, q)};
    draw_parameters(&theta, family, d, &model);
    gaussian_families_sample(&p->x, &p->jacobian, family, &theta, &z);
    if (family == GAUSSIAN_NORMAL_VAR) {
        for (size_t i = 0; i < q; i++)
            target.x[i] = i < d ? -1 : 0.5;
        gaussian_families_distance(&p->gradient, family, &theta, &target);
    } else {
        rng_normals(&model, p->gradient.x, q);
    }
    return gaussian_families_natural(&p->natural, family, &theta, &p->gradient,
                                     GAUSSIAN_WASSERSTEIN);
}

static struct kwng_basis draw_repeated(struct arena *mem, const struct mat *x, size_t m,
                                       struct rng *points, struct rng *coordinates)
{
    struct kwng_basis basis = kwng_basis_create(mem, m, x->cols);

    for (size_t i = 0; i < m; i++) {
        basis.row[i] = rng_below(points, (uint32_t)x->rows);
        const struct vec from = mat_row(x, basis.row[i]);
        struct vec to = mat_row(&basis.y, i);

        vec_set(&to, &from);
        basis.coordinate[i] = rng_below(coordinates, (uint32_t)x->cols);
    }
    return basis;
}

static enum status estimate(struct vec *v, const struct wng_problem *p, size_t n,
                            const struct wng_setting *s, struct arena *mem)
{
    const size_t d = p->x.cols, q = p->gradient.n, m = s->basis;
    const struct mat x = mat_rows(&p->x, 0, n), jacobian = mat_rows(&p->jacobian, 0, n * d);
    struct rng points = rng_stream(p->seed, "points:%d:%zu:%zu", p->run, d, n);
    struct rng coordinates = rng_stream(p->seed, "coordinates:%d:%zu:%zu", p->run, d, n);
    const struct kwng_basis basis = (s->repeated ? draw_repeated : kwng_basis_draw)(
        mem, &x, m, &points, &coordinates);
    struct mat c = mat_zero(mem, m, n * d), t = mat_zero(mem, m, q), gram = mat_zero(mem, m, m);
    struct mat ridge = mat_zero(mem, m, m);
    struct kwng g = kwng_create(mem, m, q);
    struct kernel kernel = s->kernel;
    struct kwng_report report;

    TRY(kernel_bandwidth(&kernel.s2, s->bandwidth, &basis.y, &x));
    kwng_system(&c, &t, &kernel, &basis, &x, &jacobian);
    mat_gram(&gram, 1, &c, MAT_AS_IS, 0);
    if (s->lambda > 0)
        kernel_mixed_gram(&ridge, &kernel, &basis.y, basis.coordinate);
    TRY(kwng_factor(&g, &gram, &ridge, &t,
                    &(struct kwng_options){.eps = s->eps, .lambda = s->lambda, .cut = s->cut}));
    return kwng_direction(&g, &p->gradient, v, &report);
}

static double relative_error(struct vec *v, const struct wng_problem *p)
{
    vec_axpy(v, -1, &p->natural);
    return vec_norm(v) / vec_norm(&p->natural);
}

enum status wng_error(double *error, const struct wng_problem *p, size_t n,
                      const struct wng_setting *setting)
{
    struct arena mem = {0};
    enum status status;

    CHECK(n <= p->x.rows && (setting->repeated || setting->basis <= n), "%zu basis points, %zu of "
          "%zu samples", setting->basis, n, p->x.rows);
    if (arena_guard(&mem)) {
        arena_free(&mem);
        return STATUS_MEMORY;
    }
    struct vec v = vec_zero(&mem, p->gradient.n);
    status = estimate(&v, p, n, setting, &mem);
    *error = relative_error(&v, p);
    arena_free(&mem);
    return status;
}

enum status wng_error_complete(double *error, const struct wng_problem *p, size_t n)
{
    struct arena mem = {0};
    enum status status;

    CHECK(n <= p->x.rows, "%zu of %zu samples", n, p->x.rows);
    if (arena_guard(&mem)) {
        arena_free(&mem);
        return STATUS_MEMORY;
    }
    const struct mat jacobian = mat_rows(&p->jacobian, 0, n * p->x.cols);
    struct mat metric = mat_zero(&mem, p->gradient.n, p->gradient.n);
    struct vec v = vec_copy(&mem, &p->gradient);

    mat_gram(&metric, 1 / (double)n, &jacobian, MAT_TRANSPOSED, 0);
    status = lapack_cholesky(&metric);
    if (status == STATUS_OK)
        status = lapack_cholesky_solve(&metric, &v);
    *error = relative_error(&v, p);
    arena_free(&mem);
    return status;
}

size_t wng_rule_unbounded(size_t d, size_t n)
{
    return (size_t)ceil((double)d * sqrt((double)n));
}

size_t wng_rule(size_t d, size_t n)
{
    const size_t m = wng_rule_unbounded(d, n);

    return m < n ? m : n;
}

double wng_bandwidth(enum gaussian_family family, double narrow, double wide)
{
    return family == GAUSSIAN_LOG_NORMAL ? wide : narrow;
}
