/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_kernel: see sinkhorn_kernel.h. */
#include "transport/sinkhorn_kernel.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

#define LANES 16
/* Inner loops of this length stay loops, which compilers vectorize better than what they unroll. */
#define CHUNK 64
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* 1.5 * 2^52: adding it rounds to an integer, which then stands in the low bits. */
static const double rounder = 0x1.8p52;
static const double log2_of_e = 0x1.71547652b82fep+0;
/* log 2 in two parts; n times the first is exact for |n| < 2^11. */
static const double log2_high = 0x1.62e42fee00000p-1, log2_low = 0x1.a39ef35793c76p-33;

ALWAYS_INLINE uint64_t bits_of(double x)
{
    uint64_t b;

    memcpy(&b, &x, sizeof b);
    return b;
}

ALWAYS_INLINE double double_of(uint64_t b)
{
    double x;

    memcpy(&x, &b, sizeof x);
    return x;
}

/* exp(x) = 2^n exp(r), |r| <= log(2) / 2; the Taylor series to r^13 leaves 5e-18. */
ALWAYS_INLINE double exp_of(double given)
{
    const double raised = given < SINKHORN_KERNEL_LOWEST ? SINKHORN_KERNEL_LOWEST : given;
    const double x = raised > 700.0 ? 700.0 : raised;
    const double shifted = x * log2_of_e + rounder, n = shifted - rounder;
    const double r = (x - n * log2_high) - n * log2_low, r2 = r * r, r4 = r2 * r2;
    const double low = (1.0 / 6 + r * (1.0 / 24)) + r2 * (1.0 / 120 + r * (1.0 / 720));
    const double middle =
        (1.0 / 5040 + r * (1.0 / 40320)) + r2 * (1.0 / 362880 + r * (1.0 / 3628800));
    const double high = 1.0 / 39916800 + r * (1.0 / 479001600) + r2 * (1.0 / 6227020800.0);
    const double tail = low + r4 * (middle + r4 * high);
    const double mantissa = 1.0 + (r + r2 * (0.5 + r * tail));
    const double y = double_of(bits_of(mantissa) + (bits_of(shifted) << 52));

    return given < SINKHORN_KERNEL_LOWEST ? 0.0 : y;
}

/* log(x) of a normal x = 2^k m, sqrt(1/2) <= m < sqrt 2: 2 atanh((m - 1) / (m + 1)), to the 21st
 * power. */
ALWAYS_INLINE double log_of(double x)
{
    const uint64_t offset = UINT64_C(0x3fe6a09e667f3bcd), b = bits_of(x) - offset;
    /* b is shifted to be positive; k + 2048 goes into the low bits of 2^52. */
    const uint64_t k = (b + (UINT64_C(2048) << 52)) >> 52;
    const double exponent = double_of(UINT64_C(0x4330000000000000) | k) - (0x1p52 + 2048.0);
    const double m = double_of((b & UINT64_C(0x000fffffffffffff)) + offset);
    const double s = (m - 1.0) / (m + 1.0), z = s * s;
    double p = 1.0 / 21;

    p = p * z + 1.0 / 19;
    p = p * z + 1.0 / 17;
    p = p * z + 1.0 / 15;
    p = p * z + 1.0 / 13;
    p = p * z + 1.0 / 11;
    p = p * z + 1.0 / 9;
    p = p * z + 1.0 / 7;
    p = p * z + 1.0 / 5;
    p = p * z + 1.0 / 3;
    return exponent * log2_high + (exponent * log2_low + 2.0 * (s + s * z * p));
}

