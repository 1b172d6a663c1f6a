/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vec: see vec.h. */
#include "linalg/vec.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/compiler.h"

#define LANES 16
#define BLOCK 256

/* ---- making ---- */

struct vec vec_zero(struct arena *mem, size_t n)
{
    return (struct vec){.n = n, .x = arena_get(mem, n, sizeof(double))};
}

struct vecf vec_zerof(struct arena *mem, size_t n)
{
    return (struct vecf){.n = n, .x = arena_get(mem, n, sizeof(float))};
}

struct vec vec_normal(struct arena *mem, struct rng *r, size_t n, double variance)
{
    CHECK(variance >= 0.0, "variance %g", variance);
    struct vec y = vec_zero(mem, n);

    rng_normals(r, y.x, n);
    vec_scale(&y, sqrt(variance));
    return y;
}

struct vecf vec_normalf(struct arena *mem, struct rng *r, size_t n, double variance)
{
    CHECK(variance >= 0.0, "variance %g", variance);
    struct vecf y = vec_zerof(mem, n);
    const double sd = sqrt(variance);

    for (size_t i = 0; i < n; i++)
        y.x[i] = (float)(sd * rng_normal(r));
    return y;
}

struct vec vec_copy(struct arena *mem, const struct vec *x)
{
    struct vec y = vec_zero(mem, x->n);

    vec_set(&y, x);
    return y;
}

struct vecf vec_copyf(struct arena *mem, const struct vecf *x)
{
    struct vecf y = vec_zerof(mem, x->n);

    vec_setf(&y, x);
    return y;
}

struct vec vec_over(const double *x, size_t n)
{
    return (struct vec){.n = n, .x = (double *)x};
}

struct vecf vec_overf(const float *x, size_t n)
{
    return (struct vecf){.n = n, .x = (float *)x};
}

/* ---- elementwise ---- */

void vec_set(struct vec *y, const struct vec *x)
{
    CHECK(y->n == x->n, "lengths %zu and %zu", y->n, x->n);
    if (x->n > 0)
        memmove(y->x, x->x, x->n * sizeof(double));
}

void vec_setf(struct vecf *y, const struct vecf *x)
{
    CHECK(y->n == x->n, "lengths %zu and %zu", y->n, x->n);
    if (x->n > 0)
        memmove(y->x, x->x, x->n * sizeof(float));
}

void vec_fill(struct vec *y, double value)
{
    for (size_t i = 0; i < y->n; i++)
        y->x[i] = value;
}

void vec_fillf(struct vecf *y, float value)
{
    for (size_t i = 0; i < y->n; i++)
        y->x[i] = value;
}

VECTORIZED static void scale(double *y, double a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] *= a;
}

VECTORIZED static void scalef(float *y, float a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] *= a;
}

