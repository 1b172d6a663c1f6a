/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/normal_descent.h"

#include <math.h>

#include "base/check.h"

struct normal_estimator normal_estimator_make(struct arena *mem, size_t N, size_t M, size_t d,
                                              const struct kwng_options *options, double sigma_0)
{
    const size_t q = 2 * d;

    CHECK(M >= 1 && M <= N, "%zu basis points of %zu samples", M, N);
    return (struct normal_estimator){
        .metric = kwng_create(mem, M, q), .options = *options, .sigma_0 = sigma_0,
        .basis = {.y = mat_zero(mem, M, d), .coordinate = arena_get(mem, M, sizeof(size_t))},
        .chosen = arena_get(mem, M, sizeof(uint32_t)), .z = mat_zero(mem, N, d),
        .x = mat_zero(mem, N, d), .jacobian = mat_zero(mem, N * d, q),
        .c = mat_zero(mem, M, N * d), .gram = mat_zero(mem, M, M), .t = mat_zero(mem, M, q)};
}

void normal_estimator_start(struct normal_estimator *e, uint64_t seed)
{
    e->noise = rng_stream(seed, "noise");
    e->points = rng_stream(seed, "basis-points");
    e->coordinates = rng_stream(seed, "basis-coordinates");
}

static void draw(struct normal_estimator *e)
{
    const size_t M = e->basis.y.rows;

    rng_normals(&e->noise, e->z.a, e->z.rows * e->z.cols);
    rng_choose(&e->points, e->chosen, M, e->x.rows);
    for (size_t m = 0; m < M; m++)
        e->basis.coordinate[m] = rng_below(&e->coordinates, (uint32_t)e->x.cols);
}

enum status normal_estimator_sample(struct normal_estimator *e, enum gaussian_family family,
                                    const struct vec *theta)
{
    struct kernel k = {.family = KERNEL_GAUSSIAN};

    draw(e);
    gaussian_families_sample(&e->x, &e->jacobian, family, theta, &e->z);
    for (size_t m = 0; m < e->basis.y.rows; m++) {
        const struct vec from = mat_row(&e->x, e->chosen[m]);
        struct vec to = mat_row(&e->basis.y, m);

        vec_set(&to, &from);
    }
    TRY(kernel_bandwidth(&k.s2, e->sigma_0, &e->basis.y, &e->x));
    kwng_system(&e->c, &e->t, &k, &e->basis, &e->x, &e->jacobian);
    mat_gram(&e->gram, 1, &e->c, MAT_AS_IS, 0);
    return STATUS_OK;
}

void normal_descent_problem(struct vec *start, struct vec *target, struct rng *r, double v_low,
                            double exponent)
{
    const size_t d = start->n / 2;

    CHECK(d >= 2 && start->n == 2 * d && target->n == 2 * d, "%zu and %zu parameters", start->n,
          target->n);
    for (size_t i = 0; i < d; i++) {
        start->x[i] = rng_uniform(r);
        start->x[d + i] = sqrt(v_low + (1 - v_low) * rng_uniform(r));
        target->x[i] = 0;
        target->x[d + i] = pow(10, exponent / 2 * (1 - (double)i / (double)(d - 1)));
    }
}

struct normal_descent normal_descent_make(struct arena *mem, enum gaussian_family family,
                                          enum gaussian_metric metric,
                                          struct normal_estimator *estimator,
                                          const struct vec *start, const struct vec *target)
{
    const size_t q = start->n;
    struct normal_descent s = {.family = family, .metric = metric, .estimator = estimator,
                               .theta = vec_zero(mem, q), .target = vec_zero(mem, q),
                               .gradient = vec_zero(mem, q), .v = vec_zero(mem, q),
                               .next = vec_zero(mem, q), .condition = 1};

    gaussian_families_convert(&s.target, family, target, GAUSSIAN_NORMAL_STD);
    normal_descent_restart(&s, start);
    return s;
}

void normal_descent_restart(struct normal_descent *s, const struct vec *start)
{
    gaussian_families_convert(&s->theta, s->family, start, GAUSSIAN_NORMAL_STD);
}

enum status normal_descent_direction(struct normal_descent *s)
{
    struct normal_estimator *e = s->estimator;
    struct kwng_report report;

    TRY(gaussian_families_check(s->family, &s->theta));
    s->loss = gaussian_families_distance(&s->gradient, s->family, &s->theta, &s->target);
    if (e == NULL)
        return gaussian_families_natural(&s->v, s->family, &s->theta, &s->gradient, s->metric);
    TRY(normal_estimator_sample(e, s->family, &s->theta));
    TRY(kwng_factor(&e->metric, &e->gram, NULL, &e->t, &e->options));
    TRY(kwng_direction(&e->metric, &s->gradient, &s->v, &report));
    s->condition = fmax(s->condition, report.largest / report.smallest);
    return STATUS_OK;
}

enum status normal_descent_step(struct normal_descent *s, double step, int most, int *halvings)
{
    enum status status = STATUS_DIVERGED;

    for (int k = 0; k <= most; k++) {
        vec_set(&s->next, &s->theta);
        vec_axpy(&s->next, -step, &s->v);
        status = gaussian_families_check(s->family, &s->next);
        if (status == STATUS_OK) {
            vec_set(&s->theta, &s->next);
            return status;
        }
        step /= 2;
        *halvings += k < most;
    }
    return status;
}

enum status normal_descent_run(struct normal_run *run, struct normal_descent *s, uint64_t seed,
                               const struct vec *start, double step, size_t count, int most,
                               struct mat *path)
{
    const size_t every = path != NULL ? count / (path->rows - 1) : 1;
    enum status status = STATUS_OK;

    CHECK(path == NULL || every * (path->rows - 1) == count, "%zu points of %zu steps",
          path->rows - 1, count);
    *run = (struct normal_run){0};
    normal_descent_restart(s, start);
    if (s->estimator != NULL)
        normal_estimator_start(s->estimator, seed);
    for (;; run->done++) {
        if (path != NULL && run->done % every == 0) {
            struct vec row = mat_row(path, run->done / every);

            gaussian_families_convert(&row, GAUSSIAN_NORMAL_STD, &s->theta, s->family);
        }
        if (run->done == count)
            break;
        status = normal_descent_direction(s);
        if (status == STATUS_OK)
            status = normal_descent_step(s, step, most, &run->halvings);
        if (status != STATUS_OK)
            break;
    }
    run->loss = gaussian_families_distance(NULL, s->family, &s->theta, &s->target);
    return status == STATUS_DIVERGED || status == STATUS_NOT_DEFINITE ? STATUS_OK : status;
}