ALWAYS_INLINE double folded(double lane[LANES])
{
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

VECTORIZED static void exp_clones(double *y, const double *x, size_t n)
{
    for (size_t j = 0; j < n; j++)
        y[j] = exp_of(x[j]);
}

VECTORIZED static double max_clones(const double *restrict c, const double *restrict beta,
                                    double inverse, size_t n)
{
    double lane[CHUNK], largest = -(double)INFINITY;
    size_t j = 0;

    for (size_t l = 0; l < CHUNK; l++)
        lane[l] = largest;
    for (; j + CHUNK <= n; j += CHUNK)
        for (size_t l = 0; l < CHUNK; l++) {
            const double x = beta[j + l] - inverse * c[j + l];
            lane[l] = x > lane[l] ? x : lane[l];
        }
    for (size_t l = 0; j < n; j++, l++) {
        const double x = beta[j] - inverse * c[j];
        lane[l] = x > lane[l] ? x : lane[l];
    }
    for (size_t l = 0; l < CHUNK; l++)
        largest = lane[l] > largest ? lane[l] : largest;
    return largest;
}

VECTORIZED static double fill_clones(double *restrict k, const double *restrict c,
                                     const double *restrict beta, double inverse, double shift,
                                     size_t n)
{
    double lane[LANES] = {0.0};
    size_t j = 0;

    for (size_t i = 0; i < n; i++)
        k[i] = exp_of(beta[i] - inverse * c[i] - shift);
    for (; j + LANES <= n; j += LANES)
        for (size_t l = 0; l < LANES; l++)
            lane[l] += k[j + l];
    for (size_t l = 0; j < n; j++, l++)
        lane[l] += k[j];
    return folded(lane);
}

VECTORIZED static void column_max_clones(double *restrict largest, const double *restrict c,
                                         double alpha, double inverse, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        const double x = alpha - inverse * c[j];
        largest[j] = x > largest[j] ? x : largest[j];
    }
}

VECTORIZED static void column_add_clones(double *restrict sum, const double *restrict c,
                                         double alpha, double inverse, const double *restrict shift,
                                         size_t n)
{
    for (size_t j = 0; j < n; j++)
        sum[j] += exp_of(alpha - inverse * c[j] - shift[j]);
}

VECTORIZED static double dot_clones(const double *restrict x, const double *restrict y, size_t n)
{
    double lane[LANES] = {0.0};
    size_t j = 0;

    for (; j + LANES <= n; j += LANES)
        for (size_t l = 0; l < LANES; l++)
            lane[l] += x[j + l] * y[j + l];
    for (size_t l = 0; j < n; j++, l++)
        lane[l] += x[j] * y[j];
    return folded(lane);
}

VECTORIZED static void axpy_clones(double *restrict y, double a, const double *restrict x, size_t n)
{
    for (size_t j = 0; j < n; j++)
        y[j] += a * x[j];
}

VECTORIZED static double marginal_clones(double *restrict columns, const double *restrict p,
                                         size_t n)
{
    double lane[LANES] = {0.0};
    size_t j = 0;

    for (; j + LANES <= n; j += LANES)
        for (size_t l = 0; l < LANES; l++)
            lane[l] += p[j + l];
    for (size_t l = 0; j < n; j++, l++)
        lane[l] += p[j];
    for (j = 0; j < n; j++)
        columns[j] += p[j];
    return folded(lane);
}

/* term[l] = p log p of up to CHUNK entries, the rest 0. */
ALWAYS_INLINE void entropy_terms(double *restrict term, const double *restrict p, size_t n)
{
    double x[CHUNK];

    for (size_t l = 0; l < CHUNK; l++)
        x[l] = 1.0;
    for (size_t l = 0; l < n; l++)
        x[l] = p[l] >= 1e-300 ? p[l] : 1.0;
    for (size_t l = 0; l < CHUNK; l++)
        term[l] = x[l] * log_of(x[l]);
}

ALWAYS_INLINE void add_terms(double lane[LANES], const double *term)
{
    for (size_t l = 0; l < CHUNK; l += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] += term[l + k];
}

VECTORIZED static double entropy_clones(const double *p, size_t n)
{
    double lane[LANES] = {0.0}, term[CHUNK];

    for (size_t j = 0; j < n; j += CHUNK) {
        entropy_terms(term, p + j, n - j < CHUNK ? n - j : CHUNK);
        add_terms(lane, term);
    }
    return folded(lane);
}

