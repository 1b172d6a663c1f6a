/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parallel: see parallel.h. The only file that is compiled with OpenMP. */
#include "base/parallel.h"

#include "base/check.h"

#ifdef _OPENMP

#include <omp.h>

int parallel_threads(void)
{
    return omp_get_max_threads();
}

void parallel_set_threads(int n)
{
    CHECK(n >= 1, "%d threads", n);
    omp_set_num_threads(n);
}

/* Ranges differ by at most one item. */
static void run_on_threads(size_t n, int threads,
                           void (*body)(void *context, size_t from, size_t to), void *context)
{
#pragma omp parallel num_threads(threads)
    {
        const size_t count = (size_t)omp_get_num_threads(), me = (size_t)omp_get_thread_num();
        const size_t share = n / count, rest = n % count;
        const size_t from = me * share + (me < rest ? me : rest);
        const size_t to = from + share + (me < rest);

        if (from < to)
            body(context, from, to);
    }
}

void parallel_for(size_t n, void (*body)(void *context, size_t from, size_t to), void *context)
{
    const size_t most = (size_t)omp_get_max_threads();
    const size_t threads = n < most ? n : most;

    if (threads > 1 && !omp_in_parallel())
        run_on_threads(n, (int)threads, body, context);
    else if (n > 0)
        body(context, 0, n);
}

#else

int parallel_threads(void)
{
    return 1;
}

void parallel_set_threads(int n)
{
    CHECK(n >= 1, "%d threads", n);
}

void parallel_for(size_t n, void (*body)(void *context, size_t from, size_t to), void *context)
{
    if (n > 0)
        body(context, 0, n);
}

#endif
