/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rng: named random streams on Random123's counter-based Philox4x32-10.
 *
 * A stream is (root seed, label). The 64-bit key of Philox is the root seed; the upper half of its
 * 128-bit counter is the 64-bit hash of the label (FNV-1a, then the finalizer of splitmix64), the
 * lower half counts blocks. Words are taken from a block in the order 0, 1, 2, 3. So adding a draw
 * in one stream never shifts another one, and streams of different labels never overlap. Labels are
 * part of a program's stable interface.
 *
 * Uniforms, bounded integers, permutations and normals are bit-identical on every CPU: they use
 * integers, + - * / and sqrt alone. Beta draws go through libm and are not. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct rng {
    uint64_t seed;      /* root seed = Philox key */
    uint64_t label;     /* hash of the label = upper counter half */
    uint64_t block;     /* next block = lower counter half */
    uint32_t word[4];   /* words of the last block */
    int left;           /* words of it not handed out yet, taken from word[4 - left] on */
    double spare;       /* second normal of the last polar pair */
    int has_spare;
};

/* The stream named by a printf format: rng_stream(seed, "sample:%d", task). */
struct rng rng_stream(uint64_t seed, const char *label, ...) PRINTF_LIKE(2, 3);

/* 32 and 64 random bits. */
uint32_t rng_word(struct rng *r);
uint64_t rng_word64(struct rng *r);

/* Uniform in [0, 1) on the grid of 2^-53, and of 2^-24. */
double rng_uniform(struct rng *r);
float rng_uniformf(struct rng *r);

/* Uniform integer in 0..bound-1 without bias (Lemire's multiply and reject); bound >= 1. */
uint32_t rng_below(struct rng *r, uint32_t bound);

/* The natural logarithm of a normal positive x, of + - * / alone: identical on every CPU, unlike
 * libm's. Relative error below 1e-15. */
double rng_log(double x);

/* Standard normal by Marsaglia's polar method with rng_log. */
double rng_normal(struct rng *r);
void rng_normals(struct rng *r, double *out, size_t n);
void rng_normalsf(struct rng *r, float *out, size_t n); /* rng_normal rounded to float */

/* Beta(a, b), a, b > 0, by GSL's gsl_ran_beta on this stream. */
double rng_beta(struct rng *r, double a, double b);

/* A uniform permutation of 0..n-1 (Fisher-Yates from the end), n < 2^32. */
void rng_permutation(struct rng *r, uint32_t *out, size_t n);

/* Shuffles an array in place with the same draws as rng_permutation. */
void rng_shuffle(struct rng *r, uint32_t *items, size_t n);

/* k distinct indices of 0..n-1 in random order: a reservoir pass over all n (so that it needs no
 * memory but out), then rng_shuffle; n < 2^32. */
void rng_choose(struct rng *r, uint32_t *out, size_t k, size_t n);

#endif
