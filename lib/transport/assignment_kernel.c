/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/assignment_kernel.h"

#include <math.h>

#include "base/compiler.h"

/* So many running minima keep the vector units busy; a block stays in the first cache. */
enum { LANES = 32, BLOCK = 512 };

VECTORIZED static void two_clones(const double *restrict c, const double *restrict v, size_t m,
                                  struct assignment_two *out)
{
    double a[LANES], b[LANES];
    uint64_t at[LANES];
    size_t j = 0;

    for (size_t l = 0; l < LANES; l++) {
        a[l] = b[l] = (double)INFINITY;
        at[l] = 0;
    }
    for (; j + LANES <= m; j += LANES)
        for (size_t l = 0; l < LANES; l++) {
            const double r = c[j + l] - v[j + l];
            const double worse = r < a[l] ? a[l] : r;

            at[l] = r < a[l] ? j + l : at[l];
            a[l] = r < a[l] ? r : a[l];
            b[l] = worse < b[l] ? worse : b[l];
        }
    *out = (struct assignment_two){a[0], b[0], at[0]};
    for (size_t l = 1; l < LANES; l++) {
        const double other = a[l] < out->first ? out->first : a[l];

        if (a[l] < out->first || (a[l] == out->first && at[l] < out->at))
            out->at = at[l];
        out->first = a[l] < out->first ? a[l] : out->first;
        out->second = other < out->second ? other : out->second;
        out->second = b[l] < out->second ? b[l] : out->second;
    }
    for (; j < m; j++) {
        const double r = c[j] - v[j];

        if (r < out->first) {
            *out = (struct assignment_two){r, out->first, j};
        } else if (r < out->second) {
            out->second = r;
        }
    }
}

static inline double smallest(const double *x, size_t n)
{
    double a[LANES], least = (double)INFINITY;
    size_t j = 0;

    for (size_t l = 0; l < LANES; l++)
        a[l] = (double)INFINITY;
    for (; j + LANES <= n; j += LANES)
        for (size_t l = 0; l < LANES; l++)
            a[l] = x[j + l] < a[l] ? x[j + l] : a[l];
    for (size_t l = 0; l < LANES; l++)
        least = a[l] < least ? a[l] : least;
    for (; j < n; j++)
        least = x[j] < least ? x[j] : least;
    return least;
}

VECTORIZED static double least_clones(const double *restrict c, const double *restrict v, size_t m)
{
    double x[BLOCK], least = (double)INFINITY;

    for (size_t j = 0; j < m; j += BLOCK) {
        const size_t n = m - j < BLOCK ? m - j : BLOCK;

        for (size_t k = 0; k < n; k++)
            x[k] = c[j + k] - v[j + k];

        const double r = smallest(x, n);

        least = r < least ? r : least;
    }
    return least;
}

VECTORIZED static void lower_clones(const double *restrict c, double u, size_t row,
                                    double *restrict v, size_t *restrict from, size_t m)
{
    for (size_t j = 0; j < m; j++) {
        const double r = c[j] - u;
        const int less = r < v[j];

        from[j] = less ? row : from[j];
        v[j] = less ? r : v[j];
    }
}

VECTORIZED static size_t nearest_clones(const double *distance, size_t m, double *least)
{
    size_t at = 0;

    *least = smallest(distance, m);
    while (distance[at] != *least)
        at++;
    return at;
}

VECTORIZED static size_t relax_clones(const double *restrict c, const double *restrict v,
                                      double shift, size_t row, double *restrict distance,
                                      size_t *restrict from, size_t m, double *least)
{
    double best = (double)INFINITY;
    size_t at = 0;

    for (size_t j = 0; j < m; j += BLOCK) {
        const size_t end = m - j < BLOCK ? m : j + BLOCK;

        for (size_t k = j; k < end; k++) {
            const double r = c[k] - v[k] - shift;
            const int nearer = r < distance[k];

            from[k] = nearer ? row : from[k];
            distance[k] = nearer ? r : distance[k];
        }

        const double r = smallest(distance + j, end - j);

        at = r < best ? j : at;
        best = r < best ? r : best;
    }
    while (distance[at] != best)
        at++;
    *least = best;
    return at;
}

/* ---- what others call ---- */

void assignment_kernel_two(const double *c, const double *v, size_t m, struct assignment_two *out)
{
    two_clones(c, v, m, out);
}

double assignment_kernel_least(const double *c, const double *v, size_t m)
{
    return least_clones(c, v, m);
}

void assignment_kernel_lower(const double *c, double u, size_t row, double *v, size_t *from,
                             size_t m)
{
    lower_clones(c, u, row, v, from, m);
}

size_t assignment_kernel_nearest(const double *distance, size_t m, double *least)
{
    return nearest_clones(distance, m, least);
}

size_t assignment_kernel_relax(const double *c, const double *v, double shift, size_t row,
                               double *distance, size_t *from, size_t m, double *least)
{
    return relax_clones(c, v, shift, row, distance, from, m, least);
}
