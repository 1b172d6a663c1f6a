/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rng: see rng.h. The only file that may include gsl_randist.h, whose gsl_cblas.h and OpenBLAS's
 * cblas.h exclude each other. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <Random123/philox.h>

#include "base/check.h"
#include "base/rng.h"

/* ---- streams ---- */

/* FNV-1a, then the finalizer of splitmix64. */
static uint64_t hash(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
    return h ^ (h >> 31);
}

struct rng rng_stream(uint64_t seed, const char *label, ...)
{
    char name[256];
    va_list list;

    va_start(list, label);
    const int n = vsnprintf(name, sizeof name, label, list);
    va_end(list);
    CHECK(n >= 0 && (size_t)n < sizeof name, "a label of at most 255 bytes: %s", label);
    return (struct rng){.seed = seed, .label = hash(name)};
}

static void next_block(struct rng *r)
{
    const philox4x32_key_t key = {{(uint32_t)r->seed, (uint32_t)(r->seed >> 32)}};
    const philox4x32_ctr_t counter = {{(uint32_t)r->block, (uint32_t)(r->block >> 32),
                                       (uint32_t)r->label, (uint32_t)(r->label >> 32)}};
    const philox4x32_ctr_t out = philox4x32(counter, key);

    memcpy(r->word, out.v, sizeof r->word);
    r->block++;
    r->left = 4;
}

uint32_t rng_word(struct rng *r)
{
    if (r->left == 0)
        next_block(r);
    return r->word[4 - r->left--];
}

uint64_t rng_word64(struct rng *r)
{
    const uint64_t low = rng_word(r);

    return low | (uint64_t)rng_word(r) << 32;
}

double rng_uniform(struct rng *r)
{
    return (double)(rng_word64(r) >> 11) * 0x1p-53;
}

float rng_uniformf(struct rng *r)
{
    return (float)(rng_word(r) >> 8) * 0x1p-24f;
}

/* D. Lemire, Fast random integer generation in an interval (2019), algorithm 5. */
uint32_t rng_below(struct rng *r, uint32_t bound)
{
    CHECK(bound >= 1, "a positive bound, not %u", bound);
    uint64_t product = (uint64_t)rng_word(r) * bound;

    if ((uint32_t)product < bound) {
        const uint32_t threshold = (0u - bound) % bound; /* 2^32 mod bound */
        while ((uint32_t)product < threshold)
            product = (uint64_t)rng_word(r) * bound;
    }
    return (uint32_t)(product >> 32);
}

/* ---- normals ---- */

/* x = 2^e m with m in (sqrt(1/2), sqrt(2)]; log m = 2 atanh t with t = (m - 1)/(m + 1) and
 * |t| <= 0.172; the series 2 (t + t^3/3 + ... + t^21/21) leaves out less than 3e-19. e log 2 is
 * added in two parts, the first with zero bits at its end, so that its product with e is exact. */
double rng_log(double x)
{
    static const double LOG2_HIGH = 0x1.62e42feep-1, LOG2_LOW = 0x1.a39ef35793c76p-33;
    uint64_t bits;
    double m;

    CHECK(x >= 0x1p-1022 && x <= 0x1.fffffffffffffp1023, "a positive normal number, not %g", x);
    memcpy(&bits, &x, sizeof bits);
    int e = (int)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffffu) | 0x3ff0000000000000u;
    memcpy(&m, &bits, sizeof m);
    if (m > 0x1.6a09e667f3bcdp0) {
        m /= 2;
        e++;
    }
    const double t = (m - 1) / (m + 1), t2 = t * t;
    double sum = 1.0 / 21;
    for (int k = 19; k >= 3; k -= 2)
        sum = sum * t2 + 1.0 / k;
    return e * LOG2_HIGH + (e * LOG2_LOW + 2 * (t + t * (t2 * sum)));
}

/* G. Marsaglia and T. A. Bray, A convenient method for generating normal variables (1964). */
double rng_normal(struct rng *r)
{
    double u, v, s;

    if (r->has_spare) {
        r->has_spare = 0;
        return r->spare;
    }
    do {
        u = 2 * rng_uniform(r) - 1;
        v = 2 * rng_uniform(r) - 1;
        s = u * u + v * v;
    } while (s >= 1 || s == 0);
    const double factor = sqrt(-2 * rng_log(s) / s);
    r->spare = v * factor;
    r->has_spare = 1;
    return u * factor;
}

void rng_normals(struct rng *r, double *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = rng_normal(r);
}

void rng_normalsf(struct rng *r, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)rng_normal(r);
}

/* ---- GSL's distributions ---- */

static void gsl_set(void *state, unsigned long seed)
{
    (void)state;
    CHECK(0, "a stream is named by rng_stream, not by seed %lu", seed);
}

static unsigned long gsl_get(void *state)
{
    return rng_word(state);
}

static double gsl_get_double(void *state)
{
    return rng_uniform(state);
}

static const gsl_rng_type stream_type = {
    .name = "stream",
    .max = 0xffffffffu,
    .min = 0,
    .size = sizeof(struct rng),
    .set = gsl_set,
    .get = gsl_get,
    .get_double = gsl_get_double,
};

double rng_beta(struct rng *r, double a, double b)
{
    CHECK(a > 0 && b > 0, "positive parameters, not %g and %g", a, b);
    const gsl_rng stream = {.type = &stream_type, .state = r};

    return gsl_ran_beta(&stream, a, b);
}

/* ---- permutations ---- */

void rng_shuffle(struct rng *r, uint32_t *items, size_t n)
{
    CHECK(n <= UINT32_MAX, "fewer than 2^32 items, not %zu", n);
    for (size_t i = n; i > 1; i--) {
        const uint32_t j = rng_below(r, (uint32_t)i), last = items[i - 1];
        items[i - 1] = items[j];
        items[j] = last;
    }
}

void rng_permutation(struct rng *r, uint32_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint32_t)i;
    rng_shuffle(r, out, n);
}

void rng_choose(struct rng *r, uint32_t *out, size_t k, size_t n)
{
    CHECK(k <= n && n <= UINT32_MAX, "%zu distinct indices below %zu", k, n);
    for (size_t i = 0; i < k; i++)
        out[i] = (uint32_t)i;
    for (size_t i = k; i < n; i++) {
        const uint32_t j = rng_below(r, (uint32_t)i + 1);
        if (j < k)
            out[j] = (uint32_t)i;
    }
    rng_shuffle(r, out, k);
}
