/* SPDX-License-Identifier: GPL-3.0-or-later */
/* displacement: see displacement.h. */
#include "transport/displacement.h"

#include <math.h>

#include "base/check.h"

static void make(struct displacement *d, struct arena *mem, size_t n)
{
    d->n = n;
    d->source = arena_get(mem, n, sizeof *d->source);
    d->target = arena_get(mem, n, sizeof *d->target);
    d->mass = vec_zero(mem, n);
}

enum status displacement_of_assignment(struct displacement *d, struct arena *mem,
                                       const size_t *assignment, size_t n)
{
    CHECK(n >= 1, "%zu atoms", n);
    make(d, mem, n);
    for (size_t i = 0; i < n; i++) {
        if (assignment[i] >= n)
            return status_set(STATUS_USAGE, "assignment: %zu goes to %zu of %zu", i,
                              assignment[i], n);
        d->mass.x[assignment[i]] += 1;
    }
    for (size_t i = 0; i < n; i++) {
        if (d->mass.x[i] < 1)
            return status_set(STATUS_USAGE, "assignment: nothing goes to %zu", i);
        d->source[i] = i;
        d->target[i] = assignment[i];
    }
    vec_fill(&d->mass, 1 / (double)n);
    return STATUS_OK;
}

enum status displacement_of_plan(struct displacement *d, struct arena *mem, const struct mat *plan)
{
    size_t n = 0;

    for (size_t k = 0; k < plan->rows * plan->cols; k++) {
        if (!isfinite(plan->a[k]))
            return status_set(STATUS_DIVERGED, "plan: entry (%zu, %zu) is %g", k / plan->cols,
                              k % plan->cols, plan->a[k]);
        if (plan->a[k] < 0)
            return status_set(STATUS_USAGE, "plan: entry (%zu, %zu) is %g", k / plan->cols,
                              k % plan->cols, plan->a[k]);
        n += plan->a[k] > 0;
    }
    if (n == 0)
        return status_set(STATUS_USAGE, "plan: no mass");
    make(d, mem, n);
    for (size_t k = 0, atom = 0; k < plan->rows * plan->cols; k++)
        if (plan->a[k] > 0) {
            d->source[atom] = k / plan->cols;
            d->target[atom] = k % plan->cols;
            d->mass.x[atom++] = plan->a[k];
        }
    return STATUS_OK;
}

static void check_points(const struct displacement *d, const struct mat *x, const struct mat *y)
{
    CHECK(x->cols == y->cols, "points of %zu and %zu numbers", x->cols, y->cols);
    for (size_t i = 0; i < d->n; i++)
        CHECK(d->source[i] < x->rows && d->target[i] < y->rows, "atom %zu from %zu of %zu to %zu "
              "of %zu", i, d->source[i], x->rows, d->target[i], y->rows);
}

void displacement_at(struct mat *out, const struct displacement *d, const struct mat *x,
                     const struct mat *y, double t)
{
    check_points(d, x, y);
    CHECK(t >= 0 && t <= 1, "time %g", t);
    CHECK(out->rows == d->n && out->cols == x->cols, "out is %zu x %zu", out->rows, out->cols);
    for (size_t i = 0; i < d->n; i++) {
        const struct vec from = mat_row(x, d->source[i]), to = mat_row(y, d->target[i]);
        struct vec at = mat_row(out, i);

        for (size_t k = 0; k < at.n; k++)
            at.x[k] = (1 - t) * from.x[k] + t * to.x[k];
    }
}

double displacement_cost(const struct displacement *d, const struct mat *x, const struct mat *y)
{
    struct vec_adder sum = {0};

    check_points(d, x, y);
    for (size_t i = 0; i < d->n; i++) {
        const struct vec from = mat_row(x, d->source[i]), to = mat_row(y, d->target[i]);

        vec_adder_add(&sum, d->mass.x[i] * (double)from.n *
                                (from.n == 0 ? 0 : vec_mean_squared_difference(&from, &to)));
    }
    return vec_adder_total(&sum);
}
