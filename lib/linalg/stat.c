/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stat: see stat.h. */
#include "linalg/stat.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "linalg/vec.h"

/* The macros are floats. */
static const double undefined = (double)NAN, infinite = (double)INFINITY;

/* ---- sums over x_i, or over x_i - y_i where y is given ---- */

static double term(const double *x, const double *y, size_t i)
{
    return y != NULL ? x[i] - y[i] : x[i];
}

/* The mean of the terms, and the sum of their squared distances from it. */
struct moments {
    double mean, squares;
};

/* The mean of the terms' distances from `from`. */
static double mean_distance(const double *x, const double *y, size_t n, double from)
{
    struct vec_adder s = {0};

    for (size_t i = 0; i < n; i++)
        vec_adder_add(&s, term(x, y, i) - from);
    return vec_adder_total(&s) / (double)n;
}

/* Taking the mean of the residuals off makes the mean of equal terms exact, so that a sample that
 * does not vary has squares of exactly 0. */

static struct moments moments_of(const double *x, const double *y, size_t n)
{
    const double rough = mean_distance(x, y, n, 0.0);
    const double mean = rough + mean_distance(x, y, n, rough);
    const double off = mean_distance(x, y, n, mean);
    struct vec_adder s = {0};

    if (!isfinite(off)) /* also for n = 0 */
        return (struct moments){undefined, undefined};
    for (size_t i = 0; i < n; i++)
        vec_adder_add(&s, (term(x, y, i) - mean) * (term(x, y, i) - mean));
    const double squares = vec_adder_total(&s) - (double)n * off * off;
    return (struct moments){mean, squares < 0.0 ? 0.0 : squares};
}

double stat_mean(const double *x, size_t n)
{
    return moments_of(x, NULL, n).mean;
}

double stat_sd(const double *x, size_t n)
{
    return n < 2 ? undefined : sqrt(moments_of(x, NULL, n).squares / (double)(n - 1));
}

/* ---- intervals ---- */

double stat_t_quantile(double p, double df)
{
    CHECK(p > 0.0 && p < 1.0 && df > 0.0, "p %g, df %g", p, df);
    /* GSL would end the process where its iteration fails; without its handler it returns NaN. */
    gsl_error_handler_t *before = gsl_set_error_handler_off();
    const double t = gsl_cdf_tdist_Pinv(p, df);

    gsl_set_error_handler(before);
    return t;
}

static struct interval no_interval(size_t n, double mean)
{
    return (struct interval){
        .n = n, .mean = mean, .sd = undefined, .low = undefined, .high = undefined};
}

/* mean -+ error * t; an error of NaN gives NaN. */
static void widen(struct interval *out, double error, double df, double confidence)
{
    const double half = error * stat_t_quantile(0.5 + 0.5 * confidence, df);

    out->low = out->mean - half;
    out->high = out->mean + half;
}

static struct interval interval_of(const double *x, const double *y, size_t n, double confidence,
                                   int deterministic)
{
    const struct moments m = moments_of(x, y, n);
    struct interval out = no_interval(n, m.mean);

    CHECK(confidence > 0.0 && confidence < 1.0, "confidence %g", confidence);
    if (n == 1 && isfinite(m.mean)) {
        out.sd = deterministic ? 0.0 : undefined;
        out.low = deterministic ? m.mean : -infinite;
        out.high = deterministic ? m.mean : infinite;
    } else if (n > 1) {
        out.sd = sqrt(m.squares / (double)(n - 1));
        widen(&out, out.sd / sqrt((double)n), (double)(n - 1), confidence);
    }
    return out;
}

struct interval stat_interval(const double *x, size_t n, double confidence, int deterministic)
{
    return interval_of(x, NULL, n, confidence, deterministic);
}

struct interval stat_paired(const double *x, const double *y, size_t n, double confidence,
                            int deterministic)
{
    return interval_of(x, y, n, confidence, deterministic);
}

