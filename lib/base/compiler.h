/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compiler: the few things that standard C11 cannot say. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

/* The caller has to look at the result. */
#define MUST_USE __attribute__((warn_unused_result))

/* Argument `text` is a printf format whose values start at argument `first`. */
#define PRINTF_LIKE(text, first) __attribute__((__format__(__printf__, text, first)))

/* The variable arguments end with NULL. */
#define ENDS_WITH_NULL __attribute__((sentinel))

/* Marks a hot loop of our own that is compiled for several instruction sets and chosen at load
 * time. Contraction is off everywhere, so every clone gives the same bits. The thread sanitizer
 * cannot start with such functions. */
#if defined(__SANITIZE_THREAD__)
#define VECTORIZED
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define VECTORIZED
#endif
#endif
#if !defined(VECTORIZED)
#if defined(__x86_64__)
#define VECTORIZED __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define VECTORIZED
#endif
#endif

#endif
