/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parallel: a loop over independent items, on the threads that OpenMP offers.
 *
 * Results must not depend on the number of threads: a body may write what belongs to its own items
 * alone, and sums are cut into a fixed number of parts (one an image, say), each kept as an item of
 * its own, that are added in order afterwards. Built without OpenMP everything runs on one
 * thread. */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <stddef.h>

/* How many threads parallel_for may use: OpenMP's own number, that of OMP_NUM_THREADS and of
 * blas_set_threads; 1 without OpenMP. */
int parallel_threads(void);

/* Sets that number, n >= 1, for the calling thread; without OpenMP nothing happens. */
void parallel_set_threads(int n);

/* Calls body(context, from, to) over ranges that cover 0..n-1, each item once, on up to
 * parallel_threads() threads; returns when all have returned. The cut into ranges depends on the
 * number of threads, so what is done for an item must not depend on its range. With one item, one
 * thread, or from inside another parallel_for it is one call body(context, 0, n); with n = 0 none.
 * The body must not allocate from a shared arena. */
void parallel_for(size_t n, void (*body)(void *context, size_t from, size_t to), void *context);

/* Before an inner loop whose iterations are independent of each other though two of its pointers
 * may be the same (in place): the compiler need not prove it. */
#if defined(__clang__)
#define PARALLEL_LOOP _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define PARALLEL_LOOP _Pragma("GCC ivdep")
#else
#define PARALLEL_LOOP
#endif

#endif