struct interval stat_welch(const double *x, size_t nx, const double *y, size_t ny,
                           double confidence)
{
    const struct moments mx = moments_of(x, NULL, nx), my = moments_of(y, NULL, ny);
    struct interval out = no_interval(nx + ny, mx.mean - my.mean);

    CHECK(confidence > 0.0 && confidence < 1.0, "confidence %g", confidence);
    if (!isfinite(out.mean))
        return out;
    if (nx < 2 || ny < 2) {
        out.low = -infinite;
        out.high = infinite;
        return out;
    }
    const double dx = (double)(nx - 1), dy = (double)(ny - 1);
    const double ex = mx.squares / dx / (double)nx, ey = my.squares / dy / (double)ny;

    out.sd = sqrt(mx.squares / dx + my.squares / dy);
    /* Welch-Satterthwaite; the shares of the error keep its square from underflowing. */
    const double share = ex + ey > 0.0 ? ex / (ex + ey) : 0.5;
    const double df = 1.0 / (share * share / dx + (1.0 - share) * (1.0 - share) / dy);
    if (isfinite(out.sd))
        widen(&out, sqrt(ex + ey), df, confidence);
    return out;
}

int stat_equivalent(const struct interval *i, double margin)
{
    return i->low >= -margin && i->high <= margin;
}

/* ---- order statistics ---- */

static enum status refuse(const double *x, size_t n)
{
    const struct vec all = vec_over(x, n);
    const size_t i = vec_first_not_finite(&all);

    if (i < n)
        return status_set(STATUS_DIVERGED, "value %zu of %zu is %g", i, n, x[i]);
    return n > 0 ? STATUS_OK : status_set(STATUS_NOTHING, "a statistic of no values");
}

enum status stat_quantile(const double *x, size_t n, double p, double *out)
{
    CHECK(p >= 0.0 && p <= 1.0, "p %g", p);
    *out = undefined;
    TRY(refuse(x, n));
    double *sorted = memory_get(n, sizeof *sorted);
    if (sorted == NULL)
        return STATUS_MEMORY;
    memcpy(sorted, x, n * sizeof *sorted);
    gsl_sort(sorted, 1, n);
    *out = gsl_stats_quantile_from_sorted_data(sorted, 1, n, p);
    memory_free(sorted);
    return STATUS_OK;
}

enum status stat_median(const double *x, size_t n, double *out)
{
    return stat_quantile(x, n, 0.5, out);
}

/* ---- two samples ---- */

/* Sums of products of the distances from the means. */
struct products {
    double xx, xy, yy;
};

static struct products products_of(const double *x, const double *y, size_t n)
{
    const double mx = stat_mean(x, n), my = stat_mean(y, n);
    struct vec_adder xx = {0}, xy = {0}, yy = {0};

    for (size_t i = 0; i < n; i++) {
        vec_adder_add(&xx, (x[i] - mx) * (x[i] - mx));
        vec_adder_add(&xy, (x[i] - mx) * (y[i] - my));
        vec_adder_add(&yy, (y[i] - my) * (y[i] - my));
    }
    return (struct products){vec_adder_total(&xx), vec_adder_total(&xy), vec_adder_total(&yy)};
}

/* 0 / 0 is the NaN of a sample that does not vary. */
double stat_correlation(const double *x, const double *y, size_t n)
{
    const struct products s = products_of(x, y, n);

    return s.xy / (sqrt(s.xx) * sqrt(s.yy));
}

double stat_slope(const double *x, const double *y, size_t n)
{
    const struct products s = products_of(x, y, n);

    return s.xy / s.xx;
}

enum status stat_ranks(const double *x, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = undefined;
    TRY(refuse(x, n));
    size_t *order = memory_get(n, sizeof *order);
    if (order == NULL)
        return STATUS_MEMORY;
    gsl_sort_index(order, x, 1, n);
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && x[order[end]] == x[order[first]]; end++)
            ;
        for (size_t i = first; i < end; i++)
            out[order[i]] = 0.5 * (double)(first + 1 + end);
    }
    memory_free(order);
    return STATUS_OK;
}

