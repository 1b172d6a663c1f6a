/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scratch.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

void scratch_make(struct scratch *w)
{
    double **const doubles[] = {&w->a, &w->b, &w->c, &w->pa, &w->pb, &w->want, &w->size,
                                &w->got, &w->da, &w->db, &w->dc};
    float **const floats[] = {&w->fa, &w->fb, &w->fc};

    for (size_t i = 0; i < sizeof doubles / sizeof doubles[0]; i++)
        *doubles[i] = arena_get(&w->mem, SCRATCH_ROOM + SCRATCH_LARGEST_OFFSET, sizeof(double));
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++)
        *floats[i] = arena_get(&w->mem, SCRATCH_ROOM + SCRATCH_LARGEST_OFFSET, sizeof(float));
    w->pool = arena_get(&w->mem, SCRATCH_POOL, sizeof(double));
    w->rng = rng_stream(1, "doctor");
    for (size_t i = 0; i < SCRATCH_POOL; i++)
        w->pool[i] = (double)(float)rng_normal(&w->rng);
}

void scratch_fill(struct scratch *w, double *x, size_t rows, size_t cols, size_t ld, double gap)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < ld; j++)
            x[i * ld + j] = j < cols ? w->pool[w->next++ % SCRATCH_POOL] : gap;
}

void scratch_measure(struct tally *t, double off, double bound, const char *format, ...)
{
    const double ratio = off <= 0 ? 0 : off / bound;
    va_list list;

    t->cases++;
    if (ratio <= t->worst && t->cases > 1)
        return;
    t->worst = isfinite(ratio) ? ratio : (double)INFINITY;
    va_start(list, format);
    vsnprintf(t->where, sizeof t->where, format, list);
    va_end(list);
}

double scratch_larger(double x, double y)
{
    return isnan(x) || x > y ? x : y;
}
