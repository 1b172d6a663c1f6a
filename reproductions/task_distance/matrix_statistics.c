/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/matrix_statistics.h"

#include <math.h>

#include "base/check.h"
#include "linalg/stat.h"

#define ROUNDING 1e-12

/* Two matrices, and b under another labelling. */
struct pair {
    size_t n, entries;
    const struct mat *b;
    double *x, *y;      /* entries: of a, and of b relabelled; ranks for Spearman */
    double *rank;       /* entries: ranks of b, or b itself, off the diagonal, in row order */
    uint32_t *label;    /* n */
};

static void off_diagonal(const struct mat *m, double *out)
{
    for (size_t i = 0; i < m->rows; i++)
        for (size_t j = 0; j < m->rows; j++)
            if (i != j)
                *out++ = m->a[i * m->rows + j];
}

/* Entry (i, j), i != j, in the order of off_diagonal. */
static size_t place(size_t i, size_t j, size_t n)
{
    return i * (n - 1) + j - (j > i);
}

static double statistic(enum matrix_statistic kind, const struct pair *p)
{
    double *y = p->y;

    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < p->n; j++)
            if (i != j)
                *y++ = p->rank[place(p->label[i], p->label[j], p->n)];
    return kind == MATRIX_KENDALL ? stat_kendall(p->x, p->y, p->entries)
                                  : stat_correlation(p->x, p->y, p->entries);
}

/* Ranks do not depend on the labelling, so Spearman's is Pearson's of them. */
static enum status fill(enum matrix_statistic kind, const struct mat *a, struct pair *p)
{
    off_diagonal(a, p->x);
    off_diagonal(p->b, p->rank);
    for (size_t k = 0; k < p->entries; k++)
        if (!isfinite(p->x[k]) || !isfinite(p->rank[k]))
            return status_set(STATUS_DIVERGED, "a distance is not finite");
    for (size_t i = 0; i < p->n; i++)
        p->label[i] = (uint32_t)i;
    if (kind != MATRIX_SPEARMAN)
        return STATUS_OK;
    TRY(stat_ranks(p->x, p->entries, p->y));
    for (size_t k = 0; k < p->entries; k++)
        p->x[k] = p->y[k];
    TRY(stat_ranks(p->rank, p->entries, p->y));
    for (size_t k = 0; k < p->entries; k++)
        p->rank[k] = p->y[k];
    return STATUS_OK;
}

static void release(struct pair *p)
{
    memory_free(p->x);
    memory_free(p->label);
}

static enum status open(enum matrix_statistic kind, const struct mat *a, const struct mat *b,
                        struct pair *p, double *r)
{
    const size_t n = a->rows, entries = n * (n - 1);

    CHECK(n >= 2 && a->cols == n && b->rows == n && b->cols == n, "%zu x %zu and %zu x %zu",
          a->rows, a->cols, b->rows, b->cols);
    *r = (double)NAN;
    *p = (struct pair){.n = n, .entries = entries, .b = b,
                       .x = memory_get(entries, 3 * sizeof(double)),
                       .label = memory_get(n, sizeof(uint32_t))};
    if (p->x == NULL || p->label == NULL)
        return STATUS_MEMORY;
    p->y = p->x + entries;
    p->rank = p->y + entries;
    TRY(fill(kind, a, p));
    *r = statistic(kind, p);
    return isnan(*r) ? status_set(STATUS_NOTHING, "distances that do not vary") : STATUS_OK;
}

enum status matrix_statistics_correlation(enum matrix_statistic kind, const struct mat *a,
                                          const struct mat *b, double *r)
{
    struct pair pair;
    const enum status status = open(kind, a, b, &pair, r);

    release(&pair);
    return status;
}

/* The next permutation in lexicographic order; 0 after the last. */
static int next_labels(uint32_t *label, size_t n)
{
    size_t i = n - 1, j = n - 1;

    while (i > 0 && label[i - 1] >= label[i])
        i--;
    if (i == 0)
        return 0;
    while (label[j] <= label[i - 1])
        j--;
    const uint32_t kept = label[i - 1];
    label[i - 1] = label[j];
    label[j] = kept;
    for (size_t low = i, high = n - 1; low < high; low++, high--) {
        const uint32_t swapped = label[low];

        label[low] = label[high];
        label[high] = swapped;
    }
    return 1;
}

enum status matrix_statistics_exact(enum matrix_statistic kind, const struct mat *a,
                                    const struct mat *b, double *r, double *p)
{
    struct pair pair;
    size_t all = 0, reached = 0;

    CHECK(a->rows <= MATRIX_STATISTICS_EXACT, "%zu tasks have too many relabellings", a->rows);
    *p = (double)NAN;
    const enum status status = open(kind, a, b, &pair, r);
    if (status == STATUS_OK) {
        do {
            all++;
            reached += statistic(kind, &pair) >= *r - ROUNDING;
        } while (next_labels(pair.label, pair.n));
        *p = (double)reached / (double)all;
    }
    release(&pair);
    return status;
}

enum status matrix_statistics_mantel(enum matrix_statistic kind, const struct mat *a,
                                     const struct mat *b, size_t relabellings, struct rng *rng,
                                     double *r, double *p)
{
    struct pair pair;
    size_t reached = 1;

    *p = (double)NAN;
    const enum status status = open(kind, a, b, &pair, r);
    if (status == STATUS_OK) {
        for (size_t k = 0; k < relabellings; k++) {
            rng_permutation(rng, pair.label, pair.n);
            reached += statistic(kind, &pair) >= *r - ROUNDING;
        }
        *p = (double)reached / (double)(relabellings + 1);
    }
    release(&pair);
    return status;
}
