/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fma_peak: what one core can do at most: fused multiply-adds in registers and nothing else. The
 * limit against which products and steps are held; a large product of a library is a lower one. */
#ifndef PERF_FMA_PEAK_H
#define PERF_FMA_PEAK_H

#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>

/* Seconds of the processor: waiting for a core does not lower the peak. */
static inline double fma_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum { FMA_CHAINS = 12, FMA_ROUNDS = 2000000 };

/* GFLOP/s of a loop of FMA_CHAINS independent chains of vectors of `lanes` floats. */
#define FMA_PEAK(name, isa, vector, lanes, set1, fmadd, store)                                     \
    __attribute__((target(isa))) static double name(void)                                         \
    {                                                                                              \
        vector sum[FMA_CHAINS];                                                                    \
        const vector a = set1(0.999F), b = set1(1e-3F);                                            \
        float out[lanes];                                                                          \
        volatile float seen;                                                                       \
        double start;                                                                              \
                                                                                                   \
        for (int k = 0; k < FMA_CHAINS; k++)                                                       \
            sum[k] = set1((float)k);                                                               \
        start = fma_clock();                                                                       \
        for (int i = 0; i < FMA_ROUNDS; i++)                                                       \
            for (int k = 0; k < FMA_CHAINS; k++)                                                   \
                sum[k] = fmadd(sum[k], a, b);                                                      \
        start = fma_clock() - start;                                                               \
        for (int k = 0; k < FMA_CHAINS; k++) {                                                     \
            store(out, sum[k]);                                                                    \
            seen = out[0];                                                                         \
        }                                                                                          \
        (void)seen;                                                                                \
        return 2.0 * lanes * FMA_CHAINS * FMA_ROUNDS / start * 1e-9;                               \
    }

FMA_PEAK(fma_peak_avx2, "avx2,fma", __m256, 8, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_storeu_ps)
FMA_PEAK(fma_peak_avx512, "avx512f", __m512, 16, _mm512_set1_ps, _mm512_fmadd_ps,
         _mm512_storeu_ps)

/* Best of five; `wide` asks for AVX-512 where there is any. 0 where it cannot be measured. */
static inline double fma_peak(int wide)
{
    double best = 0;

    __builtin_cpu_init();
    for (int i = 0; i < 5 && __builtin_cpu_supports("fma"); i++) {
        const double now = wide && __builtin_cpu_supports("avx512f") ? fma_peak_avx512()
                                                                     : fma_peak_avx2();
        best = now > best ? now : best;
    }
    return best;
}
#else
static inline double fma_peak(int wide)
{
    (void)wide;
    return 0;
}
#endif

#endif
