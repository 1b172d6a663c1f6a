/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/linear_class.h"

#include <math.h>

#include "base/check.h"
#include "linalg/vec.h"

double linear_class_complexity(struct arena *mem, size_t p, size_t N, size_t draws,
                               struct rng *rng)
{
    struct vec sum = vec_zero(mem, p);
    double total = 0;

    CHECK(p >= 1 && N >= 1 && draws >= 1, "p %zu, N %zu, %zu draws", p, N, draws);
    for (size_t n = 0; n < draws; n++) {
        vec_fill(&sum, 0);
        for (size_t i = 0; i < N; i++) {
            const double e = rng_below(rng, 2) ? 1 : -1;

            for (size_t k = 0; k < p; k++)
                sum.x[k] += e * rng_normal(rng);
        }
        total += vec_norm(&sum) / (double)N;
    }
    return total / (double)draws;
}

double linear_class_normal_complexity(size_t p, size_t N)
{
    const double half = (double)p / 2;

    return sqrt(2 / (double)N) * exp(lgamma(half + 0.5) - lgamma(half));
}

/* E |S_N| = N 2^-N binomial(N, N/2) for even N. */
double linear_class_sign_complexity(size_t N)
{
    const double n = (double)N;

    CHECK(N >= 2 && N % 2 == 0, "%zu signs", N);
    return exp(lgamma(n + 1) - 2 * lgamma(n / 2 + 1) - n * log(2));
}

static double sign_gap(size_t N, struct rng *rng)
{
    int ones = 0;

    for (size_t n = 0; n < N; n += 64)
        for (uint64_t bits = rng_word64(rng); bits != 0; bits &= bits - 1)
            ones++;
    return fabs(2 * ones / (double)N - 1);
}

double linear_class_sign_gap(size_t N, size_t K, int same, struct rng *rng)
{
    double sum = 0;

    CHECK(N >= 64 && N % 64 == 0 && K >= 1, "%zu signs, %zu checkpoints", N, K);
    if (same)
        return sign_gap(N, rng);
    for (size_t k = 0; k < K; k++)
        sum += sign_gap(N, rng);
    return sum / (double)K;
}