VECTORIZED static void axpy(double *y, double a, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

VECTORIZED static void axpyf(float *y, float a, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

VECTORIZED static void mix(double *y, double a, const double *x, double b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = a * x[i] + b * y[i];
}

VECTORIZED static void mixf(float *y, float a, const float *x, float b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = a * x[i] + b * y[i];
}

void vec_scale(struct vec *y, double a)
{
    scale(y->x, a, y->n);
}

void vec_scalef(struct vecf *y, float a)
{
    scalef(y->x, a, y->n);
}

void vec_axpy(struct vec *y, double a, const struct vec *x)
{
    CHECK(y->n == x->n, "lengths %zu and %zu", y->n, x->n);
    axpy(y->x, a, x->x, x->n);
}

void vec_axpyf(struct vecf *y, float a, const struct vecf *x)
{
    CHECK(y->n == x->n, "lengths %zu and %zu", y->n, x->n);
    axpyf(y->x, a, x->x, x->n);
}

void vec_mix(struct vec *y, double a, const struct vec *x, double b)
{
    CHECK(y->n == x->n, "lengths %zu and %zu", y->n, x->n);
    mix(y->x, a, x->x, b, x->n);
}

void vec_mixf(struct vecf *y, float a, const struct vecf *x, float b)
{
    CHECK(y->n == x->n, "lengths %zu and %zu", y->n, x->n);
    mixf(y->x, a, x->x, b, x->n);
}

/* ---- the tree ---- */

/* Folds the lanes in halves and leaves them zero. */
static double fold(double lane[LANES])
{
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t k = 0; k < width; k++)
            lane[k] += lane[k + width];
    const double total = lane[0];

    memset(lane, 0, LANES * sizeof lane[0]);
    return total;
}

/* Joins the block that the lanes hold: as in binary counting, equal levels add up to the next. */
static void close_block(struct vec_adder *s)
{
    double value = fold(s->lane);
    size_t k = 0;

    for (size_t blocks = s->n / BLOCK; blocks % 2 == 0; blocks /= 2)
        value = s->level[k++] + value;
    s->level[k] = value;
}

void vec_adder_add(struct vec_adder *s, double term)
{
    s->lane[s->n % LANES] += term;
    s->n++;
    if (s->n % BLOCK == 0)
        close_block(s);
}

double vec_adder_total(const struct vec_adder *s)
{
    double lane[LANES];
    size_t blocks = s->n / BLOCK;

    memcpy(lane, s->lane, sizeof lane);
    double total = fold(lane);
    for (size_t k = 0; blocks > 0; k++, blocks /= 2)
        if (blocks % 2 == 1)
            total = s->level[k] + total;
    return total;
}

/* Adds the terms first .. first + count - 1 of one reduction to the lanes, count <= BLOCK. */
typedef void block_terms(double *restrict lane, const void *x, const void *y, size_t first,
                         size_t count);

static double reduce(block_terms *terms, const void *x, const void *y, size_t n)
{
    struct vec_adder s = {0};

    while (n - s.n >= BLOCK) {
        terms(s.lane, x, y, s.n, BLOCK);
        s.n += BLOCK;
        close_block(&s);
    }
    if (n > s.n)
        terms(s.lane, x, y, s.n, n - s.n);
    s.n = n;
    return vec_adder_total(&s);
}

VECTORIZED static void sum_terms(double *restrict lane, const void *x, const void *y, size_t first,
                                 size_t count)
{
    const double *p = (const double *)x + first;
    size_t i = 0;

    (void)y;
    for (; i + LANES <= count; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] += p[i + k];
    for (size_t k = 0; i + k < count; k++)
        lane[k] += p[i + k];
}

VECTORIZED static void sum_termsf(double *restrict lane, const void *x, const void *y,
                                  size_t first, size_t count)
{
    const float *p = (const float *)x + first;
    size_t i = 0;

    (void)y;
    for (; i + LANES <= count; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] += (double)p[i + k];
    for (size_t k = 0; i + k < count; k++)
        lane[k] += (double)p[i + k];
}

VECTORIZED static void dot_terms(double *restrict lane, const void *x, const void *y, size_t first,
                                 size_t count)
{
    const double *p = (const double *)x + first, *q = (const double *)y + first;
    size_t i = 0;

    for (; i + LANES <= count; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] += p[i + k] * q[i + k];
    for (size_t k = 0; i + k < count; k++)
        lane[k] += p[i + k] * q[i + k];
}

VECTORIZED static void dot_termsf(double *restrict lane, const void *x, const void *y,
                                  size_t first, size_t count)
{
    const float *p = (const float *)x + first, *q = (const float *)y + first;
    size_t i = 0;

    for (; i + LANES <= count; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] += (double)p[i + k] * (double)q[i + k];
    for (size_t k = 0; i + k < count; k++)
        lane[k] += (double)p[i + k] * (double)q[i + k];
}

VECTORIZED static void distance_terms(double *restrict lane, const void *x, const void *y,
                                      size_t first, size_t count)
{
    const double *p = (const double *)x + first, *q = (const double *)y + first;
    size_t i = 0;

    for (; i + LANES <= count; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] += (p[i + k] - q[i + k]) * (p[i + k] - q[i + k]);
    for (size_t k = 0; i + k < count; k++)
        lane[k] += (p[i + k] - q[i + k]) * (p[i + k] - q[i + k]);
}

VECTORIZED static void distance_termsf(double *restrict lane, const void *x, const void *y,
                                       size_t first, size_t count)
{
    const float *p = (const float *)x + first, *q = (const float *)y + first;
    size_t i = 0;

    for (; i + LANES <= count; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            const double d = (double)p[i + k] - (double)q[i + k];

            lane[k] += d * d;
        }
    for (size_t k = 0; i + k < count; k++) {
        const double d = (double)p[i + k] - (double)q[i + k];

        lane[k] += d * d;
    }
}

/* ---- reductions ---- */

double vec_sum(const struct vec *x)
{
    return reduce(sum_terms, x->x, NULL, x->n);
}

double vec_sumf(const struct vecf *x)
{
    return reduce(sum_termsf, x->x, NULL, x->n);
}

double vec_dot(const struct vec *x, const struct vec *y)
{
    CHECK(x->n == y->n, "lengths %zu and %zu", x->n, y->n);
    return reduce(dot_terms, x->x, y->x, x->n);
}

double vec_dotf(const struct vecf *x, const struct vecf *y)
{
    CHECK(x->n == y->n, "lengths %zu and %zu", x->n, y->n);
    return reduce(dot_termsf, x->x, y->x, x->n);
}

/* m sqrt(sum (x / m)^2) with m = max |x|, where the plain sum leaves the safe range. */
static double scaled_norm(const struct vec *x)
{
    const double m = vec_max_abs(x);
    struct vec_adder s = {0};

    if (!isfinite(m) || m == 0.0)
        return m;
    for (size_t i = 0; i < x->n; i++)
        vec_adder_add(&s, (x->x[i] / m) * (x->x[i] / m));
    return m * sqrt(vec_adder_total(&s));
}

double vec_norm(const struct vec *x)
{
    const double square = vec_dot(x, x);

    /* Squares below 1e-308 lose digits; with a sum above 1e-280 they do not matter. */
    if (square > 1e-280 && square < 1e300)
        return sqrt(square);
    return scaled_norm(x);
}

double vec_normf(const struct vecf *x)
{
    return sqrt(vec_dotf(x, x)); /* the square of a float is a normal double */
}

double vec_mean_squared_difference(const struct vec *x, const struct vec *y)
{
    CHECK(x->n == y->n && x->n > 0, "lengths %zu and %zu", x->n, y->n);
    return reduce(distance_terms, x->x, y->x, x->n) / (double)x->n;
}

double vec_mean_squared_differencef(const struct vecf *x, const struct vecf *y)
{
    CHECK(x->n == y->n && x->n > 0, "lengths %zu and %zu", x->n, y->n);
    return reduce(distance_termsf, x->x, y->x, x->n) / (double)x->n;
}

double vec_max(const struct vec *x)
{
    CHECK(x->n > 0, "the maximum of nothing");
    double m = x->x[0];

    for (size_t i = 1; i < x->n; i++)
        if (!(x->x[i] <= m)) /* also when either is NaN; then the next line keeps it */
            m = isnan(m) ? m : x->x[i];
    return m;
}

float vec_maxf(const struct vecf *x)
{
    CHECK(x->n > 0, "the maximum of nothing");
    float m = x->x[0];

    for (size_t i = 1; i < x->n; i++)
        if (!(x->x[i] <= m))
            m = isnan(m) ? m : x->x[i];
    return m;
}

double vec_max_abs(const struct vec *x)
{
    double m = 0.0;

    for (size_t i = 0; i < x->n; i++)
        if (!(fabs(x->x[i]) <= m))
            m = isnan(m) ? m : fabs(x->x[i]);
    return m;
}

float vec_max_absf(const struct vecf *x)
{
    float m = 0.0f;

    for (size_t i = 0; i < x->n; i++)
        if (!(fabsf(x->x[i]) <= m))
            m = isnan(m) ? m : fabsf(x->x[i]);
    return m;
}

double vec_log_sum_exp(const struct vec *x)
{
    struct vec_adder s = {0};

    if (x->n == 0)
        return -(double)INFINITY;
    const double m = vec_max(x);
    if (!isfinite(m))
        return m;
    for (size_t i = 0; i < x->n; i++)
        vec_adder_add(&s, exp(x->x[i] - m));
    return m + log(vec_adder_total(&s));
}

/* 0 * x is NaN for what is not finite and 0 for the rest, so a sum of them tells for a block. */
VECTORIZED static double zero_times_sum(const double x[BLOCK])
{
    double lane[LANES] = {0};

    for (size_t i = 0; i < BLOCK; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] += 0.0 * x[i + k];
    return fold(lane);
}

size_t vec_first_not_finite(const struct vec *x)
{
    size_t i = 0;

    while (x->n - i >= BLOCK && zero_times_sum(x->x + i) == 0.0)
        i += BLOCK;
    while (i < x->n && isfinite(x->x[i]))
        i++;
    return i;
}

size_t vec_first_not_finitef(const struct vecf *x)
{
    size_t i = 0;

    while (i < x->n && isfinite(x->x[i]))
        i++;
    return i;
}