VECTORIZED static double cost_clones(const double *restrict c, const double *restrict p, size_t n)
{
    double lane[LANES] = {0.0}, term[CHUNK] = {0.0};

    for (size_t j = 0; j < n; j += CHUNK) {
        const size_t end = n - j < CHUNK ? n - j : CHUNK;
        for (size_t l = 0; l < end; l++) {
            const double x = p[j + l] * c[j + l];
            term[l] = p[j + l] > 0.0 ? x : 0.0;
        }
        for (size_t l = end; l < CHUNK; l++)
            term[l] = 0.0;
        add_terms(lane, term);
    }
    return folded(lane);
}

VECTORIZED static int range_clones(const double *c, size_t n, double *lowest, double *highest)
{
    double low[CHUNK], high[CHUNK], good[CHUNK], all = 1.0;

    for (size_t l = 0; l < CHUNK; l++) {
        low[l] = (double)INFINITY;
        high[l] = -(double)INFINITY;
        good[l] = 1.0;
    }
    for (size_t j = 0; j < n; j += CHUNK) {
        const size_t end = n - j < CHUNK ? n - j : CHUNK;
        for (size_t l = 0; l < end; l++) {
            const double x = c[j + l], finite = x < (double)INFINITY ? x : -(double)INFINITY;
            low[l] = x < low[l] ? x : low[l];
            high[l] = finite > high[l] ? finite : high[l];
            good[l] = x > -(double)INFINITY ? good[l] : 0.0;
        }
    }
    for (size_t l = 0; l < CHUNK; l++) {
        *lowest = low[l] < *lowest ? low[l] : *lowest;
        *highest = high[l] > *highest ? high[l] : *highest;
        all = good[l] < all ? good[l] : all;
    }
    return all > 0.0;
}

VECTORIZED static void scale_clones(double *restrict p, double u, const double *restrict v,
                                    size_t n)
{
    for (size_t j = 0; j < n; j++)
        p[j] *= u * v[j];
}

/* clang gives the clones' dispatcher another name, so they stay inside this file. */

void sinkhorn_kernel_exp(double *y, const double *x, size_t n)
{
    exp_clones(y, x, n);
}

double sinkhorn_kernel_max(const double *c, const double *beta, double inverse, size_t n)
{
    return max_clones(c, beta, inverse, n);
}

double sinkhorn_kernel_fill(double *k, const double *c, const double *beta, double inverse,
                            double shift, size_t n)
{
    return fill_clones(k, c, beta, inverse, shift, n);
}

void sinkhorn_kernel_column_max(double *largest, const double *c, double alpha, double inverse,
                                size_t n)
{
    column_max_clones(largest, c, alpha, inverse, n);
}

void sinkhorn_kernel_column_add(double *sum, const double *c, double alpha, double inverse,
                                const double *shift, size_t n)
{
    column_add_clones(sum, c, alpha, inverse, shift, n);
}

double sinkhorn_kernel_dot(const double *x, const double *y, size_t n)
{
    return dot_clones(x, y, n);
}

void sinkhorn_kernel_axpy(double *y, double a, const double *x, size_t n)
{
    axpy_clones(y, a, x, n);
}

double sinkhorn_kernel_entropy(const double *p, size_t n)
{
    return entropy_clones(p, n);
}

void sinkhorn_kernel_scale(double *p, double u, const double *v, size_t n)
{
    scale_clones(p, u, v, n);
}

double sinkhorn_kernel_marginal(double *columns, const double *p, size_t n)
{
    return marginal_clones(columns, p, n);
}

double sinkhorn_kernel_cost(const double *c, const double *p, size_t n)
{
    return cost_clones(c, p, n);
}

int sinkhorn_kernel_range(const double *c, size_t n, double *lowest, double *highest)
{
    return range_clones(c, n, lowest, highest);
}