enum status stat_spearman(const double *x, const double *y, size_t n, double *rho)
{
    *rho = undefined;
    double *ranks = memory_get(n, 2 * sizeof *ranks);
    enum status status = ranks != NULL ? STATUS_OK : STATUS_MEMORY;
    if (status == STATUS_OK)
        status = stat_ranks(x, n, ranks);
    if (status == STATUS_OK)
        status = stat_ranks(y, n, ranks + n);
    if (status == STATUS_OK)
        *rho = stat_correlation(ranks, ranks + n, n);
    memory_free(ranks);
    if (status == STATUS_OK && isnan(*rho))
        return status_set(STATUS_NOTHING, "rank correlation of %zu values that do not vary", n);
    return status;
}

static int order_of(double a, double b)
{
    return (a > b) - (a < b);
}

double stat_kendall(const double *x, const double *y, size_t n)
{
    int64_t score = 0, untied_x = 0, untied_y = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]) || !isfinite(y[i]))
            return undefined;
        for (size_t j = 0; j < i; j++) {
            const int dx = order_of(x[i], x[j]), dy = order_of(y[i], y[j]);

            score += dx * dy;
            untied_x += dx != 0;
            untied_y += dy != 0;
        }
    }
    return (double)score / (sqrt((double)untied_x) * sqrt((double)untied_y));
}

/* ---- Mantel ---- */

/* The entries below the diagonal, in rows. */
static void lower_entries(const struct mat *a, double *out)
{
    for (size_t i = 1; i < a->rows; i++)
        for (size_t j = 0; j < i; j++)
            *out++ = a->a[i * a->cols + j];
}

/* (x - mean) / sqrt(sum (x - mean)^2); 0 / 0 is NaN when x does not vary. */
static void standardize(double *x, size_t n)
{
    const struct moments m = moments_of(x, NULL, n);

    for (size_t i = 0; i < n; i++)
        x[i] = (x[i] - m.mean) / sqrt(m.squares);
}

/* sum over i > j of a_ij b_{p_i p_j}: the correlation after relabelling standardized entries. */
static double relabelled(const double *a, const double *b, const uint32_t *p, size_t n)
{
    struct vec_adder s = {0};

    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            const size_t high = p[i] > p[j] ? p[i] : p[j], low = p[i] > p[j] ? p[j] : p[i];

            vec_adder_add(&s, *a++ * b[high * (high - 1) / 2 + low]);
        }
    return vec_adder_total(&s);
}

/* Draws the relabellings; a relabelling that only reorders the same terms ties with r, so k counts
 * down to r - 1e-12. */
static double mantel_p(const double *a, const double *b, uint32_t *order, size_t n, double r,
                       size_t permutations, struct rng *rng)
{
    size_t k = 0;

    for (size_t q = 0; q < permutations; q++) {
        rng_permutation(rng, order, n);
        k += relabelled(a, b, order, n) >= r - 1e-12;
    }
    return (double)(k + 1) / (double)(permutations + 1);
}

enum status stat_mantel(const struct mat *a, const struct mat *b, size_t permutations,
                        struct rng *rng, double *r, double *p)
{
    const size_t n = a->rows, pairs = n * (n - 1) / 2;

    CHECK(n >= 3 && a->cols == n && b->rows == n && b->cols == n, "%zu x %zu and %zu x %zu",
          a->rows, a->cols, b->rows, b->cols);
    *r = *p = undefined;
    double *entries = memory_get(pairs, 2 * sizeof *entries);
    uint32_t *order = memory_get(n, sizeof *order);
    enum status status = entries != NULL && order != NULL ? STATUS_OK : STATUS_MEMORY;
    if (status == STATUS_OK) {
        lower_entries(a, entries);
        lower_entries(b, entries + pairs);
        status = refuse(entries, 2 * pairs);
    }
    if (status == STATUS_OK) {
        standardize(entries, pairs);
        standardize(entries + pairs, pairs);
        *r = vec_dot(&(struct vec){pairs, entries}, &(struct vec){pairs, entries + pairs});
        if (isnan(*r))
            status = status_set(STATUS_NOTHING, "Mantel: distances that do not vary");
        else
            *p = mantel_p(entries, entries + pairs, order, n, *r, permutations, rng);
    }
    memory_free(entries);
    memory_free(order);
    return status;
}
